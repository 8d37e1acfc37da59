// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's part in the BMC's network (contract 11 section 7).
 *
 * While no driver owns the card, firmware owns the receive tables, and the BMC
 * must have its network all the same: before the first driver, between two of
 * them, after a reset of the function.  So firmware sizes the receive buffer as
 * the driver would (which does not do it when it finds reception enabled, and
 * complains about pools that are too small: fbnic_mac.c fbnic_mac_init_rxb()),
 * sends the BMC's addresses and broadcast to the BMC and nothing to the host,
 * and turns reception and the MAC on.
 *
 * A driver that comes learns of the BMC from the capability message, and does
 * the same in its own tables.  When it goes, it leaves the BMC's entries and an
 * action 63 "to the BMC" behind (fbnic_rpc.c fbnic_clear_rules()); firmware
 * writes its own over them, and leaves alone what the driver may believe to be
 * still there.
 *
 * A BMC may change its address while a driver is there.  The driver of Linux 7
 * takes it from another capability message; that of 6.12 reads such a message
 * only before its interface comes up.  Entries 0 to 3 are the BMC's in any case,
 * so firmware writes them too, as the driver would (guess: the real one may not).
 *
 * The other way, what the driver tells about the host's addresses (message
 * 0x46) is passed on to the hardware; without an owner the host gets nothing.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"

/* Registers by word index (driver: fbnic_csr.h) */
#define CSR_RXB_CT_SIZE		0x08000u
#define CSR_RXB_PAUSE_DROP_CTRL	0x08008u
#define CSR_RXB_PAUSE_THLD	0x08009u
#define CSR_RXB_DROP_THLD	0x08011u
#define CSR_RXB_ECN_THLD	0x0801eu
#define CSR_RXB_PBUF_CFG	0x08027u
#define CSR_RXB_PBUF_CREDIT	0x08047u
#define CSR_RPC_RMI_CONFIG	0x08400u
#define CSR_RPC_ACT_TBL0_DEFAULT 0x0840au
#define CSR_RPC_ACT_TBL0	0x08800u
#define CSR_RPC_ACT_TBL1	0x08840u
#define CSR_RPC_TCAM_ACT	0x08880u	/* entry i, word w: 64 w + i */
#define CSR_RPC_TCAM_MACDA	0x08b80u	/* entry i, word w: 32 w + i */
#define CSR_MAC_COMMAND_CONFIG	0x11002u
#define CSR_SIG_MAC_IN0		0x11800u

#define VALIDATE	0x80000000u
#define RMI_ENABLE	(1u << 12)
#define RMI_ON		(9742u << 16 | RMI_ENABLE | 20u)	/* MTU, overhead bytes */
#define ACT_DROP	1u
#define ACT_TO_BMC	(2u << 1)
#define KEY_MACDA_HIT	(1u << 10)		/* word 1 of an action's key */
#define DROP_FIFOS	0x7du			/* driver: FBNIC_DROP_EN_MASK */
#define JUMBO_CELLS	(9742u / 64)
#define NEVER		0x1fffu
#define MAC_ON		(3u << 28 | 1u << 27 | 1u << 11 | 3u)	/* pause ignored both ways, pad, Rx and Tx */

#define MACDA_BROADCAST	4u
#define MACDA_ALLMULTI	23u
#define ACT_LAST	63u

static void csr(struct fw_host *h, uint32_t index, uint32_t val)
{
	h->fw->env.bmc.csr_write(h->ctx, index, val);
}

static void program_rxb(struct fw_host *h)
{
	static const struct { uint16_t addr, size; } fifo[8] = {	/* in 64 bytes, in 2 KiB */
		[0] = { 0x1800, 0x20 }, [3] = { 0x1c00, 0x10 }, [4] = { 0, 0xc0 }, [6] = { 0x1e00, 0x10 },
	};

	for (uint32_t i = 0; i < 8; i++) {
		uint32_t cells = fifo[i].size * 32u, drop = cells - JUMBO_CELLS;

		csr(h, CSR_RXB_CT_SIZE + i, 4 | 2 << 6);
		csr(h, CSR_RXB_PBUF_CFG + i, fifo[i].addr | (uint32_t)fifo[i].size << 13);
		csr(h, CSR_RXB_PBUF_CREDIT + i, cells ? cells + 4 : 0);
		if (!cells)
			continue;
		csr(h, CSR_RXB_PAUSE_THLD + i, NEVER);
		csr(h, CSR_RXB_ECN_THLD + i, NEVER);
		csr(h, CSR_RXB_DROP_THLD + i, drop | drop << 13);
	}
	csr(h, CSR_RXB_PAUSE_DROP_CTRL, DROP_FIFOS);
}

