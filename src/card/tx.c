/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Tx engine: from the work rings to the wire.  Contract 03.
 *
 * A doorbell sets the ring's bit in tx.work (twq.c); tx_run() does the rest, in
 * batches:
 *
 *	collect	 From the rings in turn: parse a packet, point spans at its
 *		 buffers, let lso.c patch or cut it, find its destination.
 *		 Nothing of the ring's state changes.
 *	send	 Offer the frames to the MAC, which takes a prefix of them.
 *	finish	 For the packets whose frames are all gone: move the ring's
 *		 head, write time stamps and head reports, interrupt (tcq.c).
 *
 * What was not taken is simply not finished: it is collected anew when the
 * wire has room again.  Only how many segments of a large send have gone is
 * remembered (twq.seg).  So no packet is kept anywhere but in the driver's
 * memory, a ring can be disabled at any time, and nothing is completed before
 * it is gone.
 *
 * A packet that can't be sent is a record without frames: it is counted in
 * ERR_CNT and TCE_TTI_FRAME_DROP and completed in its turn, time stamp
 * included, or the driver would wait for it forever (fbnic_clean_twq0()).
 *
 * A call does at most BUDGET_WORK and BUDGET_BYTES, one batch of each ring in
 * turn, so that no ring keeps others, or the owner of the card, waiting.
 *
 * With PCIe mastering off (PUL) the work waits.  An address where nothing is
 * drops the packet.  A ring that is itself not readable stops: real hardware
 * would hang with a completion time-out.
 */
#include "hw.h"
#include "lso.h"
#include "twq.h"

#define BUDGET_WORK	512u		/* frames, packets dropped, chunks discarded */
#define BUDGET_BYTES	(512u << 10)
#define MIN_FRAME	14u
#define VLAN_HLEN	4u

/* ---- gathering ---- */

static void add_span(struct tx_batch *b, unsigned int first, const void *p, size_t len)
{
	struct span *sp = &b->span[b->nspans];

	if (b->nspans > first && (const uint8_t *)sp[-1].base + sp[-1].len == p) {
		sp[-1].len += len;
		return;
	}
	*sp = (struct span){ p, len };
	b->nspans++;
}

/* Memory that can't be mapped: up to the end of its page, into the bounce buffer */
static const void *bounce(struct card *c, uint64_t addr, size_t *len)
{
	struct tx_batch *b = &c->tx.batch;
	uint8_t *p = b->bounce + b->bounce_used;
	size_t page = 4096 - (addr & 4095);

	if (*len > page)
		*len = page;
	if (dma_peek(c, addr, p, *len))
		return NULL;
	b->bounce_used += (unsigned int)*len;
	return p;
}

/* Points spans at the packet's buffers; NULL or why not.  The batch has room. */
static const char *gather(struct card *c, const struct twq_packet *p, struct tx_rec *rec)
{
	struct tx_batch *b = &c->tx.batch;
	unsigned int first = b->nspans, i;

	for (i = 0; i < p->nal; i++) {
		uint64_t addr = TWD_ADDR(p->al[i]);
		size_t left = TWD_LEN(p->al[i]);

		while (left) {
			size_t len = left;
			const void *q = dma_get(c, addr, &len);

			if (b->nspans - first == TX_MAX_AL)
				return "too many pieces";
			if (!q && !(q = bounce(c, addr, &len)))
				return "buffer not readable";
			rec->rd_tlps += dma_tlps(addr, len, c->mrrs_shift);
			rec->rd_dwords += dma_dwords(addr, len);
			add_span(b, first, q, len);
			addr += len;
			left -= len;
		}
	}
	return NULL;
}

/* More pieces than a frame may have: copy them into one.  The bounce buffer has room. */
static void linearise(struct tx_batch *b, struct span *sp, unsigned int *n, uint32_t len)
{
	uint8_t *p = b->bounce + b->bounce_used;

	span_copy(p, sp, *n, 0, len);
	b->bounce_used += len;
	sp[0] = (struct span){ p, len };
	*n = 1;
}

/* ---- frames ---- */

