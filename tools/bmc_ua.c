// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests, and the update agent: it begins an update, names the components,
 * and then serves what the card asks for until the card has applied each.
 * Whatever goes wrong, the card is told to cancel.
 */
#include "bmc_ua.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "pldm.h"

#define HDR		3u
#define TRIES		3u
#define PATIENCE_MS	60000u
#define DOUBT_MS	3000u		/* without a request, then the card is asked whether it still updates */
#define TRANSFER_MAX	1024u
#define PADDING		32u		/* DSP0267: what a device may ask for behind the end of an image */

enum { FWUP = 5 };
enum {
	QUERY_IDS = 0x01, REQUEST_UPDATE = 0x10, PASS_TABLE = 0x13, UPDATE_COMPONENT = 0x14, REQUEST_DATA = 0x15,
	TRANSFER_COMPLETE = 0x16, VERIFY_COMPLETE = 0x17, APPLY_COMPLETE = 0x18, ACTIVATE = 0x1a, GET_STATUS = 0x1b,
	CANCEL = 0x1d,
};
enum { CC_OK = 0, CC_LENGTH = 3, CC_UNSUPPORTED = 5, CC_RANGE = 0x82, CC_NOT_EXPECTED = 0x88 };

static uint32_t le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

int ua_fail(struct ua *u, int err, const char *what)
{
	if (err == -EBADE)
		fprintf(u->out, "%s: refused with code 0x%02x\n", what, u->code);
	else
		fprintf(u->out, "%s: %s\n", what, strerror(-err));
	return err;
}

int ua_request(struct ua *u, uint8_t type, uint8_t cmd, const void *p, size_t len, uint8_t *rsp, size_t cap)
{
	uint8_t req[HDR + 600], r[BMC_MESSAGE_MAX];
	int n = -ETIMEDOUT;

	if (len > sizeof(req) - HDR)
		return -EMSGSIZE;
	u->iid = (u->iid + 1u) & 0x1f;
	req[0] = 0x80 | u->iid;
	req[1] = type;
	req[2] = cmd;
	if (len)
		memcpy(req + HDR, p, len);
	for (unsigned int i = 0; i < TRIES && n == -ETIMEDOUT; i++)
		n = u->link->request(u->link->ctx, req, HDR + len, r, sizeof(r));
	if (n < 0)
		return n;
	if (n < (int)HDR + 1 || r[0] != u->iid || r[1] != type || r[2] != cmd)
		return -EPROTO;
	u->code = r[HDR];
	if (u->code)
		return -EBADE;
	n -= (int)HDR + 1;
	if ((size_t)n > cap)
		return -EMSGSIZE;
	if (n)
		memcpy(rsp, r + HDR + 1, (size_t)n);
	return n;
}

/* ---- update ---- */

struct update {
	struct ua			*u;
	const struct pldm_package	*pkg;
	unsigned int			record;
	const struct pldm_component	*c;		/* being updated */
	bool				applied, failed;
};

static int descriptors(struct ua *u, const uint8_t *p, size_t len, unsigned int count, struct pldm_device *dev)
{
	static const char title[] = "AntiRollbackVer";

	for (size_t at = 0; count--; at += 4 + le16(p + at + 2)) {
		const uint8_t *d = p + at;

		if (len - at < 4 || le16(d + 2) > len - at - 4)
			return ua_fail(u, -EPROTO, "the card's identifiers");
		if (le16(d) == PLDM_PCI_VENDOR && le16(d + 2) == 2)
			dev->vendor = (uint16_t)le16(d + 4);
		else if (le16(d) == PLDM_PCI_DEVICE && le16(d + 2) == 2)
			dev->device = (uint16_t)le16(d + 4);
		else if (le16(d) == PLDM_PCI_SUBVENDOR && le16(d + 2) == 2)
			dev->subvendor = (uint16_t)le16(d + 4);
		else if (le16(d) == PLDM_PCI_SUBDEVICE && le16(d + 2) == 2)
			dev->subdevice = (uint16_t)le16(d + 4);
		else if (le16(d) == PLDM_VENDOR_DEFINED && le16(d + 2) == 21 && d[5] == 15 && !memcmp(d + 6, title, 15))
			dev->anti_rollback = le32(d + 21);
	}
	return 0;
}

