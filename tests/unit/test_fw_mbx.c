// SPDX-License-Identifier: GPL-2.0-or-later
/* The mailbox rings: heads, skips, resets, DMA gating, queueing, hostile hosts */
#include "fw_fake.h"

static void handshake(struct fake *f)
{
	struct fw_in in;
	uint8_t b[4096];

	drv_open(f);
	f->mode_first = false;
	DRV_SEND(f, 0x00018010);
	assert_true(f->mode_first);
	assert_int_equal(drv_reap(f), 1);
	drv_expect(f, MSG_FW_CAP_RESP, &in, b);
	assert_int_equal(drv_recv(f, b), 0);
}

static void heartbeat(struct fake *f)
{
	struct fw_in in;
	uint8_t b[4096];

	DRV_SEND(f, 0x00018014);
	assert_int_equal(drv_reap(f), 1);
	drv_expect(f, MSG_HEARTBEAT_RESP, &in, b);
}

static void worked_example_descriptors(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	f->aw = f->ar = true;
	/* the example's addresses: Rx page 0x07fe1000, Tx page 0x07fd0000 */
	drv_wr(f, 0x6001, 0x10000000);
	drv_wr(f, 0x6000, 0x07fe1001);
	put_le32(fake_mem(f, 0x07fd0000, 4), 0x00018014);
	drv_wr(f, 0x6021, 0x00044000);
	assert_int_equal(f->irqs, 0);
	drv_wr(f, 0x6020, 0x07fd0001);
	assert_int_equal(f->word[0x20], 0x07fd0003);
	assert_int_equal(f->word[0x21], 0x00044000);
	assert_int_equal(f->word[0], 0x07fe1003);
	assert_int_equal(f->word[1], 0x00104000);	/* 16 bytes */
	assert_int_equal(f->irqs, 1);
	assert_int_equal(get_le32(fake_mem(f, 0x07fe1000, 16)), 0x00048015);
	assert_int_equal(get_le32(fake_mem(f, 0x07fe1004, 12)), 0x000c0000);
	assert_int_equal(get_le32(fake_mem(f, 0x07fe1008, 8)), 1);
	fake_free(f);
}

static void heartbeat_and_ownership_dwords(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	handshake(f);
	f->now += 0x123456789ull * MS;
	DRV_SEND(f, 0x00018014);
	DRV_EXPECT_DWORDS(f, 0x00048015, 0x000c0000, 0x2345678a, 1);
	DRV_SEND(f, 0x00028012, 0x00040000);
	f->now += 10 * MS;
	fake_sleep(f, 0);
	DRV_EXPECT_DWORDS(f, 0x00048013, 0x000c0001, 0x23456794, 1);
	fake_free(f);
}

static void every_tx_low_write_interrupts(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	for (unsigned int d = 0; d < 16; d++) {
		unsigned int n = f->irqs;

		drv_wr(f, drv_word(RING_TX, d) + 1, 0);
		drv_wr(f, drv_word(RING_RX, d), 0);
		assert_int_equal(f->irqs, n);
		drv_wr(f, drv_word(RING_TX, d), 0);
		assert_int_equal(f->irqs, n + 1);
	}
	fw_mbx_written(f->fw, 0, 0);			/* words that are not the mailbox */
	fw_mbx_written(f->fw, 0, 0x5fff);
	fw_mbx_written(f->fw, 0, 0x6040);
	fw_mbx_written(f->fw, 0, 0xffffffff);
	assert_int_equal(f->irqs, 16);
	fake_free(f);
}

static void reset_resyncs_any_heads(void **st)
{
	(void)st;
	for (unsigned int rx = 0; rx < 16; rx++) {
		for (unsigned int tx = 0; tx < 16; tx++) {
			struct fake *f = fake_new();

			f->fw->host[0].head[RING_RX] = rx;
			f->fw->host[0].head[RING_TX] = tx;
			drv_reset_ring(f, RING_RX);
			assert_int_equal(f->fw->host[0].head[RING_RX], 0);
			assert_int_equal(f->fw->host[0].head[RING_TX], tx);
			drv_reset_ring(f, RING_TX);
			assert_int_equal(f->fw->host[0].head[RING_TX], 0);
			handshake(f);
			assert_int_equal(fake_refusals(f), 0);
			fake_free(f);
		}
	}
}

