// SPDX-License-Identifier: GPL-2.0-or-later
/* Placement of received frames: contract 04 sections 3, 4, 8 and 10 */
#include "rx_fake.h"

#define LINUX_7		CTL0(0, 0, 192, 320)
#define LINUX_6_12	CTL0(0, 0, 64, 320)
#define HDR_1536	CTL1(1536, 0, 0, 0, 0)

static struct drv_pkt pkt;

struct fix {
	struct host	*h;
	struct drvq	*d;
};

static struct fix open_q(uint32_t ctl0, uint32_t ctl1)
{
	struct fix x = { host_new(), NULL };

	host_rxb(x.h);
	host_rules(x.h);
	x.d = drv_open(x.h, 0, 8, 8, 10, ctl0, ctl1);
	drv_post(x.d, true, 255);
	drv_post(x.d, false, 255);
	return x;
}

static void close_q(struct fix *x)
{
	drv_free(x->d);
	host_free(x->h);
}

/* ---- worked examples, contract 10 ---- */

static void header_placement_table(void **st)
{
	static const struct {
		unsigned int hroom, len, n, off[8];
		bool fin;	/* on the last one: mandatory */
	} t[] = {
		{ 192, 60, 6, { 256, 896, 1536, 2176, 2816, 3456 }, false },
		{ 192, 300, 4, { 256, 1152, 2048, 2944 }, false },
		{ 192, 1514, 1, { 256 }, false },
		{ 192, 1472, 2, { 256, 2304 }, true },
		{ 64, 60, 8, { 128, 640, 1152, 1664, 2176, 2688, 3200, 3712 }, true },
		{ 64, 1514, 2, { 128, 2048 }, false },
	};
	uint8_t f[1600];
	unsigned int i, k;

	(void)st;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct fix x = open_q(CTL0(0, 0, t[i].hroom, 320), HDR_1536);

		mk_tcp4(f, t[i].len, 7);
		for (k = 0; k < 2 * t[i].n; k++) {
			assert_true(give(x.h, f, t[i].len, true));
			drv_expect(x.d, &pkt, f, t[i].len);
			assert_int_equal(pkt.hdr >> 32 & 0xfff, t[i].off[k % t[i].n]);
			assert_int_equal(pkt.hdr & 0xffff, k / t[i].n);
			assert_int_equal(pkt.frags, 0);
			if (k % t[i].n < t[i].n - 1)
				assert_false(pkt.hdr >> 60 & 1);
			else if (t[i].fin)
				assert_true(pkt.hdr >> 60 & 1);
		}
		close_q(&x);
	}
}

static void descriptors_are_encoded_as_in_the_contract(void **st)
{
	struct fix x = open_q(0x4c0a0000, 0x00600000);
	uint8_t f[6000] = { 0 };
	uint64_t rcd[8];

	(void)st;
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, true));
	memcpy(rcd, host_ptr(x.h, x.d->rcq), sizeof(rcd));
	assert_int_equal(rcd[0], 0x80000100003c0000);
	assert_int_equal(rcd[1] >> 48, 0xe005);		/* META, TCP, IPv4 */
	assert_int_equal(rcd[1] >> 32 & 0xffff, ref_csum(f, 60));

	/* 1536 in the header, then 4096 to payload fragment 0, then the rest */
	mk_tcp4(f, 5700, 1);
	assert_true(give(x.h, f, 5700, true));
	memcpy(rcd, host_ptr(x.h, x.d->rcq + 16), sizeof(rcd));
	assert_int_equal(rcd[0] & ~(1ull << 60), 0x8000038006000000);
	assert_int_equal(rcd[1], 0xb000000010000000);
	assert_int_equal(rcd[2], 0xb000000000000001 | 68ull << 16);
	close_q(&x);
}

static void l2_csum_example(void **st)
{
	static const uint8_t ip[] = {
		0x45, 0, 0, 0x14, 0, 0, 0, 0, 0x40, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
	};
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[34];

	(void)st;
	mk_eth(f, 0x0800);
	memcpy(f + 14, ip, sizeof(ip));
	assert_true(give(x.h, f, sizeof(f), true));
	drv_expect(x.d, &pkt, f, sizeof(f));
	assert_int_equal(pkt.meta >> 32 & 0xffff, 0x2995);
	assert_int_equal(pkt.meta >> 48 & 0xf, 1);	/* IPv4, no L4 */
	close_q(&x);
}

