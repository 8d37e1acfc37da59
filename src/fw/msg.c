// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All messages between the driver and the firmware, as one table.
 *
 * The table is what the reader checks messages from the host against, what the
 * builder checks our own messages against, where traces get names from, and
 * where firmware.md and fuzzers can find what exists.  Types and limits are
 * those of the driver's parsers (fbnic_fw.c) for what it receives, and what its
 * fbnic_fw_xmit_*() functions put for what it sends; contract 07 section 6.
 *
 * A message from the host needs a handler (fw_core.h lists them); the rows
 * without one are messages to the host.
 */
#include "msg.h"

#include "err.h"
#include "fw.h"
#include "fw_core.h"

#define FLAG(id, name)		{ id, TLV_FLAG, 0, 0, name }
#define U32(id, name)		{ id, TLV_UINT, 4, 0, name }
#define U64(id, name)		{ id, TLV_UINT, 8, 0, name }
#define S32(id, name)		{ id, TLV_SINT, 4, 0, name }
#define S64(id, name)		{ id, TLV_SINT, 8, 0, name }
#define STR(id, max, name)	{ id, TLV_STRING, max, 0, name }
#define MAC(id, name)		{ id, TLV_MAC, 6, 0, name }
#define RAW(id, name)		{ id, TLV_BINARY, TLV_MAX_DATA, 0, name }
#define NEST(id, name)		{ id, TLV_NESTED, 0, 0, name }
#define ARRAY(id, elem, max, name) { id, TLV_ARRAY, max, elem, name }

static const struct tlv_attr test_attrs[] = {
	U64(0, "u64"), S64(1, "s64"), U32(2, "u32"), S32(3, "s32"), U32(4, "u16"), S32(5, "s16"),
	MAC(TEST_MAC, "mac"), FLAG(7, "true"), FLAG(8, "false"), STR(TEST_STRING, 32, "string"),
	NEST(TEST_NESTED, "nested"), ARRAY(TEST_ARRAY, TEST_MAC, 4, "macs"),
};

static const struct tlv_attr cap_attrs[] = {
	U32(CAP_VERSION, "version"),
	FLAG(CAP_BMC_PRESENT, "bmc_present"),
	MAC(CAP_BMC_MAC, "bmc_mac"),
	ARRAY(CAP_BMC_MACS, CAP_BMC_MAC, FW_BMC_MACS, "bmc_macs"),
	U32(CAP_STORED_VERSION, "stored_version"),
	U32(CAP_SLOT, "active_slot"),
	STR(CAP_COMMIT, FW_COMMIT_MAX, "commit"),
	U32(CAP_BMC_ALL_MULTI, "bmc_all_multi"),
	U32(CAP_FW_STATE, "fw_state"),
	U32(CAP_SPEED, "link_speed"),
	U32(CAP_FEC, "link_fec"),
	STR(CAP_STORED_COMMIT, FW_COMMIT_MAX, "stored_commit"),
	U32(CAP_BOOT_VERSION, "cmrt_version"),
	U32(CAP_STORED_BOOT_VERSION, "stored_cmrt_version"),
	STR(CAP_BOOT_COMMIT, FW_COMMIT_MAX, "cmrt_commit"),
	STR(CAP_STORED_BOOT_COMMIT, FW_COMMIT_MAX, "stored_cmrt_commit"),
	U32(CAP_UEFI_VERSION, "uefi_version"),
	STR(CAP_UEFI_COMMIT, FW_COMMIT_MAX, "uefi_commit"),
	U32(CAP_MAX_SPEED, "max_link_speed"),
	U32(CAP_ANTI_ROLLBACK, "anti_rollback"),
	S32(CAP_TEMP_MIN, "temp_min"), S32(CAP_TEMP_MAX, "temp_max"), S32(CAP_TEMP_CRIT, "temp_crit"),
	U32(CAP_VOLT_MIN, "volt_min"), U32(CAP_VOLT_MAX, "volt_max"),
};

static const struct tlv_attr own_req_attrs[] = { FLAG(OWN_FLAG, "take") };
static const struct tlv_attr own_resp_attrs[] = { U64(OWN_TIME, "uptime_ms") };
static const struct tlv_attr heartbeat_attrs[] = { U64(HEARTBEAT_UPTIME, "uptime_ms") };

