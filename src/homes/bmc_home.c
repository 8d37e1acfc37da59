// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One socket carries control frames and the BMC's network traffic.
 *
 *	BMC -> wire -> EtherType 0x88f8 -> ncsi_input() -> answers -> wire -> BMC
 *	            -> else: ncsi_from_mc() -> card_bmc_rx() of that channel's card
 *	card -> port_tx() -> ncsi_to_mc() -> wire -> BMC
 *
 * Answers and AENs are few and must not be lost: what the socket does not take
 * waits in queue[], and as long as it could not hold all that a command may
 * bring, no more is read from the BMC.  Frames are not queued here: towards the
 * BMC the card keeps or drops them, from the BMC those that the network does
 * not take are dropped.  (To wait for the network would also hold up the
 * commands behind them, which a BMC gives up on after a second.)
 */
#include "bmc_home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../card/regs.h"
#include "../wire/wire.h"
#include "fw_home.h"
#include "prefixed.h"

#define QUEUE		32u
#define MIN_FRAME	60u
#define OUT0_LINK	(1u << 27)
#define CMD_TX_PAUSE_OFF (1u << 28)
#define CMD_RX_PAUSE_OFF (1u << 29)

struct channel {
	struct bmc_home	*home;
	unsigned int	id;
	struct card	*card;
	struct fw_home_watch watch;
	uint8_t		mac[6];
	uint32_t	mbps;
};

struct bmc_home {
	struct card_env	env;
	bool		trace;
	struct ncsi	*ncsi;
	struct fw_home	*fw;
	struct wire	*wire;
	const struct port_ops *port;
	void		*port_ctx;
	unsigned int	channels;
	struct channel	ch[NCSI_CHANNELS];
	bool		holding;	/* the wire was sent away with frames of the BMC */
	uint64_t	lost;		/* control frames, queue full */
	unsigned int	head, queued;
	struct {
		size_t		len;
		uint8_t		f[NCSI_FRAME_MAX];
	} queue[QUEUE];
};

/* ---- telling ---- */

__attribute__((format(printf, 2, 3)))
static void tell(struct bmc_home *h, const char *fmt, ...)
{
	va_list ap;

	if (!h->env.trace)
		return;
	va_start(ap, fmt);
	h->env.trace(h->env.ctx, BLK_BMC, TRACE_EVENT, fmt, ap);
	va_end(ap);
}

static void on_event(void *ctx, const struct ncsi_event *ev)
{
	static const char *const what[] = {
		[NCSI_EV_COMMAND] = "command", [NCSI_EV_RETRY] = "retry", [NCSI_EV_AEN] = "AEN",
		[NCSI_EV_DROPPED] = "dropped",
	};
	struct bmc_home *h = ctx;

	if (h->trace)
		tell(h, "%s 0x%02x %s, channel 0x%02x, iid %u: %u/0x%04x", what[ev->kind], ev->type, ev->name,
		     ev->channel, ev->iid, ev->code, ev->reason);
}

static void on_wire_event(void *ctx, const char *fmt, va_list ap)
{
	struct bmc_home *h = ctx;

	if (h->env.trace)
		h->env.trace(h->env.ctx, BLK_BMC, TRACE_EVENT, fmt, ap);
}

/* ---- to the BMC ---- */

static bool wire_takes(struct bmc_home *h, const struct frame *f)
{
	return h->port->tx(h->port_ctx, f, 1) == 1;
}

static bool send_bytes(struct bmc_home *h, const uint8_t *p, size_t len)
{
	struct span s = { p, len };
	struct frame f = { .span = &s, .len = (uint32_t)len, .nspans = 1 };

	return wire_takes(h, &f);
}

static void ncsi_send(void *ctx, const uint8_t *frame, size_t len)
{
	struct bmc_home *h = ctx;
	unsigned int at = (h->head + h->queued) % QUEUE;

	if (!h->queued && send_bytes(h, frame, len))
		return;
	if (h->queued == QUEUE) {
		h->lost++;
		return;
	}
	memcpy(h->queue[at].f, frame, len);
	h->queue[at].len = len;
	h->queued++;
}

