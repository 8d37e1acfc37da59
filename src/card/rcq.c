// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RCQ: the completion ring of a receive queue.
 *
 * The card writes 8-byte descriptors and moves its tail; the host sees them
 * by their DONE bit, which is 1 in the first lap after RESET and flips in each
 * following one, and gives room back by RCQ_HEAD (driver: fbnic_txrx.c
 * fbnic_clean_rcq(), which reads until the phase does not match).  The ring is
 * full with one entry unused.
 *
 * The descriptors of a frame are posted together, in order, META last: when
 * the host sees META, everything before it is in memory.
 *
 * Contract 04 sections 1 and 3.
 */
#include <errno.h>

#include "hw.h"
#include "rde.h"

#define CTL_RESET	F_BIT(RCQ_CTL_RESET)
#define CTL_ENABLE	F_BIT(RCQ_CTL_ENABLE)

static void rcq_clear(struct rcq *r)
{
	r->head = 0;
	r->tail = 0;
	r->done = true;
}

void rcq_reset(struct rcq *r)
{
	rcq_clear(r);
	r->on = false;
	r->mask = 0;
}

void rcq_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	struct rcq *r = &c->rx.q[q].cq;
	bool on = (val & CTL_ENABLE) && !(val & CTL_RESET);

	if (val & CTL_RESET)
		rcq_clear(r);
	if (on && !r->on) {
		r->base = qreg(c, q, Q_RCQ_BAL) | (uint64_t)qreg(c, q, Q_RCQ_BAH) << 32;
		r->mask = ring_mask(qreg(c, q, Q_RCQ_SIZE));
		r->head &= r->mask;
		r->tail &= r->mask;
		card_event(c, BLK_RCQ, "q%u: on, %u entries at 0x%llx", q, r->mask + 1,
			   (unsigned long long)r->base);
	}
	r->on = on;
	c->rx.rxb.kick = true;
}

void rcq_head_write(struct card *c, unsigned int q, uint32_t val)
{
	struct rcq *r = &c->rx.q[q].cq;

	if (!r->on) {
		guest_bug(c, BLK_RCQ, "q%u: head %u on a disabled ring", q, val);
		return;
	}
	if (val > r->mask || ((uint16_t)(val - r->head) & r->mask) > ((uint16_t)(r->tail - r->head) & r->mask)) {
		guest_bug(c, BLK_RCQ, "q%u: head %u beyond tail %u, was %u, ring has %u", q, val,
			  r->tail, r->head, r->mask + 1);
		return;
	}
	r->head = (uint16_t)val;
	c->rx.rxb.kick = true;
	intr_rcq_head(c, q);
}

uint32_t rcq_ptrs_read(struct card *c, unsigned int q)
{
	return (uint32_t)c->rx.q[q].cq.tail << 16 | c->rx.q[q].cq.head;
}

/* RCQ, HPQ and PPQ: nothing is in flight between two calls into the card, so all are idle */
uint32_t qm_rcq_idle_read(struct card *c, unsigned int i)
{
	(void)c;
	(void)i;
	return ~0u;
}

/* @n descriptors that do not wrap, to ring entry tail */
static int post_run(struct card *c, const struct rcq *r, const uint64_t *desc, unsigned int n)
{
	uint64_t addr = r->base + r->tail * 8ull;
	size_t len = n * sizeof(*desc);
	uint64_t *p;
	unsigned int i;
	int err = 0;

	if (addr > DMA_ADDR_MASK || len - 1 > DMA_ADDR_MASK - addr)
		return -EFAULT;
	p = dma_put(c, addr, &len);
	if (!p || len < n * sizeof(*desc) || ((uintptr_t)p & 7)) {
		for (i = 0; i < n && !err; i++)
			err = dma_write_desc(c, addr + i * 8ull, desc[i]);
		return err;
	}

	/*
	 * NAPI polls these words on another CPU and, with a bounce buffer,
	 * copies the data as soon as it sees an AL: each is published after all
	 * that was written before it.
	 */
	for (i = 0; i < n; i++)
		__atomic_store_n(&p[i], desc[i], __ATOMIC_RELEASE);
	dma_count_wr(c, addr, n * sizeof(*desc));
	return 0;
}

int rcq_post(struct card *c, unsigned int q, uint64_t *desc, unsigned int n)
{
	struct rcq *r = &c->rx.q[q].cq;
	unsigned int left = n;

	while (left) {
		unsigned int run = r->mask + 1 - r->tail, i;

		if (run > left)
			run = left;
		for (i = 0; i < run; i++)
			desc[i] |= r->done ? RCD_DONE : 0;
		if (post_run(c, r, desc, run))
			return -EFAULT;
		r->tail = (uint16_t)((r->tail + run) & r->mask);
		if (!r->tail)
			r->done = !r->done;
		desc += run;
		left -= run;
	}
	intr_rcq_event(c, q, n);
	return 0;
}
