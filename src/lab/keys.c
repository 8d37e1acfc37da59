/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of a lab's text: a table of names, where they may stand, and what
 * they set.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

#define DEFAULT_WITHIN	30

/* ---- values ---- */

static unsigned int number(struct parser *p, const char *key, const char *val, const char *unit,
			   unsigned int min, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(val, &end, 10);

	if (val[0] >= '0' && val[0] <= '9' && !*end && n >= min && n <= max)
		return (unsigned int)n;
	lab_error(p->lab, p->line, "%s %s: %s from %u to %u is wanted", key, val, unit, min, max);
	return min;
}

static void append(struct parser *p, struct lab_list *list, const char *text)
{
	struct lab_word *w = &p->lab->word[p->lab->nwords];

	if (p->lab->nwords == LAB_WORDS) {
		lab_error(p->lab, p->line, "too many lines: at most %d of those that may be repeated", LAB_WORDS);
		return;
	}
	p->lab->nwords++;
	if (!list->end)
		list->end = &list->first;
	*w = (struct lab_word){ .text = text, .line = p->line };
	*list->end = w;
	list->end = &w->next;
}

/* ---- keys of the lab ---- */

static void lab_about(struct parser *p, char *val)
{
	p->lab->about = val;
}

static void lab_prepare(struct parser *p, char *val)
{
	append(p, &p->lab->prepare, val);
}

static void lab_fbnicd(struct parser *p, char *val)
{
	if (strncmp(val, "--", 2) || !strncmp(val, "--card", 6) || !strncmp(val, "--control", 9))
		lab_error(p->lab, p->line, "fbnicd %s: an option of fbnicd other than --card and --control is wanted",
			  val);
	append(p, &p->lab->fbnicd, val);
}

/* ---- keys of a card ---- */

static void card_hosts(struct parser *p, char *val)
{
	p->card->hosts = number(p, "hosts", val, "a number", 1, LAB_HOSTS);
}

static void card_state(struct parser *p, char *val)
{
	p->card->state = val;
}

static void card_flag(struct parser *p, const char *key, const char *val, bool *flag)
{
	*flag = !strcmp(val, "yes");
	if (!*flag && strcmp(val, "no"))
		lab_error(p->lab, p->line, "%s %s: yes or no is wanted", key, val);
}

static void card_bmc(struct parser *p, char *val)
{
	card_flag(p, "bmc", val, &p->card->bmc);
}

static void card_firmware(struct parser *p, char *val)
{
	card_flag(p, "firmware", val, &p->card->firmware);
}

/* "option mac=...": what is not said otherwise, checked by fbnicd itself */
static void card_option(struct parser *p, char *val)
{
	static const char *const own[] = { "socket=", "state=", "bmc=", "fwsocket=" };
	size_t i;

	if (!strchr(val, '=') || val[0] == '=') {
		lab_error(p->lab, p->line, "option %s: KEY=VALUE is wanted, as of fbnicd's --card", val);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(own); i++) {
		if (!strncmp(val, own[i], strlen(own[i]))) {
			lab_error(p->lab, p->line, "option %s: %.*s is the lab's own to give", val,
				  (int)strlen(own[i]) - 1, own[i]);
			return;
		}
	}
	if (strchr(val, ','))
		lab_error(p->lab, p->line, "option %s: one KEY=VALUE a line, without commas", val);
	append(p, &p->card->options, val);
}

/* ---- keys of a machine ---- */

static const char *const kinds[] = {
	[KIND_HOST] = "host", [KIND_FIRMWARE] = "firmware", [KIND_BMC] = "bmc", [KIND_PROCESS] = "process",
};

const char *lab_kind_name(enum lab_kind kind)
{
	return kinds[kind];
}

static void machine_kind(struct parser *p, char *val)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(val, kinds[i]))
			p->machine->kind = (enum lab_kind)i;
	if (p->machine->kind == KIND_NONE) {
		lab_error(p->lab, p->line, "kind %s: host, firmware, bmc or process is wanted", val);
		p->machine->kind = KIND_PROCESS;
		p->machine->command = "";	/* no second complaint */
	}
}

static void machine_card(struct parser *p, char *val)
{
	char *slash = strchr(val, '/');

	if (slash) {
		*slash++ = '\0';
		p->machine->card_host = number(p, "card", slash, "after the / a host", 0, LAB_HOSTS - 1);
	}
	p->machine->card = val;
	p->machine->card_line = p->line;
}

#define MACHINE_TEXT(key)						\
static void machine_##key(struct parser *p, char *val)			\
{									\
	p->machine->key = val;						\
}

MACHINE_TEXT(kernel)
MACHINE_TEXT(image)
MACHINE_TEXT(dtb)
MACHINE_TEXT(board)
MACHINE_TEXT(emulator)
MACHINE_TEXT(command)

static void machine_append(struct parser *p, char *val)
{
	append(p, &p->machine->append, val);
}

static void machine_qemu(struct parser *p, char *val)
{
	append(p, &p->machine->qemu, val);
}

