/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening sockets: see listen.h. */
#include "listen.h"

#include <errno.h>
#include <sys/epoll.h>

/* accept() took nobody off the backlog, and would not the next time */
static bool wants_rest(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM;
}

static void on_ready(void *arg, uint32_t events)
{
	struct listener *l = arg;

	(void)events;
	if (!wants_rest(l->accept(l->arg)) || !l->on)
		return;
	loop_fd_mod(l->loop, &l->h, 0);
	loop_timer_set(l->loop, &l->rest, loop_now(l->loop) + LISTEN_REST_NS);
}

static void on_rested(void *arg)
{
	listener_set(arg, true);
}

int listener_start(struct listener *l, struct wire_loop *loop, int fd)
{
	l->loop = loop;
	l->h = (struct loop_fd){ .cb = on_ready, .arg = l };
	l->rest = (struct loop_timer){ .cb = on_rested, .arg = l };
	l->on = true;
	return loop_fd_add(loop, &l->h, fd, EPOLLIN);
}

void listener_set(struct listener *l, bool on)
{
	l->on = on;
	loop_timer_set(l->loop, &l->rest, TIMER_OFF);
	/* epoll has no memory left: as good a reason to rest as any */
	if (loop_fd_mod(l->loop, &l->h, on ? EPOLLIN : 0))
		loop_timer_set(l->loop, &l->rest, loop_now(l->loop) + LISTEN_REST_NS);
}

void listener_stop(struct listener *l)
{
	if (!l->loop)
		return;
	loop_timer_set(l->loop, &l->rest, TIMER_OFF);
	loop_fd_del(l->loop, &l->h);
}
