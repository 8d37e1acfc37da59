/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documents from data.
 *
 *	regdoc				prints docs/registers.md
 *	regdoc --update PAGE...		replaces the generated parts of pages
 *	regdoc --check PAGE...		says what --update would change; also
 *					that each register is in exactly one page
 *
 * A generated part is what stands between a line that begins with one of
 *
 *	<!-- regs: PATTERN... -->	registers whose names match (fnmatch)
 *	<!-- desc: NAME -->		a descriptor: drawing and fields
 *	<!-- messages -->		the firmware's messages
 *	<!-- mgmt -->			the management processor's registers
 *	<!-- pldm -->			the PLDM commands, sensors
 *	<!-- code: FILE -->		a part of a program that the tests run
 *
 * and the next "<!-- end -->".  Sources: src/card/regs.def, fields.def and
 * descs.def, src/fw/descs.def, the message table of src/fw/msg.c,
 * src/mgmt/regs.def, and
 * docs/hardware/uses.txt (from tools/driver-check) for who uses what.
 */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/card/card.h"
#include "../src/card/regs.h"
#include "../src/fw/msg.h"
#include "../src/mgmt/mgmt.h"
#include "../src/fw/pldm.h"

#define USES_FILE	"docs/hardware/uses.txt"
#define MAX_LINE	4096

static const char *const access_names[] = {
	[REG_RO] = "RO", [REG_RW] = "RW", [REG_W1C] = "W1C", [REG_CMD] = "W",
	[REG_CTR] = "counter", [REG_CTR_LO] = "counter, 64 bits", [REG_CTR_HI] = "counter, high",
	[REG_RC] = "clear on read",
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "regdoc: %s: %s\n", name, what);
	exit(1);
}

/* ---- who uses what ---- */

static char *uses;	/* the file's text */

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	long len;

	if (!f)
		return NULL;
	len = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
	if (len < 0)
		die("can't be read", path);
	rewind(f);
	text = malloc((size_t)len + 1);
	if (!text || fread(text, 1, (size_t)len, f) != (size_t)len)
		die("can't be read", path);
	text[len] = '\0';
	fclose(f);
	return text;
}

/* Functions behind @key, with commas; a dash if there are none */
static void print_uses(FILE *out, const char *key)
{
	size_t len = key ? strlen(key) : 0;
	const char *p = uses;

	while (key && p && *p && (strncmp(p, key, len) || p[len] != ' ')) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!key || !p || !*p) {
		fputs("-", out);
		return;
	}
	for (p += len + 1; *p && *p != '\n'; p++)
		if (*p == ' ')
			fputs(", ", out);
		else
			fputc(*p, out);
}

/* ---- registers ---- */

static void base_name(char *buf, size_t size, const struct reg *r)
{
	snprintf(buf, size, "%s", r->name);
	if (r->access == REG_CTR_LO)
		buf[strlen(buf) - 2] = '\0';	/* "_L" */
}

static void print_where(FILE *out, const struct reg *r)
{
	if (r->csr >= CSR_QUEUE)
		fprintf(out, "queue + 0x%03x", r->csr - CSR_QUEUE);
	else
		fprintf(out, "0x%05x", r->csr);
	if (r->csr < CSR_QUEUE && r->n > 1) {
		if (r->shift)
			fprintf(out, " + %u i", 1u << r->shift);
		else
			fprintf(out, " + i");
		fprintf(out, ", i < %u", r->n);
	}
	if (r->access == REG_CTR_LO)
		fprintf(out, "; high + %u", r->hi);
}

static void print_byte(FILE *out, const struct reg *r)
{
	if (r->csr >= CSR_QUEUE)
		fprintf(out, "+ 0x%03x", (r->csr - CSR_QUEUE) * 4);
	else
		fprintf(out, "0x%06x", r->csr * 4);
}

