// SPDX-License-Identifier: GPL-2.0-or-later
/* The BMC's program against the firmware and the NC-SI controller: all it can do, and all that goes wrong */
#include "fw_fake.h"

#include <errno.h>

#include "../../src/bmc/ncsi.h"
#include "../../tools/bmc_ua.h"
#include "../../tools/pldm.h"

#define OLD	FW_VERSION(26, 11, 0, 1)
#define NEW	FW_VERSION(27, 1, 2, 3)

static struct fake *f;
static struct ncsi *ncsi;
static struct ua ua;
static char *text;
static size_t text_len;
static uint8_t answer[2048];
static size_t answer_len;

/* What the link does wrong */
static unsigned int lose_request, lose_response, lose_answer;	/* so many of the next */
static unsigned int requests, takes, crash_at, restart_at, silent_at;
static int (*spoil)(uint8_t *rsp, int len);
static uint8_t scripted[32];
static int scripted_len;
static uint8_t last_code;			/* that we answered the card */

/* ---- the link ---- */

static int link_request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	int n;

	(void)ctx;
	requests++;
	if (lose_request) {
		lose_request--;
		return -ETIMEDOUT;
	}
	n = fw_pldm(f->fw, FW_PLDM_NCSI, req, len, rsp, cap);
	if (lose_response) {
		lose_response--;
		return -ETIMEDOUT;
	}
	return n >= 0 && spoil ? spoil(rsp, n) : n;
}

static int link_take(void *ctx, uint8_t *req, size_t cap, unsigned int ms)
{
	(void)ctx;
	takes++;
	if (takes == crash_at)
		fw_crash(f->fw, "test");
	if (takes == restart_at) {
		fw_crash(f->fw, "test");
		fake_sleep(f, 1001 * MS);
	}
	if (silent_at && takes >= silent_at) {
		fake_sleep(f, ms * MS);
		return 0;
	}
	if (scripted_len) {
		int n = scripted_len;

		memcpy(req, scripted, (size_t)n);
		scripted_len = 0;
		return n;
	}
	for (unsigned int t = 0; t <= ms; t += 20) {
		int n = fw_pldm_pending(f->fw, FW_PLDM_NCSI, req, cap);

		if (n)
			return n == -FW_EBUSY ? -EREMOTEIO : n;
		fake_sleep(f, 20 * MS);
	}
	return 0;
}

static int link_answer(void *ctx, const uint8_t *rsp, size_t len)
{
	(void)ctx;
	assert_true(len >= 4 && len <= 1476 && !(rsp[0] & 0xe0));
	last_code = rsp[3];
	if (lose_answer) {
		lose_answer--;
		return 0;
	}
	fw_pldm_reply(f->fw, FW_PLDM_NCSI, rsp, len);
	return 0;
}

static int link_command(void *ctx, uint8_t type, const uint8_t *p, size_t len, uint8_t *rsp, size_t cap)
{
	uint8_t frame[2048] = { [12] = 0x88, [13] = 0xf8, [15] = 1, [18] = type, [19] = 0x1f };
	static uint8_t iid;
	size_t n;

	(void)ctx;
	frame[17] = ++iid;
	frame[20] = (uint8_t)(len >> 8);
	frame[21] = (uint8_t)len;
	memcpy(frame + 30, p, len);
	answer_len = 0;
	ncsi_input(ncsi, frame, 34 + (len + 3) / 4 * 4);
	if (!answer_len)
		return -ETIMEDOUT;
	n = (size_t)answer[20] << 8 | answer[21];
	assert_true(n <= cap && 30 + n <= answer_len);
	memcpy(rsp, answer + 30, n);
	return spoil ? spoil(rsp, (int)n) : (int)n;
}

static const struct bmc_link link_ops = { NULL, link_request, link_take, link_answer, link_command, NULL };

/* ---- the controller behind it ---- */

static void ncsi_out(void *ctx, const uint8_t *p, size_t len)
{
	(void)ctx;
	memcpy(answer, p, len);
	answer_len = len;
}

static int dump_take(void *ctx, unsigned int ch, enum ncsi_dump which)
{
	(void)ctx;
	(void)ch;
	return fw_dump_take(f->fw, 0, which == NCSI_DUMP_CRASH);
}

