/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_CSUM_H
#define OPENFBNIC_CSUM_H

#include <stddef.h>
#include <stdint.h>

#include "port.h"

/*
 * Ones-complement sums of 16-bit words as they lie in memory (native loads, so
 * on our little-endian hosts the first byte is the low one).  A sum is 32 bits
 * wide and not folded; it may be passed on as the next call's @sum.
 */

/* Adds @len bytes that start at an even offset; an odd last byte counts as if a 0 followed */
uint32_t csum_partial(const void *p, size_t len, uint32_t sum);
/* The same, and copies the bytes to @dst */
uint32_t csum_copy(void *dst, const void *src, size_t len, uint32_t sum);
/* Adds bytes @off .. @off + @len - 1 of a frame in @n spans (which has that many); byte @off is the even one */
uint32_t csum_spans(const struct span *sp, unsigned int n, size_t off, size_t len, uint32_t sum);

static inline uint32_t csum_add(uint32_t a, uint32_t b)
{
	uint64_t s = (uint64_t)a + b;

	return (uint32_t)s + (uint32_t)(s >> 32);
}

/* Adds @part, the sum of a block that starts @offset bytes after the start of @sum: only odd or even matters */
static inline uint32_t csum_block_add(uint32_t sum, uint32_t part, size_t offset)
{
	if (offset & 1)
		part = part << 8 | part >> 24;
	return csum_add(sum, part);
}

/* 16 bits, not inverted; store them with memcpy() */
static inline uint16_t csum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* What goes into a checksum field: inverted, and never 0, which to UDP means "none" */
static inline uint16_t csum_field(uint32_t sum)
{
	uint16_t v = (uint16_t)~csum_fold(sum);

	return v ? v : 0xffff;
}

#endif
