/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and descriptors as a driver knows them: written from the hardware
 * contract, not from the card's own tables, so that a mistake there shows.
 * Numbers are word indices (CSRs) as in the contract; names are the driver's.
 */
#ifndef OPENFBNIC_DRV_REGS_H
#define OPENFBNIC_DRV_REGS_H

#include <stdint.h>

/* ---- contract 02: interrupts ---- */
#define INTR_STATUS(n)		(0x00u + (n))
#define INTR_MASK(n)		(0x08u + (n))
#define INTR_SET(n)		(0x10u + (n))
#define INTR_CLEAR(n)		(0x18u + (n))
#define INTR_SW_AC_MODE(n)	(0x28u + (n))
#define INTR_MASK_SET(n)	(0x30u + (n))
#define INTR_MASK_CLEAR(n)	(0x38u + (n))
#define INTR_MSIX_CTRL(c)	(0x40u + (c))
#define INTR_CQ_REARM(v)	(0x400u + 4u * (v))
#define REARM_UNMASK		0x80000000u
#define REARM_RCQ_UPD		0x00004000u
#define REARM_TCQ_UPD		0x20000000u

/* ---- contract 03 and 04: one page of registers per queue ---- */
#define QUEUE(q)		(0x40000u + 0x400u * (q))
#define TWQ_CTL(q, r)		(QUEUE(q) + 0x000u + (r))	/* r 0: TWQ0, 1: TWQ1 */
#define TWQ_TAIL(q, r)		(QUEUE(q) + 0x002u + (r))
#define TWQ_PTRS(q, r)		(QUEUE(q) + 0x004u + (r))
#define TWQ_SIZE(q, r)		(QUEUE(q) + 0x00au + (r))
#define TWQ_BAL(q, r)		(QUEUE(q) + 0x020u + 2u * (r))
#define TCQ_CTL(q)		(QUEUE(q) + 0x080u)
#define TCQ_HEAD(q)		(QUEUE(q) + 0x081u)
#define TCQ_PTRS(q)		(QUEUE(q) + 0x082u)
#define TCQ_SIZE(q)		(QUEUE(q) + 0x084u)
#define TCQ_BAL(q)		(QUEUE(q) + 0x0a0u)
#define TIM_CTL(q)		(QUEUE(q) + 0x0c0u)
#define TIM_THRESHOLD(q)	(QUEUE(q) + 0x0c1u)
#define TIM_MASK(q)		(QUEUE(q) + 0x0c4u)
#define RCQ_CTL(q)		(QUEUE(q) + 0x200u)
#define RCQ_HEAD(q)		(QUEUE(q) + 0x201u)
#define RCQ_PTRS(q)		(QUEUE(q) + 0x202u)
#define RCQ_SIZE(q)		(QUEUE(q) + 0x204u)
#define RCQ_BAL(q)		(QUEUE(q) + 0x220u)
#define BDQ_CTL(q)		(QUEUE(q) + 0x240u)
#define BDQ_TAIL(q, r)		(QUEUE(q) + 0x241u + (r))	/* r 0: HPQ, 1: PPQ */
#define BDQ_PTRS(q, r)		(QUEUE(q) + 0x243u + (r))
#define BDQ_SIZE(q, r)		(QUEUE(q) + 0x247u + (r))
#define BDQ_BAL(q, r)		(QUEUE(q) + 0x260u + 2u * (r))
#define RDE_CTL0(q)		(QUEUE(q) + 0x2a0u)
#define RDE_CTL1(q)		(QUEUE(q) + 0x2a1u)
#define RDE_PKT_CNT(q)		(QUEUE(q) + 0x2a2u)
#define RDE_PKT_ERR_CNT(q)	(QUEUE(q) + 0x2a3u)
#define RDE_CQ_DROP_CNT(q)	(QUEUE(q) + 0x2a4u)
#define RDE_BDQ_DROP_CNT(q)	(QUEUE(q) + 0x2a5u)
#define RIM_CTL(q)		(QUEUE(q) + 0x2c0u)
#define RIM_THRESHOLD(q)	(QUEUE(q) + 0x2c1u)
#define RIM_MASK(q)		(QUEUE(q) + 0x2c4u)

