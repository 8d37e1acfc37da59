/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit: one card with all that is around it in this process, that is, its
 * vfio-user server, its firmware, its wire and its BMC's port.
 */
#ifndef OPENFBNIC_UNIT_H
#define OPENFBNIC_UNIT_H

#include "options.h"

struct bmc_home;
struct card;
struct fw_home;
struct loop;
struct mctp_home;
struct partner;
struct unit;
struct vu;
struct wire;

/* Dies on what the user can mend */
struct unit *unit_new(unsigned int index, const struct card_options *o, uint32_t trace, struct loop *loop);
void unit_free(struct unit *u);

/* Lets the card and the bus work; true: there is more */
bool unit_run(struct unit *u);
/* The last step before the loop sleeps: timers and descriptors as they are wanted now */
void unit_settle(struct unit *u);

struct card *unit_card(struct unit *u);
struct vu *unit_vu(struct unit *u);
struct wire *unit_wire(struct unit *u);
struct fw_home *unit_fw(struct unit *u);
struct bmc_home *unit_bmc(struct unit *u);		/* NULL: there is none */
struct mctp_home *unit_mctp(struct unit *u);		/* likewise */
struct partner *unit_partner(struct unit *u);
/* Power off and on: card and firmware */
void unit_power(struct unit *u);
void unit_trace(struct unit *u, uint32_t blocks);

#endif
