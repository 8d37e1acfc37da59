/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card's firmware, as its home sees it.  It is one for all hosts of the
 * card, which are numbered from 0; each has a mailbox and a port of its own.
 *
 * The firmware is a passive machine too: it runs when its home tells it that
 * the host wrote a mailbox word, that the card was reset, that the link
 * changed or that time has come.  It reaches out only through struct fw_env.
 * It has no thread, no heap and no operating system: the home gives it
 * fw_size() bytes and one thread at a time.
 *
 * Functions that return int give 0 or a negative number from err.h.
 */
#ifndef OPENFBNIC_FW_H
#define OPENFBNIC_FW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FW_COMMIT_MAX	19	/* bytes of a commit string, NUL included */
#define FW_HOSTS	4	/* behind one card, at most */
#define FW_BMC_MACS	4
#define FW_SYNC_MACS	8
#define FW_NEVER	UINT64_MAX
#define FW_FLASH_SIZE	0x1000000u
#define FW_PLDM_MAX	1280u	/* bytes of a PLDM message, either way */

#define FW_VERSION(major, minor, patch, build) \
	((uint32_t)(major) << 24 | (uint32_t)(minor) << 16 | (uint32_t)(patch) << 8 | (uint32_t)(build))

struct fw;
struct fw_mac_sync;

enum fw_speed { FW_SPEED_25CR = 1, FW_SPEED_50CR2, FW_SPEED_50CR, FW_SPEED_100CR2 };
enum fw_fec { FW_FEC_NONE = 1, FW_FEC_RS, FW_FEC_BASER };

/* Where the firmware is in its life; see life.c */
enum fw_phase { FW_OFF, FW_BOOTLOADER, FW_STARTING, FW_READY, FW_CRASHED, FW_HUNG, FW_NPHASES };

/* How the BMC reaches us */
enum fw_pldm_link { FW_PLDM_NCSI, FW_PLDM_MCTP, FW_PLDM_LINKS };

enum fw_sensor {
	FW_SENSOR_TEMP,		/* thousandths of a degree Celsius */
	FW_SENSOR_VOLT,		/* millivolts */
};

/* What is in the cage */
enum fw_module_kind {
	FW_MODULE_NONE,
	FW_MODULE_DAC,		/* passive copper, SFF-8636 */
	FW_MODULE_OPTIC,	/* QSFP28 with lasers, SFF-8636 */
	FW_MODULE_CMIS,		/* QSFP-DD with lasers, CMIS 4.0 */
	FW_MODULES
};

struct fw_module {
	enum fw_module_kind	kind;
	int32_t			temp;		/* thousandths of a degree */
	uint32_t		volt;		/* millivolts */
	uint32_t		bias_ua;	/* microamperes, each lane */
	uint32_t		tx_nw, rx_nw;	/* nanowatts, each lane */
};

/* Why something that the host did, or wanted done, was not done.  Counted each. */
enum fw_refusal {
	FWR_TX_GATED,		/* message posted while the card may not read */
	FWR_TX_FAULT,		/* message's address is not memory */
	FWR_TX_LEN,		/* descriptor without a message's length */
	FWR_TX_EOM,		/* message not in one descriptor */
	FWR_TX_TAKEN,		/* descriptor changed while the firmware had it */
	FWR_MSG_HEADER,		/* header is not a message's, or longer than the descriptor says */
	FWR_MSG_UNKNOWN,	/* no such message from a host */
	FWR_MSG_ATTR,		/* an attribute is wrong */
	FWR_MSG_REFUSED,	/* understood, and answered with an error or not done */
	FWR_RX_FAULT,		/* page's address is not memory */
	FWR_RX_SHORT,		/* page smaller than the message */
	FWR_RX_FULL,		/* no page for so long that a message was dropped */
	/* from the BMC */
	FWR_PLDM_MESSAGE,	/* no PLDM message, or an answer to nothing */
	FWR_PLDM_REFUSED,	/* answered with an error */
	FWR_COUNT
};

enum fw_counter {
	FWC_MSG_IN,		/* messages from the host, understood */
	FWC_MSG_OUT,		/* messages put into pages of the host */
	FWC_QUEUED,		/* of these, had to wait for a page */
	FWC_HOST_GONE,		/* the host took its rings away */
	FWC_RESETS,
	FWC_LOGS,		/* log entries written */
	FWC_BOOTS,		/* times it became ready */
	FWC_CRASHES,
	FWC_UPDATES,		/* images stored */
	FWC_UPDATES_FAILED,
	FWC_PLDM_IN,		/* requests of the BMC */
	FWC_PLDM_OUT,		/* requests to the BMC, and repetitions of them */
	FWC_PLDM_RETRIES,	/* requests of the BMC answered a second time */
	FWC_FAULTS,		/* that were asked for and have struck */
	FWC_COUNT
};

