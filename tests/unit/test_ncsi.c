/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NC-SI controller: every command, every error, states, retries, AENs. */
#include "ncsi_fake.h"

static struct mc mc;

static int setup(void **state)
{
	(void)state;
	mc_open(&mc, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mc_close(&mc);
	return 0;
}

static const struct ncsi_stats *st(void)
{
	return ncsi_stats(mc.n, 0);
}

/* ---- frames ---- */

static void checksum_of_a_worked_example(void **state)
{
	/* Clear Initial State as Linux sends it to package 0: header words 0001 0001 0000 0000 ... */
	static const uint8_t h[16] = { 0, 1, 0, 1, 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(ncsi_checksum(h, 16), 0xfffffffe);
	assert_int_equal(ncsi_checksum((const uint8_t *)"\xff\xff\xff\xff", 4), 0xfffe0002);
	assert_int_equal(ncsi_checksum(h, 0), 0);
}

static void bad_checksum_is_dropped_and_counted(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len = mc_build(&mc, f, 0x00, 0, NOTHING);

	(void)state;
	f[33] ^= 1;
	ncsi_input(mc.n, f, len);
	assert_int_equal(mc.nout, 0);
	assert_true(ncsi_initial(mc.n, 0));
	assert_int_equal(st()->checksum_errors, 1);
	assert_int_equal(st()->rx, 1);
	assert_int_equal(st()->commands, 0);
	assert_int_equal(mc.events[NCSI_EV_DROPPED], 1);
}

static void zero_checksum_is_none(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len = mc_build(&mc, f, 0x00, 0, NOTHING);

	(void)state;
	memset(f + 30, 0, 4);
	ncsi_input(mc.n, f, len);
	assert_int_equal(mc_answer(&mc, 0x00, 0).code, 0);
	assert_int_equal(st()->checksum_errors, 0);
}

static void source_address_is_not_looked_at(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len = mc_build(&mc, f, 0x00, 0, NOTHING);

	(void)state;
	memset(f, 0x55, 12);
	ncsi_input(mc.n, f, len);
	assert_int_equal(mc_answer(&mc, 0x00, 0).code, 0);
}

static void frames_that_are_no_command_are_dropped(void **state)
{
	static const struct { unsigned int at; uint8_t val; } bad[] = {
		{ 15, 0 }, { 15, 2 },		/* revision */
		{ 18, 0x80 }, { 18, 0xff },	/* an answer, an AEN */
		{ 18, 0x7f },			/* its answer would be one */
		{ 20, 0x0f }, { 21, 200 },	/* payload longer than the frame */
	};
	uint8_t f[NCSI_FRAME_MAX];
	uint64_t want = 0;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = mc_build(&mc, f, 0x00, 0, NOTHING);
		f[bad[i].at] = bad[i].val;
		memset(f + 30, 0, 4);	/* not the checksum's doing */
		ncsi_input(mc.n, f, len);
		assert_int_equal(mc.nout, 0);
		assert_int_equal(st()->dropped, ++want);
	}
	/* cut off at every length; from byte 20 on it is known whose it would have been */
	len = mc_build(&mc, f, 0x01, 0, BYTES(0, 0, 0, 1));
	for (size_t n = 0; n < 38; n++)
		ncsi_input(mc.n, f, n);
	assert_int_equal(mc.nout, 0);
	assert_int_equal(st()->dropped + ncsi_package_stats(mc.n)->dropped, want + 38);
}

static void another_package_is_not_ours(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len;

	(void)state;
	for (unsigned int p = 0; p < 8; p++) {
		len = mc_build(&mc, f, 0x02, 0x1f, NOTHING);
		f[19] = (uint8_t)(p << 5 | 0x1f);
		put32(f + 30, 0);
		ncsi_input(mc.n, f, len);
	}
	assert_int_equal(mc.nout, 1);
	assert_int_equal(ncsi_package_stats(mc.n)->rx, 1);
}

static void mc_and_instance_id_come_back(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];

	(void)state;
	for (unsigned int iid = 0; iid < 256; iid++) {
		size_t len;

		mc.nout = 0;
		mc.iid = (uint8_t)iid;
		len = mc_build(&mc, f, 0x15, 0, NOTHING);
		ncsi_input(mc.n, f, len);
		mc_answer(&mc, 0x15, 0);	/* looks at both */
	}
}

