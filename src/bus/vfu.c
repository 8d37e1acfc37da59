/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: its life, and what it gives the card behind it
 *
 * The order is forced by the card: card_new() needs memory and interrupts, so
 * the server exists first (vu_new), fills the card's environment (vu_env) and
 * is given the card afterwards (vu_attach).  Until then clients are refused.
 *
 * Socket files are deleted by who made them: the inode is remembered, so that a
 * successor's socket under the same name survives.
 */
#include "vu_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void vu_log(struct vu *v, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (!v->owner.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	v->owner.log(v->owner.ctx, line);
}

static void remember_file(struct vu *v)
{
	struct stat st;

	if (lstat(v->path, &st))
		return;
	v->file_dev = st.st_dev;
	v->file_ino = st.st_ino;
}

static void remove_file(const struct vu *v)
{
	struct stat st;

	if (v->file_ino && !lstat(v->path, &st) && st.st_dev == v->file_dev &&
	    st.st_ino == v->file_ino)
		unlink(v->path);
}

struct vu *vu_new(const char *path, const struct vu_owner *owner, char *err, size_t errlen)
{
	struct vu *v;

	if (!*path || strlen(path) >= sizeof(v->path)) {
		snprintf(err, errlen, "the socket's path must have 1 to %zu characters",
			 sizeof(v->path) - 1);
		return NULL;
	}
	v = calloc(1, sizeof(*v));
	if (v)
		v->mem = mem_new(MEM_MAX_WINDOWS, &vu_dma_remote, v);
	if (!v || !v->mem) {
		snprintf(err, errlen, "out of memory");
		free(v);
		return NULL;
	}
	v->owner = *owner;
	v->lfd = v->cfd = v->err_fd = v->req_fd = -1;
	for (unsigned int i = 0; i < CARD_VECTORS; i++)
		v->irq_fd[i] = -1;
	memcpy(v->path, path, strlen(path) + 1);
	if (vu_listen(v, err, errlen)) {
		vu_free(v);
		return NULL;
	}
	remember_file(v);
	return v;
}

void vu_free(struct vu *v)
{
	if (!v)
		return;
	vu_detach(v);
	if (v->lfd >= 0)
		close(v->lfd);
	remove_file(v);
	mem_free(v->mem);
	free(v);
}

/* ---- the card's environment ---- */

static void *env_dma_map(void *ctx, uint64_t addr, size_t *len, bool write)
{
	return mem_ptr(((struct vu *)ctx)->mem, addr, len, write);
}

static int env_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	return mem_read(((struct vu *)ctx)->mem, addr, buf, len);
}

static int env_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	return mem_write(((struct vu *)ctx)->mem, addr, buf, len);
}

static void env_irq(void *ctx, unsigned int vector)
{
	vu_irq(ctx, vector);
}

static bool env_irq_recall(void *ctx, unsigned int vector)
{
	return vu_irq_recall(ctx, vector);
}

void vu_env(struct vu *v, struct card_env *env)
{
	env->ctx = v;
	env->dma_map = env_dma_map;
	env->dma_read = env_dma_read;
	env->dma_write = env_dma_write;
	env->irq = env_irq;
	env->irq_recall = env_irq_recall;
}

void vu_lend(struct vu *v, void (*changed)(void *ctx), void *ctx)
{
	mem_lend(v->mem, changed, ctx);
}

unsigned int vu_pieces(const struct vu *v, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	return mem_pieces(v->mem, out, max, left);
}

void vu_attach_function(struct vu *v, const struct vu_function *f, void *ctx, unsigned int vectors)
{
	v->fn = f;
	v->fn_ctx = ctx;
	v->vectors = vectors;
	vu_irq_sync(v);
}

void vu_detach(struct vu *v)
{
	vu_disconnect(v);
	v->fn = NULL;
	v->vectors = 0;
}

/* ---- a card as a function ---- */

static uint32_t fn_bar_read(void *ctx, unsigned int bar, uint32_t off)
{
	return card_bar_read(ctx, bar, off);
}

static void fn_bar_write(void *ctx, unsigned int bar, uint32_t off, uint32_t val)
{
	card_bar_write(ctx, bar, off, val);
}

static uint32_t fn_cfg_read(void *ctx, uint32_t off, unsigned int len)
{
	return card_cfg_read(ctx, off, len);
}

static void fn_cfg_write(void *ctx, uint32_t off, unsigned int len, uint32_t val)
{
	card_cfg_write(ctx, off, len, val);
}

static void fn_msix_mask(void *ctx, unsigned int vector, bool masked)
{
	card_msix_mask(ctx, vector, masked);
}

static void fn_reset(void *ctx, bool gone)
{
	card_reset(ctx, gone ? CARD_RESET_HOST : CARD_RESET_FUNCTION);
}

void vu_attach(struct vu *v, struct card *c)
{
	static const struct vu_function card_function = {
		.bar_read = fn_bar_read, .bar_write = fn_bar_write, .bar_size = card_bar_size,
		.cfg_read = fn_cfg_read, .cfg_write = fn_cfg_write, .msix_mask = fn_msix_mask, .reset = fn_reset,
		.whole_words = 1u << 0,
	};

	vu_attach_function(v, &card_function, c, card_vectors(c));
}

/* ---- small answers ---- */

void *vu_user(const struct vu *v)
{
	return v->owner.ctx;
}

const char *vu_path(const struct vu *v)
{
	return v->path;
}

int vu_listen_fd(const struct vu *v)
{
	return v->lfd;
}

int vu_conn_fd(const struct vu *v)
{
	return v->cfd;
}

static const char *const stat_names[VU_ST_COUNT] = {
	[VU_ST_CLIENTS]		= "clients",
	[VU_ST_REFUSED]		= "clients_refused",
	[VU_ST_THROWN_OUT]	= "clients_thrown_out",
	[VU_ST_MSGS]		= "messages",
	[VU_ST_REPLIES]		= "replies",
	[VU_ST_ERRORS]		= "errors",
	[VU_ST_ERRORS_UNSEEN]	= "errors_without_reply",
	[VU_ST_RECVS]		= "recv_calls",
	[VU_ST_SENDS]		= "send_calls",
	[VU_ST_IRQS]		= "interrupts",
	[VU_ST_IRQS_LOST]	= "interrupts_lost",
	[VU_ST_IRQS_RECALLED]	= "interrupts_recalled",
	[VU_ST_DMA_MSGS]	= "dma_messages",
	[VU_ST_DMA_TIMEOUTS]	= "dma_timeouts",
};

unsigned int vu_stats(const struct vu *v, struct vu_stat *out, unsigned int max)
{
	const struct mem_stats *ms = mem_stats(v->mem);
	const struct vu_stat mem[] = {
		{ "windows", mem_windows(v->mem) },
		{ "windows_mapped", ms->maps },
		{ "windows_unmapped", ms->unmaps },
		{ "windows_broken", ms->broken },
		{ "dma_remote", ms->remote },
		{ "dma_misses", ms->misses },
	};
	unsigned int n = 0;

	for (; n < VU_ST_COUNT && n < max; n++)
		out[n] = (struct vu_stat){ stat_names[n], v->stat[n] };
	for (unsigned int i = 0; i < sizeof(mem) / sizeof(*mem) && n < max; i++)
		out[n++] = mem[i];
	return n;
}
