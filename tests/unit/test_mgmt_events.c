// SPDX-License-Identifier: GPL-2.0-or-later
/* What the management processor hears: events and their interrupt, its life, faults, and what the BMC asks */
#include "mgmt_fake.h"

static void which_writes_of_the_host_are_events(void **st)
{
	static const struct { unsigned int word; uint32_t val, ev; } t[] = {
		{ 0x5fff, 3, 0 }, { 0x6000, 0, EV_RX }, { 0x6000, 3, EV_RX | EV_TAKEN }, { 0x6001, 3, 0 },
		{ 0x601e, 0x1001, EV_RX }, { 0x601f, 0, 0 }, { 0x6020, 3, EV_TX }, { 0x6021, 0, 0 },
		{ 0x603e, 1, EV_TX }, { 0x603f, 1, 0 }, { 0x6040, 3, 0 }, { 0, 3, 0 }, { 0x7fff, 3, 0 }, { ~0u, 3, 0 },
	};

	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		wr(M_EVENT, ~0u);
		mgmt_host_wrote(m, t[i].word, t[i].val);
		assert_int_equal(rd(M_EVENT), t[i].ev);
	}
}

/* However many come: the state is whole, and who sleeps after clearing one is woken for the others */
static void events_are_never_lost(void **st)
{
	const struct fw_module optic = { FW_MODULE_OPTIC, 38500, 3290, 7200, 1100000, 700000 };
	const uint8_t mac[5][6] = { { 2, 1, 2, 3, 4, 5 }, { 2, 6, 7, 8, 9, 10 } };

	(void)st;
	mgmt_listen();
	f.own_irqs = 0;
	for (unsigned int i = 0; i < 1000; i++) {
		mgmt_host_wrote(m, 0x6000, 1);
		mgmt_link(m, i % 2);
		mgmt_set_module(m, i % 2 ? &optic : &cfg.host[0].module);
		mgmt_set_otp(m, i, i + 1);
		mgmt_sensors(m);
		mgmt_trace(m, i % 2);
		assert_int_equal(mgmt_bmc_set(m, i % 3, mac, i % 2), 0);
		mgmt_host_reset(m);
	}
	assert_int_equal(f.own_irqs, 1);
	assert_int_equal(rd(M_EVENT), EV_RX | EV_LINK | EV_MODULE | EV_OTP | EV_SENSOR | EV_TRACE | EV_BMC | EV_RESET);
	assert_int_equal(rd(M_LINK), 3);
	assert_int_equal(rd(M_MODULE), FW_MODULE_OPTIC);
	assert_int_equal(rd(M_MODULE + 20), 700000);
	assert_int_equal(rd(M_OTP + 4), 1000);
	assert_int_equal(rd(M_TRACE), 1);
	assert_int_equal(rd(M_BMC), 0x100);
	wr(M_EVENT, EV_RX);
	assert_int_equal(f.own_irqs, 2);
	wr(M_EVENT, ~0u);
	assert_int_equal(f.own_irqs, 2);
	assert_int_equal(mgmt_bmc_set(m, 2, mac, false), 0);
	assert_int_equal(f.own_irqs, 3);
	assert_int_equal(rd(M_BMC_MAC), 0x03020102);
	assert_int_equal(rd(M_BMC_MAC + 4), 0x0504);
	assert_int_equal(rd(M_BMC_MAC + 8), 0x08070602);
	assert_int_equal(mgmt_bmc_set(m, 5, mac, false), -FW_EINVAL);
	assert_int_equal(rd(M_BMC), 2);
}

