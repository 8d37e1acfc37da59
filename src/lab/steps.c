/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks of a lab: step after step, each with a deadline.  A check that
 * has failed ends there, and the next one is tried.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "run.h"
#include "spawn.h"

#define ASK_AGAIN	(250 * NS_PER_MS)
#define SHOWN_LINES	10

/* Guests have some words for their commands */
#define GUEST_WORDS	"[ ! -e /guest/lib.sh ] || . /guest/lib.sh\n"

static void next_step(struct run *r);

static struct lab_check *check_of(struct run *r)
{
	return &r->lab->check[r->progress.check];
}

static struct lab_step *step_of(struct run *r)
{
	return &r->lab->step[check_of(r)->first + r->progress.step];
}

static const char *action_name(const struct lab_step *s)
{
	static const char *const names[] = {
		[DO_RUN] = "run", [DO_HERE] = "here", [DO_ASK] = "ask", [DO_CONSOLE] = "console", [DO_END] = "end",
		[DO_KILL] = "kill", [DO_START] = "start",
	};

	return names[s->action];
}

/* ---- the end of a step, of a check, of all ---- */

static void step_is_over(struct run *r)
{
	struct progress *g = &r->progress;

	g->waiting = false;
	loop_timer_set(r->wl, &g->deadline, TIMER_OFF);
	loop_timer_set(r->wl, &g->again, TIMER_OFF);
	ask_cancel(&g->ask);
	helper_kill(&g->helper);
}

static void all_done(struct run *r)
{
	struct progress *g = &r->progress;

	run_print(r, "%u checks passed, %u failed\n", g->passed, g->failed);
	run_stop(r, g->failed ? 1 : 0);
}

static void begin_check(struct run *r)
{
	struct progress *g = &r->progress;
	unsigned int i;

	if (g->check == r->lab->nchecks) {
		all_done(r);
		return;
	}
	g->step = 0;
	g->detail[0] = '\0';
	g->begun = loop_now(r->wl);
	for (i = 0; i < r->lab->nmachines; i++)
		g->mark[i] = r->part[i].console.lines;
	g->mark[LAB_MACHINES] = r->fbnicd.console.lines;
	next_step(r);
}

static void end_check(struct run *r)
{
	struct progress *g = &r->progress;

	g->passed++;
	run_result(r, true, check_of(r)->title, "%5.1f s  %s", part_seconds(loop_now(r->wl) - g->begun), g->detail);
	g->check++;
	begin_check(r);
}

/* The last lines of what a command or fbnicd has said */
static void show(const char *text)
{
	const char *from = text + strlen(text);
	unsigned int n = 0;

	while (from > text && n < SHOWN_LINES)
		if (*--from == '\n')
			n++;
	from += *from == '\n' && n == SHOWN_LINES;
	while (*from) {
		size_t len = strcspn(from, "\n"), i;

		fputs("      | ", stdout);
		for (i = 0; i < len && i < 200; i++)
			putchar((unsigned char)from[i] < 0x20 || from[i] == 0x7f ? ' ' : from[i]);
		putchar('\n');
		from += len + (from[len] == '\n');
	}
	fflush(stdout);
}

