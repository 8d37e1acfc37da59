/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BMC's end of a sideband port: its commands as frames, and what has come back */
#ifndef OPENFBNIC_TEST_MC_H
#define OPENFBNIC_TEST_MC_H

#include "../unit/test_wire.h"

#include "../../src/bmc/ncsi_int.h"

#define NOTHING NULL, 0
#define P(...)	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Instance @iid of a command; @sum: with a checksum, without one the field is zero.  Returns the frame's length. */
static inline size_t mc_frame(uint8_t f[NCSI_FRAME_MAX], uint8_t iid, uint8_t type, uint8_t chan,
			      const void *payload, size_t len, bool sum)
{
	size_t end = 30 + (len + 3) / 4 * 4;

	memset(f, 0, NCSI_FRAME_MAX);
	memset(f, 0xff, 12);
	put16(f + 12, 0x88f8);
	f[15] = 1;
	f[17] = iid;
	f[18] = type;
	f[19] = chan;
	put16(f + 20, (uint32_t)len);
	if (len)
		memcpy(f + 30, payload, len);
	if (sum)
		put32(f + end, ncsi_checksum(f + 14, end - 14));
	return end < 58 ? 62 : end + 4;
}

static inline const struct got *mc_newest(const struct port *mc)
{
	return &mc->got[(mc->n - 1) % KEEP];
}

#endif
