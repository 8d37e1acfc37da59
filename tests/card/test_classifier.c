/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classifier through the whole card, against a reference that shares nothing
 * with it (classifier.h): tables, actions, keys and frames are random.  Contract
 * 05.  Rules as a user means them: test_classifier_rules.
 */
#include "classifier.h"

static uint32_t tbl0[65], tbl1[65];		/* 64: default */

/* ---- random tables ---- */

static uint32_t random_action(void)
{
	uint32_t a = rnd(&g, 12) ? 2 : rnd(&g, 2) ? 1 : rnd(&g, 2) << 2;	/* host; drop; BMC or nobody */

	if (rnd(&g, 2))
		a |= 1u << 4 | rnd(&g, NQ) << 8;
	a |= (rnd(&g, 4) ? 4u : rnd(&g, 8)) << 16;
	return a | rnd(&g, 2) << 30 | rnd(&g, 2) << 29 | (uint32_t)!rnd(&g, 4) << 28;
}

/* An entry that the key @k may hit: some bits do not matter, rarely one is different */
static uint32_t some_word(uint16_t k, uint32_t care)
{
	uint16_t flip = rnd(&g, 20) ? 0 : (uint16_t)(1u << rnd(&g, 16));

	return (~care & 0xffff) << 16 | (uint16_t)((k ^ flip) & (rnd(&g, 4) ? care : 0xffff));
}

static uint32_t some_care(void)
{
	return rnd(&g, 3) ? 0xffff : rnd(&g, 2) ? 0 : rnd(&g, 0x10000);
}

static void random_ip_entry(struct tcam *t, unsigned int i)
{
	bool v6 = !t->flag || rnd(&g, 2);
	uint8_t a[16];
	uint16_t k[8];

	pool_ip(a);
	ip_key(a, v6, k);
	for (unsigned int w = 0; w < 8; w++)
		tcam_wr(t, i, w, !v6 && w > 1 ? 0xffff0000 : some_word(k[w], some_care()));
	tcam_wr(t, i, 8, (rnd(&g, 4) ? 1u << 31 : 0) | (t->flag && v6));
}

static void random_macda_entry(unsigned int i)
{
	uint16_t k[3];
	uint8_t m[6];

	pool_mac(m);
	mac_key(m, k);
	for (unsigned int w = 0; w < 3; w++)
		tcam_wr(&macda, i, w, some_word(k[w], rnd(&g, 4) ? 0xffff : some_care()));
	tcam_wr(&macda, i, 3, rnd(&g, 4) ? 1u << 31 : 0);
}

static void random_rule(unsigned int i)
{
	uint16_t k[11];
	struct spec s;

	random_spec(&s);
	make_key(&s, k);
	tbl0[i] = random_action();
	tbl1[i] = random_fields();
	csr_wr(h, RPC_ACT_TBL0(i), tbl0[i]);
	csr_wr(h, RPC_ACT_TBL1(i), tbl1[i]);
	for (unsigned int w = 0; w < 11; w++) {
		uint32_t care = 0;		/* words 2 and 5 to 10: what the key has there nobody knows */

		if (w == 0)
			care = rnd(&g, 2) ? 0 : 0xfu << 4 * rnd(&g, 4) | (rnd(&g, 2) ? 0 : 0xffff);
		else if (w == 1)
			care = rnd(&g, 3) ? 0xffe0 & rnd(&g, 0x10000) & rnd(&g, 0x10000) : 0xffe0;
		else if (w == 3 || w == 4)
			care = rnd(&g, 3) ? 0 : some_care();
		tcam_wr(&act, i, w, some_word(k[w], care));
	}
	tcam_wr(&act, i, 11, rnd(&g, 8) ? 1u << 31 : 0);
}

static void random_tables(void)
{
	for (unsigned int t = 2; t < 6; t++)
		for (unsigned int i = 0; i < 8; i++)
			random_ip_entry(tcams[t], i);
	for (unsigned int i = 0; i < 32; i++)
		random_macda_entry(i);
	for (unsigned int i = 0; i < 64; i++)
		random_rule(i);
	tbl0[64] = random_action();
	tbl1[64] = random_fields();
	csr_wr(h, RPC_ACT_TBL0_DEFAULT, tbl0[64]);
	csr_wr(h, RPC_ACT_TBL1_DEFAULT, tbl1[64]);
	write_rss();
}

