// SPDX-License-Identifier: GPL-2.0-or-later
/* The receive parser: contract 05 section 7.  Frames lie at the end of their allocation, for ASan */
#include "rx_fake.h"

static const uint8_t a6[16] = { 0xfd, 1 }, b6[16] = { 0xfd, 2 };

/* Parses @len bytes that end where their memory ends */
static struct parsed parse(const uint8_t *f, size_t len)
{
	size_t n = len < PARSER_WINDOW ? len : PARSER_WINDOW;
	uint8_t *copy = malloc(n);
	struct parsed p;

	memcpy(copy, f, n);
	parse_frame(&p, copy, n, len);

	/* what every result promises */
	assert_true(p.l2_end >= 14 && p.l2_end <= n);
	assert_true(!p.l3_end || (p.ip && p.l3_end > p.l2_end && p.l3_end <= n));
	assert_true(!p.l4_end || (p.l3_end && p.l4_end > p.l3_end && p.l4_end <= n && p.l4_end <= p.ip_end));
	assert_true(p.ip_end <= len);
	assert_true(!p.l4 == !p.l4_end);
	assert_true(p.ip == (p.l3 != L3_OTHER));
	assert_true(p.outer == (p.l3 == L3_V6V6));
	assert_true(!p.ip || p.ip_off + (p.ip6 ? 40u : 20u) <= n);
	assert_true(!p.outer || p.outer_off + 40u <= n);
	free(copy);
	p.h = NULL;
	return p;
}

static size_t vlan(uint8_t *f, size_t len, uint16_t type)
{
	memmove(f + 16, f + 12, len - 12);
	put16(f + 12, type);
	put16(f + 14, 100);
	return len + 4;
}

static void tcp_ipv4(void **st)
{
	uint8_t f[200];
	struct parsed p;

	(void)st;
	mk_tcp4(f, 100, 1);
	p = parse(f, 100);
	assert_int_equal(p.l3, L3_IPV4);
	assert_int_equal(p.l4, L4_TCP);
	assert_int_equal(p.l2_end, 14);
	assert_int_equal(p.l3_end, 34);
	assert_int_equal(p.l4_end, 54);
	assert_int_equal(p.ip_end, 100);
	assert_int_equal(p.sport, 1000);
	assert_int_equal(p.dport, 2000);
	assert_int_equal(p.events, 0);
	f[46] = 0x80;			/* TCP options */
	assert_int_equal(parse(f, 100).l4_end, 66);
	assert_int_equal(parse(f, 130).ip_end, 100);	/* padding */
}

static void vlan_tags(void **st)
{
	uint8_t f[200];
	size_t n = 100;
	struct parsed p;

	(void)st;
	mk_tcp4(f, n, 1);
	n = vlan(f, n, 0x8100);
	assert_int_equal(parse(f, n).l4_end, 58);
	n = vlan(f, n, 0x88a8);
	p = parse(f, n);
	assert_int_equal(p.l2_end, 22);
	assert_int_equal(p.l4_end, 62);
	n = vlan(f, n, 0x8100);		/* three are too many */
	p = parse(f, n);
	assert_int_equal(p.l3, L3_OTHER);
	assert_int_equal(p.events, PARSE_UNKN_ETYPE);
}

static void ipv4_options_fragments_esp(void **st)
{
	uint8_t f[200];
	struct parsed p;

	(void)st;
	mk_tcp4(f, 100, 1);
	memmove(f + 46, f + 34, 20);
	f[14] = 0x48;
	p = parse(f, 100);
	assert_int_equal(p.l3_end, 46);
	assert_int_equal(p.l4_end, 66);
	f[20] = 0x20;			/* more fragments */
	p = parse(f, 100);
	assert_int_equal(p.events, PARSE_IPV4_FRAG);
	assert_int_equal(p.l4, 0);
	assert_int_equal(p.sport | p.dport, 0);
	put16(f + 20, 3);		/* a later one */
	assert_int_equal(parse(f, 100).events, PARSE_IPV4_FRAG);
	put16(f + 20, 0x4000);		/* don't fragment */
	assert_int_equal(parse(f, 100).events, 0);
	f[23] = 50;
	assert_int_equal(parse(f, 100).events, PARSE_IPV4_ESP);
}

