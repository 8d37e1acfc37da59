/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_LSO_H
#define OPENFBNIC_LSO_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"

#define CSO_MAX_HDR	(126 + 510 + 510 + 30 + 2)	/* up to the end of the checksum field */
#define LSO_MAX_HDR	(126 + 510 + 510 + 60)

/*
 * Checksum offload.  The frame's bytes up to the checksum field are copied to
 * @hdr (CSO_MAX_HDR bytes) and the rest is pointed to: fills @out (up to
 * @n + 1 spans) and @nout.  Returns NULL, or why this can't be done.
 */
const char *cso_build(uint64_t meta, const struct span *in, unsigned int n, uint32_t len,
		      uint8_t *hdr, struct span *out, unsigned int *nout);

/* A large send that is being cut */
struct lso {
	const struct span *span;	/* the packet as the driver gave it */
	unsigned int	nspans;
	uint32_t	ctrl;		/* TCE_LSO_CTRL */
	uint32_t	payload;	/* bytes after the headers */
	uint32_t	nsegs;
	uint16_t	mss;
	uint16_t	hlen;		/* L2 + L3 + L4 */
	uint16_t	l3o, l3, l4;	/* offsets: outer and (inner) L3 header, L4 header */
	uint16_t	l4len;
	uint16_t	field;		/* offset of the checksum field */
	uint8_t		l3type, l4type;	/* as in META */
	unsigned int	cur_span;	/* where the next segment's payload starts */
	size_t		cur_off;
	uint8_t		hdr[LSO_MAX_HDR];
};

/* Checks and takes the headers; NULL, or why this can't be done */
const char *lso_start(struct lso *l, uint64_t meta, uint32_t ctrl,
		      const struct span *in, unsigned int n, uint32_t len);
/* The next lso_segment() is number @k */
void lso_seek(struct lso *l, uint32_t k);
/*
 * Segment @k: its headers in @hdr (l->hlen bytes), its spans in @out (up to
 * l->nspans + 1).  Segments are asked for in order.  Returns the number of spans.
 */
unsigned int lso_segment(struct lso *l, uint32_t k, uint8_t *hdr, struct span *out);
/* The send may go to the wire uncut */
bool lso_whole_ok(const struct lso *l);
/* The uncut packet; @partial: leave only the pseudo-header sum in the checksum field */
unsigned int lso_whole(struct lso *l, bool partial, uint8_t *hdr, struct span *out,
		       struct frame_lso *info);

/* Copies bytes @off .. @off + @len - 1 out of spans that have that many */
void span_copy(uint8_t *dst, const struct span *sp, unsigned int n, size_t off, size_t len);

#endif
