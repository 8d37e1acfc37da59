// SPDX-License-Identifier: GPL-2.0-or-later
/* The board: modules, sensors and their limits, EEPROM, SerDes mode, fuses */
#include "fw_fake.h"

static struct fake *opened(void)
{
	struct fake *f = fake_new();

	drv_open(f);
	return f;
}

/* @len bytes, or the error */
static int page(struct fake *f, uint32_t bank, uint32_t pg, uint32_t off, uint32_t len, uint8_t *out)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00098038, 0x00080000, bank, 0x00080001, pg, 0x00080002, off, 0x00080003, len);
	drv_reap(f);
	drv_expect(f, 0x39, &in, b);
	assert_int_equal(tlv_uint(&in.a[0]), bank);
	assert_int_equal(tlv_uint(&in.a[1]), pg);
	assert_int_equal(tlv_uint(&in.a[2]), off);
	assert_int_equal(tlv_uint(&in.a[3]), len);
	if (in.a[4].p) {
		assert_null(in.a[5].p);
		return (int)tlv_sint(&in.a[4]);
	}
	assert_int_equal(in.a[5].len, len);
	memcpy(out, in.a[5].p, len);
	return (int)len;
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint8_t sum(const uint8_t *p, unsigned int first, unsigned int last)
{
	uint8_t s = 0;

	while (first <= last)
		s = (uint8_t)(s + p[first++]);
	return s;
}

static void sff_optic(void **st)
{
	const struct fw_module m = { FW_MODULE_OPTIC, 43500, 3290, 7000, 1100000, 650000 };
	const struct fw_module dark = { FW_MODULE_OPTIC, -4000, 3290, 0, 0, 0 };
	struct fake *f = opened();
	uint8_t p[256], q[128];

	(void)st;
	fw_set_module(f->fw, 0, &m);
	assert_int_equal(page(f, 0, 0, 0, 256, p), 256);
	assert_int_equal(p[0], 0x11);
	assert_int_equal(p[2] & 4, 0);			/* not flat */
	assert_int_equal(p[3], 0);
	assert_int_equal(be16(p + 22), 43 * 256 + 128);
	assert_int_equal(be16(p + 26), 32900);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(be16(p + 34 + 2 * i), 6500);	/* 0.65 mW */
		assert_int_equal(be16(p + 42 + 2 * i), 3500);	/* 7 mA */
		assert_int_equal(be16(p + 50 + 2 * i), 11000);
	}
	assert_int_equal(p[191], sum(p, 128, 190));
	assert_int_equal(p[223], sum(p, 192, 222));
	assert_int_equal(page(f, 0, 3, 128, 128, q), 128);
	assert_int_equal(be16(q), 75 * 256);
	assert_int_equal(be16(q + 2), (uint16_t)(-5 * 256));
	assert_int_equal(be16(q + 16), 36300);
	assert_int_equal(be16(q + 48), 35000);
	assert_int_equal(page(f, 0, 1, 128, 128, q), -FW_EIO);
	assert_int_equal(page(f, 1, 0, 128, 128, q), -FW_EIO);
	fw_set_module(f->fw, 0, &dark);
	assert_int_equal(page(f, 0, 0, 0, 128, p), 128);
	assert_int_equal(p[3], 0x0f);
	assert_int_equal(be16(p + 22), (uint16_t)(-4 * 256));
	assert_int_equal(be16(p + 34), 0);
	fake_free(f);
}

