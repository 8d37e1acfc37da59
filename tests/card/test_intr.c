/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt vectors: the driver's MSI-X self test (fbnic_ethtool.c,
 * fbnic_test_msix()), vector 0's special mode, MSI-X masking and pending
 * bits, and the link interrupt.  Coalescing: test_coalesce.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../src/card/regs.h"
#include "../../src/host/host.h"

#define VECTORS	256u

static int setup(void **state)
{
	const struct card_config cfg = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 128, .vectors = VECTORS };
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

static void wr_bit(struct host *h, uint32_t base, unsigned int v)
{
	csr_wr(h, base + v / 32, 1u << v % 32);
}

static uint32_t rd_bit(struct host *h, uint32_t base, unsigned int v)
{
	return csr_rd(h, base + v / 32) >> v % 32 & 1;
}

static void driver_msix_selftest(void **state)
{
	struct host *h = *state;
	unsigned int v;

	for (v = 2; v < VECTORS; v++) {
		wr_bit(h, CSR_INTR_MASK_SET, v);
		wr_bit(h, CSR_INTR_CLEAR, v);
		wr_bit(h, CSR_INTR_SET, v);
		assert_int_equal(host_irq_take(h, v), 0);
		wr_bit(h, CSR_INTR_MASK_CLEAR, v);
		assert_int_equal(host_irq_take(h, v), 1);
		wr_bit(h, CSR_INTR_MASK_CLEAR, v);
		assert_int_equal(host_irq_take(h, v), 0);
		wr_bit(h, CSR_INTR_SET, v);
		assert_int_equal(host_irq_take(h, v), 1);
		assert_int_equal(rd_bit(h, CSR_INTR_STATUS, v), 0);
		assert_int_equal(rd_bit(h, CSR_INTR_MASK, v), 1);
	}
	for (v = 0; v < VECTORS; v++)
		assert_int_equal(host_irq_take(h, v), 0);
}

static void vector_0_status_stays_until_cleared(void **state)
{
	struct host *h = *state;

	csr_wr(h, CSR_INTR_SW_AC_MODE, ~1u);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 1);
	card_fw_irq(host_inproc(h)->card);
	assert_int_equal(host_irq_take(h, 0), 1);
	assert_int_equal(rd_bit(h, CSR_INTR_STATUS, 0), 1);
	csr_wr(h, CSR_INTR_CLEAR, 1);
	assert_int_equal(rd_bit(h, CSR_INTR_STATUS, 0), 0);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 1);
	assert_int_equal(host_irq_take(h, 0), 0);
	/* an event between CLEAR and unmask is told again */
	csr_wr(h, CSR_INTR_MASK_SET, 1);
	card_fw_irq(host_inproc(h)->card);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 1);
	assert_int_equal(host_irq_take(h, 0), 1);
}

static void rearm_unmasks_and_sets_timeouts(void **state)
{
	struct host *h = *state;

	csr_wr(h, CSR_INTR_CQ_REARM + 4 * 5, 0xa011c01e);	/* rx 30 us, tx 35 us, unmask */
	assert_int_equal(csr_rd(h, CSR_INTR_RCQ_TIMEOUT + 4 * 5), 30);
	assert_int_equal(csr_rd(h, CSR_INTR_TCQ_TIMEOUT + 4 * 5), 35);
	assert_int_equal(rd_bit(h, CSR_INTR_MASK, 5), 0);
	wr_bit(h, CSR_INTR_SET, 5);
	assert_int_equal(host_irq_take(h, 5), 1);
	wr_bit(h, CSR_INTR_SET, 5);
	assert_int_equal(host_irq_take(h, 5), 0);
	csr_wr(h, CSR_INTR_CQ_REARM + 4 * 5, 0x80000000);	/* unmask only */
	assert_int_equal(host_irq_take(h, 5), 1);
	assert_int_equal(csr_rd(h, CSR_INTR_RCQ_TIMEOUT + 4 * 5), 30);
	assert_int_equal(csr_rd(h, CSR_INTR_CQ_REARM + 4 * 5), 0);
}

/*
 * Who masks a vector and has read something since gets no message of before: as with fbnic_napi_disable(),
 * free_irq(), and request_irq() for another.  The event is not lost.
 */
