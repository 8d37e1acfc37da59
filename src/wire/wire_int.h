/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the wires share among themselves; nothing outside src/wire includes this. */
#ifndef OPENFBNIC_WIRE_INT_H
#define OPENFBNIC_WIRE_INT_H

#include <sys/socket.h>

#include "wire.h"
#include "wire_loop.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define WIRE_MIN_FRAME	60		/* what a sender pads to, without FCS */
#define WIRE_MAX_FRAME	16384		/* longer than this the card does not see */
#define WIRE_MAX_LSO	(65535 + 64)	/* an IP packet that was not cut, and its Ethernet header */

#define NS_PER_MS	UINT64_C(1000000)
#define NS_PER_S	UINT64_C(1000000000)

/* A spec, taken apart: KIND[:ARG][;KEY[=VALUE]]... */
struct wire_opt {
	const char	*key, *val;
};

struct wire_args {
	const char	*arg;		/* "" if there is none */
	struct wire_opt	opt[32];
	unsigned int	nopts;
};

/* Without the option: NULL */
const char *args_get(const struct wire_args *a, const char *key);
/* on/off, yes/no; 0 or -EINVAL with @err filled */
int args_bool(const struct wire_args *a, const char *key, bool *val, char *err, size_t errlen);
int args_uint(const struct wire_args *a, const char *key, unsigned int min, unsigned int max,
	      unsigned int *val, char *err, size_t errlen);

/* Fills @err; returns -EINVAL, for "return wire_fail(...)" */
int wire_fail(char *err, size_t errlen, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

struct wire_kind {
	const char		*name;
	const char *const	*opts;		/* options besides pcap=, NULL at the end */
	bool			arg_is_opts;	/* what follows the colon is options as well */
	bool			partner;	/* common code acts as the link partner: obeys pause frames */
	enum port_lso		lso;
	size_t			size;		/* of the backend's struct, which begins with struct wire */

	int	     (*open)(struct wire *w, const struct wire_args *a, char *err, size_t errlen);
	/* Also after a failed open() */
	void	     (*close)(struct wire *w);
	unsigned int (*tx)(struct wire *w, const struct frame *f, unsigned int n);
	/* The card takes frames again, or a pause is over */
	void	     (*rx_ready)(struct wire *w);
};

extern const struct wire_kind wire_user, wire_tap, wire_pair, wire_stream, wire_dgram, wire_none;

struct wire {
	const struct wire_kind	*kind;
	struct wire_end		end;
	struct wire_loop	*loop;
	struct wire_stats	st;
	struct capture		*cap;
	enum port_lso		lso;
	bool			paused;		/* our link partner asked us to be silent */
	bool			blocked;	/* the card waits for wire_ready() */
	bool			stalled;	/* it has waited too long: drop what is not taken */
	struct loop_timer	kick, pause_timer, stall_timer;
	char			*spec;
};

/*
 * To the card.  Returns how many frames it took; the others are to be offered
 * again from kind->rx_ready().
 */
unsigned int wire_rx(struct wire *w, const struct frame *f, unsigned int n);

/* After tx() took less than it was offered: it would take more now */
void wire_ready(struct wire *w);

void wire_trace(struct wire *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A batch of received frames on its way to the card.  The frames stay where
 * they were received; a short one gets a second span of zeros: what a QEMU
 * network card or the host's kernel sends is padded by nobody else.
 */
struct wire_batch {
	struct frame	f[PORT_BATCH];
	struct span	s[PORT_BATCH][2];
	unsigned int	head, n;	/* not delivered yet: head .. n - 1 */
};

static inline bool batch_empty(const struct wire_batch *b)
{
	return b->head == b->n;
}

static inline bool batch_full(const struct wire_batch *b)
{
	return b->n == PORT_BATCH;
}

void batch_add(struct wire_batch *b, const void *buf, size_t len, bool pad);
/* True: all delivered, the batch is empty again */
bool batch_deliver(struct wire *w, struct wire_batch *b);

/* ---- frames (frame.c) ---- */

/* Copies [off, off + len) of the frame; less if it ends before.  Returns how many */
size_t frame_copy(const struct frame *f, size_t off, void *buf, size_t len);
/* An 802.3x pause frame?  Its quanta */
bool frame_is_pause(const struct frame *f, uint16_t *quanta);
/*
 * Cuts a large send into wire frames, built one after the other in @seg.
 * 0 or -EINVAL: not a packet that can be cut, or a segment would not fit.
 */
int frame_cut(const struct frame *f, uint8_t *seg, size_t size,
	      void (*out)(void *arg, const uint8_t *seg, size_t len), void *arg);

/* ---- socket addresses (addr.c) ---- */

struct wire_addr {
	union {
		struct sockaddr		sa;
		struct sockaddr_storage	ss;
	};
	socklen_t	len;
};

/* unix:PATH, HOST:PORT or [HOST]:PORT */
int addr_parse(const char *s, struct wire_addr *a, char *err, size_t errlen);
bool addr_is_multicast(const struct wire_addr *a);
/* A Unix socket file that nobody listens on is removed; -EADDRINUSE if somebody does */
int addr_unlink_stale(const struct wire_addr *a, int type);
void addr_unlink(const struct wire_addr *a);

/* ---- capture (capture.c) ---- */

int capture_open(struct capture **c, const char *file, struct wire_loop *loop, char *err, size_t errlen);
void capture_close(struct capture *c);
void capture_frames(struct capture *c, const struct frame *f, unsigned int n, uint64_t *lost);

#endif
