// SPDX-License-Identifier: GPL-2.0-or-later
/* What a compiler may call, and the firmware does (fw/mem.h) */
#include <stddef.h>
#include <stdint.h>

#include "../fw/mem.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	const uint8_t *s = src;
	uint8_t *d = dst;

	for (; n >= 8; n -= 8, d += 8, s += 8) {
		uint64_t v;

		__builtin_memcpy(&v, s, 8);
		__builtin_memcpy(d, &v, 8);
	}
	while (n--)
		*d++ = *s++;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t v = 0x0101010101010101u * (uint8_t)c;
	uint8_t *d = dst;

	for (; n >= 8; n -= 8, d += 8)
		__builtin_memcpy(d, &v, 8);
	while (n--)
		*d++ = (uint8_t)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}
