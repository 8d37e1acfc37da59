// SPDX-License-Identifier: GPL-2.0-or-later
/* The firmware in its home, on a whole card, through the mailbox */
#include "../../src/homes/fw_inside.h"
#include "fw_card.h"

static struct fw_home *inside(const struct card_env *env, const struct fw_home_config *cfg)
{
	return fw_inside_new(ip->card, env, cfg);
}

static void every_request_is_answered(void **st)
{
	(void)st;
	plug_card(0, inside);
	requests_are_answered();
	assert_false(fw_host_here(fw_inside_core(home), 0));
	unplug_card();
}

static void the_driver_waits_for_the_boot(void **st)
{
	(void)st;
	plug_card(3000, inside);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), -ETIMEDOUT);
	assert_int_equal(drv_fw_open(&m, &ip->h, 10 * SEC), 0);
	assert_in_range(fwh_uptime(&m), 3000, 3100);
	unplug_card();
}

static void update_and_power(void **st)
{
	(void)st;
	plug_card(0, inside);
	updates_with_power();
	unplug_card();
}

static void a_reset_in_the_middle_of_an_update(void **st)
{
	(void)st;
	plug_card(0, inside);
	updates_after_a_reset();
	unplug_card();
}

static void crash_and_hang_under_a_driver(void **st)
{
	(void)st;
	plug_card(0, inside);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	for (unsigned int i = 0; i < 20; i++) {
		host_idle(&ip->h, SEC);
		fwh_uptime(&m);
		assert_int_equal(i % 2 ? fw_home_hang(home) : fw_home_crash(home, "test"), 0);
		goes_on_after(i % 2);
	}
	assert_int_equal(counter("fw_crashes"), 20);
	assert_int_equal(m.errors, 0);
	unplug_card();
}

/* Each time that something opens or closes the way to the host's memory, and only then */
static void dma_changed(void *ctx)
{
	++*(unsigned int *)ctx;
}

static void firmware_hears_of_its_dma(void **st)
{
	static const struct card_fw_ops ops = { .dma = dma_changed };
	unsigned int n = 0;
	struct host *h;

	(void)st;
	plug_card(0, inside);
	fw_home_free(home);
	home = NULL;
	h = &ip->h;
	card_attach_fw(ip->card, &ops, &n);
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	assert_int_equal(n, 1);
	csr_wr(h, PUL_OB_TLP_HDR_AR_CFG, PUL_BME);
	assert_int_equal(n, 2);
	host_cfg_wr(h, 4, 2, 2);		/* no bus master any more */
	assert_int_equal(n, 3);
	csr_wr(h, PUL_OB_TLP_HDR_AR_CFG, 0);
	assert_int_equal(n, 3);
	host_cfg_wr(h, 4, 2, 6);
	assert_int_equal(n, 4);
	assert_true(card_fw_dma_ready(ip->card, true) && !card_fw_dma_ready(ip->card, false));
	host_reset(h);
	assert_int_equal(n, 5);
	assert_false(card_fw_dma_ready(ip->card, true));
	assert_int_equal(host_enable(h), 0);
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	assert_int_equal(n, 6);
	card_vanish(ip->card);
	assert_int_equal(n, 7);
	card_attach_fw(ip->card, &(const struct card_fw_ops){ .dma = NULL }, NULL);
	unplug_card();
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_request_is_answered),
		cmocka_unit_test(the_driver_waits_for_the_boot),
		cmocka_unit_test(update_and_power),
		cmocka_unit_test(a_reset_in_the_middle_of_an_update),
		cmocka_unit_test(firmware_hears_of_its_dma),
		cmocka_unit_test(crash_and_hang_under_a_driver),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
