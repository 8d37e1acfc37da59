// SPDX-License-Identifier: GPL-2.0-or-later
/* What a card tells of itself: types, records, sensors, versions, dumps */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../src/fw/crc.h"
#include "bmc_ua.h"

#define RECORD_MAX	1024u
#define RECORDS_MAX	1000u		/* a repository that goes in circles ends */
#define SENSORS_MAX	64u
#define NAME_MAX	48u

enum { BASE = 0, PLATFORM = 2, FWUP = 5 };
enum { PDR_TERMINUS = 1, PDR_NUMERIC = 2, PDR_STATE = 4, PDR_NAMES = 6 };

static uint32_t le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int must(struct ua *u, int n, int least, const char *what)
{
	if (n >= least)
		return 0;
	return ua_fail(u, n < 0 ? n : -EPROTO, what);
}

/* ---- records ---- */

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

static void put_le(uint8_t *p, uint32_t v, unsigned int n)
{
	for (; n--; v >>= 8)
		*p++ = (uint8_t)v;
}

/* Record @handle, part by part; its length, and the handle of the next one */
static int get_record(struct ua *u, uint32_t handle, uint8_t *rec, uint32_t *next)
{
	uint8_t q[13] = { 0 }, r[BMC_MESSAGE_MAX];
	uint32_t part = 0;
	size_t len = 0, n;
	int got;

	do {
		put_le(q, handle, 4);
		put_le(q + 4, part, 4);
		q[8] = !len;			/* the first part, or the next one */
		put_le(q + 9, 512, 2);
		got = ua_request(u, PLATFORM, 0x51, q, sizeof(q), r, sizeof(r));
		if (must(u, got, 11, "GetPDR"))
			return got < 0 ? got : -EPROTO;
		*next = le32(r);
		part = le32(r + 4);
		n = le16(r + 9);
		if (!n || n > (size_t)got - 11 || n > RECORD_MAX - len)
			return ua_fail(u, -EPROTO, "GetPDR");
		memcpy(rec + len, r + 11, n);
		len += n;
		if (r[8] == 4 && ((size_t)got < 12 + n || r[11 + n] != crc8(rec, len)))
			return ua_fail(u, -EBADMSG, "GetPDR");
	} while (part);
	if (len < 10 || le16(rec + 8) != len - 10)
		return ua_fail(u, -EPROTO, "a record");
	return (int)len;
}

static int walk(struct ua *u, void (*fn)(void *arg, const uint8_t *rec, size_t len), void *arg)
{
	uint8_t rec[RECORD_MAX];
	uint32_t handle = 0;

	for (unsigned int i = 0; i < RECORDS_MAX; i++) {
		int len = get_record(u, handle, rec, &handle);

		if (len < 0)
			return len;
		fn(arg, rec, (size_t)len);
		if (!handle)
			return 0;
	}
	return ua_fail(u, -ELOOP, "the records");
}

/* ---- sensors ---- */

struct sensor {
	uint16_t	id, set;	/* set: of a state sensor */
	bool		state;
	uint8_t		unit;
	int8_t		exponent;
	char		name[NAME_MAX];
};

struct sensors {
	unsigned int	n;
	struct sensor	s[SENSORS_MAX];
};

static struct sensor *sensor_of(struct sensors *all, uint16_t id)
{
	for (unsigned int i = 0; i < all->n; i++)
		if (all->s[i].id == id)
			return &all->s[i];
	if (all->n == SENSORS_MAX)
		return NULL;
	all->s[all->n] = (struct sensor){ .id = id };
	snprintf(all->s[all->n].name, NAME_MAX, "sensor %u", id);
	return &all->s[all->n++];
}

/* The first name, its ASCII part */
static void learn_name(struct sensor *s, const uint8_t *rec, size_t len)
{
	size_t at = 16, n = 0;

	while (at < len && rec[at])		/* language */
		at++;
	for (at++; at + 1 < len && n < NAME_MAX - 1 && (rec[at] || rec[at + 1]); at += 2)
		s->name[n++] = rec[at] || rec[at + 1] < ' ' || rec[at + 1] > '~' ? '?' : (char)rec[at + 1];
	s->name[n] = 0;
}

static void learn(void *arg, const uint8_t *rec, size_t len)
{
	struct sensor *s;

	if (len < 16 || (rec[5] != PDR_NUMERIC && rec[5] != PDR_STATE && rec[5] != PDR_NAMES))
		return;
	s = sensor_of(arg, (uint16_t)le16(rec + 12));
	if (!s)
		return;
	if (rec[5] == PDR_NUMERIC && len > 24) {
		s->unit = rec[22];
		s->exponent = (int8_t)rec[23];
	} else if (rec[5] == PDR_STATE && len >= 25) {
		s->state = true;
		s->set = (uint16_t)le16(rec + 23);
	} else if (rec[5] == PDR_NAMES) {
		learn_name(s, rec, len);
	}
}

