// SPDX-License-Identifier: GPL-2.0-or-later
/* Power, boot, crash, hang, restart; what flash remembers */
#include "fw_fake.h"

static void caps(struct fake *f, struct fw_in *in, uint8_t *b)
{
	DRV_SEND(f, 0x00018010);
	drv_reap(f);
	drv_expect(f, 0x11, in, b);
}

static uint64_t heartbeat(struct fake *f)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00018014);
	drv_reap(f);
	drv_expect(f, 0x15, &in, b);
	return tlv_uint(&in.a[0]);
}

/* One after the other, and the mailbox only at the end */
static void boot_takes_its_time(void **st)
{
	struct fw_config cfg;
	struct fake *f;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_config_default(&cfg);
	cfg.boot_ms[0] = 100;
	cfg.boot_ms[1] = 300;
	f = fake_new_cfg(&cfg);
	assert_int_equal(fw_phase(f->fw), FW_BOOTLOADER);
	assert_int_equal(f->modes, 0);
	fake_sleep(f, 99 * MS);
	assert_int_equal(fw_phase(f->fw), FW_BOOTLOADER);
	fake_sleep(f, 2 * MS);
	assert_int_equal(fw_phase(f->fw), FW_STARTING);

	/* the driver is early: it resets its ring every 20 ms and looks for an interrupt */
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	drv_reset_ring(f, RING_TX);
	fake_sleep(f, 250 * MS);
	assert_int_equal(f->irqs, 0);
	fake_sleep(f, 100 * MS);
	assert_true(fw_ready(f->fw));
	assert_int_equal(f->modes, 1);
	assert_int_equal(f->irqs, 1);
	drv_open(f);
	caps(f, &in, b);
	assert_int_equal(fw_uptime_ms(f->fw), 452);
	assert_int_equal(fw_counter(f->fw, FWC_BOOTS), 1);
	fake_free(f);
}

static void a_reset_is_not_a_power_cycle(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	drv_open(f);
	fake_sleep(f, 1000 * MS);
	fw_host_reset(f->fw, 0);
	assert_int_equal(fw_counter(f->fw, FWC_BOOTS), 1);
	assert_int_equal(fw_uptime_ms(f->fw), 1001);
	fw_power(f->fw);
	assert_int_equal(fw_counter(f->fw, FWC_BOOTS), 2);
	assert_int_equal(fw_uptime_ms(f->fw), 1);
	fake_free(f);
}

/* Messages that were waiting are answered after the restart, whatever the heads were */
static void a_crash_is_survived_at_every_head(void **st)
{
	(void)st;
	for (unsigned int head = 0; head < 40; head++) {
		struct fake *f = fake_new();
		struct fw_in in;
		uint8_t b[4096];

		drv_open(f);
		for (unsigned int i = 0; i < head; i++)
			heartbeat(f);
		fake_sleep(f, 5000 * MS);
		assert_int_equal(heartbeat(f), 5001);
		assert_int_equal(fw_crash(f->fw, "test"), 0);
		assert_int_equal(fw_crash(f->fw, "test"), -FW_EBUSY);
		DRV_SEND(f, 0x00018014);
		DRV_SEND(f, 0x00018014);
		assert_int_equal(drv_reap(f), 0);
		fake_sleep(f, 999 * MS);
		assert_int_equal(fw_phase(f->fw), FW_CRASHED);
		fake_sleep(f, 2 * MS);
		assert_true(fw_ready(f->fw));
		assert_int_equal(drv_reap(f), 2);
		assert_int_equal(drv_recv(f, b), 0);
		fake_sleep(f, 10 * MS);
		drv_expect(f, 0x15, &in, b);
		assert_int_equal(tlv_uint(&in.a[0]), 11);	/* went back: how the driver finds out */
		drv_expect(f, 0x15, &in, b);
		assert_int_equal(drv_recv(f, b), 0);
		assert_true(heartbeat(f) >= 11);
		assert_int_equal(fw_counter(f->fw, FWC_CRASHES), 1);
		assert_int_equal(fake_refusals(f), 0);
		fake_free(f);
	}
}

/* A page that was taken but not looked at by the host, and one that was given back */
static void heads_are_found_with_replies_not_yet_read(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	drv_open(f);
	for (unsigned int round = 0; round < 30; round++) {
		unsigned int before = round % 12;

		for (unsigned int i = 0; i < before; i++) {
			DRV_SEND(f, 0x00018014);
			drv_reap(f);
		}
		assert_int_equal(fw_restart(f->fw), 0);
		DRV_SEND(f, 0x00018014);
		assert_int_equal(drv_reap(f), 1);
		fake_sleep(f, 10 * MS);
		for (unsigned int i = 0; i <= before; i++)
			drv_expect(f, 0x15, &in, b);
		assert_int_equal(drv_recv(f, b), 0);
	}
	assert_int_equal(fake_refusals(f), 0);
	fake_free(f);
}

