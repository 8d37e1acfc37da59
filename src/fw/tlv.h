/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the mailbox as bytes: headers, attributes, the rules for both.
 * See tlv.c.
 */
#ifndef OPENFBNIC_FW_TLV_H
#define OPENFBNIC_FW_TLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLV_HDR		4u	/* bytes of a header */
#define TLV_IDS		32u	/* attribute ids are below; driver: FBNIC_TLV_RESULTS_MAX */
#define TLV_PAGE	4096u	/* a message fits a page */
#define TLV_MAX_DATA	3584u	/* largest raw data attribute; driver: TLV_MAX_DATA */

enum tlv_type {
	TLV_FLAG,		/* present or not, no value */
	TLV_UINT,		/* 1 .. max (at most 8) bytes, little-endian */
	TLV_SINT,		/* the same, sign-extended */
	TLV_STRING,		/* 1 .. max bytes, the last one is NUL */
	TLV_BINARY,		/* 1 .. max bytes */
	TLV_MAC,		/* 6 bytes */
	TLV_NESTED,		/* attributes of the same schema */
	TLV_ARRAY,		/* up to max attributes, all with id elem */
};

struct tlv_attr {
	uint8_t		id;
	uint8_t		type;
	uint16_t	max;
	uint8_t		elem;
	const char	*name;
};

struct tlv_schema {
	const struct tlv_attr	*attr;
	size_t			count;
};

struct tlv_hdr {
	uint16_t	id;
	bool		is_msg;
	bool		cannot_ignore;
	uint16_t	len;	/* message: dwords; attribute: bytes without padding; both with header */
};

/* An attribute's value in the message; p is NULL if the attribute is absent */
struct tlv_view {
	const uint8_t	*p;
	uint16_t	len;
};

/* ---- reading ---- */

struct tlv_hdr tlv_hdr_get(const uint8_t *p);
const struct tlv_attr *tlv_find(const struct tlv_schema *s, unsigned int id);
int tlv_parse(const uint8_t *p, size_t len, const struct tlv_schema *s, struct tlv_view out[TLV_IDS]);
int tlv_parse_array(const uint8_t *p, size_t len, const struct tlv_schema *s, unsigned int elem,
		    struct tlv_view *out, size_t max);
int tlv_parse_deep(const uint8_t *p, size_t len, const struct tlv_schema *s, struct tlv_view out[TLV_IDS]);

uint64_t tlv_uint(const struct tlv_view *v);	/* 0 if absent */
int64_t tlv_sint(const struct tlv_view *v);

/* ---- writing ---- */

struct tlv_buf {
	uint8_t		*p;
	size_t		cap;	/* bytes, at most TLV_PAGE */
	size_t		len;	/* bytes used, a multiple of 4 */
	size_t		nest;	/* where the open nested attribute starts; 0: none */
	uint16_t	id;
	int		err;	/* the first error; nothing is written after it */
};

void tlv_begin(struct tlv_buf *b, void *p, size_t cap, uint16_t msg_id);
void tlv_put(struct tlv_buf *b, unsigned int id, const void *val, size_t len);
void tlv_put_flag(struct tlv_buf *b, unsigned int id);
void tlv_put_int(struct tlv_buf *b, unsigned int id, uint64_t val, size_t bytes);
void tlv_put_string(struct tlv_buf *b, unsigned int id, const char *s);
void tlv_nest_start(struct tlv_buf *b, unsigned int id);
void tlv_nest_stop(struct tlv_buf *b);
int tlv_end(struct tlv_buf *b);			/* length of the message in bytes or an error */

static inline uint32_t get_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void put_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline size_t tlv_align(size_t len)
{
	return (len + 3u) & ~(size_t)3u;
}

#endif
