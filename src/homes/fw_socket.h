/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The home of a firmware that is somebody else's program, on a socket that
 * speaks the protocol of Meta's mock firmware.  Theory in fw_socket.c.
 */
#ifndef OPENFBNIC_FW_SOCKET_H
#define OPENFBNIC_FW_SOCKET_H

#include "../bus/mem.h"
#include "../wire/wire_loop.h"
#include "fw_home.h"

struct fw_socket_config {
	const char		*path;		/* where the program listens; kept by the caller */
	struct wire_loop	*loop;
	/* The guest's memory; as mem_pieces() */
	void			*mem;
	unsigned int (*pieces)(void *mem, struct mem_piece *out, unsigned int max, unsigned int *left);
};

/* NULL and errno.  Nobody needs to be there yet. */
struct fw_home *fw_socket_new(struct card *c, const struct card_env *env, const struct fw_home_config *cfg,
			      const struct fw_socket_config *sock);
/* pieces() has another answer than before; @h is a struct fw_home */
void fw_socket_memory_changed(void *h);

#endif
