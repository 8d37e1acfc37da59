// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers to the driver's messages (contract 07 section 6), except updates,
 * logs, modules, sensors and dumps, which have files of their own.
 *
 * A handler gets a message that its row in the table has checked.  It answers
 * through fw_reply() / fw_send(), and returns an error only to have the request
 * counted as refused: the driver learns of it from the error attribute, if the
 * answer has one.  Be careful with errors: the driver prints a hex dump of some
 * answers that carry one (those whose parser returns it), so an error must be
 * the truth and not a habit.
 *
 * The order at the driver's start: HOST_CAP_REQ (the link mode is programmed
 * before the answer), SEND_LOGS, and with the interface up OWNERSHIP, after
 * which a heartbeat every 10 s.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"

#define OWNER_DELAY	10000000u	/* ns */
#define BEAT_DELAY	10000000u

void fw_reply(struct fw_host *h, struct fw_out *o, enum fw_msg_id id)
{
	out_begin(o, h->out, sizeof(h->out), id);
}

int fw_send(struct fw_host *h, struct fw_out *o)
{
	int len = out_end(o);

	if (len < 0)
		return len;
	mbx_send(h, h->out, (size_t)len);
	return 0;
}

/* Lanes of PAM4 have no other FEC; driver: fbnic_mac.c, fbnic_mac_get_fw_settings() */
static uint32_t link_fec(const struct fw_host *h)
{
	bool pam4 = h->speed == FW_SPEED_50CR || h->speed == FW_SPEED_100CR2;

	return pam4 ? FW_FEC_RS : h->cfg.fec;
}

void fw_apply_link_mode(struct fw_host *h)
{
	if (h->fw->env.set_link_mode(h->ctx, h->speed, link_fec(h)))
		log_write(h, "link: mode not accepted", false);
}

/* The self test wants its message back as it was */
int fw_on_test(struct fw_host *h, const struct fw_in *in)
{
	memcpy(h->out, in->p, in->len);
	if (fault_strikes(h->fw, FW_FAULT_TEST) && in->len > 2 * TLV_HDR)
		h->out[2] ^= 1;		/* the first attribute's value */
	mbx_send(h, h->out, in->len);
	return 0;
}

static void put_version(struct fw_out *o, unsigned int id, unsigned int commit_id, const struct fw_version *v)
{
	if (v->version)
		out_uint(o, id, v->version);
	if (v->commit[0])
		out_string(o, commit_id, v->commit);
}

static void put_bmc(struct fw_out *o, const struct fw_host_config *c)
{
	if (!c->bmc_macs)
		return;
	out_flag(o, CAP_BMC_PRESENT);
	out_nest(o, CAP_BMC_MACS);
	for (unsigned int i = 0; i < c->bmc_macs; i++)
		out_bytes(o, CAP_BMC_MAC, c->bmc_mac[i], sizeof(c->bmc_mac[i]));
	out_nest_end(o);
	out_uint(o, CAP_BMC_ALL_MULTI, c->bmc_all_multi);
}

/* Also sent unasked, when what it says has changed */
int fw_send_caps(struct fw_host *h)
{
	const struct fw *fw = h->fw;
	const struct fw_config *c = &fw->cfg;
	struct fw_out o;

	fw_reply(h, &o, MSG_FW_CAP_RESP);
	put_version(&o, CAP_VERSION, CAP_COMMIT, &fw->running[PART_CONTROL]);
	put_bmc(&o, &h->cfg);
	put_version(&o, CAP_STORED_VERSION, CAP_STORED_COMMIT, flash_stored(fw, PART_CONTROL));
	out_uint(&o, CAP_SLOT, fw->running_slot[PART_CONTROL]);
	out_uint(&o, CAP_SPEED, h->speed);
	out_uint(&o, CAP_FEC, link_fec(h));
	put_version(&o, CAP_BOOT_VERSION, CAP_BOOT_COMMIT, &fw->running[PART_BOOT]);
	put_version(&o, CAP_STORED_BOOT_VERSION, CAP_STORED_BOOT_COMMIT, flash_stored(fw, PART_BOOT));
	put_version(&o, CAP_UEFI_VERSION, CAP_UEFI_COMMIT, flash_stored(fw, PART_UEFI));
	if (c->max_speed)
		out_uint(&o, CAP_MAX_SPEED, c->max_speed);
	out_uint(&o, CAP_ANTI_ROLLBACK, fw->dir.fuse);
	out_sint(&o, CAP_TEMP_MIN, c->temp_min);
	out_sint(&o, CAP_TEMP_MAX, c->temp_max);
	out_sint(&o, CAP_TEMP_CRIT, c->temp_crit);
	out_uint(&o, CAP_VOLT_MIN, c->volt_min);
	out_uint(&o, CAP_VOLT_MAX, c->volt_max);
	return fw_send(h, &o);
}

