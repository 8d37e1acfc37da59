/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial line from a hostile BMC, down to the firmware's PLDM: the input is a
 * script.  A byte chooses the deed, those behind it its details:
 *
 *	0  bytes as they are: length, bytes
 *	1  a packet in a good frame: flags, source, length, bytes
 *	2  a message of one packet: tag, type, length, bytes
 *	3  a request that begins an update; 4  the answer to the card's request
 *	5  time passes, the card's requests are fetched, late answers come
 *	6  the line is new, the endpoint is new
 *
 * What leaves must be good frames, packets in order, and messages that are whole.
 */
#include "../../src/bmc/mctp.h"
#include "fuzz_fw.h"
#include "fuzz.h"

#define EID	9u
#define BMC	8u

static struct mctp *m;
static struct mctp_line rx;
static uint8_t last[2048], last_flags;		/* the message that leaves */
static size_t last_len;
static bool whole;
static unsigned int asked;

static void packet_out(const uint8_t *p, size_t len)
{
	MUST(len > 4 && len <= 4 + MCTP_UNIT && p[0] == 1 && p[2] == mctp_eid(m) && (p[1] == 0 || p[1] >= 8));
	if (p[3] & 0x80) {
		MUST(whole);
		last_len = 0;
	} else {
		MUST(!whole && (p[3] & 15) == (last_flags & 15) && ((p[3] >> 4) & 3) == (((last_flags >> 4) + 1) & 3));
	}
	MUST(p[3] & 0x40 || len == 4 + MCTP_UNIT);
	MUST(last_len + len - 4 <= sizeof(last));
	memcpy(last + last_len, p + 4, len - 4);
	last_len += len - 4;
	last_flags = p[3];
	whole = p[3] & 0x40;
}

static void on_send(void *ctx, const uint8_t *p, size_t len)
{
	(void)ctx;
	MUST(len <= MCTP_FRAME_MAX);
	for (size_t i = 0; i < len; i++)
		MUST(mctp_line_push(&rx, p[i]) == (i + 1 == len ? LINE_FRAME : LINE_MORE));
	packet_out(rx.buf, rx.len);
}

static int later(int ret)
{
	return ++asked % 5 ? ret : MCTP_PENDING;
}

static int request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	(void)ctx;
	return later(fw_pldm(fw, FW_PLDM_MCTP, req, len, rsp, cap));
}

static int pending(void *ctx, uint8_t *req, size_t cap)
{
	(void)ctx;
	return fw_pldm_pending(fw, FW_PLDM_MCTP, req, cap);
}

static int reply(void *ctx, const uint8_t *rsp, size_t len)
{
	(void)ctx;
	return later(fw_pldm_reply(fw, FW_PLDM_MCTP, rsp, len));
}

static void packet(uint8_t flags, uint8_t src, const uint8_t *p, size_t len)
{
	uint8_t b[4 + MCTP_UNIT] = { 1, mctp_eid(m), src, flags }, f[MCTP_FRAME_MAX];

	memcpy(b + 4, p, len);
	mctp_input(m, f, mctp_line_frame(f, b, 4 + len));
}

static size_t bytes(struct fuzz_in *in, uint8_t *b, size_t max)
{
	size_t n = fuzz_byte(in) % (max + 1);

	for (size_t i = 0; i < n; i++)
		b[i] = fuzz_byte(in);
	return n;
}

static void answer(uint8_t how)
{
	uint8_t r[5 + 1024] = { 1, last[1] & 31, 5, last[3], how & 1 };
	size_t len = 5, at = 0;
	uint8_t tag = last_flags & 7, seq = 0;

	if (last_len < 4 || !(last_flags & 8) || last[0] != 1)
		return;
	if (last[3] == 0x15 && last_len >= 12) {
		uint32_t off = get_le32(last + 4), n = get_le32(last + 8);

		MUST(n && n <= 1024);
		if (off < FUZZ_IMAGE)
			memcpy(r + 5, fuzz_image + off, n < FUZZ_IMAGE - off ? n : FUZZ_IMAGE - off);
		len += how & 2 ? n - 1 : n;
	}
	while (at < len) {
		size_t n = len - at < MCTP_UNIT ? len - at : MCTP_UNIT;

		packet((uint8_t)((at ? 0 : 0x80) | (at + n == len ? 0x40 : 0) | (seq++ & 3) << 4 | tag), BMC, r + at, n);
		at += n;
	}
}

