/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: copying from spans, and cutting large sends, checked header by header. */
#include <errno.h>
#include <netinet/in.h>

#include "test_wire.h"

#define HDRS	300

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t add(uint32_t acc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		acc += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

/* The shape of a large send, and what is checked of each segment */
struct shape {
	const char	*ip;		/* IP headers, outermost first: '4', '6', or 'x': 6 with an extension */
	bool		vlan, udp;
	uint16_t	mss;
	size_t		payload;
};

struct check {
	const struct shape	*s;
	struct frame_lso	lso;
	uint8_t			data[HDRS + 70000];
	size_t			done;
	unsigned int		segs;
};

/* Headers into c->data */
static void build(struct check *c)
{
	uint8_t *p = c->data, proto = c->s->udp ? IPPROTO_UDP : IPPROTO_TCP;
	size_t o = 14;

	memset(p, 0, HDRS);
	put16(p + 12, c->s->ip[0] == '4' ? 0x0800 : 0x86dd);
	if (c->s->vlan) {
		put16(p + 16, get16(p + 12));
		put16(p + 12, 0x8100);
		o = 18;
	}
	for (const char *k = c->s->ip; *k; k++) {
		uint8_t next = !k[1] ? proto : k[1] == '4' ? IPPROTO_IPIP : IPPROTO_IPV6;

		if (*k == '4') {
			p[o] = 0x45;
			put16(p + o + 4, 0xfffe);	/* the identification wraps */
			p[o + 8] = 64;
			p[o + 9] = next;
			memcpy(p + o + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
			o += 20;
			continue;
		}
		p[o] = 0x60;
		p[o + 6] = *k == 'x' ? IPPROTO_DSTOPTS : next;
		p[o + 7] = 64;
		for (int i = 0; i < 32; i++)
			p[o + 8 + i] = (uint8_t)(0x20 + i);
		o += 40;
		if (*k == 'x') {
			p[o] = next;
			p[o + 1] = 1;
			o += 16;
		}
	}
	c->lso.l4_start = (uint16_t)o;
	if (!c->s->udp) {
		memcpy(p + o + 4, "\xff\xff\xff\x00", 4);	/* the sequence number wraps */
		p[o + 12] = 0x80;
		p[o + 13] = 0x99;	/* CWR, ACK, PSH, FIN */
		memset(p + o + 20, 1, 12);
	}
	o += c->s->udp ? 8 : 32;
	c->lso.hdr_len = (uint16_t)o;
	c->lso.mss = c->s->mss;
	c->lso.udp = c->s->udp;
	c->lso.csum_offset = c->s->udp ? 6 : 16;
	c->lso.ipv6 = c->s->ip[strlen(c->s->ip) - 1] != '4';
	for (size_t i = 0; i < c->s->payload; i++)
		p[o + i] = (uint8_t)(i * 3 + (i >> 8));
}

static void check_seg(void *arg, const uint8_t *seg, size_t len)
{
	struct check *c = arg;
	size_t n = len - c->lso.hdr_len, o = c->s->vlan ? 18 : 14, l4 = c->lso.l4_start;
	bool last = c->done + n == c->s->payload;
	uint32_t acc = (c->s->udp ? 17 : 6) + (uint32_t)(len - l4);
	const uint8_t *h = seg + l4;

	assert_true(len > c->lso.hdr_len);
	assert_true(n == c->s->mss || last);
	assert_memory_equal(seg + c->lso.hdr_len, c->data + c->lso.hdr_len + c->done, n);
	for (const char *k = c->s->ip; *k; k++) {
		if (*k == '4') {
			assert_int_equal(get16(seg + o + 2), len - o);
			assert_int_equal(get16(seg + o + 4), (0xfffe + c->segs) & 0xffff);
			assert_int_equal(add(0, seg + o, 20), 0xffff);
			acc = k[1] ? acc : add(acc, seg + o + 12, 8);
			o += 20;
		} else {
			assert_int_equal(get16(seg + o + 4), len - o - 40);
			acc = k[1] ? acc : add(acc, seg + o + 8, 32);
			o += *k == 'x' ? 56 : 40;
		}
	}
	assert_int_equal(o, l4);
	assert_int_equal(add(acc, h, len - l4), 0xffff);
	if (c->s->udp) {
		assert_int_equal(get16(h + 4), len - l4);
	} else {
		assert_int_equal((uint32_t)get16(h + 4) << 16 | get16(h + 6), 0xffffff00 + (uint32_t)c->done);
		assert_int_equal(h[13], 0x10 | (c->done ? 0 : 0x80) | (last ? 0x09 : 0));
	}
	c->done += n;
	c->segs++;
}

static int cut(struct check *c, size_t total)
{
	static uint8_t seg[WIRE_MAX_FRAME];
	struct span s[3] = { { c->data, 20 }, { c->data + 20, 300 }, { c->data + 320, total - 320 } };
	struct frame f = { .span = s, .nspans = 3, .len = (uint32_t)total, .flags = FRAME_LSO, .lso = c->lso };

	c->done = c->segs = 0;
	return frame_cut(&f, seg, sizeof(seg), check_seg, c);
}

static void segments_are_right_in_every_shape(void **state)
{
	static const struct shape shapes[] = {
		{ "4", false, false, 1448, 64000 },
		{ "4", true, false, 1448, 64000 },
		{ "6", false, false, 1428, 65000 },
		{ "6", true, false, 8928, 65000 },
		{ "x", false, false, 1000, 5000 },
		{ "66", false, false, 1388, 60000 },
		{ "64", false, false, 1388, 60001 },
		{ "46", false, false, 1387, 60000 },
		{ "4", false, true, 1472, 64000 },
		{ "6", false, true, 32, 999 },
		{ "66", true, true, 1203, 1204 },
		{ "4", false, false, 1448, 1448 },
		{ "4", false, false, 1448, 1449 },
		{ "4", false, true, 9000, 400 },
	};
	static struct check c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];

		c.s = s;
		build(&c);
		assert_int_equal(cut(&c, c.lso.hdr_len + s->payload), 0);
		assert_int_equal(c.done, s->payload);
		assert_int_equal(c.segs, (s->payload + s->mss - 1) / s->mss);
	}
}

