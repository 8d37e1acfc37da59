/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What test_ledger is made of: a sender and a receiver, what is known of them,
 * and deeds, each of which enters in the books what must have been counted.
 */
#ifndef TESTS_CARD_LEDGER_H
#define TESTS_CARD_LEDGER_H

#include "books.h"

#define NQ		4u
#define SLOT		(16u << 10)	/* a frame that waits for its doorbell has one for itself */
#define AREA		(32 * SLOT)
#define TX_META(dest)	((7ull) | TWD_REQ_COMPLETION | (uint64_t)(dest) << 43)

extern struct rig rig;
extern struct host *s, *r;			/* sender, receiver */
extern struct drv_tx tx[NQ];
extern struct drv_rx rx[NQ];
extern struct rng g;
extern uint64_t area;
extern uint8_t f[DRV_MAX_FRAME + 2048];		/* the next frame */

extern struct now {
	bool		rx_on, rmi_on;
	uint32_t	mtu;
	const char	*cntr;		/* parser counter that the next frame moves */
	bool		parser_err;
	bool		looped;		/* the sender hears itself */
	unsigned int	frames;		/* on the cable, from the sender */
	uint64_t	bytes;
	uint64_t	posted;		/* buffers, ever */
	unsigned int	step, deed;	/* to tell where it went wrong */
} now;

extern unsigned int marked;		/* packets with an ECN mark, since last looked at */

/* What passes the cable, for rig.tap */
void on_cable(struct rig *rg, unsigned int from, const struct frame *fr);
/* The frame in f, to the receiver */
void inject(uint32_t len, bool bad_fcs);
/* Until nothing comes any more; returns how many came */
unsigned int collect(void);
/* After each deed */
void check(void);

const uint8_t *some_da(bool *ours);
/* A frame without surprises for the parser; returns its length, *arrive: for this host */
uint32_t plain_frame(bool *arrive);
void ether_frame(uint32_t len);

/* ---- deeds: ledger_send.c ---- */

void send_plain(void);
void send_short(void);
void send_large(void);
void send_refused(void);
void send_elsewhere(void);
void send_nowhere(void);
void send_control(void);
void send_to_itself(void);

/* ---- deeds: ledger_wire.c ---- */

void bad_from_the_wire(void);
void odd_from_the_wire(void);
void not_for_the_parser(void);
void receiver_off(void);
void too_much_at_once(void);
void buffer_fills_once(void);
void buffer_fills_for_long(void);
void sender_waits(void);

#endif
