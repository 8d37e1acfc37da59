// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RSS: the Toeplitz hash.
 *
 * The hash of a string of bits is the exclusive-or of 32-bit windows of the
 * key, window n for every bit n that is set.  The windows of a nibble at a
 * given place are therefore known beforehand: 104 places times 16 values make
 * a table of 6.5 KiB, and a TCP/IPv4 hash takes 24 look-ups.  The table is
 * made from the key at the first frame after the key was written, not in the
 * write, since the driver writes 14 words one by one on a live card (driver:
 * fbnic_rpc.c, fbnic_rss_key_write() via fbnic_rss_reinit_hw()).
 *
 * What is hashed: the enabled fields of the action's mask in the order of
 * their bits, most significant bit first, without gaps.  For addresses and
 * ports this is the hash of Microsoft's RSS specification, which the kernel's
 * selftest computes too (tools/testing/selftests/drivers/net/hw/toeplitz.c).
 * The place of the other fields is a guess: nobody tests it.  A field that the
 * frame does not have takes no room.
 *
 * Contract 05 section 6.
 */
#include "hw.h"
#include "parser.h"
#include "rss.h"

struct bits {
	uint8_t		b[56];
	unsigned int	n;	/* bits so far; above this b is zero up to the byte's end */
};

uint32_t toeplitz_slow(const uint8_t *key, const uint8_t *in, size_t bits)
{
	uint32_t hash = 0, window = be32(key);
	size_t i;

	for (i = 0; i < bits; i++) {
		size_t next = i + 32;

		if (in[i / 8] & (0x80 >> (i % 8)))
			hash ^= window;
		window = window << 1 | (key[next / 8] >> (7 - next % 8) & 1);
	}
	return hash;
}

/* 32 key bits from bit @n on; beyond 425 bits the key is 0 */
static uint32_t key_window(const struct card *c, unsigned int n)
{
	const uint32_t *key = c->csr + CSR_RPC_RSS_KEY;
	unsigned int w = n / 32, s = n % 32;
	uint32_t hi, lo;

	hi = w < RSS_KEY_WORDS ? key[w] : 0;
	lo = w + 1 < RSS_KEY_WORDS ? key[w + 1] : 0;
	if (w == RSS_KEY_WORDS - 1)
		hi &= 0xff800000;
	if (w + 1 == RSS_KEY_WORDS - 1)
		lo &= 0xff800000;
	return s ? hi << s | lo >> (32 - s) : hi;
}

static void make_tables(struct card *c)
{
	struct rpc_block *r = &c->rx.rpc;
	unsigned int n, v, bit;

	for (n = 0; n < ARRAY_SIZE(r->toeplitz); n++) {
		uint32_t *t = r->toeplitz[n];

		t[0] = 0;
		for (bit = 0; bit < 4; bit++)
			t[8 >> bit] = key_window(c, 4 * n + bit);
		for (v = 3; v < 16; v++)
			t[v] = t[v & (v - 1)] ^ t[v & -v];
	}
	r->key_stale = false;
}

void rss_key_write(struct card *c, unsigned int i, uint32_t val)
{
	(void)i;
	(void)val;
	c->rx.rpc.key_stale = true;
}

/* Whole bytes; only while b->n is a multiple of 8 */
static inline void put_bytes(struct bits *b, const uint8_t *p, unsigned int n)
{
	memcpy(b->b + b->n / 8, p, n);
	b->n += n * 8;
}

static void put_bits(struct bits *b, uint32_t val, unsigned int width)
{
	while (width--) {
		if (b->n % 8 == 0)
			b->b[b->n / 8] = 0;
		if (val >> width & 1)
			b->b[b->n / 8] |= (uint8_t)(0x80 >> (b->n % 8));
		b->n++;
	}
}

static void put_ip(struct bits *b, const struct parsed *p, uint32_t fields)
{
	const uint8_t *ip = p->h + p->ip_off;

	if (p->ip6) {
		if (fields & RSS_IP_SRC)
			put_bytes(b, ip + 8, 16);
		if (fields & RSS_IP_DST)
			put_bytes(b, ip + 24, 16);
	} else {
		if (fields & RSS_IP_SRC)
			put_bytes(b, ip + 12, 4);
		if (fields & RSS_IP_DST)
			put_bytes(b, ip + 16, 4);
	}
}

/* Fields whose place in the hash is a guess; L4_BYTE is not known at all and left out */
static void put_others(struct bits *b, const struct parsed *p, uint32_t fields)
{
	const uint8_t *ip = p->h + p->ip_off;

	if ((fields & RSS_IV6_FL) && p->ip6)
		put_bits(b, be32(ip) & 0xfffff, 20);
	if ((fields & RSS_OV6_FL) && p->outer)
		put_bits(b, be32(p->h + p->outer_off) & 0xfffff, 20);
	if ((fields & RSS_DSCP) && p->ip)
		put_bits(b, p->ip6 ? be16(ip) >> 6 & 0x3f : ip[1] >> 2, 6);
	if (fields & RSS_L3_PROT)
		put_bits(b, p->l3, 2);
	if (fields & RSS_L4_PROT)
		put_bits(b, p->l4, 2);
}

uint32_t rss_hash(struct card *c, const struct parsed *p, uint32_t fields)
{
	struct rpc_block *r = &c->rx.rpc;
	const uint32_t (*t)[16] = (const uint32_t (*)[16])r->toeplitz;
	uint32_t hash = 0;
	unsigned int i, bytes;
	struct bits b;

	if (!fields)
		return 0;
	if (r->key_stale)
		make_tables(c);

	b.n = 0;
	if (p->ip)
		put_ip(&b, p, fields);
	if (p->l4 && (fields & RSS_L4_SRC))
		put_bytes(&b, p->h + p->l3_end, 2);
	if (p->l4 && (fields & RSS_L4_DST))
		put_bytes(&b, p->h + p->l3_end + 2, 2);
	if (fields & RSS_L2_DA)
		put_bytes(&b, p->h, 6);
	if (fields & ~(uint32_t)(RSS_IP_SRC | RSS_IP_DST | RSS_L4_SRC | RSS_L4_DST | RSS_L2_DA))
		put_others(&b, p, fields);

	bytes = (b.n + 7) / 8;
	for (i = 0; i < bytes; i++, t += 2)
		hash ^= t[0][b.b[i] >> 4] ^ t[1][b.b[i] & 0xf];
	return hash;
}
