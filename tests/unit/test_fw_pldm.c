// SPDX-License-Identifier: GPL-2.0-or-later
/* PLDM: every command, every length that is wrong, sensors and records, what a BMC reads */
#include "fw_bmc.h"

/* ---- messages ---- */

static void what_is_no_request_gets_no_answer(void **st)
{
	const uint8_t good[] = { 0x81, 0, 2 };
	uint8_t m[3];

	(void)st;
	for (size_t len = 0; len < 3; len++)
		assert_int_equal(fw_pldm(f->fw, LINK, good, len, rsp, sizeof(rsp)), -FW_EBADMSG);
	memcpy(m, good, 3);
	m[0] = 1;					/* a response */
	assert_int_equal(fw_pldm(f->fw, LINK, m, 3, rsp, sizeof(rsp)), -FW_EBADMSG);
	for (unsigned int v = 1; v < 4; v++) {		/* header of another version */
		memcpy(m, good, 3);
		m[1] |= (uint8_t)(v << 6);
		assert_int_equal(fw_pldm(f->fw, LINK, m, 3, rsp, sizeof(rsp)), -FW_EBADMSG);
	}
	assert_int_equal(fw_refused(f->fw, FWR_PLDM_MESSAGE), 7);
	assert_int_equal(fw_pldm(f->fw, LINK, good, 3, rsp, sizeof(rsp)), 5);
	assert_int_equal(fw_pldm(f->fw, LINK, good, 3, rsp, FW_PLDM_MAX - 1), -FW_EINVAL);
	m[0] = 0xc1;					/* a datagram: done, not answered */
	m[1] = 0;
	assert_int_equal(fw_pldm(f->fw, LINK, (const uint8_t[]){ 0xc1, 0, 1, 9 }, 4, rsp, sizeof(rsp)), 0);
	assert_int_equal(ASK0(0, 2), 0);
	assert_int_equal(DATA[0], 9);
}

static void a_firmware_that_is_not_ready_says_so(void **st)
{
	uint8_t q[FW_PLDM_MAX];

	(void)st;
	fw_crash(f->fw, "test");
	assert_int_equal(fw_pldm(f->fw, LINK, (const uint8_t[]){ 0x81, 0, 2 }, 3, rsp, sizeof(rsp)), -FW_EBUSY);
	assert_int_equal(fw_pldm_pending(f->fw, LINK, q, sizeof(q)), -FW_EBUSY);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, (const uint8_t[]){ 1, 5, 0x15, 0 }, 4), -FW_EBUSY);
	assert_int_equal(fw_dump_take(f->fw, 0, false), -FW_EBUSY);
	assert_int_equal(fw_dump_read(f->fw, 0, 0, q, 1), -FW_EBUSY);
	assert_int_equal(fw_temperature(f->fw, &(int32_t){ 0 }, &(int32_t){ 0 }), -FW_EBUSY);
}

/* Of each command every length but its own; of each type every number that is none */
static void every_wrong_length_and_number(void **st)
{
	static const uint8_t zero[300];

	(void)st;
	for (unsigned int type = 0; type < 64; type++)
		for (unsigned int cmd = 0; cmd < 256; cmd++) {
			const struct pldm_cmd *c = pldm_cmd_find(type, cmd);

			if (type != 0 && type != 2 && type != 5) {
				assert_int_equal(ask_on(LINK, (uint8_t)type, (uint8_t)cmd, NULL, 0), 0x20);
				continue;
			}
			if (!c || c->ours) {
				assert_int_equal(ask_on(LINK, (uint8_t)type, (uint8_t)cmd, NULL, 0), 5);
				continue;
			}
			for (size_t len = 0; len < sizeof(zero); len++) {
				unsigned int code = ask_on(LINK, (uint8_t)type, (uint8_t)cmd, zero, len);

				if (len < c->min || len > c->max)
					assert_int_equal(code, 3);
				else if (c->max > c->min)
					assert_true(len == c->min ? code != 3 : code == 3);
				else
					assert_int_not_equal(code, 3);
			}
		}
}

