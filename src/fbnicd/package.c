// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a card out of units, and gives them what they share: one firmware, one
 * flash, one BMC.  With one host, which is the rule, it is that and nothing more.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bus/vfu.h"
#include "../card/card.h"
#include "../homes/bmc_home.h"
#include "../homes/flash_file.h"
#include "../homes/fw_function.h"
#include "../homes/fw_home.h"
#include "../homes/fw_inside.h"
#include "../homes/fw_socket.h"
#include "../homes/mctp_home.h"
#include "../homes/partner.h"
#include "../loop/loop.h"
#include "package.h"
#include "state.h"
#include "unit.h"

_Static_assert(MAX_HOSTS == FW_HOSTS && MAX_HOSTS == NCSI_CHANNELS, "the same everywhere");

struct package {
	unsigned int		index;
	struct wire_loop	*loop;
	unsigned int		hosts;
	struct unit		*unit[MAX_HOSTS];
	uint8_t			mac[MAX_HOSTS][6];
	struct card_env		env;		/* clock and trace, for what is no unit's */
	struct flash_file	*flash;
	struct fw_home		*fw;
	struct bmc_home		*bmc;
	struct mctp_home	*mctp;
};

static void package_said(void *ctx, enum card_block blk, enum card_trace kind, const char *fmt, va_list ap)
{
	const struct package *p = ctx;
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	fprintf(stderr, "fbnicd: card %u: %s: %s%s\n", p->index, card_block_names[blk],
		kind == TRACE_GUEST_BUG ? "guest bug: " : "", line);
}

bool package_run(struct package *p)
{
	bool more = false;

	for (unsigned int i = 0; i < p->hosts; i++)
		more |= unit_run(p->unit[i]);
	return more;
}

void package_settle(struct package *p)
{
	for (unsigned int i = 0; i < p->hosts; i++)
		unit_settle(p->unit[i]);
}

/* ---- addresses ---- */

/* Hosts that were given none, and have none from before, count on from the first */
static void choose_macs(struct package *p, const struct card_options *o)
{
	for (unsigned int i = 0; i < p->hosts; i++) {
		const struct host_options *h = &o->host[i];

		if (i && !h->mac_given)
			mac_add(p->mac[i], p->mac[0], i);
		else
			memcpy(p->mac[i], h->mac, 6);
		if (o->state)
			state_mac(o->state, i, p->mac[i], h->mac_given);
		for (unsigned int k = 0; k < i; k++)
			if (!memcmp(p->mac[k], p->mac[i], 6))
				die("card %u: hosts %u and %u have the same address", p->index, k, i);
	}
}

/* The BMC has an address of its own at each port, that stays while the host's does */
static void bmc_mac(const struct host_options *o, const uint8_t host[6], uint8_t mac[6])
{
	if (o->bmc_mac_given) {
		memcpy(mac, o->bmc_mac, 6);
		return;
	}
	memcpy(mac, host, 6);
	mac[0] |= 2;		/* locally administered */
	mac[2] ^= 0x80;
}

/* The card's UUID, as its BMC sees it by NC-SI and by PLDM */
static void card_uuid(const struct package *p, uint8_t uuid[16])
{
	memcpy(uuid, "fbnic-bmc", 10);
	memcpy(uuid + 10, p->mac[0], 6);
	uuid[6] = 0x80 | (uuid[6] & 0xf);	/* RFC 9562: version 8, as one likes */
	uuid[8] = 0x80 | (uuid[8] & 0x3f);
}

/* ---- the BMC's side ---- */

static uint32_t speed_mbps(unsigned int speed)
{
	switch (speed) {
	case FW_SPEED_25CR:
		return 25000;
	case FW_SPEED_50CR2:
	case FW_SPEED_50CR:
		return 50000;
	}
	return 100000;
}

static void open_bmc(struct package *p, const struct card_options *o, bool trace)
{
	struct bmc_home_config cfg = { .spec = o->bmc, .fw = p->fw, .channels = p->hosts, .trace = trace };
	char err[256];

	if (!o->bmc)
		return;
	for (unsigned int i = 0; i < p->hosts; i++) {
		cfg.ch[i].card = unit_card(p->unit[i]);
		cfg.ch[i].mbps = speed_mbps(o->host[i].speed);
		bmc_mac(&o->host[i], p->mac[i], cfg.ch[i].mac);
	}
	card_uuid(p, cfg.uuid);
	p->bmc = bmc_home_new(&cfg, &p->env, p->loop, err, sizeof(err));
	if (!p->bmc)
		die("bmc=%s: %s", o->bmc, err);
}

static void open_mctp(struct package *p, const struct card_options *o, bool trace)
{
	struct mctp_home_config cfg = { .path = o->mctp, .fw = p->fw, .eid = o->mctp_eid, .trace = trace };
	char err[256];

	if (!o->mctp)
		return;
	card_uuid(p, cfg.uuid);
	p->mctp = mctp_home_new(&cfg, &p->env, p->loop, err, sizeof(err));
	if (!p->mctp)
		die("mctp=unix:%s: %s", o->mctp, err);
}

/* ---- the firmware ---- */

static void open_flash(struct package *p, const struct card_options *o)
{
	char err[256];

	p->flash = flash_file_open(o->state, FW_FLASH_SIZE, err, sizeof(err));
	if (!p->flash)
		die("state=%s: %s", o->state ? o->state : "", err);
}

