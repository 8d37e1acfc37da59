/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every counter that the driver reads, under every kind of traffic that there
 * is, against books that know only what was sent.  One card sends, another
 * receives; a step is a random one of the deeds below, after each of which all
 * counters of both cards must agree.  At the end every counter must have moved,
 * or be in the list of those that can't, with the reason.  Contract 08;
 * fbnic_hw_stats.c, fbnic_mac.c.
 */
#include <stdio.h>
#include <string.h>

#include "books.h"

#define NQ		4u
#define SLOT		(16u << 10)	/* a frame that waits for its doorbell has one for itself */
#define AREA		(32 * SLOT)
#define CELL		64u
#define FIFO4_CELLS	(0xc0 * 32u)
#define TX_META(dest)	((7ull) | TWD_REQ_COMPLETION | (uint64_t)(dest) << 43)

static struct rig rig;
static struct host *s, *r;			/* sender, receiver */
static struct drv_tx tx[NQ];
static struct drv_rx rx[NQ];
static struct rng g;
static uint64_t area;
static uint8_t f[DRV_MAX_FRAME + 2048];

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

/* ---- what the receiver makes of a frame ---- */

static struct {
	bool		rx_on, rmi_on;
	uint32_t	mtu;
	const char	*cntr;		/* parser counter that the next frame moves */
	bool		parser_err;
	bool		looped;		/* the sender hears itself */
	unsigned int	frames;		/* on the cable, from the sender */
	uint64_t	bytes;
	uint64_t	posted;		/* buffers, ever */
	unsigned int	step, deed;	/* to tell where it went wrong */
} now;

static void at_receiver(const uint8_t *head, uint32_t len, bool bad_fcs)
{
	if (!now.rx_on)
		return;
	if (len < 60 || len > 9750 || bad_fcs) {
		books_add(1, "MAC_STAT_RX_IFINERRORS", -1, 1);
		books_add(1, "MAC_STAT_RX_TOOLONG", -1, len > 9750);
		books_add(1, len < 60 ? bad_fcs ? "MAC_STAT_RX_FRAGMENT" : "MAC_STAT_RX_UNDERSIZE" :
			  len > 9750 ? bad_fcs ? "MAC_STAT_RX_JABBER" : "MAC_STAT_RX_OVERSIZE" :
			  "MAC_STAT_RX_PACKET_BAD_FCS", -1, 1);
		return;
	}
	books_mac(1, "RX", head, len);
	if (rd16(head + 12) == 0x8808 || !now.rmi_on)
		return;
	if (len > now.mtu + 8) {
		books_add(1, "RPC_CNTR_OVR_SIZE_ERR", -1, 1);
		return;
	}
	books_rxb_in(1, len);
	if (now.cntr)
		books_add(1, now.cntr, -1, 1);
	books_add(1, "RXB_PARSER_ERR", 0, now.parser_err);
	books_add(1, "RXB_FRM_ERR", 0, now.parser_err);
}

static void on_cable(struct rig *rg, unsigned int from, const struct frame *fr)
{
	static uint8_t flat[PORT_MAX_FRAME];

	(void)rg;
	rig_flatten(fr, flat, sizeof(flat));
	books_mac(from, "TX", flat, fr->len);
	if (from) {		/* the receiver only ever sends pause frames */
		assert_int_equal(rd16(flat + 12), 0x8808);
		books_mac(0, "RX", flat, fr->len);
		return;
	}
	now.frames++;
	now.bytes += fr->len;
	at_receiver(flat, fr->len, false);
}

static void inject(uint32_t len, bool bad_fcs)
{
	at_receiver(f, len, bad_fcs);
	assert_true(rig_inject(&rig, 1, f, len, bad_fcs ? FRAME_FCS_BAD : 0));
}

/* ---- what the receiver's host finds ---- */

static unsigned int marked;		/* packets with an ECN mark, since last looked at */

/* Until nothing comes any more; returns how many came */
static unsigned int collect(void)
{
	unsigned int n = 0, before;
	struct drv_pkt p;

	do {
		rig_work(&rig);
		before = n;
		for (unsigned int q = 0; q < NQ; q++) {
			uint32_t at = rx[q].rcq.head;

			while (drv_rx_poll(&rx[q], &p) == 1) {
				books_add(1, "QUEUE_RDE_PKT_CNT", (int)q, 1);
				books_rxb_out(1, p.len);
				books_rx_dma(1, &rx[q], &p, at, books_mps(r));
				at = rx[q].rcq.head;
				marked += p.meta >> 60 & 1;
				n++;
			}
			assert_string_equal(rx[q].err, "");
			for (unsigned int i = 0; i < 2; i++)
				now.posted += (rx[q].bdq[i].ring.tail - rx[q].bdq[i].rung) & rx[q].bdq[i].ring.mask;
			drv_rx_refill(&rx[q]);
		}
	} while (n != before);
	return n;
}

