/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user: the guest's questions to 10.0.2.3 and fec0::3 reach the resolver that
 * the host's /etc/resolv.conf names, and its answers reach the guest.
 *
 * libslirp asks port 53 and nothing else, so the test makes itself a host: in
 * namespaces of its own (no rights needed, where the system allows it) with a
 * loopback, an /etc/resolv.conf, and resolvers that are this process.
 */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "wire_ip.h"

static char why_not[200];	/* no namespaces here */
static char conf[] = "/tmp/wire-dns-XXXXXX";
static uint64_t start = 1000 * NS_PER_S;

/* ---- a host of our own ---- */

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

static bool become_root_of_a_namespace(void)
{
	unsigned int uid = getuid(), gid = getgid();
	char map[40];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!write_file("/proc/self/uid_map", map) || !write_file("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return write_file("/proc/self/gid_map", map);
}

static bool loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok = fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &ifr);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void make_host(void)
{
	int fd = mkstemp(conf);

	if (fd >= 0)
		close(fd);
	if (access("/etc/resolv.conf", F_OK))
		snprintf(why_not, sizeof(why_not), "there is no /etc/resolv.conf to lay another one over");
	else if (fd < 0 || !become_root_of_a_namespace() || !loopback_up() ||
		 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		 mount(conf, "/etc/resolv.conf", NULL, MS_BIND, NULL))
		snprintf(why_not, sizeof(why_not), "no namespaces for a host of our own: %s", strerror(errno));
}

/* Time goes on from test to test: libslirp remembers the resolver for a second */
static int setup(void **state)
{
	bench_setup(state);
	start += 100 * NS_PER_S;
	((struct bench *)*state)->now = start;
	return 0;
}

static void need_host(const char *resolv_conf)
{
	if (*why_not) {
		print_message("%s\n", why_not);
		skip();
	}
	assert_true(write_file(conf, resolv_conf));
}

static int resolver(const char *addr, int type)
{
	bool v6 = strchr(addr, ':');
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(53) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
	int fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK, 0);

	inet_pton(v6 ? AF_INET6 : AF_INET, addr, v6 ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr);
	if (fd < 0 || bind(fd, v6 ? (void *)&a6 : (void *)&a4, v6 ? sizeof(a6) : sizeof(a4))) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (type == SOCK_STREAM)
		listen(fd, 5);
	return fd;
}

/* ---- questions and answers ---- */

struct question {
	struct sockaddr_storage	from;
	socklen_t		fromlen;
	uint8_t			data[600];
	size_t			len;
};

/* An A question for host<n>.example, number @n; @answer: with one record */
static size_t dns_message(uint8_t *m, unsigned int n, bool answer)
{
	static const uint8_t tail[] = { 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1 };
	const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, (uint8_t)n };
	size_t len = 12;

	memset(m, 0, len);
	put16(m, 0x4000 + n);
	put16(m + 2, answer ? 0x8180 : 0x0100);
	put16(m + 4, 1);
	put16(m + 6, answer);
	len += 1 + (size_t)sprintf((char *)m + len + 1, "host%u", n);
	m[12] = (uint8_t)(len - 13);
	memcpy(m + len, tail, sizeof(tail));
	len += sizeof(tail);
	if (answer) {
		memcpy(m + len, record, sizeof(record));
		len += sizeof(record);
	}
	return len;
}

static void ask(struct port *p, bool v6, uint16_t sport, unsigned int n)
{
	uint8_t f[700] = { 0 }, *udp = f + (v6 ? 54 : 34);
	size_t len = 8 + dns_message(udp + 8, n, false);

	put16(udp, sport);
	put16(udp + 2, 53);
	put16(udp + 4, len);
	len = ip(f, v6, IPPROTO_UDP, len, 6, v6 ? "fec0::15" : "10.0.2.15", v6 ? "fec0::3" : "10.0.2.3");
	assert_true(port_send(p, f, len < 60 ? 60 : len));
}

/* What the resolver has got is question @n, and it comes from this host */
static void take(struct bench *b, int fd, struct question *q, unsigned int n)
{
	uint8_t want[600];
	ssize_t len = -1;

	for (int i = 0; i < 1000 && len < 0; i++) {
		pass_time(b, NS_PER_MS);
		q->fromlen = sizeof(q->from);
		len = recvfrom(fd, q->data, sizeof(q->data), 0, (struct sockaddr *)&q->from, &q->fromlen);
	}
	if (len < 0)
		fail_msg("question %u did not reach the resolver", n);
	q->len = (size_t)len;
	assert_int_equal(q->len, dns_message(want, n, false));
	assert_memory_equal(q->data, want, q->len);
}

