// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fbnic-bmc: what a BMC does with the card, from its command line.  Needs the
 * kernel's NC-SI or MCTP stack and nothing else; docs/bmc.md has examples.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bmc_link.h"
#include "bmc_ua.h"
#include "tool.h"

const char tool_name[] = "fbnic-bmc";

static const char usage[] =
"Usage: fbnic-bmc [OPTION...] COMMAND\n"
"Talks to a network card from its BMC.\n"
"\n"
"Commands:\n"
"  discover            what the card knows of PLDM: types, commands, records\n"
"  sensors             all sensors, a line each\n"
"  info                identifiers, versions of the firmware's components\n"
"  update FILE         firmware update with a PLDM package\n"
"  dump [--crash] FILE core dump of the card's firmware (NC-SI)\n"
"  command TYPE [HEX]  any NC-SI command, both hexadecimal, and its answer\n"
"  attach TTY          carry MCTP on a serial line, until interrupted\n"
"\n"
"Options:\n"
"  -i, --interface=IF  network interface (default: the first that has NC-SI)\n"
"  --package=N         NC-SI package (default 0)\n"
"  --channel=N         NC-SI channel (default 31, the package itself)\n"
"  --mctp=EID[,NET]    by MCTP to this endpoint, not by NC-SI\n"
"  --own=EID           our endpoint on the line to attach (default 8)\n"
"  -q, --quiet         no progress\n"
"  --help\n";

static unsigned int number(const char *what, const char *s, char **end, int base, unsigned long max)
{
	char *e;
	unsigned long v = strtoul(s, &e, base);

	if (e == s || *s == '-' || *s == '+' || *s == ' ' || v > max || (!end && *e))
		die("%s: \"%s\" is not a number up to %lu", what, s, max);
	if (end)
		*end = e;
	return (unsigned int)v;
}

static void on_progress(void *arg, uint32_t at, uint32_t size)
{
	unsigned int *last = arg, now = (unsigned int)(at * 100ull / size);

	if (now == *last)
		return;
	*last = now;
	fprintf(stderr, "\r%3u%%%s", now, at == size ? "\n" : "");
}

static int update(struct ua *u, const char *path)
{
	size_t len;
	uint8_t *p = read_all(path, &len);
	int err = ua_update(u, p, len);

	free(p);
	return err;
}

static int dump(struct ua *u, const char *path, bool crash)
{
	FILE *f = fopen(path, "wb");
	int err;

	if (!f)
		die("%s: %s", path, strerror(errno));
	err = ua_dump(u, f, crash);
	if (fclose(f) && !err)
		err = ua_fail(u, -errno, path);
	if (err)
		unlink(path);
	return err;
}

static int command(const struct bmc_link *l, const char *type, const char *hex)
{
	unsigned int t = number("command", type, NULL, 16, 0x7f), n = 0;
	uint8_t p[1480], r[1480];
	char two[3] = { 0 };
	int len;

	for (; hex && *hex; hex += 2, n++) {
		if (!hex[1] || n == sizeof(p))
			die("command: \"%s\": pairs of hexadecimal digits are wanted", hex);
		memcpy(two, hex, 2);
		p[n] = (uint8_t)number("command", two, NULL, 16, 0xff);
	}
	if (!l->command)
		die("command: only by NC-SI");
	len = l->command(l->ctx, (uint8_t)t, p, n, r, sizeof(r));
	if (len < 0)
		die("command 0x%02x: %s", t, strerror(-len));
	printf("%u/0x%02x%02x", r[1], r[2], r[3]);
	for (int i = 4; i < len; i++)
		printf("%s%02x", i == 4 ? " " : "", r[i]);
	printf("\n");
	return r[0] || r[1] ? -EREMOTEIO : 0;
}

static int run(struct ua *u, int n, char **a, bool crash)
{
	if (n == 1 && !strcmp(a[0], "discover"))
		return ua_discover(u);
	if (n == 1 && !strcmp(a[0], "sensors"))
		return ua_sensors(u);
	if (n == 1 && !strcmp(a[0], "info"))
		return ua_info(u);
	if (n == 2 && !strcmp(a[0], "update"))
		return update(u, a[1]);
	if (n == 2 && !strcmp(a[0], "dump"))
		return dump(u, a[1], crash);
	return command(u->link, a[1], n == 3 ? a[2] : NULL);
}

static bool known(int n, char **a)
{
	static const struct { const char *name; int min, max; } t[] = {
		{ "discover", 1, 1 }, { "sensors", 1, 1 }, { "info", 1, 1 }, { "update", 2, 2 }, { "dump", 2, 2 },
		{ "command", 2, 3 }, { "attach", 2, 2 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (n >= t[i].min && n <= t[i].max && !strcmp(a[0], t[i].name))
			return true;
	return false;
}

struct options {
	const char	*iface;
	unsigned int	package, channel, eid, net, own;
	bool		crash, quiet;
};

static void endpoint(struct options *o, const char *arg)
{
	char *end;

	o->eid = number("--mctp", arg, &end, 0, 254);
	if (*end == ',')
		o->net = number("--mctp", end + 1, NULL, 0, 0x7fffffff);
	if (o->eid < 8 || (*end && *end != ','))
		die("--mctp=%s: EID[,NET] is wanted, an EID from 8 to 254", arg);
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "interface", required_argument, NULL, 'i' }, { "package", required_argument, NULL, 'p' },
		{ "channel", required_argument, NULL, 'c' }, { "mctp", required_argument, NULL, 'm' },
		{ "own", required_argument, NULL, 'o' }, { "crash", no_argument, NULL, 'C' },
		{ "quiet", no_argument, NULL, 'q' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "i:qh", longopts, NULL)) != -1) {
		switch (opt) {
		case 'i':
			o->iface = optarg;
			break;
		case 'p':
			o->package = number("--package", optarg, NULL, 0, 7);
			break;
		case 'c':
			o->channel = number("--channel", optarg, NULL, 0, 31);
			break;
		case 'm':
			endpoint(o, optarg);
			break;
		case 'o':
			o->own = number("--own", optarg, NULL, 0, 254);
			if (o->own < 8)
				die("--own=%s: an EID from 8 to 254 is wanted", optarg);
			break;
		case 'C':
			o->crash = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			exit(2);
		}
	}
	if (argc == optind || !known(argc - optind, argv + optind)) {
		fputs(usage, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options o = { .channel = 31, .own = 8 };
	unsigned int percent = 101;
	struct bmc_link link = { 0 };
	struct ua u = { .link = &link, .out = stdout, .progress = on_progress, .progress_arg = &percent };
	char **words;
	int err;

	parse(&o, argc, argv);
	words = argv + optind;
	if (o.quiet)
		u.progress = NULL;
	if (!strcmp(words[0], "attach")) {
		if (!o.eid || o.eid == o.own)
			die("attach: which endpoint is on the line? --mctp=EID, another than ours, is wanted");
		return bmc_attach(words[1], (uint8_t)o.own, (uint8_t)o.eid) ? 1 : 0;
	}
	if (o.eid)
		err = bmc_link_mctp(&link, o.eid, o.net, !strcmp(words[0], "update"));
	else
		err = bmc_link_ncsi(&link, o.iface, o.package, o.channel);
	if (err)
		return 1;
	err = run(&u, argc - optind, words, o.crash);
	link.close(link.ctx);
	return err ? 1 : 0;
}