/* The L4 checksum field's right value, by the book: RFC 1071 over pseudo header and segment */
static uint16_t ref_l4_sum(const uint8_t *ip, size_t hlen, uint8_t proto, size_t seg)
{
	bool v6 = ip[0] >> 4 == 6;
	const uint8_t *a = ip + (v6 ? 8 : 12);
	uint64_t sum = proto + seg;

	for (size_t i = 0; i < (v6 ? 32 : 8); i += 2)
		sum += (uint64_t)(a[i] << 8 | a[i + 1]);
	for (size_t i = 0; i < seg; i++)
		sum += i & 1 ? ip[hlen + i] : (uint64_t)ip[hlen + i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct l4_case {
	bool	v6, udp;
	uint8_t	tags;		/* VLAN */
	size_t	data, pad;
	enum { L4_RIGHT, L4_DAMAGED, L4_NONE, L4_FRAGMENT } how;
	bool	vouched;
};

/* A frame of that kind; returns its length */
static size_t mk_l4(uint8_t *f, const struct l4_case *k)
{
	static const uint8_t a[16] = { 0x20, 1, 0xd, 0xb8, 1 }, b[16] = { 0x20, 1, 0xd, 0xb8, 2 };
	uint8_t proto = k->udp ? 17 : 6, *ip, *l4;
	size_t seg = (k->udp ? 8 : 20) + k->data, field = k->udp ? 6 : 16, hlen;
	uint16_t type = k->v6 ? 0x86dd : 0x0800, sum;
	size_t n = mk_eth(f, k->tags ? 0x8100 : type);

	for (unsigned int i = 0; i < k->tags; i++, n += 4) {
		put16(f + n, 0x123);
		put16(f + n + 2, i + 1u < k->tags ? 0x8100 : type);
	}
	ip = f + n;
	hlen = k->v6 ? mk_ipv6(ip, proto, seg, a, b) : mk_ipv4(ip, proto, seg, 0x0a000001, 0x0a0000fe);
	if (k->how == L4_FRAGMENT)
		put16(ip + 6, 0x2000);
	if (!k->v6) {		/* the header's own sum, so that it is a real one */
		put16(ip + 10, 0);
		put16(ip + 10, htobe16((uint16_t)~ref_csum(ip, 20)));
	}
	l4 = ip + hlen;
	if (k->udp) {
		put16(l4, 1000);
		put16(l4 + 2, 2000);
		put16(l4 + 4, (unsigned int)seg);
	} else {
		mk_tcp(l4, 1000, 2000);
	}
	for (size_t i = 0; i < k->data; i++)
		l4[seg - k->data + i] = (uint8_t)(i * 7 + 3);
	put16(l4 + field, 0);
	sum = ref_l4_sum(ip, hlen, proto, seg);
	if (k->how != L4_NONE)
		put16(l4 + field, k->udp && !sum ? 0xffff : sum);
	if (k->how == L4_DAMAGED)
		l4[seg - 1] ^= 0x10;
	memset(l4 + seg, 0x5a, k->pad);
	return n + hlen + seg + k->pad;
}

static void l4_checksum_is_vouched_for(void **st)
{
	static const struct l4_case cases[] = {
		{ .data = 100, .vouched = true },
		{ .data = 101, .vouched = true },
		{ .data = 3000, .vouched = true },
		{ .data = 101, .tags = 1, .vouched = true },
		{ .data = 33, .tags = 2, .vouched = true },
		{ .data = 77, .v6 = true, .vouched = true },
		{ .data = 77, .udp = true, .vouched = true },
		{ .data = 2000, .udp = true, .v6 = true, .vouched = true },
		{ .data = 100, .how = L4_DAMAGED },
		{ .data = 77, .v6 = true, .how = L4_DAMAGED },
		{ .data = 77, .udp = true, .how = L4_DAMAGED },
		{ .data = 2001, .udp = true, .v6 = true, .how = L4_DAMAGED },
		{ .data = 77, .udp = true, .how = L4_NONE },
		{ .data = 104, .udp = true, .how = L4_FRAGMENT },
		{ .data = 2, .pad = 4 },
	};
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[4000];

	(void)st;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = mk_l4(f, &cases[i]);

		assert_true(give(x.h, f, len, true));
		drv_expect(x.d, &pkt, f, len);		/* the sum is right in any case */
		if (!!(pkt.meta >> 52 & 1) != cases[i].vouched)
			fail_msg("case %zu: L4_CSUM_UNNECESSARY is %u", i, (unsigned int)(pkt.meta >> 52 & 1));
	}
	close_q(&x);
}

static void first_lap_has_done_set_then_clear(void **st)
{
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[60];
	unsigned int i;

	(void)st;
	mk_tcp4(f, 60, 1);
	for (i = 0; i < 5000; i++) {	/* ten laps of 1024, two entries each */
		assert_true(give(x.h, f, 60, true));
		drv_expect(x.d, &pkt, f, 60);
		if (i % 100 == 99)
			drv_done(x.d);
	}
	assert_int_equal(BUGS(x.h, BLK_RDE) + BUGS(x.h, BLK_RCQ) + BUGS(x.h, BLK_BDQ), 0);
	close_q(&x);
}

/* ---- every size, against the driver's rules ---- */

static void every_size(uint32_t ctl0, uint32_t ctl1, bool nomap, size_t cut)
{
	struct fix x = open_q(ctl0, ctl1);
	uint8_t *f = malloc(9742);
	size_t len;

	x.h->nomap = nomap;
	x.h->cut = cut;
	for (len = 54; len <= 9742; len += len < 1700 || (len > 4000 && len < 4200) ? 1 : 13) {
		unsigned int hdr = ctl1 >> 12 & 0x1fff;

		mk_tcp4(f, len, (uint32_t)len);
		assert_true(give(x.h, f, len, true));
		drv_expect(x.d, &pkt, f, len);
		if (!(ctl0 >> 31))
			assert_int_equal(pkt.hdr_len, len < hdr ? len : hdr);
		else
			assert_int_equal(pkt.hdr_len, len < hdr && len <= 54 ? len : 54);
		drv_done(x.d);
	}
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_PKT_ERR_CNT)), 0);
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 0);
	free(f);
	close_q(&x);
}

