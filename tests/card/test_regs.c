/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register conformance: every row of the register database behaves as its
 * access says, holes are harmless, and the driver's register self test passes
 * (driver: fbnic_csr.c, fbnic_csr_regs_test()).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/card/regs.h"
#include "../../src/host/host.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const uint32_t patterns[] = { ~0u, 0x5a5a5a5a, 0xa5a5a5a5, 0 };

static int setup(void **state)
{
	const struct card_config cfg = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 128, .vectors = 256 };
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

static uint32_t at(const struct reg *r, unsigned int i)
{
	return r->csr + (i << r->shift);
}

/* First, middle and last element */
static unsigned int elem(const struct reg *r, unsigned int k)
{
	return k == 0 ? 0 : k == 1 ? r->n / 2u : r->n - 1u;
}

static void each_row(struct host *h, void (*fn)(struct host *h, const struct reg *r, uint32_t csr))
{
	unsigned int row, k;

	for (row = 1; row < card_nregs; row++)
		for (k = 0; k < 3; k++)
			fn(h, &card_regs[row], at(&card_regs[row], elem(&card_regs[row], k)));
}

static void check_reset(struct host *h, const struct reg *r, uint32_t csr)
{
	if (r->rd || r->access == REG_CMD)
		return;		/* computed */
	if (r->csr >= 0x31000 && r->csr < 0x32000)
		return;		/* PCIe counters count this very read */
	if (csr_rd(h, csr) != r->reset)
		fail_msg("%s at 0x%05x reads 0x%08x after reset, not 0x%08x", r->name, csr,
			 csr_rd(h, csr), r->reset);
}

static void reset_values(void **state)
{
	each_row(*state, check_reset);
}

static void check_storage(struct host *h, const struct reg *r, uint32_t csr)
{
	uint32_t before, got, want;
	unsigned int i;

	if (r->access != REG_RW || r->rd)
		return;
	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		before = csr_rd(h, csr);
		csr_wr(h, csr, patterns[i]);
		got = csr_rd(h, csr);
		want = (before & ~r->mask) | (patterns[i] & r->mask);
		if (got != want)
			fail_msg("%s at 0x%05x: wrote 0x%08x, reads 0x%08x, not 0x%08x", r->name, csr,
				 patterns[i], got, want);
	}
}

static void writable_bits_store_the_rest_stays(void **state)
{
	each_row(*state, check_storage);
}

static void check_read_only(struct host *h, const struct reg *r, uint32_t csr)
{
	uint32_t before;

	if (r->access == REG_RW || r->access == REG_W1C || r->rd)
		return;
	if (r->csr >= 0x31000 && r->csr < 0x32000)
		return;
	before = csr_rd(h, csr);
	if (r->access == REG_CMD) {
		assert_int_equal(before, 0);
		return;
	}
	csr_wr(h, csr, ~before);
	if (csr_rd(h, csr) != (r->access == REG_RC ? 0 : before))
		fail_msg("%s at 0x%05x: a write changed it", r->name, csr);
}

static void read_only_and_command_registers_keep_nothing(void **state)
{
	each_row(*state, check_read_only);
}

static void database_has_no_overlaps(void **state)
{
	unsigned int row, i, e;

	(void)state;
	for (row = 1; row < card_nregs; row++)
		for (i = 0; i < card_regs[row].n; i++) {
			const struct reg *r = reg_find(at(&card_regs[row], i), &e);

			if (r != &card_regs[row] || e != i)
				fail_msg("%s[%u] at 0x%05x is %s[%u] as well", card_regs[row].name, i,
					 at(&card_regs[row], i), r ? r->name : "nothing", e);
		}
}

/* Fields do not overlap, and of a register that keeps what is written they are bits that it keeps */
static void fields_do_not_overlap_and_can_be_written(void **state)
{
	unsigned int row, with = 0;

	(void)state;
	for (row = 1; row < card_nregs; row++) {
		const struct reg *r = &card_regs[row];
		const struct reg_field *f = NULL;
		uint32_t all = 0;

		while ((f = reg_field_next(r, f))) {
			uint32_t mask = (uint32_t)((2ull << (f->hi - f->lo)) - 1) << f->lo;

			if (f->hi > 31 || f->lo > f->hi || (all & mask))
				fail_msg("%s.%s %u:%u overlaps", r->name, f->name, f->hi, f->lo);
			if (mask & ~r->mask && !strstr(f->text, "clears itself") && (r->access == REG_RW || r->access == REG_W1C || r->access == REG_CMD))
				fail_msg("%s.%s is outside of mask 0x%08x", r->name, f->name, r->mask);
			all |= mask;
		}
		with += all != 0;
	}
	assert_true(with > 100);
}

/* ethtool -d walks from 0 to 0x18c21 and the queues; nothing may read as a dead card */
static void holes_read_zero(void **state)
{
	uint32_t csr, ones = 0;
	unsigned int e;

	for (csr = 0; csr < CSR_WORDS; csr++) {
		const struct reg *r = reg_find(csr, &e);
		uint32_t val = csr_rd(*state, csr);

		if (!r)
			assert_int_equal(val, 0);
		ones += val == ~0u;
	}
	assert_true(ones < 128);
	assert_int_equal(csr_rd(*state, CSR_MASTER_SPARE_0), 0);
}

