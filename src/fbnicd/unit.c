/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins the parts that know nothing of each other: the bus gives the card its
 * host memory and interrupts, the wire its port, the firmware its mailbox's
 * other side, the loop its time.
 *
 * Order of one round of the loop: descriptors and timers first (messages from
 * the host, frames from the wire), then unit_run() of every unit, which does
 * the card's DMA, then unit_settle(), then sleep.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "../bus/vfu.h"
#include "../card/card.h"
#include "../wire/wire.h"
#include "bmc_home.h"
#include "bus_port.h"
#include "flash_file.h"
#include "fw_function.h"
#include "fw_home.h"
#include "fw_inside.h"
#include "fw_socket.h"
#include "loop.h"
#include "mctp_home.h"
#include "partner.h"
#include "state.h"
#include "unit.h"

struct unit {
	unsigned int		index;
	struct wire_loop	*loop;
	struct vu		*vu;
	struct card		*card;
	struct flash_file	*flash;
	struct fw_home		*fw;
	struct wire		*wire;
	struct bmc_home		*bmc;
	struct mctp_home	*mctp;
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
	fprintf(stderr, "fbnicd: card %u: %s%s\n", u->index, what, line);
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
	fprintf(stderr, "fbnicd: card %u: bus: %s\n", ((struct unit *)ctx)->index, line);
}

/* ---- events ---- */

