// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Type, length, value: the encoding of mailbox messages (contract 07
 * section 5; the judge is the driver's fbnic_tlv.c).
 *
 * A message is one header dword and attributes, each a header dword and a
 * value padded to a dword.  Message lengths count dwords, attribute lengths
 * count bytes without the padding; both include the header.
 *
 * What may be in a message is data: a schema is a table of ids, types and
 * limits (msg.c has them all).  The reader walks the bytes once, checks each
 * attribute against its row and leaves views into the message; it never looks
 * outside of the bytes it was given, whatever the lengths in them say.  One bad
 * attribute refuses the whole message, as in the driver:
 *
 *   id >= 32, header of a message, wrong length, no NUL	-EINVAL
 *   longer than what is left of the message, or its padding is	-EINVAL
 *   unknown id with cannot_ignore				-ENOENT
 *   the same known id twice					-EADDRINUSE
 *   more elements in an array than its row says		-ENOSPC
 *
 * Unknown ids without cannot_ignore are stepped over (even twice).  Padding
 * bytes and the two reserved header bits are not looked at.  In two places we
 * are stricter than the driver: an attribute shorter than its own header is
 * refused also when its id is unknown (the driver's loop would depend on what
 * follows), and a MAC address is six bytes (the driver takes 1 to 6 and copies
 * six).
 *
 * Nested attributes and arrays hold attributes of the same schema.  The driver
 * looks into them where it wants the values; tlv_parse_deep() looks into all
 * of them, two levels down, no deeper: the message may not choose our depth.
 */
#include "tlv.h"

#include "descs.h"
#include "err.h"
#include "mem.h"

#define HDR_ID		((uint32_t)D_MASK(TLV_HEADER_TYPE))
#define HDR_NO_IGNORE	((uint32_t)D_BIT(TLV_HEADER_CANNOT_IGNORE))
#define HDR_MSG		((uint32_t)D_BIT(TLV_HEADER_IS_MSG))
#define MAC_LEN		6u

struct tlv_hdr tlv_hdr_get(const uint8_t *p)
{
	uint32_t v = get_le32(p);

	return (struct tlv_hdr){
		.id = (uint16_t)(v & HDR_ID),
		.is_msg = v & HDR_MSG,
		.cannot_ignore = v & HDR_NO_IGNORE,
		.len = (uint16_t)(v >> 16),
	};
}

const struct tlv_attr *tlv_find(const struct tlv_schema *s, unsigned int id)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->attr[i].id == id)
			return &s->attr[i];
	return NULL;
}

static bool len_ok(const struct tlv_attr *a, const struct tlv_view *v)
{
	switch ((enum tlv_type)a->type) {
	case TLV_FLAG:
		return v->len == 0;
	case TLV_STRING:
		return v->len && v->len <= a->max && !v->p[v->len - 1];
	case TLV_UINT:
	case TLV_SINT:
		return v->len && v->len <= a->max && v->len <= sizeof(uint64_t);
	case TLV_BINARY:
		return v->len && v->len <= a->max;
	case TLV_MAC:
		return v->len == MAC_LEN;
	case TLV_NESTED:
	case TLV_ARRAY:
		return v->len % 4 == 0;
	}
	return false;
}

/*
 * One attribute from @p, of which @left bytes are ours.  Returns 1 and the
 * value if it is known, 0 if it is to be stepped over, or an error; *step is
 * how far the next one is.
 */
static int attr_next(const uint8_t *p, size_t left, const struct tlv_schema *s, struct tlv_hdr *h,
		     struct tlv_view *v, size_t *step)
{
	const struct tlv_attr *a;

	if (left < TLV_HDR)
		return -FW_EINVAL;
	*h = tlv_hdr_get(p);
	if (h->is_msg || h->id >= TLV_IDS || h->len < TLV_HDR)
		return -FW_EINVAL;
	*step = tlv_align(h->len);
	if (*step > left)
		return -FW_EINVAL;

	a = tlv_find(s, h->id);
	if (!a)
		return h->cannot_ignore ? -FW_ENOENT : 0;

	v->p = p + TLV_HDR;
	v->len = (uint16_t)(h->len - TLV_HDR);
	return len_ok(a, v) ? 1 : -FW_EINVAL;
}

/* The attributes in @len bytes at @p (what follows a message's header) */
int tlv_parse(const uint8_t *p, size_t len, const struct tlv_schema *s, struct tlv_view out[TLV_IDS])
{
	memset(out, 0, TLV_IDS * sizeof(out[0]));

	while (len) {
		struct tlv_view v;
		struct tlv_hdr h;
		size_t step;
		int err = attr_next(p, len, s, &h, &v, &step);

		if (err < 0)
			return err;
		if (err) {
			if (out[h.id].p)
				return -FW_EADDRINUSE;
			out[h.id] = v;
		}
		p += step;
		len -= step;
	}
	return 0;
}

/* The elements of an array; returns how many */
int tlv_parse_array(const uint8_t *p, size_t len, const struct tlv_schema *s, unsigned int elem,
		    struct tlv_view *out, size_t max)
{
	int n = 0;

