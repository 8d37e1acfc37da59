/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dgram:local=ADDRESS;remote=ADDRESS - a frame per datagram, compatible with
 * QEMU's -netdev dgram: Unix or UDP sockets, or a UDP multicast group as a hub
 * (remote=GROUP:PORT, local= the address of the interface, if any).
 *
 * sendmmsg() and recvmmsg() move a batch with one system call.
 *
 * The socket is connected to the remote end: only then does the kernel tell a
 * sender on a Unix socket that the receiver has room again (of an unconnected
 * one it always says "writable", and waiting for room would be spinning).  A
 * remote end that does not exist yet, or was restarted, is connected to with
 * the next burst; what is sent to nobody is dropped and counted.
 *
 * A multicast group sends our own frames back to us.  They are recognised by
 * their source, a socket that we use for sending only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire_int.h"

#define SOCK_BUF	(1 << 20)
#define READS		8	/* batches in one go before others get their turn */

struct dgram {
	struct wire		w;
	struct wire_addr	local, remote;
	bool			bound, connected, multicast;
	int			fd;		/* receives, and sends unless multicast */
	int			tx_fd;
	struct wire_addr	self;		/* multicast: the source of our own frames */
	struct loop_fd		h, tx_h;
	struct wire_batch	batch;
	struct mmsghdr		tx_msg[PORT_BATCH], rx_msg[PORT_BATCH];
	struct iovec		rx_iov[PORT_BATCH];
	struct sockaddr_in	from[PORT_BATCH];
	uint8_t			buf[PORT_BATCH][WIRE_MAX_FRAME];
};

/* ---- sending ---- */

static bool dgram_connect(struct dgram *d)
{
	bool was = d->connected;

	d->connected = !connect(d->tx_fd, &d->remote.sa, d->remote.len);
	if (d->connected && !was)
		d->w.st.connects++;
	return d->connected;
}

static bool peer_gone(int e)
{
	return e == ECONNREFUSED || e == ECONNRESET || e == ENOTCONN || e == ENOENT || e == EPIPE ||
	       e == EHOSTUNREACH || e == ENETUNREACH || e == EDESTADDRREQ;
}

/*
 * One sendmmsg() failed before its first frame with @e.  Returns true if it
 * makes sense to go on with the same frame, or with the next (*drop).
 */
static bool dgram_tx_error(struct dgram *d, int e, unsigned int *tries, bool *drop)
{
	*drop = false;
	if (e == EAGAIN || e == EWOULDBLOCK || e == ENOBUFS)
		return false;
	if (e == EINTR)
		return true;

	if (!peer_gone(e)) {
		d->w.st.tx_errors++;
		*drop = true;
		return true;
	}
	/* UDP reports what became of an earlier datagram: this one may get through */
	if ((*tries)++ == 0 && dgram_connect(d))
		return true;

	if (d->connected && d->remote.sa.sa_family == AF_UNIX) {
		d->connected = false;
		d->w.st.disconnects++;
	}
	d->w.st.tx_no_peer++;
	*drop = true;
	return true;
}

static void dgram_gather(struct dgram *d, const struct frame *f, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct msghdr *m = &d->tx_msg[i].msg_hdr;

		/* A struct span is a struct iovec (port.h) */
		m->msg_iov = (struct iovec *)(uintptr_t)f[i].span;
		m->msg_iovlen = f[i].nspans;
	}
}

static unsigned int dgram_tx(struct wire *w, const struct frame *f, unsigned int n)
{
	struct dgram *d = (struct dgram *)w;
	unsigned int done = 0, tries = 0;
	bool drop;
	int ret;

	if (!d->connected && !dgram_connect(d)) {
		w->st.tx_no_peer += n;
		return n;
	}
	dgram_gather(d, f, n);
	while (done < n) {
		ret = sendmmsg(d->tx_fd, d->tx_msg + done, n - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (ret > 0) {
			done += (unsigned int)ret;
			continue;
		}
		if (!dgram_tx_error(d, errno, &tries, &drop)) {
			struct loop_fd *h = d->multicast ? &d->tx_h : &d->h;

			loop_fd_mod(w->loop, h, h->events | EPOLLOUT);
			break;
		}
		done += drop;
	}
	return done;
}

/* ---- receiving ---- */

static bool dgram_own(const struct dgram *d, unsigned int i)
{
	const struct sockaddr_in *self = (const struct sockaddr_in *)&d->self.ss;

	return d->multicast && d->from[i].sin_port == self->sin_port &&
	       d->from[i].sin_addr.s_addr == self->sin_addr.s_addr;
}

static void dgram_collect(struct dgram *d, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (dgram_own(d, i))
			continue;
		if (d->rx_msg[i].msg_hdr.msg_flags & MSG_TRUNC)
			d->w.st.rx_giant++;
		else if (!d->rx_msg[i].msg_len)
			d->w.st.rx_errors++;
		else
			batch_add(&d->batch, d->buf[i], d->rx_msg[i].msg_len, true);
	}
}

