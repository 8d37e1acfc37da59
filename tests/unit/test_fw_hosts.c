// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One firmware, several hosts: what one of them does, the others must not be
 * able to tell from its having done nothing; what happens to the card, all see.
 */
#include "fw_fake.h"

#define R()	rnd(&s)

static void card_new(struct fake *f[FW_HOSTS], unsigned int hosts)
{
	struct fw_config cfg;

	fw_config_default(&cfg);
	cfg.hosts = hosts;
	memset(f, 0, FW_HOSTS * sizeof(f[0]));
	fakes_new(f, &cfg);
}

/* The next message that is no log must be @id */
static void await(struct fake *f, unsigned int id, struct fw_in *in, uint8_t *b)
{
	do
		assert_true(drv_recv(f, b) > 0);
	while ((get_le32(b) & 0xfff) == MSG_LOG_MSG_REQ);
	assert_int_equal(get_le32(b) & 0xfff, id);
	assert_int_equal(msg_parse(in, b, 4096, MSG_TO_HOST), 0);
}

/* A driver comes: capabilities */
static void arrive(struct fake *f)
{
	uint8_t b[4096];
	struct fw_in in;

	drv_open(f);
	DRV_SEND(f, 0x00018010);
	assert_int_equal(drv_reap(f), 1);
	drv_expect(f, 0x11, &in, b);
}

/* Sends one of a single dword; the answer must be @id */
static void ask(struct fake *f, uint32_t msg, unsigned int id)
{
	uint8_t b[4096];
	struct fw_in in;

	DRV_SEND(f, msg);
	assert_int_equal(drv_reap(f), 1);
	await(f, id, &in, b);
}

static void heartbeat(struct fake *f)
{
	ask(f, 0x00018014, 0x15);
}

/* With the 10 ms that the answer takes; @clock is the card's first host */
static void own(struct fake *f, struct fake *clock)
{
	uint8_t b[4096];
	struct fw_in in;

	DRV_SEND(f, 0x00028012, 0x00040000);
	drv_reap(f);
	fake_sleep(clock, 11 * MS);
	await(f, 0x13, &in, b);
}

static void logs_on(struct fake *f)
{
	DRV_SEND(f, 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002);
	drv_reap(f);
}

static size_t drain(struct fake *f)
{
	uint8_t b[4096];
	size_t n = 0;

	while (drv_recv(f, b))
		n++;
	return n;
}

/* The dump as the driver reads it; its length */
static size_t read_dump(struct fake *f, bool make, uint8_t *dump)
{
	uint8_t b[4096];
	struct fw_in in;
	size_t size, len;

	if (make)
		DRV_SEND(f, 0x00028018, 0x00040000);
	else
		DRV_SEND(f, 0x00018018);
	drv_reap(f);
	await(f, 0x19, &in, b);
	size = (size_t)tlv_uint(&in.a[1]);
	for (size_t off = 0; off < size; off += len) {
		len = size - off < 3584 ? size - off : 3584;
		DRV_SEND(f, 0x00058020, 0x00080000, (uint32_t)off, 0x00080001, (uint32_t)len);
		drv_reap(f);
		await(f, 0x21, &in, b);
		assert_int_equal(in.a[2].len, len);
		memcpy(dump + off, in.a[2].p, len);
	}
	return size;
}

/* ---- a host that can't tell what the other does ---- */

static uint8_t dump[DUMP_MAX];

/* A step of host 1's life; false: it is over.  Everything in it is the same each time. */
static bool step(struct fake *f, struct fake *clock, unsigned int n)
{
	unsigned int round = n / 12;

	if (round == 5)
		return false;
	switch (n % 12) {
	case 0:
		arrive(f);
		break;
	case 1:
		logs_on(f);
		drain(f);
		break;
	case 2:
		own(f, clock);
		break;
	case 3:
		DRV_SEND(f, 0x00038000, 0x00080002, 0x12345678 + round);	/* echoed */
		drv_reap(f);
		break;
	case 4:
		DRV_SEND(f, 0x00028046, 0x00080000, round);
		drv_reap(f);
		break;
	case 5:
		read_dump(f, true, dump);
		break;
	case 6:
		fw_link(f->fw, 1, round % 2);
		fake_sleep(clock, 6 * MS);
		break;
	case 7:
		for (unsigned int i = 0; i < 20; i++)
			heartbeat(f);
		break;
	case 8:
		DRV_SEND(f, 0x00028022, 0x00080001, 7);		/* no such section */
		drv_reap(f);
		break;
	case 9:
		DRV_SEND(f, 0x0002803e, 0x00040000);		/* another link mode */
		drv_reap(f);
		break;
	case 10:
		fake_sleep(clock, 100 * MS);
		break;
	case 11:
		if (round % 2) {
			memset(f->word, 0, sizeof(f->word));
			fw_host_reset(f->fw, 1);
		} else {
			drv_close(f);
		}
		return true;
	}
	drain(f);
	return true;
}

