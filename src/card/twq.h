/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a work ring: from descriptors to packets.  Only for the Tx engine,
 * tx.c, which owns the reader while it collects a batch.
 */
#ifndef OPENFBNIC_TWQ_H
#define OPENFBNIC_TWQ_H

#include "tx.h"

#define TWQ_FETCH	64u		/* descriptors read at once */

/* Runs ahead of the ring's head, which moves only when packets are finished */
struct twq_reader {
	const struct twq *r;
	unsigned int	ring;
	uint16_t	next;		/* descriptor that peek() shows */
	unsigned int	pos, n;		/* in buf */
	uint32_t	seg;		/* the first packet starts with this segment */
	bool		skip;		/* as twq.skip */
	bool		fault;		/* the ring's memory can't be read */
	uint64_t	buf[TWQ_FETCH];	/* our copy: the guest's may change under us */
};

struct twq_packet {
	uint64_t	meta;
	uint32_t	len;
	unsigned int	nal;
	uint64_t	al[TX_MAX_AL];
};

enum twq_parsed { TWQ_NOTHING, TWQ_PACKET, TWQ_JUNK };

/*
 * The next packet.  JUNK: only descriptors to be passed over; NOTHING: no
 * whole packet there.  A PACKET may come with *err, the reason to drop it.
 */
enum twq_parsed twq_parse(struct card *c, struct twq_reader *d, struct twq_packet *p,
			  const char **err);
/* The descriptors that were finished since the last time go into the PCIe counters */
void twq_count_reads(struct card *c, unsigned int ring);

#endif
