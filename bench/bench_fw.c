/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware without a VM and without a socket, on one core: our own host
 * puts a request into the mailbox of a card in this process, and takes the
 * answer out of its page.  The time of card, firmware and host is in the
 * figures; each round trip counts by itself.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../src/homes/flash_file.h"
#include "../src/homes/fw_inside.h"
#include "../src/fw/msg.h"
#include "../src/host/drv_fw.h"

#define ROUNDS	20001
#define SEC	1000000000ull

static struct host_inproc *ip;
static struct drv_fw m;
static uint8_t answer[4096];

static void fail(const char *what)
{
	fprintf(stderr, "bench_fw: %s\n", what);
	exit(1);
}

static uint64_t card_now(void *ctx)
{
	return ((struct host_inproc *)ctx)->now_ns;
}

static void no_trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)blk;
	(void)kind;
	(void)fmt;
	(void)ap;
}

static void setup(void)
{
	const struct card_config cc = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .vectors = 4 };
	struct fw_home_config cfg;
	char err[200];

	ip = host_new_inproc(&cc, 1 << 20);
	if (!ip)
		fail("no card");
	ip->now_ns = SEC;
	fw_home_config_default(&cfg);
	cfg.flash = flash_file_open(NULL, FW_FLASH_SIZE, err, sizeof(err));
	if (!cfg.flash || !fw_inside_new(ip->card, &(struct card_env){ .ctx = ip, .now = card_now, .trace = no_trace }, &cfg))
		fail("no firmware");
	if (host_enable(&ip->h) || drv_fw_open(&m, &ip->h, SEC))
		fail("no mailbox");
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Seconds from the request to its answer, @resp */
static double round_trip(const uint8_t *msg, size_t len, unsigned int resp)
{
	double t0 = now();

	if (drv_fw_send(&m, msg, len) || drv_fw_poll(&m, answer) <= 0)
		fail("no answer");
	t0 = now() - t0;
	if ((get_le32(answer) & 0xfff) != resp)
		fail("another answer");
	return t0;
}

static void report(const char *what, unsigned int req, unsigned int resp, const uint32_t (*attr)[2], unsigned int n)
{
	static double us[ROUNDS];
	struct tlv_buf t;
	uint8_t b[256];
	size_t len;

	tlv_begin(&t, b, sizeof(b), (uint16_t)req);
	for (unsigned int i = 0; i < n; i++)
		tlv_put_int(&t, attr[i][0], attr[i][1], 4);
	len = (size_t)tlv_end(&t);
	for (unsigned int i = 0; i < ROUNDS; i++)
		us[i] = round_trip(b, len, resp) * 1e6;
	qsort(us, ROUNDS, sizeof(us[0]), compare);
	printf("| %s | %.2f us | %.2f to %.2f |\n", what, us[ROUNDS / 2], us[ROUNDS / 100], us[ROUNDS - ROUNDS / 100]);
	fflush(stdout);
}

int main(void)
{
	static const uint32_t page[][2] = { { QSFP_BANK, 0 }, { QSFP_PAGE, 0 }, { QSFP_OFFSET, 0 }, { QSFP_LENGTH, 128 } };
	static const uint32_t piece[][2] = { { DUMP_OFFSET, 0 }, { DUMP_LENGTH, 1024 } };

	setup();
	printf("| Firmware mailbox in one process, request to answer | median | 1 to 99 in 100 |\n|---|---|---|\n");
	report("heartbeat", MSG_HEARTBEAT_REQ, MSG_HEARTBEAT_RESP, NULL, 0);
	report("capabilities", MSG_HOST_CAP_REQ, MSG_FW_CAP_RESP, NULL, 0);
	report("sensors", MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, NULL, 0);
	report("128 bytes of a module", MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP, page, 4);
	if (drv_fw_send(&m, (const uint8_t[]){ 0x18, 0x80, 2, 0, 0, 0, 4, 0 }, 8) || drv_fw_poll(&m, answer) <= 0)
		fail("no dump");
	report("1 KiB of a core dump", MSG_DUMP_READ_REQ, MSG_DUMP_READ_RESP, piece, 2);
	return 0;
}
