/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of PLDM share: a firmware with its host, and a BMC that asks
 * it, answers it, and takes an update step by step.
 */
#ifndef OPENFBNIC_TEST_FW_BMC_H
#define OPENFBNIC_TEST_FW_BMC_H

#include "fw_fake.h"

#define OLD	FW_VERSION(26, 11, 0, 1)
#define NEW	FW_VERSION(26, 12, 1, 7)
#define LINK	FW_PLDM_NCSI

extern struct fake *f;
extern uint8_t rsp[FW_PLDM_MAX];	/* the last response; its data: DATA, of rsp_len bytes */
extern int rsp_len;
extern uint8_t img[0x10000];		/* what feed() sends */
extern unsigned int told;		/* how often the card said that it has a request */

int bmc_setup(void **st);
int bmc_teardown(void **st);
void power(void);

/* The completion code of a request; the instance is a new one */
unsigned int ask_on(enum fw_pldm_link link, uint8_t type, uint8_t cmd, const void *p, size_t len);

#define ASK(type, cmd, ...) ask_on(LINK, type, cmd, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define ASK0(type, cmd) ask_on(LINK, type, cmd, NULL, 0)
#define DATA (rsp + 4)

/* RequestUpdate, PassComponentTable, UpdateComponent: the completion code */
unsigned int request_update(void);
unsigned int pass(uint8_t flag, uint8_t id);
unsigned int component(uint8_t id, uint32_t size);
/* An update up to where the component is awaited; up to where its data are */
void ready(uint8_t id);
void download(uint8_t id, uint32_t size);
void update_component_fully(uint8_t id, uint32_t size);

/* The card's request in @q; its length, 0: none */
int pending(uint8_t q[FW_PLDM_MAX]);
int reply(const uint8_t *q, uint8_t code, const void *p, size_t len);
/* Answers @n requests for data of img */
void feed(unsigned int n);
unsigned int chunks(uint32_t size);	/* so many they are */
/* The card reports: command and result; and we answer */
void report(uint8_t cmd, uint8_t result);

/* What GetStatus must tell */
void status(uint8_t state, uint8_t prev, uint8_t aux, uint8_t why_failed, uint8_t percent, uint8_t reason);
uint32_t stored(void);			/* version of the control processor's firmware */

#endif
