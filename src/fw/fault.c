// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults on demand, so that somebody can see what a driver does about them:
 * the next so many things of a kind go wrong.  Each place where a fault strikes
 * asks fault_strikes() once, and then does what it does about the real thing.
 * A crash, a hang and a missing module are no faults of this kind: they last,
 * and have calls of their own (fw.h).
 *
 * One strikes by itself: a chatty firmware fills its log, so that a driver's
 * own store of lines fills, too, and wraps around.  It writes up to eight lines
 * a millisecond, and never so many that a driver which wants them loses one.
 */
#include "fw_core.h"

#define CHATTY_TURN	1000000u	/* ns */
#define CHATTY_LINES	8u		/* a turn */

const char *const fw_fault_names[FW_FAULTS] = {
	[FW_FAULT_SILENT] = "silent",
	[FW_FAULT_TEST] = "test",
	[FW_FAULT_DUMP] = "dump",
	[FW_FAULT_DUMP_READ] = "dump-read",
	[FW_FAULT_START] = "update-start",
	[FW_FAULT_CHUNK] = "update-chunk",
	[FW_FAULT_ORDER] = "update-order",
	[FW_FAULT_FLASH] = "flash",
	[FW_FAULT_MODULE] = "module",
	[FW_FAULT_SENSOR] = "sensor",
	[FW_FAULT_CHATTY] = "chatty",
	[FW_FAULT_GARBLE] = "garble",
};

void fw_set_fault(struct fw *fw, enum fw_fault which, uint32_t times)
{
	fw->fault[which] = times;
	if (fw->phase == FW_READY)
		fault_resume(fw);
}

uint32_t fw_fault(const struct fw *fw, enum fw_fault which)
{
	return fw->fault[which];
}

bool fault_strikes(struct fw *fw, enum fw_fault which)
{
	if (!fw->fault[which])
		return false;
	fw->fault[which]--;
	fw->counter[FWC_FAULTS]++;
	fw_state(fw, fw_fault_names[which]);
	return true;
}

void fault_resume(struct fw *fw)
{
	fw_defer(fw, SLOT_FAULT, fw->fault[FW_FAULT_CHATTY] ? fw->env.now(fw->env.ctx) + CHATTY_TURN : FW_NEVER);
}

void fault_timer(struct fw *fw)
{
	unsigned int room = log_room(fw);

	for (unsigned int i = 0; i < CHATTY_LINES && i < room && fault_strikes(fw, FW_FAULT_CHATTY); i++)
		log_all(fw, "fault: chatty, one more line that nobody needs to have read");
	fault_resume(fw);
}
