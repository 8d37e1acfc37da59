// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens on the card, for the firmware: registers that hold the state,
 * and a bit in EVENT that says which to look at.
 *
 * The interrupt is sent when the first wanted bit is set.  A firmware clears
 * bits before it looks, so what happens afterwards sets them again; what it
 * cleared while another one was set is sent once more, for one that sleeps
 * after the first.
 *
 * At reset all bits are set that a firmware which has just booted should act
 * on: the host may have written its rings long ago.
 */
#include "mgmt_int.h"

/* BAR4 words of the mailbox's rings, two words a descriptor, low first (fw.h) */
#define RX_WORD		0x6000u
#define TX_WORD		0x6020u
#define RING_WORDS	0x20u
#define SKIP		3u		/* a descriptor that both sides are done with */

static bool wanted(struct mgmt *m)
{
	return *mreg(m, M_EVENT) & *mreg(m, M_EVENT_ENABLE);
}

void event_raise(struct mgmt *m, uint32_t bits)
{
	bool was = wanted(m);

	*mreg(m, M_EVENT) |= bits;
	if (!was && wanted(m))
		mgmt_irq(m);
}

void event_clear(struct mgmt *m, uint32_t val)
{
	(void)val;
	if (wanted(m))
		mgmt_irq(m);
}

void event_enable(struct mgmt *m, uint32_t val)
{
	event_clear(m, val);
}

void event_reset(struct mgmt *m)
{
	*mreg(m, M_EVENT) = EV_RX | EV_TX | EV_OTP | EV_TRACE | (*mreg(m, M_LINK) & 2 ? EV_LINK : 0);
}

/* ---- from the card ---- */

void mgmt_host_wrote(struct mgmt *m, unsigned int word, uint32_t val)
{
	if (word - RX_WORD < RING_WORDS && !(word % 2))
		event_raise(m, val == SKIP ? EV_RX | EV_TAKEN : EV_RX);
	else if (word - TX_WORD < RING_WORDS && !(word % 2))
		event_raise(m, EV_TX);
}

void mgmt_host_reset(struct mgmt *m)
{
	event_raise(m, EV_RESET);
}

void mgmt_link(struct mgmt *m, bool up)
{
	*mreg(m, M_LINK) = 2u | up;
	event_raise(m, EV_LINK);
}

void mgmt_set_module(struct mgmt *m, const struct fw_module *mod)
{
	const uint32_t v[] = { mod->kind, (uint32_t)mod->temp, mod->volt, mod->bias_ua, mod->tx_nw, mod->rx_nw };

	memcpy(mreg(m, M_MODULE), v, sizeof(v));
	event_raise(m, EV_MODULE);
}

void mgmt_set_otp(struct mgmt *m, uint32_t status, uint32_t write_status)
{
	*mreg(m, M_OTP) = status;
	*mreg(m, M_OTP + 4) = write_status;
	event_raise(m, EV_OTP);
}

void mgmt_sensors(struct mgmt *m)
{
	event_raise(m, EV_SENSOR);
}

_Static_assert(FW_FAULTS <= 16, "FAULT has so many words");

int mgmt_set_fault(struct mgmt *m, enum fw_fault which, uint32_t times)
{
	if (mgmt_phase(m) == FW_OFF)
		return -FW_EBUSY;
	*mreg(m, M_FAULT + 4 * which) = times;
	*mreg(m, M_FAULT_SET) |= 1u << which;
	event_raise(m, EV_FAULT);
	return 0;
}

int mgmt_set_garble(struct mgmt *m, const struct fw_garble *g, uint32_t times)
{
	if (mgmt_phase(m) == FW_OFF)
		return -FW_EBUSY;
	*mreg(m, M_GARBLE) = g->msg | (uint32_t)g->how << 16 | (uint32_t)g->attr << 24;
	*mreg(m, M_GARBLE + 4) = (uint32_t)g->value;
	return mgmt_set_fault(m, FW_FAULT_GARBLE, times);
}

/* What the firmware has not seen yet is as it was set */
uint32_t mgmt_fault(const struct mgmt *m, enum fw_fault which)
{
	unsigned int from = m->reg[M_FAULT_SET / 4] & 1u << which ? M_FAULT : M_FAULT_LEFT;

	return m->reg[from / 4 + which];
}

void mgmt_trace(struct mgmt *m, bool all)
{
	*mreg(m, M_TRACE) = all;
	event_raise(m, EV_TRACE);
}

int mgmt_bmc_set(struct mgmt *m, unsigned int macs, const uint8_t mac[][6], bool all_multi)
{
	if (macs > FW_BMC_MACS)
		return -FW_EINVAL;
	for (unsigned int i = 0; i < FW_BMC_MACS; i++) {
		memset(mreg(m, M_BMC_MAC + 8 * i), 0, 8);
		if (i < macs)
			memcpy(mreg(m, M_BMC_MAC + 8 * i), mac[i], 6);
	}
	*mreg(m, M_BMC) = macs | (uint32_t)all_multi << 8;
	event_raise(m, EV_BMC);
	return 0;
}

/* ---- the firmware's life ---- */

int mgmt_life(struct mgmt *m, enum mgmt_life what)
{
	enum fw_phase p = mgmt_phase(m);
	bool can = true;

	if (what == LIFE_POWER) {
		if (p != FW_OFF) {
			*mreg(m, M_LIFE) = what;
			event_raise(m, EV_LIFE);
		}
		return 0;
	}
	if (what == LIFE_CRASH)
		can = p == FW_STARTING || p == FW_READY || p == FW_HUNG;
	else if (what == LIFE_HANG)
		can = p == FW_STARTING || p == FW_READY;
	if (p == FW_OFF || !can || *mreg(m, M_LIFE))
		return -FW_EBUSY;
	*mreg(m, M_LIFE) = what;
	event_raise(m, EV_LIFE);
	return 0;
}
