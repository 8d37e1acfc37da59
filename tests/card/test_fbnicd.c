/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program itself: what it refuses on its command line, how it starts and
 * ends, its sockets and what lies at their paths before and after, requests on
 * the control socket, and that it sleeps when nothing happens.  $FBNICD is the
 * binary.  Nothing here waits for luck: reads have a deadline of 20 s.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fbnicd.h"

static int setup(void **state)
{
	(void)state;
	return make_dir("fbnicd-test");
}

static int teardown(void **state)
{
	static const char *const names[] = { "a", "b", "c", "ctl", "bmc", "st/mac", "st/mac1", "st/mac2",
					     "st/mac.new", "st/flash", "file" };

	(void)state;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	rmdir(in_dir("st"));
	return remove_dir();
}

/* ---- processes ---- */

#define START(p, ...)	start(p, (const char *const[]){ __VA_ARGS__, NULL })

static void start(struct proc *p, const char *const *args)
{
	char line[300];

	spawn(p, ERR_KEPT, args);
	if (!is_ready(p)) {
		read_line(p->err, line, sizeof(line));
		fail_msg("did not start: %s", line);
	}
}

static void stop(struct proc *p, int sig)
{
	kill(p->pid, sig);
	assert_int_equal(finish(p), 0);
}

/* Exits with 1 after one line that has @culprit in it */
static void refused(const char *const *args, const char *culprit)
{
	char line[500], more[500];
	struct proc p;

	spawn(&p, ERR_KEPT, args);
	if (!read_line(p.err, line, sizeof(line)))
		fail_msg("no word about \"%s\"", culprit);
	if (!strstr(line, culprit) || strncmp(line, "fbnicd: ", 8))
		fail_msg("\"%s\" does not name \"%s\"", line, culprit);
	if (read_line(p.err, more, sizeof(more)))
		fail_msg("a second line: \"%s\"", more);
	assert_int_equal(finish(&p), 1);
}

#define REFUSED(culprit, ...)	refused((const char *const[]){ __VA_ARGS__, NULL }, culprit)

static const char *card(const char *rest)
{
	static char buf[4][256];
	static unsigned int next;
	char *p = buf[next++ % 4];

	snprintf(p, sizeof(buf[0]), "socket=%s,%s", in_dir("a"), rest);
	return p;
}

/* ---- command lines ---- */

