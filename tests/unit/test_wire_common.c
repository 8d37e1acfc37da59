/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all wires share: the spec, pause frames, patience, captures; none: and pair:. */
#include <pcap/pcap.h>
#include <signal.h>

#include "test_wire.h"

/* ---- the spec ---- */

static void bad_specs_are_named(void **state)
{
	static const struct { const char *spec, *says; } bad[] = {
		{ "", "not a kind of wire" },
		{ "usr", "'usr' is not a kind of wire" },
		{ "users", "'users' is not a kind of wire" },
		{ "none:x;mtu=3", "a none wire has no option 'mtu'" },
		{ "pair", "needs a name: pair:NAME" },
		{ "pair:", "needs a name: pair:NAME" },
		{ "pair:a;server=on", "a pair wire has no option 'server'" },
		{ "pair:a;pcap", "option pcap needs a value" },
		{ "pair:a;pcap=", "option pcap needs a value" },
		{ "pair:a;pcap=/nonexistent/x.pcap", "can't write the capture: /nonexistent/x.pcap" },
		{ "none;pcap=/dev/full", "can't write the capture /dev/full" },
		{ "stream", "needs an address" },
		{ "stream:;server=on", "needs an address" },
		{ "stream:unix:", "unix: needs the path" },
		{ "stream:localhost", "'localhost' is not an address" },
		{ "stream:localhost:", "'localhost:' is not an address" },
		{ "stream:::1:80", "'::1:80' is not an address" },
		{ "stream:[]:80", "'[]:80' is not an address" },
		{ "stream:127.0.0.1:http", "'http' is not a port number" },
		{ "stream:127.0.0.1:65536", "'65536' is not a port number" },
		{ "stream:127.0.0.1:5;server=maybe", "server=maybe: must be on or off" },
		{ "stream:unix:/nonexistent/s;server=on", "can't listen on unix:/nonexistent/s" },
		{ "dgram", "needs the other end" },
		{ "dgram:local=unix:/tmp/x", "needs the other end" },
		{ "dgram:remote=unix:/tmp/x", "needs its own address" },
		{ "dgram:remote=unix:/tmp/x;local=127.0.0.1:1", "different kinds" },
		{ "dgram:remote=unix:/tmp/x;local=unix:/nonexistent/y", "can't bind to local=unix:/nonexistent/y" },
		{ "tap", "needs the name of an interface" },
		{ "tap:a-name-that-is-too-long", "can't be the name of an interface" },
		{ "user:net=10.0.2.0/33", "net=10.0.2.0/33: must be an IPv4 network" },
		{ "user:net=10.0.2/24", "net=10.0.2/24: must be an IPv4 network" },
		{ "user:dhcpstart=10.0.3.1", "dhcpstart=10.0.3.1: must be a free address" },
		{ "user:dhcpstart=10.0.2.2", "dhcpstart=10.0.2.2: must be a free address" },
		{ "user:mtu=100", "mtu=100: must be a number from 1280 to 9728" },
		{ "user:mtu=1500x", "mtu=1500x: must be a number" },
		{ "user:mtu=-1", "mtu=-1: must be a number" },
		{ "user:restrict=1", "restrict=1: must be on or off" },
		{ "user:hostfwd=5555-:22", "hostfwd=5555-:22: must be tcp:" },
		{ "user:hostfwd=tcp::5555", "hostfwd=tcp::5555: must be tcp:" },
		{ "user:hostfwd=tcp::0-:22", "an IPv4 address or a port is wrong" },
		{ "user:hostfwd=tcp:1.2.3:9-:22", "an IPv4 address or a port is wrong" },
		{ "user:hostfwd=tcp:192.0.2.77:9-:22", "can't listen on port 9 of the host" },
	};
	struct bench *b = *state;
	const struct wire_end end = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char err[400] = "";

		assert_null(wire_open(bad[i].spec, &end, loop_wire(b->loop), err, sizeof(err)));
		if (!strstr(err, bad[i].says) || strchr(err, '\n'))
			fail_msg("%s: said \"%s\", not \"%s\"", bad[i].spec, err, bad[i].says);
	}
	settle(b);
}

