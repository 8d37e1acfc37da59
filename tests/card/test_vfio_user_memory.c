/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's memory: windows that come and go, and memory without a file, that
 * the card reaches through messages.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* memfd_create */
#endif

#include "vu_raw.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t dma(struct host *h, uint32_t what, uint64_t addr, uint32_t len)
{
	host_wr(h, 0, FAKE_ADDR_LO, (uint32_t)addr);
	host_wr(h, 0, FAKE_ADDR_HI, (uint32_t)(addr >> 32));
	host_wr(h, 0, FAKE_LEN, len);
	host_wr(h, 0, FAKE_DMA, what);
	return host_rd(h, 0, FAKE_RESULT);
}

static int memfd(size_t size)
{
	int fd = memfd_create("t", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

/* ---- memory ---- */

static void dma_reaches_host_memory(void **state)
{
	struct host *h = connect_host();
	uint64_t a = host_alloc(h, 64, 8);

	(void)state;
	strcpy(host_ptr(h, a), "from the host");
	assert_int_equal(dma(h, 1, a, 14), 0);
	assert_string_equal((char *)R.card->buf, "from the host");
	strcpy((char *)R.card->buf, "from the card");
	assert_int_equal(dma(h, 2, a, 14), 0);
	assert_string_equal(host_ptr(h, a), "from the card");
	assert_int_equal(dma(h, 2, HOST_MEM_BASE + MiB - 1, 2), EFAULT);
	assert_int_equal(dma(h, 1, HOST_MEM_BASE - 1, 1), EFAULT);
	host_free(h);
}

static void map_and_unmap(void **state)
{
	struct host *h = connect_host();
	int fd = memfd(65536);
	const uint64_t at = 0x10000;

	(void)state;
	assert_int_equal(host_dma_map(h, HOST_MEM_BASE, 4096, 3, fd, 0), -EEXIST);
	assert_int_equal(host_dma_map(h, HOST_MEM_BASE - 4096, 8192, 3, -1, 0), -EEXIST);
	assert_int_equal(host_dma_map(h, at, 65536 + 4096, 3, fd, 0), -EINVAL);	/* past the file */
	assert_int_equal(host_dma_map(h, at, 4096, 3, fd, 61440), 0);
	assert_int_equal(host_dma_map(h, at + 4096, 4096, 1, fd, 0), 0);	/* read only */
	assert_int_equal(dma(h, 1, at + 4000, 200), 0);
	assert_int_equal(dma(h, 2, at + 4096, 4), EFAULT);
	assert_int_equal(host_dma_unmap(h, at, 100), -EINVAL);
	assert_int_equal(host_dma_unmap(h, 0x20000, 4096), -ENOENT);
	assert_int_equal(host_dma_unmap(h, at, 4096), 0);
	assert_int_equal(dma(h, 1, at, 4), EFAULT);
	assert_int_equal(dma(h, 1, at + 4096, 4), 0);
	assert_int_equal(rig_stat(&R, "windows"), 2);
	close(fd);
	host_free(h);
}

static void unmap_answers_with_the_request(void **state)
{
	struct vu_dma_map m = { 32, 3, 0, 0x4000, 0x1000 };
	struct vu_dma_unmap u = { 24, 0, 0x4000, 0x1000 }, rep = { 0 };
	struct vu_dma_unmap all = { 24, VU_UNMAP_ALL, 0, 0 };
	int fd = raw_client(&R);

	(void)state;
	assert_int_equal(raw_call(&R, fd, VU_DMA_MAP, &m, sizeof(m), NULL, 0, NULL, 0), 0);
	assert_int_equal(raw_call(&R, fd, VU_DMA_UNMAP, &u, sizeof(u), NULL, 0, &rep, sizeof(rep)), 0);
	assert_memory_equal(&rep, &u, sizeof(u));
	for (m.addr = 0x4000; m.addr < 0x9000; m.addr += 0x1000)
		assert_int_equal(raw_call(&R, fd, VU_DMA_MAP, &m, sizeof(m), NULL, 0, NULL, 0), 0);
	assert_int_equal(raw_call(&R, fd, VU_DMA_UNMAP, &all, sizeof(all), NULL, 0, NULL, 0), 0);
	assert_int_equal(rig_stat(&R, "windows"), 0);
	close(fd);
}

static void cut_memfd_is_survived(void **state)
{
	struct host *h;
	uint64_t a;

	(void)state;
	rig_close(&R);			/* cmocka has put its SIGBUS handler over ours */
	rig_open(&R, "cut", VECTORS);
	h = connect_host();
	a = host_alloc(h, 4096, 4096);
	assert_int_equal(ftruncate(host_memfd(h), 0), 0);
	assert_int_equal(dma(h, 2, a, 100), EFAULT);
	assert_int_equal(rig_stat(&R, "windows_broken"), 1);
	assert_non_null(strstr(R.last_log, "cut"));
	host_free(h);
	h = connect_host();
	assert_int_equal(dma(h, 2, host_alloc(h, 4096, 4096), 100), 0);
	host_free(h);
}

/* ---- memory without a file: the reply is sent before the request, its id is known ---- */

#define FAR	0x80000000u

static int client_with_far_window(const char *caps)
{
	struct vu_dma_map m = { 32, 3, 0, FAR, 0x100000 };
	char hello[300] = "\0\0\0\0";
	int fd = raw_connect(&R);

	strcpy(hello + 4, caps);
	assert_int_equal(raw_call(&R, fd, VU_VERSION, hello, 4 + strlen(caps) + 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(raw_call(&R, fd, VU_DMA_MAP, &m, sizeof(m), NULL, 0, NULL, 0), 0);
	return fd;
}

static void start_dma(int fd, uint32_t what, uint32_t len)
{
	posted(fd, FAKE_ADDR_LO, FAR + 0x123);
	posted(fd, FAKE_LEN, len);
	posted(fd, FAKE_DMA, what);
}

static void read_word(int fd, uint32_t off)
{
	struct vu_region_rw rw = { off, 0, 4 };

	raw_cmd(fd, VU_REGION_READ, 0, &rw, sizeof(rw), NULL, 0);
}

/* A DMA reply; @at is where its data begins, as the client's dialect has it */
static void dma_reply(int fd, uint16_t id, uint16_t cmd, uint32_t flags, const char *data,
		      uint32_t len, size_t at)
{
	uint8_t msg[512] = { 0 };
	struct vu_hdr h = { id, cmd, 32 + (data ? len : 0), VU_TYPE_REPLY | flags, 0 };

	if (flags & VU_ERROR)
		h.size = sizeof(h);
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + 24, &len, sizeof(len));
	if (data)
		memcpy(msg + at, data, len);
	raw_send(fd, msg, h.size, NULL, 0);
}

static void expect_dma(int fd, uint16_t cmd, uint16_t id, uint32_t len, const char *data, size_t at)
{
	uint8_t msg[512];
	struct vu_hdr h;
	uint64_t addr;
	uint32_t count;

	assert_int_equal(recv(fd, msg, sizeof(h), 0), sizeof(h));
	memcpy(&h, msg, sizeof(h));
	assert_int_equal(h.cmd, cmd);
	assert_int_equal(h.id, id);
	assert_int_equal(h.flags, VU_TYPE_COMMAND);
	assert_int_equal(h.size, 32 + (data ? len : 0));
	assert_int_equal(recv(fd, msg + 16, h.size - 16, 0), h.size - 16);
	memcpy(&addr, msg + 16, sizeof(addr));
	memcpy(&count, msg + 24, sizeof(count));
	assert_int_equal(addr, FAR + 0x123);
	assert_int_equal(count, len);
	if (data)
		assert_memory_equal(msg + at, data, len);
}

static void expect_word(int fd, uint32_t val)
{
	struct { struct vu_hdr h; struct vu_region_rw rw; uint32_t val; } __attribute__((packed)) m;

	rig_pump(&R);
	assert_int_equal(recv(fd, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
	assert_int_equal(m.h.cmd, VU_REGION_READ);
	assert_int_equal(m.val, val);
}

static void far_memory(const char *caps, size_t at)
{
	int fd = client_with_far_window(caps);

	/* commands that arrive while the card waits are executed after it, in order */
	start_dma(fd, 1, 11);
	posted(fd, 0x400, 77);
	read_word(fd, 0x400);
	dma_reply(fd, 1, VU_DMA_READ, 0, "hello world", 11, at);
	read_word(fd, FAKE_RESULT);
	rig_pump(&R);
	expect_dma(fd, VU_DMA_READ, 1, 11, NULL, at);
	expect_word(fd, 77);
	expect_word(fd, 0);
	assert_memory_equal(R.card->buf, "hello world", 11);
	assert_non_null(strstr(R.last_log, "not shared"));

	start_dma(fd, 2, 5);
	read_word(fd, FAKE_RESULT);
	dma_reply(fd, 2, VU_DMA_WRITE, 0, NULL, 5, at);
	rig_pump(&R);
	expect_dma(fd, VU_DMA_WRITE, 2, 5, "hello", at);
	expect_word(fd, 0);

	start_dma(fd, 1, 4);
	read_word(fd, FAKE_RESULT);
	dma_reply(fd, 3, VU_DMA_READ, VU_ERROR, NULL, 4, at);
	rig_pump(&R);
	expect_dma(fd, VU_DMA_READ, 3, 4, NULL, at);
	expect_word(fd, EFAULT);
	close(fd);
}

static void far_memory_as_specified(void **state)
{
	(void)state;
	far_memory("{\"capabilities\":{}}", 32);
}

static void far_memory_of_qemu(void **state)
{
	(void)state;
	far_memory("{\"capabilities\":{\"migration\":{\"pgsize\":4096,\"max_bitmap_size\":1}}}", 28);
}

/* A wrong first guess is corrected by the first reply with anything in it */
static void far_memory_dialect_is_learnt(void **state)
{
	int fd = client_with_far_window("{}");

	(void)state;
	start_dma(fd, 1, 8);
	dma_reply(fd, 1, VU_DMA_READ, 0, "abcdefgh", 8, 28);
	rig_pump(&R);
	expect_dma(fd, VU_DMA_READ, 1, 8, NULL, 0);
	assert_memory_equal(R.card->buf, "abcdefgh", 8);
	start_dma(fd, 2, 8);
	dma_reply(fd, 2, VU_DMA_WRITE, 0, NULL, 8, 28);
	rig_pump(&R);
	expect_dma(fd, VU_DMA_WRITE, 2, 8, "abcdefgh", 28);
	close(fd);
}

static void far_memory_silent_client(void **state)
{
	int fd = client_with_far_window("{}");

	(void)state;
	start_dma(fd, 1, 8);
	read_word(fd, FAKE_RESULT);
	rig_pump(&R);			/* one deadline */
	expect_dma(fd, VU_DMA_READ, 1, 8, NULL, 0);
	expect_word(fd, EFAULT);
	assert_int_equal(rig_stat(&R, "dma_timeouts"), 1);
	dma_reply(fd, 1, VU_DMA_READ, 0, "too late", 8, 32);
	assert_true(raw_alive(&R, fd));
	dma_reply(fd, 1, VU_DMA_READ, 0, "too late", 8, 32);	/* now it is a reply to nothing */
	assert_true(raw_closed(&R, fd));
	close(fd);
}

/* Two in a row cost one deadline: QEMU must not lose patience with us */
static void far_memory_stalls_once(void **state)
{
	int fd = client_with_far_window("{}");
	uint64_t t;

	(void)state;
	start_dma(fd, 1, 8);
	rig_pump(&R);
	assert_int_equal(rig_stat(&R, "dma_timeouts"), 1);
	t = rig_stat(&R, "dma_messages");
	assert_int_equal(fake_dma(R.card, 1, FAR, 8), -EFAULT);
	assert_int_equal(fake_dma(R.card, 2, FAR, 8), -EFAULT);
	assert_int_equal(rig_stat(&R, "dma_messages"), t);
	close(fd);
}

static void far_memory_client_dies(void **state)
{
	int fd = client_with_far_window("{}");

	(void)state;
	start_dma(fd, 1, 8);
	close(fd);
	rig_pump(&R);
	assert_int_equal(vu_conn_fd(R.v), -1);
	fd = raw_client(&R);
	assert_true(raw_alive(&R, fd));
	close(fd);
}

/* The client library answers as well; here the server needs its own thread */
static void *serve_until_told(void *arg)
{
	atomic_bool *stop = arg;

	while (!atomic_load(stop)) {
		struct pollfd p[2] = {
			{ .fd = vu_listen_fd(R.v), .events = POLLIN },
			{ .fd = vu_conn_fd(R.v), .events = POLLIN },
		};

		poll(p, 2, 10);
		rig_pump(&R);
	}
	return NULL;
}

static void far_memory_with_our_client(void **state)
{
	atomic_bool stop = false;
	pthread_t t;
	char err[200];
	struct host *h;
	uint64_t a;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, serve_until_told, &stop), 0);
	h = host_connect(R.path, MiB, err, sizeof(err));
	assert_non_null(h);
	assert_int_equal(host_dma_unmap(h, HOST_MEM_BASE, MiB), 0);
	assert_int_equal(host_dma_map(h, HOST_MEM_BASE, MiB, 3, -1, 0), 0);
	a = host_alloc(h, 100000, 8);
	memset(host_ptr(h, a), 7, 100000);
	assert_int_equal(dma(h, 1, a, 100000), 0);	/* in several messages */
	assert_int_equal(R.card->buf[99999], 7);
	memset(R.card->buf, 8, 100000);
	assert_int_equal(dma(h, 2, a, 100000), 0);
	assert_int_equal(*(uint8_t *)host_ptr(h, a + 99999), 8);
	host_free(h);
	atomic_store(&stop, true);
	pthread_join(t, NULL);
	rig_pump(&R);
	assert_int_equal(rig_stat(&R, "dma_messages"), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(dma_reaches_host_memory),
		T(map_and_unmap),
		T(unmap_answers_with_the_request),
		T(cut_memfd_is_survived),
		T(far_memory_as_specified),
		T(far_memory_of_qemu),
		T(far_memory_dialect_is_learnt),
		T(far_memory_silent_client),
		T(far_memory_stalls_once),
		T(far_memory_client_dies),
		T(far_memory_with_our_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
