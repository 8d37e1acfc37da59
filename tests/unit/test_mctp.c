// SPDX-License-Identifier: GPL-2.0-or-later
/* MCTP: frames with every kind of stuffing and damage, packets that get lost, control messages, PLDM both ways */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/bmc/mctp.h"

#define EID	9
#define BMC	8

static struct mctp *m;
static struct mctp_line rx;			/* the BMC's end of the line */
static uint8_t packet[64][255];
static size_t packet_len[64];
static unsigned int npackets;

/* What the owner of the endpoint says and saw */
static int answer_len;				/* of a request; negative: refused, or pending */
static uint8_t asked[2000];
static size_t asked_len;
static unsigned int requests;
static int pending_len;
static int reply_ret;
static uint8_t replied[2000];
static size_t replied_len;
static unsigned int replies, events[3];

/* ---- around it ---- */

static void on_send(void *ctx, const uint8_t *p, size_t len)
{
	(void)ctx;
	assert_in_range(len, 6 + 5, MCTP_FRAME_MAX);
	for (size_t i = 0; i < len; i++) {
		enum mctp_line_result r = mctp_line_push(&rx, p[i]);

		assert_int_equal(r, i + 1 == len ? LINE_FRAME : LINE_MORE);
	}
	assert_true(npackets < 64);
	memcpy(packet[npackets], rx.buf, rx.len);
	packet_len[npackets++] = rx.len;
}

static int on_request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	(void)ctx;
	requests++;
	memcpy(asked, req, len);
	asked_len = len;
	assert_int_equal(cap, MCTP_MESSAGE_MAX);
	if (answer_len <= 0)
		return answer_len;
	for (int i = 0; i < answer_len; i++)
		rsp[i] = (uint8_t)(i * 5);
	rsp[3] = 0;
	return answer_len;
}

static int on_pending(void *ctx, uint8_t *req, size_t cap)
{
	int n = pending_len;

	(void)ctx;
	assert_true(cap >= MCTP_MESSAGE_MAX);
	if (n > 0)
		memset(req, 0x77, (size_t)n);
	pending_len = 0;
	return n;
}

static int on_reply(void *ctx, const uint8_t *rsp, size_t len)
{
	(void)ctx;
	replies++;
	memcpy(replied, rsp, len);
	replied_len = len;
	return reply_ret;
}

static void on_event(void *ctx, const struct mctp_event *ev)
{
	(void)ctx;
	assert_non_null(ev->name);
	events[ev->kind]++;
}

static int setup(void **st)
{
	const struct mctp_env env = { NULL, on_send, on_request, on_pending, on_reply, on_event };
	const struct mctp_config cfg = { .eid = EID, .uuid = "0123456789abcde" };

	(void)st;
	m = calloc(1, mctp_size());
	assert_non_null(m);
	assert_int_equal(mctp_init(m, &cfg, &env), 0);
	memset(&rx, 0, sizeof(rx));
	npackets = requests = replies = 0;
	answer_len = pending_len = reply_ret = 0;
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	free(m);
	return 0;
}

/* ---- a BMC: packets ---- */

static void packet_raw(const uint8_t *p, size_t len)
{
	uint8_t f[600];
	size_t n;

	/* our own framing is for short packets; a longer one is made here */
	n = mctp_line_frame(f, p, len);
	mctp_input(m, f, n);
}

/* flags: 0x80 first, 0x40 last, 5:4 sequence, 3 owner, 2:0 tag */
static void send_packet(uint8_t dst, uint8_t src, uint8_t flags, const void *p, size_t len)
{
	uint8_t b[4 + 64] = { 1, dst, src, flags };

	assert_true(len <= 64);
	if (len)
		memcpy(b + 4, p, len);
	packet_raw(b, 4 + len);
}

static void send_message(uint8_t src, uint8_t tag, const uint8_t *p, size_t len)
{
	uint8_t seq = 0;

	for (size_t at = 0; at < len; at += 64) {
		size_t n = len - at < 64 ? len - at : 64;

		send_packet(EID, src, (uint8_t)((at ? 0 : 0x80) | (at + n == len ? 0x40 : 0) | (seq++ & 3) << 4 | tag),
			    p + at, n);
	}
}

