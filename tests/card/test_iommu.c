/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with an IOMMU in strict mode: every buffer is mapped when the driver
 * gives it to the card and unmapped when it takes it back, while rings run.
 *
 * The card is behind its vfio-user server.  The test maps bus addresses to
 * pages of host memory of its own choice, page by page, and keeps a book: which
 * page is behind which address, and which pages the card may touch.  From the
 * moment a DMA_UNMAP is answered its pages are forbidden: they are filled with
 * a pattern that may never be seen on the cable, and that must still be there
 * when the page is used again.
 */
#include "../../src/bus/mem.h"
#include "../../src/bus/vfu.h"
#include "rig.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MEM		(32u << 20)
#define PAGE		4096u
#define IOVA		0x2000000000ull	/* bus addresses that come and go */
#define SLOTS		48u		/* of them, a page each */
#define PAGES		96u		/* that may be behind them */
#define FRAME		512u		/* bytes from each mapped page: two slots make a frame */

static struct host *h;
static struct card *card;
static struct vu *v;
static struct drv_tx tx;
static struct drv_rx rx;
static unsigned int bugs;
static size_t rx_mark;			/* host memory in use before the receive rings */
static uint64_t pool;			/* bus address, as drv.c sees it, of the PAGES */
static int page_of[SLOTS];		/* -1: not mapped */
static bool allowed[PAGES];
static uint8_t tag[PAGES];		/* what an allowed page is filled with; never FORBIDDEN */
static unsigned int sent;

#define FORBIDDEN	0xdd

static uint64_t now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void trace(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)blk;
	(void)fmt;
	(void)ap;
	bugs += kind == TRACE_GUEST_BUG;
}

/* Each half of a frame is one page's: the tag of a page that is allowed now */
static void check_half(const uint8_t *p, unsigned int n, const uint8_t *frame)
{
	unsigned int page = p[0];

	assert_true(page < PAGES);
	if (!allowed[page])
		fail_msg("page %u was read after it was unmapped", page);
	for (unsigned int i = 2; i < n; i++)
		if (p[i] != tag[page])
			fail_msg("byte %u of page %u: 0x%02x, it holds 0x%02x", (unsigned int)(p + i - frame),
				 page, p[i], tag[page]);
}

static unsigned int on_tx(void *ctx, const struct frame *f, unsigned int n)
{
	static uint8_t flat[2048];

	(void)ctx;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t len = rig_flatten(&f[i], flat, sizeof(flat));

		assert_int_equal(len, 14 + 2 * FRAME);
		check_half(flat + 14, FRAME, flat);
		check_half(flat + 14 + FRAME, FRAME, flat);
	}
	sent += n;
	return n;
}

static const struct port_ops port = { .tx = on_tx };

static void pump(void *arg)
{
	(void)arg;
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = vu_listen_fd(v), .events = POLLIN },
			{ .fd = vu_conn_fd(v), .events = (short)vu_want(v) },
		};
		bool more = card_run(card);

		if (poll(p, 2, 0) <= 0 && !more)
			return;
		if (p[0].revents)
			vu_accept(v);
		if (p[1].revents)
			while (vu_service(v, 64))
				;
	}
}

static uint64_t bus_stat(const char *name)
{
	struct vu_stat s[64];
	unsigned int n = vu_stats(v, s, 64);

	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(s[i].name, name))
			return s[i].val;
	fail_msg("no counter %s", name);
	return 0;
}

/* ---- the book ---- */

static uint8_t *page_mem(unsigned int page)
{
	return host_ptr(h, pool + page * PAGE);
}

static void forbid(unsigned int page)
{
	allowed[page] = false;
	memset(page_mem(page), FORBIDDEN, PAGE);
}

static void still_forbidden(unsigned int page)
{
	const uint8_t *p = page_mem(page);

	for (unsigned int i = 0; i < PAGE; i++)
		if (p[i] != FORBIDDEN)
			fail_msg("page %u was written after it was unmapped, at %u", page, i);
}

static uint64_t iova(unsigned int slot)
{
	return IOVA + slot * PAGE;
}

static unsigned int free_page(struct rng *g)
{
	unsigned int page;

	do
		page = rnd(g, PAGES);
	while (allowed[page]);
	return page;
}

