// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's home on a computer of its own.
 *
 *	card <--> fw_home.c's struct fw_env <--> mgmt <--> vfio-user <--> QEMU with the firmware
 *
 * All on the card's thread.  The firmware's computer is never waited for: what
 * happens on the card is an event for it, and what it does comes as register
 * accesses when it does.  When it goes away there is no firmware until another
 * one connects; the mailbox words stay as they are meanwhile, and a driver
 * that waits for heartbeats finds out.
 */
#include "fw_function.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bus/vfu.h"
#include "../mgmt/mgmt.h"
#include "bus_port.h"
#include "fw_home_int.h"

_Static_assert(MGMT_PENDING == FW_HOME_PENDING, "handed through");

struct function {
	struct fw_home	base;
	struct mgmt	*mgmt;
	struct vu	*vu;
	struct card_env	own;		/* the management processor's memory and interrupts */
	struct bus_port	port;
	struct loop_hook hook;
};

/* ---- from the card ---- */

static void card_mbx_written(void *ctx, unsigned int word)
{
	struct function *f = ctx;

	mgmt_host_wrote(f->mgmt, word, card_fw_read(f->base.card, word));
}

static void card_was_reset(void *ctx)
{
	mgmt_host_reset(((struct function *)ctx)->mgmt);
}

static void card_link_changed(void *ctx, bool up)
{
	struct function *f = ctx;

	mgmt_link(f->mgmt, up);
	fw_home_link(&f->base, 0, up);
}

static const struct card_fw_ops card_ops = {
	.mbx_written = card_mbx_written,
	.reset = card_was_reset,
	.link = card_link_changed,
};

/* ---- the management processor ---- */

static int own_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct function *f = ctx;

	return f->own.dma_read(f->own.ctx, addr, buf, len);
}

static int own_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct function *f = ctx;

	return f->own.dma_write(f->own.ctx, addr, buf, len);
}

static void own_irq(void *ctx, unsigned int v)
{
	struct function *f = ctx;

	f->own.irq(f->own.ctx, v);
}

static void own_answered(void *ctx)
{
	fw_home_answered(ctx);
}

static void own_refused(void *ctx, const char *what, const char *where, uint32_t val)
{
	fw_home_say(ctx, true, "management processor: %s 0x%x: %s", where, val, what);
}

static uint32_t fn_bar_read(void *ctx, unsigned int bar, uint32_t off)
{
	return mgmt_bar_read(ctx, bar, off);
}

static void fn_bar_write(void *ctx, unsigned int bar, uint32_t off, uint32_t val)
{
	mgmt_bar_write(ctx, bar, off, val);
}

static uint32_t fn_cfg_read(void *ctx, uint32_t off, unsigned int len)
{
	return mgmt_cfg_read(ctx, off, len);
}

static void fn_cfg_write(void *ctx, uint32_t off, unsigned int len, uint32_t val)
{
	mgmt_cfg_write(ctx, off, len, val);
}

static void fn_msix_mask(void *ctx, unsigned int v, bool masked)
{
	mgmt_msix_mask(ctx, v, masked);
}

static void fn_reset(void *ctx, bool gone)
{
	(void)gone;
	mgmt_reset(ctx);
}

static const struct vu_function fn = {
	.bar_read = fn_bar_read, .bar_write = fn_bar_write, .bar_size = mgmt_bar_size,
	.cfg_read = fn_cfg_read, .cfg_write = fn_cfg_write, .msix_mask = fn_msix_mask, .reset = fn_reset,
	.whole_words = 1u << 0 | 1u << 4,
};

static void on_client(void *ctx, int fd, bool open)
{
	struct function *f = ctx;

	if (bus_port_client(&f->port, fd, open))
		fw_home_say(&f->base, true, "management processor: its connection can't be watched");
}

static void on_log(void *ctx, const char *line)
{
	fw_home_say(ctx, true, "management processor: %s", line);
}

