/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the firmware: its state, and what its files offer each other.
 * A home that can't allocate may include this to know sizeof(struct fw).
 */
#ifndef OPENFBNIC_FW_CORE_H
#define OPENFBNIC_FW_CORE_H

#include "fw.h"
#include "msg.h"
#include "pldm.h"

#define MBX_WORD	0x6000u		/* BAR4 word of Rx descriptor 0; contract 07 section 1 */
#define MBX_DESCS	16u
#define MBX_WORDS	(2 * MBX_DESCS * 2)
#define FIFO_WORDS	8192u		/* replies that wait for a page; a power of two */
#define LOG_ENTRIES	64u		/* a power of two */
#define LOG_LINE	104u		/* bytes of a log text, NUL included */
#define HIST_ENTRIES	64u		/* last messages, for the dump; a power of two */
#define DUMP_MAX	32768u
#define FLASH_DUMP	0x10000u	/* where they stay, one of each host; flash.c */
#define FLASH_DUMP_SIZE	0x10000u
#define FLASH_SLOTS	2u
#define EEPROM_SIZE	288u		/* as Meta's mock firmware has it */
#define MBX_OTP		0x21du		/* BAR4 words of the OTP's two registers; driver: fbnic_csr.h */

enum { RING_RX, RING_TX };		/* to the host, from the host */

enum fw_slot {				/* what may wait for the clock */
	SLOT_LIFE,
	SLOT_UPDATE,
	SLOT_PLDM,
	SLOT_FAULT,
	SLOT_COUNT
};

enum host_slot {			/* the same, of each host */
	HOST_SLOT_LOG,
	HOST_SLOT_OWNER,
	HOST_SLOT_BEAT,
	HOST_SLOT_COUNT
};

enum { SLOT_EMPTY, SLOT_IMAGE, SLOT_FACTORY };	/* in flash: don't renumber */

struct flash_dir {
	uint32_t	seq, fuse;
	struct {
		uint32_t		stored;		/* slot of the next power-on */
		struct flash_slot	slot[FLASH_SLOTS];
	} part[PARTS];
	uint8_t		eeprom[EEPROM_SIZE];
};

struct fw_update {
	bool			on;
	struct fw_host		*host;			/* that sends it; NULL: the BMC */
	uint8_t			part;
	uint32_t		len, at, want;		/* of the image, written, asked for */
	uint32_t		crc, payload_crc;	/* so far, as its header says */
	struct flash_slot	slot;			/* what it will be */
};

struct log_entry {
	uint32_t	msec;
	char		text[LOG_LINE];
};

struct hist_entry {			/* goes into dumps as it is, little-endian */
	uint8_t		msec[4];
	uint8_t		id[2];
	uint8_t		len[2];
	uint8_t		dir;
	uint8_t		err;
	uint8_t		pad[2];
};

/* A host's part of the firmware: nothing in it is of another host's making */
struct fw_host {
	struct fw		*fw;
	void			*ctx;			/* env's */
	unsigned int		id;
	struct fw_host_config	cfg;
	uint64_t		counter[FWC_COUNT];	/* of what this host caused */
	uint64_t		refused[FWR_COUNT];
	uint64_t		deadline[HOST_SLOT_COUNT];

	/* mbx.c */
	bool			missed;			/* events, while the firmware was not ready */
	unsigned int		head[2];
	bool			again[2];		/* ring was written meanwhile */
	bool			gone;			/* the host takes its rings away */
	bool			lost;			/* ... and we have not seen each step of it: look for our heads */
	bool			host_here;
	bool			want_irq;
	uint32_t		fifo[FIFO_WORDS];	/* length in bytes, message, length, ... */
	unsigned int		fifo_head, fifo_tail;	/* free running */
	unsigned int		fifo_new;		/* messages since the last flush */
	uint32_t		in[TLV_PAGE / 4];
	uint32_t		out[TLV_PAGE / 4];	/* the message being built */
	uint32_t		page[TLV_PAGE / 4];	/* the message being sent */

	/* flash.c */
	unsigned int		flash_turns;		/* left at flash_since */
	uint64_t		flash_since;

	/* handlers.c */
	bool			host_owns;
	unsigned int		owner_owed;		/* answers to ownership requests not sent yet */
	uint32_t		speed;			/* cfg's, until the host sets another */
	bool			reborn;			/* the driver has known another life of ours, and not heard of this one */
	unsigned int		beats_owed;		/* answers to heartbeats not sent yet */
	bool			link_known, link_up;	/* nobody tells how it was at boot */
	struct fw_mac_sync	sync;
	bool			caps_sent;		/* to the driver that is here */
	bool			tables_ours;		/* the port's receive tables are as bmc.c wrote them */

