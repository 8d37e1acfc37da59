// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The package: control frames in, answers and AENs out.
 *
 * A control frame, behind an Ethernet header of which only the type counts:
 *
 *	0 MC id   1 revision 1   2 0   3 instance id   4 type   5 channel id
 *	6,7 payload length   8..15 0   payload, padded to 4   checksum
 *
 * Channel id: package in bits 7:5, channel in 4:0, 0x1f for the package.  What
 * is not for this package gets no answer: several share a link.  Any command
 * but Deselect selects the package.  A checksum of zero is none; a wrong one
 * drops the frame without an answer, as does everything that is no command.
 *
 * Retries: the command before, received once more byte for byte, is answered
 * with the same bytes and not carried out again.  An event that could change
 * an answer (link, host driver, restart) ends that, so a BMC that never changes
 * its instance ids still sees its link go down.
 *
 * Some answers take time (NCSI_PENDING).  The command then waits in last_cmd, and
 * its repetitions are counted and wait with it: one answer comes.  Another
 * command instead means that the BMC waits no longer.
 *
 * AENs go out on an enabled channel with that AEN enabled.  While the package
 * is deselected the latest of each kind waits for the selection, and follows
 * the answer to the command that selected.  (It carries what is true then.)
 *
 * Frames that are for no channel in particular, the package's commands among
 * them, are counted in the package and shown with each channel (guess).
 */
#include "ncsi_int.h"

#define TYPE_ANSWER	0x80u
#define TYPE_AEN	0xffu
#define MIN_FRAME	60u

size_t ncsi_size(void)
{
	return sizeof(struct ncsi);
}

uint32_t ncsi_checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(p + i);
	return -sum;
}

void ncsi_filters_changed(struct ncsi *n, const struct ncsi_channel *ch)
{
	n->env.filters(n->env.ctx, ch->id);
}

void ncsi_channel_initial(struct ncsi *n, struct ncsi_channel *ch)
{
	struct ncsi_stats stats = ch->stats;
	unsigned int id = ch->id;

	memset(ch, 0, sizeof(*ch));
	ch->id = id;
	ch->stats = stats;
	ncsi_filters_changed(n, ch);
}

int ncsi_init(struct ncsi *n, const struct ncsi_config *cfg, const struct ncsi_env *env)
{
	if (cfg->package > 7 || cfg->channels < 1 || cfg->channels > NCSI_CHANNELS)
		return -1;
	memset(n, 0, sizeof(*n));
	n->cfg = *cfg;
	n->env = *env;
	for (unsigned int i = 0; i < cfg->channels; i++)
		n->ch[i].id = i;
	return 0;
}

static void tell(struct ncsi *n, const struct ncsi_event *ev)
{
	if (n->env.event)
		n->env.event(n->env.ctx, ev);
}

/* ---- out ---- */

/* Header and checksum around a payload that is in place; returns the frame's length */
static size_t seal(const struct ncsi *n, uint8_t *f, uint8_t mc, uint8_t iid, uint8_t type, uint8_t chan,
		   size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;
	uint8_t *h = f + ETH_HDR;
	size_t end = ETH_HDR + NCSI_HDR + padded + 4;

	memset(f, 0xff, 12);
	put16(f + 12, NCSI_ETHERTYPE);
	memset(h, 0, NCSI_HDR);
	h[0] = mc;
	h[1] = 1;
	h[3] = iid;
	h[4] = type;
	h[5] = (uint8_t)(n->cfg.package << 5 | chan);
	put16(h + 6, (uint32_t)len);
	memset(h + NCSI_HDR + len, 0, padded - len);
	put32(h + NCSI_HDR + padded, ncsi_checksum(h, NCSI_HDR + padded));
	if (end < MIN_FRAME) {
		memset(f + end, 0, MIN_FRAME - end);
		end = MIN_FRAME;
	}
	return end;
}

static void aen_send(struct ncsi *n, struct ncsi_channel *ch, unsigned int kind)
{
	uint8_t f[ETH_HDR + NCSI_HDR + 64] = { 0 };
	uint8_t *p = f + ETH_HDR + NCSI_HDR;
	size_t len = 4;

	p[3] = (uint8_t)kind;
	if (kind == AEN_LINK) {
		put32(p + 4, ncsi_link_word(n, ch));
		len = 12;	/* with an OEM word of 0 */
		ch->stats.aens_link++;
	} else if (kind == AEN_HOST) {
		put32(p + 4, n->env.host_running(n->env.ctx, ch->id));
		len = 8;
		ch->stats.aens_host++;
	} else {
		ch->stats.aens_config++;
	}
	ch->stats.aens++;
	ch->stats.tx++;
	tell(n, &(struct ncsi_event){ .kind = NCSI_EV_AEN, .name = ncsi_aen_names[kind], .type = kind,
				      .channel = ch->id });
	n->env.send(n->env.ctx, f, seal(n, f, ch->aen_mc, 0, TYPE_AEN, (uint8_t)ch->id, len));
}

