// SPDX-License-Identifier: GPL-2.0-or-later
/* PLDM: every command, every length that is wrong, every state; updates by the BMC, step by step */
#include "fw_fake.h"

#define OLD	FW_VERSION(26, 11, 0, 1)
#define NEW	FW_VERSION(26, 12, 1, 7)
#define LINK	FW_PLDM_NCSI

static struct fake *f;
static uint8_t img[0x10000], rsp[FW_PLDM_MAX];
static int rsp_len;
static uint8_t iid;
static unsigned int told;

static void on_request(void *ctx, enum fw_pldm_link link)
{
	(void)ctx;
	assert_int_equal(link, LINK);
	told++;
}

static int setup(void **st)
{
	(void)st;
	f = fake_new();
	f->fw->env.bmc.request = on_request;
	drv_open(f);
	iid = 0;
	told = 0;
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	fake_free(f);
	return 0;
}

static void power(void)
{
	memset(f->word, 0, sizeof(f->word));
	f->aw = f->ar = false;
	fw_power(f->fw);
	drv_open(f);
}

/* ---- a BMC ---- */

/* The completion code of a request; the instance is a new one */
static unsigned int ask_on(enum fw_pldm_link link, uint8_t type, uint8_t cmd, const void *p, size_t len)
{
	uint8_t req[600] = { 0 };

	iid = (iid + 1) & 31;
	req[0] = 0x80 | iid;
	req[1] = type;
	req[2] = cmd;
	if (len)
		memcpy(req + 3, p, len);
	memset(rsp, 0xee, sizeof(rsp));
	rsp_len = fw_pldm(f->fw, link, req, 3 + len, rsp, sizeof(rsp));
	assert_in_range(rsp_len, 4, sizeof(rsp));
	assert_int_equal(rsp[0], iid);
	assert_int_equal(rsp[1], type);
	assert_int_equal(rsp[2], cmd);
	if (rsp[3])
		assert_int_equal(rsp_len, 4);
	rsp_len -= 4;
	return rsp[3];
}

#define ASK(type, cmd, ...) ask_on(LINK, type, cmd, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define ASK0(type, cmd) ask_on(LINK, type, cmd, NULL, 0)
#define DATA (rsp + 4)

static unsigned int request_update(void)
{
	return ASK(5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 2, 'v', '1');
}

static unsigned int pass(uint8_t flag, uint8_t id)
{
	return ASK(5, 0x13, flag, id == 3 ? 6 : 10, 0, id, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 1, 'x');
}

static unsigned int component(uint8_t id, uint32_t size)
{
	return ASK(5, 0x14, id == 3 ? 6 : 10, 0, id, 0, 0, 0xff, 0xff, 0xff, 0xff, (uint8_t)size, (uint8_t)(size >> 8),
		   (uint8_t)(size >> 16), (uint8_t)(size >> 24), 0, 0, 0, 0, 1, 1, 'x');
}

static void ready(uint8_t id)
{
	assert_int_equal(request_update(), 0);
	assert_int_equal(pass(5, id), 0);
	assert_int_equal(DATA[0], 0);
}

static void download(uint8_t id, uint32_t size)
{
	ready(id);
	assert_int_equal(component(id, size), 0);
	assert_int_equal(rsp_len, 8);
	assert_int_equal(DATA[0], 0);
	assert_int_equal(DATA[1], 0);
}

/* The card's request in @q; its length, 0: none */
static int pending(uint8_t q[FW_PLDM_MAX])
{
	int n = fw_pldm_pending(f->fw, LINK, q, FW_PLDM_MAX);

	assert_true(n >= 0);
	if (n) {
		assert_int_equal(q[0] & 0xe0, 0x80);
		assert_int_equal(q[1], 5);
	}
	return n;
}

static int reply(const uint8_t *q, uint8_t code, const void *p, size_t len)
{
	uint8_t r[FW_PLDM_MAX];

	r[0] = q[0] & 0x1f;
	r[1] = q[1];
	r[2] = q[2];
	r[3] = code;
	if (len)
		memcpy(r + 4, p, len);
	return fw_pldm_reply(f->fw, LINK, r, 4 + len);
}