static void machine_file(struct parser *p, char *val)
{
	append(p, &p->machine->files, val);
}

static void machine_hint(struct parser *p, char *val)
{
	append(p, &p->machine->hints, val);
}

static void machine_memory(struct parser *p, char *val)
{
	p->machine->memory = number(p, "memory", val, "MiB", 16, 1u << 20);
}

static void machine_cpus(struct parser *p, char *val)
{
	p->machine->cpus = number(p, "cpus", val, "a number", 1, 256);
}

static void machine_console(struct parser *p, char *val)
{
	p->machine->console = number(p, "console", val, "a number", 1, LAB_MACHINES);
	p->machine->console_line = p->line;
}

static void machine_after(struct parser *p, char *val)
{
	while (*val)
		append(p, &p->machine->after, parse_word(&val));
}

static void machine_within(struct parser *p, char *val)
{
	p->machine->within = number(p, "within", val, "seconds", 1, LAB_MAX_SECONDS);
}

/* "fw 0 has ready": the request, then the text that its answer must have */
static void ready_answer(struct parser *p, char *rest)
{
	char *has = strstr(rest, " has ");

	if (!has || has == rest || !has[5]) {
		lab_error(p->lab, p->line, "ready answer: REQUEST has TEXT is wanted");
		return;
	}
	*has = '\0';
	p->machine->ready_arg = rest;
	p->machine->ready_text = has + 5;
}

static void machine_ready(struct parser *p, char *val)
{
	static const struct {
		const char	*name;
		enum lab_ready	ready;
		const char	*wanted;	/* what follows; NULL: nothing */
	} events[] = {
		{ "started", READY_STARTED, NULL },
		{ "channel", READY_CHANNEL, NULL },
		{ "console", READY_CONSOLE, "the text of a line" },
		{ "socket", READY_SOCKET, "a path" },
		{ "answer", READY_ANSWER, "REQUEST has TEXT" },
	};
	char *rest = val, *what = parse_word(&rest);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events) && strcmp(what, events[i].name); i++)
		;
	if (i == ARRAY_SIZE(events)) {
		lab_error(p->lab, p->line, "ready %s: started, channel, console, socket or answer is wanted", what);
		return;
	}
	if (!!events[i].wanted != !!*rest) {
		lab_error(p->lab, p->line, "ready %s: %s is wanted after it", what,
			  events[i].wanted ? events[i].wanted : "nothing");
		return;
	}
	p->machine->ready = events[i].ready;
	p->machine->ready_arg = rest;
	p->machine->ready_line = p->line;
	if (events[i].ready == READY_ANSWER)
		ready_answer(p, rest);
}

/* ---- keys of a check: actions, and what is said of the action before ---- */

static void action(struct parser *p, enum lab_action what, const char *machine, const char *arg)
{
	struct lab *l = p->lab;

	if (l->nsteps == LAB_STEPS) {
		lab_error(l, p->line, "too many steps: at most %d in a lab", LAB_STEPS);
		return;
	}
	p->step = &l->step[l->nsteps++];
	*p->step = (struct lab_step){ .action = what, .line = p->line, .machine = machine, .arg = arg,
				      .within = DEFAULT_WITHIN };
	p->step->expect_end = &p->step->expect;
	p->check->nsteps++;
	p->seen = 0;
}

static void named_action(struct parser *p, enum lab_action what, const char *key, char *val, const char *wanted)
{
	char *rest = val, *name = parse_word(&rest);

	if (!*rest)
		lab_error(p->lab, p->line, "%s %s: %s is wanted after the name", key, name, wanted);
	action(p, what, name, rest);
}

static void check_run(struct parser *p, char *val)
{
	named_action(p, DO_RUN, "run", val, "a command");
}

static void check_console(struct parser *p, char *val)
{
	named_action(p, DO_CONSOLE, "console", val, "the text of a line");
}

static void check_here(struct parser *p, char *val)
{
	action(p, DO_HERE, NULL, val);
}

static void check_ask(struct parser *p, char *val)
{
	action(p, DO_ASK, NULL, val);
}

static void check_end(struct parser *p, char *val)
{
	action(p, DO_END, val, NULL);
}

static void check_kill(struct parser *p, char *val)
{
	action(p, DO_KILL, val, NULL);
}

static void check_start(struct parser *p, char *val)
{
	action(p, DO_START, val, NULL);
}

static bool has_step(struct parser *p, const char *key)
{
	if (p->step)
		return true;
	lab_error(p->lab, p->line, "%s: it belongs after the action that it is about", key);
	return false;
}