static void versions_are_told(void **st)
{
	static const uint8_t version[3][4] = { { 0, 0xf0, 0xf0, 0xf1 }, { 0, 0xf0, 0xf2, 0xf1 }, { 0, 0xf0, 0xf0, 0xf1 } };
	static const uint8_t types[] = { 0, 2, 5 }, bits[8] = { 0x25 };

	(void)st;
	assert_int_equal(ASK0(0, 4), 0);
	assert_int_equal(rsp_len, 8);
	assert_memory_equal(DATA, bits, 8);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(ASK(0, 3, 0, 0, 0, 0, 1, types[i]), 0);
		assert_int_equal(rsp_len, 13);
		assert_int_equal(get_le32(DATA), 0);
		assert_int_equal(DATA[4], 5);
		assert_memory_equal(DATA + 5, version[i], 4);
		assert_int_equal(get_le32(DATA + 9), fw_crc32(0, version[i], 4));
		assert_int_equal(ASK(0, 5, types[i], version[i][0], version[i][1], version[i][2], version[i][3]), 0);
		assert_int_equal(rsp_len, 32);
		for (unsigned int cmd = 0; cmd < 256; cmd++) {
			const struct pldm_cmd *c = pldm_cmd_find(types[i], cmd);

			assert_int_equal(DATA[cmd / 8] >> cmd % 8 & 1, c && !c->ours);
		}
		assert_int_equal(ASK(0, 5, types[i], 1, 0xf0, 0xf0, 0xf1), 0x84);
	}
	assert_int_equal(fw_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(ASK(0, 3, 0, 0, 0, 0, 1, 1), 0x83);
	assert_int_equal(ASK(0, 3, 0, 0, 0, 0, 0, 0), 0x80);
	assert_int_equal(ASK(0, 3, 0, 0, 0, 0, 2, 0), 0x81);
	assert_int_equal(ASK(0, 5, 1, 0, 0xf0, 0xf0, 0xf1), 0x83);
}

static void a_terminus_id_is_kept(void **st)
{
	(void)st;
	assert_int_equal(ASK0(0, 2), 0);
	assert_int_equal(DATA[0], 0);
	assert_int_equal(ASK(0, 1, 0), 2);
	assert_int_equal(ASK(0, 1, 0xff), 2);
	assert_int_equal(ASK(0, 1, 42), 0);
	assert_int_equal(ASK0(0, 2), 0);
	assert_int_equal(DATA[0], 42);
	fw_restart(f->fw);
	assert_int_equal(ASK0(0, 2), 0);
	assert_int_equal(DATA[0], 0);
}

static void a_repetition_gets_the_same_response_once(void **st)
{
	const uint8_t req[] = { 0x85, 5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 0 };
	uint8_t first[FW_PLDM_MAX], changed[sizeof(req)];
	int n;

	(void)st;
	n = fw_pldm(f->fw, LINK, req, sizeof(req), first, sizeof(first));
	assert_int_equal(n, 7);
	assert_int_equal(first[3], 0);
	for (unsigned int i = 0; i < 3; i++) {
		fake_sleep(f, 1000 * MS);
		assert_int_equal(fw_pldm(f->fw, LINK, req, sizeof(req), rsp, sizeof(rsp)), n);
		assert_memory_equal(rsp, first, (size_t)n);
	}
	assert_int_equal(fw_counter(f->fw, FWC_PLDM_RETRIES), 3);
	/* another link, another instance, too late: not repetitions */
	assert_int_equal(fw_pldm(f->fw, FW_PLDM_MCTP, req, sizeof(req), rsp, sizeof(rsp)), 4);
	assert_int_equal(rsp[3], 0x81);
	fake_sleep(f, 2001 * MS);
	assert_int_equal(fw_pldm(f->fw, LINK, req, sizeof(req), rsp, sizeof(rsp)), 4);
	assert_int_equal(rsp[3], 0x81);
	memcpy(changed, req, sizeof(req));
	changed[0] = 0x86;
	assert_int_equal(fw_pldm(f->fw, LINK, changed, sizeof(req), rsp, sizeof(rsp)), 4);
	assert_int_equal(rsp[3], 0x81);
	/* something between: neither */
	assert_int_equal(ASK0(5, 0x1d), 0);
	assert_int_equal(fw_pldm(f->fw, LINK, req, sizeof(req), rsp, sizeof(rsp)), n);
	assert_int_equal(rsp[3], 0);
	assert_int_equal(fw_counter(f->fw, FWC_PLDM_RETRIES), 3);
}

/* ---- sensors ---- */