static void evil_nothing(struct fake *f, unsigned int n)
{
	(void)f;
	(void)n;
}

static void evil_resets(struct fake *f, unsigned int n)
{
	for (unsigned int i = 0; i <= n % 5; i++) {
		memset(f->word, 0, sizeof(f->word));
		fw_host_reset(f->fw, 0);
	}
}

static void evil_comes_and_goes(struct fake *f, unsigned int n)
{
	arrive(f);
	logs_on(f);
	DRV_SEND(f, 0x00028012, 0x00040000);
	fw_link(f->fw, 0, n % 2);
	if (n % 3)
		drv_close(f);
}

/* Asks and asks, and never gives a page */
static void evil_flood(struct fake *f, unsigned int n)
{
	(void)n;
	f->ar = f->aw = true;
	for (unsigned int i = 0; i < 200; i++) {
		if (i % 2)
			(void)drv_send(f, (const uint32_t[]){ 0x00018014 }, 1);
		else
			(void)drv_send(f, (const uint32_t[]){ 0x00058020, 0x00080000, 0, 0x00080001, 3584 }, 5);
		drv_reap(f);
	}
}

/* Anything into any word, but what is the card's (flash, EEPROM) */
static void evil_words(struct fake *f, unsigned int n)
{
	uint32_t s = 0x5eed + n;

	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int ring = R() % 2, d = R() % 4 ? f->fw->host[0].head[ring] : R() % 16, id;
		uint64_t addr = MEM_BASE + (R() & 0xff000);
		uint8_t *p = fake_mem(f, addr, 64);

		do
			id = R() % 8 ? fw_msgs[R() % fw_msg_count].id : R() & 0xfff;
		while (id == MSG_START_UPGRADE_REQ || id == MSG_EEPROM_WRITE_REQ);
		put_le32(p, id | 0x8000 | (R() % 14 + 1) << 16);
		for (unsigned int k = 1; k < 14; k++)
			put_le32(p + 4 * k, R() % 3 ? R() % 13 | (4 + R() % 9) << 16 : R());
		f->ar = R() % 8;
		f->aw = R() % 8;
		drv_wr(f, drv_word(ring, d) + 1, R() % 8 ? 4096u << 16 | 0x4000 : R());
		drv_wr(f, drv_word(ring, d), R() % 8 ? (uint32_t)addr | 1 : R() % 3 ? R() % 4 : R());
	}
}

static void life(struct fake *f[FW_HOSTS], unsigned int hosts, void (*evil)(struct fake *f, unsigned int n))
{
	card_new(f, hosts);
	for (unsigned int n = 0; step(f[1], f[0], n); n++)
		evil(f[0], n);
}

/* All that the host can see: words, memory, interrupts, messages, link modes */
static void same(struct fake *a, struct fake *b)
{
	b->fw = a->fw;
	assert_memory_equal(a, b, sizeof(*a));
}

