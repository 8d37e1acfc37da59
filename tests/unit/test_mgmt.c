// SPDX-License-Identifier: GPL-2.0-or-later
/* The management processor's function: every register, every wrong value; what was around it is a fake */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/fw/err.h"
#include "../../src/mgmt/mgmt.h"

#define HOST	0x100000000ull
#define OWN	0x40000000ull
#define SIZE	0x4000u
#define MSIX	0x42u			/* control word of the capability */

static struct mgmt *m;
static struct fw_config cfg;

static struct fake {
	uint8_t		host[SIZE], own[SIZE], flash[SIZE];
	uint32_t	word[0x8000];
	uint32_t	csr, csr_val;
	bool		ar, aw;
	unsigned int	irqs, own_irqs, syncs, restarts, owners, host_dma, own_dma, tables, events, refused, answered, requests;
	bool		owner;
	uint64_t	now;
	unsigned int	speed, fec;
	int32_t		val[3];
	struct fw_mac_sync table;
	struct fw_event	ev;
	char		name[80], reason[80];
} f;

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

static uint32_t rd(uint32_t off) { return mgmt_bar_read(m, 0, off); }
static void wr(uint32_t off, uint32_t val) { mgmt_bar_write(m, 0, off, val); }

static uint32_t command(uint32_t cmd, uint32_t len)
{
	wr(M_LENGTH, len);
	wr(M_COMMAND, cmd);
	return rd(M_STATUS);
}

static void addresses(uint64_t host, uint64_t own)
{
	wr(M_HOST_ADDR, (uint32_t)host);
	wr(M_HOST_ADDR + 4, (uint32_t)(host >> 32));
	wr(M_OWN_ADDR, (uint32_t)own);
	wr(M_OWN_ADDR + 4, (uint32_t)(own >> 32));
}

/* As a processor that has found the function and listens */
static void listen(void)
{
	mgmt_cfg_write(m, 4, 2, 6);
	mgmt_cfg_write(m, MSIX, 2, 0x8000);
	mgmt_msix_mask(m, 0, false);
	wr(M_EVENT, ~0u);
	wr(M_EVENT_ENABLE, ~0u);
}

static int setup(void **st)
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

static int teardown(void **st)
{
	(void)st;
	mgmt_free(m);
	return 0;
}

/* ---- tests ---- */

static void configuration_space(void **st)
{
	(void)st;
	assert_int_equal(mgmt_cfg_read(m, 0, 4), 0xfb011d9b);
	assert_int_equal(mgmt_cfg_read(m, 8, 4) >> 8, 0x088000);
	for (unsigned int bar = 0; bar < 6; bar++) {
		uint32_t off = 0x10 + 4 * bar;

		mgmt_cfg_write(m, off, 4, ~0u);
		if (bar % 2)
			assert_int_equal(mgmt_cfg_read(m, off, 4), ~0u);	/* high halves */
		else
			assert_int_equal(mgmt_cfg_read(m, off, 4), (~(mgmt_bar_size(bar) - 1)) | 4);
	}
	mgmt_cfg_write(m, 0, 4, 0);
	assert_int_equal(mgmt_cfg_read(m, 0, 4), 0xfb011d9b);
	assert_int_equal(rd(M_ID), ~0u);		/* memory is not on */
	mgmt_cfg_write(m, 4, 2, 2);
	assert_int_equal(rd(M_ID), 0x314d4246);
	assert_int_equal(mgmt_bar_size(1), 0);
	assert_int_equal(mgmt_bar_size(6), 0);
	mgmt_cfg_write(m, 0x58, 2, 0x8000);		/* FLR */
	assert_int_equal(mgmt_cfg_read(m, 4, 2), 0);
}

/* The table: in order, no overlap, and each register as it says */
static void every_register_keeps_its_word(void **st)
{
	(void)st;
	listen();
	for (unsigned int i = 0; i < mgmt_nregs; i++) {
		const struct mgmt_reg *r = &mgmt_regs[i];

		assert_true(r->n && r->off % 4 == 0 && r->off + 4u * r->n <= MGMT_BAR0_SIZE);
		if (i)
			assert_true(r->off >= mgmt_regs[i - 1].off + 4u * mgmt_regs[i - 1].n);
		for (unsigned int k = 0; k < r->n; k++) {
			uint32_t off = r->off + 4 * k, was = rd(off);
			uint64_t refused = mgmt_refused(m);

			if (r->access == MREG_RO) {
				wr(off, ~was);
				assert_int_equal(rd(off), was);
				assert_int_equal(mgmt_refused(m), refused + 1);
			} else if (r->access == MREG_RW && !r->wr) {
				wr(off, 0xa5a5a5a5);
				assert_int_equal(rd(off), 0xa5a5a5a5 & r->mask);
				wr(off, 0x5a5a5a5a);
				assert_int_equal(rd(off), 0x5a5a5a5a & r->mask);
			} else if (r->access == MREG_CMD) {
				wr(off, 0);
				assert_int_equal(rd(off), 0);
			}
		}
	}
	for (uint32_t off = 0; off < MGMT_BAR0_SIZE; off += 4)
		rd(off);
	assert_int_equal(mgmt_refused(m), f.refused);
	for (uint32_t off = 0x230; off < 0x300; off += 4) {
		uint64_t refused = mgmt_refused(m);

		wr(off, 1);
		assert_int_equal(rd(off), 0);
		assert_int_equal(mgmt_refused(m), refused + 1);
	}
}

