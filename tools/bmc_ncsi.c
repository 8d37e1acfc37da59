// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NC-SI by the kernel's generic netlink family "NCSI": NCSI_CMD_SEND_CMD takes a
 * control header and payload, fills in what is its own (instance, checksum), and
 * gives back the answer from its control header on.  The kernel waits a second,
 * then sends a message without data.  (net/ncsi/ncsi-netlink.c)
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bmc_link.h"

#define BUF		8192u
#define HDR		16u		/* of a control frame */
#define CODES		4u
#define NCSI_PAYLOAD	1480u
#define PATIENCE_MS	5000		/* for the kernel itself */
#define POLL_MS		20		/* between two questions for a request */

enum { PKG_INFO = 1, SEND_CMD = 4 };	/* linux/ncsi.h, which cross compilers may not have */
enum { ATTR_IFINDEX = 1, ATTR_PACKAGE_ID = 3, ATTR_CHANNEL_ID = 4, ATTR_DATA = 5 };
enum { CMD_PLDM = 0x51, CMD_PENDING = 0x56, CMD_REPLY = 0x57 };

struct ncsi_link {
	int		fd;
	uint16_t	family;
	uint32_t	seq;
	unsigned int	ifindex, package, channel;
};

union message {
	struct nlmsghdr	h;
	uint8_t		b[BUF];
};

/* ---- netlink ---- */

static void *payload(union message *m)
{
	return m->b + NLMSG_HDRLEN + GENL_HDRLEN;
}

static void begin(struct ncsi_link *l, union message *m, uint16_t type, uint8_t cmd)
{
	struct genlmsghdr g = { .cmd = cmd, .version = 1 };

	memset(m, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	m->h.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST;
	m->h.nlmsg_seq = ++l->seq;
	memcpy(m->b + NLMSG_HDRLEN, &g, sizeof(g));
}

static void put(union message *m, uint16_t type, const void *p, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };
	uint8_t *at = m->b + m->h.nlmsg_len;

	memset(at, 0, NLA_ALIGN(a.nla_len));
	memcpy(at, &a, sizeof(a));
	memcpy(at + NLA_HDRLEN, p, len);
	m->h.nlmsg_len += NLA_ALIGN(a.nla_len);
}

static void put_u32(union message *m, uint16_t type, uint32_t v)
{
	put(m, type, &v, sizeof(v));
}

/* Attribute @type of a message of @len bytes, or NULL */
static const uint8_t *find(union message *m, size_t len, uint16_t type, size_t *n)
{
	const uint8_t *p = payload(m), *end = m->b + len;
	struct nlattr a;
	size_t whole;

	while (p < end && (size_t)(end - p) >= NLA_HDRLEN) {
		memcpy(&a, p, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > (size_t)(end - p))
			break;
		if ((a.nla_type & NLA_TYPE_MASK) == type) {
			*n = a.nla_len - NLA_HDRLEN;
			return p + NLA_HDRLEN;
		}
		whole = (size_t)NLA_ALIGN(a.nla_len);
		if (whole > (size_t)(end - p))
			break;
		p += whole;
	}
	return NULL;
}

/* The answer to the last message, in @m; its length */
static int receive(struct ncsi_link *l, union message *m)
{
	struct pollfd pfd = { .fd = l->fd, .events = POLLIN };
	struct nlmsgerr e;
	ssize_t n;
	int ret;

	for (;;) {
		ret = poll(&pfd, 1, PATIENCE_MS);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret <= 0)
			return ret ? -errno : -ETIMEDOUT;
		n = recv(l->fd, m, sizeof(*m), 0);
		if (n < 0)
			return -errno;
		if ((size_t)n < NLMSG_HDRLEN || m->h.nlmsg_len > (size_t)n || m->h.nlmsg_seq != l->seq)
			continue;	/* of an earlier one */
		if (m->h.nlmsg_type != NLMSG_ERROR)
			return m->h.nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN ? (int)m->h.nlmsg_len : -EPROTO;
		if (m->h.nlmsg_len < NLMSG_HDRLEN + sizeof(e))
			return -EPROTO;
		memcpy(&e, m->b + NLMSG_HDRLEN, sizeof(e));
		return e.error ? e.error : -EPROTO;
	}
}

static int exchange(struct ncsi_link *l, union message *m)
{
	if (send(l->fd, m, m->h.nlmsg_len, 0) < 0)
		return -errno;
	return receive(l, m);
}

