// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program with a card of four hosts, over its vfio-user sockets.  Hosts 1 and
 * 2 are wired to each other and exchange frames that are looked at, as hosts 0
 * and 3 could; host 0 is a process of its own that is as bad as it can, up to
 * being killed, all the while.  Whatever it does, hosts 1 and 2 get every frame,
 * their cards count what they count without it, and the firmware serves them.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../../src/host/drv.h"
#include "fbnicd.h"
#include "fw_host.h"

#define MEM		(16u << 20)
#define MS		1000000ull
#define HOSTS		4u
#define BURST		16u
#define BURSTS		150u

static struct proc proc;		/* no pid: it does not run */
static int control_fd;

/* ---- the program ---- */

static void start(void)
{
	char card[600], control[160];

	snprintf(card, sizeof(card), "queues=2,vectors=8,socket=%s,wire=pair:evil,socket=%s,wire=pair:good,socket=%s,"
		 "wire=pair:good,socket=%s,wire=pair:evil", in_dir("0"), in_dir("1"), in_dir("2"), in_dir("3"));
	snprintf(control, sizeof(control), "--control=%s", in_dir("ctl"));
	/* it has a lot to say about host 0 */
	spawn(&proc, ERR_LOST, (const char *const[]){ "--card", card, control, NULL });
	assert_true(is_ready(&proc));
	control_fd = dial("ctl");
}

static void stop(void)
{
	close(control_fd);
	kill(proc.pid, SIGTERM);
	assert_int_equal(finish(&proc), 0);
	proc.pid = 0;
}

static struct json_object *ask(const char *line)
{
	static char buf[1 << 18];
	size_t n = 0;
	struct json_object *o;