static int dump_read(void *ctx, unsigned int ch, uint32_t off, uint8_t *buf, uint32_t len)
{
	(void)ctx;
	(void)ch;
	return fw_dump_read(f->fw, 0, off, buf, len);
}

static int setup(void **st)
{
	const struct ncsi_env env = { .send = ncsi_out, .dump_take = dump_take, .dump_read = dump_read };

	(void)st;
	f = fake_new();
	drv_open(f);
	ncsi = calloc(1, ncsi_size());
	assert_non_null(ncsi);
	assert_int_equal(ncsi_init(ncsi, &(struct ncsi_config){ .channels = 1 }, &env), 0);
	ua = (struct ua){ .link = &link_ops, .out = open_memstream(&text, &text_len) };
	lose_request = lose_response = lose_answer = requests = takes = crash_at = restart_at = silent_at = 0;
	scripted_len = 0;
	spoil = NULL;
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	fclose(ua.out);
	free(text);
	free(ncsi);
	fake_free(f);
	return 0;
}

static void said(const char *what)
{
	fflush(ua.out);
	if (!strstr(text, what))
		fail_msg("\"%s\" is not in:\n%s", what, text);
}

/* ---- looking ---- */

static void discovers(void **st)
{
	(void)st;
	assert_int_equal(ua_discover(&ua), 0);
	said("TID 0\n");
	said("type 0, version 1.0.0, commands 0x01 0x02 0x03 0x04 0x05\n");
	said("type 2, version 1.2.0, commands 0x03 0x11 0x12 0x13 0x21 0x50 0x51\n");
	said("type 5, version 1.0.0, commands 0x01 0x02 0x10 0x13 0x14 0x1a 0x1b 0x1c 0x1d\n");
	said("21 records, ");
	said("record 1: terminus, TID 0\n");
	said("record 2: numeric sensor 1 of entity 144.1\nrecord 3: name of sensor 1: temperature\n");
	said("record 20: state sensor 18 of entity 211.1\nrecord 21: name of sensor 18: module presence\n");
}

static void reads_sensors(void **st)
{
	(void)st;
	f->temp = -1500;
	fw_set_module(f->fw, 0, &(struct fw_module){ .kind = FW_MODULE_OPTIC, .temp = 30000, .volt = 3300, .bias_ua = 7000,
						  .tx_nw = 1000000, .rx_nw = 5 });
	assert_int_equal(ua_sensors(&ua), 0);
	fflush(ua.out);
	assert_string_equal(text,
			    "1\ttemperature\t-1.500 C\tlow warning\n"
			    "2\tcore voltage\t0.751 V\tnormal\n"
			    "3\tmodule temperature\t30.000 C\tnormal\n"
			    "4\tmodule voltage\t3.300 V\tnormal\n"
			    "5\tmodule laser current\t0.007000 A\tnormal\n"
			    "6\tmodule Tx power\t0.001000000 W\tnormal\n"
			    "7\tmodule Rx power\t0.000000005 W\tlow critical\n"
			    "16\tlink\tconnected\n"
			    "17\tfirmware health\tnormal\n"
			    "18\tmodule presence\tpresent\n");
}

static void reads_sensors_of_an_empty_cage(void **st)
{
	(void)st;
	fw_set_module(f->fw, 0, &(struct fw_module){ .kind = FW_MODULE_NONE });
	assert_int_equal(ua_sensors(&ua), 0);
	said("3\tmodule temperature\tunavailable\n");
	said("18\tmodule presence\tnot present\n");
}

static void shows_versions(void **st)
{
	(void)st;
	assert_int_equal(ua_info(&ua), 0);
	said("identifier 0x0000: 9b 1d\n");
	said("identifier 0xffff: 01 0f 41 6e");
	said("capabilities 0x0000000c, active 26.11.00-001, pending -\n");
	said("component 3, class 6: active 26.11.00-001, pending -, activation 0x0030\n");
}

static void asks_again(void **st)
{
	(void)st;
	lose_request = 2;
	assert_int_equal(ua_info(&ua), 0);
	assert_int_equal(requests, 4);
	lose_request = 3;
	assert_int_equal(ua_info(&ua), -ETIMEDOUT);
	said("QueryDeviceIdentifiers: ");
}