/* An answer, and each AEN of each channel */
static bool room_for_a_command(const struct bmc_home *h)
{
	return QUEUE - h->queued > 3 * NCSI_CHANNELS;
}

static void on_wire_ready(void *ctx)
{
	struct bmc_home *h = ctx;

	while (h->queued && send_bytes(h, h->queue[h->head].f, h->queue[h->head].len)) {
		h->head = (h->head + 1) % QUEUE;
		h->queued--;
	}
	if (h->holding && room_for_a_command(h)) {
		h->holding = false;
		h->port->rx_ready(h->port_ctx);
	}
	if (!h->queued)
		for (unsigned int i = 0; i < h->channels; i++)
			card_bmc_ready(h->ch[i].card);
}

/* The first @want bytes, or all; in @buf if they are not in one piece */
static const uint8_t *frame_head(const struct frame *f, uint8_t *buf, size_t want, size_t *n)
{
	size_t have = 0;

	*n = f->len < want ? f->len : want;
	if (f->span[0].len >= *n)
		return f->span[0].base;
	for (unsigned int i = 0; i < f->nspans && have < *n; i++) {
		size_t run = f->span[i].len < *n - have ? f->span[i].len : *n - have;

		memcpy(buf + have, f->span[i].base, run);
		have += run;
	}
	return buf;
}

static bool send_padded(struct bmc_home *h, const struct frame *f)
{
	static const uint8_t zeros[MIN_FRAME];
	struct span span[PORT_MAX_SPANS + 1];
	struct frame padded = *f;

	if (f->len >= MIN_FRAME || f->nspans > PORT_MAX_SPANS)
		return wire_takes(h, f);
	memcpy(span, f->span, f->nspans * sizeof(span[0]));
	span[f->nspans] = (struct span){ zeros, MIN_FRAME - f->len };
	padded.span = span;
	padded.nspans++;
	padded.len = MIN_FRAME;
	return wire_takes(h, &padded);
}

static unsigned int card_tx(void *ctx, const struct frame *f, unsigned int n)
{
	struct channel *ch = ctx;
	struct bmc_home *h = ch->home;
	uint8_t buf[NCSI_WINDOW];
	unsigned int i;

	for (i = 0; i < n; i++) {
		size_t len;
		const uint8_t *p = frame_head(&f[i], buf, sizeof(buf), &len);

		if (!ncsi_to_mc(h->ncsi, ch->id, p, len, f[i].len))
			continue;
		if (h->queued || !send_padded(h, &f[i]))
			break;
		ncsi_to_mc_done(h->ncsi, ch->id);
	}
	return i;
}

static const struct port_ops card_port = { .tx = card_tx };

/* ---- from the BMC ---- */

static bool is_control(const uint8_t *p, size_t len)
{
	return len >= 14 && p[12] == NCSI_ETHERTYPE >> 8 && p[13] == (NCSI_ETHERTYPE & 0xff);
}

static unsigned int on_wire_rx(void *ctx, const struct frame *f, unsigned int n, bool must)
{
	struct bmc_home *h = ctx;
	uint8_t buf[NCSI_FRAME_MAX];
	unsigned int i;

	for (i = 0; i < n; i++) {
		size_t len;
		const uint8_t *p = frame_head(&f[i], buf, NCSI_WINDOW, &len);
		int ch;

		if (is_control(p, len)) {
			if (!fw_home_ready(h->fw))
				continue;	/* it is the firmware that answers */
			if (!must && !room_for_a_command(h)) {
				h->holding = true;
				break;
			}
			p = frame_head(&f[i], buf, sizeof(buf), &len);
			ncsi_input(h->ncsi, p, len);
			continue;
		}
		ch = ncsi_from_mc(h->ncsi, p, len, f[i].len);
		if (ch >= 0)
			ncsi_from_mc_done(h->ncsi, (unsigned int)ch, card_bmc_rx(h->ch[ch].card, &f[i], 1) == 1);
	}
	return i;
}

