/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's home inside fbnicd: joins the firmware core (fw/fw.h) to a
 * card.  Each knows nothing of the other.
 */
#ifndef OPENFBNIC_FW_INSIDE_H
#define OPENFBNIC_FW_INSIDE_H

#include "fw_home.h"

/*
 * Boots a firmware and attaches it to @c.  @env is the environment that the
 * card was made with.  The only allocation.  NULL with errno set: out of
 * memory, or a bad configuration.
 */
struct fw_home *fw_inside_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg);
/* @h must be of fw_inside_new() */
struct fw *fw_inside_core(struct fw_home *h);

#endif
