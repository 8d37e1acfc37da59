/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PUL: the card's side of the PCIe link, as a master.
 *
 * All DMA is gated by three things at once: the power state, which must be D0,
 * the bus master enable of the PCI command register and the BME bits of AW_CFG (writes) and AR_CFG (reads),
 * which the driver sets only while the firmware mailbox is open (driver:
 * fbnic_fw.c, fbnic_mbx_init_desc_ring(), fbnic_mbx_reset_desc_ring()).  The
 * gate closes at once: there is nothing in flight between two calls.
 *
 * A read that nobody answers comes back as an Unsupported Request and is noted
 * in the PCI status register; a write is posted and its loss not seen here.
 *
 * The TLP counters count requests as a link with the configured maximum
 * payload and read request sizes would carry them.
 */
#include <errno.h>

#include "hw.h"

#define AW_BME		F_BIT(PUL_OB_TLP_HDR_AW_CFG_BME)
#define AR_BME		F_BIT(PUL_OB_TLP_HDR_AR_CFG_BME)

void pul_update(struct card *c)
{
	bool bm = (c->pci.cfg[4] & 4) && pci_awake(c) && !c->vanished;	/* PCI command, Bus Master Enable */
	const uint8_t *devctl = c->pci.cfg + c->pci.exp_cap + 8;
	bool wr = c->dma_wr, rd = c->dma_rd;

	c->dma_wr = bm && (c->csr[CSR_PUL_OB_TLP_HDR_AW_CFG] & AW_BME);
	c->dma_rd = bm && (c->csr[CSR_PUL_OB_TLP_HDR_AR_CFG] & AR_BME);
	if (bm && !c->master)
		c->rx.rxb.kick = true;		/* frames may have waited for it */
	c->master = bm;
	c->mps_shift = (uint8_t)(7 + (devctl[0] >> 5 & 7));
	c->mrrs_shift = (uint8_t)(7 + (devctl[1] >> 4 & 7));
	if ((wr != c->dma_wr || rd != c->dma_rd) && c->fw && c->fw->dma)
		c->fw->dma(c->fw_ctx);
}

void pul_bme_write(struct card *c, unsigned int i, uint32_t val)
{
	(void)i;
	pul_update(c);
	card_event(c, BLK_PUL, "bus master: write %d, read %d (cfg 0x%08x)", c->dma_wr, c->dma_rd, val);
}

int dma_peek(struct card *c, uint64_t addr, void *buf, size_t len)
{
	if (!c->dma_rd)
		return -EACCES;
	if (addr > DMA_ADDR_MASK || len > DMA_ADDR_MASK - addr)
		return -EFAULT;
	if (!c->env.dma_read(c->env.ctx, addr, buf, len))
		return 0;
	pci_master_abort(c);
	return -EFAULT;
}

int dma_read(struct card *c, uint64_t addr, void *buf, size_t len)
{
	if (c->dma_rd && addr <= DMA_ADDR_MASK && len <= DMA_ADDR_MASK - addr)
		dma_count_rd(c, addr, len);
	return dma_peek(c, addr, buf, len);
}

int dma_write(struct card *c, uint64_t addr, const void *buf, size_t len)
{
	if (!c->dma_wr)
		return -EACCES;
	if (addr > DMA_ADDR_MASK || len > DMA_ADDR_MASK - addr)
		return -EFAULT;
	dma_count_wr(c, addr, len);
	return c->env.dma_write(c->env.ctx, addr, buf, len);
}

int dma_write_desc(struct card *c, uint64_t addr, uint64_t desc)
{
	size_t len = sizeof(desc);
	void *p = dma_put(c, addr, &len);

	if (!p || len < sizeof(desc) || ((uintptr_t)p & 7))
		return dma_write(c, addr, &desc, sizeof(desc));
	dma_count_wr(c, addr, sizeof(desc));
	/* The guest polls this word on another CPU: all before it must be visible first */
	__atomic_store_n((uint64_t *)p, desc, __ATOMIC_RELEASE);
	return 0;
}

bool card_fw_dma_ready(const struct card *c, bool write)
{
	return write ? c->dma_wr : c->dma_rd;
}

int card_fw_dma_read(struct card *c, uint64_t addr, void *buf, size_t len)
{
	return len ? dma_read(c, addr, buf, len) : 0;
}

int card_fw_dma_write(struct card *c, uint64_t addr, const void *buf, size_t len)
{
	return len ? dma_write(c, addr, buf, len) : 0;
}
