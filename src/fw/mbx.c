// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mailbox: two rings of 16 descriptors in BAR4 (contract 07 sections 1-4).
 *
 * A descriptor is two words, low and high.  HOST_CMPL says that the host is
 * done with it, FW_CMPL that we are.  The host owns no register here: the
 * words are memory, and we are told of each write.
 *
 *   neither		the end: we wait here
 *   HOST_CMPL		ours: Rx, a free page; Tx, a message
 *   both		done, or a skip: we step over it
 *
 * We keep a head for each ring and follow it.  The driver does not know our
 * heads: it makes the ring descriptor 0 = empty, 15..1 = skip, which walks us
 * to 0 from wherever we are.  The driver reads that we have noticed from vector
 * 0, so each write of a Tx low word raises it, message or not.
 *
 * Tx: messages are read (once, into h->in), handled and completed in ring
 * order.  The driver may free the page as soon as it sees FW_CMPL.  One that
 * can't be read is completed with FW_ERR as well, upon which the driver
 * repeats a capability request.
 *
 * Rx: messages wait in a FIFO until there is a page and DMA is on, and go out
 * in the order in which they were made; each write of an Rx low word tries
 * again.  Logs are not in the FIFO: they are built when there is room for them.
 * The last who touches a message is garble.c, if it was asked to.
 *
 * The host writes a skip descriptor only when it takes its rings away.  In the
 * Rx ring that means that it is gone (or just arrives): what waits for it is
 * thrown away, and we don't speak until spoken to.
 *
 * Each host has its mailbox, and nothing in here is shared between them but the
 * firmware's time: what a write by one host makes us do ends after a turn of its
 * own two rings, and how many writes it gets in before the others is its home's
 * to say.
 *
 * A home far away hears of writes only afterwards (fw_rings_written()), and the
 * host runs while we do.  So nothing is completed without a look at whether the
 * descriptor still is what we read (env.mbx_swap), and when the host has taken
 * its rings away we find our heads from the words, as after a restart: the
 * steps of that walk may be gone.
 *
 * Nothing here loops longer than a turn of the ring, and no length or address
 * from the host is used before it was checked.
 */
#include "descs.h"
#include "err.h"
#include "fw_core.h"
#include "mem.h"

/* Fields of a descriptor (descs.def), in its low and its high word */
#define D_HOST		((uint32_t)D_BIT(MBX_DESC_HOST_CMPL))
#define D_FW		((uint32_t)D_BIT(MBX_DESC_FW_CMPL))
#define D_ERR		((uint32_t)D_BIT(MBX_DESC_FW_ERR))
#define D_ADDR_LO	((uint32_t)D_MASK(MBX_DESC_ADDR))
#define D_ADDR_HI	((uint32_t)(D_MASK(MBX_DESC_ADDR) >> 32))
#define D_EOM		((uint32_t)(D_BIT(MBX_DESC_EOM) >> 32))
#define D_LEN_SHIFT	(D_MBX_DESC_LEN_LO - 32)

struct desc {
	uint32_t	lo, hi;
};

static unsigned int desc_word(unsigned int ring, unsigned int d)
{
	return MBX_WORD + (ring * MBX_DESCS + d) * 2;
}

static uint32_t lo_read(struct fw_host *h, unsigned int ring, unsigned int d)
{
	return h->fw->env.mbx_read(h->ctx, desc_word(ring, d));
}

static struct desc desc_read(struct fw_host *h, unsigned int ring, unsigned int d)
{
	struct desc v = { .lo = lo_read(h, ring, d) };

	v.hi = h->fw->env.mbx_read(h->ctx, desc_word(ring, d) + 1);
	return v;
}

/* False: the descriptor is not what it was when we read @old; the host has taken the ring away */
static bool lo_swap(struct fw_host *h, unsigned int ring, unsigned int d, uint32_t old, uint32_t val)
{
	if (h->fw->env.mbx_swap)
		return h->fw->env.mbx_swap(h->ctx, desc_word(ring, d), old, val);
	if (lo_read(h, ring, d) != old)
		return false;
	h->fw->env.mbx_write(h->ctx, desc_word(ring, d), val);
	return true;
}

/*
 * The host reads low, then high: high first.  That it may stay behind in a
 * ring that was taken away does not matter: the host writes it again with low.
 */
