/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the management processor's function share: the function
 * with a fake of what is around it, and a processor that finds it.
 */
#ifndef OPENFBNIC_TEST_MGMT_FAKE_H
#define OPENFBNIC_TEST_MGMT_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/fw/err.h"
#include "../../src/mgmt/mgmt.h"

#define HOST	0x100000000ull
#define OWN	0x40000000ull
#define SIZE	0x4000u
#define MSIX	0x42u			/* control word of the capability */

struct fake {
	uint8_t		host[SIZE], own[SIZE], flash[SIZE];
	uint32_t	word[0x8000];
	uint32_t	csr, csr_val;
	bool		ar, aw;
	unsigned int	irqs, own_irqs, syncs, restarts, owners, host_dma, own_dma, tables, events, refused, answered, requests;
	bool		owner;
	uint64_t	now;
	unsigned int	speed, fec;
	int32_t		val[3];
	struct fw_mac_sync table;
	struct fw_event	ev;
	char		name[80], reason[80];
};

extern struct mgmt *m;
extern struct fw_config cfg;
extern struct fake f;

int mgmt_setup(void **st);
int mgmt_teardown(void **st);

#define T(f) cmocka_unit_test_setup_teardown(f, mgmt_setup, mgmt_teardown)

uint32_t rd(uint32_t off);
void wr(uint32_t off, uint32_t val);
/* Returns what it ended with */
uint32_t command(uint32_t cmd, uint32_t len);
void addresses(uint64_t host, uint64_t own);
/* As a processor that has found the function and listens */
void mgmt_listen(void);
/* As the BMC asks; what comes with the answer is in f.val[] */
int ask(unsigned int what, unsigned int link, const char *req, uint8_t *buf, size_t cap);

#endif
