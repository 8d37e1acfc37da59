/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own host: a card in this process
 *
 * No thread, no socket, no real time: the card is called directly and sees
 * memory as one window.  host_idle() is how the card gets the processor.  It
 * lets the card finish what it can do now; if there was nothing to do it moves
 * the clock, to the card's next deadline if that is soon enough.  A test that
 * waits for a coalescing timer of 30 us therefore takes no time, and gives the
 * same result every time.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint32_t ip_bar_read(struct host *h, unsigned int bar, uint32_t off)
{
	return card_bar_read(host_inproc(h)->card, bar, off);
}

static void ip_bar_write(struct host *h, unsigned int bar, uint32_t off, uint32_t val)
{
	card_bar_write(host_inproc(h)->card, bar, off, val);
}

static uint32_t ip_cfg_read(struct host *h, uint32_t off, unsigned int len)
{
	return card_cfg_read(host_inproc(h)->card, off, len);
}

static void ip_cfg_write(struct host *h, uint32_t off, unsigned int len, uint32_t val)
{
	card_cfg_write(host_inproc(h)->card, off, len, val);
}

static int ip_irq_enable(struct host *h, unsigned int first, unsigned int n, bool on)
{
	for (unsigned int v = first; v < first + n; v++)
		card_msix_mask(host_inproc(h)->card, v, !on);
	return 0;
}

static uint64_t ip_irq_take(struct host *h, unsigned int v)
{
	struct host_inproc *ip = host_inproc(h);
	uint64_t n = ip->irqs[v];

	ip->irqs[v] = 0;
	return n;
}

static int ip_reset(struct host *h)
{
	card_reset(host_inproc(h)->card, CARD_RESET_FUNCTION);
	return 0;
}

static void ip_idle(struct host *h, uint64_t ns)
{
	struct host_inproc *ip = host_inproc(h);
	uint64_t due;

	while (card_run(ip->card))
		;
	due = card_deadline(ip->card);
	if (due > ip->now_ns && due - ip->now_ns < ns)
		ns = due - ip->now_ns;
	ip->now_ns += ns;
	while (card_run(ip->card))
		;
}

static uint64_t ip_now(struct host *h)
{
	return host_inproc(h)->now_ns;
}

static void ip_free(struct host *h)
{
	card_free(host_inproc(h)->card);
	munmap(h->mem, h->mem_size);
	free(h);
}

static const struct host_ops inproc_ops = {
	.bar_read = ip_bar_read, .bar_write = ip_bar_write,
	.cfg_read = ip_cfg_read, .cfg_write = ip_cfg_write,
	.irq_enable = ip_irq_enable, .irq_take = ip_irq_take,
	.reset = ip_reset, .idle = ip_idle, .now = ip_now, .free = ip_free,
};

/* ---- the card's environment ---- */

static void *env_dma_map(void *ctx, uint64_t addr, size_t *len, bool write)
{
	struct host *h = ctx;
	uint64_t left;

	(void)write;
	if (!host_has(h, addr, 1))
		return NULL;
	left = h->mem_size - (addr - HOST_MEM_BASE);
	if (*len > left)
		*len = left;
	return host_ptr(h, addr);
}

static int env_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	if (!host_has(ctx, addr, len))
		return -EFAULT;
	memcpy(buf, host_ptr(ctx, addr), len);
	return 0;
}

static int env_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	if (!host_has(ctx, addr, len))
		return -EFAULT;
	memcpy(host_ptr(ctx, addr), buf, len);
	return 0;
}

static void env_irq(void *ctx, unsigned int v)
{
	struct host_inproc *ip = ctx;

	ip->irqs[v]++;
	ip->irqs_total++;
}

static bool env_irq_recall(void *ctx, unsigned int v)
{
	struct host_inproc *ip = ctx;
	bool there = ip->late && ip->irqs[v];

	if (there)
		ip->irqs[v] = 0;
	return there;
}

static uint64_t env_now(void *ctx)
{
	return ip_now(ctx);
}

static void env_trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt,
		      va_list ap)
{
	struct host_inproc *ip = ctx;

	if (kind == TRACE_GUEST_BUG)
		ip->bugs++;
	if (!ip->verbose)
		return;
	fprintf(stderr, "%s%s: ", card_block_names[blk], kind == TRACE_GUEST_BUG ? " bug" : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

struct host_inproc *host_new_inproc(const struct card_config *cfg, size_t mem_size)
{
	struct host_inproc *ip = calloc(1, sizeof(*ip));
	struct card_env env = {
		.ctx = ip, .dma_map = env_dma_map, .dma_read = env_dma_read,
		.dma_write = env_dma_write, .irq = env_irq, .irq_recall = env_irq_recall, .now = env_now,
		.trace = env_trace,
	};
	void *mem;

	if (!ip)
		return NULL;
	mem = mmap(NULL, mem_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		goto out_free;
	ip->h.ops = &inproc_ops;
	ip->h.mem = mem;
	ip->h.mem_size = mem_size;
	ip->h.vectors = cfg->vectors;
	ip->now_ns = 1000000000;
	ip->card = card_new(cfg, &env);
	if (!ip->card)
		goto out_unmap;
	return ip;

out_unmap:
	munmap(mem, mem_size);
out_free:
	free(ip);
	return NULL;
}
