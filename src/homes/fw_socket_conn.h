/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to a firmware in another program: finds it, sends in order,
 * never waits.  Theory in fw_socket_conn.c.
 */
#ifndef OPENFBNIC_FW_SOCKET_CONN_H
#define OPENFBNIC_FW_SOCKET_CONN_H

#include <stddef.h>

#include "../bus/mem.h"
#include "../wire/wire_loop.h"
#include "fw_socket_proto.h"

#define FSC_QUEUE	1024u		/* messages that may wait; a power of two */
#define FSC_WINDOW	16u		/* messages that may be unread at the other end */
#define FSC_RETRY_MIN	UINT64_C(100000000)
#define FSC_RETRY_MAX	UINT64_C(1600000000)

enum fsc_counter {
	FSC_CONNECTIONS, FSC_IN, FSC_OUT, FSC_FENCES, FSC_OVERFLOWS, FSC_LEFT_OUT,
	FSC_COUNT
};

extern const char *const fsc_counter_names[FSC_COUNT];

struct fsc_ops {
	void (*open)(void *ctx);		/* somebody is there, who knows nothing yet */
	void (*closed)(void *ctx);
	void (*bar_write)(void *ctx, uint32_t addr, uint32_t val);
	uint32_t (*bar_read)(void *ctx, uint32_t addr);
	void (*completed)(void *ctx, uint32_t addr, uint32_t val);	/* of fsc_read() */
	/* The guest's memory as it is now; *left: pieces that are too many */
	unsigned int (*pieces)(void *ctx, struct mem_piece *out, unsigned int max, unsigned int *left);
	/* A line for the user; @refused: one of many, perhaps */
	void (*tell)(void *ctx, bool refused, const char *line);
};

struct fsc_entry {
	uint8_t		cmd;		/* enum fsm_cmd */
	bool		lend;		/* SYNC_SYSMEM: memory, or none */
	uint32_t	addr, val;
};

struct fsc_read {
	uint32_t	addr;
	uint32_t	seq;		/* of its message */
	bool		fence;		/* nobody asked for it */
};

struct fsc {
	const struct fsc_ops	*ops;
	void			*ctx;
	struct wire_loop	*loop;
	const char		*path;
	uint32_t		limit;		/* of addresses from the firmware */

	int			fd;		/* -1: nobody */
	struct loop_fd		h;
	struct loop_timer	retry;
	uint64_t		wait;		/* before the next try */
	bool			told;		/* that nobody is there */
	unsigned int		life;		/* of the connection */

	struct fsc_entry	queue[FSC_QUEUE];
	unsigned int		head, count;
	uint32_t		sent, acked;	/* messages; what completions say was read */
	uint32_t		answered;	/* of the newest read that has a completion */
	struct fsc_read		read[FSC_WINDOW];	/* that have none yet, oldest first */
	unsigned int		reads;
	uint8_t			out[FSM_SIZE];	/* the rest of one that the socket took in part */
	size_t			out_at, out_len;
	uint8_t			in[FSM_SIZE];
	size_t			in_len;

	uint64_t		counter[FSC_COUNT];
	uint64_t		refused[FSR_COUNT];
};

/* @c has ops, ctx, loop, path and limit, all else is zero.  0 or -ENAMETOOLONG */
int fsc_start(struct fsc *c);
void fsc_stop(struct fsc *c);
/* Sends the program away and looks for one */
void fsc_restart(struct fsc *c);

static inline bool fsc_connected(const struct fsc *c)
{
	return c->fd >= 0;
}

/* In order.  Nothing happens if nobody is there; @closed may be called. */
void fsc_write(struct fsc *c, uint32_t addr, uint32_t val);
void fsc_read(struct fsc *c, uint32_t addr);
void fsc_sysmem(struct fsc *c, bool lend);
/* Writes that are not sent yet are not true any more */
void fsc_drop_writes(struct fsc *c);

#endif
