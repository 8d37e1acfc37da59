// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PLDM: the card as a terminus that a BMC asks for its sensors and updates.
 *
 * A message is three bytes of header, then data; a response has a completion
 * code first.
 *
 *	0  7 request, 6 datagram, 4:0 instance   1  7:6 version 0, 5:0 type   2 command
 *
 * How it gets here, in NC-SI commands 0x51, 0x56 and 0x57 or as MCTP messages,
 * is its home's business; a link is only a place to keep things apart.  All
 * commands are in one table, as the mailbox's messages are: lengths are checked
 * before anything runs.
 *
 * Repetitions: a BMC that did not get a response sends the request again with
 * the same instance.  Most commands may simply run again.  Those that may not
 * are marked "once": the last of them is kept per link for INSTANCE_LIFE, and
 * if it comes again, byte for byte and with nothing between, so does its
 * response.
 *
 * What is no request, or for another version of the header, gets no response.
 */
#include "crc.h"
#include "err.h"
#include "fw_core.h"
#include "mem.h"

#define INSTANCE_LIFE	5000000000ull	/* ns; DSP0240: an instance id expires after 5 to 6 s */
#define VERSION(a, b, c) (0xf0f0f000u | (uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8)

const struct pldm_type pldm_types[] = {
	{ PLDM_BASE, VERSION(1, 0, 0), "messaging control and discovery" },
	{ PLDM_PLATFORM, VERSION(1, 2, 0), "platform monitoring and control" },
	{ PLDM_FWUP, VERSION(1, 0, 0), "firmware update" },
};

const size_t pldm_type_count = sizeof(pldm_types) / sizeof(pldm_types[0]);

static pldm_run set_tid, get_tid, get_version, get_types, get_commands;

#define B	PLDM_BASE
#define M	PLDM_PLATFORM
#define U	PLDM_FWUP

const struct pldm_cmd pldm_cmds[] = {
	{ B, 0x01, "SetTID", 1, 1, true, false, set_tid, "[0] TID, not 0 or 0xff", "" },
	{ B, 0x02, "GetTID", 0, 0, false, false, get_tid, "", "[0] TID, 0: none" },
	{ B, 0x03, "GetPLDMVersion", 6, 6, false, false, get_version,
	  "[0..3] handle, [4] 1 first part, [5] type", "[0..3] 0, [4] 5 all, [5..8] version, [9..12] its CRC-32" },
	{ B, 0x04, "GetPLDMTypes", 0, 0, false, false, get_types, "", "[0..7] bit per type" },
	{ B, 0x05, "GetPLDMCommands", 5, 5, false, false, get_commands, "[0] type, [1..4] version",
	  "[0..31] bit per command" },

	{ M, 0x03, "GetTerminusUID", 0, 0, false, false, pldm_get_uuid, "", "[0..15] UUID" },
	{ M, 0x11, "GetSensorReading", 3, 3, false, false, pldm_get_reading, "[0,1] sensor, [2] rearm",
	  "[0] 5 (32 bits, signed), [1] 0 enabled, 2 unavailable, 4 failed, [2] 0 no events, [3] state, [4] the one "
	  "before, [5] state, [6..9] reading" },
	{ M, 0x12, "GetSensorThresholds", 2, 2, false, false, pldm_get_limits, "[0,1] sensor",
	  "[0] 5, [1..24] upper warning, critical, fatal, lower warning, critical, fatal" },
	{ M, 0x13, "SetSensorThresholds", 27, 27, false, false, pldm_set_limits,
	  "[0,1] sensor, [2] 5, [3..26] as 0x12 gives them; for the BMC's states only, until a restart", "" },
	{ M, 0x21, "GetStateSensorReadings", 4, 4, false, false, pldm_get_states, "[0,1] sensor, [2] rearm, [3] 0",
	  "[0] 1, [1] 0 enabled, [2] state, [3] the one before, [4] state" },
	{ M, 0x50, "GetPDRRepositoryInfo", 0, 0, false, false, pldm_pdr_info, "",
	  "[0] 0 available, [1..26] times, 0, [27..30] records, [31..34] bytes, [35..38] longest, [39] 0" },
	{ M, 0x51, "GetPDR", 13, 13, false, false, pldm_get_pdr,
	  "[0..3] record, 0 the first, [4..7] handle, [8] 1 first part, 0 next, [9,10] bytes wanted, [11,12] change",
	  "[0..3] next record, [4..7] next handle, [8] 0 start, 1 middle, 4 end, 5 all, [9,10] bytes, data; at the end "
	  "of parts a CRC-8" },

	{ U, 0x01, "QueryDeviceIdentifiers", 0, 0, false, false, fd_query_ids, "",
	  "[0..3] bytes, [4] count, descriptors as in packages" },
	{ U, 0x02, "GetFirmwareParameters", 0, 0, false, false, fd_params, "",
	  "[0..3] capabilities, [4,5] components, versions of the set, a table entry per component" },
	{ U, 0x10, "RequestUpdate", 11, 266, true, false, fd_request_update,
	  "[0..3] most bytes at once, [4,5] components, [6] requests at once, [7,8] package data, [9] type, "
	  "[10] length of the version, version", "[0,1] 0, [2] 0" },
	{ U, 0x13, "PassComponentTable", 12, 267, true, false, fd_pass_table,
	  "[0] 1 start, 2 middle, 4 end, 5 all, [1,2] class, [3,4] id, [5] 0, [6..9] stamp, [10] type, "
	  "[11] length of the version, version", "[0] 0 yes, 1 perhaps, [1] why" },
	{ U, 0x14, "UpdateComponent", 19, 274, true, false, fd_update_component,
	  "[0,1] class, [2,3] id, [4] 0, [5..8] stamp, [9..12] size, [13..16] options, 1 force, [17] type, "
	  "[18] length of the version, version", "[0] 0 yes, 1 no, [1] why, [2..5] options, [6,7] 0" },
	{ U, 0x15, "RequestFirmwareData", 8, 8, false, true, NULL, "[0..3] offset, [4..7] length", "the data" },
	{ U, 0x16, "TransferComplete", 1, 1, false, true, NULL,
	  "[0] 0 done, 2 image is not what was announced, 3 the BMC refused data, 0x0a flash, 0x70 rolled back", "" },
	{ U, 0x17, "VerifyComplete", 1, 1, false, true, NULL, "[0] 0 done, 1 checksum is wrong", "" },
	{ U, 0x18, "ApplyComplete", 3, 3, false, true, NULL, "[0] 0 done, [1,2] 0", "" },
	{ U, 0x1a, "ActivateFirmware", 1, 1, true, false, fd_activate,
	  "[0] 1 self-contained, which nothing here is",
	  "[0,1] 0" },
	{ U, 0x1b, "GetStatus", 0, 0, false, false, fd_get_status, "",
	  "[0] state, [1] the one before, [2] 0 at work, 1 done, 2 failed, 3 idle, [3] why failed, [4] percent, "
	  "[5] why idle, [6..9] options" },
	{ U, 0x1c, "CancelUpdateComponent", 0, 0, true, false, fd_cancel_component, "", "" },
	{ U, 0x1d, "CancelUpdate", 0, 0, true, false, fd_cancel, "", "[0] 0, [1..8] 0" },
};

