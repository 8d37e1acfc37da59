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

static void d_text(struct fw *fw, struct dumper *d, const char *why)
{
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

static void d_regs(struct fw *fw, struct dumper *d)
{
	if (!fw->env.reg_read)
		return;
	d_section(d, "REGS");
	for (unsigned int i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		for (uint32_t csr = regs[i].csr; csr < regs[i].csr + regs[i].n; csr++) {
			d_u32(d, csr);
			d_u32(d, fw->env.reg_read(fw->env.ctx, csr));
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

static void d_last(struct fw *fw, struct dumper *d)
{
	d_section(d, "LAST");
	d_message(d, fw->in);
	d_message(d, fw->out);
	d_section_end(d);
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

void dump_create(struct fw *fw, enum dump_reason reason, const char *why)
{
	struct dumper d = { .p = fw->dump, .len = DUMP_HDR, .cap = sizeof(fw->dump) };
	size_t size;

	d_text(fw, &d, why);
	d_stat(fw, &d);
	d_mailbox(fw, &d);
	d_regs(fw, &d);
	d_history(fw, &d);
	d_last(fw, &d);
	d_logs(fw, &d);
	size = d.len;

	d.len = 0;
	d_bytes(&d, "OFBDUMP1", 8);
	d_u32(&d, (uint32_t)size);
	d_u32(&d, reason);
	d_u64(&d, fw_uptime_ms(fw));
	d_u32(&d, fw->running[PART_CONTROL].version);
	d_u32(&d, d.sections);
	fw->dump_size = (uint32_t)size;
	fw->dump_kept = fw->dump_crash = reason == DUMP_CRASH;
	fw->dump_serial++;
	fw_state(fw, "core dump made");
}

/*
 * The BMC's way to the same dump.  It does not count as read: a crash is for
 * the host to report.
 */
int fw_dump_take(struct fw *fw, bool crash)
{
	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	if (crash && !(fw->dump_size && fw->dump_crash))
		return -FW_ENOENT;
	if (!crash && !fw->dump_kept)
		dump_create(fw, DUMP_ASKED, "asked for by the BMC");
	fw->dump_bmc = fw->dump_serial;
	return (int)fw->dump_size;
}

int fw_dump_read(struct fw *fw, uint32_t off, uint8_t *buf, size_t len)
{
	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	if (!fw->dump_size || fw->dump_bmc != fw->dump_serial)
		return -FW_ENOENT;
	if (off > fw->dump_size || len > fw->dump_size - off)
		return -FW_EINVAL;
	memcpy(buf, fw->dump + off, len);
	return 0;
}

int fw_on_dump_info(struct fw *fw, const struct fw_in *in)
{
	bool none = fault_strikes(fw, FW_FAULT_DUMP);
	struct fw_out o;

	if (in->a[DUMP_INFO_CREATE].p && !fw->dump_kept && !none)
		dump_create(fw, DUMP_ASKED, "asked for by the host");

	fw_reply(fw, &o, MSG_DUMP_INFO_RESP);
	if (fw->dump_size && !none) {
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
	else if (fault_strikes(fw, FW_FAULT_DUMP_READ))
		err = -FW_EIO;

	fw_reply(fw, &o, MSG_DUMP_READ_RESP);
	out_uint(&o, DUMP_OFFSET, off);
	out_uint(&o, DUMP_LENGTH, len);
	if (err)
		out_sint(&o, DUMP_ERROR, err);
	else
		out_bytes(&o, DUMP_DATA, fw->dump + off, (size_t)len);
	if (!err && off + len == fw->dump_size)
		fw->dump_kept = false;
	fw_send(fw, &o);
	return err;
}
