/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From nothing to a lab that is up, and back.
 *
 *   preparing   programs, kernels and images are found, or made
 *   rising      fbnicd, then every machine when those that it waits for are ready
 *   up          the checks run, or somebody uses it
 *   falling     everything is killed: nothing in a lab is worth a goodbye
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "screen.h"
#include "spawn.h"

#define TAIL_LINES	12
#define FALL_SECONDS	10
#define MOMENT		(3 * NS_PER_S)

/* ---- what is said ---- */

void run_stop(struct run *r, int status)
{
	if (r->state == RUN_FALLING)
		return;
	r->state = RUN_FALLING;
	r->status = status;
}

static void vprint(struct run *r, const char *fmt, va_list ap)
{
	vprintf(fmt, ap);
	if (fflush(stdout))
		run_stop(r, 128 + SIGPIPE);
}

void run_print(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(r, fmt, ap);
	va_end(ap);
}

void run_say(struct run *r, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (r->screen)
		screen_say(r->screen, line);
	else if (!r->o->check || r->o->verbose)
		run_print(r, "%-*s | %s\n", (int)r->width, "lab", line);
}

void run_result(struct run *r, bool ok, const char *what, const char *fmt, ...)
{
	va_list ap;

	if (!r->o->check)
		return;
	printf("%-5s %-32s ", ok ? "ok" : "FAIL", what);
	va_start(ap, fmt);
	vprint(r, fmt, ap);
	va_end(ap);
	run_print(r, "\n");
}

void run_fail(struct run *r, const struct part *culprit, const char *fmt, ...)
{
	va_list ap;

	if (r->state == RUN_FALLING)
		return;			/* the first reason is the reason */
	va_start(ap, fmt);
	vsnprintf(r->verdict, sizeof(r->verdict), fmt, ap);
	va_end(ap);
	r->culprit = culprit;
	run_stop(r, 1);
}

struct part *run_part(struct run *r, int index)
{
	return index < 0 ? &r->fbnicd : &r->part[index];
}

/* ---- from outside ---- */

static void on_lifeline(void *arg, uint32_t events)
{
	struct run *r = arg;

	(void)events;
	r->orphan = true;
	loop_fd_mod(r->wl, &r->lifeline, 0);
	run_fail(r, NULL, "its keeper was killed");
}

static void on_signal(void *arg, uint32_t events)
{
	struct run *r = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(r->signals.fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		run_stop(r, 128 + (int)info.ssi_signo);
}

static int watch_outside(struct run *r)
{
	sigset_t set;
	int fd, err;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r->signals = (struct loop_fd){ .cb = on_signal, .arg = r };
	r->lifeline = (struct loop_fd){ .cb = on_lifeline, .arg = r };
	err = loop_fd_add(r->wl, &r->signals, fd, EPOLLIN);
	return err ? err : loop_fd_add(r->wl, &r->lifeline, r->kept->lifeline, EPOLLIN);
}

/* ---- tools, to their end ---- */

struct tool {
	struct helper	helper;
	struct loop_timer moment;
	const char	*what;
	struct text	*out;
	int		status;
	bool		ended;
};

static void on_tool_end(void *arg, int status, const char *output)
{
	struct tool *t = arg;

	text_add(t->out, output, strlen(output));
	t->status = status;
	t->ended = true;
}

static void on_moment(void *arg)
{
	const struct tool *t = arg;

	fprintf(stderr, "fbnic-lab: %s\n", t->what);
}

bool run_tool(struct run *r, const char *what, const char *const *argv, const char *cwd, struct text *out, int *status)
{
	struct tool t = { .out = out, .what = what };
	int err;

	t.moment = (struct loop_timer){ .cb = on_moment, .arg = &t };
	loop_timer_set(r->wl, &t.moment, loop_now(r->wl) + MOMENT);

	t.helper.on_end = on_tool_end;
	t.helper.arg = &t;
	err = helper_start(&t.helper, r->wl, argv, cwd, false);
	if (err)
		run_fail(r, NULL, "%s: %s", argv[0], strerror(-err));
	while (!t.ended && r->state != RUN_FALLING)
		loop_once(r->loop, TIMER_OFF);
	helper_kill(&t.helper);
	loop_timer_set(r->wl, &t.moment, TIMER_OFF);
	*status = t.status;
	return t.ended;
}

static int prepare(struct run *r)
{
	const struct lab_word *w;
	unsigned int i;

	for (w = r->lab->prepare.first; w; w = w->next) {
		const char *argv[] = { "/bin/sh", "-c", paths_expand(r, w->text), NULL };
		struct text out = { 0 };
		int status = 0;
		bool ended = run_tool(r, w->text, argv, r->kept->dir, &out, &status);

		if (ended && status)
			run_fail(r, NULL, "%s:%d: prepare: the command %s", r->lab->file, w->line,
				 spawn_end_text(status));
		text_free(&out);
		if (!ended || status)
			return -1;
	}
	for (i = 0; i < r->lab->nmachines; i++)
		if (archive_make(&r->part[i]))
			return -1;
	return 0;
}

/* ---- up ---- */

/* What is its alone, and its share of what it shares: a guest's memory is mapped by the card, too */
static unsigned long memory_of(const struct part *p)
{
	char path[64], line[128];
	unsigned long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)p->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / 1024;
}

