/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab as its text describes it.  All strings point into that text, or are
 * NULL where it says nothing; the limits are those of the language.
 */
#ifndef OPENFBNIC_LAB_H
#define OPENFBNIC_LAB_H

#include <stdbool.h>
#include <stddef.h>

#define LAB_CARDS	8
#define LAB_MACHINES	9		/* a console each, and their keys are 1 to 9 */
#define LAB_CHECKS	64
#define LAB_STEPS	192
#define LAB_WORDS	192		/* values of the keys that may be repeated, in all */
#define LAB_EXPECTS	256
#define LAB_HOSTS	4		/* of one card */
#define LAB_NAME_MAX	16
#define LAB_MAX_SECONDS	3600

/* A value of a repeatable key; lists are chains in the order of the file */
struct lab_word {
	const char	*text;
	int		line;
	struct lab_word	*next;
};

struct lab_list {
	struct lab_word	*first, **end;
};

struct lab_card {
	const char	*name;
	int		line;
	unsigned int	hosts;
	const char	*state;
	bool		bmc;		/* has a port for a BMC */
	bool		firmware;	/* has a port for a firmware of its own computer */
	struct lab_list	options;	/* KEY=VALUE of fbnicd's --card */
};

enum lab_kind { KIND_NONE, KIND_HOST, KIND_FIRMWARE, KIND_BMC, KIND_PROCESS };
enum lab_ready { READY_DEFAULT, READY_STARTED, READY_CHANNEL, READY_CONSOLE, READY_SOCKET, READY_ANSWER };

struct lab_machine {
	const char	*name;
	int		line;
	enum lab_kind	kind;
	const char	*card;		/* NAME or NAME/HOST, then without /HOST */
	int		card_line;
	int		card_index;	/* -1: none */
	unsigned int	card_host;
	const char	*kernel, *image, *dtb, *board, *emulator, *command;
	struct lab_list	append, qemu, files, hints;
	unsigned int	memory, cpus;	/* 0: not given */
	unsigned int	console;	/* the key that shows it, 1 to 9 */
	int		console_line;
	struct lab_list	after;
	unsigned int	needs;		/* the same as bits of machine indices */
	enum lab_ready	ready;
	const char	*ready_arg;	/* a text, a path, a request */
	const char	*ready_text;	/* READY_ANSWER: to be found in the answer */
	int		ready_line;
	unsigned int	within;		/* s; 0: not given */
};

enum lab_action { DO_RUN, DO_HERE, DO_ASK, DO_CONSOLE, DO_END, DO_KILL, DO_START };

struct lab_expect {
	const char	*text;
	bool		absent;
	struct lab_expect *next;
};

struct lab_step {
	enum lab_action	action;
	int		line;
	const char	*machine;	/* by name; NULL: none */
	int		index;		/* -1: fbnicd */
	const char	*arg;		/* a command, a request, a text */
	unsigned int	within;
	int		status;
	struct lab_expect *expect, **expect_end;
};

struct lab_check {
	const char	*title;
	int		line;
	unsigned int	first, nsteps;	/* in steps */
};

struct lab {
	const char	*file;		/* for messages */
	const char	*about;
	struct lab_list	prepare, fbnicd;
	struct lab_card	card[LAB_CARDS];
	struct lab_machine machine[LAB_MACHINES];
	struct lab_check check[LAB_CHECKS];
	struct lab_step	step[LAB_STEPS];
	struct lab_word	word[LAB_WORDS];
	struct lab_expect expect[LAB_EXPECTS];
	unsigned int	ncards, nmachines, nchecks, nsteps, nwords, nexpects;
	unsigned int	errors;
};

/*
 * Reads @text, which must stay and is changed, then what the command line sets
 * over it: @nsets texts "MACHINE.KEY=VALUE", changed as well.  Every mistake is
 * told on standard error as FILE:LINE: a sentence.  Returns how many there were.
 */
unsigned int lab_parse(struct lab *l, const char *file, char *text, char *const *sets, unsigned int nsets);

/* What needs the whole text: names that are meant, order, ports; called by lab_parse() */
void lab_check(struct lab *l);

__attribute__((format(printf, 3, 4)))
void lab_error(struct lab *l, int line, const char *fmt, ...);

int lab_find_machine(const struct lab *l, const char *name);	/* -1: there is none */
const char *lab_kind_name(enum lab_kind kind);

/* The labs that are built in */
struct lab_text {
	const char	*name;
	const char	*text;
};

extern const struct lab_text lab_texts[];	/* ends with a name of NULL */
extern const char lab_guest_words[];		/* lab/in-guest/lib.sh */

#endif
