/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rings of the Tx path: sizes and laps, doorbells, reset, completions that
 * find no room, a wire that takes nothing, and what empties the rings.
 */
#include "tx_fake.h"

/* ---- rings ---- */

/* Bursts around the ring, three laps, both rings of a queue */
static void ring_of_every_size(void **state)
{
	struct rig *r = *state;
	unsigned int log2;

	for (log2 = 6; log2 <= 16; log2++) {
		unsigned int size = 1u << log2, sent[2] = { 0, 0 };
		unsigned int total = 3 * size / 2 + 5;	/* packets, two descriptors each, on TWQ0 */

		queue_open(r, 0, log2);
		while (sent[0] < total) {
			unsigned int n, i, last[2] = { head(r, 0), head(r, 128) };
			uint64_t d;

			n = 1 + rnd() % ((size - 1) / 2 < 2000 ? (size - 1) / 2 : 2000);
			for (i = 0; i < n; i++, sent[0]++) {
				put(r, 0, L2_META | (i == n - 1 ? COMPLETION : 0));
				put(r, 0, last_al(DATA + sent[0] % 4096, 60 + sent[0] % 64));
				put(r, 128, last_al(DATA + 8192 + sent[0] % 4096, 60 + sent[0] % 64));
				sent[1]++;
			}
			doorbell(r, 0);
			ring_bell(r, 128);
			assert_int_equal(r->ngot, 2 * n);
			while ((d = tcd(r, 0))) {
				unsigned int one = !!(d & TCD_TWQ1);

				last[one] = (unsigned int)(one ? d >> 16 & 0xffff : d & 0xffff);
				tcq_consumed(r, 0);
				run(r);
			}
			assert_int_equal(last[0], r->twq[0].tail);
			assert_int_equal(last[1], r->twq[128].tail);
			assert_int_equal(head(r, 0), r->twq[0].tail);
			forget(r);
		}
		assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	}
	assert_int_equal(bugs(r), 0);
}

static void a_full_ring_is_emptied(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 63; i++)
		put(r, 128, last_al(DATA, 60));
	ring_bell(r, 128);
	assert_int_equal(r->ngot, 63);
	assert_int_equal(head(r, 128), 63);
}

static void second_lap_has_the_other_phase(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 64 + 3; i++) {
		put(r, 0, L2_META | COMPLETION);
		put(r, 0, last_al(DATA, 60));
		ring_bell(r, 0);
		assert_true(tcd(r, 0));
		tcq_consumed(r, 0);
	}
	assert_int_equal(word(r, tcq_addr(0))[2] >> 63, 0);
	assert_int_equal(word(r, tcq_addr(0))[3] >> 63, 1);	/* still of the first lap */
	assert_int_equal(word(r, tcq_addr(0))[2], 2 * 67 % 64);
}

static void full_completion_ring_holds_the_rings(void **state)
{
	struct rig *r = *state;
	unsigned int i, n = 0;
	uint64_t d = 0, e;

	tcq_open(r, 0, 3);		/* 7 usable entries */
	for (i = 0; i < 30; i++) {	/* a doorbell for each: a completion for each */
		put(r, 128, last_al(DATA, 60 + i));
		ring_bell(r, 128);
	}
	assert_int_equal(rd(r, qcsr(0, Q_TCQ_PTRS)), 7 << 16);
	assert_int_equal(r->ngot, 7);
	assert_int_equal(head(r, 128), 7);
	assert_int_not_equal(rd(r, CSR_QM_TWQ_IDLE + 4), ~0u);
	while ((e = tcd(r, 0))) {
		d = e;
		n++;
		tcq_consumed(r, 0);
		run(r);
	}
	assert_int_equal(r->ngot, 30);
	for (i = 0; i < 30; i++)
		assert_frame(r, i, DATA, 60 + i);
	assert_true(n >= 8);
	assert_int_equal(d >> 16 & 0xffff, 30);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE + 4), ~0u);
}

