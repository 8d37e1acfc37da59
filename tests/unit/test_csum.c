/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums against a reference that adds big-endian words one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/card/csum.h"

static uint32_t rnd_state = 1;

static uint32_t rnd(void)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return rnd_state >> 8;
}

/* Folded, as the two bytes that would stand in a packet, big-endian */
static uint16_t ref(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* The same two bytes from a sum of csum.h; 0 and 0xffff are the same number */
static uint16_t be(uint32_t sum)
{
	uint16_t v = csum_fold(sum);
	uint8_t b[2];

	memcpy(b, &v, 2);
	v = (uint16_t)(b[0] << 8 | b[1]);
	return v;
}

static bool same(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

/* Exact-size copy at any alignment, so that a sanitizer sees a byte too many */
static uint8_t *fill(size_t len)
{
	uint8_t *p = calloc(len ? len : 1, 1);
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = rnd() % 4 ? (uint8_t)rnd() : 0xff;
	return p;
}

static void every_length_and_alignment(void **state)
{
	size_t len, off;

	(void)state;
	for (len = 0; len < 400; len++) {
		uint8_t *p = fill(len);

		for (off = 0; off <= len && off < 70; off++) {
			uint32_t before = rnd() << 8 | 0xff;

			assert_true(same(be(csum_partial(p + off, len - off, 0)), ref(p + off, len - off)));
			assert_true(same(be(csum_partial(p + off, len - off, before)),
					 be(csum_add(csum_partial(p + off, len - off, 0), before))));
		}
		free(p);
	}
}

static void all_ones_do_not_overflow(void **state)
{
	uint8_t *p = malloc(1 << 20);

	(void)state;
	memset(p, 0xff, 1 << 20);
	assert_int_equal(csum_fold(csum_partial(p, 1 << 20, 0xffffffff)), 0xffff);
	assert_int_equal(csum_fold(csum_partial(p, (1 << 20) - 1, 0xffffffff)), 0x00ff);
	memset(p, 0, 1 << 20);
	assert_int_equal(csum_fold(csum_partial(p, 1 << 20, 0)), 0);
	free(p);
}

static void copy_copies_and_sums(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 600; len += 1 + rnd() % 3) {
		uint8_t *p = fill(len), *d = malloc(len ? len : 1);

		assert_true(same(be(csum_copy(d, p, len, 0)), ref(p, len)));
		assert_memory_equal(d, p, len);
		free(p);
		free(d);
	}
}

static void blocks_at_odd_offsets(void **state)
{
	unsigned int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		size_t len = rnd() % 2000, pos = 0;
		uint8_t *p = fill(len);
		uint32_t sum = 0;

		while (pos < len) {
			size_t part = 1 + rnd() % 200;

			if (part > len - pos)
				part = len - pos;
			sum = csum_block_add(sum, csum_partial(p + pos, part, 0), pos);
			pos += part;
		}
		assert_true(same(be(sum), ref(p, len)));
		free(p);
	}
}

static void spans_with_any_boundaries(void **state)
{
	unsigned int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		size_t len = 1 + rnd() % 3000, pos = 0, off, take;
		uint8_t *p = fill(len), *piece[64];
		struct span sp[64];
		unsigned int n = 0, i;

		while (pos < len) {
			size_t part = n == 63 ? len - pos : 1 + rnd() % 100;

			if (part > len - pos)
				part = len - pos;
			piece[n] = malloc(part);
			memcpy(piece[n], p + pos, part);
			sp[n] = (struct span){ piece[n], part };
			n++;
			pos += part;
		}
		off = rnd() % len;
		take = rnd() % (len - off + 1);
		assert_true(same(be(csum_spans(sp, n, off, take, 0)), ref(p + off, take)));
		for (i = 0; i < n; i++)
			free(piece[i]);
		free(p);
	}
}

static void a_field_is_never_zero(void **state)
{
	(void)state;
	assert_int_equal(csum_field(0xffff), 0xffff);
	assert_int_equal(csum_field(0), 0xffff);
	assert_int_equal(csum_field(0x1234), (uint16_t)~0x1234);
}

/* Contract 10, "L2_CSUM" */
static void worked_example(void **state)
{
	static const uint8_t ip[] = {
		0x45, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x40, 0x01, 0x00, 0x00,
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
	};

	(void)state;
	assert_int_equal(csum_fold(csum_partial(ip, sizeof(ip), 0)), 0x2995);
	assert_int_equal(be(csum_partial(ip, sizeof(ip), 0)), 0x9529);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_and_alignment),
		cmocka_unit_test(all_ones_do_not_overflow),
		cmocka_unit_test(copy_copies_and_sums),
		cmocka_unit_test(blocks_at_odd_offsets),
		cmocka_unit_test(spans_with_any_boundaries),
		cmocka_unit_test(a_field_is_never_zero),
		cmocka_unit_test(worked_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