static int find_family(struct ncsi_link *l)
{
	union message m;
	const uint8_t *id;
	size_t n;
	int len;

	begin(l, &m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	put(&m, CTRL_ATTR_FAMILY_NAME, "NCSI", 5);
	len = exchange(l, &m);
	if (len < 0)
		return len;
	id = find(&m, (size_t)len, CTRL_ATTR_FAMILY_ID, &n);
	if (!id || n < 2)
		return -EPROTO;
	memcpy(&l->family, id, 2);
	return 0;
}

/* Whether an interface has NC-SI, and finds the package */
static int probe(struct ncsi_link *l, unsigned int ifindex)
{
	union message m;
	int len;

	begin(l, &m, l->family, PKG_INFO);
	put_u32(&m, ATTR_IFINDEX, ifindex);
	put_u32(&m, ATTR_PACKAGE_ID, l->package);
	len = exchange(l, &m);
	return len < 0 ? len : 0;
}

static int find_interface(struct ncsi_link *l, const char *name)
{
	struct if_nameindex *all, *i;
	int err = -ENODEV;

	if (name) {
		l->ifindex = if_nametoindex(name);
		return l->ifindex ? 0 : -ENODEV;
	}
	all = if_nameindex();
	for (i = all; i && i->if_index && err; i++) {
		err = probe(l, i->if_index);
		l->ifindex = i->if_index;
	}
	if (all)
		if_freenameindex(all);
	return err;
}

/* ---- the link ---- */

static int ncsi_command(void *ctx, uint8_t type, const uint8_t *p, size_t len, uint8_t *rsp, size_t cap)
{
	uint8_t frame[HDR + NCSI_PAYLOAD] = { 0 };
	struct ncsi_link *l = ctx;
	const uint8_t *d;
	union message m;
	size_t n, plen;
	int ret;

	if (len > NCSI_PAYLOAD)
		return -EMSGSIZE;
	frame[4] = type;
	frame[6] = (uint8_t)(len >> 8);
	frame[7] = (uint8_t)len;
	if (len)
		memcpy(frame + HDR, p, len);
	begin(l, &m, l->family, SEND_CMD);
	put_u32(&m, ATTR_IFINDEX, l->ifindex);
	put_u32(&m, ATTR_PACKAGE_ID, l->package);
	put_u32(&m, ATTR_CHANNEL_ID, l->channel);
	put(&m, ATTR_DATA, frame, HDR + len);
	ret = exchange(l, &m);
	if (ret < 0)
		return ret;
	d = find(&m, (size_t)ret, ATTR_DATA, &n);
	if (!d)
		return -ETIMEDOUT;
	if (n < HDR + CODES || d[4] != (type | 0x80))
		return -EPROTO;
	plen = ((size_t)d[6] << 8 | d[7]) & 0xfff;
	if (plen < CODES || plen > n - HDR || plen > cap)
		return -EPROTO;
	memcpy(rsp, d + HDR, plen);
	return (int)plen;
}

/* A command that carries PLDM: what is behind the codes */
static int carry(void *ctx, uint8_t type, const uint8_t *p, size_t len, uint8_t *rsp, size_t cap)
{
	uint8_t b[NCSI_PAYLOAD];
	int n = ncsi_command(ctx, type, p, len, b, sizeof(b));

	if (n < 0)
		return n;
	if (b[0] || b[1])
		return b[1] == 3 ? -EOPNOTSUPP : -EREMOTEIO;
	if ((size_t)n - CODES > cap)
		return -EMSGSIZE;
	memcpy(rsp, b + CODES, (size_t)n - CODES);
	return n - (int)CODES;
}

static int ncsi_request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	return carry(ctx, CMD_PLDM, req, len, rsp, cap);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * (int64_t)1000 + ts.tv_nsec / 1000000;
}

static int ncsi_take(void *ctx, uint8_t *req, size_t cap, unsigned int ms)
{
	const struct timespec nap = { .tv_nsec = POLL_MS * 1000000 };
	int64_t end = now_ms() + ms;
	int n;

	for (;;) {
		n = carry(ctx, CMD_PENDING, NULL, 0, req, cap);
		if (n && n != -ETIMEDOUT)
			return n;
		if (now_ms() >= end)
			return 0;
		if (!n)
			nanosleep(&nap, NULL);
	}
}

static int ncsi_answer(void *ctx, const uint8_t *rsp, size_t len)
{
	uint8_t nothing[4];
	int n = carry(ctx, CMD_REPLY, rsp, len, nothing, sizeof(nothing));

	/* If it was the way there that failed, the card gives out its request again */
	return n < 0 && n != -ETIMEDOUT ? n : 0;
}

static void ncsi_close(void *ctx)
{
	struct ncsi_link *l = ctx;

	close(l->fd);
	free(l);
}

int bmc_link_ncsi(struct bmc_link *link, const char *iface, unsigned int package, unsigned int channel)
{
	struct ncsi_link *l = calloc(1, sizeof(*l));
	const char *what = "out of memory";
	int err = -ENOMEM;

	if (!l)
		goto out;
	l->package = package;
	l->channel = channel;
	what = "netlink";
	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	err = l->fd < 0 ? -errno : 0;
	if (err)
		goto out_free;
	what = "this kernel has no NC-SI";
	err = find_family(l);
	if (!err) {
		what = iface ? iface : "no interface with NC-SI";
		err = find_interface(l, iface);
	}
	if (!err) {
		*link = (struct bmc_link){ l, ncsi_request, ncsi_take, ncsi_answer, ncsi_command, ncsi_close };
		return 0;
	}
	close(l->fd);
out_free:
	free(l);
out:
	fprintf(stderr, "fbnic-bmc: %s: %s\n", what, strerror(-err));
	return err;
}
