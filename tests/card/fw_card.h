/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card whose firmware lives where the test wants it, a host on it, and what
 * holds for every such home.
 */
#ifndef OPENFBNIC_TEST_FW_CARD_H
#define OPENFBNIC_TEST_FW_CARD_H

#include "../../src/homes/flash_file.h"
#include "../../src/homes/fw_home.h"
#include "fw_host.h"

extern struct host_inproc *ip;
extern struct fw_home *home;
extern struct drv_fw m;
extern uint8_t img[300000];
extern unsigned int refusals_told, lines_told;	/* in traces */

typedef struct fw_home *open_home_fn(const struct card_env *env, const struct fw_home_config *cfg);

void plug_card(uint32_t boot_ms, open_home_fn *open_home);
void unplug_card(void);
uint64_t card_now(void *ctx);			/* @ctx: ip */
uint32_t rnd(uint32_t *s);
uint64_t counter(const char *name);		/* ~0: the home has none of that name */

/* Each of these with a firmware that runs, and no driver yet */
void requests_are_answered(void);
void updates_with_power(void);
void updates_after_a_reset(void);
/* With a driver, after a crash or a hang: the mailbox stands still, then goes on where it was; an interrupt tells */
void goes_on_after(bool hang);

#endif
