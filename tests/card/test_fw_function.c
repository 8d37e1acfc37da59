// SPDX-License-Identifier: GPL-2.0-or-later
/* The firmware on a computer of its own, through the mailbox: computers that come, go, sleep and are mad */
#include "../../src/loop/loop.h"
#include "fw_computer.h"

static void every_request_is_answered(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(fw_home_phase(home), FW_READY);
	requests_are_answered();
	assert_int_equal(counter("fw_function_refused"), 0);
	host_idle(&ip->h, SEC);
	assert_false(fw_host_here(pc.fw, 0));
	assert_int_equal(counter("fw_host_gone"), 1);
	unplug();
}

static void the_driver_waits_for_the_computer(void **st)
{
	(void)st;
	plug(3000);
	assert_int_equal(fw_home_phase(home), FW_OFF);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), -ETIMEDOUT);
	computer_boot();
	assert_int_equal(fw_home_phase(home), FW_STARTING);
	assert_int_equal(drv_fw_open(&m, &ip->h, 10 * SEC), 0);
	assert_in_range(fwh_uptime(&m), 3000, 3100);
	assert_int_equal(restarts, 1);
	unplug();
}

static void update_and_power(void **st)
{
	struct fw_in in;

	(void)st;
	plug(0);
	computer_boot();
	updates_with_power();
	/* another computer is power too */
	assert_int_equal(fwh_flash(&m, FW_SECTION_CONTROL, img,
				   fwh_image(img, FW_SECTION_CONTROL, FW_VERSION(28, 0, 0, 1), 5000), ~0u), 0);
	computer_dies();
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), FW_VERSION(28, 0, 0, 1));
	unplug();
}

static void a_reset_in_the_middle_of_an_update(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	updates_after_a_reset();
	unplug();
}

static void crash_and_hang_under_a_driver(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	for (unsigned int i = 0; i < 20; i++) {
		host_idle(&ip->h, SEC);
		fwh_uptime(&m);
		assert_int_equal(i % 2 ? fw_home_hang(home) : fw_home_crash(home, "test"), 0);
		assert_int_equal(fw_home_restart(home), -EBUSY);
		goes_on_after(i % 2);
	}
	assert_int_equal(counter("fw_crashes"), 20);
	assert_int_equal(m.errors, 0);
	unplug();
}

/* The driver's rings stay where they are, nothing answers, and the next computer goes on with them */
static void the_computer_dies_under_a_driver(void **st)
{
	uint8_t b[4096];

	(void)st;
	plug(0);
	for (unsigned int i = 0; i < 10; i++) {
		struct fw_in in;

		computer_boot();
		if (!i)
			assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
		else
			fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);	/* asked while there was nobody */
		fwh_send(&m, MSG_OWNERSHIP_REQ, 0, NULL);
		fwh_expect(&m, MSG_OWNERSHIP_RESP, &in);
		host_idle(&ip->h, 100 * SEC);
		assert_true(fwh_uptime(&m) > 1);
		if (i % 3 == 1)
			fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);	/* and it does not even look */
		computer_dies();
		assert_int_equal(fw_home_phase(home), FW_OFF);
		assert_false(fw_home_host_owns(home, 0));
		assert_int_equal(fw_home_crash(home, "no"), -EBUSY);
		assert_int_equal(fw_home_hang(home), -EBUSY);
		assert_int_equal(fw_home_restart(home), -EBUSY);
		assert_int_equal(counter("fw_messages_in"), 0);
		if (i % 3 != 1)
			fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
		assert_int_equal(drv_fw_recv(&m, b, 20 * SEC), -ETIMEDOUT);
	}
	assert_int_equal(m.errors, 0);
	assert_int_equal(restarts, 10);
	unplug();
}

