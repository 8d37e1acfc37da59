/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of PLDM packages.  The checksum is put right first, or nothing
 * would ever come past it.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/fw/crc.h"
#include "../../tools/pldm.h"
#include "fuzz.h"

static uint32_t sum;

static void inside(const uint8_t *p, size_t len, const uint8_t *q, size_t n)
{
	if (q < p || (size_t)(q - p) > len || n > len - (size_t)(q - p))
		abort();
	sum = fw_crc32(sum, q, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pldm_package pkg;
	uint8_t *p = malloc(size ? size : 1);
	char err[100];

	if (!p)
		return 0;
	memcpy(p, data, size);
	if (size > 40) {
		size_t head = (size_t)(p[17] | p[18] << 8);

		if (head >= 40 && head <= size) {
			uint32_t crc = fw_crc32(0, p, head - 4);

			for (unsigned int i = 0; i < 4; i++)
				p[head - 4 + i] = (uint8_t)(crc >> 8 * i);
		}
	}
	if (!pldm_read(&pkg, p, size, err, sizeof(err))) {
		const struct pldm_device dev = { 0x1d9b, 0x13, 0, 0, 0 };

		sum += (uint32_t)pldm_match(&pkg, &dev);
		inside(p, size, pkg.version.p, pkg.version.len);
		for (unsigned int i = 0; i < pkg.nrecords; i++) {
			inside(p, size, pkg.record[i].bitmap, pkg.bits / 8);
			inside(p, size, pkg.record[i].data, pkg.record[i].data_len);
			for (unsigned int d = 0; d < pkg.record[i].ndesc; d++)
				inside(p, size, pkg.record[i].desc[d].p, pkg.record[i].desc[d].len);
			sum += pldm_applies(&pkg.record[i], pkg.bits, i);
		}
		for (unsigned int i = 0; i < pkg.ncomponents; i++)
			inside(p, size, pkg.component[i].p, pkg.component[i].size);
	}
	free(p);
	return 0;
}

size_t fuzz_seed(unsigned int i, uint8_t *b, size_t max)
{
	struct pldm_new n = {
		.version = "seed", .dev = { .vendor = 0x1d9b, .device = 0x13, .subvendor = i & 1 ? 0x1d9b : 0 }, .n = i,
		.component = {
			{ 0, "1", (const uint8_t *)"boot", 4 }, { 1, "22", (const uint8_t *)"control", 7 },
			{ 3, "", (const uint8_t *)"rom", 3 },
		},
	};
	size_t len;
	uint8_t *p = i < 4 ? pldm_build(&n, &len) : NULL;

	if (!p)
		return 0;
	if (len > max)
		len = max;
	memcpy(b, p, len);
	free(p);
	return len;
}
