// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A firmware in another program: our own firmware core in a thread of this
 * test, behind the protocol of fw=socket:PATH; fbnicd itself ($FBNICD); and our
 * own host.  Nothing of the three knows the others.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../../src/homes/fw_socket_proto.h"
#include "fbnicd.h"
#include "fw_host.h"

#define MBX	0x18000u
#define WORDS	64u

/* ---- the firmware's program ---- */

struct region {
	uint64_t	addr, size;
	uint8_t		*p;
};

struct program {
	pthread_t	thread;
	int		door, fd, stop[2];
	struct fw	*fw;
	uint32_t	word[WORDS];
	uint64_t	due;
	struct region	region[FSM_FDS];
	unsigned int	regions;
	unsigned int	lent, taken;		/* times */
	bool		over;			/* the thread is no more */
	uint8_t		*flash;
};

static char fw_path[80], card_arg[200];

static uint64_t clock_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

static void put_bar(struct program *p, enum fsm_cmd cmd, uint32_t addr, uint32_t val)
{
	uint8_t b[FSM_SIZE];

	fsm_put_bar(b, cmd, addr, val);
	(void)!send(p->fd, b, FSM_SIZE, MSG_NOSIGNAL);
}

static uint32_t env_mbx_read(void *ctx, unsigned int w)
{
	return w - MBX / 4 < WORDS ? ((struct program *)ctx)->word[w - MBX / 4] : 0;
}

static void env_mbx_write(void *ctx, unsigned int w, uint32_t val)
{
	if (w - MBX / 4 < WORDS)
		((struct program *)ctx)->word[w - MBX / 4] = val;
}

static uint8_t *memory(struct program *p, uint64_t addr, size_t len)
{
	for (unsigned int i = 0; i < p->regions; i++) {
		struct region *r = &p->region[i];

		if (addr >= r->addr && addr - r->addr <= r->size && len <= r->size - (addr - r->addr))
			return r->p + (addr - r->addr);
	}
	return NULL;
}

static int env_dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	uint8_t *m = memory(ctx, addr, len);

	if (!m)
		return -EFAULT;
	memcpy(buf, m, len);
	return 0;
}

static int env_dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	uint8_t *m = memory(ctx, addr, len);

	if (!m)
		return -EFAULT;
	memcpy(m, buf, len);
	return 0;
}

static bool env_dma_ready(void *ctx, bool write)
{
	(void)write;
	return ((struct program *)ctx)->regions;
}

static void env_irq(void *ctx)
{
	put_bar(ctx, FSM_BAR_WRITE, 0x40, 1);
}

static void env_timer(void *ctx, uint64_t when)
{
	((struct program *)ctx)->due = when;
}

/* 100G with RS FEC, whatever is asked: as SIG_PCS_IN0 and IN1 want it */
static int env_link_mode(void *ctx, unsigned int speed, unsigned int fec)
{
	(void)speed;
	(void)fec;
	put_bar(ctx, FSM_BAR_WRITE, 0x11807 * 4, 0x60040);
	put_bar(ctx, FSM_BAR_WRITE, 0x11825 * 4, 0xf);
	return 0;
}

static int env_flash_read(void *ctx, uint32_t off, void *buf, size_t len)
{
	memcpy(buf, ((struct program *)ctx)->flash + off, len);
	return 0;
}

static int env_flash_write(void *ctx, uint32_t off, const void *buf, size_t len)
{
	memcpy(((struct program *)ctx)->flash + off, buf, len);
	return 0;
}

static int env_flash_sync(void *ctx)
{
	(void)ctx;
	return 0;
}

static int env_sensor(void *ctx, enum fw_sensor which, int32_t *val)
{
	(void)ctx;
	*val = which == FW_SENSOR_TEMP ? 41000 : 751;
	return 0;
}

static uint64_t le(const uint8_t *b, unsigned int len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | b[len];
	return v;
}

static void drop_regions(struct program *p)
{
	while (p->regions) {
		p->regions--;
		munmap(p->region[p->regions].p, p->region[p->regions].size);
	}
}

