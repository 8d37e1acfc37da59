// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flash: where images, the EEPROM and a core dump of each host stay.
 *
 *	0x000000  directory, copy 0	0x100000  bootloader (CMRT), 2 x 1 MiB
 *	0x001000  directory, copy 1	0x400000  control firmware, 2 x 4 MiB
 *	0x010000  core dumps, 4 x 64 KiB 0xc00000  option ROM (UEFI), 2 x 2 MiB
 *
 * Each part has two slots.  The directory says which slot the next power-on
 * takes ("stored"), and what is in them; a slot marked FACTORY has no bytes in
 * flash, it stands for what the firmware was built with.  What runs was chosen
 * at power-on and does not change before the next one; the slot it came from is
 * never written.
 *
 * Nothing that can be interrupted may leave a card that does not boot.  So the
 * directory is written whole, with a sequence number and a CRC, over the older
 * of its two copies: a torn write is a copy that does not count.  An update
 *
 *	1. marks the slot that does not run as empty, and the one that runs as stored
 *	2. writes the image there
 *	3. syncs, then writes a directory with the new slot as stored
 *
 * and whenever it ends, the directory names an image that is whole.  At
 * power-on the image's CRC is looked at once more; if flash lost it, the other
 * slot is taken, and at last what the firmware was built with.
 *
 * The anti-rollback number is a fuse: it only rises, to that of the control
 * firmware which was booted.  What is below it is not flashed and not booted.
 */
#include "crc.h"
#include "err.h"
#include "fw_core.h"
#include "image.h"
#include "mem.h"
#include "str.h"

#define DIR_MAGIC	"OFBFLASH"
#define DIR_FORMAT	1u
#define DIR_COPY	0x1000u
#define SLOT_BYTES	40u
#define PART_BYTES	(4u + FLASH_SLOTS * SLOT_BYTES)
#define DIR_BYTES	(24u + PARTS * PART_BYTES + EEPROM_SIZE + 4u)

static const struct part {
	enum fw_section	section;
	uint32_t	base, size;	/* of slot 0; slot 1 follows */
	const char	*name;		/* as the driver calls it */
} parts[PARTS] = {
	[PART_BOOT]	= { FW_SECTION_CMRT, 0x100000, 0x100000, "boot1" },
	[PART_CONTROL]	= { FW_SECTION_CONTROL, 0x400000, 0x400000, "boot2" },
	[PART_UEFI]	= { FW_SECTION_OPTION_ROM, 0xc00000, 0x200000, "option-rom" },
};

uint32_t flash_section(unsigned int part)
{
	return parts[part].section;
}

const char *flash_part_name(unsigned int part)
{
	return parts[part].name;
}

uint32_t flash_part_size(unsigned int part)
{
	return parts[part].size;
}

int flash_part(uint32_t section)
{
	for (unsigned int i = 0; i < PARTS; i++)
		if (parts[i].section == section)
			return (int)i;
	return -FW_ENOENT;
}

bool flash_there(const struct fw *fw)
{
	return fw->env.flash_read && fw->env.flash_write && fw->env.flash_sync;
}

static int f_read(struct fw *fw, uint32_t off, void *buf, size_t len)
{
	return fw->env.flash_read(fw->env.ctx, off, buf, len);
}

static int f_write(struct fw *fw, uint32_t off, const void *buf, size_t len)
{
	if (fault_strikes(fw, FW_FAULT_FLASH))
		return -FW_EIO;
	return fw->env.flash_write(fw->env.ctx, off, buf, len);
}

static int f_sync(struct fw *fw)
{
	return fw->env.flash_sync(fw->env.ctx);
}

/* ---- the directory as bytes ---- */

static uint8_t *slot_put(uint8_t *p, const struct flash_slot *s)
{
	put_le32(p, s->state);
	put_le32(p + 4, s->anti_rollback);
	put_le32(p + 8, s->len);
	put_le32(p + 12, s->crc);
	put_le32(p + 16, s->ver.version);
	memcpy(p + 20, s->ver.commit, FW_COMMIT_MAX);
	return p + SLOT_BYTES;
}

