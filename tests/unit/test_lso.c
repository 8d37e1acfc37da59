/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksum offload and segmentation against an independent reference.
 *
 * The reference does not cut packets: emit() makes one wire packet from
 * scratch, with lengths and checksums as the RFCs say.  The send is what the
 * Linux stack and driver make of it (pseudo-header sum without the length in
 * the checksum field); each segment must equal the packet that emit() makes
 * with that segment's id, sequence number, flags and payload.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/card/csum.h"
#include "../../src/card/lso.h"

#define LSO_CTRL	(0x009u | 0x089u << 9 | 0x080u << 18 | 1u << 27)	/* what the driver writes */
#define FIN	0x01
#define PSH	0x08
#define ACK	0x10
#define CWR	0x80

static uint32_t rnd_state = 7;

static uint32_t rnd(void)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return rnd_state >> 8;
}

enum l3 { V4, V6, V6V6, TUNNEL };	/* TUNNEL: VXLAN over IPv4, "other" to the card */

struct shape {
	enum l3		l3;
	bool		inner4;		/* TUNNEL: inner packet is IPv4 */
	bool		udp;
	unsigned int	vlans;
	unsigned int	ip_opt;		/* IPv4 options, or IPv6 extension headers */
	unsigned int	outer_ext;
	unsigned int	tcp_opt;
	unsigned int	hdr[3];		/* lengths that emit() found: L2, outer L3, inner L3 */
	unsigned int	l4, l4len;
};

static void w16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void w32(uint8_t *p, uint32_t v)
{
	w16(p, v >> 16);
	w16(p + 2, v & 0xffff);
}

