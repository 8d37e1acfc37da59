/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host that does everything wrong.  What must hold, whatever it does: the
 * card touches no memory outside of the host's (which lies between two pages
 * that nobody may touch), a call into it ends, work stops when the queues are
 * disabled, and after a reset it is as good as new.  Run with sanitizers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../src/card/regs.h"
#include "../../src/homes/fw_inside.h"
#include "rig.h"

#define MEM	(24u << 20)
#define PAGE	4096u
#define EDGE	(1ull << 46)

static struct rig rig;
static struct host *h;
static struct card *card;
static struct fw_home *fw;
static struct rng g;

/* ---- the rig ---- */

static uint64_t fw_now(void *ctx)
{
	return ((struct host_inproc *)ctx)->now_ns;
}

static void no_trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)blk;
	(void)kind;
	(void)fmt;
	(void)ap;
}

static int setup(void **state)
{
	struct fw_home_config cfg;

	(void)state;
	g.s = 0xbad;
	rig_open(&rig, 1, 16, MEM, PORT_LSO_CUT);
	rig.discard = rig.must = true;
	h = rig.h[0];
	card = rig.ip[0]->card;
	/* a page at each end that traps */
	assert_int_equal(mprotect(h->mem, PAGE, PROT_NONE), 0);
	assert_int_equal(mprotect(h->mem + MEM - PAGE, PAGE, PROT_NONE), 0);
	h->mem += PAGE;
	h->mem_size -= 2 * PAGE;
	fw_home_config_default(&cfg);
	fw = fw_inside_new(card, &(struct card_env){ .ctx = rig.ip[0], .now = fw_now, .trace = no_trace }, &cfg);
	assert_non_null(fw);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fw_home_free(fw);
	h->mem -= PAGE;
	h->mem_size += 2 * PAGE;
	rig_close(&rig);
	return 0;
}

/* ---- what must hold ---- */

/* Lets the card work; a host that floods it may have to disable its queues, then it must be done */
static void settle(void)
{
	unsigned int calls = 0;

	while (card_run(card) && calls < 200)
		calls++;
	if (calls < 200)
		return;
	card_cfg_write(card, 4, 2, 0x0406);
	for (unsigned int q = 0; q < 16; q++) {
		csr_wr(h, TWQ_CTL(q, 0), 0);
		csr_wr(h, TWQ_CTL(q, 1), 0);
		csr_wr(h, RCQ_CTL(q), 0);
	}
	for (calls = 0; card_run(card); calls++)
		assert_true(calls < 200);	/* what lies in the receive buffer, 256 frames at a time */
}

/* A reset, the usual bring-up, and a frame each way */
static void still_good(enum card_reset kind)
{
	struct drv_conf conf = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .hint_l4 = true };
	static struct drv_tx tx;
	static struct drv_rx rx;
	uint8_t f[1000];
	struct drv_pkt p;
	struct drv_buf b;

	card_reset(card, kind);
	card_set_link(card, true);
	host_release(h, 0);
	assert_int_equal(drv_up(h), 0);
	assert_int_equal(drv_tx_open(&tx, h, 3, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(h, &conf);
	rig_work(&rig);

	rnd_bytes(&g, f, sizeof(f));
	memcpy(f, rig_mac[0], 6);
	wr16(f + 12, 0x88b5);
	b = (struct drv_buf){ host_alloc(h, sizeof(f), 64), sizeof(f) };
	memcpy(host_ptr(h, b.addr), f, sizeof(f));
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1), 0);
	rig.discard = false;
	drv_tx_kick(&tx, 0);
	rig_work(&rig);
	assert_int_equal(drv_tx_reap(&tx), 1);
	assert_int_equal(rig.nout, 1);
	assert_int_equal(rig.out[0].len, sizeof(f));
	assert_memory_equal(rig.out[0].data, f, sizeof(f));
	rig_forget(&rig);
	rig.discard = true;
	assert_true(rig_inject(&rig, 0, f, sizeof(f), 0));
	rig_work(&rig);
	if (drv_rx_poll(&rx, &p) != 1)
		fail_msg("after a reset: %s", *rx.err ? rx.err : "nothing received");
	assert_int_equal(p.len, sizeof(f));
	assert_memory_equal(p.data, f, sizeof(f));
	assert_true(drv_idle(h, 0));
}

