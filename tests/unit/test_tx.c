/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Tx path of a card over flat memory: rings, completions, the engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/card/hw.h"

/*
 * Host memory, bus address = offset + BASE:
 *   0	      rings: ring r at r * 1 MiB
 *   DATA     packet data
 *   FAR      data that can't be mapped, only read
 *   HOLE     nothing
 */
#define BASE	0x12000000ull
#define DATA	(BASE + (4u << 20))
#define FAR	(BASE + (6u << 20))
#define HOLE	(BASE + (7u << 20))
#define END	(BASE + (8u << 20))

#define L2_META		(1ull << 43)			/* DEST_MAC */
#define COMPLETION	TWD_REQ_COMPLETION
#define OPT_META	(1ull << 46)
#define LSO_CTRL	(0x009u | 0x089u << 9 | 0x080u << 18 | 1u << 27)

struct got {
	uint32_t	len, flags;
	uint8_t		*data;
	struct frame_lso lso;
};

struct rig {
	struct card	*c;
	uint8_t		*mem;
	uint64_t	now;
	uint32_t	window;		/* mappable pieces end at multiples of this, 0: no limit */
	unsigned int	room;		/* frames that the wire takes */
	unsigned int	ngot;
	struct got	got[8192];
	unsigned int	irqs;
	/* the driver's side of the rings */
	struct ring {
		unsigned int size, tail;
	} twq[TX_RINGS];
	struct comp {
		unsigned int size, head;
		bool phase;
	} tcq[CARD_QUEUES];
};

static uint32_t rnd_state = 3;

static uint32_t rnd(void)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return rnd_state >> 8;
}

/* ---- surroundings of the card ---- */

static bool mem_ok(uint64_t addr, size_t len)
{
	return addr >= BASE && addr < END && len <= END - addr && (addr + len <= HOLE);
}

static void *env_map(void *ctx, uint64_t addr, size_t *len, bool write)
{
	struct rig *r = ctx;
	size_t left;

	(void)write;
	if (!mem_ok(addr, 1) || addr >= FAR)
		return NULL;
	left = r->window ? r->window - (addr & (r->window - 1)) : FAR - addr;
	if (*len > left)
		*len = left;
	return r->mem + (addr - BASE);
}

static int env_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct rig *r = ctx;

	if (!mem_ok(addr, len))
		return -1;
	memcpy(buf, r->mem + (addr - BASE), len);
	return 0;
}

static int env_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct rig *r = ctx;

	if (!mem_ok(addr, len))
		return -1;
	memcpy(r->mem + (addr - BASE), buf, len);
	return 0;
}

static void env_irq(void *ctx, unsigned int v)
{
	(void)v;
	((struct rig *)ctx)->irqs++;
}

static uint64_t env_now(void *ctx)
{
	return ((struct rig *)ctx)->now;
}

static unsigned int port_tx(void *ctx, const struct frame *f, unsigned int n)
{
	struct rig *r = ctx;
	unsigned int i, s;

	assert_true(n <= PORT_BATCH);
	if (n > r->room)
		n = r->room;
	r->room -= n;
	for (i = 0; i < n; i++, f++) {
		struct got *g = &r->got[r->ngot];
		uint32_t len = 0;

		assert_true(r->ngot < ARRAY_SIZE(r->got));
		assert_true(f->nspans <= PORT_MAX_SPANS);
		assert_true(f->len <= PORT_MAX_FRAME || (f->flags & FRAME_LSO));
		g->data = malloc(f->len);
		for (s = 0; s < f->nspans; s++) {
			assert_true(f->span[s].len <= f->len - len);
			memcpy(g->data + len, f->span[s].base, f->span[s].len);
			len += (uint32_t)f->span[s].len;
		}
		assert_int_equal(len, f->len);
		g->len = len;
		g->flags = f->flags;
		g->lso = f->lso;
		r->ngot++;
	}
	return n;
}

static const struct port_ops port = { .tx = port_tx };

/* ---- the driver ---- */

static void wr(struct rig *r, uint32_t csr, uint32_t val)
{
	card_bar_write(r->c, 0, csr * 4, val);
}

static uint32_t rd(struct rig *r, uint32_t csr)
{
	return card_bar_read(r->c, 0, csr * 4);
}

static uint32_t qcsr(unsigned int q, unsigned int off)
{
	return CSR_QUEUE + (q << CSR_QUEUE_SHIFT) + off;
}

/* Rings of queue 0 and 1 only: TWQ0, TWQ1, TCQ each in a quarter of 2 MiB */
static uint64_t twq_addr(unsigned int ring)
{
	return BASE + (ring % CARD_QUEUES) * 0x200000ull + (ring / CARD_QUEUES) * 0x80000;
}

static uint64_t tcq_addr(unsigned int q)
{
	return BASE + q * 0x200000ull + 0x100000;
}

static uint64_t *word(struct rig *r, uint64_t addr)
{
	return (uint64_t *)(void *)(r->mem + (addr - BASE));
}

static void twq_open(struct rig *r, unsigned int ring, unsigned int log2)
{
	unsigned int q = ring % CARD_QUEUES, n = ring / CARD_QUEUES;

	wr(r, qcsr(q, Q_TWQ0_CTL + n), 1);
	wr(r, qcsr(q, Q_TWQ0_BAL + 2 * n), (uint32_t)twq_addr(ring));
	wr(r, qcsr(q, Q_TWQ0_BAH + 2 * n), (uint32_t)(twq_addr(ring) >> 32));
	wr(r, qcsr(q, Q_TWQ0_SIZE + n), log2 & 15);
	wr(r, qcsr(q, Q_TWQ0_CTL + n), 2);
	r->twq[ring] = (struct ring){ 1u << log2, 0 };
	memset(word(r, twq_addr(ring)), 0, 8u << log2);
}

static void tcq_open(struct rig *r, unsigned int q, unsigned int log2)
{
	wr(r, qcsr(q, Q_TCQ_CTL), 1);
	wr(r, qcsr(q, Q_TCQ_BAL), (uint32_t)tcq_addr(q));
	wr(r, qcsr(q, Q_TCQ_BAH), (uint32_t)(tcq_addr(q) >> 32));
	wr(r, qcsr(q, Q_TCQ_SIZE), log2 & 15);
	wr(r, qcsr(q, Q_TCQ_CTL), 2);
	r->tcq[q] = (struct comp){ 1u << log2, 0, true };
	memset(word(r, tcq_addr(q)), 0, 8u << log2);
}

