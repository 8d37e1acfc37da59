// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RDE: the receive DMA engine, which puts a frame into the host's buffers.
 *
 * A frame has a header part, which goes into the fragment of the HPQ that is
 * being filled, and perhaps a payload part, which goes into PPQ fragments.
 * Without header split the cut is at MAX_HDR bytes, with it at the end of the
 * header that the classifier found.  The host learns of it by descriptors:
 *
 *	HDR_AL, PAY_AL ..., [OPT_META], META
 *
 * Where a header may start is a contract with the driver, which computes the
 * borders of each header's buffer from offset and length alone and builds the
 * skb around it, skb_shared_info at the end (driver: fbnic_txrx.c
 * fbnic_pkt_prepare(), fbnic_hdr_pg_start(), fbnic_hdr_pg_end()):
 *
 *	|<-- HROOM -->| header |<-- TROOM -->| up to ALIGN(.., 128) |<- HROOM ...
 *
 * The first header of a fragment is at ALIGN(HROOM, 128), a next one at
 * ALIGN(end of the last + TROOM + HROOM, 128), as long as it fits with its
 * TROOM.  If the computed end would lie beyond the fragment, PAGE_FIN is
 * mandatory: the driver then takes the fragment's end instead.  We set it too
 * when no frame at all would fit any more, and fill fragments greedily: a
 * header that does not fit starts the next one.
 *
 * Payloads each start a fragment and finish it (PAYLD_PACK 0, the driver's
 * choice), or follow each other at multiples of 128 (1: all, 2: while the hash
 * is the same).  PAYLD_OFF and PAYLD_PG_CL are guesses: units of 128 bytes, and
 * the room below which a packed fragment is closed.
 *
 * The plan of a frame is made before anything is touched: it has room in all
 * three rings, or it waits, or is dropped, as DROP_MODE says.  A queue that is
 * off drops without a count, since none of its counters runs; only the trace
 * tells.  Whatever a guest programs, a frame is done after one pass: it is
 * delivered, waits, or is dropped and counted.
 *
 * The L2 checksum (over all after the Ethernet header, not inverted) is summed
 * while the bytes are copied; the driver makes CHECKSUM_COMPLETE of it.  From it
 * and what the classifier knows of the headers we see whether the checksum of
 * TCP or UDP is right; then L4_CSUM_UNNECESSARY is set, and the driver makes
 * CHECKSUM_UNNECESSARY.  That matters: its XDP programs change frames whose sum
 * it then reports, and the kernel says "hw csum failure" (xdp.py of its tests).
 *
 * Contract 04 sections 3, 4, 6 and 8.
 */
#include <errno.h>

#include "csum.h"
#include "hw.h"
#include "rde.h"

#define ETH_LEN		14u
#define MIN_FRAME	60u
#define MAX_PAY_AL	8u	/* RX_MAX_FRAME in fragments of at least 3200 bytes, and one shared */
#define MAX_DESC	(MAX_PAY_AL + 3)

enum { DROP_IMMEDIATE, DROP_WAIT, DROP_NEVER };
enum { PACK_NONE, PACK_ALL, PACK_RSS };

/* What a frame will need */
struct plan {
	uint16_t	hdr, pay;	/* frame bytes in each part */
	uint16_t	off;		/* of the header part (with its pad) */
	uint8_t		hfrags, pfrags;	/* fragments to be taken */
	uint8_t		descs;
	bool		split, overflow;
	bool		fits;		/* the header part fits into a fragment */
};

/* Where the copy is: the frame's bytes are read once, in order */
struct cursor {
	const struct span *s;
	size_t		off;		/* in *s */
	uint32_t	pos;		/* in the frame */
	uint32_t	sum;		/* of bytes 14 .. pos - 1 */
};

/* ---- configuration ---- */