static void writes_to_holes_are_counted(void **state)
{
	struct card *c = host_inproc(*state)->card;
	uint64_t before = card_guest_bugs(c, BLK_CSR);

	csr_wr(*state, 0x00900, 0x12345678);
	csr_wr(*state, 0x7ffff, 0x12345678);
	assert_int_equal(csr_rd(*state, 0x00900), 0);
	assert_int_equal(card_guest_bugs(c, BLK_CSR), before + 2);
}

static void master_spare_never_reads_ones(void **state)
{
	csr_wr(*state, CSR_MASTER_SPARE_0, ~0u);
	assert_int_equal(csr_rd(*state, CSR_MASTER_SPARE_0), 0);
}

/* The driver's list, in its order: each register over all 64 queues before the next */
static const struct {
	uint16_t	off;
	uint32_t	mask;
} selftest[] = {
	{ Q_TWQ0_CTL, 1 }, { Q_TWQ0_PTRS, 0 }, { Q_TWQ0_SIZE, 0xf }, { Q_TWQ0_BAL, ~0x7fu }, { Q_TWQ0_BAH, ~0u },
	{ Q_TWQ1_CTL, 1 }, { Q_TWQ1_PTRS, 0 }, { Q_TWQ1_SIZE, 0xf }, { Q_TWQ1_BAL, ~0x7fu }, { Q_TWQ1_BAH, ~0u },
	{ Q_TCQ_CTL, 1 }, { Q_TCQ_PTRS, 0 }, { Q_TCQ_SIZE, 0xf }, { Q_TCQ_BAL, ~0x7fu }, { Q_TCQ_BAH, ~0u },
	{ Q_RCQ_CTL, 1 }, { Q_RCQ_PTRS, 0 }, { Q_RCQ_SIZE, 0xf }, { Q_RCQ_BAL, ~0x7fu }, { Q_RCQ_BAH, ~0u },
	{ Q_BDQ_CTL, 1 }, { Q_BDQ_HPQ_PTRS, 0 }, { Q_BDQ_HPQ_SIZE, 0xf }, { Q_BDQ_HPQ_BAL, ~0x7fu },
	{ Q_BDQ_HPQ_BAH, ~0u }, { Q_BDQ_PPQ_PTRS, 0 }, { Q_BDQ_PPQ_SIZE, 0xf }, { Q_BDQ_PPQ_BAL, ~0x7fu },
	{ Q_BDQ_PPQ_BAH, ~0u },
};

static void driver_register_selftest(void **state)
{
	unsigned int t, q, p;

	for (t = 0; t < ARRAY_SIZE(selftest); t++)
		for (q = 0; q < 64; q++) {
			uint32_t csr = CSR_QUEUE + (q << CSR_QUEUE_SHIFT) + selftest[t].off;
			uint32_t saved = csr_rd(*state, csr);

			for (p = 0; p < ARRAY_SIZE(patterns); p++) {
				csr_wr(*state, csr, patterns[p] & selftest[t].mask);
				assert_int_equal(csr_rd(*state, csr), patterns[p] & selftest[t].mask);
			}
			csr_wr(*state, csr, saved);
		}
}

static void absent_queues_read_zero(void **state)
{
	const struct card_config cfg = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 4, .vectors = 8 };
	struct host_inproc *p = host_new_inproc(&cfg, 1 << 20);
	uint32_t csr = CSR_QUEUE + (4 << CSR_QUEUE_SHIFT) + Q_TWQ0_BAH;

	(void)state;
	assert_non_null(p);
	assert_int_equal(host_enable(&p->h), 0);
	csr_wr(&p->h, csr, 0x1234);
	assert_int_equal(csr_rd(&p->h, csr), 0);
	assert_int_equal(card_guest_bugs(p->card, BLK_CSR), 1);
	csr_wr(&p->h, csr - (1 << CSR_QUEUE_SHIFT), 0x1234);
	assert_int_equal(csr_rd(&p->h, csr - (1 << CSR_QUEUE_SHIFT)), 0x1234);
	host_free(&p->h);
}

static void error_counters_clear_on_read(void **state)
{
	struct card *c = host_inproc(*state)->card;

	/* nothing makes FEC errors yet: an ideal link counts none, twice */
	assert_int_equal(csr_rd(*state, CSR_RSFEC_CCW_LO), 0);
	assert_int_equal(csr_rd(*state, CSR_RSFEC_CCW_LO), 0);
	assert_int_equal(card_csr_peek(c, CSR_PCS_SYMBLERR_LO), 0);
}

static void dead_card_reads_ones(void **state)
{
	card_vanish(host_inproc(*state)->card);
	assert_int_equal(csr_rd(*state, CSR_MASTER_SPARE_0), ~0u);
	assert_int_equal(host_rd(*state, 4, 0x18000), ~0u);
	assert_int_equal(host_cfg_rd(*state, 0, 4), ~0u);
	csr_wr(*state, CSR_TCE_LSO_CTRL, 1);
	card_reset(host_inproc(*state)->card, CARD_RESET_POWER);
	assert_int_equal(host_enable(*state), 0);
	assert_int_equal(csr_rd(*state, CSR_TCE_LSO_CTRL), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(reset_values), T(writable_bits_store_the_rest_stays),
		T(read_only_and_command_registers_keep_nothing), T(database_has_no_overlaps),
		T(fields_do_not_overlap_and_can_be_written),
		T(holes_read_zero), T(writes_to_holes_are_counted), T(master_spare_never_reads_ones),
		T(driver_register_selftest), T(absent_queues_read_zero), T(error_counters_clear_on_read),
		T(dead_card_reads_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
