/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the management processor's function share.
 *
 *	regs.c		the table, dispatch, life of the function
 *	event.c		what happens on the card; interrupts
 *	command.c	what the firmware wants done
 *	ask.c		what the BMC asks of it
 *	pci.c		configuration space, MSI-X
 */
#ifndef OPENFBNIC_MGMT_INT_H
#define OPENFBNIC_MGMT_INT_H

#include <string.h>

#include "../fw/err.h"
#include "mgmt.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum slot_state { SLOT_IDLE, SLOT_WAITING, SLOT_ASKED, SLOT_ANSWERED };

/* A question of one kind by one link */
struct ask_slot {
	uint8_t		state;
	bool		dropped;	/* who asked has asked something else meanwhile */
	uint32_t	ask, off;	/* as in ASK */
	size_t		len, got;	/* of the message; of the answer */
	uint64_t	when;		/* it was answered */
	int32_t		result, val[3];
	uint8_t		req[FW_PLDM_MAX], ans[MGMT_LENGTH_MAX];
};

#define ASK_SLOTS	(ASK_COUNT * FW_PLDM_LINKS)

struct mgmt {
	struct fw_env	env;
	struct mgmt_bus	bus;
	uint32_t	reg[MGMT_BAR0_SIZE / 4];
	uint64_t	refused;
	uint8_t		buf[MGMT_LENGTH_MAX];

	/* ask.c */
	struct ask_slot	slot[ASK_SLOTS];
	struct ask_slot	*asked;		/* the one that ASK has, or NULL */
	unsigned int	next;		/* where to look for one that waits */

	/* pci.c */
	uint8_t		cfg[0x1000], wmask[0x1000];
	uint32_t	msix[4 * MGMT_VECTORS];
	bool		pending;
};

/* The word of register @off */
static inline uint32_t *mreg(struct mgmt *m, unsigned int off)
{
	return &m->reg[off / 4];
}

static inline uint64_t mreg64(const struct mgmt *m, unsigned int off)
{
	return m->reg[off / 4] | (uint64_t)m->reg[off / 4 + 1] << 32;
}

void mgmt_refuse(struct mgmt *m, const char *what, const char *where, uint32_t val);

/* event.c */
void event_raise(struct mgmt *m, uint32_t bits);
void event_reset(struct mgmt *m);
void event_clear(struct mgmt *m, uint32_t val);
void event_enable(struct mgmt *m, uint32_t val);

/* command.c */
void command_write(struct mgmt *m, uint32_t val);
void swap_write(struct mgmt *m, uint32_t val);
void host_irq_write(struct mgmt *m, uint32_t val);
void link_mode_write(struct mgmt *m, uint32_t val);
void phase_write(struct mgmt *m, uint32_t val);
void owner_write(struct mgmt *m, uint32_t val);
void restarted_write(struct mgmt *m, uint32_t val);
void bmc_request_write(struct mgmt *m, uint32_t val);
int own_read(struct mgmt *m, void *buf, size_t len);	/* from OWN_ADDR */
int own_write(struct mgmt *m, const void *buf, size_t len);
uint32_t dma_gate_read(struct mgmt *m, unsigned int i);
uint32_t sensor_read(struct mgmt *m, unsigned int i);

/* ask.c */
int ask_get(struct mgmt *m);
int ask_put(struct mgmt *m);
void ask_done_write(struct mgmt *m, uint32_t val);
void ask_reset(struct mgmt *m);

/* pci.c */
void mgmt_pci_init(struct mgmt *m);
bool mgmt_mem_on(const struct mgmt *m);
bool mgmt_master(const struct mgmt *m);
void mgmt_irq(struct mgmt *m);
uint32_t mgmt_msix_read(const struct mgmt *m, uint32_t off);
void mgmt_msix_write(struct mgmt *m, uint32_t off, uint32_t val);

#endif
