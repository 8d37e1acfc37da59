// SPDX-License-Identifier: GPL-2.0-or-later
#include "mgmt_fake.h"

struct mgmt *m;
struct fw_config cfg;
struct fake f;

/* ---- the card's side ---- */

static uint32_t e_mbx_read(void *ctx, unsigned int w) { (void)ctx; return f.word[w]; }
static void e_mbx_write(void *ctx, unsigned int w, uint32_t v) { (void)ctx; f.word[w] = v; }

static uint8_t *at(uint8_t *mem, uint64_t base, uint64_t addr, size_t len)
{
	return addr < base || addr - base > SIZE || len > SIZE - (addr - base) ? NULL : mem + (addr - base);
}

static int e_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	uint8_t *p = at(f.host, HOST, addr, len);

	(void)ctx;
	assert_true(f.ar && len && len <= 4096);
	f.host_dma++;
	if (!p)
		return -FW_EFAULT;
	memcpy(buf, p, len);
	return 0;
}

static int e_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	uint8_t *p = at(f.host, HOST, addr, len);

	(void)ctx;
	assert_true(f.aw && len && len <= 4096);
	f.host_dma++;
	if (!p)
		return -FW_EFAULT;
	memcpy(p, buf, len);
	return 0;
}

static bool e_dma_ready(void *ctx, bool write) { (void)ctx; return write ? f.aw : f.ar; }
static void e_irq(void *ctx) { (void)ctx; f.irqs++; }

static int e_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	(void)ctx;
	f.speed = speed;
	f.fec = fec;
	return speed > 4 ? -FW_EINVAL : 0;
}

/* The chip of the test is smaller than the flash: what is beyond fails as a chip may */
static int e_flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	(void)ctx;
	assert_true(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	if (off + len > SIZE)
		return -FW_EIO;
	memcpy(buf, f.flash + off, len);
	return 0;
}

static int e_flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	(void)ctx;
	assert_true(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	if (off + len > SIZE)
		return -FW_EIO;
	memcpy(f.flash + off, buf, len);
	return 0;
}

static int e_flash_sync(void *ctx) { (void)ctx; f.syncs++; return 0; }
static uint32_t e_reg_read(void *ctx, uint32_t csr) { (void)ctx; return csr ^ 0x5a000000; }
static void e_csr_write(void *ctx, uint32_t csr, uint32_t val) { (void)ctx; f.csr = csr; f.csr_val = val; }
static void e_table(void *ctx, const struct fw_mac_sync *t) { (void)ctx; f.table = *t; f.tables++; }
static void e_owner(void *ctx, bool host) { (void)ctx; f.owner = host; f.owners++; }
static void e_restarted(void *ctx) { (void)ctx; f.restarts++; }

static void e_request(void *ctx, enum fw_pldm_link link) { (void)ctx; f.requests += 1 + link; }
static uint64_t e_now(void *ctx) { (void)ctx; return f.now; }

static int e_sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	(void)ctx;
	*val = which == FW_SENSOR_TEMP ? -12345 : 751;
	return 0;
}

static void e_event(void *ctx, const struct fw_event *ev)
{
	(void)ctx;
	f.ev = *ev;
	snprintf(f.name, sizeof(f.name), "%s", ev->name ? ev->name : "(none)");
	snprintf(f.reason, sizeof(f.reason), "%s", ev->reason);
	f.events++;
}

/* ---- the processor's side ---- */

static int b_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	uint8_t *p = at(f.own, OWN, addr, len);

	(void)ctx;
	f.own_dma++;
	if (!p)
		return -FW_EFAULT;
	memcpy(buf, p, len);
	return 0;
}

static int b_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	uint8_t *p = at(f.own, OWN, addr, len);

	(void)ctx;
	f.own_dma++;
	if (!p)
		return -FW_EFAULT;
	memcpy(p, buf, len);
	return 0;
}

static void b_irq(void *ctx, unsigned int v) { (void)ctx; assert_int_equal(v, 0); f.own_irqs++; }

static void b_answered(void *ctx) { (void)ctx; f.answered++; }

static void b_refused(void *ctx, const char *what, const char *where, uint32_t val)
{
	(void)ctx;
	assert_non_null(where);
	(void)val;
	assert_non_null(what);
	f.refused++;
}

uint32_t rd(uint32_t off) { return mgmt_bar_read(m, 0, off); }
void wr(uint32_t off, uint32_t val) { mgmt_bar_write(m, 0, off, val); }

uint32_t command(uint32_t cmd, uint32_t len)
{
	wr(M_LENGTH, len);
	wr(M_COMMAND, cmd);
	return rd(M_STATUS);
}

void addresses(uint64_t host, uint64_t own)
{
	wr(M_HOST_ADDR, (uint32_t)host);
	wr(M_HOST_ADDR + 4, (uint32_t)(host >> 32));
	wr(M_OWN_ADDR, (uint32_t)own);
	wr(M_OWN_ADDR + 4, (uint32_t)(own >> 32));
}

void mgmt_listen(void)
{
	mgmt_cfg_write(m, 4, 2, 6);
	mgmt_cfg_write(m, MSIX, 2, 0x8000);
	mgmt_msix_mask(m, 0, false);
	wr(M_EVENT, ~0u);
	wr(M_EVENT_ENABLE, ~0u);
}

int mgmt_setup(void **st)
{
	static const struct fw_env env = {
		.mbx_read = e_mbx_read, .mbx_write = e_mbx_write, .dma_read = e_dma_read, .dma_write = e_dma_write,
		.dma_ready = e_dma_ready, .irq = e_irq, .set_link_mode = e_link_mode, .flash_read = e_flash_read,
		.flash_write = e_flash_write, .flash_sync = e_flash_sync, .reg_read = e_reg_read,
		.bmc = { e_csr_write, e_table, e_owner, e_restarted, e_request }, .now = e_now, .sensor = e_sensor, .event = e_event,
	};
	static const struct mgmt_bus bus = { NULL, b_read, b_write, b_irq, b_answered, b_refused };

	(void)st;
	memset(&f, 0, sizeof(f));
	fw_config_default(&cfg);
	memcpy(cfg.uuid, "0123456789abcdef", 16);
	m = mgmt_new(&cfg, &env, &bus);
	return m ? 0 : -1;
}

int mgmt_teardown(void **st)
{
	(void)st;
	mgmt_free(m);
	return 0;
}

int ask(unsigned int what, unsigned int link, const char *req, uint8_t *buf, size_t cap)
{
	struct mgmt_question q = { .what = what, .link = (uint8_t)link, .req = (const uint8_t *)req,
				   .len = req ? strlen(req) : 0, .buf = buf, .cap = cap };
	int ret = mgmt_ask(m, &q);

	f.val[0] = q.val[0];
	f.val[1] = q.val[1];
	f.val[2] = q.val[2];
	return ret;
}
