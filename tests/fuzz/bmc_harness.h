/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz target and its deterministic run share: a card with firmware,
 * an NC-SI controller, and a wire, driven by a string of bytes.
 *
 * The bytes are records: an operation, a length of two bytes, little-endian, and that
 * many bytes (or what is left).  Control frames come raw, or repaired so that
 * they get behind the checks of the header.  Whatever happens, what leaves must
 * be well-formed, answers must not multiply, a command repeated must be
 * answered with the same bytes, and frames may only pass a channel that is
 * open; else the harness aborts.
 */
#ifndef OPENFBNIC_FUZZ_BMC_HARNESS_H
#define OPENFBNIC_FUZZ_BMC_HARNESS_H

#include <stddef.h>
#include <stdint.h>

enum {
	FUZZ_RAW,		/* a control frame as it is */
	FUZZ_COMMAND,		/* type, channel, payload: header and checksum are made */
	FUZZ_FROM_BMC,		/* a frame of the BMC */
	FUZZ_FROM_WIRE,
	FUZZ_EVENT,		/* a byte each: link, driver, restart, reset, ... */
	FUZZ_CSR,		/* 8 bytes each: a register of the receive or transmit classifier, a value */
	FUZZ_TABLE,		/* the host's addresses */
	FUZZ_UPDATE,		/* a byte each: a step of an update by PLDM that makes sense */
	FUZZ_OPS
};

void bmc_fuzz(const uint8_t *data, size_t size);
/* How often each command was answered "completed", each AEN was sent, ... since the start */
struct bmc_fuzz_seen {
	unsigned long completed[128], failed[128];
	unsigned long aens[3], to_bmc, to_wire, updates;
};

extern struct bmc_fuzz_seen bmc_fuzz_seen;

#endif
