// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus_port.h"

#include <sys/epoll.h>

#include "../bus/vfu.h"

#define MESSAGES_PER_ROUND	512u

static int on_knock(void *arg)
{
	return vu_accept(((struct bus_port *)arg)->vu);
}

static void on_conn(void *arg, uint32_t events)
{
	struct bus_port *p = arg;

	(void)events;
	p->more = vu_service(p->vu, MESSAGES_PER_ROUND);
}

int bus_port_client(struct bus_port *p, int fd, bool open)
{
	p->connected = open;
	p->more = false;
	if (open)
		return loop_fd_add(p->loop, &p->conn, fd, EPOLLIN);
	loop_fd_del(p->loop, &p->conn);
	return 0;
}

bool bus_port_run(struct bus_port *p)
{
	if (p->more)
		p->more = vu_service(p->vu, MESSAGES_PER_ROUND);
	return p->more;
}

void bus_port_settle(struct bus_port *p)
{
	if (p->connected)
		loop_fd_mod(p->loop, &p->conn, vu_want(p->vu));
}

int bus_port_start(struct bus_port *p, struct wire_loop *loop, struct vu *vu)
{
	p->loop = loop;
	p->vu = vu;
	p->conn = (struct loop_fd){ .cb = on_conn, .arg = p };
	p->door = (struct listener){ .accept = on_knock, .arg = p };
	return listener_start(&p->door, loop, vu_listen_fd(vu));
}

void bus_port_stop(struct bus_port *p)
{
	listener_stop(&p->door);
}
