/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pldm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../src/fw/crc.h"

#define HEADER		36u		/* without the version string */
#define RECORD		11u
#define COMPONENT	22u
#define ANTI_ROLLBACK	"AntiRollbackVer"
#define FACEBOOK_IANA	40981u
#define BY_POWER	0x0030u		/* activation: DC or AC power cycle */

static const uint8_t uuid[16] = {
	0xf0, 0x18, 0x87, 0x8c, 0xcb, 0x7d, 0x49, 0x43, 0x98, 0x00, 0xa0, 0x2f, 0x05, 0x9a, 0xca, 0x02,
};

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* ---- reading ---- */

struct reader {
	const uint8_t	*p;
	size_t		len, at;
	char		*err;
	size_t		errlen;
};

__attribute__((format(printf, 3, 4)))
static int no(struct reader *r, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->err, r->errlen, fmt, ap);
	va_end(ap);
	return -code;
}

/* The next @n bytes, or NULL with the complaint made */
static const uint8_t *take(struct reader *r, size_t n, const char *what)
{
	const uint8_t *p = r->p + r->at;

	if (n > r->len - r->at) {
		no(r, EFAULT, "%s at byte %zu: the file ends", what, r->at);
		return NULL;
	}
	r->at += n;
	return p;
}

static int read_header(struct reader *r, struct pldm_package *pkg)
{
	const uint8_t *h = take(r, HEADER, "the header");

	if (!h)
		return -EFAULT;
	if (memcmp(h, uuid, sizeof(uuid)))
		return no(r, EINVAL, "this is no PLDM firmware package");
	if (h[16] != 1)
		return no(r, EOPNOTSUPP, "header revision %u; 1 is wanted", h[16]);
	pkg->header_size = le16(h + 17);
	if (pkg->header_size > r->len)
		return no(r, EFAULT, "the header has %u bytes, the file %zu", pkg->header_size, r->len);
	pkg->date = h + 19;
	pkg->bits = le16(h + 32);
	if (pkg->bits % 8)
		return no(r, EINVAL, "a bitmap of %u bits; a multiple of 8 is wanted", pkg->bits);
	pkg->version = (struct pldm_text){ .type = h[34], .len = h[35] };
	pkg->version.p = take(r, h[35], "the package's version");
	return pkg->version.p ? 0 : -EFAULT;
}

/* 0: any length will do */
static unsigned int descriptor_len(unsigned int type)
{
	switch (type) {
	case PLDM_PCI_VENDOR: case PLDM_PCI_DEVICE: case PLDM_PCI_SUBVENDOR: case PLDM_PCI_SUBDEVICE:
		return 2;
	case PLDM_PCI_REVISION:
		return 1;
	case 0x0003:					/* PnP vendor */
		return 3;
	case PLDM_IANA: case 0x0004: case 0x0104: case 0x0105:	/* ACPI vendor, PnP product, ACPI product */
		return 4;
	case PLDM_UUID:
		return 16;
	}
	return 0;
}

static int read_descriptor(struct reader *r, struct pldm_descriptor *d)
{
	const uint8_t *h = take(r, 4, "a descriptor");

	if (!h)
		return -EFAULT;
	d->type = le16(h);
	d->len = le16(h + 2);
	if (descriptor_len(d->type) && d->len != descriptor_len(d->type))
		return no(r, EINVAL, "descriptor 0x%04x has %u bytes instead of %u", d->type, d->len,
			  descriptor_len(d->type));
	d->p = take(r, d->len, "a descriptor");
	return d->p ? 0 : -EFAULT;
}

static int read_record(struct reader *r, unsigned int bits, struct pldm_record *rec)
{
	size_t start = r->at;
	const uint8_t *h = take(r, RECORD, "a device record");
	int err;

	if (!h)
		return -EFAULT;
	rec->ndesc = h[2];
	rec->flags = le32(h + 3);
	rec->version = (struct pldm_text){ .type = h[7], .len = h[8] };
	rec->data_len = le16(h + 9);
	rec->bitmap = take(r, bits / 8, "a record's bitmap");
	if (!rec->bitmap)
		return -EFAULT;
	rec->version.p = take(r, rec->version.len, "a record's version");
	if (!rec->version.p)
		return -EFAULT;
	if (rec->ndesc > PLDM_DESCRIPTORS)
		return no(r, E2BIG, "%u descriptors; this program knows up to %u", rec->ndesc, PLDM_DESCRIPTORS);
	for (unsigned int i = 0; i < rec->ndesc; i++) {
		err = read_descriptor(r, &rec->desc[i]);
		if (err)
			return err;
	}
	rec->data = take(r, rec->data_len, "a record's package data");
	if (!rec->data)
		return -EFAULT;
	if (r->at - start != le16(h))
		return no(r, EFAULT, "a device record says %u bytes and has %zu", le16(h), r->at - start);
	return 0;
}