/* ---- random ---- */

static uint64_t some_address(void)
{
	switch (rnd(&g, 20)) {
	case 0:
		return rnd64(&g) & (EDGE - 1);
	case 1:
		return EDGE - 1 - rnd(&g, 70000);
	case 2:		/* over the end */
		return HOST_MEM_BASE + h->mem_size - rnd(&g, 10000);
	case 3:		/* over the beginning */
		return HOST_MEM_BASE - rnd(&g, 10000);
	default:
		return HOST_MEM_BASE + rnd(&g, (uint32_t)h->mem_size);
	}
}

static uint32_t some_value(void)
{
	switch (rnd(&g, 6)) {
	case 0:
		return 0;
	case 1:
		return ~0u;
	case 2:
		return 1u << rnd(&g, 32);
	case 3:
		return rnd(&g, 256);
	default:
		return (uint32_t)rnd64(&g);
	}
}

static void random_register(void)
{
	const struct reg *r = &card_regs[rnd_in(&g, 1, card_nregs - 1)];
	unsigned int i = rnd(&g, r->n < 16 || r->csr >= CSR_QUEUE ? (r->n < 16 ? r->n : 17) : r->n);

	if (rnd(&g, 10)) {
		csr_wr(h, r->csr + (i << r->shift), some_value());
		csr_rd(h, r->csr + (i << r->shift));
	} else {			/* a hole, perhaps */
		uint32_t csr = rnd(&g, CARD_BAR0_SIZE / 4);

		csr_wr(h, csr, some_value());
		csr_rd(h, csr);
	}
}

static void set_base(uint32_t bal)
{
	uint64_t a = some_address();

	csr_wr(h, bal, (uint32_t)a);
	csr_wr(h, bal + 1, (uint32_t)(a >> 32));
}

/* A queue set up almost as a driver would */
static void random_queue(void)
{
	unsigned int q = rnd(&g, 16), r = rnd(&g, 2);

	set_base(TWQ_BAL(q, r));
	csr_wr(h, TWQ_SIZE(q, r), rnd(&g, 16));
	csr_wr(h, TWQ_CTL(q, r), rnd(&g, 4));
	csr_wr(h, TWQ_CTL(q, r), 2);
	set_base(TCQ_BAL(q));
	csr_wr(h, TCQ_SIZE(q), rnd(&g, 16));
	csr_wr(h, TCQ_CTL(q), 2);
	set_base(BDQ_BAL(q, 0));
	set_base(BDQ_BAL(q, 1));
	csr_wr(h, BDQ_SIZE(q, r), rnd(&g, 16));
	csr_wr(h, BDQ_CTL(q), 0x40000002);
	set_base(RCQ_BAL(q));
	csr_wr(h, RCQ_SIZE(q), rnd(&g, 16));
	csr_wr(h, RDE_CTL0(q), !rnd(&g, 4) ? some_value() : 192 << 20 | 320 << 11);
	csr_wr(h, RDE_CTL1(q), !rnd(&g, 4) ? some_value() : 1536 << 12);
	csr_wr(h, RCQ_CTL(q), 2);
	csr_wr(h, BDQ_TAIL(q, 0), rnd(&g, 200));
	csr_wr(h, BDQ_TAIL(q, 1), rnd(&g, 200));
	csr_wr(h, TWQ_TAIL(q, r), rnd(&g, 200));
}

static void random_doorbell(void)
{
	unsigned int q = rnd(&g, 16), r = rnd(&g, 2);
	uint32_t v = rnd(&g, 2) ? rnd(&g, 64) : rnd(&g, 70000);

	switch (rnd(&g, 4)) {
	case 0:
		csr_wr(h, TWQ_TAIL(q, r), v);
		break;
	case 1:
		csr_wr(h, BDQ_TAIL(q, r), v);
		break;
	case 2:
		csr_wr(h, RCQ_HEAD(q), rnd(&g, 4) ? csr_rd(h, RCQ_PTRS(q)) >> 16 : v);
		break;
	default:
		csr_wr(h, TCQ_HEAD(q), v);
	}
}