static void answer(int fd, const struct question *q, unsigned int n)
{
	uint8_t m[600];
	size_t len = dns_message(m, n, true);

	assert_int_equal(sendto(fd, m, len, 0, (const struct sockaddr *)&q->from, q->fromlen), len);
}

/* The guest has answer @n at port @dport, from the address it asked, with good checksums */
static void got_answer(struct bench *b, struct port *p, bool v6, uint16_t dport, unsigned int n)
{
	size_t l4 = v6 ? 54 : 34, alen = v6 ? 16 : 4, len;
	uint8_t want[600], from[16];
	const struct got *g;

	for (int i = 0; i < 1000 && !p->n; i++)
		pass_time(b, NS_PER_MS);
	if (!p->n)
		fail_msg("answer %u did not reach the guest", n);
	g = &p->got[0];
	len = dns_message(want, n, true);
	assert_true(g->len >= l4 + 8 + len);
	inet_pton(v6 ? AF_INET6 : AF_INET, v6 ? "fec0::3" : "10.0.2.3", from);
	assert_memory_equal(g->data + (v6 ? 22 : 26), from, alen);
	assert_int_equal(g->data[v6 ? 20 : 23], IPPROTO_UDP);
	assert_int_equal(g->data[l4] << 8 | g->data[l4 + 1], 53);
	assert_int_equal(g->data[l4 + 2] << 8 | g->data[l4 + 3], dport);
	assert_int_equal(g->data[l4 + 4] << 8 | g->data[l4 + 5], 8 + len);
	assert_memory_equal(g->data + l4 + 8, want, len);
	if (v6 || g->data[l4 + 6] || g->data[l4 + 7])
		assert_int_equal(add(add(IPPROTO_UDP + 8 + (uint32_t)len, g->data + (v6 ? 22 : 26), 2 * alen),
				     g->data + l4, 8 + len), 0xffff);
	port_forget(p);
}

static void question_and_answer(struct bench *b, struct port *p, int fd, bool v6, unsigned int n)
{
	struct question q;

	port_forget(p);
	ask(p, v6, (uint16_t)(5000 + n), n);
	take(b, fd, &q, n);
	answer(fd, &q, n);
	got_answer(b, p, v6, (uint16_t)(5000 + n), n);
}

/* ---- the tests ---- */

static void questions_reach_the_hosts_resolver(void **state)
{
	struct bench *b = *state;
	struct port *p;
	int fd;

	need_host("# a comment\nsearch example\nnameserver ::1\nnameserver 127.0.0.1\nnameserver 127.0.0.2\n");
	fd = resolver("127.0.0.1", SOCK_DGRAM);
	assert_true(fd >= 0);
	p = port_new(b, "user:ipv6=off");
	say_hello(b, p);
	for (unsigned int n = 0; n < 20; n++)
		question_and_answer(b, p, fd, false, n);
	close(fd);
	port_free(p);
}

/* Several are on their way, and the resolver answers the last one first */
static void answers_in_any_order_find_their_question(void **state)
{
	struct bench *b = *state;
	struct question q[8];
	struct port *p;
	int fd;

	need_host("nameserver 127.0.0.1\n");
	fd = resolver("127.0.0.1", SOCK_DGRAM);
	p = port_new(b, "user:ipv6=off");
	say_hello(b, p);
	port_forget(p);
	for (unsigned int n = 0; n < 8; n++)
		ask(p, false, (uint16_t)(6000 + n), n);
	for (unsigned int n = 0; n < 8; n++)
		take(b, fd, &q[n], n);
	for (unsigned int n = 8; n--; ) {
		answer(fd, &q[n], n);
		got_answer(b, p, false, (uint16_t)(6000 + n), n);
	}
	close(fd);
	port_free(p);
}

static void questions_over_ipv6(void **state)
{
	struct bench *b = *state;
	struct port *p;
	int fd;

	need_host("nameserver 127.0.0.1\nnameserver ::1\n");
	fd = resolver("::1", SOCK_DGRAM);
	if (fd < 0) {
		print_message("no IPv6 loopback address here\n");
		skip();
	}
	p = port_new(b, "user");
	say_hello6(b, p);
	for (unsigned int n = 0; n < 5; n++)
		question_and_answer(b, p, fd, true, n);
	close(fd);
	port_free(p);
}

