// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of pass-through frames through the package.
 *
 * To the BMC: the channel must be enabled and the package selected.  Then the
 * VLAN mode decides: off, untagged frames only; 1 listed VLANs; 2 listed and
 * untagged; 3 all.  (A tag with VLAN id 0 is a priority, not a VLAN.)  Then the
 * destination: unicast must be one of the enabled filters; broadcast passes if
 * its filter is off, or is of a kind that the filter lets through; multicast
 * the same, and in any case if its address is one of the enabled filters.
 *
 * From the BMC: the source address must be a unicast filter of a channel, which
 * is how a package with several knows where a frame is to go; network Tx of
 * that channel must be enabled.  Being deselected does not matter here (guess:
 * the selection is about who may drive the BMC's receive lines).
 *
 * The bytes looked at are those of the frame's head; what lies behind it is of
 * no kind.
 */
#include "ncsi_int.h"

#define ETYPE_ARP	0x0806u
#define ETYPE_IP4	0x0800u
#define ETYPE_IP6	0x86ddu
#define ETYPE_VLAN	0x8100u
#define ETYPE_SVLAN	0x88a8u
#define PROTO_HOPOPTS	0u
#define PROTO_UDP	17u
#define PROTO_ICMP6	58u

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* What the filters want to know of a frame */
struct look {
	const uint8_t	*h;
	size_t		n;
	uint32_t	vlan;		/* 0: untagged */
	uint32_t	etype;
	size_t		l3;		/* offset of what follows the EtherType */
};

static bool look_at(struct look *k, const uint8_t *h, size_t n)
{
	if (n < ETH_HDR)
		return false;
	*k = (struct look){ .h = h, .n = n, .etype = get16(h + 12), .l3 = ETH_HDR };
	if (k->etype != ETYPE_VLAN && k->etype != ETYPE_SVLAN)
		return true;
	if (n < ETH_HDR + 4)
		return false;
	k->vlan = get16(h + 14) & 0xfff;
	k->etype = get16(h + 16);
	k->l3 += 4;
	return true;
}

/* Bit of the channel's VLAN filter */
static bool vlan_passes(const struct ncsi_channel *ch, uint32_t vlan)
{
	if (!vlan)
		return ch->vlan_mode != VLAN_LISTED_ONLY;
	if (ch->vlan_mode == VLAN_OFF || ch->vlan_mode == VLAN_ANY)
		return ch->vlan_mode == VLAN_ANY;
	for (unsigned int i = 0; i < NCSI_VLAN_FILTERS; i++)
		if ((ch->vlan_on & 1u << i) && ch->vlan[i] == vlan)
			return true;
	return false;
}

static bool mac_listed(const struct ncsi_channel *ch, const uint8_t *mac)
{
	for (unsigned int i = 0; i < NCSI_MAC_FILTERS; i++)
		if ((ch->mac_on & 1u << i) && !memcmp(ch->mac[i], mac, 6))
			return true;
	return false;
}

/* Offset of the UDP header of an IPv4 packet, its first fragment; 0: none in sight */
static size_t udp4(const struct look *k)
{
	const uint8_t *ip = k->h + k->l3;
	size_t len;

	if (k->etype != ETYPE_IP4 || k->n < k->l3 + 20 || ip[0] >> 4 != 4 || ip[9] != PROTO_UDP)
		return 0;
	len = (size_t)(ip[0] & 0xf) * 4;
	if (len < 20 || (get16(ip + 6) & 0x1fff) || k->n < k->l3 + len + 4)
		return 0;
	return k->l3 + len;
}

static uint32_t broadcast_kind(const struct look *k)
{
	size_t udp;
	uint32_t port;

	if (k->etype == ETYPE_ARP)
		return BC_ARP;
	udp = udp4(k);
	if (!udp)
		return 0;
	port = get16(k->h + udp + 2);
	if (port == 68)
		return BC_DHCP_CLIENT;
	if (port == 67)
		return BC_DHCP_SERVER;
	return port >= 137 && port <= 139 ? BC_NETBIOS : 0;
}

static uint32_t icmp6_kind(uint8_t type)
{
	switch (type) {
	case 136:
		return MC_ND_ADV;
	case 134:
		return MC_ROUTER_ADV;
	case 135:
		return MC_ND_SOL;
	case 130:
	case 131:
	case 132:
	case 143:
		return MC_MLD;
	}
	return 0;
}

static uint32_t multicast_kind(const struct look *k)
{
	const uint8_t *ip = k->h + k->l3;
	size_t at = k->l3 + 40;
	uint8_t next;

	if (k->etype != ETYPE_IP6 || k->n < at + 8 || ip[0] >> 4 != 6)
		return 0;
	next = ip[6];
	if (next == PROTO_HOPOPTS) {	/* MLD has one */
		next = k->h[at];
		at += 8u + k->h[at + 1] * 8u;
		if (k->n < at + 4)
			return 0;
	}
	if (next == PROTO_ICMP6)
		return icmp6_kind(k->h[at]);
	if (next != PROTO_UDP)
		return 0;
	if (get16(k->h + at + 2) == 547)
		return MC_DHCP6_RELAY;
	return get16(k->h + at + 2) == 546 ? MC_DHCP6_CLIENT : 0;
}

static bool address_passes(const struct ncsi_channel *ch, const struct look *k)
{
	if (!memcmp(k->h, broadcast, 6))
		return !ch->bc_filter || (ch->bc & broadcast_kind(k));
	if (mac_listed(ch, k->h))
		return true;
	return (k->h[0] & 1) && (!ch->mc_filter || (ch->mc & multicast_kind(k)));
}

/* Longest frame: one tag on top of what an untagged one may have */
static bool too_long(const struct look *k, uint32_t len)
{
	return len > (k->l3 > ETH_HDR ? NCSI_PASS_MAX : NCSI_PASS_MAX - 4);
}

bool ncsi_to_mc(struct ncsi *n, unsigned int id, const uint8_t *head, size_t hlen, uint32_t len)
{
	struct ncsi_channel *ch = &n->ch[id];
	struct look k;

	if (!look_at(&k, head, hlen))
		ch->stats.mc_rx_short++;
	else if (!ch->enabled || !n->selected)
		ch->stats.mc_rx_state++;
	else if (!vlan_passes(ch, k.vlan) || !address_passes(ch, &k))
		ch->stats.mc_rx_filtered++;
	else if (too_long(&k, len))
		ch->stats.mc_rx_long++;
	else
		return true;
	return false;
}

void ncsi_to_mc_done(struct ncsi *n, unsigned int ch)
{
	n->ch[ch].stats.mc_rx++;
}

/* The channel that has @mac as a unicast filter; one that may send rather than one that may not */
static struct ncsi_channel *source_channel(struct ncsi *n, const uint8_t *mac)
{
	struct ncsi_channel *found = NULL;

	if (mac[0] & 1)
		return NULL;
	for (unsigned int i = 0; i < n->cfg.channels; i++) {
		if (!mac_listed(&n->ch[i], mac))
			continue;
		if (n->ch[i].tx)
			return &n->ch[i];
		found = &n->ch[i];
	}
	return found;
}

int ncsi_from_mc(struct ncsi *n, const uint8_t *head, size_t hlen, uint32_t len)
{
	struct ncsi_channel *ch;
	struct look k;

	if (!look_at(&k, head, hlen)) {
		n->package.mc_tx_short++;
		return -1;
	}
	ch = source_channel(n, head + 6);
	if (too_long(&k, len))
		(ch ? &ch->stats : &n->package)->mc_tx_long++;
	else if (!ch)
		n->package.mc_tx_dropped++;
	else if (!ch->tx)
		ch->stats.mc_tx_state++;
	else
		return (int)ch->id;
	return -1;
}

void ncsi_from_mc_done(struct ncsi *n, unsigned int ch, bool taken)
{
	n->ch[ch].stats.mc_tx += taken;
	n->ch[ch].stats.mc_tx_dropped += !taken;
}

void ncsi_wants(const struct ncsi *n, unsigned int id, struct ncsi_wants *w)
{
	const struct ncsi_channel *ch = &n->ch[id];

	memset(w, 0, sizeof(*w));
	for (unsigned int i = 0; i < NCSI_MAC_FILTERS; i++) {
		if (!(ch->mac_on & 1u << i))
			continue;
		w->uc += i < NCSI_UC_FILTERS;
		memcpy(w->mac[w->n++], ch->mac[i], 6);
	}
	w->all_multi = !ch->mc_filter || ch->mc;
}
