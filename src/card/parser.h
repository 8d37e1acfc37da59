/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_PARSER_H
#define OPENFBNIC_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARSER_WINDOW	256u	/* header bytes that the parser sees (guess) */

enum { L3_OTHER, L3_IPV4, L3_IPV6, L3_V6V6 };	/* META L3_TYPE */
enum { L4_OTHER, L4_TCP, L4_UDP };		/* META L4_TYPE */

/* Bit n: RPC_CNTR_TCP_OPT_ERR + n is counted; PARSE_ERR: META ERR_PARSER */
enum {
	PARSE_TCP_OPT_ERR	= 1 << 0,
	PARSE_UNKN_ETYPE	= 1 << 1,
	PARSE_IPV4_FRAG		= 1 << 2,
	PARSE_IPV6_FRAG		= 1 << 3,
	PARSE_IPV4_ESP		= 1 << 4,
	PARSE_IPV6_ESP		= 1 << 5,
	PARSE_UNKN_EXT_HDR	= 1 << 6,
	PARSE_OUT_OF_HDR	= 1 << 7,
	PARSE_CNTRS		= 0xff,
	PARSE_ERR		= 1 << 15,
};

struct parsed {
	const uint8_t	*h;		/* the header bytes that were given */
	uint8_t		l3, l4;
	bool		ip, ip6, outer;	/* IP (inner one of a tunnel), it is IPv6, outer IP */
	uint8_t		proto;		/* what follows the IP header(s) */
	uint16_t	events;		/* PARSE_* */
	uint16_t	ip_off, outer_off;
	uint16_t	l2_end;		/* start of what follows the (VLAN) tags */
	uint16_t	l3_end;		/* end of the IP headers with extensions; 0: no IP */
	uint16_t	l4_end;		/* end of the TCP or UDP header; 0: none */
	uint16_t	ip_end;		/* end of the packet as IP tells; padding follows. 0: no IP */
	uint16_t	sport, dport;
};

/*
 * @n header bytes of a frame of @len bytes (n <= len; n < len only if the
 * frame is longer than PARSER_WINDOW), at least 14
 */
void parse_frame(struct parsed *p, const uint8_t *h, size_t n, size_t len);

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

#endif
