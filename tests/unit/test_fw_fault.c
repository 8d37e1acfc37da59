// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults that were asked for: each strikes so many times, where it should, and then is over */
#include "fw_fake.h"

static uint8_t img[0x4000];

static struct fake *opened(void)
{
	struct fake *f = fake_new();

	drv_open(f);
	return f;
}

/* The request with the fault set twice: the third one is as good as ever; @error: the answer's attribute */
static void twice(enum fw_fault which, const uint32_t *req, unsigned int n, unsigned int resp, unsigned int error,
		  int want)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	fw_set_fault(f->fw, which, 2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(fw_fault(f->fw, which), i < 2 ? 2 - i : 0);
		assert_true(drv_send(f, req, n));
		drv_reap(f);
		drv_expect(f, resp, &in, b);
		assert_int_equal(tlv_sint(&in.a[error]), i < 2 ? want : 0);
	}
	assert_int_equal(fw_counter(f->fw, FWC_FAULTS), 2);
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

static void errors_in_the_answer(void **st)
{
	static const uint32_t qsfp[] = { 0x00098038, 0x00080000, 0, 0x00080001, 0, 0x00080002, 0, 0x00080003, 128 };
	static const uint32_t tsene[] = { 0x0001803c };

	(void)st;
	twice(FW_FAULT_MODULE, qsfp, 9, 0x39, QSFP_ERROR, -FW_EIO);
	twice(FW_FAULT_SENSOR, tsene, 1, 0x3d, TSENE_ERROR, -FW_EIO);
}

/* The firmware looks at the sensors itself: that is not what was asked for */
static void a_heartbeat_takes_no_sensor_fault(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_set_fault(f->fw, FW_FAULT_SENSOR, 1);
	DRV_SEND(f, 0x00018014);
	drv_expect(f, 0x15, &in, b);
	fw_sensors(f->fw);
	assert_int_equal(fw_fault(f->fw, FW_FAULT_SENSOR), 1);
	fake_free(f);
}

static void silent_requests_are_completed(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_set_fault(f->fw, FW_FAULT_SILENT, 1);
	DRV_SEND(f, 0x00028012, 0x00040000);
	assert_int_equal(drv_reap(f), 1);
	fake_sleep(f, 100 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	assert_false(fw_host_owns(f->fw, 0));
	DRV_SEND(f, 0x00018014);
	drv_reap(f);
	drv_expect(f, 0x15, &in, b);
	assert_int_equal(fake_refusals(f), 0);
	fake_free(f);
}

static void the_self_test_comes_back_changed(void **st)
{
	struct fake *f = opened();
	uint8_t b[4096];

	(void)st;
	fw_set_fault(f->fw, FW_FAULT_TEST, 2);
	DRV_SEND(f, 0x00038000, 0x00080002, 0x12345678);
	drv_reap(f);
	DRV_EXPECT_DWORDS(f, 0x00038000, 0x00080002, 0x12345679);
	DRV_SEND(f, 0x00018000);		/* nothing in it that could change */
	drv_reap(f);
	assert_int_equal(drv_recv(f, b), 4);
	DRV_SEND(f, 0x00038000, 0x00080002, 0x12345678);
	drv_reap(f);
	DRV_EXPECT_DWORDS(f, 0x00038000, 0x00080002, 0x12345678);
	fake_free(f);
}

static uint32_t dump_size(struct fake *f)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00028018, 0x00040000);
	drv_reap(f);
	drv_expect(f, 0x19, &in, b);
	assert_int_equal(in.a[DUMP_INFO_AVAILABLE].p != NULL, in.a[DUMP_INFO_SIZE].p != NULL);
	return (uint32_t)tlv_uint(&in.a[DUMP_INFO_SIZE]);
}

static int dump_read(struct fake *f, uint32_t off, uint32_t len)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00058020, 0x00080000, off, 0x00080001, len);
	drv_reap(f);
	drv_expect(f, 0x21, &in, b);
	assert_int_equal(in.a[DUMP_DATA].p == NULL, in.a[DUMP_ERROR].p != NULL);
	return (int)tlv_sint(&in.a[DUMP_ERROR]);
}

/* What a crash left is not lost because somebody could not read it */
static void dumps(void **st)
{
	struct fake *f = opened();
	uint32_t size;

	(void)st;
	fw_crash(f->fw, "test");
	fake_sleep(f, 1001 * MS);
	fw_set_fault(f->fw, FW_FAULT_DUMP, 1);
	assert_int_equal(dump_size(f), 0);
	size = dump_size(f);
	assert_true(size > 1000);
	fw_set_fault(f->fw, FW_FAULT_DUMP_READ, 1);
	assert_int_equal(dump_read(f, 0, size < TLV_MAX_DATA ? size : TLV_MAX_DATA), -FW_EIO);
	assert_int_equal(dump_size(f), size);
	assert_int_equal(dump_read(f, 0, 100), 0);
	assert_int_equal(fw_counter(f->fw, FWC_FAULTS), 2);
	fake_free(f);
}

static uint32_t stored(struct fake *f)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00018010);
	drv_reap(f);
	drv_expect(f, 0x11, &in, b);
	return (uint32_t)tlv_uint(&in.a[CAP_STORED_VERSION]);
}

static void updates(void **st)
{
	static const struct { enum fw_fault which; int err; } t[] = {
		{ FW_FAULT_START, -FW_EBUSY }, { FW_FAULT_CHUNK, -FW_EIO }, { FW_FAULT_FLASH, -FW_EIO },
	};
	uint32_t size = make_image(img, 1, FW_VERSION(27, 0, 0, 0), "new", 0, 0x3000);

	(void)st;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct fake *f = opened();
		uint32_t was = stored(f);

		fw_set_fault(f->fw, t[i].which, 1);
		assert_int_equal(drv_flash(f, 1, img, size, 99), t[i].err);
		drv_open(f);
		assert_int_equal(stored(f), was);
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES), 0);
		assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
		drv_open(f);
		assert_int_equal(stored(f), FW_VERSION(27, 0, 0, 0));
		fake_free(f);
	}
}

