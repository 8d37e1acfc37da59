/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the blocks of the card share: the card's state, and what each block
 * offers to the others.  Only files of src/card include this.
 *
 *	MMIO ----> regs.c ----> hooks of the blocks
 *	wire ----> mac.c -> rpc.c (parse, classify, rss) -> rxb.c -> rde.c -> host
 *	host ----> twq.c (fetch) -> lso.c -> tce.c -> tmi/mac.c -> wire
 *	BMC  <---> rbt.c, between rxb.c, tce.c and mac.c
 *	any  ----> intr.c -> msix.c -> env->irq
 */
#ifndef OPENFBNIC_HW_H
#define OPENFBNIC_HW_H

#include <string.h>

#include "card.h"
#include "regs.h"
#include "tx.h"
#include "rx.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1u << (n))

/* A field of a register or descriptor: bits hi..lo */
static inline uint32_t field(uint32_t v, unsigned int hi, unsigned int lo)
{
	return (v >> lo) & (uint32_t)((2ull << (hi - lo)) - 1);
}

static inline uint64_t field64(uint64_t v, unsigned int hi, unsigned int lo)
{
	return (v >> lo) & ((2ull << (hi - lo)) - 1);
}

/* ---- interrupts: intr.c, msix.c ---- */

/* Coalescing state of one completion queue (TIM or RIM) */
struct cq_intr {
	uint32_t	count;		/* descriptors since the last interrupt */
	uint32_t	count1;		/* TIM: those for TWQ1, apart */
	uint32_t	threshold;	/* copies of the registers */
	uint8_t		vec;
	bool		masked;
};

struct intr_block {
	struct cq_intr	tim[CARD_QUEUES], rim[CARD_QUEUES];
	/* Timer t: 0..255 Rx of vector t, 256..511 Tx of vector t - 256 */
	uint64_t	deadline[2 * CARD_VECTORS];
	uint64_t	running[2 * CARD_VECTORS / 64];	/* bit per timer */
	uint64_t	due[2 * CARD_VECTORS / 64];	/* ran out while the vector was masked */
	uint64_t	waiting[2 * CARD_VECTORS][CARD_QUEUES / 64];	/* queues that want it */
	uint64_t	next;				/* not later than the earliest running timer */
};

struct msix_block {
	uint32_t	table[CARD_VECTORS * 4];
	uint64_t	pending[CARD_VECTORS / 64];
};

void intr_reset(struct card *c);
void intr_raise(struct card *c, unsigned int v);
/* @n descriptors were written to completion queue @q; they are visible to the host */
void intr_tcq_event(struct card *c, unsigned int q, unsigned int n, bool twq1);
void intr_rcq_event(struct card *c, unsigned int q, unsigned int n);
/* The host moved its head: the count starts anew */
void intr_tcq_head(struct card *c, unsigned int q);
void intr_rcq_head(struct card *c, unsigned int q);
#define INTR_CAUSE_PCS	34u
void intr_cause(struct card *c, unsigned int cause);	/* INTR_MSIX_CTRL(cause) */
void intr_run(struct card *c);				/* timers that are due */

void msix_reset(struct card *c);
void msix_send(struct card *c, unsigned int v);
bool msix_recall(struct card *c, unsigned int v);	/* the message has not reached the host and never will */
uint32_t msix_read(struct card *c, uint32_t off);
void msix_write(struct card *c, uint32_t off, uint32_t val);
void msix_update(struct card *c);			/* enable or function mask changed */

/* ---- PCI function: pci.c ---- */

#define CAP_EXP		0x60u		/* PCI Express capability */
#define EXT_AER		0x100u		/* advanced error reporting: aer.c */
#define AER_SIZE	0x48u

struct pci_block {
	uint8_t		cfg[CARD_CFG_SIZE];
	uint8_t		wmask[CARD_CFG_SIZE];	/* bits that a write changes */
	uint8_t		w1c[CARD_CFG_SIZE];
	uint16_t	exp_cap;	/* offset of the PCIe capability */
};

void pci_reset(struct card *c, enum card_reset kind);
/* Little-endian, 1 to 4 bytes; @p: any of the three arrays above */
void pci_put(uint8_t *p, uint32_t off, unsigned int len, uint32_t val);
uint32_t pci_get(const struct pci_block *p, uint32_t off, unsigned int len);	/* of cfg */
void aer_init(struct pci_block *p);
bool pci_awake(const struct card *c);
void pci_master_abort(struct card *c);		/* a read of ours was refused */
bool pci_msix_enabled(const struct card *c);
bool pci_msix_masked(const struct card *c);
bool pci_mem_on(const struct card *c);

/* ---- MAC, PCS, link: mac.c, pcs.c ---- */

