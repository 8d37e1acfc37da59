/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: and dgram: against peers that speak QEMU's framing by hand, good ones
 * and bad ones, slow ones and such that come and go.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "test_wire.h"

static int un_socket(const char *path, int type, bool listener)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (listener) {
		assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
		if (type == SOCK_STREAM)
			assert_int_equal(listen(fd, 5), 0);
	} else {
		assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	}
	return fd;
}

static char *in_dir(struct bench *b, const char *name)
{
	static char path[4][120];
	static unsigned int i;
	char *p = path[i++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", b->dir, name);
	return p;
}

/* A server wire and a peer that is connected to it */
static struct port *server(struct bench *b, int *peer)
{
	struct port *p = port_new(b, "stream:unix:%s;server=on", in_dir(b, "s"));

	*peer = un_socket(in_dir(b, "s"), SOCK_STREAM, false);
	settle(b);
	assert_int_equal(wire_stats(p->w)->connects, 1);
	return p;
}

static size_t put_frame(uint8_t *buf, unsigned int i, size_t len)
{
	uint32_t be = htonl((uint32_t)len);

	memcpy(buf, &be, 4);
	pattern(buf + 4, i, len);
	return len + 4;
}

/* Reads from @fd, moving the loop, until it has @len bytes */
static void read_all(struct bench *b, int fd, uint8_t *buf, size_t len)
{
	size_t done = 0;

	for (int tries = 0; done < len && tries < 10000; tries++) {
		ssize_t n = read(fd, buf + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else
			settle(b);
	}
	assert_int_equal(done, len);
}

static void stream_sends_lengths_and_frames(void **state)
{
	static uint8_t buf[64 * 1518], want[1518];
	struct bench *b = *state;
	int peer;
	struct port *p = server(b, &peer);

	assert_int_equal(port_burst(p, 0, 64, 1514), 64);
	read_all(b, peer, buf, sizeof(buf));
	for (unsigned int i = 0; i < 64; i++) {
		put_frame(want, i, 1514);
		assert_memory_equal(buf + i * 1518, want, 1518);
	}
	close(peer);
	port_free(p);
}

static void stream_receives_frames_cut_anywhere(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 5, 7, 61, 1000, 70000 };
	static uint8_t buf[200000];
	struct bench *b = *state;
	size_t len = 0;
	int peer;
	struct port *p = server(b, &peer);
	static const size_t sizes[] = { 60, 1514, 14, 1, 9742, 61, 16384, 42 };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		len += put_frame(buf + len, i, sizes[i] < 14 ? 14 : sizes[i]);
	for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
		port_forget(p);
		for (size_t off = 0; off < len; ) {
			size_t n = len - off < steps[s] ? len - off : steps[s];

			assert_int_equal(write(peer, buf + off, n), n);
			off += n;
			loop_once(b->loop, 0);
		}
		settle(b);
		assert_int_equal(p->n, ARRAY_SIZE(sizes));
		for (unsigned int i = 0; i < p->n; i++)
			assert_pattern(&p->got[i], i, sizes[i] < 14 ? 14 : sizes[i]);
	}
	close(peer);
	port_free(p);
}

/* A peer that does not read: the socket fills in the middle of a frame, nothing is lost or doubled */
static void stream_keeps_the_rest_of_a_frame(void **state)
{
	static uint8_t buf[9746], want[9746];
	struct bench *b = *state;
	unsigned int sent = 0, n, total;
	int peer;
	struct port *p = server(b, &peer);

	do {
		n = port_burst(p, sent, 64, 9742);
		sent += n;
	} while (n == 64 && sent < 100000);
	assert_true(sent < 100000);
	assert_int_equal(p->readies, 0);
	assert_int_equal(port_burst(p, sent, 1, 9742), 0);

	total = sent + 200;
	for (unsigned int i = 0; i < total; i++) {
		read_all(b, peer, buf, sizeof(buf));
		put_frame(want, i, 9742);
		assert_memory_equal(buf, want, sizeof(buf));
		settle(b);
		if (p->readies && sent < total)
			sent += port_burst(p, sent, total - sent < 64 ? total - sent : 64, 9742);
	}
	assert_true(p->readies > 0);
	assert_int_equal(sent, total);
	assert_int_equal(wire_stats(p->w)->tx_frames, total);
	close(peer);
	port_free(p);
}

