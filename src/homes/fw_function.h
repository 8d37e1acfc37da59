/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's home on a computer of its own: fbnicd offers the management
 * processor's PCI function (mgmt/mgmt.h) on a vfio-user socket, and whoever
 * connects there is the firmware's computer.
 */
#ifndef OPENFBNIC_FW_FUNCTION_H
#define OPENFBNIC_FW_FUNCTION_H

#include "fw_home.h"

struct wire_loop;

/* Listens on @path.  NULL: @err says why, in words that complete "fw=function:PATH: ..." */
struct fw_home *fw_function_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg,
				const char *path, struct wire_loop *loop, char *err, size_t errlen);

#endif
