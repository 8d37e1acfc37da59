// SPDX-License-Identifier: GPL-2.0-or-later
/* The firmware's answers, asked in the order and with the bytes of the driver */
#include "fw_fake.h"

static struct fake *opened(void)
{
	struct fake *f = fake_new();

	drv_open(f);
	return f;
}

static void text_is(const struct tlv_view *v, const char *want)
{
	assert_non_null(v->p);
	assert_int_equal(v->len, strlen(want) + 1);
	assert_string_equal((const char *)v->p, want);
}

static void capabilities_say_it_all(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	f->modes = 0;
	DRV_SEND(f, 0x00018010);
	assert_int_equal(f->modes, 1);
	assert_int_equal(f->speed, 4);
	assert_int_equal(f->fec, 2);
	drv_expect(f, 0x11, &in, b);
	assert_true(tlv_uint(&in.a[0x0]) >= 0x19050700);	/* new enough for log history */
	assert_null(in.a[0x1].p);
	assert_null(in.a[0x3].p);
	assert_null(in.a[0x8].p);
	assert_true(tlv_uint(&in.a[0x4]) != 0);
	assert_non_null(in.a[0x5].p);
	text_is(&in.a[0x6], "openfbnic");
	assert_int_equal(tlv_uint(&in.a[0xa]), 4);
	assert_int_equal(tlv_uint(&in.a[0xb]), 2);
	text_is(&in.a[0xc], "openfbnic");
	assert_true(tlv_uint(&in.a[0xd]) && tlv_uint(&in.a[0xe]) && tlv_uint(&in.a[0x11]));
	text_is(&in.a[0xf], "openfbnic-boot");
	text_is(&in.a[0x10], "openfbnic-boot");
	text_is(&in.a[0x12], "openfbnic-uefi");
	assert_int_equal(tlv_uint(&in.a[0x13]), 4);
	assert_non_null(in.a[0x15].p);
	for (size_t i = 4; i < in.len; i += tlv_align(tlv_hdr_get(b + i).len))
		assert_false(tlv_hdr_get(b + i).cannot_ignore);
	fake_free(f);
}

static void capabilities_as_configured(void **st)
{
	struct tlv_view macs[4];
	struct fw_config cfg;
	struct fake *f;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_config_default(&cfg);
	cfg.mgmt = (struct fw_version){ FW_VERSION(25, 7, 25, 2), "123456789012345678" };
	cfg.host[0].speed = FW_SPEED_25CR;
	cfg.host[0].fec = FW_FEC_BASER;
	cfg.anti_rollback = 7;
	cfg.host[0].bmc_macs = 2;
	cfg.host[0].bmc_all_multi = true;
	memcpy(cfg.host[0].bmc_mac[0], "\x02\x11\x22\x33\x44\x50", 6);
	memcpy(cfg.host[0].bmc_mac[1], "\x01\x00\x5e\x00\x00\x01", 6);
	f = fake_new_cfg(&cfg);
	assert_int_equal(f->speed, 1);			/* programmed at boot already */
	drv_open(f);
	DRV_SEND(f, 0x00018010);
	drv_expect(f, 0x11, &in, b);
	assert_int_equal(tlv_uint(&in.a[0]), 0x19071902);
	text_is(&in.a[6], "123456789012345678");
	assert_int_equal(tlv_uint(&in.a[0xa]), 1);
	assert_int_equal(tlv_uint(&in.a[0xb]), 3);
	assert_int_equal(tlv_uint(&in.a[0x15]), 7);
	assert_int_equal(tlv_uint(&in.a[5]), 0);
	assert_non_null(in.a[1].p);
	assert_int_equal(tlv_uint(&in.a[8]), 1);
	assert_int_equal(tlv_parse_array(in.a[3].p, in.a[3].len, &in.def->attrs, 2, macs, 4), 2);
	assert_memory_equal(macs[0].p, cfg.host[0].bmc_mac[0], 6);
	assert_memory_equal(macs[1].p, cfg.host[0].bmc_mac[1], 6);
	fake_free(f);
}

