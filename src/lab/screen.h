/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The consoles as panes of one terminal.
 */
#ifndef OPENFBNIC_LAB_SCREEN_H
#define OPENFBNIC_LAB_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

struct part;
struct run;
struct screen;

struct screen *screen_open(struct run *r);	/* NULL: this terminal cannot */
void screen_close(struct screen *s);		/* the terminal as it was */
/* @text: lines end with a newline alone, as a process writes them; a serial line has its own carriage returns */
void screen_feed(struct screen *s, const struct part *p, const char *data, size_t n, bool text);
bool screen_size(struct screen *s, const struct part *p, int *rows, int *cols);	/* of its pane, if it is seen */
void screen_say(struct screen *s, const char *line);

/* For whoever survives the process that had the screen open */
void screen_reset_terminal(void);

#endif
