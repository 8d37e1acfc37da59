/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tx_fake.h"

#define LSO_CTRL	(0x009u | 0x089u << 9 | 0x080u << 18 | 1u << 27)

static uint32_t rnd_state = 3;

uint32_t rnd(void)
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

void wr(struct rig *r, uint32_t csr, uint32_t val)
{
	card_bar_write(r->c, 0, csr * 4, val);
}

uint32_t rd(struct rig *r, uint32_t csr)
{
	return card_bar_read(r->c, 0, csr * 4);
}

uint32_t qcsr(unsigned int q, unsigned int off)
{
	return CSR_QUEUE + (q << CSR_QUEUE_SHIFT) + off;
}

/* Rings of queue 0 and 1 only: TWQ0, TWQ1, TCQ each in a quarter of 2 MiB */
uint64_t twq_addr(unsigned int ring)
{
	return BASE + (ring % CARD_QUEUES) * 0x200000ull + (ring / CARD_QUEUES) * 0x80000;
}

uint64_t tcq_addr(unsigned int q)
{
	return BASE + q * 0x200000ull + 0x100000;
}

uint64_t *word(struct rig *r, uint64_t addr)
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

void tcq_open(struct rig *r, unsigned int q, unsigned int log2)
{
	wr(r, qcsr(q, Q_TCQ_CTL), 1);
	wr(r, qcsr(q, Q_TCQ_BAL), (uint32_t)tcq_addr(q));
	wr(r, qcsr(q, Q_TCQ_BAH), (uint32_t)(tcq_addr(q) >> 32));
	wr(r, qcsr(q, Q_TCQ_SIZE), log2 & 15);
	wr(r, qcsr(q, Q_TCQ_CTL), 2);
	r->tcq[q] = (struct comp){ 1u << log2, 0, true };
	memset(word(r, tcq_addr(q)), 0, 8u << log2);
}

void queue_open(struct rig *r, unsigned int q, unsigned int log2)
{
	twq_open(r, q, log2);
	twq_open(r, q + CARD_QUEUES, log2);
	tcq_open(r, q, log2);
}

void put(struct rig *r, unsigned int ring, uint64_t twd)
{
	struct ring *t = &r->twq[ring];

	word(r, twq_addr(ring))[t->tail] = twd;
	t->tail = (t->tail + 1) & (t->size - 1);
}

uint64_t al(uint64_t addr, uint32_t len)
{
	return addr | 2ull << 46 | (uint64_t)len << 48;
}

uint64_t last_al(uint64_t addr, uint32_t len)
{
	return al(addr, len) | 1ull << 46;
}

void put_tso(struct rig *r, unsigned int ring, uint64_t addr, uint32_t len, uint32_t mss, uint64_t flags)
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

void doorbell(struct rig *r, unsigned int ring)
{
	wr(r, qcsr(ring % CARD_QUEUES, Q_TWQ0_TAIL + ring / CARD_QUEUES), r->twq[ring].tail);
}

void run(struct rig *r)
{
	unsigned int calls = 0;

	while (card_run(r->c))
		assert_true(++calls < 100000);
}

void ring_bell(struct rig *r, unsigned int ring)
{
	doorbell(r, ring);
	run(r);
}

uint64_t tcd(struct rig *r, unsigned int q)
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

void tcq_consumed(struct rig *r, unsigned int q)
{
	wr(r, qcsr(q, Q_TCQ_HEAD), r->tcq[q].head);
}

uint32_t head(struct rig *r, unsigned int ring)
{
	return rd(r, qcsr(ring % CARD_QUEUES, Q_TWQ0_PTRS + ring / CARD_QUEUES)) >> 16;
}

uint64_t bugs(struct rig *r)
{
	return card_guest_bugs(r->c, BLK_TWQ) + card_guest_bugs(r->c, BLK_TCQ);
}

void forget(struct rig *r)
{
	while (r->ngot)
		free(r->got[--r->ngot].data);
}

int tx_setup(void **state)
{
	static const struct card_config cfg = { .mac = { 2, 0x11, 0x22, 0x33, 0x44, 0x55 }, .queues = 2, .vectors = 8 };
	struct rig *r = calloc(1, sizeof(*r));
	struct card_env env = {
		.ctx = r, .dma_map = env_map, .dma_read = env_read, .dma_write = env_write, .irq = env_irq, .now = env_now,
	};
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

int tx_teardown(void **state)
{
	struct rig *r = *state;

	forget(r);
	card_free(r->c);
	free(r->mem);
	free(r);
	return 0;
}

void assert_frame(struct rig *r, unsigned int i, uint64_t addr, uint32_t len)
{
	assert_true(i < r->ngot);
	assert_int_equal(r->got[i].len, len);
	assert_memory_equal(r->got[i].data, r->mem + (addr - BASE), len);
}

unsigned int check_tso(struct rig *r, unsigned int first, uint64_t addr, uint32_t len, uint32_t mss)
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
