/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classifier through the whole card, against two references that share
 * nothing with it.  One reads the TCAMs as registers, bit by bit, and knows
 * what is in a frame because it made it; tables, actions, keys and frames are
 * random.  The other knows nothing of TCAMs: it has 48 ethtool rules as a user
 * means them, and the registers are written as the driver does, word by word,
 * with frames in between.  Contract 05.
 */
#include <string.h>

#include "rig.h"

#define NQ		16u
#define SPLIT_FROM	8u		/* queues from here on split headers */
#define SPLIT_MAX	256u

static struct rig rig;
static struct host *h;
static struct drv_rx rx[NQ];
static struct rng g;
static uint8_t key[56];			/* as ethtool -X hkey; 425 bits count */

static int setup(void **state)
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

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* ---- frames: made from what they are ---- */

enum kind { ETHER, IPV4, IPV6, V6V6, NKINDS };
enum { TCP = 6, UDP = 17, ESP = 50, AH = 51, ICMP6 = 58, OSPF = 89 };

struct spec {
	enum kind	kind;
	uint8_t		da[6];
	unsigned int	vlans, ext, l4opt;	/* ext: IPv4 options or IPv6 extension headers, bytes */
	bool		frag;
	uint8_t		proto, dscp;
	uint32_t	fl, ofl;		/* flow labels, inner and outer */
	uint8_t		src[16], dst[16], osrc[16], odst[16];
	uint16_t	sport, dport;
	uint32_t	payload;
	/* where things are in the frame that was made of it; 0: not there */
	uint32_t	len, l2_end, l3_end, l4_end, ip_end;
};

static bool has_ip(const struct spec *s)
{
	return s->kind != ETHER;
}

static bool is_v6(const struct spec *s)
{
	return s->kind >= IPV6;
}

static bool has_l4(const struct spec *s)
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

static void make(struct spec *s, uint8_t *f)
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

static void pool_mac(uint8_t *m)
{
	unsigned int n = rnd(&g, 12);

	memcpy(m, (uint8_t[]){ n < 4 ? 1 : 2, 0, 0x5e, 0, (uint8_t)(n / 2), (uint8_t)n }, 6);
	if (n == 11)
		memcpy(m, bc, 6);
}

static void pool_ip(uint8_t *a)
{
	memset(a, 0, 16);
	a[0] = 0xfd;
	a[1] = (uint8_t)rnd(&g, 2);
	a[2] = (uint8_t)rnd(&g, 2);
	a[3] = (uint8_t)rnd(&g, 3);
	a[15] = (uint8_t)rnd(&g, 3);
}

static uint16_t pool_port(void)
{
	static const uint16_t ports[] = { 80, 443, 8080, 53 };

	return rnd(&g, 5) ? ports[rnd(&g, 4)] : (uint16_t)rnd64(&g);
}

static void random_spec(struct spec *s)
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

static void spec_of_kind(struct spec *s, enum kind kind)
{
	do
		random_spec(s);
	while (s->kind != kind);
}

/* ---- the tables, as registers ---- */

struct tcam {
	unsigned int	n, words, stride;
	uint32_t	csr;
	bool		flag;			/* validate bit 0, IPv6, takes part */
	uint32_t	reg[64][12], live[64][12];	/* live: when VALIDATE was written last */
};

static struct tcam act = { 64, 11, 64, 0x08880, false, { { 0 } }, { { 0 } } };
static struct tcam macda = { 32, 3, 32, 0x08b80, false, { { 0 } }, { { 0 } } };
static struct tcam oipsrc = { 8, 8, 8, 0x08c00, false, { { 0 } }, { { 0 } } };
static struct tcam oipdst = { 8, 8, 8, 0x08c48, false, { { 0 } }, { { 0 } } };
static struct tcam ipsrc = { 8, 8, 8, 0x08c90, true, { { 0 } }, { { 0 } } };
static struct tcam ipdst = { 8, 8, 8, 0x08cd8, true, { { 0 } }, { { 0 } } };
static struct tcam *const tcams[] = { &act, &macda, &oipsrc, &oipdst, &ipsrc, &ipdst };
static uint32_t tbl0[65], tbl1[65];		/* 64: default */
static uint8_t rss_tbl[2][256];

static void tcam_wr(struct tcam *t, unsigned int i, unsigned int w, uint32_t val)
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

