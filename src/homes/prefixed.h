/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of a part, handed on with something before their names */
#ifndef OPENFBNIC_PREFIXED_H
#define OPENFBNIC_PREFIXED_H

#include <stdint.h>
#include <stdio.h>

struct prefixed {
	const char	*prefix;
	void		(*fn)(void *arg, const char *name, uint64_t val);
	void		*arg;
};

static inline void add_prefix(void *arg, const char *name, uint64_t val)
{
	const struct prefixed *p = arg;
	char full[96];

	snprintf(full, sizeof(full), "%s%s", p->prefix, name);
	p->fn(p->arg, full, val);
}

#endif