/* ---- what the controller asks ---- */

static void ask_link(void *ctx, unsigned int ch, struct ncsi_link *l)
{
	const struct channel *c = &((struct bmc_home *)ctx)->ch[ch];
	uint32_t cmd = card_csr_peek(c->card, CSR_MAC_COMMAND_CONFIG);

	l->up = card_csr_peek(c->card, CSR_SIG_PCS_OUT0) & OUT0_LINK;
	l->mbps = c->mbps;
	l->tx_pause = !(cmd & CMD_TX_PAUSE_OFF);
	l->rx_pause = !(cmd & CMD_RX_PAUSE_OFF);
}

static bool ask_host(void *ctx, unsigned int ch)
{
	return fw_home_host_owns(((struct bmc_home *)ctx)->fw, ch);
}

static uint64_t ctr(const struct channel *c, uint32_t csr)
{
	return card_csr_peek(c->card, csr) | (uint64_t)card_csr_peek(c->card, csr + 1) << 32;
}

static void ask_stats(void *ctx, unsigned int ch, struct ncsi_port_stats *s)
{
	const struct channel *c = &((struct bmc_home *)ctx)->ch[ch];

	s->rx_bytes = ctr(c, CSR_MAC_STAT_RX_BYTE_COUNT);
	s->tx_bytes = ctr(c, CSR_MAC_STAT_TX_BYTE_COUNT);
	s->rx_mc = ctr(c, CSR_MAC_STAT_RX_MULTICAST);
	s->rx_bc = ctr(c, CSR_MAC_STAT_RX_BROADCAST);
	s->rx_uc = ctr(c, CSR_MAC_STAT_RX_RECEIVED_OK) - s->rx_mc - s->rx_bc;
	s->tx_mc = ctr(c, CSR_MAC_STAT_TX_MULTICAST);
	s->tx_bc = ctr(c, CSR_MAC_STAT_TX_BROADCAST);
	s->tx_uc = ctr(c, CSR_MAC_STAT_TX_TRANSMITTED_OK) - s->tx_mc - s->tx_bc;
	s->fcs_errors = ctr(c, CSR_MAC_STAT_RX_PACKET_BAD_FCS);
	s->align_errors = ctr(c, CSR_MAC_STAT_RX_ALIGN_ERROR);
	s->runts = ctr(c, CSR_MAC_STAT_RX_UNDERSIZE);
	s->jabbers = ctr(c, CSR_MAC_STAT_RX_OVERSIZE);
	s->rx_xoff = ctr(c, CSR_MAC_STAT_RX_XOFF_STB);
	s->tx_xoff = ctr(c, CSR_MAC_STAT_TX_XOFF_STB);
	s->rx_control = ctr(c, CSR_MAC_STAT_RX_CONTROL_FRAMES);
	/* The card's last bins are 1024..1518 and above; NC-SI's 1024..1522 and 1523..9022 */
	for (uint32_t i = 0; i < 7; i++) {
		s->rx_size[i] = ctr(c, CSR_MAC_STAT_RX_PACKET_64_BYTES + 2 * i);
		s->tx_size[i] = ctr(c, CSR_MAC_STAT_TX_PACKET_64_BYTES + 2 * i);
	}
	s->rx_fragments = ctr(c, CSR_MAC_STAT_RX_FRAGMENT);
	s->rx_bad_jabbers = ctr(c, CSR_MAC_STAT_RX_JABBER);
	s->mc_dropped = card_csr_peek(c->card, CSR_RXB_DROP_FRMS_STS + 3) +
			card_csr_peek(c->card, CSR_TCE_TBI_DROP_PKTS);
}

/*
 * Firmware, and through it the host's driver, learns the addresses that the BMC
 * wants frames for; until it has set one, the one that it is offered.  There is
 * room for four: groups that do not fit are covered by all of them.
 */
