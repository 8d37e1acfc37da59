/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reference for the classifier that shares nothing with the card: it reads the
 * TCAMs as registers, bit by bit, and says what must become of a frame.
 */
#ifndef TESTS_CARD_CLASSIFIER_H
#define TESTS_CARD_CLASSIFIER_H

#include "spec.h"

#define NQ		16u

extern struct rig rig;
extern struct host *h;
extern struct drv_rx rx[NQ];		/* those of the upper half split headers */

int classifier_setup(void **state);
int classifier_teardown(void **state);

#define T(f) cmocka_unit_test_setup_teardown(f, classifier_setup, classifier_teardown)

/* ---- the tables, as registers ---- */

struct tcam {
	unsigned int	n, words, stride;
	uint32_t	csr;
	bool		flag;			/* validate bit 0, IPv6, takes part */
	uint32_t	reg[64][12], live[64][12];	/* live: when VALIDATE was written last */
};

extern struct tcam act, macda, oipsrc, oipdst, ipsrc, ipdst;
extern struct tcam *const tcams[6];	/* all of them, in this order */

void tcam_wr(struct tcam *t, unsigned int i, unsigned int w, uint32_t val);
/* The entry that is hit, or -1 */
int tcam_find(const struct tcam *t, const uint16_t *k, bool v6);
void mac_key(const uint8_t *da, uint16_t k[3]);
void ip_key(const uint8_t *a, bool v6, uint16_t k[8]);
void make_key(const struct spec *s, uint16_t k[11]);	/* of the action TCAM */
void write_rss(void);			/* random key and tables */
uint32_t random_fields(void);		/* RXH fields as in ACT_TBL1 */

/* ---- what must become of a frame ---- */

struct want {
	bool		host, ts;
	int		index;		/* rule that is reported, or -1 */
	unsigned int	queue;
	uint32_t	hash, hdr;	/* hdr 0: not checked */
};

/* By @rule (-1: none) with action @a that hashes @fields */
struct want judge(const struct spec *s, int rule, uint32_t a, uint32_t fields);
void send_and_check(struct spec *s, const struct want *w);

#endif
