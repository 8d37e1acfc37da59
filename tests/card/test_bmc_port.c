/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BMC's port as fbnicd has it: card, firmware, NC-SI controller and socket, with a BMC at its other end */
#include "../../src/card/regs.h"
#include "../../src/homes/bmc_home.h"
#include "../../src/homes/flash_file.h"
#include "../../src/homes/fw_inside.h"
#include "../../src/fw/image.h"
#include "../../src/host/host.h"
#include "mc.h"

static struct bench *b;
static struct host_inproc *ip;
static struct fw_home *fw;
static struct flash_file *flash;
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
	cfg.fw = fw;
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
	flash = flash_file_open(NULL, FW_FLASH_SIZE, err, sizeof(err));
	assert_non_null(flash);
	fc.flash = flash;
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
	flash_file_close(flash);
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
	uint8_t f[NCSI_FRAME_MAX];

	assert_true(port_send(mc, f, mc_frame(f, ++iid, type, chan, payload, len, true)));
}

static const struct got *newest(void)
{
	return mc_newest(mc);
}

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

/* ---- what the firmware answers ---- */

static const uint8_t *data(void)
{
	return newest()->data + 34;
}

static unsigned int data_len(void)
{
	return get16(newest()->data + 20) - 4;
}

static void fails(uint8_t type, uint8_t chan, const void *payload, size_t len, uint32_t codes)
{
	unsigned int n = mc->n;

	command(type, chan, payload, len);
	work();
	assert_int_equal(mc->n, n + 1);
	assert_int_equal(get32(newest()->data + 30), codes);
	assert_int_equal(data_len(), 0);
}

static void temperatures_are_told(void **state)
{
	(void)state;
	configure();
	ok(0x48, 0x1f, NOTHING);
	assert_int_equal(get16(data()), 95);
	assert_in_range(get16(data() + 2), 20, 60);
	ok(0x4a, 0, NOTHING);
	assert_memory_equal(data(), "\0\0\0\0\0\x1c\0\0", 8);
	fw_set_module(fw_inside_core(fw), 0, &(struct fw_module){ .kind = FW_MODULE_NONE });
	fails(0x4a, 0, NOTHING, 0x00010006);
}

static void pldm_reaches_the_firmware(void **state)
{
	(void)state;
	configure();
	ok(0x51, 0x1f, P(0x81, 0, 4));
	assert_int_equal(data_len(), 12);
	assert_memory_equal(data(), "\1\0\4\0\x25\0\0", 7);
	ok(0x51, 0x1f, P(0x82, 2, 0x11, 2, 0, 0));
	assert_int_equal(data_len(), 14);
	assert_in_range(data()[10] | data()[11] << 8, 700, 800);
	ok(0x51, 0x1f, P(0x83, 2, 0x77));
	assert_memory_equal(data(), "\3\2\x77\5", 4);
	fails(0x51, 0x1f, P(0x03, 2, 0x11, 2, 0, 0), 0x00010002);	/* not a request */
	ok(0x56, 0x1f, NOTHING);
	assert_int_equal(data_len(), 0);
	fails(0x57, 0x1f, P(0, 5, 0x15, 0), 0x00010002);		/* answers nothing */
}

/* The card's request by 0x56, our answer by 0x57; false: there was none */
static bool serve(const uint8_t *img)
{
	uint8_t q[16], r[1100] = { 0 };
	uint32_t off, len = 0;

	ok(0x56, 0x1f, NOTHING);
	if (!data_len())
		return false;
	memcpy(q, data(), data_len());
	assert_int_equal(q[1], 5);
	r[0] = q[0] & 0x1f;
	r[1] = q[1];
	r[2] = q[2];
	if (q[2] == 0x15) {
		off = get_le32(q + 3);
		len = get_le32(q + 7);
		assert_true(len <= 1024);
		memcpy(r + 4, img + off, len);
	} else {
		assert_int_equal(q[3], 0);
	}
	ok(0x57, 0x1f, r, 4 + len);
	return true;
}

static void the_bmc_updates_over_ncsi(void **state)
{
	static uint8_t img[IMAGE_HDR + 5000];
	struct fw_image i = { .section = 1, .len = 5000, .ver = { FW_VERSION(27, 1, 2, 3), "bmc" } };
	unsigned int n = 0;

	(void)state;
	for (unsigned int k = IMAGE_HDR; k < sizeof(img); k++)
		img[k] = (uint8_t)(k * 3);
	i.crc = fw_crc32(0, img + IMAGE_HDR, 5000);
	image_put(img, &i);
	configure();
	ok(0x51, 0x1f, P(0x81, 5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 0));
	ok(0x51, 0x1f, P(0x82, 5, 0x13, 5, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0));
	ok(0x51, 0x1f, P(0x83, 5, 0x14, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xc8, 0x13, 0, 0, 0, 0, 0, 0, 1, 0));
	assert_memory_equal(data(), "\3\5\x14\0\0\0", 6);
	while (serve(img))
		n++;
	assert_int_equal(n, 5 + 3);
	ok(0x51, 0x1f, P(0x84, 5, 0x1a, 0));
	assert_memory_equal(data(), "\4\5\x1a\0", 4);
	ok(0x51, 0x1f, P(0x85, 5, 2));
	assert_memory_equal(data() + 26, "27.01.02-003", 12);		/* pending */
	fw_power(fw_inside_core(fw));
	work();
	configure();
	ok(0x51, 0x1f, P(0x86, 5, 2));
	assert_memory_equal(data() + 14, "27.01.02-003", 12);		/* it runs */
	assert_int_equal(data()[12], 0);
}

static uint32_t crc32_of(const uint8_t *p, size_t len)
{
	return fw_crc32(0, p, len);
}

static void the_bmc_reads_the_dump(void **state)
{
	static uint8_t all[65536], host[65536];
	uint8_t q[20] = { 0, 0, 0x1d, 0x9b, 1, 0x30, 0, 8, [17] = 1 };
	uint32_t total = 0, got = 0;

	(void)state;
	configure();
	for (;;) {
		const uint8_t *d;
		uint32_t len, skip;

		ok(0x50, 0x1f, q, sizeof(q));
		d = data();
		assert_int_equal(get32(d), 0x1d9b);
		len = get16(d + 6) - 8;
		skip = d[13] & 1 ? 4 : 0;
		if (skip)
			total = get32(d + 16);
		memcpy(all + got, d + 16 + skip, len - skip);
		got += len - skip;
		memcpy(q + 12, d + 8, 4);
		q[17] = 0;
		if (d[13] & 4)
			break;
	}
	got -= 4;
	assert_int_equal(got, total);
	assert_memory_equal(all, "OFBDUMP1", 8);
	assert_int_equal(get_le32(all + 8), total);
	assert_int_equal(get32(all + got), crc32_of(all, got));
	assert_int_equal(fw_dump_read(fw_inside_core(fw), 0, 0, host, total), 0);
	assert_memory_equal(all, host, total);
	q[17] = 1;
	q[19] = 1;
	fails(0x50, 0x1f, q, sizeof(q), 0x00010006);			/* it did not crash */
	fw_crash(fw_inside_core(fw), "test");
	fw_restart(fw_inside_core(fw));
	work();
	configure();
	ok(0x50, 0x1f, q, sizeof(q));
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
		TEST(temperatures_are_told),
		TEST(pldm_reaches_the_firmware),
		TEST(the_bmc_updates_over_ncsi),
		TEST(the_bmc_reads_the_dump),
		TEST(counters_have_names),
		TEST(what_can_not_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
