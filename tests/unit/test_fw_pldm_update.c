// SPDX-License-Identifier: GPL-2.0-or-later
/* Updates by the BMC, step by step: every state, all that may go wrong */
#include "fw_bmc.h"

static void parameters_show_what_runs_and_what_is_stored(void **st)
{
	static const uint8_t set[] = { 12, 0, 0, 0, 3, 0, 1, 12, 0, 0, '2', '6', '.', '1', '1', '.', '0', '0', '-', '0', '0', '1' };
	uint32_t size = make_image(img, 1, NEW, "new", 0, 100);
	const uint8_t *c;

	(void)st;
	assert_int_equal(ASK0(5, 2), 0);
	assert_memory_equal(DATA, set, sizeof(set));
	assert_int_equal(rsp_len, (int)sizeof(set) + 3 * (39 + 12));
	c = DATA + sizeof(set);
	for (unsigned int i = 0; i < 3; i++, c += 39 + 12) {
		assert_int_equal(get_le16(c), i == 2 ? 6 : 10);
		assert_int_equal(get_le16(c + 2), i == 2 ? 3 : i);
		assert_int_equal(get_le32(c + 5), OLD);
		assert_int_equal(c[24], 0);
		assert_int_equal(get_le16(c + 33), 0x30);
		assert_memory_equal(c + 39, set + 10, 12);
	}
	ready(1);
	update_component_fully(1, size);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	assert_int_equal(ASK0(5, 2), 0);
	assert_int_equal(DATA[9], 12);
	assert_memory_equal(DATA + 22, "26.12.01-007", 12);
	c = DATA + 34 + 39 + 12;
	assert_int_equal(get_le32(c + 19), NEW);
	assert_int_equal(c[24], 12);
	assert_memory_equal(c + 39 + 12, "26.12.01-007", 12);
}

static void the_whole_way_for_every_component(void **st)
{
	static const uint8_t ids[] = { 0, 1, 3 };

	(void)st;
	for (unsigned int i = 0; i < 3; i++)
		for (uint32_t len = 0; len < 5000; len += len < 3 ? 1 : 961) {
			uint32_t size;
			struct fw_in in;
			uint8_t b[4096];

			bmc_teardown(NULL);
			bmc_setup(NULL);
			size = make_image(img, ids[i], NEW, "new", 0, len);
			DRV_SEND(f, 0x00018010);
			drv_reap(f);
			drv_expect(f, 0x11, &in, b);
			status(0, 0, 3, 0, 101, 0);
			assert_int_equal(request_update(), 0);
			assert_int_equal(rsp_len, 3);
			status(1, 0, 3, 0, 101, 0);
			assert_int_equal(pass(5, ids[i]), 0);
			assert_int_equal(rsp_len, 2);
			status(2, 1, 3, 0, 101, 0);
			assert_int_equal(component(ids[i], size), 0);
			status(3, 2, 0, 0, 0, 0);
			feed(chunks(size));
			status(3, 2, 1, 0, 100, 0);
			report(0x16, 0);
			status(4, 3, 1, 0, 101, 0);
			report(0x17, 0);
			status(5, 4, 1, 0, 101, 0);
			report(0x18, 0);
			status(2, 5, 3, 0, 101, 0);
			assert_int_equal(pending(b), 0);
			assert_int_equal(drv_recv(f, b), 0);
			assert_int_equal(ASK(5, 0x1a, 0), 0);
			assert_int_equal(rsp_len, 2);
			status(0, 6, 3, 0, 101, 1);
			drv_expect(f, 0x11, &in, b);			/* the host sees it at once */
			assert_int_equal(tlv_uint(&in.a[ids[i] == 0 ? 0xe : ids[i] == 1 ? 0x4 : 0x11]), NEW);
			if (ids[i] == 1)
				assert_string_equal((const char *)in.a[0xc].p, "new");
			assert_int_equal(f->fw->running[PART_CONTROL].version, OLD);
			power();
			for (unsigned int p = 0; p < 3; p++)
				assert_int_equal(f->fw->running[p].version, p == i ? NEW : OLD);
			assert_int_equal(fw_counter(f->fw, FWC_UPDATES), 1);
			assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 0);
			assert_int_equal(fake_refusals(f), 0);
		}
}

