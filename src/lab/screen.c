/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Panes are stacked: the machines' in the order of their keys, each below a
 * title, and at the bottom a small one for what the lab and fbnicd say.  Zoomed,
 * or in a small terminal, there is only the one that has the keyboard.
 *
 * What the terminal shows is remembered; before the loop sleeps, the cells
 * that differ are written.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "run.h"
#include "screen.h"
#include "vt.h"

#define PREFIX		0x01		/* Ctrl-A */
#define LAB_ROWS	5		/* of the lab's own pane */
#define MIN_ROWS	3
#define ENTER		"\x1b[?1049h\x1b[2J"
#define LEAVE		"\x1b[?1049l\x1b[0m\x1b[?25h"

struct pane {
	struct part	*part;		/* NULL: the lab's */
	struct vt	vt;
	int		top, rows;	/* on the terminal, without the title; 0 rows: hidden */
	unsigned int	back;		/* scrolled back by so many lines */
};

struct screen {
	struct run	*run;
	struct pane	pane[LAB_MACHINES + 1];
	unsigned int	npanes, focus;	/* the last one is the lab's */
	bool		zoom, prefixed, dirty;
	int		rows, cols;
	struct cell	*shown, *next;
	struct loop_fd	keys, winch;
	struct loop_hook hook;
	struct termios	term;
};

/* ---- layout ---- */

static void place(struct pane *p, int *row, int rows, int cols)
{
	p->top = *row + 1;
	p->rows = rows;
	*row += rows + 1;
	vt_resize(&p->vt, rows, cols);
}

static void layout(struct screen *s)
{
	int machines = (int)s->npanes - 1, lab = LAB_ROWS + 1, row = 0, each, i;

	each = (s->rows - lab) / machines - 1;
	for (i = 0; i <= machines; i++)
		s->pane[i].rows = 0;
	if (s->zoom || each < MIN_ROWS) {
		place(&s->pane[s->focus], &row, s->rows - 1, s->cols);
	} else {
		for (i = 0; i < machines; i++)
			place(&s->pane[i], &row, each, s->cols);
		place(&s->pane[machines], &row, s->rows - row - 1, s->cols);
	}
	s->dirty = true;
}

static int measure(struct screen *s)
{
	struct winsize w = { .ws_row = 24, .ws_col = 80 };
	size_t cells;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	s->rows = w.ws_row < 4 ? 4 : w.ws_row > VT_MAX_ROWS ? VT_MAX_ROWS : w.ws_row;
	s->cols = w.ws_col < 20 ? 20 : w.ws_col > VT_MAX_COLS ? VT_MAX_COLS : w.ws_col;
	cells = (size_t)s->rows * (size_t)s->cols;
	free(s->shown);
	free(s->next);
	s->shown = malloc(cells * sizeof(*s->shown));
	s->next = malloc(cells * sizeof(*s->next));
	if (!s->shown || !s->next)
		return -1;
	memset(s->shown, 0xff, cells * sizeof(*s->shown));	/* nothing that could be equal */
	return 0;
}

/* ---- drawing ---- */

static void compose_title(struct screen *s, unsigned int i)
{
	const struct pane *p = &s->pane[i];
	struct cell *row = s->next + (size_t)(p->top - 1) * (size_t)s->cols;
	static const char *const states[] = { "waits", "starting", "ready", "ended" };
	char text[200];
	int x, len;

	if (p->part)
		len = snprintf(text, sizeof(text), " %u %s (%s)", p->part->m->console, p->part->name,
			       states[p->part->state]);
	else
		len = snprintf(text, sizeof(text), " 0 lab");
	if (p->back && len > 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len, ", %u lines back", p->back);
	if (i == s->focus && len > 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s",
				s->prefixed ? "   Ctrl-A: 1-9 n p z u d q ?" : "   <- keyboard; Ctrl-A ? for help");
	for (x = 0; x < s->cols; x++) {
		row[x] = (struct cell){ .ch = x < len ? (uint32_t)text[x] : ' ', .attr = VT_REVERSE };
		if (i == s->focus)
			row[x].attr |= VT_BOLD;
	}
}

static void compose(struct screen *s)
{
	unsigned int i;
	int y;

	memset(s->next, 0, (size_t)s->rows * (size_t)s->cols * sizeof(*s->next));
	for (i = 0; i < s->npanes; i++) {
		const struct pane *p = &s->pane[i];

		if (!p->rows)
			continue;
		compose_title(s, i);
		for (y = 0; y < p->rows && y < p->vt.rows; y++)
			memcpy(s->next + (size_t)(p->top + y) * (size_t)s->cols, vt_row(&p->vt, y, p->back),
			       (size_t)(s->cols < p->vt.cols ? s->cols : p->vt.cols) * sizeof(struct cell));
	}
}

