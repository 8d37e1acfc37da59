/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger's deeds of the sender. */
#include <string.h>

#include "ledger.h"

static void post(unsigned int q, unsigned int ring, uint64_t meta, uint32_t len, unsigned int most)
{
	struct drv_buf b[17];
	unsigned int parts = rnd_in(&g, 1, len < most ? len : most);
	static unsigned int slot;

	scatter(&g, s, area + slot++ % 32 * SLOT, SLOT, f, len, parts, b);
	assert_int_equal(drv_tx_post(&tx[q], ring, meta, b, parts), 0);
	for (unsigned int i = 0; i < parts; i++)
		books_dma(0, false, b[i].addr, b[i].len, books_mrrs(s));
	books_add(0, ring ? "QUEUE_TWQ1_PKT_CNT" : "QUEUE_TWQ0_PKT_CNT", (int)q, 1);
}

/* Doorbell for all posted since @from; the completions that were found */
static void go(unsigned int q, unsigned int ring, uint32_t from)
{
	uint64_t tcds = tx[q].tcds;
	uint32_t at = tx[q].tcq.head;

	books_ring(0, false, &tx[q].twq[ring], from, (tx[q].twq[ring].tail - from) & tx[q].twq[ring].mask, books_mrrs(s));
	drv_tx_kick(&tx[q], ring);
	rig_work(&rig);
	if (drv_tx_reap(&tx[q]) < 0)
		fail_msg("%s", tx[q].err);
	assert_int_equal(drv_tx_pending(&tx[q], ring), 0);
	for (tcds = tx[q].tcds - tcds; tcds--; at = (at + 1) & tx[q].tcq.mask)
		books_dma(0, true, tx[q].tcq.addr + 8 * at, 8, books_mps(s));
}

/* ---- deeds ---- */

void send_plain(void)
{
	unsigned int q = rnd(&g, NQ), ring = !rnd(&g, 3), n = rnd(&g, 3) ? 1 : rnd_in(&g, 2, 30), come = 0;
	uint32_t from = tx[q].twq[ring].tail, bytes = 0;

	now.frames = 0;
	now.bytes = 0;
	for (unsigned int i = 0; i < n; i++) {
		bool arrive, ts = !ring && !rnd(&g, 4);
		uint32_t len = plain_frame(&arrive);

		post(q, ring, ring ? 0 : TX_META(1) | (ts ? TWD_REQ_TS : 0), len, 17);
		books_add(0, "TMI_GOOD_PTP_TS", -1, ts);
		come += arrive;
		bytes += len < 60 ? 60 : len;
	}
	go(q, ring, from);
	assert_int_equal(now.frames, n);
	assert_int_equal(now.bytes, bytes);
	assert_int_equal(collect(), come);
}

/* Shorter than Ethernet has it: the MAC pads */
void send_short(void)
{
	unsigned int q = rnd(&g, NQ), ring = rnd(&g, 2);
	uint32_t from = tx[q].twq[ring].tail, len = rnd_in(&g, 14, 59);
	bool arrive;

	now.frames = 0;
	now.bytes = 0;
	plain_frame(&arrive);
	wr16(f + 12, 0x88b5);
	now.cntr = "RPC_CNTR_UNKN_ETYPE";
	post(q, ring, ring ? 0 : TX_META(1), len, 17);
	go(q, ring, from);
	assert_int_equal(now.frames, 1);
	assert_int_equal(now.bytes, 60);
	assert_int_equal(collect(), arrive);
}

/* A large send, cut by the card: counted from its payload and MSS */
void send_large(void)
{
	struct pkt k = { .da = rig_mac[1], .proto = rnd(&g, 2) ? 6 : 17, .v6 = rnd(&g, 2), .vlan = rnd(&g, 2) };
	unsigned int q = rnd(&g, NQ), parts = rnd_in(&g, 1, 17), nsegs, got;
	uint32_t from = tx[q].twq[0].tail, hlen, mss = rnd(&g, 3) ? rnd_in(&g, 500, 1460) : rnd_in(&g, 20, 9000);
	uint32_t l3 = k.v6 ? 40 : 20, l4 = k.proto == 6 ? 20 : 8, l2 = k.vlan ? 18 : 14;
	static uint8_t big[65000 + 100];
	struct drv_offload o = { .l2 = (uint16_t)l2, .l3 = (uint16_t)l3, .csum_off = k.proto == 6 ? 16 : 6,
		.l4 = (uint16_t)l4, .l3_type = k.v6 ? 2 : 1, .l4_type = k.proto == 6 ? 1 : 2, .mss = (uint16_t)mss,
		.flags = TWD_REQ_LSO | TWD_REQ_COMPLETION };
	struct drv_buf b[17];
	bool ts = !rnd(&g, 4);

	rnd_bytes(&g, k.saddr, sizeof(k.saddr));
	rnd_bytes(&g, k.daddr, sizeof(k.daddr));
	hlen = pkt_build(&g, &k, big);
	k.payload = rnd_in(&g, 1, mss * 150 > 65000 - hlen ? 65000 - hlen : mss * 150);
	rnd_bytes(&g, big + hlen, k.payload);
	nsegs = (k.payload + mss - 1) / mss;
	if (ts)
		o.flags |= TWD_REQ_TS;
	scatter(&g, s, area, AREA, big, hlen + k.payload, parts, b);
	for (unsigned int i = 0; i < parts; i++)
		books_dma(0, false, b[i].addr, b[i].len, books_mrrs(s));
	books_add(0, "QUEUE_TWQ0_PKT_CNT", (int)q, 1);
	assert_int_equal(drv_tx_post(&tx[q], 0, drv_meta(&o), b, parts), 0);
	now.frames = 0;
	now.bytes = 0;
	go(q, 0, from);
	got = collect();
	books_add(0, "TMI_GOOD_PTP_TS", -1, ts);
	assert_int_equal(now.frames, nsegs);
	assert_int_equal(got, nsegs);
	if (hlen + (k.payload % mss ? k.payload % mss : mss) >= 60)
		assert_int_equal(now.bytes, (uint64_t)nsegs * hlen + k.payload);
}

