/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal as a serial console expects one: what firmware, kernels, shells
 * and editors use of a VT100.  It has cells, and a history above them.
 */
#ifndef OPENFBNIC_LAB_VT_H
#define OPENFBNIC_LAB_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VT_HISTORY	1000
#define VT_MAX_ROWS	300
#define VT_MAX_COLS	500
#define VT_PARAMS	8

enum { VT_BOLD = 1, VT_UNDERLINE = 2, VT_REVERSE = 4 };

struct cell {
	uint32_t	ch;		/* 0 is a blank */
	uint8_t		fg, bg;		/* 0: the terminal's own, else a colour + 1 */
	uint8_t		attr;
};

struct vt {
	int		rows, cols;
	struct cell	*cells;
	struct cell	*history;	/* a ring of VT_HISTORY lines */
	unsigned int	nhistory, next_history;
	int		x, y, saved_x, saved_y;
	int		top, bottom;	/* the lines that scroll, both included */
	struct cell	pen;
	bool		wrap;		/* the next character begins a line */
	/* the sequence that is being read */
	int		state;
	int		param[VT_PARAMS], nparams;
	bool		private_;
	uint32_t	utf8;
	int		utf8_left;
	/* an answer that it wants to give */
	char		reply[32];
	size_t		reply_len;
};

int vt_init(struct vt *vt, int rows, int cols);		/* 0 or -ENOMEM */
int vt_resize(struct vt *vt, int rows, int cols);	/* the last lines stay */
void vt_free(struct vt *vt);
void vt_feed(struct vt *vt, const char *data, size_t n);

/* Row @row of what is seen when it is scrolled back by @back lines */
const struct cell *vt_row(const struct vt *vt, int row, unsigned int back);

#endif