static void what_can_not_be_cut_is_refused(void **state)
{
	static const struct shape tcp = { "4", false, false, 1000, 5000 };
	static struct check c;
	struct frame_lso good;
	size_t total;

	(void)state;
	c.s = &tcp;
	build(&c);
	good = c.lso;
	total = c.lso.hdr_len + 5000u;
#define REFUSED(field, val)	do {			\
		c.lso = good;				\
		c.lso.field = (val);			\
		assert_int_equal(cut(&c, total), -EINVAL); \
		assert_int_equal(c.segs, 0);		\
	} while (0)
	REFUSED(mss, 0);
	REFUSED(mss, 31);
	REFUSED(mss, 65535);
	REFUSED(hdr_len, 0);
	REFUSED(hdr_len, 53);
	REFUSED(hdr_len, 257);
	REFUSED(l4_start, 0);
	REFUSED(l4_start, 35);
	REFUSED(l4_start, 60000);
	REFUSED(udp, true);
	c.lso = good;
	c.data[14] = 0x44;		/* a header length that can't be */
	assert_int_equal(cut(&c, total), -EINVAL);
	c.data[14] = 0x75;
	assert_int_equal(cut(&c, total), -EINVAL);
	for (size_t i = 12; i < 34; i += 4)	/* VLAN tags without end */
		put16(c.data + i, 0x8100);
	assert_int_equal(cut(&c, total), -EINVAL);
}

static void copy_takes_any_part_of_any_spans(void **state)
{
	uint8_t data[100], out[100];
	struct span s[5] = { { data, 0 }, { data, 1 }, { data + 1, 50 }, { NULL, 0 }, { data + 51, 49 } };
	struct frame f = { .span = s, .nspans = 5, .len = 100 };

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		data[i] = (uint8_t)i;
	for (size_t off = 0; off <= 100; off++) {
		for (size_t len = 0; len <= 100; len++) {
			size_t want = off + len > 100 ? 100 - off : len;

			assert_int_equal(frame_copy(&f, off, out, len), want);
			assert_memory_equal(out, data + (off < 100 ? off : 0), off < 100 ? want : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_right_in_every_shape),
		cmocka_unit_test(what_can_not_be_cut_is_refused),
		cmocka_unit_test(copy_takes_any_part_of_any_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