/* The package's record for this card, or an error */
static int choose(struct ua *u, const struct pldm_package *pkg)
{
	struct pldm_device dev = { 0 };
	uint8_t r[BMC_MESSAGE_MAX];
	int n = ua_request(u, FWUP, QUERY_IDS, NULL, 0, r, sizeof(r)), err;

	if (n < 0)
		return ua_fail(u, n, "QueryDeviceIdentifiers");
	if (n < 5 || le32(r) != (uint32_t)n - 5)
		return ua_fail(u, -EPROTO, "QueryDeviceIdentifiers");
	err = descriptors(u, r + 5, (size_t)n - 5, r[4], &dev);
	if (err)
		return err;
	n = pldm_match(pkg, &dev);
	if (n < 0)
		fprintf(u->out, "the package has nothing for %04x:%04x with anti-rollback %u\n", dev.vendor, dev.device,
			dev.anti_rollback);
	return n;
}

static bool wanted(const struct update *up, unsigned int i)
{
	return pldm_applies(&up->pkg->record[up->record], up->pkg->bits, i);
}

static void put_n(uint8_t **p, uint32_t v, unsigned int n)
{
	for (; n--; v >>= 8)
		*(*p)++ = (uint8_t)v;
}

static void put_text(uint8_t **p, const struct pldm_text *t)
{
	put_n(p, t->type, 1);
	put_n(p, t->len, 1);
	memcpy(*p, t->p, t->len);
	*p += t->len;
}

static void put_component(uint8_t **p, const struct pldm_component *c)
{
	put_n(p, c->classification, 2);
	put_n(p, c->id, 2);
	put_n(p, 0, 1);
	put_n(p, c->stamp, 4);
}

static int request_update(struct update *up, unsigned int count)
{
	const struct pldm_record *rec = &up->pkg->record[up->record];
	uint8_t b[300], *p = b, r[16];
	int n;

	put_n(&p, TRANSFER_MAX, 4);
	put_n(&p, count, 2);
	put_n(&p, 1, 1);
	put_n(&p, rec->data_len, 2);
	put_text(&p, &rec->version);
	n = ua_request(up->u, FWUP, REQUEST_UPDATE, b, (size_t)(p - b), r, sizeof(r));
	if (n < 0)
		return ua_fail(up->u, n, "RequestUpdate");
	return n < 3 ? ua_fail(up->u, -EPROTO, "RequestUpdate") : 0;
}

static int pass_table(struct update *up, unsigned int count)
{
	unsigned int done = 0;

	for (unsigned int i = 0; i < up->pkg->ncomponents; i++) {
		const struct pldm_component *c = &up->pkg->component[i];
		uint8_t b[300], *p = b, r[16];
		int n;

		if (!wanted(up, i))
			continue;
		done++;
		put_n(&p, (done == 1) | (done > 1 && done < count) << 1 | (done == count) << 2, 1);
		put_component(&p, c);
		put_text(&p, &c->version);
		n = ua_request(up->u, FWUP, PASS_TABLE, b, (size_t)(p - b), r, sizeof(r));
		if (n < 2)
			return ua_fail(up->u, n < 0 ? n : -EPROTO, "PassComponentTable");
		if (r[0])
			fprintf(up->u->out, "component %u: may not be updatable, reason 0x%02x\n", c->id, r[1]);
	}
	return 0;
}

static int begin_component(struct update *up)
{
	const struct pldm_component *c = up->c;
	uint8_t b[300], *p = b, r[16];
	int n;

	put_component(&p, c);
	put_n(&p, c->size, 4);
	put_n(&p, c->options & 1u, 4);		/* force */
	put_text(&p, &c->version);
	n = ua_request(up->u, FWUP, UPDATE_COMPONENT, b, (size_t)(p - b), r, sizeof(r));
	if (n < 8)
		return ua_fail(up->u, n < 0 ? n : -EPROTO, "UpdateComponent");
	if (r[0]) {
		fprintf(up->u->out, "component %u: the card refuses it, reason 0x%02x\n", c->id, r[1]);
		return -EPERM;
	}
	return 0;
}

/* RequestFirmwareData into @r, behind the completion code; its length, or 0 with the code changed */
static size_t firmware_data(struct update *up, const uint8_t *p, uint8_t *r)
{
	uint32_t off = le32(p), len = le32(p + 4), size = up->c->size, have;

	if (!len || len > TRANSFER_MAX || off >= size || len > size - off + PADDING) {
		r[0] = CC_RANGE;
		return 0;
	}
	have = len < size - off ? len : size - off;
	memcpy(r + 1, up->c->p + off, have);
	memset(r + 1 + have, 0, len - have);
	if (up->u->progress)
		up->u->progress(up->u->progress_arg, off + have, size);
	return len;
}

static void completed(struct update *up, const char *what, uint8_t result, bool last)
{
	if (result && (!last || result != 1)) {		/* applied with another activation method is well */
		fprintf(up->u->out, "component %u: %s failed, result 0x%02x\n", up->c->id, what, result);
		up->failed = true;
	}
	up->applied = last && !up->failed;
}