/* Not enabled, masked, not a master: it waits or, without MSI-X, is dropped as in the card */
static void the_interrupt_waits(void **st)
{
	(void)st;
	mgmt_listen();
	f.own_irqs = 0;
	wr(M_EVENT_ENABLE, EV_TX);
	mgmt_host_wrote(m, 0x6000, 1);
	assert_int_equal(f.own_irqs, 0);
	wr(M_EVENT_ENABLE, EV_RX);
	assert_int_equal(f.own_irqs, 1);
	wr(M_EVENT, ~0u);

	mgmt_msix_mask(m, 0, true);
	mgmt_host_wrote(m, 0x6000, 1);
	assert_int_equal(mgmt_bar_read(m, 2, MGMT_PBA), 1);
	assert_int_equal(mgmt_bar_read(m, 2, 12), 1);
	assert_int_equal(f.own_irqs, 1);
	mgmt_msix_mask(m, 1, false);
	assert_int_equal(f.own_irqs, 1);
	mgmt_bar_write(m, 2, 12, 0);
	assert_int_equal(f.own_irqs, 2);
	assert_int_equal(mgmt_bar_read(m, 2, MGMT_PBA), 0);
	wr(M_EVENT, ~0u);

	mgmt_cfg_write(m, MSIX, 2, 0xc000);
	mgmt_host_wrote(m, 0x6000, 1);
	assert_int_equal(f.own_irqs, 2);
	mgmt_cfg_write(m, MSIX, 2, 0x8000);
	assert_int_equal(f.own_irqs, 3);
	wr(M_EVENT, ~0u);

	mgmt_cfg_write(m, MSIX, 2, 0);
	mgmt_host_wrote(m, 0x6000, 1);
	mgmt_cfg_write(m, MSIX, 2, 0x8000);
	assert_int_equal(f.own_irqs, 3);
	mgmt_bar_write(m, 2, 16, 1);
	mgmt_bar_write(m, 2, MGMT_PBA, 1);
	assert_int_equal(mgmt_refused(m), 2);
	mgmt_bar_write(m, 2, 0, 0xfee00000);
	assert_int_equal(mgmt_bar_read(m, 2, 0), 0xfee00000);
}

static void life_one_thing_at_a_time(void **st)
{
	static const struct { enum fw_phase p; bool crash, hang, restart; } may[] = {
		{ FW_OFF, false, false, false }, { FW_BOOTLOADER, false, false, true }, { FW_STARTING, true, true, true },
		{ FW_READY, true, true, true }, { FW_CRASHED, false, false, true }, { FW_HUNG, true, false, true },
	};

	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < FW_NPHASES; i++) {
		wr(M_PHASE, may[i].p);
		assert_int_equal(mgmt_life(m, LIFE_CRASH), may[i].crash ? 0 : -FW_EBUSY);
		wr(M_LIFE, LIFE_CRASH);
		assert_int_equal(mgmt_life(m, LIFE_HANG), may[i].hang ? 0 : -FW_EBUSY);
		wr(M_LIFE, LIFE_HANG);
		assert_int_equal(mgmt_life(m, LIFE_RESTART), may[i].restart ? 0 : -FW_EBUSY);
		wr(M_LIFE, LIFE_RESTART);
		assert_int_equal(rd(M_LIFE), 0);
	}
	wr(M_PHASE, FW_READY);
	assert_int_equal(mgmt_life(m, LIFE_CRASH), 0);
	assert_int_equal(mgmt_life(m, LIFE_RESTART), -FW_EBUSY);
	wr(M_EVENT, ~0u);
	assert_int_equal(mgmt_life(m, LIFE_POWER), 0);		/* does not wait */
	assert_int_equal(rd(M_LIFE), LIFE_POWER);
	assert_true(rd(M_EVENT) & EV_LIFE);
	wr(M_LIFE, LIFE_CRASH);					/* done with what is not wanted any more */
	assert_int_equal(rd(M_LIFE), LIFE_POWER);
	mgmt_reset(m);
	mgmt_cfg_write(m, 4, 2, 6);
	assert_int_equal(rd(M_LIFE), 0);
	assert_int_equal(mgmt_life(m, LIFE_POWER), 0);		/* it is off: power is on when one boots */
	assert_int_equal(rd(M_LIFE), 0);
}