static void a_reset_brings_back_what_the_processor_wrote(void **st)
{
	(void)st;
	listen();
	mgmt_set_otp(m, 7, 8);
	wr(M_OWN_ADDR, 5);
	wr(M_COUNTERS_N, 9);
	wr(M_PHASE, FW_READY | 0x100);
	assert_int_equal(mgmt_phase(m), FW_READY);
	assert_true(mgmt_host_owns(m));
	mgmt_reset(m);
	assert_int_equal(mgmt_phase(m), FW_OFF);
	assert_false(mgmt_host_owns(m));
	mgmt_cfg_write(m, 4, 2, 6);
	assert_int_equal(rd(M_OWN_ADDR), 0);
	assert_int_equal(rd(M_COUNTERS_N), 0);
	assert_int_equal(rd(M_OTP), 7);
	assert_int_equal(rd(M_VERSION), cfg.mgmt.version);
	assert_int_equal(rd(M_EVENT), EV_RX | EV_TX | EV_OTP | EV_TRACE);
	mgmt_link(m, true);
	mgmt_reset(m);
	mgmt_cfg_write(m, 4, 2, 6);
	assert_true(rd(M_EVENT) & EV_LINK);
}

static void faults_are_asked_of_a_firmware(void **st)
{
	(void)st;
	listen();
	assert_int_equal(mgmt_set_fault(m, FW_FAULT_SENSOR, 3), -FW_EBUSY);	/* there is none */
	wr(M_PHASE, FW_READY);
	wr(M_EVENT, ~0u);
	wr(M_FAULT_LEFT + 4 * FW_FAULT_SENSOR, 1);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 1);
	assert_int_equal(mgmt_set_fault(m, FW_FAULT_SENSOR, 3), 0);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 3);		/* as it will be */
	assert_int_equal(rd(M_EVENT), EV_FAULT);
	assert_int_equal(rd(M_FAULT_SET), 1u << FW_FAULT_SENSOR);
	assert_int_equal(rd(M_FAULT + 4 * FW_FAULT_SENSOR), 3);
	wr(M_FAULT_SET, ~0u);
	assert_int_equal(rd(M_FAULT_SET), 0);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 1);
	mgmt_reset(m);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 0);
}

static void straps(void **st)
{
	char commit[20];

	(void)st;
	listen();
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t w = rd(M_COMMIT + 20 + 4 * i);

		memcpy(commit + 4 * i, &w, 4);
	}
	assert_string_equal(commit, "openfbnic-boot");
	assert_int_equal(rd(M_UUID), 0x33323130);
	assert_int_equal(rd(M_UUID + 12), 0x66656463);
	assert_int_equal((int32_t)rd(M_LIMIT), -1000);
	assert_int_equal(rd(M_LIMIT + 16), 825);
	assert_int_equal(rd(M_RESTART_MS), 1000);
	assert_int_equal(rd(M_FEATURES), 1);
	assert_int_equal(rd(M_MODULE), FW_MODULE_DAC);
	assert_int_equal(rd(M_MODULE + 4), 28000);
	assert_int_equal((int32_t)rd(M_SENSOR), -12345);
	assert_int_equal(rd(M_SENSOR + 4), 751);
}

