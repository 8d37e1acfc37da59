/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver library: bring-up
 *
 * The writes and their order are those of contract 00 section 2, with the
 * values of Linux 7.3.4.  What the contract says needs no behaviour (credits,
 * weights, bus attributes) is left out: a register test looks after it.
 */
#include "drv.h"

#include <errno.h>

const uint8_t drv_rss_key[54] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

int drv_ring_alloc(struct host *h, struct drv_ring *r, unsigned int log)
{
	size_t size = sizeof(uint64_t) << log;

	*r = (struct drv_ring){ .mask = (1u << log) - 1, .phase = 1 };
	r->addr = host_alloc(h, size < 4096 ? 4096 : size, 4096);
	if (!r->addr)
		return -ENOMEM;
	r->desc = host_ptr(h, r->addr);
	return 0;
}

/* ---- interrupts ---- */

void drv_arm(struct host *h, unsigned int v, unsigned int rx_us, unsigned int tx_us)
{
	csr_wr(h, INTR_CQ_REARM(v), REARM_UNMASK | REARM_RCQ_UPD | REARM_TCQ_UPD |
	       (rx_us & 0x3fff) | (tx_us & 0x3fff) << 15);
}

void drv_rearm(struct host *h, unsigned int v)
{
	csr_wr(h, INTR_CQ_REARM(v), REARM_UNMASK);
}

/* ---- MAC, DMA, buffers ---- */

void drv_dma_enable(struct host *h, bool on)
{
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, on ? PUL_BME : 0);
	csr_wr(h, PUL_OB_TLP_HDR_AR_CFG, on ? PUL_BME : 0);
}

void drv_mac_enable(struct host *h, bool on)
{
	uint32_t in0 = csr_rd(h, SIG_MAC_IN0);
	const uint32_t resets = 0xf << 11, pad = 1 << 11, promisc = 1 << 4;

	csr_wr(h, SIG_MAC_IN0, on ? in0 & ~resets : in0 | resets);
	csr_wr(h, MAC_COMMAND_CONFIG, pad | promisc | (on ? 3u : 3u << 28));
	host_flush(h);
}

static void init_tx(struct host *h)
{
	const uint32_t psh = 1 << 3, fin = 1 << 0, cwr = 1 << 7;

	csr_wr(h, TCE_LSO_CTRL, (psh | fin) | (psh | cwr | fin) << 9 | cwr << 18 | 1u << 27);
	csr_wr(h, TCE_CSO_CTRL, 0);
	csr_wr(h, TCE_TXB_CTRL, 3);
	csr_wr(h, QM_TWQ_DEFAULT_META_L, 14);
	csr_wr(h, QM_TWQ_DEFAULT_META_H, 1 << 5);
	csr_wr(h, QM_TQS_CTL0, 1 | 16 << 1);
	csr_wr(h, QM_TQS_MTU_CTL0, 9743);
	csr_wr(h, QM_TQS_MTU_CTL1, 9743);
	csr_wr(h, QM_TCQ_CTL0, 600 << 16 | 48000);
}

static void init_rx(struct host *h)
{
	static const struct { uint8_t fifo; uint16_t base, size; } fifos[] = {
		{ 0, 0x1800, 0x20 }, { 3, 0x1c00, 0x10 }, { 4, 0x0000, 0xc0 }, { 6, 0x1e00, 0x10 },
	};

	for (unsigned int i = 0; i < sizeof(fifos) / sizeof(*fifos); i++)
		csr_wr(h, RXB_PBUF_CFG(fifos[i].fifo), fifos[i].base | (uint32_t)fifos[i].size << 13);
	csr_wr(h, RXB_PAUSE_DROP_CTRL, 0x7d | 0x10 << 16);
	csr_wr(h, QM_RCQ_CTL0, 600 << 16 | 1200);
	csr_wr(h, RPC_RMI_CONFIG, 20);
}

int drv_up(struct host *h)
{
	int err = host_enable(h);

	if (err)
		return err;
	csr_wr(h, INTR_SW_AC_MODE(0), ~1u);
	init_tx(h);
	init_rx(h);
	drv_dma_enable(h, true);
	drv_mac_enable(h, true);
	return h->err;
}

/* ---- classifier ---- */

