/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own host: drives a card without a virtual machine, for tests and
 * benchmarks.  Two ways to reach a card, one interface:
 *
 *   host_new_inproc()	makes a card in this process; registers are function
 *			calls, memory is memory, interrupts are counters, and
 *			time moves only when the test moves it;
 *   host_connect()	is a vfio-user client: a card in another process (or
 *			thread) over its socket, exactly as QEMU reaches it.
 *
 * "Bus address" is an address as the card uses it for DMA.  Functions that
 * return int give 0 or a negative errno unless they say otherwise.
 */
#ifndef OPENFBNIC_HOST_H
#define OPENFBNIC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../card/card.h"

#define HOST_MEM_BASE	0x100000000ull	/* bus address of the first byte of host memory */
#define HOST_CONFIG	7		/* region number of configuration space; BARs are 0..5 */

struct host;

struct host_ops {
	uint32_t (*bar_read)(struct host *h, unsigned int bar, uint32_t off);
	void (*bar_write)(struct host *h, unsigned int bar, uint32_t off, uint32_t val);
	uint32_t (*cfg_read)(struct host *h, uint32_t off, unsigned int len);
	void (*cfg_write)(struct host *h, uint32_t off, unsigned int len, uint32_t val);
	int (*irq_enable)(struct host *h, unsigned int first, unsigned int n, bool on);
	uint64_t (*irq_take)(struct host *h, unsigned int v);
	int (*reset)(struct host *h);
	/* Lets the card work; at most @ns pass (on the card's clock or on the wall) */
	void (*idle)(struct host *h, uint64_t ns);
	uint64_t (*now)(struct host *h);
	void (*free)(struct host *h);
};

struct host {
	const struct host_ops *ops;
	unsigned int	vectors;
	uint8_t		*mem;		/* host memory, shared with the card */
	size_t		mem_size;
	size_t		mem_used;	/* host_alloc() */
	int		err;		/* first failure of the connection, 0: fine */
};

/* In-process: the card and what the test may look at and change */
struct host_inproc {
	struct host	h;
	struct card	*card;
	uint64_t	now_ns;			/* the card's clock; only forward */
	uint64_t	irqs[CARD_VECTORS];	/* not yet taken */
	uint64_t	irqs_total;
	uint64_t	bugs;			/* guest_bug traces */
	bool		verbose;		/* traces go to stderr */
	bool		late;			/* interrupts arrive when they are taken, not before */
};

/* @mem_size a multiple of 4096 */
struct host_inproc *host_new_inproc(const struct card_config *cfg, size_t mem_size);
/* NULL: @err has a sentence */
struct host *host_connect(const char *path, size_t mem_size, char *err, size_t errlen);
/*
 * For a server in the same thread: @pump is called whenever the client would
 * wait, and must let the server work.
 */
struct host *host_connect_pumped(const char *path, size_t mem_size, void (*pump)(void *arg),
				 void *arg, char *err, size_t errlen);
void host_free(struct host *h);

/* ---- memory ---- */

/* Zeroed memory, @align a power of two; 0: none left */
uint64_t host_alloc(struct host *h, size_t size, size_t align);
/* Frees everything allocated since mem_used was @mark */
void host_release(struct host *h, size_t mark);

static inline void *host_ptr(struct host *h, uint64_t addr)
{
	return h->mem + (addr - HOST_MEM_BASE);
}

static inline bool host_has(const struct host *h, uint64_t addr, uint64_t len)
{
	return addr >= HOST_MEM_BASE && addr - HOST_MEM_BASE <= h->mem_size &&
	       len <= h->mem_size - (addr - HOST_MEM_BASE);
}

/* ---- registers ---- */

static inline uint32_t host_rd(struct host *h, unsigned int bar, uint32_t off)
{
	return h->ops->bar_read(h, bar, off);
}

/* Posted: returns at once, in order with everything after it */
static inline void host_wr(struct host *h, unsigned int bar, uint32_t off, uint32_t val)
{
	h->ops->bar_write(h, bar, off, val);
}

/* A CSR, by word index as in the contract */
static inline uint32_t csr_rd(struct host *h, uint32_t csr)
{
	return host_rd(h, 0, csr * 4);
}

static inline void csr_wr(struct host *h, uint32_t csr, uint32_t val)
{
	host_wr(h, 0, csr * 4, val);
}

/* All posted writes have reached the card: reads MASTER_SPARE_0, as the driver does */
void host_flush(struct host *h);

/* ---- configuration space ---- */

static inline uint32_t host_cfg_rd(struct host *h, uint32_t off, unsigned int len)
{
	return h->ops->cfg_read(h, off, len);
}

static inline void host_cfg_wr(struct host *h, uint32_t off, unsigned int len, uint32_t val)
{
	h->ops->cfg_write(h, off, len, val);
}

/* Offset of a capability; 0: not there (or the list is a loop) */
uint32_t host_find_cap(struct host *h, uint8_t id);
uint32_t host_find_ext_cap(struct host *h, uint16_t id);
/* Size as found by writing ones to a BAR (and restoring it); 0: no such BAR */
uint64_t host_bar_size(struct host *h, unsigned int bar, bool *is64);
/* Memory decoding and bus mastering on, MSI-X enabled with all vectors */
int host_enable(struct host *h);

/* ---- interrupts ---- */

/* Interrupts of vector @v since the last call */
static inline uint64_t host_irq_take(struct host *h, unsigned int v)
{
	return h->ops->irq_take(h, v);
}

/* Waits for one; returns how many came, or -ETIMEDOUT */
int host_irq_wait(struct host *h, unsigned int v, uint64_t ns);

/* ---- the rest ---- */

static inline int host_reset(struct host *h)
{
	return h->ops->reset(h);
}

static inline void host_idle(struct host *h, uint64_t ns)
{
	h->ops->idle(h, ns);
}

static inline uint64_t host_now(struct host *h)
{
	return h->ops->now(h);
}

/* Lets the card work until @cond holds, at most @ns; returns whether it does */
bool host_wait(struct host *h, bool (*cond)(void *arg), void *arg, uint64_t ns);

/* Only with a card in this process */
static inline struct host_inproc *host_inproc(struct host *h)
{
	return (struct host_inproc *)h;
}

/* Only over the socket: 0 or what the server answered, negative */
int host_region_read(struct host *h, unsigned int region, uint64_t off, void *buf, uint32_t len);
int host_region_write(struct host *h, unsigned int region, uint64_t off, const void *buf,
		      uint32_t len, bool posted);
int host_dma_map(struct host *h, uint64_t addr, uint64_t size, uint32_t flags, int fd,
		 uint64_t offset);
int host_dma_unmap(struct host *h, uint64_t addr, uint64_t size);
/* fds NULL: none; flags as in vfio: DATA | ACTION */
int host_set_irqs(struct host *h, uint32_t index, uint32_t flags, uint32_t start, uint32_t count,
		  const int *fds, unsigned int nfds);
int host_socket(const struct host *h);
int host_memfd(const struct host *h);

#endif
