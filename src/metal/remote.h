/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct fw_env (fw/fw.h) over the registers of the management processor's
 * function (mgmt/regs.h): what the firmware's other home is made of.
 *
 * It knows neither the machine nor the bus, so it also runs in tests, on the
 * machine that they run on.  How it is used, after the function was found:
 *
 *	remote_init(r, bus, mem, addr);
 *	remote_config(r, &cfg);
 *	remote_env(r, &env);
 *	fw_init(fw, &cfg, &env);
 *	remote_start(r, fw);
 *	for (;;) {
 *		while (remote_poll(r))
 *			;
 *		sleep until an interrupt, or until bus->now() is r->deadline
 *	}
 */
#ifndef OPENFBNIC_METAL_REMOTE_H
#define OPENFBNIC_METAL_REMOTE_H

#include "../fw/fw.h"
#include "../mgmt/regs.h"

struct remote_bus {
	void *ctx;
	uint32_t (*rd)(void *ctx, unsigned int bar, uint32_t off);
	void (*wr)(void *ctx, unsigned int bar, uint32_t off, uint32_t val);	/* in order with all others */
	uint64_t (*now)(void *ctx);		/* as fw_env's */
};

/* Memory that the function can reach */
struct remote_mem {
	uint8_t			buf[MGMT_LENGTH_MAX];
	uint64_t		counter[FWC_COUNT + FWR_COUNT];
};

struct remote {
	const struct remote_bus	*bus;
	struct remote_mem	*mem;
	struct fw		*fw;
	uint64_t		deadline;	/* of the firmware's timer; FW_NEVER */
	uint32_t		phase;		/* as last told in PHASE */
	uint32_t		fault[FW_FAULTS];	/* in FAULT_LEFT */
	bool			trace;
	bool			gone;		/* the function does not answer any more */
	bool			flash;
	uint8_t			req[FW_PLDM_MAX], rsp[FW_PLDM_MAX];
};

/* @addr: where @mem is on the bus.  -FW_ENODEV: this is not our function, -FW_EINVAL: another revision of it */
int remote_init(struct remote *r, const struct remote_bus *bus, struct remote_mem *mem, uint64_t addr);
void remote_config(struct remote *r, struct fw_config *cfg);
void remote_env(struct remote *r, struct fw_env *env);
void remote_start(struct remote *r, struct fw *fw);
/* What has happened goes into the firmware; false: nothing has */
bool remote_poll(struct remote *r);

#endif
