/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

const uint8_t rig_mac[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };

/* ---- the cable ---- */

uint32_t rig_flatten(const struct frame *f, uint8_t *buf, uint32_t size)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < f->nspans; i++) {
		assert_true(f->span[i].len <= size - at);
		memcpy(buf + at, f->span[i].base, f->span[i].len);
		at += (uint32_t)f->span[i].len;
	}
	assert_int_equal(at, f->len);
	return at;
}

static void keep(struct rig *r, const struct frame *f)
{
	struct rig_frame *o = &r->out[r->nout];

	assert_true(r->nout < RIG_OUT);
	assert_true(f->nspans <= PORT_MAX_SPANS + 1);
	o->data = malloc(f->len);
	assert_non_null(o->data);
	o->len = rig_flatten(f, o->data, f->len);
	o->flags = f->flags;
	o->lso = f->lso;
	r->nout++;
}

static unsigned int on_tx(void *ctx, const struct frame *f, unsigned int n)
{
	struct rig_end *e = ctx;
	struct rig *r = e->r;
	unsigned int i, taken = n;

	if (r->on_way)
		r->on_way(r);
	if (r->n == 2)
		taken = card_rx(r->ip[!e->i]->card, f, n, r->must);
	else if (r->blocked)
		taken = 0;
	else if (r->limit && n > r->limit)
		taken = r->limit;
	for (i = 0; i < taken; i++) {
		if (r->n == 1 && !r->discard)
			keep(r, &f[i]);
		if (r->tap)
			r->tap(r, e->i, &f[i]);
	}
	r->moves += taken;
	return taken;
}

static void on_ready(void *ctx)
{
	struct rig_end *e = ctx;

	e->r->moves++;
	if (e->r->n == 2)
		card_port_ready(e->r->ip[!e->i]->card);
}

static const struct port_ops port = { .tx = on_tx, .rx_ready = on_ready };

void rig_open(struct rig *r, unsigned int n, unsigned int queues, size_t mem, enum port_lso lso)
{
	memset(r, 0, sizeof(*r));
	r->n = n;
	for (unsigned int i = 0; i < n; i++) {
		struct card_config cfg = { .queues = queues, .vectors = 64 };

		memcpy(cfg.mac, rig_mac[i], 6);
		r->end[i] = (struct rig_end){ r, i };
		r->ip[i] = host_new_inproc(&cfg, mem);
		assert_non_null(r->ip[i]);
		r->h[i] = &r->ip[i]->h;
		assert_int_equal(drv_up(r->h[i]), 0);
	}
	for (unsigned int i = 0; i < n; i++)
		card_connect(r->ip[i]->card, &port, &r->end[i], lso);
}

void rig_no_bugs(struct rig *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		assert_int_equal(r->ip[i]->bugs, 0);
}

void rig_close(struct rig *r)
{
	rig_forget(r);
	for (unsigned int i = 0; i < r->n; i++)
		host_free(r->h[i]);
}

void rig_forget(struct rig *r)
{
	while (r->nout)
		free(r->out[--r->nout].data);
}

static bool overdue(const struct rig *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (card_deadline(r->ip[i]->card) <= r->ip[i]->now_ns)
			return true;
	return false;
}

void rig_work(struct rig *r)
{
	unsigned int calls = 0;
	uint64_t moves;
	bool more;

	do {
		moves = r->moves;
		more = false;
		for (unsigned int i = 0; i < r->n; i++)
			more |= card_run(r->ip[i]->card);
		assert_true(++calls < 100000);
	} while (more || moves != r->moves || overdue(r));
}

void rig_run(struct rig *r, uint64_t ns)
{
	uint64_t end = r->ip[0]->now_ns + ns;

	rig_work(r);
	while (r->ip[0]->now_ns < end) {
		uint64_t t = end;

		for (unsigned int i = 0; i < r->n; i++)
			if (card_deadline(r->ip[i]->card) < t)
				t = card_deadline(r->ip[i]->card);
		for (unsigned int i = 0; i < r->n; i++)
			r->ip[i]->now_ns = t;
		rig_work(r);
	}
}

bool rig_inject(struct rig *r, unsigned int card, const void *data, uint32_t len, uint16_t flags)
{
	struct span s = { data, len };
	struct frame f = { .span = &s, .len = len, .nspans = 1, .flags = flags };

	return card_rx(r->ip[card]->card, &f, 1, r->must) == 1;
}

/* ---- random numbers ---- */

