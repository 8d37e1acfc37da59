/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the cable is plugged into, as the owner of a card sees it.
 *
 *	struct wire *w = wire_open("stream:unix:/tmp/s;server=on", &end, loop, err, sizeof(err));
 *	wire_port(w, &ops, &ctx, &lso);
 *	card_connect(card, ops, ctx, lso);
 *
 * and in reverse order at the end: card_connect(card, NULL, NULL, 0), then
 * wire_close().  Everything happens in the thread of the loop.  A wire calls
 * end->rx() and end->ready() only from callbacks of the loop or, for pair:,
 * from a call into the other wire of the pair: never from within a call into
 * the same wire.
 *
 * The spec and its options: docs/wires.md.
 */
#ifndef OPENFBNIC_WIRE_H
#define OPENFBNIC_WIRE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../card/port.h"

struct wire;
struct wire_loop;

/* The card's side, so that a wire knows nothing of cards; struct is copied */
struct wire_end {
	void		*ctx;
	/* card_rx() */
	unsigned int	(*rx)(void *ctx, const struct frame *f, unsigned int n, bool must);
	/* card_port_ready() */
	void		(*ready)(void *ctx);
	/* Something happened to the wire (peer came, went, misbehaved); may be NULL */
	void		(*trace)(void *ctx, const char *fmt, va_list ap);
};

/*
 * Opens the wire that @spec names.  NULL: @err has one sentence for the user
 * that says what is wrong, without the spec and without a newline.
 */
struct wire *wire_open(const char *spec, const struct wire_end *end, struct wire_loop *loop,
		       char *err, size_t errlen);
void wire_close(struct wire *w);

/* What card_connect() wants */
void wire_port(struct wire *w, const struct port_ops **ops, void **ctx, enum port_lso *lso);

/* The spec that it was opened with */
const char *wire_spec(const struct wire *w);

/*
 * tx is from the card to the cable.  tx_frames and tx_bytes count what the
 * card gave away; the drops are among them.  rx_frames and rx_bytes count what
 * the card took.
 */
struct wire_stats {
	uint64_t tx_frames, tx_bytes;
	uint64_t tx_no_peer;	/* dropped: nobody at the other end */
	uint64_t tx_stalled;	/* dropped: the other end has not taken anything for seconds */
	uint64_t tx_errors;	/* dropped: the system refused the frame, or it can't be cut */
	uint64_t tx_blocked;	/* times the card had to wait */
	uint64_t rx_frames, rx_bytes;
	uint64_t rx_full;	/* dropped: the card did not take it, our buffer is full */
	uint64_t rx_giant;	/* dropped: longer than 16 KiB */
	uint64_t rx_errors;	/* read errors, senseless lengths */
	uint64_t rx_blocked;	/* times the wire had to wait for the card */
	uint64_t pauses;	/* 802.3x pause frames that we obeyed */
	uint64_t connects;	/* peers that came */
	uint64_t disconnects;	/* peers that went or were sent away */
	uint64_t capture_lost;	/* frames that are not in the capture file: it can't be written */
};

const struct wire_stats *wire_stats(const struct wire *w);
/* The same by name, for the control socket */
void wire_counters(const struct wire *w, void (*fn)(void *arg, const char *name, uint64_t val),
		   void *arg);

#endif
