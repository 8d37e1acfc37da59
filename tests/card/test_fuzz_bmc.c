/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzz target's harness with inputs from a seed: random records, and a
 * BMC's normal life with bytes changed.  It must get everywhere: every command
 * completed and refused, every AEN sent, frames through in all directions.
 */
#include <stdio.h>
#include <string.h>

#include "../../src/bmc/ncsi_int.h"
#include "../fuzz/bmc_harness.h"
#include "rig.h"

#define ROUNDS	3000

static struct rng g;
static uint8_t in[16384];
static size_t at;

static void record(uint8_t op, const void *p, size_t len)
{
	if (at + 3 + len > sizeof(in))
		return;
	in[at] = op;
	in[at + 1] = (uint8_t)len;
	in[at + 2] = (uint8_t)(len >> 8);
	memcpy(in + at + 3, p, len);
	at += 3 + len;
}

static void command(uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	uint8_t p[2 + 64] = { type, chan };

	if (len)
		memcpy(p + 2, payload, len);
	record(FUZZ_COMMAND, p, 2 + len);
}

#define P(...)	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void configure(uint8_t ch)
{
	command(0x01, 0x1f, P(0, 0, 0, 1));
	command(0x00, ch, NULL, 0);
	command(0x0b, ch, P(0, 0, 0, 42, 0, 0, 1, 1));
	command(0x0c, ch, P(0, 0, 0, (uint8_t)rnd_in(&g, 1, 3)));
	command(0x0e, ch, P(2, 0xb, 0xc, 0, 0, 1, 1, 1));
	command(0x10, ch, P(0, 0, 0, (uint8_t)rnd(&g, 16)));
	command(0x12, ch, P(0, 0, 0, (uint8_t)rnd(&g, 64)));
	if (rnd(&g, 2))
		command(0x13, ch, NULL, 0);
	command(0x06, ch, NULL, 0);
	command(0x03, ch, NULL, 0);
	command(0x08, ch, P(0, 0, 0, 0, 0, 0, 0, 7));
}

static size_t frame(uint8_t *f, bool out)
{
	static const uint8_t bmc[6] = { 2, 0xb, 0xc, 0, 0, 1 };
	struct pkt p;
	size_t n;

	pkt_random(&g, &p, rnd(&g, 3) ? bmc : (const uint8_t *)"\xff\xff\xff\xff\xff\xff", 300);
	n = pkt_build(&g, &p, f);
	if (out) {
		memcpy(f + 6, bmc, 6);
		if (rnd(&g, 2))
			memcpy(f, "\x02\0\0\0\0\x01", 6);
	}
	return n;
}

static void life(void)
{
	uint8_t buf[2048];
	uint8_t ch = (uint8_t)rnd(&g, 4) / 3;
	unsigned int n = rnd(&g, 30);

	configure(ch);
	while (n--) {
		switch (rnd(&g, 9)) {
		case 8:		/* an update, and what may happen to it */
			memcpy(buf, "\0\1\2\17\17\17\17\17\17\17\3\5", 12);
			if (rnd(&g, 2))
				buf[rnd(&g, 12)] = (uint8_t)rnd64(&g);
			record(FUZZ_UPDATE, buf, 12);
			break;
		case 0:
			record(FUZZ_FROM_BMC, buf, frame(buf, true));
			break;
		case 1:
			record(FUZZ_FROM_WIRE, buf, frame(buf, false));
			break;
		case 2:
			buf[0] = (uint8_t)rnd64(&g);
			record(FUZZ_EVENT, buf, 1);
			break;
		case 3:
			record(FUZZ_TABLE, P(7, 1, 0, 2, 0, 0, 0, 0, 1));
			break;
		default: {
			const struct ncsi_cmd *c = &ncsi_cmds[rnd(&g, (uint32_t)ncsi_cmd_count)];

			rnd_bytes(&g, buf, 64);
			if (rnd(&g, 4))		/* plausible: small numbers */
				for (unsigned int i = 0; i < 64; i++)
					buf[i] &= rnd(&g, 3) ? 0 : 1;
			if (c->type == 0x50 && rnd(&g, 2)) {
				memcpy(buf, "\0\0\x1d\x9b\x01\x30\0\x08", 8);
				memset(buf + 8, 0, 12);
				buf[17] = 1;
				command(c->type, ch, buf, 20);
			} else {
				command(c->type, c->flags & TO_CHANNEL ? ch : 0x1f, buf, c->min);
			}
			break;
		}
		}
	}
}

static void random_records(void **state)
{
	uint8_t buf[1600];

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		at = 0;
		for (unsigned int k = rnd(&g, 20); k; k--) {
			size_t len = rnd(&g, 10) ? rnd(&g, 64) : rnd(&g, sizeof(buf));

			rnd_bytes(&g, buf, len);
			record((uint8_t)rnd(&g, FUZZ_OPS), buf, len);
		}
		bmc_fuzz(in, at);
	}
}

static void lives_with_changed_bytes(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		at = 0;
		life();
		for (unsigned int k = rnd(&g, 6); k && i % 2; k--)
			in[rnd(&g, (uint32_t)at)] ^= (uint8_t)(1u << rnd(&g, 8));
		bmc_fuzz(in, at);
	}
	for (unsigned int cut = 0; cut < at; cut++)
		bmc_fuzz(in, cut);
}

static void it_got_everywhere(void **state)
{
	const struct bmc_fuzz_seen *s = &bmc_fuzz_seen;

	(void)state;
	for (size_t i = 0; i < ncsi_cmd_count; i++) {
		uint8_t type = ncsi_cmds[i].type;

		if (!s->completed[type] && type != 0x48)	/* no thermometer here */
			fail_msg("0x%02x %s never completed", type, ncsi_cmds[i].name);
		if (!s->failed[type])
			fail_msg("0x%02x %s never failed", type, ncsi_cmds[i].name);
	}
	assert_true(s->aens[0] && s->aens[1] && s->aens[2]);
	assert_true(s->updates > 100);
	assert_true(s->to_bmc > 100 && s->to_wire > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_records),
		cmocka_unit_test(lives_with_changed_bytes),
		cmocka_unit_test(it_got_everywhere),
	};

	g.s = 0xb3c;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
