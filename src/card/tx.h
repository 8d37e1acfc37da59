/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transmit: the rings' state, and the batch that is on its way to the wire.
 * The whole story is at the top of tx.c.
 */
#ifndef OPENFBNIC_TX_H
#define OPENFBNIC_TX_H

#include "card.h"
#include "descs.h"

#define TX_RINGS	(2 * CARD_QUEUES)	/* ring r: TWQ0 of queue r, or TWQ1 of queue r - 128 */
#define TX_MAX_AL	64		/* buffers of one packet; also its pieces in host memory */
#define TX_MAX_LEN	(65536 + 1206)	/* one large send: payload and the longest header */
#define TX_RECS		128		/* packets in one batch: with frames or without */
#define TX_SPANS	1024
#define TX_HDR_ARENA	16384		/* patched headers */
#define TX_BOUNCE	(128 * 1024)	/* data that can't be mapped, or is in too many pieces */

/* A work ring.  head..tail is what the driver gave and we have not finished. */
struct twq {
	uint64_t	base;
	uint16_t	mask;		/* entries - 1 */
	uint16_t	head;		/* first descriptor of the oldest packet not finished */
	uint16_t	tail;		/* last doorbell, checked */
	uint16_t	reported;	/* head in the last TYPE 0 TCD */
	uint16_t	counted;	/* head in the last twq_count_reads() */
	uint32_t	seg;		/* LSO: segments of the packet at head that the wire took */
	uint64_t	first;		/* and when it took the first, env time */
	bool		enabled;
	bool		dead;		/* its memory can't be read; RESET or ENABLE revives it */
	bool		skip;		/* head is inside a malformed packet that was finished already */
	bool		report;		/* the driver waits for head */
};

/* A completion ring, shared by the two work rings of a queue */
struct tcq {
	uint64_t	base;
	uint16_t	mask;
	uint16_t	tail;		/* next entry we write */
	uint16_t	head;		/* next entry the driver reads */
	bool		enabled;
	bool		phase;		/* DONE of this lap */
	uint16_t	owed;		/* time stamps of packets in the present batch; else 0 */
};

struct tce_entry {
	uint16_t	value[3], mask[3];	/* word 0: last two bytes of the address; mask 1: don't care */
};

enum { DEST_MAC = 1, DEST_BMC = 2, DEST_FW = 4 };	/* as in TCE_TCAM_IDX2DEST_MAP */

/* What becomes of a packet, or of discarded descriptors, when its frames are gone */
struct tx_rec {
	const char	*err;		/* why the packet is dropped, or NULL */
	uint32_t	len;
	uint32_t	rd_tlps, rd_dwords;	/* to fetch its buffers */
	uint16_t	ring;
	uint16_t	start, end;	/* in the ring; end is the new head */
	uint16_t	nframes;	/* of them in this batch */
	uint8_t		dest;
	bool		part;		/* LSO: more segments follow in the next batch */
	bool		junk;		/* not a packet: rest of a malformed one */
	bool		skip;		/* struct twq, skip, after this */
	bool		ts, report;	/* REQ_TS, REQ_COMPLETION */
};

struct tx_batch {
	unsigned int	nframes, nrecs, nspans, hdr_used, bounce_used;
	uint32_t	bytes;
	uint64_t	when;		/* env time at which the frames passed the MAC */
	uint32_t	rd_tlps, rd_dwords;	/* of the packets that were finished */
	bool		side;		/* a frame goes elsewhere than to the MAC */
	struct frame	frame[PORT_BATCH];
	uint8_t		dest[PORT_BATCH];
	struct tx_rec	rec[TX_RECS];
	struct span	span[TX_SPANS];
	uint8_t		hdr[TX_HDR_ARENA];
	uint8_t		bounce[TX_BOUNCE];
};

struct tx_block {
	struct twq	twq[TX_RINGS];
	struct tcq	tcq[CARD_QUEUES];
	uint64_t	work[TX_RINGS / 64];	/* rings that may have something to do */
	unsigned int	turn;			/* the ring that is served next */
	bool		blocked;		/* the wire took less than offered */
	uint8_t		tce_valid;
	struct tce_entry tce[8];
	struct tx_batch	batch;			/* empty between calls */
};

void tx_reset(struct card *c);
/* Works on rings that have something to do; true: there is more, and the wire takes it */
bool tx_run(struct card *c);
/* The wire (or the end of a pause) lets frames out again */
void tx_unblock(struct card *c);

/* ---- between the files of the Tx path ---- */

/* Ring @ring may have something to do: serve it in the next tx_run() */
void twq_kick(struct card *c, unsigned int ring);

/* There is room for one more entry than is owed already */
bool tcq_room(const struct card *c, unsigned int q);
/* Writes a TYPE 1 TCD made by tmi_stamp() */
void tcq_stamp(struct card *c, unsigned int q, uint64_t tcd);
/*
 * Reports the head of @ring if the driver waits for it, then tells the
 * interrupt manager, also of @nts time stamps.  False: no room, try again
 * after the driver moved TCQ_HEAD.
 */
bool tcq_report(struct card *c, unsigned int ring, unsigned int nts);

/* Where the frame goes: DEST_*; @meta: bits 43..45 of its META */
unsigned int tce_dest(struct card *c, uint64_t meta, const struct span *sp, unsigned int n);
/* A frame whose destinations are not, or not only, the MAC */
void tce_to_bmc(struct card *c, const struct frame *f, unsigned int dest);
/* A packet that the Tx path refused */
void tce_drop(struct card *c, uint32_t len);

/* Frames are dropped instead of sent */
bool tmi_dropping(const struct card *c);
void tmi_drop(struct card *c, const struct frame *f, unsigned int n);
/* The TYPE 1 TCD of a packet that passed at env time @when, and its count */
uint64_t tmi_stamp(struct card *c, uint64_t when, bool sent, unsigned int dest);
/* A large send is stamped with its first segment, not the last */
bool tmi_stamps_first(const struct card *c);

/* ---- descriptors, descs.def ---- */

enum { TWD_META, TWD_OPT_META, TWD_AL, TWD_LAST_AL };

#define TWD_TYPE(d)		((unsigned int)D_GET(d, TWD_META_TYPE))
#define TWD_REQ_TS		D_BIT(TWD_META_REQ_TS)
#define TWD_REQ_LSO		D_BIT(TWD_META_REQ_LSO)
#define TWD_REQ_CSO		D_BIT(TWD_META_REQ_CSO)
#define TWD_REQ_COMPLETION	D_BIT(TWD_META_REQ_COMPLETION)
#define TWD_ADDR(d)		D_GET(d, TWD_AL_ADDR)
#define TWD_LEN(d)		((uint32_t)D_GET(d, TWD_AL_LEN))

#define TCD_TS_INVALID		D_BIT(TCD_TYPE1_TS_INVALID)
#define TCD_ILLEGAL_TS_REQ	D_BIT(TCD_TYPE1_ILLEGAL_TS_REQ)
#define TCD_TWQ1		D_BIT(TCD_TYPE0_TWQ1)
#define TCD_TYPE1		D_PUT(TCD_TYPE1_TYPE, 1)
#define TCD_DONE		D_BIT(TCD_TYPE0_DONE)

#endif
