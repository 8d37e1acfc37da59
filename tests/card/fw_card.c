// SPDX-License-Identifier: GPL-2.0-or-later
#include "fw_card.h"

struct host_inproc *ip;
struct fw_home *home;
struct drv_fw m;
uint8_t img[300000];
unsigned int refusals_told, lines_told;

static struct flash_file *flash;

uint64_t card_now(void *ctx)
{
	return ((struct host_inproc *)ctx)->now_ns;
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

void plug_card(uint32_t boot_ms, open_home_fn *open_home)
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
	home = open_home(&(struct card_env){ .ctx = ip, .now = card_now, .trace = trace }, &cfg);
	assert_non_null(home);
	refusals_told = lines_told = 0;
	memset(&m, 0, sizeof(m));
	assert_int_equal(host_enable(&ip->h), 0);
}

void unplug_card(void)
{
	fw_home_free(home);
	flash_file_close(flash);
	host_free(&ip->h);
}

uint32_t rnd(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

struct wanted {
	const char	*name;
	uint64_t	val;
};

static void one_counter(void *arg, const char *name, uint64_t val)
{
	struct wanted *w = arg;

	if (!strcmp(name, w->name))
		w->val = val;
}

uint64_t counter(const char *name)
{
	struct wanted w = { name, ~0ull };

	fw_home_counters(home, one_counter, &w);
	return w.val;
}

void requests_are_answered(void)
{
	assert_int_equal(drv_fw_open(&m, &ip->h, SEC), 0);
	fwh_every_request(&m);
	assert_int_equal(counter("fw_messages_in"), 200);
	assert_int_equal(counter("fw_boots"), 1);
	assert_int_equal(counter("fw_refused_tx_bad_length"), 0);
	drv_fw_close(&m);
}

void updates_with_power(void)
{
	uint32_t size = fwh_image(img, FW_SECTION_CONTROL, FW_VERSION(27, 1, 2, 3), 250000);
	struct fw_in in;

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
}

void updates_after_a_reset(void)
{
	uint32_t size = fwh_image(img, FW_SECTION_CMRT, FW_VERSION(27, 1, 2, 3), 250000);
	struct fw_in in;

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
}

void goes_on_after(bool hang)
{
	struct fw_in in;

	host_idle(&ip->h, 1000);
	assert_int_equal(fw_home_phase(home), hang ? FW_HUNG : FW_CRASHED);
	fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);
	host_idle(&ip->h, SEC / 2);
	csr_wr(&ip->h, INTR_CLEAR(0), 1);
	if (hang)
		assert_int_equal(fw_home_restart(home), 0);
	host_idle(&ip->h, SEC);
	assert_int_equal(csr_rd(&ip->h, INTR_STATUS(0)) & 1, 1);
	fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
	assert_in_range(tlv_uint(&in.a[0]), 1, 20);
}
