// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The firmware's outside, at the far end of a bus.
 *
 * A read of a register is a round trip and a write is not waited for, so reads
 * are what counts: one for each mailbox word, and one after each command, which
 * by then has been done.
 */
#include "remote.h"

#include "../fw/err.h"
#include "../fw/mem.h"

#define EVENTS	(EV_RX | EV_TX | EV_TAKEN | EV_RESET | EV_LINK | EV_LIFE | EV_MODULE | EV_OTP | EV_SENSOR | \
		 EV_BMC | EV_TRACE | EV_ASK | EV_FAULT)

static uint32_t rd(struct remote *r, uint32_t off)
{
	return r->bus->rd(r->bus->ctx, 0, off);
}

static void wr(struct remote *r, uint32_t off, uint32_t val)
{
	r->bus->wr(r->bus->ctx, 0, off, val);
}

static void wr64(struct remote *r, uint32_t off, uint64_t val)
{
	wr(r, off, (uint32_t)val);
	wr(r, off + 4, (uint32_t)(val >> 32));
}

/* Of the last command: 0 or a negative error */
static int result(struct remote *r)
{
	return -(int)(rd(r, M_STATUS) & 0xfff);
}

static int command(struct remote *r, enum mgmt_command cmd, size_t len)
{
	wr(r, M_LENGTH, (uint32_t)len);
	wr(r, M_COMMAND, cmd);
	return result(r);
}

/* ---- struct fw_env ---- */

static uint32_t r_mbx_read(void *ctx, unsigned int word)
{
	struct remote *r = ctx;

	return r->bus->rd(r->bus->ctx, 4, MGMT_WINDOW + 4 * word);
}

static void r_mbx_write(void *ctx, unsigned int word, uint32_t val)
{
	struct remote *r = ctx;

	r->bus->wr(r->bus->ctx, 4, MGMT_WINDOW + 4 * word, val);
}

static bool r_mbx_swap(void *ctx, unsigned int word, uint32_t old, uint32_t val)
{
	struct remote *r = ctx;

	wr(r, M_SWAP_WORD, word);
	wr(r, M_SWAP_OLD, old);
	wr(r, M_SWAP_NEW, val);
	return !result(r);
}

/* Where the next piece is: in the host's memory, in flash */
typedef void where(struct remote *r, uint64_t at);

static void in_host(struct remote *r, uint64_t at)
{
	wr64(r, M_HOST_ADDR, at);
}

static void in_flash(struct remote *r, uint64_t at)
{
	wr(r, M_FLASH_OFFSET, (uint32_t)at);
}

/* In pieces that the function takes, through our buffer */
static int pull(struct remote *r, enum mgmt_command cmd, where *set, uint64_t at, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		size_t n = len < sizeof(r->mem->buf) ? len : sizeof(r->mem->buf);
		int err;

		set(r, at);
		err = command(r, cmd, n);
		if (err)
			return err;
		memcpy(p, r->mem->buf, n);
		p += n;
		at += n;
		len -= n;
	}
	return 0;
}

static int push(struct remote *r, enum mgmt_command cmd, where *set, uint64_t at, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	while (len) {
		size_t n = len < sizeof(r->mem->buf) ? len : sizeof(r->mem->buf);
		int err;

		memcpy(r->mem->buf, p, n);
		set(r, at);
		err = command(r, cmd, n);
		if (err)
			return err;
		p += n;
		at += n;
		len -= n;
	}
	return 0;
}

static int r_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	return pull(ctx, CMD_HOST_READ, in_host, addr, buf, len);
}

static int r_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	return push(ctx, CMD_HOST_WRITE, in_host, addr, buf, len);
}

static bool r_dma_ready(void *ctx, bool write)
{
	return rd(ctx, M_DMA_GATE) >> write & 1;
}

static void r_irq(void *ctx)
{
	wr(ctx, M_HOST_IRQ, 1);
}

static uint64_t r_now(void *ctx)
{
	struct remote *r = ctx;

	return r->bus->now(r->bus->ctx);
}