static void queue_open(struct rig *r, unsigned int q, unsigned int log2)
{
	twq_open(r, q, log2);
	twq_open(r, q + CARD_QUEUES, log2);
	tcq_open(r, q, log2);
}

static void put(struct rig *r, unsigned int ring, uint64_t twd)
{
	struct ring *t = &r->twq[ring];

	word(r, twq_addr(ring))[t->tail] = twd;
	t->tail = (t->tail + 1) & (t->size - 1);
}

static uint64_t al(uint64_t addr, uint32_t len)
{
	return addr | 2ull << 46 | (uint64_t)len << 48;
}

static uint64_t last_al(uint64_t addr, uint32_t len)
{
	return al(addr, len) | 1ull << 46;
}

static void doorbell(struct rig *r, unsigned int ring)
{
	wr(r, qcsr(ring % CARD_QUEUES, Q_TWQ0_TAIL + ring / CARD_QUEUES), r->twq[ring].tail);
}

static void run(struct rig *r)
{
	unsigned int calls = 0;

	while (card_run(r->c))
		assert_true(++calls < 100000);
}

static void ring_bell(struct rig *r, unsigned int ring)
{
	doorbell(r, ring);
	run(r);
}

/* The next completion, or 0; does not tell the card */
static uint64_t tcd(struct rig *r, unsigned int q)
{
	struct comp *t = &r->tcq[q];
	uint64_t d = word(r, tcq_addr(q))[t->head];

	if (!(d >> 63) == t->phase)
		return 0;
	t->head = (t->head + 1) & (t->size - 1);
	if (!t->head)
		t->phase = !t->phase;
	return d | TCD_DONE;		/* the lap has been checked */
}

static void tcq_consumed(struct rig *r, unsigned int q)
{
	wr(r, qcsr(q, Q_TCQ_HEAD), r->tcq[q].head);
}

static uint32_t head(struct rig *r, unsigned int ring)
{
	return rd(r, qcsr(ring % CARD_QUEUES, Q_TWQ0_PTRS + ring / CARD_QUEUES)) >> 16;
}

static uint64_t bugs(struct rig *r)
{
	return card_guest_bugs(r->c, BLK_TWQ) + card_guest_bugs(r->c, BLK_TCQ);
}

static void forget(struct rig *r)
{
	while (r->ngot)
		free(r->got[--r->ngot].data);
}

static int setup(void **state)
{
	static const struct card_config cfg = { .mac = { 2, 0x11, 0x22, 0x33, 0x44, 0x55 }, .queues = 2, .vectors = 8 };
	struct rig *r = calloc(1, sizeof(*r));
	struct card_env env = { r, env_map, env_read, env_write, env_irq, env_now, NULL };
	unsigned int i;

	r->mem = aligned_alloc(4096, END - BASE);
	for (i = 0; i < END - BASE; i++)
		r->mem[i] = (uint8_t)(i * 7 + i / 251);
	r->room = ~0u;
	r->c = card_new(&cfg, &env);
	card_connect(r->c, &port, r, PORT_LSO_CUT);
	card_cfg_write(r->c, 4, 2, 6);
	wr(r, CSR_PUL_OB_TLP_HDR_AW_CFG, ~0u);
	wr(r, CSR_PUL_OB_TLP_HDR_AR_CFG, ~0u);
	wr(r, CSR_QM_TWQ_DEFAULT_META_L, 14);
	wr(r, CSR_QM_TWQ_DEFAULT_META_H, 1 << 5);
	wr(r, CSR_QM_TQS_MTU_CTL0, 9743);
	wr(r, CSR_QM_TQS_MTU_CTL1, 9743);
	wr(r, CSR_TCE_LSO_CTRL, LSO_CTRL);
	assert_true(r->c->dma_rd && r->c->dma_wr);
	r->c->mac.tx_on = true;
	queue_open(r, 0, 6);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	forget(r);
	card_free(r->c);
	free(r->mem);
	free(r);
	return 0;
}

static void assert_frame(struct rig *r, unsigned int i, uint64_t addr, uint32_t len)
{
	assert_true(i < r->ngot);
	assert_int_equal(r->got[i].len, len);
	assert_memory_equal(r->got[i].data, r->mem + (addr - BASE), len);
}

/* ---- the plain way ---- */

static void one_packet_goes_out_and_is_completed(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	put(r, 0, al(DATA + 1, 33));
	put(r, 0, last_al(DATA + 1000, 66));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(r->got[0].len, 99);
	assert_memory_equal(r->got[0].data, r->mem + (DATA - BASE) + 1, 33);
	assert_memory_equal(r->got[0].data + 33, r->mem + (DATA - BASE) + 1000, 66);
	/* contract 10: head 3, first lap */
	assert_true(*word(r, tcq_addr(0)) == 0x8000000000000003ull);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 3 << 16 | 3);
	assert_int_equal(rd(r, qcsr(0, Q_TCQ_PTRS)), 1 << 16);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 1);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_ERR_CNT)), 0);
	assert_int_equal(bugs(r), 0);
}

static void xdp_needs_no_meta_and_reports_head1(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 5; i++)
		put(r, 128, last_al(DATA + 100 * i, 60 + i));
	ring_bell(r, 128);
	assert_int_equal(r->ngot, 5);
	for (i = 0; i < 5; i++)
		assert_frame(r, i, DATA + 100 * i, 60 + i);
	/* contract 10: TWQ1 head 5 */
	assert_true(*word(r, tcq_addr(0)) == 0x9000000000050000ull);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ1_PKT_CNT)), 5);
	assert_int_equal(bugs(r), 0);
}

