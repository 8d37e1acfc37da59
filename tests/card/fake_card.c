/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See fake_card.h */
#include "fake_card.h"

#include <stdlib.h>
#include <string.h>

struct card *fake_card_new(const struct card_env *env, unsigned int vectors)
{
	struct card *c = calloc(1, sizeof(*c));

	c->env = *env;
	c->vectors = vectors;
	card_reset(c, CARD_RESET_POWER);
	c->resets = 0;
	return c;
}

void card_free(struct card *c)
{
	free(c);
}

unsigned int card_vectors(const struct card *c)
{
	return c->vectors;
}

uint32_t card_bar_size(unsigned int bar)
{
	return bar == 0 ? CARD_BAR0_SIZE : bar == 2 ? CARD_BAR2_SIZE : bar == 4 ? CARD_BAR4_SIZE : 0;
}

static uint32_t *word(struct card *c, unsigned int bar, uint32_t off)
{
	if (off % 4 || off >= card_bar_size(bar))
		abort();	/* the bus promised */
	return (bar == 0 ? c->bar0 : bar == 2 ? c->bar2 : c->bar4) + off / 4;
}

uint32_t card_bar_read(struct card *c, unsigned int bar, uint32_t off)
{
	c->reads++;
	return *word(c, bar, off);
}

static void raise_irq(struct card *c, uint32_t v)
{
	if (v >= c->vectors)
		return;
	if (c->masked[v])
		c->pending[v] = true;
	else
		c->env.irq(c->env.ctx, v);
}

int fake_dma(struct card *c, uint32_t what, uint64_t addr, uint32_t len)
{
	if (len > sizeof(c->buf))
		return -1;
	return what == 1 ? c->env.dma_read(c->env.ctx, addr, c->buf, len)
			 : c->env.dma_write(c->env.ctx, addr, c->buf, len);
}

void card_bar_write(struct card *c, unsigned int bar, uint32_t off, uint32_t val)
{
	c->writes++;
	*word(c, bar, off) = val;
	if (bar)
		return;
	if (off == FAKE_DMA)
		c->bar0[FAKE_RESULT / 4] = (uint32_t)-fake_dma(c, val,
			c->bar0[FAKE_ADDR_LO / 4] | (uint64_t)c->bar0[FAKE_ADDR_HI / 4] << 32,
			c->bar0[FAKE_LEN / 4]);
	if (off == FAKE_IRQ)
		raise_irq(c, val);
	if (off == FAKE_RECALL && val < c->vectors)
		c->bar0[FAKE_RESULT / 4] = c->env.irq_recall(c->env.ctx, val);
}

uint32_t card_cfg_read(struct card *c, uint32_t off, unsigned int len)
{
	uint32_t val = 0;

	if ((len != 1 && len != 2 && len != 4) || off + len > CARD_CFG_SIZE)
		abort();
	memcpy(&val, c->cfg + off, len);
	return val;
}

void card_cfg_write(struct card *c, uint32_t off, unsigned int len, uint32_t val)
{
	if ((len != 1 && len != 2 && len != 4) || off + len > CARD_CFG_SIZE)
		abort();
	memcpy(c->cfg + off, &val, len);
}

void card_msix_mask(struct card *c, unsigned int v, bool masked)
{
	c->masked[v] = masked;
	if (!masked && c->pending[v]) {
		c->pending[v] = false;
		c->env.irq(c->env.ctx, v);
	}
}

void card_reset(struct card *c, enum card_reset kind)
{
	(void)kind;
	c->resets++;
	memset(c->bar0, 0, sizeof(c->bar0));
	memset(c->pending, 0, sizeof(c->pending));
	memset(c->masked, 1, sizeof(c->masked));
}
