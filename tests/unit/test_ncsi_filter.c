/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of pass-through frames through the NC-SI controller. */
#include "ncsi_fake.h"

static uint8_t frame[256];

static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };

static int setup(void **state)
{
	mc_setup(state);
	mc_configure(&mc, 0);
	return 0;
}

/* An Ethernet frame of 128 bytes of head; @vlan < 0: untagged.  Returns where L3 begins */
static uint8_t *eth(const uint8_t *da, int vlan, uint32_t etype)
{
	uint8_t *p = frame + 12;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, da, 6);
	memcpy(frame + 6, other, 6);
	if (vlan >= 0) {
		put32(p, 0x81000000 | (uint32_t)vlan);
		p += 4;
	}
	put16(p, etype);
	return p + 2;
}

static void udp4(uint8_t *ip, unsigned int hlen, uint32_t port)
{
	ip[0] = (uint8_t)(0x40 | hlen / 4);
	ip[9] = 17;
	put16(ip + hlen + 2, port);
}

static void ip6(uint8_t *ip, bool hop, uint8_t proto, uint8_t icmp, uint32_t port)
{
	uint8_t *l4 = ip + 40 + 8 * hop;

	ip[0] = 0x60;
	ip[6] = hop ? 0 : proto;
	if (hop)
		ip[40] = proto;
	l4[0] = icmp;
	if (port)
		put16(l4 + 2, port);
}

static bool passes(void)
{
	return ncsi_to_mc(mc.n, 0, frame, NCSI_WINDOW, 200);
}

/* ---- to the BMC ---- */

static void only_to_an_enabled_channel_of_a_selected_package(void **state)
{
	(void)state;
	eth(mc_mac, -1, 0x0800);
	assert_true(passes());
	mc_ok(&mc, 0x04, 0, BYTES(0, 0, 0, 1));
	assert_false(passes());
	mc_ok(&mc, 0x03, 0, NOTHING);
	assert_true(passes());
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	assert_false(passes());
	assert_int_equal(st()->mc_rx_state, 2);
	mc_ok(&mc, 0x07, 0, NOTHING);
	assert_true(passes());		/* Tx is another matter */
}

static void unicast_by_its_filters(void **state)
{
	(void)state;
	eth(mc_mac, -1, 0x0800);
	assert_true(passes());
	eth(other, -1, 0x0800);
	assert_false(passes());
	mc_ok(&mc, 0x0e, 0, BYTES(2, 9, 9, 9, 9, 9, 4, 1));
	assert_true(passes());
	mc_ok(&mc, 0x0e, 0, BYTES(2, 9, 9, 9, 9, 9, 4, 0));
	assert_false(passes());
	assert_int_equal(st()->mc_rx_filtered, 2);
}

static void broadcast_kinds(void **state)
{
	static const struct { uint32_t etype, port; uint8_t kind; } kinds[] = {
		{ 0x0806, 0, 1 }, { 0x0800, 68, 2 }, { 0x0800, 67, 4 }, { 0x0800, 137, 8 }, { 0x0800, 138, 8 },
		{ 0x0800, 139, 8 }, { 0x0800, 69, 0 }, { 0x0800, 140, 0 }, { 0x88cc, 0, 0 },
	};

	(void)state;
	for (uint8_t on = 0; on < 16; on++) {
		mc_ok(&mc, 0x10, 0, BYTES(0, 0, 0, on));
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			for (unsigned int v = 0; v < 4; v++) {	/* tagged, IP options */
				uint8_t *l3 = eth(all, v & 1 ? 0 : -1, kinds[i].etype);

				if (kinds[i].port)
					udp4(l3, v & 2 ? 24 : 20, kinds[i].port);
				assert_int_equal(passes(), !!(on & kinds[i].kind));
			}
	}
	mc_ok(&mc, 0x11, 0, NOTHING);
	eth(all, -1, 0x88cc);
	assert_true(passes());
}

static void broadcast_that_only_looks_like_dhcp(void **state)
{
	uint8_t *ip;

	(void)state;
	ip = eth(all, -1, 0x0800);
	udp4(ip, 20, 68);
	assert_true(passes());
	ip[9] = 6;
	assert_false(passes());		/* TCP */
	ip[9] = 17;
	ip[7] = 1;
	assert_false(passes());		/* a later fragment */
	ip[7] = 0;
	ip[0] = 0x44;
	assert_false(passes());		/* header shorter than there are */
	ip[0] = 0x65;
	assert_false(passes());
	ip[0] = 0x4f;			/* ports at 74, behind the 72 bytes that we show */
	put16(ip + 62, 68);
	assert_false(ncsi_to_mc(mc.n, 0, frame, 72, 200));
	assert_true(passes());
}

