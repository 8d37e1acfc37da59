/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening unix stream socket, for who can open its path: the user alone */
#ifndef OPENFBNIC_UNIX_LISTEN_H
#define OPENFBNIC_UNIX_LISTEN_H

#include <stddef.h>
#include <sys/un.h>

struct unix_listen {
	int	fd;
	char	path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Takes over what a dead process left there.  -1: @err has one sentence */
int unix_listen(struct unix_listen *l, const char *path, int backlog, char *err, size_t errlen);
void unix_listen_close(struct unix_listen *l);		/* and removes it */

#endif