static void bad_command_lines(void **state)
{
	static const struct { const char *rest, *culprit; } t[] = {
		{ "speed=40", "speed=40" }, { "fec=no", "fec=no" }, { "fec=none", "fec=rs" }, { "speed=50r1,fec=baser", "fec=rs" },
		{ "queues=0", "queues=0" },
		{ "queues=129", "queues=129" }, { "queues=-1", "queues=-1" }, { "queues=8x", "queues=8x" },
		{ "queues= 8", "queues= 8" }, { "queues=99999999999999999999", "queues=9999" },
		{ "vectors=2", "vectors=2" }, { "vectors=257", "vectors=257" }, { "mac=1", "mac=1" },
		{ "mac=01:00:00:00:00:01", "mac=01:" }, { "mac=00:00:00:00:00:00", "mac=00:" },
		{ "mac=02:00:00:00:00:01:02", "mac=02:" }, { "mac=2:0:0:0:0:1", "mac=2:" },
		{ "color=red", "color" }, { "queues", "queues" }, { "queues=", "queues" },
		{ "queues=1,queues=2", "queues" }, { "wire=string:x", "string" }, { "wire=pair:", "pair" },
		{ "wire=none,pcap=/nonexistent/x", "/nonexistent/x" },
		{ "wire=none,state=/nonexistent", "/nonexistent" }, { "wire=none,", "" }, { ",wire=none", "" },
		{ "fw=there", "fw=there" }, { "fw=function", "fw=function" }, { "fw=function:", "fw=function:" },
		{ "fw=function:/nowhere/at/all", "fw=function:/nowhere/at/all" }, { "fw=inside:x", "fw=inside:x" },
		{ "fw-boot=x", "fw-boot=x" }, { "fw-boot=1:", "fw-boot" }, { "fw-boot=1:600001", "600001" },
		{ "fw-boot=:1", "fw-boot" }, { "fw-restart=soon", "fw-restart=soon" },
		{ "fw=outside", "fw=outside" }, { "fw=socket", "fw=socket" }, { "fw=socket:", "fw=socket:" },
		{ "mctp=/tmp/x", "mctp=/tmp/x" }, { "mctp=unix:", "mctp=unix:" }, { "mctp=unix:;eid=9", "mctp=unix:" },
		{ "mctp=unix:x;uid=9", "uid=9" }, { "mctp=unix:x;eid=7", "eid=7" }, { "mctp=unix:x;eid=255", "eid=255" },
		{ "mctp=unix:x;eid=", "eid" }, { "wire=none,mctp=unix:/nonexistent/m", "/nonexistent/m" },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		REFUSED(t[i].culprit, "--card", card(t[i].rest));
	REFUSED("socket", "--card", "wire=none");
	REFUSED("--fw=socket:", "--card", card("wire=none"), "--fw=socket:");
	REFUSED("--fw: the card has", "--card", card("wire=none,fw=socket:/x"), "--fw=socket:/y");
	REFUSED("2 cards", "--card", card("wire=none"), "--card", "socket=/nonexistent/b,wire=none", "--fw=socket:/x");
	REFUSED("no card", "--fw=socket:/x");
	REFUSED("--card", "--trace=all");
	REFUSED("--linger=x", "--card", card("wire=none"), "--linger=x");
	REFUSED("--linger=10001", "--card", card("wire=none"), "--linger=10001");
	REFUSED("nonsense", "--card", card("wire=none"), "--trace=csr,nonsense");
	REFUSED("/nonexistent/ctl", "--card", card("wire=none"), "--control=/nonexistent/ctl");
	REFUSED("/nonexistent/s", "--card", "socket=/nonexistent/s,wire=none");
	REFUSED("two cards", "--card", card("wire=none"), "--card", card("wire=none"));
}

/* A card with several hosts: what stands where, and what can't be */
static void bad_hosts(void **state)
{
	char two[700];

	(void)state;
#define TWO(first, rest) (snprintf(two, sizeof(two), "%swire=none,socket=%s,queues=3,socket=%s,queues=2%s", \
				   first, in_dir("a"), in_dir("b"), rest), two)
	REFUSED("queues is given twice", "--card", TWO("", ",queues=2"));
	REFUSED("wire is given twice", "--card", TWO("wire=none,", ""));
	REFUSED("state is given twice", "--card", TWO("state=/x,", ",state=/x"));
	REFUSED("pcap=x would be one file for 2 hosts", "--card", TWO("pcap=x,", ""));
	REFUSED("bmcmac= without bmc=", "--card", TWO("", ",bmcmac=02:00:00:00:00:01"));
	REFUSED("the same address", "--card", TWO("mac=02:00:00:00:00:01,", ",mac=02:00:00:00:00:01"));
	REFUSED("serves one host, and this card has 2", "--card", TWO("fw=socket:/x,", ""));
	REFUSED("serves one host, and this card has 2", "--card", TWO("", ""), "--fw=function:/x");
	snprintf(two, sizeof(two), "socket=%s,wire=none,socket=%s", in_dir("a"), in_dir("a"));
	REFUSED("two hosts on socket", "--card", two);
	snprintf(two, sizeof(two), "wire=none,socket=%s,socket=%s", in_dir("b"), in_dir("a"));
	REFUSED("two cards on socket", "--card", card("wire=none"), "--card", two);
	REFUSED("at most 4 hosts", "--card", "socket=a,socket=b,socket=c,socket=d,socket=e");
	REFUSED("socket= has no value", "--card", "socket=a,socket=");
}

