/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a BMC asks a card: discovery, sensors, firmware update (it is the "update
 * agent" of DSP0267), dumps.  Knows nothing of the link; prints to a FILE.
 */
#ifndef OPENFBNIC_BMC_UA_H
#define OPENFBNIC_BMC_UA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bmc_link.h"

struct ua {
	const struct bmc_link	*link;
	FILE			*out;
	uint8_t			iid;
	uint8_t			code;		/* completion code of the last response */
	unsigned int		patience_ms;	/* for a request of the card, in an update; 0: 60 s */
	void			(*progress)(void *arg, uint32_t at, uint32_t size);	/* may be NULL */
	void			*progress_arg;
};

/*
 * A request, repeated if there is no response: bytes behind the completion code
 * of a good one, in @rsp; -EBADE: ua->code is not 0; -EPROTO: that was no response
 * to this; or what the link says.
 */
int ua_request(struct ua *u, uint8_t type, uint8_t cmd, const void *p, size_t len, uint8_t *rsp, size_t cap);

/* All: 0 or -errno, with a sentence on u->out about what went wrong */
int ua_discover(struct ua *u);
int ua_sensors(struct ua *u);
int ua_info(struct ua *u);
int ua_update(struct ua *u, const uint8_t *package, size_t len);
/* Meta's Get Debug Data; @crash: the dump of a crash */
int ua_dump(struct ua *u, FILE *to, int crash);

/* For the files of this only */
int ua_fail(struct ua *u, int err, const char *what);

#endif
