/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fbnic-lab LAB | run FILE | show LAB|FILE | list
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper.h"
#include "lab.h"
#include "run.h"

#ifndef FBNICD_VERSION
#define FBNICD_VERSION "unknown"
#endif

#define MAX_TEXT	(256 * 1024)
#define MAX_SETS	32

static const char usage[] =
"Usage: fbnic-lab [OPTION...] LAB\n"
"       fbnic-lab [OPTION...] run FILE\n"
"       fbnic-lab show LAB|FILE\n"
"       fbnic-lab list\n"
"Brings up a lab, virtual machines around emulated fbnic cards, and takes it down.\n"
"\n"
"Labs:\n"
"%s"
"\n"
"Options:\n"
"  --check           run the lab's checks, a line each, and end with their result\n"
"  --log DIR         write each console to DIR/NAME.log\n"
"  --plain           no panes: consoles as lines, with names before them\n"
"  --verbose         consoles as lines with --check, too\n"
"  --keep            leave the lab's directory, and say where it is\n"
"  --kernel KERNEL   of all hosts: latest, 6.12, a bzImage or a source tree\n"
"  --image FILE      of all hosts\n"
"  --qemu PROGRAM    of all hosts\n"
"  --memory MIB, --cpus N\n"
"                    of all hosts\n"
"  --set MACHINE.KEY=VALUE\n"
"                    a line of that machine, over what the lab's text says\n"
"  --help, --version\n"
"\n"
"\"fbnic-lab show host\" prints a lab's text, which is where to begin with one's own.\n";

struct choice {
	struct run_options run;
	const char	*kernel, *image, *emulator, *memory, *cpus;
	char		*sets[MAX_SETS];
	unsigned int	nsets;
};

__attribute__((format(printf, 1, 2)))
static _Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("fbnic-lab: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

/* ---- the labs that are built in ---- */

static const char *about_of(const char *text, size_t *len)
{
	const char *about = strstr(text, "\nabout");

	about = about ? about + 6 + strspn(about + 6, " \t") : "";
	*len = strcspn(about, "\n");
	return about;
}

static const char *list_of_labs(void)
{
	static char list[1000];
	const struct lab_text *t;
	size_t n = 0, len;

	for (t = lab_texts; t->name && n < sizeof(list); t++) {
		const char *about = about_of(t->text, &len);

		n += (size_t)snprintf(list + n, sizeof(list) - n, "  %-12s %.*s\n", t->name, (int)len, about);
	}
	return list;
}

static const char *built_in(const char *name)
{
	const struct lab_text *t;

	for (t = lab_texts; t->name; t++)
		if (!strcmp(t->name, name))
			return t->text;
	return NULL;
}

/* ---- texts ---- */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	static char *text;
	size_t n;

	if (!f)
		die("%s: %s", path, strerror(errno));
	text = malloc(MAX_TEXT + 1);
	if (!text)
		die("out of memory");
	n = fread(text, 1, MAX_TEXT + 1, f);
	if (ferror(f))
		die("%s: %s", path, strerror(errno));
	if (n > MAX_TEXT || memchr(text, '\0', n))
		die("%s: this is not the text of a lab (more than %d KiB, or with zeros in it)", path, MAX_TEXT / 1024);
	fclose(f);
	text[n] = '\0';
	return text;
}

/* The text of a built-in lab or of a file; what it is called in messages in *@name */
static char *text_of(const char *what, bool file, const char **name)
{
	static char label[64];
	const char *text = file ? NULL : built_in(what);
	char *copy;

	if (!text) {
		if (!file && !strchr(what, '/') && access(what, F_OK))
			die("there is no lab \"%s\"; the labs are:\n%s(\"fbnic-lab run FILE\" runs one of your own)",
			    what, list_of_labs());
		*name = what;
		return read_file(what);
	}
	copy = strdup(text);
	if (!copy)
		die("out of memory");
	snprintf(label, sizeof(label), "%s.lab", what);
	*name = label;
	return copy;
}

/* ---- what there is to do ---- */

/* As if the text of each host said so */
static void add_set(struct choice *c, const char *machine, const char *key, const char *value)
{
	char *set;

	if (c->nsets == MAX_SETS || asprintf(&set, "%s.%s=%s", machine, key, value) < 0)
		die("too many settings: at most %d", MAX_SETS);
	c->sets[c->nsets++] = set;
}

/* A file of the command line is seen from here, and one of the text from where that is */
static const char *absolute(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : path;
}

