/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BMC's way through the card: wire to BMC, BMC to wire, host to BMC and BMC
 * to host, with a driver that has set its tables for a BMC as Linux does, and
 * with no driver at all, when the firmware's tables count.  After each deed all
 * counters of the card must be what the books say.
 */
#include <stdio.h>
#include <string.h>

#include "../../src/card/regs.h"
#include "../../src/homes/fw_inside.h"
#include "books.h"

#define MEM	(24u << 20)
#define KEPT	256

static struct rig rig;
static struct host *h;
static struct card *card;
static struct fw_home *fw;
static struct drv_tx tx;
static struct drv_rx rx;
static uint64_t area;
static struct rng g;
static uint8_t f[DRV_MAX_FRAME];

static const uint8_t bmc_mac[6] = { 2, 0xb, 0xc, 0, 0, 1 };
static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };
static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 7 };	/* the host's */
static const uint8_t bmc_group[6] = { 0x33, 0x33, 0, 0, 0, 8 };	/* nobody's, but the BMC wants all */

/* ---- the BMC ---- */

static struct {
	unsigned int	n, limit;		/* frames, how many it takes */
	uint32_t	len[KEPT];
	uint8_t		f[KEPT][2048];
} bmc;

static unsigned int bmc_tx(void *ctx, const struct frame *fr, unsigned int n)
{
	unsigned int i;

	(void)ctx;
	for (i = 0; i < n && bmc.n < bmc.limit; i++, bmc.n++)
		bmc.len[bmc.n] = rig_flatten(&fr[i], bmc.f[bmc.n], sizeof(bmc.f[0]));
	return i;
}

static const struct port_ops bmc_port = { .tx = bmc_tx };

/* What it got, all of it */
static void bmc_got(const uint8_t *p, uint32_t len)
{
	assert_int_equal(bmc.n, 1);
	assert_int_equal(bmc.len[0], len);
	assert_memory_equal(bmc.f[0], p, len);
	bmc.n = 0;
}

static bool bmc_sends(const uint8_t *p, uint32_t len)
{
	struct span s[2] = { { p, 3 }, { p + 3, len - 3 } };
	struct frame fr = { .span = s, .len = len, .nspans = 2 };

	return card_bmc_rx(card, &fr, 1) == 1;
}

/* ---- the host ---- */

static uint64_t env_now(void *ctx)
{
	return ((struct host_inproc *)ctx)->now_ns;
}

static uint32_t make(const uint8_t *da, const uint8_t *sa, uint32_t len)
{
	rnd_bytes(&g, f, len);
	memcpy(f, da, 6);
	memcpy(f + 6, sa, 6);
	wr16(f + 12, 0x88b5);
	return len;
}

/* The driver's rule 0: MACDA entries 0 to 3 */
static void rule_bmc(void)
{
	csr_wr(h, CSR_RPC_ACT_TBL0, 2 << 1);
	for (unsigned int w = 0; w < 11; w++)
		csr_wr(h, CSR_RPC_TCAM_ACT + 64 * w, w == 1 ? 1u << 10 | (0xffffu & ~(0x1cu << 5 | 1u << 10)) << 16 : 0xffff0000u);
	csr_wr(h, CSR_RPC_TCAM_ACT + 64 * 11, 1u << 31);
}

static void tce_entry(unsigned int i, const uint8_t *mac, unsigned int dest)
{
	for (unsigned int w = 0; w < 3; w++)
		csr_wr(h, CSR_TCE_RAM_TCAM0 + 8 * w + i, rd16(mac + 4 - 2 * w) << 16);
	csr_wr(h, CSR_TCE_TCAM_IDX2DEST_MAP, (csr_rd(h, CSR_TCE_TCAM_IDX2DEST_MAP) & ~(0xfu << 4 * i)) | dest << 4 * i);
	csr_wr(h, CSR_TCE_RAM_TCAM3 + i, 1u << 31 | 0xb8);
}

