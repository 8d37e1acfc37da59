/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair:NAME - a cable between two cards of this process.
 *
 * What one card sends is offered to the other at once, from the memory of the
 * guest that sends it: nothing is copied here.  The other card's refusal is
 * our back-pressure; its rx_ready lets the first card go on.  An end whose
 * other end does not exist (yet, or any more) is an open cable: frames are
 * dropped and counted.
 */
#include <stdlib.h>
#include <string.h>

#include "wire_int.h"

struct pair {
	struct wire	w;
	char		*name;
	struct pair	*peer;
	struct pair	*next;		/* of all pairs of the process */
};

static struct pair *pairs;

static unsigned int pair_tx(struct wire *w, const struct frame *f, unsigned int n)
{
	struct pair *p = (struct pair *)w;

	if (!p->peer) {
		w->st.tx_no_peer += n;
		return n;
	}
	return wire_rx(&p->peer->w, f, n);
}

/* Our card takes frames again: those of the other one */
static void pair_rx_ready(struct wire *w)
{
	struct pair *p = (struct pair *)w;

	if (p->peer)
		wire_ready(&p->peer->w);
}

static struct pair *pair_find(const char *name)
{
	struct pair *p = pairs;

	while (p && strcmp(p->name, name))
		p = p->next;
	return p;
}

static int pair_open(struct wire *w, const struct wire_args *a, char *err, size_t errlen)
{
	struct pair *p = (struct pair *)w, *other;

	if (!*a->arg)
		return wire_fail(err, errlen, "needs a name: pair:NAME");

	other = pair_find(a->arg);
	if (other && other->peer)
		return wire_fail(err, errlen, "both ends of '%s' are taken: a pair connects two cards", a->arg);

	p->name = strdup(a->arg);
	if (!p->name)
		return wire_fail(err, errlen, "out of memory");
	p->next = pairs;
	pairs = p;
	if (other) {
		p->peer = other;
		other->peer = p;
		w->st.connects++;
		other->w.st.connects++;
	}
	return 0;
}

static void pair_close(struct wire *w)
{
	struct pair *p = (struct pair *)w;

	for (struct pair **pp = &pairs; *pp; pp = &(*pp)->next) {
		if (*pp == p) {
			*pp = p->next;
			break;
		}
	}
	if (p->peer) {
		p->peer->peer = NULL;
		p->peer->w.st.disconnects++;
		wire_ready(&p->peer->w);	/* what it holds back is for nobody now */
	}
	free(p->name);
}

const struct wire_kind wire_pair = {
	.name = "pair",
	.size = sizeof(struct pair),
	.open = pair_open,
	.close = pair_close,
	.tx = pair_tx,
	.rx_ready = pair_rx_ready,
};
