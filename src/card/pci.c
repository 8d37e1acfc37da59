/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI function: 4 KiB of configuration space.
 *
 * Identity and capabilities that the driver needs (contract 01): MSI-X with
 * at least 3 vectors, PCIe (payload and read request sizes are copied into QM
 * registers), and the device serial number, from which the driver makes the
 * MAC address (driver: fbnic_mac_addr_from_dsn()).  PM, AER and FLR are what
 * a part of this class has.  Link speed, subsystem ids and error registers
 * are guesses that the driver never looks at.
 *
 * Each byte has a mask of bits that a write changes and one of bits that a
 * written 1 clears; cfg_effects() knows what else a write does.
 */
#include "hw.h"

#define CAP_PM		0x40u
#define CAP_MSIX	0x50u
#define CAP_EXP		0x60u
#define EXT_AER		0x100u
#define EXT_DSN		0x148u

#define CMD_MEM		BIT(1)
#define MSIX_CTRL	(CAP_MSIX + 2)
#define MSIX_ENABLE	BIT(15)
#define MSIX_FMASK	BIT(14)
#define PM_CTRL		(CAP_PM + 4)
#define EXP_DEVCTL	(CAP_EXP + 8)
#define DEVCTL_HI	(EXP_DEVCTL + 1)
#define DEVCTL_HI_FLR	BIT(7)		/* Initiate Function Level Reset, reads 0 */

static void put(uint8_t *p, uint32_t off, unsigned int len, uint32_t val)
{
	while (len--) {
		p[off++] = (uint8_t)val;
		val >>= 8;
	}
}

static uint32_t get(const uint8_t *p, uint32_t off, unsigned int len)
{
	uint32_t val = 0;
	unsigned int i;

	for (i = 0; i < len; i++)
		val |= (uint32_t)p[off + i] << 8 * i;
	return val;
}

static void init_header(struct pci_block *p)
{
	static const struct { uint8_t off; uint32_t size; } bars[] = {
		{ 0x10, CARD_BAR0_SIZE }, { 0x18, CARD_BAR2_SIZE }, { 0x20, CARD_BAR4_SIZE },
	};
	unsigned int i;

	put(p->cfg, 0x00, 4, 0x00131d9b);	/* Meta Platforms, fbnic */
	put(p->wmask, 0x04, 2, 0x0546);		/* memory, bus master, parity, SERR, INTx off */
	put(p->cfg, 0x06, 2, 0x0010);		/* capabilities list */
	put(p->w1c, 0x06, 2, 0xf900);
	put(p->cfg, 0x08, 4, 0x02000000);	/* Ethernet controller; revision 0: guess */
	put(p->wmask, 0x0c, 1, 0xff);		/* cache line size */
	for (i = 0; i < ARRAY_SIZE(bars); i++) {
		put(p->cfg, bars[i].off, 4, 0x4);	/* 64 bits, not prefetchable: guess */
		put(p->wmask, bars[i].off, 4, ~(bars[i].size - 1));
		put(p->wmask, bars[i].off + 4u, 4, ~0u);
	}
	put(p->cfg, 0x2c, 4, 0x00131d9b);	/* subsystem: guess */
	put(p->cfg, 0x34, 1, CAP_PM);
	put(p->wmask, 0x3c, 1, 0xff);		/* interrupt line; there is no pin */
}

static void init_caps(struct pci_block *p, unsigned int vectors)
{
	put(p->cfg, CAP_PM, 4, 0x00030001 | CAP_MSIX << 8);
	put(p->cfg, PM_CTRL, 2, 0x0008);	/* No_Soft_Reset: D3hot keeps everything */
	put(p->wmask, PM_CTRL, 2, 0x0003);

	put(p->cfg, CAP_MSIX, 2, 0x0011 | CAP_EXP << 8);
	put(p->cfg, MSIX_CTRL, 2, vectors - 1);
	put(p->wmask, MSIX_CTRL, 2, MSIX_ENABLE | MSIX_FMASK);
	put(p->cfg, CAP_MSIX + 4, 4, 0x0000 | 2);	/* table: BAR2 + 0 */
	put(p->cfg, CAP_MSIX + 8, 4, 0x1000 | 2);	/* pending bits: BAR2 + 0x1000 */

	put(p->cfg, CAP_EXP, 4, 0x00020010);		/* endpoint, version 2, last */
	put(p->cfg, CAP_EXP + 4, 4, 0x10008022);	/* FLR, role-based errors, ext. tags, MPS 512 */
	put(p->cfg, EXP_DEVCTL, 2, 0x2810);		/* MRRS 512, no snoop, relaxed ordering, MPS 128 */
	put(p->wmask, EXP_DEVCTL, 2, 0x7fff);
	put(p->w1c, EXP_DEVCTL + 2, 2, 0x000f);
	put(p->cfg, CAP_EXP + 0x0c, 4, 0x00000105);	/* x16 at 32 GT/s: guess */
	put(p->wmask, CAP_EXP + 0x10, 2, 0x00c3);
	put(p->cfg, CAP_EXP + 0x12, 2, 0x0105);
	put(p->cfg, CAP_EXP + 0x24, 4, 0x0000001f);	/* completion time-out ranges, disable */
	put(p->wmask, CAP_EXP + 0x28, 2, 0x001f);
	put(p->cfg, CAP_EXP + 0x2c, 4, 0x0000003e);	/* 2.5 to 32 GT/s */
	put(p->wmask, CAP_EXP + 0x30, 2, 0x000f);
	put(p->cfg, CAP_EXP + 0x30, 2, 0x0005);
}