void drv_macda(struct host *h, unsigned int entry, const uint8_t mac[6], const uint8_t dont_care[6])
{
	for (unsigned int w = 0; w < 3; w++) {
		unsigned int i = 4 - 2 * w;	/* word 0 has the last two bytes */
		uint32_t val = (uint32_t)mac[i] << 8 | mac[i + 1];
		uint32_t mask = (uint32_t)dont_care[i] << 8 | dont_care[i + 1];

		csr_wr(h, RPC_TCAM_MACDA(entry, w), val | mask << 16);
	}
	host_flush(h);
	csr_wr(h, RPC_TCAM_MACDA(entry, 3), TCAM_VALIDATE);
}

void drv_rule(struct host *h, unsigned int entry, uint32_t must, uint32_t tbl0, uint32_t tbl1)
{
	csr_wr(h, RPC_ACT_TBL0(entry), tbl0);
	csr_wr(h, RPC_ACT_TBL1(entry), tbl1);
	for (unsigned int w = 0; w < 11; w++)
		csr_wr(h, RPC_TCAM_ACT(entry, w),
		       w == 1 ? must | (~must & 0xffff) << 16 : 0xffff0000u);
	host_flush(h);
	csr_wr(h, RPC_TCAM_ACT(entry, 11), TCAM_VALIDATE);
}

static void write_rss(struct host *h, unsigned int queues)
{
	for (unsigned int i = 0; i < 14; i++) {
		uint32_t w = 0;

		for (unsigned int b = 0; b < 4; b++)
			w = w << 8 | (4 * i + b < sizeof(drv_rss_key) ? drv_rss_key[4 * i + b] : 0);
		csr_wr(h, RPC_RSS_KEY(i), w);
	}
	for (unsigned int ctx = 0; ctx < 2; ctx++)
		for (unsigned int i = 0; i < 256; i++)
			csr_wr(h, RPC_RSS_TBL(ctx, i), i % queues);
}

void drv_rpc_on(struct host *h, const struct drv_conf *conf)
{
	/* key word 1: MACDA hit 10, IPv6 11, IP 12, UDP 14, L4 15; contract 05 section 5 */
	static const struct { uint32_t must, rss; } rules[7] = {
		{ 0xdc00, 0x3 }, { 0xd400, 0x3 }, { 0x9c00, 0xf }, { 0x9400, 0xf },
		{ 0x1c00, 0x3 }, { 0x1400, 0x3 }, { 0x0400, 0x10 },
	};
	static const uint8_t exact[6], any[6] = { 255, 255, 255, 255, 255, 255 };
	const uint32_t action = 1 << 1 | (conf->hint_l4 ? 4u << 16 : 0) | (conf->ts ? 1u << 28 : 0);

	write_rss(h, conf->queues);
	csr_wr(h, RPC_ACT_TBL0_DEFAULT, 1);	/* drop */
	csr_wr(h, RPC_ACT_TBL1_DEFAULT, 0);
	for (unsigned int i = 0; i < 7; i++)
		drv_rule(h, 57 + i, rules[i].must, action, rules[i].rss);
	drv_macda(h, 4, any, exact);		/* broadcast */
	drv_macda(h, 30, conf->mac, exact);
	if (conf->promisc)
		drv_macda(h, 31, exact, any);
	csr_wr(h, RPC_RMI_CONFIG, 9742u << 16 | 1 << 12 | 20);
	host_flush(h);
}

void drv_rpc_off(struct host *h)
{
	for (unsigned int i = 0; i < 32; i++)
		for (unsigned int w = 0; w < 4; w++)
			csr_wr(h, RPC_TCAM_MACDA(i, w), 0);
	for (unsigned int i = 64; i-- > 0; )
		for (unsigned int w = 0; w < 12; w++)
			csr_wr(h, RPC_TCAM_ACT(i, w), 0);
	csr_wr(h, RPC_RMI_CONFIG, 20);
	host_flush(h);
}

/* ---- idle ---- */

static bool all_ones(struct host *h, uint32_t csr, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (csr_rd(h, csr + i) != UINT32_MAX)
			return false;
	return true;
}

static bool is_idle(void *h)
{
	return all_ones(h, QM_TWQ_IDLE, 8) && all_ones(h, QM_TQS_IDLE, 8) &&
	       all_ones(h, QM_TDE_IDLE, 8) && all_ones(h, QM_TCQ_IDLE, 4) &&
	       all_ones(h, QM_HPQ_IDLE, 4) && all_ones(h, QM_PPQ_IDLE, 4) &&
	       all_ones(h, QM_RCQ_IDLE, 4);
}

bool drv_idle(struct host *h, uint64_t ns)
{
	return host_wait(h, is_idle, h, ns);
}
