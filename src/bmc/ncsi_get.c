// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that only ask.  Layouts: contract 11 sections 5.1 to 5.5; an
 * answer's data is zeroed up to the length in its row before it gets here.
 */
#include "ncsi_int.h"

/* Get Capabilities, flags */
#define CAP_HOST_STATUS		(1u << 1)
#define CAP_MC_FILTER		(1u << 4)
#define CAP_NO_ARBITRATION	(2u << 5)
#define VLAN_MODES		7u

#define LINK_UP			(1u << 0)
#define LINK_TX_PAUSE		(1u << 16)
#define LINK_RX_PAUSE		(1u << 17)
#define LINK_SERDES		(1u << 20)

static uint32_t speed_code(uint32_t mbps)
{
	static const struct { uint32_t mbps, code; } codes[] = {
		{ 1000, 7 }, { 10000, 8 }, { 20000, 9 }, { 25000, 10 }, { 40000, 11 }, { 50000, 12 },
		{ 100000, 13 }, { 2500, 14 },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].mbps == mbps)
			return codes[i].code;
	return 0;
}

/* Copper of data centres: no autonegotiation, a SerDes */
uint32_t ncsi_link_word(struct ncsi *n, const struct ncsi_channel *ch)
{
	struct ncsi_link l = { 0 };

	n->env.link(n->env.ctx, ch->id, &l);
	if (!l.up)
		return LINK_SERDES;
	return LINK_SERDES | LINK_UP | speed_code(l.mbps) << 1 | (l.tx_pause ? LINK_TX_PAUSE : 0) |
	       (l.rx_pause ? LINK_RX_PAUSE : 0);
}

void ncsi_get_link(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)q;
	put32(r->p, ncsi_link_word(n, ch));
	put32(r->p + 4, n->env.host_running(n->env.ctx, ch->id));
}

void ncsi_get_version(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	static const uint8_t ncsi_1_2_0[4] = { 0xf1, 0xf2, 0xf0, 0 };	/* BCD, f: no digit */

	(void)ch;
	(void)q;
	memcpy(r->p, ncsi_1_2_0, 4);
	for (unsigned int i = 0; i < 12 && n->cfg.fw_name[i]; i++)
		r->p[8 + i] = (uint8_t)n->cfg.fw_name[i];
	put32(r->p + 20, n->cfg.fw_version);
	put16(r->p + 24, 0x0013);
	put16(r->p + 26, 0x1d9b);
	put16(r->p + 28, 0x0013);
	put16(r->p + 30, 0x1d9b);
	put32(r->p + 32, NCSI_MFR_META);
}

void ncsi_get_caps(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	(void)q;
	put32(r->p, CAP_HOST_STATUS | CAP_MC_FILTER | CAP_NO_ARBITRATION);
	put32(r->p + 4, BC_ALL);
	put32(r->p + 8, MC_ALL);
	put32(r->p + 16, AEN_ALL);
	r->p[20] = NCSI_VLAN_FILTERS;
	r->p[22] = NCSI_MC_FILTERS;
	r->p[23] = NCSI_UC_FILTERS;
	r->p[26] = VLAN_MODES;
	r->p[27] = (uint8_t)n->cfg.channels;
}

void ncsi_get_params(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	uint8_t *p = r->p;

	(void)n;
	(void)q;
	r->len = 28 + 6 * NCSI_MAC_FILTERS + 2 * NCSI_VLAN_FILTERS;
	memset(p, 0, r->len);
	p[0] = NCSI_MAC_FILTERS;
	p[3] = (uint8_t)ch->mac_on;
	p[4] = NCSI_VLAN_FILTERS;
	put16(p + 6, ch->vlan_on);
	put32(p + 8, ch->link_set);
	put32(p + 12, ch->bc);
	put32(p + 16, (uint32_t)ch->bc_filter | (uint32_t)ch->enabled << 1 | (uint32_t)ch->tx << 2 |
	      (uint32_t)ch->mc_filter << 3);
	p[20] = ch->vlan_mode;
	p[21] = ch->flow;
	put32(p + 24, ch->aen_on);
	memcpy(p + 28, ch->mac, sizeof(ch->mac));
	for (unsigned int i = 0; i < NCSI_VLAN_FILTERS; i++)
		put16(p + 28 + 6 * NCSI_MAC_FILTERS + 2 * i, ch->vlan[i]);
}

/* ---- statistics ---- */

