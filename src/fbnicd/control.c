/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients of the control socket are served in lines: read what is there, answer
 * each complete line at once.  A client that sends an endless line, or does not
 * read its answers, is closed.  The card is not stopped by any of it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../bus/vfu.h"
#include "../card/card.h"
#include "../card/regs.h"
#include "../homes/bmc_home.h"
#include "../homes/mctp_home.h"
#include "../homes/unix_listen.h"
#include "../wire/listen.h"
#include "../wire/wire.h"
#include "../wire/wire_loop.h"
#include "control.h"
#include "control_int.h"
#include "options.h"
#include "package.h"
#include "unit.h"

#define MAX_CLIENTS	8
#define LINE_MAX_LEN	256
#define MAX_ARGS	5
#define MAX_REGS	4096

struct client {
	struct control	*owner;
	struct loop_fd	watch;
	int		fd;		/* -1: free */
	unsigned int	have;
	char		line[LINE_MAX_LEN];
};

struct control {
	struct wire_loop *loop;
	struct package	**cards;
	unsigned int	ncards;
	struct unix_listen at;
	struct listener	door;
	struct client	client[MAX_CLIENTS];
};

/* ---- answers ---- */

void control_counter(void *arg, const char *name, uint64_t val)
{
	json_object_object_add(arg, name, json_object_new_uint64(val));
}

static struct json_object *do_stats(struct unit *u, char **args)
{
	struct json_object *o = json_object_new_object();

	(void)args;
	card_counters(unit_card(u), control_counter, o);
	return o;
}

static struct json_object *do_bugs(struct unit *u, char **args)
{
	struct json_object *o = json_object_new_object();
	unsigned int b;

	(void)args;
	for (b = 0; b < BLK_COUNT; b++)
		control_counter(o, card_block_names[b], card_guest_bugs(unit_card(u), (enum card_block)b));
	return o;
}

static struct json_object *do_wire(struct unit *u, char **args)
{
	struct json_object *o = json_object_new_object();

	(void)args;
	json_object_object_add(o, "spec", json_object_new_string(wire_spec(unit_wire(u))));
	wire_counters(unit_wire(u), control_counter, o);
	return o;
}

static struct json_object *do_bus(struct unit *u, char **args)
{
	struct json_object *o = json_object_new_object();
	struct vu_stat stat[64];
	unsigned int i, n = vu_stats(unit_vu(u), stat, 64);

	(void)args;
	for (i = 0; i < n; i++)
		control_counter(o, stat[i].name, stat[i].val);
	return o;
}

static struct json_object *do_bmc(struct unit *u, char **args)
{
	struct json_object *o;

	(void)args;
	if (!package_bmc(unit_package(u)) && !package_mctp(unit_package(u)))
		return control_error("bmc: this card has no BMC port; see bmc= and mctp= of --card");
	o = json_object_new_object();
	if (package_bmc(unit_package(u))) {
		json_object_object_add(o, "spec", json_object_new_string(wire_spec(bmc_home_wire(package_bmc(unit_package(u))))));
		bmc_home_counters(package_bmc(unit_package(u)), control_counter, o);
	}
	if (package_mctp(unit_package(u)))
		mctp_home_counters(package_mctp(unit_package(u)), control_counter, o);
	return o;
}

static struct json_object *do_trace(struct unit *u, char **args)
{
	char bad[64];
	uint32_t mask;

	if (!trace_mask_parse(args[0], &mask, bad, sizeof(bad)))
		return control_error("trace: there is no block \"%s\"", bad);
	package_trace(unit_package(u), mask);
	return control_ok();
}

static const struct reg *reg_by_name(const char *name)
{
	unsigned int i;

	for (i = 1; i < card_nregs; i++)
		if (!strcmp(card_regs[i].name, name))
			return &card_regs[i];
	return NULL;
}

/* "INTR_MASK[3]", or the index where nothing is */
static void reg_key(char *key, size_t size, uint32_t csr)
{
	unsigned int i;
	const struct reg *r = reg_find(csr, &i);

	if (!r)
		snprintf(key, size, "0x%05x", csr);
	else if (r->n == 1)
		snprintf(key, size, "%s", r->name);
	else
		snprintf(key, size, "%s[%u]", r->name, i);
}