static void close_and_reopen_anywhere(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	for (unsigned int n = 0; n < 40; n++) {
		handshake(f);
		assert_int_equal(f->fw->host[0].head[RING_TX], 1);
		for (unsigned int i = 0; i < n; i++)
			heartbeat(f);
		assert_int_equal(f->fw->host[0].head[RING_TX], (1 + n) % 16);
		assert_int_equal(f->fw->host[0].head[RING_RX], (1 + n) % 16);
		if (n % 3)
			drv_close(f);		/* else: crashed, the next one just opens */
		if (n % 3)
			assert_false(fw_host_here(f->fw, 0));
	}
	assert_int_equal(fake_refusals(f), 0);
	fake_free(f);
}

static void function_reset_forgets_the_rings(void **st)
{
	struct fake *f = fake_new();
	uint64_t up;

	(void)st;
	handshake(f);
	heartbeat(f);
	heartbeat(f);
	f->now += 1000 * MS;
	up = fw_uptime_ms(f->fw);
	memset(f->word, 0, sizeof(f->word));
	f->modes = 0;
	fw_host_reset(f->fw, 0);
	assert_int_equal(f->fw->host[0].head[RING_RX] | f->fw->host[0].head[RING_TX], 0);
	assert_int_equal(f->modes, 1);
	assert_true(fw_uptime_ms(f->fw) >= up);
	handshake(f);
	assert_int_equal(fake_refusals(f), 0);
	fake_free(f);
}

static void dma_off_is_an_error_and_the_retry_works(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	drv_open(f);
	f->ar = false;
	DRV_SEND(f, 0x00018010);
	assert_int_equal(drv_reap(f), 1);
	assert_int_equal(f->tx_errors, 1);
	assert_int_equal(f->word[0x20] & 7, 7);
	assert_int_equal(f->dma_reads, 0);
	assert_int_equal(fw_refused(f->fw, FWR_TX_GATED), 1);
	f->ar = true;
	DRV_SEND(f, 0x00018010);
	assert_int_equal(drv_reap(f), 1);
	assert_int_equal(f->tx_errors, 1);
	assert_int_equal(fw_counter(f->fw, FWC_MSG_OUT), 1);
	fake_free(f);
}

static void replies_wait_for_pages_in_order(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	memset(f->head, 0, sizeof(f->head));
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	f->aw = f->ar = true;
	DRV_SEND(f, 0x00018010);
	DRV_SEND(f, 0x00018014);
	DRV_SEND(f, 0x0001803c);
	assert_int_equal(drv_reap(f), 3);
	assert_int_equal(f->dma_writes, 0);
	assert_int_equal(fw_counter(f->fw, FWC_QUEUED), 3);
	f->aw = false;					/* pages, but no DMA: still waiting */
	drv_post_rx(f);
	assert_int_equal(f->dma_writes, 0);
	f->aw = true;
	drv_wr(f, drv_word(RING_RX, 15), 0);		/* any Rx write is an occasion */
	drv_expect(f, MSG_FW_CAP_RESP, &in, b);
	drv_expect(f, MSG_HEARTBEAT_RESP, &in, b);
	drv_expect(f, MSG_TSENE_READ_RESP, &in, b);
	assert_int_equal(drv_recv(f, b), 0);
	fake_free(f);
}

static void queue_is_bounded_and_recovers(void **st)
{
	struct fake *f = fake_new();
	uint64_t sent = 0;
	uint8_t b[4096];

	(void)st;
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	f->aw = f->ar = true;
	while (!fw_refused(f->fw, FWR_RX_FULL)) {
		DRV_SEND(f, 0x00018014);
		assert_int_equal(drv_reap(f), 1);
		assert_true(++sent < 100000);
	}
	drv_post_rx(f);
	for (uint64_t i = 0; i < sent - 1; i++)
		assert_int_equal(drv_recv(f, b), 16);
	assert_int_equal(drv_recv(f, b), 0);
	heartbeat(f);
	fake_free(f);
}