/* A reading whose size is in @p[0]; false: nobody knows */
static bool reading(const uint8_t *p, size_t len, unsigned int size, int64_t *v)
{
	static const uint8_t bytes[] = { 1, 1, 2, 2, 4, 4 };
	uint32_t raw = 0;

	if (size >= sizeof(bytes) || len < bytes[size])
		return false;
	for (unsigned int i = 0; i < bytes[size]; i++)
		raw |= (uint32_t)p[i] << 8 * i;
	*v = size == 1 ? (int8_t)raw : size == 3 ? (int16_t)raw : size == 5 ? (int32_t)raw : (int64_t)raw;
	return true;
}

/* 41500 with exponent -3 as 41.500 */
static void print_scaled(FILE *out, int64_t v, int exponent)
{
	uint64_t mag = v < 0 ? (uint64_t)-v : (uint64_t)v, div = 1;

	if (v < 0)
		fputc('-', out);
	for (int e = exponent; e < 0 && e > -18; e++)
		div *= 10;
	fprintf(out, "%llu", (unsigned long long)(mag / div));
	for (int e = exponent; e > 0 && mag; e--)
		fputc('0', out);
	if (div > 1)
		fprintf(out, ".%0*llu", -exponent, (unsigned long long)(mag % div));
}

static const char *operational(uint8_t op)
{
	static const char *const names[] = { "enabled", "disabled", "unavailable", "status unknown", "failed",
					     "initializing", "shutting down", "in test" };

	return op < sizeof(names) / sizeof(names[0]) ? names[op] : "?";
}

static int show_numeric(struct ua *u, const struct sensor *s)
{
	static const char *const units[] = { [2] = "C", [5] = "V", [6] = "A", [7] = "W" };
	static const char *const states[] = {
		"unknown", "normal", "warning", "critical", "fatal", "low warning", "low critical", "low fatal",
		"high warning", "high critical", "high fatal",
	};
	const uint8_t q[3] = { (uint8_t)s->id, (uint8_t)(s->id >> 8), 0 };
	uint8_t r[16];
	int n = ua_request(u, PLATFORM, 0x11, q, sizeof(q), r, sizeof(r));
	int64_t v = 0;

	if (must(u, n, 7, s->name))
		return n < 0 ? n : -EPROTO;
	if (!reading(r + 6, (size_t)n - 6, r[0], &v))
		return ua_fail(u, -EPROTO, s->name);
	fprintf(u->out, "%u\t%s\t", s->id, s->name);
	if (r[1]) {
		fprintf(u->out, "%s\n", operational(r[1]));
		return 0;
	}
	print_scaled(u->out, v, s->exponent);
	fprintf(u->out, " %s\t%s\n", s->unit < 8 && units[s->unit] ? units[s->unit] : "?",
		r[3] < sizeof(states) / sizeof(states[0]) ? states[r[3]] : "?");
	return 0;
}

static const char *state_text(unsigned int set, uint8_t state)
{
	static const struct { uint16_t set; uint8_t state; const char *text; } t[] = {
		{ 1, 1, "normal" }, { 1, 2, "non-critical" }, { 1, 3, "critical" }, { 1, 4, "fatal" },
		{ 13, 1, "present" }, { 13, 2, "not present" }, { 33, 1, "connected" }, { 33, 2, "disconnected" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].set == set && t[i].state == state)
			return t[i].text;
	return state ? "?" : "unknown";
}

static int show_state(struct ua *u, const struct sensor *s)
{
	const uint8_t q[4] = { (uint8_t)s->id, (uint8_t)(s->id >> 8), 0, 0 };
	uint8_t r[1 + 4 * 8];
	int n = ua_request(u, PLATFORM, 0x21, q, sizeof(q), r, sizeof(r));

	if (must(u, n, 5, s->name))
		return n < 0 ? n : -EPROTO;
	fprintf(u->out, "%u\t%s\t%s\n", s->id, s->name, r[1] ? operational(r[1]) : state_text(s->set, r[2]));
	return 0;
}

int ua_sensors(struct ua *u)
{
	static struct sensors all;
	int err;

	all.n = 0;
	err = walk(u, learn, &all);
	for (unsigned int i = 0; i < all.n && !err; i++)
		err = all.s[i].state ? show_state(u, &all.s[i]) : show_numeric(u, &all.s[i]);
	return err;
}