/* All of a package becomes stored at once, or nothing of it */
static void three_components_at_once(void **st)
{
	static const uint8_t ids[] = { 0, 1, 3 };

	(void)st;
	for (unsigned int cut = 0; cut < 2; cut++) {
		assert_int_equal(request_update(), 0);
		assert_int_equal(pass(1, 0), 0);
		assert_int_equal(pass(2, 1), 0);
		assert_int_equal(pass(4, 3), 0);
		for (unsigned int i = 0; i < 3; i++) {
			uint32_t size = make_image(img, ids[i], NEW, "", 0, 1500);

			update_component_fully(ids[i], size);
			assert_int_equal(stored(), OLD);
		}
		if (cut) {
			assert_int_equal(ASK(5, 0x1a, 0), 0);
		} else {
			power();
		}
		for (unsigned int p = 0; p < 3; p++)
			assert_int_equal(flash_stored(f->fw, p)->version, cut ? NEW : OLD);
	}
	power();
	for (unsigned int p = 0; p < 3; p++)
		assert_int_equal(f->fw->running[p].version, NEW);
}

static void requests_are_refused_for_a_reason(void **st)
{
	(void)st;
	assert_int_equal(ASK(5, 0x10, 31, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0), 0x83);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0), 2);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0), 2);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1), 3);
	status(0, 0, 3, 0, 101, 0);
	assert_int_equal(ASK(5, 0x10, 32, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0), 0);
	f->fw->env.flash_read = NULL;
	assert_int_equal(ASK0(5, 0x1d), 0);
	assert_int_equal(request_update(), 0x8a);
}

static void the_smallest_chunk(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 101);
	uint8_t q[FW_PLDM_MAX];

	(void)st;
	assert_int_equal(ASK(5, 0x10, 64, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0), 0);
	assert_int_equal(pass(5, 1), 0);
	assert_int_equal(component(1, size), 0);
	for (uint32_t off = 0; off < size; off += 64) {
		assert_int_equal(pending(q), 11);
		assert_int_equal(get_le32(q + 3), off);
		assert_int_equal(get_le32(q + 7), size - off < 64 ? size - off : 64);
		assert_int_equal(reply(q, 0, img + off, get_le32(q + 7)), 0);
	}
	report(0x16, 0);
}

/* From the state before to @state */
static void step_to(unsigned int state, uint32_t size)
{
	switch (state) {
	case 1:
		assert_int_equal(request_update(), 0);
		break;
	case 2:
		assert_int_equal(pass(5, 1), 0);
		break;
	case 3:
		assert_int_equal(component(1, size), 0);
		break;
	case 4:
		feed(1);
		report(0x16, 0);
		break;
	case 5:
		report(0x17, 0);
		break;
	}
}

static unsigned int command(unsigned int nr, uint32_t size)
{
	switch (nr) {
	case 0:
		return request_update();
	case 1:
		return pass(5, 1);
	case 2:
		return component(1, size);
	case 3:
		return ASK(5, 0x1a, 0);
	case 4:
		return ASK0(5, 0x1c);
	default:
		return ASK0(5, 0x1d);
	}
}