static void cmis(void **st)
{
	const struct fw_module m = { FW_MODULE_CMIS, 51000, 3310, 6000, 900000, 70000 };
	static const unsigned int there[] = { 0, 1, 2, 0x10, 0x11 };
	struct fake *f = opened();
	uint8_t p[256];
	unsigned int k = 0;

	(void)st;
	fw_set_module(f->fw, 0, &m);
	for (unsigned int n = 0; n < 256; n++) {
		int r = page(f, 0, n, 0, 256, p);

		if (k < 5 && n == there[k]) {
			k++;
			assert_int_equal(r, 256);
			assert_int_equal(p[0], 0x18);		/* the lower half is always there */
			assert_int_equal(p[2] & 0x80, 0);
			assert_int_equal(be16(p + 14), 51 * 256);
			assert_int_equal(be16(p + 16), 33100);
		} else {
			assert_int_equal(r, -FW_EIO);
		}
		drv_reap(f);
	}
	page(f, 0, 0, 0, 256, p);
	assert_memory_equal(p + 129, "OPENFBNIC       ", 16);
	assert_int_equal(p[222], sum(p, 128, 221));
	page(f, 0, 1, 0, 256, p);
	assert_int_equal(p[255], sum(p, 130, 254));
	assert_int_equal(p[158], 2);			/* or ethtool shows no loss of signal */
	assert_int_equal(p[151], 0x10);			/* or it calls receive power OMA */
	assert_int_equal(p[39], 1);			/* active firmware, not inactive */
	assert_int_equal(p[128], 0);
	page(f, 0, 2, 0, 256, p);
	assert_int_equal(p[255], sum(p, 128, 254));
	assert_int_equal(be16(p + 128), 75 * 256);
	page(f, 0, 0x11, 0, 256, p);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(be16(p + 154 + 2 * i), 9000);
		assert_int_equal(be16(p + 170 + 2 * i), 3000);
		assert_int_equal(be16(p + 186 + 2 * i), 700);
	}
	assert_int_equal(page(f, 1, 0x11, 128, 128, p), -FW_EIO);
	fake_free(f);
}

static void bounds_and_absence(void **st)
{
	const struct fw_module none = { .kind = FW_MODULE_NONE }, dac = { .kind = FW_MODULE_DAC, .temp = 20000 };
	struct fake *f = opened();
	uint8_t p[256];

	(void)st;
	assert_int_equal(page(f, 0, 0, 0, 0, p), -FW_EINVAL);
	assert_int_equal(page(f, 0, 0, 255, 1, p), 1);
	assert_int_equal(page(f, 0, 0, 256, 1, p), -FW_EINVAL);
	assert_int_equal(page(f, 0, 0, 255, 2, p), -FW_EINVAL);
	assert_int_equal(page(f, 0, 0, 1, 0xffffffff, p), -FW_EINVAL);
	assert_int_equal(page(f, 0, 0, 0xffffffff, 1, p), -FW_EINVAL);
	fw_set_module(f->fw, 0, &none);
	assert_string_equal(f->last_state, "module removed");
	assert_int_equal(page(f, 0, 0, 0, 128, p), -FW_ENODEV);
	fw_set_module(f->fw, 0, &dac);
	assert_string_equal(f->last_state, "module inserted");
	assert_int_equal(page(f, 0, 0, 0, 128, p), 128);
	fake_free(f);
}

/* One line each way, one message if it is wanted, and only at the crossing */
static void limits_are_minded(void **st)
{
	static const struct { int temp, volt; bool told, th, vh; } t[] = {
		{ 95000, 751, false, false, false }, { 95001, 751, true, true, false }, { 96000, 751, false, false, false },
		{ 96000, 826, true, true, true }, { 50000, 826, false, false, false }, { 50000, 825, false, false, false },
		{ 50000, 674, true, false, true }, { -1001, 675, true, true, false }, { -1000, 675, false, false, false },
	};
	struct fw_config cfg;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_config_default(&cfg);
	for (unsigned int on = 0; on < 2; on++) {
		struct fake *f;
		uint64_t logs;

		cfg.threshold_events = on;
		f = fake_new_cfg(&cfg);
		drv_open(f);
		DRV_SEND(f, 0x00018014);
		drv_expect(f, 0x15, &in, b);
		logs = fw_counter(f->fw, FWC_LOGS);
		for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
			f->temp = t[i].temp;
			f->volt = t[i].volt;
			DRV_SEND(f, 0x00018014);
			drv_reap(f);
			drv_expect(f, 0x15, &in, b);
			if (on && t[i].told) {
				drv_expect(f, 0x40, &in, b);
				assert_int_equal(tlv_sint(&in.a[0]), t[i].th);
				assert_int_equal(tlv_sint(&in.a[1]), t[i].vh);
				if (t[i].th)
					assert_int_equal(tlv_sint(&in.a[2]), t[i].temp);
				if (t[i].vh)
					assert_int_equal(tlv_sint(&in.a[3]), t[i].volt);
			}
			assert_int_equal(drv_recv(f, b), 0);
		}
		/* hot, surge, cool, calm, sag, cold+recovered, warm */
		assert_int_equal(fw_counter(f->fw, FWC_LOGS) - logs, 8);
		fake_free(f);
	}
}

