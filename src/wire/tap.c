/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap:NAME - a TAP interface of this machine.
 *
 * The interface may exist (made for us by root: "ip tuntap add NAME mode tap
 * user USER"); if not, it is made, which needs root.
 *
 * The kernel takes one frame per write() and has no batches, but with a
 * virtio-net header (IFF_VNET_HDR) it takes a large send in one piece: 64 KiB
 * for one system call, cut later or never.  Hence PORT_LSO_PARTIAL: the L4
 * checksum field holds the sum of the pseudo header, as virtio-net has it.  UDP
 * large sends need Linux 6.2; before that, and for IP in IP, we cut.
 *
 * Towards us no offload is switched on (TUNSETOFFLOAD 0): the kernel cuts and
 * sums, as the card takes only what comes over a wire.  Frames are read in
 * batches of PORT_BATCH into their own buffers and are left there until the
 * card takes them.  While it does not, and during a pause, we do not read: the
 * interface's own queue is the buffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire_int.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4			0x20
#define TUN_F_USO6			0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif

#define VNET_LEN	sizeof(struct virtio_net_hdr)
#define READS		4	/* batches in one go before others get their turn */

struct tap {
	struct wire		w;
	int			fd;
	bool			uso;		/* the kernel takes UDP large sends */
	bool			gone;		/* somebody deleted the interface */
	struct loop_fd		h;
	struct wire_batch	batch;
	struct iovec		iov[1 + PORT_MAX_SPANS];
	uint8_t			seg[WIRE_MAX_FRAME];
	uint8_t			buf[PORT_BATCH][VNET_LEN + WIRE_MAX_FRAME];
};

/* ---- sending ---- */

/* 0, -EAGAIN: try again when it can be written, or dropped and counted: 0 too */
static int tap_write(struct tap *t, const struct iovec *iov, int n)
{
	ssize_t ret;

	do {
		ret = writev(t->fd, iov, n);
	} while (ret < 0 && errno == EINTR);
	if (ret >= 0)
		return 0;
	if (errno == EAGAIN)
		return -EAGAIN;
	if (errno == EIO || errno == EBADFD)	/* the interface is down, or was deleted */
		t->w.st.tx_no_peer++;
	else
		t->w.st.tx_errors++;
	return 0;
}

static void tap_write_seg(void *arg, const uint8_t *seg, size_t len)
{
	struct virtio_net_hdr vh = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };
	struct iovec iov[2] = {
		{ &vh, sizeof(vh) },
		{ (void *)(uintptr_t)seg, len },
	};

	if (tap_write(arg, iov, 2))
		((struct tap *)arg)->w.st.tx_errors++;	/* half of a large send can't wait */
}

/* Can the kernel cut it, from what its header can say?  IP, no IP in IP, TCP or UDP */
static bool tap_kernel_cuts(const struct tap *t, const struct frame *f)
{
	uint8_t h[14 + 20];
	size_t l3 = 14;

	if (f->lso.udp && !t->uso)
		return false;
	if (frame_copy(f, 0, h, sizeof(h)) != sizeof(h))
		return false;
	if (h[12] == 0x81 && h[13] == 0x00)
		l3 += 4;
	if (f->lso.ipv6)
		return f->lso.l4_start == l3 + 40;
	return f->lso.l4_start == l3 + (h[l3] & 15) * 4u;
}

static void tap_vnet_hdr(const struct frame *f, struct virtio_net_hdr *vh)
{
	vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (f->lso.udp)
		vh->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	else
		vh->gso_type = f->lso.ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	vh->hdr_len = f->lso.hdr_len;
	vh->gso_size = f->lso.mss;
	vh->csum_start = f->lso.l4_start;
	vh->csum_offset = f->lso.csum_offset;
}

static int tap_tx_one(struct tap *t, const struct frame *f)
{
	struct virtio_net_hdr vh = { .gso_type = VIRTIO_NET_HDR_GSO_NONE };

	if (f->nspans > PORT_MAX_SPANS) {
		t->w.st.tx_errors++;
		return 0;
	}
	if (f->flags & FRAME_LSO) {
		if (!tap_kernel_cuts(t, f)) {
			if (frame_cut(f, t->seg, sizeof(t->seg), tap_write_seg, t))
				t->w.st.tx_errors++;
			return 0;
		}
		tap_vnet_hdr(f, &vh);
	}
	t->iov[0] = (struct iovec){ &vh, sizeof(vh) };
	memcpy(&t->iov[1], f->span, f->nspans * sizeof(t->iov[0]));	/* a span is an iovec (port.h) */
	return tap_write(t, t->iov, 1 + f->nspans);
}

