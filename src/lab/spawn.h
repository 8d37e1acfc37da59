/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Children: each a session of its own, killed by the kernel when this process
 * ends, and all of their descendants can be found and killed.
 */
#ifndef OPENFBNIC_LAB_SPAWN_H
#define OPENFBNIC_LAB_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on orphans among our descendants become our children */
void spawn_adopt(void);

/*
 * Runs @argv with @fd[0] to @fd[nfds - 1] as its descriptors 0 to nfds - 1 (-1:
 * /dev/null) and no others.  Returns its pid, and its pidfd in *@pidfd; or -errno,
 * also if the program cannot be executed.
 */
pid_t spawn(const char *const *argv, const int *fd, unsigned int nfds, const char *cwd, int *pidfd);

/* SIGKILL to all children, to the orphans that they leave, and so on, until there are none */
void spawn_kill_all(void);

/* "ended with status 1", "was killed by signal 9 (Killed)": in a buffer that the next call overwrites */
const char *spawn_end_text(int status);

#endif
