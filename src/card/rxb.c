// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RXB: the receive buffer between the wire and the host.
 *
 * A frame is parsed and classified as it comes in; its destination chooses
 * one of the FIFOs (0 host and BMC, 3 BMC, 4 host, 6 BMC to host).  If that
 * FIFO is empty and the queue has room, the frame goes straight from the
 * wire's memory into the host's: one copy.  Else it is stored, and rx_run()
 * delivers in order when the host has moved a ring pointer.  As in hardware,
 * the first frame of a FIFO holds up those behind it, whatever their queue.
 *
 * Buffer memory is given out in cells of 64 bytes; PBUF_CFG says which cells
 * belong to which FIFO (driver: fbnic_mac.c fbnic_mac_init_rxb(); 384 KiB for
 * FIFO 4).  What the classifier knows about a frame lies beside its first
 * cell.  A FIFO without cells stores nothing: frames pass straight or not.
 *
 * Each FIFO has three states with thresholds "on" and "off":
 *	drop	frames are dropped and counted, if dropping is enabled
 *	pause	the MAC asks the partner to stop, if pause is enabled
 *	ECN	frames stored now are marked in META
 * The driver enables drop always and pause as negotiated; its thresholds put
 * pause 56 KiB below the end of the FIFO, and drop one frame below it, so that
 * a partner that obeys loses nothing.  Our
 * wires can often wait better than by pause frames, so in the pause state a
 * frame that the wire can keep (!must) is refused rather than dropped.
 * Without pause, frames are dropped when the drop threshold is reached, as the
 * guest has configured it, and refused only when drop is not enabled.
 *
 * Pause storm: if pausing lasts longer than PAUSE_STORM units, the card stops
 * asking for it, drops, and reports in ERR_INTR_STS, until the driver, which
 * polls that, writes FORCE_NORMAL (driver: fbnic_mac.c
 * fbnic_mac_ps_protect_*()).
 *
 * Contract 04 sections 8 and 10, 06 section 7, 08 section 5.
 */
#include "hw.h"
#include "parser.h"
#include "rde.h"
#include "rpc.h"

enum { FIFO_BOTH = 0, FIFO_TO_BMC = 3, FIFO_TO_HOST = 4, FIFO_BMC_TO_HOST = 6 };

#define RMI_ENABLE	F_BIT(RPC_RMI_CONFIG_ENABLE)
#define VLAN_SLACK	8u		/* the RMI MTU does not count VLAN tags (guess) */
#define PS_ENABLE_NET	F_PUT(RXB_PAUSE_DROP_CTRL_PS_ENABLE, 1)
#define PS_FORCE_NORMAL	F_BIT(RXB_PAUSE_STORM_FORCE_NORMAL)
#define ERR_PS_NET	F_PUT(RXB_ERR_INTR_STS_PS, 1)
#define INTR_CAUSE_RXB	7

#define RUN_BUDGET	256		/* frames in one rx_run() */
#define DROP_WAIT_NS	1000000u	/* DROP_WAIT: how long (guess; no driver uses it) */

static inline uint32_t cells(uint32_t len)
{
	return (len + RXB_UNIT - 1) / RXB_UNIT;
}

/* ---- pause ---- */

/* Is pause generation enabled for FIFO @i, and not stopped by a storm? */
static bool may_pause(const struct card *c, unsigned int i)
{
	return (c->csr[CSR_RXB_PAUSE_DROP_CTRL] & BIT(8 + i)) && !c->rx.rxb.storm;
}

static uint64_t storm_ns(const struct card *c)
{
	uint64_t units = F_GET(c->csr[CSR_RXB_PAUSE_STORM], RXB_PAUSE_STORM_THLD_TIME);

	return units * c->csr[CSR_RXB_PAUSE_STORM_UNIT_WR] * 5 / 3;	/* cycles of 600 MHz */
}

static uint64_t storm_deadline(const struct card *c)
{
	const struct rxb_block *rxb = &c->rx.rxb;
	uint64_t ns = storm_ns(c);

	if (!rxb->pausing || rxb->storm || !ns || !(c->csr[CSR_RXB_PAUSE_DROP_CTRL] & PS_ENABLE_NET))
		return UINT64_MAX;
	return rxb->pause_since + ns;
}

