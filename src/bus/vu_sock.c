/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: sockets and framing
 *
 * One stream socket carries everything: commands and their replies, and in the
 * other direction the few commands that we send.  Speed comes from the buffers.
 * One recvmsg() takes all that the client has written, often dozens of posted
 * register writes; each complete message in the buffer is dispatched; replies
 * collect in the output buffer and leave in one send() when the input buffer
 * has no complete message left.  A client that waits for a reply has sent
 * nothing behind its request, so its reply leaves at once.
 *
 * File descriptors come beside the bytes.  A recvmsg() on a unix stream socket
 * ends with the write that carried descriptors, so what it returns belongs to
 * the message that contains the last byte returned.  (A client that puts its
 * descriptors beside another byte of its message is fine, one that puts several
 * messages in one write has its descriptors counted to the last of them.)
 * Descriptors wait in vu_in.set until their message is dispatched; whatever its
 * handler does not keep is closed.
 *
 * Framing is lost only if a header gives a size below its own: then the client
 * is thrown out.  A message larger than we take is answered with an error and
 * its bytes are dropped as they come.  A client that reads no replies fills our
 * output buffer and is thrown out as well.  Throwing out (vu_kill) only marks
 * the connection: handlers deep in the card may be using it.  vu_service()
 * closes it when it has the control.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* accept4 */
#endif

#include "vu_int.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- listening ---- */

/* A socket file is there already: 0 if it was a dead process's and is gone now */
static int replace_stale(const struct sockaddr_un *sa, char *err, size_t errlen)
{
	struct stat st;
	int fd, rc;

	if (lstat(sa->sun_path, &st))
		return 0;	/* bind() will say what is wrong, if anything is */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(err, errlen, "%s exists and is not a socket", sa->sun_path);
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) ? errno : 0;
	close(fd);
	if (rc != ECONNREFUSED) {
		snprintf(err, errlen, "another process serves %s", sa->sun_path);
		return -EADDRINUSE;
	}
	unlink(sa->sun_path);
	return 0;
}

int vu_listen(struct vu *v, char *err, size_t errlen)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	memcpy(sa.sun_path, v->path, sizeof(v->path));
	rc = replace_stale(&sa, err, errlen);
	if (rc)
		return rc;
	v->lfd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->lfd < 0) {
		snprintf(err, errlen, "no socket: %s", strerror(errno));
		return -errno;
	}
	mask = umask(0177);
	rc = bind(v->lfd, (const struct sockaddr *)&sa, sizeof(sa)) ? -errno : 0;
	umask(mask);
	if (!rc && listen(v->lfd, 8))
		rc = -errno;
	if (rc)
		snprintf(err, errlen, "%s: %s", v->path, strerror(-rc));
	return rc;
}

/* A client that was killed may not have been noticed yet when its successor knocks */
static bool conn_is_gone(const struct vu *v)
{
	struct pollfd p = { .fd = v->cfd };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR);
}

int vu_accept(struct vu *v)
{
	int fd;

	while ((fd = accept4(v->lfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (v->cfd >= 0 && conn_is_gone(v)) {
			vu_log(v, "client left");
			vu_disconnect(v);
		}
		if (v->cfd >= 0 || !v->fn) {
			v->stat[VU_ST_REFUSED]++;
			vu_log(v, "a second client was refused");
			close(fd);
			continue;
		}
		v->cfd = fd;
		v->stat[VU_ST_CLIENTS]++;
		vu_log(v, "client connected");
		if (v->owner.conn)
			v->owner.conn(v->owner.ctx, fd, true);
	}
	return errno == EAGAIN ? 0 : -errno;
}

/* ---- file descriptors ---- */

static void fdset_close(struct vu_fdset *s)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	s->n = 0;
}

static void fdset_add(struct vu_fdset *s, int fd)
{
	if (s->n < VU_MAX_FDS) {
		s->fd[s->n++] = fd;
	} else {
		s->excess = true;
		close(fd);
	}
}

/* Moves to @out what came with the bytes before @end, in one or in several pieces */
static void fdset_take(struct vu_in *in, uint32_t end, struct vu_fdset *out)
{
	unsigned int k = 0;

	out->n = 0;
	out->excess = false;
	for (; k < in->nsets && in->set[k].end < end; k++) {
		for (unsigned int i = 0; i < in->set[k].n; i++)
			fdset_add(out, in->set[k].fd[i]);
		out->excess |= in->set[k].excess;
	}
	if (k) {
		in->nsets -= k;
		memmove(in->set, in->set + k, in->nsets * sizeof(*in->set));
	}
}

static void fdset_collect(struct vu_in *in, struct msghdr *mh, uint32_t end)
{
	struct vu_fdset *s = &in->set[in->nsets];

	s->n = 0;
	s->end = end;
	s->excess = mh->msg_flags & MSG_CTRUNC;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			fdset_add(s, fd);
		}
	}
	if (s->n || s->excess) {
		in->nsets++;
		in->more = true;
	}
}

