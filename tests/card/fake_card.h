/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card that is nothing but memory, for tests of the bus alone.  It
 * implements what the bus calls of card.h, remembers what was called, and does
 * DMA or raises an interrupt when told to by a register.
 */
#ifndef OPENFBNIC_FAKE_CARD_H
#define OPENFBNIC_FAKE_CARD_H

#include "../../src/card/card.h"

enum {				/* BAR0 offsets with a meaning; others just store */
	FAKE_ADDR_LO	= 0x100,
	FAKE_ADDR_HI	= 0x104,
	FAKE_LEN	= 0x108,
	FAKE_DMA	= 0x10c,	/* write 1: memory to fake.buf, 2: back */
	FAKE_RESULT	= 0x110,	/* 0 or errno of the last DMA */
	FAKE_IRQ	= 0x114,	/* write: raises that vector if it is not masked */
	FAKE_RECALL	= 0x118,	/* write: takes that vector's message back; FAKE_RESULT: 1 if that could be */
};

struct card {
	struct card_env	env;
	unsigned int	vectors;
	uint32_t	bar0[CARD_BAR0_SIZE / 4];
	uint32_t	bar2[CARD_BAR2_SIZE / 4];
	uint32_t	bar4[CARD_BAR4_SIZE / 4];
	uint8_t		cfg[CARD_CFG_SIZE];
	bool		masked[CARD_VECTORS];
	bool		pending[CARD_VECTORS];
	unsigned int	resets;
	unsigned int	writes, reads;
	uint8_t		buf[100000];
};

struct card *fake_card_new(const struct card_env *env, unsigned int vectors);
int fake_dma(struct card *c, uint32_t what, uint64_t addr, uint32_t len);

#endif