/* Answers @n requests for data of img */
static void feed(unsigned int n)
{
	uint8_t q[FW_PLDM_MAX];

	while (n--) {
		assert_int_equal(pending(q), 11);
		assert_int_equal(q[2], 0x15);
		assert_int_equal(reply(q, 0, img + get_le32(q + 3), get_le32(q + 7)), 0);
	}
}

/* The card reports: command and result; and we answer */
static void report(uint8_t cmd, uint8_t result)
{
	uint8_t q[FW_PLDM_MAX];

	assert_int_equal(pending(q), cmd == 0x18 ? 6 : 4);
	assert_int_equal(q[2], cmd);
	assert_int_equal(q[3], result);
	assert_int_equal(reply(q, 0, NULL, 0), 0);
}

static unsigned int chunks(uint32_t size)
{
	return (size + 1023) / 1024;
}

static void update_component_fully(uint8_t id, uint32_t size)
{
	assert_int_equal(component(id, size), 0);
	assert_int_equal(DATA[0], 0);
	feed(chunks(size));
	report(0x16, 0);
	report(0x17, 0);
	report(0x18, 0);
}

static void status(uint8_t state, uint8_t prev, uint8_t aux, uint8_t why_failed, uint8_t percent, uint8_t reason)
{
	const uint8_t want[] = { state, prev, aux, why_failed, percent, reason };

	assert_int_equal(ASK0(5, 0x1b), 0);
	assert_int_equal(rsp_len, 10);
	assert_memory_equal(DATA, want, sizeof(want));
}

static uint32_t stored(void)
{
	return flash_stored(f->fw, PART_CONTROL)->version;
}

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

static void parameters_show_what_runs_and_what_is_stored(void **st)
{
	static const uint8_t set[] = { 12, 0, 0, 0, 3, 0, 1, 12, 0, 0, '2', '6', '.', '1', '1', '.', '0', '0', '-', '0', '0', '1' };
	uint32_t size = make_image(img, 1, NEW, "new", 0, 100);
	const uint8_t *c;

	(void)st;
	assert_int_equal(ASK0(5, 2), 0);
	assert_memory_equal(DATA, set, sizeof(set));
	assert_int_equal(rsp_len, (int)sizeof(set) + 3 * (39 + 12));
	c = DATA + sizeof(set);
	for (unsigned int i = 0; i < 3; i++, c += 39 + 12) {
		assert_int_equal(get_le16(c), i == 2 ? 6 : 10);
		assert_int_equal(get_le16(c + 2), i == 2 ? 3 : i);
		assert_int_equal(get_le32(c + 5), OLD);
		assert_int_equal(c[24], 0);
		assert_int_equal(get_le16(c + 33), 0x30);
		assert_memory_equal(c + 39, set + 10, 12);
	}
	ready(1);
	update_component_fully(1, size);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	assert_int_equal(ASK0(5, 2), 0);
	assert_int_equal(DATA[9], 12);
	assert_memory_equal(DATA + 22, "26.12.01-007", 12);
	c = DATA + 34 + 39 + 12;
	assert_int_equal(get_le32(c + 19), NEW);
	assert_int_equal(c[24], 12);
	assert_memory_equal(c + 39 + 12, "26.12.01-007", 12);
}

/* ---- updates ---- */

