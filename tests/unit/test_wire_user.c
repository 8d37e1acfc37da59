/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user: libslirp, spoken to by hand: ARP, DHCP, ping, and TCP to a listener of
 * this process with segments of 64 KiB, as IPv4 (whole) and IPv6 (cut).
 */
#include "wire_ip.h"

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

static int dial4(uint16_t port, int type)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(port) };
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

/* Waits for a frame of protocol @proto and takes it */
static const uint8_t *next_ip(struct bench *b, struct port *p, uint8_t proto)
{
	for (int i = 0; i < 1000; i++) {
		if (p->n && last(p)->data[12] == 8 && last(p)->data[13] == 0 && last(p)->data[23] == proto)
			return last(p)->data;
		pass_time(b, NS_PER_MS);
	}
	fail_msg("nothing of protocol %u came", proto);
	return NULL;
}

static void hostfwd_carries_tcp_both_ways(void **state)
{
	struct bench *b = *state;
	struct tcp t = { .b = b, .sport = 22, .seq = 77 };
	uint8_t f[2000], buf[2000];
	const uint8_t *syn;
	size_t got = 0;
	int fd;

	close(listener(false, &t.dport));
	t.p = port_new(b, "user:ipv6=off;hostfwd=tcp:127.0.0.1:%u-10.0.2.15:22", t.dport);
	say_hello(b, t.p);
	fd = dial4(t.dport, SOCK_STREAM);
	syn = next_ip(b, t.p, IPPROTO_TCP);
	t.dport = (uint16_t)(syn[34] << 8 | syn[35]);
	t.ack = get32(syn + 38) + 1;
	t.seen = t.p->n;
	tcp_send(&t, f, 0x12, 0, 1460);
	for (int i = 0; i < 1000 && t.acked != t.seq; i++) {
		pass_time(b, NS_PER_MS);
		tcp_receive(&t, buf);
	}
	assert_int_equal(write(fd, "from the host", 13), 13);
	for (int i = 0; i < 1000 && got < 13; i++) {
		pass_time(b, NS_PER_MS);
		got += tcp_receive(&t, buf + got);
	}
	assert_int_equal(got, 13);
	assert_memory_equal(buf, "from the host", 13);
	memcpy(f + 54, "from the guest", 14);
	tcp_send(&t, f, 0x18, 14, 1460);
	pass_time(b, NS_PER_MS);
	assert_int_equal(read(fd, buf, sizeof(buf)), 14);
	assert_memory_equal(buf, "from the guest", 14);
	close(fd);
	port_free(t.p);
}

static void hostfwd_carries_udp_both_ways(void **state)
{
	struct bench *b = *state;
	uint8_t f[200] = { 0 }, buf[100];
	const uint8_t *g;
	struct port *p;
	uint16_t port;
	int fd;

	close(listener(false, &port));
	p = port_new(b, "user:ipv6=off;hostfwd=udp:127.0.0.1:%u-10.0.2.15:5353", port);
	say_hello(b, p);
	fd = dial4(port, SOCK_DGRAM);
	assert_int_equal(send(fd, "question", 8, 0), 8);
	g = next_ip(b, p, IPPROTO_UDP);
	assert_int_equal(g[36] << 8 | g[37], 5353);
	assert_int_equal(g[38] << 8 | g[39], 16);
	assert_memory_equal(g + 42, "question", 8);

	memcpy(f + 42, "an answer", 9);
	put16(f + 34, 5353);
	memcpy(f + 36, g + 34, 2);
	put16(f + 38, 17);
	assert_true(port_send(p, f, ip(f, false, IPPROTO_UDP, 17, 6, "10.0.2.15", "10.0.2.2")));
	pass_time(b, NS_PER_MS);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), 9);
	assert_memory_equal(buf, "an answer", 9);
	close(fd);
	port_free(p);
}

/* Who knocks while there is no descriptor waits, and nobody spins for him */
static void hostfwd_without_descriptors_waits(void **state)
{
	struct bench *b = *state;
	unsigned int events = 0;
	struct rlimit old;
	struct port *p;
	uint16_t port;
	int fd;

	close(listener(false, &port));
	p = port_new(b, "user:ipv6=off;hostfwd=tcp:127.0.0.1:%u-:22", port);
	say_hello(b, p);
	port_forget(p);
	fd = dial4(port, SOCK_STREAM);
	no_descriptors(&old);
	for (int i = 0; i < 50; i++)
		events += (unsigned int)loop_once(b->loop, 0);
	for (int i = 0; i < 5 && events <= 10; i++)
		pass_time(b, NS_PER_S);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_in_range(events, 1, 10);
	assert_int_equal(p->n, 0);
	next_ip(b, p, IPPROTO_TCP);
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
		T(hostfwd_carries_tcp_both_ways),
		T(hostfwd_carries_udp_both_ways),
		T(hostfwd_without_descriptors_waits),
		T(idle_network_sleeps),
		T(junk_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