static const uint8_t *slot_get(const uint8_t *p, struct flash_slot *s)
{
	s->state = get_le32(p);
	s->anti_rollback = get_le32(p + 4);
	s->len = get_le32(p + 8);
	s->crc = get_le32(p + 12);
	s->ver.version = get_le32(p + 16);
	memcpy(s->ver.commit, p + 20, FW_COMMIT_MAX);
	s->ver.commit[FW_COMMIT_MAX - 1] = 0;
	return p + SLOT_BYTES;
}

static void dir_put(uint8_t b[DIR_BYTES], const struct flash_dir *d)
{
	uint8_t *p = b + 24;

	memset(b, 0, DIR_BYTES);
	memcpy(b, DIR_MAGIC, 8);
	put_le32(b + 8, DIR_FORMAT);
	put_le32(b + 12, d->seq);
	put_le32(b + 16, d->fuse);
	for (unsigned int i = 0; i < PARTS; i++) {
		put_le32(p, d->part[i].stored);
		p += 4;
		for (unsigned int s = 0; s < FLASH_SLOTS; s++)
			p = slot_put(p, &d->part[i].slot[s]);
	}
	memcpy(p, d->eeprom, EEPROM_SIZE);
	put_le32(p + EEPROM_SIZE, fw_crc32(0, b, DIR_BYTES - 4));
}

/* False: not a directory, or one that no firmware of ours has written */
static bool dir_get(const uint8_t b[DIR_BYTES], struct flash_dir *d)
{
	const uint8_t *p = b + 24;

	if (memcmp(b, DIR_MAGIC, 8) || get_le32(b + 8) != DIR_FORMAT ||
	    get_le32(b + DIR_BYTES - 4) != fw_crc32(0, b, DIR_BYTES - 4))
		return false;
	d->seq = get_le32(b + 12);
	d->fuse = get_le32(b + 16);
	for (unsigned int i = 0; i < PARTS; i++) {
		d->part[i].stored = get_le32(p);
		p += 4;
		for (unsigned int s = 0; s < FLASH_SLOTS; s++)
			p = slot_get(p, &d->part[i].slot[s]);
		if (d->part[i].stored >= FLASH_SLOTS)
			return false;
	}
	memcpy(d->eeprom, p, EEPROM_SIZE);
	return true;
}

static bool dir_load(struct fw *fw)
{
	struct flash_dir d[2];
	uint8_t b[DIR_BYTES];
	bool ok[2];

	for (unsigned int i = 0; i < 2; i++)
		ok[i] = !f_read(fw, i * DIR_COPY, b, sizeof(b)) && dir_get(b, &d[i]);
	if (!ok[0] && !ok[1])
		return false;
	fw->dir = d[ok[1] && (!ok[0] || (int32_t)(d[1].seq - d[0].seq) > 0)];
	return true;
}

/* Makes @d the directory; on error the old one counts */
static int dir_store(struct fw *fw, struct flash_dir *d)
{
	uint8_t b[DIR_BYTES];
	int err;

	d->seq = fw->dir.seq + 1;
	if (flash_there(fw)) {
		dir_put(b, d);
		err = f_sync(fw);
		if (!err)
			err = f_write(fw, (d->seq & 1) * DIR_COPY, b, sizeof(b));
		if (!err)
			err = f_sync(fw);
		if (err)
			return -FW_EIO;
	}
	fw->dir = *d;
	return 0;
}

static void dir_factory(struct fw *fw)
{
	memset(&fw->dir, 0, sizeof(fw->dir));
	fw->dir.fuse = fw->cfg.anti_rollback;
	for (unsigned int i = 0; i < PARTS; i++)
		fw->dir.part[i].slot[0].state = SLOT_FACTORY;
}