/* Room for one more packet, or segment, of any shape */
static bool batch_room(const struct tx_batch *b, uint32_t bounce_len)
{
	return b->nframes < PORT_BATCH && b->nrecs < TX_RECS &&
	       TX_SPANS - b->nspans >= 2 * TX_MAX_AL + 2 &&
	       TX_HDR_ARENA - b->hdr_used >= LSO_MAX_HDR &&
	       TX_BOUNCE - b->bounce_used >= bounce_len + PORT_MAX_FRAME;
}

static void add_frame(struct tx_batch *b, struct tx_rec *rec, struct span *sp, unsigned int n, uint32_t len)
{
	struct frame *f = &b->frame[b->nframes];

	if (n >= PORT_MAX_SPANS)	/* one is left for the MAC's padding */
		linearise(b, sp, &n, len);
	f->span = sp;
	f->len = len;
	f->nspans = (uint16_t)n;
	f->flags = 0;
	f->when = 0;
	b->dest[b->nframes++] = rec->dest;
	b->side |= rec->dest != DEST_MAC;
	b->bytes += len;
	rec->nframes++;
}

/* QM_TQS_MTU_CTL*: the driver writes 9743; a VLAN tag may come on top, so that the largest MTU works */
static uint32_t frame_limit(const struct card *c, unsigned int ring, const struct span *sp, unsigned int n)
{
	uint32_t mtu = F_GET(c->csr[ring < CARD_QUEUES ? CSR_QM_TQS_MTU_CTL0 : CSR_QM_TQS_MTU_CTL1],
			     QM_TQS_MTU_CTL1_BULK);
	uint8_t type[2];

	span_copy(type, sp, n, 12, 2);
	if (mtu && ((type[0] == 0x81 && type[1] == 0) || (type[0] == 0x88 && type[1] == 0xa8)))
		mtu += VLAN_HLEN;
	return mtu && mtu < PORT_MAX_FRAME ? mtu : PORT_MAX_FRAME;
}

/* Hands a large send over uncut; false: it has too many pieces */
static bool lso_uncut(struct card *c, struct lso *l, struct tx_rec *rec)
{
	struct tx_batch *b = &c->tx.batch;
	struct span *out = &b->span[b->nspans];
	uint8_t *hdr = b->hdr + b->hdr_used;
	struct frame_lso info;
	unsigned int n;

	if (l->nspans + 1 >= PORT_MAX_SPANS)
		return false;
	n = lso_whole(l, mac_lso(c) == PORT_LSO_PARTIAL, hdr, out, &info);
	b->nspans += n;
	b->hdr_used += l->hlen;
	add_frame(b, rec, out, n, l->hlen + l->payload);
	b->frame[b->nframes - 1].lso = info;
	b->frame[b->nframes - 1].flags = FRAME_LSO;
	return true;
}

static const char *build_lso(struct card *c, const struct twq_reader *d, const struct twq_packet *p,
			     struct tx_rec *rec, const struct span *sp, unsigned int nsp)
{
	struct tx_batch *b = &c->tx.batch;
	struct lso l;
	const char *err = lso_start(&l, p->meta, c->csr[CSR_TCE_LSO_CTRL], sp, nsp, p->len);
	uint32_t k;

	if (err)
		return err;
	if (l.hlen + (l.payload < l.mss ? l.payload : l.mss) > frame_limit(c, d->ring, sp, nsp))
		return "LSO segments larger than the MTU";
	if (d->seg >= l.nsegs)
		return "LSO packet changed while it was sent";
	if (mac_lso(c) != PORT_LSO_CUT && rec->dest == DEST_MAC && !d->seg && lso_whole_ok(&l) &&
	    lso_uncut(c, &l, rec))
		return NULL;

	lso_seek(&l, d->seg);
	for (k = d->seg; k < l.nsegs; k++) {
		struct span *out = &b->span[b->nspans];
		uint32_t left = l.payload - k * l.mss;
		unsigned int n;

		if (!batch_room(b, 0)) {
			rec->part = true;
			break;
		}
		n = lso_segment(&l, k, b->hdr + b->hdr_used, out);
		b->nspans += n;
		b->hdr_used += l.hlen;
		add_frame(b, rec, out, n, l.hlen + (left < l.mss ? left : l.mss));
	}
	return NULL;
}

