// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MCTP by the kernel's sockets: one that sends our requests and gets the
 * responses, and in an update one bound to PLDM's message type, for the card's
 * requests.  The kernel assembles messages and keeps tags.  (Documentation/networking/mctp.rst)
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bmc_link.h"

#define MCTP_FAMILY	45		/* linux/mctp.h, linux/socket.h: cross compilers may not have them */
#define TYPE_PLDM	1u
#define TAG_OWNER	8u
#define EID_ANY		0xffu
#define RESPONSE_MS	6000		/* DSP0240: PT2, up to 4.8 s, and the way over a slow line */

struct mctp_sockaddr {
	uint16_t	family, pad0;
	unsigned int	net;
	uint8_t		eid, type, tag, pad1;
};

struct mctp_link {
	int			fd, served;
	struct mctp_sockaddr	card, asked;	/* where requests go; where the last of the card came from */
};

static int receive(int fd, uint8_t *p, size_t cap, struct mctp_sockaddr *from, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	socklen_t len = sizeof(*from);
	ssize_t n;
	int ret;

	do {
		ret = poll(&pfd, 1, ms);
	} while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return ret ? -errno : -ETIMEDOUT;
	n = recvfrom(fd, p, cap, MSG_TRUNC, (struct sockaddr *)from, &len);
	if (n < 0)
		return -errno;
	return (size_t)n > cap ? -EMSGSIZE : (int)n;
}

static int mctp_request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	struct mctp_link *l = ctx;
	struct mctp_sockaddr from;

	while (recv(l->fd, rsp, cap, MSG_DONTWAIT) >= 0)
		;		/* came too late for the one before */
	if (sendto(l->fd, req, len, 0, (struct sockaddr *)&l->card, sizeof(l->card)) < 0)
		return -errno;
	return receive(l->fd, rsp, cap, &from, RESPONSE_MS);
}

static int mctp_take(void *ctx, uint8_t *req, size_t cap, unsigned int ms)
{
	struct mctp_link *l = ctx;
	int n;

	do {
		n = receive(l->served, req, cap, &l->asked, (int)ms);
	} while (n >= 0 && l->asked.eid != l->card.eid);
	return n == -ETIMEDOUT ? 0 : n;
}

static int mctp_answer(void *ctx, const uint8_t *rsp, size_t len)
{
	struct mctp_link *l = ctx;

	l->asked.tag &= (uint8_t)~TAG_OWNER;
	return sendto(l->served, rsp, len, 0, (struct sockaddr *)&l->asked, sizeof(l->asked)) < 0 ? -errno : 0;
}

static void mctp_close(void *ctx)
{
	struct mctp_link *l = ctx;

	close(l->fd);
	close(l->served);
	free(l);
}

/*
 * The socket for the card's requests.  Since Linux 6.17 a socket may say whose
 * requests it wants, and leave others' to a daemon of the BMC; before, it can
 * only have all.
 */
static int serve(const struct mctp_link *l, unsigned int net)
{
	struct mctp_sockaddr any = { .family = MCTP_FAMILY, .net = net, .eid = EID_ANY, .type = TYPE_PLDM };
	struct mctp_sockaddr card = l->card;

	card.tag = 0;
	if (connect(l->served, (struct sockaddr *)&card, sizeof(card)) && errno != EOPNOTSUPP)
		return -errno;
	return bind(l->served, (struct sockaddr *)&any, sizeof(any)) ? -errno : 0;
}

int bmc_link_mctp(struct bmc_link *link, unsigned int eid, unsigned int net, bool updates)
{
	struct mctp_link *l = calloc(1, sizeof(*l));
	int err = -ENOMEM;

	if (!l)
		goto out;
	l->card = (struct mctp_sockaddr){ .family = MCTP_FAMILY, .net = net, .eid = (uint8_t)eid, .type = TYPE_PLDM,
					  .tag = TAG_OWNER };
	l->fd = socket(MCTP_FAMILY, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	l->served = socket(MCTP_FAMILY, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err = l->fd < 0 || l->served < 0 ? -errno : updates ? serve(l, net) : 0;
	if (!err) {
		*link = (struct bmc_link){ l, mctp_request, mctp_take, mctp_answer, NULL, mctp_close };
		return 0;
	}
	if (l->fd >= 0)
		close(l->fd);
	if (l->served >= 0)
		close(l->served);
	free(l);
out:
	fprintf(stderr, "fbnic-bmc: MCTP: %s\n", strerror(-err));
	return err;
}