	assert_int_equal(send(control_fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	while (!n || buf[n - 1] != '\n') {
		ssize_t r = read(control_fd, buf + n, sizeof(buf) - 1 - n);

		assert_true(r > 0);
		n += (size_t)r;
	}
	buf[n] = 0;
	o = json_tokener_parse(buf);
	assert_non_null(o);
	return o;
}

static void say(const char *line)
{
	struct json_object *o = ask(line);

	if (json_object_object_get_ex(o, "error", NULL))
		fail_msg("%s: %s", line, json_object_to_json_string(o));
	json_object_put(o);
}

static int setup(void **state)
{
	(void)state;
	if (make_dir("fbnic-hosts"))
		return -1;
	start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (proc.pid)
		stop();
	return remove_dir();
}

/* ---- two hosts with a cable between them ---- */

struct end {
	struct host	*h;
	unsigned int	id;
	uint8_t		mac[6];
	uint64_t	buf;
	struct drv_tx	tx;
	struct drv_rx	rx;
	struct drv_fw	fw;
};

static struct end ends[HOSTS];

static void open_end(unsigned int id)
{
	struct end *e = &ends[id];
	struct drv_conf conf = { .queues = 1, .mac = { 2, 0, 0, 0, 0, (uint8_t)id } };
	struct fw_in in;

	memset(e, 0, sizeof(*e));
	e->id = id;
	e->h = connect_host((char[]){ (char)('0' + id), 0 }, MEM);
	memcpy(e->mac, conf.mac, 6);
	assert_int_equal(drv_up(e->h), 0);
	assert_int_equal(drv_fw_open(&e->fw, e->h, 10 * SEC), 0);
	fwh_caps(&e->fw, &in);
	assert_int_equal(drv_tx_open(&e->tx, e->h, 0, &DRV_TX_DEFAULT), 0);
	assert_int_equal(drv_rx_open(&e->rx, e->h, 0, &DRV_RX_DEFAULT), 0);
	drv_rpc_on(e->h, &conf);
	e->buf = host_alloc(e->h, BURST * 2048, 64);
	assert_true(e->buf != 0);
	host_flush(e->h);
}

static void close_end(unsigned int id)
{
	host_free(ends[id].h);
}

static uint32_t length_of(uint32_t seq)
{
	return 60 + seq * 37 % 1440;
}

static void make_frame(uint8_t *f, uint32_t len, const struct end *from, const struct end *to, uint32_t seq)
{
	memcpy(f, to->mac, 6);
	memcpy(f + 6, from->mac, 6);
	f[12] = 0x88;		/* local experimental EtherType */
	f[13] = 0xb5;
	for (uint32_t i = 14, s = seq + 1; i < len; i++)
		f[i] = (uint8_t)((s = s * 1664525 + 1013904223) >> 24);
}

/* A burst one way, each frame looked at */
static void burst(struct end *from, struct end *to, uint32_t seq)
{
	uint8_t want[2048];
	struct drv_pkt p;

	for (uint32_t i = 0; i < BURST; i++) {
		struct drv_buf b = { from->buf + i * 2048, (uint16_t)length_of(seq + i) };

		make_frame(host_ptr(from->h, b.addr), b.len, from, to, seq + i);
		assert_int_equal(drv_tx_post(&from->tx, 0, drv_meta_plain(), &b, 1), 0);
	}
	drv_tx_kick(&from->tx, 0);
	for (uint32_t i = 0; i < BURST; i++) {
		uint32_t len = length_of(seq + i);
		int n = drv_rx_wait(&to->rx, &p, 60 * SEC);

		if (n != 1)
			fail_msg("host %u, frame %u: %s", to->id, seq + i, n ? to->rx.err : "nothing came");
		assert_int_equal(p.len, len);
		make_frame(want, len, from, to, seq + i);
		assert_memory_equal(p.data, want, len);
		drv_rx_refill(&to->rx);
	}
	if (drv_tx_wait(&from->tx, 60 * SEC))
		fail_msg("host %u: %s", from->id, from->tx.err);
}

/* Both ways, with something to say to the firmware in between */
static void exchange(struct end *a, struct end *b, uint32_t bursts)
{
	for (uint32_t i = 0; i < bursts; i++) {
		burst(a, b, i * BURST);
		burst(b, a, 0x10000 + i * BURST);
		if (i % 10)
			continue;
		assert_true(fwh_uptime(&a->fw) > 0);
		assert_true(fwh_uptime(&b->fw) > 0);
	}
}

/* ---- host 0, a process ---- */

static uint32_t next(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static void bad_resets(struct host *h)
{
	for (;;) {
		host_enable(h);
		drv_up(h);
		host_reset(h);
	}
}

/* Registers and mailbox words at random, with memory behind the addresses more often than not */
static void bad_words(struct host *h)
{
	uint32_t s = 0x5eed;

	for (uint32_t i = 0;; i++) {
		uint32_t v = next(&s) % 4 ? (uint32_t)HOST_MEM_BASE + next(&s) % MEM : next(&s);

		if (i % 3)
			host_wr(h, 4, 0x18000 + next(&s) % 64 * 4, next(&s) % 2 ? v | 1 : 4096u << 16 | 0x4001);
		else
			host_wr(h, 0, next(&s) % (1u << 20) & ~3u, v);
		for (unsigned int k = 0; k < 16; k++)
			((uint32_t *)(void *)h->mem)[next(&s) % (MEM / 4)] = k % 2 ? next(&s) : 0x00018014;
		if (i % 1000)
			continue;
		host_flush(h);
		if (next(&s) % 8 == 0)
			host_reset(h);
		host_enable(h);
		drv_dma_enable(h, true);
	}
}

/* Takes the card, asks the firmware for as much as it can, and gives nothing back */
static void bad_requests(struct host *h)
{
	static const uint32_t dump[] = { 0x00028018, 0x00040000 };
	struct drv_fw m = { .h = NULL };

	for (;;) {
		host_enable(h);
		if (drv_up(h) || drv_fw_open(&m, h, SEC))
			continue;
		for (unsigned int i = 0; i < 100; i++)
			drv_fw_send(&m, dump, sizeof(dump));
	}
}

/* Sends as fast as it can to a host that takes nothing */
static void bad_traffic(struct host *h)
{
	struct drv_tx *tx = calloc(1, sizeof(*tx));
	uint64_t buf = host_alloc(h, 16384, 64);

	if (!tx || drv_up(h) || drv_tx_open(tx, h, 0, &DRV_TX_DEFAULT))
		return;
	for (;;) {
		for (unsigned int i = 0; i < 256; i++) {
			struct drv_buf b = { buf, (uint16_t)(60 + i * 30) };

			if (drv_tx_post(tx, 0, drv_meta_plain(), &b, 1))
				break;
		}
		drv_tx_kick(tx, 0);
		drv_tx_reap(tx);
	}
}

static const struct {
	const char *name;
	void (*run)(struct host *h);
} bad[] = {
	{ "resets", bad_resets }, { "words", bad_words }, { "requests", bad_requests }, { "traffic", bad_traffic },
};

#define NBAD	(sizeof(bad) / sizeof(bad[0]))

static pid_t loose(unsigned int which)
{
	pid_t pid = fork();
	char err[200];

	assert_true(pid >= 0);
	if (pid)
		return pid;
	signal(SIGSEGV, SIG_DFL);	/* the test's own is not for this process */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct host *h = host_connect(in_dir("0"), MEM, err, sizeof(err));

		if (h) {
			bad[which].run(h);
			host_free(h);
		}
	}
}

static void end_of(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- what hosts count ---- */

/* Not of frames: accesses to registers, and their answers, come as often as somebody looks */
static bool counts(const char *name)
{
	return strncmp(name, "PUL_", 4) != 0;
}

static struct json_object *counters(unsigned int host)
{
	char line[32];

	snprintf(line, sizeof(line), "stats 0.%u\n", host);
	return ask(line);
}

static void same_counters(struct json_object *want, struct json_object *got, const char *while_what)
{
	unsigned int moved = 0;

	json_object_object_foreach(want, name, v) {
		struct json_object *o;
		uint64_t n = json_object_get_uint64(v);

		assert_true(json_object_object_get_ex(got, name, &o));
		if (!counts(name))
			continue;
		if (json_object_get_uint64(o) != n)
			fail_msg("%s: %s is %llu, not %llu", while_what, name,
				 (unsigned long long)json_object_get_uint64(o), (unsigned long long)n);
		moved += n != 0;
	}
	assert_true(moved > 10);
}

static void no_bugs(unsigned int host)
{
	struct json_object *o;
	char line[32];

	snprintf(line, sizeof(line), "bugs 0.%u\n", host);
	o = ask(line);
	json_object_object_foreach(o, name, v)
		if (json_object_get_uint64(v))
			fail_msg("host %u: bugs of %s", host, name);
	json_object_put(o);
}

/* A number of "fw 0" */
static uint64_t fw_count(const char *name)
{
	struct json_object *o = ask("fw 0\n"), *v;
	uint64_t n;

	assert_true(json_object_object_get_ex(o, name, &v));
	n = json_object_get_uint64(v);
	json_object_put(o);
	return n;
}

/* Host 0 is doing what it is to do */
static bool at_work(unsigned int which)
{
	struct json_object *o, *v;
	uint64_t n;

	switch (which) {
	case 0:
		return fw_count("fw_host0_resets") > 2;
	case 1:
		return fw_count("fw_host0_messages_in") && fw_count("fw_host0_refused_msg_bad_header");
	case 2:
		return fw_count("fw_host0_messages_in") > 100 && fw_count("fw_host0_messages_queued") > 10;
	}
	o = counters(0);
	assert_true(json_object_object_get_ex(o, "MAC_STAT_TX_TRANSMITTED_OK", &v));
	n = json_object_get_uint64(v);
	json_object_put(o);
	return n > 1000;
}

static void two_pairs_at_the_same_time(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HOSTS; i++)
		open_end(i);
	for (unsigned int i = 0; i < 20; i++) {
		exchange(&ends[0], &ends[3], 3);
		exchange(&ends[1], &ends[2], 3);
	}
	for (unsigned int i = 0; i < HOSTS; i++) {
		no_bugs(i);
		assert_true(fw_count("fw_refused_tx_bad_length") == 0);
		close_end(i);
	}
	stop();
}

/* What hosts 1 and 2 count without trouble, then with each kind of it */
static void nothing_host_0_does_reaches_the_others(void **state)
{
	struct json_object *want[2] = { NULL, NULL };

	(void)state;
	for (unsigned int which = 0; which <= NBAD; which++) {
		const char *name = which ? bad[which - 1].name : "nothing";
		pid_t pid = 0;

		open_end(1);
		open_end(2);
		exchange(&ends[1], &ends[2], BURSTS / 3);
		if (which) {
			pid = loose(which - 1);
			while (!at_work(which - 1))
				;
		}
		exchange(&ends[1], &ends[2], BURSTS / 3);
		if (which)
			end_of(pid);
		exchange(&ends[1], &ends[2], BURSTS / 3);
		for (unsigned int i = 0; i < 2; i++) {
			struct json_object *got = counters(1 + i);

			no_bugs(1 + i);
			if (!which) {
				want[i] = got;
				continue;
			}
			same_counters(want[i], got, name);
			json_object_put(got);
		}
		assert_int_equal(fw_count("fw_host1_host_gone") + fw_count("fw_host2_host_gone"), 0);
		assert_int_equal(fw_count("fw_crashes"), 0);
		/* And who comes after it finds a card as new */
		if (which) {
			open_end(0);
			open_end(3);
			exchange(&ends[0], &ends[3], 5);
			no_bugs(3);
			close_end(3);
			close_end(0);
		}
		close_end(1);
		close_end(2);
		stop();
		start();
	}
	json_object_put(want[0]);
	json_object_put(want[1]);
	stop();
}

static void own(struct end *e)
{
	static const uint32_t take[] = { 0x00028012, 0x00040000 };
	struct fw_in in;

	assert_int_equal(drv_fw_send(&e->fw, take, sizeof(take)), 0);
	fwh_expect(&e->fw, MSG_OWNERSHIP_RESP, &in);	/* by the firmware's clock, after 10 ms */
}

/* The first host's part disappears, loses its cable, its power: the others' clock and link go on */
static void host_0_is_taken_away_while_others_work(void **state)
{
	(void)state;
	open_end(0);
	open_end(1);
	open_end(2);
	say("link 0 down\n");
	exchange(&ends[1], &ends[2], 5);
	say("vanish 0.0\n");
	own(&ends[1]);
	exchange(&ends[1], &ends[2], 5);
	say("power 0.0\n");
	say("link 0.0 up\n");
	assert_true(fwh_uptime(&ends[2].fw) > 1);
	exchange(&ends[1], &ends[2], 5);
	close_end(0);
	say("vanish 0.3\n");
	say("replug 0.3\n");
	open_end(0);
	open_end(3);
	exchange(&ends[0], &ends[3], 5);
	assert_int_equal(fw_count("fw_boots"), 1);

	/* The card's own power is another thing */
	say("power 0\n");
	assert_int_equal(fw_count("fw_boots"), 1 + 1);
	for (unsigned int i = 0; i < HOSTS; i++)
		close_end(i);
	stop();
}

/* A crash is of the card: all hosts see the uptime go back */
static void a_crash_is_seen_by_all(void **state)
{
	uint64_t up[HOSTS];

	(void)state;
	for (unsigned int i = 0; i < HOSTS; i++)
		open_end(i);
	do
		up[0] = fwh_uptime(&ends[0].fw);
	while (up[0] < 1500);
	say("fw 0.2 crash\n");
	say("fw 0 restart\n");
	for (unsigned int i = 0; i < HOSTS; i++) {
		up[i] = fwh_uptime(&ends[i].fw);
		assert_in_range(up[i], 1, 1400);
	}
	exchange(&ends[0], &ends[3], 2);
	exchange(&ends[1], &ends[2], 2);
	for (unsigned int i = 0; i < HOSTS; i++)
		close_end(i);
	stop();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest t[] = {
		T(two_pairs_at_the_same_time), T(nothing_host_0_does_reaches_the_others),
		T(host_0_is_taken_away_while_others_work), T(a_crash_is_seen_by_all),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
