/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the receive tests stand on: a real card over a flat piece of host
 * memory (struct host), and a driver that posts buffers and reads completions
 * by the rules of the Linux driver's fbnic_txrx.c (struct drvq, drv_*): it
 * computes the borders of each buffer from the descriptor alone, checks that
 * they stay in the page and never meet another buffer, and gives pages back
 * in ring order.
 */
#ifndef OPENFBNIC_TEST_RX_FAKE_H
#define OPENFBNIC_TEST_RX_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/card/hw.h"
#include "../../src/card/rpc.h"
#include "../../src/card/rss.h"
#include "../../src/card/parser.h"

#define HOST_BASE	0x10000000ull
#define HOST_SIZE	(24u << 20)
#define PAGE		4096u

static inline uint32_t rnd32(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* ---- host memory and the card ---- */

struct host {
	uint8_t		*mem;
	struct card	*c;
	uint64_t	now;
	uint64_t	brk;		/* next free host address */
	size_t		cut;		/* mappings end at multiples of this; 0: never */
	bool		nomap;		/* memory is only reachable by copying */
	uint64_t	hole;		/* this page is not there; 0: all are */
	unsigned int	irqs, ready;
	unsigned int	lines;		/* guest bug lines */
	unsigned int	events;		/* all others, of blocks that are traced */
	bool		quiet;
};

static inline bool host_there(const struct host *h, uint64_t addr, size_t len)
{
	if (addr < HOST_BASE || len > HOST_SIZE || addr - HOST_BASE > HOST_SIZE - len)
		return false;
	return !h->hole || addr + len <= h->hole || addr >= h->hole + PAGE;
}

static void *host_map(void *ctx, uint64_t addr, size_t *len, bool write)
{
	struct host *h = ctx;

	(void)write;
	if (h->nomap || !host_there(h, addr, 1))
		return NULL;
	if (h->cut && *len > h->cut - addr % h->cut)
		*len = h->cut - addr % h->cut;
	if (!host_there(h, addr, *len))
		return NULL;
	return h->mem + (addr - HOST_BASE);
}

static int host_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct host *h = ctx;

	if (!host_there(h, addr, len))
		return -14;
	memcpy(buf, h->mem + (addr - HOST_BASE), len);
	return 0;
}

static int host_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct host *h = ctx;

	if (!host_there(h, addr, len))
		return -14;
	memcpy(h->mem + (addr - HOST_BASE), buf, len);
	return 0;
}

static void host_irq(void *ctx, unsigned int v)
{
	(void)v;
	((struct host *)ctx)->irqs++;
}

static uint64_t host_now(void *ctx)
{
	return ((struct host *)ctx)->now;
}

static void host_trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	struct host *h = ctx;

	h->lines += kind == TRACE_GUEST_BUG;
	h->events += kind != TRACE_GUEST_BUG;
	if (h->quiet)
		return;
	fprintf(stderr, "%s%s: ", kind == TRACE_GUEST_BUG ? "guest bug: " : "", card_block_names[blk]);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

static unsigned int host_tx(void *ctx, const struct frame *f, unsigned int n)
{
	(void)ctx;
	(void)f;
	return n;
}

static void host_rx_ready(void *ctx)
{
	((struct host *)ctx)->ready++;
}

static const struct port_ops host_port = { .tx = host_tx, .rx_ready = host_rx_ready };

static inline void wr(struct host *h, uint32_t csr, uint32_t val)
{
	card_bar_write(h->c, 0, csr * 4, val);
}

static inline uint32_t rd(struct host *h, uint32_t csr)
{
	return card_bar_read(h->c, 0, csr * 4);
}

static inline uint32_t qcsr(unsigned int q, uint32_t off)
{
	return CSR_QUEUE + (q << CSR_QUEUE_SHIFT) + off;
}

static inline void qwr(struct host *h, unsigned int q, uint32_t off, uint32_t val)
{
	wr(h, qcsr(q, off), val);
}

static inline uint64_t host_alloc(struct host *h, size_t len)
{
	uint64_t at = h->brk;

	h->brk += (len + PAGE - 1) / PAGE * PAGE;
	assert_true(h->brk <= HOST_BASE + HOST_SIZE);
	return at;
}

static inline void *host_ptr(struct host *h, uint64_t addr)
{
	assert_true(addr >= HOST_BASE && addr < HOST_BASE + HOST_SIZE);
	return h->mem + (addr - HOST_BASE);
}

