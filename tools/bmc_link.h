/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a BMC's program reaches the card: NC-SI through the kernel's generic
 * netlink family, or MCTP sockets.  Functions return bytes, 0 or -errno;
 * -ETIMEDOUT: no answer in time.
 */
#ifndef OPENFBNIC_BMC_LINK_H
#define OPENFBNIC_BMC_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BMC_MESSAGE_MAX	1476u		/* bytes of a PLDM message that every link carries */

struct bmc_link {
	void	*ctx;
	/* A PLDM request, and the response to it */
	int	(*request)(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap);
	/* The next PLDM request of the card, within @ms milliseconds; 0: there was none */
	int	(*take)(void *ctx, uint8_t *req, size_t cap, unsigned int ms);
	/* The response to the one taken last */
	int	(*answer)(void *ctx, const uint8_t *rsp, size_t len);
	/* An NC-SI command: the payload of its answer, codes first.  NULL: not on this link */
	int	(*command)(void *ctx, uint8_t type, const uint8_t *p, size_t len, uint8_t *rsp, size_t cap);
	void	(*close)(void *ctx);
};

/* -errno, and what failed on stderr.  @iface NULL: the first that has NC-SI; @channel 0x1f: the package */
int bmc_link_ncsi(struct bmc_link *l, const char *iface, unsigned int package, unsigned int channel);
/* @updates: the card will have requests too */
int bmc_link_mctp(struct bmc_link *l, unsigned int eid, unsigned int net, bool updates);

/* Makes the serial line @tty one of MCTP, with endpoint @own here and @card behind it, until it is killed */
int bmc_attach(const char *tty, uint8_t own, uint8_t card);

#endif
