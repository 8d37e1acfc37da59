/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TMI: the last stop before the MAC.  Contract 03, sections 4 and 7.
 *
 * It drops what must not go out: everything while TMI_DROP_CTRL.EN is set,
 * which the driver does when its queues do not get idle ("Tx flush",
 * fbnic_txrx.c fbnic_wait_all_queues_idle()), and everything while the MAC is
 * off, because ndo_stop turns the MAC off first and then waits for the queues.
 *
 * It also takes the time stamps.  A packet with REQ_TS gets exactly one TYPE 1
 * TCD whatever becomes of it: the driver frees nothing behind it before
 * (fbnic_clean_twq0(), fbnic_clean_tsq()).  The stamp is the time at which
 * the frame was given to the wire, the one that the frame carries; of a large
 * send that went in portions the last segment's, or the first's if
 * QM_TQS_CTL0.LSO_TS says so (the driver wants the last).
 */
#include "hw.h"

bool tmi_dropping(const struct card *c)
{
	return !mac_tx_on(c) || (c->csr[CSR_TMI_DROP_CTRL] & F_BIT(TMI_DROP_CTRL_EN));
}

void tmi_drop_ctrl_write(struct card *c, unsigned int i, uint32_t val)
{
	(void)i;
	card_event(c, BLK_TMI, "flush %s", val & 1 ? "on" : "off");
	if (val & 1)
		tx_unblock(c);	/* nothing waits for the wire any more */
}

void tmi_drop(struct card *c, const struct frame *f, unsigned int n)
{
	uint64_t bytes = 0;
	uint32_t frames = n;

	for (; n; n--, f++) {
		bytes += f->len;
		if (f->flags & FRAME_LSO) {	/* count what would have been on the wire */
			uint32_t more = (f->len - f->lso.hdr_len - 1) / f->lso.mss;

			frames += more;
			bytes += (uint64_t)more * f->lso.hdr_len;
		}
	}
	ctr_add(c, CSR_TMI_DROP_PKTS, frames);
	ctr64_add(c, CSR_TMI_DROP_BYTE, bytes);
}

bool tmi_stamps_first(const struct card *c)
{
	return !F_GET(c->csr[CSR_QM_TQS_CTL0], QM_TQS_CTL0_LSO_TS);
}

uint64_t tmi_stamp(struct card *c, uint64_t when, bool sent, unsigned int dest)
{
	uint64_t ts = ptp_at(c, when) & D_MASK(TCD_TYPE1_TS);

	if (!(dest & DEST_MAC)) {	/* 7.3.4 counts these apart: ptp_illegal_req */
		ctr_add(c, CSR_TMI_ILLEGAL_PTP_REQS, 1);
		return ts | TCD_TYPE1 | TCD_TS_INVALID | TCD_ILLEGAL_TS_REQ;
	}
	if (!sent) {
		ctr_add(c, CSR_TMI_BAD_PTP_TS, 1);
		return ts | TCD_TYPE1 | TCD_TS_INVALID;
	}
	ctr_add(c, CSR_TMI_GOOD_PTP_TS, 1);
	return ts | TCD_TYPE1;
}
