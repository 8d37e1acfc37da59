/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzzer's input, taken byte by byte; behind its end there are zeros */
#ifndef OPENFBNIC_FUZZ_H
#define OPENFBNIC_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_in {
	const uint8_t	*p;
	size_t		len;
};

static inline uint8_t fuzz_byte(struct fuzz_in *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->p++;
}

static inline uint32_t fuzz_u32(struct fuzz_in *in)
{
	uint32_t v = fuzz_byte(in);

	v |= (uint32_t)fuzz_byte(in) << 8;
	v |= (uint32_t)fuzz_byte(in) << 16;
	return v | (uint32_t)fuzz_byte(in) << 24;
}

/* Sensible input number @i, at most @max bytes, for short.c to spoil; 0: there are no more */
size_t fuzz_seed(unsigned int i, uint8_t *b, size_t max);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