static void hung_means_nothing_moves(void **st)
{
	struct fake *f = fake_new();
	uint8_t b[4096];

	(void)st;
	drv_open(f);
	heartbeat(f);
	assert_int_equal(fw_hang(f->fw), 0);
	assert_int_equal(fw_hang(f->fw), -FW_EBUSY);
	DRV_SEND(f, 0x00018014);
	fw_link(f->fw, 0, true);
	fake_sleep(f, 3600000 * MS);
	assert_int_equal(drv_reap(f), 0);
	assert_int_equal(f->timer, FW_NEVER);
	assert_int_equal(fw_phase(f->fw), FW_HUNG);

	/* the driver gives up and comes again */
	drv_close(f);
	assert_int_equal(fw_restart(f->fw), 0);
	assert_true(fw_ready(f->fw));
	drv_open(f);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(heartbeat(f), 1);
	assert_int_equal(fw_counter(f->fw, FWC_CRASHES), 1);
	fake_free(f);
}

static uint32_t read_dump(struct fake *f, uint8_t *dump, bool whole)
{
	uint32_t size;
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00028018, 0x00040000);
	drv_reap(f);
	drv_expect(f, 0x19, &in, b);
	size = (uint32_t)tlv_uint(&in.a[1]);
	assert_in_range(size, 32, DUMP_MAX);
	for (uint32_t off = 0; off < size; off += 500) {
		uint32_t len = size - off < 500 ? size - off : 500;

		if (!whole && off + len == size)
			break;
		DRV_SEND(f, 0x00058020, 0x00080000, off, 0x00080001, len);
		drv_reap(f);
		drv_expect(f, 0x21, &in, b);
		memcpy(dump + off, in.a[2].p, len);
	}
	return size;
}

/* Kept through restart, "make one" and power, until it was read */
static void a_crash_leaves_a_dump_that_stays(void **st)
{
	static uint8_t dump[DUMP_MAX + 1];
	struct fake *f = fake_new();
	uint32_t size;

	(void)st;
	drv_open(f);
	heartbeat(f);
	fake_sleep(f, 77 * MS);
	fw_crash(f->fw, "watchdog bit the dog");
	fake_sleep(f, 2000 * MS);
	read_dump(f, dump, false);
	assert_int_equal(get_le32(dump + 12), 2);
	fw_power(f->fw);
	memset(f->word, 0, sizeof(f->word));
	drv_open(f);
	memset(dump, 0, sizeof(dump));
	size = read_dump(f, dump, true);
	assert_int_equal(get_le32(dump + 8), size);
	assert_int_equal(get_le32(dump + 12), 2);
	assert_int_equal(get_le32(dump + 16), 78);
	assert_non_null(memmem(dump, size, "reason: watchdog bit the dog\n", 29));
	assert_non_null(memmem(dump, size, "boot2: 26.11.00-001 openfbnic\n", 30));
	assert_non_null(memmem(dump, size, "assert: watchdog", 16));
	assert_non_null(memmem(dump, size, "REGS", 4));
	assert_non_null(memmem(dump, size, "\x08\x18\x01\0\x08\x18\x5b\x5a", 8));	/* SIG_PCS_OUT0 */

	read_dump(f, dump, true);			/* it was read: now one is made */
	assert_int_equal(get_le32(dump + 12), 1);
	fake_free(f);
}

static void a_torn_dump_is_none(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	drv_open(f);
	f->flash_left = 1000;
	fw_crash(f->fw, "test");
	fake_flash_back(f);
	fw_power(f->fw);
	memset(f->word, 0, sizeof(f->word));
	drv_open(f);
	DRV_SEND(f, 0x00018018);
	drv_expect(f, 0x19, &in, b);
	assert_null(in.a[0].p);
	fake_free(f);
}

