/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial line of a card's MCTP endpoint (bmc/mctp.h): a unix socket that the
 * serial port of a BMC's QEMU connects to, raw bytes; and the firmware behind it.
 */
#ifndef OPENFBNIC_MCTP_HOME_H
#define OPENFBNIC_MCTP_HOME_H

#include "../bmc/mctp.h"
#include "../card/card.h"

struct fw_home;
struct mctp_home;
struct wire_loop;

struct mctp_home_config {
	const char	*path;			/* of the socket; we listen */
	struct fw_home	*fw;
	uint8_t		eid;			/* until a bus owner sets another */
	uint8_t		uuid[16];
	bool		trace;
};

/* @env: its trace is used, as BLK_BMC.  NULL: @err has one sentence */
struct mctp_home *mctp_home_new(const struct mctp_home_config *cfg, const struct card_env *env, struct wire_loop *loop,
				char *err, size_t errlen);
void mctp_home_free(struct mctp_home *h);	/* before its firmware; NULL: nothing to do */
void mctp_home_trace(struct mctp_home *h, bool all);

struct mctp *mctp_home_mctp(struct mctp_home *h);
/* "mctp_eid", "mctp_frames_rx", ... */
void mctp_home_counters(struct mctp_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

#endif
