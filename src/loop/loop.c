/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: epoll for descriptors, a sorted list of timers, hooks.
 *
 * A round is: call every hook; sleep in epoll until a descriptor has an event
 * or the first timer is due (not at all if a hook has more to do); call the
 * callbacks of the descriptors, then of the timers that are due.  The hooks
 * are where bursts end: what a callback only marked (doorbells of a card,
 * activity of libslirp) is worked off there, once for many events.
 *
 * A process has a few timers per card, nearly all far away or off, so a list
 * is sorted quickly enough and needs no memory of its own.  The sleep takes
 * nanoseconds (epoll_pwait2, Linux 5.11): no timerfd to set and to read, which
 * would be two system calls per coalesced interrupt.
 *
 * A callback may take out any handle.  Events that epoll has already reported
 * for it are then forgotten (fd_del looks through the rest of the batch), the
 * walk over the hooks keeps its next step in the loop, and timers that are due
 * have moved to a list of their own, from which they unlink like from any
 * other: one that arms itself again for the past waits for the next round.
 */
#include "loop.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define BATCH		64
#define NS_PER_S	1000000000u
#define NS_PER_MS	1000000u

struct loop {
	struct wire_loop	base;		/* first: container and interface share an address */
	int			epfd;
	bool			stop;
	bool			no_pwait2;	/* an old kernel: sleep in milliseconds */
	struct loop_timer	timers;		/* list head, sorted by when */
	struct loop_hook	hooks;		/* list head */
	struct loop_hook	*next_hook;	/* of the walk that is going on */
	struct epoll_event	ev[BATCH];
	int			nev, cur;	/* being dispatched */
	uint64_t		(*clock)(void *arg);
	void			*clock_arg;
	uint64_t	linger;		/* ns; see linger() */
};

static struct loop *to_loop(struct wire_loop *base)
{
	return (struct loop *)base;
}

static uint64_t clock_monotonic(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t l_now(struct wire_loop *base)
{
	struct loop *l = to_loop(base);

	return l->clock(l->clock_arg);
}

/* ---- descriptors ---- */

static int ctl(struct loop *l, int op, struct loop_fd *h, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = h };

	return epoll_ctl(l->epfd, op, h->fd, &ev) ? -errno : 0;
}

/* Forget what epoll has reported and nobody has seen yet */
static void forget(struct loop *l, const struct loop_fd *h)
{
	for (int i = l->cur + 1; i < l->nev; i++) {
		if (l->ev[i].data.ptr == h)
			l->ev[i].data.ptr = NULL;
	}
}

static int l_fd_mod(struct wire_loop *base, struct loop_fd *h, uint32_t events)
{
	struct loop *l = to_loop(base);
	int ret;

	if (events == h->events)
		return 0;

	if (!h->events) {
		ret = ctl(l, EPOLL_CTL_ADD, h, events);
	} else if (!events) {
		ret = ctl(l, EPOLL_CTL_DEL, h, 0);
		forget(l, h);
		if (ret == -ENOENT || ret == -EBADF)	/* closed under our feet: gone as well */
			ret = 0;
	} else {
		ret = ctl(l, EPOLL_CTL_MOD, h, events);
	}
	if (!ret)
		h->events = events;
	return ret;
}

static int l_fd_add(struct wire_loop *base, struct loop_fd *h, int fd, uint32_t events)
{
	h->fd = fd;
	h->events = 0;
	return l_fd_mod(base, h, events);
}

static void l_fd_del(struct wire_loop *base, struct loop_fd *h)
{
	if (!h->events)
		return;
	l_fd_mod(base, h, 0);
	h->events = 0;
	h->fd = -1;
}

/* ---- timers ---- */

static void timer_unlink(struct loop_timer *t)
{
	if (!t->next)
		return;
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->next = t->prev = NULL;
}

static void l_timer_set(struct wire_loop *base, struct loop_timer *t, uint64_t when)
{
	struct loop *l = to_loop(base);
	struct loop_timer *p;

	timer_unlink(t);
	t->when = when;
	if (when == TIMER_OFF)
		return;

	/* From the far end, so that equal times keep their order; "at once" is common and quick */
	p = &l->timers;
	if (p->next != p && p->next->when <= when) {
		for (p = l->timers.prev; p->when > when; p = p->prev)
			;
	}
	t->prev = p;
	t->next = p->next;
	p->next->prev = t;
	p->next = t;
}

static int run_timers(struct loop *l)
{
	struct loop_timer due = { .next = &due, .prev = &due };
	struct loop_timer *t;
	uint64_t now;
	int ran = 0;

	if (l->timers.next == &l->timers)
		return 0;

	now = l->clock(l->clock_arg);
	while ((t = l->timers.next) != &l->timers && t->when <= now) {
		timer_unlink(t);
		t->prev = due.prev;
		t->next = &due;
		due.prev->next = t;
		due.prev = t;
	}
	while ((t = due.next) != &due) {
		timer_unlink(t);
		t->cb(t->arg);
		ran++;
	}
	return ran;
}

