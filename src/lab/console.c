/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"

enum { PLAIN, ESCAPE, CSI, STRING, STRING_ESCAPE };

void console_init(struct console *c, const char *name, int log)
{
	c->name = name;
	c->log = log;
	c->len = 0;
	c->escape = PLAIN;
	c->lines = 0;
	memset(c->kept, 0, sizeof(c->kept));
}

void console_free(struct console *c)
{
	unsigned int i;

	for (i = 0; i < CONSOLE_KEPT; i++)
		free(c->kept[i]);
	if (c->log >= 0)
		close(c->log);
	c->log = -1;
}

static void end_line(struct console *c)
{
	char **kept = &c->kept[c->lines % CONSOLE_KEPT];

	c->line[c->len] = '\0';
	free(*kept);
	*kept = strdup(c->line);
	c->lines++;
	c->len = 0;
	if (c->on_line)
		c->on_line(c->arg, c->line);
}

/* True: @ch belongs to an escape sequence */
static bool escapes(struct console *c, unsigned char ch)
{
	switch (c->escape) {
	case PLAIN:
		if (ch != 0x1b)
			return false;
		c->escape = ESCAPE;
		return true;
	case ESCAPE:
		if (ch == '[')
			c->escape = CSI;
		else if (ch == ']' || ch == 'P' || ch == '^' || ch == '_')
			c->escape = STRING;
		else if (ch >= 0x30 || ch < 0x20)	/* 0x20 to 0x2f: one more follows */
			c->escape = PLAIN;
		return true;
	case CSI:
		if (ch >= 0x40 || ch < 0x20)
			c->escape = PLAIN;
		return ch != '\n';
	case STRING:
		if (ch == 0x1b)
			c->escape = STRING_ESCAPE;
		else if (ch == 7 || ch == '\n')
			c->escape = PLAIN;
		return ch != '\n';
	default:
		c->escape = PLAIN;
		return true;
	}
}

void console_feed(struct console *c, const char *data, size_t n)
{
	size_t i;

	if (c->log >= 0 && write(c->log, data, n) < 0) {
		fprintf(stderr, "fbnic-lab: the log of %s cannot be written; it ends here\n", c->name);
		close(c->log);
		c->log = -1;
	}
	for (i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)data[i];

		if (escapes(c, ch))
			continue;
		if (ch == '\n' || c->len == CONSOLE_LINE - 1)
			end_line(c);
		if (ch == '\t' || ch == '\b')
			ch = ' ';
		if (ch >= 0x20 && ch != 0x7f)
			c->line[c->len++] = (char)ch;
	}
}

void console_flush(struct console *c)
{
	if (c->len)
		end_line(c);
}

bool console_has(const struct console *c, uint64_t since, const char *text)
{
	uint64_t i = c->lines > CONSOLE_KEPT && since < c->lines - CONSOLE_KEPT ? c->lines - CONSOLE_KEPT : since;
	char partial[CONSOLE_LINE];

	for (; i < c->lines; i++) {
		const char *line = c->kept[i % CONSOLE_KEPT];

		if (line && strstr(line, text))
			return true;
	}
	memcpy(partial, c->line, c->len);
	partial[c->len] = '\0';
	return strstr(partial, text);
}

void console_tail(const struct console *c, unsigned int n)
{
	uint64_t i = c->lines > n ? c->lines - n : 0;

	for (; i < c->lines; i++)
		fprintf(stderr, "  %s | %s\n", c->name, c->kept[i % CONSOLE_KEPT] ? c->kept[i % CONSOLE_KEPT] : "");
	if (c->len)
		fprintf(stderr, "  %s | %.*s\n", c->name, (int)c->len, c->line);
	if (!c->lines && !c->len)
		fprintf(stderr, "  %s | (it has said nothing)\n", c->name);
}
