// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * msend, mreceive - send to a multicast group, receive from it
 *
 *	msend [-46hnqv] [-g GROUP] [-p PORT] [-I INTERFACE] [-i ADDRESS] [-c COUNT]
 *	      [-P PERIOD_MS] [-t TTL] [-text TEXT] [-join]
 *	mreceive [-46hnqv] [-g GROUP] [-p PORT] [-I INTERFACE] [-i ADDRESS] [-s SOURCE]
 *
 * Linux's net/forwarding tests want the two programs of these names (mtools,
 * github.com/troglobit/mtools), which Debian does not have. These are ours,
 * with the same command line, one program that looks at its name: msend sends
 * UDP datagrams to a group, for ever without -c; mreceive joins a group and
 * tells what arrives, until it is killed. "-v" prints the version of the
 * command line that we follow, which the tests ask for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define VERSION		"3.0"
#define GROUP_V4	"224.1.1.1"
#define GROUP_V6	"ff2e::1"
#define PORT		4444

static struct {
	bool		sender, v6, join, quiet;
	const char	*group, *text, *source;
	unsigned int	ifindex;
	struct in_addr	local;
	unsigned int	port, period, ttl;
	unsigned long	count;		/* 0: for ever */
} opt = { .port = PORT, .period = 1000, .ttl = 1, .text = "openfbnic" };

static const char *name;

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void usage(FILE *to)
{
	fprintf(to, opt.sender ?
		"msend [-46hnqv] [-g GROUP] [-p PORT] [-I INTERFACE] [-i ADDRESS] [-c COUNT]\n"
		"      [-P PERIOD_MS] [-t TTL] [-text TEXT] [-join]\n" :
		"mreceive [-46hnqv] [-g GROUP] [-p PORT] [-I INTERFACE] [-i ADDRESS] [-s SOURCE]\n");
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || v > max)
		die("'%s' is not a number up to %lu", text, max);
	return v;
}

static unsigned int interface(const char *text)
{
	unsigned int i = if_nametoindex(text);

	if (!i)
		die("there is no interface '%s'", text);
	return i;
}

static struct in_addr local_address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		die("'%s' is not an IPv4 address", text);
	return a;
}

static bool flag(const char *o)
{
	if (!strcmp(o, "-4") || !strcmp(o, "-6"))
		opt.v6 = o[1] == '6';
	else if (!strcmp(o, "-q"))
		opt.quiet = true;
	else if (opt.sender && !strcmp(o, "-join"))
		opt.join = true;
	else
		return !strcmp(o, "-n");	/* no names: we never look one up */
	return true;
}

static bool with_value(const char *o, const char *value)
{
	if (!strcmp(o, "-g"))
		opt.group = value;
	else if (!strcmp(o, "-p"))
		opt.port = (unsigned int)number(value, 65535);
	else if (!strcmp(o, "-I"))
		opt.ifindex = interface(value);
	else if (!strcmp(o, "-i"))
		opt.local = local_address(value);
	else if (!opt.sender && !strcmp(o, "-s"))
		opt.source = value;
	else if (opt.sender && !strcmp(o, "-c"))
		opt.count = number(value, 1000000000);
	else if (opt.sender && !strcmp(o, "-P"))
		opt.period = (unsigned int)number(value, 3600000);
	else if (opt.sender && !strcmp(o, "-t"))
		opt.ttl = (unsigned int)number(value, 255);
	else if (opt.sender && !strcmp(o, "-text"))
		opt.text = value;
	else
		return false;
	return true;
}

static void parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-h")) {
			usage(stdout);
			exit(0);
		}
		if (!strcmp(argv[i], "-v")) {
			printf("%s version %s\n", name, VERSION);
			exit(0);
		}
		if (flag(argv[i]))
			continue;
		if (i + 1 < argc && with_value(argv[i], argv[i + 1])) {
			i++;
			continue;
		}
		fprintf(stderr, "%s: '%s' is not an option, or lacks its value\n", name, argv[i]);
		usage(stderr);
		exit(2);
	}
}

static socklen_t address(const char *text, unsigned int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &a4->sin_addr) == 1) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons((uint16_t)port);
		return sizeof(*a4);
	}
	if (inet_pton(AF_INET6, text, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons((uint16_t)port);
		a6->sin6_scope_id = opt.ifindex;
		return sizeof(*a6);
	}
	die("'%s' is not an IP address", text);
}

