// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fbnic-dump: prints a core dump of the card's firmware, whose layout is in
 * src/fw/dump.c.  The dump comes as "devlink health dump show" prints it, bytes
 * in hexadecimal with other words between them, or as it is.
 *
 * A dump that is not whole is an error, and so is one with bytes to spare: the
 * size, each section's length and their number must agree with what is there.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/fw/fw.h"
#include "../src/fw/msg.h"
#include "../src/fw/tlv.h"
#include "tool.h"

#define MAGIC		"OFBDUMP1"
#define HDR		32u
#define SECTION_HDR	8u
#define MAX_INPUT	(1u << 20)

const char tool_name[] = "fbnic-dump";

static uint8_t input[MAX_INPUT], dump[MAX_INPUT];

static uint64_t le64(const uint8_t *p)
{
	return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static bool byte_word(const uint8_t *p, size_t len)
{
	return len == 2 && isxdigit(p[0]) && isxdigit(p[1]);
}

/* All words of two hexadecimal digits; returns their number */
static size_t from_text(const uint8_t *p, size_t len)
{
	size_t n = 0, i = 0;

	while (i < len) {
		size_t first = i;

		while (i < len && !isspace(p[i]))
			i++;
		if (byte_word(p + first, i - first)) {
			char t[3] = { (char)p[first], (char)p[first + 1] };

			dump[n++] = (uint8_t)strtoul(t, NULL, 16);
		}
		while (i < len && isspace(p[i]))
			i++;
	}
	return n;
}

/* ---- sections ---- */

static void show_text(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!i || p[i - 1] == '\n')
			fputs("  ", stdout);
		putchar(p[i] == '\n' || isprint(p[i]) ? p[i] : '?');
	}
}

static void show_stat(const uint8_t *p, size_t len)
{
	static const char *const bits[] = { "host here", "host owns the card", "link up", "logs on" };
	uint32_t state;

	if (len != 8 + 8 * (FWC_COUNT + FWR_COUNT))
		die("STAT is not as long as this version's");
	state = get_le32(p);
	printf("  heads %u %u", get_le32(p + 4) & 0xffff, get_le32(p + 4) >> 16);
	for (unsigned int i = 0; i < 4; i++)
		if (state >> i & 1)
			printf(", %s", bits[i]);
	putchar('\n');
	for (unsigned int i = 0; i < FWC_COUNT + FWR_COUNT; i++)
		if (le64(p + 8 + 8 * i))
			printf("  %s%s %llu\n", i < FWC_COUNT ? "" : "refused_",
			       i < FWC_COUNT ? fw_counter_names[i] : fw_refusal_names[i - FWC_COUNT],
			       (unsigned long long)le64(p + 8 + 8 * i));
}

static void whole(size_t len, size_t entry)
{
	if (len % entry)
		die("a section ends in the middle of an entry");
}

static void show_mailbox(const uint8_t *p, size_t len)
{
	whole(len, 16);
	for (size_t i = 0; i < len; i += 8)
		printf("  %s%-2zu %08x %08x\n", i < len / 2 ? "rx" : "tx", i % (len / 2) / 8, get_le32(p + i),
		       get_le32(p + i + 4));
}

static void show_registers(const uint8_t *p, size_t len)
{
	whole(len, 8);
	for (size_t i = 0; i < len; i += 8)
		printf("  0x%05x 0x%08x\n", get_le32(p + i), get_le32(p + i + 4));
}

static void show_history(const uint8_t *p, size_t len)
{
	whole(len, 12);
	for (size_t i = 0; i < len; i += 12) {
		unsigned int id = p[i + 4] | p[i + 5] << 8, dir = p[i + 8];
		const struct msg_def *m = msg_find(id, dir);

		printf("  %u ms %s 0x%02x %s, %u bytes", get_le32(p + i), dir == MSG_TO_FW ? "from host" : "to host",
		       id, m ? m->name : "unknown", p[i + 6] | p[i + 7] << 8);
		if (p[i + 9])
			printf(", error %u", p[i + 9]);
		putchar('\n');
	}
}

static void show_bytes(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%s%02x%s", i % 16 ? " " : "  ", p[i], i % 16 == 15 || i + 1 == len ? "\n" : "");
}

static const struct {
	const char *name;
	void (*show)(const uint8_t *p, size_t len);
} sections[] = {
	{ "TEXT", show_text }, { "STAT", show_stat }, { "MBOX", show_mailbox }, { "REGS", show_registers },
	{ "HIST", show_history }, { "LAST", show_bytes }, { "LOGS", show_text },
};

static void show_section(const uint8_t *p, size_t len)
{
	unsigned int i, n = sizeof(sections) / sizeof(sections[0]);

	for (i = 0; i < n && memcmp(p, sections[i].name, 4); i++)
		;
	printf("%.4s, %zu bytes\n", (const char *)p, len);
	(i < n ? sections[i].show : show_bytes)(p + SECTION_HDR, len);
}

static void show(size_t len)
{
	static const char *const reasons[] = { "unknown", "asked for", "crash" };
	uint32_t reason, version, count = 0;
	size_t at = HDR;

	if (len < HDR || memcmp(dump, MAGIC, 8))
		die("this is no core dump: it does not begin with " MAGIC);
	if (get_le32(dump + 8) != len) {
		fprintf(stderr, "fbnic-dump: %zu bytes are here, the dump has %u\n", len, get_le32(dump + 8));
		exit(1);
	}
	reason = get_le32(dump + 12);
	version = get_le32(dump + 24);
	printf("core dump, %zu bytes: %s, firmware %02u.%02u.%02u-%03u, up %llu ms\n", len,
	       reasons[reason < 3 ? reason : 0], version >> 24, version >> 16 & 0xff, version >> 8 & 0xff,
	       version & 0xff, (unsigned long long)le64(dump + 16));
	while (at < len) {
		size_t n;

		if (len - at < SECTION_HDR)
			die("bytes are left behind the last section");
		n = get_le32(dump + at + 4);
		if (n > len - at - SECTION_HDR)
			die("a section is longer than the dump");
		show_section(dump + at, n);
		n = (n + 3) & ~(size_t)3;
		at = n > len - at - SECTION_HDR ? len : at + SECTION_HDR + n;
		count++;
	}
	if (count != get_le32(dump + 28))
		die("sections are missing");
}

static size_t read_input(const char *path)
{
	FILE *f = path ? fopen(path, "rb") : stdin;
	size_t len;

	if (!f)
		die("the file can't be opened");
	len = fread(input, 1, sizeof(input), f);
	if (ferror(f) || len == sizeof(input))
		die("the input can't be read, or has no end");
	if (f != stdin)
		fclose(f);
	return len;
}

int main(int argc, char **argv)
{
	size_t len;

	if (argc > 2) {
		fprintf(stderr, "usage: fbnic-dump [FILE]\n");
		return 1;
	}
	len = read_input(argv[1]);
	if (len >= 8 && !memcmp(input, MAGIC, 8))
		memcpy(dump, input, len);
	else
		len = from_text(input, len);
	show(len);
	return 0;
}
