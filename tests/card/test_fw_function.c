// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware on a computer of its own, all but the computer: a card and its
 * home with the real socket, and behind it the port's remote.c with the
 * firmware core, as a vfio-user client in the same thread.  It runs only when
 * an interrupt has come or its timer is due, which is what the real one does.
 */
#include "../../src/homes/flash_file.h"
#include "../../src/homes/fw_function.h"
#include "../../src/homes/fw_inside.h"
#include "../../src/loop/loop.h"
#include "../../src/metal/remote.h"
#include "fw_host.h"

#include <unistd.h>

/* ---- the card ---- */

static struct host_inproc *ip;
static struct flash_file *flash;
static struct fw_home *home;
static struct loop *loop;
static struct drv_fw m;
static char path[64];
static uint8_t img[300000];
static unsigned int refusals_told, lines_told, restarts;
static int owner;

/* ---- the firmware's computer ---- */

static struct computer {
	struct host		*h;
	struct fw		*fw;
	struct remote		r;
	struct remote_bus	bus;
	bool			asleep;		/* does not look, whatever comes */
	uint64_t		runs;
} pc;

static uint64_t now(void *ctx)
{
	(void)ctx;
	return ip->now_ns;
}

static void trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)blk;
	(void)fmt;
	(void)ap;
	refusals_told += kind == TRACE_GUEST_BUG;
	lines_told++;
}

static void pump(void *arg)
{
	(void)arg;
	assert_true(loop_once(loop, 0) >= 0);
}

static uint32_t bus_rd(void *ctx, unsigned int bar, uint32_t off)
{
	(void)ctx;
	return host_rd(pc.h, bar, off);
}

static void bus_wr(void *ctx, unsigned int bar, uint32_t off, uint32_t val)
{
	(void)ctx;
	host_wr(pc.h, bar, off, val);
}

static void computer_connect(void)
{
	char err[200];

	pc.h = host_connect_pumped(path, 1 << 20, pump, NULL, err, sizeof(err));
	if (!pc.h)
		fail_msg("%s", err);
	assert_int_equal(pc.h->vectors, MGMT_VECTORS);
	assert_int_equal(host_enable(pc.h), 0);
}

static void computer_boot(void)
{
	struct fw_config cfg;
	struct fw_env env;
	uint64_t addr;

	computer_connect();
	addr = host_alloc(pc.h, sizeof(struct remote_mem), 64);
	pc.bus = (struct remote_bus){ NULL, bus_rd, bus_wr, now };
	assert_int_equal(remote_init(&pc.r, &pc.bus, host_ptr(pc.h, addr), addr), 0);
	remote_config(&pc.r, &cfg);
	remote_env(&pc.r, &env);
	pc.fw = calloc(1, fw_size());
	assert_int_equal(fw_init(pc.fw, &cfg, &env), 0);
	remote_start(&pc.r, pc.fw);
	bus_rd(NULL, 0, M_ID);		/* what was posted has arrived */
}

/* As QEMU is killed */
static void computer_dies(void)
{
	host_free(pc.h);
	free(pc.fw);
	memset(&pc, 0, sizeof(pc));
	for (unsigned int i = 0; i < 10; i++)
		pump(NULL);
}

static void computer_run(void)
{
	if (!pc.fw || pc.asleep)
		return;
	pump(NULL);
	if (!host_irq_take(pc.h, 0) && ip->now_ns < pc.r.deadline)
		return;
	pc.runs++;
	while (remote_poll(&pc.r))
		;
	bus_rd(NULL, 0, M_ID);
	assert_int_equal(pc.h->err, 0);
	assert_false(pc.r.gone);
}

static const struct host_ops *ip_ops;

static void idle(struct host *h, uint64_t ns)
{
	computer_run();
	if (pc.fw && pc.r.deadline > ip->now_ns && pc.r.deadline - ip->now_ns < ns)
		ns = pc.r.deadline - ip->now_ns;
	ip_ops->idle(h, ns);
	computer_run();
}

/* ---- setup ---- */