static void host_memory_through_the_gate(void **st)
{
	(void)st;
	listen();
	for (unsigned int i = 0; i < SIZE; i++)
		f.host[i] = (uint8_t)(i * 7);
	addresses(HOST + 100, OWN + 8);
	assert_int_equal(rd(M_DMA_GATE), 0);
	assert_int_equal(command(CMD_HOST_READ, 64), FW_EACCES);
	assert_int_equal(command(CMD_HOST_WRITE, 64), FW_EACCES);
	assert_int_equal(f.host_dma, 0);
	assert_int_equal(f.own_dma, 0);
	f.ar = true;
	assert_int_equal(rd(M_DMA_GATE), 1);
	assert_int_equal(command(CMD_HOST_READ, 4096), 0);
	assert_memory_equal(f.own + 8, f.host + 100, 4096);
	assert_int_equal(command(CMD_HOST_READ, 1), 0);
	assert_int_equal(command(CMD_HOST_WRITE, 1), FW_EACCES);
	f.aw = true;
	f.ar = false;
	assert_int_equal(rd(M_DMA_GATE), 2);
	addresses(HOST + 8000, OWN + 8);
	assert_int_equal(command(CMD_HOST_WRITE, 333), 0);
	assert_memory_equal(f.own + 8, f.host + 8000, 333);
	f.ar = true;
	assert_int_equal(mgmt_refused(m), 0);

	for (unsigned int dir = CMD_HOST_READ; dir <= CMD_HOST_WRITE; dir++) {
		addresses(HOST, OWN);
		assert_int_equal(command(dir, 0), FW_EINVAL);
		assert_int_equal(command(dir, 4097), FW_EINVAL);
		assert_int_equal(command(dir, ~0u), FW_EINVAL);
		addresses(HOST + SIZE - 63, OWN);
		assert_int_equal(command(dir, 64), FW_EFAULT);
		addresses(HOST, OWN + SIZE - 63);
		assert_int_equal(command(dir, 64), FW_EFAULT);
		addresses(~0ull, ~0ull);
		assert_int_equal(command(dir, 64), FW_EFAULT);
	}
	assert_int_equal(mgmt_refused(m), 6);
	/* no master, no memory of its own */
	mgmt_cfg_write(m, 4, 2, 2);
	f.own_dma = 0;
	addresses(HOST, OWN);
	assert_int_equal(command(CMD_HOST_READ, 64), FW_EACCES);
	assert_int_equal(command(CMD_TELL, 0), FW_EACCES);
	assert_int_equal(f.own_dma, 0);
}

static void flash(void **st)
{
	(void)st;
	listen();
	memset(f.own, 0x77, 4096);
	addresses(0, OWN);
	wr(M_FLASH_OFFSET, 100);
	assert_int_equal(command(CMD_FLASH_WRITE, 4096), 0);
	assert_int_equal(f.flash[100], 0x77);
	assert_int_equal(f.flash[100 + 4095], 0x77);
	assert_int_equal(f.flash[100 + 4096], 0);
	wr(M_OWN_ADDR, (uint32_t)OWN + 8192);
	assert_int_equal(command(CMD_FLASH_READ, 10), 0);
	assert_memory_equal(f.own + 8192, f.own, 10);
	assert_int_equal(command(CMD_FLASH_SYNC, 0), 0);
	assert_int_equal(f.syncs, 1);
	wr(M_FLASH_OFFSET, SIZE);
	assert_int_equal(command(CMD_FLASH_READ, 10), FW_EIO);
	assert_int_equal(mgmt_refused(m), 0);
	for (unsigned int dir = CMD_FLASH_READ; dir <= CMD_FLASH_WRITE; dir++) {
		static const uint32_t bad[][2] = {
			{ 0, 0 }, { 0, 4097 }, { FW_FLASH_SIZE, 1 }, { FW_FLASH_SIZE - 9, 10 }, { ~0u, 1 }, { ~0u, 4096 },
		};

		for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			wr(M_FLASH_OFFSET, bad[i][0]);
			assert_int_equal(command(dir, bad[i][1]), FW_EINVAL);
		}
	}
	assert_int_equal(mgmt_refused(m), 12);
}

static void commands_that_are_none(void **st)
{
	static const uint32_t bad[] = { 0, 10, 11, 255, 0x100, 0x80000001, ~0u };

	(void)st;
	listen();
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(command(bad[i], 64), FW_EOPNOTSUPP);
	assert_int_equal(mgmt_refused(m), sizeof(bad) / sizeof(bad[0]));
}

/* A word is completed only as long as it is what was read, and the ring the firmware's */
static void swap(void **st)
{
	(void)st;
	listen();
	wr(M_SWAP_WORD, 0x6002);
	wr(M_SWAP_OLD, 0x1001);
	wr(M_SWAP_NEW, 0x1003);
	assert_int_equal(rd(M_STATUS), FW_EBUSY);
	assert_int_equal(f.word[0x6002], 0);
	f.word[0x6002] = 0x1001;
	wr(M_SWAP_NEW, 0x1003);
	assert_int_equal(rd(M_STATUS), 0);
	assert_int_equal(f.word[0x6002], 0x1003);

	for (unsigned int k = 0; k < 2; k++) {
		f.word[0x6002] = 0x1001;
		if (k)
			mgmt_host_reset(m);
		else
			mgmt_host_wrote(m, 0x6004, 3);
		wr(M_SWAP_NEW, 0x1003);
		assert_int_equal(rd(M_STATUS), FW_EBUSY);
		assert_int_equal(f.word[0x6002], 0x1001);
		wr(M_EVENT, ~0u);
		wr(M_SWAP_NEW, 0x1003);
		assert_int_equal(rd(M_STATUS), 0);
	}
	wr(M_SWAP_WORD, ~0u);			/* the last word of the window */
	wr(M_SWAP_OLD, 0);
	wr(M_SWAP_NEW, 9);
	assert_int_equal(f.word[0x7fff], 9);
}