static int read_records(struct reader *r, struct pldm_package *pkg)
{
	const uint8_t *n = take(r, 1, "the number of records");
	int err;

	if (!n)
		return -EFAULT;
	pkg->nrecords = *n;
	if (pkg->nrecords > PLDM_RECORDS)
		return no(r, E2BIG, "%u device records; this program knows up to %u", *n, PLDM_RECORDS);
	for (unsigned int i = 0; i < pkg->nrecords; i++) {
		err = read_record(r, pkg->bits, &pkg->record[i]);
		if (err)
			return err;
	}
	return 0;
}

static int read_component(struct reader *r, struct pldm_component *c)
{
	const uint8_t *h = take(r, COMPONENT, "a component");

	if (!h)
		return -EFAULT;
	c->classification = le16(h);
	c->id = le16(h + 2);
	c->stamp = le32(h + 4);
	c->options = le16(h + 8);
	c->activation = le16(h + 10);
	c->offset = le32(h + 12);
	c->size = le32(h + 16);
	c->version = (struct pldm_text){ .type = h[20], .len = h[21] };
	c->version.p = take(r, c->version.len, "a component's version");
	if (!c->version.p)
		return -EFAULT;
	if (c->offset > r->len || c->size > r->len - c->offset)
		return no(r, EFAULT, "component %u: %u bytes at %u, but the file has %zu", c->id, c->size, c->offset,
			  r->len);
	c->p = r->p + c->offset;
	return 0;
}

static int read_components(struct reader *r, struct pldm_package *pkg)
{
	const uint8_t *n = take(r, 2, "the number of components");
	int err;

	if (!n)
		return -EFAULT;
	pkg->ncomponents = le16(n);
	if (pkg->ncomponents > PLDM_COMPONENTS)
		return no(r, E2BIG, "%u components; this program knows up to %u", pkg->ncomponents, PLDM_COMPONENTS);
	for (unsigned int i = 0; i < pkg->ncomponents; i++) {
		err = read_component(r, &pkg->component[i]);
		if (err)
			return err;
	}
	return 0;
}

int pldm_read(struct pldm_package *pkg, const uint8_t *p, size_t len, char *err, size_t errlen)
{
	struct reader r = { .p = p, .len = len, .err = err, .errlen = errlen };
	const uint8_t *crc;
	int e;

	memset(pkg, 0, sizeof(*pkg));
	e = read_header(&r, pkg);
	if (!e)
		e = read_records(&r, pkg);
	if (!e)
		e = read_components(&r, pkg);
	if (e)
		return e;
	crc = take(&r, 4, "the checksum");
	if (!crc)
		return -EFAULT;
	if (r.at != pkg->header_size)
		return no(&r, EFAULT, "the header says %u bytes and has %zu", pkg->header_size, r.at);
	pkg->crc = le32(crc);
	if (pkg->crc != fw_crc32(0, p, r.at - 4))
		return no(&r, EBADMSG, "the header's checksum is 0x%08x instead of 0x%08x", pkg->crc,
			  fw_crc32(0, p, r.at - 4));
	return 0;
}

/* ---- what the driver makes of it ---- */

uint32_t pldm_anti_rollback(const struct pldm_record *r)
{
	for (unsigned int i = 0; i < r->ndesc; i++) {
		const struct pldm_descriptor *d = &r->desc[i];

		if (d->type == PLDM_VENDOR_DEFINED && d->len >= 21 && d->p[0] == 1 && d->p[1] == 15 &&
		    !memcmp(d->p + 2, ANTI_ROLLBACK, 15))
			return le32(d->p + 17);
	}
	return 0;
}

static bool matches(const struct pldm_record *r, const struct pldm_device *dev)
{
	uint16_t vendor = 0, device = 0, subvendor = 0, subdevice = 0;	/* 0: any */

	for (unsigned int i = 0; i < r->ndesc; i++) {
		const struct pldm_descriptor *d = &r->desc[i];

		if (d->type == PLDM_PCI_VENDOR)
			vendor = le16(d->p);
		else if (d->type == PLDM_PCI_DEVICE)
			device = le16(d->p);
		else if (d->type == PLDM_PCI_SUBVENDOR)
			subvendor = le16(d->p);
		else if (d->type == PLDM_PCI_SUBDEVICE)
			subdevice = le16(d->p);
	}
	return (!vendor || vendor == dev->vendor) && (!device || device == dev->device) &&
	       (!subvendor || subvendor == dev->subvendor) && (!subdevice || subdevice == dev->subdevice) &&
	       pldm_anti_rollback(r) >= dev->anti_rollback;
}

int pldm_match(const struct pldm_package *pkg, const struct pldm_device *dev)
{
	for (unsigned int i = 0; i < pkg->nrecords; i++)
		if (matches(&pkg->record[i], dev))
			return (int)i;
	return -ENOENT;
}

