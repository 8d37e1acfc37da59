/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fbnicd --card socket=PATH,key=value,... [--card ...] [--control=PATH] [--trace=LIST]
 *
 * Keys of a card are a table; a value that is wrong, a key that is unknown or
 * given twice, and two cards on one socket are refused before anything starts.
 * A card has as many hosts as it has socket=.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../card/card.h"
#include "../fw/fw.h"
#include "options.h"

#ifndef FBNICD_VERSION
#define FBNICD_VERSION "unknown"
#endif

#define MAX_LINGER_US	10000
#define MAX_FW_MS	600000

static const char usage[] =
"Usage: fbnicd --card socket=PATH[,KEY=VALUE...] [--card ...] [OPTION...]\n"
"An emulation of Meta's fbnic NIC, offered to virtual machines over vfio-user.\n"
"\n"
"Keys of --card:\n"
"  socket=PATH     unix socket on which QEMU's vfio-user-pci finds the card\n"
"                  (up to four times for a card with several hosts: what follows\n"
"                  is that host's, what stands before the first is for all)\n"
"  mac=ADDRESS     Ethernet address (default: made from the socket's path)\n"
"  wire=SPEC       what the cable is plugged into (default: user)\n"
"                  user, tap:NAME, pair:NAME, stream:ADDRESS, dgram:ADDRESS, none\n"
"  pcap=FILE       capture all frames on the wire\n"
"  bmc=SPEC        the port that a BMC's Ethernet connects to (default: none)\n"
"                  stream:ADDRESS, dgram:ADDRESS, none\n"
"  bmcmac=ADDRESS  the address offered to the BMC (default: made from mac)\n"
"  mctp=ADDRESS    a serial line to the BMC, with MCTP on it (default: none)\n"
"                  unix:PATH[;eid=N], none\n"
"  queues=N        queue pairs, 1 to 128 (default 128)\n"
"  vectors=N       MSI-X vectors, 3 to 256 (default 256)\n"
"  speed=MODE      25, 50, 50r1 or 100 (default 100)\n"
"  fec=MODE        none, rs or baser (default rs)\n"
"  state=DIR       keep what the card must remember: its address, its flash\n"
"  fw=HOME         where the firmware lives (default: inside)\n"
"                  inside, function:PATH (a vfio-user socket for a computer of its\n"
"                  own), socket:PATH (a program that listens there)\n"
"  fw-boot=MS[:MS] how long the firmware's bootloader and the firmware take to\n"
"                  start (default 0:0)\n"
"  fw-restart=MS   how long a crashed firmware takes to restart, or never\n"
"                  (default 1000)\n"
"\n"
"Options:\n"
"  --fw=HOME       as fw= of the only card\n"
"  --control=PATH  unix socket for fbnicctl: counters, link, traces\n"
"  --trace=LIST    tell what these blocks do, on stderr (\"all\", or names with commas)\n"
"  --linger=US     look for more work for so long before sleeping (default 0)\n"
"  --help, --version\n";

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("fbnicd: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static unsigned int number(const char *key, const char *val, unsigned int min, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(val, &end, 10);

	if (val[0] < '0' || val[0] > '9' || *end || n < min || n > max)
		die("%s=%s: a number from %u to %u is wanted", key, val, min, max);
	return (unsigned int)n;
}

static void set_socket(struct host_options *o, const char *key, const char *val)
{
	(void)key;
	o->socket = val;
}

static void set_wire(struct host_options *o, const char *key, const char *val)
{
	(void)key;
	o->wire = val;
}

static void set_pcap(struct host_options *o, const char *key, const char *val)
{
	(void)key;
	o->pcap = val;
}

static void set_state(struct card_options *o, const char *key, const char *val)
{
	(void)key;
	o->state = val;
}

static void unicast(uint8_t mac[6], const char *key, const char *val)
{
	static const uint8_t zero[6];
	int end = 0;

	if (sscanf(val, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		   &mac[5], &end) != 6 || val[end] || end != 17)
		die("%s=%s: an address like 02:00:00:00:00:01 is wanted", key, val);
	if ((mac[0] & 1) || !memcmp(mac, zero, 6))
		die("%s=%s: a unicast address is wanted", key, val);
}

static void set_mac(struct host_options *o, const char *key, const char *val)
{
	unicast(o->mac, key, val);
	o->mac_given = true;
}

