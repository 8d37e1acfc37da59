/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every counter that the driver reads, under every kind of traffic that there
 * is, against books that know only what was sent.  One card sends, another
 * receives; a step is a random one of the deeds of ledger.h, after each of which
 * all counters of both cards must agree.  At the end every counter must have
 * moved, or be in the list of those that can't, with the reason.  Contract 08;
 * fbnic_hw_stats.c, fbnic_mac.c.
 */
#include <stdio.h>
#include <string.h>

#include "ledger.h"

/* ---- the list ---- */

static struct {
	const char	*name;
	int		n;		/* elements, 0: not an array */
	uint32_t	can;		/* bit per element that this test must see moving */
	const char	*why;		/* of the others */
	uint32_t	moved;
} list[] = {
#define ONE(name)		{ #name, 0, 1, "", 0 }
#define NEVER(name, n, why)	{ #name, n, 0, why, 0 }
#define SOME(name, n, can, why)	{ #name, n, can, why, 0 }
	ONE(MAC_STAT_RX_XOFF_STB), ONE(MAC_STAT_TX_XOFF_STB), ONE(MAC_STAT_RX_BYTE_COUNT),
	NEVER(MAC_STAT_RX_ALIGN_ERROR, 0, "our wires carry whole bytes"),
	ONE(MAC_STAT_RX_TOOLONG), ONE(MAC_STAT_RX_RECEIVED_OK), ONE(MAC_STAT_RX_PACKET_BAD_FCS),
	ONE(MAC_STAT_RX_IFINERRORS), ONE(MAC_STAT_RX_MULTICAST), ONE(MAC_STAT_RX_BROADCAST),
	ONE(MAC_STAT_RX_UNDERSIZE), ONE(MAC_STAT_RX_PACKET_64_BYTES), ONE(MAC_STAT_RX_PACKET_65_127_BYTES),
	ONE(MAC_STAT_RX_PACKET_128_255_BYTES), ONE(MAC_STAT_RX_PACKET_256_511_BYTES),
	ONE(MAC_STAT_RX_PACKET_512_1023_BYTES), ONE(MAC_STAT_RX_PACKET_1024_1518_BYTES),
	ONE(MAC_STAT_RX_PACKET_1519_MAX_BYTES), ONE(MAC_STAT_RX_OVERSIZE), ONE(MAC_STAT_RX_JABBER),
	ONE(MAC_STAT_RX_FRAGMENT), ONE(MAC_STAT_RX_CONTROL_FRAMES),
	ONE(MAC_STAT_TX_BYTE_COUNT), ONE(MAC_STAT_TX_TRANSMITTED_OK),
	NEVER(MAC_STAT_TX_IFOUTERRORS, 0, "the MAC always finishes a frame that it began"),
	ONE(MAC_STAT_TX_MULTICAST), ONE(MAC_STAT_TX_BROADCAST), ONE(MAC_STAT_TX_PACKET_64_BYTES),
	ONE(MAC_STAT_TX_PACKET_65_127_BYTES), ONE(MAC_STAT_TX_PACKET_128_255_BYTES),
	ONE(MAC_STAT_TX_PACKET_256_511_BYTES), ONE(MAC_STAT_TX_PACKET_512_1023_BYTES),
	ONE(MAC_STAT_TX_PACKET_1024_1518_BYTES), ONE(MAC_STAT_TX_PACKET_1519_MAX_BYTES),
	ONE(MAC_STAT_TX_CONTROL_FRAMES),
	ONE(RPC_STAT_RX_PACKET_1519_2047_BYTES), ONE(RPC_STAT_RX_PACKET_2048_4095_BYTES),
	ONE(RPC_STAT_RX_PACKET_4096_8191_BYTES), ONE(RPC_STAT_RX_PACKET_8192_9216_BYTES),
	ONE(RPC_STAT_RX_PACKET_9217_MAX_BYTES),
	ONE(TMI_STAT_TX_PACKET_1519_2047_BYTES), ONE(TMI_STAT_TX_PACKET_2048_4095_BYTES),
	ONE(TMI_STAT_TX_PACKET_4096_8191_BYTES), ONE(TMI_STAT_TX_PACKET_8192_9216_BYTES),
	ONE(TMI_STAT_TX_PACKET_9217_MAX_BYTES),
	ONE(TMI_DROP_PKTS), ONE(TMI_DROP_BYTE), ONE(TMI_ILLEGAL_PTP_REQS), ONE(TMI_GOOD_PTP_TS), ONE(TMI_BAD_PTP_TS),
	NEVER(TCE_TTI_CM_DROP_PKTS, 0, "the buffer of the Tx classifier is never full: frames wait in the rings"),
	NEVER(TCE_TTI_CM_DROP_BYTE, 0, "the same"),
	ONE(TCE_TTI_FRAME_DROP_PKTS), ONE(TCE_TTI_FRAME_DROP_BYTE), ONE(TCE_TBI_DROP_PKTS), ONE(TCE_TBI_DROP_BYTE),
	ONE(RPC_CNTR_TCP_OPT_ERR), ONE(RPC_CNTR_UNKN_ETYPE), ONE(RPC_CNTR_IPV4_FRAG), ONE(RPC_CNTR_IPV6_FRAG),
	ONE(RPC_CNTR_IPV4_ESP), ONE(RPC_CNTR_IPV6_ESP), ONE(RPC_CNTR_UNKN_EXT_HDR), ONE(RPC_CNTR_OUT_OF_HDR_ERR),
	ONE(RPC_CNTR_OVR_SIZE_ERR),
#define FIFOS	"0, 3 and 6 are the BMC's, 1, 2, 5 and 7 are not used"
	SOME(RXB_DROP_FRMS_STS, 8, 1 << 4, FIFOS), SOME(RXB_DROP_BYTES_STS, 8, 1 << 4, FIFOS),
	NEVER(RXB_TRUN_FRMS_STS, 8, "frames pass or are dropped as a whole"),
	NEVER(RXB_TRUN_BYTES_STS, 8, "the same"),
	SOME(RXB_TRANS_PAUSE_STS, 8, 1 << 4, FIFOS), SOME(RXB_TRANS_DROP_STS, 8, 1 << 4, FIFOS),
	SOME(RXB_TRANS_ECN_STS, 8, 1 << 4, FIFOS), SOME(RXB_INTR_PS_COUNT, 4, 1 << 0, "only the network pauses"),
#define INPUTS	"1 is the BMC, 2 and 3 are outputs"
#define OUTPUTS	"2 is the BMC, 0 and 1 are inputs"
	SOME(RXB_DRBO_FRM_CNT_SRC, 4, 1 << 0, INPUTS), SOME(RXB_DRBO_BYTE_CNT_SRC, 4, 1 << 0, INPUTS),
	SOME(RXB_INTF_FRM_CNT_DST, 4, 1 << 3, OUTPUTS), SOME(RXB_INTF_BYTE_CNT_DST, 4, 1 << 3, OUTPUTS),
	SOME(RXB_PBUF_FRM_CNT_DST, 4, 1 << 3, OUTPUTS), SOME(RXB_PBUF_BYTE_CNT_DST, 4, 1 << 3, OUTPUTS),
	NEVER(RXB_INTEGRITY_ERR, 4, "our memory loses no bits"),
	NEVER(RXB_MAC_ERR, 4, "the MAC drops bad frames itself"),
	SOME(RXB_PARSER_ERR, 4, 1 << 0, INPUTS), SOME(RXB_FRM_ERR, 4, 1 << 0, INPUTS),
	SOME(QUEUE_RDE_PKT_ERR_CNT, (int)NQ, 1 << 1, "one queue is enough"),
	SOME(QUEUE_RDE_CQ_DROP_CNT, (int)NQ, 1 << 0, "one queue is enough"),
	SOME(QUEUE_RDE_BDQ_DROP_CNT, (int)NQ, 1 << 0, "one queue is enough"),
	ONE(PUL_USER_OB_RD_TLP_CNT), ONE(PUL_USER_OB_RD_DWORD_CNT), ONE(PUL_USER_OB_WR_TLP_CNT),
	ONE(PUL_USER_OB_WR_DWORD_CNT),
	/* (completions: test_counters) */
	NEVER(PUL_USER_OB_RD_DBG_CNT_CPL_CRED, 0, "the link never runs out of credits"),
	NEVER(PUL_USER_OB_RD_DBG_CNT_TAG, 0, "or tags"),
	NEVER(PUL_USER_OB_RD_DBG_CNT_NP_CRED, 0, "the link never runs out of credits"),
	NEVER(RSFEC_CCW_LO, 4, "the link is ideal"), NEVER(RSFEC_CCW_HI, 4, "the link is ideal"),
	NEVER(RSFEC_NCCW_LO, 4, "the link is ideal"), NEVER(RSFEC_NCCW_HI, 4, "the link is ideal"),
	NEVER(PCS_SYMBLERR_LO, 4, "the link is ideal"), NEVER(PCS_SYMBLERR_HI, 4, "the link is ideal"),
};
#define NLIST	(sizeof(list) / sizeof(list[0]))

