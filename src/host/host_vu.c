/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own host: a vfio-user client
 *
 * Does what QEMU does, in its order: version, guest memory (a memfd) by
 * DMA_MAP, device and region info, then register accesses.  Writes to BARs are
 * posted (No_reply), reads and configuration accesses wait for their reply, for
 * HOST_TIMEOUT_MS at most.  Messages are read into a buffer; while we wait for
 * a reply the server may ask for memory that it could not map (DMA_READ,
 * DMA_WRITE), which is answered on the spot.
 *
 * The first failure of the connection is kept in host.err.  From then on reads
 * give all ones and writes vanish, as with a device that was pulled.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* memfd_create, ppoll */
#endif

#include "host.h"
#include "../bus/vu_proto.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HOST_TIMEOUT_MS	5000
#define HOST_MAX_DATA	65536u
#define HOST_MAX_FDS	16
#define BUF_SIZE	(2 * (HOST_MAX_DATA + 64))

struct host_vu {
	struct host	h;
	int		fd;
	int		memfd;
	int		epfd;		/* socket and eventfds: host_idle() sleeps on it */
	uint16_t	id;
	unsigned int	max_fds;	/* that the server takes in one message */
	void		(*pump)(void *arg);
	void		*pump_arg;
	int		irq_fd[CARD_VECTORS];
	uint32_t	head, tail;
	uint8_t		buf[BUF_SIZE];
};

static struct host_vu *hv(struct host *h)
{
	return (struct host_vu *)h;
}

static int fail(struct host_vu *c, int err)
{
	if (!c->h.err)
		c->h.err = err;
	return c->h.err;
}

/* ---- messages ---- */

/* @n bytes of the message have gone out */
static void advance(struct msghdr *mh, size_t n)
{
	while (n >= mh->msg_iov->iov_len) {
		n -= mh->msg_iov->iov_len;
		mh->msg_iov++;
		mh->msg_iovlen--;
	}
	mh->msg_iov->iov_base = (uint8_t *)mh->msg_iov->iov_base + n;
	mh->msg_iov->iov_len -= n;
}

/* Sends a header, a fixed part and data, with descriptors; blocks if the socket is full */
static int send_msg(struct host_vu *c, struct vu_hdr *hdr, const void *fixed, size_t nfixed,
		    const void *data, size_t ndata, const int *fds, unsigned int nfds)
{
	struct iovec iov[3] = {
		{ hdr, sizeof(*hdr) }, { (void *)fixed, nfixed }, { (void *)data, ndata },
	};
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(HOST_MAX_FDS * sizeof(int))];
	} ctl;
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 3 };
	size_t left = sizeof(*hdr) + nfixed + ndata;

	hdr->size = (uint32_t)left;
	if (nfds) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = &ctl;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		ctl.align.cmsg_level = SOL_SOCKET;
		ctl.align.cmsg_type = SCM_RIGHTS;
		ctl.align.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&ctl.align), fds, nfds * sizeof(int));
	}
	for (;;) {
		ssize_t n = sendmsg(c->fd, &mh, MSG_NOSIGNAL | (c->pump ? MSG_DONTWAIT : 0));

		if (n < 0 && errno == EAGAIN && c->pump) {
			c->pump(c->pump_arg);
			continue;
		}
		if (n < 0)
			return fail(c, -errno);
		left -= (size_t)n;
		if (!left)
			break;
		mh.msg_control = NULL;		/* descriptors went with the first byte */
		mh.msg_controllen = 0;
		advance(&mh, (size_t)n);
	}
	return 0;
}

static void compact(struct host_vu *c)
{
	memmove(c->buf, c->buf + c->head, c->tail - c->head);
	c->tail -= c->head;
	c->head = 0;
}

/* Takes what the socket has; with nothing there, waits, *budget_ms in all */
static int fill(struct host_vu *c, int *budget_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;

	compact(c);
	for (;;) {
		n = recv(c->fd, c->buf + c->tail, BUF_SIZE - c->tail, MSG_DONTWAIT);
		if (n > 0)
			break;
		if (!n)
			return fail(c, -ESHUTDOWN);
		if (errno != EAGAIN && errno != EINTR)
			return fail(c, -errno);
		if (c->pump)
			c->pump(c->pump_arg);
		if (poll(&p, 1, c->pump ? 1 : 10) == 0)
			*budget_ms -= c->pump ? 1 : 10;
		if (*budget_ms <= 0)
			return fail(c, -ETIMEDOUT);
	}
	c->tail += (uint32_t)n;
	return 0;
}

