/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer's entry: build-clang-san/tests/fuzz_bmc [CORPUS...]
 * The bytes are those of bmc_harness.h.
 */
#include "bmc_harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bmc_fuzz(data, size);
	return 0;
}
