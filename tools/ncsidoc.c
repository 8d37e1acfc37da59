/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints docs/ncsi.md from the table of NC-SI commands (src/bmc/ncsi_cmd.c).
 */
#include <stdio.h>

#include "../src/bmc/ncsi_int.h"

static const char *addressed(const struct ncsi_cmd *c)
{
	switch (c->flags & (TO_CHANNEL | TO_PACKAGE)) {
	case TO_CHANNEL:
		return "channel";
	case TO_PACKAGE:
		return "package";
	}
	return "either";
}

int main(void)
{
	printf("# NC-SI commands\n\n"
	       "Generated from `src/bmc/ncsi_cmd.c` by `build/ncsidoc`; do not edit.\n\n"
	       "*Length*: payload bytes of the command, and of its answer with the two codes. *To*: what the channel id\n"
	       "must name. *Initial*: allowed in the Initial State. Offsets count from the start of the payload, in\n"
	       "answers from behind the codes. `1/0x0901` is response code 1 with that reason.\n\n"
	       "| Type | Command | To | Initial | Length | Command payload | Answer |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ncsi_cmd_count; i++) {
		const struct ncsi_cmd *c = &ncsi_cmds[i];

		printf("| 0x%02x | %s | %s | %s | ", c->type, c->name, addressed(c),
		       c->flags & TO_CHANNEL ? c->flags & IN_INITIAL ? "yes" : "no" : "-");
		if (c->min == c->max)
			printf("%u", c->min);
		else
			printf("%u..%u", c->min, c->max);
		if (c->rsp < 0)
			printf(" / varies");
		else
			printf(" / %d", c->rsp);
		printf(" | %s | %s |\n", c->request, c->reply);
	}
	printf("\n| AEN | Name |\n|---|---|\n");
	for (unsigned int i = 0; i < AEN_KINDS; i++)
		printf("| %u | %s |\n", i, ncsi_aen_names[i]);
	return 0;
}
