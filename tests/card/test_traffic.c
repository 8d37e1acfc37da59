/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic between two cards, wired back to back: every byte that goes in at
 * one end must come out at the other, whatever the size, the scatter of the
 * buffers, the ring sizes and what happens to other queues meanwhile.  The
 * driver library checks placement and checksums of all that arrives.
 */
#include <string.h>

#include "rig.h"

#define MEM		(48u << 20)
#define AREA		(64u << 10)

static struct rig rig;
static struct drv_tx tx[8];
static struct drv_rx rx[8];
static struct rng g;

static int setup(void **state)
{
	(void)state;
	g.s = 0xfb11c;
	rig_open(&rig, 2, 8, MEM, PORT_LSO_CUT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void open_queues(unsigned int ntx, const struct drv_tx_cfg *txc, unsigned int nrx,
			const struct drv_rx_cfg *rxc)
{
	struct drv_conf conf = { .queues = nrx, .hint_l4 = true };

	memcpy(conf.mac, rig_mac[1], 6);
	for (unsigned int q = 0; q < ntx; q++)
		assert_int_equal(drv_tx_open(&tx[q], rig.h[0], q, txc), 0);
	for (unsigned int q = 0; q < nrx; q++)
		assert_int_equal(drv_rx_open(&rx[q], rig.h[1], q, rxc), 0);
	drv_rpc_on(rig.h[1], &conf);
	rig_work(&rig);
}

static void reap(unsigned int q)
{
	if (drv_tx_reap(&tx[q]) < 0)
		fail_msg("tx%u: %s", q, tx[q].err);
}

static bool poll(unsigned int q, struct drv_pkt *p)
{
	int n = drv_rx_poll(&rx[q], p);

	if (n < 0)
		fail_msg("%s", rx[q].err);
	return n;
}

static void expect(const struct drv_pkt *p, const uint8_t *data, uint32_t len)
{
	static const uint8_t zeros[60];

	assert_int_equal(p->len, len < 60 ? 60 : len);
	assert_memory_equal(p->data, data, len);
	if (len < 60)
		assert_memory_equal(p->data + len, zeros, 60 - len);
}

/* A frame whose bytes follow from its flow and number, so that the receiver can make it again */
static void flow_frame(uint8_t *f, unsigned int flow, uint32_t seq, uint32_t len)
{
	struct rng own = { (uint64_t)flow << 32 | seq };

	rnd_bytes(&own, f, len);
	memcpy(f, rig_mac[1], 6);
	wr16(f + 12, 0x88b5);
	f[14] = (uint8_t)flow;
	wr32(f + 15, seq);
}

static void expect_flow(const struct drv_pkt *p, unsigned int flow, uint32_t seq)
{
	static uint8_t want[DRV_MAX_FRAME];

	flow_frame(want, flow, seq, p->len);
	assert_memory_equal(p->data, want, p->len);
}

/* Frame @seq of @flow on queue @q, from a buffer of its own; false: the ring is full */
static bool post_flow(unsigned int q, unsigned int ring, uint64_t bufs, unsigned int flow, uint32_t seq,
		      uint32_t len)
{
	struct drv_buf b = { bufs + (seq & 511) * 2048, (uint16_t)len };

	if (drv_tx_post(&tx[q], ring, ring ? 0 : drv_meta_plain(), &b, 1))
		return false;
	flow_frame(host_ptr(rig.h[0], b.addr), flow, seq, len);
	return true;
}

/* ---- sizes ---- */

static uint32_t any_frame(uint8_t *f, uint32_t len)
{
	struct pkt p;

	if (len < 70 || !rnd(&g, 3)) {
		rnd_bytes(&g, f, len);
		memcpy(f, rig_mac[1], 6);
		wr16(f + 12, 0x88b5);
		return len;
	}
	do {
		pkt_random(&g, &p, rig_mac[1], 0);
		p.payload = len - 14 - (p.vlan ? 4 : 0) - (p.v6 ? 40 : 20) -
			    (p.proto == 6 ? 20 : p.proto == 17 ? 8 : 0);
	} while (p.payload > len);
	return pkt_build(&g, &p, f);
}

static void every_size(const struct drv_rx_cfg *cfg)
{
	static uint8_t data[4][DRV_MAX_FRAME];
	uint64_t area;
	uint32_t len = 14;

	open_queues(1, &DRV_TX_DEFAULT, 1, cfg);
	area = host_alloc(rig.h[0], 4 * AREA, 4096);
	while (len <= 9742) {
		unsigned int n, burst = rnd_in(&g, 1, 4);
		uint32_t first = len;
		struct drv_pkt p;

		for (n = 0; n < burst && len <= 9742; n++, len++) {
			unsigned int parts = rnd_in(&g, 1, len < 17 ? len : 17);
			struct drv_buf b[17];

			assert_int_equal(any_frame(data[n], len), len);
			scatter(&g, rig.h[0], area + n * AREA, AREA, data[n], len, parts, b);
			assert_int_equal(drv_tx_post(&tx[0], 0, drv_meta_plain(), b, parts), 0);
		}
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		reap(0);
		assert_int_equal(drv_tx_pending(&tx[0], 0), 0);
		for (unsigned int i = 0; i < n; i++) {
			if (!poll(0, &p))
				fail_msg("frame of %u bytes is missing", first + i);
			expect(&p, data[i], first + i);
			assert_true(!cfg->split || p.hdr_len <= cfg->max_hdr);
		}
		assert_false(poll(0, &p));
		drv_rx_refill(&rx[0]);
	}
	rig_no_bugs(&rig);
	assert_int_equal(csr_rd(rig.h[0], 0x40062), 9742 - 13);		/* TWQ0_PKT_CNT */
}

static void every_size_7_3(void **state)
{
	(void)state;
	every_size(&DRV_RX_DEFAULT);
}

static void every_size_6_12(void **state)
{
	(void)state;
	every_size(&DRV_RX_6_12);
}

static void every_size_header_split(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;

	(void)state;
	cfg.split = true;
	cfg.max_hdr = 256;
	every_size(&cfg);
}

static void less_than_an_ethernet_header_is_completed_and_dropped(void **state)
{
	struct drv_pkt p;
	uint64_t area;

	(void)state;
	open_queues(1, &DRV_TX_DEFAULT, 1, &DRV_RX_DEFAULT);
	area = host_alloc(rig.h[0], 4096, 64);
	for (uint16_t len = 1; len < 14; len++) {
		struct drv_buf b = { area, len };

		assert_int_equal(drv_tx_post(&tx[0], 0, drv_meta_plain() & ~TWD_REQ_COMPLETION, &b, 1), 0);
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		reap(0);
		assert_int_equal(drv_tx_pending(&tx[0], 0), 0);
		assert_false(poll(0, &p));
		assert_int_equal(csr_rd(rig.h[0], 0x40063), len);	/* TWQ0_ERR_CNT */
		assert_int_equal(csr_rd(rig.h[0], 0x04041), len);	/* TCE_TTI_FRAME_DROP_PKTS */
	}
}

static void largest_vlan_frame_passes_and_no_larger(void **state)
{
	uint8_t f[PORT_MAX_FRAME];
	struct drv_pkt p;
	uint64_t area;

	(void)state;
	open_queues(1, &DRV_TX_DEFAULT, 1, &DRV_RX_DEFAULT);
	area = host_alloc(rig.h[0], 16384, 64);
	rnd_bytes(&g, f, sizeof(f));
	memcpy(f, rig_mac[1], 6);
	wr32(f + 12, 0x81000007);
	wr16(f + 16, 0x88b5);
	memcpy(host_ptr(rig.h[0], area), f, sizeof(f));
	for (uint16_t len = 9740; len <= 9760; len++) {
		struct drv_buf b = { area, len };

		assert_int_equal(drv_tx_post(&tx[0], 0, drv_meta_plain(), &b, 1), 0);
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		reap(0);
		assert_int_equal(drv_tx_pending(&tx[0], 0), 0);
		assert_int_equal(poll(0, &p), len <= 9746);
		if (len <= 9746)
			expect(&p, f, len);
	}
}

/* ---- several queues ---- */

static void rss_chooses_the_queue_and_reports_hash_and_types(void **state)
{
	static uint8_t data[DRV_MAX_FRAME];
	unsigned int used = 0;
	uint64_t area;

	(void)state;
	open_queues(2, &DRV_TX_DEFAULT, 7, &DRV_RX_DEFAULT);
	area = host_alloc(rig.h[0], AREA, 4096);
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int want, t = i % 2;
		struct drv_buf b[5];
		struct drv_pkt p;
		struct pkt k;
		uint32_t len, parts, hash;

		pkt_random(&g, &k, rig_mac[1], 900);
		len = pkt_build(&g, &k, data);
		hash = ref_hash(&k);
		want = (hash & 0xff) % 7;
		parts = rnd_in(&g, 1, 5);
		scatter(&g, rig.h[0], area, AREA, data, len, parts, b);
		assert_int_equal(drv_tx_post(&tx[t], 0, drv_meta_plain(), b, parts), 0);
		drv_tx_kick(&tx[t], 0);
		rig_work(&rig);
		reap(t);
		if (!poll(want, &p))
			fail_msg("packet %u: not in queue %u", i, want);
		expect(&p, data, len);
		assert_int_equal(p.hash, hash);
		assert_int_equal(p.l3_type, k.v6 ? 2 : 1);
		assert_int_equal(p.l4_type, k.proto == 6 ? 1 : k.proto == 17 ? 2 : 0);
		drv_rx_refill(&rx[want]);
		used |= 1u << want;
	}
	assert_int_equal(used, 0x7f);
	rig_no_bugs(&rig);
}

static void many_queues_and_xdp_rings_wrap_in_order(void **state)
{
	struct drv_tx_cfg txc = { .twq_log = 6, .tcq_log = 6, .vector = 2, .xdp = true };
	struct drv_rx_cfg rxc = DRV_RX_DEFAULT;
	uint32_t sent[8] = { 0 }, got[8] = { 0 };
	uint64_t bufs[8];

	(void)state;
	rxc.hpq_log = rxc.ppq_log = rxc.rcq_log = 6;
	rxc.drop_mode = 2;
	open_queues(4, &txc, 1, &rxc);
	csr_wr(rig.h[0], QM_TWQ_DEFAULT_META_L, 14);
	for (unsigned int f = 0; f < 8; f++)
		bufs[f] = host_alloc(rig.h[0], 512 * 2048, 4096);
	for (unsigned int round = 0; round < 500; round++) {
		struct drv_pkt p;

		for (unsigned int f = 0; f < 8; f++) {		/* flow: queue and ring */
			unsigned int n = rnd(&g, 25);

			while (n-- && post_flow(f / 2, f % 2, bufs[f], f, sent[f], rnd_in(&g, 60, 1514)))
				sent[f]++;
			if (rnd(&g, 3))
				drv_tx_kick(&tx[f / 2], f % 2);
		}
		rig_work(&rig);
		for (unsigned int q = 0; q < 4; q++)
			reap(q);
		while (poll(0, &p)) {
			unsigned int f = p.data[14];

			assert_true(f < 8);
			expect_flow(&p, f, got[f]++);
			if (rnd(&g, 2))
				drv_rx_refill(&rx[0]);
		}
		drv_rx_refill(&rx[0]);
	}
	for (unsigned int f = 0; f < 8; f++)
		drv_tx_kick(&tx[f / 2], f % 2);
	for (struct drv_pkt p; rig_work(&rig), poll(0, &p); drv_rx_refill(&rx[0]))
		do
			expect_flow(&p, p.data[14], got[p.data[14]]++);
		while (poll(0, &p));
	for (unsigned int f = 0; f < 8; f++) {
		assert_int_equal(got[f], sent[f]);
		if (sent[f] < 1000)
			fail_msg("flow %u: only %u frames", f, sent[f]);
	}
	rig_no_bugs(&rig);
}

static void a_queue_restarts_while_another_runs(void **state)
{
	struct drv_tx_cfg txc = { .twq_log = 6, .tcq_log = 6, .vector = 2 };
	uint32_t sent = 0, got = 0, late = 0;
	uint64_t bufs[2];

	(void)state;
	open_queues(2, &txc, 1, &DRV_RX_DEFAULT);
	bufs[0] = host_alloc(rig.h[0], 512 * 2048, 4096);
	bufs[1] = host_alloc(rig.h[0], 512 * 2048, 4096);
	for (unsigned int round = 0; round < 200; round++) {
		uint8_t *ring = (uint8_t *)tx[1].tcq.desc;
		struct drv_pkt p;
		uint32_t seq = 0;

		for (unsigned int i = 0; i < 20; i++) {
			sent += post_flow(0, 0, bufs[0], 0, sent, rnd_in(&g, 60, 1514));
			seq += post_flow(1, 0, bufs[1], 1, seq, rnd_in(&g, 60, 1514));
		}
		drv_tx_kick(&tx[0], 0);
		drv_tx_kick(&tx[1], 0);
		if (round % 2)			/* gone, or stopped with all work pending */
			rig_work(&rig);
		drv_tx_close(&tx[1]);
		for (unsigned int i = 0; i < 8; i++)
			assert_int_equal(csr_rd(rig.h[0], QM_TWQ_IDLE + i) | (round % 2 ? 0 : !i), ~0u);
		memset(ring, 0xee, 512);
		rig_work(&rig);
		for (unsigned int i = 0; i < 512; i++)
			assert_int_equal(ring[i], 0xee);
		assert_true(drv_idle(rig.h[0], 0));
		reap(0);
		while (poll(0, &p)) {
			if (p.data[14])
				late++;
			else
				expect_flow(&p, 0, got++);
		}
		drv_rx_refill(&rx[0]);
		assert_int_equal(got, sent);
		assert_int_equal(late, (round + 1) / 2 * 20);
		assert_int_equal(drv_tx_open(&tx[1], rig.h[0], 1, &txc), 0);
	}
	rig_no_bugs(&rig);
}

/* ---- time stamps ---- */

static void both_ends_stamp_with_their_own_clock(void **state)
{
	struct drv_conf conf = { .queues = 1, .ts = true };
	uint64_t buf;

	(void)state;
	open_queues(1, &DRV_TX_DEFAULT, 1, &DRV_RX_DEFAULT);
	memcpy(conf.mac, rig_mac[1], 6);
	drv_rpc_on(rig.h[1], &conf);
	buf = host_alloc(rig.h[0], 512 * 2048, 4096);
	for (unsigned int i = 0; i < 2; i++) {		/* 40 bits wrap during the test */
		csr_wr(rig.h[i], 0x04802, i ? 0xff : 0x1234);
		csr_wr(rig.h[i], 0x04803, 0xfffff000);
		csr_wr(rig.h[i], 0x04801, 1);
	}
	for (uint32_t i = 0; i < 200; i++) {
		struct drv_buf b = { buf, 200 };
		uint64_t now[2];
		struct drv_pkt p;

		flow_frame(host_ptr(rig.h[0], buf), 0, i, 200);
		assert_int_equal(drv_tx_post(&tx[0], 0, drv_meta_plain() | TWD_REQ_TS, &b, 1), 0);
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		for (unsigned int k = 0; k < 2; k++)
			now[k] = (uint64_t)csr_rd(rig.h[k], 0x04808) << 32 | csr_rd(rig.h[k], 0x04809);
		reap(0);
		assert_int_equal(tx[0].stamps, i + 1);
		assert_int_equal(tx[0].last_stamp & ((1ull << 56) - 1), now[0] & ((1ull << 40) - 1));
		assert_true(poll(0, &p));
		assert_true(p.has_ts);
		assert_int_equal(p.ts, now[1] & ((1ull << 40) - 1));
		drv_rx_refill(&rx[0]);
		rig_run(&rig, rnd_in(&g, 1, 200));
	}
	assert_true(csr_rd(rig.h[1], 0x04808) > 0xff);
	assert_int_equal(csr_rd(rig.h[0], 0x0440a), 200);	/* TMI_GOOD_PTP_TS */
	rig_no_bugs(&rig);
}

/* ---- no room ---- */

/* Sends @n frames of @len bytes, never refilling; returns how many arrived */
static unsigned int flood(unsigned int n, uint32_t len)
{
	uint64_t buf = host_alloc(rig.h[0], 512 * 2048 + 8192, 4096);
	unsigned int got = 0;
	struct drv_pkt p;

	for (uint32_t i = 0; i < n; i++) {
		struct drv_buf b = { buf, (uint16_t)len };

		flow_frame(host_ptr(rig.h[0], buf), 3, i, len);
		assert_int_equal(drv_tx_post(&tx[0], 0, drv_meta_plain(), &b, 1), 0);
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		reap(0);
	}
	while (poll(0, &p))
		expect_flow(&p, 3, got++);
	return got;
}

static void drops_are_counted_exactly(void **state)
{
	/* rings of the receiver, frame size, what fits (pages: 63), which counter */
	static const struct { unsigned int hpq, ppq, rcq; uint32_t len, fits, counter; } t[] = {
		{ 8, 8, 6, 100, 31, 0x2a4 },		/* two descriptors each of 63 */
		{ 6, 8, 10, 1400, 126, 0x2a5 },		/* two headers a page */
		{ 8, 6, 10, 3000, 63, 0x2a5 },		/* a payload page each */
		{ 8, 6, 10, 9700, 31, 0x2a5 },		/* two each (8164 - 4096 - 4068) */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
		uint32_t fits = t[i].len == 9700 ? 63 / ((9700 - 1536 + 4095) / 4096) : t[i].fits;

		cfg.hpq_log = t[i].hpq;
		cfg.ppq_log = t[i].ppq;
		cfg.rcq_log = t[i].rcq;
		open_queues(1, &DRV_TX_DEFAULT, 1, &cfg);
		assert_int_equal(flood(200, t[i].len), fits);
		assert_int_equal(csr_rd(rig.h[1], QUEUE(0) + t[i].counter), 200 - fits);
		assert_int_equal(csr_rd(rig.h[1], QUEUE(0) + (0x2a4 + 0x2a5 - t[i].counter)), 0);
		assert_int_equal(csr_rd(rig.h[1], RDE_PKT_CNT(0)), fits);
		rig_no_bugs(&rig);
		rig_close(&rig);
		rig_open(&rig, 2, 8, MEM, PORT_LSO_CUT);
	}
}

static void a_cable_that_waits_loses_nothing(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
	uint32_t sent = 0, got = 0;
	struct drv_pkt p;
	uint64_t buf;

	(void)state;
	cfg.hpq_log = cfg.ppq_log = 6;
	cfg.rcq_log = 7;
	cfg.drop_mode = 2;
	open_queues(1, &DRV_TX_DEFAULT, 1, &cfg);
	buf = host_alloc(rig.h[0], 512 * 2048, 4096);
	for (unsigned int i = 0; i < 120; i++)
		sent += post_flow(0, 0, buf, 1, sent, 1500);
	for (unsigned int round = 0; round < 30; round++) {
		/* 384 KiB of buffer and 30 frames in rings: the rest waits in the work ring */
		while (sent < 3600 && post_flow(0, 0, buf, 1, sent, 1500))
			if (++sent % 120 == 0)
				break;
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		reap(0);
		if (drv_tx_pending(&tx[0], 0))
			break;
	}
	assert_true(drv_tx_pending(&tx[0], 0) > 0);
	assert_int_not_equal(csr_rd(rig.h[0], QM_TWQ_IDLE), ~0u);
	assert_true(csr_rd(rig.h[1], 0x0811d + 4) > 6000);	/* FIFO level */
	do {
		while (poll(0, &p))
			expect_flow(&p, 1, got++);
		drv_rx_refill(&rx[0]);
		rig_work(&rig);
		reap(0);
	} while (poll(0, &p) && (expect_flow(&p, 1, got++), true));
	assert_int_equal(got, sent);
	assert_int_equal(drv_tx_pending(&tx[0], 0), 0);
	assert_int_equal(csr_rd(rig.h[1], 0x0811d + 4), 0);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(csr_rd(rig.h[1], 0x08057 + i), 0);
	rig_no_bugs(&rig);
}

static void pending_work_goes_away_when_its_queue_is_disabled(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
	uint32_t seq = 0;
	uint64_t buf;

	(void)state;
	cfg.hpq_log = cfg.ppq_log = cfg.rcq_log = 6;
	cfg.drop_mode = 2;
	open_queues(1, &DRV_TX_DEFAULT, 1, &cfg);
	buf = host_alloc(rig.h[0], 512 * 2048, 4096);
	for (unsigned int i = 0; i < 450; i++)
		seq += post_flow(0, 0, buf, 1, seq, 1500);
	drv_tx_kick(&tx[0], 0);
	rig_work(&rig);
	assert_int_equal(csr_rd(rig.h[0], QM_TWQ_IDLE), ~1u);
	assert_int_equal(csr_rd(rig.h[0], QM_TQS_IDLE), ~1u);
	assert_int_equal(csr_rd(rig.h[0], QM_TDE_IDLE), ~1u);
	drv_tx_close(&tx[0]);
	assert_true(drv_idle(rig.h[0], 0));
	drv_rx_close(&rx[0]);			/* nothing may come any more, stored or not */
	memset(host_ptr(rig.h[1], rx[0].rcq.addr), 0x77, 512);
	rig_run(&rig, 10 * MS);
	for (unsigned int i = 0; i < 512; i++)
		assert_int_equal(((uint8_t *)rx[0].rcq.desc)[i], 0x77);
	assert_int_equal(csr_rd(rig.h[1], 0x0811d + 4), 0);
	assert_true(drv_idle(rig.h[1], 0));
	rig_no_bugs(&rig);
}

/* ---- pause ---- */

static void set_thresholds(uint32_t pause_on, uint32_t pause_off, uint32_t drop_on, uint32_t ctrl)
{
	csr_wr(rig.h[1], 0x08009 + 4, pause_on | pause_off << 13);
	csr_wr(rig.h[1], 0x08011 + 4, drop_on | (drop_on - 16) << 13);
	csr_wr(rig.h[1], RXB_PAUSE_DROP_CTRL, ctrl);
}

static void pause_frames_prevent_loss(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
	uint32_t sent = 0, got = 0;
	struct drv_pkt p;
	uint64_t buf;

	(void)state;
	rig.must = true;		/* what is not taken is lost */
	cfg.hpq_log = cfg.ppq_log = 6;
	cfg.rcq_log = 7;
	cfg.drop_mode = 2;
	open_queues(1, &DRV_TX_DEFAULT, 1, &cfg);
	set_thresholds(4096, 2048, 5700, 0x7d | 0x14 << 8);
	buf = host_alloc(rig.h[0], 512 * 2048, 4096);
	while (got < 2000) {
		unsigned int n = 16;

		while (sent < 2000 && n-- && post_flow(0, 0, buf, 1, sent, 1500))
			sent++;
		drv_tx_kick(&tx[0], 0);
		rig_run(&rig, 2 * US);
		reap(0);
		if (drv_tx_pending(&tx[0], 0) < 100 && sent < 2000)
			continue;		/* the receiver sleeps as long as the sender makes progress */
		rig_run(&rig, 3 * MS);		/* several renewals of the pause */
		for (n = 0; n < 150 && poll(0, &p); n++) {
			expect_flow(&p, 1, got++);
			drv_rx_refill(&rx[0]);
		}
		rig_work(&rig);
		assert_int_equal(csr_rd(rig.h[1], 0x08057 + 4), 0);
	}
	assert_int_equal(got, 2000);
	assert_true(ctr64(rig.h[1], 0x11a04) > 4);		/* pause frames sent */
	assert_int_equal(ctr64(rig.h[1], 0x11a04), ctr64(rig.h[0], 0x11a00));
	assert_true(csr_rd(rig.h[1], 0x080d1 + 4) >= 1);	/* TRANS_PAUSE */
	rig_run(&rig, MS);
	assert_int_equal(card_deadline(rig.ip[0]->card), UINT64_MAX);
	assert_int_equal(card_deadline(rig.ip[1]->card), UINT64_MAX);
	rig_no_bugs(&rig);
}

static void without_pause_every_loss_is_counted(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
	uint32_t last = 0, seen = 0, sent = 0;
	struct drv_pkt p;
	uint64_t buf;

	(void)state;
	rig.must = true;
	cfg.hpq_log = cfg.ppq_log = 6;
	cfg.rcq_log = 7;
	cfg.drop_mode = 2;
	open_queues(1, &DRV_TX_DEFAULT, 1, &cfg);
	set_thresholds(0, 0, 4000, 0x7d);
	buf = host_alloc(rig.h[0], 512 * 2048, 4096);
	for (unsigned int i = 0; i < 20; i++) {
		for (unsigned int k = 0; k < 60; k++, sent++)
			assert_true(post_flow(0, 0, buf, 1, sent, 1500));
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		reap(0);
		assert_int_equal(drv_tx_pending(&tx[0], 0), 0);
	}
	do {
		while (poll(0, &p)) {
			uint32_t seq = rd32(p.data + 15);

			assert_true(!seen || seq > last);
			expect_flow(&p, 1, seq);
			last = seq;
			seen++;
		}
		drv_rx_refill(&rx[0]);
		rig_work(&rig);
	} while (csr_rd(rig.h[1], 0x0811d + 4));
	while (poll(0, &p))
		seen++;
	assert_int_equal(seen + csr_rd(rig.h[1], 0x08057 + 4), sent);
	assert_int_equal(ctr64(rig.h[1], 0x08080 + 8), (sent - seen) * 1500);
	assert_true(seen < sent);
	assert_int_equal(csr_rd(rig.h[1], 0x080d9 + 4), 1);	/* TRANS_DROP */
	rig_no_bugs(&rig);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_size_7_3), T(every_size_6_12), T(every_size_header_split),
		T(less_than_an_ethernet_header_is_completed_and_dropped),
		T(largest_vlan_frame_passes_and_no_larger),
		T(rss_chooses_the_queue_and_reports_hash_and_types),
		T(many_queues_and_xdp_rings_wrap_in_order), T(a_queue_restarts_while_another_runs),
		T(both_ends_stamp_with_their_own_clock), T(drops_are_counted_exactly),
		T(a_cable_that_waits_loses_nothing), T(pending_work_goes_away_when_its_queue_is_disabled),
		T(pause_frames_prevent_loss), T(without_pause_every_loss_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
