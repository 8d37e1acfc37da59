/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mailbox's descriptors and headers as data: what descs.def says, in C.
 *
 * For field NAME of descriptor DESC there are D_DESC_NAME_HI and _LO; the
 * macros take DESC_NAME.
 */
#ifndef OPENFBNIC_FW_DESCS_H
#define OPENFBNIC_FW_DESCS_H

#include <stdint.h>

enum {
#define DESC(name, bits, text)
#define DFIELD(desc, name, hi, lo, macro, text) D_##desc##_##name##_HI = hi, D_##desc##_##name##_LO = lo,
#define DFIELDX(desc, name, hi, lo, text) D_##desc##_##name##_HI = hi, D_##desc##_##name##_LO = lo,
#include "descs.def"
#undef DESC
#undef DFIELD
#undef DFIELDX
};

#define D_MASK(f)	(((2ull << (D_##f##_HI - D_##f##_LO)) - 1) << D_##f##_LO)
#define D_BIT(f)	(1ull << D_##f##_LO)
#define D_GET(v, f)	(((uint64_t)(v) & D_MASK(f)) >> D_##f##_LO)
#define D_PUT(f, v)	((uint64_t)(v) << D_##f##_LO)

#endif