static void r_timer(void *ctx, uint64_t when)
{
	((struct remote *)ctx)->deadline = when;
}

static int r_set_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	wr(ctx, M_LINK_MODE, (speed & 0xff) | (fec & 0xff) << 8);
	return result(ctx);
}

static int r_flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	return pull(ctx, CMD_FLASH_READ, in_flash, off, buf, len);
}

static int r_flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	return push(ctx, CMD_FLASH_WRITE, in_flash, off, buf, len);
}

static int r_flash_sync(void *ctx)
{
	return command(ctx, CMD_FLASH_SYNC, 0);
}

static uint32_t r_reg_read(void *ctx, uint32_t csr)
{
	struct remote *r = ctx;

	return csr < MGMT_WINDOW / 4 ? r->bus->rd(r->bus->ctx, 4, 4 * csr) : 0;
}

static void r_csr_write(void *ctx, uint32_t csr, uint32_t val)
{
	struct remote *r = ctx;

	if (csr < MGMT_WINDOW / 4)
		r->bus->wr(r->bus->ctx, 4, 4 * csr, val);
}

static void r_bmc_table(void *ctx, const struct fw_mac_sync *host)
{
	struct remote *r = ctx;

	_Static_assert(sizeof(*host) == 108, "as the function takes it");
	memcpy(r->mem->buf, host, sizeof(*host));
	command(r, CMD_BMC_TABLE, sizeof(*host));
}

static void r_owner(void *ctx, bool host)
{
	wr(ctx, M_OWNER, host);
}

static void r_restarted(void *ctx)
{
	wr(ctx, M_RESTARTED, 1);
}

static void r_request(void *ctx, enum fw_pldm_link link)
{
	wr(ctx, M_BMC_REQUEST, link);
}

static int r_sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	*val = (int32_t)rd(ctx, M_SENSOR + (which == FW_SENSOR_VOLT ? 4 : 0));
	return 0;
}

static void copy_text(char *to, size_t cap, const char *from)
{
	size_t i;

	for (i = 0; from && from[i] && i + 1 < cap; i++)
		to[i] = from[i];
	to[i] = 0;
}

static void r_event(void *ctx, const struct fw_event *ev)
{
	struct remote *r = ctx;
	struct mgmt_tell t = {
		.kind = ev->kind, .msg = ev->msg, .len = ev->len, .ring = ev->ring, .desc = ev->desc, .err = ev->err,
	};

	if (ev->kind != FW_EV_REFUSED && !r->trace)
		return;
	copy_text(t.name, sizeof(t.name), ev->name);
	copy_text(t.reason, sizeof(t.reason), ev->reason);
	memcpy(r->mem->buf, &t, sizeof(t));
	command(r, CMD_TELL, sizeof(t));
}

void remote_env(struct remote *r, struct fw_env *env)
{
	static const struct fw_env all = {
		.mbx_read = r_mbx_read, .mbx_write = r_mbx_write, .mbx_swap = r_mbx_swap,
		.dma_read = r_dma_read, .dma_write = r_dma_write, .dma_ready = r_dma_ready,
		.irq = r_irq, .now = r_now, .timer = r_timer, .set_link_mode = r_set_link_mode,
		.flash_read = r_flash_read, .flash_write = r_flash_write, .flash_sync = r_flash_sync,
		.reg_read = r_reg_read, .bmc = { r_csr_write, r_bmc_table, r_owner, r_restarted, r_request },
		.sensor = r_sensor, .event = r_event,
	};

	memcpy(env, &all, sizeof(*env));
	env->ctx = r;
	env->host_ctx[0] = r;
	if (!r->flash) {
		env->flash_read = NULL;
		env->flash_write = NULL;
		env->flash_sync = NULL;
	}
}

/* ---- what the card says of itself ---- */

