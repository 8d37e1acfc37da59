/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tx offloads: checksum (CSO) and segmentation (LSO).  Contract 03, section 5.
 *
 * The card parses nothing.  META gives the lengths of the headers, in units of
 * 2 bytes (L4: 4 bytes), and that is all it knows:
 *
 *	| L2 | (outer L3, V6V6 only) | (inner) L3 | L4 | payload ...
 *	0    L2_HLEN                 + L3_OHLEN   ^    ^ + L4_HLEN: "hlen"
 *	                                          start = + L3_IHLEN
 *
 * CSO: the field at start + 2 * CSUM_OFFSET holds the folded pseudo-header sum,
 * which takes part in the sum from start to the end of the frame (driver:
 * fbnic_txrx.c fbnic_tx_offloads(); Linux: CHECKSUM_PARTIAL).
 *
 * LSO: the payload is cut in pieces of MSS bytes, each behind a copy of the
 * first hlen bytes with lengths, IPv4 id, TCP sequence number, TCP flags, and
 * checksums made right.  The driver has taken the L4 length out of the
 * preloaded sum (fbnic_tx_lso()), so each segment adds its own.  L3_TYPE
 * "other" (GSO_PARTIAL: tunnels) leaves everything before L4 as it is: the
 * stack has written lengths for one full segment, all segments are equal.
 *
 * Nothing is copied but headers.  A segment is a span for the header and spans
 * that point into the driver's buffers.
 */
#include "lso.h"

#include "csum.h"
#include "hw.h"

enum { L3_OTHER, L3_IPV4, L3_IPV6, L3_V6V6 };		/* META, L3_TYPE */
enum { L4_OTHER, L4_TCP, L4_UDP };			/* META, L4_TYPE */

#define META_L2_HLEN(m)		(2 * (uint16_t)D_GET(m, TWD_META_L2_HLEN))
#define META_L3_TYPE(m)		((uint8_t)D_GET(m, TWD_META_L3_TYPE))
#define META_L3_OHLEN(m)	(2 * (uint16_t)D_GET(m, TWD_META_L3_OHLEN))
#define META_L3_IHLEN(m)	(2 * (uint16_t)D_GET(m, TWD_META_L3_IHLEN))
#define META_CSUM_OFFSET(m)	(2 * (uint16_t)D_GET(m, TWD_META_CSUM_OFFSET))
#define META_L4_HLEN(m)		(4 * (uint16_t)D_GET(m, TWD_META_L4_HLEN))
#define META_L4_TYPE(m)		((uint8_t)D_GET(m, TWD_META_L4_TYPE))
#define META_MSS(m)		((uint16_t)D_GET(m, TWD_META_MSS))

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