/* Contract 10: the driver's META for TCP/IPv4 without options, with checksum offload */
static void checksum_of_the_worked_example(void **state)
{
	struct rig *r = *state;
	uint8_t *p = r->mem + (DATA - BASE);
	uint32_t sum = 0;
	unsigned int i;

	put(r, 0, 0x00000830080a0007ull);
	put(r, 0, al(DATA, 40));		/* the field at 50 is in the second buffer */
	put(r, 0, last_al(DATA + 40, 27));
	p[50] = 0x12;
	p[51] = 0x34;
	for (i = 34; i < 67; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(r->got[0].len, 67);
	assert_memory_equal(r->got[0].data, p, 50);
	assert_int_equal(r->got[0].data[50] << 8 | r->got[0].data[51], sum);
	assert_memory_equal(r->got[0].data + 52, p + 52, 15);
	assert_int_equal(p[50] << 8 | p[51], 0x1234);	/* the driver's memory is not touched */
}

static void only_requested_packets_make_a_report(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		put(r, 0, L2_META | (i == 2 ? COMPLETION : 0));
		put(r, 0, last_al(DATA, 60));
	}
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 4);
	assert_true(tcd(r, 0) == (TCD_DONE | 8));	/* one for the batch, up to its end */
	assert_true(tcd(r, 0) == 0);
}

static void opt_meta_is_passed_over(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	put(r, 0, OPT_META | 12345);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
	assert_int_equal(bugs(r), 0);
}

static void packet_waits_for_its_end(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	ring_bell(r, 0);
	put(r, 0, al(DATA, 20));
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 0);
	assert_int_equal(r->ngot, 0);
	put(r, 0, last_al(DATA + 20, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 80);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
	assert_int_equal(bugs(r), 0);
}

/* ---- rings ---- */

/* Bursts around the ring, three laps, both rings of a queue */
static void ring_of_every_size(void **state)
{
	struct rig *r = *state;
	unsigned int log2;

	for (log2 = 6; log2 <= 16; log2++) {
		unsigned int size = 1u << log2, sent[2] = { 0, 0 };
		unsigned int total = 3 * size / 2 + 5;	/* packets, two descriptors each, on TWQ0 */

		queue_open(r, 0, log2);
		while (sent[0] < total) {
			unsigned int n, i, last[2] = { head(r, 0), head(r, 128) };
			uint64_t d;

			n = 1 + rnd() % ((size - 1) / 2 < 2000 ? (size - 1) / 2 : 2000);
			for (i = 0; i < n; i++, sent[0]++) {
				put(r, 0, L2_META | (i == n - 1 ? COMPLETION : 0));
				put(r, 0, last_al(DATA + sent[0] % 4096, 60 + sent[0] % 64));
				put(r, 128, last_al(DATA + 8192 + sent[0] % 4096, 60 + sent[0] % 64));
				sent[1]++;
			}
			doorbell(r, 0);
			ring_bell(r, 128);
			assert_int_equal(r->ngot, 2 * n);
			while ((d = tcd(r, 0))) {
				unsigned int one = !!(d & TCD_TWQ1);

				last[one] = (unsigned int)(one ? d >> 16 & 0xffff : d & 0xffff);
				tcq_consumed(r, 0);
				run(r);
			}
			assert_int_equal(last[0], r->twq[0].tail);
			assert_int_equal(last[1], r->twq[128].tail);
			assert_int_equal(head(r, 0), r->twq[0].tail);
			forget(r);
		}
		assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	}
	assert_int_equal(bugs(r), 0);
}

static void a_full_ring_is_emptied(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 63; i++)
		put(r, 128, last_al(DATA, 60));
	ring_bell(r, 128);
	assert_int_equal(r->ngot, 63);
	assert_int_equal(head(r, 128), 63);
}

static void second_lap_has_the_other_phase(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 64 + 3; i++) {
		put(r, 0, L2_META | COMPLETION);
		put(r, 0, last_al(DATA, 60));
		ring_bell(r, 0);
		assert_true(tcd(r, 0));
		tcq_consumed(r, 0);
	}
	assert_int_equal(word(r, tcq_addr(0))[2] >> 63, 0);
	assert_int_equal(word(r, tcq_addr(0))[3] >> 63, 1);	/* still of the first lap */
	assert_int_equal(word(r, tcq_addr(0))[2], 2 * 67 % 64);
}

static void full_completion_ring_holds_the_rings(void **state)
{
	struct rig *r = *state;
	unsigned int i, n = 0;
	uint64_t d = 0, e;

	tcq_open(r, 0, 3);		/* 7 usable entries */
	for (i = 0; i < 30; i++) {	/* a doorbell for each: a completion for each */
		put(r, 128, last_al(DATA, 60 + i));
		ring_bell(r, 128);
	}
	assert_int_equal(rd(r, qcsr(0, Q_TCQ_PTRS)), 7 << 16);
	assert_int_equal(r->ngot, 7);
	assert_int_equal(head(r, 128), 7);
	assert_int_not_equal(rd(r, CSR_QM_TWQ_IDLE + 4), ~0u);
	while ((e = tcd(r, 0))) {
		d = e;
		n++;
		tcq_consumed(r, 0);
		run(r);
	}
	assert_int_equal(r->ngot, 30);
	for (i = 0; i < 30; i++)
		assert_frame(r, i, DATA, 60 + i);
	assert_true(n >= 8);
	assert_int_equal(d >> 16 & 0xffff, 30);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE + 4), ~0u);
}

static void doorbells_that_are_refused(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TWQ0_TAIL), 64);		/* beyond the ring */
	assert_int_equal(bugs(r), 1);
	wr(r, qcsr(0, Q_TWQ0_TAIL), ~0u);
	assert_int_equal(bugs(r), 2);
	wr(r, qcsr(1, Q_TWQ0_TAIL), 1);			/* never enabled */
	wr(r, qcsr(1, Q_TWQ1_TAIL), 1);
	wr(r, qcsr(1, Q_TCQ_HEAD), 1);
	assert_int_equal(bugs(r), 5);
	run(r);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 0);
	assert_int_equal(r->ngot, 0);
}

static void reset_enable_and_the_pointers(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	wr(r, qcsr(0, Q_TWQ0_PTRS), 0x5a5a5a5a);	/* read-only */
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 2 << 16 | 2);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 2 << 16 | 2);
	wr(r, qcsr(0, Q_TWQ0_CTL), 2);			/* goes on where it was */
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 2 << 16 | 2);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 61));
	ring_bell(r, 0);
	assert_frame(r, 1, DATA, 61);
	wr(r, qcsr(0, Q_TWQ0_CTL), 1);
	wr(r, qcsr(0, Q_TCQ_CTL), 1);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_CTL)), 1);	/* sticky */
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 0);
	assert_int_equal(rd(r, qcsr(0, Q_TCQ_PTRS)), 0);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	wr(r, qcsr(0, Q_TWQ0_BAL), 0xffffffff);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_BAL)), 0xffffff80);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 2);	/* counters never go back */
}

