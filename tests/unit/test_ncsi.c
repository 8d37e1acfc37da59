/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NC-SI controller: frames, what holds for every command, states, retries. */
#include "ncsi_fake.h"

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

#define TEST(f)	cmocka_unit_test_setup_teardown(f, mc_setup, mc_teardown)

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
		TEST(restart_forgets_everything),
		TEST(a_retry_is_answered_and_not_carried_out),
		TEST(what_differs_is_not_a_retry),
		TEST(events_are_seen_without_new_instance_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