static void masking_overtakes_what_is_on_its_way(void **state)
{
	struct host *h = *state;

	host_inproc(h)->late = true;
	wr_bit(h, CSR_INTR_MASK_CLEAR, 5);
	wr_bit(h, CSR_INTR_MASK_CLEAR, 6);
	wr_bit(h, CSR_INTR_SET, 5);
	wr_bit(h, CSR_INTR_SET, 6);
	wr_bit(h, CSR_INTR_MASK_SET, 5);
	assert_int_equal(rd_bit(h, CSR_INTR_MASK, 5), 1);
	assert_int_equal(rd_bit(h, CSR_INTR_STATUS, 5), 1);
	assert_int_equal(host_irq_take(h, 5), 0);
	assert_int_equal(host_irq_take(h, 6), 1);
	/* it comes when the vector is unmasked, once; or not, if it was cleared */
	wr_bit(h, CSR_INTR_MASK_CLEAR, 5);
	assert_int_equal(host_irq_take(h, 5), 1);
	assert_int_equal(rd_bit(h, CSR_INTR_STATUS, 5), 0);
	wr_bit(h, CSR_INTR_MASK_CLEAR, 5);
	wr_bit(h, CSR_INTR_SET, 5);
	wr_bit(h, CSR_INTR_MASK_SET, 5);
	wr_bit(h, CSR_INTR_CLEAR, 5);
	wr_bit(h, CSR_INTR_MASK_CLEAR, 5);
	assert_int_equal(host_irq_take(h, 5), 0);

	/* the firmware's vector, whose status the host clears by itself: it has seen it */
	csr_wr(h, CSR_INTR_SW_AC_MODE, ~1u);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 1);
	card_fw_irq(host_inproc(h)->card);
	csr_wr(h, CSR_INTR_CLEAR, 1);
	csr_wr(h, CSR_INTR_MASK_SET, 1);
	assert_int_equal(rd_bit(h, CSR_INTR_STATUS, 0), 0);
	assert_int_equal(host_irq_take(h, 0), 0);
	card_fw_irq(host_inproc(h)->card);
	csr_wr(h, CSR_INTR_MASK_SET, 1);
	assert_int_equal(rd_bit(h, CSR_INTR_STATUS, 0), 1);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 1);
	assert_int_equal(host_irq_take(h, 0), 1);
}

static void msix_mask_keeps_it_pending(void **state)
{
	struct host *h = *state;
	struct card *c = host_inproc(h)->card;

	card_msix_mask(c, 40, true);
	wr_bit(h, CSR_INTR_MASK_CLEAR, 40);
	wr_bit(h, CSR_INTR_SET, 40);
	assert_int_equal(host_irq_take(h, 40), 0);
	assert_int_equal(host_rd(h, 2, 0x1004), 1u << 8);
	card_msix_mask(c, 40, false);
	assert_int_equal(host_irq_take(h, 40), 1);
	assert_int_equal(host_rd(h, 2, 0x1004), 0);
}

static void msix_table_masks_too(void **state)
{
	struct host *h = *state;

	host_wr(h, 2, 16 * 7 + 12, 1);
	wr_bit(h, CSR_INTR_MASK_CLEAR, 7);
	wr_bit(h, CSR_INTR_SET, 7);
	assert_int_equal(host_irq_take(h, 7), 0);
	host_wr(h, 2, 16 * 7 + 12, 0);
	assert_int_equal(host_irq_take(h, 7), 1);
}

static void function_mask_holds_all_back(void **state)
{
	struct host *h = *state;
	uint32_t cap = host_find_cap(h, 0x11);

	host_cfg_wr(h, cap + 2, 2, 0xc000);
	wr_bit(h, CSR_INTR_MASK_CLEAR, 9);
	wr_bit(h, CSR_INTR_SET, 9);
	assert_int_equal(host_irq_take(h, 9), 0);
	host_cfg_wr(h, cap + 2, 2, 0x8000);
	assert_int_equal(host_irq_take(h, 9), 1);
}

static void vector_beyond_the_table_is_a_guest_bug(void **state)
{
	const struct card_config cfg = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .vectors = 3 };
	struct host_inproc *p = host_new_inproc(&cfg, 1 << 20);

	(void)state;
	assert_int_equal(host_enable(&p->h), 0);
	csr_wr(&p->h, CSR_INTR_MASK_CLEAR, ~0u);
	csr_wr(&p->h, CSR_INTR_SET, 1u << 3);
	assert_int_equal(p->irqs_total, 0);
	assert_int_equal(card_guest_bugs(p->card, BLK_INTR), 1);
	host_free(&p->h);
}

static void link_interrupt_needs_its_route_and_its_mask(void **state)
{
	struct host *h = *state;
	struct card *c = host_inproc(h)->card;

	csr_wr(h, CSR_INTR_MASK_CLEAR, 2);
	card_set_link(c, false);		/* masked in SIG */
	assert_int_equal(host_irq_take(h, 1), 0);
	csr_wr(h, CSR_INTR_MSIX_CTRL + 34, 0x80000001);
	csr_wr(h, CSR_SIG_PCS_INTR_MASK, ~3u);	/* opened over a pending event */
	assert_int_equal(host_irq_take(h, 1), 1);
	assert_int_equal(csr_rd(h, CSR_SIG_PCS_INTR_STS), 2);
	csr_wr(h, CSR_SIG_PCS_INTR_STS, 3);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 2);
	assert_int_equal(host_irq_take(h, 1), 0);
	card_set_link(c, true);
	assert_int_equal(host_irq_take(h, 1), 1);
	assert_int_equal(csr_rd(h, CSR_SIG_PCS_INTR_STS), 1);
	csr_wr(h, CSR_INTR_MSIX_CTRL + 34, 1);
	csr_wr(h, CSR_SIG_PCS_INTR_STS, 3);
	csr_wr(h, CSR_INTR_MASK_CLEAR, 2);
	card_set_link(c, false);
	assert_int_equal(host_irq_take(h, 1), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(driver_msix_selftest), T(vector_0_status_stays_until_cleared),
		T(rearm_unmasks_and_sets_timeouts), T(masking_overtakes_what_is_on_its_way),
		T(msix_mask_keeps_it_pending), T(msix_table_masks_too),
		T(function_mask_holds_all_back), T(vector_beyond_the_table_is_a_guest_bug),
		T(link_interrupt_needs_its_route_and_its_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