static void note_moves(void)
{
	for (unsigned int i = 0; i < NLIST; i++)
		for (int k = 0; k < (list[i].n ? list[i].n : 1); k++)
			for (unsigned int card = 0; card < 2; card++)
				if (books_value(card, list[i].name, list[i].n ? k : -1))
					list[i].moved |= 1u << k;
}

/* ---- the tests ---- */

static int setup(void **state)
{
	const struct drv_tx_cfg txc = { .twq_log = 11, .tcq_log = 11, .vector = 2, .xdp = true };
	struct drv_conf conf = { .queues = NQ, .hint_l4 = true };

	(void)state;
	g.s = 0x1ed9e;
	books_clear();
	memset(&now, 0, sizeof(now));
	now.rx_on = now.rmi_on = true;
	now.mtu = 9742;
	rig_open(&rig, 2, NQ, 64u << 20, PORT_LSO_CUT);
	rig.must = true;
	s = rig.h[0];
	r = rig.h[1];
	memcpy(conf.mac, rig_mac[1], 6);
	for (unsigned int q = 0; q < NQ; q++) {
		struct drv_rx_cfg cfg = DRV_RX_DEFAULT;

		if (!q) {
			cfg.hpq_log = cfg.rcq_log = 6;
			cfg.ppq_log = 4;
		}
		assert_int_equal(drv_tx_open(&tx[q], s, q, &txc), 0);
		assert_int_equal(drv_rx_open(&rx[q], r, q, &cfg), 0);
		now.posted += rx[q].bdq[0].ring.mask + rx[q].bdq[1].ring.mask;
	}
	drv_rpc_on(r, &conf);
	drv_rule(r, 63, 0x0400, 2 | 0x10 | 4 << 16, 0);		/* queue 0 for what is not IP, and only for that */
	for (unsigned int i = 0; i < 256; i++)
		csr_wr(r, RPC_RSS_TBL(0, i), 1 + i % (NQ - 1));
	area = host_alloc(s, AREA, 4096);
	rig.tap = on_cable;
	rig_work(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (now.step)
		print_message("failed at step %u, deed %u\n", now.step, now.deed);
	note_moves();
	rig_close(&rig);
	return 0;
}

static void all_counters_agree_after_each_deed(void **state)
{
	static const struct { void (*fn)(void); unsigned int weight; } deeds[] = {
		{ send_plain, 20 }, { send_short, 3 }, { send_large, 5 }, { send_refused, 5 }, { send_elsewhere, 3 }, { send_nowhere, 2 },
		{ send_control, 2 }, { send_to_itself, 2 }, { bad_from_the_wire, 6 }, { odd_from_the_wire, 10 },
		{ not_for_the_parser, 3 }, { receiver_off, 1 }, { too_much_at_once, 2 }, { buffer_fills_once, 2 },
		{ buffer_fills_for_long, 1 }, { sender_waits, 1 },
	};
	unsigned int total = 0, n[16] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 16; i++)
		total += deeds[i].weight;
	for (unsigned int step = 0; step < 2500; step++) {
		unsigned int pick = rnd(&g, total), i = 0;

		while (pick >= deeds[i].weight)
			pick -= deeds[i++].weight;
		rig.must = true;
		now.deed = i;
		now.step = step;
		deeds[i].fn();
		n[i]++;
		check();
	}
	for (unsigned int i = 0; i < 16; i++)
		assert_true(n[i] > 5);
	now.step = 0;
}

