/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the firmware's tests stand on: a home made of plain memory (struct
 * fake) and a host that works its side of the mailbox step by step as the
 * driver's fbnic_fw.c does (drv_*).
 */
#ifndef OPENFBNIC_TEST_FW_FAKE_H
#define OPENFBNIC_TEST_FW_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/fw/err.h"
#include "../../src/fw/fw.h"
#include "../../src/fw/fw_core.h"
#include "../../src/fw/image.h"

#define MS		1000000ull
#define MEM_BASE	0x07f00000ull
#define MEM_SIZE	0x100000u
#define TX_PAGE(d)	(MEM_BASE + 0x1000u * (d))
#define RX_PAGE(d)	(MEM_BASE + 0x40000u + 0x1000u * (d))

static inline uint32_t rnd(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

struct fake {
	struct fw	*fw;
	unsigned int	host;			/* which of the card's this one is */
	struct fake	*all[FW_HOSTS];		/* in host 0: all of them */
	uint32_t	word[MBX_WORDS];
	uint32_t	otp[2];
	uint8_t		mem[MEM_SIZE];
	bool		aw, ar;			/* BME for writes, reads */
	uint64_t	now, timer;
	unsigned int	irqs, speed, fec, modes, events[FW_EV_KINDS];
	bool		mode_first;		/* link mode was set before the next message went out */
	int		temp, volt, sensor_err;
	uint64_t	dma_reads, dma_writes;
	char		last_state[64];
	char		last_reason[64];
	void		(*on_dma)(struct fake *f);	/* the host acts while we read */

	/* flash: what the chip has; writes since the last sync may be lost */
	uint8_t		*flash;
	uint64_t	flash_left;		/* bytes that may still be written before the lights go out */
	uint64_t	flash_written;
	bool		flash_dead;
	unsigned int	flash_syncs;
	struct {
		uint32_t	off;
		size_t		len;
		uint8_t		old[4096];
	} unsynced[64];
	unsigned int	nunsynced;

	/* a home that hears of the host's writes afterwards, by fake_hear() */
	bool		late, rx, tx, taken;

	/* the driver */
	unsigned int	head[2], tail[2];
	uint64_t	page[2][MBX_DESCS];
	unsigned int	tx_errors, rx_errors;
};

static uint32_t fake_mbx_read(void *ctx, unsigned int w)
{
	struct fake *f = ctx;

	assert_in_range(w, MBX_WORD, MBX_WORD + MBX_WORDS - 1);
	return f->word[w - MBX_WORD];
}

static void fake_mbx_write(void *ctx, unsigned int w, uint32_t v)
{
	struct fake *f = ctx;

	if (w - MBX_OTP < 2) {
		f->otp[w - MBX_OTP] = v;
		return;
	}
	assert_in_range(w, MBX_WORD, MBX_WORD + MBX_WORDS - 1);
	f->word[w - MBX_WORD] = v;
}

static uint8_t *fake_mem(struct fake *f, uint64_t addr, size_t len)
{
	if (addr < MEM_BASE || addr - MEM_BASE > MEM_SIZE || len > MEM_SIZE - (addr - MEM_BASE))
		return NULL;
	return f->mem + (addr - MEM_BASE);
}

static int fake_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct fake *f = ctx;
	uint8_t *p = fake_mem(f, addr, len);

	assert_true(f->ar);
	f->dma_reads++;
	if (f->on_dma)
		f->on_dma(f);
	if (!p)
		return -FW_EFAULT;
	memcpy(buf, p, len);
	return 0;
}

static int fake_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct fake *f = ctx;
	uint8_t *p = fake_mem(f, addr, len);

	assert_true(f->aw);
	f->dma_writes++;
	if (!p)
		return -FW_EFAULT;
	memcpy(p, buf, len);
	return 0;
}

static bool fake_dma_ready(void *ctx, bool write)
{
	struct fake *f = ctx;

	return write ? f->aw : f->ar;
}

static void fake_irq(void *ctx)
{
	((struct fake *)ctx)->irqs++;
}

static uint64_t fake_now(void *ctx)
{
	return ((struct fake *)ctx)->now;
}

static void fake_timer(void *ctx, uint64_t when)
{
	((struct fake *)ctx)->timer = when;
}

static int fake_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	struct fake *f = ctx;

	f->speed = speed;
	f->fec = fec;
	f->modes++;
	f->mode_first = true;
	return 0;
}

static int fake_sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	struct fake *f = ctx;

	*val = which == FW_SENSOR_TEMP ? f->temp : f->volt;
	return f->sensor_err;
}

static int fake_flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	struct fake *f = ctx;

	assert_true(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	if (f->flash_dead)
		return -FW_EIO;
	memcpy(buf, f->flash + off, len);
	return 0;
}