/* ---- what holds for all commands ---- */

static void every_length_but_the_right_ones_is_refused(void **state)
{
	static const uint8_t zeros[64];

	(void)state;
	mc_configure(&mc, 0);
	for (size_t i = 0; i < ncsi_cmd_count; i++) {
		const struct ncsi_cmd *c = &ncsi_cmds[i];
		uint8_t chan = c->flags & TO_CHANNEL ? 0 : 0x1f;

		for (size_t len = 0; len < 24; len++)
			if (len < c->min || len > c->max)
				mc_fails(&mc, c->type, chan, zeros, len, 1, 5);
	}
}

static void unknown_types_are_unsupported(void **state)
{
	uint64_t n = 0;

	(void)state;
	mc_configure(&mc, 0);
	for (unsigned int type = 0; type < 0x7f; type++)
		if (!ncsi_cmd_find(type)) {
			mc_fails(&mc, (uint8_t)type, 0, NOTHING, 3, 0x7fff);
			n++;
		}
	assert_int_equal(st()->type_errors, n);
	assert_int_equal(st()->failed, n);
	assert_int_equal(n, 127 - ncsi_cmd_count);
}

/* Payload that the command takes */
static size_t good_payload(const struct ncsi_cmd *c, uint8_t *p)
{
	memset(p, 0, 64);
	switch (c->type) {
	case 0x0b:
	case 0x0e:
		p[6] = 1;
		break;
	case 0x0c:
		p[3] = 1;
		break;
	}
	return c->min;
}

static void initial_state_refuses_what_it_must(void **state)
{
	uint8_t p[64];

	(void)state;
	for (size_t i = 0; i < ncsi_cmd_count; i++) {
		const struct ncsi_cmd *c = &ncsi_cmds[i];

		if (!(c->flags & TO_CHANNEL) || (c->flags & IN_INITIAL))
			continue;
		mc_fails(&mc, c->type, 0, p, good_payload(c, p), 1, 1);
	}
	mc_ok(&mc, 0x15, 0, NOTHING);
	mc_ok(&mc, 0x16, 0, NOTHING);
	assert_true(ncsi_initial(mc.n, 0));
	mc_ok(&mc, 0x00, 0, NOTHING);
	assert_false(ncsi_initial(mc.n, 0));
	mc_ok(&mc, 0x03, 0, NOTHING);
}

static void answers_have_the_length_of_their_row(void **state)
{
	uint8_t p[64];

	(void)state;
	mc.pldm_len = 5;
	mc_configure(&mc, 0);
	for (size_t i = 0; i < ncsi_cmd_count; i++) {
		const struct ncsi_cmd *c = &ncsi_cmds[i];
		uint8_t chan = c->flags & TO_CHANNEL ? 0 : 0x1f;
		struct answer a;

		if (c->type == 0x50)	/* zero is nobody's number */
			continue;
		a = mc_cmd(&mc, c->type, chan, p, good_payload(c, p));
		assert_int_equal(a.code, 0);
		if (c->rsp >= 0)
			assert_int_equal(a.len, c->rsp - 4);
		if (c->type == 0x05)
			mc_configure(&mc, 0);
	}
}

static void channels_that_are_not_there(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];

	(void)state;
	mc_configure(&mc, 0);
	for (uint8_t ch = 1; ch < 0x1f; ch++) {
		mc_fails(&mc, 0x0a, ch, NOTHING, 1, 2);
		mc.nout = 0;		/* Clear Initial State alone is not answered */
		ncsi_input(mc.n, f, mc_build(&mc, f, 0x00, ch, NOTHING));
		assert_int_equal(mc.nout, 0);
	}
	mc_fails(&mc, 0x0a, 0x1f, NOTHING, 1, 2);	/* not the package's to know */
	mc_fails(&mc, 0x00, 0x1f, NOTHING, 1, 2);
	mc_fails(&mc, 0x01, 0, BYTES(0, 0, 0, 0), 1, 2);	/* nor a channel's */
	mc_fails(&mc, 0x1b, 0, NOTHING, 1, 2);
}

