/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vt.h"

enum { GROUND, ESCAPE, CHARSET, CSI, STRING, STRING_ESCAPE };

static struct cell *line(const struct vt *vt, int y)
{
	return vt->cells + (size_t)y * (size_t)vt->cols;
}

static size_t line_size(const struct vt *vt)
{
	return (size_t)vt->cols * sizeof(struct cell);
}

static int clamp(int v, int min, int max)
{
	return v < min ? min : v > max ? max : v;
}

static void blank(const struct vt *vt, int y, int from, int to)
{
	struct cell empty = { .bg = vt->pen.bg };
	int x;

	for (x = from; x < to; x++)
		line(vt, y)[x] = empty;
}

/* ---- scrolling ---- */

static void remember(struct vt *vt, int y)
{
	memcpy(vt->history + (size_t)vt->next_history * (size_t)vt->cols, line(vt, y), line_size(vt));
	vt->next_history = (vt->next_history + 1) % VT_HISTORY;
	if (vt->nhistory < VT_HISTORY)
		vt->nhistory++;
}

/* Lines @from to the bottom move up by one; @keep: what goes is history */
static void scroll_up(struct vt *vt, int from, bool keep)
{
	if (keep && from == 0)
		remember(vt, 0);
	memmove(line(vt, from), line(vt, from + 1), (size_t)(vt->bottom - from) * line_size(vt));
	blank(vt, vt->bottom, 0, vt->cols);
}

static void scroll_down(struct vt *vt, int from)
{
	memmove(line(vt, from + 1), line(vt, from), (size_t)(vt->bottom - from) * line_size(vt));
	blank(vt, from, 0, vt->cols);
}

static void line_feed(struct vt *vt)
{
	if (vt->y == vt->bottom)
		scroll_up(vt, vt->top, true);
	else if (vt->y < vt->rows - 1)
		vt->y++;
}

static void put(struct vt *vt, uint32_t ch)
{
	if (vt->wrap) {
		vt->x = 0;
		line_feed(vt);
	}
	line(vt, vt->y)[vt->x] = vt->pen;
	line(vt, vt->y)[vt->x].ch = ch;
	vt->wrap = vt->x == vt->cols - 1;
	if (!vt->wrap)
		vt->x++;
}

/* ---- sequences ---- */

/* Parameter @i, at least 1 */
static int count(const struct vt *vt, int i)
{
	int n = i < vt->nparams ? vt->param[i] : 0;

	return n ? n : 1;
}

static void erase_display(struct vt *vt)
{
	int how = vt->nparams ? vt->param[0] : 0, y;

	for (y = 0; y < vt->rows; y++)
		if (how >= 2 || (how == 0 && y > vt->y) || (how == 1 && y < vt->y))
			blank(vt, y, 0, vt->cols);
	if (how == 0)
		blank(vt, vt->y, vt->x, vt->cols);
	else if (how == 1)
		blank(vt, vt->y, 0, vt->x + 1);
}

static void erase_line(struct vt *vt)
{
	int how = vt->nparams ? vt->param[0] : 0;

	blank(vt, vt->y, how ? 0 : vt->x, how == 1 ? vt->x + 1 : vt->cols);
}

static void shift_chars(struct vt *vt, int n)
{
	struct cell *at = line(vt, vt->y) + vt->x;
	int left = vt->cols - vt->x, m = clamp(abs(n), 0, left);

	if (n > 0) {
		memmove(at + m, at, (size_t)(left - m) * sizeof(*at));
		blank(vt, vt->y, vt->x, vt->x + m);
	} else {
		memmove(at, at + m, (size_t)(left - m) * sizeof(*at));
		blank(vt, vt->y, vt->cols - m, vt->cols);
	}
}

static void shift_lines(struct vt *vt, int from, int n, bool down)
{
	if (from < vt->top || from > vt->bottom)
		return;
	for (n = clamp(n, 0, vt->rows); n; n--) {
		if (down)
			scroll_down(vt, from);
		else
			scroll_up(vt, from, false);
	}
}

