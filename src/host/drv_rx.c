/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver library: receive
 *
 * Two rings of 4 KiB pages are posted, for headers (HPQ) and payload (PPQ).  A
 * packet is reported as HDR_AL, PAY_AL.., [OPT_META], META.  The upstream driver
 * frees all pages before the one that a completion names and computes the end
 * of each buffer from its offset and the room that it asked for; a card that
 * places a byte elsewhere corrupts the guest.  So this driver computes the
 * same, and says where the card broke the contract (04, sections 3 and 4):
 *
 *   - IDs are those of posted pages, used strictly in ring order; after
 *     PAGE_FIN a page is not used again;
 *   - the first header of a page lies at ALIGN(HROOM, 128), the next at a
 *     multiple of 128 that leaves the previous its tail room and itself its
 *     head room; header and tail room end inside the page; PAGE_FIN is set
 *     where the computed end would not;
 *   - payload begins behind the previous one's end, rounded up to 128;
 *   - exactly one HDR_AL, first; OPT_META behind it; META last; a META alone
 *     only with an error bit; at most 4 PAY_AL;
 *   - the length of the header part does not exceed MAX_HDR;
 *   - L2_CSUM is right unless the L4 checksum is vouched for.
 *
 * Descriptor IDs are the ring index plus an arbitrary number, so that a card
 * that makes IDs up is found out.
 */
#include "drv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE	4096u

const struct drv_rx_cfg DRV_RX_DEFAULT = {
	.hpq_log = 8, .ppq_log = 8, .rcq_log = 10, .hroom = 192, .troom = 320,
	.max_hdr = 1536, .vector = 2,
};

const struct drv_rx_cfg DRV_RX_6_12 = {
	.hpq_log = 8, .ppq_log = 8, .rcq_log = 10, .hroom = 64, .troom = 320,
	.max_hdr = 1536, .vector = 2,
};

static uint32_t align128(uint32_t x)
{
	return (x + 127) & ~127u;
}

/* ---- opening and closing ---- */

static int open_bdq(struct drv_rx *r, unsigned int i, unsigned int log)
{
	struct drv_bdq *b = &r->bdq[i];

	*b = (struct drv_bdq){ .salt = (uint16_t)(0x1234 * (i + 1)) };
	if (drv_ring_alloc(r->h, &b->ring, log))
		return -ENOMEM;
	b->pages = host_alloc(r->h, (size_t)PAGE << log, PAGE);
	if (!b->pages)
		return -ENOMEM;
	csr_wr(r->h, BDQ_BAL(r->q, i), (uint32_t)b->ring.addr);
	csr_wr(r->h, BDQ_BAL(r->q, i) + 1, (uint32_t)(b->ring.addr >> 32));
	csr_wr(r->h, BDQ_SIZE(r->q, i), log & 15);
	return 0;
}

/* Posts all pages but one */
static void fill_bdq(struct drv_bdq *b)
{
	for (uint32_t i = 0; i <= b->ring.mask; i++)
		drv_store(&b->ring.desc[i], (uint64_t)(uint16_t)(i + b->salt) << 48 |
			  (b->pages + (uint64_t)i * PAGE));
	b->ring.tail = b->ring.mask;
}

int drv_rx_open(struct drv_rx *r, struct host *h, unsigned int q, const struct drv_rx_cfg *cfg)
{
	memset(r, 0, sizeof(*r));
	r->h = h;
	r->q = q;
	r->cfg = *cfg;
	csr_wr(h, BDQ_CTL(q), CTL_RESET);
	if (open_bdq(r, 0, cfg->hpq_log) || open_bdq(r, 1, cfg->ppq_log) ||
	    drv_ring_alloc(h, &r->rcq, cfg->rcq_log))
		return -ENOMEM;
	csr_wr(h, BDQ_CTL(q), CTL_ENABLE | BDQ_PPQ_ENABLE);
	csr_wr(h, RDE_CTL0(q), (uint32_t)cfg->split << 31 | (uint32_t)cfg->drop_mode << 29 |
	       (uint32_t)cfg->hroom << 20 | (uint32_t)cfg->troom << 11);
	csr_wr(h, RDE_CTL1(q), (uint32_t)cfg->max_hdr << 12);
	csr_wr(h, RCQ_CTL(q), CTL_RESET);
	csr_wr(h, RCQ_BAL(q), (uint32_t)r->rcq.addr);
	csr_wr(h, RCQ_BAL(q) + 1, (uint32_t)(r->rcq.addr >> 32));
	csr_wr(h, RCQ_SIZE(q), cfg->rcq_log & 15);
	csr_wr(h, RIM_CTL(q), cfg->vector);
	csr_wr(h, RIM_THRESHOLD(q), cfg->threshold ? cfg->threshold : r->rcq.mask / 2);
	csr_wr(h, RIM_MASK(q), 0);
	csr_wr(h, RCQ_CTL(q), CTL_ENABLE);
	fill_bdq(&r->bdq[0]);
	fill_bdq(&r->bdq[1]);
	drv_rx_refill(r);
	host_flush(h);
	return 0;
}

