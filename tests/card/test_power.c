/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * D3hot and back, and bus mastering off and on, with rings running: a function
 * that sleeps touches neither host memory nor the interrupt controller, and
 * forgets nothing (No_Soft_Reset).
 */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES	20
#define MEM	(16u << 20)

static struct rig r;
static struct drv_tx tx;
static struct drv_rx rx;
static uint64_t buf;
static uint8_t *before;

static int setup(void **state)
{
	struct drv_conf conf = { .queues = 1, .hint_l4 = true };

	(void)state;
	rig_open(&r, 2, 4, MEM, PORT_LSO_CUT);
	assert_int_equal(drv_tx_open(&tx, r.h[0], 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&rx, r.h[1], 0, &DRV_RX_DEFAULT), 0);
	memcpy(conf.mac, rig_mac[1], 6);
	drv_rpc_on(r.h[1], &conf);
	buf = host_alloc(r.h[0], FRAMES * 2048, 4096);
	rig_run(&r, MS);
	before = malloc(MEM);
	return before ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(before);
	rig_no_bugs(&r);
	rig_close(&r);
	return 0;
}

static void power(unsigned int card, unsigned int d)
{
	host_cfg_wr(r.h[card], host_find_cap(r.h[card], 0x01) + 4, 2, d);
}

static void master(unsigned int card, bool on)
{
	uint32_t cmd = host_cfg_rd(r.h[card], 4, 2) & ~4u;

	host_cfg_wr(r.h[card], 4, 2, cmd | (on ? 4 : 0));
}

static void send_all(void)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		struct drv_buf b = { buf + i * 2048, (uint16_t)(100 + i) };
		uint8_t *p = host_ptr(r.h[0], b.addr);

		memset(p, (int)i + 1, b.len);
		memcpy(p, rig_mac[1], 6);
		memcpy(p + 6, rig_mac[0], 6);
		wr16(p + 12, 0x88b5);
		assert_int_equal(drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1), 0);
	}
	drv_tx_kick(&tx, 0);
}

static void all_arrive(void)
{
	struct drv_pkt p;

	rig_run(&r, MS);
	for (unsigned int i = 0; i < FRAMES; i++) {
		assert_int_equal(drv_rx_poll(&rx, &p), 1);
		assert_int_equal(p.len, 100 + i);
		assert_memory_equal(p.data, host_ptr(r.h[0], buf + i * 2048), p.len);
	}
	assert_int_equal(drv_rx_poll(&rx, &p), 0);
	drv_rx_refill(&rx);
	assert_int_equal(drv_tx_wait(&tx, MS), 0);
}

/* What the card does from here on until untouched() */
static void watch(unsigned int card)
{
	memcpy(before, r.h[card]->mem, MEM);
	r.ip[card]->irqs_total = 0;
}

static void untouched(unsigned int card)
{
	assert_memory_equal(r.h[card]->mem, before, MEM);
	assert_int_equal(r.ip[card]->irqs_total, 0);
}

static void receiver(void (*off)(void), void (*on)(void))
{
	drv_arm(r.h[1], 2, 1, 1);
	off();
	watch(1);
	send_all();
	rig_run(&r, 100 * MS);
	untouched(1);
	on();
	all_arrive();
	assert_int_not_equal(r.ip[1]->irqs_total, 0);
}

static void rx_sleep(void) { power(1, 3); }
static void rx_wake(void) { power(1, 0); }
static void rx_master_off(void) { master(1, false); }
static void rx_master_on(void) { master(1, true); }

static void asleep_frames_wait_in_the_receive_buffer(void **state)
{
	(void)state;
	receiver(rx_sleep, rx_wake);
}

static void without_bus_master_frames_wait_too(void **state)
{
	(void)state;
	receiver(rx_master_off, rx_master_on);
}

static void asleep_nothing_is_sent(void **state)
{
	(void)state;
	send_all();		/* the doorbell came, the card has not run yet */
	power(0, 3);
	watch(0);
	rig_run(&r, 100 * MS);
	untouched(0);
	assert_int_equal(r.moves, 0);
	power(0, 0);
	all_arrive();
}

static void an_interrupt_waits_for_d0(void **state)
{
	(void)state;
	host_irq_take(r.h[0], 0);
	card_fw_irq(r.ip[0]->card);
	assert_int_equal(host_irq_take(r.h[0], 0), 0);	/* masked in INTR */
	csr_wr(r.h[0], INTR_MASK_CLEAR(0), 1);
	assert_int_equal(host_irq_take(r.h[0], 0), 1);
	csr_wr(r.h[0], INTR_CLEAR(0), 1);
	csr_wr(r.h[0], INTR_MASK_CLEAR(0), 1);
	power(0, 3);
	card_fw_irq(r.ip[0]->card);
	assert_int_equal(host_irq_take(r.h[0], 0), 0);
	power(0, 0);
	assert_int_equal(host_irq_take(r.h[0], 0), 1);
}

static void d1_and_d2_do_not_exist(void **state)
{
	uint32_t pm = host_find_cap(r.h[0], 0x01) + 4;

	(void)state;
	for (unsigned int d = 1; d < 3; d++) {
		power(0, d);
		assert_int_equal(host_cfg_rd(r.h[0], pm, 2) & 3, 0);
		power(0, 3);
		power(0, d);
		assert_int_equal(host_cfg_rd(r.h[0], pm, 2) & 3, 3);
		power(0, 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(asleep_frames_wait_in_the_receive_buffer), T(without_bus_master_frames_wait_too),
		T(asleep_nothing_is_sent), T(an_interrupt_waits_for_d0), T(d1_and_d2_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
