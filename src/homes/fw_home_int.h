/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What homes of a firmware share: the card and the board as a firmware reaches
 * them, and the telling.  A home embeds struct fw_home as its first member.
 */
#ifndef OPENFBNIC_FW_HOME_INT_H
#define OPENFBNIC_FW_HOME_INT_H

#include "fw_home.h"

/* As the functions of fw_home.h; NULL: this home can't (phase, host_owns and free must be there) */
struct fw_home_ops {
	void (*free)(struct fw_home *h);
	enum fw_phase (*phase)(const struct fw_home *h);
	bool (*host_owns)(const struct fw_home *h, unsigned int host);
	void (*power)(struct fw_home *h);
	int (*crash)(struct fw_home *h, const char *why);
	int (*hang)(struct fw_home *h);
	int (*restart)(struct fw_home *h);
	int (*set_fault)(struct fw_home *h, enum fw_fault which, uint32_t times);
	int (*fault)(const struct fw_home *h, enum fw_fault which, uint32_t *times);
	int (*set_garble)(struct fw_home *h, const struct fw_garble *g, uint32_t times);
	int (*bmc_set)(struct fw_home *h, unsigned int host, unsigned int macs, const uint8_t mac[][6], bool all_multi);
	int (*set_module)(struct fw_home *h, unsigned int host, const struct fw_module *m);
	int (*set_otp)(struct fw_home *h, uint32_t status, uint32_t write_status);
	int (*sensors)(struct fw_home *h);
	void (*trace)(struct fw_home *h, bool all);	/* besides the telling here */
	int (*pldm)(struct fw_home *h, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp,
		    size_t cap);
	int (*pldm_pending)(struct fw_home *h, enum fw_pldm_link link, uint8_t *req, size_t cap);
	int (*pldm_reply)(struct fw_home *h, enum fw_pldm_link link, const uint8_t *rsp, size_t len);
	int (*temperature)(struct fw_home *h, int32_t *max, int32_t *now);
	int (*module_temperature)(struct fw_home *h, unsigned int host, int32_t *alarm, int32_t *warning,
				  int32_t *now);
	int (*dump_take)(struct fw_home *h, unsigned int host, bool crash);
	int (*dump_read)(struct fw_home *h, unsigned int host, uint32_t off, uint8_t *buf, size_t len);
	void (*counters)(const struct fw_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg);
};

/* A host's part of the card */
struct fw_home_host {
	struct fw_home		*home;
	unsigned int		id;
	struct card		*card;
	struct card_env		env;		/* of the card: its clock and its trace (as BLK_FW) are used */
	uint64_t		bug_second;
	unsigned int		bugs;
	struct fw_module	module;
};

struct fw_home {
	const struct fw_home_ops *ops;
	struct card		*card;		/* of the first host, for homes that have one only */
	unsigned int		hosts;
	struct fw_home_host	host[FW_HOSTS];
	struct fw_home_host	all;		/* for what is of no host in particular */
	bool			trace;
	struct flash_file	*flash;
	struct fw_home_watch	*watch;
	struct board		board;
};

void fw_home_init(struct fw_home *h, const struct fw_home_ops *ops, struct card *c, const struct card_env *env,
		  const struct fw_home_config *cfg);
/* The card has no firmware any more */
void fw_home_detach(struct fw_home *h);

/* A firmware's counters, each enum fw_counter and then each enum fw_refusal, by name */
#define FW_HOME_COUNTERS	(FWC_COUNT + FWR_COUNT)
void fw_home_name_counters(const char *prefix, const uint64_t val[FW_HOME_COUNTERS],
			   void (*fn)(void *arg, const char *name, uint64_t val), void *arg);

/* Card and board as a firmware sees them; ctx is @h, that of a host its struct fw_home_host */
void fw_home_env(struct fw_home *h, struct fw_env *env);

/* For a home's struct card_fw_ops.link */
void fw_home_link(struct fw_home *h, unsigned int host, bool up);

/* The firmware has booted; what it knew is lost */
void fw_home_restarted(struct fw_home *h);
/* What was answered FW_HOME_PENDING can be answered now */
void fw_home_answered(struct fw_home *h);

/*
 * Tells something of the firmware: events if they are wanted, what was refused
 * always, but at most ten lines in a second.
 */
void fw_home_tell(struct fw_home *h, enum card_trace kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for what is always worth a line and nobody's bug in the guest; @limited: may be one of many */
void fw_home_say(struct fw_home *h, bool limited, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
