// SPDX-License-Identifier: GPL-2.0-or-later
/* Firmware update: what the driver sends, what goes wrong, and power lost at every byte of it */
#include "fw_fake.h"

#define OLD	FW_VERSION(26, 11, 0, 1)
#define NEW	FW_VERSION(26, 12, 1, 7)

static uint8_t img[0x10000];

static struct fake *opened(void)
{
	struct fake *f = fake_new();

	drv_open(f);
	return f;
}

static void power(struct fake *f)
{
	memset(f->word, 0, sizeof(f->word));
	f->aw = f->ar = false;
	fw_power(f->fw);
	drv_open(f);
}

static struct fw_in caps(struct fake *f)
{
	static uint8_t b[4096];
	struct fw_in in;

	DRV_SEND(f, 0x00018010);
	drv_reap(f);
	drv_expect(f, 0x11, &in, b);
	return in;
}

/* running, stored: attributes of the three sections */
static const struct {
	uint32_t	section, running, stored;
} sections[] = { { 0, 0xd, 0xe }, { 1, 0x0, 0x4 }, { 3, 0x11, 0x11 } };

static void every_section_every_length(void **st)
{
	(void)st;
	for (unsigned int s = 0; s < 3; s++)
		for (uint32_t len = 0; len < 5000; len += len < 8 ? 1 : 499) {
			struct fake *f = opened();
			uint32_t size = make_image(img, sections[s].section, NEW, "new", 0, len);
			struct fw_in in;

			assert_int_equal(drv_flash(f, sections[s].section, img, size, 99), 0);
			in = caps(f);
			if (sections[s].section != 3)
				assert_int_equal(tlv_uint(&in.a[sections[s].running]), OLD);
			assert_int_equal(tlv_uint(&in.a[sections[s].stored]), NEW);
			assert_int_equal(tlv_uint(&in.a[5]), 0);
			fw_host_reset(f->fw, 0);		/* not yet */
			drv_open(f);
			in = caps(f);
			if (sections[s].section != 3)
				assert_int_equal(tlv_uint(&in.a[sections[s].running]), OLD);
			fw_crash(f->fw, "test");	/* nor now */
			fake_sleep(f, 1001 * MS);
			in = caps(f);
			if (sections[s].section != 3)
				assert_int_equal(tlv_uint(&in.a[sections[s].running]), OLD);
			power(f);
			in = caps(f);
			assert_int_equal(tlv_uint(&in.a[sections[s].running]), NEW);
			assert_int_equal(tlv_uint(&in.a[sections[s].stored]), NEW);
			assert_int_equal(tlv_uint(&in.a[5]), sections[s].section == 1);
			assert_int_equal(fake_refusals(f), 0);
			assert_int_equal(fw_counter(f->fw, FWC_UPDATES), 1);
			fake_free(f);
		}
}

static void capabilities_come_before_the_end(void **st)
{
	struct fake *f = opened();
	uint32_t size = make_image(img, 1, NEW, "newer", 0, 100);
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	assert_int_equal(drv_flash_start(f, 1, size), 0);
	drv_expect(f, 0x24, &in, b);
	drv_chunk(f, 0, size, img);
	drv_expect(f, 0x11, &in, b);
	assert_int_equal(tlv_uint(&in.a[4]), NEW);
	assert_string_equal((const char *)in.a[0xc].p, "newer");
	drv_expect(f, 0x28, &in, b);
	assert_null(in.a[0].p);
	fake_free(f);
}

/* The running slot is never written: the second update replaces the first */
static void three_updates_and_power_between(void **st)
{
	struct fake *f = opened();
	struct fw_in in;

	(void)st;
	for (unsigned int i = 1; i <= 6; i++) {
		uint32_t size = make_image(img, 1, NEW + i, "x", 0, 3000 + i);

		assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
		in = caps(f);
		assert_int_equal(tlv_uint(&in.a[4]), NEW + i);
		if (i % 2)
			continue;
		power(f);
		in = caps(f);
		assert_int_equal(tlv_uint(&in.a[0]), NEW + i);
		assert_int_equal(tlv_uint(&in.a[5]), i / 2 % 2);
	}
	fake_free(f);
}

static void start_is_refused_for_a_reason(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	assert_int_equal(drv_flash_start(f, 2, 1000), -FW_EINVAL);
	assert_int_equal(drv_flash_start(f, 4, 1000), -FW_EINVAL);
	assert_int_equal(drv_flash_start(f, 0xffffffff, 1000), -FW_EINVAL);
	assert_int_equal(drv_flash_start(f, 1, 0), -FW_EINVAL);
	assert_int_equal(drv_flash_start(f, 0, 0x100001), -FW_E2BIG);
	assert_int_equal(drv_flash_start(f, 1, 0xffffffff), -FW_E2BIG);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(drv_flash_start(f, 1, 0x400000), 0);
	drv_expect(f, 0x24, &in, b);
	assert_int_equal(drv_flash_start(f, 0, 1000), -FW_EBUSY);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_REFUSED), 7);
	fake_free(f);
}