static void the_whole_way_for_every_component(void **st)
{
	static const uint8_t ids[] = { 0, 1, 3 };

	(void)st;
	for (unsigned int i = 0; i < 3; i++)
		for (uint32_t len = 0; len < 5000; len += len < 3 ? 1 : 961) {
			uint32_t size;
			struct fw_in in;
			uint8_t b[4096];

			teardown(NULL);
			setup(NULL);
			size = make_image(img, ids[i], NEW, "new", 0, len);
			DRV_SEND(f, 0x00018010);
			drv_reap(f);
			drv_expect(f, 0x11, &in, b);
			status(0, 0, 3, 0, 101, 0);
			assert_int_equal(request_update(), 0);
			assert_int_equal(rsp_len, 3);
			status(1, 0, 3, 0, 101, 0);
			assert_int_equal(pass(5, ids[i]), 0);
			assert_int_equal(rsp_len, 2);
			status(2, 1, 3, 0, 101, 0);
			assert_int_equal(component(ids[i], size), 0);
			status(3, 2, 0, 0, 0, 0);
			feed(chunks(size));
			status(3, 2, 1, 0, 100, 0);
			report(0x16, 0);
			status(4, 3, 1, 0, 101, 0);
			report(0x17, 0);
			status(5, 4, 1, 0, 101, 0);
			report(0x18, 0);
			status(2, 5, 3, 0, 101, 0);
			assert_int_equal(pending(b), 0);
			assert_int_equal(drv_recv(f, b), 0);
			assert_int_equal(ASK(5, 0x1a, 0), 0);
			assert_int_equal(rsp_len, 2);
			status(0, 6, 3, 0, 101, 1);
			drv_expect(f, 0x11, &in, b);			/* the host sees it at once */
			assert_int_equal(tlv_uint(&in.a[ids[i] == 0 ? 0xe : ids[i] == 1 ? 0x4 : 0x11]), NEW);
			if (ids[i] == 1)
				assert_string_equal((const char *)in.a[0xc].p, "new");
			assert_int_equal(f->fw->running[PART_CONTROL].version, OLD);
			power();
			for (unsigned int p = 0; p < 3; p++)
				assert_int_equal(f->fw->running[p].version, p == i ? NEW : OLD);
			assert_int_equal(fw_counter(f->fw, FWC_UPDATES), 1);
			assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 0);
			assert_int_equal(fake_refusals(f), 0);
		}
}

/* All of a package becomes stored at once, or nothing of it */
static void three_components_at_once(void **st)
{
	static const uint8_t ids[] = { 0, 1, 3 };

	(void)st;
	for (unsigned int cut = 0; cut < 2; cut++) {
		assert_int_equal(request_update(), 0);
		assert_int_equal(pass(1, 0), 0);
		assert_int_equal(pass(2, 1), 0);
		assert_int_equal(pass(4, 3), 0);
		for (unsigned int i = 0; i < 3; i++) {
			uint32_t size = make_image(img, ids[i], NEW, "", 0, 1500);

			update_component_fully(ids[i], size);
			assert_int_equal(stored(), OLD);
		}
		if (cut) {
			assert_int_equal(ASK(5, 0x1a, 0), 0);
		} else {
			power();
		}
		for (unsigned int p = 0; p < 3; p++)
			assert_int_equal(flash_stored(f->fw, p)->version, cut ? NEW : OLD);
	}
	power();
	for (unsigned int p = 0; p < 3; p++)
		assert_int_equal(f->fw->running[p].version, NEW);
}

static void requests_are_refused_for_a_reason(void **st)
{
	(void)st;
	assert_int_equal(ASK(5, 0x10, 31, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0), 0x83);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0), 2);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0), 2);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1), 3);
	status(0, 0, 3, 0, 101, 0);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0), 0);
	f->fw->env.flash_read = NULL;
	assert_int_equal(ASK0(5, 0x1d), 0);
	assert_int_equal(request_update(), 0x8a);
}

static void the_smallest_chunk(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 101);
	uint8_t q[FW_PLDM_MAX];

	(void)st;
	assert_int_equal(ASK(5, 0x10, 64, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0), 0);
	assert_int_equal(pass(5, 1), 0);
	assert_int_equal(component(1, size), 0);
	for (uint32_t off = 0; off < size; off += 64) {
		assert_int_equal(pending(q), 11);
		assert_int_equal(get_le32(q + 3), off);
		assert_int_equal(get_le32(q + 7), size - off < 64 ? size - off : 64);
		assert_int_equal(reply(q, 0, img + off, get_le32(q + 7)), 0);
	}
	report(0x16, 0);
}

