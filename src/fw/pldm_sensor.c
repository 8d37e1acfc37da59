// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PLDM type 2: what a BMC can watch.
 *
 * Numeric sensors are those that the host sees too, the card's by hwmon and the
 * module's by ethtool -m; all are signed 32-bit numbers.  A sensor of a module
 * that is not in the cage, or has no such thing, is unavailable.  State sensors:
 * the link, the firmware's own health, the cage.
 *
 * Limits come from the configuration and from the module.  The BMC may set those
 * of the card: they make the states that it reads, and nothing else.  There are
 * no events: it has to ask.
 */
#include "fw_core.h"
#include "mem.h"

#define DATA_SINT32	5u
#define CSR_SIG_PCS_OUT0 0x11808u
#define OUT0_LINK	(1u << 27)

enum { OP_ENABLED = 0, OP_UNAVAILABLE = 2, OP_FAILED = 4 };
enum {				/* present state */
	ST_UNKNOWN = 0, ST_NORMAL = 1, ST_LOW_WARN = 5, ST_LOW_CRIT = 6, ST_LOW_FATAL = 7, ST_UP_WARN = 8,
	ST_UP_CRIT = 9, ST_UP_FATAL = 10,
};

enum { ENTITY_FIRMWARE = 36, ENTITY_NIC = 144, ENTITY_QSFP28 = 211, ENTITY_ETHERNET = 300 };
enum { SET_HEALTH = 1, SET_PRESENCE = 13, SET_LINK = 33 };
enum { HEALTH_NORMAL = 1, HEALTH_NONCRITICAL = 2, HEALTH_CRITICAL = 3 };
enum { LINK_CONNECTED = 1, LINK_DISCONNECTED = 2 };
enum { PRESENT = 1, NOT_PRESENT = 2 };
enum { CELSIUS = 2, VOLT = 5, AMPERE = 6, WATT = 7 };

const struct numeric_sensor pldm_numeric[NUM_SENSORS] = {
	[NUM_TEMP] = { ENTITY_NIC, 1, CELSIUS, -3, -55000, 150000, true, "temperature" },
	[NUM_VOLT] = { ENTITY_NIC, 1, VOLT, -3, 0, 2000, true, "core voltage" },
	[NUM_MODULE_TEMP] = { ENTITY_QSFP28, 1, CELSIUS, -3, -128000, 128000, false, "module temperature" },
	[NUM_MODULE_VOLT] = { ENTITY_QSFP28, 1, VOLT, -3, 0, 6553, false, "module voltage" },
	[NUM_MODULE_BIAS] = { ENTITY_QSFP28, 1, AMPERE, -6, 0, 131070, false, "module laser current" },
	[NUM_MODULE_TX] = { ENTITY_QSFP28, 1, WATT, -9, 0, 6553500, false, "module Tx power" },
	[NUM_MODULE_RX] = { ENTITY_QSFP28, 1, WATT, -9, 0, 6553500, false, "module Rx power" },
};

const struct state_sensor pldm_state[STATE_SENSORS] = {
	[STATE_LINK] = { ENTITY_ETHERNET, 1, SET_LINK, 1u << LINK_CONNECTED | 1u << LINK_DISCONNECTED, "link" },
	[STATE_FW] = { ENTITY_FIRMWARE, 1, SET_HEALTH,
		       1u << HEALTH_NORMAL | 1u << HEALTH_NONCRITICAL | 1u << HEALTH_CRITICAL, "firmware health" },
	[STATE_MODULE] = { ENTITY_QSFP28, 1, SET_PRESENCE, 1u << PRESENT | 1u << NOT_PRESENT, "module presence" },
};

/* ---- numeric ---- */

static void set_limit(struct sensor_limits *l, unsigned int which, int32_t val)
{
	l->there |= (uint8_t)(1u << which);
	l->val[which] = val;
}

static void module_limits(const struct fw *fw, enum qsfp_value which, struct sensor_limits *l)
{
	static const uint8_t as[4] = { UP_CRIT, LOW_CRIT, UP_WARN, LOW_WARN };
	const int32_t *v = qsfp_limits(&fw->host[0], which);

	for (unsigned int i = 0; v && i < 4; i++)
		set_limit(l, as[i], v[i]);
}

void pldm_limits(const struct fw *fw, unsigned int sensor, struct sensor_limits *l)
{
	memset(l, 0, sizeof(*l));
	switch (sensor) {
	case NUM_TEMP:
		set_limit(l, UP_WARN, fw->cfg.temp_max);
		set_limit(l, UP_CRIT, fw->cfg.temp_crit);
		set_limit(l, LOW_WARN, fw->cfg.temp_min);
		break;
	case NUM_VOLT:
		set_limit(l, UP_CRIT, (int32_t)fw->cfg.volt_max);
		set_limit(l, LOW_CRIT, (int32_t)fw->cfg.volt_min);
		break;
	default:
		module_limits(fw, (enum qsfp_value)(QSFP_TEMP + (sensor - NUM_MODULE_TEMP)), l);
		break;
	}
	for (unsigned int i = 0; i < LIMITS; i++)
		if (fw->pldm.set[sensor] & 1u << i)
			l->val[i] = fw->pldm.limit[sensor][i];
}

static uint8_t sensor_state(const struct sensor_limits *l, int32_t v)
{
	static const struct { uint8_t limit, state; bool up; } order[] = {
		{ UP_FATAL, ST_UP_FATAL, true }, { LOW_FATAL, ST_LOW_FATAL, false }, { UP_CRIT, ST_UP_CRIT, true },
		{ LOW_CRIT, ST_LOW_CRIT, false }, { UP_WARN, ST_UP_WARN, true }, { LOW_WARN, ST_LOW_WARN, false },
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int32_t lim = l->val[order[i].limit];

		if (l->there & 1u << order[i].limit && (order[i].up ? v >= lim : v <= lim))
			return order[i].state;
	}
	return ST_NORMAL;
}