#define MESSAGE(src, tag, ...) \
	send_message(src, tag, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* The message in the packets that came, to @dst with @tag; its length with the type byte */
static size_t received(uint8_t dst, uint8_t tag, uint8_t *msg)
{
	size_t len = 0;

	for (unsigned int i = 0; i < npackets; i++) {
		const uint8_t *p = packet[i];

		assert_int_equal(p[0], 1);
		assert_int_equal(p[1], dst);
		assert_int_equal(p[2], mctp_eid(m));
		assert_int_equal(p[3], (i ? 0 : 0x80) | (i + 1 == npackets ? 0x40 : 0) | (i & 3) << 4 | tag);
		assert_true(i + 1 == npackets ? packet_len[i] <= 68 : packet_len[i] == 68);
		memcpy(msg + len, p + 4, packet_len[i] - 4);
		len += packet_len[i] - 4;
	}
	npackets = 0;
	return len;
}

/* ---- frames ---- */

static uint16_t crc_of(const uint8_t *p, size_t len)
{
	uint32_t v = 0xffff;

	for (size_t i = 0; i < 8 * len; i++) {
		unsigned int bit = p[i / 8] >> i % 8 & 1;

		v = (v ^ bit) & 1 ? v >> 1 ^ 0x8408 : v >> 1;
	}
	return (uint16_t)v;
}

static void a_frame_byte_by_byte(void **st)
{
	static const uint8_t want[] = { 0x7e, 1, 6, 1, 0x7d, 0x5e, 0x7d, 0x5d, 0x5e, 0x20, 0xff };
	const uint8_t covered[] = { 1, 6, 1, 0x7e, 0x7d, 0x5e, 0x20, 0xff };
	uint8_t f[MCTP_FRAME_MAX];
	uint16_t crc = crc_of(covered, sizeof(covered));

	(void)st;
	assert_int_equal(crc_of((const uint8_t *)"123456789", 9), 0x6f91);	/* CRC-16/MCRF4XX */
	assert_int_equal(mctp_line_frame(f, covered + 2, 6), sizeof(want) + 3);
	assert_memory_equal(f, want, sizeof(want));
	assert_int_equal(f[11], crc >> 8);
	assert_int_equal(f[12], crc & 0xff);
	assert_int_equal(f[13], 0x7e);
}

static enum mctp_line_result push_all(struct mctp_line *l, const uint8_t *p, size_t len)
{
	enum mctp_line_result r = LINE_MORE;

	while (len--) {
		assert_int_equal(r, LINE_MORE);
		r = mctp_line_push(l, *p++);
	}
	return r;
}

/* Every length, every byte value at the first, a middle and the last place, and an FCS with flags in it */
static void every_byte_at_every_place(void **st)
{
	struct mctp_line l = { 0 };
	uint8_t p[68], f[MCTP_FRAME_MAX];
	unsigned int odd = 0;

	(void)st;
	for (size_t len = 1; len <= 68; len++)
		for (unsigned int v = 0; v < 256; v++)
			for (unsigned int where = 0; where < 4; where++) {
				size_t n;

				memset(p, where == 3 ? (int)v : 0x11, len);
				p[where == 0 ? 0 : where == 1 ? len / 2 : len - 1] = (uint8_t)v;
				n = mctp_line_frame(f, p, len);
				odd += f[n - 3] == 0x7e || f[n - 2] == 0x7e || f[n - 3] == 0x7d || f[n - 2] == 0x7d;
				assert_int_equal(push_all(&l, f, n), LINE_FRAME);
				assert_int_equal(l.len, len);
				assert_memory_equal(l.buf, p, len);
			}
	assert_true(odd > 100);
	memset(p, 0x7e, 68);
	assert_int_equal(mctp_line_frame(f, p, 68), 6 + 2 * 68);
}

static void every_bit_that_is_wrong(void **st)
{
	const uint8_t p[] = { 1, EID, BMC, 0xc8, 0, 0x80, 2, 0x7e, 0x33 };
	uint8_t f[MCTP_FRAME_MAX], bad[MCTP_FRAME_MAX];
	size_t n = mctp_line_frame(f, p, sizeof(p));

	(void)st;
	for (size_t bit = 0; bit < 8 * n; bit++) {
		struct mctp_line l = { 0 };
		unsigned int good = 0;

		memcpy(bad, f, n);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		for (size_t i = 0; i < n; i++)
			good += mctp_line_push(&l, bad[i]) == LINE_FRAME;
		assert_int_equal(good, 0);
		/* at the latest the second good frame is understood again; a length that lies eats one */
		for (unsigned int k = 0; k < 30 && !good; k++)
			for (size_t i = 0; i < n; i++)
				good += mctp_line_push(&l, f[i]) == LINE_FRAME;
		assert_true(good > 0);
	}
}

static void what_is_no_frame(void **st)
{
	static const struct { uint8_t len, b[12]; enum mctp_line_result r; } t[] = {
		{ 1, { 0 }, LINE_BAD },					/* no flag */
		{ 2, { 0x7e, 2 }, LINE_BAD },				/* revision */
		{ 5, { 0x7e, 1, 3, 1, 0x7e }, LINE_BAD },		/* ends too early */
		{ 6, { 0x7e, 1, 3, 1, 0x7d, 0x7e }, LINE_BAD },		/* escaped what may not be */
		{ 6, { 0x7e, 1, 3, 1, 0x7d, 0x11 }, LINE_BAD },
		{ 6, { 0x7e, 1, 3, 1, 0x7d, 0x7d }, LINE_BAD },
		{ 7, { 0x7e, 1, 1, 1, 0, 0, 0 }, LINE_BAD },		/* too long: no flag where the end is */
		{ 7, { 0x7e, 1, 1, 1, 0, 0, 0x7e }, LINE_FCS },
		{ 6, { 0x7e, 1, 0, 0, 0, 0x7e }, LINE_FCS },		/* empty, and wrong */
	};
	uint8_t f[MCTP_FRAME_MAX];
	size_t n = mctp_line_frame(f, (const uint8_t *)"abcde", 5);

	(void)st;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct mctp_line l = { 0 };

		assert_int_equal(push_all(&l, t[i].b, t[i].len), t[i].r);
		if (t[i].r == LINE_BAD && t[i].b[t[i].len - 1] != 0x7e)
			assert_int_equal(mctp_line_push(&l, 0x55), LINE_MORE);	/* told once */
		assert_int_equal(mctp_line_push(&l, 0x7e), LINE_MORE);
		assert_int_equal(push_all(&l, f, n), LINE_FRAME);
	}
	/* flags between frames are nothing; one between two is enough */
	struct mctp_line l = { 0 };

	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(mctp_line_push(&l, 0x7e), LINE_MORE);
	assert_int_equal(push_all(&l, f, n), LINE_FRAME);
}

