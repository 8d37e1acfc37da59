/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into frames: copying, pause frames, and cutting a large send.
 *
 * A wire that takes large sends whole (PORT_LSO_WHOLE, _PARTIAL) can still
 * meet one that its backend would not understand: a UDP large send is many
 * datagrams, not a large one, and libslirp takes no IPv6 packet above its MTU.
 * frame_cut() is for these.  It is the card's segmentation once more, slow and
 * simple: each segment gets a copy of the headers, then IP lengths, IPv4
 * identification and checksum, TCP sequence number and flags, UDP length and
 * the L4 checksum are set.  IP in IP works: every IP header before the L4
 * header is adjusted.
 *
 * Frames lie in the guest's memory, which the guest may change while we look:
 * headers are copied before they are read, and payload before it is summed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "wire_int.h"

#define HDR_MAX		256
#define MSS_MIN		32	/* smaller than any IP stack sends: a frame would become 65535 */
#define IPH_MAX		4	/* IP headers in one another */

size_t frame_copy(const struct frame *f, size_t off, void *buf, size_t len)
{
	size_t done = 0;

	for (unsigned int i = 0; i < f->nspans && done < len; i++) {
		const struct span *s = &f->span[i];
		size_t n;

		if (off >= s->len) {
			off -= s->len;
			continue;
		}
		n = s->len - off;
		if (n > len - done)
			n = len - done;
		memcpy((uint8_t *)buf + done, (const uint8_t *)s->base + off, n);
		done += n;
		off = 0;
	}
	return done;
}