static void long_path_and_many_options_are_refused(void **state)
{
	struct bench *b = *state;
	const struct wire_end end = { 0 };
	char spec[2000] = "stream:unix:/", err[400];

	memset(spec + strlen(spec), 'x', 200);
	assert_null(wire_open(spec, &end, loop_wire(b->loop), err, sizeof(err)));
	assert_non_null(strstr(err, "at most 107 characters"));

	strcpy(spec, "user:mtu=1500");
	for (int i = 0; i < 40; i++)
		strcat(spec, ";mtu=1500");
	assert_null(wire_open(spec, &end, loop_wire(b->loop), err, sizeof(err)));
	assert_non_null(strstr(err, "more than 32 options"));
}

static void count_names(void *arg, const char *name, uint64_t val)
{
	unsigned int *n = arg;

	assert_true(strlen(name) > 0);
	if (!strcmp(name, "tx_no_peer"))
		assert_int_equal(val, 3);
	++*n;
}

static void none_drops_and_counts(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "none");
	unsigned int names = 0;

	assert_string_equal(wire_spec(p->w), "none");
	assert_int_equal(p->lso, PORT_LSO_CUT);
	assert_int_equal(port_burst(p, 0, 3, 100), 3);
	assert_int_equal(wire_stats(p->w)->tx_frames, 3);
	assert_int_equal(wire_stats(p->w)->tx_bytes, 300);
	wire_counters(p->w, count_names, &names);
	assert_int_equal(names, sizeof(struct wire_stats) / 8);
	port_free(p);
}

/* ---- pair ---- */

static void pair_carries_frames_both_ways(void **state)
{
	struct bench *b = *state;
	struct port *x = port_new(b, "pair:a"), *y = port_new(b, "pair:a"), *z = port_new(b, "pair:b");

	assert_int_equal(port_burst(x, 0, 64, 9742), 64);
	assert_int_equal(port_burst(y, 100, 5, 60), 5);
	assert_int_equal(port_burst(z, 0, 2, 60), 2);
	assert_int_equal(y->n, 64);
	assert_int_equal(x->n, 5);
	for (unsigned int i = 0; i < 64; i++)
		assert_pattern(&y->got[i], i, 9742);
	assert_pattern(&x->got[4], 104, 60);
	assert_int_equal(wire_stats(z->w)->tx_no_peer, 2);
	assert_int_equal(wire_stats(y->w)->rx_bytes, 64 * 9742);
	port_free(x);
	port_free(y);
	port_free(z);
}

static void pair_refuses_a_third_end(void **state)
{
	struct bench *b = *state;
	struct port *x = port_new(b, "pair:a"), *y = port_new(b, "pair:a");
	const struct wire_end end = { 0 };
	char err[400];

	assert_null(wire_open("pair:a", &end, loop_wire(b->loop), err, sizeof(err)));
	assert_non_null(strstr(err, "both ends of 'a' are taken"));
	port_free(x);
	x = port_new(b, "pair:a");	/* an end that was left can be taken again */
	assert_int_equal(port_burst(x, 0, 1, 60), 1);
	assert_int_equal(y->n, 1);
	port_free(x);
	port_free(y);
}

static void pair_passes_back_pressure_on(void **state)
{
	struct bench *b = *state;
	struct port *x = port_new(b, "pair:a"), *y = port_new(b, "pair:a");

	y->room = 3;
	assert_int_equal(port_burst(x, 0, 10, 60), 3);
	settle(b);
	assert_int_equal(x->readies, 0);
	y->room = 100;
	y->ops->rx_ready(y->ctx);
	assert_int_equal(x->readies, 0);	/* not from within the other card's call */
	settle(b);
	assert_int_equal(x->readies, 1);
	assert_int_equal(port_burst(x, 3, 7, 60), 7);
	assert_int_equal(y->n, 10);
	for (unsigned int i = 0; i < 10; i++)
		assert_pattern(&y->got[i], i, 60);

	/* A card that waits is told when the other one leaves */
	y->room = 0;
	assert_int_equal(port_burst(x, 0, 1, 60), 0);
	port_free(y);
	assert_int_equal(x->readies, 2);
	assert_int_equal(port_burst(x, 0, 1, 60), 1);
	assert_int_equal(wire_stats(x->w)->tx_no_peer, 1);
	port_free(x);
}

