// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A firmware that is somebody else's program: a card that is only its firmware
 * side, a real loop and a real socket, whose other end is this test.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/card/regs.h"
#include "../../src/homes/fw_socket.h"
#include "../../src/homes/fw_socket_conn.h"
#include "../../src/loop/loop.h"

#define HOST	1u
#define FW	2u
#define RX(d)	(2u * (d))		/* words of a descriptor */
#define TX(d)	(32u + 2u * (d))
#define MS	1000000ull

/* ---- the card ---- */

struct card {
	uint32_t		word[0x8000];
	bool			dma[2];
	unsigned int		irqs, writes, links;
	uint32_t		csr, val;		/* last written */
	uint32_t		at_irq[64];		/* the mailbox when a vector was raised */
	struct card_fw_ops	ops;
	void			*ctx;
	char			line[256];
	unsigned int		lines;
};

static struct card card;

uint32_t card_fw_read(struct card *c, unsigned int w) { return c->word[w]; }
void card_fw_write(struct card *c, unsigned int w, uint32_t v) { c->word[w] = v; }
bool card_fw_dma_ready(const struct card *c, bool write) { return c->dma[write]; }
void card_fw_irq(struct card *c) { (void)c; fail(); }
void card_fw_timer(struct card *c, uint64_t when) { (void)c; (void)when; }
uint32_t card_csr_peek(struct card *c, uint32_t csr) { (void)c; return csr ^ 0x5a5a0000; }
void card_fw_bmc_table(struct card *c, const struct card_bmc_table *t) { (void)c; (void)t; }

int card_fw_dma_read(struct card *c, uint64_t addr, void *buf, size_t len)
{
	(void)c; (void)addr; (void)buf; (void)len;
	return -EFAULT;
}

int card_fw_dma_write(struct card *c, uint64_t addr, const void *buf, size_t len)
{
	(void)c; (void)addr; (void)buf; (void)len;
	return -EFAULT;
}

int card_fw_set_link_mode(struct card *c, unsigned int speed, unsigned int fec)
{
	(void)c; (void)speed; (void)fec;
	return 0;
}

void card_fw_csr_write(struct card *c, uint32_t csr, uint32_t val)
{
	c->csr = csr;
	c->val = val;
	if (csr == CSR_INTR_SET) {
		c->irqs++;
		memcpy(c->at_irq, c->word + 0x6000, sizeof(c->at_irq));
	} else {
		c->writes++;
	}
}

void card_attach_fw(struct card *c, const struct card_fw_ops *ops, void *ctx)
{
	c->ops = *ops;
	c->ctx = ctx;
	if (ops->reset)
		ops->reset(ctx);
}

static void trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	struct card *c = ctx;

	assert_int_equal(blk, BLK_FW);
	assert_int_equal(kind, TRACE_EVENT);	/* the guest has no part in it */
	vsnprintf(c->line, sizeof(c->line), fmt, ap);
	c->lines++;
}

static void host_write(unsigned int w, uint32_t v)
{
	card.word[0x6000 + w] = v;
	card.ops.mbx_written(card.ctx, 0x6000 + w);
}

static void host_post(unsigned int w, uint64_t desc)
{
	host_write(w + 1, (uint32_t)(desc >> 32));
	host_write(w, (uint32_t)desc);
}

static void dma(bool on)
{
	card.dma[0] = card.dma[1] = on;
	card.ops.dma(card.ctx);
}

/* ---- memory ---- */

static struct mem *mem;

static unsigned int pieces(void *ctx, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	return mem_pieces(ctx, out, max, left);
}

/* ---- around it ---- */

static char dir[] = "/tmp/fw-socket-XXXXXX", path[64];
static struct loop *loop;
static uint64_t now;
static struct fw_home *home;
static int door = -1, peer = -1;
static uint32_t mbx[64];		/* the peer's mailbox */

static uint64_t clock_now(void *arg)
{
	(void)arg;
	return now;
}