/* ---- updates ---- */

struct comp {
	uint16_t	id;
	uint32_t	section, version, arv, len;
};

static uint8_t images[4][0x4000];

static uint8_t *package(unsigned int n, const struct comp *c, uint32_t arv, uint16_t device, size_t *len)
{
	struct pldm_new p = { .version = "27.01.02-003", .dev = { 0x1d9b, device, 0, 0, arv }, .n = n };
	uint8_t *b;

	for (unsigned int i = 0; i < n; i++) {
		p.component[i].id = c[i].id;
		p.component[i].version = "27.01.02-003";
		p.component[i].p = images[i];
		p.component[i].len = make_image(images[i], c[i].section, c[i].version, "bmc", c[i].arv, c[i].len);
	}
	b = pldm_build(&p, len);
	assert_non_null(b);
	return b;
}

static int update(const uint8_t *p, size_t len)
{
	int ret = ua_update(&ua, p, len);

	assert_false(f->fw->upd.on);
	return ret;
}

static const struct comp three[3] = { { 0, 0, NEW, 0, 3000 }, { 1, 1, NEW, 0, 9000 }, { 3, 3, NEW, 0, 0 } };

static void versions(uint32_t want)
{
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(flash_stored(f->fw, i)->version, want);
}

static void updates_all(void **st)
{
	size_t len;
	uint8_t *p = package(3, three, 0, 0x13, &len);

	(void)st;
	assert_int_equal(update(p, len), 0);
	said("component 0: applied, 3064 bytes\ncomponent 1: applied, 9064 bytes\ncomponent 3: applied, 64 bytes\n"
	     "stored; it runs after the next power cycle\n");
	versions(NEW);
	assert_int_equal(f->fw->running[PART_CONTROL].version, OLD);
	assert_int_equal(ua_info(&ua), 0);
	said("active 26.11.00-001, pending 27.01.02-003\n");
	fw_power(f->fw);
	assert_int_equal(f->fw->running[PART_CONTROL].version, NEW);
	free(p);
}

/* A request, a response, and an answer to the card lost at every place of an update */
static void updates_on_a_bad_link(void **st)
{
	size_t len;
	uint8_t *p = package(3, three, 0, 0x13, &len);

	for (unsigned int what = 0; what < 3; what++) {
		teardown(st);
		setup(st);
		lose_request = what == 0;
		lose_response = what == 1;
		lose_answer = what == 2 ? 5 : 0;
		assert_int_equal(update(p, len), 0);
		versions(NEW);
	}
	free(p);
}

/* The first response to each command of type 5 */
static int lose_once(uint8_t *rsp, int len)
{
	static uint8_t cmd, iid;

	if (rsp[1] != 5 || (rsp[2] == cmd && rsp[0] == iid))
		return len;
	cmd = rsp[2];
	iid = rsp[0];
	return -ETIMEDOUT;
}

/* What is not carried out twice is answered twice */
static void every_response_is_lost_once(void **st)
{
	size_t len;
	uint8_t *p = package(3, three, 0, 0x13, &len);

	(void)st;
	spoil = lose_once;
	assert_int_equal(update(p, len), 0);
	versions(NEW);
	assert_int_equal(fw_counter(f->fw, FWC_PLDM_RETRIES), 8);
	free(p);
}

static void idle_and_old(void)
{
	assert_false(pldm_updating(f->fw));
	versions(OLD);
}

static void packages_for_others(void **st)
{
	size_t len;
	uint8_t *p = package(1, three, 0, 0x14, &len);

	(void)st;
	assert_int_equal(update(p, len), -ENOENT);
	said("the package has nothing for 1d9b:0013 with anti-rollback 0\n");
	assert_int_equal(requests, 1);
	assert_int_equal(update(p, 40), -EFAULT);
	p[0] ^= 1;
	assert_int_equal(update(p, len), -EINVAL);
	said("this is no PLDM firmware package\n");
	free(p);
	idle_and_old();
}

static void a_component_that_the_card_has_not(void **st)
{
	static const struct comp c[2] = { { 2, 1, NEW, 0, 100 }, { 1, 1, NEW, 0, 100 } };
	size_t len;
	uint8_t *p = package(2, c, 0, 0x13, &len);

	(void)st;
	assert_int_equal(update(p, len), -EPERM);
	said("component 2: may not be updatable, reason 0x06\n");
	said("component 2: the card refuses it, reason 0x06\n");
	free(p);
	idle_and_old();
}