static void the_card_from_behind(void **st)
{
	(void)st;
	listen();
	mgmt_bar_write(m, 4, MGMT_WINDOW + 4 * 0x21d, 77);
	assert_int_equal(f.word[0x21d], 77);
	f.word[0x7fff] = 5;
	assert_int_equal(mgmt_bar_read(m, 4, MGMT_WINDOW + MGMT_WINDOW_SIZE - 4), 5);
	assert_int_equal(mgmt_bar_read(m, 4, 0x8400 * 4), 0x5a008400);
	mgmt_bar_write(m, 4, MGMT_WINDOW - 4, 6);
	assert_int_equal(f.csr, 0x7ffff);
	assert_int_equal(f.csr_val, 6);
	assert_int_equal(mgmt_refused(m), 0);
	for (uint32_t off = MGMT_WINDOW + MGMT_WINDOW_SIZE; off < MGMT_BAR4_SIZE; off += 0x1ffc) {
		assert_int_equal(mgmt_bar_read(m, 4, off & ~3u), 0);
		mgmt_bar_write(m, 4, off & ~3u, 1);
	}
	assert_true(mgmt_refused(m) > 100);
	assert_int_equal(f.csr, 0x7ffff);
}

static void small_things(void **st)
{
	(void)st;
	listen();
	wr(M_HOST_IRQ, 0);
	wr(M_HOST_IRQ, 2);
	assert_int_equal(f.irqs, 0);
	wr(M_HOST_IRQ, 1);
	assert_int_equal(f.irqs, 1);
	wr(M_LINK_MODE, 4 | 2 << 8);
	assert_int_equal(rd(M_STATUS), 0);
	assert_int_equal(f.speed, 4);
	assert_int_equal(f.fec, 2);
	wr(M_LINK_MODE, 0xff);
	assert_int_equal(rd(M_STATUS), FW_EINVAL);
	wr(M_OWNER, 1);
	assert_true(f.owner);
	wr(M_OWNER, 0);
	assert_false(f.owner);
	assert_int_equal(f.owners, 2);
	wr(M_RESTARTED, 0);
	wr(M_RESTARTED, 1);
	assert_int_equal(f.restarts, 1);
	wr(M_PHASE, FW_NPHASES);
	assert_int_equal(mgmt_phase(m), FW_OFF);
	wr(M_PHASE, 0xff);
	assert_int_equal(mgmt_phase(m), FW_OFF);
	assert_int_equal(mgmt_refused(m), 2);
}

static void the_bmc_table_is_checked(void **st)
{
	struct fw_mac_sync t = { .flags = 5, .uc = 8, .mc = 1, .mc_mac = { { 1, 2, 3, 4, 5, 6 } } };

	(void)st;
	listen();
	addresses(0, OWN);
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_BMC_TABLE, 0), 0);
	assert_memory_equal(&f.table, &t, sizeof(t));
	t.uc = 9;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_BMC_TABLE, 0), FW_EINVAL);
	t.uc = 0;
	t.mc = ~0u;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_BMC_TABLE, 0), FW_EINVAL);
	addresses(0, OWN + SIZE - 107);
	assert_int_equal(command(CMD_BMC_TABLE, 0), FW_EFAULT);
	assert_int_equal(f.tables, 1);
}

static void what_is_told_is_text(void **st)
{
	struct mgmt_tell t = { .kind = FW_EV_REFUSED, .msg = 0x14, .len = 9, .ring = 1, .desc = ~0u, .err = -5 };

	(void)st;
	listen();
	addresses(0, OWN);
	memset(t.name, 'x', sizeof(t.name));
	memcpy(t.reason, "a\nb\x80%s", 7);
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), 0);
	assert_int_equal(strlen(f.name), sizeof(t.name) - 1);
	assert_string_equal(f.reason, "a?b?%s");
	assert_int_equal(f.ev.kind, FW_EV_REFUSED);
	assert_int_equal(f.ev.err, -5);
	t.name[0] = 0;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), 0);
	assert_string_equal(f.name, "(none)");
	t.ring = 2;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), FW_EINVAL);
	t.ring = 0;
	t.kind = FW_EV_KINDS;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), FW_EINVAL);
	assert_int_equal(f.events, 2);
}