static bool is_multicast(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return IN_MULTICAST(ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr));
	return IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void set(int fd, int level, int what, const void *value, size_t size, const char *why)
{
	if (setsockopt(fd, level, what, value, (socklen_t)size))
		die("%s: %s", why, strerror(errno));
}

static void join(int fd, const struct sockaddr_storage *group, socklen_t len)
{
	int level = group->ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

	if (opt.source) {
		struct group_source_req r = { .gsr_interface = opt.ifindex };

		memcpy(&r.gsr_group, group, len);
		if (address(opt.source, 0, &r.gsr_source) != len)
			die("group and source are not of one family");
		set(fd, level, MCAST_JOIN_SOURCE_GROUP, &r, sizeof(r), "joining the group");
	} else if (level == IPPROTO_IP) {
		struct ip_mreqn r = {
			.imr_multiaddr = ((const struct sockaddr_in *)group)->sin_addr,
			.imr_address = opt.local,
			.imr_ifindex = (int)opt.ifindex,
		};

		set(fd, level, IP_ADD_MEMBERSHIP, &r, sizeof(r), "joining the group");
	} else {
		struct group_req r = { .gr_interface = opt.ifindex };

		memcpy(&r.gr_group, group, len);
		set(fd, level, MCAST_JOIN_GROUP, &r, sizeof(r), "joining the group");
	}
}

static void send_through(int fd, int family)
{
	int ttl = (int)opt.ttl;

	if (family == AF_INET) {
		struct ip_mreqn r = { .imr_address = opt.local, .imr_ifindex = (int)opt.ifindex };

		set(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl), "setting the TTL");
		if (opt.ifindex || opt.local.s_addr)
			set(fd, IPPROTO_IP, IP_MULTICAST_IF, &r, sizeof(r), "choosing the interface");
	} else {
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &ttl, sizeof(ttl), "setting the hop limit");
		if (opt.ifindex)
			set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &opt.ifindex, sizeof(opt.ifindex),
			    "choosing the interface");
	}
}

static int send_all(int fd, const struct sockaddr_storage *group, socklen_t len)
{
	struct timespec pause = {
		.tv_sec = opt.period / 1000, .tv_nsec = (long)(opt.period % 1000) * 1000000 };

	for (unsigned long n = 1; !opt.count || n <= opt.count; n++) {
		if (sendto(fd, opt.text, strlen(opt.text) + 1, 0, (const struct sockaddr *)group, len) < 0)
			die("sending to %s: %s", opt.group, strerror(errno));
		if (!opt.quiet) {
			printf("Sending msg %lu, TTL %u, to %s:%u: %s\n", n, opt.ttl, opt.group, opt.port, opt.text);
			fflush(stdout);
		}
		if (!opt.count || n < opt.count)
			nanosleep(&pause, NULL);
	}
	return 0;
}

static int receive_all(int fd)
{
	char buf[65536], from[NI_MAXHOST];
	struct sockaddr_storage a;

	for (unsigned long n = 1;; n++) {
		socklen_t len = sizeof(a);
		ssize_t got = recvfrom(fd, buf, sizeof(buf) - 1, 0, (struct sockaddr *)&a, &len);

		if (got < 0)
			die("receiving: %s", strerror(errno));
		buf[got] = 0;
		if (opt.quiet)
			continue;
		if (getnameinfo((struct sockaddr *)&a, len, from, sizeof(from), NULL, 0, NI_NUMERICHOST))
			strcpy(from, "?");
		printf("Receive msg %lu from %s, %zd bytes: %s\n", n, from, got, buf);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_storage group;
	socklen_t len;
	int fd, one = 1;

	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	opt.sender = strcmp(name, "mreceive") != 0;
	parse(argc, argv);
	if (!opt.group)
		opt.group = opt.v6 ? GROUP_V6 : GROUP_V4;
	len = address(opt.group, opt.port, &group);
	if (!is_multicast(&group))
		die("'%s' is not a multicast group", opt.group);

	fd = socket(group.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	/* not only IPV6_MULTICAST_IF: "ip vrf exec" has bound us to the VRF, which that does not overrule */
	if (opt.ifindex)
		set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &opt.ifindex, sizeof(opt.ifindex), "binding to the interface");
	if (!opt.sender) {
		set(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one), "sharing the port");
		if (bind(fd, (struct sockaddr *)&group, len))
			die("binding to %s:%u: %s", opt.group, opt.port, strerror(errno));
	}
	if (!opt.sender || opt.join)
		join(fd, &group, len);
	if (!opt.sender)
		return receive_all(fd);
	send_through(fd, group.ss_family);
	return send_all(fd, &group, len);
}