/* Pages that are not there: the frame is lost, and counted as an error of the queue */
static void pages_that_are_not_there(void **state)
{
	struct drv_conf conf = { .queues = 1 };

	(void)state;
	for (uint32_t i = 0; i <= rx[1].bdq[0].ring.mask; i++)
		rx[1].bdq[0].ring.desc[i] |= 0x3ffull << 36;
	memcpy(conf.mac, rig_mac[1], 6);
	drv_rule(r, 63, 0x0400, 2 | 0x10 | 1 << 8, 0);
	for (unsigned int i = 0; i < 20; i++) {
		ether_frame(500);
		inject(500, false);
		books_rxb_out(1, 500);
		assert_int_equal(collect(), 0);
	}
	books_add(1, "QUEUE_RDE_PKT_ERR_CNT", 1, 20);
	for (uint32_t c = 0; c < 4; c++) {		/* (how often it tried is its own affair) */
		static const char *const names[] = { "PUL_USER_OB_RD_TLP_CNT", "PUL_USER_OB_RD_DWORD_CNT",
			"PUL_USER_OB_WR_TLP_CNT", "PUL_USER_OB_WR_DWORD_CNT" };

		books_add(1, names[c], -1, ctr64(r, 0x3106e + 2 * c));
	}
	books_check(&rig);
}

/* Last: looks at what the others moved */
static void every_counter_moved_or_can_not(void **state)
{
	unsigned int bad = 0;

	(void)state;
	for (unsigned int i = 0; i < NLIST; i++) {
		if (list[i].moved == list[i].can)
			continue;
		print_message("%s: moved 0x%x, should have moved 0x%x (others: %s)\n", list[i].name, list[i].moved,
			      list[i].can, list[i].why);
		bad++;
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all_counters_agree_after_each_deed), T(pages_that_are_not_there),
		cmocka_unit_test(every_counter_moved_or_can_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
