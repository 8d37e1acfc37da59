/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's initrd: its image, and behind it a second archive (cpio, "newc")
 * with what the lab brings, which the guest finds in /guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

#define MAX_DEPTH	16

/* nftw() takes no argument for its callback */
static struct {
	FILE		*f;
	size_t		skip;		/* of a path, up to what the archive calls it */
	const char	*under;
	unsigned int	ino;
	int		err;
} out;

static void entry(const char *name, unsigned int mode, unsigned long size)
{
	size_t len = strlen(name) + 1;

	fprintf(out.f, "070701%08x%08x%08x%08x%08x%08x%08lx%08x%08x%08x%08x%08zx%08x", ++out.ino, mode, 0, 0, 1, 0,
		size, 0, 0, 0, 0, len, 0);
	fwrite(name, 1, len, out.f);
	while ((110 + len) % 4) {	/* the header has 110 bytes */
		putc(0, out.f);
		len++;
	}
}

static void pad(unsigned long size)
{
	while (size++ % 4)
		putc(0, out.f);
}

/* Exactly @size bytes: the header has promised them */
static int add_data(const char *path, unsigned long size)
{
	FILE *f = fopen(path, "re");
	unsigned long left = size;
	char buf[65536];
	size_t n;

	if (!f)
		return -errno;
	while (left && (n = fread(buf, 1, left < sizeof(buf) ? left : sizeof(buf), f)) > 0) {
		fwrite(buf, 1, n, out.f);
		left -= n;
	}
	fclose(f);
	if (left)
		return -EIO;
	pad(size);
	return 0;
}

static void add_text(const char *name, const char *text)
{
	entry(name, 0100644, strlen(text));
	fputs(text, out.f);
	pad(strlen(text));
}

static int add_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char name[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	(void)ftw;
	snprintf(name, sizeof(name), "%s%s", out.under, path + out.skip);
	if (type == FTW_D) {
		entry(name, 040755, 0);
	} else if (type == FTW_SL) {
		n = readlink(path, target, sizeof(target));
		if (n < 0)
			return out.err = -errno;
		entry(name, 0120777, (unsigned long)n);
		fwrite(target, 1, (size_t)n, out.f);
		pad((unsigned long)n);
	} else if (type == FTW_F && S_ISREG(st->st_mode)) {
		entry(name, 0100000 | (st->st_mode & 0777), (unsigned long)st->st_size);
		out.err = add_data(path, (unsigned long)st->st_size);
	} else {
		out.err = -ENOENT;
	}
	return out.err;
}

/* @path, and all that is below it, as @under/its name */
static int add_tree(const char *path, const char *under)
{
	const char *slash = strrchr(path, '/');

	out.skip = slash ? (size_t)(slash + 1 - path) : 0;
	out.under = under;
	out.err = 0;
	if (nftw(path, add_one, MAX_DEPTH, FTW_PHYS) && !out.err)
		out.err = -errno;
	return out.err;
}

static int add_image(const char *image)
{
	struct stat st;

	if (stat(image, &st))
		return -errno;
	return add_data(image, (unsigned long)st.st_size);
}

/* The modules that lab/kernel leaves beside a kernel */
static int add_modules(const struct part *p)
{
	const char *slash = strrchr(p->kernel, '/');
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s/modules/lib/modules", slash ? (int)(slash - p->kernel) : 1,
		 slash ? p->kernel : ".");
	if (access(path, R_OK))
		return 0;
	entry("usr", 040755, 0);
	entry("usr/lib", 040755, 0);
	return add_tree(path, "usr/lib/");
}

static int fail(const struct part *p, const char *what, int err)
{
	run_fail(p->run, NULL, "machine %s: %s: %s", p->name, what, strerror(-err));
	return -1;
}

/* What a shell in it begins with */
static void add_motd(const struct part *p)
{
	const struct lab_word *w;
	char text[2048];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "\n  This is %s. \"poweroff\" ends it.\n", p->name);
	for (w = p->m->hints.first; w && len < sizeof(text); w = w->next)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "  %s\n", w->text);
	if (len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, "\n");
	add_text("guest/motd", text);
}

static int fill(const struct part *p)
{
	const struct lab_word *w;
	int err = add_image(p->image);

	if (err)
		return fail(p, p->image, err);
	entry("guest", 040755, 0);
	add_text("guest/lib.sh", lab_guest_words);
	add_motd(p);
	for (w = p->m->files.first; w; w = w->next) {
		char *real = realpath(paths_file(p->run, w->text), NULL);

		err = real ? add_tree(real, "guest/") : -errno;
		free(real);
		if (err) {
			run_fail(p->run, NULL, "%s:%d: file %s: %s", p->run->lab->file, w->line, w->text,
				 strerror(-err));
			return -1;
		}
	}
	err = add_modules(p);
	if (err)
		return fail(p, "its kernel's modules", err);
	entry("TRAILER!!!", 0, 0);
	return 0;
}

int archive_make(const struct part *p)
{
	char path[PATH_MAX];
	int err;

	if (!p->image)
		return 0;
	snprintf(path, sizeof(path), "%s/%s.initrd", p->run->kept->dir, p->name);
	out.f = fopen(path, "we");
	if (!out.f)
		return fail(p, path, -errno);
	out.ino = 0;
	err = fill(p);
	if (fclose(out.f) && !err)
		err = fail(p, path, -errno);
	return err;
}