#define CTL_RESET		0x1u
#define CTL_ENABLE		0x2u
#define BDQ_PPQ_ENABLE		0x40000000u

/* ---- idle registers ---- */
#define QM_TWQ_IDLE		0x00800u	/* 8 words */
#define QM_TCQ_IDLE		0x00821u	/* 4 */
#define QM_TQS_IDLE		0x00830u	/* 8 */
#define QM_TDE_IDLE		0x00853u	/* 8 */
#define QM_RCQ_IDLE		0x00c00u	/* 4 */
#define QM_HPQ_IDLE		0x00c0fu	/* 4 */
#define QM_PPQ_IDLE		0x00c13u	/* 4 */

/* ---- blocks that are set up once ---- */
#define QM_TWQ_DEFAULT_META_L	0x00818u
#define QM_TWQ_DEFAULT_META_H	0x00819u
#define QM_TQS_CTL0		0x0081bu
#define QM_TQS_MTU_CTL0		0x0081du
#define QM_TQS_MTU_CTL1		0x0081eu
#define QM_TCQ_CTL0		0x0082du
#define QM_RCQ_CTL0		0x00c0cu
#define TCE_LSO_CTRL		0x04000u
#define TCE_CSO_CTRL		0x04001u
#define TCE_TXB_CTRL		0x04002u
#define TMI_DROP_CTRL		0x04401u
#define RXB_PAUSE_DROP_CTRL	0x08008u
#define RXB_PBUF_CFG(n)		(0x08027u + (n))
#define RPC_RMI_CONFIG		0x08400u
#define RPC_ACT_TBL0_DEFAULT	0x0840au
#define RPC_ACT_TBL1_DEFAULT	0x0840bu
#define RPC_RSS_KEY(n)		(0x0840cu + (n))	/* 14 */
#define RPC_ACT_TBL0(i)		(0x08800u + (i))
#define RPC_ACT_TBL1(i)		(0x08840u + (i))
#define RPC_TCAM_ACT(i, w)	(0x08880u + 0x40u * (w) + (i))
#define RPC_TCAM_MACDA(i, w)	(0x08b80u + 0x20u * (w) + (i))
#define RPC_RSS_TBL(ctx, i)	(0x08d20u + 0x100u * (ctx) + (i))
#define TCAM_VALIDATE		0x80000000u
#define MAC_COMMAND_CONFIG	0x11002u
#define SIG_MAC_IN0		0x11800u
#define PUL_OB_TLP_HDR_AW_CFG	0x3103du
#define PUL_OB_TLP_HDR_AR_CFG	0x3103eu
#define PUL_BME			0x00040000u

/* ---- descriptors ---- */
#define TWD_TYPE(d)		((d) >> 46 & 3)
#define TWD_TYPE_META		(0ull << 46)
#define TWD_TYPE_AL		(2ull << 46)
#define TWD_TYPE_LAST_AL	(3ull << 46)
#define TWD_REQ_TS		(1ull << 34)
#define TWD_REQ_LSO		(1ull << 35)
#define TWD_REQ_CSO		(1ull << 36)
#define TWD_REQ_COMPLETION	(1ull << 37)
#define TWD_DEST_MAC		(1ull << 43)

#define TCD_TWQ1		(1ull << 60)
#define TCD_TYPE(d)		((d) >> 61 & 3)		/* 0 head, 1 timestamp */
#define RCD_TYPE(d)		((d) >> 61 & 3)
enum { RCD_HDR_AL, RCD_PAY_AL, RCD_OPT_META, RCD_META };
#define RCD_PAGE_FIN		(1ull << 60)
#define RCD_ERR_MAC		(1ull << 53)
#define RCD_ERR_TRUNC		(1ull << 54)
#define RCD_ERR_PARSER		(1ull << 55)
#define RCD_CSUM_UNNECESSARY	(1ull << 52)

#endif
