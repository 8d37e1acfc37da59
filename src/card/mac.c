/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAC: between the card and the cable.
 *
 * Receive: checks what a MAC checks (length, FCS, pause frames), counts, and
 * hands good frames to the receive buffer.  Transmit: pads to 60 bytes, counts
 * and hands frames to the wire.  COMMAND_CONFIG.RX_ENA and TX_ENA together
 * with the clock resets of SIG_MAC_IN0 gate frames; with transmit off they
 * are consumed, or ifdown would wait for queues that never drain (driver:
 * fbnic_mac.c, fbnic_mac_link_down_asic(), and fbnic_txrx.c, fbnic_wait_all_queues_idle()).
 *
 * Byte counters and size bins are with FCS: ethtool_std_stats.sh of the kernel
 * tree wants it of OctetsTransmittedOK and OctetsReceivedOK, and ethtool_rmon.sh
 * of the bins.  MAC control frames are frames too and count as such.
 *
 * Pause (802.3 annex 31B): a received pause frame stops transmission for its
 * quanta of 512 bit times; the receive buffer asks for pause frames of ours
 * with mac_pause(), which are renewed until it takes that back.
 */
#include "hw.h"

#define CMD_TX_ENA		F_BIT(MAC_COMMAND_CONFIG_TX_ENA)
#define CMD_RX_ENA		F_BIT(MAC_COMMAND_CONFIG_RX_ENA)
#define CMD_LOOPBACK		F_BIT(MAC_COMMAND_CONFIG_LOOPBACK_EN)
#define CMD_TX_PAD		F_BIT(MAC_COMMAND_CONFIG_TX_PAD_EN)
#define CMD_TX_PAUSE_DIS	F_BIT(MAC_COMMAND_CONFIG_TX_PAUSE_DIS)
#define CMD_RX_PAUSE_DIS	F_BIT(MAC_COMMAND_CONFIG_RX_PAUSE_DIS)
#define IN0_TX_RESETS		(F_BIT(SIG_MAC_IN0_RESET_FF_TX_CLK) | F_BIT(SIG_MAC_IN0_RESET_TX_CLK))
#define IN0_RX_RESETS		(F_BIT(SIG_MAC_IN0_RESET_FF_RX_CLK) | F_BIT(SIG_MAC_IN0_RESET_RX_CLK))

#define FCS_LEN			4u
#define MIN_FRAME		60u
#define MAX_FRAME		(9742u + 8u)	/* guess: legal frame and two VLAN tags */
#define ETH_HLEN		14u
#define ETYPE_CONTROL		0x8808u
#define OPCODE_PAUSE		0x0001u

static const uint8_t pause_da[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };

/* ---- counting ---- */

/* Frame sizes with FCS up to 1518 count in the MAC, above in RPC or TMI */
static void count_size(struct card *c, uint32_t base, uint32_t len, uint64_t n)
{
	static const uint16_t last[] = { 64, 127, 255, 511, 1023, 1518 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(last) && len + FCS_LEN > last[i]; i++)
		;
	ctr64_add(c, base + 2 * i, n);		/* after the last one comes 1519_MAX */
}

static void count_tmi_size(struct card *c, uint32_t len, uint64_t n)
{
	static const uint16_t last[] = { 2047, 4095, 8191, 9216 };
	unsigned int i;

	if (len + FCS_LEN <= 1518)
		return;
	for (i = 0; i < ARRAY_SIZE(last) && len + FCS_LEN > last[i]; i++)
		;
	ctr64_add(c, CSR_TMI_STAT_TX_PACKET_1519_2047_BYTES + 2 * i, n);
}

