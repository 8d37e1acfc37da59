/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI function, the link block and the clock: what the driver reads before
 * it moves a packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../src/card/regs.h"
#include "../../src/host/host.h"

static int setup(void **state)
{
	const struct card_config cfg = {
		.mac = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 }, .queues = 128, .vectors = 130,
	};
	struct host_inproc *p = host_new_inproc(&cfg, 1 << 20);

	if (!p || host_enable(&p->h))
		return -1;
	*state = &p->h;
	return 0;
}

static int teardown(void **state)
{
	host_free(*state);
	return 0;
}

/* ---- PCI ---- */

static void identity_and_bars(void **state)
{
	bool is64;

	assert_int_equal(host_cfg_rd(*state, 0, 4), 0x00131d9b);
	assert_int_equal(host_cfg_rd(*state, 8, 4) >> 8, 0x020000);
	assert_int_equal(host_bar_size(*state, 0, &is64), 2 << 20);
	assert_int_equal(host_bar_size(*state, 4, &is64), 128 << 10);
	assert_int_equal(host_bar_size(*state, 2, &is64), 8 << 10);
	assert_true(is64);
}

static void serial_number_holds_the_mac(void **state)
{
	uint32_t dsn = host_find_ext_cap(*state, 3);

	assert_int_not_equal(dsn, 0);
	assert_int_equal(host_cfg_rd(*state, dsn + 4, 4), 0xfe334455);
	assert_int_equal(host_cfg_rd(*state, dsn + 8, 4), 0x021122ff);
}

static void capabilities_are_there(void **state)
{
	uint32_t msix = host_find_cap(*state, 0x11), exp = host_find_cap(*state, 0x10);

	assert_int_not_equal(msix, 0);
	assert_int_equal(host_cfg_rd(*state, msix + 2, 2) & 0x7ff, 129);
	assert_int_not_equal(exp, 0);
	assert_int_equal(host_cfg_rd(*state, exp + 2, 2) >> 4 & 0xf, 0);	/* endpoint */
	assert_int_not_equal(host_cfg_rd(*state, exp + 4, 4) & 1u << 28, 0);	/* FLR */
	assert_int_not_equal(host_find_cap(*state, 0x01), 0);
	assert_int_not_equal(host_find_ext_cap(*state, 1), 0);
}

static void config_read_only_bits_stay(void **state)
{
	uint32_t off;

	for (off = 0; off < CARD_CFG_SIZE; off += 4) {
		uint32_t before = host_cfg_rd(*state, off, 4);

		if (off == 4 || (off >= 0x10 && off < 0x28) || off == host_find_cap(*state, 0x10) + 8)
			continue;
		host_cfg_wr(*state, off, 4, 0);
		host_cfg_wr(*state, off, 4, before);
		assert_int_equal(host_cfg_rd(*state, off, 4), before);
	}
	host_cfg_wr(*state, 0, 4, ~0u);
	assert_int_equal(host_cfg_rd(*state, 0, 4), 0x00131d9b);
}

static void function_reset_clears_registers_but_not_the_clock(void **state)
{
	struct host *h = *state;
	uint32_t exp = host_find_cap(h, 0x10);

	csr_wr(h, CSR_TCE_LSO_CTRL, 0x1234);
	csr_wr(h, CSR_PTP_ADJUST, 1);
	host_idle(h, 1000000);
	host_cfg_wr(h, exp + 8, 2, 0x8000 | host_cfg_rd(h, exp + 8, 2));
	assert_int_equal(host_cfg_rd(h, exp + 8, 2) & 0x8000, 0);
	assert_int_equal(host_enable(h), 0);
	assert_int_equal(csr_rd(h, CSR_TCE_LSO_CTRL), 0);
	assert_true(csr_rd(h, CSR_PTP_CTR_VAL_LO) >= 999999);
}

static void asleep_or_not_decoding_reads_ones(void **state)
{
	struct host *h = *state;
	uint32_t pm = host_find_cap(h, 0x01), cmd = host_cfg_rd(h, 4, 2);

	csr_wr(h, CSR_TCE_LSO_CTRL, 5);
	host_cfg_wr(h, pm + 4, 2, 3);
	assert_int_equal(csr_rd(h, CSR_TCE_LSO_CTRL), ~0u);
	host_cfg_wr(h, pm + 4, 2, 0);
	assert_int_equal(csr_rd(h, CSR_TCE_LSO_CTRL), 5);	/* No_Soft_Reset */
	host_cfg_wr(h, 4, 2, cmd & ~2u);
	assert_int_equal(csr_rd(h, CSR_TCE_LSO_CTRL), ~0u);
	host_cfg_wr(h, 4, 2, cmd);
	assert_int_equal(csr_rd(h, CSR_TCE_LSO_CTRL), 5);
}

