/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "spec.h"

struct rng g;

bool has_ip(const struct spec *s)
{
	return s->kind != ETHER;
}

bool is_v6(const struct spec *s)
{
	return s->kind >= IPV6;
}

bool has_l4(const struct spec *s)
{
	return has_ip(s) && !s->frag && (s->proto == TCP || s->proto == UDP);
}

static uint32_t put_v6(uint8_t *p, const uint8_t *src, const uint8_t *dst, uint8_t dscp, uint32_t fl,
		       uint8_t next, uint32_t below)
{
	wr32(p, 6u << 28 | (uint32_t)dscp << 22 | fl);
	wr16(p + 4, below);
	p[6] = next;
	p[7] = 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	return 40;
}

/* Hop-by-hop, routing and destination options, @bytes in all, then perhaps a fragment header */
static uint32_t put_ext(uint8_t *p, const struct spec *s, uint32_t *l3_end)
{
	static const uint8_t types[] = { 0, 43, 60 };
	uint32_t at = 0, n = 0;

	while (at < s->ext) {
		uint32_t len = s->ext - at > 16 && n < 2 ? 8 : s->ext - at;

		memset(p + at, 0, len);
		p[at] = at + len < s->ext ? types[n + 1] : s->frag ? 44 : s->proto;
		p[at + 1] = (uint8_t)(len / 8 - 1);
		at += len;
		n++;
	}
	*l3_end = at;
	if (s->frag) {
		p[at] = s->proto;
		p[at + 1] = 0;
		wr16(p + at + 2, 8u << 3 | 1);
		wr32(p + at + 4, 77);
		at += 8;
	}
	return at;
}

static uint8_t first_ext(const struct spec *s)
{
	return s->ext ? 0 : s->frag ? 44 : s->proto;
}

static uint32_t l4_bytes(const struct spec *s)
{
	return has_l4(s) ? (s->proto == TCP ? 20 + s->l4opt : 8) : 0;
}

static uint32_t put_ip(uint8_t *p, struct spec *s, uint32_t at)
{
	uint32_t l3 = 0, n, below = l4_bytes(s) + s->payload;

	if (s->kind == IPV4) {
		n = 20 + s->ext;
		memset(p, 1, n);
		p[0] = (uint8_t)(0x40 | n / 4);
		p[1] = (uint8_t)(s->dscp << 2);
		wr16(p + 2, n + below);
		wr32(p + 4, 0x12340000 | (s->frag ? 0x2000 : 0x4000));
		p[8] = 64;
		p[9] = s->proto;
		memcpy(p + 12, s->src, 4);
		memcpy(p + 16, s->dst, 4);
		wr16(p + 10, 0);
		wr16(p + 10, (uint16_t)~ref_sum(0, p, n));
		s->l3_end = at + n;
		return n;
	}
	n = s->ext + (s->frag ? 8 : 0) + below;
	if (s->kind == V6V6) {
		l3 = put_v6(p, s->osrc, s->odst, 0, s->ofl, 41, 40 + n);
		p += l3;
	}
	put_v6(p, s->src, s->dst, s->dscp, s->fl, first_ext(s), n);
	n = put_ext(p + 40, s, &s->l3_end);
	s->l3_end += at + l3 + 40;
	return l3 + 40 + n;
}

void make(struct spec *s, uint8_t *f)
{
	uint32_t at = 12, etype = s->kind == IPV4 ? 0x0800 : s->kind == ETHER ? 0x88b5 : 0x86dd;

	memcpy(f, s->da, 6);
	memcpy(f + 6, (uint8_t[]){ 2, 9, 9, 9, 9, 9 }, 6);
	for (unsigned int i = 0; i < s->vlans; i++, at += 4)
		wr32(f + at, (s->vlans - i == 2 ? 0x88a80000u : 0x81000000u) | rnd(&g, 4096));
	wr16(f + at, etype);
	at += 2;
	s->l2_end = at;
	s->l3_end = s->l4_end = s->ip_end = 0;
	if (has_ip(s))
		at += put_ip(f + at, s, at);
	if (has_l4(s)) {
		memset(f + at, 1, l4_bytes(s));
		wr16(f + at, s->sport);
		wr16(f + at + 2, s->dport);
		if (s->proto == TCP)
			f[at + 12] = (uint8_t)(l4_bytes(s) / 4 << 4);
		else
			wr16(f + at + 4, 8 + s->payload);
		at += l4_bytes(s);
		s->l4_end = at;
	}
	rnd_bytes(&g, f + at, s->payload);
	at += s->payload;
	if (has_ip(s))
		s->ip_end = at;
	if (at < 60) {
		memset(f + at, 0, 60 - at);
		at = 60;
	}
	s->len = at;
}

/* ---- from pools, so that tables are hit ---- */

static const uint8_t bc[6] = { 255, 255, 255, 255, 255, 255 };

void pool_mac(uint8_t *m)
{
	unsigned int n = rnd(&g, 12);

	memcpy(m, (uint8_t[]){ n < 4 ? 1 : 2, 0, 0x5e, 0, (uint8_t)(n / 2), (uint8_t)n }, 6);
	if (n == 11)
		memcpy(m, bc, 6);
}

void pool_ip(uint8_t *a)
{
	memset(a, 0, 16);
	a[0] = 0xfd;
	a[1] = (uint8_t)rnd(&g, 2);
	a[2] = (uint8_t)rnd(&g, 2);
	a[3] = (uint8_t)rnd(&g, 3);
	a[15] = (uint8_t)rnd(&g, 3);
}

uint16_t pool_port(void)
{
	static const uint16_t ports[] = { 80, 443, 8080, 53 };

	return rnd(&g, 5) ? ports[rnd(&g, 4)] : (uint16_t)rnd64(&g);
}

void random_spec(struct spec *s)
{
	static const uint8_t protos[] = { TCP, TCP, TCP, UDP, UDP, UDP, ICMP6, OSPF, ESP, AH };

	memset(s, 0, sizeof(*s));
	s->kind = rnd(&g, NKINDS);
	pool_mac(s->da);
	s->vlans = rnd(&g, 3);
	s->proto = protos[rnd(&g, sizeof(protos))];
	s->frag = !rnd(&g, 8);
	s->ext = rnd(&g, 3) ? 0 : s->kind == IPV4 ? 4 * rnd(&g, 11) : 8 * rnd(&g, 5);
	s->l4opt = rnd(&g, 2) ? 0 : 4 * rnd(&g, 11);
	s->dscp = (uint8_t)rnd(&g, 64);
	s->fl = rnd(&g, 1 << 20);
	s->ofl = rnd(&g, 1 << 20);
	pool_ip(s->src);
	pool_ip(s->dst);
	pool_ip(s->osrc);
	pool_ip(s->odst);
	s->sport = pool_port();
	s->dport = pool_port();
	s->payload = rnd(&g, 6) ? rnd(&g, 200) : rnd(&g, 3) ? 0 : rnd(&g, 9000);
}

void spec_of_kind(struct spec *s, enum kind kind)
{
	do
		random_spec(s);
	while (s->kind != kind);
}
