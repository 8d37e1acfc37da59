/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PTP: the clock that stamps frames.
 *
 * A 64-bit counter in nanoseconds advances by ADD_VAL (16.32 fixed point ns)
 * in each cycle of a 600 MHz clock; the driver tunes its rate with ADD_VAL
 * and ADJUST.ADDEND_SET and never steps it (driver: fbnic_time.c,
 * fbnic_ptp_adjfine(), fbnic_ptp_reset()).  Here the counter is computed from
 * the time of the environment when somebody looks: value at the last change
 * of rate plus cycles since then times the increment, in 128 bits, so that
 * no error accumulates.
 *
 * The driver initialises the clock at probe only, so resets of the function
 * leave it running.  guess: INIT also takes ADD_VAL into force, since the
 * driver never writes ADDEND_SET at start.
 */
#include "hw.h"

#define ADJ_INIT	F_BIT(PTP_ADJUST_INIT)
#define ADJ_SUB_NUDGE	F_BIT(PTP_ADJUST_SUB_NUDGE)
#define ADJ_ADD_NUDGE	F_BIT(PTP_ADJUST_ADD_NUDGE)
#define ADJ_ADDEND_SET	F_BIT(PTP_ADJUST_ADDEND_SET)

typedef unsigned __int128 u128;

/* Counter at env time @now, 96.32 fixed point ns */
static u128 ptp_value(const struct ptp_block *p, uint64_t now)
{
	uint64_t dt = now > p->base_now ? now - p->base_now : 0;

	/* cycles = dt * 600e6 / 1e9 = dt * 3 / 5 */
	return ((u128)p->base_ns << 32 | p->base_frac) + (u128)p->add * dt * 3 / 5;
}

static void ptp_rebase(struct card *c, uint64_t now, u128 val)
{
	c->ptp.base_ns = (uint64_t)(val >> 32);
	c->ptp.base_frac = (uint32_t)val;
	c->ptp.base_now = now;
}

static uint64_t add_val(const struct card *c)
{
	return (uint64_t)c->csr[CSR_PTP_ADD_VAL_NS] << 32 | c->csr[CSR_PTP_ADD_VAL_SUBNS];
}

void ptp_reset(struct card *c, enum card_reset kind)
{
	if (kind != CARD_RESET_POWER)
		return;
	ptp_rebase(c, c->env.now(c->env.ctx), 0);
	c->ptp.add = add_val(c);
}

uint64_t ptp_at(const struct card *c, uint64_t when)
{
	return (uint64_t)(ptp_value(&c->ptp, when) >> 32);
}

uint64_t card_clock(const struct card *c, uint64_t when)
{
	return ptp_at(c, when);
}

/* A register read needs the time of this very moment, not of the last work */
static uint64_t ptp_read(struct card *c)
{
	return ptp_at(c, c->env.now(c->env.ctx));
}

uint32_t ptp_ctr_hi_read(struct card *c, unsigned int i)
{
	(void)i;
	return (uint32_t)(ptp_read(c) >> 32);
}

uint32_t ptp_ctr_lo_read(struct card *c, unsigned int i)
{
	uint64_t ns = ptp_read(c);

	(void)i;
	card_event(c, BLK_PTP, "counter read: %llu ns", (unsigned long long)ns);
	return (uint32_t)ns;
}

void ptp_adjust_write(struct card *c, unsigned int i, uint32_t val)
{
	uint64_t now = c->env.now(c->env.ctx);
	u128 v = ptp_value(&c->ptp, now);
	u128 nudge = (u128)c->csr[CSR_PTP_NUDGE_NS] << 32 | c->csr[CSR_PTP_NUDGE_SUBNS];

	(void)i;
	if (val & ADJ_INIT)
		v = ((u128)c->csr[CSR_PTP_INIT_HI] << 32 | c->csr[CSR_PTP_INIT_LO]) << 32;
	if (val & ADJ_ADD_NUDGE)
		v += nudge;
	if (val & ADJ_SUB_NUDGE)
		v -= v < nudge ? v : nudge;
	ptp_rebase(c, now, v);
	if (val & (ADJ_INIT | ADJ_ADDEND_SET))
		c->ptp.add = add_val(c);
	card_event(c, BLK_PTP, "adjust 0x%08x: counter %llu ns, increment 0x%llx", val,
		   (unsigned long long)c->ptp.base_ns, (unsigned long long)c->ptp.add);
}
