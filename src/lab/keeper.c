/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing stays behind.  fbnic-lab is two processes that watch each other:
 *
 *   keeper (the one the user started)
 *     \-- the lab: its loop, the terminal
 *           \-- fbnicd, QEMUs, commands
 *
 * The lab ends, however: the keeper, who has adopted what is orphaned, kills
 * that, gives the terminal back as it was and removes the directory.  The
 * keeper is killed: the lab's end of a pipe closes; it takes everything down
 * and removes the directory.  Both are killed at once: the kernel kills their
 * children (PR_SET_PDEATHSIG), and the directory, which nobody has a lock on any more,
 * is removed by the next fbnic-lab of this user.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "keeper.h"
#include "screen.h"
#include "spawn.h"

#define PREFIX		"fbnic-lab."
#define LONGEST_SOCKET	"/control-0123456789.fw"	/* a name of 16 letters, and more */

struct keeper {
	char		dir[PATH_MAX];
	int		lock;
	int		signals;
	pid_t		lab;
	struct termios	term;
	bool		has_term;
};

/* ---- the directory ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DNR)
		chmod(path, 0700);
	remove(path);
	return 0;
}

static void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *tmp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir == '/' ? dir : "/tmp";
}

/* A directory of ours is stale when its lock is nobody's */
static void sweep_one(const char *parent, const char *name)
{
	char path[PATH_MAX], lock[PATH_MAX];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", parent, name) >= (int)sizeof(path) ||
	    snprintf(lock, sizeof(lock), "%s/%s/lock", parent, name) >= (int)sizeof(lock))
		return;
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return;
	fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		remove_tree(path);
	close(fd);
}

static void sweep(void)
{
	DIR *d = opendir(tmp_dir());
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, PREFIX, strlen(PREFIX)))
			sweep_one(tmp_dir(), e->d_name);
	closedir(d);
}

/* The lock gets its name when it is held: until then nobody takes the directory for stale */
static int take_lock(struct keeper *k)
{
	char fresh[PATH_MAX + 16], lock[PATH_MAX + 16];

	snprintf(fresh, sizeof(fresh), "%s/lock.new", k->dir);
	snprintf(lock, sizeof(lock), "%s/lock", k->dir);
	k->lock = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (k->lock < 0 || flock(k->lock, LOCK_EX) || rename(fresh, lock))
		return -errno;
	return 0;
}

static int make_dir(struct keeper *k)
{
	const char *parent = tmp_dir();

	if (strlen(parent) + sizeof("/" PREFIX "XXXXXX" LONGEST_SOCKET) > 108) {
		fprintf(stderr, "fbnic-lab: %s: too long for the names of sockets; set TMPDIR to a shorter one\n",
			parent);
		return -1;
	}
	if (strpbrk(parent, ",;\"\\ \n")) {
		fprintf(stderr, "fbnic-lab: TMPDIR=%s: without blanks, commas, semicolons, quotes and backslashes, "
			"please\n", parent);
		return -1;
	}
	snprintf(k->dir, sizeof(k->dir), "%s/" PREFIX "XXXXXX", parent);
	if (!mkdtemp(k->dir) || take_lock(k)) {
		fprintf(stderr, "fbnic-lab: %s: %s\n", k->dir, strerror(errno));
		return -1;
	}
	return 0;
}

void keeper_remove(const char *dir, bool keep)
{
	char lock[PATH_MAX + 16];

	if (!keep) {
		remove_tree(dir);
		return;
	}
	snprintf(lock, sizeof(lock), "%s/lock", dir);
	unlink(lock);			/* so that no sweep takes it */
	fprintf(stderr, "fbnic-lab: kept in %s\n", dir);
}

/* ---- watching ---- */

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The lab's wait status.  Orphans that it left alive become ours, and end too */
static int wait_for_lab(struct keeper *k)
{
	struct signalfd_siginfo info;
	int status = 0;
	pid_t pid;

	for (;;) {
		if (read(k->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
			continue;
		if (info.ssi_signo != SIGCHLD) {
			kill(k->lab, (int)info.ssi_signo);
			continue;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == k->lab)
				return status;
	}
}

static void give_terminal_back(const struct keeper *k)
{
	sigset_t set;

	if (!k->has_term)
		return;
	/* we may have become a background job of it */
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, NULL);
	tcsetattr(STDIN_FILENO, TCSANOW, &k->term);
	screen_reset_terminal();
}

static pid_t start_lab(struct keeper *k, int (*work)(void *arg, const struct kept *kept), void *arg)
{
	struct kept kept = { .dir = k->dir };
	int life[2];
	pid_t pid;

	if (pipe2(life, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(life[1]);
		close(k->signals);
		kept.lifeline = life[0];
		exit(work(arg, &kept));
	}
	close(life[0]);			/* the other end closes when we end, and not before */
	return pid;
}

int keeper_run(int (*work)(void *arg, const struct kept *kept), void *arg, bool keep)
{
	struct keeper k = { .lock = -1 };
	int status;

	sweep();
	if (make_dir(&k))
		return 1;
	k.has_term = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &k.term);
	k.signals = watch_signals();
	spawn_adopt();
	k.lab = k.signals < 0 ? -errno : start_lab(&k, work, arg);
	if (k.lab < 0) {
		fprintf(stderr, "fbnic-lab: %s\n", strerror(-k.lab));
		keeper_remove(k.dir, false);
		return 1;
	}
	status = wait_for_lab(&k);
	spawn_kill_all();
	if (WIFSIGNALED(status)) {
		give_terminal_back(&k);
		fprintf(stderr, "fbnic-lab: the process that ran the lab %s; everything is taken down\n",
			spawn_end_text(status));
	}
	keeper_remove(k.dir, keep);
	close(k.lock);
	close(k.signals);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
