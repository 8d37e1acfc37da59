/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints docs/registers.md from the register database (src/card/regs.def).
 */
#include <stdio.h>
#include <string.h>

#include "../src/card/card.h"
#include "../src/card/regs.h"

static const char *const access_names[] = {
	[REG_RO] = "RO", [REG_RW] = "RW", [REG_W1C] = "W1C", [REG_CMD] = "W",
	[REG_CTR] = "counter", [REG_CTR_LO] = "counter, low", [REG_CTR_HI] = "counter, high",
	[REG_RC] = "clear on read",
};

static const struct {
	uint32_t	first;
	const char	*title;
} blocks[] = {
	{ 0x00000, "INTR: interrupts" }, { 0x00400, "INTR_CQ: interrupt coalescing" },
	{ 0x00800, "QM_TX: queue manager, transmit" }, { 0x00c00, "QM_RX: queue manager, receive" },
	{ 0x04000, "TCE: transmit classifier and buffer" }, { 0x04400, "TMI: transmit MAC interface" },
	{ 0x04800, "PTP: clock" }, { 0x08000, "RXB: receive buffer" },
	{ 0x08400, "RPC: receive parser and classifier" }, { 0x08800, "RPC_RAM: its tables" },
	{ 0x0c000, "FAB, MASTER" }, { 0x10000, "PCS and FEC" }, { 0x11000, "MAC" },
	{ 0x11800, "SIG: signals" }, { 0x11a00, "MAC_STAT: MAC counters" },
	{ 0x31000, "PUL: PCIe" }, { 0x40000, "QUEUE: per queue" },
};

#define NBLOCKS (sizeof(blocks) / sizeof(blocks[0]))

static unsigned int block_of(uint32_t csr)
{
	unsigned int b = NBLOCKS - 1;

	while (csr < blocks[b].first)
		b--;
	return b;
}

static void print_where(const struct reg *r)
{
	if (r->csr >= CSR_QUEUE)
		printf("queue + 0x%03x", r->csr - CSR_QUEUE);
	else if (r->n == 1)
		printf("0x%05x", r->csr);
	else if (r->shift)
		printf("0x%05x + %u i, i < %u", r->csr, 1u << r->shift, r->n);
	else
		printf("0x%05x + i, i < %u", r->csr, r->n);
}

int main(void)
{
	unsigned int i, last = NBLOCKS;

	printf("# Registers\n\n"
	       "Generated from `src/card/regs.def` by `build/regdoc`; do not edit.\n\n"
	       "Indexes count 32-bit words from the start of BAR0. Queue registers are at\n"
	       "0x40000 + 0x400 * queue + offset. *Mask*: bits that a write changes (RW),\n"
	       "clears (W1C) or that mean something (W). *Evidence*: D the driver needs it, T a\n"
	       "test in the kernel tree needs it, C a commit or document says it, G guess.\n");
	for (i = 1; i < card_nregs; i++) {
		const struct reg *r = &card_regs[i];
		unsigned int b = block_of(r->csr);

		if (b != last)
			printf("\n## %s\n\n| Register | Index | Access | Reset | Mask | Evidence | Meaning |\n"
			       "|---|---|---|---|---|---|---|\n", blocks[b].title);
		last = b;
		printf("| %s | ", r->name);
		print_where(r);
		printf(" | %s | 0x%x | 0x%x | %c | %s |\n", access_names[r->access], r->reset, r->mask,
		       r->evidence, r->text);
	}
	return 0;
}