static uint64_t random_descriptor(void)
{
	uint64_t d = rnd64(&g);

	if (rnd(&g, 3))		/* AL, LAST_AL, or a buffer */
		return some_address() | (rnd(&g, 3) ? 3ull : 2ull) << 46 |
		       (uint64_t)rnd(&g, rnd(&g, 30) ? 1600 : 65536) << 48;
	if (rnd(&g, 8))		/* META: plain, or offloads that may make sense */
		return rnd(&g, 2) ? drv_meta_plain() | (d & TWD_REQ_TS) :
		       7 | (d & (0xfull << 34 | 3ull << 32 | 3ull << 6)) | (uint64_t)rnd(&g, 24) << 16 |
		       (uint64_t)rnd(&g, 10) << 24 | (uint64_t)rnd(&g, 8) << 28 | (uint64_t)rnd_in(&g, 1, 2000) << 48;
	return d;
}

/* Descriptors over a stretch of memory */
static void random_descriptors(void)
{
	unsigned int n = rnd_in(&g, 1, 600);
	uint64_t at = HOST_MEM_BASE + (rnd(&g, (uint32_t)(h->mem_size - 8 * n)) & ~7u);

	for (; n--; at += 8) {
		uint64_t d = random_descriptor();

		memcpy(host_ptr(h, at), &d, 8);
	}
}

/* All of memory is descriptors: any ring base is good */
static void descriptors_everywhere(void)
{
	const size_t stretch = 1 << 19;

	for (size_t at = 0; at < stretch; at += 8) {
		uint64_t d = random_descriptor();

		memcpy(h->mem + at, &d, 8);
	}
	for (size_t at = stretch; at + stretch <= h->mem_size; at += stretch)
		memcpy(h->mem + at, h->mem, stretch);
	for (unsigned int i = 0; i < 256; i++)
		csr_wr(h, RPC_RSS_TBL(0, i), i % 16);
}

static void random_frame(void)
{
	static uint8_t f[12000];
	struct pkt p;
	uint32_t len;

	pkt_random(&g, &p, rig_mac[0], 9000);
	len = pkt_build(&g, &p, f);
	for (unsigned int n = rnd(&g, 4); n--; )
		f[rnd(&g, len < 80 ? len : 80)] = (uint8_t)rnd64(&g);
	if (!rnd(&g, 4))
		len = rnd_in(&g, 1, len);
	rig.must = rnd(&g, 2);
	rig_inject(&rig, 0, f, len, rnd(&g, 10) ? 0 : FRAME_FCS_BAD);
}

static void random_mailbox(void)
{
	uint32_t word = rnd(&g, 3) ? rnd(&g, 80) : rnd(&g, CARD_BAR4_SIZE / 4);
	uint64_t d = some_address() | (rnd(&g, 2) ? (uint64_t)rnd(&g, 8192) << 48 : rnd64(&g) & ~(EDGE - 1));

	if (rnd(&g, 2)) {
		host_wr(h, 4, (word & ~1u) * 4 + 4, (uint32_t)(d >> 32));
		host_wr(h, 4, (word & ~1u) * 4, (uint32_t)d | rnd(&g, 4));
	} else {
		host_wr(h, 4, word * 4, some_value());
	}
}

static void random_step(void)
{
	switch (rnd(&g, 40)) {
	case 0:
		host_cfg_wr(h, rnd(&g, CARD_CFG_SIZE / 4) * 4, 4, some_value());
		break;
	case 1:
		host_cfg_wr(h, 4, 2, 0x0402 | (rnd(&g, 8) ? 4 : 0));
		break;
	case 2:
		drv_dma_enable(h, rnd(&g, 8));
		break;
	case 3:
		drv_mac_enable(h, rnd(&g, 8));
		break;
	case 4:
		host_wr(h, 2, rnd(&g, CARD_BAR2_SIZE / 4) * 4, some_value());
		break;
	case 5:
		card_set_link(card, rnd(&g, 8));
		break;
	case 6:
		rig.blocked = !rnd(&g, 4);
		rig.limit = rnd(&g, 4);
		card_port_ready(card);
		break;
	case 7: case 8:
		random_mailbox();
		break;
	case 9: case 10: case 11:
		random_queue();
		break;
	case 12: case 13:
		random_descriptors();
		break;
	case 14: case 15: case 16: case 17: case 18: case 19:
		random_doorbell();
		break;
	case 20: case 21: case 22: case 23: case 24: case 25: case 26:
		for (unsigned int n = rnd(&g, 12); n--; )
			random_frame();
		break;
	case 27:
		rig.ip[0]->now_ns += rnd(&g, 3000000);
		break;
	default:
		random_register();
	}
}