struct mac_block {
	bool		tx_on, rx_on;		/* COMMAND_CONFIG and the clock resets together */
	uint64_t	tx_paused_until;	/* an 802.3x frame from the partner */
	bool		tx_blocked;		/* the wire took less than offered */
	bool		pause_wanted;		/* RXB asks the partner to stop */
	bool		pause_sent;		/* the partner was told to */
	bool		pause_stuck;		/* the wire did not take the frame */
	uint64_t	pause_refresh;		/* when the pause frame must be renewed */
};

struct pcs_block {
	bool		cable;			/* light from the partner */
	bool		stat1_latched_low;
	bool		cause;			/* level of interrupt cause 34 */
	unsigned int	speed, fec;		/* as in the capability message */
};

void mac_reset(struct card *c);
void mac_run(struct card *c);			/* pause timers */
uint64_t mac_deadline(const struct card *c);
/*
 * Frames to the wire; counts them, pads them, returns how many went (the rest
 * must be offered again: wire full, or paused).
 */
unsigned int mac_tx(struct card *c, const struct frame *f, unsigned int n);
/* How the wire takes large sends at this moment */
enum port_lso mac_lso(const struct card *c);
/* RXB: FIFO level crossed the pause threshold */
void mac_pause(struct card *c, bool on);
void pcs_reset(struct card *c, enum card_reset kind);
bool pcs_link(const struct card *c);

/* ---- the port to the BMC: rbt.c ---- */

struct rbt_block {
	const struct port_ops	*port;		/* NULL: no BMC */
	void			*ctx;
	struct card_bmc_table	table;
};

void rbt_reset(struct card *c);
bool rbt_here(const struct card *c);
/* A frame to the BMC; false: it takes none now */
bool rbt_tx(struct card *c, const struct frame *f);

/* ---- time: ptp.c ---- */

struct ptp_block {
	uint64_t	base_ns;		/* counter at base_now */
	uint32_t	base_frac;		/* 2^-32 ns */
	uint64_t	base_now;		/* env time, ns */
	uint64_t	add;			/* increment in force, 32.32 ns per 600 MHz cycle */
};

void ptp_reset(struct card *c, enum card_reset kind);
uint64_t ptp_at(const struct card *c, uint64_t when);	/* the counter, ns, at env time @when */

/* ---- the card ---- */

struct card {
	struct card_env		env;
	struct card_config	cfg;
	const struct port_ops	*port;
	void			*port_ctx;
	enum port_lso		port_lso;
	const struct card_fw_ops *fw;
	void			*fw_ctx;
	uint64_t		fw_deadline;

	uint64_t		now;		/* env time at the start of this call */
	bool			vanished;
	bool			master;		/* the function may start transactions: D0 and bus master enable */
	bool			dma_rd, dma_wr;	/* that and the PUL enables together */
	uint8_t			mrrs_shift, mps_shift;	/* log2 of bytes */

	struct intr_block	intr;
	struct msix_block	msix;
	struct pci_block	pci;
	struct mac_block	mac;
	struct pcs_block	pcs;
	struct ptp_block	ptp;
	struct rbt_block	rbt;
	struct tx_block		tx;
	struct rx_block		rx;

	uint32_t		trace_mask;
	uint64_t		bugs[BLK_COUNT];
	uint64_t		bug_second;	/* rate limit of guest bug lines */
	unsigned int		bug_lines;

	uint32_t		mbx[CARD_BAR4_SIZE / 4];	/* BAR4 words */
	uint32_t		*csr;		/* CSR_WORDS words */
};

static inline bool mac_tx_on(const struct card *c)
{
	return c->mac.tx_on;
}

void pul_update(struct card *c);		/* recompute dma_rd, dma_wr */

/* ---- registers and counters ---- */

uint32_t reg_read(struct card *c, uint32_t csr);
void reg_write(struct card *c, uint32_t csr, uint32_t val);
void reg_reset(struct card *c, enum card_reset kind);

static inline uint32_t qreg(const struct card *c, unsigned int q, unsigned int off)
{
	return c->csr[CSR_QUEUE + (q << CSR_QUEUE_SHIFT) + off];
}

static inline void ctr_add(struct card *c, uint32_t csr, uint32_t n)
{
	c->csr[csr] += n;
}

/* 64-bit counter with the high word @hi words after the low one */
static inline void ctr64_add_hi(struct card *c, uint32_t csr, unsigned int hi, uint64_t n)
{
	uint64_t v = (c->csr[csr] | (uint64_t)c->csr[csr + hi] << 32) + n;

	c->csr[csr] = (uint32_t)v;
	c->csr[csr + hi] = (uint32_t)(v >> 32);
}

static inline void ctr64_add(struct card *c, uint32_t csr, uint64_t n)
{
	ctr64_add_hi(c, csr, 1, n);
}

static inline void qctr_add(struct card *c, unsigned int q, unsigned int off, uint32_t n)
{
	c->csr[CSR_QUEUE + (q << CSR_QUEUE_SHIFT) + off] += n;
}