static void pausing_update(struct card *c)
{
	struct rxb_block *rxb = &c->rx.rxb;
	bool pausing = false;
	unsigned int i;

	for (i = 0; i < RXB_FIFOS; i++)
		pausing |= rxb->fifo[i].pause;
	if (pausing == rxb->pausing)
		return;

	rxb->pausing = pausing;
	if (pausing) {
		rxb->pause_since = c->now;
		ctr_add(c, CSR_RXB_PAUSE_EVENT_CNT + RXB_NET, 1);
	}
	card_event(c, BLK_RXB, "pause %s", pausing ? "on" : "off");
	mac_pause(c, pausing && !rxb->storm);
}

static void storm_begin(struct card *c)
{
	c->rx.rxb.storm = true;
	c->rx.rxb.kick = true;		/* a wire that waits may offer its frames, to be dropped */
	mac_pause(c, false);
	ctr_add(c, CSR_RXB_INTR_PS_COUNT + RXB_NET, 1);
	c->csr[CSR_RXB_ERR_INTR_STS] |= ERR_PS_NET;
	card_event(c, BLK_RXB, "pause storm");
	if (!(c->csr[CSR_RXB_ERR_INTR_MASK] & ERR_PS_NET))
		intr_cause(c, INTR_CAUSE_RXB);
}

void rxb_pause_storm_write(struct card *c, unsigned int i, uint32_t val)
{
	struct rxb_block *rxb = &c->rx.rxb;

	if (i != RXB_NET || !(val & PS_FORCE_NORMAL))
		return;
	rxb->storm = false;
	rxb->pause_since = c->now;
	mac_pause(c, rxb->pausing);
}

uint32_t rxb_storm_unit_read(struct card *c, unsigned int i)
{
	(void)i;
	return c->csr[CSR_RXB_PAUSE_STORM_UNIT_WR];
}

/* ---- FIFO states ---- */

/* Threshold register: 12:0 on, 25:13 off.  0: not programmed */
static bool over(bool now, uint32_t level, uint32_t thld)
{
	uint32_t on = F_GET(thld, RXB_DROP_THLD_ON), off = F_GET(thld, RXB_DROP_THLD_OFF);

	if (!on)
		return false;
	return level >= on || (now && level > off);
}

static void fifo_update(struct card *c, unsigned int i)
{
	struct rxb_fifo *f = &c->rx.rxb.fifo[i];
	uint32_t ctrl = c->csr[CSR_RXB_PAUSE_DROP_CTRL];
	bool drop, pause, ecn;

	drop = (ctrl & BIT(i)) && over(f->drop, f->used, c->csr[CSR_RXB_DROP_THLD + i]);
	pause = (ctrl & BIT(8 + i)) && over(f->pause, f->used, c->csr[CSR_RXB_PAUSE_THLD + i]);
	ecn = (ctrl & BIT(16 + i)) && over(f->ecn, f->used, c->csr[CSR_RXB_ECN_THLD + i]);

	ctr_add(c, CSR_RXB_TRANS_DROP_STS + i, drop && !f->drop);
	ctr_add(c, CSR_RXB_TRANS_PAUSE_STS + i, pause && !f->pause);
	ctr_add(c, CSR_RXB_TRANS_ECN_STS + i, ecn && !f->ecn);
	f->drop = drop;
	f->ecn = ecn;
	if (pause != f->pause) {
		f->pause = pause;
		pausing_update(c);
	}
}

void rxb_pause_drop_ctrl_write(struct card *c, unsigned int i, uint32_t val)
{
	(void)val;
	for (i = 0; i < RXB_FIFOS; i++)
		fifo_update(c, i);
	c->rx.rxb.kick = true;
}

uint32_t rxb_level_read(struct card *c, unsigned int i)
{
	return c->rx.rxb.fifo[i].used;
}

/* Takes over the cells of FIFO @i; a FIFO that changes loses what it holds */
void rxb_pbuf_cfg_write(struct card *c, unsigned int i, uint32_t val)
{
	struct rxb_block *rxb = &c->rx.rxb;
	struct rxb_fifo *f = &rxb->fifo[i];
	uint32_t base = F_GET(val, RXB_PBUF_CFG_BASE_ADDR), size = F_GET(val, RXB_PBUF_CFG_SIZE) * 32;
	unsigned int k;

	if (size > RXB_UNITS - base) {
		guest_bug(c, BLK_RXB, "fifo %u: %u cells at %u, there are %u", i, size, base, RXB_UNITS);
		size = 0;
	}
	for (k = 0; k < RXB_FIFOS; k++) {
		const struct rxb_fifo *o = &rxb->fifo[k];

		if (k == i || !o->size || base >= o->base + o->size || o->base >= base + size)
			continue;
		guest_bug(c, BLK_RXB, "fifo %u: its cells overlap with fifo %u", i, k);
		size = 0;
	}
	if (base == f->base && size == f->size)
		return;

	f->base = base;
	f->size = size;
	f->head = f->used = f->frames = 0;
	f->waits = false;
	fifo_update(c, i);
	rxb->kick = true;
}

