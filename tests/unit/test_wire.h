/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the wires share: a card that remembers what it got, the
 * real loop with a clock that the test moves, frames.
 */
#ifndef OPENFBNIC_TEST_WIRE_H
#define OPENFBNIC_TEST_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/loop/loop.h"
#include "../../src/wire/wire.h"
#include "../../src/wire/wire_int.h"

#define KEEP	4096

struct got {
	size_t	len;
	uint8_t	*data;
};

/* A card of the test's own */
struct port {
	struct wire		*w;
	const struct port_ops	*ops;
	void			*ctx;
	enum port_lso		lso;
	unsigned int		room;		/* frames it still takes */
	unsigned int		readies;
	unsigned int		traces;
	struct got		got[KEEP];
	unsigned int		n;
};

struct bench {
	struct loop		*loop;
	uint64_t		now;
	bool			real_time;
	char			dir[64];	/* for sockets and files */
};

static inline uint64_t bench_clock(void *arg)
{
	struct bench *b = arg;
	struct timespec ts;

	if (!b->real_time)
		return b->now;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static inline int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->loop = loop_new();
	b->now = 1000 * NS_PER_S;
	loop_set_clock(b->loop, bench_clock, b);
	strcpy(b->dir, "/tmp/wire-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	*state = b;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	loop_free(b->loop);
	assert_int_equal(rmdir(b->dir), 0);	/* nothing was left behind */
	free(b);
	return 0;
}

/* All that can be done without the clock moving.  Enough rounds for the kernel's local sockets. */
static inline void settle(struct bench *b)
{
	for (int idle = 0; idle < 3; )
		idle = loop_once(b->loop, 0) ? 0 : idle + 1;
}

static inline void pass_time(struct bench *b, uint64_t ns)
{
	b->now += ns;
	settle(b);
}

static inline unsigned int port_got(void *ctx, const struct frame *f, unsigned int n, bool must)
{
	struct port *p = ctx;
	unsigned int i;

	assert_true(n >= 1 && n <= PORT_BATCH);
	for (i = 0; i < n && (p->room || must); i++) {
		struct got *g = &p->got[p->n % KEEP];
		size_t sum = 0;

		for (unsigned int s = 0; s < f[i].nspans; s++)
			sum += f[i].span[s].len;
		assert_int_equal(sum, f[i].len);
		free(g->data);
		g->len = f[i].len;
		g->data = malloc(g->len ? g->len : 1);
		assert_int_equal(frame_copy(&f[i], 0, g->data, g->len), g->len);
		p->n++;
		p->room -= p->room ? 1 : 0;
	}
	return i;
}

static inline void port_is_ready(void *ctx)
{
	((struct port *)ctx)->readies++;
}

static inline void port_trace(void *ctx, const char *fmt, va_list ap)
{
	char line[200];

	((struct port *)ctx)->traces++;
	vsnprintf(line, sizeof(line), fmt, ap);
}

static inline struct port *port_new(struct bench *b, const char *fmt, ...)
{
	struct port *p = calloc(1, sizeof(*p));
	const struct wire_end end = { p, port_got, port_is_ready, port_trace };
	char spec[512], err[400] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(spec, sizeof(spec), fmt, ap);
	va_end(ap);
	p->room = UINT32_MAX;
	p->w = wire_open(spec, &end, loop_wire(b->loop), err, sizeof(err));
	if (!p->w)
		fail_msg("%s: %s", spec, err);
	wire_port(p->w, &p->ops, &p->ctx, &p->lso);
	return p;
}

static inline void port_forget(struct port *p)
{
	for (unsigned int i = 0; i < KEEP; i++) {
		free(p->got[i].data);
		p->got[i].data = NULL;
	}
	p->n = 0;
}

static inline void port_free(struct port *p)
{
	wire_close(p->w);
	port_forget(p);
	free(p);
}

/* One frame of one span; true: the wire took it */
static inline bool port_send(struct port *p, const void *data, size_t len)
{
	struct span s = { data, len };
	struct frame f = { .span = &s, .nspans = 1, .len = (uint32_t)len };

	return p->ops->tx(p->ctx, &f, 1) == 1;
}

/* No descriptor can be opened until setrlimit(RLIMIT_NOFILE, @old) */
static inline void no_descriptors(struct rlimit *old)
{
	int lowest = dup(0);
	struct rlimit none;

	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, old), 0);
	none = (struct rlimit){ (rlim_t)lowest, old->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

/* Frame @i of a sequence: a size and bytes that only it has */
static inline size_t pattern(uint8_t *buf, unsigned int i, size_t len)
{
	for (size_t k = 0; k < len; k++)
		buf[k] = (uint8_t)(i * 31 + k * 7 + (k >> 8));
	buf[0] = 0x02;		/* unicast: no pause frame */
	buf[12] = 0x88;
	buf[13] = 0xb5;
	return len;
}

static inline void assert_pattern(const struct got *g, unsigned int i, size_t len)
{
	uint8_t want[WIRE_MAX_FRAME];

	pattern(want, i, len);
	assert_int_equal(g->len, len < 60 ? 60 : len);
	assert_memory_equal(g->data, want, len);
	for (size_t k = len; k < g->len; k++)
		assert_int_equal(g->data[k], 0);
}

/* Sends up to @n frames from number @first in one call, in three spans each; returns how many were taken */
static inline unsigned int port_burst(struct port *p, unsigned int first, unsigned int n, size_t len)
{
	static uint8_t data[PORT_BATCH][WIRE_MAX_FRAME];
	struct span s[PORT_BATCH][3];
	struct frame f[PORT_BATCH] = { 0 };

	for (unsigned int i = 0; i < n; i++) {
		pattern(data[i], first + i, len);
		s[i][0] = (struct span){ data[i], 14 };
		s[i][1] = (struct span){ data[i] + 14, 1 };
		s[i][2] = (struct span){ data[i] + 15, len - 15 };
		f[i] = (struct frame){ .span = s[i], .nspans = 3, .len = (uint32_t)len };
	}
	return p->ops->tx(p->ctx, f, n);
}

#endif
