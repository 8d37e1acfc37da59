/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firmware without a host, for fuzz targets that come from the BMC's side: fuzz_boot() makes it new */
#ifndef OPENFBNIC_FUZZ_FW_H
#define OPENFBNIC_FUZZ_FW_H

#include <stdlib.h>
#include <string.h>

#include "../../src/fw/fw_core.h"
#include "../../src/fw/image.h"

#define MUST(c)	do { if (!(c)) abort(); } while (0)
#define FUZZ_IMAGE	2064u

static struct {
	uint32_t	word[MBX_WORDS + 2];
	uint8_t		flash[0x2000];		/* the directory; images and dumps are not kept */
	uint64_t	now, timer;
	unsigned int	told;
} w;

static struct fw *fw;
static uint8_t fuzz_image[FUZZ_IMAGE];		/* good, for the control firmware */

static uint32_t *word_at(unsigned int i)
{
	MUST(i - MBX_OTP < 2 || i - MBX_WORD < MBX_WORDS);
	return i - MBX_OTP < 2 ? &w.word[MBX_WORDS + i - MBX_OTP] : &w.word[i - MBX_WORD];
}

static uint32_t mbx_read(void *ctx, unsigned int i)
{
	(void)ctx;
	return *word_at(i);
}

static void mbx_write(void *ctx, unsigned int i, uint32_t v)
{
	(void)ctx;
	*word_at(i) = v;
}

static bool dma_ready(void *ctx, bool write)
{
	(void)ctx;
	(void)write;
	return false;
}

static void irq(void *ctx)
{
	(void)ctx;
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return w.now;
}

static void timer(void *ctx, uint64_t when)
{
	(void)ctx;
	w.timer = when;
}

static int link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	(void)ctx;
	return speed && fec ? 0 : -22;
}

static int sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	(void)ctx;
	*val = which == FW_SENSOR_TEMP ? (int32_t)(w.now >> 20) : 750;
	return w.now >> 30 & 1 ? -5 : 0;
}

static int flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	(void)ctx;
	MUST(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	memset(buf, 0, len);
	if (off < sizeof(w.flash) && len <= sizeof(w.flash) - off)
		memcpy(buf, w.flash + off, len);
	return 0;
}

static int flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	(void)ctx;
	MUST(off <= FW_FLASH_SIZE && len <= FW_FLASH_SIZE - off);
	if (off < sizeof(w.flash) && len <= sizeof(w.flash) - off)
		memcpy(w.flash + off, buf, len);
	return 0;
}

static int flash_sync(void *ctx)
{
	(void)ctx;
	return 0;
}

static void on_request(void *ctx, enum fw_pldm_link link)
{
	(void)ctx;
	MUST(link < FW_PLDM_LINKS);
	w.told++;
}

static void no_csr(void *ctx, uint32_t csr, uint32_t val)
{
	(void)ctx;
	(void)csr;
	(void)val;
}

static void no_table(void *ctx, const struct fw_mac_sync *host)
{
	(void)ctx;
	(void)host;
}

static void no_owner(void *ctx, bool host)
{
	(void)ctx;
	(void)host;
}

static void no_restart(void *ctx)
{
	(void)ctx;
}

static void fuzz_boot(void)
{
	const struct fw_env env = {
		.mbx_read = mbx_read, .mbx_write = mbx_write, .dma_ready = dma_ready, .irq = irq, .now = now,
		.timer = timer, .set_link_mode = link_mode, .sensor = sensor, .flash_read = flash_read,
		.flash_write = flash_write, .flash_sync = flash_sync,
		.bmc = { no_csr, no_table, no_owner, no_restart, on_request },
	};
	struct fw_image i = { .section = 1, .len = FUZZ_IMAGE - IMAGE_HDR, .ver = { FW_VERSION(27, 1, 2, 3), "fuzz" } };
	struct fw_config cfg;

	i.crc = fw_crc32(0, fuzz_image + IMAGE_HDR, i.len);
	image_put(fuzz_image, &i);
	fw_config_default(&cfg);
	if (!fw)
		fw = malloc(fw_size());
	memset(&w, 0, sizeof(w));
	w.timer = FW_NEVER;
	MUST(fw && !fw_init(fw, &cfg, &env));
}

static void fuzz_sleep(uint64_t ns)
{
	uint64_t end = w.now + ns;

	for (unsigned int n = 0; n < 1000 && w.timer <= end; n++) {
		if (w.timer > w.now)
			w.now = w.timer;
		w.timer = FW_NEVER;
		fw_timer(fw);
	}
	w.now = end;
}

#endif
