/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PLDM inside the firmware: numbers of the standards, the table of commands,
 * and what a terminus has to remember.  DSP0240 (messages, type 0), DSP0248
 * (monitoring, type 2), DSP0267 (firmware update, type 5), DSP0249 (numbers of
 * entities and states).
 */
#ifndef OPENFBNIC_FW_PLDM_H
#define OPENFBNIC_FW_PLDM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw.h"
#include "tlv.h"

struct fw;

#define PLDM_HDR	3u		/* instance, type, command */
#define PLDM_RQ		0x80u		/* of the first byte: it is a request */
#define PLDM_DATAGRAM	0x40u		/* a request that wants no response */
#define PLDM_IID	0x1fu

enum { PLDM_BASE = 0, PLDM_PLATFORM = 2, PLDM_FWUP = 5 };	/* types */

enum {				/* completion codes: of all commands */
	CC_OK			= 0x00,
	CC_ERROR		= 0x01,
	CC_INVALID_DATA		= 0x02,
	CC_INVALID_LENGTH	= 0x03,
	CC_NOT_READY		= 0x04,
	CC_UNSUPPORTED_CMD	= 0x05,
	CC_INVALID_TYPE		= 0x20,
	/* base, GetPLDMVersion and GetPLDMCommands */
	CC_BASE_HANDLE		= 0x80,
	CC_BASE_FLAG		= 0x81,
	CC_BASE_TYPE		= 0x83,
	CC_BASE_VERSION		= 0x84,
	/* monitoring */
	CC_SENSOR_ID		= 0x80,
	CC_PDR_HANDLE		= 0x80,		/* of the transfer */
	CC_PDR_FLAG		= 0x81,
	CC_PDR_RECORD		= 0x82,
	CC_PDR_CHANGE		= 0x83,
	/* update */
	CC_FD_NOT_IN_UPDATE	= 0x80,
	CC_FD_IN_UPDATE		= 0x81,
	CC_FD_TRANSFER_LENGTH	= 0x83,
	CC_FD_STATE		= 0x84,
	CC_FD_INCOMPLETE	= 0x85,
	CC_FD_RETRY		= 0x89,		/* the BMC's: ask for the data again, later */
	CC_FD_UNABLE		= 0x8a,
	CC_FD_NO_SELF_ACTIVATION = 0x8c,
};

enum { XFER_NEXT, XFER_FIRST };				/* what a requester wants */
enum { XFER_START = 1, XFER_MIDDLE = 2, XFER_END = 4, XFER_ALL = 5 };	/* what it gets */
enum { PDR_START = 0, PDR_MIDDLE = 1, PDR_END = 4, PDR_ALL = 5 };	/* GetPDR has its own */

/* ---- messages ---- */

/* A request: what follows its header, its length checked against its row */
struct pldm_in {
	enum fw_pldm_link	link;
	const uint8_t		*p;
	size_t			len;
};

/* A response, from the completion code on; what does not fit is an error at the end */
struct pldm_out {
	uint8_t	*p;
	size_t	len, cap;
	bool	full;
};

void pldm_put(struct pldm_out *o, const void *p, size_t len);
void pldm_put8(struct pldm_out *o, uint32_t v);
void pldm_put16(struct pldm_out *o, uint32_t v);
void pldm_put32(struct pldm_out *o, uint32_t v);

static inline uint32_t get_le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

struct pldm_cmd {
	uint8_t		type, cmd;
	const char	*name;
	uint16_t	min, max;	/* bytes behind the header */
	bool		once;		/* a repetition gets the same answer and does nothing */
	bool		ours;		/* we send it, the BMC answers */
	/* A completion code; data goes behind it if that is 0 */
	uint8_t		(*run)(struct fw *fw, const struct pldm_in *in, struct pldm_out *o);
	const char	*request, *response;	/* for the reference */
};

extern const struct pldm_cmd pldm_cmds[];
extern const size_t pldm_cmd_count;

struct pldm_type {
	uint8_t		type;
	uint32_t	version;	/* as on the wire, little-endian */
	const char	*name;
};

extern const struct pldm_type pldm_types[];
extern const size_t pldm_type_count;

const struct pldm_cmd *pldm_cmd_find(unsigned int type, unsigned int cmd);