static int tcam_find(const struct tcam *t, const uint16_t *k, bool v6)
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

static void mac_key(const uint8_t *da, uint16_t k[3])
{
	for (unsigned int w = 0; w < 3; w++)
		k[w] = (uint16_t)rd16(da + 4 - 2 * w);
}

static void ip_key(const uint8_t *a, bool v6, uint16_t k[8])
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

static void make_key(const struct spec *s, uint16_t k[11])
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

static void write_rss(void)
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

/* ---- what must become of a frame ---- */

struct want {
	bool		host, ts;
	int		index;		/* rule that is reported, or -1 */
	unsigned int	queue;
	uint32_t	hash, hdr;	/* hdr 0: not checked */
};

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

static struct want judge(const struct spec *s, int rule, uint32_t a, uint32_t fields)
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

static void send_and_check(struct spec *s, const struct want *w)
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

/* ---- 1: random tables ---- */

static uint32_t random_action(void)
{
	uint32_t a = rnd(&g, 12) ? 2 : rnd(&g, 2) ? 1 : rnd(&g, 2) << 2;	/* host; drop; BMC or nobody */

	if (rnd(&g, 2))
		a |= 1u << 4 | rnd(&g, NQ) << 8;
	a |= (rnd(&g, 4) ? 4u : rnd(&g, 8)) << 16;
	return a | rnd(&g, 2) << 30 | rnd(&g, 2) << 29 | (uint32_t)!rnd(&g, 4) << 28;
}

static uint32_t random_fields(void)
{
	static const uint32_t usual[] = { 0xf, 3, 0x10, 0xcf, 0 };

	return rnd(&g, 2) ? usual[rnd(&g, 5)] : rnd(&g, 0x800) & ~0x20u;
}

/* An entry that the key @k may hit: some bits do not matter, rarely one is different */
static uint32_t some_word(uint16_t k, uint32_t care)
{
	uint16_t flip = rnd(&g, 20) ? 0 : (uint16_t)(1u << rnd(&g, 16));

	return (~care & 0xffff) << 16 | (uint16_t)((k ^ flip) & (rnd(&g, 4) ? care : 0xffff));
}

static uint32_t some_care(void)
{
	return rnd(&g, 3) ? 0xffff : rnd(&g, 2) ? 0 : rnd(&g, 0x10000);
}

static void random_ip_entry(struct tcam *t, unsigned int i)
{
	bool v6 = !t->flag || rnd(&g, 2);
	uint8_t a[16];
	uint16_t k[8];

	pool_ip(a);
	ip_key(a, v6, k);
	for (unsigned int w = 0; w < 8; w++)
		tcam_wr(t, i, w, !v6 && w > 1 ? 0xffff0000 : some_word(k[w], some_care()));
	tcam_wr(t, i, 8, (rnd(&g, 4) ? 1u << 31 : 0) | (t->flag && v6));
}

static void random_macda_entry(unsigned int i)
{
	uint16_t k[3];
	uint8_t m[6];

	pool_mac(m);
	mac_key(m, k);
	for (unsigned int w = 0; w < 3; w++)
		tcam_wr(&macda, i, w, some_word(k[w], rnd(&g, 4) ? 0xffff : some_care()));
	tcam_wr(&macda, i, 3, rnd(&g, 4) ? 1u << 31 : 0);
}

static void random_rule(unsigned int i)
{
	uint16_t k[11];
	struct spec s;

	random_spec(&s);
	make_key(&s, k);
	tbl0[i] = random_action();
	tbl1[i] = random_fields();
	csr_wr(h, RPC_ACT_TBL0(i), tbl0[i]);
	csr_wr(h, RPC_ACT_TBL1(i), tbl1[i]);
	for (unsigned int w = 0; w < 11; w++) {
		uint32_t care = 0;		/* words 2 and 5 to 10: what the key has there nobody knows */

		if (w == 0)
			care = rnd(&g, 2) ? 0 : 0xfu << 4 * rnd(&g, 4) | (rnd(&g, 2) ? 0 : 0xffff);
		else if (w == 1)
			care = rnd(&g, 3) ? 0xffe0 & rnd(&g, 0x10000) & rnd(&g, 0x10000) : 0xffe0;
		else if (w == 3 || w == 4)
			care = rnd(&g, 3) ? 0 : some_care();
		tcam_wr(&act, i, w, some_word(k[w], care));
	}
	tcam_wr(&act, i, 11, rnd(&g, 8) ? 1u << 31 : 0);
}

