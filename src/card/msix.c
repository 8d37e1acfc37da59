/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X: the table and the pending bits, in BAR2 (guess: the real part's BAR
 * is unknown; the driver never looks).
 *
 * A message goes out if MSI-X is enabled, the function is not masked and the
 * vector's mask bit is clear; otherwise its pending bit remembers it.  Table
 * entries power up masked (PCI 3.0, 6.8.2.9).  A VFIO client does not write
 * the table of the card: it says the same with card_msix_mask().
 */
#include "hw.h"

#define ENTRY_WORDS	4
#define CTRL_MASK	1u
#define PBA_OFF		0x1000u

static bool vector_open(const struct card *c, unsigned int v)
{
	return pci_msix_enabled(c) && !pci_msix_masked(c) && pci_awake(c) &&
	       !(c->msix.table[v * ENTRY_WORDS + 3] & CTRL_MASK);
}

static void deliver(struct card *c, unsigned int v)
{
	c->msix.pending[v / 64] &= ~(1ull << v % 64);
	c->env.irq(c->env.ctx, v);
}

void msix_send(struct card *c, unsigned int v)
{
	if (v >= c->cfg.vectors) {
		guest_bug(c, BLK_INTR, "vector %u: the MSI-X table has %u", v, c->cfg.vectors);
		return;
	}
	if (!vector_open(c, v)) {
		c->msix.pending[v / 64] |= 1ull << v % 64;
		return;
	}
	deliver(c, v);
}

bool msix_recall(struct card *c, unsigned int v)
{
	return v < c->cfg.vectors && c->env.irq_recall && c->env.irq_recall(c->env.ctx, v);
}

static void flush_vector(struct card *c, unsigned int v)
{
	if ((c->msix.pending[v / 64] >> v % 64 & 1) && vector_open(c, v))
		deliver(c, v);
}

void msix_update(struct card *c)
{
	unsigned int v;

	if (!pci_msix_enabled(c)) {
		memset(c->msix.pending, 0, sizeof(c->msix.pending));
		return;
	}
	for (v = 0; v < c->cfg.vectors; v++)
		flush_vector(c, v);
}

void card_msix_mask(struct card *c, unsigned int v, bool masked)
{
	uint32_t *ctrl;

	if (v >= c->cfg.vectors)
		return;
	ctrl = &c->msix.table[v * ENTRY_WORDS + 3];
	*ctrl = (*ctrl & ~CTRL_MASK) | masked;
	flush_vector(c, v);
}

unsigned int card_vectors(const struct card *c)
{
	return c->cfg.vectors;
}

uint32_t msix_read(struct card *c, uint32_t off)
{
	unsigned int word = off / 4;

	if (word < c->cfg.vectors * ENTRY_WORDS)
		return c->msix.table[word];
	if (off >= PBA_OFF && off < PBA_OFF + CARD_VECTORS / 8) {
		word = (off - PBA_OFF) / 4;
		return (uint32_t)(c->msix.pending[word / 2] >> (word & 1) * 32);
	}
	return 0;
}

void msix_write(struct card *c, uint32_t off, uint32_t val)
{
	unsigned int word = off / 4;

	if (word >= c->cfg.vectors * ENTRY_WORDS) {
		guest_bug(c, BLK_INTR, "write of 0x%08x to BAR2 + 0x%x: not the MSI-X table", val, off);
		return;
	}
	c->msix.table[word] = word % ENTRY_WORDS == 3 ? val & CTRL_MASK : val;
	if (word % ENTRY_WORDS == 3)
		flush_vector(c, word / ENTRY_WORDS);
}

void msix_reset(struct card *c)
{
	unsigned int v;

	memset(&c->msix, 0, sizeof(c->msix));
	for (v = 0; v < CARD_VECTORS; v++)
		c->msix.table[v * ENTRY_WORDS + 3] = CTRL_MASK;
}
