// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages to the host that are changed on their way: each change, where it may be asked for, and nothing else */
#include "fw_fake.h"

#define QSFP(f) \
	DRV_SEND(f, 0x00098038, 0x00080000, 0, 0x00080001, 0, 0x00080002, 0, 0x00080003, 128)

static struct fake *opened(void)
{
	struct fake *f = fake_new();

	drv_open(f);
	return f;
}

static struct fw_garble garble(unsigned int msg, enum fw_garble_how how, unsigned int attr, int32_t value)
{
	return (struct fw_garble){ .msg = (uint16_t)msg, .how = (uint8_t)how, .attr = (uint8_t)attr, .value = value };
}

static void set(struct fake *f, unsigned int msg, enum fw_garble_how how, unsigned int attr, int32_t value)
{
	struct fw_garble g = garble(msg, how, attr, value);

	assert_int_equal(fw_set_garble(f->fw, &g, 1), 0);
}

/* The module's page with that change; and once more without */
static void page_read(struct fake *f, struct fw_in *in, uint8_t *b)
{
	struct fw_in good;
	uint8_t page[4096];

	QSFP(f);
	drv_reap(f);
	drv_expect(f, MSG_QSFP_READ_RESP, in, b);
	assert_int_equal(fw_fault(f->fw, FW_FAULT_GARBLE), 0);
	QSFP(f);
	drv_reap(f);
	drv_expect(f, MSG_QSFP_READ_RESP, &good, page);
	assert_int_equal(good.a[QSFP_DATA].len, 128);
	assert_int_equal(tlv_uint(&good.a[QSFP_LENGTH]), 128);
	assert_int_equal(f->tx_errors, 0);
}

static void attributes(void **st)
{
	struct fake *f = opened();
	uint8_t b[4096], sum = 0;
	struct fw_in in;

	(void)st;
	set(f, MSG_QSFP_READ_RESP, FW_GARBLE_DROP, QSFP_DATA, 0);
	page_read(f, &in, b);
	assert_null(in.a[QSFP_DATA].p);
	assert_int_equal(tlv_uint(&in.a[QSFP_LENGTH]), 128);

	set(f, MSG_QSFP_READ_RESP, FW_GARBLE_VALUE, QSFP_LENGTH, 7);	/* was there */
	page_read(f, &in, b);
	assert_int_equal(tlv_uint(&in.a[QSFP_LENGTH]), 7);
	assert_int_equal(in.a[QSFP_DATA].len, 128);

	set(f, MSG_QSFP_READ_RESP, FW_GARBLE_VALUE, QSFP_ERROR, -5);	/* was not */
	page_read(f, &in, b);
	assert_int_equal(tlv_sint(&in.a[QSFP_ERROR]), -5);

	set(f, MSG_QSFP_READ_RESP, FW_GARBLE_BYTES, QSFP_DATA, 5);
	page_read(f, &in, b);
	assert_int_equal(in.a[QSFP_DATA].len, 5);
	assert_int_equal(in.a[QSFP_DATA].p[0], 0x11);			/* a QSFP28, as ever */

	set(f, MSG_QSFP_READ_RESP, FW_GARBLE_BYTES, QSFP_DATA, 1000);
	page_read(f, &in, b);
	assert_int_equal(in.a[QSFP_DATA].len, 1000);
	for (unsigned int i = 128; i < 1000; i++)
		sum |= in.a[QSFP_DATA].p[i];
	assert_int_equal(sum, 0);
	assert_int_equal(fw_counter(f->fw, FWC_FAULTS), 5);
	fake_free(f);
}

/* A flag is there or not; a number of 64 bits has its sign */
static void flags_and_wide_numbers(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	set(f, MSG_FW_CAP_RESP, FW_GARBLE_VALUE, CAP_BMC_PRESENT, 1);
	DRV_SEND(f, 0x00018010);
	drv_expect(f, MSG_FW_CAP_RESP, &in, b);
	assert_non_null(in.a[CAP_BMC_PRESENT].p);
	set(f, MSG_FW_CAP_RESP, FW_GARBLE_VALUE, CAP_BMC_PRESENT, 0);
	DRV_SEND(f, 0x00018010);
	drv_expect(f, MSG_FW_CAP_RESP, &in, b);
	assert_null(in.a[CAP_BMC_PRESENT].p);
	set(f, MSG_HEARTBEAT_RESP, FW_GARBLE_VALUE, HEARTBEAT_UPTIME, -2);
	DRV_SEND(f, 0x00018014);
	drv_expect(f, MSG_HEARTBEAT_RESP, &in, b);
	assert_true(tlv_uint(&in.a[HEARTBEAT_UPTIME]) == UINT64_MAX - 1);
	fake_free(f);
}

