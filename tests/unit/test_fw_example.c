// SPDX-License-Identifier: GPL-2.0-or-later
/* The smallest home that the firmware runs in: the example of docs/firmware.md, which is the part between the marks */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* doc */
#include "../../src/fw/fw_core.h"	/* a home that can allocate takes fw.h and fw_size() */

struct home {
	struct fw	fw;
	uint32_t	word[0x8000];		/* BAR4, as the host sees it */
	uint8_t		mem[0x4000];		/* the host's memory */
	uint64_t	clock, alarm;		/* nanoseconds */
	unsigned int	interrupts;
};

static uint32_t mbx_read(void *ctx, unsigned int word)
{
	return ((struct home *)ctx)->word[word];
}

static void mbx_write(void *ctx, unsigned int word, uint32_t val)
{
	((struct home *)ctx)->word[word] = val;
}

/* Addresses and lengths are the guest's: this is the only thing between it and us */
static int dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct home *h = ctx;

	if (addr > sizeof(h->mem) || len > sizeof(h->mem) - addr)
		return -1;
	memcpy(buf, h->mem + addr, len);
	return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct home *h = ctx;

	if (addr > sizeof(h->mem) || len > sizeof(h->mem) - addr)
		return -1;
	memcpy(h->mem + addr, buf, len);
	return 0;
}

/* On a card: bus mastering, for reads and for writes */
static bool dma_ready(void *ctx, bool write)
{
	(void)ctx;
	(void)write;
	return true;
}

static void irq(void *ctx)
{
	((struct home *)ctx)->interrupts++;
}

static uint64_t now(void *ctx)
{
	return ((struct home *)ctx)->clock;
}

static void timer(void *ctx, uint64_t when)
{
	((struct home *)ctx)->alarm = when;
}

/* On a card: SerDes, PCS and FEC */
static int set_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	(void)ctx;
	return speed == FW_SPEED_100CR2 && fec == FW_FEC_RS ? 0 : -1;
}

/* Without flash, registers, sensors or a BMC: those members may be NULL */
static int boot(struct home *h)
{
	const struct fw_env env = {
		.ctx = h, .host_ctx = { h }, .mbx_read = mbx_read, .mbx_write = mbx_write, .dma_read = dma_read,
		.dma_write = dma_write, .dma_ready = dma_ready, .irq = irq, .now = now, .timer = timer,
		.set_link_mode = set_link_mode,
	};
	struct fw_config cfg;

	fw_config_default(&cfg);
	cfg.mgmt = (struct fw_version){ FW_VERSION(99, 1, 2, 3), "mine" };
	return fw_init(&h->fw, &cfg, &env);
}

/* Events: the host wrote a word of BAR4; the clock has moved */
static void host_writes(struct home *h, unsigned int word, uint32_t val)
{
	h->word[word] = val;
	fw_mbx_written(&h->fw, 0, word);
}

static void time_passes(struct home *h, uint64_t ns)
{
	h->clock += ns;
	if (h->clock >= h->alarm)
		fw_timer(&h->fw);
}
/* end */

#define RX		0x6000u
#define TX		0x6020u
#define HOST_CMPL	1u
#define FW_CMPL		2u

static struct home home;

/* Message @msg at 0x1000, a page for the answer at 0x2000, descriptors @d */
static void ask(unsigned int d, const uint32_t *msg, uint32_t dwords)
{
	memcpy(home.mem + 0x1000, msg, 4 * dwords);
	host_writes(&home, RX + 2 * d + 1, 4096u << 16);
	host_writes(&home, RX + 2 * d, 0x2000 | HOST_CMPL);
	host_writes(&home, TX + 2 * d + 1, 4 * dwords << 16 | 0x4000);
	host_writes(&home, TX + 2 * d, 0x1000 | HOST_CMPL);
	assert_int_equal(home.word[TX + 2 * d] & FW_CMPL, FW_CMPL);
}

static void a_driver_finds_it_alive(void **st)
{
	static const uint32_t caps[] = { 0x00018010 }, beat[] = { 0x00018014 }, own[] = { 0x00028012, 0x00040000 };
	const uint32_t *answer = (const uint32_t *)(const void *)(home.mem + 0x2000);

	(void)st;
	home.clock = 1000000000;
	assert_int_equal(boot(&home), 0);
	assert_true(fw_ready(&home.fw));

	ask(0, caps, 1);
	assert_int_equal(home.word[RX] & FW_CMPL, FW_CMPL);
	assert_int_equal(answer[0] & 0xffff, 0x8011);
	assert_int_equal(answer[1], 0x00080000);
	assert_int_equal(answer[2], 0x63010203);
	assert_true(home.interrupts > 0);

	time_passes(&home, 41000000);
	ask(1, beat, 1);
	assert_int_equal(answer[0] & 0xffff, 0x8015);
	assert_int_equal(answer[2], 42);

	/* the answer to this one waits for the clock */
	ask(2, own, 2);
	assert_int_equal(home.word[RX + 4] & FW_CMPL, 0);
	time_passes(&home, 10000000);
	assert_int_equal(home.word[RX + 4] & FW_CMPL, FW_CMPL);
	assert_int_equal(answer[0] & 0xffff, 0x8013);
	assert_true(fw_host_owns(&home.fw, 0));
}

static void what_is_no_memory_is_an_error(void **st)
{
	(void)st;
	host_writes(&home, TX + 7, 4u << 16 | 0x4000);
	host_writes(&home, TX + 6, 0x80000000 | HOST_CMPL);
	assert_int_equal(home.word[TX + 6] & 7, 7);
	assert_int_equal(fw_refused(&home.fw, FWR_TX_FAULT), 1);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(a_driver_finds_it_alive),
		cmocka_unit_test(what_is_no_memory_is_an_error),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
