/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large sends through the whole card, against a reference that is slow and
 * shares nothing with it: every frame on the wire is made anew, byte by byte,
 * from the packet that a stack would have handed to the driver, and compared.
 * Contract 03, section 5.
 */
#include <string.h>

#include "rig.h"

#define MAX_LEN		65000u
#define AREA		(192u << 10)

enum tunnel { NATIVE, V6V6, VXLAN, VXLAN_CSUM, GRE, GRE_CSUM, IPIP, NTUNNELS };

/* A large packet and where its headers are */
struct big {
	enum tunnel	tunnel;
	bool		v6, udp;
	uint32_t	l2, outer, udp_outer, l3, l4, hlen;	/* offsets; hlen: of the payload */
	uint32_t	mss, payload, nsegs;
	uint64_t	extra;			/* flags of META */
	uint8_t		data[MAX_LEN + 600];
};

static struct rig rig;
static struct drv_tx tx;
static struct rng g;
static struct big big;
static uint64_t area;

static void start(enum port_lso lso)
{
	const struct drv_tx_cfg cfg = { .twq_log = 8, .tcq_log = 8, .vector = 2 };

	g.s = 0x150;
	rig_open(&rig, 1, 4, 4u << 20, lso);
	assert_int_equal(drv_tx_open(&tx, rig.h[0], 1, &cfg), 0);
	area = host_alloc(rig.h[0], AREA, 4096);
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* ---- the packet ---- */

/* IPv4 with options or IPv6 with extension headers, lengths and checksum for @below bytes behind it */
static uint32_t put_ip(uint8_t *p, bool v6, bool plain, uint8_t proto, uint32_t below)
{
	uint32_t len, ext;

	rnd_bytes(&g, p, 120);
	if (v6) {
		ext = plain ? 0 : 8 * rnd(&g, 4);
		p[0] = (uint8_t)(0x60 | (p[0] & 15));
		wr16(p + 4, ext + below);
		p[6] = ext ? 60 : proto;
		if (ext) {		/* destination options: PadN */
			memset(p + 40, 0, ext);
			p[40] = proto;
			p[41] = (uint8_t)(ext / 8 - 1);
			p[42] = 1;
			p[43] = (uint8_t)(ext - 4);
		}
		return 40 + ext;
	}
	len = plain ? 20 : 20 + 4 * rnd(&g, 11);
	p[0] = (uint8_t)(0x40 | len / 4);
	wr16(p + 2, len + below);
	wr16(p + 6, 0x4000);
	p[9] = proto;
	memset(p + 20, 1, len - 20);
	wr16(p + 10, 0);
	wr16(p + 10, (uint16_t)~ref_sum(0, p, len));
	return len;
}

/* Bytes that a tunnel needs before its inner packet, behind the outer IP header */
static uint32_t put_tunnel(struct big *b, uint8_t *p, uint32_t inner)
{
	switch (b->tunnel) {
	case VXLAN:
	case VXLAN_CSUM:
		wr16(p, 0xc000 | rnd(&g, 0x4000));
		wr16(p + 2, 4789);
		wr16(p + 4, 16 + 14 + inner);
		wr16(p + 6, 0);
		memcpy(p + 8, (uint8_t[]){ 8, 0, 0, 0, 0, 0, 42, 0 }, 8);
		rnd_bytes(&g, p + 16, 12);
		wr16(p + 28, b->v6 ? 0x86dd : 0x0800);
		return 30;
	case GRE:
	case GRE_CSUM:
		wr16(p, b->tunnel == GRE_CSUM ? 0x8000 : 0);
		wr16(p + 2, b->v6 ? 0x86dd : 0x0800);
		wr32(p + 4, 0);
		return b->tunnel == GRE_CSUM ? 8 : 4;
	default:
		return 0;
	}
}

static uint32_t l4_field(const struct big *b)
{
	return b->l4 + (b->udp ? 6 : 16);
}

static uint8_t l4_proto(const struct big *b)
{
	return b->udp ? 17 : 6;
}

/* Local checksum offload: the outer sum is right if the inner one will be */
static void outer_checksum(struct big *b, bool outer_v6, uint32_t l4bytes)
{
	uint8_t *d = b->data;
	uint32_t inner = ref_pseudo(d + b->l3, b->v6, l4_proto(b), l4bytes);
	uint32_t len = b->l4 - b->udp_outer + l4bytes;
	uint32_t sum = ref_sum(ref_pseudo(d + b->outer, outer_v6, 17, len), d + b->udp_outer, b->l4 - b->udp_outer);
	uint16_t field;

	sum += (uint16_t)~inner;
	sum = (sum & 0xffff) + (sum >> 16);
	field = (uint16_t)~sum;
	wr16(d + b->udp_outer + 6, field ? field : 0xffff);
}

/* The same for GRE, which sums no pseudo header */
static void gre_checksum(struct big *b, uint32_t l4bytes)
{
	uint8_t *d = b->data;
	uint32_t inner = ref_pseudo(d + b->l3, b->v6, l4_proto(b), l4bytes);
	uint32_t sum = ref_sum(0, d + b->udp_outer, b->l4 - b->udp_outer);

	sum += (uint16_t)~inner;
	sum = (sum & 0xffff) + (sum >> 16);
	wr16(d + b->udp_outer + 4, (uint16_t)~sum);
}

static void put_l4(struct big *b, uint8_t *p, uint32_t l4len, uint32_t l4bytes)
{
	rnd_bytes(&g, p, l4len);
	if (b->udp) {
		wr16(p + 4, l4bytes);
	} else {
		p[12] = (uint8_t)(l4len / 4 << 4 | (p[12] & 15));
		memset(p + 20, 1, l4len - 20);
	}
	/* the driver takes the length out of the sum */
	wr16(b->data + l4_field(b), ref_pseudo(b->data + b->l3, b->v6, l4_proto(b), 0));
}

/* Headers for one segment of a tunnel, or for the whole packet otherwise */
static void make_headers(struct big *b)
{
	static const uint8_t outer_proto[] = { [V6V6] = 41, [VXLAN] = 17, [VXLAN_CSUM] = 17, [GRE] = 47,
					       [GRE_CSUM] = 47, [IPIP] = 4 };
	bool outer_v6 = b->tunnel == V6V6 || rnd(&g, 2), vlan = !rnd(&g, 3);
	uint32_t l4len = b->udp ? 8 : 20 + 4 * rnd(&g, 11), at, pass;
	uint32_t l4bytes = l4len + (b->tunnel > V6V6 ? b->mss : b->payload);
	struct rng again = g;

	/* twice: inner lengths are known when the headers have been laid out once */
	for (pass = 0; pass < 2; pass++) {
		uint32_t inner = pass ? b->l4 - b->l3 + l4bytes : 0;
		uint32_t behind = pass ? b->l4 - b->outer + l4bytes : 0;

		g = again;
		rnd_bytes(&g, b->data, 12);
		at = 12;
		if (vlan) {
			wr32(b->data + at, 0x81000000 | rnd(&g, 4096));
			at += 4;
		}
		b->outer = b->l2 = at + 2;
		if (b->tunnel) {
			uint32_t len;

			wr16(b->data + at, outer_v6 ? 0x86dd : 0x0800);
			at = b->outer;
			len = put_ip(b->data + at, outer_v6, true, b->tunnel == IPIP && b->v6 ? 41 :
				     outer_proto[b->tunnel], behind - (outer_v6 ? 40 : 20));
			at += len;
			b->udp_outer = at;
			at += put_tunnel(b, b->data + at, inner);
		} else {
			wr16(b->data + at, b->v6 ? 0x86dd : 0x0800);
			at += 2;
		}
		b->l3 = at;
		at += put_ip(b->data + at, b->v6, false, l4_proto(b), l4bytes);
		b->l4 = at;
		b->hlen = at + l4len;
	}
	put_l4(b, b->data + b->l4, l4len, l4bytes);
	if (b->tunnel == VXLAN_CSUM)
		outer_checksum(b, outer_v6, l4bytes);
	if (b->tunnel == GRE_CSUM)
		gre_checksum(b, l4bytes);
}

static void make_big(struct big *b, enum tunnel tunnel)
{
	uint32_t most;

	b->tunnel = tunnel;
	b->v6 = tunnel == V6V6 || rnd(&g, 2);
	b->udp = rnd(&g, 2);
	b->mss = rnd(&g, 3) ? rnd_in(&g, 500, 1460) : rnd(&g, 4) ? rnd_in(&g, 1, 100) : rnd_in(&g, 1461, 9300);
	most = 400 * b->mss;
	if (most > 64000 - 600)
		most = 64000 - 600;
	b->payload = rnd(&g, 4) ? rnd_in(&g, 1, most) : rnd_in(&g, 1, most < 3 * b->mss ? most : 3 * b->mss);
	if (tunnel > V6V6) {		/* the stack makes all segments of a tunnel equal */
		b->payload -= b->payload % b->mss;
		if (!b->payload)
			b->payload = b->mss;
	}
	b->nsegs = (b->payload + b->mss - 1) / b->mss;
	make_headers(b);
	rnd_bytes(&g, b->data + b->hlen, b->payload);
}

static void send_big(struct big *b)
{
	uint32_t len = b->hlen + b->payload;
	struct drv_buf buf[17];
	unsigned int parts = rnd_in(&g, 1, 17);
	const struct drv_offload o = {
		.l2 = (uint16_t)b->l2,
		.l3_outer = (uint16_t)(b->tunnel == V6V6 ? b->l3 - b->l2 : 0),
		.l3 = (uint16_t)(b->l4 - (b->tunnel == V6V6 ? b->l3 : b->l2)),
		.csum_off = b->udp ? 6 : 16, .l4 = (uint16_t)(b->hlen - b->l4),
		.l3_type = b->tunnel > V6V6 ? 0 : b->tunnel == V6V6 ? 3 : b->v6 ? 2 : 1,
		.l4_type = b->udp ? 2 : 1, .mss = (uint16_t)b->mss,
		.flags = TWD_REQ_LSO | TWD_REQ_COMPLETION | b->extra,
	};

	if (rnd(&g, 2)) {	/* as the stack does: headers in one piece */
		memcpy(host_ptr(rig.h[0], area), b->data, b->hlen);
		buf[0] = (struct drv_buf){ area, (uint16_t)b->hlen };
		if (parts > b->payload)
			parts = b->payload;
		if (parts > 16)
			parts = 16;
		scatter(&g, rig.h[0], area + 4096, AREA - 4096, b->data + b->hlen, b->payload, parts, buf + 1);
		parts++;
	} else {
		scatter(&g, rig.h[0], area, AREA, b->data, len, parts, buf);
	}
	assert_int_equal(drv_tx_post(&tx, 0, drv_meta(&o), buf, parts), 0);
	drv_tx_kick(&tx, 0);
}

/* ---- the reference ---- */

static void final_checksum(const struct big *b, uint8_t *f, uint32_t l4bytes)
{
	uint8_t *field = f + l4_field(b);
	uint16_t sum;

	wr16(field, 0);
	sum = (uint16_t)~ref_sum(ref_pseudo(f + b->l3, b->v6, l4_proto(b), l4bytes), f + b->l4, l4bytes);
	wr16(field, sum ? sum : 0xffff);
}

static void fix_lengths(const struct big *b, uint8_t *f, uint32_t len, uint32_t k)
{
	if (b->tunnel > V6V6)
		return;
	if (b->tunnel == V6V6)
		wr16(f + b->outer + 4, len - b->outer - 40);
	if (b->v6) {
		wr16(f + b->l3 + 4, len - b->l3 - 40);
		return;
	}
	wr16(f + b->l3 + 2, len - b->l3);
	wr16(f + b->l3 + 4, rd16(b->data + b->l3 + 4) + k);
	wr16(f + b->l3 + 10, 0);
	wr16(f + b->l3 + 10, (uint16_t)~ref_sum(0, f + b->l3, b->l4 - b->l3));
}

/* Segment @k as it must be on the wire */
static uint32_t segment(const struct big *b, uint32_t k, uint8_t *f)
{
	const uint8_t psh = 8, fin = 1, cwr = 0x80;
	uint32_t from = k * b->mss, n = b->payload - from < b->mss ? b->payload - from : b->mss;
	uint32_t len = b->hlen + n;

	memcpy(f, b->data, b->hlen);
	memcpy(f + b->hlen, b->data + b->hlen + from, n);
	fix_lengths(b, f, len, k);
	if (b->udp) {
		wr16(f + b->l4 + 4, len - b->l4);
	} else {
		wr32(f + b->l4 + 4, rd32(f + b->l4 + 4) + from);
		if (k + 1 < b->nsegs)
			f[b->l4 + 13] &= (uint8_t)~(psh | fin);
		if (k)
			f[b->l4 + 13] &= (uint8_t)~cwr;
	}
	final_checksum(b, f, len - b->l4);
	return len;
}

static void check_wire(const struct big *b)
{
	static uint8_t want[PORT_MAX_FRAME];

	assert_int_equal(rig.nout, b->nsegs);
	for (uint32_t k = 0; k < b->nsegs; k++) {
		const uint8_t *f = rig.out[k].data;
		uint32_t len = segment(b, k, want);

		if (len < 60) {
			memset(want + len, 0, 60 - len);
			len = 60;
		}
		assert_int_equal(rig.out[k].flags, 0);
		assert_int_equal(rig.out[k].len, len);
		assert_memory_equal(f, want, len);
		if (b->tunnel == VXLAN_CSUM) {	/* what a receiver computes over the outer UDP */
			bool v6 = f[b->outer] >> 4 == 6;
			uint32_t n = rd16(f + b->udp_outer + 4);

			assert_int_equal(ref_sum(ref_pseudo(f + b->outer, v6, 17, n), f + b->udp_outer, n), 0xffff);
		}
		if (b->tunnel == GRE_CSUM)	/* up to the end of the outer packet: padding does not count */
			assert_int_equal(ref_sum(0, f + b->udp_outer, b->hlen + b->mss - b->udp_outer), 0xffff);
	}
	rig_forget(&rig);
}

/* ---- tests ---- */

static void done(void)
{
	if (drv_tx_reap(&tx) < 0)
		fail_msg("%s", tx.err);
	assert_int_equal(drv_tx_pending(&tx, 0), 0);
}

static void shapes(enum tunnel tunnel, unsigned int n)
{
	start(PORT_LSO_CUT);
	while (n--) {
		make_big(&big, tunnel);
		send_big(&big);
		rig_work(&rig);
		done();
		check_wire(&big);
	}
	rig_no_bugs(&rig);
}

static void native(void **state)
{
	(void)state;
	shapes(NATIVE, 400);
}

static void ipv6_in_ipv6(void **state)
{
	(void)state;
	shapes(V6V6, 200);
}

static void vxlan(void **state)
{
	(void)state;
	shapes(VXLAN, 150);
}

static void vxlan_with_outer_checksum(void **state)
{
	(void)state;
	shapes(VXLAN_CSUM, 150);
}

static void gre(void **state)
{
	(void)state;
	shapes(GRE, 150);
}

static void gre_with_checksum(void **state)
{
	(void)state;
	shapes(GRE_CSUM, 150);
}

static void ip_in_ip(void **state)
{
	(void)state;
	shapes(IPIP, 150);
}

static void single_segment_keeps_all_flags(void **state)
{
	(void)state;
	start(PORT_LSO_CUT);
	for (unsigned int i = 0; i < 50; i++) {
		big = (struct big){ .v6 = i & 1, .mss = 1000, .payload = rnd_in(&g, 1, 1000), .nsegs = 1 };
		make_headers(&big);
		big.data[big.l4 + 13] = 0xff;
		send_big(&big);
		rig_work(&rig);
		done();
		assert_int_equal(rig.nout, 1);
		assert_int_equal(rig.out[0].data[big.l4 + 13], 0xff);
		check_wire(&big);
	}
	rig_no_bugs(&rig);
}

/* A cable that takes a few frames at a time: nothing twice, nothing lost; one stamp, at the end */
static void segments_go_in_portions(void **state)
{
	(void)state;
	start(PORT_LSO_CUT);
	for (unsigned int i = 0; i < 60; i++) {
		make_big(&big, NATIVE);
		big.extra = TWD_REQ_TS;
		send_big(&big);
		rig.limit = rnd_in(&g, 1, 20);
		for (unsigned int n = 0; n < 2000 && rig.nout < big.nsegs; n++) {
			rig_work(&rig);
			assert_int_equal(tx.stamps, i);
			card_port_ready(rig.ip[0]->card);
			if (rig.nout < big.nsegs)
				assert_int_equal(drv_tx_reap(&tx), 0);
		}
		rig.limit = 0;
		rig_work(&rig);
		done();
		assert_int_equal(tx.stamps, i + 1);
		check_wire(&big);
	}
	big.extra = 0;
	rig_no_bugs(&rig);
}

static uint64_t ptp(void)
{
	return (uint64_t)csr_rd(rig.h[0], 0x04808) << 32 | csr_rd(rig.h[0], 0x04809);
}

/* In portions over some time: QM_TQS_CTL0.LSO_TS says whether the first or the last segment is stamped */
static void the_stamp_is_of_the_first_or_the_last_segment(void **state)
{
	(void)state;
	start(PORT_LSO_CUT);
	for (unsigned int i = 0; i < 60; i++) {
		bool last = rnd(&g, 2);
		uint64_t first, now;

		csr_wr(rig.h[0], QM_TQS_CTL0, 16 << 1 | last);
		do
			make_big(&big, NATIVE);
		while (big.nsegs > 200);
		big.extra = TWD_REQ_TS;
		send_big(&big);
		rig.limit = rnd_in(&g, 1, 20);
		rig_work(&rig);
		first = now = ptp();
		while (rig.nout < big.nsegs) {
			rig_run(&rig, rnd_in(&g, 100, 10000));
			now = ptp();
			card_port_ready(rig.ip[0]->card);
			rig_work(&rig);
		}
		rig.limit = 0;
		rig_work(&rig);
		done();
		assert_int_equal(tx.last_stamp & ((1ull << 40) - 1), last ? now : first);
		check_wire(&big);
	}
	big.extra = 0;
	rig_no_bugs(&rig);
}

/* ---- metadata that no stack would write ---- */

/* Segment @k as META alone asks for it: the card looks at nothing else */
struct asked { uint32_t l2, ol3, l3, l4h, field, mss, h, l4, n; unsigned int t3, t4; };

static uint32_t asked_segment(const struct asked *a, const uint8_t *d, uint32_t payload, uint32_t k, uint8_t *f)
{
	uint32_t from = k * a->mss, n = payload - from < a->mss ? payload - from : a->mss, below = a->l4h + n;
	uint8_t *ip = f + a->l2 + a->ol3, *l4 = f + a->l4;
	uint32_t sum;

	memcpy(f, d, a->h);
	memcpy(f + a->h, d + a->h + from, n);
	if (a->t3 == 1) {
		wr16(ip + 2, a->l3 + below);
		wr16(ip + 4, rd16(d + a->l2 + a->ol3 + 4) + k);
		wr16(ip + 10, 0);
		wr16(ip + 10, (uint16_t)~ref_sum(0, ip, a->l3));
	}
	if (a->t3 == 3)
		wr16(f + a->l2 + 4, a->ol3 - 40 + a->l3 + below);
	if (a->t3 >= 2)
		wr16(ip + 4, a->l3 - 40 + below);
	if (a->t4 == 1) {
		wr32(l4 + 4, rd32(l4 + 4) + from);
		if (a->n > 1 && k + 1 < a->n)
			l4[13] &= (uint8_t)~9;
		if (a->n > 1 && k)
			l4[13] &= (uint8_t)~0x80;
	} else if (a->t4 == 2) {
		wr16(l4 + 4, below);
	}
	sum = (uint16_t)~ref_sum(below, l4, below);	/* the length on top of what stands in the field */
	wr16(f + a->l4 + a->field, sum ? sum : 0xffff);
	return a->h + n;
}

static bool asked_sense(const struct asked *a, uint32_t len, const uint8_t *d)
{
	static const uint32_t least[] = { 4, 20, 8, 9999 };
	uint32_t limit = rd16(d + 12) == 0x8100 || rd16(d + 12) == 0x88a8 ? 9746 : 9743;
	uint32_t payload = len - a->h;

	if (a->h > len || !a->mss || a->l4h < least[a->t4] || a->field + 2 > a->l4h)
		return false;
	if ((a->t3 == 1 && a->l3 < 20) || (a->t3 >= 2 && a->l3 < 40) || (a->t3 == 3 && a->ol3 < 40))
		return false;
	return a->h + (payload < a->mss ? payload : a->mss) <= limit;
}

static void any_metadata_on_any_bytes(void **state)
{
	static uint8_t d[40000], want[DRV_MAX_FRAME];
	unsigned int sense = 0, nonsense = 0;

	(void)state;
	start(PORT_LSO_CUT);
	for (unsigned int i = 0; i < 4000; i++) {
		uint32_t len = rnd(&g, 3) ? rnd_in(&g, 14, 3000) : rnd_in(&g, 14, 39000), ok, segs;
		bool huge = !rnd(&g, 6);
		struct asked a = {
			.l2 = 2 * (huge ? rnd(&g, 64) : rnd_in(&g, 7, 9)), .t3 = rnd(&g, 4), .t4 = rnd(&g, huge ? 4 : 3),
			.l3 = 2 * (huge ? rnd(&g, 256) : rnd_in(&g, 9, 30)), .l4h = 4 * rnd_in(&g, huge ? 0 : 1, 15),
			.field = 2 * rnd(&g, huge ? 16 : 9),
			.mss = !rnd(&g, 12) ? rnd(&g, 3) : rnd(&g, 8) ? rnd_in(&g, 100, 3000) : rnd(&g, 16384),
		};
		struct drv_offload o;
		unsigned int parts;
		struct drv_buf b[17];

		a.ol3 = a.t3 == 3 || huge ? 2 * (huge ? rnd(&g, 256) : rnd_in(&g, 18, 30)) : 0;
		a.l4 = a.l2 + a.ol3 + a.l3;
		a.h = a.l4 + a.l4h;
		if (a.mss && len / a.mss > 400)
			len = 400 * a.mss;
		if (len < 14)
			len = 14;
		rnd_bytes(&g, d, len);
		if (!rnd(&g, 4))
			wr16(d + 12, 0x8100);
		o = (struct drv_offload){ .l2 = (uint16_t)a.l2, .l3_outer = (uint16_t)a.ol3, .l3 = (uint16_t)a.l3,
			.csum_off = (uint16_t)a.field, .l4 = (uint16_t)a.l4h, .l3_type = (uint8_t)a.t3,
			.l4_type = (uint8_t)a.t4, .mss = (uint16_t)a.mss,
			.flags = TWD_REQ_LSO | TWD_REQ_COMPLETION | (rnd(&g, 2) ? TWD_REQ_CSO : 0) };
		parts = rnd_in(&g, 1, len < 17 ? len : 17);
		scatter(&g, rig.h[0], area, AREA, d, len, parts, b);
		assert_int_equal(drv_tx_post(&tx, 0, drv_meta(&o), b, parts), 0);
		drv_tx_kick(&tx, 0);
		rig_work(&rig);
		done();				/* completed, whatever it was */
		ok = asked_sense(&a, len, d);
		sense += ok;
		nonsense += !ok;
		assert_int_equal(csr_rd(rig.h[0], QUEUE(1) + 0x063), nonsense);
		if (!ok) {
			assert_int_equal(rig.nout, 0);
			continue;
		}
		segs = len == a.h ? 1 : (len - a.h + a.mss - 1) / a.mss;
		a.n = segs;
		assert_int_equal(rig.nout, segs);
		for (uint32_t k = 0; k < segs; k++) {
			uint32_t n = asked_segment(&a, d, len - a.h, k, want);

			assert_int_equal(rig.out[k].len, n < 60 ? 60 : n);
			assert_memory_equal(rig.out[k].data, want, n);
		}
		rig_forget(&rig);
	}
	if (sense < 1000 || nonsense < 1000)
		fail_msg("%u made sense, %u did not", sense, nonsense);
}

/* A wire that takes large sends gets one packet with all lengths, and what it needs to cut it */
static void whole(enum port_lso how)
{
	static uint8_t want[MAX_LEN + 600];

	start(how);
	for (unsigned int i = 0; i < 200; i++) {
		const struct rig_frame *f = &rig.out[0];
		uint32_t len;

		make_big(&big, rnd(&g, 8) ? NATIVE : rnd_in(&g, V6V6, IPIP));
		send_big(&big);
		rig_work(&rig);
		done();
		if (big.tunnel || big.nsegs == 1) {
			check_wire(&big);	/* cut all the same */
			continue;
		}
		len = big.hlen + big.payload;
		memcpy(want, big.data, len);
		fix_lengths(&big, want, len, 0);
		if (big.udp)
			wr16(want + big.l4 + 4, len - big.l4);
		if (how == PORT_LSO_WHOLE)
			final_checksum(&big, want, len - big.l4);
		else
			wr16(want + l4_field(&big), ref_pseudo(want + big.l3, big.v6, l4_proto(&big), len - big.l4));
		assert_int_equal(rig.nout, 1);
		assert_int_equal(f->flags, FRAME_LSO);
		assert_int_equal(f->len, len);
		assert_memory_equal(f->data, want, len);
		assert_int_equal(f->lso.mss, big.mss);
		assert_int_equal(f->lso.hdr_len, big.hlen);
		assert_int_equal(f->lso.l4_start, big.l4);
		assert_int_equal(f->lso.csum_offset, l4_field(&big) - big.l4);
		assert_int_equal(f->lso.ipv6, big.v6);
		assert_int_equal(f->lso.udp, big.udp);
		rig_forget(&rig);
	}
	rig_no_bugs(&rig);
}

static void a_wire_that_takes_large_sends(void **state)
{
	(void)state;
	whole(PORT_LSO_WHOLE);
}

static void a_wire_that_sums_them_too(void **state)
{
	(void)state;
	whole(PORT_LSO_PARTIAL);
}

/* Checksum offload without LSO; the sum starts where META says, whatever is there */
static void checksum_offload_on_random_frames(void **state)
{
	static uint8_t want[DRV_MAX_FRAME];

	(void)state;
	start(PORT_LSO_CUT);
	for (unsigned int i = 0; i < 1500; i++) {
		uint32_t l2 = 2 * rnd_in(&g, 7, 63), l3 = 2 * rnd(&g, 256), off = 2 * rnd(&g, 16);
		uint32_t start_at = l2 + l3, field = start_at + off, len = field + 2 + rnd(&g, 9000 - field);
		const struct drv_offload o = { .l2 = (uint16_t)l2, .l3 = (uint16_t)l3, .csum_off = (uint16_t)off,
					       .flags = TWD_REQ_CSO | TWD_REQ_COMPLETION };
		unsigned int parts = rnd_in(&g, 1, len < 17 ? len : 17);
		struct drv_buf b[17];
		uint16_t sum;

		rnd_bytes(&g, want, len);
		scatter(&g, rig.h[0], area, AREA, want, len, parts, b);
		assert_int_equal(drv_tx_post(&tx, 0, drv_meta(&o), b, parts), 0);
		drv_tx_kick(&tx, 0);
		rig_work(&rig);
		done();
		sum = (uint16_t)~ref_sum(0, want + start_at, len - start_at);
		wr16(want + field, sum ? sum : 0xffff);
		assert_int_equal(rig.nout, 1);
		assert_int_equal(rig.out[0].len, len < 60 ? 60 : len);
		assert_memory_equal(rig.out[0].data, want, len);
		rig_forget(&rig);
	}
	rig_no_bugs(&rig);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(native), T(ipv6_in_ipv6), T(vxlan), T(vxlan_with_outer_checksum), T(gre), T(gre_with_checksum), T(ip_in_ip),
		T(single_segment_keeps_all_flags), T(segments_go_in_portions),
		T(the_stamp_is_of_the_first_or_the_last_segment), T(any_metadata_on_any_bytes),
		T(a_wire_that_takes_large_sends), T(a_wire_that_sums_them_too),
		T(checksum_offload_on_random_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