/* Each command in each state that does not want it */
static void every_wrong_state(void **st)
{
	static const uint8_t no[6][6] = {	/* 10, 13, 14, 1a, 1c, 1d */
		{ 0, 0x80, 0x80, 0x80, 0x80, 0x80 },
		{ 0x81, 0, 0x84, 0x84, 0x84, 0 },
		{ 0x81, 0x84, 0, 0x85, 0x84, 0 },
		{ 0x81, 0x84, 0x84, 0x84, 0, 0 },
		{ 0x81, 0x84, 0x84, 0x84, 0, 0 },
		{ 0x81, 0x84, 0x84, 0x84, 0, 0 },
	};
	uint32_t size = make_image(img, 1, NEW, "", 0, 10);

	(void)st;
	for (unsigned int s = 0; s < 6; s++)
		for (unsigned int c = 0; c < 6; c++) {
			unsigned int code;

			bmc_teardown(NULL);
			bmc_setup(NULL);
			for (unsigned int i = 1; i <= s; i++)
				step_to(i, size);
			status((uint8_t)s, (uint8_t)(s ? s - 1 : 0), s < 3 ? 3 : s == 3 ? 0 : 1, 0, s == 3 ? 0 : 101, 0);
			code = command(c, size);
			if (code != no[s][c])
				fail_msg("state %u, command %u: 0x%02x, should be 0x%02x", s, c, code, no[s][c]);
			if (code && code != 0x85) {
				assert_int_equal(ASK0(5, 0x1b), 0);
				assert_int_equal(DATA[0], s);
			}
			assert_int_equal(stored(), OLD);
		}
}

static void tables_in_a_wrong_order(void **st)
{
	(void)st;
	request_update();
	assert_int_equal(pass(2, 0), 2);
	assert_int_equal(pass(4, 0), 2);
	assert_int_equal(pass(0, 0), 2);
	assert_int_equal(pass(3, 0), 2);
	assert_int_equal(pass(1, 0), 0);
	assert_int_equal(pass(1, 1), 2);
	assert_int_equal(pass(5, 1), 2);
	assert_int_equal(pass(2, 1), 0);
	status(1, 0, 3, 0, 101, 0);
	assert_int_equal(pass(4, 3), 0);
	status(2, 1, 3, 0, 101, 0);
}