static void on_filters(void *ctx, unsigned int ch)
{
	struct bmc_home *h = ctx;
	struct channel *c = &h->ch[ch];
	struct ncsi_wants w;
	uint8_t mac[FW_BMC_MACS][6];
	unsigned int n;

	ncsi_wants(h->ncsi, ch, &w);
	n = w.n < FW_BMC_MACS ? w.n : FW_BMC_MACS;
	memcpy(mac, w.mac, n * 6);
	if (!w.uc) {
		memcpy(mac[0], c->mac, 6);
		n = 1;
	}
	fw_home_bmc_set(h->fw, ch, n, (const uint8_t (*)[6])mac, w.all_multi || n < w.n);
}

/* ---- what the firmware answers ---- */

_Static_assert(NCSI_PENDING == FW_HOME_PENDING, "handed through");

/* A home that can't makes a command that is not there */
static int answered(int ret)
{
	return ret == -ENOTSUP ? NCSI_UNSUPPORTED : ret;
}

static struct fw_home *fw_of(void *ctx)
{
	return ((struct bmc_home *)ctx)->fw;
}

static int16_t degrees(int32_t milli)
{
	int32_t d = (milli + (milli < 0 ? -500 : 500)) / 1000;

	return (int16_t)(d > INT16_MAX ? INT16_MAX : d < INT16_MIN ? INT16_MIN : d);
}

static int ask_temperature(void *ctx, int16_t *max, int16_t *now)
{
	int32_t m = 0, n = 0;
	int ret = fw_home_temperature(fw_of(ctx), &m, &n);

	*max = degrees(m);
	*now = degrees(n);
	return answered(ret);
}

static int ask_module_temperature(void *ctx, unsigned int ch, int16_t *alarm, int16_t *warning, int16_t *now)
{
	int32_t a = 0, w = 0, n = 0;
	int ret = fw_home_module_temperature(fw_of(ctx), ch, &a, &w, &n);

	*alarm = degrees(a);
	*warning = degrees(w);
	*now = degrees(n);
	return answered(ret);
}

static int ask_dump(void *ctx, unsigned int ch, enum ncsi_dump which)
{
	return answered(fw_home_dump_take(fw_of(ctx), ch, which == NCSI_DUMP_CRASH));
}

static int read_dump(void *ctx, unsigned int ch, uint32_t off, uint8_t *buf, uint32_t len)
{
	return answered(fw_home_dump_read(fw_of(ctx), ch, off, buf, len));
}

static int ask_pldm(void *ctx, enum ncsi_pldm_op op, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	struct fw_home *fw = fw_of(ctx);

	switch (op) {
	case NCSI_PLDM_REQUEST:
		return answered(fw_home_pldm(fw, FW_PLDM_NCSI, req, len, rsp, cap));
	case NCSI_PLDM_PENDING:
		return answered(fw_home_pldm_pending(fw, FW_PLDM_NCSI, rsp, cap));
	case NCSI_PLDM_REPLY:
		break;
	}
	return answered(fw_home_pldm_reply(fw, FW_PLDM_NCSI, req, len));
}

/* ---- what happens to a channel ---- */

static void on_link(void *ctx, bool up)
{
	struct channel *c = ctx;

	(void)up;
	ncsi_link_changed(c->home->ncsi, c->id);
}

static void on_owner(void *ctx, bool host)
{
	struct channel *c = ctx;

	(void)host;
	ncsi_host_changed(c->home->ncsi, c->id);
}

static void on_restarted(void *ctx)
{
	struct channel *c = ctx;

	if (!c->id)		/* one controller: once */
		ncsi_restart(c->home->ncsi);
}

static void on_answered(void *ctx)
{
	ncsi_resume(((struct channel *)ctx)->home->ncsi);
}

/* ---- life ---- */