static void counters_are_read_where_they_are(void **st)
{
	uint64_t v = 0x123456789a;

	(void)st;
	listen();
	memcpy(f.own + 16 + 8 * 3, &v, 8);
	wr(M_COUNTERS, (uint32_t)OWN + 16);
	assert_int_equal(mgmt_counter(m, 3), 0);
	wr(M_COUNTERS_N, 4);
	assert_int_equal(mgmt_counter(m, 3), v);
	assert_int_equal(mgmt_counter(m, 4), 0);
	wr(M_COUNTERS + 4, ~0u);
	assert_int_equal(mgmt_counter(m, 3), 0);
	wr(M_COUNTERS, (uint32_t)OWN + 16);
	wr(M_COUNTERS + 4, 0);
	mgmt_cfg_write(m, 4, 2, 2);
	assert_int_equal(mgmt_counter(m, 3), 0);
}

static void which_writes_of_the_host_are_events(void **st)
{
	static const struct { unsigned int word; uint32_t val, ev; } t[] = {
		{ 0x5fff, 3, 0 }, { 0x6000, 0, EV_RX }, { 0x6000, 3, EV_RX | EV_TAKEN }, { 0x6001, 3, 0 },
		{ 0x601e, 0x1001, EV_RX }, { 0x601f, 0, 0 }, { 0x6020, 3, EV_TX }, { 0x6021, 0, 0 },
		{ 0x603e, 1, EV_TX }, { 0x603f, 1, 0 }, { 0x6040, 3, 0 }, { 0, 3, 0 }, { 0x7fff, 3, 0 }, { ~0u, 3, 0 },
	};

	(void)st;
	listen();
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		wr(M_EVENT, ~0u);
		mgmt_host_wrote(m, t[i].word, t[i].val);
		assert_int_equal(rd(M_EVENT), t[i].ev);
	}
}

/* However many come: the state is whole, and who sleeps after clearing one is woken for the others */
static void events_are_never_lost(void **st)
{
	const struct fw_module optic = { FW_MODULE_OPTIC, 38500, 3290, 7200, 1100000, 700000 };
	const uint8_t mac[5][6] = { { 2, 1, 2, 3, 4, 5 }, { 2, 6, 7, 8, 9, 10 } };

	(void)st;
	listen();
	f.own_irqs = 0;
	for (unsigned int i = 0; i < 1000; i++) {
		mgmt_host_wrote(m, 0x6000, 1);
		mgmt_link(m, i % 2);
		mgmt_set_module(m, i % 2 ? &optic : &cfg.host[0].module);
		mgmt_set_otp(m, i, i + 1);
		mgmt_sensors(m);
		mgmt_trace(m, i % 2);
		assert_int_equal(mgmt_bmc_set(m, i % 3, mac, i % 2), 0);
		mgmt_host_reset(m);
	}
	assert_int_equal(f.own_irqs, 1);
	assert_int_equal(rd(M_EVENT), EV_RX | EV_LINK | EV_MODULE | EV_OTP | EV_SENSOR | EV_TRACE | EV_BMC | EV_RESET);
	assert_int_equal(rd(M_LINK), 3);
	assert_int_equal(rd(M_MODULE), FW_MODULE_OPTIC);
	assert_int_equal(rd(M_MODULE + 20), 700000);
	assert_int_equal(rd(M_OTP + 4), 1000);
	assert_int_equal(rd(M_TRACE), 1);
	assert_int_equal(rd(M_BMC), 0x100);
	wr(M_EVENT, EV_RX);
	assert_int_equal(f.own_irqs, 2);
	wr(M_EVENT, ~0u);
	assert_int_equal(f.own_irqs, 2);
	assert_int_equal(mgmt_bmc_set(m, 2, mac, false), 0);
	assert_int_equal(f.own_irqs, 3);
	assert_int_equal(rd(M_BMC_MAC), 0x03020102);
	assert_int_equal(rd(M_BMC_MAC + 4), 0x0504);
	assert_int_equal(rd(M_BMC_MAC + 8), 0x08070602);
	assert_int_equal(mgmt_bmc_set(m, 5, mac, false), -FW_EINVAL);
	assert_int_equal(rd(M_BMC), 2);
}