static void every_size_linux_7(void **st) { (void)st; every_size(LINUX_7, HDR_1536, false, 0); }
static void every_size_linux_6_12(void **st) { (void)st; every_size(LINUX_6_12, HDR_1536, false, 0); }
static void every_size_split(void **st) { (void)st; every_size(LINUX_7 | 1u << 31, CTL1(256, 0, 0, 0, 0), false, 0); }
static void every_size_copied(void **st) { (void)st; every_size(LINUX_7, HDR_1536, true, 0); }
static void every_size_cut_mappings(void **st) { (void)st; every_size(LINUX_7, HDR_1536, false, 1000); }
static void every_size_packed(void **st) { (void)st; every_size(LINUX_7, CTL1(256, 0, 0, 0, 1), false, 0); }
static void every_size_packed_by_rss(void **st) { (void)st; every_size(LINUX_7, CTL1(256, 3, 2, 0, 2), false, 0); }

/* Random geometry, random frames in random spans: every frame arrives, or is refused for a reason */
static void random_geometry(void **st)
{
	uint32_t s = 4711;
	unsigned int round, i;
	uint8_t *f = malloc(RX_MAX_FRAME);

	(void)st;
	for (round = 0; round < 300; round++) {
		uint32_t hroom = rnd32(&s) % 512, troom = rnd32(&s) % 512, max = 1 + rnd32(&s) % 3500;
		uint32_t pack = rnd32(&s) % 3, pad = rnd32(&s) % 4 ? 0 : rnd32(&s) % 16;
		bool split = rnd32(&s) & 1;
		bool fits = align128(hroom) + max + pad + troom <= PAGE;
		struct fix x = open_q(CTL0(split, 0, hroom, troom),
				      CTL1(max, pack ? rnd32(&s) % 8 : 0, rnd32(&s) % 8, pad, pack));

		for (i = 0; i < 60; i++) {
			size_t len = 54 + (rnd32(&s) & 3 ? rnd32(&s) % 1500 : rnd32(&s) % 9600);
			size_t a = 1 + rnd32(&s) % (len - 2), b = a + rnd32(&s) % (len - a);
			struct span sp[4];
			struct frame fr = { .span = sp, .len = (uint32_t)len, .nspans = 4 };
			bool got;

			mk_tcp4(f, len, rnd32(&s));
			put16(f + 34, rnd32(&s) & 3);
			sp[0] = (struct span){ f, a };
			sp[1] = (struct span){ f + a, 0 };
			sp[2] = (struct span){ f + a, b - a };
			sp[3] = (struct span){ f + b, len - b };
			assert_true(rx_input(x.h->c, RXB_NET, &fr, true));
			got = drv_poll(x.d, &pkt);
			if (fits)
				assert_true(got);
			if (got) {
				assert_int_equal(pkt.len, len);
				assert_memory_equal(pkt.data, f, len);
				assert_int_equal(pkt.meta >> 32 & 0xffff, ref_csum(f, len));
			} else {
				assert_true(BUGS(x.h, BLK_RDE) > 0);
			}
			if (rnd32(&s) & 1)
				drv_done(x.d);
		}
		close_q(&x);
	}
	free(f);
}