static const struct tlv_attr dump_info_req_attrs[] = { FLAG(DUMP_INFO_CREATE, "create") };
static const struct tlv_attr dump_info_attrs[] = {
	FLAG(DUMP_INFO_AVAILABLE, "available"), U32(DUMP_INFO_SIZE, "size"), S32(DUMP_INFO_ERROR, "error"),
};
static const struct tlv_attr dump_read_req_attrs[] = { U32(DUMP_OFFSET, "offset"), U32(DUMP_LENGTH, "length") };
static const struct tlv_attr dump_read_attrs[] = {
	U32(DUMP_OFFSET, "offset"), U32(DUMP_LENGTH, "length"), RAW(DUMP_DATA, "data"), S32(DUMP_ERROR, "error"),
};

static const struct tlv_attr upg_req_attrs[] = {
	U32(UPG_SECTION, "section"), U32(UPG_IMAGE_LENGTH, "image_length"),
};
static const struct tlv_attr upg_error_attrs[] = { S32(UPG_ERROR, "error") };
static const struct tlv_attr chunk_req_attrs[] = { U32(CHUNK_OFFSET, "offset"), U32(CHUNK_LENGTH, "length") };
static const struct tlv_attr chunk_attrs[] = {
	U32(CHUNK_OFFSET, "offset"), U32(CHUNK_LENGTH, "length"), RAW(CHUNK_DATA, "data"),
	S32(CHUNK_ERROR, "error"),
};

/* Meta's mock firmware: error numbers are positive here */
static const struct tlv_attr eeprom_req_attrs[] = {
	U32(EEPROM_OFFSET, "offset"), U32(EEPROM_LENGTH, "length"), RAW(EEPROM_DATA, "data"),
};
static const struct tlv_attr eeprom_attrs[] = {
	U32(EEPROM_OFFSET, "offset"), U32(EEPROM_LENGTH, "length"), U32(EEPROM_ERROR, "error"),
	RAW(EEPROM_DATA, "data"),
};
static const struct tlv_attr comphy_req_attrs[] = { U32(COMPHY_PAM4, "pam4"), U32(COMPHY_LANES, "lane_mask") };
static const struct tlv_attr comphy_attrs[] = { U32(COMPHY_ERROR, "error") };
static const struct tlv_attr threshold_attrs[] = {
	S32(THRESHOLD_THERM_FLAG, "temp_exceeded"), S32(THRESHOLD_VOLT_FLAG, "volt_exceeded"),
	S32(THRESHOLD_THERM, "millidegrees"), S32(THRESHOLD_VOLT, "millivolts"),
};

static const struct tlv_attr qsfp_req_attrs[] = {
	U32(QSFP_BANK, "bank"), U32(QSFP_PAGE, "page"), U32(QSFP_OFFSET, "offset"), U32(QSFP_LENGTH, "length"),
};
static const struct tlv_attr qsfp_attrs[] = {
	U32(QSFP_BANK, "bank"), U32(QSFP_PAGE, "page"), U32(QSFP_OFFSET, "offset"), U32(QSFP_LENGTH, "length"),
	S32(QSFP_ERROR, "error"), RAW(QSFP_DATA, "data"),
};

static const struct tlv_attr tsene_attrs[] = {
	S32(TSENE_THERM, "millidegrees"), S32(TSENE_VOLT, "millivolts"), S32(TSENE_ERROR, "error"),
};

static const struct tlv_attr send_logs_attrs[] = {
	FLAG(SEND_LOGS, "send"), U32(SEND_LOGS_VERSION, "version"), FLAG(SEND_LOGS_HISTORY, "history"),
};
static const struct tlv_attr log_attrs[] = {
	U32(LOG_MSEC, "msec"), U64(LOG_INDEX, "index"), STR(LOG_TEXT, LOG_TEXT_MAX, "text"),
	U32(LOG_LENGTH, "length"),
	ARRAY(LOG_MSEC_ARRAY, LOG_MSEC, LOG_EXTRA_MAX, "msecs"),
	ARRAY(LOG_INDEX_ARRAY, LOG_INDEX, LOG_EXTRA_MAX, "indexes"),
	ARRAY(LOG_TEXT_ARRAY, LOG_TEXT, LOG_EXTRA_MAX, "texts"),
};