static void help_and_version(void **state)
{
	static const char *const opts[] = { "--help", "--version" };
	char line[200];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct proc p;

		spawn(&p, ERR_KEPT, (const char *const[]){ opts[i], NULL });
		assert_true(read_line(p.out, line, sizeof(line)));
		assert_non_null(strstr(line, "fbnicd"));
		while (read_line(p.out, line, sizeof(line)))
			;
		assert_int_equal(finish(&p), 0);
	}
}

/* ---- sockets and state ---- */

static void starts_ends_and_cleans_up(void **state)
{
	static const int sigs[] = { SIGTERM, SIGINT };
	struct proc p;
	char ctl[140];
	struct stat st;

	(void)state;
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	for (unsigned int i = 0; i < 2; i++) {
		START(&p, "--card", card("wire=none"), ctl);
		assert_int_equal(stat(in_dir("a"), &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
		assert_int_equal(stat(in_dir("ctl"), &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
		stop(&p, sigs[i]);
		assert_int_equal(stat(in_dir("a"), &st), -1);
		assert_int_equal(stat(in_dir("ctl"), &st), -1);
	}
}

static void a_socket_in_use_is_refused_a_dead_one_replaced(void **state)
{
	struct proc p;
	char ctl[140];
	int fd;

	(void)state;
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	START(&p, "--card", card("wire=none"), ctl);
	REFUSED(in_dir("a"), "--card", card("wire=none"));
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	{
		char other[200];

		snprintf(other, sizeof(other), "socket=%s,wire=none", in_dir("b"));
		REFUSED(in_dir("ctl"), "--card", other, ctl);
	}
	unlink(in_dir("b"));
	kill(p.pid, SIGKILL);
	assert_int_equal(finish(&p), -1);
	assert_int_equal(access(in_dir("a"), F_OK), 0);
	START(&p, "--card", card("wire=none"), ctl);
	stop(&p, SIGTERM);

	fd = open(in_dir("file"), O_CREAT | O_WRONLY, 0600);	/* not ours: not to be removed */
	assert_true(fd >= 0);
	close(fd);
	{
		char c[200];

		snprintf(c, sizeof(c), "socket=%s,wire=none", in_dir("file"));
		REFUSED(in_dir("file"), "--card", c);
		snprintf(c, sizeof(c), "--control=%s", in_dir("file"));
		REFUSED(in_dir("file"), "--card", card("wire=none"), c);
	}
	assert_int_equal(access(in_dir("file"), F_OK), 0);
	unlink(in_dir("a"));
}

static void read_mac(char *buf)
{
	int fd = open(in_dir("st/mac"), O_RDONLY);

	assert_true(fd >= 0);
	memset(buf, 0, 32);
	assert_true(read(fd, buf, 31) > 0);
	close(fd);
}

/* The low half of the address of the host on @name */
static uint32_t address_low(const char *name)
{
	struct host *h = connect_host(name, 1 << 20);
	uint32_t low;

	low = host_cfg_rd(h, host_find_ext_cap(h, 3) + 4, 4) & 0xffffff;
	host_free(h);
	return low;
}

/* Given for all, counted on from the first; given to one; remembered */
static void addresses_of_several_hosts(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	static const struct { const char *first, *second, *last; bool st; uint32_t want[3]; } t[] = {
		{ "mac=02:00:00:12:34:ff,", "", "", true, { 0x1234ff, 0x123500, 0x123501 } },
		{ "", "", "", true, { 0x1234ff, 0x123500, 0x123501 } },
		{ "", "mac=02:00:00:00:00:07,", "", false, { 0, 7, 0 } },
		{ "mac=02:00:00:00:00:10,", "mac=02:00:00:00:00:07,", "", true, { 0x10, 7, 0x12 } },
		{ "", "", "", true, { 0x10, 7, 0x12 } },
	};
	char arg[900];
	struct proc p;

	(void)state;
	assert_int_equal(mkdir(in_dir("st"), 0700), 0);
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		int n = snprintf(arg, sizeof(arg), "%swire=none,socket=%s,queues=1,socket=%s,%squeues=2,socket=%s,%squeues=3",
				 t[i].first, in_dir("a"), in_dir("b"), t[i].second, in_dir("c"), t[i].last);
		uint32_t first;

		if (t[i].st)
			snprintf(arg + n, sizeof(arg) - (size_t)n, ",state=%s", in_dir("st"));
		START(&p, "--card", arg);
		first = address_low("a");
		for (unsigned int k = 0; k < 3; k++)
			assert_int_equal(address_low(names[k]), t[i].want[k] ? t[i].want[k] : first + k);
		stop(&p, SIGTERM);
	}
}

static void state_keeps_the_address(void **state)
{
	char st[200], with[240], mac[32];
	struct proc p;
	int fd;

	(void)state;
	assert_int_equal(mkdir(in_dir("st"), 0700), 0);
	snprintf(st, sizeof(st), "socket=%s,wire=none,state=%s", in_dir("a"), in_dir("st"));
	snprintf(with, sizeof(with), "%s,mac=02:00:00:00:ab:cd", st);
	START(&p, "--card", with);
	stop(&p, SIGTERM);
	read_mac(mac);
	assert_string_equal(mac, "02:00:00:00:ab:cd\n");
	for (unsigned int i = 0; i < 2; i++) {
		struct host *h;
		uint32_t dsn;

		START(&p, "--card", st);
		h = connect_host("a", 1 << 20);
		dsn = host_find_ext_cap(h, 3);
		assert_int_equal(host_cfg_rd(h, dsn + 4, 4), 0xfe00abcd);
		assert_int_equal(host_cfg_rd(h, dsn + 8, 4), 0x020000ff);
		host_free(h);
		stop(&p, SIGTERM);
	}
	fd = open(in_dir("st/mac"), O_WRONLY | O_TRUNC);
	assert_true(write(fd, "garbage", 7) == 7);
	close(fd);
	REFUSED(in_dir("st"), "--card", st);
	unlink(in_dir("st/mac"));
	if (getuid()) {
		chmod(in_dir("st"), 0500);
		REFUSED(in_dir("st"), "--card", st);
		chmod(in_dir("st"), 0700);
	}
	snprintf(st, sizeof(st), "socket=%s,wire=none,state=/proc", in_dir("a"));	/* even root can't */
	REFUSED("/proc", "--card", st);
	unlink(in_dir("a"));
}

/* ---- the control socket ---- */

static void ask(int fd, const char *line, const char *want)
{
	static char buf[1 << 17];

	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	if (!read_line(fd, buf, sizeof(buf)))
		fail_msg("no answer to %s", line);
	if (buf[0] != '{' || buf[strlen(buf) - 1] != '}' || !strstr(buf, want))
		fail_msg("%s: \"%.200s\" has no \"%s\"", line, buf, want);
}

static void control_answers_every_line(void **state)
{
	static const struct { const char *line, *want; } t[] = {
		{ "help\n", "stats CARD" }, { "\n", "requests" }, { "stats 0\n", "\"MAC_STAT_RX_RECEIVED_OK\":0" },
		{ "bugs 0\n", "\"twq\":0" }, { "wire 0\n", "none" }, { "bus 0\n", "{" }, { "fw 0\n", "\"phase\":\"ready\"" },
		{ "fw 0 dance\n", "dance" }, { "fw 0 hang\n", "ok" }, { "fw 0 hang\n", "the firmware is hung" },
		{ "fw 0\n", "hung" }, { "fw 0 restart\n", "ok" }, { "fw 0 crash\n", "ok" }, { "fw 0\n", "crashed" },
		{ "link 0 dark\n", "ok" }, { "reg 0 SIG_PCS_OUT0\n", ":0" }, { "link 0 light\n", "ok" },
		{ "reg 0 SIG_PCS_OUT0\n", "134217758" }, { "link 0 train 0\n", "ok" }, { "link 0 train\n", "milliseconds" },
		{ "link 0 flap -1\n", "milliseconds" }, { "link 0 flap 0\n", "ok" }, { "link 0 errors\n", "codewords" },
		{ "link 0 errors 1 x\n", "codewords" }, { "link 0 errors 1000 5\n", "ok" }, { "link 0 errors 0\n", "ok" },
		{ "module 0 cmis\n", "ok" }, { "module 0 gbic\n", "gbic" }, { "module 0 none\n", "ok" },
		{ "reg 0 SIG_PCS_OUT0\n", ":0" }, { "module 0 dac\n", "ok" }, { "module 0\n", "usage" },
		{ "sensor 0 temp 99500\n", "ok" }, { "sensor 0\n", "\"millidegrees\":99500" }, { "sensor 0 volt\n", "value" },
		{ "sensor 0 humidity 5\n", "humidity" }, { "sensor 0 auto\n", "ok" }, { "otp 0 x\n", "32-bit" },
		{ "otp 0 0x100000000\n", "32-bit" }, { "otp 0 1 0x20003\n", "ok" }, { "otp 0 0\n", "ok" },
		{ "fault 0\n", "\"silent\":0" }, { "fault 0 silent 3\n", "ok" }, { "fault 0\n", "\"silent\":3" },
		{ "fault 0 silent 0\n", "ok" }, { "fault 0 nothing\n", "there is no fault" }, { "fault 0 test x\n", "number" },
		{ "garble 0\n", "usage" }, { "garble 0 tsene_read_resp\n", "usage" },
		{ "garble 0 nonsense fails\n", "but: test host_cap_req" }, { "garble 0 tsene_read_req fails\n", "ok" },
		{ "garble 0 tsene_read_req id=5\n", "can fail, nothing else" }, { "garble 0 tsene_read_resp x\n", "NAME=VALUE" },
		{ "garble 0 tsene_read_resp x=1\n", "but: millidegrees millivolts error" },
		{ "garble 0 heartbeat_resp uptime_ms=-1 7\n", "ok" }, { "fault 0\n", "\"garble\":7" },
		{ "garble 0 qsfp_read_resp data=1\n", "can't be done to data" }, { "garble 0 qsfp_read_resp data=none\n", "ok" },
		{ "garble 0 qsfp_read_resp data.bytes=4\n", "ok" }, { "garble 0 qsfp_read_resp data.bytes=none\n", "number" },
		{ "garble 0 qsfp_read_resp data.bytes=99999\n", "can't be done" }, { "garble 0 qsfp_read_resp data.words=1\n", "data.words" },
		{ "garble 0 qsfp_read_resp page=4294967296\n", "32 bits" }, { "garble 0 qsfp_read_resp page=1 x\n", "times" },
		{ "garble 0 qsfp_read_resp =1\n", "has no attribute" }, { "garble 0 fw_cap_resp dwords=70000\n", "can't be done" },
		{ "fault 0 garble 0\n", "ok" }, { "fault 0\n", "\"garble\":0" },
		{ "fw 0 hang\n", "error" }, { "power 0\n", "ok" }, { "fw 0\n", "ready" }, { "fw 0\n", "fw_messages_in" },
		{ "link 0 down\n", "\"ok\":true" }, { "reg 0 SIG_PCS_OUT0\n", ":0" }, { "link 0 up\n", "\"ok\":true" },
		{ "reg 0 SIG_PCS_OUT0\n", "134217758" }, { "reg 0 0x11808 2\n", "SIG_PCS_OUT1" },
		{ "reg 0 nothing\n", "nothing" }, { "reg 0 0 99999\n", "error" }, { "reg 0 0xffffffffffffffff 4000\n", "{" },
		{ "fields 0 SIG_PCS_OUT0\n", "\"AMPS_LOCK\":15" }, { "fields 0 SIG_PCS_OUT0\n", "\"LINK\":1," },
		{ "fields 0 QUEUE_TCQ_BAL 127\n", "\"ADDR\":0" }, { "fields 0 QUEUE_TCQ_BAL 128\n", "0 to 127" },
		{ "fields 0 PTP_SPARE\n", "{\"PTP_SPARE\":0}" }, { "fields 0 nothing\n", "not a register" },
		{ "clocks\n", "\"card0\":" }, { "clocks 7\n", "\"now\":" }, { "reg 0\n", "usage" }, { "reg 0 0 -1\n", "{" },
		{ "link 0 sideways\n", "sideways" }, { "link 0\n", "usage" }, { "trace 0 mac,csr\n", "ok" },
		{ "trace 0 none\n", "ok" }, { "trace 0 bogus\n", "bogus" }, { "stats\n", "usage" },
		{ "stats 1\n", "no card" }, { "stats -1\n", "no card" }, { "stats 0x\n", "no card" },
		{ "dance 0\n", "dance" }, { "stats  \t 0 \r\n", "MAC_STAT" }, { "a b c d e f g\n", "error" },
		{ "aer 0 correctable\n", "none" }, { "aer 0 fatal dlp\n", "none" }, { "aer 0 fatal CmpltTO\n", "non-fatal" },
		{ "aer 0 nonfatal DLP\n", "makes DLP fatal" }, { "aer 0 correctable DLP\n", "no correctable" },
		{ "aer 0 mild\n", "mild" }, { "aer 0\n", "usage" }, { "unplug 0\n", "no client" },
		{ "vanish 0\n", "ok" }, { "aer 0 fatal\n", "vanished" }, { "replug 0\n", "ok" }, { "\x01\xff\xfe\n", "error" },
	};
	char ctl[140], big[4096];
	struct proc p;
	int fd, other;
	ssize_t n;

	(void)state;
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	START(&p, "--card", card("wire=none"), ctl);
	fd = dial("ctl");
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ask(fd, t[i].line, t[i].want);
	/* half a line, then the other half; two at once */
	assert_int_equal(send(fd, "sta", 3, MSG_NOSIGNAL), 3);
	other = dial("ctl");
	ask(other, "help\n", "requests");
	ask(fd, "ts 0\n", "MAC_STAT");
	ask(fd, "bugs 0\nhelp\n", "twq");
	ask(fd, "", "requests");
	/* an endless line */
	memset(big, 'x', sizeof(big));
	send(other, big, sizeof(big), MSG_NOSIGNAL);
	assert_true(read_line(other, big, sizeof(big)));
	assert_non_null(strstr(big, "longer"));
	close(other);
	/* a client that asks and does not read is let go, others are served */
	other = dial("ctl");
	for (unsigned int i = 0; i < 3000; i++)
		if (send(other, "stats 0\n", 8, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)
			break;
	ask(fd, "help\n", "requests");
	close(other);
	/* more clients than there is room for */
	{
		int many[20];

		for (unsigned int i = 0; i < 20; i++)
			many[i] = dial("ctl");
		ask(fd, "help\n", "requests");
		for (unsigned int i = 0; i < 20; i++)
			close(many[i]);
	}
	ask(fd, "help\n", "requests");
	close(fd);
	do {				/* places are free again */
		fd = dial("ctl");
		assert_int_equal(send(fd, "help\n", 5, MSG_NOSIGNAL), 5);
		n = read(fd, big, 1);
	} while (n != 1 && (close(fd), true));
	close(fd);
	stop(&p, SIGTERM);
}

static void control_names_hosts(void **state)
{
	static const struct { const char *line, *want; } t[] = {
		{ "link 0.1 down\n", "ok" }, { "reg 0 SIG_PCS_OUT0\n", "134217758" }, { "reg 0.0 SIG_PCS_OUT0\n", "134217758" },
		{ "reg 0.1 SIG_PCS_OUT0\n", ":0" }, { "reg 0.2 SIG_PCS_OUT0\n", "no host" }, { "stats 0.\n", "no host" },
		{ "stats .0\n", "no host" }, { "stats 0.0x\n", "no host" }, { "stats 1.0\n", "MAC_STAT" },
		{ "stats 1.1\n", "no host" }, { "stats 2.0\n", "no host" }, { "stats 0.-1\n", "no host" },
		{ "clocks\n", "\"card0.0\"" }, { "clocks\n", "\"card0.1\"" }, { "clocks\n", "\"card1\"" },
		{ "module 0.1 none\n", "ok" }, { "module 0.0 optic\n", "ok" }, { "link 0.1 up\n", "ok" },
		{ "fw 0.1 hang\n", "ok" }, { "fw 0.0\n", "hung" }, { "fw 1\n", "ready" }, { "power 0.1\n", "ok" },
		{ "fw 0\n", "hung" }, { "power 0\n", "ok" }, { "fw 0\n", "ready" }, { "fw 0\n", "fw_host1_resets" },
		{ "bmc 0.1\n", "ncsi_channel1_enabled" }, { "bmc 0\n", "ncsi_channel1_enabled" }, { "bmc 1\n", "no BMC" },
	};
	char two[400], one[200], ctl[140];
	struct proc p;
	int fd;

	(void)state;
	snprintf(two, sizeof(two), "wire=none,socket=%s,socket=%s,bmc=stream:unix:%s;server=on", in_dir("a"), in_dir("b"),
		 in_dir("bmc"));
	snprintf(one, sizeof(one), "socket=%s,wire=none", in_dir("c"));
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	START(&p, "--card", two, "--card", one, ctl);
	fd = dial("ctl");
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ask(fd, t[i].line, t[i].want);
	close(fd);
	stop(&p, SIGTERM);
}

/* ---- clients of the card ---- */

static void clients_come_go_and_wait(void **state)
{
	struct host *h[2];
	char two[200];
	struct proc p;

	(void)state;
	snprintf(two, sizeof(two), "socket=%s,wire=pair:x", in_dir("b"));
	START(&p, "--card", card("wire=pair:x"), "--card", two);
	for (unsigned int i = 0; i < 3; i++) {
		h[0] = connect_host("a", 1 << 20);
		h[1] = connect_host("b", 1 << 20);
		for (unsigned int k = 0; k < 2; k++) {
			assert_int_equal(host_enable(h[k]), 0);
			assert_int_equal(csr_rd(h[k], 0x40020), 0);	/* as after a reset */
			csr_wr(h[k], 0x40020, 0x12345680 + k * 128);
			assert_int_equal(csr_rd(h[k], 0x40020), 0x12345680 + k * 128);
		}
		host_free(h[i & 1]);
		assert_int_equal(csr_rd(h[!(i & 1)], 0x40020), 0x12345680 + !(i & 1) * 128);
		host_free(h[!(i & 1)]);
	}
	stop(&p, SIGTERM);
}

/* ---- idle ---- */

static unsigned long switches(pid_t pid)
{
	char path[64], line[200];
	unsigned long n = 0, v;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &v) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %lu", &v) == 1)
			n += v;
	fclose(f);
	return n;
}

static unsigned long cpu_ticks(pid_t pid)
{
	unsigned long ut, st;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st), 2);
	fclose(f);
	return ut + st;
}

static void an_idle_card_sleeps(void **state)
{
	static const char *const wires[] = { "wire=none", "wire=user" };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		const struct timespec pause = { 0, 300000000 };
		unsigned long n, t;
		struct host *h;
		struct proc p;

		START(&p, "--card", card(wires[i]));
		h = connect_host("a", 1 << 20);
		assert_int_equal(host_enable(h), 0);
		host_flush(h);
		n = switches(p.pid);
		t = cpu_ticks(p.pid);
		nanosleep(&pause, NULL);	/* whatever it did in this time, it did for nothing */
		n = switches(p.pid) - n;
		t = cpu_ticks(p.pid) - t;
		if (n > 5 || t > 2)
			fail_msg("%s: woke %lu times, used %lu ticks", wires[i], n, t);
		host_free(h);
		stop(&p, SIGTERM);
	}
}

