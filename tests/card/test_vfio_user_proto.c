/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every message of the protocol, well formed and not: what the answer is, that
 * the connection lives where it should, and that no descriptor leaks.
 */
#include "vu_raw.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a good and a bad payload of each command ---- */

struct payload {
	size_t	len;
	uint8_t	bytes[64];
};

static struct payload good_payload(uint16_t cmd)
{
	struct payload p = { 0 };
	union {
		struct vu_dma_map	map;
		struct vu_dma_unmap	unmap;
		struct vu_device_info	info;
		struct vu_region_info	region;
		struct vu_irq_info	irq;
		struct vu_irq_set	set;
		struct vu_region_rw	rw;
		struct { uint64_t n; struct vu_write_one w; } multi;
	} u;

	memset(&u, 0, sizeof(u));
	switch (cmd) {
	case VU_DMA_MAP:
		u.map = (struct vu_dma_map){ 32, 3, 0, 0x100000, 0x1000 };
		p.len = 32;
		break;
	case VU_DMA_UNMAP:
		u.unmap = (struct vu_dma_unmap){ 24, 0, 0x100000, 0x1000 };
		p.len = 24;
		break;
	case VU_GET_INFO:
		u.info.argsz = 16;
		p.len = 16;
		break;
	case VU_GET_REGION_INFO:
		u.region.argsz = 32;
		p.len = 32;
		break;
	case VU_GET_REGION_IO_FDS:
	case VU_GET_IRQ_INFO:
		u.irq.argsz = 16;
		p.len = 16;
		break;
	case VU_SET_IRQS:
		u.set = (struct vu_irq_set){ 20, VU_DATA_NONE | VU_ACTION_MASK, VU_IRQ_MSIX, 0, 1 };
		p.len = 20;
		break;
	case VU_REGION_READ:
		u.rw = (struct vu_region_rw){ 0x400, 0, 4 };
		p.len = 16;
		break;
	case VU_REGION_WRITE:
		u.rw = (struct vu_region_rw){ 0x400, 0, 4 };
		p.len = 20;
		break;
	case VU_WRITE_MULTI:
		u.multi.n = 1;
		u.multi.w = (struct vu_write_one){ 0x400, 0, 4, { 0 } };
		p.len = 32;
		break;
	}
	memcpy(p.bytes, &u, p.len);
	return p;
}

static const uint16_t all_cmds[] = {
	VU_DMA_MAP, VU_DMA_UNMAP, VU_GET_INFO, VU_GET_REGION_INFO, VU_GET_REGION_IO_FDS,
	VU_GET_IRQ_INFO, VU_SET_IRQS, VU_REGION_READ, VU_REGION_WRITE, VU_RESET, VU_WRITE_MULTI,
};
#define NCMDS (sizeof(all_cmds) / sizeof(*all_cmds))

static void good_messages_are_answered(void **state)
{
	int fd = raw_client(&R);

	(void)state;
	for (size_t i = 0; i < NCMDS; i++) {
		struct payload p = good_payload(all_cmds[i]);

		assert_int_equal(raw_call(&R, fd, all_cmds[i], p.bytes, p.len, NULL, 0, NULL, 0), 0);
	}
	close(fd);
}

/* Every length from 0 to some above the right one, for every command */
static void wrong_lengths_are_errors(void **state)
{
	int fd = raw_client(&R);

	(void)state;
	for (size_t i = 0; i < NCMDS; i++) {
		struct payload p = good_payload(all_cmds[i]);

		for (size_t len = 0; len <= p.len + 9 && len <= sizeof(p.bytes); len++) {
			if (len == p.len)
				continue;
			assert_int_equal(raw_call(&R, fd, all_cmds[i], p.bytes, len, NULL, 0,
						  NULL, 0), EINVAL);
		}
	}
	assert_true(raw_alive(&R, fd));
	assert_int_equal(R.card->writes, 0);
	close(fd);
}

/* Descriptors where none belong; they must be closed as well */
static void unexpected_fds_are_errors(void **state)
{
	int fd = raw_client(&R), ev[20];

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		ev[i] = eventfd(0, EFD_NONBLOCK);
	for (size_t i = 0; i < NCMDS; i++) {
		struct payload p = good_payload(all_cmds[i]);
		unsigned int n = all_cmds[i] == VU_DMA_MAP ? 2 : all_cmds[i] == VU_SET_IRQS ? 20 : 1;
		unsigned int before = open_fds();

		assert_int_equal(raw_call(&R, fd, all_cmds[i], p.bytes, p.len, ev, n, NULL, 0),
				 EINVAL);
		assert_int_equal(open_fds(), before);
	}
	assert_true(raw_alive(&R, fd));
	for (unsigned int i = 0; i < 20; i++)
		close(ev[i]);
	close(fd);
}