/* What can be asked to go wrong; fault.c */
enum fw_fault {
	FW_FAULT_SILENT,	/* a request is read and neither done nor answered */
	FW_FAULT_TEST,		/* the self test's message comes back changed */
	FW_FAULT_DUMP,		/* there is no core dump, and none can be made */
	FW_FAULT_DUMP_READ,	/* a piece of it can't be read */
	FW_FAULT_START,		/* an update is refused */
	FW_FAULT_CHUNK,		/* a chunk of an image is found bad */
	FW_FAULT_ORDER,		/* the wrong chunk is asked for, and the driver cancels */
	FW_FAULT_FLASH,		/* flash can't be written */
	FW_FAULT_MODULE,	/* the module does not answer on its bus */
	FW_FAULT_SENSOR,	/* neither do the sensors */
	FW_FAULT_CHATTY,	/* a line too many is written into the log */
	FW_FAULT_GARBLE,	/* a message is changed: struct fw_garble */
	FW_FAULTS
};

/* What is changed in a message to the host; garble.c */
enum fw_garble_how {
	FW_GARBLE_FAIL,		/* its descriptor says FW_ERR; so can a message of the host, which is not looked at then */
	FW_GARBLE_ID,		/* the id in its header is @value */
	FW_GARBLE_DWORDS,	/* the length in its header is @value */
	FW_GARBLE_DROP,		/* attribute @attr is left out */
	FW_GARBLE_VALUE,	/* attribute @attr is @value (flags: 0 or not), whether it was there or not */
	FW_GARBLE_BYTES,	/* the value of @attr is cut, or filled with zeros, to @value bytes */
};

struct fw_garble {
	uint16_t	msg;	/* enum fw_msg_id */
	uint8_t		how;	/* enum fw_garble_how */
	uint8_t		attr;
	int32_t		value;
};

extern const char *const fw_fault_names[FW_FAULTS];
extern const char *const fw_refusal_names[FWR_COUNT];
extern const char *const fw_counter_names[FWC_COUNT];
extern const char *const fw_phase_names[FW_NPHASES];

/* What the firmware has to tell, for traces */
struct fw_event {
	enum { FW_EV_IN, FW_EV_OUT, FW_EV_REFUSED, FW_EV_STATE, FW_EV_PLDM, FW_EV_KINDS } kind;
	const char	*name;		/* of the message ("heartbeat_req"); FW_EV_STATE: what happened */
	const char	*reason;	/* FW_EV_REFUSED: from fw_refusal_names */
	unsigned int	host;		/* whose, counted from 1; 0: nobody's in particular */
	unsigned int	msg;		/* message id, if there is one; FW_EV_PLDM: type << 8 | command */
	unsigned int	len;		/* bytes */
	unsigned int	ring;		/* 0 Rx (to the host), 1 Tx */
	unsigned int	desc;
	int		err;		/* FW_EV_PLDM: the completion code */
};

/*
 * What the firmware gets from outside; all calls are made from within calls
 * into the firmware, and must not call into it.  (If a home's DMA lets the
 * host run meanwhile, fw_mbx_written() alone may be called: it is put off.)
 * Functions that have to do with one host get that host's ctx.
 */
struct fw_env {
	void *ctx;
	void *host_ctx[FW_HOSTS];

	/* ---- with the ctx of a host ---- */

	/* The 32-bit words of BAR4, by index; the firmware touches 0x6000..0x603f, 0x21d, 0x21e */
	uint32_t (*mbx_read)(void *ctx, unsigned int word);
	void (*mbx_write)(void *ctx, unsigned int word, uint32_t val);
	/*
	 * Writes a word that still is @old; false: it is not, nothing was
	 * written.  May be NULL: the host stands still while the firmware runs.
	 */
	bool (*mbx_swap)(void *ctx, unsigned int word, uint32_t old, uint32_t val);

	/* Host memory, 0 or an error; not used unless dma_ready() */
	int (*dma_read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *ctx, uint64_t addr, const void *buf, size_t len);
	bool (*dma_ready)(void *ctx, bool write);

