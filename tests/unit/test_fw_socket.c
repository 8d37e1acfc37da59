// SPDX-License-Identifier: GPL-2.0-or-later
/* Firmware that is somebody else's program: messages, the mailbox that both see, the guest's memory */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fw_peer.h"

static void messages_are_laid_out_so(void **st)
{
	const struct fsm_region r[2] = { { 0x100000000, 0x40000000, 0x1000 }, { 0x2000, 0x3000, 0 } };
	uint8_t b[FSM_SIZE];

	(void)st;
	fsm_put_bar(b, FSM_BAR_WRITE, 0x18084, 0x89abcdef);
	assert_memory_equal(b, "\x01\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0", 16);
	assert_memory_equal(b + 16, "\x84\x80\x01\0\0\0\0\0\xef\xcd\xab\x89\0\0\0\0\x04\0\0\0\0\0\0\0", 24);
	for (unsigned int i = 40; i < FSM_SIZE; i++)
		assert_int_equal(b[i], 0);
	fsm_put_sysmem(b, r, 2);
	assert_memory_equal(b, "\x04\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0", 16);
	assert_memory_equal(b + 16, "\0\0\0\0\x01\0\0\0\0\0\0\x40\0\0\0\0\0\x10\0\0\0\0\0\0", 24);
	assert_memory_equal(b + 40, "\0\x20\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
	assert_memory_equal(b + 240, "\x02\0\0\0\0\0\0\0", 8);
}

static void put_at(uint8_t *b, unsigned int at, uint64_t v, unsigned int len)
{
	memcpy(b + at, &v, len);
}

/* Each field with what it must not have; a good message after each */
static void bad_messages_are_refused(void **st)
{
	static const struct {
		unsigned int	at, len;
		uint64_t	val;
		const char	*reason;
	} bad[] = {
		{ 0, 4, 5, "unknown_command" }, { 0, 4, 0xffffffff, "unknown_command" },
		{ 0, 4, FSM_RET, "not_for_us" }, { 0, 4, FSM_SYNC_SYSMEM, "not_for_us" },
		{ 8, 8, 0, "bad_size" }, { 8, 8, 23, "bad_size" }, { 8, 8, 25, "bad_size" },
		{ 8, 8, 192, "bad_size" }, { 8, 8, 193, "bad_size" }, { 8, 8, UINT64_MAX, "bad_size" },
		{ 240, 4, 1, "descriptors" }, { 240, 4, 9, "descriptors" }, { 240, 4, 0xffffffff, "descriptors" },
		{ 32, 4, 0, "bad_width" }, { 32, 4, 1, "bad_width" }, { 32, 4, 8, "bad_width" },
		{ 32, 4, 0xffffffff, "bad_width" },
		{ 16, 8, 1, "bad_address" }, { 16, 8, 2, "bad_address" }, { 16, 8, CARD_BAR0_SIZE, "bad_address" },
		{ 16, 8, 1ull << 32, "bad_address" }, { 16, 8, UINT64_MAX - 3, "bad_address" },
	};
	char name[64];

	(void)st;
	begin_connected();
	serve();
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t b[FSM_SIZE];
		uint64_t before;

		snprintf(name, sizeof(name), "fw_socket_refused_%s", bad[i].reason);
		before = counter(name);
		fsm_put_bar(b, FSM_BAR_WRITE, 0x1000, i);
		put_at(b, bad[i].at, bad[i].val, bad[i].len);
		put_raw(b, FSM_SIZE);
		turn();
		assert_int_equal(counter(name), before + 1);
		assert_int_equal(card.writes, i);
		put_bar(FSM_BAR_WRITE, 0x1000, i);
		turn();
		assert_int_equal(card.writes, i + 1);
		assert_int_equal(card.csr, 0x400);
		assert_int_equal(card.val, i);
	}
	/* ten lines a second */
	assert_in_range(card.lines, 10, 13);
	finish();
}

static void registers_are_written_and_read(void **st)
{
	struct msg m;

	(void)st;
	begin_connected();
	serve();
	put_bar(FSM_BAR_WRITE, 0x11807 * 4, 0x60040);
	turn();
	assert_int_equal(card.csr, 0x11807);
	assert_int_equal(card.val, 0x60040);
	put_bar(FSM_BAR_WRITE, CARD_BAR0_SIZE - 4, 1);
	turn();
	assert_int_equal(card.csr, CARD_BAR0_SIZE / 4 - 1);
	put_bar(FSM_BAR_READ, 0x11807 * 4, 0);
	expect(&m, FSM_BAR_CMPL, 0x11807 * 4, 0x11807 ^ 0x5a5a0000);
	finish();
}

