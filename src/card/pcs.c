/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCS: the link.
 *
 * The driver looks at the link in two ways.  The signals of the SIG block
 * (PCS_OUT0, PCS_OUT1) carry the lock bits, which must equal exactly what the
 * speed and FEC call for (driver: fbnic_mac.c, fbnic_mac_get_link_status());
 * and since 7.0 the PCS registers of clause 45, through an MDIO bus that the
 * driver makes up (driver: fbnic_mdio.c and pcs-xpcs.c).  Changes arrive as
 * interrupt cause 34, SIG_PCS_INTR_STS.
 *
 * Speed and FEC are the firmware's: it programs SIG_PCS_IN0 and IN1.  The link
 * depends on the cable only, never on the MAC: the driver resets the MAC first
 * and then waits for the lock.
 */
#include <errno.h>

#include "hw.h"

#define STS_UP		F_BIT(SIG_PCS_INTR_STS_LINK_UP)
#define STS_DOWN	F_BIT(SIG_PCS_INTR_STS_LINK_DOWN)
#define CTRL1_RESET	F_BIT(PCS_CTRL1_RESET)
#define CTRL1_SPEED	(F_MASK(PCS_CTRL1_SPEED_SEL) | F_MASK(PCS_CTRL1_SPEED))
#define STAT1_LINK	F_BIT(PCS_STAT1_LINK)

enum { FEC_NONE = 1, FEC_RS, FEC_BASER };	/* as in the capability message */

/* Per firmware speed code: the lock bits of each FEC and what PCS CTRL1 shows */
static const struct mode {
	uint32_t	block, amps, fcfec;	/* OUT0 24:5, OUT0 4:1, OUT1 11:8 */
	uint16_t	ctrl1;
	uint32_t	pcs_in0;		/* guess: only bits that public firmware writes */
} modes[] = {
	[1] = { 0x01, 0x1, 0x1, 0x2054, 0x00000000 },	/* 25G-CR, one NRZ lane */
	[2] = { 0x63, 0x5, 0xf, 0x2058, 0x00000000 },	/* 50G-CR2, two NRZ lanes */
	[3] = { 0x03, 0x3, 0x3, 0x2058, 0x00000200 },	/* 50G-CR, one PAM4 lane */
	[4] = { 0x0f, 0xf, 0xf, 0x2050, 0x00000040 },	/* 100G-CR2, two PAM4 lanes */
};

static const struct mode *mode(const struct card *c)
{
	return &modes[c->pcs.speed];
}

bool pcs_link(const struct card *c)
{
	return c->pcs.cable;
}

uint32_t sig_pcs_out0_read(struct card *c, unsigned int i)
{
	(void)i;
	if (!pcs_link(c))
		return 0;
	return F_BIT(SIG_PCS_OUT0_LINK) | (c->pcs.fec == FEC_RS ?
					   F_PUT(SIG_PCS_OUT0_AMPS_LOCK, mode(c)->amps) :
					   F_PUT(SIG_PCS_OUT0_BLOCK_LOCK, mode(c)->block));
}

uint32_t sig_pcs_out1_read(struct card *c, unsigned int i)
{
	(void)i;
	return pcs_link(c) && c->pcs.fec == FEC_BASER ? F_PUT(SIG_PCS_OUT1_FCFEC_LOCK, mode(c)->fcfec) : 0;
}

/* Status or mask changed: cause 34 is a level, its rising edge interrupts */
void sig_pcs_intr_update(struct card *c, unsigned int i, uint32_t val)
{
	bool level = c->csr[CSR_SIG_PCS_INTR_STS] & ~c->csr[CSR_SIG_PCS_INTR_MASK] & (STS_UP | STS_DOWN);
	bool rises = level && !c->pcs.cause;

	(void)i;
	(void)val;
	c->pcs.cause = level;
	if (rises)
		intr_cause(c, INTR_CAUSE_PCS);
}

