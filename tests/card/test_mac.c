/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MAC: what opens and closes it, padding, what it counts, and pause
 * frames both ways.  Contract 06 sections 1, 5 and 7, 08 section 2.
 */
#include <string.h>

#include "../../src/card/regs.h"
#include "rig.h"

#define TX_ENA		(1u << 0)
#define RX_ENA		(1u << 1)
#define LOOPBACK	(1u << 10)
#define PAD		(1u << 11)
#define TX_PAUSE_DIS	(1u << 28)
#define RX_PAUSE_DIS	(1u << 29)

static struct rig rig;
static struct host *h;
static struct card *card;
static struct drv_tx tx;
static struct drv_rx rx;
static uint64_t buf;
static struct rng g;

static void start(enum port_lso lso)
{
	struct drv_conf conf = { .queues = 1, .promisc = true };

	g.s = 0x3ac;
	rig_open(&rig, 1, 2, 16u << 20, lso);
	h = rig.h[0];
	card = rig.ip[0]->card;
	memcpy(conf.mac, rig_mac[0], 6);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(h, &conf);
	buf = host_alloc(h, 16384, 4096);
	rig_work(&rig);
}

static int setup(void **state)
{
	(void)state;
	start(PORT_LSO_CUT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static uint8_t *make(uint32_t len, const uint8_t *da)
{
	uint8_t *f = host_ptr(h, buf);

	rnd_bytes(&g, f, len);
	memcpy(f, da, 6);
	wr16(f + 12, 0x88b5);
	return f;
}

/* Sends a frame of @len bytes; returns how many came out */
static unsigned int send(uint32_t len, const uint8_t *da)
{
	struct drv_buf b = { buf, (uint16_t)len };
	unsigned int before = rig.nout;

	make(len, da);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1), 0);
	drv_tx_kick(&tx, 0);
	rig_work(&rig);
	assert_true(drv_tx_reap(&tx) >= 0);
	return rig.nout - before;
}

/* A frame from the cable; returns how many arrived */
static unsigned int receive(uint32_t len, const uint8_t *da, uint16_t flags)
{
	uint8_t f[12000];
	struct drv_pkt p;
	int n;

	rnd_bytes(&g, f, len);
	memcpy(f, da, len < 6 ? len : 6);
	if (len >= 14)
		wr16(f + 12, 0x88b5);
	assert_true(rig_inject(&rig, 0, f, len, flags));
	rig_work(&rig);
	n = drv_rx_poll(&rx, &p);
	assert_true(n >= 0);
	if (n)
		assert_memory_equal(p.data, f, len);
	drv_rx_refill(&rx);
	return (unsigned int)n;
}

/* ---- gates ---- */

static void both_need_enable_clock_and_link(void **state)
{
	const uint8_t *da = rig_mac[0];
	uint32_t in0 = csr_rd(h, SIG_MAC_IN0), dropped = 0;

	(void)state;
	for (unsigned int i = 0; i < 64; i++) {	/* two enables, four resets */
		bool tx_on = (i & 1) && !(i & 0x28), rx_on = (i & 2) && !(i & 0x14);

		csr_wr(h, MAC_COMMAND_CONFIG, PAD | (i & 3));
		csr_wr(h, SIG_MAC_IN0, (in0 & ~0x7800u) | (i >> 2) << 11);
		assert_int_equal(send(100, da), tx_on);
		dropped += !tx_on;
		assert_int_equal(drv_tx_pending(&tx, 0), 0);	/* never stuck: contract 03 section 7 */
		assert_int_equal(csr_rd(h, CSR_TMI_DROP_PKTS), dropped);
		assert_int_equal(ctr64(h, CSR_TMI_DROP_BYTE), 100 * dropped);
		assert_int_equal(receive(100, da, 0), rx_on);
	}
	csr_wr(h, SIG_MAC_IN0, in0 & ~0x7800u);
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA);
	card_set_link(card, false);
	assert_int_equal(send(100, da), 0);
	assert_int_equal(drv_tx_pending(&tx, 0), 0);
	assert_int_equal(receive(100, da, 0), 0);
	card_set_link(card, true);
	assert_int_equal(send(100, da), 1);
	assert_int_equal(receive(100, da, 0), 1);
	rig_no_bugs(&rig);
}

