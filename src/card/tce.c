/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCE: where a frame from the host goes, the wire, the BMC or the firmware.
 * Contract 03 section 6, 11 "Host to wire or BMC".
 *
 * The driver marks every packet DEST_MAC and lets the TCE TCAM decide: eight
 * entries of a destination address with a don't-care mask, the lowest index
 * wins, its nibble of TCE_TCAM_IDX2DEST_MAP is the destination.  A miss: what
 * META says; if META says nothing (XDP), the wire.  The driver fills the TCAM
 * only when there is a BMC (fbnic_rpc.c fbnic_write_tce_tcam()), so without
 * one nothing is looked up.
 *
 * An entry takes effect when its word 3 is written: words 0..2 are latched
 * then.  That is what the driver's order of writes asks for
 * (fbnic_write_tce_tcam_entry()).
 */
#include "hw.h"

#define TXB_TCAM_ENABLE	F_BIT(TCE_TXB_CTRL_TCAM_ENABLE)
#define TCAM3_VALIDATE	F_BIT(TCE_RAM_TCAM3_VALIDATE)

void tce_tcam_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	static const uint32_t word[3] = { CSR_TCE_RAM_TCAM0, CSR_TCE_RAM_TCAM1, CSR_TCE_RAM_TCAM2 };
	struct tce_entry *e = &c->tx.tce[i];
	unsigned int w;

	if (!(val & TCAM3_VALIDATE)) {
		c->tx.tce_valid &= (uint8_t)~BIT(i);
		return;
	}
	for (w = 0; w < 3; w++) {
		e->value[w] = (uint16_t)F_GET(c->csr[word[w] + i], TCE_RAM_TCAM0_VALUE);
		e->mask[w] = (uint16_t)F_GET(c->csr[word[w] + i], TCE_RAM_TCAM0_MASK);
	}
	c->tx.tce_valid |= (uint8_t)BIT(i);
}

static bool entry_hit(const struct tce_entry *e, const uint8_t *da)
{
	unsigned int w;

	for (w = 0; w < 3; w++) {	/* word 0: bytes 4 and 5 */
		uint16_t v = (uint16_t)(da[4 - 2 * w] << 8 | da[5 - 2 * w]);

		if ((v ^ e->value[w]) & ~e->mask[w])
			return false;
	}
	return true;
}

static unsigned int tcam_dest(const struct card *c, const uint8_t *da)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->tx.tce); i++)
		if ((c->tx.tce_valid & BIT(i)) && entry_hit(&c->tx.tce[i], da))
			return c->csr[CSR_TCE_TCAM_IDX2DEST_MAP] >> 4 * i & 7;
	return 0;	/* an entry without a destination counts as none: guess */
}

/* Destination address bytes; the first buffer may hold less than six */
static void dest_address(uint8_t *da, const struct span *sp, unsigned int n)
{
	unsigned int have = 0;

	for (; n && have < 6; n--, sp++) {
		size_t run = sp->len < 6 - have ? sp->len : 6 - have;

		memcpy(da + have, sp->base, run);
		have += (unsigned int)run;
	}
}

unsigned int tce_dest(struct card *c, uint64_t meta, const struct span *sp, unsigned int n)
{
	unsigned int dest = 0;

	if (c->tx.tce_valid && (c->csr[CSR_TCE_TXB_CTRL] & TXB_TCAM_ENABLE)) {
		uint8_t da[6] = { 0 };

		dest_address(da, sp, n);
		dest = tcam_dest(c, da);
	}
	if (!dest)
		dest = (unsigned int)field64(meta, D_TWD_META_DEST_FW_HI, D_TWD_META_DEST_MAC_LO);
	return dest ? dest : DEST_MAC;
}

/*
 * To the BMC's port, which has no patience: what it does not take is lost for
 * want of room, as is all of a frame larger than TCE_BMC_MAX_PKTSZ.  So are
 * frames to the firmware, which reads none.
 */
void tce_to_bmc(struct card *c, const struct frame *f, unsigned int dest)
{
	uint32_t max = F_GET(c->csr[CSR_TCE_BMC_MAX_PKTSZ], TCE_BMC_MAX_PKTSZ_TX);

	if ((dest & DEST_BMC) && (!max || f->len <= max) && rbt_tx(c, f))
		return;
	card_event(c, BLK_TCE, "frame of %u bytes to %s dropped", f->len, dest & DEST_BMC ? "BMC" : "FW");
	ctr_add(c, CSR_TCE_TBI_DROP_PKTS, 1);
	ctr64_add(c, CSR_TCE_TBI_DROP_BYTE, f->len);
}

void tce_drop(struct card *c, uint32_t len)
{
	ctr_add(c, CSR_TCE_TTI_FRAME_DROP_PKTS, 1);
	ctr64_add(c, CSR_TCE_TTI_FRAME_DROP_BYTE, len);
}
