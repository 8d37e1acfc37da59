// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets and messages, DSP0236.  A packet has a header of four bytes:
 *
 *	0  3:0 version 1   1 destination   2 source
 *	3  7 first, 6 last, 5:4 sequence, 3 the sender made the tag, 2:0 tag
 *
 * and up to 64 bytes of a message, whose first byte is its type.  Source and tag
 * tell messages apart that are on their way at the same time; a packet that is
 * missing costs its message, as does one of another length in between.  Who
 * sent it repeats the message.
 *
 * PLDM requests go to the owner, one at a time: while one has no answer yet,
 * others are dropped, as DSP0240 lets a requester have one (a repetition only
 * changes the tag that the answer goes to).  Our requests go to
 * the endpoint that began an update, which is learned from the RequestUpdate
 * that passes here, with a tag of ours; the answer has that tag.
 */
#include "mctp_int.h"

#define FIRST		0x80u
#define LAST		0x40u
#define VERSION		1u
#define PLDM_HDR	3u
#define PLDM_RQ		0x80u
#define PLDM_FWUP	5u
#define PLDM_REQUEST_UPDATE 0x10u

size_t mctp_size(void)
{
	return sizeof(struct mctp);
}

int mctp_init(struct mctp *m, const struct mctp_config *cfg, const struct mctp_env *env)
{
	if (cfg->eid < EID_FIRST || cfg->eid == EID_BROADCAST)
		return -1;
	memset(m, 0, sizeof(*m));
	m->cfg = *cfg;
	m->env = *env;
	m->eid = cfg->eid;
	return 0;
}

/* Nothing is on its way any more */
static void forget(struct mctp *m)
{
	for (unsigned int i = 0; i < PARTIALS; i++)
		m->partial[i].on = false;
	m->waits = false;
	m->asked = false;
	m->reply_waits = false;
}

void mctp_line_reset(struct mctp *m)
{
	memset(&m->line, 0, sizeof(m->line));
	forget(m);
}

void mctp_restart(struct mctp *m)
{
	forget(m);
	m->eid = m->cfg.eid;
	m->agent = EID_NULL;
}

static void tell(struct mctp *m, int kind, const char *name, unsigned int eid, unsigned int tag, size_t len)
{
	struct mctp_event ev = { .name = name, .eid = eid, .tag = tag, .len = (unsigned int)len };

	ev.kind = kind;
	if (m->env.event)
		m->env.event(m->env.ctx, &ev);
}

/* ---- out ---- */

static const char *type_name(uint8_t type)
{
	return type == TYPE_CONTROL ? "control" : type == TYPE_PLDM ? "PLDM" : "unknown";
}

/* A message of @len bytes behind its type, to @dst; @tag with TAG_OWNER if it is ours */
static void send_message(struct mctp *m, uint8_t dst, uint8_t tag, uint8_t type, const uint8_t *p, size_t len)
{
	uint8_t packet[PACKET_HDR + MCTP_UNIT], f[MCTP_FRAME_MAX];
	size_t at = 0, total = len + 1;		/* with the type */
	uint8_t seq = 0;

	m->stats.messages_tx++;
	tell(m, MCTP_EV_OUT, type_name(type), dst, tag, len);
	while (at < total) {
		size_t n = total - at < MCTP_UNIT ? total - at : MCTP_UNIT;
		size_t skip = at ? 0 : 1;

		packet[0] = VERSION;
		packet[1] = dst;
		packet[2] = m->eid;
		packet[3] = (uint8_t)((at ? 0 : FIRST) | (at + n == total ? LAST : 0) | (seq++ & 3u) << 4 | tag);
		packet[PACKET_HDR] = type;
		if (n > skip)
			memcpy(packet + PACKET_HDR + skip, p + at + skip - 1, n - skip);
		m->stats.frames_tx++;
		m->env.send(m->env.ctx, f, mctp_line_frame(f, packet, PACKET_HDR + n));
		at += n;
	}
}

/* ---- PLDM ---- */