/* One request of the card, in @q; the response in @r: its length */
static size_t serve(struct update *up, const uint8_t *q, size_t len, uint8_t *r)
{
	static const uint8_t want[] = { [REQUEST_DATA] = 8, [TRANSFER_COMPLETE] = 1, [VERIFY_COMPLETE] = 1,
					[APPLY_COMPLETE] = 3 };
	uint8_t cmd = q[2];

	r[0] = q[0] & 0x1f;
	r[1] = q[1];
	r[2] = cmd;
	r[3] = CC_OK;
	if ((q[1] & 0x3f) != FWUP || cmd >= sizeof(want) || !want[cmd])
		r[3] = CC_UNSUPPORTED;
	else if (len != HDR + want[cmd])
		r[3] = CC_LENGTH;
	else if (up->failed || up->applied)
		r[3] = CC_NOT_EXPECTED;
	else if (cmd == REQUEST_DATA)
		return HDR + 1 + firmware_data(up, q + HDR, r + HDR);
	else if (cmd == TRANSFER_COMPLETE)
		completed(up, "transfer", q[HDR], false);
	else if (cmd == VERIFY_COMPLETE)
		completed(up, "verification", q[HDR], false);
	else
		completed(up, "apply", q[HDR], true);
	return HDR + 1;
}

/* The card's next request, in @q: its length.  A card that was restarted knows nothing of the update. */
static int next_request(struct update *up, uint8_t *q, size_t cap)
{
	unsigned int left = up->u->patience_ms ? up->u->patience_ms : PATIENCE_MS, ms;
	const struct bmc_link *l = up->u->link;
	uint8_t r[16];
	int n;

	for (; left; left -= ms) {
		ms = left < DOUBT_MS ? left : DOUBT_MS;
		n = l->take(l->ctx, q, cap, ms);
		if (n)
			return n < 0 ? ua_fail(up->u, n, "the card's request") : n;
		n = ua_request(up->u, FWUP, GET_STATUS, NULL, 0, r, sizeof(r));
		if (n > 0 && !r[0]) {
			fprintf(up->u->out, "component %u: the card has given the update up\n", up->c->id);
			return -ECONNRESET;
		}
	}
	return ua_fail(up->u, -ETIMEDOUT, "the card's request");
}

static int update_component(struct update *up)
{
	const struct bmc_link *l = up->u->link;
	uint8_t q[BMC_MESSAGE_MAX], r[HDR + 1 + TRANSFER_MAX];
	int n = begin_component(up);

	up->applied = up->failed = false;
	while (!n && !up->applied && !up->failed) {
		n = next_request(up, q, sizeof(q));
		if (n < 0)
			return n;
		if (n < (int)HDR || !(q[0] & 0x80))
			return ua_fail(up->u, -EPROTO, "the card's request");
		n = l->answer(l->ctx, r, serve(up, q, (size_t)n, r));
		if (n)
			return ua_fail(up->u, n, "the response to the card");
	}
	if (n || up->failed)
		return n ? n : -EIO;
	fprintf(up->u->out, "component %u: applied, %u bytes\n", up->c->id, up->c->size);
	return 0;
}

static int components(struct update *up, unsigned int count)
{
	uint8_t none = 0, r[16];
	int err = pass_table(up, count);

	for (unsigned int i = 0; i < up->pkg->ncomponents && !err; i++) {
		up->c = &up->pkg->component[i];
		if (wanted(up, i))
			err = update_component(up);
	}
	if (err)
		return err;
	err = ua_request(up->u, FWUP, ACTIVATE, &none, 1, r, sizeof(r));
	if (err < 0 && !(err == -EBADE && up->u->code == 0x8b))	/* activation not required */
		return ua_fail(up->u, err, "ActivateFirmware");
	fprintf(up->u->out, "stored; it runs after the next power cycle\n");
	return 0;
}

int ua_update(struct ua *u, const uint8_t *package, size_t len)
{
	static struct pldm_package pkg;
	struct update up = { .u = u, .pkg = &pkg };
	unsigned int count = 0;
	char text[200];
	uint8_t r[16];
	int err = pldm_read(&pkg, package, len, text, sizeof(text));

	if (err) {
		fprintf(u->out, "%s\n", text);
		return err;
	}
	err = choose(u, &pkg);
	if (err < 0)
		return err;
	up.record = (unsigned int)err;
	for (unsigned int i = 0; i < pkg.ncomponents; i++)
		count += wanted(&up, i);
	if (!count) {
		fprintf(u->out, "nothing in the package is for this card\n");
		return -ENOENT;
	}
	err = request_update(&up, count);
	if (err)
		return err;
	err = components(&up, count);
	if (err)
		ua_request(u, FWUP, CANCEL, NULL, 0, r, sizeof(r));
	return err;
}
