/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fbnicctl SOCKET REQUEST...: one request to fbnicd's control socket.  Prints
 * the answer; exit status 1 if it is an error.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char request[256] = "", buf[4096];
	bool first = true, failed = false, ended = false;
	size_t len = 0;
	ssize_t n;
	int fd, i;

	if (argc < 3) {
		fprintf(stderr, "Usage: fbnicctl SOCKET REQUEST...   (\"help\" lists the requests)\n");
		return 1;
	}
	for (i = 2; i < argc; i++) {
		n = snprintf(request + len, sizeof(request) - len, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
		len += (size_t)n;
		if (len >= sizeof(request)) {
			fprintf(stderr, "fbnicctl: the request is too long\n");
			return 1;
		}
	}
	if (strlen(argv[1]) >= sizeof(sa.sun_path)) {
		fprintf(stderr, "fbnicctl: %s: the path is too long for a socket\n", argv[1]);
		return 1;
	}
	strcpy(sa.sun_path, argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) || write(fd, request, len) != (ssize_t)len) {
		perror(argv[1]);
		return 1;
	}
	while (!ended && (n = read(fd, buf, sizeof(buf))) > 0) {
		if (first)
			failed = n >= 9 && !memcmp(buf, "{\"error\":", 9);
		first = false;
		ended = buf[n - 1] == '\n';
		fwrite(buf, 1, (size_t)n, failed ? stderr : stdout);
	}
	close(fd);
	return failed || !ended;
}