__attribute__((format(printf, 3, 4)))
static void fail_step(struct run *r, const char *said, const char *fmt, ...)
{
	const struct lab_step *s = step_of(r);
	char why[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	step_is_over(r);
	r->progress.failed++;
	run_result(r, false, check_of(r)->title, "%5.1f s  %s:%d: %s%s%s: %s",
		   part_seconds(loop_now(r->wl) - r->progress.begun), r->lab->file, s->line, action_name(s),
		   s->machine ? " " : "", s->machine ? s->machine : "", why);
	if (said && *said)
		show(said);
	r->progress.check++;
	begin_check(r);
}

static void pass_step(struct run *r)
{
	step_is_over(r);
	r->progress.step++;
	next_step(r);
}

/* ---- what was expected ---- */

static const struct lab_expect *unmet(const struct lab_step *s, const char *said)
{
	const struct lab_expect *e;

	for (e = s->expect; e; e = e->next)
		if (!strstr(said, e->text) != e->absent)
			return e;
	return NULL;
}

/* The line that was looked for, or the last one, tells most in a few words */
static void keep_detail(struct run *r, const char *said)
{
	struct progress *g = &r->progress;
	const struct lab_step *s = step_of(r);
	const char *at = s->expect && !s->expect->absent ? strstr(said, s->expect->text) : NULL;
	size_t i, len;

	if (!at)
		at = said + strlen(said);
	while (at > said && at[-1] != '\n')
		at--;
	len = strcspn(at, "\n");
	if (!len || s->action == DO_ASK)
		return;
	if (len > 70)
		len = 70;
	for (i = 0; i < len; i++)
		g->detail[i] = (unsigned char)at[i] < 0x20 || at[i] == 0x7f ? ' ' : at[i];
	g->detail[len] = '\0';
}

static void judge(struct run *r, int status, const char *said)
{
	const struct lab_step *s = step_of(r);
	const struct lab_expect *e = unmet(s, said);

	if (status != s->status) {
		fail_step(r, said, "status %d, not %d", status, s->status);
	} else if (e) {
		fail_step(r, said, "it %s \"%s\"", e->absent ? "says" : "does not say", e->text);
	} else {
		keep_detail(r, said);
		pass_step(r);
	}
}

/* ---- actions ---- */

void steps_done(struct part *p, int status, const char *output)
{
	struct run *r = p->run;

	/* the command of a step that was given up may end at any time */
	if (r->state == RUN_UP && r->progress.waiting && step_of(r)->action == DO_RUN &&
	    run_part(r, step_of(r)->index) == p)
		judge(r, status, output);
}

static void do_run(struct run *r, const struct lab_step *s)
{
	struct part *p = run_part(r, s->index);
	struct text commands = { 0 };
	int err = -ENOMEM;

	if (text_add(&commands, GUEST_WORDS, strlen(GUEST_WORDS)) && text_add(&commands, s->arg, strlen(s->arg)))
		err = channel_run(&p->channel, p->m->kind == KIND_PROCESS ? s->arg : commands.s);
	text_free(&commands);
	if (err == -EBUSY)
		fail_step(r, NULL, "it is still busy with the command of a step before");
	else if (err == -ENOTCONN && !part_alive(p))
		fail_step(r, NULL, "it has ended");
	else if (err && err != -ENOTCONN)	/* until then it waits for steps_channel() */
		fail_step(r, NULL, "%s", strerror(-err));
}

void steps_channel(struct run *r, struct part *p)
{
	const struct lab_step *s = r->progress.waiting ? step_of(r) : NULL;

	if (r->state == RUN_UP && s && s->action == DO_RUN && run_part(r, s->index) == p)
		do_run(r, s);
}

static void on_here(void *arg, int status, const char *output)
{
	struct run *r = arg;

	if (WIFSIGNALED(status))
		fail_step(r, output, "the command %s", spawn_end_text(status));
	else
		judge(r, WEXITSTATUS(status), output);
}

static void do_here(struct run *r, const struct lab_step *s)
{
	const char *argv[] = { "/bin/sh", "-c", paths_expand(r, s->arg), NULL };
	int err;

	r->progress.helper.on_end = on_here;
	r->progress.helper.arg = r;
	err = helper_start(&r->progress.helper, r->wl, argv, r->kept->dir, true);
	if (err)
		fail_step(r, NULL, "%s", strerror(-err));
}

static void ask_now(void *arg)
{
	struct run *r = arg;
	struct progress *g = &r->progress;
	int err;

	loop_timer_set(r->wl, &g->again, TIMER_OFF);
	if (g->ask.busy)
		return;
	err = ask_start(&g->ask, r->wl, paths_expand(r, "{dir}/control"), step_of(r)->arg);
	if (err)
		fail_step(r, NULL, "fbnicd's control socket: %s", strerror(-err));
}

/* An answer with an error is final; one that lacks something may have it later */
static void on_answer(void *arg, int err, const char *answer)
{
	struct run *r = arg;
	struct progress *g = &r->progress;

	if (err) {
		fail_step(r, NULL, "fbnicd's control socket: %s", strerror(-err));
		return;
	}
	if (!strncmp(answer, "{\"error\":", 9)) {
		fail_step(r, answer, "fbnicd refuses it");
		return;
	}
	text_free(&g->last);
	text_add(&g->last, answer, strlen(answer));
	if (!unmet(step_of(r), answer)) {
		keep_detail(r, answer);
		pass_step(r);
		return;
	}
	loop_timer_set(r->wl, &g->again, loop_now(r->wl) + ASK_AGAIN);
}

static void look_at_console(struct run *r)
{
	const struct lab_step *s = step_of(r);
	const struct part *p = run_part(r, s->index);

	if (console_has(&p->console, r->progress.mark[s->index < 0 ? LAB_MACHINES : s->index], s->arg))
		pass_step(r);
}

/* A guest is asked to power off, and never anybody else; the others have a process that can be told */
static void do_end(struct run *r, const struct lab_step *s)
{
	struct part *p = run_part(r, s->index);

	if (!part_alive(p)) {
		fail_step(r, NULL, "it has ended before");
		return;
	}
	p->ending = true;
	if ((p->m->kind != KIND_HOST && p->m->kind != KIND_BMC) || channel_run(&p->channel, GUEST_WORDS "poweroff"))
		part_kill(p, SIGTERM);
}

static void do_kill(struct run *r, const struct lab_step *s)
{
	struct part *p = run_part(r, s->index);

	if (!part_alive(p)) {
		fail_step(r, NULL, "it has ended before");
		return;
	}
	p->ending = true;
	part_kill(p, SIGKILL);
}

static void do_start(struct run *r, const struct lab_step *s)
{
	struct part *p = run_part(r, s->index);

	if (part_alive(p))
		fail_step(r, NULL, "it runs");
	else
		part_start(p);
}

/* ---- what happens meanwhile ---- */

void steps_ready(struct run *r, struct part *p)
{
	const struct lab_step *s = r->progress.waiting ? step_of(r) : NULL;

	if (r->state == RUN_UP && s && s->action == DO_START && run_part(r, s->index) == p)
		pass_step(r);
}

/* With SIGTERM a process may end by it, or by its own decision */
static bool clean(const struct part *p)
{
	return p->m->kind == KIND_PROCESS ? !WIFSIGNALED(p->status) || WTERMSIG(p->status) == SIGTERM : !p->status;
}

void steps_ended(struct run *r, struct part *p)
{
	const struct lab_step *s = r->progress.waiting ? step_of(r) : NULL;

	if (r->state != RUN_UP || !s || run_part(r, s->index) != p)
		return;
	if (s->action == DO_KILL || (s->action == DO_END && clean(p)))
		pass_step(r);
	else
		fail_step(r, NULL, "it %s", spawn_end_text(p->status));
}

void steps_poke(struct run *r)
{
	unsigned int i;

	for (i = 0; i < r->lab->nmachines; i++)
		part_poke(&r->part[i]);
	if (r->state != RUN_UP || !r->progress.waiting)
		return;
	if (step_of(r)->action == DO_CONSOLE)
		look_at_console(r);
	else if (step_of(r)->action == DO_ASK)
		ask_now(r);
}

static void on_deadline(void *arg)
{
	struct run *r = arg;
	const struct lab_step *s = step_of(r);
	struct part *p = run_part(r, s->index);
	const struct lab_expect *e;

	switch (s->action) {
	case DO_RUN:
		if (p->channel.ready)
			fail_step(r, channel_forget(&p->channel), "no end within %u s", s->within);
		else
			fail_step(r, NULL, "within %u s nobody in it has said that commands may come", s->within);
		break;
	case DO_ASK:
		e = unmet(s, r->progress.last.s ? r->progress.last.s : "");
		fail_step(r, r->progress.last.s, "after %u s the answer still %s \"%s\"", s->within,
			  e && e->absent ? "has" : "lacks", e ? e->text : "");
		break;
	case DO_CONSOLE:
		fail_step(r, NULL, "no line with \"%s\" within %u s", s->arg, s->within);
		break;
	case DO_START:
		fail_step(r, NULL, "not ready within %u s: %s", s->within, ready_missing(p));
		break;
	default:
		fail_step(r, NULL, "no end within %u s", s->within);
	}
}

static void next_step(struct run *r)
{
	struct progress *g = &r->progress;
	const struct lab_step *s;

	if (r->state != RUN_UP)
		return;
	if (g->step == check_of(r)->nsteps) {
		end_check(r);
		return;
	}
	s = step_of(r);
	g->waiting = true;
	loop_timer_set(r->wl, &g->deadline, loop_now(r->wl) + s->within * NS_PER_S);
	switch (s->action) {
	case DO_RUN:
		do_run(r, s);
		break;
	case DO_HERE:
		do_here(r, s);
		break;
	case DO_ASK:
		text_free(&g->last);
		ask_now(r);
		break;
	case DO_CONSOLE:
		look_at_console(r);
		break;
	case DO_END:
		do_end(r, s);
		break;
	case DO_KILL:
		do_kill(r, s);
		break;
	case DO_START:
		do_start(r, s);
		break;
	}
}

/* ---- life ---- */

void steps_begin(struct run *r)
{
	struct progress *g = &r->progress;

	g->deadline = (struct loop_timer){ .cb = on_deadline, .arg = r };
	g->again = (struct loop_timer){ .cb = ask_now, .arg = r };
	g->ask.on_answer = on_answer;
	g->ask.arg = r;
	begin_check(r);
}

void steps_stop(struct run *r)
{
	struct progress *g = &r->progress;

	if (g->deadline.cb)
		step_is_over(r);
	text_free(&g->last);
	if (r->o->check && r->verdict[0] && g->deadline.cb && g->check < r->lab->nchecks)
		printf("%u checks passed, %u failed, %u not done\n", g->passed, g->failed, r->lab->nchecks - g->check);
}