static bool desc_swap(struct fw_host *h, unsigned int ring, unsigned int d, uint32_t old, struct desc v)
{
	if (lo_read(h, ring, d) != old)
		return false;
	h->fw->env.mbx_write(h->ctx, desc_word(ring, d) + 1, v.hi);
	return lo_swap(h, ring, d, old, v.lo);
}

static uint64_t desc_addr(struct desc v)
{
	return (uint64_t)(v.hi & D_ADDR_HI) << 32 | (v.lo & D_ADDR_LO);
}

static size_t desc_len(struct desc v)
{
	return v.hi >> D_LEN_SHIFT;
}

static void advance(struct fw_host *h, unsigned int ring)
{
	h->head[ring] = (h->head[ring] + 1) % MBX_DESCS;
}

/* ---- from the host ---- */

static void handle(struct fw_host *h, size_t len, struct fw_event *ev)
{
	struct fw_in in;
	int err = msg_parse(&in, (const uint8_t *)h->in, len, MSG_TO_FW);

	if (err != -FW_EBADMSG)
		ev->msg = tlv_hdr_get((const uint8_t *)h->in).id;
	ev->err = err;
	if (in.def)
		ev->name = in.def->name;
	dump_note(h, ev->msg, len, MSG_TO_FW, err);

	if (err == -FW_EBADMSG) {
		host_refuse(h, FWR_MSG_HEADER, ev);
		return;
	}
	if (err) {
		host_refuse(h, in.def ? FWR_MSG_ATTR : FWR_MSG_UNKNOWN, ev);
		return;
	}

	h->host_here = true;
	h->counter[FWC_MSG_IN]++;
	ev->kind = FW_EV_IN;
	host_event(h, ev);
	if (fault_strikes(h->fw, FW_FAULT_SILENT))
		return;

	err = in.def->handle(h, &in);
	if (err) {
		ev->err = err;
		host_refuse(h, FWR_MSG_REFUSED, ev);
	}
}

/* Reads the message of a descriptor into h->in; 0, or why not */
static int fetch(struct fw_host *h, struct desc v, struct fw_event *ev)
{
	int why = -1;

	if (!h->fw->env.dma_ready(h->ctx, false))
		why = FWR_TX_GATED;
	else if (desc_len(v) < TLV_HDR || desc_len(v) > sizeof(h->in))
		why = FWR_TX_LEN;
	else if (!(v.hi & D_EOM))
		why = FWR_TX_EOM;
	else if (h->fw->env.dma_read(h->ctx, desc_addr(v), h->in, desc_len(v)))
		why = FWR_TX_FAULT;
	if (why < 0)
		return 0;
	host_refuse(h, (enum fw_refusal)why, ev);
	return -FW_EIO;
}

static void tx_one(struct fw_host *h)
{
	unsigned int d = h->head[RING_TX];
	struct desc v = desc_read(h, RING_TX, d);
	struct fw_event ev = { .ring = RING_TX, .desc = d, .len = (unsigned int)desc_len(v) };
	uint32_t done = D_FW;

	if (fetch(h, v, &ev) || garble_in(h))
		done |= D_ERR;
	else
		handle(h, desc_len(v), &ev);

	/* The host may have taken the ring away while we were reading */
	if (!lo_swap(h, RING_TX, d, v.lo, (v.lo & ~D_ERR) | done)) {
		host_refuse(h, FWR_TX_TAKEN, &ev);
		return;
	}
	advance(h, RING_TX);
}

static void tx_run(struct fw_host *h)
{
	for (unsigned int n = 0; n < MBX_DESCS; n++) {
		uint32_t lo = lo_read(h, RING_TX, h->head[RING_TX]);

		if (!(lo & D_HOST))
			break;
		if (lo & D_FW)
			advance(h, RING_TX);
		else
			tx_one(h);
		mbx_flush(h);
	}
	h->want_irq = true;
}

/* ---- to the host ---- */

static unsigned int fifo_used(const struct fw_host *h)
{
	return h->fifo_tail - h->fifo_head;
}

static void fifo_put(struct fw_host *h, uint32_t v)
{
	h->fifo[h->fifo_tail++ % FIFO_WORDS] = v;
}

static uint32_t fifo_get(struct fw_host *h)
{
	return h->fifo[h->fifo_head++ % FIFO_WORDS];
}

