/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_RX_H
#define OPENFBNIC_RX_H

#include "card.h"

#define RXB_FIFOS	8
#define RXB_UNIT	64u		/* FIFO space is given out in cells of 64 bytes */
#define RXB_UNITS	8192u		/* PBUF_CFG base has 13 bits: 512 KiB in all */
#define RX_MAX_FRAME	9750u		/* RMI MTU 9742 and two VLAN tags; anything longer is dropped */

/* ---- what the classifier found; travels with the frame through the RXB ---- */

enum {				/* struct rx_desc, err: META bits 55:53, 60 */
	RX_ERR_MAC	= 1 << 0,
	RX_ERR_TRUNC	= 1 << 1,
	RX_ERR_PARSER	= 1 << 2,
	RX_ECN		= 1 << 3,
};

#define RX_L4_SUM	BIT(4)		/* struct rx_desc, types: the L4 checksum can be told from the frame's sum */

enum {				/* struct rx_desc, opt */
	RX_OPT_TS	= 1 << 0,
	RX_OPT_ACTION	= 1 << 1,
};

struct rx_desc {
	uint64_t	ts;		/* ns, if RX_OPT_TS */
	uint32_t	hash;
	uint16_t	len;
	uint16_t	split;		/* header bytes if the queue splits; 0: no boundary known */
	uint8_t		hint;		/* DMA_HINT that gave split */
	uint8_t		queue;
	uint8_t		types;		/* 1:0 L3_TYPE, 3:2 L4_TYPE of META, RX_L4_SUM */
	uint8_t		err;
	uint8_t		opt;
	uint8_t		rule;		/* action table index */
	uint16_t	l4_sum;		/* if RX_L4_SUM: with the frame's sum it makes 0xffff if the L4 checksum is right */
};

/* ---- classifier: rpc.c, rss.c ---- */

struct rpc_macda {		/* care: bits that take part (the inverse of the mask) */
	uint64_t	val, care;
};

struct rpc_ip {			/* low: words 3..0, high: words 7..4 */
	uint64_t	val[2], care[2];
	bool		v6;
};

struct rpc_act {		/* words 0..3, 4..7, 8..10 */
	uint64_t	val[3], care[3];
};

enum { RPC_IPSRC, RPC_IPDST, RPC_OIPSRC, RPC_OIPDST, RPC_IP_TCAMS };

struct rpc_block {
	uint64_t	act_valid;
	uint32_t	macda_valid;
	uint8_t		ip_valid[RPC_IP_TCAMS];
	bool		key_stale;	/* RSS key written since the tables were made */
	struct rpc_act	act[64];
	struct rpc_macda macda[32];
	struct rpc_ip	ip[RPC_IP_TCAMS][8];
	uint32_t	toeplitz[104][16];	/* nibble n of the input, value v */
};

/* ---- receive buffer: rxb.c ---- */

struct rxb_fifo {
	uint32_t	base, size;	/* cells; size 0: nothing can be stored */
	uint32_t	head, used;	/* cells: first, relative to base; filled */
	uint32_t	frames;
	bool		pause, drop, ecn;	/* states with hysteresis */
	bool		waits;		/* the first frame waits (DROP_WAIT) until */
	uint64_t	wait_until;
};

struct rxb_block {
	struct rxb_fifo	fifo[RXB_FIFOS];
	bool		kick;		/* a queue may have become able to take frames */
	uint8_t		wire_waits;	/* bit per FIFO: refused a frame, rx_ready() is owed */
	bool		pausing;	/* a FIFO with pause enabled is in pause state */
	bool		storm;		/* pausing was too long: no more pause until FORCE_NORMAL */
	uint64_t	pause_since;
	struct rx_desc	desc[RXB_UNITS];	/* of the frame that begins in this cell */
	uint8_t		pbuf[RXB_UNITS * RXB_UNIT];
};

/* ---- queues: bdq.c, rcq.c, rde.c ---- */

#define BDQ_PREFETCH	8u		/* descriptors: one cache line */

/* A buffer ring and the fragment that is being filled */
struct bdq {
	uint64_t	base;
	uint32_t	mask;		/* entries - 1; captured at ENABLE */
	uint16_t	head;		/* next descriptor to use */
	uint16_t	tail;		/* doorbell */
	bool		on;
	bool		open;		/* the fragment below has room left */
	uint8_t		pf_pos, pf_cnt;	/* fetched descriptors, from head on */
	uint16_t	id;
	uint16_t	next;		/* offset where the next header or payload starts */
	uint32_t	hash;		/* PPQ: of the packets packed into it */
	uint64_t	addr;
	uint64_t	pf[BDQ_PREFETCH];
};

struct rcq {
	uint64_t	base;
	uint32_t	mask;
	uint16_t	head, tail;
	bool		on;
	bool		done;		/* DONE bit of the lap */
};

struct rxq {
	struct rcq	cq;
	uint16_t	hroom, troom, max_hdr;	/* RDE_CTL0, RDE_CTL1 */
	uint16_t	payld_off;	/* bytes */
	uint16_t	close_below;	/* bytes left at which a packed payload fragment is closed */
	uint8_t		pad, pack, drop_mode;
	bool		split;
	struct bdq	hpq, ppq;
};

struct rx_block {
	struct rpc_block	rpc;
	struct rxq		q[CARD_QUEUES];
	struct rxb_block	rxb;
};

enum rxb_intf { RXB_NET = 0, RXB_BMC = 1, RXB_TO_BMC = 2, RXB_TO_HOST = 3 };

void rx_reset(struct card *c);
/*
 * A frame that the MAC accepted (no FCS, at least 14 bytes, no pause frame)
 * enters the receive buffer: parse, classify, queue, deliver.  False: no room
 * and !@must, nothing was counted, offer it again after port rx_ready().
 */
bool rx_input(struct card *c, enum rxb_intf src, const struct frame *f, bool must);
/* Delivers what waits in the receive buffer; true: there is more that can be delivered now */
bool rx_run(struct card *c);
uint64_t rx_deadline(const struct card *c);	/* pause storm, DROP_WAIT; UINT64_MAX: none */

#endif