typedef uint8_t pldm_run(struct fw *fw, const struct pldm_in *in, struct pldm_out *o);

/* ---- sensors (pldm_sensor.c) ---- */

enum {				/* numeric sensors, in the order of their ids from 1 on */
	NUM_TEMP, NUM_VOLT, NUM_MODULE_TEMP, NUM_MODULE_VOLT, NUM_MODULE_BIAS, NUM_MODULE_TX, NUM_MODULE_RX,
	NUM_SENSORS
};
enum { STATE_LINK, STATE_FW, STATE_MODULE, STATE_SENSORS };	/* ids from STATE_FIRST on */
#define STATE_FIRST	16u

/* In the order of GetSensorThresholds */
enum { UP_WARN, UP_CRIT, UP_FATAL, LOW_WARN, LOW_CRIT, LOW_FATAL, LIMITS };

struct sensor_limits {
	uint8_t	there;		/* bit per limit */
	int32_t	val[LIMITS];
};

struct numeric_sensor {
	uint16_t	entity, instance;
	uint8_t		unit;		/* of DSP0248's table of units */
	int8_t		exponent;	/* readings are in 10^exponent of it */
	int32_t		min, max;	/* that it can show */
	bool		settable;	/* its limits */
	const char	*name;
};

struct state_sensor {
	uint16_t	entity, instance, set;
	uint8_t		states;		/* bit per state it can have */
	const char	*name;
};

extern const struct numeric_sensor pldm_numeric[NUM_SENSORS];
extern const struct state_sensor pldm_state[STATE_SENSORS];

void pldm_limits(const struct fw *fw, unsigned int sensor, struct sensor_limits *l);

/* ---- update (pldm_fd.c) ---- */

enum { PART_BOOT, PART_CONTROL, PART_UEFI, PARTS };

struct flash_slot {
	uint32_t		state, anti_rollback, len, crc;	/* of the image with its header */
	struct fw_version	ver;
};

enum fd_state { FD_IDLE, FD_LEARN, FD_READY, FD_DOWNLOAD, FD_VERIFY, FD_APPLY, FD_ACTIVATE, FD_STATES };

struct pldm_fd {
	uint8_t			state, prev, reason;
	enum fw_pldm_link	link;		/* of who updates us */
	uint32_t		chunk;		/* most that it gives at once */
	uint8_t			table;		/* bit per part: passed in the component table */
	uint8_t			table_flag;	/* of the last entry */
	uint8_t			applied;	/* bit per part: whole, in flash, not active */
	struct flash_slot	slot[PARTS];	/* of these */
	uint32_t		options;
	uint64_t		heard;		/* when the BMC last did something for the update */

	/* our request */
	uint8_t			req_cmd;	/* 0: there is none */
	uint8_t			iid;
	uint8_t			result;		/* what it reports, if it does */
	bool			failed;		/* reported; the BMC has to cancel */
	uint64_t		again;		/* when it may be given out (once more) */
	uint64_t		tell;		/* when the home is told again that it is there */
};

#define PLDM_ONCE_MAX	288u		/* bytes of the longest request that is kept for repetitions */

struct pldm {
	uint8_t		tid;
	struct pldm_fd	fd;
	uint8_t		was[NUM_SENSORS];	/* state at the last reading, 0: none */
	uint8_t		was_state[STATE_SENSORS];
	uint8_t		set[NUM_SENSORS];	/* limits: bit per one that was set */
	int32_t		limit[NUM_SENSORS][LIMITS];
	struct {
		uint64_t	when;
		uint16_t	len, rsp_len;
		uint8_t		req[PLDM_ONCE_MAX];
		uint8_t		rsp[PLDM_HDR + 16];
	} last[FW_PLDM_LINKS];
};

pldm_run fd_query_ids, fd_params, fd_request_update, fd_pass_table, fd_update_component, fd_activate,
	 fd_get_status, fd_cancel_component, fd_cancel;
pldm_run pldm_get_reading, pldm_get_limits, pldm_set_limits, pldm_get_states;
pldm_run pldm_pdr_info, pldm_get_pdr, pldm_get_uuid;

bool pldm_updating(const struct fw *fw);	/* the BMC has begun an update */
void pldm_reset(struct fw *fw);
void pldm_timer(struct fw *fw);

#endif
