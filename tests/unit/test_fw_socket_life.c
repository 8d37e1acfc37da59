// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Firmware that is somebody else's program: how it comes and goes, and one
 * that is slow, deaf or mad.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fw_peer.h"

/* No more than 4096 bytes lie unread, always whole messages, and nothing is lost or reordered */
static void a_window_of_messages(void **st)
{
	unsigned int at = 0, n = 0;
	struct msg m;

	(void)st;
	begin_connected();
	for (unsigned int i = 0; i < 200; i++)
		host_write(TX(i % 16), i << 8);
	while (at < 200) {
		unsigned int got = 0;
		bool read = false;

		turn();
		while (get_msg(&m)) {
			got++;
			assert_false(read);		/* it is the last one */
			read = m.cmd == FSM_BAR_READ;
			if (read)
				continue;
			assert_int_equal(m.cmd, FSM_BAR_WRITE);
			assert_int_equal(m.addr, 0x18000 + 4 * TX(at % 16));
			assert_int_equal(m.val, at << 8);
			at++;
		}
		assert_true(got && got <= 4096 / FSM_SIZE);
		n++;
		if (read)
			put_bar(FSM_BAR_CMPL, (uint32_t)m.addr, 0);
	}
	assert_int_equal(n, 14);
	assert_int_equal(counter("fw_socket_fences"), 13);
	finish();
}

/* Answers that pass over a read do not open the window for ever */
static void reads_that_are_never_answered(void **st)
{
	unsigned int total = 0, n;

	(void)st;
	begin_connected();
	for (unsigned int i = 0; i < 300; i++)
		host_write(TX(i % 16), i << 8);
	do {
		struct msg m;

		n = 0;
		turn();
		while (get_msg(&m))
			n++;
		total += n;
		for (unsigned int i = 0; i < 40; i++)	/* of what was never asked */
			put_bar(FSM_BAR_CMPL, 0x18080, 0);
	} while (n);
	assert_int_equal(total, FSC_WINDOW);
	assert_int_equal(fw_home_phase(home), FW_READY);
	finish();
}

/* It answers the fences, but never what we want to know */
static void a_read_that_is_passed_over(void **st)
{
	unsigned int total = 0;
	struct msg m;

	(void)st;
	begin_connected();
	host_post(TX(0), 0x0004400000004001);
	serve();
	interrupt();
	for (unsigned int i = 0; i < 100; i++)
		host_write(TX(1), i << 8);
	for (unsigned int i = 0; i < 20; i++) {
		turn();
		while (get_msg(&m)) {
			total++;
			if (m.cmd == FSM_BAR_READ && m.addr == 0x18000)
				put_bar(FSM_BAR_CMPL, 0x18000, 0);
		}
	}
	assert_in_range(total, 1, FSC_WINDOW);
	assert_int_equal(counter("fw_socket_refused_completion"), 0);
	finish();
}

static void who_does_not_read_is_sent_away(void **st)
{
	uint64_t connections;

	(void)st;
	begin_connected();
	for (unsigned int i = 0; i < FSC_QUEUE + FSC_WINDOW - 1; i++)
		host_write(TX(i % 16), i << 8);
	assert_int_equal(fw_home_phase(home), FW_READY);
	host_write(TX(0), 1);
	assert_int_equal(fw_home_phase(home), FW_OFF);
	assert_int_equal(counter("fw_socket_overflows"), 1);
	assert_non_null(strstr(card.line, "does not read"));
	/* it may come back */
	close(peer);
	connections = counter("fw_socket_connections");
	now += 100 * MS;
	turn();
	come();
	assert_int_equal(counter("fw_socket_connections"), connections + 1);
	serve();
	assert_int_equal(mbx[TX(1)], card.word[0x6000 + TX(1)]);
	finish();
}

/* A flood of reads whose answers are not taken is the same */
static void who_asks_and_does_not_listen(void **st)
{
	unsigned int sent = 0;

	(void)st;
	begin_connected();
	while (fw_home_phase(home) == FW_READY && sent < 4 * FSC_QUEUE) {
		uint8_t b[FSM_SIZE];

		fsm_put_bar(b, FSM_BAR_READ, 0x1000, 0);
		if (send(peer, b, FSM_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT) == FSM_SIZE)
			sent++;
		turn();
	}
	assert_int_equal(fw_home_phase(home), FW_OFF);
	assert_int_equal(counter("fw_socket_overflows"), 1);
	finish();
}

