// SPDX-License-Identifier: GPL-2.0-or-later
/* The classifier: contract 05 sections 2 to 5, 10 */
#include "rx_fake.h"

/* ---- against slow references that read the registers bit by bit ---- */

static bool ref_bits(uint32_t word, uint32_t key)
{
	unsigned int b;

	for (b = 0; b < 16; b++)
		if (!(word >> (16 + b) & 1) && (word >> b & 1) != (key >> b & 1))
			return false;
	return true;
}

/* Entry i of a TCAM of @words words with @stride, key words in order */
static int ref_find(struct host *h, uint32_t csr, unsigned int n, unsigned int stride, unsigned int words,
		    const uint16_t *key, int v6)
{
	unsigned int i, w;

	for (i = 0; i < n; i++) {
		uint32_t valid = rd(h, csr + words * stride + i);

		if (!(valid >> 31) || (v6 >= 0 && (valid & 1) != (uint32_t)v6))
			continue;
		for (w = 0; w < words && ref_bits(rd(h, csr + w * stride + i), key[w]); w++)
			;
		if (w == words)
			return (int)i;
	}
	return -1;
}

static uint32_t some_word(uint32_t *s, const uint16_t *key)
{
	uint32_t mask = rnd32(s) & rnd32(s) & 3 ? 0xffff : rnd32(s) & 0xffff;
	uint32_t val = rnd32(s) % 8 ? *key : rnd32(s) & 0xffff;

	return mask << 16 | val;
}

static void fill(struct host *h, uint32_t *s, uint32_t csr, unsigned int n, unsigned int stride,
		 unsigned int words, const uint16_t *key, bool flag)
{
	unsigned int i, w;

	for (i = 0; i < n; i++) {
		for (w = 0; w < words; w++)
			wr(h, csr + w * stride + i, some_word(s, key + w));
		wr(h, csr + words * stride + i,
		   (rnd32(s) % 3 ? 1u << 31 : 0) | (flag ? rnd32(s) & 1 : 0));
	}
}

static void act_equals_slow_reference(void **st)
{
	struct host *h = host_new();
	uint32_t s = 17, round, w;
	unsigned int hits = 0;

	(void)st;
	for (round = 0; round < 300; round++) {
		uint16_t key[12] = { 0 };
		uint64_t k[3] = { 0 };
		int got;

		for (w = 0; w < 11; w++)
			key[w] = (uint16_t)rnd32(&s);
		for (w = 0; w < 11; w++)
			k[w / 4] |= (uint64_t)key[w] << (16 * (w % 4));
		if (round % 10 == 0)
			fill(h, &s, CSR_RPC_TCAM_ACT, 64, 64, 11, key, false);
		got = rpc_act_find(h->c, k);
		hits += got >= 0;
		assert_int_equal(got, ref_find(h, CSR_RPC_TCAM_ACT, 64, 64, 11, key, -1));
	}
	assert_true(hits > 10 && hits < 300);
	host_free(h);
}

static void macda_equals_slow_reference(void **st)
{
	struct host *h = host_new();
	uint32_t s = 23, round;

	(void)st;
	for (round = 0; round < 1000; round++) {
		uint8_t da[6];
		uint16_t key[3];
		unsigned int i;

		for (i = 0; i < 6; i++)
			da[i] = (uint8_t)rnd32(&s);
		for (i = 0; i < 3; i++)
			key[i] = be16(da + 4 - 2 * i);
		if (round % 5 == 0)
			fill(h, &s, CSR_RPC_TCAM_MACDA, 32, 32, 3, key, false);
		assert_int_equal(rpc_macda_find(h->c, da), ref_find(h, CSR_RPC_TCAM_MACDA, 32, 32, 3, key, -1));
	}
	host_free(h);
}

