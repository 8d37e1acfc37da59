// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PLDM type 5: the BMC updates the firmware (DSP0267, "firmware device").
 *
 *	BMC					   card
 *	RequestUpdate			-->		idle -> learn
 *	PassComponentTable, each	-->		learn -> ready, at the last
 *	UpdateComponent			-->		ready -> download
 *					<--  RequestFirmwareData, until there is all of it
 *					<--  TransferComplete	download -> verify
 *					<--  VerifyComplete	verify -> apply
 *					<--  ApplyComplete	apply -> ready
 *	   ... further components
 *	ActivateFirmware		-->		ready -> activate -> idle
 *
 * The card's requests wait until the BMC takes them (fw_pldm_pending()) and are
 * given out again RETRY later if no response has come.  A failure is reported,
 * and then the BMC has to cancel.  A BMC that does nothing for the update for
 * PATIENCE is given up.
 *
 * Components are those of packages: identifier 0, 1 and 3 (enum fw_section), and
 * the image's header is looked at, by the same functions as for the host.  An
 * image that was applied lies in the slot that does not run; ActivateFirmware
 * makes all of them the stored ones at once, and power makes them run.  Until
 * then nothing has changed, and cancelling, time and loss of power undo it all.
 *
 * One at a time: while the host updates, RequestUpdate is refused, and from
 * RequestUpdate to the end the host's request is, with -EBUSY.
 */
#include "err.h"
#include "fw_core.h"
#include "image.h"
#include "mem.h"
#include "str.h"

#define SECOND		1000000000ull
#define PATIENCE	(60 * SECOND)	/* FD_T1, 60 to 120 s */
#define RETRY		(1 * SECOND)	/* FD_T2, 1 to 5 s */
#define CHUNK		1024u		/* an NC-SI frame has room for 1476 */
#define CHUNK_MIN	32u		/* DSP0267: what every update agent gives */

#define PCI_VENDOR	0x1d9bu		/* as the card's configuration space and tools/pldm.c have them */
#define PCI_DEVICE	0x0013u
#define FACEBOOK_IANA	40981u
#define BY_POWER	0x0030u		/* activation: DC or AC power cycle */
#define CAPABILITIES	0x0000000cu	/* host works on during an update; parts of a package may be left out */
#define NO_STAMP	0xffffffffu
#define FORCE		1u
#define ASCII		1u
#define PROGRESS_NONE	101u

enum { REQ_DATA = 0x15, REQ_TRANSFERRED = 0x16, REQ_VERIFIED = 0x17, REQ_APPLIED = 0x18 };
enum {				/* results that we report */
	RESULT_OK = 0, TRANSFER_CORRUPT = 2, TRANSFER_ABORTED = 3, TRANSFER_FLASH = 0x0a, TRANSFER_ROLLBACK = 0x70,
	VERIFY_WRONG = 1,
};
enum {				/* what we think of a component */
	COMP_OK = 0, COMP_SAME = 1, COMP_LOWER = 2, COMP_UNSUPPORTED = 6, COMP_NOT_PASSED = 9, COMP_SIZE = 0xd0,
	COMP_FLASH = 0xd1,
};
enum { AUX_WORKING, AUX_DONE, AUX_FAILED, AUX_IDLE };
enum { WHY_INIT, WHY_ACTIVATED, WHY_CANCELLED, WHY_TIMEOUT };	/* timeouts: WHY_TIMEOUT + state - FD_LEARN */

enum fd_event { EV_REQUEST, EV_TABLE, EV_COMPONENT, EV_STEP, EV_ACTIVATE, EV_CANCEL_COMPONENT, EV_CANCEL, EV_EVENTS };

#define TO(s)	(FD_##s + 1)	/* 0: not allowed here */

