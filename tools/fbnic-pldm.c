/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fbnic-pldm build -o FILE COMPONENT...	makes a package for "devlink dev flash"
 * fbnic-pldm show FILE			prints one, and says what the driver will do
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../src/fw/image.h"
#include "pldm.h"
#include "tool.h"

const char tool_name[] = "fbnic-pldm";

static const char usage[] =
"Usage: fbnic-pldm build -o FILE [OPTION...] COMPONENT...\n"
"       fbnic-pldm show [--anti-rollback=N] [--device=V:D[:SV:SD]] FILE\n"
"\n"
"COMPONENT is boot1, boot2 or option-rom, then =VERSION[,KEY=VALUE...]:\n"
"  VERSION         as devlink shows it: 27.01.02-003\n"
"  commit=TEXT     up to 18 characters\n"
"  file=FILE       payload\n"
"  size=BYTES      payload of that many bytes (default 65536)\n"
"  raw=FILE        takes FILE as it is, without the header that our firmware wants\n"
"\n"
"Options:\n"
"  -o FILE, --version=TEXT, --anti-rollback=N (of the package and the images),\n"
"  --device=V:D[:SV:SD] (hexadecimal, default 1d9b:0013), --help\n";

static uint32_t number(const char *what, const char *s)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 0);
	if (*s < '0' || *s > '9' || *end || errno || v > UINT32_MAX)
		die("%s=%s: a number is wanted", what, s);
	return (uint32_t)v;
}

static void set_device(struct pldm_device *d, const char *s)
{
	int end = 0;

	d->subvendor = d->subdevice = 0;
	if (sscanf(s, "%4hx:%4hx%n", &d->vendor, &d->device, &end) < 2 ||
	    (s[end] && (sscanf(s, "%4hx:%4hx:%4hx:%4hx%n", &d->vendor, &d->device, &d->subvendor, &d->subdevice,
			       &end) < 4 || s[end])))
		die("--device=%s: hexadecimal VENDOR:DEVICE or all four are wanted", s);
}

/* ---- build ---- */

struct part {
	const char	*version;
	struct fw_image	image;
	const char	*file, *raw;
	uint32_t	size;
	size_t		len;
	uint8_t		*p;
};

static uint32_t section(const char *name)
{
	static const struct { const char *name; uint32_t id; } t[] = {
		{ "boot1", FW_SECTION_CMRT }, { "boot2", FW_SECTION_CONTROL }, { "option-rom", FW_SECTION_OPTION_ROM },
	};

	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (!strcmp(name, t[i].name))
			return t[i].id;
	die("there is no component \"%s\"; boot1, boot2 or option-rom is wanted", name);
}

static uint32_t version(const char *s)
{
	unsigned int v[4];
	int end = 0;

	if (sscanf(s, "%3u.%3u.%3u-%3u%n", &v[0], &v[1], &v[2], &v[3], &end) != 4 || s[end] || v[0] > 255 ||
	    v[1] > 255 || v[2] > 255 || v[3] > 255 || !(v[0] | v[1] | v[2] | v[3]))
		die("\"%s\" is no version; one like 27.01.02-003 is wanted", s);
	return FW_VERSION(v[0], v[1], v[2], v[3]);
}

static void part_key(struct part *c, const char *key, char *val)
{
	if (!val)
		die("\"%s\" is not KEY=VALUE", key);
	if (!strcmp(key, "commit")) {
		if (strlen(val) >= FW_COMMIT_MAX)
			die("commit=%s: at most %u characters", val, FW_COMMIT_MAX - 1);
		strcpy(c->image.ver.commit, val);
	} else if (!strcmp(key, "file")) {
		c->file = val;
	} else if (!strcmp(key, "raw")) {
		c->raw = val;
	} else if (!strcmp(key, "size")) {
		c->size = number(key, val);
		if (c->size > MAX_FILE)
			die("size=%s: at most %u bytes", val, MAX_FILE);
	} else {
		die("there is no key \"%s\"", key);
	}
}

