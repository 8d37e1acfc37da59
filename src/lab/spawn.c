/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

#define MAX_FDS		8

void spawn_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1UL);
}

/* Descriptors out of the way first: one of them may be where another one goes */
static int place_fds(const int *fd, unsigned int nfds)
{
	int high[MAX_FDS];
	unsigned int i;

	for (i = 0; i < nfds; i++) {
		int from = fd[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd[i];

		high[i] = fcntl(from, F_DUPFD_CLOEXEC, MAX_FDS);
		if (high[i] < 0)
			return -errno;
	}
	for (i = 0; i < nfds; i++)
		if (dup2(high[i], (int)i) < 0)
			return -errno;
	return 0;
}

static _Noreturn void become(const char *const *argv, const int *fd, unsigned int nfds, const char *cwd, pid_t parent,
			     int tell)
{
	sigset_t none;
	int err;

	setsid();
	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
	if (getppid() != parent)	/* it died before we asked */
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	err = fcntl(tell, F_DUPFD_CLOEXEC, 64);
	tell = err < 0 ? tell : err;
	err = place_fds(fd, nfds);
	if (!err && cwd && chdir(cwd))
		err = -errno;
	if (!err) {
		execvp(argv[0], (char *const *)(unsigned long)argv);
		err = -errno;
	}
	if (write(tell, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

pid_t spawn(const char *const *argv, const int *fd, unsigned int nfds, const char *cwd, int *pidfd)
{
	pid_t parent = getpid(), pid;
	int told[2], err = 0;

	if (nfds > MAX_FDS)
		return -EINVAL;
	if (pipe2(told, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(told[0]);
		close(told[1]);
		return err;
	}
	if (!pid)
		become(argv, fd, nfds, cwd, parent, told[1]);
	close(told[1]);
	if (read(told[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(told[0]);
	if (!err) {
		*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (*pidfd >= 0) {
			fcntl(*pidfd, F_SETFD, FD_CLOEXEC);
			return pid;
		}
		err = -errno;
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
	return err;
}

/* The parent of a process: the field after the state, which follows a name in parentheses */
static pid_t parent_of(const char *pid)
{
	char path[300], buf[512], *after;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	buf[n] = '\0';
	after = strrchr(buf, ')');
	return after && strlen(after) > 4 ? (pid_t)strtol(after + 4, NULL, 10) : -1;
}

/* How many were told to die.  A child that nobody has waited for keeps its pid: no other can be hit */
static unsigned int kill_children(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	unsigned int n = 0;

	if (!proc)
		return 0;
	while ((d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]) && parent_of(d->d_name) == getpid())
			n += !kill((pid_t)strtol(d->d_name, NULL, 10), SIGKILL);
	closedir(proc);
	return n;
}

void spawn_kill_all(void)
{
	pid_t pid;

	/* one at a time: each may leave orphans, which have to be killed first */
	do {
		if (!kill_children())
			break;
		pid = waitpid(-1, NULL, 0);
	} while (pid > 0 || errno == EINTR);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

const char *spawn_end_text(int status)
{
	static char buf[80];

	if (WIFSIGNALED(status))
		snprintf(buf, sizeof(buf), "was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(buf, sizeof(buf), "ended with status %d", WEXITSTATUS(status));
	return buf;
}