static void print_reg(FILE *out, const struct reg *r, bool with_uses)
{
	char name[64];

	base_name(name, sizeof(name), r);
	fprintf(out, "| %s | ", name);
	print_where(out, r);
	fprintf(out, " | ");
	print_byte(out, r);
	fprintf(out, " | %s | 0x%x | 0x%x | %c | %s |", access_names[r->access], r->reset, r->mask,
		r->evidence, r->text);
	if (with_uses) {
		fputc(' ', out);
		print_uses(out, name);
		fputs(" |", out);
	}
	fputc('\n', out);
}

static void print_bits(FILE *out, unsigned int hi, unsigned int lo)
{
	if (hi == lo)
		fprintf(out, "%u", hi);
	else
		fprintf(out, "%u:%u", hi, lo);
}

static void print_fields(FILE *out, const struct reg *r, bool with_uses)
{
	const struct reg_field *f = NULL;

	while ((f = reg_field_next(r, f))) {
		fprintf(out, "| %s | %s | ", r->name, f->name);
		print_bits(out, f->hi, f->lo);
		fprintf(out, " | %s |", f->text);
		if (with_uses) {
			fputc(' ', out);
			print_uses(out, f->macro);
			fputs(" |", out);
		}
		fputc('\n', out);
	}
}

static bool match(const char *name, const char *patterns)
{
	char list[MAX_LINE], *p, *save = NULL;

	snprintf(list, sizeof(list), "%s", patterns);
	for (p = strtok_r(list, " ", &save); p; p = strtok_r(NULL, " ", &save))
		if (!fnmatch(p, name, 0))
			return true;
	return false;
}

/* How many pages have a register; by row of card_regs */
static unsigned char *seen;

static void print_table(FILE *out, const char *patterns, bool with_uses)
{
	unsigned int i, n = 0, fields = 0;

	fprintf(out, "| Register | Index | Byte | Access | Reset | Mask | Ev. | Meaning |%s\n"
		"|---|---|---|---|---|---|---|---|%s\n",
		with_uses ? " Used by |" : "", with_uses ? "---|" : "");
	for (i = 1; i < card_nregs; i++) {
		const struct reg *r = &card_regs[i];
		char name[64];

		base_name(name, sizeof(name), r);
		if (r->access == REG_CTR_HI || !match(name, patterns))
			continue;
		print_reg(out, r, with_uses);
		fields += reg_field_next(r, NULL) != NULL;
		seen[i]++;
		n++;
	}
	if (!n)
		die("no register matches", patterns);
	if (!fields)
		return;
	fprintf(out, "\n| Register | Field | Bits | Meaning |%s\n|---|---|---|---|%s\n",
		with_uses ? " Used by |" : "", with_uses ? "---|" : "");
	for (i = 1; i < card_nregs; i++)
		if (card_regs[i].access != REG_CTR_HI && match(card_regs[i].name, patterns))
			print_fields(out, &card_regs[i], with_uses);
}

/* ---- descriptors ---- */

struct desc_row {
	const char	*desc, *name;	/* name NULL: the descriptor itself */
	unsigned int	hi, lo;		/* hi: its bits */
	const char	*macro, *text;
};

