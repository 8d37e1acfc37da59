/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layer that all wires share, between the card's port and a backend.
 *
 * Towards the cable: port_tx() takes out pause frames if the backend has no
 * link partner that would understand them, hands the rest to the backend,
 * counts and captures what it took.  Towards the card: wire_rx() counts and
 * captures what the card took.
 *
 * Back-pressure towards the card.  A backend that takes less than offered
 * (socket full, other card full) calls wire_ready() when it can go on; until
 * then the card keeps its frames, as a MAC does that has been paused.  A cable
 * is not patient for ever, though: when nothing was taken for STALL_NS (a
 * QEMU that is stopped, a peer that never reads) the rest is dropped and
 * counted, or the guest's transmit watchdog would fire.  This ends with the
 * first frame that is taken again.
 *
 * Pause (802.3x).  "user" and "tap" end in software that ignores MAC control
 * frames, and a real switch would not forward them either: they are meant for
 * the MAC at the other end of the cable.  We are that MAC.  A pause frame of
 * the card stops delivery to the card for quanta * 512 bit times at 100 Gb/s;
 * quanta 0 ends a pause.  The other wires lead to another network card, which
 * gets the frame as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire_int.h"

#define STALL_NS	(2 * NS_PER_S)	/* well below the 5 s of a Linux guest's watchdog */
#define QUANTUM_PS	5120u		/* 512 bit times at 100 Gb/s */

static const struct wire_kind *const kinds[] = {
	&wire_user, &wire_tap, &wire_pair, &wire_stream, &wire_dgram, &wire_none,
};

/* ---- towards the cable ---- */

static void stall_expired(void *arg)
{
	struct wire *w = arg;

	w->stalled = true;
	wire_trace(w, "the other end takes no frames: dropping");
	w->blocked = false;
	w->end.ready(w->end.ctx);
}

void wire_ready(struct wire *w)
{
	if (!w->blocked)
		return;
	w->blocked = false;
	loop_timer_set(w->loop, &w->stall_timer, TIMER_OFF);
	w->end.ready(w->end.ctx);
}

/* The backend took @k of @n frames: returns how many we say we took */
static unsigned int tx_taken(struct wire *w, unsigned int k, unsigned int n)
{
	if (k && w->stalled) {
		w->stalled = false;
		wire_trace(w, "the other end takes frames again");
	}
	if (k == n)
		return n;
	if (w->stalled) {
		w->st.tx_stalled += n - k;
		return n;
	}
	if (k || !w->blocked)
		loop_timer_set(w->loop, &w->stall_timer, loop_now(w->loop) + STALL_NS);
	if (!w->blocked)
		w->st.tx_blocked++;
	w->blocked = true;
	return k;
}

static unsigned int tx_run(struct wire *w, const struct frame *f, unsigned int n)
{
	unsigned int took = tx_taken(w, w->kind->tx(w, f, n), n);

	w->st.tx_frames += took;
	for (unsigned int i = 0; i < took; i++)
		w->st.tx_bytes += f[i].len;
	if (w->cap)
		capture_frames(w->cap, f, took, &w->st.capture_lost);
	return took;
}

static void pause_over(void *arg)
{
	struct wire *w = arg;

	w->paused = false;
	if (w->kind->rx_ready)
		w->kind->rx_ready(w);
}

static void pause_set(struct wire *w, uint16_t quanta)
{
	w->st.pauses++;
	w->paused = quanta != 0;
	/* Also for 0 over the timer: this is a call from the card, which we may not call back */
	loop_timer_set(w->loop, &w->pause_timer,
		       loop_now(w->loop) + (uint64_t)quanta * QUANTUM_PS / 1000);
}

static void tx_pause(struct wire *w, const struct frame *f, uint16_t quanta)
{
	pause_set(w, quanta);
	w->st.tx_frames++;
	w->st.tx_bytes += f->len;
	if (w->cap)
		capture_frames(w->cap, f, 1, &w->st.capture_lost);
}

static unsigned int port_tx(void *ctx, const struct frame *f, unsigned int n)
{
	struct wire *w = ctx;
	unsigned int done = 0, run, k;
	uint16_t quanta = 0;

	if (!w->kind->partner)
		return tx_run(w, f, n);

	while (done < n) {
		for (run = 0; done + run < n; run++) {
			if (frame_is_pause(&f[done + run], &quanta))
				break;
		}
		if (run) {
			k = tx_run(w, &f[done], run);
			done += k;
			if (k < run)
				break;
		}
		if (done < n)
			tx_pause(w, &f[done++], quanta);
	}
	return done;
}

/* ---- towards the card ---- */

