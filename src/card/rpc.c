// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RPC: the receive classifier.
 *
 * Three steps, each a ternary memory whose lowest matching entry wins:
 * the destination address (MACDA, 32 entries), the IP addresses (four tables
 * of 8, used by ntuple rules), and with the indexes of these hits, the header
 * types and the ports as key, the rule (ACT, 64 entries).  The rule's action
 * says drop, host, BMC, which queue or which fields to hash, where to split,
 * whether to report the time.  No rule: the default action, which the driver
 * sets to "drop" (driver: fbnic_rpc.c, fbnic_rss_reinit_hw(),
 * fbnic_write_rules(), fbnic_write_macda(); fbnic_ethtool.c for ntuple).
 *
 * An entry takes effect as a whole when its last word, with VALIDATE, is
 * written: the driver writes all data words first, and updates valid entries
 * in place.  So the hook of that word makes the compact form that the look-ups
 * use, a value and a "care" mask (the inverse of the register's mask), and a
 * bitmap has the valid entries.  A typical table, 2 addresses and 7 rules,
 * costs a dozen compares per frame.
 *
 * The action tables are read live: they hold no words that belong together.
 *
 * Contract 05.
 */
#include <endian.h>

#include "csum.h"
#include "hw.h"
#include "parser.h"
#include "rpc.h"
#include "rss.h"

#define VALIDATE	F_BIT(RPC_TCAM_ACT_VALID_VALIDATE)
#define IP_IS_V6	F_BIT(RPC_TCAM_IPSRC_VALID_IPV6)

#define ACT0_DROP	F_BIT(RPC_ACT_TBL0_DROP)
#define ACT0_Q_SEL	F_BIT(RPC_ACT_TBL0_Q_SEL)
#define ACT0_TS_ENA	F_BIT(RPC_ACT_TBL0_TS_ENA)
#define ACT0_ACT_IDX	F_BIT(RPC_ACT_TBL0_ACT_TBL_IDX)
#define ACT0_RSS_CTXT	F_BIT(RPC_ACT_TBL0_RSS_CTXT_ID)

#define HINT_L2		1u
#define HINT_L3		2u
#define HINT_L4		4u

void rpc_reset(struct card *c)
{
	struct rpc_block *r = &c->rx.rpc;

	r->act_valid = 0;
	r->macda_valid = 0;
	memset(r->ip_valid, 0, sizeof(r->ip_valid));
	r->key_stale = true;
}

/* ---- TCAM entries: from register words to value and care ---- */

/* Words @first .. @first + @n - 1 of an entry, the first in the low bits; word w is at csr + w * stride */
static void latch(const struct card *c, uint32_t csr, unsigned int stride, unsigned int first,
		  unsigned int n, uint64_t *val, uint64_t *care)
{
	unsigned int w;

	*val = 0;
	*care = 0;
	for (w = 0; w < n; w++) {
		uint32_t word = c->csr[csr + (first + w) * stride];

		*val |= (uint64_t)(word & 0xffff) << (16 * w);
		*care |= (uint64_t)(~word >> 16 & 0xffff) << (16 * w);
	}
	*val &= *care;
}

void rpc_act_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	struct rpc_block *r = &c->rx.rpc;
	struct rpc_act *a = &r->act[i];

	if (!(val & VALIDATE)) {
		r->act_valid &= ~(1ull << i);
		return;
	}
	latch(c, CSR_RPC_TCAM_ACT + i, 64, 0, 4, &a->val[0], &a->care[0]);
	latch(c, CSR_RPC_TCAM_ACT + i, 64, 4, 4, &a->val[1], &a->care[1]);
	latch(c, CSR_RPC_TCAM_ACT + i, 64, 8, 3, &a->val[2], &a->care[2]);
	r->act_valid |= 1ull << i;
	card_event(c, BLK_RPC, "rule %u: words 3..0 value %016llx care %016llx", i,
		   (unsigned long long)a->val[0], (unsigned long long)a->care[0]);
}

