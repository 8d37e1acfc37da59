/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firmware without a host, for fuzz targets that come from the BMC's side: fuzz_boot() makes it new */
#ifndef OPENFBNIC_FUZZ_FW_H
#define OPENFBNIC_FUZZ_FW_H

#define FUZZ_FLASH	0x2000u			/* the directory; neither images nor dumps */
#include "fuzz_home.h"

#define FUZZ_IMAGE	2064u

static struct {
	uint32_t	word[MBX_WORDS + 2];
	unsigned int	told;
} w;

static uint8_t fuzz_image[FUZZ_IMAGE];		/* good, for the control firmware */

static uint32_t mbx_read(void *ctx, unsigned int i)
{
	(void)ctx;
	return *word_at(w.word, i);
}

static void mbx_write(void *ctx, unsigned int i, uint32_t v)
{
	(void)ctx;
	*word_at(w.word, i) = v;
}

static bool dma_ready(void *ctx, bool write)
{
	(void)ctx;
	(void)write;
	return false;
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
	struct fw_env env = {
		.mbx_read = mbx_read, .mbx_write = mbx_write, .dma_ready = dma_ready,
		.bmc = { no_csr, no_table, no_owner, no_restart, on_request },
	};
	struct fw_image i = { .section = 1, .len = FUZZ_IMAGE - IMAGE_HDR, .ver = { FW_VERSION(27, 1, 2, 3), "fuzz" } };
	struct fw_config cfg;

	i.crc = fw_crc32(0, fuzz_image + IMAGE_HDR, i.len);
	image_put(fuzz_image, &i);
	fw_config_default(&cfg);
	memset(&w, 0, sizeof(w));
	home_boot(&cfg, &env);
}

#endif
