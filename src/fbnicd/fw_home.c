// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's home inside fbnicd.
 *
 * Nothing runs here by itself.  The host's mailbox writes, resets, link changes
 * and the passing of time come from the card (struct card_fw_ops) and go
 * straight into the firmware; what the firmware does comes back as card_fw_*()
 * calls.  All on the card's thread, nothing when idle.
 *
 * What the firmware has to tell goes to the card's trace as block "fw": events
 * if they are wanted, refusals always, but at most BUGS_PER_SEC of them in a
 * second, so that a mad guest can't fill a disk; the counters have all of them.
 */
#include "fw_home.h"

#include "../card/regs.h"
#include "flash_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SEC	1000000000ull
#define BUGS_PER_SEC	10u

struct fw_home {
	struct card	*card;
	struct card_env	env;
	bool		trace;
	uint64_t	bug_second;
	unsigned int	bugs;
	struct flash_file *flash;
	struct fw_home_watch watch;
	struct board	board;
	struct fw	*fw;
};

/* ---- what the firmware gets ---- */

static uint32_t home_mbx_read(void *ctx, unsigned int word)
{
	struct fw_home *h = ctx;

	return card_fw_read(h->card, word);
}

static void home_mbx_write(void *ctx, unsigned int word, uint32_t val)
{
	struct fw_home *h = ctx;

	card_fw_write(h->card, word, val);
}

static int home_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct fw_home *h = ctx;

	return card_fw_dma_read(h->card, addr, buf, len);
}

static int home_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct fw_home *h = ctx;

	return card_fw_dma_write(h->card, addr, buf, len);
}

static bool home_dma_ready(void *ctx, bool write)
{
	struct fw_home *h = ctx;

	return card_fw_dma_ready(h->card, write);
}

static void home_irq(void *ctx)
{
	struct fw_home *h = ctx;

	card_fw_irq(h->card);
}

static uint64_t home_now(void *ctx)
{
	struct fw_home *h = ctx;

	return h->env.now(h->env.ctx);
}

static void home_timer(void *ctx, uint64_t when)
{
	struct fw_home *h = ctx;

	card_fw_timer(h->card, when);
}

static int home_set_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	struct fw_home *h = ctx;

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
	struct fw_home *h = ctx;

	return card_csr_peek(h->card, csr);
}

static void home_csr_write(void *ctx, uint32_t csr, uint32_t val)
{
	struct fw_home *h = ctx;

	card_fw_csr_write(h->card, csr, val);
}

static void home_bmc_table(void *ctx, const struct fw_mac_sync *host)
{
	struct fw_home *h = ctx;
	struct card_bmc_table t = { .flags = host->flags, .uc = host->uc, .mc = host->mc };

	_Static_assert(sizeof(t.uc_mac) == sizeof(host->uc_mac) && sizeof(t.mc_mac) == sizeof(host->mc_mac), "the same");
	memcpy(t.uc_mac, host->uc_mac, sizeof(t.uc_mac));
	memcpy(t.mc_mac, host->mc_mac, sizeof(t.mc_mac));
	card_fw_bmc_table(h->card, &t);
}

static void home_owner(void *ctx, bool host)
{
	struct fw_home *h = ctx;

	if (h->watch.owner)
		h->watch.owner(h->watch.ctx, host);
}

static void home_restarted(void *ctx)
{
	struct fw_home *h = ctx;

	if (h->watch.restarted)
		h->watch.restarted(h->watch.ctx);
}

static uint64_t counter64(struct card *c, uint32_t csr)
{
	return card_csr_peek(c, csr) | (uint64_t)card_csr_peek(c, csr + 1) << 32;
}