/* ---- packets ---- */

static void counts(uint64_t lost, uint64_t bad, uint64_t not_ours, uint64_t too_long)
{
	assert_int_equal(mctp_stats(m)->lost, lost);
	assert_int_equal(mctp_stats(m)->bad_packets, bad);
	assert_int_equal(mctp_stats(m)->not_ours, not_ours);
	assert_int_equal(mctp_stats(m)->too_long, too_long);
}

/* Requests of every length, answered with every length */
static void messages_of_every_length(void **st)
{
	uint8_t msg[2000], got[2000];

	(void)st;
	for (unsigned int i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)(i * 7);
	for (size_t len = 1; len <= MCTP_MESSAGE_MAX; len += len < 200 ? 1 : 53) {
		uint8_t tag = (uint8_t)(len & 7);

		msg[0] = 1;
		answer_len = (int)len < 4 ? 4 : (int)len;
		send_message(BMC, 8 | tag, msg, 1 + len);
		assert_int_equal(asked_len, len);
		assert_memory_equal(asked, msg + 1, len);
		assert_int_equal(received(BMC, tag, got), answer_len + 1);
		assert_int_equal(got[0], 1);
		for (int i = 4; i < answer_len; i++)
			assert_int_equal(got[1 + i], (uint8_t)(i * 5));
	}
	counts(0, 0, 0, 0);
	requests = 0;
	send_message(BMC, 8, msg, 1 + MCTP_MESSAGE_MAX + 1);
	assert_int_equal(requests, 0);
	assert_int_equal(mctp_stats(m)->too_long, 1);
}