static void bad_images_are_refused(void **st)
{
	static const struct {
		uint32_t	at;
		uint8_t		flip;
		int		err;
		bool		crc;		/* the header's CRC is right again */
	} bad[] = {
		{ 0, 1, -FW_EINVAL, true },		/* magic */
		{ 8, 1, -FW_EINVAL, true },		/* header's length */
		{ 12, 1, -FW_EINVAL, true },		/* section */
		{ 12, 3, -FW_EINVAL, true },
		{ 44, 1, -FW_EINVAL, true },		/* length */
		{ 47, 0x80, -FW_EINVAL, true },
		{ 42, 'x', -FW_EINVAL, true },		/* commit without an end */
		{ 20, 1, -FW_EACCES, true },		/* 4 instead of 5 */
		{ 48, 1, -FW_EBADMSG, true },		/* checksum of the payload */
		{ 17, 1, -FW_EINVAL, false },		/* header's checksum */
		{ 64, 1, -FW_EBADMSG, false },
		{ 4999, 0x80, -FW_EBADMSG, false },
	};
	struct fw_config cfg;

	(void)st;
	fw_config_default(&cfg);
	cfg.anti_rollback = 5;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fake *f = fake_new_cfg(&cfg);
		uint32_t size = make_image(img, 1, NEW, "", 5, 5000 - IMAGE_HDR);
		struct fw_in in;

		drv_open(f);
		img[bad[i].at] ^= bad[i].flip;
		if (bad[i].crc)
			put_le32(img + 60, fw_crc32(0, img, 60));
		assert_int_equal(drv_flash(f, 1, img, size, 99), bad[i].err);
		in = caps(f);
		assert_int_equal(tlv_uint(&in.a[4]), OLD);
		img[bad[i].at] ^= bad[i].flip;
		put_le32(img + 60, fw_crc32(0, img, 60));
		assert_int_equal(drv_flash(f, 1, img, size, 99), 0);	/* and the good one goes in */
		fake_free(f);
	}
}

/* Shorter than announced in its header, by every amount around the header */
static void truncated_images_are_refused(void **st)
{
	struct fake *f = opened();
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);

	(void)st;
	for (uint32_t len = 1; len < size; len += len < 70 ? 1 : 293)
		assert_int_equal(drv_flash(f, 1, img, len, 99), -FW_EINVAL);
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	fake_free(f);
}

static void wrong_chunks_end_it(void **st)
{
	static const uint32_t wrong[][2] = { { 2048, 2048 }, { 1, 2048 }, { 0, 2047 }, { 0, 2049 }, { 0, 3584 } };
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	for (unsigned int i = 0; i < 5; i++) {
		struct fake *f = opened();
		uint32_t size = make_image(img, 1, NEW, "", 0, 5000);

		drv_flash_start(f, 1, size);
		drv_expect(f, 0x24, &in, b);
		drv_chunk(f, wrong[i][0], wrong[i][1], img);
		drv_expect(f, 0x28, &in, b);
		assert_int_equal(tlv_sint(&in.a[0]), -FW_EINVAL);
		DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-22);
		drv_chunk(f, 0, 2048, img);			/* too late */
		assert_int_equal(drv_recv(f, b), 0);
		assert_int_equal(fw_refused(f->fw, FWR_MSG_REFUSED), 2);
		fake_free(f);
	}
}

static void cancel_silence_and_departure_end_it(void **st)
{
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	for (unsigned int how = 0; how < 5; how++) {
		struct fake *f = opened();
		uint32_t size = make_image(img, 1, NEW, "", 0, 9000);

		assert_int_equal(drv_flash(f, 1, img, size, 2), 1);
		switch (how) {
		case 0:
			DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-110);
			break;
		case 1:
			fake_sleep(f, 14900 * MS);
			assert_int_equal(drv_flash_start(f, 1, size), -FW_EBUSY);
			fake_sleep(f, 200 * MS);
			break;
		case 2:
			drv_close(f);
			break;
		case 3:
			memset(f->word, 0, sizeof(f->word));
			fw_host_reset(f->fw, 0);
			break;
		case 4:
			fw_crash(f->fw, "test");
			fake_sleep(f, 1001 * MS);
			break;
		}
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1);
		memset(f->word, 0, sizeof(f->word));
		fw_host_reset(f->fw, 0);
		drv_open(f);
		while (drv_recv(f, b))
			;
		in = caps(f);
		assert_int_equal(tlv_uint(&in.a[4]), OLD);
		assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
		power(f);
		in = caps(f);
		assert_int_equal(tlv_uint(&in.a[0]), NEW);
		fake_free(f);
	}
}

