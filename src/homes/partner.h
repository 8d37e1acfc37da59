/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link partner: what the other end of the cable does to the link, as a user
 * asks for it.  Without one of these the link is up.
 */
#ifndef OPENFBNIC_PARTNER_H
#define OPENFBNIC_PARTNER_H

#include <stdbool.h>
#include <stdint.h>

#include "../wire/wire_loop.h"

struct card;

struct partner {
	struct wire_loop	*loop;
	struct card		*card;
	bool			cable, light;
	bool			flapped;	/* down by flap_ms */
	uint32_t		train_ms;	/* from signal to link; 0: at once */
	uint32_t		flap_ms;	/* down and up, each so long; 0: it does not flap */
	uint32_t		errors[2];	/* FEC codewords per second, corrected and not */
	uint64_t		errors_at;	/* told up to here */
	struct loop_timer	train, flap, fec;
};

void partner_init(struct partner *p, struct wire_loop *loop, struct card *card);
void partner_stop(struct partner *p);		/* takes its timers out */

void partner_cable(struct partner *p, bool in);
void partner_light(struct partner *p, bool on);
void partner_train(struct partner *p, uint32_t ms);
void partner_flap(struct partner *p, uint32_t ms);
void partner_errors(struct partner *p, uint32_t corrected, uint32_t uncorrected);
/* The card had no power: the link trains again */
void partner_power(struct partner *p);

#endif
