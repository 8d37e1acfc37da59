/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board that the card's chip sits on: how warm it gets.  No data sheet:
 * plausible values for a 100 Gbit/s card in a server's air stream.
 */
#ifndef OPENFBNIC_BOARD_H
#define OPENFBNIC_BOARD_H

#include <stdbool.h>
#include <stdint.h>

struct board {
	int32_t		ambient;	/* thousandths of a degree */
	int32_t		temp, volt;	/* mC, mV */
	bool		temp_fixed, volt_fixed;
	uint64_t	at;		/* ns: temp is of then */
	uint64_t	bytes;		/* that had passed by then */
};

void board_init(struct board *b, uint64_t now);
/* Brings the values up to @now; @bytes have passed the wire, both ways, ever */
void board_update(struct board *b, uint64_t now, uint64_t bytes);

#endif
