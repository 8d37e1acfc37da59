/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers as data: what regs.def says, in C.
 *
 * CSR_<name> is a word index in BAR0 (the low word of a 64-bit counter),
 * Q_<name> the offset of a queue register inside its queue.  For field NAME of
 * register REG in fields.def there are F_REG_NAME_HI and _LO; the macros take
 * REG_NAME.
 */
#ifndef OPENFBNIC_REGS_H
#define OPENFBNIC_REGS_H

#include <stdint.h>

struct card;

enum reg_access { REG_RO, REG_RW, REG_W1C, REG_CMD, REG_CTR, REG_CTR_LO, REG_CTR_HI, REG_RC };

struct reg {
	const char	*name;
	uint32_t	csr;		/* word index of element 0 */
	uint16_t	n;		/* elements */
	uint8_t		shift;		/* element i is at csr + (i << shift) */
	uint8_t		access;		/* enum reg_access */
	uint8_t		hi;		/* REG_CTR_LO: words to the high half; REG_CTR_HI: back to the low one */
	char		evidence;	/* 'D', 'T', 'C' or 'G' */
	uint32_t	reset;
	uint32_t	mask;
	uint32_t	(*rd)(struct card *c, unsigned int i);
	void		(*wr)(struct card *c, unsigned int i, uint32_t val);	/* after the value is stored; CMD: masked value */
	const char	*text;
};

enum {
#define REG(name, csr, n, shift, acc, reset, mask, rd, wr, ev, text) CSR_##name = csr,
#define CTR64(name, csr, hi, n, shift, ev, text) CSR_##name = csr,
#define QREG(name, off, acc, reset, mask, rd, wr, ev, text) Q_##name = off,
#include "regs.def"
#undef REG
#undef CTR64
#undef QREG
};

enum {
#define FIELD(reg, name, hi, lo, macro, text) F_##reg##_##name##_HI = hi, F_##reg##_##name##_LO = lo,
#define FIELDX(reg, name, hi, lo, text) F_##reg##_##name##_HI = hi, F_##reg##_##name##_LO = lo,
#define SAME(reg, as)
#include "fields.def"
#undef FIELD
#undef FIELDX
#undef SAME
};

#define F_MASK(f)	((uint32_t)((2ull << (F_##f##_HI - F_##f##_LO)) - 1) << F_##f##_LO)
#define F_BIT(f)	(1u << F_##f##_LO)
#define F_GET(v, f)	(((uint32_t)(v) & F_MASK(f)) >> F_##f##_LO)
#define F_PUT(f, v)	((uint32_t)(v) << F_##f##_LO)

#define CSR_QUEUE		0x40000u
#define CSR_QUEUE_SHIFT		10		/* 0x400 words, one 4 KiB page, per queue */
#define CSR_WORDS		(0x200000u / 4)

extern const struct reg card_regs[];
extern const unsigned int card_nregs;

struct reg_field {
	const char	*name;
	uint8_t		hi, lo;
	const char	*macro;		/* the driver's mask without FBNIC_, or NULL */
	const char	*text;
};

/* The field of @r after @prev (NULL: the first), highest bits first; NULL: no more */
const struct reg_field *reg_field_next(const struct reg *r, const struct reg_field *prev);

/* Row and element of a CSR, or NULL: nothing is there */
const struct reg *reg_find(uint32_t csr, unsigned int *elem);

#endif