/* The receive buffer as fbnic_mac_init_rxb() programs it */
static inline void host_rxb(struct host *h)
{
	static const uint16_t base[8] = { 0x1800, 0, 0, 0x1c00, 0, 0, 0x1e00 };
	static const uint16_t size[8] = { 0x20, 0, 0, 0x10, 0xc0, 0, 0x10 };
	unsigned int i;

	for (i = 0; i < 8; i++) {
		uint32_t n = size[i] * 32;

		wr(h, CSR_RXB_PBUF_CFG + i, base[i] | (uint32_t)size[i] << 13);
		if (!n)
			continue;
		wr(h, CSR_RXB_PAUSE_THLD + i, (1 << i) & 0x14 ? (n - 0x380) | 0x380 << 13 : 0x1fff);
		wr(h, CSR_RXB_DROP_THLD + i, (1 << i) & 0x7d ? (n - 152) | (n - 152) << 13 : 0x1fff);
		wr(h, CSR_RXB_ECN_THLD + i, (1 << i) & 0x10 ? n / 4 | n / 4 << 13 : 0x1fff);
	}
	wr(h, CSR_RXB_PAUSE_DROP_CTRL, 0x7d | 0x10 << 16);
}

static inline struct host *host_new(void)
{
	const struct card_config cfg = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 }, 128, 256 };
	struct host *h = calloc(1, sizeof(*h));
	struct card_env env = {
		.ctx = h, .dma_map = host_map, .dma_read = host_read, .dma_write = host_write,
		.irq = host_irq, .now = host_now, .trace = host_trace,
	};

	assert_non_null(h);
	h->mem = malloc(HOST_SIZE);
	h->brk = HOST_BASE;
	h->now = 1000000000;
	h->quiet = true;
	h->c = card_new(&cfg, &env);
	assert_non_null(h->c);
	card_connect(h->c, &host_port, h, PORT_LSO_CUT);
	card_cfg_write(h->c, 4, 2, 6);
	wr(h, CSR_PUL_OB_TLP_HDR_AW_CFG, 1 << 18);
	wr(h, CSR_PUL_OB_TLP_HDR_AR_CFG, 1 << 18);
	wr(h, CSR_RPC_RMI_CONFIG, 9742u << 16 | 1 << 12 | 20);
	return h;
}

static inline void host_free(struct host *h)
{
	card_free(h->c);
	free(h->mem);
	free(h);
}

/* ---- classifier tables as the driver writes them ---- */

static inline void host_macda(struct host *h, unsigned int i, const uint8_t *da, uint16_t m0)
{
	wr(h, CSR_RPC_TCAM_MACDA + i, (uint32_t)(da[4] << 8 | da[5]));
	wr(h, CSR_RPC_TCAM_MACDA + 32 + i, (uint32_t)(da[2] << 8 | da[3]));
	wr(h, CSR_RPC_TCAM_MACDA + 64 + i, (uint32_t)(da[0] << 8 | da[1]) | (uint32_t)m0 << 16);
	wr(h, CSR_RPC_TCAM_MACDA_VALID + i, 1u << 31);
}

/* A rule that looks only at word 1, where the ones of @val must be ones */
static inline void host_rule(struct host *h, unsigned int i, uint16_t val, uint32_t act0, uint32_t act1)
{
	unsigned int w;

	wr(h, CSR_RPC_ACT_TBL0 + i, act0);
	wr(h, CSR_RPC_ACT_TBL1 + i, act1);
	for (w = 0; w < 11; w++)
		wr(h, CSR_RPC_TCAM_ACT + 64 * w + i, w == 1 ? (uint32_t)(uint16_t)~val << 16 | val : 0xffff0000);
	wr(h, CSR_RPC_TCAM_ACT_VALID + i, 1u << 31);
}

static const uint8_t host_mac[6] = { 2, 0x11, 0x22, 0x33, 0x44, 0x55 };
static const uint8_t ms_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static inline void host_key(struct host *h, const uint8_t *key, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < 14; i++)
		wr(h, CSR_RPC_RSS_KEY + i, 4 * i + 4 <= n ? be32(key + 4 * i) : 0);
}

#define ACT_HOST	2u
#define ACT_HINT_L4	(4u << 16)

/* Rules 57..63, the interface's address, the Microsoft key, all queues 0 */
static inline void host_rules(struct host *h)
{
	static const uint16_t val[7] = { 0xdc00, 0xd400, 0x9c00, 0x9400, 0x1c00, 0x1400, 0x0400 };
	static const uint16_t rss[7] = { 3, 3, 0xf, 0xf, 3, 3, 0x10 };
	static const uint8_t bcast[6] = { 255, 255, 255, 255, 255, 255 };
	unsigned int i;

	for (i = 0; i < 7; i++)
		host_rule(h, 57 + i, val[i], ACT_HOST | ACT_HINT_L4, rss[i]);
	host_macda(h, 30, host_mac, 0);
	host_macda(h, 4, bcast, 0);
	host_key(h, ms_key, sizeof(ms_key));
	wr(h, CSR_RPC_ACT_TBL0_DEFAULT, 1);
}