static void base_and_size_are_taken_at_enable(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TWQ0_BAL), 0);
	wr(r, qcsr(0, Q_TWQ0_SIZE), 1);
	wr(r, qcsr(0, Q_TCQ_BAL), 0);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, OPT_META);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
}

static void disabling_drops_what_is_queued(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	r->room = 3;
	for (i = 0; i < 20; i++) {
		put(r, 0, L2_META | COMPLETION);
		put(r, 0, last_al(DATA, 60));
	}
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 3);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~1u);
	assert_int_equal(rd(r, CSR_QM_TQS_IDLE), ~1u);
	assert_int_equal(rd(r, CSR_QM_TDE_IDLE), ~1u);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	assert_int_equal(rd(r, CSR_QM_TDE_IDLE), ~0u);
	wr(r, qcsr(0, Q_TCQ_CTL), 0);
	assert_int_equal(rd(r, CSR_QM_TCQ_IDLE), ~0u);
	memset(word(r, tcq_addr(0)), 0, 512);
	r->room = ~0u;
	card_port_ready(r->c);
	run(r);
	assert_int_equal(r->ngot, 3);
	assert_int_equal(*word(r, tcq_addr(0)), 0);
}

/* ---- what a driver must not do ---- */

static void malformed_packets_are_dropped_and_completed(void **state)
{
	static const struct {
		const char *name;
		unsigned int n;
		uint64_t twd[8];
		unsigned int ends;	/* where the packet ends; what follows is sent */
	} t[] = {
		{ "length 0", 2, { L2_META, 3ull << 46 | DATA }, 2 },
		{ "length 0 in the middle", 4, { L2_META, 2ull << 46 | 60ull << 48 | DATA, 2ull << 46,
						 3ull << 46 | 60ull << 48 | DATA }, 4 },
		{ "META alone", 1, { L2_META }, 1 },
		{ "META after AL", 2, { L2_META, 2ull << 46 | 60ull << 48 | DATA }, 2 },
		{ "OPT_META first", 2, { OPT_META, 3ull << 46 | 60ull << 48 | DATA }, 2 },
		{ "two OPT_META", 4, { L2_META, OPT_META, OPT_META, 3ull << 46 | 60ull << 48 | DATA }, 4 },
		{ "OPT_META after AL", 4, { L2_META, 2ull << 46 | 60ull << 48 | DATA, OPT_META,
					    3ull << 46 | 60ull << 48 | DATA }, 4 },
		{ "13 bytes", 2, { L2_META, 3ull << 46 | 13ull << 48 | DATA }, 2 },
		{ "larger than the MTU", 2, { L2_META, 3ull << 46 | 9744ull << 48 | DATA }, 2 },
		{ "nothing there", 2, { L2_META, 3ull << 46 | 60ull << 48 | HOLE }, 2 },
		{ "ends in the hole", 2, { L2_META, 3ull << 46 | 60ull << 48 | (HOLE - 59) }, 2 },
		{ "highest address", 2, { L2_META, 3ull << 46 | 0xffffull << 48 | DMA_ADDR_MASK }, 2 },
		{ "CSO beyond the end", 2, { L2_META | TWD_REQ_CSO | 63, 3ull << 46 | 60ull << 48 | DATA }, 2 },
		{ "MSS 0", 2, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x580a0047, 3ull << 46 | 600ull << 48 | DATA }, 2 },
		{ "L4_HLEN 0", 2, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x080a0047 | 99ull << 48,
				    3ull << 46 | 600ull << 48 | DATA }, 2 },
		{ "MSS larger than the MTU", 2, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x580a0047 | 16383ull << 48,
						  3ull << 46 | 20000ull << 48 | DATA }, 2 },
		{ "LSO too long", 4, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x580a0047 | 1000ull << 48,
				       2ull << 46 | 65535ull << 48 | DATA, 2ull << 46 | 1000ull << 48 | DATA,
				       3ull << 46 | 1000ull << 48 | DATA }, 4 },
	};
	struct rig *r = *state;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t before = bugs(r), ts;

		queue_open(r, 0, 6);
		for (k = 0; k < t[i].n; k++)
			put(r, 0, t[i].twd[k] | (k ? 0 : TWD_REQ_TS));
		if (t[i].twd[0] >> 46 & 3)		/* has no META to ask with */
			word(r, twq_addr(0))[0] = t[i].twd[0];
		put(r, 0, L2_META);
		put(r, 0, last_al(DATA + 77, 70));
		ring_bell(r, 0);
		if (r->ngot != 1 || bugs(r) != before + 1)
			fail_msg("%s: %u frames, %llu bugs", t[i].name, r->ngot,
				 (unsigned long long)(bugs(r) - before));
		assert_frame(r, 0, DATA + 77, 70);
		assert_int_equal(rd(r, qcsr(0, Q_TWQ0_ERR_CNT)), i + 1);
		assert_int_equal(rd(r, CSR_TCE_TTI_FRAME_DROP_PKTS), i + 1);
		ts = tcd(r, 0);
		if (!(t[i].twd[0] >> 46 & 3)) {
			if ((ts & ~0xffffffffffull) != (TCD_DONE | TCD_TYPE1 | TCD_TS_INVALID))
				fail_msg("%s: no time stamp: 0x%llx", t[i].name, (unsigned long long)ts);
			ts = tcd(r, 0);
		}
		assert_true(ts == (TCD_DONE | (t[i].n + 2)));
		assert_true(tcd(r, 0) == 0);
		forget(r);
	}
}

static void packet_without_end_in_a_full_ring(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	put(r, 0, L2_META);
	for (i = 0; i < 62; i++)
		put(r, 0, al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 63);
	assert_int_equal(bugs(r), 1);
	assert_true(tcd(r, 0) == (TCD_DONE | 63));
	put(r, 0, al(DATA, 60));		/* still the same packet */
	put(r, 0, last_al(DATA, 60));
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 61));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_frame(r, 0, DATA, 61);
	assert_int_equal(head(r, 0), 3);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 2);
}

