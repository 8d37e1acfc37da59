/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BMC's port of a card: joins the NC-SI controller (bmc/ncsi.h), the firmware,
 * the hosts' parts of the card that are its channels, and the socket that a BMC is at the
 * other end of.  None of them knows the others.
 */
#ifndef OPENFBNIC_BMC_HOME_H
#define OPENFBNIC_BMC_HOME_H

#include "../bmc/ncsi.h"
#include "../card/card.h"

struct bmc_home;
struct fw_home;
struct wire;
struct wire_loop;

struct bmc_home_config {
	const char	*spec;			/* of the wire: stream:... or dgram:... */
	struct fw_home	*fw;
	unsigned int	channels;		/* as many as the firmware has hosts */
	struct {
		struct card	*card;
		uint8_t		mac[6];		/* offered to the BMC, and what the host's driver is told */
		uint32_t	mbps;		/* speed of the link when it is up */
	} ch[NCSI_CHANNELS];
	uint8_t		uuid[16];
	bool		trace;
};

/*
 * Opens the wire and connects everything.  @env: its trace is used, as BLK_BMC.
 * NULL: @err has one sentence.
 */
struct bmc_home *bmc_home_new(const struct bmc_home_config *cfg, const struct card_env *env, struct wire_loop *loop,
			      char *err, size_t errlen);
void bmc_home_free(struct bmc_home *h);		/* before its cards and firmware */
void bmc_home_trace(struct bmc_home *h, bool all);

struct ncsi *bmc_home_ncsi(struct bmc_home *h);
struct wire *bmc_home_wire(struct bmc_home *h);
/* "ncsi_commands", "ncsi_selected", ..., and the wire's with "wire_" before them */
void bmc_home_counters(struct bmc_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

#endif
