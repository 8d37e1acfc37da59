/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes go to the file where they belong: that a torn one does no harm is the
 * firmware's business (fw/flash.c).  A sync takes as long as the disk wants;
 * there are a few of them in an update, none otherwise.
 */
#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct flash_file {
	int	fd;		/* -1: memory */
	size_t	size;
	uint8_t	*mem;
};

static int open_file(const char *path, size_t size, char *err, size_t errlen)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		snprintf(err, errlen, "can't open %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || (size_t)st.st_size > size) {
		snprintf(err, errlen, "%s is no flash of this card", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB)) {
		snprintf(err, errlen, "%s is in use by another process", path);
	} else if (ftruncate(fd, (off_t)size)) {
		snprintf(err, errlen, "can't make %s: %s", path, strerror(errno));
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

struct flash_file *flash_file_open(const char *dir, size_t size, char *err, size_t errlen)
{
	struct flash_file *f = calloc(1, sizeof(*f));
	char path[PATH_MAX];

	if (!f) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	f->size = size;
	f->fd = -1;
	if (dir) {
		snprintf(path, sizeof(path), "%s/flash", dir);
		f->fd = open_file(path, size, err, errlen);
	} else {
		f->mem = calloc(1, size);		/* pages that are not touched cost nothing */
		snprintf(err, errlen, "out of memory");
	}
	if (f->fd < 0 && !f->mem) {
		free(f);
		return NULL;
	}
	return f;
}

void flash_file_close(struct flash_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f->mem);
	free(f);
}

/* All of it, however the kernel cuts it up; @write: from @p, else to it */
static int transfer(int fd, uint32_t off, uint8_t *p, size_t len, bool write)
{
	while (len) {
		ssize_t n = write ? pwrite(fd, p, len, (off_t)off) : pread(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		p += n;
		off += (uint32_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int flash_file_read(struct flash_file *f, uint32_t off, void *buf, size_t len)
{
	if (off > f->size || len > f->size - off)
		return -EINVAL;
	if (!f->mem)
		return transfer(f->fd, off, buf, len, false);
	memcpy(buf, f->mem + off, len);
	return 0;
}

int flash_file_write(struct flash_file *f, uint32_t off, const void *buf, size_t len)
{
	if (off > f->size || len > f->size - off)
		return -EINVAL;
	if (!f->mem)
		return transfer(f->fd, off, (uint8_t *)(uintptr_t)buf, len, true);
	memcpy(f->mem + off, buf, len);
	return 0;
}

int flash_file_sync(struct flash_file *f)
{
	return f->mem || !fdatasync(f->fd) ? 0 : -EIO;
}
