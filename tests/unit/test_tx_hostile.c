/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Tx path against a driver that does what it must not, and against garbage. */
#include "tx_fake.h"

/* ---- what a driver must not do ---- */

static void malformed_packets_are_dropped_and_completed(void **state)
{
	static const struct {
		const char *name;
		unsigned int n;
		uint64_t twd[8];
		unsigned int ends;	/* where the packet ends; what follows is sent */
	} t[] = {
		{ "length 0", 2, { L2_META, 3ull << 46 | DATA }, 2 },
		{ "length 0 in the middle", 4, { L2_META, 2ull << 46 | 60ull << 48 | DATA, 2ull << 46,
						 3ull << 46 | 60ull << 48 | DATA }, 4 },
		{ "META alone", 1, { L2_META }, 1 },
		{ "META after AL", 2, { L2_META, 2ull << 46 | 60ull << 48 | DATA }, 2 },
		{ "OPT_META first", 2, { OPT_META, 3ull << 46 | 60ull << 48 | DATA }, 2 },
		{ "two OPT_META", 4, { L2_META, OPT_META, OPT_META, 3ull << 46 | 60ull << 48 | DATA }, 4 },
		{ "OPT_META after AL", 4, { L2_META, 2ull << 46 | 60ull << 48 | DATA, OPT_META,
					    3ull << 46 | 60ull << 48 | DATA }, 4 },
		{ "13 bytes", 2, { L2_META, 3ull << 46 | 13ull << 48 | DATA }, 2 },
		{ "larger than the MTU", 2, { L2_META, 3ull << 46 | 9744ull << 48 | DATA }, 2 },
		{ "nothing there", 2, { L2_META, 3ull << 46 | 60ull << 48 | HOLE }, 2 },
		{ "ends in the hole", 2, { L2_META, 3ull << 46 | 60ull << 48 | (HOLE - 59) }, 2 },
		{ "highest address", 2, { L2_META, 3ull << 46 | 0xffffull << 48 | DMA_ADDR_MASK }, 2 },
		{ "CSO beyond the end", 2, { L2_META | TWD_REQ_CSO | 63, 3ull << 46 | 60ull << 48 | DATA }, 2 },
		{ "MSS 0", 2, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x580a0047, 3ull << 46 | 600ull << 48 | DATA }, 2 },
		{ "L4_HLEN 0", 2, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x080a0047 | 99ull << 48,
				    3ull << 46 | 600ull << 48 | DATA }, 2 },
		{ "MSS larger than the MTU", 2, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x580a0047 | 16383ull << 48,
						  3ull << 46 | 20000ull << 48 | DATA }, 2 },
		{ "LSO too long", 4, { L2_META | TWD_REQ_LSO | 1ull << 32 | 0x580a0047 | 1000ull << 48,
				       2ull << 46 | 65535ull << 48 | DATA, 2ull << 46 | 1000ull << 48 | DATA,
				       3ull << 46 | 1000ull << 48 | DATA }, 4 },
	};
	struct rig *r = *state;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t before = bugs(r), ts;

		queue_open(r, 0, 6);
		for (k = 0; k < t[i].n; k++)
			put(r, 0, t[i].twd[k] | (k ? 0 : TWD_REQ_TS));
		if (t[i].twd[0] >> 46 & 3)		/* has no META to ask with */
			word(r, twq_addr(0))[0] = t[i].twd[0];
		put(r, 0, L2_META);
		put(r, 0, last_al(DATA + 77, 70));
		ring_bell(r, 0);
		if (r->ngot != 1 || bugs(r) != before + 1)
			fail_msg("%s: %u frames, %llu bugs", t[i].name, r->ngot,
				 (unsigned long long)(bugs(r) - before));
		assert_frame(r, 0, DATA + 77, 70);
		assert_int_equal(rd(r, qcsr(0, Q_TWQ0_ERR_CNT)), i + 1);
		assert_int_equal(rd(r, CSR_TCE_TTI_FRAME_DROP_PKTS), i + 1);
		ts = tcd(r, 0);
		if (!(t[i].twd[0] >> 46 & 3)) {
			if ((ts & ~0xffffffffffull) != (TCD_DONE | TCD_TYPE1 | TCD_TS_INVALID))
				fail_msg("%s: no time stamp: 0x%llx", t[i].name, (unsigned long long)ts);
			ts = tcd(r, 0);
		}
		assert_true(ts == (TCD_DONE | (t[i].n + 2)));
		assert_true(tcd(r, 0) == 0);
		forget(r);
	}
}

static void packet_without_end_in_a_full_ring(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	put(r, 0, L2_META);
	for (i = 0; i < 62; i++)
		put(r, 0, al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 63);
	assert_int_equal(bugs(r), 1);
	assert_true(tcd(r, 0) == (TCD_DONE | 63));
	put(r, 0, al(DATA, 60));		/* still the same packet */
	put(r, 0, last_al(DATA, 60));
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 61));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_frame(r, 0, DATA, 61);
	assert_int_equal(head(r, 0), 3);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 2);
}

static void runaway_packet_of_65535_descriptors(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	queue_open(r, 0, 16);
	put(r, 0, L2_META);
	for (i = 0; i < 65533; i++)
		put(r, 0, al(DATA, 1));
	put(r, 0, last_al(DATA, 1));
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 65535);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(r->ngot, 0);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 1);
}