static void turn(void)
{
	for (unsigned int i = 0; i < 50; i++)
		loop_once(loop, 0);
}

static void set(void *arg, const char *name, uint64_t val)
{
	struct { const char *name; uint64_t val; bool found; } *w = arg;

	if (!strcmp(name, w->name)) {
		w->val = val;
		w->found = true;
	}
}

static uint64_t counter(const char *name)
{
	struct { const char *name; uint64_t val; bool found; } w = { .name = name };

	fw_home_counters(home, set, &w);
	assert_true(w.found);
	return w.val;
}

static void listen_there(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, path, strlen(path) + 1);
	door = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(door >= 0);
	assert_int_equal(bind(door, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(door, 1), 0);
}

static void stop_listening(void)
{
	close(door);
	door = -1;
	unlink(path);
}

static void begin(void)
{
	static struct card_env env = { .ctx = &card, .now = clock_now, .trace = trace };
	struct fw_socket_config sock = { .path = path, .pieces = pieces };
	struct fw_home_config cfg;

	memset(&card, 0, sizeof(card));
	memset(mbx, 0, sizeof(mbx));
	now = 1000 * MS;
	loop = loop_new();
	assert_non_null(loop);
	loop_set_clock(loop, clock_now, NULL);
	mem = mem_new(64, NULL, NULL);
	assert_non_null(mem);
	sock.mem = mem;
	sock.loop = loop_wire(loop);
	fw_home_config_default(&cfg);
	home = fw_socket_new(&card, &env, &cfg, &sock);
	assert_non_null(home);
	mem_lend(mem, fw_socket_memory_changed, home);
}

static void come(void)
{
	peer = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(peer >= 0);
}

static void begin_connected(void)
{
	listen_there();
	begin();
	turn();
	come();
	assert_int_equal(fw_home_phase(home), FW_READY);
}

static void end(void)
{
	if (peer >= 0)
		close(peer);
	peer = -1;
	mem_unmap_all(mem);
	fw_home_free(home);
	mem_free(mem);
	if (door >= 0)
		stop_listening();
	assert_null(card.ops.mbx_written);
	loop_free(loop);
}

/* ---- the peer ---- */

struct msg {
	uint32_t	cmd, nfds;
	uint64_t	size, addr, val;
	uint8_t		raw[FSM_SIZE];
	int		fd[FSM_FDS];
	unsigned int	fds;
};

/* false: nothing there */
static bool get_msg(struct msg *m)
{
	struct iovec iov = { m->raw, FSM_SIZE };
	union {
		char		buf[CMSG_SPACE(FSM_FDS * sizeof(int))];
		struct cmsghdr	align;
	} ctl;
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf,
			    .msg_controllen = sizeof(ctl.buf) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(peer, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return false;
	assert_int_equal(n, FSM_SIZE);
	memcpy(&m->cmd, m->raw, 4);
	memcpy(&m->size, m->raw + 8, 8);
	memcpy(&m->addr, m->raw + 16, 8);
	memcpy(&m->val, m->raw + 24, 8);
	memcpy(&m->nfds, m->raw + 240, 4);
	m->fds = 0;
	c = CMSG_FIRSTHDR(&h);
	if (c) {
		m->fds = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fd, CMSG_DATA(c), m->fds * sizeof(int));
	}
	return true;
}

static void put_raw(const void *b, size_t len)
{
	assert_int_equal(send(peer, b, len, MSG_NOSIGNAL), len);
}

static void put_bar(enum fsm_cmd cmd, uint32_t addr, uint32_t val)
{
	uint8_t b[FSM_SIZE];

	fsm_put_bar(b, cmd, addr, val);
	put_raw(b, FSM_SIZE);
}

