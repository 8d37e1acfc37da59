/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TWQ: the Tx work rings, registers and descriptors.  Contract 03, sections 1, 2.
 *
 * The driver writes a packet as META [OPT_META] AL.. LAST_AL (XDP: without
 * META, a default one applies) and rings TWQn_TAIL (fbnic_txrx.c
 * fbnic_tx_map(), fbnic_tx_doorbell()).  The hook only checks and notes the
 * new tail and tells the engine (tx.c), which reads packets with twq_parse().
 *
 * A packet that breaks the rules is a packet all the same: it comes out with
 * the reason, so that it takes its place in the order and is completed as the
 * driver expects.  Where its end is not to be found, the rest is discarded up
 * to the next META or behind the next LAST_AL (twq.skip).  A packet whose end
 * the doorbell does not cover yet just waits, unless the ring is full and it
 * never can end.
 *
 * Descriptors are read once, in runs, into a copy: the guest may change its
 * memory at any time.  A run ends at the end of the ring and at the doorbell,
 * a packet after TX_MAX_AL buffers, a discarded stretch after SKIP_CHUNK
 * descriptors: nothing in guest memory can make a loop endless.
 *
 * RESET zeroes everything and holds the ring as long as the bit is set; ENABLE
 * takes base and size.  Disabling drops what is queued at once, so that the
 * idle registers read ones when the driver polls them (fbnic_txrx.c
 * fbnic_wait_all_queues_idle()); it reclaims the packets itself.
 */
#include "twq.h"

#include "hw.h"

#define SKIP_CHUNK	1024u

static inline uint16_t ring_count(const struct twq *r, uint16_t from)
{
	return (uint16_t)(r->tail - from) & r->mask;
}

/* What was collected and not finished is read anew, but a card would not: counted when it is finished */
void twq_count_reads(struct card *c, unsigned int ring)
{
	struct twq *r = &c->tx.twq[ring];

	while (r->counted != r->head) {
		unsigned int end = r->head > r->counted ? r->head : r->mask + 1u, run = end - r->counted;

		dma_count_rd(c, r->base + 8ull * r->counted, 8u * run);
		r->counted = (uint16_t)(r->counted + run) & r->mask;
	}
}

/* Copies the next run: never over the ring's end, never beyond the doorbell */
static bool fetch(struct card *c, struct twq_reader *d)
{
	unsigned int run = d->r->mask + 1u - d->next, n = ring_count(d->r, d->next);
	uint64_t addr = d->r->base + 8ull * d->next;
	const void *p;
	size_t len;

	if (n > run)
		n = run;
	if (n > TWQ_FETCH)
		n = TWQ_FETCH;
	d->pos = d->n = 0;
	if (!n || d->fault)
		return false;

	len = 8u * n;
	p = dma_get(c, addr, &len);
	if (p && len >= 8) {
		n = (unsigned int)len / 8;
		memcpy(d->buf, p, 8u * n);
	} else if (dma_peek(c, addr, d->buf, 8u * n)) {
		d->fault = true;
		return false;
	}
	d->n = n;
	return true;
}

static inline bool peek(struct card *c, struct twq_reader *d, uint64_t *twd)
{
	if (d->pos == d->n && !fetch(c, d))
		return false;
	*twd = d->buf[d->pos];
	return true;
}

static inline void take(struct twq_reader *d)
{
	d->pos++;
	d->next = (d->next + 1) & d->r->mask;
}

/* ---- parsing ---- */

/* The rest of a malformed packet: ends before a META and behind a LAST_AL */
static enum twq_parsed discard(struct card *c, struct twq_reader *d)
{
	unsigned int n;
	uint64_t twd;

	for (n = 0; n < SKIP_CHUNK && peek(c, d, &twd); n++) {
		d->skip = TWD_TYPE(twd) != TWD_META;
		if (!d->skip)
			break;
		take(d);
		d->skip = TWD_TYPE(twd) != TWD_LAST_AL;
		if (!d->skip)
			break;
	}
	return n || !d->skip ? TWQ_JUNK : TWQ_NOTHING;
}

static const char *parse_al(struct twq_packet *p, uint64_t twd)
{
	uint32_t len = TWD_LEN(twd);

	if (!len)
		return "buffer of length 0";
	if (p->nal == TX_MAX_AL)
		return "too many buffers";
	p->al[p->nal++] = twd;
	p->len += len;
	return p->len > TX_MAX_LEN ? "packet too long" : NULL;
}

enum twq_parsed twq_parse(struct card *c, struct twq_reader *d, struct twq_packet *p, const char **err)
{
	uint16_t start = d->next;
	unsigned int n;
	uint64_t twd;

	*err = NULL;
	p->meta = c->csr[CSR_QM_TWQ_DEFAULT_META_L] | (uint64_t)c->csr[CSR_QM_TWQ_DEFAULT_META_H] << 32;
	p->nal = 0;
	p->len = 0;
	if (d->skip)
		return discard(c, d);

