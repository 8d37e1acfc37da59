// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * phc - does a PTP clock run, and how fast?
 *
 *	phc /dev/ptpN SECONDS
 *
 * Reads it many times, beside the system's clock, and prints "PPM ppm", how
 * much faster than the system it ran. Fails if it ever went backwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts)) {
		fprintf(stderr, "phc: clock_gettime: %s\n", strerror(errno));
		exit(1);
	}
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double start, phc0, sys, phc, last;
	clockid_t id;
	int fd;

	fd = argc == 3 ? open(argv[1], O_RDWR) : -1;
	if (fd < 0) {
		fprintf(stderr, "usage: phc /dev/ptpN SECONDS\n");
		return 2;
	}
	id = (clockid_t)((~(unsigned int)fd << 3) | 3);	/* FD_TO_CLOCKID */
	start = read_clock(CLOCK_MONOTONIC_RAW);
	phc0 = last = read_clock(id);
	do {
		usleep(1000);
		sys = read_clock(CLOCK_MONOTONIC_RAW);
		phc = read_clock(id);
		if (phc < last) {
			fprintf(stderr, "phc: back by %.0f ns\n", (last - phc) * 1e9);
			return 1;
		}
		last = phc;
	} while (sys - start < atof(argv[2]));
	printf("%.0f ppm\n", ((phc - phc0) / (sys - start) - 1) * 1e6);
	return 0;
}
