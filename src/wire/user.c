/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user[:OPTIONS] - a network made of libslirp: a gateway with DHCP and DNS and
 * the sockets of this process behind it.  Needs no rights.
 *
 * libslirp knows poll(): it asks to be told all its descriptors before each
 * sleep and looks at all of them after.  Here it shares an epoll loop with
 * others, so its wishes are kept as registrations, in a table indexed by
 * descriptor (the index that libslirp wants is the descriptor itself), and
 * compared only after libslirp was active: frames from the card, an event on
 * one of its sockets, its timer.  All of these only mark "work" and arm a
 * timer for the end of the burst; user_work() then does one round for the
 * whole burst: slirp_pollfds_poll(), deliver, slirp_pollfds_fill(), and calls
 * epoll_ctl() for what has changed.  An idle network costs nothing.
 *
 * Towards the card: libslirp's frames exist only during its callback, and many
 * come from within a call of the card.  They are copied to a queue and go to
 * the card in batches.  While the card does not take them (or asked for a
 * pause) libslirp's sockets are not read: what fills the queue then are only
 * its answers to what the card sends.  A full queue drops and counts.
 *
 * libslirp accepts whom hostfwd lets in, and does not say so when it has no
 * descriptor for him; who then still waits would wake us at once, forever.  So
 * it hears of him only when there is a descriptor.
 *
 * From the card: slirp_input() takes an IPv4 packet of 64 KiB as it takes any
 * other (it copies it into a buffer made to measure), so TCP over IPv4 is not
 * cut: PORT_LSO_WHOLE.  IPv6 above its MTU it answers with "too big", and a
 * UDP large send is not one datagram: these are cut here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"
#include "wire_int.h"

#if !SLIRP_CHECK_VERSION(4, 7, 0)
#error "libslirp 4.7 or newer is needed"
#endif

#define CONFIG_VERSION	4		/* of 4.7; all later ones accept it */
#define QUEUE_BYTES	(1u << 20)
#define QUEUE_FRAMES	2048u
#define FDS_MAX		4096u		/* highest descriptor + 1 that libslirp may use */
#define NO_TIMEOUT_MS	1000u		/* what libslirp says when it waits for nothing */

struct user_fd {
	struct loop_fd	h;
	struct user	*u;
	uint32_t	revents;	/* reported by epoll, not seen by libslirp yet */
	uint32_t	wants;		/* of the fill that is going on */
	bool		listed;		/* in user.active */
	bool		listens;	/* for hostfwd */
};

struct user {
	struct wire		w;
	Slirp			*slirp;
	SlirpConfig		cfg;
	bool			work;		/* user_work() is armed */
	struct loop_timer	work_timer;	/* at once, or when libslirp wants to be called */
	struct loop_timer	ra_timer;	/* libslirp's only timer: IPv6 router advertisements */
	struct loop_timer	rest_timer;	/* who knocks has waited long enough: look again */

	struct user_fd		*fds;
	unsigned int		nfds;
	int			*active;	/* the descriptors that are registered or wanted */
	unsigned int		nactive;

	/* frames for the card: [head, n) of them, data at [.., used) */
	struct { uint32_t off, len; } q[QUEUE_FRAMES];
	unsigned int		q_head, q_n;
	uint32_t		q_used;
	uint8_t			*q_data;
	struct wire_batch	batch;

	uint8_t			lin[WIRE_MAX_LSO];	/* a frame in one piece */
};

static void user_arm(struct user *u)
{
	if (u->work)
		return;
	u->work = true;
	loop_timer_set(u->w.loop, &u->work_timer, TIMER_NOW);
}

/* ---- towards the card ---- */

/* True: the queue is empty */
static bool queue_deliver(struct user *u)
{
	while (batch_deliver(&u->w, &u->batch)) {
		while (u->q_head < u->q_n && !batch_full(&u->batch)) {
			batch_add(&u->batch, u->q_data + u->q[u->q_head].off, u->q[u->q_head].len, true);
			u->q_head++;
		}
		if (batch_empty(&u->batch)) {
			u->q_head = u->q_n = u->q_used = 0;
			return true;
		}
	}
	return false;
}

