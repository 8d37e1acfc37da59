/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a lab's text can only be judged when all of it has been read: names
 * that are meant, ports that are taken, an order that exists.
 */
#include <string.h>

#include "lab.h"

static int find_card(const struct lab *l, const char *name)
{
	unsigned int i;

	for (i = 0; i < l->ncards; i++)
		if (!strcmp(l->card[i].name, name))
			return (int)i;
	return -1;
}

/* ---- cards and their ports ---- */

static void check_port(struct lab *l, struct lab_machine *m)
{
	const struct lab_card *c = &l->card[m->card_index];
	const struct lab_machine *o;

	if (m->kind == KIND_HOST && m->card_host >= c->hosts) {
		lab_error(l, m->card_line, "card %s has no host %u; it has \"hosts %u\"", c->name, m->card_host,
			  c->hosts);
		return;
	}
	if (m->kind == KIND_BMC && !c->bmc)
		lab_error(l, m->card_line, "card %s has no port for a BMC; \"bmc yes\" gives it one", c->name);
	if (m->kind == KIND_FIRMWARE && !c->firmware)
		lab_error(l, m->card_line, "card %s has its own firmware; \"firmware yes\" lets a machine be it",
			  c->name);
	for (o = l->machine; o < m; o++) {
		if (o->kind != m->kind || o->card_index != m->card_index || o->card_host != m->card_host)
			continue;
		if (m->kind == KIND_HOST)
			lab_error(l, m->card_line, "host %u of card %s is taken by machine %s (line %d)", m->card_host,
				  c->name, o->name, o->card_line);
		else
			lab_error(l, m->card_line, "the %s of card %s is machine %s (line %d) already",
				  lab_kind_name(m->kind), c->name, o->name, o->card_line);
		return;
	}
}

static void check_card_of(struct lab *l, struct lab_machine *m)
{
	if (!m->card) {
		if (m->kind == KIND_BMC || m->kind == KIND_FIRMWARE)
			lab_error(l, m->line, "machine %s: a %s needs a card", m->name, lab_kind_name(m->kind));
		return;
	}
	if (m->kind == KIND_PROCESS) {
		lab_error(l, m->card_line, "machine %s: a process has no card", m->name);
		return;
	}
	m->card_index = find_card(l, m->card);
	if (m->card_index < 0)
		lab_error(l, m->card_line, "card %s: there is no card of this name", m->card);
	else
		check_port(l, m);
}

static void check_firmware(struct lab *l)
{
	unsigned int c, m;

	for (c = 0; c < l->ncards; c++) {
		bool found = !l->card[c].firmware;

		for (m = 0; m < l->nmachines; m++)
			found |= l->machine[m].kind == KIND_FIRMWARE && l->machine[m].card_index == (int)c;
		if (!found)
			lab_error(l, l->card[c].line, "card %s: it says \"firmware yes\", and no machine of kind "
				  "firmware has it", l->card[c].name);
	}
}

/* ---- machines ---- */

static void check_kind(struct lab *l, struct lab_machine *m)
{
	const struct {
		const char	*name;
		bool		given;
	} others[] = {
		{ "kernel", m->kernel }, { "image", m->image }, { "dtb", m->dtb }, { "board", m->board },
		{ "emulator", m->emulator }, { "memory", m->memory }, { "cpus", m->cpus },
		{ "append", m->append.first }, { "qemu", m->qemu.first }, { "file", m->files.first },
		{ "hint", m->hints.first },
	};
	const char *extra = NULL;
	size_t i;

	if (m->kind == KIND_NONE) {
		lab_error(l, m->line, "machine %s: kind is missing (host, firmware, bmc or process)", m->name);
		m->kind = KIND_PROCESS;
		return;
	}
	if (m->kind != KIND_PROCESS) {
		if (m->command)
			lab_error(l, m->line, "machine %s: only a process has a command", m->name);
		if (m->kind == KIND_FIRMWARE && (m->image || m->board || m->append.first || m->files.first))
			lab_error(l, m->line, "machine %s: a firmware has no image, board, append or file", m->name);
		return;
	}
	if (!m->command)
		lab_error(l, m->line, "machine %s: a process needs a command", m->name);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].given)
			extra = others[i].name;
	if (extra)
		lab_error(l, m->line, "machine %s: a process has no %s", m->name, extra);
}

