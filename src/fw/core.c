// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's frame: configuration, function reset, time, counting.  Its
 * life is in life.c.
 *
 * A reset of the PCI function takes the mailbox away, not the firmware: heads
 * return to 0, replies that wait are dropped, the host owns nothing any more.
 *
 * The card may have several hosts.  What one of them sends, leaves lying or
 * breaks stays within its struct fw_host, its log included; the firmware's life,
 * flash, sensors and PLDM are the card's and there once.
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
		.max_speed = FW_SPEED_100CR2,
		.restart_ms = 1000,
		/* as Meta's mock firmware has them */
		.temp_min = -1000, .temp_max = 95000, .temp_crit = 105000, .volt_min = 675, .volt_max = 825,
		.hosts = 1,
	};
	static const struct fw_host_config host = {
		.speed = FW_SPEED_100CR2,
		.fec = FW_FEC_RS,
		.module = { .kind = FW_MODULE_DAC, .temp = 28000, .volt = 3300 },
	};

	memcpy(cfg, &def, sizeof(*cfg));
	for (unsigned int i = 0; i < FW_HOSTS; i++)
		memcpy(&cfg->host[i], &host, sizeof(host));
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

static bool host_config_ok(const struct fw_host_config *c)
{
	return c->speed >= FW_SPEED_25CR && c->speed <= FW_SPEED_100CR2 &&
	       c->fec >= FW_FEC_NONE && c->fec <= FW_FEC_BASER && c->bmc_macs <= FW_BMC_MACS &&
	       c->module.kind < FW_MODULES;
}

static bool config_ok(const struct fw_config *c)
{
	if (!c->hosts || c->hosts > FW_HOSTS)
		return false;
	for (unsigned int i = 0; i < c->hosts; i++)
		if (!host_config_ok(&c->host[i]))
			return false;
	return version_ok(&c->mgmt) && version_ok(&c->boot) && version_ok(&c->uefi) && c->mgmt.version;
}

static void host_init(struct fw *fw, unsigned int i)
{
	struct fw_host *h = &fw->host[i];

	h->fw = fw;
	h->ctx = fw->env.host_ctx[i];
	h->id = i;
	h->cfg = fw->cfg.host[i];
	h->module = h->cfg.module;
	for (unsigned int k = 0; k < HOST_SLOT_COUNT; k++)
		h->deadline[k] = FW_NEVER;
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
	for (unsigned int i = 0; i < cfg->hosts; i++)
		host_init(fw, i);
	fw_power(fw);
	return 0;
}

/* Never 0: the driver takes a 0 for "no heartbeat yet" */
uint64_t fw_uptime_ms(const struct fw *fw)
{
	return (fw->env.now(fw->env.ctx) - fw->boot) / 1000000u + 1;
}

/* ---- events from outside ---- */

void fw_host_gone(struct fw_host *h)
{
	bool was = h->host_here || h->host_owns, owned = h->host_owns;

	h->host_here = false;
	h->host_owns = false;
	h->caps_sent = false;
	memset(&h->sync, 0, sizeof(h->sync));
	owner_forget(h);
	beat_forget(h);
	update_forget(h);
	log_stop(h);
	bmc_table(h);
	if (owned)
		bmc_owner(h);
	if (!was)
		return;
	h->counter[FWC_HOST_GONE]++;
	log_write(h, "host: driver disconnected", false);
	host_state(h, "host gone");
}

void fw_host_reset(struct fw *fw, unsigned int host)
{
	struct fw_host *h = &fw->host[host];

	otp_write(h);
	if (fw->phase != FW_READY) {
		mbx_reset(h);
		return;
	}
	fw_host_gone(h);
	mbx_reset(h);
	h->counter[FWC_RESETS]++;
	log_write(h, "host: function reset", false);
	host_state(h, "function reset");
	fw_apply_link_mode(h);
	bmc_program(h);
}

void fw_link(struct fw *fw, unsigned int host, bool up)
{
	struct fw_host *h = &fw->host[host];
	bool ours;

	if (fw->phase != FW_READY || (h->link_known && up == h->link_up))
		return;
	h->link_known = true;
	h->link_up = up;
	ours = mbx_enter(fw);
	log_write(h, up ? "link: up" : "link: down", false);
	host_state(h, up ? "link up" : "link down");
	if (ours)
		mbx_leave(fw);
}

