// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every home of a firmware has: the card and the board as a firmware
 * reaches them (struct fw_env), and the telling.
 *
 * What the firmware has to tell goes to the card's trace as block "fw": events
 * if they are wanted, refusals always, but at most BUGS_PER_SEC of them in a
 * second, so that a mad guest can't fill a disk; the counters have all of them.
 */
#include "fw_home_int.h"

#include "../card/regs.h"
#include "flash_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_SEC	1000000000ull
#define BUGS_PER_SEC	10u

#define EACH_WATCHER(h, w) \
	for (const struct fw_home_watch *w = (h)->watch; w; w = w->next)

/* ---- what the firmware gets ---- */

static uint32_t home_mbx_read(void *ctx, unsigned int word)
{
	struct fw_home_host *h = ctx;

	return card_fw_read(h->card, word);
}

static void home_mbx_write(void *ctx, unsigned int word, uint32_t val)
{
	struct fw_home_host *h = ctx;

	card_fw_write(h->card, word, val);
}

static int home_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct fw_home_host *h = ctx;

	return card_fw_dma_read(h->card, addr, buf, len);
}

static int home_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct fw_home_host *h = ctx;

	return card_fw_dma_write(h->card, addr, buf, len);
}

static bool home_dma_ready(void *ctx, bool write)
{
	struct fw_home_host *h = ctx;

	return card_fw_dma_ready(h->card, write);
}

static void home_irq(void *ctx)
{
	struct fw_home_host *h = ctx;

	card_fw_irq(h->card);
}

static uint64_t home_now(void *ctx)
{
	struct fw_home *h = ctx;

	return h->all.env.now(h->all.env.ctx);
}

static void home_timer(void *ctx, uint64_t when)
{
	struct fw_home *h = ctx;

	card_fw_timer(h->card, when);
}

static int home_set_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	struct fw_home_host *h = ctx;

	return card_fw_set_link_mode(h->card, speed, fec);
}

static int home_flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	struct fw_home *h = ctx;

	return flash_file_read(h->flash, off, buf, len);
}

static int home_flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	struct fw_home *h = ctx;

	return flash_file_write(h->flash, off, buf, len);
}

static int home_flash_sync(void *ctx)
{
	struct fw_home *h = ctx;

	return flash_file_sync(h->flash);
}

static uint32_t home_reg_read(void *ctx, uint32_t csr)
{
	struct fw_home_host *h = ctx;

	return card_csr_peek(h->card, csr);
}

static void home_csr_write(void *ctx, uint32_t csr, uint32_t val)
{
	struct fw_home_host *h = ctx;

	card_fw_csr_write(h->card, csr, val);
}

static void home_bmc_table(void *ctx, const struct fw_mac_sync *host)
{
	struct fw_home_host *h = ctx;
	struct card_bmc_table t = { .flags = host->flags, .uc = host->uc, .mc = host->mc };

	_Static_assert(sizeof(t.uc_mac) == sizeof(host->uc_mac) && sizeof(t.mc_mac) == sizeof(host->mc_mac), "the same");
	memcpy(t.uc_mac, host->uc_mac, sizeof(t.uc_mac));
	memcpy(t.mc_mac, host->mc_mac, sizeof(t.mc_mac));
	card_fw_bmc_table(h->card, &t);
}

static void home_owner(void *ctx, bool owns)
{
	const struct fw_home_host *h = ctx;

	EACH_WATCHER(h->home, w)
		if (w->owner && w->host == h->id)
			w->owner(w->ctx, owns);
}

void fw_home_restarted(struct fw_home *h)
{
	EACH_WATCHER(h, w)
		if (w->restarted)
			w->restarted(w->ctx);
}

static void home_restarted(void *ctx)
{
	fw_home_restarted(ctx);
}

static void home_request(void *ctx, enum fw_pldm_link link)
{
	struct fw_home *h = ctx;

	EACH_WATCHER(h, w)
		if (w->request)
			w->request(w->ctx, link);
}

