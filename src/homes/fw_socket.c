// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The home of a firmware that is somebody else's program (fw=socket:PATH).
 *
 * The program keeps the mailbox: it is told what the host writes, and asked
 * with BAR_READ for what became of it.  The host does not wait for that: its
 * reads are answered from the card's own words, which follow the program's.
 *
 *	host writes a word	card's word changes, BAR_WRITE
 *	program is done		BAR_WRITE to INTR_SET
 *	  we look		BAR_READ of descriptors that the host has given away
 *	  and then		their words change, the vector is raised
 *
 * So an interrupt waits until the words it tells of are there.  A look begins
 * at each descriptor that is the program's while the one before it is not (in a
 * ring that is used in order: one), reads the low word and, if that has
 * FW_CMPL, the high one, and goes on until there is one that is not done.  What
 * the host writes anew meanwhile is not overwritten with what was read before.
 *
 * Who connects knows nothing.  It is told the words as they are, and before
 * that skip descriptors up to where the host is, since a firmware's heads begin
 * at 0.  What the host waits for is done then, as after a restart of our own
 * firmware.  A reset of the function is told as zeros.
 *
 * The guest's memory is lent while the host lets firmware's DMA through in both
 * directions (the program maps it for both) and taken back when not: an empty
 * SYNC_SYSMEM.  That is a request.  What a program has mapped it can keep, so it
 * must be one that is trusted with the guest's memory.
 */
#include "fw_socket.h"

#include "../card/regs.h"
#include "fw_home_int.h"
#include "fw_socket_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MBX_WORD	0x6000u		/* of BAR4; contract 07 section 1 */
#define DESCS		16u		/* in a ring */
#define WORDS		(2 * DESCS * 2)
#define D_HOST		1u
#define D_FW		2u
#define INTR_WORDS	8u

struct fw_socket {
	struct fw_home		base;
	struct fsc		conn;
	struct fw_socket_config	cfg;
	struct loop_timer	timer;		/* memory has changed */
	bool			changed, lent;
	uint32_t		told[WORDS];	/* the mailbox as the program has it, as far as we know */
	uint64_t		interrupts;
	uint32_t		raise[INTR_WORDS];	/* after the look that is on */
	uint32_t		next[INTR_WORDS];	/* after the one that follows */
	struct {
		bool		on;
		bool		again;		/* one more has to follow */
		bool		high;		/* the low word is in lo, the high one is asked for */
		bool		stale;		/* the host has written it since */
		unsigned int	desc;		/* 0..31: Rx ring, Tx ring */
		uint32_t	lo;
		uint32_t	todo;		/* descriptors to begin at */
	} look;
};

static uint32_t addr_of(unsigned int w)
{
	return (MBX_WORD + w) * 4;
}

static uint32_t word(struct fw_socket *h, unsigned int w)
{
	return card_fw_read(h->base.card, MBX_WORD + w);
}

static void tell_word(struct fw_socket *h, unsigned int w, uint32_t val)
{
	h->told[w] = val;
	fsc_write(&h->conn, addr_of(w), val);
}

/* ---- the guest's memory ---- */

static bool may_lend(const struct fw_socket *h)
{
	return card_fw_dma_ready(h->base.card, true) && card_fw_dma_ready(h->base.card, false);
}

/* Before the program hears of anything that needs it */
static void sync_memory(struct fw_socket *h)
{
	bool lend = may_lend(h);

	if (lend == h->lent && !(lend && h->changed))
		return;
	h->lent = lend;
	h->changed = false;
	fsc_sysmem(&h->conn, lend);
}

static void on_timer(void *arg)
{
	struct fw_socket *h = arg;

	if (fsc_connected(&h->conn))
		sync_memory(h);
}

void fw_socket_memory_changed(void *ctx)
{
	struct fw_socket *h = ctx;

	h->changed = true;
	loop_timer_set(h->cfg.loop, &h->timer, TIMER_NOW);	/* once, however many windows */
}

static unsigned int memory_pieces(void *ctx, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	struct fw_socket *h = ctx;

	return h->cfg.pieces(h->cfg.mem, out, max, left);
}

/* ---- looking at descriptors ---- */

static unsigned int next_desc(unsigned int d)
{
	return (d & DESCS) | ((d + 1) & (DESCS - 1));
}

/* The host has given it away and not got it back */
static bool pending(struct fw_socket *h, unsigned int d)
{
	return (word(h, 2 * d) & (D_HOST | D_FW)) == D_HOST;
}

static uint32_t where_to_begin(struct fw_socket *h)
{
	uint32_t begin = 0, all = 0;

	for (unsigned int d = 0; d < 2 * DESCS; d++) {
		if (!pending(h, d))
			continue;
		all |= 1u << d;
		if (!pending(h, (d & DESCS) | ((d - 1) & (DESCS - 1))))
			begin |= 1u << d;
	}
	for (unsigned int ring = 0; ring < 2; ring++) {		/* one without a beginning is looked at everywhere */
		uint32_t mask = 0xffffu << DESCS * ring;

		if (!(begin & mask))
			begin |= all & mask;
	}
	return begin;
}

