// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults on demand, so that somebody can see what a driver does about them:
 * the next so many things of a kind go wrong.  Each place where a fault strikes
 * asks fault_strikes() once, and then does what it does about the real thing.
 * A crash, a hang and a missing module are no faults of this kind: they last,
 * and have calls of their own (fw.h).
 */
#include "fw_core.h"

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
};

void fw_set_fault(struct fw *fw, enum fw_fault which, uint32_t times)
{
	fw->fault[which] = times;
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
