/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: guest memory
 *
 * DMA_MAP and DMA_UNMAP fill the table of mem.c.  For windows that came without
 * a file the server asks the client: DMA_READ and DMA_WRITE travel against the
 * stream of commands, and the card needs the answer before it can go on.  So we
 * send the request, wait with a deadline, and leave whatever else the client
 * sends meanwhile in the input buffer, to be handled when the card is done:
 * executing it here would re-enter the card.
 *
 * That is slow, and with QEMU it has a trap: QEMU answers from its main loop,
 * under a lock that a virtual CPU holds while it waits for us to answer a
 * register read.  Such a read waits for the card, the card for QEMU, QEMU for
 * the read, until our deadline passes and the DMA fails.  There is no cure on
 * this side.  All that can be done is not to wait again before the client has
 * been heard: QEMU gives a device up for good if it gets no answer for 5 s.  It
 * is why a guest's memory should be shared, and why the log says so the first
 * time that one is not.
 *
 * QEMU's structure for these messages differs from the specification, see struct
 * vu_dma_rw.  Which dialect a client speaks is first guessed from its version
 * message and then learnt from its replies to reads, where one of the two
 * places that must be zero in one dialect has data in the other.
 */
#include "vu_int.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define DMA_CHUNK	32768u

/* ---- map and unmap ---- */

int vu_dma_map(struct vu *v, struct vu_msg *m)
{
	struct vu_dma_map d;

	memcpy(&d, m->body, sizeof(d));
	if (d.argsz < sizeof(d))
		return -EINVAL;
	return mem_map(v->mem, d.addr, d.size, d.flags, m->nfds ? m->fd[0] : -1, d.offset);
}

int vu_dma_unmap(struct vu *v, struct vu_msg *m)
{
	struct vu_dma_unmap d;
	int err;

	memcpy(&d, m->body, sizeof(d));
	if (d.argsz < sizeof(d) || d.flags & ~VU_UNMAP_ALL)
		return -EINVAL;
	if (d.flags & VU_UNMAP_ALL) {
		if (d.addr || d.size)
			return -EINVAL;
		mem_unmap_all(v->mem);
	} else {
		err = mem_unmap(v->mem, d.addr, d.size);
		if (err)
			return err;
	}
	memcpy(m->reply, &d, sizeof(d));
	m->reply_len = sizeof(d);
	return 0;
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_for(struct vu *v, short events, int64_t deadline)
{
	struct pollfd p = { .fd = v->cfd, .events = events };
	int64_t left = deadline - now_ms();

	if (left <= 0 || poll(&p, 1, (int)left) == 0)
		return -ETIMEDOUT;
	return 0;
}

static int send_all(struct vu *v, int64_t deadline)
{
	int err;

	while ((err = vu_flush(v)) == -EAGAIN) {
		err = wait_for(v, POLLOUT, deadline);
		if (err)
			return err;
	}
	return err;
}

/*
 * Looks for the reply @id to @cmd from *at on; *at moves over the complete
 * messages that are something else.  Returns whether it is there, at *at.
 */
static bool find_reply(struct vu *v, uint16_t cmd, uint16_t id, uint32_t *at, struct vu_hdr *h)
{
	while (vu_next_hdr(v, *at, h)) {
		if (h->size < sizeof(*h) || h->size > VU_MAX_MSG || v->in.tail - *at < h->size)
			return false;
		if ((h->flags & VU_TYPE_MASK) == VU_TYPE_REPLY && h->cmd == cmd && h->id == id)
			return true;
		*at += h->size;
	}
	return false;
}

/* Where unprocessed messages begin: behind the one whose handler runs, if one does */
static uint32_t scan_start(const struct vu *v)
{
	struct vu_hdr h;

	if (!v->dispatching)
		return v->in.head;
	memcpy(&h, v->in.buf + v->in.head, sizeof(h));
	return v->in.head + h.size;
}

static int recv_reply(struct vu *v, uint16_t cmd, uint16_t id, int64_t deadline,
		      uint32_t *at, struct vu_hdr *h)
{
	int n;

	if (v->in.skip)
		return -EBUSY;		/* in the middle of a message that is not worth keeping */
	for (;;) {
		*at = scan_start(v);	/* vu_fill() may have moved the buffer */
		if (find_reply(v, cmd, id, at, h))
			return 0;
		n = wait_for(v, POLLIN, deadline);
		if (n)
			return n;
		n = vu_fill(v);
		if (n < 0)
			return n;
	}
}

bool vu_dma_late(struct vu *v, const struct vu_hdr *h)
{
	if (!v->dma_late || (h->cmd != VU_DMA_READ && h->cmd != VU_DMA_WRITE))
		return false;
	v->dma_late--;
	return true;
}

/* ---- the messages ---- */

/*
 * The bytes of a read reply.  In the dialect of the specification the upper
 * half of the count is zero and the last four bytes are data; in QEMU's the
 * first four bytes of data are where that half is, and the last four are zero.
 */
static const uint8_t *read_data(struct vu *v, const uint8_t *msg, uint32_t len)
{
	uint32_t high, last;

	memcpy(&high, msg + VU_DMA_DATA_QEMU, sizeof(high));
	memcpy(&last, msg + VU_DMA_DATA_SPEC + len - sizeof(last), sizeof(last));
	if (len >= sizeof(last) && high && !last)
		v->qemu_dma = true;
	else if (len >= sizeof(last) && !high && last)
		v->qemu_dma = false;
	return msg + (v->qemu_dma ? VU_DMA_DATA_QEMU : VU_DMA_DATA_SPEC);
}

static int send_request(struct vu *v, uint16_t cmd, uint64_t addr, const void *wr, uint32_t len,
			int64_t deadline)
{
	const struct vu_dma_rw rw = { .addr = addr, .count = len };
	struct vu_hdr h = { .id = ++v->dma_id, .cmd = cmd, .flags = VU_TYPE_COMMAND,
			    .size = (uint32_t)VU_DMA_DATA_SPEC + (wr ? len : 0) };
	uint8_t *out;
	int err = send_all(v, deadline);

	if (err)
		return err;
	out = vu_reserve(v, h.size);
	if (!out)
		return -EPIPE;
	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), &rw, sizeof(rw));
	if (wr && v->qemu_dma)
		memset(out + VU_DMA_DATA_QEMU + len, 0, 4);
	if (wr)
		memcpy(out + (v->qemu_dma ? VU_DMA_DATA_QEMU : VU_DMA_DATA_SPEC), wr, len);
	v->out.tail += h.size;
	v->stat[VU_ST_DMA_MSGS]++;
	return send_all(v, deadline);
}

