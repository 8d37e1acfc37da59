/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a packet on its way to the wire: gathering, checksum, large
 * sends, destination, time stamp.
 */
#include "tx_fake.h"

/* ---- the plain way ---- */

static void one_packet_goes_out_and_is_completed(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	put(r, 0, al(DATA + 1, 33));
	put(r, 0, last_al(DATA + 1000, 66));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(r->got[0].len, 99);
	assert_memory_equal(r->got[0].data, r->mem + (DATA - BASE) + 1, 33);
	assert_memory_equal(r->got[0].data + 33, r->mem + (DATA - BASE) + 1000, 66);
	/* contract 10: head 3, first lap */
	assert_true(*word(r, tcq_addr(0)) == 0x8000000000000003ull);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PTRS)), 3 << 16 | 3);
	assert_int_equal(rd(r, qcsr(0, Q_TCQ_PTRS)), 1 << 16);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 1);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_ERR_CNT)), 0);
	assert_int_equal(bugs(r), 0);
}

static void xdp_needs_no_meta_and_reports_head1(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 5; i++)
		put(r, 128, last_al(DATA + 100 * i, 60 + i));
	ring_bell(r, 128);
	assert_int_equal(r->ngot, 5);
	for (i = 0; i < 5; i++)
		assert_frame(r, i, DATA + 100 * i, 60 + i);
	/* contract 10: TWQ1 head 5 */
	assert_true(*word(r, tcq_addr(0)) == 0x9000000000050000ull);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ1_PKT_CNT)), 5);
	assert_int_equal(bugs(r), 0);
}

/* Contract 10: the driver's META for TCP/IPv4 without options, with checksum offload */
static void checksum_of_the_worked_example(void **state)
{
	struct rig *r = *state;
	uint8_t *p = r->mem + (DATA - BASE);
	uint32_t sum = 0;
	unsigned int i;

	put(r, 0, 0x00000830080a0007ull);
	put(r, 0, al(DATA, 40));		/* the field at 50 is in the second buffer */
	put(r, 0, last_al(DATA + 40, 27));
	p[50] = 0x12;
	p[51] = 0x34;
	for (i = 34; i < 67; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(r->got[0].len, 67);
	assert_memory_equal(r->got[0].data, p, 50);
	assert_int_equal(r->got[0].data[50] << 8 | r->got[0].data[51], sum);
	assert_memory_equal(r->got[0].data + 52, p + 52, 15);
	assert_int_equal(p[50] << 8 | p[51], 0x1234);	/* the driver's memory is not touched */
}

static void only_requested_packets_make_a_report(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		put(r, 0, L2_META | (i == 2 ? COMPLETION : 0));
		put(r, 0, last_al(DATA, 60));
	}
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 4);
	assert_true(tcd(r, 0) == (TCD_DONE | 8));	/* one for the batch, up to its end */
	assert_true(tcd(r, 0) == 0);
}

static void opt_meta_is_passed_over(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	put(r, 0, OPT_META | 12345);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 60);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
	assert_int_equal(bugs(r), 0);
}

static void packet_waits_for_its_end(void **state)
{
	struct rig *r = *state;

	put(r, 0, L2_META | COMPLETION);
	ring_bell(r, 0);
	put(r, 0, al(DATA, 20));
	ring_bell(r, 0);
	assert_int_equal(head(r, 0), 0);
	assert_int_equal(r->ngot, 0);
	put(r, 0, last_al(DATA + 20, 60));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA, 80);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
	assert_int_equal(bugs(r), 0);
}

/* ---- gathering ---- */

static void memory_in_small_windows(void **state)
{
	struct rig *r = *state;

	r->window = 512;			/* the rings, too */
	put(r, 0, L2_META | COMPLETION);
	put(r, 0, al(DATA + 500, 3000));
	put(r, 0, last_al(DATA + 3500, 5000));
	ring_bell(r, 0);
	assert_frame(r, 0, DATA + 500, 8000);
	assert_true(tcd(r, 0) == (TCD_DONE | 3));
}

static void memory_that_can_not_be_mapped(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		put(r, 0, L2_META | (i == 19 ? COMPLETION : 0));
		put(r, 0, last_al(i % 2 ? FAR + 1000 + i : FAR - 5000, 9000));	/* half of it, or all */
	}
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 20);
	for (i = 0; i < 20; i++)
		assert_frame(r, i, i % 2 ? FAR + 1000 + i : FAR - 5000, 9000);
	assert_int_equal(bugs(r), 0);
}