/* The payload, with room for the header before it */
static void part_payload(struct part *c)
{
	size_t len = c->size;
	uint8_t *p = c->file ? read_all(c->file, &len) : calloc(1, len + 1);

	c->p = malloc(IMAGE_HDR + len);
	if (!c->p || !p)
		die("out of memory");
	for (size_t i = 0; !c->file && i < len; i++)
		p[i] = (uint8_t)(i >> 8 ^ i);
	memcpy(c->p + IMAGE_HDR, p, len);
	free(p);
	c->image.len = (uint32_t)len;
	c->image.crc = fw_crc32(0, c->p + IMAGE_HDR, len);
	image_put(c->p, &c->image);
	c->len = IMAGE_HDR + len;
}

static void parse_part(struct part *c, char *arg, uint32_t anti_rollback)
{
	char *item, *val = strchr(arg, '=');

	if (!val)
		die("\"%s\" is not COMPONENT=VERSION", arg);
	*val++ = 0;
	*c = (struct part){ .size = 65536 };
	c->image.section = section(arg);
	c->image.anti_rollback = anti_rollback;
	c->version = strsep(&val, ",");
	c->image.ver.version = version(c->version);
	while ((item = strsep(&val, ","))) {
		char *v = strchr(item, '=');

		if (v)
			*v++ = 0;
		part_key(c, item, v);
	}
	if (c->raw)
		c->p = read_all(c->raw, &c->len);
	else
		part_payload(c);
}

static int build(const char *out, struct pldm_new *pkg, int n, char **args)
{
	static struct part part[8];
	size_t len;
	uint8_t *p;
	FILE *f;

	if (!out || !n)
		die("build: -o FILE and a component are wanted; try --help");
	if (n > 8)
		die("build: at most 8 components");
	for (int i = 0; i < n; i++) {
		parse_part(&part[i], args[i], pkg->dev.anti_rollback);
		pkg->component[i].id = (uint16_t)part[i].image.section;
		pkg->component[i].version = part[i].version;
		pkg->component[i].p = part[i].p;
		pkg->component[i].len = (uint32_t)part[i].len;
	}
	pkg->n = (unsigned int)n;
	if (!pkg->version)
		pkg->version = part[0].version;
	p = pldm_build(pkg, &len);
	if (!p)
		die("--version: at most 255 characters");
	f = fopen(out, "wb");
	if (!f || fwrite(p, 1, len, f) != len || fclose(f))
		die("%s: %s", out, strerror(errno));
	free(p);
	for (int i = 0; i < n; i++)
		free(part[i].p);
	return 0;
}

/* ---- show ---- */

static void show_text(const char *what, const struct pldm_text *t)
{
	printf("%s\"", what);
	for (unsigned int i = 0; i < t->len; i++)
		putchar(t->p[i] >= ' ' && t->p[i] < 0x7f ? t->p[i] : '?');
	printf("\"");
}

static void show_descriptor(const struct pldm_descriptor *d)
{
	static const struct { uint16_t type; const char *name; } t[] = {
		{ PLDM_PCI_VENDOR, "PCI vendor" }, { PLDM_PCI_DEVICE, "PCI device" }, { PLDM_IANA, "IANA enterprise" },
		{ PLDM_PCI_SUBVENDOR, "PCI subsystem vendor" }, { PLDM_PCI_SUBDEVICE, "PCI subsystem device" },
		{ PLDM_UUID, "UUID" }, { PLDM_PCI_REVISION, "PCI revision" }, { PLDM_VENDOR_DEFINED, "vendor-defined" },
	};
	unsigned int i;

	for (i = 0; i < 7 && t[i].type != d->type; i++)
		;
	printf("    descriptor 0x%04x %s:", d->type, t[i].type == d->type ? t[i].name : "?");
	for (i = d->type == PLDM_VENDOR_DEFINED ? 0 : d->len; i < d->len; i++)
		printf(" %02x", d->p[i]);
	for (i = d->type == PLDM_VENDOR_DEFINED ? 0 : d->len; i--;)
		printf("%s%02x", i + 1 == d->len ? " 0x" : "", d->p[i]);
	printf("\n");
}

