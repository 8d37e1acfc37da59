/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine says, in lines: kept for a while, written to a log as it came,
 * searched for a text that somebody waits for.
 *
 * A console is not trusted: control characters do not get further than the log.
 */
#ifndef OPENFBNIC_LAB_CONSOLE_H
#define OPENFBNIC_LAB_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_LINE	1024
#define CONSOLE_KEPT	2048		/* lines */

struct console {
	const char	*name;
	int		log;		/* -1: none */
	void		(*on_line)(void *arg, const char *line);
	void		*arg;
	/* its own */
	char		line[CONSOLE_LINE];
	size_t		len;
	uint8_t		escape;		/* where in an escape sequence */
	char		*kept[CONSOLE_KEPT];
	uint64_t	lines;		/* so many have been complete */
};

void console_init(struct console *c, const char *name, int log);
void console_free(struct console *c);
void console_feed(struct console *c, const char *data, size_t n);
void console_flush(struct console *c);		/* an incomplete line is one: its machine has ended */

/* Is @text in a line from number @since on, or in the one that is not complete yet? */
bool console_has(const struct console *c, uint64_t since, const char *text);

/* The last lines, on standard error, each with the name before it */
void console_tail(const struct console *c, unsigned int n);

#endif
