// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One BMC, one firmware, two or four hosts: cards in this process, each with a
 * wire of its own, are the channels of one NC-SI package.
 */
#include "../../src/card/regs.h"
#include "../../src/homes/bmc_home.h"
#include "../../src/homes/fw_inside.h"
#include "../../src/host/host.h"
#include "fw_host.h"
#include "mc.h"

static struct bench *b;
static unsigned int hosts;
static struct bmc_home *home;
static struct fw_home *fw;
static struct port *mc;
static uint8_t iid;

static struct at {
	unsigned int		id;
	struct host_inproc	*ip;
	unsigned int		on_wire;		/* frames that the card sent */
	uint8_t			frame[PORT_MAX_FRAME];
	uint32_t		len;
} at[FW_HOSTS];

static unsigned int wire_tx(void *ctx, const struct frame *f, unsigned int n)
{
	struct at *a = ctx;

	for (unsigned int i = 0; i < n; i++) {
		a->len = 0;
		for (unsigned int s = 0; s < f[i].nspans; s++) {
			memcpy(a->frame + a->len, f[i].span[s].base, f[i].span[s].len);
			a->len += (uint32_t)f[i].span[s].len;
		}
		a->on_wire++;
	}
	return n;
}

static const struct port_ops wire_ops = { .tx = wire_tx };

static uint64_t card_now(void *ctx)
{
	(void)ctx;
	return b->now;
}

static const struct card_env env = { .now = card_now };

static void bmc_mac(uint8_t m[6], unsigned int ch)
{
	memcpy(m, (const uint8_t[]){ 2, 0xb, 0xc, 0, 0, (uint8_t)(0x10 + ch) }, 6);
}

static void open_firmware(void)
{
	struct fw_home_config fc;

	fw_home_config_default(&fc);
	fc.fw.hosts = hosts;
	for (unsigned int i = 1; i < hosts; i++) {
		fc.more[i - 1].card = at[i].ip->card;
		fc.more[i - 1].env = &env;
	}
	fw = fw_inside_new(at[0].ip->card, &env, &fc);
	assert_non_null(fw);
}

static int setup(void **state, unsigned int n)
{
	struct bmc_home_config cfg = { .uuid = "0123456789abcde" };
	char spec[128], err[200] = "";

	bench_setup((void **)&b);
	*state = b;
	hosts = n;
	for (unsigned int i = 0; i < n; i++) {
		struct card_config cc = { .queues = 1, .vectors = 4, .mac = { 2, 0, 0, 0, 0, (uint8_t)i } };

		at[i] = (struct at){ .id = i, .ip = host_new_inproc(&cc, 1 << 20) };
		assert_non_null(at[i].ip);
		card_connect(at[i].ip->card, &wire_ops, &at[i], PORT_LSO_CUT);
		cfg.ch[i].card = at[i].ip->card;
		cfg.ch[i].mbps = i ? 25000 : 100000;
		bmc_mac(cfg.ch[i].mac, i);
	}
	open_firmware();
	snprintf(spec, sizeof(spec), "stream:unix:%s/nc;server=on", b->dir);
	cfg.spec = spec;
	cfg.fw = fw;
	cfg.channels = n;
	home = bmc_home_new(&cfg, &env, loop_wire(b->loop), err, sizeof(err));
	if (!home)
		fail_msg("%s", err);
	mc = port_new(b, "stream:unix:%s/nc", b->dir);
	settle(b);
	iid = 0;
	return 0;
}

static int setup2(void **state)
{
	return setup(state, 2);
}

static int setup4(void **state)
{
	return setup(state, 4);
}

static int teardown(void **state)
{
	port_free(mc);
	bmc_home_free(home);
	fw_home_free(fw);
	for (unsigned int i = 0; i < hosts; i++)
		host_free(&at[i].ip->h);
	return bench_teardown(state);
}

static void work(void)
{
	settle(b);
	for (unsigned int i = 0; i < hosts; i++)
		while (card_run(at[i].ip->card))
			;
	settle(b);
}

static const struct got *newest(void)
{
	return mc_newest(mc);
}

static void command(uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	uint8_t f[NCSI_FRAME_MAX];

	mc_frame(f, ++iid, type, chan, payload, len, false);
	assert_true(port_send(mc, f, 80));
	work();
}

static void ok(uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	unsigned int n = mc->n;

	command(type, chan, payload, len);
	assert_int_equal(mc->n, n + 1);
	assert_int_equal(newest()->data[18], type | 0x80);
	assert_int_equal(newest()->data[19], chan);
	assert_int_equal(get32(newest()->data + 30), 0);
}