/* The driver takes PAM4 for RS, whatever it is told: the lock bits must be those of RS */
static void pam4_has_rs_only(void **st)
{
	struct fw_config cfg;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	fw_config_default(&cfg);
	for (uint32_t speed = FW_SPEED_25CR; speed <= FW_SPEED_100CR2; speed++)
		for (uint32_t fec = FW_FEC_NONE; fec <= FW_FEC_BASER; fec++) {
			uint32_t want = speed == FW_SPEED_50CR || speed == FW_SPEED_100CR2 ? FW_FEC_RS : fec;
			struct fake *f;

			cfg.host[0].speed = speed;
			cfg.host[0].fec = fec;
			f = fake_new_cfg(&cfg);
			assert_int_equal(f->speed, speed);
			assert_int_equal(f->fec, want);
			drv_open(f);
			DRV_SEND(f, 0x00018010);
			drv_expect(f, 0x11, &in, b);
			assert_int_equal(tlv_uint(&in.a[CAP_FEC]), want);
			fake_free(f);
		}
}

static void bad_configurations_do_not_boot(void **st)
{
	struct fw *fw = malloc(fw_size());
	const struct fw_env env = { 0 };
	struct fw_config good, c;

	(void)st;
	fw_config_default(&good);
	c = good, c.host[0].speed = 0;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, c.host[0].speed = 5;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, c.host[0].fec = 0;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, c.mgmt.version = 0;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, c.host[0].bmc_macs = 5;
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	c = good, memset(c.uefi.commit, 'x', FW_COMMIT_MAX);
	assert_int_equal(fw_init(fw, &c, &env), -FW_EINVAL);
	free(fw);
}

/* Linux 6.12 forgets an answer that comes at once, and all drivers look first after 200 ms */
static void taking_is_answered_later_but_soon(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];
	unsigned int irqs;

	(void)st;
	DRV_SEND(f, 0x00028012, 0x00040000);
	assert_int_equal(drv_reap(f), 1);
	assert_true(fw_host_owns(f->fw, 0));
	assert_int_equal(drv_recv(f, b), 0);
	fake_sleep(f, 5 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	irqs = f->irqs;
	fake_sleep(f, 20 * MS);
	assert_true(f->irqs > irqs);
	drv_expect(f, 0x13, &in, b);
	assert_true(tlv_uint(&in.a[1]) >= 11);
	assert_int_equal(f->timer, FW_NEVER);

	/* Released: nobody waits.  Taken and released at once: two answers. */
	DRV_SEND(f, 0x00018012);
	drv_expect(f, 0x13, &in, b);
	assert_false(fw_host_owns(f->fw, 0));
	DRV_SEND(f, 0x00028012, 0x00040000);
	DRV_SEND(f, 0x00018012);
	drv_expect(f, 0x13, &in, b);
	drv_expect(f, 0x13, &in, b);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(f->timer, FW_NEVER);

	/* A storm of requests owes a ring's worth of answers, no more */
	for (unsigned int i = 0; i < 100; i++) {
		DRV_SEND(f, 0x00028012, 0x00040000);
		drv_reap(f);
	}
	fake_sleep(f, 20 * MS);
	for (unsigned int i = 0; i < 16; i++)
		drv_expect(f, 0x13, &in, b);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_REFUSED), 84);
	fake_free(f);
}

static void uptime_never_goes_back(void **st)
{
	struct fake *f = opened();
	uint64_t last = 0;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	for (unsigned int i = 0; i < 200; i++) {
		DRV_SEND(f, 0x00018014);
		drv_reap(f);
		drv_expect(f, 0x15, &in, b);
		assert_int_equal(in.a[0].len, 8);
		assert_true(tlv_uint(&in.a[0]) > 0 && tlv_uint(&in.a[0]) >= last);
		last = tlv_uint(&in.a[0]);
		f->now += i % 3 * 400000;
		if (i % 50 == 49) {
			memset(f->word, 0, sizeof(f->word));
			fw_host_reset(f->fw, 0);
			drv_open(f);
		}
	}
	assert_true(last > 50);
	fake_free(f);
}