/* The complete message at the front of the buffer, if there is one */
static bool peek(const struct host_vu *c, struct vu_hdr *hdr)
{
	if (c->tail - c->head < sizeof(*hdr))
		return false;
	memcpy(hdr, c->buf + c->head, sizeof(*hdr));
	return hdr->size >= sizeof(*hdr) && c->tail - c->head >= hdr->size;
}

/* DMA_READ or DMA_WRITE, in the dialect of the specification */
static void answer(struct host_vu *c, const struct vu_hdr *req, const uint8_t *body)
{
	struct vu_hdr rep = { .id = req->id, .cmd = req->cmd, .flags = VU_TYPE_REPLY };
	struct vu_dma_rw rw = { 0, 0 };
	bool rd = req->cmd == VU_DMA_READ;
	uint32_t len = req->size - (uint32_t)sizeof(*req);

	if (len >= sizeof(rw))
		memcpy(&rw, body, sizeof(rw));
	if (len < sizeof(rw) || rw.count > HOST_MAX_DATA || !host_has(&c->h, rw.addr, rw.count) ||
	    (!rd && (req->cmd != VU_DMA_WRITE || rw.count != len - sizeof(rw)))) {
		rep.flags |= VU_ERROR;
		rep.error = EINVAL;
		send_msg(c, &rep, NULL, 0, NULL, 0, NULL, 0);
		return;
	}
	if (!rd)
		memcpy(host_ptr(&c->h, rw.addr), body + sizeof(rw), rw.count);
	send_msg(c, &rep, &rw, sizeof(rw), rd ? host_ptr(&c->h, rw.addr) : NULL,
		 rd ? rw.count : 0, NULL, 0);
}

/* Answers the server's commands; stops at a reply.  Returns whether one is at the front. */
static bool serve(struct host_vu *c, struct vu_hdr *hdr)
{
	while (peek(c, hdr)) {
		if ((hdr->flags & VU_TYPE_MASK) == VU_TYPE_REPLY)
			return true;
		answer(c, hdr, c->buf + c->head + sizeof(*hdr));
		c->head += hdr->size;
	}
	return false;
}

/* Waits for the reply @id; copies at most @max bytes of its payload.  Length or negative errno. */
static int reply(struct host_vu *c, uint16_t id, void *out, uint32_t max)
{
	int budget = HOST_TIMEOUT_MS;
	struct vu_hdr hdr;

	for (;;) {
		uint32_t len;
		int err;

		if (!serve(c, &hdr)) {
			err = fill(c, &budget);
			if (err)
				return err;
			continue;
		}
		len = hdr.size - (uint32_t)sizeof(hdr);
		if (hdr.id == id && max)
			memcpy(out, c->buf + c->head + sizeof(hdr), len < max ? len : max);
		c->head += hdr.size;
		if (hdr.id != id)
			continue;
		if (hdr.flags & VU_ERROR)
			return hdr.error ? -(int)hdr.error : -EIO;
		return (int)len;
	}
}

/* A command and its reply.  Length of the reply or negative errno. */
static int call(struct host_vu *c, uint16_t cmd, const void *req, size_t nreq,
		const int *fds, unsigned int nfds, void *rep, uint32_t max)
{
	struct vu_hdr hdr = { .id = ++c->id, .cmd = cmd };
	int err = c->h.err;

	if (!err)
		err = send_msg(c, &hdr, req, nreq, NULL, 0, fds, nfds);
	return err ? err : reply(c, hdr.id, rep, max);
}

/* ---- regions ---- */

int host_region_read(struct host *h, unsigned int region, uint64_t off, void *buf, uint32_t len)
{
	struct vu_region_rw rw = { off, region, len };
	struct vu_hdr hdr = { .id = ++hv(h)->id, .cmd = VU_REGION_READ };
	uint8_t small[sizeof(rw) + 8], *rep = small;
	int n = h->err;

	if (len > 8)
		rep = malloc(sizeof(rw) + len);
	if (!rep)
		return -ENOMEM;
	if (!n)
		n = send_msg(hv(h), &hdr, &rw, sizeof(rw), NULL, 0, NULL, 0);
	if (!n)
		n = reply(hv(h), hdr.id, rep, (uint32_t)sizeof(rw) + len);
	if (n >= 0 && (size_t)n != sizeof(rw) + len)
		n = -EPROTO;
	if (n >= 0)
		memcpy(buf, rep + sizeof(rw), len);
	if (rep != small)
		free(rep);
	return n < 0 ? n : 0;
}