static void get_module(struct remote *r, struct fw_module *m)
{
	uint32_t kind = rd(r, M_MODULE);

	m->kind = kind < FW_MODULES ? (enum fw_module_kind)kind : FW_MODULE_NONE;
	m->temp = (int32_t)rd(r, M_MODULE + 4);
	m->volt = rd(r, M_MODULE + 8);
	m->bias_ua = rd(r, M_MODULE + 12);
	m->tx_nw = rd(r, M_MODULE + 16);
	m->rx_nw = rd(r, M_MODULE + 20);
}

/* Returns how many */
static unsigned int get_bmc(struct remote *r, uint8_t mac[FW_BMC_MACS][6], bool *all_multi)
{
	uint32_t bmc = rd(r, M_BMC), n = bmc & 0xff;

	*all_multi = bmc >> 8 & 1;
	for (uint32_t i = 0; i < FW_BMC_MACS; i++) {
		uint64_t v = rd(r, M_BMC_MAC + 8 * i) | (uint64_t)rd(r, M_BMC_MAC + 8 * i + 4) << 32;

		memcpy(mac[i], &v, 6);
	}
	return n <= FW_BMC_MACS ? n : 0;
}

static void get_versions(struct remote *r, struct fw_config *cfg)
{
	struct fw_version *const v[] = { &cfg->mgmt, &cfg->boot, &cfg->uefi };
	uint32_t commit[5];

	for (uint32_t i = 0; i < 3; i++) {
		v[i]->version = rd(r, M_VERSION + 4 * i);
		for (uint32_t w = 0; w < 5; w++)
			commit[w] = rd(r, M_COMMIT + 20 * i + 4 * w);
		memcpy(v[i]->commit, commit, FW_COMMIT_MAX);
		v[i]->commit[FW_COMMIT_MAX - 1] = 0;
	}
}

void remote_config(struct remote *r, struct fw_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	get_versions(r, cfg);
	cfg->anti_rollback = rd(r, M_ANTI_ROLLBACK);
	cfg->boot_ms[0] = rd(r, M_BOOT_MS);
	cfg->boot_ms[1] = rd(r, M_BOOT_MS + 4);
	cfg->restart_ms = rd(r, M_RESTART_MS);
	cfg->hosts = 1;
	cfg->host[0].speed = rd(r, M_SPEED);
	cfg->host[0].fec = rd(r, M_FEC);
	cfg->max_speed = rd(r, M_MAX_SPEED);
	cfg->temp_min = (int32_t)rd(r, M_LIMIT);
	cfg->temp_max = (int32_t)rd(r, M_LIMIT + 4);
	cfg->temp_crit = (int32_t)rd(r, M_LIMIT + 8);
	cfg->volt_min = rd(r, M_LIMIT + 12);
	cfg->volt_max = rd(r, M_LIMIT + 16);
	cfg->threshold_events = rd(r, M_THRESHOLD_EVENTS);
	cfg->host[0].bmc_macs = get_bmc(r, cfg->host[0].bmc_mac, &cfg->host[0].bmc_all_multi);
	get_module(r, &cfg->host[0].module);
	for (uint32_t w = 0; w < 4; w++) {
		uint32_t v = rd(r, M_UUID + 4 * w);

		memcpy(cfg->uuid + 4 * w, &v, 4);
	}
}

/* ---- life ---- */

int remote_init(struct remote *r, const struct remote_bus *bus, struct remote_mem *mem, uint64_t addr)
{
	memset(r, 0, sizeof(*r));
	r->bus = bus;
	r->mem = mem;
	r->deadline = FW_NEVER;
	if (rd(r, M_ID) != 0x314d4246)
		return -FW_ENODEV;
	if (rd(r, M_REVISION) != MGMT_REVISION)
		return -FW_EINVAL;
	/* what has happened so far is in the registers, and in the rings */
	wr(r, M_EVENT_ENABLE, 0);
	wr(r, M_EVENT, ~0u);
	wr64(r, M_OWN_ADDR, addr + offsetof(struct remote_mem, buf));
	memset(mem->counter, 0, sizeof(mem->counter));
	wr64(r, M_COUNTERS, addr + offsetof(struct remote_mem, counter));
	wr(r, M_COUNTERS_N, FWC_COUNT + FWR_COUNT);
	r->trace = rd(r, M_TRACE);
	r->flash = rd(r, M_FEATURES) & 1;
	return 0;
}

