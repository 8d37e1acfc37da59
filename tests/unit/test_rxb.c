// SPDX-License-Identifier: GPL-2.0-or-later
/* The receive buffer: FIFOs, thresholds, back-pressure, pause; contract 04 sections 8, 10, 08 section 5 */
#include "rx_fake.h"

#define NEVER	CTL0(0, 2, 192, 320)
#define HDR	CTL1(1536, 0, 0, 0, 0)
#define LEVEL	(CSR_RXB_PBUF_FIFO_LEVEL + 4)

static struct drv_pkt pkt;
static uint8_t frame[9742];

/* Queue 0 with nothing posted yet, DROP_NEVER */
static struct drvq *stuck(struct host **h, bool rxb)
{
	struct drvq *d;

	*h = host_new();
	if (rxb)
		host_rxb(*h);
	host_rules(*h);
	d = drv_open(*h, 0, 8, 8, 10, NEVER, HDR);
	mk_tcp4(frame, 1514, 1);
	return d;
}

static unsigned int fill(struct host *h, size_t len, bool must, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && give(h, frame, len, must))
		n++;
	return n;
}

static uint64_t ctr64(struct host *h, uint32_t csr, uint32_t hi)
{
	return rd(h, csr) | (uint64_t)rd(h, csr + hi) << 32;
}

static void order_is_kept_through_the_fifo(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);
	unsigned int i, sent = 0, seen = 0;
	uint32_t s = 3;

	(void)st;
	/* random bursts and refills: the FIFO wraps many times, straight and stored frames alternate */
	while (seen < 20000) {
		for (i = rnd32(&s) % 60; i; i--) {
			size_t len = 60 + sent * 37 % 1400;

			mk_tcp4(frame, len, sent + 1);
			put32(frame + 40, sent++);
			assert_true(give(h, frame, len, false));
		}
		run(h);
		while (drv_poll(d, &pkt)) {
			assert_int_equal(be32(pkt.data + 40), seen);
			assert_int_equal(pkt.len, 60 + seen * 37 % 1400);
			assert_int_equal(pkt.meta >> 32 & 0xffff, ref_csum(pkt.data, pkt.len));
			seen++;
		}
		if (rnd32(&s) & 1 || rd(h, LEVEL) > 3000)
			drv_done(d);
		run(h);
	}
	while (seen < sent) {
		drv_done(d);
		run(h);
		while (drv_poll(d, &pkt))
			assert_int_equal(be32(pkt.data + 40), seen++);
	}
	assert_int_equal(rd(h, LEVEL), 0);
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 4), 0);
	assert_int_equal(rd(h, CSR_RXB_INTF_FRM_CNT_DST + 3), sent);
	assert_int_equal(rd(h, CSR_RXB_DRBO_FRM_CNT_SRC), sent);
	assert_int_equal(rd(h, CSR_RXB_PBUF_FRM_CNT_DST + 3), sent);
	drv_free(d);
	host_free(h);
}

static void drop_threshold_drops_and_counts(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);
	unsigned int n;

	(void)st;
	n = fill(h, 1514, false, 1000);
	assert_int_equal(n, 1000);
	/* 24 cells each; dropping begins when 5992 of 6144 are used */
	assert_int_equal(rd(h, LEVEL), 250 * 24);
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 4), 750);
	assert_int_equal(ctr64(h, CSR_RXB_DROP_BYTES_STS + 8, 1), 750 * 1514);
	assert_int_equal(rd(h, CSR_RXB_TRANS_DROP_STS + 4), 1);
	assert_int_equal(h->ready, 0);
	drv_done(d);
	run(h);
	n = 0;
	while (drv_poll(d, &pkt))
		n++;
	assert_int_equal(n, 250);
	drv_free(d);
	host_free(h);
}

static void without_drop_enable_the_wire_waits(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);

	(void)st;
	wr(h, CSR_RXB_PAUSE_DROP_CTRL, 0);
	assert_int_equal(fill(h, 1514, false, 1000), 256);	/* 6144 / 24 */
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 4), 0);
	assert_int_equal(rd(h, CSR_RXB_DRBO_FRM_CNT_SRC), 256);	/* the refused one is not counted */
	run(h);
	assert_int_equal(h->ready, 0);
	assert_true(give(h, frame, 1514, true));		/* a wire that can't wait */
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 4), 1);
	drv_post(d, true, 20);
	run(h);
	assert_int_equal(h->ready, 1);
	assert_true(give(h, frame, 1514, false));
	drv_free(d);
	host_free(h);
}

