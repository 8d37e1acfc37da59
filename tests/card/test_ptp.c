/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PTP clock, used as the driver uses it (fbnic_time.c): its rate, its two
 * halves, and the stamps of frames that go from one card to another.
 */
#include <string.h>

#include "rig.h"

#define MEM		(16u << 20)
#define NS_PER_S	1000000000ull
#define PERIOD		((NS_PER_S << 32) / 600000000)	/* of 600 MHz, 32.32 ns, as the driver has it */
#define NTX		4u

enum { CTRL = 0x04800, ADJUST, INIT_HI, INIT_LO, NUDGE_NS, NUDGE_SUBNS, ADD_NS, ADD_SUBNS,
       CTR_HI = 0x04808, CTR_LO, MONO_HI, MONO_LO, CDC_STATUS, SPARE };
enum { DO_INIT = 1, DO_SUB = 1 << 8, DO_ADD = 1 << 16, DO_ADDEND = 1 << 24 };

static struct rig rig;
static struct rng g;

static int setup_one(void **state)
{
	(void)state;
	g.s = 0x97c;
	rig_open(&rig, 1, 8, MEM, PORT_LSO_CUT);
	return 0;
}

static int setup_two(void **state)
{
	(void)state;
	g.s = 0x97c2;
	rig_open(&rig, 2, 8, MEM, PORT_LSO_CUT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* Time that just passes */
static void pass(uint64_t ns)
{
	for (unsigned int i = 0; i < rig.n; i++)
		rig.ip[i]->now_ns += ns;
}

/* ---- what the driver does ---- */

static void addend_write(struct host *h, uint64_t addend)
{
	csr_wr(h, ADD_NS, (uint32_t)(addend >> 32));
	csr_wr(h, ADD_SUBNS, (uint32_t)addend);
}

/* fbnic_ptp_reset() */
static void ptp_init(struct host *h)
{
	csr_wr(h, CTRL, 1 | 1 << 20);
	addend_write(h, PERIOD);
	csr_wr(h, INIT_HI, 0);
	csr_wr(h, INIT_LO, 0);
	csr_wr(h, ADJUST, DO_INIT);
	csr_wr(h, CTRL, 1 | 1 << 8 | 3 << 12 | 1 << 20);
	csr_rd(h, SPARE);
}

/* fbnic_ptp_adjfine(), adjust_by_scaled_ppm() */
static void adjfine(struct host *h, int64_t scaled_ppm)
{
	uint64_t by = (uint64_t)(scaled_ppm < 0 ? -scaled_ppm : scaled_ppm);
	uint64_t diff = (uint64_t)((unsigned __int128)PERIOD * by / (1000000ull << 16));

	addend_write(h, scaled_ppm < 0 ? PERIOD - diff : PERIOD + diff);
	csr_wr(h, ADJUST, DO_ADDEND);
	csr_rd(h, SPARE);
}

/* As clock_adjtime() gets there: parts per 10^9 become parts per 10^6 with 16 bits behind the point */
static int64_t scaled(int64_t ppb)
{
	return ppb * 65536 / 1000;
}

/* __fbnic_time_get_slow(); @each: what passes between two register reads */
static uint64_t time_get(struct host *h, uint64_t each)
{
	uint32_t hi, lo;

	do {
		hi = csr_rd(h, CTR_HI);
		pass(each);
		lo = csr_rd(h, CTR_LO);
		pass(each);
	} while (hi != csr_rd(h, CTR_HI));
	return (uint64_t)hi << 32 | lo;
}

/* ---- the clock ---- */

static void runs_from_the_start_at_the_speed_of_time(void **state)
{
	uint64_t t0;

	(void)state;
	ptp_init(rig.h[0]);
	assert_int_equal(time_get(rig.h[0], 0), 0);
	pass(NS_PER_S);
	t0 = time_get(rig.h[0], 0);
	assert_in_range(t0, NS_PER_S - 1, NS_PER_S);
	rig_no_bugs(&rig);
}

/* 60 s at the asked rate, looked at in steps of all sizes: right within 1 ppb, and never backwards */
static void check_rate(struct host *h, int64_t ppb)
{
	uint64_t left = 60 * NS_PER_S, start, last, now;
	int64_t want, error;

	adjfine(h, scaled(ppb));
	start = last = time_get(h, 0);
	while (left) {
		uint64_t step = 1 + (rnd64(&g) & ((2ull << rnd(&g, 33)) - 1));

		if (step > left)
			step = left;
		pass(step);
		left -= step;
		now = time_get(h, 0);
		assert_true(now >= last);
		last = now;
	}
	want = (int64_t)(60 * NS_PER_S) + 60 * ppb;
	error = (int64_t)(last - start) - want;
	if (error > 60 || error < -60)
		fail_msg("%lld ppb asked: %lld ns off after 60 s", (long long)ppb, (long long)error);
}

static void rate_is_right_within_1_ppb(void **state)
{
	static const int64_t ppb[] = {
		0, 1, 2, 3, 5, 10, 50, 99, 100, 999, 1000, 12345, 99999, 100000, 1000000, 3333333,
		10000000, 100000000, 500000000, 999999998, 999999999,
	};

	(void)state;
	ptp_init(rig.h[0]);
	for (unsigned int i = 0; i < sizeof(ppb) / sizeof(ppb[0]); i++) {
		check_rate(rig.h[0], ppb[i]);
		check_rate(rig.h[0], -ppb[i]);
	}
	for (unsigned int i = 0; i < 200; i++) {
		int64_t p = (int64_t)(rnd64(&g) % (1ull << rnd_in(&g, 1, 29)));

		check_rate(rig.h[0], i & 1 ? p : -p);
	}
	rig_no_bugs(&rig);
}

/* A servo sets the rate many times a second: no change makes the clock jump, and no error adds up */
static void changes_of_rate_leave_no_trace(void **state)
{
	struct host *h = rig.h[0];
	uint64_t before;

	(void)state;
	ptp_init(h);
	for (unsigned int i = 0; i < 10000; i++) {
		int64_t p = rnd(&g, 1000000);

		before = time_get(h, 0);
		adjfine(h, scaled(p));
		assert_int_equal(time_get(h, 0), before);
		pass(1000000);
		adjfine(h, scaled(-p));
		pass(1000000);
	}
	/* 20 s; each pair of rates makes up for itself but for 2 x 0.14 ppb of rounding, down */
	assert_in_range(time_get(h, 0), 20 * NS_PER_S - 20, 20 * NS_PER_S);
	rig_no_bugs(&rig);
}

/* Only ADJUST takes the increment into force */
static void increment_waits_for_its_command(void **state)
{
	struct host *h = rig.h[0];
	uint64_t t;

	(void)state;
	ptp_init(h);
	t = time_get(h, 0);
	addend_write(h, 2 * PERIOD);
	pass(NS_PER_S);
	assert_in_range(time_get(h, 0) - t, NS_PER_S - 1, NS_PER_S);
	t = time_get(h, 0);
	csr_wr(h, ADJUST, DO_ADDEND);
	pass(NS_PER_S);
	assert_in_range(time_get(h, 0) - t, 2 * NS_PER_S - 1, 2 * NS_PER_S);
}

/* Read in two halves while it runs, above all when the lower one wraps */
static void halves_fit_together(void **state)
{
	static const uint32_t his[] = { 0, 1, 0xff, 0x7fffffff, 0xfffffffe, 0xffffffff };
	struct host *h = rig.h[0];

	(void)state;
	ptp_init(h);
	for (unsigned int i = 0; i < sizeof(his) / sizeof(his[0]); i++) {
		uint64_t start = (uint64_t)his[i] << 32 | 0xffffff00, before, after, t;

		for (unsigned int k = 0; k < 500; k++) {
			csr_wr(h, INIT_HI, his[i]);
			csr_wr(h, INIT_LO, (uint32_t)start);
			csr_wr(h, ADJUST, DO_INIT);
			pass(rnd(&g, 300));
			before = card_clock(rig.ip[0]->card, rig.ip[0]->now_ns);
			t = time_get(h, rnd(&g, 40));
			after = card_clock(rig.ip[0]->card, rig.ip[0]->now_ns);
			assert_true(t - start >= before - start);	/* (all 64 bits may wrap too) */
			assert_true(t - start <= after - start);
			assert_in_range(after - start, 0, 1000);
		}
	}
	rig_no_bugs(&rig);
}

static void function_reset_lets_it_run(void **state)
{
	struct host *h = rig.h[0];
	uint64_t t;

	(void)state;
	ptp_init(h);
	adjfine(h, scaled(500000000));
	pass(NS_PER_S);
	t = time_get(h, 0);
	card_reset(rig.ip[0]->card, CARD_RESET_FUNCTION);
	host_enable(h);
	assert_int_equal(time_get(h, 0), t);
	pass(NS_PER_S);
	assert_in_range(time_get(h, 0) - t, 3 * NS_PER_S / 2 - 2, 3 * NS_PER_S / 2);
	card_reset(rig.ip[0]->card, CARD_RESET_POWER);
	host_enable(h);
	assert_int_equal(time_get(h, 0), 0);
	pass(NS_PER_S);
	assert_in_range(time_get(h, 0), NS_PER_S - 1, NS_PER_S);
}

/* Whatever was written there, the driver's sequence makes a good clock of it */
static void any_values_do_no_harm(void **state)
{
	static const uint64_t extremes[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	struct host *h = rig.h[0];

	(void)state;
	for (unsigned int round = 0; round < 50; round++) {
		for (unsigned int i = 0; i < 200; i++) {
			uint32_t val = (uint32_t)(rnd(&g, 3) ? extremes[rnd(&g, 5)] : rnd64(&g));

			csr_wr(h, rnd_in(&g, CTRL, SPARE), val);
			if (!rnd(&g, 4))
				csr_wr(h, ADJUST, val & 0x01010101 ? val : 0x01010101u >> 8 * rnd(&g, 4));
			pass(rnd64(&g) >> rnd_in(&g, 20, 63));
			csr_rd(h, rnd_in(&g, CTRL, SPARE));
		}
		ptp_init(h);
		assert_int_equal(time_get(h, 0), 0);
		pass(NS_PER_S);
		assert_in_range(time_get(h, 0), NS_PER_S - 1, NS_PER_S);
		check_rate(h, (int64_t)rnd(&g, 2000000) - 1000000);
	}
}

/* guess: the driver does not use these */
static void nudges(void **state)
{
	struct host *h = rig.h[0];

	(void)state;
	ptp_init(h);
	csr_wr(h, NUDGE_NS, 1000);
	csr_wr(h, ADJUST, DO_ADD);
	assert_int_equal(time_get(h, 0), 1000);
	csr_wr(h, NUDGE_NS, 1);
	csr_wr(h, NUDGE_SUBNS, 0x80000000);
	csr_wr(h, ADJUST, DO_SUB);
	csr_wr(h, ADJUST, DO_SUB);
	assert_int_equal(time_get(h, 0), 997);
	csr_wr(h, NUDGE_NS, 5000);
	csr_wr(h, ADJUST, DO_SUB);
	assert_int_equal(time_get(h, 0), 0);
}

/* ---- stamps ---- */

/* The process is not quick, nor always equally slow: it may even lose the processor */
static void dawdle(struct rig *r)
{
	(void)r;
	pass(rnd(&g, 10) ? rnd(&g, 3000) : rnd(&g, 20000000));
}

struct cable {
	struct drv_tx	tx[NTX];
	struct drv_rx	rx;
	uint64_t	buf, last_tx, last_rx;
};

static void cable_open(struct cable *c)
{
	struct drv_conf conf = { .queues = 1, .ts = true };

	for (unsigned int q = 0; q < NTX; q++)
		assert_int_equal(drv_tx_open(&c->tx[q], rig.h[0], q, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&c->rx, rig.h[1], 0, &DRV_RX_DEFAULT), 0);
	memcpy(conf.mac, rig_mac[1], 6);
	drv_rpc_on(rig.h[1], &conf);
	c->buf = host_alloc(rig.h[0], NTX * 2048, 4096);
	c->last_tx = c->last_rx = 0;
	rig_work(&rig);
	rig.on_way = dawdle;
}

/* A frame on each of @n rings at once; @apart: by how many ns each is stamped later here than there */
static void cable_burst(struct cable *c, unsigned int n, int64_t *apart)
{
	uint64_t sent[NTX];
	struct drv_pkt p;

	for (unsigned int q = 0; q < n; q++) {
		struct drv_buf b = { c->buf + q * 2048, 100 };
		uint8_t *f = host_ptr(rig.h[0], b.addr);

		memset(f, (int)q, 100);
		memcpy(f, rig_mac[1], 6);
		wr16(f + 12, 0x88f7);
		assert_int_equal(drv_tx_post(&c->tx[q], 0, drv_meta_plain() | TWD_REQ_TS, &b, 1), 0);
	}
	for (unsigned int q = 0; q < n; q++)
		drv_tx_kick(&c->tx[q], 0);
	rig_work(&rig);
	for (unsigned int q = 0; q < n; q++) {
		uint64_t stamps = c->tx[q].stamps;

		assert_true(drv_tx_reap(&c->tx[q]) > 0);
		assert_int_equal(c->tx[q].stamps, stamps + 1);
		assert_int_equal(c->tx[q].last_stamp >> 48 & 1, 0);
		sent[q] = c->tx[q].last_stamp & ((1ull << 40) - 1);
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int q;

		assert_int_equal(drv_rx_poll(&c->rx, &p), 1);
		assert_true(p.has_ts);
		q = p.data[20];
		assert_true(q < n);
		assert_true(sent[q] >= c->last_tx);	/* in the order in which they came */
		assert_true(p.ts >= c->last_rx);
		c->last_tx = sent[q];
		c->last_rx = p.ts;
		apart[i] = (int64_t)(p.ts - sent[q]);
	}
	drv_rx_refill(&c->rx);
}

/*
 * Two clocks of one rate: what the ends of a cable say of a frame differs
 * always by the same, however long the process was on its way, and in order.
 */
static void a_cable_has_one_length(void **state)
{
	struct cable c;
	int64_t apart[NTX];
	uint64_t start;

	(void)state;
	ptp_init(rig.h[0]);
	ptp_init(rig.h[1]);
	csr_wr(rig.h[1], INIT_LO, 123456789);
	csr_wr(rig.h[1], ADJUST, DO_INIT);
	cable_open(&c);
	start = rig.ip[0]->now_ns;
	for (unsigned int i = 0; i < 1000; i++) {
		unsigned int n = rnd_in(&g, 1, NTX);

		cable_burst(&c, n, apart);
		for (unsigned int k = 0; k < n; k++)
			assert_in_range(apart[k], 123456788, 123456790);
		rig_run(&rig, rnd(&g, 100000));
	}
	assert_true(rig.ip[0]->now_ns - start > 500 * MS);	/* it did dawdle */
	rig_no_bugs(&rig);
}

/* Two clocks that drift apart by 80 ppm: each stamp is what its clock showed at that moment */
static void stamps_follow_each_clock(void **state)
{
	struct cable c;
	int64_t apart[NTX], drift;

	(void)state;
	ptp_init(rig.h[0]);
	ptp_init(rig.h[1]);
	adjfine(rig.h[0], scaled(30000));
	adjfine(rig.h[1], scaled(-50000));
	cable_open(&c);
	for (unsigned int i = 0; i < 1000; i++) {
		unsigned int n = rnd_in(&g, 1, NTX);

		cable_burst(&c, n, apart);
		for (unsigned int k = 0; k < n; k++) {
			drift = -(int64_t)((unsigned __int128)c.last_tx * 79998 / NS_PER_S);
			/* (the first of a burst may be some ms older than the last) */
			if (k == n - 1)
				assert_in_range(apart[k] - drift + 1000, 990, 1010);
			else
				assert_in_range(apart[k] - drift + 10000, 8000, 12000);
		}
		rig_run(&rig, rnd(&g, 100000));
	}
	rig_no_bugs(&rig);
}

static uint64_t left_at;
static unsigned int crossings, frames;

static void note_departure(struct rig *r)
{
	left_at = r->ip[0]->now_ns;
	crossings++;
	pass(rnd_in(&g, 1, 5000));
}

static void has_departure(struct rig *r, unsigned int from, const struct frame *f)
{
	(void)r;
	assert_int_equal(from, 0);
	assert_int_equal(f->when, left_at);
	frames++;
}

/* Many batches in one go: not the time when the card began to work on them */
static void frames_carry_the_time_when_they_left(void **state)
{
	struct cable c;

	(void)state;
	cable_open(&c);
	crossings = frames = 0;
	rig.on_way = note_departure;
	rig.tap = has_departure;
	for (unsigned int i = 0; i < 400; i++) {
		struct drv_buf b = { c.buf, (uint16_t)(i % 3 ? 100 : 60) };

		assert_int_equal(drv_tx_post(&c.tx[0], 0, drv_meta_plain() | TWD_REQ_TS, &b, 1), 0);
	}
	drv_tx_kick(&c.tx[0], 0);
	rig_work(&rig);
	assert_int_equal(frames, 400);
	assert_true(crossings > 6);
	assert_true(drv_tx_reap(&c.tx[0]) > 0);
	assert_int_equal(c.tx[0].stamps, 400);
}

/* Within the card, too */
static void loopback_is_no_cable_at_all(void **state)
{
	struct drv_conf conf = { .queues = 1, .ts = true, .promisc = true };
	struct host *h = rig.h[0];
	struct drv_tx tx;
	struct drv_rx rx;
	struct drv_pkt p;
	struct drv_buf b;

	(void)state;
	ptp_init(h);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	memcpy(conf.mac, rig_mac[0], 6);
	drv_rpc_on(h, &conf);
	csr_wr(h, 0x11002, csr_rd(h, 0x11002) | 1 << 10);
	b = (struct drv_buf){ host_alloc(h, 2048, 4096), 100 };
	memset(host_ptr(h, b.addr), 0, 100);
	memcpy(host_ptr(h, b.addr), rig_mac[0], 6);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain() | TWD_REQ_TS, &b, 1), 0);
	pass(12345);
	drv_tx_kick(&tx, 0);
	rig_work(&rig);
	assert_true(drv_tx_reap(&tx) > 0);
	assert_int_equal(drv_rx_poll(&rx, &p), 1);
	assert_int_equal(p.ts, tx.last_stamp & ((1ull << 40) - 1));
	assert_true(p.ts >= 12344);
	rig_no_bugs(&rig);
}

int main(void)
{
#define ONE(t)	cmocka_unit_test_setup_teardown(t, setup_one, teardown)
#define TWO(t)	cmocka_unit_test_setup_teardown(t, setup_two, teardown)
	const struct CMUnitTest tests[] = {
		ONE(runs_from_the_start_at_the_speed_of_time),
		ONE(rate_is_right_within_1_ppb),
		ONE(changes_of_rate_leave_no_trace),
		ONE(increment_waits_for_its_command),
		ONE(halves_fit_together),
		ONE(function_reset_lets_it_run),
		ONE(any_values_do_no_harm),
		ONE(nudges),
		TWO(a_cable_has_one_length),
		TWO(stamps_follow_each_clock),
		TWO(frames_carry_the_time_when_they_left),
		ONE(loopback_is_no_cable_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
