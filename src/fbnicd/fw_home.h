/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's home inside fbnicd: joins the firmware core (fw/fw.h) to a
 * card (card/card.h).  Each knows nothing of the other.
 */
#ifndef OPENFBNIC_FW_HOME_H
#define OPENFBNIC_FW_HOME_H

#include <stdbool.h>
#include <stdint.h>

#include "../card/card.h"
#include "../fw/fw.h"
#include "board.h"

struct flash_file;
struct fw_home;

struct fw_home_config {
	struct fw_config	fw;		/* fw_home_config_default() fills it */
	struct flash_file	*flash;		/* FW_FLASH_SIZE bytes, the caller's; NULL: no flash */
	bool			trace;		/* tell everything, not only what was refused */
};

void fw_home_config_default(struct fw_home_config *cfg);

/*
 * Boots a firmware and attaches it to @c.  @env is the environment that the
 * card was made with: its clock and its trace (as BLK_FW) are used.  The only
 * allocation.  NULL with errno set: out of memory, or a bad configuration.
 */
struct fw_home *fw_home_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg);
void fw_home_free(struct fw_home *h);		/* detaches */
void fw_home_trace(struct fw_home *h, bool all);

/* What others want to know of the firmware's life; any may be NULL */
struct fw_home_watch {
	void *ctx;
	void (*owner)(void *ctx, bool host);	/* the host's driver took the card, or gave it back */
	void (*link)(void *ctx, bool up);
	void (*restarted)(void *ctx);		/* it has booted; what it knew is lost */
};

void fw_home_watch(struct fw_home *h, const struct fw_home_watch *w);	/* NULL: nobody */

/* As it is now; may be changed */
struct board *fw_home_board(struct fw_home *h);
struct fw *fw_home_fw(struct fw_home *h);
/* Walks the firmware's counters: "fw_messages_in", "fw_refused_tx_bad_length", ... */
void fw_home_counters(struct fw_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

#endif
