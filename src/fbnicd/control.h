/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: one request line, one answer line of JSON.
 *
 *	help				what there is
 *	stats CARD			card counters by register name
 *	bugs CARD			refused actions of the host, per block
 *	wire CARD, bus CARD, fw CARD	their counters
 *	link CARD up|down		cable in or out
 *	trace CARD LIST			as --trace
 *	reg CARD NAME|INDEX [N]		registers, without side effects
 *	regs CARD			the same of all that are not 0
 *	aer CARD CLASS [ERROR]		an error on the PCIe link is logged; CLASS:
 *					correctable, nonfatal, fatal; ERROR as Linux
 *					names it; the answer has the message that goes
 *					to the root port
 *	unplug CARD			asks the client to take the card away
 *	vanish CARD			surprise removal; "replug CARD" ends it
 *
 * CARD is a card's number; of a card with several hosts N.HOST is one of them and
 * N the first.  Power (and replug) of N is the whole card's, of N.HOST that host's.
 * The firmware, the BMC, sensors, fuses and traces are the card's in any case.
 *
 * A request that is wrong is answered {"error": "..."}.
 */
#ifndef OPENFBNIC_CONTROL_H
#define OPENFBNIC_CONTROL_H

struct control;
struct package;
struct wire_loop;

/* Dies if the socket can't be made.  @cards is kept, not copied */
struct control *control_new(const char *path, struct package **cards, unsigned int n, struct wire_loop *loop);
void control_free(struct control *c);

#endif