/* A driver that comes, goes and comes while the firmware sleeps, with the odd interrupt that is not for it */
static void a_slow_computer(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	for (unsigned int i = 0; i < 60; i++) {
		struct fw_in in;

		assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
		for (unsigned int k = 0; k < i % 17; k++)
			fwh_uptime(&m);
		pc.asleep = true;
		for (unsigned int k = 0; k < i % 3; k++)
			fwh_send(&m, MSG_TSENE_READ_REQ, 0, NULL);
		if (i % 2)
			drv_fw_close(&m);
		if (i % 5 == 4) {
			host_reset(&ip->h);
			assert_int_equal(host_enable(&ip->h), 0);
		}
		if (i % 4 == 3) {
			/* an interrupt meant for what was before: the driver takes it for an answer */
			card_fw_irq(ip->card);
			assert_int_equal(drv_fw_open(&m, &ip->h, SEC / 10), -ETIMEDOUT);
			card_fw_irq(ip->card);
		}
		pc.asleep = false;
		host_idle(&ip->h, i % 7 ? SEC / 100 : 1);
		if (i % 6 == 0) {
			assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
			fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
			fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
		}
	}
	assert_int_equal(m.errors, 0);
	unplug();
}

/* The driver takes an old interrupt for "ready" and posts its rings before the firmware has looked */
static void the_rings_are_posted_before_the_firmware_looks(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	for (unsigned int i = 0; i < 40; i++) {
		struct fw_in in;

		assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
		for (unsigned int k = 0; k < i % 16; k++)
			fwh_uptime(&m);
		pc.asleep = true;
		drv_fw_close(&m);
		memset(m.head, 0, sizeof(m.head));
		memset(m.tail, 0, sizeof(m.tail));
		csr_wr(&ip->h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
		csr_wr(&ip->h, PUL_OB_TLP_HDR_AR_CFG, PUL_BME);
		for (unsigned int d = 0; d < 15; d++) {
			host_wr(&ip->h, 4, 0x18000 + 8 * d + 4, 4096u << 16 | (uint32_t)(m.page[0][d] >> 32));
			host_wr(&ip->h, 4, 0x18000 + 8 * d, (uint32_t)m.page[0][d] | 1);
		}
		host_wr(&ip->h, 4, 0x18000 + 8 * 15, 0);
		m.tail[0] = 15;
		fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
		pc.asleep = false;
		fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
		fwh_uptime(&m);
	}
	assert_int_equal(m.errors, 0);
	unplug();
}

static void ask(unsigned int id, unsigned int resp, unsigned int n, const uint32_t (*attr)[2], struct fw_in *in)
{
	fwh_send(&m, id, n, attr);
	fwh_expect(&m, resp, in);
}

/* Everything that others tell the home arrives */
static void module_sensors_fuses_bmc_link(void **st)
{
	static const uint32_t page0[][2] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 3, 1 } };
	const struct fw_module cmis = { FW_MODULE_CMIS, 41000, 3285, 7600, 1200000, 700000 };
	const uint8_t mac[2][6] = { { 2, 9, 9, 9, 9, 1 }, { 2, 9, 9, 9, 9, 2 } };
	struct fw_in in;

	(void)st;
	plug(0);
	fw_home_set_otp(home, 5, 6);		/* before there is anybody */
	computer_boot();
	assert_int_equal(card_fw_read(ip->card, 0x21d), 5);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	ask(MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP, 4, page0, &in);
	assert_int_equal(in.a[5].p[0], 0x11);
	fw_home_set_module(home, 0, &cmis);
	host_idle(&ip->h, SEC);
	ask(MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP, 4, page0, &in);
	assert_int_equal(in.a[5].p[0], 0x18);
	fw_home_set_otp(home, 0, 0x77);
	host_idle(&ip->h, SEC);
	assert_int_equal(card_fw_read(ip->card, 0x21d), 0);
	assert_int_equal(card_fw_read(ip->card, 0x21e), 0x77);
	host_reset(&ip->h);
	assert_int_equal(card_fw_read(ip->card, 0x21e), 0);
	host_idle(&ip->h, SEC);
	assert_int_equal(card_fw_read(ip->card, 0x21e), 0x77);

	assert_int_equal(host_enable(&ip->h), 0);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fw_home_board(home)->temp = 61000;
	fw_home_board(home)->temp_fixed = true;
	fw_home_sensors(home);
	ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
	assert_int_equal(tlv_sint(&in.a[0]), 61000);
	fwh_caps(&m, &in);
	assert_null(in.a[CAP_BMC_PRESENT].p);
	assert_int_equal(fw_home_bmc_set(home, 0, 2, mac, true), 0);
	fwh_expect(&m, MSG_FW_CAP_RESP, &in);	/* unasked */
	assert_non_null(in.a[CAP_BMC_PRESENT].p);
	assert_int_equal(tlv_uint(&in.a[CAP_BMC_ALL_MULTI]), 1);
	assert_int_equal(csr_rd(&ip->h, 0x08b80), 0x0901);	/* the firmware wrote the card's table */

	fwh_send(&m, MSG_OWNERSHIP_REQ, 0, NULL);	/* release what it never took: nothing */
	fwh_expect(&m, MSG_OWNERSHIP_RESP, &in);
	assert_int_equal(owner, -1);
	{
		struct tlv_buf t;
		uint8_t b[64];

		tlv_begin(&t, b, sizeof(b), MSG_OWNERSHIP_REQ);
		tlv_put_flag(&t, OWN_FLAG);
		assert_int_equal(drv_fw_send(&m, b, (size_t)tlv_end(&t)), 0);
	}
	fwh_expect(&m, MSG_OWNERSHIP_RESP, &in);
	assert_int_equal(owner, 1);
	assert_true(fw_home_host_owns(home, 0));
	card_set_link(ip->card, false);
	card_set_link(ip->card, true);
	host_idle(&ip->h, SEC);
	assert_true(pc.fw && counter("fw_log_entries") > 3);
	assert_int_equal(counter("fw_function_refused"), 0);
	unplug();
}