/* Filled to four words of free space: a message of four dwords needs five */
static void queue_holds_no_word_too_many(void **st)
{
	struct fake *f = fake_new();
	uint8_t b[4096];

	(void)st;
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	f->aw = f->ar = true;
	for (unsigned int i = 0; i < 1636 + 4; i++) {
		DRV_SEND(f, i < 1636 ? 0x00018014 : 0x00018000);
		drv_reap(f);
	}
	assert_int_equal(fw_refused(f->fw, FWR_RX_FULL), 0);
	DRV_SEND(f, 0x00018014);
	assert_int_equal(fw_refused(f->fw, FWR_RX_FULL), 1);
	drv_post_rx(f);
	for (unsigned int i = 0; i < 1636 + 4; i++)
		assert_int_equal(drv_recv(f, b), i < 1636 ? 16 : 4);
	assert_int_equal(drv_recv(f, b), 0);
	fake_free(f);
}

static void host_gone_drops_what_waits(void **st)
{
	struct fake *f = fake_new();
	uint8_t b[4096];

	(void)st;
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	f->ar = true;
	DRV_SEND(f, 0x00018014);
	DRV_SEND(f, 0x00028012, 0x00040000);
	assert_true(fw_host_here(f->fw, 0));
	assert_true(fw_host_owns(f->fw, 0));
	drv_open(f);
	assert_false(fw_host_here(f->fw, 0));
	assert_false(fw_host_owns(f->fw, 0));
	assert_int_equal(fw_counter(f->fw, FWC_HOST_GONE), 1);
	fake_sleep(f, 100 * MS);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(f->timer, FW_NEVER);
	fake_free(f);
}

static void full_tx_ring_is_done_in_order(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	handshake(f);
	/* Fifteen messages stored, one write to tell: all are done, from the head */
	for (unsigned int i = 0; i < 15; i++) {
		unsigned int d = (1 + i) % 16;

		put_le32(fake_mem(f, TX_PAGE(d), 4), i % 2 ? 0x00018014 : 0x0001803c);
		f->word[drv_word(RING_TX, d) + 1 - MBX_WORD] = 4u << 16 | 0x4000;
		f->word[drv_word(RING_TX, d) - MBX_WORD] = (uint32_t)TX_PAGE(d) | 1;
	}
	f->tail[RING_TX] = 0;
	fw_mbx_written(f->fw, 0, drv_word(RING_TX, 15));
	assert_int_equal(drv_reap(f), 15);
	assert_int_equal(f->tx_errors, 0);
	for (unsigned int i = 0; i < 15; i++)
		drv_expect(f, i % 2 ? MSG_HEARTBEAT_RESP : MSG_TSENE_READ_RESP, &in, b);
	fake_free(f);
}

static void lengths_and_addresses_from_0_to_all(void **st)
{
	struct fake *f = fake_new();
	uint64_t n = 0;

	(void)st;
	handshake(f);
	for (unsigned int len = 0; len < 65536; len += len < 4200 ? 1 : 617) {
		memset(fake_mem(f, TX_PAGE(0), 8192), 0, 8192);
		put_le32(fake_mem(f, TX_PAGE(0), 4), 0x00018046);
		assert_true(drv_map(f, RING_TX, TX_PAGE(0), len, true));
		assert_int_equal(drv_reap(f), 1);
		n += len < 4 || len > 4096;
		assert_int_equal(f->tx_errors, n);
		assert_int_equal(fw_refused(f->fw, FWR_TX_LEN), n);
	}
	assert_int_equal(fw_refused(f->fw, FWR_MSG_HEADER), 0);
	for (unsigned int bit = 3; bit < 46; bit++) {
		assert_true(drv_map(f, RING_TX, 1ull << bit, 64, true));
		assert_int_equal(drv_reap(f), 1);
	}
	assert_int_equal(fw_refused(f->fw, FWR_TX_FAULT), 43);
	assert_true(drv_map(f, RING_TX, MEM_BASE + MEM_SIZE - 8, 16, true));
	assert_int_equal(fw_refused(f->fw, FWR_TX_FAULT), 44);
	assert_true(drv_map(f, RING_TX, TX_PAGE(0), 4, false));
	assert_int_equal(fw_refused(f->fw, FWR_TX_EOM), 1);
	drv_reap(f);
	heartbeat(f);
	fake_free(f);
}

