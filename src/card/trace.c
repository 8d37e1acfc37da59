/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling what the card does.
 *
 * Events cost one test of a bit when nobody listens.  Guest bugs, things the
 * host did that the hardware refuses, are always counted per block and told
 * at most BUG_LINES times a second, so that a hostile guest can't flood a log.
 */
#include "hw.h"

#define BUG_LINES	10u

const char *const card_block_names[BLK_COUNT] = {
	[BLK_PCI] = "pci", [BLK_CSR] = "csr", [BLK_INTR] = "intr", [BLK_TWQ] = "twq",
	[BLK_TCQ] = "tcq", [BLK_LSO] = "lso", [BLK_TCE] = "tce", [BLK_TMI] = "tmi",
	[BLK_BDQ] = "bdq", [BLK_RCQ] = "rcq", [BLK_RDE] = "rde", [BLK_RPC] = "rpc",
	[BLK_RXB] = "rxb", [BLK_MAC] = "mac", [BLK_PCS] = "pcs", [BLK_PTP] = "ptp",
	[BLK_PUL] = "pul", [BLK_FW] = "fw", [BLK_BMC] = "bmc",
};

void card_trace_mask(struct card *c, uint32_t blocks)
{
	c->trace_mask = c->env.trace ? blocks : 0;
}

void card_event_(struct card *c, enum card_block blk, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	c->env.trace(c->env.ctx, blk, TRACE_EVENT, fmt, ap);
	va_end(ap);
}

void guest_bug(struct card *c, enum card_block blk, const char *fmt, ...)
{
	uint64_t second = c->env.now(c->env.ctx) / 1000000000u;
	va_list ap;

	c->bugs[blk]++;
	if (!c->env.trace)
		return;
	if (second != c->bug_second) {
		c->bug_second = second;
		c->bug_lines = 0;
	}
	if (c->bug_lines++ >= BUG_LINES)
		return;
	va_start(ap, fmt);
	c->env.trace(c->env.ctx, blk, TRACE_GUEST_BUG, fmt, ap);
	va_end(ap);
}

uint64_t card_guest_bugs(const struct card *c, enum card_block blk)
{
	return c->bugs[blk];
}