static void ipv4_malformed(void **st)
{
	uint8_t f[100];

	(void)st;
	mk_tcp4(f, 100, 1);
	f[14] = 0x44;
	assert_int_equal(parse(f, 100).events, PARSE_ERR);
	assert_int_equal(parse(f, 100).l3, L3_OTHER);
	f[14] = 0x65;
	assert_int_equal(parse(f, 100).l3, L3_OTHER);
	mk_tcp4(f, 100, 1);
	put16(f + 16, 19);
	assert_int_equal(parse(f, 100).l3, L3_OTHER);
	put16(f + 16, 30);		/* ends inside TCP */
	assert_int_equal(parse(f, 100).l4, L4_OTHER);
	assert_int_equal(parse(f, 100).events, PARSE_ERR);
	put16(f + 16, 1000);		/* more than there is */
	assert_int_equal(parse(f, 100).events, PARSE_ERR);
	assert_int_equal(parse(f, 100).ip_end, 100);
	mk_tcp4(f, 100, 1);
	f[46] = 0x40;
	assert_int_equal(parse(f, 100).events, PARSE_ERR | PARSE_TCP_OPT_ERR);
	put16(f + 16, 44);
	f[46] = 0xf0;
	assert_int_equal(parse(f, 100).events, PARSE_ERR | PARSE_TCP_OPT_ERR);
}

static void ipv6_extension_headers(void **st)
{
	uint8_t f[300] = { 0 };
	struct parsed p;

	(void)st;
	mk_eth(f, 0x86dd);
	mk_ipv6(f + 14, 0, 100, a6, b6);
	f[54] = 43;			/* hop-by-hop 8, routing 16, options 8, UDP */
	f[62] = 60;
	f[63] = 1;
	f[78] = 17;
	put16(f + 86, 53);
	put16(f + 88, 54);
	p = parse(f, 154);
	assert_int_equal(p.l3, L3_IPV6);
	assert_int_equal(p.l4, L4_UDP);
	assert_int_equal(p.l3_end, 86);
	assert_int_equal(p.l4_end, 94);
	assert_int_equal(p.sport, 53);
	assert_int_equal(p.events, 0);
	f[78] = 44;
	assert_int_equal(parse(f, 154).events, PARSE_IPV6_FRAG);
	f[78] = 50;
	assert_int_equal(parse(f, 154).events, PARSE_IPV6_ESP);
	f[78] = 51;
	assert_int_equal(parse(f, 154).events, PARSE_UNKN_EXT_HDR);
	f[78] = 59;
	assert_int_equal(parse(f, 154).events, 0);
	f[63] = 200;			/* longer than the packet */
	assert_int_equal(parse(f, 154).events, PARSE_ERR);
	put16(f + 18, 0);		/* a jumbogram takes all */
	f[63] = 1;
	f[78] = 17;
	assert_int_equal(parse(f, 154).l4_end, 94);
	/* beyond the window, but in the frame */
	put16(f + 18, 2000);
	f[63] = 60;
	assert_int_equal(parse(f, 300).events & PARSE_ERR, PARSE_ERR);
}

static void headers_beyond_the_window(void **st)
{
	uint8_t f[600] = { 0 };

	(void)st;
	mk_eth(f, 0x86dd);
	mk_ipv6(f + 14, 60, 546, a6, b6);
	f[54] = 60;
	f[55] = 30;
	assert_int_equal(parse(f, 600).events, PARSE_ERR | PARSE_OUT_OF_HDR);
	assert_int_equal(parse(f, 600).l3_end, 54);
	f[55] = 0;			/* a chain without end */
	memset(f + 54, 60, 1);
	assert_true(parse(f, 600).events & PARSE_ERR || !parse(f, 600).l4);
}

