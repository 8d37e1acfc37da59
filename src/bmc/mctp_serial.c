// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames on a serial line, DSP0253:
 *
 *	0x7e   revision 1   bytes of the packet   packet   FCS, high byte first   0x7e
 *
 * In the packet 0x7e and 0x7d go as 0x7d 0x5e and 0x7d 0x5d.  The FCS (CRC-16 of
 * RFC 1662, begun with 0xffff, not inverted) covers revision, length and the
 * packet before stuffing; like those two it is not stuffed.  (Linux:
 * drivers/net/mctp/mctp-serial.c)
 *
 * After an error we wait for a flag, and take it for the first of a frame: if it
 * was the last of the broken one, the next flag is, for several flags in a row
 * are one.
 */
#include "mctp_int.h"

#define FLAG		0x7eu
#define ESCAPE		0x7du
#define STUFFED		0x20u
#define REVISION	1u

enum { ST_IDLE, ST_REVISION, ST_LENGTH, ST_DATA, ST_ESCAPE, ST_FCS_HIGH, ST_FCS_LOW, ST_END, ST_ERROR };

static uint16_t fcs(uint16_t v, uint8_t c)
{
	v ^= c;
	for (unsigned int i = 0; i < 8; i++)
		v = (uint16_t)(v >> 1 ^ (v & 1 ? 0x8408u : 0));
	return v;
}

static enum mctp_line_result bad(struct mctp_line *l, uint8_t c)
{
	l->state = c == FLAG ? ST_REVISION : ST_ERROR;
	return LINE_BAD;
}

static enum mctp_line_result data(struct mctp_line *l, uint8_t c)
{
	l->fcs = fcs(l->fcs, c);
	l->buf[l->at++] = c;
	l->state = l->at == l->len ? ST_FCS_HIGH : ST_DATA;
	return LINE_MORE;
}

enum mctp_line_result mctp_line_push(struct mctp_line *l, uint8_t c)
{
	switch (l->state) {
	case ST_IDLE:
		if (c != FLAG)
			return bad(l, c);
		l->state = ST_REVISION;
		return LINE_MORE;
	case ST_ERROR:
		if (c == FLAG)
			l->state = ST_REVISION;
		return LINE_MORE;
	case ST_REVISION:
		if (c == FLAG)
			return LINE_MORE;
		if (c != REVISION)
			return bad(l, c);
		l->fcs = fcs(0xffff, c);
		l->state = ST_LENGTH;
		return LINE_MORE;
	case ST_LENGTH:
		l->fcs = fcs(l->fcs, c);
		l->len = c;
		l->at = 0;
		l->state = c ? ST_DATA : ST_FCS_HIGH;
		return LINE_MORE;
	case ST_DATA:
		if (c == FLAG)
			return bad(l, c);
		if (c != ESCAPE)
			return data(l, c);
		l->state = ST_ESCAPE;
		return LINE_MORE;
	case ST_ESCAPE:
		if (c != (FLAG ^ STUFFED) && c != (ESCAPE ^ STUFFED))
			return bad(l, c);
		return data(l, c ^ STUFFED);
	case ST_FCS_HIGH:
		l->got = (uint16_t)(c << 8);
		l->state = ST_FCS_LOW;
		return LINE_MORE;
	case ST_FCS_LOW:
		l->got |= c;
		l->state = ST_END;
		return LINE_MORE;
	}
	if (c != FLAG)				/* ST_END */
		return bad(l, c);
	l->state = ST_IDLE;
	return l->got == l->fcs ? LINE_FRAME : LINE_FCS;
}

size_t mctp_line_frame(uint8_t f[MCTP_FRAME_MAX], const uint8_t *p, size_t len)
{
	uint16_t v = fcs(fcs(0xffff, REVISION), (uint8_t)len);
	size_t n = 0;

	f[n++] = FLAG;
	f[n++] = REVISION;
	f[n++] = (uint8_t)len;
	while (len--) {
		v = fcs(v, *p);
		if (*p == FLAG || *p == ESCAPE) {
			f[n++] = ESCAPE;
			f[n++] = *p++ ^ STUFFED;
		} else {
			f[n++] = *p++;
		}
	}
	f[n++] = (uint8_t)(v >> 8);
	f[n++] = (uint8_t)v;
	f[n++] = FLAG;
	return n;
}