	/* Raises vector 0 */
	void (*irq)(void *ctx);

	/* Brings the link block into this mode */
	int (*set_link_mode)(void *ctx, unsigned int speed, unsigned int fec);

	/* A register of the card, without side effects, for core dumps; may be NULL */
	uint32_t (*reg_read)(void *ctx, uint32_t csr);
	/* The BMC's side (bmc.c).  May be NULL: there is none */
	struct {
		/* A register of the card, by word index */
		void (*csr_write)(void *ctx, uint32_t csr, uint32_t val);
		/* Which of the BMC's frames the host gets */
		void (*table)(void *ctx, const struct fw_mac_sync *host);
		/* The host's driver took the card or gave it back */
		void (*owner)(void *ctx, bool host);
		/* With ctx: the firmware has booted; what it knew of the BMC is lost */
		void (*restarted)(void *ctx);
		/* With ctx: there is a PLDM request for the BMC: fw_pldm_pending().  May be NULL: the BMC asks by itself */
		void (*request)(void *ctx, enum fw_pldm_link link);
	} bmc;

	/* ---- with ctx ---- */

	/* Nanoseconds, never going back */
	uint64_t (*now)(void *ctx);
	/* Wants fw_timer() once the clock has passed @when; replaces what was asked before; FW_NEVER: nothing */
	void (*timer)(void *ctx, uint64_t when);

	/*
	 * FW_FLASH_SIZE bytes that stay without power; [off, off + len) is in
	 * them.  What was written may reach them in any order, or in part,
	 * until flash_sync() has returned.  0 or an error.  All NULL: no flash.
	 */
	int (*flash_read)(void *ctx, uint32_t off, void *buf, size_t len);
	int (*flash_write)(void *ctx, uint32_t off, const void *buf, size_t len);
	int (*flash_sync)(void *ctx);

	/* May be NULL: no such sensor */
	int (*sensor)(void *ctx, enum fw_sensor which, int32_t *val);
	/* May be NULL: nobody listens */
	void (*event)(void *ctx, const struct fw_event *ev);
};

struct fw_version {
	uint32_t	version;		/* FW_VERSION() */
	char		commit[FW_COMMIT_MAX];
};

/* What each host has of its own */
struct fw_host_config {
	uint32_t		speed, fec;		/* enum fw_speed, enum fw_fec */
	unsigned int		bmc_macs;		/* 0: there is no BMC */
	uint8_t			bmc_mac[FW_BMC_MACS][6];
	bool			bmc_all_multi;
	struct fw_module	module;			/* in its cage */
};

struct fw_config {
	struct fw_version	mgmt, boot, uefi;	/* control firmware, bootloader, UEFI driver of a new card */
	uint32_t		anti_rollback;		/* the least it ever was */
	uint32_t		boot_ms[2];		/* how long the bootloader and the control firmware take */
	uint32_t		restart_ms;		/* from a crash to the bootloader; UINT32_MAX: never */
	uint32_t		max_speed;		/* 0: not told */
	int32_t			temp_min, temp_max, temp_crit;	/* thousandths of a degree */
	uint32_t		volt_min, volt_max;		/* millivolts */
	bool			threshold_events;	/* tell the host (message 0x40, which no upstream driver knows) */
	uint8_t			uuid[16];		/* of the card, as the BMC knows it */
	unsigned int		hosts;			/* 1 to FW_HOSTS */
	struct fw_host_config	host[FW_HOSTS];
};

/* The addresses that the driver asked for, as it last told us (message 0x46) */
struct fw_mac_sync {
	uint32_t	flags;		/* 1 promiscuous, 2 all multicast, 4 broadcast */
	unsigned int	uc, mc;
	uint8_t		uc_mac[FW_SYNC_MACS][6];
	uint8_t		mc_mac[FW_SYNC_MACS][6];
};

void fw_config_default(struct fw_config *cfg);		/* of a card for one host; the others' are filled too */
size_t fw_size(void);				/* aligned as for any object */

/* Puts power on, see fw_power().  -EINVAL: bad config */
int fw_init(struct fw *fw, const struct fw_config *cfg, const struct fw_env *env);

/* Events; a firmware that is not ready does not see them */
void fw_mbx_written(struct fw *fw, unsigned int host, unsigned int word);	/* by the host; the word has its value already */
/*
 * The same in a home that hears of writes only afterwards: these rings were
 * written, and @taken, the host took them away meanwhile (a skip descriptor in
 * the Rx ring, which may be gone already).
 */
