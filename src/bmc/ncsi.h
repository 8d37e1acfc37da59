/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NC-SI controller: the package that a BMC talks to over its sideband port.
 *
 * DSP0222 1.2 over RBT.  A package has one to four channels, a channel per
 * host port.  Frames of EtherType 0x88f8 that the BMC sends are commands and
 * go into ncsi_input(); the others are its network traffic ("pass-through"),
 * and ncsi_from_mc() and ncsi_to_mc() say what becomes of them.  Answers and
 * AENs leave through env->send().
 *
 * No thread, no heap, no operating system: the owner gives it ncsi_size()
 * bytes and calls from one thread at a time.  It acts only within a call, and
 * env's functions must not call back into it.
 *
 * The rules are those of contract 11 (hardware/11-bmc-sideband.md), which says
 * what of them is known and what is inferred.
 */
#ifndef OPENFBNIC_NCSI_H
#define OPENFBNIC_NCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NCSI_ETHERTYPE		0x88f8u
#define NCSI_CHANNELS		4		/* hosts behind one card */
#define NCSI_FRAME_MAX		1514u		/* of a control frame, no FCS */
#define NCSI_PASS_MAX		1518u		/* of a pass-through frame with one VLAN tag, no FCS */
#define NCSI_WINDOW		128u		/* the filters look at so many bytes, at most */
#define NCSI_UC_FILTERS		4u
#define NCSI_MC_FILTERS		4u
#define NCSI_MAC_FILTERS	(NCSI_UC_FILTERS + NCSI_MC_FILTERS)
#define NCSI_VLAN_FILTERS	8u
#define NCSI_MFR_META		0x00001d9bu	/* IANA number that Meta's own tools know fbnic by */

struct ncsi;

struct ncsi_link {
	bool		up;
	uint32_t	mbps;		/* 25000, 50000, 100000, ...; 0: not known */
	bool		tx_pause, rx_pause;
};

/* Get Controller Packet Statistics; what a port can't count stays 0 */
struct ncsi_port_stats {
	uint64_t	rx_bytes, tx_bytes;
	uint64_t	rx_uc, rx_mc, rx_bc, tx_uc, tx_mc, tx_bc;
	uint64_t	fcs_errors, align_errors, runts, jabbers;
	uint64_t	rx_xoff, tx_xoff, rx_control;
	uint64_t	rx_size[7], tx_size[7];	/* 64, 65-127, 128-255, 256-511, 512-1023, 1024-1522, 1523-9022 */
	uint64_t	rx_fragments, rx_bad_jabbers;
	uint64_t	mc_dropped;	/* frames for the BMC dropped for want of room */
};

/* What the package counts itself, per channel; names by ncsi_counters() */
struct ncsi_stats {
	uint64_t	commands;	/* taken, known or not */
	uint64_t	dropped;	/* control frames that are none: too short, wrong revision, ... */
	uint64_t	type_errors;	/* commands that nobody knows */
	uint64_t	checksum_errors;
	uint64_t	rx, tx;		/* control frames */
	uint64_t	aens;		/* sent, and of each kind: */
	uint64_t	aens_link, aens_config, aens_host;
	uint64_t	retries;	/* commands answered a second time */
	uint64_t	given_up;	/* whose answer came too late for the BMC */
	uint64_t	failed;		/* answers other than "completed" */
	uint64_t	mc_tx;		/* pass-through frames of the BMC that went out */
	uint64_t	mc_tx_dropped;	/* its source address is nobody's, or no room */
	uint64_t	mc_tx_state;	/* network Tx not enabled */
	uint64_t	mc_tx_short, mc_tx_long;
	uint64_t	mc_rx;		/* pass-through frames to the BMC */
	uint64_t	mc_rx_state;	/* channel not enabled, or package deselected */
	uint64_t	mc_rx_short, mc_rx_long;
	uint64_t	mc_rx_filtered;	/* not asked for; not an error */
};

/*
 * Who answers may be another computer, so functions of ncsi_env may say "not
 * yet".  Then the command gets no answer now; ncsi_resume() carries it out once
 * more, and that calls the function again, with the same arguments.  Other
 * arguments, or another function, mean that the BMC has given up.
 */
#define NCSI_PENDING	(-0x7fff)
/* Or that who should answer never can: the command is not supported then */
#define NCSI_UNSUPPORTED (-0x7ffe)

enum ncsi_pldm_op {
	NCSI_PLDM_REQUEST,	/* 0x51: a request of the BMC; the response goes into @rsp */
	NCSI_PLDM_PENDING,	/* 0x56: the request that we have for the BMC, into @rsp; 0: none */
	NCSI_PLDM_REPLY,	/* 0x57: the BMC's response to it */
};

enum ncsi_dump { NCSI_DUMP_CORE, NCSI_DUMP_CRASH };