void send_refused(void)
{
	unsigned int q = rnd(&g, NQ), why = rnd(&g, 4);
	uint32_t from = tx[q].twq[0].tail, len = why == 1 ? rnd_in(&g, 1, 13) : rnd_in(&g, 9748, 10200), n = 1;
	bool ts = rnd(&g, 2), arrive;
	uint64_t meta = TX_META(1) | (ts ? TWD_REQ_TS : 0);
	struct drv_buf b = { area, (uint16_t)len };

	if (why == 2) {			/* a large send without MSS: buffers were looked at */
		len = plain_frame(&arrive);
		meta |= TWD_REQ_LSO;
	} else if (why == 3) {		/* a checksum field beyond the end */
		len = rnd_in(&g, 14, 60);
		meta |= TWD_REQ_CSO | 30 << 16 | 15 << 24;
	}
	if (why == 1) {			/* too short to look at */
		assert_int_equal(drv_tx_post(&tx[q], 0, meta, &b, n), 0);
		books_add(0, "QUEUE_TWQ0_PKT_CNT", (int)q, 1);
	} else {
		post(q, 0, meta, len, 17);
	}
	now.frames = 0;
	go(q, 0, from);
	assert_int_equal(now.frames, 0);
	books_add(0, "QUEUE_TWQ0_ERR_CNT", (int)q, 1);
	books_add(0, "TCE_TTI_FRAME_DROP_PKTS", -1, 1);
	books_add(0, "TCE_TTI_FRAME_DROP_BYTE", -1, len);
	books_add(0, "TMI_BAD_PTP_TS", -1, ts);
}

/* For the BMC or the firmware, which are not there */
void send_elsewhere(void)
{
	unsigned int q = rnd(&g, NQ);
	uint32_t from = tx[q].twq[0].tail, len;
	bool ts = rnd(&g, 2), arrive;

	len = plain_frame(&arrive);
	post(q, 0, TX_META(rnd(&g, 2) ? 2 : 4) | (ts ? TWD_REQ_TS : 0), len, 17);
	now.frames = 0;
	go(q, 0, from);
	assert_int_equal(now.frames, 0);
	books_add(0, "TCE_TBI_DROP_PKTS", -1, 1);
	books_add(0, "TCE_TBI_DROP_BYTE", -1, len);
	books_add(0, "TMI_ILLEGAL_PTP_REQS", -1, ts);
}

/* Tx flush, or the MAC is off: everything goes away and is counted */
void send_nowhere(void)
{
	bool flush = rnd(&g, 2), arrive;
	unsigned int q = rnd(&g, NQ), n = rnd_in(&g, 1, 20);
	uint32_t from = tx[q].twq[0].tail, mac = csr_rd(s, MAC_COMMAND_CONFIG);

	if (flush)
		csr_wr(s, TMI_DROP_CTRL, 1);
	else
		csr_wr(s, MAC_COMMAND_CONFIG, mac & ~1u);
	now.frames = 0;
	while (n--) {
		uint32_t len = plain_frame(&arrive);
		bool ts = !rnd(&g, 3);

		post(q, 0, TX_META(1) | (ts ? TWD_REQ_TS : 0), len, 8);
		books_add(0, "TMI_DROP_PKTS", -1, 1);
		books_add(0, "TMI_DROP_BYTE", -1, len);
		books_add(0, "TMI_BAD_PTP_TS", -1, ts);
	}
	go(q, 0, from);
	assert_int_equal(now.frames, 0);
	csr_wr(s, TMI_DROP_CTRL, 0);
	csr_wr(s, MAC_COMMAND_CONFIG, mac);
}

static void control_frame(uint32_t opcode, uint32_t quanta)
{
	memset(f, 0, 60);
	memcpy(f, (uint8_t[]){ 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0x08 }, 14);
	wr16(f + 14, opcode);
	wr16(f + 16, quanta);
}

/* Software sends EtherType 0x8808, as ethtool_std_stats.sh does: the MAC counts it, the partner obeys it */
void send_control(void)
{
	unsigned int q = rnd(&g, NQ), n = rnd_in(&g, 1, 30);
	uint32_t from = tx[q].twq[0].tail;
	bool pause = rnd(&g, 2);

	now.frames = 0;
	for (unsigned int i = 0; i < n; i++) {
		control_frame(pause ? 1 : rnd_in(&g, 2, 0x101), rnd(&g, 0x10000));
		post(q, 0, TX_META(1), 60, 1);
	}
	go(q, 0, from);
	assert_int_equal(now.frames, n);
	assert_int_equal(collect(), 0);
	rig_run(&rig, MS);
}

/* A MAC in loopback hears itself; the parser is off */
void send_to_itself(void)
{
	unsigned int q = rnd(&g, NQ);
	uint32_t from = tx[q].twq[0].tail, mac = csr_rd(s, MAC_COMMAND_CONFIG), len;
	bool arrive;

	len = plain_frame(&arrive);
	csr_wr(s, MAC_COMMAND_CONFIG, mac | 1 << 10);
	post(q, 0, TX_META(1), len, 17);
	now.frames = 0;
	go(q, 0, from);
	assert_int_equal(now.frames, 0);
	books_mac(0, "TX", f, len);
	books_mac(0, "RX", f, len);
	csr_wr(s, MAC_COMMAND_CONFIG, mac);
}