static void stream_waits_for_the_card(void **state)
{
	static uint8_t buf[100 * 104];
	struct bench *b = *state;
	size_t len = 0;
	int peer;
	struct port *p = server(b, &peer);

	for (unsigned int i = 0; i < 100; i++)
		len += put_frame(buf + len, i, 100);
	p->room = 10;
	assert_int_equal(write(peer, buf, len), len);
	settle(b);
	assert_int_equal(p->n, 10);
	p->room = 80;
	p->ops->rx_ready(p->ctx);
	assert_int_equal(p->n, 10);
	settle(b);
	assert_int_equal(p->n, 90);
	close(peer);			/* what has arrived still counts */
	settle(b);
	p->room = 100;
	p->ops->rx_ready(p->ctx);
	settle(b);
	assert_int_equal(p->n, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_pattern(&p->got[i], i, 100);
	assert_int_equal(wire_stats(p->w)->disconnects, 1);
	port_free(p);
}

static void stream_sends_away_who_sends_bad_lengths(void **state)
{
	static const uint32_t bad[] = { 0, 65537, 0xffffffff, 0x80000000 };
	struct bench *b = *state;
	struct port *p = port_new(b, "stream:unix:%s;server=on", in_dir(b, "s"));
	uint8_t buf[200];

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		int peer = un_socket(in_dir(b, "s"), SOCK_STREAM, false);
		size_t len = put_frame(buf, i, 100);
		uint32_t be = htonl(bad[i]);

		memcpy(buf + len, &be, 4);
		assert_int_equal(write(peer, buf, len + 4), len + 4);
		settle(b);
		assert_int_equal(p->n, i + 1);		/* the good frame before it */
		assert_int_equal(wire_stats(p->w)->disconnects, i + 1);
		assert_int_equal(wire_stats(p->w)->rx_errors, i + 1);
		assert_int_equal(read(peer, buf, 1), 0);
		close(peer);
	}
	assert_true(p->traces > 0);
	port_free(p);
}

static void stream_skips_giants(void **state)
{
	static uint8_t buf[80000];
	struct bench *b = *state;
	uint32_t be = htonl(65536);
	size_t len;
	int peer;
	struct port *p = server(b, &peer);

	memcpy(buf, &be, 4);
	len = 4 + 65536;
	len += put_frame(buf + len, 1, 100);
	for (size_t off = 0; off < len; off += 1000) {
		size_t n = len - off < 1000 ? len - off : 1000;

		assert_int_equal(write(peer, buf + off, n), n);
		settle(b);
	}
	assert_int_equal(p->n, 1);
	assert_pattern(&p->got[0], 1, 100);
	assert_int_equal(wire_stats(p->w)->rx_giant, 1);
	close(peer);
	port_free(p);
}

static void stream_garbage_does_no_harm(void **state)
{
	static uint8_t buf[65536];
	struct bench *b = *state;
	struct port *p = port_new(b, "stream:unix:%s;server=on", in_dir(b, "s"));
	uint32_t seed = 1;

	for (unsigned int round = 0; round < 200; round++) {
		int peer = un_socket(in_dir(b, "s"), SOCK_STREAM, false);

		for (size_t i = 0; i < sizeof(buf); i++) {
			seed = seed * 1664525 + 1013904223;
			/* small lengths now and then, or the first one ends it */
			buf[i] = round & 1 && i % 8 < 3 ? 0 : (uint8_t)(seed >> 24);
		}
		(void)!write(peer, buf, sizeof(buf));
		settle(b);
		close(peer);
		settle(b);
	}
	assert_int_equal(wire_stats(p->w)->disconnects, 200);
	port_free(p);
}

static void stream_server_takes_one_peer_after_the_other(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "stream:unix:%s;server=on", in_dir(b, "s"));
	uint8_t buf[200];
	int one, two;

	assert_int_equal(port_burst(p, 0, 5, 60), 5);
	assert_int_equal(wire_stats(p->w)->tx_no_peer, 5);
	one = un_socket(in_dir(b, "s"), SOCK_STREAM, false);
	two = un_socket(in_dir(b, "s"), SOCK_STREAM, false);	/* in the backlog */
	settle(b);
	assert_int_equal(port_burst(p, 0, 1, 60), 1);
	read_all(b, one, buf, 64);
	assert_int_equal(read(two, buf, 1), -1);
	close(one);
	settle(b);
	assert_int_equal(wire_stats(p->w)->disconnects, 1);
	assert_int_equal(wire_stats(p->w)->connects, 2);
	assert_int_equal(port_burst(p, 1, 1, 60), 1);
	read_all(b, two, buf, 64);
	close(two);
	port_free(p);
}