static void random_tables(void)
{
	for (unsigned int t = 2; t < 6; t++)
		for (unsigned int i = 0; i < 8; i++)
			random_ip_entry(tcams[t], i);
	for (unsigned int i = 0; i < 32; i++)
		random_macda_entry(i);
	for (unsigned int i = 0; i < 64; i++)
		random_rule(i);
	tbl0[64] = random_action();
	tbl1[64] = random_fields();
	csr_wr(h, RPC_ACT_TBL0_DEFAULT, tbl0[64]);
	csr_wr(h, RPC_ACT_TBL1_DEFAULT, tbl1[64]);
	write_rss();
}

/* One word of one table, or one entry of it: some other value, or none */
static void change_something(void)
{
	struct tcam *t = tcams[rnd(&g, 6)];
	unsigned int i = rnd(&g, t->n), w = rnd(&g, t->words + 1);

	if (rnd(&g, 3)) {
		if (t == &act)
			random_rule(i);
		else if (t == &macda)
			random_macda_entry(i);
		else
			random_ip_entry(t, i);
		return;
	}
	if (t == &act && (w == 2 || w > 4))
		w = 11;
	tcam_wr(t, i, w, w == t->words ? t->reg[i][w] ^ (rnd(&g, 2) ? 1u << 31 : 0) :
		t->reg[i][w] ^ 1u << rnd(&g, 16));
}

static void random_tables_and_random_frames(void **state)
{
	unsigned int by_rule[65] = { 0 }, used = 0, hosts = 0;

	(void)state;
	for (unsigned int round = 0; round < 100; round++) {
		random_tables();
		for (unsigned int i = 0; i < 80; i++) {
			uint16_t k[11];
			struct spec s;
			struct want w;
			int rule, e;

			if (!rnd(&g, 3))
				change_something();
			random_spec(&s);
			make_key(&s, k);
			rule = tcam_find(&act, k, false);
			e = rule < 0 ? 64 : rule;
			by_rule[e]++;
			w = judge(&s, rule, tbl0[e], tbl1[e]);
			hosts += w.host;
			send_and_check(&s, &w);
		}
	}
	for (unsigned int i = 0; i < 65; i++)
		used += by_rule[i] > 0;
	if (used < 40 || hosts < 4000)
		fail_msg("only %u rules were hit, %u frames delivered", used, hosts);
	rig_no_bugs(&rig);
}

/* ---- 2: every combination of RXH fields ---- */

static void every_rxh_combination(void **state)
{
	struct spec s;

	(void)state;
	write_rss();
	for (unsigned int w = 0; w < 3; w++)
		tcam_wr(&macda, 31, w, 0xffff0000);
	tcam_wr(&macda, 31, 3, 1u << 31);
	for (unsigned int w = 0; w < 11; w++)
		tcam_wr(&act, 63, w, 0xffff0000);
	tcam_wr(&act, 63, 11, 1u << 31);
	for (uint32_t fields = 0; fields < 0x800; fields++) {
		struct want w;
		uint32_t a = 2 | 4 << 16 | (fields & 1) << 30;

		if (fields & 0x20)
			continue;		/* L4_RSS_BYTE: nobody knows which byte */
		csr_wr(h, RPC_ACT_TBL0(63), a);
		csr_wr(h, RPC_ACT_TBL1(63), fields);
		for (unsigned int k = 0; k < NKINDS; k++) {
			spec_of_kind(&s, k);
			rnd_bytes(&g, s.src, 64);
			w = judge(&s, 63, a, fields);
			send_and_check(&s, &w);
		}
	}
	/* a flow label alone tells flows apart, as flow-hash:udp6 with "f" asks for */
	csr_wr(h, RPC_ACT_TBL0(63), 2);
	csr_wr(h, RPC_ACT_TBL1(63), 0xc3);
	for (unsigned int n = 0; n < 2; n++) {
		uint32_t seen[64];

		spec_of_kind(&s, n ? V6V6 : IPV6);
		for (unsigned int i = 0; i < 64; i++) {
			struct want w;

			if (n)
				s.ofl = i * 0x3fff;
			else
				s.fl = i * 0x3fff;
			w = judge(&s, 63, 2, 0xc3);
			send_and_check(&s, &w);
			seen[i] = w.hash;
			for (unsigned int j = 0; j < i; j++)
				assert_int_not_equal(seen[i], seen[j]);
		}
	}
	rig_no_bugs(&rig);
}