/* The request in m->req: its answer, or patience */
static void pldm_answer(struct mctp *m)
{
	int n = m->env.request(m->env.ctx, m->req, m->req_len, m->rsp, sizeof(m->rsp));

	m->waits = n == MCTP_PENDING;
	if (m->waits)
		return;
	if (n < 0 || n > (int)sizeof(m->rsp)) {
		m->stats.refused++;
		return;
	}
	if (n > (int)PLDM_HDR && !m->rsp[PLDM_HDR] && (m->req[1] & 0x3f) == PLDM_FWUP &&
	    m->req[2] == PLDM_REQUEST_UPDATE)
		m->agent = m->from;
	if (n)
		send_message(m, m->from, m->from_tag, TYPE_PLDM, m->rsp, (size_t)n);
}

/* An answer to our request is in m->reply */
static void pldm_take_reply(struct mctp *m)
{
	int n = m->env.reply(m->env.ctx, m->reply, m->reply_len);

	m->reply_waits = n == MCTP_PENDING;
	if (n < 0 && !m->reply_waits)
		m->stats.refused++;
}

void mctp_kick(struct mctp *m)
{
	uint8_t req[MCTP_MESSAGE_MAX];
	int n;

	if (m->agent == EID_NULL || m->reply_waits)
		return;
	n = m->env.pending(m->env.ctx, req, sizeof(req));
	if (n <= 0 || n > (int)sizeof(req))
		return;
	m->tag = (m->tag + 1u) & 7u;
	m->asked = true;
	send_message(m, m->agent, m->tag | TAG_OWNER, TYPE_PLDM, req, (size_t)n);
}

void mctp_resume(struct mctp *m)
{
	if (m->waits)
		pldm_answer(m);
	if (m->reply_waits)
		pldm_take_reply(m);
	mctp_kick(m);
}

static void pldm_in(struct mctp *m, const struct mctp_partial *p)
{
	const uint8_t *msg = p->msg + 1;
	size_t len = p->len - 1u;

	if (p->tag & TAG_OWNER) {
		bool again = m->waits && m->from == p->src && m->req_len == len && !memcmp(m->req, msg, len);

		if (m->waits && !again) {
			m->stats.busy++;
			tell(m, MCTP_EV_DROPPED, "one at a time", p->src, p->tag, len);
			return;
		}
		m->from = p->src;
		m->from_tag = p->tag & (TAG_OWNER - 1);
		if (again)
			return;		/* the answer goes to the newest tag */
		m->req_len = (uint16_t)len;
		memcpy(m->req, msg, len);
		pldm_answer(m);
	} else if (m->asked && !m->reply_waits && p->src == m->agent && p->tag == m->tag) {
		m->asked = false;
		m->reply_len = (uint16_t)len;
		memcpy(m->reply, msg, len);
		pldm_take_reply(m);
	} else {
		m->stats.refused++;
		tell(m, MCTP_EV_DROPPED, "answers nothing", p->src, p->tag, len);
	}
}

/* ---- in ---- */

static void message_in(struct mctp *m, const struct mctp_partial *p)
{
	uint8_t rsp[CONTROL_MAX];
	size_t n;

	m->stats.messages_rx++;
	tell(m, MCTP_EV_IN, type_name(p->msg[0]), p->src, p->tag, p->len - 1u);
	if (p->msg[0] == TYPE_CONTROL) {
		n = p->tag & TAG_OWNER ? mctp_control(m, p->dst == EID_BROADCAST, p->msg + 1, p->len - 1u, rsp) : 0;
		if (n)
			send_message(m, p->src, p->tag & (TAG_OWNER - 1), TYPE_CONTROL, rsp, n);
	} else if (p->msg[0] == TYPE_PLDM && p->dst != EID_BROADCAST && p->src != EID_NULL) {
		pldm_in(m, p);
	} else {
		m->stats.unknown++;
	}
}

static struct mctp_partial *find(struct mctp *m, uint8_t src, uint8_t tag)
{
	for (unsigned int i = 0; i < PARTIALS; i++)
		if (m->partial[i].on && m->partial[i].src == src && m->partial[i].tag == tag)
			return &m->partial[i];
	return NULL;
}

/* A place for a new message: that of the same tag, a free one, or the oldest; what was there is lost */
static struct mctp_partial *place(struct mctp *m, uint8_t src, uint8_t tag)
{
	struct mctp_partial *p = find(m, src, tag);

	for (unsigned int i = 0; i < PARTIALS && !p; i++)
		if (!m->partial[i].on)
			p = &m->partial[i];
	if (!p) {
		p = &m->partial[0];
		for (unsigned int i = 1; i < PARTIALS; i++)
			if ((int32_t)(m->partial[i].age - p->age) < 0)
				p = &m->partial[i];
	}
	m->stats.lost += p->on;
	return p;
}

