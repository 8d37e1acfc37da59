/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive queues: what lies in which page, and what survives when queues are
 * stopped, started and changed with frames on their way.  Contract 04.
 *
 * Header pages and payload pages are kept in a second copy.  After each frame
 * the bytes that changed must be exactly those that the completion names: so
 * no byte of payload is ever in a header page, nor one of a header in payload
 * memory, not even for a moment between two frames.
 */
#include <string.h>

#include "rig.h"

#define NQ	4u
#define PAGES	16u

static struct rig rig;
static struct host *h;
static struct drv_rx rx[NQ];
static struct rng g;

static int setup(void **state)
{
	(void)state;
	g.s = 0x4ecef;
	rig_open(&rig, 1, NQ, 96u << 20, PORT_LSO_CUT);
	h = rig.h[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void rpc_on(unsigned int queues)
{
	struct drv_conf conf = { .queues = queues, .hint_l4 = true, .promisc = true };

	memcpy(conf.mac, rig_mac[0], 6);
	drv_rpc_on(h, &conf);
	rig_work(&rig);
}

static bool poll(unsigned int q, struct drv_pkt *p)
{
	int n = drv_rx_poll(&rx[q], p);

	if (n < 0)
		fail_msg("%s", rx[q].err);
	return n;
}

/* ---- header and payload ---- */

static uint8_t copy[2][PAGES * 4096];		/* the pages of queue 0 as they should be */

/* Bytes of one buffer, as the descriptor has it */
static uint32_t note_al(unsigned int ring, uint64_t al, const uint8_t *data)
{
	const struct drv_bdq *b = &rx[0].bdq[ring];
	uint32_t page = (uint16_t)((uint16_t)al - b->salt), len = al >> 16 & 0x1fff, off = al >> 32 & 0xfff;

	assert_true(page < PAGES && off + len <= 4096);
	memcpy(copy[ring] + page * 4096 + off, data, len);
	return len;
}

static void nothing_else_changed(const struct drv_pkt *p)
{
	uint32_t at = note_al(0, p->hdr_al, p->data);

	for (unsigned int k = 0; k < p->npay; k++)
		at += note_al(1, p->pay_al[k], p->data + at);
	assert_int_equal(at, p->len);
	for (unsigned int i = 0; i < 2; i++)
		assert_memory_equal(host_ptr(h, rx[0].bdq[i].pages), copy[i], PAGES * 4096);
}

/* Where a splitting queue must cut: behind TCP or UDP, else IP, else Ethernet */
static uint32_t cut_of(const struct pkt *k, uint32_t len, bool ip)
{
	uint32_t l2 = k->vlan ? 18 : 14, l3 = l2 + (k->v6 ? 40 : 20);

	if (!ip)
		return l2;
	if (!k->payload)
		return len;		/* what follows is padding */
	return l3 + (k->proto == 6 ? 20 : k->proto == 17 ? 8 : 0);
}

static void one_frame(const struct drv_rx_cfg *cfg, uint32_t most)
{
	static uint8_t f[DRV_MAX_FRAME];
	bool ip = rnd(&g, 8);
	uint32_t len, hdr;
	struct drv_pkt p;
	struct pkt k;

	pkt_random(&g, &k, rig_mac[0], most);
	if (!rnd(&g, 10))
		k.payload = rnd(&g, 30);
	len = pkt_build(&g, &k, f);
	if (!ip)
		wr16(f + (k.vlan ? 16 : 12), 0x88b5);
	if (len < 60) {
		memset(f + len, 0, 60 - len);
		len = 60;
	}
	if (!rnd(&g, 20))		/* link-up writes CTL0 on the live queue */
		csr_wr(h, RDE_CTL0(0), (csr_rd(h, RDE_CTL0(0)) & ~(3u << 29)) | rnd(&g, 3) << 29);
	assert_true(rig_inject(&rig, 0, f, len, 0));
	rig_work(&rig);
	assert_true(poll(0, &p));
	assert_int_equal(p.len, len);
	assert_memory_equal(p.data, f, len);
	hdr = cfg->split ? cut_of(&k, len, ip) : len;
	if (hdr > cfg->max_hdr)
		hdr = cfg->max_hdr;
	if (hdr > 4096 - 256 - 320)	/* head room, aligned, and tail room: the driver allows more than fits */
		hdr = 4096 - 256 - 320;
	assert_int_equal(p.hdr_len, hdr);
	nothing_else_changed(&p);
	drv_rx_refill(&rx[0]);
}

static void payload_and_headers_apart_at_every_threshold(void **state)
{
	static const uint32_t thresh[] = { 0, 1, 128, 255, 256, 257, 512, 1000, 1536, 2048, 3000, 3584 };

	(void)state;
	rpc_on(1);
	for (unsigned int i = 0; i < 12; i++) {
		struct drv_rx_cfg cfg = DRV_RX_DEFAULT;

		/* as fbnic_enable_rcq() has it for ethtool -G hds-thresh */
		cfg.split = thresh[i] < 256;
		cfg.max_hdr = (uint16_t)(thresh[i] < 256 ? 256 : thresh[i]);
		cfg.hpq_log = cfg.ppq_log = 4;
		cfg.rcq_log = 7;
		assert_int_equal(drv_rx_open(&rx[0], h, 0, &cfg), 0);
		for (unsigned int r = 0; r < 2; r++) {
			rnd_bytes(&g, copy[r], sizeof(copy[r]));
			memcpy(host_ptr(h, rx[0].bdq[r].pages), copy[r], sizeof(copy[r]));
		}
		for (unsigned int n = 0; n < 300; n++)
			one_frame(&cfg, rnd(&g, 3) ? 1400 : 9600);
		drv_rx_close(&rx[0]);
	}
	rig_no_bugs(&rig);
}

/* Small packets share header pages, six to a page with Linux 7.3's rooms; the last has PAGE_FIN */
static void small_headers_share_a_page(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
	struct pkt k = { .da = rig_mac[0], .proto = 17, .payload = 18 };
	uint8_t f[100];

	(void)state;
	cfg.hpq_log = cfg.ppq_log = 4;
	cfg.rcq_log = 7;
	rpc_on(1);
	for (unsigned int split = 0; split < 2; split++) {
		cfg.split = split;
		cfg.max_hdr = split ? 256 : 1536;
		assert_int_equal(drv_rx_open(&rx[0], h, 0, &cfg), 0);
		for (unsigned int i = 0; i < 60; i++) {
			struct drv_pkt p;
			uint32_t len = pkt_build(&g, &k, f);

			assert_true(rig_inject(&rig, 0, f, len, 0));
			assert_true(poll(0, &p));
			assert_int_equal((uint16_t)((uint16_t)p.hdr_al - rx[0].bdq[0].salt), i / 6 % PAGES);
			assert_int_equal(p.hdr_al >> 32 & 0xfff, 256 + 640 * (i % 6));
			assert_int_equal(p.hdr_al >> 60 & 1, i % 6 == 5);
			assert_int_equal(p.npay, split);
			drv_rx_refill(&rx[0]);
		}
		drv_rx_close(&rx[0]);
	}
	rig_no_bugs(&rig);
}

/* ---- queues come and go ---- */

static uint8_t flow_da[NQ][6];
static uint32_t sent[NQ], got[NQ];

/* Addresses that RSS sends to queue 0, 1, .. of @queues */
static void find_flows(unsigned int queues)
{
	for (unsigned int q = 0; q < queues; q++)
		do {
			rnd_bytes(&g, flow_da[q], 6);
			flow_da[q][0] &= 0xfe;
		} while ((ref_toeplitz(drv_rss_key, flow_da[q], 6) & 0xff) % queues != q);
}

static uint32_t flow_frame(uint8_t *f, unsigned int q, uint32_t seq)
{
	struct rng own = { (uint64_t)(q + 1) << 32 | seq };
	uint32_t len = rnd_in(&own, 60, 1500);

	rnd_bytes(&own, f, len);
	memcpy(f, flow_da[q], 6);
	wr16(f + 12, 0x88b5);
	wr32(f + 14, seq);
	return len;
}

static void inject(unsigned int q, unsigned int n)
{
	uint8_t f[1600];

	while (n--) {
		uint32_t len = flow_frame(f, q, sent[q]++);

		assert_true(rig_inject(&rig, 0, f, len, 0));
	}
}

/* Takes what is there; frames must be whole and in order.  Returns how many */
static unsigned int take(unsigned int q, bool gaps)
{
	unsigned int n = 0;
	struct drv_pkt p;
	uint8_t f[1600];

	for (; poll(q, &p); n++) {
		uint32_t seq = rd32(p.data + 14);

		if (seq < got[q] || (!gaps && seq != got[q]))
			fail_msg("queue %u: frame %u, expected %u", q, seq, got[q]);
		got[q] = seq + 1;
		assert_int_equal(p.len, flow_frame(f, q, seq));
		assert_memory_equal(p.data, f, p.len);
	}
	return n;
}

static void take_all(unsigned int q)
{
	while (take(q, false)) {
		drv_rx_refill(&rx[q]);
		rig_work(&rig);
	}
	assert_int_equal(got[q], sent[q]);
}

static struct drv_rx_cfg some_rings(uint8_t mode)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;

	cfg.hpq_log = rnd_in(&g, 6, 8);
	cfg.ppq_log = rnd_in(&g, 6, 7);
	cfg.rcq_log = rnd_in(&g, 8, 9);
	cfg.split = rnd(&g, 2);
	cfg.max_hdr = cfg.split ? 256 : 1536;
	cfg.drop_mode = mode;
	return cfg;
}

static size_t queue_memory(unsigned int q, uint8_t *buf)
{
	const struct drv_rx *r = &rx[q];
	size_t at = 0;

	for (unsigned int i = 0; i < 2; i++) {
		size_t n = 4096ull * (r->bdq[i].ring.mask + 1);

		memcpy(buf + at, host_ptr(h, r->bdq[i].pages), n);
		at += n;
	}
	memcpy(buf + at, r->rcq.desc, 8ull * (r->rcq.mask + 1));
	return at + 8ull * (r->rcq.mask + 1);
}

/*
 * As the queue API does (fbnic_queue_stop(), fbnic_queue_start()): one queue
 * is stopped with frames in its rings and more on their way, the others go on.
 */
static void restart_one_of_many(uint8_t mode)
{
	static uint8_t before[3u << 20], after[3u << 20];

	rpc_on(NQ);
	find_flows(NQ);
	memset(sent, 0, sizeof(sent));
	memset(got, 0, sizeof(got));
	for (unsigned int q = 0; q < NQ; q++) {
		struct drv_rx_cfg cfg = some_rings(mode);

		assert_int_equal(drv_rx_open(&rx[q], h, q, &cfg), 0);
	}
	for (unsigned int round = 0; round < 60; round++) {
		unsigned int v = rnd(&g, NQ), many = mode && rnd(&g, 2) ? 150 : rnd(&g, 25), whole;
		struct drv_rx_cfg cfg = some_rings(mode);
		uint32_t counted = csr_rd(h, RDE_PKT_CNT(v)), seen = got[v];
		size_t size;

		inject(v, many);	/* 150: more than its rings hold, the rest waits in front of the others' */
		for (unsigned int q = 0; q < NQ; q++)
			if (q != v)
				inject(q, rnd(&g, 25));
		rig_work(&rig);
		whole = csr_rd(h, RDE_PKT_CNT(v)) - counted;
		drv_rx_close(&rx[v]);
		assert_int_equal(csr_rd(h, QM_RCQ_IDLE) & csr_rd(h, QM_HPQ_IDLE) & csr_rd(h, QM_PPQ_IDLE), ~0u);
		size = queue_memory(v, before);
		inject(v, 20);
		for (unsigned int q = 0; q < NQ; q++) {
			if (q == v)
				continue;
			inject(q, rnd(&g, 25));
			rig_work(&rig);
			take_all(q);
		}
		assert_int_equal(csr_rd(h, 0x0811d + 4), 0);	/* nobody waits for a queue that is off */
		assert_int_equal(queue_memory(v, after), size);
		assert_memory_equal(before, after, size);
		/* all that was completed is there, whole, and no more */
		assert_int_equal(take(v, false), whole);
		assert_int_equal(got[v] - seen, whole);
		if (many < 50)
			assert_int_equal(whole, many);
		got[v] = sent[v];
		assert_int_equal(drv_rx_open(&rx[v], h, v, &cfg), 0);
		inject(v, 10);
		rig_work(&rig);
		take_all(v);
		for (unsigned int q = 0; q < NQ; q++) {
			assert_int_equal(csr_rd(h, RDE_BDQ_DROP_CNT(q)), 0);
			assert_int_equal(csr_rd(h, RDE_CQ_DROP_CNT(q)), 0);
		}
	}
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(csr_rd(h, 0x08057 + i), 0);
	rig_no_bugs(&rig);
}

static void one_queue_restarts_while_others_run(void **state)
{
	(void)state;
	restart_one_of_many(0);
}

static void one_queue_restarts_while_others_run_never_dropping(void **state)
{
	(void)state;
	restart_one_of_many(2);
}

/* ethtool -G, -L: all queues stop and start with other sizes and another number; frames keep coming */
static void rings_and_channels_change_under_traffic(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 40; round++) {
		unsigned int n = rnd_in(&g, 1, NQ);
		uint32_t whole[NQ] = { 0 }, counted[NQ];
		uint8_t mode = n == 1 || rnd(&g, 2) ? 2 : 0;
		size_t mark = h->mem_used;

		for (unsigned int q = 0; q < n; q++) {
			struct drv_rx_cfg cfg = some_rings(mode);

			counted[q] = csr_rd(h, RDE_PKT_CNT(q));
			assert_int_equal(drv_rx_open(&rx[q], h, q, &cfg), 0);
		}
		find_flows(n);
		rpc_on(n);
		memset(sent, 0, sizeof(sent));
		memset(got, 0, sizeof(got));
		for (unsigned int k = 0; k < 5; k++)
			for (unsigned int q = 0; q < n; q++) {
				inject(q, rnd(&g, 20));
				rig_work(&rig);
				take_all(q);
			}
		for (unsigned int q = 0; q < n; q++)
			inject(q, mode ? 100 : 20);		/* for "never": more than fits */
		rig_work(&rig);
		drv_rpc_off(h);
		for (unsigned int q = 0; q < n; q++) {
			whole[q] = csr_rd(h, RDE_PKT_CNT(q)) - counted[q] - got[q];
			drv_rx_close(&rx[q]);
		}
		for (unsigned int q = 0; q < n; q++)
			inject(q, 5);			/* nobody wants these */
		rig_run(&rig, 10 * MS);
		assert_true(drv_idle(h, 0));
		assert_int_equal(csr_rd(h, 0x0811d + 4), 0);
		for (unsigned int q = 0; q < n; q++)
			assert_int_equal(take(q, false), whole[q]);
		host_release(h, mark);
	}
	rig_no_bugs(&rig);
}

