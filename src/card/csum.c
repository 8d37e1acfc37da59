/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ones-complement sums (RFC 1071): the arithmetic below every checksum of the
 * card.  Tx: checksum offload and LSO (lso.c); Rx: the L2 checksum that the
 * driver turns into CHECKSUM_COMPLETE (fbnic_txrx.c fbnic_rx_csum()).
 *
 * A ones-complement sum does not care in which order, in which byte order or
 * in how wide words it is made, as long as carries come back in at the bottom
 * (2^16 = 2^32 = 1 modulo 65535).  So 32-bit words are added into 64-bit lanes
 * without looking at carries at all, four lanes at a time where the compiler
 * finds vector registers, and everything is folded once at the end.
 */
#include <string.h>

#include "csum.h"

typedef uint64_t v2u64 __attribute__((vector_size(16)));

#define STEP	(4 * sizeof(v2u64))

struct lanes {
	v2u64 lo, hi;		/* even and odd 32-bit words */
};

static inline void lanes_add(struct lanes *a, v2u64 v)
{
	a->lo += v & 0xffffffff;
	a->hi += v >> 32;
}

static inline uint32_t fold64(uint64_t s)
{
	s = (s & 0xffffffff) + (s >> 32);
	return (uint32_t)s + (uint32_t)(s >> 32);
}

static inline uint32_t lanes_fold(const struct lanes *a)
{
	v2u64 s = a->lo + a->hi;

	return fold64(s[0] + s[1]);
}

/* The last 0..63 bytes */
static inline uint64_t tail_sum(const uint8_t *p, size_t len, uint64_t sum)
{
	for (; len >= 4; p += 4, len -= 4) {
		uint32_t w;

		memcpy(&w, p, 4);
		sum += w;
	}
	if (len) {
		uint32_t w = 0;

		memcpy(&w, p, len);
		sum += w;
	}
	return sum;
}

uint32_t csum_partial(const void *p, size_t len, uint32_t sum)
{
	const uint8_t *b = p;
	struct lanes a0 = { { 0, 0 }, { 0, 0 } }, a1 = a0;

	if (len < STEP)
		return fold64(tail_sum(b, len, sum));

	for (; len >= STEP; b += STEP, len -= STEP) {
		v2u64 v[4];

		memcpy(v, b, STEP);
		lanes_add(&a0, v[0]);
		lanes_add(&a1, v[1]);
		lanes_add(&a0, v[2]);
		lanes_add(&a1, v[3]);
	}
	a0.lo += a1.lo;
	a0.hi += a1.hi;
	return fold64(tail_sum(b, len, (uint64_t)lanes_fold(&a0) + sum));
}

uint32_t csum_copy(void *dst, const void *src, size_t len, uint32_t sum)
{
	const uint8_t *b = src;
	uint8_t *d = dst;
	struct lanes a0 = { { 0, 0 }, { 0, 0 } }, a1 = a0;

	for (; len >= STEP; b += STEP, d += STEP, len -= STEP) {
		v2u64 v[4];

		memcpy(v, b, STEP);
		memcpy(d, v, STEP);
		lanes_add(&a0, v[0]);
		lanes_add(&a1, v[1]);
		lanes_add(&a0, v[2]);
		lanes_add(&a1, v[3]);
	}
	a0.lo += a1.lo;
	a0.hi += a1.hi;
	memcpy(d, b, len);
	/* sum what was written: the source may belong to a guest that changes it meanwhile */
	return fold64(tail_sum(d, len, (uint64_t)lanes_fold(&a0) + sum));
}

uint32_t csum_spans(const struct span *sp, unsigned int n, size_t off, size_t len, uint32_t sum)
{
	size_t done = 0;

	for (; n && len; sp++, n--) {
		size_t run;

		if (off >= sp->len) {
			off -= sp->len;
			continue;
		}
		run = sp->len - off;
		if (run > len)
			run = len;
		sum = csum_block_add(sum, csum_partial((const uint8_t *)sp->base + off, run, 0), done);
		done += run;
		len -= run;
		off = 0;
	}
	return sum;
}
