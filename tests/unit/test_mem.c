/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: the window table of src/bus/mem.c at its edges */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "../../src/bus/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define P	4096ull
#define RW	(MEM_READ | MEM_WRITE)

static int file(size_t size)
{
	int fd = memfd_create("t", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static struct mem *table(void)
{
	struct mem *m = mem_new(64, NULL, NULL);

	assert_non_null(m);
	return m;
}

static void map_refuses_nonsense(void **state)
{
	static const struct {
		uint64_t addr, size;
		unsigned int perm;
		uint64_t offset;
	} bad[] = {
		{ 0, 0, RW, 0 },		/* empty */
		{ 1, P, RW, 0 },		/* unaligned address */
		{ P, P - 1, RW, 0 },		/* unaligned size */
		{ P, P, RW, 512 },		/* unaligned offset */
		{ P, P, 0, 0 },			/* no permission */
		{ P, P, 4, 0 },			/* unknown permission */
		{ P, 5 * P, RW, 0 },		/* past the end of the file */
		{ P, P, RW, 4 * P },		/* starts at the end */
		{ P, P, RW, 1ull << 63 },	/* offset beyond reason */
		{ P, 2 * P, RW, (0 - P) },	/* offset + size overflows */
		{ 0 - P, 2 * P, RW, 0 },	/* address + size overflows */
		{ P, 0 - P, RW, 0 },		/* larger than the address space allows */
	};
	struct mem *m = table();
	int fd = file(4 * P);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(mem_map(m, bad[i].addr, bad[i].size, bad[i].perm, fd,
					 bad[i].offset), -EINVAL);
	assert_int_equal(mem_windows(m), 0);
	/* the last page of the address space is fine */
	assert_int_equal(mem_map(m, 0 - P, P, RW, fd, 0), 0);
	close(fd);
	mem_free(m);
}

static void map_refuses_what_is_no_file(void **state)
{
	struct mem *m = table();
	int p[2], ro;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(mem_map(m, 0, P, RW, p[0], 0), -EINVAL);
	assert_int_equal(mem_map(m, 0, P, RW, 9999, 0), -EBADF);
	close(p[0]);
	close(p[1]);
	ro = open("/proc/self/exe", O_RDONLY);	/* a real file, but not writable */
	assert_int_equal(mem_map(m, 0, P, RW, ro, 0), -EACCES);
	assert_int_equal(mem_map(m, 0, P, MEM_READ, ro, 0), 0);
	close(ro);
	mem_free(m);
}

static void map_refuses_overlap(void **state)
{
	static const uint64_t at[][2] = {
		{ 4, 4 }, { 3, 2 }, { 7, 2 }, { 5, 1 }, { 0, 16 }, { 4, 1 }, { 7, 1 }, { 3, 6 },
	};
	struct mem *m = table();

	(void)state;
	assert_int_equal(mem_map(m, 4 * P, 4 * P, RW, -1, 0), 0);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		assert_int_equal(mem_map(m, at[i][0] * P, at[i][1] * P, RW, -1, 0), -EEXIST);
	assert_int_equal(mem_map(m, 3 * P, P, RW, -1, 0), 0);	/* touching is not overlapping */
	assert_int_equal(mem_map(m, 8 * P, P, RW, -1, 0), 0);
	mem_free(m);
}

static void full_table(void **state)
{
	struct mem *m = mem_new(3, NULL, NULL);

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(mem_map(m, i * P, P, RW, -1, 0), 0);
	assert_int_equal(mem_map(m, 3 * P, P, RW, -1, 0), -ENOSPC);
	assert_int_equal(mem_unmap(m, P, P), 0);
	assert_int_equal(mem_map(m, 3 * P, P, RW, -1, 0), 0);
	mem_free(m);
}

static void unmap_rules(void **state)
{
	struct mem *m = table();

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(mem_map(m, i * 4 * P, 2 * P, RW, -1, 0), 0);
	assert_int_equal(mem_unmap(m, 2 * P, P), -ENOENT);	/* a hole */
	assert_int_equal(mem_unmap(m, 100 * P, P), -ENOENT);
	assert_int_equal(mem_unmap(m, 0, P), -EINVAL);		/* cuts the first */
	assert_int_equal(mem_unmap(m, P, P), -EINVAL);
	assert_int_equal(mem_unmap(m, 0, 5 * P), -EINVAL);	/* one whole, one cut */
	assert_int_equal(mem_unmap(m, 0, 0), -EINVAL);
	assert_int_equal(mem_unmap(m, 8 * P, 0 - P), -EINVAL);	/* overflow */
	assert_int_equal(mem_windows(m), 4);
	assert_int_equal(mem_unmap(m, 4 * P, 2 * P), 0);	/* exact */
	assert_int_equal(mem_windows(m), 3);
	assert_int_equal(mem_unmap(m, 0, 100 * P), 0);		/* several whole ones */
	assert_int_equal(mem_windows(m), 0);
	mem_free(m);
}

static void offset_is_honoured(void **state)
{
	struct mem *m = table();
	int fd = file(4 * P);
	char c = 0;

	(void)state;
	assert_int_equal(pwrite(fd, "x", 1, (off_t)(3 * P + 5)), 1);
	assert_int_equal(mem_map(m, 16 * P, P, RW, fd, 3 * P), 0);
	close(fd);
	assert_int_equal(mem_read(m, 16 * P + 5, &c, 1), 0);
	assert_int_equal(c, 'x');
	mem_free(m);
}

static void pointer_is_cut_at_the_window(void **state)
{
	struct mem *m = table();
	int fd = file(4 * P);
	size_t len = 100;
	uint8_t *p;

	(void)state;
	assert_int_equal(mem_map(m, P, 2 * P, MEM_READ, fd, 0), 0);
	p = mem_ptr(m, 3 * P - 10, &len, false);
	assert_non_null(p);
	assert_int_equal(len, 10);
	len = 100;
	assert_ptr_equal(mem_ptr(m, P, &len, false), p - 2 * P + 10);
	assert_int_equal(len, 100);
	assert_null(mem_ptr(m, P, &len, true));		/* read only */
	assert_null(mem_ptr(m, P - 1, &len, false));
	assert_null(mem_ptr(m, 3 * P, &len, false));
	assert_null(mem_ptr(m, UINT64_MAX, &len, false));
	assert_int_equal(mem_stats(m)->misses, 4);
	close(fd);
	mem_free(m);
}

static void copies_cross_windows(void **state)
{
	struct mem *m = table();
	int a = file(P), b = file(P);
	uint8_t out[200], in[200];

	(void)state;
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)i;
	assert_int_equal(mem_map(m, P, P, RW, a, 0), 0);
	assert_int_equal(mem_map(m, 2 * P, P, RW, b, 0), 0);
	assert_int_equal(mem_write(m, 2 * P - 100, out, sizeof(out)), 0);
	assert_int_equal(mem_read(m, 2 * P - 100, in, sizeof(in)), 0);
	assert_memory_equal(in, out, sizeof(out));
	assert_int_equal(mem_read(m, 3 * P - 100, in, 101), -EFAULT);
	assert_int_equal(mem_read(m, P - 1, in, 2), -EFAULT);
	assert_int_equal(mem_read(m, P - 1, in, 0), 0);
	close(a);
	close(b);
	mem_free(m);
}

static void top_of_address_space(void **state)
{
	struct mem *m = table();
	int fd = file(P);
	uint8_t b[32];
	size_t len = 100;

	(void)state;
	assert_int_equal(mem_map(m, 0 - P, P, RW, fd, 0), 0);
	assert_int_equal(mem_map(m, 0, P, RW, fd, 0), 0);
	assert_int_equal(mem_read(m, 0 - 16ull, b, 16), 0);
	assert_int_equal(mem_read(m, 0 - 16ull, b, 17), -EFAULT);	/* does not wrap to 0 */
	assert_non_null(mem_ptr(m, UINT64_MAX, &len, false));
	assert_int_equal(len, 1);
	close(fd);
	mem_free(m);
}

static void many_windows_are_found(void **state)
{
	struct mem *m = mem_new(4096, NULL, NULL);
	int fd = file(P);

	(void)state;
	/* 37 is odd: all residues appear once, in a scattered order */
	for (uint64_t i = 0; i < 4096; i++)
		assert_int_equal(mem_map(m, i * 37 % 4096 * 2 * P, P, RW, i % 64 ? -1 : fd, 0), 0);
	for (uint64_t i = 0; i < 4096; i++) {
		size_t len = P;
		bool mapped = !(i % 64);
		uint64_t addr = i * 37 % 4096 * 2 * P;

		assert_int_equal(mem_ptr(m, addr + 7, &len, true) != NULL, mapped);
		assert_int_equal(mapped ? len : P, mapped ? P - 7 : P);
		assert_null(mem_ptr(m, addr + P, &len, true));
	}
	mem_unmap_all(m);
	assert_int_equal(mem_windows(m), 0);
	close(fd);
	mem_free(m);
}

static void cut_file_is_survived(void **state)
{
	struct mem *m = table(), *other = table();
	int fd = file(4 * P), good = file(P);
	uint8_t b[16];
	size_t len = 16;

	(void)state;
	assert_int_equal(mem_map(m, 0, 4 * P, RW, fd, 0), 0);
	assert_int_equal(mem_map(other, 0, P, RW, good, 0), 0);
	assert_int_equal(mem_write(m, 2 * P, "hello", 5), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(mem_read(m, 2 * P, b, 5), -EFAULT);
	assert_int_equal(mem_stats(m)->broken, 1);
	assert_null(mem_ptr(m, 2 * P, &len, false));
	assert_int_equal(mem_write(m, 0, b, 5), -EFAULT);
	assert_int_equal(mem_read(other, 0, b, 16), 0);		/* nobody else is hurt */
	assert_int_equal(mem_unmap(m, 0, 4 * P), 0);
	assert_int_equal(mem_map(m, 0, P, RW, good, 0), 0);	/* a new window works again */
	assert_int_equal(mem_read(m, 0, b, 16), 0);
	close(fd);
	close(good);
	mem_free(m);
	mem_free(other);
}

static void pointer_into_cut_file_is_survived(void **state)
{
	struct mem *m = table();
	int fd = file(2 * P);
	size_t len = P;
	volatile uint8_t *p;

	(void)state;
	assert_int_equal(mem_map(m, 0, 2 * P, RW, fd, 0), 0);
	p = mem_ptr(m, P, &len, true);
	assert_int_equal(ftruncate(fd, P), 0);
	p[0] = 1;		/* SIGBUS, survived */
	assert_int_equal(mem_stats(m)->broken, 1);
	p[1] = 2;
	close(fd);
	mem_free(m);
}

/* ---- windows without a file ---- */

static uint8_t far_away[8192];
static unsigned int far_calls;

static int far_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	assert_ptr_equal(ctx, far_away);
	far_calls++;
	if (addr + len > sizeof(far_away))
		return -EIO;
	memcpy(buf, far_away + addr, len);
	return 0;
}

static int far_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	assert_ptr_equal(ctx, far_away);
	far_calls++;
	if (addr + len > sizeof(far_away))
		return -EIO;
	memcpy(far_away + addr, buf, len);
	return 0;
}