static void what_one_does_another_cannot_tell(void **st)
{
	static void (*const evil[])(struct fake *f, unsigned int n) = {
		evil_nothing, evil_resets, evil_comes_and_goes, evil_flood, evil_words,
	};
	struct fake *want[FW_HOSTS], *got[FW_HOSTS];

	(void)st;
	life(want, 2, evil_nothing);
	assert_int_equal(want[1]->rx_errors + want[1]->tx_errors, 0);
	assert_int_equal(fw_host_counter(want[1]->fw, 1, FWC_HOST_GONE), 5);
	assert_true(fw_host_counter(want[1]->fw, 1, FWC_MSG_OUT) > 120);
	for (unsigned int i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		life(got, 2 + i % 3, evil[i]);
		for (unsigned int c = 0; c < FWC_COUNT; c++)
			assert_int_equal(fw_host_counter(got[1]->fw, 1, (enum fw_counter)c),
					 fw_host_counter(want[1]->fw, 1, (enum fw_counter)c));
		for (unsigned int r = 0; r < FWR_COUNT; r++)
			assert_int_equal(fw_host_refused(got[1]->fw, 1, (enum fw_refusal)r),
					 fw_host_refused(want[1]->fw, 1, (enum fw_refusal)r));
		same(want[1], got[1]);
		if (evil[i] == evil_flood)
			assert_true(fw_host_refused(got[0]->fw, 0, FWR_RX_FULL) > 1000);
		if (evil[i] == evil_words)
			assert_true(fw_host_counter(got[0]->fw, 0, FWC_MSG_IN) > 1000);
		fake_free(got[0]);
	}
	fake_free(want[0]);
}

/* ---- what is each host's own ---- */

static void link_module_owner_are_each_host_s(void **st)
{
	const struct fw_module none = { .kind = FW_MODULE_NONE };
	struct fake *f[FW_HOSTS];
	int32_t a, w, t;

	(void)st;
	card_new(f, 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(f[i]->speed, FW_SPEED_100CR2);
		arrive(f[i]);
	}
	own(f[2], f[0]);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(fw_host_owns(f[0]->fw, i), i == 2);
	ask(f[2], 0x0001803e, 0x3f);			/* one lane, NRZ */
	ask(f[1], 0x0001803e, 0x3f);			/* refused: it does not own its port */
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(f[i]->speed, i == 2 ? FW_SPEED_25CR : FW_SPEED_100CR2);
	fw_set_module(f[0]->fw, 3, &none);
	assert_int_equal(fw_module(f[0]->fw, 3)->kind, FW_MODULE_NONE);
	assert_int_equal(fw_module_temperature(f[0]->fw, 3, &a, &w, &t), -FW_ENODEV);
	assert_int_equal(fw_module_temperature(f[0]->fw, 2, &a, &w, &t), 0);
	fw_host_reset(f[0]->fw, 2);
	assert_false(fw_host_owns(f[0]->fw, 2));
	assert_int_equal(f[2]->speed, FW_SPEED_25CR);
	fake_free(f[0]);
}

/* Lines of @f's log that have @text in them */
static unsigned int lines(struct fake *f, const char *text)
{
	const struct fw_host *h = &f->fw->host[f->host];
	unsigned int n = 0;

	for (unsigned int i = 0; i < LOG_ENTRIES; i++)
		n += strstr(h->log[i].text, text) != NULL;
	return n;
}

static void logs_of_the_card_go_to_all(void **st)
{
	struct fake *f[FW_HOSTS];
	uint64_t had;

	(void)st;
	card_new(f, 3);
	for (unsigned int i = 0; i < 2; i++) {		/* host 2 does not listen */
		arrive(f[i]);
		logs_on(f[i]);
		drain(f[i]);
	}
	f[0]->temp = 100000;
	fw_sensors(f[0]->fw);
	fake_sleep(f[0], 6 * MS);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(lines(f[i], "temperature 100000 mC"), 1);
		assert_int_equal(lines(f[i], "boot: control firmware"), 1);
		assert_int_equal(i < 2 ? drain(f[i]) : 0, i < 2);
	}
	/* Whatever host 0 does to its log, that of host 1 stays */
	had = f[1]->fw->host[1].log_next;
	for (unsigned int i = 0; i < 500; i++)
		fw_host_reset(f[0]->fw, 0);
	assert_int_equal(f[1]->fw->host[1].log_next, had);
	assert_int_equal(lines(f[0], "boot: control firmware"), 0);
	assert_int_equal(lines(f[1], "boot: control firmware"), 1);
	fake_free(f[0]);
}

/* ---- what is the card's ---- */