/* What Linux does with a BMC that wants all multicast (fbnic_rpc.c) */
static void driver_up(void)
{
	static const uint8_t any[6] = { 1 }, but_group[6] = { 0xfe, 255, 255, 255, 255, 255 }, exact[6];
	struct drv_conf conf = { .queues = 1 };
	struct card_bmc_table t = { .flags = CARD_BMC_BROADCAST, .uc = 1, .mc = 1 };

	memcpy(conf.mac, rig_mac[0], 6);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(h, &conf);
	rule_bmc();
	csr_wr(h, CSR_RPC_ACT_TBL0 + 1, 2 << 1);
	for (unsigned int w = 0; w < 11; w++)
		csr_wr(h, CSR_RPC_TCAM_ACT + 64 * w + 1, w == 1 ? 0x400u | 23u << 5 | (0xffffu & ~0x7e0u) << 16 : 0xffff0000u);
	csr_wr(h, CSR_RPC_TCAM_ACT + 64 * 11 + 1, 1u << 31);
	for (unsigned int i = 57; i < 64; i++) {
		uint32_t key = csr_rd(h, CSR_RPC_TCAM_ACT + 64 + i) & 0xffff, act = csr_rd(h, CSR_RPC_ACT_TBL0 + i);

		drv_rule(h, i - 7, key | 3u << 8, act, csr_rd(h, CSR_RPC_ACT_TBL1 + i));
		csr_wr(h, CSR_RPC_ACT_TBL0 + i, act | 2 << 1);
	}
	drv_macda(h, 0, bmc_mac, exact);
	drv_macda(h, 5, group, exact);
	drv_macda(h, 23, any, but_group);
	tce_entry(0, bmc_mac, 2);
	tce_entry(1, broadcast, 3);
	csr_wr(h, CSR_TCE_BMC_MAX_PKTSZ, 9742 | 9742 << 14);
	memcpy(t.uc_mac[0], rig_mac[0], 6);
	memcpy(t.mc_mac[0], group, 6);
	card_fw_bmc_table(card, &t);
	books_clear();
	rig_forget(&rig);
}

static int setup_card(void **state)
{
	struct fw_home_config cfg;

	(void)state;
	g.s = 42;
	rig_open(&rig, 1, 4, MEM, PORT_LSO_CUT);
	h = rig.h[0];
	card = rig.ip[0]->card;
	memset(&bmc, 0, sizeof(bmc));
	bmc.limit = KEPT;
	card_connect_bmc(card, &bmc_port, NULL);
	area = host_alloc(h, 1 << 20, 4096);
	fw_home_config_default(&cfg);
	cfg.fw.host[0].bmc_macs = 1;
	memcpy(cfg.fw.host[0].bmc_mac[0], bmc_mac, 6);
	cfg.fw.host[0].bmc_all_multi = true;
	fw = fw_inside_new(card, &(struct card_env){ .ctx = rig.ip[0], .now = env_now }, &cfg);
	assert_non_null(fw);
	books_clear();
	return 0;
}

static int setup(void **state)
{
	setup_card(state);
	driver_up();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_no_bugs(&rig);
	fw_home_free(fw);
	rig_close(&rig);
	return 0;
}

/* ---- deeds, and what they mean for the books ---- */

static void host_got(const uint8_t *p, uint32_t len)
{
	struct drv_pkt pkt;

	assert_int_equal(drv_rx_poll(&rx, &pkt), 1);
	assert_int_equal(pkt.len, len);
	assert_memory_equal(pkt.data, p, len);
	drv_rx_refill(&rx);
}

static void host_got_nothing(void)
{
	struct drv_pkt pkt;

	assert_int_equal(drv_rx_poll(&rx, &pkt), 0);
}

static void wire_got(const uint8_t *p, uint32_t len)
{
	assert_int_equal(rig.nout, 1);
	assert_int_equal(rig.out[0].len, len);
	assert_memory_equal(rig.out[0].data, p, len);
	rig_forget(&rig);
}

static void book_to_bmc(uint32_t len)
{
	books_add(0, "RXB_INTF_FRM_CNT_DST", 2, 1);
	books_add(0, "RXB_INTF_BYTE_CNT_DST", 2, len);
	books_add(0, "RXB_PBUF_FRM_CNT_DST", 2, 1);
	books_add(0, "RXB_PBUF_BYTE_CNT_DST", 2, len);
}