static void map(struct rng *g, unsigned int slot)
{
	unsigned int page = free_page(g);

	still_forbidden(page);
	tag[page] = (uint8_t)rnd(g, FORBIDDEN);
	memset(page_mem(page), tag[page], PAGE);
	for (unsigned int i = 0; i < PAGE; i += FRAME)
		page_mem(page)[i] = (uint8_t)page;
	allowed[page] = true;
	page_of[slot] = (int)page;
	assert_int_equal(host_dma_map(h, iova(slot), PAGE, MEM_READ | MEM_WRITE, host_memfd(h),
				      pool + page * PAGE - HOST_MEM_BASE), 0);
}

/* @n slots from @slot on with one message; holes between them are fine */
static void unmap(unsigned int slot, unsigned int n)
{
	bool any = false;

	for (unsigned int i = slot; i < slot + n; i++)
		any |= page_of[i] >= 0;
	assert_int_equal(host_dma_unmap(h, iova(slot), n * PAGE), any ? 0 : -2);
	for (unsigned int i = slot; i < slot + n; i++) {
		if (page_of[i] >= 0)
			forbid((unsigned int)page_of[i]);
		page_of[i] = -1;
	}
}

/* ---- life ---- */

static int setup(void **state)
{
	const struct card_config cfg = { .mac = { 2, 0, 0, 0, 0, 1 }, .queues = 4, .vectors = 16 };
	struct vu_owner owner = { .ctx = NULL };
	struct card_env env = { .now = now, .trace = trace };
	struct drv_conf conf = { .queues = 1, .hint_l4 = true, .mac = { 2, 0, 0, 0, 0, 1 } };
	char path[64], err[200];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/fbnic-test-%d-iommu", (int)getpid());
	v = vu_new(path, &owner, err, sizeof(err));
	assert_non_null(v);
	vu_env(v, &env);
	card = card_new(&cfg, &env);
	assert_non_null(card);
	vu_attach(v, card);
	card_connect(card, &port, NULL, PORT_LSO_CUT);
	h = host_connect_pumped(path, MEM, pump, NULL, err, sizeof(err));
	assert_non_null(h);
	assert_int_equal(drv_up(h), 0);
	pool = host_alloc(h, PAGES * PAGE, PAGE);
	assert_true(pool);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	rx_mark = h->mem_used;
	assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(h, &conf);
	host_idle(h, MS);
	for (unsigned int i = 0; i < PAGES; i++)
		forbid(i);
	for (unsigned int i = 0; i < SLOTS; i++)
		page_of[i] = -1;
	bugs = sent = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PAGES; i++)
		if (!allowed[i])
			still_forbidden(i);
	host_free(h);
	pump(NULL);
	vu_detach(v);
	card_free(card);
	vu_free(v);
	return 0;
}

/* ---- transmit ---- */

/* A header that is always there and a piece each of two slots; returns whether both are mapped */
static bool post(struct rng *g, uint64_t head)
{
	unsigned int a = rnd(g, SLOTS), b = rnd(g, SLOTS);
	struct drv_buf buf[3] = {
		{ head, 14 },
		{ iova(a) + rnd(g, PAGE / FRAME) * FRAME, FRAME },
		{ iova(b) + rnd(g, PAGE / FRAME) * FRAME, FRAME },
	};

	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 3), 0);
	return page_of[a] >= 0 && page_of[b] >= 0;
}

static void storm_of_maps_while_frames_leave(void **state)
{
	struct rng g = { 1 };
	uint64_t head = host_alloc(h, 64, 64), misses = bus_stat("dma_misses");
	unsigned int posted = 0, good = 0;

	(void)state;
	memcpy(host_ptr(h, head), "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5", 14);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int slot = rnd(&g, SLOTS), n = rnd_in(&g, 1, 4);

		switch (rnd(&g, 4)) {
		case 0:
			if (page_of[slot] < 0)
				map(&g, slot);
			break;
		case 1:
			unmap(slot, n < SLOTS - slot ? n : SLOTS - slot);
			break;
		default:
			for (unsigned int i = 0; i < n; i++, posted++)
				good += post(&g, head);
			drv_tx_kick(&tx, 0);
			/* half of the time the ring is still being worked on when the next map goes */
			if (rnd(&g, 2) || drv_tx_pending(&tx, 0) > 500)
				assert_int_equal(drv_tx_wait(&tx, 5000 * MS), 0);
		}
	}
	assert_int_equal(drv_tx_wait(&tx, 5000 * MS), 0);
	print_message("# %u packets, %u sent, %u maps, %u windows left\n", posted, sent,
		      (unsigned int)bus_stat("windows_mapped"), (unsigned int)bus_stat("windows"));
	assert_true(sent > posted / 20 && sent < posted);
	assert_true(sent <= good + 64);		/* (what was mapped between posting and fetching) */
	assert_true(bus_stat("dma_misses") - misses >= posted - sent);
	assert_true(bugs > 0);
	assert_true(host_cfg_rd(h, 6, 2) & 0x2000);	/* received master abort */
}