static int32_t reading(uint16_t id, uint8_t op, uint8_t state)
{
	assert_int_equal(ASK(2, 0x11, (uint8_t)id, 0, 0), 0);
	assert_int_equal(rsp_len, 10);
	assert_int_equal(DATA[0], 5);
	assert_int_equal(DATA[1], op);
	assert_int_equal(DATA[2], 0);
	assert_int_equal(DATA[3], state);
	assert_int_equal(DATA[5], state);
	return (int32_t)get_le32(DATA + 6);
}

static void the_cards_sensors(void **st)
{
	(void)st;
	assert_int_equal(reading(1, 0, 1), 41500);
	assert_int_equal(reading(2, 0, 1), 751);
	f->temp = -55000;
	assert_int_equal(reading(1, 0, 5), -55000);
	assert_int_equal(DATA[4], 1);			/* was normal */
	f->temp = 95000;
	reading(1, 0, 8);
	assert_int_equal(DATA[4], 5);
	f->temp = 105000;
	reading(1, 0, 9);
	f->volt = 675;
	reading(2, 0, 6);
	f->volt = 826;
	reading(2, 0, 9);
	f->sensor_err = -FW_EIO;
	assert_int_equal(reading(1, 4, 0), 0);
	f->fw->env.sensor = NULL;
	assert_int_equal(reading(1, 2, 0), 0);
	assert_int_equal(ASK(2, 0x11, 0, 0, 0), 0x80);
	assert_int_equal(ASK(2, 0x11, 8, 0, 0), 0x80);
	assert_int_equal(ASK(2, 0x11, 1, 1, 0), 0x80);
	assert_int_equal(ASK(2, 0x11, 1, 0, 2), 2);
}

static void the_modules_sensors(void **st)
{
	struct fw_module m = { .kind = FW_MODULE_OPTIC, .temp = 40000, .volt = 3300, .bias_ua = 7000, .tx_nw = 1000000,
			       .rx_nw = 30000 };

	(void)st;
	assert_int_equal(reading(3, 0, 1), 28000);	/* copper */
	assert_int_equal(reading(4, 0, 1), 3300);
	for (uint16_t i = 5; i < 8; i++)
		assert_int_equal(reading(i, 2, 0), 0);
	fw_set_module(f->fw, 0, &m);
	assert_int_equal(reading(3, 0, 1), 40000);
	assert_int_equal(reading(5, 0, 1), 7000);
	assert_int_equal(reading(6, 0, 1), 1000000);
	assert_int_equal(reading(7, 0, 6), 30000);	/* hardly any light: critical */
	m.rx_nw = 3000000000u;
	fw_set_module(f->fw, 0, &m);
	assert_int_equal(reading(7, 0, 9), INT32_MAX);
	m.kind = FW_MODULE_NONE;
	fw_set_module(f->fw, 0, &m);
	for (uint16_t i = 3; i < 8; i++)
		assert_int_equal(reading(i, 2, 0), 0);
}

static void limits(uint8_t id, const int32_t want[6])
{
	assert_int_equal(ASK(2, 0x12, id, 0), 0);
	assert_int_equal(rsp_len, 25);
	assert_int_equal(DATA[0], 5);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal((int32_t)get_le32(DATA + 1 + 4 * i), want[i]);
}

static unsigned int set_limits(uint8_t id, uint8_t size, const int32_t v[6])
{
	uint8_t p[27] = { id, 0, size };

	for (unsigned int i = 0; i < 6; i++)
		put_le32(p + 3 + 4 * i, (uint32_t)v[i]);
	return ask_on(LINK, 2, 0x13, p, sizeof(p));
}

static void limits_are_told_and_set(void **st)
{
	static const int32_t temp[6] = { 95000, 105000, 0, -1000 }, volt[6] = { 0, 825, 0, 0, 675 }, none[6];
	static const int32_t lower[6] = { 40000, 50000, 0, 10000 }, crossed[6] = { 50000, 40000, 0, 10000 };
	static const int32_t optic[6] = { 70000, 75000, 0, 0, -5000 };

	(void)st;
	limits(1, temp);
	limits(2, volt);
	limits(3, none);
	fw_set_module(f->fw, 0, &(struct fw_module){ .kind = FW_MODULE_CMIS });
	limits(3, optic);
	assert_int_equal(ASK(2, 0x12, 8, 0), 0x80);
	assert_int_equal(set_limits(1, 5, lower), 0);
	reading(1, 0, 8);
	limits(1, lower);
	assert_int_equal(set_limits(1, 5, crossed), 2);
	assert_int_equal(set_limits(1, 4, lower), 2);
	assert_int_equal(set_limits(3, 5, lower), 2);
	assert_int_equal(set_limits(0, 5, lower), 0x80);
	limits(1, lower);
	fw_restart(f->fw);
	limits(1, temp);
}

