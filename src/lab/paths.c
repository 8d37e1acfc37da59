/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs, kernels and images.  What the lab's text, an option or the
 * environment names is taken.  Everything else the scripts of lab/ find, or get and
 * build, which may take minutes once: their progress is seen, and the same
 * question is asked only once.
 *
 * The scripts are looked for beside this program's directory: ../lab in a
 * source tree, ../share/openfbnic/lab where it is installed; or in
 * $FBNIC_LAB_SCRIPTS.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"
#include "spawn.h"

#define MAX_ANSWERS	32
#define MAX_STRINGS	64

/* Strings that live as long as the process */
static char *strings[MAX_STRINGS];
static unsigned int nstrings;

static const char *keep(char *s)
{
	if (s && nstrings < MAX_STRINGS)
		strings[nstrings++] = s;
	return s;
}

static struct {
	char		*question;
	const char	*answer;
} answers[MAX_ANSWERS];
static unsigned int nanswers;

/* ---- names ---- */

/* Good until the eighth call after it */
const char *paths_expand(const struct run *r, const char *text)
{
	static char bufs[8][4096];
	static unsigned int next;
	char *buf = bufs[next++ % 8];
	size_t len = 0, n;

	while (*text && len < sizeof(bufs[0]) - 1) {
		bool dir = !strncmp(text, "{dir}", 5);

		n = (size_t)snprintf(buf + len, sizeof(bufs[0]) - len, "%.*s", dir ? 4000 : 1,
				     dir ? r->kept->dir : text);
		len += n;
		text += dir ? 5 : 1;
	}
	buf[len < sizeof(bufs[0]) ? len : sizeof(bufs[0]) - 1] = '\0';
	return buf;
}

const char *paths_file(const struct run *r, const char *name)
{
	static char bufs[8][PATH_MAX];
	static unsigned int next;
	char *buf = bufs[next++ % 8];
	const char *path = paths_expand(r, name), *slash = strrchr(r->lab->file, '/');

	if (path[0] == '/' || !slash)
		snprintf(buf, PATH_MAX, "%s", path);
	else
		snprintf(buf, PATH_MAX, "%.*s/%s", (int)(slash - r->lab->file), r->lab->file, path);
	return buf;
}

static const char *own_dir(void)
{
	static char dir[PATH_MAX];
	ssize_t n = dir[0] ? 0 : readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	if (n > 0) {
		dir[n] = '\0';
		slash = strrchr(dir, '/');
		if (slash)
			*slash = '\0';
	}
	return dir;
}

