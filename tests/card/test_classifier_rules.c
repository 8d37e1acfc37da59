/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classifier through the whole card, against a reference that knows nothing
 * of TCAMs: it has 48 ethtool rules as a user means them, and the registers are
 * written as the driver does, word by word, with frames in between.  And the
 * destination addresses of the host.  Contract 05.
 */
#include <string.h>

#include "classifier.h"

/* ---- ethtool rules, as a user means them ---- */

enum type { TCP4, UDP4, TCP6, UDP6, IP4, IP6, ETHER_DA, NTYPES };
enum action { DISCARD, QUEUE, CTX0, CTX1 };

struct rule {
	bool		used;
	enum type	type;
	int		src, dst;	/* prefix, -1: any */
	uint16_t	sport, sport_mask, dport, dport_mask;
	int		mac;		/* ETHER_DA: which of macs[], -1: any */
	enum action	action;
	unsigned int	queue;
};

/* Disjoint prefixes: four of each family, entries 0..3 and 4..7 of both tables */
static const struct { uint8_t addr[16]; unsigned int bits; } prefix[8] = {
	{ { 10, 0, 0, 1 }, 32 }, { { 10, 1 }, 16 }, { { 11 }, 8 }, { { 192, 168, 7, 0 }, 24 },
	{ { 0xfd, 1, [15] = 1 }, 128 }, { { 0xfd, 2 }, 16 }, { { 0xfe, 0x80 }, 64 }, { { 0xfd, 3, [7] = 9 }, 120 },
};

/* MACDA entries that the host has: unicast from 29 down, multicast from 5 up */
static const struct { unsigned int entry; uint8_t addr[6]; } macs[] = {
	{ 30, { 2, 0, 0, 0, 0, 1 } }, { 29, { 2, 0, 0, 0, 1, 1 } }, { 28, { 2, 0, 0, 0, 1, 2 } },
	{ 5, { 1, 0, 0x5e, 1, 1, 1 } }, { 6, { 0x33, 0x33, 0, 0, 0, 1 } }, { 4, { 255, 255, 255, 255, 255, 255 } },
};
#define NMACS	(sizeof(macs) / sizeof(macs[0]))

static struct rule rules[50];		/* 2..49 */
static uint32_t type_fields[7];		/* RSS rules 57..63 */
static unsigned int rule_hits, rss_hits, misses, types_hit;

static bool in_prefix(int n, const uint8_t *a)
{
	for (unsigned int b = 0; b < prefix[n].bits; b++)
		if ((a[b / 8] ^ prefix[n].addr[b / 8]) & (0x80 >> b % 8))
			return false;
	return true;
}

static int mac_of(const uint8_t *da)
{
	for (unsigned int i = 0; i < NMACS; i++)
		if (!memcmp(macs[i].addr, da, 6))
			return (int)i;
	return -1;
}

static bool rule_means(const struct rule *r, const struct spec *s)
{
	static const struct { bool v6, l4; uint8_t proto; } of[] = {
		[TCP4] = { false, true, TCP }, [UDP4] = { false, true, UDP }, [TCP6] = { true, true, TCP },
		[UDP6] = { true, true, UDP }, [IP4] = { false, false, 0 }, [IP6] = { true, false, 0 },
	};

	if (!r->used || mac_of(s->da) < 0)
		return false;
	if (r->type == ETHER_DA)
		return r->mac < 0 || r->mac == mac_of(s->da);
	if (!has_ip(s) || is_v6(s) != of[r->type].v6)
		return false;
	if (of[r->type].l4 && (!has_l4(s) || s->proto != of[r->type].proto || ((s->sport ^ r->sport) & r->sport_mask) ||
			       ((s->dport ^ r->dport) & r->dport_mask)))
		return false;
	return (r->src < 0 || in_prefix(r->src, s->src)) && (r->dst < 0 || in_prefix(r->dst, s->dst));
}

/* Order of the driver's RSS rules: UDP6, UDP4, TCP6, TCP4, IP6, IP4, Ethernet */
static unsigned int rss_type(const struct spec *s)
{
	if (!has_ip(s))
		return 6;
	return (has_l4(s) ? s->proto == UDP ? 0 : 2 : 4) + !is_v6(s);
}

static struct want meaning(const struct spec *s)
{
	const uint32_t hint = 4 << 16;
	uint32_t fields = type_fields[rss_type(s)];