void rpc_macda_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	struct rpc_block *r = &c->rx.rpc;
	struct rpc_macda *m = &r->macda[i];

	if (!(val & VALIDATE)) {
		r->macda_valid &= ~BIT(i);
		return;
	}
	latch(c, CSR_RPC_TCAM_MACDA + i, 32, 0, 3, &m->val, &m->care);
	r->macda_valid |= BIT(i);
	card_event(c, BLK_RPC, "macda %u: %012llx care %012llx", i,
		   (unsigned long long)m->val, (unsigned long long)m->care);
}

static void ip_valid_write(struct card *c, unsigned int tcam, uint32_t csr, unsigned int i, uint32_t val)
{
	struct rpc_block *r = &c->rx.rpc;
	struct rpc_ip *e = &r->ip[tcam][i];

	if (!(val & VALIDATE)) {
		r->ip_valid[tcam] &= (uint8_t)~BIT(i);
		return;
	}
	latch(c, csr + i, 8, 0, 4, &e->val[0], &e->care[0]);
	latch(c, csr + i, 8, 4, 4, &e->val[1], &e->care[1]);
	e->v6 = tcam >= RPC_OIPSRC || (val & IP_IS_V6);
	r->ip_valid[tcam] |= (uint8_t)BIT(i);
}

void rpc_ipsrc_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	ip_valid_write(c, RPC_IPSRC, CSR_RPC_TCAM_IPSRC, i, val);
}

void rpc_ipdst_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	ip_valid_write(c, RPC_IPDST, CSR_RPC_TCAM_IPDST, i, val);
}

void rpc_oipsrc_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	ip_valid_write(c, RPC_OIPSRC, CSR_RPC_TCAM_OUTER_IPSRC, i, val);
}

void rpc_oipdst_valid_write(struct card *c, unsigned int i, uint32_t val)
{
	ip_valid_write(c, RPC_OIPDST, CSR_RPC_TCAM_OUTER_IPDST, i, val);
}

/* ---- look-up ---- */

