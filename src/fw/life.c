// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's life: power, boot, crash, hang, restart.
 *
 *	power --> bootloader --> starting --> ready <------------.
 *	                ^                       |  \              |
 *	                |                     crash  hang         |
 *	                |                       |      \          |
 *	                |  (restart_ms)         v       v         |
 *	                '-------------------- crashed  hung --> restart
 *
 * Power-on chooses the images (flash.c) and starts a new life: an empty log,
 * uptime 1.  A restart runs the images that ran before: an update waits for
 * power.  Uptime starts again there too, which is how the driver finds out: it
 * takes a heartbeat whose uptime went back for a crash (fbnic_fw.c,
 * fbnic_fw_check_heartbeat()), collects a dump and takes the card again.
 *
 * A function reset, a guest's reboot or a driver's unbind is none of these: the
 * card keeps its power, the firmware goes on.
 *
 * Only a ready firmware looks at the mailbox.  What the host wrote meanwhile is
 * in the words and is done when it is ready; after a restart the heads are
 * found from the words (mbx_find_heads()).  While it is not, the data path goes
 * on without it, as in hardware.
 *
 * All this is the card's and happens to all its hosts alike; what one host does
 * never is one of these events.
 *
 * A crash stores a core dump in flash at once, one for each host, that has
 * nothing of the others in it.  A hung firmware can't: it makes
 * one when it is restarted, as a watchdog's bootloader would.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"
#include "str.h"

#define MS	1000000ull

const char *const fw_phase_names[FW_NPHASES] = {
	[FW_OFF] = "off",
	[FW_BOOTLOADER] = "bootloader",
	[FW_STARTING] = "starting",
	[FW_READY] = "ready",
	[FW_CRASHED] = "crashed",
	[FW_HUNG] = "hung",
};

enum life_event { EV_POWER, EV_NEXT, EV_CRASH, EV_HANG, EV_RESTART, EV_COUNT };

static const uint8_t next[FW_NPHASES][EV_COUNT] = {	/* 0: not allowed here */
	/*		      POWER	     NEXT	    CRASH	HANG	 RESTART */
	[FW_OFF]	  = { FW_BOOTLOADER, 0,		    0,		0,	 0 },
	[FW_BOOTLOADER]   = { FW_BOOTLOADER, FW_STARTING,   0,		0,	 FW_BOOTLOADER },
	[FW_STARTING]	  = { FW_BOOTLOADER, FW_READY,	    FW_CRASHED, FW_HUNG, FW_BOOTLOADER },
	[FW_READY]	  = { FW_BOOTLOADER, 0,		    FW_CRASHED, FW_HUNG, FW_BOOTLOADER },
	[FW_CRASHED]	  = { FW_BOOTLOADER, FW_BOOTLOADER, 0,		0,	 FW_BOOTLOADER },
	[FW_HUNG]	  = { FW_BOOTLOADER, 0,		    FW_CRASHED, 0,	 FW_BOOTLOADER },
};

static int enter(struct fw *fw, enum life_event ev)
{
	unsigned int to = next[fw->phase][ev];

	if (!to)
		return -FW_EBUSY;
	fw->phase = (uint8_t)to;
	fw_state(fw, fw_phase_names[to]);
	return 0;
}

static void wait_ms(struct fw *fw, uint32_t ms)
{
	fw_defer(fw, SLOT_LIFE, ms == UINT32_MAX ? FW_NEVER : fw->env.now(fw->env.ctx) + ms * MS);
}

static void boot_log(struct fw *fw)
{
	struct fw_str s;
	char t[LOG_LINE];

	str_begin(&s, t, sizeof(t));
	str_put(&s, "boot: control firmware ");
	str_version(&s, fw->running[PART_CONTROL].version);
	str_put(&s, " ");
	str_put(&s, fw->running[PART_CONTROL].commit);
	log_all(fw, t);
}

static void become_ready(struct fw *fw)
{
	enter(fw, EV_NEXT);
	fw->counter[FWC_BOOTS]++;
	boot_log(fw);
	EACH_HOST(fw, h)
		fw_apply_link_mode(h);
	bmc_boot(fw);
	EACH_HOST(fw, h) {
		mbx_find_heads(h);
		h->reborn = mbx_in_use(h);
		if (h->missed)
			mbx_wake(h);
		h->missed = false;
	}
	fault_resume(fw);
}