static void init_ext_caps(struct pci_block *p, const uint8_t *mac)
{
	put(p->cfg, EXT_AER, 4, 0x00020001 | EXT_DSN << 20);
	put(p->w1c, EXT_AER + 0x04, 4, 0x07fff030);	/* uncorrectable status */
	put(p->wmask, EXT_AER + 0x08, 4, 0x07fff030);	/* mask */
	put(p->cfg, EXT_AER + 0x0c, 4, 0x00462030);	/* severity, default of the standard */
	put(p->wmask, EXT_AER + 0x0c, 4, 0x07fff030);
	put(p->w1c, EXT_AER + 0x10, 4, 0x0000f1c1);	/* correctable status */
	put(p->cfg, EXT_AER + 0x14, 4, 0x0000e000);	/* mask */
	put(p->wmask, EXT_AER + 0x14, 4, 0x0000f1c1);
	put(p->cfg, EXT_AER + 0x18, 4, 0x000000a0);	/* ECRC capable */
	put(p->wmask, EXT_AER + 0x18, 4, 0x00000140);

	put(p->cfg, EXT_DSN, 4, 0x00010003);		/* last */
	put(p->cfg, EXT_DSN + 4, 4, 0xfe000000u | (uint32_t)mac[3] << 16 | mac[4] << 8 | mac[5]);
	put(p->cfg, EXT_DSN + 8, 4, (uint32_t)mac[0] << 24 | mac[1] << 16 | mac[2] << 8 | 0xff);
}

void pci_reset(struct card *c)
{
	struct pci_block *p = &c->pci;

	memset(p, 0, sizeof(*p));
	p->exp_cap = CAP_EXP;
	init_header(p);
	init_caps(p, c->cfg.vectors);
	init_ext_caps(p, c->cfg.mac);
}

bool pci_msix_enabled(const struct card *c)
{
	return get(c->pci.cfg, MSIX_CTRL, 2) & MSIX_ENABLE;
}

bool pci_msix_masked(const struct card *c)
{
	return get(c->pci.cfg, MSIX_CTRL, 2) & MSIX_FMASK;
}

/* Memory space is decoded: enabled, and not asleep */
bool pci_mem_on(const struct card *c)
{
	return (c->pci.cfg[4] & CMD_MEM) && !(c->pci.cfg[PM_CTRL] & 3);
}

uint32_t card_cfg_read(struct card *c, uint32_t off, unsigned int len)
{
	if (c->vanished)
		return ~0u >> (32 - 8 * len);
	return get(c->pci.cfg, off, len);
}

static bool touched(uint32_t off, unsigned int len, uint32_t reg, unsigned int reglen)
{
	return off < reg + reglen && reg < off + len;
}

static void cfg_effects(struct card *c, uint32_t off, unsigned int len, uint32_t val)
{
	if (touched(off, len, MSIX_CTRL, 2)) {
		card_event(c, BLK_PCI, "MSI-X %s%s", pci_msix_enabled(c) ? "on" : "off",
			   pci_msix_masked(c) ? ", masked" : "");
		msix_update(c);
	}
	if (touched(off, len, 0x04, 2) || touched(off, len, EXP_DEVCTL, 2)) {
		card_event(c, BLK_PCI, "command 0x%04x", get(c->pci.cfg, 4, 2));
		pul_update(c);
	}
	if (touched(off, len, PM_CTRL, 2))
		card_event(c, BLK_PCI, "power state D%u", c->pci.cfg[PM_CTRL] & 3);
	if (touched(off, len, DEVCTL_HI, 1) && (val >> 8 * (DEVCTL_HI - off) & DEVCTL_HI_FLR))
		card_reset(c, CARD_RESET_FUNCTION);
}

void card_cfg_write(struct card *c, uint32_t off, unsigned int len, uint32_t val)
{
	struct pci_block *p = &c->pci;
	unsigned int i;

	if (c->vanished)
		return;
	c->now = c->env.now(c->env.ctx);
	for (i = 0; i < len; i++) {
		uint8_t b = (uint8_t)(val >> 8 * i);
		uint8_t *r = &p->cfg[off + i];

		*r = (uint8_t)((*r & ~p->wmask[off + i]) | (b & p->wmask[off + i]));
		*r &= (uint8_t)~(b & p->w1c[off + i]);
	}
	cfg_effects(c, off, len, val);
}
