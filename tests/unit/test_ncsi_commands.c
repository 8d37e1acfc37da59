/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each command of the NC-SI controller sets and answers: settings, status, statistics, OEM, PLDM. */
#include "ncsi_fake.h"

/* ---- settings ---- */

static void parameters_say_what_was_set(void **state)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t mac[8] = { 0, 0, 0, 0, 0, 0, 2, 1 };
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	memcpy(mac, mc_mac, 6);
	mac[5] = 0x99;
	mc_ok(&mc, 0x0e, 0, mac, 8);
	memcpy(mac, group, 6);
	mac[6] = 5;
	mac[7] = 1 << 5 | 1;
	mc_ok(&mc, 0x0e, 0, mac, 8);
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0x0f, 0xfe, 0, 0, 8, 1));
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 1, 0, 0, 1, 1));
	mc_ok(&mc, 0x0c, 0, BYTES(0, 0, 0, 2));
	mc_ok(&mc, 0x10, 0, BYTES(0, 0, 0, 5));
	mc_ok(&mc, 0x12, 0, BYTES(0, 0, 0, 0x21));
	mc_ok(&mc, 0x14, 0, BYTES(0, 0, 0, 2));
	mc_ok(&mc, 0x08, 0, BYTES(0, 0, 0, 9, 0, 0, 0, 5));
	mc_ok(&mc, 0x09, 0, BYTES(0, 0, 0x40, 1, 1, 2, 3, 4));

	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	assert_int_equal(a.len, 28 + 6 * 8 + 2 * 8);
	assert_int_equal(a.data[0], 8);
	assert_int_equal(a.data[3], 1 << 0 | 1 << 1 | 1 << 4);
	assert_int_equal(a.data[4], 8);
	assert_int_equal(get16(a.data + 6), 1 << 0 | 1 << 7);
	assert_int_equal(get32(a.data + 8), 0x4001);
	assert_int_equal(get32(a.data + 12), 5);
	assert_int_equal(get32(a.data + 16), 1 | 2 | 4 | 8);
	assert_int_equal(a.data[20], 2);
	assert_int_equal(a.data[21], 2);
	assert_int_equal(get32(a.data + 24), 5);
	assert_memory_equal(a.data + 28, mc_mac, 6);
	assert_int_equal(a.data[28 + 6 + 5], 0x99);
	assert_memory_equal(a.data + 28 + 24, group, 6);
	assert_int_equal(get16(a.data + 76), 1);
	assert_int_equal(get16(a.data + 76 + 14), 0xffe);

	mc_ok(&mc, 0x0d, 0, NOTHING);
	mc_ok(&mc, 0x11, 0, NOTHING);
	mc_ok(&mc, 0x13, 0, NOTHING);
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 0, 0, 0, 8, 0));
	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	assert_int_equal(get32(a.data + 16), 2 | 4);
	assert_int_equal(a.data[20], 0);
	assert_int_equal(get16(a.data + 6), 1);
}

static void parameters_out_of_range_are_refused(void **state)
{
	static const struct { uint8_t type, p[8], len; uint16_t reason; } bad[] = {
		{ 0x08, { 0, 0, 0, 0, 0, 0, 0, 8 }, 8, 2 },		/* an AEN we do not have */
		{ 0x08, { 0, 0, 0, 0, 0, 1, 0, 0 }, 8, 2 },
		{ 0x09, { 0, 0, 0, 1 << 3 }, 8, 0x0905 },		/* 1 Gbit/s only */
		{ 0x0b, { 0, 0, 0, 5, 0, 0, 0, 1 }, 8, 2 },		/* index 0 */
		{ 0x0b, { 0, 0, 0, 5, 0, 0, 9, 1 }, 8, 2 },
		{ 0x0b, { 0, 0, 0, 0, 0, 0, 1, 1 }, 8, 0x0b07 },
		{ 0x0b, { 0, 0, 0x0f, 0xff, 0, 0, 1, 1 }, 8, 0x0b07 },
		{ 0x0c, { 0, 0, 0, 0 }, 4, 2 },
		{ 0x0c, { 0, 0, 0, 4 }, 4, 2 },
		{ 0x0e, { 2, 0, 0, 0, 0, 1, 0, 1 }, 8, 2 },		/* index 0 */
		{ 0x0e, { 2, 0, 0, 0, 0, 1, 9, 1 }, 8, 2 },
		{ 0x0e, { 2, 0, 0, 0, 0, 1, 5, 1 }, 8, 2 },		/* unicast at a multicast index */
		{ 0x0e, { 3, 0, 0, 0, 0, 1, 1, 0x21 }, 8, 2 },		/* and the other way */
		{ 0x0e, { 3, 0, 0, 0, 0, 1, 1, 1 }, 8, 2 },		/* a group said to be none */
		{ 0x0e, { 2, 0, 0, 0, 0, 1, 5, 0x21 }, 8, 2 },
		{ 0x0e, { 2, 0, 0, 0, 0, 1, 1, 0x41 }, 8, 2 },		/* no such kind */
		{ 0x0e, { 0, 0, 0, 0, 0, 0, 1, 1 }, 8, 0x0e08 },
		{ 0x10, { 0, 0, 0, 0x10 }, 4, 2 },
		{ 0x12, { 0, 0, 0, 0x40 }, 4, 2 },
		{ 0x14, { 0, 0, 0, 4 }, 4, 2 },
	};
	uint8_t before[256];
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	memcpy(before, a.data, a.len);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		mc_fails(&mc, bad[i].type, 0, bad[i].p, bad[i].len, 1, bad[i].reason);
	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	assert_memory_equal(a.data, before, a.len);	/* and none of them changed anything */
	assert_int_equal(st()->failed, sizeof(bad) / sizeof(bad[0]));
}