static void ip_equals_slow_reference(void **st)
{
	static const uint32_t csr[4] = {
		CSR_RPC_TCAM_IPSRC, CSR_RPC_TCAM_IPDST, CSR_RPC_TCAM_OUTER_IPSRC, CSR_RPC_TCAM_OUTER_IPDST,
	};
	struct host *h = host_new();
	uint32_t s = 29, round;

	(void)st;
	for (round = 0; round < 2000; round++) {
		unsigned int t = round % 4, i;
		bool v6 = t >= 2 || (rnd32(&s) & 1);
		uint8_t addr[16];
		uint16_t key[8] = { 0 };

		for (i = 0; i < 16; i++)
			addr[i] = (uint8_t)rnd32(&s);
		for (i = 0; i < (v6 ? 8 : 2); i++)
			key[i] = be16(addr + (v6 ? 14 : 2) - 2 * i);
		if (round % 20 < 4)
			fill(h, &s, csr[t], 8, 8, 8, key, t < 2);
		assert_int_equal(rpc_ip_find(h->c, t, addr, v6),
				 ref_find(h, csr[t], 8, 8, 8, key, t < 2 ? v6 : -1));
	}
	host_free(h);
}

/* ---- the key, and the rules as the driver writes them ---- */

struct result { unsigned int dest; struct rx_desc d; };

static struct result classify(struct host *h, const uint8_t *f, size_t len)
{
	struct result r = { 0 };
	struct parsed p;

	parse_frame(&p, f, len, len);
	r.d.len = (uint16_t)len;
	r.dest = rpc_classify(h->c, &p, &r.d);
	return r;
}

static void register_encoding_of_the_examples(void **st)
{
	struct host *h = host_new();

	(void)st;
	host_rules(h);
	assert_int_equal(rd(h, CSR_RPC_TCAM_ACT + 64 + 60), 0x6bff9400);
	assert_int_equal(rd(h, CSR_RPC_TCAM_ACT + 60), 0xffff0000);
	assert_int_equal(rd(h, CSR_RPC_TCAM_ACT_VALID + 60), 0x80000000);
	assert_int_equal(rd(h, CSR_RPC_ACT_TBL0 + 60), 0x00040002);
	assert_int_equal(rd(h, CSR_RPC_ACT_TBL1 + 60), 0xf);
	assert_int_equal(rd(h, CSR_RPC_TCAM_ACT + 64 + 58) & 0xffff, 0xd400);
	assert_int_equal(rd(h, CSR_RPC_TCAM_MACDA + 30), 0x4455);
	assert_int_equal(rd(h, CSR_RPC_TCAM_MACDA + 32 + 30), 0x2233);
	assert_int_equal(rd(h, CSR_RPC_TCAM_MACDA + 64 + 30), 0x0211);
	host_free(h);
}

static void driver_rules_sort_the_types(void **st)
{
	static const uint8_t a[16] = { 0x20, 1 };
	struct host *h = host_new();
	uint8_t f[200] = { 0 };
	struct result r;
	unsigned int i;

	(void)st;
	host_rules(h);
	for (i = 57; i < 64; i++)
		wr(h, CSR_RPC_ACT_TBL0 + i, ACT_HOST | 1u << 4 | i << 8);
	mk_eth(f, 0x86dd);
	mk_ipv6(f + 14, 17, 40, a, a);
	mk_tcp(f + 54, 1, 2);
	assert_int_equal(classify(h, f, 100).d.queue, 57);
	f[20] = 6;
	assert_int_equal(classify(h, f, 100).d.queue, 59);
	f[20] = 58;
	assert_int_equal(classify(h, f, 100).d.queue, 61);
	mk_tcp4(f, 100, 1);
	r = classify(h, f, 100);
	assert_int_equal(r.d.queue, 60);
	assert_int_equal(r.d.types, 1 | 1 << 2 | RX_L4_SUM);
	f[23] = 17;
	assert_int_equal(classify(h, f, 100).d.queue, 58);
	f[23] = 1;
	assert_int_equal(classify(h, f, 100).d.queue, 62);
	f[12] = 0x88;
	assert_int_equal(classify(h, f, 100).d.queue, 63);
	f[0] ^= 4;			/* not our address: default, drop */
	assert_int_equal(classify(h, f, 100).dest, 0);
	memset(f, 0xff, 6);
	assert_int_equal(classify(h, f, 100).dest, RPC_HOST);
	host_free(h);
}