/* One word of one table, or one entry of it: some other value, or none */
static void change_something(void)
{
	struct tcam *t = tcams[rnd(&g, 6)];
	unsigned int i = rnd(&g, t->n), w = rnd(&g, t->words + 1);

	if (rnd(&g, 3)) {
		if (t == &act)
			random_rule(i);
		else if (t == &macda)
			random_macda_entry(i);
		else
			random_ip_entry(t, i);
		return;
	}
	if (t == &act && (w == 2 || w > 4))
		w = 11;
	tcam_wr(t, i, w, w == t->words ? t->reg[i][w] ^ (rnd(&g, 2) ? 1u << 31 : 0) :
		t->reg[i][w] ^ 1u << rnd(&g, 16));
}

static void random_tables_and_random_frames(void **state)
{
	unsigned int by_rule[65] = { 0 }, used = 0, hosts = 0;

	(void)state;
	for (unsigned int round = 0; round < 100; round++) {
		random_tables();
		for (unsigned int i = 0; i < 80; i++) {
			uint16_t k[11];
			struct spec s;
			struct want w;
			int rule, e;

			if (!rnd(&g, 3))
				change_something();
			random_spec(&s);
			make_key(&s, k);
			rule = tcam_find(&act, k, false);
			e = rule < 0 ? 64 : rule;
			by_rule[e]++;
			w = judge(&s, rule, tbl0[e], tbl1[e]);
			hosts += w.host;
			send_and_check(&s, &w);
		}
	}
	for (unsigned int i = 0; i < 65; i++)
		used += by_rule[i] > 0;
	if (used < 40 || hosts < 4000)
		fail_msg("only %u rules were hit, %u frames delivered", used, hosts);
	rig_no_bugs(&rig);
}

/* ---- every combination of RXH fields ---- */

static void every_rxh_combination(void **state)
{
	struct spec s;

	(void)state;
	write_rss();
	for (unsigned int w = 0; w < 3; w++)
		tcam_wr(&macda, 31, w, 0xffff0000);
	tcam_wr(&macda, 31, 3, 1u << 31);
	for (unsigned int w = 0; w < 11; w++)
		tcam_wr(&act, 63, w, 0xffff0000);
	tcam_wr(&act, 63, 11, 1u << 31);
	for (uint32_t fields = 0; fields < 0x800; fields++) {
		struct want w;
		uint32_t a = 2 | 4 << 16 | (fields & 1) << 30;

		if (fields & 0x20)
			continue;		/* L4_RSS_BYTE: nobody knows which byte */
		csr_wr(h, RPC_ACT_TBL0(63), a);
		csr_wr(h, RPC_ACT_TBL1(63), fields);
		for (unsigned int k = 0; k < NKINDS; k++) {
			spec_of_kind(&s, k);
			rnd_bytes(&g, s.src, 64);
			w = judge(&s, 63, a, fields);
			send_and_check(&s, &w);
		}
	}
	/* a flow label alone tells flows apart, as flow-hash:udp6 with "f" asks for */
	csr_wr(h, RPC_ACT_TBL0(63), 2);
	csr_wr(h, RPC_ACT_TBL1(63), 0xc3);
	for (unsigned int n = 0; n < 2; n++) {
		uint32_t seen[64];

		spec_of_kind(&s, n ? V6V6 : IPV6);
		for (unsigned int i = 0; i < 64; i++) {
			struct want w;

			if (n)
				s.ofl = i * 0x3fff;
			else
				s.fl = i * 0x3fff;
			w = judge(&s, 63, 2, 0xc3);
			send_and_check(&s, &w);
			seen[i] = w.hash;
			for (unsigned int j = 0; j < i; j++)
				assert_int_not_equal(seen[i], seen[j]);
		}
	}
	rig_no_bugs(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(random_tables_and_random_frames),
		T(every_rxh_combination),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
