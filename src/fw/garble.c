// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fault (fault.c) with many forms: messages to the host that are not what
 * they should be, so that every check of a driver's parsers can be seen at
 * work.  The message is changed in its page, just before it goes out: whatever
 * the firmware does, builds and counts is as ever.
 *
 * Attributes are looked for in the message itself, not within arrays.  What is
 * put in, or changes its size, becomes the last one: order means nothing in a
 * message.  A message of the host's own can't be changed, but it can fail: it is
 * completed with FW_ERR and neither done nor answered.
 */
#include "descs.h"
#include "err.h"
#include "fw_core.h"
#include "mem.h"

#define NUMBER_MAX	8u	/* bytes */

static bool is_number(const struct tlv_attr *a)
{
	return a->type == TLV_UINT || a->type == TLV_SINT;
}

static bool within(int32_t val, int32_t max)
{
	return val >= 0 && val <= max;
}

static bool attr_ok(const struct fw_garble *g, const struct tlv_attr *a)
{
	switch (g->how) {
	case FW_GARBLE_DROP:
		return a;
	case FW_GARBLE_VALUE:
		return a && (is_number(a) || a->type == TLV_FLAG);
	case FW_GARBLE_BYTES:
		return a && within(g->value, TLV_MAX_DATA);
	default:
		return false;
	}
}

int fw_garble_check(const struct fw_garble *g)
{
	const struct msg_def *def = msg_find(g->msg, MSG_TO_FW | MSG_TO_HOST);
	bool ok;

	if (!def)
		return -FW_ENOENT;
	if (g->how == FW_GARBLE_FAIL)
		return 0;
	if (!(def->dir & MSG_TO_HOST))
		return -FW_EINVAL;
	if (g->how == FW_GARBLE_ID)
		ok = within(g->value, (int32_t)D_MASK(TLV_HEADER_TYPE));
	else if (g->how == FW_GARBLE_DWORDS)
		ok = within(g->value, 0xffff);
	else
		ok = attr_ok(g, tlv_find(&def->attrs, g->attr));
	return ok ? 0 : -FW_EINVAL;
}

int fw_set_garble(struct fw *fw, const struct fw_garble *g, uint32_t times)
{
	int err = fw_garble_check(g);

	if (err)
		return err;
	fw->garble = *g;
	fw_set_fault(fw, FW_FAULT_GARBLE, times);
	return 0;
}

/* ---- a message in its page ---- */

static size_t attr_size(const uint8_t *p)
{
	return tlv_align(tlv_hdr_get(p).len);
}

/* Where the attribute is in our own message of @len bytes, 0: nowhere */
static size_t attr_at(const uint8_t *p, size_t len, unsigned int id)
{
	for (size_t at = TLV_HDR; at < len; at += attr_size(p + at))
		if (tlv_hdr_get(p + at).id == id)
			return at;
	return 0;
}

/* Without that attribute, if it is there */
static size_t attr_cut(uint8_t *p, size_t len, unsigned int id)
{
	size_t at = attr_at(p, len, id), size = at ? attr_size(p + at) : 0;

	if (!at)
		return len;
	for (size_t i = at; i + size < len; i++)
		p[i] = p[i + size];
	return len - size;
}

/* At the end: @n bytes, of which @have are at @val, and the others 0 */
static size_t attr_put(uint8_t *p, size_t len, unsigned int id, const uint8_t *val, size_t have, size_t n)
{
	size_t size = tlv_align(TLV_HDR + n);

	if (size > TLV_PAGE - len)
		return len;
	memset(p + len, 0, size);
	put_le32(p + len, (uint32_t)(TLV_HDR + n) << D_TLV_HEADER_LEN_LO | id);
	if (have)
		memcpy(p + len + TLV_HDR, val, have < n ? have : n);
	return len + size;
}

static void header_set(uint8_t *p, uint32_t id, uint32_t dwords)
{
	put_le32(p, dwords << D_TLV_HEADER_LEN_LO | (uint32_t)D_BIT(TLV_HEADER_IS_MSG) | id);
}

static size_t attr_value(uint8_t *p, size_t len, const struct tlv_attr *a, int32_t value)
{
	uint64_t v = (uint64_t)(int64_t)value;
	uint8_t b[NUMBER_MAX];

	len = attr_cut(p, len, a->id);
	if (a->type == TLV_FLAG)
		return value ? attr_put(p, len, a->id, NULL, 0, 0) : len;
	put_le32(b, (uint32_t)v);
	put_le32(b + 4, (uint32_t)(v >> 32));
	return attr_put(p, len, a->id, b, sizeof(b), a->max);
}

static size_t attr_bytes(uint8_t *p, size_t len, unsigned int id, size_t n)
{
	size_t at = attr_at(p, len, id);

	if (!at)
		return attr_put(p, len, id, NULL, 0, n);
	len = attr_put(p, len, id, p + at + TLV_HDR, tlv_hdr_get(p + at).len - TLV_HDR, n);
	return attr_cut(p, len, id);		/* the first of the two */
}

static size_t change(const struct fw_garble *g, uint8_t *p, size_t len)
{
	const struct msg_def *def = msg_find(g->msg, MSG_TO_HOST);

	if (g->how == FW_GARBLE_VALUE)
		len = attr_value(p, len, tlv_find(&def->attrs, g->attr), g->value);
	else if (g->how == FW_GARBLE_BYTES)
		len = attr_bytes(p, len, g->attr, (size_t)g->value);
	else if (g->how == FW_GARBLE_DROP)
		len = attr_cut(p, len, g->attr);
	header_set(p, g->how == FW_GARBLE_ID ? (uint32_t)g->value : g->msg,
		   g->how == FW_GARBLE_DWORDS ? (uint32_t)g->value : (uint32_t)len / 4);
	return len;
}

/* ---- where it strikes ---- */

static bool meant(struct fw_host *h, const uint32_t *page, unsigned int dir)
{
	const struct fw_garble *g = &h->fw->garble;

	return h->fw->fault[FW_FAULT_GARBLE] && tlv_hdr_get((const uint8_t *)page).id == g->msg &&
	       msg_find(g->msg, dir);
}

bool garble_in(struct fw_host *h)
{
	return meant(h, h->in, MSG_TO_FW) && h->fw->garble.how == FW_GARBLE_FAIL &&
	       fault_strikes(h->fw, FW_FAULT_GARBLE);
}

size_t garble_out(struct fw_host *h, size_t len)
{
	if (!meant(h, h->page, MSG_TO_HOST) || !fault_strikes(h->fw, FW_FAULT_GARBLE))
		return len;
	return h->fw->garble.how == FW_GARBLE_FAIL ? 0 : change(&h->fw->garble, (uint8_t *)h->page, len);
}