/* What was reached before the reset: a test that only bounces off the first check proves little */
static struct { uint64_t sent, refused, received, no_room; } reached;

static void note_reached(void)
{
	for (unsigned int q = 0; q < 16; q++) {
		reached.sent += card_csr_peek(card, QUEUE(q) + 0x062) + card_csr_peek(card, QUEUE(q) + 0x072);
		reached.refused += card_csr_peek(card, QUEUE(q) + 0x063) + card_csr_peek(card, QUEUE(q) + 0x073);
		reached.received += card_csr_peek(card, RDE_PKT_CNT(q));
		reached.no_room += card_csr_peek(card, RDE_CQ_DROP_CNT(q)) + card_csr_peek(card, RDE_BDQ_DROP_CNT(q));
	}
}

static void random_host(uint64_t seed)
{
	memset(&reached, 0, sizeof(reached));
	g.s = seed;
	for (unsigned int round = 0; round < 12; round++) {
		descriptors_everywhere();
		for (unsigned int i = 0; i < 700; i++) {
			random_step();
			if (!rnd(&g, 3))
				settle();
		}
		rig.blocked = false;
		rig.limit = 0;
		card_port_ready(card);
		settle();
		note_reached();
		still_good(rnd(&g, 4) ? CARD_RESET_FUNCTION : CARD_RESET_POWER);
	}
	if (reached.sent - reached.refused < 2000 || reached.refused < 2000 || reached.received < 100)
		fail_msg("only %llu packets sent, %llu refused, %llu received, %llu without room",
			 (unsigned long long)(reached.sent - reached.refused), (unsigned long long)reached.refused,
			 (unsigned long long)reached.received, (unsigned long long)reached.no_room);
}

static void random_host_1(void **state)
{
	(void)state;
	random_host(1);
}

static void random_host_2(void **state)
{
	(void)state;
	random_host(0xdeadbeef);
}

static void random_host_3(void **state)
{
	(void)state;
	random_host(0x1d9b0013);
}

/* ---- deterministic ---- */

static void rings_full_of_one_descriptor_end(void **state)
{
	static const uint64_t d[] = {
		0, 1ull << 46, 2ull << 46 | 1ull << 48, 3ull << 46 | 1ull << 48,
		2ull << 46, 3ull << 46, ~0ull, 1ull << 35, 3ull << 46 | 0xffffull << 48 | HOST_MEM_BASE,
	};
	struct drv_tx_cfg cfg = { .twq_log = 16, .tcq_log = 6, .vector = 2, .xdp = true };

	(void)state;
	for (unsigned int i = 0; i < sizeof(d) / sizeof(d[0]); i++) {
		struct drv_tx tx;
		unsigned int calls = 0;

		host_release(h, 0);
		assert_int_equal(drv_tx_open(&tx, h, 0, &cfg), 0);
		for (unsigned int r = 0; r < 2; r++) {
			for (unsigned int k = 0; k < 65536; k++)
				tx.twq[r].desc[k] = d[i];
			csr_wr(h, TWQ_TAIL(0, r), 65535);
		}
		while (card_run(card))
			assert_true(++calls < 300000);
		/* the host gives completions back as long as there are any */
		for (unsigned int k = 0; k < 4000; k++) {
			uint32_t p = csr_rd(h, TCQ_PTRS(0));

			if (p >> 16 == (p & 0xffff))
				break;
			csr_wr(h, TCQ_HEAD(0), p >> 16);
			while (card_run(card))
				assert_true(++calls < 300000);
		}
		assert_false(card_run(card));
		drv_tx_close(&tx);
		assert_true(drv_idle(h, 0));
	}
	still_good(CARD_RESET_FUNCTION);
}

