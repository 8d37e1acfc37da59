// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The receive parser: finds the headers of a frame.
 *
 * Ethernet II with up to two VLAN tags, IPv4 with options, IPv6 with
 * hop-by-hop, routing and destination options, one IPv6 packet inside
 * another (V6V6), TCP and UDP.  Its result feeds the classifier's key
 * (rpc.c), the hash (rss.c), the split point (rde.c) and the type bits of the
 * completion, from which the driver derives the skb's hash type
 * (fbnic_txrx.c, fbnic_skb_hash_type()).
 *
 * Unknown protocols are no error: parsing stops, and the type is "other".  A
 * malformed header gives ERR_PARSER, of which the driver takes no notice; the
 * frame is delivered all the same, and the host's stack judges it.  How deep
 * the real parser looks is unknown: ours sees PARSER_WINDOW bytes, the least
 * header buffer that the driver configures for header split.
 *
 * Contract 05 section 7, 08 section 4.
 */
#include "parser.h"

enum {
	ETH_LEN = 14, VLAN_LEN = 4, IPV4_LEN = 20, IPV6_LEN = 40, TCP_LEN = 20, UDP_LEN = 8,
	VLAN_DEPTH = 2, EXT_DEPTH = 8,
};

enum {
	PROTO_HOPOPT = 0, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_IPV6 = 41, PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44, PROTO_ESP = 50, PROTO_AH = 51, PROTO_DSTOPTS = 60,
	PROTO_MOBILITY = 135, PROTO_HIP = 139, PROTO_SHIM6 = 140,
};

struct window {
	const uint8_t	*h;
	size_t		n;	/* bytes seen */
	size_t		len;	/* bytes in the frame */
};

/* Are there @need bytes at @off?  If not, says why. */
static bool have(struct parsed *p, const struct window *w, size_t off, size_t need)
{
	if (off <= w->n && need <= w->n - off)
		return true;

	p->events |= PARSE_ERR;
	if (off <= w->len && need <= w->len - off)
		p->events |= PARSE_OUT_OF_HDR;
	return false;
}

static void parse_tcp(struct parsed *p, const struct window *w, size_t off)
{
	size_t hlen;

	if (p->ip_end < off + TCP_LEN) {
		p->events |= PARSE_ERR;
		return;
	}
	if (!have(p, w, off, TCP_LEN))
		return;

	hlen = (size_t)(w->h[off + 12] >> 4) * 4;
	if (hlen < TCP_LEN || off + hlen > p->ip_end) {
		p->events |= PARSE_TCP_OPT_ERR | PARSE_ERR;
		return;
	}
	if (!have(p, w, off, hlen))
		return;

	p->l4 = L4_TCP;
	p->l4_end = (uint16_t)(off + hlen);
}

static void parse_udp(struct parsed *p, const struct window *w, size_t off)
{
	if (p->ip_end < off + UDP_LEN) {
		p->events |= PARSE_ERR;
		return;
	}
	if (!have(p, w, off, UDP_LEN))
		return;

	p->l4 = L4_UDP;
	p->l4_end = (uint16_t)(off + UDP_LEN);
}

static void parse_l4(struct parsed *p, const struct window *w, size_t off)
{
	if (p->proto == PROTO_TCP)
		parse_tcp(p, w, off);
	else if (p->proto == PROTO_UDP)
		parse_udp(p, w, off);
	else
		return;

	if (p->l4) {
		p->sport = be16(w->h + off);
		p->dport = be16(w->h + off + 2);
	}
}

static void parse_ipv4(struct parsed *p, const struct window *w, size_t off)
{
	const uint8_t *ip = w->h + off;
	size_t hlen, total;

	if (!have(p, w, off, IPV4_LEN))
		return;

	hlen = (size_t)(ip[0] & 0xf) * 4;
	total = be16(ip + 2);
	if (ip[0] >> 4 != 4 || hlen < IPV4_LEN || total < hlen) {
		p->events |= PARSE_ERR;
		return;
	}
	if (!have(p, w, off, hlen))
		return;

	if (total > w->len - off) {		/* the end is missing */
		p->events |= PARSE_ERR;
		total = w->len - off;
	}
	p->ip = true;
	p->l3 = L3_IPV4;
	p->ip_off = (uint16_t)off;
	p->l3_end = (uint16_t)(off + hlen);
	p->ip_end = (uint16_t)(off + total);
	p->proto = ip[9];

	if (be16(ip + 6) & 0x3fff) {		/* more fragments, or not the first */
		p->events |= PARSE_IPV4_FRAG;
		return;
	}
	if (p->proto == PROTO_ESP)
		p->events |= PARSE_IPV4_ESP;
	parse_l4(p, w, off + hlen);
}