	for (n = 0; peek(c, d, &twd); n++) {
		const char *e = NULL;

		switch (TWD_TYPE(twd)) {
		case TWD_META:
			if (n) {		/* not taken: a new packet begins */
				*err = *err ? *err : "META in the middle of a packet";
				return TWQ_PACKET;
			}
			p->meta = twd;
			break;
		case TWD_OPT_META:		/* launch time: accepted, not used */
			if (n != 1 || p->nal)
				e = "OPT_META out of place";
			break;
		default:
			e = parse_al(p, twd);
		}
		if (!*err)
			*err = e;
		take(d);
		if (TWD_TYPE(twd) == TWD_LAST_AL)
			return TWQ_PACKET;
		if (n > TX_MAX_AL + 2)
			break;			/* *err is set: too many of something */
	}
	if (d->fault || !n)
		return TWQ_NOTHING;
	if (!*err && ring_count(d->r, start) == d->r->mask)
		*err = "packet fills the ring and has no end";
	if (!*err)
		return TWQ_NOTHING;			/* more to come */
	d->skip = true;
	return TWQ_PACKET;
}

void twq_kick(struct card *c, unsigned int ring)
{
	const struct twq *r = &c->tx.twq[ring];

	if (r->enabled && !r->dead && (r->head != r->tail || r->report))
		c->tx.work[ring / 64] |= 1ull << ring % 64;
}

/* ---- register hooks ---- */

static void ctl_write(struct card *c, unsigned int ring, uint32_t val, unsigned int size,
		      unsigned int bal, unsigned int bah)
{
	struct twq *r = &c->tx.twq[ring];
	unsigned int q = ring % CARD_QUEUES;

	if (val & 1) {			/* RESET; held as long as the bit is set */
		*r = (struct twq){ .enabled = false };
	} else if (!(val & 2)) {	/* what was queued is lost; the driver reclaims it itself */
		r->head = r->reported = r->counted = r->tail;
		r->seg = 0;
		r->enabled = r->dead = r->skip = r->report = false;
	} else if (!r->enabled) {
		uint32_t log2 = qreg(c, q, size);

		r->base = (qreg(c, q, bal) | (uint64_t)qreg(c, q, bah) << 32) & DMA_ADDR_MASK;
		r->mask = (uint16_t)((log2 ? 1u << log2 : 65536) - 1);
		r->head &= r->mask;
		r->tail = r->reported = r->counted = r->head;
		r->enabled = true;
		card_event(c, BLK_TWQ, "twq%u.%u: %u entries at 0x%llx", q, ring / CARD_QUEUES,
			   r->mask + 1u, (unsigned long long)r->base);
	}
	if (!r->enabled)
		c->tx.work[ring / 64] &= ~(1ull << ring % 64);
}

static void tail_write(struct card *c, unsigned int ring, uint32_t val)
{
	struct twq *r = &c->tx.twq[ring];
	unsigned int q = ring % CARD_QUEUES, n = ring / CARD_QUEUES;

	if (!r->enabled) {
		guest_bug(c, BLK_TWQ, "twq%u.%u: doorbell %u on a disabled ring", q, n, val);
		return;
	}
	if (val > r->mask) {
		guest_bug(c, BLK_TWQ, "twq%u.%u: doorbell %u, the ring has %u", q, n, val, r->mask + 1u);
		return;
	}
	r->tail = (uint16_t)val;
	twq_kick(c, ring);
}

static uint32_t ptrs_read(const struct card *c, unsigned int ring)
{
	return (uint32_t)c->tx.twq[ring].head << 16 | c->tx.twq[ring].tail;
}

void twq0_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	ctl_write(c, q, val, Q_TWQ0_SIZE, Q_TWQ0_BAL, Q_TWQ0_BAH);
}

void twq1_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	ctl_write(c, q + CARD_QUEUES, val, Q_TWQ1_SIZE, Q_TWQ1_BAL, Q_TWQ1_BAH);
}

void twq0_tail_write(struct card *c, unsigned int q, uint32_t val)
{
	tail_write(c, q, val);
}

void twq1_tail_write(struct card *c, unsigned int q, uint32_t val)
{
	tail_write(c, q + CARD_QUEUES, val);
}

uint32_t twq0_ptrs_read(struct card *c, unsigned int q)
{
	return ptrs_read(c, q);
}

uint32_t twq1_ptrs_read(struct card *c, unsigned int q)
{
	return ptrs_read(c, q + CARD_QUEUES);
}

/* QM_TWQ_IDLE, QM_TQS_IDLE, QM_TDE_IDLE: one engine stands for the three.  Bits 255:128 are TWQ1: guess. */
uint32_t qm_twq_idle_read(struct card *c, unsigned int i)
{
	uint32_t idle = ~0u;
	unsigned int b;

	for (b = 0; b < 32; b++) {
		const struct twq *r = &c->tx.twq[32 * i + b];

		if (r->enabled && !r->dead && r->head != r->tail)
			idle &= ~BIT(b);
	}
	return idle;
}
