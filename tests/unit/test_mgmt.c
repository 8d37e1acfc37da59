// SPDX-License-Identifier: GPL-2.0-or-later
/* The management processor's function: every register, every wrong value */
#include "mgmt_fake.h"

static void configuration_space(void **st)
{
	(void)st;
	assert_int_equal(mgmt_cfg_read(m, 0, 4), 0xfb011d9b);
	assert_int_equal(mgmt_cfg_read(m, 8, 4) >> 8, 0x088000);
	for (unsigned int bar = 0; bar < 6; bar++) {
		uint32_t off = 0x10 + 4 * bar;

		mgmt_cfg_write(m, off, 4, ~0u);
		if (bar % 2)
			assert_int_equal(mgmt_cfg_read(m, off, 4), ~0u);	/* high halves */
		else
			assert_int_equal(mgmt_cfg_read(m, off, 4), (~(mgmt_bar_size(bar) - 1)) | 4);
	}
	mgmt_cfg_write(m, 0, 4, 0);
	assert_int_equal(mgmt_cfg_read(m, 0, 4), 0xfb011d9b);
	assert_int_equal(rd(M_ID), ~0u);		/* memory is not on */
	mgmt_cfg_write(m, 4, 2, 2);
	assert_int_equal(rd(M_ID), 0x314d4246);
	assert_int_equal(mgmt_bar_size(1), 0);
	assert_int_equal(mgmt_bar_size(6), 0);
	mgmt_cfg_write(m, 0x58, 2, 0x8000);		/* FLR */
	assert_int_equal(mgmt_cfg_read(m, 4, 2), 0);
}

/* The table: in order, no overlap, and each register as it says */
static void every_register_keeps_its_word(void **st)
{
	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < mgmt_nregs; i++) {
		const struct mgmt_reg *r = &mgmt_regs[i];

		assert_true(r->n && r->off % 4 == 0 && r->off + 4u * r->n <= MGMT_BAR0_SIZE);
		if (i)
			assert_true(r->off >= mgmt_regs[i - 1].off + 4u * mgmt_regs[i - 1].n);
		for (unsigned int k = 0; k < r->n; k++) {
			uint32_t off = r->off + 4 * k, was = rd(off);
			uint64_t refused = mgmt_refused(m);

			if (r->access == MREG_RO) {
				wr(off, ~was);
				assert_int_equal(rd(off), was);
				assert_int_equal(mgmt_refused(m), refused + 1);
			} else if (r->access == MREG_RW && !r->wr) {
				wr(off, 0xa5a5a5a5);
				assert_int_equal(rd(off), 0xa5a5a5a5 & r->mask);
				wr(off, 0x5a5a5a5a);
				assert_int_equal(rd(off), 0x5a5a5a5a & r->mask);
			} else if (r->access == MREG_CMD) {
				wr(off, 0);
				assert_int_equal(rd(off), 0);
			}
		}
	}
	for (uint32_t off = 0; off < MGMT_BAR0_SIZE; off += 4)
		rd(off);
	assert_int_equal(mgmt_refused(m), f.refused);
	for (uint32_t off = 0x230; off < 0x300; off += 4) {
		uint64_t refused = mgmt_refused(m);

		wr(off, 1);
		assert_int_equal(rd(off), 0);
		assert_int_equal(mgmt_refused(m), refused + 1);
	}
}

static void a_reset_brings_back_what_the_processor_wrote(void **st)
{
	(void)st;
	mgmt_listen();
	mgmt_set_otp(m, 7, 8);
	wr(M_OWN_ADDR, 5);
	wr(M_COUNTERS_N, 9);
	wr(M_PHASE, FW_READY | 0x100);
	assert_int_equal(mgmt_phase(m), FW_READY);
	assert_true(mgmt_host_owns(m));
	mgmt_reset(m);
	assert_int_equal(mgmt_phase(m), FW_OFF);
	assert_false(mgmt_host_owns(m));
	mgmt_cfg_write(m, 4, 2, 6);
	assert_int_equal(rd(M_OWN_ADDR), 0);
	assert_int_equal(rd(M_COUNTERS_N), 0);
	assert_int_equal(rd(M_OTP), 7);
	assert_int_equal(rd(M_VERSION), cfg.mgmt.version);
	assert_int_equal(rd(M_EVENT), EV_RX | EV_TX | EV_OTP | EV_TRACE);
	mgmt_link(m, true);
	mgmt_reset(m);
	mgmt_cfg_write(m, 4, 2, 6);
	assert_true(rd(M_EVENT) & EV_LINK);
}

static void straps(void **st)
{
	char commit[20];

	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < 5; i++) {
		uint32_t w = rd(M_COMMIT + 20 + 4 * i);

		memcpy(commit + 4 * i, &w, 4);
	}
	assert_string_equal(commit, "openfbnic-boot");
	assert_int_equal(rd(M_UUID), 0x33323130);
	assert_int_equal(rd(M_UUID + 12), 0x66656463);
	assert_int_equal((int32_t)rd(M_LIMIT), -1000);
	assert_int_equal(rd(M_LIMIT + 16), 825);
	assert_int_equal(rd(M_RESTART_MS), 1000);
	assert_int_equal(rd(M_FEATURES), 1);
	assert_int_equal(rd(M_MODULE), FW_MODULE_DAC);
	assert_int_equal(rd(M_MODULE + 4), 28000);
	assert_int_equal((int32_t)rd(M_SENSOR), -12345);
	assert_int_equal(rd(M_SENSOR + 4), 751);
}