/* Not enabled, masked, not a master: it waits or, without MSI-X, is dropped as in the card */
static void the_interrupt_waits(void **st)
{
	(void)st;
	listen();
	f.own_irqs = 0;
	wr(M_EVENT_ENABLE, EV_TX);
	mgmt_host_wrote(m, 0x6000, 1);
	assert_int_equal(f.own_irqs, 0);
	wr(M_EVENT_ENABLE, EV_RX);
	assert_int_equal(f.own_irqs, 1);
	wr(M_EVENT, ~0u);

	mgmt_msix_mask(m, 0, true);
	mgmt_host_wrote(m, 0x6000, 1);
	assert_int_equal(mgmt_bar_read(m, 2, MGMT_PBA), 1);
	assert_int_equal(mgmt_bar_read(m, 2, 12), 1);
	assert_int_equal(f.own_irqs, 1);
	mgmt_msix_mask(m, 1, false);
	assert_int_equal(f.own_irqs, 1);
	mgmt_bar_write(m, 2, 12, 0);
	assert_int_equal(f.own_irqs, 2);
	assert_int_equal(mgmt_bar_read(m, 2, MGMT_PBA), 0);
	wr(M_EVENT, ~0u);

	mgmt_cfg_write(m, MSIX, 2, 0xc000);
	mgmt_host_wrote(m, 0x6000, 1);
	assert_int_equal(f.own_irqs, 2);
	mgmt_cfg_write(m, MSIX, 2, 0x8000);
	assert_int_equal(f.own_irqs, 3);
	wr(M_EVENT, ~0u);

	mgmt_cfg_write(m, MSIX, 2, 0);
	mgmt_host_wrote(m, 0x6000, 1);
	mgmt_cfg_write(m, MSIX, 2, 0x8000);
	assert_int_equal(f.own_irqs, 3);
	mgmt_bar_write(m, 2, 16, 1);
	mgmt_bar_write(m, 2, MGMT_PBA, 1);
	assert_int_equal(mgmt_refused(m), 2);
	mgmt_bar_write(m, 2, 0, 0xfee00000);
	assert_int_equal(mgmt_bar_read(m, 2, 0), 0xfee00000);
}

static void life_one_thing_at_a_time(void **st)
{
	static const struct { enum fw_phase p; bool crash, hang, restart; } may[] = {
		{ FW_OFF, false, false, false }, { FW_BOOTLOADER, false, false, true }, { FW_STARTING, true, true, true },
		{ FW_READY, true, true, true }, { FW_CRASHED, false, false, true }, { FW_HUNG, true, false, true },
	};

	(void)st;
	listen();
	for (unsigned int i = 0; i < FW_NPHASES; i++) {
		wr(M_PHASE, may[i].p);
		assert_int_equal(mgmt_life(m, LIFE_CRASH), may[i].crash ? 0 : -FW_EBUSY);
		wr(M_LIFE, LIFE_CRASH);
		assert_int_equal(mgmt_life(m, LIFE_HANG), may[i].hang ? 0 : -FW_EBUSY);
		wr(M_LIFE, LIFE_HANG);
		assert_int_equal(mgmt_life(m, LIFE_RESTART), may[i].restart ? 0 : -FW_EBUSY);
		wr(M_LIFE, LIFE_RESTART);
		assert_int_equal(rd(M_LIFE), 0);
	}
	wr(M_PHASE, FW_READY);
	assert_int_equal(mgmt_life(m, LIFE_CRASH), 0);
	assert_int_equal(mgmt_life(m, LIFE_RESTART), -FW_EBUSY);
	wr(M_EVENT, ~0u);
	assert_int_equal(mgmt_life(m, LIFE_POWER), 0);		/* does not wait */
	assert_int_equal(rd(M_LIFE), LIFE_POWER);
	assert_true(rd(M_EVENT) & EV_LIFE);
	wr(M_LIFE, LIFE_CRASH);					/* done with what is not wanted any more */
	assert_int_equal(rd(M_LIFE), LIFE_POWER);
	mgmt_reset(m);
	mgmt_cfg_write(m, 4, 2, 6);
	assert_int_equal(rd(M_LIFE), 0);
	assert_int_equal(mgmt_life(m, LIFE_POWER), 0);		/* it is off: power is on when one boots */
	assert_int_equal(rd(M_LIFE), 0);
}

/* ---- what the BMC asks ---- */

static int ask(unsigned int what, unsigned int link, const char *req, uint8_t *buf, size_t cap)
{
	struct mgmt_question q = { .what = what, .link = (uint8_t)link, .req = (const uint8_t *)req,
				   .len = req ? strlen(req) : 0, .buf = buf, .cap = cap };
	int ret = mgmt_ask(m, &q);

	f.val[0] = q.val[0];
	f.val[1] = q.val[1];
	f.val[2] = q.val[2];
	return ret;
}

/* The firmware answers what ASK has */
static void answer(int32_t result, const char *put)
{
	if (put) {
		memcpy(f.own, put, strlen(put));
		assert_int_equal(command(CMD_ASK_PUT, (uint32_t)strlen(put)), 0);
	}
	wr(M_ASK_RESULT, (uint32_t)result);
	wr(M_ASK_DONE, rd(M_ASK));
}