static void runaway_packet_of_65535_descriptors(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	queue_open(r, 0, 16);
	put(r, 0, L2_META);
	for (i = 0; i < 65533; i++)
		put(r, 0, al(DATA, 1));
	put(r, 0, last_al(DATA, 1));
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 65535);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(r->ngot, 0);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 1);
}

static void unreadable_ring_stops(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TWQ0_CTL), 1);
	wr(r, qcsr(0, Q_TWQ0_BAL), (uint32_t)HOLE);
	wr(r, qcsr(0, Q_TWQ0_CTL), 2);
	wr(r, qcsr(0, Q_TWQ0_TAIL), 5);
	run(r);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	wr(r, qcsr(0, Q_TWQ0_TAIL), 6);
	run(r);
	assert_int_equal(bugs(r), 1);
	queue_open(r, 0, 6);			/* RESET revives it */
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
}

static void unwritable_completion_ring_holds_nobody_up(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TCQ_CTL), 1);
	wr(r, qcsr(0, Q_TCQ_BAL), (uint32_t)HOLE);
	wr(r, qcsr(0, Q_TCQ_CTL), 2);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(card_guest_bugs(r->c, BLK_TCQ), 1);
}

static void nothing_moves_without_bus_mastering(void **state)
{
	struct rig *r = *state;

	wr(r, CSR_PUL_OB_TLP_HDR_AW_CFG, 0);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 0);
	wr(r, CSR_PUL_OB_TLP_HDR_AW_CFG, ~0u);
	run(r);
	assert_int_equal(r->ngot, 1);
	assert_true(tcd(r, 0) == (TCD_DONE | 2));
}

/* ---- gathering ---- */

static void memory_in_small_windows(void **state)
{
	struct rig *r = *state;

	r->window = 512;			/* the rings, too */
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, al(DATA + 500, 3000));
	put(r, 0, last_al(DATA + 3500, 5000));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA + 500, 8000);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
}

static void memory_that_can_not_be_mapped(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		put(r, 0, L2_META | (i == 19 ? COMPLETION : 0));
		put(r, 0, last_al(i % 2 ? FAR + 1000 + i : FAR - 5000, 9000));	/* half of it, or all */
	}
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 20);
	for (i = 0; i < 20; i++)
		assert_frame(r, i, i % 2 ? FAR + 1000 + i : FAR - 5000, 9000);
	assert_int_equal(bugs(r), 0);
}

static void sixty_pieces_are_joined(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	queue_open(r, 0, 10);
	put(r, 0, L2_META | COMPLETION);
	for (i = 0; i < 60; i++)
		put(r, 0, (i == 59 ? last_al : al)(DATA + 200 * i, 100));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(r->got[0].len, 6000);
	for (i = 0; i < 60; i++)
		assert_memory_equal(r->got[0].data + 100 * i, r->mem + (DATA - BASE) + 200 * i, 100);
	assert_int_equal(bugs(r), 0);

	put(r, 0, L2_META | COMPLETION);	/* 64 is the limit */
	for (i = 0; i < 65; i++)
		put(r, 0, (i == 64 ? last_al : al)(DATA + 200 * i, 100));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(head(r, 0), r->twq[0].tail);
}

static void largest_frames(void **state)
{
	struct rig *r = *state;
	uint8_t *p = r->mem + (DATA - BASE);

	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9743));
	p[12] = 8;
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9746));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(bugs(r), 1);
	p[12] = 0x81;			/* a tag may come on top */
	p[13] = 0;
	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9746));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 2);
	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9747));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 2);
	assert_int_equal(rd(r, CSR_TCE_TTI_FRAME_DROP_PKTS), 2);
	assert_int_equal(rd(r, CSR_TCE_TTI_FRAME_DROP_BYTE), 9746 + 9747);
}

/* ---- large sends, back-pressure ---- */

/* A TCP/IPv4 send of @len payload bytes in @n buffers; its headers are at @addr */
static void put_tso(struct rig *r, unsigned int ring, uint64_t addr, uint32_t len, uint32_t mss, uint64_t flags)
{
	static const uint8_t hdr[54] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
		0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0x12, 0x34, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 1, 0, 0, 0, 0, 0,
	};
	uint32_t half = len / 2;

	memcpy(r->mem + (addr - BASE), hdr, sizeof(hdr));
	put(r, ring, 0x00000009580a0047ull | L2_META | (uint64_t)mss << 48 | flags);
	put(r, ring, al(addr, 54));
	put(r, ring, al(addr + 54, half));
	put(r, ring, last_al(addr + 54 + half, len - half));
}

/* The segments in got[first..] must be those of the send, in order; returns how many */
static unsigned int check_tso(struct rig *r, unsigned int first, uint64_t addr, uint32_t len, uint32_t mss)
{
	unsigned int n = 0;
	uint32_t pos;

	for (pos = 0; pos < len; pos += mss, n++) {
		uint32_t part = len - pos < mss ? len - pos : mss;
		struct got *g = &r->got[first + n];

		assert_true(first + n < r->ngot);
		assert_int_equal(g->len, 54 + part);
		assert_int_equal(g->data[40] << 8 | g->data[41], pos & 0xffff);	/* sequence */
		assert_int_equal(g->data[16] << 8 | g->data[17], 40 + part);
		assert_int_equal(g->data[18] << 8 | g->data[19], 0x1234 + n);
		assert_memory_equal(g->data + 54, r->mem + (addr - BASE) + 54 + pos, part);
	}
	return n;
}

static void large_send_is_cut(void **state)
{
	struct rig *r = *state;

	put_tso(r, 0, DATA, 65000, 1448, COMPLETION);
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 45);
	assert_int_equal(check_tso(r, 0, DATA, 65000, 1448), 45);
	assert_true(tcd(r, 0) == (TCD_DONE | 4));
	assert_true(tcd(r, 0) == 0);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 1);
}