static const uint8_t next[FD_STATES][EV_EVENTS] = {
	/*		    REQUEST    TABLE      COMPONENT     STEP        ACTIVATE      CANCEL_C.  CANCEL */
	[FD_IDLE]	= { TO(LEARN), 0,	  0,		0,	    0,		  0,	     0 },
	[FD_LEARN]	= { 0,	       TO(READY), 0,		0,	    0,		  0,	     TO(IDLE) },
	[FD_READY]	= { 0,	       0,	  TO(DOWNLOAD), 0,	    TO(ACTIVATE), 0,	     TO(IDLE) },
	[FD_DOWNLOAD]	= { 0,	       0,	  0,		TO(VERIFY), 0,		  TO(READY), TO(IDLE) },
	[FD_VERIFY]	= { 0,	       0,	  0,		TO(APPLY),  0,		  TO(READY), TO(IDLE) },
	[FD_APPLY]	= { 0,	       0,	  0,		TO(READY),  0,		  TO(READY), TO(IDLE) },
	[FD_ACTIVATE]	= { 0,	       0,	  0,		TO(IDLE),   0,		  0,	     0 },
};

static const char *const state_names[FD_STATES] = {
	"pldm update: idle", "pldm update: learns components", "pldm update: ready", "pldm update: downloads",
	"pldm update: verifies", "pldm update: applies", "pldm update: activates",
};

bool pldm_updating(const struct fw *fw)
{
	return fw->pldm.fd.state != FD_IDLE;
}

/* ---- state ---- */

static void watch(struct fw *fw)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint64_t when = fd->heard + PATIENCE;

	if (fd->state == FD_IDLE)
		when = FW_NEVER;
	else if (fd->req_cmd && fd->tell < when)
		when = fd->tell;
	fw_defer(fw, SLOT_PLDM, when);
}

static void alive(struct fw *fw)
{
	fw->pldm.fd.heard = fw->env.now(fw->env.ctx);
	watch(fw);
}

/* The completion code of a command that is @ev, as far as the state is concerned */
static uint8_t allowed(const struct fw *fw, const struct pldm_in *in, enum fd_event ev)
{
	const struct pldm_fd *fd = &fw->pldm.fd;

	if (ev == EV_REQUEST)
		return fd->state == FD_IDLE ? CC_OK : CC_FD_IN_UPDATE;
	if (fd->state == FD_IDLE)
		return CC_FD_NOT_IN_UPDATE;
	if (in->link != fd->link && ev != EV_CANCEL)
		return CC_NOT_READY;
	return next[fd->state][ev] ? CC_OK : CC_FD_STATE;
}

static void go(struct fw *fw, enum fd_event ev)
{
	struct pldm_fd *fd = &fw->pldm.fd;

	fd->prev = fd->state;
	fd->state = next[fd->state][ev] - 1u;
	fd->req_cmd = 0;
	fd->failed = false;
	fw_state(fw, state_names[fd->state]);
	watch(fw);
}

static void tell(struct fw *fw)
{
	struct pldm_fd *fd = &fw->pldm.fd;

	fd->tell = fw->env.now(fw->env.ctx) + RETRY;
	if (fw->env.bmc.request)
		fw->env.bmc.request(fw->env.ctx, fd->link);
	watch(fw);
}

/* Our request; it waits to be taken */
static void ask(struct fw *fw, unsigned int cmd, uint8_t result)
{
	struct pldm_fd *fd = &fw->pldm.fd;

	fd->req_cmd = (uint8_t)cmd;
	fd->result = result;
	fd->iid = (fd->iid + 1u) & PLDM_IID;
	fd->again = fw->env.now(fw->env.ctx);
	tell(fw);
}

static void drop_image(struct fw *fw, const char *why)
{
	if (!fw->upd.host)
		update_stop(fw, why);
}

static void leave(struct fw *fw, enum fd_event ev, unsigned int why)
{
	struct pldm_fd *fd = &fw->pldm.fd;

	go(fw, ev);
	fd->reason = (uint8_t)why;
	fd->applied = 0;
	fd->options = 0;
}

void pldm_timer(struct fw *fw)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint64_t now = fw->env.now(fw->env.ctx);

	if (fd->state == FD_IDLE)
		return;
	if (now - fd->heard >= PATIENCE) {
		drop_image(fw, "given up: the BMC is silent");
		leave(fw, EV_CANCEL, WHY_TIMEOUT + fd->state - FD_LEARN);
		return;
	}
	if (fd->req_cmd && now >= fd->tell)
		tell(fw);
	watch(fw);
}

