/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fbnicd: cards in one process, one thread, one event loop.
 *
 * Says "fbnicd: ready" on stdout when all sockets listen.  SIGINT and SIGTERM
 * end it.  An idle process sleeps in epoll_wait() and uses no CPU.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../loop/loop.h"
#include "control.h"
#include "options.h"
#include "package.h"

struct process {
	struct loop	*loop;
	struct package	*package[MAX_CARDS];
	unsigned int	npackages;
	struct control	*control;
	struct loop_hook hook;
	struct loop_fd	signals;
	int		sigfd;
};

/*
 * Cards that share a wire give work to each other: all run before any timer is
 * set, and all run again as long as one has something left.
 */
static bool before_sleep(void *arg)
{
	struct process *p = arg;
	bool more = false;
	unsigned int i;

	for (i = 0; i < p->npackages; i++)
		more |= package_run(p->package[i]);
	for (i = 0; i < p->npackages; i++)
		package_settle(p->package[i]);
	return more;
}

static void on_signal(void *arg, uint32_t events)
{
	struct process *p = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(p->sigfd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		loop_stop(p->loop);
}

static void watch_signals(struct process *p)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->sigfd < 0)
		die("signalfd: %s", strerror(errno));
	p->signals = (struct loop_fd){ .cb = on_signal, .arg = p };
	loop_fd_add(loop_wire(p->loop), &p->signals, p->sigfd, EPOLLIN);
}

int main(int argc, char **argv)
{
	struct options o;
	struct process p = { 0 };
	unsigned int i;
	int err;

	options_parse(&o, argc, argv);
	p.loop = loop_new();
	if (!p.loop)
		die("event loop: %s", strerror(errno));
	loop_linger(p.loop, o.linger_us * 1000ull);
	watch_signals(&p);
	for (i = 0; i < o.ncards; i++)
		p.package[p.npackages++] = package_new(i, &o.card[i], o.trace, p.loop);
	if (o.control)
		p.control = control_new(o.control, p.package, p.npackages, loop_wire(p.loop));
	p.hook = (struct loop_hook){ .cb = before_sleep, .arg = &p };
	loop_hook_add(loop_wire(p.loop), &p.hook);
	puts("fbnicd: ready");
	fflush(stdout);

	err = loop_run(p.loop);

	loop_hook_del(loop_wire(p.loop), &p.hook);
	control_free(p.control);
	for (i = 0; i < p.npackages; i++)
		package_free(p.package[i]);
	loop_fd_del(loop_wire(p.loop), &p.signals);
	close(p.sigfd);
	loop_free(p.loop);
	if (err)
		die("event loop: %s", strerror(-err));
	return 0;
}