static void unknown_commands_are_errors(void **state)
{
	static const uint16_t cmds[] = { 0, 11, 12, 14, 16, 17, 18, 19, 255, 65535 };
	int fd = raw_client(&R);

	(void)state;
	for (size_t i = 0; i < sizeof(cmds) / sizeof(*cmds); i++)
		assert_int_equal(raw_call(&R, fd, cmds[i], "12345678", 8, NULL, 0, NULL, 0), ENOSYS);
	assert_true(raw_alive(&R, fd));
	close(fd);
}

/* One field of one message made wrong at a time */
static void wrong_fields_are_errors(void **state)
{
	static const struct {
		uint16_t cmd;
		uint8_t	 off, width;
		uint64_t val;
	} bad[] = {
		{ VU_DMA_MAP, 0, 4, 31 },		/* argsz */
		{ VU_DMA_MAP, 4, 4, 0 },		/* flags: neither read nor write */
		{ VU_DMA_MAP, 4, 4, 7 },
		{ VU_DMA_MAP, 8, 8, 1 },		/* offset */
		{ VU_DMA_MAP, 16, 8, 0x100001 },	/* address */
		{ VU_DMA_MAP, 16, 8, 0xfffffffffffff001 },
		{ VU_DMA_MAP, 24, 8, 0 },		/* size */
		{ VU_DMA_MAP, 24, 8, 0x1001 },
		{ VU_DMA_MAP, 24, 8, 0xfffffffffffff000 },
		{ VU_DMA_UNMAP, 0, 4, 23 },
		{ VU_DMA_UNMAP, 4, 4, 1 },		/* flags: dirty bitmap */
		{ VU_DMA_UNMAP, 4, 4, 2 },		/* unmap all, but with a range */
		{ VU_DMA_UNMAP, 16, 8, 0 },
		{ VU_DMA_UNMAP, 16, 8, 0xffffffffffffffff },
		{ VU_GET_INFO, 0, 4, 15 },
		{ VU_GET_REGION_INFO, 0, 4, 31 },
		{ VU_GET_REGION_INFO, 8, 4, 9 },	/* index */
		{ VU_GET_REGION_INFO, 8, 4, 0xffffffff },
		{ VU_GET_REGION_IO_FDS, 0, 4, 0 },
		{ VU_GET_REGION_IO_FDS, 4, 4, 1 },
		{ VU_GET_REGION_IO_FDS, 8, 4, 9 },
		{ VU_GET_REGION_IO_FDS, 12, 4, 1 },
		{ VU_GET_IRQ_INFO, 0, 4, 15 },
		{ VU_GET_IRQ_INFO, 8, 4, 5 },
		{ VU_SET_IRQS, 0, 4, 19 },
		{ VU_SET_IRQS, 4, 4, 0 },		/* neither data nor action */
		{ VU_SET_IRQS, 4, 4, 1 },		/* no action */
		{ VU_SET_IRQS, 4, 4, 8 },		/* no data */
		{ VU_SET_IRQS, 4, 4, 3 | 8 },		/* two data */
		{ VU_SET_IRQS, 4, 4, 1 | 24 },		/* two actions */
		{ VU_SET_IRQS, 4, 4, 1 | 8 | 64 },	/* unknown bit */
		{ VU_SET_IRQS, 4, 4, 2 | 8 },		/* bools, but none sent */
		{ VU_SET_IRQS, 8, 4, 5 },		/* index */
		{ VU_SET_IRQS, 8, 4, VU_IRQ_INTX },	/* has none */
		{ VU_SET_IRQS, 12, 4, VECTORS },	/* start */
		{ VU_SET_IRQS, 12, 4, 0xffffffff },
		{ VU_SET_IRQS, 16, 4, VECTORS + 1 },	/* count */
		{ VU_SET_IRQS, 16, 4, 0xffffffff },
		{ VU_SET_IRQS, 16, 4, 0 },		/* none, but action mask */
		{ VU_REGION_READ, 0, 8, CARD_BAR0_SIZE - 3 },
		{ VU_REGION_READ, 0, 8, CARD_BAR0_SIZE },
		{ VU_REGION_READ, 0, 8, 0xfffffffffffffffc },
		{ VU_REGION_READ, 8, 4, 1 },		/* region that has no size */
		{ VU_REGION_READ, 8, 4, 6 },
		{ VU_REGION_READ, 8, 4, 8 },
		{ VU_REGION_READ, 8, 4, 9 },
		{ VU_REGION_READ, 8, 4, 0xffffffff },
		{ VU_REGION_READ, 12, 4, 0 },		/* count */
		{ VU_REGION_READ, 12, 4, 65537 },
		{ VU_REGION_READ, 12, 4, 0xffffffff },
		{ VU_REGION_WRITE, 0, 8, CARD_BAR0_SIZE },
		{ VU_REGION_WRITE, 0, 8, 0xfffffffffffffffc },
		{ VU_REGION_WRITE, 8, 4, 3 },
		{ VU_REGION_WRITE, 12, 4, 3 },		/* count is not what came */
		{ VU_REGION_WRITE, 12, 4, 5 },
		{ VU_REGION_WRITE, 12, 4, 0xffffffff },
		{ VU_REGION_WRITE, 0, 8, 0x401 },	/* BAR0 takes aligned words */
		{ VU_WRITE_MULTI, 0, 8, 0 },
		{ VU_WRITE_MULTI, 0, 8, 2 },
		{ VU_WRITE_MULTI, 0, 8, 0x0aaaaaaaaaaaaaab },	/* times 24 overflows */
		{ VU_WRITE_MULTI, 8, 8, CARD_BAR0_SIZE },
		{ VU_WRITE_MULTI, 16, 4, 1 },
		{ VU_WRITE_MULTI, 20, 4, 0 },
		{ VU_WRITE_MULTI, 20, 4, 9 },
		{ VU_WRITE_MULTI, 20, 4, 2 },
	};
	int fd = raw_client(&R);
	struct payload p = good_payload(VU_DMA_MAP);
	struct vu_dma_map d;

	(void)state;
	/* something for DMA_UNMAP to hit, elsewhere than what DMA_MAP tries */
	memcpy(&d, p.bytes, sizeof(d));
	d.addr = 0x200000;
	assert_int_equal(raw_call(&R, fd, VU_DMA_MAP, &d, sizeof(d), NULL, 0, NULL, 0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int err;

		p = good_payload(bad[i].cmd);
		memcpy(p.bytes + bad[i].off, &bad[i].val, bad[i].width);
		err = raw_call(&R, fd, bad[i].cmd, p.bytes, p.len, NULL, 0, NULL, 0);
		if (err != EINVAL)
			fail_msg("row %zu: command %u answered %d", i, bad[i].cmd, err);
	}
	assert_true(raw_alive(&R, fd));
	assert_int_equal(R.card->writes, 0);
	assert_int_equal(rig_stat(&R, "windows"), 1);
	close(fd);
}

/* ---- version ---- */

static void version_first_and_once(void **state)
{
	static const char hello[4] = { 0 };
	int fd = raw_connect(&R);

	(void)state;
	for (size_t i = 0; i < NCMDS; i++) {
		struct payload p = good_payload(all_cmds[i]);

		assert_int_equal(raw_call(&R, fd, all_cmds[i], p.bytes, p.len, NULL, 0, NULL, 0),
				 EINVAL);
	}
	assert_int_equal(R.card->resets, 0);
	assert_int_equal(raw_call(&R, fd, VU_VERSION, hello, 4, NULL, 0, NULL, 0), 0);
	assert_int_equal(raw_call(&R, fd, VU_VERSION, hello, 4, NULL, 0, NULL, 0), EINVAL);
	assert_true(raw_alive(&R, fd));
	close(fd);
}

static int try_version(uint16_t major, uint16_t minor, const char *json, size_t len, char *reply,
		       bool *closed)
{
	struct vu_version ver = { major, minor };
	char msg[5000], rep[1000] = "";
	int fd = raw_connect(&R), err;

	memcpy(msg, &ver, sizeof(ver));
	memcpy(msg + sizeof(ver), json, len);
	err = raw_call(&R, fd, VU_VERSION, msg, sizeof(ver) + len, NULL, 0, rep, sizeof(rep) - 1);
	*closed = raw_closed(&R, fd);
	if (!err) {
		memcpy(&ver, rep, sizeof(ver));
		assert_int_equal(ver.major, 0);
		assert_int_equal(ver.minor, 0);
		if (reply)
			strcpy(reply, rep + sizeof(ver));
	}
	close(fd);
	rig_pump(&R);
	return err;
}

static void versions(void **state)
{
	static const struct {
		uint16_t	major, minor;
		const char	*json;
		bool		good;
	} v[] = {
		{ 0, 0, "", true },
		{ 0, 0, "{}", true },
		{ 0, 1, "{}", true },		/* we answer with our minor */
		{ 0, 0, "{\"capabilities\":{}}", true },
		{ 0, 0, "{\"something\":[1,2,{}]}", true },
		{ 0, 0, "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
			"\"migration\":{\"pgsize\":4096,\"max_bitmap_size\":268435456},"
			"\"pgsizes\":4096,\"max_dma_maps\":65535,\"write_multiple\":true}}", true },
		{ 1, 0, "{}", false },
		{ 65535, 0, "{}", false },
		{ 0, 0, "[]", false },
		{ 0, 0, "7", false },
		{ 0, 0, "{", false },
		{ 0, 0, "{\"capabilities\":7}", false },
		{ 0, 0, "{\"capabilities\":{\"max_msg_fds\":\"8\"}}", false },
		{ 0, 0, "{\"capabilities\":{\"max_msg_fds\":-1}}", false },
		{ 0, 0, "{\"capabilities\":{\"max_data_xfer_size\":0}}", false },
		{ 0, 0, "{\"capabilities\":{\"max_data_xfer_size\":1.5}}", false },
		{ 0, 0, "{\"capabilities\":{\"write_multiple\":1}}", false },
		{ 0, 0, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", false },
	};
	bool closed;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		size_t len = *v[i].json ? strlen(v[i].json) + 1 : 0;
		int err = try_version(v[i].major, v[i].minor, v[i].json, len, NULL, &closed);

		if (err != (v[i].good ? 0 : EINVAL) || closed == v[i].good)
			fail_msg("row %zu: error %d, closed %d", i, err, closed);
	}
	/* without its NUL */
	assert_int_equal(try_version(0, 0, "{}", 2, NULL, &closed), EINVAL);
	assert_true(closed);
}

static void our_capabilities(void **state)
{
	char rep[1000];
	bool closed;

	(void)state;
	assert_int_equal(try_version(0, 0, "{\"capabilities\":{\"write_multiple\":true}}", 42 - 1,
				     rep, &closed), 0);
	/* QEMU refuses more than 16 descriptors; write_multiple makes it slow */
	assert_string_equal(rep, "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":65536,"
			    "\"max_dma_maps\":32768,\"pgsizes\":4096}}");
}

/* ---- framing ---- */

static void message_in_single_bytes(void **state)
{
	struct vu_device_info i = { .argsz = sizeof(i) };
	struct vu_hdr h = { 7, VU_GET_INFO, sizeof(h) + sizeof(i), 0, 0 };
	uint8_t msg[sizeof(h) + sizeof(i)];
	int fd = raw_client(&R);

	(void)state;
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h), &i, sizeof(i));
	for (size_t k = 0; k < sizeof(msg); k++) {
		assert_false(raw_recv(&R, fd, &h, NULL, 0));
		raw_send(fd, msg + k, 1, NULL, 0);
	}
	assert_true(raw_recv(&R, fd, &h, &i, sizeof(i)));
	assert_int_equal(h.id, 7);
	assert_int_equal(i.num_irqs, VU_NIRQS);
	close(fd);
}

