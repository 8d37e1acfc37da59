/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files are written beside their final name and renamed over it, so that a
 * killed process leaves the old file or the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "state.h"

static bool read_mac(int dir, const char *path, const char *name, uint8_t mac[6])
{
	char buf[32] = "";
	int end = 0, fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0) {
		if (errno == ENOENT)
			return false;
		die("state=%s: can't read its file %s: %s", path, name, strerror(errno));
	}
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n < 17 || sscanf(buf, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
			     &mac[3], &mac[4], &mac[5], &end) != 6 || end != 17 || (mac[0] & 1))
		die("state=%s: its file %s does not hold a unicast address", path, name);
	return true;
}

static void write_mac(int dir, const char *path, const char *name, const uint8_t mac[6])
{
	char buf[32];
	int len = snprintf(buf, sizeof(buf), "%02x:%02x:%02x:%02x:%02x:%02x\n",
			   mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	int fd = openat(dir, "mac.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, buf, (size_t)len) != len || fsync(fd) || close(fd) ||
	    renameat(dir, "mac.new", dir, name))
		die("state=%s: can't write its file %s: %s", path, name, strerror(errno));
}

void state_mac(const char *path, unsigned int host, uint8_t mac[6], bool given)
{
	char name[8] = "mac";
	uint8_t stored[6];
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		die("state=%s: %s", path, strerror(errno));
	if (host)
		snprintf(name, sizeof(name), "mac%u", host % MAX_HOSTS);
	if (!given && read_mac(dir, path, name, stored))
		memcpy(mac, stored, 6);
	else
		write_mac(dir, path, name, mac);
	close(dir);
}