static void set_all_hosts(struct choice *c, const struct lab *l)
{
	const struct {
		const char *key, *value;
	} all[] = {
		{ "kernel", c->kernel }, { "image", c->image }, { "emulator", c->emulator },
		{ "memory", c->memory }, { "cpus", c->cpus },
	};
	unsigned int i, k;

	for (k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		for (i = 0; all[k].value && i < l->nmachines; i++)
			if (l->machine[i].kind == KIND_HOST)
				add_set(c, l->machine[i].name, all[k].key, all[k].value);
}

/* Twice: which machines are hosts is only known after the first time */
static int run_text(struct choice *c, const char *what, bool file)
{
	static struct lab lab;
	static struct run run;
	static char *text, *again;
	const char *name;

	text = text_of(what, file, &name);
	again = strdup(text);
	if (!again)
		die("out of memory");
	if (lab_parse(&lab, name, text, NULL, 0))
		return 2;
	set_all_hosts(c, &lab);
	if (c->nsets && lab_parse(&lab, name, again, c->sets, c->nsets))
		return 2;
	if (c->run.check && !lab.nchecks)
		die("%s: --check: this lab has no check", name);
	run.lab = &lab;
	run.o = &c->run;
	return keeper_run(run_lab, &run, c->run.keep);
}

static int show(const char *what)
{
	static struct lab lab;
	const char *name;
	char *text = text_of(what, false, &name), *copy = strdup(text);
	int bad;

	if (!copy)
		die("out of memory");
	bad = lab_parse(&lab, name, copy, NULL, 0) ? 2 : 0;
	if (!bad)
		fputs(text, stdout);
	free(copy);
	free(text);
	return bad;
}

static int command(struct choice *c, char **words, int n)
{
	if (!n)
		die("which lab?\n%s\"fbnic-lab --help\" tells more", list_of_labs());
	if (!strcmp(words[0], "list") && n == 1) {
		fputs(list_of_labs(), stdout);
		return 0;
	}
	if (!strcmp(words[0], "run") || !strcmp(words[0], "show")) {
		if (n != 2)
			die("%s: the name of one %s is wanted after it", words[0],
			    words[0][0] == 'r' ? "file" : "lab or file");
		return words[0][0] == 'r' ? run_text(c, words[1], true) : show(words[1]);
	}
	if (n > 1)
		die("%s: one lab at a time; what is this for?", words[1]);
	return run_text(c, words[0], false);
}

int main(int argc, char **argv)
{
	enum { CHECK = 1, LOG, PLAIN, VERBOSE, KEEP, KERNEL, IMAGE, QEMU, MEMORY, CPUS, SET };
	static const struct option longopts[] = {
		{ "check", no_argument, NULL, CHECK }, { "log", required_argument, NULL, LOG },
		{ "plain", no_argument, NULL, PLAIN }, { "verbose", no_argument, NULL, VERBOSE },
		{ "keep", no_argument, NULL, KEEP }, { "kernel", required_argument, NULL, KERNEL },
		{ "image", required_argument, NULL, IMAGE }, { "qemu", required_argument, NULL, QEMU },
		{ "memory", required_argument, NULL, MEMORY }, { "cpus", required_argument, NULL, CPUS },
		{ "set", required_argument, NULL, SET }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
	};
	static struct choice c;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":hv", longopts, NULL)) != -1) {
		switch (opt) {
		case CHECK:	c.run.check = true;		break;
		case LOG:	c.run.log = optarg;		break;
		case PLAIN:	c.run.plain = true;		break;
		case 'v':
		case VERBOSE:	c.run.verbose = true;		break;
		case KEEP:	c.run.keep = true;		break;
		case KERNEL:	c.kernel = absolute(optarg);	break;
		case IMAGE:	c.image = absolute(optarg);	break;
		case QEMU:	c.emulator = optarg;		break;
		case MEMORY:	c.memory = optarg;		break;
		case CPUS:	c.cpus = optarg;		break;
		case SET:
			if (c.nsets == MAX_SETS)
				die("--set: at most %d", MAX_SETS);
			c.sets[c.nsets++] = optarg;
			break;
		case 'h':
			printf(usage, list_of_labs());
			return 0;
		case 'V':
			puts("fbnic-lab " FBNICD_VERSION);
			return 0;
		case ':':
			die("%s needs a value; try --help", argv[optind - 1]);
		default:
			die("%s: no such option; try --help", argv[optind - 1]);
		}
	}
	return command(&c, argv + optind, argc - optind);
}