/* Any packet of a message left out, doubled, or two exchanged: no message, and the next one is well */
static void every_packet_that_is_lost(void **st)
{
	uint8_t msg[1 + 300] = { 1 };

	(void)st;
	answer_len = 4;
	for (unsigned int how = 0; how < 3; how++)
		for (unsigned int which = 0; which < 5; which++) {
			unsigned int order[6], n = 0;

			if (how == 2 && which == 4)
				continue;
			for (unsigned int i = 0; i < 5; i++) {
				if (how == 0 && i == which)
					continue;
				order[n++] = how == 2 && i == which ? i + 1 : how == 2 && i == which + 1 ? i - 1 : i;
				if (how == 1 && i == which)
					order[n++] = i;
			}
			requests = 0;
			for (unsigned int k = 0; k < n; k++) {
				unsigned int i = order[k];

				send_packet(EID, BMC, (uint8_t)((i ? 0 : 0x80) | (i == 4 ? 0x40 : 0) | (i & 3) << 4 | 0xb),
					    msg + 64 * i, i == 4 ? 301 - 256 : 64);
			}
			/* the first twice is a message begun anew; the last twice is one too many */
			assert_int_equal(requests, how == 1 && (which == 0 || which == 4));
			send_message(BMC, 8 | 3, msg, sizeof(msg));
			assert_int_equal(requests, 1 + (how == 1 && (which == 0 || which == 4)));
			npackets = 0;
		}
	assert_true(mctp_stats(m)->lost >= 13);
}

static void packets_of_unequal_length(void **st)
{
	uint8_t msg[64] = { 1 };

	(void)st;
	send_packet(EID, BMC, 0x88, msg, 32);
	send_packet(EID, BMC, 0x18, msg, 33);
	send_packet(EID, BMC, 0x68, msg, 10);
	assert_int_equal(requests, 0);
	send_packet(EID, BMC, 0x88, msg, 32);
	send_packet(EID, BMC, 0x58, msg, 33);
	assert_int_equal(requests, 0);
	counts(3, 0, 0, 0);
	send_packet(EID, BMC, 0x88, msg, 32);
	send_packet(EID, BMC, 0x18, msg, 32);
	send_packet(EID, BMC, 0x68, msg, 1);
	assert_int_equal(requests, 1);
	assert_int_equal(asked_len, 64);
}

static void packets_that_are_not_for_us(void **st)
{
	const uint8_t msg[] = { 1, 0x80, 0, 2 };
	uint8_t b[8] = { 1, EID, BMC, 0xc8, 1, 0x80, 0, 2 };

	(void)st;
	send_packet(EID + 1, BMC, 0xc8, msg, 4);
	counts(0, 0, 1, 0);
	send_packet(EID, 0xff, 0xc8, msg, 4);
	send_packet(EID, 1, 0xc8, msg, 4);
	send_packet(EID, 7, 0xc8, msg, 4);
	send_packet(EID, BMC, 0xc8, msg, 0);
	counts(0, 4, 1, 0);
	b[0] = 2;
	packet_raw(b, 8);
	packet_raw(b, 3);
	counts(0, 6, 1, 0);
	send_packet(0xff, BMC, 0xc8, msg, 4);		/* PLDM to everybody, or from nobody */
	send_packet(EID, 0, 0xc8, msg, 4);
	assert_int_equal(mctp_stats(m)->unknown, 2);
	assert_int_equal(requests, 0);
	send_packet(0, BMC, 0xc8, msg, 4);		/* to whoever is at this end */
	assert_int_equal(requests, 1);
	MESSAGE(BMC, 8, 5, 1, 2);
	MESSAGE(BMC, 8, 0x81, 1, 2);			/* with an integrity check */
	assert_int_equal(mctp_stats(m)->unknown, 4);
	assert_int_equal(requests, 1);
}