/* ---- 3: ethtool rules, as a user means them ---- */

enum type { TCP4, UDP4, TCP6, UDP6, IP4, IP6, ETHER_DA, NTYPES };
enum action { DISCARD, QUEUE, CTX0, CTX1 };

struct rule {
	bool		used;
	enum type	type;
	int		src, dst;	/* prefix, -1: any */
	uint16_t	sport, sport_mask, dport, dport_mask;
	int		mac;		/* ETHER_DA: which of macs[], -1: any */
	enum action	action;
	unsigned int	queue;
};

/* Disjoint prefixes: four of each family, entries 0..3 and 4..7 of both tables */
static const struct { uint8_t addr[16]; unsigned int bits; } prefix[8] = {
	{ { 10, 0, 0, 1 }, 32 }, { { 10, 1 }, 16 }, { { 11 }, 8 }, { { 192, 168, 7, 0 }, 24 },
	{ { 0xfd, 1, [15] = 1 }, 128 }, { { 0xfd, 2 }, 16 }, { { 0xfe, 0x80 }, 64 }, { { 0xfd, 3, [7] = 9 }, 120 },
};

/* MACDA entries that the host has: unicast from 29 down, multicast from 5 up */
static const struct { unsigned int entry; uint8_t addr[6]; } macs[] = {
	{ 30, { 2, 0, 0, 0, 0, 1 } }, { 29, { 2, 0, 0, 0, 1, 1 } }, { 28, { 2, 0, 0, 0, 1, 2 } },
	{ 5, { 1, 0, 0x5e, 1, 1, 1 } }, { 6, { 0x33, 0x33, 0, 0, 0, 1 } }, { 4, { 255, 255, 255, 255, 255, 255 } },
};
#define NMACS	(sizeof(macs) / sizeof(macs[0]))

static struct rule rules[50];		/* 2..49 */
static uint32_t type_fields[7];		/* RSS rules 57..63 */
static unsigned int rule_hits, rss_hits, misses, types_hit;

static bool in_prefix(int n, const uint8_t *a)
{
	for (unsigned int b = 0; b < prefix[n].bits; b++)
		if ((a[b / 8] ^ prefix[n].addr[b / 8]) & (0x80 >> b % 8))
			return false;
	return true;
}

static int mac_of(const uint8_t *da)
{
	for (unsigned int i = 0; i < NMACS; i++)
		if (!memcmp(macs[i].addr, da, 6))
			return (int)i;
	return -1;
}

static bool rule_means(const struct rule *r, const struct spec *s)
{
	static const struct { bool v6, l4; uint8_t proto; } of[] = {
		[TCP4] = { false, true, TCP }, [UDP4] = { false, true, UDP }, [TCP6] = { true, true, TCP },
		[UDP6] = { true, true, UDP }, [IP4] = { false, false, 0 }, [IP6] = { true, false, 0 },
	};

	if (!r->used || mac_of(s->da) < 0)
		return false;
	if (r->type == ETHER_DA)
		return r->mac < 0 || r->mac == mac_of(s->da);
	if (!has_ip(s) || is_v6(s) != of[r->type].v6)
		return false;
	if (of[r->type].l4 && (!has_l4(s) || s->proto != of[r->type].proto || ((s->sport ^ r->sport) & r->sport_mask) ||
			       ((s->dport ^ r->dport) & r->dport_mask)))
		return false;
	return (r->src < 0 || in_prefix(r->src, s->src)) && (r->dst < 0 || in_prefix(r->dst, s->dst));
}

/* Order of the driver's RSS rules: UDP6, UDP4, TCP6, TCP4, IP6, IP4, Ethernet */
static unsigned int rss_type(const struct spec *s)
{
	if (!has_ip(s))
		return 6;
	return (has_l4(s) ? s->proto == UDP ? 0 : 2 : 4) + !is_v6(s);
}

static struct want meaning(const struct spec *s)
{
	const uint32_t hint = 4 << 16;
	uint32_t fields = type_fields[rss_type(s)];