enum ext_next { EXT_MORE, EXT_L4, EXT_TUNNEL, EXT_STOP };

/* One step along the chain of extension headers; @off is moved behind it */
static enum ext_next parse_ext(struct parsed *p, const struct window *w, size_t *off)
{
	size_t hlen;

	switch (p->proto) {
	case PROTO_HOPOPT:
	case PROTO_ROUTING:
	case PROTO_DSTOPTS:
		if (!have(p, w, *off, 8))
			return EXT_STOP;
		hlen = (w->h[*off + 1] + 1u) * 8;
		if (*off + hlen > p->ip_end) {
			p->events |= PARSE_ERR;
			return EXT_STOP;
		}
		if (!have(p, w, *off, hlen))
			return EXT_STOP;
		p->proto = w->h[*off];
		*off += hlen;
		p->l3_end = (uint16_t)*off;
		return EXT_MORE;
	case PROTO_FRAGMENT:
		p->events |= PARSE_IPV6_FRAG;
		return EXT_STOP;
	case PROTO_ESP:
		p->events |= PARSE_IPV6_ESP;
		return EXT_STOP;
	case PROTO_AH:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		p->events |= PARSE_UNKN_EXT_HDR;
		return EXT_STOP;
	case PROTO_IPV6:
		return EXT_TUNNEL;
	default:
		return EXT_L4;
	}
}

/* The fixed IPv6 header at @off, inside what the outer one (if any) says is there */
static bool parse_ipv6_hdr(struct parsed *p, const struct window *w, size_t off, size_t end)
{
	const uint8_t *ip = w->h + off;
	size_t total;

	if (!have(p, w, off, IPV6_LEN))
		return false;
	if (ip[0] >> 4 != 6 || end < off + IPV6_LEN) {
		p->events |= PARSE_ERR;
		return false;
	}

	total = IPV6_LEN + (size_t)be16(ip + 4);
	if (total == IPV6_LEN && ip[6] == PROTO_HOPOPT)
		total = end - off;		/* jumbogram: the length is in an option */
	if (total > end - off) {
		p->events |= PARSE_ERR;
		total = end - off;
	}
	p->ip = true;
	p->ip6 = true;
	p->ip_off = (uint16_t)off;
	p->l3_end = (uint16_t)(off + IPV6_LEN);
	p->ip_end = (uint16_t)(off + total);
	p->proto = ip[6];
	return true;
}

static void parse_ipv6(struct parsed *p, const struct window *w, size_t off)
{
	enum ext_next next = EXT_MORE;
	unsigned int i;

	if (!parse_ipv6_hdr(p, w, off, w->len))
		return;
	p->l3 = L3_IPV6;
	off += IPV6_LEN;

	for (i = 0; i < EXT_DEPTH && next == EXT_MORE; i++) {
		next = parse_ext(p, w, &off);
		if (next != EXT_TUNNEL || p->outer)
			continue;
		p->outer_off = p->ip_off;
		if (!parse_ipv6_hdr(p, w, off, p->ip_end))
			return;
		p->outer = true;
		p->l3 = L3_V6V6;
		off += IPV6_LEN;
		next = EXT_MORE;
	}
	if (next == EXT_MORE)
		p->events |= PARSE_ERR | PARSE_OUT_OF_HDR;
	if (next == EXT_L4)
		parse_l4(p, w, off);
}

void parse_frame(struct parsed *p, const uint8_t *h, size_t n, size_t len)
{
	const struct window w = { h, n, len };
	size_t off = ETH_LEN - 2;
	unsigned int i;
	uint16_t type = be16(h + off);

	*p = (struct parsed){ .h = h };
	off += 2;
	for (i = 0; i < VLAN_DEPTH && (type == 0x8100 || type == 0x88a8); i++) {
		if (!have(p, &w, off, VLAN_LEN))
			break;
		type = be16(h + off + 2);
		off += VLAN_LEN;
	}
	p->l2_end = (uint16_t)off;

	if (type == 0x0800)
		parse_ipv4(p, &w, off);
	else if (type == 0x86dd)
		parse_ipv6(p, &w, off);
	else
		p->events |= PARSE_UNKN_ETYPE;
}
