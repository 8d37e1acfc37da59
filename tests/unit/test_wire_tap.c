/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap: against the kernel.  Needs the right to make an interface; the kernel's
 * end is a packet socket, and for large sends a TCP connection by hand.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "test_wire.h"

static int packet_fd;
static const char *why_not;

static int ifup(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_mtu = 9000 };
	int ret;

	strcpy(ifr.ifr_name, name);
	ret = ioctl(fd, SIOCSIFMTU, &ifr);
	ifr.ifr_flags = IFF_UP;
	ret |= ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return ret;
}

static struct port *tap_new(struct bench *b)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5) };
	struct port *p;
	int size = 4 << 20;

	if (why_not) {
		print_message("%s\n", why_not);
		skip();
	}
	p = port_new(b, "tap:wtest0");
	assert_int_equal(ifup("wtest0"), 0);
	packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(packet_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ll.sll_ifindex = (int)if_nametoindex("wtest0");
	assert_int_equal(bind(packet_fd, (struct sockaddr *)&ll, sizeof(ll)), 0);
	return p;
}

static void tap_free(struct port *p)
{
	close(packet_fd);
	port_free(p);
}

/* Frames that the kernel sends for itself (IPv6, mostly) are not ours */
static unsigned int ours(const struct port *p)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < p->n; i++)
		n += p->got[i].data[12] == 0x88 && p->got[i].data[13] == 0xb5;
	return n;
}

static const struct got *our(const struct port *p, unsigned int which)
{
	for (unsigned int i = 0; i < p->n; i++) {
		if (p->got[i].data[12] == 0x88 && p->got[i].data[13] == 0xb5 && !which--)
			return &p->got[i];
	}
	fail();
	return NULL;
}

static void tap_carries_frames_both_ways(void **state)
{
	static const size_t sizes[] = { 14, 42, 60, 61, 1514, 9014 };
	struct bench *b = *state;
	struct port *p = tap_new(b);
	uint8_t buf[9100], want[9100];

	assert_int_equal(p->lso, PORT_LSO_PARTIAL);
	assert_int_equal(port_burst(p, 0, 64, 9014), 64);
	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(read(packet_fd, buf, sizeof(buf)), 9014);
		pattern(want, i, 9014);
		assert_memory_equal(buf, want, 9014);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		pattern(buf, i, sizes[i]);
		assert_int_equal(write(packet_fd, buf, sizes[i]), sizes[i]);
	}
	settle(b);
	assert_int_equal(ours(p), ARRAY_SIZE(sizes));
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_pattern(our(p, i), i, sizes[i]);
	tap_free(p);
}

static void tap_waits_for_the_card(void **state)
{
	struct bench *b = *state;
	struct port *p = tap_new(b);
	uint8_t buf[100];

	settle(b);
	p->room = 5;
	for (unsigned int i = 0; i < 150; i++) {
		pattern(buf, i, 100);
		assert_int_equal(write(packet_fd, buf, 100), 100);
	}
	settle(b);
	assert_int_equal(p->room, 0);
	p->room = UINT32_MAX;
	p->ops->rx_ready(p->ctx);
	settle(b);
	assert_int_equal(ours(p), 150);
	for (unsigned int i = 0; i < 150; i++)
		assert_pattern(our(p, i), i, 100);
	tap_free(p);
}

static void tap_obeys_pause(void **state)
{
	static const uint8_t pause[60] = {
		0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1, 0xff, 0xff,
	};
	struct bench *b = *state;
	struct port *p = tap_new(b);
	unsigned int before;
	uint8_t buf[100];

	settle(b);
	before = p->n;
	assert_true(port_send(p, pause, sizeof(pause)));
	pattern(buf, 1, 100);
	assert_int_equal(write(packet_fd, buf, 100), 100);
	settle(b);
	assert_int_equal(p->n, before);
	pass_time(b, 335539 - 1);
	assert_int_equal(p->n, before);
	pass_time(b, 1);
	assert_int_equal(ours(p), 1);
	tap_free(p);
}