/* How far the receiver reads ahead in its buffer rings is its own affair, but within bounds */
static void check(void)
{
	uint64_t tlps = ctr64(r, 0x3106e), dwords = ctr64(r, 0x31070), left = 0;

	for (unsigned int q = 0; q < NQ; q++)
		for (unsigned int i = 0; i < 2; i++)
			left += (rx[q].bdq[i].rung - rx[q].bdq[i].ring.head) & rx[q].bdq[i].ring.mask;
	assert_true(dwords >= 2 * (now.posted - left) && dwords <= 2 * now.posted);
	assert_true(tlps <= dwords / 2 && tlps >= dwords / 16);
	books_add(1, "PUL_USER_OB_RD_TLP_CNT", -1, tlps - books_value(1, "PUL_USER_OB_RD_TLP_CNT", -1));
	books_add(1, "PUL_USER_OB_RD_DWORD_CNT", -1, dwords - books_value(1, "PUL_USER_OB_RD_DWORD_CNT", -1));
	books_check(&rig);
	now.cntr = NULL;
	now.parser_err = false;
}

/* ---- the sender ---- */

static const uint8_t *some_da(bool *ours)
{
	static const uint8_t bc[6] = { 255, 255, 255, 255, 255, 255 }, mc[6] = { 1, 0, 0x5e, 9, 9, 9 },
			     other[6] = { 2, 7, 7, 7, 7, 7 };
	unsigned int i = rnd(&g, 8);

	*ours = i < 6;
	return i < 4 ? rig_mac[1] : i < 6 ? bc : i == 6 ? mc : other;
}

/* A frame without surprises for the parser; returns its length, *arrive: for this host */
static uint32_t plain_frame(bool *arrive)
{
	static const uint32_t edges[] = { 64, 127, 255, 511, 1023, 1518, 2047, 4095, 8191, 9216, 9746 };
	struct pkt k;

	pkt_random(&g, &k, some_da(arrive), rnd(&g, 3) ? 1400 : 9600);
	if (!rnd(&g, 4)) {			/* the last size of a bin, with FCS, or the first of the next */
		uint32_t len = edges[rnd(&g, 11)] - 4 + rnd(&g, 2), hlen;

		k.payload = 0;
		hlen = pkt_build(&g, &k, f);
		if (len >= hlen && len <= 9742)
			k.payload = len - hlen;
	}
	return pkt_build(&g, &k, f);
}

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

static void send_plain(void)
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
static void send_short(void)
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
static void send_large(void)
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

static void send_refused(void)
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
static void send_elsewhere(void)
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
static void send_nowhere(void)
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
static void send_control(void)
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
static void send_to_itself(void)
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

static void bad_from_the_wire(void)
{
	static const uint32_t edges[] = { 1, 13, 59, 60, 9750, 9751 };
	uint32_t len = rnd(&g, 3) ? rnd(&g, 2) ? rnd_in(&g, 1, 59) : rnd_in(&g, 9751, 11000) : edges[rnd(&g, 6)];
	bool bad = rnd(&g, 2) || (len >= 60 && len <= 9750);

	rnd_bytes(&g, f, len);
	inject(len, bad);
	assert_int_equal(collect(), 0);
}

/* Something that the parser counts */
static void odd_from_the_wire(void)
{
	static const struct { const char *cntr; bool err, v6; uint8_t proto; } kinds[] = {
		{ "RPC_CNTR_UNKN_ETYPE", false, false, 6 }, { "RPC_CNTR_IPV4_FRAG", false, false, 17 },
		{ "RPC_CNTR_IPV6_FRAG", false, true, 44 }, { "RPC_CNTR_IPV4_ESP", false, false, 50 },
		{ "RPC_CNTR_IPV6_ESP", false, true, 50 }, { "RPC_CNTR_UNKN_EXT_HDR", false, true, 51 },
		{ "RPC_CNTR_TCP_OPT_ERR", true, false, 6 }, { "RPC_CNTR_OUT_OF_HDR_ERR", true, true, 0 },
		{ NULL, true, false, 17 },
	};
	unsigned int i = rnd(&g, 9);
	struct pkt k = { .v6 = kinds[i].v6, .proto = kinds[i].proto, .payload = i == 7 ? 3000 : rnd_in(&g, 60, 1400) };
	uint32_t len;
	bool arrive;

	k.da = some_da(&arrive);
	len = pkt_build(&g, &k, f);
	now.cntr = kinds[i].cntr;
	now.parser_err = kinds[i].err;
	if (i == 0)
		wr16(f + 12, 0x1234);
	else if (i == 1)
		f[20] |= 0x20;			/* more fragments */
	else if (i == 6)
		f[46] = 0x40;			/* data offset 4 */
	else if (i == 7)
		f[55] = 200;			/* hop-by-hop options of 1608 bytes */
	else if (i == 8)
		f[14] = 0x44;			/* IPv4 header of 16 bytes */
	inject(len, false);
	assert_int_equal(collect(), arrive);
}