static void aen(struct ncsi *n, struct ncsi_channel *ch, unsigned int kind)
{
	if (!ch->enabled || !(ch->aen_on & 1u << kind))
		return;
	if (n->selected)
		aen_send(n, ch, kind);
	else
		ch->aen_waits |= 1u << kind;
}

/* The package was selected: what waited, if it is still wanted */
static void aen_catch_up(struct ncsi *n)
{
	for (unsigned int i = 0; i < n->cfg.channels; i++) {
		struct ncsi_channel *ch = &n->ch[i];
		uint32_t waits = ch->aen_waits;

		ch->aen_waits = 0;
		for (unsigned int kind = 0; kind < AEN_KINDS; kind++)
			if (waits & 1u << kind)
				aen(n, ch, kind);
	}
}

/* ---- events ---- */

void ncsi_link_changed(struct ncsi *n, unsigned int ch)
{
	n->have_last = false;
	aen(n, &n->ch[ch], AEN_LINK);
}

void ncsi_host_changed(struct ncsi *n, unsigned int ch)
{
	n->have_last = false;
	aen(n, &n->ch[ch], AEN_HOST);
}

void ncsi_restart(struct ncsi *n)
{
	n->have_last = false;
	n->pending = false;
	n->dump_on = false;
	for (unsigned int i = 0; i < n->cfg.channels; i++) {
		struct ncsi_channel *ch = &n->ch[i];

		/* Not put off: after this nothing of the channel's settings is left */
		if (n->selected)
			aen(n, ch, AEN_CONFIG);
		ncsi_channel_initial(n, ch);
	}
	n->selected = false;
	n->no_arbitration = false;
}

/* ---- in ---- */

void ncsi_fail(struct ncsi_rsp *r, unsigned int code, unsigned int reason)
{
	r->code = (uint16_t)code;
	r->reason = (uint16_t)reason;
	r->len = 0;
}

bool ncsi_failed(struct ncsi_rsp *r, int err, unsigned int reason)
{
	if (err == NCSI_PENDING)
		r->pending = true;
	else if (err == NCSI_UNSUPPORTED)
		ncsi_fail(r, RSP_UNSUPPORTED, WHY_UNKNOWN_TYPE);
	else if (err < 0)
		ncsi_fail(r, RSP_FAILED, reason);
	return err < 0;
}

/* True: carried out, or refused in @r.  False: no answer */
static bool execute(struct ncsi *n, const struct ncsi_cmd *cmd, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	struct ncsi_channel *ch = q->chan < n->cfg.channels ? &n->ch[q->chan] : NULL;

	if (!cmd) {
		ncsi_fail(r, RSP_UNSUPPORTED, WHY_UNKNOWN_TYPE);
		return true;
	}
	if (!ch && q->chan != CHAN_PACKAGE && (cmd->flags & SILENT_RANGE))
		return false;
	if (q->len < cmd->min || q->len > cmd->max) {
		ncsi_fail(r, RSP_FAILED, WHY_LENGTH);
	} else if (ch ? !(cmd->flags & TO_CHANNEL) : q->chan != CHAN_PACKAGE || !(cmd->flags & TO_PACKAGE)) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
	} else if (ch && !ch->configured && !(cmd->flags & IN_INITIAL)) {
		ncsi_fail(r, RSP_FAILED, WHY_INIT_REQUIRED);
	} else {
		if (cmd->rsp > 4) {
			r->len = (uint16_t)(cmd->rsp - 4);
			memset(r->p, 0, r->len);
		}
		cmd->run(n, ch, q, r);
	}
	return true;
}

static void run_command(struct ncsi *n, struct ncsi_stats *st, const struct ncsi_req *q)
{
	const struct ncsi_cmd *cmd = ncsi_cmd_find(q->type);
	uint8_t *f = n->last_rsp, *payload = f + ETH_HDR + NCSI_HDR;
	struct ncsi_rsp r = { .p = payload + 4 };

	n->pending = false;
	n->selected = true;	/* (Deselect Package takes it back) */
	if (!execute(n, cmd, q, &r)) {
		st->dropped++;
		return;
	}
	if (r.pending) {
		n->pending = true;
		return;
	}
	put16(payload, r.code);
	put16(payload + 2, r.reason);
	st->failed += r.code != RSP_COMPLETED;
	n->last_rsp_len = seal(n, f, q->mc, q->iid, (uint8_t)(q->type | TYPE_ANSWER), q->chan, 4u + r.len);
	n->have_last = true;
	st->tx++;
	tell(n, &(struct ncsi_event){ .kind = NCSI_EV_COMMAND, .name = cmd ? cmd->name : "unknown", .type = q->type,
				      .channel = q->chan, .iid = q->iid, .code = r.code, .reason = r.reason });
	n->env.send(n->env.ctx, f, n->last_rsp_len);
	if (n->selected && !n->was_selected)
		aen_catch_up(n);
}

static struct ncsi_stats *stats_of(struct ncsi *n, const uint8_t *h)
{
	return (h[5] & 0x1f) < n->cfg.channels ? &n->ch[h[5] & 0x1f].stats : &n->package;
}

static struct ncsi_req request_of(const uint8_t *h)
{
	return (struct ncsi_req){
		.mc = h[0], .iid = h[3], .type = h[4], .chan = h[5] & 0x1f, .len = get16(h + 6) & 0xfff,
		.p = h + NCSI_HDR,
	};
}

