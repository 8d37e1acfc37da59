/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream:ADDRESS[;server=on] - frames over a connected socket, compatible with
 * QEMU's -netdev stream: each frame has a 32-bit big-endian length before it.
 *
 * A client connects, and again every RETRY_NS while there is nobody; a server
 * listens and has one peer at a time, the next one waits in the backlog.  While
 * there is no peer, frames are dropped and counted.
 *
 * Sending: a batch is one sendmsg(), lengths and frames in one vector.  What
 * the socket took of a frame can't be taken back: the rest of that frame is
 * copied and goes out before anything else.  The frames after it stay in the
 * card until the socket can be written.
 *
 * Receiving: one recv() for as many frames as there are; they are handed to
 * the card in place.  What the card refuses stays in the buffer, and we read
 * no more until it is taken.  A length that can't be (0, above 64 KiB) means
 * that the peer speaks something else: it is sent away.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "listen.h"
#include "wire_int.h"

#define RETRY_NS	(500 * NS_PER_MS)
#define RX_BUF		(512u << 10)
#define SOCK_BUF	(1 << 20)
#define LEN_MAX		65536u		/* of a frame, as the peer announces it */
#define IOVS		1024		/* IOV_MAX */
#define READS		8		/* buffers in one go before others get their turn */

struct stream {
	struct wire		w;
	struct wire_addr	addr;
	bool			server, bound;
	int			listen_fd, fd;		/* -1: none */
	bool			connecting;		/* fd is not connected yet */
	struct listener		door;
	struct loop_fd		h;
	struct loop_timer	retry;

	/* the rest of a frame that was sent in part */
	uint8_t			part[WIRE_MAX_FRAME + 4];
	size_t			part_off, part_len;
	struct iovec		iov[IOVS];
	uint32_t		hdr[PORT_BATCH];

	struct wire_batch	batch;
	size_t			head, tail;		/* bytes in buf not looked at yet */
	size_t			skip;			/* of a giant, to come */
	uint8_t			buf[RX_BUF];
};

static void stream_watch(struct stream *s);

/* ---- the peer comes and goes ---- */

static void stream_retry_later(struct stream *s)
{
	if (!s->server)
		loop_timer_set(s->w.loop, &s->retry, loop_now(s->w.loop) + RETRY_NS);
}

static void stream_reset(struct stream *s)
{
	if (s->fd >= 0) {
		loop_fd_del(s->w.loop, &s->h);
		close(s->fd);
	}
	s->fd = -1;
	s->connecting = false;
	s->part_len = s->part_off = 0;
	s->head = s->tail = s->skip = 0;
	s->batch.head = s->batch.n = 0;
}

static void stream_drop_peer(struct stream *s, const char *why)
{
	bool was = s->fd >= 0 && !s->connecting;

	stream_reset(s);
	if (was) {
		s->w.st.disconnects++;
		wire_trace(&s->w, "peer gone: %s", why);
	}
	if (s->server)
		listener_set(&s->door, true);
	else
		stream_retry_later(s);
	wire_ready(&s->w);		/* what the card holds back is for nobody now */
}

static void stream_connected(struct stream *s)
{
	int one = 1, size = SOCK_BUF;

	s->connecting = false;
	s->w.st.connects++;
	/* Best effort: a Unix socket has no TCP_NODELAY, the buffer has a system limit */
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	wire_trace(&s->w, "peer connected");
	stream_watch(s);
}

static int stream_accept(void *arg)
{
	struct stream *s = arg;
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	s->fd = fd;
	if (loop_fd_add(s->w.loop, &s->h, fd, EPOLLIN)) {
		stream_reset(s);
		return 0;
	}
	listener_set(&s->door, false);
	stream_connected(s);
	return 0;
}

static void stream_connect(void *arg)
{
	struct stream *s = arg;

	s->fd = socket(s->addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0) {
		stream_retry_later(s);
		return;
	}
	s->connecting = true;
	if (connect(s->fd, &s->addr.sa, s->addr.len) && errno != EINPROGRESS) {
		stream_reset(s);
		stream_retry_later(s);
		return;
	}
	/* Writable: connected, or not */
	if (loop_fd_add(s->w.loop, &s->h, s->fd, EPOLLOUT)) {
		stream_reset(s);
		stream_retry_later(s);
	}
}

