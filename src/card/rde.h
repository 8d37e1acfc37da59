/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between rxb.c, rde.c, bdq.c and rcq.c */
#ifndef OPENFBNIC_RDE_H
#define OPENFBNIC_RDE_H

#include <stdbool.h>
#include <stdint.h>

#include "descs.h"
#include "rx.h"

#define FRAG_SIZE	4096u		/* what one buffer descriptor stands for */
#define RX_ALIGN	128u		/* headers and packed payloads start on multiples */
#define ALIGN_UP(v, a)	(((v) + (a) - 1) & ~((a) - 1))

/* Completion descriptors, descs.def */
#define RCD_DONE		D_BIT(RCD_META_DONE)
#define RCD_TYPE_HDR_AL		D_PUT(RCD_META_TYPE, 0)
#define RCD_TYPE_PAY_AL		D_PUT(RCD_META_TYPE, 1)
#define RCD_TYPE_OPT_META	D_PUT(RCD_META_TYPE, 2)
#define RCD_TYPE_META		D_PUT(RCD_META_TYPE, 3)
#define RCD_PAGE_FIN		D_BIT(RCD_HDR_AL_PAGE_FIN)
#define RCD_OVERFLOW		D_BIT(RCD_HDR_AL_OVERFLOW)
#define RCD_OPT_TS		D_BIT(RCD_OPT_META_TS_VALID)
#define RCD_OPT_ACTION		D_BIT(RCD_OPT_META_ACTION_VALID)
#define RCD_META_ECN		D_BIT(RCD_META_ECN)
#define RCD_META_L4_CSUM_UNNECESSARY D_BIT(RCD_META_L4_CSUM_UNNECESSARY)

/* Ring sizes: 4 bits log2, 0 stands for 65536 */
static inline uint32_t ring_mask(uint32_t size)
{
	return (size & 0xf ? 1u << (size & 0xf) : 65536u) - 1;
}

/* ---- bdq.c ---- */
static inline unsigned int bdq_avail(const struct bdq *b)
{
	return (uint16_t)(b->tail - b->head) & b->mask;
}

/* Takes the next posted fragment: b->addr, b->id, b->next = @next.  -EFAULT: the ring is not mapped */
int bdq_next(struct card *c, struct bdq *b, uint16_t next);
void bdq_reset(struct bdq *b);

/* ---- rcq.c ---- */
static inline unsigned int rcq_room(const struct rcq *r)
{
	return (uint16_t)(r->head - r->tail - 1) & r->mask;
}

/* Writes @n descriptors, the last one last; there is room.  The DONE bit is put in here */
int rcq_post(struct card *c, unsigned int q, uint64_t *desc, unsigned int n);
void rcq_reset(struct rcq *r);

/* ---- rde.c ---- */
enum rde_result {
	RDE_GONE,		/* delivered, or dropped and counted */
	RDE_WAIT,		/* the queue has no room: again after the host moved a pointer */
	RDE_WAIT_BOUNDED,	/* the same, for a bounded time */
};

/* A frame to its queue.  @final: the time is over, drop what would wait */
enum rde_result rde_deliver(struct card *c, const struct rx_desc *d, const struct span *s, bool final);

#endif