static void watch_owner(void *ctx, bool host)
{
	(void)ctx;
	owner = host;
}

static void watch_restarted(void *ctx)
{
	(void)ctx;
	restarts++;
}

static void plug_home(uint32_t boot_ms, bool inside)
{
	static struct fw_home_watch watch;
	const struct card_config cc = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .vectors = 4 };
	static struct host_ops ops;
	struct fw_home_config cfg;
	static unsigned int n;
	char err[200];

	ip = host_new_inproc(&cc, 1 << 20);
	assert_non_null(ip);
	ip->now_ns = SEC;
	ip_ops = ip->h.ops;
	ops = *ip_ops;
	ops.idle = idle;
	ip->h.ops = &ops;
	loop = loop_new();
	assert_non_null(loop);
	flash = flash_file_open(NULL, FW_FLASH_SIZE, err, sizeof(err));
	assert_non_null(flash);
	fw_home_config_default(&cfg);
	cfg.flash = flash;
	cfg.fw.boot_ms[1] = boot_ms;
	snprintf(path, sizeof(path), "/tmp/fbnic-function-%d-%u", (int)getpid(), n++);
	if (inside)
		home = fw_inside_new(ip->card, &(struct card_env){ .ctx = ip, .now = now, .trace = trace }, &cfg);
	else
		home = fw_function_new(ip->card, &(struct card_env){ .ctx = ip, .now = now, .trace = trace }, &cfg, path,
				       loop_wire(loop), err, sizeof(err));
	if (!home)
		fail_msg("%s", err);
	watch = (struct fw_home_watch){ .owner = watch_owner, .restarted = watch_restarted };
	fw_home_watch(home, &watch);
	owner = -1;
	refusals_told = lines_told = restarts = 0;
	memset(&m, 0, sizeof(m));
	assert_int_equal(host_enable(&ip->h), 0);
}

static void plug(uint32_t boot_ms)
{
	plug_home(boot_ms, false);
}

static void unplug(void)
{
	if (pc.h)
		computer_dies();
	fw_home_free(home);
	assert_int_equal(access(path, F_OK), -1);
	flash_file_close(flash);
	loop_free(loop);
	host_free(&ip->h);
}

static uint64_t counter_val;
static const char *counter_name;

static void one_counter(void *arg, const char *name, uint64_t val)
{
	(void)arg;
	if (!strcmp(name, counter_name))
		counter_val = val;
}

static uint64_t counter(const char *name)
{
	counter_name = name;
	counter_val = ~0ull;
	fw_home_counters(home, one_counter, NULL);
	return counter_val;
}

/* ---- tests ---- */

static void every_request_is_answered(void **st)
{
	static const struct { unsigned int req, resp; } pair[] = {
		{ MSG_TEST, MSG_TEST }, { MSG_HOST_CAP_REQ, MSG_FW_CAP_RESP },
		{ MSG_OWNERSHIP_REQ, MSG_OWNERSHIP_RESP }, { MSG_HEARTBEAT_REQ, MSG_HEARTBEAT_RESP },
		{ MSG_DUMP_INFO_REQ, MSG_DUMP_INFO_RESP }, { MSG_DUMP_READ_REQ, MSG_DUMP_READ_RESP },
		{ MSG_START_UPGRADE_REQ, MSG_START_UPGRADE_RESP }, { MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP },
		{ MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP },
	};
	struct fw_in in;

	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(fw_home_phase(home), FW_READY);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	for (unsigned int i = 0; i < 200; i++) {
		fwh_send(&m, pair[i % 9].req, 0, NULL);
		fwh_expect(&m, pair[i % 9].resp, &in);
	}
	assert_int_equal(m.errors, 0);
	assert_int_equal(counter("fw_messages_in"), 200);
	assert_int_equal(counter("fw_boots"), 1);
	assert_int_equal(counter("fw_function_refused"), 0);
	assert_int_equal(counter("fw_refused_tx_bad_length"), 0);
	drv_fw_close(&m);
	host_idle(&ip->h, SEC);
	assert_false(fw_host_here(pc.fw, 0));
	assert_int_equal(counter("fw_host_gone"), 1);
	unplug();
}