static void message_length_lies(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	handshake(f);
	for (unsigned int dw = 0; dw < 65536; dw += dw < 40 ? 1 : 911) {
		uint32_t m[8] = { 0x00008010 | dw << 16, 0x00040005 };
		uint64_t bad = fw_refused(f->fw, FWR_MSG_HEADER);

		assert_true(drv_send(f, m, 8));
		assert_int_equal(drv_reap(f), 1);
		assert_int_equal(fw_refused(f->fw, FWR_MSG_HEADER), bad + (!dw || dw > 8));
		memset(f->word, 0, 4 * 32);
		f->head[RING_RX] = f->tail[RING_RX] = f->fw->host[0].head[RING_RX];
		drv_post_rx(f);
	}
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

static void bad_rx_pages_are_marked_and_passed(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	f->aw = f->ar = true;
	drv_map(f, RING_RX, 0x123000, 4096, false);	/* not memory */
	drv_map(f, RING_RX, RX_PAGE(1), 15, false);	/* too short */
	drv_map(f, RING_RX, RX_PAGE(2), 16, false);
	drv_map(f, RING_RX, RX_PAGE(3), 0, false);
	for (unsigned int i = 0; i < 4; i++)
		DRV_SEND(f, 0x00018014);
	assert_int_equal(f->word[0], 0x123007);
	assert_int_equal(f->word[1], 0);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(drv_recv(f, b), 0);
	drv_expect(f, MSG_HEARTBEAT_RESP, &in, b);
	assert_int_equal(drv_recv(f, b), 0);
	assert_int_equal(f->rx_errors, 3);
	assert_int_equal(fw_refused(f->fw, FWR_RX_FAULT), 1);
	assert_int_equal(fw_refused(f->fw, FWR_RX_SHORT), 2);
	fake_free(f);
}

static void all_skips_or_all_ours_ends_after_a_turn(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	f->ar = f->aw = true;
	for (unsigned int w = 0; w < MBX_WORDS; w += 2)
		f->word[w] = 3;
	fw_mbx_written(f->fw, 0, 0x6000);
	fw_mbx_written(f->fw, 0, 0x6020);
	for (unsigned int d = 0; d < 16; d++) {
		f->word[32 + 2 * d] = (uint32_t)TX_PAGE(0) | 1;
		f->word[33 + 2 * d] = 4u << 16 | 0x4000;
	}
	put_le32(fake_mem(f, TX_PAGE(0), 4), 0x00018fff);
	fw_mbx_written(f->fw, 0, 0x6020);
	assert_int_equal(f->dma_reads, 16);
	assert_int_equal(fw_refused(f->fw, FWR_MSG_UNKNOWN), 16);
	for (unsigned int d = 0; d < 16; d++)
		assert_int_equal(f->word[32 + 2 * d] & 7, 3);
	for (unsigned int d = 0; d < 16; d++)
		f->word[32 + 2 * d] = 2;		/* FW_CMPL alone is no skip */
	fw_mbx_written(f->fw, 0, 0x6020);
	assert_int_equal(f->dma_reads, 16);
	assert_int_equal(f->fw->host[0].head[RING_TX], 0);
	for (unsigned int d = 0; d < 16; d++)
		f->word[32 + 2 * d] = (uint32_t)TX_PAGE(0);	/* nor is an address without bits a message */
	fw_mbx_written(f->fw, 0, 0x6020);
	assert_int_equal(f->dma_reads, 16);
	fake_free(f);
}

static void reset_while_reading(struct fake *f)
{
	f->on_dma = NULL;
	drv_reset_ring(f, RING_RX);
	drv_reset_ring(f, RING_TX);
	f->ar = true;
}

static void host_takes_the_ring_while_we_read(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	handshake(f);
	f->on_dma = reset_while_reading;
	DRV_SEND(f, 0x00018014);
	assert_int_equal(fw_refused(f->fw, FWR_TX_TAKEN), 1);
	for (unsigned int d = 0; d < 16; d++)
		assert_int_equal(f->word[32 + 2 * d], d ? 3 : 0);
	assert_int_equal(f->fw->host[0].head[RING_TX], 0);
	assert_int_equal(f->fw->host[0].head[RING_RX], 0);
	f->tx_errors = 0;
	handshake(f);
	fake_free(f);
}

/* All that the host did between two looks of ours, from any heads: as if we had seen it */
static void a_home_that_hears_late(void **st)
{
	struct fake *f = fake_new();
	struct fw_in in;
	uint8_t b[4096];

	(void)st;
	f->late = true;
	for (unsigned int n = 0; n < 40; n++) {
		unsigned int irqs = f->irqs;

		memset(f->head, 0, sizeof(f->head));
		memset(f->tail, 0, sizeof(f->tail));
		drv_reset_ring(f, RING_RX);
		drv_reset_ring(f, RING_TX);
		if (n % 3 == 0) {
			fake_hear(f);
			assert_int_equal(f->irqs, irqs + 1);
		}
		f->aw = f->ar = true;
		drv_post_rx(f);
		if (n % 3 == 1)
			fake_hear(f);
		for (unsigned int k = 0; k < 1 + n % 5; k++) {
			DRV_SEND(f, 0x00018014);
			DRV_SEND(f, 0x0001803c);
			fake_hear(f);
			assert_int_equal(drv_reap(f), 2);
			drv_expect(f, MSG_HEARTBEAT_RESP, &in, b);
			drv_expect(f, MSG_TSENE_READ_RESP, &in, b);
			assert_int_equal(drv_recv(f, b), 0);
		}
		if (n % 4 == 1) {	/* rings away with an answer that nobody takes, or a request unheard */
			DRV_SEND(f, 0x00018014);
			if (n % 8 == 1)
				fake_hear(f);
		}
	}
	assert_int_equal(fake_refusals(f), 0);
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

static struct fake *swap_fake;
static unsigned int swaps_left;

/* The host takes its rings away just before a completion is written */
static bool late_swap(void *ctx, unsigned int word, uint32_t old, uint32_t val)
{
	struct fake *f = swap_fake;

	(void)ctx;
	if (swaps_left && !--swaps_left) {
		drv_reset_ring(f, RING_RX);
		drv_reset_ring(f, RING_TX);
	}
	if (f->word[word - MBX_WORD] != old)
		return false;
	f->word[word - MBX_WORD] = val;
	return true;
}

static void the_ring_is_taken_before_a_completion(void **st)
{
	struct fake *f = fake_new();

	(void)st;
	swap_fake = f;
	f->fw->env.mbx_swap = late_swap;
	for (unsigned int n = 1; n <= 2; n++) {		/* the answer's, the request's */
		f->late = false;
		swaps_left = 0;
		handshake(f);
		f->late = true;
		f->rx = f->tx = f->taken = false;
		DRV_SEND(f, 0x0001803c);
		DRV_SEND(f, 0x0001803c);
		swaps_left = n;
		fake_hear(f);
		assert_int_equal(swaps_left, 0);
		for (unsigned int ring = 0; ring < 2; ring++)
			for (unsigned int d = 0; d < 16; d++)
				assert_int_equal(f->word[32 * ring + 2 * d], d ? 3 : 0);
		fake_hear(f);
	}
	assert_in_range(fw_refused(f->fw, FWR_TX_TAKEN), 2, 4);
	f->late = false;
	f->tx_errors = 0;
	handshake(f);
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

/* Random words, random memory, random events; the sanitizers and the asserts in the fake are the test */
static void random_garbage(void **st)
{
	struct fake *f = fake_new();
	uint32_t s = 0x5eed0001;

	(void)st;
#define R() rnd(&s)
	for (unsigned int i = 0; i < 400000; i++) {
		unsigned int ring = R() % 2, d = R() % 16;
		uint64_t addr = R() % 8 ? MEM_BASE + (R() % MEM_SIZE & ~7u) : ((uint64_t)R() << 14 ^ R()) & ~7ull;

		if (!(i % 64)) {
			f->ar = R() % 8;
			f->aw = R() % 8;
		}
		if (ring == RING_TX && R() % 4) {
			uint8_t *p = fake_mem(f, MEM_BASE + (addr & 0xff000), 64);
			unsigned int n = R() % 14;

			addr = MEM_BASE + (addr & 0xff000);
			put_le32(p, (R() % 8 ? fw_msgs[R() % fw_msg_count].id : R() & 0xfff) | 0x8000 | (n + 1) << 16);
			for (unsigned int k = 0; k < n; k++)
				put_le32(p + 4 + 4 * k, R() % 3 ? R() % 13 | (4 + R() % 9) << 16 : R());
		}
		drv_wr(f, drv_word(ring, d) + 1, R() % 8 ? (R() % 64 ? 4096u : R() % 65536) << 16 | 0x4000 |
		       (uint32_t)(addr >> 32) : R());
		drv_wr(f, drv_word(ring, R() % 4 ? f->fw->host[0].head[ring] : d), R() % 8 ? (uint32_t)addr | 1 : R() % 3 ? R() % 4 : R());
		if (!(R() % 100))
			fw_link(f->fw, 0, R() % 2);
		if (!(R() % 100))
			fake_sleep(f, R() % (40 * MS));
		if (!(R() % 5000)) {
			memset(f->word, 0, sizeof(f->word));
			fw_host_reset(f->fw, 0);
		}
	}
	/* It went through: each reason of the mailbox was met but two, which have tests of their own */
	for (unsigned int i = 0; i < FWR_PLDM_MESSAGE; i++)
		if (i != FWR_TX_TAKEN && i != FWR_RX_FULL && !fw_refused(f->fw, (enum fw_refusal)i))
			fail_msg("never refused: %s", fw_refusal_names[i]);
	assert_true(fw_counter(f->fw, FWC_MSG_IN) > 1000);
	assert_true(fw_counter(f->fw, FWC_MSG_OUT) > 1000);
	/* ... and the firmware is as good as new */
	f->tx_errors = 0;
	drv_close(f);
	handshake(f);
	heartbeat(f);
	assert_int_equal(f->tx_errors, 0);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(worked_example_descriptors),
		cmocka_unit_test(heartbeat_and_ownership_dwords),
		cmocka_unit_test(every_tx_low_write_interrupts),
		cmocka_unit_test(reset_resyncs_any_heads),
		cmocka_unit_test(close_and_reopen_anywhere),
		cmocka_unit_test(function_reset_forgets_the_rings),
		cmocka_unit_test(dma_off_is_an_error_and_the_retry_works),
		cmocka_unit_test(replies_wait_for_pages_in_order),
		cmocka_unit_test(queue_is_bounded_and_recovers),
		cmocka_unit_test(queue_holds_no_word_too_many),
		cmocka_unit_test(host_gone_drops_what_waits),
		cmocka_unit_test(full_tx_ring_is_done_in_order),
		cmocka_unit_test(lengths_and_addresses_from_0_to_all),
		cmocka_unit_test(message_length_lies),
		cmocka_unit_test(bad_rx_pages_are_marked_and_passed),
		cmocka_unit_test(all_skips_or_all_ours_ends_after_a_turn),
		cmocka_unit_test(host_takes_the_ring_while_we_read),
		cmocka_unit_test(a_home_that_hears_late),
		cmocka_unit_test(the_ring_is_taken_before_a_completion),
		cmocka_unit_test(random_garbage),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
