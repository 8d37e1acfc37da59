/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPENFBNIC_RSS_H
#define OPENFBNIC_RSS_H

#include <stddef.h>
#include <stdint.h>

struct card;
struct parsed;

#define RSS_KEY_WORDS	14
#define RSS_KEY_BYTES	(RSS_KEY_WORDS * 4)

enum {				/* ACT_TBL1: fields of the hash, in this order */
	RSS_IP_SRC	= 1 << 0,
	RSS_IP_DST	= 1 << 1,
	RSS_L4_SRC	= 1 << 2,
	RSS_L4_DST	= 1 << 3,
	RSS_L2_DA	= 1 << 4,
	RSS_L4_BYTE	= 1 << 5,
	RSS_IV6_FL	= 1 << 6,
	RSS_OV6_FL	= 1 << 7,
	RSS_DSCP	= 1 << 8,
	RSS_L3_PROT	= 1 << 9,
	RSS_L4_PROT	= 1 << 10,
};

/* The hash of a frame over @fields; makes the tables first if the key is new */
uint32_t rss_hash(struct card *c, const struct parsed *p, uint32_t fields);
/* The definition, bit by bit, for tests: @in has @bits bits, @key at least bits + 32 */
uint32_t toeplitz_slow(const uint8_t *key, const uint8_t *in, size_t bits);

#endif