static void the_driver_waits_for_the_computer(void **st)
{
	(void)st;
	plug(3000);
	assert_int_equal(fw_home_phase(home), FW_OFF);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), -ETIMEDOUT);
	computer_boot();
	assert_int_equal(fw_home_phase(home), FW_STARTING);
	assert_int_equal(drv_fw_open(&m, &ip->h, 10 * SEC), 0);
	assert_in_range(fwh_uptime(&m), 3000, 3100);
	assert_int_equal(restarts, 1);
	unplug();
}

static void update_and_power(void **st)
{
	uint32_t size = fwh_image(img, FW_SECTION_CONTROL, FW_VERSION(27, 1, 2, 3), 250000);
	struct fw_in in;

	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_int_equal(fwh_flash(&m, FW_SECTION_CONTROL, img, size, ~0u), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), FW_VERSION(26, 11, 0, 1));
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_VERSION]), FW_VERSION(27, 1, 2, 3));
	/* as fbnicctl power: nobody waits for the firmware */
	card_reset(ip->card, CARD_RESET_POWER);
	fw_home_power(home);
	assert_int_equal(host_enable(&ip->h), 0);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), FW_VERSION(27, 1, 2, 3));
	assert_int_equal(tlv_uint(&in.a[CAP_SLOT]), 1);
	/* another computer is power too */
	assert_int_equal(fwh_flash(&m, FW_SECTION_CONTROL, img,
				   fwh_image(img, FW_SECTION_CONTROL, FW_VERSION(28, 0, 0, 1), 5000), ~0u), 0);
	computer_dies();
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), FW_VERSION(28, 0, 0, 1));
	unplug();
}

static void a_reset_in_the_middle_of_an_update(void **st)
{
	uint32_t size = fwh_image(img, FW_SECTION_CMRT, FW_VERSION(27, 1, 2, 3), 250000);
	struct fw_in in;

	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_int_equal(fwh_flash(&m, FW_SECTION_CMRT, img, size, 50), 1);
	host_reset(&ip->h);
	assert_int_equal(host_enable(&ip->h), 0);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_BOOT_VERSION]), FW_VERSION(26, 11, 0, 1));
	assert_int_equal(fwh_flash(&m, FW_SECTION_CMRT, img, size, ~0u), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_BOOT_VERSION]), FW_VERSION(27, 1, 2, 3));
	unplug();
}

/* As test_fw.c has it for the other home */
static void crash_and_hang_under_a_driver(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	for (unsigned int i = 0; i < 20; i++) {
		struct fw_in in;

		host_idle(&ip->h, SEC);
		fwh_uptime(&m);
		assert_int_equal(i % 2 ? fw_home_hang(home) : fw_home_crash(home, "test"), 0);
		assert_int_equal(fw_home_restart(home), -EBUSY);
		host_idle(&ip->h, 1000);
		assert_int_equal(fw_home_phase(home), i % 2 ? FW_HUNG : FW_CRASHED);
		fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
		host_idle(&ip->h, SEC / 2);
		csr_wr(&ip->h, INTR_CLEAR(0), 1);
		if (i % 2)
			assert_int_equal(fw_home_restart(home), 0);
		host_idle(&ip->h, SEC);
		assert_int_equal(csr_rd(&ip->h, INTR_STATUS(0)) & 1, 1);
		fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
		assert_in_range(tlv_uint(&in.a[0]), 1, 20);
	}
	assert_int_equal(counter("fw_crashes"), 20);
	assert_int_equal(m.errors, 0);
	unplug();
}