static void four_channels_are_apart(void **state)
{
	struct mc m;
	struct ncsi_config cfg = fake_config(4);
	struct ncsi_env env = fake_env(&m);

	(void)state;
	mc_open(&m, 4);
	mc_configure(&m, 2);
	assert_true(ncsi_enabled(m.n, 2) && ncsi_tx_enabled(m.n, 2));
	for (unsigned int i = 0; i < 4; i++)
		if (i != 2)
			assert_true(ncsi_initial(m.n, i));
	assert_int_equal(mc_cmd(&m, 0x16, 3, NOTHING).data[27], 4);
	mc_ok(&m, 0x00, 3, NOTHING);
	m.link[3] = (struct ncsi_link){ .up = true, .mbps = 25000 };
	assert_int_equal(get32(mc_cmd(&m, 0x0a, 3, NOTHING).data), 0x00100015);
	assert_int_equal(get32(mc_cmd(&m, 0x0a, 2, NOTHING).data), 0x00100000);
	m.nout = 0;
	ncsi_link_changed(m.n, 3);
	assert_int_equal(m.nout, 0);	/* its AENs are off */
	ncsi_link_changed(m.n, 2);
	assert_int_equal(m.nout, 1);
	assert_int_equal(m.out[0].f[19], PKG_ID << 5 | 2);
	cfg.channels = 5;
	assert_int_equal(ncsi_init(m.n, &cfg, &env), -1);
	cfg.channels = 0;
	assert_int_equal(ncsi_init(m.n, &cfg, &env), -1);
	cfg.channels = 1;
	cfg.package = 8;
	assert_int_equal(ncsi_init(m.n, &cfg, &env), -1);
	mc_close(&m);
}

/* ---- states ---- */

static void clear_initial_state_on_a_live_channel_changes_nothing(void **state)
{
	uint8_t before[256];
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	mc_ok(&mc, 0x0b, 0, BYTES(0, 0, 0, 42, 0, 0, 1, 1));
	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	memcpy(before, a.data, a.len);
	mc_ok(&mc, 0x00, 0, NOTHING);
	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	assert_memory_equal(a.data, before, a.len);
	assert_true(ncsi_enabled(mc.n, 0) && ncsi_tx_enabled(mc.n, 0));
}

static void any_command_but_deselect_selects(void **state)
{
	(void)state;
	assert_false(ncsi_selected(mc.n));
	mc_ok(&mc, 0x01, 0x1f, BYTES(0, 0, 0, 1));
	assert_true(ncsi_selected(mc.n));
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	assert_false(ncsi_selected(mc.n));
	mc_ok(&mc, 0x00, 0, NOTHING);
	assert_true(ncsi_selected(mc.n));
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	mc_fails(&mc, 0x7e, 0, NOTHING, 3, 0x7fff);
	assert_true(ncsi_selected(mc.n));
}

static void enables_are_independent(void **state)
{
	(void)state;
	mc_ok(&mc, 0x00, 0, NOTHING);
	mc_ok(&mc, 0x06, 0, NOTHING);
	assert_true(ncsi_tx_enabled(mc.n, 0) && !ncsi_enabled(mc.n, 0));
	mc_ok(&mc, 0x03, 0, NOTHING);
	mc_ok(&mc, 0x07, 0, NOTHING);
	assert_true(!ncsi_tx_enabled(mc.n, 0) && ncsi_enabled(mc.n, 0));
	mc_ok(&mc, 0x04, 0, BYTES(0, 0, 0, 1));
	assert_true(!ncsi_tx_enabled(mc.n, 0) && !ncsi_enabled(mc.n, 0));
}

