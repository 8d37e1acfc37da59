// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What Meta's mock firmware answers beyond the upstream driver: the board's
 * EEPROM (288 bytes, kept in flash) and the mode of the SerDes.  Errors are
 * positive numbers in these messages.
 */
#include "err.h"
#include "fw_core.h"

static int eeprom_bounds(uint64_t off, uint64_t len)
{
	if (off >= EEPROM_SIZE || !len)
		return FW_EINVAL;
	return len > EEPROM_SIZE - off ? FW_EOVERFLOW : 0;
}

static void eeprom_reply(struct fw_host *h, struct fw_out *o, enum fw_msg_id id, const struct fw_in *in, int err)
{
	fw_reply(h, o, id);
	out_uint(o, EEPROM_OFFSET, tlv_uint(&in->a[EEPROM_OFFSET]));
	out_uint(o, EEPROM_LENGTH, tlv_uint(&in->a[EEPROM_LENGTH]));
	if (err)
		out_uint(o, EEPROM_ERROR, (uint32_t)err);
}

int fw_on_eeprom_read(struct fw_host *h, const struct fw_in *in)
{
	uint64_t off = tlv_uint(&in->a[EEPROM_OFFSET]), len = tlv_uint(&in->a[EEPROM_LENGTH]);
	int err = eeprom_bounds(off, len);
	struct fw_out o;

	eeprom_reply(h, &o, MSG_EEPROM_READ_RESP, in, err);
	if (!err)
		out_bytes(&o, EEPROM_DATA, h->fw->dir.eeprom + off, (size_t)len);
	fw_send(h, &o);
	return -err;
}

int fw_on_eeprom_write(struct fw_host *h, const struct fw_in *in)
{
	uint64_t off = tlv_uint(&in->a[EEPROM_OFFSET]), len = tlv_uint(&in->a[EEPROM_LENGTH]);
	const struct tlv_view *data = &in->a[EEPROM_DATA];
	int err = eeprom_bounds(off, len);
	struct fw_out o;

	if (!err && (!data->p || data->len != len))
		err = FW_EINVAL;
	if (!err && !flash_turn(h))
		err = FW_EBUSY;
	if (!err)
		err = -flash_eeprom_write(h->fw, (uint32_t)off, data->p, (size_t)len);
	eeprom_reply(h, &o, MSG_EEPROM_WRITE_RESP, in, err);
	fw_send(h, &o);
	return -err;
}

/* Both lanes or one, PAM4 or NRZ; only for who owns the card */
int fw_on_comphy(struct fw_host *h, const struct fw_in *in)
{
	bool pam4 = tlv_uint(&in->a[COMPHY_PAM4]), both = tlv_uint(&in->a[COMPHY_LANES]) == 3;
	int err = h->host_owns ? 0 : FW_EPERM;
	struct fw_out o;

	if (!err) {
		if (both)
			h->speed = pam4 ? FW_SPEED_100CR2 : FW_SPEED_50CR2;
		else
			h->speed = pam4 ? FW_SPEED_50CR : FW_SPEED_25CR;
		fw_apply_link_mode(h);
		log_write(h, "link: SerDes mode set by the host", true);
	}
	fw_reply(h, &o, MSG_COMPHY_RESP);
	if (err)
		out_uint(&o, COMPHY_ERROR, (uint32_t)err);
	fw_send(h, &o);
	return -err;
}