	for (unsigned int i = 2; i < 50; i++) {
		static const unsigned int of[] = { 3, 1, 2, 0, 5, 4, 6 };
		const struct rule *r = &rules[i];
		uint32_t a = r->action == DISCARD ? 1 : r->action == QUEUE ? 2 | 0x10 | r->queue << 8 :
			     r->action == CTX0 ? 2 : 2 | 1u << 30;

		if (!rule_means(r, s))
			continue;
		rule_hits++;
		types_hit |= 1u << r->type;
		return judge(s, (int)i, a | hint, type_fields[of[r->type]]);
	}
	if (mac_of(s->da) < 0) {
		misses++;
		return (struct want){ .index = -1 };
	}
	rss_hits++;
	return judge(s, 57, 2 | hint, fields);
}

static void ntuple_spec(struct spec *s)
{
	random_spec(s);
	if (rnd(&g, 10))
		memcpy(s->da, macs[rnd(&g, NMACS)].addr, 6);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *a = i ? s->dst : s->src;
		unsigned int n = rnd(&g, 4) + (is_v6(s) ? 4 : 0), bits = prefix[n].bits;

		rnd_bytes(&g, a, 16);
		if (!rnd(&g, 4))
			continue;
		memcpy(a, prefix[n].addr, bits / 8);
		if (!rnd(&g, 10))
			a[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
	}
	if (s->payload > 1000)
		s->payload = 1000;
}

/* A frame between two register writes, every now and then */
static void traffic(unsigned int one_in)
{
	struct spec s;
	struct want w;

	if (rnd(&g, one_in))
		return;
	ntuple_spec(&s);
	w = meaning(&s);
	send_and_check(&s, &w);
}

static void wr_busy(struct tcam *t, unsigned int i, unsigned int w, uint32_t val)
{
	tcam_wr(t, i, w, val);
	if (w < t->words)
		traffic(6);
}

static void write_prefix(struct tcam *t, int n)
{
	if (n < 0 || t->live[n][8])
		return;
	for (unsigned int w = 0; w < 8; w++) {
		uint32_t mask = 0, val = 0;

		for (unsigned int b = 0; b < 16; b++) {
			/* bit b of word w, from the top of an address of 4 or 16 bytes */
			unsigned int at = n < 4 ? 31 - 16 * w - b : 127 - 16 * w - b, on;

			if (n < 4 && w > 1) {
				mask |= 1u << b;
				continue;
			}
			on = prefix[n].addr[at / 8] >> (7 - at % 8) & 1;
			if (at < prefix[n].bits)
				val |= on << b;
			else
				mask |= 1u << b;
		}
		wr_busy(t, (unsigned int)n, w, mask << 16 | val);
	}
	tcam_wr(t, (unsigned int)n, 8, 1u << 31 | (n >= 4));
}

static void drop_prefix(struct tcam *t, int n, bool src)
{
	for (unsigned int i = 2; i < 50; i++)
		if (n < 0 || (rules[i].used && (src ? rules[i].src : rules[i].dst) == n))
			return;
	for (unsigned int w = 0; w <= 8; w++)
		wr_busy(t, (unsigned int)n, w, 0);
}

/* As fbnic_set_cls_rule_ins() and fbnic_write_rules(): action, rule, then the addresses that it names */
static void insert(unsigned int i, const struct rule *r)
{
	uint16_t v[5] = { 0 }, m[5] = { 0xffff, 0xffff, 0xffff, 0xffff, 0xffff };
	static const uint16_t must[] = { [TCP4] = 0x9400, [UDP4] = 0xd400, [TCP6] = 0x9c00, [UDP6] = 0xdc00,
					 [IP4] = 0x1400, [IP6] = 0x1c00, [ETHER_DA] = 0x0400 };
	static const uint16_t care[] = { [TCP4] = 0xdc00, [UDP4] = 0xdc00, [TCP6] = 0xdc00, [UDP6] = 0xdc00,
					 [IP4] = 0x1c00, [IP6] = 0x1c00, [ETHER_DA] = 0x0400 };
	static const unsigned int fields_of[] = { 3, 1, 2, 0, 5, 4, 6 };
	uint32_t a = r->action == DISCARD ? 1 : r->action == QUEUE ? 2 | 0x10 | r->queue << 8 :
		     r->action == CTX0 ? 2 : 2 | 1u << 30;

	v[1] = must[r->type];
	m[1] = (uint16_t)~care[r->type];
	if (r->src >= 0) {
		v[0] |= (uint16_t)(8 | r->src);
		m[0] &= 0xfff0;
	}
	if (r->dst >= 0) {
		v[0] |= (uint16_t)((8 | r->dst) << 4);
		m[0] &= 0xff0f;
	}
	if (r->type == ETHER_DA && r->mac >= 0) {
		v[1] |= (uint16_t)(macs[r->mac].entry << 5);
		m[1] &= 0xfc1f;
	}
	v[3] = r->sport;
	m[3] = (uint16_t)~r->sport_mask;
	v[4] = r->dport;
	m[4] = (uint16_t)~r->dport_mask;

	/* the addresses first here: a rule that names an entry not yet written would not be what a user means */
	write_prefix(&ipsrc, r->src);
	write_prefix(&ipdst, r->dst);
	csr_wr(h, RPC_ACT_TBL0(i), a | 4 << 16);
	csr_wr(h, RPC_ACT_TBL1(i), type_fields[fields_of[r->type]]);
	traffic(3);
	for (unsigned int w = 0; w < 11; w++)
		wr_busy(&act, i, w, w < 5 ? (uint32_t)m[w] << 16 | v[w] : 0xffff0000);
	tcam_wr(&act, i, 11, 1u << 31);
	rules[i] = *r;
	rules[i].used = true;
}

