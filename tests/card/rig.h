/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One or two cards in this process, with a cable that a test can look into.
 *
 * Two cards are wired back to back; frames go straight from one card's
 * transmitter into the other's receiver, without a copy.  The cable of a single
 * card is a list: what the card sends is in out[], and rig_inject() sends
 * something to it.  Both clocks move together and only in rig_run().
 */
#ifndef TESTS_CARD_RIG_H
#define TESTS_CARD_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/host/drv.h"

#define US		1000ull
#define MS		1000000ull
#define RIG_OUT		512

struct rig_frame {
	uint8_t		*data;		/* allocated */
	uint32_t	len;
	uint16_t	flags;
	struct frame_lso lso;
};

struct rig {
	unsigned int	n;		/* cards */
	struct host_inproc *ip[2];
	struct host	*h[2];
	bool		must;		/* the cable can't keep what a card refuses */
	bool		blocked;	/* one card: the cable takes nothing */
	unsigned int	limit;		/* one card: frames that the cable takes at a time, 0: all */
	bool		discard;	/* one card: out[] stays empty */
	void		(*tap)(struct rig *r, unsigned int from, const struct frame *f);
	void		(*on_way)(struct rig *r);	/* two cards: between sender and receiver */
	void		*arg;		/* the test's */
	uint64_t	moves;		/* frames and wake-ups, ever */
	unsigned int	nout;
	struct rig_frame out[RIG_OUT];
	struct rig_end { struct rig *r; unsigned int i; } end[2];
};

extern const uint8_t rig_mac[2][6];

/* @n cards with MACs rig_mac[], brought up, nothing else; fails the test if it can't */
void rig_open(struct rig *r, unsigned int n, unsigned int queues, size_t mem, enum port_lso lso);
void rig_close(struct rig *r);
/* Guest bugs of both cards are a failure */
void rig_no_bugs(struct rig *r);
/* All that can be done now; fails the test if that has no end */
void rig_work(struct rig *r);
/* The same, then @ns pass, stopping at every deadline */
void rig_run(struct rig *r, uint64_t ns);
/* A frame from the cable; true: taken */
bool rig_inject(struct rig *r, unsigned int card, const void *data, uint32_t len, uint16_t flags);
void rig_forget(struct rig *r);		/* empties out[] */
/* Bytes of a frame in one piece */
uint32_t rig_flatten(const struct frame *f, uint8_t *buf, uint32_t size);

/* ---- random numbers: a seed gives the same test everywhere ---- */

struct rng { uint64_t s; };

uint64_t rnd64(struct rng *g);
uint32_t rnd(struct rng *g, uint32_t below);			/* 0 .. below - 1 */
uint32_t rnd_in(struct rng *g, uint32_t lo, uint32_t hi);	/* both included */
void rnd_bytes(struct rng *g, void *buf, size_t n);

/* ---- frames, written apart from the card ---- */

struct pkt {
	const uint8_t	*da;
	bool		vlan, v6;
	uint8_t		proto;		/* 6, 17, else a transport unknown to the card */
	uint8_t		saddr[16], daddr[16];
	uint16_t	sport, dport;
	uint32_t	payload;	/* bytes behind L4 */
};

/* Builds headers with right checksums around random payload; returns the length */
uint32_t pkt_build(struct rng *g, const struct pkt *p, uint8_t *buf);
void pkt_random(struct rng *g, struct pkt *p, const uint8_t *da, uint32_t max_payload);
/* Internet checksum, byte by byte, before inversion; @sum: start */
uint16_t ref_sum(uint32_t sum, const uint8_t *p, size_t n);
/* Pseudo header of IPv4 or IPv6 at @ip, L4 length @len; len 0: without length */
uint16_t ref_pseudo(const uint8_t *ip, bool v6, uint8_t proto, uint32_t len);
uint32_t ref_toeplitz(const uint8_t *key, const uint8_t *in, size_t n);
/* Hash of a packet as the rules of drv_rpc_on() ask for */
uint32_t ref_hash(const struct pkt *p);

static inline void wr16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wr32(uint8_t *p, uint32_t v)
{
	wr16(p, v >> 16);
	wr16(p + 2, v);
}

static inline uint32_t rd16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t rd32(const uint8_t *p)
{
	return rd16(p) << 16 | rd16(p + 2);
}

/* ---- sending ---- */

/*
 * Copies @data into @area (of @size bytes) in @parts pieces, at random places
 * in order, and fills @b.  Pieces may be of one byte, odd, and over a page.
 */
void scatter(struct rng *g, struct host *h, uint64_t area, uint32_t size, const uint8_t *data,
	     uint32_t len, unsigned int parts, struct drv_buf *b);

/* 64-bit counter, low word at @csr */
static inline uint64_t ctr64(struct host *h, uint32_t csr)
{
	return csr_rd(h, csr) | (uint64_t)csr_rd(h, csr + 1) << 32;
}

#endif
