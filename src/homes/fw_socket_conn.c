// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection to a firmware in another program.
 *
 * The program listens, we connect, and try again with growing pauses while
 * nobody is there.  The program learns from the end of the connection that its
 * card is gone.
 *
 * Messages wait in a queue of FSC_QUEUE; a program that lets it fill is sent
 * away.  Not all of them go out at once: Meta's program reads 4096 bytes at a
 * time and drops what it got if that is not whole messages, so no more than
 * FSC_WINDOW may lie unread.  Nothing in the protocol says what has been read,
 * except the completion of a read: it says that all before it was.  The last
 * message of a window is therefore a read, and if there is none to send, one
 * of the first mailbox word, a fence; the driver flushes with the same word.
 *
 * Completions find their reads by address, the oldest first.
 *
 * Nothing here trusts the program: messages are checked by fsm_parse(), fds it
 * sends are closed by the kernel (recv() has no place for them), and between
 * two turns of the loop at most FSC_BUDGET messages are looked at.
 */
#include "fw_socket_conn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FSC_BUDGET	64u
#define FENCE_ADDR	0x18000u	/* BAR4: Rx descriptor 0 */

const char *const fsc_counter_names[FSC_COUNT] = {
	[FSC_CONNECTIONS] = "connections",
	[FSC_IN] = "messages_in",
	[FSC_OUT] = "messages_out",
	[FSC_FENCES] = "fences",
	[FSC_OVERFLOWS] = "overflows",
	[FSC_LEFT_OUT] = "memory_left_out",
};

__attribute__((format(printf, 3, 4)))
static void tell(struct fsc *c, bool refused, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->ops->tell(c->ctx, refused, line);
}

/* ---- coming and going ---- */

static void retry_later(struct fsc *c)
{
	loop_timer_set(c->loop, &c->retry, loop_now(c->loop) + c->wait);
	c->wait = c->wait * 2 < FSC_RETRY_MAX ? c->wait * 2 : FSC_RETRY_MAX;
}

static void hang_up(struct fsc *c)
{
	loop_fd_del(c->loop, &c->h);
	close(c->fd);
	c->fd = -1;
	c->life++;
	if (c->in_len)
		c->refused[FSR_PART]++;
	c->head = c->count = c->reads = 0;
	c->sent = c->acked = c->answered = 0;
	c->in_len = c->out_len = c->out_at = 0;
	c->ops->closed(c->ctx);
	retry_later(c);
}

static int try_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void look_for_it(void *arg)
{
	struct fsc *c = arg;
	int fd = try_connect(c->path), err;

	err = fd < 0 ? fd : loop_fd_add(c->loop, &c->h, fd, EPOLLIN);
	if (err) {
		if (fd >= 0)
			close(fd);
		if (!c->told)
			tell(c, false, "no firmware at %s: %s; looking for one", c->path, strerror(-err));
		c->told = true;
		retry_later(c);
		return;
	}
	c->fd = fd;
	c->told = false;
	c->counter[FSC_CONNECTIONS]++;
	tell(c, false, "the firmware at %s is connected", c->path);
	c->ops->open(c->ctx);
}

/* ---- to the program ---- */

static struct fsc_entry *entry(struct fsc *c, unsigned int i)
{
	return &c->queue[(c->head + i) % FSC_QUEUE];
}

static ssize_t send_bytes(struct fsc *c, const uint8_t *b, size_t len, const int *fds, unsigned int nfds)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)b, .iov_len = len };
	union {
		char		buf[CMSG_SPACE(FSM_FDS * sizeof(int))];
		struct cmsghdr	align;
	} ctl = { .buf = { 0 } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nfds) {
		m.msg_control = ctl.buf;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, nfds * sizeof(int));
	}
	return sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* 0 sent (or kept), -EAGAIN, or the connection is lost */
static int send_message(struct fsc *c, const uint8_t b[FSM_SIZE], const int *fds, unsigned int nfds)
{
	ssize_t n = send_bytes(c, b, FSM_SIZE, fds, nfds);

	if (n < 0)
		return -errno;
	if ((size_t)n < FSM_SIZE) {
		memcpy(c->out, b, FSM_SIZE);
		c->out_at = (size_t)n;
		c->out_len = FSM_SIZE;
	}
	c->sent++;
	c->counter[FSC_OUT]++;
	return 0;
}

