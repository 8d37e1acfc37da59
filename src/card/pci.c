/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI function: 4 KiB of configuration space.
 *
 * Identity and capabilities that the driver needs (contract 01): MSI-X with
 * at least 3 vectors, PCIe (payload and read request sizes are copied into QM
 * registers), and the device serial number, from which the driver makes the
 * MAC address (driver: fbnic_mac_addr_from_dsn()).  PM, AER and FLR are what
 * a part of this class has (error logging: aer.c).  Link speed, subsystem ids and error registers
 * are guesses that the driver never looks at.
 *
 * Each byte has a mask of bits that a write changes and one of bits that a
 * written 1 clears; cfg_effects() knows what else a write does.
 */
#include "hw.h"

#define CAP_PM		0x40u
#define CAP_MSIX	0x50u
#define EXT_DSN		0x148u

#define CMD_MEM		BIT(1)
#define MSIX_CTRL	(CAP_MSIX + 2)
#define MSIX_ENABLE	BIT(15)
#define MSIX_FMASK	BIT(14)
#define PM_CTRL		(CAP_PM + 4)
#define EXP_DEVCTL	(CAP_EXP + 8)
#define DEVCTL_HI	(EXP_DEVCTL + 1)
#define DEVCTL_HI_FLR	BIT(7)		/* Initiate Function Level Reset, reads 0 */

void pci_put(uint8_t *p, uint32_t off, unsigned int len, uint32_t val)
{
	while (len--) {
		p[off++] = (uint8_t)val;
		val >>= 8;
	}
}

uint32_t pci_get(const struct pci_block *p, uint32_t off, unsigned int len)
{
	uint32_t val = 0;
	unsigned int i;

	for (i = 0; i < len; i++)
		val |= (uint32_t)p->cfg[off + i] << 8 * i;
	return val;
}

static void init_header(struct pci_block *p)
{
	static const struct { uint8_t off; uint32_t size; } bars[] = {
		{ 0x10, CARD_BAR0_SIZE }, { 0x18, CARD_BAR2_SIZE }, { 0x20, CARD_BAR4_SIZE },
	};
	unsigned int i;

	pci_put(p->cfg, 0x00, 4, 0x00131d9b);	/* Meta Platforms, fbnic */
	pci_put(p->wmask, 0x04, 2, 0x0546);		/* memory, bus master, parity, SERR, INTx off */
	pci_put(p->cfg, 0x06, 2, 0x0010);		/* capabilities list */
	pci_put(p->w1c, 0x06, 2, 0xf900);
	pci_put(p->cfg, 0x08, 4, 0x02000000);	/* Ethernet controller; revision 0: guess */
	pci_put(p->wmask, 0x0c, 1, 0xff);		/* cache line size */
	for (i = 0; i < ARRAY_SIZE(bars); i++) {
		pci_put(p->cfg, bars[i].off, 4, 0x4);	/* 64 bits, not prefetchable: guess */
		pci_put(p->wmask, bars[i].off, 4, ~(bars[i].size - 1));
		pci_put(p->wmask, bars[i].off + 4u, 4, ~0u);
	}
	pci_put(p->cfg, 0x2c, 4, 0x00131d9b);	/* subsystem: guess */
	pci_put(p->cfg, 0x34, 1, CAP_PM);
	pci_put(p->wmask, 0x3c, 1, 0xff);		/* interrupt line; there is no pin */
}

static void init_caps(struct pci_block *p, unsigned int vectors)
{
	pci_put(p->cfg, CAP_PM, 4, 0x00030001 | CAP_MSIX << 8);
	pci_put(p->cfg, PM_CTRL, 2, 0x0008);	/* No_Soft_Reset: D3hot keeps everything */
	pci_put(p->wmask, PM_CTRL, 2, 0x0003);

	pci_put(p->cfg, CAP_MSIX, 2, 0x0011 | CAP_EXP << 8);
	pci_put(p->cfg, MSIX_CTRL, 2, vectors - 1);
	pci_put(p->wmask, MSIX_CTRL, 2, MSIX_ENABLE | MSIX_FMASK);
	pci_put(p->cfg, CAP_MSIX + 4, 4, 0x0000 | 2);	/* table: BAR2 + 0 */
	pci_put(p->cfg, CAP_MSIX + 8, 4, 0x1000 | 2);	/* pending bits: BAR2 + 0x1000 */

	pci_put(p->cfg, CAP_EXP, 4, 0x00020010);		/* endpoint, version 2, last */
	pci_put(p->cfg, CAP_EXP + 4, 4, 0x10008022);	/* FLR, role-based errors, ext. tags, MPS 512 */
	pci_put(p->cfg, EXP_DEVCTL, 2, 0x2810);		/* MRRS 512, no snoop, relaxed ordering, MPS 128 */
	pci_put(p->wmask, EXP_DEVCTL, 2, 0x7fff);
	pci_put(p->w1c, EXP_DEVCTL + 2, 2, 0x000f);
	pci_put(p->cfg, CAP_EXP + 0x0c, 4, 0x00000105);	/* x16 at 32 GT/s: guess */
	pci_put(p->wmask, CAP_EXP + 0x10, 2, 0x00c3);
	pci_put(p->cfg, CAP_EXP + 0x12, 2, 0x0105);
	pci_put(p->cfg, CAP_EXP + 0x24, 4, 0x0000001f);	/* completion time-out ranges, disable */
	pci_put(p->wmask, CAP_EXP + 0x28, 2, 0x001f);
	pci_put(p->cfg, CAP_EXP + 0x2c, 4, 0x0000003e);	/* 2.5 to 32 GT/s */
	pci_put(p->wmask, CAP_EXP + 0x30, 2, 0x000f);
	pci_put(p->cfg, CAP_EXP + 0x30, 2, 0x0005);
}

