/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this room wants from its surroundings: a compiler may call it anyway.  On bare metal the port brings it. */
#ifndef OPENFBNIC_BMC_MEM_H
#define OPENFBNIC_BMC_MEM_H

#if __STDC_HOSTED__
#include <string.h>
#else
#include <stddef.h>
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#endif