/* ---- frames ---- */

static inline void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* Ethernet to our address; returns the length so far */
static inline size_t mk_eth(uint8_t *f, uint16_t type)
{
	memcpy(f, host_mac, 6);
	memcpy(f + 6, "\x02\xaa\xbb\xcc\xdd\xee", 6);
	put16(f + 12, type);
	return 14;
}

static inline size_t mk_ipv4(uint8_t *p, uint8_t proto, size_t payload, uint32_t src, uint32_t dst)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, (unsigned int)(20 + payload));
	p[8] = 64;
	p[9] = proto;
	put32(p + 12, src);
	put32(p + 16, dst);
	return 20;
}

static inline size_t mk_ipv6(uint8_t *p, uint8_t next, size_t payload, const uint8_t *src, const uint8_t *dst)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, (unsigned int)payload);
	p[6] = next;
	p[7] = 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	return 40;
}

static inline size_t mk_tcp(uint8_t *p, uint16_t sport, uint16_t dport)
{
	memset(p, 0, 20);
	put16(p, sport);
	put16(p + 2, dport);
	p[12] = 0x50;
	return 20;
}

/* TCP/IPv4 frame of @len bytes in all (>= 54) */
static inline void mk_tcp4(uint8_t *f, size_t len, uint32_t seed)
{
	size_t n = mk_eth(f, 0x0800);

	n += mk_ipv4(f + n, 6, len - 34, 0x0a000001, 0x0a000002);
	n += mk_tcp(f + n, 1000, 2000);
	for (seed |= 1; n < len; n++)
		f[n] = (uint8_t)rnd32(&seed);
}

static inline bool give(struct host *h, const void *p, size_t len, bool must)
{
	struct span s = { p, len };
	struct frame f = { .span = &s, .len = (uint32_t)len, .nspans = 1 };

	h->c->now = h->now;
	return rx_input(h->c, RXB_NET, &f, must);
}

static inline void run(struct host *h)
{
	h->c->now = h->now;
	while (rx_run(h->c))
		;
}