	while (len) {
		struct tlv_view v;
		struct tlv_hdr h;
		size_t step;
		int err = attr_next(p, len, s, &h, &v, &step);

		if (err < 0)
			return err;
		if (!err || h.id != elem)
			return -FW_EINVAL;
		if ((size_t)n >= max)
			return -FW_ENOSPC;
		if (out)
			out[n] = v;
		n++;
		p += step;
		len -= step;
	}
	return n;
}

static int check_arrays(const struct tlv_schema *s, const struct tlv_view out[TLV_IDS])
{
	for (size_t i = 0; i < s->count; i++) {
		const struct tlv_attr *a = &s->attr[i];
		const struct tlv_view *v = &out[a->id];
		int n;

		if (a->type != TLV_ARRAY || !v->p)
			continue;
		n = tlv_parse_array(v->p, v->len, s, a->elem, NULL, a->max);
		if (n < 0)
			return n;
	}
	return 0;
}

/* As tlv_parse(), and everything inside of nested attributes and arrays is right too */
int tlv_parse_deep(const uint8_t *p, size_t len, const struct tlv_schema *s, struct tlv_view out[TLV_IDS])
{
	struct tlv_view inner[TLV_IDS];
	int err;

	err = tlv_parse(p, len, s, out);
	if (!err)
		err = check_arrays(s, out);

	for (size_t i = 0; !err && i < s->count; i++) {
		const struct tlv_view *v = &out[s->attr[i].id];

		if (s->attr[i].type != TLV_NESTED || !v->p)
			continue;
		err = tlv_parse(v->p, v->len, s, inner);
		if (!err)
			err = check_arrays(s, inner);
	}
	return err;
}

uint64_t tlv_uint(const struct tlv_view *v)
{
	uint64_t val = 0;

	if (!v->p)
		return 0;
	for (unsigned int i = 0; i < v->len && i < sizeof(val); i++)
		val |= (uint64_t)v->p[i] << (8 * i);
	return val;
}

int64_t tlv_sint(const struct tlv_view *v)
{
	uint64_t val = tlv_uint(v);

	if (v->p && v->len < sizeof(val) && v->p[v->len - 1] & 0x80)
		val |= ~(uint64_t)0 << (8 * v->len);
	return (int64_t)val;
}

/* ---- writing ---- */

static void hdr_put(uint8_t *p, unsigned int id, uint32_t flags, size_t len)
{
	put_le32(p, (id & HDR_ID) | flags | (uint32_t)len << 16);
}

void tlv_begin(struct tlv_buf *b, void *p, size_t cap, uint16_t msg_id)
{
	*b = (struct tlv_buf){ .p = p, .cap = cap < TLV_PAGE ? cap : TLV_PAGE, .len = TLV_HDR, .id = msg_id };
	if (b->cap < TLV_HDR)
		b->err = -FW_ENOSPC;
}

void tlv_put(struct tlv_buf *b, unsigned int id, const void *val, size_t len)
{
	size_t room = b->cap - b->len;

	if (b->err)
		return;
	if (id >= TLV_IDS) {
		b->err = -FW_EINVAL;
		return;
	}
	if (room < TLV_HDR || len > room - TLV_HDR || tlv_align(len) > room - TLV_HDR) {
		b->err = -FW_ENOSPC;
		return;
	}

	hdr_put(b->p + b->len, id, 0, TLV_HDR + len);
	b->len += TLV_HDR;
	if (len) {
		memset(b->p + b->len + (len & ~(size_t)3), 0, tlv_align(len) - (len & ~(size_t)3));
		memcpy(b->p + b->len, val, len);
	}
	b->len += tlv_align(len);
}

void tlv_put_flag(struct tlv_buf *b, unsigned int id)
{
	tlv_put(b, id, NULL, 0);
}

void tlv_put_int(struct tlv_buf *b, unsigned int id, uint64_t val, size_t bytes)
{
	uint8_t le[8];

	for (unsigned int i = 0; i < sizeof(le); i++)
		le[i] = (uint8_t)(val >> (8 * i));
	tlv_put(b, id, le, bytes <= sizeof(le) ? bytes : sizeof(le));
}

void tlv_put_string(struct tlv_buf *b, unsigned int id, const char *s)
{
	size_t len = 0;

	while (s[len])
		len++;
	tlv_put(b, id, s, len + 1);
}

void tlv_nest_start(struct tlv_buf *b, unsigned int id)
{
	size_t at = b->len;

	if (b->nest && !b->err)
		b->err = -FW_EINVAL;
	tlv_put(b, id, NULL, 0);
	if (!b->err)
		b->nest = at;
}

/* Nothing inside: there is no such attribute, as in the driver */
void tlv_nest_stop(struct tlv_buf *b)
{
	if (b->err)
		return;
	if (!b->nest) {
		b->err = -FW_EINVAL;
		return;
	}
	if (b->len == b->nest + TLV_HDR)
		b->len = b->nest;
	else
		hdr_put(b->p + b->nest, tlv_hdr_get(b->p + b->nest).id, 0, b->len - b->nest);
	b->nest = 0;
}

int tlv_end(struct tlv_buf *b)
{
	if (!b->err && b->nest)
		b->err = -FW_EINVAL;
	if (b->err)
		return b->err;
	hdr_put(b->p, b->id, HDR_MSG, b->len / 4);
	return (int)b->len;
}