static void sixty_pieces_are_joined(void **state)
{
	struct rig *r = *state;
	unsigned int i;

	queue_open(r, 0, 10);
	put(r, 0, L2_META | COMPLETION);
	for (i = 0; i < 60; i++)
		put(r, 0, (i == 59 ? last_al : al)(DATA + 200 * i, 100));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(r->got[0].len, 6000);
	for (i = 0; i < 60; i++)
		assert_memory_equal(r->got[0].data + 100 * i, r->mem + (DATA - BASE) + 200 * i, 100);
	assert_int_equal(bugs(r), 0);

	put(r, 0, L2_META | COMPLETION);	/* 64 is the limit */
	for (i = 0; i < 65; i++)
		put(r, 0, (i == 64 ? last_al : al)(DATA + 200 * i, 100));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(bugs(r), 1);
	assert_int_equal(head(r, 0), r->twq[0].tail);
}

static void largest_frames(void **state)
{
	struct rig *r = *state;
	uint8_t *p = r->mem + (DATA - BASE);

	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9743));
	p[12] = 8;
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9746));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(bugs(r), 1);
	p[12] = 0x81;			/* a tag may come on top */
	p[13] = 0;
	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9746));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 2);
	put(r, 0, L2_META);
	put(r, 0, last_al(DATA, 9747));
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 2);
	assert_int_equal(rd(r, CSR_TCE_TTI_FRAME_DROP_PKTS), 2);
	assert_int_equal(rd(r, CSR_TCE_TTI_FRAME_DROP_BYTE), 9746 + 9747);
}

/* ---- large sends ---- */

static void large_send_is_cut(void **state)
{
	struct rig *r = *state;

	put_tso(r, 0, DATA, 65000, 1448, COMPLETION);
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 45);
	assert_int_equal(check_tso(r, 0, DATA, 65000, 1448), 45);
	assert_true(tcd(r, 0) == (TCD_DONE | 4));
	assert_true(tcd(r, 0) == 0);
	assert_int_equal(rd(r, qcsr(0, Q_TWQ0_PKT_CNT)), 1);
}

static void large_send_goes_whole(void **state)
{
	struct rig *r = *state;

	r->c->port_lso = PORT_LSO_WHOLE;
	put_tso(r, 0, DATA, 65000, 1448, 0);
	put_tso(r, 0, DATA, 65496, 1448, 0);		/* IP length 65536: does not fit */
	put_tso(r, 0, DATA, 1000, 1448, COMPLETION);	/* fits a frame */
	ring_bell(r, 0);
	assert_int_equal(r->ngot, 1 + 46 + 1);
	assert_int_equal(r->got[0].flags, FRAME_LSO);
	assert_int_equal(r->got[0].len, 65054);
	assert_int_equal(r->got[0].lso.mss, 1448);
	assert_int_equal(r->got[0].lso.hdr_len, 54);
	assert_int_equal(check_tso(r, 1, DATA, 65496, 1448), 46);
	assert_int_equal(r->got[47].flags, 0);
	assert_true(tcd(r, 0) == (TCD_DONE | 12));
}

/* ---- time stamps ---- */

static void time_stamps_come_once_and_in_order(void **state)
{
	struct rig *r = *state;
	unsigned int i;
	uint64_t d;

	wr(r, CSR_PTP_INIT_HI, 0x11);
	wr(r, CSR_PTP_INIT_LO, 0x22334455);
	wr(r, CSR_PTP_ADJUST, 1);
	put(r, 0, L2_META | COMPLETION | TWD_REQ_TS);
	put(r, 0, last_al(DATA, 60));
	ring_bell(r, 0);
	assert_true(tcd(r, 0) == 0xa000001122334455ull);	/* contract 10 */
	assert_true(tcd(r, 0) == (TCD_DONE | 2));
	tcq_consumed(r, 0);

	for (i = 0; i < 6; i++) {		/* good, none, bad, ... */
		put(r, 0, L2_META | (i % 3 == 1 ? 0 : TWD_REQ_TS));
		put(r, 0, last_al(i % 3 == 2 ? HOLE : DATA, 60));
	}
	ring_bell(r, 0);
	for (i = 0; i < 4; i++) {
		d = tcd(r, 0);
		assert_true((d & ~0xffffffffffull) == (TCD_DONE | TCD_TYPE1 | (i & 1 ? TCD_TS_INVALID : 0)));
	}
	assert_true(tcd(r, 0) == (TCD_DONE | 14));
	assert_int_equal(rd(r, CSR_TMI_GOOD_PTP_TS), 3);
	assert_int_equal(rd(r, CSR_TMI_BAD_PTP_TS), 2);
}