/* Queues a message of @len bytes (a multiple of 4) for the host */
void mbx_send(struct fw_host *h, const void *msg, size_t len)
{
	const uint8_t *p = msg;

	if (FIFO_WORDS - fifo_used(h) < 1 + len / 4) {
		struct fw_event ev = { .ring = RING_RX, .msg = tlv_hdr_get(p).id, .len = (unsigned int)len };

		host_refuse(h, FWR_RX_FULL, &ev);
		return;
	}
	h->fifo_new++;
	fifo_put(h, (uint32_t)len);
	for (size_t i = 0; i < len; i += 4) {
		uint32_t v;

		memcpy(&v, p + i, sizeof(v));
		fifo_put(h, v);
	}
}

/* The next message for the host into h->page; its length, 0: there is none */
static size_t rx_next(struct fw_host *h, uint64_t *log_sent)
{
	int len;

	*log_sent = h->log_sent;
	if (fifo_used(h)) {
		len = (int)fifo_get(h);
		for (int i = 0; i < len; i += 4)
			h->page[i / 4] = fifo_get(h);
		return (size_t)len;
	}
	if (!h->host_here || !log_pending(h))
		return 0;
	len = log_build(h, h->page, sizeof(h->page), log_sent);
	return len > 0 ? (size_t)len : 0;
}

static bool rx_waiting(const struct fw_host *h)
{
	return fifo_used(h) || (h->host_here && log_pending(h));
}

/* Puts the next message into the page @v of descriptor @d */
static void rx_one(struct fw_host *h, unsigned int d, struct desc v)
{
	uint64_t log_sent;
	size_t len = rx_next(h, &log_sent);
	struct fw_event ev = { .kind = FW_EV_OUT, .ring = RING_RX, .desc = d };
	struct desc done = { .lo = (v.lo & D_ADDR_LO) | D_HOST | D_FW, .hi = v.hi & D_ADDR_HI };
	int why = -1;
	bool sent;

	if (!len)
		return;
	ev.msg = tlv_hdr_get((const uint8_t *)h->page).id;
	if (msg_find(ev.msg, MSG_TO_HOST))
		ev.name = msg_find(ev.msg, MSG_TO_HOST)->name;
	len = garble_out(h, len);
	ev.len = (unsigned int)len;

	if (len > desc_len(v))
		why = FWR_RX_SHORT;
	else if (len && h->fw->env.dma_write(h->ctx, desc_addr(v), h->page, len))
		why = FWR_RX_FAULT;
	h->log_sent = log_sent;

	sent = why < 0 && len;
	if (sent)
		done.hi |= D_EOM | (uint32_t)len << D_LEN_SHIFT;
	else
		done.lo |= D_ERR;
	if (!desc_swap(h, RING_RX, d, v.lo, done)) {
		host_refuse(h, FWR_TX_TAKEN, &ev);
		return;
	}
	if (why >= 0) {
		host_refuse(h, (enum fw_refusal)why, &ev);
	} else if (sent) {
		h->counter[FWC_MSG_OUT]++;
		host_event(h, &ev);
	}
	dump_note(h, ev.msg, len, MSG_TO_HOST, sent ? 0 : -FW_EIO);
	advance(h, RING_RX);
	h->want_irq = true;
}

/* Steps over what is done, then fills pages as long as there are pages and messages */
static void rx_run(struct fw_host *h)
{
	unsigned int n;

	for (n = 0; n < MBX_DESCS; n++) {
		if (~lo_read(h, RING_RX, h->head[RING_RX]) & (D_HOST | D_FW))
			break;
		advance(h, RING_RX);
	}
	for (n = 0; n < MBX_DESCS && rx_waiting(h); n++) {
		struct desc v = desc_read(h, RING_RX, h->head[RING_RX]);

		if ((v.lo & (D_HOST | D_FW)) != D_HOST || !h->fw->env.dma_ready(h->ctx, true))
			break;
		rx_one(h, h->head[RING_RX], v);
	}
}

/* ---- events ---- */

void mbx_flush(struct fw_host *h)
{
	if (!h->gone)
		rx_run(h);
	if (fifo_used(h))
		h->counter[FWC_QUEUED] += h->fifo_new;
	h->fifo_new = 0;
}