static void dma_is_gated_three_times(void **state)
{
	struct host *h = *state;
	struct card *c = host_inproc(h)->card;
	uint64_t addr = host_alloc(h, 4096, 4096);
	uint32_t cmd = host_cfg_rd(h, 4, 2), word = 0x12345678;

	assert_true(card_fw_dma_write(c, addr, &word, 4) < 0);
	csr_wr(h, CSR_PUL_OB_TLP_HDR_AW_CFG, 1u << 18);
	assert_int_equal(card_fw_dma_write(c, addr, &word, 4), 0);
	assert_int_equal(*(uint32_t *)host_ptr(h, addr), word);
	assert_true(card_fw_dma_read(c, addr, &word, 4) < 0);
	csr_wr(h, CSR_PUL_OB_TLP_HDR_AR_CFG, 1u << 18);
	assert_int_equal(card_fw_dma_read(c, addr, &word, 4), 0);
	host_cfg_wr(h, 4, 2, cmd & ~4u);
	assert_true(card_fw_dma_read(c, addr, &word, 4) < 0);
	host_cfg_wr(h, 4, 2, cmd);
	assert_int_equal(card_fw_dma_read(c, addr, &word, 4), 0);
	assert_true(card_fw_dma_read(c, HOST_MEM_BASE - 4096, &word, 4) < 0);
	assert_true(card_fw_dma_read(c, UINT64_MAX - 1, &word, 4) < 0);
}

/* ---- link ---- */

static const struct {
	unsigned int speed, fec;
	uint32_t out0, out1, ctrl1;
} modes[] = {
	{ 1, 1, 0x08000020, 0x000, 0x2054 },	/* 25G, no FEC: block lock 1 */
	{ 1, 2, 0x08000002, 0x000, 0x2054 },	/* RS: AMPS 1 */
	{ 1, 3, 0x08000020, 0x100, 0x2054 },	/* Base-R */
	{ 2, 1, 0x08000c60, 0x000, 0x2058 },	/* 50G-CR2: 0x63 */
	{ 2, 2, 0x0800000a, 0x000, 0x2058 },	/* 5 */
	{ 2, 3, 0x08000c60, 0xf00, 0x2058 },
	{ 3, 2, 0x08000006, 0x000, 0x2058 },	/* 50G-CR: 3 */
	{ 4, 2, 0x0800001e, 0x000, 0x2050 },	/* 100G: 0xf */
};

static void lock_bits_per_mode(void **state)
{
	struct card *c = host_inproc(*state)->card;
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(card_fw_set_link_mode(c, modes[i].speed, modes[i].fec), 0);
		csr_wr(*state, CSR_SIG_PCS_OUT0, ~0u);	/* flushes the latches, bits stay */
		assert_int_equal(csr_rd(*state, CSR_SIG_PCS_OUT0), modes[i].out0);
		assert_int_equal(csr_rd(*state, CSR_SIG_PCS_OUT1), modes[i].out1);
		assert_int_equal(csr_rd(*state, CSR_PCS_CTRL1) & 0x207c, modes[i].ctrl1);
	}
	assert_true(card_fw_set_link_mode(c, 0, 2) < 0);
	assert_true(card_fw_set_link_mode(c, 5, 2) < 0);
	assert_true(card_fw_set_link_mode(c, 4, 4) < 0);
}

static void pcs_reset_bit_clears_itself(void **state)
{
	csr_wr(*state, CSR_PCS_CTRL1, 0x8000);
	assert_int_equal(csr_rd(*state, CSR_PCS_CTRL1), 0x2050);
}