/* fbnic_tlv_test_create() */
static void test_set(struct tlv_buf *t)
{
	uint64_t r = 0x9e3779b97f4a7c15ull;

	tlv_put_int(t, 0, r, 8);
	tlv_put_int(t, 1, ~r, 8);
	tlv_put_int(t, 2, r >> 7, 4);
	tlv_put_int(t, 3, r >> 9, 4);
	tlv_put_int(t, 4, r >> 48, 4);
	tlv_put_int(t, 5, r >> 50, 4);
	tlv_put(t, 6, "\x11\x22\x33\x44\x55\x66", 6);
	tlv_nest_start(t, 11);
	for (int i = 0; i < 4; i++)
		tlv_put(t, 6, "\xa1\xa2\xa3\xa4\xa5\xa6", 6);
	tlv_nest_stop(t);
	tlv_put_flag(t, 7);
	tlv_put_string(t, 9, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE");
}

static void test_message_comes_back(void **st)
{
	struct fake *f = opened();
	uint8_t p[4096] = { 0 }, nest[2048] = { 0 }, b[4096];
	struct tlv_buf t;
	int len;

	(void)st;
	/* The nested set, with the array in it, as the driver builds it */
	tlv_begin(&t, nest, sizeof(nest), 0);
	test_set(&t);
	len = tlv_end(&t);
	assert_true(len > 0);

	tlv_begin(&t, p, sizeof(p), 0);
	test_set(&t);
	tlv_put(&t, 10, nest + 4, (size_t)len - 4);
	len = tlv_end(&t);
	assert_true(len > 300);

	assert_true(drv_send_bytes(f, p, (unsigned int)len));
	assert_int_equal(drv_recv(f, b), len);
	assert_memory_equal(b, p, (size_t)len);

	/* One bad byte in the nested array: no echo */
	for (size_t i = t.len - 4; i > 0; i -= 4) {
		if (get_le32(p + i) == 0x000a0006) {
			put_le32(p + i, 0x000b0006);
			break;
		}
	}
	assert_true(drv_send_bytes(f, p, (unsigned int)len));
	drv_reap(f);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_ATTR), 1);
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

