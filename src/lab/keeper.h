/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_LAB_KEEPER_H
#define OPENFBNIC_LAB_KEEPER_H

#include <stdbool.h>

/* What the lab's process is given: its directory, and a pipe that closes when its keeper is gone */
struct kept {
	const char	*dir;
	int		lifeline;
};

/*
 * Runs @work in a process of its own, in a new directory, and returns its exit
 * status.  When this returns, neither descendants nor directory are left; with
 * @keep the directory stays and is named.
 */
int keeper_run(int (*work)(void *arg, const struct kept *kept), void *arg, bool keep);

/* For the lab's process, when its keeper has been killed */
void keeper_remove(const char *dir, bool keep);

#endif