static void delete(unsigned int i)
{
	struct rule r = rules[i];

	for (unsigned int w = 0; w < 11; w++)
		wr_busy(&act, i, w, 0);
	tcam_wr(&act, i, 11, 0);
	rules[i].used = false;
	drop_prefix(&ipsrc, r.src, true);
	drop_prefix(&ipdst, r.dst, false);
}

static void random_ntuple(struct rule *r)
{
	static const uint16_t masks[] = { 0, 0, 0xffff, 0xffff, 0xff00, 0x0fff };

	*r = (struct rule){ .type = rnd(&g, NTYPES), .src = -1, .dst = -1, .mac = -1,
			    .action = rnd(&g, 4), .queue = rnd(&g, NQ) };
	if (r->type == ETHER_DA) {
		if (rnd(&g, 8))
			r->mac = (int)rnd(&g, NMACS);
		return;
	}
	if (rnd(&g, 8))
		r->src = (int)rnd(&g, 4) + (r->type == TCP6 || r->type == UDP6 || r->type == IP6 ? 4 : 0);
	if (rnd(&g, 4))
		r->dst = (int)rnd(&g, 4) + (r->type == TCP6 || r->type == UDP6 || r->type == IP6 ? 4 : 0);
	if (r->type >= IP4)
		return;
	r->sport_mask = masks[rnd(&g, 6)];
	r->dport_mask = masks[rnd(&g, 6)];
	r->sport = pool_port() & r->sport_mask;
	r->dport = pool_port() & r->dport_mask;
}

/* What the driver writes at ifup; returns with RSS rules as type_fields[] has them */
static void write_base(void)
{
	struct drv_conf conf = { .queues = NQ, .hint_l4 = true };
	static const uint32_t fields[7] = { 3, 3, 15, 15, 3, 3, 16 };
	static const uint8_t exact[6];

	memcpy(conf.mac, macs[0].addr, 6);
	drv_rpc_on(h, &conf);
	memcpy(type_fields, fields, sizeof(fields));
	for (unsigned int i = 0; i < NMACS; i++)
		drv_macda(h, macs[i].entry, macs[i].addr, exact);
	write_rss();
}

