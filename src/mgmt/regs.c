// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The function's registers: regs.def as a table, dispatch, life.
 *
 * A register without a hook only stores.  Those that the processor writes go
 * back to their reset values with the function; those that it only reads are
 * straps and the state of the card, and stay.
 */
#include <stdlib.h>

#include "mgmt_int.h"

const struct mgmt_reg mgmt_regs[] = {
#define MREG(name_, off_, n_, acc_, reset_, mask_, rd_, wr_, text_) \
	{ .name = #name_, .off = off_, .n = n_, .access = MREG_##acc_, .reset = reset_, .mask = mask_, \
	  .rd = rd_, .wr = wr_, .text = text_ },
#include "regs.def"
#undef MREG
};

const unsigned int mgmt_nregs = ARRAY_SIZE(mgmt_regs);

void mgmt_refuse(struct mgmt *m, const char *what, const char *where, uint32_t val)
{
	m->refused++;
	if (m->bus.refused)
		m->bus.refused(m->bus.ctx, what, where, val);
}

static const struct mgmt_reg *find(uint32_t off)
{
	unsigned int lo = 0, hi = mgmt_nregs;

	while (hi - lo > 1) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (mgmt_regs[mid].off > off)
			hi = mid;
		else
			lo = mid;
	}
	return off - mgmt_regs[lo].off < mgmt_regs[lo].n * 4u ? &mgmt_regs[lo] : NULL;
}

static uint32_t reg_read(struct mgmt *m, uint32_t off)
{
	const struct mgmt_reg *r = find(off);

	if (!r || r->access == MREG_CMD)
		return 0;
	return r->rd ? r->rd(m, (off - r->off) / 4) : *mreg(m, off);
}

static void reg_write(struct mgmt *m, uint32_t off, uint32_t val)
{
	const struct mgmt_reg *r = find(off);

	if (!r || r->access == MREG_RO) {
		if (r)
			mgmt_refuse(m, "can't be written", r->name, val);
		else
			mgmt_refuse(m, "there is none", "register", off);
		return;
	}
	if (r->access == MREG_RW)
		*mreg(m, off) = val & r->mask;
	else if (r->access == MREG_W1C)
		*mreg(m, off) &= ~(val & r->mask);
	if (r->wr)
		r->wr(m, val & r->mask);
}

/* ---- the card from behind ---- */

static uint32_t card_read(struct mgmt *m, uint32_t off)
{
	if (off - MGMT_WINDOW < MGMT_WINDOW_SIZE)
		return m->env.mbx_read(m->env.host_ctx[0], (off - MGMT_WINDOW) / 4);
	if (off < MGMT_WINDOW && m->env.reg_read)
		return m->env.reg_read(m->env.host_ctx[0], off / 4);
	return 0;
}

static void card_write(struct mgmt *m, uint32_t off, uint32_t val)
{
	if (off - MGMT_WINDOW < MGMT_WINDOW_SIZE)
		m->env.mbx_write(m->env.host_ctx[0], (off - MGMT_WINDOW) / 4, val);
	else if (off < MGMT_WINDOW && m->env.bmc.csr_write)
		m->env.bmc.csr_write(m->env.host_ctx[0], off / 4, val);
	else
		mgmt_refuse(m, "nothing is there", "BAR 4", off);
}

/* ---- the bus ---- */

uint32_t mgmt_bar_size(unsigned int bar)
{
	static const uint32_t size[] = { [0] = MGMT_BAR0_SIZE, [2] = MGMT_BAR2_SIZE, [4] = MGMT_BAR4_SIZE };

	return bar < ARRAY_SIZE(size) ? size[bar] : 0;
}

uint32_t mgmt_bar_read(struct mgmt *m, unsigned int bar, uint32_t off)
{
	if (!mgmt_mem_on(m))
		return ~0u;
	if (bar == 0)
		return reg_read(m, off);
	return bar == 2 ? mgmt_msix_read(m, off) : card_read(m, off);
}

void mgmt_bar_write(struct mgmt *m, unsigned int bar, uint32_t off, uint32_t val)
{
	if (!mgmt_mem_on(m))
		return;
	if (bar == 0)
		reg_write(m, off, val);
	else if (bar == 2)
		mgmt_msix_write(m, off, val);
	else
		card_write(m, off, val);
}

/* ---- life ---- */

static void strap_versions(struct mgmt *m, const struct fw_config *cfg)
{
	const struct fw_version *const v[] = { &cfg->mgmt, &cfg->boot, &cfg->uefi };

	for (unsigned int i = 0; i < ARRAY_SIZE(v); i++) {
		*mreg(m, M_VERSION + 4 * i) = v[i]->version;
		memcpy(mreg(m, M_COMMIT + 20 * i), v[i]->commit, FW_COMMIT_MAX);
	}
}

static void strap(struct mgmt *m, const struct fw_config *cfg)
{
	const int32_t limit[] = { cfg->temp_min, cfg->temp_max, cfg->temp_crit, (int32_t)cfg->volt_min,
				  (int32_t)cfg->volt_max };

	*mreg(m, M_ID) = 0x314d4246;
	*mreg(m, M_REVISION) = MGMT_REVISION;
	*mreg(m, M_FEATURES) = m->env.flash_read && m->env.flash_write && m->env.flash_sync;
	*mreg(m, M_BOOT_MS) = cfg->boot_ms[0];
	*mreg(m, M_BOOT_MS + 4) = cfg->boot_ms[1];
	*mreg(m, M_RESTART_MS) = cfg->restart_ms;
	*mreg(m, M_SPEED) = cfg->host[0].speed;
	*mreg(m, M_FEC) = cfg->host[0].fec;
	*mreg(m, M_MAX_SPEED) = cfg->max_speed;
	*mreg(m, M_ANTI_ROLLBACK) = cfg->anti_rollback;
	memcpy(mreg(m, M_LIMIT), limit, sizeof(limit));
	*mreg(m, M_THRESHOLD_EVENTS) = cfg->threshold_events;
	strap_versions(m, cfg);
	memcpy(mreg(m, M_UUID), cfg->uuid, sizeof(cfg->uuid));
	mgmt_set_module(m, &cfg->host[0].module);
	mgmt_bmc_set(m, cfg->host[0].bmc_macs, cfg->host[0].bmc_mac, cfg->host[0].bmc_all_multi);
}

void mgmt_reset(struct mgmt *m)
{
	for (unsigned int i = 0; i < mgmt_nregs; i++)
		for (unsigned int k = 0; mgmt_regs[i].access != MREG_RO && k < mgmt_regs[i].n; k++)
			*mreg(m, mgmt_regs[i].off + 4 * k) = mgmt_regs[i].reset;
	*mreg(m, M_STATUS) = 0;
	mgmt_pci_init(m);
	event_reset(m);
	ask_reset(m);
}

struct mgmt *mgmt_new(const struct fw_config *cfg, const struct fw_env *env, const struct mgmt_bus *bus)
{
	struct mgmt *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->env = *env;
	m->bus = *bus;
	strap(m, cfg);
	mgmt_reset(m);
	return m;
}

void mgmt_free(struct mgmt *m)
{
	free(m);
}
