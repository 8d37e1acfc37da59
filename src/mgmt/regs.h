/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management processor's function as both its ends see it: offsets,
 * numbers, and what lies in memory.  All is little-endian.
 *
 *	BAR 0	registers (regs.def)
 *	BAR 2	MSI-X table, and pending bits at 0x800
 *	BAR 4	the card from behind: its BAR 0 at 0 (reads have no side effects),
 *		its mailbox window, BAR 4, at MGMT_WINDOW
 */
#ifndef OPENFBNIC_MGMT_REGS_H
#define OPENFBNIC_MGMT_REGS_H

#include <stdint.h>

#define MGMT_VENDOR		0x1d9bu
#define MGMT_DEVICE		0xfb01u		/* ours: no device of Meta's is known to have it */
#define MGMT_SUBSYSTEM		0x4f46u		/* "OF": says so once more */
#define MGMT_REVISION		1u
#define MGMT_VECTORS		1u

#define MGMT_BAR0_SIZE		0x1000u
#define MGMT_BAR2_SIZE		0x1000u
#define MGMT_BAR4_SIZE		0x400000u
#define MGMT_PBA		0x800u
#define MGMT_WINDOW		0x200000u
#define MGMT_WINDOW_SIZE	0x20000u

#define MGMT_LENGTH_MAX		4096u

enum {
#define MREG(name, off, n, acc, reset, mask, rd, wr, text) M_##name = off,
#include "regs.def"
#undef MREG
};

enum {
#define MEVENT(name, bit, text) EV_##name = 1 << bit,
#include "regs.def"
#undef MEVENT
};

enum mgmt_command {
#define MCMD(name, number, text) CMD_##name = number,
#include "regs.def"
#undef MCMD
};

enum mgmt_life {
#define MLIFE(name, value, text) LIFE_##name = value,
#include "regs.def"
#undef MLIFE
};

enum mgmt_ask_what {
#define MASK(name, number, text) ASK_##name = number,
#include "regs.def"
#undef MASK
	ASK_COUNT
};

/* What TELL takes: struct fw_event with its texts */
struct mgmt_tell {
	uint32_t	kind, msg, len, ring, desc;
	int32_t		err;
	char		name[64], reason[32];
};

#endif