void mbx_flush_all(struct fw *fw)
{
	EACH_HOST(fw, h)
		mbx_flush(h);
}

static void drain(struct fw_host *h)
{
	/* A host that writes from within our DMA gets another turn, but not our life */
	for (unsigned int n = 0; n < MBX_DESCS && (h->gone || h->again[RING_RX] || h->again[RING_TX]); n++) {
		if (h->gone) {
			h->gone = false;
			h->fifo_head = h->fifo_tail;
			fw_host_gone(h);
			if (h->lost)
				mbx_find_heads(h);
			h->lost = false;
		}
		if (h->again[RING_RX]) {
			h->again[RING_RX] = false;
			rx_run(h);
		}
		if (h->again[RING_TX]) {
			h->again[RING_TX] = false;
			tx_run(h);
		}
	}
}

/* What another host's doing made us send goes out, and the host is told */
static void finish(struct fw_host *h)
{
	if (h->fifo_new)
		mbx_flush(h);
	if (h->want_irq) {
		h->want_irq = false;
		h->fw->env.irq(h->ctx);
	}
}

void fw_mbx_written(struct fw *fw, unsigned int host, unsigned int word)
{
	struct fw_host *h = &fw->host[host];
	unsigned int ring = (word - MBX_WORD) / (MBX_DESCS * 2);
	uint32_t lo;

	if (word < MBX_WORD || word >= MBX_WORD + MBX_WORDS || word % 2)
		return;

	if (fw->phase != FW_READY) {
		h->missed = true;
		return;
	}
	lo = h->fw->env.mbx_read(h->ctx, word);
	if (ring == RING_RX && lo == (D_HOST | D_FW))
		h->gone = true;
	h->again[ring] = true;
	if (mbx_enter(fw))
		mbx_leave(fw);
}

void fw_rings_written(struct fw *fw, unsigned int host, bool rx, bool tx, bool taken)
{
	struct fw_host *h = &fw->host[host];

	if (fw->phase != FW_READY) {
		h->missed = true;
		return;
	}
	h->gone |= taken;
	h->lost |= taken;
	h->again[RING_RX] |= rx;
	h->again[RING_TX] |= tx;
	if (mbx_enter(fw))
		mbx_leave(fw);
}

/* False: the firmware is at work further up the stack and will see to it */
bool mbx_enter(struct fw *fw)
{
	if (fw->busy)
		return false;
	fw->busy = true;
	return true;
}

void mbx_leave(struct fw *fw)
{
	if (fw->phase == FW_READY) {
		EACH_HOST(fw, h)
			drain(h);
		EACH_HOST(fw, h)
			finish(h);
	}
	fw->busy = false;
}

/*
 * Where we would stand had we been there all the time.  The host keeps exactly
 * one descriptor empty, the one it fills next; behind it come what is done, then
 * what is ours.  A ring without an empty one, or with nothing else, is none that
 * a driver has: 0.
 */
void mbx_find_heads(struct fw_host *h)
{
	for (unsigned int ring = 0; ring < 2; ring++) {
		unsigned int tail = 0, n;

		while (tail < MBX_DESCS && lo_read(h, ring, tail) & (D_HOST | D_FW))
			tail++;
		h->head[ring] = tail % MBX_DESCS;
		for (n = 1; tail < MBX_DESCS && n < MBX_DESCS; n++) {
			uint32_t lo = lo_read(h, ring, (tail + n) % MBX_DESCS);

			if ((lo & (D_HOST | D_FW)) == D_HOST) {
				h->head[ring] = (tail + n) % MBX_DESCS;
				break;
			}
		}
	}
}

bool mbx_in_use(struct fw_host *h)
{
	uint32_t any = 0;

	for (unsigned int d = 0; d < MBX_DESCS; d++)
		any |= lo_read(h, RING_TX, d);
	return any;
}

void mbx_wake(struct fw_host *h)
{
	h->again[RING_RX] = true;
	h->again[RING_TX] = true;
}

void mbx_reset(struct fw_host *h)
{
	h->head[RING_RX] = 0;
	h->head[RING_TX] = 0;
	h->again[RING_RX] = false;
	h->again[RING_TX] = false;
	h->gone = false;
	h->lost = false;
	h->host_here = false;
	h->want_irq = false;
	h->fifo_new = 0;
	h->fifo_head = h->fifo_tail;
}