void ncsi_resume(struct ncsi *n)
{
	const uint8_t *h = n->last_cmd + ETH_HDR;
	struct ncsi_req q;

	if (!n->pending)
		return;
	q = request_of(h);
	run_command(n, stats_of(n, h), &q);
}

/* The last command once more: its answer, or patience */
static void retry(struct ncsi *n, struct ncsi_stats *st, const struct ncsi_req *q)
{
	st->retries++;
	tell(n, &(struct ncsi_event){ .kind = NCSI_EV_RETRY, .name = "retry", .type = q->type, .channel = q->chan,
				      .iid = q->iid });
	if (n->pending)
		return;
	st->tx++;
	n->env.send(n->env.ctx, n->last_rsp, n->last_rsp_len);
}

/* Why a frame is no command for us, or NULL; @end: bytes up to and with the checksum */
static const char *check_frame(const uint8_t *f, size_t len, size_t *end)
{
	const uint8_t *h = f + ETH_HDR;

	if (len < ETH_HDR + NCSI_HDR + 4)
		return "too short";
	*end = ETH_HDR + NCSI_HDR + ((get16(h + 6) & 0xfff) + 3) / 4 * 4 + 4;
	if (h[1] != 1)
		return "header revision";
	if ((h[4] | TYPE_ANSWER) == TYPE_AEN || (h[4] & TYPE_ANSWER))	/* an answer to 0x7f would be an AEN */
		return "not a command";
	if (*end > len || *end > NCSI_FRAME_MAX)
		return "longer than its frame";
	return NULL;
}

void ncsi_input(struct ncsi *n, const uint8_t *f, size_t len)
{
	const uint8_t *h = f + ETH_HDR;
	struct ncsi_stats *st = &n->package;
	struct ncsi_req q;
	const char *why;
	uint32_t sum;
	size_t end = 0;

	if (len >= ETH_HDR + NCSI_HDR && h[5] >> 5 != n->cfg.package)
		return;
	if (len >= ETH_HDR + NCSI_HDR)
		st = stats_of(n, h);
	st->rx++;
	why = check_frame(f, len, &end);
	if (why) {
		st->dropped++;
	} else {
		sum = get32(f + end - 4);
		if (sum && sum != ncsi_checksum(h, end - ETH_HDR - 4)) {
			st->checksum_errors++;
			why = "checksum";
		}
	}
	if (why) {
		tell(n, &(struct ncsi_event){ .kind = NCSI_EV_DROPPED, .name = why });
		return;
	}

	st->commands++;
	if ((n->have_last || n->pending) && end == n->last_cmd_len &&
	    !memcmp(h, n->last_cmd + ETH_HDR, end - ETH_HDR)) {
		q = request_of(h);
		retry(n, st, &q);
		return;
	}
	if (n->pending)
		stats_of(n, n->last_cmd + ETH_HDR)->given_up++;
	n->have_last = false;
	memcpy(n->last_cmd, f, end);
	n->last_cmd_len = end;
	n->was_selected = n->selected;
	q = request_of(n->last_cmd + ETH_HDR);
	st->type_errors += !ncsi_cmd_find(q.type);
	run_command(n, st, &q);
}

/* ---- looking at it ---- */

bool ncsi_selected(const struct ncsi *n)
{
	return n->selected;
}

bool ncsi_initial(const struct ncsi *n, unsigned int ch)
{
	return !n->ch[ch].configured;
}

bool ncsi_enabled(const struct ncsi *n, unsigned int ch)
{
	return n->ch[ch].enabled;
}

bool ncsi_tx_enabled(const struct ncsi *n, unsigned int ch)
{
	return n->ch[ch].tx;
}

const struct ncsi_stats *ncsi_stats(const struct ncsi *n, unsigned int ch)
{
	return &n->ch[ch].stats;
}

const struct ncsi_stats *ncsi_package_stats(const struct ncsi *n)
{
	return &n->package;
}

void ncsi_counters(const struct ncsi_stats *s, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
#define STAT(n)	{ #n, offsetof(struct ncsi_stats, n) }
	static const struct { const char *name; size_t off; } stats[] = {
		STAT(commands), STAT(dropped), STAT(type_errors), STAT(checksum_errors), STAT(rx), STAT(tx),
		STAT(aens), STAT(aens_link), STAT(aens_config), STAT(aens_host), STAT(retries), STAT(given_up),
		STAT(failed), STAT(mc_tx), STAT(mc_tx_dropped), STAT(mc_tx_state),
		STAT(mc_tx_short), STAT(mc_tx_long), STAT(mc_rx), STAT(mc_rx_state),
		STAT(mc_rx_short), STAT(mc_rx_long), STAT(mc_rx_filtered),
	};
#undef STAT

	_Static_assert(sizeof(stats) / sizeof(stats[0]) * sizeof(uint64_t) == sizeof(struct ncsi_stats),
		       "a counter without a name");
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		fn(arg, stats[i].name, *(const uint64_t *)((const char *)s + stats[i].off));
}
