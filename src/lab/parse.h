/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the two halves of the parser: parse.c has lines and sections, keys.c what
 * may stand in them.
 */
#ifndef OPENFBNIC_LAB_PARSE_H
#define OPENFBNIC_LAB_PARSE_H

#include "lab.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum section { IN_LAB, IN_CARD, IN_MACHINE, IN_CHECK, IN_NOTHING };

struct parser {
	struct lab	*lab;
	int		line;
	enum section	section;
	struct lab_card	*card;
	struct lab_machine *machine;
	struct lab_check *check;
	struct lab_step	*step;
	unsigned int	seen;		/* keys of this section, or of this step */
	unsigned int	lab_seen;
};

/* The first word of *@s; *@s becomes what follows it */
char *parse_word(char **s);

/* "KEY VALUE", in the parser's section */
void parse_key(struct parser *p, char *line);
/* Does this line, in the first column, begin with a key of the lab itself? */
bool parse_is_lab_key(const char *line);

#endif