static bool start_ncsi(struct bmc_home *h, const struct bmc_home_config *cfg)
{
	const struct ncsi_env env = {
		.ctx = h, .send = ncsi_send, .link = ask_link, .port_stats = ask_stats, .host_running = ask_host,
		.filters = on_filters, .temperature = ask_temperature, .module_temperature = ask_module_temperature,
		.dump_take = ask_dump, .dump_read = read_dump, .pldm = ask_pldm, .event = on_event,
	};
	struct ncsi_config c = { .channels = cfg->channels, .fw_name = "openfbnic" };
	struct fw_config fw;

	fw_config_default(&fw);
	c.fw_version = fw.mgmt.version;
	memcpy(c.uuid, cfg->uuid, sizeof(c.uuid));
	for (unsigned int i = 0; i < cfg->channels; i++)
		memcpy(c.mc_mac[i], cfg->ch[i].mac, 6);
	h->ncsi = calloc(1, ncsi_size());
	return h->ncsi && !ncsi_init(h->ncsi, &c, &env);
}

static void connect_channels(struct bmc_home *h, const struct bmc_home_config *cfg)
{
	h->channels = cfg->channels;
	h->fw = cfg->fw;
	for (unsigned int i = 0; i < cfg->channels; i++) {
		struct channel *c = &h->ch[i];

		*c = (struct channel){ .home = h, .id = i, .card = cfg->ch[i].card, .mbps = cfg->ch[i].mbps };
		memcpy(c->mac, cfg->ch[i].mac, 6);
		c->watch = (struct fw_home_watch){
			.ctx = c, .host = i, .owner = on_owner, .link = on_link, .restarted = on_restarted,
			.answered = i ? NULL : on_answered,
		};
		fw_home_watch(h->fw, &c->watch);
		card_connect_bmc(c->card, &card_port, c);
		on_filters(h, i);
	}
}

struct bmc_home *bmc_home_new(const struct bmc_home_config *cfg, const struct card_env *env, struct wire_loop *loop,
			      char *err, size_t errlen)
{
	struct bmc_home *h = calloc(1, sizeof(*h));
	const struct wire_end end = { h, on_wire_rx, on_wire_ready, on_wire_event };
	enum port_lso lso;

	if (!h || !start_ncsi(h, cfg)) {
		snprintf(err, errlen, "out of memory");
		goto out_free;
	}
	h->env = *env;
	h->trace = cfg->trace;
	h->wire = wire_open(cfg->spec, &end, loop, err, errlen);
	if (!h->wire)
		goto out_free;
	wire_port(h->wire, &h->port, &h->port_ctx, &lso);
	connect_channels(h, cfg);
	return h;

out_free:
	if (h)
		free(h->ncsi);
	free(h);
	return NULL;
}

void bmc_home_free(struct bmc_home *h)
{
	if (!h)
		return;
	for (unsigned int i = 0; i < h->channels; i++) {
		fw_home_unwatch(h->fw, &h->ch[i].watch);
		card_connect_bmc(h->ch[i].card, NULL, NULL);
	}
	wire_close(h->wire);
	free(h->ncsi);
	free(h);
}

void bmc_home_trace(struct bmc_home *h, bool all)
{
	h->trace = all;
}

struct ncsi *bmc_home_ncsi(struct bmc_home *h)
{
	return h->ncsi;
}

struct wire *bmc_home_wire(struct bmc_home *h)
{
	return h->wire;
}

/* ---- counters ---- */

void bmc_home_counters(struct bmc_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	struct prefixed p = { "ncsi_package_", fn, arg };
	char prefix[32];

	add_prefix(&p, "selected", ncsi_selected(h->ncsi));
	ncsi_counters(ncsi_package_stats(h->ncsi), add_prefix, &p);
	p.prefix = prefix;
	for (unsigned int i = 0; i < h->channels; i++) {
		snprintf(prefix, sizeof(prefix), "ncsi_channel%u_", i);
		add_prefix(&p, "initial", ncsi_initial(h->ncsi, i));
		add_prefix(&p, "enabled", ncsi_enabled(h->ncsi, i));
		add_prefix(&p, "tx_enabled", ncsi_tx_enabled(h->ncsi, i));
		ncsi_counters(ncsi_stats(h->ncsi, i), add_prefix, &p);
	}
	fn(arg, "ncsi_lost", h->lost);
	p.prefix = "wire_";
	wire_counters(h->wire, add_prefix, &p);
}