static void emit_colour(FILE *f, unsigned int colour, unsigned int base)
{
	if (colour)
		fprintf(f, ";%u", colour <= 8 ? base + colour - 1 : base + 60 + colour - 9);
}

static void emit_pen(FILE *f, const struct cell *c)
{
	fputs("\x1b[0", f);
	if (c->attr & VT_BOLD)
		fputs(";1", f);
	if (c->attr & VT_UNDERLINE)
		fputs(";4", f);
	if (c->attr & VT_REVERSE)
		fputs(";7", f);
	emit_colour(f, c->fg, 30);
	emit_colour(f, c->bg, 40);
	putc('m', f);
}

static void emit_char(FILE *f, uint32_t ch)
{
	if (ch < 0x80) {
		putc(ch ? (int)ch : ' ', f);
	} else if (ch < 0x800) {
		putc((int)(0xc0 | ch >> 6), f);
		putc((int)(0x80 | (ch & 0x3f)), f);
	} else {
		putc((int)(0xe0 | ch >> 12), f);
		putc((int)(0x80 | (ch >> 6 & 0x3f)), f);
		putc((int)(0x80 | (ch & 0x3f)), f);
	}
}

static bool same_pen(const struct cell *a, const struct cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attr == b->attr;
}

static void emit(struct screen *s, FILE *f)
{
	const struct cell *pen = NULL;
	int y, x, at_y = -1, at_x = -1;

	for (y = 0; y < s->rows; y++) {
		for (x = 0; x < s->cols; x++) {
			size_t i = (size_t)y * (size_t)s->cols + (size_t)x;
			const struct cell *c = &s->next[i];

			if (c->ch == s->shown[i].ch && same_pen(c, &s->shown[i]))
				continue;
			if (y != at_y || x != at_x)
				fprintf(f, "\x1b[%d;%dH", y + 1, x + 1);
			if (!pen || !same_pen(pen, c))
				emit_pen(f, c);
			pen = c;
			emit_char(f, c->ch);
			s->shown[i] = *c;
			at_y = y;
			at_x = x + 1;
		}
	}
	fputs("\x1b[0m", f);
}

static bool draw(void *arg)
{
	struct screen *s = arg;
	const struct pane *p = &s->pane[s->focus];

	if (!s->dirty)
		return false;
	s->dirty = false;
	compose(s);
	fputs("\x1b[?25l", stdout);
	emit(s, stdout);
	if (p->part && p->rows && !p->back)
		printf("\x1b[%d;%dH\x1b[?25h", p->top + p->vt.y + 1, p->vt.x + 1);
	fflush(stdout);
	return false;
}

/* ---- what the panes show ---- */

static struct pane *pane_of(struct screen *s, const struct part *p)
{
	unsigned int i;

	for (i = 0; i < s->npanes - 1; i++)
		if (s->pane[i].part == p)
			return &s->pane[i];
	return &s->pane[s->npanes - 1];
}

static void feed(struct screen *s, struct pane *p, const char *data, size_t n, bool add_cr)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (add_cr && data[i] == '\n')
			vt_feed(&p->vt, "\r", 1);
		vt_feed(&p->vt, data + i, 1);
	}
	if (p->vt.reply_len && p->part)
		part_input(p->part, p->vt.reply, p->vt.reply_len);
	p->vt.reply_len = 0;
	s->dirty = true;
}

void screen_feed(struct screen *s, const struct part *p, const char *data, size_t n, bool text)
{
	feed(s, pane_of(s, p), data, n, text);
}

bool screen_size(struct screen *s, const struct part *p, int *rows, int *cols)
{
	const struct pane *pane = pane_of(s, p);

	*rows = pane->rows;
	*cols = s->cols;
	return pane->rows;
}

void screen_say(struct screen *s, const char *line)
{
	struct pane *p = &s->pane[s->npanes - 1];

	feed(s, p, line, strlen(line), true);
	feed(s, p, "\n", 1, true);
}

/* ---- keys ---- */

static void focus(struct screen *s, unsigned int i)
{
	s->focus = i % s->npanes;
	layout(s);
}

static void scroll(struct screen *s, int direction)
{
	struct pane *p = &s->pane[s->focus];
	unsigned int step = (unsigned int)(p->vt.rows > 3 ? p->vt.rows / 2 : 1);

	if (direction > 0)
		p->back = p->back + step < p->vt.nhistory ? p->back + step : p->vt.nhistory;
	else
		p->back = p->back > step ? p->back - step : 0;
	s->dirty = true;
}

static void help(struct screen *s)
{
	screen_say(s, "After Ctrl-A:  1 to 9 a machine's pane, 0 this one;  n next, p previous;  z zoom");
	screen_say(s, "               u up, d down in what has been said;  a sends Ctrl-A;  q ends the lab");
}