static void reset_channel_is_the_initial_state(void **state)
{
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	mc_ok(&mc, 0x14, 0, BYTES(0, 0, 0, 3));
	mc.filters[0] = 0;
	mc_ok(&mc, 0x05, 0, BYTES(0, 0, 0, 0));
	assert_int_equal(mc.nout, 1);		/* no AEN */
	assert_int_equal(mc.filters[0], 1);
	assert_true(ncsi_initial(mc.n, 0));
	assert_false(ncsi_enabled(mc.n, 0) || ncsi_tx_enabled(mc.n, 0));
	mc_fails(&mc, 0x0a, 0, NOTHING, 1, 1);
	mc_ok(&mc, 0x00, 0, NOTHING);
	a = mc_cmd(&mc, 0x17, 0, NOTHING);
	for (unsigned int i = 0; i < a.len; i++)
		assert_int_equal(a.data[i], i == 0 || i == 4 ? 8 : 0);
}

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

static size_t debug_request(uint8_t *p, uint32_t handle, uint8_t op, uint8_t type)
{
	memset(p, 0, 20);
	memcpy(p, "\0\0\x1d\x9b\x01\x30\0\x08", 8);
	put32(p + 12, handle);
	p[17] = op;
	p[19] = type;
	return 20;
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

/* As fast as it can be had, in parts that wait and parts that don't, it is the same dump */
static void a_dump_may_come_later(void **state)
{
	uint32_t handle = 0, got = 0;
	uint8_t p[64], f[NCSI_FRAME_MAX];
	struct answer a;

	(void)state;
	mc_configure(&mc, 0);
	mc.dump_size = 4000;
	for (unsigned int part = 0; got < 4000; part++) {
		mc.later = !(part & 1);
		mc.nout = 0;
		mc.iid++;
		ncsi_input(mc.n, f, mc_build(&mc, f, 0x50, 0, p, debug_request(p, handle, !part, 0)));
		if (mc.later) {
			assert_int_equal(mc.nout, 0);
			mc.later = false;
			mc.dump_later = !part;		/* taken, but not read yet */
			ncsi_resume(mc.n);
			assert_int_equal(mc.nout, part ? 1 : 0);
			mc.dump_later = false;
			ncsi_resume(mc.n);
		}
		assert_int_equal(mc.nout, 1);
		a = mc_answer(&mc, 0x50, 0);
		assert_int_equal(a.code, 0);
		handle = get32(a.data + 8);
		for (unsigned int i = part ? 16 : 20; i < a.len - (a.data[13] & 4 ? 4 : 0); i++)
			assert_int_equal(a.data[i], dump_byte(got++));
	}
	assert_int_equal(got, 4000);
	assert_int_equal(mc.dumps, 1);
	/* one that is lost on the way */
	mc_ok(&mc, 0x50, 0, p, debug_request(p, 0, 1, 0));
	mc.dump_lost = true;
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 2, 0, 0), 1, 6);
	mc.dump_lost = false;
	mc_fails(&mc, 0x50, 0, p, debug_request(p, 2, 0, 0), 1, 2);
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

/* ---- answers that take time ---- */

static size_t send_only(uint8_t *f, uint8_t type, uint8_t chan, const void *p, size_t len)
{
	size_t n;

	mc.nout = 0;
	mc.iid++;
	n = mc_build(&mc, f, type, chan, p, len);
	ncsi_input(mc.n, f, n);
	return n;
}

