/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a card remembers when its process ends: files in the directory state=DIR.
 */
#ifndef OPENFBNIC_STATE_H
#define OPENFBNIC_STATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The address of host @host: DIR/mac, or mac1, mac2, mac3, replaces @mac, unless
 * the user gave one; what is used is stored.  Dies if the directory or the file can't be used.
 */
void state_mac(const char *dir, unsigned int host, uint8_t mac[6], bool given);

#endif