/* Who knocks while there is no descriptor waits, and nobody spins for him */
static void stream_server_without_descriptors_waits(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "stream:unix:%s;server=on", in_dir(b, "s"));
	int peer = un_socket(in_dir(b, "s"), SOCK_STREAM, false);
	unsigned int events = 0;
	struct rlimit old;

	no_descriptors(&old);
	for (int i = 0; i < 50; i++)
		events += (unsigned int)loop_once(b->loop, 0);
	for (unsigned int i = 0; i < 10 && events == 1; i++)
		pass_time(b, NS_PER_S);		/* it looks again now and then */
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(events, 1);
	assert_int_equal(wire_stats(p->w)->connects, 0);
	pass_time(b, NS_PER_S);
	assert_int_equal(wire_stats(p->w)->connects, 1);
	close(peer);
	settle(b);
	assert_int_equal(wire_stats(p->w)->disconnects, 1);
	port_free(p);
}

static void stream_client_connects_again(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "stream:unix:%s", in_dir(b, "s"));
	uint8_t buf[100];
	int l, fd;

	settle(b);
	assert_int_equal(port_burst(p, 0, 2, 60), 2);
	assert_int_equal(wire_stats(p->w)->tx_no_peer, 2);

	for (unsigned int round = 1; round < 4; round++) {
		l = un_socket(in_dir(b, "s"), SOCK_STREAM, true);
		pass_time(b, 500 * NS_PER_MS);
		fd = accept(l, NULL, NULL);
		assert_true(fd >= 0);
		assert_int_equal(wire_stats(p->w)->connects, round);
		assert_int_equal(port_burst(p, 0, 1, 60), 1);
		read_all(b, fd, buf, 64);
		close(fd);
		close(l);
		unlink(in_dir(b, "s"));
		settle(b);
		assert_int_equal(wire_stats(p->w)->disconnects, round);
		pass_time(b, 500 * NS_PER_MS);	/* nobody there: tries, and waits again */
	}
	port_free(p);
}

/* A peer in the middle of a frame goes away: its successor starts with a whole one */
static void stream_forgets_half_frames_with_the_peer(void **state)
{
	static uint8_t buf[20000];
	struct bench *b = *state;
	unsigned int sent = 0, n;
	uint8_t half[50];
	int one, two;
	struct port *p = server(b, &one);

	put_frame(buf, 0, 100);
	memcpy(half, buf, sizeof(half));
	assert_int_equal(write(one, half, sizeof(half)), sizeof(half));
	do {
		n = port_burst(p, sent, 64, 9742);
		sent += n;
	} while (n == 64);
	close(one);
	settle(b);
	assert_int_equal(p->readies, 1);
	two = un_socket(in_dir(b, "s"), SOCK_STREAM, false);
	settle(b);
	assert_int_equal(write(two, buf, 104), 104);
	assert_int_equal(port_burst(p, 7, 1, 60), 1);
	read_all(b, two, buf, 64);
	assert_int_equal(ntohl(*(uint32_t *)(void *)buf), 60);
	settle(b);
	assert_int_equal(p->n, 1);
	assert_pattern(&p->got[0], 0, 100);
	close(two);
	port_free(p);
}

static void stream_drops_for_a_peer_that_never_reads(void **state)
{
	struct bench *b = *state;
	int peer;
	struct port *p = server(b, &peer);

	while (port_burst(p, 0, 64, 9742) == 64)
		;
	pass_time(b, 2 * NS_PER_S);
	assert_int_equal(p->readies, 1);
	assert_int_equal(port_burst(p, 0, 64, 9742), 64);
	assert_int_equal(wire_stats(p->w)->tx_stalled, 64);
	close(peer);
	port_free(p);
}