void pldm_reset(struct fw *fw)
{
	drop_image(fw, "given up");
	memset(&fw->pldm, 0, sizeof(fw->pldm));
	fw_defer(fw, SLOT_PLDM, FW_NEVER);
}

/* ---- what we are ---- */

static void descriptor(struct pldm_out *o, uint32_t type, uint32_t v, unsigned int bytes)
{
	pldm_put16(o, type);
	pldm_put16(o, bytes);
	if (bytes == 2)
		pldm_put16(o, v);
	else
		pldm_put32(o, v);
}

/* As a package for us has them, see tools/pldm.c */
uint8_t fd_query_ids(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	static const char title[] = "AntiRollbackVer";

	(void)in;
	pldm_put32(o, 4 * 6 + 8 + 4 + 2 + 15 + 4);
	pldm_put8(o, 6);
	descriptor(o, 0x0000, PCI_VENDOR, 2);
	descriptor(o, 0x0001, FACEBOOK_IANA, 4);
	descriptor(o, 0x0100, PCI_DEVICE, 2);
	descriptor(o, 0x0101, PCI_VENDOR, 2);
	descriptor(o, 0x0102, PCI_DEVICE, 2);
	pldm_put16(o, 0xffff);
	pldm_put16(o, 2 + 15 + 4);
	pldm_put8(o, ASCII);
	pldm_put8(o, 15);
	pldm_put(o, title, 15);
	pldm_put32(o, fw->dir.fuse);
	return CC_OK;
}

static uint32_t classification(unsigned int part)
{
	return part == PART_UEFI ? 6 : 10;	/* tools/pldm.c: firmware or BIOS; firmware */
}

/* Of 27.01.02-003, which is ASCII; @v NULL: none */
static struct fw_str version_text(char *buf, size_t cap, const struct fw_version *v)
{
	struct fw_str s;

	str_begin(&s, buf, cap);
	if (v)
		str_version(&s, v->version);
	return s;
}

static const struct fw_version *pending(const struct fw *fw, unsigned int part)
{
	const struct fw_version *v = flash_stored(fw, part);

	return memcmp(v, &fw->running[part], sizeof(*v)) ? v : NULL;
}

static void component(const struct fw *fw, struct pldm_out *o, unsigned int part)
{
	static const uint8_t no_date[8];
	const struct fw_version *run = &fw->running[part], *next_one = pending(fw, part);
	char a[24], p[24];
	struct fw_str as = version_text(a, sizeof(a), run), ps = version_text(p, sizeof(p), next_one);

	pldm_put16(o, classification(part));
	pldm_put16(o, flash_section(part));
	pldm_put8(o, 0);
	pldm_put32(o, run->version);
	pldm_put8(o, ASCII);
	pldm_put8(o, (uint32_t)as.len);
	pldm_put(o, no_date, 8);
	pldm_put32(o, next_one ? next_one->version : 0);
	pldm_put8(o, next_one ? ASCII : 0);
	pldm_put8(o, (uint32_t)ps.len);
	pldm_put(o, no_date, 8);
	pldm_put16(o, BY_POWER);
	pldm_put32(o, 0);
	pldm_put(o, a, as.len);
	pldm_put(o, p, ps.len);
}

/* The set's version is that of its control firmware */
uint8_t fd_params(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	const struct fw_version *next_one = pending(fw, PART_CONTROL);
	char a[24], p[24];
	struct fw_str as = version_text(a, sizeof(a), &fw->running[PART_CONTROL]);
	struct fw_str ps = version_text(p, sizeof(p), next_one);

	(void)in;
	pldm_put32(o, CAPABILITIES);
	pldm_put16(o, PARTS);
	pldm_put8(o, ASCII);
	pldm_put8(o, (uint32_t)as.len);
	pldm_put8(o, next_one ? ASCII : 0);
	pldm_put8(o, (uint32_t)ps.len);
	pldm_put(o, a, as.len);
	pldm_put(o, p, ps.len);
	for (unsigned int i = 0; i < PARTS; i++)
		component(fw, o, i);
	return CC_OK;
}