static void show_component(const struct pldm_component *c, unsigned int i)
{
	static const char *const names[] = { "boot1", "boot2", NULL, "option-rom" };
	struct fw_image img;

	printf("  component %u: id %u (%s), class %u", i, c->id, c->id < 4 && names[c->id] ? names[c->id] : "not for fbnic",
	       c->classification);
	show_text(", version ", &c->version);
	printf(", activation 0x%04x, %u bytes at %u\n", c->activation, c->size, c->offset);
	if (c->size < IMAGE_HDR || !image_get(c->p, &img)) {
		printf("    no header of an openfbnic image: the card's firmware will refuse it\n");
		return;
	}
	printf("    image for section %u, %02u.%02u.%02u-%03u %s, anti-rollback %u, payload %u bytes, checksum %s\n",
	       img.section, img.ver.version >> 24, img.ver.version >> 16 & 0xff, img.ver.version >> 8 & 0xff,
	       img.ver.version & 0xff, img.ver.commit, img.anti_rollback, img.len,
	       img.len == c->size - IMAGE_HDR && fw_crc32(0, c->p + IMAGE_HDR, img.len) == img.crc ? "right" : "WRONG");
}

static int verdict(const struct pldm_package *pkg, const struct pldm_device *dev)
{
	int r = pldm_match(pkg, dev);
	bool any = false;

	if (r < 0) {
		printf("the driver finds no record for %04x:%04x with anti-rollback %u\n", dev->vendor, dev->device,
		       dev->anti_rollback);
		return 1;
	}
	for (unsigned int i = 0; i < pkg->ncomponents; i++) {
		const struct pldm_component *c = &pkg->component[i];

		if (!pldm_applies(&pkg->record[r], pkg->bits, i))
			continue;
		any = true;
		if ((c->id != 0 && c->id != 1 && c->id != 3) || !c->size) {
			printf("the driver stops at component %u: %s\n", i, c->size ? "unknown component" : "it is empty");
			return 1;
		}
	}
	printf(any ? "the driver takes it\n" : "the driver takes it, and nothing in it is for this device\n");
	return 0;
}

static int show(const char *path, struct pldm_device *dev)
{
	static struct pldm_package pkg;
	char err[200];
	size_t len;
	uint8_t *p = read_all(path, &len);
	int e = pldm_read(&pkg, p, len, err, sizeof(err));

	if (e)
		die("%s: %s (devlink says error %d)", path, err, e);
	if (!dev->subvendor && !dev->subdevice)
		dev->subvendor = dev->vendor, dev->subdevice = dev->device;
	show_text("package ", &pkg.version);
	printf(", header %u bytes, CRC 0x%08x\n", pkg.header_size, pkg.crc);
	for (unsigned int i = 0; i < pkg.nrecords; i++) {
		const struct pldm_record *r = &pkg.record[i];

		printf("  record %u:", i);
		show_text(" version ", &r->version);
		printf(", anti-rollback %u, components", pldm_anti_rollback(r));
		for (unsigned int c = 0; c < pkg.ncomponents; c++)
			if (pldm_applies(r, pkg.bits, c))
				printf(" %u", c);
		printf("\n");
		for (unsigned int d = 0; d < r->ndesc; d++)
			show_descriptor(&r->desc[d]);
	}
	for (unsigned int i = 0; i < pkg.ncomponents; i++)
		show_component(&pkg.component[i], i);
	e = verdict(&pkg, dev);
	free(p);
	return e;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "version", required_argument, NULL, 'v' }, { "anti-rollback", required_argument, NULL, 'a' },
		{ "device", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	struct pldm_new pkg = { .dev = { .vendor = 0x1d9b, .device = 0x0013 } };
	const char *out = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:h", longopts, NULL)) != -1) {
		switch (opt) {
		case 'o':
			out = optarg;
			break;
		case 'v':
			pkg.version = optarg;
			break;
		case 'a':
			pkg.dev.anti_rollback = number("--anti-rollback", optarg);
			break;
		case 'd':
			set_device(&pkg.dev, optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return 1;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc && !strcmp(argv[0], "build"))
		return build(out, &pkg, argc - 1, argv + 1);
	if (argc == 2 && !strcmp(argv[0], "show"))
		return show(argv[1], &pkg.dev);
	fputs(usage, stderr);
	return 1;
}
