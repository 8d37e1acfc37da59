/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a firmware stands on that is fuzzed, from whichever side: flash, sensors,
 * and a clock that moves only in fuzz_sleep().  home_boot() makes it new.
 */
#ifndef OPENFBNIC_FUZZ_HOME_H
#define OPENFBNIC_FUZZ_HOME_H

#include <stdlib.h>
#include <string.h>

#include "../../src/fw/fw_core.h"
#include "../../src/fw/image.h"

#define MUST(c)	do { if (!(c)) abort(); } while (0)

static struct {
	uint8_t		flash[FUZZ_FLASH];	/* from its beginning on; what is behind is not kept */
	uint64_t	now, timer;
} home;

static struct fw *fw;

/* In a mailbox's words, behind which are those of the fuses */
static uint32_t *word_at(uint32_t word[MBX_WORDS + 2], unsigned int i)
{
	MUST(i - MBX_OTP < 2 || i - MBX_WORD < MBX_WORDS);
	return i - MBX_OTP < 2 ? &word[MBX_WORDS + i - MBX_OTP] : &word[i - MBX_WORD];
}

static void irq(void *ctx)
{
	(void)ctx;
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return home.now;
}

static void timer(void *ctx, uint64_t when)
{
	(void)ctx;
	home.timer = when;
}

static int link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	(void)ctx;
	return speed >= 1 && speed <= 4 && fec >= 1 && fec <= 3 ? 0 : -22;
}

static int sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	(void)ctx;
	*val = which == FW_SENSOR_TEMP ? (int32_t)(home.now >> 20) : 750;
	return home.now >> 30 & 1 ? -5 : 0;
}

static int flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	(void)ctx;
	MUST(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	memset(buf, 0, len);
	if (off < sizeof(home.flash) && len <= sizeof(home.flash) - off)
		memcpy(buf, home.flash + off, len);
	return 0;
}

static int flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	(void)ctx;
	MUST(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	if (off < sizeof(home.flash) && len <= sizeof(home.flash) - off)
		memcpy(home.flash + off, buf, len);
	return 0;
}

static int flash_sync(void *ctx)
{
	(void)ctx;
	return 0;
}

/* @env: what the two sides are to it; the rest is ours */
static void home_boot(const struct fw_config *cfg, struct fw_env *env)
{
	env->irq = irq;
	env->now = now;
	env->timer = timer;
	env->set_link_mode = link_mode;
	env->sensor = sensor;
	env->flash_read = flash_read;
	env->flash_write = flash_write;
	env->flash_sync = flash_sync;
	if (!fw)
		fw = malloc(fw_size());
	memset(&home, 0, sizeof(home));
	home.timer = FW_NEVER;
	MUST(fw && !fw_init(fw, cfg, env));
}

static void fuzz_sleep(uint64_t ns)
{
	uint64_t end = home.now + ns;

	for (unsigned int n = 0; home.timer <= end; n++) {
		MUST(n < 10000);		/* it never rests */
		if (home.timer > home.now)
			home.now = home.timer;
		home.timer = FW_NEVER;
		fw_timer(fw);
	}
	home.now = end;
}

#endif
