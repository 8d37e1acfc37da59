// SPDX-License-Identifier: GPL-2.0-or-later
/* The link's other end, and the warmth of the board */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/homes/board.h"
#include "../../src/homes/partner.h"

#define MS	1000000ull
#define SEC	1000000000ull

static struct loop_timer *timers[3];
static uint64_t now;
static bool link_up;
static unsigned int changes;
static uint64_t errors[2];

void card_set_link(struct card *c, bool up);
void card_fec_errors(struct card *c, uint32_t corrected, uint32_t uncorrected);

void card_set_link(struct card *c, bool up)
{
	(void)c;
	changes += up != link_up;
	link_up = up;
}

void card_fec_errors(struct card *c, uint32_t corrected, uint32_t uncorrected)
{
	(void)c;
	errors[0] += corrected;
	errors[1] += uncorrected;
}

static uint64_t loop_now_fn(struct wire_loop *l)
{
	(void)l;
	return now;
}

static void timer_set(struct wire_loop *l, struct loop_timer *t, uint64_t when)
{
	unsigned int i;

	(void)l;
	for (i = 0; i < 3 && timers[i] && timers[i] != t; i++)
		;
	assert_true(i < 3);
	timers[i] = t;
	t->when = when;
}

static const struct wire_loop_ops ops = { .timer_set = timer_set, .now = loop_now_fn };
static struct wire_loop loop = { &ops };
static struct partner p;

static void sleep_ms(uint64_t ms)
{
	uint64_t end = now + ms * MS;

	for (;;) {
		struct loop_timer *t = NULL;

		for (unsigned int i = 0; i < 3; i++)
			if (timers[i] && timers[i]->when <= end && (!t || timers[i]->when < t->when))
				t = timers[i];
		if (!t)
			break;
		if (t->when > now)
			now = t->when;
		t->when = TIMER_OFF;
		t->cb(t->arg);
	}
	now = end;
}

static int begin(void **st)
{
	(void)st;
	timers[0] = timers[1] = timers[2] = NULL;
	now = 7 * SEC;
	link_up = true;
	changes = 0;
	errors[0] = errors[1] = 0;
	partner_init(&p, &loop, NULL);
	return 0;
}

static void cable_and_light_are_both_needed(void **st)
{
	(void)st;
	partner_cable(&p, false);
	assert_false(link_up);
	partner_light(&p, false);
	partner_cable(&p, true);
	assert_false(link_up);
	partner_light(&p, true);
	assert_true(link_up);
	assert_int_equal(changes, 2);
}

static void training_takes_its_time(void **st)
{
	(void)st;
	partner_train(&p, 700);
	partner_cable(&p, false);
	assert_false(link_up);
	partner_cable(&p, true);
	sleep_ms(699);
	assert_false(link_up);
	sleep_ms(1);
	assert_true(link_up);
	/* a drop starts it over */
	partner_cable(&p, false);
	partner_cable(&p, true);
	sleep_ms(600);
	partner_light(&p, false);
	partner_light(&p, true);
	sleep_ms(600);
	assert_false(link_up);
	sleep_ms(100);
	assert_true(link_up);
	partner_power(&p);
	assert_false(link_up);
	sleep_ms(700);
	assert_true(link_up);
}

static void it_flaps_until_told_not_to(void **st)
{
	(void)st;
	partner_flap(&p, 100);
	sleep_ms(1000);
	assert_int_equal(changes, 10);
	sleep_ms(50);
	partner_flap(&p, 0);
	sleep_ms(10000);
	assert_true(link_up);
	assert_int_equal(changes, 10);
	partner_flap(&p, 100);
	sleep_ms(150);
	assert_false(link_up);
	partner_flap(&p, 0);
	assert_true(link_up);
	partner_stop(&p);
	sleep_ms(1000);
	assert_true(link_up);
}

/* Rates come out exactly, slow ones too, and not while there is no link */
static void fec_errors_at_their_rate(void **st)
{
	static const uint32_t rate[] = { 1, 3, 9, 10, 11, 12345, 1000000000 };

	(void)st;
	for (unsigned int i = 0; i < sizeof(rate) / sizeof(rate[0]); i++) {
		errors[0] = errors[1] = 0;
		partner_errors(&p, rate[i], 1);
		sleep_ms(60000);
		assert_in_range(errors[0], 60ull * rate[i] - 1, 60ull * rate[i] + 1);
		assert_in_range(errors[1], 59, 61);
	}
	partner_cable(&p, false);
	errors[0] = 0;
	sleep_ms(60000);
	assert_int_equal(errors[0], 0);
	partner_errors(&p, 0, 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(!timers[i] || timers[i]->when == TIMER_OFF);
}

static void the_board_warms_and_cools(void **st)
{
	uint64_t bytes = 0, t = SEC;
	struct board b;
	int32_t idle;

	(void)st;
	board_init(&b, t);
	for (unsigned int i = 0; i < 3600; i++)
		board_update(&b, t += SEC, bytes);
	idle = b.temp;
	assert_in_range(idle, 38800, 39000);		/* 25 + 14 */
	assert_int_equal(b.volt, 758);
	for (unsigned int i = 0; i < 60; i++)
		board_update(&b, t += SEC, bytes += 25000000000ull);
	assert_in_range(b.temp, idle + 6000, idle + 9000);	/* not yet */
	assert_int_equal(b.volt, 743);
	for (unsigned int i = 0; i < 3600; i++)
		board_update(&b, t += SEC, bytes += 12500000000ull);
	assert_in_range(b.temp, idle + 9700, idle + 10300);	/* half the load */
	board_update(&b, t += 100000 * SEC, bytes);		/* nobody looked for a day */
	assert_in_range(b.temp, 38800, 39200);
	b.temp = 99000;
	b.temp_fixed = true;
	board_update(&b, t += 100 * SEC, bytes);
	assert_int_equal(b.temp, 99000);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup(cable_and_light_are_both_needed, begin),
		cmocka_unit_test_setup(training_takes_its_time, begin),
		cmocka_unit_test_setup(it_flaps_until_told_not_to, begin),
		cmocka_unit_test_setup(fec_errors_at_their_rate, begin),
		cmocka_unit_test(the_board_warms_and_cools),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
