/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card as a whole: made, reset, addressed, given time.
 *
 * What a host access may do at once: change registers and raise interrupts.
 * What it only schedules: everything that touches host memory or the wire;
 * card_run() does that (the firmware mailbox is the exception: its firmware
 * looks at each write, see card_bar_write()).
 */
#include <stdlib.h>

#include "hw.h"

struct card *card_new(const struct card_config *cfg, const struct card_env *env)
{
	struct card *c;

	if (cfg->queues < 1 || cfg->queues > CARD_QUEUES ||
	    cfg->vectors < 3 || cfg->vectors > CARD_VECTORS)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->csr = calloc(CSR_WORDS, sizeof(*c->csr));
	if (!c->csr) {
		free(c);
		return NULL;
	}
	c->cfg = *cfg;
	c->env = *env;
	c->pcs.cable = true;
	c->fw_deadline = UINT64_MAX;
	card_reset(c, CARD_RESET_POWER);
	return c;
}

void card_free(struct card *c)
{
	if (!c)
		return;
	free(c->csr);
	free(c);
}

void card_connect(struct card *c, const struct port_ops *ops, void *ctx, enum port_lso lso)
{
	c->port = ops;
	c->port_ctx = ctx;
	c->port_lso = lso;
	card_port_ready(c);	/* what the last wire did not take goes to this one */
}

void card_attach_fw(struct card *c, const struct card_fw_ops *ops, void *ctx)
{
	c->fw = ops;
	c->fw_ctx = ctx;
	if (ops->reset)
		ops->reset(ctx);
}

void card_reset(struct card *c, enum card_reset kind)
{
	static const char *const names[] = { "power-on", "host power", "function" };

	c->now = c->env.now(c->env.ctx);
	card_event(c, BLK_PCI, "%s reset", names[kind]);
	if (kind == CARD_RESET_POWER)
		c->vanished = false;
	reg_reset(c, kind);
	memset(c->mbx, 0, sizeof(c->mbx));
	pci_reset(c, kind);
	msix_reset(c);
	intr_reset(c);
	pcs_reset(c, kind);
	ptp_reset(c, kind);
	mac_reset(c);
	tx_reset(c);
	rx_reset(c);
	rbt_reset(c);
	pul_update(c);
	if (c->fw && c->fw->reset)
		c->fw->reset(c->fw_ctx);
}

void card_vanish(struct card *c)
{
	card_event(c, BLK_PCI, "vanished");
	c->vanished = true;
	tx_reset(c);
	rx_reset(c);
	intr_reset(c);
	pul_update(c);
}

/* ---- host accesses ---- */

uint32_t card_bar_size(unsigned int bar)
{
	switch (bar) {
	case 0:
		return CARD_BAR0_SIZE;
	case 2:
		return CARD_BAR2_SIZE;
	case 4:
		return CARD_BAR4_SIZE;
	}
	return 0;
}

uint32_t card_bar_read(struct card *c, unsigned int bar, uint32_t off)
{
	if (c->vanished || !pci_mem_on(c))
		return ~0u;
	ctr64_add(c, CSR_PUL_USER_OB_CPL_TLP_CNT, 1);
	ctr64_add(c, CSR_PUL_USER_OB_CPL_DWORD_CNT, 1);
	if (bar == 0)
		return reg_read(c, off / 4);
	if (bar == 2)
		return msix_read(c, off);
	return c->mbx[off / 4];
}

void card_bar_write(struct card *c, unsigned int bar, uint32_t off, uint32_t val)
{
	if (c->vanished || !pci_mem_on(c))
		return;
	c->now = c->env.now(c->env.ctx);
	if (bar == 0) {
		reg_write(c, off / 4, val);
	} else if (bar == 2) {
		msix_write(c, off, val);
	} else {
		c->mbx[off / 4] = val;
		card_event(c, BLK_FW, "host writes word 0x%04x = 0x%08x", off / 4, val);
		/*
		 * At once: firmware that looked only later would miss the skip
		 * descriptors with which the driver re-synchronises the rings.
		 */
		if (c->fw && c->fw->mbx_written)
			c->fw->mbx_written(c->fw_ctx, off / 4);
	}
}

/* ---- firmware accesses ---- */

uint32_t card_fw_read(struct card *c, unsigned int word)
{
	return word < ARRAY_SIZE(c->mbx) ? c->mbx[word] : 0;
}

void card_fw_write(struct card *c, unsigned int word, uint32_t val)
{
	if (word < ARRAY_SIZE(c->mbx))
		c->mbx[word] = val;
}

void card_fw_csr_write(struct card *c, uint32_t csr, uint32_t val)
{
	c->now = c->env.now(c->env.ctx);
	reg_write(c, csr, val);
}

void card_fw_irq(struct card *c)
{
	intr_raise(c, 0);
}

void card_fw_timer(struct card *c, uint64_t when)
{
	c->fw_deadline = when;
}

/* ---- work ---- */

bool card_run(struct card *c)
{
	bool more;

	c->now = c->env.now(c->env.ctx);
	if (c->now >= c->fw_deadline) {	/* firmware lives on when the function has vanished */
		c->fw_deadline = UINT64_MAX;
		if (c->fw && c->fw->timer)
			c->fw->timer(c->fw_ctx);
	}
	if (c->vanished)
		return false;
	more = rx_run(c);
	mac_run(c);		/* before tx_run(): the end of a pause lets frames out */
	more |= tx_run(c);
	intr_run(c);
	return more;
}

uint64_t card_deadline(const struct card *c)
{
	uint64_t when = c->fw_deadline, d;

	if (c->vanished)
		return when;
	if (c->intr.next < when)
		when = c->intr.next;
	d = mac_deadline(c);
	if (d < when)
		when = d;
	d = rx_deadline(c);
	return d < when ? d : when;
}