/* Faults travel, strike as often as was asked, and are seen to become fewer */
static void faults(void **st)
{
	struct fw_in in;
	uint32_t left;

	(void)st;
	plug(0);
	assert_true(fw_home_set_fault(home, FW_FAULT_SENSOR, 2) < 0);	/* nobody is there */
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_int_equal(fw_home_set_fault(home, FW_FAULT_SENSOR, 2), 0);
	for (uint32_t n = 2; n; n--) {
		assert_int_equal(fw_home_fault(home, FW_FAULT_SENSOR, &left), 0);
		assert_int_equal(left, n);
		ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
		assert_true(tlv_sint(&in.a[TSENE_ERROR]) != 0);
	}
	ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
	assert_null(in.a[TSENE_ERROR].p);
	assert_int_equal(fw_home_fault(home, FW_FAULT_SENSOR, &left), 0);
	assert_int_equal(left, 0);
	assert_int_equal(counter("fw_faults"), 2);
	assert_int_equal(fw_home_set_fault(home, FW_FAULT_TEST, 5), 0);
	assert_int_equal(fw_home_set_fault(home, FW_FAULT_TEST, 0), 0);	/* taken back */
	host_idle(&ip->h, SEC);
	assert_int_equal(fw_home_fault(home, FW_FAULT_TEST, &left), 0);
	assert_int_equal(left, 0);
	unplug();
}

/* What a message is to be changed into travels with it */
static void garbled_messages(void **st)
{
	static const struct fw_garble g = { MSG_TSENE_READ_RESP, FW_GARBLE_VALUE, TSENE_VOLT, -70000 };
	static const struct fw_garble none = { MSG_TSENE_READ_REQ, FW_GARBLE_VALUE, TSENE_VOLT, 1 };
	struct fw_in in;
	uint32_t left;

	(void)st;
	plug(0);
	assert_int_equal(fw_home_set_garble(home, &g, 1), -EBUSY);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_int_equal(fw_home_set_garble(home, &none, 1), -EINVAL);
	assert_int_equal(fw_home_set_garble(home, &g, 1), 0);
	ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
	assert_int_equal(tlv_sint(&in.a[TSENE_VOLT]), -70000);
	ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
	assert_true(tlv_sint(&in.a[TSENE_VOLT]) > 0);
	assert_int_equal(fw_home_fault(home, FW_FAULT_GARBLE, &left), 0);
	assert_int_equal(left, 0);
	unplug();
}

/* Tracing off: only refusals travel; on: all */
static void traces_when_wanted(void **st)
{
	uint64_t before;

	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_false(pc.r.trace);
	fwh_send(&m, 0x7f, 0, NULL);
	host_idle(&ip->h, SEC);
	assert_int_equal(refusals_told, 1);
	assert_int_equal(counter("fw_refused_msg_unknown"), 1);
	before = pc.runs;
	host_idle(&ip->h, 1000 * SEC);
	host_idle(&ip->h, 1000 * SEC);
	assert_int_equal(pc.runs, before);	/* nothing to do: it sleeps */
	fw_home_trace(home, true);
	host_idle(&ip->h, SEC);
	assert_true(pc.r.trace);
	unplug();
}

