/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors on the PCIe link: what the function logs, what it would send, what
 * survives a reset.  Bit numbers and rules: PCIe 6.2.5 and 7.8.4.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../src/host/drv_regs.h"
#include "../../src/host/host.h"

static struct host *h;
static struct card *card;
static uint32_t aer, exp_cap;

static int setup(void **state)
{
	const struct card_config cfg = { .mac = { 2, 1, 2, 3, 4, 5 }, .queues = 8, .vectors = 16 };
	struct host_inproc *p = host_new_inproc(&cfg, 1 << 20);

	(void)state;
	if (!p)
		return -1;
	h = &p->h;
	card = p->card;
	aer = host_find_ext_cap(h, 1);
	exp_cap = host_find_cap(h, 0x10);
	return !aer || !exp_cap || host_enable(h);
}

static int teardown(void **state)
{
	(void)state;
	host_free(h);
	return 0;
}

enum { UNC = 0x04, UNC_MASK = 0x08, SEVER = 0x0c, COR = 0x10, COR_MASK = 0x14, CTRL = 0x18, HEADER = 0x1c };
enum { DLP = 4, SDES = 5, POISONED = 12, CMPLT_TO = 14, UNX_CMPLT = 16, MALF = 18, UNSUP = 20 };
enum { BAD_TLP = 6, ADV_NONFATAL = 13 };

static uint32_t rd(uint32_t off)
{
	return host_cfg_rd(h, aer + off, 4);
}

static void wr(uint32_t off, uint32_t val)
{
	host_cfg_wr(h, aer + off, 4, val);
}

/* Which messages Device Control lets out: correctable 1, non-fatal 2, fatal 4, unsupported 8 */
static void report(uint32_t bits)
{
	host_cfg_wr(h, exp_cap + 8, 2, (host_cfg_rd(h, exp_cap + 8, 2) & ~0xfu) | bits);
}

static uint32_t seen(void)
{
	return host_cfg_rd(h, exp_cap + 10, 2) & 0xf;
}

static void correctable_is_logged_and_reported(void **state)
{
	(void)state;
	assert_int_equal(card_aer(card, true, BAD_TLP), CARD_AER_SILENT);	/* not enabled */
	assert_int_equal(rd(COR), 1u << BAD_TLP);
	assert_int_equal(seen(), 1);
	report(1);
	assert_int_equal(card_aer(card, true, BAD_TLP), CARD_AER_ERR_COR);
	wr(COR_MASK, 1u << BAD_TLP);
	wr(COR, 1u << BAD_TLP);
	assert_int_equal(rd(COR), 0);
	assert_int_equal(card_aer(card, true, BAD_TLP), CARD_AER_SILENT);
	assert_int_equal(rd(COR), 1u << BAD_TLP);	/* a mask hides the message, not the bit */
	assert_int_equal(rd(UNC), 0);
}

static void severity_is_the_hosts_choice(void **state)
{
	(void)state;
	report(6);
	assert_false(card_aer_fatal(card, CMPLT_TO));
	assert_int_equal(card_aer(card, false, CMPLT_TO), CARD_AER_ERR_NONFATAL);
	assert_int_equal(seen(), 2);
	assert_int_equal(card_aer(card, false, DLP), CARD_AER_ERR_FATAL);
	assert_int_equal(seen(), 6);
	wr(SEVER, rd(SEVER) ^ (1u << DLP | 1u << CMPLT_TO));
	assert_int_equal(card_aer(card, false, CMPLT_TO), CARD_AER_ERR_FATAL);
	assert_int_equal(card_aer(card, false, DLP), CARD_AER_ERR_NONFATAL);
	assert_int_equal(rd(UNC), 1u << DLP | 1u << CMPLT_TO);
}

static void each_message_has_its_enable(void **state)
{
	(void)state;
	report(4);
	assert_int_equal(card_aer(card, false, CMPLT_TO), CARD_AER_SILENT);
	report(2);
	assert_int_equal(card_aer(card, false, DLP), CARD_AER_SILENT);
	assert_int_equal(host_cfg_rd(h, 6, 2) & 0x4000, 0);
	host_cfg_wr(h, 4, 2, host_cfg_rd(h, 4, 2) | 0x100);	/* SERR opens both */
	report(0);
	assert_int_equal(card_aer(card, false, CMPLT_TO), CARD_AER_ERR_NONFATAL);
	assert_int_equal(card_aer(card, false, DLP), CARD_AER_ERR_FATAL);
	assert_int_equal(host_cfg_rd(h, 6, 2) & 0x4000, 0x4000);	/* signalled system error */
	assert_int_equal(card_aer(card, true, BAD_TLP), CARD_AER_SILENT);
}

