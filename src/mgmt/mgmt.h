/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management processor's PCI function: struct fw_env (fw/fw.h) as
 * registers, so that the firmware can run on a computer of its own.
 *
 *	firmware's home (fw_env, events)		the firmware's computer
 *		|	^					|	^
 *		v	|		registers		v	|
 *	     mgmt.h, a PCI function  <----- bus ----->  src/metal/remote.c
 *
 * One side is the home, which makes the function from the fw_env that it would
 * have given to a firmware in the process, and tells it what happens
 * (mgmt_host_wrote() and the others).  The other is a bus, which brings the
 * accesses of a processor that is no more trusted than the host: everything it
 * says is checked, what is wrong is refused and counted, and of the card it
 * reaches what fw_env gives.
 *
 * Events are bits beside registers that hold the state: however late the
 * processor looks, nothing that it needs is lost, and there is no queue to run
 * over.  The function has no clock: a processor has its own.
 *
 * Nothing is allocated after mgmt_new().  Functions that return int give 0 or
 * a negative number from fw/err.h.
 */
#ifndef OPENFBNIC_MGMT_H
#define OPENFBNIC_MGMT_H

#include "../fw/fw.h"
#include "regs.h"

struct mgmt;

/* The processor behind the bus */
struct mgmt_bus {
	void *ctx;
	/* Its memory, 0 or an error */
	int (*mem_read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*mem_write)(void *ctx, uint64_t addr, const void *buf, size_t len);
	void (*irq)(void *ctx, unsigned int v);
	/* What was MGMT_PENDING may be asked again.  May be NULL */
	void (*answered)(void *ctx);
	/* It did something wrong, counted already.  May be NULL */
	void (*refused)(void *ctx, const char *what, const char *where, uint32_t val);
};

/* @env as a firmware would get it; timer and mbx_swap are not used.  NULL: out of memory */
struct mgmt *mgmt_new(const struct fw_config *cfg, const struct fw_env *env, const struct mgmt_bus *bus);
void mgmt_free(struct mgmt *m);

/* ---- the bus ---- */

/* Aligned 32-bit accesses inside the BAR */
uint32_t mgmt_bar_read(struct mgmt *m, unsigned int bar, uint32_t off);
void mgmt_bar_write(struct mgmt *m, unsigned int bar, uint32_t off, uint32_t val);
uint32_t mgmt_bar_size(unsigned int bar);	/* 0: not implemented */
/* 1, 2 or 4 bytes of 4 KiB */
uint32_t mgmt_cfg_read(const struct mgmt *m, uint32_t off, unsigned int len);
void mgmt_cfg_write(struct mgmt *m, uint32_t off, unsigned int len, uint32_t val);
/* As the Vector Control bit, for a client that does not write the table */
void mgmt_msix_mask(struct mgmt *m, unsigned int v, bool masked);
/* Function reset, or the processor is gone: there is no firmware until one boots */
void mgmt_reset(struct mgmt *m);

/* ---- what happens on the card ---- */

void mgmt_host_wrote(struct mgmt *m, unsigned int word, uint32_t val);	/* as fw_mbx_written() */
void mgmt_host_reset(struct mgmt *m);
void mgmt_link(struct mgmt *m, bool up);
void mgmt_set_module(struct mgmt *m, const struct fw_module *mod);
void mgmt_set_otp(struct mgmt *m, uint32_t status, uint32_t write_status);
void mgmt_sensors(struct mgmt *m);
/* As fw_set_fault(); -EBUSY: there is no firmware.  And what is left of it */
int mgmt_set_fault(struct mgmt *m, enum fw_fault which, uint32_t times);
uint32_t mgmt_fault(const struct mgmt *m, enum fw_fault which);
int mgmt_set_garble(struct mgmt *m, const struct fw_garble *g, uint32_t times);	/* checked by fw_garble_check() */
void mgmt_trace(struct mgmt *m, bool all);
int mgmt_bmc_set(struct mgmt *m, unsigned int macs, const uint8_t mac[][6], bool all_multi);
/*
 * Asks the firmware for it.  -EBUSY: it is not in a phase for that, or has not
 * done yet what it was asked for last; power does not wait for that.
 */
int mgmt_life(struct mgmt *m, enum mgmt_life what);

/*
 * Asks the firmware something for the BMC (ask.c).  MGMT_PENDING: it is asked; once
 * bus.answered() was called the same call gets the answer.  @link: of a PLDM
 * message, or the kind of a dump; @off: of a dump's part; @req: a message;
 * @buf: for the @cap bytes of the answer; @val: two or three temperatures.
 */
#define MGMT_PENDING	(-0x7fff)

struct mgmt_question {
	enum mgmt_ask_what	what;
	uint8_t			link;
	uint32_t		off;
	const uint8_t		*req;
	size_t			len;		/* of @req */
	uint8_t			*buf;
	size_t			cap;
	int32_t			val[3];
};

int mgmt_ask(struct mgmt *m, struct mgmt_question *q);

/* ---- what the firmware says ---- */

enum fw_phase mgmt_phase(const struct mgmt *m);
bool mgmt_host_owns(const struct mgmt *m);
/* fw_counter, then fw_refusal; 0 if the firmware has none or can't be asked */
uint64_t mgmt_counter(const struct mgmt *m, unsigned int i);
uint64_t mgmt_refused(const struct mgmt *m);		/* what the processor did wrong */

struct mgmt_reg {
	const char	*name;
	uint16_t	off;
	uint8_t		n;
	uint8_t		access;		/* enum mgmt_access */
	uint32_t	reset, mask;
	uint32_t	(*rd)(struct mgmt *m, unsigned int i);
	void		(*wr)(struct mgmt *m, uint32_t val);
	const char	*text;
};

enum mgmt_access { MREG_RO, MREG_RW, MREG_W1C, MREG_CMD };

extern const struct mgmt_reg mgmt_regs[];
extern const unsigned int mgmt_nregs;

#endif
