// SPDX-License-Identifier: GPL-2.0-or-later
/* The messages of fw=socket:PATH, to bytes and back */
#include "fw_socket_proto.h"

#include <string.h>

#define AT_CMD		0
#define AT_SIZE		8
#define AT_DATA		16
#define AT_NFDS		240
#define BAR_ADDR	(AT_DATA + 0)
#define BAR_VAL		(AT_DATA + 8)
#define BAR_WIDTH	(AT_DATA + 16)

const char *const fsm_names[FSM_NCMDS] = {
#define X(name, number, bytes, from) [number] = #name,
	FSM_COMMANDS(X)
#undef X
};

const char *const fsm_refusal_names[FSR_COUNT] = {
#define X(name, text) [FSR_##name] = text,
	FSM_REFUSALS(X)
#undef X
};

static const struct {
	uint32_t	bytes;
	bool		from_firmware;
} defs[FSM_NCMDS] = {
#define X(name, number, bytes, from) [number] = { bytes, from },
	FSM_COMMANDS(X)
#undef X
};

static void put(uint8_t *p, uint64_t v, unsigned int len)
{
	for (; len--; v >>= 8)
		*p++ = (uint8_t)v;
}

static uint64_t get(const uint8_t *p, unsigned int len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | p[len];
	return v;
}

void fsm_put_bar(uint8_t b[FSM_SIZE], enum fsm_cmd cmd, uint32_t addr, uint32_t val)
{
	memset(b, 0, FSM_SIZE);
	put(b + AT_CMD, cmd, 4);
	put(b + AT_SIZE, FSM_BAR, 8);
	put(b + BAR_ADDR, addr, 8);
	put(b + BAR_VAL, val, 8);
	put(b + BAR_WIDTH, 4, 4);
}

void fsm_put_sysmem(uint8_t b[FSM_SIZE], const struct fsm_region *r, unsigned int n)
{
	memset(b, 0, FSM_SIZE);
	put(b + AT_CMD, FSM_SYNC_SYSMEM, 4);
	put(b + AT_SIZE, n * FSM_REGION, 8);
	put(b + AT_NFDS, n, 4);
	for (uint8_t *p = b + AT_DATA; n--; p += FSM_REGION, r++) {
		put(p, r->addr, 8);
		put(p + 8, r->size, 8);
		put(p + 16, r->offset, 8);
	}
}

unsigned int fsm_parse(const uint8_t b[FSM_SIZE], uint32_t limit, struct fsm_bar *m)
{
	uint64_t addr = get(b + BAR_ADDR, 8);

	m->cmd = (uint32_t)get(b + AT_CMD, 4);
	if (m->cmd >= FSM_NCMDS)
		return FSR_COMMAND + 1;
	if (!defs[m->cmd].from_firmware)
		return FSR_DIRECTION + 1;
	if (get(b + AT_SIZE, 8) != defs[m->cmd].bytes)
		return FSR_SIZE + 1;
	if (get(b + AT_NFDS, 4))
		return FSR_FDS + 1;
	if (get(b + BAR_WIDTH, 4) != 4)
		return FSR_WIDTH + 1;
	if (addr >= limit || addr % 4)
		return FSR_ADDRESS + 1;
	m->addr = (uint32_t)addr;
	m->val = (uint32_t)get(b + BAR_VAL, 8);
	return 0;
}
