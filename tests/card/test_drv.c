/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver library against the card: frames go out of the port into a list
 * and come back in from there.  Placement is checked by the library; here we
 * look at the bytes.  Everything runs twice, with the card called directly and
 * with the card behind its vfio-user server; the latter needs the whole bus.
 */
#include "../../src/bus/vfu.h"
#include "../../src/host/drv.h"

#include <errno.h>
#include <setjmp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MEM	(64u << 20)
#define MS	1000000ull
#define NFRAMES	64

static const uint8_t mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };

static bool over_socket;

struct loop {
	struct host	*h;
	struct card	*card;
	struct vu	*v;		/* NULL: in this process */
	unsigned int	bugs;		/* what the card complained of, over the socket */
	struct drv_tx	tx;
	struct drv_rx	rx;
	unsigned int	n;		/* frames on the cable */
	uint32_t	len[NFRAMES];
	uint8_t		data[NFRAMES][PORT_MAX_FRAME + 2];
};

static unsigned int on_tx(void *ctx, const struct frame *f, unsigned int n)
{
	struct loop *l = ctx;
	unsigned int i = 0;

	for (; i < n && l->n < NFRAMES; i++) {
		uint32_t at = 0;

		for (unsigned int s = 0; s < f[i].nspans; s++) {
			assert_true(at + f[i].span[s].len <= sizeof(l->data[0]));
			memcpy(l->data[l->n] + at, f[i].span[s].base, f[i].span[s].len);
			at += (uint32_t)f[i].span[s].len;
		}
		assert_int_equal(at, f[i].len);
		l->len[l->n++] = at;
	}
	return i;
}

static const struct port_ops port = { .tx = on_tx };

/* ---- the card behind a server ---- */

static uint64_t now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	(void)blk;
	(void)fmt;
	(void)ap;
	((struct loop *)vu_user(ctx))->bugs += kind == TRACE_GUEST_BUG;
}

static void pump(void *arg)
{
	struct loop *l = arg;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = vu_listen_fd(l->v), .events = POLLIN },
			{ .fd = vu_conn_fd(l->v), .events = (short)vu_want(l->v) },
		};
		bool more = card_run(l->card);

		if (poll(p, 2, 0) <= 0 && !more)
			return;
		if (p[0].revents)
			vu_accept(l->v);
		if (p[1].revents)
			while (vu_service(l->v, 64))
				;
	}
}

static void open_socket(struct loop *l, const struct card_config *cfg)
{
	struct vu_owner owner = { .ctx = l };
	struct card_env env = { .now = now, .trace = trace };
	char path[64], err[200];

	snprintf(path, sizeof(path), "/tmp/fbnic-test-%d-drv", (int)getpid());
	l->v = vu_new(path, &owner, err, sizeof(err));
	assert_non_null(l->v);
	vu_env(l->v, &env);
	l->card = card_new(cfg, &env);
	assert_non_null(l->card);
	vu_attach(l->v, l->card);
	l->h = host_connect_pumped(path, MEM, pump, l, err, sizeof(err));
	assert_non_null(l->h);
}

static void open_inproc(struct loop *l, const struct card_config *cfg)
{
	struct host_inproc *ip = host_new_inproc(cfg, MEM);

	assert_non_null(ip);
	l->h = &ip->h;
	l->card = ip->card;
}

/* ---- the rig ---- */

static void open_loop(struct loop *l, const struct drv_tx_cfg *txc, const struct drv_rx_cfg *rxc)
{
	const struct card_config cfg = { .mac = { 2, 0x11, 0x22, 0x33, 0x44, 0x55 },
					 .queues = 8, .vectors = 16 };
	struct drv_conf conf = { .queues = 1, .hint_l4 = true };

	memset(l, 0, sizeof(*l));
	memcpy(conf.mac, mac, 6);
	if (over_socket)
		open_socket(l, &cfg);
	else
		open_inproc(l, &cfg);
	card_connect(l->card, &port, l, PORT_LSO_CUT);
	assert_int_equal(drv_up(l->h), 0);
	assert_int_equal(drv_tx_open(&l->tx, l->h, 0, txc), 0);
	assert_int_equal(drv_rx_open(&l->rx, l->h, 0, rxc), 0);
	drv_rpc_on(l->h, &conf);
	host_idle(l->h, MS);
}

