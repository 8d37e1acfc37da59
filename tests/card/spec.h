/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that are made from what they are, so that a test knows what is in them
 * without parsing.  What they are is drawn from small pools: tables are hit.
 */
#ifndef TESTS_CARD_SPEC_H
#define TESTS_CARD_SPEC_H

#include "rig.h"

enum kind { ETHER, IPV4, IPV6, V6V6, NKINDS };
enum { TCP = 6, UDP = 17, ESP = 50, AH = 51, ICMP6 = 58, OSPF = 89 };

struct spec {
	enum kind	kind;
	uint8_t		da[6];
	unsigned int	vlans, ext, l4opt;	/* ext: IPv4 options or IPv6 extension headers, bytes */
	bool		frag;
	uint8_t		proto, dscp;
	uint32_t	fl, ofl;		/* flow labels, inner and outer */
	uint8_t		src[16], dst[16], osrc[16], odst[16];
	uint16_t	sport, dport;
	uint32_t	payload;
	/* where things are in the frame that was made of it; 0: not there */
	uint32_t	len, l2_end, l3_end, l4_end, ip_end;
};

extern struct rng g;

bool has_ip(const struct spec *s);
bool is_v6(const struct spec *s);
bool has_l4(const struct spec *s);

/* The frame, in @f; fills in where things are */
void make(struct spec *s, uint8_t *f);

void random_spec(struct spec *s);
void spec_of_kind(struct spec *s, enum kind kind);
void pool_mac(uint8_t *m);
void pool_ip(uint8_t *a);
uint16_t pool_port(void);

#endif
