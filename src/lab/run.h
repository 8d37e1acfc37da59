/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab that runs: its parts, which are fbnicd and the machines, from their start to
 * their end, and the checks.
 */
#ifndef OPENFBNIC_LAB_RUN_H
#define OPENFBNIC_LAB_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../loop/loop.h"
#include "ask.h"
#include "channel.h"
#include "console.h"
#include "keeper.h"
#include "lab.h"

#define NS_PER_S	UINT64_C(1000000000)
#define NS_PER_MS	UINT64_C(1000000)

struct run_options {
	bool		check, plain, keep, verbose;
	const char	*log;		/* a directory, or NULL */
};

enum part_state { PART_WAITING, PART_STARTED, PART_READY, PART_ENDED };

struct part {
	struct run	*run;
	const struct lab_machine *m;	/* NULL: fbnicd */
	const char	*name;
	enum part_state	state;
	bool		ending;		/* its end is wanted */
	int		status;		/* how it ended, a wait status */
	pid_t		pid;
	uint64_t	started, ready_at;
	struct loop_fd	life;		/* a pidfd */
	struct loop_fd	io;		/* console */
	struct loop_fd	says;		/* what QEMU itself says; not of a process */
	struct loop_timer deadline;
	struct console	console;
	uint64_t	searched;	/* lines of it, for the text that means ready */
	struct channel	channel;
	struct ask	ask;
	struct loop_fd	inotify;
	struct loop_timer look;		/* again at a socket, or for an answer */
	/* found by paths.c */
	const char	*emulator, *accel, *kernel, *image, *dtb, *board;
	unsigned int	uart;		/* a BMC's, beside its console */
};

enum run_state { RUN_PREPARING, RUN_RISING, RUN_UP, RUN_FALLING };

/* The check that is going on */
struct progress {
	unsigned int	check, step;	/* indices; check == nchecks: all done */
	unsigned int	passed, failed;
	bool		waiting;	/* for the end of the step */
	uint64_t	begun;
	uint64_t	mark[LAB_MACHINES + 1];	/* lines of each console when the check began; last: fbnicd */
	struct loop_timer deadline, again;
	struct ask	ask;
	struct helper	helper;
	struct text	last;		/* the last answer */
	char		detail[100];
};

struct run {
	struct lab	*lab;
	const struct run_options *o;
	const struct kept *kept;
	bool		orphan;		/* the keeper is gone */
	enum run_state	state;
	int		status;
	char		verdict[700];	/* why it ends, when that needs words */
	const struct part *culprit;	/* whose console belongs to it */
	struct loop	*loop;
	struct wire_loop *wl;
	struct loop_fd	lifeline, signals;
	struct part	fbnicd;
	struct part	part[LAB_MACHINES];
	struct progress	progress;
	struct screen	*screen;	/* NULL: none */
	unsigned int	width;		/* of the longest name */
	uint64_t	started;
};

/* run.c */
int run_lab(void *arg, const struct kept *kept);	/* @arg: a struct run with lab and o */
void run_up_or_more(struct run *r, const struct part *news);	/* @news is ready: start who waited for it */
void run_stop(struct run *r, int status);
__attribute__((format(printf, 3, 4)))
void run_fail(struct run *r, const struct part *culprit, const char *fmt, ...);
__attribute__((format(printf, 2, 3)))
void run_print(struct run *r, const char *fmt, ...);	/* to standard output; nobody reads it: the end */
__attribute__((format(printf, 2, 3)))
void run_say(struct run *r, const char *fmt, ...);
__attribute__((format(printf, 4, 5)))
void run_result(struct run *r, bool ok, const char *what, const char *fmt, ...);
/*
 * A command to its end, before the lab is up; its output in @out.  @what is said if that takes
 * more than a moment.  False: told why, or stopped.
 */
bool run_tool(struct run *r, const char *what, const char *const *argv, const char *cwd, struct text *out, int *status);
struct part *run_part(struct run *r, int index);	/* -1: fbnicd */

/* part.c */
void part_init(struct part *p, struct run *r, const struct lab_machine *m);
void part_free(struct part *p);
void part_start(struct part *p);
void part_ready(struct part *p);
void part_kill(struct part *p, int sig);
bool part_alive(const struct part *p);
bool part_input(struct part *p, const char *data, size_t n);	/* to its console */
void part_poke(struct part *p);		/* something happened somewhere: ask again */
double part_seconds(uint64_t ns);

/* ready.c */
void ready_watch(struct part *p);	/* it has just been started */
void ready_forget(struct part *p);	/* it is ready, or has ended */
void ready_console(struct part *p);	/* its console has said something */
const char *ready_missing(const struct part *p);	/* "its channel did not answer" */

/* paths.c: -1 after a sentence */
int paths_find(struct run *r);
const char *paths_fbnicd(void);
const char *paths_expand(const struct run *r, const char *text);	/* {dir} */
const char *paths_file(const struct run *r, const char *name);		/* relative to the lab's text */

/* qemu.c */
#define MAX_ARGS	160

struct args {
	const char	*v[MAX_ARGS + 1];
	unsigned int	n;
};

__attribute__((format(printf, 2, 3)))
void args_add(struct args *a, const char *fmt, ...);
void args_free(struct args *a);
void command_fbnicd(const struct run *r, struct args *a);
void command_machine(const struct part *p, struct args *a);
const char *command_socket(const struct run *r, const struct lab_card *c, unsigned int host);

/* archive.c: DIR/NAME.initrd for machines with an image.  -1 after a sentence */
int archive_make(const struct part *p);

/* steps.c */
void steps_begin(struct run *r);
void steps_poke(struct run *r);			/* something was said */
void steps_ready(struct run *r, struct part *p);
void steps_channel(struct run *r, struct part *p);	/* commands may come */
void steps_ended(struct run *r, struct part *p);	/* its end was wanted */
void steps_done(struct part *p, int status, const char *output);	/* a command on its channel */
void steps_stop(struct run *r);

#endif
