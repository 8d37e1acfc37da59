// SPDX-License-Identifier: GPL-2.0-or-later
/* What the management processor has done for it: host memory, flash, mailbox words, tables, messages, counters */
#include "mgmt_fake.h"

static void host_memory_through_the_gate(void **st)
{
	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < SIZE; i++)
		f.host[i] = (uint8_t)(i * 7);
	addresses(HOST + 100, OWN + 8);
	assert_int_equal(rd(M_DMA_GATE), 0);
	assert_int_equal(command(CMD_HOST_READ, 64), FW_EACCES);
	assert_int_equal(command(CMD_HOST_WRITE, 64), FW_EACCES);
	assert_int_equal(f.host_dma, 0);
	assert_int_equal(f.own_dma, 0);
	f.ar = true;
	assert_int_equal(rd(M_DMA_GATE), 1);
	assert_int_equal(command(CMD_HOST_READ, 4096), 0);
	assert_memory_equal(f.own + 8, f.host + 100, 4096);
	assert_int_equal(command(CMD_HOST_READ, 1), 0);
	assert_int_equal(command(CMD_HOST_WRITE, 1), FW_EACCES);
	f.aw = true;
	f.ar = false;
	assert_int_equal(rd(M_DMA_GATE), 2);
	addresses(HOST + 8000, OWN + 8);
	assert_int_equal(command(CMD_HOST_WRITE, 333), 0);
	assert_memory_equal(f.own + 8, f.host + 8000, 333);
	f.ar = true;
	assert_int_equal(mgmt_refused(m), 0);

	for (unsigned int dir = CMD_HOST_READ; dir <= CMD_HOST_WRITE; dir++) {
		addresses(HOST, OWN);
		assert_int_equal(command(dir, 0), FW_EINVAL);
		assert_int_equal(command(dir, 4097), FW_EINVAL);
		assert_int_equal(command(dir, ~0u), FW_EINVAL);
		addresses(HOST + SIZE - 63, OWN);
		assert_int_equal(command(dir, 64), FW_EFAULT);
		addresses(HOST, OWN + SIZE - 63);
		assert_int_equal(command(dir, 64), FW_EFAULT);
		addresses(~0ull, ~0ull);
		assert_int_equal(command(dir, 64), FW_EFAULT);
	}
	assert_int_equal(mgmt_refused(m), 6);
	/* no master, no memory of its own */
	mgmt_cfg_write(m, 4, 2, 2);
	f.own_dma = 0;
	addresses(HOST, OWN);
	assert_int_equal(command(CMD_HOST_READ, 64), FW_EACCES);
	assert_int_equal(command(CMD_TELL, 0), FW_EACCES);
	assert_int_equal(f.own_dma, 0);
}

static void flash(void **st)
{
	(void)st;
	mgmt_listen();
	memset(f.own, 0x77, 4096);
	addresses(0, OWN);
	wr(M_FLASH_OFFSET, 100);
	assert_int_equal(command(CMD_FLASH_WRITE, 4096), 0);
	assert_int_equal(f.flash[100], 0x77);
	assert_int_equal(f.flash[100 + 4095], 0x77);
	assert_int_equal(f.flash[100 + 4096], 0);
	wr(M_OWN_ADDR, (uint32_t)OWN + 8192);
	assert_int_equal(command(CMD_FLASH_READ, 10), 0);
	assert_memory_equal(f.own + 8192, f.own, 10);
	assert_int_equal(command(CMD_FLASH_SYNC, 0), 0);
	assert_int_equal(f.syncs, 1);
	wr(M_FLASH_OFFSET, SIZE);
	assert_int_equal(command(CMD_FLASH_READ, 10), FW_EIO);
	assert_int_equal(mgmt_refused(m), 0);
	for (unsigned int dir = CMD_FLASH_READ; dir <= CMD_FLASH_WRITE; dir++) {
		static const uint32_t bad[][2] = {
			{ 0, 0 }, { 0, 4097 }, { FW_FLASH_SIZE, 1 }, { FW_FLASH_SIZE - 9, 10 }, { ~0u, 1 }, { ~0u, 4096 },
		};

		for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			wr(M_FLASH_OFFSET, bad[i][0]);
			assert_int_equal(command(dir, bad[i][1]), FW_EINVAL);
		}
	}
	assert_int_equal(mgmt_refused(m), 12);
}

static void commands_that_are_none(void **st)
{
	static const uint32_t bad[] = { 0, 10, 11, 255, 0x100, 0x80000001, ~0u };

	(void)st;
	mgmt_listen();
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(command(bad[i], 64), FW_EOPNOTSUPP);
	assert_int_equal(mgmt_refused(m), sizeof(bad) / sizeof(bad[0]));
}