/* ---- traces: trace.c ---- */

void card_event_(struct card *c, enum card_block blk, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The host did something that the hardware refuses: counted, traced, never fatal */
void guest_bug(struct card *c, enum card_block blk, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
#define card_event(c, blk, ...) \
	do { if ((c)->trace_mask & BIT(blk)) card_event_(c, blk, __VA_ARGS__); } while (0)

/* ---- host memory: gated, counted as PCIe TLPs ---- */

static inline uint32_t dma_dwords(uint64_t addr, size_t len)
{
	return (uint32_t)(((addr & 3) + len + 3) / 4);
}

static inline uint32_t dma_tlps(uint64_t addr, size_t len, unsigned int shift)
{
	return (uint32_t)(((addr + len - 1) >> shift) - (addr >> shift) + 1);
}

static inline void dma_count_rd(struct card *c, uint64_t addr, size_t len)
{
	ctr64_add(c, CSR_PUL_USER_OB_RD_TLP_CNT, dma_tlps(addr, len, c->mrrs_shift));
	ctr64_add(c, CSR_PUL_USER_OB_RD_DWORD_CNT, dma_dwords(addr, len));
}

static inline void dma_count_wr(struct card *c, uint64_t addr, size_t len)
{
	ctr64_add(c, CSR_PUL_USER_OB_WR_TLP_CNT, dma_tlps(addr, len, c->mps_shift));
	ctr64_add(c, CSR_PUL_USER_OB_WR_DWORD_CNT, dma_dwords(addr, len));
}

/*
 * A pointer to host memory for reading; *len is cut to what is contiguous.
 * NULL: gated or unmapped (or only reachable by dma_read()).  Counts nothing:
 * call dma_count_rd() with what was really used.  addr + *len must not wrap
 * (the card's addresses have 46 bits).
 */
static inline const void *dma_get(struct card *c, uint64_t addr, size_t *len)
{
	return c->dma_rd ? c->env.dma_map(c->env.ctx, addr, len, false) : NULL;
}

static inline void *dma_put(struct card *c, uint64_t addr, size_t *len)
{
	return c->dma_wr ? c->env.dma_map(c->env.ctx, addr, len, true) : NULL;
}

/* Copies of any length, counted.  0, -EACCES (gated) or -EFAULT (unmapped).  len > 0 */
int dma_read(struct card *c, uint64_t addr, void *buf, size_t len);
/* As dma_read(), counts nothing */
int dma_peek(struct card *c, uint64_t addr, void *buf, size_t len);
int dma_write(struct card *c, uint64_t addr, const void *buf, size_t len);
/* One aligned 64-bit descriptor, written in one piece after everything before it */
int dma_write_desc(struct card *c, uint64_t addr, uint64_t desc);

#define DMA_ADDR_MASK	((1ull << 46) - 1)

/* ---- hooks of regs.def ---- */
typedef uint32_t reg_rd(struct card *c, unsigned int i);
typedef void reg_wr(struct card *c, unsigned int i, uint32_t val);

reg_wr intr_set_write, intr_clear_write, intr_mask_set_write, intr_mask_clear_write,
       intr_msix_ctrl_write, intr_cq_rearm_write,
       tim_ctl_write, tim_clear_write, tim_set_write,
       rim_ctl_write, rim_clear_write, rim_set_write,
       tce_tcam_valid_write, tmi_drop_ctrl_write, ptp_adjust_write,
       rxb_pause_drop_ctrl_write, rxb_pause_storm_write, rxb_pbuf_cfg_write,
       rss_key_write, rpc_act_valid_write, rpc_macda_valid_write,
       rpc_oipsrc_valid_write, rpc_oipdst_valid_write, rpc_ipsrc_valid_write, rpc_ipdst_valid_write,
       pcs_ctrl1_write, mac_command_write, sig_pcs_intr_update, pul_bme_write,
       twq0_ctl_write, twq1_ctl_write, twq0_tail_write, twq1_tail_write, tcq_ctl_write, tcq_head_write,
       rcq_ctl_write, rcq_head_write, bdq_ctl_write, hpq_tail_write, ppq_tail_write, rde_ctl_write;
reg_rd qm_twq_idle_read, qm_tcq_idle_read, qm_rcq_idle_read, ptp_ctr_hi_read, ptp_ctr_lo_read,
       rxb_level_read, rxb_storm_unit_read, pcs_ctrl1_read, pcs_stat1_read, pcs_10gbrt_stat1_read,
       sig_pcs_out0_read, sig_pcs_out1_read,
       twq0_ptrs_read, twq1_ptrs_read, tcq_ptrs_read, rcq_ptrs_read, hpq_ptrs_read, ppq_ptrs_read,
       tim_timer_read, tim_counts_read, rim_coal_status_read;

#endif