static void set_link_is_the_hosts_while_it_runs(void **state)
{
	(void)state;
	mc_configure(&mc, 0);
	mc.host[0] = true;
	mc_fails(&mc, 0x09, 0, BYTES(0, 0, 0, 1, 0, 0, 0, 0), 1, 0x0901);
	mc.host[0] = false;
	mc_ok(&mc, 0x09, 0, BYTES(0, 0, 0, 1, 0, 0, 0, 0));
	mc_ok(&mc, 0x09, 0, BYTES(0, 0, 0xff, 0xff, 0, 0, 0, 0));	/* any speed */
	mc.link[0].mbps = 25000;
	mc_ok(&mc, 0x09, 0, BYTES(0, 0, 0, 1 << 6, 0, 0, 0, 0));
	mc_fails(&mc, 0x09, 0, BYTES(0, 0, 0x40, 0, 0, 0, 0, 0), 1, 0x0905);
}

static void filters_are_announced(void **state)
{
	struct ncsi_wants w;

	(void)state;
	ncsi_wants(mc.n, 0, &w);
	assert_int_equal(w.n, 0);
	mc_configure(&mc, 0);
	assert_int_equal(mc.filters[0], 2);	/* Set MAC, Disable Multicast Filter */
	ncsi_wants(mc.n, 0, &w);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.uc, 1);
	assert_memory_equal(w.mac[0], mc_mac, 6);
	assert_true(w.all_multi);
	mc_ok(&mc, 0x0e, 0, BYTES(0x01, 0, 0x5e, 0, 0, 5, 6, 0x21));
	mc_ok(&mc, 0x12, 0, BYTES(0, 0, 0, 0));
	ncsi_wants(mc.n, 0, &w);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.uc, 1);
	assert_int_equal(w.mac[1][5], 5);
	assert_false(w.all_multi);
	mc_ok(&mc, 0x12, 0, BYTES(0, 0, 0, 4));
	ncsi_wants(mc.n, 0, &w);
	assert_true(w.all_multi);		/* to choose from */
	mc_ok(&mc, 0x0e, 0, BYTES(0, 0, 0, 0, 0, 0, 1, 0));
	ncsi_wants(mc.n, 0, &w);
	assert_int_equal(w.uc, 0);
	assert_int_equal(mc.filters[0], 6);
}

/* ---- answers ---- */

static void link_status(void **state)
{
	static const struct { uint32_t mbps; uint32_t word; } speeds[] = {
		{ 100000, 0x0010001b }, { 50000, 0x00100019 }, { 25000, 0x00100015 }, { 0, 0x00100001 },
	};
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		mc.link[0].mbps = speeds[i].mbps;
		assert_int_equal(get32(mc_cmd(&mc, 0x0a, 0, NOTHING).data), speeds[i].word);
	}
	mc.link[0].tx_pause = true;
	assert_int_equal(get32(mc_cmd(&mc, 0x0a, 0, NOTHING).data), 0x00110001);
	mc.link[0].rx_pause = true;
	assert_int_equal(get32(mc_cmd(&mc, 0x0a, 0, NOTHING).data), 0x00130001);
	mc.link[0].up = false;
	a = mc_cmd(&mc, 0x0a, 0, NOTHING);
	assert_int_equal(get32(a.data), 0x00100000);
	assert_int_equal(get32(a.data + 4), 0);
	mc.host[0] = true;
	assert_int_equal(get32(mc_cmd(&mc, 0x0a, 0, NOTHING).data + 4), 1);
	assert_int_equal(get32(mc_cmd(&mc, 0x0a, 0, NOTHING).data + 8), 0);
}