/* ---- storing ---- */

static void fifo_drop(struct card *c, unsigned int i, uint32_t len)
{
	ctr_add(c, CSR_RXB_DROP_FRMS_STS + i, 1);
	ctr64_add(c, CSR_RXB_DROP_BYTES_STS + 2 * i, len);
	card_event(c, BLK_RXB, "fifo %u: dropped %u bytes, %u of %u cells used", i, len,
		   c->rx.rxb.fifo[i].used, c->rx.rxb.fifo[i].size);
}

/* Copies the frame behind what FIFO @i holds; there is room */
static void fifo_push(struct card *c, unsigned int i, const struct rx_desc *d, const struct frame *f)
{
	struct rxb_block *rxb = &c->rx.rxb;
	struct rxb_fifo *ff = &rxb->fifo[i];
	uint32_t tail = (ff->head + ff->used) % ff->size;
	uint8_t *mem = rxb->pbuf + (size_t)ff->base * RXB_UNIT;
	size_t end = (size_t)ff->size * RXB_UNIT, at = (size_t)tail * RXB_UNIT;
	unsigned int k;

	for (k = 0; k < f->nspans; k++) {
		const uint8_t *src = f->span[k].base;
		size_t left = f->span[k].len;

		while (left) {
			size_t n = left < end - at ? left : end - at;

			memcpy(mem + at, src, n);
			src += n;
			left -= n;
			at = at + n == end ? 0 : at + n;
		}
	}
	rxb->desc[ff->base + tail] = *d;
	if (ff->ecn)
		rxb->desc[ff->base + tail].err |= RX_ECN;
	ff->used += cells(d->len);
	ff->frames++;
	fifo_update(c, i);
}

/* False: refused */
static bool fifo_store(struct card *c, unsigned int i, const struct rx_desc *d, const struct frame *f, bool must)
{
	struct rxb_fifo *ff = &c->rx.rxb.fifo[i];

	if (!ff->drop && cells(d->len) <= ff->size - ff->used) {
		fifo_push(c, i, d, f);
		return true;
	}
	if (!must && (!ff->drop || may_pause(c, i))) {
		c->rx.rxb.wire_waits |= (uint8_t)BIT(i);
		return false;
	}
	fifo_drop(c, i, d->len);
	return true;
}

/* Where the first frame of @f is, @len bytes; returns the number of spans.  Both are filled. */
static unsigned int fifo_spans(const struct rxb_block *rxb, const struct rxb_fifo *f, uint32_t len, struct span s[2])
{
	const uint8_t *mem = rxb->pbuf + (size_t)f->base * RXB_UNIT;
	size_t room = (size_t)(f->size - f->head) * RXB_UNIT;

	s[0] = (struct span){ mem + (size_t)f->head * RXB_UNIT, len < room ? len : room };
	s[1] = (struct span){ mem, len < room ? 0 : len - room };
	return s[1].len ? 2 : 1;
}

/* ---- delivering ---- */

static void count_in(struct card *c, enum rxb_intf src, const struct parsed *p, const struct frame *f)
{
	bool parser = p->events & PARSE_ERR, mac = f->flags & FRAME_FCS_BAD;

	ctr_add(c, CSR_RXB_DRBO_FRM_CNT_SRC + src, 1);
	ctr64_add_hi(c, CSR_RXB_DRBO_BYTE_CNT_SRC + src, 4, f->len);
	ctr_add(c, CSR_RXB_PARSER_ERR + src, parser);
	ctr_add(c, CSR_RXB_MAC_ERR + src, mac);
	ctr_add(c, CSR_RXB_FRM_ERR + src, mac || parser);
	rpc_count(c, p, f->len);
}

static void count_out(struct card *c, enum rxb_intf dst, uint32_t len)
{
	ctr_add(c, CSR_RXB_INTF_FRM_CNT_DST + dst, 1);
	ctr64_add_hi(c, CSR_RXB_INTF_BYTE_CNT_DST + dst, 4, len);
	ctr_add(c, CSR_RXB_PBUF_FRM_CNT_DST + dst, 1);
	ctr64_add_hi(c, CSR_RXB_PBUF_BYTE_CNT_DST + dst, 4, len);
}