static void faults_are_asked_of_a_firmware(void **st)
{
	(void)st;
	mgmt_listen();
	assert_int_equal(mgmt_set_fault(m, FW_FAULT_SENSOR, 3), -FW_EBUSY);	/* there is none */
	wr(M_PHASE, FW_READY);
	wr(M_EVENT, ~0u);
	wr(M_FAULT_LEFT + 4 * FW_FAULT_SENSOR, 1);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 1);
	assert_int_equal(mgmt_set_fault(m, FW_FAULT_SENSOR, 3), 0);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 3);		/* as it will be */
	assert_int_equal(rd(M_EVENT), EV_FAULT);
	assert_int_equal(rd(M_FAULT_SET), 1u << FW_FAULT_SENSOR);
	assert_int_equal(rd(M_FAULT + 4 * FW_FAULT_SENSOR), 3);
	wr(M_FAULT_SET, ~0u);
	assert_int_equal(rd(M_FAULT_SET), 0);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 1);
	mgmt_reset(m);
	assert_int_equal(mgmt_fault(m, FW_FAULT_SENSOR), 0);
}

/* ---- what the BMC asks ---- */

/* The firmware answers what ASK has */
static void answer(int32_t result, const char *put)
{
	if (put) {
		memcpy(f.own, put, strlen(put));
		assert_int_equal(command(CMD_ASK_PUT, (uint32_t)strlen(put)), 0);
	}
	wr(M_ASK_RESULT, (uint32_t)result);
	wr(M_ASK_DONE, rd(M_ASK));
}

static void questions_wait_for_their_answers(void **st)
{
	uint8_t buf[FW_PLDM_MAX] = { 0 };

	(void)st;
	mgmt_listen();
	addresses(0, OWN);
	f.answered = 0;
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), -FW_EBUSY);	/* there is nobody */
	wr(M_PHASE, FW_READY);
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), MGMT_PENDING);
	assert_true(rd(M_EVENT) & EV_ASK);
	assert_int_equal(rd(M_ASK), ASK_PLDM);
	assert_int_equal(rd(M_ASK_LENGTH), 5);
	assert_int_equal(command(CMD_ASK_GET, 5), 0);
	assert_memory_equal(f.own, "hello", 5);
	/* others wait behind it; the same question is not asked twice */
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_PLDM, 1, "there", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), MGMT_PENDING);
	assert_int_equal(rd(M_ASK), ASK_PLDM);
	answer(8, "response");
	assert_int_equal(f.answered, 1);
	assert_int_equal(ask(ASK_PLDM, 0, "hello", buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "response", 8);
	assert_int_equal(rd(M_ASK), ASK_PLDM | 1 << 8);
	answer(0, NULL);			/* a datagram */
	assert_int_equal(rd(M_ASK), ASK_TEMPERATURE);
	wr(M_ASK_RESULT + 4, 95000);
	wr(M_ASK_RESULT + 8, (uint32_t)-1000);
	answer(0, NULL);
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), 0);
	assert_int_equal(f.val[0], 95000);
	assert_int_equal(f.val[1], -1000);
	assert_int_equal(ask(ASK_PLDM, 1, "there", buf, sizeof(buf)), 0);
	assert_int_equal(rd(M_ASK), 0);
	/* and again is a new question */
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), MGMT_PENDING);
	answer(-FW_ENODEV, NULL);
	f.now += 2000000000;			/* nobody came for it */
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), MGMT_PENDING);
	answer(-FW_ENODEV, NULL);
	assert_int_equal(ask(ASK_TEMPERATURE, 0, NULL, NULL, 0), -FW_ENODEV);
	wr(M_BMC_REQUEST, 1);
	assert_int_equal(f.requests, 2);
	assert_int_equal(mgmt_refused(m), 0);
	wr(M_BMC_REQUEST, 2);
	assert_int_equal(f.requests, 2);
	assert_int_equal(mgmt_refused(m), 1);
}