void rde_ctl_write(struct card *c, unsigned int q, uint32_t val)
{
	struct rxq *rq = &c->rx.q[q];
	uint32_t ctl0 = qreg(c, q, Q_RDE_CTL0), ctl1 = qreg(c, q, Q_RDE_CTL1);
	uint16_t hroom = (uint16_t)F_GET(ctl0, RDE_CTL0_MIN_HROOM), troom = (uint16_t)F_GET(ctl0, RDE_CTL0_MIN_TROOM);
	uint8_t pad = (uint8_t)F_GET(ctl1, RDE_CTL1_PADLEN), pack = (uint8_t)F_GET(ctl1, RDE_CTL1_PAYLD_PACK);
	uint32_t most;

	(void)val;
	/* The fragment in work was laid out by other rules: leave it (the driver never does this) */
	if (hroom != rq->hroom || troom != rq->troom || pad != rq->pad)
		rq->hpq.open = false;
	if (pack != rq->pack)
		rq->ppq.open = false;

	rq->split = F_GET(ctl0, RDE_CTL0_EN_HDR_SPLIT);
	rq->drop_mode = (uint8_t)F_GET(ctl0, RDE_CTL0_DROP_MODE);
	rq->hroom = hroom;
	rq->troom = troom;
	/*
	 * The driver lets hds-thresh be 4096 - HROOM - TROOM, more than the first,
	 * aligned header of a fragment can have: what does not fit is payload (guess)
	 */
	most = FRAG_SIZE - ALIGN_UP((uint32_t)hroom, RX_ALIGN) - troom - pad;
	rq->max_hdr = (uint16_t)F_GET(ctl1, RDE_CTL1_MAX_HDR);
	if (rq->max_hdr > most)
		rq->max_hdr = (uint16_t)most;
	rq->payld_off = (uint16_t)(F_GET(ctl1, RDE_CTL1_PAYLD_OFF) * RX_ALIGN);
	rq->close_below = (uint16_t)(RX_ALIGN * (F_GET(ctl1, RDE_CTL1_PAYLD_PG_CL) + 1));
	rq->pad = pad;
	rq->pack = pack;
	c->rx.rxb.kick = true;		/* the drop mode may have changed */
}

/* ---- planning ---- */

/* May the payload begin in the fragment that is open? */
static inline bool can_share(const struct rxq *rq, const struct rx_desc *d)
{
	return rq->ppq.open && (rq->pack != PACK_RSS || rq->ppq.hash == d->hash);
}

static void plan_payload(const struct rxq *rq, const struct rx_desc *d, struct plan *p)
{
	unsigned int room = FRAG_SIZE - rq->payld_off;
	unsigned int left = p->pay, shared = 0, frags;

	if (can_share(rq, d)) {
		shared = FRAG_SIZE - rq->ppq.next;
		p->descs++;
	}
	frags = left > shared ? (left - shared + room - 1) / room : 0;
	p->pfrags = (uint8_t)frags;
	p->descs = (uint8_t)(p->descs + frags);
}

static void make_plan(const struct rxq *rq, const struct rx_desc *d, struct plan *p)
{
	uint32_t hdr = d->len, need;

	p->split = rq->split && d->split;
	if (p->split)
		hdr = d->split;
	p->overflow = false;
	if (hdr > rq->max_hdr) {
		p->overflow = p->split;
		hdr = rq->max_hdr;
	}
	p->hdr = (uint16_t)hdr;
	p->pay = (uint16_t)(d->len - hdr);
	p->descs = (uint8_t)(2 + (d->opt != 0));
	p->pfrags = 0;

	need = hdr + rq->pad + rq->troom;
	p->hfrags = !rq->hpq.open || rq->hpq.next + need > FRAG_SIZE;
	p->off = p->hfrags ? (uint16_t)ALIGN_UP((unsigned int)rq->hroom, RX_ALIGN) : rq->hpq.next;
	p->fits = hdr && p->off + need <= FRAG_SIZE;

	if (p->pay)
		plan_payload(rq, d, p);
}

/* ---- copying ---- */

/* @n bytes of the current span to @dst; @n is at most what the span has */
static inline void copy_run(struct cursor *cur, uint8_t *dst, size_t n)
{
	const uint8_t *src = (const uint8_t *)cur->s->base + cur->off;
	size_t eth = 0;

	if (cur->pos < ETH_LEN) {
		eth = ETH_LEN - cur->pos < n ? ETH_LEN - cur->pos : n;
		memcpy(dst, src, eth);
	}
	if (n > eth)
		cur->sum = csum_block_add(cur->sum, csum_copy(dst + eth, src + eth, n - eth, 0),
					  cur->pos + eth);
}

static inline void advance(struct cursor *cur, size_t n)
{
	cur->pos += (uint32_t)n;
	cur->off += n;
	while (cur->off && cur->off == cur->s->len) {
		cur->s++;
		cur->off = 0;
	}
}

