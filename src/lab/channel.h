/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel to a machine's command runner (lab/in-guest/init): a line "ID
 * COMMANDS" to it, the commands in base64; "@@READY" once, then for each
 *
 *	@@RUN ID
 *	what the commands printed
 *	@@DONE ID STATUS
 *
 * from it.  One command at a time.
 */
#ifndef OPENFBNIC_LAB_CHANNEL_H
#define OPENFBNIC_LAB_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "../wire/wire_loop.h"

struct channel {
	void		(*on_ready)(void *arg);
	void		(*on_done)(void *arg, int status, const char *output);
	void		*arg;
	/* its own */
	struct wire_loop *loop;
	struct loop_fd	watch;
	int		fd;		/* -1: closed */
	bool		ready;
	unsigned int	id;		/* of the command that runs; 0: none does */
	unsigned int	last_id;
	char		*out;		/* still to be sent */
	size_t		out_len, out_at;
	char		*in;		/* what has come */
	size_t		in_len, in_size;
};

/* @fd becomes the channel's; callbacks have been set */
int channel_open(struct channel *c, struct wire_loop *loop, int fd);
void channel_close(struct channel *c);

/* 0, or -EBUSY, -ENOTCONN.  on_done() will be called once, unless the channel closes */
int channel_run(struct channel *c, const char *commands);
/* Nobody waits any more for the command that runs */
const char *channel_forget(struct channel *c);

#endif
