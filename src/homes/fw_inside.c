// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's home inside fbnicd.
 *
 * Nothing runs here by itself.  The host's mailbox writes, resets, link changes
 * and the passing of time come from the card (struct card_fw_ops) and go
 * straight into the firmware; what the firmware does comes back as card_fw_*()
 * calls.  All on the card's thread, nothing when idle.
 */
#include "fw_inside.h"

#include "fw_home_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct inside {
	struct fw_home	base;
	struct fw	*fw;
};

/* ---- what the card gets ---- */

static struct fw *core_of(const struct fw_home_host *h)
{
	return ((const struct inside *)h->home)->fw;
}

static void card_mbx_written(void *ctx, unsigned int word)
{
	struct fw_home_host *h = ctx;

	fw_mbx_written(core_of(h), h->id, word);
}

static void card_was_reset(void *ctx)
{
	struct fw_home_host *h = ctx;

	fw_host_reset(core_of(h), h->id);
}

static void card_timer_due(void *ctx)
{
	fw_timer(core_of(ctx));
}

static void card_link_changed(void *ctx, bool up)
{
	struct fw_home_host *h = ctx;

	fw_link(core_of(h), h->id, up);
	fw_home_link(h->home, h->id, up);
}

static const struct card_fw_ops card_ops = {
	.mbx_written = card_mbx_written,
	.reset = card_was_reset,
	.timer = card_timer_due,
	.link = card_link_changed,
};

/* ---- what others ask ---- */

static struct fw *core(const struct fw_home *h)
{
	return ((const struct inside *)h)->fw;
}

static enum fw_phase inside_phase(const struct fw_home *h)
{
	return fw_phase(core(h));
}

static bool inside_host_owns(const struct fw_home *h, unsigned int host)
{
	return fw_host_owns(core(h), host);
}

static void inside_power(struct fw_home *h)
{
	fw_power(core(h));
}

static int inside_crash(struct fw_home *h, const char *why)
{
	return fw_crash(core(h), why);
}

static int inside_hang(struct fw_home *h)
{
	return fw_hang(core(h));
}

static int inside_restart(struct fw_home *h)
{
	return fw_restart(core(h));
}

static int inside_set_fault(struct fw_home *h, enum fw_fault which, uint32_t times)
{
	fw_set_fault(core(h), which, times);
	return 0;
}

static int inside_set_garble(struct fw_home *h, const struct fw_garble *g, uint32_t times)
{
	return fw_set_garble(core(h), g, times);
}

static int inside_fault(const struct fw_home *h, enum fw_fault which, uint32_t *times)
{
	*times = fw_fault(core(h), which);
	return 0;
}

static int inside_bmc_set(struct fw_home *h, unsigned int host, unsigned int macs, const uint8_t mac[][6],
			  bool all_multi)
{
	return fw_bmc_set(core(h), host, macs, mac, all_multi);
}

static int inside_set_module(struct fw_home *h, unsigned int host, const struct fw_module *m)
{
	fw_set_module(core(h), host, m);
	return 0;
}

static int inside_set_otp(struct fw_home *h, uint32_t status, uint32_t write_status)
{
	fw_set_otp(core(h), status, write_status);
	return 0;
}

static int inside_sensors(struct fw_home *h)
{
	fw_sensors(core(h));
	return 0;
}

static int inside_pldm(struct fw_home *h, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp,
		       size_t cap)
{
	return fw_pldm(core(h), link, req, len, rsp, cap);
}

static int inside_pldm_pending(struct fw_home *h, enum fw_pldm_link link, uint8_t *req, size_t cap)
{
	return fw_pldm_pending(core(h), link, req, cap);
}

static int inside_pldm_reply(struct fw_home *h, enum fw_pldm_link link, const uint8_t *rsp, size_t len)
{
	return fw_pldm_reply(core(h), link, rsp, len);
}

static int inside_temperature(struct fw_home *h, int32_t *max, int32_t *now)
{
	return fw_temperature(core(h), max, now);
}

static int inside_module_temperature(struct fw_home *h, unsigned int host, int32_t *alarm, int32_t *warning,
				     int32_t *now)
{
	return fw_module_temperature(core(h), host, alarm, warning, now);
}

static int inside_dump_take(struct fw_home *h, unsigned int host, bool crash)
{
	return fw_dump_take(core(h), host, crash);
}

static int inside_dump_read(struct fw_home *h, unsigned int host, uint32_t off, uint8_t *buf, size_t len)
{
	return fw_dump_read(core(h), host, off, buf, len);
}

static void host_counters(const struct fw *fw, unsigned int host,
			  void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	uint64_t val[FW_HOME_COUNTERS];
	char prefix[32];

	for (unsigned int i = 0; i < FWC_COUNT; i++)
		val[i] = fw_host_counter(fw, host, (enum fw_counter)i);
	for (unsigned int i = 0; i < FWR_COUNT; i++)
		val[FWC_COUNT + i] = fw_host_refused(fw, host, (enum fw_refusal)i);
	snprintf(prefix, sizeof(prefix), "fw_host%u_", host);
	fw_home_name_counters(prefix, val, fn, arg);
}

static void inside_counters(const struct fw_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	uint64_t val[FW_HOME_COUNTERS];

	for (unsigned int i = 0; i < FWC_COUNT; i++)
		val[i] = fw_counter(core(h), (enum fw_counter)i);
	for (unsigned int i = 0; i < FWR_COUNT; i++)
		val[FWC_COUNT + i] = fw_refused(core(h), (enum fw_refusal)i);
	fw_home_name_counters("fw_", val, fn, arg);
	for (unsigned int i = 0; h->hosts > 1 && i < h->hosts; i++)
		host_counters(core(h), i, fn, arg);
}

static void inside_free(struct fw_home *h)
{
	fw_home_detach(h);
	free(core(h));
	free(h);
}

static const struct fw_home_ops ops = {
	.free = inside_free, .phase = inside_phase, .host_owns = inside_host_owns, .power = inside_power,
	.crash = inside_crash, .hang = inside_hang, .restart = inside_restart, .bmc_set = inside_bmc_set,
	.set_fault = inside_set_fault, .fault = inside_fault, .set_garble = inside_set_garble,
	.set_module = inside_set_module, .set_otp = inside_set_otp, .sensors = inside_sensors,
	.pldm = inside_pldm, .pldm_pending = inside_pldm_pending, .pldm_reply = inside_pldm_reply,
	.temperature = inside_temperature, .module_temperature = inside_module_temperature,
	.dump_take = inside_dump_take, .dump_read = inside_dump_read, .counters = inside_counters,
};

/* ---- life ---- */

struct fw_home *fw_inside_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg)
{
	struct inside *h = calloc(1, sizeof(*h));
	struct fw_env fw_env;
	int err;

	if (!h)
		return NULL;
	if (!cfg->fw.hosts || cfg->fw.hosts > FW_HOSTS) {
		free(h);
		errno = EINVAL;
		return NULL;
	}
	fw_home_init(&h->base, &ops, c, env, cfg);
	fw_home_env(&h->base, &fw_env);
	h->fw = calloc(1, fw_size());
	err = h->fw ? fw_init(h->fw, &cfg->fw, &fw_env) : -ENOMEM;
	if (err) {
		free(h->fw);
		free(h);
		errno = -err;
		return NULL;
	}
	for (unsigned int i = 0; i < h->base.hosts; i++)
		card_attach_fw(h->base.host[i].card, &card_ops, &h->base.host[i]);
	return &h->base;
}

struct fw *fw_inside_core(struct fw_home *h)
{
	return core(h);
}