/* The next @len bytes of the frame to host memory that is only reachable by copying */
static int put_slow(struct card *c, struct cursor *cur, uint64_t addr, size_t len)
{
	uint8_t buf[512];

	while (len) {
		size_t n = cur->s->len - cur->off;

		if (!n) {		/* an empty span */
			cur->s++;
			continue;
		}
		if (n > len)
			n = len;
		if (n > sizeof(buf))
			n = sizeof(buf);
		copy_run(cur, buf, n);
		if (dma_write(c, addr, buf, n))
			return -EFAULT;
		advance(cur, n);
		addr += n;
		len -= n;
	}
	return 0;
}

static int put(struct card *c, struct cursor *cur, uint64_t addr, size_t len)
{
	size_t room = len;
	uint8_t *dst = dma_put(c, addr, &room);

	if (!dst || room < len)
		return put_slow(c, cur, addr, len);

	dma_count_wr(c, addr, len);
	while (len) {
		size_t n = cur->s->len - cur->off;

		if (!n) {
			cur->s++;
			continue;
		}
		if (n > len)
			n = len;
		copy_run(cur, dst, n);
		advance(cur, n);
		dst += n;
		len -= n;
	}
	return 0;
}

/* ---- placing ---- */

static inline uint64_t al_desc(const struct bdq *b, uint32_t off, uint32_t len)
{
	return D_PUT(RCD_HDR_AL_ID, b->id) | D_PUT(RCD_HDR_AL_LEN, len) | D_PUT(RCD_HDR_AL_OFF, off);
}

static int place_header(struct card *c, struct rxq *rq, const struct rx_desc *d, const struct plan *p,
			struct cursor *cur, uint64_t *desc)
{
	struct bdq *b = &rq->hpq;
	uint32_t len = (uint32_t)p->hdr + rq->pad, end;

	if (p->hfrags && bdq_next(c, b, p->off))
		return -ENXIO;
	if (put(c, cur, b->addr + p->off + rq->pad, p->hdr))
		return -EFAULT;

	*desc = RCD_TYPE_HDR_AL | al_desc(b, p->off, len);
	if (p->split)
		*desc |= D_PUT(RCD_HDR_AL_DMA_HINT, d->hint);
	if (p->overflow)
		*desc |= RCD_OVERFLOW;

	end = ALIGN_UP(p->off + len + rq->troom + rq->hroom, RX_ALIGN);
	if (end - rq->hroom > FRAG_SIZE || end + MIN_FRAME + rq->pad + rq->troom > FRAG_SIZE) {
		*desc |= RCD_PAGE_FIN;
		b->open = false;
	}
	b->next = (uint16_t)end;
	return 0;
}

/* One PAY_AL; returns the bytes that it covers */
static int place_payload(struct card *c, struct rxq *rq, const struct rx_desc *d, uint32_t left,
			 struct cursor *cur, uint64_t *desc)
{
	struct bdq *b = &rq->ppq;
	uint32_t len, end;

	if (!b->open && bdq_next(c, b, rq->payld_off))
		return -ENXIO;
	len = FRAG_SIZE - b->next;
	if (len > left)
		len = left;
	if (put(c, cur, b->addr + b->next, len))
		return -EFAULT;

	*desc = RCD_TYPE_PAY_AL | al_desc(b, b->next, len);
	end = b->next + ALIGN_UP(len, RX_ALIGN);
	if (rq->pack == PACK_NONE || FRAG_SIZE - end < rq->close_below) {
		*desc |= RCD_PAGE_FIN;
		b->open = false;
	}
	b->next = (uint16_t)end;
	b->hash = d->hash;
	return (int)len;
}

static uint64_t opt_desc(const struct rx_desc *d)
{
	uint64_t desc = RCD_TYPE_OPT_META;

	if (d->opt & RX_OPT_TS)
		desc |= RCD_OPT_TS | (d->ts & D_MASK(RCD_OPT_META_TS));
	if (d->opt & RX_OPT_ACTION)
		desc |= RCD_OPT_ACTION | D_PUT(RCD_OPT_META_ACTION, d->rule);
	return desc;
}

static bool l4_is_right(const struct rx_desc *d, uint32_t sum)
{
	return d->types & RX_L4_SUM && !(d->err & ~RX_ECN) && csum_fold(csum_add(sum, d->l4_sum)) == 0xffff;
}

static uint64_t meta_desc(const struct rx_desc *d, uint32_t sum)
{
	/* types: L3_TYPE and L4_TYPE; err: the three ERR bits: as they lie side by side */
	return RCD_TYPE_META | d->hash | D_PUT(RCD_META_L2_CSUM, csum_fold(sum)) |
	       D_PUT(RCD_META_L3_TYPE, d->types & 0xf) | D_PUT(RCD_META_ERR_MAC_EOP, d->err & 7) |
	       (d->err & RX_ECN ? RCD_META_ECN : 0) | (l4_is_right(d, sum) ? RCD_META_L4_CSUM_UNNECESSARY : 0);
}