/* What others can see of the firmware */
static void publish(struct remote *r)
{
	uint32_t phase = fw_phase(r->fw) | (uint32_t)fw_host_owns(r->fw, 0) << 8;

	for (unsigned int i = 0; i < FWC_COUNT; i++)
		r->mem->counter[i] = fw_counter(r->fw, (enum fw_counter)i);
	for (unsigned int i = 0; i < FWR_COUNT; i++)
		r->mem->counter[FWC_COUNT + i] = fw_refused(r->fw, (enum fw_refusal)i);
	for (uint32_t i = 0; i < FW_FAULTS; i++)
		if (r->fault[i] != fw_fault(r->fw, (enum fw_fault)i)) {
			r->fault[i] = fw_fault(r->fw, (enum fw_fault)i);
			wr(r, M_FAULT_LEFT + 4 * i, r->fault[i]);
		}
	if (phase == r->phase)
		return;
	r->phase = phase;
	wr(r, M_PHASE, phase);
}

static void see_link(struct remote *r)
{
	uint32_t link = rd(r, M_LINK);

	if (link & 2)
		fw_link(r->fw, 0, link & 1);
}

static void see_otp(struct remote *r)
{
	uint32_t status = rd(r, M_OTP);

	fw_set_otp(r->fw, status, rd(r, M_OTP + 4));
}

void remote_start(struct remote *r, struct fw *fw)
{
	r->fw = fw;
	see_otp(r);
	see_link(r);
	/* a driver may have been waiting for us */
	fw_rings_written(fw, 0, true, true, false);
	publish(r);
	wr(r, M_EVENT_ENABLE, EVENTS);
}

static void see_life(struct remote *r)
{
	uint32_t life = rd(r, M_LIFE);

	if (life & LIFE_POWER)
		fw_power(r->fw);
	else if (life & LIFE_RESTART)
		fw_restart(r->fw);
	else if (life & LIFE_CRASH)
		fw_crash(r->fw, "asked for");
	else if (life & LIFE_HANG)
		fw_hang(r->fw);
	publish(r);
	wr(r, M_LIFE, life);
}

static void see_faults(struct remote *r)
{
	uint32_t set = rd(r, M_FAULT_SET);

	wr(r, M_FAULT_SET, set);
	if (set & 1u << FW_FAULT_GARBLE) {
		uint32_t w = rd(r, M_GARBLE);
		struct fw_garble g = { (uint16_t)w, (uint8_t)(w >> 16), (uint8_t)(w >> 24), (int32_t)rd(r, M_GARBLE + 4) };

		fw_set_garble(r->fw, &g, 0);
	}
	for (uint32_t i = 0; i < FW_FAULTS; i++)
		if (set & 1u << i)
			fw_set_fault(r->fw, (enum fw_fault)i, rd(r, M_FAULT + 4 * i));
}

static void see_module(struct remote *r)
{
	struct fw_module m;

	get_module(r, &m);
	fw_set_module(r->fw, 0, &m);
}

static void see_bmc(struct remote *r)
{
	uint8_t mac[FW_BMC_MACS][6];
	bool all_multi;
	unsigned int n = get_bmc(r, mac, &all_multi);

	fw_bmc_set(r->fw, 0, n, (const uint8_t (*)[6])mac, all_multi);
}

/* ---- what the BMC asks ---- */

static int ask_put(struct remote *r, const uint8_t *p, int len)
{
	if (len <= 0)
		return len;
	memcpy(r->mem->buf, p, (size_t)len);
	return command(r, CMD_ASK_PUT, (size_t)len) ? -FW_EIO : len;
}