void drv_rx_close(struct drv_rx *r)
{
	csr_wr(r->h, BDQ_CTL(r->q), csr_rd(r->h, BDQ_CTL(r->q)) & ~CTL_ENABLE);
	csr_wr(r->h, RCQ_CTL(r->q), 0);
	csr_wr(r->h, RIM_MASK(r->q), 1);
	host_flush(r->h);
}

void drv_rx_refill(struct drv_rx *r)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct drv_bdq *b = &r->bdq[i];

		if (b->rung == b->ring.tail)
			continue;
		b->rung = b->ring.tail;
		csr_wr(r->h, BDQ_TAIL(r->q, i), b->rung);
	}
	if (r->rcq_rung != r->rcq.head) {
		r->rcq_rung = r->rcq.head;
		csr_wr(r->h, RCQ_HEAD(r->q), r->rcq_rung);
	}
}

/* ---- the contract ---- */

__attribute__((format(printf, 3, 4)))
static int broken(struct drv_rx *r, uint64_t d, const char *fmt, ...)
{
	int n = snprintf(r->err, sizeof(r->err), "queue %u, RCD %llu 0x%016llx: ", r->q,
			 (unsigned long long)r->rcds, (unsigned long long)d);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->err + n, sizeof(r->err) - (size_t)n, fmt, ap);
	va_end(ap);
	return -EPROTO;
}

/* Frees the head page: its descriptor is still good, so it only moves to the tail */
static void page_done(struct drv_bdq *b)
{
	b->ring.head = (b->ring.head + 1) & b->ring.mask;
	b->ring.tail = (b->ring.tail + 1) & b->ring.mask;
	b->open = false;
	b->floor = 0;
}

/* Makes the page that @d names the head page; frees those before it */
static int enter_page(struct drv_rx *r, struct drv_bdq *b, uint64_t d)
{
	uint32_t idx = (uint16_t)((uint16_t)d - b->salt);
	uint32_t ahead = (idx - b->ring.head) & b->ring.mask;

	if (idx > b->ring.mask)
		return broken(r, d, "no buffer has this ID");
	/* the doorbell decides what the card may use, not our own tail */
	if (ahead >= ((b->rung - b->ring.head) & b->ring.mask))
		return broken(r, d, "page %u is not posted (or used before): ring is at %u, doorbell %u",
			      idx, b->ring.head, b->rung);
	while (ahead--)
		page_done(b);
	return 0;
}

static int check_header(struct drv_rx *r, uint64_t d, uint32_t off, uint32_t len)
{
	const uint32_t hr = r->cfg.hroom, tr = r->cfg.troom;
	const struct drv_bdq *b = &r->bdq[0];

	if (!b->open && off != align128(hr))
		return broken(r, d, "first header of a page at %u, not %u", off, align128(hr));
	if (off % 128 || off < b->floor)
		return broken(r, d, "header at %u, the previous one ends at %u", off, b->floor);
	if (off + len + tr > PAGE)
		return broken(r, d, "header at %u with %u bytes leaves no tail room", off, len);
	if (!(d & RCD_PAGE_FIN) && align128(off + len + tr + hr) - hr > PAGE)
		return broken(r, d, "header at %u with %u bytes needs PAGE_FIN", off, len);
	if (!len || len > r->cfg.max_hdr)
		return broken(r, d, "header of %u bytes, at most %u", len, r->cfg.max_hdr);
	return 0;
}

static int check_payload(struct drv_rx *r, uint64_t d, uint32_t off, uint32_t len)
{
	const struct drv_bdq *b = &r->bdq[1];

	if (!b->open && off)
		return broken(r, d, "first payload of a page at %u", off);
	if (off < b->floor)
		return broken(r, d, "payload at %u, the previous one ends at %u", off, b->floor);
	if (!len || len > PAGE - off)
		return broken(r, d, "payload of %u bytes at %u", len, off);
	if (!(d & RCD_PAGE_FIN) && align128(len) > PAGE - off)
		return broken(r, d, "payload of %u bytes at %u needs PAGE_FIN", len, off);
	return 0;
}