/* The driver's rings stay where they are, nothing answers, and the next computer goes on with them */
static void the_computer_dies_under_a_driver(void **st)
{
	uint8_t b[4096];

	(void)st;
	plug(0);
	for (unsigned int i = 0; i < 10; i++) {
		struct fw_in in;

		computer_boot();
		if (!i)
			assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
		else
			fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);	/* asked while there was nobody */
		fwh_send(&m, MSG_OWNERSHIP_REQ, 0, NULL);
		fwh_expect(&m, MSG_OWNERSHIP_RESP, &in);
		host_idle(&ip->h, 100 * SEC);
		assert_true(fwh_uptime(&m) > 1);
		if (i % 3 == 1)
			fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);	/* and it does not even look */
		computer_dies();
		assert_int_equal(fw_home_phase(home), FW_OFF);
		assert_false(fw_home_host_owns(home, 0));
		assert_int_equal(fw_home_crash(home, "no"), -EBUSY);
		assert_int_equal(fw_home_hang(home), -EBUSY);
		assert_int_equal(fw_home_restart(home), -EBUSY);
		assert_int_equal(counter("fw_messages_in"), 0);
		if (i % 3 != 1)
			fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
		assert_int_equal(drv_fw_recv(&m, b, 20 * SEC), -ETIMEDOUT);
	}
	assert_int_equal(m.errors, 0);
	assert_int_equal(restarts, 10);
	unplug();
}

/* A driver that comes, goes and comes while the firmware sleeps, with the odd interrupt that is not for it */
static void a_slow_computer(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	for (unsigned int i = 0; i < 60; i++) {
		struct fw_in in;

		assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
		for (unsigned int k = 0; k < i % 17; k++)
			fwh_uptime(&m);
		pc.asleep = true;
		for (unsigned int k = 0; k < i % 3; k++)
			fwh_send(&m, MSG_TSENE_READ_REQ, 0, NULL);
		if (i % 2)
			drv_fw_close(&m);
		if (i % 5 == 4) {
			host_reset(&ip->h);
			assert_int_equal(host_enable(&ip->h), 0);
		}
		if (i % 4 == 3) {
			/* an interrupt meant for what was before: the driver takes it for an answer */
			card_fw_irq(ip->card);
			assert_int_equal(drv_fw_open(&m, &ip->h, SEC / 10), -ETIMEDOUT);
			card_fw_irq(ip->card);
		}
		pc.asleep = false;
		host_idle(&ip->h, i % 7 ? SEC / 100 : 1);
		if (i % 6 == 0) {
			assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
			fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
			fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
		}
	}
	assert_int_equal(m.errors, 0);
	unplug();
}