static uint64_t counter64(struct card *c, uint32_t csr)
{
	return card_csr_peek(c, csr) | (uint64_t)card_csr_peek(c, csr + 1) << 32;
}

static void board_now(struct fw_home *h)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < h->hosts; i++)
		bytes += counter64(h->host[i].card, CSR_MAC_STAT_RX_BYTE_COUNT) +
			 counter64(h->host[i].card, CSR_MAC_STAT_TX_BYTE_COUNT);
	board_update(&h->board, home_now(h), bytes);
}

static int home_sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	struct fw_home *h = ctx;

	board_now(h);
	switch (which) {
	case FW_SENSOR_TEMP:
		*val = h->board.temp;
		return 0;
	case FW_SENSOR_VOLT:
		*val = h->board.volt;
		return 0;
	}
	return -EINVAL;
}

/* ---- telling ---- */

static bool bug_allowed(struct fw_home_host *t)
{
	uint64_t second = home_now(t->home) / NS_PER_SEC;

	if (second != t->bug_second) {
		t->bug_second = second;
		t->bugs = 0;
	}
	return t->bugs++ < BUGS_PER_SEC;
}

static void tell(struct fw_home_host *t, enum card_trace kind, const char *fmt, va_list ap)
{
	if (t->env.trace && (kind == TRACE_GUEST_BUG ? bug_allowed(t) : t->home->trace))
		t->env.trace(t->env.ctx, BLK_FW, kind, fmt, ap);
}

void fw_home_tell(struct fw_home *h, enum card_trace kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(&h->all, kind, fmt, ap);
	va_end(ap);
}

void fw_home_say(struct fw_home *h, bool limited, const char *fmt, ...)
{
	va_list ap;

	if (!h->all.env.trace || (limited && !bug_allowed(&h->all)))
		return;
	va_start(ap, fmt);
	h->all.env.trace(h->all.env.ctx, BLK_FW, TRACE_EVENT, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 3, 4)))
static void tell_of(struct fw_home_host *t, enum card_trace kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(t, kind, fmt, ap);
	va_end(ap);
}

static void home_event(void *ctx, const struct fw_event *ev)
{
	struct fw_home *h = ctx;
	struct fw_home_host *t = ev->host ? &h->host[ev->host - 1] : &h->all;
	const char *name = ev->name ? ev->name : "message";

	if (ev->kind == FW_EV_REFUSED && ev->reason == fw_refusal_names[FWR_PLDM_REFUSED])
		tell_of(t, TRACE_GUEST_BUG, "%s: %s 0x%02x/0x%02x, %u bytes, code 0x%02x", ev->reason, name,
			ev->msg >> 8, ev->msg & 0xff, ev->len, (unsigned int)ev->err);
	else if (ev->kind == FW_EV_PLDM)
		tell_of(t, TRACE_EVENT, "pldm: %s 0x%02x/0x%02x, %u bytes", name, ev->msg >> 8, ev->msg & 0xff,
			ev->len);
	else if (ev->kind == FW_EV_REFUSED)
		tell_of(t, TRACE_GUEST_BUG, "%s%u: %s: %s 0x%02x, %u bytes, error %d", ev->ring ? "tx" : "rx",
			ev->desc, ev->reason, name, ev->msg, ev->len, ev->err);
	else if (ev->kind == FW_EV_STATE)
		tell_of(t, TRACE_EVENT, "%s", name);
	else
		tell_of(t, TRACE_EVENT, "%s%u: %s 0x%02x, %u bytes", ev->kind == FW_EV_IN ? "tx" : "rx", ev->desc,
			name, ev->msg, ev->len);
}