static void say_memory(struct run *r)
{
	double s = part_seconds(loop_now(r->wl) - r->started);
	char text[400] = "";
	unsigned long all = 0;
	size_t len = 0;
	int i;

	for (i = r->lab->ncards ? -1 : 0; i < (int)r->lab->nmachines; i++) {
		const struct part *p = run_part(r, i);
		unsigned long mib = part_alive(p) ? memory_of(p) : 0;

		all += mib;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %lu", len ? ", " : "", p->name, mib);
		if (len >= sizeof(text))
			break;
	}
	run_say(r, "all ready after %.1f s, with %lu MiB of memory (%s)", s, all, text);
	run_result(r, true, "all ready", "after %.1f s, %lu MiB of memory (%s)", s, all, text);
}

static void say_ready(struct run *r, const struct part *p)
{
	double s = part_seconds(p->ready_at - p->started);

	run_say(r, "%s is ready after %.1f s", p->name, s);
	run_result(r, true, p->name, "ready after %.1f s", s);
}

void run_up_or_more(struct run *r, const struct part *news)
{
	unsigned int i, ready = 0;
	bool card = !r->lab->ncards || r->fbnicd.state == PART_READY;

	if (news)
		say_ready(r, news);
	for (i = 0; i < r->lab->nmachines; i++)
		if (r->part[i].state == PART_READY || r->part[i].state == PART_ENDED)
			ready |= 1u << i;
	for (i = 0; card && i < r->lab->nmachines && r->state == RUN_RISING; i++)
		if (r->part[i].state == PART_WAITING && !(r->part[i].m->needs & ~ready))
			part_start(&r->part[i]);
	if (!card || ready != (1u << r->lab->nmachines) - 1 || r->state != RUN_RISING)
		return;
	r->state = RUN_UP;
	say_memory(r);
	if (r->o->check)
		steps_begin(r);
	else
		run_say(r, r->screen ? "Ctrl-A ? shows the keys, Ctrl-A q ends the lab" : "Ctrl-C ends the lab");
}

static void rise(struct run *r)
{
	r->state = RUN_RISING;
	r->started = loop_now(r->wl);
	if (r->lab->ncards)
		part_start(&r->fbnicd);
	else
		run_up_or_more(r, NULL);
}

/* ---- down ---- */

static bool anyone_alive(struct run *r)
{
	int i;

	for (i = -1; i < (int)r->lab->nmachines; i++)
		if (part_alive(run_part(r, i)))
			return true;
	return false;
}

static void on_fall_deadline(void *arg)
{
	struct run *r = arg;

	part_kill(&r->fbnicd, SIGKILL);
}