static void version_and_capabilities(void **state)
{
	struct answer a = mc_cmd(&mc, 0x15, 0, NOTHING);

	(void)state;
	assert_memory_equal(a.data, "\xf1\xf2\xf0\0\0\0\0\0openfbnic\0\0\0", 20);
	assert_int_equal(get32(a.data + 20), 0x1a0b0001);
	assert_int_equal(get16(a.data + 24), 0x0013);
	assert_int_equal(get16(a.data + 26), 0x1d9b);
	assert_int_equal(get32(a.data + 32), 0x1d9b);
	a = mc_cmd(&mc, 0x16, 0, NOTHING);
	assert_int_equal(get32(a.data), 0x52);
	assert_int_equal(get32(a.data + 4), 0xf);
	assert_int_equal(get32(a.data + 8), 0x3f);
	assert_int_equal(get32(a.data + 16), 7);
	assert_memory_equal(a.data + 20, "\x08\0\x04\x04\0\0\x07\x01", 8);
}

static void port_statistics(void **state)
{
	struct ncsi_port_stats *s = &mc.stats;
	const uint8_t *d;

	(void)state;
	mc_configure(&mc, 0);
	*s = (struct ncsi_port_stats){
		.rx_bytes = 1ull << 40, .tx_bytes = 2, .rx_uc = 3, .rx_mc = 4, .rx_bc = 5, .tx_uc = 6, .tx_mc = 7,
		.tx_bc = 8, .fcs_errors = 9, .align_errors = 10, .runts = 12, .jabbers = 13, .rx_xoff = 15,
		.tx_xoff = 17, .rx_control = 22, .rx_size = { 23, 24, 25, 26, 27, 28, 29 },
		.tx_size = { 30, 31, 32, 33, 34, 35, 36 }, .rx_fragments = 38, .rx_bad_jabbers = 0x100000027,
	};
	d = mc_cmd(&mc, 0x18, 0, NOTHING).data;
	assert_int_equal(get32(d) | get32(d + 4), 0);
	assert_int_equal(get32(d + 8), 1 << 8);		/* 64 bits wide */
	for (uint32_t i = 2; i <= 8; i++)
		assert_int_equal(get32(d + 8 * i + 4), i);
	for (uint32_t i = 9; i <= 36; i++) {
		static const uint8_t none[] = { 11, 14, 16, 18, 19, 20, 21 };	/* that we can't count */
		uint32_t want = memchr(none, (int)i, sizeof(none)) ? 0 : i;

		assert_int_equal(get32(d + 72 + 4 * (i - 9)), want);
	}
	assert_int_equal(get32(d + 184), 1 << 8);
	assert_int_equal(get32(d + 192), 38);
	assert_int_equal(get32(d + 196), 0x27);		/* wraps */
}

static void ncsi_statistics_count_control_frames(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	const uint8_t *d;
	uint32_t want[7] = { 10, 0, 0, 0, 10, 10, 0 };	/* what mc_configure() does */

	(void)state;
	mc_configure(&mc, 0);
	mc_fails(&mc, 0x7e, 0, NOTHING, 3, 0x7fff);	/* type error */
	ncsi_input(mc.n, f, mc_build(&mc, f, 0xff, 0, NOTHING));	/* dropped */
	ncsi_input(mc.n, f, 40);			/* cut off: dropped */
	mc_build(&mc, f, 0x0a, 0, NOTHING);
	f[31] ^= 0x10;
	ncsi_input(mc.n, f, 62);			/* checksum */
	ncsi_link_changed(mc.n, 0);
	d = mc_cmd(&mc, 0x19, 0, NOTHING).data;
	want[0] += 2;		/* commands: 0x7e, 0x19 */
	want[1] += 2;
	want[2] += 1;
	want[3] += 1;
	want[4] += 5;
	want[5] += 2;		/* the answer to 0x7e, the AEN; not yet this one */
	want[6] += 1;
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(get32(d + 4 * i), want[i]);
}

static void package_commands(void **state)
{
	struct answer a = mc_cmd(&mc, 0x1b, 0x1f, NOTHING);

	(void)state;
	assert_int_equal(a.code, 0);
	assert_int_equal(get32(a.data), 0);
	a = mc_cmd(&mc, 0x52, 0x1f, NOTHING);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(a.data[i], 0xa0 + i);
	mc_ok(&mc, 0x52, 0, NOTHING);
}

