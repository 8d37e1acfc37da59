// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xfer - move a file over the network, for tests
 *
 *	xfer [-l] [-u] [-s SIZE] send|recv ADDRESS PORT FILE
 *
 * One side sends, one receives; with -l a side listens, else it connects.
 * Prints one line: "BYTES bytes SECONDS s RATE Mbit/s", and a TCP receiver
 * " napi ID" after it: which of the card's queues the last bytes came through.
 * Addresses are numeric, IPv4 or IPv6, so that a static program works in a
 * guest without a resolver.
 *
 * TCP: the file and nothing else. The sender waits until the receiver has
 * closed, so both sides measure the time until the last byte arrived.
 *
 * UDP (-u): the receiver listens. A datagram is a 64-bit offset and up to SIZE
 * bytes (default 1400); the receiver answers with the number of bytes it has.
 * The sender keeps at most a window unanswered, which fits into any socket
 * buffer, and sends nothing twice: a datagram that is lost or damaged is a
 * failure of what lies between, and the test is to see it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK		(256 * 1024)
#define UDP_WINDOW	(64 * 1024)	/* bytes, also for the largest datagram */
#define UDP_MAX		60000
#define UDP_WAIT_MS	10000
#define UDP_END		UINT64_MAX	/* offset of the last datagram, which has no data */

struct conf {
	const char	*file;
	bool		listen, udp, send;
	size_t		size;
};

static unsigned char buf[CHUNK];

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "xfer: ");
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

static void report(uint64_t bytes, double start)
{
	double s = now() - start;

	printf("%llu bytes %.3f s %.0f Mbit/s", (unsigned long long)bytes, s,
	       s > 0 ? (double)bytes * 8 / s / 1e6 : 0);
}

static socklen_t parse_address(const char *host, const char *port,
			       struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)atoi(port));
		return sizeof(*v6);
	}
	errno = EINVAL;
	die("%s", host);
}

static int open_socket(const struct conf *c, const char *host, const char *port)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_address(host, port, &ss);
	int one = 1, room = 4 * 1024 * 1024, conn;
	int fd = socket(ss.ss_family, c->udp ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	/* as root, so much that a window of small frames on large pages fits */
	if (c->udp)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (!c->listen) {
		if (connect(fd, (struct sockaddr *)&ss, len))
			die("connect to %s port %s", host, port);
		return fd;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len))
		die("bind to %s port %s", host, port);
	if (c->udp)
		return fd;
	if (listen(fd, 1))
		die("listen");
	conn = accept(fd, NULL, NULL);
	if (conn < 0)
		die("accept");
	close(fd);
	return conn;
}

static void write_all(int fd, const unsigned char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			die("write");
		p += n;
		len -= (size_t)n;
	}
}

static void tcp_send(int fd, int file, uint64_t size)
{
	double start = now();
	uint64_t left = size;

	while (left) {
		ssize_t n = sendfile(fd, file, NULL, left < CHUNK ? left : CHUNK);

		if (n <= 0)
			die("send");
		left -= (uint64_t)n;
	}
	shutdown(fd, SHUT_WR);
	if (read(fd, buf, 1) < 0)
		die("waiting for the receiver");
	report(size, start);
}

static void tcp_recv(int fd, int file)
{
	double start = now();
	unsigned int napi = 0;
	socklen_t len = sizeof(napi);
	uint64_t total = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		write_all(file, buf, (size_t)n);
		total += (uint64_t)n;
	}
	if (n < 0)
		die("receive");
	getsockopt(fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &napi, &len);
	close(fd);
	report(total, start);
	printf(" napi %u", napi);
}

static ssize_t udp_wait(int fd, void *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, UDP_WAIT_MS) <= 0) {
		errno = ETIMEDOUT;
		die("no datagram");
	}
	n = recv(fd, data, len, 0);
	if (n < 0)
		die("receive");
	return n;
}

