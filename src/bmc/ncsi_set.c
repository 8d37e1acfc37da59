// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that change something.
 *
 * "Clear Initial State" only leaves the Initial State: on a channel that has
 * left it, it changes nothing.  Linux sends it to live channels and relies on
 * their settings (contract 11 section 3).
 *
 * "Channel enabled" lets frames and AENs flow to the BMC, "network Tx enabled"
 * lets the BMC's frames out; neither needs the other.
 */
#include "ncsi_int.h"

void ncsi_clear_initial(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;
	(void)r;
	ch->configured = true;
}

void ncsi_select(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	(void)r;
	n->no_arbitration = q->p[3] & 1;	/* there is no other package on our link to arbitrate with */
}

void ncsi_deselect(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)ch;
	(void)q;
	(void)r;
	n->selected = false;
}

void ncsi_enable_channel(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;
	(void)r;
	ch->enabled = true;
}

void ncsi_disable_channel(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;	/* the link stays up, allowed to go down or not */
	(void)r;
	ch->enabled = false;
	ch->aen_waits = 0;
}

void ncsi_reset_channel(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)r;
	(void)q;
	ncsi_channel_initial(n, ch);
}

void ncsi_enable_tx(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;
	(void)r;
	ch->tx = true;
}

void ncsi_disable_tx(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;
	(void)r;
	ch->tx = false;
}

void ncsi_aen_enable(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	uint32_t on = get32(q->p + 4);

	(void)n;
	if (on & ~AEN_ALL) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	ch->aen_mc = q->p[3];
	ch->aen_on = on;
	ch->aen_waits &= on;
}

/* The speed bit of Set Link that stands for @mbps, or 0 */
static uint32_t set_link_speed(uint32_t mbps)
{
	static const struct { uint32_t mbps, bit; } speeds[] = {
		{ 10, 1 << 1 }, { 100, 1 << 2 }, { 1000, 1 << 3 }, { 10000, 1 << 4 }, { 20000, 1 << 5 },
		{ 25000, 1 << 6 }, { 40000, 1 << 7 }, { 50000, 1 << 13 }, { 100000, 1 << 14 }, { 2500, 1 << 15 },
	};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i].mbps == mbps)
			return speeds[i].bit;
	return 0;
}

#define SET_LINK_SPEEDS	0xe0feu		/* bits 1..7, 13..15 */

/*
 * The port's mode is its firmware's (and then its driver's).  A BMC that asks
 * for the mode it has, or leaves the choice to the port, gets it.
 */
void ncsi_set_link(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	uint32_t want = get32(q->p);
	struct ncsi_link l = { 0 };

	if (n->env.host_running(n->env.ctx, ch->id)) {
		ncsi_fail(r, RSP_FAILED, WHY_SET_LINK_HOST);
		return;
	}
	n->env.link(n->env.ctx, ch->id, &l);
	if ((want & SET_LINK_SPEEDS) && !(want & set_link_speed(l.mbps))) {
		ncsi_fail(r, RSP_FAILED, WHY_SET_LINK_SPEED);
		return;
	}
	ch->link_set = want;
	ch->link_oem = get32(q->p + 4);
}

/* ---- filters ---- */

void ncsi_set_vlan(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	uint32_t id = get16(q->p + 2) & 0xfff, index = q->p[6] - 1u;

	(void)n;
	if (index >= NCSI_VLAN_FILTERS) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	if (!(q->p[7] & 1)) {		/* Linux clears all filters with id 0 */
		ch->vlan_on &= ~(1u << index);
		ch->vlan[index] = 0;
		return;
	}
	if (id == 0 || id == 0xfff) {
		ncsi_fail(r, RSP_FAILED, WHY_VLAN_INVALID);
		return;
	}
	ch->vlan[index] = (uint16_t)id;
	ch->vlan_on |= 1u << index;
}

void ncsi_enable_vlan(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	if (q->p[3] < VLAN_LISTED_ONLY || q->p[3] > VLAN_ANY) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	ch->vlan_mode = q->p[3];
}

void ncsi_disable_vlan(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;
	(void)r;
	ch->vlan_mode = VLAN_OFF;
}

void ncsi_set_mac(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	static const uint8_t zero[6];
	uint32_t index = q->p[6] - 1u;
	bool group = index >= NCSI_UC_FILTERS;

	/* The kind of an address is that of its index, and of its first bit */
	if (index >= NCSI_MAC_FILTERS || q->p[7] >> 5 != group) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	if (!(q->p[7] & 1)) {
		ch->mac_on &= ~(1u << index);
	} else if (!memcmp(q->p, zero, 6)) {
		ncsi_fail(r, RSP_FAILED, WHY_MAC_ZERO);
		return;
	} else if ((q->p[0] & 1) != group) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	} else {
		memcpy(ch->mac[index], q->p, 6);
		ch->mac_on |= 1u << index;
	}
	ncsi_filters_changed(n, ch);
}

void ncsi_enable_bc(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	if (get32(q->p) & ~(uint32_t)BC_ALL) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	ch->bc_filter = true;
	ch->bc = get32(q->p);
}

void ncsi_disable_bc(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	(void)q;
	(void)r;
	ch->bc_filter = false;
}

void ncsi_enable_mc(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	if (get32(q->p) & ~(uint32_t)MC_ALL) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	ch->mc_filter = true;
	ch->mc = get32(q->p);
	ncsi_filters_changed(n, ch);
}

void ncsi_disable_mc(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)q;
	(void)r;
	ch->mc_filter = false;
	ncsi_filters_changed(n, ch);
}

void ncsi_set_flow(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r)
{
	(void)n;
	if (q->p[3] > 3) {
		ncsi_fail(r, RSP_FAILED, WHY_PARAMETER);
		return;
	}
	ch->flow = q->p[3];
}