/* ---- hooks ---- */

static void l_hook_add(struct wire_loop *base, struct loop_hook *h)
{
	struct loop *l = to_loop(base);

	h->prev = l->hooks.prev;
	h->next = &l->hooks;
	l->hooks.prev->next = h;
	l->hooks.prev = h;
}

static void l_hook_del(struct wire_loop *base, struct loop_hook *h)
{
	struct loop *l = to_loop(base);

	if (!h->next)
		return;
	if (l->next_hook == h)
		l->next_hook = h->next;
	h->prev->next = h->next;
	h->next->prev = h->prev;
	h->next = h->prev = NULL;
}

/* True: somebody has more to do */
static bool run_hooks(struct loop *l)
{
	struct loop_hook *h;
	bool busy = false;

	for (h = l->hooks.next; h != &l->hooks; h = l->next_hook) {
		l->next_hook = h->next;
		busy |= h->cb(h->arg);
	}
	l->next_hook = NULL;
	return busy;
}

/* ---- the loop ---- */

static uint64_t time_to_sleep(struct loop *l, uint64_t max)
{
	uint64_t now, first;

	if (l->timers.next == &l->timers || !max)
		return max;

	first = l->timers.next->when;
	now = l->clock(l->clock_arg);
	if (first <= now)
		return 0;
	return first - now < max ? first - now : max;
}

static int wait_ms(struct loop *l, uint64_t ns)
{
	int ms = -1;

	/* Rounded up: waking early would only mean to look at the timer again */
	if (ns < (uint64_t)INT32_MAX * NS_PER_MS)
		ms = (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
	return epoll_wait(l->epfd, l->ev, BATCH, ms);
}

static int wait_ns(struct loop *l, uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
	int n;

	if (!ns)
		return epoll_wait(l->epfd, l->ev, BATCH, 0);
	if (!l->no_pwait2) {
		n = epoll_pwait2(l->epfd, l->ev, BATCH, ns == TIMER_OFF ? NULL : &ts, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		l->no_pwait2 = true;
	}
	return wait_ms(l, ns);
}

static int run_fds(struct loop *l)
{
	int ran = 0;

	for (l->cur = 0; l->cur < l->nev; l->cur++) {
		struct loop_fd *h = l->ev[l->cur].data.ptr;

		if (!h)
			continue;
		h->cb(h->arg, l->ev[l->cur].events);
		ran++;
	}
	l->nev = l->cur = 0;
	return ran;
}

int loop_once(struct loop *l, uint64_t max_wait)
{
	int n, ran;

	if (run_hooks(l) || l->stop)
		max_wait = 0;

	n = wait_ns(l, time_to_sleep(l, max_wait));
	if (n < 0 && errno != EINTR)
		return -errno;

	l->nev = n < 0 ? 0 : n;
	ran = run_fds(l);
	return ran + run_timers(l);
}

void loop_linger(struct loop *l, uint64_t ns)
{
	l->linger = ns;
}

/*
 * What has just been busy will be again in a moment, and waking a sleeping
 * thread on a sleeping processor takes tens of microseconds: for a while after
 * the last event look again instead of sleeping, giving way to whoever else
 * wants the processor.
 */
static int linger(struct loop *l)
{
	uint64_t end = l->clock(l->clock_arg) + l->linger;
	int ret;

	do {
		sched_yield();
		ret = loop_once(l, 0);
	} while (!ret && !l->stop && l->clock(l->clock_arg) < end);
	return ret;
}

int loop_run(struct loop *l)
{
	int ret = 0;

	l->stop = false;
	while (!l->stop && ret >= 0)
		ret = ret && l->linger ? linger(l) : loop_once(l, TIMER_OFF);
	return ret < 0 ? ret : 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

void loop_set_clock(struct loop *l, uint64_t (*clock)(void *arg), void *arg)
{
	l->clock = clock ? clock : clock_monotonic;
	l->clock_arg = arg;
}

struct wire_loop *loop_wire(struct loop *l)
{
	return &l->base;
}

static const struct wire_loop_ops loop_ops = {
	.fd_add = l_fd_add,
	.fd_mod = l_fd_mod,
	.fd_del = l_fd_del,
	.timer_set = l_timer_set,
	.hook_add = l_hook_add,
	.hook_del = l_hook_del,
	.now = l_now,
};

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;

	l->base.ops = &loop_ops;
	l->timers.next = l->timers.prev = &l->timers;
	l->hooks.next = l->hooks.prev = &l->hooks;
	l->clock = clock_monotonic;
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0) {
		free(l);
		return NULL;
	}
	/* The default lets the kernel sleep 50 us too long: an age for a coalesced interrupt */
	prctl(PR_SET_TIMERSLACK, 1000UL);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close(l->epfd);
	free(l);
}
