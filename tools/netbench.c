// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netbench - four numbers about a network path, for tests/guest/bench
 *
 *	netbench serve ADDRESS PORT
 *	netbench rr|tcp-out|tcp-in|udp-out|udp-in ADDRESS PORT SECONDS
 *
 * The client prints one number: microseconds per TCP request and answer of one
 * byte (rr), Mbit/s of TCP payload which arrived (tcp-out from here to there,
 * tcp-in back), UDP datagrams per second which arrived, of 18 bytes each so
 * that a frame has the least size (udp-out, udp-in). What is sent too fast for
 * the path is lost, only what arrives counts.
 *
 * The client opens a TCP connection and says in its first byte what it wants.
 * Datagrams go to and from the same port number; the connection carries the
 * count, and its end is the end of the measurement.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UDP_BYTES	18
#define BURST		32	/* datagrams between two looks at the clock */

enum kind { RR, TCP_OUT, TCP_IN, UDP_OUT, UDP_IN, NKINDS };

static const char *const kind_names[NKINDS] = {
	"rr", "tcp-out", "tcp-in", "udp-out", "udp-in",
};

static char buf[128 * 1024];

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "netbench: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(err));
	va_end(ap);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
	};

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1) {
		errno = EINVAL;
		die("%s", host);
	}
	return a;
}

static int new_socket(int type)
{
	int one = 1, fd = socket(AF_INET, type, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static int bound(int type, const struct sockaddr_in *a)
{
	int fd = new_socket(type);

	if (bind(fd, (const struct sockaddr *)a, sizeof(*a)))
		die("bind");
	return fd;
}

static int connected(int type, const struct sockaddr_in *a)
{
	int fd = new_socket(type);

	if (connect(fd, (const struct sockaddr *)a, sizeof(*a)))
		die("connect");
	return fd;
}

static void no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void put_count(int fd, uint64_t count)
{
	uint64_t be = htobe64(count);

	if (write(fd, &be, sizeof(be)) != sizeof(be))
		die("count");
}

static uint64_t get_count(int fd)
{
	uint64_t be;

	if (recv(fd, &be, sizeof(be), MSG_WAITALL) != sizeof(be))
		die("no count from the server");
	return be64toh(be);
}

/* Read until the other side closes; how many bytes */
static uint64_t drain(int fd)
{
	uint64_t total = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		total += (uint64_t)n;
	return total;
}

/* Send until @end, or for ever when it is 0; a closed connection ends it too */
static void pour(int fd, double end)
{
	while (!end || now() < end)
		if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) < 0)
			break;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static void udp_pour(int fd, int control, double end)
{
	while (!end || now() < end) {
		if (control >= 0 && readable(control, 0))
			break;
		for (int i = 0; i < BURST; i++)
			(void)send(fd, buf, UDP_BYTES, 0);
	}
}

/* Count datagrams until @end, or until @control has something to read */
static uint64_t udp_count(int fd, int control, double end)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = control, .events = POLLIN },
	};
	uint64_t count = 0;

	while (!end || now() < end) {
		if (poll(p, control < 0 ? 1 : 2, 100) <= 0)
			continue;
		while (recv(fd, buf, UDP_BYTES, MSG_DONTWAIT) >= 0)
			count++;
		if (control >= 0 && p[1].revents)
			break;
	}
	return count;
}

static void serve_udp(int control, int udp, enum kind kind)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	while (recv(udp, buf, UDP_BYTES, MSG_DONTWAIT) >= 0)
		;	/* what is left of the test before */
	put_count(control, 0);
	if (kind == UDP_OUT) {
		put_count(control, udp_count(udp, control, 0));
		return;
	}
	if (recvfrom(udp, buf, 1, 0, (struct sockaddr *)&peer, &len) < 0 ||
	    connect(udp, (struct sockaddr *)&peer, len))
		die("hello");
	udp_pour(udp, control, 0);
	peer.sin_family = AF_UNSPEC;
	(void)connect(udp, (struct sockaddr *)&peer, sizeof(peer));
}