static struct { const char *name; uint64_t val; bool hit; } want;

static void look(void *arg, const char *name, uint64_t val)
{
	(void)arg;
	if (!strcmp(name, want.name)) {
		want.val = val;
		want.hit = true;
	}
}

static uint64_t seen(const char *name, int index)
{
	char full[64];

	snprintf(full, sizeof(full), index < 0 ? "%s" : "%s[%d]", name, index);
	want.name = full;
	want.hit = false;
	card_counters(card, look, NULL);
	if (!want.hit)
		fail_msg("there is no %s", full);
	return want.val;
}

/* RXB, TCE, MAC and RPC must agree with the books; PCIe and queues are other tests' */
static void check_one(void *arg, const char *name, uint64_t val)
{
	(void)arg;
	if (strncmp(name, "RXB", 3) && strncmp(name, "TCE", 3) && strncmp(name, "MAC", 3) && strncmp(name, "TMI", 3) &&
	    strncmp(name, "RPC", 3))
		return;
	if (books_value(0, name, -1) != val)
		fail_msg("%s is %llu, should be %llu", name, (unsigned long long)val,
			 (unsigned long long)books_value(0, name, -1));
}

static void check(void)
{
	card_counters(card, check_one, NULL);
}

static void wire_sends(const uint8_t *p, uint32_t len)
{
	assert_true(rig_inject(&rig, 0, p, len, 0));
	rig_work(&rig);
}

static void book_wire_in(uint32_t len)
{
	books_mac(0, "RX", f, len);
	books_rxb_in(0, len);
	books_add(0, "RPC_CNTR_UNKN_ETYPE", -1, 1);
}

static void host_sends(uint32_t len)
{
	struct drv_buf b = { area, (uint16_t)len };

	memcpy(host_ptr(h, area), f, len);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1), 0);
	drv_tx_kick(&tx, 0);
	assert_int_equal(drv_tx_wait(&tx, 1 * MS), 0);
}

/* ---- with a driver ---- */

static void wire_to_bmc_alone(void **state)
{
	(void)state;
	for (uint32_t len = 60; len <= 1518; len += 27) {
		make(bmc_mac, other, len);
		wire_sends(f, len);
		bmc_got(f, len);
		host_got_nothing();
		book_wire_in(len);
		book_to_bmc(len);
		check();
	}
	make(bmc_group, other, 100);		/* by the BMC's all-multicast rule */
	wire_sends(f, 100);
	bmc_got(f, 100);
	host_got_nothing();
	assert_int_equal(rig.nout, 0);
}

static void wire_to_both(void **state)
{
	const uint8_t *da[] = { broadcast, group };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		make(da[i], other, 300);
		wire_sends(f, 300);
		bmc_got(f, 300);
		host_got(f, 300);
		book_wire_in(300);
		book_to_bmc(300);
		books_rxb_out(0, 300);
		check();
	}
}

static void wire_to_host_alone(void **state)
{
	(void)state;
	make(rig_mac[0], other, 200);
	wire_sends(f, 200);
	assert_int_equal(bmc.n, 0);
	host_got(f, 200);
	book_wire_in(200);
	books_rxb_out(0, 200);
	check();
	make(other, rig_mac[0], 200);		/* nobody's */
	wire_sends(f, 200);
	host_got_nothing();
	assert_int_equal(bmc.n, 0);
}

static void bmc_to_wire(void **state)
{
	(void)state;
	for (uint32_t len = 60; len <= 1518; len += 81) {
		make(other, bmc_mac, len);
		assert_true(bmc_sends(f, len));
		rig_work(&rig);
		wire_got(f, len);
		host_got_nothing();
		assert_int_equal(bmc.n, 0);
		books_mac(0, "TX", f, len);
		check();
	}
}