static void silly_room_stays_inside_the_page(void **state)
{
	static const uint32_t room[] = { 0, 1, 127, 128, 320, 511 }, hdr[] = { 0, 1, 14, 256, 3584, 4096, 8191 };
	struct drv_conf conf = { .queues = 1, .hint_l4 = true };
	static uint8_t f[9742];
	unsigned int delivered = 0;

	(void)state;
	memcpy(conf.mac, rig_mac[0], 6);
	rnd_bytes(&g, f, sizeof(f));
	for (unsigned int i = 0; i < 6 * 6 * 7 * 4; i++) {
		uint32_t pack = i % 4, hr = room[i / 4 % 6], tr = room[i / 24 % 6], mh = hdr[i / 144];
		static struct drv_rx rx;
		struct pkt p;
		uint64_t d;

		host_release(h, 0);
		assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
		drv_rpc_on(h, &conf);
		csr_wr(h, RDE_CTL0(0), rnd(&g, 2) << 31 | hr << 20 | tr << 11);
		csr_wr(h, RDE_CTL1(0), mh << 12 | rnd(&g, 8) << 9 | rnd(&g, 8) << 6 | rnd(&g, 16) << 2 | pack);
		for (unsigned int k = 0; k < 20; k++) {
			pkt_random(&g, &p, rig_mac[0], rnd(&g, 2) ? 200 : 9600);
			rig_inject(&rig, 0, f, pkt_build(&g, &p, f), 0);
			rig_work(&rig);
		}
		for (; drv_next(&rx.rcq, &d); drv_advance(&rx.rcq)) {
			if (RCD_TYPE(d) > RCD_PAY_AL)
				continue;
			assert_true((d >> 32 & 0xfff) + (d >> 16 & 0x1fff) <= 4096);
			delivered++;
		}
		for (unsigned int b = 0; b < 2; b++)		/* posted descriptors are not written to */
			for (uint32_t k = 0; k <= rx.bdq[b].ring.mask; k++)
				assert_int_equal(rx.bdq[b].ring.desc[k] & 0x3ffffffff000,
						 rx.bdq[b].pages + (uint64_t)k * PAGE);
		drv_rx_close(&rx);
	}
	assert_true(delivered > 5000);
	still_good(CARD_RESET_FUNCTION);
}

static void size_and_base_of_live_rings_do_not_change(void **state)
{
	struct drv_conf conf = { .queues = 1 };
	static struct drv_tx tx;
	static struct drv_rx rx;
	uint8_t f[600];

	(void)state;
	host_release(h, 0);
	memcpy(conf.mac, rig_mac[0], 6);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(h, &conf);
	rnd_bytes(&g, f, sizeof(f));
	memcpy(f, rig_mac[0], 6);
	wr16(f + 12, 0x88b5);
	for (unsigned int i = 0; i < 3000; i++) {
		struct drv_buf b = { HOST_MEM_BASE, sizeof(f) };
		static const uint32_t size[] = { 0x00a, 0x084, 0x204, 0x247, 0x248 },
				      base[] = { 0x020, 0x0a0, 0x220, 0x260, 0x262 };
		struct drv_pkt p;

		csr_wr(h, QUEUE(0) + size[rnd(&g, 5)], rnd(&g, 16));
		csr_wr(h, QUEUE(0) + base[rnd(&g, 5)] + rnd(&g, 2), some_value());
		assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1), 0);
		drv_tx_kick(&tx, 0);
		assert_true(rig_inject(&rig, 0, f, sizeof(f), 0));
		rig_work(&rig);
		assert_int_equal(drv_tx_reap(&tx), 1);
		assert_int_equal(drv_rx_poll(&rx, &p), 1);
		assert_memory_equal(p.data, f, sizeof(f));
		drv_rx_refill(&rx);
	}
}