/* A checksum field takes what csum.h made, in memory order */
static inline void put_csum(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* A number as part of a sum: as if it stood in the packet as a big-endian word */
static inline uint32_t csum_num(uint32_t sum, uint32_t v)
{
	uint8_t be[4];
	uint32_t w;

	put32(be, v);
	memcpy(&w, be, sizeof(w));
	return csum_add(sum, w);
}

void span_copy(uint8_t *dst, const struct span *sp, unsigned int n, size_t off, size_t len)
{
	for (; n && len; sp++, n--) {
		size_t run;

		if (off >= sp->len) {
			off -= sp->len;
			continue;
		}
		run = sp->len - off;
		if (run > len)
			run = len;
		memcpy(dst, (const uint8_t *)sp->base + off, run);
		dst += run;
		len -= run;
		off = 0;
	}
}

/* ---- CSO ---- */

const char *cso_build(uint64_t meta, const struct span *in, unsigned int n, uint32_t len,
		      uint8_t *hdr, struct span *out, unsigned int *nout)
{
	uint32_t start = META_L2_HLEN(meta) + META_L3_OHLEN(meta) + META_L3_IHLEN(meta);
	uint32_t field = start + META_CSUM_OFFSET(meta), copied = field + 2, skip = copied;
	unsigned int i, k = 1;
	uint32_t sum;

	if (copied > len)
		return "checksum field beyond the packet";

	span_copy(hdr, in, n, 0, copied);
	out[0] = (struct span){ hdr, copied };
	for (i = 0; i < n; i++) {
		if (skip >= in[i].len) {
			skip -= (uint32_t)in[i].len;
			continue;
		}
		out[k++] = (struct span){ (const uint8_t *)in[i].base + skip, in[i].len - skip };
		skip = 0;
	}

	sum = csum_partial(hdr + start, copied - start, 0);
	if (len > copied)	/* copied - start is even */
		sum = csum_spans(out + 1, k - 1, 0, len - copied, sum);
	put_csum(hdr + field, csum_field(sum));
	*nout = k;
	return NULL;
}

/* ---- LSO ---- */

static const uint8_t min_l4len[] = { [L4_OTHER] = 4, [L4_TCP] = 20, [L4_UDP] = 8 };

static const char *lso_check(const struct lso *l, uint32_t len)
{
	uint16_t l3len = l->l4 - l->l3;

	if (l->hlen > len)
		return "LSO headers beyond the packet";
	if (!l->mss)
		return "LSO with MSS 0";
	if (l->l4type > L4_UDP)
		return "LSO with L4_TYPE 3";
	if (l->l4len < min_l4len[l->l4type])
		return "LSO L4_HLEN too short";
	if (l->field + 2 > l->hlen)
		return "LSO checksum field beyond the headers";
	if (l->l3type == L3_IPV4 && l3len < 20)
		return "LSO L3_IHLEN too short for IPv4";
	if ((l->l3type == L3_IPV6 || l->l3type == L3_V6V6) && l3len < 40)
		return "LSO L3_IHLEN too short for IPv6";
	if (l->l3type == L3_V6V6 && l->l3 - l->l3o < 40)
		return "LSO L3_OHLEN too short for IPv6";
	return NULL;
}

const char *lso_start(struct lso *l, uint64_t meta, uint32_t ctrl,
		      const struct span *in, unsigned int n, uint32_t len)
{
	const char *err;

	l->span = in;
	l->nspans = n;
	l->ctrl = ctrl;
	l->mss = META_MSS(meta);
	l->l3type = META_L3_TYPE(meta);
	l->l4type = META_L4_TYPE(meta);
	l->l3o = META_L2_HLEN(meta);
	l->l3 = l->l3o + META_L3_OHLEN(meta);
	l->l4 = l->l3 + META_L3_IHLEN(meta);
	l->l4len = META_L4_HLEN(meta);
	l->hlen = l->l4 + l->l4len;
	l->field = l->l4 + META_CSUM_OFFSET(meta);

	err = lso_check(l, len);
	if (err)
		return err;

	l->payload = len - l->hlen;
	l->nsegs = l->payload ? (l->payload + l->mss - 1) / l->mss : 1;
	span_copy(l->hdr, in, n, 0, l->hlen);
	lso_seek(l, 0);
	return NULL;
}

void lso_seek(struct lso *l, uint32_t k)
{
	size_t off = l->hlen + (size_t)k * l->mss;
	unsigned int i = 0;

	while (i < l->nspans && off >= l->span[i].len)
		off -= l->span[i++].len;
	l->cur_span = i;
	l->cur_off = off;
}

/* The next @len bytes of payload: their spans, and their sum as if they began at an even offset */
static unsigned int payload_take(struct lso *l, uint32_t len, struct span *out, bool want_sum, uint32_t *sum)
{
	unsigned int n = 0;
	size_t done = 0;

	while (done < len) {
		const struct span *sp = &l->span[l->cur_span];
		const uint8_t *p = (const uint8_t *)sp->base + l->cur_off;
		size_t run = sp->len - l->cur_off;

		if (run > len - done) {
			run = len - done;
			l->cur_off += run;
		} else {
			l->cur_span++;
			l->cur_off = 0;
		}
		out[n++] = (struct span){ p, run };
		if (want_sum)
			*sum = csum_block_add(*sum, csum_partial(p, run, 0), done);
		done += run;
	}
	return n;
}

/* Lengths, id and header checksum of L3, for @l4bytes bytes of L4 header and payload */
static void patch_l3(const struct lso *l, uint8_t *hdr, uint32_t k, uint32_t l4bytes)
{
	uint8_t *ip = hdr + l->l3;
	uint32_t l3len = l->l4 - l->l3;

	switch (l->l3type) {
	case L3_IPV4:
		put16(ip + 2, l3len + l4bytes);
		if (l->ctrl & F_BIT(TCE_LSO_CTRL_IPID_MODE_INC))
			put16(ip + 4, get16(ip + 4) + k);
		put16(ip + 10, 0);
		put_csum(ip + 10, (uint16_t)~csum_fold(csum_partial(ip, l3len, 0)));
		break;
	case L3_V6V6:
		put16(hdr + l->l3o + 4, (uint32_t)(l->l3 - l->l3o) - 40 + l3len + l4bytes);
		/* fall through */
	case L3_IPV6:
		put16(ip + 4, l3len - 40 + l4bytes);
		break;
	default:
		break;
	}
}

/* TCP flags that this segment does not get.  A single segment keeps all: FIN and CWR still mean it. */
static uint32_t flags_cleared(const struct lso *l, uint32_t k)
{
	if (l->nsegs == 1)
		return 0;
	if (k == 0)
		return F_GET(l->ctrl, TCE_LSO_CTRL_TCPF_CLR_1ST);
	if (k + 1 < l->nsegs)
		return F_GET(l->ctrl, TCE_LSO_CTRL_TCPF_CLR_MID);
	return F_GET(l->ctrl, TCE_LSO_CTRL_TCPF_CLR_END);
}

static void patch_l4(const struct lso *l, uint8_t *hdr, uint32_t k, uint32_t l4bytes, uint32_t clear)
{
	uint8_t *l4 = hdr + l->l4;

	if (l->l4type == L4_TCP) {
		put32(l4 + 4, get32(l4 + 4) + k * l->mss);
		put16(l4 + 12, get16(l4 + 12) & ~clear);
	} else if (l->l4type == L4_UDP) {
		put16(l4 + 4, l4bytes);
	}
}

unsigned int lso_segment(struct lso *l, uint32_t k, uint8_t *hdr, struct span *out)
{
	uint32_t left = l->payload - k * l->mss;
	uint32_t len = left < l->mss ? left : l->mss;
	uint32_t l4bytes = l->l4len + len, sum = 0;
	unsigned int n;

	memcpy(hdr, l->hdr, l->hlen);
	patch_l3(l, hdr, k, l4bytes);
	patch_l4(l, hdr, k, l4bytes, flags_cleared(l, k));

	out[0] = (struct span){ hdr, l->hlen };
	n = 1 + payload_take(l, len, out + 1, true, &sum);
	sum = csum_partial(hdr + l->l4, l->l4len, sum);
	put_csum(hdr + l->field, csum_field(csum_num(sum, l4bytes)));
	return n;
}

bool lso_whole_ok(const struct lso *l)
{
	if (l->l4type == L4_OTHER || l->l3 != l->l3o || l->nsegs == 1)
		return false;
	if (l->l3type == L3_IPV4)
		return (uint32_t)(l->hlen - l->l3) + l->payload <= 65535;
	return l->l3type == L3_IPV6 && (uint32_t)(l->hlen - l->l3) - 40 + l->payload <= 65535;
}

unsigned int lso_whole(struct lso *l, bool partial, uint8_t *hdr, struct span *out,
		       struct frame_lso *info)
{
	uint32_t l4bytes = l->l4len + l->payload, sum = 0;
	uint16_t pseudo;
	unsigned int n;

	memcpy(hdr, l->hdr, l->hlen);
	patch_l3(l, hdr, 0, l4bytes);
	patch_l4(l, hdr, 0, l4bytes, 0);

	out[0] = (struct span){ hdr, l->hlen };
	n = 1 + payload_take(l, l->payload, out + 1, !partial, &sum);
	if (partial) {
		memcpy(&pseudo, hdr + l->field, sizeof(pseudo));
		put_csum(hdr + l->field, csum_fold(csum_num(pseudo, l4bytes)));
	} else {
		sum = csum_partial(hdr + l->l4, l->l4len, sum);
		put_csum(hdr + l->field, csum_field(csum_num(sum, l4bytes)));
	}

	*info = (struct frame_lso){
		.mss = l->mss,
		.hdr_len = l->hlen,
		.l4_start = l->l4,
		.csum_offset = l->field - l->l4,
		.ipv6 = l->l3type == L3_IPV6,
		.udp = l->l4type == L4_UDP,
	};
	return n;
}