static void it_is_looked_for(void **st)
{
	uint64_t pause = 100 * MS;
	unsigned int lines;

	(void)st;
	begin();
	turn();
	assert_non_null(strstr(card.line, "no firmware at"));
	lines = card.lines;
	for (unsigned int i = 0; i < 6; i++) {
		now += pause;
		turn();
		pause = pause * 2 < FSC_RETRY_MAX ? pause * 2 : FSC_RETRY_MAX;
	}
	assert_int_equal(card.lines, lines);		/* said once */
	assert_int_equal(fw_home_phase(home), FW_OFF);
	assert_false(fw_home_ready(home));
	host_write(RX(0), 0x2001);
	listen_there();
	now += FSC_RETRY_MAX - 1;
	turn();
	assert_int_equal(fw_home_phase(home), FW_OFF);
	now += 1;
	turn();
	assert_int_equal(fw_home_phase(home), FW_READY);
	come();
	finish();
}

/* It dies while we look, while messages wait, while half a message is here: each time all begins anew */
static void it_dies_in_each_state(void **st)
{
	(void)st;
	begin_connected();
	for (unsigned int state = 0; state < 5; state++) {
		serve();
		host_post(RX(0), 0x1000000000002001);
		host_post(TX(0), 0x0004400000004001);
		if (state != 1)
			serve();
		if (state == 2 || state == 3)
			interrupt();
		if (state == 3) {
			mbx[RX(0)] = 0x2003;
			answer(RX(0));
		}
		if (state == 4)
			put_raw("half", 4);
		close(peer);
		turn();
		assert_int_equal(fw_home_phase(home), FW_OFF);
		host_write(TX(1), 0);			/* to nobody */
		assert_int_equal(card.word[0x6000], 0x2001);
		memset(mbx, 0, sizeof(mbx));
		now += FSC_RETRY_MAX;
		turn();
		come();
		serve();
		assert_int_equal(mbx[RX(0)], 0x2001);
		assert_int_equal(mbx[RX(0) + 1], 0x10000000);
		assert_int_equal(mbx[TX(0)], 0x4001);
		assert_int_equal(card.irqs, 0);
	}
	assert_int_equal(counter("fw_socket_connections"), 6);
	finish();
}

static void restarted(void *ctx)
{
	++*(unsigned int *)ctx;
}

/* Skip descriptors up to where the host is, then the words from there */
static void who_comes_late_is_told(void **st)
{
	unsigned int boots = 0;
	struct fw_home_watch w = { .ctx = &boots, .restarted = restarted };

	(void)st;
	begin();
	fw_home_watch(home, &w);
	/* Rx: 0..3 posted, 4 is the end, 5 done, 6..15 posted; Tx: 0..1 done, 2 waits, 3 the end, the rest done */
	for (unsigned int d = 0; d < 16; d++) {
		host_post(RX(d), 0x1000000000010001 + 0x1000 * d);
		host_post(TX(d), 3);
	}
	host_write(RX(4), 0);
	host_write(RX(4) + 1, 0);
	host_write(RX(5), 0x15003);
	host_post(TX(2), 0x0004400000004001);
	host_write(TX(3), 0);
	listen_there();
	turn();
	now += FSC_RETRY_MAX;
	turn();
	come();
	assert_int_equal(boots, 1);
	for (unsigned int d = 0; d < 6; d++)
		expect_write(RX(d), 3);
	for (unsigned int i = 0; i < 3; i++) {
		expect_write(RX(6 + i) + 1, 0x10000000);
		expect_write(RX(6 + i), 0x10001 + 0x1000 * (6 + i));
	}
	serve();
	assert_int_equal(mbx[RX(3)], 0x13001);
	assert_int_equal(mbx[RX(4)], 0);
	assert_int_equal(mbx[RX(5)], 0x15003);
	assert_int_equal(mbx[TX(1)], 3);
	assert_int_equal(mbx[TX(2)], 0x4001);
	assert_int_equal(mbx[TX(2) + 1], 0x44000);
	assert_int_equal(mbx[TX(3)], 0);
	fw_home_unwatch(home, &w);
	finish();
}

/* A reset: what was not sent never will be, what was is told to be zero */
static void a_reset_is_told(void **st)
{
	(void)st;
	begin_connected();
	host_post(RX(0), 0x1000000000002001);
	host_post(RX(1), 0x1000000000003001);
	serve();
	interrupt();
	for (unsigned int i = 0; i < 100; i++)
		host_write(TX(0), 0x1001 + (i << 8));
	memset(card.word, 0, sizeof(card.word));
	card.ops.reset(card.ctx);
	mbx[RX(0)] |= FW;
	assert_in_range(serve(), 6, FSC_WINDOW + 6);	/* no more than what was on its way, and the zeros */
	for (unsigned int w = 0; w < 64; w++) {
		assert_int_equal(mbx[w], 0);
		assert_int_equal(card.word[0x6000 + w], 0);
	}
	assert_int_equal(card.irqs, 0);
	/* and it goes on */
	host_post(RX(0), 0x1000000000002001);
	serve();
	mbx[RX(0)] |= FW;
	interrupt();
	serve();
	assert_int_equal(card.word[0x6000], 0x2003);
	assert_int_equal(card.irqs, 1);
	finish();
}

