/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own host: what does not depend on how the card is reached
 *
 * Memory is handed out from the bottom up and given back all at once; a test
 * or a benchmark sets up its rings once.  Everything else are the small things
 * that a PCI core does: walking capabilities, sizing BARs, switching a
 * function on.
 */
#include "host.h"

#include <errno.h>
#include <string.h>

#define MASTER_SPARE_0	0x0c41b

#define PCI_COMMAND	0x04
#define PCI_BAR0	0x10
#define PCI_CAP_PTR	0x34
#define PCI_CAP_MSIX	0x11

void host_free(struct host *h)
{
	if (h)
		h->ops->free(h);
}

/* ---- memory ---- */

uint64_t host_alloc(struct host *h, size_t size, size_t align)
{
	size_t at = (h->mem_used + align - 1) & ~(align - 1);

	if (at > h->mem_size || size > h->mem_size - at)
		return 0;
	h->mem_used = at + size;
	memset(h->mem + at, 0, size);
	return HOST_MEM_BASE + at;
}

void host_release(struct host *h, size_t mark)
{
	h->mem_used = mark;
}

void host_flush(struct host *h)
{
	csr_rd(h, MASTER_SPARE_0);
}

/* ---- configuration space ---- */

uint32_t host_find_cap(struct host *h, uint8_t id)
{
	uint32_t off = host_cfg_rd(h, PCI_CAP_PTR, 1) & ~3u;

	for (int left = 48; off >= 0x40 && left; left--) {
		uint32_t cap = host_cfg_rd(h, off, 2);

		if ((cap & 0xff) == id)
			return off;
		off = cap >> 8 & ~3u;
	}
	return 0;
}

uint32_t host_find_ext_cap(struct host *h, uint16_t id)
{
	uint32_t off = 0x100;

	for (int left = 480; off >= 0x100 && left; left--) {
		uint32_t cap = host_cfg_rd(h, off, 4);

		if (!cap || cap == UINT32_MAX)
			return 0;
		if ((cap & 0xffff) == id)
			return off;
		off = cap >> 20 & ~3u;
	}
	return 0;
}

uint64_t host_bar_size(struct host *h, unsigned int bar, bool *is64)
{
	uint32_t off = PCI_BAR0 + 4 * bar;
	uint32_t low = host_cfg_rd(h, off, 4), high = 0;
	uint64_t mask;
	bool wide;

	host_cfg_wr(h, off, 4, UINT32_MAX);
	mask = host_cfg_rd(h, off, 4);
	host_cfg_wr(h, off, 4, low);
	wide = (mask & 0x7) == 0x4;
	if (is64)
		*is64 = wide;
	if (!mask)
		return 0;
	mask &= ~0xfull;
	if (wide) {
		high = host_cfg_rd(h, off + 4, 4);
		host_cfg_wr(h, off + 4, 4, UINT32_MAX);
		mask |= (uint64_t)host_cfg_rd(h, off + 4, 4) << 32;
		host_cfg_wr(h, off + 4, 4, high);
	} else {
		mask |= 0xffffffffull << 32;
	}
	return ~mask + 1;
}

int host_enable(struct host *h)
{
	uint32_t msix = host_find_cap(h, PCI_CAP_MSIX);
	uint32_t n;

	if (!msix)
		return -ENODEV;
	n = (host_cfg_rd(h, msix + 2, 2) & 0x7ff) + 1;
	if (n < h->vectors)
		h->vectors = n;
	host_cfg_wr(h, PCI_COMMAND, 2, 0x0406);		/* memory, bus master, no INTx */
	host_cfg_wr(h, msix + 2, 2, 0x8000);
	return h->ops->irq_enable(h, 0, h->vectors, true);
}

/* ---- waiting ---- */

#define STEP_NS	100000u

bool host_wait(struct host *h, bool (*cond)(void *arg), void *arg, uint64_t ns)
{
	uint64_t start = host_now(h);

	while (!cond(arg)) {
		uint64_t gone = host_now(h) - start;

		if (gone >= ns || h->err)
			return false;
		host_idle(h, ns - gone < STEP_NS ? ns - gone : STEP_NS);
	}
	return true;
}

struct irq_cond {
	struct host	*h;
	unsigned int	v;
	uint64_t	n;
};

static bool irq_came(void *arg)
{
	struct irq_cond *c = arg;

	c->n += host_irq_take(c->h, c->v);
	return c->n;
}

int host_irq_wait(struct host *h, unsigned int v, uint64_t ns)
{
	struct irq_cond c = { .h = h, .v = v };

	return host_wait(h, irq_came, &c, ns) ? (int)c.n : -ETIMEDOUT;
}