int host_region_write(struct host *h, unsigned int region, uint64_t off, const void *buf,
		      uint32_t len, bool posted)
{
	struct vu_region_rw rw = { off, region, len };
	struct vu_hdr hdr = { .id = ++hv(h)->id, .cmd = VU_REGION_WRITE,
			      .flags = posted ? VU_NO_REPLY : 0 };
	int n = h->err;

	if (!n)
		n = send_msg(hv(h), &hdr, &rw, sizeof(rw), buf, len, NULL, 0);
	if (!n && !posted)
		n = reply(hv(h), hdr.id, NULL, 0);
	return n < 0 ? n : 0;
}

static uint32_t vu_bar_read(struct host *h, unsigned int bar, uint32_t off)
{
	uint32_t val;

	return host_region_read(h, bar, off, &val, sizeof(val)) ? UINT32_MAX : val;
}

static void vu_bar_write(struct host *h, unsigned int bar, uint32_t off, uint32_t val)
{
	host_region_write(h, bar, off, &val, sizeof(val), true);
}

static uint32_t vu_cfg_read(struct host *h, uint32_t off, unsigned int len)
{
	uint32_t val = 0;

	return host_region_read(h, HOST_CONFIG, off, &val, len) ? UINT32_MAX : val;
}

static void vu_cfg_write(struct host *h, uint32_t off, unsigned int len, uint32_t val)
{
	host_region_write(h, HOST_CONFIG, off, &val, len, false);
}

/* ---- memory ---- */

int host_dma_map(struct host *h, uint64_t addr, uint64_t size, uint32_t flags, int fd,
		 uint64_t offset)
{
	struct vu_dma_map d = { sizeof(d), flags, offset, addr, size };
	int n = call(hv(h), VU_DMA_MAP, &d, sizeof(d), &fd, fd >= 0, NULL, 0);

	return n < 0 ? n : 0;
}

int host_dma_unmap(struct host *h, uint64_t addr, uint64_t size)
{
	struct vu_dma_unmap d = { sizeof(d), 0, addr, size };
	int n = call(hv(h), VU_DMA_UNMAP, &d, sizeof(d), NULL, 0, NULL, 0);

	return n < 0 ? n : 0;
}

/* ---- interrupts ---- */

int host_set_irqs(struct host *h, uint32_t index, uint32_t flags, uint32_t start, uint32_t count,
		  const int *fds, unsigned int nfds)
{
	struct vu_irq_set s = { sizeof(s), flags, index, start, count };
	int n = call(hv(h), VU_SET_IRQS, &s, sizeof(s), fds, nfds, NULL, 0);

	return n < 0 ? n : 0;
}

static int open_eventfd(struct host_vu *c, unsigned int v)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (c->irq_fd[v] >= 0)
		return 0;
	c->irq_fd[v] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->irq_fd[v] < 0 || epoll_ctl(c->epfd, EPOLL_CTL_ADD, c->irq_fd[v], &ev))
		return -errno;
	return 0;
}

static int vu_irq_enable(struct host *h, unsigned int first, unsigned int n, bool on)
{
	struct host_vu *c = hv(h);
	int err = 0;

	if (first >= CARD_VECTORS || n > CARD_VECTORS - first)
		return -EINVAL;
	for (unsigned int v = first; v < first + n && on && !err; v++)
		err = open_eventfd(c, v);
	while (n && !err) {
		unsigned int part = n < c->max_fds ? n : c->max_fds;

		err = host_set_irqs(h, VU_IRQ_MSIX, VU_DATA_EVENTFD | VU_ACTION_TRIGGER, first,
				    part, c->irq_fd + first, on ? part : 0);
		first += part;
		n -= part;
	}
	return err;
}

