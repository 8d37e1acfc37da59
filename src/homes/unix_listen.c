// SPDX-License-Identifier: GPL-2.0-or-later
#include "unix_listen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool alive(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && !connect(fd, (const struct sockaddr *)sa, sizeof(*sa));

	if (fd >= 0)
		close(fd);
	return yes;
}

int unix_listen(struct unix_listen *l, const char *path, int backlog, char *err, size_t errlen)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		snprintf(err, errlen, "the path is too long for a socket");
		return -1;
	}
	strcpy(sa.sun_path, path);
	strcpy(l->path, path);
	if (!lstat(path, &st)) {
		if (!S_ISSOCK(st.st_mode) || alive(&sa)) {
			snprintf(err, errlen, S_ISSOCK(st.st_mode) ? "another process listens there" :
				 "it exists and is no socket");
			return -1;
		}
		unlink(path);
	}
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd >= 0 && !bind(l->fd, (struct sockaddr *)&sa, sizeof(sa)) && !chmod(path, 0600) &&
	    !listen(l->fd, backlog))
		return 0;
	snprintf(err, errlen, "%s", strerror(errno));
	if (l->fd >= 0)
		close(l->fd);
	return -1;
}

void unix_listen_close(struct unix_listen *l)
{
	close(l->fd);
	unlink(l->path);
}