/* A processor gone mad, with a real card and a host at work; the next one finds all in order */
static void a_mad_processor(void **st)
{
	uint32_t s = 0x5eed0003;

	(void)st;
	plug(0);
	computer_connect();
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t own = HOST_MEM_BASE + rnd(&s) % (1 << 21), host = HOST_MEM_BASE + rnd(&s) % (1 << 21);

		switch (rnd(&s) % 8) {
		case 0:
			host_wr(pc.h, 4, rnd(&s) % (MGMT_WINDOW + MGMT_WINDOW_SIZE) & ~3u, rnd(&s));
			break;
		case 1:
			host_wr(pc.h, 4, MGMT_WINDOW + 0x18000 + (rnd(&s) % 256 & ~3u), rnd(&s) % 2 ? rnd(&s) : rnd(&s) % 4);
			break;
		case 2:
			host_wr(pc.h, 0, rnd(&s) % 0x200 & ~3u, rnd(&s) % 2 ? rnd(&s) % 8192 : rnd(&s));
			break;
		case 3:
			host_wr(pc.h, 4, 0x31000 * 4 + (rnd(&s) % 0x400 & ~3u), rnd(&s));	/* DMA gates among them */
			break;
		default:
			host_wr(pc.h, 0, M_HOST_ADDR, (uint32_t)host);
			host_wr(pc.h, 0, M_HOST_ADDR + 4, (uint32_t)(host >> 32));
			host_wr(pc.h, 0, M_OWN_ADDR, (uint32_t)own);
			host_wr(pc.h, 0, M_OWN_ADDR + 4, (uint32_t)(own >> 32));
			host_wr(pc.h, 0, M_FLASH_OFFSET, rnd(&s) % (FW_FLASH_SIZE + 4096));
			host_wr(pc.h, 0, M_LENGTH, rnd(&s) % 4200);
			host_wr(pc.h, 0, M_COMMAND, rnd(&s) % 9);
		}
		if (!(i % 64))
			host_idle(&ip->h, 1000);
	}
	assert_int_equal(host_rd(pc.h, 0, M_ID), 0x314d4246);
	assert_true(counter("fw_function_refused") > 100);
	assert_in_range(lines_told, 1, 100);		/* of thousands */
	computer_dies();
	card_reset(ip->card, CARD_RESET_POWER);
	assert_int_equal(host_enable(&ip->h), 0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_uptime(&m);
	unplug();
}

static void a_path_that_can_t_be(void **st)
{
	const struct card_config cc = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .vectors = 4 };
	struct fw_home_config cfg;
	struct loop *loop = loop_new();
	char err[200] = "";

	(void)st;
	ip = host_new_inproc(&cc, 1 << 20);
	fw_home_config_default(&cfg);
	assert_null(fw_function_new(ip->card, &(struct card_env){ .ctx = ip, .now = card_now }, &cfg,
				    "/nowhere/at/all", loop_wire(loop), err, sizeof(err)));
	assert_true(strlen(err) > 5);
	loop_free(loop);
	host_free(&ip->h);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_request_is_answered),
		cmocka_unit_test(the_driver_waits_for_the_computer),
		cmocka_unit_test(update_and_power),
		cmocka_unit_test(a_reset_in_the_middle_of_an_update),
		cmocka_unit_test(crash_and_hang_under_a_driver),
		cmocka_unit_test(the_computer_dies_under_a_driver),
		cmocka_unit_test(a_slow_computer),
		cmocka_unit_test(the_rings_are_posted_before_the_firmware_looks),
		cmocka_unit_test(module_sensors_fuses_bmc_link),
		cmocka_unit_test(faults),
		cmocka_unit_test(garbled_messages),
		cmocka_unit_test(traces_when_wanted),
		cmocka_unit_test(a_mad_processor),
		cmocka_unit_test(a_path_that_can_t_be),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