/* The window that was looked at last goes, and another comes to its address */
static void the_last_translation_is_not_remembered(void **state)
{
	struct rng g = { 2 };
	uint64_t head = host_alloc(h, 64, 64);
	struct drv_buf buf[3] = { { head, 14 }, { iova(5), FRAME }, { iova(5), FRAME } };

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		map(&g, 5);
		assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 3), 0);
		drv_tx_kick(&tx, 0);
		assert_int_equal(drv_tx_wait(&tx, 1000 * MS), 0);
		assert_int_equal(sent, i + 1);
		unmap(5, 1);
	}
	assert_int_equal(bugs, 0);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 3), 0);
	drv_tx_kick(&tx, 0);
	assert_int_equal(drv_tx_wait(&tx, 1000 * MS), 0);	/* completed all the same */
	assert_int_equal(sent, 200);
	assert_int_equal(bugs, 1);
}

/* A packet that begins in memory that is there and ends in memory that is not */
static void half_mapped_packets_do_not_leave(void **state)
{
	struct rng g = { 3 };
	uint64_t head = host_alloc(h, 64, 64);
	struct drv_buf buf[2] = { { head, 14 }, { iova(8) + PAGE - FRAME, 2 * FRAME } };

	(void)state;
	map(&g, 8);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 2), 0);
	drv_tx_kick(&tx, 0);
	assert_int_equal(drv_tx_wait(&tx, 1000 * MS), 0);
	assert_int_equal(sent, 0);
	map(&g, 9);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 2), 0);
	drv_tx_kick(&tx, 0);
	assert_int_equal(drv_tx_wait(&tx, 1000 * MS), 0);
	assert_int_equal(sent, 1);
	unmap(8, 2);
}

/* Only what the permission allows */
static void a_read_only_page_is_not_written(void **state)
{
	uint64_t where = IOVA + (1u << 20), word = 0x1122334455667788ull;

	(void)state;
	assert_int_equal(host_dma_map(h, where, PAGE, MEM_READ, host_memfd(h), pool - HOST_MEM_BASE), 0);
	assert_true(card_fw_dma_write(card, where, &word, sizeof(word)) < 0);
	assert_int_equal(card_fw_dma_read(card, where, &word, sizeof(word)), 0);
	assert_int_equal(word & 0xff, FORBIDDEN);
	assert_int_equal(host_dma_unmap(h, where, PAGE), 0);
	assert_true(card_fw_dma_read(card, where, &word, sizeof(word)) < 0);
	assert_int_equal(host_dma_map(h, where, PAGE, MEM_WRITE, host_memfd(h), pool - HOST_MEM_BASE), 0);
	assert_true(card_fw_dma_read(card, where, &word, sizeof(word)) < 0);
	assert_int_equal(host_dma_unmap(h, where, PAGE), 0);
}

/* ---- receive ---- */

static void inject(struct rng *g, unsigned int n)
{
	static uint8_t f[9000];

	for (unsigned int i = 0; i < n; i++) {
		uint32_t len = rnd_in(g, 60, sizeof(f));
		struct span s = { f, len };
		struct frame fr = { .span = &s, .len = len, .nspans = 1 };

		memset(f, (int)rnd(g, FORBIDDEN), len);
		memcpy(f, "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5", 14);
		card_rx(card, &fr, 1, true);
	}
}

/* A page that the card is about to use: of a ring, or of the first buffers */
static uint64_t some_rx_page(struct rng *g)
{
	const struct drv_bdq *b = &rx.bdq[rnd(g, 2)];

	switch (rnd(g, 6)) {
	case 0:
		return rx.rcq.addr & ~(uint64_t)(PAGE - 1);
	case 1:
		return b->ring.addr & ~(uint64_t)(PAGE - 1);
	default:
		return b->pages + rnd(g, 8) * (uint64_t)PAGE;
	}
}

