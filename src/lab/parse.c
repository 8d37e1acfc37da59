/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of labs: sections that begin in the first column, lines "key
 * value" in them, which are indented; # begins a comment line, and a backslash
 * at the end goes on with the next line.  A value is the rest of its line: no
 * quotes, no escapes.
 *
 * Parsing goes on after a mistake, so that all are told at once.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

#define MAX_ERRORS	20

void lab_error(struct lab *l, int line, const char *fmt, ...)
{
	va_list ap;

	if (l->errors++ >= MAX_ERRORS)
		return;
	if (line)
		fprintf(stderr, "%s:%d: ", l->file, line);
	else
		fputs("fbnic-lab: --set: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (l->errors == MAX_ERRORS)
		fprintf(stderr, "%s: more mistakes are not told\n", l->file);
}

/* The first word of *@s; *@s becomes what follows it */
char *parse_word(char **s)
{
	char *word = *s + strspn(*s, " \t"), *end = word + strcspn(word, " \t");

	*s = end + strspn(end, " \t");
	*end = '\0';
	return word;
}

/* Names are parts of file names and of socket paths, and are printed before each line */
static bool good_name(struct parser *p, const char *what, const char *name)
{
	static const char *const taken[] = { "fbnicd", "lab", "control", "here" };
	size_t i, len = strlen(name);

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && (!i || !strchr("-_", name[i])))
			break;
	if (!len || i < len || len > LAB_NAME_MAX) {
		lab_error(p->lab, p->line, "%s \"%s\": a name has 1 to %d letters, digits, - and _", what, name,
			  LAB_NAME_MAX);
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		if (!strcmp(name, taken[i])) {
			lab_error(p->lab, p->line, "%s %s: this name is taken", what, name);
			return false;
		}
	}
	return true;
}

/* ---- sections ---- */

static void begin_card(struct parser *p, const char *name)
{
	struct lab *l = p->lab;
	unsigned int i;

	if (!good_name(p, "card", name))
		return;
	for (i = 0; i < l->ncards; i++) {
		if (!strcmp(l->card[i].name, name)) {
			lab_error(l, p->line, "card %s: line %d has a card of this name", name, l->card[i].line);
			return;
		}
	}
	if (l->ncards == LAB_CARDS) {
		lab_error(l, p->line, "card %s: at most %d cards", name, LAB_CARDS);
		return;
	}
	p->card = &l->card[l->ncards++];
	*p->card = (struct lab_card){ .name = name, .line = p->line, .hosts = 1 };
	p->section = IN_CARD;
}

static void begin_machine(struct parser *p, const char *name)
{
	struct lab *l = p->lab;
	int other = lab_find_machine(l, name);

	if (!good_name(p, "machine", name))
		return;
	if (other >= 0) {
		lab_error(l, p->line, "machine %s: line %d has a machine of this name", name, l->machine[other].line);
		return;
	}
	if (l->nmachines == LAB_MACHINES) {
		lab_error(l, p->line, "machine %s: at most %d machines", name, LAB_MACHINES);
		return;
	}
	p->machine = &l->machine[l->nmachines++];
	*p->machine = (struct lab_machine){ .name = name, .line = p->line, .card_index = -1 };
	p->section = IN_MACHINE;
}

static void begin_check(struct parser *p, const char *title)
{
	struct lab *l = p->lab;
	unsigned int i;

	for (i = 0; i < l->nchecks; i++) {
		if (!strcmp(l->check[i].title, title)) {
			lab_error(l, p->line, "check %s: line %d has a check of this title", title, l->check[i].line);
			return;
		}
	}
	if (l->nchecks == LAB_CHECKS) {
		lab_error(l, p->line, "check %s: at most %d checks", title, LAB_CHECKS);
		return;
	}
	p->check = &l->check[l->nchecks++];
	*p->check = (struct lab_check){ .title = title, .line = p->line, .first = l->nsteps };
	p->step = NULL;
	p->section = IN_CHECK;
}

static void parse_section(struct parser *p, char *line)
{
	static const struct {
		const char *name;
		void (*begin)(struct parser *p, const char *name);
	} sections[] = {
		{ "card", begin_card }, { "machine", begin_machine }, { "check", begin_check },
	};
	char *val = line, *word;
	size_t i;

	/* What is said of the lab itself stands in the first column too */
	if (parse_is_lab_key(line)) {
		p->section = IN_LAB;
		p->seen = p->lab_seen;
		parse_key(p, line);
		p->lab_seen = p->seen;
		p->section = IN_NOTHING;
		return;
	}
	word = parse_word(&val);
	p->section = IN_NOTHING;
	p->seen = 0;
	for (i = 0; i < ARRAY_SIZE(sections) && strcmp(word, sections[i].name); i++)
		;
	if (i == ARRAY_SIZE(sections))
		lab_error(p->lab, p->line, "\"%s\" begins nothing; card, machine, check, about, prepare and fbnicd do, "
			  "and what belongs to them is indented", word);
	else if (!*val)
		lab_error(p->lab, p->line, "%s: a name is missing", word);
	else
		sections[i].begin(p, val);
}

/* ---- lines ---- */

/* The line at *@text, with those it goes on in; *@text and *@lines move on */
static char *take_line(char **text, int *lines)
{
	char *line = *text, *end;

	*lines = 0;
	for (;;) {
		end = *text + strcspn(*text, "\n");
		*text = *end ? end + 1 : end;
		++*lines;
		if (end == line || end[-1] != '\\' || !*end)
			break;
		end[-1] = *end = ' ';
	}
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return line;
}

int lab_find_machine(const struct lab *l, const char *name)
{
	unsigned int i;

	for (i = 0; i < l->nmachines; i++)
		if (!strcmp(l->machine[i].name, name))
			return (int)i;
	return -1;
}

/* "MACHINE.KEY=VALUE" is the line "KEY VALUE" in that machine's section */
static void parse_set(struct parser *p, char *set)
{
	char *dot = strchr(set, '.'), *eq = dot ? strchr(dot, '=') : NULL;
	int i;

	if (!eq) {
		lab_error(p->lab, 0, "%s: MACHINE.KEY=VALUE is wanted", set);
		return;
	}
	*dot = '\0';
	*eq = ' ';
	i = lab_find_machine(p->lab, set);
	if (i < 0) {
		lab_error(p->lab, 0, "%s: there is no machine of this name", set);
		return;
	}
	p->machine = &p->lab->machine[i];
	p->section = IN_MACHINE;
	p->seen = 0;
	parse_key(p, dot + 1);
}

unsigned int lab_parse(struct lab *l, const char *file, char *text, char *const *sets, unsigned int nsets)
{
	struct parser p = { .lab = l, .line = 1, .section = IN_NOTHING };
	bool any = false;
	unsigned int i;
	int lines;

	memset(l, 0, sizeof(*l));
	l->file = file;
	for (; *text; p.line += lines) {
		char *line = take_line(&text, &lines), *first = line + strspn(line, " \t");

		if (!*first || *first == '#')
			continue;
		if (first == line)
			parse_section(&p, line);
		else if (p.section == IN_NOTHING && !any)
			lab_error(l, p.line, "an indented line with nothing that it could belong to");
		else
			parse_key(&p, first);
		any = true;
	}
	p.line = 0;
	for (i = 0; i < nsets; i++)
		parse_set(&p, sets[i]);
	lab_check(l);
	return l->errors;
}