static void pcs_status_latches_low(void **state)
{
	struct card *c = host_inproc(*state)->card;

	assert_int_equal(csr_rd(*state, CSR_PCS_STAT1), 4);
	card_set_link(c, false);
	assert_int_equal(csr_rd(*state, CSR_SIG_PCS_OUT0), 0);
	assert_int_equal(csr_rd(*state, CSR_PCS_STAT1), 0);
	card_set_link(c, false);
	card_set_link(c, true);
	card_set_link(c, false);
	card_set_link(c, true);
	assert_int_equal(csr_rd(*state, CSR_PCS_STAT1), 0);	/* the drop shows once */
	assert_int_equal(csr_rd(*state, CSR_PCS_STAT1), 4);
	assert_int_equal(csr_rd(*state, CSR_PCS_10GBRT_STAT1) & 1, 1);
	assert_int_equal(csr_rd(*state, CSR_PCS_10GBRT_STAT2), 0);
}

static void fec_counters_of_an_ideal_link_are_zero(void **state)
{
	uint32_t csr;

	for (csr = CSR_RSFEC_CCW_LO; csr <= CSR_RSFEC_NCCW_HI; csr++)
		assert_int_equal(csr_rd(*state, csr), 0);
}

/* ---- PTP ---- */

static uint64_t ptp(struct host *h)
{
	return (uint64_t)csr_rd(h, CSR_PTP_CTR_VAL_HI) << 32 | csr_rd(h, CSR_PTP_CTR_VAL_LO);
}

static void clock_starts_at_init_and_runs_at_nominal_rate(void **state)
{
	struct host *h = *state;

	host_idle(h, 5000);
	csr_wr(h, CSR_PTP_INIT_HI, 0);
	csr_wr(h, CSR_PTP_INIT_LO, 0);
	csr_wr(h, CSR_PTP_ADD_VAL_NS, 1);
	csr_wr(h, CSR_PTP_ADD_VAL_SUBNS, 0xaaaaaaaa);
	csr_wr(h, CSR_PTP_ADJUST, 1);
	assert_int_equal(ptp(h), 0);
	host_inproc(h)->now_ns += 1000000000;
	/* 0xaaaaaaaa is short of 2/3 by 1.6e-10 of a ns per cycle: 0.09 ns a second */
	assert_in_range(ptp(h), 999999999, 1000000000);
	host_inproc(h)->now_ns += 9000000000;
	assert_in_range(ptp(h), 9999999998, 10000000000);
}

static void frequency_error_is_below_a_ppb(void **state)
{
	struct host *h = *state;
	/* +1000 ppm of 5/3 ns: as the driver computes it, fbnic_ptp_adjfine() */
	uint64_t nominal = 0x1aaaaaaaaull, add = nominal + nominal / 1000;
	uint64_t before, passed, want;

	csr_wr(h, CSR_PTP_ADJUST, 1);
	csr_wr(h, CSR_PTP_ADD_VAL_NS, (uint32_t)(add >> 32));
	csr_wr(h, CSR_PTP_ADD_VAL_SUBNS, (uint32_t)add);
	before = ptp(h);
	host_inproc(h)->now_ns += 1000;
	assert_int_equal(ptp(h) - before, 999);		/* not in force yet: 999.99 */
	csr_wr(h, CSR_PTP_ADJUST, 1u << 24);
	before = ptp(h);
	host_inproc(h)->now_ns += 60000000000ull;
	passed = ptp(h) - before;
	want = 60060000000ull;
	assert_in_range(passed, want - 60, want + 60);	/* 1 ppb of 60 s */
}

static void nudge_steps_the_counter(void **state)
{
	struct host *h = *state;
	uint64_t before;

	csr_wr(h, CSR_PTP_INIT_LO, 5000);
	csr_wr(h, CSR_PTP_ADJUST, 1);
	csr_wr(h, CSR_PTP_NUDGE_NS, 1000);
	before = ptp(h);
	csr_wr(h, CSR_PTP_ADJUST, 1u << 16);
	assert_int_equal(ptp(h), before + 1000);
	csr_wr(h, CSR_PTP_ADJUST, 1u << 8);
	assert_int_equal(ptp(h), before);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(identity_and_bars), T(serial_number_holds_the_mac), T(capabilities_are_there),
		T(config_read_only_bits_stay), T(function_reset_clears_registers_but_not_the_clock),
		T(asleep_or_not_decoding_reads_ones), T(dma_is_gated_three_times),
		T(lock_bits_per_mode), T(pcs_reset_bit_clears_itself), T(pcs_status_latches_low),
		T(fec_counters_of_an_ideal_link_are_zero),
		T(clock_starts_at_init_and_runs_at_nominal_rate), T(frequency_error_is_below_a_ppb),
		T(nudge_steps_the_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