static bool before_sleep(void *arg)
{
	struct function *f = arg;
	bool more = f->port.more;

	bus_port_run(&f->port);
	bus_port_settle(&f->port);
	return more;		/* what was done may be work for the card */
}

/* ---- what others ask ---- */

static struct mgmt *mgmt_of(const struct fw_home *h)
{
	return ((const struct function *)h)->mgmt;
}

static enum fw_phase function_phase(const struct fw_home *h)
{
	return mgmt_phase(mgmt_of(h));
}

static bool function_host_owns(const struct fw_home *h, unsigned int host)
{
	(void)host;		/* there is one */
	return mgmt_host_owns(mgmt_of(h));
}

static void function_power(struct fw_home *h)
{
	mgmt_life(mgmt_of(h), LIFE_POWER);
}

static int function_crash(struct fw_home *h, const char *why)
{
	(void)why;		/* there is one who asks */
	return mgmt_life(mgmt_of(h), LIFE_CRASH);
}

static int function_hang(struct fw_home *h)
{
	return mgmt_life(mgmt_of(h), LIFE_HANG);
}

static int function_restart(struct fw_home *h)
{
	return mgmt_life(mgmt_of(h), LIFE_RESTART);
}

static int function_bmc_set(struct fw_home *h, unsigned int host, unsigned int macs, const uint8_t mac[][6],
			    bool all_multi)
{
	(void)host;		/* there is one */
	return mgmt_bmc_set(mgmt_of(h), macs, mac, all_multi);
}

static int function_set_module(struct fw_home *h, unsigned int host, const struct fw_module *m)
{
	(void)host;
	mgmt_set_module(mgmt_of(h), m);
	return 0;
}

static int function_set_otp(struct fw_home *h, uint32_t status, uint32_t write_status)
{
	mgmt_set_otp(mgmt_of(h), status, write_status);
	return 0;
}

static int function_sensors(struct fw_home *h)
{
	mgmt_sensors(mgmt_of(h));
	return 0;
}

static int function_set_fault(struct fw_home *h, enum fw_fault which, uint32_t times)
{
	return mgmt_set_fault(mgmt_of(h), which, times);
}

static int function_set_garble(struct fw_home *h, const struct fw_garble *g, uint32_t times)
{
	int err = fw_garble_check(g);

	return err ? err : mgmt_set_garble(mgmt_of(h), g, times);
}

static int function_fault(const struct fw_home *h, enum fw_fault which, uint32_t *times)
{
	*times = mgmt_fault(mgmt_of(h), which);
	return 0;
}

static int ask(struct fw_home *h, struct mgmt_question *q)
{
	return mgmt_ask(mgmt_of(h), q);
}

static int function_pldm(struct fw_home *h, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp,
			 size_t cap)
{
	return ask(h, &(struct mgmt_question){ .what = ASK_PLDM, .link = (uint8_t)link, .req = req, .len = len,
					       .buf = rsp, .cap = cap });
}

static int function_pldm_pending(struct fw_home *h, enum fw_pldm_link link, uint8_t *req, size_t cap)
{
	return ask(h, &(struct mgmt_question){ .what = ASK_PLDM_PENDING, .link = (uint8_t)link, .buf = req,
					       .cap = cap });
}

static int function_pldm_reply(struct fw_home *h, enum fw_pldm_link link, const uint8_t *rsp, size_t len)
{
	return ask(h, &(struct mgmt_question){ .what = ASK_PLDM_REPLY, .link = (uint8_t)link, .req = rsp,
					       .len = len });
}

static int function_temperature(struct fw_home *h, int32_t *max, int32_t *now)
{
	struct mgmt_question q = { .what = ASK_TEMPERATURE };
	int ret = ask(h, &q);

	*max = q.val[0];
	*now = q.val[1];
	return ret;
}

static int function_module_temperature(struct fw_home *h, unsigned int host, int32_t *alarm, int32_t *warning,
				       int32_t *now)
{
	struct mgmt_question q = { .what = ASK_MODULE_TEMPERATURE };
	int ret = ask(h, &q);

	(void)host;
	*alarm = q.val[0];
	*warning = q.val[1];
	*now = q.val[2];
	return ret;
}