static void headers(void **st)
{
	struct fake *f = opened();
	const uint8_t *page;
	uint8_t b[4096];
	size_t len;

	(void)st;
	set(f, MSG_TSENE_READ_RESP, FW_GARBLE_ID, 0, 0x7f);
	DRV_SEND(f, 0x0001803c);
	drv_reap(f);
	len = drv_recv(f, b);
	assert_int_equal(get_le32(b), 0x0000807f | len / 4 << 16);

	set(f, MSG_TSENE_READ_RESP, FW_GARBLE_DWORDS, 0, 1000);
	page = fake_mem(f, f->page[RING_RX][f->head[RING_RX]], 4096);
	DRV_SEND(f, 0x0001803c);
	drv_reap(f);
	assert_int_equal(get_le32(page), 1000u << 16 | 0x803d);
	assert_int_equal(f->word[drv_word(RING_RX, f->head[RING_RX]) + 1 - MBX_WORD] >> 16, len);
	fake_free(f);
}

/* The descriptor has the error: neither page nor counters have a message; and the next one is a message again */
static void messages_that_fail(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];
	uint64_t out;

	(void)st;
	set(f, MSG_TSENE_READ_RESP, FW_GARBLE_FAIL, 0, 0);
	out = fw_counter(f->fw, FWC_MSG_OUT);
	f->dma_writes = 0;
	DRV_SEND(f, 0x0001803c);
	drv_reap(f);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(f->rx_errors, 1);
	assert_int_equal(f->dma_writes, 0);
	assert_int_equal(fw_counter(f->fw, FWC_MSG_OUT), out);

	set(f, MSG_TSENE_READ_REQ, FW_GARBLE_FAIL, 0, 0);
	DRV_SEND(f, 0x0001803c);
	drv_reap(f);
	assert_int_equal(f->tx_errors, 1);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(f->rx_errors, 1);

	DRV_SEND(f, 0x0001803c);
	drv_reap(f);
	drv_expect(f, MSG_TSENE_READ_RESP, &in, b);
	assert_int_equal(f->tx_errors, 1);
	assert_int_equal(fake_refusals(f), 0);
	fake_free(f);
}

/* Others go by, and the count is of those that were meant */
static void only_what_was_meant(void **st)
{
	struct fake *f = opened();
	struct fw_garble g = garble(MSG_TSENE_READ_RESP, FW_GARBLE_DROP, TSENE_VOLT, 0);
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	assert_int_equal(fw_set_garble(f->fw, &g, 2), 0);
	for (unsigned int i = 0; i < 3; i++) {
		DRV_SEND(f, 0x00018014);
		drv_reap(f);
		drv_expect(f, MSG_HEARTBEAT_RESP, &in, b);
		DRV_SEND(f, 0x0001803c);
		drv_reap(f);
		drv_expect(f, MSG_TSENE_READ_RESP, &in, b);
		assert_int_equal(!in.a[TSENE_VOLT].p, i < 2);
		assert_int_equal(fw_fault(f->fw, FW_FAULT_GARBLE), i < 1 ? 1 : 0);
	}
	fake_free(f);
}

