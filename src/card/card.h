/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card, as its surroundings see it.
 *
 * The card is a passive machine: it runs when the host touches a register
 * (card_bar_*, card_cfg_*), when a frame arrives (card_rx), when the firmware
 * acts (card_fw_*) and when its owner gives it time (card_run).  It never
 * blocks, allocates nothing after card_new(), calls no operating system and
 * has no thread.  It reaches out only through struct card_env (host memory,
 * interrupts, time, traces), struct port_ops (the cable, port.h) and struct
 * card_fw_ops (events for the firmware).
 *
 * One card is used by one thread at a time.  Functions that return int give 0
 * or a negative errno.
 */
#ifndef OPENFBNIC_CARD_H
#define OPENFBNIC_CARD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

#define CARD_QUEUES		128	/* queue pairs; contract 00 section 1 */
#define CARD_VECTORS		256	/* INTR block: 8 words of 32 bits */

#define CARD_BAR0_SIZE		0x200000u	/* CSRs; contract 01 section 2 */
#define CARD_BAR2_SIZE		0x2000u		/* MSI-X table (page 0) and PBA (page 1); ours */
#define CARD_BAR4_SIZE		0x20000u	/* firmware window */
#define CARD_CFG_SIZE		0x1000u		/* PCIe extended configuration space */

struct card;

/* The blocks of the card, as named in traces, --trace and guest_bug counters */
enum card_block {
	BLK_PCI, BLK_CSR, BLK_INTR, BLK_TWQ, BLK_TCQ, BLK_LSO, BLK_TCE, BLK_TMI,
	BLK_BDQ, BLK_RCQ, BLK_RDE, BLK_RPC, BLK_RXB, BLK_MAC, BLK_PCS, BLK_PTP,
	BLK_PUL, BLK_FW, BLK_BMC,
	BLK_COUNT
};

extern const char *const card_block_names[BLK_COUNT];	/* "pci", "csr", ... */

enum card_trace {		/* what kind of event a trace line tells of */
	TRACE_EVENT,		/* something happened as it should */
	TRACE_GUEST_BUG,	/* the host did something that the hardware refuses */
};

/*
 * What the card gets from outside.  All calls are made from within calls into
 * the card, on the same thread.
 */
struct card_env {
	void *ctx;

	/*
	 * Host memory at bus address @addr: a pointer, with *len cut to what is
	 * contiguous there; NULL if nothing (or nothing mappable) is there.  The
	 * pointer is good until control returns to the owner of the card: the
	 * card never keeps it across calls.
	 */
	void *(*dma_map)(void *ctx, uint64_t addr, size_t *len, bool write);
	/* Copies; also reach memory that can't be mapped.  0 or -EFAULT; on error nothing is promised about the bytes. */
	int (*dma_read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *ctx, uint64_t addr, const void *buf, size_t len);

	/* Sends MSI-X message @v (0 .. vectors-1); all masking has been done */
	void (*irq)(void *ctx, unsigned int v);
	/*
	 * Takes message @v back, if it has been sent and the host has not got it: true.
	 * On a PCIe link a message is never overtaken by the completion of a later read;
	 * for a transport that can't promise that.  May be NULL: it can.
	 */
	bool (*irq_recall)(void *ctx, unsigned int v);

	/* Nanoseconds on a clock that never goes back */
	uint64_t (*now)(void *ctx);

	/*
	 * Something happened.  Called only if trace_mask has the block's bit
	 * (TRACE_EVENT) or rate-limited (TRACE_GUEST_BUG); NULL: nobody listens.
	 */
	void (*trace)(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap);
};

/* Events for the control firmware; ctx is the firmware's.  Any may be NULL. */
struct card_fw_ops {
	/* The host wrote word @word (32-bit index) of the BAR4 window; its value is already stored */
	void (*mbx_written)(void *ctx, unsigned int word);
	/* The function was reset: mailbox words are zero, heads start at 0 */
	void (*reset)(void *ctx);
	/* The clock passed what card_fw_timer() asked for */
	void (*timer)(void *ctx);
	/* The link went up or down */
	void (*link)(void *ctx, bool up);
	/* card_fw_dma_ready() has another answer than before */
	void (*dma)(void *ctx);
};