static void no_cells_pass_straight_or_wait(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, false);

	(void)st;
	assert_false(give(h, frame, 1514, false));
	assert_true(give(h, frame, 1514, true));
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 4), 1);
	drv_post(d, true, 1);
	run(h);
	assert_int_equal(h->ready, 1);
	assert_true(give(h, frame, 1514, false));
	drv_expect(d, &pkt, frame, 1514);
	assert_false(give(h, frame, 1514, false));
	qwr(h, 0, Q_RCQ_CTL, 0);		/* disabled: it does not hold up anybody */
	run(h);
	assert_int_equal(h->ready, 2);
	assert_true(give(h, frame, 1514, false));
	drv_free(d);
	host_free(h);
}

static void pause_on_and_off(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);
	unsigned int n, seen = 0;

	(void)st;
	wr(h, CSR_MAC_COMMAND_CONFIG, 3);		/* pause not disabled */
	wr(h, CSR_RXB_PAUSE_DROP_CTRL, 0x10147d);
	n = fill(h, 1514, false, 218);			/* 5232 cells */
	assert_int_equal(n, 218);
	assert_false(h->c->mac.pause_wanted);
	fill(h, 1514, false, 1);			/* 5256 >= 5248 */
	assert_true(h->c->mac.pause_wanted);
	assert_int_equal(rd(h, CSR_RXB_TRANS_PAUSE_STS + 4), 1);
	assert_int_equal(rd(h, CSR_RXB_PAUSE_EVENT_CNT), 1);
	/* the skid is taken; then a wire that can wait does, one that can't loses */
	assert_int_equal(fill(h, 1514, false, 1000), 31);
	assert_true(give(h, frame, 1514, true));
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 4), 1);

	while (rd(h, LEVEL) > 0x380 + 24) {
		drv_post(d, true, 1);
		qwr(h, 0, Q_RCQ_HEAD, d->rcq_head & d->rcq_mask);
		run(h);
		while (drv_poll(d, &pkt))
			seen++;
		assert_true(h->c->mac.pause_wanted || rd(h, LEVEL) <= 0x380);
	}
	while (rd(h, LEVEL) > 0x380) {
		drv_post(d, true, 1);
		run(h);
		while (drv_poll(d, &pkt))
			seen++;
	}
	assert_false(h->c->mac.pause_wanted);
	assert_int_equal(h->ready, 1);
	assert_true(seen > 200);
	drv_free(d);
	host_free(h);
}

static void pause_storm(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);

	(void)st;
	wr(h, CSR_MAC_COMMAND_CONFIG, 3);
	wr(h, CSR_RXB_PAUSE_STORM_UNIT_WR, 0x1770);
	wr(h, CSR_RXB_PAUSE_STORM, 50000 | 1 << 20);	/* 500 ms */
	wr(h, CSR_RXB_PAUSE_STORM, 50000);
	wr(h, CSR_RXB_PAUSE_DROP_CTRL, 0x110147d | 0x100000);
	assert_true(rx_deadline(h->c) == UINT64_MAX);
	fill(h, 1514, false, 1000);
	assert_true(h->c->mac.pause_wanted);
	assert_true(rx_deadline(h->c) == h->now + 500000000);
	h->now += 499999999;
	run(h);
	assert_true(h->c->mac.pause_wanted);
	h->now += 1;
	run(h);
	assert_false(h->c->mac.pause_wanted);
	assert_int_equal(h->ready, 1);
	assert_int_equal(rd(h, CSR_RXB_ERR_INTR_STS), 1 << 12);
	assert_int_equal(rd(h, CSR_RXB_INTR_PS_COUNT), 1);
	assert_true(rx_deadline(h->c) == UINT64_MAX);
	assert_true(give(h, frame, 1514, false));	/* now frames are dropped, nobody waits */
	assert_true(rd(h, CSR_RXB_DROP_FRMS_STS + 4) > 0);

	wr(h, CSR_RXB_ERR_INTR_STS, 1 << 12);
	assert_int_equal(rd(h, CSR_RXB_ERR_INTR_STS), 0);
	wr(h, CSR_RXB_PAUSE_STORM, 50000 | 1 << 20);
	assert_true(h->c->mac.pause_wanted);
	assert_true(rx_deadline(h->c) == h->now + 500000000);
	drv_free(d);
	host_free(h);
}

