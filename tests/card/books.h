/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second set of books for the counters of the cards of a rig: a test enters
 * what it sends and sees, from the definitions of contract 08, and books_check()
 * compares all counters of all cards.  A counter without an entry must be zero.
 */
#ifndef TESTS_CARD_BOOKS_H
#define TESTS_CARD_BOOKS_H

#include "rig.h"

struct books {
	unsigned int	n;
	struct books_entry {
		char		name[64];
		uint64_t	val;
		bool		seen;
	} e[1024];
};

extern struct books books[2];		/* of the rig's cards */

void books_clear(void);
/* @index < 0: the counter is not an array */
void books_add(unsigned int card, const char *name, int index, uint64_t val);
/* What is entered under that name so far */
uint64_t books_value(unsigned int card, const char *name, int index);
void books_check(const struct rig *r);

/* ---- entries that belong together ---- */

/* A good frame of @len bytes without FCS through the MAC; @way "TX" or "RX".  Rx: not the sizes beyond the MAC's bins */
void books_mac(unsigned int card, const char *way, const uint8_t *head, uint32_t len);
/* The frame entered the receive buffer from the wire */
void books_rxb_in(unsigned int card, uint32_t len);
/* It left to the host */
void books_rxb_out(unsigned int card, uint32_t len);
/* @len bytes at @addr in requests of at most @size bytes that do not cross a multiple of it */
void books_dma(unsigned int card, bool write, uint64_t addr, uint64_t len, uint64_t size);
/* The same for @n descriptors of a ring from index @at on */
void books_ring(unsigned int card, bool write, const struct drv_ring *ring, uint32_t at, uint32_t n, uint64_t size);
/* What the card wrote for a packet that was polled from @rx when its head was at @rcq_at */
void books_rx_dma(unsigned int card, const struct drv_rx *rx, const struct drv_pkt *p, uint32_t rcq_at, uint64_t size);
/* Maximum payload and maximum read request as configuration space says */
uint32_t books_mps(struct host *h);
uint32_t books_mrrs(struct host *h);

#endif