static void sysmem(struct program *p, const uint8_t *b, const int *fd, unsigned int nfds)
{
	drop_regions(p);
	for (unsigned int i = 0; i < nfds; i++) {
		struct region *r = &p->region[p->regions];

		r->addr = le(b + 16 + 24 * i, 8);
		r->size = le(b + 24 + 24 * i, 8);
		r->p = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd[i], (off_t)le(b + 32 + 24 * i, 8));
		p->regions += r->p != MAP_FAILED;
		close(fd[i]);
	}
	p->lent += nfds > 0;
	p->taken += !nfds;
}

static void message(struct program *p, const uint8_t *b, const int *fd, unsigned int nfds)
{
	uint32_t addr = (uint32_t)le(b + 16, 8);

	switch (le(b, 4)) {
	case FSM_SYNC_SYSMEM:
		sysmem(p, b, fd, nfds);
		break;
	case FSM_BAR_WRITE:
		p->word[(addr - MBX) / 4 % WORDS] = (uint32_t)le(b + 24, 8);
		fw_mbx_written(p->fw, 0, addr / 4);
		break;
	case FSM_BAR_READ:
		put_bar(p, FSM_BAR_CMPL, addr, p->word[(addr - MBX) / 4 % WORDS]);
		break;
	}
}

/* false: the card is gone */
static bool receive(struct program *p)
{
	uint8_t b[FSM_SIZE];
	struct iovec iov = { b, FSM_SIZE };
	union {
		char		buf[CMSG_SPACE(FSM_FDS * sizeof(int))];
		struct cmsghdr	align;
	} ctl;
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf,
			    .msg_controllen = sizeof(ctl.buf) };
	unsigned int nfds = 0;
	int fd[FSM_FDS];

	if (recvmsg(p->fd, &h, MSG_WAITALL) != FSM_SIZE)
		return false;
	if (CMSG_FIRSTHDR(&h)) {
		nfds = (unsigned int)((CMSG_FIRSTHDR(&h)->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), nfds * sizeof(int));
	}
	message(p, b, fd, nfds);
	return true;
}

static int wait_ms(const struct program *p)
{
	uint64_t now = clock_ns(NULL);

	if (p->due == UINT64_MAX)
		return -1;
	return p->due <= now ? 0 : (int)((p->due - now + 999999) / 1000000);
}

static void *run(void *arg)
{
	struct program *p = arg;
	struct pollfd f[2] = { { .fd = p->stop[0], .events = POLLIN }, { .fd = p->door, .events = POLLIN } };
	struct fw_config cfg;
	struct fw_env env = {
		.ctx = p, .host_ctx = { p }, .mbx_read = env_mbx_read, .mbx_write = env_mbx_write, .dma_read = env_dma_read,
		.dma_write = env_dma_write, .dma_ready = env_dma_ready, .irq = env_irq, .now = clock_ns,
		.timer = env_timer, .set_link_mode = env_link_mode, .flash_read = env_flash_read,
		.flash_write = env_flash_write, .flash_sync = env_flash_sync, .sensor = env_sensor,
	};

	if (poll(f, 2, -1) < 0 || f[0].revents)
		return NULL;
	p->fd = accept(p->door, NULL, NULL);
	fw_config_default(&cfg);
	if (fw_init(p->fw, &cfg, &env))
		return NULL;
	f[1].fd = p->fd;
	for (;;) {
		if (poll(f, 2, wait_ms(p)) < 0 || f[0].revents || (f[1].revents && !receive(p)))
			break;
		if (p->due <= clock_ns(NULL)) {
			p->due = UINT64_MAX;
			fw_timer(p->fw);
		}
	}
	close(p->fd);
	return NULL;
}

static struct program *program_start(void)
{
	struct program *p = calloc(1, sizeof(*p));
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	assert_non_null(p);
	p->fw = calloc(1, fw_size());
	p->flash = calloc(1, FW_FLASH_SIZE);
	p->due = UINT64_MAX;
	assert_true(p->fw && p->flash);
	strcpy(a.sun_path, fw_path);
	unlink(fw_path);
	p->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->door, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(p->door, 1), 0);
	assert_int_equal(pipe(p->stop), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
	return p;
}

/* It has seen all that the card sent, and its end */
static void program_wait(struct program *p)
{
	pthread_join(p->thread, NULL);
	p->over = true;
}

static void program_end(struct program *p)
{
	close(p->stop[1]);
	if (!p->over)
		pthread_join(p->thread, NULL);
	close(p->stop[0]);
	close(p->door);
	unlink(fw_path);
	drop_regions(p);
	free(p->fw);
	free(p->flash);
	free(p);
}