static void stream_connect_done(struct stream *s)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &e, &len) || e) {
		stream_reset(s);
		stream_retry_later(s);
		return;
	}
	stream_connected(s);
}

/* ---- sending ---- */

/* The rest of a frame; true: nothing is left of it */
static bool stream_send_part(struct stream *s)
{
	ssize_t n;

	if (!s->part_len)
		return true;
	n = send(s->fd, s->part + s->part_off, s->part_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return false;	/* full, or broken: then there is an event */
	s->part_off += (size_t)n;
	s->part_len -= (size_t)n;
	return !s->part_len;
}

/* Fills s->iov with lengths and frames; returns how many frames fit */
static unsigned int stream_gather(struct stream *s, const struct frame *f, unsigned int n, int *niov)
{
	unsigned int i, v = 0;

	for (i = 0; i < n && i < PORT_BATCH && v + 1 + f[i].nspans <= IOVS; i++) {
		s->hdr[i] = htonl(f[i].len);
		s->iov[v++] = (struct iovec){ .iov_base = &s->hdr[i], .iov_len = 4 };
		memcpy(&s->iov[v], f[i].span, f[i].nspans * sizeof(struct iovec));
		v += f[i].nspans;
	}
	*niov = (int)v;
	return i;
}

/* The socket took @sent bytes of @f[0..n): how many frames is that, with the one that is kept in part */
static unsigned int stream_account(struct stream *s, const struct frame *f, unsigned int n, size_t sent)
{
	unsigned int i;

	for (i = 0; i < n && sent >= f[i].len + 4u; i++)
		sent -= f[i].len + 4u;
	if (i == n || !sent)
		return i;

	memcpy(s->part, &s->hdr[i], 4);
	s->part_len = 4 + frame_copy(&f[i], 0, s->part + 4, WIRE_MAX_FRAME) - sent;
	s->part_off = sent;
	return i + 1;
}

static unsigned int stream_tx(struct wire *w, const struct frame *f, unsigned int n)
{
	struct stream *s = (struct stream *)w;
	struct msghdr msg = { .msg_iov = s->iov };
	unsigned int done = 0, run, k;
	ssize_t sent;
	int niov;

	if (s->fd < 0 || s->connecting) {
		w->st.tx_no_peer += n;
		return n;
	}
	while (done < n && stream_send_part(s)) {
		run = stream_gather(s, f + done, n - done, &niov);
		msg.msg_iovlen = (size_t)niov;
		sent = sendmsg(s->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			/* Gone.  The event that comes with it cleans up: we are in a call from the card */
			w->st.tx_no_peer += n - done;
			return n;
		}
		if (sent <= 0)
			break;
		k = stream_account(s, f + done, run, (size_t)sent);
		done += k;
	}
	if (done < n || s->part_len)
		loop_fd_mod(w->loop, &s->h, s->h.events | EPOLLOUT);
	return done;
}

/* ---- receiving ---- */

/* The frames that are whole in the buffer, into the batch.  -EPROTO: a senseless length */
static int stream_parse(struct stream *s)
{
	uint32_t len;

	while (!batch_full(&s->batch)) {
		size_t have = s->tail - s->head;

		if (s->skip) {
			size_t n = s->skip < have ? s->skip : have;

			s->head += n;
			s->skip -= n;
			if (s->skip)
				return 0;
			continue;
		}
		if (have < 4)
			return 0;
		memcpy(&len, s->buf + s->head, 4);
		len = ntohl(len);
		if (!len || len > LEN_MAX)	/* first what came before it */
			return batch_empty(&s->batch) ? -EPROTO : 0;
		if (len > WIRE_MAX_FRAME) {
			s->w.st.rx_giant++;
			s->head += 4;
			s->skip = len;
			continue;
		}
		if (have - 4 < len)
			return 0;
		batch_add(&s->batch, s->buf + s->head + 4, len, true);
		s->head += 4 + len;
	}
	return 0;
}

/* All that is in the buffer.  0: the card took it, -EAGAIN: it did not, -EPROTO */
static int stream_deliver(struct stream *s)
{
	int ret;

	do {
		if (!batch_deliver(&s->w, &s->batch))
			return -EAGAIN;
		ret = stream_parse(s);
		if (ret)
			return ret;
	} while (!batch_empty(&s->batch));

	/* What is left is less than a frame: at the front there is room for the rest of it */
	memmove(s->buf, s->buf + s->head, s->tail - s->head);
	s->tail -= s->head;
	s->head = 0;
	return 0;
}

static void stream_read(struct stream *s)
{
	ssize_t n = 0;
	int ret;

	for (int i = 0; i < READS; i++) {
		ret = stream_deliver(s);
		if (ret)
			break;
		n = recv(s->fd, s->buf + s->tail, sizeof(s->buf) - s->tail, MSG_DONTWAIT);
		if (n <= 0)
			break;
		s->tail += (size_t)n;
	}
	if (!ret && n > 0)
		ret = stream_deliver(s);

	if (ret == -EPROTO) {
		s->w.st.rx_errors++;
		stream_drop_peer(s, "it sent a length that no frame has");
	} else if (!ret && !n) {
		stream_drop_peer(s, "it closed the connection");
	} else if (!ret && n < 0 && errno != EAGAIN && errno != EINTR) {
		stream_drop_peer(s, strerror(errno));
	} else {
		stream_watch(s);
	}
}

/* What the socket is to wake us for */
static void stream_watch(struct stream *s)
{
	uint32_t events = batch_empty(&s->batch) ? EPOLLIN : 0;

	if (s->part_len || s->w.blocked)
		events |= EPOLLOUT;
	loop_fd_mod(s->w.loop, &s->h, events);
}

static void stream_event(void *arg, uint32_t events)
{
	struct stream *s = arg;

	if (s->connecting) {
		stream_connect_done(s);
		return;
	}
	if (events & EPOLLOUT && stream_send_part(s)) {
		wire_ready(&s->w);
		if (s->fd < 0)
			return;
	}
	if (batch_empty(&s->batch) && events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		stream_read(s);
	else if (events & (EPOLLERR | EPOLLHUP))
		stream_drop_peer(s, "it closed the connection");
	else
		stream_watch(s);
}

static void stream_rx_ready(struct wire *w)
{
	struct stream *s = (struct stream *)w;

	if (s->fd >= 0 && !batch_empty(&s->batch))
		stream_read(s);
}

/* ---- open and close ---- */

static int stream_listen(struct stream *s, const char *arg, char *err, size_t errlen)
{
	int one = 1;

	if (addr_unlink_stale(&s->addr, SOCK_STREAM))
		return wire_fail(err, errlen, "%s: another process listens there", arg);
	s->listen_fd = socket(s->addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return wire_fail(err, errlen, "socket: %s", strerror(errno));
	setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s->listen_fd, &s->addr.sa, s->addr.len))
		return wire_fail(err, errlen, "can't listen on %s: %s", arg, strerror(errno));
	s->bound = true;
	if (listen(s->listen_fd, 1) || listener_start(&s->door, s->w.loop, s->listen_fd))
		return wire_fail(err, errlen, "can't listen on %s: %s", arg, strerror(errno));
	return 0;
}

static int stream_open(struct wire *w, const struct wire_args *a, char *err, size_t errlen)
{
	struct stream *s = (struct stream *)w;

	s->fd = s->listen_fd = -1;
	s->h = (struct loop_fd){ .cb = stream_event, .arg = s };
	s->door = (struct listener){ .accept = stream_accept, .arg = s };
	s->retry = (struct loop_timer){ .cb = stream_connect, .arg = s };

	if (!*a->arg)
		return wire_fail(err, errlen, "needs an address: stream:unix:PATH or stream:HOST:PORT");
	if (args_bool(a, "server", &s->server, err, errlen) ||
	    addr_parse(a->arg, &s->addr, err, errlen))
		return -EINVAL;
	if (s->server)
		return stream_listen(s, a->arg, err, errlen);
	stream_connect(s);
	return 0;
}

static void stream_close(struct wire *w)
{
	struct stream *s = (struct stream *)w;

	if (!s->h.cb)
		return;
	loop_timer_set(w->loop, &s->retry, TIMER_OFF);
	stream_reset(s);
	if (s->listen_fd >= 0) {
		listener_stop(&s->door);
		close(s->listen_fd);
	}
	if (s->bound)
		addr_unlink(&s->addr);
}

static const char *const stream_opts[] = { "server", NULL };

const struct wire_kind wire_stream = {
	.name = "stream",
	.opts = stream_opts,
	.size = sizeof(struct stream),
	.open = stream_open,
	.close = stream_close,
	.tx = stream_tx,
	.rx_ready = stream_rx_ready,
};
