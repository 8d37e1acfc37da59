/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "spawn.h"

#define MAX_TEXT	(1u << 20)

bool text_add(struct text *t, const char *data, size_t n)
{
	if (n > MAX_TEXT - t->len)
		return false;
	if (t->len + n + 1 > t->size) {
		size_t size = 2 * (t->len + n + 1);
		char *s = realloc(t->s, size);

		if (!s)
			return false;
		t->s = s;
		t->size = size;
	}
	memcpy(t->s + t->len, data, n);
	t->len += n;
	t->s[t->len] = '\0';
	return true;
}

void text_free(struct text *t)
{
	free(t->s);
	*t = (struct text){ 0 };
}

static const char *text_of(const struct text *t)
{
	return t->s ? t->s : "";
}

/* ---- the control socket ---- */

void ask_cancel(struct ask *a)
{
	int fd = a->watch.fd;

	if (!a->busy)
		return;
	loop_fd_del(a->loop, &a->watch);
	close(fd);
	a->busy = false;
}

static void answered(struct ask *a, int err)
{
	struct text got = a->got;

	a->got = (struct text){ 0 };
	ask_cancel(a);
	a->on_answer(a->arg, err, text_of(&got));
	text_free(&got);
}

static void on_answer_part(void *arg, uint32_t events)
{
	struct ask *a = arg;
	char buf[16384];
	ssize_t n = read(a->watch.fd, buf, sizeof(buf));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		answered(a, n ? -errno : -ECONNRESET);
		return;
	}
	if (!text_add(&a->got, buf, (size_t)n)) {
		answered(a, -EMSGSIZE);
		return;
	}
	if (a->got.s[a->got.len - 1] == '\n') {
		a->got.s[--a->got.len] = '\0';
		answered(a, 0);
	}
}

int ask_start(struct ask *a, struct wire_loop *loop, const char *path, const char *request)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char line[300];
	int n = snprintf(line, sizeof(line), "%s\n", request), fd, err;

	if (a->busy)
		return -EBUSY;
	if (n >= (int)sizeof(line) || strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) || write(fd, line, (size_t)n) != n) {
		err = -errno;
		close(fd);
		return err;
	}
	a->loop = loop;
	a->got.len = 0;
	a->watch = (struct loop_fd){ .cb = on_answer_part, .arg = a };
	err = loop_fd_add(loop, &a->watch, fd, EPOLLIN);
	if (err)
		close(fd);
	a->busy = !err;
	return err;
}

/* ---- a command here ---- */

static void drain(struct helper *h)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(h->output.fd, buf, sizeof(buf))) > 0)
		text_add(&h->got, buf, (size_t)n);	/* what is too much is not kept */
	if (!n)
		loop_fd_mod(h->loop, &h->output, 0);
}

static void on_output(void *arg, uint32_t events)
{
	(void)events;
	drain(arg);
}

static void close_helper(struct helper *h)
{
	int life = h->life.fd, output = h->output.fd;

	loop_fd_del(h->loop, &h->life);
	loop_fd_del(h->loop, &h->output);
	close(life);
	close(output);
	h->pid = 0;
}

/* The command has ended: what it has started and left behind is not waited for */
static void on_helper_end(void *arg, uint32_t events)
{
	struct helper *h = arg;
	struct text got;
	int status = 0;

	(void)events;
	if (waitpid(h->pid, &status, WNOHANG) != h->pid)
		return;
	drain(h);
	got = h->got;
	h->got = (struct text){ 0 };
	close_helper(h);
	while (got.len && got.s[got.len - 1] == '\n')
		got.s[--got.len] = '\0';
	h->on_end(h->arg, status, text_of(&got));
	text_free(&got);
}

int helper_start(struct helper *h, struct wire_loop *loop, const char *const *argv, const char *cwd, bool all)
{
	int out[2], life, err;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = spawn(argv, (const int[]){ -1, out[1], all ? out[1] : STDERR_FILENO }, 3, cwd, &life);
	close(out[1]);
	if (pid < 0) {
		close(out[0]);
		return pid;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	h->loop = loop;
	h->pid = pid;
	h->got.len = 0;
	h->life = (struct loop_fd){ .cb = on_helper_end, .arg = h, .fd = life };
	h->output = (struct loop_fd){ .cb = on_output, .arg = h, .fd = out[0] };
	err = loop_fd_add(loop, &h->life, life, EPOLLIN);
	if (!err)
		err = loop_fd_add(loop, &h->output, out[0], EPOLLIN);
	if (err)
		helper_kill(h);
	return err;
}

void helper_kill(struct helper *h)
{
	if (!h->pid)
		return;
	kill(-h->pid, SIGKILL);
	kill(h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
	close_helper(h);
	text_free(&h->got);
}