static void logs_only_when_asked(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	DRV_SEND(f, 0x00018010);
	drv_expect(f, 0x11, &in, b);
	fw_link(f->fw, 0, true);
	fw_link(f->fw, 0, false);
	DRV_SEND(f, 0x00018012);
	drv_expect(f, 0x13, &in, b);
	fake_sleep(f, 1000 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	assert_true(fw_counter(f->fw, FWC_LOGS) >= 4);

	/* on, version 1, no history: only what comes from now on */
	DRV_SEND(f, 0x00048043, 0x00040000, 0x00080001, 1);
	assert_int_equal(drv_recv(f, b), 0);
	fw_link(f->fw, 0, true);
	assert_int_equal(drv_recv(f, b), 0);
	fake_sleep(f, 10 * MS);
	drv_expect(f, 0x44, &in, b);
	text_is(&in.a[2], "link: up");
	assert_int_equal(tlv_uint(&in.a[0]), 1001);		/* when it happened, not when it was sent */
	assert_null(in.a[3].p);
	assert_null(in.a[6].p);
	assert_int_equal(drv_recv(f, b), 0);

	/* what the host does is told at once, before the answer can be missed */
	DRV_SEND(f, 0x00028012, 0x00040000);
	drv_expect(f, 0x44, &in, b);
	text_is(&in.a[2], "host: took the card");
	fake_sleep(f, 20 * MS);
	drv_expect(f, 0x13, &in, b);

	/* off */
	fw_link(f->fw, 0, false);
	DRV_SEND(f, 0x00018043);
	fake_sleep(f, 1000 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(f->timer, FW_NEVER);

	/* a version that we don't speak */
	DRV_SEND(f, 0x00048043, 0x00040000, 0x00080001, 2);
	fw_link(f->fw, 0, true);
	fake_sleep(f, 1000 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_REFUSED), 1);
	fake_free(f);
}

/* Takes a log message apart as fbnic_fw_parse_log_req(); returns the last index */
static uint64_t check_log(const struct fw_in *in, uint64_t index, char *last)
{
	const struct tlv_schema *s = &in->def->attrs;
	struct tlv_view ms[13], ix[13], tx[13];
	uint64_t n = tlv_uint(&in->a[3]);

	assert_in_range(n, 0, 13);
	assert_true(in->a[0].p && in->a[1].p && in->a[2].p);
	assert_int_equal(tlv_uint(&in->a[1]), index);
	snprintf(last, LOG_TEXT_MAX, "%s", (const char *)in->a[2].p);
	if (!n)
		return index;
	assert_int_equal(tlv_parse_array(in->a[4].p, in->a[4].len, s, 0, ms, n), n);
	assert_int_equal(tlv_parse_array(in->a[5].p, in->a[5].len, s, 1, ix, n), n);
	assert_int_equal(tlv_parse_array(in->a[6].p, in->a[6].len, s, 2, tx, n), n);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(tlv_uint(&ix[i]), index + 1 + i);
	snprintf(last, LOG_TEXT_MAX, "%s", (const char *)tx[n - 1].p);
	return index + n;
}

static void history_is_sent_in_bulk_oldest_first(void **st)
{
	struct fake *f = opened();
	char last[LOG_TEXT_MAX];
	struct fw_in in;
	uint8_t b[4096];
	uint64_t at = 0;

	(void)st;
	DRV_SEND(f, 0x00018010);
	drv_expect(f, 0x11, &in, b);
	DRV_SEND(f, 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002);
	drv_expect(f, 0x44, &in, b);
	assert_int_equal(check_log(&in, 1, last), 2);
	text_is(&in.a[2], "boot: control firmware 26.11.00-001 openfbnic");
	assert_string_equal(last, "host: driver connected");
	assert_int_equal(drv_recv(f, b), 0);

	/* 100 entries: the ring has the last 64, five messages have them */
	DRV_SEND(f, 0x00018043);
	for (unsigned int i = 0; i < 98; i++)
		fw_link(f->fw, 0, !(i % 2));
	DRV_SEND(f, 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002);
	for (unsigned int i = 0; i < 5; i++) {
		drv_expect(f, 0x44, &in, b);
		at = check_log(&in, at ? at + 1 : 37, last);
	}
	assert_int_equal(at, 100);
	assert_string_equal(last, "link: down");
	assert_int_equal(drv_recv(f, b), 0);
	fake_free(f);
}

static void the_first_link_event_is_news_either_way(void **st)
{
	struct fake *f = fake_new();
	uint64_t n = fw_counter(f->fw, FWC_LOGS);

	(void)st;
	fw_link(f->fw, 0, false);
	assert_int_equal(fw_counter(f->fw, FWC_LOGS), n + 1);
	fw_link(f->fw, 0, false);
	assert_int_equal(fw_counter(f->fw, FWC_LOGS), n + 1);
	fw_link(f->fw, 0, true);
	assert_int_equal(fw_counter(f->fw, FWC_LOGS), n + 2);
	fake_free(f);
}

static void a_flapping_link_does_not_flood(void **st)
{
	struct fake *f = opened();
	char last[LOG_TEXT_MAX];
	unsigned int msgs = 0;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	DRV_SEND(f, 0x00048043, 0x00040000, 0x00080001, 1);
	for (unsigned int i = 0; i < 1000; i++) {
		fw_link(f->fw, 0, !(i % 2));
		fake_sleep(f, MS);
		while (drv_recv(f, b)) {
			assert_int_equal(msg_parse(&in, b, 4096, MSG_TO_HOST), 0);
			check_log(&in, tlv_uint(&in.a[1]), last);
			msgs++;
		}
	}
	assert_in_range(msgs, 100, 210);
	fake_free(f);
}

static void old_firmware_has_no_logs(void **st)
{
	struct fw_config cfg;
	struct fake *f;
	uint8_t b[4096];

	(void)st;
	fw_config_default(&cfg);
	cfg.mgmt.version = FW_VERSION(0, 12, 8, 0);
	f = fake_new_cfg(&cfg);
	drv_open(f);
	DRV_SEND(f, 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_REFUSED), 1);
	fake_free(f);

	cfg.mgmt.version = FW_VERSION(25, 5, 6, 0);	/* logs, but no history */
	f = fake_new_cfg(&cfg);
	drv_open(f);
	DRV_SEND(f, 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002);
	assert_int_equal(drv_recv(f, b), 0);
	fw_link(f->fw, 0, true);
	fake_sleep(f, 10 * MS);
	assert_true(drv_recv(f, b) > 0);
	fake_free(f);
}