/* ---- discovery ---- */

static void show_record(void *arg, const uint8_t *rec, size_t len)
{
	struct ua *u = arg;

	fprintf(u->out, "record %u: ", le32(rec));
	if (rec[5] == PDR_TERMINUS && len >= 18)
		fprintf(u->out, "terminus, TID %u\n", rec[13]);
	else if ((rec[5] == PDR_NUMERIC || rec[5] == PDR_STATE) && len >= 18)
		fprintf(u->out, "%s sensor %u of entity %u.%u\n", rec[5] == PDR_NUMERIC ? "numeric" : "state",
			le16(rec + 12), le16(rec + 14), le16(rec + 16));
	else if (rec[5] == PDR_NAMES && len >= 16) {
		struct sensor s = { 0 };

		learn_name(&s, rec, len);
		fprintf(u->out, "name of sensor %u: %s\n", le16(rec + 12), s.name);
	} else {
		fprintf(u->out, "type %u, %zu bytes\n", rec[5], len);
	}
}

static int show_type(struct ua *u, uint8_t type)
{
	uint8_t q[6] = { 0, 0, 0, 0, 1, type }, c[5] = { type }, r[64];
	unsigned int digit[3];
	int n = ua_request(u, BASE, 3, q, sizeof(q), r, sizeof(r));

	if (must(u, n, 13, "GetPLDMVersion"))
		return n < 0 ? n : -EPROTO;
	if (le32(r + n - 4) != fw_crc32(0, r + 5, (size_t)n - 9))
		return ua_fail(u, -EBADMSG, "GetPLDMVersion");
	for (unsigned int i = 0; i < 3; i++)
		digit[i] = r[8 - i] >= 0xf0 ? r[8 - i] & 15u : r[8 - i];
	fprintf(u->out, "type %u, version %u.%u.%u, commands", type, digit[0], digit[1], digit[2]);
	memcpy(c + 1, r + 5, 4);
	n = ua_request(u, BASE, 5, c, sizeof(c), r, sizeof(r));
	if (n < 32)
		fputc('\n', u->out);
	if (must(u, n, 32, "GetPLDMCommands"))
		return n < 0 ? n : -EPROTO;
	for (unsigned int i = 0; i < 256; i++)
		if (r[i / 8] & 1u << i % 8)
			fprintf(u->out, " 0x%02x", i);
	fputc('\n', u->out);
	return 0;
}

int ua_discover(struct ua *u)
{
	uint8_t r[64], types[8];
	int n = ua_request(u, BASE, 2, NULL, 0, r, sizeof(r)), err = 0;

	if (must(u, n, 1, "GetTID"))
		return n < 0 ? n : -EPROTO;
	fprintf(u->out, "TID %u\n", r[0]);
	n = ua_request(u, BASE, 4, NULL, 0, types, sizeof(types));
	if (must(u, n, 8, "GetPLDMTypes"))
		return n < 0 ? n : -EPROTO;
	for (unsigned int t = 0; t < 64 && !err; t++)
		if (types[t / 8] & 1u << t % 8)
			err = show_type(u, (uint8_t)t);
	if (err || !(types[0] & 1u << PLATFORM))
		return err;
	n = ua_request(u, PLATFORM, 0x50, NULL, 0, r, sizeof(r));
	if (must(u, n, 40, "GetPDRRepositoryInfo"))
		return n < 0 ? n : -EPROTO;
	fprintf(u->out, "%u records, %u bytes\n", le32(r + 27), le32(r + 31));
	return walk(u, show_record, u);
}

/* ---- versions ---- */

static void print_text(FILE *out, const uint8_t *p, size_t len)
{
	if (!len)
		fputc('-', out);
	while (len--) {
		fputc(*p >= ' ' && *p <= '~' ? *p : '?', out);
		p++;
	}
}

static int show_ids(struct ua *u)
{
	uint8_t r[BMC_MESSAGE_MAX];
	int n = ua_request(u, FWUP, 1, NULL, 0, r, sizeof(r));
	size_t at = 5, end;

	if (must(u, n, 5, "QueryDeviceIdentifiers"))
		return n < 0 ? n : -EPROTO;
	end = (size_t)n;
	for (unsigned int i = 0; i < r[4]; i++) {
		size_t len;

		if (end - at < 4 || le16(r + at + 2) > end - at - 4)
			return ua_fail(u, -EPROTO, "QueryDeviceIdentifiers");
		len = le16(r + at + 2);
		fprintf(u->out, "identifier 0x%04x:", le16(r + at));
		for (size_t k = 0; k < len; k++)
			fprintf(u->out, " %02x", r[at + 4 + k]);
		fputc('\n', u->out);
		at += 4 + len;
	}
	return 0;
}