static void close_loop(struct loop *l)
{
	drv_rpc_off(l->h);
	drv_tx_close(&l->tx);
	drv_rx_close(&l->rx);
	assert_true(drv_idle(l->h, 500 * MS));
	assert_int_equal(l->v ? l->bugs : host_inproc(l->h)->bugs, 0);
	host_free(l->h);
	if (!l->v)
		return;
	pump(l);
	vu_detach(l->v);
	card_free(l->card);
	vu_free(l->v);
}

/* What is on the cable comes back */
static void bounce(struct loop *l)
{
	for (unsigned int i = 0; i < l->n; i++) {
		struct span s = { l->data[i], l->len[i] };
		struct frame f = { .span = &s, .len = l->len[i], .nspans = 1 };

		assert_int_equal(card_rx(l->card, &f, 1, true), 1);
	}
	l->n = 0;
	host_idle(l->h, MS);
}

static void make_frame(uint8_t *f, uint32_t len, uint32_t seed)
{
	memcpy(f, mac, 6);
	memcpy(f + 6, mac, 6);
	f[12] = 0x88;		/* local experimental ethertype */
	f[13] = 0xb5;
	for (uint32_t i = 14; i < len; i++)
		f[i] = (uint8_t)(seed = seed * 1664525 + 1013904223 + (seed >> 16));
}

/* Sends one frame in @parts pieces, expects it back */
static void one(struct loop *l, uint64_t buf, uint32_t len, unsigned int parts)
{
	struct drv_buf b[17];
	struct drv_pkt p;
	uint32_t at = 0;
	int n;

	make_frame(host_ptr(l->h, buf), len, len);
	for (unsigned int i = 0; i < parts; i++) {
		uint32_t left = parts - i, part = (len - at) / left;

		b[i] = (struct drv_buf){ buf + at, (uint16_t)part };
		at += part;
	}
	assert_int_equal(drv_tx_post(&l->tx, 0, drv_meta_plain(), b, parts), 0);
	drv_tx_kick(&l->tx, 0);
	if (drv_tx_wait(&l->tx, 1000 * MS))
		fail_msg("tx of %u bytes in %u parts: %s", len, parts, l->tx.err);
	assert_int_equal(l->n, 1);
	bounce(l);
	n = drv_rx_wait(&l->rx, &p, 1000 * MS);
	if (n != 1)
		fail_msg("rx of %u bytes: %s", len, n ? l->rx.err : "nothing came");
	assert_int_equal(p.len, len < 60 ? 60 : len);
	assert_memory_equal(p.data, host_ptr(l->h, buf), len);
	drv_rx_refill(&l->rx);
}

static void sizes(const struct drv_rx_cfg *cfg)
{
	struct loop *l = malloc(sizeof(*l));
	uint64_t buf;

	open_loop(l, &DRV_TX_DEFAULT, cfg);
	buf = host_alloc(l->h, 16384, 64);
	for (uint32_t len = 14; len <= 9742; len += len < 300 ? 1 : 61)
		one(l, buf + len % 7, len, 1 + len % 14);
	one(l, buf, 9742, 17);
	close_loop(l);
	free(l);
}

static void sizes_7_3(void **state)
{
	(void)state;
	sizes(&DRV_RX_DEFAULT);
}

static void sizes_6_12(void **state)
{
	(void)state;
	sizes(&DRV_RX_6_12);
}

static void sizes_split(void **state)
{
	struct drv_rx_cfg cfg = DRV_RX_DEFAULT;

	(void)state;
	cfg.split = true;
	cfg.max_hdr = 256;
	sizes(&cfg);
}