static void large_send_goes_whole(void **state)
{
	struct rig *r = *state;

	r->c->port_lso = PORT_LSO_WHOLE;
	put_tso(r, 0, DATA, 65000, 1448, 0);
	put_tso(r, 0, DATA, 65496, 1448, 0);		/* IP length 65536: does not fit */
	put_tso(r, 0, DATA, 1000, 1448, COMPLETION);	/* fits a frame */
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1 + 46 + 1);
	assert_int_equal(r->got[0].flags, FRAME_LSO);
	assert_int_equal(r->got[0].len, 65054);
	assert_int_equal(r->got[0].lso.mss, 1448);
	assert_int_equal(r->got[0].lso.hdr_len, 54);
	assert_int_equal(check_tso(r, 1, DATA, 65496, 1448), 46);
	assert_int_equal(r->got[47].flags, 0);
	assert_true(tcd(r, 0) == (TCD_DONE | 12));
}

static void refused_frames_are_offered_again(void **state)
{
	struct rig *r = *state;
	unsigned int i, step;

	for (step = 1; step < 50; step = step * 2 + 1) {
		unsigned int got = 0;

		queue_open(r, 0, 6);
		r->room = 0;
		put_tso(r, 0, DATA, 30000, 500, TWD_REQ_TS);
		put(r, 0, L2_META);
		put(r, 0, last_al(DATA + 40000, 64));
		put_tso(r, 0, DATA + 50000, 20000, 777, 0);
		put(r, 0, L2_META | COMPLETION);
		put(r, 0, last_al(DATA + 41000, 65));
		ring_bell(r, 0);
		assert_int_equal(head(r, 0), 0);
		for (i = 0; i < 200 && head(r, 0) != 12; i++) {
			assert_true(tcd(r, 0) == 0 || head(r, 0) >= 4);	/* nothing completes before it is gone */
			r->room = step;
			card_port_ready(r->c);
			run(r);
			assert_true(r->ngot - got <= step);
			got = r->ngot;
		}
		r->room = ~0u;
		card_port_ready(r->c);
		run(r);
		assert_int_equal(r->ngot, 60 + 1 + 26 + 1);
		assert_int_equal(check_tso(r, 0, DATA, 30000, 500), 60);
		assert_frame(r, 60, DATA + 40000, 64);
		assert_int_equal(check_tso(r, 61, DATA + 50000, 20000, 777), 26);
		assert_frame(r, 87, DATA + 41000, 65);
		forget(r);
	}
	assert_int_equal(bugs(r), 0);
}

/* Both queues, all rings, random sends, a wire that takes what it likes */
static void no_frame_is_lost_or_doubled(void **state)
{
	static const unsigned int rings[4] = { 0, 1, 128, 129 };
	struct rig *r = *state;
	unsigned int round, sent[4] = { 0 }, seen[4] = { 0 }, i, k;

	queue_open(r, 1, 7);
	for (round = 0; round < 3000; round++) {
		for (k = 0; k < 4; k++) {
			unsigned int ring = rings[k], n = rnd() % 5;

			while (n-- && ((head(r, ring) - r->twq[ring].tail - 1) & (r->twq[ring].size - 1)) > 4) {
				/* number and ring stand in the frame */
				uint64_t addr = DATA + k * 0x40000 + (sent[k] % 1024) * 256;
				uint8_t *p = r->mem + (addr - BASE);

				p[14] = (uint8_t)k;
				memcpy(p + 15, &sent[k], 4);
				if (k < 2)
					put(r, ring, L2_META | (rnd() % 2 ? COMPLETION : 0) | (rnd() % 4 ? 0 : TWD_REQ_TS));
				put(r, ring, al(addr, 30));
				put(r, ring, last_al(addr + 30, 30 + rnd() % 100));
				sent[k]++;
			}
			if (rnd() % 3)
				doorbell(r, ring);
		}
		r->room = rnd() % 3 ? rnd() % 20 : 0;
		card_port_ready(r->c);
		run(r);
		for (i = 0; i < 2; i++) {
			while (rnd() % 8 && tcd(r, i))
				;
			if (rnd() % 2)
				tcq_consumed(r, i);
		}
		for (i = 0; i < r->ngot; i++) {
			unsigned int number;

			k = r->got[i].data[14];
			memcpy(&number, r->got[i].data + 15, 4);
			assert_int_equal(number, seen[k]++);
		}
		forget(r);
	}
	for (k = 0; k < 4; k++)
		doorbell(r, rings[k]);
	r->room = ~0u;
	card_port_ready(r->c);
	for (round = 0; round < 100; round++) {
		run(r);
		for (i = 0; i < 2; i++) {
			while (tcd(r, i))
				;
			tcq_consumed(r, i);
		}
	}
	for (i = 0; i < r->ngot; i++)
		seen[r->got[i].data[14]]++;
	for (k = 0; k < 4; k++) {
		assert_int_equal(seen[k], sent[k]);
		assert_true(sent[k] > 1000);
	}
	assert_int_equal(bugs(r), 0);
}

static void rings_take_turns(void **state)
{
	struct rig *r = *state;
	unsigned int i, first = 0;

	queue_open(r, 0, 12);
	queue_open(r, 1, 12);
	for (i = 0; i < 2000; i++) {
		put(r, 128, last_al(DATA, 60));
		put(r, 129, last_al(DATA, 61));
	}
	doorbell(r, 128);
	doorbell(r, 129);
	assert_true(card_run(r->c));		/* more to do: it does not take all at once */
	assert_true(r->ngot <= 700);
	for (i = 0; i < r->ngot; i++)
		first += r->got[i].len == 60;
	assert_true(first * 3 >= r->ngot && first * 3 <= 2 * r->ngot);
	run(r);
	assert_int_equal(r->ngot, 4000);
}

/* ---- time stamps ---- */

static void time_stamps_come_once_and_in_order(void **state)
{
	struct rig *r = *state;
	unsigned int i;
	uint64_t d;

	wr(r, CSR_PTP_INIT_HI, 0x11);
	wr(r, CSR_PTP_INIT_LO, 0x22334455);
	wr(r, CSR_PTP_ADJUST, 1);
	put(r, 0, L2_META | COMPLETION | TWD_REQ_TS);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_true(tcd(r, 0) == 0xa000001122334455ull);	/* contract 10 */
	assert_true(tcd(r, 0) == (TCD_DONE | 2));
	tcq_consumed(r, 0);

	for (i = 0; i < 6; i++) {		/* good, none, bad, ... */
		put(r, 0, L2_META | (i % 3 == 1 ? 0 : TWD_REQ_TS));
		put(r, 0, last_al(i % 3 == 2 ? HOLE : DATA, 60));
	}
	ring_bell(r, 0);
	for (i = 0; i < 4; i++) {
		d = tcd(r, 0);
		assert_true((d & ~0xffffffffffull) == (TCD_DONE | TCD_TYPE1 | (i & 1 ? TCD_TS_INVALID : 0)));
	}
	assert_true(tcd(r, 0) == (TCD_DONE | 14));
	assert_int_equal(rd(r, CSR_TMI_GOOD_PTP_TS), 3);
	assert_int_equal(rd(r, CSR_TMI_BAD_PTP_TS), 2);
}

