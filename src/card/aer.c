/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AER: what a function remembers of errors on its link and in its transactions.
 *
 * A real link makes errors by itself; ours makes none, so they are given to the
 * card (card_aer()) as if the link had.  What follows is PCIe 6.2.5, the flow
 * chart of error signalling and logging:
 *
 *   correctable	status bit; masked: the end; else ERR_COR if enabled
 *   uncorrectable	the severity register says fatal or not; status bit;
 *			masked: the end; the first one that is not gets the
 *			header log and the first error pointer; ERR_FATAL or
 *			ERR_NONFATAL if enabled, by Device Control or by SERR
 *   unexpected		advisory if not fatal (6.2.3.2.4.5): a correctable error
 *   completion		of its own, with the uncorrectable bit beside it
 *
 * Device Status notes the class of each error, masked or not.  The message is
 * what we can only name: a vfio-user device has no way to send one (docs/
 * vfio-user.md), so the caller is told and finds its own way to the root port.
 *
 * All registers here are sticky (7.8.4): a reset of the function keeps them.
 */
#include <errno.h>
#include <strings.h>

#include "hw.h"

#define UNC_STATUS	(EXT_AER + 0x04)
#define UNC_MASK	(EXT_AER + 0x08)
#define UNC_SEVERITY	(EXT_AER + 0x0c)
#define COR_STATUS	(EXT_AER + 0x10)
#define COR_MASK	(EXT_AER + 0x14)
#define AER_CTRL	(EXT_AER + 0x18)
#define HEADER_LOG	(EXT_AER + 0x1c)

#define UNC_BITS	0x07fff030u
#define COR_BITS	0x0000f1c1u
#define COR_ADVISORY	BIT(13)

#define UNC_POISONED	BIT(12)
#define UNC_UNEXPECTED	BIT(16)
#define UNC_UNSUPPORTED	BIT(20)
/* Errors of a TLP, whose header is worth a log: 6.2.7, table 6-5 */
#define UNC_OF_TLP	(UNC_POISONED | BIT(15) | UNC_UNEXPECTED | BIT(18) | BIT(19) | UNC_UNSUPPORTED | \
			 BIT(21) | BIT(23) | BIT(24) | BIT(25) | BIT(26))

#define DEVCTL		(CAP_EXP + 8)	/* bits 0..3: which messages are enabled */
#define DEVSTA		(CAP_EXP + 10)	/* bits 0..3: which kinds of error were seen */

enum { EXP_COR = BIT(0), EXP_NONFATAL = BIT(1), EXP_FATAL = BIT(2), EXP_UNSUPPORTED = BIT(3) };

#define CMD_SERR	BIT(8)
#define STATUS_SERR	BIT(14)
#define STATUS_PARITY	BIT(15)

/* As Linux says them (drivers/pci/pcie/aer.c) */
static const char *const unc_names[32] = {
	[4] = "DLP", [5] = "SDES", [12] = "TLP", [13] = "FCP", [14] = "CmpltTO", [15] = "CmpltAbrt",
	[16] = "UnxCmplt", [17] = "RxOF", [18] = "MalfTLP", [19] = "ECRC", [20] = "UnsupReq",
	[21] = "ACSViol", [22] = "UncorrIntErr", [23] = "BlockedTLP", [24] = "AtomicOpBlocked",
	[25] = "TLPBlockedErr", [26] = "PoisonTLPBlocked",
};

static const char *const cor_names[32] = {
	[0] = "RxErr", [6] = "BadTLP", [7] = "BadDLLP", [8] = "Rollover", [12] = "Timeout",
	[13] = "NonFatalErr", [14] = "CorrIntErr", [15] = "HeaderOF",
};

const char *card_aer_name(bool correctable, unsigned int bit)
{
	return bit < 32 ? (correctable ? cor_names : unc_names)[bit] : NULL;
}

int card_aer_bit(bool correctable, const char *name)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		const char *n = card_aer_name(correctable, bit);

		if (n && !strcasecmp(n, name))
			return (int)bit;
	}
	return -ENOENT;
}

bool card_aer_fatal(const struct card *c, unsigned int bit)
{
	return pci_get(&c->pci, UNC_SEVERITY, 4) >> (bit & 31) & 1;
}

static void set_bits(struct pci_block *p, uint32_t off, unsigned int len, uint32_t bits)
{
	pci_put(p->cfg, off, len, pci_get(p, off, len) | bits);
}

static bool enabled(const struct pci_block *p, uint32_t exp_bits)
{
	return pci_get(p, DEVCTL, 2) & exp_bits;
}

static bool serr(const struct pci_block *p)
{
	return pci_get(p, 0x04, 2) & CMD_SERR;
}

