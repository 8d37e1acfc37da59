// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's frame: configuration, function reset, time, counting.  Its
 * life is in life.c.
 *
 * A reset of the PCI function takes the mailbox away, not the firmware: heads
 * return to 0, replies that wait are dropped, the host owns nothing any more.
 *
 * There is one timer.  What wants to be done later has a slot in deadline[];
 * the home's timer is always set to the earliest.
 *
 * Each event enters through mbx_enter() and leaves through mbx_leave(), which
 * does what came up meanwhile and raises the interrupt once.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"
#include "str.h"

const char *const fw_refusal_names[FWR_COUNT] = {
	[FWR_TX_GATED] = "tx_dma_off",
	[FWR_TX_FAULT] = "tx_bad_address",
	[FWR_TX_LEN] = "tx_bad_length",
	[FWR_TX_EOM] = "tx_no_eom",
	[FWR_TX_TAKEN] = "descriptor_changed",
	[FWR_MSG_HEADER] = "msg_bad_header",
	[FWR_MSG_UNKNOWN] = "msg_unknown",
	[FWR_MSG_ATTR] = "msg_bad_attribute",
	[FWR_MSG_REFUSED] = "msg_refused",
	[FWR_RX_FAULT] = "rx_bad_address",
	[FWR_RX_SHORT] = "rx_short_page",
	[FWR_RX_FULL] = "rx_queue_full",
	[FWR_PLDM_MESSAGE] = "pldm_bad_message",
	[FWR_PLDM_REFUSED] = "pldm_refused",
};

const char *const fw_counter_names[FWC_COUNT] = {
	[FWC_MSG_IN] = "messages_in",
	[FWC_MSG_OUT] = "messages_out",
	[FWC_QUEUED] = "messages_queued",
	[FWC_HOST_GONE] = "host_gone",
	[FWC_RESETS] = "resets",
	[FWC_LOGS] = "log_entries",
	[FWC_BOOTS] = "boots",
	[FWC_CRASHES] = "crashes",
	[FWC_UPDATES] = "updates",
	[FWC_UPDATES_FAILED] = "updates_failed",
	[FWC_PLDM_IN] = "pldm_requests",
	[FWC_PLDM_OUT] = "pldm_requests_to_bmc",
	[FWC_PLDM_RETRIES] = "pldm_retries",
	[FWC_FAULTS] = "faults",
};

void fw_config_default(struct fw_config *cfg)
{
	static const struct fw_config def = {
		.mgmt = { FW_VERSION(26, 11, 0, 1), "openfbnic" },
		.boot = { FW_VERSION(26, 11, 0, 1), "openfbnic-boot" },
		.uefi = { FW_VERSION(26, 11, 0, 1), "openfbnic-uefi" },
		.speed = FW_SPEED_100CR2,
		.fec = FW_FEC_RS,
		.max_speed = FW_SPEED_100CR2,
		.restart_ms = 1000,
		/* as Meta's mock firmware has them */
		.temp_min = -1000, .temp_max = 95000, .temp_crit = 105000, .volt_min = 675, .volt_max = 825,
		.module = { .kind = FW_MODULE_DAC, .temp = 28000, .volt = 3300 },
	};

	memcpy(cfg, &def, sizeof(*cfg));
}

size_t fw_size(void)
{
	return sizeof(struct fw);
}

static bool version_ok(const struct fw_version *v)
{
	for (unsigned int i = 0; i < FW_COMMIT_MAX; i++)
		if (!v->commit[i])
			return true;
	return false;
}

static bool config_ok(const struct fw_config *c)
{
	return version_ok(&c->mgmt) && version_ok(&c->boot) && version_ok(&c->uefi) && c->mgmt.version &&
	       c->speed >= FW_SPEED_25CR && c->speed <= FW_SPEED_100CR2 &&
	       c->fec >= FW_FEC_NONE && c->fec <= FW_FEC_BASER && c->bmc_macs <= FW_BMC_MACS &&
	       c->module.kind < FW_MODULES;
}

int fw_init(struct fw *fw, const struct fw_config *cfg, const struct fw_env *env)
{
	if (!config_ok(cfg))
		return -FW_EINVAL;

	memset(fw, 0, sizeof(*fw));
	fw->env = *env;
	fw->cfg = *cfg;
	for (unsigned int i = 0; i < SLOT_COUNT; i++)
		fw->deadline[i] = FW_NEVER;
	fw->module = cfg->module;
	fw_power(fw);
	return 0;
}

