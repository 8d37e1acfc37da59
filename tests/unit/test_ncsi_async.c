/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the NC-SI controller sends when it is ready: answers that take time, and AENs. */
#include "ncsi_fake.h"

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

#define TEST(f)	cmocka_unit_test_setup_teardown(f, mc_setup, mc_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_may_come_later),
		TEST(a_bmc_that_waits_no_longer),
		TEST(a_dump_may_come_later),
		TEST(aens_follow_a_late_answer),
		TEST(aens_tell_of_events),
		TEST(aens_need_to_be_wanted),
		TEST(aens_wait_for_the_selection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