static void sensors(void **st)
{
	struct fake *f = opened();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	DRV_SEND(f, 0x0001803c);
	drv_expect(f, 0x3d, &in, b);
	assert_int_equal(tlv_sint(&in.a[0]), 41500);
	assert_int_equal(tlv_sint(&in.a[1]), 751);
	assert_null(in.a[2].p);
	f->temp = -12345;
	DRV_SEND(f, 0x0001803c);
	drv_expect(f, 0x3d, &in, b);
	assert_int_equal(tlv_sint(&in.a[0]), -12345);
	f->sensor_err = -FW_EIO;
	DRV_SEND(f, 0x0001803c);
	drv_expect(f, 0x3d, &in, b);
	assert_int_equal(tlv_sint(&in.a[2]), -FW_EIO);
	assert_null(in.a[0].p);
	fake_free(f);
}

static void qsfp(struct fake *f, struct fw_in *in, uint8_t *b, uint32_t bank, uint32_t page, uint32_t off,
		 uint32_t len)
{
	DRV_SEND(f, 0x00098038, 0x00080000, bank, 0x00080001, page, 0x00080002, off, 0x00080003, len);
	drv_reap(f);
	drv_expect(f, 0x39, in, b);
	assert_int_equal(tlv_uint(&in->a[0]), bank);
	assert_int_equal(tlv_uint(&in->a[1]), page);
	assert_int_equal(tlv_uint(&in->a[2]), off);
	assert_int_equal(tlv_uint(&in->a[3]), len);
	assert_true(!in->a[4].p != !in->a[5].p);
	if (in->a[5].p)
		assert_int_equal(in->a[5].len, len);
}

static void module_reads_as_ethtool_does(void **st)
{
	struct fake *f = opened();
	uint8_t m[256], b[4096], base = 0, ext = 0;
	struct fw_in in;

	(void)st;
	qsfp(f, &in, b, 0, 0, 0, 1);
	assert_int_equal(in.a[5].p[0], 0x11);
	qsfp(f, &in, b, 0, 0, 0, 128);
	memcpy(m, in.a[5].p, 128);
	qsfp(f, &in, b, 0, 0, 128, 128);
	memcpy(m + 128, in.a[5].p, 128);
	assert_int_equal(m[2] & 4, 4);			/* flat: no page 3 is asked for */
	assert_int_equal(m[128], m[0]);
	for (unsigned int i = 128; i < 191; i++)
		base = (uint8_t)(base + m[i]);
	for (unsigned int i = 192; i < 223; i++)
		ext = (uint8_t)(ext + m[i]);
	assert_int_equal(m[191], base);
	assert_int_equal(m[223], ext);
	assert_memory_equal(m + 148, "OPENFBNIC       ", 16);
	assert_memory_equal(m + 168, "OFB-DAC-100G-1M ", 16);

	for (uint32_t off = 0; off < 300; off += 3) {
		for (uint32_t len = 0; len < 300; len += 7) {
			qsfp(f, &in, b, 0, 0, off, len);
			if (len && off + len <= 256)
				assert_memory_equal(in.a[5].p, m + off, len);
			else
				assert_int_equal(tlv_sint(&in.a[4]), -FW_EINVAL);
		}
	}
	qsfp(f, &in, b, 0, 3, 128, 128);
	assert_int_equal(tlv_sint(&in.a[4]), -FW_EIO);
	qsfp(f, &in, b, 1, 0, 0, 128);
	assert_int_equal(tlv_sint(&in.a[4]), -FW_EIO);
	qsfp(f, &in, b, 0, 0, 0xffffffff, 2);
	qsfp(f, &in, b, 0, 0, 2, 0xffffffff);
	assert_int_equal(tlv_sint(&in.a[4]), -FW_EINVAL);
	fake_free(f);
}

