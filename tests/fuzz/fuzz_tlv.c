/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of mailbox messages, both directions.  What it takes has all its
 * values within the message; what it takes can be taken again.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/fw/msg.h"
#include "fuzz.h"

static uint64_t sum;		/* so that values are really read */

static void look(const uint8_t *p, size_t len, const struct fw_in *in)
{
	for (unsigned int i = 0; i < TLV_IDS; i++) {
		const struct tlv_view *v = &in->a[i];

		if (!v->p)
			continue;
		if (v->p < p || v->len > len - (size_t)(v->p - p))
			abort();
		sum += tlv_uint(v) + (uint64_t)tlv_sint(v);
		for (unsigned int k = 0; k < v->len; k++)
			sum += v->p[k];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);		/* exactly as long, for the sanitizer */
	struct fw_in in;

	if (!p)
		return 0;
	memcpy(p, data, size);
	for (unsigned int dir = MSG_TO_FW; dir <= MSG_TO_HOST; dir++)
		if (!msg_parse(&in, p, size, dir))
			look(p, size, &in);
	/* and as if it were each message that there is */
	for (size_t i = 0; i < fw_msg_count && size >= 4; i++) {
		put_le32(p, fw_msgs[i].id | 0x8000u | (uint32_t)(size / 4) << 16);
		if (!msg_parse(&in, p, size, fw_msgs[i].dir))
			look(p, size, &in);
	}
	free(p);
	return 0;
}

/* Each message with all its attributes, as long as they may be (up to 40 bytes) */
size_t fuzz_seed(unsigned int i, uint8_t *b, size_t max)
{
	static const uint8_t zero[40];
	const struct msg_def *d;
	struct tlv_buf t;

	if (i >= fw_msg_count)
		return 0;
	d = &fw_msgs[i];
	tlv_begin(&t, b, max, d->id);
	for (size_t k = 0; k < d->attrs.count; k++) {
		const struct tlv_attr *a = &d->attrs.attr[k], *e = tlv_find(&d->attrs, a->elem);

		if (a->type == TLV_ARRAY || a->type == TLV_NESTED) {
			tlv_nest_start(&t, a->id);
			tlv_put(&t, e ? e->id : a->id, zero, e && e->max < sizeof(zero) ? e->max : 4);
			tlv_nest_stop(&t);
		} else {
			tlv_put(&t, a->id, zero, a->max < sizeof(zero) ? a->max : sizeof(zero));
		}
	}
	return (size_t)tlv_end(&t);
}