/*
 * The BMC's copy (contract 11 section 7).  What its port does not take at once
 * waits in FIFO 3, also of a frame that goes to both: the host's copy may have
 * to wait long for a host that is dead, and the BMC must not (guess).
 */
static void rxb_to_bmc(struct card *c, const struct rx_desc *d, const struct frame *f)
{
	if (!rbt_here(c))
		fifo_drop(c, FIFO_TO_BMC, f->len);
	else if (!c->rx.rxb.fifo[FIFO_TO_BMC].frames && rbt_tx(c, f))
		count_out(c, RXB_TO_BMC, f->len);
	else
		fifo_store(c, FIFO_TO_BMC, d, f, true);
}

static void wait_begin(struct card *c, struct rxb_fifo *f)
{
	f->waits = true;
	f->wait_until = c->now + DROP_WAIT_NS;
}

static bool rxb_to_host(struct card *c, unsigned int i, const struct rx_desc *d, const struct frame *f, bool must)
{
	struct rxb_fifo *ff = &c->rx.rxb.fifo[i];
	enum rde_result r = RDE_WAIT;

	if (!ff->frames)
		r = rde_deliver(c, d, f->span, false);
	if (r == RDE_GONE) {
		count_out(c, RXB_TO_HOST, d->len);
		return true;
	}
	if (!fifo_store(c, i, d, f, must))
		return false;
	if (r == RDE_WAIT_BOUNDED && ff->frames)
		wait_begin(c, ff);	/* the host may never come back */
	return true;
}

/* The first bytes of the frame in one piece: where they are, or copied to @buf */
static const uint8_t *frame_head(const struct frame *f, uint8_t *buf, size_t *n)
{
	size_t want = f->len < PARSER_WINDOW ? f->len : PARSER_WINDOW, got = 0;
	const struct span *s = f->span;

	*n = want;
	if (s->len >= want)
		return s->base;
	for (; got < want; s++) {
		size_t run = s->len < want - got ? s->len : want - got;

		memcpy(buf + got, s->base, run);
		got += run;
	}
	return buf;
}

bool rx_input(struct card *c, enum rxb_intf src, const struct frame *f, bool must)
{
	uint32_t rmi = c->csr[CSR_RPC_RMI_CONFIG];
	uint8_t buf[PARSER_WINDOW];
	struct rx_desc d;
	struct parsed p;
	const uint8_t *h;
	unsigned int dest;
	size_t n;

	if (!(rmi & RMI_ENABLE) || f->len < 14)
		return true;
	if (f->len > F_GET(rmi, RPC_RMI_CONFIG_MTU) + VLAN_SLACK || f->len > RX_MAX_FRAME) {
		ctr_add(c, CSR_RPC_CNTR_OVR_SIZE_ERR, 1);
		return true;
	}

	h = frame_head(f, buf, &n);
	parse_frame(&p, h, n, f->len);
	d.len = (uint16_t)f->len;
	dest = rpc_classify(c, &p, &d);
	if (d.opt & RX_OPT_TS)
		d.ts = ptp_at(c, f->when ? f->when : c->now);
	if (dest & RPC_HOST) {
		unsigned int i = src == RXB_BMC ? FIFO_BMC_TO_HOST : dest & RPC_BMC ? FIFO_BOTH : FIFO_TO_HOST;

		if (f->flags & FRAME_FCS_BAD)
			d.err |= RX_ERR_MAC;
		if (!rxb_to_host(c, i, &d, f, must))
			return false;
	}
	count_in(c, src, &p, f);
	if ((dest & RPC_BMC) && src != RXB_BMC)
		rxb_to_bmc(c, &d, f);
	return true;
}

/* The first frame has left FIFO @i */
static void fifo_pop(struct card *c, unsigned int i, enum rxb_intf dst, uint32_t len)
{
	struct rxb_fifo *f = &c->rx.rxb.fifo[i];

	f->waits = false;
	count_out(c, dst, len);
	f->used -= cells(len);
	f->head = (f->head + cells(len)) % f->size;
	f->frames--;
	fifo_update(c, i);
}