static void multicast_kinds(void **state)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const struct { uint8_t proto, icmp; uint32_t port; uint8_t kind; } kinds[] = {
		{ 58, 136, 0, 1 }, { 58, 134, 0, 2 }, { 17, 0, 547, 4 }, { 17, 0, 546, 8 }, { 58, 130, 0, 0x10 },
		{ 58, 131, 0, 0x10 }, { 58, 132, 0, 0x10 }, { 58, 143, 0, 0x10 }, { 58, 135, 0, 0x20 },
		{ 58, 128, 0, 0 }, { 17, 0, 5353, 0 }, { 6, 136, 547, 0 },
	};

	(void)state;
	for (unsigned int on = 0; on < 64; on++) {
		mc_ok(&mc, 0x12, 0, BYTES(0, 0, 0, (uint8_t)on));
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			for (unsigned int v = 0; v < 4; v++) {
				ip6(eth(group, v & 1 ? 0 : -1, 0x86dd), v & 2, kinds[i].proto, kinds[i].icmp, kinds[i].port);
				assert_int_equal(passes(), !!(on & kinds[i].kind));
			}
	}
	eth(group, -1, 0x88cc);
	assert_false(passes());
	mc_ok(&mc, 0x0e, 0, BYTES(0x33, 0x33, 0, 0, 0, 1, 8, 0x21));
	assert_true(passes());		/* asked for by address */
	mc_ok(&mc, 0x0e, 0, BYTES(0, 0, 0, 0, 0, 0, 8, 0x20));
	assert_false(passes());
	mc_ok(&mc, 0x13, 0, NOTHING);
	assert_true(passes());
}

static void vlan_modes(void **state)
{
	static const struct { uint8_t mode; bool untagged, prio, listed, unlisted; } modes[] = {
		{ 0, true, true, false, false }, { 1, false, false, true, false }, { 2, true, true, true, false },
		{ 3, true, true, true, true },
	};

	(void)state;
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 42, 0, 0, 1, 1));
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 43, 0, 0, 8, 1));
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 44, 0, 0, 3, 1));
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 44, 0, 0, 3, 0));	/* off again */
	for (size_t i = 0; i < 4; i++) {
		if (modes[i].mode)
			mc_ok(&mc, 0x0c, 0, BYTES(0, 0, 0, modes[i].mode));
		else
			mc_ok(&mc, 0x0d, 0, NOTHING);
		eth(mc_mac, -1, 0x0800);
		assert_int_equal(passes(), modes[i].untagged);
		eth(mc_mac, 0xe000, 0x0800);
		assert_int_equal(passes(), modes[i].prio);
		eth(mc_mac, 0xe000 | 42, 0x0800);
		assert_int_equal(passes(), modes[i].listed);
		eth(mc_mac, 43, 0x0800);
		assert_int_equal(passes(), modes[i].listed);
		put16(frame + 12, 0x88a8);
		assert_int_equal(passes(), modes[i].listed);
		eth(mc_mac, 44, 0x0800);
		assert_int_equal(passes(), modes[i].unlisted);
		eth(other, 42, 0x0800);
		assert_false(passes());		/* the address counts as well */
	}
}

static void sizes_to_the_bmc(void **state)
{
	(void)state;
	eth(mc_mac, -1, 0x0800);
	for (size_t n = 0; n < 14; n++)
		assert_false(ncsi_to_mc(mc.n, 0, frame, n, (uint32_t)n));
	assert_int_equal(st()->mc_rx_short, 14);
	assert_true(ncsi_to_mc(mc.n, 0, frame, 14, 14));
	assert_true(ncsi_to_mc(mc.n, 0, frame, NCSI_WINDOW, 1514));
	assert_false(ncsi_to_mc(mc.n, 0, frame, NCSI_WINDOW, 1515));
	mc_ok(&mc, 0x0c, 0, BYTES(0, 0, 0, 3));
	eth(mc_mac, 1, 0x0800);
	assert_true(ncsi_to_mc(mc.n, 0, frame, NCSI_WINDOW, 1518));
	assert_false(ncsi_to_mc(mc.n, 0, frame, NCSI_WINDOW, 1519));
	assert_int_equal(st()->mc_rx_long, 2);
	for (size_t n = 14; n < 18; n++)
		assert_false(ncsi_to_mc(mc.n, 0, frame, n, (uint32_t)n));	/* half a tag */
	assert_int_equal(st()->mc_rx_short, 18);
}

/* ---- from the BMC ---- */

static int from(const uint8_t *src, uint32_t len)
{
	eth(other, -1, 0x0800);
	memcpy(frame + 6, src, 6);
	return ncsi_from_mc(mc.n, frame, NCSI_WINDOW, len);
}

