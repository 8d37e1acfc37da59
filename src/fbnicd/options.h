/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.  Every mistake ends in one sentence that names it.
 */
#ifndef OPENFBNIC_OPTIONS_H
#define OPENFBNIC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_CARDS	16
#define MAX_HOSTS	4	/* of a card */

enum fw_where { FW_INSIDE, FW_FUNCTION, FW_SOCKET };

/* What each host of a card has of its own */
struct host_options {
	const char	*socket;	/* vfio-user server */
	const char	*wire;		/* see src/wire/wire.h */
	const char	*pcap;		/* capture file, or NULL */
	uint8_t		mac[6];		/* not of the hosts from 1 on, unless given */
	bool		mac_given;
	uint8_t		bmc_mac[6];
	bool		bmc_mac_given;
	unsigned int	queues, vectors;
	unsigned int	speed, fec;	/* enum fw_speed, enum fw_fec */
};

struct card_options {
	struct host_options host[MAX_HOSTS];
	unsigned int	nhosts;
	const char	*bmc;		/* wire to a BMC, or NULL */
	const char	*mctp;		/* socket path of a serial line to a BMC, or NULL */
	uint8_t		mctp_eid;
	const char	*state;		/* directory, or NULL */
	enum fw_where	fw;
	const char	*fw_path;	/* FW_FUNCTION: its socket, FW_SOCKET: where it listens */
	unsigned int	fw_boot_ms[2];	/* bootloader, control firmware */
	unsigned int	fw_restart_ms;	/* UINT32_MAX: never */
};

struct options {
	struct card_options	card[MAX_CARDS];
	unsigned int		ncards;
	const char		*control;	/* socket path, or NULL */
	uint32_t		trace;		/* bit per enum card_block */
	unsigned int		linger_us;	/* see loop_linger() */
};

/* Parses; dies on a mistake; handles --help and --version.  @argv's strings are cut up and kept. */
void options_parse(struct options *o, int argc, char **argv);

/* @to is @mac, counted on by @n */
void mac_add(uint8_t to[6], const uint8_t mac[6], unsigned int n);

/* "a,b" or "all" to a mask of enum card_block; false: @bad is the name that is not one */
bool trace_mask_parse(const char *list, uint32_t *mask, char *bad, unsigned int badlen);

/* One sentence to stderr, exit 1 */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