static void raise_vectors(struct fw_socket *h)
{
	for (unsigned int i = 0; i < INTR_WORDS; i++) {
		uint32_t bits = h->raise[i];

		h->raise[i] = 0;
		if (bits)
			card_fw_csr_write(h->base.card, CSR_INTR_SET + i, bits);
	}
}

static void look_at(struct fw_socket *h, unsigned int d)
{
	h->look.desc = d;
	h->look.high = h->look.stale = false;
	fsc_read(&h->conn, addr_of(2 * d));
}

static void look_on(struct fw_socket *h)
{
	for (;;) {
		while (h->look.todo) {
			unsigned int d = (unsigned int)__builtin_ctz(h->look.todo);

			h->look.todo &= h->look.todo - 1;
			if (pending(h, d)) {
				look_at(h, d);
				return;
			}
		}
		raise_vectors(h);
		h->look.on = h->look.again;
		if (!h->look.on)
			return;
		h->look.again = false;
		memcpy(h->raise, h->next, sizeof(h->raise));
		memset(h->next, 0, sizeof(h->next));
		h->look.todo = where_to_begin(h);
	}
}

static void done(struct fw_socket *h, uint32_t hi)
{
	unsigned int d = h->look.desc, next = next_desc(d);

	h->told[2 * d] = h->look.lo;
	h->told[2 * d + 1] = hi;
	card_fw_write(h->base.card, MBX_WORD + 2 * d + 1, hi);	/* the host reads low, then high */
	card_fw_write(h->base.card, MBX_WORD + 2 * d, h->look.lo);
	fw_home_tell(&h->base, TRACE_EVENT, "%s%u is done: 0x%08x%08x", d < DESCS ? "rx" : "tx", d % DESCS, hi,
		     h->look.lo);
	h->look.todo &= ~(1u << next);
	if (pending(h, next))
		look_at(h, next);
	else
		look_on(h);
}

static void conn_completed(void *ctx, uint32_t addr, uint32_t val)
{
	struct fw_socket *h = ctx;

	if (!h->look.on || addr != addr_of(2 * h->look.desc + h->look.high))
		return;
	if (h->look.stale || (!h->look.high && !(val & D_FW))) {
		look_on(h);
	} else if (h->look.high) {
		done(h, val);
	} else {
		h->look.lo = val;
		h->look.high = true;
		fsc_read(&h->conn, addr_of(2 * h->look.desc + 1));
	}
}

/* ---- what the program does to the card ---- */

static void interrupt(struct fw_socket *h, unsigned int i, uint32_t bits)
{
	h->interrupts++;
	if (h->look.on) {	/* it may already be past what this is about */
		h->next[i] |= bits;
		h->look.again = true;
		return;
	}
	h->raise[i] |= bits;
	h->look.on = true;
	h->look.todo = where_to_begin(h);
	look_on(h);
}

static void conn_bar_write(void *ctx, uint32_t addr, uint32_t val)
{
	struct fw_socket *h = ctx;
	uint32_t csr = addr / 4;

	if (csr - CSR_INTR_SET < INTR_WORDS) {
		interrupt(h, csr - CSR_INTR_SET, val);
		return;
	}
	fw_home_tell(&h->base, TRACE_EVENT, "writes register 0x%05x = 0x%08x", csr, val);
	card_fw_csr_write(h->base.card, csr, val);
}

static uint32_t conn_bar_read(void *ctx, uint32_t addr)
{
	return card_csr_peek(((struct fw_socket *)ctx)->base.card, addr / 4);
}

static void conn_tell(void *ctx, bool refused, const char *line)
{
	fw_home_say(ctx, refused, "%s", line);
}

/* ---- somebody new ---- */

/* Where the host is in a ring: as our own firmware finds it after a restart */
static unsigned int find_head(struct fw_socket *h, unsigned int ring)
{
	unsigned int first = ring * DESCS, tail = 0, d;

	while (tail < DESCS && word(h, 2 * (first + tail)) & (D_HOST | D_FW))
		tail++;
	if (tail == DESCS)
		return 0;
	for (unsigned int n = 1; n < DESCS; n++) {
		d = (tail + n) % DESCS;
		if (pending(h, first + d))
			return d;
	}
	return tail;
}

static bool ring_used(struct fw_socket *h, unsigned int ring)
{
	uint32_t any = 0;

	for (unsigned int w = 0; w < 2 * DESCS; w++)
		any |= word(h, 2 * ring * DESCS + w);
	return any;
}

/* Its head goes to where the host is, then it gets the words from there on */
static void replay_ring(struct fw_socket *h, unsigned int ring)
{
	unsigned int head = find_head(h, ring), first = ring * DESCS;

	for (unsigned int i = 0; i < head; i++)
		tell_word(h, 2 * (first + i), D_HOST | D_FW);
	for (unsigned int i = 0; i < DESCS; i++) {
		unsigned int w = 2 * (first + (head + i) % DESCS);

		if (word(h, w + 1))
			tell_word(h, w + 1, word(h, w + 1));
		tell_word(h, w, word(h, w));
	}
}

