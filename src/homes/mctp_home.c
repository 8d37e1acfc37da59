// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One client at a time, as a line has one other end; the next one waits.
 *
 * What the endpoint sends waits in out[] until the socket takes it.  A byte that
 * comes in can complete one message, whose answer may have MCTP_MESSAGE_MAX
 * bytes; so input goes in byte by byte and stops while there is no room for
 * that, and no more is read.  Nothing is lost, and a BMC that sends and never
 * reads holds up itself.
 *
 * The firmware says from within a call that it has a request for the BMC; it is
 * fetched when the loop comes round.
 */
#include "mctp_home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/listen.h"
#include "fw_home.h"
#include "prefixed.h"
#include "unix_listen.h"

#define OUT		(64u << 10)
#define ROOM		8192u		/* an answer and a request, in frames with every byte stuffed */
#define IN		4096u

struct mctp_home {
	struct card_env		env;
	bool			trace;
	struct wire_loop	*loop;
	struct fw_home		*fw;
	struct fw_home_watch	watch;
	struct mctp		*mctp;
	struct unix_listen	door_at;
	struct listener		door;
	struct loop_fd		h;
	struct loop_timer	soon;
	int			fd;		/* -1: nobody */
	bool			resume;		/* at the next round, not only kick */
	uint64_t		connects, lost;	/* lost: frames that nobody is there for */
	size_t			in_at, in_len;
	uint8_t			in[IN];
	size_t			out_at, out_len;
	uint8_t			out[OUT];
};

/* ---- telling ---- */

__attribute__((format(printf, 2, 3)))
static void tell(struct mctp_home *h, const char *fmt, ...)
{
	va_list ap;

	if (!h->env.trace || !h->trace)
		return;
	va_start(ap, fmt);
	h->env.trace(h->env.ctx, BLK_BMC, TRACE_EVENT, fmt, ap);
	va_end(ap);
}

static void on_event(void *ctx, const struct mctp_event *ev)
{
	static const char *const what[] = {
		[MCTP_EV_IN] = "from", [MCTP_EV_OUT] = "to", [MCTP_EV_DROPPED] = "dropped, from",
	};

	tell(ctx, "mctp: %s EID %u, tag %u%s: %s, %u bytes", what[ev->kind], ev->eid, ev->tag & 7,
	     ev->tag & 8 ? " of the sender" : "", ev->name, ev->len);
}

/* ---- out ---- */

static void watch(struct mctp_home *h)
{
	uint32_t events = h->in_at == h->in_len ? EPOLLIN : 0;

	if (h->fd >= 0)
		loop_fd_mod(h->loop, &h->h, h->out_len ? events | EPOLLOUT : events);
}

static void hang_up(struct mctp_home *h, const char *why)
{
	loop_fd_del(h->loop, &h->h);
	close(h->fd);
	h->fd = -1;
	h->in_at = h->in_len = h->out_at = h->out_len = 0;
	tell(h, "mctp: line closed: %s", why);
	listener_set(&h->door, true);
}

static void line_send(void *ctx, const uint8_t *p, size_t len)
{
	struct mctp_home *h = ctx;

	if (h->fd < 0 || len > sizeof(h->out) - h->out_at - h->out_len) {
		h->lost++;
		return;
	}
	memcpy(h->out + h->out_at + h->out_len, p, len);
	h->out_len += len;
}

/* False: the other end is gone */
static bool flush(struct mctp_home *h)
{
	while (h->out_len) {
		ssize_t n = send(h->fd, h->out + h->out_at, h->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			hang_up(h, strerror(errno));
			return false;
		}
		h->out_at += (size_t)n;
		h->out_len -= (size_t)n;
	}
	if (!h->out_len || h->out_at > OUT / 2) {
		memmove(h->out, h->out + h->out_at, h->out_len);
		h->out_at = 0;
	}
	return true;
}

static bool room(const struct mctp_home *h)
{
	return sizeof(h->out) - h->out_at - h->out_len >= ROOM;
}

/* ---- in ---- */

static bool feed(struct mctp_home *h)
{
	do {
		for (; h->in_at < h->in_len && room(h); h->in_at++)
			if (fw_home_ready(h->fw))	/* it is the firmware that answers */
				mctp_input(h->mctp, h->in + h->in_at, 1);
		if (!flush(h))
			return false;
	} while (h->in_at < h->in_len && room(h));
	return true;
}

static void on_line(void *arg, uint32_t events)
{
	struct mctp_home *h = arg;
	ssize_t n;

	if (!feed(h))
		return;
	if (h->in_at == h->in_len && events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
		n = recv(h->fd, h->in, sizeof(h->in), MSG_DONTWAIT);
		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			hang_up(h, n ? strerror(errno) : "by the other end");
			return;
		}
		h->in_at = 0;
		h->in_len = n > 0 ? (size_t)n : 0;
		if (!feed(h))
			return;
	} else if (events & (EPOLLERR | EPOLLHUP)) {
		hang_up(h, "by the other end");
		return;
	}
	watch(h);
}

