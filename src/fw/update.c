// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Firmware update.  Images come from the host ("devlink dev flash"), or from
 * the BMC (pldm_fd.c), one at a time: while one is sent, others are told that we
 * are busy.  update_start(), update_chunk(),
 * update_verify() are the part that both have.  What the host does:
 *
 *	START_UPGRADE_REQ section, length -->
 *	                                  <-- START_UPGRADE_RESP [error]
 *	                                  <-- WRITE_CHUNK_REQ offset, length
 *	WRITE_CHUNK_RESP offset, data     -->
 *	       ... up to the end ...
 *	                                  <-- FW_CAP_RESP, with the new stored versions
 *	                                  <-- FINISH_UPGRADE_REQ [error]
 *
 * We ask for chunks in order, one at a time; the driver counts along and takes
 * anything else for an error (fbnic_devlink.c, fbnic_flash_component()).  If we
 * find fault with a chunk, FINISH carries the error, upon which the driver
 * cancels, which we then have nothing to do about.  The driver cancels with a
 * WRITE_CHUNK_RESP that has an error and nothing else.
 *
 * The image's header (image.h) is in the first chunk: what is not for this
 * section, not as long as announced or rolled back is refused before anything
 * more is read.  A host that stops answering, or that goes away, ends the
 * update; what was stored before it began is lost only if it did not run.
 */
#include "err.h"
#include "fw_core.h"
#include "image.h"
#include "mem.h"
#include "str.h"

#define CHUNK		2048u		/* driver: at most TLV_MAX_DATA */
#define HOST_PATIENCE	15000000000ull	/* ns; the driver gives up after 10 s */

void update_log(struct fw *fw, const char *what)
{
	struct fw_str s;
	char t[LOG_LINE];

	str_begin(&s, t, sizeof(t));
	str_put(&s, "update: ");
	str_put(&s, flash_part_name(fw->upd.part));
	str_put(&s, ": ");
	str_put(&s, what);
	if (fw->upd.host) {
		log_write(fw->upd.host, t, false);
		host_state(fw->upd.host, what);
		return;
	}
	log_all(fw, t);
	fw_state(fw, what);
}

void update_stop(struct fw *fw, const char *why)
{
	if (!fw->upd.on)
		return;
	fw->upd.on = false;
	fw_defer(fw, SLOT_UPDATE, FW_NEVER);
	fw->counter[FWC_UPDATES_FAILED]++;
	update_log(fw, why);
}

/* The host is gone.  (What others update is none of its business.) */
void update_forget(struct fw_host *h)
{
	if (h->fw->upd.host == h)
		update_stop(h->fw, "given up");
}

void update_timer(struct fw *fw)
{
	if (fw->upd.host)
		update_stop(fw, "given up");
}

static void ask_chunk(struct fw_host *h)
{
	struct fw_update *u = &h->fw->upd;
	uint32_t left = u->len - u->at, at = u->at;
	struct fw_out o;

	u->want = left < CHUNK ? left : CHUNK;
	if (fault_strikes(h->fw, FW_FAULT_ORDER))
		at++;
	fw_reply(h, &o, MSG_WRITE_CHUNK_REQ);
	out_uint(&o, CHUNK_OFFSET, at);
	out_uint(&o, CHUNK_LENGTH, u->want);
	fw_send(h, &o);
	fw_defer(h->fw, SLOT_UPDATE, h->fw->env.now(h->fw->env.ctx) + HOST_PATIENCE);
}

int update_start(struct fw *fw, uint64_t section, uint64_t len, struct fw_host *host)
{
	int part = flash_part((uint32_t)section);
	int err;

	if (part < 0 || !len)
		return -FW_EINVAL;
	if (len > flash_part_size((unsigned int)part))
		return -FW_E2BIG;
	if (fw->upd.on || (host && (pldm_updating(fw) || !flash_turn(host) || fault_strikes(fw, FW_FAULT_START))))
		return -FW_EBUSY;
	err = flash_begin(fw, (unsigned int)part);
	if (err)
		return err;
	fw->upd = (struct fw_update){ .on = true, .host = host, .part = (uint8_t)part, .len = (uint32_t)len };
	update_log(fw, host ? "started" : "started by the BMC");
	return 0;
}