static void count_cast(struct card *c, const uint8_t *da, uint32_t multicast, uint32_t broadcast, uint64_t n)
{
	static const uint8_t ff[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (!(da[0] & 1))
		return;
	ctr64_add(c, memcmp(da, ff, 6) ? multicast : broadcast, n);
}

/* First bytes of a frame; in @buf if a span ends inside them */
static const uint8_t *frame_head(const struct frame *f, uint8_t *buf, size_t want)
{
	size_t have = 0;
	unsigned int i;

	if (f->span[0].len >= want)
		return f->span[0].base;
	memset(buf, 0, want);
	for (i = 0; i < f->nspans && have < want; i++) {
		size_t n = f->span[i].len < want - have ? f->span[i].len : want - have;

		memcpy(buf + have, f->span[i].base, n);
		have += n;
	}
	return buf;
}

static bool is_control(const uint8_t *h)
{
	return h[12] == ETYPE_CONTROL >> 8 && h[13] == (ETYPE_CONTROL & 0xff);
}

static bool is_pause(const uint8_t *h)
{
	return is_control(h) && h[14] == 0 && h[15] == OPCODE_PAUSE;
}

/* ---- transmit ---- */

static void count_tx_frames(struct card *c, const uint8_t *head, uint32_t len, uint64_t n)
{
	ctr64_add(c, CSR_MAC_STAT_TX_TRANSMITTED_OK, n);
	ctr64_add(c, CSR_MAC_STAT_TX_BYTE_COUNT, n * (len + FCS_LEN));
	count_size(c, CSR_MAC_STAT_TX_PACKET_64_BYTES, len, n);
	count_tmi_size(c, len, n);
	count_cast(c, head, CSR_MAC_STAT_TX_MULTICAST, CSR_MAC_STAT_TX_BROADCAST, n);
}

static void count_tx(struct card *c, const struct frame *f)
{
	uint8_t buf[16];
	const uint8_t *h = frame_head(f, buf, sizeof(buf));
	uint32_t payload, full;

	if (f->flags & FRAME_LSO) {		/* count what is on the wire in the end */
		payload = f->len - f->lso.hdr_len;
		full = payload / f->lso.mss;
		if (full)
			count_tx_frames(c, h, f->lso.hdr_len + f->lso.mss, full);
		if (payload % f->lso.mss)
			count_tx_frames(c, h, f->lso.hdr_len + payload % f->lso.mss, 1);
		return;
	}
	count_tx_frames(c, h, f->len, 1);
	if (is_control(h)) {
		ctr64_add(c, CSR_MAC_STAT_TX_CONTROL_FRAMES, 1);
		if (is_pause(h))
			ctr64_add(c, CSR_MAC_STAT_TX_XOFF_STB, 1);
	}
}

static unsigned int to_wire(struct card *c, const struct frame *f, unsigned int n)
{
	unsigned int i, taken = n;

	if (c->csr[CSR_MAC_COMMAND_CONFIG] & CMD_LOOPBACK)
		taken = card_rx(c, f, n, false);
	else if (pcs_link(c) && c->port)
		taken = c->port->tx(c->port_ctx, f, n);
	if (taken > n)
		taken = n;
	for (i = 0; i < taken; i++)
		count_tx(c, &f[i]);
	return taken;
}

static bool pad_and_send(struct card *c, const struct frame *f)
{
	static const uint8_t zeros[MIN_FRAME];
	struct span span[PORT_MAX_SPANS + 1];
	struct frame padded = *f;

	memcpy(span, f->span, f->nspans * sizeof(span[0]));
	span[f->nspans] = (struct span){ zeros, MIN_FRAME - f->len };
	padded.span = span;
	padded.nspans++;
	padded.len = MIN_FRAME;
	return to_wire(c, &padded, 1) == 1;
}

/* A loopback is a wire that takes wire frames only */
enum port_lso mac_lso(const struct card *c)
{
	return c->csr[CSR_MAC_COMMAND_CONFIG] & CMD_LOOPBACK ? PORT_LSO_CUT : c->port_lso;
}

unsigned int mac_tx(struct card *c, const struct frame *f, unsigned int n)
{
	bool pad = c->csr[CSR_MAC_COMMAND_CONFIG] & CMD_TX_PAD;
	unsigned int done = 0, run;

	if (!c->mac.tx_on)
		return n;		/* TMI has dropped and counted them already */
	if (c->mac.tx_paused_until) {
		c->mac.tx_blocked = true;
		return 0;
	}
	while (done < n) {
		for (run = 0; done + run < n && (!pad || f[done + run].len >= MIN_FRAME); run++)
			;
		if (run) {
			unsigned int taken = to_wire(c, f + done, run);

			done += taken;
			if (taken < run)
				break;
		} else if (pad_and_send(c, f + done)) {
			done++;
		} else {
			break;
		}
	}
	if (done < n)
		c->mac.tx_blocked = true;
	return done;
}

void card_port_ready(struct card *c)
{
	c->mac.tx_blocked = false;
	c->mac.pause_stuck = false;
	tx_unblock(c);
}

/* ---- pause ---- */

/* ns of one quantum: 512 bit times */
static uint64_t quanta_ns(const struct card *c, uint32_t quanta)
{
	static const uint16_t gbit[] = { 100, 25, 50, 50, 100 };	/* by speed code */

	return (uint64_t)quanta * 512 / gbit[c->pcs.speed];
}

static void pause_received(struct card *c, uint32_t quanta)
{
	bool was = c->mac.tx_paused_until;

	if (c->csr[CSR_MAC_COMMAND_CONFIG] & CMD_RX_PAUSE_DIS)
		return;
	card_event(c, BLK_MAC, "pause for %u quanta", quanta);
	c->mac.tx_paused_until = quanta ? c->now + quanta_ns(c, quanta) : 0;
	if (was && !c->mac.tx_paused_until)
		card_port_ready(c);
}

/* False: the wire is full; card_port_ready() will follow */
static bool send_pause(struct card *c, uint32_t quanta)
{
	uint8_t buf[MIN_FRAME] = { 0 };
	struct span span = { buf, sizeof(buf) };
	struct frame f = { .span = &span, .nspans = 1, .len = sizeof(buf) };
	const uint8_t *mac = c->cfg.mac;

	memcpy(buf, pause_da, 6);
	memcpy(buf + 6, mac, 6);
	buf[12] = ETYPE_CONTROL >> 8;
	buf[13] = ETYPE_CONTROL & 0xff;
	buf[15] = OPCODE_PAUSE;
	buf[16] = (uint8_t)(quanta >> 8);
	buf[17] = (uint8_t)quanta;
	if (!c->mac.tx_on)
		return true;		/* nobody listens: the link is down for the partner */
	if (to_wire(c, &f, 1) != 1) {
		c->mac.pause_stuck = true;
		return false;
	}
	card_event(c, BLK_MAC, "pause frame sent, %u quanta", quanta);
	if (c->port && c->port->flush)
		c->port->flush(c->port_ctx);
	return true;
}

/* Called from inside the receive path: the frame itself goes out in mac_run() */
void mac_pause(struct card *c, bool on)
{
	c->mac.pause_wanted = on && !(c->csr[CSR_MAC_COMMAND_CONFIG] & CMD_TX_PAUSE_DIS);
}

static void run_pause_tx(struct card *c)
{
	uint32_t quanta = c->csr[CSR_MAC_CL01_PAUSE_QUANTA] & 0xffff;
	uint32_t left = c->csr[CSR_MAC_CL01_QUANTA_THRESH] & 0xffff;

	if (!c->mac.pause_wanted) {
		if (send_pause(c, 0))
			c->mac.pause_sent = false;
		return;
	}
	if ((c->mac.pause_sent && c->now < c->mac.pause_refresh) || !send_pause(c, quanta))
		return;
	c->mac.pause_sent = true;
	c->mac.pause_refresh = c->now + quanta_ns(c, left < quanta ? quanta - left : quanta) + 1;
}

void mac_run(struct card *c)
{
	if (c->mac.tx_paused_until && c->now >= c->mac.tx_paused_until) {
		c->mac.tx_paused_until = 0;
		card_port_ready(c);
	}
	if ((c->mac.pause_wanted || c->mac.pause_sent) && !c->mac.pause_stuck)
		run_pause_tx(c);
}

uint64_t mac_deadline(const struct card *c)
{
	uint64_t when = UINT64_MAX;

	if (c->mac.tx_paused_until)
		when = c->mac.tx_paused_until;
	if (c->mac.pause_stuck)
		return when;		/* card_port_ready() wakes us */
	if (c->mac.pause_wanted != c->mac.pause_sent)
		when = 0;
	else if (c->mac.pause_sent && c->mac.pause_refresh < when)
		when = c->mac.pause_refresh;
	return when;
}

/* ---- receive ---- */

static void count_rx_good(struct card *c, const struct frame *f, const uint8_t *head)
{
	ctr64_add(c, CSR_MAC_STAT_RX_RECEIVED_OK, 1);
	ctr64_add(c, CSR_MAC_STAT_RX_BYTE_COUNT, f->len + FCS_LEN);
	count_size(c, CSR_MAC_STAT_RX_PACKET_64_BYTES, f->len, 1);
	count_cast(c, head, CSR_MAC_STAT_RX_MULTICAST, CSR_MAC_STAT_RX_BROADCAST, 1);
}

/* RFC 2819's four ways to be wrong; true: the frame is not received */
static bool count_rx_bad(struct card *c, const struct frame *f)
{
	bool bad = f->flags & FRAME_FCS_BAD;

	if (f->len < MIN_FRAME)
		ctr64_add(c, bad ? CSR_MAC_STAT_RX_FRAGMENT : CSR_MAC_STAT_RX_UNDERSIZE, 1);
	else if (f->len > MAX_FRAME) {
		ctr64_add(c, bad ? CSR_MAC_STAT_RX_JABBER : CSR_MAC_STAT_RX_OVERSIZE, 1);
		ctr64_add(c, CSR_MAC_STAT_RX_TOOLONG, 1);
	} else if (bad)
		ctr64_add(c, CSR_MAC_STAT_RX_PACKET_BAD_FCS, 1);
	else
		return false;
	ctr64_add(c, CSR_MAC_STAT_RX_IFINERRORS, 1);
	card_event(c, BLK_MAC, "bad frame of %u bytes", f->len);
	return true;
}

static void rx_control(struct card *c, const uint8_t *h)
{
	ctr64_add(c, CSR_MAC_STAT_RX_CONTROL_FRAMES, 1);
	if (!is_pause(h))
		return;
	ctr64_add(c, CSR_MAC_STAT_RX_XOFF_STB, 1);
	pause_received(c, (uint32_t)h[16] << 8 | h[17]);
}

unsigned int card_rx(struct card *c, const struct frame *f, unsigned int n, bool must)
{
	unsigned int i;

	c->now = c->env.now(c->env.ctx);
	if (!c->mac.rx_on || !pcs_link(c) || c->vanished)
		return n;
	for (i = 0; i < n; i++) {
		uint8_t buf[18];
		const uint8_t *h;

		if (!f[i].nspans || (f[i].flags & FRAME_LSO) || count_rx_bad(c, &f[i]))
			continue;
		h = frame_head(&f[i], buf, sizeof(buf));
		if (is_control(h))
			rx_control(c, h);
		else if (!rx_input(c, RXB_NET, &f[i], must))
			break;
		count_rx_good(c, &f[i], h);
	}
	/* A wire may go on delivering for long: interrupts come when they are due, not after it */
	intr_run(c);
	return i;
}

/* ---- registers ---- */

/* COMMAND_CONFIG or the clock resets changed */
void mac_command_write(struct card *c, unsigned int i, uint32_t val)
{
	uint32_t cmd = c->csr[CSR_MAC_COMMAND_CONFIG];
	uint32_t in0 = c->csr[CSR_SIG_MAC_IN0];

	bool rx_was = c->mac.rx_on;

	(void)i;
	(void)val;
	c->mac.tx_on = (cmd & CMD_TX_ENA) && !(in0 & IN0_TX_RESETS);
	c->mac.rx_on = (cmd & CMD_RX_ENA) && !(in0 & IN0_RX_RESETS);
	if (!c->mac.tx_on || (cmd & CMD_RX_PAUSE_DIS))
		c->mac.tx_paused_until = 0;
	if (cmd & CMD_TX_PAUSE_DIS)
		c->mac.pause_wanted = false;
	if (c->mac.tx_blocked && !c->mac.tx_paused_until)
		card_port_ready(c);
	if (rx_was && !c->mac.rx_on && c->port && c->port->rx_ready)
		c->port->rx_ready(c->port_ctx);		/* what waits out there is to be lost now */
	card_event(c, BLK_MAC, "transmit %s, receive %s", c->mac.tx_on ? "on" : "off",
		   c->mac.rx_on ? "on" : "off");
}

void mac_reset(struct card *c)
{
	memset(&c->mac, 0, sizeof(c->mac));
}