static void doorbells_that_are_refused(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TWQ0_TAIL), 64);		/* beyond the ring */
	assert_int_equal(bugs(r), 1);
	wr(r, qcsr(0, Q_TWQ0_TAIL), ~0u);
	assert_int_equal(bugs(r), 2);
	wr(r, qcsr(1, Q_TWQ0_TAIL), 1);			/* never enabled */
	wr(r, qcsr(1, Q_TWQ1_TAIL), 1);
	wr(r, qcsr(1, Q_TCQ_HEAD), 1);
	assert_int_equal(bugs(r), 5);
	run(r);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 0);
	assert_int_equal(r->ngot, 0);
}

static void reset_enable_and_the_pointers(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	wr(r, qcsr(0, Q_TWQ0_PTRS), 0x5a5a5a5a);	/* read-only */
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 2 << 16 | 2);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 2 << 16 | 2);
	wr(r, qcsr(0, Q_TWQ0_CTL), 2);			/* goes on where it was */
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 2 << 16 | 2);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 61));
	ring_bell(r, 0);
	assert_frame(r, 1, DATA, 61);
	wr(r, qcsr(0, Q_TWQ0_CTL), 1);
	wr(r, qcsr(0, Q_TCQ_CTL), 1);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_CTL)), 1);	/* sticky */
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 0);
	assert_int_equal(rd(r, qcsr(0, Q_TCQ_PTRS)), 0);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	wr(r, qcsr(0, Q_TWQ0_BAL), 0xffffffff);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_BAL)), 0xffffff80);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 2);	/* counters never go back */
}

static void base_and_size_are_taken_at_enable(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TWQ0_BAL), 0);
	wr(r, qcsr(0, Q_TWQ0_SIZE), 1);
	wr(r, qcsr(0, Q_TCQ_BAL), 0);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, OPT_META);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
}

static void disabling_drops_what_is_queued(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	r->room = 3;
	for (i = 0; i < 20; i++) {
		put(r, 0, L2_META | COMPLETION);
		put(r, 0, last_al(DATA, 60));
	}
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 3);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~1u);
	assert_int_equal(rd(r, CSR_QM_TQS_IDLE), ~1u);
	assert_int_equal(rd(r, CSR_QM_TDE_IDLE), ~1u);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	assert_int_equal(rd(r, CSR_QM_TDE_IDLE), ~0u);
	wr(r, qcsr(0, Q_TCQ_CTL), 0);
	assert_int_equal(rd(r, CSR_QM_TCQ_IDLE), ~0u);
	memset(word(r, tcq_addr(0)), 0, 512);
	r->room = ~0u;
	card_port_ready(r->c);
	run(r);
	assert_int_equal(r->ngot, 3);
	assert_int_equal(*word(r, tcq_addr(0)), 0);
}

static void nothing_moves_without_bus_mastering(void **state)
{
	struct rig *r = *state;

	wr(r, CSR_PUL_OB_TLP_HDR_AW_CFG, 0);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 0);
	wr(r, CSR_PUL_OB_TLP_HDR_AW_CFG, ~0u);
	run(r);
	assert_int_equal(r->ngot, 1);
	assert_true(tcd(r, 0) == (TCD_DONE | 2));
}

/* ---- back-pressure ---- */

static void refused_frames_are_offered_again(void **state)
{
	struct rig *r = *state;
	unsigned int i, step;

	for (step = 1; step < 50; step = step * 2 + 1) {
		unsigned int got = 0;

		queue_open(r, 0, 6);
		r->room = 0;
		put_tso(r, 0, DATA, 30000, 500, TWD_REQ_TS);
		put(r, 0, L2_META);
		put(r, 0, last_al(DATA + 40000, 64));
		put_tso(r, 0, DATA + 50000, 20000, 777, 0);
		put(r, 0, L2_META | COMPLETION);
		put(r, 0, last_al(DATA + 41000, 65));
		ring_bell(r, 0);
		assert_int_equal(head(r, 0), 0);
		for (i = 0; i < 200 && head(r, 0) != 12; i++) {
			assert_true(tcd(r, 0) == 0 || head(r, 0) >= 4);	/* nothing completes before it is gone */
			r->room = step;
			card_port_ready(r->c);
			run(r);
			assert_true(r->ngot - got <= step);
			got = r->ngot;
		}
		r->room = ~0u;
		card_port_ready(r->c);
		run(r);
		assert_int_equal(r->ngot, 60 + 1 + 26 + 1);
		assert_int_equal(check_tso(r, 0, DATA, 30000, 500), 60);
		assert_frame(r, 60, DATA + 40000, 64);
		assert_int_equal(check_tso(r, 61, DATA + 50000, 20000, 777), 26);
		assert_frame(r, 87, DATA + 41000, 65);
		forget(r);
	}
	assert_int_equal(bugs(r), 0);
}