static void tap_that_is_down_is_an_open_cable(void **state)
{
	struct bench *b = *state;
	struct port *p;

	if (why_not)
		skip();
	p = port_new(b, "tap:wtest1");
	assert_int_equal(port_burst(p, 0, 3, 60), 3);
	assert_int_equal(wire_stats(p->w)->tx_no_peer, 3);
	port_free(p);
}

static void tap_in_use_is_named(void **state)
{
	struct bench *b = *state;
	const struct wire_end end = { 0 };
	struct port *p = tap_new(b);
	char err[400];

	assert_null(wire_open("tap:wtest0", &end, loop_wire(b->loop), err, sizeof(err)));
	assert_non_null(strstr(err, "another process has the interface wtest0 open"));
	assert_null(wire_open("tap:lo", &end, loop_wire(b->loop), err, sizeof(err)));
	assert_non_null(strstr(err, "lo is not a TAP interface"));
	tap_free(p);
}

/* ---- large sends: what a packet socket on the interface gets is what the kernel made of them ---- */

#define MSS	1000
#define BIG	(54 + 30 * MSS + 7)

static void make_tcp(uint8_t *f)
{
	static const uint8_t head[54] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0,
		0x45, 0, (BIG - 14) >> 8, (BIG - 14) & 255, 0, 1, 0x40, 0, 64, 6, 0, 0,
		192, 0, 2, 1, 192, 0, 2, 2,
		0x10, 0, 0x20, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0,
	};
	uint32_t sum = 6 + (BIG - 34) + 0xc000 + 0x0201 + 0xc000 + 0x0202, ip = 0;

	memcpy(f, head, sizeof(head));
	for (size_t i = 54; i < BIG; i++)
		f[i] = (uint8_t)(i * 13 + (i >> 8));
	for (int i = 14; i < 34; i += 2)
		ip += (uint32_t)(f[i] << 8 | f[i + 1]);
	ip = ~((ip & 0xffff) + (ip >> 16)) & 0xffff;
	f[24] = (uint8_t)(ip >> 8);
	f[25] = (uint8_t)ip;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	f[50] = (uint8_t)(sum >> 8);	/* the pseudo header only */
	f[51] = (uint8_t)sum;
}

static void tap_takes_a_large_send_in_one_write(void **state)
{
	static uint8_t f[BIG], buf[70000];
	struct bench *b = *state;
	struct port *p = tap_new(b);
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	struct span s[2] = { { f, 54 }, { f + 54, BIG - 54 } };
	struct frame fr = {
		.span = s, .nspans = 2, .len = BIG, .flags = FRAME_LSO,
		.lso = { .mss = MSS, .hdr_len = 54, .l4_start = 34, .csum_offset = 16 },
	};
	size_t payload = 0;
	ssize_t n;

	ll.sll_ifindex = (int)if_nametoindex("wtest0");
	assert_int_equal(bind(packet_fd, (struct sockaddr *)&ll, sizeof(ll)), 0);
	make_tcp(f);
	assert_int_equal(p->ops->tx(p->ctx, &fr, 1), 1);
	assert_int_equal(wire_stats(p->w)->tx_errors, 0);
	while ((n = read(packet_fd, buf, sizeof(buf))) > 0) {
		assert_true(n > 54);
		assert_memory_equal(buf + 54, f + 54 + payload, (size_t)n - 54);
		payload += (size_t)n - 54;
	}
	assert_int_equal(payload, BIG - 54);
	tap_free(p);
}

static void find_out(void)
{
	struct bench *b;
	const struct wire_end end = { 0 };
	static char err[400];
	void *state;
	struct wire *w;

	/* In a network of our own: nothing of the machine's is touched */
	(void)!unshare(CLONE_NEWNET);
	bench_setup(&state);
	b = state;
	w = wire_open("tap:wtest0", &end, loop_wire(b->loop), err, sizeof(err));
	if (!w)
		why_not = err;
	wire_close(w);
	bench_teardown(&state);
}

int main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(tap_carries_frames_both_ways),
		T(tap_waits_for_the_card),
		T(tap_obeys_pause),
		T(tap_that_is_down_is_an_open_cable),
		T(tap_in_use_is_named),
		T(tap_takes_a_large_send_in_one_write),
	};

	find_out();
	if (why_not) {
		printf("skipped: %s\n", why_not);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