void fw_home_env(struct fw_home *h, struct fw_env *env)
{
	*env = (struct fw_env){
		.ctx = h,
		.mbx_read = home_mbx_read,
		.mbx_write = home_mbx_write,
		.dma_read = home_dma_read,
		.dma_write = home_dma_write,
		.dma_ready = home_dma_ready,
		.irq = home_irq,
		.now = home_now,
		.timer = home_timer,
		.set_link_mode = home_set_link_mode,
		.flash_read = h->flash ? home_flash_read : NULL,
		.flash_write = h->flash ? home_flash_write : NULL,
		.flash_sync = h->flash ? home_flash_sync : NULL,
		.reg_read = home_reg_read,
		.bmc = { home_csr_write, home_bmc_table, home_owner, home_restarted, home_request },
		.sensor = home_sensor,
		.event = home_event,
	};
	for (unsigned int i = 0; i < h->hosts; i++)
		env->host_ctx[i] = &h->host[i];
}

/* ---- life ---- */

void fw_home_config_default(struct fw_home_config *cfg)
{
	*cfg = (struct fw_home_config){ .trace = false };
	fw_config_default(&cfg->fw);
}

void fw_home_init(struct fw_home *h, const struct fw_home_ops *ops, struct card *c, const struct card_env *env,
		  const struct fw_home_config *cfg)
{
	h->ops = ops;
	h->card = c;
	h->trace = cfg->trace;
	h->flash = cfg->flash;
	h->hosts = cfg->fw.hosts;
	for (unsigned int i = 0; i < h->hosts; i++)
		h->host[i] = (struct fw_home_host){
			.home = h, .id = i, .card = i ? cfg->more[i - 1].card : c,
			.env = i ? *cfg->more[i - 1].env : *env, .module = cfg->fw.host[i].module,
		};
	h->all = (struct fw_home_host){ .home = h, .env = cfg->env ? *cfg->env : *env };
	board_init(&h->board, home_now(h));
}

void fw_home_detach(struct fw_home *h)
{
	static const struct card_fw_ops nobody;

	for (unsigned int i = 0; i < h->hosts; i++)
		card_attach_fw(h->host[i].card, &nobody, NULL);
	card_fw_timer(h->card, UINT64_MAX);
}

void fw_home_free(struct fw_home *h)
{
	if (h)
		h->ops->free(h);
}

void fw_home_trace(struct fw_home *h, bool all)
{
	h->trace = all;
	if (h->ops->trace)
		h->ops->trace(h, all);
}

void fw_home_watch(struct fw_home *h, struct fw_home_watch *w)
{
	w->next = h->watch;
	h->watch = w;
}

void fw_home_unwatch(struct fw_home *h, struct fw_home_watch *w)
{
	struct fw_home_watch **at = &h->watch;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
}

void fw_home_link(struct fw_home *h, unsigned int host, bool up)
{
	EACH_WATCHER(h, w)
		if (w->link && w->host == host)
			w->link(w->ctx, up);
}

void fw_home_answered(struct fw_home *h)
{
	EACH_WATCHER(h, w)
		if (w->answered)
			w->answered(w->ctx);
}

/* ---- what others ask of it ---- */

enum fw_phase fw_home_phase(const struct fw_home *h)
{
	return h->ops->phase(h);
}

bool fw_home_ready(const struct fw_home *h)
{
	return fw_home_phase(h) == FW_READY;
}

bool fw_home_host_owns(const struct fw_home *h, unsigned int host)
{
	return h->ops->host_owns(h, host);
}

void fw_home_power(struct fw_home *h)
{
	if (h->ops->power)
		h->ops->power(h);
}

int fw_home_crash(struct fw_home *h, const char *why)
{
	return h->ops->crash ? h->ops->crash(h, why) : -ENOTSUP;
}

int fw_home_hang(struct fw_home *h)
{
	return h->ops->hang ? h->ops->hang(h) : -ENOTSUP;
}

int fw_home_restart(struct fw_home *h)
{
	return h->ops->restart ? h->ops->restart(h) : -ENOTSUP;
}

