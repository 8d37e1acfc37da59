/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A part: a process with a console, from its start to its end.
 *
 * Both ends of a console are a socket pair: a QEMU has it as descriptor 3 and the
 * channel as 4, what it says itself comes by another; any other process has it
 * as standard input and output, and the channel as 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "screen.h"
#include "spawn.h"

double part_seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

bool part_alive(const struct part *p)
{
	return p->pid > 0;
}

/* ---- what it says ---- */

static void on_line(void *arg, const char *line)
{
	struct part *p = arg;
	const struct run_options *o = p->run->o;

	if (p->run->screen || (o->check && !o->verbose))
		return;
	run_print(p->run, "%-*s | %s\n", (int)p->run->width, p->name, line);
}

static void close_fd(struct run *r, struct loop_fd *h)
{
	int fd = h->fd;

	loop_fd_del(r->wl, h);
	if (fd >= 0)
		close(fd);
	h->fd = -1;
}

/* Bytes of one read; 0: no more now, or ever */
static size_t take(struct part *p, struct loop_fd *h)
{
	char buf[8192];
	ssize_t n;

	if (h->fd < 0)
		return 0;
	n = read(h->fd, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_fd(p->run, h);
		return 0;
	}
	if (p->run->screen)
		screen_feed(p->run->screen, p, buf, (size_t)n,
			    h == &p->says || !p->m || p->m->kind == KIND_PROCESS);
	console_feed(&p->console, buf, (size_t)n);
	return (size_t)n;
}

static void heard(struct part *p)
{
	if (p->state == PART_STARTED)
		ready_console(p);
	steps_poke(p->run);
}

static void on_io(void *arg, uint32_t events)
{
	struct part *p = arg;

	(void)events;
	if (take(p, &p->io))
		heard(p);
}

static void on_says(void *arg, uint32_t events)
{
	struct part *p = arg;

	(void)events;
	if (take(p, &p->says))
		heard(p);
}

bool part_input(struct part *p, const char *data, size_t n)
{
	return p->io.fd >= 0 && send(p->io.fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
}

/* ---- channel ---- */

static void on_channel_ready(void *arg)
{
	struct part *p = arg;

	if (p->state == PART_STARTED && p->m->ready == READY_CHANNEL)
		part_ready(p);
	else
		steps_channel(p->run, p);
}

static void on_channel_done(void *arg, int status, const char *output)
{
	steps_done(arg, status, output);
}

/* ---- its end ---- */

static bool others_alive(const struct run *r)
{
	unsigned int i;

	for (i = 0; i < r->lab->nmachines; i++)
		if (part_alive(&r->part[i]) || r->part[i].state == PART_WAITING)
			return true;
	return false;
}

static void judge_end(struct part *p, enum part_state was)
{
	struct run *r = p->run;
	bool clean = WIFEXITED(p->status) && !WEXITSTATUS(p->status);

	if (r->state == RUN_FALLING)
		return;
	if (p->ending) {
		steps_ended(r, p);
	} else if (was == PART_STARTED) {
		run_fail(r, p, "%s %s before it was ready", p->name, spawn_end_text(p->status));
	} else if (!clean || !p->m || (r->o->check && p->m->kind != KIND_PROCESS)) {
		run_fail(r, p, "%s %s; nobody had asked it to", p->name, spawn_end_text(p->status));
	} else {
		run_say(r, "%s has ended", p->name);
		if (!r->o->check && !others_alive(r))
			run_stop(r, 0);
	}
}

static void on_end(void *arg, uint32_t events)
{
	struct part *p = arg;
	siginfo_t info = { .si_pid = 0 };
	enum part_state was;

	(void)events;
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return;
	kill(-p->pid, SIGKILL);		/* what it has started goes with it, while the number is still its own */
	waitpid(p->pid, &p->status, 0);
	while (take(p, &p->io) || take(p, &p->says))
		;
	console_flush(&p->console);
	p->pid = 0;
	if (p->state == PART_STARTED && p->m && p->m->ready == READY_STARTED)
		part_ready(p);		/* it was, if only for a moment */
	was = p->state;
	p->state = PART_ENDED;
	ready_forget(p);
	close_fd(p->run, &p->life);
	close_fd(p->run, &p->io);
	close_fd(p->run, &p->says);
	channel_close(&p->channel);
	judge_end(p, was);
}

void part_kill(struct part *p, int sig)
{
	if (!part_alive(p))
		return;
	if (sig == SIGKILL)
		kill(-p->pid, sig);
	kill(p->pid, sig);
}

/* ---- its start ---- */

static int pair(int fd[2], int type)
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd))
		return -errno;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int watch(struct part *p, struct loop_fd *h, void (*cb)(void *arg, uint32_t events), int fd)
{
	*h = (struct loop_fd){ .cb = cb, .arg = p, .fd = fd };
	return loop_fd_add(p->run->wl, h, fd, EPOLLIN);
}