static void state(uint8_t id, uint8_t is, uint8_t was)
{
	assert_int_equal(ASK(2, 0x21, id, 0, 0, 0), 0);
	assert_int_equal(rsp_len, 5);
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 0);
	assert_int_equal(DATA[2], is);
	assert_int_equal(DATA[3], was);
	assert_int_equal(DATA[4], is);
}

static uint32_t pcs_up(void *ctx, uint32_t csr)
{
	(void)ctx;
	return csr == 0x11808 ? 1u << 27 : 0;
}

static void states_are_told(void **st)
{
	(void)st;
	state(16, 1, 0);			/* the fake's register has the bit set */
	f->fw->env.reg_read = pcs_up;
	state(16, 1, 1);
	f->fw->env.reg_read = NULL;
	state(16, 0, 1);			/* nobody told */
	fw_link(f->fw, 0, true);
	state(16, 1, 0);
	fw_link(f->fw, 0, false);
	state(16, 2, 1);
	state(17, 1, 0);
	fw_crash(f->fw, "test");
	fake_sleep(f, 1001 * MS);
	state(17, 2, 0);
	fw_set_otp(f->fw, 1, 0);
	state(17, 3, 2);
	state(18, 1, 0);
	fw_set_module(f->fw, 0, &(struct fw_module){ .kind = FW_MODULE_NONE });
	state(18, 2, 1);
	assert_int_equal(ASK(2, 0x21, 15, 0, 0, 0), 0x80);
	assert_int_equal(ASK(2, 0x21, 19, 0, 0, 0), 0x80);
	assert_int_equal(ASK(2, 0x21, 1, 0, 0, 0), 0x80);
	assert_int_equal(ASK(2, 0x21, 16, 0, 2, 0), 2);
}

/* ---- records ---- */

static unsigned int get_pdr(uint32_t record, uint32_t handle, uint8_t op, uint16_t want, uint16_t change)
{
	uint8_t p[13];

	put_le32(p, record);
	put_le32(p + 4, handle);
	p[8] = op;
	p[9] = (uint8_t)want;
	p[10] = (uint8_t)(want >> 8);
	p[11] = (uint8_t)change;
	p[12] = (uint8_t)(change >> 8);
	return ask_on(LINK, 2, 0x51, p, sizeof(p));
}

static uint8_t crc8(const uint8_t *p, size_t len)
{
	unsigned int crc = 0;

	for (size_t i = 0; i < 8 * len; i++) {
		unsigned int bit = p[i / 8] >> (7 - i % 8) & 1;

		crc = (crc << 1 & 0xff) ^ ((crc >> 7 ^ bit) & 1 ? 7 : 0);
	}
	return (uint8_t)crc;
}

static void records_are_walked(void **st)
{
	unsigned int n = 0, seen[8] = { 0 };
	size_t all = 0, longest = 0;
	uint32_t next = 0;

	(void)st;
	assert_int_equal(ASK(0, 1, 42), 0);
	do {
		assert_int_equal(get_pdr(next, 0, 1, 0xffff, 0), 0);
		next = get_le32(DATA);
		assert_int_equal(get_le32(DATA + 4), 0);
		assert_int_equal(DATA[8], 5);
		assert_int_equal(get_le16(DATA + 9), rsp_len - 11);
		assert_int_equal(get_le32(DATA + 11), ++n);
		assert_int_equal(DATA[15], 1);
		assert_int_equal(get_le16(DATA + 19), rsp_len - 21);
		seen[DATA[16]]++;
		if (n == 1)
			assert_int_equal(DATA[24], 42);
		all += (size_t)rsp_len - 11;
		if ((size_t)rsp_len - 11 > longest)
			longest = (size_t)rsp_len - 11;
	} while (next);
	assert_int_equal(seen[1], 1);
	assert_int_equal(seen[2], 7);
	assert_int_equal(seen[4], 3);
	assert_int_equal(seen[6], 10);
	assert_int_equal(ASK0(2, 0x50), 0);
	assert_int_equal(rsp_len, 40);
	assert_int_equal(DATA[0], 0);
	assert_int_equal(get_le32(DATA + 27), n);
	assert_int_equal(get_le32(DATA + 31), all);
	assert_int_equal(get_le32(DATA + 35), longest);
}