static void add_reg(struct json_object *o, struct unit *u, uint32_t csr)
{
	char key[64];

	reg_key(key, sizeof(key), csr);
	control_counter(o, key, card_csr_peek(unit_card(u), csr));
}

static struct json_object *do_reg(struct unit *u, char **args)
{
	struct json_object *o;
	const struct reg *r = reg_by_name(args[0]);
	unsigned long csr, n = 1, i;
	unsigned int shift = 0;
	char *end = args[0];

	if (r) {
		csr = r->csr;
		shift = r->shift;
		n = r->n;
	} else {
		csr = strtoul(args[0], &end, 0);
		if (*end || end == args[0] || csr >= CSR_WORDS)
			return control_error("reg: \"%s\" is neither a register nor an index", args[0]);
	}
	if (args[1]) {
		n = strtoul(args[1], &end, 0);
		if (*end || n > MAX_REGS)
			return control_error("reg: a number up to %d is wanted, not \"%s\"", MAX_REGS, args[1]);
	}
	o = json_object_new_object();
	for (i = 0; i < n && csr + (i << shift) < CSR_WORDS; i++)
		add_reg(o, u, (uint32_t)(csr + (i << shift)));
	return o;
}

/* All that are not 0 */
static struct json_object *do_regs(struct unit *u, char **args)
{
	struct json_object *o = json_object_new_object();
	unsigned int row, i;

	(void)args;
	for (row = 1; row < card_nregs; row++)
		for (i = 0; i < card_regs[row].n; i++) {
			uint32_t csr = card_regs[row].csr + (i << card_regs[row].shift);

			if (card_csr_peek(unit_card(u), csr))
				add_reg(o, u, csr);
		}
	return o;
}

/* One register, taken apart */
static struct json_object *do_fields(struct unit *u, char **args)
{
	const struct reg *r = reg_by_name(args[0]);
	const struct reg_field *f = NULL;
	struct json_object *o;
	unsigned long i = 0;
	uint32_t csr, val;
	char *end;

	if (!r)
		return control_error("fields: \"%s\" is not a register", args[0]);
	if (args[1]) {
		i = strtoul(args[1], &end, 0);
		if (*end || end == args[1] || i >= r->n)
			return control_error("fields: %s has elements 0 to %u, not \"%s\"", r->name, r->n - 1u, args[1]);
	}
	csr = (uint32_t)(r->csr + (i << r->shift));
	val = card_csr_peek(unit_card(u), csr);
	o = json_object_new_object();
	add_reg(o, u, csr);
	while ((f = reg_field_next(r, f)))
		control_counter(o, f->name, val >> f->lo & (uint32_t)((2ull << (f->hi - f->lo)) - 1));
	return o;
}

/* "DLP" to its bit, if it is of this class now */
static struct json_object *aer_check(struct unit *u, const char *class, const char *name, int bit)
{
	bool cor = class[0] == 'c';

	if (bit < 0)
		return control_error("aer: there is no %scorrectable error \"%s\"", cor ? "" : "un", name);
	if (!cor && card_aer_fatal(unit_card(u), (unsigned int)bit) != (class[0] == 'f'))
		return control_error("aer: the host's severity register makes %s %s", name,
				    class[0] == 'f' ? "non-fatal" : "fatal");
	return NULL;
}

static struct json_object *do_aer(struct unit *u, char **args)
{
	static const char *const said[] = { "none", "ERR_COR", "ERR_NONFATAL", "ERR_FATAL" };
	static const struct { const char *class, *name; } usual[] = {
		{ "correctable", "BadTLP" }, { "nonfatal", "CmpltTO" }, { "fatal", "DLP" },
	};
	const char *name = args[1];
	struct json_object *o;
	bool cor;
	unsigned int i;
	int bit, msg;

	for (i = 0; i < 3 && strcmp(args[0], usual[i].class); i++)
		;
	if (i == 3)
		return control_error("aer: correctable, nonfatal or fatal is wanted, not \"%s\"", args[0]);
	cor = i == 0;
	if (!name)
		name = usual[i].name;
	bit = card_aer_bit(cor, name);
	o = aer_check(u, args[0], name, bit);
	if (o)
		return o;
	msg = card_aer(unit_card(u), cor, (unsigned int)bit);
	if (msg < 0)
		return control_error("aer: the card has vanished");
	o = control_ok();
	json_object_object_add(o, "message", json_object_new_string(said[msg]));
	return o;
}