static void stream_two_wires_over_tcp(void **state)
{
	struct bench *b = *state;
	struct port *s = NULL, *c;
	unsigned int port, sent = 0;

	/* A free port: whoever else takes part in this machine's tests takes another */
	for (port = 20000 + (unsigned int)getpid() % 20000; !s; port++) {
		const struct wire_end end = { 0 };
		char spec[100], err[400];
		struct wire *w;

		snprintf(spec, sizeof(spec), "stream:127.0.0.1:%u;server=on", port);
		w = wire_open(spec, &end, loop_wire(b->loop), err, sizeof(err));
		if (!w)
			continue;
		wire_close(w);
		s = port_new(b, "%s", spec);
		break;
	}
	c = port_new(b, "stream:127.0.0.1:%u", port);
	for (int i = 0; i < 1000 && !wire_stats(s->w)->connects; i++)
		settle(b);
	settle(b);
	while (sent < 2000) {
		unsigned int n = 2000 - sent < 64 ? 2000 - sent : 64;

		sent += port_burst(c, sent, n, 1514);
		settle(b);
	}
	for (int i = 0; i < 10000 && s->n < 2000; i++)
		settle(b);
	assert_int_equal(s->n, 2000);
	for (unsigned int i = 0; i < 2000; i++)
		assert_pattern(&s->got[i], i, 1514);
	port_free(c);
	port_free(s);
}

static void stream_server_replaces_a_stale_socket_only(void **state)
{
	struct bench *b = *state;
	const struct wire_end end = { 0 };
	char spec[200], err[400];
	struct port *p;
	struct stat st;

	close(un_socket(in_dir(b, "s"), SOCK_STREAM, true));	/* the file stays */
	p = port_new(b, "stream:unix:%s;server=on", in_dir(b, "s"));
	snprintf(spec, sizeof(spec), "stream:unix:%s;server=on", in_dir(b, "s"));
	assert_null(wire_open(spec, &end, loop_wire(b->loop), err, sizeof(err)));
	assert_non_null(strstr(err, "another process listens there"));
	assert_int_equal(stat(in_dir(b, "s"), &st), 0);
	port_free(p);
	assert_int_equal(stat(in_dir(b, "s"), &st), -1);
}

/* ---- dgram ---- */

static void dgram_unix_both_ways(void **state)
{
	struct bench *b = *state;
	struct port *x = port_new(b, "dgram:local=unix:%s;remote=unix:%s", in_dir(b, "x"), in_dir(b, "y"));
	struct port *y;

	assert_int_equal(port_burst(x, 0, 3, 60), 3);		/* nobody there yet */
	assert_int_equal(wire_stats(x->w)->tx_no_peer, 3);
	y = port_new(b, "dgram:remote=unix:%s;local=unix:%s", in_dir(b, "x"), in_dir(b, "y"));
	for (unsigned int i = 0; i < 200; i++) {
		assert_int_equal(port_burst(x, i * 4, 4, 1514), 4);
		assert_int_equal(port_burst(y, i, 1, 9742), 1);
		settle(b);
	}
	assert_int_equal(y->n, 800);
	assert_int_equal(x->n, 200);
	for (unsigned int i = 0; i < 800; i++)
		assert_pattern(&y->got[i], i, 1514);
	for (unsigned int i = 0; i < 200; i++)
		assert_pattern(&x->got[i], i, 9742);

	/* The other end is restarted */
	port_free(y);
	assert_int_equal(port_burst(x, 0, 5, 60), 5);
	assert_int_equal(wire_stats(x->w)->tx_no_peer, 8);
	y = port_new(b, "dgram:remote=unix:%s;local=unix:%s", in_dir(b, "x"), in_dir(b, "y"));
	assert_int_equal(port_burst(x, 0, 5, 60), 5);
	settle(b);
	assert_int_equal(y->n, 5);
	port_free(x);
	port_free(y);
}

static void dgram_unix_waits_for_room_without_spinning(void **state)
{
	struct bench *b = *state;
	struct port *x;
	int peer = un_socket(in_dir(b, "y"), SOCK_DGRAM, true);
	unsigned int sent = 0, n, idle = 0, seen = 0;
	uint8_t buf[2000], want[2000];

	x = port_new(b, "dgram:local=unix:%s;remote=unix:%s", in_dir(b, "x"), in_dir(b, "y"));
	do {
		n = port_burst(x, sent, 64, 1514);
		sent += n;
	} while (n == 64 && sent < 100000);
	assert_true(sent < 100000);
	for (int i = 0; i < 10; i++)
		idle += loop_once(b->loop, 0) == 0;
	assert_int_equal(idle, 10);
	assert_int_equal(x->readies, 0);
	while (read(peer, buf, sizeof(buf)) == 1514) {
		pattern(want, seen++, 1514);
		assert_memory_equal(buf, want, 1514);
	}
	assert_int_equal(seen, sent);
	settle(b);
	assert_int_equal(x->readies, 1);
	assert_int_equal(port_burst(x, sent, 1, 1514), 1);
	close(peer);
	unlink(in_dir(b, "y"));
	port_free(x);
}

