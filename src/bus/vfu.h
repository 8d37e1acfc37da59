/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vfio-user server for one PCI function: how QEMU, or any other VFIO client,
 * reaches it over a unix socket.  The function is a card (vu_attach()) or
 * whatever else looks like one from the bus (struct vu_function).
 *
 * Life of a server:
 *
 *	struct vu *v = vu_new(path, &owner, err, sizeof(err));
 *	struct card_env env = { .now = ..., .trace = ... };	(their ctx is v: see vu_user())
 *	vu_env(v, &env);
 *	card = card_new(&cfg, &env);
 *	vu_attach(v, card);
 *	... event loop ...
 *	vu_detach(v);		(before card_free(): throws the client out)
 *	card_free(card);
 *	vu_free(v);
 *
 * In the event loop:
 *
 *   - watch vu_listen_fd(v) for EPOLLIN from the start; when it is ready call
 *     vu_accept(v), and don't watch it for a while if that fails: it stays ready;
 *   - owner->conn(ctx, fd, true) tells of a client: watch fd, level triggered;
 *     owner->conn(ctx, fd, false) of its end, while fd is still open;
 *   - when fd is ready (for anything, HUP and ERR too) call
 *     vu_service(v, budget); true means that messages wait in our own buffer,
 *     which epoll can't know of: call again soon, without sleeping;
 *   - a message can give the card work: call card_run() afterwards;
 *   - after calls into v or its card ask vu_want(v) what to watch fd for, and
 *     tell epoll if that changed.
 *
 * Nothing in here blocks, with one exception: memory that the client mapped
 * without a file is read and written by a message and its reply, for which we
 * wait up to VU_DMA_TIMEOUT_MS.  Nothing is allocated per message.
 */
#ifndef OPENFBNIC_VFU_H
#define OPENFBNIC_VFU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card;
struct card_env;
struct mem_piece;
struct vu;

/*
 * What the server asks of the function behind it, as in card/card.h: aligned
 * 32-bit accesses to BARs, any of 1, 2 or 4 bytes to configuration space.
 */
struct vu_function {
	uint32_t (*bar_read)(void *ctx, unsigned int bar, uint32_t off);
	void (*bar_write)(void *ctx, unsigned int bar, uint32_t off, uint32_t val);
	uint32_t (*bar_size)(unsigned int bar);		/* bytes, 0: not implemented */
	uint32_t (*cfg_read)(void *ctx, uint32_t off, unsigned int len);
	void (*cfg_write)(void *ctx, uint32_t off, unsigned int len, uint32_t val);
	void (*msix_mask)(void *ctx, unsigned int v, bool masked);
	/* @gone: the client has left, else it asked for a reset of the function */
	void (*reset)(void *ctx, bool gone);
	/* Bit n: a part of a word in BAR n can't be written, since reading or writing the rest would act */
	uint32_t whole_words;
};

#define VU_DMA_TIMEOUT_MS	1000

struct vu_owner {
	void *ctx;
	/* A client came (open) or is about to be closed.  May be NULL. */
	void (*conn)(void *ctx, int fd, bool open);
	/* One line worth telling: client came, left, was thrown out and why.  May be NULL. */
	void (*log)(void *ctx, const char *line);
	bool write_multiple;	/* offer WRITE_MULTI to clients: see docs/vfio-user.md before */
};

/*
 * Creates the socket (mode 0600) and listens.  A socket file that a dead
 * process left is replaced; one that is alive is an error.  NULL: @err says
 * why, in words that complete "can't serve: ...".
 */
struct vu *vu_new(const char *path, const struct vu_owner *owner, char *err, size_t errlen);
void vu_free(struct vu *v);		/* unlinks the socket file */

/* Fills ctx, dma_map, dma_read, dma_write and irq; ctx is the server */
void vu_env(struct vu *v, struct card_env *env);
/* The owner's ctx, for env->now and env->trace, which are called with the server as ctx */
void *vu_user(const struct vu *v);
const char *vu_path(const struct vu *v);

void vu_attach(struct vu *v, struct card *c);
/* The same for any function, with @vectors (at most CARD_VECTORS) MSI-X vectors; @f stays the caller's */
void vu_attach_function(struct vu *v, const struct vu_function *f, void *ctx, unsigned int vectors);
/* The client, if any, is thrown out and the function reset */
void vu_detach(struct vu *v);

/*
 * The client's memory, for another process that plays a part of the card; see
 * mem.h.  Before the first client.
 */
void vu_lend(struct vu *v, void (*changed)(void *ctx), void *ctx);
unsigned int vu_pieces(const struct vu *v, struct mem_piece *out, unsigned int max, unsigned int *left);

int vu_listen_fd(const struct vu *v);
int vu_conn_fd(const struct vu *v);	/* -1: nobody is connected */
uint32_t vu_want(const struct vu *v);	/* EPOLLIN, perhaps EPOLLOUT, for the connection */
/* All who knock; 0 or -errno: the one who is next can't be let in (-EMFILE: not now) */
int vu_accept(struct vu *v);
/* Handles up to @budget messages; true: more are in the buffer already */
bool vu_service(struct vu *v, unsigned int budget);

/* Asks the client to unplug the device; false: it gave no way to */
bool vu_request_unplug(struct vu *v);

struct vu_stat {
	const char	*name;
	uint64_t	val;
};

/* Counters since vu_new(), for the control socket; returns how many @out has, at most @max */
unsigned int vu_stats(const struct vu *v, struct vu_stat *out, unsigned int max);

#endif