bool pldm_applies(const struct pldm_record *r, unsigned int bits, unsigned int component)
{
	return component < bits && r->bitmap[component / 8] >> component % 8 & 1;
}

/* ---- building ---- */

struct writer {
	uint8_t	*p;
	size_t	len;
};

static void put(struct writer *w, const void *p, size_t n)
{
	memcpy(w->p + w->len, p, n);
	w->len += n;
}

static void put_n(struct writer *w, uint32_t v, unsigned int bytes)
{
	for (; bytes--; v >>= 8)
		w->p[w->len++] = (uint8_t)v;
}

static void put_text(struct writer *w, const char *s)
{
	put_n(w, 1, 1);
	put_n(w, (uint32_t)strlen(s), 1);
}

static void put_descriptor(struct writer *w, uint16_t type, uint32_t v, unsigned int bytes)
{
	put_n(w, type, 2);
	put_n(w, bytes, 2);
	put_n(w, v, bytes);
}

static void put_record(struct writer *w, const struct pldm_new *pkg)
{
	bool sub = pkg->dev.subvendor || pkg->dev.subdevice;
	size_t start = w->len;
	struct writer back;

	put_n(w, 0, 2);
	put_n(w, sub ? 6 : 4, 1);
	put_n(w, 0, 4);
	put_text(w, pkg->version);
	put_n(w, 0, 2);
	put_n(w, (1u << pkg->n) - 1, 1);
	put(w, pkg->version, strlen(pkg->version));
	put_descriptor(w, PLDM_PCI_VENDOR, pkg->dev.vendor, 2);
	put_descriptor(w, PLDM_IANA, FACEBOOK_IANA, 4);
	put_descriptor(w, PLDM_PCI_DEVICE, pkg->dev.device, 2);
	if (sub) {
		put_descriptor(w, PLDM_PCI_SUBVENDOR, pkg->dev.subvendor, 2);
		put_descriptor(w, PLDM_PCI_SUBDEVICE, pkg->dev.subdevice, 2);
	}
	put_n(w, PLDM_VENDOR_DEFINED, 2);
	put_n(w, 21, 2);
	put_n(w, 1, 1);
	put_n(w, 15, 1);
	put(w, ANTI_ROLLBACK, 15);
	put_n(w, pkg->dev.anti_rollback, 4);
	back = (struct writer){ w->p, start };
	put_n(&back, (uint32_t)(w->len - start), 2);
}

static void put_component(struct writer *w, const struct pldm_new *pkg, unsigned int i, uint32_t offset)
{
	put_n(w, pkg->component[i].id == 3 ? 6 : 10, 2);	/* expansion ROM, or firmware */
	put_n(w, pkg->component[i].id, 2);
	put_n(w, 0xffffffff, 4);
	put_n(w, 0, 2);
	put_n(w, BY_POWER, 2);
	put_n(w, offset, 4);
	put_n(w, pkg->component[i].len, 4);
	put_text(w, pkg->component[i].version);
	put(w, pkg->component[i].version, strlen(pkg->component[i].version));
}

static size_t header_len(const struct pldm_new *pkg)
{
	size_t n = HEADER + strlen(pkg->version) + 1 + RECORD + 1 + strlen(pkg->version) + 6 + 8 + 6 + 25 + 2 + 4;

	if (pkg->dev.subvendor || pkg->dev.subdevice)
		n += 12;
	for (unsigned int i = 0; i < pkg->n; i++)
		n += COMPONENT + strlen(pkg->component[i].version);
	return n;
}

uint8_t *pldm_build(const struct pldm_new *pkg, size_t *len)
{
	size_t head = header_len(pkg), total = head;
	struct writer w = { 0 };

	if (strlen(pkg->version) > 255)
		return NULL;
	for (unsigned int i = 0; i < pkg->n; i++) {
		if (strlen(pkg->component[i].version) > 255)
			return NULL;
		total += pkg->component[i].len;
	}
	w.p = calloc(1, total);
	if (!w.p)
		return NULL;
	put(&w, uuid, sizeof(uuid));
	put_n(&w, 1, 1);
	put_n(&w, (uint32_t)head, 2);
	w.len += 13;				/* no date: the same input gives the same package */
	put_n(&w, 8, 2);
	put_text(&w, pkg->version);
	put(&w, pkg->version, strlen(pkg->version));
	put_n(&w, 1, 1);
	put_record(&w, pkg);
	put_n(&w, pkg->n, 2);
	total = head;
	for (unsigned int i = 0; i < pkg->n; i++) {
		put_component(&w, pkg, i, (uint32_t)total);
		total += pkg->component[i].len;
	}
	put_n(&w, fw_crc32(0, w.p, w.len), 4);
	for (unsigned int i = 0; i < pkg->n; i++)
		put(&w, pkg->component[i].p, pkg->component[i].len);
	*len = w.len;
	return w.p;
}