static void begin(struct mctp *m, struct mctp_partial *p, const uint8_t *h, size_t n)
{
	p->on = true;
	p->dst = h[1];
	p->src = h[2];
	p->tag = h[3] & (TAG_OWNER | (TAG_OWNER - 1));
	p->seq = h[3] >> 4 & 3;
	p->unit = (uint8_t)n;
	p->len = 0;
	p->age = m->age++;
}

static void lose(struct mctp *m, struct mctp_partial *p, uint64_t *counter, const char *why)
{
	++*counter;
	tell(m, MCTP_EV_DROPPED, why, p->src, p->tag, p->len);
	p->on = false;
}

/* A packet that goes on with a message that has begun; false: it does not */
static bool goes_on(struct mctp *m, struct mctp_partial *p, uint8_t flags, size_t n)
{
	if ((flags >> 4 & 3) != p->seq)
		lose(m, p, &m->stats.lost, "out of order");
	else if (flags & LAST ? n > p->unit : n != p->unit)
		lose(m, p, &m->stats.lost, "unequal packets");
	return p->on;
}

/* EIDs 1 to 7 are nobody's; who has none yet is 0 */
static bool source_ok(uint8_t eid)
{
	return eid == EID_NULL || (eid >= EID_FIRST && eid != EID_BROADCAST);
}

static void packet_in(struct mctp *m, const uint8_t *h, size_t len)
{
	struct mctp_partial *p;
	uint8_t flags, tag;
	size_t n;

	if (len <= PACKET_HDR || (h[0] & 15) != VERSION || !source_ok(h[2])) {
		m->stats.bad_packets++;
		return;
	}
	if (h[1] != m->eid && h[1] != EID_NULL && h[1] != EID_BROADCAST) {
		m->stats.not_ours++;
		return;
	}
	flags = h[3];
	tag = flags & (TAG_OWNER | (TAG_OWNER - 1));
	n = len - PACKET_HDR;
	p = flags & FIRST ? place(m, h[2], tag) : find(m, h[2], tag);
	if (!p) {
		m->stats.lost++;
		return;
	}
	if (flags & FIRST)
		begin(m, p, h, n);
	else if (!goes_on(m, p, flags, n))
		return;
	if (n > sizeof(p->msg) - p->len) {
		lose(m, p, &m->stats.too_long, "too long");
		return;
	}
	memcpy(p->msg + p->len, h + PACKET_HDR, n);
	p->len += (uint16_t)n;
	p->seq = (p->seq + 1u) & 3;
	if (flags & LAST) {
		p->on = false;
		message_in(m, p);
	}
}

void mctp_input(struct mctp *m, const uint8_t *p, size_t len)
{
	for (; len--; p++) {
		switch (mctp_line_push(&m->line, *p)) {
		case LINE_MORE:
			break;
		case LINE_FRAME:
			m->stats.frames_rx++;
			packet_in(m, m->line.buf, m->line.len);
			break;
		case LINE_BAD:
			m->stats.bad_frames++;
			break;
		case LINE_FCS:
			m->stats.bad_fcs++;
			break;
		}
	}
}

/* ---- looking at it ---- */

uint8_t mctp_eid(const struct mctp *m)
{
	return m->eid;
}

const struct mctp_stats *mctp_stats(const struct mctp *m)
{
	return &m->stats;
}

void mctp_counters(const struct mctp *m, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
#define STAT(n)	{ #n, offsetof(struct mctp_stats, n) }
	static const struct { const char *name; size_t off; } stats[] = {
		STAT(frames_rx), STAT(frames_tx), STAT(bad_frames), STAT(bad_fcs), STAT(not_ours), STAT(bad_packets),
		STAT(lost), STAT(too_long), STAT(messages_rx), STAT(messages_tx), STAT(unknown), STAT(control),
		STAT(busy), STAT(refused),
	};
#undef STAT

	_Static_assert(sizeof(stats) / sizeof(stats[0]) * sizeof(uint64_t) == sizeof(struct mctp_stats),
		       "a counter without a name");
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		fn(arg, stats[i].name, *(const uint64_t *)((const char *)&m->stats + stats[i].off));
}
