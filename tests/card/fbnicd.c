// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fbnicd.h"

#define MAXARGS		12
#define PATIENCE_MS	20000

static char dir[64];

int make_dir(const char *name)
{
	const char *binary = getenv("FBNICD");

	if (!binary || access(binary, X_OK)) {
		fprintf(stderr, "FBNICD does not name the program\n");
		return -1;
	}
	snprintf(dir, sizeof(dir), "/tmp/%s-XXXXXX", name);
	return mkdtemp(dir) ? 0 : -1;
}

int remove_dir(void)
{
	return rmdir(dir);
}

const char *in_dir(const char *name)
{
	static char buf[8][128];
	static unsigned int next;
	char *p = buf[next++ % 8];

	snprintf(p, sizeof(buf[0]), "%s/%s", dir, name);
	return p;
}

void spawn(struct proc *p, enum err_to to, const char *const *args)
{
	const char *argv[MAXARGS + 2] = { getenv("FBNICD") };
	int out[2], err[2] = { -1, -1 };

	for (unsigned int i = 0; args[i]; i++) {
		assert_true(i < MAXARGS);
		argv[i + 1] = args[i];
	}
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	if (to == ERR_KEPT)
		assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], 1);
		if (to != ERR_SHOWN)
			dup2(to == ERR_KEPT ? err[1] : open("/dev/null", O_WRONLY), 2);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(out[1]);
	if (to == ERR_KEPT)
		close(err[1]);
	p->out = out[0];
	p->err = err[0];
}

bool read_line(int fd, char *buf, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	while (n < size - 1 && poll(&pfd, 1, PATIENCE_MS) == 1) {
		ssize_t r = read(fd, buf + n, 1);

		if (r <= 0 || buf[n] == '\n') {
			buf[n] = '\0';
			return r > 0 || n;
		}
		n++;
	}
	buf[n] = '\0';
	return false;
}

bool is_ready(struct proc *p)
{
	char line[300];

	return read_line(p->out, line, sizeof(line)) && !strcmp(line, "fbnicd: ready");
}

int finish(struct proc *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	close(p->out);
	if (p->err >= 0)
		close(p->err);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int dial(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(in_dir(name)) < sizeof(sa.sun_path));
	strcpy(sa.sun_path, in_dir(name));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

struct host *connect_host(const char *name, size_t mem)
{
	char err[200];
	struct host *h = host_connect(in_dir(name), mem, err, sizeof(err));

	if (!h)
		fail_msg("%s", err);
	return h;
}