/* ---- no room ---- */

/* 63 completions for 31 frames; the rest: dropped at once, after a while, or never */
static void drop_modes_on_one_card(void **state)
{
	(void)state;
	for (uint8_t mode = 0; mode < 3; mode++) {
		struct drv_rx_cfg cfg = DRV_RX_DEFAULT;
		uint32_t dropped;

		rig_close(&rig);
		setup(NULL);
		cfg.rcq_log = 6;
		cfg.drop_mode = mode;
		assert_int_equal(drv_rx_open(&rx[0], h, 0, &cfg), 0);
		rpc_on(1);
		find_flows(1);
		sent[0] = got[0] = 0;
		inject(0, 50);
		rig_work(&rig);
		assert_int_equal(csr_rd(h, RDE_PKT_CNT(0)), 31);
		assert_int_equal(csr_rd(h, RDE_CQ_DROP_CNT(0)), mode ? 0 : 19);
		/* the host comes back in time: nothing is lost but what was dropped at once */
		assert_int_equal(take(0, false), 31);
		drv_rx_refill(&rx[0]);
		rig_work(&rig);
		assert_int_equal(take(0, true), mode ? 19 : 0);
		drv_rx_refill(&rx[0]);
		rig_work(&rig);
		got[0] = sent[0];

		/* it stays away: only "wait" gives up, and tells that it will */
		inject(0, 50);
		rig_work(&rig);
		assert_int_equal(card_deadline(rig.ip[0]->card) == UINT64_MAX, mode != 1);
		rig_run(&rig, 10000 * MS);
		dropped = csr_rd(h, RDE_CQ_DROP_CNT(0));
		assert_int_equal(dropped, mode == 0 ? 38 : mode == 1 ? 19 : 0);
		assert_int_equal(csr_rd(h, 0x0811d + 4) == 0, mode != 2);
		assert_int_equal(take(0, false), 31);
		drv_rx_refill(&rx[0]);
		rig_work(&rig);
		assert_int_equal(take(0, true), mode == 2 ? 19 : 0);
		rig_no_bugs(&rig);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(payload_and_headers_apart_at_every_threshold), T(small_headers_share_a_page),
		T(one_queue_restarts_while_others_run), T(one_queue_restarts_while_others_run_never_dropping),
		T(rings_and_channels_change_under_traffic), T(drop_modes_on_one_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
