/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small driver for our own host, modelled on what the upstream driver does
 * to the data path: bring-up, Tx queues, Rx queues.  No firmware mailbox.  For
 * tests, benchmarks and a poll-mode driver.
 *
 *	drv_up(h);
 *	drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT);
 *	drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT);
 *	drv_rpc_on(h, &conf);				(now frames may arrive)
 *
 *	drv_tx_post(&tx, 0, meta, bufs, n); drv_tx_kick(&tx, 0);
 *	host_idle(h, ...);
 *	drv_tx_reap(&tx);
 *	while (drv_rx_poll(&rx, &pkt) == 1) ...
 *	drv_rx_refill(&rx);
 *
 * The receiver distrusts the card.  Everything that the contract promises
 * about placement is checked; a violation is -EPROTO and a sentence in err.
 */
#ifndef OPENFBNIC_DRV_H
#define OPENFBNIC_DRV_H

#include "drv_regs.h"
#include "host.h"

#define DRV_MAX_FRAME	10240

/* ---- bring-up (drv_init.c) ---- */

struct drv_conf {
	uint8_t		mac[6];
	unsigned int	queues;		/* RSS spreads over these */
	bool		promisc;
	bool		hint_l4;	/* action table asks for a split behind L4 (7.3.4) */
	bool		ts;		/* Rx timestamps for everything */
};

extern const uint8_t drv_rss_key[54];	/* Microsoft's test key, then zeros */

/* Function on, DMA on, MAC and buffers set up, link enabled; 0 or -ENODEV */
int drv_up(struct host *h);
/* Classifier and RSS tables as the driver writes them, parser on */
void drv_rpc_on(struct host *h, const struct drv_conf *conf);
void drv_rpc_off(struct host *h);
void drv_mac_enable(struct host *h, bool on);
void drv_dma_enable(struct host *h, bool on);
void drv_macda(struct host *h, unsigned int entry, const uint8_t mac[6], const uint8_t dont_care[6]);
/* Action rule: word 1 of the key is @must, everything else does not matter */
void drv_rule(struct host *h, unsigned int entry, uint32_t must, uint32_t tbl0, uint32_t tbl1);
/* All queues idle within @ns? */
bool drv_idle(struct host *h, uint64_t ns);
/* Unmasks vector @v with coalescing times in us; drv_rearm() leaves the times */
void drv_arm(struct host *h, unsigned int v, unsigned int rx_us, unsigned int tx_us);
void drv_rearm(struct host *h, unsigned int v);

/* ---- rings ---- */

struct drv_ring {
	uint64_t	addr;
	uint64_t	*desc;
	uint32_t	mask;
	uint32_t	head, tail;	/* oldest in use, next free (of a completion ring: head only) */
	uint64_t	phase;		/* completion ring: DONE bit we wait for */
};

/* ---- transmit (drv_tx.c) ---- */

struct drv_buf {
	uint64_t	addr;
	uint16_t	len;
};

struct drv_tx_cfg {
	unsigned int	twq_log, tcq_log;
	bool		xdp;		/* set TWQ1 up as well */
	uint8_t		vector;
	uint16_t	threshold;	/* TWDs; 0: half of the ring */
};

extern const struct drv_tx_cfg DRV_TX_DEFAULT;	/* 1024 entries, vector 2 */

struct drv_tx {
	struct host	*h;
	unsigned int	q;
	struct drv_ring	twq[2], tcq;
	uint64_t	tcds, stamps;	/* seen so far */
	uint64_t	last_stamp;	/* 40 bits, status in the upper bits as in the descriptor */
	char		err[128];
};

/* Offloads in bytes; the builder converts to the descriptor's units */
struct drv_offload {
	uint16_t	l2, l3_outer, l3, csum_off, l4;
	uint8_t		l3_type, l4_type;
	uint16_t	mss;
	uint64_t	flags;		/* TWD_REQ_* */
};

static inline uint64_t drv_meta(const struct drv_offload *o)
{
	return TWD_TYPE_META | TWD_DEST_MAC | o->flags |
	       (uint64_t)(o->l2 / 2) | (uint64_t)o->l3_type << 6 |
	       (uint64_t)(o->l3_outer / 2) << 8 | (uint64_t)(o->l3 / 2) << 16 |
	       (uint64_t)(o->csum_off / 2) << 24 | (uint64_t)(o->l4 / 4) << 28 |
	       (uint64_t)o->l4_type << 32 | (uint64_t)o->mss << 48;
}

/* Plain frame, completion asked for */
static inline uint64_t drv_meta_plain(void)
{
	return TWD_TYPE_META | TWD_DEST_MAC | TWD_REQ_COMPLETION | 7;
}

