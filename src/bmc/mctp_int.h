/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the MCTP endpoint: mctp.c has packets and messages, mctp_ctl.c the control messages */
#ifndef OPENFBNIC_MCTP_INT_H
#define OPENFBNIC_MCTP_INT_H

#include <stddef.h>

#include "mem.h"
#include "mctp.h"

#define PACKET_HDR	4u
#define PARTIALS	4u		/* messages that may be half here at a time */
#define EID_NULL	0u
#define EID_FIRST	8u		/* below: reserved */
#define EID_BROADCAST	0xffu
#define TAG_OWNER	8u		/* of a tag byte: who sends this made the tag */
#define TYPE_CONTROL	0u
#define TYPE_PLDM	1u

/* A message, on its way in */
struct mctp_partial {
	bool		on;
	uint8_t		src, dst, tag;	/* tag with TAG_OWNER */
	uint8_t		seq;		/* of the next packet */
	uint8_t		unit;		/* bytes in all packets but the last */
	uint16_t	len;
	uint32_t	age;
	uint8_t		msg[1 + MCTP_MESSAGE_MAX];
};

struct mctp {
	struct mctp_env		env;
	struct mctp_config	cfg;
	struct mctp_stats	stats;
	uint8_t			eid;
	struct mctp_line	line;
	struct mctp_partial	partial[PARTIALS];
	uint32_t		age;

	/* a PLDM request whose answer is not here yet, and one that it is in */
	bool			waits;
	uint8_t			from, from_tag;
	uint16_t		req_len;
	uint8_t			req[MCTP_MESSAGE_MAX];
	uint8_t			rsp[MCTP_MESSAGE_MAX];

	/* our requests */
	uint8_t			agent;		/* who updates us: EID; 0: nobody yet */
	uint8_t			tag;		/* of the last one */
	bool			asked;		/* and it has no answer */
	bool			reply_waits;	/* in @reply: an answer that nobody took yet */
	uint16_t		reply_len;
	uint8_t			reply[MCTP_MESSAGE_MAX];
};

/* A control request behind its type byte into its response, likewise; bytes, 0: no answer */
size_t mctp_control(struct mctp *m, bool broadcast, const uint8_t *req, size_t len, uint8_t *rsp);

#define CONTROL_MAX	32u	/* bytes of a response to a control request */

#endif
