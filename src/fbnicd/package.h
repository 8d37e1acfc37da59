/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A package: what a --card is in this process.  A unit for each of its hosts,
 * and what they share: the firmware with its flash, the BMC's ports.
 */
#ifndef OPENFBNIC_PACKAGE_H
#define OPENFBNIC_PACKAGE_H

#include "options.h"

struct bmc_home;
struct fw_home;
struct loop;
struct mctp_home;
struct package;
struct unit;

/* Dies on what the user can mend */
struct package *package_new(unsigned int index, const struct card_options *o, uint32_t trace, struct loop *loop);
void package_free(struct package *p);

/* Lets cards and buses work, a portion each; true: there is more */
bool package_run(struct package *p);
/* The last step before the loop sleeps: timers and descriptors as they are wanted now */
void package_settle(struct package *p);

unsigned int package_hosts(const struct package *p);
struct unit *package_unit(struct package *p, unsigned int host);
struct fw_home *package_fw(struct package *p);
struct bmc_home *package_bmc(struct package *p);	/* NULL: there is none */
struct mctp_home *package_mctp(struct package *p);	/* likewise */
/* Power off and on: all hosts' parts and the firmware */
void package_power(struct package *p);
void package_trace(struct package *p, uint32_t blocks);

#endif