/* Turns a packet into frames; NULL or why it is dropped */
static const char *build(struct card *c, const struct twq_reader *d, const struct twq_packet *p,
			 struct tx_rec *rec)
{
	struct tx_batch *b = &c->tx.batch;
	struct span *sp = &b->span[b->nspans];
	unsigned int n;
	const char *err;

	if (p->len < MIN_FRAME)
		return "packet shorter than an Ethernet header";
	err = gather(c, p, rec);
	if (err)
		return err;
	n = (unsigned int)(&b->span[b->nspans] - sp);
	rec->dest = (uint8_t)tce_dest(c, p->meta, sp, n);

	if (p->meta & TWD_REQ_LSO)
		return build_lso(c, d, p, rec, sp, n);
	if (d->seg)
		return "LSO packet changed while it was sent";
	if (p->len > 1514 && p->len > frame_limit(c, d->ring, sp, n))
		return "packet larger than the MTU";

	if (p->meta & TWD_REQ_CSO) {
		struct span *out = &b->span[b->nspans];

		err = cso_build(p->meta, sp, n, p->len, b->hdr + b->hdr_used, out, &n);
		if (err)
			return err;
		b->hdr_used += (unsigned int)out[0].len;
		b->nspans += n;
		sp = out;
	}
	add_frame(b, rec, sp, n, p->len);
	return NULL;
}

static void add_packet(struct card *c, struct twq_reader *d, const struct twq_packet *p,
		       struct tx_rec *rec, const char *err)
{
	struct tx_batch *b = &c->tx.batch;
	unsigned int spans = b->nspans, bounced = b->bounce_used, hdrs = b->hdr_used;

	rec->dest = DEST_MAC;
	rec->len = p->len;
	rec->err = err ? err : build(c, d, p, rec);
	rec->report = rec->err || (p->meta & TWD_REQ_COMPLETION);
	rec->ts = (p->meta & TWD_REQ_TS) && d->ring < CARD_QUEUES && !rec->part;
	if (rec->err) {
		b->bytes += p->len;	/* it may have been work */
		b->nspans = spans;
		b->bounce_used = bounced;
		b->hdr_used = hdrs;
	}
	c->tx.tcq[d->ring % CARD_QUEUES].owed += rec->ts;
	d->seg = 0;
}

/* ---- collect ---- */

static void ring_fault(struct card *c, unsigned int ring)
{
	struct twq *r = &c->tx.twq[ring];

	guest_bug(c, BLK_TWQ, "twq%u.%u: ring at 0x%llx not readable, stopped", ring % CARD_QUEUES,
		  ring / CARD_QUEUES, (unsigned long long)r->base);
	r->dead = true;
}

/* Adds packets of one ring to the batch; false: it has nothing more that can go now */
static bool ring_collect(struct card *c, unsigned int ring)
{
	struct tx_batch *b = &c->tx.batch;
	struct twq *r = &c->tx.twq[ring];
	unsigned int q = ring % CARD_QUEUES;
	struct twq_packet p;
	struct twq_reader d;

	d.r = r;
	d.ring = ring;
	d.next = r->head;
	d.pos = d.n = 0;
	d.seg = r->seg;
	d.skip = r->skip;
	d.fault = false;

	if (!r->enabled || r->dead || (r->report && !tcq_report(c, ring, 0)))
		return false;

	while (tcq_room(c, q)) {
		struct tx_rec *rec;
		const char *err;
		enum twq_parsed what;
		uint16_t start = d.next;

		if (b->bytes >= BUDGET_BYTES || !batch_room(b, TX_MAX_LEN))
			return true;
		what = twq_parse(c, &d, &p, &err);
		if (what == TWQ_NOTHING) {
			if (d.fault)
				ring_fault(c, ring);
			return false;
		}
		rec = &b->rec[b->nrecs++];
		*rec = (struct tx_rec){ .ring = (uint16_t)ring, .start = start };
		if (what == TWQ_PACKET)
			add_packet(c, &d, &p, rec, err);
		else
			rec->junk = rec->report = true;
		rec->end = d.next;
		rec->skip = d.skip;
		if (rec->part)
			return true;
	}
	return false;
}