/* Each command in each state that does not want it */
static void every_wrong_state(void **st)
{
	static const uint8_t no[6][6] = {	/* 10, 13, 14, 1a, 1c, 1d */
		{ 0, 0x80, 0x80, 0x80, 0x80, 0x80 },
		{ 0x81, 0, 0x84, 0x84, 0x84, 0 },
		{ 0x81, 0x84, 0, 0x85, 0x84, 0 },
		{ 0x81, 0x84, 0x84, 0x84, 0, 0 },
		{ 0x81, 0x84, 0x84, 0x84, 0, 0 },
		{ 0x81, 0x84, 0x84, 0x84, 0, 0 },
	};
	uint32_t size = make_image(img, 1, NEW, "", 0, 10);

	(void)st;
	for (unsigned int s = 0; s < 6; s++)
		for (unsigned int c = 0; c < 6; c++) {
			unsigned int code = 0;

			teardown(NULL);
			setup(NULL);
			if (s > 0)
				request_update();
			if (s > 1)
				pass(5, 1);
			if (s > 2)
				component(1, size);
			if (s > 3) {
				feed(1);
				report(0x16, 0);
			}
			if (s > 4)
				report(0x17, 0);
			status((uint8_t)s, (uint8_t)(s ? s - 1 : 0), s < 3 ? 3 : s == 3 ? 0 : 1, 0, s == 3 ? 0 : 101, 0);
			switch (c) {
			case 0:
				code = request_update();
				break;
			case 1:
				code = pass(5, 1);
				break;
			case 2:
				code = component(1, size);
				break;
			case 3:
				code = ASK(5, 0x1a, 0);
				break;
			case 4:
				code = ASK0(5, 0x1c);
				break;
			case 5:
				code = ASK0(5, 0x1d);
				break;
			}
			if (code != no[s][c])
				fail_msg("state %u, command %u: 0x%02x, should be 0x%02x", s, c, code, no[s][c]);
			if (code && code != 0x85) {
				assert_int_equal(ASK0(5, 0x1b), 0);
				assert_int_equal(DATA[0], s);
			}
			assert_int_equal(stored(), OLD);
		}
}

static void tables_in_a_wrong_order(void **st)
{
	(void)st;
	request_update();
	assert_int_equal(pass(2, 0), 2);
	assert_int_equal(pass(4, 0), 2);
	assert_int_equal(pass(0, 0), 2);
	assert_int_equal(pass(3, 0), 2);
	assert_int_equal(pass(1, 0), 0);
	assert_int_equal(pass(1, 1), 2);
	assert_int_equal(pass(5, 1), 2);
	assert_int_equal(pass(2, 1), 0);
	status(1, 0, 3, 0, 101, 0);
	assert_int_equal(pass(4, 3), 0);
	status(2, 1, 3, 0, 101, 0);
}