static int fake_flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	struct fake *f = ctx;

	assert_true(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	if (f->flash_dead)
		return -FW_EIO;
	if (len > f->flash_left) {
		len = (size_t)f->flash_left;
		f->flash_dead = true;
	}
	assert_true(f->nunsynced < 64 && len <= 4096);
	f->unsynced[f->nunsynced].off = off;
	f->unsynced[f->nunsynced].len = len;
	memcpy(f->unsynced[f->nunsynced++].old, f->flash + off, len);
	memcpy(f->flash + off, buf, len);
	f->flash_left -= len;
	f->flash_written += len;
	return f->flash_dead ? -FW_EIO : 0;
}

static int fake_flash_sync(void *ctx)
{
	struct fake *f = ctx;

	f->flash_syncs++;
	if (!f->flash_dead)
		f->nunsynced = 0;
	return f->flash_dead ? -FW_EIO : 0;
}

static uint32_t fake_reg_read(void *ctx, uint32_t csr)
{
	(void)ctx;
	return csr ^ 0x5a5a0000;
}

static void fake_event(void *ctx, const struct fw_event *ev)
{
	struct fake *f = ctx;

	if (ev->host)
		f = f->all[ev->host - 1];
	f->events[ev->kind]++;
	if (ev->kind == FW_EV_STATE)
		snprintf(f->last_state, sizeof(f->last_state), "%s", ev->name);
	if (ev->kind == FW_EV_REFUSED)
		snprintf(f->last_reason, sizeof(f->last_reason), "%s", ev->reason);
}

/* A card with cfg->hosts hosts; f[0] has the clock, the flash and the sensors */
static inline void fakes_new(struct fake *f[FW_HOSTS], const struct fw_config *cfg)
{
	struct fw *fw = malloc(fw_size());
	struct fw_env env = {
		.mbx_read = fake_mbx_read, .mbx_write = fake_mbx_write, .dma_read = fake_dma_read,
		.dma_write = fake_dma_write, .dma_ready = fake_dma_ready, .irq = fake_irq, .now = fake_now,
		.timer = fake_timer, .set_link_mode = fake_link_mode, .sensor = fake_sensor,
		.event = fake_event, .flash_read = fake_flash_read, .flash_write = fake_flash_write,
		.flash_sync = fake_flash_sync, .reg_read = fake_reg_read,
	};

	assert_non_null(fw);
	for (unsigned int i = 0; i < cfg->hosts; i++) {
		f[i] = calloc(1, sizeof(*f[i]));
		assert_non_null(f[i]);
		f[i]->fw = fw;
		f[i]->host = i;
		f[0]->all[i] = f[i];
		env.host_ctx[i] = f[i];
	}
	env.ctx = f[0];
	f[0]->flash = calloc(1, FW_FLASH_SIZE);
	assert_non_null(f[0]->flash);
	f[0]->flash_left = UINT64_MAX;
	f[0]->now = 5000 * MS;
	f[0]->timer = FW_NEVER;
	f[0]->temp = 41500;
	f[0]->volt = 751;
	assert_int_equal(fw_init(fw, cfg, &env), 0);
}

static inline struct fake *fake_new_cfg(const struct fw_config *cfg)
{
	struct fake *f[FW_HOSTS] = { NULL };

	fakes_new(f, cfg);
	return f[0];
}

static inline struct fake *fake_new(void)
{
	struct fw_config cfg;

	fw_config_default(&cfg);
	return fake_new_cfg(&cfg);
}

/* The lights went out: of what was not synced, some writes never arrived */
static inline void fake_flash_lose(struct fake *f, uint32_t *seed)
{
	while (f->nunsynced--)
		if (rnd(seed) & 1)
			memcpy(f->flash + f->unsynced[f->nunsynced].off, f->unsynced[f->nunsynced].old,
			       f->unsynced[f->nunsynced].len);
	f->nunsynced = 0;
}

static inline void fake_flash_back(struct fake *f)
{
	f->flash_dead = false;
	f->flash_left = UINT64_MAX;
}

static inline void fake_free(struct fake *f)
{
	for (unsigned int i = 1; i < FW_HOSTS; i++)
		free(f->all[i]);
	free(f->flash);
	free(f->fw);
	free(f);
}

/* Lets time pass, with the timer as the home would call it */
static inline void fake_sleep(struct fake *f, uint64_t ns)
{
	uint64_t end = f->now + ns;

	while (f->timer <= end) {
		if (f->timer > f->now)
			f->now = f->timer;
		f->timer = FW_NEVER;
		fw_timer(f->fw);
	}
	f->now = end;
}

static inline uint64_t fake_refusals(struct fake *f)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < FWR_COUNT; i++)
		n += fw_refused(f->fw, (enum fw_refusal)i);
	return n;
}