/* ---- what the BMC wants ---- */

uint8_t fd_request_update(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint32_t most = get_le32(in->p);
	uint8_t code = allowed(fw, in, EV_REQUEST);

	if (in->len != 11u + in->p[10])
		return CC_INVALID_LENGTH;
	if (code)
		return code;
	if (most < CHUNK_MIN)
		return CC_FD_TRANSFER_LENGTH;
	if (!get_le16(in->p + 4) || !in->p[6])
		return CC_INVALID_DATA;
	if (!flash_there(fw) || fw->upd.on)
		return CC_FD_UNABLE;
	fd->link = in->link;
	fd->chunk = most < CHUNK ? most : CHUNK;
	fd->table = fd->table_flag = fd->applied = 0;
	go(fw, EV_REQUEST);
	alive(fw);
	log_all(fw, "update: the BMC begins");
	pldm_put16(o, 0);		/* no metadata */
	pldm_put8(o, 0);		/* nor do we want the package's data */
	return CC_OK;
}

/* @p: classification, id, index, stamp; *part is what it names */
static uint8_t judge(const struct fw *fw, const uint8_t *p, unsigned int *part)
{
	int found = flash_part(get_le16(p + 2));
	uint32_t stamp = get_le32(p + 5), have;

	if (found < 0 || get_le16(p) != classification((unsigned int)found) || p[4])
		return COMP_UNSUPPORTED;
	*part = (unsigned int)found;
	have = flash_stored(fw, *part)->version;
	if (stamp == NO_STAMP || stamp > have)
		return COMP_OK;
	return stamp == have ? COMP_SAME : COMP_LOWER;
}

/* Start, middle ..., end; or all */
static bool table_flag_ok(const struct pldm_fd *fd, uint8_t flag)
{
	bool first = flag == XFER_START || flag == XFER_ALL;

	return first ? !fd->table_flag : (flag == XFER_MIDDLE || flag == XFER_END) && fd->table_flag;
}

uint8_t fd_pass_table(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint8_t code = allowed(fw, in, EV_TABLE), why;
	unsigned int part = 0;

	if (in->len != 12u + in->p[11])
		return CC_INVALID_LENGTH;
	if (code)
		return code;
	if (!table_flag_ok(fd, in->p[0]))
		return CC_INVALID_DATA;
	why = judge(fw, in->p + 1, &part);
	if (why != COMP_UNSUPPORTED)
		fd->table |= (uint8_t)(1u << part);
	fd->table_flag = in->p[0];
	alive(fw);
	if (in->p[0] & XFER_END)
		go(fw, EV_TABLE);
	pldm_put8(o, why != COMP_OK);
	pldm_put8(o, why);
	return CC_OK;
}

/* COMP_*; and if that is COMP_OK, the update of the component has begun */
static uint8_t begin(struct fw *fw, const uint8_t *p)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint32_t size = get_le32(p + 9);
	unsigned int part = 0;
	uint8_t why = judge(fw, p, &part);

	if (why == COMP_UNSUPPORTED)
		return why;
	if (!(fd->table & 1u << part))
		return COMP_NOT_PASSED;
	if (why != COMP_OK && !(get_le32(p + 13) & FORCE))
		return why;
	if (size < IMAGE_HDR || size > flash_part_size(part))
		return COMP_SIZE;
	fd->applied &= (uint8_t)~(1u << part);
	return update_start(fw, flash_section(part), size, NULL) ? COMP_FLASH : COMP_OK;
}

uint8_t fd_update_component(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint8_t code = allowed(fw, in, EV_COMPONENT), why;

	if (in->len != 19u + in->p[18])
		return CC_INVALID_LENGTH;
	if (code)
		return code;
	why = begin(fw, in->p);
	alive(fw);
	pldm_put8(o, why != COMP_OK);
	pldm_put8(o, why);
	pldm_put32(o, get_le32(in->p + 13) & FORCE);
	pldm_put16(o, 0);
	if (why == COMP_OK) {
		fd->options = get_le32(in->p + 13) & FORCE;
		go(fw, EV_COMPONENT);
		ask(fw, REQ_DATA, 0);
	}
	return CC_OK;
}