static void check_ready(struct lab *l, struct lab_machine *m)
{
	static const unsigned int patience[] = {
		[KIND_HOST] = 300, [KIND_BMC] = 600, [KIND_FIRMWARE] = 60, [KIND_PROCESS] = 30,
	};

	if (m->ready == READY_DEFAULT) {
		m->ready = READY_STARTED;
		if (m->kind == KIND_HOST || m->kind == KIND_BMC)
			m->ready = READY_CHANNEL;
	} else if (m->ready == READY_CHANNEL && m->kind == KIND_FIRMWARE) {
		lab_error(l, m->ready_line, "ready channel: a firmware has no channel");
	} else if (m->ready == READY_ANSWER && !l->ncards) {
		lab_error(l, m->ready_line, "ready answer: without a card there is no fbnicd to ask");
	}
	if (!m->within)
		m->within = patience[m->kind];
}

/* Those that asked for a console get it, the others what is left, in the order of the text */
static void check_consoles(struct lab *l)
{
	const struct lab_machine *owner[LAB_MACHINES + 1] = { NULL };
	unsigned int i, next = 1;

	for (i = 0; i < l->nmachines; i++) {
		struct lab_machine *m = &l->machine[i];

		if (!m->console)
			continue;
		if (owner[m->console])
			lab_error(l, m->console_line, "console %u is that of machine %s (line %d)", m->console,
				  owner[m->console]->name, owner[m->console]->console_line);
		owner[m->console] = m;
	}
	for (i = 0; i < l->nmachines; i++) {
		if (l->machine[i].console)
			continue;
		while (next < LAB_MACHINES && owner[next])
			next++;
		l->machine[i].console = next;
		owner[next] = &l->machine[i];
	}
}

/* ---- order ---- */

static void check_after(struct lab *l, struct lab_machine *m)
{
	const struct lab_word *w;

	for (w = m->after.first; w; w = w->next) {
		int i = lab_find_machine(l, w->text);

		if (i < 0)
			lab_error(l, w->line, "after %s: there is no machine of this name", w->text);
		else if (m == &l->machine[i])
			lab_error(l, w->line, "after %s: a machine cannot wait for itself", w->text);
		else
			m->needs |= 1u << i;
	}
}

/* Take away, again and again, those that wait for nobody who is left: who stays, waits for ever */
static void check_order(struct lab *l)
{
	unsigned int left = (1u << l->nmachines) - 1, before = 0, i;

	while (left != before) {
		before = left;
		for (i = 0; i < l->nmachines; i++)
			if (!(l->machine[i].needs & left))
				left &= ~(1u << i);
	}
	for (i = 0; i < l->nmachines; i++) {
		if (left & (1u << i)) {
			lab_error(l, l->machine[i].after.first->line,
				  "machine %s waits for a machine that waits, in the end, for %s", l->machine[i].name,
				  l->machine[i].name);
			return;
		}
	}
}

/* ---- checks ---- */

static void check_step(struct lab *l, struct lab_step *s)
{
	const struct lab_machine *m;

	s->index = -1;
	if (s->action == DO_ASK && !l->ncards)
		lab_error(l, s->line, "ask: without a card there is no fbnicd to ask");
	if (!s->machine || (s->action == DO_CONSOLE && !strcmp(s->machine, "fbnicd") && l->ncards))
		return;
	s->index = lab_find_machine(l, s->machine);
	if (s->index < 0) {
		lab_error(l, s->line, "there is no machine \"%s\"", s->machine);
		return;
	}
	m = &l->machine[s->index];
	if (s->action == DO_RUN && m->kind == KIND_FIRMWARE)
		lab_error(l, s->line, "run %s: a firmware has no channel for commands", m->name);
}

static void check_checks(struct lab *l)
{
	unsigned int i;

	for (i = 0; i < l->nchecks; i++)
		if (!l->check[i].nsteps)
			lab_error(l, l->check[i].line, "check %s: it does nothing", l->check[i].title);
	for (i = 0; i < l->nsteps; i++)
		check_step(l, &l->step[i]);
}

void lab_check(struct lab *l)
{
	unsigned int i;

	if (!l->nmachines && !l->errors)
		lab_error(l, 1, "a lab has at least one machine");
	for (i = 0; i < l->nmachines; i++) {
		check_kind(l, &l->machine[i]);
		check_card_of(l, &l->machine[i]);
		check_ready(l, &l->machine[i]);
		check_after(l, &l->machine[i]);
	}
	check_firmware(l);
	check_consoles(l);
	check_order(l);
	check_checks(l);
}