static void bmc_to_host_alone(void **state)
{
	(void)state;
	make(rig_mac[0], bmc_mac, 500);
	assert_true(bmc_sends(f, 500));
	rig_work(&rig);
	host_got(f, 500);
	assert_int_equal(rig.nout, 0);		/* not on the wire */
	books_add(0, "RXB_DRBO_FRM_CNT_SRC", 1, 1);
	books_add(0, "RXB_DRBO_BYTE_CNT_SRC", 1, 500);
	books_add(0, "RPC_CNTR_UNKN_ETYPE", -1, 1);
	books_rxb_out(0, 500);
	check();
}

static void bmc_to_both(void **state)
{
	const uint8_t *da[] = { broadcast, group };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		make(da[i], bmc_mac, 99);
		assert_true(bmc_sends(f, 99));
		rig_work(&rig);
		host_got(f, 99);
		wire_got(f, 99);
		assert_int_equal(bmc.n, 0);	/* its own does not come back */
		books_mac(0, "TX", f, 99);
		books_add(0, "RXB_DRBO_FRM_CNT_SRC", 1, 1);
		books_add(0, "RXB_DRBO_BYTE_CNT_SRC", 1, 99);
		books_add(0, "RPC_CNTR_UNKN_ETYPE", -1, 1);
		books_rxb_out(0, 99);
		check();
	}
	make(bmc_group, bmc_mac, 99);		/* the host has not asked for it */
	assert_true(bmc_sends(f, 99));
	rig_work(&rig);
	host_got_nothing();
	wire_got(f, 99);
}

static void what_the_host_asked_for_decides(void **state)
{
	struct card_bmc_table t = { .uc = 1 };

	(void)state;
	memcpy(t.uc_mac[0], rig_mac[0], 6);
	card_fw_bmc_table(card, &t);		/* no broadcast, no groups */
	make(broadcast, bmc_mac, 60);
	assert_true(bmc_sends(f, 60));
	host_got_nothing();
	wire_got(f, 60);
	t.flags = CARD_BMC_ALLMULTI;
	card_fw_bmc_table(card, &t);
	make(group, bmc_mac, 60);
	assert_true(bmc_sends(f, 60));
	host_got(f, 60);
	wire_got(f, 60);
	make(broadcast, bmc_mac, 60);
	assert_true(bmc_sends(f, 60));
	host_got_nothing();			/* broadcast has a flag of its own */
	wire_got(f, 60);
	t.flags = CARD_BMC_PROMISC;
	card_fw_bmc_table(card, &t);
	make(broadcast, bmc_mac, 60);
	assert_true(bmc_sends(f, 60));
	host_got(f, 60);
	wire_got(f, 60);
	make(other, bmc_mac, 60);		/* to the host's classifier too, which says no */
	assert_true(bmc_sends(f, 60));
	host_got_nothing();
	wire_got(f, 60);
}

static void host_to_bmc_does_not_reach_the_wire(void **state)
{
	(void)state;
	make(bmc_mac, rig_mac[0], 777);
	host_sends(777);
	bmc_got(f, 777);
	assert_int_equal(rig.nout, 0);
	check();
}

static void host_to_both(void **state)
{
	(void)state;
	make(broadcast, rig_mac[0], 64);
	host_sends(64);
	bmc_got(f, 64);
	wire_got(f, 64);
	books_mac(0, "TX", f, 64);
	check();
	make(other, rig_mac[0], 64);
	host_sends(64);
	assert_int_equal(bmc.n, 0);
	wire_got(f, 64);
}

static void host_to_a_bmc_without_room(void **state)
{
	(void)state;
	bmc.limit = 0;
	make(bmc_mac, rig_mac[0], 700);
	host_sends(700);			/* completed all the same */
	books_add(0, "TCE_TBI_DROP_PKTS", -1, 1);
	books_add(0, "TCE_TBI_DROP_BYTE", -1, 700);
	check();
	bmc.limit = KEPT;
	csr_wr(h, CSR_TCE_BMC_MAX_PKTSZ, 699 | 699 << 14);
	host_sends(700);
	books_add(0, "TCE_TBI_DROP_PKTS", -1, 1);
	books_add(0, "TCE_TBI_DROP_BYTE", -1, 700);
	check();
	assert_int_equal(bmc.n, 0);
	make(other, bmc_mac, 700);
	assert_true(bmc_sends(f, 700));		/* too large the other way as well */
	assert_int_equal(rig.nout, 0);
	make(other, bmc_mac, 699);
	assert_true(bmc_sends(f, 699));
	wire_got(f, 699);
}

