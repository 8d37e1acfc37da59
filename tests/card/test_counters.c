/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters against a second set of books.  Random traffic runs from one card
 * to another; the test counts what it sends, what its tap on the cable sees
 * and what its host finds in the rings, from the definitions of contract 08,
 * and all counters of both cards must be exactly that.  A counter that the test
 * did not expect to move must be zero.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"

#define NQ	4u

static struct rig rig;
static struct drv_tx tx[NQ];
static struct drv_rx rx[NQ];
static struct rng g;

static void on_cable(struct rig *r, unsigned int from, const struct frame *f)
{
	static uint8_t flat[PORT_MAX_FRAME];

	(void)r;
	assert_int_equal(from, 0);
	rig_flatten(f, flat, sizeof(flat));
	books_mac(0, "TX", flat, f->len);
	books_mac(1, "RX", flat, f->len);
	books_rxb_in(1, f->len);
}

/* ---- the traffic ---- */

static int setup(void **state)
{
	struct drv_conf conf = { .queues = NQ, .hint_l4 = true };

	(void)state;
	g.s = 0xc0047;
	books_clear();
	rig_open(&rig, 2, NQ, 32u << 20, PORT_LSO_CUT);
	memcpy(conf.mac, rig_mac[1], 6);
	for (unsigned int q = 0; q < NQ; q++) {
		assert_int_equal(drv_tx_open(&tx[q], rig.h[0], q, &DRV_TX_DEFAULT), 0);
		assert_int_equal(drv_rx_open(&rx[q], rig.h[1], q, &DRV_RX_DEFAULT), 0);
	}
	drv_rpc_on(rig.h[1], &conf);
	rig.tap = on_cable;
	rig_work(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void count_arrival(unsigned int q, uint32_t len)
{
	books_add(1, "QUEUE_RDE_PKT_CNT", (int)q, 1);
	books_rxb_out(1, len);
}

static void counters_agree_with_the_frames(void **state)
{
	static const uint8_t bc[6] = { 255, 255, 255, 255, 255, 255 }, mc[6] = { 1, 0, 0x5e, 9, 9, 9 },
			     other[6] = { 2, 7, 7, 7, 7, 7 };
	const uint8_t *const das[] = { rig_mac[1], rig_mac[1], rig_mac[1], bc, mc, other };
	static uint8_t f[DRV_MAX_FRAME];
	uint64_t area = host_alloc(rig.h[0], 65536, 4096);

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		unsigned int q = rnd(&g, NQ), parts;
		struct drv_buf b[17];
		struct drv_pkt p;
		struct pkt k;
		uint32_t len;

		pkt_random(&g, &k, das[rnd(&g, 6)], rnd(&g, 3) ? 1400 : 9600);
		len = pkt_build(&g, &k, f);
		if (!rnd(&g, 20))
			wr16(f + 12, 0x1234);		/* (no length: below 0x600) */
		if (!rnd(&g, 30))
			len = rnd_in(&g, 9800, 10200);	/* too large: refused */
		else if (!rnd(&g, 30))
			len = rnd_in(&g, 1, 13);
		parts = rnd_in(&g, 1, len < 17 ? len : 17);
		scatter(&g, rig.h[0], area, 65536, f, len, parts, b);
		assert_int_equal(drv_tx_post(&tx[q], 0, drv_meta_plain(), b, parts), 0);
		drv_tx_kick(&tx[q], 0);
		rig_work(&rig);
		assert_true(drv_tx_reap(&tx[q]) > 0);
		books_add(0, "QUEUE_TWQ0_PKT_CNT", (int)q, 1);
		if (len < 14 || len > 9746) {
			books_add(0, "QUEUE_TWQ0_ERR_CNT", (int)q, 1);
			books_add(0, "TCE_TTI_FRAME_DROP_PKTS", -1, 1);
			books_add(0, "TCE_TTI_FRAME_DROP_BYTE", -1, len);
		}
		for (unsigned int r = 0; r < NQ; r++) {
			while (drv_rx_poll(&rx[r], &p) == 1)
				count_arrival(r, p.len);
			assert_string_equal(rx[r].err, "");
			drv_rx_refill(&rx[r]);
		}
	}
	/* PCIe is the next test's, unknown types are the parser's own business (test_parser) */
	for (unsigned int i = 0; i < 2; i++)
		for (uint32_t c = 0x3106e; c <= 0x31074; c += 2) {
			static const char *const names[] = { "PUL_USER_OB_RD_TLP_CNT", "PUL_USER_OB_RD_DWORD_CNT",
				"PUL_USER_OB_WR_TLP_CNT", "PUL_USER_OB_WR_DWORD_CNT" };

			books_add(i, names[(c - 0x3106e) / 2], -1, ctr64(rig.h[i], c));
		}
	books_add(1, "RPC_CNTR_UNKN_ETYPE", -1, csr_rd(rig.h[1], 0x0849f));
	assert_true(csr_rd(rig.h[1], 0x0849f) > 20);
	books_check(&rig);
}

static void wire_side_errors_agree(void **state)
{
	static uint8_t f[12000];

	(void)state;
	rig.tap = NULL;
	for (unsigned int i = 0; i < 3000; i++) {
		uint32_t len = rnd(&g, 2) ? rnd_in(&g, 1, 80) : rnd(&g, 2) ? rnd_in(&g, 80, 9742) : rnd_in(&g, 9743, 11000);
		bool bad = !rnd(&g, 4), runt = len < 60, giant = len > 9750;
		struct drv_pkt p;

		rnd_bytes(&g, f, len);
		memcpy(f, rig_mac[1], 6);
		wr16(f + 12, 0x88b5);
		assert_true(rig_inject(&rig, 1, f, len, bad ? FRAME_FCS_BAD : 0));
		rig_work(&rig);
		if (runt || giant || bad) {
			books_add(1, "MAC_STAT_RX_IFINERRORS", -1, 1);
			books_add(1, "MAC_STAT_RX_TOOLONG", -1, giant);
			books_add(1, runt ? bad ? "MAC_STAT_RX_FRAGMENT" : "MAC_STAT_RX_UNDERSIZE" :
			    giant ? bad ? "MAC_STAT_RX_JABBER" : "MAC_STAT_RX_OVERSIZE" :
			    "MAC_STAT_RX_PACKET_BAD_FCS", -1, 1);
			for (unsigned int q = 0; q < NQ; q++)
				assert_int_equal(drv_rx_poll(&rx[q], &p), 0);
			continue;
		}
		books_mac(1, "RX", f, len);
		books_rxb_in(1, len);
		books_add(1, "RPC_CNTR_UNKN_ETYPE", -1, 1);
		for (unsigned int q = 0; q < NQ; q++) {
			while (drv_rx_poll(&rx[q], &p) == 1)
				count_arrival(q, p.len);
			drv_rx_refill(&rx[q]);
		}
	}
	for (uint32_t c = 0x3106e; c <= 0x31074; c += 2) {
		static const char *const names[] = { "PUL_USER_OB_RD_TLP_CNT", "PUL_USER_OB_RD_DWORD_CNT",
			"PUL_USER_OB_WR_TLP_CNT", "PUL_USER_OB_WR_DWORD_CNT" };

		books_add(1, names[(c - 0x3106e) / 2], -1, ctr64(rig.h[1], c));
	}
	books_check(&rig);
}

/* Every descriptor and buffer that crosses the bus, for settings of the link that a host may choose */
static void pcie_requests_agree(unsigned int devctl)
{
	uint64_t area = host_alloc(rig.h[0], 65536, 4096), desc_at;
	static uint8_t f[DRV_MAX_FRAME];
	uint32_t off;

	rig.tap = NULL;
	for (unsigned int i = 0; i < 2; i++) {
		uint32_t cap = host_find_cap(rig.h[i], 0x10);

		host_cfg_wr(rig.h[i], cap + 8, 2, devctl);
	}
	for (unsigned int i = 0; i < 400; i++) {
		unsigned int parts, len = rnd_in(&g, 60, rnd(&g, 3) ? 1514 : 9000);
		uint64_t rd0 = ctr64(rig.h[0], 0x3106e), rdw0 = ctr64(rig.h[0], 0x31070);
		struct drv_buf b[17];
		struct drv_pkt p;
		uint32_t head = rx[0].rcq.head;

		books_clear();
		books_add(0, "PUL_USER_OB_RD_TLP_CNT", -1, rd0);
		books_add(0, "PUL_USER_OB_RD_DWORD_CNT", -1, rdw0);
		books_add(0, "PUL_USER_OB_WR_TLP_CNT", -1, ctr64(rig.h[0], 0x31072));
		books_add(0, "PUL_USER_OB_WR_DWORD_CNT", -1, ctr64(rig.h[0], 0x31074));
		books_add(1, "PUL_USER_OB_WR_TLP_CNT", -1, ctr64(rig.h[1], 0x31072));
		books_add(1, "PUL_USER_OB_WR_DWORD_CNT", -1, ctr64(rig.h[1], 0x31074));

		rnd_bytes(&g, f, len);
		memcpy(f, rig_mac[1], 6);
		wr16(f + 12, 0x88b5);
		parts = rnd_in(&g, 1, 17);
		scatter(&g, rig.h[0], area, 65536, f, len, parts, b);
		desc_at = tx[0].twq[0].addr + 8 * tx[0].twq[0].tail;
		if (tx[0].twq[0].tail + parts + 1 > tx[0].twq[0].mask) {	/* two runs: count by halves */
			uint32_t run = tx[0].twq[0].mask + 1 - tx[0].twq[0].tail;

			books_dma(0, false, desc_at, 8 * run, books_mrrs(rig.h[0]));
			if (parts + 1 > run)
				books_dma(0, false, tx[0].twq[0].addr, 8 * (parts + 1 - run), books_mrrs(rig.h[0]));
		} else {
			books_dma(0, false, desc_at, 8 * (parts + 1), books_mrrs(rig.h[0]));
		}
		for (unsigned int k = 0; k < parts; k++)
			books_dma(0, false, b[k].addr, b[k].len, books_mrrs(rig.h[0]));
		books_dma(0, true, tx[0].tcq.addr + 8 * tx[0].tcq.head, 8, books_mps(rig.h[0]));
		assert_int_equal(drv_tx_post(&tx[0], 0, drv_meta_plain(), b, parts), 0);
		drv_tx_kick(&tx[0], 0);
		rig_work(&rig);
		assert_true(drv_tx_reap(&tx[0]) > 0);

		for (unsigned int q = 0; q < NQ; q++) {
			uint32_t h0 = q ? rx[q].rcq.head : head, n, run;

			if (drv_rx_poll(&rx[q], &p) != 1)
				continue;
			off = p.hdr_al >> 32 & 0xfff;
			books_dma(1, true, off, p.hdr_len, books_mps(rig.h[1]));	/* pages are aligned: the offset is enough */
			for (unsigned int k = 0; k < p.npay; k++)
				books_dma(1, true, p.pay_al[k] >> 32 & 0xfff, p.pay_al[k] >> 16 & 0x1fff, books_mps(rig.h[1]));
			n = (rx[q].rcq.head - h0) & rx[q].rcq.mask;
			run = rx[q].rcq.mask + 1 - h0;
			books_dma(1, true, rx[q].rcq.addr + 8 * h0, 8 * (n < run ? n : run), books_mps(rig.h[1]));
			if (n > run)
				books_dma(1, true, rx[q].rcq.addr, 8 * (n - run), books_mps(rig.h[1]));
			drv_rx_refill(&rx[q]);
		}
		for (unsigned int card = 0; card < 2; card++)
			for (unsigned int e = 0; e < books[card].n; e++) {
				const struct books_entry *x = &books[card].e[e];
				uint32_t c = !strcmp(x->name, "PUL_USER_OB_RD_TLP_CNT") ? 0x3106e :
					     !strcmp(x->name, "PUL_USER_OB_RD_DWORD_CNT") ? 0x31070 :
					     !strcmp(x->name, "PUL_USER_OB_WR_TLP_CNT") ? 0x31072 : 0x31074;

				if (ctr64(rig.h[card], c) != x->val)
					fail_msg("packet %u (%u bytes in %u), card %u: %s is %llu, should be %llu", i, len,
						 parts, card, x->name, (unsigned long long)ctr64(rig.h[card], c),
						 (unsigned long long)x->val);
			}
	}
}

static void pcie_requests_agree_at_128_bytes(void **state)
{
	(void)state;
	pcie_requests_agree(0);
}

static void pcie_requests_agree_at_512_and_4096_bytes(void **state)
{
	(void)state;
	pcie_requests_agree(2 << 5 | 5 << 12);
}

static void register_reads_are_completions(void **state)
{
	uint64_t a, b;

	(void)state;
	a = ctr64(rig.h[0], 0x31076);	/* counts its own two reads */
	for (unsigned int i = 0; i < 100; i++)
		csr_rd(rig.h[0], 0x0c41b);
	b = ctr64(rig.h[0], 0x31076);
	assert_int_equal(b - a, 102);
	host_flush(rig.h[0]);
	assert_int_equal(card_csr_peek(rig.ip[0]->card, 0x31076), card_csr_peek(rig.ip[0]->card, 0x31078));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(counters_agree_with_the_frames), T(wire_side_errors_agree),
		T(pcie_requests_agree_at_128_bytes), T(pcie_requests_agree_at_512_and_4096_bytes),
		T(register_reads_are_completions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