static void on_client(void *ctx, int fd, bool open)
{
	struct unit *u = ctx;
	int err = bus_port_client(&u->port, fd, open);

	if (err)
		fprintf(stderr, "fbnicd: card %u: can't watch the client: %s\n", u->index, strerror(-err));
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

static void open_wire(struct unit *u, const struct card_options *o)
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

/* ---- the BMC's side ---- */

/* An address of its own, that stays while the card's does */
static void bmc_mac(const struct card_options *o, const uint8_t card[6], uint8_t mac[6])
{
	if (o->bmc_mac_given) {
		memcpy(mac, o->bmc_mac, 6);
		return;
	}
	memcpy(mac, card, 6);
	mac[0] |= 2;		/* locally administered */
	mac[2] ^= 0x80;
}

static uint32_t speed_mbps(unsigned int speed)
{
	switch (speed) {
	case FW_SPEED_25CR:
		return 25000;
	case FW_SPEED_50CR2:
	case FW_SPEED_50CR:
		return 50000;
	}
	return 100000;
}

/* The card's UUID, as its BMC sees it by NC-SI and by PLDM */
static void card_uuid(const uint8_t mac[6], uint8_t uuid[16])
{
	memcpy(uuid, "fbnic-bmc", 10);
	memcpy(uuid + 10, mac, 6);
	uuid[6] = 0x80 | (uuid[6] & 0xf);	/* RFC 9562: version 8, as one likes */
	uuid[8] = 0x80 | (uuid[8] & 0x3f);
}

static void open_bmc(struct unit *u, const struct card_options *o, const uint8_t mac[6], bool trace)
{
	struct bmc_home_config cfg = { .spec = o->bmc, .channels = 1, .trace = trace };
	char err[256];

	if (!o->bmc)
		return;
	cfg.ch[0].card = u->card;
	cfg.ch[0].fw = u->fw;
	cfg.ch[0].mbps = speed_mbps(o->speed);
	bmc_mac(o, mac, cfg.ch[0].mac);
	card_uuid(mac, cfg.uuid);
	u->bmc = bmc_home_new(&cfg, &u->env, u->loop, err, sizeof(err));
	if (!u->bmc)
		die("bmc=%s: %s", o->bmc, err);
}

static void open_mctp(struct unit *u, const struct card_options *o, const uint8_t mac[6], bool trace)
{
	struct mctp_home_config cfg = { .path = o->mctp, .fw = u->fw, .eid = o->mctp_eid, .trace = trace };
	char err[256];

	if (!o->mctp)
		return;
	card_uuid(mac, cfg.uuid);
	u->mctp = mctp_home_new(&cfg, &u->env, u->loop, err, sizeof(err));
	if (!u->mctp)
		die("mctp=unix:%s: %s", o->mctp, err);
}

/* ---- life ---- */

static void open_bus(struct unit *u, const struct card_options *o)
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

static void open_flash(struct unit *u, const struct card_options *o)
{
	char err[256];

	u->flash = flash_file_open(o->state, FW_FLASH_SIZE, err, sizeof(err));
	if (!u->flash)
		die("state=%s: %s", o->state ? o->state : "", err);
}

static unsigned int memory_pieces(void *ctx, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	return vu_pieces(ctx, out, max, left);
}

static struct fw_home *open_fw_socket(struct unit *u, const struct card_options *o, const struct fw_home_config *cfg)
{
	const struct fw_socket_config sock = { .path = o->fw_path, .loop = u->loop, .mem = u->vu,
					       .pieces = memory_pieces };
	struct fw_home *h = fw_socket_new(u->card, &u->env, cfg, &sock);

	if (h)
		vu_lend(u->vu, fw_socket_memory_changed, h);
	return h;
}

static void open_fw(struct unit *u, const struct card_options *o, const uint8_t mac[6])
{
	struct fw_home_config cfg;
	char err[256];

	fw_home_config_default(&cfg);
	cfg.fw.boot_ms[0] = o->fw_boot_ms[0];
	cfg.fw.boot_ms[1] = o->fw_boot_ms[1];
	cfg.fw.restart_ms = o->fw_restart_ms;
	cfg.fw.speed = o->speed;
	cfg.fw.fec = o->fec;
	card_uuid(mac, cfg.fw.uuid);
	switch (o->fw) {
	case FW_INSIDE:
		open_flash(u, o);
		cfg.flash = u->flash;
		u->fw = fw_inside_new(u->card, &u->env, &cfg);
		break;
	case FW_FUNCTION:
		open_flash(u, o);
		cfg.flash = u->flash;
		u->fw = fw_function_new(u->card, &u->env, &cfg, o->fw_path, u->loop, err, sizeof(err));
		if (!u->fw)
			die("fw=function:%s: %s", o->fw_path, err);
		break;
	case FW_SOCKET:
		u->fw = open_fw_socket(u, o, &cfg);
		break;
	}
	if (!u->fw)
		die("card %u: the firmware does not start: %s", u->index, strerror(errno));
}

struct unit *unit_new(unsigned int index, const struct card_options *o, uint32_t trace, struct loop *loop)
{
	struct card_config cfg = { .queues = o->queues, .vectors = o->vectors };
	struct unit *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		die("out of memory");
	u->index = index;
	u->loop = loop_wire(loop);
	memcpy(cfg.mac, o->mac, 6);
	if (o->state)
		state_mac(o->state, cfg.mac, o->mac_given);
	open_bus(u, o);
	u->card = card_new(&cfg, &u->env);
	if (!u->card)
		die("card %u: out of memory", index);
	partner_init(&u->partner, u->loop, u->card);
	open_fw(u, o, cfg.mac);
	unit_trace(u, trace);
	open_wire(u, o);
	open_bmc(u, o, cfg.mac, trace & 1u << BLK_BMC);
	open_mctp(u, o, cfg.mac, trace & 1u << BLK_BMC);
	vu_attach(u->vu, u->card);

	u->timer = (struct loop_timer){ .cb = on_timer, .arg = u };
	err = bus_port_start(&u->port, u->loop, u->vu);
	if (err)
		die("socket=%s: %s", o->socket, strerror(-err));
	return u;
}

void unit_free(struct unit *u)
{
	vu_detach(u->vu);
	bus_port_stop(&u->port);
	loop_timer_set(u->loop, &u->timer, TIMER_OFF);
	mctp_home_free(u->mctp);
	bmc_home_free(u->bmc);
	partner_stop(&u->partner);
	card_connect(u->card, NULL, NULL, PORT_LSO_CUT);
	wire_close(u->wire);
	fw_home_free(u->fw);
	flash_file_close(u->flash);
	card_free(u->card);
	vu_free(u->vu);
	free(u);
}

struct card *unit_card(struct unit *u)
{
	return u->card;
}

struct vu *unit_vu(struct unit *u)
{
	return u->vu;
}

struct wire *unit_wire(struct unit *u)
{
	return u->wire;
}

struct fw_home *unit_fw(struct unit *u)
{
	return u->fw;
}

void unit_power(struct unit *u)
{
	card_reset(u->card, CARD_RESET_POWER);
	fw_home_power(u->fw);
	partner_power(&u->partner);
}

struct partner *unit_partner(struct unit *u)
{
	return &u->partner;
}

struct bmc_home *unit_bmc(struct unit *u)
{
	return u->bmc;
}

struct mctp_home *unit_mctp(struct unit *u)
{
	return u->mctp;
}

void unit_trace(struct unit *u, uint32_t blocks)
{
	if (u->mctp)
		mctp_home_trace(u->mctp, blocks & (1u << BLK_BMC));
	if (u->bmc)
		bmc_home_trace(u->bmc, blocks & (1u << BLK_BMC));
	card_trace_mask(u->card, blocks);
	fw_home_trace(u->fw, blocks & (1u << BLK_FW));
}