/* ---- header split ---- */

static void split_follows_the_hint(void **st)
{
	static const struct { uint32_t hint; uint8_t proto; unsigned int hdr, used; } t[] = {
		{ 4, 6, 54, 4 }, { 4, 17, 42, 4 }, { 4, 1, 34, 2 }, { 2, 6, 34, 2 }, { 1, 6, 14, 1 }, { 0, 6, 200, 0 },
	};
	uint8_t f[200] = { 0 };
	unsigned int i;

	(void)st;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct fix x = open_q(LINUX_7 | 1u << 31, CTL1(256, 0, 0, 0, 0));
		unsigned int r;

		for (r = 57; r < 64; r++)
			wr(x.h, CSR_RPC_ACT_TBL0 + r, ACT_HOST | t[i].hint << 16);
		mk_tcp4(f, sizeof(f), 3);
		f[23] = t[i].proto;
		assert_true(give(x.h, f, sizeof(f), true));
		drv_expect(x.d, &pkt, f, sizeof(f));
		assert_int_equal(pkt.hdr_len, t[i].hdr);
		assert_int_equal(pkt.hdr >> 54 & 0x3f, t[i].used);
		assert_int_equal(pkt.frags, t[i].hdr < sizeof(f));
		close_q(&x);
	}
}

static void split_keeps_padding_with_the_header(void **st)
{
	struct fix x = open_q(LINUX_7 | 1u << 31, CTL1(256, 0, 0, 0, 0));
	uint8_t f[60] = { 0 };

	(void)st;
	mk_tcp4(f, 54, 1);	/* an ACK, padded to 60 */
	assert_true(give(x.h, f, 60, true));
	drv_expect(x.d, &pkt, f, 60);
	assert_int_equal(pkt.frags, 0);
	close_q(&x);
}

static void split_header_beyond_max_overflows(void **st)
{
	struct fix x = open_q(LINUX_7 | 1u << 31, CTL1(40, 0, 0, 0, 0));
	uint8_t f[100];

	(void)st;
	mk_tcp4(f, 100, 1);
	assert_true(give(x.h, f, 100, true));
	drv_expect(x.d, &pkt, f, 100);
	assert_int_equal(pkt.hdr_len, 40);
	assert_true(pkt.hdr >> 53 & 1);
	close_q(&x);
}

static void no_split_ignores_the_hint(void **st)
{
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[200];

	(void)st;
	qwr(x.h, 0, Q_RDE_CTL1, HDR_1536 | 1u << 31);	/* early HDS kernels: must be ignored */
	mk_tcp4(f, 200, 1);
	assert_true(give(x.h, f, 200, true));
	drv_expect(x.d, &pkt, f, 200);
	assert_int_equal(pkt.frags, 0);
	assert_int_equal(pkt.hdr >> 54 & 0x3f, 0);
	close_q(&x);
}

/* ---- OPT_META ---- */

static void timestamp_comes_between_header_and_meta(void **st)
{
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[60];

	(void)st;
	wr(x.h, CSR_RPC_ACT_TBL0 + 60, ACT_HOST | 1u << 28 | 1u << 29);
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, true));
	drv_expect(x.d, &pkt, f, 60);
	assert_true(pkt.have_opt);
	assert_int_equal(pkt.opt & ((1ull << 40) - 1), ptp_at(x.h->c, x.h->c->now) & ((1ull << 40) - 1));
	assert_int_equal(pkt.opt >> 40, 0xc6003c);
	close_q(&x);
}

/* ---- rings: edges, drop modes, hostile values ---- */