static void ecn_marks_what_is_stored_above_the_threshold(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);
	unsigned int i;

	(void)st;
	fill(h, 1514, false, 100);		/* 24 cells each, threshold 1536 = 64 frames */
	drv_post(d, true, 255);
	run(h);
	for (i = 0; i < 100; i++) {
		assert_true(drv_poll(d, &pkt));
		assert_int_equal(pkt.meta >> 60 & 1, i >= 64);
	}
	assert_int_equal(rd(h, CSR_RXB_TRANS_ECN_STS + 4), 1);
	drv_free(d);
	host_free(h);
}

static void stuck_queue_holds_up_others_disabled_does_not(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true), *e = drv_open(h, 1, 8, 8, 10, NEVER, HDR);

	(void)st;
	drv_post(e, true, 255);
	give(h, frame, 1514, false);			/* for queue 0 */
	wr(h, CSR_RPC_ACT_TBL0 + 60, ACT_HOST | 1 << 4 | 1 << 8);
	give(h, frame, 1514, false);			/* for queue 1, behind it */
	run(h);
	assert_false(drv_poll(e, &pkt));
	qwr(h, 0, Q_BDQ_CTL, 0x40000000);		/* ENABLE off, as the driver stops it */
	run(h);
	drv_expect(e, &pkt, frame, 1514);
	assert_int_equal(rd(h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 0);	/* silently */

	wr(h, CSR_RPC_ACT_TBL0 + 60, ACT_HOST | 1 << 4 | 200 << 8);	/* a queue that is not there */
	assert_true(give(h, frame, 1514, false));
	assert_int_equal(rd(h, LEVEL), 0);
	drv_free(d);
	drv_free(e);
	host_free(h);
}

static void rmi_disabled_takes_nothing(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);

	(void)st;
	drv_post(d, true, 255);
	wr(h, CSR_RPC_RMI_CONFIG, 20);
	assert_true(give(h, frame, 1514, false));
	assert_false(drv_poll(d, &pkt));
	assert_int_equal(rd(h, CSR_RXB_DRBO_FRM_CNT_SRC), 0);
	drv_free(d);
	host_free(h);
}

static void sizes_are_counted_with_fcs(void **st)
{
	static const struct { uint32_t len, csr; } t[] = {
		{ 1514, 0 }, { 1515, CSR_RPC_STAT_RX_PACKET_1519_2047_BYTES },
		{ 2044, CSR_RPC_STAT_RX_PACKET_2048_4095_BYTES }, { 4092, CSR_RPC_STAT_RX_PACKET_4096_8191_BYTES },
		{ 8188, CSR_RPC_STAT_RX_PACKET_8192_9216_BYTES }, { 9213, CSR_RPC_STAT_RX_PACKET_9217_MAX_BYTES },
		{ 9742, CSR_RPC_STAT_RX_PACKET_9217_MAX_BYTES },
	};
	struct host *h;
	struct drvq *d = stuck(&h, true);
	unsigned int i;

	(void)st;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t before = t[i].csr ? ctr64(h, t[i].csr, 1) : 0;

		mk_tcp4(frame, t[i].len, 1);
		assert_true(give(h, frame, t[i].len, true));
		if (t[i].csr)
			assert_int_equal(ctr64(h, t[i].csr, 1), before + 1);
	}
	assert_int_equal(ctr64(h, CSR_RXB_DRBO_BYTE_CNT_SRC, 4), 1514 + 1515 + 2044 + 4092 + 8188 + 9213 + 9742);
	drv_free(d);
	host_free(h);
}

static void oversize_is_dropped_and_counted(void **st)
{
	static uint8_t big[9800];
	struct host *h;
	struct drvq *d = stuck(&h, true);

	(void)st;
	mk_tcp4(big, sizeof(big), 1);
	assert_true(give(h, big, 9750, true));
	assert_int_equal(rd(h, CSR_RPC_CNTR_OVR_SIZE_ERR), 0);
	assert_true(give(h, big, 9751, true));
	assert_int_equal(rd(h, CSR_RPC_CNTR_OVR_SIZE_ERR), 1);
	drv_free(d);
	host_free(h);
}

