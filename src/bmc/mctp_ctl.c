// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control messages, DSP0236 section 11 and 12: who a bus owner finds here.
 *
 *	0  7 request, 6 datagram, 4:0 instance   1 command   then data
 *
 * and in a response a completion code before data.  An endpoint that was given
 * no EID has one all the same, the configured ("static") one: who sets up his
 * routes by hand need not speak to us first.
 */
#include "mctp_int.h"

#define RQ		0x80u
#define DATAGRAM	0x40u
#define IID		0x1fu

enum { CC_OK = 0, CC_INVALID_DATA = 2, CC_INVALID_LENGTH = 3, CC_UNSUPPORTED = 5, CC_NO_TYPE = 0x80 };
enum { SET_EID, FORCE_EID, RESET_EID, SET_DISCOVERED };
enum { STATIC_ONLY = 2, STATIC_CHANGED = 3 };	/* Get Endpoint ID: a static EID is supported, and is in use or not */

struct control {
	uint8_t		cmd, len;	/* len: of the request's data */
	/* A completion code; @rsp is where data goes, *n its length */
	uint8_t		(*run)(struct mctp *m, const uint8_t *p, uint8_t *rsp, size_t *n);
};

static uint8_t set_eid(struct mctp *m, const uint8_t *p, uint8_t *rsp, size_t *n)
{
	switch (p[0] & 3) {
	case SET_EID:
	case FORCE_EID:
		if (p[1] < EID_FIRST || p[1] == EID_BROADCAST)
			return CC_INVALID_DATA;
		m->eid = p[1];
		break;
	case RESET_EID:
		m->eid = m->cfg.eid;
		break;
	default:
		return CC_INVALID_DATA;		/* nothing here has to be discovered */
	}
	rsp[0] = 0;				/* accepted, no pool */
	rsp[1] = m->eid;
	rsp[2] = 0;
	*n = 3;
	return CC_OK;
}

static uint8_t get_eid(struct mctp *m, const uint8_t *p, uint8_t *rsp, size_t *n)
{
	(void)p;
	rsp[0] = m->eid;
	rsp[1] = m->eid == m->cfg.eid ? STATIC_ONLY : STATIC_CHANGED;
	rsp[2] = 0;
	*n = 3;
	return CC_OK;
}

static uint8_t get_uuid(struct mctp *m, const uint8_t *p, uint8_t *rsp, size_t *n)
{
	(void)p;
	memcpy(rsp, m->cfg.uuid, 16);
	*n = 16;
	return CC_OK;
}

static uint8_t get_version(struct mctp *m, const uint8_t *p, uint8_t *rsp, size_t *n)
{
	static const uint8_t mctp[4] = { 0xf1, 0xf3, 0xf1, 0 }, pldm[4] = { 0xf1, 0xf0, 0xf0, 0 };

	(void)m;
	if (p[0] != 0xff && p[0] != TYPE_CONTROL && p[0] != TYPE_PLDM)
		return CC_NO_TYPE;
	rsp[0] = 1;
	memcpy(rsp + 1, p[0] == TYPE_PLDM ? pldm : mctp, 4);
	*n = 5;
	return CC_OK;
}

static uint8_t get_types(struct mctp *m, const uint8_t *p, uint8_t *rsp, size_t *n)
{
	(void)m;
	(void)p;
	rsp[0] = 1;
	rsp[1] = TYPE_PLDM;
	*n = 2;
	return CC_OK;
}

static const struct control controls[] = {
	{ 1, 2, set_eid }, { 2, 0, get_eid }, { 3, 0, get_uuid }, { 4, 1, get_version }, { 5, 0, get_types },
};

size_t mctp_control(struct mctp *m, bool broadcast, const uint8_t *req, size_t len, uint8_t *rsp)
{
	const struct control *c = NULL;
	size_t n = 0;

	if (len < 2 || !(req[0] & RQ))
		return 0;
	m->stats.control++;
	rsp[0] = req[0] & IID;
	rsp[1] = req[1];
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (controls[i].cmd == req[1])
			c = &controls[i];
	/* To all: only what asks; an EID for everybody is none */
	if (broadcast && (!c || c->run == set_eid))
		return 0;
	if (!c)
		rsp[2] = CC_UNSUPPORTED;
	else if (len != 2u + c->len)
		rsp[2] = CC_INVALID_LENGTH;
	else
		rsp[2] = c->run(m, req + 2, rsp + 3, &n);
	return req[0] & DATAGRAM ? 0 : 3 + n;
}