/* Slow reference: ones-complement sum of the bytes after the Ethernet header, as a little-endian host adds */
static inline uint16_t ref_csum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 14; i < len; i++)
		sum += (uint32_t)p[i] << (i & 1 ? 8 : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* ---- the driver's side of a queue ---- */

struct drv_page {
	uint64_t	addr;
	unsigned int	start, end;	/* of the last header buffer in it; payload: bytes accounted */
	bool		fin;
	unsigned int	nbufs;
	struct { uint16_t start, end; uint8_t tag; } buf[33];
};

struct drv_ring {
	uint64_t	ring;
	uint32_t	mask;
	uint32_t	head, tail;	/* first page not given back, next to post */
	struct drv_page	*page;
};

struct drv_pkt {
	uint64_t	meta, opt, hdr;
	unsigned int	len, hdr_len, frags;
	bool		have_opt;
	uint8_t		data[RX_MAX_FRAME + 64];
};

struct drvq {
	struct host	*h;
	unsigned int	q;
	uint32_t	hroom, troom, pad;
	bool		pack;
	struct drv_ring	hpq, ppq;
	uint64_t	rcq;
	uint32_t	rcq_mask, rcq_head;	/* free running */
	uint8_t		tag;
	uint64_t	pool[1024];		/* pages given back */
	unsigned int	npool;
};

static inline uint32_t align128(uint32_t v)
{
	return (v + 127) & ~127u;
}

static inline void drv_ring_new(struct host *h, struct drv_ring *r, unsigned int order)
{
	r->mask = (1u << order) - 1;
	r->head = r->tail = 0;
	r->ring = host_alloc(h, 8ull << order);
	r->page = calloc(1ull << order, sizeof(*r->page));
}

/* Posts up to @n pages (driver: fbnic_fill_bdq(): at most size - 1 in all) */
static inline void drv_post(struct drvq *d, bool hdr, unsigned int n)
{
	struct drv_ring *r = hdr ? &d->hpq : &d->ppq;

	while (n-- && ((r->tail + 1) & r->mask) != r->head) {
		struct drv_page *p = &r->page[r->tail];
		uint64_t bd;

		if (!p->addr)
			p->addr = d->npool ? d->pool[--d->npool] : host_alloc(d->h, PAGE);
		p->nbufs = 0;
		p->start = p->end = 0;
		p->fin = false;
		bd = p->addr | (uint64_t)r->tail << 48;
		memcpy(host_ptr(d->h, r->ring + r->tail * 8ull), &bd, 8);
		r->tail = (r->tail + 1) & r->mask;
	}
	qwr(d->h, d->q, hdr ? Q_BDQ_HPQ_TAIL : Q_BDQ_PPQ_TAIL, r->tail);
}

#define CTL0(split, mode, hroom, troom)	\
	((uint32_t)(split) << 31 | (uint32_t)(mode) << 29 | (uint32_t)(hroom) << 20 | (uint32_t)(troom) << 11)
#define CTL1(max_hdr, off, cl, pad, pack) \
	((uint32_t)(max_hdr) << 12 | (uint32_t)(off) << 9 | (uint32_t)(cl) << 6 | (uint32_t)(pad) << 2 | (uint32_t)(pack))

static inline void drv_ring_regs(struct drvq *d, const struct drv_ring *r, uint32_t bal, uint32_t size)
{
	qwr(d->h, d->q, bal, (uint32_t)r->ring);
	qwr(d->h, d->q, bal + 1, (uint32_t)(r->ring >> 32));
	qwr(d->h, d->q, size, (uint32_t)__builtin_ctz(r->mask + 1) & 0xf);
}

/* Contract 04 "Start"; orders are log2 of entries */
static inline struct drvq *drv_open(struct host *h, unsigned int q, unsigned int ho, unsigned int po,
				    unsigned int co, uint32_t ctl0, uint32_t ctl1)
{
	struct drvq *d = calloc(1, sizeof(*d));

	d->h = h;
	d->q = q;
	d->hroom = ctl0 >> 20 & 0x1ff;
	d->troom = ctl0 >> 11 & 0x1ff;
	d->pad = ctl1 >> 2 & 0xf;
	d->pack = ctl1 & 3;
	drv_ring_new(h, &d->hpq, ho);
	drv_ring_new(h, &d->ppq, po);
	d->rcq_mask = (1u << co) - 1;
	d->rcq = host_alloc(h, 8ull << co);
	memset(host_ptr(h, d->rcq), 0, 8ull << co);

	qwr(h, q, Q_BDQ_CTL, 1);
	drv_ring_regs(d, &d->hpq, Q_BDQ_HPQ_BAL, Q_BDQ_HPQ_SIZE);
	drv_ring_regs(d, &d->ppq, Q_BDQ_PPQ_BAL, Q_BDQ_PPQ_SIZE);
	qwr(h, q, Q_BDQ_CTL, 0x40000002);
	qwr(h, q, Q_RDE_CTL0, ctl0);
	qwr(h, q, Q_RDE_CTL1, ctl1);
	qwr(h, q, Q_RCQ_CTL, 1);
	qwr(h, q, Q_RCQ_BAL, (uint32_t)d->rcq);
	qwr(h, q, Q_RCQ_BAH, (uint32_t)(d->rcq >> 32));
	qwr(h, q, Q_RCQ_SIZE, co & 0xf);
	qwr(h, q, Q_RIM_CTL, 2);
	qwr(h, q, Q_RIM_THRESHOLD, 0x7fff);
	qwr(h, q, Q_RCQ_CTL, 2);
	return d;
}

static inline void drv_free(struct drvq *d)
{
	free(d->hpq.page);
	free(d->ppq.page);
	free(d);
}

/* A page goes back to the pool: nobody may have written into what we were given */
static inline void drv_check_page(struct drvq *d, struct drv_page *p)
{
	unsigned int i, k;

	for (i = 0; i < p->nbufs; i++)
		for (k = p->buf[i].start; k < p->buf[i].end; k++)
			assert_int_equal(*(uint8_t *)host_ptr(d->h, p->addr + k), p->buf[i].tag);
}

/* driver: fbnic_clean_bdq() */
static inline void drv_clean(struct drvq *d, struct drv_ring *r, uint32_t hw_head)
{
	while (r->head != hw_head) {
		drv_check_page(d, &r->page[r->head]);
		assert_true(d->npool < ARRAY_SIZE(d->pool));
		d->pool[d->npool++] = r->page[r->head].addr;
		r->page[r->head].addr = 0;
		r->head = (r->head + 1) & r->mask;
	}
}

/* This piece of the page is ours now: it must not meet another; what we write must stay */
static inline void drv_own(struct drvq *d, struct drv_page *p, unsigned int start, unsigned int end)
{
	assert_true(start <= end && end <= PAGE);
	if (p->nbufs)
		assert_true(start >= p->buf[p->nbufs - 1].end);
	assert_false(p->fin);
	assert_true(p->nbufs < 33);
	p->buf[p->nbufs].start = (uint16_t)start;
	p->buf[p->nbufs].end = (uint16_t)end;
	p->buf[p->nbufs++].tag = ++d->tag;
	memset(host_ptr(d->h, p->addr + start), d->tag, end - start);
}

/* driver: fbnic_pkt_prepare() */
static inline void drv_header(struct drvq *d, uint64_t rcd, struct drv_pkt *k)
{
	unsigned int id = rcd & 0xffff, len = rcd >> 16 & 0x1fff, off = rcd >> 32 & 0xfff, start, end;
	bool fin = rcd >> 60 & 1;
	struct drv_page *p;

	assert_true(id <= d->hpq.mask);
	/* posted and not given back */
	assert_true(((id - d->hpq.head) & d->hpq.mask) < ((d->hpq.tail - d->hpq.head) & d->hpq.mask));
	p = &d->hpq.page[id];
	start = align128(d->hroom) > d->hroom && off == align128(d->hroom) ? 0 : off - d->hroom;
	end = fin ? PAGE : align128(off + len + d->troom + d->hroom) - d->hroom;

	assert_int_equal(off % 128, 0);
	assert_true(off >= d->hroom && off + len + d->troom <= end);
	k->hdr = rcd;
	k->hdr_len = len - d->pad;
	k->len = k->hdr_len;
	memcpy(k->data, host_ptr(d->h, p->addr + off + d->pad), k->hdr_len);
	drv_clean(d, &d->hpq, id);
	drv_own(d, p, start, end);
	p->fin = fin;
}

/* driver: fbnic_add_rx_frag() */
static inline void drv_payload(struct drvq *d, uint64_t rcd, struct drv_pkt *k)
{
	unsigned int id = rcd & 0xffff, len = rcd >> 16 & 0x1fff, off = rcd >> 32 & 0xfff;
	bool fin = rcd >> 60 & 1;
	struct drv_page *p;

	assert_true(id <= d->ppq.mask);
	assert_true(((id - d->ppq.head) & d->ppq.mask) < ((d->ppq.tail - d->ppq.head) & d->ppq.mask));
	p = &d->ppq.page[id];
	assert_true(len > 0 && off + len <= PAGE && off % 128 == 0);
	assert_true(k->len + len <= sizeof(k->data));
	memcpy(k->data + k->len, host_ptr(d->h, p->addr + off), len);
	k->len += len;
	k->frags++;
	drv_clean(d, &d->ppq, id);
	drv_own(d, p, off, fin ? PAGE : off + align128(len));
	p->fin = fin;
	if (!d->pack)
		assert_true(fin);
}

/* driver: fbnic_clean_rcq(), one packet.  False: there is none */
static inline bool drv_poll(struct drvq *d, struct drv_pkt *k)
{
	int last = -1;

	memset(k, 0, offsetof(struct drv_pkt, data));
	for (;;) {
		uint64_t rcd;
		int type;

		memcpy(&rcd, host_ptr(d->h, d->rcq + (d->rcq_head & d->rcq_mask) * 8ull), 8);
		if ((rcd >> 63) == (d->rcq_head / (d->rcq_mask + 1) & 1)) {
			assert_int_equal(last, -1);	/* we get packets whole */
			return false;
		}
		d->rcq_head++;
		type = rcd >> 61 & 3;
		if (type == 0) {
			assert_int_equal(last, -1);
			drv_header(d, rcd, k);
		} else if (type == 1) {
			assert_true(last == 0 || last == 1);
			drv_payload(d, rcd, k);
		} else {
			assert_true(last >= 0 && last < 3);
			if (type == 2) {
				k->have_opt = true;
				k->opt = rcd;
			} else {
				k->meta = rcd;
				return true;
			}
		}
		last = type;
	}
}

/* End of a NAPI poll: pages and completion entries go back */
static inline void drv_done(struct drvq *d)
{
	drv_post(d, true, d->hpq.mask);
	drv_post(d, false, d->ppq.mask);
	qwr(d->h, d->q, Q_RCQ_HEAD, d->rcq_head & d->rcq_mask);
}

static inline void drv_expect(struct drvq *d, struct drv_pkt *k, const uint8_t *f, size_t len)
{
	assert_true(drv_poll(d, k));
	assert_int_equal(k->len, len);
	assert_memory_equal(k->data, f, len);
	assert_int_equal(k->meta >> 32 & 0xffff, ref_csum(f, len));
}

#define BUGS(h, blk)	((unsigned int)card_guest_bugs((h)->c, (blk)))

#endif