/* The first ring with work at or after @from, around the end */
static unsigned int next_ring(const uint64_t *work, unsigned int from)
{
	unsigned int i, w = from / 64;
	uint64_t bits = work[w] & ~0ull << from % 64;

	for (i = 0; !bits && i < TX_RINGS / 64; i++) {
		w = (w + 1) % (TX_RINGS / 64);
		bits = work[w];
	}
	return bits ? 64 * w + (unsigned int)__builtin_ctzll(bits) : TX_RINGS;
}

static bool work_any(const struct tx_block *t)
{
	return next_ring(t->work, 0) < TX_RINGS;
}

static void collect(struct card *c)
{
	struct tx_block *t = &c->tx;
	struct tx_batch *b = &t->batch;
	unsigned int w, n = 0;

	b->nframes = b->nrecs = b->nspans = b->hdr_used = b->bounce_used = b->bytes = 0;
	b->rd_tlps = b->rd_dwords = 0;
	b->side = false;

	for (w = 0; w < TX_RINGS / 64; w++)	/* each ring once, or its reader would start anew */
		n += (unsigned int)__builtin_popcountll(t->work[w]);
	while (n-- && b->bytes < BUDGET_BYTES && batch_room(b, TX_MAX_LEN)) {
		unsigned int ring = next_ring(t->work, t->turn);

		if (!ring_collect(c, ring))
			t->work[ring / 64] &= ~(1ull << ring % 64);
		t->turn = (ring + 1) % TX_RINGS;
	}
}

/* ---- send ---- */

/* Some frames go elsewhere too, or only: runs of frames for the MAC, the others one by one */
static unsigned int send_mixed(struct card *c)
{
	struct tx_batch *b = &c->tx.batch;
	unsigned int i = 0, end, took;

	while (i < b->nframes) {
		for (end = i; end < b->nframes && (b->dest[end] & DEST_MAC); end++)
			;
		took = end > i ? mac_tx(c, &b->frame[i], end - i) : 0;
		for (; took; took--, i++)
			if (b->dest[i] != DEST_MAC)
				tce_to_bmc(c, &b->frame[i], b->dest[i]);
		if (i < end)
			break;
		for (; i < b->nframes && !(b->dest[i] & DEST_MAC); i++)
			tce_to_bmc(c, &b->frame[i], b->dest[i]);
	}
	return i;
}

/* Returns how many frames are gone; *sent: onto the wire, not dropped */
static unsigned int send_batch(struct card *c, bool *sent)
{
	struct tx_batch *b = &c->tx.batch;
	unsigned int i;

	b->when = c->env.now(c->env.ctx);	/* not c->now: collecting took its time */
	*sent = !tmi_dropping(c);
	if (!b->nframes)
		return 0;
	if (!*sent) {
		tmi_drop(c, b->frame, b->nframes);
		return b->nframes;
	}
	for (i = 0; i < b->nframes; i++)
		b->frame[i].when = b->when;
	return b->side ? send_mixed(c) : mac_tx(c, b->frame, b->nframes);
}

/* ---- finish ---- */

/* @n segments of the packet at the ring's head are gone, more will follow */
static void finish_part(struct card *c, unsigned int ring, uint32_t n)
{
	struct twq *r = &c->tx.twq[ring];

	if (n && !r->seg)
		r->first = c->tx.batch.when;
	r->seg += n;
}