static const struct desc_row descs[] = {
#define DESC(desc_, bits_, text_) { .desc = #desc_, .hi = bits_, .text = text_ },
#define DFIELD(desc_, name_, hi_, lo_, macro_, text_) \
	{ .desc = #desc_, .name = #name_, .hi = hi_, .lo = lo_, .macro = #macro_, .text = text_ },
#define DFIELDX(desc_, name_, hi_, lo_, text_) \
	{ .desc = #desc_, .name = #name_, .hi = hi_, .lo = lo_, .text = text_ },
#include "../src/card/descs.def"
#include "../src/fw/descs.def"
#undef DESC
#undef DFIELD
#undef DFIELDX
};

#define NDESCS	(sizeof(descs) / sizeof(descs[0]))

/* One row of a drawing: bits @top .. @bottom, two columns each; long names become letters */
static void draw_row(FILE *out, const struct desc_row *d, unsigned int top, unsigned int bottom)
{
	unsigned int width = 2 * (top - bottom + 1), end = 0, b;
	char line[80], legend[512] = "";
	const struct desc_row *f;
	char letter = 'a';

	memset(line, ' ', sizeof(line));
	for (b = top; b + 1 > bottom; b--)
		if (b >= 10 && (b == top || b % 10 == 9)) {
			end = 2 * (top - b) + 1;
			line[end] = (char)('0' + b / 10);
		}
	line[end + 1] = '\0';
	fprintf(out, " %s\n ", line);
	for (b = top; b + 1 > bottom; b--)
		fprintf(out, " %u", b % 10);

	memset(line, '-', sizeof(line));
	for (f = d + 1; f < descs + NDESCS && f->name; f++)
		if (f->hi <= top && f->hi >= bottom)
			line[2 * (top - f->hi)] = '+';
	line[0] = line[width] = '+';
	line[width + 1] = '\0';
	fprintf(out, "\n %s\n ", line);

	for (f = d + 1; f < descs + NDESCS && f->name; f++) {
		unsigned int hi = f->hi < top ? f->hi : top, lo = f->lo > bottom ? f->lo : bottom;
		int room, pad, len = (int)strlen(f->name);

		if (f->lo > top || f->hi < bottom)
			continue;
		room = 2 * (int)(hi - lo + 1) - 1;
		if (len <= room) {
			pad = (room - len) / 2;
			fprintf(out, "|%*s%s%*s", pad, "", f->name, room - len - pad, "");
			continue;
		}
		pad = (room - 1) / 2;
		fprintf(out, "|%*s%c%*s", pad, "", letter, room - 1 - pad, "");
		snprintf(legend + strlen(legend), sizeof(legend) - strlen(legend), "  %c %s", letter++, f->name);
	}
	fprintf(out, "|\n %s\n", line);
	if (*legend)
		fprintf(out, "%s\n", legend);
}

static void print_desc(FILE *out, const char *name)
{
	const struct desc_row *d = descs, *f;
	unsigned int top, bits, next;

	while (d < descs + NDESCS && (d->name || strcmp(d->desc, name)))
		d++;
	if (d == descs + NDESCS)
		die("there is no such descriptor", name);

	next = d->hi;
	for (f = d + 1; f < descs + NDESCS && f->name; f++) {
		if (strcmp(f->desc, d->desc) || f->hi + 1 != next || f->lo > f->hi)
			die("fields leave a gap or overlap", f->name);
		next = f->lo;
	}
	if (next)
		die("fields do not reach bit 0", name);

	fprintf(out, "%s.\n\n```\n", d->text);
	bits = d->hi < 32 ? d->hi : 32;
	for (top = d->hi; top; top -= bits) {
		draw_row(out, d, top - 1, top - bits);
		if (top > bits)
			fputc('\n', out);
	}
	fprintf(out, "```\n\n| Bits | Field | Meaning | Used by |\n|---|---|---|---|\n");
	for (f = d + 1; f < descs + NDESCS && f->name; f++) {
		if (!*f->text)
			continue;
		fputs("| ", out);
		print_bits(out, f->hi, f->lo);
		fprintf(out, " | %s | %s | ", f->name, f->text);
		print_uses(out, f->macro);
		fputs(" |\n", out);
	}
}

/* ---- messages ---- */

static void print_attr(FILE *out, const struct tlv_attr *a)
{
	switch ((enum tlv_type)a->type) {
	case TLV_FLAG:
		fprintf(out, "flag");
		break;
	case TLV_UINT:
	case TLV_SINT:
		fprintf(out, "%c%u", a->type == TLV_UINT ? 'u' : 's', a->max * 8u);
		break;
	case TLV_STRING:
		fprintf(out, "string <= %u", a->max);
		break;
	case TLV_BINARY:
		fprintf(out, "bytes <= %u", a->max);
		break;
	case TLV_MAC:
		fprintf(out, "MAC");
		break;
	case TLV_NESTED:
		fprintf(out, "nested");
		break;
	case TLV_ARRAY:
		fprintf(out, "array <= %u of 0x%x", a->max, a->elem);
		break;
	}
}

static void print_messages(FILE *out)
{
	static const char *const dirs[] = { [MSG_TO_FW] = "to firmware", [MSG_TO_HOST] = "to host",
					    [MSG_TO_FW | MSG_TO_HOST] = "both" };
	size_t i, k;

	fprintf(out, "| Id | Message | Direction | Attributes: id name type |\n|---|---|---|---|\n");
	for (i = 0; i < fw_msg_count; i++) {
		const struct msg_def *m = &fw_msgs[i];

		fprintf(out, "| 0x%02x | %s | %s |", m->id, m->name, dirs[m->dir]);
		for (k = 0; k < m->attrs.count; k++) {
			fprintf(out, "%s 0x%x %s ", k ? "," : "", m->attrs.attr[k].id, m->attrs.attr[k].name);
			print_attr(out, &m->attrs.attr[k]);
		}
		fputs(m->attrs.count ? " |\n" : " none |\n", out);
	}
}

/* ---- the management processor's function ---- */

struct mgmt_bit {
	const char	*name;
	unsigned int	val;
	const char	*text;
};

static void print_bits_of(FILE *out, const char *head, const struct mgmt_bit *b, size_t n)
{
	fprintf(out, "\n| %s | | |\n|---|---|---|\n", head);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "| %u | %s | %s |\n", b[i].val, b[i].name, b[i].text);
}

static void print_mgmt(FILE *out)
{
	static const char *const access[] = {
		[MREG_RO] = "RO", [MREG_RW] = "RW", [MREG_W1C] = "W1C", [MREG_CMD] = "W",
	};
	static const struct mgmt_bit events[] = {
#define MEVENT(name_, bit_, text_) { #name_, bit_, text_ },
#include "../src/mgmt/regs.def"
#undef MEVENT
	};
	static const struct mgmt_bit commands[] = {
#define MCMD(name_, number_, text_) { #name_, number_, text_ },
#include "../src/mgmt/regs.def"
#undef MCMD
	};
	static const struct mgmt_bit life[] = {
#define MLIFE(name_, value_, text_) { #name_, value_, text_ },
#include "../src/mgmt/regs.def"
#undef MLIFE
	};

	static const struct mgmt_bit asks[] = {
#define MASK(name_, number_, text_) { #name_, number_, text_ },
#include "../src/mgmt/regs.def"
#undef MASK
	};

	fprintf(out, "| Byte | Register | Access | Meaning |\n|---|---|---|---|\n");
	for (unsigned int i = 0; i < mgmt_nregs; i++) {
		const struct mgmt_reg *r = &mgmt_regs[i];

		fprintf(out, "| 0x%03x", r->off);
		if (r->n > 1)
			fprintf(out, " + 4 i, i < %u", r->n);
		fprintf(out, " | %s | %s | %s |\n", r->name, access[r->access], r->text);
	}
	print_bits_of(out, "EVENT, bit", events, sizeof(events) / sizeof(events[0]));
	print_bits_of(out, "COMMAND", commands, sizeof(commands) / sizeof(commands[0]));
	print_bits_of(out, "LIFE, value", life, sizeof(life) / sizeof(life[0]));
	print_bits_of(out, "ASK", asks, sizeof(asks) / sizeof(asks[0]));
}

/* ---- PLDM ---- */

static void print_pldm_sensors(FILE *out)
{
	static const char *const units[] = { [2] = "degrees C", [5] = "V", [6] = "A", [7] = "W" };

	fprintf(out, "\n| Sensor | | Kind | Entity |\n|---|---|---|---|\n");
	for (unsigned int i = 0; i < NUM_SENSORS; i++)
		fprintf(out, "| %u | %s | numeric, 10^%d %s%s | %u |\n", i + 1, pldm_numeric[i].name,
			pldm_numeric[i].exponent, units[pldm_numeric[i].unit], pldm_numeric[i].settable ? ", limits can be set" : "",
			pldm_numeric[i].entity);
	for (unsigned int i = 0; i < STATE_SENSORS; i++)
		fprintf(out, "| %u | %s | state, set %u | %u |\n", STATE_FIRST + i, pldm_state[i].name,
			pldm_state[i].set, pldm_state[i].entity);
}

static void print_pldm(FILE *out)
{
	for (size_t t = 0; t < pldm_type_count; t++) {
		const struct pldm_type *type = &pldm_types[t];

		fprintf(out, "%sType %u, %s, version %u.%u.%u:\n\n", t ? "\n" : "", type->type, type->name,
			type->version >> 24 & 15, type->version >> 16 & 15, type->version >> 8 & 15);
		fprintf(out, "| Command | Name | From | Length | Request | Response |\n|---|---|---|---|---|---|\n");
		for (size_t i = 0; i < pldm_cmd_count; i++) {
			const struct pldm_cmd *c = &pldm_cmds[i];

			if (c->type != type->type)
				continue;
			fprintf(out, "| 0x%02x | %s%s | %s | %u", c->cmd, c->name, c->once ? " *" : "",
				c->ours ? "card" : "BMC", c->min);
			if (c->max != c->min)
				fprintf(out, "..%u", c->max);
			fprintf(out, " | %s | %s |\n", c->request, c->response);
		}
	}
	print_pldm_sensors(out);
}

/* ---- code ---- */

/* Of the file, what is between the lines of the two comments "doc" and "end" */
static void print_code(FILE *out, const char *path)
{
	static const char from[] = "\n/* doc */\n", to[] = "\n/* end */\n";
	char *text = slurp(path), *begin, *end;

	begin = text ? strstr(text, from) : NULL;
	end = begin ? strstr(begin, to) : NULL;
	if (!end)
		die("can't be read, or has no part for a page", path);
	begin += sizeof(from) - 1;
	fprintf(out, "```c\n%.*s\n```\n", (int)(end - begin), begin);
	free(text);
}

/* ---- pages ---- */

/* The text between "<!-- KEY" and " -->" in @line, or NULL */
static const char *marker(const char *line, const char *key, char *buf)
{
	const char *end = strstr(line, " -->");
	size_t len = strlen(key);

	if (strncmp(line, "<!-- ", 5) || strncmp(line + 5, key, len) || !end)
		return NULL;
	if (line + 5 + len > end)
		return NULL;
	snprintf(buf, MAX_LINE, "%.*s", (int)(end - (line + 5 + len)), line + 5 + len);
	return buf;
}

static bool generate(FILE *out, const char *line)
{
	char arg[MAX_LINE];

	if (marker(line, "regs: ", arg))
		print_table(out, arg, true);
	else if (marker(line, "desc: ", arg))
		print_desc(out, arg);
	else if (marker(line, "messages", arg))
		print_messages(out);
	else if (marker(line, "mgmt", arg))
		print_mgmt(out);
	else if (marker(line, "pldm", arg))
		print_pldm(out);
	else if (marker(line, "code: ", arg))
		print_code(out, arg);
	else
		return false;
	return true;
}

/* The page as it should be; the caller frees it */
static char *remake(const char *path, char *text)
{
	char *made = NULL, *line, *save = text;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);
	bool skipping = false;

	if (!out)
		die("no memory", path);
	while ((line = strsep(&save, "\n"))) {
		if (!strcmp(line, "<!-- end -->"))
			skipping = false;
		if (skipping)
			continue;
		fprintf(out, "%s%s", line, save ? "\n" : "");
		skipping = generate(out, line);
	}
	if (skipping)
		die("\"<!-- end -->\" is missing", path);
	fclose(out);
	return made;
}