static void set_bmcmac(struct host_options *o, const char *key, const char *val)
{
	unicast(o->bmc_mac, key, val);
	o->bmc_mac_given = true;
}

/* A BMC is a QEMU's network card: of the wires, those that QEMU speaks */
static void set_bmc(struct card_options *o, const char *key, const char *val)
{
	if (!strcmp(val, "none"))
		return;
	if (strncmp(val, "stream:", 7) && strncmp(val, "dgram:", 6))
		die("%s=%s: stream:ADDRESS, dgram:ADDRESS or none is wanted", key, val);
	o->bmc = val;
}

#define DEFAULT_EID	9

static void set_mctp(struct card_options *o, const char *key, const char *val)
{
	char *semi = strchr(val, ';');

	if (!strcmp(val, "none"))
		return;
	if (strncmp(val, "unix:", 5) || !val[5] || val[5] == ';')
		die("%s=%s: unix:PATH[;eid=N] or none is wanted", key, val);
	o->mctp_eid = DEFAULT_EID;
	if (semi) {
		if (strncmp(semi, ";eid=", 5))
			die("%s=%s: there is no option \"%s\"; eid=N is one", key, val, semi + 1);
		o->mctp_eid = (uint8_t)number("mctp=...;eid", semi + 5, 8, 254);
		*semi = 0;
	}
	o->mctp = val + 5;
}

static void set_queues(struct host_options *o, const char *key, const char *val)
{
	o->queues = number(key, val, 1, CARD_QUEUES);
}

static void set_vectors(struct host_options *o, const char *key, const char *val)
{
	o->vectors = number(key, val, 3, CARD_VECTORS);
}

struct word {
	const char	*name;
	unsigned int	val;
};

static unsigned int choice(const char *key, const char *val, const struct word *words, const char *wanted)
{
	for (; words->name; words++)
		if (!strcmp(val, words->name))
			return words->val;
	die("%s=%s: %s is wanted", key, val, wanted);
}

static void set_speed(struct host_options *o, const char *key, const char *val)
{
	static const struct word words[] = {
		{ "25", FW_SPEED_25CR }, { "50", FW_SPEED_50CR2 }, { "50r1", FW_SPEED_50CR },
		{ "100", FW_SPEED_100CR2 }, { NULL, 0 },
	};

	o->speed = choice(key, val, words, "25, 50, 50r1 or 100");
}

static void set_fec(struct host_options *o, const char *key, const char *val)
{
	static const struct word words[] = {
		{ "none", FW_FEC_NONE }, { "rs", FW_FEC_RS }, { "baser", FW_FEC_BASER }, { NULL, 0 },
	};

	o->fec = choice(key, val, words, "none, rs or baser");
}

static void set_fw(struct card_options *o, const char *key, const char *val)
{
	static const struct {
		const char	*prefix;
		enum fw_where	where;
	} with_path[] = {
		{ "function:", FW_FUNCTION }, { "socket:", FW_SOCKET },
	};

	if (!strcmp(val, "inside"))
		return;
	for (unsigned int i = 0; i < sizeof(with_path) / sizeof(with_path[0]); i++) {
		size_t len = strlen(with_path[i].prefix);

		if (!strncmp(val, with_path[i].prefix, len) && val[len]) {
			o->fw = with_path[i].where;
			o->fw_path = val + len;
			return;
		}
	}
	die("%s=%s: inside, function:PATH or socket:PATH is wanted", key, val);
}

static void set_fw_boot(struct card_options *o, const char *key, const char *val)
{
	char first[16];
	size_t len = strcspn(val, ":");

	snprintf(first, sizeof(first), "%.*s", (int)(len < 15 ? len : 15), val);
	o->fw_boot_ms[0] = number(key, first, 0, MAX_FW_MS);
	if (val[len])
		o->fw_boot_ms[1] = number(key, val + len + 1, 0, MAX_FW_MS);
}

static void set_fw_restart(struct card_options *o, const char *key, const char *val)
{
	o->fw_restart_ms = strcmp(val, "never") ? number(key, val, 0, MAX_FW_MS) : UINT32_MAX;
}