/* The driver takes an old interrupt for "ready" and posts its rings before the firmware has looked */
static void the_rings_are_posted_before_the_firmware_looks(void **st)
{
	(void)st;
	plug(0);
	computer_boot();
	for (unsigned int i = 0; i < 40; i++) {
		struct fw_in in;

		assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
		for (unsigned int k = 0; k < i % 16; k++)
			fwh_uptime(&m);
		pc.asleep = true;
		drv_fw_close(&m);
		memset(m.head, 0, sizeof(m.head));
		memset(m.tail, 0, sizeof(m.tail));
		csr_wr(&ip->h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
		csr_wr(&ip->h, PUL_OB_TLP_HDR_AR_CFG, PUL_BME);
		for (unsigned int d = 0; d < 15; d++) {
			host_wr(&ip->h, 4, 0x18000 + 8 * d + 4, 4096u << 16 | (uint32_t)(m.page[0][d] >> 32));
			host_wr(&ip->h, 4, 0x18000 + 8 * d, (uint32_t)m.page[0][d] | 1);
		}
		host_wr(&ip->h, 4, 0x18000 + 8 * 15, 0);
		m.tail[0] = 15;
		fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
		pc.asleep = false;
		fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
		fwh_uptime(&m);
	}
	assert_int_equal(m.errors, 0);
	unplug();
}

static void ask(unsigned int id, unsigned int resp, unsigned int n, const uint32_t (*attr)[2], struct fw_in *in)
{
	fwh_send(&m, id, n, attr);
	fwh_expect(&m, resp, in);
}

/* Everything that others tell the home arrives */
static void module_sensors_fuses_bmc_link(void **st)
{
	static const uint32_t page0[][2] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 3, 1 } };
	const struct fw_module cmis = { FW_MODULE_CMIS, 41000, 3285, 7600, 1200000, 700000 };
	const uint8_t mac[2][6] = { { 2, 9, 9, 9, 9, 1 }, { 2, 9, 9, 9, 9, 2 } };
	struct fw_in in;

	(void)st;
	plug(0);
	fw_home_set_otp(home, 5, 6);		/* before there is anybody */
	computer_boot();
	assert_int_equal(card_fw_read(ip->card, 0x21d), 5);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	ask(MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP, 4, page0, &in);
	assert_int_equal(in.a[5].p[0], 0x11);
	fw_home_set_module(home, 0, &cmis);
	host_idle(&ip->h, SEC);
	ask(MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP, 4, page0, &in);
	assert_int_equal(in.a[5].p[0], 0x18);
	fw_home_set_otp(home, 0, 0x77);
	host_idle(&ip->h, SEC);
	assert_int_equal(card_fw_read(ip->card, 0x21d), 0);
	assert_int_equal(card_fw_read(ip->card, 0x21e), 0x77);
	host_reset(&ip->h);
	assert_int_equal(card_fw_read(ip->card, 0x21e), 0);
	host_idle(&ip->h, SEC);
	assert_int_equal(card_fw_read(ip->card, 0x21e), 0x77);

	assert_int_equal(host_enable(&ip->h), 0);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fw_home_board(home)->temp = 61000;
	fw_home_board(home)->temp_fixed = true;
	fw_home_sensors(home);
	ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
	assert_int_equal(tlv_sint(&in.a[0]), 61000);
	fwh_caps(&m, &in);
	assert_null(in.a[CAP_BMC_PRESENT].p);
	assert_int_equal(fw_home_bmc_set(home, 0, 2, mac, true), 0);
	fwh_expect(&m, MSG_FW_CAP_RESP, &in);	/* unasked */
	assert_non_null(in.a[CAP_BMC_PRESENT].p);
	assert_int_equal(tlv_uint(&in.a[CAP_BMC_ALL_MULTI]), 1);
	assert_int_equal(csr_rd(&ip->h, 0x08b80), 0x0901);	/* the firmware wrote the card's table */

	fwh_send(&m, MSG_OWNERSHIP_REQ, 0, NULL);	/* release what it never took: nothing */
	fwh_expect(&m, MSG_OWNERSHIP_RESP, &in);
	assert_int_equal(owner, -1);
	{
		struct tlv_buf t;
		uint8_t b[64];

		tlv_begin(&t, b, sizeof(b), MSG_OWNERSHIP_REQ);
		tlv_put_flag(&t, OWN_FLAG);
		assert_int_equal(drv_fw_send(&m, b, (size_t)tlv_end(&t)), 0);
	}
	fwh_expect(&m, MSG_OWNERSHIP_RESP, &in);
	assert_int_equal(owner, 1);
	assert_true(fw_home_host_owns(home, 0));
	card_set_link(ip->card, false);
	card_set_link(ip->card, true);
	host_idle(&ip->h, SEC);
	assert_true(pc.fw && counter("fw_log_entries") > 3);
	assert_int_equal(counter("fw_function_refused"), 0);
	unplug();
}

/* Faults travel, strike as often as was asked, and are seen to become fewer */
static void faults(void **st)
{
	struct fw_in in;
	uint32_t left;

	(void)st;
	plug(0);
	assert_true(fw_home_set_fault(home, FW_FAULT_SENSOR, 2) < 0);	/* nobody is there */
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_int_equal(fw_home_set_fault(home, FW_FAULT_SENSOR, 2), 0);
	for (uint32_t n = 2; n; n--) {
		assert_int_equal(fw_home_fault(home, FW_FAULT_SENSOR, &left), 0);
		assert_int_equal(left, n);
		ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
		assert_true(tlv_sint(&in.a[TSENE_ERROR]) != 0);
	}
	ask(MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP, 0, NULL, &in);
	assert_null(in.a[TSENE_ERROR].p);
	assert_int_equal(fw_home_fault(home, FW_FAULT_SENSOR, &left), 0);
	assert_int_equal(left, 0);
	assert_int_equal(counter("fw_faults"), 2);
	assert_int_equal(fw_home_set_fault(home, FW_FAULT_TEST, 5), 0);
	assert_int_equal(fw_home_set_fault(home, FW_FAULT_TEST, 0), 0);	/* taken back */
	host_idle(&ip->h, SEC);
	assert_int_equal(fw_home_fault(home, FW_FAULT_TEST, &left), 0);
	assert_int_equal(left, 0);
	unplug();
}