static void questions_wait_for_their_answers(void **st)
{
	uint8_t buf[FW_PLDM_MAX] = { 0 };

	(void)st;
	listen();
	addresses(0, OWN);
	f.answered = 0;
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), -FW_EBUSY);	/* there is nobody */
	wr(M_PHASE, FW_READY);
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), MGMT_PENDING);
	assert_true(rd(M_EVENT) & EV_ASK);
	assert_int_equal(rd(M_ASK), ASK_PLDM);
	assert_int_equal(rd(M_ASK_LENGTH), 5);
	assert_int_equal(command(CMD_ASK_GET, 5), 0);
	assert_memory_equal(f.own, "hello", 5);
	/* others wait behind it; the same question is not asked twice */
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_PLDM, 1, "there", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), MGMT_PENDING);
	assert_int_equal(rd(M_ASK), ASK_PLDM);
	answer(8, "response");
	assert_int_equal(f.answered, 1);
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "response", 8);
	assert_int_equal(rd(M_ASK), ASK_PLDM | 1 << 8);
	answer(0, NULL);			/* a datagram */
	assert_int_equal(rd(M_ASK), ASK_TEMPERATURE);
	wr(M_ASK_RESULT + 4, 95000);
	wr(M_ASK_RESULT + 8, (uint32_t)-1000);
	answer(0, NULL);
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), 0);
	assert_int_equal(f.val[0], 95000);
	assert_int_equal(f.val[1], -1000);
	assert_int_equal(ask(ASK_PLDM, 1, "there", buf, sizeof(buf)), 0);
	assert_int_equal(rd(M_ASK), 0);
	/* and again is a new question */
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), MGMT_PENDING);
	answer(-FW_ENODEV, NULL);
	f.now += 2000000000;			/* nobody came for it */
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), MGMT_PENDING);
	answer(-FW_ENODEV, NULL);
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), -FW_ENODEV);
	wr(M_BMC_REQUEST, 1);
	assert_int_equal(f.requests, 2);
	assert_int_equal(mgmt_refused(m), 0);
	wr(M_BMC_REQUEST, 2);
	assert_int_equal(f.requests, 2);
	assert_int_equal(mgmt_refused(m), 1);
}