/* The header of a write to BAR0, as the function would have received it */
static void log_header(struct pci_block *p, uint32_t bit)
{
	uint32_t head[4] = { 0x60000001, 0x0000000f, pci_get(p, 0x14, 4), pci_get(p, 0x10, 4) & ~0xfu };
	unsigned int i;

	for (i = 0; i < 4; i++)
		pci_put(p->cfg, HEADER_LOG + 4 * i, 4, bit & UNC_OF_TLP ? head[i] : 0);
}

/* The first unmasked error since the last was cleared gets pointer and log */
static void record(struct pci_block *p, uint32_t bit)
{
	uint32_t ctrl = pci_get(p, AER_CTRL, 4), first = BIT(ctrl & 31);

	if (!(pci_get(p, UNC_STATUS, 4) & ~pci_get(p, UNC_MASK, 4) & first)) {
		pci_put(p->cfg, AER_CTRL, 4, (ctrl & ~31u) | (uint32_t)__builtin_ctz(bit));
		log_header(p, bit);
	}
	set_bits(p, UNC_STATUS, 4, bit);
}

static enum card_aer_msg correctable(struct pci_block *p, uint32_t bit, uint32_t unc)
{
	set_bits(p, DEVSTA, 2, EXP_COR | (unc & UNC_UNSUPPORTED ? EXP_UNSUPPORTED : 0));
	set_bits(p, COR_STATUS, 4, bit);
	if (pci_get(p, COR_MASK, 4) & bit)
		return CARD_AER_SILENT;
	if (unc && (pci_get(p, UNC_MASK, 4) & unc))
		set_bits(p, UNC_STATUS, 4, unc);
	else if (unc)
		record(p, unc);
	return enabled(p, EXP_COR) ? CARD_AER_ERR_COR : CARD_AER_SILENT;
}

static enum card_aer_msg uncorrectable(struct pci_block *p, uint32_t bit, bool fatal)
{
	if (bit & UNC_POISONED)
		set_bits(p, 0x06, 2, STATUS_PARITY);
	if ((bit & UNC_UNEXPECTED) && !fatal)
		return correctable(p, COR_ADVISORY, bit);

	set_bits(p, DEVSTA, 2, (fatal ? EXP_FATAL : EXP_NONFATAL) | (bit & UNC_UNSUPPORTED ? EXP_UNSUPPORTED : 0));
	if (pci_get(p, UNC_MASK, 4) & bit) {
		set_bits(p, UNC_STATUS, 4, bit);
		return CARD_AER_SILENT;
	}
	record(p, bit);
	if ((bit & UNC_UNSUPPORTED) && !enabled(p, EXP_UNSUPPORTED) && !serr(p))
		return CARD_AER_SILENT;
	if (!serr(p) && !enabled(p, fatal ? EXP_FATAL : EXP_NONFATAL))
		return CARD_AER_SILENT;
	if (serr(p))
		set_bits(p, 0x06, 2, STATUS_SERR);
	return fatal ? CARD_AER_ERR_FATAL : CARD_AER_ERR_NONFATAL;
}

int card_aer(struct card *c, bool cor, unsigned int bit)
{
	static const char *const said[] = { "no message", "ERR_COR", "ERR_NONFATAL", "ERR_FATAL" };
	enum card_aer_msg msg;

	if (bit > 31 || !((cor ? COR_BITS : UNC_BITS) >> bit & 1))
		return -EINVAL;
	if (c->vanished)
		return -ENODEV;
	if (cor)
		msg = correctable(&c->pci, BIT(bit), 0);
	else
		msg = uncorrectable(&c->pci, BIT(bit), card_aer_fatal(c, bit));
	card_event(c, BLK_PCI, "error %s: %s", card_aer_name(cor, bit), said[msg]);
	return (int)msg;
}

void aer_init(struct pci_block *p)
{
	pci_put(p->w1c, UNC_STATUS, 4, UNC_BITS);
	pci_put(p->wmask, UNC_MASK, 4, UNC_BITS);
	pci_put(p->cfg, UNC_SEVERITY, 4, 0x00462030);	/* default of the standard */
	pci_put(p->wmask, UNC_SEVERITY, 4, UNC_BITS);
	pci_put(p->w1c, COR_STATUS, 4, COR_BITS);
	pci_put(p->cfg, COR_MASK, 4, 0x0000e000);
	pci_put(p->wmask, COR_MASK, 4, COR_BITS);
	pci_put(p->cfg, AER_CTRL, 4, 0x000000a0);	/* ECRC capable */
	pci_put(p->wmask, AER_CTRL, 4, 0x00000140);
}