/* The ends of its sockets that it gets; what is not used is -1 */
struct ends {
	int	io[2], says[2], channel[2];
};

static void close_ends(struct ends *e, unsigned int which)
{
	if (e->io[which] >= 0)
		close(e->io[which]);
	if (e->says[which] >= 0)
		close(e->says[which]);
	if (e->channel[which] >= 0)
		close(e->channel[which]);
}

static int make_ends(struct ends *e, bool qemu, bool channel)
{
	int err = pair(e->io, SOCK_STREAM);

	if (!err && qemu)
		err = pair(e->says, SOCK_STREAM);
	if (!err && channel)
		err = pair(e->channel, SOCK_STREAM);
	return err;
}

static int start(struct part *p, const struct args *a)
{
	bool process = !p->m || p->m->kind == KIND_PROCESS;
	struct ends e = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int err = make_ends(&e, !process, p->m && p->m->kind != KIND_FIRMWARE), life;
	pid_t pid = err;

	if (!err && process)
		pid = spawn(a->v, (const int[]){ p->m ? e.io[1] : -1, e.io[1], e.io[1], e.channel[1] }, p->m ? 4 : 3,
			    p->run->kept->dir, &life);
	else if (!err)
		pid = spawn(a->v, (const int[]){ -1, e.says[1], e.says[1], e.io[1], e.channel[1] },
			    e.channel[1] < 0 ? 4 : 5, p->run->kept->dir, &life);
	close_ends(&e, 1);
	if (pid < 0) {
		close_ends(&e, 0);
		return pid;
	}
	p->pid = pid;
	err = watch(p, &p->life, on_end, life);
	if (!err)
		err = watch(p, &p->io, on_io, e.io[0]);
	if (!err && e.says[0] >= 0)
		err = watch(p, &p->says, on_says, e.says[0]);
	if (!err && e.channel[0] >= 0)
		err = channel_open(&p->channel, p->run->wl, e.channel[0]);
	return err;
}

void part_start(struct part *p)
{
	struct run *r = p->run;
	struct args a = { .n = 0 };
	int err;

	if (p->m)
		command_machine(p, &a);
	else
		command_fbnicd(r, &a);
	p->ending = false;
	p->searched = p->console.lines;
	p->started = loop_now(r->wl);
	p->state = PART_STARTED;
	err = start(p, &a);
	if (err)
		run_fail(r, NULL, "%s cannot be started: %s: %s", p->name, a.v[0], strerror(-err));
	else
		ready_watch(p);
	args_free(&a);
}

void part_ready(struct part *p)
{
	struct run *r = p->run;

	ready_forget(p);
	p->state = PART_READY;
	p->ready_at = loop_now(r->wl);
	if (r->state == RUN_RISING)
		run_up_or_more(r, p);
	else
		steps_ready(r, p);
}

/* ---- life ---- */

void part_init(struct part *p, struct run *r, const struct lab_machine *m)
{
	p->run = r;
	p->m = m;
	p->name = m ? m->name : "fbnicd";
	p->life.fd = p->io.fd = p->says.fd = p->inotify.fd = p->channel.fd = -1;
	p->channel.on_ready = on_channel_ready;
	p->channel.on_done = on_channel_done;
	p->channel.arg = p;
	p->console.on_line = on_line;
	p->console.arg = p;
}

void part_free(struct part *p)
{
	struct run *r = p->run;

	ready_forget(p);
	close_fd(r, &p->life);
	close_fd(r, &p->io);
	close_fd(r, &p->says);
	channel_close(&p->channel);
	console_free(&p->console);
	text_free(&p->ask.got);
}