static void components_that_are_not_ours(void **st)
{
	(void)st;
	request_update();
	assert_int_equal(pass(1, 2), 0);
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 6);
	assert_int_equal(ASK(5, 0x13, 2, 6, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0), 0);	/* not its class */
	assert_int_equal(DATA[1], 6);
	assert_int_equal(ASK(5, 0x13, 2, 10, 0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0), 0);	/* index 1 */
	assert_int_equal(DATA[1], 6);
	assert_int_equal(ASK(5, 0x13, 2, 10, 0, 0, 0, 0, 1, 0, 11, 26, 1, 0), 0);		/* stamp: the same version */
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 1);
	assert_int_equal(ASK(5, 0x13, 2, 10, 0, 0, 0, 0, 0, 0, 11, 26, 1, 0), 0);		/* lower */
	assert_int_equal(DATA[1], 2);
	assert_int_equal(ASK(5, 0x13, 4, 10, 0, 0, 0, 0, 2, 0, 11, 26, 1, 0), 0);		/* higher */
	assert_int_equal(DATA[0], 0);

	assert_int_equal(component(2, 1000), 0);
	assert_int_equal(DATA[0], 1);
	assert_int_equal(DATA[1], 6);
	assert_int_equal(component(1, 1000), 0);
	assert_int_equal(DATA[1], 9);			/* was not passed */
	assert_int_equal(component(0, 63), 0);
	assert_int_equal(DATA[1], 0xd0);
	assert_int_equal(component(0, 0x100001), 0);
	assert_int_equal(DATA[1], 0xd0);
	assert_int_equal(component(0, 0xffffffff), 0);
	assert_int_equal(DATA[1], 0xd0);
	assert_int_equal(ASK(5, 0x14, 10, 0, 0, 0, 0, 1, 0, 11, 26, 0, 16, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(DATA[1], 1);
	f->flash_dead = true;
	assert_int_equal(component(0, 1000), 0);
	assert_int_equal(DATA[1], 0xd1);
	fake_flash_back(f);
	status(2, 1, 3, 0, 101, 0);
	assert_int_equal(ASK(5, 0x14, 10, 0, 0, 0, 0, 1, 0, 11, 26, 0, 16, 0, 0, 1, 0, 0, 0, 1, 0), 0);
	assert_int_equal(DATA[0], 0);			/* forced */
	assert_int_equal(get_le32(DATA + 2), 1);
	status(3, 2, 0, 0, 0, 0);
	assert_int_equal(DATA[6], 1);
}

static void bad_images_are_reported(void **st)
{
	static const struct {
		uint32_t	at;
		uint8_t		flip, cmd, result;
		bool		crc;
	} bad[] = {
		{ 0, 1, 0x16, 2, true }, { 12, 1, 0x16, 2, true }, { 44, 1, 0x16, 2, true }, { 17, 1, 0x16, 2, false },
		{ 20, 1, 0x16, 0x70, true },		/* rolled back: 4 instead of 5 */
		{ 48, 1, 0x17, 1, true }, { 64, 1, 0x17, 1, false }, { 2999, 0x80, 0x17, 1, false },
	};
	struct fw_config cfg;

	(void)st;
	fw_config_default(&cfg);
	cfg.anti_rollback = 5;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t size;

		bmc_teardown(NULL);
		f = fake_new_cfg(&cfg);
		drv_open(f);
		size = make_image(img, 1, NEW, "", 5, 3000 - IMAGE_HDR);
		img[bad[i].at] ^= bad[i].flip;
		if (bad[i].crc)
			put_le32(img + 60, fw_crc32(0, img, 60));
		download(1, size);
		feed(bad[i].cmd == 0x16 ? 1 : 3);
		if (bad[i].cmd == 0x17)
			report(0x16, 0);
		report(bad[i].cmd, bad[i].result);
		status(bad[i].cmd == 0x16 ? 3 : 4, bad[i].cmd == 0x16 ? 2 : 3, 2, bad[i].result == 0x70 ? 0x70 : 0x0a,
		       bad[i].cmd == 0x16 ? 0 : 101, 0);
		assert_int_equal(pending(rsp), 0);
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1);
		assert_int_equal(ASK0(5, 0x1c), 0);
		status(2, bad[i].cmd == 0x16 ? 3 : 4, 3, 0, 101, 0);
		assert_int_equal(ASK(5, 0x1a, 0), 0x85);

		img[bad[i].at] ^= bad[i].flip;		/* and the good one goes in, without starting anew */
		put_le32(img + 60, fw_crc32(0, img, 60));
		update_component_fully(1, size);
		assert_int_equal(ASK(5, 0x1a, 0), 0);
		assert_int_equal(stored(), NEW);
	}
}

static void flash_that_fails_is_reported(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);

	(void)st;
	download(1, size);
	feed(1);
	f->flash_dead = true;
	feed(1);
	report(0x16, 0x0a);
	fake_flash_back(f);
	assert_int_equal(ASK0(5, 0x1c), 0);
	update_component_fully(1, size);
	f->flash_dead = true;
	assert_int_equal(ASK(5, 0x1a, 0), 1);
	status(2, 5, 3, 0, 101, 0);
	fake_flash_back(f);
	assert_int_equal(stored(), OLD);
	assert_int_equal(ASK(5, 0x1a, 1), 0x8c);
	assert_int_equal(ASK(5, 0x1a, 2), 2);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	assert_int_equal(stored(), NEW);
}

