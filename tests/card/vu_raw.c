/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See vu_raw.h */
#include "vu_raw.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the server ---- */

static void on_conn(void *ctx, int fd, bool open)
{
	struct rig *r = ctx;

	assert_int_equal(r->watched, open ? -1 : fd);
	r->watched = open ? fd : -1;
}

static void on_log(void *ctx, const char *line)
{
	struct rig *r = ctx;

	snprintf(r->last_log, sizeof(r->last_log), "%s", line);
	r->logs++;
}

void rig_open(struct rig *r, const char *name, unsigned int vectors)
{
	struct vu_owner owner = { .ctx = r, .conn = on_conn, .log = on_log };
	struct card_env env = { 0 };
	char err[200];

	memset(r, 0, sizeof(*r));
	r->watched = -1;
	snprintf(r->path, sizeof(r->path), "/tmp/fbnic-test-%d-%s", (int)getpid(), name);
	r->v = vu_new(r->path, &owner, err, sizeof(err));
	assert_non_null(r->v);
	vu_env(r->v, &env);
	r->card = fake_card_new(&env, vectors);
	vu_attach(r->v, r->card);
}

void rig_close(struct rig *r)
{
	vu_detach(r->v);
	card_free(r->card);
	vu_free(r->v);
}

void rig_pump(void *arg)
{
	struct rig *r = arg;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = vu_listen_fd(r->v), .events = POLLIN },
			{ .fd = vu_conn_fd(r->v), .events = (short)vu_want(r->v) },
		};

		assert_int_equal(vu_conn_fd(r->v), r->watched);
		if (poll(p, 2, 0) <= 0)
			return;
		if (p[1].revents)
			while (vu_service(r->v, 64))
				;
		if (p[0].revents)
			vu_accept(r->v);
	}
}

uint64_t rig_stat(struct rig *r, const char *name)
{
	struct vu_stat st[64];
	unsigned int n = vu_stats(r->v, st, 64);

	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(st[i].name, name))
			return st[i].val;
	fail_msg("no counter %s", name);
	return 0;
}

/* ---- the client ---- */

int raw_connect(struct rig *r)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", r->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	rig_pump(r);
	return fd;
}

int raw_client(struct rig *r)
{
	static const char hello[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";
	int fd = raw_connect(r);

	assert_int_equal(raw_call(r, fd, VU_VERSION, hello, sizeof(hello), NULL, 0, NULL, 0), 0);
	return fd;
}

void raw_send(int fd, const void *bytes, size_t len, const int *fds, unsigned int nfds)
{
	struct iovec iov = { (void *)bytes, len };
	union {
		struct cmsghdr	align;
		char		buf[CMSG_SPACE(64 * sizeof(int))];
	} ctl;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nfds) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = &ctl;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		ctl.align.cmsg_level = SOL_SOCKET;
		ctl.align.cmsg_type = SCM_RIGHTS;
		ctl.align.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&ctl.align), fds, nfds * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &mh, MSG_NOSIGNAL), len);
}

uint16_t raw_cmd(int fd, uint16_t cmd, uint32_t flags, const void *body, size_t len,
		 const int *fds, unsigned int nfds)
{
	static uint16_t id;
	struct vu_hdr h = { .id = ++id, .cmd = cmd, .flags = flags,
			    .size = (uint32_t)(sizeof(h) + len) };
	uint8_t *msg = malloc(h.size);

	memcpy(msg, &h, sizeof(h));
	if (len)
		memcpy(msg + sizeof(h), body, len);
	raw_send(fd, msg, h.size, fds, nfds);
	free(msg);
	return id;
}

bool raw_recv(struct rig *r, int fd, struct vu_hdr *h, void *body, size_t max)
{
	uint8_t *rest;
	size_t len;

	rig_pump(r);
	if (recv(fd, h, sizeof(*h), MSG_DONTWAIT) != sizeof(*h))
		return false;
	len = h->size - sizeof(*h);
	rest = malloc(len + 1);
	for (size_t got = 0; got < len; ) {
		ssize_t n = recv(fd, rest + got, len - got, MSG_DONTWAIT);

		if (n <= 0)
			rig_pump(r);
		else
			got += (size_t)n;
	}
	if (max)
		memcpy(body, rest, len < max ? len : max);
	free(rest);
	return true;
}

bool raw_closed(struct rig *r, int fd)
{
	char c;
	ssize_t n;

	rig_pump(r);
	n = recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

int raw_call(struct rig *r, int fd, uint16_t cmd, const void *body, size_t len,
	     const int *fds, unsigned int nfds, void *reply, size_t max)
{
	uint16_t id = raw_cmd(fd, cmd, VU_TYPE_COMMAND, body, len, fds, nfds);
	struct vu_hdr h;

	if (!raw_recv(r, fd, &h, reply, max))
		return -1;
	assert_int_equal(h.id, id);
	assert_int_equal(h.cmd, cmd);
	if (h.flags == VU_TYPE_REPLY)
		return 0;
	assert_int_equal(h.flags, VU_TYPE_REPLY | VU_ERROR);
	assert_int_equal(h.size, sizeof(h));	/* an error has no payload */
	assert_int_not_equal(h.error, 0);
	return (int)h.error;
}

bool raw_alive(struct rig *r, int fd)
{
	struct vu_device_info i = { .argsz = sizeof(i) };

	return raw_call(r, fd, VU_GET_INFO, &i, sizeof(i), NULL, 0, &i, sizeof(i)) == 0 &&
	       i.num_regions == VU_NREGIONS;
}

unsigned int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* ---- what all programs start from ---- */

struct rig R;
static unsigned int fds_before;

int vu_setup(void **state)
{
	(void)state;
	fds_before = open_fds();
	rig_open(&R, "main", VECTORS);
	return 0;
}

int vu_teardown(void **state)
{
	(void)state;
	rig_close(&R);
	return open_fds() == fds_before ? 0 : -1;
}

struct host *connect_host(void)
{
	char err[200];
	struct host *h = host_connect_pumped(R.path, MiB, rig_pump, &R, err, sizeof(err));

	if (!h)
		fail_msg("%s", err);
	return h;
}

void posted(int fd, uint32_t off, uint32_t val)
{
	struct { struct vu_region_rw rw; uint32_t val; } __attribute__((packed)) m = {
		{ off, 0, 4 }, val
	};

	raw_cmd(fd, VU_REGION_WRITE, VU_NO_REPLY, &m, sizeof(m), NULL, 0);
}
