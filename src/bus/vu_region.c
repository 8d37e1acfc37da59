/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: accesses to BARs and configuration space
 *
 * A function knows aligned 32-bit accesses to its BARs, and so does every driver
 * of it.  Everything else that a client may ask for is made of those: a wider
 * access is several, lowest address first; a part of a word is read by reading
 * the word.  Writing a part of a word means reading the word, changing it and
 * writing it back.  That is harmless where registers only store (the MSI-X
 * table, the firmware window) but not in the card's BAR0, where reading can clear
 * and writing back can command: there it is refused (whole_words).
 *
 * Configuration space takes 1, 2 and 4 bytes; a longer access is cut into the
 * largest aligned pieces.  QEMU reads all 4096 bytes in one message.
 *
 * Most messages of a busy guest are 4-byte posted writes to BAR0, so those are
 * looked for first.
 */
#include "vu_int.h"

#include <errno.h>
#include <string.h>

uint64_t vu_region_size(const struct vu *v, uint32_t region)
{
	if (region == VU_REGION_CONFIG)
		return CARD_CFG_SIZE;
	return region < VU_REGION_ROM ? v->fn->bar_size(region) : 0;
}

/* ---- configuration space ---- */

/* The largest aligned piece at @off that has at most @left bytes */
static unsigned int cfg_piece(uint32_t off, uint32_t left)
{
	if (!(off % 4) && left >= 4)
		return 4;
	return !(off % 2) && left >= 2 ? 2 : 1;
}

static void cfg_read(const struct vu *v, uint32_t off, uint8_t *data, uint32_t len)
{
	while (len) {
		unsigned int n = cfg_piece(off, len);
		uint32_t val = v->fn->cfg_read(v->fn_ctx, off, n);

		memcpy(data, &val, n);
		off += n;
		data += n;
		len -= n;
	}
}

static void cfg_write(const struct vu *v, uint32_t off, const uint8_t *data, uint32_t len)
{
	while (len) {
		unsigned int n = cfg_piece(off, len);
		uint32_t val = 0;

		memcpy(&val, data, n);
		v->fn->cfg_write(v->fn_ctx, off, n, val);
		off += n;
		data += n;
		len -= n;
	}
}

/* ---- BARs ---- */

/* How many of the next @left bytes lie in the word that @off is in */
static uint32_t bar_piece(uint32_t off, uint32_t left)
{
	uint32_t n = 4 - off % 4;

	return n < left ? n : left;
}

static bool partial_refused(const struct vu *v, uint32_t region, uint64_t ends)
{
	return region < VU_REGION_ROM && v->fn->whole_words & 1u << region && ends % 4;
}

static void bar_read(const struct vu *v, unsigned int bar, uint32_t off, uint8_t *data, uint32_t len)
{
	while (len) {
		uint32_t n = bar_piece(off, len);
		uint32_t val = v->fn->bar_read(v->fn_ctx, bar, off & ~3u);

		memcpy(data, (uint8_t *)&val + off % 4, n);
		off += n;
		data += n;
		len -= n;
	}
}

static int bar_write(const struct vu *v, unsigned int bar, uint32_t off, const uint8_t *data,
		     uint32_t len)
{
	if (partial_refused(v, bar, off | len))
		return -EINVAL;
	while (len) {
		uint32_t n = bar_piece(off, len);
		uint32_t val = n < 4 ? v->fn->bar_read(v->fn_ctx, bar, off & ~3u) : 0;

		memcpy((uint8_t *)&val + off % 4, data, n);
		v->fn->bar_write(v->fn_ctx, bar, off & ~3u, val);
		off += n;
		data += n;
		len -= n;
	}
	return 0;
}

/* ---- messages ---- */

static bool access_ok(const struct vu *v, const struct vu_region_rw *rw)
{
	uint64_t size = rw->region < VU_NREGIONS ? vu_region_size(v, rw->region) : 0;

	return rw->count && rw->count <= VU_MAX_XFER && vu_range_ok(rw->offset, rw->count, size);
}

int vu_region_read(struct vu *v, struct vu_msg *m)
{
	struct vu_region_rw rw;
	uint8_t *data = m->reply + sizeof(rw);

	memcpy(&rw, m->body, sizeof(rw));
	if (!access_ok(v, &rw))
		return -EINVAL;
	if (rw.region == VU_REGION_CONFIG)
		cfg_read(v, (uint32_t)rw.offset, data, rw.count);
	else
		bar_read(v, rw.region, (uint32_t)rw.offset, data, rw.count);
	memcpy(m->reply, &rw, sizeof(rw));
	m->reply_len = (uint32_t)sizeof(rw) + rw.count;
	return 0;
}

/* The access has been checked; @data has rw->count bytes */
static int region_write(struct vu *v, const struct vu_region_rw *rw, const uint8_t *data)
{
	if (rw->region == VU_REGION_CONFIG) {
		cfg_write(v, (uint32_t)rw->offset, data, rw->count);
		vu_irq_sync(v);		/* it may have been a function-level reset */
		return 0;
	}
	return bar_write(v, rw->region, (uint32_t)rw->offset, data, rw->count);
}

int vu_region_write(struct vu *v, struct vu_msg *m)
{
	const uint8_t *data = m->body + sizeof(struct vu_region_rw);
	struct vu_region_rw rw;
	int err;

	memcpy(&rw, m->body, sizeof(rw));
	if (rw.count != m->len - sizeof(rw) || !access_ok(v, &rw))
		return -EINVAL;
	err = region_write(v, &rw, data);
	if (err)
		return err;
	memcpy(m->reply, &rw, sizeof(rw));
	m->reply_len = sizeof(rw);
	return 0;
}

/*
 * All entries are checked before the first is executed, so an error means that
 * nothing was written.
 */
int vu_write_multi(struct vu *v, struct vu_msg *m)
{
	const uint8_t *entries = m->body + sizeof(uint64_t);
	struct vu_write_one w;
	uint64_t n;

	memcpy(&n, m->body, sizeof(n));
	if (!n || n > VU_MAX_XFER / sizeof(w) || m->len != sizeof(n) + n * sizeof(w))
		return -EINVAL;
	for (int pass = 0; pass < 2; pass++) {
		for (uint64_t i = 0; i < n; i++) {
			struct vu_region_rw rw;

			memcpy(&w, entries + i * sizeof(w), sizeof(w));
			rw = (struct vu_region_rw){ w.offset, w.region, w.count };
			if (pass)
				region_write(v, &rw, w.data);
			else if (w.count > sizeof(w.data) || !access_ok(v, &rw) ||
				 partial_refused(v, w.region, w.offset | w.count))
				return -EINVAL;
		}
	}
	memcpy(m->reply, &n, sizeof(n));
	m->reply_len = sizeof(n);
	return 0;
}