static int function_dump_take(struct fw_home *h, unsigned int host, bool crash)
{
	(void)host;
	return ask(h, &(struct mgmt_question){ .what = ASK_DUMP_TAKE, .link = crash });
}

static int function_dump_read(struct fw_home *h, unsigned int host, uint32_t off, uint8_t *buf, size_t len)
{
	(void)host;
	return ask(h, &(struct mgmt_question){ .what = ASK_DUMP_READ, .off = off, .buf = buf, .cap = len });
}

static void function_trace(struct fw_home *h, bool all)
{
	mgmt_trace(mgmt_of(h), all);
}

static void function_counters(const struct fw_home *h, void (*f)(void *arg, const char *name, uint64_t val), void *arg)
{
	const struct mgmt *m = mgmt_of(h);
	uint64_t val[FW_HOME_COUNTERS];

	for (unsigned int i = 0; i < FW_HOME_COUNTERS; i++)
		val[i] = mgmt_counter(m, i);
	fw_home_name_counters("fw_", val, f, arg);
	f(arg, "fw_function_refused", mgmt_refused(m));
}

static void function_free(struct fw_home *h)
{
	struct function *f = (struct function *)h;

	if (f->mgmt)
		fw_home_detach(h);
	if (f->hook.cb)
		loop_hook_del(f->port.loop, &f->hook);
	if (f->vu)
		vu_detach(f->vu);
	if (f->port.vu)
		bus_port_stop(&f->port);
	vu_free(f->vu);
	mgmt_free(f->mgmt);
	free(f);
}

static const struct fw_home_ops ops = {
	.free = function_free, .phase = function_phase, .host_owns = function_host_owns, .power = function_power,
	.crash = function_crash, .hang = function_hang, .restart = function_restart, .bmc_set = function_bmc_set,
	.set_module = function_set_module, .set_otp = function_set_otp, .sensors = function_sensors,
	.set_fault = function_set_fault, .fault = function_fault, .set_garble = function_set_garble,
	.pldm = function_pldm, .pldm_pending = function_pldm_pending, .pldm_reply = function_pldm_reply,
	.temperature = function_temperature, .module_temperature = function_module_temperature,
	.dump_take = function_dump_take, .dump_read = function_dump_read, .counters = function_counters,
	.trace = function_trace,
};

/* ---- life ---- */

static int function_start(struct function *f, const struct fw_home_config *cfg, struct wire_loop *loop)
{
	const struct mgmt_bus bus = { f, own_read, own_write, own_irq, own_answered, own_refused };
	struct fw_env env;

	vu_env(f->vu, &f->own);
	fw_home_env(&f->base, &env);
	f->mgmt = mgmt_new(&cfg->fw, &env, &bus);
	if (!f->mgmt)
		return -ENOMEM;
	mgmt_trace(f->mgmt, cfg->trace);
	card_attach_fw(f->base.card, &card_ops, f);
	vu_attach_function(f->vu, &fn, f->mgmt, MGMT_VECTORS);
	f->hook = (struct loop_hook){ .cb = before_sleep, .arg = f };
	loop_hook_add(loop, &f->hook);
	return bus_port_start(&f->port, loop, f->vu);
}

struct fw_home *fw_function_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg,
				const char *path, struct wire_loop *loop, char *err, size_t errlen)
{
	struct function *f = calloc(1, sizeof(*f));
	int e;

	if (!f) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	fw_home_init(&f->base, &ops, c, env, cfg);
	f->port.loop = loop;
	f->vu = vu_new(path, &(struct vu_owner){ .ctx = f, .conn = on_client, .log = on_log }, err, errlen);
	if (!f->vu) {
		free(f);
		return NULL;
	}
	e = function_start(f, cfg, loop);
	if (e) {
		snprintf(err, errlen, "%s", strerror(-e));
		function_free(&f->base);
		return NULL;
	}
	return &f->base;
}