/* Never 0: the driver takes a 0 for "no heartbeat yet" */
uint64_t fw_uptime_ms(const struct fw *fw)
{
	return (fw->env.now(fw->env.ctx) - fw->boot) / 1000000u + 1;
}

/* ---- events from outside ---- */

void fw_host_gone(struct fw *fw)
{
	bool was = fw->host_here || fw->host_owns, owned = fw->host_owns;

	fw->host_here = false;
	fw->host_owns = false;
	fw->caps_sent = false;
	memset(&fw->sync, 0, sizeof(fw->sync));
	owner_forget(fw);
	update_forget(fw);
	log_stop(fw);
	bmc_table(fw);
	if (owned)
		bmc_owner(fw);
	if (!was)
		return;
	fw->counter[FWC_HOST_GONE]++;
	log_write(fw, "host: driver disconnected", false);
	fw_state(fw, "host gone");
}

void fw_host_reset(struct fw *fw)
{
	otp_write(fw);
	if (fw->phase != FW_READY) {
		mbx_reset(fw);
		return;
	}
	fw_host_gone(fw);
	mbx_reset(fw);
	fw->counter[FWC_RESETS]++;
	log_write(fw, "host: function reset", false);
	fw_state(fw, "function reset");
	fw_apply_link_mode(fw);
	bmc_program(fw);
}

void fw_link(struct fw *fw, bool up)
{
	bool ours;

	if (fw->phase != FW_READY || (fw->link_known && up == fw->link_up))
		return;
	fw->link_known = true;
	fw->link_up = up;
	ours = mbx_enter(fw);
	log_write(fw, up ? "link: up" : "link: down", false);
	fw_state(fw, up ? "link up" : "link down");
	if (ours)
		mbx_leave(fw);
}

static void timer_program(struct fw *fw)
{
	uint64_t first = FW_NEVER;

	for (unsigned int i = 0; i < SLOT_COUNT && fw->phase != FW_HUNG; i++)
		if (fw->deadline[i] < first)
			first = fw->deadline[i];
	fw->env.timer(fw->env.ctx, first);
}

/* @when in env->now() units, FW_NEVER: not any more */
void fw_defer(struct fw *fw, enum fw_slot slot, uint64_t when)
{
	if (fw->deadline[slot] == when)
		return;
	fw->deadline[slot] = when;
	timer_program(fw);
}

void fw_timer(struct fw *fw)
{
	static void (*const act[SLOT_COUNT])(struct fw *fw) = {
		[SLOT_LOG] = log_timer,
		[SLOT_OWNER] = owner_timer,
		[SLOT_LIFE] = life_timer,
		[SLOT_UPDATE] = update_timer,
		[SLOT_PLDM] = pldm_timer,
	};
	uint64_t now = fw->env.now(fw->env.ctx);

	if (!mbx_enter(fw))
		return;
	for (unsigned int i = 0; i < SLOT_COUNT; i++) {
		if (fw->deadline[i] > now)
			continue;
		if (fw->phase == FW_HUNG)
			continue;
		fw->deadline[i] = FW_NEVER;
		act[i](fw);
	}
	timer_program(fw);
	if (fw->phase == FW_READY)
		mbx_flush(fw);
	mbx_leave(fw);
}

/* ---- counting and telling ---- */

void fw_event(struct fw *fw, const struct fw_event *ev)
{
	if (fw->env.event)
		fw->env.event(fw->env.ctx, ev);
}

void fw_refuse(struct fw *fw, enum fw_refusal why, const struct fw_event *ev)
{
	struct fw_event e = *ev;

	fw->refused[why]++;
	e.kind = FW_EV_REFUSED;
	e.reason = fw_refusal_names[why];
	fw_event(fw, &e);
}

void fw_state(struct fw *fw, const char *what)
{
	fw_event(fw, &(struct fw_event){ .kind = FW_EV_STATE, .name = what });
}

bool fw_host_owns(const struct fw *fw)
{
	return fw->host_owns;
}

bool fw_host_here(const struct fw *fw)
{
	return fw->host_here;
}

const struct fw_mac_sync *fw_mac_sync(const struct fw *fw)
{
	return &fw->sync;
}

uint64_t fw_counter(const struct fw *fw, enum fw_counter c)
{
	return fw->counter[c];
}

uint64_t fw_refused(const struct fw *fw, enum fw_refusal r)
{
	return fw->refused[r];
}
