/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MCTP endpoint over a serial line: the other way from a BMC to the card's PLDM.
 *
 * DSP0236 (packets, messages, control messages) over DSP0253 (frames on a
 * serial line).  Bytes of the line go into mctp_input(), and leave through
 * env->send().  Of messages it knows control messages, which it answers itself,
 * and PLDM, which its owner does.
 *
 * As ncsi.h: no thread, no heap, no operating system; mctp_size() bytes, calls
 * from one thread at a time, and env's functions must not call back.
 */
#ifndef OPENFBNIC_MCTP_H
#define OPENFBNIC_MCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MCTP_MESSAGE_MAX	1500u	/* bytes of a PLDM message */
#define MCTP_UNIT		64u	/* DSP0236: the baseline transmission unit, payload of a packet */
#define MCTP_FRAME_MAX		160u	/* bytes of a frame that we send: 6 around, 68 that may all be stuffed */
/* A function of env says "not yet"; mctp_resume() asks again.  As NCSI_PENDING */
#define MCTP_PENDING		(-0x7fff)

struct mctp;

/* All counted; names by mctp_counters() */
struct mctp_stats {
	uint64_t	frames_rx, frames_tx;
	uint64_t	bad_frames;	/* framing, length, escape; also bytes between frames */
	uint64_t	bad_fcs;
	uint64_t	not_ours;	/* packets for another endpoint */
	uint64_t	bad_packets;	/* header version, no data, EID that can't send */
	uint64_t	lost;		/* packets without a beginning, or out of order: their message is gone */
	uint64_t	too_long;	/* messages */
	uint64_t	messages_rx, messages_tx;
	uint64_t	unknown;	/* messages of a type that we don't have */
	uint64_t	control;	/* control requests */
	uint64_t	busy;		/* PLDM requests that came while one had no answer yet */
	uint64_t	refused;	/* PLDM messages that its owner did not want */
};

struct mctp_event {
	enum { MCTP_EV_IN, MCTP_EV_OUT, MCTP_EV_DROPPED } kind;
	const char	*name;		/* of the message, or why something was dropped */
	unsigned int	eid, tag, len;	/* of the other end; bit 3 of tag: its owner sent this */
};

struct mctp_env {
	void *ctx;

	/* Bytes for the line, a frame of at most MCTP_FRAME_MAX; they are not lost for want of room */
	void (*send)(void *ctx, const uint8_t *p, size_t len);
	/* A PLDM request: bytes of the response, 0: none, negative: refused, or MCTP_PENDING */
	int (*request)(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap);
	/* The PLDM request that we have for the BMC; 0: none */
	int (*pending)(void *ctx, uint8_t *req, size_t cap);
	/* The BMC's response to it */
	int (*reply)(void *ctx, const uint8_t *rsp, size_t len);
	/* May be NULL */
	void (*event)(void *ctx, const struct mctp_event *ev);
};

struct mctp_config {
	uint8_t		eid;		/* until a bus owner sets another: 8..254 */
	uint8_t		uuid[16];
};

size_t mctp_size(void);				/* aligned as for any object */
/* -1: bad configuration */
int mctp_init(struct mctp *m, const struct mctp_config *cfg, const struct mctp_env *env);

/* ---- events ---- */

void mctp_input(struct mctp *m, const uint8_t *p, size_t len);
/* The line is new: what was half received is gone.  Endpoint ids stay */
void mctp_line_reset(struct mctp *m);
/* env->pending() may have something */
void mctp_kick(struct mctp *m);
/* What answered MCTP_PENDING may be asked again */
void mctp_resume(struct mctp *m);
/* The endpoint starts anew: the EID is the configured one, nobody is known */
void mctp_restart(struct mctp *m);

/* ---- looking at it ---- */

uint8_t mctp_eid(const struct mctp *m);
const struct mctp_stats *mctp_stats(const struct mctp *m);
void mctp_counters(const struct mctp *m, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

/* ---- frames (mctp_serial.c); here for its test ---- */

struct mctp_line {
	uint8_t		state, len, at;
	uint16_t	fcs, got;
	uint8_t		buf[255];
};

enum mctp_line_result { LINE_MORE, LINE_FRAME, LINE_BAD, LINE_FCS };

/* The next byte; LINE_FRAME: line->buf has line->len bytes of a packet */
enum mctp_line_result mctp_line_push(struct mctp_line *line, uint8_t c);
/* A frame around @len bytes, at most MCTP_UNIT + 4, into @f; its length */
size_t mctp_line_frame(uint8_t f[MCTP_FRAME_MAX], const uint8_t *p, size_t len);

#endif
