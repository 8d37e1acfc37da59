// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PLDM type 2: the repository of records (PDRs) from which a BMC learns what
 * sensors there are and what they mean.
 *
 *	1		terminus locator
 *	2, 3		numeric sensor 1: what it is, its name
 *	4, 5		numeric sensor 2 ...
 *	then		state sensors, likewise
 *
 * Records are made from the tables of pldm_sensor.c when they are asked for.
 * They do not change while the firmware runs, but for the terminus id and the
 * limits of a module that is exchanged, which no change number counts: a BMC
 * that wants limits asks for them.  So a record can be read in parts without a
 * state here: the handle of a part is its offset.
 */
#include "fw_core.h"
#include "mem.h"

#define RECORD_MAX	160u
#define PDR_HDR		10u
#define ONE		0x3f800000u	/* 1.0 as PLDM's real32 */
#define PER_NUMERIC	2u
#define FIRST_STATE	(2u + PER_NUMERIC * NUM_SENSORS)
#define RECORDS		(1u + PER_NUMERIC * (NUM_SENSORS + STATE_SENSORS))
#define DATA_SINT32	5u

enum { PDR_TERMINUS = 1, PDR_NUMERIC = 2, PDR_STATE = 4, PDR_NAMES = 6 };

static void common(struct pldm_out *o, unsigned int handle, unsigned int type)
{
	pldm_put32(o, handle);
	pldm_put8(o, 1);			/* version of the header */
	pldm_put8(o, type);
	pldm_put16(o, 0);			/* change number */
	pldm_put16(o, 0);			/* length: when it is known */
	if (type != PDR_TERMINUS)
		pldm_put16(o, 1);		/* terminus handle */
}

static void terminus(const struct fw *fw, struct pldm_out *o)
{
	common(o, 1, PDR_TERMINUS);
	pldm_put16(o, 1);
	pldm_put8(o, 1);			/* valid */
	pldm_put8(o, fw->pldm.tid);
	pldm_put16(o, 0);			/* container: the system */
	pldm_put8(o, 0);			/* located by a UID */
	pldm_put8(o, 17);
	pldm_put8(o, 1);			/* terminus instance */
	pldm_put(o, fw->cfg.uuid, 16);
}

/* Nominal, then normal and warning, critical, fatal: high and low */
static void ranges(struct pldm_out *o, const struct sensor_limits *l)
{
	static const uint8_t order[] = { UP_WARN, LOW_WARN, UP_CRIT, LOW_CRIT, UP_FATAL, LOW_FATAL };
	static const uint8_t bit[LIMITS] = {	/* of what is supported; warnings have none */
		[UP_CRIT] = 1 << 3, [LOW_CRIT] = 1 << 4, [UP_FATAL] = 1 << 5, [LOW_FATAL] = 1 << 6,
	};
	uint8_t support = 0;

	for (unsigned int i = 0; i < LIMITS; i++)
		if (l->there & 1u << i)
			support |= bit[i];
	pldm_put8(o, DATA_SINT32);
	pldm_put8(o, support);
	for (unsigned int i = 0; i < 3; i++)
		pldm_put32(o, 0);		/* nominal, normal maximum and minimum: not supported */
	for (size_t i = 0; i < sizeof(order); i++)
		pldm_put32(o, (uint32_t)l->val[order[i]]);
}

static void numeric(const struct fw *fw, struct pldm_out *o, unsigned int handle, unsigned int s)
{
	const struct numeric_sensor *n = &pldm_numeric[s];
	struct sensor_limits l;

	pldm_limits(fw, s, &l);
	common(o, handle, PDR_NUMERIC);
	pldm_put16(o, s + 1);
	pldm_put16(o, n->entity);
	pldm_put16(o, n->instance);
	pldm_put16(o, 0);			/* container: the system */
	pldm_put8(o, 0);			/* needs no initialization */
	pldm_put8(o, 1);			/* has a name */
	pldm_put8(o, n->unit);
	pldm_put8(o, (uint8_t)n->exponent);
	for (unsigned int i = 0; i < 7; i++)
		pldm_put8(o, 0);		/* rate, OEM unit, auxiliary unit */
	pldm_put8(o, 1);			/* linear */
	pldm_put8(o, DATA_SINT32);
	pldm_put32(o, ONE);			/* resolution */
	pldm_put32(o, 0);			/* offset, 0.0 */
	pldm_put16(o, 0);			/* accuracy: not told */
	pldm_put8(o, 0);			/* tolerances */
	pldm_put8(o, 0);
	pldm_put32(o, 0);			/* hysteresis */
	pldm_put8(o, l.there);
	pldm_put8(o, n->settable ? 1u << 1 : 0);	/* what was set goes with a restart */
	pldm_put32(o, ONE);			/* seconds: state transition, update */
	pldm_put32(o, ONE);
	pldm_put32(o, (uint32_t)n->max);
	pldm_put32(o, (uint32_t)n->min);
	ranges(o, &l);
}