static void the_card_from_behind(void **st)
{
	(void)st;
	mgmt_listen();
	mgmt_bar_write(m, 4, MGMT_WINDOW + 4 * 0x21d, 77);
	assert_int_equal(f.word[0x21d], 77);
	f.word[0x7fff] = 5;
	assert_int_equal(mgmt_bar_read(m, 4, MGMT_WINDOW + MGMT_WINDOW_SIZE - 4), 5);
	assert_int_equal(mgmt_bar_read(m, 4, 0x8400 * 4), 0x5a008400);
	mgmt_bar_write(m, 4, MGMT_WINDOW - 4, 6);
	assert_int_equal(f.csr, 0x7ffff);
	assert_int_equal(f.csr_val, 6);
	assert_int_equal(mgmt_refused(m), 0);
	for (uint32_t off = MGMT_WINDOW + MGMT_WINDOW_SIZE; off < MGMT_BAR4_SIZE; off += 0x1ffc) {
		assert_int_equal(mgmt_bar_read(m, 4, off & ~3u), 0);
		mgmt_bar_write(m, 4, off & ~3u, 1);
	}
	assert_true(mgmt_refused(m) > 100);
	assert_int_equal(f.csr, 0x7ffff);
}

static void small_things(void **st)
{
	(void)st;
	mgmt_listen();
	wr(M_HOST_IRQ, 0);
	wr(M_HOST_IRQ, 2);
	assert_int_equal(f.irqs, 0);
	wr(M_HOST_IRQ, 1);
	assert_int_equal(f.irqs, 1);
	wr(M_LINK_MODE, 4 | 2 << 8);
	assert_int_equal(rd(M_STATUS), 0);
	assert_int_equal(f.speed, 4);
	assert_int_equal(f.fec, 2);
	wr(M_LINK_MODE, 0xff);
	assert_int_equal(rd(M_STATUS), FW_EINVAL);
	wr(M_OWNER, 1);
	assert_true(f.owner);
	wr(M_OWNER, 0);
	assert_false(f.owner);
	assert_int_equal(f.owners, 2);
	wr(M_RESTARTED, 0);
	wr(M_RESTARTED, 1);
	assert_int_equal(f.restarts, 1);
	wr(M_PHASE, FW_NPHASES);
	assert_int_equal(mgmt_phase(m), FW_OFF);
	wr(M_PHASE, 0xff);
	assert_int_equal(mgmt_phase(m), FW_OFF);
	assert_int_equal(mgmt_refused(m), 2);
}

static uint32_t rnd(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* A mad processor: the sanitizers and the asserts of the fakes are the test */
static void random_garbage(void **st)
{
	static uint8_t buf[FW_PLDM_MAX];
	uint32_t s = 0x5eed0002;

	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < 300000; i++) {
		const struct mgmt_reg *r = &mgmt_regs[rnd(&s) % mgmt_nregs];
		uint32_t off = r->off + rnd(&s) % r->n * 4, val = rnd(&s) % 3 ? rnd(&s) % 5000 : rnd(&s);

		f.ar = rnd(&s) % 4;
		f.aw = rnd(&s) % 4;
		if (rnd(&s) % 3)
			addresses(rnd(&s) % 8 ? HOST + rnd(&s) % SIZE : rnd(&s), rnd(&s) % 8 ? OWN + rnd(&s) % SIZE : rnd(&s));
		switch (rnd(&s) % 8) {
		case 0:
			mgmt_bar_write(m, 4, rnd(&s) % MGMT_BAR4_SIZE & ~3u, val);
			break;
		case 1:
			mgmt_bar_write(m, 2, rnd(&s) % MGMT_BAR2_SIZE & ~3u, val);
			break;
		case 2:
			mgmt_bar_write(m, 0, rnd(&s) % MGMT_BAR0_SIZE & ~3u, val);
			break;
		case 3:
			if (!(rnd(&s) % 100))
				mgmt_cfg_write(m, rnd(&s) % 0xffd, 1u << rnd(&s) % 3, val);
			mgmt_cfg_write(m, 4, 2, 6);
			break;
		case 4:
			wr(M_COMMAND, rnd(&s) % 11);
			wr(M_PHASE, FW_READY);
			ask(1 + rnd(&s) % 7, rnd(&s) % 2, rnd(&s) % 2 ? "some request" : NULL, buf, rnd(&s) % sizeof(buf));
			break;
		default:
			wr(off, val);
		}
		mgmt_counter(m, rnd(&s) % 40);
		assert_true(mgmt_phase(m) < FW_NPHASES);
	}
	assert_true(f.host_dma > 1000 && f.tables && f.events && mgmt_refused(m) > 1000);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		T(configuration_space),
		T(every_register_keeps_its_word),
		T(a_reset_brings_back_what_the_processor_wrote),
		T(straps),
		T(the_card_from_behind),
		T(small_things),
		T(random_garbage),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
