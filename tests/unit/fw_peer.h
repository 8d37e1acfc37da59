/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of a firmware that is somebody else's program share: a card
 * that is only its firmware side, a real loop and a real socket, whose other
 * end, the peer, is the test.
 */
#ifndef OPENFBNIC_TEST_FW_PEER_H
#define OPENFBNIC_TEST_FW_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/card/regs.h"
#include "../../src/homes/fw_socket.h"
#include "../../src/homes/fw_socket_conn.h"
#include "../../src/loop/loop.h"

#define FW	2u
#define RX(d)	(2u * (d))		/* words of a descriptor */
#define TX(d)	(32u + 2u * (d))
#define MS	1000000ull

struct card {
	uint32_t		word[0x8000];
	bool			dma[2];
	unsigned int		irqs, writes;
	uint32_t		csr, val;		/* last written */
	uint32_t		at_irq[64];		/* the mailbox when a vector was raised */
	struct card_fw_ops	ops;
	void			*ctx;
	char			line[256];
	unsigned int		lines;
};

extern struct card card;
extern struct mem *mem;
extern struct loop *loop;
extern uint64_t now;
extern struct fw_home *home;
extern int peer;		/* its socket, -1: none */
extern uint32_t mbx[64];	/* its mailbox */

/* The host */
void host_write(unsigned int w, uint32_t v);
void host_post(unsigned int w, uint64_t desc);
void dma(bool on);

/* For a group: where the socket is */
int make_dir(void **st);
int remove_dir(void **st);
struct fw_home *home_at(const char *at);
void begin(void);
void begin_connected(void);
void finish(void);
void turn(void);		/* all that can be done now */
uint64_t counter(const char *name);

/* The peer: a door to knock at, and who has come */
void listen_there(void);
void come(void);

struct msg {
	uint32_t	cmd, nfds;
	uint64_t	size, addr, val;
	uint8_t		raw[FSM_SIZE];
	int		fd[FSM_FDS];
	unsigned int	fds;
};

bool get_msg(struct msg *m);	/* false: nothing there */
void close_fds(struct msg *m);
void put_raw(const void *b, size_t len);
void put_bar(enum fsm_cmd cmd, uint32_t addr, uint32_t val);
void interrupt(void);

/* What the next message must be; none at all */
void expect(struct msg *m, uint32_t cmd, uint64_t addr, uint64_t val);
void expect_write(unsigned int w, uint32_t val);
void expect_lent(struct msg *m, unsigned int n);
void nothing(void);
/* A read is asked, and answered from mbx[] */
void answer(unsigned int w);
/* All that is there, as a program that keeps up: the mailbox is kept, reads are answered; how many messages */
unsigned int serve(void);

#endif
