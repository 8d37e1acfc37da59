// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fw_peer.h"

struct card card;
struct mem *mem;
struct loop *loop;
uint64_t now;
struct fw_home *home;
int peer = -1;
uint32_t mbx[64];

static char dir[] = "/tmp/fw-socket-XXXXXX", path[64];
static int door = -1;

/* ---- the card ---- */

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

void host_write(unsigned int w, uint32_t v)
{
	card.word[0x6000 + w] = v;
	card.ops.mbx_written(card.ctx, 0x6000 + w);
}

void host_post(unsigned int w, uint64_t desc)
{
	host_write(w + 1, (uint32_t)(desc >> 32));
	host_write(w, (uint32_t)desc);
}

void dma(bool on)
{
	card.dma[0] = card.dma[1] = on;
	card.ops.dma(card.ctx);
}

/* ---- around it ---- */

static unsigned int pieces(void *ctx, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	return mem_pieces(ctx, out, max, left);
}

static uint64_t clock_now(void *arg)
{
	(void)arg;
	return now;
}

void turn(void)
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

uint64_t counter(const char *name)
{
	struct { const char *name; uint64_t val; bool found; } w = { .name = name };

	fw_home_counters(home, set, &w);
	assert_true(w.found);
	return w.val;
}

int make_dir(void **st)
{
	(void)st;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/fw", dir);
	return 0;
}

int remove_dir(void **st)
{
	(void)st;
	return rmdir(dir);
}

void listen_there(void)
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

struct fw_home *home_at(const char *at)
{
	static const struct card_env env = { .ctx = &card, .now = clock_now, .trace = trace };
	struct fw_socket_config sock = { .path = at, .pieces = pieces, .mem = mem, .loop = loop_wire(loop) };
	struct fw_home_config cfg;

	fw_home_config_default(&cfg);
	return fw_socket_new(&card, &env, &cfg, &sock);
}

void begin(void)
{
	memset(&card, 0, sizeof(card));
	memset(mbx, 0, sizeof(mbx));
	now = 1000 * MS;
	loop = loop_new();
	assert_non_null(loop);
	loop_set_clock(loop, clock_now, NULL);
	mem = mem_new(64, NULL, NULL);
	assert_non_null(mem);
	home = home_at(path);
	assert_non_null(home);
	mem_lend(mem, fw_socket_memory_changed, home);
}

void come(void)
{
	peer = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(peer >= 0);
}

void begin_connected(void)
{
	listen_there();
	begin();
	turn();
	come();
	assert_int_equal(fw_home_phase(home), FW_READY);
}

void finish(void)
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

bool get_msg(struct msg *m)
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

void put_raw(const void *b, size_t len)
{
	assert_int_equal(send(peer, b, len, MSG_NOSIGNAL), len);
}

void put_bar(enum fsm_cmd cmd, uint32_t addr, uint32_t val)
{
	uint8_t b[FSM_SIZE];

	fsm_put_bar(b, cmd, addr, val);
	put_raw(b, FSM_SIZE);
}

void expect(struct msg *m, uint32_t cmd, uint64_t addr, uint64_t val)
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

void expect_write(unsigned int w, uint32_t val)
{
	struct msg m;

	expect(&m, FSM_BAR_WRITE, 0x18000 + 4 * w, val);
}

void answer(unsigned int w)
{
	struct msg m;

	expect(&m, FSM_BAR_READ, 0x18000 + 4 * w, 0);
	put_bar(FSM_BAR_CMPL, 0x18000 + 4 * w, mbx[w]);
	turn();
}

void nothing(void)
{
	struct msg m;

	turn();
	if (get_msg(&m))
		fail_msg("message %u, 0x%llx, nobody wants", m.cmd, (unsigned long long)m.addr);
}

void expect_lent(struct msg *m, unsigned int n)
{
	turn();
	assert_true(get_msg(m));
	assert_int_equal(m->cmd, FSM_SYNC_SYSMEM);
	assert_int_equal(m->nfds, n);
	assert_int_equal(m->fds, n);
	assert_int_equal(m->size, n * FSM_REGION);
}

void close_fds(struct msg *m)
{
	for (unsigned int i = 0; i < m->fds; i++)
		close(m->fd[i]);
}

unsigned int serve(void)
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

void interrupt(void)
{
	put_bar(FSM_BAR_WRITE, CSR_INTR_SET * 4, 1);
	turn();
}