/* Machines first: their card then sees them go, and says what is wrong with its own end */
static void fall(struct run *r)
{
	struct loop_timer deadline = { .cb = on_fall_deadline, .arg = r };
	bool card = part_alive(&r->fbnicd);
	unsigned int i;

	r->state = RUN_FALLING;
	steps_stop(r);
	for (i = 0; i < r->lab->nmachines; i++)
		part_kill(&r->part[i], SIGKILL);
	loop_timer_set(r->wl, &deadline, loop_now(r->wl) + FALL_SECONDS * NS_PER_S);
	part_kill(&r->fbnicd, SIGTERM);
	while (anyone_alive(r))
		if (loop_once(r->loop, TIMER_OFF) < 0)
			break;
	loop_timer_set(r->wl, &deadline, TIMER_OFF);
	if (card && r->o->check && !r->status && r->fbnicd.status) {
		r->status = 1;
		r->culprit = &r->fbnicd;
		snprintf(r->verdict, sizeof(r->verdict), "fbnicd %s when it was asked to end",
			 spawn_end_text(r->fbnicd.status));
	}
	spawn_kill_all();
}

static void say_verdict(struct run *r)
{
	if (!r->verdict[0])
		return;
	fflush(stdout);
	fprintf(stderr, "fbnic-lab: %s\n", r->verdict);
	if (r->culprit) {
		fprintf(stderr, "The last of %s's console:\n", r->culprit->name);
		console_tail(&r->culprit->console, TAIL_LINES);
	}
	if (!r->o->log && r->culprit)
		fprintf(stderr, "(--log DIR writes all consoles to files)\n");
}

/* ---- life ---- */

static int open_log(struct run *r, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (!r->o->log && !r->o->keep)
		return -1;
	snprintf(path, sizeof(path), "%s/%s.log", r->o->log ? r->o->log : r->kept->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		run_fail(r, NULL, "--log: %s: %s", path, strerror(errno));
	return fd;
}

static void init_parts(struct run *r)
{
	unsigned int i;

	if (r->o->log && mkdir(r->o->log, 0755) && errno != EEXIST)
		run_fail(r, NULL, "--log %s: %s", r->o->log, strerror(errno));
	r->width = 6;
	part_init(&r->fbnicd, r, NULL);
	console_init(&r->fbnicd.console, "fbnicd", r->lab->ncards ? open_log(r, "fbnicd") : -1);
	for (i = 0; i < r->lab->nmachines; i++) {
		const struct lab_machine *m = &r->lab->machine[i];

		part_init(&r->part[i], r, m);
		console_init(&r->part[i].console, m->name, open_log(r, m->name));
		if (strlen(m->name) > r->width)
			r->width = (unsigned int)strlen(m->name);
	}
}

static void free_parts(struct run *r)
{
	int i;

	for (i = -1; i < (int)r->lab->nmachines; i++)
		part_free(run_part(r, i));
}

static bool wants_screen(const struct run *r)
{
	const char *term = getenv("TERM");

	return !r->o->check && !r->o->plain && term && strcmp(term, "dumb") && isatty(STDIN_FILENO) &&
		isatty(STDOUT_FILENO);
}

static void work(struct run *r)
{
	if (paths_find(r) || prepare(r) || r->state == RUN_FALLING)
		return;
	if (wants_screen(r))
		r->screen = screen_open(r);
	rise(r);
	while (r->state != RUN_FALLING)
		if (loop_once(r->loop, TIMER_OFF) < 0)
			run_fail(r, NULL, "event loop: %s", strerror(errno));
}

int run_lab(void *arg, const struct kept *kept)
{
	struct run *r = arg;
	int err;

	r->kept = kept;
	r->loop = loop_new();
	if (!r->loop) {
		perror("fbnic-lab: event loop");
		return 1;
	}
	r->wl = loop_wire(r->loop);
	spawn_adopt();
	err = watch_outside(r);
	if (err)
		run_fail(r, NULL, "%s", strerror(-err));
	init_parts(r);
	if (r->state != RUN_FALLING)
		work(r);
	fall(r);
	if (r->screen)
		screen_close(r->screen);
	r->screen = NULL;
	say_verdict(r);
	free_parts(r);
	err = r->signals.fd;
	loop_fd_del(r->wl, &r->lifeline);
	loop_fd_del(r->wl, &r->signals);
	close(err);
	loop_free(r->loop);
	if (r->orphan)
		keeper_remove(kept->dir, r->o->keep);
	return r->status;
}
