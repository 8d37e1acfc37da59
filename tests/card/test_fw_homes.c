// SPDX-License-Identifier: GPL-2.0-or-later
/* Two homes of the same firmware, one conversation: neither the driver nor the BMC can tell which it is */
#include "fw_computer.h"

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

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(the_answers_are_those_of_the_home_inside),
		cmocka_unit_test(the_bmc_can_t_tell_either),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
