/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text without stdio: pieces appended to a buffer that always ends in NUL */
#ifndef OPENFBNIC_FW_STR_H
#define OPENFBNIC_FW_STR_H

#include <stddef.h>
#include <stdint.h>

struct fw_str {
	char	*p;
	size_t	cap;	/* bytes, NUL included, at least 1 */
	size_t	len;	/* what does not fit is cut */
};

static inline void str_begin(struct fw_str *s, char *p, size_t cap)
{
	*s = (struct fw_str){ .p = p, .cap = cap };
	p[0] = 0;
}

static inline void str_put(struct fw_str *s, const char *t)
{
	while (*t && s->len + 1 < s->cap)
		s->p[s->len++] = *t++;
	s->p[s->len] = 0;
}

/* Decimal, with leading zeros up to @width */
static inline void str_dec(struct fw_str *s, uint64_t v, unsigned int width)
{
	char t[24];
	unsigned int i = sizeof(t) - 1;

	t[i] = 0;
	do {
		t[--i] = (char)('0' + v % 10);
		v /= 10;
		if (width)
			width--;
	} while (i && (v || width));
	str_put(s, &t[i]);
}

/* As the driver prints it */
static inline void str_version(struct fw_str *s, uint32_t v)
{
	str_dec(s, v >> 24, 2);
	str_put(s, ".");
	str_dec(s, v >> 16 & 0xff, 2);
	str_put(s, ".");
	str_dec(s, v >> 8 & 0xff, 2);
	str_put(s, "-");
	str_dec(s, v & 0xff, 3);
}

#endif
