/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware on a computer of its own, all but the computer: the card's home
 * with the real socket, and behind it the port's remote.c with the firmware
 * core, as a vfio-user client in the same thread.  It runs only when an
 * interrupt has come or its timer is due, which is what the real one does.
 */
#ifndef OPENFBNIC_TEST_FW_COMPUTER_H
#define OPENFBNIC_TEST_FW_COMPUTER_H

#include "../../src/homes/fw_function.h"
#include "../../src/homes/fw_inside.h"
#include "../../src/metal/remote.h"
#include "fw_card.h"

struct computer {
	struct host		*h;
	struct fw		*fw;
	struct remote		r;
	struct remote_bus	bus;
	bool			asleep;		/* does not look, whatever comes */
	uint64_t		runs;
};

extern struct computer pc;
extern unsigned int restarts;			/* of the firmware */
extern int owner;				/* -1: none has come or gone, else what the home said last */

/* A card with this home and nobody there; @inside: for once the other home, which needs no computer */
void plug_home(uint32_t boot_ms, bool inside);
void plug(uint32_t boot_ms);
void unplug(void);

void computer_connect(void);			/* all but the firmware */
void computer_boot(void);
void computer_dies(void);			/* as QEMU is killed */
void computer_run(void);			/* if there is anything to do */

#endif