static void expect(struct parser *p, const char *key, const char *text, bool absent)
{
	struct lab *l = p->lab;
	struct lab_expect *e = &l->expect[l->nexpects];

	if (!has_step(p, key))
		return;
	if (p->step->action != DO_RUN && p->step->action != DO_HERE && p->step->action != DO_ASK) {
		lab_error(l, p->line, "%s: only run, here and ask have something to say", key);
		return;
	}
	if (l->nexpects == LAB_EXPECTS) {
		lab_error(l, p->line, "too many lines: at most %d of says and lacks", LAB_EXPECTS);
		return;
	}
	l->nexpects++;
	*e = (struct lab_expect){ .text = text, .absent = absent };
	*p->step->expect_end = e;
	p->step->expect_end = &e->next;
}

static void check_says(struct parser *p, char *val)
{
	expect(p, "says", val, false);
}

static void check_lacks(struct parser *p, char *val)
{
	expect(p, "lacks", val, true);
}

static void check_status(struct parser *p, char *val)
{
	if (!has_step(p, "status"))
		return;
	if (p->step->action != DO_RUN && p->step->action != DO_HERE)
		lab_error(p->lab, p->line, "status: only run and here have one");
	p->step->status = (int)number(p, "status", val, "a number", 0, 255);
}

static void check_within(struct parser *p, char *val)
{
	if (has_step(p, "within"))
		p->step->within = number(p, "within", val, "seconds", 1, LAB_MAX_SECONDS);
}

/* ---- keys ---- */

static const struct key {
	const char	*name;
	enum section	section;
	bool		repeats;
	void		(*set)(struct parser *p, char *val);
} keys[] = {
	{ "about", IN_LAB, false, lab_about },
	{ "prepare", IN_LAB, true, lab_prepare },
	{ "fbnicd", IN_LAB, true, lab_fbnicd },

	{ "hosts", IN_CARD, false, card_hosts },
	{ "state", IN_CARD, false, card_state },
	{ "bmc", IN_CARD, false, card_bmc },
	{ "firmware", IN_CARD, false, card_firmware },
	{ "option", IN_CARD, true, card_option },

	{ "kind", IN_MACHINE, false, machine_kind },
	{ "card", IN_MACHINE, false, machine_card },
	{ "kernel", IN_MACHINE, false, machine_kernel },
	{ "image", IN_MACHINE, false, machine_image },
	{ "dtb", IN_MACHINE, false, machine_dtb },
	{ "board", IN_MACHINE, false, machine_board },
	{ "emulator", IN_MACHINE, false, machine_emulator },
	{ "command", IN_MACHINE, false, machine_command },
	{ "append", IN_MACHINE, true, machine_append },
	{ "qemu", IN_MACHINE, true, machine_qemu },
	{ "file", IN_MACHINE, true, machine_file },
	{ "hint", IN_MACHINE, true, machine_hint },
	{ "memory", IN_MACHINE, false, machine_memory },
	{ "cpus", IN_MACHINE, false, machine_cpus },
	{ "console", IN_MACHINE, false, machine_console },
	{ "after", IN_MACHINE, true, machine_after },
	{ "ready", IN_MACHINE, false, machine_ready },
	{ "within", IN_MACHINE, false, machine_within },

	{ "run", IN_CHECK, true, check_run },
	{ "here", IN_CHECK, true, check_here },
	{ "ask", IN_CHECK, true, check_ask },
	{ "console", IN_CHECK, true, check_console },
	{ "end", IN_CHECK, true, check_end },
	{ "kill", IN_CHECK, true, check_kill },
	{ "start", IN_CHECK, true, check_start },
	{ "says", IN_CHECK, true, check_says },
	{ "lacks", IN_CHECK, true, check_lacks },
	{ "status", IN_CHECK, false, check_status },
	{ "within", IN_CHECK, false, check_within },
};

static const char *const section_names[] = {
	[IN_LAB] = "a lab", [IN_CARD] = "a card", [IN_MACHINE] = "a machine", [IN_CHECK] = "a check",
};

static void unknown_key(struct parser *p, const char *name)
{
	char list[400] = "";
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].section == p->section && len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, " %s", keys[i].name);
	lab_error(p->lab, p->line, "%s has no key \"%s\"; it has:%s", section_names[p->section], name, list);
}

void parse_key(struct parser *p, char *line)
{
	char *val = line, *name = parse_word(&val);
	size_t i, nth = 0;

	if (p->section == IN_NOTHING)
		return;			/* of a section that was refused */
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].section != p->section)
			continue;
		if (!strcmp(keys[i].name, name))
			break;
		nth++;
	}
	if (i == ARRAY_SIZE(keys)) {
		unknown_key(p, name);
		return;
	}
	if (!*val) {
		lab_error(p->lab, p->line, "%s: a value is missing", name);
		return;
	}
	if (!keys[i].repeats && (p->seen & (1u << nth))) {
		lab_error(p->lab, p->line, "%s is given twice", name);
		return;
	}
	p->seen |= 1u << nth;
	keys[i].set(p, val);
}

bool parse_is_lab_key(const char *line)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t len = strlen(keys[i].name);

		if (keys[i].section == IN_LAB && !strncmp(line, keys[i].name, len) &&
		    (!line[len] || isblank((unsigned char)line[len])))
			return true;
	}
	return false;
}
