/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "classifier.h"

#define SPLIT_FROM	8u		/* queues from here on split headers */
#define SPLIT_MAX	256u

struct rig rig;
struct host *h;
struct drv_rx rx[NQ];

static uint8_t key[56];			/* as ethtool -X hkey; 425 bits count */

int classifier_setup(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;

	(void)state;
	g.s = 0xc1a55;
	rig_open(&rig, 1, NQ, 32u << 20, PORT_LSO_CUT);
	h = rig.h[0];
	cfg.hpq_log = cfg.ppq_log = cfg.rcq_log = 6;
	for (unsigned int q = 0; q < NQ; q++) {
		cfg.split = q >= SPLIT_FROM;
		cfg.max_hdr = cfg.split ? SPLIT_MAX : 1536;
		assert_int_equal(drv_rx_open(&rx[q], h, q, &cfg), 0);
	}
	csr_wr(h, RPC_RMI_CONFIG, 9742u << 16 | 1 << 12 | 20);
	rig_work(&rig);
	return 0;
}

int classifier_teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* ---- the tables, as registers ---- */

struct tcam act = { 64, 11, 64, 0x08880, false, { { 0 } }, { { 0 } } };
struct tcam macda = { 32, 3, 32, 0x08b80, false, { { 0 } }, { { 0 } } };
struct tcam oipsrc = { 8, 8, 8, 0x08c00, false, { { 0 } }, { { 0 } } };
struct tcam oipdst = { 8, 8, 8, 0x08c48, false, { { 0 } }, { { 0 } } };
struct tcam ipsrc = { 8, 8, 8, 0x08c90, true, { { 0 } }, { { 0 } } };
struct tcam ipdst = { 8, 8, 8, 0x08cd8, true, { { 0 } }, { { 0 } } };
struct tcam *const tcams[] = { &act, &macda, &oipsrc, &oipdst, &ipsrc, &ipdst };

static uint8_t rss_tbl[2][256];

void tcam_wr(struct tcam *t, unsigned int i, unsigned int w, uint32_t val)
{
	csr_wr(h, t->csr + w * t->stride + i, val);
	t->reg[i][w] = val;
	if (w == t->words)
		memcpy(t->live[i], t->reg[i], sizeof(t->live[i]));
}

static bool word_hits(uint32_t word, uint16_t k)
{
	for (unsigned int b = 0; b < 16; b++)
		if (!(word >> (16 + b) & 1) && (word >> b & 1) != (k >> b & 1u))
			return false;
	return true;
}

int tcam_find(const struct tcam *t, const uint16_t *k, bool v6)
{
	for (unsigned int i = 0; i < t->n; i++) {
		uint32_t valid = t->live[i][t->words];
		unsigned int w;

		if (!(valid >> 31) || (t->flag && (valid & 1) != v6))
			continue;
		for (w = 0; w < t->words && word_hits(t->live[i][w], k[w]); w++)
			;
		if (w == t->words)
			return (int)i;
	}
	return -1;
}

void mac_key(const uint8_t *da, uint16_t k[3])
{
	for (unsigned int w = 0; w < 3; w++)
		k[w] = (uint16_t)rd16(da + 4 - 2 * w);
}

void ip_key(const uint8_t *a, bool v6, uint16_t k[8])
{
	memset(k, 0, 16);
	for (unsigned int w = 0; w < (v6 ? 8 : 2); w++)
		k[w] = (uint16_t)rd16(a + (v6 ? 14 : 2) - 2 * w);
}

static uint32_t ip_hit(const struct tcam *t, const uint8_t *a, bool v6)
{
	uint16_t k[8];
	int i;

	ip_key(a, v6, k);
	i = tcam_find(t, k, v6);
	return i < 0 ? 0 : (uint32_t)i | 8;
}

void make_key(const struct spec *s, uint16_t k[11])
{
	uint16_t mk[3];
	int m;

	memset(k, 0, 22);
	if (has_ip(s)) {
		k[0] = (uint16_t)(ip_hit(&ipsrc, s->src, is_v6(s)) | ip_hit(&ipdst, s->dst, is_v6(s)) << 4);
		k[1] |= 1u << 12 | (uint16_t)is_v6(s) << 11;
	}
	if (s->kind == V6V6) {
		k[0] |= (uint16_t)(ip_hit(&oipsrc, s->osrc, true) << 8 | ip_hit(&oipdst, s->odst, true) << 12);
		k[1] |= 1u << 13;
	}
	mac_key(s->da, mk);
	m = tcam_find(&macda, mk, false);
	if (m >= 0)
		k[1] |= (uint16_t)(1u << 10 | (unsigned int)m << 5);
	if (has_l4(s)) {
		k[1] |= (uint16_t)(1u << 15 | (unsigned int)(s->proto == UDP) << 14);
		k[3] = s->sport;
		k[4] = s->dport;
	}
}

/* ---- the hash, as a string of bits ---- */

struct bits { unsigned int n; uint8_t b[512]; };

static void put_bits(struct bits *s, uint32_t val, unsigned int width)
{
	while (width--)
		s->b[s->n++] = val >> width & 1;
}