/* A script of lab/ by name, or NULL */
static const char *script(const char *name)
{
	static const char *const where[] = { "../lab", "../share/openfbnic/lab" };
	const char *given = getenv("FBNIC_LAB_SCRIPTS");
	static char path[PATH_MAX + 64];
	size_t i;

	if (given && *given) {
		snprintf(path, sizeof(path), "%s/%s", given, name);
		return access(path, X_OK) ? NULL : path;
	}
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", own_dir(), where[i], name);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

const char *paths_fbnicd(void)
{
	static char path[PATH_MAX + 16];
	const char *given = getenv("FBNICD");

	if (given && *given)
		return given;
	snprintf(path, sizeof(path), "%s/fbnicd", own_dir());
	return access(path, X_OK) ? "fbnicd" : path;
}

/* ---- questions to scripts ---- */

static const char *remember(const char *question, const char *answer)
{
	const char *kept = keep(strdup(answer));

	if (nanswers < MAX_ANSWERS) {
		answers[nanswers].question = strdup(question);
		answers[nanswers++].answer = kept;
	}
	return kept;
}

/* What "lab/NAME ARGUMENTS" prints.  NULL: a sentence was said, or the lab is to end */
static const char *ask_script(struct run *r, const char *what, const char *name, const char *a, const char *b)
{
	const char *path = script(name), *answer = NULL;
	const char *argv[] = { path, a, b, NULL };
	struct text out = { 0 };
	char question[PATH_MAX], moment[100];
	unsigned int i;
	int status = 0;

	snprintf(question, sizeof(question), "%s %s %s", name, a ? a : "", b ? b : "");
	for (i = 0; i < nanswers; i++)
		if (!strcmp(answers[i].question, question))
			return answers[i].answer;
	if (!path) {
		run_fail(r, NULL, "no %s was given, and there is no script \"lab/%s\" that could get one; "
			 "see \"FILES AND ENVIRONMENT\" in fbnic-lab(1)", what, name);
		return NULL;
	}
	snprintf(moment, sizeof(moment), "lab/%s is looking for the %s", name, what);
	if (run_tool(r, moment, argv, NULL, &out, &status)) {
		if (status || !out.len)
			run_fail(r, NULL, "no %s: lab/%s %s", what, name,
				 status ? spawn_end_text(status) : "printed nothing");
		else
			answer = remember(question, out.s);
	}
	text_free(&out);
	return answer;
}

/* ---- what a machine needs ---- */

static const char *existing(struct run *r, const struct part *p, const char *what, const char *name)
{
	const char *path = paths_file(r, name);
	char *real = realpath(path, NULL);

	if (!real)
		run_fail(r, NULL, "machine %s: %s %s: %s", p->name, what, path, strerror(errno));
	return keep(real);
}

static const char *from_env(const char *name)
{
	const char *val = getenv(name);

	return val && *val ? val : NULL;
}

/* A file if it is named like one, else what lab/kernel makes of the word ("latest", "6.12", "full") */
static const char *host_kernel(struct run *r, struct part *p)
{
	const char *want = p->m->kernel;

	if (!want && !script("kernel"))
		want = from_env("KERNEL");
	if (want && strchr(want, '/')) {
		struct stat st;
		const char *path = existing(r, p, "kernel", want);

		if (!path || stat(path, &st) || !S_ISDIR(st.st_mode))
			return path;
		want = path;		/* a source tree */
	}
	if (want && !strcmp(want, "full"))
		return ask_script(r, "kernel", "kernel", "--flavour", want);
	return ask_script(r, "kernel", "kernel", want, NULL);
}

static const char *host_image(struct run *r, struct part *p)
{
	const char *want = p->m->image ? p->m->image : from_env("OPENFBNIC_IMAGE");

	return want ? existing(r, p, "image", want) : ask_script(r, "image", "image", NULL, NULL);
}

static const char *emulator(struct run *r, struct part *p, const char *arch)
{
	static const char *const env[] = { "QEMU", "QEMU_AARCH64", "QEMU_ARM" };
	static const char *const archs[] = { "x86_64", "aarch64", "arm" };
	char name[64];
	size_t i;

	if (p->m->emulator)
		return strchr(p->m->emulator, '/') ? existing(r, p, "emulator", p->m->emulator) : p->m->emulator;
	for (i = 0; strcmp(archs[i], arch); i++)
		;
	if (from_env(env[i]))
		return from_env(env[i]);
	if (script("qemu"))
		return i ? ask_script(r, "QEMU", "qemu", "--arch", arch) : ask_script(r, "QEMU", "qemu", NULL, NULL);
	snprintf(name, sizeof(name), "qemu-system-%s", arch);
	return keep(strdup(name));
}

static const char *accel(struct run *r, struct part *p)
{
	const char *given = from_env("OPENFBNIC_ACCEL");

	if (given)
		return given;
	if (!script("accel"))
		return "tcg,thread=multi";
	return ask_script(r, "way to run guests fast", "accel", p->emulator, p->kernel);
}

static void find_host(struct run *r, struct part *p)
{
	p->emulator = emulator(r, p, "x86_64");
	if (p->emulator)
		p->image = host_image(r, p);
	if (p->image)
		p->kernel = host_kernel(r, p);
	if (p->kernel)
		p->accel = accel(r, p);
}

/* The ELF beside this program, where the build or the installation has put it */
static const char *firmware_elf(struct run *r, struct part *p)
{
	static const char *const where[] = { "src/metal", "../share/openfbnic" };
	const char *given = p->m->kernel ? p->m->kernel : from_env("FBNIC_FIRMWARE");
	char path[PATH_MAX + 64];
	size_t i;

	if (given)
		return existing(r, p, "kernel", given);
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/fbnic-firmware.elf", own_dir(), where[i]);
		if (!access(path, R_OK))
			return keep(realpath(path, NULL));
	}
	run_fail(r, NULL, "machine %s: the firmware for a computer of its own was not built: that takes "
		 "gcc-aarch64-linux-gnu; or name one with kernel, or $FBNIC_FIRMWARE", p->name);
	return NULL;
}

