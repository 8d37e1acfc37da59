/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the NC-SI controller: its state and what its files offer each
 * other.  ncsi.c takes frames in and lets them out, ncsi_cmd.c is the table of
 * commands, ncsi_set.c and ncsi_get.c carry them out, ncsi_oem.c those that are
 * not DMTF's, ncsi_filter.c is the way of pass-through frames.
 */
#ifndef OPENFBNIC_NCSI_INT_H
#define OPENFBNIC_NCSI_INT_H

#include <stddef.h>

#include "mem.h"
#include "ncsi.h"

#define NCSI_HDR	16u		/* control header, after the Ethernet header */
#define ETH_HDR		14u
#define CHAN_PACKAGE	0x1fu		/* internal channel id: the package itself */
#define PAYLOAD_MAX	(NCSI_FRAME_MAX - ETH_HDR - NCSI_HDR - 4)	/* 1480 */
#define DATA_MAX	(PAYLOAD_MAX - 4)				/* behind the codes of an answer */

enum {				/* response codes */
	RSP_COMPLETED	= 0,
	RSP_FAILED	= 1,
	RSP_UNAVAILABLE	= 2,
	RSP_UNSUPPORTED	= 3,
};

enum {				/* reason codes */
	WHY_NONE		= 0,
	WHY_INIT_REQUIRED	= 1,
	WHY_PARAMETER		= 2,
	WHY_CHANNEL		= 3,
	WHY_PACKAGE		= 4,
	WHY_LENGTH		= 5,
	WHY_NO_INFORMATION	= 6,
	WHY_UNKNOWN_TYPE	= 0x7fff,
	/* of one command: its type in the upper byte */
	WHY_SET_LINK_HOST	= 0x0901,	/* the host's driver has the link */
	WHY_SET_LINK_SPEED	= 0x0905,
	WHY_VLAN_INVALID	= 0x0b07,
	WHY_MAC_ZERO		= 0x0e08,
};

enum { AEN_LINK, AEN_CONFIG, AEN_HOST, AEN_KINDS };	/* types, and bits of the control word */
#define AEN_ALL		((1u << AEN_KINDS) - 1)

enum { BC_ARP = 1, BC_DHCP_CLIENT = 2, BC_DHCP_SERVER = 4, BC_NETBIOS = 8, BC_ALL = 0xf };
enum {
	MC_ND_ADV = 1, MC_ROUTER_ADV = 2, MC_DHCP6_RELAY = 4, MC_DHCP6_CLIENT = 8, MC_MLD = 0x10,
	MC_ND_SOL = 0x20, MC_ALL = 0x3f,
};
enum { VLAN_OFF, VLAN_LISTED_ONLY, VLAN_LISTED, VLAN_ANY };

enum {				/* where a command may be sent to */
	TO_CHANNEL	= 1 << 0,
	TO_PACKAGE	= 1 << 1,
	IN_INITIAL	= 1 << 2,	/* the channel need not have left the Initial State */
	SILENT_RANGE	= 1 << 3,	/* to a channel that is not there: no answer at all */
};

struct ncsi_channel {
	unsigned int	id;
	bool		configured;	/* has left the Initial State */
	bool		enabled, tx;
	uint8_t		aen_mc;
	uint32_t	aen_on;
	uint32_t	aen_waits;	/* bit per kind: the package was deselected when it came */
	uint32_t	link_set, link_oem;
	uint8_t		mac[NCSI_MAC_FILTERS][6];
	uint32_t	mac_on;		/* bit per filter */
	uint16_t	vlan[NCSI_VLAN_FILTERS];
	uint32_t	vlan_on;
	uint8_t		vlan_mode;
	bool		bc_filter, mc_filter;
	uint32_t	bc, mc;
	uint8_t		flow;
	struct ncsi_stats stats;
};

/* A command, its length checked against its row */
struct ncsi_req {
	uint8_t		mc, iid, type;
	uint8_t		chan;		/* internal channel id */
	uint16_t	len;
	const uint8_t	*p;
};