static void responses_that_answer_nothing(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);
	uint8_t q[FW_PLDM_MAX], r[FW_PLDM_MAX], other[FW_PLDM_MAX];

	(void)st;
	assert_int_equal(fw_pldm_reply(f->fw, LINK, (const uint8_t[]){ 0, 5, 0, 0 }, 4), -FW_EINVAL);
	download(1, size);
	assert_int_equal(pending(q), 11);
	r[0] = q[0] & 0x1f;
	r[1] = 5;
	r[2] = 0x15;
	r[3] = 0;
	memcpy(r + 4, img, 1024);
	for (unsigned int i = 0; i < 4; i++) {
		memcpy(other, r, sizeof(r));
		other[i] ^= i == 3 ? 0 : i == 0 ? 0x80 : 1;
		if (i < 3)
			assert_int_equal(fw_pldm_reply(f->fw, LINK, other, 1028), -FW_EINVAL);
	}
	for (size_t len = 0; len < 4; len++)
		assert_int_equal(fw_pldm_reply(f->fw, LINK, r, len), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, FW_PLDM_MCTP, r, 1028), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1027), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1029), -FW_EINVAL);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 4), -FW_EINVAL);
	assert_int_equal(fw_refused(f->fw, FWR_PLDM_MESSAGE), 12);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1028), 0);
	assert_int_equal(fw_pldm_reply(f->fw, LINK, r, 1028), -FW_EINVAL);	/* once more: another instance now */
	feed(chunks(size) - 1);
	report(0x16, 0);
}

static void requests_are_repeated_and_told(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 3000);
	uint8_t q[FW_PLDM_MAX], again[FW_PLDM_MAX];

	(void)st;
	download(1, size);
	assert_int_equal(told, 1);
	assert_int_equal(fw_pldm_pending(f->fw, FW_PLDM_MCTP, q, sizeof(q)), 0);
	assert_int_equal(pending(q), 11);
	assert_int_equal(pending(again), 0);
	fake_sleep(f, 999 * MS);
	assert_int_equal(pending(again), 0);
	fake_sleep(f, 2 * MS);
	assert_int_equal(told, 2);
	assert_int_equal(pending(again), 11);
	assert_memory_equal(q, again, 11);
	assert_int_equal(reply(q, 0x89, NULL, 0), 0);		/* not now */
	assert_int_equal(pending(again), 0);
	fake_sleep(f, 1001 * MS);
	assert_int_equal(told, 3);
	fake_sleep(f, 1001 * MS);
	assert_int_equal(told, 4);				/* nobody took it */
	feed(1);
	assert_int_equal(told, 5);
	assert_int_equal(pending(q), 11);
	assert_int_equal(reply(q, 1, NULL, 0), 0);		/* never */
	report(0x16, 3);
	status(3, 2, 2, 0x0a, 33, 0);
	assert_int_equal(ASK0(5, 0x1d), 0);
	assert_int_equal(rsp_len, 9);
	status(0, 3, 3, 0, 101, 2);
	assert_int_equal(f->timer, FW_NEVER);
}

/* In each state a minute of silence ends it, and something that is heard begins the minute anew */
static void silence_ends_it(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 10);

	(void)st;
	for (uint8_t s = 1; s < 6; s++) {
		bmc_teardown(NULL);
		bmc_setup(NULL);
		for (unsigned int i = 1; i <= s; i++) {
			step_to(i, size);
			fake_sleep(f, i < s ? 59000 * MS : 59900 * MS);
		}
		assert_int_equal(ASK0(5, 0x1b), 0);
		assert_int_equal(DATA[0], s);
		assert_int_equal(drv_flash_start(f, 1, size), -FW_EBUSY);
		fake_sleep(f, 200 * MS);
		status(0, s, 3, 0, 101, (uint8_t)(2 + s));
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), s == 3 || s == 4);
		assert_int_equal(pending(rsp), 0);
		assert_int_equal(f->timer, FW_NEVER);
		assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
	}
}

