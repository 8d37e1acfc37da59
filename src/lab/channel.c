/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "channel.h"

#define MAX_OUTPUT	(1u << 20)

static void send_more(struct channel *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n = write(c->fd, c->out + c->out_at, c->out_len - c->out_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		c->out_at += (size_t)n;
	}
	if (c->out_at == c->out_len)
		c->out_at = c->out_len = 0;
	loop_fd_mod(c->loop, &c->watch, EPOLLIN | (c->out_len ? EPOLLOUT : 0));
}

/* The line at @at, ended in place; the next one in *@next, or NULL if it is not complete */
static char *take_line(struct channel *c, char *at, char **next)
{
	char *end = memchr(at, '\n', (size_t)(c->in + c->in_len - at));

	if (!end)
		return NULL;
	*end = '\0';
	if (end > at && end[-1] == '\r')
		end[-1] = '\0';
	*next = end + 1;
	return at;
}

static void drop(struct channel *c, const char *upto)
{
	size_t n = (size_t)(upto - c->in);

	memmove(c->in, upto, c->in_len - n);
	c->in_len -= n;
}

/* The last marker comes after a newline of its own */
static void done(struct channel *c, int status, char *output, size_t len)
{
	while (len && (output[len - 1] == '\n' || output[len - 1] == '\r'))
		len--;
	output[len] = '\0';
	c->id = 0;
	c->on_done(c->arg, status, output);
}

/* All of the output is there when its end is */
static bool finished(struct channel *c)
{
	char begin[32], end[32], *from, *mark, *line_end;
	size_t n;

	snprintf(begin, sizeof(begin), "@@RUN %u", c->id);
	n = (size_t)snprintf(end, sizeof(end), "\n@@DONE %u ", c->id);
	mark = memmem(c->in, c->in_len, end, n);
	line_end = mark ? memchr(mark + n, '\n', c->in_len - (size_t)(mark + n - c->in)) : NULL;
	if (!line_end)
		return false;
	from = memmem(c->in, (size_t)(mark - c->in), begin, strlen(begin));
	from = from ? memchr(from, '\n', (size_t)(mark + 1 - from)) : NULL;
	if (from) {
		int status = (int)strtol(mark + n, NULL, 10);
		char *output = from < mark ? from + 1 : mark;
		size_t len = (size_t)(mark - output);
		char *copy = malloc(len + 1);

		if (copy)
			memcpy(copy, output, len);
		drop(c, line_end + 1);
		if (copy)
			done(c, status, copy, len);
		free(copy);
	} else {
		drop(c, line_end + 1);
	}
	return true;
}

/* Nothing runs: only the announcement can be of interest, after every boot of the machine */
static void look_for_ready(struct channel *c)
{
	char *at = c->in, *next = at;
	bool ready = false;

	while (at && (at = take_line(c, next, &next)))
		ready |= !!strstr(at, "@@READY");
	drop(c, next);
	if (ready) {
		c->ready = true;
		c->on_ready(c->arg);
	}
}

/* A machine that talks without end: keep the latest half */
static void make_room(struct channel *c)
{
	if (c->in_size < MAX_OUTPUT) {
		size_t size = c->in_size ? 2 * c->in_size : 4096;
		char *in = realloc(c->in, size + 1);

		if (in) {
			c->in = in;
			c->in_size = size;
			return;
		}
	}
	if (c->in_len)
		drop(c, c->in + c->in_len / 2);
}

static void on_channel(void *arg, uint32_t events)
{
	struct channel *c = arg;
	ssize_t n;

	if (events & EPOLLOUT)
		send_more(c);
	if (c->in_len == c->in_size)
		make_room(c);
	if (!c->in)
		return;
	n = read(c->fd, c->in + c->in_len, c->in_size - c->in_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		channel_close(c);
		return;
	}
	c->in_len += (size_t)n;
	if (c->id)
		finished(c);
	else
		look_for_ready(c);
}

int channel_open(struct channel *c, struct wire_loop *loop, int fd)
{
	c->loop = loop;
	c->fd = fd;
	c->ready = false;
	c->id = 0;
	c->in_len = c->out_len = c->out_at = 0;
	c->watch = (struct loop_fd){ .cb = on_channel, .arg = c };
	return loop_fd_add(loop, &c->watch, fd, EPOLLIN);
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0) {
		loop_fd_del(c->loop, &c->watch);
		close(c->fd);
	}
	c->fd = -1;
	c->ready = false;
	c->id = 0;
	free(c->in);
	free(c->out);
	c->in = c->out = NULL;
	c->in_len = c->in_size = c->out_len = c->out_at = 0;
}

static size_t base64(char *to, const char *from, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *f = (const unsigned char *)from;
	char *start = to;
	size_t i;

	for (i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)f[i] << 16;

		v |= i + 1 < n ? (uint32_t)f[i + 1] << 8 : 0;
		v |= i + 2 < n ? f[i + 2] : 0;
		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*to++ = i + 2 < n ? digits[v & 63] : '=';
	}
	return (size_t)(to - start);
}

int channel_run(struct channel *c, const char *commands)
{
	size_t n = strlen(commands), len;
	char *out;

	if (c->fd < 0 || !c->ready)
		return -ENOTCONN;
	if (c->id)
		return -EBUSY;
	out = realloc(c->out, c->out_len + 4 * (n / 3 + 1) + 32);
	if (!out)
		return -ENOMEM;
	c->out = out;
	c->id = ++c->last_id;
	len = (size_t)sprintf(out + c->out_len, "%u ", c->id);
	len += base64(out + c->out_len + len, commands, n);
	out[c->out_len + len++] = '\n';
	c->out_len += len;
	send_more(c);
	return 0;
}

/* Its end is still waited for, for until then the machine takes no other; what it has said so far is returned */
const char *channel_forget(struct channel *c)
{
	if (!c->in)
		return "";
	c->in[c->in_len] = '\0';
	return c->in;
}