	for (unsigned int i = 2; i < 50; i++) {
		static const unsigned int of[] = { 3, 1, 2, 0, 5, 4, 6 };
		const struct rule *r = &rules[i];
		uint32_t a = r->action == DISCARD ? 1 : r->action == QUEUE ? 2 | 0x10 | r->queue << 8 :
			     r->action == CTX0 ? 2 : 2 | 1u << 30;

		if (!rule_means(r, s))
			continue;
		rule_hits++;
		types_hit |= 1u << r->type;
		return judge(s, (int)i, a | hint, type_fields[of[r->type]]);
	}
	if (mac_of(s->da) < 0) {
		misses++;
		return (struct want){ .index = -1 };
	}
	rss_hits++;
	return judge(s, 57, 2 | hint, fields);
}

static void ntuple_spec(struct spec *s)
{
	random_spec(s);
	if (rnd(&g, 10))
		memcpy(s->da, macs[rnd(&g, NMACS)].addr, 6);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *a = i ? s->dst : s->src;
		unsigned int n = rnd(&g, 4) + (is_v6(s) ? 4 : 0), bits = prefix[n].bits;

		rnd_bytes(&g, a, 16);
		if (!rnd(&g, 4))
			continue;
		memcpy(a, prefix[n].addr, bits / 8);
		if (!rnd(&g, 10))
			a[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
	}
	if (s->payload > 1000)
		s->payload = 1000;
}

/* A frame between two register writes, every now and then */
static void traffic(unsigned int one_in)
{
	struct spec s;
	struct want w;

	if (rnd(&g, one_in))
		return;
	ntuple_spec(&s);
	w = meaning(&s);
	send_and_check(&s, &w);
}

static void wr_busy(struct tcam *t, unsigned int i, unsigned int w, uint32_t val)
{
	tcam_wr(t, i, w, val);
	if (w < t->words)
		traffic(6);
}

static void write_prefix(struct tcam *t, int n)
{
	if (n < 0 || t->live[n][8])
		return;
	for (unsigned int w = 0; w < 8; w++) {
		uint32_t mask = 0, val = 0;

		for (unsigned int b = 0; b < 16; b++) {
			/* bit b of word w, from the top of an address of 4 or 16 bytes */
			unsigned int at = n < 4 ? 31 - 16 * w - b : 127 - 16 * w - b, on;

			if (n < 4 && w > 1) {
				mask |= 1u << b;
				continue;
			}
			on = prefix[n].addr[at / 8] >> (7 - at % 8) & 1;
			if (at < prefix[n].bits)
				val |= on << b;
			else
				mask |= 1u << b;
		}
		wr_busy(t, (unsigned int)n, w, mask << 16 | val);
	}
	tcam_wr(t, (unsigned int)n, 8, 1u << 31 | (n >= 4));
}

static void drop_prefix(struct tcam *t, int n, bool src)
{
	for (unsigned int i = 2; i < 50; i++)
		if (n < 0 || (rules[i].used && (src ? rules[i].src : rules[i].dst) == n))
			return;
	for (unsigned int w = 0; w <= 8; w++)
		wr_busy(t, (unsigned int)n, w, 0);
}

