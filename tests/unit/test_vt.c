/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal behind a pane of fbnic-lab: what guests send it, and what a hostile
 * one may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/lab/vt.h"

static struct vt vt;

static int setup(void **state)
{
	(void)state;
	return vt_init(&vt, 4, 10);
}

static int teardown(void **state)
{
	(void)state;
	vt_free(&vt);
	return 0;
}

static void feed(const char *s)
{
	vt_feed(&vt, s, strlen(s));
}

/* A row as text, blanks at its end left out; what is not ASCII is a ? */
static const char *row(int y, unsigned int back)
{
	static char buf[4][VT_MAX_COLS + 1];
	static unsigned int next;
	char *b = buf[next++ % 4];
	const struct cell *c = vt_row(&vt, y, back);
	int x, len = 0;

	for (x = 0; x < vt.cols; x++) {
		b[x] = c[x].ch == 0 ? ' ' : c[x].ch < 0x7f ? (char)c[x].ch : '?';
		if (b[x] != ' ')
			len = x + 1;
	}
	b[len] = '\0';
	return b;
}

static void text_wraps_at_the_last_column_only_when_more_comes(void **state)
{
	(void)state;
	feed("0123456789");
	assert_int_equal(vt.y, 0);
	feed("\r\nx");
	assert_string_equal(row(1, 0), "x");
	feed("\x1b[H0123456789a");
	assert_string_equal(row(0, 0), "0123456789");
	assert_string_equal(row(1, 0), "a");
}

static void lines_that_leave_at_the_top_are_history(void **state)
{
	(void)state;
	feed("a\r\nb\r\nc\r\nd\r\ne\r\nf");
	assert_string_equal(row(0, 0), "c");
	assert_string_equal(row(3, 0), "f");
	assert_string_equal(row(0, 2), "a");
	assert_string_equal(row(1, 2), "b");
	assert_string_equal(row(2, 2), "c");
	assert_string_equal(row(0, 99), "a");		/* no further back than there is */
}

static void the_cursor_moves_and_stays_inside(void **state)
{
	(void)state;
	feed("\x1b[3;4Hx\x1b[99;99H");
	assert_string_equal(row(2, 0), "   x");
	assert_int_equal(vt.y, 3);
	assert_int_equal(vt.x, 9);
	feed("\x1b[99A\x1b[99D");
	assert_int_equal(vt.y + vt.x, 0);
	feed("\x1b[2B\x1b[5C\t");
	assert_int_equal(vt.y, 2);
	assert_int_equal(vt.x, 8);
}

static void erase_and_shift(void **state)
{
	(void)state;
	feed("abcdefgh\x1b[1;4H\x1b[K");
	assert_string_equal(row(0, 0), "abc");
	feed("\rabcdefgh\x1b[1;3H\x1b[2P");
	assert_string_equal(row(0, 0), "abefgh");
	feed("\x1b[3@");
	assert_string_equal(row(0, 0), "ab   efgh");
	feed("\x1b[2J");
	assert_string_equal(row(0, 0), "");
}

static void a_region_scrolls_alone(void **state)
{
	(void)state;
	feed("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nX");
	assert_string_equal(row(0, 0), "a");
	assert_string_equal(row(1, 0), "c");
	assert_string_equal(row(2, 0), "X");
	assert_string_equal(row(3, 0), "d");
	assert_int_equal(vt.nhistory, 0);
	feed("\x1b[2;1H\x1bM");
	assert_string_equal(row(2, 0), "c");
}

static void colours_and_attributes(void **state)
{
	(void)state;
	feed("\x1b[1;31mr\x1b[38;5;200;7mx\x1b[0;92my\x1b[mz");
	assert_int_equal(vt_row(&vt, 0, 0)[0].fg, 2);
	assert_int_equal(vt_row(&vt, 0, 0)[0].attr, VT_BOLD);
	assert_int_equal(vt_row(&vt, 0, 0)[1].attr, VT_BOLD | VT_REVERSE);
	assert_int_equal(vt_row(&vt, 0, 0)[2].fg, 11);
	assert_int_equal(vt_row(&vt, 0, 0)[3].fg, 0);
}

static void strings_and_modes_show_nothing(void **state)
{
	(void)state;
	feed("\x1b]0;title\x07" "a\x1b[?25l\x1b[?2004hb\x1b(Bc\x1bP1$q\x1b\\d");
	assert_string_equal(row(0, 0), "abcd");
}

static void utf8_is_a_cell_and_what_could_confuse_is_not_shown(void **state)
{
	(void)state;
	feed("\xc3\xa9\xe2\x82\xac");
	assert_int_equal(vt_row(&vt, 0, 0)[0].ch, 0xe9);
	assert_int_equal(vt_row(&vt, 0, 0)[1].ch, 0x20ac);
	feed("\xc2\x9b" "31m");			/* CSI in one character */
	assert_int_equal(vt_row(&vt, 0, 0)[2].ch, '?');
	feed("\r\xe2\x80\xae");				/* right to left */
	assert_int_equal(vt_row(&vt, 0, 0)[0].ch, '?');
	feed("\r\xf0\x9f\x98\x80");
	assert_int_equal(vt_row(&vt, 0, 0)[0].ch, '?');
}

static void the_cursor_is_told_who_asks(void **state)
{
	(void)state;
	feed("\x1b[2;5H\x1b[6n");
	assert_int_equal(vt.reply_len, 6);
	assert_memory_equal(vt.reply, "\x1b[2;5R", 6);
}

static void a_smaller_terminal_keeps_the_end(void **state)
{
	(void)state;
	feed("a\r\nb\r\nc\r\nd");
	assert_int_equal(vt_resize(&vt, 2, 6), 0);
	assert_string_equal(row(0, 0), "c");
	assert_string_equal(row(1, 0), "d");
	assert_string_equal(row(0, 2), "a");
	assert_int_equal(vt_resize(&vt, 5, 20), 0);
	assert_string_equal(row(0, 0), "c");
}

/* Whatever comes, nothing but the cells changes, and the cursor is in them */
static void noise(void **state)
{
	static const char some[] = "\x1b[;?0123456789ABCDHJKLMPSTXr@md\n\r\b\t78cMDE]\x07 abc\xc3\xa9\xff(";
	uint32_t seed = 1;
	int i;

	(void)state;
	for (i = 0; i < 300000; i++) {
		char ch;

		seed = seed * 1664525 + 1013904223;
		ch = seed >> 31 ? some[(seed >> 8) % (sizeof(some) - 1)] : (char)(seed >> 16);
		vt_feed(&vt, &ch, 1);
		assert_in_range(vt.x, 0, vt.cols - 1);
		assert_in_range(vt.y, 0, vt.rows - 1);
		if (i % 5000 == 0)
			assert_int_equal(vt_resize(&vt, 1 + (int)(seed >> 8) % 40, 2 + (int)(seed >> 16) % 100), 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(text_wraps_at_the_last_column_only_when_more_comes),
		TEST(lines_that_leave_at_the_top_are_history),
		TEST(the_cursor_moves_and_stays_inside),
		TEST(erase_and_shift),
		TEST(a_region_scrolls_alone),
		TEST(colours_and_attributes),
		TEST(strings_and_modes_show_nothing),
		TEST(utf8_is_a_cell_and_what_could_confuse_is_not_shown),
		TEST(the_cursor_is_told_who_asks),
		TEST(a_smaller_terminal_keeps_the_end),
		TEST(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