/* ---- input ---- */

static void in_shift(struct vu_in *in)
{
	uint32_t by = in->head;

	if (!by)
		return;
	memmove(in->buf, in->buf + by, in->tail - by);
	in->head = 0;
	in->tail -= by;
	for (unsigned int i = 0; i < in->nsets; i++)
		in->set[i].end -= by;
}

int vu_fill(struct vu *v)
{
	struct vu_in *in = &v->in;
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(64 * sizeof(int))];
	} ctl;
	struct iovec iov;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl,
			     .msg_controllen = sizeof(ctl) };
	ssize_t n;

	if (!v->dispatching && (in->head == in->tail || in->tail > VU_IN_SIZE / 2))
		in_shift(in);
	iov.iov_base = in->buf + in->tail;
	iov.iov_len = VU_IN_SIZE - in->tail;
	if (!iov.iov_len || in->nsets == VU_FDSETS)
		return -ENOBUFS;

	v->stat[VU_ST_RECVS]++;
	in->more = false;
	n = recvmsg(v->cfd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -ESHUTDOWN;
	in->more = (size_t)n == iov.iov_len;
	in->tail += (uint32_t)n;
	fdset_collect(in, &mh, in->tail - 1);
	return (int)n;
}

bool vu_next_hdr(const struct vu *v, uint32_t at, struct vu_hdr *h)
{
	if (v->in.tail - at < sizeof(*h))
		return false;
	memcpy(h, v->in.buf + at, sizeof(*h));
	return true;
}

/* Takes a message out of the middle of the buffer: a reply behind queued commands */
void vu_in_remove(struct vu *v, uint32_t at, uint32_t len)
{
	struct vu_in *in = &v->in;
	unsigned int k = 0;

	memmove(in->buf + at, in->buf + at + len, in->tail - at - len);
	in->tail -= len;
	for (unsigned int i = 0; i < in->nsets; i++) {
		struct vu_fdset *s = &in->set[i];

		if (s->end >= at && s->end - at < len) {
			fdset_close(s);
			continue;
		}
		if (s->end >= at)
			s->end -= len;
		in->set[k++] = *s;
	}
	in->nsets = k;
}

/* Bytes of an oversized message that are here */
static void drop_skipped(struct vu_in *in)
{
	uint32_t n = in->tail - in->head < in->skip ? in->tail - in->head : in->skip;
	struct vu_fdset fds;

	if (!n)
		return;
	in->head += n;
	in->skip -= n;
	fdset_take(in, in->head, &fds);
	fdset_close(&fds);
}

/* One message if a complete one is there; false if not */
static bool process_one(struct vu *v)
{
	struct vu_in *in = &v->in;
	struct vu_fdset fds;
	struct vu_hdr h;

	drop_skipped(in);
	if (!vu_next_hdr(v, in->head, &h))
		return false;
	if (h.size < sizeof(h)) {
		vu_kill(v, "a message has size %u", h.size);
		return false;
	}
	if (h.size > VU_MAX_MSG) {
		fds.n = 0;
		vu_dispatch(v, &h, NULL, &fds);
		in->skip = h.size;
		return true;
	}
	if (in->tail - in->head < h.size)
		return false;

	fdset_take(in, in->head + h.size, &fds);
	v->dispatching = true;
	vu_dispatch(v, &h, in->buf + in->head + sizeof(h), &fds);
	v->dispatching = false;
	fdset_close(&fds);
	in->head += h.size;
	return true;
}

/* ---- output ---- */