static void remote_windows(void **state)
{
	static const struct mem_remote ops = { far_read, far_write };
	struct mem *m = mem_new(8, &ops, far_away);
	int fd = file(P);
	uint8_t b[4];
	size_t len = 4;

	(void)state;
	assert_int_equal(mem_map(m, 0, P, RW, fd, 0), 0);
	assert_int_equal(mem_map(m, P, P, RW, -1, 0), 0);
	assert_int_equal(mem_map(m, 2 * P, P, MEM_READ, -1, 0), 0);
	assert_null(mem_ptr(m, P, &len, false));
	assert_int_equal(mem_write(m, P - 2, "abcd", 4), 0);
	assert_memory_equal(far_away + P, "cd", 2);
	assert_int_equal(mem_read(m, P - 2, b, 4), 0);
	assert_memory_equal(b, "abcd", 4);
	assert_int_equal(far_calls, 2);
	assert_int_equal(mem_write(m, 2 * P, "x", 1), -EFAULT);
	assert_int_equal(mem_read(m, 2 * P, b, 1), -EFAULT);	/* the other side says EIO */
	close(fd);
	mem_free(m);
}

/* ---- lending ---- */

static unsigned int changes;

static void on_change(void *ctx)
{
	assert_ptr_equal(ctx, &changes);
	changes++;
}