static void size_below_header_is_fatal(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 15 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct vu_hdr h = { 1, VU_RESET, sizes[i], 0, 0 };
		int fd = raw_client(&R);

		raw_send(fd, &h, sizeof(h), NULL, 0);
		assert_true(raw_closed(&R, fd));
		assert_non_null(strstr(R.last_log, "size"));
		close(fd);
	}
}

static void oversized_message_is_answered_and_skipped(void **state)
{
	struct vu_hdr h = { 9, VU_REGION_WRITE, 300000, 0, 0 };
	uint8_t *junk = calloc(1, 300000);
	int fd = raw_client(&R), ev = eventfd(0, EFD_NONBLOCK);
	unsigned int before = open_fds();

	(void)state;
	raw_send(fd, &h, sizeof(h), NULL, 0);
	assert_true(raw_recv(&R, fd, &h, NULL, 0));
	assert_int_equal(h.flags, VU_TYPE_REPLY | VU_ERROR);
	assert_int_equal(h.error, EMSGSIZE);
	for (size_t left = 300000 - sizeof(h); left; ) {
		size_t n = left < 50000 ? left : 50000;

		raw_send(fd, junk, n, left < 60000 ? &ev : NULL, left < 60000);
		rig_pump(&R);
		left -= n;
	}
	assert_int_equal(open_fds(), before);
	assert_true(raw_alive(&R, fd));
	assert_int_equal(R.card->writes, 0);
	free(junk);
	close(ev);
	close(fd);
}