static void a_numeric_record_byte_by_byte(void **st)
{
	static const uint8_t want[] = {
		2, 0, 0, 0, 1, 2, 0, 0, 95, 0,			/* header */
		1, 0, 1, 0, 144, 0, 1, 0, 0, 0, 0, 1,		/* terminus, sensor, entity, no init, named */
		2, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 5,		/* milli Celsius, linear, 32 bits */
		0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0,	/* resolution 1, offset 0, no accuracy, tolerances */
		0, 0, 0, 0, 0x0b, 2, 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x3f,
		0xf0, 0x49, 0x02, 0, 0x28, 0x29, 0xff, 0xff,	/* 150000, -55000 */
		5, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x18, 0x73, 0x01, 0, 0x18, 0xfc, 0xff, 0xff,	/* warnings: 95000, -1000 */
		0x28, 0x9a, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t name[] = { 3, 0, 0, 0, 1, 6, 0, 0, 33, 0, 1, 0, 1, 0, 1, 1, 'e', 'n', 0, 0, 't', 0, 'e' };

	(void)st;
	assert_int_equal(get_pdr(2, 0, 1, 500, 0), 0);
	assert_int_equal(rsp_len - 11, sizeof(want));
	assert_memory_equal(DATA + 11, want, sizeof(want));
	assert_int_equal(get_pdr(3, 0, 1, 500, 0), 0);
	assert_memory_equal(DATA + 11, name, sizeof(name));
}

static void records_in_parts_of_every_size(void **st)
{
	uint8_t whole[256], got[256];

	(void)st;
	assert_int_equal(get_pdr(2, 0, 1, 500, 0), 0);
	size_t len = (size_t)rsp_len - 11;

	memcpy(whole, DATA + 11, len);
	for (uint16_t part = 1; part < len; part++) {
		uint32_t handle = 0;
		size_t at = 0;

		do {
			unsigned int flag;

			assert_int_equal(get_pdr(2, handle, handle ? 0 : 1, part, 0), 0);
			flag = DATA[8];
			assert_int_equal(flag, !handle ? 0 : get_le32(DATA + 4) ? 1 : 4);
			memcpy(got + at, DATA + 11, get_le16(DATA + 9));
			at += get_le16(DATA + 9);
			handle = get_le32(DATA + 4);
			if (flag == 4)
				assert_int_equal(rsp[3 + rsp_len], crc8(whole, len));
		} while (handle);
		assert_int_equal(at, len);
		assert_memory_equal(got, whole, len);
	}
	assert_int_equal(get_pdr(22, 0, 1, 500, 0), 0x82);
	assert_int_equal(get_pdr(0xffffffff, 0, 1, 500, 0), 0x82);
	assert_int_equal(get_pdr(2, 0, 2, 500, 0), 0x81);
	assert_int_equal(get_pdr(2, 0, 0, 500, 0), 0x80);
	assert_int_equal(get_pdr(2, (uint32_t)len, 0, 500, 0), 0x80);
	assert_int_equal(get_pdr(2, 0xffffffff, 0, 500, 0), 0x80);
	assert_int_equal(get_pdr(2, 0, 1, 500, 1), 0x83);
	assert_int_equal(get_pdr(2, 0, 1, 0, 0), 2);
}

/* ---- identity ---- */

static void identifiers_are_those_of_packages(void **st)
{
	static const uint8_t want[] = {
		57, 0, 0, 0, 6,
		0, 0, 2, 0, 0x9b, 0x1d, 1, 0, 4, 0, 0x15, 0xa0, 0, 0, 0, 1, 2, 0, 0x13, 0, 1, 1, 2, 0, 0x9b, 0x1d,
		2, 1, 2, 0, 0x13, 0, 0xff, 0xff, 21, 0, 1, 15, 'A', 'n', 't', 'i', 'R', 'o', 'l', 'l', 'b', 'a', 'c', 'k',
		'V', 'e', 'r', 0, 0, 0, 0,
	};

	(void)st;
	assert_int_equal(ASK0(5, 1), 0);
	assert_int_equal(rsp_len, sizeof(want));
	assert_memory_equal(DATA, want, sizeof(want));
}

/* ---- dumps, temperatures ---- */

static void the_bmc_reads_the_hosts_dump(void **st)
{
	static uint8_t all[DUMP_MAX];
	uint8_t b[16];
	int n;

	(void)st;
	assert_int_equal(fw_dump_read(f->fw, 0, 0, b, 1), -FW_ENOENT);
	assert_int_equal(fw_dump_take(f->fw, 0, true), -FW_ENOENT);
	n = fw_dump_take(f->fw, 0, false);
	assert_in_range(n, 1000, DUMP_MAX);
	assert_int_equal(n, f->fw->host[0].dump_size);
	for (int i = 0; i < n; i += 7)
		assert_int_equal(fw_dump_read(f->fw, 0, (uint32_t)i, all + i, (size_t)(n - i < 7 ? n - i : 7)), 0);
	assert_memory_equal(all, f->fw->host[0].dump, (size_t)n);
	assert_int_equal(fw_dump_read(f->fw, 0, (uint32_t)n, b, 0), 0);
	assert_int_equal(fw_dump_read(f->fw, 0, (uint32_t)n, b, 1), -FW_EINVAL);
	assert_int_equal(fw_dump_read(f->fw, 0, 0xffffffff, b, 2), -FW_EINVAL);
	fw_crash(f->fw, "test");
	fake_sleep(f, 1001 * MS);
	assert_int_equal(fw_dump_read(f->fw, 0, 0, b, 16), -FW_ENOENT);	/* it is another one now */
	n = fw_dump_take(f->fw, 0, true);
	assert_int_equal(fw_dump_take(f->fw, 0, false), n);		/* a crash is not thrown away */
	assert_int_equal(fw_dump_read(f->fw, 0, 0, all, (size_t)n), 0);
	assert_true(f->fw->host[0].dump_kept);					/* the host still has to report it */
	assert_memory_equal(all, "OFBDUMP1", 8);
	power();
	assert_int_equal(fw_dump_take(f->fw, 0, true), n);
}

static void temperatures(void **st)
{
	int32_t max, now, alarm, warning;

	(void)st;
	assert_int_equal(fw_temperature(f->fw, &max, &now), 0);
	assert_int_equal(max, 95000);
	assert_int_equal(now, 41500);
	assert_int_equal(fw_module_temperature(f->fw, 0, &alarm, &warning, &now), 0);
	assert_int_equal(alarm, 0);
	assert_int_equal(now, 28000);
	fw_set_module(f->fw, 0, &(struct fw_module){ .kind = FW_MODULE_OPTIC, .temp = 33000 });
	assert_int_equal(fw_module_temperature(f->fw, 0, &alarm, &warning, &now), 0);
	assert_int_equal(alarm, 75000);
	assert_int_equal(warning, 70000);
	assert_int_equal(now, 33000);
	fw_set_module(f->fw, 0, &(struct fw_module){ .kind = FW_MODULE_NONE });
	assert_int_equal(fw_module_temperature(f->fw, 0, &alarm, &warning, &now), -FW_ENODEV);
	f->sensor_err = -FW_EIO;
	assert_int_equal(fw_temperature(f->fw, &max, &now), -FW_EIO);
	f->fw->env.sensor = NULL;
	assert_int_equal(fw_temperature(f->fw, &max, &now), -FW_EOPNOTSUPP);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, bmc_setup, bmc_teardown)

int main(void)
{
	const struct CMUnitTest t[] = {
		TEST(what_is_no_request_gets_no_answer),
		TEST(a_firmware_that_is_not_ready_says_so),
		TEST(every_wrong_length_and_number),
		TEST(versions_are_told),
		TEST(a_terminus_id_is_kept),
		TEST(a_repetition_gets_the_same_response_once),
		TEST(the_cards_sensors),
		TEST(the_modules_sensors),
		TEST(limits_are_told_and_set),
		TEST(states_are_told),
		TEST(records_are_walked),
		TEST(a_numeric_record_byte_by_byte),
		TEST(records_in_parts_of_every_size),
		TEST(identifiers_are_those_of_packages),
		TEST(the_bmc_reads_the_hosts_dump),
		TEST(temperatures),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