static void find_firmware(struct run *r, struct part *p)
{
	p->kernel = firmware_elf(r, p);
	if (p->kernel)
		p->emulator = emulator(r, p, "aarch64");
}

/*
 * Beside a BMC's kernel is a file "boards": "MACHINE TREE UART" a line.  A machine with
 * a tree of its own has its channel on UART1.
 */
static void find_board(struct run *r, struct part *p)
{
	const char *slash = strrchr(p->kernel, '/');
	int dir = slash ? (int)(slash - p->kernel) : 1;
	char path[PATH_MAX], line[300], machine[100], tree[100];
	bool found = false;
	FILE *f;

	if (p->m->dtb) {
		p->uart = 1;
		p->dtb = existing(r, p, "dtb", p->m->dtb);
		return;
	}
	snprintf(path, sizeof(path), "%.*s/boards", dir, slash ? p->kernel : ".");
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%99s %99s %u", machine, tree, &p->uart) == 3 && !strcmp(machine, p->board) &&
			p->uart >= 1 && p->uart <= 8;
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "%.*s/%s.dtb", dir, slash ? p->kernel : ".", tree);
	if (found)
		p->dtb = keep(strdup(path));
	else
		run_fail(r, NULL, "machine %s: %s comes with no device tree for board %s: name one with dtb", p->name,
			 p->kernel, p->board);
}

/* "debian", "built": what lab/bmc-kernel makes of the word */
static void find_bmc(struct run *r, struct part *p)
{
	const char *want = p->m->kernel ? p->m->kernel : "debian";

	p->board = p->m->board ? p->m->board : "fby35-bmc";
	p->emulator = emulator(r, p, "arm");
	if (p->emulator)
		p->image = p->m->image ? existing(r, p, "image", p->m->image) :
			ask_script(r, "BMC's image", "bmc-image", NULL, NULL);
	if (p->image)
		p->kernel = strchr(want, '/') ? existing(r, p, "kernel", want) :
			ask_script(r, "BMC's kernel", "bmc-kernel", want, NULL);
	if (p->kernel)
		find_board(r, p);
}

/* What the lab's own commands call is what stands beside us: fbnicctl, fbnic-pldm */
static void own_dir_first(void)
{
	const char *path = from_env("PATH");
	char *all;

	if (asprintf(&all, "%s:%s", own_dir(), path ? path : "/usr/bin:/bin") < 0)
		return;
	setenv("PATH", all, 1);
	free(all);
}

int paths_find(struct run *r)
{
	unsigned int i;

	own_dir_first();
	for (i = 0; i < r->lab->nmachines && r->state != RUN_FALLING; i++) {
		struct part *p = &r->part[i];

		if (p->m->kind == KIND_HOST)
			find_host(r, p);
		else if (p->m->kind == KIND_FIRMWARE)
			find_firmware(r, p);
		else if (p->m->kind == KIND_BMC)
			find_bmc(r, p);
	}
	return r->state == RUN_FALLING ? -1 : 0;
}