/* All rings have room.  0, -EFAULT: buffer not mapped, -ENXIO: ring not mapped */
static int place(struct card *c, struct rxq *rq, const struct rx_desc *d, const struct plan *p,
		 const struct span *s)
{
	struct cursor cur = { .s = s };
	uint64_t desc[MAX_DESC];
	uint32_t left = p->pay;
	unsigned int n = 0;
	int r;

	if (rq->ppq.open && left && !can_share(rq, d))
		rq->ppq.open = false;
	r = place_header(c, rq, d, p, &cur, &desc[n++]);
	if (r)
		return r;
	while (left) {
		r = place_payload(c, rq, d, left, &cur, &desc[n++]);
		if (r < 0)
			return r;
		left -= (uint32_t)r;
	}
	if (d->opt)
		desc[n++] = opt_desc(d);
	desc[n++] = meta_desc(d, cur.sum);
	return rcq_post(c, d->queue, desc, n) ? -ENXIO : 0;
}

/* ---- delivery ---- */

static enum rde_result refuse(struct card *c, const struct rx_desc *d, const char *why)
{
	guest_bug(c, BLK_RDE, "q%u: %s (frame of %u, hpq %u, ppq %u, rcq %u)", d->queue, why, d->len,
		  c->rx.q[d->queue].hpq.head, c->rx.q[d->queue].ppq.head, c->rx.q[d->queue].cq.tail);
	qctr_add(c, d->queue, Q_RDE_PKT_ERR_CNT, 1);
	return RDE_GONE;
}

static enum rde_result no_room(struct card *c, const struct rxq *rq, const struct rx_desc *d,
			       uint32_t counter, bool final)
{
	if (!final && rq->drop_mode != DROP_IMMEDIATE)
		return rq->drop_mode == DROP_WAIT ? RDE_WAIT_BOUNDED : RDE_WAIT;
	qctr_add(c, d->queue, counter, 1);
	card_event(c, BLK_RDE, "q%u: dropped %u bytes, no %s", d->queue, d->len,
		   counter == Q_RDE_CQ_DROP_CNT ? "completion entry" : "buffer");
	return RDE_GONE;
}

enum rde_result rde_deliver(struct card *c, const struct rx_desc *d, const struct span *s, bool final)
{
	struct rxq *rq = &c->rx.q[d->queue & (CARD_QUEUES - 1)];
	struct plan p;
	int r;

	if (d->queue >= c->cfg.queues || !rq->cq.on || !rq->hpq.on) {
		card_event(c, BLK_RDE, "q%u: off, dropped %u bytes", d->queue, d->len);
		return RDE_GONE;
	}
	if (!c->master)
		return RDE_WAIT;	/* asleep, or no bus master: frames stay in the receive buffer */

	make_plan(rq, d, &p);
	if (!p.fits)
		return refuse(c, d, "no header fits: RDE_CTL");
	if (p.pay && !rq->ppq.on)
		return no_room(c, rq, d, Q_RDE_BDQ_DROP_CNT, true);
	if (p.descs > rq->cq.mask || (p.pfrags && p.pfrags > rq->ppq.mask))
		return refuse(c, d, "a ring is too small for the frame");

	if (rcq_room(&rq->cq) < p.descs)
		return no_room(c, rq, d, Q_RDE_CQ_DROP_CNT, final);
	if (bdq_avail(&rq->hpq) < p.hfrags || bdq_avail(&rq->ppq) < p.pfrags)
		return no_room(c, rq, d, Q_RDE_BDQ_DROP_CNT, final);

	r = place(c, rq, d, &p, s);
	if (r) {
		/* what was taken is skipped: nothing of it was reported, later fragments will be */
		rq->hpq.open = false;
		rq->ppq.open = false;
		return refuse(c, d, r == -ENXIO ? "ring not mapped" : "buffer not mapped");
	}
	qctr_add(c, d->queue, Q_RDE_PKT_CNT, 1);
	if (d->err & (RX_ERR_MAC | RX_ERR_TRUNC))
		qctr_add(c, d->queue, Q_RDE_PKT_ERR_CNT, 1);
	return RDE_GONE;
}