static void an_answer_may_come_later(void **state)
{
	static const struct { uint8_t type, chan, len; } cmds[] = {
		{ 0x48, 0x1f, 4 }, { 0x4a, 0, 8 }, { 0x51, 0, 11 }, { 0x56, 0x1f, 11 }, { 0x57, 0, 0 },
	};
	uint8_t f[NCSI_FRAME_MAX];
	struct answer a;
	size_t n;

	(void)state;
	mc_configure(&mc, 0);
	mc.pldm_len = 11;
	for (unsigned int i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		bool data = cmds[i].type == 0x51 || cmds[i].type == 0x57;
		uint64_t retries = ncsi_stats(mc.n, 0)->retries + ncsi_package_stats(mc.n)->retries;

		mc.later = true;
		mc.asked = 0;
		n = send_only(f, cmds[i].type, cmds[i].chan, "\x81\2\x11\1\0\0", data ? 6 : 0);
		assert_int_equal(mc.nout, 0);
		ncsi_input(mc.n, f, n);			/* a repetition waits too, and is not carried out */
		ncsi_input(mc.n, f, n);
		assert_int_equal(mc.nout, 0);
		assert_int_equal(mc.asked, 1);
		ncsi_resume(mc.n);			/* not yet */
		assert_int_equal(mc.asked, 2);
		assert_int_equal(mc.nout, 0);
		ncsi_link_changed(mc.n, 1);
		mc.later = false;
		ncsi_resume(mc.n);
		assert_int_equal(mc.nout, 1);
		a = mc_answer(&mc, cmds[i].type, cmds[i].chan);
		assert_int_equal(a.code, 0);
		assert_int_equal(a.len, cmds[i].len);
		assert_int_equal(mc.asked, 3);
		ncsi_resume(mc.n);			/* nobody waits */
		assert_int_equal(mc.nout, 1);
		ncsi_input(mc.n, f, n);			/* and now the answer again */
		assert_int_equal(mc.nout, 2);
		assert_int_equal(mc.asked, 3);
		assert_int_equal(ncsi_stats(mc.n, 0)->retries + ncsi_package_stats(mc.n)->retries, retries + 3);
	}
	assert_int_equal(ncsi_stats(mc.n, 0)->given_up, 0);
}

static void a_bmc_that_waits_no_longer(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	uint64_t up;

	(void)state;
	mc_configure(&mc, 0);
	mc.pldm_len = 11;
	mc.later = true;
	send_only(f, 0x51, 0, "\x81\2\x11", 3);
	mc_ok(&mc, 0x0a, 0, NOTHING);
	assert_int_equal(ncsi_stats(mc.n, 0)->given_up, 1);
	mc.later = false;
	mc.asked = 0;
	ncsi_resume(mc.n);
	assert_int_equal(mc.nout, 1);
	assert_int_equal(mc.asked, 0);
	mc.later = true;
	send_only(f, 0x51, 0, "\x81\2\x11", 3);
	ncsi_restart(mc.n);
	mc.later = false;
	up = mc.nout;
	ncsi_resume(mc.n);
	assert_int_equal(mc.nout, up);
	assert_int_equal(mc.asked, 1);
}

/* The answer selects the package, and what waited for that comes after it */
static void aens_follow_a_late_answer(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];

	(void)state;
	mc_configure(&mc, 0);
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	mc.link[0].up = false;
	ncsi_link_changed(mc.n, 0);
	mc.later = true;
	send_only(f, 0x48, 0x1f, NULL, 0);
	assert_int_equal(mc.nout, 0);
	mc.later = false;
	ncsi_resume(mc.n);
	assert_int_equal(mc.nout, 2);
	assert_int_equal(mc.out[0].f[18], 0xc8);
	assert_int_equal(mc.out[1].f[18], 0xff);
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

/* ---- retries ---- */

static void a_retry_is_answered_and_not_carried_out(void **state)
{
	uint8_t f[NCSI_FRAME_MAX], p[20];
	struct mc_frame first;
	size_t len;

	(void)state;
	mc_configure(&mc, 0);
	mc.dump_size = 5000;
	mc_ok(&mc, 0x50, 0, p, debug_request(p, 0, 1, 0));
	mc.nout = 0;
	mc.iid++;
	len = mc_build(&mc, f, 0x50, 0, p, debug_request(p, 2, 0, 0));
	ncsi_input(mc.n, f, len);
	first = mc.out[0];
	ncsi_input(mc.n, f, len);
	ncsi_input(mc.n, f, len);
	assert_int_equal(mc.nout, 3);
	for (unsigned int i = 1; i < 3; i++) {
		assert_int_equal(mc.out[i].len, first.len);
		assert_memory_equal(mc.out[i].f, first.f, first.len);
	}
	assert_int_equal(st()->retries, 2);
	assert_int_equal(mc.events[NCSI_EV_RETRY], 2);
	mc_ok(&mc, 0x50, 0, p, debug_request(p, 3, 0, 0));	/* the dump went on by one part only */
}

