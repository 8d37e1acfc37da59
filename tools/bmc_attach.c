// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A serial line for MCTP: the kernel's line discipline makes a network interface
 * of it, which gets our endpoint's address and a route to the card's by rtnetlink.
 * The interface lives as long as the line is open.  (drivers/net/mctp/mctp-serial.c)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "bmc_link.h"

#define LDISC_MCTP	28		/* N_MCTP of linux/tty.h, which cross compilers may not have */
#define MCTP_FAMILY	45
#define LINKS		64u

struct request {
	struct nlmsghdr	h;
	uint8_t		b[128];
};

static void put(struct request *r, const void *p, size_t len)
{
	memcpy((uint8_t *)r + r->h.nlmsg_len, p, len);
	r->h.nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
}

static void put_attr(struct request *r, uint16_t type, const void *p, size_t len)
{
	struct rtattr a = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type };

	put(r, &a, sizeof(a));
	put(r, p, len);
}

/* What the kernel says to it: 0 or -errno */
static int ask(int fd, struct request *r)
{
	struct request answer;
	struct nlmsgerr e;
	ssize_t n;

	if (send(fd, r, r->h.nlmsg_len, 0) < 0)
		return -errno;
	do {
		n = recv(fd, &answer, sizeof(answer), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_HDRLEN + sizeof(e) || answer.h.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	memcpy(&e, answer.b, sizeof(e));
	return e.error;
}

static struct request request(uint16_t type, uint16_t flags)
{
	return (struct request){ .h = { .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type,
					.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags) } };
}

static int link_up(int fd, unsigned int ifindex)
{
	struct ifinfomsg m = { .ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct request r = request(RTM_NEWLINK, 0);

	put(&r, &m, sizeof(m));
	return ask(fd, &r);
}

static int add_address(int fd, unsigned int ifindex, uint8_t eid)
{
	struct ifaddrmsg m = { .ifa_family = MCTP_FAMILY, .ifa_index = ifindex };
	struct request r = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);

	put(&r, &m, sizeof(m));
	put_attr(&r, IFA_LOCAL, &eid, 1);
	return ask(fd, &r);
}

static int add_route(int fd, unsigned int ifindex, uint8_t eid)
{
	struct rtmsg m = { .rtm_family = MCTP_FAMILY, .rtm_type = RTN_UNICAST };
	struct request r = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	put(&r, &m, sizeof(m));
	put_attr(&r, RTA_DST, &eid, 1);
	put_attr(&r, RTA_OIF, &ifindex, sizeof(ifindex));
	return ask(fd, &r);
}

static int set_up(unsigned int ifindex, uint8_t own, uint8_t card)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err;

	if (fd < 0)
		return -errno;
	err = link_up(fd, ifindex);
	if (!err)
		err = add_address(fd, ifindex, own);
	if (!err)
		err = add_route(fd, ifindex, card);
	close(fd);
	return err;
}

/* The indices of all interfaces, sorted or not; how many */
static unsigned int interfaces(unsigned int *index)
{
	struct if_nameindex *all = if_nameindex();
	unsigned int n = 0;

	for (struct if_nameindex *i = all; i && i->if_index && n < LINKS; i++)
		index[n++] = i->if_index;
	if (all)
		if_freenameindex(all);
	return n;
}

/* The MCTP interface that was not there before, which the kernel does not tell */
static unsigned int find_new(const unsigned int *before, unsigned int nbefore, char name[IF_NAMESIZE])
{
	unsigned int now[LINKS], n = interfaces(now), k;

	for (unsigned int i = 0; i < n; i++) {
		for (k = 0; k < nbefore && before[k] != now[i]; k++)
			;
		if (k == nbefore && if_indextoname(now[i], name) && !strncmp(name, "mctpserial", 10))
			return now[i];
	}
	return 0;
}

/* The line as bytes: the line discipline frames them */
static int raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return -errno;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&t, B115200);
	return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

int bmc_attach(const char *tty, uint8_t own, uint8_t card)
{
	unsigned int before[LINKS], n = interfaces(before), ifindex;
	const int ldisc = LDISC_MCTP;
	char name[IF_NAMESIZE];
	int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), err = fd < 0 ? -errno : raw(fd);
	const char *what = tty;

	if (!err && ioctl(fd, TIOCSETD, &ldisc)) {
		what = "MCTP on serial lines";
		err = -errno;
	}
	if (!err) {
		what = "the new interface";
		ifindex = find_new(before, n, name);
		err = ifindex ? set_up(ifindex, own, card) : -ENODEV;
	}
	if (err) {
		fprintf(stderr, "fbnic-bmc: %s: %s\n", what, strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	printf("%s: %s, endpoint %u, card %u\n", tty, name, own, card);
	fflush(stdout);
	for (;;)
		pause();	/* the line goes with us */
}