/* Wait until the receiver has all but @window bytes of what was sent */
static void udp_throttle(int fd, uint64_t sent, uint64_t *acked, uint64_t window)
{
	uint64_t be;

	while (sent - *acked > window) {
		if (udp_wait(fd, &be, sizeof(be)) != sizeof(be))
			continue;
		if (be64toh(be) > *acked && be64toh(be) <= sent)
			*acked = be64toh(be);
	}
}

static void udp_send(const struct conf *c, int fd, int file, uint64_t size)
{
	uint64_t sent = 0, acked = 0, be;
	double start = now();

	while (sent < size) {
		size_t want = size - sent < c->size ? size - sent : c->size;
		ssize_t n = pread(file, buf + sizeof(be), want, (off_t)sent);

		if (n <= 0)
			die("%s", c->file);
		be = htobe64(sent);
		memcpy(buf, &be, sizeof(be));
		if (send(fd, buf, sizeof(be) + (size_t)n, 0) < 0)
			die("send");
		sent += (uint64_t)n;
		udp_throttle(fd, sent, &acked, UDP_WINDOW);
	}
	udp_throttle(fd, sent, &acked, 0);
	be = htobe64(UDP_END);
	if (send(fd, &be, sizeof(be), 0) < 0)
		die("send");
	report(size, start);
}

static void udp_recv(const struct conf *c, int fd, int file)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	uint64_t total = 0, offset, be;
	double start;

	if (recvfrom(fd, buf, 1, MSG_PEEK, (struct sockaddr *)&peer, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&peer, len))
		die("first datagram");
	for (start = now();;) {
		ssize_t n = udp_wait(fd, buf, sizeof(buf));

		if (n < (ssize_t)sizeof(be)) {
			errno = EBADMSG;
			die("datagram of %zd bytes", n);
		}
		memcpy(&be, buf, sizeof(be));
		offset = be64toh(be);
		if (offset == UDP_END)
			break;
		n -= (ssize_t)sizeof(be);
		if (pwrite(file, buf + sizeof(be), (size_t)n, (off_t)offset) != n)
			die("%s", c->file);
		total += (uint64_t)n;
		be = htobe64(total);
		if (send(fd, &be, sizeof(be), 0) < 0)
			die("answer");
	}
	report(total, start);
}

static void run(const struct conf *c, int fd)
{
	int file = c->send ? open(c->file, O_RDONLY) :
			     open(c->file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	struct stat st;

	if (file < 0 || fstat(file, &st))
		die("%s", c->file);
	if (c->udp && c->send)
		udp_send(c, fd, file, (uint64_t)st.st_size);
	else if (c->udp)
		udp_recv(c, fd, file);
	else if (c->send)
		tcp_send(fd, file, (uint64_t)st.st_size);
	else
		tcp_recv(fd, file);
	putchar('\n');
	if (close(file))
		die("%s", c->file);
}

static int usage(void)
{
	fprintf(stderr, "usage: xfer [-l] [-u] [-s SIZE] send|recv ADDRESS PORT FILE\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct conf c = { .size = 1400 };
	int opt;

	while ((opt = getopt(argc, argv, "lus:")) != -1) {
		if (opt == 'l')
			c.listen = true;
		else if (opt == 'u')
			c.udp = true;
		else if (opt == 's')
			c.size = (size_t)atoi(optarg);
		else
			return usage();
	}
	if (argc - optind != 4 || c.size < 1 || c.size > UDP_MAX)
		return usage();
	c.send = !strcmp(argv[optind], "send");
	if (!c.send && strcmp(argv[optind], "recv"))
		return usage();
	if (c.udp && c.send == c.listen) {
		fprintf(stderr, "xfer: with -u the receiver listens and the sender does not\n");
		return 2;
	}
	c.file = argv[optind + 3];
	run(&c, open_socket(&c, argv[optind + 1], argv[optind + 2]));
	return 0;
}
