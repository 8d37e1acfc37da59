// SPDX-License-Identifier: GPL-2.0-or-later
#include "fw_bmc.h"

struct fake *f;
uint8_t rsp[FW_PLDM_MAX], img[0x10000];
int rsp_len;
unsigned int told;

static uint8_t iid;

static void on_request(void *ctx, enum fw_pldm_link link)
{
	(void)ctx;
	assert_int_equal(link, LINK);
	told++;
}

int bmc_setup(void **st)
{
	(void)st;
	f = fake_new();
	f->fw->env.bmc.request = on_request;
	drv_open(f);
	iid = 0;
	told = 0;
	return 0;
}

int bmc_teardown(void **st)
{
	(void)st;
	fake_free(f);
	return 0;
}

void power(void)
{
	memset(f->word, 0, sizeof(f->word));
	f->aw = f->ar = false;
	fw_power(f->fw);
	drv_open(f);
}

unsigned int ask_on(enum fw_pldm_link link, uint8_t type, uint8_t cmd, const void *p, size_t len)
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

unsigned int request_update(void)
{
	return ASK(5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 2, 'v', '1');
}

unsigned int pass(uint8_t flag, uint8_t id)
{
	return ASK(5, 0x13, flag, id == 3 ? 6 : 10, 0, id, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 1, 'x');
}

unsigned int component(uint8_t id, uint32_t size)
{
	return ASK(5, 0x14, id == 3 ? 6 : 10, 0, id, 0, 0, 0xff, 0xff, 0xff, 0xff, (uint8_t)size, (uint8_t)(size >> 8),
		   (uint8_t)(size >> 16), (uint8_t)(size >> 24), 0, 0, 0, 0, 1, 1, 'x');
}

void ready(uint8_t id)
{
	assert_int_equal(request_update(), 0);
	assert_int_equal(pass(5, id), 0);
	assert_int_equal(DATA[0], 0);
}

void download(uint8_t id, uint32_t size)
{
	ready(id);
	assert_int_equal(component(id, size), 0);
	assert_int_equal(rsp_len, 8);
	assert_int_equal(DATA[0], 0);
	assert_int_equal(DATA[1], 0);
}

int pending(uint8_t q[FW_PLDM_MAX])
{
	int n = fw_pldm_pending(f->fw, LINK, q, FW_PLDM_MAX);

	assert_true(n >= 0);
	if (n) {
		assert_int_equal(q[0] & 0xe0, 0x80);
		assert_int_equal(q[1], 5);
	}
	return n;
}

int reply(const uint8_t *q, uint8_t code, const void *p, size_t len)
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

void feed(unsigned int n)
{
	uint8_t q[FW_PLDM_MAX];

	while (n--) {
		assert_int_equal(pending(q), 11);
		assert_int_equal(q[2], 0x15);
		assert_int_equal(reply(q, 0, img + get_le32(q + 3), get_le32(q + 7)), 0);
	}
}

void report(uint8_t cmd, uint8_t result)
{
	uint8_t q[FW_PLDM_MAX];

	assert_int_equal(pending(q), cmd == 0x18 ? 6 : 4);
	assert_int_equal(q[2], cmd);
	assert_int_equal(q[3], result);
	assert_int_equal(reply(q, 0, NULL, 0), 0);
}

unsigned int chunks(uint32_t size)
{
	return (size + 1023) / 1024;
}

void update_component_fully(uint8_t id, uint32_t size)
{
	assert_int_equal(component(id, size), 0);
	assert_int_equal(DATA[0], 0);
	feed(chunks(size));
	report(0x16, 0);
	report(0x17, 0);
	report(0x18, 0);
}

void status(uint8_t state, uint8_t prev, uint8_t aux, uint8_t why_failed, uint8_t percent, uint8_t reason)
{
	const uint8_t want[] = { state, prev, aux, why_failed, percent, reason };

	assert_int_equal(ASK0(5, 0x1b), 0);
	assert_int_equal(rsp_len, 10);
	assert_memory_equal(DATA, want, sizeof(want));
}

uint32_t stored(void)
{
	return flash_stored(f->fw, PART_CONTROL)->version;
}