static void a_bmc_that_waits_gets_all_in_order(void **state)
{
	unsigned int n;

	(void)state;
	bmc.limit = 0;
	for (n = 0; n < 20; n++) {
		make(bmc_mac, other, 1000 + n);
		wire_sends(f, 1000 + n);
	}
	assert_int_equal(csr_rd(h, CSR_RXB_PBUF_FIFO_LEVEL + 3), 16 * 20);
	assert_int_equal(seen("RXB_INTF_FRM_CNT_DST", 2), 0);
	bmc.limit = 7;
	card_bmc_ready(card);
	rig_work(&rig);
	assert_int_equal(bmc.n, 7);
	bmc.limit = KEPT;
	card_bmc_ready(card);
	rig_work(&rig);
	assert_int_equal(bmc.n, 20);
	for (n = 0; n < 20; n++)
		assert_int_equal(bmc.len[n], 1000 + n);
	assert_memory_equal(bmc.f[19], f, 1019);
	assert_int_equal(seen("RXB_INTF_FRM_CNT_DST", 2), 20);
	assert_int_equal(csr_rd(h, CSR_RXB_PBUF_FIFO_LEVEL + 3), 0);
}

static void a_dead_bmc_drops_and_holds_up_nobody(void **state)
{
	unsigned int n;

	(void)state;
	bmc.limit = 0;
	for (n = 0; n < 200; n++) {		/* 32 KiB, in the end no room for a jumbo frame */
		make(broadcast, other, 500);
		wire_sends(f, 500);
		host_got(f, 500);
	}
	assert_true(seen("RXB_DROP_FRMS_STS", 3) > 100);
	assert_int_equal(seen("RXB_INTF_FRM_CNT_DST", 3), 200);
	assert_int_equal(seen("RXB_DROP_FRMS_STS", 0) + seen("RXB_DROP_FRMS_STS", 4), 0);
	assert_int_equal(seen("RXB_DROP_BYTES_STS", 3), 500 * seen("RXB_DROP_FRMS_STS", 3));
	n = (unsigned int)seen("RXB_DROP_FRMS_STS", 3);
	bmc.limit = KEPT;
	card_bmc_ready(card);
	rig_work(&rig);
	assert_int_equal(bmc.n, 200 - n);
}

static void a_dead_host_does_not_hold_up_the_bmc(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 3000; n++) {	/* nobody polls: its rings fill up */
		make(broadcast, other, 1000);
		wire_sends(f, 1000);
		assert_int_equal(bmc.n, 1);
		bmc.n = 0;
		make(rig_mac[0], bmc_mac, 1000);
		assert_true(bmc_sends(f, 1000));
		make(other, bmc_mac, 1000);
		assert_true(bmc_sends(f, 1000));
		assert_int_equal(rig.nout, 1);
		rig_forget(&rig);
	}
	assert_int_equal(seen("RXB_INTF_FRM_CNT_DST", 2), 3000);
	assert_int_equal(seen("RXB_DRBO_FRM_CNT_SRC", 1), 3000);
}

static void a_full_wire_takes_no_frame_of_the_bmc(void **state)
{
	(void)state;
	rig.blocked = true;
	make(broadcast, bmc_mac, 80);
	assert_false(bmc_sends(f, 80));
	host_got_nothing();			/* all or nothing */
	check();
	rig.blocked = false;
	card_port_ready(card);
	assert_true(bmc_sends(f, 80));
	host_got(f, 80);
	wire_got(f, 80);
}