static int dgram_recv(struct dgram *d)
{
	/* The kernel overwrote the length of the name with what it was */
	for (unsigned int i = 0; d->multicast && i < PORT_BATCH; i++)
		d->rx_msg[i].msg_hdr.msg_namelen = sizeof(d->from[i]);
	return recvmmsg(d->fd, d->rx_msg, PORT_BATCH, MSG_DONTWAIT, NULL);
}

static void dgram_read(struct dgram *d)
{
	int n;

	for (int i = 0; i < READS && batch_deliver(&d->w, &d->batch); i++) {
		n = dgram_recv(d);
		if (n < 0)	/* nothing there, or an ICMP message about one we sent */
			break;
		dgram_collect(d, (unsigned int)n);
	}
	batch_deliver(&d->w, &d->batch);
}

static void dgram_watch(struct dgram *d)
{
	uint32_t in = batch_empty(&d->batch) ? EPOLLIN : 0;
	uint32_t out = d->w.blocked ? EPOLLOUT : 0;

	loop_fd_mod(d->w.loop, &d->h, d->multicast ? in : in | out);
	if (d->multicast)
		loop_fd_mod(d->w.loop, &d->tx_h, out);
}

static void dgram_event(void *arg, uint32_t events)
{
	struct dgram *d = arg;

	if (events & EPOLLERR) {	/* takes the error, or epoll reports it again and again */
		int e;
		socklen_t len = sizeof(e);

		getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &e, &len);
	}
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		wire_ready(&d->w);
	if (events & EPOLLIN && batch_empty(&d->batch))
		dgram_read(d);
	dgram_watch(d);
}

/* Multicast: the sending socket can be written again */
static void dgram_tx_event(void *arg, uint32_t events)
{
	struct dgram *d = arg;

	(void)events;
	wire_ready(&d->w);
	dgram_watch(d);
}

static void dgram_rx_ready(struct wire *w)
{
	struct dgram *d = (struct dgram *)w;

	if (batch_empty(&d->batch))
		return;
	dgram_read(d);
	dgram_watch(d);
}

/* ---- open and close ---- */

