/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What wires (and the bus) need of an event loop: file descriptors, timers,
 * and hooks that run before the loop sleeps.
 *
 * The owner of a descriptor, timer or hook embeds the handle in its own state,
 * fills in cb and arg once and zeroes the rest: the loop allocates nothing.  A
 * handle must be taken out (fd_del, timer_set(TIMER_OFF), hook_del) before its
 * memory goes away, and a descriptor before it is closed.  Everything may be
 * called from within any callback, also on the handle whose callback runs and
 * on handles whose event is still waiting to be dispatched: after fd_del(),
 * timer_set(TIMER_OFF) and hook_del() the callback is not called again.
 *
 * One thread.  src/loop/loop.c is the implementation.
 */
#ifndef OPENFBNIC_WIRE_LOOP_H
#define OPENFBNIC_WIRE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct wire_loop;

/*
 * A watched descriptor.  @events are those of epoll(7) (EPOLLIN, EPOLLOUT,
 * EPOLLPRI), level triggered; the callback also gets EPOLLERR and EPOLLHUP.
 * With 0 events the descriptor is not watched at all, not even for errors:
 * a peer that hung up can't wake a wire that has no use for the news.
 */
struct loop_fd {
	void		(*cb)(void *arg, uint32_t events);
	void		*arg;
	/* the loop's own */
	int		fd;
	uint32_t	events;
};

/* A timer that fires once.  Absolute nanoseconds of now() */
struct loop_timer {
	void			(*cb)(void *arg);
	void			*arg;
	/* the loop's own */
	uint64_t		when;
	struct loop_timer	*next, *prev;	/* NULL: not armed */
};

#define TIMER_OFF	UINT64_MAX
#define TIMER_NOW	UINT64_C(0)

/*
 * Called every time before the loop sleeps.  True: there is more to do, look
 * at the descriptors without sleeping and call again.  A hook does not run for
 * itself: something else must have woken the loop.
 */
struct loop_hook {
	bool			(*cb)(void *arg);
	void			*arg;
	/* the loop's own */
	struct loop_hook	*next, *prev;
};

struct wire_loop_ops {
	int	 (*fd_add)(struct wire_loop *l, struct loop_fd *h, int fd, uint32_t events);
	int	 (*fd_mod)(struct wire_loop *l, struct loop_fd *h, uint32_t events);
	void	 (*fd_del)(struct wire_loop *l, struct loop_fd *h);
	void	 (*timer_set)(struct wire_loop *l, struct loop_timer *t, uint64_t when);
	void	 (*hook_add)(struct wire_loop *l, struct loop_hook *h);
	void	 (*hook_del)(struct wire_loop *l, struct loop_hook *h);
	uint64_t (*now)(struct wire_loop *l);
};

struct wire_loop {
	const struct wire_loop_ops *ops;
};

/* 0 or -errno: too many descriptors, or one that epoll can't watch (-EPERM: a plain file) */
static inline int loop_fd_add(struct wire_loop *l, struct loop_fd *h, int fd, uint32_t events)
{
	return l->ops->fd_add(l, h, fd, events);
}

/* Same events as before: no system call */
static inline int loop_fd_mod(struct wire_loop *l, struct loop_fd *h, uint32_t events)
{
	return l->ops->fd_mod(l, h, events);
}

/* Of a handle that is not in: does nothing, as long as its events are 0 */
static inline void loop_fd_del(struct wire_loop *l, struct loop_fd *h)
{
	l->ops->fd_del(l, h);
}

/*
 * Arms, re-arms or (TIMER_OFF) disarms.  A time that has passed, such as 0:
 * fires in the same or the next round, without sleep.  This is how work is
 * put off to the end of a burst, from wherever it comes.
 */
static inline void loop_timer_set(struct wire_loop *l, struct loop_timer *t, uint64_t when)
{
	l->ops->timer_set(l, t, when);
}

static inline void loop_hook_add(struct wire_loop *l, struct loop_hook *h)
{
	l->ops->hook_add(l, h);
}

static inline void loop_hook_del(struct wire_loop *l, struct loop_hook *h)
{
	l->ops->hook_del(l, h);
}

static inline uint64_t loop_now(struct wire_loop *l)
{
	return l->ops->now(l);
}

#endif
