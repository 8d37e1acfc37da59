/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data path without a VM, on one core: a host posts packets to a card, a
 * pair wire takes them to a second card, a second host takes them from its
 * ring and gives the pages back.  The time of both hosts is in the figures.
 *
 * Every frame that arrives is counted and its length checked; LSO means large
 * sends of 64 KiB that arrive as wire frames.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../src/loop/loop.h"
#include "../src/host/drv.h"
#include "../src/wire/wire.h"

#define RUNS		11
#define SECONDS_A_RUN	0.5
#define MEM		(96u << 20)
#define BURST		32u

static struct host_inproc *host[2];
static struct wire *wire[2];
static struct drv_tx tx;
static struct drv_rx rx;
static struct loop *loop;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_card: %s (%s) (%s)\n", what, tx.err, rx.err);
	exit(1);
}

static unsigned int to_card(void *ctx, const struct frame *f, unsigned int n, bool must)
{
	return card_rx(((struct host_inproc *)ctx)->card, f, n, must);
}

static void card_ready(void *ctx)
{
	card_port_ready(((struct host_inproc *)ctx)->card);
}

static void plug(unsigned int i)
{
	const struct wire_end end = { host[i], to_card, card_ready, NULL };
	const struct port_ops *ops;
	enum port_lso lso;
	char err[200];
	void *ctx;

	wire[i] = wire_open("pair:bench", &end, loop_wire(loop), err, sizeof(err));
	if (!wire[i])
		fail(err);
	wire_port(wire[i], &ops, &ctx, &lso);
	card_connect(host[i]->card, ops, ctx, lso);
}

static void setup(void)
{
	struct drv_tx_cfg tcfg = DRV_TX_DEFAULT;
	struct drv_rx_cfg rcfg = DRV_RX_DEFAULT;
	unsigned int i;

	loop = loop_new();
	for (i = 0; i < 2; i++) {
		const struct card_config cfg = {
			.mac = { 2, 0, 0, 0, 0, (uint8_t)(i + 1) }, .queues = 128, .vectors = 256,
		};

		host[i] = host_new_inproc(&cfg, MEM);
		if (!host[i] || drv_up(&host[i]->h))
			fail("bring-up");
		plug(i);
	}
	rcfg.hpq_log = rcfg.ppq_log = 10;
	rcfg.rcq_log = 12;
	rcfg.fast = true;
	rcfg.drop_mode = 2;
	if (drv_tx_open(&tx, &host[0]->h, 0, &tcfg) || drv_rx_open(&rx, &host[1]->h, 0, &rcfg))
		fail("queues");
	drv_rpc_on(&host[1]->h, &(struct drv_conf){
		.mac = { 2, 0, 0, 0, 0, 2 }, .queues = 1, .hint_l4 = true });
}

/* An Ethernet, IPv4 and TCP header for a frame of @len bytes; the rest is a pattern */
static uint64_t make_frame(uint32_t len, bool lso)
{
	uint64_t addr = host_alloc(&host[0]->h, 72 << 10, 4096);
	uint8_t *p = host_ptr(&host[0]->h, addr);
	uint32_t ip = len - 14, i, sum;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7);
	memcpy(p, (uint8_t[]){ 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0 }, 16);
	p[16] = (uint8_t)(ip >> 8);
	p[17] = (uint8_t)ip;
	memcpy(p + 18, (uint8_t[]){ 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 }, 16);
	for (sum = 0, i = 14; i < 34; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[24] = (uint8_t)(sum >> 8);
	p[25] = (uint8_t)sum;
	memcpy(p + 34, (uint8_t[]){ 0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 255, 255 }, 16);
	/* pseudo header of addresses and protocol, without length when it is segmented */
	sum = 0x0a00 + 1 + 0x0a00 + 2 + 6 + (lso ? 0 : ip - 20);
	p[50] = (uint8_t)(sum >> 8);
	p[51] = (uint8_t)sum;
	return addr;
}

struct result {
	double	packets, gbit;		/* per second, in frames on the wire */
};

static uint64_t drain(uint64_t *bytes)
{
	struct drv_pkt pkt;
	uint64_t n = 0;
	int r;

	while ((r = drv_rx_poll(&rx, &pkt)) == 1) {
		n++;
		*bytes += pkt.len;
	}
	if (r < 0)
		fail("the receiver");
	drv_rx_refill(&rx);
	return n;
}

