/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card over its socket, as QEMU reaches it, and the process as a whole:
 * register reads, posted writes, doorbell to wire, start, idle, memory.
 *
 *	bench_bus FBNICD
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../src/host/drv_fw.h"

#define RUNS	11

static char dir[] = "/tmp/fbnic-bench-XXXXXX";
static const char *fbnicd;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_bus: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *what, const char *unit, double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), compare);
	printf("| %s | %.2f %s | %.2f to %.2f |\n", what, v[n / 2], unit, v[0], v[n - 1]);
	fflush(stdout);
}

struct child {
	pid_t	pid;
	double	start;		/* seconds from fork to "ready" */
};

/* Starts fbnicd with @cards cards on @wire; waits until it is ready */
static struct child start(unsigned int cards, const char *wire)
{
	char arg[16][200], *argv[40] = { (char *)(uintptr_t)fbnicd }, line[64];
	unsigned int i, n = 1;
	struct child c;
	int out[2];
	double t0;

	for (i = 0; i < cards; i++) {
		snprintf(arg[i], sizeof(arg[i]), "socket=%s/%u,wire=%s", dir, i, wire);
		argv[n++] = (char *)(uintptr_t)"--card";
		argv[n++] = arg[i];
	}
	if (pipe(out))
		fail("pipe");
	t0 = now();
	c.pid = fork();
	if (!c.pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(out[1], 1);
		dup2(null, 2);
		execv(fbnicd, argv);
		_exit(127);
	}
	close(out[1]);
	if (read(out[0], line, sizeof(line)) <= 0)
		fail("fbnicd did not start");
	c.start = now() - t0;
	close(out[0]);
	return c;
}

static void stop(struct child *c)
{
	kill(c->pid, SIGTERM);
	waitpid(c->pid, NULL, 0);
}

static struct host *attach(unsigned int card)
{
	char path[200], err[200];
	struct host *h;

	snprintf(path, sizeof(path), "%s/%u", dir, card);
	h = host_connect(path, 32 << 20, err, sizeof(err));
	if (!h || host_enable(h)) {
		fprintf(stderr, "bench_bus: %s\n", h ? "enable" : err);
		exit(1);
	}
	return h;
}

static void bench_registers(void)
{
	struct child c = start(1, "none");
	struct host *h = attach(0);
	double rd[RUNS], wr[RUNS];
	unsigned int r, i, n = 20000;

	for (r = 0; r < RUNS; r++) {
		double t0 = now();

		for (i = 0; i < n; i++)
			csr_rd(h, 0x0c41b);
		rd[r] = (now() - t0) / n * 1e6;
		t0 = now();
		for (i = 0; i < 10 * n; i++)
			csr_wr(h, 0x00819, i & 0xff);
		host_flush(h);
		wr[r] = 10 * n / (now() - t0) * 1e-6;
	}
	report("register read, round trip", "us", rd, RUNS);
	report("posted register writes", "M/s", wr, RUNS);
	host_free(h);
	stop(&c);
}

/* From the doorbell to the frame in our hands, over a dgram wire */
static void bench_latency(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	unsigned int r, i, n = 2000;
	char wire[300], buf[2048];
	double us[RUNS];
	struct drv_tx tx;
	struct child c;
	struct host *h;
	uint64_t addr;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/peer", dir);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		fail("bind");
	snprintf(wire, sizeof(wire), "dgram:local=unix:%s/wire;remote=unix:%s/peer", dir, dir);
	c = start(1, wire);
	h = attach(0);
	if (drv_up(h) || drv_tx_open(&tx, h, 0, &DRV_TX_DEFAULT))
		fail("bring-up");
	addr = host_alloc(h, 4096, 4096);
	for (r = 0; r < RUNS; r++) {
		double t0, sum = 0;

		for (i = 0; i < n; i++) {
			struct drv_buf b = { addr, 60 };

			drv_tx_post(&tx, 0, drv_meta_plain(), &b, 1);
			t0 = now();
			drv_tx_kick(&tx, 0);
			if (recv(fd, buf, sizeof(buf), 0) != 60)
				fail("frame on the wire");
			sum += now() - t0;
			drv_tx_wait(&tx, 1000000000);
		}
		us[r] = sum / n * 1e6;
	}
	report("doorbell to the frame at the other end of a dgram wire", "us", us, RUNS);
	host_free(h);
	stop(&c);
	close(fd);
	unlink(sa.sun_path);
}

/* A request to the firmware, from the doorbell to the answer: a heartbeat */
static void bench_mailbox(void)
{
	static const uint8_t heartbeat[4] = { 0x14, 0x80, 0x01, 0x00 };
	struct child c = start(1, "none");
	struct host *h = attach(0);
	struct drv_fw m = { 0 };
	double us[2001];
	uint8_t b[4096];

	if (drv_fw_open(&m, h, 1000000000))
		fail("mailbox");
	for (unsigned int i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
		double t0 = now();

		if (drv_fw_send(&m, heartbeat, sizeof(heartbeat)))
			fail("mailbox");
		while (!drv_fw_poll(&m, b))
			;
		us[i] = (now() - t0) * 1e6;
	}
	report("firmware mailbox, heartbeat and answer", "us", us, sizeof(us) / sizeof(us[0]));
	host_free(h);
	stop(&c);
}

static void bench_start(void)
{
	double ms[RUNS];
	unsigned int r;

	for (r = 0; r < RUNS; r++) {
		struct child c = start(1, "user");

		ms[r] = c.start * 1e3;
		stop(&c);
	}
	report("start to socket ready, one card on the user-mode network", "ms", ms, RUNS);
}

static double rss_mib(pid_t pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %lf", &kib);
	if (f)
		fclose(f);
	return kib / 1024;
}

static double cpu_ticks(pid_t pid)
{
	unsigned long user = 0, sys = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
		fail(path);
	fclose(f);
	return (double)(user + sys);
}

static void bench_idle_and_memory(void)
{
	struct child one = start(1, "user");
	double m1 = rss_mib(one.pid), m9, t0;
	struct host *h = attach(0);
	struct child nine;

	if (drv_up(h))
		fail("bring-up");
	usleep(200000);
	t0 = cpu_ticks(one.pid);
	sleep(5);
	printf("| idle, link up: CPU in 5 s | %.0f ms | |\n",
	       (cpu_ticks(one.pid) - t0) * 1000 / (double)sysconf(_SC_CLK_TCK));
	host_free(h);
	stop(&one);
	nine = start(9, "user");
	m9 = rss_mib(nine.pid);
	printf("| memory (RSS): process with one card | %.1f MiB | |\n", m1);
	printf("| memory (RSS): each further card | %.1f MiB | |\n", (m9 - m1) / 8);
	stop(&nine);
}

int main(int argc, char **argv)
{
	static void (*const bench[])(void) = {
		bench_registers, bench_latency, bench_mailbox, bench_start, bench_idle_and_memory,
	};
	static const char *const name[] = { "registers", "latency", "mailbox", "start", "idle" };

	if (argc < 2 || argc > 3 || !mkdtemp(dir)) {
		fprintf(stderr, "Usage: bench_bus FBNICD [registers|latency|mailbox|start|idle]\n");
		return 1;
	}
	fbnicd = argv[1];
	printf("| Over the socket | median | spread |\n|---|---|---|\n");
	for (unsigned int i = 0; i < sizeof(bench) / sizeof(bench[0]); i++)
		if (argc == 2 || !strcmp(argv[2], name[i]))
			bench[i]();
	rmdir(dir);
	return 0;
}