static void bursts_wrap_every_ring(void **state)
{
	struct drv_tx_cfg txc = DRV_TX_DEFAULT;
	struct drv_rx_cfg rxc = DRV_RX_DEFAULT;
	struct loop *l = malloc(sizeof(*l));
	uint64_t buf;

	(void)state;
	txc.twq_log = txc.tcq_log = 6;
	rxc.hpq_log = rxc.ppq_log = rxc.rcq_log = 6;
	open_loop(l, &txc, &rxc);
	buf = host_alloc(l->h, 64 * 2048, 64);
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int n = 1 + round % 10, got = 0;
		struct drv_pkt p;
		int rc;

		for (unsigned int i = 0; i < n; i++) {
			struct drv_buf b = { buf + i * 2048, (uint16_t)(60 + round * 7 + i) };

			make_frame(host_ptr(l->h, b.addr), b.len, round * 100 + i);
			assert_int_equal(drv_tx_post(&l->tx, 0, drv_meta_plain(), &b, 1), 0);
		}
		drv_tx_kick(&l->tx, 0);
		assert_int_equal(drv_tx_wait(&l->tx, 1000 * MS), 0);
		bounce(l);
		while ((rc = drv_rx_poll(&l->rx, &p)) == 1) {
			assert_int_equal(p.len, 60 + round * 7 + got);
			assert_memory_equal(p.data, host_ptr(l->h, buf + got * 2048), p.len);
			got++;
		}
		if (rc)
			fail_msg("%s", l->rx.err);
		assert_int_equal(got, n);
		drv_rx_refill(&l->rx);
	}
	close_loop(l);
	free(l);
}

static void interrupts_come_and_wait_for_rearm(void **state)
{
	struct loop *l = malloc(sizeof(*l));
	uint64_t buf;

	(void)state;
	open_loop(l, &DRV_TX_DEFAULT, &DRV_RX_DEFAULT);
	buf = host_alloc(l->h, 4096, 64);
	drv_arm(l->h, 2, 30, 35);
	one(l, buf, 100, 1);
	assert_int_equal(host_irq_wait(l->h, 2, 1000 * MS), 1);	/* masks itself */
	one(l, buf, 100, 1);
	assert_int_equal(host_irq_wait(l->h, 2, MS), -ETIMEDOUT);
	drv_rearm(l->h, 2);
	one(l, buf, 100, 1);
	assert_true(host_irq_wait(l->h, 2, 1000 * MS) > 0);
	close_loop(l);
	free(l);
}

static void pci_looks_right(void **state)
{
	struct loop *l = malloc(sizeof(*l));
	uint32_t off;
	bool wide;

	(void)state;
	open_loop(l, &DRV_TX_DEFAULT, &DRV_RX_DEFAULT);
	assert_int_equal(host_cfg_rd(l->h, 0, 4), 0x00131d9b);
	assert_int_equal(host_bar_size(l->h, 0, &wide), CARD_BAR0_SIZE);
	assert_true(wide);
	assert_int_equal(host_bar_size(l->h, 2, NULL), CARD_BAR2_SIZE);
	assert_int_equal(host_bar_size(l->h, 4, NULL), CARD_BAR4_SIZE);
	assert_true(host_find_cap(l->h, 0x10));			/* PCI Express */
	off = host_find_ext_cap(l->h, 3);			/* serial number */
	assert_true(off);
	assert_int_equal(host_cfg_rd(l->h, off + 4, 4), 0xfe334455);
	assert_int_equal(host_cfg_rd(l->h, off + 8, 4), 0x021122ff);
	close_loop(l);
	free(l);
}

static int use_socket(void **state)
{
	(void)state;
	over_socket = true;
	return 0;
}

int main(void)
{
#define S(f) { #f "_over_socket", f, use_socket, NULL, NULL }
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pci_looks_right),
		cmocka_unit_test(sizes_7_3),
		cmocka_unit_test(sizes_6_12),
		cmocka_unit_test(sizes_split),
		cmocka_unit_test(bursts_wrap_every_ring),
		cmocka_unit_test(interrupts_come_and_wait_for_rearm),
		S(pci_looks_right), S(sizes_7_3), S(sizes_split), S(bursts_wrap_every_ring),
		S(interrupts_come_and_wait_for_rearm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
