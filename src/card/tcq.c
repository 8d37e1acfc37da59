/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCQ: the Tx completion rings.  Contract 03, sections 1, 3 and 4.
 *
 * One ring per queue, written for both of its work rings.  A TYPE 0 entry says
 * how far one work ring has been finished (fbnic_txrx.c fbnic_clean_tcq()
 * frees the packets up to there); a later one makes earlier ones redundant, so
 * there is one per batch and ring, not one per packet.  A TYPE 1 entry carries
 * the time stamp of one packet; these can't be merged, a packet that asks for
 * one is taken only while there is room for it (tcq_room()).
 *
 * The ring is full when one more entry would make tail equal to the host's
 * TCQ_HEAD.  A head report that finds no room stays noted in its work ring
 * (twq.report), which takes nothing new before it got rid of it; moving
 * TCQ_HEAD starts it again.
 *
 * DONE is 1 in the first lap after RESET and toggles with each.
 */
#include "hw.h"

static unsigned int tcq_free(const struct tcq *t)
{
	return (uint16_t)(t->head - t->tail - 1) & t->mask;
}

bool tcq_room(const struct card *c, unsigned int q)
{
	const struct tcq *t = &c->tx.tcq[q];

	return t->enabled && tcq_free(t) > t->owed;
}

static void tcq_put(struct card *c, unsigned int q, uint64_t tcd)
{
	struct tcq *t = &c->tx.tcq[q];

	if (t->phase)
		tcd |= TCD_DONE;
	if (dma_write_desc(c, t->base + 8ull * t->tail, tcd))
		guest_bug(c, BLK_TCQ, "tcq%u[%u]: completion can't be written", q, t->tail);
	/* Posted: as on a real bus, a write that reaches nobody is not an error here */
	t->tail = (t->tail + 1) & t->mask;
	if (!t->tail)
		t->phase = !t->phase;
}

void tcq_stamp(struct card *c, unsigned int q, uint64_t tcd)
{
	card_event(c, BLK_TCQ, "tcq%u: time stamp 0x%016llx", q, (unsigned long long)tcd);
	tcq_put(c, q, tcd);
	c->tx.tcq[q].owed--;
}

bool tcq_report(struct card *c, unsigned int ring, unsigned int nts)
{
	struct twq *r = &c->tx.twq[ring];
	unsigned int q = ring % CARD_QUEUES, ndesc = 0;
	bool twq1 = ring >= CARD_QUEUES, done = true;

	if (r->report && tcq_room(c, q)) {
		tcq_put(c, q, twq1 ? TCD_TWQ1 | D_PUT(TCD_TYPE0_HEAD1, r->head) : r->head);
		ndesc = (uint16_t)(r->head - r->reported) & r->mask;
		r->reported = r->head;
		r->report = false;
		card_event(c, BLK_TCQ, "tcq%u: twq%u head %u", q, twq1, r->head);
	} else if (r->report) {
		done = false;
	}
	/* The threshold counts work descriptors (driver: TIM_THRESHOLD_TWD); a stamp alone counts as one */
	if (ndesc || nts)
		intr_tcq_event(c, q, ndesc ? ndesc : nts, twq1);
	return done;
}

/* ---- register hooks ---- */

static void kick_both(struct card *c, unsigned int q)
{
	twq_kick(c, q);
	twq_kick(c, q + CARD_QUEUES);
}

void tcq_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	struct tcq *t = &c->tx.tcq[q];

	if (val & 1) {			/* RESET; held as long as the bit is set */
		*t = (struct tcq){ .phase = true };
		return;
	}
	if ((val & 2) && !t->enabled) {
		uint32_t log2 = qreg(c, q, Q_TCQ_SIZE);

		t->base = (qreg(c, q, Q_TCQ_BAL) | (uint64_t)qreg(c, q, Q_TCQ_BAH) << 32) & DMA_ADDR_MASK;
		t->mask = (uint16_t)((log2 ? 1u << log2 : 65536) - 1);
		t->head &= t->mask;
		t->tail &= t->mask;
		card_event(c, BLK_TCQ, "tcq%u: %u entries at 0x%llx", q, t->mask + 1u,
			   (unsigned long long)t->base);
	}
	t->enabled = val & 2;
	if (t->enabled)
		kick_both(c, q);
}

void tcq_head_write(struct card *c, unsigned int q, uint32_t val)
{
	struct tcq *t = &c->tx.tcq[q];

	if (!t->enabled) {
		guest_bug(c, BLK_TCQ, "tcq%u: head %u on a disabled ring", q, val);
		return;
	}
	t->head = (uint16_t)(val & t->mask);	/* contract: masked to size-1 */
	intr_tcq_head(c, q);
	kick_both(c, q);
}

uint32_t tcq_ptrs_read(struct card *c, unsigned int q)
{
	const struct tcq *t = &c->tx.tcq[q];

	return (uint32_t)t->tail << 16 | t->head;
}

uint32_t qm_tcq_idle_read(struct card *c, unsigned int i)
{
	uint32_t idle = ~0u;
	unsigned int b;

	for (b = 0; b < 32; b++) {
		unsigned int q = 32 * i + b;

		if (c->tx.tcq[q].enabled && (c->tx.twq[q].report || c->tx.twq[q + CARD_QUEUES].report))
			idle &= ~BIT(b);
	}
	return idle;
}
