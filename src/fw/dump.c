// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Core dumps: what devlink health dump shows of us.
 *
 * The driver asks whether there is a dump (and always says "make one"), gets
 * its size, and reads it in pieces of 3584 bytes, one request at a time.  So a
 * dump is a snapshot, kept until the next one is made.
 *
 * Layout, little-endian: a header of 32 bytes
 *
 *	0  "OFBDUMP1"		16  uptime in ms, 64 bits
 *	8  size of all		24  running version
 *	12 reason (1: asked)	28  number of sections
 *
 * and sections, each 4 letters, 32 bits of length (without these 8 bytes), and
 * data padded to 4:
 *
 *	STAT	state bits, heads, then counters and refusals, 64 bits each
 *	MBOX	the 64 mailbox words as they are
 *	HIST	the last messages, oldest first, 12 bytes each: ms, id, length,
 *		direction (1 from the host, 2 to it), error, 2 bytes of nothing
 *	LOGS	the log, oldest first, lines of text
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"
#include "str.h"

#define DUMP_HDR	32u
#define REASON_ASKED	1u

struct dumper {
	uint8_t		*p;
	size_t		len, cap;
	size_t		section;	/* where the open one's length is */
	uint32_t	sections;
};

void dump_note(struct fw *fw, unsigned int id, size_t len, unsigned int dir, int err)
{
	struct hist_entry *h = &fw->hist[fw->hist_next++ % HIST_ENTRIES];

	put_le32(h->msec, (uint32_t)fw_uptime_ms(fw));
	h->id[0] = (uint8_t)id;
	h->id[1] = (uint8_t)(id >> 8);
	h->len[0] = (uint8_t)len;
	h->len[1] = (uint8_t)(len >> 8);
	h->dir = (uint8_t)dir;
	h->err = (uint8_t)-err;
}

static void d_bytes(struct dumper *d, const void *p, size_t len)
{
	if (len > d->cap - d->len)
		len = d->cap - d->len;
	memcpy(d->p + d->len, p, len);
	d->len += len;
}

static void d_u32(struct dumper *d, uint32_t v)
{
	uint8_t le[4];

	put_le32(le, v);
	d_bytes(d, le, sizeof(le));
}

static void d_u64(struct dumper *d, uint64_t v)
{
	d_u32(d, (uint32_t)v);
	d_u32(d, (uint32_t)(v >> 32));
}

static void d_section(struct dumper *d, const char *name)
{
	d_bytes(d, name, 4);
	d->section = d->len;
	d_u32(d, 0);
	d->sections++;
}

static void d_section_end(struct dumper *d)
{
	if (d->section + 4 <= d->len)
		put_le32(d->p + d->section, (uint32_t)(d->len - d->section - 4));
	while (d->len % 4 && d->len < d->cap)
		d->p[d->len++] = 0;
}

static void d_stat(struct fw *fw, struct dumper *d)
{
	d_section(d, "STAT");
	d_u32(d, (uint32_t)fw->host_here | (uint32_t)fw->host_owns << 1 | (uint32_t)fw->link_up << 2 |
		 (uint32_t)fw->log_on << 3);
	d_u32(d, fw->head[RING_RX] | fw->head[RING_TX] << 16);
	for (unsigned int i = 0; i < FWC_COUNT; i++)
		d_u64(d, fw->counter[i]);
	for (unsigned int i = 0; i < FWR_COUNT; i++)
		d_u64(d, fw->refused[i]);
	d_section_end(d);
}

static void d_mailbox(struct fw *fw, struct dumper *d)
{
	d_section(d, "MBOX");
	for (unsigned int i = 0; i < MBX_WORDS; i++)
		d_u32(d, fw->env.mbx_read(fw->env.ctx, MBX_WORD + i));
	d_section_end(d);
}

static void d_history(struct fw *fw, struct dumper *d)
{
	unsigned int n = fw->hist_next < HIST_ENTRIES ? fw->hist_next : HIST_ENTRIES;

	d_section(d, "HIST");
	for (unsigned int i = fw->hist_next - n; i != fw->hist_next; i++)
		d_bytes(d, &fw->hist[i % HIST_ENTRIES], sizeof(fw->hist[0]));
	d_section_end(d);
}

static void d_logs(struct fw *fw, struct dumper *d)
{
	uint64_t i = fw->log_next > LOG_ENTRIES ? fw->log_next - LOG_ENTRIES : 1;
	char line[LOG_LINE + 16];
	struct fw_str s;

	d_section(d, "LOGS");
	for (; i < fw->log_next; i++) {
		str_begin(&s, line, sizeof(line));
		str_dec(&s, fw->log[i % LOG_ENTRIES].msec, 0);
		str_put(&s, " ");
		str_put(&s, fw->log[i % LOG_ENTRIES].text);
		str_put(&s, "\n");
		d_bytes(d, line, s.len);
	}
	d_section_end(d);
}

void dump_create(struct fw *fw)
{
	struct dumper d = { .p = fw->dump, .len = DUMP_HDR, .cap = sizeof(fw->dump) };
	size_t size;

	d_stat(fw, &d);
	d_mailbox(fw, &d);
	d_history(fw, &d);
	d_logs(fw, &d);
	size = d.len;

	d.len = 0;
	d_bytes(&d, "OFBDUMP1", 8);
	d_u32(&d, (uint32_t)size);
	d_u32(&d, REASON_ASKED);
	d_u64(&d, fw_uptime_ms(fw));
	d_u32(&d, fw->cfg.mgmt.version);
	d_u32(&d, d.sections);
	fw->dump_size = (uint32_t)size;
	fw_state(fw, "core dump made");
}

int fw_on_dump_info(struct fw *fw, const struct fw_in *in)
{
	struct fw_out o;

	if (in->a[DUMP_INFO_CREATE].p)
		dump_create(fw);

	fw_reply(fw, &o, MSG_DUMP_INFO_RESP);
	if (fw->dump_size) {
		out_flag(&o, DUMP_INFO_AVAILABLE);
		out_uint(&o, DUMP_INFO_SIZE, fw->dump_size);
	}
	return fw_send(fw, &o);
}

int fw_on_dump_read(struct fw *fw, const struct fw_in *in)
{
	uint64_t off = tlv_uint(&in->a[DUMP_OFFSET]);
	uint64_t len = tlv_uint(&in->a[DUMP_LENGTH]);
	struct fw_out o;
	int err = 0;

	if (!fw->dump_size)
		err = -FW_ENOENT;
	else if (!len || len > TLV_MAX_DATA || off > fw->dump_size || len > fw->dump_size - off)
		err = -FW_EINVAL;

	fw_reply(fw, &o, MSG_DUMP_READ_RESP);
	out_uint(&o, DUMP_OFFSET, off);
	out_uint(&o, DUMP_LENGTH, len);
	if (err)
		out_sint(&o, DUMP_ERROR, err);
	else
		out_bytes(&o, DUMP_DATA, fw->dump + off, (size_t)len);
	fw_send(fw, &o);
	return err;
}