static void temperature(void **state)
{
	struct answer a = mc_cmd(&mc, 0x48, 0x1f, NOTHING);

	(void)state;
	assert_int_equal(get16(a.data), 105);
	assert_int_equal(get16(a.data + 2), 45);
	mc.temperature = 0;
	mc_fails(&mc, 0x48, 0x1f, NOTHING, 1, 6);
	mc.n->env.temperature = NULL;
	mc_fails(&mc, 0x48, 0x1f, NOTHING, 3, 0x7fff);
}

static void the_transceiver_is_asked_for(void **state)
{
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	a = mc_cmd(&mc, 0x4a, 0, NOTHING);
	assert_int_equal(a.len, 8);
	assert_memory_equal(a.data, "\0\x4b\0\x46\0\x2d\0\0", 8);
	mc.temperature = 0;
	mc_fails(&mc, 0x4a, 0, NOTHING, 1, 6);
	mc_fails(&mc, 0x4a, 0x1f, NOTHING, 1, 2);
	mc.n->env.module_temperature = NULL;
	mc_fails(&mc, 0x4a, 0, NOTHING, 3, 0x7fff);
}

static void mc_mac_address(void **state)
{
	struct answer a;

	(void)state;
	mc_ok(&mc, 0x00, 0, NOTHING);
	a = mc_cmd(&mc, 0x58, 0, NOTHING);
	assert_int_equal(a.len, 10);
	assert_int_equal(get32(a.data), 0x01000000);
	assert_memory_equal(a.data + 4, mc_mac, 6);
	memset(mc.n->cfg.mc_mac[0], 0, 6);
	a = mc_cmd(&mc, 0x58, 0, NOTHING);
	assert_int_equal(a.len, 4);
	assert_int_equal(a.data[0], 0);
}

/* ---- OEM, PLDM ---- */

static void oem_of_others_is_unsupported(void **state)
{
	(void)state;
	mc_configure(&mc, 0);
	mc_fails(&mc, 0x50, 0, BYTES(0, 0, 1, 0x57, 0x20, 0, 1), 3, 0x7fff);	/* Intel's, as Linux sends it */
	mc_fails(&mc, 0x50, 0, BYTES(0, 0, 0x1d, 0x9b), 3, 0x7fff);
	mc_fails(&mc, 0x50, 0, BYTES(0, 0, 0x1d, 0x9b, 1, 0x31), 3, 0x7fff);
	mc_fails(&mc, 0x50, 0, BYTES(0, 0, 0x1d, 0x9b, 2, 0x30), 3, 0x7fff);
}

static uint32_t crc_ref(const uint8_t *p, size_t n)
{
	uint32_t c = ~0u;

	for (size_t i = 0; i < 8 * n; i++) {
		uint32_t bit = (c ^ (uint32_t)(p[i / 8] >> (i % 8))) & 1;

		c = c >> 1 ^ (bit ? 0xedb88320 : 0);
	}
	return ~c;
}

/* Fetches a dump as Meta's tool does; returns how many answers it took */
static unsigned int fetch_dump(unsigned int size)
{
	uint8_t p[20], *got = malloc(size + 4096);
	unsigned int have = 0, parts = 0, ops = 0;
	uint32_t handle = 0, total = 0;

	assert_non_null(got);
	mc.dump_size = (int)size;
	do {
		struct answer a = mc_cmd(&mc, 0x50, 0, p, debug_request(p, handle, !parts, 0));
		const uint8_t *data = a.data + 16;
		unsigned int len = a.len - 16;

		assert_int_equal(a.code, 0);
		assert_memory_equal(a.data, "\0\0\x1d\x9b\x01\x30", 6);
		assert_int_equal(get16(a.data + 6), a.len - 8);
		handle = get32(a.data + 8);
		ops = a.data[13];
		assert_int_equal(ops & 1, !parts);
		assert_true(parts ? ops == 2 || ops == 4 : ops == 1 || ops == 5);
		if (!parts++) {
			total = get32(data);
			data += 4;
			len -= 4;
		}
		assert_true(have + len <= size + 4);
		memcpy(got + have, data, len);
		have += len;
	} while (!(ops & 4));
	assert_int_equal(total, size);
	assert_int_equal(have, size + 4);
	for (uint32_t i = 0; i < size; i++)
		assert_int_equal(got[i], dump_byte(i));
	assert_int_equal(get32(got + size), crc_ref(got, size));
	free(got);
	return parts;
}