/* The parser is off, or takes shorter frames only */
static void not_for_the_parser(void)
{
	uint32_t old = csr_rd(r, RPC_RMI_CONFIG), len;
	bool arrive;

	now.rmi_on = rnd(&g, 2);
	now.mtu = now.rmi_on ? 1518 : 0;
	csr_wr(r, RPC_RMI_CONFIG, now.mtu << 16 | (uint32_t)now.rmi_on << 12 | 20);
	do
		len = plain_frame(&arrive);
	while (len == 60);
	inject(len, false);
	assert_int_equal(collect(), arrive && now.rmi_on && len <= 1526);
	csr_wr(r, RPC_RMI_CONFIG, old);
	now.rmi_on = true;
	now.mtu = 9742;
}

static void receiver_off(void)
{
	uint32_t mac = csr_rd(r, MAC_COMMAND_CONFIG);
	bool arrive;

	csr_wr(r, MAC_COMMAND_CONFIG, mac & ~2u);
	now.rx_on = false;
	inject(plain_frame(&arrive), rnd(&g, 2));
	assert_int_equal(collect(), 0);
	csr_wr(r, MAC_COMMAND_CONFIG, mac);
	now.rx_on = true;
}

/* ---- too much for queue 0: 63 completions, 15 payload pages ---- */

static void ether_frame(uint32_t len)
{
	rnd_bytes(&g, f, len);
	memcpy(f, rig_mac[1], 6);
	wr16(f + 12, 0x88b5);
	now.cntr = "RPC_CNTR_UNKN_ETYPE";
}

static void drop_mode(uint32_t mode)
{
	csr_wr(r, RDE_CTL0(0), (csr_rd(r, RDE_CTL0(0)) & ~(3u << 29)) | mode << 29);
}

static void too_much_at_once(void)
{
	bool pages = rnd(&g, 2);
	uint32_t len = pages ? rnd_in(&g, 1537, 4000) : rnd_in(&g, 60, 1500), n = rnd_in(&g, 32, 60);
	uint32_t fits = pages ? 15 : 31;

	drop_mode(0);
	for (unsigned int i = 0; i < n; i++) {
		ether_frame(len);
		inject(len, false);
	}
	books_add(1, pages ? "QUEUE_RDE_BDQ_DROP_CNT" : "QUEUE_RDE_CQ_DROP_CNT", 0, n - fits);
	for (unsigned int i = 0; i < n - fits; i++)
		books_rxb_out(1, len);		/* it left the buffer, and found no place */
	assert_int_equal(collect(), fits);
}

/* The receive buffer, in this test's own arithmetic */
struct fifo { uint32_t level, drop_on, pause_on, ecn_on, lost, stored, in_ecn; bool drop, pause, ecn; };

static void fifo_frame(struct fifo *q, uint32_t len)
{
	uint32_t cells = (len + CELL - 1) / CELL;

	ether_frame(len);
	inject(len, false);
	if (q->drop || q->level + cells > FIFO4_CELLS) {
		books_add(1, "RXB_DROP_FRMS_STS", 4, 1);
		books_add(1, "RXB_DROP_BYTES_STS", 4, len);
		q->lost++;
		return;
	}
	q->stored++;
	q->in_ecn += q->ecn;
	q->level += cells;
	books_add(1, "RXB_TRANS_DROP_STS", 4, !q->drop && q->level >= q->drop_on);
	books_add(1, "RXB_TRANS_ECN_STS", 4, !q->ecn && q->level >= q->ecn_on);
	books_add(1, "RXB_TRANS_PAUSE_STS", 4, !q->pause && q->level >= q->pause_on);
	books_add(1, "RXB_PAUSE_EVENT_CNT", 0, !q->pause && q->level >= q->pause_on);
	q->drop |= q->level >= q->drop_on;
	q->ecn |= q->level >= q->ecn_on;
	q->pause |= q->level >= q->pause_on;
	assert_int_equal(csr_rd(r, 0x0811d + 4), q->level);
}