unsigned int wire_rx(struct wire *w, const struct frame *f, unsigned int n)
{
	unsigned int took;

	if (w->paused)
		return 0;

	took = w->end.rx(w->end.ctx, f, n, false);
	w->st.rx_frames += took;
	for (unsigned int i = 0; i < took; i++)
		w->st.rx_bytes += f[i].len;
	if (w->cap)
		capture_frames(w->cap, f, took, &w->st.capture_lost);
	if (took < n)
		w->st.rx_blocked++;
	return took;
}

/* From within the card, which does not want frames in the middle of its own work: a little later */
static void port_rx_ready(void *ctx)
{
	struct wire *w = ctx;

	if (w->kind->rx_ready && !w->kick.next)
		loop_timer_set(w->loop, &w->kick, TIMER_NOW);
}

static void kicked(void *arg)
{
	struct wire *w = arg;

	if (!w->paused)
		w->kind->rx_ready(w);
}

void batch_add(struct wire_batch *b, const void *buf, size_t len, bool pad)
{
	static const uint8_t zeros[WIRE_MIN_FRAME];
	struct span *s = b->s[b->n];
	struct frame *f = &b->f[b->n++];

	f->span = s;
	f->nspans = 1;
	f->flags = 0;
	f->when = 0;
	f->len = (uint32_t)len;
	s[0].base = buf;
	s[0].len = len;
	if (pad && len < WIRE_MIN_FRAME) {
		s[1].base = zeros;
		s[1].len = WIRE_MIN_FRAME - len;
		f->len = WIRE_MIN_FRAME;
		f->nspans = 2;
	}
}

bool batch_deliver(struct wire *w, struct wire_batch *b)
{
	if (!batch_empty(b))
		b->head += wire_rx(w, &b->f[b->head], b->n - b->head);
	if (!batch_empty(b))
		return false;
	b->head = b->n = 0;
	return true;
}

/* ---- none ---- */

static unsigned int none_tx(struct wire *w, const struct frame *f, unsigned int n)
{
	(void)f;
	w->st.tx_no_peer += n;
	return n;
}

const struct wire_kind wire_none = {
	.name = "none",
	.size = sizeof(struct wire),
	.tx = none_tx,
};

/* ---- the spec ---- */

int wire_fail(char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

const char *args_get(const struct wire_args *a, const char *key)
{
	for (unsigned int i = 0; i < a->nopts; i++) {
		if (!strcmp(a->opt[i].key, key))
			return a->opt[i].val;
	}
	return NULL;
}

int args_bool(const struct wire_args *a, const char *key, bool *val, char *err, size_t errlen)
{
	const char *s = args_get(a, key);

	if (!s)
		return 0;
	if (!strcmp(s, "on") || !strcmp(s, "yes"))
		*val = true;
	else if (!strcmp(s, "off") || !strcmp(s, "no"))
		*val = false;
	else
		return wire_fail(err, errlen, "%s=%s: must be on or off", key, s);
	return 0;
}

int args_uint(const struct wire_args *a, const char *key, unsigned int min, unsigned int max,
	      unsigned int *val, char *err, size_t errlen)
{
	const char *s = args_get(a, key);
	unsigned long v;
	char *end;

	if (!s)
		return 0;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || v < min || v > max)
		return wire_fail(err, errlen, "%s=%s: must be a number from %u to %u", key, s, min, max);
	*val = (unsigned int)v;
	return 0;
}

static bool opt_known(const struct wire_kind *k, const char *key)
{
	if (!strcmp(key, "pcap"))
		return true;
	for (const char *const *o = k->opts; o && *o; o++) {
		if (!strcmp(*o, key))
			return true;
	}
	return false;
}

static int parse_opts(const struct wire_kind *k, char *s, struct wire_args *a, char *err, size_t errlen)
{
	char *next, *val;

	for (; s; s = next) {
		next = strchr(s, ';');
		if (next)
			*next++ = '\0';
		if (!*s)
			continue;
		val = strchr(s, '=');
		if (val)
			*val++ = '\0';
		if (!opt_known(k, s))
			return wire_fail(err, errlen, "a %s wire has no option '%s'", k->name, s);
		if (!val || !*val)
			return wire_fail(err, errlen, "option %s needs a value: %s=...", s, s);
		if (a->nopts == ARRAY_SIZE(a->opt))
			return wire_fail(err, errlen, "more than %zu options", ARRAY_SIZE(a->opt));
		a->opt[a->nopts].key = s;
		a->opt[a->nopts++].val = val;
	}
	return 0;
}