static void eeprom_stays(void **st)
{
	static const struct { uint32_t off, len; int err; } t[] = {
		{ 0, 0, FW_EINVAL }, { 288, 1, FW_EINVAL }, { 287, 2, FW_EOVERFLOW }, { 0, 289, FW_EOVERFLOW },
		{ 0xffffffff, 1, FW_EINVAL }, { 1, 0xffffffff, FW_EOVERFLOW }, { 287, 1, 0 }, { 0, 288, 0 },
	};
	struct fake *f = opened();
	struct tlv_buf w;
	struct fw_in in;
	uint8_t b[4096], p[512];

	(void)st;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		DRV_SEND(f, 0x0005802a, 0x00080000, t[i].off, 0x00080001, t[i].len);
		drv_reap(f);
		drv_expect(f, 0x2b, &in, b);
		assert_int_equal(tlv_uint(&in.a[3]), t[i].err);
		assert_int_equal(in.a[4].len, t[i].err ? 0 : t[i].len);
	}
	tlv_begin(&w, p, sizeof(p), 0x2c);
	tlv_put_int(&w, 0, 100, 4);
	tlv_put_int(&w, 1, 5, 4);
	tlv_put(&w, 4, "hello", 5);
	assert_true(drv_send_bytes(f, p, (unsigned int)tlv_end(&w)));
	drv_expect(f, 0x2d, &in, b);
	assert_null(in.a[3].p);
	DRV_SEND(f, 0x0005802c, 0x00080000, 100, 0x00080001, 5);	/* no data */
	drv_expect(f, 0x2d, &in, b);
	assert_int_equal(tlv_uint(&in.a[3]), FW_EINVAL);
	fw_power(f->fw);
	memset(f->word, 0, sizeof(f->word));
	drv_open(f);
	DRV_SEND(f, 0x0005802a, 0x00080000, 99, 0x00080001, 7);
	drv_expect(f, 0x2b, &in, b);
	assert_memory_equal(in.a[4].p, "\0hello\0", 7);
	f->flash_dead = true;
	w.p = p;
	assert_true(drv_send_bytes(f, p, (unsigned int)w.len));
	drv_expect(f, 0x2d, &in, b);
	assert_int_equal(tlv_uint(&in.a[3]), FW_EIO);
	fake_free(f);
}

static void serdes_mode_is_the_owners(void **st)
{
	static const struct { uint32_t pam4, lanes, speed; } t[] = {
		{ 0, 3, 2 }, { 1, 1, 3 }, { 0, 1, 1 }, { 1, 3, 4 }, { 0, 2, 1 },
	};
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	DRV_SEND(f, 0x0005803e, 0x00080000, 0, 0x00080004, 3);
	drv_expect(f, 0x3f, &in, b);
	assert_int_equal(tlv_uint(&in.a[1]), FW_EPERM);
	assert_int_equal(f->speed, 4);
	DRV_SEND(f, 0x00028012, 0x00040000);
	fake_sleep(f, 100 * MS);
	drv_expect(f, 0x13, &in, b);
	for (unsigned int i = 0; i < 5; i++) {
		DRV_SEND(f, 0x0005803e, 0x00080000, t[i].pam4, 0x00080004, t[i].lanes);
		drv_expect(f, 0x3f, &in, b);
		assert_null(in.a[1].p);
		assert_int_equal(f->speed, t[i].speed);
		drv_reap(f);
		DRV_SEND(f, 0x00018010);
		drv_expect(f, 0x11, &in, b);
		assert_int_equal(tlv_uint(&in.a[0xa]), t[i].speed);
	}
	fw_power(f->fw);
	assert_int_equal(f->speed, 4);
	fake_free(f);
}

static void fuses_outlive_a_reset(void **st)
{
	struct fake *f = opened();

	(void)st;
	assert_int_equal(f->otp[0], 0);
	fw_set_otp(f->fw, 0x11, 0x00220033);
	assert_int_equal(f->otp[0], 0x11);
	memset(f->otp, 0, sizeof(f->otp));		/* as the card does */
	fw_host_reset(f->fw, 0);
	assert_int_equal(f->otp[0], 0x11);
	assert_int_equal(f->otp[1], 0x00220033);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(sff_optic),
		cmocka_unit_test(cmis),
		cmocka_unit_test(bounds_and_absence),
		cmocka_unit_test(limits_are_minded),
		cmocka_unit_test(eeprom_stays),
		cmocka_unit_test(serdes_mode_is_the_owners),
		cmocka_unit_test(fuses_outlive_a_reset),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