/* The router tells of fec0::3 if the host has a resolver that speaks IPv6 */
static void router_advertises_the_resolver(void **state)
{
	static const char *const confs[] = { "nameserver ::1\n", "nameserver 127.0.0.1\n" };
	struct bench *b = *state;
	uint8_t dns[16];

	inet_pton(AF_INET6, "fec0::3", dns);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t f[100] = { 0 };
		bool told = false, router = false;
		struct port *p;

		need_host(confs[i]);
		pass_time(b, 10 * NS_PER_S);
		p = port_new(b, "user");
		say_hello6(b, p);
		f[54] = 133;	/* router solicitation */
		assert_true(port_send(p, f, ip(f, true, IPPROTO_ICMPV6, 8, 2, "fe80::15", "ff02::2")));
		settle(b);
		for (unsigned int k = 0; k < p->n; k++) {
			const struct got *g = &p->got[k];

			if (g->len < 70 || g->data[12] != 0x86 || g->data[54] != 134)
				continue;
			router = true;
			told |= memmem(g->data + 70, g->len - 70, dns, 16) != NULL;
		}
		assert_true(router);
		assert_int_equal(told, i == 0);
		port_free(p);
	}
}

/* What does not fit in a datagram comes by TCP */
static void questions_over_tcp(void **state)
{
	struct bench *b = *state;
	uint8_t f[100] = { 0 }, *tcp = f + 34;
	struct port *p;
	int lfd, fd = -1;

	need_host("nameserver 127.0.0.1\n");
	lfd = resolver("127.0.0.1", SOCK_STREAM);
	p = port_new(b, "user:ipv6=off");
	say_hello(b, p);
	put16(tcp, 7000);
	put16(tcp + 2, 53);
	put32(tcp + 4, 1);
	tcp[12] = 0x50;
	tcp[13] = 2;
	put16(tcp + 14, 0xffff);
	assert_true(port_send(p, f, ip(f, false, IPPROTO_TCP, 26, 16, "10.0.2.15", "10.0.2.3")));
	for (int i = 0; i < 1000 && fd < 0; i++) {
		pass_time(b, NS_PER_MS);
		fd = accept(lfd, NULL, NULL);
	}
	assert_true(fd >= 0);
	assert_int_equal(last(p)->data[23], IPPROTO_TCP);
	assert_int_equal(last(p)->data[47] & 0x3f, 0x12);
	assert_int_equal(last(p)->data[29], 3);
	close(fd);
	close(lfd);
	port_free(p);
}

/* As on a laptop that changes its network */
static void host_changes_its_resolver(void **state)
{
	struct bench *b = *state;
	struct port *p;
	int one, two;

	need_host("nameserver 127.0.0.1\n");
	one = resolver("127.0.0.1", SOCK_DGRAM);
	two = resolver("127.0.0.2", SOCK_DGRAM);
	p = port_new(b, "user:ipv6=off");
	say_hello(b, p);
	question_and_answer(b, p, one, false, 1);
	need_host("# another network\nnameserver 127.0.0.2\n");
	pass_time(b, 5 * NS_PER_S);
	question_and_answer(b, p, two, false, 2);
	close(one);
	close(two);
	port_free(p);
}

/* A host without a resolver, or one that is away: the rest of the network works */
static void no_resolver_no_harm(void **state)
{
	static const char *const confs[] = { "", "nameserver 127.0.0.9\n", "nameserver nonsense\n" };
	struct bench *b = *state;

	for (unsigned int i = 0; i < 3; i++) {
		uint8_t f[100] = { 0 };
		struct port *p;

		need_host(confs[i]);
		pass_time(b, 10 * NS_PER_S);
		p = port_new(b, "user");
		say_hello6(b, p);
		ask(p, true, 8000, i);
		pass_time(b, NS_PER_S);
		say_hello(b, (port_forget(p), p));
		ask(p, false, 8000, i);
		pass_time(b, NS_PER_S);
		port_forget(p);
		f[34] = 8;
		assert_true(port_send(p, f, ip(f, false, IPPROTO_ICMP, 26, 2, "10.0.2.15", "10.0.2.2")));
		settle(b);
		assert_true(p->n > 0);
		assert_int_equal(last(p)->data[23], IPPROTO_ICMP);
		assert_int_equal(last(p)->data[34], 0);
		port_free(p);
	}
}

int main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(questions_reach_the_hosts_resolver),
		T(answers_in_any_order_find_their_question),
		T(questions_over_ipv6),
		T(router_advertises_the_resolver),
		T(questions_over_tcp),
		T(host_changes_its_resolver),
		T(no_resolver_no_harm),
	};
	int failed;

	make_host();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(conf);
	return failed;
}
