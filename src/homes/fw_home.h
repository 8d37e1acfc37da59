/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a card's firmware lives.  A home joins a firmware to a card, a struct
 * card (card/card.h) for each host that it has, and to what is around it on the board: flash, sensors, the
 * module in the cage, the BMC.  There are several, and nobody but who makes one
 * knows which it is:
 *
 *	fw_inside.h	our firmware core (fw/fw.h), in this process
 *	fw_function.h	on a computer of its own, behind a PCI function
 *	fw_socket.h	somebody else's program, on a socket
 *
 * Only the first can have more than one host.
 *
 * A home attaches itself to the card when it is made and detaches when it is freed.
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
	struct {
		struct card		*card;
		const struct card_env	*env;
	} more[FW_HOSTS - 1];			/* the hosts from 1 on, as many as fw.hosts says */
	const struct card_env	*env;		/* to tell what is of no host in particular; NULL: the first host's */
};

void fw_home_config_default(struct fw_home_config *cfg);

void fw_home_free(struct fw_home *h);		/* NULL: nothing to do */
void fw_home_trace(struct fw_home *h, bool all);

/* What others want to know of the firmware's life; any may be NULL */
struct fw_home_watch {
	void *ctx;
	unsigned int host;			/* whose owner() and link() are meant */
	void (*owner)(void *ctx, bool host);	/* the host's driver took the card, or gave it back */
	void (*link)(void *ctx, bool up);
	void (*restarted)(void *ctx);		/* it has booted; what it knew is lost */
	void (*request)(void *ctx, enum fw_pldm_link link);	/* it has a PLDM request for the BMC */
	void (*answered)(void *ctx);		/* what was FW_HOME_PENDING may be asked again */
	struct fw_home_watch *next;		/* the home's own */
};

/* @w is the caller's, and stays until it is taken out; not from within its functions */
void fw_home_watch(struct fw_home *h, struct fw_home_watch *w);
void fw_home_unwatch(struct fw_home *h, struct fw_home_watch *w);

/* ---- its life.  Functions that return int give 0 or a negative errno; -ENOTSUP: this home can't ---- */

enum fw_phase fw_home_phase(const struct fw_home *h);
bool fw_home_ready(const struct fw_home *h);
bool fw_home_host_owns(const struct fw_home *h, unsigned int host);
void fw_home_power(struct fw_home *h);		/* off and on */
int fw_home_crash(struct fw_home *h, const char *why);	/* -EBUSY: there is nothing that could */
int fw_home_hang(struct fw_home *h);
int fw_home_restart(struct fw_home *h);
/* As fw_set_fault() and fw_fault() */
int fw_home_set_fault(struct fw_home *h, enum fw_fault which, uint32_t times);
int fw_home_fault(const struct fw_home *h, enum fw_fault which, uint32_t *times);
int fw_home_set_garble(struct fw_home *h, const struct fw_garble *g, uint32_t times);	/* as fw_set_garble() */

/* ---- what it looks after ---- */

/* The addresses that the BMC wants frames for at a host's port; as fw_bmc_set() */
int fw_home_bmc_set(struct fw_home *h, unsigned int host, unsigned int macs, const uint8_t mac[][6], bool all_multi);
/* What is in a host's cage */
int fw_home_set_module(struct fw_home *h, unsigned int host, const struct fw_module *m);
const struct fw_module *fw_home_module(const struct fw_home *h, unsigned int host);
int fw_home_set_otp(struct fw_home *h, uint32_t status, uint32_t write_status);
/* The board as it is now; may be changed, after which firmware is told by fw_home_sensors() */
struct board *fw_home_board(struct fw_home *h);
int fw_home_sensors(struct fw_home *h);

/*
 * ---- what the BMC wants of it: as the functions of fw.h.  A firmware elsewhere
 * may answer FW_HOME_PENDING, not yet.  Then watch.answered() is called once its
 * answer is here, and the same call gets it. ----
 */
#define FW_HOME_PENDING	(-0x7fff)

int fw_home_pldm(struct fw_home *h, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap);
int fw_home_pldm_pending(struct fw_home *h, enum fw_pldm_link link, uint8_t *req, size_t cap);
int fw_home_pldm_reply(struct fw_home *h, enum fw_pldm_link link, const uint8_t *rsp, size_t len);
int fw_home_temperature(struct fw_home *h, int32_t *max, int32_t *now);
int fw_home_module_temperature(struct fw_home *h, unsigned int host, int32_t *alarm, int32_t *warning, int32_t *now);
int fw_home_dump_take(struct fw_home *h, unsigned int host, bool crash);
int fw_home_dump_read(struct fw_home *h, unsigned int host, uint32_t off, uint8_t *buf, size_t len);

/*
 * Walks the firmware's counters: "fw_messages_in", "fw_refused_tx_bad_length", ...; of
 * a card with several hosts those of each as well: "fw_host1_messages_in", ...
 */
void fw_home_counters(const struct fw_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

#endif