/* As fbnic_set_cls_rule_ins() and fbnic_write_rules(): action, rule, then the addresses that it names */
static void insert(unsigned int i, const struct rule *r)
{
	uint16_t v[5] = { 0 }, m[5] = { 0xffff, 0xffff, 0xffff, 0xffff, 0xffff };
	static const uint16_t must[] = { [TCP4] = 0x9400, [UDP4] = 0xd400, [TCP6] = 0x9c00, [UDP6] = 0xdc00,
					 [IP4] = 0x1400, [IP6] = 0x1c00, [ETHER_DA] = 0x0400 };
	static const uint16_t care[] = { [TCP4] = 0xdc00, [UDP4] = 0xdc00, [TCP6] = 0xdc00, [UDP6] = 0xdc00,
					 [IP4] = 0x1c00, [IP6] = 0x1c00, [ETHER_DA] = 0x0400 };
	static const unsigned int fields_of[] = { 3, 1, 2, 0, 5, 4, 6 };
	uint32_t a = r->action == DISCARD ? 1 : r->action == QUEUE ? 2 | 0x10 | r->queue << 8 :
		     r->action == CTX0 ? 2 : 2 | 1u << 30;

	v[1] = must[r->type];
	m[1] = (uint16_t)~care[r->type];
	if (r->src >= 0) {
		v[0] |= (uint16_t)(8 | r->src);
		m[0] &= 0xfff0;
	}
	if (r->dst >= 0) {
		v[0] |= (uint16_t)((8 | r->dst) << 4);
		m[0] &= 0xff0f;
	}
	if (r->type == ETHER_DA && r->mac >= 0) {
		v[1] |= (uint16_t)(macs[r->mac].entry << 5);
		m[1] &= 0xfc1f;
	}
	v[3] = r->sport;
	m[3] = (uint16_t)~r->sport_mask;
	v[4] = r->dport;
	m[4] = (uint16_t)~r->dport_mask;

	/* the addresses first here: a rule that names an entry not yet written would not be what a user means */
	write_prefix(&ipsrc, r->src);
	write_prefix(&ipdst, r->dst);
	csr_wr(h, RPC_ACT_TBL0(i), a | 4 << 16);
	csr_wr(h, RPC_ACT_TBL1(i), type_fields[fields_of[r->type]]);
	traffic(3);
	for (unsigned int w = 0; w < 11; w++)
		wr_busy(&act, i, w, w < 5 ? (uint32_t)m[w] << 16 | v[w] : 0xffff0000);
	tcam_wr(&act, i, 11, 1u << 31);
	rules[i] = *r;
	rules[i].used = true;
}

static void delete(unsigned int i)
{
	struct rule r = rules[i];

	for (unsigned int w = 0; w < 11; w++)
		wr_busy(&act, i, w, 0);
	tcam_wr(&act, i, 11, 0);
	rules[i].used = false;
	drop_prefix(&ipsrc, r.src, true);
	drop_prefix(&ipdst, r.dst, false);
}

static void random_ntuple(struct rule *r)
{
	static const uint16_t masks[] = { 0, 0, 0xffff, 0xffff, 0xff00, 0x0fff };

	*r = (struct rule){ .type = rnd(&g, NTYPES), .src = -1, .dst = -1, .mac = -1,
			    .action = rnd(&g, 4), .queue = rnd(&g, NQ) };
	if (r->type == ETHER_DA) {
		if (rnd(&g, 8))
			r->mac = (int)rnd(&g, NMACS);
		return;
	}
	if (rnd(&g, 8))
		r->src = (int)rnd(&g, 4) + (r->type == TCP6 || r->type == UDP6 || r->type == IP6 ? 4 : 0);
	if (rnd(&g, 4))
		r->dst = (int)rnd(&g, 4) + (r->type == TCP6 || r->type == UDP6 || r->type == IP6 ? 4 : 0);
	if (r->type >= IP4)
		return;
	r->sport_mask = masks[rnd(&g, 6)];
	r->dport_mask = masks[rnd(&g, 6)];
	r->sport = pool_port() & r->sport_mask;
	r->dport = pool_port() & r->dport_mask;
}

/* What the driver writes at ifup; returns with RSS rules as type_fields[] has them */
static void write_base(void)
{
	struct drv_conf conf = { .queues = NQ, .hint_l4 = true };
	static const uint32_t fields[7] = { 3, 3, 15, 15, 3, 3, 16 };
	static const uint8_t exact[6];

	memcpy(conf.mac, macs[0].addr, 6);
	drv_rpc_on(h, &conf);
	memcpy(type_fields, fields, sizeof(fields));
	for (unsigned int i = 0; i < NMACS; i++)
		drv_macda(h, macs[i].entry, macs[i].addr, exact);
	write_rss();
}

