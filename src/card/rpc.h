/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_RPC_H
#define OPENFBNIC_RPC_H

#include <stdint.h>

struct card;
struct parsed;
struct rx_desc;

enum {				/* ACT_TBL0 DEST */
	RPC_HOST	= 1 << 0,
	RPC_BMC		= 1 << 1,
	RPC_EI		= 1 << 2,
};

void rpc_reset(struct card *c);
/*
 * Finds the rule for a frame of d->len bytes and fills the rest of @d.
 * Returns where the frame goes (RPC_HOST, ...); 0: dropped.  Counts nothing.
 */
unsigned int rpc_classify(struct card *c, const struct parsed *p, struct rx_desc *d);
/* RPC_CNTR_* and RPC_STAT_* for a frame that entered */
void rpc_count(struct card *c, const struct parsed *p, uint32_t len);

/* The parts, for tests: index of the hit or -1 */
int rpc_macda_find(const struct card *c, const uint8_t *da);
int rpc_ip_find(const struct card *c, unsigned int tcam, const uint8_t *addr, bool v6);
int rpc_act_find(const struct card *c, const uint64_t key[3]);

#endif