int vu_flush(struct vu *v)
{
	struct vu_out *o = &v->out;

	while (o->head < o->tail) {
		ssize_t n = send(v->cfd, o->buf + o->head, o->tail - o->head,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		v->stat[VU_ST_SENDS]++;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -EAGAIN : -errno;
		o->head += (uint32_t)n;
	}
	o->head = o->tail = 0;
	return 0;
}

uint8_t *vu_reserve(struct vu *v, uint32_t len)
{
	struct vu_out *o = &v->out;

	if (VU_OUT_SIZE - o->tail < len)
		vu_flush(v);
	if (VU_OUT_SIZE - o->tail < len) {
		memmove(o->buf, o->buf + o->head, o->tail - o->head);
		o->tail -= o->head;
		o->head = 0;
	}
	if (VU_OUT_SIZE - o->tail < len) {
		vu_kill(v, "it does not read our replies");
		return NULL;
	}
	return o->buf + o->tail;
}

uint32_t vu_want(const struct vu *v)
{
	return (v->closing ? 0u : EPOLLIN) | (v->out.head < v->out.tail ? EPOLLOUT : 0u);
}

/* ---- the end of a client ---- */

void vu_kill(struct vu *v, const char *fmt, ...)
{
	char why[160];
	va_list ap;

	if (v->dead)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	vu_log(v, "client thrown out: %s", why);
	v->stat[VU_ST_THROWN_OUT]++;
	v->dead = true;
	shutdown(v->cfd, SHUT_RDWR);	/* so that epoll calls vu_service() */
}

void vu_disconnect(struct vu *v)
{
	if (v->cfd < 0)
		return;
	if (v->owner.conn)
		v->owner.conn(v->owner.ctx, v->cfd, false);
	close(v->cfd);
	v->cfd = -1;

	for (unsigned int i = 0; i < v->in.nsets; i++)
		fdset_close(&v->in.set[i]);
	v->in.head = v->in.tail = v->in.skip = v->in.nsets = 0;
	v->in.more = false;
	v->out.head = v->out.tail = 0;
	v->versioned = v->qemu_dma = v->told_remote = v->dma_stalled = false;
	v->dead = v->closing = false;
	v->dma_late = 0;

	vu_irq_drop_all(v);
	if (v->fn)
		v->fn->reset(v->fn_ctx, true);
	mem_unmap_all(v->mem);
	vu_irq_sync(v);
}

static void client_left(struct vu *v, int err)
{
	if (err != -ESHUTDOWN && err != -ECONNRESET && err != -EPIPE)
		vu_log(v, "client lost: %s", strerror(-err));
	else if (v->in.head != v->in.tail || v->in.skip)
		vu_log(v, "client left in the middle of a message");
	else
		vu_log(v, "client left");
	vu_disconnect(v);
}

static void tell_broken(struct vu *v)
{
	uint64_t n = mem_stats(v->mem)->broken;

	if (n == v->mem_broken)
		return;
	v->mem_broken = n;
	vu_log(v, "the client cut a file of its memory: that window is dead");
}

static bool alive(const struct vu *v)
{
	return !v->dead && !v->closing;
}

/* A client can stop reading and yet keep the connection open (QEMU does, when it gives up) */
static void try_flush(struct vu *v)
{
	int err = vu_flush(v);

	if (err && err != -EAGAIN)
		vu_kill(v, "it does not take replies any more: %s", strerror(-err));
}

/* All complete messages in the buffer, then their replies; returns what is left of the budget */
static unsigned int process(struct vu *v, unsigned int budget)
{
	v->dma_stalled = false;
	while (budget && alive(v) && process_one(v))
		budget--;
	if (!v->dead)
		try_flush(v);
	return budget;
}

bool vu_service(struct vu *v, unsigned int budget)
{
	int n = 1;

	if (v->cfd < 0)
		return false;
	budget = process(v, budget);
	while (budget && alive(v)) {
		n = vu_fill(v);
		if (n <= 0)
			break;
		budget = process(v, budget);
		if (!v->in.more)
			break;		/* all taken: spare the recvmsg() that says so */
	}
	tell_broken(v);

	if (v->closing && !v->dead && vu_flush(v) == -EAGAIN)
		return false;		/* the last words are still on their way */
	if (!alive(v))
		vu_disconnect(v);
	else if (n < 0)
		client_left(v, n);
	return v->cfd >= 0 && !budget;
}