static int on_knock(void *arg)
{
	struct mctp_home *h = arg;
	int fd = accept4(h->door_at.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (loop_fd_add(h->loop, &h->h, fd, EPOLLIN)) {
		close(fd);
		return 0;
	}
	h->fd = fd;
	h->connects++;
	listener_set(&h->door, false);
	mctp_line_reset(h->mctp);
	tell(h, "mctp: line open");
	return 0;
}

/* ---- the firmware ---- */

static int ask_request(void *ctx, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	return fw_home_pldm(((struct mctp_home *)ctx)->fw, FW_PLDM_MCTP, req, len, rsp, cap);
}

static int ask_pending(void *ctx, uint8_t *req, size_t cap)
{
	return fw_home_pldm_pending(((struct mctp_home *)ctx)->fw, FW_PLDM_MCTP, req, cap);
}

static int ask_reply(void *ctx, const uint8_t *rsp, size_t len)
{
	return fw_home_pldm_reply(((struct mctp_home *)ctx)->fw, FW_PLDM_MCTP, rsp, len);
}

static void on_soon(void *arg)
{
	struct mctp_home *h = arg;

	if (!room(h)) {			/* the line is slow: it will be told again */
		watch(h);
		return;
	}
	if (h->resume)
		mctp_resume(h->mctp);
	else
		mctp_kick(h->mctp);
	h->resume = false;
	if (h->fd >= 0 && flush(h))
		watch(h);
}

static void on_request(void *ctx, enum fw_pldm_link link)
{
	struct mctp_home *h = ctx;

	if (link == FW_PLDM_MCTP && h->fd >= 0)
		loop_timer_set(h->loop, &h->soon, TIMER_NOW);
}

static void on_answered(void *ctx)
{
	struct mctp_home *h = ctx;

	h->resume = true;
	loop_timer_set(h->loop, &h->soon, TIMER_NOW);
}

static void on_restarted(void *ctx)
{
	mctp_restart(((struct mctp_home *)ctx)->mctp);
}

/* ---- life ---- */

_Static_assert(MCTP_PENDING == FW_HOME_PENDING && MCTP_MESSAGE_MAX >= FW_PLDM_MAX, "handed through");

struct mctp_home *mctp_home_new(const struct mctp_home_config *cfg, const struct card_env *env, struct wire_loop *loop,
				char *err, size_t errlen)
{
	struct mctp_home *h = calloc(1, sizeof(*h));
	const struct mctp_env menv = {
		.ctx = h, .send = line_send, .request = ask_request, .pending = ask_pending, .reply = ask_reply,
		.event = on_event,
	};
	struct mctp_config mcfg = { .eid = cfg->eid };

	memcpy(mcfg.uuid, cfg->uuid, sizeof(mcfg.uuid));
	if (!h || !(h->mctp = calloc(1, mctp_size())) || mctp_init(h->mctp, &mcfg, &menv)) {
		snprintf(err, errlen, "out of memory");
		goto out_free;
	}
	h->env = *env;
	h->trace = cfg->trace;
	h->loop = loop;
	h->fw = cfg->fw;
	h->fd = -1;
	h->h = (struct loop_fd){ .cb = on_line, .arg = h };
	h->soon = (struct loop_timer){ .cb = on_soon, .arg = h };
	h->door = (struct listener){ .accept = on_knock, .arg = h };
	if (unix_listen(&h->door_at, cfg->path, 1, err, errlen))
		goto out_free;
	if (listener_start(&h->door, loop, h->door_at.fd)) {
		snprintf(err, errlen, "too many descriptors");
		unix_listen_close(&h->door_at);
		goto out_free;
	}
	h->watch = (struct fw_home_watch){
		.ctx = h, .restarted = on_restarted, .request = on_request, .answered = on_answered,
	};
	fw_home_watch(h->fw, &h->watch);
	return h;

out_free:
	if (h)
		free(h->mctp);
	free(h);
	return NULL;
}

void mctp_home_free(struct mctp_home *h)
{
	if (!h)
		return;
	fw_home_unwatch(h->fw, &h->watch);
	if (h->fd >= 0)
		hang_up(h, "by us");
	loop_timer_set(h->loop, &h->soon, TIMER_OFF);
	listener_stop(&h->door);
	unix_listen_close(&h->door_at);
	free(h->mctp);
	free(h);
}

void mctp_home_trace(struct mctp_home *h, bool all)
{
	h->trace = all;
}

struct mctp *mctp_home_mctp(struct mctp_home *h)
{
	return h->mctp;
}

void mctp_home_counters(struct mctp_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	struct prefixed p = { "mctp_", fn, arg };

	fn(arg, "mctp_eid", mctp_eid(h->mctp));
	fn(arg, "mctp_connects", h->connects);
	fn(arg, "mctp_lost_frames", h->lost);
	mctp_counters(h->mctp, add_prefix, &p);
}