static void init_ext_caps(struct pci_block *p, const uint8_t *mac)
{
	pci_put(p->cfg, EXT_AER, 4, 0x00020001 | EXT_DSN << 20);
	aer_init(p);

	pci_put(p->cfg, EXT_DSN, 4, 0x00010003);		/* last */
	pci_put(p->cfg, EXT_DSN + 4, 4, 0xfe000000u | (uint32_t)mac[3] << 16 | mac[4] << 8 | mac[5]);
	pci_put(p->cfg, EXT_DSN + 8, 4, (uint32_t)mac[0] << 24 | mac[1] << 16 | mac[2] << 8 | 0xff);
}

void pci_reset(struct card *c, enum card_reset kind)
{
	struct pci_block *p = &c->pci;
	uint8_t sticky[AER_SIZE];

	memcpy(sticky, p->cfg + EXT_AER, sizeof(sticky));
	memset(p, 0, sizeof(*p));
	p->exp_cap = CAP_EXP;
	init_header(p);
	init_caps(p, c->cfg.vectors);
	init_ext_caps(p, c->cfg.mac);
	if (kind == CARD_RESET_FUNCTION)
		memcpy(p->cfg + EXT_AER, sticky, sizeof(sticky));
}

bool pci_msix_enabled(const struct card *c)
{
	return pci_get(&c->pci, MSIX_CTRL, 2) & MSIX_ENABLE;
}

bool pci_msix_masked(const struct card *c)
{
	return pci_get(&c->pci, MSIX_CTRL, 2) & MSIX_FMASK;
}

/* Memory space is decoded: enabled, and not asleep */
bool pci_mem_on(const struct card *c)
{
	return (c->pci.cfg[4] & CMD_MEM) && pci_awake(c);
}

/* D0: only then the function may start transactions of its own, MSI-X among them (PCI PM 5.4) */
bool pci_awake(const struct card *c)
{
	return !(c->pci.cfg[PM_CTRL] & 3);
}

/* PCIe 7.5.1.1.4: Received Master Abort, a completion with status Unsupported Request */
void pci_master_abort(struct card *c)
{
	c->pci.cfg[7] |= 0x20;
}

uint32_t card_cfg_read(struct card *c, uint32_t off, unsigned int len)
{
	if (c->vanished)
		return ~0u >> (32 - 8 * len);
	return pci_get(&c->pci, off, len);
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
		card_event(c, BLK_PCI, "command 0x%04x", pci_get(&c->pci, 4, 2));
		pul_update(c);
	}
	if (touched(off, len, PM_CTRL, 2)) {
		card_event(c, BLK_PCI, "power state D%u", c->pci.cfg[PM_CTRL] & 3);
		pul_update(c);
		msix_update(c);
	}
	if (touched(off, len, DEVCTL_HI, 1) && (val >> 8 * (DEVCTL_HI - off) & DEVCTL_HI_FLR))
		card_reset(c, CARD_RESET_FUNCTION);
}

void card_cfg_write(struct card *c, uint32_t off, unsigned int len, uint32_t val)
{
	struct pci_block *p = &c->pci;
	uint8_t power = p->cfg[PM_CTRL];
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
	if ((p->cfg[PM_CTRL] & 3) == 1 || (p->cfg[PM_CTRL] & 3) == 2)
		p->cfg[PM_CTRL] = power;	/* there is no D1, no D2: the write is discarded (PCI PM 3.2.4) */
	cfg_effects(c, off, len, val);
}