static void rollback(void **st)
{
	static const struct comp c = { 1, 1, NEW, 3, 100 }, low = { 1, 1, OLD, 2, 100 };
	size_t len;
	uint8_t *p = package(1, &c, 3, 0x13, &len);

	(void)st;
	assert_int_equal(update(p, len), 0);
	fw_power(f->fw);
	free(p);
	p = package(1, &low, 2, 0x13, &len);		/* says so */
	assert_int_equal(update(p, len), -ENOENT);
	free(p);
	p = package(1, &low, 3, 0x13, &len);		/* lies */
	assert_int_equal(update(p, len), -EIO);
	said("component 1: transfer failed, result 0x70\n");
	free(p);
	assert_false(pldm_updating(f->fw));
	assert_int_equal(flash_stored(f->fw, PART_CONTROL)->version, NEW);
}

static void bad_images(void **st)
{
	static const struct comp other = { 1, 0, NEW, 0, 100 };
	size_t len;
	uint8_t *p = package(1, &other, 0, 0x13, &len);

	(void)st;
	assert_int_equal(update(p, len), -EIO);
	said("component 1: transfer failed, result 0x02\n");
	free(p);
	p = package(1, &three[1], 0, 0x13, &len);
	p[len - 1] ^= 1;
	assert_int_equal(update(p, len), -EIO);
	said("component 1: verification failed, result 0x01\n");
	free(p);
	idle_and_old();
}

static void the_host_is_updating(void **st)
{
	size_t len;
	uint8_t *p = package(1, &three[1], 0, 0x13, &len);

	(void)st;
	assert_int_equal(drv_flash(f, 1, images[0], 9064, 1), 1);
	assert_int_equal(ua_update(&ua, p, len), -EBADE);
	said("RequestUpdate: refused with code 0x8a\n");
	assert_true(f->fw->upd.on);			/* which goes on */
	free(p);
}

static void the_card_crashes(void **st)
{
	size_t len;
	uint8_t *p = package(1, &three[1], 0, 0x13, &len);

	(void)st;
	crash_at = 4;
	assert_int_equal(update(p, len), -EREMOTEIO);
	fake_sleep(f, 1001 * MS);
	idle_and_old();
	assert_int_equal(update(p, len), 0);
	free(p);
}

/* So fast that no request was refused meanwhile: it answers, and does not ask */
static void the_card_restarts(void **st)
{
	size_t len;
	uint8_t *p = package(1, &three[1], 0, 0x13, &len);

	(void)st;
	restart_at = 4;
	assert_int_equal(update(p, len), -ECONNRESET);
	assert_int_equal(takes, 4);
	idle_and_old();
	assert_int_equal(update(p, len), 0);
	free(p);
}

static void the_card_falls_silent(void **st)
{
	size_t len;
	uint8_t *p = package(1, &three[1], 0, 0x13, &len);

	(void)st;
	silent_at = 4;
	ua.patience_ms = 10000;
	assert_int_equal(update(p, len), -ETIMEDOUT);
	idle_and_old();				/* and it was told */
	assert_int_equal(f->fw->pldm.fd.reason, 2);
	free(p);
}

