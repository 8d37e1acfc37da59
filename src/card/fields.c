/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of registers for those who show them: documentation, fbnicctl.
 * The card itself uses the constants that regs.h makes of the same list.
 */
#include <stdbool.h>
#include <string.h>

#include "regs.h"

struct row {
	const char		*reg;
	const char		*as;	/* SAME: the register that has the fields */
	struct reg_field	f;
};

static const struct row rows[] = {
#define FIELD(reg_, name_, hi_, lo_, macro_, text_) \
	{ .reg = #reg_, .f = { .name = #name_, .hi = hi_, .lo = lo_, .macro = #macro_, .text = text_ } },
#define FIELDX(reg_, name_, hi_, lo_, text_) \
	{ .reg = #reg_, .f = { .name = #name_, .hi = hi_, .lo = lo_, .text = text_ } },
#define SAME(reg_, as_) { .reg = #reg_, .as = #as_ },
#include "fields.def"
#undef FIELD
#undef FIELDX
#undef SAME
};

#define NROWS	(sizeof(rows) / sizeof(rows[0]))

/* Queue registers are named without their prefix in fields.def */
static const char *short_name(const struct reg *r)
{
	return r->csr >= CSR_QUEUE ? r->name + strlen("QUEUE_") : r->name;
}

const struct reg_field *reg_field_next(const struct reg *r, const struct reg_field *prev)
{
	const char *reg = short_name(r);
	bool after = !prev;
	unsigned int i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].as && !strcmp(rows[i].reg, reg))
			reg = rows[i].as;
	for (i = 0; i < NROWS; i++) {
		if (rows[i].as || strcmp(rows[i].reg, reg))
			continue;
		if (after)
			return &rows[i].f;
		after = &rows[i].f == prev;
	}
	return NULL;
}