static void begin(uint8_t n)
{
	static const struct { uint8_t len, p[23]; } cmds[] = {
		{ 15, { 1, 0x80, 5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 0 } },
		{ 16, { 1, 0x80, 5, 0x13, 5, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0 } },
		{ 23, { 1, 0x80, 5, 0x14, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, FUZZ_IMAGE & 0xff, FUZZ_IMAGE >> 8, 0, 0, 0,
			0, 0, 0, 1, 0 } },
		{ 5, { 1, 0x80, 5, 0x1a, 0 } }, { 4, { 1, 0x80, 5, 0x1d } },
	};
	uint8_t b[23];

	n %= sizeof(cmds) / sizeof(cmds[0]);
	memcpy(b, cmds[n].p, sizeof(b));
	b[1] |= asked & 31;
	packet(0xc8, BMC, b, cmds[n].len);
}

static void time_passes(uint8_t n)
{
	w.told = 0;
	fuzz_sleep(n * 10000000ull);
	mctp_resume(m);
	if (w.told)
		mctp_kick(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mctp_env env = { NULL, on_send, request, pending, reply, NULL };
	struct fuzz_in in = { data, size };
	uint8_t b[256], how, src;
	size_t n;

	fuzz_boot();
	if (!m)
		m = malloc(mctp_size());
	MUST(m && !mctp_init(m, &(struct mctp_config){ .eid = EID }, &env));
	memset(&rx, 0, sizeof(rx));
	whole = true;
	asked = 0;
	last_len = 0;
	while (in.len) {
		switch (fuzz_byte(&in) % 7) {
		case 0:
			n = bytes(&in, b, 255);
			mctp_input(m, b, n);
			break;
		case 1:
			how = fuzz_byte(&in);
			src = fuzz_byte(&in);
			n = bytes(&in, b, MCTP_UNIT);
			packet(how, src, b, n);
			break;
		case 2:
			how = fuzz_byte(&in);
			b[0] = fuzz_byte(&in) & 3;
			n = bytes(&in, b + 1, MCTP_UNIT - 1);
			packet(0xc0 | (how & 15), BMC, b, 1 + n);
			break;
		case 3:
			begin(fuzz_byte(&in));
			break;
		case 4:
			answer(fuzz_byte(&in));
			break;
		case 5:
			time_passes(fuzz_byte(&in));
			break;
		case 6:
			if (fuzz_byte(&in) & 1)
				mctp_line_reset(m);
			else
				mctp_restart(m);
			break;
		}
	}
	return 0;
}

size_t fuzz_seed(unsigned int i, uint8_t *b, size_t max)
{
	static const uint8_t seeds[][48] = {
		{ 3, 0, 3, 1, 3, 2, 5, 0, 4, 0, 5, 0, 4, 0, 5, 0, 4, 0, 5, 0, 4, 0, 5, 0, 4, 0, 5, 0, 4, 0, 3, 3 },
		{ 2, 8, 0, 2, 0x81, 2, 2, 8, 0, 4, 0x81, 1, 0, 42, 2, 8, 1, 3, 0x81, 0, 4, 2, 9, 1, 9, 0x81, 0, 3, 0, 0, 0, 0, 1,
		  5 },
		{ 1, 0x88, 8, 64, 1, 0x81, 2, 0x13 },
		{ 0, 14, 0x7e, 1, 8, 1, 9, 8, 0xc8, 1, 0x81, 0, 2, 0x5b, 0x7d, 0x7e, 6, 0, 6, 1 },
	};

	if (i >= sizeof(seeds) / sizeof(seeds[0]) || max < sizeof(seeds[0]))
		return 0;
	memcpy(b, seeds[i], sizeof(seeds[0]));
	return sizeof(seeds[0]);
}
