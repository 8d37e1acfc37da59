/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins the parts that know nothing of each other: the bus gives the card its
 * host memory and interrupts, the wire its port, the loop its time.  (The
 * firmware comes from the package.)
 *
 * Order of one round of the loop: descriptors and timers first (messages from
 * the host, frames from the wire), then unit_run() of every unit, which does
 * the card's DMA, then unit_settle(), then sleep.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "../bus/vfu.h"
#include "../card/card.h"
#include "../homes/bus_port.h"
#include "../homes/partner.h"
#include "../loop/loop.h"
#include "../wire/wire.h"
#include "unit.h"

struct unit {
	struct package		*package;
	unsigned int		host;
	char			name[16];
	struct wire_loop	*loop;
	struct vu		*vu;
	struct card		*card;
	struct wire		*wire;
	struct partner		partner;
	struct card_env		env;
	struct bus_port		port;
	struct loop_timer	timer;
};

static uint64_t clock_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- telling ---- */

static void say(const struct unit *u, const char *what, const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	fprintf(stderr, "fbnicd: card %s: %s%s\n", u->name, what, line);
}

static void card_said(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	const struct unit *u = vu_user(ctx);
	char what[32];

	snprintf(what, sizeof(what), "%s: %s", card_block_names[blk],
		 kind == TRACE_GUEST_BUG ? "guest bug: " : "");
	say(u, what, fmt, ap);
}

static void wire_said(void *ctx, const char *fmt, va_list ap)
{
	say(ctx, "wire: ", fmt, ap);
}

static void bus_said(void *ctx, const char *line)
{
	fprintf(stderr, "fbnicd: card %s: bus: %s\n", ((struct unit *)ctx)->name, line);
}

/* ---- events ---- */

static void on_client(void *ctx, int fd, bool open)
{
	struct unit *u = ctx;
	int err = bus_port_client(&u->port, fd, open);

	if (err)
		fprintf(stderr, "fbnicd: card %s: can't watch the client: %s\n", u->name, strerror(-err));
}

static void on_timer(void *arg)
{
	(void)arg;		/* waking up is all: unit_run() follows */
}

bool unit_run(struct unit *u)
{
	bool more = bus_port_run(&u->port);

	return card_run(u->card) || more;
}

void unit_settle(struct unit *u)
{
	loop_timer_set(u->loop, &u->timer, card_deadline(u->card));
	bus_port_settle(&u->port);
}

/* ---- the wire's side ---- */

static unsigned int wire_rx(void *ctx, const struct frame *f, unsigned int n, bool must)
{
	return card_rx(((struct unit *)ctx)->card, f, n, must);
}

static void wire_ready(void *ctx)
{
	card_port_ready(((struct unit *)ctx)->card);
}

void unit_connect(struct unit *u, const struct host_options *o)
{
	const struct wire_end end = { u, wire_rx, wire_ready, wire_said };
	const struct port_ops *ops;
	enum port_lso lso;
	char err[256], *spec;
	void *ctx;

	if (asprintf(&spec, "%s%s%s", o->wire, o->pcap ? ";pcap=" : "", o->pcap ? o->pcap : "") < 0)
		die("out of memory");
	u->wire = wire_open(spec, &end, u->loop, err, sizeof(err));
	free(spec);
	if (!u->wire)
		die("wire=%s: %s", o->wire, err);
	wire_port(u->wire, &ops, &ctx, &lso);
	card_connect(u->card, ops, ctx, lso);
}

/* ---- life ---- */

static void open_bus(struct unit *u, const struct host_options *o)
{
	const struct vu_owner owner = { .ctx = u, .conn = on_client, .log = bus_said };
	char err[256];

	u->vu = vu_new(o->socket, &owner, err, sizeof(err));
	if (!u->vu)
		die("socket=%s: can't serve: %s", o->socket, err);
	u->env.now = clock_ns;
	u->env.trace = card_said;
	vu_env(u->vu, &u->env);
}

struct unit *unit_new(struct package *p, const char *name, unsigned int host, const struct host_options *o,
		      const uint8_t mac[6], struct wire_loop *loop)
{
	struct card_config cfg = { .queues = o->queues, .vectors = o->vectors };
	struct unit *u = calloc(1, sizeof(*u));

	if (!u)
		die("out of memory");
	u->package = p;
	u->host = host;
	snprintf(u->name, sizeof(u->name), "%s", name);
	u->loop = loop;
	u->timer = (struct loop_timer){ .cb = on_timer, .arg = u };
	memcpy(cfg.mac, mac, 6);
	open_bus(u, o);
	u->card = card_new(&cfg, &u->env);
	if (!u->card)
		die("card %s: out of memory", name);
	partner_init(&u->partner, u->loop, u->card);
	return u;
}

void unit_start(struct unit *u, const struct host_options *o)
{
	int err;

	vu_attach(u->vu, u->card);
	err = bus_port_start(&u->port, u->loop, u->vu);
	if (err)
		die("socket=%s: %s", o->socket, strerror(-err));
}

void unit_stop(struct unit *u)
{
	vu_detach(u->vu);
	bus_port_stop(&u->port);
	loop_timer_set(u->loop, &u->timer, TIMER_OFF);
	partner_stop(&u->partner);
	card_connect(u->card, NULL, NULL, PORT_LSO_CUT);
	wire_close(u->wire);
}

void unit_free(struct unit *u)
{
	card_free(u->card);
	vu_free(u->vu);
	free(u);
}

struct package *unit_package(struct unit *u)
{
	return u->package;
}

unsigned int unit_host(const struct unit *u)
{
	return u->host;
}

const char *unit_name(const struct unit *u)
{
	return u->name;
}

struct card *unit_card(struct unit *u)
{
	return u->card;
}

struct card_env *unit_env(struct unit *u)
{
	return &u->env;
}

struct vu *unit_vu(struct unit *u)
{
	return u->vu;
}

struct wire *unit_wire(struct unit *u)
{
	return u->wire;
}

struct partner *unit_partner(struct unit *u)
{
	return &u->partner;
}

void unit_power(struct unit *u)
{
	card_reset(u->card, CARD_RESET_POWER);
	partner_power(&u->partner);
}