/* One colour or attribute; colours of 256 and of 24 bits are skipped: returns the parameters used */
static int rendition(struct vt *vt, int i)
{
	int v = vt->param[i];

	if (v == 0)
		vt->pen = (struct cell){ 0 };
	else if (v == 1)
		vt->pen.attr |= VT_BOLD;
	else if (v == 4)
		vt->pen.attr |= VT_UNDERLINE;
	else if (v == 7)
		vt->pen.attr |= VT_REVERSE;
	else if (v == 22)
		vt->pen.attr &= (uint8_t)~VT_BOLD;
	else if (v == 24)
		vt->pen.attr &= (uint8_t)~VT_UNDERLINE;
	else if (v == 27)
		vt->pen.attr &= (uint8_t)~VT_REVERSE;
	else if ((v >= 30 && v <= 37) || (v >= 90 && v <= 97))
		vt->pen.fg = (uint8_t)(v >= 90 ? v - 81 : v - 29);
	else if ((v >= 40 && v <= 47) || (v >= 100 && v <= 107))
		vt->pen.bg = (uint8_t)(v >= 100 ? v - 91 : v - 39);
	else if (v == 39)
		vt->pen.fg = 0;
	else if (v == 49)
		vt->pen.bg = 0;
	else if (v == 38 || v == 48)
		return i + 1 < vt->nparams && vt->param[i + 1] == 5 ? 3 : 5;
	return 1;
}

static void renditions(struct vt *vt)
{
	int i = 0;

	if (!vt->nparams)
		vt->nparams = 1;		/* none: 0 */
	while (i < vt->nparams)
		i += rendition(vt, i);
}

static void move_to(struct vt *vt, int y, int x)
{
	vt->y = clamp(y, 0, vt->rows - 1);
	vt->x = clamp(x, 0, vt->cols - 1);
	vt->wrap = false;
}

static void set_region(struct vt *vt)
{
	int top = count(vt, 0) - 1, bottom = vt->nparams > 1 && vt->param[1] ? vt->param[1] - 1 : vt->rows - 1;

	bottom = clamp(bottom, 0, vt->rows - 1);
	if (top >= bottom)
		return;
	vt->top = top;
	vt->bottom = bottom;
	move_to(vt, 0, 0);
}

static void report(struct vt *vt)
{
	if (vt->nparams && vt->param[0] == 6)
		vt->reply_len = (size_t)snprintf(vt->reply, sizeof(vt->reply), "\x1b[%d;%dR", vt->y + 1, vt->x + 1);
}

static void csi(struct vt *vt, char final)
{
	if (vt->private_)
		return;			/* modes: none that matters here */
	switch (final) {
	case 'A': move_to(vt, vt->y - count(vt, 0), vt->x); break;
	case 'B': case 'e': move_to(vt, vt->y + count(vt, 0), vt->x); break;
	case 'C': case 'a': move_to(vt, vt->y, vt->x + count(vt, 0)); break;
	case 'D': move_to(vt, vt->y, vt->x - count(vt, 0)); break;
	case 'E': move_to(vt, vt->y + count(vt, 0), 0); break;
	case 'F': move_to(vt, vt->y - count(vt, 0), 0); break;
	case 'G': case '`': move_to(vt, vt->y, count(vt, 0) - 1); break;
	case 'd': move_to(vt, count(vt, 0) - 1, vt->x); break;
	case 'H': case 'f': move_to(vt, count(vt, 0) - 1, count(vt, 1) - 1); break;
	case 'J': erase_display(vt); break;
	case 'K': erase_line(vt); break;
	case '@': shift_chars(vt, count(vt, 0)); break;
	case 'P': shift_chars(vt, -count(vt, 0)); break;
	case 'X': blank(vt, vt->y, vt->x, clamp(vt->x + count(vt, 0), 0, vt->cols)); break;
	case 'L': shift_lines(vt, vt->y, count(vt, 0), true); break;
	case 'M': shift_lines(vt, vt->y, count(vt, 0), false); break;
	case 'S': shift_lines(vt, vt->top, count(vt, 0), false); break;
	case 'T': shift_lines(vt, vt->top, count(vt, 0), true); break;
	case 'm': renditions(vt); break;
	case 'n': report(vt); break;
	case 'r': set_region(vt); break;
	case 's': vt->saved_x = vt->x; vt->saved_y = vt->y; break;
	case 'u': move_to(vt, vt->saved_y, vt->saved_x); break;
	default: break;
	}
}