static void components_that_are_not_ours(void **st)
{
	(void)st;
	request_update();
	assert_int_equal(pass(1, 2), 0);
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 6);
	assert_int_equal(ASK(5, 0x13, 2, 6, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0), 0);	/* not its class */
	assert_int_equal(DATA[1], 6);
	assert_int_equal(ASK(5, 0x13, 2, 10, 0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0), 0);	/* index 1 */
	assert_int_equal(DATA[1], 6);
	assert_int_equal(ASK(5, 0x13, 2, 10, 0, 0, 0, 0, 1, 0, 11, 26, 1, 0), 0);		/* stamp: the same version */
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 1);
	assert_int_equal(ASK(5, 0x13, 2, 10, 0, 0, 0, 0, 0, 0, 11, 26, 1, 0), 0);		/* lower */
	assert_int_equal(DATA[1], 2);
	assert_int_equal(ASK(5, 0x13, 4, 10, 0, 0, 0, 0, 2, 0, 11, 26, 1, 0), 0);		/* higher */
	assert_int_equal(DATA[0], 0);

	assert_int_equal(component(2, 1000), 0);
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 6);
	assert_int_equal(component(1, 1000), 0);
	assert_int_equal(DATA[1], 9);			/* was not passed */
	assert_int_equal(component(0, 63), 0);
	assert_int_equal(DATA[1], 0xd0);
	assert_int_equal(component(0, 0x100001), 0);
	assert_int_equal(DATA[1], 0xd0);
	assert_int_equal(component(0, 0xffffffff), 0);
	assert_int_equal(DATA[1], 0xd0);
	assert_int_equal(ASK(5, 0x14, 10, 0, 0, 0, 0, 1, 0, 11, 26, 0, 16, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(DATA[1], 1);
	f->flash_dead = true;
	assert_int_equal(component(0, 1000), 0);
	assert_int_equal(DATA[1], 0xd1);
	fake_flash_back(f);
	status(2, 1, 3, 0, 101, 0);
	assert_int_equal(ASK(5, 0x14, 10, 0, 0, 0, 0, 1, 0, 11, 26, 0, 16, 0, 0, 1, 0, 0, 0, 1, 0), 0);
	assert_int_equal(DATA[0], 0);			/* forced */
	assert_int_equal(get_le32(DATA + 2), 1);
	status(3, 2, 0, 0, 0, 0);
	assert_int_equal(DATA[6], 1);
}

static void bad_images_are_reported(void **st)
{
	static const struct {
		uint32_t	at;
		uint8_t		flip, cmd, result;
		bool		crc;
	} bad[] = {
		{ 0, 1, 0x16, 2, true }, { 12, 1, 0x16, 2, true }, { 44, 1, 0x16, 2, true }, { 17, 1, 0x16, 2, false },
		{ 20, 1, 0x16, 0x70, true },		/* rolled back: 4 instead of 5 */
		{ 48, 1, 0x17, 1, true }, { 64, 1, 0x17, 1, false }, { 2999, 0x80, 0x17, 1, false },
	};
	struct fw_config cfg;

	(void)st;
	fw_config_default(&cfg);
	cfg.anti_rollback = 5;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t size;

		teardown(NULL);
		f = fake_new_cfg(&cfg);
		drv_open(f);
		size = make_image(img, 1, NEW, "", 5, 3000 - IMAGE_HDR);
		img[bad[i].at] ^= bad[i].flip;
		if (bad[i].crc)
			put_le32(img + 60, fw_crc32(0, img, 60));
		download(1, size);
		feed(bad[i].cmd == 0x16 ? 1 : 3);
		if (bad[i].cmd == 0x17)
			report(0x16, 0);
		report(bad[i].cmd, bad[i].result);
		status(bad[i].cmd == 0x16 ? 3 : 4, bad[i].cmd == 0x16 ? 2 : 3, 2, bad[i].result == 0x70 ? 0x70 : 0x0a,
		       bad[i].cmd == 0x16 ? 0 : 101, 0);
		assert_int_equal(pending(rsp), 0);
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1);
		assert_int_equal(ASK0(5, 0x1c), 0);
		status(2, bad[i].cmd == 0x16 ? 3 : 4, 3, 0, 101, 0);
		assert_int_equal(ASK(5, 0x1a, 0), 0x85);

		img[bad[i].at] ^= bad[i].flip;		/* and the good one goes in, without starting anew */
		put_le32(img + 60, fw_crc32(0, img, 60));
		update_component_fully(1, size);
		assert_int_equal(ASK(5, 0x1a, 0), 0);
		assert_int_equal(stored(), NEW);
	}
}

static void flash_that_fails_is_reported(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);

	(void)st;
	download(1, size);
	feed(1);
	f->flash_dead = true;
	feed(1);
	report(0x16, 0x0a);
	fake_flash_back(f);
	assert_int_equal(ASK0(5, 0x1c), 0);
	update_component_fully(1, size);
	f->flash_dead = true;
	assert_int_equal(ASK(5, 0x1a, 0), 1);
	status(2, 5, 3, 0, 101, 0);
	fake_flash_back(f);
	assert_int_equal(stored(), OLD);
	assert_int_equal(ASK(5, 0x1a, 1), 0x8c);
	assert_int_equal(ASK(5, 0x1a, 2), 2);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	assert_int_equal(stored(), NEW);
}

