/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BMC's port as fbnicd has it: card, firmware, NC-SI controller and socket, with a BMC at its other end */
#include "../unit/test_wire.h"

#include "../../src/bmc/ncsi_int.h"
#include "../../src/card/regs.h"
#include "../../src/fbnicd/bmc_home.h"
#include "../../src/fbnicd/fw_inside.h"
#include "../../src/host/host.h"

static struct bench *b;
static struct host_inproc *ip;
static struct fw_home *fw;
static struct bmc_home *home;
static struct port *mc;			/* the BMC */
static unsigned int on_wire;		/* frames that the card sent */
static uint8_t wire_frame[2048];
static uint8_t iid;

static const uint8_t mac[6] = { 2, 0xb, 0xc, 0, 0, 1 };

static unsigned int wire_tx(void *ctx, const struct frame *f, unsigned int n)
{
	(void)ctx;
	on_wire += n;
	frame_copy(f, 0, wire_frame, sizeof(wire_frame));
	return n;
}

static const struct port_ops wire_ops = { .tx = wire_tx };

static uint64_t card_now(void *ctx)
{
	(void)ctx;
	return b->now;
}

static struct bmc_home *home_open(const char *spec, char *err, size_t len)
{
	struct bmc_home_config cfg = { .spec = spec, .channels = 1, .uuid = "0123456789abcde" };
	const struct card_env env = { .now = card_now };

	cfg.ch[0].card = ip->card;
	cfg.ch[0].fw = fw;
	cfg.ch[0].mbps = 50000;
	memcpy(cfg.ch[0].mac, mac, 6);
	return bmc_home_new(&cfg, &env, loop_wire(b->loop), err, len);
}

static int setup(void **state)
{
	struct card_config cc = { .queues = 1, .vectors = 4, .mac = { 2, 0, 0, 0, 0, 1 } };
	struct fw_home_config fc;
	char spec[128], err[200] = "";

	bench_setup((void **)&b);
	*state = b;
	ip = host_new_inproc(&cc, 1 << 20);
	assert_non_null(ip);
	fw_home_config_default(&fc);
	fw = fw_inside_new(ip->card, &(struct card_env){ .now = card_now }, &fc);
	assert_non_null(fw);
	card_connect(ip->card, &wire_ops, NULL, PORT_LSO_CUT);
	snprintf(spec, sizeof(spec), "stream:unix:%s/nc;server=on", b->dir);
	home = home_open(spec, err, sizeof(err));
	if (!home)
		fail_msg("%s", err);
	mc = port_new(b, "stream:unix:%s/nc", b->dir);
	settle(b);
	on_wire = 0;
	iid = 0;
	return 0;
}

static int teardown(void **state)
{
	port_free(mc);
	bmc_home_free(home);
	fw_home_free(fw);
	host_free(&ip->h);
	return bench_teardown(state);
}

static void work(void)
{
	settle(b);
	while (card_run(ip->card))
		;
	settle(b);
}

static void command(uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	uint8_t f[128] = { 0 };

	memset(f, 0xff, 12);
	put16(f + 12, 0x88f8);
	f[15] = 1;
	f[17] = ++iid;
	f[18] = type;
	f[19] = chan;
	put16(f + 20, (uint32_t)len);
	if (len)
		memcpy(f + 30, payload, len);
	put32(f + 30 + len, ncsi_checksum(f + 14, 16 + len));
	assert_true(port_send(mc, f, 62));
}

static const struct got *newest(void)
{
	return &mc->got[(mc->n - 1) % KEEP];
}

#define NOTHING NULL, 0
#define P(...)	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void ok(uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	unsigned int n = mc->n;

	command(type, chan, payload, len);
	work();
	assert_int_equal(mc->n, n + 1);
	assert_int_equal(newest()->data[17], iid);
	assert_int_equal(newest()->data[18], type | 0x80);
	assert_int_equal(get32(newest()->data + 30), 0);
}

static void configure(void)
{
	ok(0x01, 0x1f, P(0, 0, 0, 1));
	ok(0x00, 0, NOTHING);
	ok(0x0e, 0, P(2, 0xb, 0xc, 0, 0, 9, 1, 1));
	ok(0x13, 0, NOTHING);
	ok(0x06, 0, NOTHING);
	ok(0x03, 0, NOTHING);
	ok(0x08, 0, P(0, 0, 0, 0, 0, 0, 0, 7));
}

static void from_wire(const uint8_t *f, uint32_t len)
{
	struct span s = { f, len };
	struct frame fr = { .span = &s, .len = len, .nspans = 1 };

	assert_int_equal(card_rx(ip->card, &fr, 1, true), 1);
}

/* ---- */

static void commands_are_answered(void **state)
{
	(void)state;
	configure();
	ok(0x0a, 0, NOTHING);
	assert_int_equal(get32(newest()->data + 34), 0x00100019);	/* up, 50 Gbit/s, no pause */
	ok(0x58, 0, NOTHING);
	assert_memory_equal(newest()->data + 38, mac, 6);
	ok(0x18, 0, NOTHING);
	ok(0x52, 0x1f, NOTHING);
	assert_memory_equal(newest()->data + 34, "0123456789abcde", 16);
}