/* Cuts @s, which is ours, into pieces */
static const struct wire_kind *parse_spec(char *s, struct wire_args *a, char *err, size_t errlen)
{
	size_t klen = strcspn(s, ":;");
	const struct wire_kind *k = NULL;
	char *opts;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i]->name) == klen && !strncmp(s, kinds[i]->name, klen))
			k = kinds[i];
	}
	if (!k) {
		wire_fail(err, errlen, "'%.*s' is not a kind of wire; there are user, tap:NAME, pair:NAME, "
			  "stream:ADDRESS, dgram:local=ADDRESS;remote=ADDRESS and none", (int)klen, s);
		return NULL;
	}

	s += klen;
	a->arg = "";
	if (*s == ':' && k->arg_is_opts) {
		opts = s + 1;
	} else {
		if (*s == ':')
			a->arg = ++s;
		opts = strchr(s, ';');
		if (opts)
			*opts++ = '\0';
	}
	return parse_opts(k, opts, a, err, errlen) ? NULL : k;
}

/* ---- open and close ---- */

static const struct port_ops wire_ops = {
	.tx = port_tx,
	.rx_ready = port_rx_ready,
};

static int wire_start(struct wire *w, const struct wire_args *a, char *err, size_t errlen)
{
	const char *file = args_get(a, "pcap");
	int ret;

	/* The file first: what it refuses must not have disturbed a peer */
	if (file) {
		ret = capture_open(&w->cap, file, w->loop, err, errlen);
		if (ret)
			return ret;
	}
	if (w->kind->open) {
		ret = w->kind->open(w, a, err, errlen);
		if (ret)
			return ret;
	}
	if (w->cap)
		w->lso = PORT_LSO_CUT;	/* so that the capture shows what a wire carries */
	return 0;
}

struct wire *wire_open(const char *spec, const struct wire_end *end, struct wire_loop *loop,
		       char *err, size_t errlen)
{
	struct wire_args args = { 0 };
	const struct wire_kind *k;
	struct wire *w = NULL;
	char *copy = strdup(spec);

	wire_fail(err, errlen, "out of memory");
	k = copy ? parse_spec(copy, &args, err, errlen) : NULL;
	if (!k)
		goto out_fail;

	w = calloc(1, k->size);
	if (!w)
		goto out_fail;
	w->kind = k;
	w->lso = k->lso;
	w->end = *end;
	w->loop = loop;
	w->kick = (struct loop_timer){ .cb = kicked, .arg = w };
	w->pause_timer = (struct loop_timer){ .cb = pause_over, .arg = w };
	w->stall_timer = (struct loop_timer){ .cb = stall_expired, .arg = w };
	w->spec = strdup(spec);
	if (!w->spec || wire_start(w, &args, err, errlen))
		goto out_fail;

	free(copy);
	return w;

out_fail:
	wire_close(w);
	free(copy);
	return NULL;
}

void wire_close(struct wire *w)
{
	if (!w)
		return;
	loop_timer_set(w->loop, &w->kick, TIMER_OFF);
	loop_timer_set(w->loop, &w->pause_timer, TIMER_OFF);
	loop_timer_set(w->loop, &w->stall_timer, TIMER_OFF);
	if (w->kind->close)
		w->kind->close(w);
	capture_close(w->cap);
	free(w->spec);
	free(w);
}

void wire_port(struct wire *w, const struct port_ops **ops, void **ctx, enum port_lso *lso)
{
	*ops = &wire_ops;
	*ctx = w;
	*lso = w->lso;
}

/* ---- looking at it ---- */

const char *wire_spec(const struct wire *w)
{
	return w->spec;
}

void wire_trace(struct wire *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->end.trace)
		return;
	va_start(ap, fmt);
	w->end.trace(w->end.ctx, fmt, ap);
	va_end(ap);
}

const struct wire_stats *wire_stats(const struct wire *w)
{
	return &w->st;
}

void wire_counters(const struct wire *w, void (*fn)(void *arg, const char *name, uint64_t val),
		   void *arg)
{
#define STAT(n)	{ #n, offsetof(struct wire_stats, n) }
	static const struct { const char *name; size_t off; } stats[] = {
		STAT(tx_frames), STAT(tx_bytes), STAT(tx_no_peer), STAT(tx_stalled),
		STAT(tx_errors), STAT(tx_blocked), STAT(rx_frames), STAT(rx_bytes),
		STAT(rx_full), STAT(rx_giant), STAT(rx_errors), STAT(rx_blocked),
		STAT(pauses), STAT(connects), STAT(disconnects), STAT(capture_lost),
	};
#undef STAT

	_Static_assert(ARRAY_SIZE(stats) * sizeof(uint64_t) == sizeof(struct wire_stats),
		       "a counter without a name");
	for (size_t i = 0; i < ARRAY_SIZE(stats); i++)
		fn(arg, stats[i].name, *(const uint64_t *)((const char *)&w->st + stats[i].off));
}