static void first_error_gets_pointer_and_header(void **state)
{
	uint32_t head;

	(void)state;
	report(6);
	card_aer(card, false, MALF);
	assert_int_equal(rd(CTRL) & 31, MALF);
	head = rd(HEADER);
	assert_int_not_equal(head, 0);
	card_aer(card, false, CMPLT_TO);
	assert_int_equal(rd(CTRL) & 31, MALF);
	assert_int_equal(rd(HEADER), head);
	wr(UNC, 1u << MALF);		/* acknowledged: the next one is first */
	assert_int_equal(rd(UNC), 1u << CMPLT_TO);
	card_aer(card, false, DLP);
	assert_int_equal(rd(CTRL) & 31, DLP);
	assert_int_equal(rd(HEADER), 0);	/* no TLP to it */
	assert_int_equal(rd(CTRL) & 0xa0, 0xa0);
}

static void masked_error_leaves_the_log_alone(void **state)
{
	(void)state;
	report(0xf);
	wr(UNC_MASK, 1u << MALF);
	assert_int_equal(card_aer(card, false, MALF), CARD_AER_SILENT);
	assert_int_equal(rd(UNC), 1u << MALF);
	assert_int_equal(rd(CTRL) & 31, 0);
	assert_int_equal(rd(HEADER), 0);
	assert_int_equal(card_aer(card, false, SDES), CARD_AER_ERR_FATAL);
	assert_int_equal(rd(CTRL) & 31, SDES);
}

static void unsupported_request_has_an_enable_of_its_own(void **state)
{
	(void)state;
	report(2);
	assert_int_equal(card_aer(card, false, UNSUP), CARD_AER_SILENT);
	assert_int_equal(seen(), 0xa);
	report(0xa);
	assert_int_equal(card_aer(card, false, UNSUP), CARD_AER_ERR_NONFATAL);
}

static void unexpected_completion_is_advisory(void **state)
{
	(void)state;
	report(0xf);
	assert_int_equal(card_aer(card, false, UNX_CMPLT), CARD_AER_SILENT);	/* masked at power-on */
	assert_int_equal(rd(COR), 1u << ADV_NONFATAL);
	assert_int_equal(rd(UNC), 0);
	assert_int_equal(seen(), 1);
	wr(COR_MASK, 0);
	assert_int_equal(card_aer(card, false, UNX_CMPLT), CARD_AER_ERR_COR);
	assert_int_equal(rd(UNC), 1u << UNX_CMPLT);
	assert_int_equal(rd(CTRL) & 31, UNX_CMPLT);
	wr(SEVER, rd(SEVER) | 1u << UNX_CMPLT);
	assert_int_equal(card_aer(card, false, UNX_CMPLT), CARD_AER_ERR_FATAL);
}

static void poison_is_a_parity_error_too(void **state)
{
	(void)state;
	card_aer(card, false, POISONED);
	assert_int_equal(host_cfg_rd(h, 6, 2) & 0x8000, 0x8000);
	host_cfg_wr(h, 6, 2, 0x8000);
	assert_int_equal(host_cfg_rd(h, 6, 2) & 0x8000, 0);
}

static void sticky_registers_survive_a_function_reset(void **state)
{
	(void)state;
	report(0xf);
	wr(UNC_MASK, 1u << SDES);
	card_aer(card, false, DLP);
	card_aer(card, true, BAD_TLP);
	host_cfg_wr(h, exp_cap + 8, 2, 0x8000);		/* FLR */
	assert_int_equal(rd(UNC), 1u << DLP);
	assert_int_equal(rd(COR), 1u << BAD_TLP);
	assert_int_equal(rd(UNC_MASK), 1u << SDES);
	assert_int_equal(rd(CTRL) & 31, DLP);
	assert_int_equal(seen(), 0);			/* these are not */
	wr(UNC, ~0u);
	assert_int_equal(rd(UNC), 0);
	wr(UNC_MASK, 1u << SDES);
	card_reset(card, CARD_RESET_HOST);		/* another host finds a clean log */
	assert_int_equal(rd(COR), 0);
	assert_int_equal(rd(UNC_MASK), 0);
}

static void names_and_numbers(void **state)
{
	unsigned int bit, n = 0;

	(void)state;
	for (bit = 0; bit < 40; bit++)
		for (int cor = 0; cor < 2; cor++) {
			const char *name = card_aer_name(cor, bit);

			if (name) {
				assert_int_equal(card_aer_bit(cor, name), bit);
				assert_true(card_aer(card, cor, bit) >= 0);
				n++;
			} else {
				assert_int_equal(card_aer(card, cor, bit), -EINVAL);
			}
		}
	assert_int_equal(n, 17 + 8);
	assert_int_equal(card_aer_bit(false, "dlp"), DLP);
	assert_int_equal(card_aer_bit(true, "DLP"), -ENOENT);
	card_vanish(card);
	assert_int_equal(card_aer(card, true, BAD_TLP), -ENODEV);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(correctable_is_logged_and_reported), T(severity_is_the_hosts_choice),
		T(each_message_has_its_enable), T(first_error_gets_pointer_and_header),
		T(masked_error_leaves_the_log_alone), T(unsupported_request_has_an_enable_of_its_own),
		T(unexpected_completion_is_advisory), T(poison_is_a_parity_error_too),
		T(sticky_registers_survive_a_function_reset), T(names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