static void fuses_and_thresholds_reach_all(void **st)
{
	struct fake *f[FW_HOSTS];
	struct fw_config cfg;
	uint8_t b[4096];
	struct fw_in in;

	(void)st;
	fw_config_default(&cfg);
	cfg.hosts = 3;
	cfg.threshold_events = true;
	memset(f, 0, sizeof(f));
	fakes_new(f, &cfg);
	arrive(f[0]);
	arrive(f[2]);
	fw_set_otp(f[0]->fw, 5, 6);
	f[0]->temp = -2000;
	fw_sensors(f[0]->fw);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(f[i]->otp[0], 5);
		assert_int_equal(f[i]->otp[1], 6);
		if (i == 1)
			continue;
		drv_expect(f[i], 0x40, &in, b);
		assert_int_equal(tlv_sint(&in.a[2]), -2000);
	}
	f[1]->otp[0] = 0;
	fw_host_reset(f[0]->fw, 1);
	assert_int_equal(f[1]->otp[0], 5);
	fake_free(f[0]);
}

static bool contains(const uint8_t *p, size_t len, const char *text)
{
	for (size_t n = strlen(text); len >= n; p++, len--)
		if (!memcmp(p, text, n))
			return true;
	return false;
}

/* Test message with a string; the answer is thrown away */
static void leave_trace(struct fake *f, const char *text)
{
	struct tlv_buf t;
	uint8_t p[64];

	tlv_begin(&t, p, sizeof(p), 0);
	tlv_put(&t, TEST_STRING, text, strlen(text) + 1);
	assert_true(drv_send_bytes(f, p, (unsigned int)tlv_end(&t)));
	drv_reap(f);
	assert_int_equal(drain(f), 1);
}

static void a_crash_is_everybody_s_and_a_dump_one_host_s(void **st)
{
	struct fake *f[FW_HOSTS];
	size_t n;

	(void)st;
	card_new(f, 2);
	arrive(f[0]);
	arrive(f[1]);
	fake_sleep(f[0], 5000 * MS);
	leave_trace(f[0], "host zero was here");
	leave_trace(f[1], "host one was here");
	assert_int_equal(fw_crash(f[0]->fw, "test"), 0);
	for (unsigned int i = 0; i < 2; i++) {
		DRV_SEND(f[i], 0x00018014);
		assert_int_equal(drv_reap(f[i]), 0);	/* not now */
	}
	fake_sleep(f[0], 1011 * MS);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(drv_reap(f[i]), 1);
		assert_int_equal(drain(f[i]), 1);
		assert_true(fw_uptime_ms(f[i]->fw) < 100);
	}
	for (unsigned int i = 0; i < 2; i++) {
		n = read_dump(f[i], true, dump);
		assert_true(contains(dump, n, "reason: test\n"));
		assert_int_equal(contains(dump, n, "host zero was here"), i == 0);
		assert_int_equal(contains(dump, n, "host one was here"), i == 1);
		assert_int_equal(fw_dump_take(f[0]->fw, i, true), n);
		assert_int_equal(f[i]->fw->host[i].dump_kept, false);
		assert_int_equal(f[i]->fw->host[1].dump_kept, i == 0);	/* reading one's own is not reading another's */
	}
	/* ... and so they come back from flash */
	fw_power(f[0]->fw);
	for (unsigned int i = 0; i < 2; i++) {
		memset(f[i]->word, 0, sizeof(f[i]->word));
		arrive(f[i]);
		n = read_dump(f[i], false, dump);
		assert_int_equal(contains(dump, n, "host zero was here"), i == 0);
		assert_int_equal(contains(dump, n, "host one was here"), i == 1);
	}
	fake_free(f[0]);
}

/* While one reads its dump in parts, another makes as many as it likes */
static void a_dump_that_is_read_stays(void **st)
{
	static uint8_t other[DUMP_MAX];
	struct fake *f[FW_HOSTS];
	uint8_t b[4096];
	struct fw_in in;

	(void)st;
	card_new(f, 2);
	arrive(f[0]);
	arrive(f[1]);
	DRV_SEND(f[1], 0x00028018, 0x00040000);
	drv_reap(f[1]);
	drv_expect(f[1], 0x19, &in, b);
	memcpy(dump, f[1]->fw->host[1].dump, DUMP_MAX);
	read_dump(f[0], true, other);
	assert_true(fw_dump_take(f[0]->fw, 0, false) > 0);
	assert_memory_equal(dump, f[1]->fw->host[1].dump, DUMP_MAX);
	fake_free(f[0]);
}

