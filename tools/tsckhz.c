// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints how fast this machine's time stamp counter runs, in kHz; nothing where
 * there is none.  QEMU's TCG gives its guests the same counter, and a guest that
 * has to find out by itself errs when the machine is busy with much else.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>

#define TRIES	64
#define NAP_NS	100000000l

struct moment {
	uint64_t	tsc, ns;
};

/* Of several readings of both clocks the one that took the least time: nobody came in between */
static struct moment look(void)
{
	uint64_t best = UINT64_MAX;
	struct moment m = { 0, 0 };

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), after;
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __rdtsc();
		if (after - before >= best)
			continue;
		best = after - before;
		m.tsc = before + best / 2;
		m.ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	}
	return m;
}

int main(void)
{
	struct timespec nap = { .tv_nsec = NAP_NS };
	struct moment a = look(), b;

	nanosleep(&nap, NULL);
	b = look();
	printf("%llu\n", (unsigned long long)((b.tsc - a.tsc) * 1000000u / (b.ns - a.ns)));
	return 0;
}
#else
int main(void)
{
	return 0;
}
#endif