/* @dontcare: bits of the address, first byte in the high ones; @mac NULL: no entry */
static void program_macda(struct fw_host *h, uint32_t i, const uint8_t *mac, uint64_t dontcare)
{
	for (uint32_t w = 0; w < 3; w++) {	/* word 0: bytes 4 and 5 */
		uint32_t val = mac ? (uint32_t)mac[4 - 2 * w] << 8 | mac[5 - 2 * w] : 0;

		csr(h, CSR_RPC_TCAM_MACDA + 32 * w + i, val | (uint32_t)(dontcare >> 16 * w & 0xffff) << 16);
	}
	csr(h, CSR_RPC_TCAM_MACDA + 32 * 3 + i, mac ? VALIDATE : 0);
}

static void program_rpc(struct fw_host *h)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, group[6] = { 1 };
	const struct fw_host_config *c = &h->cfg;

	for (uint32_t i = 0; i < FW_BMC_MACS; i++)
		program_macda(h, i, i < c->bmc_macs ? c->bmc_mac[i] : NULL, 0);
	program_macda(h, MACDA_BROADCAST, broadcast, 0);
	if (c->bmc_all_multi)
		program_macda(h, MACDA_ALLMULTI, group, 0xfeffffffffff);

	csr(h, CSR_RPC_ACT_TBL0_DEFAULT, ACT_DROP);
	csr(h, CSR_RPC_ACT_TBL0 + ACT_LAST, ACT_TO_BMC);
	csr(h, CSR_RPC_ACT_TBL1 + ACT_LAST, 0);
	for (uint32_t w = 0; w < 11; w++) {
		uint32_t key = w == 1 ? KEY_MACDA_HIT : 0;

		csr(h, CSR_RPC_TCAM_ACT + 64 * w + ACT_LAST, key | (~key & 0xffff) << 16);
	}
	csr(h, CSR_RPC_TCAM_ACT + 64 * 11 + ACT_LAST, VALIDATE);
	csr(h, CSR_RPC_RMI_CONFIG, RMI_ON);
}

/* What a driver makes of the addresses in its entries for the BMC; groups are elsewhere */
static void program_unicast(struct fw_host *h)
{
	const struct fw_host_config *c = &h->cfg;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->bmc_macs; i++)
		if (!(c->bmc_mac[i][0] & 1))
			program_macda(h, n++, c->bmc_mac[i], 0);
	while (n < FW_BMC_MACS)
		program_macda(h, n++, NULL, 0);
}

void bmc_program(struct fw_host *h)
{
	if (!h->cfg.bmc_macs || !h->fw->env.bmc.csr_write)
		return;
	program_rxb(h);
	program_rpc(h);
	csr(h, CSR_SIG_MAC_IN0, 0);
	csr(h, CSR_MAC_COMMAND_CONFIG, MAC_ON);
	h->tables_ours = true;
}

/*
 * After power-on the tables are ours.  After a crash they may be those of a
 * driver that goes on working, which shows in reception being on already.
 */
void bmc_boot(struct fw *fw)
{
	if (fw->env.bmc.restarted)
		fw->env.bmc.restarted(fw->env.ctx);
	EACH_HOST(fw, h) {
		uint32_t rmi = fw->env.reg_read ? fw->env.reg_read(h->ctx, CSR_RPC_RMI_CONFIG) : 0;

		if (!(rmi & RMI_ENABLE))
			bmc_program(h);
	}
}

void bmc_owner(struct fw_host *h)
{
	if (h->fw->env.bmc.owner)
		h->fw->env.bmc.owner(h->ctx, h->host_owns);
	if (h->host_owns)
		h->tables_ours = false;
	else
		bmc_program(h);
}

void bmc_table(struct fw_host *h)
{
	static const struct fw_mac_sync nothing;

	if (h->fw->env.bmc.table)
		h->fw->env.bmc.table(h->ctx, h->host_owns ? &h->sync : &nothing);
}

int fw_bmc_set(struct fw *fw, unsigned int host, unsigned int macs, const uint8_t mac[][6], bool all_multi)
{
	struct fw_host *h = &fw->host[host];
	struct fw_host_config *c = &h->cfg;
	bool ours, first = !c->bmc_macs;

	if (macs > FW_BMC_MACS)
		return -FW_EINVAL;
	if (macs == c->bmc_macs && all_multi == c->bmc_all_multi && !memcmp(mac, c->bmc_mac, macs * 6u))
		return 0;
	memcpy(c->bmc_mac, mac, macs * 6u);
	c->bmc_macs = macs;
	c->bmc_all_multi = all_multi;
	if (!fw_ready(fw))
		return 0;
	if (h->tables_ours || (first && !h->host_owns))
		bmc_program(h);
	else if (fw->env.bmc.csr_write)
		program_unicast(h);
	/* The driver takes a new capability message at any time, and rewrites its tables within a second */
	if (h->caps_sent) {
		ours = mbx_enter(fw);
		fw_send_caps(h);
		if (ours) {
			mbx_flush(h);
			mbx_leave(fw);
		}
	}
	return 0;
}