static void what_can_not_be_asked_for(void **st)
{
	static const struct { unsigned int msg; enum fw_garble_how how; unsigned int attr; int32_t value; int err; } t[] = {
		{ 0x7f, FW_GARBLE_FAIL, 0, 0, -FW_ENOENT },
		{ MSG_TSENE_READ_REQ, FW_GARBLE_ID, 0, 1, -FW_EINVAL },
		{ MSG_QSFP_READ_REQ, FW_GARBLE_VALUE, QSFP_PAGE, 1, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, FW_GARBLE_VALUE, QSFP_DATA, 1, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, FW_GARBLE_DROP, 31, 0, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, FW_GARBLE_BYTES, QSFP_DATA, -1, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, FW_GARBLE_BYTES, QSFP_DATA, TLV_MAX_DATA + 1, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, FW_GARBLE_ID, 0, 0x1000, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, FW_GARBLE_DWORDS, 0, 0x10000, -FW_EINVAL },
		{ MSG_QSFP_READ_RESP, (enum fw_garble_how)77, QSFP_DATA, 0, -FW_EINVAL },
	};
	struct fake *f = opened();

	(void)st;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct fw_garble g = garble(t[i].msg, t[i].how, t[i].attr, t[i].value);

		assert_int_equal(fw_set_garble(f->fw, &g, 1), t[i].err);
		assert_int_equal(fw_fault(f->fw, FW_FAULT_GARBLE), 0);
	}
	fake_free(f);
}

/* A walk over what arrived, as any parser would */
static void is_message(const uint8_t *b, size_t len, const struct fw_garble *g)
{
	size_t at = TLV_HDR;

	if (g->how != FW_GARBLE_DWORDS)
		assert_int_equal(tlv_hdr_get(b).len * 4u, len);
	while (at < len) {
		assert_in_range(tlv_hdr_get(b + at).len, TLV_HDR, len - at);
		at += tlv_align(tlv_hdr_get(b + at).len);
	}
	assert_int_equal(at, len);
}

static size_t recv_raw(struct fake *f, uint8_t *b)
{
	unsigned int h = f->head[RING_RX];
	size_t len = f->word[drv_word(RING_RX, h) + 1 - MBX_WORD] >> 16;

	if (!(f->word[drv_word(RING_RX, h) - MBX_WORD] & 2))
		return 0;
	memcpy(b, fake_mem(f, f->page[RING_RX][h], len), len);
	put_le32(fake_mem(f, f->page[RING_RX][h], 4), (uint32_t)len / 4 << 16);	/* for drv_recv() */
	drv_recv(f, b + 4096);
	return len;
}

/* All changes that can be asked for, to all that can be brought about: it stays a message within a page */
static void any_change_leaves_a_message(void **st)
{
	static const uint32_t req[][9] = {
		{ 0x00018010 }, { 0x00018014 }, { 0x0001803c }, { 0x00028012, 0x00040000 }, { 0x00018018 },
		{ 0x00098038, 0x00080000, 0, 0x00080001, 0, 0x00080002, 0, 0x00080003, 128 },
		{ 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002 }, { 0x00038000, 0x00080002, 0x12345678 },
	};
	struct fake *f = opened();
	uint32_t seed = 0x6a4b1e;
	unsigned int struck = 0;
	uint8_t b[2 * 4096];
	size_t len;

	(void)st;
	for (unsigned int i = 0; i < 60000; i++) {
		const struct msg_def *def = &fw_msgs[rnd(&seed) % fw_msg_count];
		const uint32_t *r = req[rnd(&seed) % 8];
		struct fw_garble g = garble(def->id, (enum fw_garble_how)(1 + rnd(&seed) % 5), rnd(&seed) % TLV_IDS,
					    (int32_t)(rnd(&seed) % 4000));

		if (g.how == FW_GARBLE_ID)
			g.value = 0x7f;
		if (fw_set_garble(f->fw, &g, 1))
			continue;
		assert_true(drv_send(f, r, r[0] >> 16));
		fake_sleep(f, 30 * MS);
		drv_reap(f);
		while ((len = recv_raw(f, b)))
			is_message(b, len, &g);
		struck += !fw_fault(f->fw, FW_FAULT_GARBLE);
	}
	assert_true(struck > 1000);
	assert_int_equal(f->rx_errors, 0);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(attributes),
		cmocka_unit_test(flags_and_wide_numbers),
		cmocka_unit_test(headers),
		cmocka_unit_test(messages_that_fail),
		cmocka_unit_test(only_what_was_meant),
		cmocka_unit_test(what_can_not_be_asked_for),
		cmocka_unit_test(any_change_leaves_a_message),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