int drv_tx_open(struct drv_tx *t, struct host *h, unsigned int q, const struct drv_tx_cfg *cfg);
void drv_tx_close(struct drv_tx *t);
/* A packet on ring @r (1: XDP); meta 0: none.  -ENOSPC: no room. */
int drv_tx_post(struct drv_tx *t, unsigned int r, uint64_t meta, const struct drv_buf *b,
		unsigned int n);
void drv_tx_kick(struct drv_tx *t, unsigned int r);
/* Takes all completions; how many, or -EPROTO */
int drv_tx_reap(struct drv_tx *t);
/* Reaps until all that was posted is done; 0, -ETIMEDOUT or -EPROTO */
int drv_tx_wait(struct drv_tx *t, uint64_t ns);

static inline uint32_t drv_tx_pending(const struct drv_tx *t, unsigned int r)
{
	return (t->twq[r].tail - t->twq[r].head) & t->twq[r].mask;
}

/* ---- receive (drv_rx.c) ---- */

struct drv_rx_cfg {
	unsigned int	hpq_log, ppq_log, rcq_log;
	uint16_t	hroom, troom, max_hdr;
	bool		split;
	uint8_t		drop_mode;	/* 0 immediate, 1 wait, 2 never */
	uint8_t		vector;
	uint16_t	threshold;	/* RCDs; 0: half of the ring */
	bool		fast;		/* no linear copy, no checksum check: for benchmarks */
};

extern const struct drv_rx_cfg DRV_RX_DEFAULT;	/* as Linux 7.3.4 */
extern const struct drv_rx_cfg DRV_RX_6_12;	/* as Linux 6.12 */

struct drv_bdq {
	struct drv_ring	ring;		/* head: page that the card uses or will use next */
	uint64_t	pages;		/* bus address; page i belongs to descriptor i */
	uint16_t	salt;		/* descriptor ID = index + salt: IDs are not indices */
	uint32_t	rung;		/* last doorbell */
	bool		open;		/* the head page is in use */
	uint32_t	floor;		/* lowest offset that the next buffer in it may have */
};

struct drv_pkt {
	uint8_t		*data;		/* linear; header part only if cfg.fast */
	uint32_t	len, hdr_len;
	unsigned int	npay;
	uint64_t	meta;		/* the META descriptor */
	uint32_t	hash;
	uint16_t	csum;
	uint8_t		l3_type, l4_type;
	bool		bad;		/* error bits: data may be missing */
	bool		has_ts, has_action;
	uint64_t	ts;
	uint8_t		action;
	uint64_t	hdr_al;		/* the descriptors, for tests of placement */
	uint64_t	pay_al[4];
};

struct drv_rx {
	struct host	*h;
	unsigned int	q;
	struct drv_rx_cfg cfg;
	struct drv_bdq	bdq[2];		/* HPQ, PPQ */
	struct drv_ring	rcq;
	uint32_t	rcq_rung;
	bool		in_packet;	/* HDR_AL seen, META not yet */
	struct drv_pkt	cur;
	uint64_t	packets, bytes, rcds;
	char		err[160];
	uint8_t		linear[DRV_MAX_FRAME];
};

int drv_rx_open(struct drv_rx *r, struct host *h, unsigned int q, const struct drv_rx_cfg *cfg);
void drv_rx_close(struct drv_rx *r);
/* 1: a packet, good until the next call; 0: none; -EPROTO: see err */
int drv_rx_poll(struct drv_rx *r, struct drv_pkt *pkt);
/* Posts the pages that are free again, tells the card how far we have read */
void drv_rx_refill(struct drv_rx *r);
/* Waits for a packet; 1, 0 (time is over) or -EPROTO */
int drv_rx_wait(struct drv_rx *r, struct drv_pkt *pkt, uint64_t ns);
/* Sum as META has it: over @len bytes from the 15th on */
uint16_t drv_l2_csum(const uint8_t *frame, uint32_t len);

/* ---- for both ---- */

/* Allocates and resets a ring; completion rings start with phase 1 */
int drv_ring_alloc(struct host *h, struct drv_ring *r, unsigned int log);

static inline uint64_t drv_load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);	/* the card may be another process */
}

static inline void drv_store(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* Next completion, if there is one */
static inline bool drv_next(const struct drv_ring *r, uint64_t *d)
{
	*d = drv_load(&r->desc[r->head]);
	return (*d >> 63) == r->phase;
}

static inline void drv_advance(struct drv_ring *r)
{
	r->head = (r->head + 1) & r->mask;
	if (!r->head)
		r->phase ^= 1;
}

#endif
