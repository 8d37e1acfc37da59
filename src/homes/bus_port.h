/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vfio-user server in the event loop: who knocks is let in, what the client
 * says is handled, in portions.
 */
#ifndef OPENFBNIC_BUS_PORT_H
#define OPENFBNIC_BUS_PORT_H

#include "../wire/listen.h"

struct vu;

struct bus_port {
	struct wire_loop	*loop;
	struct vu		*vu;
	struct listener		door;
	struct loop_fd		conn;
	bool			connected;
	bool			more;		/* messages in the server's own buffer */
};

/* @p is zeroed.  0 or -errno.  The server's owner passes what conn() tells it to bus_port_client() */
int bus_port_start(struct bus_port *p, struct wire_loop *loop, struct vu *vu);
/* 0 or -errno: the client can't be watched */
int bus_port_client(struct bus_port *p, int fd, bool open);
/* Messages that wait; true: there are more */
bool bus_port_run(struct bus_port *p);
/* Before sleep: watches for what is wanted now */
void bus_port_settle(struct bus_port *p);
/* After vu_detach(), before vu_free() */
void bus_port_stop(struct bus_port *p);

#endif
