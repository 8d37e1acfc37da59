/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "ledger.h"

struct rig rig;
struct host *s, *r;
struct drv_tx tx[NQ];
struct drv_rx rx[NQ];
struct rng g;
uint64_t area;
uint8_t f[DRV_MAX_FRAME + 2048];
struct now now;
unsigned int marked;

/* ---- what the receiver makes of a frame ---- */

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

void on_cable(struct rig *rg, unsigned int from, const struct frame *fr)
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

void inject(uint32_t len, bool bad_fcs)
{
	at_receiver(f, len, bad_fcs);
	assert_true(rig_inject(&rig, 1, f, len, bad_fcs ? FRAME_FCS_BAD : 0));
}

/* ---- what the receiver's host finds ---- */

unsigned int collect(void)
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
void check(void)
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

/* ---- frames ---- */

const uint8_t *some_da(bool *ours)
{
	static const uint8_t bc[6] = { 255, 255, 255, 255, 255, 255 }, mc[6] = { 1, 0, 0x5e, 9, 9, 9 },
			     other[6] = { 2, 7, 7, 7, 7, 7 };
	unsigned int i = rnd(&g, 8);

	*ours = i < 6;
	return i < 4 ? rig_mac[1] : i < 6 ? bc : i == 6 ? mc : other;
}

uint32_t plain_frame(bool *arrive)
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

void ether_frame(uint32_t len)
{
	rnd_bytes(&g, f, len);
	memcpy(f, rig_mac[1], 6);
	wr16(f + 12, 0x88b5);
	now.cntr = "RPC_CNTR_UNKN_ETYPE";
}
