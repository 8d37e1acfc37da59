/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When completion rings interrupt: timers, thresholds, masks, and what is
 * remembered.  The last test is the one that counts: whatever the order of
 * completions, head moves, masks and timers, as long as a ring has descriptors
 * that the host has not consumed and its vector is not masked, an interrupt
 * comes within the timeout.  Contract 02.
 */
#include <string.h>

#include "rig.h"

#define NQ	4u

static struct rig rig;
static struct host *h;
static struct drv_tx tx[NQ];
static struct drv_rx rx[NQ];
static uint8_t frame_to[NQ][60];
static uint64_t buf;
static struct rng g;

/* RSS on the destination address: one address per queue */
static void find_addresses(void)
{
	for (unsigned int found = 0; found != (1u << NQ) - 1; ) {
		uint8_t da[6];
		unsigned int q;

		rnd_bytes(&g, da, 6);
		da[0] &= 0xfe;
		q = (ref_toeplitz(drv_rss_key, da, 6) & 0xff) % NQ;
		memset(frame_to[q], 0, 60);
		memcpy(frame_to[q], da, 6);
		wr16(frame_to[q] + 12, 0x88b5);
		found |= 1u << q;
	}
}

static int setup(void **state)
{
	struct drv_conf conf = { .queues = NQ, .promisc = true };

	(void)state;
	g.s = 0xc0a1;
	rig_open(&rig, 1, NQ, 16u << 20, PORT_LSO_CUT);
	h = rig.h[0];
	find_addresses();
	for (unsigned int q = 0; q < NQ; q++) {
		struct drv_tx_cfg tc = { .twq_log = 8, .tcq_log = 8, .vector = (uint8_t)(5 + q), .threshold = 1000 };
		struct drv_rx_cfg rc = DRV_RX_DEFAULT;

		rc.vector = (uint8_t)(5 + q);
		rc.threshold = 1000;
		assert_int_equal(drv_tx_open(&tx[q], h, q, &tc), 0);
		assert_int_equal(drv_rx_open(&rx[q], h, q, &rc), 0);
	}
	drv_rpc_on(h, &conf);
	buf = host_alloc(h, 4096, 64);
	rig_work(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void receive(unsigned int q, unsigned int n)	/* two descriptors each */
{
	while (n--)
		assert_true(rig_inject(&rig, 0, frame_to[q], 60, 0));
	rig_work(&rig);
}

static void transmit(unsigned int q, unsigned int n)	/* two descriptors each */
{
	struct drv_buf b = { buf, 60 };

	tx[q].twq[0].head = csr_rd(h, TWQ_PTRS(q, 0)) >> 16;	/* what is done is free */
	while (n--)
		if (drv_tx_post(&tx[q], 0, drv_meta_plain(), &b, 1))
			break;
	drv_tx_kick(&tx[q], 0);
	rig_work(&rig);
	rig_forget(&rig);
}

/* Consumes all but @leave of what is there */
static void consume(uint32_t ptrs, uint32_t head, uint32_t mask, uint32_t leave)
{
	uint32_t p = csr_rd(h, ptrs), n = ((p >> 16) - p) & mask;

	if (n >= leave)
		csr_wr(h, head, ((p >> 16) - leave) & mask);
}

static void consume_rx(unsigned int q, uint32_t leave)
{
	consume(RCQ_PTRS(q), RCQ_HEAD(q), rx[q].rcq.mask, leave);
}

static void consume_tx(unsigned int q, uint32_t leave)
{
	consume(TCQ_PTRS(q), TCQ_HEAD(q), tx[q].tcq.mask, leave);
}

/* An interrupt of @v comes after exactly @ns */
static void comes_after(unsigned int v, uint64_t ns)
{
	if (ns) {
		rig_run(&rig, ns - 1);
		assert_int_equal(host_irq_take(h, v), 0);
		rig_run(&rig, 1);
	}
	assert_int_equal(host_irq_take(h, v), 1);
}

static void never_comes(unsigned int v)
{
	rig_run(&rig, 100 * MS);
	assert_int_equal(host_irq_take(h, v), 0);
}

/* ---- one by one ---- */

static void rx_and_tx_have_their_own_timers(void **state)
{
	(void)state;
	drv_arm(h, 5, 30, 35);
	receive(0, 1);
	rig_run(&rig, 10 * US);
	receive(0, 2);			/* does not start it anew */
	comes_after(5, 20 * US);
	consume_rx(0, 0);
	drv_rearm(h, 5);
	transmit(0, 1);
	comes_after(5, 35 * US);
	consume_tx(0, 0);
	drv_rearm(h, 5);
	never_comes(5);
	receive(0, 1);			/* both: the earlier one */
	transmit(0, 1);
	comes_after(5, 30 * US);
}

static void threshold_interrupts_at_once(void **state)
{
	(void)state;
	csr_wr(h, RIM_THRESHOLD(0), 8);
	csr_wr(h, TIM_THRESHOLD(1), 8);
	drv_arm(h, 5, 1000, 1000);
	drv_arm(h, 6, 1000, 1000);
	receive(0, 3);
	transmit(1, 1);
	transmit(1, 2);
	assert_int_equal(host_irq_take(h, 5) + host_irq_take(h, 6), 0);
	receive(0, 1);
	comes_after(5, 0);
	transmit(1, 1);
	comes_after(6, 0);
	/* consuming starts the count anew */
	consume_rx(0, 0);
	drv_rearm(h, 5);
	receive(0, 3);
	consume_rx(0, 1);
	receive(0, 3);
	assert_int_equal(host_irq_take(h, 5), 0);
	receive(0, 1);
	comes_after(5, 0);
}

static void timeout_0_is_at_once(void **state)
{
	(void)state;
	drv_rearm(h, 5);		/* the timeouts have never been written: Linux 6.12 */
	receive(0, 1);
	comes_after(5, 0);
	consume_rx(0, 0);
	drv_rearm(h, 5);
	transmit(0, 1);
	comes_after(5, 0);
}

static void a_masked_vector_remembers(void **state)
{
	(void)state;
	drv_arm(h, 5, 30, 35);
	csr_wr(h, INTR_MASK_SET(0), 1 << 5);
	receive(0, 1);
	never_comes(5);
	drv_rearm(h, 5);
	comes_after(5, 0);		/* the timer has run out long ago */
	consume_rx(0, 0);
	transmit(0, 1);
	rig_run(&rig, 20 * US);
	drv_rearm(h, 5);		/* it runs while the vector is masked */
	comes_after(5, 15 * US);
}

static void consumed_while_masked_is_forgotten(void **state)
{
	(void)state;
	drv_arm(h, 5, 30, 35);
	csr_wr(h, INTR_MASK_SET(0), 1 << 5);
	receive(0, 3);
	transmit(0, 3);
	rig_run(&rig, 100 * US);
	consume_rx(0, 0);
	consume_tx(0, 0);
	drv_rearm(h, 5);
	never_comes(5);
}

static void consumed_before_the_timer_is_forgotten(void **state)
{
	(void)state;
	drv_arm(h, 5, 30, 35);
	receive(0, 3);
	rig_run(&rig, 29 * US);
	consume_rx(0, 0);
	never_comes(5);
	receive(0, 1);
	consume_rx(0, 1);		/* but not all */
	comes_after(5, 30 * US);
}

static void what_the_host_leaves_behind_is_told_again(void **state)
{
	(void)state;
	drv_arm(h, 5, 30, 35);
	receive(0, 3);
	comes_after(5, 30 * US);
	consume_rx(0, 2);
	never_comes(5);
	drv_rearm(h, 5);
	comes_after(5, 30 * US);
	drv_rearm(h, 5);
	comes_after(5, 30 * US);
	consume_rx(0, 0);
	drv_rearm(h, 5);
	never_comes(5);
}

static void queues_share_a_vector(void **state)
{
	(void)state;
	for (unsigned int q = 0; q < NQ; q++) {
		csr_wr(h, RIM_CTL(q), 9);
		csr_wr(h, TIM_CTL(q), 9);
	}
	drv_arm(h, 9, 30, 35);
	receive(0, 1);
	rig_run(&rig, 10 * US);
	receive(1, 1);
	transmit(2, 1);
	comes_after(9, 20 * US);
	consume_rx(0, 0);
	consume_rx(1, 0);		/* Tx of queue 2 is still to be told, at 45 us */
	drv_rearm(h, 9);
	comes_after(9, 15 * US);
	consume_tx(2, 0);
	receive(3, 1);			/* masked */
	rig_run(&rig, 50 * US);
	drv_rearm(h, 9);
	comes_after(9, 0);
	for (unsigned int v = 5; v < 9; v++)
		assert_int_equal(host_irq_take(h, v), 0);
}

static void vector_and_threshold_change_on_a_live_queue(void **state)
{
	(void)state;
	drv_arm(h, 5, 1000, 1000);
	drv_arm(h, 12, 40, 50);
	receive(0, 2);
	transmit(0, 2);
	rig_run(&rig, 10 * US);
	csr_wr(h, RIM_CTL(0), 12);
	csr_wr(h, TIM_CTL(0), 12);
	comes_after(12, 40 * US);
	consume_rx(0, 0);
	drv_rearm(h, 12);
	comes_after(12, 10 * US);
	consume_tx(0, 0);
	drv_rearm(h, 12);
	never_comes(5);
	receive(0, 2);
	csr_wr(h, RIM_THRESHOLD(0), 4);		/* reached already */
	comes_after(12, 0);
}

static void queue_mask_set_and_clear(void **state)
{
	const uint32_t rim_clear = QUEUE(0) + 0x2c2, rim_set = QUEUE(0) + 0x2c3;
	const uint32_t tim_clear = QUEUE(0) + 0x0c2, tim_set = QUEUE(0) + 0x0c3;

	(void)state;
	drv_arm(h, 5, 30, 35);
	csr_wr(h, RIM_MASK(0), 1);
	csr_wr(h, TIM_MASK(0), 1);
	receive(0, 1);
	transmit(0, 1);
	csr_wr(h, rim_set, 1);
	csr_wr(h, tim_set, 1);
	never_comes(5);
	csr_wr(h, RIM_MASK(0), 0);
	comes_after(5, 30 * US);
	drv_rearm(h, 5);
	csr_wr(h, rim_clear, 1);
	never_comes(5);
	csr_wr(h, TIM_MASK(0), 0);
	csr_wr(h, tim_clear, 1);
	never_comes(5);
	csr_wr(h, rim_set, 1);
	comes_after(5, 0);
	drv_rearm(h, 5);
	csr_wr(h, tim_set, 1);
	comes_after(5, 0);
	drv_rearm(h, 5);
	receive(0, 1);				/* clearing was not for good */
	comes_after(5, 30 * US);
}

static void forced_interrupts_need_no_descriptors(void **state)
{
	(void)state;
	for (unsigned int v = 5; v < 9; v++)
		drv_arm(h, v, 30, 35);
	csr_wr(h, INTR_SET(0), 0xf << 5);
	for (unsigned int v = 5; v < 9; v++)
		comes_after(v, 0);
	csr_wr(h, INTR_SET(0), 0xf << 5);	/* masked themselves: once more on unmask */
	for (unsigned int v = 5; v < 9; v++) {
		assert_int_equal(host_irq_take(h, v), 0);
		csr_wr(h, INTR_MASK_CLEAR(0), 1u << v);
		comes_after(v, 0);
	}
}

static void status_registers_tell_time_and_count(void **state)
{
	(void)state;
	drv_arm(h, 5, 30, 35);
	receive(0, 2);
	transmit(0, 3);
	rig_run(&rig, 10 * US);
	assert_int_equal(csr_rd(h, QUEUE(0) + 0x2c5), 4 << 16 | 20);
	assert_int_equal(csr_rd(h, QUEUE(0) + 0x0c5), 25);
	assert_int_equal(csr_rd(h, QUEUE(0) + 0x0c6), 6);
	rig_run(&rig, 20 * US);
	assert_int_equal(csr_rd(h, QUEUE(0) + 0x2c5), 0);
}

/* ---- any order ---- */

static bool wants(unsigned int v)
{
	for (unsigned int q = 0; q < NQ; q++) {
		uint32_t r = csr_rd(h, RCQ_PTRS(q)), t = csr_rd(h, TCQ_PTRS(q));

		if (!csr_rd(h, RIM_MASK(q)) && csr_rd(h, RIM_CTL(q)) == v && r >> 16 != (r & 0xffff))
			return true;
		if (!csr_rd(h, TIM_MASK(q)) && csr_rd(h, TIM_CTL(q)) == v && t >> 16 != (t & 0xffff))
			return true;
	}
	return false;
}

static void random_step(void)
{
	unsigned int q = rnd(&g, NQ), v = rnd_in(&g, 5, 7);

	switch (rnd(&g, 16)) {
	case 0: case 1:
		receive(q, rnd_in(&g, 1, 5));
		break;
	case 2: case 3:
		transmit(q, rnd_in(&g, 1, 5));
		break;
	case 4:
		consume_rx(q, rnd(&g, 4));
		break;
	case 5:
		consume_tx(q, rnd(&g, 4));
		break;
	case 6: case 7:
		drv_rearm(h, v);
		break;
	case 8:
		csr_wr(h, INTR_MASK_SET(0), 1u << v);
		break;
	case 9:
		drv_arm(h, v, rnd(&g, 3) ? rnd(&g, 50) : 0, rnd(&g, 3) ? rnd(&g, 50) : 0);
		break;
	case 10:
		csr_wr(h, rnd(&g, 2) ? RIM_CTL(q) : TIM_CTL(q), v);
		break;
	case 11:
		csr_wr(h, rnd(&g, 2) ? RIM_THRESHOLD(q) : TIM_THRESHOLD(q), rnd(&g, 20));
		break;
	case 12:
		csr_wr(h, rnd(&g, 2) ? RIM_MASK(q) : TIM_MASK(q), !rnd(&g, 3));
		break;
	case 13:		/* pages back, or no frame comes after a while */
		csr_wr(h, BDQ_TAIL(q, 0), ((csr_rd(h, BDQ_PTRS(q, 0)) >> 16) - 1) & 0xff);
		break;
	default:
		rig_run(&rig, rnd(&g, 30) * US);
	}
}

static void no_interrupt_is_lost_and_none_is_made_up(void **state)
{
	unsigned int checked = 0, quiet = 0;

	(void)state;
	for (unsigned int v = 5; v < 8; v++)
		drv_arm(h, v, 20, 30);
	for (unsigned int q = 0; q < NQ; q++) {
		csr_wr(h, RIM_CTL(q), 5 + q % 3);
		csr_wr(h, TIM_CTL(q), 5 + q % 3);
	}
	for (unsigned int i = 0; i < 30000; i++) {
		bool open[8], want[8];

		random_step();
		if (rnd(&g, 8))
			continue;
		for (unsigned int v = 5; v < 8; v++) {
			host_irq_take(h, v);
			open[v] = !(csr_rd(h, INTR_MASK(0)) >> v & 1);
			want[v] = wants(v);
		}
		rig_run(&rig, 50 * US);
		for (unsigned int v = 5; v < 8; v++) {
			if (host_irq_take(h, v) != (open[v] && want[v]))
				fail_msg("step %u: vector %u, %s, %s", i, v, open[v] ? "open" : "masked",
					 want[v] ? "descriptors wait" : "nothing waits");
			checked += open[v] && want[v];
			quiet += open[v] && !want[v];
		}
	}
	assert_true(checked > 500 && quiet > 500);
	rig_no_bugs(&rig);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(rx_and_tx_have_their_own_timers), T(threshold_interrupts_at_once), T(timeout_0_is_at_once),
		T(a_masked_vector_remembers), T(consumed_while_masked_is_forgotten),
		T(consumed_before_the_timer_is_forgotten), T(what_the_host_leaves_behind_is_told_again),
		T(queues_share_a_vector), T(vector_and_threshold_change_on_a_live_queue),
		T(queue_mask_set_and_clear), T(forced_interrupts_need_no_descriptors),
		T(status_registers_tell_time_and_count), T(no_interrupt_is_lost_and_none_is_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