/* Both queues, all rings, random sends, a wire that takes what it likes */
static void no_frame_is_lost_or_doubled(void **state)
{
	static const unsigned int rings[4] = { 0, 1, 128, 129 };
	struct rig *r = *state;
	unsigned int round, sent[4] = { 0 }, seen[4] = { 0 }, i, k;

	queue_open(r, 1, 7);
	for (round = 0; round < 3000; round++) {
		for (k = 0; k < 4; k++) {
			unsigned int ring = rings[k], n = rnd() % 5;

			while (n-- && ((head(r, ring) - r->twq[ring].tail - 1) & (r->twq[ring].size - 1)) > 4) {
				/* number and ring stand in the frame */
				uint64_t addr = DATA + k * 0x40000 + (sent[k] % 1024) * 256;
				uint8_t *p = r->mem + (addr - BASE);

				p[14] = (uint8_t)k;
				memcpy(p + 15, &sent[k], 4);
				if (k < 2)
					put(r, ring, L2_META | (rnd() % 2 ? COMPLETION : 0) | (rnd() % 4 ? 0 : TWD_REQ_TS));
				put(r, ring, al(addr, 30));
				put(r, ring, last_al(addr + 30, 30 + rnd() % 100));
				sent[k]++;
			}
			if (rnd() % 3)
				doorbell(r, ring);
		}
		r->room = rnd() % 3 ? rnd() % 20 : 0;
		card_port_ready(r->c);
		run(r);
		for (i = 0; i < 2; i++) {
			while (rnd() % 8 && tcd(r, i))
				;
			if (rnd() % 2)
				tcq_consumed(r, i);
		}
		for (i = 0; i < r->ngot; i++) {
			unsigned int number;

			k = r->got[i].data[14];
			memcpy(&number, r->got[i].data + 15, 4);
			assert_int_equal(number, seen[k]++);
		}
		forget(r);
	}
	for (k = 0; k < 4; k++)
		doorbell(r, rings[k]);
	r->room = ~0u;
	card_port_ready(r->c);
	for (round = 0; round < 100; round++) {
		run(r);
		for (i = 0; i < 2; i++) {
			while (tcd(r, i))
				;
			tcq_consumed(r, i);
		}
	}
	for (i = 0; i < r->ngot; i++)
		seen[r->got[i].data[14]]++;
	for (k = 0; k < 4; k++) {
		assert_int_equal(seen[k], sent[k]);
		assert_true(sent[k] > 1000);
	}
	assert_int_equal(bugs(r), 0);
}

static void rings_take_turns(void **state)
{
	struct rig *r = *state;
	unsigned int i, first = 0;

	queue_open(r, 0, 12);
	queue_open(r, 1, 12);
	for (i = 0; i < 2000; i++) {
		put(r, 128, last_al(DATA, 60));
		put(r, 129, last_al(DATA, 61));
	}
	doorbell(r, 128);
	doorbell(r, 129);
	assert_true(card_run(r->c));		/* more to do: it does not take all at once */
	assert_true(r->ngot <= 700);
	for (i = 0; i < r->ngot; i++)
		first += r->got[i].len == 60;
	assert_true(first * 3 >= r->ngot && first * 3 <= 2 * r->ngot);
	run(r);
	assert_int_equal(r->ngot, 4000);
}