/* ---- the driver ---- */

static inline void drv_wr(struct fake *f, unsigned int w, uint32_t v)
{
	f->word[w - MBX_WORD] = v;
	if (!f->late) {
		fw_mbx_written(f->fw, f->host, w);
		return;
	}
	if (w % 2)
		return;
	f->rx |= w < MBX_WORD + MBX_WORDS / 2;
	f->tx |= w >= MBX_WORD + MBX_WORDS / 2;
	f->taken |= w < MBX_WORD + MBX_WORDS / 2 && v == 3;
}

static inline void fake_hear(struct fake *f)
{
	bool rx = f->rx, tx = f->tx, taken = f->taken;

	f->rx = f->tx = f->taken = false;
	fw_rings_written(f->fw, f->host, rx, tx, taken);
}

static inline unsigned int drv_word(unsigned int ring, unsigned int d)
{
	return 0x6000u + (ring * 16 + d) * 2;
}

/* fbnic_mbx_reset_desc_ring() */
static inline void drv_reset_ring(struct fake *f, unsigned int ring)
{
	if (ring == RING_RX)
		f->aw = false;
	else
		f->ar = false;
	drv_wr(f, drv_word(ring, 0), 0);
	drv_wr(f, drv_word(ring, 0) + 1, 0);
	for (unsigned int d = 16; --d;) {
		drv_wr(f, drv_word(ring, d), 3);
		drv_wr(f, drv_word(ring, d) + 1, 0);
	}
}

/* fbnic_mbx_map_msg(); false: the ring is full */
static inline bool drv_map(struct fake *f, unsigned int ring, uint64_t addr, unsigned int len, bool eom)
{
	unsigned int t = f->tail[ring];

	if (f->head[ring] == (t + 1) % 16)
		return false;
	f->page[ring][t] = addr;
	f->tail[ring] = (t + 1) % 16;
	drv_wr(f, drv_word(ring, f->tail[ring]), 0);
	drv_wr(f, drv_word(ring, t) + 1, len << 16 | (eom ? 0x4000u : 0) | (uint32_t)(addr >> 32));
	drv_wr(f, drv_word(ring, t), (uint32_t)addr | 1);
	return true;
}

static inline void drv_post_rx(struct fake *f)
{
	unsigned int t = f->tail[RING_RX];

	while (drv_map(f, RING_RX, RX_PAGE(t), 4096, false))
		t = f->tail[RING_RX];
}

/* fbnic_mbx_init(), fbnic_mbx_poll_tx_ready() up to the capability request */
static inline void drv_open(struct fake *f)
{
	unsigned int irqs;

	memset(f->head, 0, sizeof(f->head));
	memset(f->tail, 0, sizeof(f->tail));
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	irqs = f->irqs;
	drv_reset_ring(f, RING_TX);
	assert_true(f->irqs > irqs);
	f->aw = true;
	drv_post_rx(f);
	f->ar = true;
}

static inline void drv_close(struct fake *f)
{
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
}

static inline bool drv_send_bytes(struct fake *f, const void *msg, unsigned int len)
{
	uint64_t addr = TX_PAGE(f->tail[RING_TX]);

	memcpy(fake_mem(f, addr, 4096), msg, len);
	return drv_map(f, RING_TX, addr, len, true);
}

static inline bool drv_send(struct fake *f, const uint32_t *dw, unsigned int n)
{
	uint8_t b[4096];

	for (unsigned int i = 0; i < n; i++)
		put_le32(b + 4 * i, dw[i]);
	return drv_send_bytes(f, b, 4 * n);
}

#define DRV_SEND(f, ...) \
	assert_true(drv_send(f, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4))

/* fbnic_mbx_process_tx_msgs(); returns how many were done */
static inline unsigned int drv_reap(struct fake *f)
{
	unsigned int n = 0, h = f->head[RING_TX];

	for (; h != f->tail[RING_TX]; h = (h + 1) % 16, n++) {
		uint32_t lo = f->word[drv_word(RING_TX, h) - MBX_WORD];

		if (!(lo & 2))
			break;
		if (lo & 4)
			f->tx_errors++;
	}
	f->head[RING_TX] = h;
	return n;
}