static void responses_that_answer_nothing(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);
	uint8_t q[FW_PLDM_MAX], r[FW_PLDM_MAX], other[FW_PLDM_MAX];

	(void)st;
	assert_int_equal(fw_pldm_reply(f->fw, LINK, (const uint8_t[]){ 0, 5, 0, 0 }, 4), -FW_EINVAL);
	download(1, size);
	assert_int_equal(pending(q), 11);
	r[0] = q[0] & 0x1f;
	r[1] = 5;
	r[2] = 0x15;
	r[3] = 0;
	memcpy(r + 4, img, 1024);
	for (unsigned int i = 0; i < 4; i++) {
		memcpy(other, r, sizeof(r));
		other[i] ^= i == 3 ? 0 : i == 0 ? 0x80 : 1;
		if (i < 3)
			assert_int_equal(fw_pldm_reply(f->fw, LINK, other, 1028), -FW_EINVAL);
	}
	for (size_t len = 0; len < 4; len++)
		assert_int_equal(fw_pldm_reply(f->fw, LINK, r, len), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, FW_PLDM_MCTP, r, 1028), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1027), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1029), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 4), -FW_EINVAL);
	assert_int_equal(fw_refused(f->fw, FWR_PLDM_MESSAGE), 12);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1028), 0);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1028), -FW_EINVAL);	/* once more: another instance now */
	feed(chunks(size) - 1);
	report(0x16, 0);
}

static void requests_are_repeated_and_told(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);
	uint8_t q[FW_PLDM_MAX], again[FW_PLDM_MAX];

	(void)st;
	download(1, size);
	assert_int_equal(told, 1);
	assert_int_equal(fw_pldm_pending(f->fw, FW_PLDM_MCTP, q, sizeof(q)), 0);
	assert_int_equal(pending(q), 11);
	assert_int_equal(pending(again), 0);
	fake_sleep(f, 999 * MS);
	assert_int_equal(pending(again), 0);
	fake_sleep(f, 2 * MS);
	assert_int_equal(told, 2);
	assert_int_equal(pending(again), 11);
	assert_memory_equal(q, again, 11);
	assert_int_equal(reply(q, 0x89, NULL, 0), 0);		/* not now */
	assert_int_equal(pending(again), 0);
	fake_sleep(f, 1001 * MS);
	assert_int_equal(told, 3);
	fake_sleep(f, 1001 * MS);
	assert_int_equal(told, 4);				/* nobody took it */
	feed(1);
	assert_int_equal(told, 5);
	assert_int_equal(pending(q), 11);
	assert_int_equal(reply(q, 1, NULL, 0), 0);		/* never */
	report(0x16, 3);
	status(3, 2, 2, 0x0a, 33, 0);
	assert_int_equal(ASK0(5, 0x1d), 0);
	assert_int_equal(rsp_len, 9);
	status(0, 3, 3, 0, 101, 2);
	assert_int_equal(f->timer, FW_NEVER);
}

/* In each state a minute of silence ends it, and something that is heard begins the minute anew */
static void silence_ends_it(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 10);

	(void)st;
	for (uint8_t s = 1; s < 6; s++) {
		teardown(NULL);
		setup(NULL);
		request_update();
		fake_sleep(f, 59000 * MS);
		if (s > 1)
			pass(5, 1);
		fake_sleep(f, s > 1 ? 59000 * MS : 0);
		if (s > 2)
			component(1, size);
		if (s > 3) {
			feed(1);
			report(0x16, 0);
		}
		if (s > 4)
			report(0x17, 0);
		fake_sleep(f, s > 2 ? 59900 * MS : 900 * MS);
		assert_int_equal(ASK0(5, 0x1b), 0);
		assert_int_equal(DATA[0], s);
		assert_int_equal(drv_flash_start(f, 1, size), -FW_EBUSY);
		fake_sleep(f, 200 * MS);
		status(0, s, 3, 0, 101, (uint8_t)(2 + s));
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), s == 3 || s == 4);
		assert_int_equal(pending(rsp), 0);
		assert_int_equal(f->timer, FW_NEVER);
		assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	}
}