static void csi_byte(struct vt *vt, unsigned char ch)
{
	if (ch >= '0' && ch <= '9') {
		int *p = &vt->param[vt->nparams ? vt->nparams - 1 : 0];

		if (!vt->nparams)
			vt->nparams = 1;
		*p = clamp(*p * 10 + ch - '0', 0, 9999);
	} else if (ch == ';' || ch == ':') {
		if (!vt->nparams)
			vt->nparams = 1;
		if (vt->nparams < VT_PARAMS)
			vt->param[vt->nparams++] = 0;
	} else if (ch >= 0x3c && ch <= 0x3f) {
		vt->private_ = true;
	} else if (ch >= 0x40) {
		vt->state = GROUND;
		csi(vt, (char)ch);
	}
}

static void reset(struct vt *vt)
{
	int y;

	vt->pen = (struct cell){ 0 };
	vt->top = 0;
	vt->bottom = vt->rows - 1;
	for (y = 0; y < vt->rows; y++)
		blank(vt, y, 0, vt->cols);
	move_to(vt, 0, 0);
}

static void reverse_feed(struct vt *vt)
{
	if (vt->y == vt->top)
		scroll_down(vt, vt->top);
	else if (vt->y)
		vt->y--;
}

static void escape_byte(struct vt *vt, unsigned char ch)
{
	vt->state = GROUND;
	switch (ch) {
	case '[':
		vt->state = CSI;
		vt->nparams = 0;
		vt->private_ = false;
		memset(vt->param, 0, sizeof(vt->param));
		break;
	case ']': case 'P': case '^': case '_':
		vt->state = STRING;
		break;
	case '(': case ')': case '#': case '%': case ' ':
		vt->state = CHARSET;
		break;
	case '7': vt->saved_x = vt->x; vt->saved_y = vt->y; break;
	case '8': move_to(vt, vt->saved_y, vt->saved_x); break;
	case 'D': line_feed(vt); break;
	case 'E': vt->x = 0; line_feed(vt); break;
	case 'M': reverse_feed(vt); break;
	case 'c': reset(vt); break;
	default: break;
	}
}

static void control(struct vt *vt, unsigned char ch)
{
	switch (ch) {
	case '\n': case '\v': case '\f':
		vt->wrap = false;
		line_feed(vt);
		break;
	case '\r': move_to(vt, vt->y, 0); break;
	case '\b': move_to(vt, vt->y, vt->x - 1); break;
	case '\t': move_to(vt, vt->y, (vt->x | 7) + 1); break;
	case 0x1b: vt->state = ESCAPE; break;
	default: break;
	}
}

/* A character of several bytes; one that is as wide as two, or none, is not shown as itself */
static void utf8_byte(struct vt *vt, unsigned char ch)
{
	if (ch >= 0xc2 && ch < 0xf5) {
		vt->utf8_left = ch >= 0xf0 ? 3 : ch >= 0xe0 ? 2 : 1;
		vt->utf8 = ch & (0x3fu >> vt->utf8_left);
	} else if (ch < 0xc0 && vt->utf8_left) {
		vt->utf8 = vt->utf8 << 6 | (ch & 0x3f);
		if (!--vt->utf8_left)
			put(vt, vt->utf8 >= 0xa0 && vt->utf8 < 0x2e80 && (vt->utf8 < 0x300 || vt->utf8 > 0x36f) &&
			    (vt->utf8 < 0x200b || vt->utf8 > 0x200f) && (vt->utf8 < 0x2028 || vt->utf8 > 0x202e) ?
			    vt->utf8 : '?');
	}
}