void ncsi_get_port_stats(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	struct ncsi_port_stats s = { 0 };
	uint8_t *p = r->p;

	(void)q;
	n->env.port_stats(n->env.ctx, ch->id, &s);
	const uint64_t wide[8] = { s.rx_bytes, s.tx_bytes, s.rx_uc, s.rx_mc, s.rx_bc, s.tx_uc, s.tx_mc, s.tx_bc };

	for (unsigned int i = 0; i < 8; i++)	/* behind "cleared since the last read": never */
		put64(p + 8 + 8 * i, wide[i]);
	put32(p + 72, (uint32_t)s.fcs_errors);
	put32(p + 76, (uint32_t)s.align_errors);
	put32(p + 84, (uint32_t)s.runts);
	put32(p + 88, (uint32_t)s.jabbers);
	put32(p + 96, (uint32_t)s.rx_xoff);
	put32(p + 104, (uint32_t)s.tx_xoff);
	put32(p + 124, (uint32_t)s.rx_control);
	for (unsigned int i = 0; i < 7; i++) {
		put32(p + 128 + 4 * i, (uint32_t)s.rx_size[i]);
		put32(p + 156 + 4 * i, (uint32_t)s.tx_size[i]);
	}
	put64(p + 184, s.rx_bytes);
	put32(p + 192, (uint32_t)s.rx_fragments);
	put32(p + 196, (uint32_t)s.rx_bad_jabbers);
}

void ncsi_get_ncsi_stats(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	const struct ncsi_stats *c = &ch->stats, *p = &n->package;

	(void)q;
	put32(r->p, (uint32_t)(c->commands + p->commands));
	put32(r->p + 4, (uint32_t)(c->dropped + p->dropped));
	put32(r->p + 8, (uint32_t)(c->type_errors + p->type_errors));
	put32(r->p + 12, (uint32_t)(c->checksum_errors + p->checksum_errors));
	put32(r->p + 16, (uint32_t)(c->rx + p->rx));
	put32(r->p + 20, (uint32_t)(c->tx + p->tx));
	put32(r->p + 24, (uint32_t)c->aens);
}

/* Frames of the BMC that could not be told to be any channel's are the package's */
void ncsi_get_pass_stats(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	const struct ncsi_stats *s = &ch->stats, *p = &n->package;
	struct ncsi_port_stats port = { 0 };

	(void)q;
	n->env.port_stats(n->env.ctx, ch->id, &port);
	put64(r->p, s->mc_tx);
	put32(r->p + 8, (uint32_t)(s->mc_tx_dropped + p->mc_tx_dropped));
	put32(r->p + 12, (uint32_t)s->mc_tx_state);
	put32(r->p + 16, (uint32_t)(s->mc_tx_short + p->mc_tx_short));
	put32(r->p + 20, (uint32_t)(s->mc_tx_long + p->mc_tx_long));
	put32(r->p + 24, (uint32_t)s->mc_rx);
	put32(r->p + 28, (uint32_t)port.mc_dropped);
	put32(r->p + 32, (uint32_t)s->mc_rx_state);
	put32(r->p + 36, (uint32_t)s->mc_rx_short);
	put32(r->p + 40, (uint32_t)s->mc_rx_long);
}

/* ---- the package ---- */

void ncsi_package_status(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)ch;
	(void)q;
	(void)r;	/* no hardware arbitration: all 0 */
}

void ncsi_get_uuid(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	(void)q;
	memcpy(r->p, n->cfg.uuid, sizeof(n->cfg.uuid));
}

void ncsi_get_temperature(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	int16_t max = 0, now = 0;

	(void)ch;
	(void)q;
	if (!n->env.temperature) {
		ncsi_fail(r, RSP_UNSUPPORTED, WHY_UNKNOWN_TYPE);
		return;
	}
	if (ncsi_failed(r, n->env.temperature(n->env.ctx, &max, &now), WHY_NO_INFORMATION))
		return;
	put16(r->p, (uint16_t)max);
	put16(r->p + 2, (uint16_t)now);
}

void ncsi_get_module_temperature(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q,
				 struct ncsi_rsp *r)
{
	int16_t alarm = 0, warning = 0, now = 0;

	(void)q;
	if (!n->env.module_temperature) {
		ncsi_fail(r, RSP_UNSUPPORTED, WHY_UNKNOWN_TYPE);
		return;
	}
	if (ncsi_failed(r, n->env.module_temperature(n->env.ctx, ch->id, &alarm, &warning, &now), WHY_NO_INFORMATION))
		return;
	put16(r->p, (uint16_t)alarm);
	put16(r->p + 2, (uint16_t)warning);
	put16(r->p + 4, (uint16_t)now);
}

void ncsi_get_mc_mac(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	static const uint8_t zero[6];
	const uint8_t *mac = n->cfg.mc_mac[ch->id];

	(void)q;
	r->len = 4;
	memset(r->p, 0, r->len);
	if (!memcmp(mac, zero, 6))
		return;
	r->p[0] = 1;
	memcpy(r->p + 4, mac, 6);
	r->len += 6;
}