static void timer_program(struct fw *fw)
{
	uint64_t first = FW_NEVER;

	if (fw->phase != FW_HUNG) {
		for (unsigned int i = 0; i < SLOT_COUNT; i++)
			if (fw->deadline[i] < first)
				first = fw->deadline[i];
		EACH_HOST(fw, h)
			for (unsigned int i = 0; i < HOST_SLOT_COUNT; i++)
				if (h->deadline[i] < first)
					first = h->deadline[i];
	}
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

void host_defer(struct fw_host *h, enum host_slot slot, uint64_t when)
{
	if (h->deadline[slot] == when)
		return;
	h->deadline[slot] = when;
	timer_program(h->fw);
}

static void host_timer(struct fw_host *h, uint64_t now)
{
	static void (*const act[HOST_SLOT_COUNT])(struct fw_host *h) = {
		[HOST_SLOT_LOG] = log_timer,
		[HOST_SLOT_OWNER] = owner_timer,
		[HOST_SLOT_BEAT] = beat_timer,
	};

	for (unsigned int i = 0; i < HOST_SLOT_COUNT; i++) {
		if (h->deadline[i] > now || h->fw->phase == FW_HUNG)
			continue;
		h->deadline[i] = FW_NEVER;
		act[i](h);
	}
}

void fw_timer(struct fw *fw)
{
	static void (*const act[SLOT_COUNT])(struct fw *fw) = {
		[SLOT_LIFE] = life_timer,
		[SLOT_UPDATE] = update_timer,
		[SLOT_PLDM] = pldm_timer,
		[SLOT_FAULT] = fault_timer,
	};
	uint64_t now = fw->env.now(fw->env.ctx);

	if (!mbx_enter(fw))
		return;
	EACH_HOST(fw, h)
		host_timer(h, now);
	for (unsigned int i = 0; i < SLOT_COUNT; i++) {
		if (fw->deadline[i] > now || fw->phase == FW_HUNG)
			continue;
		fw->deadline[i] = FW_NEVER;
		act[i](fw);
	}
	timer_program(fw);
	if (fw->phase == FW_READY)
		mbx_flush_all(fw);
	mbx_leave(fw);
}

/* ---- counting and telling ---- */

void fw_event(struct fw *fw, const struct fw_event *ev)
{
	if (fw->env.event)
		fw->env.event(fw->env.ctx, ev);
}

void host_event(struct fw_host *h, const struct fw_event *ev)
{
	struct fw_event e = *ev;

	e.host = h->id + 1;
	fw_event(h->fw, &e);
}

static void refused(struct fw *fw, enum fw_refusal why, struct fw_event e)
{
	e.kind = FW_EV_REFUSED;
	e.reason = fw_refusal_names[why];
	fw_event(fw, &e);
}

void fw_refuse(struct fw *fw, enum fw_refusal why, const struct fw_event *ev)
{
	fw->refused[why]++;
	refused(fw, why, *ev);
}

void host_refuse(struct fw_host *h, enum fw_refusal why, const struct fw_event *ev)
{
	struct fw_event e = *ev;

	h->refused[why]++;
	e.host = h->id + 1;
	refused(h->fw, why, e);
}

void fw_state(struct fw *fw, const char *what)
{
	fw_event(fw, &(struct fw_event){ .kind = FW_EV_STATE, .name = what });
}

void host_state(struct fw_host *h, const char *what)
{
	host_event(h, &(struct fw_event){ .kind = FW_EV_STATE, .name = what });
}

bool fw_host_owns(const struct fw *fw, unsigned int host)
{
	return fw->host[host].host_owns;
}

bool fw_host_here(const struct fw *fw, unsigned int host)
{
	return fw->host[host].host_here;
}

const struct fw_mac_sync *fw_mac_sync(const struct fw *fw, unsigned int host)
{
	return &fw->host[host].sync;
}

uint64_t fw_host_counter(const struct fw *fw, unsigned int host, enum fw_counter c)
{
	return fw->host[host].counter[c];
}

uint64_t fw_host_refused(const struct fw *fw, unsigned int host, enum fw_refusal r)
{
	return fw->host[host].refused[r];
}

uint64_t fw_counter(const struct fw *fw, enum fw_counter c)
{
	uint64_t n = fw->counter[c];

	for (unsigned int i = 0; i < fw->cfg.hosts; i++)
		n += fw->host[i].counter[c];
	return n;
}

uint64_t fw_refused(const struct fw *fw, enum fw_refusal r)
{
	uint64_t n = fw->refused[r];

	for (unsigned int i = 0; i < fw->cfg.hosts; i++)
		n += fw->host[i].refused[r];
	return n;
}