static unsigned int memory_pieces(void *ctx, struct mem_piece *out, unsigned int max, unsigned int *left)
{
	return vu_pieces(ctx, out, max, left);
}

/* Homes elsewhere have one host, the first */
static struct fw_home *open_fw_socket(struct package *p, const struct card_options *o,
				      const struct fw_home_config *cfg)
{
	struct vu *vu = unit_vu(p->unit[0]);
	const struct fw_socket_config sock = { .path = o->fw_path, .loop = p->loop, .mem = vu,
					       .pieces = memory_pieces };
	struct fw_home *h = fw_socket_new(unit_card(p->unit[0]), &p->env, cfg, &sock);

	if (h)
		vu_lend(vu, fw_socket_memory_changed, h);
	return h;
}

static void fw_config(struct package *p, const struct card_options *o, struct fw_home_config *cfg)
{
	fw_home_config_default(cfg);
	cfg->env = &p->env;
	cfg->fw.boot_ms[0] = o->fw_boot_ms[0];
	cfg->fw.boot_ms[1] = o->fw_boot_ms[1];
	cfg->fw.restart_ms = o->fw_restart_ms;
	cfg->fw.hosts = p->hosts;
	for (unsigned int i = 0; i < p->hosts; i++) {
		cfg->fw.host[i].speed = o->host[i].speed;
		cfg->fw.host[i].fec = o->host[i].fec;
		if (!i)
			continue;
		cfg->more[i - 1].card = unit_card(p->unit[i]);
		cfg->more[i - 1].env = unit_env(p->unit[i]);
	}
	card_uuid(p, cfg->fw.uuid);
}

static void open_fw(struct package *p, const struct card_options *o)
{
	struct card *card = unit_card(p->unit[0]);
	struct fw_home_config cfg;
	char err[256];

	fw_config(p, o, &cfg);
	if (o->fw != FW_SOCKET)
		open_flash(p, o);
	cfg.flash = p->flash;
	switch (o->fw) {
	case FW_INSIDE:
		p->fw = fw_inside_new(card, unit_env(p->unit[0]), &cfg);
		break;
	case FW_FUNCTION:
		p->fw = fw_function_new(card, unit_env(p->unit[0]), &cfg, o->fw_path, p->loop, err, sizeof(err));
		if (!p->fw)
			die("fw=function:%s: %s", o->fw_path, err);
		break;
	case FW_SOCKET:
		p->fw = open_fw_socket(p, o, &cfg);
		break;
	}
	if (!p->fw)
		die("card %u: the firmware does not start: %s", p->index, strerror(errno));
}

/* ---- life ---- */

struct package *package_new(unsigned int index, const struct card_options *o, uint32_t trace, struct loop *loop)
{
	struct package *p = calloc(1, sizeof(*p));
	char name[16];

	if (!p)
		die("out of memory");
	p->index = index;
	p->loop = loop_wire(loop);
	p->hosts = o->nhosts;
	choose_macs(p, o);
	for (unsigned int i = 0; i < p->hosts; i++) {
		if (p->hosts > 1)
			snprintf(name, sizeof(name), "%u.%u", index, i);
		else
			snprintf(name, sizeof(name), "%u", index);
		p->unit[i] = unit_new(p, name, i, &o->host[i], p->mac[i], p->loop);
	}
	p->env = (struct card_env){ .ctx = p, .now = unit_env(p->unit[0])->now, .trace = package_said };
	open_fw(p, o);
	package_trace(p, trace);
	for (unsigned int i = 0; i < p->hosts; i++)
		unit_connect(p->unit[i], &o->host[i]);
	open_bmc(p, o, trace & 1u << BLK_BMC);
	open_mctp(p, o, trace & 1u << BLK_BMC);
	for (unsigned int i = 0; i < p->hosts; i++)
		unit_start(p->unit[i], &o->host[i]);
	return p;
}

void package_free(struct package *p)
{
	mctp_home_free(p->mctp);
	bmc_home_free(p->bmc);
	for (unsigned int i = 0; i < p->hosts; i++)
		unit_stop(p->unit[i]);
	fw_home_free(p->fw);
	flash_file_close(p->flash);
	for (unsigned int i = 0; i < p->hosts; i++)
		unit_free(p->unit[i]);
	free(p);
}

unsigned int package_hosts(const struct package *p)
{
	return p->hosts;
}

struct unit *package_unit(struct package *p, unsigned int host)
{
	return p->unit[host];
}

struct fw_home *package_fw(struct package *p)
{
	return p->fw;
}

struct bmc_home *package_bmc(struct package *p)
{
	return p->bmc;
}

struct mctp_home *package_mctp(struct package *p)
{
	return p->mctp;
}

void package_power(struct package *p)
{
	for (unsigned int i = 0; i < p->hosts; i++)
		card_reset(unit_card(p->unit[i]), CARD_RESET_POWER);
	fw_home_power(p->fw);
	for (unsigned int i = 0; i < p->hosts; i++)
		partner_power(unit_partner(p->unit[i]));
}

void package_trace(struct package *p, uint32_t blocks)
{
	if (p->mctp)
		mctp_home_trace(p->mctp, blocks & (1u << BLK_BMC));
	if (p->bmc)
		bmc_home_trace(p->bmc, blocks & (1u << BLK_BMC));
	for (unsigned int i = 0; i < p->hosts; i++)
		card_trace_mask(unit_card(p->unit[i]), blocks);
	fw_home_trace(p->fw, blocks & (1u << BLK_FW));
}