/* A word is completed only as long as it is what was read, and the ring the firmware's */
static void swap(void **st)
{
	(void)st;
	mgmt_listen();
	wr(M_SWAP_WORD, 0x6002);
	wr(M_SWAP_OLD, 0x1001);
	wr(M_SWAP_NEW, 0x1003);
	assert_int_equal(rd(M_STATUS), FW_EBUSY);
	assert_int_equal(f.word[0x6002], 0);
	f.word[0x6002] = 0x1001;
	wr(M_SWAP_NEW, 0x1003);
	assert_int_equal(rd(M_STATUS), 0);
	assert_int_equal(f.word[0x6002], 0x1003);

	for (unsigned int k = 0; k < 2; k++) {
		f.word[0x6002] = 0x1001;
		if (k)
			mgmt_host_reset(m);
		else
			mgmt_host_wrote(m, 0x6004, 3);
		wr(M_SWAP_NEW, 0x1003);
		assert_int_equal(rd(M_STATUS), FW_EBUSY);
		assert_int_equal(f.word[0x6002], 0x1001);
		wr(M_EVENT, ~0u);
		wr(M_SWAP_NEW, 0x1003);
		assert_int_equal(rd(M_STATUS), 0);
	}
	wr(M_SWAP_WORD, ~0u);			/* the last word of the window */
	wr(M_SWAP_OLD, 0);
	wr(M_SWAP_NEW, 9);
	assert_int_equal(f.word[0x7fff], 9);
}

static void the_bmc_table_is_checked(void **st)
{
	struct fw_mac_sync t = { .flags = 5, .uc = 8, .mc = 1, .mc_mac = { { 1, 2, 3, 4, 5, 6 } } };

	(void)st;
	mgmt_listen();
	addresses(0, OWN);
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_BMC_TABLE, 0), 0);
	assert_memory_equal(&f.table, &t, sizeof(t));
	t.uc = 9;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_BMC_TABLE, 0), FW_EINVAL);
	t.uc = 0;
	t.mc = ~0u;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_BMC_TABLE, 0), FW_EINVAL);
	addresses(0, OWN + SIZE - 107);
	assert_int_equal(command(CMD_BMC_TABLE, 0), FW_EFAULT);
	assert_int_equal(f.tables, 1);
}

static void what_is_told_is_text(void **st)
{
	struct mgmt_tell t = { .kind = FW_EV_REFUSED, .msg = 0x14, .len = 9, .ring = 1, .desc = ~0u, .err = -5 };

	(void)st;
	mgmt_listen();
	addresses(0, OWN);
	memset(t.name, 'x', sizeof(t.name));
	memcpy(t.reason, "a\nb\x80%s", 7);
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), 0);
	assert_int_equal(strlen(f.name), sizeof(t.name) - 1);
	assert_string_equal(f.reason, "a?b?%s");
	assert_int_equal(f.ev.kind, FW_EV_REFUSED);
	assert_int_equal(f.ev.err, -5);
	t.name[0] = 0;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), 0);
	assert_string_equal(f.name, "(none)");
	t.ring = 2;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), FW_EINVAL);
	t.ring = 0;
	t.kind = FW_EV_KINDS;
	memcpy(f.own, &t, sizeof(t));
	assert_int_equal(command(CMD_TELL, 0), FW_EINVAL);
	assert_int_equal(f.events, 2);
}

static void counters_are_read_where_they_are(void **st)
{
	uint64_t v = 0x123456789a;

	(void)st;
	mgmt_listen();
	memcpy(f.own + 16 + 8 * 3, &v, 8);
	wr(M_COUNTERS, (uint32_t)OWN + 16);
	assert_int_equal(mgmt_counter(m, 3), 0);
	wr(M_COUNTERS_N, 4);
	assert_int_equal(mgmt_counter(m, 3), v);
	assert_int_equal(mgmt_counter(m, 4), 0);
	wr(M_COUNTERS + 4, ~0u);
	assert_int_equal(mgmt_counter(m, 3), 0);
	wr(M_COUNTERS, (uint32_t)OWN + 16);
	wr(M_COUNTERS + 4, 0);
	mgmt_cfg_write(m, 4, 2, 2);
	assert_int_equal(mgmt_counter(m, 3), 0);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		T(host_memory_through_the_gate),
		T(flash),
		T(commands_that_are_none),
		T(swap),
		T(the_bmc_table_is_checked),
		T(what_is_told_is_text),
		T(counters_are_read_where_they_are),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
