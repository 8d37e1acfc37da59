// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Core dumps: what devlink health dump shows of us.
 *
 * The driver asks whether there is a dump (and always says "make one"), gets
 * its size, and reads it in pieces of 3584 bytes, one request at a time.  So a
 * dump is a snapshot, kept until the next one is made; and one that a crash
 * left, which also survives the loss of power, is kept until it was read to its
 * end.
 *
 * Each host of a card has its own, of itself and of the card.
 *
 * Layout, little-endian: a header of 32 bytes
 *
 *	0  "OFBDUMP1"			16  uptime in ms, 64 bits
 *	8  size of all			24  running version
 *	12 reason (1 asked, 2 crash)	28  number of sections
 *
 * and sections, each 4 letters, 32 bits of length (without these 8 bytes), and
 * data padded to 4:
 *
 *	TEXT	what happened, versions and slots, lines of text
 *	STAT	state bits, heads, then counters and refusals, 64 bits each
 *	MBOX	the 64 mailbox words as they are
 *	REGS	registers: index and value, 32 bits each
 *	HIST	the last messages, oldest first, 12 bytes each: ms, id, length,
 *		direction (1 from the host, 2 to it), error, 2 bytes of nothing
 *	LAST	the last message from the host and the last one built, up to 512
 *		bytes each
 *	LOGS	the log, oldest first, lines of text
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"
#include "str.h"

#define DUMP_HDR	32u

#define LAST_BYTES	512u

/* What a reader of the dump wants to see of the hardware; driver: fbnic_csr.h */
static const struct {
	uint32_t	csr, n;
} regs[] = {
	{ 0x00000, 8 },		/* INTR_STATUS */
	{ 0x00008, 8 },		/* INTR_MASK */
	{ 0x0c41b, 1 },		/* MASTER_SPARE_0 */
	{ 0x10000, 2 },		/* PCS CTRL1, STAT1 */
	{ 0x11002, 1 },		/* MAC_COMMAND_CONFIG */
	{ 0x11800, 1 },		/* SIG_MAC_IN0 */
	{ 0x11807, 3 },		/* SIG_PCS_IN0, OUT0, OUT1 */
	{ 0x11814, 3 },		/* SIG_PCS_INTR_STS .. MASK */
	{ 0x11825, 1 },		/* SIG_PCS_IN1 */
	{ 0x3103d, 2 },		/* PUL AW_CFG, AR_CFG */
};

struct dumper {
	uint8_t		*p;
	size_t		len, cap;
	size_t		section;	/* where the open one's length is */
	uint32_t	sections;
};

