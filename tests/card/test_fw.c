// SPDX-License-Identifier: GPL-2.0-or-later
/* The firmware in its home, on a whole card, through the mailbox */
#include "../../src/homes/flash_file.h"
#include "../../src/homes/fw_inside.h"
#include "fw_host.h"

static struct host_inproc *ip;
static struct flash_file *flash;
static struct fw_home *home;
static struct drv_fw m;
static uint8_t img[300000];

static uint64_t now(void *ctx)
{
	return ((struct host_inproc *)ctx)->now_ns;
}

static void no_trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)blk;
	(void)kind;
	(void)fmt;
	(void)ap;
}

static void plug(uint32_t boot_ms)
{
	const struct card_config cc = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 1, .vectors = 4 };
	struct fw_home_config cfg;
	char err[200];

	ip = host_new_inproc(&cc, 1 << 20);
	assert_non_null(ip);
	ip->now_ns = SEC;
	flash = flash_file_open(NULL, FW_FLASH_SIZE, err, sizeof(err));
	assert_non_null(flash);
	fw_home_config_default(&cfg);
	cfg.flash = flash;
	cfg.fw.boot_ms[1] = boot_ms;
	home = fw_inside_new(ip->card, &(struct card_env){ .ctx = ip, .now = now, .trace = no_trace }, &cfg);
	assert_non_null(home);
	memset(&m, 0, sizeof(m));
	assert_int_equal(host_enable(&ip->h), 0);
}

static void unplug(void)
{
	fw_home_free(home);
	flash_file_close(flash);
	host_free(&ip->h);
}

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
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	for (unsigned int i = 0; i < 200; i++) {
		fwh_send(&m, pair[i % 9].req, 0, NULL);
		fwh_expect(&m, pair[i % 9].resp, &in);
	}
	assert_int_equal(m.errors, 0);
	drv_fw_close(&m);
	assert_false(fw_host_here(fw_inside_core(home), 0));
	unplug();
}

static void the_driver_waits_for_the_boot(void **st)
{
	(void)st;
	plug(3000);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), -ETIMEDOUT);
	assert_int_equal(drv_fw_open(&m, &ip->h, 10 * SEC), 0);
	assert_in_range(fwh_uptime(&m), 3000, 3100);
	unplug();
}

static void update_and_power(void **st)
{
	uint32_t size = fwh_image(img, FW_SECTION_CONTROL, FW_VERSION(27, 1, 2, 3), 250000);
	struct fw_in in;

	(void)st;
	plug(0);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	assert_int_equal(fwh_flash(&m, FW_SECTION_CONTROL, img, size, ~0u), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), FW_VERSION(26, 11, 0, 1));
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_VERSION]), FW_VERSION(27, 1, 2, 3));
	card_reset(ip->card, CARD_RESET_POWER);
	fw_power(fw_inside_core(home));
	assert_int_equal(host_enable(&ip->h), 0);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), FW_VERSION(27, 1, 2, 3));
	assert_int_equal(tlv_uint(&in.a[CAP_SLOT]), 1);
	unplug();
}

static void a_reset_in_the_middle_of_an_update(void **st)
{
	uint32_t size = fwh_image(img, FW_SECTION_CMRT, FW_VERSION(27, 1, 2, 3), 250000);
	struct fw_in in;

	(void)st;
	plug(0);
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

/* The mailbox stands still, then goes on where it was; an interrupt tells */
static void crash_and_hang_under_a_driver(void **st)
{
	struct fw *fw;

	(void)st;
	plug(0);
	fw = fw_inside_core(home);
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	for (unsigned int i = 0; i < 20; i++) {
		struct fw_in in;

		host_idle(&ip->h, SEC);
		fwh_uptime(&m);
		assert_int_equal(i % 2 ? fw_hang(fw) : fw_crash(fw, "test"), 0);
		fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
		host_idle(&ip->h, SEC / 2);
		csr_wr(&ip->h, INTR_CLEAR(0), 1);
		if (i % 2)
			assert_int_equal(fw_restart(fw), 0);
		host_idle(&ip->h, SEC);
		assert_int_equal(csr_rd(&ip->h, INTR_STATUS(0)) & 1, 1);
		fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
		assert_in_range(tlv_uint(&in.a[0]), 1, 20);
	}
	assert_int_equal(fw_counter(fw, FWC_CRASHES), 20);
	assert_int_equal(m.errors, 0);
	unplug();
}

/* Each time that something opens or closes the way to the host's memory, and only then */
static void dma_changed(void *ctx)
{
	++*(unsigned int *)ctx;
}

static void firmware_hears_of_its_dma(void **st)
{
	static const struct card_fw_ops ops = { .dma = dma_changed };
	unsigned int n = 0;
	struct host *h;

	(void)st;
	plug(0);
	fw_home_free(home);
	home = NULL;
	h = &ip->h;
	card_attach_fw(ip->card, &ops, &n);
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	assert_int_equal(n, 1);
	csr_wr(h, PUL_OB_TLP_HDR_AR_CFG, PUL_BME);
	assert_int_equal(n, 2);
	host_cfg_wr(h, 4, 2, 2);		/* no bus master any more */
	assert_int_equal(n, 3);
	csr_wr(h, PUL_OB_TLP_HDR_AR_CFG, 0);
	assert_int_equal(n, 3);
	host_cfg_wr(h, 4, 2, 6);
	assert_int_equal(n, 4);
	assert_true(card_fw_dma_ready(ip->card, true) && !card_fw_dma_ready(ip->card, false));
	host_reset(h);
	assert_int_equal(n, 5);
	assert_false(card_fw_dma_ready(ip->card, true));
	assert_int_equal(host_enable(h), 0);
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	assert_int_equal(n, 6);
	card_vanish(ip->card);
	assert_int_equal(n, 7);
	card_attach_fw(ip->card, &(const struct card_fw_ops){ .dma = NULL }, NULL);
	unplug();
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_request_is_answered),
		cmocka_unit_test(the_driver_waits_for_the_boot),
		cmocka_unit_test(update_and_power),
		cmocka_unit_test(a_reset_in_the_middle_of_an_update),
		cmocka_unit_test(firmware_hears_of_its_dma),
		cmocka_unit_test(crash_and_hang_under_a_driver),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