static inline uint64_t be64(const uint8_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

int rpc_macda_find(const struct card *c, const uint8_t *da)
{
	const struct rpc_block *r = &c->rx.rpc;
	uint64_t key = (uint64_t)be32(da) << 16 | be16(da + 4);
	uint32_t left;

	for (left = r->macda_valid; left; left &= left - 1) {
		int i = __builtin_ctz(left);

		if (((key ^ r->macda[i].val) & r->macda[i].care) == 0)
			return i;
	}
	return -1;
}

int rpc_ip_find(const struct card *c, unsigned int tcam, const uint8_t *addr, bool v6)
{
	const struct rpc_block *r = &c->rx.rpc;
	uint64_t lo = v6 ? be64(addr + 8) : be32(addr);
	uint64_t hi = v6 ? be64(addr) : 0;
	unsigned int left;

	for (left = r->ip_valid[tcam]; left; left &= left - 1) {
		int i = __builtin_ctz(left);
		const struct rpc_ip *e = &r->ip[tcam][i];

		if (e->v6 == v6 && !((lo ^ e->val[0]) & e->care[0]) && !((hi ^ e->val[1]) & e->care[1]))
			return i;
	}
	return -1;
}

int rpc_act_find(const struct card *c, const uint64_t key[3])
{
	const struct rpc_block *r = &c->rx.rpc;
	uint64_t left;

	for (left = r->act_valid; left; left &= left - 1) {
		int i = __builtin_ctzll(left);
		const struct rpc_act *a = &r->act[i];

		if ((key[0] ^ a->val[0]) & a->care[0])
			continue;
		if (((key[1] ^ a->val[1]) & a->care[1]) | ((key[2] ^ a->val[2]) & a->care[2]))
			continue;
		return i;
	}
	return -1;
}

/* Index and valid bit of a hit, as they stand in the key */
static inline uint64_t hit(int i, unsigned int shift, unsigned int width)
{
	return i < 0 ? 0 : ((uint64_t)i | 1ull << width) << shift;
}

/* Word 0: hits of the IP tables */
static uint64_t key_ip(const struct card *c, const struct parsed *p)
{
	const struct rpc_block *r = &c->rx.rpc;
	const uint8_t *ip = p->h + p->ip_off;
	const uint8_t *outer = p->h + p->outer_off;
	uint64_t key = 0;

	if (p->ip && r->ip_valid[RPC_IPSRC])
		key |= hit(rpc_ip_find(c, RPC_IPSRC, ip + (p->ip6 ? 8 : 12), p->ip6),
			   D_ACT_KEY0_IPSRC_IDX_LO, 3);
	if (p->ip && r->ip_valid[RPC_IPDST])
		key |= hit(rpc_ip_find(c, RPC_IPDST, ip + (p->ip6 ? 24 : 16), p->ip6),
			   D_ACT_KEY0_IPDST_IDX_LO, 3);
	if (p->outer && r->ip_valid[RPC_OIPSRC])
		key |= hit(rpc_ip_find(c, RPC_OIPSRC, outer + 8, true), D_ACT_KEY0_OUTER_IPSRC_IDX_LO, 3);
	if (p->outer && r->ip_valid[RPC_OIPDST])
		key |= hit(rpc_ip_find(c, RPC_OIPDST, outer + 24, true), D_ACT_KEY0_OUTER_IPDST_IDX_LO, 3);
	return key;
}

static void make_key(const struct card *c, const struct parsed *p, uint64_t key[3])
{
	uint64_t w1 = hit(rpc_macda_find(c, p->h), D_ACT_KEY1_L2_MACDA_IDX_LO, 5);

	w1 |= D_PUT(ACT_KEY1_IP_IS_V6, p->ip6) | D_PUT(ACT_KEY1_IP_VALID, p->ip) |
	      D_PUT(ACT_KEY1_OUTER_IP_VALID, p->outer);
	w1 |= D_PUT(ACT_KEY1_L4_IS_UDP, p->l4 == L4_UDP) | D_PUT(ACT_KEY1_L4_VALID, p->l4 != L4_OTHER);

	key[0] = key_ip(c, p) | w1 << 16 | (uint64_t)p->sport << 48;
	key[1] = p->dport;	/* words 5..10, L4 bytes: nobody looks at them, 0 */
	key[2] = 0;
}

/*
 * Where a splitting queue cuts: behind the header that the hint names, or the
 * next lower one that is there.  What follows the IP packet is padding: if
 * nothing else follows the header, it stays with it, since the host's stack
 * trims it (and can't, in device memory).
 */
static void set_split(const struct parsed *p, uint32_t hint, struct rx_desc *d)
{
	if ((hint & HINT_L4) && p->l4_end) {
		d->hint = HINT_L4;
		d->split = p->l4_end;
	} else if ((hint & (HINT_L4 | HINT_L3)) && p->l3_end) {
		d->hint = HINT_L3;
		d->split = p->l3_end;
	} else if (hint & (HINT_L4 | HINT_L3 | HINT_L2)) {
		d->hint = HINT_L2;
		d->split = p->l2_end;
		return;
	}
	if (p->ip && p->ip_end <= d->split)
		d->split = d->len;
}

/*
 * Can the L4 checksum be told from the sum over the whole frame?  Of TCP and
 * UDP in one IP header (the sums of tunnels are left to the host), complete,
 * without padding, which would be in the sum, and of UDP only if it has one.
 * Extension headers can change the address that counts: not with them.
 */
static bool l4_has_sum(const struct parsed *p, uint32_t len)
{
	if (!p->l4 || p->outer || p->ip_end != len || p->events & PARSE_ERR)
		return false;
	if (p->ip6 && p->l3_end != p->ip_off + 40)
		return false;
	return p->l4 != L4_UDP || be16(p->h + p->l3_end + 6) != 0;
}

/* What makes the sum of the pseudo header and the L4 bytes of the frame's sum: that header, less what is before L4 */
static uint16_t l4_rest(const struct parsed *p)
{
	const uint8_t *ip = p->h + p->ip_off;
	uint32_t sum = csum_partial(p->h + 14, p->l3_end - 14u, 0);

	sum = (uint16_t)~csum_fold(sum);
	sum = p->ip6 ? csum_partial(ip + 8, 32, sum) : csum_partial(ip + 12, 8, sum);
	return csum_fold(csum_add(sum, (uint32_t)htobe16(p->proto) + htobe16((uint16_t)(p->ip_end - p->l3_end))));
}

unsigned int rpc_classify(struct card *c, const struct parsed *p, struct rx_desc *d)
{
	uint64_t key[3];
	uint32_t act, fields;
	int rule;

	make_key(c, p, key);
	rule = rpc_act_find(c, key);
	act = rule < 0 ? c->csr[CSR_RPC_ACT_TBL0_DEFAULT] : c->csr[CSR_RPC_ACT_TBL0 + (unsigned int)rule];
	if (act & ACT0_DROP)
		return 0;

	fields = rule < 0 ? c->csr[CSR_RPC_ACT_TBL1_DEFAULT] : c->csr[CSR_RPC_ACT_TBL1 + (unsigned int)rule];
	d->hash = rss_hash(c, p, fields);
	if (act & ACT0_Q_SEL)
		d->queue = (uint8_t)F_GET(act, RPC_ACT_TBL0_Q_ID);
	else
		d->queue = (uint8_t)c->csr[CSR_RPC_RSS_TBL + (act & ACT0_RSS_CTXT ? 256 : 0) + (d->hash & 0xff)];
	d->rule = (uint8_t)(rule < 0 ? 0 : rule);
	d->types = (uint8_t)(p->l3 | p->l4 << 2);
	d->l4_sum = 0;
	if (l4_has_sum(p, d->len)) {
		d->types |= RX_L4_SUM;
		d->l4_sum = l4_rest(p);
	}
	d->err = p->events & PARSE_ERR ? RX_ERR_PARSER : 0;
	d->hint = 0;
	d->split = 0;
	set_split(p, F_GET(act, RPC_ACT_TBL0_DMA_HINT), d);

	d->opt = act & ACT0_ACT_IDX ? RX_OPT_ACTION : 0;
	d->ts = 0;		/* the buffer knows when the frame came */
	if (act & ACT0_TS_ENA)
		d->opt |= RX_OPT_TS;
	return F_GET(act, RPC_ACT_TBL0_DEST);
}

void rpc_count(struct card *c, const struct parsed *p, uint32_t len)
{
	static const struct { uint32_t max, csr; } bins[] = {	/* sizes with FCS */
		{ 2047, CSR_RPC_STAT_RX_PACKET_1519_2047_BYTES },
		{ 4095, CSR_RPC_STAT_RX_PACKET_2048_4095_BYTES },
		{ 8191, CSR_RPC_STAT_RX_PACKET_4096_8191_BYTES },
		{ 9216, CSR_RPC_STAT_RX_PACKET_8192_9216_BYTES },
		{ UINT32_MAX, CSR_RPC_STAT_RX_PACKET_9217_MAX_BYTES },
	};
	unsigned int ev, i;

	for (ev = p->events & PARSE_CNTRS; ev; ev &= ev - 1)
		ctr_add(c, CSR_RPC_CNTR_TCP_OPT_ERR + (uint32_t)__builtin_ctz(ev), 1);

	len += 4;
	if (len < 1519)
		return;
	for (i = 0; len > bins[i].max; i++)
		;
	ctr64_add(c, bins[i].csr, 1);
}