static void time_stamps_wait_for_room(void **state)
{
	struct rig *r = *state;
	unsigned int i, stamps = 0;
	uint64_t d, last = 0;

	tcq_open(r, 0, 2);			/* three usable entries */
	for (i = 0; i < 20; i++) {
		put(r, 0, L2_META | TWD_REQ_TS | COMPLETION);
		put(r, 0, last_al(DATA, 60));
		put(r, 128, last_al(DATA, 61));
	}
	doorbell(r, 0);
	ring_bell(r, 128);
	for (i = 0; i < 100; i++) {
		assert_true(((rd(r, qcsr(0, Q_TCQ_PTRS)) >> 16) - (rd(r, qcsr(0, Q_TCQ_PTRS)) & 3)) % 4 <= 3);
		d = tcd(r, 0);
		if (!d)
			continue;
		if (d & TCD_TYPE1)
			stamps++;
		else if (!(d & TCD_TWQ1))
			last = d;
		tcq_consumed(r, 0);
		run(r);
	}
	assert_int_equal(stamps, 20);
	assert_int_equal(r->ngot, 40);
	assert_int_equal(last & 0xffff, 40);
}

/* TWQ1 found no room because of stamps that TWQ0 then never needed */
static void a_ring_wakes_when_its_twin_gives_up(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	tcq_open(r, 0, 2);
	r->room = 0;
	for (i = 0; i < 5; i++) {
		put(r, 0, L2_META | TWD_REQ_TS | COMPLETION);
		put(r, 0, last_al(DATA, 60));
	}
	put(r, 128, last_al(DATA, 61));
	doorbell(r, 128);
	ring_bell(r, 0);
	wr(r, qcsr(0, Q_TWQ0_CTL), 0);
	r->room = ~0u;
	card_port_ready(r->c);
	run(r);
	assert_int_equal(r->ngot, 1);
	assert_frame(r, 0, DATA, 61);
	assert_true(tcd(r, 0) == (TCD_DONE | TCD_TWQ1 | 1 << 16));
}

/* ---- MAC off, flush ---- */

static void frames_are_consumed_with_the_mac_off(void **state)
{
	struct rig *r = *state;

	r->room = 0;
	put_tso(r, 0, DATA, 30000, 1000, TWD_REQ_TS);
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 0);
	r->c->mac.tx_on = false;
	run(r);
	assert_int_equal(head(r, 0), 4);
	assert_int_equal(rd(r, CSR_TMI_DROP_PKTS), 30);
	assert_int_equal(rd(r, CSR_TMI_DROP_BYTE), 30000 + 30 * 54);
	assert_true((tcd(r, 0) & ~0xffffffffffull) == (TCD_DONE | TCD_TYPE1 | TCD_TS_INVALID));
	assert_int_equal(r->ngot, 0);
}

static void flush_drops_everything(void **state)
{
	struct rig *r = *state;

	r->room = 0;
	r->c->port_lso = PORT_LSO_WHOLE;
	put_tso(r, 0, DATA, 30001, 1000, COMPLETION);
	ring_bell(r, 0);
	wr(r, CSR_TMI_DROP_CTRL, 1);
	run(r);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	assert_int_equal(rd(r, CSR_TMI_DROP_PKTS), 31);
	assert_int_equal(rd(r, CSR_TMI_DROP_BYTE), 30001 + 31 * 54);
	assert_true(tcd(r, 0) == (TCD_DONE | 4));
	wr(r, CSR_TMI_DROP_CTRL, 0);
	r->room = ~0u;
	r->c->port_lso = PORT_LSO_CUT;
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ring_of_every_size),
		T(a_full_ring_is_emptied),
		T(second_lap_has_the_other_phase),
		T(full_completion_ring_holds_the_rings),
		T(doorbells_that_are_refused),
		T(reset_enable_and_the_pointers),
		T(base_and_size_are_taken_at_enable),
		T(disabling_drops_what_is_queued),
		T(nothing_moves_without_bus_mastering),
		T(refused_frames_are_offered_again),
		T(no_frame_is_lost_or_doubled),
		T(rings_take_turns),
		T(time_stamps_wait_for_room),
		T(a_ring_wakes_when_its_twin_gives_up),
		T(frames_are_consumed_with_the_mac_off),
		T(flush_drops_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