static void dump_as_devlink_does(void **st)
{
	struct fake *f = opened();
	static uint8_t dump[65536];
	uint32_t size, sections = 0;
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	DRV_SEND(f, 0x00018018);			/* is there one?  no */
	drv_expect(f, 0x19, &in, b);
	assert_null(in.a[0].p);
	DRV_SEND(f, 0x00038020, 0x00080001, 16);
	drv_expect(f, 0x21, &in, b);
	assert_int_equal(tlv_sint(&in.a[3]), -FW_ENOENT);

	for (unsigned int i = 0; i < 200; i++) {	/* a full history, a full log */
		DRV_SEND(f, 0x00018014);
		drv_reap(f);
		assert_true(drv_recv(f, b) > 0);
		fw_link(f->fw, 0, i % 2);
	}
	DRV_SEND(f, 0x00028018, 0x00040000);		/* make one */
	drv_expect(f, 0x19, &in, b);
	assert_non_null(in.a[0].p);
	assert_null(in.a[2].p);
	size = (uint32_t)tlv_uint(&in.a[1]);
	assert_in_range(size, 2000, DUMP_MAX);

	for (uint32_t off = 0; off < size; off += 3584) {
		uint32_t len = size - off < 3584 ? size - off : 3584;

		drv_reap(f);
		if (off)
			DRV_SEND(f, 0x00058020, 0x00080000, off, 0x00080001, len);
		else
			DRV_SEND(f, 0x00038020, 0x00080001, len);
		drv_expect(f, 0x21, &in, b);
		assert_int_equal(tlv_uint(&in.a[0]), off);
		assert_int_equal(tlv_uint(&in.a[1]), len);
		assert_int_equal(in.a[2].len, len);
		memcpy(dump + off, in.a[2].p, len);
	}
	assert_memory_equal(dump, "OFBDUMP1", 8);
	assert_int_equal(get_le32(dump + 8), size);
	for (uint32_t at = 32; at < size; at += 8 + (uint32_t)tlv_align(get_le32(dump + at + 4)))
		assert_memory_equal(dump + at, &"TEXTSTATMBOXREGSHISTLASTLOGS"[4 * sections++], 4);
	assert_int_equal(sections, 7);
	assert_int_equal(get_le32(dump + 28), 7);

	drv_reap(f);
	for (unsigned int i = 0; i < 4; i++) {
		const uint32_t bad[4][2] = { { size, 1 }, { 0, size + 1 }, { 0, 3585 }, { 0xfffffff0, 0x20 } };

		DRV_SEND(f, 0x00058020, 0x00080000, bad[i][0], 0x00080001, bad[i][1]);
		drv_expect(f, 0x21, &in, b);
		assert_int_equal(tlv_sint(&in.a[3]), -FW_EINVAL);
		assert_null(in.a[2].p);
	}
	fake_free(f);
}

static void host_addresses_are_kept(void **st)
{
	struct fake *f = opened();
	const struct fw_mac_sync *s = fw_mac_sync(f->fw, 0);
	struct tlv_buf t;
	uint8_t p[512], b[4096];
	int len;

	(void)st;
	for (unsigned int n = 0; n <= 9; n++) {
		tlv_begin(&t, p, sizeof(p), 0x46);
		tlv_nest_start(&t, 1);
		for (unsigned int i = 0; i < n; i++)
			tlv_put(&t, 3, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)i }, 6);
		tlv_nest_stop(&t);
		tlv_nest_start(&t, 2);
		tlv_put(&t, 3, "\x33\x33\0\0\0\1", 6);
		tlv_nest_stop(&t);
		tlv_put_int(&t, 0, n, 4);
		len = tlv_end(&t);
		assert_true(drv_send_bytes(f, p, (unsigned int)len));
		drv_reap(f);
		assert_int_equal(s->uc, n <= 8 ? n : 8);
		assert_int_equal(s->flags, n <= 8 ? n : 8);
		assert_int_equal(s->mc, 1);
		assert_memory_equal(s->mc_mac[0], "\x33\x33\0\0\0\1", 6);
		if (n)
			assert_int_equal(s->uc_mac[s->uc - 1][5], s->uc - 1);
	}
	assert_int_equal(fw_refused(f->fw, FWR_MSG_ATTR), 1);	/* nine */
	assert_int_equal(drv_recv(f, b), 0);
	drv_close(f);
	assert_int_equal(s->uc, 0);
	fake_free(f);
}