static void put_mem(struct bits *s, const uint8_t *p, unsigned int n)
{
	while (n--)
		put_bits(s, *p++, 8);
}

static uint32_t key_bit(unsigned int n)
{
	return n < 425 ? key[n / 8] >> (7 - n % 8) & 1 : 0;
}

static uint32_t hash_of(const struct spec *s, uint32_t fields)
{
	unsigned int alen = is_v6(s) ? 16 : 4;
	struct bits in = { 0 };
	uint32_t hash = 0;

	if (has_ip(s) && (fields & 1))
		put_mem(&in, s->src, alen);
	if (has_ip(s) && (fields & 2))
		put_mem(&in, s->dst, alen);
	if (has_l4(s) && (fields & 4))
		put_bits(&in, s->sport, 16);
	if (has_l4(s) && (fields & 8))
		put_bits(&in, s->dport, 16);
	if (fields & 0x10)
		put_mem(&in, s->da, 6);
	if (is_v6(s) && (fields & 0x40))
		put_bits(&in, s->fl, 20);
	if (s->kind == V6V6 && (fields & 0x80))
		put_bits(&in, s->ofl, 20);
	if (has_ip(s) && (fields & 0x100))
		put_bits(&in, s->dscp, 6);
	if (fields & 0x200)
		put_bits(&in, s->kind, 2);
	if (fields & 0x400)
		put_bits(&in, !has_l4(s) ? 0 : s->proto == TCP ? 1 : 2, 2);
	for (unsigned int i = 0; i < in.n; i++)
		for (unsigned int b = 0; in.b[i] && b < 32; b++)
			hash ^= key_bit(i + b) << (31 - b);
	return hash;
}

void write_rss(void)
{
	rnd_bytes(&g, key, sizeof(key));
	for (unsigned int i = 0; i < 14; i++)
		csr_wr(h, RPC_RSS_KEY(i), rd32(key + 4 * i));
	for (unsigned int c = 0; c < 2; c++)
		for (unsigned int i = 0; i < 256; i++) {
			rss_tbl[c][i] = (uint8_t)rnd(&g, NQ);
			csr_wr(h, RPC_RSS_TBL(c, i), rss_tbl[c][i]);
		}
}

uint32_t random_fields(void)
{
	static const uint32_t usual[] = { 0xf, 3, 0x10, 0xcf, 0 };

	return rnd(&g, 2) ? usual[rnd(&g, 5)] : rnd(&g, 0x800) & ~0x20u;
}

/* ---- what must become of a frame ---- */

static uint32_t header_part(const struct spec *s, uint32_t hint, unsigned int q)
{
	uint32_t cut = s->len;

	if (q < SPLIT_FROM)
		return cut < 1536 ? cut : 1536;
	if ((hint & 4) && s->l4_end)
		cut = s->l4_end;
	else if ((hint & 6) && s->l3_end)
		cut = s->l3_end;
	else if (hint & 7)
		cut = s->l2_end;
	if (cut == s->ip_end)
		cut = s->len;		/* padding stays with the header */
	return cut < SPLIT_MAX ? cut : SPLIT_MAX;
}

struct want judge(const struct spec *s, int rule, uint32_t a, uint32_t fields)
{
	struct want w = { .index = -1 };

	w.host = !(a & 1) && (a & 2);
	if (!w.host)
		return w;
	w.hash = hash_of(s, fields);
	w.queue = a & 0x10 ? a >> 8 & 0xff : rss_tbl[a >> 30 & 1][w.hash & 0xff];
	w.ts = a >> 28 & 1;
	if (a >> 29 & 1)
		w.index = rule < 0 ? 0 : rule;
	if (!(s->frag && is_v6(s)))	/* where a fragment is cut is nobody's contract */
		w.hdr = header_part(s, a >> 16 & 0x1ff, w.queue);
	return w;
}

void send_and_check(struct spec *s, const struct want *w)
{
	static uint8_t f[10240];
	struct drv_pkt p;

	make(s, f);
	assert_true(rig_inject(&rig, 0, f, s->len, 0));
	rig_work(&rig);
	for (unsigned int q = 0; q < NQ; q++) {
		int n = drv_rx_poll(&rx[q], &p);

		if (n < 0)
			fail_msg("%s", rx[q].err);
		if (n != (w->host && q == w->queue))
			fail_msg("kind %d, proto %u, frag %d, vlans %u: %s queue %u, should be %s %u", s->kind, s->proto,
				 s->frag, s->vlans, n ? "in" : "not in", q, w->host ? "in" : "nowhere", w->queue);
		if (!n)
			continue;
		assert_int_equal(p.len, s->len);
		assert_memory_equal(p.data, f, s->len);
		assert_int_equal(p.hash, w->hash);
		assert_int_equal(p.l3_type, s->kind);
		assert_int_equal(p.l4_type, !has_l4(s) ? 0 : s->proto == TCP ? 1 : 2);
		assert_int_equal(p.has_ts, w->ts);
		assert_int_equal(p.has_action, w->index >= 0);
		if (w->index >= 0)
			assert_int_equal(p.action, w->index);
		if (w->hdr)
			assert_int_equal(p.hdr_len, w->hdr);
		drv_rx_refill(&rx[q]);
	}
}