/* The driver counts along, finds the wrong offset, and cancels with an error and nothing else */
static void a_chunk_out_of_order_is_cancelled(void **st)
{
	uint32_t size = make_image(img, 1, FW_VERSION(27, 0, 0, 0), "new", 0, 0x3000);
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_set_fault(f->fw, FW_FAULT_ORDER, 1);
	assert_int_equal(drv_flash_start(f, 1, size), 0);
	drv_expect(f, 0x24, &in, b);
	assert_int_equal(tlv_uint(&in.a[CHUNK_OFFSET]), 1);
	DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-FW_EFAULT);
	drv_reap(f);
	assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1);
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	assert_int_equal(fw_counter(f->fw, FWC_UPDATES), 1);
	fake_free(f);
}

/* 5000 lines, for a driver that takes them slowly: each comes, and in order */
static void a_chatty_firmware_fills_the_log(void **st)
{
	struct fake *f = opened();
	uint64_t at, lines = 0;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	DRV_SEND(f, 0x00048043, 0x00040000, 0x00080001, 1);
	at = fw_counter(f->fw, FWC_LOGS) + 1;
	fw_set_fault(f->fw, FW_FAULT_CHATTY, 5000);
	for (unsigned int i = 0; i < 2000 && lines < 5000; i++) {
		fake_sleep(f, 20 * MS);
		while (drv_recv(f, b)) {
			assert_int_equal(msg_parse(&in, b, 4096, MSG_TO_HOST), 0);
			assert_int_equal(in.def->id, MSG_LOG_MSG_REQ);
			assert_int_equal(tlv_uint(&in.a[1]), at);
			assert_memory_equal(in.a[2].p, "fault: chatty", 13);
			at += 1 + tlv_uint(&in.a[3]);
			lines += 1 + tlv_uint(&in.a[3]);
		}
	}
	assert_int_equal(lines, 5000);
	assert_int_equal(fw_fault(f->fw, FW_FAULT_CHATTY), 0);
	assert_int_equal(fw_counter(f->fw, FWC_FAULTS), 5000);
	assert_int_equal(f->timer, FW_NEVER);
	fake_free(f);
}

/* One that takes none is waited for, however long; one that asked for none, not at all */
static void a_chatty_firmware_waits_for_the_driver(void **st)
{
	struct fake *f = opened();
	uint64_t n = fw_counter(f->fw, FWC_LOGS);

	(void)st;
	fw_set_fault(f->fw, FW_FAULT_CHATTY, 1000);
	fake_sleep(f, 124 * MS);
	assert_int_equal(fw_counter(f->fw, FWC_LOGS), n + 992);
	fake_sleep(f, 1000 * MS);
	assert_int_equal(fw_counter(f->fw, FWC_LOGS), n + 1000);

	DRV_SEND(f, 0x00048043, 0x00040000, 0x00080001, 1);
	n = fw_counter(f->fw, FWC_LOGS);
	fw_set_fault(f->fw, FW_FAULT_CHATTY, 100000);
	fake_sleep(f, 5000 * MS);
	/* what its pages hold, and the ring */
	assert_in_range(fw_counter(f->fw, FWC_LOGS) - n, LOG_ENTRIES, MBX_DESCS * 14 + LOG_ENTRIES);
	assert_true(fw_fault(f->fw, FW_FAULT_CHATTY) > 0);
	fw_set_fault(f->fw, FW_FAULT_CHATTY, 0);
	assert_int_equal(f->timer, FW_NEVER);
	fake_free(f);
}

/* Its life goes on: what is left comes after the restart, and not before */
static void a_chatty_firmware_crashes(void **st)
{
	struct fake *f = opened();
	uint64_t n;

	(void)st;
	fw_set_fault(f->fw, FW_FAULT_CHATTY, 100);
	fake_sleep(f, 2 * MS);
	assert_int_equal(fw_fault(f->fw, FW_FAULT_CHATTY), 84);
	fw_crash(f->fw, "a test");
	n = fw_counter(f->fw, FWC_LOGS);
	fake_sleep(f, 900 * MS);
	assert_int_equal(fw_counter(f->fw, FWC_LOGS), n);
	fw_set_fault(f->fw, FW_FAULT_CHATTY, 90);
	assert_int_equal(fw_fault(f->fw, FW_FAULT_CHATTY), 90);
	fake_sleep(f, 500 * MS);
	assert_int_equal(fw_fault(f->fw, FW_FAULT_CHATTY), 0);
	fake_free(f);
}

static void every_fault_has_a_name(void **st)
{
	(void)st;
	for (unsigned int i = 0; i < FW_FAULTS; i++)
		for (unsigned int k = 0; k <= i; k++)
			assert_int_equal(strcmp(fw_fault_names[i], fw_fault_names[k]) == 0, i == k);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(errors_in_the_answer),
		cmocka_unit_test(a_heartbeat_takes_no_sensor_fault),
		cmocka_unit_test(silent_requests_are_completed),
		cmocka_unit_test(the_self_test_comes_back_changed),
		cmocka_unit_test(dumps),
		cmocka_unit_test(updates),
		cmocka_unit_test(a_chunk_out_of_order_is_cancelled),
		cmocka_unit_test(a_chatty_firmware_fills_the_log),
		cmocka_unit_test(a_chatty_firmware_waits_for_the_driver),
		cmocka_unit_test(a_chatty_firmware_crashes),
		cmocka_unit_test(every_fault_has_a_name),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