/* Flash of any content is survived, and a card comes up */
static void garbage_in_flash_boots(void **st)
{
	uint32_t seed = 0x1234567;

	(void)st;
	for (unsigned int n = 0; n < 40; n++) {
		struct fake *f = fake_new();
		struct fw_in in;
		uint8_t b[4096];

		for (uint32_t i = 0; i < 0x12000; i++)
			if (n < 4 || rnd(&seed) % 64 == 0)
				f->flash[i] = (uint8_t)rnd(&seed);
		fw_power(f->fw);
		drv_open(f);
		caps(f, &in, b);
		assert_int_equal(tlv_uint(&in.a[0]), FW_VERSION(26, 11, 0, 1));
		assert_int_equal(tlv_uint(&in.a[4]), FW_VERSION(26, 11, 0, 1));
		fake_free(f);
	}
}

/* A directory with a right CRC and wrong content: slots, sizes, versions */
static void a_forged_directory_boots(void **st)
{
	uint32_t seed = 77;

	(void)st;
	for (unsigned int n = 0; n < 2000; n++) {
		static struct fake *f;
		struct fw_in in;
		uint8_t b[4096];

		if (!f)
			f = fake_new();
		for (unsigned int k = 0; k < 3; k++)
			f->flash[12 + rnd(&seed) % 264] = (uint8_t)(rnd(&seed) & 1 ? 1 : rnd(&seed));
		put_le32(f->flash + 564, fw_crc32(0, f->flash, 564));
		memset(f->flash + 0x1000, 0, 0x1000);
		fw_power(f->fw);
		memset(f->word, 0, sizeof(f->word));
		drv_open(f);
		caps(f, &in, b);
		assert_true(tlv_uint(&in.a[0]) != 0);
		if (n == 1999)
			fake_free(f);
	}
}

static void without_flash_it_runs_what_it_has(void **st)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct fw_env env = {
		.ctx = f, .host_ctx = { f }, .mbx_read = fake_mbx_read, .mbx_write = fake_mbx_write, .dma_read = fake_dma_read,
		.dma_write = fake_dma_write, .dma_ready = fake_dma_ready, .irq = fake_irq, .now = fake_now,
		.timer = fake_timer, .set_link_mode = fake_link_mode,
	};
	struct fw_config cfg;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_config_default(&cfg);
	f->fw = malloc(fw_size());
	f->timer = FW_NEVER;
	assert_int_equal(fw_init(f->fw, &cfg, &env), 0);
	drv_open(f);
	caps(f, &in, b);
	assert_int_equal(drv_flash_start(f, 1, 1000), -FW_EOPNOTSUPP);
	fw_crash(f->fw, "test");
	fake_sleep(f, 1001 * MS);
	DRV_SEND(f, 0x00018014);
	fake_sleep(f, 10 * MS);
	drv_expect(f, 0x15, &in, b);
	heartbeat(f);
	fake_free(f);
}

/*
 * The driver notes the uptime that it knows only when its request is on its way: the answer that tells of
 * another life must not be faster.  Others may; and who goes meanwhile gets none.
 */
static void the_first_answer_of_another_life_takes_its_time(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	drv_open(f);
	fake_sleep(f, 5000 * MS);
	assert_int_equal(heartbeat(f), 5001);			/* the first life it knows */
	for (unsigned int round = 0; round < 3; round++) {
		assert_int_equal(fw_restart(f->fw), 0);
		for (unsigned int i = 0; i < 2; i++) {
			DRV_SEND(f, 0x00018014);
			assert_int_equal(drv_reap(f), 1);
			fake_sleep(f, 4 * MS);
			assert_int_equal(drv_recv(f, b), 0);
		}
		fake_sleep(f, 2 * MS);
		for (unsigned int i = 0; i < 2; i++) {
			drv_expect(f, 0x15, &in, b);
			assert_int_equal(tlv_uint(&in.a[0]), 11);
		}
		assert_int_equal(heartbeat(f), 11);
	}

	assert_int_equal(fw_restart(f->fw), 0);
	DRV_SEND(f, 0x00018014);
	drv_close(f);
	drv_open(f);
	fake_sleep(f, 100 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(heartbeat(f), 101);
	assert_int_equal(f->timer, FW_NEVER);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(boot_takes_its_time),
		cmocka_unit_test(a_reset_is_not_a_power_cycle),
		cmocka_unit_test(a_crash_is_survived_at_every_head),
		cmocka_unit_test(heads_are_found_with_replies_not_yet_read),
		cmocka_unit_test(hung_means_nothing_moves),
		cmocka_unit_test(a_crash_leaves_a_dump_that_stays),
		cmocka_unit_test(a_torn_dump_is_none),
		cmocka_unit_test(garbage_in_flash_boots),
		cmocka_unit_test(a_forged_directory_boots),
		cmocka_unit_test(without_flash_it_runs_what_it_has),
		cmocka_unit_test(the_first_answer_of_another_life_takes_its_time),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
