/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server with a fake card and a client that can send any bytes at all, in
 * one thread: nothing races, nothing sleeps.
 */
#ifndef OPENFBNIC_VU_RAW_H
#define OPENFBNIC_VU_RAW_H

#include "../../src/bus/vfu.h"
#include "../../src/bus/vu_proto.h"
#include "../../src/host/host.h"
#include "fake_card.h"

struct rig {
	struct vu	*v;
	struct card	*card;
	char		path[64];
	char		last_log[256];
	unsigned int	logs;
	int		watched;	/* what the owner would watch; -1: nobody there */
};

void rig_open(struct rig *r, const char *name, unsigned int vectors);
void rig_close(struct rig *r);
void rig_pump(void *rig);		/* what an event loop would do, until nothing is ready */
uint64_t rig_stat(struct rig *r, const char *name);

int raw_connect(struct rig *r);		/* connected, nothing said */
int raw_client(struct rig *r);		/* ... and version negotiated */
void raw_send(int fd, const void *bytes, size_t len, const int *fds, unsigned int nfds);
/* Header, payload; returns the message id used */
uint16_t raw_cmd(int fd, uint16_t cmd, uint32_t flags, const void *body, size_t len,
		 const int *fds, unsigned int nfds);
/* Next message from the server; false: none there.  *len is the payload's. */
bool raw_recv(struct rig *r, int fd, struct vu_hdr *h, void *body, size_t max);
bool raw_closed(struct rig *r, int fd);
/* Command and reply: 0 or the error of the reply, or -1 if there was none */
int raw_call(struct rig *r, int fd, uint16_t cmd, const void *body, size_t len,
	     const int *fds, unsigned int nfds, void *reply, size_t max);
/* GET_INFO still works */
bool raw_alive(struct rig *r, int fd);
unsigned int open_fds(void);

/* ---- what all programs start from ---- */

#define VECTORS	130u
#define MiB	1048576u

extern struct rig R;

int vu_setup(void **state);
int vu_teardown(void **state);		/* no descriptor may be left */

#define T(f) cmocka_unit_test_setup_teardown(f, vu_setup, vu_teardown)

/* With memory of 1 MiB */
struct host *connect_host(void);
/* A write to BAR0 that asks for no reply */
void posted(int fd, uint32_t off, uint32_t val);

#endif
