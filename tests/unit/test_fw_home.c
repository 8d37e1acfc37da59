// SPDX-License-Identifier: GPL-2.0-or-later
/* The glue between a card and the firmware, on a card that is only its firmware side */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/homes/fw_inside.h"

struct card {
	uint32_t		word[0x8000];
	uint8_t			mem[0x3000];
	bool			bme;
	unsigned int		irqs, speed, fec, bugs, events;
	uint64_t		timer, now;
	struct card_fw_ops	ops;
	void			*ctx;
	char			line[256];
};

uint32_t card_fw_read(struct card *c, unsigned int w) { return c->word[w]; }
void card_fw_write(struct card *c, unsigned int w, uint32_t v) { c->word[w] = v; }
bool card_fw_dma_ready(const struct card *c, bool write) { return write ? c->bme : c->bme; }
void card_fw_irq(struct card *c) { c->irqs++; }
void card_fw_timer(struct card *c, uint64_t when) { c->timer = when; }

int card_fw_dma_read(struct card *c, uint64_t addr, void *buf, size_t len)
{
	if (addr > sizeof(c->mem) || len > sizeof(c->mem) - addr)
		return -EFAULT;
	memcpy(buf, c->mem + addr, len);
	return 0;
}

int card_fw_dma_write(struct card *c, uint64_t addr, const void *buf, size_t len)
{
	if (addr > sizeof(c->mem) || len > sizeof(c->mem) - addr)
		return -EFAULT;
	memcpy(c->mem + addr, buf, len);
	return 0;
}

uint32_t card_csr_peek(struct card *c, uint32_t csr) { (void)c; return csr; }

void card_fw_csr_write(struct card *c, uint32_t csr, uint32_t val) { (void)c; (void)csr; (void)val; }
void card_fw_bmc_table(struct card *c, const struct card_bmc_table *t) { (void)c; (void)t; }

int card_fw_set_link_mode(struct card *c, unsigned int speed, unsigned int fec)
{
	c->speed = speed;
	c->fec = fec;
	return 0;
}

void card_attach_fw(struct card *c, const struct card_fw_ops *ops, void *ctx)
{
	c->ops = *ops;
	c->ctx = ctx;
}

static uint64_t clock_now(void *ctx)
{
	return ((struct card *)ctx)->now;
}

static void trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	struct card *c = ctx;

	assert_int_equal(blk, BLK_FW);
	vsnprintf(c->line, sizeof(c->line), fmt, ap);
	c->bugs += kind == TRACE_GUEST_BUG;
	c->events += kind == TRACE_EVENT;
}

static struct card card;

static struct fw_home *home(bool tell)
{
	const struct card_env env = { .ctx = &card, .now = clock_now, .trace = trace };
	struct fw_home_config cfg;
	struct fw_home *h;

	memset(&card, 0, sizeof(card));
	card.now = 1000000000;
	fw_home_config_default(&cfg);
	cfg.trace = tell;
	h = fw_inside_new(&card, &env, &cfg);
	assert_non_null(h);
	return h;
}

static void host_write(unsigned int w, uint32_t v)
{
	card.word[w] = v;
	card.ops.mbx_written(card.ctx, w);
}

static void send(unsigned int d, uint32_t msg)
{
	memcpy(card.mem + 0x1000, &msg, 4);
	host_write(0x6021 + 2 * d, 4u << 16 | 0x4000);
	host_write(0x6020 + 2 * d, 0x1001);
}

static void messages_and_events_pass(void **st)
{
	struct fw_home *h = home(true);

	(void)st;
	assert_int_equal(card.speed, 4);
	assert_int_equal(card.fec, 2);
	card.bme = true;
	host_write(0x6001, 4096u << 16);
	host_write(0x6000, 0x2001);
	host_write(0x6003, 4096u << 16);
	host_write(0x6002, 0x2001);
	send(0, 0x0001803c);
	assert_int_equal(card.word[0x6020] & 7, 3);
	assert_int_equal(card.word[0x6000] & 7, 3);
	assert_int_equal(card.word[0x6001] >> 16, 20);
	assert_in_range(card.mem[0x2008] | card.mem[0x2009] << 8, 25000, 55000);
	assert_int_equal(card.irqs, 1);
	assert_string_equal(card.line, "rx0: tsene_read_resp 0x3d, 20 bytes");
	send(1, 0x00018012);
	assert_int_equal(card.mem[0x2000], 0x13);
	card.ops.link(card.ctx, true);
	assert_string_equal(card.line, "link up");
	card.speed = 0;
	card.ops.reset(card.ctx);
	assert_int_equal(card.speed, 4);
	card.now += 600ull * 1000000000;
	card.ops.timer(card.ctx);
	fw_home_free(h);
	assert_null(card.ops.mbx_written);
	assert_int_equal(card.timer, UINT64_MAX);
}

static void count(void *arg, const char *name, uint64_t val)
{
	if (!strcmp(name, "fw_refused_tx_dma_off"))
		*(uint64_t *)arg = val;
}

static void refusals_are_counted_and_rate_limited(void **st)
{
	struct fw_home *h = home(false);
	uint64_t n = 0;

	(void)st;
	for (unsigned int i = 0; i < 160; i++)
		send(i % 16, 0x00018010);
	assert_int_equal(card.bugs, 10);
	assert_int_equal(card.events, 0);
	assert_string_equal(card.line, "tx9: tx_dma_off: message 0x00, 4 bytes, error 0");
	fw_home_counters(h, count, &n);
	assert_int_equal(n, 160);
	card.now += 1000000000;
	send(0, 0x00018010);
	assert_int_equal(card.bugs, 11);
	fw_home_free(h);
}

static void a_bad_configuration_is_an_error(void **st)
{
	const struct card_env env = { .ctx = &card, .now = clock_now };
	struct fw_home_config cfg;

	(void)st;
	fw_home_config_default(&cfg);
	cfg.fw.host[0].speed = 9;
	errno = 0;
	assert_null(fw_inside_new(&card, &env, &cfg));
	assert_int_equal(errno, EINVAL);
	fw_home_free(NULL);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(messages_and_events_pass),
		cmocka_unit_test(refusals_are_counted_and_rate_limited),
		cmocka_unit_test(a_bad_configuration_is_an_error),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