static int exchange(struct vu *v, uint16_t cmd, uint64_t addr, void *rd, const void *wr,
		    uint32_t len)
{
	int64_t deadline = now_ms() + VU_DMA_TIMEOUT_MS;
	struct vu_hdr h;
	uint32_t at;
	int err;

	if (v->cfd < 0 || v->dead || v->closing)
		return -EPIPE;
	if (v->dma_stalled)
		return -ETIMEDOUT;
	err = send_request(v, cmd, addr, wr, len, deadline);
	if (err) {	/* perhaps half a request went out: no way back */
		vu_kill(v, "it does not take our DMA requests: %s", strerror(-err));
		return err;
	}
	err = recv_reply(v, cmd, v->dma_id, deadline, &at, &h);
	if (err == -ETIMEDOUT || err == -EBUSY || err == -ENOBUFS) {
		v->stat[VU_ST_DMA_TIMEOUTS]++;
		v->dma_late++;
		v->dma_stalled = true;
		return err;
	}
	if (err) {
		vu_kill(v, "connection lost during DMA: %s", strerror(-err));
		return err;
	}

	if (h.flags & VU_ERROR)
		err = -EFAULT;
	else if (rd && h.size != VU_DMA_DATA_SPEC + len)
		err = -EPROTO;
	else if (rd)
		memcpy(rd, read_data(v, v->in.buf + at, len), len);
	vu_in_remove(v, at, h.size);
	return err;
}

static void tell_remote(struct vu *v, uint64_t addr)
{
	if (v->told_remote)
		return;
	v->told_remote = true;
	vu_log(v, "guest memory at 0x%llx is not shared: DMA by messages, slow and unsafe; "
	       "give QEMU a memory-backend-memfd with share=on", (unsigned long long)addr);
}

static int remote_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct vu *v = ctx;
	uint32_t chunk = v->client_xfer < DMA_CHUNK ? (uint32_t)v->client_xfer : DMA_CHUNK;

	tell_remote(v, addr);
	for (size_t done = 0; done < len; ) {
		uint32_t n = len - done < chunk ? (uint32_t)(len - done) : chunk;
		int err = exchange(v, VU_DMA_READ, addr + done, (uint8_t *)buf + done, NULL, n);

		if (err)
			return err;
		done += n;
	}
	return 0;
}

static int remote_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct vu *v = ctx;
	uint32_t chunk = v->client_xfer < DMA_CHUNK ? (uint32_t)v->client_xfer : DMA_CHUNK;

	tell_remote(v, addr);
	for (size_t done = 0; done < len; ) {
		uint32_t n = len - done < chunk ? (uint32_t)(len - done) : chunk;
		int err = exchange(v, VU_DMA_WRITE, addr + done, NULL,
				   (const uint8_t *)buf + done, n);

		if (err)
			return err;
		done += n;
	}
	return 0;
}

const struct mem_remote vu_dma_remote = { .read = remote_read, .write = remote_write };