/* ---- power-on ---- */

static const struct fw_version *factory(const struct fw *fw, unsigned int part)
{
	const struct fw_version *v[PARTS] = {
		[PART_BOOT] = &fw->cfg.boot, [PART_CONTROL] = &fw->cfg.mgmt, [PART_UEFI] = &fw->cfg.uefi,
	};

	return v[part];
}

static uint32_t slot_base(unsigned int part, unsigned int slot)
{
	return parts[part].base + slot * parts[part].size;
}

/* All of an image is as the directory says */
static bool slot_whole(struct fw *fw, unsigned int part, unsigned int slot)
{
	const struct flash_slot *s = &fw->dir.part[part].slot[slot];
	uint32_t off = slot_base(part, slot), left = s->len, crc = 0;
	uint32_t *page = fw->host[0].page;	/* at power-on: nothing is in it */

	if (s->state == SLOT_FACTORY)
		return true;
	if (s->state != SLOT_IMAGE || s->len > parts[part].size || s->anti_rollback < fw->dir.fuse || !s->ver.version)
		return false;
	while (left) {
		uint32_t n = left < TLV_PAGE ? left : TLV_PAGE;

		if (f_read(fw, off, page, n))
			return false;
		crc = fw_crc32(crc, page, n);
		off += n;
		left -= n;
	}
	return crc == s->crc;
}

static void boot_part(struct fw *fw, unsigned int part)
{
	struct flash_dir d = fw->dir;
	unsigned int slot = d.part[part].stored;
	char t[LOG_LINE];
	struct fw_str s;

	if (!slot_whole(fw, part, slot)) {
		str_begin(&s, t, sizeof(t));
		str_put(&s, "boot: bad image of ");
		str_put(&s, parts[part].name);
		str_put(&s, ", slot ");
		str_dec(&s, slot, 0);
		log_all(fw, t);
		fw_state(fw, "bad image in flash");

		d.part[part].slot[slot].state = SLOT_EMPTY;
		slot ^= 1;
		if (!slot_whole(fw, part, slot))
			d.part[part].slot[slot] = (struct flash_slot){ .state = SLOT_FACTORY };
		d.part[part].stored = slot;
		dir_store(fw, &d);
		fw->dir = d;		/* even if it could not be written: it is what we run */
	}
	fw->running_slot[part] = (uint8_t)slot;
	fw->running[part] = *flash_stored(fw, part);
}

void flash_power(struct fw *fw)
{
	const struct flash_slot *s;
	struct flash_dir d;

	if (!flash_there(fw) || !dir_load(fw)) {
		dir_factory(fw);
		d = fw->dir;
		if (dir_store(fw, &d))
			log_all(fw, "boot: flash can't be written");
	}
	if (fw->dir.fuse < fw->cfg.anti_rollback)
		fw->dir.fuse = fw->cfg.anti_rollback;
	for (unsigned int i = 0; i < PARTS; i++)
		boot_part(fw, i);

	s = &fw->dir.part[PART_CONTROL].slot[fw->running_slot[PART_CONTROL]];
	if (s->state == SLOT_IMAGE && s->anti_rollback > fw->dir.fuse) {
		d = fw->dir;
		d.fuse = s->anti_rollback;
		if (!dir_store(fw, &d))
			log_all(fw, "boot: anti-rollback fuse raised");
	}
}

const struct fw_version *flash_stored(const struct fw *fw, unsigned int part)
{
	const struct flash_slot *s = &fw->dir.part[part].slot[fw->dir.part[part].stored];

	return s->state == SLOT_IMAGE ? &s->ver : factory(fw, part);
}

/* ---- an update's three steps ---- */

int flash_begin(struct fw *fw, unsigned int part)
{
	unsigned int run = fw->running_slot[part];
	struct flash_dir d = fw->dir;

	if (!flash_there(fw))
		return -FW_EOPNOTSUPP;
	d.part[part].stored = run;
	d.part[part].slot[run ^ 1].state = SLOT_EMPTY;
	return dir_store(fw, &d);
}