int fw_home_bmc_set(struct fw_home *h, unsigned int host, unsigned int macs, const uint8_t mac[][6], bool all_multi)
{
	return h->ops->bmc_set ? h->ops->bmc_set(h, host, macs, mac, all_multi) : -ENOTSUP;
}

int fw_home_set_module(struct fw_home *h, unsigned int host, const struct fw_module *m)
{
	if (!h->ops->set_module)
		return -ENOTSUP;
	h->host[host].module = *m;
	return h->ops->set_module(h, host, m);
}

const struct fw_module *fw_home_module(const struct fw_home *h, unsigned int host)
{
	return &h->host[host].module;
}

int fw_home_set_fault(struct fw_home *h, enum fw_fault which, uint32_t times)
{
	return h->ops->set_fault ? h->ops->set_fault(h, which, times) : -ENOTSUP;
}

int fw_home_set_garble(struct fw_home *h, const struct fw_garble *g, uint32_t times)
{
	return h->ops->set_garble ? h->ops->set_garble(h, g, times) : -ENOTSUP;
}

int fw_home_fault(const struct fw_home *h, enum fw_fault which, uint32_t *times)
{
	return h->ops->fault ? h->ops->fault(h, which, times) : -ENOTSUP;
}

int fw_home_set_otp(struct fw_home *h, uint32_t status, uint32_t write_status)
{
	return h->ops->set_otp ? h->ops->set_otp(h, status, write_status) : -ENOTSUP;
}

struct board *fw_home_board(struct fw_home *h)
{
	board_now(h);
	return &h->board;
}

int fw_home_sensors(struct fw_home *h)
{
	return h->ops->sensors ? h->ops->sensors(h) : -ENOTSUP;
}

int fw_home_pldm(struct fw_home *h, enum fw_pldm_link link, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	return h->ops->pldm ? h->ops->pldm(h, link, req, len, rsp, cap) : -ENOTSUP;
}

int fw_home_pldm_pending(struct fw_home *h, enum fw_pldm_link link, uint8_t *req, size_t cap)
{
	return h->ops->pldm_pending ? h->ops->pldm_pending(h, link, req, cap) : -ENOTSUP;
}

int fw_home_pldm_reply(struct fw_home *h, enum fw_pldm_link link, const uint8_t *rsp, size_t len)
{
	return h->ops->pldm_reply ? h->ops->pldm_reply(h, link, rsp, len) : -ENOTSUP;
}

int fw_home_temperature(struct fw_home *h, int32_t *max, int32_t *now)
{
	return h->ops->temperature ? h->ops->temperature(h, max, now) : -ENOTSUP;
}

int fw_home_module_temperature(struct fw_home *h, unsigned int host, int32_t *alarm, int32_t *warning, int32_t *now)
{
	return h->ops->module_temperature ? h->ops->module_temperature(h, host, alarm, warning, now) : -ENOTSUP;
}

int fw_home_dump_take(struct fw_home *h, unsigned int host, bool crash)
{
	return h->ops->dump_take ? h->ops->dump_take(h, host, crash) : -ENOTSUP;
}

int fw_home_dump_read(struct fw_home *h, unsigned int host, uint32_t off, uint8_t *buf, size_t len)
{
	return h->ops->dump_read ? h->ops->dump_read(h, host, off, buf, len) : -ENOTSUP;
}

void fw_home_counters(const struct fw_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	if (h->ops->counters)
		h->ops->counters(h, fn, arg);
}

void fw_home_name_counters(const char *prefix, const uint64_t val[FW_HOME_COUNTERS],
			   void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	char name[64];

	for (unsigned int i = 0; i < FWC_COUNT; i++) {
		snprintf(name, sizeof(name), "%s%s", prefix, fw_counter_names[i]);
		fn(arg, name, val[i]);
	}
	for (unsigned int i = 0; i < FWR_COUNT; i++) {
		snprintf(name, sizeof(name), "%srefused_%s", prefix, fw_refusal_names[i]);
		fn(arg, name, val[FWC_COUNT + i]);
	}
}