/* IEEE 802.3 annex 31B: destination, type 0x8808, opcode 1, quanta */
bool frame_is_pause(const struct frame *f, uint16_t *quanta)
{
	static const uint8_t dst[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };
	static const uint8_t type_op[4] = { 0x88, 0x08, 0x00, 0x01 };
	uint8_t h[18];

	/* Nearly every frame ends here: too long, or not to a group */
	if (f->len > 64 || f->flags & FRAME_LSO || !f->nspans || !f->span[0].len ||
	    *(const uint8_t *)f->span[0].base != dst[0])
		return false;
	if (frame_copy(f, 0, h, sizeof(h)) != sizeof(h))
		return false;
	if (memcmp(h, dst, sizeof(dst)) || memcmp(h + 12, type_op, sizeof(type_op)))
		return false;
	*quanta = (uint16_t)(h[16] << 8 | h[17]);
	return true;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint64_t sum(const uint8_t *p, size_t len, uint64_t acc)
{
	for (; len > 1; len -= 2, p += 2)
		acc += get16(p);
	return len ? acc + ((uint64_t)*p << 8) : acc;
}

static uint16_t fold(uint64_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return (uint16_t)~acc;
}

/* The headers that each segment gets a copy of, and where things are in them */
struct cut {
	uint8_t		hdr[HDR_MAX];
	size_t		hdr_len, l4;
	uint8_t		proto;		/* IPPROTO_TCP or _UDP */
	unsigned int	niph;
	size_t		iph[IPH_MAX];	/* outermost first */
};

/* Offset after the IP header (and IPv6 extensions) at @off, its protocol; 0: nonsense */
static size_t ip_skip(const struct cut *c, size_t off, uint8_t *proto)
{
	const uint8_t *p = c->hdr + off;

	if (off + 20 <= c->l4 && p[0] >> 4 == 4) {
		*proto = p[9];
		return (p[0] & 15) >= 5 ? off + (p[0] & 15) * 4u : 0;
	}
	if (off + 40 > c->l4 || p[0] >> 4 != 6)
		return 0;

	*proto = p[6];
	off += 40;
	while (*proto == IPPROTO_HOPOPTS || *proto == IPPROTO_ROUTING || *proto == IPPROTO_DSTOPTS) {
		if (off + 8 > c->l4)
			return 0;
		*proto = c->hdr[off];
		off += 8 + c->hdr[off + 1] * 8u;
	}
	return off;
}

static int cut_parse(struct cut *c, const struct frame *f)
{
	size_t off = 14;
	uint16_t type;

	c->hdr_len = f->lso.hdr_len;
	c->l4 = f->lso.l4_start;
	c->proto = f->lso.udp ? IPPROTO_UDP : IPPROTO_TCP;
	if (f->lso.mss < MSS_MIN || c->hdr_len > HDR_MAX || c->hdr_len >= f->len || c->l4 < 34 ||
	    c->hdr_len < c->l4 + (f->lso.udp ? 8u : 20u) ||
	    frame_copy(f, 0, c->hdr, c->hdr_len) != c->hdr_len)
		return -EINVAL;

	/* VLAN tags */
	for (type = get16(c->hdr + 12); type == 0x8100 || type == 0x88a8; off += 4) {
		if (off + 4 > c->l4)
			return -EINVAL;
		type = get16(c->hdr + off + 2);
	}

	while (off < c->l4) {
		uint8_t proto = 0;

		if (c->niph == IPH_MAX)
			return -EINVAL;
		c->iph[c->niph++] = off;
		off = ip_skip(c, off, &proto);
		if (!off || off > c->l4)
			return -EINVAL;
		if (off == c->l4)
			return proto == c->proto ? 0 : -EINVAL;
		if (proto != IPPROTO_IPIP && proto != IPPROTO_IPV6)
			return -EINVAL;
	}
	return -EINVAL;
}

static void cut_ip(const struct cut *c, uint8_t *seg, size_t len, unsigned int idx)
{
	for (unsigned int i = 0; i < c->niph; i++) {
		uint8_t *ip = seg + c->iph[i];

		if (ip[0] >> 4 == 6) {
			put16(ip + 4, len - c->iph[i] - 40);
			continue;
		}
		put16(ip + 2, len - c->iph[i]);
		put16(ip + 4, get16(ip + 4) + idx);
		put16(ip + 10, 0);
		put16(ip + 10, fold(sum(ip, (ip[0] & 15) * 4u, 0)));
	}
}

static void cut_l4(const struct cut *c, uint8_t *seg, size_t len, size_t done, bool last)
{
	const uint8_t *ip = seg + c->iph[c->niph - 1];
	uint8_t *l4 = seg + c->l4, *check = l4 + (c->proto == IPPROTO_TCP ? 16 : 6);
	size_t l4_len = len - c->l4;
	uint64_t acc = c->proto + l4_len;
	uint32_t seq;

	if (c->proto == IPPROTO_TCP) {
		seq = ((uint32_t)get16(l4 + 4) << 16 | get16(l4 + 6)) + (uint32_t)done;
		put16(l4 + 4, seq >> 16);
		put16(l4 + 6, seq & 0xffff);
		if (!last)
			l4[13] &= (uint8_t)~0x09;	/* FIN, PSH: on the last */
		if (done)
			l4[13] &= (uint8_t)~0x80;	/* CWR: on the first */
	} else {
		put16(l4 + 4, l4_len);
	}

	acc = ip[0] >> 4 == 6 ? sum(ip + 8, 32, acc) : sum(ip + 12, 8, acc);
	put16(check, 0);
	put16(check, fold(sum(l4, l4_len, acc)));
	if (c->proto == IPPROTO_UDP && !get16(check))
		put16(check, 0xffff);
}

int frame_cut(const struct frame *f, uint8_t *seg, size_t size,
	      void (*out)(void *arg, const uint8_t *seg, size_t len), void *arg)
{
	struct cut c = { 0 };
	size_t payload, done, n;
	unsigned int idx = 0;

	if (cut_parse(&c, f) || c.hdr_len + f->lso.mss > size)
		return -EINVAL;

	payload = f->len - c.hdr_len;
	for (done = 0; done < payload; done += n, idx++) {
		n = payload - done < f->lso.mss ? payload - done : f->lso.mss;
		memcpy(seg, c.hdr, c.hdr_len);
		if (frame_copy(f, c.hdr_len + done, seg + c.hdr_len, n) != n)
			return -EINVAL;
		cut_ip(&c, seg, c.hdr_len + n, idx);
		cut_l4(&c, seg, c.hdr_len + n, done, done + n == payload);
		out(arg, seg, c.hdr_len + n);
	}
	return 0;
}