static void ring_sizes(void **st)
{
	static const struct { unsigned int order, frames; } t[] = { { 6, 400 }, { 8, 1000 }, { 12, 5000 }, { 16, 70000 } };
	uint8_t f[1514];
	unsigned int i, k;

	(void)st;
	mk_tcp4(f, sizeof(f), 1);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct fix x = { host_new(), NULL };

		host_rules(x.h);
		x.d = drv_open(x.h, 0, t[i].order, t[i].order, t[i].order, LINUX_7, CTL1(256, 0, 0, 0, 0));
		drv_post(x.d, true, 48);
		drv_post(x.d, false, 48);
		for (k = 0; k < t[i].frames; k++) {
			assert_true(give(x.h, f, sizeof(f), true));
			drv_expect(x.d, &pkt, f, sizeof(f));
			if (((x.d->ppq.tail - x.d->ppq.head) & x.d->ppq.mask) < 40)
				drv_post(x.d, false, 1);
			if (((x.d->hpq.tail - x.d->hpq.head) & x.d->hpq.mask) < 24)
				drv_post(x.d, true, 1);
			qwr(x.h, 0, Q_RCQ_HEAD, x.d->rcq_head & x.d->rcq_mask);
		}
		assert_int_equal(x.h->lines, 0);
		close_q(&x);
	}
}

static void immediate_drops_and_counts(void **st)
{
	struct fix x = { host_new(), NULL };
	uint8_t f[60];
	unsigned int n;

	(void)st;
	host_rxb(x.h);
	host_rules(x.h);
	x.d = drv_open(x.h, 0, 6, 6, 6, LINUX_7, HDR_1536);
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, false));		/* nothing posted */
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 1);

	drv_post(x.d, true, 63);
	for (n = 0; n < 40; n++)
		assert_true(give(x.h, f, 60, false));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_CQ_DROP_CNT)), 40 - 31);	/* 63 entries, 2 each */
	assert_int_equal(rd(x.h, qcsr(0, Q_RCQ_PTRS)) >> 16, 62);
	close_q(&x);
}

static void never_waits_for_the_doorbell(void **st)
{
	struct fix x = { host_new(), NULL };
	uint8_t f[5000];
	unsigned int n;

	(void)st;
	host_rxb(x.h);
	host_rules(x.h);
	x.d = drv_open(x.h, 0, 6, 6, 6, CTL0(0, 2, 192, 320), HDR_1536);
	mk_tcp4(f, 5000, 1);
	for (n = 0; n < 5; n++)
		assert_true(give(x.h, f, 5000, false));
	run(x.h);
	assert_false(drv_poll(x.d, &pkt));
	assert_int_equal(rd(x.h, CSR_RXB_PBUF_FIFO_LEVEL + 4), 5 * 79);

	drv_post(x.d, true, 63);
	run(x.h);
	assert_false(drv_poll(x.d, &pkt));		/* payload needs a page too */
	drv_post(x.d, false, 63);
	assert_false(drv_poll(x.d, &pkt));		/* a doorbell does no DMA */
	run(x.h);
	for (n = 0; n < 5; n++)
		drv_expect(x.d, &pkt, f, 5000);
	assert_int_equal(rd(x.h, CSR_RXB_PBUF_FIFO_LEVEL + 4), 0);
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 0);
	close_q(&x);
}

static void wait_is_bounded(void **st)
{
	struct fix x = { host_new(), NULL };
	uint8_t f[60];

	(void)st;
	host_rxb(x.h);
	host_rules(x.h);
	x.d = drv_open(x.h, 0, 6, 6, 6, CTL0(0, 1, 192, 320), HDR_1536);
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, false));
	run(x.h);
	assert_true(rx_deadline(x.h->c) > x.h->now && rx_deadline(x.h->c) < x.h->now + 10000000);
	x.h->now = rx_deadline(x.h->c);
	run(x.h);
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 1);
	assert_int_equal(rd(x.h, CSR_RXB_PBUF_FIFO_LEVEL + 4), 0);
	assert_true(rx_deadline(x.h->c) == UINT64_MAX);
	close_q(&x);
}

static void no_payload_ring_drops(void **st)
{
	struct fix x = open_q(CTL0(0, 2, 192, 320), CTL1(256, 0, 0, 0, 0));
	uint8_t f[1000];

	(void)st;
	qwr(x.h, 0, Q_BDQ_CTL, 2);
	mk_tcp4(f, 1000, 1);
	assert_true(give(x.h, f, 1000, false));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 1);
	mk_tcp4(f, 200, 1);
	assert_true(give(x.h, f, 200, false));
	drv_expect(x.d, &pkt, f, 200);
	close_q(&x);
}