static int ask_pldm(struct remote *r, uint32_t what, enum fw_pldm_link link)
{
	uint32_t len = rd(r, M_ASK_LENGTH);

	if (len > sizeof(r->req) || command(r, CMD_ASK_GET, len))
		return -FW_EIO;
	memcpy(r->req, r->mem->buf, len);
	if (what == ASK_PLDM_REPLY)
		return fw_pldm_reply(r->fw, link, r->req, len);
	return ask_put(r, r->rsp, fw_pldm(r->fw, link, r->req, len, r->rsp, sizeof(r->rsp)));
}

static int ask_dump_read(struct remote *r)
{
	uint32_t len = rd(r, M_ASK_LENGTH);
	int err;

	if (len > sizeof(r->mem->buf))
		return -FW_EINVAL;
	err = fw_dump_read(r->fw, 0, rd(r, M_ASK_OFFSET), r->mem->buf, len);
	if (err || !len)
		return err;
	return command(r, CMD_ASK_PUT, len);
}

static void see_ask(struct remote *r)
{
	uint32_t ask = rd(r, M_ASK), how = ask >> 8 & 0xff;
	enum fw_pldm_link link = how == FW_PLDM_MCTP ? FW_PLDM_MCTP : FW_PLDM_NCSI;
	int32_t val[3] = { 0, 0, 0 };
	int result = -FW_EOPNOTSUPP;

	switch (ask & 0xff) {
	case 0:
		return;
	case ASK_PLDM:
	case ASK_PLDM_REPLY:
		result = ask_pldm(r, ask & 0xff, link);
		break;
	case ASK_PLDM_PENDING:
		result = ask_put(r, r->rsp, fw_pldm_pending(r->fw, link, r->rsp, sizeof(r->rsp)));
		break;
	case ASK_TEMPERATURE:
		result = fw_temperature(r->fw, &val[0], &val[1]);
		break;
	case ASK_MODULE_TEMPERATURE:
		result = fw_module_temperature(r->fw, 0, &val[0], &val[1], &val[2]);
		break;
	case ASK_DUMP_TAKE:
		result = fw_dump_take(r->fw, 0, how);
		break;
	case ASK_DUMP_READ:
		result = ask_dump_read(r);
		break;
	}
	wr(r, M_ASK_RESULT, (uint32_t)result);
	for (uint32_t i = 0; i < 3; i++)
		wr(r, M_ASK_RESULT + 4 + 4 * i, (uint32_t)val[i]);
	wr(r, M_ASK_DONE, ask);
}

/*
 * Life before the rings: a host that was there after a power cycle has written
 * them after it.
 */
static void handle(struct remote *r, uint32_t ev)
{
	if (ev & EV_TRACE)
		r->trace = rd(r, M_TRACE);
	if (ev & EV_RESET)
		fw_host_reset(r->fw, 0);
	if (ev & EV_LIFE)
		see_life(r);
	if (ev & EV_MODULE)
		see_module(r);
	if (ev & EV_OTP)
		see_otp(r);
	if (ev & EV_FAULT)
		see_faults(r);
	if (ev & EV_BMC)
		see_bmc(r);
	if (ev & (EV_RX | EV_TX | EV_TAKEN))
		fw_rings_written(r->fw, 0, ev & EV_RX, ev & EV_TX, ev & EV_TAKEN);
	if (ev & EV_LINK)
		see_link(r);
	if (ev & EV_SENSOR)
		fw_sensors(r->fw);
	if (ev & EV_ASK)
		see_ask(r);
}

bool remote_poll(struct remote *r)
{
	uint32_t ev = rd(r, M_EVENT);
	bool due = r->bus->now(r->bus->ctx) >= r->deadline;

	if (ev == ~0u) {		/* a bus with nothing there reads so */
		r->gone = true;
		return false;
	}
	ev &= EVENTS;
	if (ev) {
		wr(r, M_EVENT, ev);
		handle(r, ev);
	}
	if (due) {
		r->deadline = FW_NEVER;
		fw_timer(r->fw);
	}
	if (ev || due)
		publish(r);
	return ev || due;
}
