/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines: fbnicd's, and that of a machine of each kind.
 *
 * Of a QEMU, descriptor 3 is the console and 4 the channel (part.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run.h"
#include "screen.h"

void args_add(struct args *a, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (a->n < MAX_ARGS && vasprintf(&s, fmt, ap) >= 0)
		a->v[a->n++] = s;
	va_end(ap);
	a->v[a->n] = NULL;
}

void args_free(struct args *a)
{
	while (a->n)
		free((char *)(unsigned long)a->v[--a->n]);
}

/* ---- fbnicd ---- */

const char *command_socket(const struct run *r, const struct lab_card *c, unsigned int host)
{
	static char path[160];	/* the keeper saw to it that these are short */

	snprintf(path, sizeof(path), host ? "%s/%s.%u" : "%s/%s", r->kept->dir, c->name, host);
	return path;
}

/* A state of its own lives as long as the lab; fbnicd says it if another one is not there */
static void add_state(const struct run *r, const struct lab_card *c, char *card, size_t size)
{
	const char *dir = paths_file(r, c->state);
	size_t len = strlen(card);

	if (!strncmp(dir, r->kept->dir, strlen(r->kept->dir)))
		mkdir(dir, 0700);
	snprintf(card + len, size - len, ",state=%s", dir);
}

/* What stands before the sockets is for all hosts of the card */
static void add_card(const struct run *r, struct args *a, const struct lab_card *c)
{
	const struct lab_word *w;
	char card[4096] = "";
	size_t len = 0;

	for (w = c->options.first; w && len < sizeof(card); w = w->next)
		len += (size_t)snprintf(card + len, sizeof(card) - len, "%s,", paths_expand(r, w->text));
	for (unsigned int i = 0; i < c->hosts && len < sizeof(card); i++)
		len += (size_t)snprintf(card + len, sizeof(card) - len, "%ssocket=%s", i ? "," : "",
					command_socket(r, c, i));
	if (c->state)
		add_state(r, c, card, sizeof(card));
	len = strlen(card);
	if (c->firmware)
		len += (size_t)snprintf(card + len, sizeof(card) - len, ",fw=function:%s.fw", command_socket(r, c, 0));
	if (c->bmc)
		snprintf(card + len, sizeof(card) - len, ",bmc=stream:unix:%s.bmc;server=on", command_socket(r, c, 0));
	args_add(a, "--card");
	args_add(a, "%s", card);
}

void command_fbnicd(const struct run *r, struct args *a)
{
	const struct lab_word *w;
	unsigned int i;

	args_add(a, "%s", paths_fbnicd());
	args_add(a, "--control=%s/control", r->kept->dir);
	for (w = r->lab->fbnicd.first; w; w = w->next)
		args_add(a, "%s", paths_expand(r, w->text));
	for (i = 0; i < r->lab->ncards; i++)
		add_card(r, a, &r->lab->card[i]);
}

/* ---- machines ---- */

static const struct lab_card *card_of(const struct part *p)
{
	return p->m->card_index < 0 ? NULL : &p->run->lab->card[p->m->card_index];
}

/* The console is the first serial port; @channel says which one the channel is, 0: none */
static void add_ports(struct args *a, unsigned int channel)
{
	args_add(a, "-chardev");
	args_add(a, "socket,id=console,fd=3");
	args_add(a, "-serial");
	args_add(a, "chardev:console");
	if (!channel)
		return;
	while (--channel) {
		args_add(a, "-serial");
		args_add(a, "null");
	}
	args_add(a, "-chardev");
	args_add(a, "socket,id=channel,fd=4");
	args_add(a, "-serial");
	args_add(a, "chardev:channel");
}

/* The card maps the memory of its guests */
static void add_memory(struct args *a, unsigned int mib)
{
	args_add(a, "-m");
	args_add(a, "%u", mib);
	args_add(a, "-object");
	args_add(a, "memory-backend-memfd,id=m,size=%uM,share=on", mib);
}

static void add_vfio_user(struct args *a, const char *socket)
{
	args_add(a, "-device");
	args_add(a, "{\"driver\":\"vfio-user-pci\",\"socket\":{\"path\":\"%s\",\"type\":\"unix\"}}", socket);
}

/* Its console has a shell if somebody may sit there, and a check must see a panic end it */
static void add_kernel_arguments(const struct part *p, struct args *a, const char *first)
{
	const struct run_options *o = p->run->o;
	const struct lab_word *w;
	char text[2048];
	int rows, cols;
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "%s panic=%s openfbnic.name=%s", first, o->check ? "-1" : "0",
			       p->name);
	if (p->run->screen && screen_size(p->run->screen, p, &rows, &cols))
		len += (size_t)snprintf(text + len, sizeof(text) - len, " openfbnic.size=%dx%d", rows, cols);
	if (!o->check)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " openfbnic.shell");
	for (w = p->m->append.first; w && len < sizeof(text); w = w->next)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", w->text);
	args_add(a, "-append");
	args_add(a, "%s", text);
}