static void another_question_in_its_place(void **st)
{
	uint8_t buf[FW_PLDM_MAX];

	(void)st;
	mgmt_listen();
	addresses(0, OWN);
	wr(M_PHASE, FW_READY);
	assert_int_equal(ask(ASK_PLDM, 0, "one", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_PLDM, 0, "two", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(command(CMD_ASK_GET, 3), 0);
	assert_memory_equal(f.own, "one", 3);	/* the firmware has it already */
	answer(3, "ONE");
	assert_int_equal(rd(M_ASK), 0);
	assert_int_equal(ask(ASK_PLDM, 0, "two", buf, sizeof(buf)), MGMT_PENDING);
	answer(3, "TWO");
	assert_int_equal(ask(ASK_PLDM, 0, "six", buf, sizeof(buf)), MGMT_PENDING);
	answer(3, "SIX");
	assert_int_equal(ask(ASK_PLDM, 0, "six", buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "SIX", 3);
	/* gone in the middle: who waits is told, and then hears that there is nobody */
	assert_int_equal(ask(ASK_PLDM, 0, "end", buf, sizeof(buf)), MGMT_PENDING);
	assert_int_equal(ask(ASK_DUMP_TAKE, 1, NULL, NULL, 0), MGMT_PENDING);
	f.answered = 0;
	mgmt_reset(m);
	assert_int_equal(f.answered, 1);
	assert_int_equal(ask(ASK_PLDM, 0, "end", buf, sizeof(buf)), -FW_EBUSY);
	assert_int_equal(ask(ASK_DUMP_TAKE, 1, NULL, NULL, 0), -FW_EBUSY);
}

static void answers_that_are_none(void **st)
{
	static const struct { unsigned int what; int32_t result; const char *put; } bad[] = {
		{ ASK_PLDM, 5, "four" }, { ASK_PLDM, 5, NULL }, { ASK_PLDM, 3, "four" }, { ASK_PLDM, 0x7fffffff, "four" },
		{ ASK_PLDM_PENDING, 9, "four" }, { ASK_PLDM_REPLY, 1, NULL }, { ASK_TEMPERATURE, 1, NULL },
		{ ASK_DUMP_READ, 0, NULL }, { ASK_DUMP_READ, 0, "four" }, { ASK_DUMP_READ, 4, "four" },
		{ ASK_PLDM, MGMT_PENDING, NULL },
	};
	uint8_t buf[FW_PLDM_MAX];

	(void)st;
	mgmt_listen();
	addresses(0, OWN);
	wr(M_PHASE, FW_READY);
	wr(M_ASK_DONE, 0);
	wr(M_ASK_DONE, ASK_PLDM);
	assert_int_equal(command(CMD_ASK_GET, 1), FW_EINVAL);
	assert_int_equal(command(CMD_ASK_PUT, 1), FW_EINVAL);
	assert_int_equal(mgmt_refused(m), 4);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *req = bad[i].what == ASK_PLDM || bad[i].what == ASK_PLDM_REPLY ? "request" : NULL;
		size_t cap = bad[i].what == ASK_DUMP_READ ? 7 : bad[i].what >= ASK_TEMPERATURE ? 0 : sizeof(buf);

		assert_int_equal(ask(bad[i].what, 0, req, buf, cap), MGMT_PENDING);
		if (!req)
			assert_int_equal(command(CMD_ASK_GET, 1), FW_EINVAL);
		else
			assert_int_equal(command(CMD_ASK_GET, 8), FW_EINVAL);
		assert_int_equal(command(CMD_ASK_PUT, 4097), FW_EINVAL);
		wr(M_ASK_DONE, bad[i].what + 1);
		answer(bad[i].result, bad[i].put);
		assert_int_equal(mgmt_refused(m), 4 + 4 * (i + 1));
		assert_int_equal(ask(bad[i].what, 0, req, buf, cap), -FW_EIO);
	}
	assert_int_equal(ask(ASK_DUMP_READ, 0, NULL, buf, 7), MGMT_PENDING);
	answer(0, "seven77");
	assert_int_equal(ask(ASK_DUMP_READ, 0, NULL, buf, 7), 0);
	assert_memory_equal(buf, "seven77", 7);
	assert_int_equal(ask(ASK_DUMP_READ, 0, NULL, buf, 4097), -FW_EINVAL);
	/* more than who asks has room for */
	assert_int_equal(ask(ASK_PLDM, 0, "x", buf, 3), MGMT_PENDING);
	answer(4, "four");
	assert_int_equal(ask(ASK_PLDM, 0, "x", buf, 3), -FW_EIO);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		T(which_writes_of_the_host_are_events),
		T(events_are_never_lost),
		T(the_interrupt_waits),
		T(life_one_thing_at_a_time),
		T(faults_are_asked_of_a_firmware),
		T(questions_wait_for_their_answers),
		T(another_question_in_its_place),
		T(answers_that_are_none),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