const size_t pldm_cmd_count = sizeof(pldm_cmds) / sizeof(pldm_cmds[0]);

const struct pldm_cmd *pldm_cmd_find(unsigned int type, unsigned int cmd)
{
	for (size_t i = 0; i < pldm_cmd_count; i++)
		if (pldm_cmds[i].type == type && pldm_cmds[i].cmd == cmd)
			return &pldm_cmds[i];
	return NULL;
}

/* ---- building ---- */

void pldm_put(struct pldm_out *o, const void *p, size_t len)
{
	if (len > o->cap - o->len) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->len, p, len);
	o->len += len;
}

static void put_n(struct pldm_out *o, uint32_t v, size_t n)
{
	uint8_t le[4];

	put_le32(le, v);
	pldm_put(o, le, n);
}

void pldm_put8(struct pldm_out *o, uint32_t v)
{
	put_n(o, v, 1);
}

void pldm_put16(struct pldm_out *o, uint32_t v)
{
	put_n(o, v, 2);
}

void pldm_put32(struct pldm_out *o, uint32_t v)
{
	put_n(o, v, 4);
}

/* ---- type 0 ---- */

static const struct pldm_type *type_find(unsigned int type)
{
	for (size_t i = 0; i < pldm_type_count; i++)
		if (pldm_types[i].type == type)
			return &pldm_types[i];
	return NULL;
}

static uint8_t set_tid(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	(void)o;
	if (in->p[0] == 0 || in->p[0] == 0xff)
		return CC_INVALID_DATA;
	fw->pldm.tid = in->p[0];
	return CC_OK;
}

static uint8_t get_tid(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	(void)in;
	pldm_put8(o, fw->pldm.tid);
	return CC_OK;
}

/* All of it is one part */
static uint8_t get_version(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	const struct pldm_type *t = type_find(in->p[5]);
	uint8_t v[4];

	(void)fw;
	if (in->p[4] > XFER_FIRST)
		return CC_BASE_FLAG;
	if (in->p[4] == XFER_NEXT)
		return CC_BASE_HANDLE;
	if (!t)
		return CC_BASE_TYPE;
	put_le32(v, t->version);
	pldm_put32(o, 0);
	pldm_put8(o, XFER_ALL);
	pldm_put(o, v, sizeof(v));
	pldm_put32(o, fw_crc32(0, v, sizeof(v)));
	return CC_OK;
}