static void unreadable_ring_stops(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TWQ0_CTL), 1);
	wr(r, qcsr(0, Q_TWQ0_BAL), (uint32_t)HOLE);
	wr(r, qcsr(0, Q_TWQ0_CTL), 2);
	wr(r, qcsr(0, Q_TWQ0_TAIL), 5);
	run(r);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(rd(r, CSR_QM_TWQ_IDLE), ~0u);
	wr(r, qcsr(0, Q_TWQ0_TAIL), 6);
	run(r);
	assert_int_equal(bugs(r), 1);
	queue_open(r, 0, 6);			/* RESET revives it */
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
}

static void unwritable_completion_ring_holds_nobody_up(void **state)
{
	struct rig *r = *state;

	wr(r, qcsr(0, Q_TCQ_CTL), 1);
	wr(r, qcsr(0, Q_TCQ_BAL), (uint32_t)HOLE);
	wr(r, qcsr(0, Q_TCQ_CTL), 2);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(card_guest_bugs(r->c, BLK_TCQ), 1);
}

/* ---- anything at all ---- */

static uint64_t random_twd(void)
{
	static const uint64_t place[] = { DATA, DATA, FAR, HOLE, FAR - 100, HOLE - 100, DMA_ADDR_MASK - 50 };
	uint64_t d = ((uint64_t)rnd() << 40) ^ ((uint64_t)rnd() << 20) ^ rnd();

	switch (rnd() % 6) {
	case 0:
		return d;
	case 1:
		return (d & 0x3fff003fffffffffull) | L2_META;
	case 2:		/* a reasonable large send */
		return 0x00000009580a0047ull | L2_META | (uint64_t)(rnd() % 1500) << 48 | COMPLETION |
		       (rnd() % 2 ? TWD_REQ_TS : 0);
	default:
		return (rnd() % 3 ? last_al : al)(place[rnd() % ARRAY_SIZE(place)], rnd() % 4 ? rnd() % 2000 : rnd() & 0xffff);
	}
}

static void garbage_hurts_nobody(void **state)
{
	struct rig *r = *state;
	unsigned int round, i, ring;

	for (round = 0; round < 20000; round++) {
		ring = (rnd() & 1) + (rnd() & 1) * 128;
		switch (rnd() % 16) {
		case 0:
			wr(r, qcsr(ring % 128, Q_TWQ0_CTL + ring / 128), rnd() & 3);
			break;
		case 1:
			queue_open(r, ring % 128, 1 + rnd() % 10);
			break;
		case 2:
			wr(r, qcsr(ring % 128, Q_TCQ_HEAD), rnd());
			break;
		case 3:
			wr(r, qcsr(ring % 128, Q_TWQ0_TAIL + ring / 128), rnd() % 1100);
			break;
		case 4:
			wr(r, qcsr(ring % 128, Q_TCQ_CTL), rnd() & 3);
			break;
		case 5:
			r->window = rnd() % 4 ? 0 : 1u << (6 + rnd() % 8);
			break;
		case 6:
			r->c->mac.tx_on = rnd() % 4;
			r->c->port_lso = rnd() % 3;
			wr(r, CSR_TMI_DROP_CTRL, rnd() % 8 == 0);
			break;
		case 7:
			wr(r, CSR_TCE_RAM_TCAM3 + rnd() % 8, rnd() % 2 ? 0x80000000 : 0);
			wr(r, CSR_TCE_RAM_TCAM0 + rnd() % 24, 0xffff);
			wr(r, CSR_TCE_TCAM_IDX2DEST_MAP, rnd());
			wr(r, CSR_TCE_TXB_CTRL, rnd() & 2);
			break;
		default:
			if (!r->twq[ring].size)
				break;
			for (i = rnd() % 70; i; i--)
				put(r, ring, random_twd());
			doorbell(r, ring);
		}
		r->room = rnd() % 4 ? 2000 : rnd() % 64;
		card_port_ready(r->c);
		for (i = 0; i < 4 && card_run(r->c); i++)
			;
		forget(r);
		for (i = 0; i < 2; i++)
			assert_int_equal(r->c->tx.tcq[i].owed, 0);
		if (rnd() % 2) {
			for (i = 0; i < 2; i++)		/* whatever was written is read */
				wr(r, qcsr(i, Q_TCQ_HEAD), rd(r, qcsr(i, Q_TCQ_PTRS)) >> 16);
		}
	}
	/* and after all that it works */
	r->room = ~0u;
	r->window = 0;
	wr(r, CSR_TMI_DROP_CTRL, 0);
	wr(r, CSR_TCE_TXB_CTRL, 0);
	r->c->mac.tx_on = true;
	queue_open(r, 0, 6);
	card_port_ready(r->c);
	run(r);
	forget(r);
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
	assert_true(tcd(r, 0) == (TCD_DONE | 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(malformed_packets_are_dropped_and_completed),
		T(packet_without_end_in_a_full_ring),
		T(runaway_packet_of_65535_descriptors),
		T(unreadable_ring_stops),
		T(unwritable_completion_ring_holds_nobody_up),
		T(garbage_hurts_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