static void expect(struct msg *m, uint32_t cmd, uint64_t addr, uint64_t val)
{
	turn();
	if (!get_msg(m))
		fail_msg("no message, want %s 0x%llx", fsm_names[cmd], (unsigned long long)addr);
	if (m->cmd != cmd || m->addr != addr || m->val != val)
		fail_msg("%u 0x%llx 0x%llx instead of %u 0x%llx 0x%llx", m->cmd, (unsigned long long)m->addr,
			 (unsigned long long)m->val, cmd, (unsigned long long)addr, (unsigned long long)val);
	assert_int_equal(m->size, FSM_BAR);
	assert_int_equal(m->nfds, 0);
	assert_int_equal(m->fds, 0);
}

static void expect_write(unsigned int w, uint32_t val)
{
	struct msg m;

	expect(&m, FSM_BAR_WRITE, 0x18000 + 4 * w, val);
}

/* Reads are asked, and answered from mbx[] */
static void answer(unsigned int w)
{
	struct msg m;

	expect(&m, FSM_BAR_READ, 0x18000 + 4 * w, 0);
	put_bar(FSM_BAR_CMPL, 0x18000 + 4 * w, mbx[w]);
	turn();
}

static void nothing(void)
{
	struct msg m;

	turn();
	if (get_msg(&m))
		fail_msg("message %u, 0x%llx, nobody wants", m.cmd, (unsigned long long)m.addr);
}

static void expect_lent(struct msg *m, unsigned int n)
{
	turn();
	assert_true(get_msg(m));
	assert_int_equal(m->cmd, FSM_SYNC_SYSMEM);
	assert_int_equal(m->nfds, n);
	assert_int_equal(m->fds, n);
	assert_int_equal(m->size, n * FSM_REGION);
}

static void close_fds(struct msg *m)
{
	for (unsigned int i = 0; i < m->fds; i++)
		close(m->fd[i]);
}

/* All that is there, as a program that keeps up: the mailbox is kept, reads are answered; how many messages */
static unsigned int serve(void)
{
	unsigned int n = 0;
	struct msg m;

	turn();
	while (get_msg(&m)) {
		n++;
		close_fds(&m);
		if (m.cmd == FSM_BAR_WRITE)
			mbx[(m.addr - 0x18000) / 4] = (uint32_t)m.val;
		if (m.cmd == FSM_BAR_READ) {
			put_bar(FSM_BAR_CMPL, (uint32_t)m.addr, mbx[(m.addr - 0x18000) / 4]);
			turn();
		}
	}
	return n;
}

static void interrupt(void)
{
	put_bar(FSM_BAR_WRITE, CSR_INTR_SET * 4, 1);
	turn();
}

/* ---- tests ---- */

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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
}

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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
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
	end();
}

static void a_path_that_is_too_long(void **st)
{
	const struct card_env env = { .ctx = &card, .now = clock_now, .trace = trace };
	struct fw_socket_config sock = { .pieces = pieces };
	struct fw_home_config cfg;
	char longest[200];

	(void)st;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	loop = loop_new();
	sock.loop = loop_wire(loop);
	sock.path = longest;
	fw_home_config_default(&cfg);
	assert_null(fw_socket_new(&card, &env, &cfg, &sock));
	assert_int_equal(errno, ENAMETOOLONG);
	loop_free(loop);
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
		cmocka_unit_test(a_window_of_messages),
		cmocka_unit_test(reads_that_are_never_answered),
		cmocka_unit_test(a_read_that_is_passed_over),
		cmocka_unit_test(who_does_not_read_is_sent_away),
		cmocka_unit_test(who_asks_and_does_not_listen),
		cmocka_unit_test(it_is_looked_for),
		cmocka_unit_test(it_dies_in_each_state),
		cmocka_unit_test(who_comes_late_is_told),
		cmocka_unit_test(memory_is_lent_with_dma),
		cmocka_unit_test(the_largest_pieces_are_lent),
		cmocka_unit_test(a_reset_is_told),
		cmocka_unit_test(power_is_the_connection),
		cmocka_unit_test(a_host_that_gives_all_away),
		cmocka_unit_test(all_have_gone_mad),
		cmocka_unit_test(a_path_that_is_too_long),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/fw", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