static void what_differs_is_not_a_retry(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len;

	(void)state;
	mc_configure(&mc, 0);
	len = mc_build(&mc, f, 0x0b, 0, BYTES(0, 0, 0, 1, 0, 0, 1, 1));
	ncsi_input(mc.n, f, len);
	len = mc_build(&mc, f, 0x0b, 0, BYTES(0, 0, 0, 1, 0, 0, 2, 1));	/* same instance id, other payload */
	ncsi_input(mc.n, f, len);
	assert_int_equal(get16(mc_cmd(&mc, 0x17, 0, NOTHING).data + 6), 3);
	assert_int_equal(st()->retries, 0);
}

static void events_are_seen_without_new_instance_ids(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len;

	(void)state;
	mc_configure(&mc, 0);
	mc_ok(&mc, 0x08, 0, BYTES(0, 0, 0, 0, 0, 0, 0, 0));
	len = mc_build(&mc, f, 0x0a, 0, NOTHING);
	mc.nout = 0;
	ncsi_input(mc.n, f, len);
	mc.link[0].up = false;
	ncsi_link_changed(mc.n, 0);
	ncsi_input(mc.n, f, len);
	assert_int_equal(mc.nout, 2);
	assert_int_equal(get32(mc.out[0].f + 34) & 1, 1);
	assert_int_equal(get32(mc.out[1].f + 34) & 1, 0);
}

/* ---- AENs ---- */

/* The AEN in out[@i]: its payload */
static const uint8_t *aen_at(unsigned int i, unsigned int type, unsigned int len)
{
	const uint8_t *f = mc.out[i].f;

	assert_true(i < mc.nout);
	assert_int_equal(f[14], MC_ID);
	assert_int_equal(f[17], 0);
	assert_int_equal(f[18], 0xff);
	assert_int_equal(f[19], PKG_ID << 5);
	assert_int_equal(get16(f + 20), len);
	assert_int_equal(get32(f + 30), type);
	return f + 34;
}

static void aens_tell_of_events(void **state)
{
	(void)state;
	mc_configure(&mc, 0);
	mc.link[0].up = false;
	ncsi_link_changed(mc.n, 0);
	mc.link[0].up = true;
	ncsi_link_changed(mc.n, 0);
	mc.host[0] = true;
	ncsi_host_changed(mc.n, 0);
	mc.host[0] = false;
	ncsi_host_changed(mc.n, 0);
	assert_int_equal(get32(aen_at(0, 0, 12)), 0x00100000);
	assert_int_equal(get32(aen_at(1, 0, 12)), 0x0010001b);
	assert_int_equal(get32(aen_at(1, 0, 12) + 4), 0);
	assert_int_equal(get32(aen_at(2, 2, 8)), 1);
	assert_int_equal(get32(aen_at(3, 2, 8)), 0);
	assert_int_equal(mc.nout, 4);
	assert_int_equal(st()->aens, 4);
	ncsi_restart(mc.n);
	aen_at(4, 1, 4);
	assert_int_equal(mc.nout, 5);
	assert_int_equal(st()->aens, 5);
	assert_int_equal(st()->aens_link, 2);
	assert_int_equal(st()->aens_config, 1);
	assert_int_equal(st()->aens_host, 2);
	assert_true(ncsi_initial(mc.n, 0));
	assert_false(ncsi_selected(mc.n));
}

static void every_event(void)
{
	mc.nout = 0;
	ncsi_link_changed(mc.n, 0);
	ncsi_host_changed(mc.n, 0);
}

static void aens_need_to_be_wanted(void **state)
{
	(void)state;
	every_event();
	assert_int_equal(mc.nout, 0);		/* Initial State */
	for (uint8_t on = 0; on < 8; on++) {
		mc_configure(&mc, 0);
		mc_ok(&mc, 0x08, 0, BYTES(0, 0, 0, MC_ID, 0, 0, 0, on));
		every_event();
		assert_int_equal(mc.nout, (on & 1) + (on >> 2 & 1));
		mc.nout = 0;
		ncsi_restart(mc.n);
		assert_int_equal(mc.nout, on >> 1 & 1);
	}
	mc_configure(&mc, 0);
	mc_ok(&mc, 0x04, 0, BYTES(0, 0, 0, 1));
	every_event();
	assert_int_equal(mc.nout, 0);		/* channel disabled */
	mc_ok(&mc, 0x03, 0, NOTHING);
	assert_int_equal(mc.nout, 1);		/* and they are not made up for */
}

