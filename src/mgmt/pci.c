// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration space and MSI-X of the management processor's function: what
 * it takes to be found, mapped, reset and to send one interrupt.
 */
#include "mgmt_int.h"

#define CAP_MSIX	0x40u
#define CAP_EXP		0x50u
#define MSIX_CTRL	(CAP_MSIX + 2)
#define MSIX_ENABLE	0x8000u
#define MSIX_FMASK	0x4000u
#define DEVCTL_HI	(CAP_EXP + 9)
#define DEVCTL_FLR	0x80u
#define CMD_MEM		2u
#define CMD_MASTER	4u
#define CTRL_MASK	1u		/* word 3 of an MSI-X entry */

static void put(uint8_t *p, uint32_t off, unsigned int len, uint32_t val)
{
	for (; len--; val >>= 8)
		p[off++] = (uint8_t)val;
}

static uint32_t get(const uint8_t *p, uint32_t off, unsigned int len)
{
	uint32_t val = 0;

	while (len--)
		val = val << 8 | p[off + len];
	return val;
}

static void init_header(struct mgmt *m)
{
	put(m->cfg, 0x00, 4, MGMT_VENDOR | MGMT_DEVICE << 16);
	put(m->wmask, 0x04, 2, 0x0406);			/* memory, bus master, INTx off */
	put(m->cfg, 0x06, 2, 0x0010);			/* capabilities list */
	put(m->cfg, 0x08, 4, 0x08800000 | MGMT_REVISION);	/* system peripheral, other */
	put(m->wmask, 0x0c, 1, 0xff);
	for (unsigned int bar = 0; bar < 6; bar += 2) {
		put(m->cfg, 0x10 + 4 * bar, 4, 0x4);	/* 64 bits */
		put(m->wmask, 0x10 + 4 * bar, 4, ~(mgmt_bar_size(bar) - 1));
		put(m->wmask, 0x14 + 4 * bar, 4, ~0u);
	}
	put(m->cfg, 0x2c, 4, MGMT_VENDOR | MGMT_SUBSYSTEM << 16);
	put(m->cfg, 0x34, 1, CAP_MSIX);
	put(m->wmask, 0x3c, 1, 0xff);
}

void mgmt_pci_init(struct mgmt *m)
{
	memset(m->cfg, 0, sizeof(m->cfg));
	memset(m->wmask, 0, sizeof(m->wmask));
	init_header(m);

	put(m->cfg, CAP_MSIX, 2, 0x0011 | CAP_EXP << 8);
	put(m->cfg, MSIX_CTRL, 2, MGMT_VECTORS - 1);
	put(m->wmask, MSIX_CTRL, 2, MSIX_ENABLE | MSIX_FMASK);
	put(m->cfg, CAP_MSIX + 4, 4, 2);		/* BAR 2 */
	put(m->cfg, CAP_MSIX + 8, 4, MGMT_PBA | 2);

	put(m->cfg, CAP_EXP, 4, 0x00020010);		/* endpoint, version 2, last */
	put(m->cfg, CAP_EXP + 4, 4, 0x10008020);	/* FLR, role-based errors, ext. tags */
	put(m->cfg, CAP_EXP + 8, 2, 0x2810);
	put(m->wmask, CAP_EXP + 8, 2, 0x7fff);
	put(m->cfg, CAP_EXP + 0x0c, 4, 0x00000011);	/* x1 at 2.5 GT/s */
	put(m->cfg, CAP_EXP + 0x12, 2, 0x0011);

	memset(m->msix, 0, sizeof(m->msix));
	m->msix[3] = CTRL_MASK;
	m->pending = false;
}

bool mgmt_mem_on(const struct mgmt *m)
{
	return m->cfg[4] & CMD_MEM;
}

bool mgmt_master(const struct mgmt *m)
{
	return m->cfg[4] & CMD_MASTER;
}

uint32_t mgmt_cfg_read(const struct mgmt *m, uint32_t off, unsigned int len)
{
	return get(m->cfg, off, len);
}

/* ---- MSI-X ---- */

static void flush(struct mgmt *m)
{
	uint32_t ctrl = get(m->cfg, MSIX_CTRL, 2);

	if (!(ctrl & MSIX_ENABLE))
		m->pending = false;
	if (!m->pending || ctrl & MSIX_FMASK || m->msix[3] & CTRL_MASK || !mgmt_master(m))
		return;
	m->pending = false;
	m->bus.irq(m->bus.ctx, 0);
}

void mgmt_irq(struct mgmt *m)
{
	m->pending = true;
	flush(m);
}

void mgmt_msix_mask(struct mgmt *m, unsigned int v, bool masked)
{
	if (v >= MGMT_VECTORS)
		return;
	m->msix[3] = (m->msix[3] & ~CTRL_MASK) | masked;
	flush(m);
}

uint32_t mgmt_msix_read(const struct mgmt *m, uint32_t off)
{
	if (off / 4 < ARRAY_SIZE(m->msix))
		return m->msix[off / 4];
	return off == MGMT_PBA ? m->pending : 0;
}

void mgmt_msix_write(struct mgmt *m, uint32_t off, uint32_t val)
{
	if (off / 4 >= ARRAY_SIZE(m->msix)) {
		mgmt_refuse(m, "can't be written", "BAR 2", off);
		return;
	}
	m->msix[off / 4] = off / 4 == 3 ? val & CTRL_MASK : val;
	flush(m);
}

/* ---- configuration writes ---- */

void mgmt_cfg_write(struct mgmt *m, uint32_t off, unsigned int len, uint32_t val)
{
	bool flr = false;

	for (unsigned int i = 0; i < len; i++, val >>= 8) {
		uint8_t *r = &m->cfg[off + i], w = m->wmask[off + i];

		*r = (uint8_t)((*r & ~w) | (val & w));
		flr |= off + i == DEVCTL_HI && val & DEVCTL_FLR;
	}
	if (flr)
		mgmt_reset(m);
	else
		flush(m);
}