struct card_config {
	uint8_t		mac[6];		/* goes into the device serial number */
	unsigned int	queues;		/* 1..128; queues above are absent: reads 0, writes ignored */
	unsigned int	vectors;	/* MSI-X table size, 3..256 */
};

/* card_new() is the only allocation; NULL: out of memory or a bad config */
struct card *card_new(const struct card_config *cfg, const struct card_env *env);
void card_free(struct card *c);

void card_connect(struct card *c, const struct port_ops *ops, void *ctx, enum port_lso lso);
void card_attach_fw(struct card *c, const struct card_fw_ops *ops, void *ctx);

/* bit n: trace block n (1u << BLK_x) */
void card_trace_mask(struct card *c, uint32_t blocks);

/* ---- the host's side (the bus calls these) ---- */

/*
 * Aligned 32-bit accesses.  @bar is 0, 2 or 4, @off a byte offset below the
 * BAR's size, a multiple of 4: the bus has checked both.  Other widths are
 * the bus's to build or to refuse.  A write to BAR 0 or 4 may only schedule
 * work: call card_run() before going to sleep.
 */
uint32_t card_bar_read(struct card *c, unsigned int bar, uint32_t off);
void card_bar_write(struct card *c, unsigned int bar, uint32_t off, uint32_t val);
/* BAR size in bytes, 0: not implemented */
uint32_t card_bar_size(unsigned int bar);

/* Configuration space, any alignment, 1, 2 or 4 bytes, off + len <= CARD_CFG_SIZE */
uint32_t card_cfg_read(struct card *c, uint32_t off, unsigned int len);
void card_cfg_write(struct card *c, uint32_t off, unsigned int len, uint32_t val);

/*
 * The owner of the interrupt controller masks or unmasks vector @v, as the
 * Vector Control bit of the MSI-X table does.  (A VFIO client does not write
 * the table, it sets and takes away triggers.)  Unmasking sends what is pending.
 */
void card_msix_mask(struct card *c, unsigned int v, bool masked);
unsigned int card_vectors(const struct card *c);

enum card_reset {
	CARD_RESET_POWER,	/* everything, PTP clock included */
	CARD_RESET_HOST,	/* the host lost power, the card lives on its standby supply: all but PTP and the link */
	CARD_RESET_FUNCTION,	/* FLR, hot reset, device reset: as HOST, and sticky PCI registers stay too */
};
void card_reset(struct card *c, enum card_reset kind);

/* ---- time and work ---- */

/*
 * Does pending work (descriptor rings, timers that are due) in portions.
 * Returns true if there is more to do at once: call again after having looked
 * at the sockets.
 */
bool card_run(struct card *c);
/* When card_run() wants to be called again, in env->now() units; UINT64_MAX: only after an event */
uint64_t card_deadline(const struct card *c);

/* The PTP counter at env->now() time @when (not before its last change of rate), ns */
uint64_t card_clock(const struct card *c, uint64_t when);

/* ---- the cable's side (the wire calls these) ---- */

/*
 * Frames from the wire, at most PORT_BATCH; returns how many were taken.  The
 * rest is back-pressure: the wire keeps them, if it can, until rx_ready().  A
 * wire that can't offers them with @must: the card takes all, dropping and
 * counting in the RXB what does not fit.  FRAME_LSO frames are not accepted.
 */
unsigned int card_rx(struct card *c, const struct frame *f, unsigned int n, bool must);
/* The wire can take frames again */
void card_port_ready(struct card *c);

/* Cable in or out: raises the link interrupt, trains the link.  A new card has the cable in. */
void card_set_link(struct card *c, bool up);
/* So many more codewords came with errors that FEC corrected, and could not correct */
void card_fec_errors(struct card *c, uint32_t corrected, uint32_t uncorrected);