/* True: the page is as it should be */
static bool do_page(const char *path, bool update)
{
	char *text = slurp(path), *made, *old;
	bool same;
	FILE *f;

	if (!text)
		die("can't be read", path);
	old = strdup(text);
	made = remake(path, text);
	same = old && !strcmp(old, made);
	if (!same && update) {
		f = fopen(path, "w");
		if (!f || fputs(made, f) < 0 || fclose(f))
			die("can't be written", path);
	}
	free(text);
	free(old);
	free(made);
	return same;
}

static int do_pages(char **paths, bool update)
{
	unsigned int i;
	int bad = 0;

	uses = slurp(USES_FILE);
	if (!uses)
		die("can't be read; run regdoc in the top directory", USES_FILE);
	for (; *paths; paths++) {
		if (do_page(*paths, update) || update)
			continue;
		printf("%s is not what \"make docs\" makes\n", *paths);
		bad = 1;
	}
	for (i = 1; i < card_nregs && !update; i++) {
		if (card_regs[i].access == REG_CTR_HI || seen[i] == 1)
			continue;
		printf("%s is in %u pages\n", card_regs[i].name, seen[i]);
		bad = 1;
	}
	return bad;
}

/* ---- docs/registers.md ---- */

static const struct {
	uint32_t	first;
	const char	*title;
} blocks[] = {
	{ 0x00000, "INTR: interrupts" }, { 0x00400, "INTR_CQ: interrupt coalescing" },
	{ 0x00800, "QM_TX: queue manager, transmit" }, { 0x00c00, "QM_RX: queue manager, receive" },
	{ 0x04000, "TCE: transmit classifier and buffer" }, { 0x04400, "TMI: transmit MAC interface" },
	{ 0x04800, "PTP: clock" }, { 0x08000, "RXB: receive buffer" },
	{ 0x08400, "RPC: receive parser and classifier" }, { 0x08800, "RPC_RAM: its tables" },
	{ 0x0c000, "FAB, MASTER" }, { 0x10000, "PCS and FEC" }, { 0x11000, "MAC" },
	{ 0x11800, "SIG: signals" }, { 0x11a00, "MAC_STAT: MAC counters" },
	{ 0x31000, "PUL: PCIe" }, { 0x40000, "QUEUE: per queue" },
};