/* The chunk that was asked for last */
static void answer_chunk(struct fake *f, const uint8_t *img)
{
	uint8_t b[4096];
	struct fw_in in;

	drv_expect(f, 0x24, &in, b);
	drv_chunk(f, (uint32_t)tlv_uint(&in.a[0]), (uint32_t)tlv_uint(&in.a[1]), img + tlv_uint(&in.a[0]));
}

static void one_update_at_a_time(void **st)
{
	static uint8_t img[9000];
	uint32_t size = make_image(img, 1, FW_VERSION(27, 0, 0, 1), "new", 0, 8000);
	struct fake *f[FW_HOSTS];
	uint8_t b[4096];
	struct fw_in in;

	(void)st;
	card_new(f, 3);
	arrive(f[0]);
	arrive(f[1]);
	assert_int_equal(drv_flash_start(f[0], 1, size), 0);
	assert_int_equal(drv_flash_start(f[1], 1, size), -FW_EBUSY);
	answer_chunk(f[0], img);
	/* Another can't put in a word, cancel it, or end it by going away */
	drv_chunk(f[1], 2048, 2048, img);
	DRV_SEND(f[1], 0x00038025, 0x00080003, 5);
	drv_reap(f[1]);
	fw_host_reset(f[1]->fw, 1);
	memset(f[1]->word, 0, sizeof(f[1]->word));
	arrive(f[1]);
	assert_true(f[0]->fw->upd.on);
	answer_chunk(f[0], img);
	answer_chunk(f[0], img);
	answer_chunk(f[0], img);
	drv_expect(f[0], 0x11, &in, b);
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_VERSION]), FW_VERSION(27, 0, 0, 1));
	drv_expect(f[0], 0x28, &in, b);
	assert_null(in.a[0].p);
	/* The others hear what is stored now */
	drv_expect(f[1], 0x11, &in, b);
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_VERSION]), FW_VERSION(27, 0, 0, 1));
	assert_int_equal(drain(f[1]), 0);

	/* Who goes away leaves the flash to others */
	assert_int_equal(drv_flash_start(f[1], 1, size), 0);
	assert_int_equal(drv_flash_start(f[0], 1, size), -FW_EBUSY);
	fw_host_reset(f[1]->fw, 1);
	assert_int_equal(drv_flash_start(f[0], 1, size), 0);
	drain(f[0]);
	/* And who falls silent */
	fake_sleep(f[0], 15001 * MS);
	assert_false(f[0]->fw->upd.on);
	assert_int_equal(fw_counter(f[0]->fw, FWC_UPDATES_FAILED), 2);
	fake_free(f[0]);
}

static void eeprom_write(struct fake *f, uint32_t off, unsigned int val)
{
	uint8_t p[64], byte = (uint8_t)val;
	struct tlv_buf t;

	tlv_begin(&t, p, sizeof(p), MSG_EEPROM_WRITE_REQ);
	tlv_put_int(&t, EEPROM_OFFSET, off, 4);
	tlv_put_int(&t, EEPROM_LENGTH, 1, 4);
	tlv_put(&t, EEPROM_DATA, &byte, 1);
	assert_true(drv_send_bytes(f, p, (unsigned int)tlv_end(&t)));
	assert_int_equal(drv_reap(f), 1);
	assert_int_equal(drain(f), 1);
}

/* Flash is slow, and all wait for it: a host gets so many writes in a row, then four in a second */
static void no_host_keeps_the_card_at_its_flash(void **st)
{
	static const unsigned int wait[] = { 0, 0, 300, 1010, 60000 }, want[] = { 16, 0, 1, 4, 16 };
	struct fake *f[FW_HOSTS];

	(void)st;
	card_new(f, 2);
	arrive(f[0]);
	arrive(f[1]);
	for (unsigned int i = 0; i < 5; i++) {
		unsigned int done = 0;

		fake_sleep(f[0], wait[i] * MS);
		for (unsigned int k = 0; k < 40; k++) {
			unsigned int syncs = f[0]->flash_syncs;

			eeprom_write(f[1], 0, k);
			done += f[0]->flash_syncs != syncs;
		}
		assert_int_equal(done, want[i]);
		eeprom_write(f[0], 8, i);
		assert_int_equal(f[0]->fw->dir.eeprom[8], i);	/* the other has its own turns */
	}
	fake_free(f[0]);
}

