/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Ethernet port: what passes between the card's MAC and the cable.
 *
 * A frame is a list of spans that is valid only during the call: a wire that
 * wants to keep it copies it.  Frames have no FCS and are at least 60 bytes
 * when they leave the card; a frame towards the card may be shorter (a runt,
 * which the MAC counts and drops).
 *
 * This header is all that the card and the wires know of each other.
 */
#ifndef OPENFBNIC_PORT_H
#define OPENFBNIC_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_MAX_FRAME	9746	/* largest legal frame on the wire: MTU 9728 + Ethernet + VLAN, no FCS */
#define PORT_MAX_SPANS	32	/* spans in one frame: header + META-limited fragments + padding */
#define PORT_BATCH	64	/* frames in one call, at most */

/* Laid out as struct iovec so that a wire may hand it to the system as it is */
struct span {
	const void	*base;
	size_t		len;
};

/*
 * How a large send (LSO) is handed to the wire.  The wire says at connect
 * time what it can take; everything else is cut into wire frames by the card.
 */
enum port_lso {
	PORT_LSO_CUT,		/* wire frames only: the card segments (default) */
	PORT_LSO_WHOLE,		/* one IP packet up to 65535 bytes, all checksums final */
	PORT_LSO_PARTIAL,	/* as WHOLE, but the L4 checksum field holds only the pseudo-header sum */
};

enum {				/* struct frame, flags */
	FRAME_FCS_BAD	= 1 << 0,	/* the frame arrives with a bad FCS */
	FRAME_LSO	= 1 << 1,	/* larger than a wire frame: the lso member is valid */
};

/* A large send that was not cut.  All lengths in bytes. */
struct frame_lso {
	uint16_t	mss;		/* L4 payload per segment */
	uint16_t	hdr_len;	/* bytes that each segment repeats: L2 + L3 + L4 */
	uint16_t	l4_start;	/* offset of the L4 header */
	uint16_t	csum_offset;	/* of the checksum field, from l4_start */
	bool		ipv6;		/* false: IPv4 */
	bool		udp;		/* false: TCP */
};

struct frame {
	const struct span *span;
	uint32_t	len;		/* sum of the spans */
	uint16_t	nspans;
	uint16_t	flags;
	/*
	 * When the burst passed the sender's MAC, in env->now() of the cards of
	 * this process; 0: not known, the receiver looks at its clock.  So a cable
	 * between two cards has one length, however long the process needs from
	 * one to the other: what PTP measures is their clocks.
	 */
	uint64_t	when;
	struct frame_lso lso;
};

/* Card to wire.  Given to card_connect(); ctx is the wire's own. */
struct port_ops {
	/*
	 * Takes frames in order; returns how many were taken (0..n).  Frames not
	 * taken stay in the card, which offers them again after card_port_ready().
	 * A wire with nobody at its other end takes all and drops them.
	 */
	unsigned int	(*tx)(void *ctx, const struct frame *f, unsigned int n);
	/* The burst is over: send what was only collected.  May be NULL. */
	void		(*flush)(void *ctx);
	/* The card can take frames again after card_rx() took less than offered. May be NULL. */
	void		(*rx_ready)(void *ctx);
};

#endif