/* ---- fbnicd and the host ---- */

static struct proc proc;
static struct host *h;
static struct drv_fw m;

static void start(void)
{
	spawn(&proc, ERR_SHOWN, (const char *const[]){ "--card", card_arg, NULL });
	assert_true(is_ready(&proc));
	h = connect_host("card", 1 << 20);
	assert_int_equal(host_enable(h), 0);
	memset(&m, 0, sizeof(m));
}

static void stop(void)
{
	host_free(h);
	kill(proc.pid, SIGTERM);
	assert_int_equal(finish(&proc), 0);
}

static void every_request_is_answered(void **st)
{
	struct program *p = program_start();
	struct fw_in in;

	(void)st;
	start();
	assert_int_equal(drv_fw_open(&m, h, 20 * SEC), 0);
	fwh_every_request(&m);
	fwh_send(&m, MSG_TSENE_READ_REQ, 0, NULL);
	fwh_expect(&m, MSG_TSENE_READ_RESP, &in);
	assert_int_equal(tlv_sint(&in.a[0]), 41000);
	/* what it programmed */
	assert_int_equal(csr_rd(h, 0x11807), 0x60040);
	assert_int_equal(csr_rd(h, 0x11825), 0xf);
	stop();
	program_end(p);
}

/* A full image goes through, in chunks that the firmware asks for */
static void an_update(void **st)
{
	static uint8_t img[300000];
	uint32_t size = fwh_image(img, FW_SECTION_CONTROL, FW_VERSION(27, 1, 2, 3), 250000);
	struct program *p = program_start();
	struct fw_in in;

	(void)st;
	start();
	assert_int_equal(drv_fw_open(&m, h, 20 * SEC), 0);
	assert_int_equal(fwh_flash(&m, FW_SECTION_CONTROL, img, size, ~0u), 0);
	fwh_caps(&m, &in);
	assert_int_equal(tlv_uint(&in.a[CAP_STORED_VERSION]), FW_VERSION(27, 1, 2, 3));
	stop();
	program_end(p);
}

/* Nobody there: the host's driver waits.  Then it comes, goes, and another one comes. */
static void it_comes_and_goes(void **st)
{
	struct program *p;
	struct fw_in in;

	(void)st;
	start();
	assert_int_equal(drv_fw_open(&m, h, SEC / 5), -ETIMEDOUT);
	p = program_start();
	assert_int_equal(drv_fw_open(&m, h, 20 * SEC), 0);
	for (unsigned int life = 0; life < 5; life++) {
		for (unsigned int i = 0; i < 7 + 3 * life; i++)		/* the rings stand anywhere */
			assert_true(fwh_uptime(&m));
		program_end(p);
		fwh_send(&m, MSG_HEARTBEAT_REQ, 0, NULL);	/* to nobody: done when somebody is there */
		p = program_start();
		fwh_expect(&m, MSG_HEARTBEAT_RESP, &in);
	}
	stop();
	program_end(p);
}

/* The driver's end, another beginning, a reset of the function: memory is lent in between only */
static void memory_comes_back(void **st)
{
	struct program *p = program_start();

	(void)st;
	start();
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(drv_fw_open(&m, h, 20 * SEC), 0);
		fwh_uptime(&m);
		if (i % 2) {
			drv_fw_close(&m);
		} else {
			host_reset(h);
			assert_int_equal(host_enable(h), 0);
		}
	}
	stop();
	program_wait(p);
	assert_true(p->lent >= 10);
	assert_true(p->taken >= 10);
	assert_int_equal(p->regions, 0);
	program_end(p);
}

static int setup(void **st)
{
	(void)st;
	if (make_dir("fw-elsewhere"))
		return -1;
	snprintf(fw_path, sizeof(fw_path), "%s", in_dir("fw"));
	snprintf(card_arg, sizeof(card_arg), "socket=%s,wire=none,fw=socket:%s", in_dir("card"), fw_path);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	unlink(fw_path);
	unlink(in_dir("card"));
	return remove_dir();
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_request_is_answered),
		cmocka_unit_test(an_update),
		cmocka_unit_test(it_comes_and_goes),
		cmocka_unit_test(memory_comes_back),
	};

	return cmocka_run_group_tests(t, setup, teardown);
}