static void source_address_and_network_tx(void **state)
{
	(void)state;
	assert_int_equal(from(mc_mac, 60), 0);
	assert_int_equal(from(other, 60), -1);
	assert_int_equal(from(all, 60), -1);
	assert_int_equal(ncsi_package_stats(mc.n)->mc_tx_dropped, 2);
	mc_ok(&mc, 0x07, 0, NOTHING);
	assert_int_equal(from(mc_mac, 60), -1);
	assert_int_equal(st()->mc_tx_state, 1);
	mc_ok(&mc, 0x06, 0, NOTHING);
	mc_ok(&mc, 0x04, 0, BYTES(0, 0, 0, 1));
	assert_int_equal(from(mc_mac, 60), 0);		/* receiving is another matter */
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	assert_int_equal(from(mc_mac, 60), 0);
	mc_ok(&mc, 0x0e, 0, BYTES(0, 0, 0, 0, 0, 0, 1, 0));
	assert_int_equal(from(mc_mac, 60), -1);
	assert_int_equal(ncsi_package_stats(mc.n)->mc_tx_dropped, 3);
}

static void a_group_filter_is_no_source(void **state)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };

	(void)state;
	mc_ok(&mc, 0x0e, 0, BYTES(0x33, 0x33, 0, 0, 0, 1, 8, 0x21));
	assert_int_equal(from(group, 60), -1);
}

static void sizes_from_the_bmc(void **state)
{
	(void)state;
	assert_int_equal(from(mc_mac, 1514), 0);
	assert_int_equal(from(mc_mac, 1515), -1);
	assert_int_equal(st()->mc_tx_long, 1);
	put32(frame + 12, 0x81000001);
	assert_int_equal(ncsi_from_mc(mc.n, frame, NCSI_WINDOW, 1518), 0);
	assert_int_equal(ncsi_from_mc(mc.n, frame, 13, 13), -1);
	assert_int_equal(ncsi_package_stats(mc.n)->mc_tx_short, 1);
	assert_int_equal(from(other, 1515), -1);
	assert_int_equal(ncsi_package_stats(mc.n)->mc_tx_long, 1);
}

static void each_channel_has_its_addresses(void **state)
{
	struct mc m;
	uint8_t src[6];

	(void)state;
	mc_open(&m, 4);
	mc_configure(&m, 1);
	mc_configure(&m, 3);
	memcpy(src, mc_mac, 6);
	eth(other, -1, 0x0800);
	for (unsigned int i = 0; i < 4; i++) {
		memcpy(frame + 6, src, 6);
		frame[11] = (uint8_t)(1 + i);
		assert_int_equal(ncsi_from_mc(m.n, frame, NCSI_WINDOW, 60), i & 1 ? (int)i : -1);
	}
	/* the same address on two: the one that may send */
	mc_ok(&m, 0x0e, 1, BYTES(2, 0xb, 0xc, 0, 0, 4, 2, 1));
	memcpy(frame + 6, src, 6);
	frame[11] = 4;
	assert_int_equal(ncsi_from_mc(m.n, frame, NCSI_WINDOW, 60), 1);
	mc_ok(&m, 0x07, 1, NOTHING);
	assert_int_equal(ncsi_from_mc(m.n, frame, NCSI_WINDOW, 60), 3);
	mc_close(&m);
}

static void pass_through_statistics(void **state)
{
	static const uint32_t want[] = { 3, 1, 2, 3, 3, 5, 3, 1, 1 };
	const uint8_t *d;

	(void)state;
	ncsi_from_mc_done(mc.n, 0, true);
	ncsi_from_mc_done(mc.n, 0, false);	/* no room */
	from(other, 60);
	from(other, 60);			/* Tx dropped: 3 */
	mc.stats.mc_dropped = 5;
	from(mc_mac, 1600);
	from(mc_mac, 1600);
	from(other, 1600);			/* oversize: 3 */
	ncsi_from_mc(mc.n, frame, 3, 3);
	ncsi_from_mc(mc.n, frame, 3, 3);	/* undersize: 2 */
	for (unsigned int i = 0; i < 3; i++)
		ncsi_to_mc_done(mc.n, 0);
	eth(mc_mac, -1, 0x0800);
	ncsi_to_mc(mc.n, 0, frame, 14, 1600);
	ncsi_to_mc(mc.n, 0, frame, 13, 13);
	mc_ok(&mc, 0x07, 0, NOTHING);
	from(mc_mac, 60);			/* state error: 1 */
	mc_ok(&mc, 0x04, 0, BYTES(0, 0, 0, 1));
	for (unsigned int i = 0; i < 3; i++)
		passes();
	d = mc_cmd(&mc, 0x1a, 0, NOTHING).data;
	assert_int_equal(get32(d), 0);
	assert_int_equal(get32(d + 4), 1);
	for (unsigned int i = 0; i < 9; i++)
		assert_int_equal(get32(d + 8 + 4 * i), want[i]);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, mc_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_to_an_enabled_channel_of_a_selected_package),
		TEST(unicast_by_its_filters),
		TEST(broadcast_kinds),
		TEST(broadcast_that_only_looks_like_dhcp),
		TEST(multicast_kinds),
		TEST(vlan_modes),
		TEST(sizes_to_the_bmc),
		TEST(source_address_and_network_tx),
		TEST(a_group_filter_is_no_source),
		TEST(sizes_from_the_bmc),
		TEST(each_channel_has_its_addresses),
		TEST(pass_through_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