static void conn_open(void *ctx)
{
	struct fw_socket *h = ctx;

	h->changed = true;
	sync_memory(h);
	for (unsigned int ring = 0; ring < 2; ring++)	/* Rx first: what is in Tx is answered at once */
		if (ring_used(h, ring))
			replay_ring(h, ring);
	fw_home_restarted(&h->base);
}

static void conn_closed(void *ctx)
{
	struct fw_socket *h = ctx;

	memset(h->told, 0, sizeof(h->told));
	memset(h->raise, 0, sizeof(h->raise));
	memset(h->next, 0, sizeof(h->next));
	memset(&h->look, 0, sizeof(h->look));
	h->lent = false;
}

static const struct fsc_ops conn_ops = {
	.open = conn_open, .closed = conn_closed, .bar_write = conn_bar_write, .bar_read = conn_bar_read,
	.completed = conn_completed, .pieces = memory_pieces, .tell = conn_tell,
};

/* ---- what the card gets ---- */

static void card_mbx_written(void *ctx, unsigned int w)
{
	struct fw_socket *h = ctx;

	if (w - MBX_WORD >= WORDS || !fsc_connected(&h->conn))
		return;
	w -= MBX_WORD;
	if (w / 2 == h->look.desc)
		h->look.stale = true;
	sync_memory(h);
	tell_word(h, w, word(h, w));
}

static void card_was_reset(void *ctx)
{
	struct fw_socket *h = ctx;

	fsc_drop_writes(&h->conn);
	h->look.stale = true;
	h->look.again = false;
	h->look.todo = 0;
	memset(h->raise, 0, sizeof(h->raise));
	memset(h->next, 0, sizeof(h->next));
	for (unsigned int w = 0; w < WORDS && fsc_connected(&h->conn); w++)
		if (h->told[w])
			tell_word(h, w, 0);
}

static void card_link_changed(void *ctx, bool up)
{
	fw_home_link(ctx, 0, up);
}

static void card_dma_changed(void *ctx)
{
	on_timer(ctx);
}

static const struct card_fw_ops card_ops = {
	.mbx_written = card_mbx_written,
	.reset = card_was_reset,
	.link = card_link_changed,
	.dma = card_dma_changed,
};

/* ---- what others ask ---- */

static enum fw_phase socket_phase(const struct fw_home *h)
{
	return fsc_connected(&((const struct fw_socket *)h)->conn) ? FW_READY : FW_OFF;
}

/* It does not tell */
static bool socket_host_owns(const struct fw_home *h, unsigned int host)
{
	(void)host;		/* there is one */
	(void)h;
	return false;
}

/* The end of the connection is the end of its power */
static void socket_power(struct fw_home *h)
{
	fsc_restart(&((struct fw_socket *)h)->conn);
}

static void socket_counters(const struct fw_home *base, void (*fn)(void *arg, const char *name, uint64_t val),
			    void *arg)
{
	const struct fw_socket *h = (const struct fw_socket *)base;
	char name[64];

	for (unsigned int i = 0; i < FSC_COUNT; i++) {
		snprintf(name, sizeof(name), "fw_socket_%s", fsc_counter_names[i]);
		fn(arg, name, h->conn.counter[i]);
	}
	fn(arg, "fw_socket_interrupts", h->interrupts);
	for (unsigned int i = 0; i < FSR_COUNT; i++) {
		snprintf(name, sizeof(name), "fw_socket_refused_%s", fsm_refusal_names[i]);
		fn(arg, name, h->conn.refused[i]);
	}
}

static void socket_free(struct fw_home *base)
{
	struct fw_socket *h = (struct fw_socket *)base;

	fsc_stop(&h->conn);
	loop_timer_set(h->cfg.loop, &h->timer, TIMER_OFF);
	fw_home_detach(base);
	free(h);
}

static const struct fw_home_ops ops = {
	.free = socket_free, .phase = socket_phase, .host_owns = socket_host_owns, .power = socket_power,
	.counters = socket_counters,
};

/* ---- life ---- */

struct fw_home *fw_socket_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg,
			      const struct fw_socket_config *sock)
{
	struct fw_socket *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return NULL;
	fw_home_init(&h->base, &ops, c, env, cfg);
	h->cfg = *sock;
	h->timer = (struct loop_timer){ .cb = on_timer, .arg = h };
	h->conn = (struct fsc){ .ops = &conn_ops, .ctx = h, .loop = sock->loop, .path = sock->path,
				.limit = CARD_BAR0_SIZE };
	err = fsc_start(&h->conn);
	if (err) {
		free(h);
		errno = -err;
		return NULL;
	}
	card_attach_fw(c, &card_ops, h);
	return &h->base;
}