static void configure(void)
{
	ok(0x01, 0x1f, P(0, 0, 0, 1));
	for (uint8_t ch = 0; ch < hosts; ch++) {
		ok(0x00, ch, NOTHING);
		ok(0x0e, ch, P(2, 0xb, 0xc, 0, 0, (uint8_t)(0x10 + ch), 1, 1));
		ok(0x10, ch, P(0, 0, 0, 1));		/* of broadcast, ARP */
		ok(0x06, ch, NOTHING);
		ok(0x03, ch, NOTHING);
		ok(0x08, ch, P(0, 0, 0, 0, 0, 0, 0, 7));
	}
	port_forget(mc);
}

static void frame(uint8_t *f, const uint8_t *da, const uint8_t *sa)
{
	memset(f, 0, 64);
	memcpy(f, da, 6);
	memcpy(f + 6, sa, 6);
	f[12] = 8;
	f[13] = 6;
}

static void from_wire(unsigned int host, const uint8_t *f)
{
	struct span s = { f, 64 };
	struct frame fr = { .span = &s, .len = 64, .nspans = 1 };

	assert_int_equal(card_rx(at[host].ip->card, &fr, 1, true), 1);
	work();
}

static unsigned int frames_sent(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < hosts; i++)
		n += at[i].on_wire;
	return n;
}

static const uint8_t peer[6] = { 2, 7, 7, 7, 7, 7 }, all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* ---- */

static void a_channel_for_each_host(void **state)
{
	unsigned int n;

	(void)state;
	configure();
	for (uint8_t ch = 0; ch < hosts; ch++) {
		uint8_t m[6];

		ok(0x16, ch, NOTHING);		/* Get Capabilities */
		assert_int_equal(newest()->data[34 + 27], hosts);
		ok(0x0a, ch, NOTHING);
		assert_int_equal(get32(newest()->data + 34) & 0x1f, (ch ? 10 : 13) << 1 | 1);	/* 25 or 100 Gbit/s, up */
		ok(0x58, ch, NOTHING);
		bmc_mac(m, ch);
		assert_memory_equal(newest()->data + 38, m, 6);
	}
	n = mc->n;
	command(0x0a, (uint8_t)hosts, NOTHING);
	assert_int_equal(mc->n, n + 1);
	assert_int_equal(get32(newest()->data + 30), 0x00010002);	/* no such channel */
}

static void events_are_of_one_channel(void **state)
{
	(void)state;
	configure();
	for (unsigned int i = hosts; i--;) {
		card_set_link(at[i].ip->card, false);
		work();
		assert_int_equal(mc->n, 1);
		assert_int_equal(newest()->data[18], 0xff);
		assert_int_equal(newest()->data[19], i);
		assert_int_equal(get32(newest()->data + 30), AEN_LINK);
		assert_int_equal(get32(newest()->data + 34) & 1, 0);
		card_set_link(at[i].ip->card, true);
		work();
		port_forget(mc);
	}
}

static void drivers_come_to_one_channel(void **state)
{
	const uint32_t take[] = { 0x00028012, 0x00040000 };
	struct drv_fw m = { .h = NULL };
	struct host *h = &at[1].ip->h;
	struct fw_in in;

	(void)state;
	configure();
	assert_int_equal(drv_up(h), 0);
	assert_int_equal(drv_fw_open(&m, h, SEC), 0);
	fwh_caps(&m, &in);
	assert_int_equal(drv_fw_send(&m, take, sizeof(take)), 0);
	work();
	assert_int_equal(mc->n, 1);
	assert_int_equal(newest()->data[19], 1);
	assert_int_equal(get32(newest()->data + 30), AEN_HOST);
	assert_int_equal(get32(newest()->data + 34), 1);
	/* It learned of its own channel's address, not of another's */
	fwh_caps(&m, &in);
	assert_int_equal(in.a[CAP_BMC_MACS].p[4 + 5], 0x11);
	card_reset(at[1].ip->card, CARD_RESET_FUNCTION);
	work();
	assert_int_equal(mc->n, 2);
	assert_int_equal(newest()->data[19], 1);
	assert_int_equal(get32(newest()->data + 34), 0);
}