uint32_t pcs_ctrl1_read(struct card *c, unsigned int page)
{
	uint32_t stored = c->csr[CSR_PCS_CTRL1 + (page << 10)];

	return (stored & ~(CTRL1_SPEED | CTRL1_RESET)) | mode(c)->ctrl1;
}

void pcs_ctrl1_write(struct card *c, unsigned int page, uint32_t val)
{
	(void)page;
	card_event(c, BLK_PCS, "CTRL1 = 0x%04x", val);
}

/* Latching low: a drop shows once even if the link is back */
uint32_t pcs_stat1_read(struct card *c, unsigned int page)
{
	bool latched = c->pcs.stat1_latched_low;

	(void)page;
	c->pcs.stat1_latched_low = false;
	return pcs_link(c) && !latched ? STAT1_LINK : 0;
}

uint32_t pcs_10gbrt_stat1_read(struct card *c, unsigned int page)
{
	(void)page;
	return pcs_link(c) ? F_BIT(PCS_10GBRT_STAT1_LINK) | F_BIT(PCS_10GBRT_STAT1_BLOCK_LOCK) : 0;
}

void card_set_link(struct card *c, bool up)
{
	if (up == c->pcs.cable)
		return;
	c->now = c->env.now(c->env.ctx);
	c->pcs.cable = up;
	if (!up)
		c->pcs.stat1_latched_low = true;
	card_event(c, BLK_PCS, "link %s", up ? "up" : "down");
	c->csr[CSR_SIG_PCS_INTR_STS] |= up ? STS_UP : STS_DOWN;
	sig_pcs_intr_update(c, 0, 0);
	if (c->fw && c->fw->link)
		c->fw->link(c->fw_ctx, up);
}

/* A counter in two halves that reading clears; it stays at its end */
static void count_halves(struct card *c, uint32_t lo, uint32_t n)
{
	uint32_t v = c->csr[lo] | c->csr[lo + 1] << 16;

	v = n > UINT32_MAX - v ? UINT32_MAX : v + n;
	c->csr[lo] = v & 0xffff;
	c->csr[lo + 1] = v >> 16;
}

/* A codeword with an error has at least one bad symbol, and one that is lost has 8 (RS(544,514)) */
void card_fec_errors(struct card *c, uint32_t corrected, uint32_t uncorrected)
{
	unsigned int lanes = c->pcs.speed == 2 || c->pcs.speed == 4 ? 2 : 1;

	if (c->pcs.fec != FEC_RS || !pcs_link(c))
		return;
	count_halves(c, CSR_RSFEC_CCW_LO, corrected);
	count_halves(c, CSR_RSFEC_NCCW_LO, uncorrected);
	for (unsigned int i = 0; i < lanes; i++)
		count_halves(c, CSR_PCS_SYMBLERR_LO + 2 * i, (corrected + 8 * uncorrected + i) / lanes);
}

int card_fw_set_link_mode(struct card *c, unsigned int speed, unsigned int fec)
{
	if (speed < 1 || speed >= ARRAY_SIZE(modes) || fec < FEC_NONE || fec > FEC_BASER)
		return -EINVAL;
	c->pcs.speed = speed;
	c->pcs.fec = fec;
	c->csr[CSR_SIG_PCS_IN0] = mode(c)->pcs_in0;
	c->csr[CSR_SIG_PCS_IN1] = fec == FEC_RS ? 0xf : fec == FEC_BASER ? 0xfu << 24 : 0;
	card_event(c, BLK_PCS, "speed %u, FEC %u", speed, fec);
	return 0;
}

void pcs_reset(struct card *c, enum card_reset kind)
{
	c->pcs.stat1_latched_low = false;
	c->pcs.cause = false;
	if (kind == CARD_RESET_POWER)
		card_fw_set_link_mode(c, 4, FEC_RS);	/* 100G-CR2 until firmware says otherwise */
}