static void power_is_the_connection(void **st)
{
	char c;

	(void)st;
	begin_connected();
	host_write(0x100, 1);		/* not the mailbox */
	nothing();
	fw_home_power(home);
	assert_int_equal(recv(peer, &c, 1, 0), 0);
	close(peer);
	turn();
	come();
	assert_int_equal(fw_home_phase(home), FW_READY);
	assert_int_equal(fw_home_crash(home, "x"), -ENOTSUP);
	assert_int_equal(fw_home_hang(home), -ENOTSUP);
	assert_int_equal(fw_home_restart(home), -ENOTSUP);
	assert_int_equal(fw_home_bmc_set(home, 0, 0, NULL, false), -ENOTSUP);
	assert_int_equal(fw_home_set_otp(home, 0, 0), -ENOTSUP);
	assert_int_equal(fw_home_sensors(home), -ENOTSUP);
	assert_false(fw_home_host_owns(home, 0));
	finish();
}

static uint32_t seed;

static uint32_t random32(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	return seed ^= seed << 5;
}

static void mad_message(void)
{
	static const uint32_t addr[] = { 0x18000, 0x18004, 0x18080, 0x18084, 0x180fc, 0x40, 0x44, 0x5c, 0x60, 0 };
	uint8_t b[FSM_SIZE];
	uint32_t r = random32();

	fsm_put_bar(b, (enum fsm_cmd)(r % 6), r >> 8 & 1 ? addr[(r >> 9) % 10] : random32() & 0x1ffffc, random32());
	for (unsigned int n = (r >> 16) % 8; n > 4; n--)
		b[random32() % FSM_SIZE] = (uint8_t)random32();
	(void)!send(peer, b, r >> 24 ? FSM_SIZE : random32() % FSM_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A program and a guest that do anything: nothing ends, nothing grows, the next program finds all in order */
static void all_have_gone_mad(void **st)
{
	int fd = memfd_create("t", MFD_CLOEXEC);

	(void)st;
	seed = 20260101;
	assert_int_equal(ftruncate(fd, 0x100000), 0);
	begin_connected();
	for (unsigned int i = 0; i < 30000; i++) {
		uint32_t r = random32();

		if (r & 1)
			mad_message();
		else
			host_write((r >> 8) % 70, random32() & (r >> 31 ? 0x3 : ~0u));
		if (!(r >> 4 & 0x1f))
			dma(r >> 10 & 1);
		if (!(r >> 4 & 0x3f))
			mem_map(mem, (r >> 12 & 0xff) << 12, 0x1000, MEM_READ | MEM_WRITE, fd, (r >> 20 & 0xff) << 12);
		if (!(r >> 4 & 0x1ff)) {
			mem_unmap_all(mem);
			memset(card.word, 0, sizeof(card.word));
			card.ops.reset(card.ctx);
		}
		if (!(r >> 4 & 0xff) || fw_home_phase(home) == FW_OFF) {
			close(peer);
			turn();
			now += FSC_RETRY_MAX;
			turn();
			come();
		}
		if (r & 2)
			serve();
	}
	close(peer);
	turn();
	for (unsigned int w = 0; w < 64; w++)
		host_write(w, w << 4);
	memset(mbx, 0, sizeof(mbx));
	now += FSC_RETRY_MAX;
	turn();
	come();
	serve();
	assert_memory_equal(mbx, card.word + 0x6000, sizeof(mbx));
	close(fd);
	finish();
}

static void a_path_that_is_too_long(void **st)
{
	char longest[200];

	(void)st;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	loop = loop_new();
	assert_null(home_at(longest));
	assert_int_equal(errno, ENAMETOOLONG);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_of_messages),
		cmocka_unit_test(reads_that_are_never_answered),
		cmocka_unit_test(a_read_that_is_passed_over),
		cmocka_unit_test(who_does_not_read_is_sent_away),
		cmocka_unit_test(who_asks_and_does_not_listen),
		cmocka_unit_test(it_is_looked_for),
		cmocka_unit_test(it_dies_in_each_state),
		cmocka_unit_test(who_comes_late_is_told),
		cmocka_unit_test(a_reset_is_told),
		cmocka_unit_test(power_is_the_connection),
		cmocka_unit_test(all_have_gone_mad),
		cmocka_unit_test(a_path_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