/* What can't be asked of somebody else's firmware, also when nobody is there, is an error and changes nothing */
static void control_with_a_firmware_elsewhere(void **state)
{
	static const struct { const char *line, *want; } t[] = {
		{ "fw 0\n", "\"phase\":\"off\"" }, { "fw 0\n", "\"fw_socket_connections\":0" }, { "fw 0 crash\n", "not ours" },
		{ "fw 0 hang\n", "not ours" }, { "fw 0 restart\n", "not ours" }, { "module 0 none\n", "not ours" },
		{ "reg 0 SIG_PCS_OUT0\n", "134217758" }, { "sensor 0 temp 1\n", "not ours" }, { "otp 0 1\n", "not ours" },
		{ "fault 0 test\n", "not ours" }, { "garble 0 tsene_read_resp fails\n", "not ours" },
		{ "power 0\n", "ok" }, { "link 0 dark\n", "ok" }, { "reg 0 SIG_PCS_OUT0\n", ":0" },
	};
	char ctl[140], fw[140];
	struct proc p;
	int fd;

	(void)state;
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	snprintf(fw, sizeof(fw), "--fw=socket:%s", in_dir("fw"));
	START(&p, "--card", card("wire=none"), fw, ctl);
	fd = dial("ctl");
	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ask(fd, t[i].line, t[i].want);
	close(fd);
	stop(&p, SIGTERM);
}