static void time_stamps_wait_for_room(void **state)
{
	struct rig *r = *state;
	unsigned int i, stamps = 0;
	uint64_t d, last = 0;

	tcq_open(r, 0, 2);			/* three usable entries */
	for (i = 0; i < 20; i++) {
		put(r, 0, L2_META | TWD_REQ_TS | COMPLETION);
		put(r, 0, last_al(DATA, 60));
		put(r, 128, last_al(DATA, 61));
	}
	doorbell(r, 0);
	ring_bell(r, 128);
	for (i = 0; i < 100; i++) {
		assert_true(((rd(r, qcsr(0, Q_TCQ_PTRS)) >> 16) - (rd(r, qcsr(0, Q_TCQ_PTRS)) & 3)) % 4 <= 3);
		d = tcd(r, 0);
		if (!d)
			continue;
		if (d & TCD_TYPE1)
			stamps++;
		else if (!(d & TCD_TWQ1))
			last = d;
		tcq_consumed(r, 0);
		run(r);
	}
	assert_int_equal(stamps, 20);
	assert_int_equal(r->ngot, 40);
	assert_int_equal(last & 0xffff, 40);
}

/* TWQ1 found no room because of stamps that TWQ0 then never needed */
static void a_ring_wakes_when_its_twin_gives_up(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	tcq_open(r, 0, 2);
	r->room = 0;
	for (i = 0; i < 5; i++) {
		put(r, 0, L2_META | TWD_REQ_TS | COMPLETION);
		put(r, 0, last_al(DATA, 60));
	}
	put(r, 128, last_al(DATA, 61));
	doorbell(r, 128);
	ring_bell(r, 0);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	r->room = ~0u;
	card_port_ready(r->c);
	run(r);
	assert_int_equal(r->ngot, 1);
	assert_frame(r, 0, DATA, 61);
	assert_true(tcd(r, 0) == (TCD_DONE | TCD_TWQ1 | 1 << 16));
}

/* ---- destinations, flush ---- */

static void tcam_entry(struct rig *r, unsigned int i, const uint8_t *da, uint32_t mask, unsigned int dest)
{
	uint32_t map = rd(r, CSR_TCE_TCAM_IDX2DEST_MAP);
	unsigned int w;

	wr(r, CSR_TCE_TCAM_IDX2DEST_MAP, (map & ~(15u << 4 * i)) | dest << 4 * i);
	for (w = 0; w < 3; w++)
		wr(r, CSR_TCE_RAM_TCAM0 + 8 * w + i,
		   (uint32_t)da[4 - 2 * w] << 24 | (uint32_t)da[5 - 2 * w] << 16 | mask);
	wr(r, CSR_TCE_RAM_TCAM3 + i, 0x800000b8);
}

static void send_to(struct rig *r, const uint8_t *da, uint64_t flags)
{
	memcpy(r->mem + (DATA - BASE), da, 6);
	put(r, 0, flags | COMPLETION);
	put(r, 0, al(DATA, 3));			/* the address in two buffers */
	put(r, 0, last_al(DATA + 3, 57));
	ring_bell(r, 0);
	while (tcd(r, 0))
		tcq_consumed(r, 0);
}

static void tcam_decides_who_gets_it(void **state)
{
	static const uint8_t bmc[6] = { 2, 0xb, 0xc, 1, 2, 3 }, other[6] = { 2, 0xb, 0xc, 1, 2, 4 };
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct rig *r = *state;

	tcam_entry(r, 0, bmc, 0, DEST_BMC);
	tcam_entry(r, 3, group, 0, DEST_BMC | DEST_MAC);
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 1);		/* not enabled yet */
	wr(r, CSR_TCE_TXB_CTRL, 3);
	assert_int_equal(rd(r, CSR_TCE_TXB_CTRL), 2);
	send_to(r, bmc, L2_META | TWD_REQ_TS);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(rd(r, CSR_TCE_TBI_DROP_PKTS), 1);
	assert_int_equal(rd(r, CSR_TCE_TBI_DROP_BYTE), 60);
	assert_int_equal(rd(r, CSR_TMI_ILLEGAL_PTP_REQS), 1);
	send_to(r, other, L2_META);
	assert_int_equal(r->ngot, 2);
	send_to(r, group, L2_META);
	assert_int_equal(r->ngot, 3);		/* both */
	assert_int_equal(rd(r, CSR_TCE_TBI_DROP_PKTS), 2);
	wr(r, CSR_TCE_RAM_TCAM0, 0);		/* not before VALIDATE is written */
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 3);
	wr(r, CSR_TCE_RAM_TCAM3, 0);
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 4);
	tcam_entry(r, 7, other, 0xffff, DEST_BMC);	/* all don't care */
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 4);
	send_to(r, group, L2_META);		/* the lower index wins */
	assert_int_equal(r->ngot, 5);
	wr(r, CSR_TCE_RAM_TCAM3 + 7, 0);
	send_to(r, other, 1ull << 44);		/* DEST_BMC in META */
	assert_int_equal(r->ngot, 5);
	send_to(r, other, 0);
	assert_int_equal(r->ngot, 6);
	assert_int_equal(bugs(r), 0);
}

static void frames_are_consumed_with_the_mac_off(void **state)
{
	struct rig *r = *state;

	r->room = 0;
	put_tso(r, 0, DATA, 30000, 1000, TWD_REQ_TS);
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 0);
	r->c->mac.tx_on = false;
	run(r);
	assert_int_equal(head(r, 0), 4);
	assert_int_equal(rd(r, CSR_TMI_DROP_PKTS), 30);
	assert_int_equal(rd(r, CSR_TMI_DROP_BYTE), 30000 + 30 * 54);
	assert_true((tcd(r, 0) & ~0xffffffffffull) == (TCD_DONE | TCD_TYPE1 | TCD_TS_INVALID));
	assert_int_equal(r->ngot, 0);
}