static void dgram_bad_sizes_and_back_pressure(void **state)
{
	static uint8_t buf[30000];
	struct bench *b = *state;
	struct port *x;
	int peer = un_socket(in_dir(b, "y"), SOCK_DGRAM, true);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	static const size_t sizes[] = { 0, 14, 16384, 16385, 30000, 60, 9742 };

	x = port_new(b, "dgram:local=unix:%s;remote=unix:%s", in_dir(b, "x"), in_dir(b, "y"));
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", in_dir(b, "x"));
	x->room = 2;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		pattern(buf, i, sizes[i] ? sizes[i] : 14);
		assert_int_equal(sendto(peer, buf, sizes[i], 0, (struct sockaddr *)&to, sizeof(to)), sizes[i]);
	}
	settle(b);
	assert_int_equal(x->n, 2);
	x->room = 10;
	x->ops->rx_ready(x->ctx);
	settle(b);
	assert_int_equal(x->n, 4);
	assert_pattern(&x->got[0], 1, 14);
	assert_pattern(&x->got[1], 2, 16384);
	assert_pattern(&x->got[2], 5, 60);
	assert_pattern(&x->got[3], 6, 9742);
	assert_int_equal(wire_stats(x->w)->rx_giant, 2);
	assert_int_equal(wire_stats(x->w)->rx_errors, 1);
	close(peer);
	unlink(in_dir(b, "y"));
	port_free(x);
}

static void dgram_udp_both_ways_and_nobody_there(void **state)
{
	struct bench *b = *state;
	unsigned int base = 20000 + (unsigned int)getpid() % 20000;
	struct port *x = port_new(b, "dgram:local=127.0.0.1:%u;remote=127.0.0.1:%u", base, base + 20001);
	struct port *y;

	for (int i = 0; i < 10; i++) {
		assert_int_equal(port_burst(x, 0, 3, 60), 3);
		settle(b);
	}
	y = port_new(b, "dgram:local=127.0.0.1:%u;remote=127.0.0.1:%u", base + 20001, base);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(port_burst(x, i * 8, 8, 9000), 8);
		settle(b);
	}
	assert_int_equal(y->n, 800);
	for (unsigned int i = 0; i < 800; i++)
		assert_pattern(&y->got[i], i, 9000);
	assert_int_equal(port_burst(y, 0, 64, 100), 64);
	settle(b);
	assert_int_equal(x->n, 64);
	port_free(x);
	port_free(y);
}

static void dgram_multicast_reaches_all_but_oneself(void **state)
{
	struct bench *b = *state;
	unsigned int port = 20000 + (unsigned int)getpid() % 40000;
	struct port *p[3];

	for (int i = 0; i < 3; i++)
		p[i] = port_new(b, "dgram:remote=239.77.1.2:%u;local=127.0.0.1:0", port);
	assert_int_equal(port_burst(p[0], 0, 20, 1000), 20);
	settle(b);
	if (!p[1]->n) {
		for (int i = 0; i < 3; i++)
			port_free(p[i]);
		print_message("no multicast on the loopback interface here\n");
		skip();
	}
	assert_int_equal(p[0]->n, 0);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(p[i]->n, 20);
		assert_pattern(&p[i]->got[19], 19, 1000);
	}
	for (int i = 0; i < 3; i++)
		port_free(p[i]);
}

int main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(stream_sends_lengths_and_frames),
		T(stream_receives_frames_cut_anywhere),
		T(stream_keeps_the_rest_of_a_frame),
		T(stream_waits_for_the_card),
		T(stream_sends_away_who_sends_bad_lengths),
		T(stream_skips_giants),
		T(stream_garbage_does_no_harm),
		T(stream_server_takes_one_peer_after_the_other),
		T(stream_server_without_descriptors_waits),
		T(stream_client_connects_again),
		T(stream_forgets_half_frames_with_the_peer),
		T(stream_drops_for_a_peer_that_never_reads),
		T(stream_two_wires_over_tcp),
		T(stream_server_replaces_a_stale_socket_only),
		T(dgram_unix_both_ways),
		T(dgram_unix_waits_for_room_without_spinning),
		T(dgram_bad_sizes_and_back_pressure),
		T(dgram_udp_both_ways_and_nobody_there),
		T(dgram_multicast_reaches_all_but_oneself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