static void frame_larger_than_the_ring_never_waits(void **st)
{
	struct fix x = { host_new(), NULL };
	uint8_t *f = malloc(9742);

	(void)st;
	host_rxb(x.h);
	host_rules(x.h);
	x.d = drv_open(x.h, 0, 1, 1, 6, CTL0(0, 2, 192, 320), HDR_1536);
	drv_post(x.d, true, 1);
	drv_post(x.d, false, 1);
	mk_tcp4(f, 9742, 1);
	assert_true(give(x.h, f, 9742, false));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_PKT_ERR_CNT)), 1);
	assert_int_equal(BUGS(x.h, BLK_RDE), 1);
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, false));
	drv_expect(x.d, &pkt, f, 60);
	free(f);
	close_q(&x);
}

static void header_without_bytes_is_refused(void **st)
{
	struct fix x = open_q(CTL0(0, 2, 511, 511), 0);
	uint8_t f[5000];

	(void)st;
	mk_tcp4(f, 5000, 1);
	assert_true(give(x.h, f, 5000, false));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_PKT_ERR_CNT)), 1);
	assert_int_equal(BUGS(x.h, BLK_RDE), 1);
	close_q(&x);
}

/* More header bytes than fit between the rooms: the rest is payload */
static void header_is_cut_where_its_fragment_ends(void **st)
{
	static const uint32_t ctl1[] = { CTL1(8191, 0, 0, 0, 0), CTL1(3584, 0, 0, 0, 0), CTL1(3400, 0, 0, 0, 0) };
	static const struct { uint32_t hroom, troom, fits; } rooms[] = { { 511, 511, 3073 }, { 192, 320, 3520 } };
	uint8_t f[5000];
	unsigned int i, k;

	(void)st;
	mk_tcp4(f, 5000, 1);
	for (i = 0; i < ARRAY_SIZE(ctl1); i++)
		for (k = 0; k < ARRAY_SIZE(rooms); k++) {
			struct fix x = open_q(CTL0(0, 2, rooms[k].hroom, rooms[k].troom), ctl1[i]);
			uint32_t want = ctl1[i] >> 12 < rooms[k].fits ? ctl1[i] >> 12 : rooms[k].fits;

			assert_true(give(x.h, f, 5000, false));
			drv_expect(x.d, &pkt, f, 5000);
			assert_int_equal(pkt.hdr_len, want);
			assert_int_equal(BUGS(x.h, BLK_RDE), 0);
			close_q(&x);
		}
}

static void unmapped_memory_is_counted_and_skipped(void **st)
{
	struct fix x = open_q(CTL0(0, 2, 192, 320), CTL1(256, 0, 0, 0, 0));
	uint8_t f[1000];

	(void)st;
	mk_tcp4(f, 1000, 1);
	x.h->hole = x.d->ppq.page[0].addr;		/* payload page */
	assert_true(give(x.h, f, 1000, false));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_PKT_ERR_CNT)), 1);
	assert_false(drv_poll(x.d, &pkt));
	x.h->hole = x.d->rcq;				/* completion ring */
	assert_true(give(x.h, f, 1000, false));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_PKT_ERR_CNT)), 2);
	x.h->hole = 0;
	wr(x.h, CSR_PUL_OB_TLP_HDR_AW_CFG, 0);		/* DMA off */
	assert_true(give(x.h, f, 1000, false));
	wr(x.h, CSR_PUL_OB_TLP_HDR_AW_CFG, 1 << 18);
	assert_true(give(x.h, f, 1000, false));
	assert_true(drv_poll(x.d, &pkt));
	assert_memory_equal(pkt.data, f, 1000);
	assert_int_equal(BUGS(x.h, BLK_RDE), 3);
	close_q(&x);
}

static void bad_doorbells_are_ignored(void **st)
{
	struct host *h = host_new();
	struct drvq *d;

	(void)st;
	qwr(h, 3, Q_BDQ_HPQ_TAIL, 5);		/* off */
	qwr(h, 3, Q_BDQ_PPQ_TAIL, 5);
	assert_int_equal(BUGS(h, BLK_BDQ), 2);
	qwr(h, 3, Q_RCQ_HEAD, 1);
	assert_int_equal(BUGS(h, BLK_RCQ), 1);
	d = drv_open(h, 3, 6, 6, 6, LINUX_7, HDR_1536);
	qwr(h, 3, Q_BDQ_HPQ_TAIL, 64);
	qwr(h, 3, Q_BDQ_PPQ_TAIL, 0xffffffff);
	assert_int_equal(BUGS(h, BLK_BDQ), 4);
	qwr(h, 3, Q_RCQ_HEAD, 1);		/* beyond tail */
	qwr(h, 3, Q_RCQ_HEAD, 64);
	assert_int_equal(BUGS(h, BLK_RCQ), 3);
	assert_int_equal(rd(h, qcsr(3, Q_BDQ_HPQ_PTRS)) | rd(h, qcsr(3, Q_RCQ_PTRS)), 0);
	drv_free(d);
	host_free(h);
}