static uint64_t vu_irq_take(struct host *h, unsigned int v)
{
	uint64_t n;

	if (v >= CARD_VECTORS || hv(h)->irq_fd[v] < 0 ||
	    read(hv(h)->irq_fd[v], &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

/* ---- the rest ---- */

static int vu_reset(struct host *h)
{
	int n = call(hv(h), VU_RESET, NULL, 0, NULL, 0, NULL, 0);

	return n < 0 ? n : 0;
}

static void vu_idle(struct host *h, uint64_t ns)
{
	struct host_vu *c = hv(h);
	struct pollfd p = { .fd = c->epfd, .events = POLLIN };
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };
	struct vu_hdr hdr;
	ssize_t n;

	if (c->pump)
		c->pump(c->pump_arg);
	if (ppoll(&p, 1, &ts, NULL) <= 0)
		return;
	compact(c);
	/* commands of the server; a reply here is nobody's */
	n = recv(c->fd, c->buf + c->tail, BUF_SIZE - c->tail, MSG_DONTWAIT);
	if (!n)
		fail(c, -ESHUTDOWN);
	if (n > 0)
		c->tail += (uint32_t)n;
	while (serve(c, &hdr))
		c->head += hdr.size;
}

static uint64_t vu_now(struct host *h)
{
	struct timespec ts;

	(void)h;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void vu_close(struct host *h)
{
	struct host_vu *c = hv(h);

	for (unsigned int v = 0; v < CARD_VECTORS; v++)
		if (c->irq_fd[v] >= 0)
			close(c->irq_fd[v]);
	if (h->mem)
		munmap(h->mem, h->mem_size);
	if (c->memfd >= 0)
		close(c->memfd);
	if (c->epfd >= 0)
		close(c->epfd);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

static const struct host_ops vu_ops = {
	.bar_read = vu_bar_read, .bar_write = vu_bar_write,
	.cfg_read = vu_cfg_read, .cfg_write = vu_cfg_write,
	.irq_enable = vu_irq_enable, .irq_take = vu_irq_take,
	.reset = vu_reset, .idle = vu_idle, .now = vu_now, .free = vu_close,
};

int host_socket(const struct host *h)
{
	return ((const struct host_vu *)h)->fd;
}

int host_memfd(const struct host *h)
{
	return ((const struct host_vu *)h)->memfd;
}

/* ---- connecting ---- */

static int connect_to(struct host_vu *c, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct epoll_event ev = { .events = EPOLLIN };

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	c->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (c->fd < 0 || c->epfd < 0 ||
	    connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    epoll_ctl(c->epfd, EPOLL_CTL_ADD, c->fd, &ev))
		return -errno;
	return 0;
}

static int make_memory(struct host_vu *c, size_t size)
{
	void *mem;

	c->memfd = memfd_create("host-memory", MFD_CLOEXEC);
	if (c->memfd < 0 || ftruncate(c->memfd, (off_t)size))
		return -errno;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, c->memfd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	c->h.mem = mem;
	c->h.mem_size = size;
	return 0;
}

static unsigned int parse_max_fds(const char *text)
{
	struct json_object *root = json_tokener_parse(text), *caps, *n;
	int64_t fds = 1;	/* what the specification says if nothing is said */

	if (json_object_object_get_ex(root, "capabilities", &caps) &&
	    json_object_object_get_ex(caps, "max_msg_fds", &n))
		fds = json_object_get_int64(n);
	json_object_put(root);
	return fds < 1 ? 1 : fds > HOST_MAX_FDS ? HOST_MAX_FDS : (unsigned int)fds;
}

static int negotiate(struct host_vu *c)
{
	static const char caps[] = "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":65536,"
				   "\"max_dma_maps\":65535,\"pgsizes\":4096}}";
	struct {
		struct vu_version	v;
		char			text[sizeof(caps)];
	} req = { .v = { VU_MAJOR, VU_MINOR } };
	char rep[1024] = "";
	int n;

	memcpy(req.text, caps, sizeof(caps));
	n = call(c, VU_VERSION, &req, sizeof(req.v) + sizeof(caps), NULL, 0, rep, sizeof(rep) - 1);
	if (n < (int)sizeof(struct vu_version))
		return n < 0 ? n : -EPROTO;
	c->max_fds = parse_max_fds(rep + sizeof(struct vu_version));
	return 0;
}

static int learn(struct host_vu *c)
{
	struct vu_irq_info i = { .argsz = sizeof(i), .index = VU_IRQ_MSIX };
	int n = call(c, VU_GET_IRQ_INFO, &i, sizeof(i), NULL, 0, &i, sizeof(i));

	if (n < (int)sizeof(i) || i.count > CARD_VECTORS)
		return n < 0 ? n : -EPROTO;
	c->h.vectors = i.count;
	return 0;
}

struct host *host_connect_pumped(const char *path, size_t mem_size, void (*pump)(void *arg),
				 void *arg, char *err, size_t errlen)
{
	struct host_vu *c = calloc(1, sizeof(*c));
	int rc;

	if (!c) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	c->h.ops = &vu_ops;
	c->fd = c->memfd = c->epfd = -1;
	c->max_fds = 1;
	c->pump = pump;
	c->pump_arg = arg;
	for (unsigned int v = 0; v < CARD_VECTORS; v++)
		c->irq_fd[v] = -1;

	rc = connect_to(c, path);
	if (!rc)
		rc = negotiate(c);
	if (!rc)
		rc = make_memory(c, mem_size);
	if (!rc)
		rc = host_dma_map(&c->h, HOST_MEM_BASE, mem_size, 3, c->memfd, 0);
	if (!rc)
		rc = learn(c);
	if (rc) {
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
		vu_close(&c->h);
		return NULL;
	}
	return &c->h;
}

struct host *host_connect(const char *path, size_t mem_size, char *err, size_t errlen)
{
	return host_connect_pumped(path, mem_size, NULL, NULL, err, errlen);
}