/* The fuse rises when the new one runs, not before; then the old one is history */
static void rollback_is_refused_after_it_ran(void **st)
{
	struct fake *f = opened();
	uint32_t size = make_image(img, 1, NEW, "", 3, 100);
	struct fw_in in;

	(void)st;
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	in = caps(f);
	assert_int_equal(tlv_uint(&in.a[0x15]), 0);
	power(f);
	in = caps(f);
	assert_int_equal(tlv_uint(&in.a[0x15]), 3);
	size = make_image(img, 1, OLD, "", 2, 100);
	assert_int_equal(drv_flash(f, 1, img, size, 99), -FW_EACCES);
	size = make_image(img, 1, OLD, "", 3, 100);
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	power(f);
	in = caps(f);
	assert_int_equal(tlv_uint(&in.a[0]), OLD);
	assert_int_equal(tlv_uint(&in.a[0x15]), 3);
	fake_free(f);
}

/* Flash forgets a bit of the stored image: the other one runs */
static void a_rotten_image_is_not_booted(void **st)
{
	struct fake *f = opened();
	uint32_t size = make_image(img, 1, NEW, "", 0, 5000);
	struct fw_in in;

	(void)st;
	drv_flash(f, 1, img, size, 99);
	power(f);
	size = make_image(img, 1, NEW + 1, "", 0, 5000);
	drv_flash(f, 1, img, size, 99);
	f->flash[0x400000 + 4000] ^= 4;			/* slot 0 has the newer one */
	power(f);
	in = caps(f);
	assert_int_equal(tlv_uint(&in.a[0]), NEW);
	assert_int_equal(tlv_uint(&in.a[4]), NEW);
	f->flash[0x800000 + 4000] ^= 4;
	power(f);
	in = caps(f);
	assert_int_equal(tlv_uint(&in.a[0]), OLD);	/* what the card was made with */
	fake_free(f);
}

/*
 * The light goes out at byte @cut of what is written.  Then the old image runs,
 * or, if the update was told to be done, the new one; and the next update works.
 */
static bool cut_at(uint64_t cut, bool lose, uint32_t *seed)
{
	struct fake *f = opened();
	uint32_t size = make_image(img, 1, NEW, "a", 0, 4000), v;
	struct fw_in in;
	bool done;
	int err;

	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	power(f);
	size = make_image(img, 1, NEW + 1, "b", 0, 5000);
	f->flash_left = cut;
	f->flash_written = 0;
	err = drv_flash(f, 1, img, size, 99);
	done = !f->flash_dead;
	assert_int_equal(err, done ? 0 : -FW_EIO);
	if (lose)
		fake_flash_lose(f, seed);
	fake_flash_back(f);
	power(f);
	in = caps(f);
	v = (uint32_t)tlv_uint(&in.a[0]);
	assert_int_equal(tlv_uint(&in.a[4]), v);
	if (done)
		assert_int_equal(v, NEW + 1);
	else
		assert_true(v == NEW || (v == NEW + 1 && cut > size));
	size = make_image(img, 1, NEW + 2, "c", 0, 3000);
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	power(f);
	in = caps(f);
	assert_int_equal(tlv_uint(&in.a[0]), NEW + 2);
	fake_free(f);
	return done;
}

static void power_lost_at_every_byte(void **st)
{
	uint32_t seed = 99;
	uint64_t cut = 0;

	(void)st;
	/* every byte of the directories, every 7th of the image */
	while (!cut_at(cut, false, &seed))
		cut += cut < 600 || cut > 5600 ? 1 : 7;
	assert_in_range(cut, 6000, 7000);
}

static void power_lost_with_writes_in_any_order(void **st)
{
	uint32_t seed = 4711;

	(void)st;
	for (unsigned int n = 0; n < 400; n++)
		cut_at(rnd(&seed) % 6400, true, &seed);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_section_every_length),
		cmocka_unit_test(capabilities_come_before_the_end),
		cmocka_unit_test(three_updates_and_power_between),
		cmocka_unit_test(start_is_refused_for_a_reason),
		cmocka_unit_test(bad_images_are_refused),
		cmocka_unit_test(truncated_images_are_refused),
		cmocka_unit_test(wrong_chunks_end_it),
		cmocka_unit_test(cancel_silence_and_departure_end_it),
		cmocka_unit_test(rollback_is_refused_after_it_ran),
		cmocka_unit_test(a_rotten_image_is_not_booted),
		cmocka_unit_test(power_lost_at_every_byte),
		cmocka_unit_test(power_lost_with_writes_in_any_order),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