/* What waits when the firmware comes back is done for each host */
static void a_hung_firmware_hears_all_hosts_afterwards(void **st)
{
	struct fake *f[FW_HOSTS];

	(void)st;
	card_new(f, 4);
	for (unsigned int i = 0; i < 4; i++)
		arrive(f[i]);
	assert_int_equal(fw_hang(f[0]->fw), 0);
	for (unsigned int i = 0; i < 4; i++)
		for (unsigned int k = 0; k <= i; k++)
			DRV_SEND(f[i], 0x00018014);
	fake_sleep(f[0], 3600000 * MS);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(drv_reap(f[i]), 0);
	fw_restart(f[0]->fw);
	fake_sleep(f[0], 10 * MS);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(drv_reap(f[i]), i + 1);
		assert_int_equal(drain(f[i]), i + 1);
	}
	fake_free(f[0]);
}

static void the_bmc_s_addresses_are_each_host_s(void **st)
{
	static const uint8_t mac[FW_HOSTS][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
	struct fake *f[FW_HOSTS];
	uint8_t b[4096];
	struct fw_in in;

	(void)st;
	card_new(f, 2);
	arrive(f[0]);
	arrive(f[1]);
	assert_int_equal(fw_bmc_set(f[0]->fw, 1, 1, &mac[1], false), 0);
	assert_int_equal(drain(f[0]), 0);
	drv_expect(f[1], 0x11, &in, b);
	assert_non_null(in.a[CAP_BMC_PRESENT].p);
	assert_memory_equal(in.a[CAP_BMC_MACS].p + 4, mac[1], 6);
	DRV_SEND(f[0], 0x00018010);
	drv_reap(f[0]);
	drv_expect(f[0], 0x11, &in, b);
	assert_null(in.a[CAP_BMC_PRESENT].p);
	fake_free(f[0]);
}

static void counters_are_of_each_and_of_all(void **st)
{
	struct fake *f[FW_HOSTS];

	(void)st;
	card_new(f, 3);
	for (unsigned int i = 0; i < 3; i++) {
		arrive(f[i]);
		for (unsigned int k = 0; k < i; k++)
			DRV_SEND(f[i], 0x00018fff);
	}
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(fw_host_counter(f[0]->fw, i, FWC_MSG_IN), 1);
		assert_int_equal(fw_host_refused(f[0]->fw, i, FWR_MSG_UNKNOWN), i);
		assert_int_equal(f[i]->events[FW_EV_REFUSED], i);
	}
	assert_int_equal(fw_counter(f[0]->fw, FWC_MSG_IN), 3);
	assert_int_equal(fw_refused(f[0]->fw, FWR_MSG_UNKNOWN), 3);
	assert_int_equal(fw_counter(f[0]->fw, FWC_BOOTS), 1);
	fake_free(f[0]);
}

static void one_to_four_hosts(void **st)
{
	const struct fw_env env = { 0 };
	struct fw_config good, c;
	struct fw *fw = malloc(fw_size());

	(void)st;
	fw_config_default(&good);
	assert_int_equal(good.hosts, 1);
	c = good, c.hosts = 0;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, c.hosts = 5;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, c.hosts = 4, c.host[3].fec = 9;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	free(fw);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(what_one_does_another_cannot_tell),
		cmocka_unit_test(link_module_owner_are_each_host_s),
		cmocka_unit_test(logs_of_the_card_go_to_all),
		cmocka_unit_test(fuses_and_thresholds_reach_all),
		cmocka_unit_test(a_crash_is_everybody_s_and_a_dump_one_host_s),
		cmocka_unit_test(a_dump_that_is_read_stays),
		cmocka_unit_test(one_update_at_a_time),
		cmocka_unit_test(no_host_keeps_the_card_at_its_flash),
		cmocka_unit_test(a_hung_firmware_hears_all_hosts_afterwards),
		cmocka_unit_test(the_bmc_s_addresses_are_each_host_s),
		cmocka_unit_test(counters_are_of_each_and_of_all),
		cmocka_unit_test(one_to_four_hosts),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