	/* log.c */
	struct log_entry	log[LOG_ENTRIES];
	uint64_t		log_next;		/* index of the next entry; the first is 1 */
	uint64_t		log_sent;		/* next entry to be sent */
	bool			log_on;
	bool			log_due;

	/* dump.c */
	struct hist_entry	hist[HIST_ENTRIES];
	unsigned int		hist_next;		/* free running */
	uint32_t		dump_size;		/* 0: there is none */
	bool			dump_kept;		/* of a crash, not read to its end yet */
	bool			dump_crash;		/* it is of a crash */
	uint32_t		dump_serial;		/* counts the dumps made */
	uint32_t		dump_bmc;		/* the one that the BMC reads */
	uint8_t			dump[DUMP_MAX];

	struct fw_module	module;
};

struct fw {
	struct fw_env		env;
	struct fw_config	cfg;
	uint64_t		boot;			/* env.now() at boot */
	struct fw_host		host[FW_HOSTS];		/* cfg.hosts of them are there */
	bool			busy;			/* at work: put off what hosts do */

	/* life.c */
	uint8_t			phase;

	/* flash.c */
	struct flash_dir	dir;
	uint8_t			running_slot[PARTS];
	struct fw_version	running[PARTS];

	struct fw_update	upd;
	struct pldm		pldm;

	/* core.c */
	uint64_t		deadline[SLOT_COUNT];
	uint64_t		counter[FWC_COUNT];	/* of what no host in particular caused */
	uint64_t		refused[FWR_COUNT];

	/* sensor.c */
	bool			temp_bad, volt_bad;	/* beyond a limit, and told */
	uint32_t		otp[2];			/* status, write status */

	/* fault.c */
	uint32_t		fault[FW_FAULTS];	/* still to strike */
	struct fw_garble	garble;
};

#define EACH_HOST(fw, h) \
	for (struct fw_host *h = (fw)->host; h < (fw)->host + (fw)->cfg.hosts; h++)

/* core.c */
void fw_refuse(struct fw *fw, enum fw_refusal why, const struct fw_event *ev);
void fw_event(struct fw *fw, const struct fw_event *ev);
void fw_state(struct fw *fw, const char *what);
void fw_defer(struct fw *fw, enum fw_slot slot, uint64_t when);
void host_refuse(struct fw_host *h, enum fw_refusal why, const struct fw_event *ev);
void host_event(struct fw_host *h, const struct fw_event *ev);
void host_state(struct fw_host *h, const char *what);
void host_defer(struct fw_host *h, enum host_slot slot, uint64_t when);
void fw_host_gone(struct fw_host *h);

/* mbx.c */
void mbx_reset(struct fw_host *h);
void mbx_find_heads(struct fw_host *h);
bool mbx_in_use(struct fw_host *h);	/* a driver has been at the Tx ring */
void mbx_wake(struct fw_host *h);		/* looks at both rings when left */
void mbx_send(struct fw_host *h, const void *msg, size_t len);
void mbx_flush(struct fw_host *h);	/* sends what can be sent */
void mbx_flush_all(struct fw *fw);
bool mbx_enter(struct fw *fw);		/* around everything that an event from outside makes us do */
void mbx_leave(struct fw *fw);

/* fault.c */
bool fault_strikes(struct fw *fw, enum fw_fault which);	/* has this been asked to go wrong? */
void fault_resume(struct fw *fw);			/* the firmware is ready */
void fault_timer(struct fw *fw);

/* garble.c */
bool garble_in(struct fw_host *h);			/* the message in h->in is to fail */
size_t garble_out(struct fw_host *h, size_t len);	/* its length, of the one in h->page; 0: it is to fail */

/* life.c */
void life_timer(struct fw *fw);