static void promiscuous_and_all_multi(void **st)
{
	static const uint8_t zero[6], multi[6] = { 1 };
	struct host *h = host_new();
	uint8_t f[100];
	unsigned int w;

	(void)st;
	host_rules(h);
	mk_tcp4(f, 100, 1);
	f[5] ^= 1;
	assert_int_equal(classify(h, f, 100).dest, 0);
	for (w = 0; w < 3; w++)
		wr(h, CSR_RPC_TCAM_MACDA + 32 * w + 31, 0xffff0000);
	assert_int_equal(classify(h, f, 100).dest, 0);	/* not latched yet */
	wr(h, CSR_RPC_TCAM_MACDA_VALID + 31, 1u << 31);
	assert_int_equal(classify(h, f, 100).dest, RPC_HOST);

	host_macda(h, 31, multi, 0xfeff);
	wr(h, CSR_RPC_TCAM_MACDA + 31, 0xffff0000);
	wr(h, CSR_RPC_TCAM_MACDA + 63, 0xffff0000);
	wr(h, CSR_RPC_TCAM_MACDA_VALID + 31, 1u << 31);
	assert_int_equal(classify(h, f, 100).dest, 0);
	f[0] = 0x33;
	assert_int_equal(classify(h, f, 100).dest, RPC_HOST);
	wr(h, CSR_RPC_TCAM_MACDA_VALID + 31, 0);
	assert_int_equal(classify(h, f, 100).dest, 0);
	memcpy(f, zero, 6);
	assert_int_equal(classify(h, f, 100).dest, 0);
	host_free(h);
}

/* ethtool -N flow-type tcp4 src-ip 10.0.0.1 dst-port 2000 action 7 */
static void ntuple_tcp4(void **st)
{
	struct host *h = host_new();
	uint8_t f[100];
	unsigned int w;

	(void)st;
	host_rules(h);
	wr(h, CSR_RPC_ACT_TBL0 + 49, ACT_HOST | 1u << 4 | 7 << 8);
	for (w = 0; w < 11; w++)
		wr(h, CSR_RPC_TCAM_ACT + 64 * w + 49, 0xffff0000);
	wr(h, CSR_RPC_TCAM_ACT + 49, 0xfff00000 | 2 | 8);		/* IPSRC entry 2 */
	/* IP, not v6, MACDA valid, L4, not UDP */
	wr(h, CSR_RPC_TCAM_ACT + 64 + 49, (uint32_t)(uint16_t)~(0x9400 | 0x4800) << 16 | 0x9400);
	wr(h, CSR_RPC_TCAM_ACT + 4 * 64 + 49, 2000);
	wr(h, CSR_RPC_TCAM_ACT_VALID + 49, 1u << 31);
	for (w = 0; w < 8; w++)
		wr(h, CSR_RPC_TCAM_IPSRC + 8 * w + 2, w > 1 ? 0xffff0000 : w ? 0x0a00 : 0x0001);
	wr(h, CSR_RPC_TCAM_IPSRC_VALID + 2, 1u << 31);

	mk_tcp4(f, 100, 1);
	assert_int_equal(classify(h, f, 100).d.queue, 7);
	f[37]++;			/* other port */
	assert_int_equal(classify(h, f, 100).d.queue, 0);
	f[37]--;
	f[29]++;			/* other source */
	assert_int_equal(classify(h, f, 100).d.queue, 0);
	f[29]--;
	f[20] = 0x20;			/* a fragment has no L4 */
	assert_int_equal(classify(h, f, 100).d.queue, 0);
	f[20] = 0;
	/* the same entry as IPv6 matches no IPv4 packet */
	wr(h, CSR_RPC_TCAM_IPSRC_VALID + 2, 1u << 31 | 1);
	assert_int_equal(classify(h, f, 100).d.queue, 0);
	wr(h, CSR_RPC_TCAM_IPSRC_VALID + 2, 1u << 31);
	/* a lower entry that hits too takes the index away */
	for (w = 0; w < 8; w++)
		wr(h, CSR_RPC_TCAM_IPSRC + 8 * w, 0xffff0000);
	wr(h, CSR_RPC_TCAM_IPSRC_VALID, 1u << 31);
	assert_int_equal(classify(h, f, 100).d.queue, 0);
	wr(h, CSR_RPC_ACT_TBL0 + 49, ACT_HOST | 1);		/* drop */
	wr(h, CSR_RPC_TCAM_IPSRC_VALID, 0);
	assert_int_equal(classify(h, f, 100).dest, 0);
	host_free(h);
}