/* A frame for a queue that is off is gone: no count has it, the trace does */
static void a_queue_that_is_off_drops_and_tells(void **st)
{
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[100];

	(void)st;
	drv_post(x.d, true, 10);
	mk_tcp4(f, sizeof(f), 1);
	card_trace_mask(x.h->c, 1u << BLK_RDE);
	qwr(x.h, 0, Q_BDQ_CTL, 0);
	assert_true(give(x.h, f, sizeof(f), true));
	assert_int_equal(x.h->events, 1);
	assert_false(drv_poll(x.d, &pkt));
	assert_int_equal(rd(x.h, qcsr(0, Q_RDE_PKT_CNT)) | rd(x.h, qcsr(0, Q_RDE_BDQ_DROP_CNT)), 0);
	assert_int_equal(BUGS(x.h, BLK_RDE), 0);
	close_q(&x);
}

static void reset_forgets_everything(void **st)
{
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[60];

	(void)st;
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, true));
	assert_true(rd(x.h, qcsr(0, Q_BDQ_HPQ_PTRS)) == (1u << 16 | 255));
	qwr(x.h, 0, Q_BDQ_CTL, 1);
	qwr(x.h, 0, Q_RCQ_CTL, 1);
	assert_int_equal(rd(x.h, qcsr(0, Q_BDQ_CTL)), 1);	/* sticky */
	assert_int_equal(rd(x.h, qcsr(0, Q_RCQ_CTL)), 1);
	assert_int_equal(rd(x.h, qcsr(0, Q_BDQ_HPQ_PTRS)), 0);
	assert_int_equal(rd(x.h, qcsr(0, Q_BDQ_PPQ_PTRS)), 0);
	assert_int_equal(rd(x.h, qcsr(0, Q_RCQ_PTRS)), 0);
	assert_int_equal(rd(x.h, CSR_QM_HPQ_IDLE), 0xffffffff);

	/* started again: first header at the start of fragment 0, first lap */
	memset(host_ptr(x.h, x.d->rcq), 0, 8192);
	x.d->rcq_head = 0;
	x.d->hpq.head = x.d->hpq.tail = x.d->ppq.head = x.d->ppq.tail = 0;
	qwr(x.h, 0, Q_BDQ_CTL, 0x40000002);
	qwr(x.h, 0, Q_RCQ_CTL, 2);
	drv_post(x.d, true, 10);
	assert_true(give(x.h, f, 60, true));
	drv_expect(x.d, &pkt, f, 60);
	assert_int_equal(pkt.hdr, 0x80000100003c0000);
	close_q(&x);
}

static void size_and_base_are_taken_at_enable(void **st)
{
	struct fix x = open_q(LINUX_7, HDR_1536);
	uint8_t f[60];

	(void)st;
	qwr(x.h, 0, Q_RCQ_BAL, 0);
	qwr(x.h, 0, Q_RCQ_SIZE, 1);
	qwr(x.h, 0, Q_BDQ_HPQ_BAL, 0);
	mk_tcp4(f, 60, 1);
	assert_true(give(x.h, f, 60, true));
	drv_expect(x.d, &pkt, f, 60);
	close_q(&x);
}

