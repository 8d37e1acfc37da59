/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's side of IP, by hand: for the tests of the user-mode network.
 */
#ifndef OPENFBNIC_TEST_WIRE_IP_H
#define OPENFBNIC_TEST_WIRE_IP_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test_wire.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
static uint8_t gw_mac[6];

/* ---- packets ---- */

static inline void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t add(uint32_t acc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		acc += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

static inline size_t eth(uint8_t *f, uint16_t type)
{
	memset(f, 0, 60);
	memcpy(f, gw_mac, 6);
	memcpy(f + 6, mac, 6);
	put16(f + 12, type);
	return 14;
}

/* Headers around @len bytes at f + (v6 ? 54 : 34); checksum at @csum_off of them, -1: none */
static inline size_t ip(uint8_t *f, bool v6, uint8_t proto, size_t len, int csum_off, const char *src, const char *dst)
{
	size_t l4 = v6 ? 54 : 34, alen = v6 ? 16 : 4;
	uint8_t *s = f + (v6 ? 22 : 26);
	uint32_t acc;

	memset(f + 14, 0, l4 - 14);
	memcpy(f, gw_mac, 6);
	memcpy(f + 6, mac, 6);
	put16(f + 12, v6 ? 0x86dd : 0x0800);
	f[14] = v6 ? 0x60 : 0x45;
	inet_pton(v6 ? AF_INET6 : AF_INET, src, s);
	inet_pton(v6 ? AF_INET6 : AF_INET, dst, s + alen);
	if (v6) {
		put16(f + 18, len);
		f[20] = proto;
		f[21] = 255;
	} else {
		put16(f + 16, len + 20);
		f[22] = 64;
		f[23] = proto;
		put16(f + 24, ~add(0, f + 14, 20) & 0xffff);
	}
	if (csum_off < 0)
		return l4 + len;
	put16(f + l4 + csum_off, 0);
	acc = proto == IPPROTO_ICMP ? 0 : add(proto + (uint32_t)len, s, 2 * alen);
	put16(f + l4 + csum_off, ~add(acc, f + l4, len) & 0xffff);
	return l4 + len;
}

static inline const struct got *last(const struct port *p)
{
	assert_true(p->n > 0);
	return &p->got[(p->n - 1) % KEEP];
}

static inline void say_hello(struct bench *b, struct port *p)
{
	static const uint8_t arp[28] = {
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2,
	};
	uint8_t f[60];

	memset(gw_mac, 0xff, 6);
	memcpy(f + eth(f, 0x0806), arp, sizeof(arp));
	assert_true(port_send(p, f, 60));
	assert_int_equal(p->n, 0);	/* never from within the call */
	settle(b);
	assert_int_equal(last(p)->data[21], 2);
	memcpy(gw_mac, last(p)->data + 6, 6);
}

/* ---- TCP ---- */

/* A TCP connection of the guest's */
struct tcp {
	struct bench	*b;
	struct port	*p;
	bool		v6;
	uint16_t	sport, dport;
	uint32_t	seq, ack;	/* ours, what we have of theirs */
	uint32_t	acked, window;	/* theirs */
	unsigned int	seen;		/* frames looked at */
};

static inline size_t tcp_build(struct tcp *t, uint8_t *f, uint8_t flags, size_t len)
{
	uint8_t *h = f + (t->v6 ? 54 : 34);

	memset(h, 0, 20);
	put16(h, t->sport);
	put16(h + 2, t->dport);
	put32(h + 4, t->seq);
	put32(h + 8, t->ack);
	h[12] = 0x50;
	h[13] = flags;
	put16(h + 14, 0xffff);
	return ip(f, t->v6, IPPROTO_TCP, 20 + len, 16, t->v6 ? "fec0::15" : "10.0.2.15",
		  t->v6 ? "fec0::2" : "10.0.2.2");
}

static inline void tcp_send(struct tcp *t, uint8_t *f, uint8_t flags, size_t len, uint16_t mss)
{
	size_t total = tcp_build(t, f, flags, len), hdr = t->v6 ? 74 : 54;
	/* odd pieces, as fragments of a guest are */
	struct span s[3] = { { f, hdr }, { f + hdr, len / 3 }, { f + hdr + len / 3, len - len / 3 } };
	struct frame fr = { .span = s, .nspans = 3, .len = (uint32_t)total };

	if (len > mss) {
		fr.flags = FRAME_LSO;
		fr.lso = (struct frame_lso){
			.mss = mss, .hdr_len = (uint16_t)hdr, .l4_start = (uint16_t)(hdr - 20),
			.csum_offset = 16, .ipv6 = t->v6,
		};
	}
	assert_int_equal(t->p->ops->tx(t->p->ctx, &fr, 1), 1);
	t->seq += (uint32_t)len + (flags & 2 ? 1 : 0);
}

/* Looks at what came: acknowledgements and the data, which is copied to @data */
static inline size_t tcp_receive(struct tcp *t, uint8_t *data)
{
	size_t l4 = t->v6 ? 54 : 34, got = 0;

	for (; t->seen < t->p->n; t->seen++) {
		const struct got *g = &t->p->got[t->seen % KEEP];
		const uint8_t *h = g->data + l4;
		size_t hlen, len;

		if (g->len < l4 + 20 || g->data[12] != (t->v6 ? 0x86 : 0x08) ||
		    g->data[t->v6 ? 20 : 23] != IPPROTO_TCP)
			continue;
		assert_true(g->len <= 1514);
		hlen = (h[12] >> 4) * 4u;
		len = t->v6 ? (size_t)(g->data[18] << 8 | g->data[19]) : (size_t)(g->data[16] << 8 | g->data[17]) - 20;
		t->acked = get32(h + 8);
		t->window = (uint32_t)(h[14] << 8 | h[15]);
		if (h[13] & 2)
			t->ack = get32(h + 4) + 1;
		assert_int_equal(h[13] & 4, 0);
		if (len > hlen && get32(h + 4) == t->ack) {
			memcpy(data + got, h + hlen, len - hlen);
			got += len - hlen;
			t->ack += (uint32_t)(len - hlen);
		}
	}
	return got;
}

static inline int listener(bool v6, uint16_t *port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	*port = 0;
	if (fd < 0 || bind(fd, v6 ? (void *)&a6 : (void *)&a4, v6 ? sizeof(a6) : sizeof(a4)))
		return -1;
	listen(fd, 1);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	*port = ntohs(v6 ? ((struct sockaddr_in6 *)&ss)->sin6_port : ((struct sockaddr_in *)&ss)->sin_port);
	return fd;
}

static inline void say_hello6(struct bench *b, struct port *p)
{
	uint8_t f[100] = { 0 }, *icmp = f + 54;

	icmp[0] = 135;		/* neighbour solicitation for the gateway, with our own address */
	inet_pton(AF_INET6, "fec0::2", icmp + 8);
	icmp[24] = 1;
	icmp[25] = 1;
	memcpy(icmp + 26, mac, 6);
	memset(gw_mac, 0x33, 6);
	assert_true(port_send(p, f, ip(f, true, IPPROTO_ICMPV6, 32, 2, "fec0::15", "fec0::2")));
	settle(b);
	assert_int_equal(last(p)->data[54], 136);
	memcpy(gw_mac, last(p)->data + 6, 6);
}

static inline bool tcp_open(struct tcp *t, uint8_t *f, int *lfd, int *fd)
{
	*fd = -1;
	*lfd = listener(t->v6, &t->dport);
	if (*lfd < 0)
		return false;
	t->sport = 1234;
	t->seq = 0x7ffffff0;
	tcp_send(t, f, 0x02, 0, 1460);
	for (int i = 0; i < 1000 && (*fd = accept4(*lfd, NULL, NULL, SOCK_NONBLOCK)) < 0; i++)
		pass_time(t->b, NS_PER_MS);
	assert_true(*fd >= 0);
	for (int i = 0; i < 100 && !t->ack; i++) {
		pass_time(t->b, NS_PER_MS);
		tcp_receive(t, f);
	}
	assert_int_equal(t->acked, t->seq);
	tcp_send(t, f, 0x10, 0, 1460);
	return true;
}

#endif
