/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user: libslirp, spoken to by hand: ARP, DHCP, ping, and TCP to a listener of
 * this process with segments of 64 KiB, as IPv4 (whole) and IPv6 (cut).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "test_wire.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
static uint8_t gw_mac[6];

/* ---- packets ---- */

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t add(uint32_t acc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		acc += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

static size_t eth(uint8_t *f, uint16_t type)
{
	memset(f, 0, 60);
	memcpy(f, gw_mac, 6);
	memcpy(f + 6, mac, 6);
	put16(f + 12, type);
	return 14;
}

/* Headers around @len bytes at f + (v6 ? 54 : 34); checksum at @csum_off of them, -1: none */
static size_t ip(uint8_t *f, bool v6, uint8_t proto, size_t len, int csum_off, const char *src, const char *dst)
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

static const struct got *last(const struct port *p)
{
	assert_true(p->n > 0);
	return &p->got[(p->n - 1) % KEEP];
}

static void say_hello(struct bench *b, struct port *p)
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

/* ---- the tests ---- */

static void arp_for_the_gateway_is_answered(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	static const uint8_t who[4] = { 10, 0, 2, 2 };

	assert_int_equal(p->lso, PORT_LSO_WHOLE);
	say_hello(b, p);
	assert_int_equal(p->n, 1);
	assert_true(last(p)->len >= 60);
	assert_memory_equal(last(p)->data, mac, 6);
	assert_memory_equal(last(p)->data + 28, who, 4);
	port_free(p);
}

static void dhcp_offers_the_first_address(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:net=192.168.7.0/24;dhcpstart=192.168.7.99;ipv6=off");
	uint8_t f[14 + 20 + 8 + 300] = { 0 }, *bootp = f + 42;
	static const uint8_t opts[] = { 99, 130, 83, 99, 53, 1, 1, 255 }, offer[4] = { 192, 168, 7, 99 };

	memset(gw_mac, 0xff, 6);
	bootp[0] = 1;
	bootp[1] = 1;
	bootp[2] = 6;
	memcpy(bootp + 28, mac, 6);
	memcpy(bootp + 236, opts, sizeof(opts));
	put16(f + 34, 68);
	put16(f + 36, 67);
	put16(f + 38, 308);
	assert_true(port_send(p, f, ip(f, false, IPPROTO_UDP, 308, 6, "0.0.0.0", "255.255.255.255")));
	settle(b);
	assert_int_equal(p->n, 1);
	assert_memory_equal(last(p)->data + 42 + 16, offer, 4);
	port_free(p);
}

static void ping_to_the_gateway(void **state)
{
	static const size_t sizes[] = { 8, 64, 1480 };
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	uint8_t f[1600];

	say_hello(b, p);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len;

		port_forget(p);
		for (size_t k = 0; k < sizes[i]; k++)
			f[34 + k] = (uint8_t)(k * 3);
		f[34] = 8;
		f[35] = 0;
		len = ip(f, false, IPPROTO_ICMP, sizes[i], 2, "10.0.2.15", "10.0.2.2");
		assert_true(port_send(p, f, len < 60 ? 60 : len));
		settle(b);
		assert_int_equal(p->n, 1);
		assert_int_equal(last(p)->len, len < 60 ? 60 : len);
		assert_int_equal(last(p)->data[34], 0);
		assert_memory_equal(last(p)->data + 38, f + 38, sizes[i] - 4);
		assert_int_equal(add(0, last(p)->data + 34, sizes[i]), 0xffff);
	}
	port_free(p);
}

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

static size_t tcp_build(struct tcp *t, uint8_t *f, uint8_t flags, size_t len)
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

static void tcp_send(struct tcp *t, uint8_t *f, uint8_t flags, size_t len, uint16_t mss)
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
static size_t tcp_receive(struct tcp *t, uint8_t *data)
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

static int listener(bool v6, uint16_t *port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (fd < 0 || bind(fd, v6 ? (void *)&a6 : (void *)&a4, v6 ? sizeof(a6) : sizeof(a4)))
		return -1;
	listen(fd, 1);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	*port = ntohs(v6 ? ((struct sockaddr_in6 *)&ss)->sin6_port : ((struct sockaddr_in *)&ss)->sin_port);
	return fd;
}