static void aens_wait_for_the_selection(void **state)
{
	(void)state;
	mc_configure(&mc, 0);
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	mc.nout = 0;
	for (unsigned int i = 0; i < 5; i++)
		ncsi_link_changed(mc.n, 0);
	ncsi_host_changed(mc.n, 0);
	mc.link[0].up = false;
	ncsi_link_changed(mc.n, 0);
	assert_int_equal(mc.nout, 0);
	mc_ok(&mc, 0x01, 0x1f, BYTES(0, 0, 0, 1));
	assert_int_equal(mc.nout, 3);		/* behind the answer, the latest of each kind */
	assert_int_equal(get32(aen_at(1, 0, 12)), 0x00100000);
	aen_at(2, 2, 8);
	mc_ok(&mc, 0x01, 0x1f, BYTES(0, 0, 0, 1));
	assert_int_equal(mc.nout, 1);		/* once */

	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	ncsi_link_changed(mc.n, 0);
	mc_ok(&mc, 0x08, 0, BYTES(0, 0, 0, MC_ID, 0, 0, 0, 4));	/* selects, and does not want it any more */
	assert_int_equal(mc.nout, 1);
	mc_ok(&mc, 0x02, 0x1f, NOTHING);
	ncsi_host_changed(mc.n, 0);
	mc_ok(&mc, 0x04, 0, BYTES(0, 0, 0, 0));
	assert_int_equal(mc.nout, 1);
}

static void restart_forgets_everything(void **state)
{
	uint8_t f[NCSI_FRAME_MAX];
	size_t len;

	(void)state;
	mc_configure(&mc, 0);
	mc.iid++;
	len = mc_build(&mc, f, 0x0a, 0, NOTHING);
	ncsi_input(mc.n, f, len);
	ncsi_restart(mc.n);
	mc.nout = 0;
	ncsi_input(mc.n, f, len);		/* no answer from before */
	assert_int_equal(mc_answer(&mc, 0x0a, 0).reason, 1);
	assert_false(ncsi_tx_enabled(mc.n, 0));
	mc_configure(&mc, 0);			/* and Linux finds its way back */
	assert_true(ncsi_tx_enabled(mc.n, 0));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(checksum_of_a_worked_example),
		TEST(bad_checksum_is_dropped_and_counted),
		TEST(zero_checksum_is_none),
		TEST(source_address_is_not_looked_at),
		TEST(frames_that_are_no_command_are_dropped),
		TEST(another_package_is_not_ours),
		TEST(mc_and_instance_id_come_back),
		TEST(every_length_but_the_right_ones_is_refused),
		TEST(unknown_types_are_unsupported),
		TEST(initial_state_refuses_what_it_must),
		TEST(answers_have_the_length_of_their_row),
		TEST(channels_that_are_not_there),
		TEST(four_channels_are_apart),
		TEST(clear_initial_state_on_a_live_channel_changes_nothing),
		TEST(any_command_but_deselect_selects),
		TEST(enables_are_independent),
		TEST(reset_channel_is_the_initial_state),
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
		TEST(mc_mac_address),
		TEST(oem_of_others_is_unsupported),
		TEST(debug_data_of_every_length),
		TEST(debug_data_errors),
		TEST(pldm_is_passed_on),
		TEST(an_answer_may_come_later),
		TEST(a_bmc_that_waits_no_longer),
		TEST(aens_follow_a_late_answer),
		TEST(the_transceiver_is_asked_for),
		TEST(a_dump_may_come_later),
		TEST(longest_answer_fits),
		TEST(a_retry_is_answered_and_not_carried_out),
		TEST(what_differs_is_not_a_retry),
		TEST(events_are_seen_without_new_instance_ids),
		TEST(aens_tell_of_events),
		TEST(aens_need_to_be_wanted),
		TEST(aens_wait_for_the_selection),
		TEST(restart_forgets_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