static int dgram_socket(struct dgram *d, int *fd, char *err, size_t errlen)
{
	int size = SOCK_BUF;

	*fd = socket(d->remote.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return wire_fail(err, errlen, "socket: %s", strerror(errno));
	setsockopt(*fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

static int dgram_open_unicast(struct dgram *d, const char *local, char *err, size_t errlen)
{
	if (addr_unlink_stale(&d->local, SOCK_DGRAM))
		return wire_fail(err, errlen, "local=%s: another process uses it", local);
	if (dgram_socket(d, &d->fd, err, errlen))
		return -EINVAL;
	if (bind(d->fd, &d->local.sa, d->local.len))
		return wire_fail(err, errlen, "can't bind to local=%s: %s", local, strerror(errno));
	d->bound = true;
	d->tx_fd = d->fd;
	dgram_connect(d);	/* nobody there yet: later */
	return 0;
}

static int dgram_join(struct dgram *d, const struct in_addr *ifaddr)
{
	const struct sockaddr_in *group = (const struct sockaddr_in *)&d->remote.ss;
	struct ip_mreq mreq = { .imr_multiaddr = group->sin_addr, .imr_interface = *ifaddr };
	int one = 1;

	if (setsockopt(d->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(d->fd, &d->remote.sa, d->remote.len) ||
	    setsockopt(d->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) ||
	    setsockopt(d->tx_fd, IPPROTO_IP, IP_MULTICAST_IF, ifaddr, sizeof(*ifaddr)) ||
	    setsockopt(d->tx_fd, IPPROTO_IP, IP_MULTICAST_LOOP, &one, sizeof(one)))
		return -errno;
	return 0;
}

static int dgram_open_multicast(struct dgram *d, const char *remote, char *err, size_t errlen)
{
	struct in_addr ifaddr = { .s_addr = htonl(INADDR_ANY) };

	d->multicast = true;
	if (d->local.len)
		ifaddr = ((struct sockaddr_in *)&d->local.ss)->sin_addr;
	if (dgram_socket(d, &d->fd, err, errlen) || dgram_socket(d, &d->tx_fd, err, errlen))
		return -EINVAL;
	d->self.len = sizeof(d->self.ss);
	if (dgram_join(d, &ifaddr) || !dgram_connect(d) ||
	    getsockname(d->tx_fd, &d->self.sa, &d->self.len))
		return wire_fail(err, errlen, "can't join the group remote=%s: %s", remote, strerror(errno));
	return 0;
}

static void dgram_init(struct dgram *d)
{
	d->fd = d->tx_fd = -1;
	d->h = (struct loop_fd){ .cb = dgram_event, .arg = d };
	d->tx_h = (struct loop_fd){ .cb = dgram_tx_event, .arg = d };
	for (unsigned int i = 0; i < PORT_BATCH; i++) {
		d->rx_iov[i].iov_base = d->buf[i];
		d->rx_iov[i].iov_len = sizeof(d->buf[i]);
		d->rx_msg[i].msg_hdr.msg_iov = &d->rx_iov[i];
		d->rx_msg[i].msg_hdr.msg_iovlen = 1;
	}
}

static int dgram_open(struct wire *w, const struct wire_args *a, char *err, size_t errlen)
{
	struct dgram *d = (struct dgram *)w;
	const char *local = args_get(a, "local"), *remote = args_get(a, "remote");
	int ret;

	dgram_init(d);
	if (!remote)
		return wire_fail(err, errlen, "needs the other end: remote=unix:PATH or remote=HOST:PORT");
	if (addr_parse(remote, &d->remote, err, errlen) ||
	    (local && addr_parse(local, &d->local, err, errlen)))
		return -EINVAL;
	if (local && d->local.sa.sa_family != d->remote.sa.sa_family)
		return wire_fail(err, errlen, "local= and remote= are addresses of different kinds");
	if (!local && !addr_is_multicast(&d->remote))
		return wire_fail(err, errlen, "needs its own address: local=unix:PATH or local=HOST:PORT");

	if (addr_is_multicast(&d->remote))
		ret = dgram_open_multicast(d, remote, err, errlen);
	else
		ret = dgram_open_unicast(d, local, err, errlen);
	if (ret)
		return ret;

	for (unsigned int i = 0; d->multicast && i < PORT_BATCH; i++)
		d->rx_msg[i].msg_hdr.msg_name = &d->from[i];
	if (loop_fd_add(w->loop, &d->h, d->fd, EPOLLIN) ||
	    (d->multicast && loop_fd_add(w->loop, &d->tx_h, d->tx_fd, 0)))
		return wire_fail(err, errlen, "too many open files");
	return 0;
}

static void dgram_close(struct wire *w)
{
	struct dgram *d = (struct dgram *)w;

	if (!d->h.cb)
		return;
	loop_fd_del(w->loop, &d->h);
	loop_fd_del(w->loop, &d->tx_h);
	if (d->tx_fd >= 0 && d->tx_fd != d->fd)
		close(d->tx_fd);
	if (d->fd >= 0)
		close(d->fd);
	if (d->bound)
		addr_unlink(&d->local);
}

static const char *const dgram_opts[] = { "local", "remote", NULL };

const struct wire_kind wire_dgram = {
	.name = "dgram",
	.opts = dgram_opts,
	.arg_is_opts = true,
	.size = sizeof(struct dgram),
	.open = dgram_open,
	.close = dgram_close,
	.tx = dgram_tx,
	.rx_ready = dgram_rx_ready,
};