/* What a card may not ask, and what it gets for it; then the update goes on */
static void senseless_requests_of_the_card(void **st)
{
	static const struct {
		uint8_t	len, q[12], code;
	} t[] = {
		{ 3, { 0x81, 5, 0x15 }, 3 }, { 10, { 0x81, 5, 0x15 }, 3 }, { 11, { 0x81, 5, 0x15 }, 0x82 },
		{ 11, { 0x81, 5, 0x15, 0, 0, 0, 0, 1, 4, 0, 0 }, 0x82 },		/* 1025 bytes */
		{ 11, { 0x81, 5, 0x15, 0x68, 0x23, 0, 0, 1, 0, 0, 0 }, 0x82 },		/* from the end on */
		{ 11, { 0x81, 5, 0x15, 0x67, 0x23, 0, 0, 34, 0, 0, 0 }, 0x82 },		/* too far beyond it */
		{ 11, { 0x81, 5, 0x15, 0x67, 0x23, 0, 0, 33, 0, 0, 0 }, 0 },
		{ 11, { 0x81, 5, 0x15, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0 }, 0x82 },
		{ 3, { 0x81, 5, 0x16 }, 3 }, { 3, { 0x81, 5, 0x18 }, 3 }, { 5, { 0x81, 5, 0x18, 0, 0 }, 3 },
		{ 4, { 0x81, 5, 0x19, 0 }, 5 }, { 4, { 0x81, 5, 0xff, 0 }, 5 }, { 11, { 0x81, 2, 0x15 }, 5 },
	};
	size_t len;
	uint8_t *p = package(1, &three[1], 0, 0x13, &len);

	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		teardown(st);
		setup(st);
		memcpy(scripted, t[i].q, sizeof(t[i].q));
		scripted_len = t[i].len;
		silent_at = 2;
		ua.patience_ms = 10000;		/* the card's own is longer */
		assert_int_equal(update(p, len), -ETIMEDOUT);
		assert_int_equal(last_code, t[i].code);
	}
	teardown(st);
	setup(st);
	scripted[0] = 1;			/* no request */
	scripted_len = 11;
	assert_int_equal(update(p, len), -EPROTO);
	idle_and_old();
	free(p);
}

/* ---- dumps ---- */

static void reads_the_dump(void **st)
{
	char *got;
	size_t n;
	FILE *to = open_memstream(&got, &n);

	(void)st;
	assert_int_equal(ua_dump(&ua, to, 0), 0);
	fclose(to);
	assert_int_equal(n, f->fw->host[0].dump_size);
	assert_memory_equal(got, f->fw->host[0].dump, n);
	free(got);
	to = open_memstream(&got, &n);
	assert_int_equal(ua_dump(&ua, to, 1), -EREMOTEIO);
	said("Get Debug Data: response 1/0x0006\n");
	fw_crash(f->fw, "test");
	fake_sleep(f, 1001 * MS);
	assert_int_equal(ua_dump(&ua, to, 1), 0);
	fclose(to);
	assert_int_equal(n, f->fw->host[0].dump_size);
	free(got);
}

/* ---- a card that answers nonsense ---- */

static uint32_t seed;

static int spoil_bytes(uint8_t *rsp, int len)
{
	unsigned int n = rnd(&seed) % 4;

	if (rnd(&seed) % 8 == 0)
		return (int)(rnd(&seed) % (unsigned int)(len + 1));
	while (n--)
		rsp[rnd(&seed) % (unsigned int)len] = (uint8_t)rnd(&seed);
	return len;
}

static void nonsense_does_no_harm(void **st)
{
	size_t len, n;
	uint8_t *p = package(3, three, 0, 0x13, &len);
	unsigned int good = 0;

	seed = 5;
	for (unsigned int i = 0; i < 3000; i++) {
		char *got;
		FILE *to;

		if (i % 100 == 0) {
			teardown(st);
			setup(st);
		}
		spoil = rnd(&seed) % 3 ? spoil_bytes : NULL;
		to = open_memstream(&got, &n);
		good += !ua_discover(&ua) + !ua_sensors(&ua) + !ua_info(&ua) + !ua_dump(&ua, to, 0);
		if (i % 10 == 0) {
			ua.patience_ms = 100;
			good += !ua_update(&ua, p, len);
		}
		fclose(to);
		free(got);
	}
	assert_in_range(good, 1000, 12000);
	free(p);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest t[] = {
		TEST(discovers),
		TEST(reads_sensors),
		TEST(reads_sensors_of_an_empty_cage),
		TEST(shows_versions),
		TEST(asks_again),
		TEST(updates_all),
		TEST(updates_on_a_bad_link),
		TEST(every_response_is_lost_once),
		TEST(packages_for_others),
		TEST(a_component_that_the_card_has_not),
		TEST(rollback),
		TEST(bad_images),
		TEST(the_host_is_updating),
		TEST(the_card_crashes),
		TEST(the_card_restarts),
		TEST(the_card_falls_silent),
		TEST(senseless_requests_of_the_card),
		TEST(reads_the_dump),
		TEST(nonsense_does_no_harm),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
