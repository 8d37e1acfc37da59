/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket addresses of the stream and dgram wires: unix:PATH, HOST:PORT, [HOST]:PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire_int.h"

static int parse_unix(const char *path, struct wire_addr *a, char *err, size_t errlen)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->ss;

	if (!*path)
		return wire_fail(err, errlen, "unix: needs the path of a socket");
	if (strlen(path) >= sizeof(un->sun_path))
		return wire_fail(err, errlen, "the path of a Unix socket has at most %zu characters: %s",
				 sizeof(un->sun_path) - 1, path);
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	a->len = sizeof(*un);
	return 0;
}

/* Splits "HOST:PORT" or "[HOST]:PORT"; @host is cut */
static int split(char *host, char **name, char **port)
{
	char *colon = strrchr(host, ':');

	if (!colon || !colon[1])
		return -EINVAL;
	*colon = '\0';
	*port = colon + 1;
	*name = host;
	if (*host != '[')
		return strchr(host, ':') ? -EINVAL : 0;	/* IPv6 needs brackets */
	if (colon - host < 3 || colon[-1] != ']')
		return -EINVAL;
	colon[-1] = '\0';
	*name = host + 1;
	return 0;
}

static int parse_inet(const char *s, struct wire_addr *a, char *err, size_t errlen)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *res;
	char buf[300], *name, *port;
	int ret;

	if (strlen(s) >= sizeof(buf) || split(strcpy(buf, s), &name, &port))
		return wire_fail(err, errlen, "'%s' is not an address: unix:PATH, HOST:PORT or [IPV6]:PORT", s);
	if (strspn(port, "0123456789") != strlen(port) || strlen(port) > 5 || atoi(port) > 65535)
		return wire_fail(err, errlen, "'%s' is not a port number", port);

	/* An empty host: any address to listen on, this host to connect to */
	hints.ai_flags |= *name ? 0 : AI_PASSIVE;
	ret = getaddrinfo(*name ? name : NULL, port, &hints, &res);
	if (ret)
		return wire_fail(err, errlen, "host '%s': %s", name, gai_strerror(ret));
	memcpy(&a->ss, res->ai_addr, res->ai_addrlen);
	a->len = res->ai_addrlen;
	freeaddrinfo(res);
	return 0;
}

int addr_parse(const char *s, struct wire_addr *a, char *err, size_t errlen)
{
	memset(a, 0, sizeof(*a));
	if (!strncmp(s, "unix:", 5))
		return parse_unix(s + 5, a, err, errlen);
	return parse_inet(s, a, err, errlen);
}

bool addr_is_multicast(const struct wire_addr *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&a->ss;

	return a->sa.sa_family == AF_INET && IN_MULTICAST(ntohl(in->sin_addr.s_addr));
}

int addr_unlink_stale(const struct wire_addr *a, int type)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->ss;
	struct stat st;
	int fd, ret = 0;

	if (a->sa.sa_family != AF_UNIX || stat(un->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return 0;

	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, &a->sa, a->len) && errno == ECONNREFUSED)
		unlink(un->sun_path);
	else
		ret = -EADDRINUSE;
	close(fd);
	return ret;
}

void addr_unlink(const struct wire_addr *a)
{
	if (a->sa.sa_family == AF_UNIX)
		unlink(((const struct sockaddr_un *)&a->ss)->sun_path);
}