/* OP_* */
static uint8_t sensor_read(struct fw *fw, unsigned int sensor, int32_t *v)
{
	*v = 0;
	if (sensor >= NUM_MODULE_TEMP)
		return qsfp_value(&fw->host[0], (enum qsfp_value)(QSFP_TEMP + (sensor - NUM_MODULE_TEMP)), v) ? OP_ENABLED :
		       OP_UNAVAILABLE;
	if (!fw->env.sensor)
		return OP_UNAVAILABLE;
	return fw->env.sensor(fw->env.ctx, sensor == NUM_TEMP ? FW_SENSOR_TEMP : FW_SENSOR_VOLT, v) ? OP_FAILED :
	       OP_ENABLED;
}

/* Ids count from 1 */
static bool numeric_id(const uint8_t *p, unsigned int *sensor)
{
	*sensor = get_le16(p) - 1u;
	return *sensor < NUM_SENSORS;
}

uint8_t pldm_get_reading(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	struct sensor_limits l;
	unsigned int s;
	uint8_t op, state;
	int32_t v;

	if (!numeric_id(in->p, &s))
		return CC_SENSOR_ID;
	if (in->p[2] > 1)
		return CC_INVALID_DATA;
	op = sensor_read(fw, s, &v);
	pldm_limits(fw, s, &l);
	state = op == OP_ENABLED ? sensor_state(&l, v) : ST_UNKNOWN;
	pldm_put8(o, DATA_SINT32);
	pldm_put8(o, op);
	pldm_put8(o, 0);			/* no event generation */
	pldm_put8(o, state);
	pldm_put8(o, fw->pldm.was[s]);
	pldm_put8(o, state);
	pldm_put32(o, op == OP_ENABLED ? (uint32_t)v : 0);
	fw->pldm.was[s] = state;
	return CC_OK;
}

uint8_t pldm_get_limits(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	struct sensor_limits l;
	unsigned int s;

	if (!numeric_id(in->p, &s))
		return CC_SENSOR_ID;
	pldm_limits(fw, s, &l);
	pldm_put8(o, DATA_SINT32);
	for (unsigned int i = 0; i < LIMITS; i++)
		pldm_put32(o, (uint32_t)l.val[i]);
	return CC_OK;
}

/* Those that are there, in order: no warning beyond its critical limit */
static bool limits_ordered(const struct sensor_limits *l)
{
	static const uint8_t rising[LIMITS] = { LOW_FATAL, LOW_CRIT, LOW_WARN, UP_WARN, UP_CRIT, UP_FATAL };
	int32_t last = INT32_MIN;

	for (unsigned int i = 0; i < LIMITS; i++) {
		if (!(l->there & 1u << rising[i]))
			continue;
		if (l->val[rising[i]] < last)
			return false;
		last = l->val[rising[i]];
	}
	return true;
}

uint8_t pldm_set_limits(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	struct sensor_limits l;
	unsigned int s;

	(void)o;
	if (!numeric_id(in->p, &s))
		return CC_SENSOR_ID;
	if (!pldm_numeric[s].settable || in->p[2] != DATA_SINT32)
		return CC_INVALID_DATA;
	pldm_limits(fw, s, &l);
	for (unsigned int i = 0; i < LIMITS; i++)
		l.val[i] = (int32_t)get_le32(in->p + 3 + 4 * i);
	if (!limits_ordered(&l))
		return CC_INVALID_DATA;
	for (unsigned int i = 0; i < LIMITS; i++)
		fw->pldm.limit[s][i] = l.val[i];
	fw->pldm.set[s] = l.there;
	return CC_OK;
}

/* ---- state ---- */

static uint8_t link_state(const struct fw *fw)
{
	const struct fw_host *h = &fw->host[0];

	if (fw->env.reg_read)
		return fw->env.reg_read(h->ctx, CSR_SIG_PCS_OUT0) & OUT0_LINK ? LINK_CONNECTED : LINK_DISCONNECTED;
	if (h->link_known)
		return h->link_up ? LINK_CONNECTED : LINK_DISCONNECTED;
	return ST_UNKNOWN;
}

/* A card with bad fuses needs somebody; a dump of a crash wants to be read */
static uint8_t health(const struct fw *fw)
{
	if (fw->otp[0])
		return HEALTH_CRITICAL;
	for (unsigned int i = 0; i < fw->cfg.hosts; i++)
		if (fw->host[i].dump_kept)
			return HEALTH_NONCRITICAL;
	return HEALTH_NORMAL;
}

uint8_t pldm_get_states(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	unsigned int s = get_le16(in->p) - STATE_FIRST;
	uint8_t state;

	if (s >= STATE_SENSORS)
		return CC_SENSOR_ID;
	if (in->p[2] > 1)			/* a bit per sensor of the set, which has one */
		return CC_INVALID_DATA;
	switch (s) {
	case STATE_LINK:
		state = link_state(fw);
		break;
	case STATE_FW:
		state = health(fw);
		break;
	default:
		state = fw->host[0].module.kind == FW_MODULE_NONE ? NOT_PRESENT : PRESENT;
		break;
	}
	pldm_put8(o, 1);
	pldm_put8(o, OP_ENABLED);
	pldm_put8(o, state);
	pldm_put8(o, fw->pldm.was_state[s]);
	pldm_put8(o, state);
	fw->pldm.was_state[s] = state;
	return CC_OK;
}