/* fbnic_mbx_process_rx_msgs(), one message: its bytes, 0: there is none; the page goes back */
static inline size_t drv_recv(struct fake *f, uint8_t *buf)
{
	unsigned int h = f->head[RING_RX], t = f->tail[RING_RX];
	uint32_t lo = f->word[drv_word(RING_RX, h) - MBX_WORD];
	uint32_t hi = f->word[drv_word(RING_RX, h) + 1 - MBX_WORD];
	uint64_t addr = f->page[RING_RX][h];
	size_t len = hi >> 16;

	if (h == t || !(lo & 2))
		return 0;
	assert_true(lo & 1);
	assert_int_equal(lo & ~7u, (uint32_t)addr);
	if (lo & 4) {
		f->rx_errors++;
		len = 0;
	} else {
		assert_int_equal(hi & 0x4000, 0x4000);
		assert_in_range(len, 4, 4096);
		memcpy(buf, fake_mem(f, addr, len), len);
		assert_int_equal(get_le32(buf) >> 16, len / 4);
	}
	drv_wr(f, drv_word(RING_RX, h), 0);
	f->page[RING_RX][t] = addr;
	drv_wr(f, drv_word(RING_RX, t) + 1, 4096u << 16);
	drv_wr(f, drv_word(RING_RX, t), (uint32_t)addr | 1);
	f->head[RING_RX] = (h + 1) % 16;
	f->tail[RING_RX] = (t + 1) % 16;
	return len;
}

/* The next message must be @id; its attributes */
static inline size_t drv_expect(struct fake *f, unsigned int id, struct fw_in *in, uint8_t *buf)
{
	size_t len = drv_recv(f, buf);

	assert_true(len > 0);
	assert_int_equal(get_le32(buf) & 0xfff, id);
	assert_int_equal(msg_parse(in, buf, len, MSG_TO_HOST), 0);
	assert_int_equal(in->len, len);
	return len;
}

/* ---- images ---- */

/* An image for @section with @len bytes of payload; its length */
static inline uint32_t make_image(uint8_t *b, uint32_t section, uint32_t version, const char *commit, uint32_t arv,
				  uint32_t len)
{
	struct fw_image i = { .section = section, .anti_rollback = arv, .len = len, .ver.version = version };
	uint32_t seed = version | 1;

	snprintf(i.ver.commit, sizeof(i.ver.commit), "%s", commit);
	for (uint32_t k = 0; k < len; k++)
		b[IMAGE_HDR + k] = (uint8_t)rnd(&seed);
	i.crc = fw_crc32(0, b + IMAGE_HDR, len);
	image_put(b, &i);
	return IMAGE_HDR + len;
}

static inline void drv_chunk(struct fake *f, uint32_t off, uint32_t len, const uint8_t *data)
{
	struct tlv_buf t;
	uint8_t p[4096];

	tlv_begin(&t, p, sizeof(p), 0x25);
	tlv_put_int(&t, 0, off, 4);
	tlv_put_int(&t, 1, len, 4);
	tlv_put(&t, 2, data, len);
	assert_true(drv_send_bytes(f, p, (unsigned int)tlv_end(&t)));
	drv_reap(f);
}

static inline int drv_flash_start(struct fake *f, uint32_t section, uint32_t len)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00058022, 0x00080001, section, 0x00080002, len);
	drv_reap(f);
	drv_expect(f, 0x23, &in, b);
	return (int)tlv_sint(&in.a[0]);
}

/* fbnic_flash_component(); @chunks: how many to answer before the host falls silent; 1: that it did */
static inline int drv_flash(struct fake *f, uint32_t section, const uint8_t *img, uint32_t size, unsigned int chunks)
{
	uint32_t off = 0, len = 0;
	int err = drv_flash_start(f, section, size);
	struct fw_in in;
	uint8_t b[4096];

	while (!err && off < size) {
		do {		/* fresh capabilities and logs come in between */
			if (!drv_recv(f, b))
				return -FW_EIO;
		} while ((get_le32(b) & 0xfff) != 0x24 && (get_le32(b) & 0xfff) != 0x28);
		assert_int_equal(msg_parse(&in, b, 4096, MSG_TO_HOST), 0);
		if (in.def->id == 0x28) {
			err = (int)tlv_sint(&in.a[0]);
			off += len;
			len = 0;
			continue;
		}
		assert_int_equal(tlv_uint(&in.a[0]), off + len);
		off += len;
		len = (uint32_t)tlv_uint(&in.a[1]);
		assert_in_range(len, 1, TLV_MAX_DATA);
		assert_true(off + len <= size);
		if (!chunks--)
			return 1;
		drv_chunk(f, off, len, img + off);
	}
	if (err)
		DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)err);
	drv_reap(f);
	return err;
}

#define DRV_EXPECT_DWORDS(f, ...) do { \
	const uint32_t want_[] = { __VA_ARGS__ }; \
	uint8_t got_[4096]; \
	assert_int_equal(drv_recv(f, got_), sizeof(want_)); \
	for (size_t i_ = 0; i_ < sizeof(want_) / 4; i_++) \
		assert_int_equal(get_le32(got_ + 4 * i_), want_[i_]); \
} while (0)

#endif
