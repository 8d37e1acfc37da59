/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program itself, $FBNICD, as a child of a test, and a directory for what it makes */
#ifndef OPENFBNIC_TEST_FBNICD_H
#define OPENFBNIC_TEST_FBNICD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "../../src/host/host.h"

/* A new one below /tmp; -1: there is none, or no program */
int make_dir(const char *name);
int remove_dir(void);			/* -1: something was left behind in it */
/* A path there; good until eight others were asked for */
const char *in_dir(const char *name);

/* Where its standard error goes */
enum err_to {
	ERR_KEPT,			/* proc.err reads it */
	ERR_SHOWN,			/* to the test's */
	ERR_LOST,
};

struct proc {
	pid_t	pid;
	int	out, err;
};

/* It ends with the test */
void spawn(struct proc *p, enum err_to to, const char *const *args);
/* Reads up to a line's end, or to the end; false: nothing came in time */
bool read_line(int fd, char *buf, size_t size);
/* "ready", which is all that it says on standard output */
bool is_ready(struct proc *p);
/* Exit status, or -1 if a signal ended it */
int finish(struct proc *p);

/* To a socket in the directory: a client of the program, and a host on a card */
int dial(const char *name);
struct host *connect_host(const char *name, size_t mem);

#endif
