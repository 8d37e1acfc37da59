/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSR dispatch.
 *
 * regs.def becomes one table; a dense index, built once, turns a word index
 * into a row: one for the registers below the queues, one for the offsets
 * inside a queue, which all queues share.  A register without a hook is only
 * storage in c->csr[].  What is not in the table reads 0, as the holes that
 * ethtool -d walks through must (driver: fbnic_csr.c).
 */
#include "hw.h"

const struct reg card_regs[] = {
	{ .name = NULL },		/* row 0: nothing there */
#define REG(name_, csr_, n_, shift_, acc_, reset_, mask_, rd_, wr_, ev_, text_) \
	{ .name = #name_, .csr = csr_, .n = n_, .shift = shift_, .access = REG_##acc_, \
	  .reset = reset_, .mask = mask_, .rd = rd_, .wr = wr_, .evidence = #ev_[0], .text = text_ },
#define CTR64(name_, csr_, hi_, n_, shift_, ev_, text_) \
	{ .name = #name_ "_L", .csr = csr_, .n = n_, .shift = shift_, .access = REG_CTR_LO, \
	  .hi = hi_, .evidence = #ev_[0], .text = text_ }, \
	{ .name = #name_ "_H", .csr = csr_ + hi_, .n = n_, .shift = shift_, .access = REG_CTR_HI, \
	  .hi = hi_, .evidence = #ev_[0], .text = text_ },
#define QREG(name_, off_, acc_, reset_, mask_, rd_, wr_, ev_, text_) \
	{ .name = "QUEUE_" #name_, .csr = CSR_QUEUE + off_, .n = CARD_QUEUES, .shift = CSR_QUEUE_SHIFT, \
	  .access = REG_##acc_, .reset = reset_, .mask = mask_, .rd = rd_, .wr = wr_, \
	  .evidence = #ev_[0], .text = text_ },
#include "regs.def"
#undef REG
#undef CTR64
#undef QREG
};

const unsigned int card_nregs = ARRAY_SIZE(card_regs);

#define LOW_WORDS	0x31100u		/* PUL_USER ends at 0x310ea */
#define QUEUE_WORDS	BIT(CSR_QUEUE_SHIFT)

static uint16_t low_row[LOW_WORDS];		/* written once by reg_init() */
static uint16_t queue_row[QUEUE_WORDS];

static void reg_init(void)
{
	unsigned int row, i;

	if (low_row[CSR_INTR_STATUS])
		return;
	for (row = 1; row < card_nregs; row++) {
		const struct reg *r = &card_regs[row];

		if (r->csr >= CSR_QUEUE) {
			queue_row[r->csr - CSR_QUEUE] = (uint16_t)row;
			continue;
		}
		for (i = 0; i < r->n; i++)
			low_row[r->csr + (i << r->shift)] = (uint16_t)row;
	}
}

const struct reg *reg_find(uint32_t csr, unsigned int *elem)
{
	const struct reg *r;
	unsigned int row = 0;

	reg_init();
	if (csr < LOW_WORDS)
		row = low_row[csr];
	else if (csr >= CSR_QUEUE && csr < CSR_QUEUE + CARD_QUEUES * QUEUE_WORDS)
		row = queue_row[csr & (QUEUE_WORDS - 1)];
	if (!row)
		return NULL;

	r = &card_regs[row];
	*elem = (csr - r->csr) >> r->shift;
	return r;
}

static bool queue_absent(const struct card *c, const struct reg *r, unsigned int elem)
{
	return r->csr >= CSR_QUEUE && elem >= c->cfg.queues;
}

uint32_t reg_read(struct card *c, uint32_t csr)
{
	unsigned int i;
	const struct reg *r = reg_find(csr, &i);
	uint32_t val;

	if (!r || r->access == REG_CMD || queue_absent(c, r, i))
		return 0;
	if (r->rd)
		return r->rd(c, i);
	val = c->csr[csr];
	if (r->access == REG_RC)
		c->csr[csr] = 0;
	return val;
}

uint32_t card_csr_peek(struct card *c, uint32_t csr)
{
	unsigned int i;
	const struct reg *r = reg_find(csr, &i);

	if (!r || r->access == REG_CMD || queue_absent(c, r, i))
		return 0;
	if (r->rd && r->rd != pcs_stat1_read)	/* the one hook that changes state */
		return r->rd(c, i);
	return c->csr[csr];
}

void reg_write(struct card *c, uint32_t csr, uint32_t val)
{
	unsigned int i;
	const struct reg *r = reg_find(csr, &i);

	if (!r) {
		guest_bug(c, BLK_CSR, "write of 0x%08x to 0x%05x: nothing is there", val, csr);
		return;
	}
	if (queue_absent(c, r, i)) {
		guest_bug(c, BLK_CSR, "%s[%u] = 0x%08x: the card has %u queues",
			  r->name, i, val, c->cfg.queues);
		return;
	}
	card_event(c, BLK_CSR, "%s[%u] = 0x%08x", r->name, i, val);

	switch (r->access) {
	case REG_RW:
		c->csr[csr] = (c->csr[csr] & ~r->mask) | (val & r->mask);
		break;
	case REG_W1C:
		c->csr[csr] &= ~(val & r->mask);
		break;
	case REG_CMD:
		break;
	default:
		return;		/* lost; the register self test does this on purpose */
	}
	if (r->wr)
		r->wr(c, i, val & r->mask);
}

/* Reset values; over a function reset PTP and the mode of the link keep theirs */
void reg_reset(struct card *c, enum card_reset kind)
{
	unsigned int row, i;

	reg_init();
	for (row = 1; row < card_nregs; row++) {
		const struct reg *r = &card_regs[row];
		bool ptp = r->csr >= CSR_PTP_CTRL && r->csr <= CSR_PTP_SPARE;
		bool sig = r->csr == CSR_SIG_PCS_IN0 || r->csr == CSR_SIG_PCS_IN1;

		if (kind != CARD_RESET_POWER && (ptp || sig))
			continue;
		for (i = 0; i < r->n; i++)
			c->csr[r->csr + (i << r->shift)] = r->reset;
	}
}

static void counter_name(char *buf, const struct reg *r, unsigned int i)
{
	size_t len = strlen(r->name);

	if (r->access == REG_CTR_LO)
		len -= 2;		/* "_L" */
	memcpy(buf, r->name, len);
	if (r->n > 1) {
		char digits[4];
		int d = 0;

		buf[len++] = '[';
		do {
			digits[d++] = (char)('0' + i % 10);
			i /= 10;
		} while (i);
		while (d)
			buf[len++] = digits[--d];
		buf[len++] = ']';
	}
	buf[len] = '\0';
}

void card_counters(struct card *c, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	unsigned int row, i;
	char name[64];

	for (row = 1; row < card_nregs; row++) {
		const struct reg *r = &card_regs[row];

		if (r->access != REG_CTR && r->access != REG_CTR_LO && r->access != REG_RC)
			continue;
		for (i = 0; i < r->n; i++) {
			uint32_t csr = r->csr + (i << r->shift);
			uint64_t val = c->csr[csr];

			if (r->csr >= CSR_QUEUE && (i >= c->cfg.queues || !val))
				continue;	/* 128 queues of zeros help nobody */
			if (r->access == REG_CTR_LO)
				val |= (uint64_t)c->csr[csr + r->hi] << 32;
			counter_name(name, r, i);
			fn(arg, name, val);
		}
	}
}
