// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flash in a file, with the program itself ($FBNICD): what survives its end,
 * also when it is killed in the middle of an update.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fbnicd.h"
#include "fw_host.h"

#define OLD	FW_VERSION(27, 0, 0, 0)

static char card_arg[200];
static uint8_t img[100000];
static struct drv_fw m;
static struct host *h;
static struct proc proc;

static void start(void)
{
	spawn(&proc, ERR_SHOWN, (const char *const[]){ "--card", card_arg, NULL });
	assert_true(is_ready(&proc));
	h = connect_host("s", 1 << 20);
	assert_int_equal(host_enable(h), 0);
	memset(&m, 0, sizeof(m));
	assert_int_equal(drv_fw_open(&m, h, 20 * SEC), 0);
}

static void stop(int sig)
{
	kill(proc.pid, sig);
	assert_int_equal(finish(&proc), sig == SIGTERM ? 0 : -1);
	host_free(h);
}

static uint32_t running(uint32_t *stored)
{
	struct fw_in in;

	fwh_caps(&m, &in);
	*stored = (uint32_t)tlv_uint(&in.a[CAP_STORED_VERSION]);
	return (uint32_t)tlv_uint(&in.a[CAP_VERSION]);
}

static void flash_survives(void **st)
{
	uint32_t size = fwh_image(img, FW_SECTION_CONTROL, OLD, 50000), stored;

	(void)st;
	start();
	assert_int_equal(fwh_flash(&m, FW_SECTION_CONTROL, img, size, ~0u), 0);
	assert_true(running(&stored) != OLD);
	assert_int_equal(stored, OLD);
	stop(SIGTERM);
	start();
	assert_int_equal(running(&stored), OLD);
	assert_int_equal(stored, OLD);
	stop(SIGTERM);
}

/* After so many chunks; what the last one did may have been done or not */
static void killed_at_every_chunk(void **st)
{
	uint32_t old = OLD, stored;

	(void)st;
	for (unsigned int chunks = 0; chunks <= 12; chunks++) {
		uint32_t version = OLD + 1 + chunks, v;
		uint32_t size = fwh_image(img, FW_SECTION_CONTROL, version, 10 * 2048 - IMAGE_HDR);
		int err;

		start();
		assert_int_equal(running(&stored), old);
		err = fwh_flash(&m, FW_SECTION_CONTROL, img, size, chunks);
		assert_int_equal(err, chunks < 10 ? 1 : 0);
		stop(SIGKILL);
		start();
		v = running(&stored);
		assert_int_equal(stored, v);
		assert_int_equal(v, chunks < 10 ? old : version);
		old = v;
		stop(SIGTERM);
	}
}

/* Nobody waits for an answer: the kill arrives anywhere in the last chunk and the directory */
static void killed_at_the_end(void **st)
{
	uint32_t old, stored;

	(void)st;
	for (unsigned int n = 0; n < 20; n++) {
		uint32_t version = OLD + 100 + n, v;
		uint32_t size = fwh_image(img, FW_SECTION_CONTROL, version, 5000);
		pid_t killer;

		start();
		old = running(&stored);
		killer = fork();
		if (!killer) {
			usleep(n * 300);
			kill(proc.pid, SIGKILL);
			_exit(0);
		}
		fwh_flash(&m, FW_SECTION_CONTROL, img, size, ~0u);
		waitpid(killer, NULL, 0);
		stop(SIGKILL);
		start();
		v = running(&stored);
		assert_int_equal(stored, v);
		assert_true(v == old || v == version);
		stop(SIGTERM);
	}
}

static void one_process_has_it(void **st)
{
	char other[220];
	struct proc second;

	(void)st;
	start();
	snprintf(other, sizeof(other), "socket=%s,wire=none,state=%s", in_dir("s2"), in_dir(""));
	spawn(&second, ERR_SHOWN, (const char *const[]){ "--card", other, NULL });
	assert_false(is_ready(&second));
	assert_int_equal(finish(&second), 1);
	stop(SIGTERM);
}

static int setup(void **st)
{
	(void)st;
	if (make_dir("fbnicd-fw"))
		return -1;
	snprintf(card_arg, sizeof(card_arg), "socket=%s,wire=none,state=%s", in_dir("s"), in_dir(""));
	return 0;
}

static int teardown(void **st)
{
	static const char *const left[] = { "s", "s2", "mac", "flash" };

	(void)st;
	for (unsigned int i = 0; i < 4; i++)
		unlink(in_dir(left[i]));
	return remove_dir();
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(flash_survives),
		cmocka_unit_test(killed_at_every_chunk),
		cmocka_unit_test(killed_at_the_end),
		cmocka_unit_test(one_process_has_it),
	};

	return cmocka_run_group_tests(t, setup, teardown);
}