static void messages_come_in_any_pieces(void **st)
{
	uint8_t b[3 * FSM_SIZE];

	(void)st;
	begin_connected();
	serve();
	for (size_t cut = 1; cut < FSM_SIZE; cut++) {
		fsm_put_bar(b, FSM_BAR_WRITE, 0x1000, (uint32_t)cut);
		put_raw(b, cut);
		turn();
		assert_int_equal(card.writes, cut - 1);
		put_raw(b + cut, FSM_SIZE - cut);
		turn();
		assert_int_equal(card.writes, cut);
		assert_int_equal(card.val, cut);
	}
	card.writes = 0;
	for (unsigned int i = 0; i < 3; i++)
		fsm_put_bar(b + i * FSM_SIZE, FSM_BAR_WRITE, 0x1000, i);
	put_raw(b, sizeof(b));
	turn();
	assert_int_equal(card.writes, 3);
	/* gone in the middle of one */
	put_raw(b, 100);
	close(peer);
	peer = -1;
	turn();
	assert_int_equal(counter("fw_socket_refused_part"), 1);
	assert_int_equal(fw_home_phase(home), FW_OFF);
	finish();
}

static void its_fds_are_closed(void **st)
{
	uint8_t b[FSM_SIZE];
	struct iovec iov = { b, FSM_SIZE };
	union {
		char		buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} ctl = { .buf = { 0 } };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf,
			    .msg_controllen = sizeof(ctl.buf) };
	int p[2];
	char c;

	(void)st;
	begin_connected();
	serve();
	assert_int_equal(pipe(p), 0);
	fsm_put_bar(b, FSM_BAR_WRITE, 0x1000, 7);
	CMSG_FIRSTHDR(&h)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&h)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&h)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&h)), &p[1], sizeof(int));
	assert_int_equal(sendmsg(peer, &h, 0), FSM_SIZE);
	close(p[1]);
	turn();
	assert_int_equal(card.val, 7);
	assert_int_equal(read(p[0], &c, 1), 0);		/* nobody has the other end */
	close(p[0]);
	finish();
}

/* An interrupt is raised when the words it tells of are there, not before */
static void an_interrupt_waits_for_its_words(void **st)
{
	(void)st;
	begin_connected();
	serve();
	host_post(RX(0), 0x1000000000002001);
	host_post(RX(1), 0x1000000000003001);
	host_post(TX(0), 0x0004400000004001);
	serve();
	memcpy(mbx, card.word + 0x6000, sizeof(mbx));
	mbx[RX(0)] |= FW;
	mbx[RX(0) + 1] = 0x00284000;
	mbx[TX(0)] |= FW;
	interrupt();
	assert_int_equal(card.irqs, 0);
	answer(RX(0));
	assert_int_equal(card.word[0x6000], 0x2001);	/* half of it is nothing */
	answer(RX(0) + 1);
	assert_int_equal(card.word[0x6000], 0x2003);
	assert_int_equal(card.word[0x6001], 0x00284000);
	answer(RX(1));
	assert_int_equal(card.irqs, 0);
	answer(TX(0));
	answer(TX(0) + 1);
	assert_int_equal(card.irqs, 1);
	assert_int_equal(card.csr, CSR_INTR_SET);
	assert_int_equal(card.val, 1);
	assert_int_equal(card.at_irq[TX(0)], 0x4003);
	nothing();
	finish();
}

/* What is told while we look is looked for again, and told after that */
static void an_interrupt_during_a_look(void **st)
{
	(void)st;
	begin_connected();
	host_post(RX(0), 0x1000000000002001);
	host_post(RX(1), 0x1000000000003001);
	serve();
	interrupt();
	answer(RX(0));			/* nothing yet, irq 1 */
	assert_int_equal(card.irqs, 1);
	interrupt();
	interrupt();
	mbx[RX(0)] |= FW;
	answer(RX(0));
	answer(RX(0) + 1);
	answer(RX(1));
	assert_int_equal(card.irqs, 2);
	answer(RX(1));			/* the look for the last interrupt */
	assert_int_equal(card.irqs, 3);
	assert_int_equal(counter("fw_socket_interrupts"), 3);
	nothing();
	finish();
}

static void what_the_host_writes_meanwhile_stays(void **st)
{
	(void)st;
	begin_connected();
	host_post(TX(3), 0x0004400000004001);
	serve();
	mbx[TX(3)] |= FW;
	interrupt();
	host_write(TX(3), 0);		/* the read is on its way */
	answer(TX(3));
	expect_write(TX(3), 0);
	assert_int_equal(card.word[0x6000 + TX(3)], 0);
	assert_int_equal(card.irqs, 1);
	/* the same between low and high */
	host_post(TX(3), 0x0004400000005001);
	serve();
	mbx[TX(3)] |= FW;
	interrupt();
	answer(TX(3));
	host_write(TX(3), 0x6001);
	answer(TX(3) + 1);
	assert_int_equal(card.word[0x6000 + TX(3)], 0x6001);
	assert_int_equal(card.irqs, 2);
	finish();
}