static void forty_eight_rules_come_and_go_under_traffic(void **state)
{
	unsigned int n = 0, full = 0;

	(void)state;
	memset(rules, 0, sizeof(rules));
	for (unsigned int t = 0; t < 6; t++) {
		memset(tcams[t]->reg, 0, sizeof(act.reg));
		memset(tcams[t]->live, 0, sizeof(act.live));
	}
	write_base();
	for (unsigned int step = 0; step < 1500; step++) {
		unsigned int i = 49 - rnd(&g, 48);
		struct rule r;

		if (step < 48)
			i = 49 - step;			/* from 49 downwards, as the driver gives them out */
		if (rules[i].used && rnd(&g, 3)) {
			delete(i);
			n--;
		} else if (rules[i].used) {		/* replace: delete, and another in its place */
			delete(i);
			random_ntuple(&r);
			insert(i, &r);
		} else {
			random_ntuple(&r);
			insert(i, &r);
			n++;
		}
		full += n == 48;
		if (!rnd(&g, 20)) {			/* ethtool -N rx-flow-hash: a valid rule is rewritten */
			unsigned int t = rnd(&g, 7);
			static const uint32_t must[7] = { 0xdc00, 0xd400, 0x9c00, 0x9400, 0x1c00, 0x1400, 0x0400 };

			bool in_use = false;

			for (unsigned int k = 2; k < 50; k++)	/* rules made before keep their fields */
				in_use |= rules[k].used;
			if (!in_use || n > 40)
				continue;
			type_fields[t] = random_fields() & 0xdf;
			drv_rule(h, 57 + t, must[t], 2 | 4 << 16, type_fields[t]);
			for (unsigned int k = 2; k < 50; k++) {
				static const unsigned int of[] = { 3, 1, 2, 0, 5, 4, 6 };

				if (rules[k].used)
					csr_wr(h, RPC_ACT_TBL1(k), type_fields[of[rules[k].type]]);
			}
		}
		for (unsigned int k = 0; k < 4; k++)
			traffic(1);
	}
	if (!full || types_hit != 0x7f || rule_hits < 2000 || rss_hits < 500 || misses < 200)
		fail_msg("%u steps with 48 rules, types 0x%x, rules %u, RSS %u, misses %u", full, types_hit,
			 rule_hits, rss_hits, misses);
	rig_no_bugs(&rig);
}

/* ---- destination addresses ---- */

static bool arrives(const uint8_t *da)
{
	struct spec s = { .kind = ETHER, .payload = 60 };
	uint8_t f[200];
	unsigned int n = 0;
	struct drv_pkt p;

	memcpy(s.da, da, 6);
	make(&s, f);
	assert_true(rig_inject(&rig, 0, f, s.len, 0));
	rig_work(&rig);
	for (unsigned int q = 0; q < NQ; q++) {
		n += drv_rx_poll(&rx[q], &p) == 1;
		drv_rx_refill(&rx[q]);
	}
	assert_true(n < 2);
	return n;
}

static void all_addresses_and_what_happens_beyond(void **state)
{
	static const uint8_t exact[6], any[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t multi[6] = { 1 }, multi_mask[6] = { 0xfe, 255, 255, 255, 255, 255 };
	uint8_t a[26][6], other[6], stranger[6] = { 2, 7, 7, 7, 7, 7 }, group[6] = { 1, 7, 7, 7, 7, 7 };

	(void)state;
	write_base();
	for (unsigned int i = 0; i < 26; i++)		/* 18 groups at 5..22, 6 addresses at 24..29, ours, broadcast */
		rnd_bytes(&g, a[i], 6);
	for (unsigned int i = 0; i < 18; i++) {
		a[i][0] = (uint8_t)((a[i][0] & 0xfe) | 1);
		drv_macda(h, 5 + i, a[i], exact);
	}
	for (unsigned int i = 18; i < 24; i++) {
		a[i][0] = (uint8_t)(a[i][0] & 0xfe);
		drv_macda(h, 24 + i - 18, a[i], exact);
	}
	memcpy(a[24], macs[0].addr, 6);
	memset(a[25], 255, 6);
	for (unsigned int mode = 0; mode < 4; mode++) {	/* none, all-multi, promiscuous, none again */
		if (mode == 1)
			drv_macda(h, 31, multi, multi_mask);
		else if (mode == 2)
			drv_macda(h, 31, exact, any);
		else
			csr_wr(h, RPC_TCAM_MACDA(31, 3), 0);
		for (unsigned int i = 0; i < 26; i++) {
			assert_true(arrives(a[i]));
			for (unsigned int b = 0; b < 48; b++) {
				bool want;

				memcpy(other, a[i], 6);
				other[b / 8] ^= (uint8_t)(0x80 >> b % 8);
				want = mode == 2 || (mode == 1 && (other[0] & 1));
				if (arrives(other) != want)
					fail_msg("mode %u, address %u, bit %u: %d", mode, i, b, !want);
			}
		}
		assert_int_equal(arrives(stranger), mode == 2);
		assert_int_equal(arrives(group), mode == 1 || mode == 2);
	}
	rig_no_bugs(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(forty_eight_rules_come_and_go_under_traffic),
		T(all_addresses_and_what_happens_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