int flash_image_write(struct fw *fw, unsigned int part, uint32_t off, const void *p, size_t len)
{
	return f_write(fw, slot_base(part, fw->running_slot[part] ^ 1u) + off, p, len) ? -FW_EIO : 0;
}

/* The parts that are there (not NULL), all or none */
int flash_commit_parts(struct fw *fw, const struct flash_slot *const s[PARTS])
{
	struct flash_dir d = fw->dir;

	for (unsigned int part = 0; part < PARTS; part++) {
		unsigned int slot = fw->running_slot[part] ^ 1u;

		if (!s[part])
			continue;
		d.part[part].slot[slot] = *s[part];
		d.part[part].stored = slot;
	}
	return dir_store(fw, &d);
}

int flash_commit(struct fw *fw, unsigned int part, const struct flash_slot *s)
{
	const struct flash_slot *one[PARTS] = { [0] = NULL };

	one[part] = s;
	return flash_commit_parts(fw, one);
}

/* ---- turns ---- */

/*
 * A write that is to stay makes everybody wait, the other hosts too.  So a host
 * that has some gets so many in a row, and then four in a second.
 */
#define TURNS		16u
#define TURN_NS		250000000ull

bool flash_turn(struct fw_host *h)
{
	uint64_t now = h->fw->env.now(h->fw->env.ctx), due = (now - h->flash_since) / TURN_NS;

	if (h->fw->cfg.hosts == 1)
		return true;
	if (due) {
		h->flash_turns = due < TURNS - h->flash_turns ? h->flash_turns + (unsigned int)due : TURNS;
		h->flash_since += due * TURN_NS;
	}
	if (!h->flash_turns)
		return false;
	h->flash_turns--;
	return true;
}

/* ---- the EEPROM ---- */

int flash_eeprom_write(struct fw *fw, uint32_t off, const void *p, size_t len)
{
	struct flash_dir d = fw->dir;

	memcpy(d.eeprom + off, p, len);
	return dir_store(fw, &d);
}

/* ---- the dumps: a place for each host; length, CRC, data.  What is torn is no dump. ---- */

static uint32_t dump_at(const struct fw_host *h)
{
	return FLASH_DUMP + h->id * FLASH_DUMP_SIZE;
}

static int dump_store(struct fw_host *h)
{
	uint8_t hdr[8];
	int err;

	put_le32(hdr, h->dump_size);
	put_le32(hdr + 4, fw_crc32(0, h->dump, h->dump_size));
	err = f_write(h->fw, dump_at(h) + sizeof(hdr), h->dump, h->dump_size);
	return err ? err : f_write(h->fw, dump_at(h), hdr, sizeof(hdr));
}

void flash_dump_store(struct fw *fw)
{
	int err = 0;

	if (!flash_there(fw))
		return;
	EACH_HOST(fw, h)
		if (!err)
			err = dump_store(h);
	if (err || f_sync(fw))
		log_all(fw, "dump: flash can't be written");
}

static void dump_load(struct fw_host *h)
{
	uint8_t hdr[8];

	if (f_read(h->fw, dump_at(h), hdr, sizeof(hdr)))
		return;
	if (!get_le32(hdr) || get_le32(hdr) > DUMP_MAX ||
	    f_read(h->fw, dump_at(h) + sizeof(hdr), h->dump, get_le32(hdr)) ||
	    fw_crc32(0, h->dump, get_le32(hdr)) != get_le32(hdr + 4))
		return;
	h->dump_size = get_le32(hdr);
	h->dump_kept = h->dump_crash = true;	/* others are not stored */
	h->dump_serial++;
}

void flash_dump_load(struct fw *fw)
{
	EACH_HOST(fw, h) {
		h->dump_size = 0;
		if (flash_there(fw))
			dump_load(h);
	}
}
