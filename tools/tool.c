// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "%s: ", tool_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

uint8_t *read_all(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = malloc(MAX_FILE + 1);

	if (!f)
		die("%s: %s", path, strerror(errno));
	if (!p)
		die("out of memory");
	*len = fread(p, 1, MAX_FILE + 1, f);
	if (ferror(f))
		die("%s: %s", path, strerror(errno));
	if (*len > MAX_FILE)
		die("%s: larger than %u bytes", path, MAX_FILE);
	fclose(f);
	return p;
}