/* Phases that take no time are not waited for */
static void boot_go_on(struct fw *fw)
{
	if (fw->phase == FW_BOOTLOADER) {
		if (fw->cfg.boot_ms[0]) {
			wait_ms(fw, fw->cfg.boot_ms[0]);
			return;
		}
		enter(fw, EV_NEXT);
	}
	if (fw->phase == FW_STARTING) {
		if (fw->cfg.boot_ms[1]) {
			wait_ms(fw, fw->cfg.boot_ms[1]);
			return;
		}
		become_ready(fw);
	}
}

void life_timer(struct fw *fw)
{
	if (fw->phase == FW_STARTING) {
		become_ready(fw);
		return;
	}
	if (fw->phase == FW_CRASHED)
		fw->boot = fw->env.now(fw->env.ctx);
	if (!enter(fw, EV_NEXT))
		boot_go_on(fw);
}

static void host_forget(struct fw_host *h)
{
	h->host_owns = false;
	h->caps_sent = false;
	h->tables_ours = false;
	owner_forget(h);
	beat_forget(h);
	memset(&h->sync, 0, sizeof(h->sync));
	update_forget(h);
	log_stop(h);
	mbx_reset(h);
}

/* What the firmware has in memory and loses */
static void forget(struct fw *fw)
{
	for (unsigned int i = 0; i < SLOT_COUNT; i++)
		fw_defer(fw, (enum fw_slot)i, FW_NEVER);
	EACH_HOST(fw, h)
		host_forget(h);
	pldm_reset(fw);
}

static void host_power(struct fw_host *h)
{
	h->speed = h->cfg.speed;
	h->link_known = false;
	h->missed = false;
	h->dump_kept = false;
	h->hist_next = 0;
	log_reset(h);
	otp_write(h);
}

/* What the hosts do from now on is done when the firmware is ready */
static void miss_all(struct fw *fw)
{
	EACH_HOST(fw, h)
		h->missed = true;
}

void fw_power(struct fw *fw)
{
	bool ours = mbx_enter(fw);

	forget(fw);
	fw->temp_bad = fw->volt_bad = false;
	fw->boot = fw->env.now(fw->env.ctx);
	EACH_HOST(fw, h)
		host_power(h);
	enter(fw, EV_POWER);
	flash_power(fw);
	flash_dump_load(fw);
	boot_go_on(fw);
	if (ours)
		mbx_leave(fw);
}

int fw_restart(struct fw *fw)
{
	bool ours;

	if (fw->phase == FW_HUNG)
		fw_crash(fw, "hung, restarted");
	ours = mbx_enter(fw);
	enter(fw, EV_RESTART);
	forget(fw);
	miss_all(fw);
	fw->boot = fw->env.now(fw->env.ctx);
	log_all(fw, "boot: restart");
	boot_go_on(fw);
	if (ours)
		mbx_leave(fw);
	return 0;
}

int fw_crash(struct fw *fw, const char *why)
{
	bool ours = mbx_enter(fw);
	struct fw_str s;
	char t[LOG_LINE];
	int err = enter(fw, EV_CRASH);

	if (!err) {
		fw->counter[FWC_CRASHES]++;
		str_begin(&s, t, sizeof(t));
		str_put(&s, "assert: ");
		str_put(&s, why);
		log_all(fw, t);
		EACH_HOST(fw, h)
			dump_create(h, DUMP_CRASH, why);
		flash_dump_store(fw);
		forget(fw);
		miss_all(fw);
		wait_ms(fw, fw->cfg.restart_ms);
	}
	if (ours)
		mbx_leave(fw);
	return err;
}

int fw_hang(struct fw *fw)
{
	int err = enter(fw, EV_HANG);

	if (!err) {
		miss_all(fw);
		wait_ms(fw, UINT32_MAX);
	}
	return err;
}

enum fw_phase fw_phase(const struct fw *fw)
{
	return (enum fw_phase)fw->phase;
}

bool fw_ready(const struct fw *fw)
{
	return fw->phase == FW_READY;
}