/* ---- the BMC's side ---- */

/*
 * The other end of the card's port to the BMC.  Its tx() gets the host's and
 * the network's frames for the BMC, one at a time, the host's perhaps shorter
 * than 60 bytes; the rest is not called.  NULL: no BMC.
 */
void card_connect_bmc(struct card *c, const struct port_ops *ops, void *ctx);
/* Frames of the BMC; returns how many were taken: the wire may be full or paused */
unsigned int card_bmc_rx(struct card *c, const struct frame *f, unsigned int n);
/* The BMC takes frames again */
void card_bmc_ready(struct card *c);

/* Which of the BMC's frames the host gets; flags as in message 0x46 */
enum { CARD_BMC_PROMISC = 1, CARD_BMC_ALLMULTI = 2, CARD_BMC_BROADCAST = 4 };

struct card_bmc_table {
	uint32_t	flags;
	unsigned int	uc, mc;
	uint8_t		uc_mac[8][6], mc_mac[8][6];
};

/* ---- the firmware's side ---- */

/* Firmware's own way into the registers: as a host's write, but PCI need not be on */
void card_fw_csr_write(struct card *c, uint32_t csr, uint32_t val);
void card_fw_bmc_table(struct card *c, const struct card_bmc_table *t);	/* emptied by a reset */

uint32_t card_fw_read(struct card *c, unsigned int word);	/* BAR4 words, 0..0x7fff */
void card_fw_write(struct card *c, unsigned int word, uint32_t val);	/* no mbx_written event */
/* DMA as the firmware sees it: gated by PUL AR/AW BME and the PCI command register; -EACCES if gated */
int card_fw_dma_read(struct card *c, uint64_t addr, void *buf, size_t len);
int card_fw_dma_write(struct card *c, uint64_t addr, const void *buf, size_t len);
bool card_fw_dma_ready(const struct card *c, bool write);
void card_fw_irq(struct card *c);			/* INTR_SET(0) = 1: raise vector 0 */
void card_fw_timer(struct card *c, uint64_t when);	/* one timer; UINT64_MAX: off */
uint32_t card_csr_peek(struct card *c, uint32_t csr);	/* side-effect free; for firmware, control socket and tests */
/* Speed and FEC that firmware programs (SIG_PCS_IN0/IN1); numbers as in the capability message */
int card_fw_set_link_mode(struct card *c, unsigned int speed, unsigned int fec);

/* ---- looking at it ---- */

/*
 * Walks all counters: @name is the register name (with an index for arrays),
 * @val its value at full width.  Reads do not clear.
 */
void card_counters(struct card *c, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);
/* Guest bugs counted per block since card_new() */
uint64_t card_guest_bugs(const struct card *c, enum card_block blk);
enum card_aer_msg {		/* what a function sends to the root port about an error */
	CARD_AER_SILENT,	/* masked, or not enabled */
	CARD_AER_ERR_COR,
	CARD_AER_ERR_NONFATAL,
	CARD_AER_ERR_FATAL,
};

/*
 * An error happens on the PCIe link: bit @bit of the AER correctable or
 * uncorrectable status register.  It is logged by the rules of PCIe 6.2.5; the
 * severity of an uncorrectable one is the host's choice (card_aer_fatal()).
 * Returns enum card_aer_msg; -EINVAL: no such error; -ENODEV: vanished.
 */
int card_aer(struct card *c, bool correctable, unsigned int bit);
bool card_aer_fatal(const struct card *c, unsigned int bit);
/* "BadTLP", as Linux names them; NULL: no such bit.  And back, in any case; -ENOENT */
const char *card_aer_name(bool correctable, unsigned int bit);
int card_aer_bit(bool correctable, const char *name);

/* The device disappears (surprise removal): all reads give ones, writes are lost, no DMA, until a power reset */
void card_vanish(struct card *c);

#endif
