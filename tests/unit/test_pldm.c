// SPDX-License-Identifier: GPL-2.0-or-later
/* PLDM packages: what we build is read back, what is wrong is refused with the kernel's error */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/fw/crc.h"
#include "../../tools/pldm.h"

static struct pldm_package pkg;
static char err[200];

static uint8_t *build(size_t *len, uint32_t anti_rollback)
{
	const struct pldm_new n = {
		.version = "all of it", .dev = { .vendor = 0x1d9b, .device = 0x13, .anti_rollback = anti_rollback }, .n = 3,
		.component = {
			{ 0, "27.01.02-003", (const uint8_t *)"boot", 4 }, { 1, "v2", (const uint8_t *)"control", 7 },
			{ 3, "", (const uint8_t *)"rom", 3 },
		},
	};
	uint8_t *p = pldm_build(&n, len);

	assert_non_null(p);
	return p;
}

static void set16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void seal(uint8_t *p)
{
	size_t at = (size_t)(p[17] | p[18] << 8) - 4;
	uint32_t crc = fw_crc32(0, p, at);

	set16(p + at, crc & 0xffff);
	set16(p + at + 2, crc >> 16);
}

static void what_is_built_is_read(void **st)
{
	const struct pldm_device dev = { 0x1d9b, 0x13, 0x1d9b, 0x13, 5 };
	size_t len;
	uint8_t *p = build(&len, 5);

	(void)st;
	assert_int_equal(pldm_read(&pkg, p, len, err, sizeof(err)), 0);
	assert_int_equal(pkg.nrecords, 1);
	assert_int_equal(pkg.ncomponents, 3);
	assert_int_equal(pkg.version.len, 9);
	assert_memory_equal(pkg.version.p, "all of it", 9);
	assert_int_equal(pkg.component[1].id, 1);
	assert_int_equal(pkg.component[1].size, 7);
	assert_memory_equal(pkg.component[1].p, "control", 7);
	assert_memory_equal(pkg.component[2].p, "rom", 3);
	assert_ptr_equal(pkg.component[2].p + 3, p + len);
	assert_int_equal(pldm_anti_rollback(&pkg.record[0]), 5);
	assert_int_equal(pldm_match(&pkg, &dev), 0);
	for (unsigned int i = 0; i < 9; i++)
		assert_int_equal(pldm_applies(&pkg.record[0], pkg.bits, i), i < 3);
	free(p);
}

static void only_the_right_card_matches(void **st)
{
	const struct pldm_device wrong[] = {
		{ 0x1d9b, 0x14, 0x1d9b, 0x13, 0 }, { 0x8086, 0x13, 0x1d9b, 0x13, 0 }, { 0x1d9b, 0x13, 0x1d9b, 0x13, 6 },
	};
	const struct pldm_device right = { 0x1d9b, 0x13, 1, 2, 0 };
	struct pldm_new sub = { .version = "", .dev = { 0x1d9b, 0x13, 1, 2, 0 } };
	size_t len;
	uint8_t *p = build(&len, 5);

	(void)st;
	assert_int_equal(pldm_read(&pkg, p, len, err, sizeof(err)), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(pldm_match(&pkg, &wrong[i]), -ENOENT);
	assert_int_equal(pldm_match(&pkg, &right), 0);
	free(p);
	p = pldm_build(&sub, &len);
	assert_int_equal(pldm_read(&pkg, p, len, err, sizeof(err)), 0);
	assert_int_equal(pldm_match(&pkg, &right), 0);
	assert_int_equal(pldm_match(&pkg, &(struct pldm_device){ 0x1d9b, 0x13, 1, 3, 0 }), -ENOENT);
	free(p);
}

static void every_truncation_is_refused(void **st)
{
	size_t len;
	uint8_t *p = build(&len, 0);

	(void)st;
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = malloc(n ? n : 1);		/* so that a sanitizer sees a step too far */

		memcpy(cut, p, n);
		err[0] = 0;
		assert_int_equal(pldm_read(&pkg, cut, n, err, sizeof(err)), -EFAULT);
		assert_true(err[0]);
		free(cut);
	}
	free(p);
}

static void every_flipped_bit_of_the_header_is_refused(void **st)
{
	size_t len, head;
	uint8_t *p = build(&len, 0);

	(void)st;
	head = p[17] | p[18] << 8;
	for (size_t bit = 0; bit < head * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(pldm_read(&pkg, p, len, err, sizeof(err)) < 0);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(pldm_read(&pkg, p, len, err, sizeof(err)), 0);
	free(p);
}

/* The errors of lib/pldmfw/pldmfw.c; offsets are those of build() */
static void malformed_packages_get_the_kernels_error(void **st)
{
	static const struct {
		size_t		at;
		unsigned int	val;
		int		err;
	} t[] = {
		{ 0, 0xffff, -EINVAL },			/* identifier */
		{ 16, 0x0002, -EOPNOTSUPP },		/* revision 2 (and part of the size) */
		{ 17, 0xffff, -EFAULT },		/* header longer than the file */
		{ 17, 100, -EFAULT },			/* shorter than it is */
		{ 32, 12, -EINVAL },			/* bitmap of 12 bits */
		{ 32, 0xfff8, -EFAULT },		/* bitmap longer than the file */
		{ 34, 0xff01, -EFAULT },		/* version runs over the rest */
		{ 46, 1, -EFAULT },			/* record's length */
		{ 48, 9, -EINVAL },			/* descriptors that are not there */
		{ 55, 1, -EFAULT },			/* package data that is not there */
		{ 69, 3, -EINVAL },			/* PCI vendor of 3 bytes */
		{ 75, 5, -EINVAL },			/* IANA number of 5 bytes */
		{ 89, 0xffff, -EFAULT },		/* the anti-rollback descriptor is endless */
		{ 112, 4, -EFAULT },			/* a component that is not there */
		{ 112, 2, -EFAULT },			/* one less than there are */
	};
	size_t len;

	(void)st;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		uint8_t *p = build(&len, 0);
		size_t head = p[17] | p[18] << 8;

		set16(p + t[i].at, t[i].val);
		if (t[i].at != 17)
			set16(p + 17, (unsigned int)head);
		if (t[i].at == 16)
			p[16] = 2;
		if (t[i].at != 17)
			seal(p);
		if (pldm_read(&pkg, p, len, err, sizeof(err)) != t[i].err)
			fail_msg("case %u: %d: %s", i, pldm_read(&pkg, p, len, err, sizeof(err)), err);
		free(p);
	}
}

static void random_bytes_with_a_right_checksum(void **st)
{
	uint32_t s = 12345, accepted = 0;
	size_t len;

	(void)st;
	for (unsigned int n = 0; n < 200000; n++) {
		uint8_t *p = build(&len, 0);
		size_t head = p[17] | p[18] << 8;

		for (unsigned int k = 0; k < 3; k++) {
			s = s * 1664525 + 1013904223;
			p[19 + (s >> 8) % (head - 23)] = (uint8_t)(s >> 24);
		}
		seal(p);
		if (!pldm_read(&pkg, p, len, err, sizeof(err))) {
			accepted++;
			for (unsigned int i = 0; i < pkg.ncomponents; i++)
				assert_true(pkg.component[i].p + pkg.component[i].size <= p + len);
		}
		free(p);
	}
	assert_in_range(accepted, 1000, 199000);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(what_is_built_is_read),
		cmocka_unit_test(only_the_right_card_matches),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_flipped_bit_of_the_header_is_refused),
		cmocka_unit_test(malformed_packages_get_the_kernels_error),
		cmocka_unit_test(random_bytes_with_a_right_checksum),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