static void debug_data_of_every_length(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 1451, 1452, 1453, 1454, 1455, 1456, 1457, 2911, 2912, 2913, 2914, 2916,
					      2917, 20000 };

	(void)state;
	mc_configure(&mc, 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		fetch_dump(sizes[i]);
	assert_int_equal(fetch_dump(1452), 1);	/* 1460 with length and CRC */
	assert_int_equal(fetch_dump(1453), 2);
	assert_int_equal(mc.dumps, sizeof(sizes) / sizeof(sizes[0]) + 2);
}

static void debug_data_errors(void **state)
{
	uint8_t p[20];

	(void)state;
	mc_configure(&mc, 0);
	mc.dump_size = 5000;
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 0, 0, 0), 1, 2);	/* next without start */
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 0, 1, 1), 1, 6);	/* no crash was dumped */
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 0, 1, 2), 1, 2);
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 0, 2, 0), 1, 2);
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 0, 1, 0) - 1, 1, 5);
	debug_request(p, 0, 1, 0);
	p[7] = 9;
	mc_fails(&mc, 0x50, 0, p, 20, 1, 5);
	mc_ok(&mc, 0x50, 0, p, debug_request(p, 0, 1, 0));
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 77, 0, 0), 1, 2);	/* not the handle we gave */
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 2, 0, 1), 1, 2);
	mc_ok(&mc, 0x50, 0, p, debug_request(p, 2, 0, 0));		/* which is still good */
	ncsi_restart(mc.n);
	mc_ok(&mc, 0x00, 0, NOTHING);
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 3, 0, 0), 1, 2);
	mc.n->env.dump_take = NULL;
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 0, 1, 0), 3, 0x7fff);
}

static void pldm_is_passed_on(void **state)
{
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	mc.pldm_len = 11;
	a = mc_cmd(&mc, 0x51, 0, BYTES(0x80, 2, 0x11, 1, 0));
	assert_int_equal(a.len, 11);
	assert_int_equal(a.data[10], 11);
	assert_int_equal(mc.pldm_op, NCSI_PLDM_REQUEST);
	assert_int_equal(mc.pldm_req, 5);
	a = mc_cmd(&mc, 0x56, 0x1f, NOTHING);
	assert_int_equal(mc.pldm_op, NCSI_PLDM_PENDING);
	assert_int_equal(a.len, 11);
	mc.pldm_len = 0;
	a = mc_cmd(&mc, 0x56, 0, NOTHING);
	assert_int_equal(a.code, 0);
	assert_int_equal(a.len, 0);
	mc_ok(&mc, 0x57, 0, BYTES(0, 5, 0x15, 0));
	assert_int_equal(mc.pldm_op, NCSI_PLDM_REPLY);
	mc.pldm_len = -1;
	mc_fails(&mc, 0x51, 0, BYTES(0x80, 2, 0x11), 1, 2);
	mc.pldm_len = NCSI_UNSUPPORTED;
	mc_fails(&mc, 0x51, 0, BYTES(0x80, 2, 0x11), 3, 0x7fff);
	mc_fails(&mc, 0x56, 0, NOTHING, 3, 0x7fff);
	mc.n->env.pldm = NULL;
	mc_fails(&mc, 0x51, 0, BYTES(0x80, 2, 0x11), 3, 0x7fff);
	mc_fails(&mc, 0x56, 0, NOTHING, 3, 0x7fff);
	mc_fails(&mc, 0x57, 0, BYTES(0x80, 2, 0x11), 3, 0x7fff);
}

static void longest_answer_fits(void **state)
{
	static const uint8_t big[1480];

	(void)state;
	mc_configure(&mc, 0);
	mc.pldm_len = 1476;
	assert_int_equal(mc_cmd(&mc, 0x51, 0, BYTES(0x80, 2, 0x11)).len, 1476);
	assert_int_equal(mc.out[0].len, NCSI_FRAME_MAX);
	mc_ok(&mc, 0x51, 0, big, sizeof(big));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, mc_setup, mc_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parameters_say_what_was_set),
		TEST(parameters_out_of_range_are_refused),
		TEST(set_link_is_the_hosts_while_it_runs),
		TEST(filters_are_announced),
		TEST(link_status),
		TEST(version_and_capabilities),
		TEST(port_statistics),
		TEST(ncsi_statistics_count_control_frames),
		TEST(package_commands),
		TEST(temperature),
		TEST(the_transceiver_is_asked_for),
		TEST(mc_mac_address),
		TEST(oem_of_others_is_unsupported),
		TEST(debug_data_of_every_length),
		TEST(debug_data_errors),
		TEST(pldm_is_passed_on),
		TEST(longest_answer_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