static void nobody_waits_for_ever(void **state)
{
	struct bench *b = *state;
	struct port *x = port_new(b, "pair:a"), *y = port_new(b, "pair:a");

	y->room = 0;
	assert_int_equal(port_burst(x, 0, 4, 60), 0);
	pass_time(b, 1999 * NS_PER_MS);
	assert_int_equal(x->readies, 0);
	assert_int_equal(port_burst(x, 0, 4, 60), 0);	/* asking again does not prolong it */
	pass_time(b, NS_PER_MS);
	assert_int_equal(x->readies, 1);
	assert_int_equal(port_burst(x, 0, 4, 60), 4);
	assert_int_equal(wire_stats(x->w)->tx_stalled, 4);
	assert_int_equal(x->traces, 1);

	y->room = 1;		/* takes one again: from here on frames wait again */
	assert_int_equal(port_burst(x, 4, 1, 60), 1);
	assert_int_equal(port_burst(x, 5, 1, 60), 0);
	assert_pattern(&y->got[0], 4, 60);
	port_free(x);
	port_free(y);
}

/* ---- pause: on a user wire, with ARP for the gateway as traffic ---- */

static void make_pause(uint8_t *f, uint16_t quanta)
{
	static const uint8_t head[16] = {
		0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1,
	};

	memset(f, 0, 60);
	memcpy(f, head, sizeof(head));
	f[16] = (uint8_t)(quanta >> 8);
	f[17] = (uint8_t)quanta;
}

static void make_arp(uint8_t *f)
{
	static const uint8_t arp[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2,
	};

	memset(f, 0, 60);
	memcpy(f, arp, sizeof(arp));
}

static void pause_stops_delivery_for_its_time(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	uint8_t f[60], arp[60];

	make_arp(arp);
	make_pause(f, 1000);		/* 5.12 us */
	assert_true(port_send(p, f, 60));
	assert_true(port_send(p, arp, 60));
	settle(b);
	assert_int_equal(p->n, 0);
	pass_time(b, 5119);
	assert_int_equal(p->n, 0);
	pass_time(b, 1);
	assert_int_equal(p->n, 1);
	assert_int_equal(wire_stats(p->w)->pauses, 1);
	assert_int_equal(wire_stats(p->w)->tx_frames, 2);
	port_free(p);
}

static void pause_of_zero_ends_a_pause(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	uint8_t f[60], arp[60];

	make_arp(arp);
	make_pause(f, 65535);
	assert_true(port_send(p, f, 60));
	assert_true(port_send(p, arp, 60));
	settle(b);
	assert_int_equal(p->n, 0);
	make_pause(f, 0);
	assert_true(port_send(p, f, 60));
	settle(b);
	assert_int_equal(p->n, 1);
	port_free(p);
}

static void pause_in_a_batch_does_not_hold_up_its_neighbours(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off");
	uint8_t f[3][60];
	struct span s[3] = { { f[0], 60 }, { f[1], 60 }, { f[2], 60 } };
	struct frame fr[3] = {
		{ .span = &s[0], .nspans = 1, .len = 60 },
		{ .span = &s[1], .nspans = 1, .len = 60 },
		{ .span = &s[2], .nspans = 1, .len = 60 },
	};

	make_arp(f[0]);
	make_pause(f[1], 10);
	make_arp(f[2]);
	assert_int_equal(p->ops->tx(p->ctx, fr, 3), 3);
	settle(b);
	assert_int_equal(p->n, 0);
	pass_time(b, NS_PER_MS);
	assert_int_equal(p->n, 2);
	port_free(p);
}

static void pause_passes_through_a_pair(void **state)
{
	struct bench *b = *state;
	struct port *x = port_new(b, "pair:a"), *y = port_new(b, "pair:a");
	uint8_t f[60];

	make_pause(f, 1000);
	assert_true(port_send(x, f, 60));
	assert_int_equal(y->n, 1);
	assert_memory_equal(y->got[0].data, f, 60);
	assert_int_equal(wire_stats(x->w)->pauses, 0);
	port_free(x);
	port_free(y);
}

