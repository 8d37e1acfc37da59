// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include "../../src/loop/loop.h"
#include "fw_computer.h"

struct computer pc;
unsigned int restarts;
int owner;

static struct loop *loop;
static char path[64];
static const struct host_ops *ip_ops;

static void pump(void *arg)
{
	(void)arg;
	assert_true(loop_once(loop, 0) >= 0);
}

static uint32_t bus_rd(void *ctx, unsigned int bar, uint32_t off)
{
	(void)ctx;
	return host_rd(pc.h, bar, off);
}

static void bus_wr(void *ctx, unsigned int bar, uint32_t off, uint32_t val)
{
	(void)ctx;
	host_wr(pc.h, bar, off, val);
}

void computer_connect(void)
{
	char err[200];

	pc.h = host_connect_pumped(path, 1 << 20, pump, NULL, err, sizeof(err));
	if (!pc.h)
		fail_msg("%s", err);
	assert_int_equal(pc.h->vectors, MGMT_VECTORS);
	assert_int_equal(host_enable(pc.h), 0);
}

void computer_boot(void)
{
	struct fw_config cfg;
	struct fw_env env;
	uint64_t addr;

	computer_connect();
	addr = host_alloc(pc.h, sizeof(struct remote_mem), 64);
	pc.bus = (struct remote_bus){ ip, bus_rd, bus_wr, card_now };
	assert_int_equal(remote_init(&pc.r, &pc.bus, host_ptr(pc.h, addr), addr), 0);
	remote_config(&pc.r, &cfg);
	remote_env(&pc.r, &env);
	pc.fw = calloc(1, fw_size());
	assert_int_equal(fw_init(pc.fw, &cfg, &env), 0);
	remote_start(&pc.r, pc.fw);
	bus_rd(NULL, 0, M_ID);		/* what was posted has arrived */
}

void computer_dies(void)
{
	host_free(pc.h);
	free(pc.fw);
	memset(&pc, 0, sizeof(pc));
	for (unsigned int i = 0; i < 10; i++)
		pump(NULL);
}

void computer_run(void)
{
	if (!pc.fw || pc.asleep)
		return;
	pump(NULL);
	if (!host_irq_take(pc.h, 0) && ip->now_ns < pc.r.deadline)
		return;
	pc.runs++;
	while (remote_poll(&pc.r))
		;
	bus_rd(NULL, 0, M_ID);
	assert_int_equal(pc.h->err, 0);
	assert_false(pc.r.gone);
}

static void idle(struct host *h, uint64_t ns)
{
	computer_run();
	if (pc.fw && pc.r.deadline > ip->now_ns && pc.r.deadline - ip->now_ns < ns)
		ns = pc.r.deadline - ip->now_ns;
	ip_ops->idle(h, ns);
	computer_run();
}

static void watch_owner(void *ctx, bool host)
{
	(void)ctx;
	owner = host;
}

static void watch_restarted(void *ctx)
{
	(void)ctx;
	restarts++;
}

static struct fw_home *open_home(const struct card_env *env, const struct fw_home_config *cfg, bool inside)
{
	static struct fw_home_watch watch;
	static struct host_ops ops;
	static unsigned int n;
	struct fw_home *h;
	char err[200] = "";

	ip_ops = ip->h.ops;
	ops = *ip_ops;
	ops.idle = idle;
	ip->h.ops = &ops;
	loop = loop_new();
	assert_non_null(loop);
	snprintf(path, sizeof(path), "/tmp/fbnic-function-%d-%u", (int)getpid(), n++);
	h = inside ? fw_inside_new(ip->card, env, cfg) :
		     fw_function_new(ip->card, env, cfg, path, loop_wire(loop), err, sizeof(err));
	if (!h)
		fail_msg("%s", err);
	watch = (struct fw_home_watch){ .owner = watch_owner, .restarted = watch_restarted };
	fw_home_watch(h, &watch);
	owner = -1;
	restarts = 0;
	return h;
}

static struct fw_home *open_function(const struct card_env *env, const struct fw_home_config *cfg)
{
	return open_home(env, cfg, false);
}

static struct fw_home *open_inside(const struct card_env *env, const struct fw_home_config *cfg)
{
	return open_home(env, cfg, true);
}

void plug_home(uint32_t boot_ms, bool inside)
{
	plug_card(boot_ms, inside ? open_inside : open_function);
}

void plug(uint32_t boot_ms)
{
	plug_home(boot_ms, false);
}

void unplug(void)
{
	if (pc.h)
		computer_dies();
	unplug_card();
	assert_int_equal(access(path, F_OK), -1);
	loop_free(loop);
}