/* Four messages at a time; a fifth takes the place of the oldest */
static void messages_in_between(void **st)
{
	uint8_t msg[80] = { 1 };

	(void)st;
	answer_len = 4;
	for (uint8_t tag = 0; tag < 5; tag++)
		send_packet(EID, BMC, 0x88 | tag, msg, 64);
	counts(1, 0, 0, 0);
	for (uint8_t tag = 0; tag < 5; tag++)
		send_packet(EID, BMC, 0x58 | tag, msg, 16);
	assert_int_equal(requests, 4);
	counts(2, 0, 0, 0);
	/* the same tag of another endpoint is another message */
	requests = npackets = 0;
	send_packet(EID, BMC, 0x88, msg, 64);
	send_packet(EID, 20, 0x88, msg, 64);
	send_packet(EID, 20, 0x58, msg, 16);
	send_packet(EID, BMC, 0x58, msg, 16);
	assert_int_equal(requests, 2);
	assert_int_equal(packet[0][1], 20);
	assert_int_equal(packet[1][1], BMC);
}

static void a_new_line_forgets_halves(void **st)
{
	uint8_t msg[80] = { 1 };

	(void)st;
	send_packet(EID, BMC, 0x88, msg, 64);
	mctp_input(m, (const uint8_t *)"\x7e\x01\x20zzz", 6);
	mctp_line_reset(m);
	send_packet(EID, BMC, 0x58, msg, 16);
	assert_int_equal(requests, 0);
	counts(1, 0, 0, 0);
	assert_int_equal(mctp_stats(m)->bad_frames, 0);
}

/* ---- control ---- */

static size_t control(const uint8_t *p, size_t len, uint8_t *got)
{
	uint8_t msg[64] = { 0 };

	memcpy(msg + 1, p, len);
	send_message(BMC, 8 | 5, msg, 1 + len);
	return npackets ? received(BMC, 5, got) : 0;
}

#define CONTROL(...) control((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), got)
#define IS(n, ...) do { \
	const uint8_t want_[] = { __VA_ARGS__ }; \
	assert_int_equal(n, sizeof(want_)); \
	assert_memory_equal(got, want_, sizeof(want_)); \
} while (0)

static void control_messages(void **st)
{
	uint8_t got[100];
	size_t n;

	(void)st;
	n = CONTROL(0x81, 2);
	IS(n, 0, 1, 2, 0, EID, 2, 0);
	n = CONTROL(0x82, 3);
	IS(n, 0, 2, 3, 0, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 0);
	n = CONTROL(0x83, 4, 0xff);
	IS(n, 0, 3, 4, 0, 1, 0xf1, 0xf3, 0xf1, 0);
	n = CONTROL(0x83, 4, 0);
	IS(n, 0, 3, 4, 0, 1, 0xf1, 0xf3, 0xf1, 0);
	n = CONTROL(0x83, 4, 1);
	IS(n, 0, 3, 4, 0, 1, 0xf1, 0xf0, 0xf0, 0);
	n = CONTROL(0x83, 4, 2);
	IS(n, 0, 3, 4, 0x80);
	n = CONTROL(0x84, 5);
	IS(n, 0, 4, 5, 0, 1, 1);
	for (uint8_t cmd = 6; cmd; cmd++) {
		n = CONTROL(0x85, cmd);
		IS(n, 0, 5, cmd, 5);
	}
	n = CONTROL(0x85, 0);
	IS(n, 0, 5, 0, 5);
}

static void control_messages_of_a_wrong_length(void **st)
{
	static const uint8_t right[] = { [1] = 4, [2] = 2, [3] = 2, [4] = 3, [5] = 2 };
	uint8_t q[20] = { 0x80 }, got[100];

	(void)st;
	for (uint8_t cmd = 1; cmd < 6; cmd++)
		for (size_t len = 0; len < sizeof(q); len++) {
			size_t n;

			q[1] = cmd;
			q[2] = cmd == 1 ? 2 : 0;	/* "back to the configured EID" */
			n = control(q, len, got);
			if (len < 2)
				assert_int_equal(n, 0);
			else if (len == right[cmd])
				assert_int_equal(got[3], 0);
			else
				IS(n, 0, 0, cmd, 3);
		}
	assert_int_equal(CONTROL(0x01, 2), 0);		/* a response */
	assert_int_equal(CONTROL(0xc1, 2), 0);		/* wants none */
	send_message(BMC, 5, (const uint8_t[]){ 0, 0x81, 2 }, 3);	/* a request with somebody else's tag */
	assert_int_equal(npackets, 0);
}