static void short_frames_are_padded_with_zeros_if_wanted(void **state)
{
	static const uint8_t zeros[60];

	(void)state;
	for (uint32_t len = 14; len < 64; len++) {
		csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA);
		assert_int_equal(send(len, rig_mac[1]), 1);
		assert_int_equal(rig.out[0].len, len < 60 ? 60 : len);
		assert_memory_equal(rig.out[0].data, host_ptr(h, buf), len);
		if (len < 60)
			assert_memory_equal(rig.out[0].data + len, zeros, 60 - len);
		rig_forget(&rig);
		csr_wr(h, MAC_COMMAND_CONFIG, TX_ENA);
		assert_int_equal(send(len, rig_mac[1]), 1);
		assert_int_equal(rig.out[0].len, len);
		rig_forget(&rig);
	}
}

static void loopback_comes_back_and_not_out(void **state)
{
	struct drv_pkt p;

	(void)state;
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA | LOOPBACK);
	for (uint32_t len = 14; len < 9742; len += 97) {
		assert_int_equal(send(len, rig_mac[1]), 0);
		assert_int_equal(drv_rx_poll(&rx, &p), 1);
		assert_int_equal(p.len, len < 60 ? 60 : len);
		assert_memory_equal(p.data, host_ptr(h, buf), len);
		drv_rx_refill(&rx);
	}
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA);
	assert_int_equal(send(100, rig_mac[1]), 1);
	rig_no_bugs(&rig);
}

/* ---- counters ---- */

struct bin {
	uint32_t	last;		/* with FCS */
	uint32_t	tx, rx;
};

static const struct bin small[] = {
	{ 64, 0x11a4e, 0x11a26 }, { 127, 0x11a50, 0x11a28 }, { 255, 0x11a52, 0x11a2a },
	{ 511, 0x11a54, 0x11a2c }, { 1023, 0x11a56, 0x11a2e }, { 1518, 0x11a58, 0x11a30 },
	{ 20000, 0x11a5a, 0x11a32 },
}, large[] = {
	{ 2047, 0x04433, 0x0855f }, { 4095, 0x04435, 0x08561 }, { 8191, 0x04437, 0x08563 },
	{ 9216, 0x04439, 0x08565 }, { 20000, 0x0443b, 0x08567 },
};

static void expect_bins(const uint32_t *n, const struct bin *b, unsigned int nbins, bool tx_side)
{
	for (unsigned int i = 0; i < nbins; i++)
		assert_int_equal(ctr64(h, tx_side ? b[i].tx : b[i].rx), n[i]);
}

static unsigned int bin_of(uint32_t len, const struct bin *b)
{
	unsigned int i = 0;

	while (len + 4 > b[i].last)
		i++;
	return i;
}

static void sizes_fall_into_their_bins(void **state)
{
	static const uint32_t edges[] = { 64, 127, 255, 511, 1023, 1518, 2047, 4095, 8191, 9216, 9746 };
	uint32_t ns[7] = { 0 }, nl[5] = { 0 }, frames = 0;
	uint64_t bytes = 0;

	(void)state;
	for (unsigned int i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		for (uint32_t len = edges[i] - 4; len <= edges[i] - 3 && len <= 9743; len++) {
			assert_int_equal(send(len, rig_mac[1]), 1);
			assert_int_equal(receive(len, rig_mac[0], 0), 1);
			rig_forget(&rig);
			frames++;
			bytes += len;
			ns[bin_of(len, small)]++;
			if (len + 4 > 1518)
				nl[bin_of(len, large)]++;
			for (unsigned int side = 0; side < 2; side++) {
				expect_bins(ns, small, 7, side);
				expect_bins(nl, large, 5, side);
			}
		}
	}
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_TRANSMITTED_OK), frames);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_RECEIVED_OK), frames);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_BYTE_COUNT), bytes + 4 * frames);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_BYTE_COUNT), bytes + 4 * frames);
	rig_no_bugs(&rig);
}