/* What the capabilities say of the card has changed */
void fw_tell_caps(struct fw *fw, const struct fw_host *but)
{
	EACH_HOST(fw, h)
		if (h != but && h->caps_sent)
			fw_send_caps(h);
}

int fw_on_host_cap(struct fw_host *h, const struct fw_in *in)
{
	(void)in;
	fw_apply_link_mode(h);
	log_write(h, "host: driver connected", true);
	h->caps_sent = true;
	return fw_send_caps(h);
}

/* Answers all requests that wait for our uptime */
static void tell_uptime(struct fw_host *h, unsigned int *owed, enum fw_msg_id id, unsigned int attr)
{
	struct fw_out o;

	for (; *owed; (*owed)--) {
		fw_reply(h, &o, id);
		out_uint(&o, attr, fw_uptime_ms(h->fw));
		fw_send(h, &o);
	}
}

void owner_timer(struct fw_host *h)
{
	tell_uptime(h, &h->owner_owed, MSG_OWNERSHIP_RESP, OWN_TIME);
}

void owner_forget(struct fw_host *h)
{
	h->owner_owed = 0;
	host_defer(h, HOST_SLOT_OWNER, FW_NEVER);
}

/*
 * Linux 6.12 sends the request first and then notes "no answer yet"
 * (fbnic_fw_xmit_ownership_msg()): an answer that comes in between is lost and
 * the interface does not come up.  So taking is answered a little later; no
 * driver looks for the answer before 200 ms have passed.
 */
int fw_on_ownership(struct fw_host *h, const struct fw_in *in)
{
	bool take = in->a[OWN_FLAG].p;

	if (take != h->host_owns) {
		h->host_owns = take;
		log_write(h, take ? "host: took the card" : "host: released the card", true);
		host_state(h, take ? "host owns the card" : "host released the card");
		bmc_owner(h);
		bmc_table(h);
	}
	if (h->owner_owed >= MBX_DESCS)
		return -FW_EBUSY;
	h->owner_owed++;
	if (take) {
		if (h->deadline[HOST_SLOT_OWNER] == FW_NEVER)
			host_defer(h, HOST_SLOT_OWNER, h->fw->env.now(h->fw->env.ctx) + OWNER_DELAY);
		return 0;
	}
	host_defer(h, HOST_SLOT_OWNER, FW_NEVER);
	owner_timer(h);
	return 0;
}

void beat_timer(struct fw_host *h)
{
	tell_uptime(h, &h->beats_owed, MSG_HEARTBEAT_RESP, HEARTBEAT_UPTIME);
}

void beat_forget(struct fw_host *h)
{
	h->beats_owed = 0;
	h->reborn = false;
	host_defer(h, HOST_SLOT_BEAT, FW_NEVER);
}

/*
 * The driver sends the request first and then notes which uptime it knows
 * (fbnic_fw_xmit_heartbeat_message()); with an answer that comes in between it
 * compares the new one with itself.  Where that would hide from it that we have
 * crashed, in the first answer of a life that is not the first it knows, we
 * take our time, as a firmware that has just booted does.
 */
int fw_on_heartbeat(struct fw_host *h, const struct fw_in *in)
{
	(void)in;
	if (h->beats_owed >= MBX_DESCS)
		return -FW_EBUSY;
	h->beats_owed++;
	if (h->reborn)
		host_defer(h, HOST_SLOT_BEAT, h->fw->env.now(h->fw->env.ctx) + BEAT_DELAY);
	else if (h->deadline[HOST_SLOT_BEAT] == FW_NEVER)
		beat_timer(h);
	h->reborn = false;
	sensors_check(h->fw);
	return 0;
}

static unsigned int copy_macs(uint8_t mac[][6], const struct fw_in *in, unsigned int id)
{
	struct tlv_view v[FW_SYNC_MACS];
	int n;

	if (!in->a[id].p)
		return 0;
	n = tlv_parse_array(in->a[id].p, in->a[id].len, &in->def->attrs, SYNC_MAC, v, FW_SYNC_MACS);
	for (int i = 0; i < n; i++)
		memcpy(mac[i], v[i].p, 6);
	return n > 0 ? (unsigned int)n : 0;
}

int fw_on_mac_sync(struct fw_host *h, const struct fw_in *in)
{
	struct fw_mac_sync *s = &h->sync;

	memset(s, 0, sizeof(*s));
	s->flags = (uint32_t)tlv_uint(&in->a[SYNC_FLAGS]);
	s->uc = copy_macs(s->uc_mac, in, SYNC_UC);
	s->mc = copy_macs(s->mc_mac, in, SYNC_MC);
	host_state(h, "host addresses synced");
	bmc_table(h);
	return 0;
}
