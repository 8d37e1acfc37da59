// SPDX-License-Identifier: GPL-2.0-or-later
/* Toeplitz and what goes into it: contract 05 section 6, Microsoft's RSS verification suite */
#include "rx_fake.h"

#define IP(a, b, c, d)	((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static const struct {
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t ip, tcp;
} v4[] = {
	{ IP(66, 9, 149, 187), IP(161, 142, 100, 80), 2794, 1766, 0x323e8fc2, 0x51ccc178 },
	{ IP(199, 92, 111, 2), IP(65, 69, 140, 83), 14230, 4739, 0xd718262a, 0xc626b0ea },
	{ IP(24, 19, 198, 95), IP(12, 22, 207, 184), 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
	{ IP(38, 27, 205, 30), IP(209, 142, 163, 6), 48228, 2217, 0x82989176, 0xafc7327f },
	{ IP(153, 39, 163, 191), IP(202, 188, 127, 2), 44251, 1303, 0x5d1809c5, 0x10e828a2 },
};

static const struct {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint32_t ip, tcp;
} v6[] = {
	{ { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7 },
	  { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1 },
	  2794, 1766, 0x2cc18cd5, 0x40207d3d },
	{ { 0x3f, 0xfe, 0x05, 0x01, 0, 8, 0, 0, 0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab },
	  { 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
	  14230, 4739, 0x0f0c461c, 0xdde51bbf },
	{ { 0x3f, 0xfe, 0x19, 0, 0x45, 0x45, 0, 3, 0x02, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
	  { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf },
	  44251, 38024, 0x4b61e985, 0x02d1feef },
};

static uint32_t hash(struct host *h, const uint8_t *f, size_t len, uint32_t fields)
{
	struct parsed p;

	parse_frame(&p, f, len, len);
	return rss_hash(h->c, &p, fields);
}

static size_t mk4(uint8_t *f, unsigned int i, uint8_t proto)
{
	size_t n = mk_eth(f, 0x0800);

	n += mk_ipv4(f + n, proto, 20, v4[i].src, v4[i].dst);
	return n + mk_tcp(f + n, v4[i].sport, v4[i].dport);
}

static size_t mk6(uint8_t *f, unsigned int i, uint8_t proto)
{
	size_t n = mk_eth(f, 0x86dd);

	n += mk_ipv6(f + n, proto, 20, v6[i].src, v6[i].dst);
	return n + mk_tcp(f + n, v6[i].sport, v6[i].dport);
}

static void microsoft_vectors(void **st)
{
	struct host *h = host_new();
	uint8_t f[100];
	unsigned int i;

	(void)st;
	host_key(h, ms_key, sizeof(ms_key));
	for (i = 0; i < ARRAY_SIZE(v4); i++) {
		size_t n = mk4(f, i, 6);

		assert_int_equal(hash(h, f, n, 3), v4[i].ip);
		assert_int_equal(hash(h, f, n, 0xf), v4[i].tcp);
		mk4(f, i, 17);
		assert_int_equal(hash(h, f, n, 0xf), v4[i].tcp);
		mk4(f, i, 1);		/* no ports: they contribute nothing */
		assert_int_equal(hash(h, f, n, 0xf), v4[i].ip);
	}
	for (i = 0; i < ARRAY_SIZE(v6); i++) {
		size_t n = mk6(f, i, 6);

		assert_int_equal(hash(h, f, n, 3), v6[i].ip);
		assert_int_equal(hash(h, f, n, 0xf), v6[i].tcp);
	}
	host_free(h);
}

static void tables_equal_the_definition(void **st)
{
	struct host *h = host_new();
	uint8_t key[64], f[128], in[36];
	uint32_t s = 99;
	unsigned int round, i;

	(void)st;
	for (round = 0; round < 500; round++) {
		for (i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)rnd32(&s);
		host_key(h, key, 56);
		/* 425 bits count */
		key[53] &= 0x80;
		memset(key + 54, 0, 10);
		for (i = 0; i < sizeof(f); i++)
			f[i] = (uint8_t)rnd32(&s);
		mk_eth(f, 0x86dd);
		f[14] = 0x60;
		f[18] = 0;
		f[19] = 20;
		f[20] = 17;
		memcpy(in, f + 22, 36);
		assert_int_equal(hash(h, f, sizeof(f), 0xf), toeplitz_slow(key, in, 288));
		assert_int_equal(hash(h, f, sizeof(f), 1), toeplitz_slow(key, in, 128));
		assert_int_equal(hash(h, f, sizeof(f), 2), toeplitz_slow(key, in + 16, 128));
		assert_int_equal(hash(h, f, sizeof(f), 0xc), toeplitz_slow(key, in + 32, 32));
		assert_int_equal(hash(h, f, sizeof(f), 0x10), toeplitz_slow(key, f, 48));
	}
	host_free(h);
}

static void order_of_the_other_fields(void **st)
{
	static const uint8_t a[16] = { 1 }, b[16] = { 2 };
	struct host *h = host_new();
	uint8_t key[64], f[200] = { 0 }, in[64] = { 0 };
	uint32_t s = 5;
	size_t n;
	unsigned int i;

	(void)st;
	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)rnd32(&s);
	host_key(h, key, 56);
	key[53] &= 0x80;
	memset(key + 54, 0, 10);

	n = mk_eth(f, 0x86dd);
	n += mk_ipv6(f + n, 41, 60, a, b);
	put32(f + 14, 0x60000000 | 0x12345);		/* outer flow label */
	n += mk_ipv6(f + n, 6, 20, b, a);
	put32(f + 54, 0x60000000 | 0x2bu << 22 | 0xabcde);
	n += mk_tcp(f + n, 0x1111, 0x2222);

	/* DA(48) inner label(20) outer label(20) DSCP(6) L3(2) L4(2) */
	memcpy(in, f, 6);
	memcpy(in + 6, (uint8_t[]){ 0xab, 0xcd, 0xe1, 0x23, 0x45 }, 5);
	in[11] = 0x2b << 2 | 3;
	in[12] = 1 << 6;
	assert_int_equal(hash(h, f, n, 0x7d0), toeplitz_slow(key, in, 98));
	assert_int_equal(hash(h, f, n, 0x40), toeplitz_slow(key, (uint8_t[]){ 0xab, 0xcd, 0xe0 }, 20));
	/* addresses are the inner ones */
	memcpy(in, b, 16);
	memcpy(in + 16, a, 16);
	assert_int_equal(hash(h, f, n, 3), toeplitz_slow(key, in, 256));
	host_free(h);
}

static void mask_zero_is_hash_zero(void **st)
{
	struct host *h = host_new();
	uint8_t f[100];
	size_t n = mk4(f, 0, 6);

	(void)st;
	host_key(h, ms_key, sizeof(ms_key));
	assert_int_equal(hash(h, f, n, 0), 0);
	assert_int_equal(hash(h, f, n, 0x20), 0);
	host_free(h);
}

static void key_and_tables_change_live(void **st)
{
	struct host *h = host_new();
	struct drvq *q5, *q9;
	static struct drv_pkt k;
	uint8_t f[100];
	size_t n = mk4(f, 0, 6);
	unsigned int i;

	(void)st;
	host_rules(h);
	q5 = drv_open(h, 5, 6, 6, 6, CTL0(0, 0, 192, 320), CTL1(1536, 0, 0, 0, 0));
	q9 = drv_open(h, 9, 6, 6, 6, CTL0(0, 0, 192, 320), CTL1(1536, 0, 0, 0, 0));
	drv_post(q5, true, 63);
	drv_post(q9, true, 63);
	for (i = 0; i < 256; i++) {
		wr(h, CSR_RPC_RSS_TBL + i, i == 0x78 ? 5 : 100);
		wr(h, CSR_RPC_RSS_TBL + 256 + i, i == 0x78 ? 9 : 100);
	}
	assert_true(give(h, f, n, true));
	drv_expect(q5, &k, f, n);
	assert_int_equal((uint32_t)k.meta, 0x51ccc178);

	wr(h, CSR_RPC_ACT_TBL0 + 60, ACT_HOST | 1u << 30);	/* second table */
	assert_true(give(h, f, n, true));
	drv_expect(q9, &k, f, n);

	wr(h, CSR_RPC_ACT_TBL0 + 60, ACT_HOST | 1u << 4 | 5 << 8);	/* a queue; the hash is still there */
	assert_true(give(h, f, n, true));
	drv_expect(q5, &k, f, n);
	assert_int_equal((uint32_t)k.meta, 0x51ccc178);

	wr(h, CSR_RPC_RSS_KEY, 0);
	assert_true(give(h, f, n, true));
	drv_expect(q5, &k, f, n);
	assert_int_not_equal((uint32_t)k.meta, 0x51ccc178);
	drv_free(q5);
	drv_free(q9);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(microsoft_vectors),
		cmocka_unit_test(tables_equal_the_definition),
		cmocka_unit_test(order_of_the_other_fields),
		cmocka_unit_test(mask_zero_is_hash_zero),
		cmocka_unit_test(key_and_tables_change_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