static unsigned int tap_tx(struct wire *w, const struct frame *f, unsigned int n)
{
	struct tap *t = (struct tap *)w;

	for (unsigned int i = 0; i < n; i++) {
		if (tap_tx_one(t, &f[i])) {
			loop_fd_mod(w->loop, &t->h, t->h.events | EPOLLOUT);
			return i;
		}
	}
	return n;
}

/* ---- receiving ---- */

/* -errno: nothing more to read now */
static int tap_fill(struct tap *t)
{
	while (!batch_full(&t->batch)) {
		uint8_t *buf = t->buf[t->batch.n];
		ssize_t n = read(t->fd, buf, sizeof(t->buf[0]));

		if (n < 0)
			return -errno;
		if ((size_t)n == sizeof(t->buf[0]))
			t->w.st.rx_giant++;	/* this much or more */
		else if ((size_t)n <= VNET_LEN)
			t->w.st.rx_errors++;
		else
			batch_add(&t->batch, buf + VNET_LEN, (size_t)n - VNET_LEN, true);
	}
	return 0;
}

static void tap_watch(struct tap *t)
{
	uint32_t events = batch_empty(&t->batch) && !t->w.paused ? EPOLLIN : 0;

	if (t->w.blocked)
		events |= EPOLLOUT;
	loop_fd_mod(t->w.loop, &t->h, t->gone ? 0 : events);
}

static void tap_read(struct tap *t)
{
	int ret = 0;

	for (int i = 0; i < READS && !ret && batch_deliver(&t->w, &t->batch) && !t->w.paused; i++)
		ret = tap_fill(t);
	batch_deliver(&t->w, &t->batch);

	if (ret == -EBADFD) {
		t->gone = true;
		t->w.st.disconnects++;
		wire_trace(&t->w, "the interface was deleted");
	} else if (ret && ret != -EAGAIN && ret != -EINTR) {
		t->w.st.rx_errors++;
	}
	tap_watch(t);
}

static void tap_event(void *arg, uint32_t events)
{
	struct tap *t = arg;

	if (events & EPOLLOUT)
		wire_ready(&t->w);
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		tap_read(t);
	else
		tap_watch(t);
}

static void tap_rx_ready(struct wire *w)
{
	tap_read((struct tap *)w);
}

/* ---- open and close ---- */

static int tap_attach(struct tap *t, const char *name, char *err, size_t errlen)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int len = VNET_LEN;

	strcpy(ifr.ifr_name, name);
	if (ioctl(t->fd, TUNSETIFF, &ifr)) {
		if (errno == EPERM)
			return wire_fail(err, errlen, "no permission; let root make it for you: "
					 "ip tuntap add %s mode tap user $USER", name);
		if (errno == EBUSY)
			return wire_fail(err, errlen, "another process has the interface %s open", name);
		if (errno == EINVAL)
			return wire_fail(err, errlen, "%s is not a TAP interface, or was made with multi_queue", name);
		return wire_fail(err, errlen, "can't open the interface %s: %s", name, strerror(errno));
	}
	if (ioctl(t->fd, TUNSETVNETHDRSZ, &len))
		return wire_fail(err, errlen, "%s: setting the header size: %s", name, strerror(errno));
	/* Only to ask: what it says it would give us, it also takes */
	t->uso = !ioctl(t->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6);
	if (ioctl(t->fd, TUNSETOFFLOAD, 0))
		return wire_fail(err, errlen, "%s: switching offloads off: %s", name, strerror(errno));
	return 0;
}

static int tap_open(struct wire *w, const struct wire_args *a, char *err, size_t errlen)
{
	struct tap *t = (struct tap *)w;

	t->h = (struct loop_fd){ .cb = tap_event, .arg = t };
	t->fd = -1;
	if (!*a->arg)
		return wire_fail(err, errlen, "needs the name of an interface: tap:NAME");
	if (strlen(a->arg) >= IFNAMSIZ || strpbrk(a->arg, "/% "))
		return wire_fail(err, errlen, "'%s' can't be the name of an interface", a->arg);

	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0)
		return wire_fail(err, errlen, "can't open /dev/net/tun: %s", strerror(errno));
	if (tap_attach(t, a->arg, err, errlen))
		return -EINVAL;
	if (loop_fd_add(w->loop, &t->h, t->fd, EPOLLIN))
		return wire_fail(err, errlen, "too many open files");
	w->st.connects++;
	return 0;
}

static void tap_close(struct wire *w)
{
	struct tap *t = (struct tap *)w;

	if (!t->h.cb || t->fd < 0)
		return;
	loop_fd_del(w->loop, &t->h);
	close(t->fd);
}

const struct wire_kind wire_tap = {
	.name = "tap",
	.partner = true,
	.lso = PORT_LSO_PARTIAL,
	.size = sizeof(struct tap),
	.open = tap_open,
	.close = tap_close,
	.tx = tap_tx,
	.rx_ready = tap_rx_ready,
};
