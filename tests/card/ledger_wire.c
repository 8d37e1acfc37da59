/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger's deeds of the wire: what is wrong with a frame, and more of them than there is room for. */
#include <string.h>

#include "ledger.h"

#define CELL		64u
#define FIFO4_CELLS	(0xc0 * 32u)

void bad_from_the_wire(void)
{
	static const uint32_t edges[] = { 1, 13, 59, 60, 9750, 9751 };
	uint32_t len = rnd(&g, 3) ? rnd(&g, 2) ? rnd_in(&g, 1, 59) : rnd_in(&g, 9751, 11000) : edges[rnd(&g, 6)];
	bool bad = rnd(&g, 2) || (len >= 60 && len <= 9750);

	rnd_bytes(&g, f, len);
	inject(len, bad);
	assert_int_equal(collect(), 0);
}

/* Something that the parser counts */
void odd_from_the_wire(void)
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
void not_for_the_parser(void)
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

void receiver_off(void)
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

static void drop_mode(uint32_t mode)
{
	csr_wr(r, RDE_CTL0(0), (csr_rd(r, RDE_CTL0(0)) & ~(3u << 29)) | mode << 29);
}

void too_much_at_once(void)
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

void buffer_fills_once(void)
{
	buffer_fills(false);
}

void buffer_fills_for_long(void)
{
	buffer_fills(true);
}

/* The sender waits, some of its frames are offered many times: they are read, and counted, once */
void sender_waits(void)
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