static void finish_packet(struct card *c, const struct tx_rec *rec, bool sent)
{
	struct twq *r = &c->tx.twq[rec->ring];
	unsigned int q = rec->ring % CARD_QUEUES, twq1 = rec->ring / CARD_QUEUES;
	uint64_t when = r->seg && tmi_stamps_first(c) ? r->first : c->tx.batch.when;

	r->head = rec->end;
	r->skip = rec->skip;
	r->seg = 0;
	r->report |= rec->report;
	if (rec->junk)
		return;
	c->tx.batch.rd_tlps += rec->rd_tlps;
	c->tx.batch.rd_dwords += rec->rd_dwords;
	qctr_add(c, q, twq1 ? Q_TWQ1_PKT_CNT : Q_TWQ0_PKT_CNT, 1);
	if (rec->err) {
		qctr_add(c, q, twq1 ? Q_TWQ1_ERR_CNT : Q_TWQ0_ERR_CNT, 1);
		tce_drop(c, rec->len);
		guest_bug(c, BLK_TWQ, "twq%u.%u[%u]: %s", q, twq1, rec->start, rec->err);
	}
	if (rec->ts)
		tcq_stamp(c, q, tmi_stamp(c, when, sent && !rec->err, rec->dest));
}

static void finish_ring(struct card *c, unsigned int ring, unsigned int stamps)
{
	twq_count_reads(c, ring);
	tcq_report(c, ring, stamps);
}

/* @left frames are gone.  True: all of the batch. */
static bool finish_frames(struct card *c, unsigned int left, bool sent)
{
	struct tx_batch *b = &c->tx.batch;
	unsigned int i, stamps = 0;
	bool some;

	for (i = 0; i < b->nrecs; i++) {
		const struct tx_rec *rec = &b->rec[i];

		if (left < rec->nframes)
			break;
		left -= rec->nframes;
		if (rec->part) {
			finish_part(c, rec->ring, rec->nframes);
		} else {
			finish_packet(c, rec, sent);
			stamps += rec->ts;
		}
		if (i + 1 == b->nrecs || b->rec[i + 1].ring != rec->ring) {
			finish_ring(c, rec->ring, stamps);
			stamps = 0;
		}
	}
	if (i == b->nrecs)
		return true;

	/* The rest is collected again later; of the packet that was cut in two, only the rest */
	finish_part(c, b->rec[i].ring, left);
	some = i && b->rec[i - 1].ring == b->rec[i].ring;
	if (some)
		finish_ring(c, b->rec[i].ring, stamps);
	/* The first ring that got nothing begins next time, or a slow wire would serve one ring only */
	c->tx.turn = (b->rec[i].ring + (some || left)) % TX_RINGS;
	for (; i < b->nrecs; i++) {
		c->tx.tcq[b->rec[i].ring % CARD_QUEUES].owed -= b->rec[i].ts;
		twq_kick(c, b->rec[i].ring);
		twq_kick(c, b->rec[i].ring ^ CARD_QUEUES);	/* may have found no room for its report */
	}
	return false;
}

static bool finish_batch(struct card *c, unsigned int gone, bool sent)
{
	bool all = finish_frames(c, gone, sent);

	ctr64_add(c, CSR_PUL_USER_OB_RD_TLP_CNT, c->tx.batch.rd_tlps);
	ctr64_add(c, CSR_PUL_USER_OB_RD_DWORD_CNT, c->tx.batch.rd_dwords);
	return all;
}

bool tx_run(struct card *c)
{
	struct tx_block *t = &c->tx;
	unsigned int work = 0;
	uint32_t bytes = 0;

	if (!c->dma_rd || !c->dma_wr)
		return false;
	if (t->blocked && !tmi_dropping(c))
		return false;
	t->blocked = false;

	while (work_any(t)) {
		bool sent;
		unsigned int gone;

		if (work >= BUDGET_WORK || bytes >= BUDGET_BYTES)
			return true;
		collect(c);
		gone = send_batch(c, &sent);
		if (!finish_batch(c, gone, sent)) {
			t->blocked = true;
			return false;
		}
		work += t->batch.nframes + t->batch.nrecs + 1;
		bytes += t->batch.bytes;
	}
	return false;
}

void tx_unblock(struct card *c)
{
	c->tx.blocked = false;
}

void tx_reset(struct card *c)
{
	struct tx_block *t = &c->tx;
	unsigned int q;

	memset(t, 0, offsetof(struct tx_block, batch));
	for (q = 0; q < CARD_QUEUES; q++)
		t->tcq[q].phase = true;
}