static void byte(struct vt *vt, unsigned char ch)
{
	if (ch < 0x20 && vt->state < STRING) {
		control(vt, ch);
		return;
	}
	switch (vt->state) {
	case GROUND:
		if (ch >= 0x80)
			utf8_byte(vt, ch);
		else if (ch != 0x7f)
			put(vt, ch);
		break;
	case ESCAPE: escape_byte(vt, ch); break;
	case CHARSET: vt->state = GROUND; break;
	case CSI: csi_byte(vt, ch); break;
	case STRING:
		if (ch == 7 || ch == '\n')
			vt->state = GROUND;
		else if (ch == 0x1b)
			vt->state = STRING_ESCAPE;
		break;
	default: vt->state = GROUND; break;
	}
}

void vt_feed(struct vt *vt, const char *data, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		byte(vt, (unsigned char)data[i]);
}

/* ---- life ---- */

int vt_init(struct vt *vt, int rows, int cols)
{
	memset(vt, 0, sizeof(*vt));
	vt->rows = clamp(rows, 1, VT_MAX_ROWS);
	vt->cols = clamp(cols, 2, VT_MAX_COLS);
	vt->bottom = vt->rows - 1;
	vt->cells = calloc((size_t)vt->rows * (size_t)vt->cols, sizeof(struct cell));
	vt->history = calloc((size_t)VT_HISTORY * (size_t)vt->cols, sizeof(struct cell));
	if (vt->cells && vt->history)
		return 0;
	vt_free(vt);
	return -ENOMEM;
}

void vt_free(struct vt *vt)
{
	free(vt->cells);
	free(vt->history);
	vt->cells = vt->history = NULL;
}

static void copy_row(struct cell *to, int to_cols, const struct cell *from, int from_cols)
{
	memcpy(to, from, (size_t)(to_cols < from_cols ? to_cols : from_cols) * sizeof(*to));
}

/* Lines are cut or filled, not wrapped again; what no longer fits above goes to the history */
int vt_resize(struct vt *vt, int rows, int cols)
{
	struct vt fresh;
	int y, drop;
	unsigned int i;

	if (rows == vt->rows && cols == vt->cols)
		return 0;
	if (vt_init(&fresh, rows, cols))
		return -ENOMEM;
	for (i = 0; i < vt->nhistory; i++) {
		unsigned int at = (vt->next_history + VT_HISTORY - vt->nhistory + i) % VT_HISTORY;

		copy_row(fresh.history + (size_t)i * (size_t)fresh.cols, fresh.cols,
			 vt->history + (size_t)at * (size_t)vt->cols, vt->cols);
	}
	fresh.nhistory = vt->nhistory;
	fresh.next_history = vt->nhistory % VT_HISTORY;
	drop = vt->y >= fresh.rows ? vt->y - fresh.rows + 1 : 0;
	for (y = 0; y < vt->rows; y++) {
		if (y < drop) {
			copy_row(line(&fresh, 0), fresh.cols, line(vt, y), vt->cols);
			remember(&fresh, 0);
			blank(&fresh, 0, 0, fresh.cols);
		} else if (y - drop < fresh.rows) {
			copy_row(line(&fresh, y - drop), fresh.cols, line(vt, y), vt->cols);
		}
	}
	move_to(&fresh, vt->y - drop, vt->x);
	fresh.pen = vt->pen;
	vt_free(vt);
	*vt = fresh;
	return 0;
}

const struct cell *vt_row(const struct vt *vt, int row, unsigned int back)
{
	unsigned int at;

	if (back > vt->nhistory)
		back = vt->nhistory;
	if ((unsigned int)row >= back)
		return line(vt, row - (int)back);
	at = (vt->next_history + VT_HISTORY - back + (unsigned int)row) % VT_HISTORY;
	return vt->history + (size_t)at * (size_t)vt->cols;
}