static void only_pause_frames_are_pause_frames(void **state)
{
	uint8_t f[60], alt[60];
	uint16_t q;
	struct span s = { f, 60 }, s3[3] = { { f, 1 }, { f + 1, 12 }, { f + 13, 47 } };
	struct frame fr = { .span = &s, .nspans = 1, .len = 60 };

	(void)state;
	make_pause(f, 0x1234);
	assert_true(frame_is_pause(&fr, &q));
	assert_int_equal(q, 0x1234);
	fr.span = s3;
	fr.nspans = 3;
	assert_true(frame_is_pause(&fr, &q));
	for (int i = 0; i < 16; i++) {
		if (i >= 6 && i < 12)
			continue;	/* the source is free */
		memcpy(alt, f, 60);
		alt[i] ^= 4;
		s = (struct span){ alt, 60 };
		fr = (struct frame){ .span = &s, .nspans = 1, .len = 60 };
		assert_false(frame_is_pause(&fr, &q));
	}
	s = (struct span){ f, 17 };
	fr = (struct frame){ .span = &s, .nspans = 1, .len = 17 };
	assert_false(frame_is_pause(&fr, &q));
}

/* ---- captures ---- */

static void capture_has_the_exact_bytes_of_both_directions(void **state)
{
	struct bench *b = *state;
	char file[100], err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	struct port *x, *y;
	uint8_t want[9742];
	pcap_t *pc;

	snprintf(file, sizeof(file), "%s/x.pcap", b->dir);
	x = port_new(b, "pair:a;pcap=%s", file);
	y = port_new(b, "pair:a");
	assert_int_equal(x->lso, PORT_LSO_CUT);
	assert_int_equal(port_burst(x, 0, 2, 9742), 2);
	assert_int_equal(port_burst(y, 2, 1, 60), 1);
	y->room = 0;
	assert_int_equal(port_burst(x, 9, 1, 60), 0);	/* not taken: not on the wire */
	pass_time(b, 100 * NS_PER_MS);			/* flushed without closing */

	pc = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, err);
	assert_non_null(pc);
	assert_int_equal(pcap_datalink(pc), DLT_EN10MB);
	for (unsigned int i = 0; i < 3; i++) {
		size_t len = i < 2 ? 9742 : 60;

		assert_int_equal(pcap_next_ex(pc, &h, &data), 1);
		assert_int_equal(h->len, len);
		assert_int_equal(h->caplen, len);
		assert_true(h->ts.tv_usec < 1000000000);
		pattern(want, i, len);
		assert_memory_equal(data, want, len);
	}
	assert_int_equal(pcap_next_ex(pc, &h, &data), PCAP_ERROR_BREAK);
	pcap_close(pc);
	port_free(x);
	port_free(y);
	unlink(file);
}

static void capture_forces_a_whole_wire_to_cut(void **state)
{
	struct bench *b = *state;
	struct port *p = port_new(b, "user:ipv6=off;pcap=%s/u.pcap", b->dir);
	char file[100];

	assert_int_equal(p->lso, PORT_LSO_CUT);
	port_free(p);
	snprintf(file, sizeof(file), "%s/u.pcap", b->dir);
	assert_int_equal(unlink(file), 0);
}

static void capture_that_fails_later_is_counted(void **state)
{
	struct bench *b = *state;
	char file[100];
	struct port *x, *y;
	int fd[2];

	/* A pipe whose reader leaves: every write fails from then on */
	assert_int_equal(pipe(fd), 0);
	snprintf(file, sizeof(file), "/dev/fd/%d", fd[1]);
	x = port_new(b, "pair:a;pcap=%s", file);
	y = port_new(b, "pair:a");
	close(fd[0]);
	assert_int_equal(port_burst(x, 0, 4, 100), 4);
	pass_time(b, 100 * NS_PER_MS);
	assert_int_equal(port_burst(x, 4, 3, 100), 3);
	pass_time(b, 100 * NS_PER_MS);
	assert_int_equal(y->n, 7);
	assert_int_equal(wire_stats(x->w)->capture_lost, 3);
	port_free(x);
	port_free(y);
	close(fd[1]);
}

int main(void)
{
#define T(t)	cmocka_unit_test_setup_teardown(t, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(bad_specs_are_named),
		T(long_path_and_many_options_are_refused),
		T(none_drops_and_counts),
		T(pair_carries_frames_both_ways),
		T(pair_refuses_a_third_end),
		T(pair_passes_back_pressure_on),
		T(nobody_waits_for_ever),
		T(pause_stops_delivery_for_its_time),
		T(pause_of_zero_ends_a_pause),
		T(pause_in_a_batch_does_not_hold_up_its_neighbours),
		T(pause_passes_through_a_pair),
		T(only_pause_frames_are_pause_frames),
		T(capture_has_the_exact_bytes_of_both_directions),
		T(capture_forces_a_whole_wire_to_cut),
		T(capture_that_fails_later_is_counted),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