static unsigned int fds_open(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void pieces_are_joined_and_told(void **state)
{
	struct mem *m = table();
	struct mem_piece p[4];
	unsigned int left, fds;
	int fd = file(16 * P), other = file(16 * P);

	(void)state;
	changes = 0;
	fds = fds_open();
	mem_lend(m, on_change, &changes);
	assert_int_equal(mem_pieces(m, p, 4, &left), 0);
	assert_int_equal(mem_map(m, 10 * P, P, RW, fd, 3 * P), 0);
	assert_int_equal(mem_map(m, 12 * P, 2 * P, RW, fd, 5 * P), 0);
	assert_int_equal(mem_map(m, 11 * P, P, RW, fd, 4 * P), 0);	/* between them: one piece now */
	assert_int_equal(mem_map(m, 14 * P, P, RW, fd, 8 * P), 0);	/* next in memory, not in the file */
	assert_int_equal(mem_map(m, 15 * P, P, RW, other, 9 * P), 0);	/* next in both, of another file */
	assert_int_equal(changes, 5);
	assert_int_equal(fds_open(), fds + 2);		/* a file is kept once */
	assert_int_equal(mem_pieces(m, p, 4, &left), 3);
	assert_int_equal(left, 0);
	assert_int_equal(p[2].addr, 10 * P);
	assert_int_equal(p[2].size, 4 * P);
	assert_int_equal(p[2].offset, 3 * P);
	assert_int_equal(p[1].addr, 14 * P);
	assert_int_equal(p[0].addr, 15 * P);
	assert_int_equal(p[0].offset, 9 * P);
	assert_true(p[0].fd != p[1].fd && p[1].fd == p[2].fd);
	assert_true(p[0].fd != fd && p[0].fd != other);
	assert_int_equal(mem_unmap(m, 11 * P, P), 0);
	assert_int_equal(changes, 6);
	assert_int_equal(mem_unmap(m, 11 * P, P), -ENOENT);
	assert_int_equal(changes, 6);
	assert_int_equal(mem_pieces(m, p, 4, &left), 4);
	mem_unmap_all(m);
	assert_int_equal(changes, 7);
	assert_int_equal(fds_open(), fds);
	mem_unmap_all(m);
	assert_int_equal(changes, 7);
	mem_free(m);
	close(fd);
	close(other);
}

/* Not what the card could not write, what has no file, what was cut */
static void pieces_that_are_not_lent(void **state)
{
	struct mem *m = table();
	struct mem_piece p[4];
	unsigned int left;
	uint8_t byte;
	int fd = file(4 * P);

	(void)state;
	mem_lend(m, NULL, NULL);
	assert_int_equal(mem_map(m, 0, P, MEM_READ, fd, 0), 0);
	assert_int_equal(mem_map(m, P, P, MEM_WRITE, fd, P), 0);
	assert_int_equal(mem_map(m, 2 * P, P, RW, -1, 0), 0);
	assert_int_equal(mem_pieces(m, p, 4, &left), 0);
	assert_int_equal(mem_map(m, 3 * P, P, RW, fd, 3 * P), 0);
	assert_int_equal(mem_pieces(m, p, 4, &left), 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	mem_read(m, 3 * P, &byte, 1);
	assert_int_equal(mem_pieces(m, p, 4, &left), 0);
	mem_free(m);
	close(fd);
}

static void too_many_pieces_and_files(void **state)
{
	struct mem *m = table();
	struct mem_piece p[MEM_MAX_FILES + 4];
	unsigned int left, fds = fds_open();
	int fd[MEM_MAX_FILES + 1];

	(void)state;
	mem_lend(m, NULL, NULL);
	for (uint64_t i = 0; i <= MEM_MAX_FILES; i++) {
		fd[i] = file(64 * P);
		assert_int_equal(mem_map(m, 64 * P * i, P * (1 + (i * 5) % 17), RW, fd[i], 0), 0);
		close(fd[i]);
	}
	assert_int_equal(mem_pieces(m, p, MEM_MAX_FILES + 4, &left), MEM_MAX_FILES);
	assert_int_equal(fds_open(), fds + MEM_MAX_FILES);
	/* the place of one that goes is free again */
	assert_int_equal(mem_unmap(m, 0, P), 0);
	fd[0] = file(64 * P);
	assert_int_equal(mem_map(m, 0, 64 * P, RW, fd[0], 0), 0);
	close(fd[0]);
	assert_int_equal(mem_pieces(m, p, 3, &left), 3);
	assert_int_equal(left, MEM_MAX_FILES - 3);
	assert_int_equal(p[2].size, 64 * P);
	assert_true(p[0].size >= 15 * P && p[1].size >= 15 * P);
	assert_true(p[0].addr > p[1].addr && p[1].addr > p[2].addr);
	assert_int_equal(mem_pieces(m, p, 0, &left), 0);
	assert_int_equal(left, MEM_MAX_FILES);
	mem_free(m);
	assert_int_equal(fds_open(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_refuses_nonsense),
		cmocka_unit_test(map_refuses_what_is_no_file),
		cmocka_unit_test(map_refuses_overlap),
		cmocka_unit_test(full_table),
		cmocka_unit_test(unmap_rules),
		cmocka_unit_test(offset_is_honoured),
		cmocka_unit_test(pointer_is_cut_at_the_window),
		cmocka_unit_test(copies_cross_windows),
		cmocka_unit_test(top_of_address_space),
		cmocka_unit_test(many_windows_are_found),
		cmocka_unit_test(cut_file_is_survived),
		cmocka_unit_test(pointer_into_cut_file_is_survived),
		cmocka_unit_test(remote_windows),
		cmocka_unit_test(pieces_are_joined_and_told),
		cmocka_unit_test(pieces_that_are_not_lent),
		cmocka_unit_test(too_many_pieces_and_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
