/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ways to get an answer from outside: a request to fbnicd's control
 * socket, a command run on this machine.  Each object does one at a time and can be
 * used again when it has called back.
 */
#ifndef OPENFBNIC_LAB_ASK_H
#define OPENFBNIC_LAB_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../wire/wire_loop.h"

struct text {
	char	*s;		/* ends with a 0 */
	size_t	len, size;
};

bool text_add(struct text *t, const char *data, size_t n);	/* false: too much, or no memory */
void text_free(struct text *t);

struct ask {
	void		(*on_answer)(void *arg, int err, const char *answer);
	void		*arg;
	/* its own */
	struct wire_loop *loop;
	struct loop_fd	watch;
	bool		busy;
	struct text	got;
};

/* on_answer() is called once unless ask_cancel() is.  0 or -errno */
int ask_start(struct ask *a, struct wire_loop *loop, const char *socket, const char *request);
void ask_cancel(struct ask *a);

struct helper {
	void		(*on_end)(void *arg, int status, const char *output);	/* a wait status */
	void		*arg;
	/* its own */
	struct wire_loop *loop;
	struct loop_fd	life, output;
	pid_t		pid;		/* 0: none */
	struct text	got;
};

/* Its standard error is part of the output with @all, and ours without */
int helper_start(struct helper *h, struct wire_loop *loop, const char *const *argv, const char *cwd, bool all);
void helper_kill(struct helper *h);	/* and does not call back */

#endif