static void lying_size_swallows_only_its_own_client(void **state)
{
	struct vu_hdr h = { 9, VU_GET_INFO, UINT32_MAX, 0, 0 };
	int fd = raw_client(&R);

	(void)state;
	raw_send(fd, &h, sizeof(h), NULL, 0);
	assert_true(raw_recv(&R, fd, &h, NULL, 0));
	assert_int_equal(h.error, EMSGSIZE);
	assert_false(raw_alive(&R, fd));	/* dropped as part of the 4 GiB */
	close(fd);
	fd = raw_client(&R);
	assert_true(raw_alive(&R, fd));
	close(fd);
}

static void replies_and_nonsense_types_are_fatal(void **state)
{
	(void)state;
	for (uint32_t type = 1; type < 16; type++) {
		struct vu_hdr h = { 1, VU_DMA_READ, sizeof(h), type, 0 };
		int fd = raw_client(&R);

		raw_send(fd, &h, sizeof(h), NULL, 0);
		assert_true(raw_closed(&R, fd));
		assert_non_null(strstr(R.last_log, "thrown out"));
		close(fd);
	}
}

static void no_reply_gives_none_even_for_errors(void **state)
{
	int fd = raw_client(&R);
	struct vu_hdr h;

	(void)state;
	for (size_t i = 0; i < NCMDS; i++) {
		struct payload p = good_payload(all_cmds[i]);

		raw_cmd(fd, all_cmds[i], VU_NO_REPLY, p.bytes, p.len, NULL, 0);
		raw_cmd(fd, all_cmds[i], VU_NO_REPLY, p.bytes, 3, NULL, 0);
	}
	raw_cmd(fd, 99, VU_NO_REPLY, NULL, 0, NULL, 0);
	assert_false(raw_recv(&R, fd, &h, NULL, 0));
	assert_int_equal(rig_stat(&R, "errors_without_reply"), NCMDS + 1);
	assert_true(raw_alive(&R, fd));
	close(fd);
}