uint8_t fd_activate(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	const struct flash_slot *slot[PARTS] = { [0] = NULL };
	struct pldm_fd *fd = &fw->pldm.fd;
	uint8_t code = allowed(fw, in, EV_ACTIVATE);

	if (in->p[0] > 1)
		return CC_INVALID_DATA;
	if (code)
		return code;
	alive(fw);
	if (in->p[0])
		return CC_FD_NO_SELF_ACTIVATION;
	if (!fd->applied)
		return CC_FD_INCOMPLETE;
	for (unsigned int i = 0; i < PARTS; i++)
		if (fd->applied & 1u << i)
			slot[i] = &fd->slot[i];
	if (flash_commit_parts(fw, slot)) {
		log_all(fw, "update: flash can't be written");
		return CC_ERROR;
	}
	for (unsigned int i = 0; i < PARTS; i++)
		fw->counter[FWC_UPDATES] += slot[i] != NULL;
	log_all(fw, "update: the BMC's is stored, runs after power-on");
	go(fw, EV_ACTIVATE);
	leave(fw, EV_STEP, WHY_ACTIVATED);
	fw_tell_caps(fw, NULL);
	pldm_put16(o, 0);
	return CC_OK;
}

static uint32_t progress(const struct fw *fw)
{
	if (fw->pldm.fd.state != FD_DOWNLOAD || !fw->upd.len)
		return PROGRESS_NONE;
	return (uint32_t)(fw->upd.at * 100ull / fw->upd.len);
}

uint8_t fd_get_status(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	const struct pldm_fd *fd = &fw->pldm.fd;
	bool works = fd->state >= FD_DOWNLOAD && fd->state <= FD_APPLY;
	bool bad = fd->failed || (fd->req_cmd > REQ_DATA && fd->result);
	unsigned int aux = !works ? AUX_IDLE : bad ? AUX_FAILED : fd->req_cmd > REQ_DATA ? AUX_DONE : AUX_WORKING;

	(void)in;
	pldm_put8(o, fd->state);
	pldm_put8(o, fd->prev);
	pldm_put8(o, aux);
	pldm_put8(o, aux != AUX_FAILED ? 0 : fd->result >= 0x70 ? fd->result : 0x0a);
	pldm_put8(o, progress(fw));
	pldm_put8(o, fd->reason);
	pldm_put32(o, fd->options);
	return CC_OK;
}

uint8_t fd_cancel_component(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	uint8_t code = allowed(fw, in, EV_CANCEL_COMPONENT);

	(void)o;
	if (code)
		return code;
	if (fw->pldm.fd.state == FD_APPLY)
		fw->pldm.fd.applied &= (uint8_t)~(1u << fw->upd.part);
	drop_image(fw, "cancelled by the BMC");
	go(fw, EV_CANCEL_COMPONENT);
	alive(fw);
	return CC_OK;
}

uint8_t fd_cancel(struct fw *fw, const struct pldm_in *in, struct pldm_out *o)
{
	static const uint8_t all_work[9];
	uint8_t code = allowed(fw, in, EV_CANCEL);

	if (code)
		return code;
	drop_image(fw, "cancelled by the BMC");
	leave(fw, EV_CANCEL, WHY_CANCELLED);
	pldm_put(o, all_work, sizeof(all_work));
	return CC_OK;
}

/* ---- what we want ---- */

static uint32_t wanted(const struct fw *fw)
{
	uint32_t left = fw->upd.len - fw->upd.at;

	return left < fw->pldm.fd.chunk ? left : fw->pldm.fd.chunk;
}

