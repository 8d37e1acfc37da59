/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RBT: the card's port to the BMC (contract 11 section 7).
 *
 *	wire, rule says BMC	RXB FIFO 3 --> port		rxb.c
 *	host, TCE TCAM says BMC	           --> port		tce.c
 *	BMC, for the host	port --> RPC, RXB FIFO 6 --> host
 *	BMC, else		port --> MAC --> wire
 *
 * Which of the BMC's frames the host gets, the hardware knows from a table that
 * firmware fills; where it is nobody outside has seen, only what goes into it:
 * the host's addresses and receive modes, which the driver tells firmware
 * (message 0x46).  A unicast address of the host's: to the host only.
 * Broadcast and multicast: to the wire, and to the host if it asked for them.
 * A promiscuous host sees all.  What the host gets then passes the classifier
 * as everything does, and its rules may still say no.
 *
 * A frame that the wire does not take now (full, or paused) is not taken, and
 * goes to nobody.  A host that takes no frames holds up nothing: its copies
 * wait in FIFO 6 or are dropped and counted there, because the BMC's network
 * must not depend on what the host is doing.
 *
 * Nothing here knows NC-SI: what BMC and network may see of each other beyond
 * this is decided by whoever is connected.
 */
#include "hw.h"

enum { TO_WIRE = 1, TO_HOST = 2 };

void card_connect_bmc(struct card *c, const struct port_ops *ops, void *ctx)
{
	c->rbt.port = ops;
	c->rbt.ctx = ctx;
	card_bmc_ready(c);	/* what waits in FIFO 3 goes to this one */
}

void card_fw_bmc_table(struct card *c, const struct card_bmc_table *t)
{
	c->rbt.table = *t;
	if (t->uc > ARRAY_SIZE(t->uc_mac))
		c->rbt.table.uc = ARRAY_SIZE(t->uc_mac);
	if (t->mc > ARRAY_SIZE(t->mc_mac))
		c->rbt.table.mc = ARRAY_SIZE(t->mc_mac);
	card_event(c, BLK_BMC, "host gets %u unicast, %u multicast addresses, flags 0x%x", t->uc, t->mc, t->flags);
}

bool rbt_here(const struct card *c)
{
	return c->rbt.port;
}

bool rbt_tx(struct card *c, const struct frame *f)
{
	return c->rbt.port && c->rbt.port->tx(c->rbt.ctx, f, 1) == 1;
}

/* ---- from the BMC ---- */

static bool listed(const uint8_t list[][6], unsigned int n, const uint8_t *da)
{
	while (n--)
		if (!memcmp(list[n], da, 6))
			return true;
	return false;
}

static unsigned int destinations(const struct card *c, const uint8_t *da)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct card_bmc_table *t = &c->rbt.table;
	bool host = t->flags & CARD_BMC_PROMISC;

	if (!(da[0] & 1)) {
		if (listed(t->uc_mac, t->uc, da))
			return TO_HOST;
	} else if (!memcmp(da, broadcast, 6)) {
		host |= !!(t->flags & CARD_BMC_BROADCAST);
	} else {
		host |= (t->flags & CARD_BMC_ALLMULTI) || listed(t->mc_mac, t->mc, da);
	}
	return TO_WIRE | (host ? TO_HOST : 0);
}

static void head(const struct frame *f, uint8_t da[6])
{
	size_t have = 0;

	for (unsigned int i = 0; i < f->nspans && have < 6; i++) {
		size_t n = f->span[i].len < 6 - have ? f->span[i].len : 6 - have;

		memcpy(da + have, f->span[i].base, n);
		have += n;
	}
}

static bool to_wire(struct card *c, const struct frame *f)
{
	if (!mac_tx_on(c))
		tmi_drop(c, f, 1);
	else if (mac_tx(c, f, 1) != 1)
		return false;
	return true;
}

unsigned int card_bmc_rx(struct card *c, const struct frame *f, unsigned int n)
{
	uint32_t max = F_GET(c->csr[CSR_TCE_BMC_MAX_PKTSZ], TCE_BMC_MAX_PKTSZ_RX);	/* 0: nobody has set it (guess) */
	unsigned int i;

	c->now = c->env.now(c->env.ctx);
	if (c->vanished)
		return n;
	for (i = 0; i < n; i++) {
		uint8_t da[6] = { 0 };
		unsigned int dest;

		if (f[i].len < 14 || (max && f[i].len > max) || f[i].flags) {
			card_event(c, BLK_BMC, "frame of %u bytes from the BMC dropped", f[i].len);
			continue;
		}
		head(&f[i], da);
		dest = destinations(c, da);
		if ((dest & TO_WIRE) && !to_wire(c, &f[i]))
			break;
		if (dest & TO_HOST)
			rx_input(c, RXB_BMC, &f[i], true);
	}
	intr_run(c);
	return i;
}

void rbt_reset(struct card *c)
{
	memset(&c->rbt.table, 0, sizeof(c->rbt.table));
}