static void flush_drops_everything(void **state)
{
	struct rig *r = *state;

	r->room = 0;
	r->c->port_lso = PORT_LSO_WHOLE;
	put_tso(r, 0, DATA, 30001, 1000, COMPLETION);
	ring_bell(r, 0);
	wr(r, CSR_TMI_DROP_CTRL, 1);
	run(r);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	assert_int_equal(rd(r, CSR_TMI_DROP_PKTS), 31);
	assert_int_equal(rd(r, CSR_TMI_DROP_BYTE), 30001 + 31 * 54);
	assert_true(tcd(r, 0) == (TCD_DONE | 4));
	wr(r, CSR_TMI_DROP_CTRL, 0);
	r->room = ~0u;
	r->c->port_lso = PORT_LSO_CUT;
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
}

/* ---- anything at all ---- */

static uint64_t random_twd(void)
{
	static const uint64_t place[] = { DATA, DATA, FAR, HOLE, FAR - 100, HOLE - 100, DMA_ADDR_MASK - 50 };
	uint64_t d = ((uint64_t)rnd() << 40) ^ ((uint64_t)rnd() << 20) ^ rnd();

	switch (rnd() % 6) {
	case 0:
		return d;
	case 1:
		return (d & 0x3fff003fffffffffull) | L2_META;
	case 2:		/* a reasonable large send */
		return 0x00000009580a0047ull | L2_META | (uint64_t)(rnd() % 1500) << 48 | COMPLETION |
		       (rnd() % 2 ? TWD_REQ_TS : 0);
	default:
		return (rnd() % 3 ? last_al : al)(place[rnd() % ARRAY_SIZE(place)], rnd() % 4 ? rnd() % 2000 : rnd() & 0xffff);
	}
}

static void garbage_hurts_nobody(void **state)
{
	struct rig *r = *state;
	unsigned int round, i, ring;

	for (round = 0; round < 20000; round++) {
		ring = (rnd() & 1) + (rnd() & 1) * 128;
		switch (rnd() % 16) {
		case 0:
			wr(r, qcsr(ring % 128, Q_TWQ0_CTL + ring / 128), rnd() & 3);
			break;
		case 1:
			queue_open(r, ring % 128, 1 + rnd() % 10);
			break;
		case 2:
			wr(r, qcsr(ring % 128, Q_TCQ_HEAD), rnd());
			break;
		case 3:
			wr(r, qcsr(ring % 128, Q_TWQ0_TAIL + ring / 128), rnd() % 1100);
			break;
		case 4:
			wr(r, qcsr(ring % 128, Q_TCQ_CTL), rnd() & 3);
			break;
		case 5:
			r->window = rnd() % 4 ? 0 : 1u << (6 + rnd() % 8);
			break;
		case 6:
			r->c->mac.tx_on = rnd() % 4;
			r->c->port_lso = rnd() % 3;
			wr(r, CSR_TMI_DROP_CTRL, rnd() % 8 == 0);
			break;
		case 7:
			wr(r, CSR_TCE_RAM_TCAM3 + rnd() % 8, rnd() % 2 ? 0x80000000 : 0);
			wr(r, CSR_TCE_RAM_TCAM0 + rnd() % 24, 0xffff);
			wr(r, CSR_TCE_TCAM_IDX2DEST_MAP, rnd());
			wr(r, CSR_TCE_TXB_CTRL, rnd() & 2);
			break;
		default:
			if (!r->twq[ring].size)
				break;
			for (i = rnd() % 70; i; i--)
				put(r, ring, random_twd());
			doorbell(r, ring);
		}
		r->room = rnd() % 4 ? 2000 : rnd() % 64;
		card_port_ready(r->c);
		for (i = 0; i < 4 && card_run(r->c); i++)
			;
		forget(r);
		for (i = 0; i < 2; i++)
			assert_int_equal(r->c->tx.tcq[i].owed, 0);
		if (rnd() % 2) {
			for (i = 0; i < 2; i++)		/* whatever was written is read */
				wr(r, qcsr(i, Q_TCQ_HEAD), rd(r, qcsr(i, Q_TCQ_PTRS)) >> 16);
		}
	}
	/* and after all that it works */
	r->room = ~0u;
	r->window = 0;
	wr(r, CSR_TMI_DROP_CTRL, 0);
	wr(r, CSR_TCE_TXB_CTRL, 0);
	r->c->mac.tx_on = true;
	queue_open(r, 0, 6);
	card_port_ready(r->c);
	run(r);
	forget(r);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
	assert_true(tcd(r, 0) == (TCD_DONE | 2));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_packet_goes_out_and_is_completed),
		T(xdp_needs_no_meta_and_reports_head1),
		T(checksum_of_the_worked_example),
		T(only_requested_packets_make_a_report),
		T(opt_meta_is_passed_over),
		T(packet_waits_for_its_end),
		T(ring_of_every_size),
		T(a_full_ring_is_emptied),
		T(second_lap_has_the_other_phase),
		T(full_completion_ring_holds_the_rings),
		T(doorbells_that_are_refused),
		T(reset_enable_and_the_pointers),
		T(base_and_size_are_taken_at_enable),
		T(disabling_drops_what_is_queued),
		T(malformed_packets_are_dropped_and_completed),
		T(packet_without_end_in_a_full_ring),
		T(runaway_packet_of_65535_descriptors),
		T(unreadable_ring_stops),
		T(unwritable_completion_ring_holds_nobody_up),
		T(nothing_moves_without_bus_mastering),
		T(memory_in_small_windows),
		T(memory_that_can_not_be_mapped),
		T(sixty_pieces_are_joined),
		T(largest_frames),
		T(large_send_is_cut),
		T(large_send_goes_whole),
		T(refused_frames_are_offered_again),
		T(no_frame_is_lost_or_doubled),
		T(rings_take_turns),
		T(time_stamps_come_once_and_in_order),
		T(time_stamps_wait_for_room),
		T(a_ring_wakes_when_its_twin_gives_up),
		T(tcam_decides_who_gets_it),
		T(frames_are_consumed_with_the_mac_off),
		T(flush_drops_everything),
		T(garbage_hurts_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