static void without_a_bmc_everything_is_as_before(void **state)
{
	(void)state;
	card_connect_bmc(card, NULL, NULL);
	make(broadcast, other, 90);
	wire_sends(f, 90);
	host_got(f, 90);
	book_wire_in(90);
	books_rxb_out(0, 90);
	books_add(0, "RXB_DROP_FRMS_STS", 3, 1);
	books_add(0, "RXB_DROP_BYTES_STS", 3, 90);
	check();
	make(bmc_mac, rig_mac[0], 90);
	host_sends(90);
	books_add(0, "TCE_TBI_DROP_PKTS", -1, 1);
	books_add(0, "TCE_TBI_DROP_BYTE", -1, 90);
	check();
}

static void short_and_odd_frames_of_the_bmc(void **state)
{
	struct span s[1] = { { f, 13 } };
	struct frame fr = { .span = s, .len = 13, .nspans = 1 };

	(void)state;
	make(other, bmc_mac, 100);
	assert_int_equal(card_bmc_rx(card, &fr, 1), 1);
	assert_int_equal(rig.nout, 0);
	s[0].len = fr.len = 100;
	fr.flags = FRAME_LSO;
	assert_int_equal(card_bmc_rx(card, &fr, 1), 1);
	assert_int_equal(rig.nout, 0);
	fr.flags = 0;
	s[0].len = fr.len = 20;			/* padded by the MAC */
	assert_int_equal(card_bmc_rx(card, &fr, 1), 1);
	assert_int_equal(rig.nout, 1);
	assert_int_equal(rig.out[0].len, 60);
}

/* ---- without one ---- */

static void bmc_has_its_network(void)
{
	bmc.n = 0;
	rig_forget(&rig);
	make(bmc_mac, other, 150);
	wire_sends(f, 150);
	bmc_got(f, 150);
	make(broadcast, other, 150);
	wire_sends(f, 150);
	bmc_got(f, 150);
	make(bmc_group, other, 150);
	wire_sends(f, 150);
	bmc_got(f, 150);
	make(other, bmc_mac, 150);
	assert_true(bmc_sends(f, 150));
	wire_got(f, 150);
	make(broadcast, bmc_mac, 150);
	assert_true(bmc_sends(f, 150));
	wire_got(f, 150);
	make(rig_mac[0], other, 150);
	wire_sends(f, 150);
	assert_int_equal(bmc.n, 0);
}

static void before_any_driver(void **state)
{
	(void)state;
	assert_int_equal(h->ops->reset(h), 0);
	bmc_has_its_network();
	make(rig_mac[0], bmc_mac, 150);		/* nobody has said that this is the host's */
	assert_true(bmc_sends(f, 150));
	wire_got(f, 150);
	/* what a driver looks for when it finds reception on (fbnic_mac_init_rxb()) */
	assert_true(card_csr_peek(card, CSR_RPC_RMI_CONFIG) & 1 << 12);
	assert_int_equal(card_csr_peek(card, CSR_RXB_PBUF_CFG) >> 13, 0x20);
	assert_int_equal(card_csr_peek(card, CSR_RXB_PBUF_CFG + 3) >> 13, 0x10);
	assert_int_equal(card_csr_peek(card, CSR_RXB_PBUF_CFG + 4) >> 13, 0xc0);
	assert_int_equal(card_csr_peek(card, CSR_RXB_PBUF_CFG + 6) >> 13, 0x10);
}

static void after_a_reset_under_traffic(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		make(broadcast, other, 150);
		wire_sends(f, 150);
		assert_int_equal(h->ops->reset(h), 0);
		bmc_has_its_network();
		assert_int_equal(card_csr_peek(card, CSR_RPC_TCAM_ACT_VALID + 63) >> 31, 1);
	}
}

static void after_power_on(void **state)
{
	(void)state;
	card_reset(card, CARD_RESET_POWER);
	fw_power(fw_inside_core(fw));
	bmc_has_its_network();
}

static void firmware_crashes_and_comes_back(void **state)
{
	(void)state;
	fw_crash(fw_inside_core(fw), "test");
	make(bmc_mac, other, 150);		/* the data path goes on, with the driver's tables */
	wire_sends(f, 150);
	bmc_got(f, 150);
	fw_restart(fw_inside_core(fw));
	make(broadcast, other, 150);
	wire_sends(f, 150);
	bmc_got(f, 150);
	host_got(f, 150);			/* they are still the driver's */
	fw_crash(fw_inside_core(fw), "test");
	h->ops->reset(h);
	fw_restart(fw_inside_core(fw));
	bmc_has_its_network();
}