/* libslirp's frame for the card */
static ssize_t send_packet(const void *buf, size_t len, void *arg)
{
	struct user *u = arg;

	if (len > WIRE_MAX_FRAME) {
		u->w.st.rx_giant++;
	} else if (u->q_n == QUEUE_FRAMES || len > QUEUE_BYTES - u->q_used) {
		u->w.st.rx_full++;
	} else {
		memcpy(u->q_data + u->q_used, buf, len);
		u->q[u->q_n].off = u->q_used;
		u->q[u->q_n++].len = (uint32_t)len;
		u->q_used += (uint32_t)len;
		user_arm(u);
	}
	return (ssize_t)len;
}

/* ---- libslirp's descriptors ---- */

static const struct { int slirp; uint32_t epoll; } event_map[] = {
	{ SLIRP_POLL_IN, EPOLLIN },
	{ SLIRP_POLL_OUT, EPOLLOUT },
	{ SLIRP_POLL_PRI, EPOLLPRI },
	{ SLIRP_POLL_ERR, EPOLLERR },
	{ SLIRP_POLL_HUP, EPOLLHUP },
};

static bool have_descriptor(int like)
{
	int fd = dup(like);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void user_fd_event(void *arg, uint32_t events)
{
	struct user_fd *f = arg;
	struct user *u = f->u;

	if (f->listens && !have_descriptor(f->h.fd)) {
		loop_fd_mod(u->w.loop, &f->h, 0);	/* until the next fill */
		loop_timer_set(u->w.loop, &u->rest_timer, loop_now(u->w.loop) + LISTEN_REST_NS);
		return;
	}
	f->revents |= events;
	/* Level triggered, and it can be a while until libslirp takes it: wanted again by the next fill */
	if (u->w.paused || !batch_empty(&u->batch))
		loop_fd_mod(u->w.loop, &f->h, 0);
	user_arm(u);
}

static bool is_listening(int fd)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) && yes;
}

static int add_poll(int fd, int events, void *arg)
{
	struct user *u = arg;
	struct user_fd *f;

	if (fd < 0 || (unsigned int)fd >= u->nfds)
		return -1;
	f = &u->fds[fd];
	if (!f->listed) {
		f->listed = true;
		f->u = u;
		f->h.cb = user_fd_event;
		f->h.arg = f;
		f->h.fd = fd;
		f->h.events = 0;
		f->listens = is_listening(fd);
		u->active[u->nactive++] = fd;
	}
	for (size_t i = 0; i < ARRAY_SIZE(event_map); i++) {
		if (events & event_map[i].slirp)
			f->wants |= event_map[i].epoll;
	}
	return fd;
}

static int get_revents(int fd, void *arg)
{
	struct user *u = arg;
	int events = 0;

	if (fd < 0 || (unsigned int)fd >= u->nfds)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(event_map); i++) {
		if (u->fds[fd].revents & event_map[i].epoll)
			events |= event_map[i].slirp;
	}
	u->fds[fd].revents = 0;
	return events;
}

/* Asks libslirp what it waits for and registers what has changed */
static uint32_t user_fill(struct user *u)
{
	uint32_t timeout = UINT32_MAX;
	unsigned int i, keep = 0;

#if SLIRP_CHECK_VERSION(4, 9, 0)
	slirp_pollfds_fill_socket(u->slirp, &timeout, add_poll, u);
#else
	slirp_pollfds_fill(u->slirp, &timeout, add_poll, u);
#endif
	for (i = 0; i < u->nactive; i++) {
		struct user_fd *f = &u->fds[u->active[i]];

		loop_fd_mod(u->w.loop, &f->h, f->wants);
		f->listed = f->wants != 0;
		f->wants = 0;
		if (f->listed)
			u->active[keep++] = u->active[i];
	}
	u->nactive = keep;
	return timeout;
}