static void bad_frames_are_counted_and_not_received(void **state)
{
	static const struct { uint32_t len; uint16_t flags; uint32_t ctr; } t[] = {
		{ 14, 0, CSR_MAC_STAT_RX_UNDERSIZE }, { 59, 0, CSR_MAC_STAT_RX_UNDERSIZE },
		{ 1, 0, CSR_MAC_STAT_RX_UNDERSIZE },
		{ 59, FRAME_FCS_BAD, CSR_MAC_STAT_RX_FRAGMENT },
		{ 60, FRAME_FCS_BAD, CSR_MAC_STAT_RX_PACKET_BAD_FCS },
		{ 9750, FRAME_FCS_BAD, CSR_MAC_STAT_RX_PACKET_BAD_FCS },
		{ 9751, 0, CSR_MAC_STAT_RX_OVERSIZE }, { 11000, 0, CSR_MAC_STAT_RX_OVERSIZE },
		{ 9751, FRAME_FCS_BAD, CSR_MAC_STAT_RX_JABBER },
	};
	const unsigned int n = sizeof(t) / sizeof(t[0]);

	(void)state;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t before = ctr64(h, t[i].ctr);

		assert_int_equal(receive(t[i].len, rig_mac[0], t[i].flags), 0);
		assert_int_equal(ctr64(h, t[i].ctr), before + 1);
		assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_IFINERRORS), i + 1);
	}
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_TOOLONG), 3);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_RECEIVED_OK), 0);
	assert_int_equal(receive(60, rig_mac[0], 0), 1);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_RECEIVED_OK), 1);
	rig_no_bugs(&rig);
}

static void broadcast_and_multicast_apart(void **state)
{
	static const uint8_t bc[6] = { 255, 255, 255, 255, 255, 255 }, mc[6] = { 1, 0, 0x5e, 1, 2, 3 },
			     nearly[6] = { 255, 255, 255, 255, 255, 254 };

	(void)state;
	for (unsigned int i = 1; i < 5; i++) {
		send(100, bc);
		send(100, rig_mac[1]);
		receive(100, bc, 0);
		receive(100, rig_mac[0], 0);
		for (unsigned int k = 0; k < 2; k++) {
			send(100, k ? mc : nearly);
			receive(100, k ? mc : nearly, 0);
		}
		assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_BROADCAST), i);
		assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_BROADCAST), i);
		assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_MULTICAST), 2 * i);
		assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_MULTICAST), 2 * i);
	}
}

static void uncut_large_send_counts_as_its_segments(void **state)
{
	static const uint8_t ip[20] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
	const struct drv_offload o = { .l2 = 14, .l3 = 20, .csum_off = 16, .l4 = 20, .l3_type = 1, .l4_type = 1,
		.mss = 1000, .flags = TWD_REQ_LSO | TWD_REQ_COMPLETION };
	struct drv_buf b = { buf, 54 + 7 * 1000 + 300 };
	uint8_t *f;

	(void)state;
	rig_close(&rig);
	start(PORT_LSO_WHOLE);
	f = make(b.len, (const uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 });
	wr16(f + 12, 0x0800);
	memcpy(f + 14, ip, 20);
	f[46] = 0x50;
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta(&o), &b, 1), 0);
	drv_tx_kick(&tx, 0);
	rig_work(&rig);
	assert_int_equal(rig.nout, 1);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_TRANSMITTED_OK), 8);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_MULTICAST), 8);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_BYTE_COUNT), 8 * (54 + 4) + 7300);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_PACKET_1024_1518_BYTES), 7);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_PACKET_256_511_BYTES), 1);
}

/* ---- pause from the partner ---- */

static void pause_frame(uint8_t *f, uint32_t quanta)
{
	static const uint8_t head[16] = { 1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1 };

	memset(f, 0, 60);
	memcpy(f, head, 16);
	wr16(f + 16, quanta);
}

static void get_pause(uint32_t quanta)
{
	uint8_t f[60];
	struct drv_pkt p;

	pause_frame(f, quanta);
	assert_true(rig_inject(&rig, 0, f, 60, 0));
	rig_work(&rig);
	assert_int_equal(drv_rx_poll(&rx, &p), 0);	/* never delivered */
}