/* All that the process may open is open: who knocks waits, and it sleeps; later they are served */
static void without_descriptors_it_sleeps(void **state)
{
	char ctl[140], path[64], line[8192], c[300];
	const struct timespec pause = { 0, 300000000 };
	struct rlimit none, old;
	unsigned long n, t;
	struct host *h;
	int fd, wire, second;
	struct proc p;

	(void)state;
	snprintf(ctl, sizeof(ctl), "--control=%s", in_dir("ctl"));
	snprintf(c, sizeof(c), "socket=%s,wire=stream:unix:%s;server=on", in_dir("a"), in_dir("b"));
	START(&p, "--card", c, ctl);
	assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, NULL, &old), 0);
	for (none.rlim_cur = 0; ; none.rlim_cur++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)p.pid, (int)none.rlim_cur);
		if (readlink(path, line, sizeof(line)) < 0)
			break;
	}
	none.rlim_max = old.rlim_max;
	assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, &none, NULL), 0);
	fd = dial("ctl");
	wire = dial("b");
	second = dial("a");
	n = switches(p.pid);
	t = cpu_ticks(p.pid);
	nanosleep(&pause, NULL);
	n = switches(p.pid) - n;
	t = cpu_ticks(p.pid) - t;
	if (n > 50 || t > 5)
		fail_msg("woke %lu times, used %lu ticks", n, t);
	close(second);
	assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, &old, NULL), 0);
	ask(fd, "help\n", "requests");
	h = connect_host("a", 1 << 20);
	assert_int_equal(host_enable(h), 0);
	do {
		assert_int_equal(send(fd, "wire 0\n", 7, MSG_NOSIGNAL), 7);
		assert_true(read_line(fd, line, sizeof(line)));
	} while (!strstr(line, "\"connects\":1"));
	host_free(h);
	close(wire);
	close(fd);
	stop(&p, SIGTERM);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(bad_command_lines), T(bad_hosts), T(help_and_version), T(starts_ends_and_cleans_up),
		T(a_socket_in_use_is_refused_a_dead_one_replaced), T(state_keeps_the_address), T(addresses_of_several_hosts),
		T(control_answers_every_line), T(control_names_hosts), T(control_with_a_firmware_elsewhere),
		T(clients_come_go_and_wait), T(an_idle_card_sleeps), T(without_descriptors_it_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