static void completions_nobody_asked_for(void **st)
{
	(void)st;
	begin_connected();
	host_post(RX(0), 0x1000000000002001);
	serve();
	put_bar(FSM_BAR_CMPL, 0x18000, 0xffffffff);
	put_bar(FSM_BAR_CMPL, 0x18004, 0xffffffff);
	turn();
	assert_int_equal(counter("fw_socket_refused_completion"), 2);
	assert_int_equal(card.word[0x6000], 0x2001);
	interrupt();
	put_bar(FSM_BAR_CMPL, 0x18008, 0xffffffff);	/* of another word */
	turn();
	assert_int_equal(counter("fw_socket_refused_completion"), 3);
	answer(RX(0));
	put_bar(FSM_BAR_CMPL, 0x18000, 0x2003);		/* and twice */
	turn();
	assert_int_equal(counter("fw_socket_refused_completion"), 4);
	assert_int_equal(card.word[0x6000], 0x2001);
	finish();
}

/* No more of the guest than this ever leaves, and only while the host lets firmware at it */
static void memory_is_lent_with_dma(void **st)
{
	int fd = memfd_create("t", MFD_CLOEXEC);
	struct msg m;
	uint64_t r[3];
	struct stat a, b;

	(void)st;
	assert_int_equal(ftruncate(fd, 0x400000), 0);
	assert_int_equal(pwrite(fd, "guest", 5, 0x3010), 5);
	begin_connected();
	assert_int_equal(mem_map(mem, 0x100000, 0x200000, MEM_READ | MEM_WRITE, fd, 0x3000), 0);
	assert_int_equal(mem_map(mem, 0x800000, 0x1000, MEM_READ, fd, 0), 0);
	nothing();
	card.dma[1] = true;		/* one way is not enough */
	card.ops.dma(card.ctx);
	nothing();
	dma(true);
	expect_lent(&m, 1);
	memcpy(r, m.raw + 16, sizeof(r));
	assert_int_equal(r[0], 0x100000);
	assert_int_equal(r[1], 0x200000);
	assert_int_equal(r[2], 0x3000);
	fstat(fd, &a);
	fstat(m.fd[0], &b);
	assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	close_fds(&m);
	/* more of it: many changes, one message */
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(mem_map(mem, 0x1000000 + 0x2000 * i, 0x1000, MEM_READ | MEM_WRITE, fd, 0), 0);
	expect_lent(&m, 6);
	close_fds(&m);
	nothing();
	/* a change is told before what the host writes after it */
	assert_int_equal(mem_unmap(mem, 0x1000000, 0x1000), 0);
	host_write(TX(0), 0x1001);
	expect_lent(&m, 5);
	close_fds(&m);
	expect_write(TX(0), 0x1001);
	dma(false);
	expect_lent(&m, 0);
	mem_unmap_all(mem);
	nothing();
	close(fd);
	finish();
}

static void the_largest_pieces_are_lent(void **st)
{
	int fd = memfd_create("t", MFD_CLOEXEC);
	struct msg m;

	(void)st;
	assert_int_equal(ftruncate(fd, 0x100000), 0);
	begin_connected();
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(mem_map(mem, 0x100000 * i, 0x1000 * (1 + (i * 7) % 20), MEM_READ | MEM_WRITE, fd, 0), 0);
	dma(true);
	expect_lent(&m, FSM_FDS);
	for (unsigned int i = 0; i < FSM_FDS; i++) {
		uint64_t r[6];

		memcpy(r, m.raw + 16 + 24 * i, i + 1 < FSM_FDS ? 48 : 24);
		assert_true(r[1] > 0x1000 * 12);
		if (i + 1 < FSM_FDS)
			assert_true(r[0] > r[3]);
	}
	close_fds(&m);
	assert_int_equal(counter("fw_socket_memory_left_out"), 12);
	close(fd);
	finish();
}

/* All words given away at once, none of them in order: a ring without a beginning */
static void a_host_that_gives_all_away(void **st)
{
	(void)st;
	begin_connected();
	for (unsigned int d = 0; d < 16; d++)
		host_post(RX(d), 0x1000000000010001 + 0x1000 * d);
	serve();
	mbx[RX(7)] |= FW;
	mbx[RX(15)] |= FW;
	interrupt();
	assert_int_equal(serve(), 19);	/* each low word, two high ones, and the one after the last again */
	assert_int_equal(card.word[0x6000 + RX(7)], 0x17003);
	assert_int_equal(card.word[0x6000 + RX(15)], 0x1f003);
	assert_int_equal(card.word[0x6000 + RX(8)], 0x18001);
	assert_int_equal(card.irqs, 1);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_laid_out_so),
		cmocka_unit_test(bad_messages_are_refused),
		cmocka_unit_test(registers_are_written_and_read),
		cmocka_unit_test(messages_come_in_any_pieces),
		cmocka_unit_test(its_fds_are_closed),
		cmocka_unit_test(an_interrupt_waits_for_its_words),
		cmocka_unit_test(an_interrupt_during_a_look),
		cmocka_unit_test(what_the_host_writes_meanwhile_stays),
		cmocka_unit_test(completions_nobody_asked_for),
		cmocka_unit_test(memory_is_lent_with_dma),
		cmocka_unit_test(the_largest_pieces_are_lent),
		cmocka_unit_test(a_host_that_gives_all_away),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