static void addresses_of_the_bmc_change(void **state)
{
	const uint8_t mac[2][6] = { { 2, 0xb, 0xc, 0, 0, 2 }, { 0x33, 0x33, 0, 0, 0, 9 } };

	(void)state;
	assert_int_equal(h->ops->reset(h), 0);
	assert_int_equal(fw_bmc_set(fw_inside_core(fw), 0, 2, mac, false), 0);
	make(bmc_mac, other, 150);
	wire_sends(f, 150);
	assert_int_equal(bmc.n, 0);
	for (unsigned int i = 0; i < 2; i++) {
		make(mac[i], other, 150);
		wire_sends(f, 150);
		bmc_got(f, 150);
	}
	assert_true(fw_bmc_set(fw_inside_core(fw), 0, 5, mac, false) < 0);
}

static void addresses_change_under_a_driver_that_does_not_listen(void **state)
{
	const uint8_t mac[2][6] = { { 0x33, 0x33, 0, 0, 0, 7 }, { 2, 0xb, 0xc, 0, 0, 2 } };	/* the group is the host's too */

	(void)state;
	fw_crash(fw_inside_core(fw), "test");
	fw_restart(fw_inside_core(fw));		/* it finds a driver's tables */
	assert_int_equal(fw_bmc_set(fw_inside_core(fw), 0, 2, mac, true), 0);
	make(bmc_mac, other, 150);
	wire_sends(f, 150);
	assert_int_equal(bmc.n, 0);
	make(mac[1], other, 150);
	wire_sends(f, 150);
	bmc_got(f, 150);
	host_got_nothing();
	make(mac[0], other, 150);
	wire_sends(f, 150);
	bmc_got(f, 150);
	host_got(f, 150);
}

static void a_card_without_bmc_is_left_alone(void **state)
{
	struct fw_home_config cfg;

	(void)state;
	fw_home_free(fw);
	fw_home_config_default(&cfg);
	fw = fw_inside_new(card, &(struct card_env){ .ctx = rig.ip[0], .now = env_now }, &cfg);
	assert_non_null(fw);
	assert_int_equal(h->ops->reset(h), 0);
	assert_int_equal(card_csr_peek(card, CSR_RPC_RMI_CONFIG), 0);
	assert_int_equal(card_csr_peek(card, CSR_RXB_PBUF_CFG + 4), 0);
	assert_int_equal(card_csr_peek(card, CSR_MAC_COMMAND_CONFIG), 0);
}

#define TEST(t)		cmocka_unit_test_setup_teardown(t, setup, teardown)
#define AWAY(t)		cmocka_unit_test_setup_teardown(t, setup_card, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wire_to_bmc_alone),
		TEST(wire_to_both),
		TEST(wire_to_host_alone),
		TEST(bmc_to_wire),
		TEST(bmc_to_host_alone),
		TEST(bmc_to_both),
		TEST(what_the_host_asked_for_decides),
		TEST(host_to_bmc_does_not_reach_the_wire),
		TEST(host_to_both),
		TEST(host_to_a_bmc_without_room),
		TEST(a_bmc_that_waits_gets_all_in_order),
		TEST(a_dead_bmc_drops_and_holds_up_nobody),
		TEST(a_dead_host_does_not_hold_up_the_bmc),
		TEST(a_full_wire_takes_no_frame_of_the_bmc),
		TEST(without_a_bmc_everything_is_as_before),
		TEST(short_and_odd_frames_of_the_bmc),
		AWAY(before_any_driver),
		TEST(after_a_reset_under_traffic),
		TEST(after_power_on),
		TEST(firmware_crashes_and_comes_back),
		AWAY(addresses_of_the_bmc_change),
		TEST(addresses_change_under_a_driver_that_does_not_listen),
		AWAY(a_card_without_bmc_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
