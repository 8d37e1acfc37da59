/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the Tx path stand on: a card over flat memory, the driver's
 * side of its rings, and a wire that keeps what it took.
 */
#ifndef OPENFBNIC_TEST_TX_FAKE_H
#define OPENFBNIC_TEST_TX_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/card/hw.h"

/*
 * Host memory, bus address = offset + BASE:
 *   0	      rings: ring r at r * 1 MiB
 *   DATA     packet data
 *   FAR      data that can't be mapped, only read
 *   HOLE     nothing
 */
#define BASE	0x12000000ull
#define DATA	(BASE + (4u << 20))
#define FAR	(BASE + (6u << 20))
#define HOLE	(BASE + (7u << 20))
#define END	(BASE + (8u << 20))

#define L2_META		(1ull << 43)			/* DEST_MAC */
#define COMPLETION	TWD_REQ_COMPLETION
#define OPT_META	(1ull << 46)

struct got {
	uint32_t	len, flags;
	uint8_t		*data;
	struct frame_lso lso;
};

struct rig {
	struct card	*c;
	uint8_t		*mem;
	uint64_t	now;
	uint32_t	window;		/* mappable pieces end at multiples of this, 0: no limit */
	unsigned int	room;		/* frames that the wire takes */
	unsigned int	ngot;
	struct got	got[8192];
	unsigned int	irqs;
	/* the driver's side of the rings */
	struct ring {
		unsigned int size, tail;
	} twq[TX_RINGS];
	struct comp {
		unsigned int size, head;
		bool phase;
	} tcq[CARD_QUEUES];
};

uint32_t rnd(void);

int tx_setup(void **state);		/* queue 0 is open, with rings of 64 */
int tx_teardown(void **state);

#define T(f) cmocka_unit_test_setup_teardown(f, tx_setup, tx_teardown)

void wr(struct rig *r, uint32_t csr, uint32_t val);
uint32_t rd(struct rig *r, uint32_t csr);
uint32_t qcsr(unsigned int q, unsigned int off);

/* ---- rings: ring r < CARD_QUEUES is TWQ0 of queue r, the others are TWQ1 ---- */

uint64_t twq_addr(unsigned int ring);
uint64_t tcq_addr(unsigned int q);
uint64_t *word(struct rig *r, uint64_t addr);
void tcq_open(struct rig *r, unsigned int q, unsigned int log2);
void queue_open(struct rig *r, unsigned int q, unsigned int log2);

void put(struct rig *r, unsigned int ring, uint64_t twd);
uint64_t al(uint64_t addr, uint32_t len);
uint64_t last_al(uint64_t addr, uint32_t len);
/* A TCP/IPv4 send of @len payload bytes in three buffers; its headers are at @addr */
void put_tso(struct rig *r, unsigned int ring, uint64_t addr, uint32_t len, uint32_t mss, uint64_t flags);

void doorbell(struct rig *r, unsigned int ring);
void run(struct rig *r);
void ring_bell(struct rig *r, unsigned int ring);	/* doorbell() and run() */

/* The next completion, or 0; does not tell the card */
uint64_t tcd(struct rig *r, unsigned int q);
void tcq_consumed(struct rig *r, unsigned int q);
uint32_t head(struct rig *r, unsigned int ring);
uint64_t bugs(struct rig *r);

/* ---- what went out ---- */

void assert_frame(struct rig *r, unsigned int i, uint64_t addr, uint32_t len);
/* The segments in got[first..] must be those of the send, in order; returns how many */
unsigned int check_tso(struct rig *r, unsigned int first, uint64_t addr, uint32_t len, uint32_t mss);
void forget(struct rig *r);

#endif