static void tunnel_has_inner_and_outer(void **st)
{
	static const uint8_t o[16] = { 0xfd, 9 }, in[16] = { 0xfd, 1 };
	struct host *h = host_new();
	uint8_t f[134] = { 0 };
	unsigned int w;

	(void)st;
	host_rules(h);
	mk_eth(f, 0x86dd);
	mk_ipv6(f + 14, 41, 80, o, o);
	mk_ipv6(f + 54, 6, 40, in, in);
	mk_tcp(f + 94, 1, 2);

	wr(h, CSR_RPC_ACT_TBL0 + 40, ACT_HOST | 1u << 4 | 4 << 8);
	for (w = 0; w < 11; w++)
		wr(h, CSR_RPC_TCAM_ACT + 64 * w + 40, 0xffff0000);
	wr(h, CSR_RPC_TCAM_ACT + 40, 0x0f0f0000 | (8u | 3u) << 4 | (8u | 1u) << 12);
	wr(h, CSR_RPC_TCAM_ACT + 64 + 40, 0xdfff0000 | 1 << 13);
	wr(h, CSR_RPC_TCAM_ACT_VALID + 40, 1u << 31);
	for (w = 0; w < 8; w++) {
		wr(h, CSR_RPC_TCAM_IPDST + 8 * w + 3, be16(in + 14 - 2 * w));
		wr(h, CSR_RPC_TCAM_OUTER_IPDST + 8 * w + 1, be16(o + 14 - 2 * w));
	}
	wr(h, CSR_RPC_TCAM_IPDST_VALID + 3, 1u << 31 | 1);
	wr(h, CSR_RPC_TCAM_OUTER_IPDST_VALID + 1, 1u << 31);
	assert_int_equal(classify(h, f, sizeof(f)).d.queue, 4);
	assert_int_equal(classify(h, f, sizeof(f)).d.types, 3 | 1 << 2);
	f[14 + 39] ^= 1;
	assert_int_equal(classify(h, f, sizeof(f)).d.queue, 0);
	host_free(h);
}

static void default_action_applies(void **st)
{
	struct host *h = host_new();
	uint8_t f[100];
	struct result r;

	(void)st;
	mk_tcp4(f, 100, 1);
	assert_int_equal(classify(h, f, 100).dest, 0);		/* after reset: no destination */
	wr(h, CSR_RPC_ACT_TBL0_DEFAULT, ACT_HOST | RPC_BMC << 1 | 1u << 4 | 11 << 8 | 1u << 28);
	wr(h, CSR_RPC_ACT_TBL1_DEFAULT, 3);
	host_key(h, ms_key, sizeof(ms_key));
	r = classify(h, f, 100);
	assert_int_equal(r.dest, RPC_HOST | RPC_BMC);
	assert_int_equal(r.d.queue, 11);
	assert_int_equal(r.d.opt, RX_OPT_TS);
	assert_int_not_equal(r.d.hash, 0);
	host_free(h);
}

static void function_reset_clears_the_tables(void **st)
{
	struct host *h = host_new();
	uint8_t f[100];

	(void)st;
	host_rules(h);
	mk_tcp4(f, 100, 1);
	assert_int_equal(classify(h, f, 100).dest, RPC_HOST);
	card_reset(h->c, CARD_RESET_FUNCTION);
	assert_int_equal(classify(h, f, 100).dest, 0);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(act_equals_slow_reference),
		cmocka_unit_test(macda_equals_slow_reference),
		cmocka_unit_test(ip_equals_slow_reference),
		cmocka_unit_test(register_encoding_of_the_examples),
		cmocka_unit_test(driver_rules_sort_the_types),
		cmocka_unit_test(promiscuous_and_all_multi),
		cmocka_unit_test(ntuple_tcp4),
		cmocka_unit_test(tunnel_has_inner_and_outer),
		cmocka_unit_test(default_action_applies),
		cmocka_unit_test(function_reset_clears_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