static void the_bus_owner_sets_the_eid(void **st)
{
	uint8_t got[100];
	size_t n;

	(void)st;
	n = CONTROL(0x81, 1, 0, 42);
	assert_int_equal(mctp_eid(m), 42);
	IS(n, 0, 1, 1, 0, 0, 42, 0);
	assert_int_equal(CONTROL(0x81, 2), 0);		/* to the old one */
	assert_int_equal(mctp_stats(m)->not_ours, 1);
	send_packet(42, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 2 }, 3);
	n = received(BMC, 5, got);
	IS(n, 0, 1, 2, 0, 42, 3, 0);
	static const uint8_t no[] = { 0, 1, 7, 0xff };

	for (unsigned int i = 0; i < sizeof(no); i++) {
		send_packet(0, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 1, 1, no[i] }, 5);
		n = received(BMC, 5, got);
		IS(n, 0, 1, 1, 2);
	}
	send_packet(42, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 1, 3, 50 }, 5);
	n = received(BMC, 5, got);
	IS(n, 0, 1, 1, 2);
	assert_int_equal(mctp_eid(m), 42);
	send_packet(0, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 1, 1, 43 }, 5);	/* forced */
	assert_int_equal(mctp_eid(m), 43);
	npackets = 0;
	send_packet(43, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 1, 2, 0 }, 5);	/* back to the configured */
	n = received(BMC, 5, got);
	IS(n, 0, 1, 1, 0, 0, EID, 0);
	/* who has none yet asks from 0, and everybody may be asked */
	send_packet(0xff, 0, 0xcd, (const uint8_t[]){ 0, 0x81, 2 }, 3);
	n = received(0, 5, got);
	IS(n, 0, 1, 2, 0, EID, 2, 0);
	send_packet(0xff, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 1, 0, 60 }, 5);
	send_packet(0xff, BMC, 0xcd, (const uint8_t[]){ 0, 0x81, 0x55 }, 3);
	assert_int_equal(npackets, 0);
	assert_int_equal(mctp_eid(m), EID);
	CONTROL(0x81, 1, 0, 42);
	mctp_restart(m);
	assert_int_equal(mctp_eid(m), EID);
}

static void configurations_that_are_none(void **st)
{
	static const uint8_t no[] = { 0, 7, 0xff };
	const struct mctp_env env = { 0 };

	(void)st;
	for (unsigned int i = 0; i < sizeof(no); i++)
		assert_int_equal(mctp_init(m, &(struct mctp_config){ .eid = no[i] }, &env), -1);
}

/* ---- PLDM ---- */

static void an_answer_may_come_later(void **st)
{
	uint8_t got[100];

	(void)st;
	answer_len = MCTP_PENDING;
	MESSAGE(BMC, 8 | 1, 1, 0x81, 2, 0x11);
	assert_int_equal(requests, 1);
	MESSAGE(BMC, 8 | 2, 1, 0x82, 2, 0x11);		/* another one: only one at a time */
	assert_int_equal(mctp_stats(m)->busy, 1);
	MESSAGE(20, 8 | 2, 1, 0x81, 2, 0x11);
	assert_int_equal(mctp_stats(m)->busy, 2);
	MESSAGE(BMC, 8 | 3, 1, 0x81, 2, 0x11);		/* the same again: with another tag */
	assert_int_equal(mctp_stats(m)->busy, 2);
	assert_int_equal(requests, 1);
	mctp_resume(m);					/* not yet */
	assert_int_equal(requests, 2);
	assert_int_equal(npackets, 0);
	answer_len = 8;
	mctp_resume(m);
	assert_int_equal(received(BMC, 3, got), 9);
	mctp_resume(m);
	assert_int_equal(requests, 3);
	answer_len = -5;				/* refused: nothing */
	MESSAGE(BMC, 8, 1, 0x81, 2, 0x11);
	answer_len = 0;
	MESSAGE(BMC, 8, 1, 0xc1, 2, 0x11);
	assert_int_equal(npackets, 0);
	assert_int_equal(mctp_stats(m)->refused, 1);
	answer_len = MCTP_PENDING;
	MESSAGE(BMC, 8, 1, 0x83, 2, 0x11);
	mctp_line_reset(m);				/* who asked is gone */
	answer_len = 8;
	mctp_resume(m);
	assert_int_equal(npackets, 0);
}