static void rings_and_buffers_at_the_46_bit_edge(void **state)
{
	struct drv_conf conf = { .queues = 1 };
	const uint64_t bases[] = { EDGE - 128, EDGE - 4096, ~0ull << 7, HOST_MEM_BASE - 256,
				   HOST_MEM_BASE + h->mem_size - 128 };
	uint8_t f[9000] = { 0 };

	(void)state;
	memcpy(conf.mac, rig_mac[0], 6);
	memcpy(f, rig_mac[0], 6);
	wr16(f + 12, 0x88b5);
	for (unsigned int i = 0; i < sizeof(bases) / sizeof(bases[0]) * 16; i++) {
		static const uint32_t base[] = { 0x020, 0x0a0, 0x220, 0x260, 0x262 };
		static struct drv_tx tx;
		static struct drv_rx rx;

		host_release(h, 0);
		assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
		assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
		drv_rpc_on(h, &conf);
		csr_wr(h, TWQ_CTL(0, 0), 0);
		csr_wr(h, TCQ_CTL(0), 0);
		csr_wr(h, BDQ_CTL(0), 0);
		csr_wr(h, RCQ_CTL(0), 0);
		for (unsigned int k = 0; k < 5; k++) {	/* one ring, or some, is there */
			if (i % 16 < 5 ? i % 16 != k : rnd(&g, 2))
				continue;
			csr_wr(h, QUEUE(0) + base[k], (uint32_t)bases[i / 16]);
			csr_wr(h, QUEUE(0) + base[k] + 1, (uint32_t)(bases[i / 16] >> 32));
		}
		csr_wr(h, TWQ_CTL(0, 0), 2);
		csr_wr(h, TCQ_CTL(0), 2);
		csr_wr(h, BDQ_CTL(0), 0x40000002);
		csr_wr(h, RCQ_CTL(0), 2);
		csr_wr(h, BDQ_TAIL(0, 0), 200);
		csr_wr(h, BDQ_TAIL(0, 1), 200);
		for (unsigned int k = 0; k < 40; k++) {
			struct drv_buf b = { k % 2 ? EDGE - 1 - k : HOST_MEM_BASE + h->mem_size - k, 5000 };

			if (!drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1))
				csr_wr(h, TWQ_TAIL(0, 0), tx.twq[0].tail);
			rig_inject(&rig, 0, f, 60 + k * 200, 0);
			rig_work(&rig);
		}
		drv_tx_close(&tx);
		drv_rx_close(&rx);
		assert_true(drv_idle(h, 0));
	}
	still_good(CARD_RESET_FUNCTION);
}

static void dma_gates_hold(void **state)
{
	struct drv_conf conf = { .queues = 1 };
	static struct drv_tx tx;
	static struct drv_rx rx;
	uint8_t f[600] = { 0 }, *before;

	(void)state;
	host_release(h, 0);
	memcpy(conf.mac, rig_mac[0], 6);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(h, &conf);
	memcpy(f, rig_mac[0], 6);
	wr16(f + 12, 0x88b5);
	before = malloc(h->mem_size);
	assert_non_null(before);
	for (unsigned int i = 0; i < 3; i++) {
		struct drv_buf b = { HOST_MEM_BASE, sizeof(f) };

		drv_dma_enable(h, false);
		host_cfg_wr(h, 4, 2, i ? 0x0402 : 0x0406);
		if (i == 2)		/* the card's gate alone does not help */
			drv_dma_enable(h, true);
		assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1), 0);
		drv_tx_kick(&tx, 0);
		memcpy(before, h->mem, h->mem_size);
		assert_true(rig_inject(&rig, 0, f, sizeof(f), 0));
		random_mailbox();
		rig_work(&rig);
		assert_memory_equal(before, h->mem, h->mem_size);
	}
	free(before);
	still_good(CARD_RESET_FUNCTION);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(random_host_1), T(random_host_2), T(random_host_3), T(rings_full_of_one_descriptor_end),
		T(silly_room_stays_inside_the_page), T(size_and_base_of_live_rings_do_not_change),
		T(rings_and_buffers_at_the_46_bit_edge), T(dma_gates_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