/* flash.c */
bool flash_there(const struct fw *fw);
int flash_part(uint32_t section);	/* PART_*, or an error */
const char *flash_part_name(unsigned int part);
uint32_t flash_part_size(unsigned int part);
void flash_power(struct fw *fw);
const struct fw_version *flash_stored(const struct fw *fw, unsigned int part);
int flash_begin(struct fw *fw, unsigned int part);
int flash_image_write(struct fw *fw, unsigned int part, uint32_t off, const void *p, size_t len);
int flash_commit(struct fw *fw, unsigned int part, const struct flash_slot *s);
int flash_commit_parts(struct fw *fw, const struct flash_slot *const s[PARTS]);
uint32_t flash_section(unsigned int part);	/* enum fw_section */
bool flash_turn(struct fw_host *h);	/* false: the host has had its share for now */
int flash_eeprom_write(struct fw *fw, uint32_t off, const void *p, size_t len);
void flash_dump_store(struct fw *fw);
void flash_dump_load(struct fw *fw);

/* update.c */
int update_start(struct fw *fw, uint64_t section, uint64_t len, struct fw_host *host);
int update_chunk(struct fw *fw, const uint8_t *p, size_t len);
int update_verify(struct fw *fw);
void update_stop(struct fw *fw, const char *why);	/* it has failed */
void update_log(struct fw *fw, const char *what);
void update_forget(struct fw_host *h);
void update_timer(struct fw *fw);
int fw_on_start_upgrade(struct fw_host *h, const struct fw_in *in);
int fw_on_write_chunk(struct fw_host *h, const struct fw_in *in);

/* handlers.c: begin and send the message in h->out */
void fw_reply(struct fw_host *h, struct fw_out *o, enum fw_msg_id id);
int fw_send(struct fw_host *h, struct fw_out *o);
void fw_apply_link_mode(struct fw_host *h);
int fw_send_caps(struct fw_host *h);
void fw_tell_caps(struct fw *fw, const struct fw_host *but);	/* to all drivers that are here; NULL: all */
void owner_timer(struct fw_host *h);
void owner_forget(struct fw_host *h);
void beat_timer(struct fw_host *h);
void beat_forget(struct fw_host *h);
int fw_on_test(struct fw_host *h, const struct fw_in *in);
int fw_on_host_cap(struct fw_host *h, const struct fw_in *in);
int fw_on_ownership(struct fw_host *h, const struct fw_in *in);
int fw_on_heartbeat(struct fw_host *h, const struct fw_in *in);
int fw_on_mac_sync(struct fw_host *h, const struct fw_in *in);

/* bmc.c */
void bmc_program(struct fw_host *h);	/* writes the card's tables, if there is a BMC */
void bmc_boot(struct fw *fw);
void bmc_owner(struct fw_host *h);		/* host_owns changed */
void bmc_table(struct fw_host *h);		/* sync or host_owns changed */

/* sensor.c */
void sensors_check(struct fw *fw);
void otp_write(struct fw_host *h);
int fw_on_tsene_read(struct fw_host *h, const struct fw_in *in);

/* board.c */
int fw_on_eeprom_read(struct fw_host *h, const struct fw_in *in);
int fw_on_eeprom_write(struct fw_host *h, const struct fw_in *in);
int fw_on_comphy(struct fw_host *h, const struct fw_in *in);

/* log.c */
void log_reset(struct fw_host *h);
void log_write(struct fw_host *h, const char *text, bool at_once);
void log_all(struct fw *fw, const char *text);	/* what concerns all hosts */
void log_stop(struct fw_host *h);
bool log_pending(const struct fw_host *h);
int log_build(struct fw_host *h, void *buf, size_t cap, uint64_t *next);
void log_timer(struct fw_host *h);
unsigned int log_room(const struct fw *fw);	/* so many more lines, and no driver that wants them has lost one */
int fw_on_send_logs(struct fw_host *h, const struct fw_in *in);

/* qsfp.c */
enum qsfp_value { QSFP_TEMP, QSFP_VOLT, QSFP_BIAS, QSFP_TX, QSFP_RX };
bool qsfp_value(const struct fw_host *h, enum qsfp_value which, int32_t *val);	/* false: no such thing in there */
/* High alarm, low alarm, high warning, low warning; NULL: the module has none */
const int32_t *qsfp_limits(const struct fw_host *h, enum qsfp_value which);
int fw_on_qsfp_read(struct fw_host *h, const struct fw_in *in);

/* dump.c */
enum dump_reason { DUMP_ASKED = 1, DUMP_CRASH = 2 };
void dump_note(struct fw_host *h, unsigned int id, size_t len, unsigned int dir, int err);
void dump_create(struct fw_host *h, enum dump_reason reason, const char *why);
int fw_on_dump_info(struct fw_host *h, const struct fw_in *in);
int fw_on_dump_read(struct fw_host *h, const struct fw_in *in);

#endif
