/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of fw=socket:PATH, as Meta's mock firmware sends and takes them.
 *
 * A message is FSM_SIZE bytes, little-endian, whatever is in it:
 *
 *	  0	u32	command, enum fsm_cmd
 *	  8	u64	how many bytes of data count
 *	 16		data, FSM_DATA bytes
 *	208		FSM_FDS places for descriptors; the descriptors themselves come
 *			beside the bytes (SCM_RIGHTS), nobody looks here
 *	240	u32	how many descriptors
 *
 * Data of BAR messages: u64 address, u64 value, u32 width in bytes, u8 "memory"
 * (0).  Data of SYNC_SYSMEM: for each descriptor u64 bus address, u64 size, u64
 * offset in the file.  What has no name here is zero.
 *
 * No BAR is named: towards the firmware an address is an offset in BAR4, from
 * the firmware one in BAR0.
 */
#ifndef OPENFBNIC_FW_SOCKET_PROTO_H
#define OPENFBNIC_FW_SOCKET_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#define FSM_SIZE	248u
#define FSM_DATA	192u
#define FSM_FDS		8u
#define FSM_BAR		24u		/* bytes of data that count in a BAR message */
#define FSM_REGION	24u		/* and for each region */

/* number, name, bytes of data, may firmware send it? */
#define FSM_COMMANDS(X) \
	X(RET,		0, 0,	    false)	/* nobody expects one */ \
	X(BAR_WRITE,	1, FSM_BAR, true)	/* host wrote a mailbox word; firmware writes a register */ \
	X(BAR_CMPL,	2, FSM_BAR, true)	/* what a BAR_READ found */ \
	X(BAR_READ,	3, FSM_BAR, true) \
	X(SYNC_SYSMEM,	4, 0,	    false)	/* this is now all of the guest's memory */

enum fsm_cmd {
#define X(name, number, bytes, from) FSM_##name = number,
	FSM_COMMANDS(X)
#undef X
	FSM_NCMDS
};

/* Why a message of the firmware is refused */
#define FSM_REFUSALS(X) \
	X(COMMAND,	"unknown_command") \
	X(DIRECTION,	"not_for_us")		/* a command that only we send */ \
	X(SIZE,		"bad_size") \
	X(FDS,		"descriptors") \
	X(WIDTH,	"bad_width")		/* not 32 bits */ \
	X(ADDRESS,	"bad_address")		/* not a word of BAR0 */ \
	X(COMPLETION,	"completion")		/* of a read that was not asked for */ \
	X(PART,		"part")			/* it left in the middle of a message */

enum fsm_refusal {
#define X(name, text) FSR_##name,
	FSM_REFUSALS(X)
#undef X
	FSR_COUNT
};

extern const char *const fsm_names[FSM_NCMDS];
extern const char *const fsm_refusal_names[FSR_COUNT];

struct fsm_region {
	uint64_t	addr, size, offset;
};

/* A BAR message of the firmware, checked */
struct fsm_bar {
	uint32_t	cmd;
	uint32_t	addr;		/* a multiple of 4 */
	uint32_t	val;
};

void fsm_put_bar(uint8_t b[FSM_SIZE], enum fsm_cmd cmd, uint32_t addr, uint32_t val);
/* @n at most FSM_FDS; the descriptors are sent beside it */
void fsm_put_sysmem(uint8_t b[FSM_SIZE], const struct fsm_region *r, unsigned int n);
/* 0, or enum fsm_refusal + 1; @limit: addresses end here */
unsigned int fsm_parse(const uint8_t b[FSM_SIZE], uint32_t limit, struct fsm_bar *m);

#endif
