/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The insides of the vfio-user server, shared by vu_*.c only.
 *
 *	vfu.c		life of a server, card_env, statistics
 *	vu_sock.c	sockets, framing, file descriptors, output buffer
 *	vu_cmd.c	table of commands, dispatch, version, device and region info
 *	vu_region.c	BAR and configuration space accesses
 *	vu_irq.c	SET_IRQS, eventfds
 *	vu_dma.c	DMA_MAP and UNMAP; DMA by messages
 */
#ifndef OPENFBNIC_VU_INT_H
#define OPENFBNIC_VU_INT_H

#include "../card/card.h"
#include "mem.h"
#include "vfu.h"
#include "vu_proto.h"

#include <sys/types.h>

#define VU_MAX_FDS	16		/* per message; QEMU refuses servers that say more */
#define VU_MAX_XFER	65536u		/* bytes in one region access or DMA message */
#define VU_MAX_MSG	(VU_MAX_XFER + 64)
#define VU_IN_SIZE	(4 * 65536u)	/* several messages while we wait for a DMA reply */
#define VU_OUT_SIZE	(4 * 65536u)	/* what a client may leave unread */
#define VU_FDSETS	16		/* messages with fds in the input buffer at once */

/* File descriptors that came with a message, found by where in the buffer it is */
struct vu_fdset {
	uint32_t	end;		/* the last byte they came with, as an offset in vu_in.buf */
	unsigned int	n;
	bool		excess;		/* more came than a message may have */
	int		fd[VU_MAX_FDS];
};

struct vu_in {
	uint32_t	head, tail;	/* buf[head..tail) is not processed yet */
	uint32_t	skip;		/* bytes of an oversized message still to come and be dropped */
	bool		more;		/* the last recvmsg() stopped early: there is probably more */
	unsigned int	nsets;
	struct vu_fdset	set[VU_FDSETS];
	uint8_t		buf[VU_IN_SIZE];
};

struct vu_out {
	uint32_t	head, tail;	/* buf[head..tail) is not sent yet */
	uint8_t		buf[VU_OUT_SIZE];
};

enum vu_counter {
	VU_ST_CLIENTS, VU_ST_REFUSED, VU_ST_THROWN_OUT,
	VU_ST_MSGS, VU_ST_REPLIES, VU_ST_ERRORS, VU_ST_ERRORS_UNSEEN, VU_ST_RECVS, VU_ST_SENDS,
	VU_ST_IRQS, VU_ST_IRQS_LOST, VU_ST_IRQS_RECALLED,
	VU_ST_DMA_MSGS, VU_ST_DMA_TIMEOUTS,
	VU_ST_COUNT
};

struct vu {
	/* what the client negotiated */
	bool		versioned;
	bool		qemu_dma;	/* DMA messages in QEMU's dialect */
	bool		told_remote;	/* the log has the line about memory without a file */
	uint64_t	client_xfer;	/* client's max_data_xfer_size */

	int		lfd, cfd;
	bool		dead;		/* close the connection as soon as nobody uses it */
	bool		closing;	/* ... after what is in the output buffer */
	bool		dispatching;	/* a handler runs: the input buffer must not move */
	uint16_t	dma_id;
	bool		dma_stalled;	/* a reply did not come: no more waiting until the client is heard */
	unsigned int	dma_late;	/* replies that we gave up on and may still see */

	const struct vu_function *fn;	/* NULL: nothing attached */
	void		*fn_ctx;
	struct mem	*mem;
	uint64_t	mem_broken;	/* as last logged */
	unsigned int	vectors;
	int		irq_fd[CARD_VECTORS];
	bool		irq_masked[CARD_VECTORS];	/* by ACTION_MASK */
	int		err_fd, req_fd;	/* the device's own two: see vu_irq.c */

	uint64_t	stat[VU_ST_COUNT];
	struct vu_owner	owner;
	char		path[108];
	dev_t		file_dev;	/* of the socket file, to delete no other */
	ino_t		file_ino;
	uint8_t		reply[VU_MAX_MSG];	/* payload under construction: a handler may send DMA messages */
	struct vu_in	in;
	struct vu_out	out;
};

/* One message while its handler runs */
struct vu_msg {
	struct vu_hdr	hdr;
	const uint8_t	*body;		/* unaligned */
	uint32_t	len;		/* of body */
	int		*fd;		/* a handler that keeps fd[i] sets it to -1 */
	unsigned int	nfds;
	uint8_t		*reply;		/* room for VU_MAX_MSG bytes of payload */
	uint32_t	reply_len;
};

/* vfu.c */
void vu_log(struct vu *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* vu_sock.c */
int vu_listen(struct vu *v, char *err, size_t errlen);
void vu_kill(struct vu *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vu_disconnect(struct vu *v);
int vu_fill(struct vu *v);			/* one recvmsg(): bytes, 0 would block, -errno */
int vu_flush(struct vu *v);			/* 0 all sent, -EAGAIN, -errno */
uint8_t *vu_reserve(struct vu *v, uint32_t len);	/* room at the end of the output; NULL: dead now */
bool vu_next_hdr(const struct vu *v, uint32_t at, struct vu_hdr *h);
void vu_in_remove(struct vu *v, uint32_t at, uint32_t len);

/* vu_cmd.c */
void vu_dispatch(struct vu *v, const struct vu_hdr *h, const uint8_t *body, struct vu_fdset *fds);

/* vu_region.c, vu_irq.c, vu_dma.c: handlers return 0 or a negative errno for the reply */
uint64_t vu_region_size(const struct vu *v, uint32_t region);
int vu_region_read(struct vu *v, struct vu_msg *m);
int vu_region_write(struct vu *v, struct vu_msg *m);
int vu_write_multi(struct vu *v, struct vu_msg *m);

uint32_t vu_irq_count(const struct vu *v, uint32_t index);
int vu_set_irqs(struct vu *v, struct vu_msg *m);
void vu_irq(struct vu *v, unsigned int vector);
bool vu_irq_recall(struct vu *v, unsigned int vector);
void vu_irq_sync(struct vu *v);			/* tells the card again which vectors are masked */
void vu_irq_drop_all(struct vu *v);

int vu_dma_map(struct vu *v, struct vu_msg *m);
int vu_dma_unmap(struct vu *v, struct vu_msg *m);
extern const struct mem_remote vu_dma_remote;
bool vu_dma_late(struct vu *v, const struct vu_hdr *h);

static inline bool vu_range_ok(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

#endif