#define NBLOCKS (sizeof(blocks) / sizeof(blocks[0]))

static unsigned int block_of(uint32_t csr)
{
	unsigned int b = NBLOCKS - 1;

	while (csr < blocks[b].first)
		b--;
	return b;
}

static void print_registers(void)
{
	unsigned int i, b;

	printf("# Registers\n\n"
	       "Generated from `src/card/regs.def` and `fields.def` by `build/regdoc`; do not edit.\n"
	       "[hardware/](hardware/README.md) tells what they do.\n\n"
	       "Indexes count 32-bit words from the start of BAR0. Queue registers are at\n"
	       "0x40000 + 0x400 * queue + offset. *Mask*: bits that a write changes (RW),\n"
	       "clears (W1C) or that mean something (W). *Evidence*: D the driver needs it, T a\n"
	       "test in the kernel tree needs it, C a commit or document says it, G guess.\n");
	for (b = 0; b < NBLOCKS; b++) {
		unsigned int fields = 0;

		printf("\n## %s\n\n| Register | Index | Byte | Access | Reset | Mask | Evidence | Meaning |\n"
		       "|---|---|---|---|---|---|---|---|\n", blocks[b].title);
		for (i = 1; i < card_nregs; i++) {
			if (block_of(card_regs[i].csr) != b || card_regs[i].access == REG_CTR_HI)
				continue;
			print_reg(stdout, &card_regs[i], false);
			fields += reg_field_next(&card_regs[i], NULL) != NULL;
		}
		if (!fields)
			continue;
		printf("\n| Register | Field | Bits | Meaning |\n|---|---|---|---|\n");
		for (i = 1; i < card_nregs; i++)
			if (block_of(card_regs[i].csr) == b)
				print_fields(stdout, &card_regs[i], false);
	}
}

int main(int argc, char **argv)
{
	seen = calloc(card_nregs, 1);
	if (!seen)
		die("no memory", argv[0]);
	if (argc == 1) {
		print_registers();
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "--update"))
		return do_pages(argv + 2, true);
	if (argc > 2 && !strcmp(argv[1], "--check"))
		return do_pages(argv + 2, false);
	fprintf(stderr, "usage: regdoc [--update|--check PAGE...]\n");
	return 1;
}