static void another_question_in_its_place(void **st)
{
	uint8_t buf[FW_PLDM_MAX];

	(void)st;
	listen();
	addresses(0, OWN);
	wr(M_PHASE, FW_READY);
	assert_int_equal(ask(ASK_PLDM, 0, "one", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_PLDM, 0, "two", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(command(CMD_ASK_GET, 3), 0);
	assert_memory_equal(f.own, "one", 3);	/* the firmware has it already */
	answer(3, "ONE");
	assert_int_equal(rd(M_ASK), 0);
	assert_int_equal(ask(ASK_PLDM, 0, "two", buf, sizeof(buf)), MGMT_PENDING);
	answer(3, "TWO");
	assert_int_equal(ask(ASK_PLDM, 0, "six", buf, sizeof(buf)), MGMT_PENDING);
	answer(3, "SIX");
	assert_int_equal(ask(ASK_PLDM, 0, "six", buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "SIX", 3);
	/* gone in the middle: who waits is told, and then hears that there is nobody */
	assert_int_equal(ask(ASK_PLDM, 0, "end", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_DUMP_TAKE, 1, NULL, NULL, 0), MGMT_PENDING);
	f.answered = 0;
	mgmt_reset(m);
	assert_int_equal(f.answered, 1);
	assert_int_equal(ask(ASK_PLDM, 0, "end", buf, sizeof(buf)), -FW_EBUSY);
	assert_int_equal(ask(ASK_DUMP_TAKE, 1, NULL, NULL, 0), -FW_EBUSY);
}

static void answers_that_are_none(void **st)
{
	static const struct { unsigned int what; int32_t result; const char *put; } bad[] = {
		{ ASK_PLDM, 5, "four" }, { ASK_PLDM, 5, NULL }, { ASK_PLDM, 3, "four" }, { ASK_PLDM, 0x7fffffff, "four" },
		{ ASK_PLDM_PENDING, 9, "four" }, { ASK_PLDM_REPLY, 1, NULL }, { ASK_TEMPERATURE, 1, NULL },
		{ ASK_DUMP_READ, 0, NULL }, { ASK_DUMP_READ, 0, "four" }, { ASK_DUMP_READ, 4, "four" },
		{ ASK_PLDM, MGMT_PENDING, NULL },
	};
	uint8_t buf[FW_PLDM_MAX];

	(void)st;
	listen();
	addresses(0, OWN);
	wr(M_PHASE, FW_READY);
	wr(M_ASK_DONE, 0);
	wr(M_ASK_DONE, ASK_PLDM);
	assert_int_equal(command(CMD_ASK_GET, 1), FW_EINVAL);
	assert_int_equal(command(CMD_ASK_PUT, 1), FW_EINVAL);
	assert_int_equal(mgmt_refused(m), 4);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *req = bad[i].what == ASK_PLDM || bad[i].what == ASK_PLDM_REPLY ? "request" : NULL;
		size_t cap = bad[i].what == ASK_DUMP_READ ? 7 : bad[i].what >= ASK_TEMPERATURE ? 0 : sizeof(buf);

		assert_int_equal(ask(bad[i].what, 0, req, buf, cap), MGMT_PENDING);
		if (!req)
			assert_int_equal(command(CMD_ASK_GET, 1), FW_EINVAL);
		else
			assert_int_equal(command(CMD_ASK_GET, 8), FW_EINVAL);
		assert_int_equal(command(CMD_ASK_PUT, 4097), FW_EINVAL);
		wr(M_ASK_DONE, bad[i].what + 1);
		answer(bad[i].result, bad[i].put);
		assert_int_equal(mgmt_refused(m), 4 + 4 * (i + 1));
		assert_int_equal(ask(bad[i].what, 0, req, buf, cap), -FW_EIO);
	}
	assert_int_equal(ask(ASK_DUMP_READ, 0, NULL, buf, 7), MGMT_PENDING);
	answer(0, "seven77");
	assert_int_equal(ask(ASK_DUMP_READ, 0, NULL, buf, 7), 0);
	assert_memory_equal(buf, "seven77", 7);
	assert_int_equal(ask(ASK_DUMP_READ, 0, NULL, buf, 4097), -FW_EINVAL);
	/* more than who asks has room for */
	assert_int_equal(ask(ASK_PLDM, 0, "x", buf, 3), MGMT_PENDING);
	answer(4, "four");
	assert_int_equal(ask(ASK_PLDM, 0, "x", buf, 3), -FW_EIO);
}

static uint32_t rnd(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* A mad processor: the sanitizers and the asserts of the fakes are the test */
static void random_garbage(void **st)
{
	static uint8_t buf[FW_PLDM_MAX];
	uint32_t s = 0x5eed0002;

	(void)st;
	listen();
	for (unsigned int i = 0; i < 300000; i++) {
		const struct mgmt_reg *r = &mgmt_regs[rnd(&s) % mgmt_nregs];
		uint32_t off = r->off + rnd(&s) % r->n * 4, val = rnd(&s) % 3 ? rnd(&s) % 5000 : rnd(&s);

		f.ar = rnd(&s) % 4;
		f.aw = rnd(&s) % 4;
		if (rnd(&s) % 3)
			addresses(rnd(&s) % 8 ? HOST + rnd(&s) % SIZE : rnd(&s), rnd(&s) % 8 ? OWN + rnd(&s) % SIZE : rnd(&s));
		switch (rnd(&s) % 8) {
		case 0:
			mgmt_bar_write(m, 4, rnd(&s) % MGMT_BAR4_SIZE & ~3u, val);
			break;
		case 1:
			mgmt_bar_write(m, 2, rnd(&s) % MGMT_BAR2_SIZE & ~3u, val);
			break;
		case 2:
			mgmt_bar_write(m, 0, rnd(&s) % MGMT_BAR0_SIZE & ~3u, val);
			break;
		case 3:
			if (!(rnd(&s) % 100))
				mgmt_cfg_write(m, rnd(&s) % 0xffd, 1u << rnd(&s) % 3, val);
			mgmt_cfg_write(m, 4, 2, 6);
			break;
		case 4:
			wr(M_COMMAND, rnd(&s) % 11);
			wr(M_PHASE, FW_READY);
			ask(1 + rnd(&s) % 7, rnd(&s) % 2, rnd(&s) % 2 ? "some request" : NULL, buf, rnd(&s) % sizeof(buf));
			break;
		default:
			wr(off, val);
		}
		mgmt_counter(m, rnd(&s) % 40);
		assert_true(mgmt_phase(m) < FW_NPHASES);
	}
	assert_true(f.host_dma > 1000 && f.tables && f.events && mgmt_refused(m) > 1000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest t[] = {
		T(configuration_space),
		T(every_register_keeps_its_word),
		T(a_reset_brings_back_what_the_processor_wrote),
		T(faults_are_asked_of_a_firmware),
		T(straps),
		T(host_memory_through_the_gate),
		T(flash),
		T(commands_that_are_none),
		T(swap),
		T(the_card_from_behind),
		T(small_things),
		T(the_bmc_table_is_checked),
		T(what_is_told_is_text),
		T(counters_are_read_where_they_are),
		T(which_writes_of_the_host_are_events),
		T(events_are_never_lost),
		T(the_interrupt_waits),
		T(life_one_thing_at_a_time),
		T(questions_wait_for_their_answers),
		T(another_question_in_its_place),
		T(answers_that_are_none),
		T(random_garbage),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
