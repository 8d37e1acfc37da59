// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BDQ: the buffer rings of a receive queue.
 *
 * The host posts 4 KiB fragments, an 8-byte descriptor each (63:48 ID, 45:12
 * address), in two rings: HPQ for headers, PPQ for payload.  A TAIL doorbell
 * says how far it got; the card takes them strictly in ring order, since the
 * driver frees all pages before the one that a completion names (driver:
 * fbnic_txrx.c fbnic_fill_bdq(), fbnic_clean_bdq()).
 *
 * One control register serves both rings: RESET zeroes the pointers and
 * forgets the fragment that is being filled, the change of ENABLE to 1 takes
 * over address and size.  The driver stops a queue by clearing ENABLE alone
 * and leaves PPQ_ENABLE behind, so PPQ_ENABLE counts only together with
 * ENABLE (driver: fbnic_disable_bdq()).
 *
 * Descriptors are fetched a cache line at a time, only as far as the doorbell
 * went: the host does not touch those any more.
 *
 * Doorbells do no DMA: they tell rxb.c that it may be worth another try.
 *
 * Contract 04 sections 1 and 2.
 */
#include <errno.h>

#include "hw.h"
#include "rde.h"

#define CTL_RESET	F_BIT(BDQ_CTL_RESET)
#define CTL_ENABLE	F_BIT(BDQ_CTL_ENABLE)
#define CTL_PPQ_ENABLE	F_BIT(BDQ_CTL_PPQ_ENABLE)

#define BD_ADDR_MASK	D_MASK(BD_ADDR)

static void bdq_clear(struct bdq *b)
{
	b->head = 0;
	b->tail = 0;
	b->open = false;
	b->pf_pos = 0;
	b->pf_cnt = 0;
}

void bdq_reset(struct bdq *b)
{
	bdq_clear(b);
	b->on = false;
	b->mask = 0;
}

static void bdq_enable(struct card *c, unsigned int q, struct bdq *b, bool on, bool hdr)
{
	if (on && !b->on) {
		b->base = qreg(c, q, hdr ? Q_BDQ_HPQ_BAL : Q_BDQ_PPQ_BAL) |
			  (uint64_t)qreg(c, q, hdr ? Q_BDQ_HPQ_BAH : Q_BDQ_PPQ_BAH) << 32;
		b->mask = ring_mask(qreg(c, q, hdr ? Q_BDQ_HPQ_SIZE : Q_BDQ_PPQ_SIZE));
		b->head &= b->mask;
		b->tail &= b->mask;
		card_event(c, BLK_BDQ, "q%u: %s on, %u entries at 0x%llx", q, hdr ? "hpq" : "ppq",
			   b->mask + 1, (unsigned long long)b->base);
	}
	if (!on)
		b->pf_cnt = b->pf_pos = 0;
	b->on = on;
}

void bdq_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	struct rxq *rq = &c->rx.q[q];
	bool on = (val & CTL_ENABLE) && !(val & CTL_RESET);

	if (val & CTL_RESET) {
		bdq_clear(&rq->hpq);
		bdq_clear(&rq->ppq);
	}
	bdq_enable(c, q, &rq->hpq, on, true);
	bdq_enable(c, q, &rq->ppq, on && (val & CTL_PPQ_ENABLE), false);
	c->rx.rxb.kick = true;
}

static void bdq_tail(struct card *c, unsigned int q, struct bdq *b, const char *name, uint32_t val)
{
	if (!b->on) {
		guest_bug(c, BLK_BDQ, "q%u %s: doorbell %u on a disabled ring", q, name, val);
		return;
	}
	if (val > b->mask) {
		guest_bug(c, BLK_BDQ, "q%u %s: tail %u, ring has %u", q, name, val, b->mask + 1);
		return;
	}
	b->tail = (uint16_t)val;
	c->rx.rxb.kick = true;
	card_event(c, BLK_BDQ, "q%u %s: tail %u, %u posted", q, name, val, bdq_avail(b));
}

void hpq_tail_write(struct card *c, unsigned int q, uint32_t val)
{
	bdq_tail(c, q, &c->rx.q[q].hpq, "hpq", val);
}

void ppq_tail_write(struct card *c, unsigned int q, uint32_t val)
{
	bdq_tail(c, q, &c->rx.q[q].ppq, "ppq", val);
}

uint32_t hpq_ptrs_read(struct card *c, unsigned int q)
{
	return (uint32_t)c->rx.q[q].hpq.head << 16 | c->rx.q[q].hpq.tail;
}

uint32_t ppq_ptrs_read(struct card *c, unsigned int q)
{
	return (uint32_t)c->rx.q[q].ppq.head << 16 | c->rx.q[q].ppq.tail;
}

/* A run of descriptors from head on, neither past the doorbell nor the ring's end */
static int bdq_fetch(struct card *c, struct bdq *b)
{
	uint32_t n = bdq_avail(b);
	uint32_t run = b->mask + 1 - b->head;

	/* end at a cache line, so that the next fetch begins with one */
	if (run > BDQ_PREFETCH - b->head % BDQ_PREFETCH)
		run = BDQ_PREFETCH - b->head % BDQ_PREFETCH;
	if (n > run)
		n = run;
	if (!n || dma_read(c, b->base + b->head * 8ull, b->pf, n * 8))
		return -EFAULT;

	b->pf_pos = 0;
	b->pf_cnt = (uint8_t)n;
	return 0;
}

int bdq_next(struct card *c, struct bdq *b, uint16_t next)
{
	uint64_t bd;

	b->open = false;
	if (b->pf_pos == b->pf_cnt && bdq_fetch(c, b))
		return -EFAULT;

	bd = b->pf[b->pf_pos++];
	b->head = (uint16_t)((b->head + 1u) & b->mask);
	b->id = (uint16_t)D_GET(bd, BD_ID);
	b->addr = bd & BD_ADDR_MASK;
	b->next = next;
	b->open = true;
	return 0;
}
