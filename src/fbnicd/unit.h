/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit: one host's part of a card with all that is around it in this process,
 * that is, its vfio-user server, its wire, and the wire's other end.  Units of a
 * package share nothing but its firmware and BMC: what a host does can't be seen
 * from another unit.
 */
#ifndef OPENFBNIC_UNIT_H
#define OPENFBNIC_UNIT_H

#include "options.h"

struct card;
struct card_env;
struct package;
struct partner;
struct unit;
struct vu;
struct wire;
struct wire_loop;

/*
 * Life is in three steps, for all units of a package together: made; then, with
 * a firmware attached to its card, connected to its wire; and at last started,
 * after which it can be seen from outside.  All die on what the user can mend.
 * @name: the card's, for messages.
 */
struct unit *unit_new(struct package *p, const char *name, unsigned int host, const struct host_options *o,
		      const uint8_t mac[6], struct wire_loop *loop);
void unit_connect(struct unit *u, const struct host_options *o);
void unit_start(struct unit *u, const struct host_options *o);
/* And in two: hidden and disconnected; gone, after its firmware */
void unit_stop(struct unit *u);
void unit_free(struct unit *u);

/* Lets the card and the bus work, a portion; true: there is more */
bool unit_run(struct unit *u);
/* The last step before the loop sleeps: timers and descriptors as they are wanted now */
void unit_settle(struct unit *u);

struct package *unit_package(struct unit *u);
unsigned int unit_host(const struct unit *u);
const char *unit_name(const struct unit *u);		/* "0", or "0.1" of a card with several hosts */
struct card *unit_card(struct unit *u);
struct card_env *unit_env(struct unit *u);		/* that of its card */
struct vu *unit_vu(struct unit *u);
struct wire *unit_wire(struct unit *u);
struct partner *unit_partner(struct unit *u);
/* Power off and on of this host's part alone; the firmware sees a reset */
void unit_power(struct unit *u);

#endif
