// SPDX-License-Identifier: GPL-2.0-or-later
/* The MCTP line as fbnicd has it: firmware, endpoint and socket, and the BMC's program at its other end */
#include "../unit/test_wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../../src/bmc/mctp.h"
#include "../../src/card/card.h"
#include "../../src/homes/flash_file.h"
#include "../../src/homes/fw_inside.h"
#include "../../src/homes/mctp_home.h"
#include "../../src/fw/image.h"
#include "../../src/host/host.h"
#include "../../tools/bmc_ua.h"
#include "../../tools/pldm.h"

#define EID	9
#define BMC	8

static struct bench *b;
static struct host_inproc *ip;
static struct fw_home *fw;
static struct flash_file *flash;
static struct mctp_home *home;
static char path[128];

/* The BMC's end */
static int line = -1;
static struct mctp_line rx;
static uint8_t tag;			/* of our last request */
static struct inbox {
	uint8_t	msg[2048], tag;		/* with the type byte */
	size_t	len;
	bool	whole;
} answer, request;			/* to us; the card's own */
static uint8_t served_tag;

static uint64_t card_now(void *ctx)
{
	(void)ctx;
	return b->now;
}

static int client(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(sa.sun_path, path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static struct mctp_home *home_open(char *err, size_t len)
{
	const struct mctp_home_config cfg = { .path = path, .fw = fw, .eid = EID, .uuid = "0123456789abcde" };

	return mctp_home_new(&cfg, &(struct card_env){ .now = card_now }, loop_wire(b->loop), err, len);
}

static int setup(void **state)
{
	struct card_config cc = { .queues = 1, .vectors = 4, .mac = { 2, 0, 0, 0, 0, 1 } };
	struct fw_home_config fc;
	char err[200] = "";

	bench_setup((void **)&b);
	*state = b;
	ip = host_new_inproc(&cc, 1 << 20);
	assert_non_null(ip);
	fw_home_config_default(&fc);
	flash = flash_file_open(NULL, FW_FLASH_SIZE, err, sizeof(err));
	fc.flash = flash;
	fw = fw_inside_new(ip->card, &(struct card_env){ .now = card_now }, &fc);
	assert_non_null(fw);
	snprintf(path, sizeof(path), "%s/m", b->dir);
	home = home_open(err, sizeof(err));
	if (!home)
		fail_msg("%s", err);
	line = client();
	memset(&rx, 0, sizeof(rx));
	memset(&answer, 0, sizeof(answer));
	memset(&request, 0, sizeof(request));
	settle(b);
	return 0;
}

static int teardown(void **state)
{
	if (line >= 0)
		close(line);
	mctp_home_free(home);
	fw_home_free(fw);
	flash_file_close(flash);
	host_free(&ip->h);
	return bench_teardown(state);
}

static void packet_in(const uint8_t *p, size_t len)
{
	struct inbox *in = p[3] & 8 ? &request : &answer;

	assert_int_equal(p[1], BMC);
	assert_int_equal(p[2], EID);
	if (p[3] & 0x80)
		in->len = 0;
	in->tag = p[3] & 7;
	assert_true(len - 4 <= sizeof(in->msg) - in->len);
	memcpy(in->msg + in->len, p + 4, len - 4);
	in->len += len - 4;
	in->whole = p[3] & 0x40;
}

/* Lets fbnicd and the BMC's end run until nothing happens */
static void work(void)
{
	uint8_t buf[4096];
	ssize_t n;

	do {
		settle(b);
		ip->now_ns = b->now;
		while (card_run(ip->card))
			;
		settle(b);
		n = recv(line, buf, sizeof(buf), MSG_DONTWAIT);
		for (ssize_t i = 0; i < n; i++)
			if (mctp_line_push(&rx, buf[i]) == LINE_FRAME)
				packet_in(rx.buf, rx.len);
	} while (n > 0);
}

static void put(const void *p, size_t len)
{
	assert_int_equal(send(line, p, len, MSG_NOSIGNAL), len);
}

static void send_message(uint8_t t, uint8_t type, const uint8_t *p, size_t len)
{
	uint8_t msg[2048] = { type }, f[MCTP_FRAME_MAX], packet[4 + MCTP_UNIT] = { 1, EID, BMC };
	uint8_t seq = 0;

	memcpy(msg + 1, p, len++);
	for (size_t at = 0; at < len; at += MCTP_UNIT) {
		size_t n = len - at < MCTP_UNIT ? len - at : MCTP_UNIT;

		packet[3] = (uint8_t)((at ? 0 : 0x80) | (at + n == len ? 0x40 : 0) | (seq++ & 3) << 4 | t);
		memcpy(packet + 4, msg + at, n);
		put(f, mctp_line_frame(f, packet, 4 + n));
		if (at % 1024 == 0)
			settle(b);
	}
}

static int link_request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	(void)ctx;
	tag = (tag + 1) & 7;
	answer.whole = false;
	send_message(8 | tag, 1, req, len);
	work();
	if (!answer.whole || answer.tag != tag)
		return -ETIMEDOUT;
	assert_int_equal(answer.msg[0], 1);
	assert_true(answer.len - 1 <= cap);
	memcpy(rsp, answer.msg + 1, answer.len - 1);
	return (int)answer.len - 1;
}

static int link_take(void *ctx, uint8_t *req, size_t cap, unsigned int ms)
{
	(void)ctx;
	for (unsigned int t = 0; t <= ms && !request.whole; t += 100) {
		work();
		if (!request.whole) {
			b->now += 100 * NS_PER_MS;
			work();
		}
	}
	if (!request.whole)
		return 0;
	request.whole = false;
	served_tag = request.tag;
	assert_true(request.len - 1 <= cap);
	memcpy(req, request.msg + 1, request.len - 1);
	return (int)request.len - 1;
}

static unsigned int lose_answers;

static int link_answer(void *ctx, const uint8_t *rsp, size_t len)
{
	(void)ctx;
	if (lose_answers) {
		lose_answers--;
		return 0;
	}
	send_message(served_tag, 1, rsp, len);
	return 0;
}

static const struct bmc_link link_ops = { NULL, link_request, link_take, link_answer, NULL, NULL };

/* ---- */

static char *text;
static size_t text_len;

static void asks(int (*what)(struct ua *u), const char *expect)
{
	struct ua u = { .link = &link_ops, .out = open_memstream(&text, &text_len) };
	int err = what(&u);

	fclose(u.out);
	if (err || !strstr(text, expect))
		fail_msg("%d: %s", err, text);
	free(text);
}

static void the_bmc_asks(void **state)
{
	(void)state;
	asks(ua_discover, "record 21: name of sensor 18: module presence\n");
	asks(ua_sensors, "1\ttemperature\t");
	asks(ua_info, "component 1, class 10: active 26.11.00-001, pending -");
}

static void the_bmc_updates(void **state)
{
	static uint8_t img[IMAGE_HDR + 70000];
	struct fw_image i = { .section = 1, .len = 70000, .ver = { FW_VERSION(27, 1, 2, 3), "mctp" } };
	struct pldm_new n = { .version = "1", .dev = { 0x1d9b, 0x13, 0, 0, 0 }, .n = 1,
			      .component = { { 1, "27.01.02-003", img, sizeof(img) } } };
	struct ua u = { .link = &link_ops };
	uint8_t *p;
	size_t len;

	(void)state;
	for (unsigned int k = IMAGE_HDR; k < sizeof(img); k++)
		img[k] = (uint8_t)(0x7d + (k & 1));	/* all stuffed */
	i.crc = fw_crc32(0, img + IMAGE_HDR, 70000);
	image_put(img, &i);
	p = pldm_build(&n, &len);
	assert_non_null(p);
	u.out = open_memstream(&text, &text_len);
	lose_answers = 3;
	assert_int_equal(ua_update(&u, p, len), 0);
	fclose(u.out);
	free(text);
	free(p);
	asks(ua_info, "component 1, class 10: active 26.11.00-001, pending 27.01.02-003");
	fw_power(fw_inside_core(fw));
	asks(ua_info, "component 1, class 10: active 27.01.02-003, pending -");
}

static void a_bmc_that_comes_back(void **state)
{
	int second;

	(void)state;
	put("\x7e\x01\x40half", 7);
	work();
	second = client();		/* waits */
	settle(b);
	asks(ua_info, "component 3");
	close(line);
	settle(b);
	line = second;
	settle(b);
	asks(ua_info, "component 3");
}

/* It asks and asks and reads nothing: then it is not heard any more, and all is answered once it reads */
static void a_bmc_that_reads_nothing(void **state)
{
	static const uint8_t info[] = { 1, EID, BMC, 0xc8, 1, 0x81, 5, 2 };
	uint8_t f[MCTP_FRAME_MAX], buf[65536];
	size_t n = mctp_line_frame(f, info, sizeof(info));
	unsigned int sent = 0, stuck = 0, answers = 0, tries = 0;

	(void)state;
	while (stuck < 20) {
		if (send(line, f, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n) {
			sent++;
			stuck = 0;
		} else {
			stuck++;
		}
		settle(b);
		assert_true(++tries < 2000000);
	}
	while (tries++ < 4000000) {
		ssize_t got = recv(line, buf, sizeof(buf), MSG_DONTWAIT);

		for (ssize_t i = 0; i < got; i++)
			if (mctp_line_push(&rx, buf[i]) == LINE_FRAME)
				answers += !!(rx.buf[3] & 0x40);
		if (got <= 0 && answers == sent)
			break;
		settle(b);
	}
	assert_int_equal(answers, sent);
	asks(ua_info, "component 3");
}

static void a_crashed_firmware_is_silent(void **state)
{
	const uint8_t q[] = { 0x81, 0, 2 };
	uint8_t r[16];

	(void)state;
	fw_crash(fw_inside_core(fw), "test");
	assert_int_equal(link_request(NULL, q, 3, r, sizeof(r)), -ETIMEDOUT);
	fw_restart(fw_inside_core(fw));
	assert_int_equal(link_request(NULL, q, 3, r, sizeof(r)), 5);
}

static void control_messages_are_answered(void **state)
{
	(void)state;
	send_message(8 | 3, 0, (const uint8_t *)"\x81\x02", 2);
	work();
	assert_true(answer.whole);
	assert_int_equal(answer.tag, 3);
	assert_memory_equal(answer.msg, "\0\1\2\0\x09\2", 6);
}

static void rubbish_does_no_harm(void **state)
{
	uint8_t junk[600];
	uint32_t s = 77;

	(void)state;
	for (unsigned int n = 0; n < 500; n++) {
		for (unsigned int i = 0; i < sizeof(junk); i++) {
			s = s * 1103515245 + 12345;
			junk[i] = s >> 28 ? (uint8_t)(s >> 16) : 0x7e;
		}
		put(junk, sizeof(junk));
		settle(b);
	}
	put("\x7e\x7e", 2);
	work();
	put("\x7e", 1);
	for (unsigned int i = 0; i < 300; i++) {
		put("\x55", 1);
		settle(b);
	}
	work();
	put("\x7e\x7e", 2);
	asks(ua_info, "component 3");
}

static void count(void *arg, const char *name, uint64_t val)
{
	(void)val;
	assert_int_equal(strncmp(name, "mctp_", 5), 0);
	++*(unsigned int *)arg;
}

static void counters_have_names(void **state)
{
	unsigned int n = 0;

	(void)state;
	mctp_home_counters(home, count, &n);
	assert_true(n > 10);
}

static void what_can_not_be_opened(void **state)
{
	char err[200] = "", was[128];

	(void)state;
	assert_null(home_open(err, sizeof(err)));
	assert_string_equal(err, "another process listens there");
	strcpy(was, path);
	strcpy(path, "/nonexistent/x");
	assert_null(home_open(err, sizeof(err)));
	strcpy(path, "/");
	assert_null(home_open(err, sizeof(err)));
	assert_string_equal(err, "it exists and is no socket");
	memset(path, 'x', 120);
	path[120] = 0;
	assert_null(home_open(err, sizeof(err)));
	assert_string_equal(err, "the path is too long for a socket");
	strcpy(path, was);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_bmc_asks),
		TEST(the_bmc_updates),
		TEST(a_bmc_that_comes_back),
		TEST(a_bmc_that_reads_nothing),
		TEST(a_crashed_firmware_is_silent),
		TEST(control_messages_are_answered),
		TEST(rubbish_does_no_harm),
		TEST(counters_have_names),
		TEST(what_can_not_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