static void unknown_messages_complete_in_silence(void **st)
{
	struct fake *f = opened();
	uint64_t unknown = 0;
	uint8_t b[4096];

	(void)st;
	for (unsigned int id = 0; id < 4096; id++) {
		const struct msg_def *d = msg_find(id, MSG_TO_FW);

		if (d)
			continue;
		unknown++;
		DRV_SEND(f, id | 0x00018000);
		assert_int_equal(drv_reap(f), 1);
		assert_int_equal(drv_recv(f, b), 0);
	}
	assert_int_equal(unknown, 4096 - 15);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_UNKNOWN), unknown);
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

static void the_table_is_sound(void **st)
{
	(void)st;
	for (size_t i = 0; i < fw_msg_count; i++) {
		const struct msg_def *d = &fw_msgs[i];
		uint32_t ids = 0;

		assert_non_null(d->name);
		assert_true(!(d->dir & MSG_TO_FW) == !d->handle);
		assert_ptr_equal(msg_find(d->id, d->dir), d);
		for (size_t k = 0; k < d->attrs.count; k++) {
			const struct tlv_attr *a = &d->attrs.attr[k];

			assert_true(a->id < TLV_IDS && !(ids >> a->id & 1));
			ids |= 1u << a->id;
			assert_non_null(a->name);
			if (a->type == TLV_ARRAY)
				assert_non_null(tlv_find(&d->attrs, a->elem));
		}
	}
	for (unsigned int i = 0; i < FWR_COUNT; i++)
		assert_non_null(fw_refusal_names[i]);
	for (unsigned int i = 0; i < FWC_COUNT; i++)
		assert_non_null(fw_counter_names[i]);
}

/* Probe, up, two heartbeats, down, remove; twice; nothing refused on the way */
static void a_drivers_life(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	for (unsigned int life = 0; life < 20; life++) {
		drv_open(f);
		DRV_SEND(f, 0x00018010);
		drv_expect(f, 0x11, &in, b);
		DRV_SEND(f, 0x00058043, 0x00040000, 0x00080001, 1, 0x00040002);
		while (drv_recv(f, b))
			assert_int_equal(get_le32(b) & 0xfff, 0x44);
		DRV_SEND(f, 0x00028012, 0x00040000);
		drv_expect(f, 0x44, &in, b);
		fake_sleep(f, 200 * MS);
		drv_expect(f, 0x13, &in, b);
		fw_link(f->fw, 0, true);
		fake_sleep(f, 20 * MS);
		drv_expect(f, 0x44, &in, b);
		for (unsigned int i = 0; i < life; i++) {
			DRV_SEND(f, 0x00018014);
			drv_expect(f, 0x15, &in, b);
			drv_reap(f);
			fake_sleep(f, 10000 * MS);
		}
		DRV_SEND(f, 0x00018012);
		drv_expect(f, 0x44, &in, b);
		drv_expect(f, 0x13, &in, b);
		fw_link(f->fw, 0, false);
		DRV_SEND(f, 0x00018043);
		drv_reap(f);
		assert_int_equal(f->head[RING_TX], f->tail[RING_TX]);
		drv_close(f);
		fake_sleep(f, 100 * MS);
		assert_int_equal(f->timer, FW_NEVER);
	}
	assert_int_equal(fake_refusals(f), 0);
	assert_int_equal(f->events[FW_EV_REFUSED], 0);
	assert_int_equal(f->tx_errors + f->rx_errors, 0);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(capabilities_say_it_all),
		cmocka_unit_test(capabilities_as_configured),
		cmocka_unit_test(pam4_has_rs_only),
		cmocka_unit_test(bad_configurations_do_not_boot),
		cmocka_unit_test(taking_is_answered_later_but_soon),
		cmocka_unit_test(uptime_never_goes_back),
		cmocka_unit_test(test_message_comes_back),
		cmocka_unit_test(logs_only_when_asked),
		cmocka_unit_test(history_is_sent_in_bulk_oldest_first),
		cmocka_unit_test(the_first_link_event_is_news_either_way),
		cmocka_unit_test(a_flapping_link_does_not_flood),
		cmocka_unit_test(old_firmware_has_no_logs),
		cmocka_unit_test(sensors),
		cmocka_unit_test(module_reads_as_ethtool_does),
		cmocka_unit_test(dump_as_devlink_does),
		cmocka_unit_test(host_addresses_are_kept),
		cmocka_unit_test(unknown_messages_complete_in_silence),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(a_drivers_life),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