/* Random bytes: whatever happens, the next client is served */
static void noise(void **state)
{
	uint64_t x = 88172645463325252ull;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint8_t msg[200];
		int fd = round % 2 ? raw_client(&R) : raw_connect(&R);
		struct vu_hdr h;

		for (size_t i = 0; i < sizeof(msg); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			msg[i] = (uint8_t)x;
		}
		h = (struct vu_hdr){ 1, (uint16_t)(x % 20), (uint32_t)(16 + x % 100),
				     (uint32_t)(x >> 20) % 3 ? 0 : (uint32_t)(x >> 30) & 0x3f, 0 };
		if (round % 3)
			memcpy(msg, &h, sizeof(h));
		if (send(fd, msg, sizeof(msg), MSG_NOSIGNAL) > 0)
			rig_pump(&R);
		close(fd);
		rig_pump(&R);
	}
	assert_int_equal(vu_conn_fd(R.v), -1);
	assert_int_equal(rig_stat(&R, "windows"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(good_messages_are_answered), T(wrong_lengths_are_errors),
		T(unexpected_fds_are_errors), T(unknown_commands_are_errors),
		T(wrong_fields_are_errors), T(version_first_and_once), T(versions),
		T(our_capabilities), T(message_in_single_bytes), T(size_below_header_is_fatal),
		T(oversized_message_is_answered_and_skipped),
		T(lying_size_swallows_only_its_own_client),
		T(replies_and_nonsense_types_are_fatal), T(no_reply_gives_none_even_for_errors),
		T(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