static int take_bytes(struct drv_rx *r, unsigned int i, uint64_t d)
{
	struct drv_bdq *b = &r->bdq[i];
	uint32_t len = d >> 16 & 0x1fff, off = d >> 32 & 0xfff;
	int err = enter_page(r, b, d);
	const uint8_t *src;

	if (!err)
		err = i ? check_payload(r, d, off, len) : check_header(r, d, off, len);
	if (err)
		return err;
	if (r->cur.len + len > DRV_MAX_FRAME)
		return broken(r, d, "packet of more than %u bytes", DRV_MAX_FRAME);
	src = host_ptr(r->h, b->pages + (uint64_t)b->ring.head * PAGE + off);
	if (!i)
		r->cur.data = r->cfg.fast ? (uint8_t *)src : r->linear;
	if (!r->cfg.fast)
		memcpy(r->linear + r->cur.len, src, len);
	r->cur.len += len;

	b->open = true;
	b->floor = i ? off + align128(len) : align128(off + len + r->cfg.troom + r->cfg.hroom);
	if (d & RCD_PAGE_FIN)
		page_done(b);
	return 0;
}

static int on_header(struct drv_rx *r, uint64_t d)
{
	int err;

	if (r->in_packet)
		return broken(r, d, "HDR_AL inside of a packet");
	memset(&r->cur, 0, sizeof(r->cur));
	err = take_bytes(r, 0, d);
	r->in_packet = true;
	r->cur.hdr_al = d;
	r->cur.hdr_len = r->cur.len;
	return err;
}

static int on_payload(struct drv_rx *r, uint64_t d)
{
	if (!r->in_packet)
		return broken(r, d, "PAY_AL without HDR_AL");
	if (r->cur.npay == 4)
		return broken(r, d, "more than 4 PAY_AL");
	r->cur.pay_al[r->cur.npay++] = d;
	return take_bytes(r, 1, d);
}

static int on_opt_meta(struct drv_rx *r, uint64_t d)
{
	if (!r->in_packet)
		return broken(r, d, "OPT_META without HDR_AL");
	if (d >> 59 & 3)
		return broken(r, d, "OPT_META of subtype %u", (unsigned int)(d >> 59 & 3));
	r->cur.has_ts = d >> 58 & 1;
	r->cur.has_action = d >> 57 & 1;
	r->cur.action = d >> 40 & 0x3f;
	r->cur.ts = d & 0xffffffffff;
	return 0;
}

uint16_t drv_l2_csum(const uint8_t *frame, uint32_t len)
{
	uint64_t sum = 0;

	for (uint32_t i = 14; i + 1 < len; i += 2)
		sum += (uint32_t)frame[i] | (uint32_t)frame[i + 1] << 8;
	if (len > 14 && len % 2)
		sum += frame[len - 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* In ones-complement arithmetic there are two zeros */
static bool same_sum(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

static int on_meta(struct drv_rx *r, uint64_t d)
{
	struct drv_pkt *p = &r->cur;
	bool bad = d & (RCD_ERR_MAC | RCD_ERR_TRUNC);

	if (!r->in_packet && !bad)
		return broken(r, d, "META without HDR_AL and without an error");
	if (!r->in_packet)
		memset(p, 0, sizeof(*p));
	r->in_packet = false;
	p->meta = d;
	p->bad = bad;
	p->hash = (uint32_t)d;
	p->csum = (uint16_t)(d >> 32);
	p->l3_type = d >> 48 & 3;
	p->l4_type = d >> 50 & 3;
	if (!bad && !r->cfg.fast && !(d & RCD_CSUM_UNNECESSARY) &&
	    !same_sum(p->csum, drv_l2_csum(p->data, p->len)))
		return broken(r, d, "L2_CSUM 0x%04x, should be 0x%04x (%u bytes)", p->csum,
			      drv_l2_csum(p->data, p->len), p->len);
	return 0;
}

int drv_rx_poll(struct drv_rx *r, struct drv_pkt *pkt)
{
	static int (*const on[4])(struct drv_rx *r, uint64_t d) = {
		[RCD_HDR_AL] = on_header, [RCD_PAY_AL] = on_payload,
		[RCD_OPT_META] = on_opt_meta, [RCD_META] = on_meta,
	};
	uint64_t d;

	while (drv_next(&r->rcq, &d)) {
		int err = *r->err ? -EPROTO : on[RCD_TYPE(d)](r, d);

		if (err)
			return err;	/* for good: nothing behind this can be trusted */
		drv_advance(&r->rcq);
		r->rcds++;
		if (RCD_TYPE(d) != RCD_META)
			continue;
		r->packets++;
		r->bytes += r->cur.len;
		*pkt = r->cur;
		return 1;
	}
	return 0;
}

struct rx_cond {
	struct drv_rx	*r;
	struct drv_pkt	*pkt;
	int		n;
};

static bool rx_came(void *arg)
{
	struct rx_cond *c = arg;

	c->n = drv_rx_poll(c->r, c->pkt);
	return c->n;
}

int drv_rx_wait(struct drv_rx *r, struct drv_pkt *pkt, uint64_t ns)
{
	struct rx_cond c = { .r = r, .pkt = pkt };

	host_wait(r->h, rx_came, &c, ns);
	return c.n;
}
