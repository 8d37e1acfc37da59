/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mailbox messages: their numbers here, everything else about them in the
 * table in msg.c.  Names are those of the driver (fbnic_fw.h), shortened.
 */
#ifndef OPENFBNIC_FW_MSG_H
#define OPENFBNIC_FW_MSG_H

#include "tlv.h"

struct fw_host;
struct fw_in;

enum fw_msg_id {
	MSG_TEST		= 0x00,
	MSG_HOST_CAP_REQ	= 0x10,
	MSG_FW_CAP_RESP		= 0x11,
	MSG_OWNERSHIP_REQ	= 0x12,
	MSG_OWNERSHIP_RESP	= 0x13,
	MSG_HEARTBEAT_REQ	= 0x14,
	MSG_HEARTBEAT_RESP	= 0x15,
	MSG_DUMP_INFO_REQ	= 0x18,
	MSG_DUMP_INFO_RESP	= 0x19,
	MSG_DUMP_READ_REQ	= 0x20,
	MSG_DUMP_READ_RESP	= 0x21,
	MSG_START_UPGRADE_REQ	= 0x22,
	MSG_START_UPGRADE_RESP	= 0x23,
	MSG_WRITE_CHUNK_REQ	= 0x24,
	MSG_WRITE_CHUNK_RESP	= 0x25,
	MSG_FINISH_UPGRADE_REQ	= 0x28,
	MSG_EEPROM_READ_REQ	= 0x2a,
	MSG_EEPROM_READ_RESP	= 0x2b,
	MSG_EEPROM_WRITE_REQ	= 0x2c,
	MSG_EEPROM_WRITE_RESP	= 0x2d,
	MSG_QSFP_READ_REQ	= 0x38,
	MSG_QSFP_READ_RESP	= 0x39,
	MSG_TSENE_READ_REQ	= 0x3c,
	MSG_TSENE_READ_RESP	= 0x3d,
	MSG_COMPHY_REQ		= 0x3e,
	MSG_COMPHY_RESP		= 0x3f,
	MSG_THRESHOLD		= 0x40,
	MSG_SEND_LOGS_REQ	= 0x43,
	MSG_LOG_MSG_REQ		= 0x44,
	MSG_MAC_SYNC_REQ	= 0x46,
};

enum { TEST_MAC = 6, TEST_STRING = 9, TEST_NESTED = 10, TEST_ARRAY = 11 };
enum {
	CAP_VERSION = 0x0, CAP_BMC_PRESENT = 0x1, CAP_BMC_MAC = 0x2, CAP_BMC_MACS = 0x3,
	CAP_STORED_VERSION = 0x4, CAP_SLOT = 0x5, CAP_COMMIT = 0x6, CAP_BMC_ALL_MULTI = 0x8,
	CAP_FW_STATE = 0x9, CAP_SPEED = 0xa, CAP_FEC = 0xb, CAP_STORED_COMMIT = 0xc,
	CAP_BOOT_VERSION = 0xd, CAP_STORED_BOOT_VERSION = 0xe, CAP_BOOT_COMMIT = 0xf,
	CAP_STORED_BOOT_COMMIT = 0x10, CAP_UEFI_VERSION = 0x11, CAP_UEFI_COMMIT = 0x12,
	CAP_MAX_SPEED = 0x13, CAP_ANTI_ROLLBACK = 0x15,
	CAP_TEMP_MIN = 0x18, CAP_TEMP_MAX = 0x19, CAP_TEMP_CRIT = 0x1a, CAP_VOLT_MIN = 0x1b, CAP_VOLT_MAX = 0x1c,
};
enum { OWN_FLAG = 0, OWN_TIME = 1 };
enum { HEARTBEAT_UPTIME = 0 };
enum { DUMP_INFO_CREATE = 0 };
enum { DUMP_INFO_AVAILABLE = 0, DUMP_INFO_SIZE = 1, DUMP_INFO_ERROR = 2 };
enum { DUMP_OFFSET = 0, DUMP_LENGTH = 1, DUMP_DATA = 2, DUMP_ERROR = 3 };
enum { UPG_ERROR = 0, UPG_SECTION = 1, UPG_IMAGE_LENGTH = 2 };
enum { CHUNK_OFFSET = 0, CHUNK_LENGTH = 1, CHUNK_DATA = 2, CHUNK_ERROR = 3 };
enum { QSFP_BANK = 0, QSFP_PAGE = 1, QSFP_OFFSET = 2, QSFP_LENGTH = 3, QSFP_ERROR = 4, QSFP_DATA = 5 };
enum { EEPROM_OFFSET = 0, EEPROM_LENGTH = 1, EEPROM_ERROR = 3, EEPROM_DATA = 4 };
enum { COMPHY_PAM4 = 0, COMPHY_ERROR = 1, COMPHY_LANES = 4 };
enum { THRESHOLD_THERM_FLAG = 0, THRESHOLD_VOLT_FLAG = 1, THRESHOLD_THERM = 2, THRESHOLD_VOLT = 3 };
enum { TSENE_THERM = 0, TSENE_VOLT = 1, TSENE_ERROR = 2 };
enum { SEND_LOGS = 0, SEND_LOGS_VERSION = 1, SEND_LOGS_HISTORY = 2 };
enum {
	LOG_MSEC = 0, LOG_INDEX = 1, LOG_TEXT = 2, LOG_LENGTH = 3,
	LOG_MSEC_ARRAY = 4, LOG_INDEX_ARRAY = 5, LOG_TEXT_ARRAY = 6,
};
enum { SYNC_FLAGS = 0, SYNC_UC = 1, SYNC_MC = 2, SYNC_MAC = 3 };

#define LOG_TEXT_MAX	256	/* driver: FBNIC_FW_LOG_MAX_SIZE */
#define LOG_EXTRA_MAX	13	/* driver: FBNIC_FW_MAX_LOG_HISTORY - 1 */

#define MSG_TO_FW	1u
#define MSG_TO_HOST	2u

struct msg_def {
	uint16_t		id;
	uint8_t			dir;
	const char		*name;
	struct tlv_schema	attrs;
	int			(*handle)(struct fw_host *h, const struct fw_in *in);	/* MSG_TO_FW */
};

/* A message from the host, checked */
struct fw_in {
	const struct msg_def	*def;
	const uint8_t		*p;		/* with its header */
	size_t			len;
	struct tlv_view		a[TLV_IDS];
};

/* A message to the host, being built; what the table does not allow is an error */
struct fw_out {
	const struct msg_def	*def;
	struct tlv_buf		b;
};

extern const struct msg_def fw_msgs[];
extern const size_t fw_msg_count;

const struct msg_def *msg_find(unsigned int id, unsigned int dir);

/*
 * Reads a message of at most @len bytes: 0, -EBADMSG (not a message, or longer
 * than @len), -ENOENT with in->def NULL (nobody knows it), or what
 * tlv_parse_deep() says.
 */
int msg_parse(struct fw_in *in, const uint8_t *p, size_t len, unsigned int dir);

void out_begin(struct fw_out *o, void *buf, size_t cap, enum fw_msg_id id);
void out_flag(struct fw_out *o, unsigned int id);
void out_uint(struct fw_out *o, unsigned int id, uint64_t v);
void out_sint(struct fw_out *o, unsigned int id, int64_t v);
void out_string(struct fw_out *o, unsigned int id, const char *s);
void out_bytes(struct fw_out *o, unsigned int id, const void *p, size_t len);	/* TLV_BINARY, TLV_MAC */
void out_nest(struct fw_out *o, unsigned int id);
void out_nest_end(struct fw_out *o);
int out_end(struct fw_out *o);

#endif
