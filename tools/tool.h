/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What our programs for a command line share; no library, also for a cross compiler */
#ifndef OPENFBNIC_TOOL_H
#define OPENFBNIC_TOOL_H

#include <stddef.h>
#include <stdint.h>

#define MAX_FILE	(64u << 20)

extern const char tool_name[];		/* the program's own */

/* Says why, and ends the program */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* A file's bytes, to be freed */
uint8_t *read_all(const char *path, size_t *len);

#endif