static void board_now(struct fw_home *h)
{
	board_update(&h->board, home_now(h), counter64(h->card, CSR_MAC_STAT_RX_BYTE_COUNT) +
		     counter64(h->card, CSR_MAC_STAT_TX_BYTE_COUNT));
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

__attribute__((format(printf, 3, 4)))
static void tell(struct fw_home *h, enum card_trace kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	h->env.trace(h->env.ctx, BLK_FW, kind, fmt, ap);
	va_end(ap);
}

static bool bug_allowed(struct fw_home *h)
{
	uint64_t second = home_now(h) / NS_PER_SEC;

	if (second != h->bug_second) {
		h->bug_second = second;
		h->bugs = 0;
	}
	return h->bugs++ < BUGS_PER_SEC;
}

static void home_event(void *ctx, const struct fw_event *ev)
{
	struct fw_home *h = ctx;
	const char *name = ev->name ? ev->name : "message";

	if (!h->env.trace)
		return;
	if (ev->kind == FW_EV_REFUSED) {
		if (bug_allowed(h))
			tell(h, TRACE_GUEST_BUG, "%s%u: %s: %s 0x%02x, %u bytes, error %d", ev->ring ? "tx" : "rx",
			     ev->desc, ev->reason, name, ev->msg, ev->len, ev->err);
		return;
	}
	if (!h->trace)
		return;
	if (ev->kind == FW_EV_STATE)
		tell(h, TRACE_EVENT, "%s", name);
	else
		tell(h, TRACE_EVENT, "%s%u: %s 0x%02x, %u bytes", ev->kind == FW_EV_IN ? "tx" : "rx", ev->desc, name,
		     ev->msg, ev->len);
}

/* ---- what the card gets ---- */

static void card_mbx_written(void *ctx, unsigned int word)
{
	struct fw_home *h = ctx;

	fw_mbx_written(h->fw, word);
}

static void card_was_reset(void *ctx)
{
	struct fw_home *h = ctx;

	fw_host_reset(h->fw);
}

static void card_timer_due(void *ctx)
{
	struct fw_home *h = ctx;

	fw_timer(h->fw);
}

static void card_link_changed(void *ctx, bool up)
{
	struct fw_home *h = ctx;

	fw_link(h->fw, up);
	if (h->watch.link)
		h->watch.link(h->watch.ctx, up);
}

static const struct card_fw_ops card_ops = {
	.mbx_written = card_mbx_written,
	.reset = card_was_reset,
	.timer = card_timer_due,
	.link = card_link_changed,
};

/* ---- life ---- */

void fw_home_config_default(struct fw_home_config *cfg)
{
	*cfg = (struct fw_home_config){ .trace = false };
	fw_config_default(&cfg->fw);
}

struct fw_home *fw_home_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg)
{
	struct fw_home *h = calloc(1, sizeof(*h));
	struct fw_env fw_env = {
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
		.flash_read = cfg->flash ? home_flash_read : NULL,
		.flash_write = cfg->flash ? home_flash_write : NULL,
		.flash_sync = cfg->flash ? home_flash_sync : NULL,
		.reg_read = home_reg_read,
		.bmc = { home_csr_write, home_bmc_table, home_owner, home_restarted },
		.sensor = home_sensor,
		.event = home_event,
	};
	int err;

	if (!h)
		return NULL;
	h->card = c;
	h->env = *env;
	h->trace = cfg->trace;
	h->flash = cfg->flash;
	board_init(&h->board, home_now(h));
	h->fw = calloc(1, fw_size());
	if (!h->fw) {
		free(h);
		return NULL;
	}
	err = fw_init(h->fw, &cfg->fw, &fw_env);
	if (err) {
		free(h->fw);
		free(h);
		errno = -err;
		return NULL;
	}
	card_attach_fw(c, &card_ops, h);
	return h;
}

void fw_home_free(struct fw_home *h)
{
	static const struct card_fw_ops nobody;

	if (!h)
		return;
	card_attach_fw(h->card, &nobody, NULL);
	card_fw_timer(h->card, UINT64_MAX);
	free(h->fw);
	free(h);
}

void fw_home_trace(struct fw_home *h, bool all)
{
	h->trace = all;
}

void fw_home_watch(struct fw_home *h, const struct fw_home_watch *w)
{
	h->watch = w ? *w : (struct fw_home_watch){ .ctx = NULL };
}

struct board *fw_home_board(struct fw_home *h)
{
	board_now(h);
	return &h->board;
}

struct fw *fw_home_fw(struct fw_home *h)
{
	return h->fw;
}

void fw_home_counters(struct fw_home *h, void (*fn)(void *arg, const char *name, uint64_t val), void *arg)
{
	char name[64];

	for (unsigned int i = 0; i < FWC_COUNT; i++) {
		snprintf(name, sizeof(name), "fw_%s", fw_counter_names[i]);
		fn(arg, name, fw_counter(h->fw, (enum fw_counter)i));
	}
	for (unsigned int i = 0; i < FWR_COUNT; i++) {
		snprintf(name, sizeof(name), "fw_refused_%s", fw_refusal_names[i]);
		fn(arg, name, fw_refused(h->fw, (enum fw_refusal)i));
	}
}