/* In UTF-16, big-endian */
static void name(struct pldm_out *o, unsigned int handle, unsigned int id, const char *text)
{
	common(o, handle, PDR_NAMES);
	pldm_put16(o, id);
	pldm_put8(o, 1);			/* one sensor, one name */
	pldm_put8(o, 1);
	pldm_put(o, "en", 3);
	do {
		pldm_put8(o, 0);
		pldm_put8(o, (uint8_t)*text);
	} while (*text++);
}

static void state(struct pldm_out *o, unsigned int handle, unsigned int s)
{
	const struct state_sensor *n = &pldm_state[s];

	common(o, handle, PDR_STATE);
	pldm_put16(o, STATE_FIRST + s);
	pldm_put16(o, n->entity);
	pldm_put16(o, n->instance);
	pldm_put16(o, 0);
	pldm_put8(o, 0);
	pldm_put8(o, 1);
	pldm_put8(o, 1);			/* not composite */
	pldm_put16(o, n->set);
	pldm_put8(o, 1);
	pldm_put8(o, n->states);
}

/* Record @handle into @b; its length */
static size_t record(const struct fw *fw, unsigned int handle, uint8_t b[RECORD_MAX])
{
	struct pldm_out o = { .p = b, .cap = RECORD_MAX };
	unsigned int n = handle - 2, s = handle - FIRST_STATE;

	if (handle == 1)
		terminus(fw, &o);
	else if (handle >= FIRST_STATE && s % 2)
		name(&o, handle, STATE_FIRST + s / 2, pldm_state[s / 2].name);
	else if (handle >= FIRST_STATE)
		state(&o, handle, s / 2);
	else if (n % 2)
		name(&o, handle, 1 + n / 2, pldm_numeric[n / 2].name);
	else
		numeric(fw, &o, handle, n / 2);
	b[8] = (uint8_t)(o.len - PDR_HDR);
	b[9] = (uint8_t)((o.len - PDR_HDR) >> 8);
	return o.len;
}

uint8_t pldm_pdr_info(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	static const uint8_t never[26];
	uint8_t b[RECORD_MAX];
	size_t all = 0, longest = 0;

	(void)in;
	for (unsigned int i = 1; i <= RECORDS; i++) {
		size_t len = record(fw, i, b);

		all += len;
		if (len > longest)
			longest = len;
	}
	pldm_put8(o, 0);			/* available */
	pldm_put(o, never, sizeof(never));	/* when it was changed: there is no clock */
	pldm_put32(o, RECORDS);
	pldm_put32(o, (uint32_t)all);
	pldm_put32(o, (uint32_t)longest);
	pldm_put8(o, 0);			/* handles of parts stay good */
	return CC_OK;
}

/* x^8 + x^2 + x + 1 */
static uint8_t crc8(const uint8_t *p, size_t len)
{
	uint8_t crc = 0;

	while (len--) {
		crc ^= *p++;
		for (unsigned int i = 0; i < 8; i++)
			crc = (uint8_t)(crc & 0x80 ? crc << 1 ^ 0x07 : crc << 1);
	}
	return crc;
}

uint8_t pldm_get_pdr(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	uint32_t handle = get_le32(in->p), off = get_le32(in->p + 4), want = get_le16(in->p + 9);
	uint8_t b[RECORD_MAX];
	bool first, last;
	size_t len, n;

	if (in->p[8] > XFER_FIRST)
		return CC_PDR_FLAG;
	first = in->p[8] == XFER_FIRST;
	if (!handle)
		handle = 1;
	if (handle > RECORDS)
		return CC_PDR_RECORD;
	len = record(fw, handle, b);
	if (first)
		off = 0;
	else if (!off || off >= len)
		return CC_PDR_HANDLE;
	if (get_le16(in->p + 11))
		return CC_PDR_CHANGE;
	if (!want)
		return CC_INVALID_DATA;
	n = want < len - off ? want : len - off;
	last = off + n == len;
	pldm_put32(o, handle < RECORDS ? handle + 1 : 0);
	pldm_put32(o, last ? 0 : (uint32_t)(off + n));
	pldm_put8(o, first ? (last ? PDR_ALL : PDR_START) : last ? PDR_END : PDR_MIDDLE);
	pldm_put16(o, (uint32_t)n);
	pldm_put(o, b + off, n);
	if (last && !first)
		pldm_put8(o, crc8(b, len));
	return CC_OK;
}

uint8_t pldm_get_uuid(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	(void)in;
	pldm_put(o, fw->cfg.uuid, sizeof(fw->cfg.uuid));
	return CC_OK;
}