/* Delivers from FIFO 3 to the BMC; returns how many frames left it */
static unsigned int bmc_drain(struct card *c, unsigned int budget)
{
	struct rxb_block *rxb = &c->rx.rxb;
	struct rxb_fifo *f = &rxb->fifo[FIFO_TO_BMC];
	unsigned int n;

	for (n = 0; n < budget && f->frames; n++) {
		uint32_t len = rxb->desc[f->base + f->head].len;
		struct span s[2];
		struct frame out = { .span = s, .len = len };

		out.nspans = (uint16_t)fifo_spans(rxb, f, len, s);
		if (!rbt_tx(c, &out))
			break;
		fifo_pop(c, FIFO_TO_BMC, RXB_TO_BMC, len);
	}
	return n;
}

void card_bmc_ready(struct card *c)
{
	c->rx.rxb.kick = true;
}

/* Delivers from FIFO @i; returns how many frames left it */
static unsigned int fifo_drain(struct card *c, unsigned int i, unsigned int budget)
{
	struct rxb_block *rxb = &c->rx.rxb;
	struct rxb_fifo *f = &rxb->fifo[i];
	unsigned int n;

	for (n = 0; n < budget && f->frames; n++) {
		const struct rx_desc *d = &rxb->desc[f->base + f->head];
		struct span s[2];
		enum rde_result r;

		fifo_spans(rxb, f, d->len, s);
		r = rde_deliver(c, d, s, f->waits && c->now >= f->wait_until);
		if (r == RDE_WAIT_BOUNDED && !f->waits)
			wait_begin(c, f);
		if (r != RDE_GONE)
			break;

		fifo_pop(c, i, RXB_TO_HOST, d->len);
	}
	return n;
}

/* Tells the wire when no FIFO that refused a frame would refuse the largest one now */
static void wake_wire(struct card *c)
{
	struct rxb_block *rxb = &c->rx.rxb;
	unsigned int i;

	for (i = 0; i < RXB_FIFOS; i++) {
		const struct rxb_fifo *f = &rxb->fifo[i];

		if (!(rxb->wire_waits & BIT(i)) || !f->frames)
			continue;
		if (f->pause && may_pause(c, i))
			return;
		if (!f->drop && f->size - f->used < cells(RX_MAX_FRAME))
			return;		/* (a FIFO that drops has always room) */
	}
	rxb->wire_waits = 0;
	if (c->port && c->port->rx_ready)
		c->port->rx_ready(c->port_ctx);
}

static bool wait_over(const struct card *c)
{
	unsigned int i;

	for (i = 0; i < RXB_FIFOS; i++)
		if (c->rx.rxb.fifo[i].waits && c->now >= c->rx.rxb.fifo[i].wait_until)
			return true;
	return false;
}

bool rx_run(struct card *c)
{
	static const uint8_t host_fifos[] = { FIFO_BOTH, FIFO_TO_HOST, FIFO_BMC_TO_HOST };
	struct rxb_block *rxb = &c->rx.rxb;
	unsigned int k, budget = RUN_BUDGET;

	if (c->now >= storm_deadline(c))
		storm_begin(c);
	if (!rxb->kick && !wait_over(c))
		return false;

	rxb->kick = false;
	budget -= bmc_drain(c, budget);
	for (k = 0; k < ARRAY_SIZE(host_fifos); k++)
		budget -= fifo_drain(c, host_fifos[k], budget);
	if (!budget)
		rxb->kick = true;
	if (rxb->wire_waits)
		wake_wire(c);		/* last: the wire may offer frames at once */
	return rxb->kick;
}

uint64_t rx_deadline(const struct card *c)
{
	uint64_t when = storm_deadline(c);
	unsigned int i;

	for (i = 0; i < RXB_FIFOS; i++)
		if (c->rx.rxb.fifo[i].waits && c->rx.rxb.fifo[i].wait_until < when)
			when = c->rx.rxb.fifo[i].wait_until;
	return when;
}

void rx_reset(struct card *c)
{
	struct rxb_block *rxb = &c->rx.rxb;
	unsigned int q;

	rpc_reset(c);
	for (q = 0; q < CARD_QUEUES; q++) {
		struct rxq *rq = &c->rx.q[q];

		memset(rq, 0, sizeof(*rq));
		rcq_reset(&rq->cq);
		bdq_reset(&rq->hpq);
		bdq_reset(&rq->ppq);
		rde_ctl_write(c, q, 0);
	}
	memset(rxb->fifo, 0, sizeof(rxb->fifo));
	rxb->pausing = false;
	rxb->storm = false;
	rxb->kick = true;	/* the wire may still wait for rx_ready() */
	if (c->vanished && rxb->wire_waits)
		wake_wire(c);	/* card_run() does nothing any more */
}