void dump_note(struct fw_host *h, unsigned int id, size_t len, unsigned int dir, int err)
{
	struct hist_entry *e = &h->hist[h->hist_next++ % HIST_ENTRIES];

	put_le32(e->msec, (uint32_t)fw_uptime_ms(h->fw));
	e->id[0] = (uint8_t)id;
	e->id[1] = (uint8_t)(id >> 8);
	e->len[0] = (uint8_t)len;
	e->len[1] = (uint8_t)(len >> 8);
	e->dir = (uint8_t)dir;
	e->err = (uint8_t)-err;
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

static void d_line(struct dumper *d, const char *what, const char *text, uint32_t version)
{
	char line[LOG_LINE + 64];
	struct fw_str s;

	str_begin(&s, line, sizeof(line));
	str_put(&s, what);
	str_put(&s, ": ");
	if (version) {
		str_version(&s, version);
		str_put(&s, " ");
	}
	str_put(&s, text);
	str_put(&s, "\n");
	d_bytes(d, line, s.len);
}

static void d_text(struct fw_host *h, struct dumper *d, const char *why)
{
	const struct fw *fw = h->fw;

	d_section(d, "TEXT");
	d_line(d, "reason", why, 0);
	d_line(d, "phase", fw_phase_names[fw->phase], 0);
	for (unsigned int i = 0; i < PARTS; i++) {
		const struct fw_version *v = flash_stored(fw, i);

		d_line(d, flash_part_name(i), fw->running[i].commit, fw->running[i].version);
		d_line(d, "  stored", v->commit, v->version);
	}
	d_section_end(d);
}

static void d_regs(struct fw_host *h, struct dumper *d)
{
	if (!h->fw->env.reg_read)
		return;
	d_section(d, "REGS");
	for (unsigned int i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		for (uint32_t csr = regs[i].csr; csr < regs[i].csr + regs[i].n; csr++) {
			d_u32(d, csr);
			d_u32(d, h->fw->env.reg_read(h->ctx, csr));
		}
	d_section_end(d);
}

/* A message as it lies in @msg */
static void d_message(struct dumper *d, const uint32_t *msg)
{
	size_t len = tlv_hdr_get((const uint8_t *)msg).len * (size_t)4;

	if (len > LAST_BYTES)
		len = LAST_BYTES;
	d_u32(d, (uint32_t)len);
	d_bytes(d, msg, len);
}

static void d_last(struct fw_host *h, struct dumper *d)
{
	d_section(d, "LAST");
	d_message(d, h->in);
	d_message(d, h->out);
	d_section_end(d);
}

static void d_stat(struct fw_host *h, struct dumper *d)
{
	d_section(d, "STAT");
	d_u32(d, (uint32_t)h->host_here | (uint32_t)h->host_owns << 1 | (uint32_t)h->link_up << 2 |
		 (uint32_t)h->log_on << 3);
	d_u32(d, h->head[RING_RX] | h->head[RING_TX] << 16);
	for (unsigned int i = 0; i < FWC_COUNT; i++)
		d_u64(d, h->fw->counter[i] + h->counter[i]);
	for (unsigned int i = 0; i < FWR_COUNT; i++)
		d_u64(d, h->fw->refused[i] + h->refused[i]);
	d_section_end(d);
}

static void d_mailbox(struct fw_host *h, struct dumper *d)
{
	d_section(d, "MBOX");
	for (unsigned int i = 0; i < MBX_WORDS; i++)
		d_u32(d, h->fw->env.mbx_read(h->ctx, MBX_WORD + i));
	d_section_end(d);
}

static void d_history(struct fw_host *h, struct dumper *d)
{
	unsigned int n = h->hist_next < HIST_ENTRIES ? h->hist_next : HIST_ENTRIES;

	d_section(d, "HIST");
	for (unsigned int i = h->hist_next - n; i != h->hist_next; i++)
		d_bytes(d, &h->hist[i % HIST_ENTRIES], sizeof(h->hist[0]));
	d_section_end(d);
}

static void d_logs(struct fw_host *h, struct dumper *d)
{
	uint64_t i = h->log_next > LOG_ENTRIES ? h->log_next - LOG_ENTRIES : 1;
	char line[LOG_LINE + 16];
	struct fw_str s;

	d_section(d, "LOGS");
	for (; i < h->log_next; i++) {
		str_begin(&s, line, sizeof(line));
		str_dec(&s, h->log[i % LOG_ENTRIES].msec, 0);
		str_put(&s, " ");
		str_put(&s, h->log[i % LOG_ENTRIES].text);
		str_put(&s, "\n");
		d_bytes(d, line, s.len);
	}
	d_section_end(d);
}

void dump_create(struct fw_host *h, enum dump_reason reason, const char *why)
{
	struct dumper d = { .p = h->dump, .len = DUMP_HDR, .cap = sizeof(h->dump) };
	size_t size;

	d_text(h, &d, why);
	d_stat(h, &d);
	d_mailbox(h, &d);
	d_regs(h, &d);
	d_history(h, &d);
	d_last(h, &d);
	d_logs(h, &d);
	size = d.len;

	d.len = 0;
	d_bytes(&d, "OFBDUMP1", 8);
	d_u32(&d, (uint32_t)size);
	d_u32(&d, reason);
	d_u64(&d, fw_uptime_ms(h->fw));
	d_u32(&d, h->fw->running[PART_CONTROL].version);
	d_u32(&d, d.sections);
	h->dump_size = (uint32_t)size;
	h->dump_kept = h->dump_crash = reason == DUMP_CRASH;
	h->dump_serial++;
	host_state(h, "core dump made");
}

/*
 * The BMC's way to the same dump.  It does not count as read: a crash is for
 * the host to report.
 */
int fw_dump_take(struct fw *fw, unsigned int host, bool crash)
{
	struct fw_host *h = &fw->host[host];

	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	if (crash && !(h->dump_size && h->dump_crash))
		return -FW_ENOENT;
	if (!crash && !h->dump_kept)
		dump_create(h, DUMP_ASKED, "asked for by the BMC");
	h->dump_bmc = h->dump_serial;
	return (int)h->dump_size;
}

int fw_dump_read(struct fw *fw, unsigned int host, uint32_t off, uint8_t *buf, size_t len)
{
	const struct fw_host *h = &fw->host[host];

	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	if (!h->dump_size || h->dump_bmc != h->dump_serial)
		return -FW_ENOENT;
	if (off > h->dump_size || len > h->dump_size - off)
		return -FW_EINVAL;
	memcpy(buf, h->dump + off, len);
	return 0;
}

int fw_on_dump_info(struct fw_host *h, const struct fw_in *in)
{
	bool none = fault_strikes(h->fw, FW_FAULT_DUMP);
	struct fw_out o;

	if (in->a[DUMP_INFO_CREATE].p && !h->dump_kept && !none)
		dump_create(h, DUMP_ASKED, "asked for by the host");

	fw_reply(h, &o, MSG_DUMP_INFO_RESP);
	if (h->dump_size && !none) {
		out_flag(&o, DUMP_INFO_AVAILABLE);
		out_uint(&o, DUMP_INFO_SIZE, h->dump_size);
	}
	return fw_send(h, &o);
}

int fw_on_dump_read(struct fw_host *h, const struct fw_in *in)
{
	uint64_t off = tlv_uint(&in->a[DUMP_OFFSET]);
	uint64_t len = tlv_uint(&in->a[DUMP_LENGTH]);
	struct fw_out o;
	int err = 0;

	if (!h->dump_size)
		err = -FW_ENOENT;
	else if (!len || len > TLV_MAX_DATA || off > h->dump_size || len > h->dump_size - off)
		err = -FW_EINVAL;
	else if (fault_strikes(h->fw, FW_FAULT_DUMP_READ))
		err = -FW_EIO;

	fw_reply(h, &o, MSG_DUMP_READ_RESP);
	out_uint(&o, DUMP_OFFSET, off);
	out_uint(&o, DUMP_LENGTH, len);
	if (err)
		out_sint(&o, DUMP_ERROR, err);
	else
		out_bytes(&o, DUMP_DATA, h->dump + off, (size_t)len);
	if (!err && off + len == h->dump_size)
		h->dump_kept = false;
	fw_send(h, &o);
	return err;
}