/* Tracing off: only refusals travel; on: all */
static void traces_when_wanted(void **st)
{
	uint64_t before;

	(void)st;
	plug(0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_false(pc.r.trace);
	fwh_send(&m, 0x7f, 0, NULL);
	host_idle(&ip->h, SEC);
	assert_int_equal(refusals_told, 1);
	assert_int_equal(counter("fw_refused_msg_unknown"), 1);
	before = pc.runs;
	host_idle(&ip->h, 1000 * SEC);
	host_idle(&ip->h, 1000 * SEC);
	assert_int_equal(pc.runs, before);	/* nothing to do: it sleeps */
	fw_home_trace(home, true);
	host_idle(&ip->h, SEC);
	assert_true(pc.r.trace);
	unplug();
}

static uint32_t rnd(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* A processor gone mad, with a real card and a host at work; the next one finds all in order */
static void a_mad_processor(void **st)
{
	uint32_t s = 0x5eed0003;

	(void)st;
	plug(0);
	computer_connect();
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t own = HOST_MEM_BASE + rnd(&s) % (1 << 21), host = HOST_MEM_BASE + rnd(&s) % (1 << 21);

		switch (rnd(&s) % 8) {
		case 0:
			host_wr(pc.h, 4, rnd(&s) % (MGMT_WINDOW + MGMT_WINDOW_SIZE) & ~3u, rnd(&s));
			break;
		case 1:
			host_wr(pc.h, 4, MGMT_WINDOW + 0x18000 + (rnd(&s) % 256 & ~3u), rnd(&s) % 2 ? rnd(&s) : rnd(&s) % 4);
			break;
		case 2:
			host_wr(pc.h, 0, rnd(&s) % 0x200 & ~3u, rnd(&s) % 2 ? rnd(&s) % 8192 : rnd(&s));
			break;
		case 3:
			host_wr(pc.h, 4, 0x31000 * 4 + (rnd(&s) % 0x400 & ~3u), rnd(&s));	/* DMA gates among them */
			break;
		default:
			host_wr(pc.h, 0, M_HOST_ADDR, (uint32_t)host);
			host_wr(pc.h, 0, M_HOST_ADDR + 4, (uint32_t)(host >> 32));
			host_wr(pc.h, 0, M_OWN_ADDR, (uint32_t)own);
			host_wr(pc.h, 0, M_OWN_ADDR + 4, (uint32_t)(own >> 32));
			host_wr(pc.h, 0, M_FLASH_OFFSET, rnd(&s) % (FW_FLASH_SIZE + 4096));
			host_wr(pc.h, 0, M_LENGTH, rnd(&s) % 4200);
			host_wr(pc.h, 0, M_COMMAND, rnd(&s) % 9);
		}
		if (!(i % 64))
			host_idle(&ip->h, 1000);
	}
	assert_int_equal(host_rd(pc.h, 0, M_ID), 0x314d4246);
	assert_true(counter("fw_function_refused") > 100);
	assert_in_range(lines_told, 1, 100);		/* of thousands */
	computer_dies();
	card_reset(ip->card, CARD_RESET_POWER);
	assert_int_equal(host_enable(&ip->h), 0);
	computer_boot();
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_uptime(&m);
	unplug();
}

/* Not a time, nor of what depends on one */
static bool comparable(unsigned int id)
{
	return id != MSG_HEARTBEAT_RESP && id != MSG_OWNERSHIP_RESP && id != MSG_LOG_MSG_REQ &&
	       id != MSG_DUMP_INFO_RESP && id != MSG_DUMP_READ_RESP;
}

/* Random requests, good and bad ones; what the firmware says to them */
static size_t converse(uint8_t *said, size_t cap)
{
	uint32_t s = 0x5eed0004;
	size_t len = 0;

	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fw_home_board(home)->temp = 50000;
	fw_home_board(home)->temp_fixed = fw_home_board(home)->volt_fixed = true;
	for (unsigned int i = 0; i < 4000; i++) {
		const struct msg_def *d = &fw_msgs[rnd(&s) % fw_msg_count];
		uint8_t b[4096];
		struct tlv_buf t;
		int n;

		tlv_begin(&t, b, sizeof(b), rnd(&s) % 16 ? d->id : rnd(&s) & 0xfff);
		for (unsigned int a = 0; a < d->attrs.count && rnd(&s) % 8; a++)
			tlv_put_int(&t, d->attrs.attr[a].id, rnd(&s) % 3 ? rnd(&s) % 300 : rnd(&s), rnd(&s) % 8 ? 4 : 8);
		if (d->id == MSG_START_UPGRADE_REQ || !(d->dir & MSG_TO_FW))
			continue;	/* the end of an update depends on the clock */
		assert_int_equal(drv_fw_send(&m, b, (size_t)tlv_end(&t)), 0);
		host_idle(&ip->h, SEC / 50);
		while ((n = drv_fw_poll(&m, b)) > 0) {
			size_t keep = comparable(get_le32(b) & 0xfff) ? (size_t)n : 2;

			assert_true(keep <= cap - len);
			memcpy(said + len, b, keep);
			len += keep;
			host_idle(&ip->h, SEC / 50);
		}
		assert_int_equal(n, 0);
	}
	assert_true(m.errors == 0 && counter("fw_messages_in") > 100);
	return len;
}

static void count_all(void *arg, const char *name, uint64_t val)
{
	if (strncmp(name, "fw_refused", 10) == 0)
		*(uint64_t *)arg = *(uint64_t *)arg * 31 + val;
}

/* The driver can't tell the difference */
static void the_answers_are_those_of_the_home_inside(void **st)
{
	static uint8_t said[2][1 << 20];
	uint64_t refused[2] = { 0, 0 };
	size_t len[2];

	(void)st;
	for (unsigned int k = 0; k < 2; k++) {
		plug_home(0, k);
		if (!k)
			computer_boot();
		len[k] = converse(said[k], sizeof(said[k]));
		fw_home_counters(home, count_all, &refused[k]);
		unplug();
	}
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(said[0], said[1], len[0]);
	assert_true(len[0] > 10000);
	assert_true(refused[0] == refused[1] && refused[0]);
}

/* Asks until there is an answer; the home inside has it at once */
#define ASK(call) \
	({ \
		int ret_; \
		for (unsigned int n_ = 0; (ret_ = (call)) == FW_HOME_PENDING; n_++) { \
			assert_true(n_ < 100); \
			computer_run(); \
		} \
		ret_; \
	})

/* What a BMC asks, sense and nonsense: the answers, one after the other */
static size_t bmc_asks(uint8_t *said, size_t cap)
{
	uint32_t s = 0x5eed0005;
	size_t len = 0;

	fw_home_board(home)->temp = 50000;
	fw_home_board(home)->temp_fixed = true;
	for (unsigned int i = 0; i < 3000; i++) {
		uint8_t req[64], rsp[FW_PLDM_MAX];
		int32_t val[3] = { 0, 0, 0 };
		uint32_t r = rnd(&s), off = r % 3 ? 1u << 30 : 0;
		enum fw_pldm_link link = r % 2 ? FW_PLDM_MCTP : FW_PLDM_NCSI;
		int ret;

		assert_true(cap - len > sizeof(rsp) + 16);
		for (unsigned int k = 0; k < sizeof(req); k++)
			req[k] = (uint8_t)(rnd(&s) % 4 ? rnd(&s) % 8 : rnd(&s));
		req[0] = (uint8_t)(rnd(&s) % 8 ? 0x80 | i % 32 : rnd(&s));
		req[1] = (uint8_t)(rnd(&s) % 8 ? (uint8_t[]){ 0, 2, 5 }[rnd(&s) % 3] : rnd(&s));
		req[2] = (uint8_t)(rnd(&s) % 0x20);
		switch (rnd(&s) % 8) {
		case 0:
			ret = ASK(fw_home_temperature(home, &val[0], &val[1]));
			break;
		case 1:
			ret = ASK(fw_home_module_temperature(home, 0, &val[0], &val[1], &val[2]));
			break;
		case 2:
			ret = ASK(fw_home_pldm_pending(home, link, rsp, sizeof(rsp)));
			break;
		case 3:
			ret = ASK(fw_home_pldm_reply(home, link, req, r % sizeof(req)));
			break;
		case 4:
			ret = ASK(fw_home_dump_read(home, 0, off, rsp, r % 900));
			break;
		default:
			ret = ASK(fw_home_pldm(home, link, req, 1 + r % 40, rsp, sizeof(rsp)));
			if (ret > 0) {
				memcpy(said + len, rsp, (size_t)ret);
				len += (size_t)ret;
			}
		}
		memcpy(said + len, &ret, sizeof(ret));
		memcpy(said + len + sizeof(ret), val, sizeof(val));
		len += sizeof(ret) + sizeof(val);
	}
	return len;
}

static void the_bmc_can_t_tell_either(void **st)
{
	static uint8_t said[2][1 << 20], part[2][500];
	size_t len[2];
	int size;

	(void)st;
	for (unsigned int k = 0; k < 2; k++) {
		plug_home(0, k);
		assert_int_equal(fw_home_temperature(home, &(int32_t){ 0 }, &(int32_t){ 0 }), k ? 0 : -EBUSY);
		if (!k)
			computer_boot();
		len[k] = bmc_asks(said[k], sizeof(said[k]));
		assert_int_equal(counter("fw_function_refused"), k ? ~0ull : 0);
		assert_true(counter("fw_pldm_requests") > 500);
		size = ASK(fw_home_dump_take(home, 0, false));
		assert_in_range(size, 1000, 32768);
		assert_int_equal(ASK(fw_home_dump_read(home, 0, 0, part[k], sizeof(part[k]))), 0);
		assert_memory_equal(part[k], "OFBDUMP1", 8);
		assert_int_equal(ASK(fw_home_dump_read(home, 0, (uint32_t)size, part[k], 1)), -EINVAL);
		unplug();
	}
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(said[0], said[1], len[0]);
}

static void a_path_that_can_t_be(void **st)
{
	const struct card_config cc = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .vectors = 4 };
	struct fw_home_config cfg;
	char err[200] = "";

	(void)st;
	ip = host_new_inproc(&cc, 1 << 20);
	loop = loop_new();
	fw_home_config_default(&cfg);
	assert_null(fw_function_new(ip->card, &(struct card_env){ .ctx = ip, .now = now, .trace = trace }, &cfg,
				    "/nowhere/at/all", loop_wire(loop), err, sizeof(err)));
	assert_true(strlen(err) > 5);
	loop_free(loop);
	host_free(&ip->h);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_request_is_answered),
		cmocka_unit_test(the_driver_waits_for_the_computer),
		cmocka_unit_test(update_and_power),
		cmocka_unit_test(a_reset_in_the_middle_of_an_update),
		cmocka_unit_test(crash_and_hang_under_a_driver),
		cmocka_unit_test(the_computer_dies_under_a_driver),
		cmocka_unit_test(a_slow_computer),
		cmocka_unit_test(the_rings_are_posted_before_the_firmware_looks),
		cmocka_unit_test(module_sensors_fuses_bmc_link),
		cmocka_unit_test(faults),
		cmocka_unit_test(traces_when_wanted),
		cmocka_unit_test(a_mad_processor),
		cmocka_unit_test(the_answers_are_those_of_the_home_inside),
		cmocka_unit_test(the_bmc_can_t_tell_either),
		cmocka_unit_test(a_path_that_can_t_be),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