static void serve_one(int fd, int udp)
{
	char kind;

	no_delay(fd);
	if (read(fd, &kind, 1) != 1)
		return;
	switch (kind) {
	case RR:
		while (read(fd, buf, 1) == 1 && write(fd, buf, 1) == 1)
			;
		break;
	case TCP_OUT:
		put_count(fd, drain(fd));
		break;
	case TCP_IN:
		pour(fd, 0);
		break;
	case UDP_OUT:
	case UDP_IN:
		serve_udp(fd, udp, (enum kind)kind);
		break;
	default:
		break;
	}
}

static void serve(const struct sockaddr_in *a)
{
	int tcp = bound(SOCK_STREAM, a), udp = bound(SOCK_DGRAM, a);

	signal(SIGPIPE, SIG_IGN);
	if (listen(tcp, 4))
		die("listen");
	for (;;) {
		int fd = accept(tcp, NULL, NULL);

		if (fd < 0)
			die("accept");
		serve_one(fd, udp);
		close(fd);
	}
}

static double client_rr(int fd, double seconds)
{
	double start = now(), end = start + seconds, t = start;
	unsigned int count = 0;

	for (no_delay(fd); t < end; t = now(), count++)
		if (write(fd, buf, 1) != 1 || read(fd, buf, 1) != 1)
			die("request");
	return (t - start) * 1e6 / count;
}

static double client_tcp_out(int fd, double seconds)
{
	double start = now();
	uint64_t count;

	pour(fd, start + seconds);
	shutdown(fd, SHUT_WR);
	count = get_count(fd);
	return (double)count * 8 / (now() - start) / 1e6;
}

static double client_tcp_in(int fd, double seconds)
{
	double start = now(), end = start + seconds, t = start;
	uint64_t total = 0;
	ssize_t n;

	for (; t < end; t = now(), total += (uint64_t)n) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			die("receive");
	}
	return (double)total * 8 / (t - start) / 1e6;
}

static double client_udp(int fd, const struct sockaddr_in *a, enum kind kind, double seconds)
{
	int udp = connected(SOCK_DGRAM, a);
	uint64_t count;
	double start;

	get_count(fd);		/* the server is ready */
	start = now();
	if (kind == UDP_OUT) {
		udp_pour(udp, -1, start + seconds);
		seconds = now() - start;
		shutdown(fd, SHUT_WR);
		count = get_count(fd);
	} else {
		if (send(udp, buf, 1, 0) != 1)
			die("hello");
		count = udp_count(udp, -1, start + seconds);
		seconds = now() - start;
	}
	return (double)count / seconds;
}

static double client(const struct sockaddr_in *a, enum kind kind, double seconds)
{
	int fd = connected(SOCK_STREAM, a);
	char k = (char)kind;

	if (write(fd, &k, 1) != 1)
		die("request");
	switch (kind) {
	case RR:
		return client_rr(fd, seconds);
	case TCP_OUT:
		return client_tcp_out(fd, seconds);
	case TCP_IN:
		return client_tcp_in(fd, seconds);
	default:
		return client_udp(fd, a, kind, seconds);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in a;
	int k;

	if (argc < 4) {
		fprintf(stderr, "usage: netbench serve|rr|tcp-out|tcp-in|udp-out|udp-in ADDRESS PORT [SECONDS]\n");
		return 2;
	}
	a = address(argv[2], argv[3]);
	if (!strcmp(argv[1], "serve"))
		serve(&a);
	for (k = 0; k < NKINDS; k++)
		if (!strcmp(argv[1], kind_names[k]))
			break;
	if (k == NKINDS || argc != 5 || atof(argv[4]) <= 0) {
		fprintf(stderr, "netbench: unknown test or no time\n");
		return 2;
	}
	printf("%.1f\n", client(&a, (enum kind)k, atof(argv[4])));
	return 0;
}