static struct json_object *do_unplug(struct unit *u, char **args)
{
	(void)args;
	if (!vu_request_unplug(unit_vu(u)))
		return control_error("unplug: no client that can be asked");
	return control_ok();
}

static struct json_object *do_vanish(struct unit *u, char **args)
{
	(void)args;
	card_vanish(unit_card(u));
	return control_ok();
}

/* ---- requests ---- */

static const struct request {
	const char	*name;
	unsigned int	args;		/* after the card; one more may follow */
	struct json_object *(*run)(struct unit *u, char **args);
	struct json_object *(*run_card)(struct package *p);	/* instead, if no host is named or there is one */
	const char	*text;
} requests[] = {
	{ "stats", 0, do_stats, NULL, "stats CARD" },
	{ "bugs", 0, do_bugs, NULL, "bugs CARD" },
	{ "wire", 0, do_wire, NULL, "wire CARD" },
	{ "bus", 0, do_bus, NULL, "bus CARD" },
	{ "fw", 0, control_fw, NULL, "fw CARD [crash|hang|restart]" },
	{ "fault", 0, control_fault, NULL, "fault CARD [NAME [TIMES]]" },
	{ "garble", 2, control_garble, NULL, "garble CARD MESSAGE CHANGE [TIMES]" },
	{ "bmc", 0, do_bmc, NULL, "bmc CARD" },
	{ "link", 1, control_link, NULL, "link CARD up|down|dark|light|train MS|flap MS|errors N [N]" },
	{ "module", 1, control_module, NULL, "module CARD none|dac|optic|cmis" },
	{ "sensor", 0, control_sensor, NULL, "sensor CARD [temp|volt|ambient VALUE|auto]" },
	{ "otp", 1, control_otp, NULL, "otp CARD STATUS [WRITE_STATUS]" },
	{ "trace", 1, do_trace, NULL, "trace CARD LIST" },
	{ "reg", 1, do_reg, NULL, "reg CARD NAME|INDEX [N]" },
	{ "regs", 0, do_regs, NULL, "regs CARD" },
	{ "fields", 1, do_fields, NULL, "fields CARD NAME [INDEX]" },
	{ "power", 0, control_power, control_power_card, "power CARD" },
	{ "aer", 1, do_aer, NULL, "aer CARD correctable|nonfatal|fatal [ERROR]" },
	{ "unplug", 0, do_unplug, NULL, "unplug CARD" },
	{ "vanish", 0, do_vanish, NULL, "vanish CARD" },
	{ "replug", 0, control_power, control_power_card, "replug CARD" },
};

#define NREQUESTS (sizeof(requests) / sizeof(requests[0]))

/* All cards' PTP counters at one instant: what differs is the clocks */
static struct json_object *clocks(struct control *c)
{
	struct json_object *o = json_object_new_object();
	uint64_t now = loop_now(c->loop);
	char key[24];
	unsigned int i;

	control_counter(o, "now", now);
	for (i = 0; i < c->ncards; i++)
		for (unsigned int k = 0; k < package_hosts(c->cards[i]); k++) {
			struct unit *u = package_unit(c->cards[i], k);

			snprintf(key, sizeof(key), "card%s", unit_name(u));
			control_counter(o, key, card_clock(unit_card(u), now));
		}
	return o;
}

static struct json_object *help(void)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < NREQUESTS; i++)
		json_object_array_add(list, json_object_new_string(requests[i].text));
	json_object_array_add(list, json_object_new_string("clocks"));
	json_object_object_add(o, "requests", list);
	return o;
}

/* "N", or "N.HOST"; NULL: it is none of them.  *@whole: no host was named */
static struct package *find_card(struct control *c, const char *word, unsigned int *host, bool *whole)
{
	char *end;
	unsigned long card = strtoul(word, &end, 10), h = 0;

	*whole = *end != '.';
	if (end == word || card >= c->ncards)
		return NULL;
	if (!*whole)
		h = strtoul(end + 1, &end, 10);
	if (*end || end[-1] == '.' || h >= package_hosts(c->cards[card]))
		return NULL;
	*host = (unsigned int)h;
	return c->cards[card];
}

