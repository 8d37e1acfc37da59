/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver library: transmit
 *
 * A packet is META, AL.., LAST_AL on TWQ0, or without META on TWQ1.  The ring
 * keeps one slot free.  A completion of type 0 moves the head of the ring it
 * names; it must stay within what was posted, and bit 63 tells the lap.
 * Contract 03.
 */
#include "drv.h"

#include <errno.h>
#include <stdio.h>

const struct drv_tx_cfg DRV_TX_DEFAULT = { .twq_log = 10, .tcq_log = 10, .vector = 2 };

static void open_twq(struct drv_tx *t, unsigned int r, unsigned int log)
{
	csr_wr(t->h, TWQ_CTL(t->q, r), CTL_RESET);
	csr_wr(t->h, TWQ_BAL(t->q, r), (uint32_t)t->twq[r].addr);
	csr_wr(t->h, TWQ_BAL(t->q, r) + 1, (uint32_t)(t->twq[r].addr >> 32));
	csr_wr(t->h, TWQ_SIZE(t->q, r), log & 15);	/* 0 means 64K */
	csr_wr(t->h, TWQ_CTL(t->q, r), CTL_ENABLE);
}

int drv_tx_open(struct drv_tx *t, struct host *h, unsigned int q, const struct drv_tx_cfg *cfg)
{
	*t = (struct drv_tx){ .h = h, .q = q };
	for (unsigned int r = 0; r < (cfg->xdp ? 2u : 1u); r++) {
		if (drv_ring_alloc(h, &t->twq[r], cfg->twq_log))
			return -ENOMEM;
		open_twq(t, r, cfg->twq_log);
	}
	if (drv_ring_alloc(h, &t->tcq, cfg->tcq_log))
		return -ENOMEM;
	csr_wr(h, TCQ_CTL(q), CTL_RESET);
	csr_wr(h, TCQ_BAL(q), (uint32_t)t->tcq.addr);
	csr_wr(h, TCQ_BAL(q) + 1, (uint32_t)(t->tcq.addr >> 32));
	csr_wr(h, TCQ_SIZE(q), cfg->tcq_log & 15);
	csr_wr(h, TIM_CTL(q), cfg->vector);
	csr_wr(h, TIM_THRESHOLD(q), cfg->threshold ? cfg->threshold : t->twq[0].mask / 2);
	csr_wr(h, TIM_MASK(q), 0);
	csr_wr(h, TCQ_CTL(q), CTL_ENABLE);
	host_flush(h);
	return 0;
}

void drv_tx_close(struct drv_tx *t)
{
	csr_wr(t->h, TWQ_CTL(t->q, 0), csr_rd(t->h, TWQ_CTL(t->q, 0)) & ~CTL_ENABLE);
	csr_wr(t->h, TWQ_CTL(t->q, 1), csr_rd(t->h, TWQ_CTL(t->q, 1)) & ~CTL_ENABLE);
	csr_wr(t->h, TCQ_CTL(t->q), 0);
	csr_wr(t->h, TIM_MASK(t->q), 1);
	host_flush(t->h);
}

static void put(struct drv_ring *r, uint64_t d)
{
	r->desc[r->tail] = d;
	r->tail = (r->tail + 1) & r->mask;
}

int drv_tx_post(struct drv_tx *t, unsigned int r, uint64_t meta, const struct drv_buf *b,
		unsigned int n)
{
	struct drv_ring *w = &t->twq[r];

	if (w->mask - drv_tx_pending(t, r) < n + (meta != 0))
		return -ENOSPC;
	if (meta)
		put(w, meta);
	for (unsigned int i = 0; i < n; i++)
		put(w, (i + 1 < n ? TWD_TYPE_AL : TWD_TYPE_LAST_AL) | b[i].addr |
		    (uint64_t)b[i].len << 48);
	return 0;
}

void drv_tx_kick(struct drv_tx *t, unsigned int r)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);	/* descriptors before the doorbell */
	csr_wr(t->h, TWQ_TAIL(t->q, r), t->twq[r].tail);
}

static int head_report(struct drv_tx *t, uint64_t d)
{
	unsigned int r = d & TCD_TWQ1 ? 1 : 0;
	uint32_t head = d >> (r ? 16 : 0) & 0xffff;
	struct drv_ring *w = &t->twq[r];

	if (!w->desc || head > w->mask ||
	    ((head - w->head) & w->mask) > drv_tx_pending(t, r)) {
		snprintf(t->err, sizeof(t->err), "TCD 0x%016llx: head %u, but twq%u has %u..%u",
			 (unsigned long long)d, head, r, w->head, w->tail);
		return -EPROTO;
	}
	w->head = head;
	return 0;
}

int drv_tx_reap(struct drv_tx *t)
{
	uint64_t d;
	int n = 0;

	for (; drv_next(&t->tcq, &d); drv_advance(&t->tcq), n++) {
		if (TCD_TYPE(d) == 1) {
			t->stamps++;
			t->last_stamp = d & 0x0fffffffffffffff;
		} else if (TCD_TYPE(d) || head_report(t, d)) {
			if (!*t->err)
				snprintf(t->err, sizeof(t->err), "TCD 0x%016llx: unknown type",
					 (unsigned long long)d);
			return -EPROTO;
		}
	}
	t->tcds += (unsigned int)n;
	if (n)
		csr_wr(t->h, TCQ_HEAD(t->q), t->tcq.head);
	return n;
}

struct tx_cond {
	struct drv_tx	*t;
	int		err;
};

static bool tx_done(void *arg)
{
	struct tx_cond *c = arg;

	c->err = drv_tx_reap(c->t);
	return c->err < 0 || (!drv_tx_pending(c->t, 0) && !drv_tx_pending(c->t, 1));
}

int drv_tx_wait(struct drv_tx *t, uint64_t ns)
{
	struct tx_cond c = { .t = t };

	if (!host_wait(t->h, tx_done, &c, ns))
		return -ETIMEDOUT;
	return c.err < 0 ? c.err : 0;
}