static void host_and_bmc_exclude_each_other(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 5000);
	uint8_t b[4096];

	(void)st;
	assert_int_equal(drv_flash(f, 1, img, size, 1), 1);
	assert_int_equal(request_update(), 0x8a);
	DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-110);
	drv_reap(f);
	assert_int_equal(request_update(), 0);
	assert_int_equal(drv_flash_start(f, 1, size), -FW_EBUSY);
	assert_int_equal(pass(5, 1), 0);
	assert_int_equal(component(1, size), 0);
	feed(2);
	assert_int_equal(drv_flash_start(f, 0, size), -FW_EBUSY);
	drv_chunk(f, 2048, 2048, img);			/* nobody asked the host */
	DRV_SEND(f, 0x00038025, 0x00080003, (uint32_t)-110);
	assert_int_equal(drv_recv(f, b), 0);
	drv_close(f);					/* and it goes, which changes nothing */
	fw_host_reset(f->fw, 0);
	feed(chunks(size) - 2);
	report(0x16, 0);
	report(0x17, 0);
	report(0x18, 0);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	drv_open(f);
	assert_int_equal(stored(), NEW);
	assert_int_equal(drv_flash(f, 1, img, size, 99), 0);
}

static void who_began_goes_on_alone(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 100);

	(void)st;
	download(1, size);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1c, NULL, 0), 4);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1a, "", 1), 4);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1b, NULL, 0), 0);
	assert_int_equal(DATA[0], 3);
	assert_int_equal(ask_on(FW_PLDM_MCTP, 5, 0x1d, NULL, 0), 0);	/* but anyone may end it */
	status(0, 3, 3, 0, 101, 2);
	assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1);
}

static void cancelling_after_apply_undoes_it(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 100);

	(void)st;
	download(1, size);
	feed(1);
	report(0x16, 0);
	report(0x17, 0);
	assert_int_equal(ASK0(5, 0x1c), 0);		/* in apply */
	assert_int_equal(ASK(5, 0x1a, 0), 0x85);
	update_component_fully(1, size);
	assert_int_equal(ASK0(5, 0x1d), 0);
	power();
	assert_int_equal(f->fw->running[PART_CONTROL].version, OLD);
}

static void crash_and_power_end_it(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 0, 5000);

	(void)st;
	for (unsigned int how = 0; how < 3; how++) {
		download(1, size);
		feed(2);
		if (how == 0) {
			fw_crash(f->fw, "test");
			fake_sleep(f, 1001 * MS);
		} else if (how == 1) {
			fw_restart(f->fw);
		} else {
			power();
		}
		status(0, 0, 3, 0, 101, 0);
		assert_int_equal(pending(rsp), 0);
		assert_int_equal(fw_counter(f->fw, FWC_UPDATES_FAILED), 1 + how);
		assert_int_equal(stored(), OLD);
	}
}

static void rollback_follows_the_fuse(void **st)
{
	uint32_t size = make_image(img, 1, NEW, "", 3, 100);

	(void)st;
	ready(1);
	update_component_fully(1, size);
	assert_int_equal(ASK(5, 0x1a, 0), 0);
	power();
	assert_int_equal(ASK0(5, 1), 0);
	assert_int_equal(get_le32(DATA + rsp_len - 4), 3);
	size = make_image(img, 1, OLD, "", 2, 100);
	download(1, size);
	feed(1);
	report(0x16, 0x70);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, bmc_setup, bmc_teardown)

int main(void)
{
	const struct CMUnitTest t[] = {
		TEST(parameters_show_what_runs_and_what_is_stored),
		TEST(the_whole_way_for_every_component),
		TEST(three_components_at_once),
		TEST(requests_are_refused_for_a_reason),
		TEST(the_smallest_chunk),
		TEST(every_wrong_state),
		TEST(tables_in_a_wrong_order),
		TEST(components_that_are_not_ours),
		TEST(bad_images_are_reported),
		TEST(flash_that_fails_is_reported),
		TEST(responses_that_answer_nothing),
		TEST(requests_are_repeated_and_told),
		TEST(silence_ends_it),
		TEST(host_and_bmc_exclude_each_other),
		TEST(who_began_goes_on_alone),
		TEST(cancelling_after_apply_undoes_it),
		TEST(crash_and_power_end_it),
		TEST(rollback_follows_the_fuse),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
