// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pingsizes - ICMP echo of every payload size in a range, for tests
 *
 *	pingsizes ADDRESS FIRST LAST [STEP]
 *
 * Sends an echo request of each size with a pattern that depends on the size,
 * waits for the answer and compares every byte of it. Prints "N sizes, 0 lost,
 * 0 damaged, K asked again" and fails if one of the zeros is none. IPv4 or
 * IPv6; needs a raw socket.
 *
 * Some requests are under way at a time. The answering kernel drops answers
 * without a word when more than 128 KiB of buffers, twice the data, wait for
 * the card to say that they are sent, so a size without an answer is asked for
 * again, alone. Whether the cable lost something is therefore not to be seen
 * here but from the IP counters of both sides: see in-guest.sh.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SIZE	60000
#define WINDOW_BYTES	24576
#define WINDOW_PACKETS	16
#define WAIT_MS		3000
#define TRIES		3

struct echo {
	uint8_t		type, code;
	uint16_t	check, id, seq;
};

static bool v6;
static uint16_t my_id;
static unsigned char buf[MAX_SIZE + 256];
static bool answered[MAX_SIZE + 1];
static unsigned int damaged;

static void fill(unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(i * 7 + size * 13 + (i >> 8));
}

static uint16_t checksum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (len)
		sum += (uint32_t)(p[0] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static int send_echo(int fd, size_t size)
{
	struct echo e = {
		.type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.id = my_id,
		.seq = htons((uint16_t)size),
	};

	fill(buf + sizeof(e), size);
	memcpy(buf, &e, sizeof(e));
	if (!v6) {	/* for IPv6 the kernel does it */
		e.check = checksum(buf, sizeof(e) + size);
		memcpy(buf, &e, sizeof(e));
	}
	for (int waited = 0; send(fd, buf, sizeof(e) + size, 0) < 0; waited++) {
		if (errno != ENOBUFS || waited > WAIT_MS)
			return -errno;
		usleep(1000);	/* our own kernel has no room just now */
	}
	return 0;
}

/* Take one packet; true if it is an answer to us that we had not yet */
static bool take_answer(int fd)
{
	static unsigned char want[MAX_SIZE];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	size_t off = 0, size;
	struct echo e;

	if (n > 0 && !v6)
		off = (size_t)(buf[0] & 15) * 4;
	if (n < (ssize_t)(off + sizeof(e)))
		return false;
	memcpy(&e, buf + off, sizeof(e));
	if (e.type != (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) || e.id != my_id)
		return false;
	size = ntohs(e.seq);
	if (size > MAX_SIZE || answered[size])
		return false;
	answered[size] = true;
	fill(want, size);
	if ((size_t)n - off - sizeof(e) != size || memcmp(want, buf + off + sizeof(e), size)) {
		fprintf(stderr, "pingsizes: the answer to %zu bytes is damaged\n", size);
		damaged++;
	}
	return true;
}

static int open_raw(const char *host)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	int room = 4 * 1024 * 1024, fd;

	v6 = inet_pton(AF_INET6, host, &a6.sin6_addr) == 1;
	if (!v6 && inet_pton(AF_INET, host, &a4.sin_addr) != 1)
		return -EINVAL;
	fd = v6 ? socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) :
		  socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (v6 ? connect(fd, (struct sockaddr *)&a6, sizeof(a6)) :
		 connect(fd, (struct sockaddr *)&a4, sizeof(a4)))
		return -errno;
	return fd;
}

/* Wait until at most @most are under way; false if an answer does not come */
static bool wait_answers(int fd, unsigned int *under_way, unsigned int most)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (*under_way > most) {
		if (poll(&p, 1, WAIT_MS) <= 0)
			return false;
		if (take_answer(fd))
			--*under_way;
	}
	return true;
}

/* How many of a size may be under way */
static unsigned int window(unsigned int size)
{
	unsigned int n = WINDOW_BYTES / (size + 512);

	return n > WINDOW_PACKETS ? WINDOW_PACKETS : n ? n : 1;
}

/* Ask for the sizes that have no answer yet; how many were asked for, or -errno */
static int ask(int fd, unsigned int first, unsigned int last, unsigned int step, bool alone)
{
	unsigned int under_way = 0;
	int err, count = 0;

	for (unsigned int size = first; size <= last; size += step) {
		if (answered[size])
			continue;
		err = send_echo(fd, size);
		if (err) {
			fprintf(stderr, "pingsizes: %u bytes: %s\n", size, strerror(-err));
			return err;
		}
		count++;
		under_way++;
		if (!wait_answers(fd, &under_way, alone ? 0 : window(size) - 1))
			under_way = 0;	/* asked for again later */
	}
	(void)wait_answers(fd, &under_way, 0);
	return count;
}

static unsigned int lost_ones(unsigned int first, unsigned int last, unsigned int step)
{
	unsigned int lost = 0;

	for (unsigned int size = first; size <= last; size += step) {
		if (!answered[size] && lost++ < 10)
			fprintf(stderr, "pingsizes: no answer to %u bytes\n", size);
	}
	return lost;
}

int main(int argc, char **argv)
{
	unsigned int first, last, step, lost;
	int fd, count = 0, again = 0;

	if (argc < 4 || atoi(argv[2]) < 0 || atoi(argv[3]) > MAX_SIZE) {
		fprintf(stderr, "usage: pingsizes ADDRESS FIRST LAST [STEP]\n");
		return 2;
	}
	first = (unsigned int)atoi(argv[2]);
	last = (unsigned int)atoi(argv[3]);
	step = argc > 4 && atoi(argv[4]) > 0 ? (unsigned int)atoi(argv[4]) : 1;
	my_id = htons((uint16_t)getpid());
	fd = open_raw(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "pingsizes: %s: %s\n", argv[1], strerror(-fd));
		return 1;
	}
	for (int try = 0; try < TRIES; try++) {
		int n = ask(fd, first, last, step, try > 0);

		if (n < 0)
			return 1;
		if (!try)
			count = n;
		else
			again += n;
	}
	lost = lost_ones(first, last, step);
	printf("%d sizes, %u lost, %u damaged, %d asked again\n", count, lost, damaged, again);
	return lost || damaged;
}