/* Any value in any receive register at any time, descriptors full of noise: no crash, no hang */
static void hostile_registers_and_descriptors(void **st)
{
	static const uint16_t regs[] = {
		Q_RCQ_CTL, Q_RCQ_HEAD, Q_RCQ_SIZE, Q_RCQ_BAL, Q_RCQ_BAH, Q_BDQ_CTL, Q_BDQ_HPQ_TAIL, Q_BDQ_PPQ_TAIL,
		Q_BDQ_HPQ_SIZE, Q_BDQ_PPQ_SIZE, Q_BDQ_HPQ_BAL, Q_BDQ_PPQ_BAL, Q_BDQ_PPQ_BAH, Q_RDE_CTL0, Q_RDE_CTL1,
	};
	struct host *h = host_new();
	uint8_t *f = malloc(9750);
	uint32_t s = 31337, i, k;
	uint64_t delivered = 0;

	(void)st;
	host_rxb(h);
	host_rules(h);
	for (i = 0; i < HOST_SIZE / 8; i++) {	/* mostly addresses that exist */
		uint64_t bd = (uint64_t)rnd32(&s) << 32 | rnd32(&s);

		if (rnd32(&s) % 8)
			bd = (bd & 0xffff000000000000) | (HOST_BASE + (bd & 0xfff000));
		memcpy(h->mem + i * 8, &bd, 8);
	}
	for (i = 0; i < 256; i++)
		wr(h, CSR_RPC_RSS_TBL + i, i % 3);
	for (i = 0; i < 100000; i++) {
		unsigned int q = rnd32(&s) % 3;
		size_t len = 54 + rnd32(&s) % (rnd32(&s) % 4 ? 1500 : 9690);

		for (k = rnd32(&s) % 4; k; k--) {
			uint32_t reg = regs[rnd32(&s) % ARRAY_SIZE(regs)], val = rnd32(&s);

			if (reg == Q_RCQ_BAL || reg == Q_BDQ_HPQ_BAL || reg == Q_BDQ_PPQ_BAL)
				val = HOST_BASE + val % (HOST_SIZE + 4096);
			else if (reg == Q_RCQ_CTL)
				val = rnd32(&s) % 16 ? 2 : val;
			else if (reg == Q_BDQ_CTL)
				val = rnd32(&s) % 16 ? 0x40000002 : val;
			else if (reg == Q_RCQ_BAH || reg == Q_BDQ_PPQ_BAH)
				val = rnd32(&s) % 64 ? 0 : val;
			else if (reg == Q_RCQ_HEAD && rnd32(&s) % 4)
				val = rd(h, qcsr(q, Q_RCQ_PTRS)) >> 16;
			else if (reg == Q_BDQ_HPQ_TAIL || reg == Q_BDQ_PPQ_TAIL)
				val &= rnd32(&s) & 1 ? 0xff : 0xffff;
			qwr(h, q, reg, val);
		}
		mk_tcp4(f, len, i + 1);
		put16(f + 34, rnd32(&s) & 0xff);
		h->now += rnd32(&s) % 100000;
		give(h, f, len, rnd32(&s) & 1);
		run(h);
	}
	for (k = 0; k < 3; k++)
		delivered += rd(h, qcsr(k, Q_RDE_PKT_CNT));
	assert_true(delivered > 5000);
	free(f);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_placement_table),
		cmocka_unit_test(descriptors_are_encoded_as_in_the_contract),
		cmocka_unit_test(l2_csum_example),
		cmocka_unit_test(l4_checksum_is_vouched_for),
		cmocka_unit_test(first_lap_has_done_set_then_clear),
		cmocka_unit_test(every_size_linux_7),
		cmocka_unit_test(every_size_linux_6_12),
		cmocka_unit_test(every_size_split),
		cmocka_unit_test(every_size_copied),
		cmocka_unit_test(every_size_cut_mappings),
		cmocka_unit_test(every_size_packed),
		cmocka_unit_test(every_size_packed_by_rss),
		cmocka_unit_test(random_geometry),
		cmocka_unit_test(split_follows_the_hint),
		cmocka_unit_test(split_keeps_padding_with_the_header),
		cmocka_unit_test(split_header_beyond_max_overflows),
		cmocka_unit_test(no_split_ignores_the_hint),
		cmocka_unit_test(timestamp_comes_between_header_and_meta),
		cmocka_unit_test(ring_sizes),
		cmocka_unit_test(immediate_drops_and_counts),
		cmocka_unit_test(never_waits_for_the_doorbell),
		cmocka_unit_test(wait_is_bounded),
		cmocka_unit_test(no_payload_ring_drops),
		cmocka_unit_test(frame_larger_than_the_ring_never_waits),
		cmocka_unit_test(header_without_bytes_is_refused),
		cmocka_unit_test(header_is_cut_where_its_fragment_ends),
		cmocka_unit_test(unmapped_memory_is_counted_and_skipped),
		cmocka_unit_test(bad_doorbells_are_ignored),
		cmocka_unit_test(a_queue_that_is_off_drops_and_tells),
		cmocka_unit_test(reset_forgets_everything),
		cmocka_unit_test(size_and_base_are_taken_at_enable),
		cmocka_unit_test(hostile_registers_and_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