/* For traces */
struct ncsi_event {
	enum { NCSI_EV_COMMAND, NCSI_EV_RETRY, NCSI_EV_AEN, NCSI_EV_DROPPED } kind;
	const char	*name;		/* of the command or AEN, or why a frame was dropped */
	unsigned int	type, channel, iid;
	unsigned int	code, reason;	/* of the answer */
};

struct ncsi_env {
	void *ctx;

	/* A control frame to the BMC, from 60 to NCSI_FRAME_MAX bytes; it is not lost for want of room */
	void (*send)(void *ctx, const uint8_t *frame, size_t len);
	/* The port of channel @ch */
	void (*link)(void *ctx, unsigned int ch, struct ncsi_link *l);
	void (*port_stats)(void *ctx, unsigned int ch, struct ncsi_port_stats *s);
	/* The host's driver has the port: the BMC may not change its link then */
	bool (*host_running)(void *ctx, unsigned int ch);
	/* The channel wants other frames than before: see ncsi_wants() */
	void (*filters)(void *ctx, unsigned int ch);

	/*
	 * Any of these may be NULL: the command is not supported then.  All may
	 * return NCSI_PENDING.
	 */

	/* Degrees Celsius; 0, or negative: not to be had now */
	int (*temperature)(void *ctx, int16_t *max, int16_t *now);
	/* Of the transceiver of @ch: its limits, 0 if it tells none, and now */
	int (*module_temperature)(void *ctx, unsigned int ch, int16_t *alarm, int16_t *warning, int16_t *now);
	/* Bytes of a dump that is taken now of what @ch has to do with, or negative: there is none */
	int (*dump_take)(void *ctx, unsigned int ch, enum ncsi_dump which);
	/* Part of the dump taken last, the range is in it; 0, or negative: it is gone */
	int (*dump_read)(void *ctx, unsigned int ch, uint32_t off, uint8_t *buf, uint32_t len);
	/* Bytes put into @rsp, or negative: refused */
	int (*pldm)(void *ctx, enum ncsi_pldm_op op, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap);
	void (*event)(void *ctx, const struct ncsi_event *ev);
};

struct ncsi_config {
	unsigned int	package;		/* id, 0..7 */
	unsigned int	channels;		/* 1..NCSI_CHANNELS */
	uint8_t		mc_mac[NCSI_CHANNELS][6]; /* what Get MC MAC Address offers; zero: nothing */
	uint8_t		uuid[16];
	char		fw_name[13];
	uint32_t	fw_version;
};

size_t ncsi_size(void);			/* aligned as for any object */
/* Power-up: all channels in the Initial State.  -1: bad configuration */
int ncsi_init(struct ncsi *n, const struct ncsi_config *cfg, const struct ncsi_env *env);

/* ---- events ---- */

/* A frame of EtherType 0x88f8 from the BMC, from its first byte on */
void ncsi_input(struct ncsi *n, const uint8_t *frame, size_t len);
void ncsi_link_changed(struct ncsi *n, unsigned int ch);
void ncsi_host_changed(struct ncsi *n, unsigned int ch);	/* driver came or went */
/* What answered NCSI_PENDING may be asked again; nothing happens if nobody waits */
void ncsi_resume(struct ncsi *n);
/* The controller starts anew: AEN "configuration required", then the Initial State */
void ncsi_restart(struct ncsi *n);

/* ---- pass-through ---- */

/*
 * A frame from the network or a host, for the BMC.  @head: its first @hlen
 * bytes, NCSI_WINDOW of them if there are so many.  True: hand it to the BMC.
 * Counts all but success, for which see ncsi_to_mc_done().
 */
bool ncsi_to_mc(struct ncsi *n, unsigned int ch, const uint8_t *head, size_t hlen, uint32_t len);
void ncsi_to_mc_done(struct ncsi *n, unsigned int ch);
/* A frame of the BMC: the channel whose port it leaves by, or -1: drop it (counted) */
int ncsi_from_mc(struct ncsi *n, const uint8_t *head, size_t hlen, uint32_t len);
void ncsi_from_mc_done(struct ncsi *n, unsigned int ch, bool taken);

/* What the port has to let through for the BMC, before the filters above */
struct ncsi_wants {
	unsigned int	n;			/* addresses, unicast first */
	uint8_t		mac[NCSI_MAC_FILTERS][6];
	unsigned int	uc;			/* of them unicast */
	bool		all_multi;		/* groups beyond those listed */
};

void ncsi_wants(const struct ncsi *n, unsigned int ch, struct ncsi_wants *w);

/* ---- looking at it ---- */

bool ncsi_selected(const struct ncsi *n);
bool ncsi_initial(const struct ncsi *n, unsigned int ch);
bool ncsi_enabled(const struct ncsi *n, unsigned int ch);
bool ncsi_tx_enabled(const struct ncsi *n, unsigned int ch);
const struct ncsi_stats *ncsi_stats(const struct ncsi *n, unsigned int ch);
/* Frames for no channel of ours in particular */
const struct ncsi_stats *ncsi_package_stats(const struct ncsi *n);
void ncsi_counters(const struct ncsi_stats *s, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

#endif