int fw_pldm_pending(struct fw *fw, enum fw_pldm_link link, uint8_t *req, size_t cap)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	uint64_t now = fw->env.now(fw->env.ctx);
	struct pldm_out o = { .p = req, .cap = cap };

	if (fw->phase != FW_READY)
		return -FW_EBUSY;
	if (cap < FW_PLDM_MAX)
		return -FW_EINVAL;
	if (!fd->req_cmd || link != fd->link || now < fd->again)
		return 0;
	pldm_put8(&o, PLDM_RQ | fd->iid);
	pldm_put8(&o, PLDM_FWUP);
	pldm_put8(&o, fd->req_cmd);
	if (fd->req_cmd == REQ_DATA) {
		pldm_put32(&o, fw->upd.at);
		pldm_put32(&o, wanted(fw));
	} else {
		pldm_put8(&o, fd->result);
		if (fd->req_cmd == REQ_APPLIED)
			pldm_put16(&o, 0);	/* activation stays as it is */
	}
	fw->counter[FWC_PLDM_OUT]++;
	fd->again = fd->tell = now + RETRY;
	watch(fw);
	return (int)o.len;
}

static uint8_t transfer_result(int err)
{
	switch (err) {
	case 0:
		return RESULT_OK;
	case -FW_EACCES:
		return TRANSFER_ROLLBACK;
	case -FW_EINVAL:
		return TRANSFER_CORRUPT;
	}
	return TRANSFER_FLASH;
}

/* Data, or why there is none */
static int take_data(struct fw *fw, const uint8_t *p, size_t len)
{
	uint8_t result = TRANSFER_ABORTED;

	if (p[0] == CC_FD_RETRY)
		return 0;
	if (p[0] == CC_OK) {
		if (len - 1 != wanted(fw))
			return -FW_EINVAL;	/* it is asked for again */
		result = transfer_result(update_chunk(fw, p + 1, len - 1));
		if (!result && fw->upd.at < fw->upd.len) {
			ask(fw, REQ_DATA, 0);
			return 0;
		}
	}
	if (result)
		drop_image(fw, p[0] ? "the BMC refuses data" : "given up");
	ask(fw, REQ_TRANSFERRED, result);
	return 0;
}

/* A step was reported, and the BMC knows it: the next one, if this one was good */
static void step(struct fw *fw)
{
	struct pldm_fd *fd = &fw->pldm.fd;

	if (fd->result) {
		fd->req_cmd = 0;
		fd->failed = true;
		return;
	}
	go(fw, EV_STEP);
	if (fd->state == FD_VERIFY) {
		if (update_verify(fw)) {
			drop_image(fw, "given up");
			ask(fw, REQ_VERIFIED, VERIFY_WRONG);
		} else {
			ask(fw, REQ_VERIFIED, RESULT_OK);
		}
	} else if (fd->state == FD_APPLY) {
		fd->slot[fw->upd.part] = fw->upd.slot;
		fd->applied |= (uint8_t)(1u << fw->upd.part);
		fw->upd.on = false;
		update_log(fw, "in flash, not active");
		ask(fw, REQ_APPLIED, RESULT_OK);
	}
}

int fw_pldm_reply(struct fw *fw, enum fw_pldm_link link, const uint8_t *rsp, size_t len)
{
	struct pldm_fd *fd = &fw->pldm.fd;
	int err = 0;

	if (fw->phase != FW_READY || !mbx_enter(fw))
		return -FW_EBUSY;
	if (len <= PLDM_HDR || rsp[0] != fd->iid || rsp[1] != PLDM_FWUP || !fd->req_cmd || rsp[2] != fd->req_cmd ||
	    link != fd->link)
		err = -FW_EINVAL;
	if (!err) {
		alive(fw);
		if (fd->req_cmd == REQ_DATA)
			err = take_data(fw, rsp + PLDM_HDR, len - PLDM_HDR);
		else
			step(fw);
		watch(fw);
	}
	if (err)
		fw_refuse(fw, FWR_PLDM_MESSAGE, &(struct fw_event){ .name = "PLDM response", .len = (unsigned int)len,
								    .err = err });
	mbx_flush_all(fw);
	mbx_leave(fw);
	return err;
}