/* ---- destinations ---- */

static void tcam_entry(struct rig *r, unsigned int i, const uint8_t *da, uint32_t mask, unsigned int dest)
{
	uint32_t map = rd(r, CSR_TCE_TCAM_IDX2DEST_MAP);
	unsigned int w;

	wr(r, CSR_TCE_TCAM_IDX2DEST_MAP, (map & ~(15u << 4 * i)) | dest << 4 * i);
	for (w = 0; w < 3; w++)
		wr(r, CSR_TCE_RAM_TCAM0 + 8 * w + i,
		   (uint32_t)da[4 - 2 * w] << 24 | (uint32_t)da[5 - 2 * w] << 16 | mask);
	wr(r, CSR_TCE_RAM_TCAM3 + i, 0x800000b8);
}

static void send_to(struct rig *r, const uint8_t *da, uint64_t flags)
{
	memcpy(r->mem + (DATA - BASE), da, 6);
	put(r, 0, flags | COMPLETION);
	put(r, 0, al(DATA, 3));			/* the address in two buffers */
	put(r, 0, last_al(DATA + 3, 57));
	ring_bell(r, 0);
	while (tcd(r, 0))
		tcq_consumed(r, 0);
}

static void tcam_decides_who_gets_it(void **state)
{
	static const uint8_t bmc[6] = { 2, 0xb, 0xc, 1, 2, 3 }, other[6] = { 2, 0xb, 0xc, 1, 2, 4 };
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct rig *r = *state;

	tcam_entry(r, 0, bmc, 0, DEST_BMC);
	tcam_entry(r, 3, group, 0, DEST_BMC | DEST_MAC);
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 1);		/* not enabled yet */
	wr(r, CSR_TCE_TXB_CTRL, 3);
	assert_int_equal(rd(r, CSR_TCE_TXB_CTRL), 2);
	send_to(r, bmc, L2_META | TWD_REQ_TS);
	assert_int_equal(r->ngot, 1);
	assert_int_equal(rd(r, CSR_TCE_TBI_DROP_PKTS), 1);
	assert_int_equal(rd(r, CSR_TCE_TBI_DROP_BYTE), 60);
	assert_int_equal(rd(r, CSR_TMI_ILLEGAL_PTP_REQS), 1);
	send_to(r, other, L2_META);
	assert_int_equal(r->ngot, 2);
	send_to(r, group, L2_META);
	assert_int_equal(r->ngot, 3);		/* both */
	assert_int_equal(rd(r, CSR_TCE_TBI_DROP_PKTS), 2);
	wr(r, CSR_TCE_RAM_TCAM0, 0);		/* not before VALIDATE is written */
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 3);
	wr(r, CSR_TCE_RAM_TCAM3, 0);
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 4);
	tcam_entry(r, 7, other, 0xffff, DEST_BMC);	/* all don't care */
	send_to(r, bmc, L2_META);
	assert_int_equal(r->ngot, 4);
	send_to(r, group, L2_META);		/* the lower index wins */
	assert_int_equal(r->ngot, 5);
	wr(r, CSR_TCE_RAM_TCAM3 + 7, 0);
	send_to(r, other, 1ull << 44);		/* DEST_BMC in META */
	assert_int_equal(r->ngot, 5);
	send_to(r, other, 0);
	assert_int_equal(r->ngot, 6);
	assert_int_equal(bugs(r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_packet_goes_out_and_is_completed),
		T(xdp_needs_no_meta_and_reports_head1),
		T(checksum_of_the_worked_example),
		T(only_requested_packets_make_a_report),
		T(opt_meta_is_passed_over),
		T(packet_waits_for_its_end),
		T(memory_in_small_windows),
		T(memory_that_can_not_be_mapped),
		T(sixty_pieces_are_joined),
		T(largest_frames),
		T(large_send_is_cut),
		T(large_send_goes_whole),
		T(time_stamps_come_once_and_in_order),
		T(tcam_decides_who_gets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