int ua_info(struct ua *u)
{
	uint8_t r[BMC_MESSAGE_MAX];
	unsigned int count;
	size_t at, end;
	int n, err = show_ids(u);

	if (err)
		return err;
	n = ua_request(u, FWUP, 2, NULL, 0, r, sizeof(r));
	if (must(u, n, 10, "GetFirmwareParameters"))
		return n < 0 ? n : -EPROTO;
	end = (size_t)n;
	at = 10u + r[7] + r[9];
	count = le16(r + 4);
	if (at > end)
		return ua_fail(u, -EPROTO, "GetFirmwareParameters");
	fprintf(u->out, "capabilities 0x%08x, active ", le32(r));
	print_text(u->out, r + 10, r[7]);
	fprintf(u->out, ", pending ");
	print_text(u->out, r + 10 + r[7], r[9]);
	fputc('\n', u->out);
	while (count--) {
		const uint8_t *c = r + at;
		size_t a, p;

		if (end - at < 39 || (a = c[10], p = c[24], a + p > end - at - 39))
			return ua_fail(u, -EPROTO, "GetFirmwareParameters");
		fprintf(u->out, "component %u, class %u: active ", le16(c + 2), le16(c));
		print_text(u->out, c + 39, a);
		fprintf(u->out, ", pending ");
		print_text(u->out, c + 39 + a, p);
		fprintf(u->out, ", activation 0x%04x\n", le16(c + 33));
		at += 39 + a + p;
	}
	return 0;
}

/* ---- Meta's Get Debug Data ---- */

#define META		0x1d9bu
enum { OP_FIRST = 1, OP_MIDDLE = 2, OP_LAST = 4 };

static int dump_part(struct ua *u, uint8_t q[20], uint8_t *r, size_t cap)
{
	int n = u->link->command(u->link->ctx, 0x50, q, 20, r, cap);

	if (n < 0)
		return ua_fail(u, n, "Get Debug Data");
	if (r[0] || r[1]) {
		fprintf(u->out, "Get Debug Data: response %u/0x%02x%02x\n", r[1], r[2], r[3]);
		return -EREMOTEIO;
	}
	if (n < 20 || be32(r + 4) != META || r[8] != 1 || r[9] != 0x30 || ((unsigned int)r[10] << 8 | r[11]) < 8 ||
	    (size_t)((unsigned int)r[10] << 8 | r[11]) > (size_t)n - 12)
		return ua_fail(u, -EPROTO, "Get Debug Data");
	memcpy(q + 12, r + 12, 4);
	q[17] = 0;
	return (int)((unsigned int)r[10] << 8 | r[11]) - 8;
}

int ua_dump(struct ua *u, FILE *to, int crash)
{
	uint8_t q[20] = { 0, 0, META >> 8, META & 0xff, 1, 0x30, 0, 8, [17] = 1, [19] = crash != 0 }, r[1480];
	uint32_t total = 0, got = 0, crc = 0;
	bool last = false;

	if (!u->link->command)
		return ua_fail(u, -EOPNOTSUPP, "Get Debug Data is an NC-SI command");
	for (bool first = true; !last; first = false) {
		int n = dump_part(u, q, r, sizeof(r));
		const uint8_t *d = r + 20;
		uint8_t op = r[17];

		if (n < 0)
			return n;
		last = op & OP_LAST;
		if (first != !!(op & OP_FIRST) || n < (first ? 4 : 0) + (last ? 4 : 0) || (!first && !(op & 6)) ||
		    (!last && n <= (first ? 4 : 0)))
			return ua_fail(u, -EPROTO, "Get Debug Data");
		if (first) {
			total = be32(d);
			d += 4;
			n -= 4;
		}
		n -= last ? 4 : 0;
		if ((uint32_t)n > total - got || (last && got + (uint32_t)n != total))
			return ua_fail(u, -EPROTO, "Get Debug Data");
		crc = fw_crc32(crc, d, (size_t)n);
		got += (uint32_t)n;
		if (fwrite(d, 1, (size_t)n, to) != (size_t)n)
			return ua_fail(u, -errno, "the dump's file");
		if (last && crc != be32(d + n))
			return ua_fail(u, -EBADMSG, "Get Debug Data");
	}
	fprintf(u->out, "%u bytes\n", total);
	return 0;
}
