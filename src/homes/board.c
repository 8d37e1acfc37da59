/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mass that is heated by the chip, 14 degrees above the air when idle and 34
 * at line rate both ways, and follows with a time constant of two minutes.  The
 * supply sags by 15 mV under load.  Computed when somebody looks, in steps of a
 * second.
 */
#include "board.h"

#define SEC		1000000000ull
#define TAU		120		/* seconds */
#define IDLE		14000		/* mC above the air */
#define LOAD		20000		/* more, at line rate */
#define LINE_RATE	25000000000ull	/* bytes per second, both ways together */
#define IDLE_MV		758
#define SAG_MV		15

void board_init(struct board *b, uint64_t now)
{
	*b = (struct board){ .ambient = 25000, .temp = 30000, .volt = IDLE_MV, .at = now };
}

static uint32_t permille(const struct board *b, uint64_t secs, uint64_t bytes)
{
	uint64_t rate = bytes > b->bytes ? (bytes - b->bytes) / secs : 0;

	return rate >= LINE_RATE ? 1000 : (uint32_t)(rate * 1000 / LINE_RATE);
}

void board_update(struct board *b, uint64_t now, uint64_t bytes)
{
	uint64_t secs = (now - b->at) / SEC;
	int32_t load, target;

	if (now < b->at || !secs)
		return;
	load = (int32_t)permille(b, secs, bytes);
	target = b->ambient + IDLE + LOAD * load / 1000;
	b->at += secs * SEC;
	b->bytes = bytes;
	if (!b->volt_fixed)
		b->volt = IDLE_MV - SAG_MV * load / 1000;
	if (b->temp_fixed)
		return;
	for (uint64_t n = secs < 20 * TAU ? secs : 20 * TAU; n; n--)
		b->temp += (target - b->temp) / TAU;
}