static void frames_pass_both_ways(void **state)
{
	uint8_t f[1514];

	(void)state;
	for (unsigned int i = 0; i < sizeof(f); i++)
		f[i] = (uint8_t)i;
	memcpy(f, "\x02\x0b\x0c\0\0\x09\x02\x07\x07\x07\x07\x07\x08\0", 14);
	from_wire(f, 200);
	work();
	assert_int_equal(mc->n, 0);		/* nobody has asked for it */
	configure();
	from_wire(f, 200);
	work();
	assert_int_equal(newest()->len, 200);
	assert_memory_equal(newest()->data, f, 200);

	memcpy(f, "\x02\x07\x07\x07\x07\x07\x02\x0b\x0c\0\0\x09", 12);
	assert_true(port_send(mc, f, sizeof(f)));
	work();
	assert_int_equal(on_wire, 1);
	assert_memory_equal(wire_frame, f, sizeof(f));
	f[11] = 8;				/* not its address */
	assert_true(port_send(mc, f, sizeof(f)));
	ok(0x07, 0, NOTHING);
	f[11] = 9;
	assert_true(port_send(mc, f, sizeof(f)));
	work();
	assert_int_equal(on_wire, 1);
}

static void addresses_reach_the_classifier(void **state)
{
	uint32_t w0;

	(void)state;
	w0 = card_csr_peek(ip->card, CSR_RPC_TCAM_MACDA);
	assert_int_equal(w0, 1);		/* the one that is offered */
	configure();
	w0 = card_csr_peek(ip->card, CSR_RPC_TCAM_MACDA);
	assert_int_equal(w0, 9);
	ok(0x05, 0, P(0, 0, 0, 0));
	w0 = card_csr_peek(ip->card, CSR_RPC_TCAM_MACDA);
	assert_int_equal(w0, 1);
}

static void answers_are_not_lost_in_a_full_socket(void **state)
{
	uint8_t f[1500] = { 2, 0xb, 0xc, 0, 0, 9, 2, 7, 7, 7, 7, 7, 8, 0 };
	unsigned int answers = 0, n;

	(void)state;
	configure();
	mc->room = 0;				/* the BMC reads nothing */
	for (n = 0; n < 3000; n++) {
		from_wire(f, sizeof(f));
		work();
	}
	assert_true(card_csr_peek(ip->card, CSR_RXB_DROP_FRMS_STS + 3) > 0);
	port_forget(mc);
	for (n = 0; n < 60; n++)
		command(0x0a, 0, NOTHING);
	work();
	mc->room = UINT32_MAX;
	mc->ops->rx_ready(mc->ctx);
	for (n = 0; n < 50; n++) {
		work();
		pass_time(b, NS_PER_MS);
	}
	for (n = 0; n < mc->n; n++)
		answers += mc->got[n].data[12] == 0x88;
	assert_int_equal(answers, 60);
	assert_true(mc->n > 60);
}

static void events_arrive_as_aens(void **state)
{
	(void)state;
	configure();
	port_forget(mc);
	card_set_link(ip->card, false);
	work();
	assert_int_equal(mc->n, 1);
	assert_int_equal(newest()->data[18], 0xff);
	assert_int_equal(get32(newest()->data + 30), 0);
	assert_int_equal(get32(newest()->data + 34), 0x00100000);
	fw_restart(fw_inside_core(fw));
	work();
	assert_int_equal(mc->n, 2);
	assert_int_equal(get32(newest()->data + 30), 1);
	assert_true(ncsi_initial(bmc_home_ncsi(home), 0));
}

static void a_crashed_firmware_is_silent(void **state)
{
	unsigned int n;

	(void)state;
	configure();
	fw_crash(fw_inside_core(fw), "test");
	n = mc->n;
	command(0x0a, 0, NOTHING);
	work();
	assert_int_equal(mc->n, n);
	fw_restart(fw_inside_core(fw));
	work();
	assert_int_equal(mc->n, n + 1);		/* configuration required */
	configure();
}

static void a_bmc_that_comes_back_finds_its_settings(void **state)
{
	(void)state;
	configure();
	port_free(mc);
	work();
	mc = port_new(b, "stream:unix:%s/nc", b->dir);
	work();
	ok(0x17, 0, NOTHING);
	assert_int_equal(newest()->data[34 + 3], 1);
	assert_int_equal(get32(newest()->data + 34 + 16), 6);
}

static void count(void *arg, const char *name, uint64_t val)
{
	(void)val;
	assert_true(name[0]);
	++*(unsigned int *)arg;
}

static void counters_have_names(void **state)
{
	unsigned int n = 0;

	(void)state;
	bmc_home_counters(home, count, &n);
	assert_true(n > 50);
	assert_non_null(bmc_home_wire(home));
}

static void what_can_not_be_opened(void **state)
{
	char err[200] = "";

	(void)state;
	assert_null(home_open("stream:unix:/nonexistent/x;server=on", err, sizeof(err)));
	assert_true(err[0]);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commands_are_answered),
		TEST(frames_pass_both_ways),
		TEST(addresses_reach_the_classifier),
		TEST(answers_are_not_lost_in_a_full_socket),
		TEST(events_arrive_as_aens),
		TEST(a_crashed_firmware_is_silent),
		TEST(a_bmc_that_comes_back_finds_its_settings),
		TEST(counters_have_names),
		TEST(what_can_not_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
