/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: what a callback may do to itself and to others, time, and sleep. */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "test_wire.h"

struct ctx {
	struct bench		*b;
	struct wire_loop	*l;
	struct loop_fd		fd[4];
	struct loop_timer	timer[4];
	struct loop_hook	hook[4];
	int			ev[4];
	int			calls[4];
	int			order[16], norder;
	uint32_t		events;
};

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));
	void *b;

	bench_setup(&b);
	c->b = b;
	c->l = loop_wire(c->b->loop);
	for (int i = 0; i < 4; i++)
		c->ev[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct ctx *c = *state;
	void *b = c->b;

	for (int i = 0; i < 4; i++) {
		loop_fd_del(c->l, &c->fd[i]);
		if (c->ev[i] >= 0)
			close(c->ev[i]);
	}
	bench_teardown(&b);
	free(c);
	return 0;
}

static struct ctx *the;		/* the test's, for callbacks that know only their number */

static void note(void *arg)
{
	the->order[the->norder++ % 16] = (int)(intptr_t)arg;
}

static void fire(struct ctx *c, int i)
{
	assert_int_equal(eventfd_write(c->ev[i], 1), 0);
}

static void count_fd(void *arg, uint32_t events)
{
	the->calls[(intptr_t)arg]++;
	the->events = events;
}

/* Whoever runs first takes out all the others, and closes their descriptors */
static void kill_others(void *arg, uint32_t events)
{
	intptr_t me = (intptr_t)arg;

	count_fd(arg, events);
	for (int i = 0; i < 4; i++) {
		if (i == me)
			continue;
		loop_fd_del(the->l, &the->fd[i]);
		close(the->ev[i]);
		the->ev[i] = -1;
	}
}

static void add_all(struct ctx *c, void (*cb)(void *, uint32_t))
{
	the = c;
	for (int i = 0; i < 4; i++) {
		c->fd[i] = (struct loop_fd){ .cb = cb, .arg = (void *)(intptr_t)i };
		assert_int_equal(loop_fd_add(c->l, &c->fd[i], c->ev[i], EPOLLIN), 0);
	}
}

static void fd_events_arrive_level_triggered(void **state)
{
	struct ctx *c = *state;

	add_all(c, count_fd);
	fire(c, 2);
	assert_int_equal(loop_once(c->b->loop, 0), 1);
	assert_int_equal(loop_once(c->b->loop, 0), 1);
	assert_int_equal(c->calls[2], 2);
	assert_int_equal(c->events, EPOLLIN);
	assert_int_equal(loop_fd_mod(c->l, &c->fd[2], EPOLLOUT), 0);
	loop_once(c->b->loop, 0);
	assert_int_equal(c->events, EPOLLOUT);
}

static void fd_closed_inside_a_callback_is_not_called(void **state)
{
	struct ctx *c = *state;

	add_all(c, kill_others);
	for (int i = 0; i < 4; i++)
		fire(c, i);
	assert_int_equal(loop_once(c->b->loop, 0), 1);
	assert_int_equal(c->calls[0] + c->calls[1] + c->calls[2] + c->calls[3], 1);
}