static void command_key(struct screen *s, char key)
{
	unsigned int i;

	switch (key) {
	case 'n': case '\t': case ' ': focus(s, s->focus + 1); break;
	case 'p': focus(s, s->focus + s->npanes - 1); break;
	case 'z': s->zoom = !s->zoom; layout(s); break;
	case 'u': case '[': scroll(s, 1); break;
	case 'd': scroll(s, -1); break;
	case 'q': run_stop(s->run, 0); break;
	case '?': case 'h': help(s); break;
	case '0': focus(s, s->npanes - 1); break;
	case 'a': case PREFIX:
		key = PREFIX;
		if (s->pane[s->focus].part)
			part_input(s->pane[s->focus].part, &key, 1);
		break;
	default:
		for (i = 0; i < s->npanes - 1; i++)
			if (s->pane[i].part->m->console == (unsigned int)(key - '0'))
				focus(s, i);
	}
}

/* To the machine, up to the next Ctrl-A */
static size_t plain_keys(struct screen *s, const char *keys, size_t n)
{
	const char *prefix = memchr(keys, PREFIX, n);
	struct pane *p = &s->pane[s->focus];

	if (prefix)
		n = (size_t)(prefix - keys);
	if (n && p->part) {
		p->back = 0;
		part_input(p->part, keys, n);
	}
	return n;
}

static void on_keys(void *arg, uint32_t events)
{
	struct screen *s = arg;
	char keys[512];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
	size_t i;

	(void)events;
	if (n <= 0) {
		loop_fd_del(s->run->wl, &s->keys);
		run_stop(s->run, 129);		/* the terminal is gone */
		return;
	}
	for (i = 0; i < (size_t)n;) {
		if (s->prefixed) {
			s->prefixed = false;
			command_key(s, keys[i++]);
		} else if (keys[i] == PREFIX) {
			s->prefixed = true;
			i++;
		} else {
			i += plain_keys(s, keys + i, (size_t)n - i);
		}
	}
	s->dirty = true;
}

static void on_winch(void *arg, uint32_t events)
{
	struct screen *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(s->winch.fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (measure(s)) {
		run_fail(s->run, NULL, "out of memory");
		return;
	}
	fputs("\x1b[2J", stdout);
	layout(s);
}

/* ---- life ---- */

void screen_reset_terminal(void)
{
	if (write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1) < 0)
		return;
}

static int add_panes(struct screen *s)
{
	struct run *r = s->run;
	unsigned int key, i;

	for (key = 1; key <= LAB_MACHINES; key++)
		for (i = 0; i < r->lab->nmachines; i++)
			if (r->lab->machine[i].console == key)
				s->pane[s->npanes++].part = &r->part[i];
	s->npanes++;
	for (i = 0; i < s->npanes; i++)
		if (vt_init(&s->pane[i].vt, MIN_ROWS, s->cols))
			return -1;
	return 0;
}

static int watch_terminal(struct screen *s)
{
	struct wire_loop *wl = s->run->wl;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -1;
	s->winch = (struct loop_fd){ .cb = on_winch, .arg = s };
	s->keys = (struct loop_fd){ .cb = on_keys, .arg = s };
	s->hook = (struct loop_hook){ .cb = draw, .arg = s };
	loop_hook_add(wl, &s->hook);
	return loop_fd_add(wl, &s->winch, fd, EPOLLIN) || loop_fd_add(wl, &s->keys, STDIN_FILENO, EPOLLIN);
}

static void free_screen(struct screen *s)
{
	unsigned int i;

	for (i = 0; i < s->npanes; i++)
		vt_free(&s->pane[i].vt);
	free(s->shown);
	free(s->next);
	free(s);
}

struct screen *screen_open(struct run *r)
{
	struct screen *s = calloc(1, sizeof(*s));
	struct termios raw;

	if (!s)
		return NULL;
	s->run = r;
	s->keys.fd = s->winch.fd = -1;
	if (tcgetattr(STDIN_FILENO, &s->term) || measure(s) || add_panes(s) || watch_terminal(s)) {
		loop_hook_del(r->wl, &s->hook);
		loop_fd_del(r->wl, &s->keys);
		loop_fd_del(r->wl, &s->winch);
		free_screen(s);
		return NULL;
	}
	raw = s->term;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(ENTER, stdout);
	fflush(stdout);
	layout(s);
	return s;
}

void screen_close(struct screen *s)
{
	struct wire_loop *wl = s->run->wl;
	int winch = s->winch.fd;

	loop_hook_del(wl, &s->hook);
	loop_fd_del(wl, &s->keys);
	loop_fd_del(wl, &s->winch);
	close(winch);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &s->term);
	screen_reset_terminal();
	free_screen(s);
}