static void what_comes_in_goes_through_its_own_channel(void **state)
{
	uint8_t f[64], m[6];

	(void)state;
	configure();
	for (unsigned int i = 0; i < hosts; i++)
		for (unsigned int k = 0; k < hosts; k++) {
			bmc_mac(m, k);
			frame(f, m, peer);
			port_forget(mc);
			from_wire(i, f);
			assert_int_equal(mc->n, i == k);
		}
	for (unsigned int i = 0; i < hosts; i++) {
		port_forget(mc);
		frame(f, all, peer);
		from_wire(i, f);
		assert_int_equal(mc->n, 1);
		assert_memory_equal(newest()->data, f, 60);
		assert_int_equal(ncsi_stats(bmc_home_ncsi(home), i)->mc_rx, 2);
	}
	/* A channel that is off is off, and the next is not */
	ok(0x04, 0, P(0, 0, 0, 0));
	port_forget(mc);
	from_wire(0, f);
	assert_int_equal(mc->n, 0);
	from_wire(1, f);
	assert_int_equal(mc->n, 1);
}

static void what_goes_out_leaves_by_its_source(void **state)
{
	uint8_t f[64], m[6];

	(void)state;
	configure();
	for (unsigned int i = 0; i < hosts; i++) {
		unsigned int sent = frames_sent();

		bmc_mac(m, i);
		frame(f, peer, m);
		assert_true(port_send(mc, f, 64));
		frame(f, all, m);
		assert_true(port_send(mc, f, 64));
		work();
		assert_int_equal(at[i].on_wire, 2);
		assert_memory_equal(at[i].frame, f, 64);
		assert_int_equal(frames_sent(), sent + 2);
		assert_int_equal(ncsi_stats(bmc_home_ncsi(home), i)->mc_tx, 2);
	}
	/* Nobody's address; and one of a channel that may not send */
	frame(f, all, peer);
	assert_true(port_send(mc, f, 64));
	ok(0x07, 1, NOTHING);
	bmc_mac(m, 1);
	frame(f, all, m);
	assert_true(port_send(mc, f, 64));
	work();
	assert_int_equal(frames_sent(), 2 * hosts);
	assert_int_equal(ncsi_stats(bmc_home_ncsi(home), 1)->mc_tx_state, 1);
}

/* Whatever becomes of host 0, the BMC's network through the others, and its own port, goes on */
static void the_bmc_outlives_hosts(void **state)
{
	uint8_t f[64], m[6];

	(void)state;
	configure();
	for (unsigned int round = 0; round < 3; round++) {
		if (round == 1)
			card_reset(at[0].ip->card, CARD_RESET_FUNCTION);
		if (round == 2)
			card_vanish(at[0].ip->card);
		for (unsigned int i = round == 2; i < hosts; i++) {
			port_forget(mc);
			bmc_mac(m, i);
			frame(f, m, peer);
			from_wire(i, f);
			assert_int_equal(mc->n, 1);
			frame(f, peer, m);
			assert_true(port_send(mc, f, 64));
			work();
			assert_int_equal(at[i].on_wire, round + 1);
		}
	}
}

static void a_restart_is_of_all_channels(void **state)
{
	unsigned int seen = 0;

	(void)state;
	configure();
	fw_restart(fw_inside_core(fw));
	work();
	assert_int_equal(mc->n, hosts);
	for (unsigned int i = 0; i < hosts; i++) {
		assert_int_equal(get32(mc->got[i].data + 30), AEN_CONFIG);
		seen |= 1u << mc->got[i].data[19];
		assert_true(ncsi_initial(bmc_home_ncsi(home), i));
	}
	assert_int_equal(seen, (1u << hosts) - 1);
}

/* Meta's Get Debug Data: the dump of the host whose channel is asked */
static void dumps_are_of_the_channel(void **state)
{
	struct fw *core = fw_inside_core(fw);
	uint8_t part[400];

	(void)state;
	fw_crash(core, "test");
	fw_restart(core);
	configure();
	for (uint8_t ch = 0; ch < hosts; ch++) {
		ok(0x50, ch, P(0, 0, 0x1d, 0x9b, 1, 0x30, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1));
		assert_int_equal(fw_dump_take(core, ch, true), get32(newest()->data + 34 + 16));
		assert_int_equal(fw_dump_read(core, ch, 0, part, sizeof(part)), 0);
		assert_memory_equal(newest()->data + 34 + 20, part, sizeof(part));
	}
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup2, teardown), cmocka_unit_test_setup_teardown(t, setup4, teardown)
	const struct CMUnitTest tests[] = {
		T(a_channel_for_each_host), T(events_are_of_one_channel), T(drivers_come_to_one_channel),
		T(what_comes_in_goes_through_its_own_channel), T(what_goes_out_leaves_by_its_source),
		T(the_bmc_outlives_hosts), T(a_restart_is_of_all_channels), T(dumps_are_of_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