static void ipv6_in_ipv6(void **st)
{
	uint8_t f[200] = { 0 };
	struct parsed p;

	(void)st;
	mk_eth(f, 0x86dd);
	mk_ipv6(f + 14, 41, 80, a6, b6);
	mk_ipv6(f + 54, 6, 40, b6, a6);
	mk_tcp(f + 94, 7, 8);
	p = parse(f, 134);
	assert_int_equal(p.l3, L3_V6V6);
	assert_int_equal(p.l4, L4_TCP);
	assert_int_equal(p.outer_off, 14);
	assert_int_equal(p.ip_off, 54);
	assert_int_equal(p.l3_end, 94);
	assert_int_equal(p.l4_end, 114);
	f[60] = 41;			/* a third one is not looked into */
	mk_ipv6(f + 94, 6, 0, a6, b6);
	p = parse(f, 134);
	assert_int_equal(p.l3, L3_V6V6);
	assert_int_equal(p.l4, 0);
	assert_int_equal(p.l3_end, 94);
	f[54] = 0x40;			/* the inner one is broken: there is only the outer one */
	p = parse(f, 134);
	assert_int_equal(p.l3, L3_IPV6);
	assert_true(p.events & PARSE_ERR);
	assert_int_equal(p.ip_off, 14);
}

static void unknown_types(void **st)
{
	uint8_t f[60] = { 0 };

	(void)st;
	mk_eth(f, 0x0806);
	assert_int_equal(parse(f, 60).events, PARSE_UNKN_ETYPE);
	mk_eth(f, 46);
	assert_int_equal(parse(f, 60).events, PARSE_UNKN_ETYPE);
	assert_int_equal(parse(f, 60).l2_end, 14);
}

/* Every length of frames that have everything */
static void truncated_everywhere(void **st)
{
	uint8_t f[400] = { 0 };
	size_t len;

	(void)st;
	mk_tcp4(f, 400, 1);
	vlan(f, 300, 0x8100);
	f[50] = 0xf0;
	for (len = 14; len <= 400; len++)
		parse(f, len);
	memset(f, 0, sizeof(f));
	mk_eth(f, 0x86dd);
	mk_ipv6(f + 14, 0, 346, a6, b6);
	f[54] = 41;
	mk_ipv6(f + 62, 60, 290, b6, a6);
	f[102] = 6;
	f[103] = 2;
	f[126 + 12] = 0xf0;
	for (len = 14; len <= 360; len++) {
		struct parsed p = parse(f, len);

		assert_int_equal(p.l3 == L3_V6V6, len >= 102);
		assert_int_equal(p.l4 == L4_TCP, len >= 186);
		if (len < 360)
			assert_true(p.events & PARSE_ERR || len == 14);
	}
}

static void garbage(void **st)
{
	static const uint16_t types[] = { 0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806 };
	static const uint8_t protos[] = { 0, 6, 17, 41, 43, 44, 50, 51, 60, 59 };
	uint8_t f[400];
	uint32_t s = 77;
	unsigned int round, i;

	(void)st;
	for (round = 0; round < 200000; round++) {
		size_t len = 14 + rnd32(&s) % 386;

		for (i = 0; i < len; i += 4) {
			uint32_t v = rnd32(&s);

			memcpy(f + i, &v, len - i < 4 ? len - i : 4);
		}
		put16(f + 12, types[rnd32(&s) % 5]);
		if (rnd32(&s) & 1 && len > 24) {
			f[14] = be16(f + 12) == 0x86dd ? 0x60 : (uint8_t)(0x40 | (f[14] & 0xf));
			f[20] = protos[rnd32(&s) % 10];
			f[23] = protos[rnd32(&s) % 10];
			put16(f + 16, (unsigned int)len - 14);
		}
		if (rnd32(&s) & 1 && len > 70) {
			f[54] = protos[rnd32(&s) % 10];
			f[55] &= 7;
			f[62] = protos[rnd32(&s) % 10];
		}
		parse(f, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_ipv4),
		cmocka_unit_test(vlan_tags),
		cmocka_unit_test(ipv4_options_fragments_esp),
		cmocka_unit_test(ipv4_malformed),
		cmocka_unit_test(ipv6_extension_headers),
		cmocka_unit_test(headers_beyond_the_window),
		cmocka_unit_test(ipv6_in_ipv6),
		cmocka_unit_test(unknown_types),
		cmocka_unit_test(truncated_everywhere),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