static int send_rest(struct fsc *c)
{
	ssize_t n;

	if (!c->out_len)
		return 0;
	n = send_bytes(c, c->out + c->out_at, c->out_len - c->out_at, NULL, 0);
	if (n < 0)
		return -errno;
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		return -EAGAIN;
	c->out_len = c->out_at = 0;
	return 0;
}

static int send_read(struct fsc *c, uint32_t addr, bool fence)
{
	uint8_t b[FSM_SIZE];
	int err;

	fsm_put_bar(b, FSM_BAR_READ, addr, 0);
	err = send_message(c, b, NULL, 0);
	if (err)
		return err;
	c->read[c->reads++] = (struct fsc_read){ .addr = addr, .seq = c->sent, .fence = fence };
	c->counter[FSC_FENCES] += fence;
	return 0;
}

static int send_sysmem(struct fsc *c, bool lend)
{
	struct mem_piece p[FSM_FDS];
	struct fsm_region r[FSM_FDS];
	unsigned int n = 0, left = 0;
	uint8_t b[FSM_SIZE];
	int fd[FSM_FDS], err;

	if (lend)
		n = c->ops->pieces(c->ctx, p, FSM_FDS, &left);
	for (unsigned int i = 0; i < n; i++) {
		r[i] = (struct fsm_region){ p[i].addr, p[i].size, p[i].offset };
		fd[i] = p[i].fd;
	}
	fsm_put_sysmem(b, r, n);
	err = send_message(c, b, fd, n);
	if (!err && left) {
		c->counter[FSC_LEFT_OUT] += left;
		tell(c, true, "the guest's memory is in %u pieces, %u of them too many for the firmware to have",
		     n + left, left);
	}
	return err;
}

static int send_entry(struct fsc *c, const struct fsc_entry *e)
{
	uint8_t b[FSM_SIZE];

	if (e->cmd == FSM_SYNC_SYSMEM)
		return send_sysmem(c, e->lend);
	if (e->cmd == FSM_BAR_READ)
		return send_read(c, e->addr, false);
	fsm_put_bar(b, (enum fsm_cmd)e->cmd, e->addr, e->val);
	return send_message(c, b, NULL, 0);
}

static int send_some(struct fsc *c)
{
	int err = send_rest(c);

	while (!err && c->count && !c->out_len) {
		const struct fsc_entry *e = entry(c, 0);
		uint32_t room = FSC_WINDOW - (c->sent - c->acked);

		if (!room)
			break;
		if (room == 1 && e->cmd != FSM_BAR_READ) {
			err = send_read(c, FENCE_ADDR, true);
			continue;
		}
		err = send_entry(c, e);
		if (!err) {
			c->head = (c->head + 1) % FSC_QUEUE;
			c->count--;
		}
	}
	return err;
}

static void pump(struct fsc *c)
{
	int err;

	if (c->fd < 0)
		return;
	err = send_some(c);
	if (err && err != -EAGAIN) {
		tell(c, false, "the firmware at %s is gone: %s", c->path, strerror(-err));
		hang_up(c);
		return;
	}
	loop_fd_mod(c->loop, &c->h, EPOLLIN | (err || c->out_len ? EPOLLOUT : 0));
}

static void add(struct fsc *c, const struct fsc_entry *e)
{
	if (c->fd < 0)
		return;
	if (c->count == FSC_QUEUE) {
		c->counter[FSC_OVERFLOWS]++;
		tell(c, false, "the firmware at %s does not read: %u messages wait for it; sent away", c->path,
		     FSC_QUEUE);
		hang_up(c);
		return;
	}
	*entry(c, c->count++) = *e;
	pump(c);
}

void fsc_write(struct fsc *c, uint32_t addr, uint32_t val)
{
	add(c, &(struct fsc_entry){ .cmd = FSM_BAR_WRITE, .addr = addr, .val = val });
}

void fsc_read(struct fsc *c, uint32_t addr)
{
	add(c, &(struct fsc_entry){ .cmd = FSM_BAR_READ, .addr = addr });
}