static void say_hello6(struct bench *b, struct port *p)
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

static bool tcp_open(struct tcp *t, uint8_t *f, int *lfd, int *fd)
{
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

/* 4 MiB with segments as large as the window allows: what arrives is what was sent */
static void tcp_upload(struct bench *b, bool v6)
{
	static uint8_t f[70000], buf[70000];
	struct tcp t = { .b = b, .v6 = v6 };
	size_t sent = 0, got = 0, biggest = 0, hdr = v6 ? 74 : 54;
	int lfd, fd;

	t.p = port_new(b, v6 ? "user" : "user:ipv6=off");
	if (v6)
		say_hello6(b, t.p);
	else
		say_hello(b, t.p);
	if (!tcp_open(&t, f, &lfd, &fd)) {
		port_free(t.p);
		print_message("no IPv6 loopback address here\n");
		skip();
	}

	for (int idle = 0; got < 4u << 20 && idle < 10000; idle++) {
		uint32_t room = t.window - (t.seq - t.acked);
		ssize_t n;

		if (room && room <= 65535) {
			size_t len = room > 65535 - hdr ? 65535 - hdr : room;

			for (size_t i = 0; i < len; i++)
				f[hdr + i] = (uint8_t)((sent + i) * 11 + ((sent + i) >> 10));
			tcp_send(&t, f, 0x18, len, v6 ? 1440 : 1460);
			sent += len;
			biggest = len > biggest ? len : biggest;
			idle = 0;
		}
		pass_time(b, NS_PER_MS);
		while ((n = read(fd, buf, sizeof(buf))) > 0) {
			for (ssize_t i = 0; i < n; i++, got++)
				assert_int_equal(buf[i], (uint8_t)(got * 11 + (got >> 10)));
			idle = 0;
		}
		tcp_receive(&t, buf);
	}
	assert_true(got >= 4u << 20);
	assert_true(biggest > 60000);
	assert_int_equal(wire_stats(t.p->w)->tx_errors, 0);
	close(fd);
	close(lfd);
	port_free(t.p);
}

static void tcp_upload_in_whole_packets(void **state)
{
	tcp_upload(*state, false);
}

static void tcp_upload_cut_for_ipv6(void **state)
{
	tcp_upload(*state, true);
}

/* The card takes frames only now and then: libslirp waits, nothing is dropped */
static void tcp_download_with_back_pressure(void **state)
{
	static uint8_t f[70000], buf[70000], out[1 << 20];
	struct bench *b = *state;
	struct tcp t = { .b = b };
	size_t sent = 0, got = 0, n;
	int lfd, fd;

	t.p = port_new(b, "user:ipv6=off");
	say_hello(b, t.p);
	assert_true(tcp_open(&t, f, &lfd, &fd));
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 5 + (i >> 9));
	for (int i = 0; got < sizeof(out) && i < 100000; i++) {
		ssize_t w = sent < sizeof(out) ? write(fd, out + sent, sizeof(out) - sent) : 0;

		sent += w > 0 ? (size_t)w : 0;
		t.p->room = 3;
		t.p->ops->rx_ready(t.p->ctx);
		pass_time(b, NS_PER_MS);
		n = tcp_receive(&t, buf);
		assert_true(got + n <= sizeof(out));
		assert_memory_equal(buf, out + got, n);
		got += n;
		if (n)
			tcp_send(&t, f, 0x10, 0, 1460);
	}
	assert_int_equal(got, sizeof(out));
	assert_int_equal(wire_stats(t.p->w)->rx_full, 0);
	assert_true(wire_stats(t.p->w)->rx_blocked > 0);
	close(fd);
	close(lfd);
	port_free(t.p);
}

static void refusing_card_does_not_make_the_loop_spin(void **state)
{
	static uint8_t f[70000];
	struct bench *b = *state;
	struct tcp t = { .b = b };
	int lfd, fd, idle = 0;

	t.p = port_new(b, "user:ipv6=off");
	say_hello(b, t.p);
	assert_true(tcp_open(&t, f, &lfd, &fd));
	t.p->room = 0;
	(void)!write(fd, f, 60000);
	settle(b);
	(void)!write(fd, f, 60000);
	settle(b);
	for (int i = 0; i < 10; i++)
		idle += loop_once(b->loop, 0) == 0;
	assert_int_equal(idle, 10);
	close(fd);
	close(lfd);
	port_free(t.p);
}