static const struct tlv_attr sync_attrs[] = {
	U32(SYNC_FLAGS, "rx_flags"), MAC(SYNC_MAC, "mac"),
	ARRAY(SYNC_UC, SYNC_MAC, FW_SYNC_MACS, "unicast"), ARRAY(SYNC_MC, SYNC_MAC, FW_SYNC_MACS, "multicast"),
};

#define ATTRS(t)	{ t, sizeof(t) / sizeof(t[0]) }
#define NONE		{ NULL, 0 }

const struct msg_def fw_msgs[] = {
	{ MSG_TEST, MSG_TO_FW | MSG_TO_HOST, "test", ATTRS(test_attrs), fw_on_test },
	{ MSG_HOST_CAP_REQ, MSG_TO_FW, "host_cap_req", NONE, fw_on_host_cap },
	{ MSG_FW_CAP_RESP, MSG_TO_HOST, "fw_cap_resp", ATTRS(cap_attrs), NULL },
	{ MSG_OWNERSHIP_REQ, MSG_TO_FW, "ownership_req", ATTRS(own_req_attrs), fw_on_ownership },
	{ MSG_OWNERSHIP_RESP, MSG_TO_HOST, "ownership_resp", ATTRS(own_resp_attrs), NULL },
	{ MSG_HEARTBEAT_REQ, MSG_TO_FW, "heartbeat_req", NONE, fw_on_heartbeat },
	{ MSG_HEARTBEAT_RESP, MSG_TO_HOST, "heartbeat_resp", ATTRS(heartbeat_attrs), NULL },
	{ MSG_DUMP_INFO_REQ, MSG_TO_FW, "coredump_info_req", ATTRS(dump_info_req_attrs), fw_on_dump_info },
	{ MSG_DUMP_INFO_RESP, MSG_TO_HOST, "coredump_info_resp", ATTRS(dump_info_attrs), NULL },
	{ MSG_DUMP_READ_REQ, MSG_TO_FW, "coredump_read_req", ATTRS(dump_read_req_attrs), fw_on_dump_read },
	{ MSG_DUMP_READ_RESP, MSG_TO_HOST, "coredump_read_resp", ATTRS(dump_read_attrs), NULL },
	{ MSG_START_UPGRADE_REQ, MSG_TO_FW, "start_upgrade_req", ATTRS(upg_req_attrs), fw_on_start_upgrade },
	{ MSG_START_UPGRADE_RESP, MSG_TO_HOST, "start_upgrade_resp", ATTRS(upg_error_attrs), NULL },
	{ MSG_WRITE_CHUNK_REQ, MSG_TO_HOST, "write_chunk_req", ATTRS(chunk_req_attrs), NULL },
	{ MSG_WRITE_CHUNK_RESP, MSG_TO_FW, "write_chunk_resp", ATTRS(chunk_attrs), fw_on_write_chunk },
	{ MSG_FINISH_UPGRADE_REQ, MSG_TO_HOST, "finish_upgrade_req", ATTRS(upg_error_attrs), NULL },
	{ MSG_EEPROM_READ_REQ, MSG_TO_FW, "eeprom_read_req", ATTRS(eeprom_req_attrs), fw_on_eeprom_read },
	{ MSG_EEPROM_READ_RESP, MSG_TO_HOST, "eeprom_read_resp", ATTRS(eeprom_attrs), NULL },
	{ MSG_EEPROM_WRITE_REQ, MSG_TO_FW, "eeprom_write_req", ATTRS(eeprom_req_attrs), fw_on_eeprom_write },
	{ MSG_EEPROM_WRITE_RESP, MSG_TO_HOST, "eeprom_write_resp", ATTRS(eeprom_attrs), NULL },
	{ MSG_QSFP_READ_REQ, MSG_TO_FW, "qsfp_read_req", ATTRS(qsfp_req_attrs), fw_on_qsfp_read },
	{ MSG_QSFP_READ_RESP, MSG_TO_HOST, "qsfp_read_resp", ATTRS(qsfp_attrs), NULL },
	{ MSG_TSENE_READ_REQ, MSG_TO_FW, "tsene_read_req", NONE, fw_on_tsene_read },
	{ MSG_TSENE_READ_RESP, MSG_TO_HOST, "tsene_read_resp", ATTRS(tsene_attrs), NULL },
	{ MSG_COMPHY_REQ, MSG_TO_FW, "set_comphy_mode_req", ATTRS(comphy_req_attrs), fw_on_comphy },
	{ MSG_COMPHY_RESP, MSG_TO_HOST, "set_comphy_mode_resp", ATTRS(comphy_attrs), NULL },
	{ MSG_THRESHOLD, MSG_TO_HOST, "sensor_threshold_exceeded", ATTRS(threshold_attrs), NULL },
	{ MSG_SEND_LOGS_REQ, MSG_TO_FW, "log_send_logs_req", ATTRS(send_logs_attrs), fw_on_send_logs },
	{ MSG_LOG_MSG_REQ, MSG_TO_HOST, "log_msg_req", ATTRS(log_attrs), NULL },
	{ MSG_MAC_SYNC_REQ, MSG_TO_FW, "rpc_mac_sync_req", ATTRS(sync_attrs), fw_on_mac_sync },
};

