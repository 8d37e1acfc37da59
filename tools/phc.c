// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * phc - does a PTP clock run, and how fast?
 *
 *	phc /dev/ptpN SECONDS
 *
 * Prints "PPM ppm", how much faster than the system's clock it ran. Of many
 * readings at the start and at the end the one counts which took the least
 * time, since a guest can stand still for long between two instructions.
 * Fails if the clock ever went backwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES 200

static double read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts)) {
		fprintf(stderr, "phc: clock_gettime: %s\n", strerror(errno));
		exit(1);
	}
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct sample {
	double	sys, phc, width;
};

/* The best of many readings of the clock, between two of the system's */
static struct sample take_sample(clockid_t id)
{
	struct sample best = { .width = 1e9 };
	double last = 0;

	for (int i = 0; i < SAMPLES; i++) {
		double before = read_clock(CLOCK_MONOTONIC_RAW);
		double phc = read_clock(id);
		double width = read_clock(CLOCK_MONOTONIC_RAW) - before;

		if (phc < last) {
			fprintf(stderr, "phc: back by %.0f ns\n", (last - phc) * 1e9);
			exit(1);
		}
		last = phc;
		if (width < best.width)
			best = (struct sample){ before + width / 2, phc, width };
	}
	return best;
}

int main(int argc, char **argv)
{
	struct sample a, b;
	clockid_t id;
	int fd;

	fd = argc == 3 ? open(argv[1], O_RDWR) : -1;
	if (fd < 0) {
		fprintf(stderr, "usage: phc /dev/ptpN SECONDS\n");
		return 2;
	}
	id = (clockid_t)((~(unsigned int)fd << 3) | 3);	/* FD_TO_CLOCKID */
	a = take_sample(id);
	usleep((useconds_t)(atof(argv[2]) * 1e6));
	b = take_sample(id);
	if (b.phc <= a.phc) {
		fprintf(stderr, "phc: the clock stands still\n");
		return 1;
	}
	printf("%.0f ppm\n", ((b.phc - a.phc) / (b.sys - a.sys) - 1) * 1e6);
	return 0;
}