static void queue_is_bounded_and_counts_what_it_drops(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	uint8_t f[1600] = { 0 };
	size_t len;

	say_hello(b, p);
	p->room = 0;
	f[34] = 8;
	len = ip(f, false, IPPROTO_ICMP, 1480, 2, "10.0.2.15", "10.0.2.2");
	for (int i = 0; i < 3000; i++)
		assert_true(port_send(p, f, len));
	settle(b);
	assert_true(wire_stats(p->w)->rx_full > 1000);
	p->room = UINT32_MAX;
	p->ops->rx_ready(p->ctx);
	settle(b);
	assert_int_equal(p->n - 1 + wire_stats(p->w)->rx_full, 3000);
	port_free(p);
}

/* The host connects to the guest */
static void hostfwd_reaches_the_guest(void **state)
{
	struct bench *b = *state;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct got *g;
	struct port *p;
	uint16_t port;
	int fd;

	close(listener(false, &port));	/* was free a moment ago */
	p = port_new(b, "user:ipv6=off;hostfwd=tcp:127.0.0.1:%u-:22;hostfwd=udp:127.0.0.1:%u-10.0.2.15:53",
		     port, port);
	say_hello(b, p);
	a.sin_port = htons(port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)!connect(fd, (struct sockaddr *)&a, sizeof(a));
	for (int i = 0; i < 1000 && p->n < 2; i++)
		pass_time(b, NS_PER_MS);
	g = last(p);
	assert_int_equal(g->data[23], IPPROTO_TCP);
	assert_int_equal(g->data[36] << 8 | g->data[37], 22);
	assert_int_equal(g->data[47] & 0x12, 2);
	close(fd);
	port_free(p);
}

static void idle_network_sleeps(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	int woken = 0;

	say_hello(b, p);
	pass_time(b, 10 * NS_PER_S);
	for (int i = 0; i < 100; i++) {
		b->now += NS_PER_S;
		woken += loop_once(b->loop, 0);
	}
	assert_int_equal(woken, 0);
	port_free(p);
}

static void junk_does_no_harm(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user");
	static uint8_t f[70000];
	uint32_t seed = 7;
	static const uint16_t types[] = { 0x0800, 0x0806, 0x86dd, 0x88f8, 0x8100, 0 };

	for (int i = 0; i < 20000; i++) {
		struct span s[2];
		struct frame fr = { .span = s, .nspans = 2 };

		for (size_t k = 0; k < 200; k++) {
			seed = seed * 1664525 + 1013904223;
			f[k] = (uint8_t)(seed >> 24);
		}
		put16(f + 12, types[(seed >> 8) % 6]);
		if (i & 1) {
			f[14] = f[12] == 8 ? 0x45 : 0x60;
			f[0] = 2;
		}
		fr.len = 14 + (seed >> 4) % (i % 7 ? 1500 : 65535);
		s[0] = (struct span){ f, fr.len / 2 };
		s[1] = (struct span){ f + fr.len / 2, fr.len - fr.len / 2 };
		if (i % 5 == 0) {
			fr.flags = FRAME_LSO;
			fr.lso = (struct frame_lso){
				.mss = (uint16_t)(seed >> 3), .hdr_len = (uint16_t)(seed % 300),
				.l4_start = (uint16_t)((seed >> 5) % 260), .ipv6 = i & 2, .udp = i & 4,
			};
		}
		assert_int_equal(p->ops->tx(p->ctx, &fr, 1), 1);
		if (i % 64 == 0)
			pass_time(b, NS_PER_MS);
	}
	port_free(p);
}

int main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(arp_for_the_gateway_is_answered),
		T(dhcp_offers_the_first_address),
		T(ping_to_the_gateway),
		T(tcp_upload_in_whole_packets),
		T(tcp_upload_cut_for_ipv6),
		T(tcp_download_with_back_pressure),
		T(refusing_card_does_not_make_the_loop_spin),
		T(queue_is_bounded_and_counts_what_it_drops),
		T(hostfwd_reaches_the_guest),
		T(idle_network_sleeps),
		T(junk_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