void fw_rings_written(struct fw *fw, unsigned int host, bool rx, bool tx, bool taken);
void fw_host_reset(struct fw *fw, unsigned int host);	/* the function was reset; mailbox words are zero */
void fw_link(struct fw *fw, unsigned int host, bool up);
void fw_timer(struct fw *fw);

/* Power off and on: boots what flash has stored */
void fw_power(struct fw *fw);
/* Boots what ran before */
int fw_restart(struct fw *fw);
/* Stops with a core dump, for cfg.restart_ms; -EBUSY: there is nothing that could */
int fw_crash(struct fw *fw, const char *why);
/* Stops, until fw_restart() */
int fw_hang(struct fw *fw);

/* A module is put in or taken out, or its values change */
void fw_set_module(struct fw *fw, unsigned int host, const struct fw_module *m);
const struct fw_module *fw_module(const struct fw *fw, unsigned int host);
/* What the driver sees of the fuses: 0 is good (BAR4 words 0x21d, 0x21e) */
void fw_set_otp(struct fw *fw, uint32_t status, uint32_t write_status);
/* The next @times things of this kind go wrong; 0: none */
void fw_set_fault(struct fw *fw, enum fw_fault which, uint32_t times);
uint32_t fw_fault(const struct fw *fw, enum fw_fault which);	/* how many are still to come */
/* What FW_FAULT_GARBLE is from now on, and sets it.  -ENOENT: no such message; -EINVAL: that can't be done to it */
int fw_set_garble(struct fw *fw, const struct fw_garble *g, uint32_t times);
int fw_garble_check(const struct fw_garble *g);			/* the same, without doing it */
/* Looks at the sensors, as it also does by itself while any host asks for heartbeats */
void fw_sensors(struct fw *fw);

enum fw_phase fw_phase(const struct fw *fw);
bool fw_ready(const struct fw *fw);
/*
 * The BMC's addresses at this host's port, and whether it wants all multicast,
 * are from now on these; a driver is told.  0 or an error: more than FW_BMC_MACS.
 */
int fw_bmc_set(struct fw *fw, unsigned int host, unsigned int macs, const uint8_t mac[][6], bool all_multi);

/*
 * PLDM, for a BMC (pldm.c).  Messages begin with the header's first byte.
 *
 * fw_pldm() takes a request and puts the response into @rsp, whose @cap is at
 * least FW_PLDM_MAX; its length, 0 for a datagram, which wants none;
 * -EBADMSG: no request, -EBUSY: not ready.
 * fw_pldm_pending() gives the request that we have for the BMC on this link, or
 * 0, and again after a second without a response, which fw_pldm_reply() takes:
 * 0, -EBUSY, or -EINVAL: it answers nothing that we asked.
 */
int fw_pldm(struct fw *fw, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap);
int fw_pldm_pending(struct fw *fw, enum fw_pldm_link link, uint8_t *req, size_t cap);
int fw_pldm_reply(struct fw *fw, enum fw_pldm_link link, const uint8_t *rsp, size_t len);

/*
 * A core dump, as this host's driver gets it: its size, or an error: -ENOENT,
 * there was no crash; -EBUSY, not ready.  Then parts of it; -ENOENT: there is
 * another one by now.
 */
int fw_dump_take(struct fw *fw, unsigned int host, bool crash);
int fw_dump_read(struct fw *fw, unsigned int host, uint32_t off, uint8_t *buf, size_t len);

/* Thousandths of a degree: what is too much, and now; a module's upper limits are 0 if it has none */
int fw_temperature(struct fw *fw, int32_t *max, int32_t *now);
int fw_module_temperature(struct fw *fw, unsigned int host, int32_t *alarm, int32_t *warning, int32_t *now);

bool fw_host_owns(const struct fw *fw, unsigned int host);
bool fw_host_here(const struct fw *fw, unsigned int host);	/* a driver has its mailbox open */
const struct fw_mac_sync *fw_mac_sync(const struct fw *fw, unsigned int host);
uint64_t fw_uptime_ms(const struct fw *fw);
/* Of the whole card, and of what one host caused */
uint64_t fw_counter(const struct fw *fw, enum fw_counter c);
uint64_t fw_refused(const struct fw *fw, enum fw_refusal r);
uint64_t fw_host_counter(const struct fw *fw, unsigned int host, enum fw_counter c);
uint64_t fw_host_refused(const struct fw *fw, unsigned int host, enum fw_refusal r);

#endif