void fsc_sysmem(struct fsc *c, bool lend)
{
	const struct fsc_entry *last = c->count ? entry(c, c->count - 1) : NULL;

	/* What is lent is looked up when it is sent */
	if (last && last->cmd == FSM_SYNC_SYSMEM && last->lend == lend)
		return;
	add(c, &(struct fsc_entry){ .cmd = FSM_SYNC_SYSMEM, .lend = lend });
}

void fsc_drop_writes(struct fsc *c)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < c->count; i++)
		if (entry(c, i)->cmd != FSM_BAR_WRITE)
			*entry(c, kept++) = *entry(c, i);
	c->count = kept;
}

/* ---- from the program ---- */

static void refuse(struct fsc *c, enum fsm_refusal why, const struct fsm_bar *m)
{
	c->refused[why]++;
	tell(c, true, "the firmware's message %u (%s) is refused: %s", m->cmd,
	     m->cmd < FSM_NCMDS ? fsm_names[m->cmd] : "?", fsm_refusal_names[why]);
}

/* All up to the newest answer was read, but for a read that was passed over: so reads never outgrow the window */
static void acknowledge(struct fsc *c, uint32_t seq)
{
	uint32_t to;

	if ((int32_t)(seq - c->answered) > 0)
		c->answered = seq;
	to = c->answered;
	if (c->reads && (int32_t)(c->read[0].seq - 1 - to) < 0)
		to = c->read[0].seq - 1;
	if ((int32_t)(to - c->acked) > 0)
		c->acked = to;
}

static void completion(struct fsc *c, const struct fsm_bar *m)
{
	struct fsc_read r;
	unsigned int i;

	for (i = 0; i < c->reads && c->read[i].addr != m->addr; i++)
		;
	if (i == c->reads) {
		refuse(c, FSR_COMPLETION, m);
		return;
	}
	r = c->read[i];
	c->reads--;
	memmove(&c->read[i], &c->read[i + 1], (c->reads - i) * sizeof(r));
	acknowledge(c, r.seq);
	if (!r.fence)
		c->ops->completed(c->ctx, m->addr, m->val);
	pump(c);
}

static void take(struct fsc *c, const uint8_t b[FSM_SIZE])
{
	struct fsm_bar m;
	unsigned int why = fsm_parse(b, c->limit, &m);

	c->counter[FSC_IN]++;
	c->wait = FSC_RETRY_MIN;
	if (why)
		refuse(c, (enum fsm_refusal)(why - 1), &m);
	else if (m.cmd == FSM_BAR_CMPL)
		completion(c, &m);
	else if (m.cmd == FSM_BAR_READ)
		add(c, &(struct fsc_entry){ .cmd = FSM_BAR_CMPL, .addr = m.addr,
					    .val = c->ops->bar_read(c->ctx, m.addr) });
	else
		c->ops->bar_write(c->ctx, m.addr, m.val);
}

static void on_ready(void *arg, uint32_t events)
{
	struct fsc *c = arg;
	unsigned int life = c->life;

	if (events & EPOLLOUT)
		pump(c);
	for (unsigned int i = 0; i < FSC_BUDGET && c->life == life; i++) {
		ssize_t n = recv(c->fd, c->in + c->in_len, FSM_SIZE - c->in_len, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			tell(c, false, "the firmware at %s is gone%s%s", c->path, n ? ": " : "",
			     n ? strerror(errno) : "");
			hang_up(c);
			return;
		}
		c->in_len += (size_t)n;
		if (c->in_len < FSM_SIZE)
			continue;
		c->in_len = 0;
		take(c, c->in);
	}
}

/* ---- life ---- */

int fsc_start(struct fsc *c)
{
	struct sockaddr_un a;

	c->fd = -1;
	if (strlen(c->path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	c->wait = FSC_RETRY_MIN;
	c->h = (struct loop_fd){ .cb = on_ready, .arg = c };
	c->retry = (struct loop_timer){ .cb = look_for_it, .arg = c };
	loop_timer_set(c->loop, &c->retry, TIMER_NOW);
	return 0;
}

void fsc_stop(struct fsc *c)
{
	if (c->fd >= 0)
		hang_up(c);
	loop_timer_set(c->loop, &c->retry, TIMER_OFF);
}

void fsc_restart(struct fsc *c)
{
	if (c->fd >= 0)
		hang_up(c);
	loop_timer_set(c->loop, &c->retry, TIMER_NOW);
}