int fw_on_start_upgrade(struct fw_host *h, const struct fw_in *in)
{
	int err = update_start(h->fw, tlv_uint(&in->a[UPG_SECTION]), tlv_uint(&in->a[UPG_IMAGE_LENGTH]), h);
	struct fw_out o;

	fw_reply(h, &o, MSG_START_UPGRADE_RESP);
	if (err)
		out_sint(&o, UPG_ERROR, err);
	fw_send(h, &o);
	if (!err)
		ask_chunk(h);
	return err;
}

static void finish(struct fw_host *h, int err)
{
	struct fw *fw = h->fw;
	struct fw_out o;

	fw->upd.on = false;
	fw_defer(fw, SLOT_UPDATE, FW_NEVER);
	if (err) {
		fw->counter[FWC_UPDATES_FAILED]++;
	} else {
		fw->counter[FWC_UPDATES]++;
		fw_send_caps(h);
		fw_tell_caps(fw, h);
	}
	fw_reply(h, &o, MSG_FINISH_UPGRADE_REQ);
	if (err)
		out_sint(&o, UPG_ERROR, err);
	fw_send(h, &o);
}

static int check_header(struct fw *fw, const uint8_t *p, size_t len)
{
	struct fw_update *u = &fw->upd;
	struct fw_image i;

	if (len < IMAGE_HDR || !image_get(p, &i)) {
		update_log(fw, "refused: not an image");
		return -FW_EINVAL;
	}
	if (flash_part(i.section) != u->part) {
		update_log(fw, "refused: an image for another section");
		return -FW_EINVAL;
	}
	if (i.len != u->len - IMAGE_HDR) {
		update_log(fw, "refused: not as long as its header says");
		return -FW_EINVAL;
	}
	if (i.anti_rollback < fw->dir.fuse) {
		update_log(fw, "refused: rolled back");
		return -FW_EACCES;
	}
	u->payload_crc = i.crc;
	u->slot = (struct flash_slot){
		.state = SLOT_IMAGE, .anti_rollback = i.anti_rollback, .len = u->len, .ver = i.ver,
	};
	return 0;
}

/* The next @len bytes of the image, which are not more than are left of it */
int update_chunk(struct fw *fw, const uint8_t *p, size_t len)
{
	struct fw_update *u = &fw->upd;
	size_t hdr = u->at ? 0 : IMAGE_HDR;
	int err = u->at ? 0 : check_header(fw, p, len);

	if (!err)
		err = flash_image_write(fw, u->part, u->at, p, len);
	if (err)
		return err;
	u->slot.crc = fw_crc32(u->slot.crc, p, len);
	u->crc = fw_crc32(u->crc, p + hdr, len - hdr);
	u->at += (uint32_t)len;
	return 0;
}

int update_verify(struct fw *fw)
{
	if (fw->upd.crc == fw->upd.payload_crc)
		return 0;
	update_log(fw, "refused: wrong checksum");
	return -FW_EBADMSG;
}

static int complete(struct fw *fw)
{
	struct fw_update *u = &fw->upd;
	int err = update_verify(fw);

	if (err)
		return err;
	err = flash_commit(fw, u->part, &u->slot);
	update_log(fw, err ? "flash can't be written" : "stored, runs after power-on");
	return err;
}

int fw_on_write_chunk(struct fw_host *h, const struct fw_in *in)
{
	const struct tlv_view *data = &in->a[CHUNK_DATA];
	struct fw *fw = h->fw;
	struct fw_update *u = &fw->upd;
	int err = 0;

	if (in->a[CHUNK_ERROR].p) {
		if (u->on && u->host == h)
			update_log(fw, "cancelled by the host");
		update_forget(h);
		return 0;
	}
	if (!u->on || u->host != h)
		return -FW_EINVAL;
	if (tlv_uint(&in->a[CHUNK_OFFSET]) != u->at || tlv_uint(&in->a[CHUNK_LENGTH]) != u->want ||
	    !data->p || data->len != u->want)
		err = -FW_EINVAL;
	else if (fault_strikes(fw, FW_FAULT_CHUNK))
		err = -FW_EIO;
	if (!err)
		err = update_chunk(fw, data->p, data->len);
	if (!err && u->at < u->len) {
		ask_chunk(h);
		return 0;
	}
	if (!err)
		err = complete(fw);
	finish(h, err);
	return err;
}