static void our_requests_go_to_who_updates(void **st)
{
	uint8_t got[100];

	(void)st;
	pending_len = 11;
	mctp_kick(m);
	assert_int_equal(npackets, 0);			/* nobody does */
	answer_len = 7;
	MESSAGE(20, 8, 1, 0x81, 5, 0x1b);
	MESSAGE(BMC, 8, 1, 0x81, 5, 0x10);
	MESSAGE(20, 8, 1, 0x82, 5, 0x1b);
	answer_len = 4;
	npackets = 0;
	mctp_kick(m);
	assert_int_equal(received(BMC, 8 | 1, got), 12);
	assert_int_equal(got[0], 1);
	assert_int_equal(got[1], 0x77);

	/* answers: of another endpoint, another tag, then the right one, then once more */
	MESSAGE(20, 1, 1, 1, 5, 0x15, 0);
	MESSAGE(BMC, 2, 1, 1, 5, 0x15, 0);
	assert_int_equal(replies, 0);
	assert_int_equal(mctp_stats(m)->refused, 2);
	MESSAGE(BMC, 1, 1, 1, 5, 0x15, 0, 9);
	assert_int_equal(replies, 1);
	assert_int_equal(replied_len, 5);
	MESSAGE(BMC, 1, 1, 1, 5, 0x15, 0, 9);
	assert_int_equal(replies, 1);

	/* asked again, the tag is the next; the owner is not ready for the answer at once */
	pending_len = 11;
	mctp_kick(m);
	assert_int_equal(received(BMC, 8 | 2, got), 12);
	reply_ret = MCTP_PENDING;
	MESSAGE(BMC, 2, 1, 2, 5, 0x15, 0);
	assert_int_equal(replies, 2);
	pending_len = 11;
	mctp_kick(m);
	assert_int_equal(npackets, 0);			/* first that one */
	reply_ret = -1;
	mctp_resume(m);
	assert_int_equal(replies, 3);
	assert_int_equal(mctp_stats(m)->refused, 4);
	assert_int_equal(received(BMC, 8 | 3, got), 12);
	for (unsigned int i = 4; i < 20; i++) {
		pending_len = 5;
		mctp_kick(m);
		assert_int_equal(received(BMC, (uint8_t)(8 | (i & 7)), got), 6);
	}
	mctp_restart(m);
	pending_len = 5;
	mctp_kick(m);
	assert_int_equal(npackets, 0);
}

static void a_refused_update_changes_nothing(void **st)
{
	(void)st;
	answer_len = -1;
	MESSAGE(BMC, 8, 1, 0x81, 5, 0x10);
	pending_len = 5;
	mctp_kick(m);
	assert_int_equal(npackets, 0);
}

static void count(void *arg, const char *name, uint64_t val)
{
	(void)val;
	assert_true(name[0]);
	++*(unsigned int *)arg;
}

static void counters_have_names(void **st)
{
	unsigned int n = 0;

	(void)st;
	mctp_counters(m, count, &n);
	assert_int_equal(n, sizeof(struct mctp_stats) / 8);
	mctp_input(m, (const uint8_t *)"x", 1);
	assert_int_equal(mctp_stats(m)->bad_frames, 1);
	mctp_input(m, (const uint8_t *)"\x7e\x01\x01\x01\0\0\x7e", 7);
	assert_int_equal(mctp_stats(m)->bad_fcs, 1);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest t[] = {
		TEST(a_frame_byte_by_byte),
		TEST(every_byte_at_every_place),
		TEST(every_bit_that_is_wrong),
		TEST(what_is_no_frame),
		TEST(messages_of_every_length),
		TEST(every_packet_that_is_lost),
		TEST(packets_of_unequal_length),
		TEST(packets_that_are_not_for_us),
		TEST(messages_in_between),
		TEST(a_new_line_forgets_halves),
		TEST(control_messages),
		TEST(control_messages_of_a_wrong_length),
		TEST(the_bus_owner_sets_the_eid),
		TEST(configurations_that_are_none),
		TEST(an_answer_may_come_later),
		TEST(our_requests_go_to_who_updates),
		TEST(a_refused_update_changes_nothing),
		TEST(counters_have_names),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