static uint32_t add_be(const uint8_t *p, size_t len, uint32_t sum)
{
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static unsigned int ipv4(uint8_t *p, unsigned int opt, uint32_t id, uint8_t proto, uint32_t len)
{
	unsigned int i;

	memset(p, 0, 20 + opt);
	p[0] = (uint8_t)(0x40 | (20 + opt) / 4);
	w16(p + 2, 20 + opt + len);
	w16(p + 4, id & 0xffff);
	p[6] = 0x40;
	p[8] = 64;
	p[9] = proto;
	w32(p + 12, 0x0a000001);
	w32(p + 16, 0xc0a8fe02);
	for (i = 0; i < opt; i++)
		p[20 + i] = (uint8_t)(1 + i * 37);
	w16(p + 10, ~add_be(p, 20 + opt, 0) & 0xffff);
	return 20 + opt;
}

static unsigned int ipv6(uint8_t *p, unsigned int ext, uint8_t proto, uint32_t len)
{
	unsigned int i;

	memset(p, 0, 40 + ext);
	p[0] = 0x60;
	w16(p + 4, ext + len);
	p[6] = ext ? 60 : proto;	/* one destination options header, padded */
	p[7] = 64;
	for (i = 0; i < 32; i++)
		p[8 + i] = (uint8_t)(0x20 + 7 * i);
	if (ext) {
		p[40] = proto;
		p[41] = (uint8_t)(ext / 8 - 1);
		p[42] = 1;
		p[43] = (uint8_t)(ext - 4);
	}
	return 40 + ext;
}

/*
 * One packet on the wire.  @seglen: payload length that the headers tell of
 * (GSO_PARTIAL writes those of a segment into the send).  Returns its length.
 */
static unsigned int emit(struct shape *s, uint8_t *b, uint32_t id, uint32_t seq, unsigned int flags,
			 const uint8_t *data, uint32_t len, uint32_t seglen)
{
	unsigned int o = 12, i, ip, l4len = s->udp ? 8 : 20 + s->tcp_opt;
	uint8_t proto = s->udp ? 17 : 6;
	bool four = s->l3 == V4 || (s->l3 == TUNNEL && s->inner4);
	uint32_t inner, sum;
	uint8_t *l4;

	for (i = 0; i < 12; i++)
		b[i] = (uint8_t)(2 + i);
	for (i = 0; i < s->vlans; i++, o += 4)
		w32(b + o, 0x81000000 + i + 5);
	w16(b + o, s->l3 == V4 || s->l3 == TUNNEL ? 0x0800 : 0x86dd);
	o += 2;
	s->hdr[0] = o;
	s->hdr[1] = 0;
	inner = (four ? 20 : 40) + s->ip_opt + l4len + seglen;
	if (s->l3 == V6V6) {
		s->hdr[1] = ipv6(b + o, s->outer_ext, 41, inner);
		o += s->hdr[1];
	}
	ip = o;
	if (s->l3 == TUNNEL) {
		o += ipv4(b + o, 0, 77, 17, 8 + 8 + 14 + inner);
		w16(b + o, 5555);
		w16(b + o + 2, 4789);
		w16(b + o + 4, 8 + 8 + 14 + inner);
		w16(b + o + 6, 0xbeef);		/* the stack's business: the card must not touch it */
		memset(b + o + 8, 0x11, 8 + 12);
		w16(b + o + 28, four ? 0x0800 : 0x86dd);
		o += 30;
	}
	i = o;
	o += four ? ipv4(b + o, s->ip_opt, s->l3 == TUNNEL ? 99 : id, proto, l4len + seglen)
		  : ipv6(b + o, s->ip_opt, proto, l4len + seglen);
	s->hdr[2] = o - ip;
	s->l4 = o;
	s->l4len = l4len;

	l4 = b + o;
	memset(l4, 0, l4len);
	w16(l4, 1234);
	w16(l4 + 2, 80);
	if (s->udp) {
		w16(l4 + 4, 8 + len);
	} else {
		w32(l4 + 4, seq);
		w32(l4 + 8, 0x55667788);
		w16(l4 + 12, (l4len / 4) << 12 | flags);
		w16(l4 + 14, 500);
		memset(l4 + 20, 0x01, l4len - 20);
	}
	memcpy(l4 + l4len, data, len);

	sum = four ? add_be(b + i + 12, 8, 0) : add_be(b + i + 8, 32, 0);
	sum += proto + l4len + len;
	sum = add_be(l4, l4len + len, (sum & 0xffff) + (sum >> 16));
	w16(l4 + (s->udp ? 6 : 16), (~sum & 0xffff) ? ~sum & 0xffff : 0xffff);
	return o + l4len + len;
}

/* What the driver leaves in the checksum field: @with_len for plain CHECKSUM_PARTIAL */
static uint32_t pseudo(const struct shape *s, const uint8_t *b, uint32_t len)
{
	bool four = s->l3 == V4 || (s->l3 == TUNNEL && s->inner4);
	const uint8_t *ip = b + s->l4 - s->ip_opt - (four ? 20 : 40);
	uint32_t sum = (four ? add_be(ip + 12, 8, 0) : add_be(ip + 8, 32, 0)) + (s->udp ? 17 : 6) + len;

	return (sum & 0xffff) + (sum >> 16);
}

static uint64_t meta_of(const struct shape *s, uint32_t mss)
{
	static const uint64_t l3[] = { [V4] = 1, [V6] = 2, [V6V6] = 3, [TUNNEL] = 0 };

	return s->hdr[0] / 2 | l3[s->l3] << 6 | (uint64_t)s->hdr[1] / 2 << 8 | (uint64_t)s->hdr[2] / 2 << 16 |
	       (s->udp ? 3ull : 8ull) << 24 | (uint64_t)s->l4len / 4 << 28 |
	       (s->udp ? 2ull : 1ull) << 32 | 1ull << 35 | (uint64_t)mss << 48;
}

/* Cuts @p at random places into exact-size allocations */
static unsigned int scatter(struct span *sp, unsigned int max, const uint8_t *p, uint32_t len)
{
	unsigned int n = 0;
	uint32_t pos = 0, step = 1 + rnd() % (2 * len / max + 2);

	while (pos < len) {
		uint32_t part = 1 + rnd() % (2 * step);
		uint8_t *copy;

		if (n == max - 1 || part > len - pos)
			part = len - pos;
		copy = malloc(part);
		memcpy(copy, p + pos, part);
		sp[n++] = (struct span){ copy, part };
		pos += part;
	}
	return n;
}

static void scatter_free(struct span *sp, unsigned int n)
{
	while (n--)
		free((void *)(uintptr_t)sp[n].base);
}

static uint32_t flatten(uint8_t *out, const struct span *sp, unsigned int n)
{
	uint32_t len = 0;

	for (; n--; sp++) {
		memcpy(out + len, sp->base, sp->len);
		len += (uint32_t)sp->len;
	}
	return len;
}

static void random_shape(struct shape *s)
{
	bool four;

	memset(s, 0, sizeof(*s));
	s->l3 = rnd() % 4;
	s->inner4 = rnd() % 2;
	four = s->l3 == V4 || (s->l3 == TUNNEL && s->inner4);
	s->udp = rnd() % 3 == 0;
	s->vlans = rnd() % 3;
	s->ip_opt = rnd() % 2 ? 0 : four ? 4 * (rnd() % 11) : 8 * (rnd() % 5);
	s->outer_ext = s->l3 == V6V6 ? 8 * (rnd() % 3) : 0;
	s->tcp_opt = s->udp ? 0 : 4 * (rnd() % 11);
}

struct send {
	struct shape	s;
	uint32_t	len, mss, id, seq;
	unsigned int	flags;
	uint32_t	packet;		/* its length */
	uint8_t		data[70000];
	uint8_t		buf[72000];
};

static struct send *random_send(struct send *t)
{
	uint32_t i;

	random_shape(&t->s);
	t->mss = rnd() % 8 ? 1 + rnd() % 2000 : 1 + rnd() % 9000;
	t->len = rnd() % 4 ? 1 + rnd() % 6000 : 1 + rnd() % 60000;
	if (t->len / t->mss > 200)
		t->len = t->mss * 200 + 1;
	if (t->s.l3 == TUNNEL)		/* GSO_PARTIAL: all segments are equal */
		t->len = t->mss * (1 + t->len / t->mss % (60000 / t->mss));
	t->id = rnd() % 2 ? 0xfff0 : rnd() & 0xffff;
	t->seq = rnd() % 2 ? 0xfffff000 : rnd();
	t->flags = ACK | (rnd() % 2 ? PSH : 0) | (rnd() % 2 ? FIN : 0) | (rnd() % 2 ? CWR : 0) |
		   (rnd() % 4 ? 0 : 0x100);
	for (i = 0; i < t->len; i++)
		t->data[i] = rnd() % 4 ? (uint8_t)rnd() : 0;
	t->packet = emit(&t->s, t->buf, t->id, t->seq, t->flags, t->data, t->len,
			 t->s.l3 == TUNNEL ? t->mss : t->len);
	w16(t->buf + t->s.l4 + (t->s.udp ? 6 : 16), pseudo(&t->s, t->buf, 0));
	return t;
}

static unsigned int expected_flags(const struct send *t, uint32_t k, uint32_t n)
{
	if (n == 1)
		return t->flags;
	if (k == 0)
		return t->flags & ~(unsigned int)(PSH | FIN);
	return t->flags & ~(unsigned int)(k + 1 < n ? PSH | FIN | CWR : CWR);
}

static void segments_equal_the_reference(void **state)
{
	static struct send t;
	static uint8_t want[72000], got[72000];
	unsigned int round;

	(void)state;
	for (round = 0; round < 4000; round++) {
		struct span in[48], out[49];
		uint8_t hdr[LSO_MAX_HDR];
		struct lso l;
		unsigned int n;
		uint32_t k, segs;

		random_send(&t);
		n = scatter(in, 48, t.buf, t.packet);
		segs = (t.len + t.mss - 1) / t.mss;
		assert_null(lso_start(&l, meta_of(&t.s, t.mss), LSO_CTRL, in, n, t.packet));
		assert_int_equal(l.nsegs, segs);
		for (k = 0; k < segs; k++) {
			uint32_t part = t.len - k * t.mss < t.mss ? t.len - k * t.mss : t.mss;
			uint32_t len = emit(&t.s, want, t.id + k, t.seq + k * t.mss, expected_flags(&t, k, segs),
					    t.data + k * t.mss, part, part);

			if (rnd() % 4 == 0)	/* as after back-pressure */
				lso_seek(&l, k);
			assert_int_equal(flatten(got, out, lso_segment(&l, k, hdr, out)), len);
			assert_memory_equal(got, want, len);
		}
		scatter_free(in, n);
	}
}

static void uncut_equals_one_big_packet(void **state)
{
	static struct send t;
	static uint8_t want[72000], got[72000];
	unsigned int round, done = 0;

	(void)state;
	for (round = 0; round < 3000; round++) {
		struct span in[48], out[49];
		uint8_t hdr[LSO_MAX_HDR];
		struct frame_lso info;
		struct lso l;
		bool partial = rnd() % 2, ok;
		unsigned int n;
		uint32_t len;

		random_send(&t);
		n = scatter(in, 48, t.buf, t.packet);
		assert_null(lso_start(&l, meta_of(&t.s, t.mss), LSO_CTRL, in, n, t.packet));
		ok = (t.s.l3 == V4 || t.s.l3 == V6) && t.len > t.mss;
		assert_int_equal(lso_whole_ok(&l), ok);
		if (ok) {
			len = emit(&t.s, want, t.id, t.seq, t.flags, t.data, t.len, t.len);
			if (partial)
				w16(want + t.s.l4 + (t.s.udp ? 6 : 16), pseudo(&t.s, want, t.s.l4len + t.len));
			assert_int_equal(flatten(got, out, lso_whole(&l, partial, hdr, out, &info)), len);
			assert_memory_equal(got, want, len);
			assert_int_equal(info.mss, t.mss);
			assert_int_equal(info.hdr_len, t.s.l4 + t.s.l4len);
			assert_int_equal(info.l4_start, t.s.l4);
			assert_int_equal(info.csum_offset, t.s.udp ? 6 : 16);
			assert_int_equal(info.ipv6, t.s.l3 == V6);
			assert_int_equal(info.udp, t.s.udp);
			done++;
		}
		scatter_free(in, n);
	}
	assert_true(done > 500);
}

static void checksum_offload_equals_the_reference(void **state)
{
	static struct send t;
	static uint8_t want[72000], got[72000];
	unsigned int round;

	(void)state;
	for (round = 0; round < 4000; round++) {
		struct span in[31], out[32];
		uint8_t hdr[CSO_MAX_HDR];
		unsigned int n, nout;
		uint32_t len;

		random_shape(&t.s);
		t.len = rnd() % 9000;
		for (len = 0; len < t.len; len++)
			t.data[len] = (uint8_t)rnd();
		len = emit(&t.s, want, 5, 6, ACK, t.data, t.len, t.len);
		memcpy(t.buf, want, len);
		w16(t.buf + t.s.l4 + (t.s.udp ? 6 : 16), pseudo(&t.s, want, t.s.l4len + t.len));
		n = scatter(in, 31, t.buf, len);
		/* the stack gives no types; the outer header counts as L3 */
		assert_null(cso_build((t.s.hdr[0] / 2) | (uint64_t)(t.s.hdr[1] + t.s.hdr[2]) / 2 << 16 |
				      (t.s.udp ? 3ull : 8ull) << 24, in, n, len, hdr, out, &nout));
		assert_true(nout <= n + 1);
		assert_int_equal(flatten(got, out, nout), len);
		assert_memory_equal(got, want, len);
		scatter_free(in, n);
	}
}

/* A sum of 0xffff gives field 0, which is stored as 0xffff */
static void checksum_zero_is_stored_as_ones(void **state)
{
	uint8_t pkt[60] = { 0 }, hdr[CSO_MAX_HDR];
	struct span in = { pkt, sizeof(pkt) }, out[2];
	unsigned int n;

	(void)state;
	pkt[34] = pkt[35] = 0xff;
	assert_null(cso_build(7 | 10 << 16 | 3ull << 24, &in, 1, sizeof(pkt), hdr, out, &n));
	assert_int_equal(hdr[40], 0xff);
	assert_int_equal(hdr[41], 0xff);
}

static void checksum_field_must_be_inside(void **state)
{
	uint8_t pkt[60] = { 0 }, hdr[CSO_MAX_HDR];
	struct span in = { pkt, sizeof(pkt) }, out[2];
	unsigned int n;

	(void)state;
	/* start 58: the field is the last two bytes; a step further it is not */
	assert_null(cso_build(7 | 22 << 16, &in, 1, sizeof(pkt), hdr, out, &n));
	assert_int_equal(n, 1);
	assert_non_null(cso_build(7 | 23 << 16, &in, 1, sizeof(pkt), hdr, out, &n));
	assert_non_null(cso_build(7 | 22 << 16 | 1 << 24, &in, 1, sizeof(pkt), hdr, out, &n));
	assert_non_null(cso_build(0x3f | 0xffff00 | 15 << 24, &in, 1, sizeof(pkt), hdr, out, &n));
}

#define META(l2, t3, o, i, co, h4, t4, mss) \
	((l2) | (t3) << 6 | (o) << 8 | (i) << 16 | (uint64_t)(co) << 24 | (uint64_t)(h4) << 28 | \
	 (uint64_t)(t4) << 32 | (uint64_t)(mss) << 48)

static void senseless_sends_are_refused(void **state)
{
	static uint8_t pkt[4000];
	static const struct {
		uint64_t meta;
		uint32_t len;
		bool ok;
	} t[] = {
		{ META(7, 1, 0, 10, 8, 5, 1, 1448), 4000, true },
		{ META(7, 1, 0, 10, 8, 5, 1, 1448), 54, true },		/* no payload */
		{ META(7, 1, 0, 10, 8, 5, 1, 1448), 53, false },	/* headers cut */
		{ META(7, 1, 0, 10, 8, 5, 1, 0), 4000, false },		/* MSS 0 */
		{ META(7, 1, 0, 10, 8, 4, 1, 100), 4000, false },	/* TCP header of 16 */
		{ META(7, 1, 0, 10, 8, 0, 1, 100), 4000, false },
		{ META(7, 1, 0, 10, 3, 1, 2, 100), 4000, false },	/* UDP header of 4 */
		{ META(7, 1, 0, 10, 3, 2, 2, 100), 4000, true },
		{ META(7, 1, 0, 10, 4, 2, 2, 100), 4000, false },	/* field behind the header */
		{ META(7, 1, 0, 10, 10, 5, 1, 100), 4000, false },
		{ META(7, 1, 0, 9, 8, 5, 1, 100), 4000, false },	/* IPv4 header of 18 */
		{ META(7, 2, 0, 19, 8, 5, 1, 100), 4000, false },	/* IPv6 header of 38 */
		{ META(7, 2, 0, 20, 8, 5, 1, 100), 4000, true },
		{ META(7, 3, 0, 20, 8, 5, 1, 100), 4000, false },	/* no outer header */
		{ META(7, 3, 20, 20, 8, 5, 1, 100), 4000, true },
		{ META(7, 0, 0, 0, 8, 5, 1, 100), 4000, true },		/* other: anything goes */
		{ META(7, 1, 0, 10, 8, 5, 3, 100), 4000, false },	/* L4_TYPE 3 */
		{ META(63, 3, 255, 255, 8, 15, 1, 100), 4000, true },	/* the longest header */
		{ META(63, 3, 255, 255, 8, 15, 1, 16383), 1206, true },
	};
	struct span in = { pkt, sizeof(pkt) }, out[2];
	uint8_t hdr[LSO_MAX_HDR];
	struct lso l;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *err;

		in.len = t[i].len;
		err = lso_start(&l, t[i].meta, LSO_CTRL, &in, 1, t[i].len);
		assert_int_equal(!err, t[i].ok);
		if (!err)
			assert_true(lso_segment(&l, 0, hdr, out) <= 2);
	}
}

static void id_stays_without_the_increment_bit(void **state)
{
	static struct send t;
	struct span in, out[2];
	uint8_t hdr[LSO_MAX_HDR];
	struct lso l;

	(void)state;
	do {
		random_send(&t);
	} while (t.s.l3 != V4 || t.len < 2 * t.mss);
	in = (struct span){ t.buf, t.packet };
	assert_null(lso_start(&l, meta_of(&t.s, t.mss), LSO_CTRL & ~(1u << 27), &in, 1, t.packet));
	lso_segment(&l, 0, hdr, out);
	lso_segment(&l, 1, hdr, out);
	assert_int_equal(hdr[t.s.hdr[0] + 4] << 8 | hdr[t.s.hdr[0] + 5], t.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_equal_the_reference),
		cmocka_unit_test(uncut_equals_one_big_packet),
		cmocka_unit_test(checksum_offload_equals_the_reference),
		cmocka_unit_test(checksum_zero_is_stored_as_ones),
		cmocka_unit_test(checksum_field_must_be_inside),
		cmocka_unit_test(senseless_sends_are_refused),
		cmocka_unit_test(id_stays_without_the_increment_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
