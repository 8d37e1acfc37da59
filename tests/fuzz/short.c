/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target as a normal test: the same inputs every time, some of them
 * random, most of them the target's seeds with a few bytes spoilt, and files
 * given (what a fuzzer has found), also as they are.
 *
 *	PROGRAM RUNS [FILE...]
 *
 * Prints TAP, one case.  A failure is a crash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAX	4096u
#define SEEDS	64

static uint8_t seed[SEEDS][MAX];
static size_t seed_len[SEEDS];
static int seeds;
static uint64_t state = 0x9e3779b97f4a7c15ull;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % n;
}

static size_t make(uint8_t *b)
{
	size_t len = rnd(400);
	uint32_t s;

	if (!seeds || !rnd(4)) {
		for (size_t i = 0; i < len; i++)
			b[i] = (uint8_t)(rnd(3) ? rnd(8) : rnd(256));
		return len;
	}
	s = rnd((uint32_t)seeds);
	len = seed_len[s];
	memcpy(b, seed[s], MAX);
	for (uint32_t n = rnd(8); n && len; n--)
		b[rnd((uint32_t)len)] = (uint8_t)rnd(256);
	return len && !rnd(4) ? rnd((uint32_t)len) : len;
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	static uint8_t b[MAX];

	for (int i = 2; i < argc && seeds < SEEDS; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (!f)
			continue;
		seed_len[seeds] = fread(seed[seeds], 1, MAX, f);
		LLVMFuzzerTestOneInput(seed[seeds], seed_len[seeds]);
		seeds++;
		fclose(f);
	}
	for (unsigned int i = 0; seeds < SEEDS && (seed_len[seeds] = fuzz_seed(i, seed[seeds], MAX)); i++) {
		LLVMFuzzerTestOneInput(seed[seeds], seed_len[seeds]);
		seeds++;
	}
	printf("1..1\n");
	for (unsigned long n = 0; n < runs; n++) {
		size_t len = make(b);

		LLVMFuzzerTestOneInput(b, len);
	}
	printf("ok 1 - %lu inputs\n", runs);
	return 0;
}
