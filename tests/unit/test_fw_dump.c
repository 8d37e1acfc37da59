// SPDX-License-Identifier: GPL-2.0-or-later
/* A core dump as the driver collects it, and fbnic-dump ($FBNIC_DUMP), which prints it */
#include <sys/wait.h>

#include "fw_fake.h"

static uint8_t dump[DUMP_MAX];
static char said[200000], path[] = "/tmp/fbnic-dump-XXXXXX";

/* fbnic_fw_reporter_dump(); its size */
static uint32_t collect(struct fake *f)
{
	struct fw_in in;
	uint32_t size;
	uint8_t b[4096];

	DRV_SEND(f, 0x00028018, 0x00040000);
	drv_reap(f);
	drv_expect(f, 0x19, &in, b);
	size = (uint32_t)tlv_uint(&in.a[DUMP_INFO_SIZE]);
	assert_in_range(size, 1000, sizeof(dump));
	for (uint32_t off = 0, len; off < size; off += len) {
		len = size - off < TLV_MAX_DATA ? size - off : TLV_MAX_DATA;
		DRV_SEND(f, 0x00058020, 0x00080000, off, 0x00080001, len);
		drv_reap(f);
		drv_expect(f, 0x21, &in, b);
		assert_int_equal(in.a[DUMP_DATA].len, len);
		memcpy(dump + off, in.a[DUMP_DATA].p, len);
	}
	return size;
}

/* Prints the first @len bytes of what is there, in hexadecimal if @hex; what the program said, its status */
static int print(size_t len, bool hex)
{
	FILE *f = fopen(path, "w");
	char cmd[300];
	size_t n;

	assert_non_null(f);
	if (hex)
		fputs("FW coredump:\n  ", f);
	for (size_t i = 0; i < len; i++)
		hex ? fprintf(f, "%02x ", dump[i]) : fputc(dump[i], f);
	fclose(f);
	/* a sanitizer's report may not pass for a refusal */
	snprintf(cmd, sizeof(cmd), "ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=halt_on_error=1:exitcode=99 %s %s %s 2>&1",
		 getenv("FBNIC_DUMP"), hex ? "<" : "", path);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = 0;
	return WEXITSTATUS(pclose(f));
}

static void has(const char *line)
{
	if (!strstr(said, line))
		fail_msg("no \"%s\" in:\n%s", line, said);
}

static uint32_t crashed(void)
{
	struct fake *f = fake_new();
	uint8_t b[4096];
	uint32_t size;

	drv_open(f);
	DRV_SEND(f, 0x00018010);
	DRV_SEND(f, 0x00028012, 0x00040000);
	DRV_SEND(f, 0x0001807f);			/* unknown */
	drv_reap(f);
	fake_sleep(f, 100 * MS);
	while (drv_recv(f, b))
		;
	fw_crash(f->fw, "a test");
	fake_sleep(f, 1001 * MS);
	size = collect(f);
	fake_free(f);
	return size;
}

static void a_crash_is_told_in_full(void **st)
{
	uint32_t size = crashed();

	(void)st;
	for (unsigned int hex = 0; hex < 2; hex++) {
		assert_int_equal(print(size, hex), 0);
		has(": crash, firmware 26.11.00-001, up ");
		has("\n  reason: a test\n");
		has("\n  boot2: 26.11.00-001 openfbnic\n");
		has(", host here, host owns the card\n");
		has("\n  messages_in 2\n");
		has("\n  refused_msg_unknown 1\n");
		has("\n  rx0  ");
		has("\n  tx15 ");
		has("from host 0x10 host_cap_req, 4 bytes\n");
		has("to host 0x11 fw_cap_resp, ");
		has("from host 0x7f unknown, 4 bytes, error 2\n");
		has(" assert: a test\n");
	}
}

/* Not one byte may be missing, and none may be there too many */
static void a_torn_dump_is_refused(void **st)
{
	uint32_t size = crashed();

	(void)st;
	for (size_t len = 0; len < size; len += len < 64 || len + 8 > size ? 1 : 97)
		assert_int_equal(print(len, false), 1);
	dump[size] = 0;
	assert_int_equal(print(size + 1, false), 1);
	dump[28]++;
	assert_int_equal(print(size, false), 1);
	has("sections are missing");
	dump[28]--;
	dump[0]++;
	assert_int_equal(print(size, false), 1);
	has("no core dump");
}

/* What lengths somebody puts in: an error or not, but an end, and no byte past the input */
static void no_length_is_believed(void **st)
{
	uint32_t size = crashed(), seed = 7;
	uint8_t good[sizeof(dump)];

	(void)st;
	memcpy(good, dump, sizeof(good));
	for (unsigned int i = 0; i < 200; i++) {
		memcpy(dump, good, sizeof(good));
		for (unsigned int k = 0; k < 1 + i % 4; k++)
			dump[12 + rnd(&seed) % (size - 12)] = (uint8_t)rnd(&seed);
		assert_in_range(print(size, false), 0, 1);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(a_crash_is_told_in_full),
		cmocka_unit_test(a_torn_dump_is_refused),
		cmocka_unit_test(no_length_is_believed),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	fclose(fdopen(fd, "w"));
	failed = cmocka_run_group_tests(t, NULL, NULL);
	remove(path);
	return failed;
}