static void pause_stops_transmission_for_its_quanta(void **state)
{
	static const struct { unsigned int speed; uint64_t gbit; } t[] = {
		{ 4, 100 }, { 1, 25 }, { 2, 50 }, { 3, 50 },
	};
	static const uint32_t quanta[] = { 25, 100, 1000, 65525 };

	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		uint64_t ns = quanta[i % 4] * 512ull / t[i / 4].gbit;

		assert_int_equal(card_fw_set_link_mode(card, t[i / 4].speed, 2), 0);
		get_pause(quanta[i % 4]);
		assert_int_equal(send(100, rig_mac[1]), 0);
		assert_int_equal(drv_tx_pending(&tx, 0), 2);
		rig_run(&rig, ns - 1);
		assert_int_equal(rig.nout, 0);
		rig_run(&rig, 1);
		assert_int_equal(rig.nout, 1);
		assert_true(drv_tx_reap(&tx) > 0);
		rig_forget(&rig);
	}
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_XOFF_STB), 16);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_CONTROL_FRAMES), 16);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_RECEIVED_OK), 16);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_MULTICAST), 16);
}

static void zero_quanta_and_pause_off_resume(void **state)
{
	(void)state;
	get_pause(65535);
	assert_int_equal(send(100, rig_mac[1]), 0);
	get_pause(0);
	assert_int_equal(rig.nout, 1);
	get_pause(1000);			/* a later one counts anew, shorter or longer */
	get_pause(10);
	assert_int_equal(send(100, rig_mac[1]), 0);
	rig_run(&rig, 52);
	assert_int_equal(rig.nout, 2);
	get_pause(65535);
	assert_int_equal(send(100, rig_mac[1]), 0);
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA | RX_PAUSE_DIS);
	rig_work(&rig);
	assert_int_equal(rig.nout, 3);
	get_pause(65535);
	assert_int_equal(send(100, rig_mac[1]), 1);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_XOFF_STB), 6);
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA);
	get_pause(65535);
	assert_int_equal(send(100, rig_mac[1]), 0);
	csr_wr(h, MAC_COMMAND_CONFIG, PAD);	/* ifdown must not wait for the partner */
	rig_work(&rig);
	assert_true(drv_tx_reap(&tx) > 0);
	assert_int_equal(drv_tx_pending(&tx, 0), 0);
	assert_true(drv_idle(h, 0));
}

static void other_control_frames_are_counted_and_ignored(void **state)
{
	uint8_t f[60];
	struct drv_pkt p;

	(void)state;
	pause_frame(f, 1000);
	f[15] = 2;
	assert_true(rig_inject(&rig, 0, f, 60, 0));
	rig_work(&rig);
	assert_int_equal(drv_rx_poll(&rx, &p), 0);
	assert_int_equal(send(100, rig_mac[1]), 1);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_CONTROL_FRAMES), 1);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_RX_XOFF_STB), 0);
}

/* ---- pause to the partner ---- */

/* Fills the receive buffer over its pause threshold, with nobody taking frames */
static void fill(void)
{
	uint8_t f[9000];

	csr_wr(h, RDE_CTL0(0), csr_rd(h, RDE_CTL0(0)) | 2u << 29);	/* never drop */
	csr_wr(h, CSR_RXB_PAUSE_THLD + 4, 2000 | 1000u << 13);
	csr_wr(h, CSR_RXB_PAUSE_DROP_CTRL, 0x7d | 0x14 << 8);
	rnd_bytes(&g, f, sizeof(f));
	memcpy(f, rig_mac[0], 6);
	wr16(f + 12, 0x88b5);
	for (unsigned int i = 0; i < 1000 && csr_rd(h, CSR_RXB_PBUF_FIFO_LEVEL + 4) < 2000; i++)
		assert_true(rig_inject(&rig, 0, f, sizeof(f), 0));
	assert_true(csr_rd(h, CSR_RXB_PBUF_FIFO_LEVEL + 4) >= 2000);
	rig_work(&rig);
}

static void empty(void)
{
	struct drv_pkt p;
	unsigned int n;

	do {
		for (n = 0; drv_rx_poll(&rx, &p) == 1; n++)
			;
		assert_string_equal(rx.err, "");
		drv_rx_refill(&rx);
		rig_work(&rig);
	} while (n);
	assert_int_equal(csr_rd(h, CSR_RXB_PBUF_FIFO_LEVEL + 4), 0);
}