static void step(void)
{
	uint64_t t = (uint64_t)(now() * 1e9);
	bool more;

	host[0]->now_ns = host[1]->now_ns = t;
	do {
		more = card_run(host[0]->card);
		more |= card_run(host[1]->card);
	} while (more);
	if (drv_tx_reap(&tx) < 0)
		fail("the sender");
}

/* Packets of one buffer, @frames on the wire each */
static struct result run(uint64_t meta, uint64_t addr, uint32_t len, uint32_t burst, uint32_t frames,
			 uint64_t wire_bytes)
{
	uint64_t sent = 0, got = 0, bytes = 0;
	double t0 = now(), t;
	struct result r;
	unsigned int i;

	do {
		for (i = 0; i < burst; i++, sent++) {
			struct drv_buf b[2] = { { addr, (uint16_t)(len > 60000 ? 32768 : len) },
						{ addr + 32768, (uint16_t)(len - 32768) } };

			if (drv_tx_post(&tx, 0, meta, b, len > 60000 ? 2 : 1))
				fail("no room in the ring");
		}
		drv_tx_kick(&tx, 0);
		while (drv_tx_pending(&tx, 0)) {
			step();
			got += drain(&bytes);
		}
		t = now();
	} while (t - t0 < SECONDS_A_RUN);
	while (got < sent * frames && now() < t + 1) {
		step();
		got += drain(&bytes);
	}
	if (got != sent * frames || bytes != sent * wire_bytes) {
		fprintf(stderr, "sent %llu packets, %llu frames arrived, %llu bytes\n",
			(unsigned long long)sent, (unsigned long long)got, (unsigned long long)bytes);
		fail("frames were lost");
	}
	r.packets = (double)got / (t - t0);
	r.gbit = (double)bytes * 8 / (t - t0) * 1e-9;
	return r;
}

static int compare(const void *a, const void *b)
{
	double x = ((const struct result *)a)->packets, y = ((const struct result *)b)->packets;

	return (x > y) - (x < y);
}

static void report(const char *what, uint64_t meta, uint32_t len, uint32_t burst, uint32_t frames,
		   uint64_t wire_bytes, bool lso)
{
	uint64_t addr = make_frame(len, lso);
	struct result r[RUNS];
	unsigned int i;

	run(meta, addr, len, burst, frames, wire_bytes);	/* warms caches */
	for (i = 0; i < RUNS; i++)
		r[i] = run(meta, addr, len, burst, frames, wire_bytes);
	qsort(r, RUNS, sizeof(r[0]), compare);
	printf("| %s | %.2f | %.2f | %.2f to %.2f |\n", what, r[RUNS / 2].packets * 1e-6, r[RUNS / 2].gbit,
	       r[0].packets * 1e-6, r[RUNS - 1].packets * 1e-6);
	fflush(stdout);
}

int main(void)
{
	const uint64_t csum = TWD_REQ_CSO | TWD_REQ_COMPLETION;
	const struct drv_offload cso = { .l2 = 14, .l3 = 20, .csum_off = 16, .flags = csum };
	const struct drv_offload lso = { .l2 = 14, .l3 = 20, .csum_off = 16, .l4 = 20, .l3_type = 1, .l4_type = 1,
		.mss = 1448, .flags = TWD_REQ_LSO | TWD_REQ_COMPLETION };
	uint32_t payload = 45 * 1448;

	setup();
	printf("| One core, Tx ring to Rx ring | M frames/s | Gbit/s | spread, M frames/s |\n|---|---|---|---|\n");
	report("64 B (60 and FCS)", drv_meta_plain(), 60, BURST, 1, 60, false);
	report("64 B, checksum offload", drv_meta(&cso), 60, BURST, 1, 60, false);
	report("1514 B", drv_meta_plain(), 1514, BURST, 1, 1514, false);
	report("1514 B, checksum offload", drv_meta(&cso), 1514, BURST, 1, 1514, false);
	report("9014 B", drv_meta_plain(), 9014, BURST, 1, 9014, false);
	report("LSO, 64 KiB to frames of 1502 B", drv_meta(&lso), 54 + payload, 4, 45, 45 * 54 + payload, true);
	return 0;
}
