// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module in the cage, as ethtool -m reads it: bytes of SFF-8636 memory.
 *
 * For now it is one passive copper cable, one meter, QSFP28 shape, 100GBASE-CR2
 * (SFF-8024 extended code 0x40).  It says that its memory is flat, so ethtool
 * asks for page 0 only: lower half (0..127) and upper half (128..255).  Requests
 * for other pages or banks are answered with an error, and the driver then logs
 * a dump of the answer: that is its way, and only happens when somebody asks
 * for such a page by number.
 *
 * The driver wants bank, page, offset and length back as it sent them, and
 * copies length bytes of the data without looking: so data has that length or is
 * not there.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"

#define CC_BASE		191u		/* sum of 128..190 */
#define CC_EXT		223u		/* sum of 192..222 */

static const uint8_t image[QSFP_SIZE] = {
	[0] = 0x11,			/* identifier: QSFP28 */
	[1] = 0x08,			/* SFF-8636 revision 2.8 to 2.10 */
	[2] = 0x06,			/* flat memory, no interrupt, data ready */
	[22] = 28,			/* temperature, degrees Celsius */
	[26] = 0x80, [27] = 0xe8,	/* supply, 100 uV: 3.3 V */

	[128] = 0x11,
	[129] = 0x00,			/* power class 1, no clock recovery */
	[130] = 0x23,			/* no separable connector */
	[131] = 0x80,			/* see extended code at 192 */
	[139] = 0x08,			/* PAM4 */
	[140] = 0xff,			/* rate: see 222 */
	[146] = 1,			/* meters of copper */
	[147] = 0xa0,			/* copper, unequalized */
	[148] = 'O', 'P', 'E', 'N', 'F', 'B', 'N', 'I', 'C', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
	[168] = 'O', 'F', 'B', '-', 'D', 'A', 'C', '-', '1', '0', '0', 'G', '-', '1', 'M', ' ',
	[184] = 'A', '1',
	[186] = 4, 6, 9, 13,		/* attenuation, dB at 2.5, 5, 7 and 12.9 GHz */
	[190] = 70,			/* highest case temperature */
	[192] = 0x40,			/* 50GBASE-CR, 100GBASE-CR2 or 200GBASE-CR4 */
	[196] = 'O', 'F', 'B', '0', '0', '0', '0', '0', '1', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
	[212] = '2', '6', '1', '1', '2', '2', ' ', ' ',
	[222] = 212,			/* 53.0 Gbit/s per lane, in 250 Mbit/s */
};

static uint8_t sum(const uint8_t *p, unsigned int first, unsigned int last)
{
	uint8_t s = 0;

	for (unsigned int i = first; i <= last; i++)
		s = (uint8_t)(s + p[i]);
	return s;
}

void qsfp_init(struct fw *fw)
{
	memcpy(fw->qsfp, image, sizeof(image));
	fw->qsfp[CC_BASE] = sum(fw->qsfp, 128, CC_BASE - 1);
	fw->qsfp[CC_EXT] = sum(fw->qsfp, 192, CC_EXT - 1);
}

int fw_on_qsfp_read(struct fw *fw, const struct fw_in *in)
{
	uint64_t bank = tlv_uint(&in->a[QSFP_BANK]);
	uint64_t page = tlv_uint(&in->a[QSFP_PAGE]);
	uint64_t off = tlv_uint(&in->a[QSFP_OFFSET]);
	uint64_t len = tlv_uint(&in->a[QSFP_LENGTH]);
	struct fw_out o;
	int err = 0;

	if (bank || page)
		err = -FW_EIO;
	else if (!len || off > QSFP_SIZE || len > QSFP_SIZE - off)
		err = -FW_EINVAL;

	fw_reply(fw, &o, MSG_QSFP_READ_RESP);
	out_uint(&o, QSFP_BANK, bank);
	out_uint(&o, QSFP_PAGE, page);
	out_uint(&o, QSFP_OFFSET, off);
	out_uint(&o, QSFP_LENGTH, len);
	if (err)
		out_sint(&o, QSFP_ERROR, err);
	else
		out_bytes(&o, QSFP_DATA, fw->qsfp + off, (size_t)len);
	fw_send(fw, &o);
	return err;
}