static void bad_fcs_is_marked(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);
	struct span s = { frame, 1514 };
	struct frame f = { .span = &s, .len = 1514, .nspans = 1, .flags = FRAME_FCS_BAD };

	(void)st;
	drv_post(d, true, 10);
	assert_true(rx_input(h->c, RXB_NET, &f, true));
	drv_expect(d, &pkt, frame, 1514);
	assert_int_equal(pkt.meta >> 53 & 1, 1);
	assert_int_equal(rd(h, qcsr(0, Q_RDE_PKT_ERR_CNT)), 1);
	assert_int_equal(rd(h, CSR_RXB_MAC_ERR), 1);
	drv_free(d);
	host_free(h);
}

static void bmc_copy_is_dropped_while_nobody_is_there(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);

	(void)st;
	drv_post(d, true, 10);
	wr(h, CSR_RPC_ACT_TBL0 + 60, ACT_HOST | RPC_BMC << 1);
	assert_true(give(h, frame, 1514, false));
	drv_expect(d, &pkt, frame, 1514);
	wr(h, CSR_RPC_ACT_TBL0 + 60, RPC_BMC << 1);
	assert_true(give(h, frame, 1514, false));
	assert_false(drv_poll(d, &pkt));
	assert_int_equal(rd(h, CSR_RXB_DROP_FRMS_STS + 3), 2);
	drv_free(d);
	host_free(h);
}

static void hostile_buffer_layout_is_refused(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, true);
	uint32_t s = 1;
	unsigned int i;

	(void)st;
	wr(h, CSR_RXB_PBUF_CFG + 4, 0x1000 | 0x1ff << 13);	/* beyond the end */
	assert_int_equal(BUGS(h, BLK_RXB), 1);
	assert_false(give(h, frame, 1514, false));
	wr(h, CSR_RXB_PBUF_CFG + 4, 0x1800 | 0x20 << 13);	/* FIFO 0's */
	assert_int_equal(BUGS(h, BLK_RXB), 2);
	assert_false(give(h, frame, 1514, false));
	wr(h, CSR_RXB_PBUF_CFG + 4, 0xc0 << 13);
	assert_true(give(h, frame, 1514, false));
	for (i = 0; i < 20000; i++) {
		wr(h, CSR_RXB_PBUF_CFG + rnd32(&s) % 8, rnd32(&s) & (rnd32(&s) & 1 ? ~0u : 0x7fff));
		wr(h, CSR_RXB_PAUSE_DROP_CTRL, rnd32(&s));
		wr(h, CSR_RXB_DROP_THLD + rnd32(&s) % 8, rnd32(&s));
		wr(h, CSR_RXB_PAUSE_THLD + rnd32(&s) % 8, rnd32(&s));
		if (i % 50 == 0)
			drv_post(d, true, 3);
		qwr(h, 0, Q_RCQ_HEAD, rd(h, qcsr(0, Q_RCQ_PTRS)) >> 16);
		give(h, frame, 54 + rnd32(&s) % 1400, rnd32(&s) & 1);
		rx_run(h->c);
	}
	drv_free(d);
	host_free(h);
}

static void reset_wakes_a_waiting_wire(void **st)
{
	struct host *h;
	struct drvq *d = stuck(&h, false);

	(void)st;
	assert_false(give(h, frame, 1514, false));
	card_reset(h->c, CARD_RESET_FUNCTION);
	run(h);
	assert_int_equal(h->ready, 1);
	drv_free(d);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_kept_through_the_fifo),
		cmocka_unit_test(drop_threshold_drops_and_counts),
		cmocka_unit_test(without_drop_enable_the_wire_waits),
		cmocka_unit_test(no_cells_pass_straight_or_wait),
		cmocka_unit_test(pause_on_and_off),
		cmocka_unit_test(pause_storm),
		cmocka_unit_test(ecn_marks_what_is_stored_above_the_threshold),
		cmocka_unit_test(stuck_queue_holds_up_others_disabled_does_not),
		cmocka_unit_test(rmi_disabled_takes_nothing),
		cmocka_unit_test(sizes_are_counted_with_fcs),
		cmocka_unit_test(oversize_is_dropped_and_counted),
		cmocka_unit_test(bad_fcs_is_marked),
		cmocka_unit_test(bmc_copy_is_dropped_while_nobody_is_there),
		cmocka_unit_test(hostile_buffer_layout_is_refused),
		cmocka_unit_test(reset_wakes_a_waiting_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
