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
	uint32_t	word[MBX_WORDS];
	uint8_t		mem[MEM_SIZE];
	bool		aw, ar;			/* BME for writes, reads */
	uint64_t	now, timer;
	unsigned int	irqs, speed, fec, modes, events[4];
	bool		mode_first;		/* link mode was set before the next message went out */
	int		temp, sensor_err;
	uint64_t	dma_reads, dma_writes;
	char		last_state[64];
	char		last_reason[64];
	void		(*on_dma)(struct fake *f);	/* the host acts while we read */

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

	*val = which == FW_SENSOR_TEMP ? f->temp : 751;
	return f->sensor_err;
}

static void fake_event(void *ctx, const struct fw_event *ev)
{
	struct fake *f = ctx;

	f->events[ev->kind]++;
	if (ev->kind == FW_EV_STATE)
		snprintf(f->last_state, sizeof(f->last_state), "%s", ev->name);
	if (ev->kind == FW_EV_REFUSED)
		snprintf(f->last_reason, sizeof(f->last_reason), "%s", ev->reason);
}

static inline struct fake *fake_new_cfg(const struct fw_config *cfg)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct fw_env env = {
		.ctx = f, .mbx_read = fake_mbx_read, .mbx_write = fake_mbx_write, .dma_read = fake_dma_read,
		.dma_write = fake_dma_write, .dma_ready = fake_dma_ready, .irq = fake_irq, .now = fake_now,
		.timer = fake_timer, .set_link_mode = fake_link_mode, .sensor = fake_sensor,
		.event = fake_event,
	};

	assert_non_null(f);
	f->fw = malloc(fw_size());
	assert_non_null(f->fw);
	f->now = 5000 * MS;
	f->timer = FW_NEVER;
	f->temp = 41500;
	assert_int_equal(fw_init(f->fw, cfg, &env), 0);
	return f;
}

static inline struct fake *fake_new(void)
{
	struct fw_config cfg;

	fw_config_default(&cfg);
	return fake_new_cfg(&cfg);
}

static inline void fake_free(struct fake *f)
{
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
	fw_mbx_written(f->fw, w);
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

#define DRV_EXPECT_DWORDS(f, ...) do { \
	const uint32_t want_[] = { __VA_ARGS__ }; \
	uint8_t got_[4096]; \
	assert_int_equal(drv_recv(f, got_), sizeof(want_)); \
	for (size_t i_ = 0; i_ < sizeof(want_) / 4; i_++) \
		assert_int_equal(get_le32(got_ + 4 * i_), want_[i_]); \
} while (0)

#endif