static void host_and_bmc_exclude_each_other(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 5000);
	uint8_t b[4096];

	(void)st;
	assert_int_equal(drv_flash(f, 1, img, size, 1), 1);
	assert_int_equal(request_update(), 0x8a);
	DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-110);
	drv_reap(f);
	assert_int_equal(request_update(), 0);
	assert_int_equal(drv_flash_start(f, 1, size), -FW_EBUSY);
	assert_int_equal(pass(5, 1), 0);
	assert_int_equal(component(1, size), 0);
	feed(2);
	assert_int_equal(drv_flash_start(f, 0, size), -FW_EBUSY);
	drv_chunk(f, 2048, 2048, img);			/* nobody asked the host */
	DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-110);
	assert_int_equal(drv_recv(f, b), 0);
	drv_close(f);					/* and it goes, which changes nothing */
	fw_host_reset(f->fw, 0);
	feed(chunks(size) - 2);
	report(0x16, 0);
	report(0x17, 0);
	report(0x18, 0);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	drv_open(f);
	assert_int_equal(stored(), NEW);
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
}

static void who_began_goes_on_alone(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 100);

	(void)st;
	download(1, size);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1c, NULL, 0), 4);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1a, "", 1), 4);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1b, NULL, 0), 0);
	assert_int_equal(DATA[0], 3);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1d, NULL, 0), 0);	/* but anyone may end it */
	status(0, 3, 3, 0, 101, 2);
	assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1);
}

static void cancelling_after_apply_undoes_it(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 100);

	(void)st;
	download(1, size);
	feed(1);
	report(0x16, 0);
	report(0x17, 0);
	assert_int_equal(ASK0(5, 0x1c), 0);		/* in apply */
	assert_int_equal(ASK(5, 0x1a, 0), 0x85);
	update_component_fully(1, size);
	assert_int_equal(ASK0(5, 0x1d), 0);
	power();
	assert_int_equal(f->fw->running[PART_CONTROL].version, OLD);
}

static void crash_and_power_end_it(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 5000);

	(void)st;
	for (unsigned int how = 0; how < 3; how++) {
		download(1, size);
		feed(2);
		if (how == 0) {
			fw_crash(f->fw, "test");
			fake_sleep(f, 1001 * MS);
		} else if (how == 1) {
			fw_restart(f->fw);
		} else {
			power();
		}
		status(0, 0, 3, 0, 101, 0);
		assert_int_equal(pending(rsp), 0);
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1 + how);
		assert_int_equal(stored(), OLD);
	}
}

static void rollback_follows_the_fuse(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 3, 100);

	(void)st;
	ready(1);
	update_component_fully(1, size);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	power();
	assert_int_equal(ASK0(5, 1), 0);
	assert_int_equal(get_le32(DATA + rsp_len - 4), 3);
	size = make_image(img, 1, OLD, "", 2, 100);
	download(1, size);
	feed(1);
	report(0x16, 0x70);
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

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

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
		TEST(parameters_show_what_runs_and_what_is_stored),
		TEST(the_whole_way_for_every_component),
		TEST(three_components_at_once),
		TEST(requests_are_refused_for_a_reason),
		TEST(the_smallest_chunk),
		TEST(every_wrong_state),
		TEST(tables_in_a_wrong_order),
		TEST(components_that_are_not_ours),
		TEST(bad_images_are_reported),
		TEST(flash_that_fails_is_reported),
		TEST(responses_that_answer_nothing),
		TEST(requests_are_repeated_and_told),
		TEST(silence_ends_it),
		TEST(host_and_bmc_exclude_each_other),
		TEST(who_began_goes_on_alone),
		TEST(cancelling_after_apply_undoes_it),
		TEST(crash_and_power_end_it),
		TEST(rollback_follows_the_fuse),
		TEST(the_bmc_reads_the_hosts_dump),
		TEST(temperatures),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
