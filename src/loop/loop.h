/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of the process.  Its users see struct wire_loop
 * (src/wire/wire_loop.h); this is what main() and the tests need besides.
 */
#ifndef OPENFBNIC_LOOP_H
#define OPENFBNIC_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "../wire/wire_loop.h"

struct loop;

struct loop *loop_new(void);		/* NULL and errno */
void loop_free(struct loop *l);		/* all handles have been taken out */

/* The interface for wires and the bus */
struct wire_loop *loop_wire(struct loop *l);

/* Until loop_stop(), which may be called from any callback.  0 or -errno of epoll */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* After an event, look for more for so many ns before sleeping (0, the default: sleep at once) */
void loop_linger(struct loop *l, uint64_t ns);

/*
 * One round: hooks, sleep for at most @max_wait ns, descriptors, timers.
 * Returns how many callbacks of descriptors and timers were called, or -errno.
 */
int loop_once(struct loop *l, uint64_t max_wait);

/* Time comes from here instead of CLOCK_MONOTONIC (tests; then use loop_once(l, 0)) */
void loop_set_clock(struct loop *l, uint64_t (*clock)(void *arg), void *arg);

#endif