/*
 * The pages behind the receive rings, each mapped by itself: some go while
 * frames come.  What is under them must stay as it was.
 */
static void storm_of_maps_while_frames_come(void **state)
{
	struct rng g = { 4 };
	unsigned int got = 0, gone = 0;
	uint8_t *copy = malloc(PAGE);
	struct drv_pkt p;

	(void)state;
	assert_non_null(copy);
	/* one window becomes one per page */
	assert_int_equal(host_dma_unmap(h, HOST_MEM_BASE, MEM), 0);
	for (uint64_t a = HOST_MEM_BASE; a < HOST_MEM_BASE + MEM; a += PAGE)
		assert_int_equal(host_dma_map(h, a, PAGE, 3, host_memfd(h), a - HOST_MEM_BASE), 0);
	inject(&g, 3);
	assert_int_equal(drv_rx_wait(&rx, &p, 1000 * MS), 1);

	for (unsigned int round = 0; round < 600; round++) {
		uint64_t a = some_rx_page(&g);
		bool taken = round % 3 == 0;

		if (taken) {
			assert_int_equal(host_dma_unmap(h, a, PAGE), 0);
			memcpy(copy, host_ptr(h, a), PAGE);
		}
		inject(&g, rnd_in(&g, 1, 20));
		host_idle(h, MS / 10);
		if (taken) {
			assert_memory_equal(host_ptr(h, a), copy, PAGE);
			gone++;
			assert_int_equal(host_dma_map(h, a, PAGE, 3, host_memfd(h), a - HOST_MEM_BASE), 0);
		}
		/* the library trusts no placement after a hole: begin with fresh rings */
		drv_rx_close(&rx);
		host_release(h, rx_mark);
		assert_int_equal(drv_rx_open(&rx, h, 0, &DRV_RX_DEFAULT), 0);
		inject(&g, 1);
		if (drv_rx_wait(&rx, &p, 5000 * MS) != 1)
			fail_msg("round %u: %s", round, rx.err);
		got++;
	}
	free(copy);
	print_message("# %u pages taken away, %u frames refused\n", gone,
		      (unsigned int)card_guest_bugs(card, BLK_RDE));
	assert_int_equal(got, 600);
	assert_true(card_guest_bugs(card, BLK_RDE) > gone / 4);
}

/* ---- the ring itself ---- */

static void a_ring_that_goes_stops_and_can_be_set_up_again(void **state)
{
	struct rng g = { 5 };
	uint64_t head = host_alloc(h, 64, 64), ring = tx.twq[0].addr & ~(uint64_t)(PAGE - 1);
	uint64_t size = 1024 * 8;
	struct drv_buf buf[3] = { { head, 14 }, { iova(1), FRAME }, { iova(2), FRAME } };

	(void)state;
	map(&g, 1);
	map(&g, 2);
	assert_int_equal(host_dma_unmap(h, HOST_MEM_BASE, MEM), 0);
	assert_int_equal(host_dma_map(h, HOST_MEM_BASE, ring - HOST_MEM_BASE, 3, host_memfd(h), 0), 0);
	assert_int_equal(host_dma_map(h, ring + size, HOST_MEM_BASE + MEM - ring - size, 3, host_memfd(h),
				      ring + size - HOST_MEM_BASE), 0);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 3), 0);
	drv_tx_kick(&tx, 0);
	host_idle(h, MS);
	assert_int_equal(sent, 0);
	assert_int_equal(bugs, 1);
	assert_true(drv_idle(h, 100 * MS));	/* the driver's wait for idle does not hang on it */

	assert_int_equal(host_dma_map(h, ring, size, 3, host_memfd(h), ring - HOST_MEM_BASE), 0);
	drv_tx_close(&tx);
	assert_int_equal(drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), buf, 3), 0);
	drv_tx_kick(&tx, 0);
	assert_int_equal(drv_tx_wait(&tx, 1000 * MS), 0);
	assert_int_equal(sent, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_last_translation_is_not_remembered), T(half_mapped_packets_do_not_leave),
		T(a_read_only_page_is_not_written), T(storm_of_maps_while_frames_leave),
		T(storm_of_maps_while_frames_come), T(a_ring_that_goes_stops_and_can_be_set_up_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