static void expect_pause(unsigned int i, uint32_t quanta)
{
	uint8_t want[60];

	pause_frame(want, quanta);
	memcpy(want + 6, rig_mac[0], 6);
	assert_true(i < rig.nout);
	assert_int_equal(rig.out[i].len, 60);
	assert_memory_equal(rig.out[i].data, want, 60);
}

static void pause_is_sent_renewed_and_taken_back(void **state)
{
	(void)state;
	fill();
	assert_int_equal(rig.nout, 1);
	expect_pause(0, 0xffff);
	/* renewed with 0x7fff quanta left, before the first can end at 335 us */
	rig_run(&rig, 0x8000 * 512 / 100);
	assert_int_equal(rig.nout, 1);
	rig_run(&rig, 2);
	assert_int_equal(rig.nout, 2);
	rig_run(&rig, MS);
	assert_int_equal(rig.nout, 2 + 1000000 / (0x8000 * 512 / 100 + 2));
	for (unsigned int i = 0; i < rig.nout; i++)
		expect_pause(i, 0xffff);
	rig_forget(&rig);
	empty();
	assert_int_equal(rig.nout, 1);
	expect_pause(0, 0);
	rig_run(&rig, 10 * MS);
	assert_int_equal(rig.nout, 1);
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_XOFF_STB), ctr64(h, CSR_MAC_STAT_TX_CONTROL_FRAMES));
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_XOFF_STB), ctr64(h, CSR_MAC_STAT_TX_TRANSMITTED_OK));
	assert_int_equal(ctr64(h, CSR_MAC_STAT_TX_XOFF_STB), 8);
	assert_int_equal(card_deadline(card), UINT64_MAX);
	rig_no_bugs(&rig);
}

static void no_pause_is_sent_when_it_is_off(void **state)
{
	(void)state;
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA | TX_PAUSE_DIS);
	fill();
	rig_run(&rig, MS);
	assert_int_equal(rig.nout, 0);
	empty();
	assert_int_equal(rig.nout, 0);
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA);
	fill();
	assert_int_equal(rig.nout, 1);
	csr_wr(h, MAC_COMMAND_CONFIG, PAD | TX_ENA | RX_ENA | TX_PAUSE_DIS);
	rig_run(&rig, MS);
	assert_int_equal(rig.nout, 2);
	expect_pause(1, 0);
	empty();
}

static void a_paused_card_still_sends_pause(void **state)
{
	(void)state;
	get_pause(65535);
	assert_int_equal(send(100, rig_mac[1]), 0);
	fill();
	assert_int_equal(rig.nout, 1);
	expect_pause(0, 0xffff);
	empty();
	get_pause(0);
	assert_int_equal(rig.nout, 3);
}

static void a_pause_frame_the_wire_refused_goes_when_it_can(void **state)
{
	(void)state;
	rig.blocked = true;
	fill();
	assert_int_equal(rig.nout, 0);
	assert_int_not_equal(card_deadline(card), 0);	/* it waits for the wire, it does not spin */
	rig.blocked = false;
	card_port_ready(card);
	rig_work(&rig);
	assert_int_equal(rig.nout, 1);
	expect_pause(0, 0xffff);
	rig.blocked = true;
	empty();
	assert_int_equal(rig.nout, 1);
	rig.blocked = false;
	card_port_ready(card);
	rig_work(&rig);
	assert_int_equal(rig.nout, 2);
	expect_pause(1, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(both_need_enable_clock_and_link), T(short_frames_are_padded_with_zeros_if_wanted),
		T(loopback_comes_back_and_not_out), T(sizes_fall_into_their_bins),
		T(bad_frames_are_counted_and_not_received), T(broadcast_and_multicast_apart),
		T(uncut_large_send_counts_as_its_segments), T(pause_stops_transmission_for_its_quanta),
		T(zero_quanta_and_pause_off_resume), T(other_control_frames_are_counted_and_ignored),
		T(pause_is_sent_renewed_and_taken_back), T(no_pause_is_sent_when_it_is_off),
		T(a_paused_card_still_sends_pause), T(a_pause_frame_the_wire_refused_goes_when_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