const size_t fw_msg_count = sizeof(fw_msgs) / sizeof(fw_msgs[0]);

const struct msg_def *msg_find(unsigned int id, unsigned int dir)
{
	for (size_t i = 0; i < fw_msg_count; i++)
		if (fw_msgs[i].id == id && fw_msgs[i].dir & dir)
			return &fw_msgs[i];
	return NULL;
}

int msg_parse(struct fw_in *in, const uint8_t *p, size_t len, unsigned int dir)
{
	struct tlv_hdr h;

	in->def = NULL;
	if (len < TLV_HDR)
		return -FW_EBADMSG;
	h = tlv_hdr_get(p);
	if (!h.is_msg || !h.len || h.len * (size_t)4 > len)
		return -FW_EBADMSG;

	in->def = msg_find(h.id, dir);
	if (!in->def)
		return -FW_ENOENT;
	in->p = p;
	in->len = h.len * (size_t)4;
	return tlv_parse_deep(p + TLV_HDR, in->len - TLV_HDR, &in->def->attrs, in->a);
}

/* ---- building ---- */

void out_begin(struct fw_out *o, void *buf, size_t cap, enum fw_msg_id id)
{
	o->def = msg_find(id, MSG_TO_HOST);
	tlv_begin(&o->b, buf, cap, (uint16_t)id);
	if (!o->def)
		o->b.err = -FW_ENOENT;
}

/* The row of @id if it has type @type or @type2 and takes @len bytes; else the message is spoilt */
static const struct tlv_attr *row(struct fw_out *o, unsigned int id, enum tlv_type type, enum tlv_type type2,
				  size_t len)
{
	const struct tlv_attr *a = o->def ? tlv_find(&o->def->attrs, id) : NULL;

	if (a && (a->type == type || a->type == type2) && len <= a->max)
		return a;
	if (!o->b.err)
		o->b.err = -FW_EINVAL;
	return NULL;
}

void out_flag(struct fw_out *o, unsigned int id)
{
	if (row(o, id, TLV_FLAG, TLV_FLAG, 0))
		tlv_put_flag(&o->b, id);
}

void out_uint(struct fw_out *o, unsigned int id, uint64_t v)
{
	const struct tlv_attr *a = row(o, id, TLV_UINT, TLV_UINT, 0);

	if (a)
		tlv_put_int(&o->b, id, v, a->max);
}

void out_sint(struct fw_out *o, unsigned int id, int64_t v)
{
	const struct tlv_attr *a = row(o, id, TLV_SINT, TLV_SINT, 0);

	if (a)
		tlv_put_int(&o->b, id, (uint64_t)v, a->max);
}

void out_string(struct fw_out *o, unsigned int id, const char *s)
{
	size_t len = 0;

	while (s[len])
		len++;
	if (row(o, id, TLV_STRING, TLV_STRING, len + 1))
		tlv_put_string(&o->b, id, s);
}

void out_bytes(struct fw_out *o, unsigned int id, const void *p, size_t len)
{
	const struct tlv_attr *a = row(o, id, TLV_BINARY, TLV_MAC, len);

	if (a && a->type == TLV_MAC && len != a->max)
		o->b.err = -FW_EINVAL;
	if (a)
		tlv_put(&o->b, id, p, len);
}

void out_nest(struct fw_out *o, unsigned int id)
{
	if (row(o, id, TLV_NESTED, TLV_ARRAY, 0))
		tlv_nest_start(&o->b, id);
}

void out_nest_end(struct fw_out *o)
{
	tlv_nest_stop(&o->b);
}

int out_end(struct fw_out *o)
{
	return tlv_end(&o->b);
}
