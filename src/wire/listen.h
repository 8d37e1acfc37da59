/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A listening socket in the event loop.
 *
 * A process that has no descriptor left can't accept, and the connection that
 * waits keeps the socket readable: a level-triggered loop would spin.  So a
 * listener whose accept() fails for want of something rests for LISTEN_REST_NS
 * and then looks again; who waits in the backlog is served when there is a
 * descriptor for him.
 */
#ifndef OPENFBNIC_LISTEN_H
#define OPENFBNIC_LISTEN_H

#include "wire_loop.h"

#define LISTEN_REST_NS	UINT64_C(100000000)

struct listener {
	/*
	 * Someone knocks: take one or all.  0, or -errno of an accept() that
	 * failed, whatever it was.
	 */
	int			(*accept)(void *arg);
	void			*arg;
	/* the listener's own */
	struct wire_loop	*loop;
	struct loop_fd		h;
	struct loop_timer	rest;
	bool			on;
};

/* @l has accept and arg, all else is zero.  0 or -errno, as loop_fd_add() */
int listener_start(struct listener *l, struct wire_loop *loop, int fd);
/* Off: nobody is asked in, who knocks waits in the backlog */
void listener_set(struct listener *l, bool on);
/* Before the descriptor is closed; also of one that was never started */
void listener_stop(struct listener *l);

#endif
