// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OEM commands, and the way of PLDM messages.
 *
 * Of Meta's OEM commands one is public, Get Debug Data (contract 11 section
 * 5.6): a dump in parts.  Payload of the request:
 *
 *	0 manufacturer   4 version 1   5 command 0x30   6 length of 12.. (8)
 *	8 0   12 handle   16 0   17 op (1 start, 0 next)   18 type (0 core, 1 crash)
 *
 * and of the answer, behind the codes:
 *
 *	0 manufacturer   4 version 1   5 command 0x30   6 length of 8..
 *	8 next handle   12 0   13 op bits (1 first, 2 middle, 4 last)   14 type   16 data
 *
 * The first part begins with the length of the dump, the last one ends with
 * the CRC-32 of all its bytes.  The requester echoes the handle; one that is
 * not that of the last answer is refused.  (A part that was lost is asked for
 * by repeating the command with the same instance id: see ncsi.c on retries.)
 */
#include "ncsi_int.h"

#define META_VERSION	1u
#define META_GET_DEBUG	0x30u
#define DEBUG_LEN	20u		/* of the request */
#define DEBUG_HDR	16u		/* of the answer, before data */
#define DEBUG_PART	(DATA_MAX - DEBUG_HDR)
#define OP_START	1u
enum { PART_FIRST = 1, PART_MIDDLE = 2, PART_LAST = 4 };

static uint32_t crc32(uint32_t crc, const uint8_t *p, size_t len)
{
	crc = ~crc;
	while (len--) {
		crc ^= *p++;
		for (unsigned int b = 0; b < 8; b++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* 0, or what env says */
static int dump_begin(struct ncsi *n, unsigned int ch, unsigned int type)
{
	int size = n->env.dump_take(n->env.ctx, ch, type ? NCSI_DUMP_CRASH : NCSI_DUMP_CORE);

	if (size == NCSI_PENDING)
		return size;
	n->dump_on = size >= 0;
	if (!n->dump_on)
		return size;
	n->dump_size = (uint32_t)size;
	n->dump_ch = (uint8_t)ch;
	n->dump_type = (uint16_t)type;
	n->dump_off = 0;
	n->dump_crc = 0;
	n->dump_handle = 1;
	return 0;
}

/* The next part: length of the dump first, its bytes, the CRC last.  If its bytes are not here yet, nothing changes. */
static void dump_part(struct ncsi *n, struct ncsi_rsp *r)
{
	uint8_t *data = r->p + DEBUG_HDR;
	uint32_t left = n->dump_size - n->dump_off, len = 0, run;
	unsigned int op = PART_MIDDLE;
	int err = 0;

	if (n->dump_handle == 1) {
		put32(data, n->dump_size);
		len = 4;
		op = PART_FIRST;
	}
	run = DEBUG_PART - len;
	if (left <= run - 4)		/* there is room for the CRC too */
		op = (op & PART_FIRST) | PART_LAST;
	if (left < run)
		run = left;
	if (run)
		err = n->env.dump_read(n->env.ctx, n->dump_ch, n->dump_off, data + len, run);
	if (ncsi_failed(r, err, WHY_NO_INFORMATION)) {
		n->dump_on = r->pending;
		return;
	}
	n->dump_crc = crc32(n->dump_crc, data + len, run);
	n->dump_off += run;
	len += run;
	if (op & PART_LAST) {
		put32(data + len, n->dump_crc);
		len += 4;
		n->dump_on = false;
	}
	n->dump_handle++;

	memset(r->p, 0, DEBUG_HDR);
	put32(r->p, NCSI_MFR_META);
	r->p[4] = META_VERSION;
	r->p[5] = META_GET_DEBUG;
	put16(r->p + 6, 8 + len);
	put32(r->p + 8, n->dump_handle);
	r->p[13] = (uint8_t)op;
	put16(r->p + 14, n->dump_type);
	r->len = (uint16_t)(DEBUG_HDR + len);
}

static void get_debug_data(struct ncsi *n, unsigned int ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	uint32_t handle, type;
	bool begun, same;

	if (q->len != DEBUG_LEN || get16(q->p + 6) != 8) {
		ncsi_fail(r, RSP_FAILED, WHY_LENGTH);
		return;
	}
	handle = get32(q->p + 12);
	type = get16(q->p + 18);
	if (type > 1 || q->p[17] > OP_START) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	/* A start whose first part waits has taken its dump already */
	same = n->dump_on && type == n->dump_type && ch == n->dump_ch;
	begun = n->dump_starts && same;
	if (q->p[17] == OP_START) {
		if (!begun && ncsi_failed(r, dump_begin(n, ch, type), WHY_NO_INFORMATION))
			return;
	} else if (!same || handle != n->dump_handle) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	dump_part(n, r);
	n->dump_starts = r->pending && q->p[17] == OP_START;
}

void ncsi_oem(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	if (get32(q->p) == NCSI_MFR_META && q->len >= 6 && q->p[4] == META_VERSION &&
	    q->p[5] == META_GET_DEBUG && n->env.dump_take) {
		get_debug_data(n, ch ? ch->id : 0, q, r);	/* to the package: of the first host */
		return;
	}
	ncsi_fail(r, RSP_UNSUPPORTED, WHY_UNKNOWN_TYPE);
}

/* ---- PLDM ---- */

static void pldm(struct ncsi *n, enum ncsi_pldm_op op, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	int len;

	if (!n->env.pldm) {
		ncsi_fail(r, RSP_UNSUPPORTED, WHY_UNKNOWN_TYPE);
		return;
	}
	len = n->env.pldm(n->env.ctx, op, q->p, q->len, r->p, DATA_MAX);
	if (len > (int)DATA_MAX)
		len = -1;
	if (!ncsi_failed(r, len, WHY_PARAMETER))
		r->len = op == NCSI_PLDM_REPLY ? 0 : (uint16_t)len;
}

void ncsi_pldm_request(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	pldm(n, NCSI_PLDM_REQUEST, q, r);
}

void ncsi_pldm_pending(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	pldm(n, NCSI_PLDM_PENDING, q, r);
}

void ncsi_pldm_reply(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	pldm(n, NCSI_PLDM_REPLY, q, r);
}