/* As lab/guest.sh does it, where the reasons are */
static void command_host(const struct part *p, struct args *a)
{
	bool tcg = !strncmp(p->accel, "tcg", 3);

	args_add(a, "%s", p->emulator);
	args_add(a, "-accel");
	args_add(a, "%s", p->accel);
	args_add(a, "-M");
	args_add(a, "%s", p->m->board ? p->m->board : "q35");
	args_add(a, "-cpu");
	args_add(a, tcg ? "max,erms=off,fsrm=off" : "max");
	args_add(a, "-nodefaults");
	args_add(a, "-display");
	args_add(a, "none");
	add_memory(a, p->m->memory ? p->m->memory : 512);
	args_add(a, "-numa");
	args_add(a, "node,memdev=m");
	args_add(a, "-smp");
	args_add(a, "%u", p->m->cpus ? p->m->cpus : 2);
	args_add(a, "-kernel");
	args_add(a, "%s", p->kernel);
	args_add(a, "-initrd");
	args_add(a, "%s/%s.initrd", p->run->kept->dir, p->name);
	if (card_of(p))
		add_vfio_user(a, command_socket(p->run, card_of(p), p->m->card_host));
	add_ports(a, 1);
	if (p->run->o->check)
		args_add(a, "-no-reboot");
	add_kernel_arguments(p, a, "console=ttyS0 loglevel=5 no_timer_check tsc=nowatchdog openfbnic.channel=ttyS1");
}

static void command_firmware(const struct part *p, struct args *a)
{
	char socket[170];

	snprintf(socket, sizeof(socket), "%s.fw", command_socket(p->run, card_of(p), 0));
	args_add(a, "%s", p->emulator);
	args_add(a, "-M");
	args_add(a, "virt,highmem=off,gic-version=2,memory-backend=m");
	args_add(a, "-cpu");
	args_add(a, "cortex-a53");
	args_add(a, "-nodefaults");
	args_add(a, "-display");
	args_add(a, "none");
	add_memory(a, p->m->memory ? p->m->memory : 16);
	args_add(a, "-kernel");
	args_add(a, "%s", p->kernel);
	add_vfio_user(a, socket);
	add_ports(a, 0);
}

/* The board's own network card connects to the card.  Its first serial port, for QEMU, is the console's UART5 */
static void command_bmc(const struct part *p, struct args *a)
{
	char arguments[100];

	args_add(a, "%s", p->emulator);
	args_add(a, "-M");
	args_add(a, "%s", p->board);
	args_add(a, "-nodefaults");
	args_add(a, "-display");
	args_add(a, "none");
	if (p->m->memory) {
		args_add(a, "-m");
		args_add(a, "%u", p->m->memory);
	}
	args_add(a, "-kernel");
	args_add(a, "%s", p->kernel);
	args_add(a, "-dtb");
	args_add(a, "%s", p->dtb);
	args_add(a, "-initrd");
	args_add(a, "%s/%s.initrd", p->run->kept->dir, p->name);
	args_add(a, "-netdev");
	args_add(a, "stream,id=nc,server=off,addr.type=unix,addr.path=%s.bmc,reconnect-ms=200",
		 command_socket(p->run, card_of(p), 0));
	args_add(a, "-net");
	args_add(a, "nic,netdev=nc");
	add_ports(a, p->uart);
	args_add(a, "-no-reboot");	/* it has no other way to power off */
	snprintf(arguments, sizeof(arguments), "console=ttyS4,115200 loglevel=5 openfbnic.channel=ttyS%u", p->uart - 1);
	add_kernel_arguments(p, a, arguments);
}

/* "-device virtio-rng-pci": an argument each */
static void add_words(const struct part *p, struct args *a, const char *text)
{
	size_t len;
	char word[512];

	for (text += strspn(text, " \t"); *text; text += len + strspn(text + len, " \t")) {
		len = strcspn(text, " \t");
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		args_add(a, "%s", paths_expand(p->run, word));
	}
}

void command_machine(const struct part *p, struct args *a)
{
	const struct lab_word *w;

	switch (p->m->kind) {
	case KIND_HOST:
		command_host(p, a);
		break;
	case KIND_FIRMWARE:
		command_firmware(p, a);
		break;
	case KIND_BMC:
		command_bmc(p, a);
		break;
	default:
		args_add(a, "/bin/sh");
		args_add(a, "-c");
		args_add(a, "%s", paths_expand(p->run, p->m->command));
	}
	for (w = p->m->qemu.first; w; w = w->next)
		add_words(p, a, w->text);
}