/* The end of a burst, or libslirp's time has come */
static void user_work(void *arg)
{
	struct user *u = arg;
	uint32_t timeout = NO_TIMEOUT_MS;

	u->work = true;		/* what happens in here needs no second round */
	if (queue_deliver(u)) {
		slirp_pollfds_poll(u->slirp, 0, get_revents, u);
		queue_deliver(u);
		timeout = user_fill(u);
	}
	u->work = false;
	if (batch_empty(&u->batch) && timeout < NO_TIMEOUT_MS)	/* else rx_ready arms us */
		loop_timer_set(u->w.loop, &u->work_timer, loop_now(u->w.loop) + timeout * NS_PER_MS);
}

static void user_rx_ready(struct wire *w)
{
	user_arm((struct user *)w);
}

/* ---- from the card ---- */

static void input_seg(void *arg, const uint8_t *seg, size_t len)
{
	slirp_input(((struct user *)arg)->slirp, seg, (int)len);
}

static void user_tx_one(struct user *u, const struct frame *f)
{
	const uint8_t *p;
	uint16_t type;

	if (f->len < 14 || f->len > sizeof(u->lin) || !f->nspans) {
		u->w.st.tx_errors++;
		return;
	}
	if (f->flags & FRAME_LSO && (f->lso.ipv6 || f->lso.udp)) {
		if (frame_cut(f, u->lin, sizeof(u->lin), input_seg, u))
			u->w.st.tx_errors++;
		return;
	}

	/*
	 * IP in one piece goes in as it is: libslirp makes a copy before it
	 * looks at it.  The rest it would read where it lies, in the memory of
	 * a guest that may be writing there.
	 */
	p = f->span[0].base;
	type = f->span[0].len >= 14 ? (uint16_t)(p[12] << 8 | p[13]) : 0;
	if (f->nspans > 1 || (type != 0x0800 && type != 0x86dd)) {
		frame_copy(f, 0, u->lin, sizeof(u->lin));
		p = u->lin;
		if (p[12] == 0x88 && p[13] == 0xf8)
			return;		/* NC-SI: libslirp would play the controller */
	}
	slirp_input(u->slirp, p, (int)f->len);
}

static unsigned int user_tx(struct wire *w, const struct frame *f, unsigned int n)
{
	struct user *u = (struct user *)w;

	for (unsigned int i = 0; i < n; i++)
		user_tx_one(u, &f[i]);
	user_arm(u);
	return n;
}

/* ---- what libslirp asks of us ---- */

static int64_t clock_get_ns(void *arg)
{
	return (int64_t)loop_now(((struct user *)arg)->w.loop);
}

static void guest_error(const char *msg, void *arg)
{
	wire_trace(&((struct user *)arg)->w, "libslirp: %s", msg);
}

static void init_completed(Slirp *slirp, void *arg)
{
	((struct user *)arg)->slirp = slirp;
}

static void ra_expired(void *arg)
{
	slirp_handle_timer(((struct user *)arg)->slirp, SLIRP_TIMER_RA, NULL);
	user_arm(arg);
}

static void *timer_new_opaque(SlirpTimerId id, void *cb_opaque, void *arg)
{
	struct user *u = arg;

	(void)id;
	(void)cb_opaque;
	return &u->ra_timer;
}

static void timer_free(void *timer, void *arg)
{
	loop_timer_set(((struct user *)arg)->w.loop, timer, TIMER_OFF);
}

static void timer_mod(void *timer, int64_t ms, void *arg)
{
	loop_timer_set(((struct user *)arg)->w.loop, timer, ms > 0 ? (uint64_t)ms * NS_PER_MS : TIMER_NOW);
}

static void register_fd(int fd, void *arg)
{
	(void)fd;	/* the next fill names it */
	(void)arg;
}

