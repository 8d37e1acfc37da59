/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a flash image looks like: a header of 64 bytes and a payload.
 *
 * The driver tells the firmware only the section and the length of what it
 * flashes; version, commit and anti-rollback number must be in the image
 * itself.  How the real ones look is not public: this header is ours.  All
 * little-endian:
 *
 *	0  "OFBIMAGE"			44 payload's length
 *	8  length of the header, 64	48 payload's CRC-32
 *	12 section, enum fw_section	52 0
 *	16 version, FW_VERSION()	60 CRC-32 of bytes 0..59
 *	20 anti-rollback number
 *	24 commit, NUL-terminated, 20 bytes with the padding
 */
#ifndef OPENFBNIC_FW_IMAGE_H
#define OPENFBNIC_FW_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crc.h"
#include "fw.h"
#include "mem.h"
#include "tlv.h"

#define IMAGE_HDR	64u
#define IMAGE_MAGIC	"OFBIMAGE"

/* driver: fbnic_fw.h, QSPI_SECTION_*; 2 and 4 exist and can't be updated */
enum fw_section { FW_SECTION_CMRT = 0, FW_SECTION_CONTROL = 1, FW_SECTION_OPTION_ROM = 3 };

struct fw_image {
	uint32_t		section, anti_rollback, len, crc;	/* of the payload */
	struct fw_version	ver;
};

static inline void image_put(uint8_t h[IMAGE_HDR], const struct fw_image *i)
{
	memset(h, 0, IMAGE_HDR);
	memcpy(h, IMAGE_MAGIC, 8);
	put_le32(h + 8, IMAGE_HDR);
	put_le32(h + 12, i->section);
	put_le32(h + 16, i->ver.version);
	put_le32(h + 20, i->anti_rollback);
	memcpy(h + 24, i->ver.commit, FW_COMMIT_MAX);
	put_le32(h + 44, i->len);
	put_le32(h + 48, i->crc);
	put_le32(h + 60, fw_crc32(0, h, 60));
}

/* False: this is no header */
static inline bool image_get(const uint8_t h[IMAGE_HDR], struct fw_image *i)
{
	if (memcmp(h, IMAGE_MAGIC, 8) || get_le32(h + 8) != IMAGE_HDR || get_le32(h + 60) != fw_crc32(0, h, 60) ||
	    h[24 + FW_COMMIT_MAX - 1] || !get_le32(h + 16))
		return false;
	i->section = get_le32(h + 12);
	i->ver.version = get_le32(h + 16);
	i->anti_rollback = get_le32(h + 20);
	memcpy(i->ver.commit, h + 24, FW_COMMIT_MAX);
	i->len = get_le32(h + 44);
	i->crc = get_le32(h + 48);
	return true;
}

#endif
