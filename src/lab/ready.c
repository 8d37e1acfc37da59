/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When is a part ready?  Each way is an event: it has been started, its channel
 * or its console has said so, something listens on a socket, the control
 * socket gives an answer.
 *
 * Two of them have no descriptor of their own.  A socket's name appears by
 * inotify a moment before anybody listens on it, and asking by connecting would
 * disturb a server that takes one client: the kernel's list is looked at again
 * every few milliseconds of that moment.  An answer of fbnicd may become true
 * at any time: it is asked when anybody has said anything, and four times a second.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "run.h"

#define LOOK_AGAIN	(5 * NS_PER_MS)
#define ASK_AGAIN	(250 * NS_PER_MS)
#define FBNICD_SAYS	"fbnicd: ready"
#define FBNICD_WITHIN	30

static enum lab_ready event_of(const struct part *p)
{
	return p->m ? p->m->ready : READY_CONSOLE;
}

static const char *text_of(const struct part *p)
{
	return p->m ? p->m->ready_arg : FBNICD_SAYS;
}

const char *ready_missing(const struct part *p)
{
	static char buf[400];

	switch (event_of(p)) {
	case READY_CONSOLE:
		snprintf(buf, sizeof(buf), "\"%s\" is not on its console", text_of(p));
		break;
	case READY_SOCKET:
		snprintf(buf, sizeof(buf), "nobody listens on %s", paths_expand(p->run, text_of(p)));
		break;
	case READY_ANSWER:
		snprintf(buf, sizeof(buf), "fbnicd's answer to \"%s\" has no \"%s\"", text_of(p), p->m->ready_text);
		break;
	default:
		snprintf(buf, sizeof(buf), "the program that runs commands in it has not answered");
	}
	return buf;
}

static void on_deadline(void *arg)
{
	struct part *p = arg;

	run_fail(p->run, p, "%s was not ready within %u s: %s", p->name, p->m ? p->m->within : FBNICD_WITHIN,
		 ready_missing(p));
}

/* ---- a text on the console ---- */

void ready_console(struct part *p)
{
	if (event_of(p) != READY_CONSOLE)
		return;
	if (console_has(&p->console, p->searched, text_of(p)))
		part_ready(p);
	p->searched = p->console.lines;
}

/* ---- a socket ---- */

/* Flags of a socket in the list are in its fourth column; 10000: it listens */
static bool listens(const char *path, bool *bound)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[400];
	bool found = false;

	*bound = false;
	while (f && !found && fgets(line, sizeof(line), f)) {
		char name[200];
		unsigned long flags;

		if (sscanf(line, "%*s %*s %*s %lx %*s %*s %*s %199s", &flags, name) != 2 || strcmp(name, path))
			continue;
		*bound = true;
		found = flags & 0x10000;
	}
	if (f)
		fclose(f);
	return found;
}

static void look_at_socket(void *arg)
{
	struct part *p = arg;
	bool bound;

	if (listens(paths_expand(p->run, text_of(p)), &bound))
		part_ready(p);
	else if (bound)
		loop_timer_set(p->run->wl, &p->look, loop_now(p->run->wl) + LOOK_AGAIN);
}

static void on_inotify(void *arg, uint32_t events)
{
	struct part *p = arg;
	char buf[4096];

	(void)events;
	while (read(p->inotify.fd, buf, sizeof(buf)) > 0)
		;
	look_at_socket(p);
}

static void watch_socket(struct part *p)
{
	char dir[PATH_MAX], *slash;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(dir, sizeof(dir), "%s", paths_expand(p->run, text_of(p)));
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	if (fd < 0 || inotify_add_watch(fd, slash == dir ? "/" : slash ? dir : p->run->kept->dir,
					IN_CREATE | IN_ATTRIB | IN_MOVED_TO) < 0) {
		run_fail(p->run, NULL, "%s: ready socket %s: its directory: %s", p->name, text_of(p), strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	p->inotify = (struct loop_fd){ .cb = on_inotify, .arg = p };
	loop_fd_add(p->run->wl, &p->inotify, fd, EPOLLIN);
	look_at_socket(p);		/* it may have been quicker */
}

/* ---- an answer ---- */

static void ask_now(void *arg)
{
	struct part *p = arg;
	struct run *r = p->run;

	loop_timer_set(r->wl, &p->look, loop_now(r->wl) + ASK_AGAIN);
	if (!p->ask.busy)
		ask_start(&p->ask, r->wl, paths_expand(r, "{dir}/control"), text_of(p));
}

static void on_answer(void *arg, int err, const char *answer)
{
	struct part *p = arg;

	if (!err && p->state == PART_STARTED && strstr(answer, p->m->ready_text))
		part_ready(p);
}

void part_poke(struct part *p)
{
	if (p->state == PART_STARTED && event_of(p) == READY_ANSWER)
		ask_now(p);
}

/* ---- all of them ---- */

static void on_started(void *arg)
{
	part_ready(arg);
}

void ready_watch(struct part *p)
{
	struct run *r = p->run;

	p->deadline = (struct loop_timer){ .cb = on_deadline, .arg = p };
	loop_timer_set(r->wl, &p->deadline, loop_now(r->wl) + (p->m ? p->m->within : FBNICD_WITHIN) * NS_PER_S);
	p->look = (struct loop_timer){ .arg = p };
	p->ask.on_answer = on_answer;
	p->ask.arg = p;
	switch (event_of(p)) {
	case READY_STARTED:
		p->look.cb = on_started;	/* from the loop: starting may go on from there */
		loop_timer_set(r->wl, &p->look, TIMER_NOW);
		break;
	case READY_SOCKET:
		p->look.cb = look_at_socket;
		watch_socket(p);
		break;
	case READY_ANSWER:
		p->look.cb = ask_now;
		ask_now(p);
		break;
	default:
		break;
	}
}

void ready_forget(struct part *p)
{
	struct run *r = p->run;

	loop_timer_set(r->wl, &p->deadline, TIMER_OFF);
	loop_timer_set(r->wl, &p->look, TIMER_OFF);
	ask_cancel(&p->ask);
	if (p->inotify.fd >= 0) {
		int fd = p->inotify.fd;

		loop_fd_del(r->wl, &p->inotify);
		close(fd);
	}
	p->inotify.fd = -1;
}
