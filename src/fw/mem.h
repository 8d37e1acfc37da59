/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The three functions that the firmware core wants from its surroundings: a
 * compiler may call them anyway.  On bare metal the port brings them.
 */
#ifndef OPENFBNIC_FW_MEM_H
#define OPENFBNIC_FW_MEM_H

#if __STDC_HOSTED__
#include <string.h>
#else
#include <stddef.h>
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#endif