/* The number of a closed descriptor comes back as another: its events are its own */
static void kill_and_reopen(void *arg, uint32_t events)
{
	intptr_t me = (intptr_t)arg;

	count_fd(arg, events);
	for (int i = 0; i < 4; i++) {
		if (i == me)
			continue;
		loop_fd_del(the->l, &the->fd[i]);
		close(the->ev[i]);
		the->ev[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		loop_fd_add(the->l, &the->fd[i], the->ev[i], EPOLLIN);
	}
	loop_fd_del(the->l, &the->fd[me]);
}

static void fd_reopened_inside_a_callback_has_no_old_events(void **state)
{
	struct ctx *c = *state;

	add_all(c, kill_and_reopen);
	for (int i = 0; i < 4; i++)
		fire(c, i);
	assert_int_equal(loop_once(c->b->loop, 0), 1);
	assert_int_equal(loop_once(c->b->loop, 0), 0);
}

static void fd_with_no_events_is_not_woken_by_hangup(void **state)
{
	struct ctx *c = *state;
	int sv[2];

	the = c;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	c->fd[0] = (struct loop_fd){ .cb = count_fd };
	assert_int_equal(loop_fd_add(c->l, &c->fd[0], sv[0], 0), 0);
	close(sv[1]);
	assert_int_equal(loop_once(c->b->loop, 0), 0);
	assert_int_equal(loop_fd_mod(c->l, &c->fd[0], EPOLLIN), 0);
	assert_int_equal(loop_once(c->b->loop, 0), 1);
	assert_true(c->events & EPOLLHUP);
	loop_fd_del(c->l, &c->fd[0]);
	close(sv[0]);
}

static void fd_that_epoll_refuses_is_an_error(void **state)
{
	struct ctx *c = *state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	c->fd[0] = (struct loop_fd){ .cb = count_fd };
	assert_int_equal(loop_fd_add(c->l, &c->fd[0], fd, EPOLLIN), -EPERM);
	assert_int_equal(c->fd[0].events, 0);
	close(fd);
}

static void arm(struct ctx *c, int i, uint64_t when)
{
	c->timer[i].cb = note;
	c->timer[i].arg = (void *)(intptr_t)i;
	loop_timer_set(c->l, &c->timer[i], when);
}

static void timers_fire_in_order_and_once(void **state)
{
	struct ctx *c = *state;
	uint64_t t = c->b->now;

	the = c;
	arm(c, 0, t + 30);
	arm(c, 1, t + 10);
	arm(c, 2, t + 20);
	arm(c, 3, t + 10);
	settle(c->b);
	assert_int_equal(c->norder, 0);
	pass_time(c->b, 9);
	assert_int_equal(c->norder, 0);
	pass_time(c->b, 1);
	assert_int_equal(c->norder, 2);
	pass_time(c->b, 100);
	assert_int_equal(c->norder, 4);
	assert_int_equal(c->order[0], 1);
	assert_int_equal(c->order[1], 3);
	assert_int_equal(c->order[2], 2);
	assert_int_equal(c->order[3], 0);
}

static void timers_move_and_stop(void **state)
{
	struct ctx *c = *state;
	uint64_t t = c->b->now;

	the = c;
	arm(c, 0, t + 10);
	arm(c, 1, t + 20);
	arm(c, 2, t + 30);
	arm(c, 0, t + 40);
	arm(c, 2, TIMER_OFF);
	arm(c, 2, TIMER_OFF);
	pass_time(c->b, 35);
	assert_int_equal(c->norder, 1);
	assert_int_equal(c->order[0], 1);
	pass_time(c->b, 5);
	assert_int_equal(c->norder, 2);
	arm(c, 3, TIMER_NOW);
	arm(c, 2, TIMER_NOW);
	settle(c->b);
	assert_int_equal(c->order[2], 3);
	assert_int_equal(c->order[3], 2);
}

static void rearm(void *arg)
{
	note(arg);
	loop_timer_set(the->l, &the->timer[(intptr_t)arg], TIMER_NOW);
	loop_timer_set(the->l, &the->timer[1], TIMER_OFF);
}

static void timer_that_rearms_waits_for_the_next_round(void **state)
{
	struct ctx *c = *state;

	the = c;
	arm(c, 0, TIMER_NOW);
	arm(c, 1, TIMER_NOW);
	c->timer[0].cb = rearm;
	assert_int_equal(loop_once(c->b->loop, TIMER_OFF), 1);	/* 1 was due, and was taken out */
	assert_int_equal(loop_once(c->b->loop, TIMER_OFF), 1);
	assert_int_equal(c->norder, 2);
	arm(c, 0, TIMER_OFF);
}

static void sleeps_until_the_timer_and_not_longer(void **state)
{
	struct ctx *c = *state;
	uint64_t start;

	the = c;
	c->b->real_time = true;
	start = loop_now(c->l);
	arm(c, 0, start + 3 * NS_PER_MS);
	while (!c->norder)
		assert_true(loop_once(c->b->loop, TIMER_OFF) >= 0);
	assert_true(loop_now(c->l) - start >= 3 * NS_PER_MS);
}

static bool hook_count(void *arg)
{
	the->calls[(intptr_t)arg]++;
	return false;
}

static bool hook_busy(void *arg)
{
	return ++the->calls[(intptr_t)arg] < 3;
}

static bool hook_removes_all(void *arg)
{
	hook_count(arg);
	for (int i = 0; i < 4; i++)
		loop_hook_del(the->l, &the->hook[i]);
	return false;
}

static void add_hook(struct ctx *c, int i, bool (*cb)(void *))
{
	the = c;
	c->hook[i] = (struct loop_hook){ .cb = cb, .arg = (void *)(intptr_t)i };
	loop_hook_add(c->l, &c->hook[i]);
}

static void hook_with_more_to_do_keeps_the_loop_awake(void **state)
{
	struct ctx *c = *state;

	add_hook(c, 0, hook_busy);
	assert_int_equal(loop_once(c->b->loop, TIMER_OFF), 0);	/* would sleep for ever */
	assert_int_equal(loop_once(c->b->loop, TIMER_OFF), 0);
	assert_int_equal(c->calls[0], 2);
	loop_hook_del(c->l, &c->hook[0]);
}

static void hook_may_remove_itself_and_others(void **state)
{
	struct ctx *c = *state;

	add_hook(c, 0, hook_count);
	add_hook(c, 1, hook_removes_all);
	add_hook(c, 2, hook_count);
	add_hook(c, 3, hook_count);
	loop_once(c->b->loop, 0);
	loop_once(c->b->loop, 0);
	assert_int_equal(c->calls[0], 1);
	assert_int_equal(c->calls[1], 1);
	assert_int_equal(c->calls[2], 0);
	assert_int_equal(c->calls[3], 0);
}

static void stop_it(void *arg)
{
	note(arg);
	loop_stop(the->b->loop);
}

static void run_ends_with_stop(void **state)
{
	struct ctx *c = *state;

	the = c;
	arm(c, 0, TIMER_NOW);
	c->timer[0].cb = stop_it;
	assert_int_equal(loop_run(c->b->loop), 0);
	assert_int_equal(c->norder, 1);
}

int main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(fd_events_arrive_level_triggered),
		T(fd_closed_inside_a_callback_is_not_called),
		T(fd_reopened_inside_a_callback_has_no_old_events),
		T(fd_with_no_events_is_not_woken_by_hangup),
		T(fd_that_epoll_refuses_is_an_error),
		T(timers_fire_in_order_and_once),
		T(timers_move_and_stop),
		T(timer_that_rearms_waits_for_the_next_round),
		T(sleeps_until_the_timer_and_not_longer),
		T(hook_with_more_to_do_keeps_the_loop_awake),
		T(hook_may_remove_itself_and_others),
		T(run_ends_with_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