/* About to be closed: the number may soon be another socket */
static void unregister_fd(int fd, void *arg)
{
	struct user *u = arg;

	if (fd < 0 || (unsigned int)fd >= u->nfds || !u->fds[fd].u)
		return;
	loop_fd_mod(u->w.loop, &u->fds[fd].h, 0);
	u->fds[fd].revents = 0;
	u->fds[fd].wants = 0;
}

static void notify(void *arg)
{
	user_arm(arg);
}

static const SlirpCb callbacks = {
	.send_packet = send_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_get_ns,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = register_fd,
	.unregister_poll_fd = unregister_fd,
	.notify = notify,
	.init_completed = init_completed,
	.timer_new_opaque = timer_new_opaque,
};

/* ---- options ---- */

static int parse_net(SlirpConfig *c, const char *s, char *err, size_t errlen)
{
	char buf[64], *slash;
	unsigned int bits = 24;
	uint32_t net, mask;
	char rest;

	snprintf(buf, sizeof(buf), "%s", s ? s : "10.0.2.0/24");
	slash = strchr(buf, '/');
	if (slash) {
		*slash++ = '\0';
		if (sscanf(slash, "%u%c", &bits, &rest) != 1)
			bits = 0;
	}
	if (inet_pton(AF_INET, buf, &c->vnetwork) != 1 || bits < 8 || bits > 27)
		return wire_fail(err, errlen, "net=%s: must be an IPv4 network such as 10.0.2.0/24 (/8 to /27)", s);

	mask = ~UINT32_C(0) << (32 - bits);
	net = ntohl(c->vnetwork.s_addr) & mask;
	c->vnetwork.s_addr = htonl(net);
	c->vnetmask.s_addr = htonl(mask);
	c->vhost.s_addr = htonl(net | 2);
	c->vnameserver.s_addr = htonl(net | 3);
	c->vdhcp_start.s_addr = htonl(net | 15);
	return 0;
}

static int parse_dhcpstart(SlirpConfig *c, const char *s, char *err, size_t errlen)
{
	if (!s)
		return 0;
	if (inet_pton(AF_INET, s, &c->vdhcp_start) != 1 ||
	    (c->vdhcp_start.s_addr & c->vnetmask.s_addr) != c->vnetwork.s_addr ||
	    c->vdhcp_start.s_addr == c->vhost.s_addr || c->vdhcp_start.s_addr == c->vnameserver.s_addr)
		return wire_fail(err, errlen, "dhcpstart=%s: must be a free address of the network", s);
	return 0;
}

static int user_config(SlirpConfig *c, const struct wire_args *a, char *err, size_t errlen)
{
	bool restricted = false, ipv6 = true;
	unsigned int mtu = 1500;

	if (parse_net(c, args_get(a, "net"), err, errlen) ||
	    parse_dhcpstart(c, args_get(a, "dhcpstart"), err, errlen) ||
	    args_bool(a, "restrict", &restricted, err, errlen) ||
	    args_bool(a, "ipv6", &ipv6, err, errlen) ||
	    args_uint(a, "mtu", 1280, 9728, &mtu, err, errlen))
		return -EINVAL;

	c->version = CONFIG_VERSION;
	c->restricted = restricted;
	c->in_enabled = true;
	c->in6_enabled = ipv6;
	inet_pton(AF_INET6, "fec0::", &c->vprefix_addr6);
	c->vprefix_len = 64;
	inet_pton(AF_INET6, "fec0::2", &c->vhost6);
	inet_pton(AF_INET6, "fec0::3", &c->vnameserver6);
	c->vhostname = args_get(a, "hostname");
	c->if_mtu = c->if_mru = mtu;
	return 0;
}

/* "[ADDR]:PORT", ADDR may be empty; @s is cut */
static int parse_endpoint(char *s, struct in_addr *addr, int *port)
{
	char *colon = strchr(s, ':'), rest;

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	if (*s && inet_pton(AF_INET, s, addr) != 1)
		return -EINVAL;
	return sscanf(colon + 1, "%d%c", port, &rest) == 1 && *port > 0 && *port < 65536 ? 0 : -EINVAL;
}