/* A key is of each host or of the whole card */
static const struct key {
	const char *name;
	void (*host)(struct host_options *o, const char *key, const char *val);
	void (*card)(struct card_options *o, const char *key, const char *val);
} keys[] = {
	{ "socket", set_socket, NULL }, { "mac", set_mac, NULL }, { "wire", set_wire, NULL },
	{ "pcap", set_pcap, NULL }, { "queues", set_queues, NULL }, { "vectors", set_vectors, NULL },
	{ "speed", set_speed, NULL }, { "fec", set_fec, NULL }, { "bmcmac", set_bmcmac, NULL },
	{ "state", NULL, set_state }, { "bmc", NULL, set_bmc }, { "mctp", NULL, set_mctp }, { "fw", NULL, set_fw },
	{ "fw-boot", NULL, set_fw_boot }, { "fw-restart", NULL, set_fw_restart },
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

/* A --card while it is read: what stands before the first socket= is for all hosts */
struct reading {
	struct card_options	*card;
	struct host_options	all;
	uint32_t		seen_all, seen_card, seen;	/* bit per key; seen: of the last host */
};

static void begin_host(struct reading *r)
{
	if (r->card->nhosts == MAX_HOSTS)
		die("--card: at most %d hosts, that is, socket=", MAX_HOSTS);
	r->card->host[r->card->nhosts] = r->all;
	r->card->host[r->card->nhosts].mac_given = false;	/* see spread_macs() */
	r->card->host[r->card->nhosts++].bmc_mac_given = false;
	r->seen = r->card->nhosts > 1 ? 0 : r->seen_all;	/* several may change what was said for all */
}

static void parse_key(struct reading *r, char *item)
{
	struct card_options *c = r->card;
	char *val = strchr(item, '=');
	uint32_t *seen;
	unsigned int i;

	if (!val)
		die("--card: \"%s\" is not KEY=VALUE", item);
	*val++ = '\0';
	for (i = 0; i < NKEYS && strcmp(item, keys[i].name); i++)
		;
	if (i == NKEYS)
		die("--card: there is no key \"%s\"", item);
	if (keys[i].host == set_socket)
		begin_host(r);
	seen = keys[i].card ? &r->seen_card : c->nhosts ? &r->seen : &r->seen_all;
	if (*seen & (1u << i))
		die("--card: %s is given twice", item);
	if (!*val)
		die("--card: %s= has no value", item);
	*seen |= 1u << i;
	if (keys[i].card)
		keys[i].card(c, item, val);
	else
		keys[i].host(c->nhosts ? &c->host[c->nhosts - 1] : &r->all, item, val);
}

void mac_add(uint8_t to[6], const uint8_t mac[6], unsigned int n)
{
	uint32_t low = (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];

	low += n;
	memcpy(to, mac, 3);
	to[3] = (uint8_t)(low >> 16);
	to[4] = (uint8_t)(low >> 8);
	to[5] = (uint8_t)low;
}

/* A stable address for a card that was not given one: locally administered, from the path */
static void default_mac(struct host_options *o)
{
	uint64_t h = 0xcbf29ce484222325ull;	/* FNV-1a */
	const char *s;

	for (s = o->socket; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3ull;
	o->mac[0] = 0x02;
	o->mac[1] = 0xfb;
	o->mac[2] = 0x1c;
	o->mac[3] = (uint8_t)(h >> 16);
	o->mac[4] = (uint8_t)(h >> 8);
	o->mac[5] = (uint8_t)h;
}

/* Addresses that were given for all hosts are the first's, from which the others count on */
static void spread_macs(struct card_options *c, const struct host_options *all)
{
	for (unsigned int i = 0; i < c->nhosts; i++) {
		struct host_options *h = &c->host[i];

		if (all->mac_given && !h->mac_given)
			mac_add(h->mac, all->mac, i);
		if (all->bmc_mac_given && !h->bmc_mac_given)
			mac_add(h->bmc_mac, all->bmc_mac, i);
		h->mac_given |= all->mac_given;
		h->bmc_mac_given |= all->bmc_mac_given;
	}
	if (!c->host[0].mac_given)
		default_mac(&c->host[0]);
}

static void check_host(const struct options *o, const struct card_options *c, unsigned int host)
{
	const struct host_options *h = &c->host[host];
	const char *path = h->socket;

	for (unsigned int i = 0; i < host; i++)
		if (!strcmp(c->host[i].socket, path))
			die("--card: two hosts on socket %s", path);
	for (unsigned int i = 0; i < o->ncards; i++)
		for (unsigned int k = 0; k < o->card[i].nhosts; k++)
			if (!strcmp(o->card[i].host[k].socket, path))
				die("--card: two cards on socket %s", path);
	if (c->fw_path && !strcmp(c->fw_path, path))
		die("--card: the firmware's socket is the card's, %s", path);
	if (h->fec != FW_FEC_RS && (h->speed == FW_SPEED_50CR || h->speed == FW_SPEED_100CR2))
		die("--card: the lanes of speed=50r1 and speed=100 have no other FEC than fec=rs");
	if (h->bmc_mac_given && !c->bmc)
		die("--card: bmcmac= without bmc=");
}

static void check_fw(const struct card_options *c)
{
	if (c->nhosts > 1 && c->fw != FW_INSIDE)
		die("--card: a firmware outside serves one host, and this card has %u", c->nhosts);
}

static void parse_card(struct options *o, char *arg)
{
	struct card_options *c = &o->card[o->ncards];
	struct reading r = {
		.card = c,
		.all = { .wire = "user", .queues = CARD_QUEUES, .vectors = CARD_VECTORS, .speed = FW_SPEED_100CR2,
			 .fec = FW_FEC_RS },
	};
	char *item;

	if (o->ncards == MAX_CARDS)
		die("--card: at most %d cards", MAX_CARDS);
	*c = (struct card_options){ .fw_restart_ms = 1000 };
	while ((item = strsep(&arg, ",")))
		parse_key(&r, item);
	if (!c->nhosts)
		die("--card: socket=PATH is missing");
	spread_macs(c, &r.all);
	for (unsigned int i = 0; i < c->nhosts; i++)
		check_host(o, c, i);
	if (c->nhosts > 1 && r.all.pcap)
		die("--card: pcap=%s would be one file for %u hosts; say pcap= behind each socket=", r.all.pcap,
		    c->nhosts);
	check_fw(c);
	o->ncards++;
}

bool trace_mask_parse(const char *list, uint32_t *mask, char *bad, unsigned int badlen)
{
	*mask = 0;
	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned int b;

		for (b = 0; b < BLK_COUNT; b++)
			if (strlen(card_block_names[b]) == len && !memcmp(list, card_block_names[b], len))
				break;
		if (b < BLK_COUNT) {
			*mask |= 1u << b;
		} else if (len == 3 && !memcmp(list, "all", 3)) {
			*mask |= (1u << BLK_COUNT) - 1;
		} else if (len != 4 || memcmp(list, "none", 4)) {
			snprintf(bad, badlen, "%.*s", (int)len, list);
			return false;
		}
		list += len + (list[len] == ',');
	}
	return true;
}

static void parse_trace(struct options *o, const char *list)
{
	char bad[64], names[256] = "";
	size_t len = 0;
	unsigned int b;

	if (trace_mask_parse(list, &o->trace, bad, sizeof(bad)))
		return;
	for (b = 0; b < BLK_COUNT; b++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, " %s", card_block_names[b]);
	die("--trace: there is no block \"%s\"; the blocks are:%s", bad, names);
}

/* --fw: a short way for the usual case of one card */
static void parse_fw(struct options *o, const char *val)
{
	if (o->ncards > 1)
		die("--fw: there are %u cards; say fw= in each --card", o->ncards);
	if (o->card[0].fw != FW_INSIDE)
		die("--fw: the card has a fw= already");
	set_fw(&o->card[0], "--fw", val);
	check_fw(&o->card[0]);
}

void options_parse(struct options *o, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "card", required_argument, NULL, 'c' },
		{ "fw", required_argument, NULL, 'f' },
		{ "control", required_argument, NULL, 'C' },
		{ "trace", required_argument, NULL, 't' },
		{ "linger", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *fw = NULL;
	int opt;

	memset(o, 0, sizeof(*o));
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", longopts, NULL)) != -1) {
		switch (opt) {
		case 'c':
			parse_card(o, optarg);
			break;
		case 'f':
			fw = optarg;
			break;
		case 'C':
			o->control = optarg;
			break;
		case 't':
			parse_trace(o, optarg);
			break;
		case 'l':
			o->linger_us = number("--linger", optarg, 0, MAX_LINGER_US);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'v':
			puts("fbnicd " FBNICD_VERSION);
			exit(0);
		case ':':
			die("%s needs a value; try --help", argv[optind - 1]);
		default:
			die("%s: no such option; try --help", argv[optind - 1]);
		}
	}
	if (optind < argc)
		die("%s: not an option; try --help", argv[optind]);
	if (!o->ncards)
		die("no card: give --card socket=PATH at least once; try --help");
	if (fw)
		parse_fw(o, fw);
}