/* What is answered: handlers put data behind the codes, or fail */
struct ncsi_rsp {
	uint16_t	code, reason;
	uint16_t	len;		/* of data */
	uint8_t		*p;		/* DATA_MAX bytes, zeroed up to the row's length */
	bool		pending;	/* no answer yet */
};

struct ncsi_cmd {
	uint8_t		type;
	const char	*name;
	uint16_t	min, max;	/* payload bytes */
	int16_t		rsp;		/* payload of the answer with its codes; negative: depends */
	uint8_t		flags;
	/* @ch: the channel, or NULL if sent to the package */
	void		(*run)(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r);
	const char	*request, *reply;	/* for the reference */
};

struct ncsi {
	struct ncsi_env		env;
	struct ncsi_config	cfg;
	bool			selected;
	bool			no_arbitration;		/* what Select Package said */
	struct ncsi_stats	package;
	struct ncsi_channel	ch[NCSI_CHANNELS];

	/* the last command and its answer, for a BMC that did not get it */
	bool			have_last;
	bool			pending;		/* of the last command there is no answer yet */
	bool			was_selected;		/* before it */
	size_t			last_cmd_len, last_rsp_len;
	uint8_t			last_cmd[ETH_HDR + NCSI_HDR + PAYLOAD_MAX + 4];
	uint8_t			last_rsp[NCSI_FRAME_MAX];

	/* Get Debug Data: the transfer in progress */
	bool			dump_on;
	bool			dump_starts;		/* taken, and its first part waits */
	uint8_t			dump_ch;
	uint16_t		dump_type;
	uint32_t		dump_size, dump_off, dump_handle, dump_crc;
};

extern const struct ncsi_cmd ncsi_cmds[];
extern const size_t ncsi_cmd_count;
extern const char *const ncsi_aen_names[AEN_KINDS];

const struct ncsi_cmd *ncsi_cmd_find(unsigned int type);

/* ncsi.c */
/* What a function of env said: true, the command is done with, pending or failed with @reason */
bool ncsi_failed(struct ncsi_rsp *r, int err, unsigned int reason);
void ncsi_fail(struct ncsi_rsp *r, unsigned int code, unsigned int reason);
void ncsi_channel_initial(struct ncsi *n, struct ncsi_channel *ch);
void ncsi_filters_changed(struct ncsi *n, const struct ncsi_channel *ch);
/* Two's complement of the 32-bit sum of the 16-bit words of @p (@len even) */
uint32_t ncsi_checksum(const uint8_t *p, size_t len);
uint32_t ncsi_link_word(struct ncsi *n, const struct ncsi_channel *ch);

typedef void ncsi_run(struct ncsi *n, struct ncsi_channel *ch, const struct ncsi_req *q, struct ncsi_rsp *r);

ncsi_run ncsi_clear_initial, ncsi_select, ncsi_deselect, ncsi_enable_channel, ncsi_disable_channel,
	 ncsi_reset_channel, ncsi_enable_tx, ncsi_disable_tx, ncsi_aen_enable, ncsi_set_link,
	 ncsi_set_vlan, ncsi_enable_vlan, ncsi_disable_vlan, ncsi_set_mac, ncsi_enable_bc,
	 ncsi_disable_bc, ncsi_enable_mc, ncsi_disable_mc, ncsi_set_flow;
ncsi_run ncsi_get_link, ncsi_get_version, ncsi_get_caps, ncsi_get_params, ncsi_get_port_stats,
	 ncsi_get_ncsi_stats, ncsi_get_pass_stats, ncsi_package_status, ncsi_get_temperature,
	 ncsi_get_module_temperature,
	 ncsi_get_uuid, ncsi_get_mc_mac;
ncsi_run ncsi_oem, ncsi_pldm_request, ncsi_pldm_pending, ncsi_pldm_reply;

static inline uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

#endif