static struct json_object *handle(struct control *c, char *line)
{
	char *words[MAX_ARGS + 1] = { NULL }, *save = NULL;
	struct package *card;
	unsigned int n, host;
	bool whole;
	size_t i;

	for (n = 0; n < MAX_ARGS && (words[n] = strtok_r(n ? NULL : line, " \t\r", &save)); n++)
		;
	if (!n || !strcmp(words[0], "help"))
		return help();
	if (!strcmp(words[0], "clocks"))
		return clocks(c);
	for (i = 0; i < NREQUESTS && strcmp(words[0], requests[i].name); i++)
		;
	if (i == NREQUESTS)
		return control_error("there is no request \"%s\"; try help", words[0]);
	if (n < 2 + requests[i].args)
		return control_error("usage: %s", requests[i].text);
	card = find_card(c, words[1], &host, &whole);
	if (!card)
		return control_error("there is no %s \"%s\"; the cards are 0 to %u",
				     strchr(words[1], '.') ? "host" : "card", words[1], c->ncards - 1);
	if (requests[i].run_card && (whole || package_hosts(card) == 1))
		return requests[i].run_card(card);
	return requests[i].run(package_unit(card, host), words + 2);
}

static void client_close(struct client *cl)
{
	loop_fd_del(cl->owner->loop, &cl->watch);
	close(cl->fd);
	cl->fd = -1;
}

static bool reply(struct client *cl, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	struct iovec iov[2] = { { (void *)(uintptr_t)text, strlen(text) }, { (void *)(uintptr_t)"\n", 1 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t want = (ssize_t)iov[0].iov_len + 1;
	bool ok = sendmsg(cl->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == want;

	json_object_put(o);
	return ok;
}

static void on_client_ready(void *arg, uint32_t events)
{
	struct client *cl = arg;
	char *nl;
	ssize_t n;

	(void)events;
	n = read(cl->fd, cl->line + cl->have, sizeof(cl->line) - 1 - cl->have);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(cl);
		return;
	}
	cl->have += (unsigned int)n;
	while ((nl = memchr(cl->line, '\n', cl->have))) {
		unsigned int len = (unsigned int)(nl - cl->line) + 1;

		*nl = '\0';
		if (!reply(cl, handle(cl->owner, cl->line))) {
			client_close(cl);
			return;
		}
		cl->have -= len;
		memmove(cl->line, cl->line + len, cl->have);
	}
	if (cl->have == sizeof(cl->line) - 1) {
		reply(cl, control_error("line longer than %d bytes", LINE_MAX_LEN - 2));
		client_close(cl);
	}
}

static int on_connect(void *arg)
{
	struct control *c = arg;
	int fd = accept4(c->at.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), size = 1 << 20;
	unsigned int i;

	if (fd < 0)
		return -errno;
	for (i = 0; i < MAX_CLIENTS && c->client[i].fd >= 0; i++)
		;
	if (i == MAX_CLIENTS) {
		close(fd);
		return 0;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));	/* a whole answer must fit */
	c->client[i] = (struct client){ .owner = c, .fd = fd };
	c->client[i].watch = (struct loop_fd){ .cb = on_client_ready, .arg = &c->client[i] };
	if (loop_fd_add(c->loop, &c->client[i].watch, fd, EPOLLIN)) {
		close(fd);
		c->client[i].fd = -1;
	}
	return 0;
}

/* ---- life ---- */

struct control *control_new(const char *path, struct package **cards, unsigned int n, struct wire_loop *loop)
{
	struct control *c = calloc(1, sizeof(*c));
	unsigned int i;
	char text[200];
	int err;

	if (!c)
		die("out of memory");
	c->loop = loop;
	c->cards = cards;
	c->ncards = n;
	for (i = 0; i < MAX_CLIENTS; i++)
		c->client[i].fd = -1;
	if (unix_listen(&c->at, path, 4, text, sizeof(text)))
		die("--control=%s: %s", path, text);
	c->door = (struct listener){ .accept = on_connect, .arg = c };
	err = listener_start(&c->door, loop, c->at.fd);
	if (err)
		die("--control=%s: %s", path, strerror(-err));
	return c;
}

void control_free(struct control *c)
{
	unsigned int i;

	if (!c)
		return;
	for (i = 0; i < MAX_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			client_close(&c->client[i]);
	listener_stop(&c->door);
	unix_listen_close(&c->at);
	free(c);
}