static void buffer_fills(bool storm)
{
	struct fifo q = { .drop_on = rnd_in(&g, 200, 1200), .ecn_on = rnd_in(&g, 50, 300), .pause_on = rnd_in(&g, 100, 600) };
	uint32_t len = rnd_in(&g, 60, 1500), n = rnd_in(&g, 40, 150);

	csr_wr(r, 0x08009 + 4, q.pause_on | (q.pause_on / 2) << 13);
	csr_wr(r, 0x08011 + 4, q.drop_on | (q.drop_on / 2) << 13);
	csr_wr(r, 0x0801e + 4, q.ecn_on | (q.ecn_on / 2) << 13);
	csr_wr(r, 0x0801d, 0x1770);
	csr_wr(r, 0x08019, 50);				/* 500 us */
	csr_wr(r, RXB_PAUSE_DROP_CTRL, 0x7d | 0x14 << 8 | 0x10 << 16 | (storm ? 1u << 24 : 0));
	drop_mode(2);
	for (unsigned int i = 0; i < 31; i++) {		/* these find room in the ring */
		ether_frame(len);
		inject(len, false);
	}
	for (unsigned int i = 0; i < n; i++)
		fifo_frame(&q, len);
	rig_work(&rig);
	if (q.pause)
		assert_true(books_value(1, "MAC_STAT_TX_XOFF_STB", -1) > 0);
	if (storm) {
		uint64_t sent;

		rig_run(&rig, 499 * US);
		assert_int_equal(csr_rd(r, 0x08050), 0);
		rig_run(&rig, 2 * US);
		assert_int_equal(csr_rd(r, 0x08050), q.pause ? 1 << 12 : 0);
		books_add(1, "RXB_INTR_PS_COUNT", 0, q.pause);
		sent = books_value(1, "MAC_STAT_TX_XOFF_STB", -1);
		rig_run(&rig, 10 * MS);			/* no pause any more: the host is dead */
		assert_int_equal(books_value(1, "MAC_STAT_TX_XOFF_STB", -1), sent);
		csr_wr(r, 0x08050, 1 << 12);		/* fbnic_mac_ps_protect_handler() */
		csr_wr(r, 0x08019, 50 | 1 << 20);
		csr_wr(r, 0x08019, 50);
		rig_work(&rig);
		assert_int_equal(books_value(1, "MAC_STAT_TX_XOFF_STB", -1), sent + q.pause);
	}
	marked = 0;
	assert_int_equal(collect(), 31 + q.stored);
	assert_int_equal(marked, q.in_ecn);
	assert_int_equal(csr_rd(r, 0x0811d + 4), 0);
	csr_wr(r, RXB_PAUSE_DROP_CTRL, 0x7d);
	drop_mode(0);
	rig_run(&rig, MS);
}

/* The sender waits, some of its frames are offered many times: they are read, and counted, once */
static void sender_waits(void)
{
	uint32_t len = rnd_in(&g, 1000, 1500), n = rnd_in(&g, 450, 600), from = tx[0].twq[0].tail, run;
	uint64_t tcds = tx[0].tcds, most;
	uint32_t at = tx[0].tcq.head;
	struct drv_buf b = { area, (uint16_t)len };
	unsigned int got = 0;

	rig.must = false;
	csr_wr(r, RXB_PAUSE_DROP_CTRL, 0);
	drop_mode(2);
	ether_frame(len);
	memcpy(host_ptr(s, area), f, len);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(drv_tx_post(&tx[0], 0, TX_META(1), &b, 1), 0);
		books_add(0, "QUEUE_TWQ0_PKT_CNT", 0, 1);
	}
	now.frames = 0;
	drv_tx_kick(&tx[0], 0);
	rig_work(&rig);
	assert_true(now.frames < n);
	got = collect();
	assert_true(drv_tx_reap(&tx[0]) >= 0);
	assert_int_equal(drv_tx_pending(&tx[0], 0), 0);
	assert_int_equal(now.frames, n);
	assert_int_equal(got, n);

	books_ring(0, false, &tx[0].twq[0], from, 2 * n, books_mrrs(s));
	for (unsigned int i = 0; i < n; i++)
		books_dma(0, false, b.addr, b.len, books_mrrs(s));
	/* descriptors in one run, or in as many as there were portions */
	run = (uint32_t)(ctr64(s, 0x3106e) - books_value(0, "PUL_USER_OB_RD_TLP_CNT", -1));
	most = 2 * (tx[0].tcds - tcds);
	assert_true(run <= most);
	books_add(0, "PUL_USER_OB_RD_TLP_CNT", -1, run);
	for (tcds = tx[0].tcds - tcds; tcds--; at = (at + 1) & tx[0].tcq.mask)
		books_dma(0, true, tx[0].tcq.addr + 8 * at, 8, books_mps(s));
	csr_wr(r, RXB_PAUSE_DROP_CTRL, 0x7d);
	drop_mode(0);
	rig.must = true;
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

static void buffer_fills_once(void)
{
	buffer_fills(false);
}

static void buffer_fills_for_long(void)
{
	buffer_fills(true);
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