uint64_t rnd64(struct rng *g)
{
	uint64_t z = (g->s += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t rnd(struct rng *g, uint32_t below)
{
	return (uint32_t)((rnd64(g) >> 32) * below >> 32);
}

uint32_t rnd_in(struct rng *g, uint32_t lo, uint32_t hi)
{
	return lo + rnd(g, hi - lo + 1);
}

void rnd_bytes(struct rng *g, void *buf, size_t n)
{
	uint8_t *p = buf;

	for (uint64_t v; n; ) {
		size_t run = n < 8 ? n : 8;

		v = rnd64(g);
		memcpy(p, &v, run);
		p += run;
		n -= run;
	}
}

/* ---- frames ---- */

uint16_t ref_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

uint16_t ref_pseudo(const uint8_t *ip, bool v6, uint8_t proto, uint32_t len)
{
	uint8_t tail[8] = { 0 };
	uint32_t sum = ref_sum(0, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);

	wr32(tail, len);
	tail[7] = proto;
	return ref_sum(sum, tail, 8);
}

static uint32_t build_ip(const struct pkt *p, uint8_t *ip, uint32_t l4bytes)
{
	if (p->v6) {
		memcpy(ip, (uint8_t[]){ 0x60, 0, 0, 0, 0, 0, p->proto, 64 }, 8);
		wr16(ip + 4, l4bytes);
		memcpy(ip + 8, p->saddr, 16);
		memcpy(ip + 24, p->daddr, 16);
		return 40;
	}
	memcpy(ip, (uint8_t[]){ 0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, p->proto, 0, 0 }, 12);
	wr16(ip + 2, 20 + l4bytes);
	memcpy(ip + 12, p->saddr, 4);
	memcpy(ip + 16, p->daddr, 4);
	wr16(ip + 10, (uint16_t)~ref_sum(0, ip, 20));
	return 20;
}

uint32_t pkt_build(struct rng *g, const struct pkt *p, uint8_t *buf)
{
	uint32_t l4len = p->proto == 6 ? 20 : p->proto == 17 ? 8 : 0, at = 12, l4bytes = l4len + p->payload;
	uint32_t csum_at = p->proto == 6 ? 16 : 6;
	uint8_t *l4, *ip;

	memcpy(buf, p->da, 6);
	memcpy(buf + 6, (uint8_t[]){ 2, 9, 9, 9, 9, 9 }, 6);
	if (p->vlan) {
		wr32(buf + at, 0x81000000 | 42);
		at += 4;
	}
	wr16(buf + at, p->v6 ? 0x86dd : 0x0800);
	ip = buf + at + 2;
	l4 = ip + build_ip(p, ip, l4bytes);
	memset(l4, 0, l4len);
	rnd_bytes(g, l4 + l4len, p->payload);
	if (l4len) {
		wr16(l4, p->sport);
		wr16(l4 + 2, p->dport);
		if (p->proto == 6)
			memcpy(l4 + 12, (uint8_t[]){ 0x50, 0x10, 0xff, 0xff }, 4);
		else
			wr16(l4 + 4, l4bytes);
		wr16(l4 + csum_at, (uint16_t)~ref_sum(ref_pseudo(ip, p->v6, p->proto, l4bytes), l4, l4bytes));
	}
	return (uint32_t)(l4 - buf) + l4bytes;
}

void pkt_random(struct rng *g, struct pkt *p, const uint8_t *da, uint32_t max_payload)
{
	static const uint8_t protos[] = { 6, 6, 17, 17, 89 };

	p->da = da;
	p->vlan = !rnd(g, 4);
	p->v6 = rnd(g, 2);
	p->proto = protos[rnd(g, sizeof(protos))];
	rnd_bytes(g, p->saddr, 16);
	rnd_bytes(g, p->daddr, 16);
	p->sport = (uint16_t)rnd64(g);
	p->dport = (uint16_t)rnd64(g);
	p->payload = rnd(g, max_payload + 1);
}

uint32_t ref_toeplitz(const uint8_t *key, const uint8_t *in, size_t n)
{
	uint32_t hash = 0;

	for (size_t bit = 0; bit < 8 * n; bit++) {
		uint32_t window = 0;

		if (!(in[bit / 8] >> (7 - bit % 8) & 1))
			continue;
		for (size_t k = bit; k < bit + 32; k++)
			window = window << 1 | (uint32_t)(key[k / 8] >> (7 - k % 8) & 1);
		hash ^= window;
	}
	return hash;
}

uint32_t ref_hash(const struct pkt *p)
{
	uint8_t in[36];
	size_t n = p->v6 ? 16 : 4;

	memcpy(in, p->saddr, n);
	memcpy(in + n, p->daddr, n);
	n *= 2;
	if (p->proto == 6) {		/* UDP and others: addresses only */
		wr16(in + n, p->sport);
		wr16(in + n + 2, p->dport);
		n += 4;
	}
	return ref_toeplitz(drv_rss_key, in, n);
}

/* ---- sending ---- */

void scatter(struct rng *g, struct host *h, uint64_t area, uint32_t size, const uint8_t *data,
	     uint32_t len, unsigned int parts, struct drv_buf *b)
{
	uint32_t slack = size - len, at = 0, done = 0;

	assert_true(size >= len && parts >= 1 && parts <= len);
	for (unsigned int i = 0; i < parts; i++) {
		uint32_t left = len - done, keep_back = parts - 1 - i, part = left;
		uint32_t gap = rnd(g, slack / parts + 1);

		if (keep_back) {
			uint32_t most = left - keep_back;

			if (rnd(g, 4) && most > 2 * left / (keep_back + 1))
				most = 2 * left / (keep_back + 1);
			part = rnd(g, 8) ? rnd_in(g, 1, most ? most : 1) : 1;
		}
		at += gap;
		slack -= gap;
		b[i] = (struct drv_buf){ area + at, (uint16_t)part };
		memcpy(host_ptr(h, area + at), data + done, part);
		at += part;
		done += part;
	}
	assert_int_equal(done, len);
}