static void forty_eight_rules_come_and_go_under_traffic(void **state)
{
	unsigned int n = 0, full = 0;

	(void)state;
	memset(rules, 0, sizeof(rules));
	for (unsigned int t = 0; t < 6; t++) {
		memset(tcams[t]->reg, 0, sizeof(act.reg));
		memset(tcams[t]->live, 0, sizeof(act.live));
	}
	write_base();
	for (unsigned int step = 0; step < 1500; step++) {
		unsigned int i = 49 - rnd(&g, 48);
		struct rule r;

		if (step < 48)
			i = 49 - step;			/* from 49 downwards, as the driver gives them out */
		if (rules[i].used && rnd(&g, 3)) {
			delete(i);
			n--;
		} else if (rules[i].used) {		/* replace: delete, and another in its place */
			delete(i);
			random_ntuple(&r);
			insert(i, &r);
		} else {
			random_ntuple(&r);
			insert(i, &r);
			n++;
		}
		full += n == 48;
		if (!rnd(&g, 20)) {			/* ethtool -N rx-flow-hash: a valid rule is rewritten */
			unsigned int t = rnd(&g, 7);
			static const uint32_t must[7] = { 0xdc00, 0xd400, 0x9c00, 0x9400, 0x1c00, 0x1400, 0x0400 };

			bool in_use = false;

			for (unsigned int k = 2; k < 50; k++)	/* rules made before keep their fields */
				in_use |= rules[k].used;
			if (!in_use || n > 40)
				continue;
			type_fields[t] = random_fields() & 0xdf;
			drv_rule(h, 57 + t, must[t], 2 | 4 << 16, type_fields[t]);
			for (unsigned int k = 2; k < 50; k++) {
				static const unsigned int of[] = { 3, 1, 2, 0, 5, 4, 6 };

				if (rules[k].used)
					csr_wr(h, RPC_ACT_TBL1(k), type_fields[of[rules[k].type]]);
			}
		}
		for (unsigned int k = 0; k < 4; k++)
			traffic(1);
	}
	if (!full || types_hit != 0x7f || rule_hits < 2000 || rss_hits < 500 || misses < 200)
		fail_msg("%u steps with 48 rules, types 0x%x, rules %u, RSS %u, misses %u", full, types_hit,
			 rule_hits, rss_hits, misses);
	rig_no_bugs(&rig);
}

/* ---- 4: destination addresses ---- */

static bool arrives(const uint8_t *da)
{
	struct spec s = { .kind = ETHER, .payload = 60 };
	uint8_t f[200];
	unsigned int n = 0;
	struct drv_pkt p;

	memcpy(s.da, da, 6);
	make(&s, f);
	assert_true(rig_inject(&rig, 0, f, s.len, 0));
	rig_work(&rig);
	for (unsigned int q = 0; q < NQ; q++) {
		n += drv_rx_poll(&rx[q], &p) == 1;
		drv_rx_refill(&rx[q]);
	}
	assert_true(n < 2);
	return n;
}

static void all_addresses_and_what_happens_beyond(void **state)
{
	static const uint8_t exact[6], any[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t multi[6] = { 1 }, multi_mask[6] = { 0xfe, 255, 255, 255, 255, 255 };
	uint8_t a[26][6], other[6], stranger[6] = { 2, 7, 7, 7, 7, 7 }, group[6] = { 1, 7, 7, 7, 7, 7 };

	(void)state;
	write_base();
	for (unsigned int i = 0; i < 26; i++)		/* 18 groups at 5..22, 6 addresses at 24..29, ours, broadcast */
		rnd_bytes(&g, a[i], 6);
	for (unsigned int i = 0; i < 18; i++) {
		a[i][0] = (uint8_t)((a[i][0] & 0xfe) | 1);
		drv_macda(h, 5 + i, a[i], exact);
	}
	for (unsigned int i = 18; i < 24; i++) {
		a[i][0] = (uint8_t)(a[i][0] & 0xfe);
		drv_macda(h, 24 + i - 18, a[i], exact);
	}
	memcpy(a[24], macs[0].addr, 6);
	memset(a[25], 255, 6);
	for (unsigned int mode = 0; mode < 4; mode++) {	/* none, all-multi, promiscuous, none again */
		if (mode == 1)
			drv_macda(h, 31, multi, multi_mask);
		else if (mode == 2)
			drv_macda(h, 31, exact, any);
		else
			csr_wr(h, RPC_TCAM_MACDA(31, 3), 0);
		for (unsigned int i = 0; i < 26; i++) {
			assert_true(arrives(a[i]));
			for (unsigned int b = 0; b < 48; b++) {
				bool want;

				memcpy(other, a[i], 6);
				other[b / 8] ^= (uint8_t)(0x80 >> b % 8);
				want = mode == 2 || (mode == 1 && (other[0] & 1));
				if (arrives(other) != want)
					fail_msg("mode %u, address %u, bit %u: %d", mode, i, b, !want);
			}
		}
		assert_int_equal(arrives(stranger), mode == 2);
		assert_int_equal(arrives(group), mode == 1 || mode == 2);
	}
	rig_no_bugs(&rig);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(random_tables_and_random_frames), T(every_rxh_combination),
		T(forty_eight_rules_come_and_go_under_traffic), T(all_addresses_and_what_happens_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