static uint8_t get_types(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	uint8_t bits[8] = { 0 };

	(void)fw;
	(void)in;
	for (size_t i = 0; i < pldm_type_count; i++)
		bits[pldm_types[i].type / 8] |= (uint8_t)(1u << pldm_types[i].type % 8);
	pldm_put(o, bits, sizeof(bits));
	return CC_OK;
}

static uint8_t get_commands(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	const struct pldm_type *t = type_find(in->p[0]);
	uint8_t bits[32] = { 0 };

	(void)fw;
	if (!t)
		return CC_BASE_TYPE;
	if (get_le32(in->p + 1) != t->version)
		return CC_BASE_VERSION;
	for (size_t i = 0; i < pldm_cmd_count; i++)
		if (pldm_cmds[i].type == t->type && !pldm_cmds[i].ours)
			bits[pldm_cmds[i].cmd / 8] |= (uint8_t)(1u << pldm_cmds[i].cmd % 8);
	pldm_put(o, bits, sizeof(bits));
	return CC_OK;
}

/* ---- requests ---- */

static uint8_t run(struct fw *fw, enum fw_pldm_link link, const struct pldm_cmd *c, const uint8_t *req, size_t len,
		   struct pldm_out *o)
{
	const struct pldm_in in = { .link = link, .p = req + PLDM_HDR, .len = len - PLDM_HDR };

	if (!type_find(req[1] & 0x3f))
		return CC_INVALID_TYPE;
	if (!c || c->ours)
		return CC_UNSUPPORTED_CMD;
	if (in.len < c->min || in.len > c->max)
		return CC_INVALID_LENGTH;
	return c->run(fw, &in, o);
}

/* The response of the last request that runs once only, if this is it again; else 0 */
static int repeated(struct fw *fw, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp)
{
	size_t have = fw->pldm.last[link].len;

	fw->pldm.last[link].len = 0;
	if (!have || have != len || memcmp(fw->pldm.last[link].req, req, len) ||
	    fw->env.now(fw->env.ctx) - fw->pldm.last[link].when >= INSTANCE_LIFE)
		return 0;
	fw->pldm.last[link].len = (uint16_t)have;
	fw->counter[FWC_PLDM_RETRIES]++;
	memcpy(rsp, fw->pldm.last[link].rsp, fw->pldm.last[link].rsp_len);
	return fw->pldm.last[link].rsp_len;
}

static void keep(struct fw *fw, enum fw_pldm_link link, const uint8_t *req, size_t len, const uint8_t *rsp, size_t n)
{
	if (len > PLDM_ONCE_MAX || n > sizeof(fw->pldm.last[link].rsp))
		return;
	fw->pldm.last[link].when = fw->env.now(fw->env.ctx);
	fw->pldm.last[link].len = (uint16_t)len;
	fw->pldm.last[link].rsp_len = (uint16_t)n;
	memcpy(fw->pldm.last[link].req, req, len);
	memcpy(fw->pldm.last[link].rsp, rsp, n);
}

static int answer(struct fw *fw, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	const struct pldm_cmd *c = pldm_cmd_find(req[1] & 0x3f, req[2]);
	struct pldm_out o = { .p = rsp + PLDM_HDR, .cap = cap - PLDM_HDR };
	struct fw_event ev = { .kind = FW_EV_PLDM, .name = c ? c->name : "unknown", .len = (unsigned int)len,
			       .msg = (unsigned int)(req[1] & 0x3f) << 8 | req[2] };
	int n = repeated(fw, link, req, len, rsp);
	uint8_t code;

	fw->counter[FWC_PLDM_IN]++;
	if (n)
		return n;
	pldm_put8(&o, CC_OK);
	code = run(fw, link, c, req, len, &o);
	if (o.full)
		code = CC_ERROR;
	if (code) {
		rsp[PLDM_HDR] = code;
		o.len = 1;
	}
	rsp[0] = req[0] & PLDM_IID;
	rsp[1] = req[1];
	rsp[2] = req[2];
	n = (int)(PLDM_HDR + o.len);
	if (c && c->once)
		keep(fw, link, req, len, rsp, (size_t)n);
	ev.err = code;
	if (code)
		fw_refuse(fw, FWR_PLDM_REFUSED, &ev);
	else
		fw_event(fw, &ev);
	return req[0] & PLDM_DATAGRAM ? 0 : n;
}

int fw_pldm(struct fw *fw, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	int n;

	if (cap < FW_PLDM_MAX)
		return -FW_EINVAL;
	if (fw->phase != FW_READY || !mbx_enter(fw))
		return -FW_EBUSY;
	if (len < PLDM_HDR || !(req[0] & PLDM_RQ) || req[1] >> 6) {
		fw_refuse(fw, FWR_PLDM_MESSAGE, &(struct fw_event){ .name = "PLDM message", .len = (unsigned int)len });
		n = -FW_EBADMSG;
	} else {
		n = answer(fw, link, req, len, rsp, cap);
	}
	mbx_flush_all(fw);
	mbx_leave(fw);
	return n;
}