/* PROTO:[ADDR]:PORT-[GUEST]:PORT */
static int user_hostfwd(struct user *u, const char *s, char *err, size_t errlen)
{
	struct in_addr host = { 0 }, guest = { 0 };
	int hport = 0, gport = 0;
	char buf[128], *dash;
	bool udp;

	snprintf(buf, sizeof(buf), "%s", s);
	udp = !strncmp(buf, "udp:", 4);
	dash = strchr(buf, '-');
	if ((!udp && strncmp(buf, "tcp:", 4)) || !dash)
		return wire_fail(err, errlen, "hostfwd=%s: must be tcp:[ADDR]:PORT-[GUEST]:PORT (or udp:)", s);
	*dash = '\0';
	if (parse_endpoint(buf + 4, &host, &hport) || parse_endpoint(dash + 1, &guest, &gport))
		return wire_fail(err, errlen, "hostfwd=%s: an IPv4 address or a port is wrong", s);
	if (slirp_add_hostfwd(u->slirp, udp, host, hport, guest, gport))
		return wire_fail(err, errlen, "hostfwd=%s: can't listen on port %d of the host: %s",
				 s, hport, strerror(errno));
	return 0;
}

/* ---- open and close ---- */

static int user_memory(struct user *u)
{
	struct rlimit rl;

	u->nfds = FDS_MAX;
	if (!getrlimit(RLIMIT_NOFILE, &rl) && rl.rlim_cur < u->nfds)
		u->nfds = (unsigned int)rl.rlim_cur;
	u->fds = calloc(u->nfds, sizeof(*u->fds));
	u->active = calloc(u->nfds, sizeof(*u->active));
	u->q_data = malloc(QUEUE_BYTES);
	return u->fds && u->active && u->q_data ? 0 : -ENOMEM;
}

static int user_open(struct wire *w, const struct wire_args *a, char *err, size_t errlen)
{
	struct user *u = (struct user *)w;

	u->work_timer = (struct loop_timer){ .cb = user_work, .arg = u };
	u->ra_timer = (struct loop_timer){ .cb = ra_expired, .arg = u };
	u->rest_timer = (struct loop_timer){ .cb = notify, .arg = u };
	if (user_config(&u->cfg, a, err, errlen))
		return -EINVAL;
	if (user_memory(u))
		return wire_fail(err, errlen, "out of memory");

	u->slirp = slirp_new(&u->cfg, &callbacks, u);
	if (!u->slirp)
		return wire_fail(err, errlen, "libslirp %s refuses this network", slirp_version_string());
	for (unsigned int i = 0; i < a->nopts; i++) {
		if (!strcmp(a->opt[i].key, "hostfwd") &&
		    user_hostfwd(u, a->opt[i].val, err, errlen))
			return -EINVAL;
	}
	w->st.connects++;
	user_arm(u);
	return 0;
}

static void user_close(struct wire *w)
{
	struct user *u = (struct user *)w;

	if (u->slirp)
		slirp_cleanup(u->slirp);
	for (unsigned int i = 0; i < u->nactive; i++)
		loop_fd_del(w->loop, &u->fds[u->active[i]].h);
	loop_timer_set(w->loop, &u->work_timer, TIMER_OFF);
	loop_timer_set(w->loop, &u->ra_timer, TIMER_OFF);
	loop_timer_set(w->loop, &u->rest_timer, TIMER_OFF);
	free(u->fds);
	free(u->active);
	free(u->q_data);
}

static const char *const user_opts[] = {
	"net", "dhcpstart", "restrict", "ipv6", "mtu", "hostname", "hostfwd", NULL
};

const struct wire_kind wire_user = {
	.name = "user",
	.opts = user_opts,
	.arg_is_opts = true,
	.partner = true,
	.lso = PORT_LSO_WHOLE,
	.size = sizeof(struct user),
	.open = user_open,
	.close = user_close,
	.tx = user_tx,
	.rx_ready = user_rx_ready,
};
