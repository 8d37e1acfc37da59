/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PLDM messages from a hostile BMC: the input is a script.  A byte chooses the
 * deed, those behind it its details:
 *
 *	0  a request as it is: link, length, bytes
 *	1  a command of the table: number, instance, what its bytes are
 *	2  a step of an update that makes sense: which
 *	3  the answer to the card's request: how
 *	4  time passes: 2 bytes of 10 ms
 *	5  function reset, power, crash, restart, module; a dump is read
 *
 * Responses must belong to their requests and fit; an update's state and its
 * image must agree; and when the BMC falls silent all is idle after a while.
 */
#include "fuzz_fw.h"
#include "fuzz.h"

#define SECOND	1000000000ull

static uint8_t rsp[FW_PLDM_MAX];

static void ask(enum fw_pldm_link link, const uint8_t *req, size_t len)
{
	int n = fw_pldm(fw, link, req, len, rsp, sizeof(rsp));

	if (n <= 0)
		return;
	MUST(n >= 4 && (size_t)n <= sizeof(rsp) && len >= 3);
	MUST(rsp[0] == (req[0] & 31) && rsp[1] == req[1] && rsp[2] == req[2]);
	MUST(!rsp[3] || n == 4);
}

static void raw(struct fuzz_in *in)
{
	enum fw_pldm_link link = (enum fw_pldm_link)(fuzz_byte(in) & 1);
	size_t len = fuzz_byte(in);
	uint8_t b[512];

	if (len > 200)
		len += 56;		/* beyond what is kept for repetitions */
	for (size_t i = 0; i < len; i++)
		b[i] = fuzz_byte(in);
	ask(link, b, len);
}

static void command(struct fuzz_in *in)
{
	const struct pldm_cmd *c = &pldm_cmds[fuzz_byte(in) % pldm_cmd_count];
	uint8_t b[512] = { 0x80 | (fuzz_byte(in) & 31), c->type, c->cmd }, how = fuzz_byte(in);
	size_t len = 3u + (how & 1 ? c->max : c->min);

	for (size_t i = 3; i < len && how & 2; i++)
		b[i] = fuzz_byte(in);
	ask(how & 4 ? FW_PLDM_MCTP : FW_PLDM_NCSI, b, len);
}

static void step(unsigned int n)
{
	static const struct { uint8_t len, p[22]; } cmds[] = {
		{ 14, { 0x80, 5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 0 } },
		{ 15, { 0x80, 5, 0x13, 5, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0 } },
		{ 22, { 0x80, 5, 0x14, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, FUZZ_IMAGE & 0xff, FUZZ_IMAGE >> 8, 0, 0, 0, 0,
			0, 0, 1, 0 } },
		{ 4, { 0x80, 5, 0x1a, 0 } }, { 3, { 0x80, 5, 0x1c } }, { 3, { 0x80, 5, 0x1d } }, { 3, { 0x80, 5, 0x1b } },
	};
	static uint8_t iid;
	uint8_t b[22];

	n %= sizeof(cmds) / sizeof(cmds[0]);
	memcpy(b, cmds[n].p, cmds[n].len);
	b[0] |= ++iid & 31;
	ask(FW_PLDM_NCSI, b, cmds[n].len);
}

static void serve(unsigned int how)
{
	static const uint8_t codes[8] = { 0, 0, 0, 1, 0x89, 0, 0, 0x82 };
	uint8_t q[FW_PLDM_MAX], r[4 + 1024];
	size_t len = 0;
	int n = fw_pldm_pending(fw, FW_PLDM_NCSI, q, sizeof(q));

	if (n <= 0)
		return;
	MUST((q[0] & 0xe0) == 0x80 && q[1] == 5);
	r[0] = q[0] & 31;
	r[1] = 5;
	r[2] = q[2] ^ (how == 5);
	r[3] = codes[how];
	if (q[2] == 0x15) {
		uint32_t off = get_le32(q + 3);

		len = get_le32(q + 7);
		MUST(n == 11 && len && len <= 1024);
		memset(r + 4, 0, len);
		if (off < FUZZ_IMAGE)
			memcpy(r + 4, fuzz_image + off, len < FUZZ_IMAGE - off ? len : FUZZ_IMAGE - off);
		len -= how == 6;
	}
	fw_pldm_reply(fw, FW_PLDM_NCSI, r, 4 + len);
}

static void life(struct fuzz_in *in)
{
	struct fw_module m = { .kind = (enum fw_module_kind)(fuzz_byte(in) % FW_MODULES), .temp = 40000 };
	uint8_t b[16];

	switch (fuzz_byte(in) % 7) {
	case 0:
		fw_host_reset(fw, 0);
		break;
	case 1:
		fw_power(fw);
		break;
	case 2:
		fw_crash(fw, "fuzz");
		break;
	case 3:
		fw_restart(fw);
		break;
	case 4:
		fw_set_module(fw, 0, &m);
		break;
	case 5:
		fw_dump_take(fw, 0, fuzz_byte(in) & 1);
		break;
	case 6:
		fw_dump_read(fw, 0, fuzz_u32(in), b, fuzz_byte(in) % sizeof(b));
		break;
	}
}

static void check(void)
{
	const struct pldm_fd *fd = &fw->pldm.fd;
	bool image = fd->state == FD_DOWNLOAD || fd->state == FD_VERIFY;

	MUST(fd->state < FD_ACTIVATE);
	MUST(!fw->upd.on || (!fw->upd.host && image));
	MUST(fw->upd.at <= fw->upd.len && fd->applied <= 7 && (!fd->applied || fd->state != FD_IDLE));
	MUST(!fd->req_cmd || (fd->state >= FD_DOWNLOAD && fd->state <= FD_APPLY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };

	fuzz_boot();
	while (in.len) {
		switch (fuzz_byte(&in) % 6) {
		case 0:
			raw(&in);
			break;
		case 1:
			command(&in);
			break;
		case 2:
			step(fuzz_byte(&in));
			break;
		case 3:
			serve(fuzz_byte(&in) % 8);
			break;
		case 4:
			fuzz_sleep((fuzz_u32(&in) & 0xffff) * SECOND / 100);
			break;
		case 5:
			life(&in);
			break;
		}
		check();
	}
	fuzz_sleep(70 * SECOND);
	MUST(fw->pldm.fd.state == FD_IDLE && !fw->upd.on);
	return 0;
}

size_t fuzz_seed(unsigned int i, uint8_t *b, size_t max)
{
	static const uint8_t seeds[][40] = {
		{ 2, 0, 2, 1, 2, 2, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 2, 3, 1, 14, 1, 0 },	/* a whole update */
		{ 2, 0, 2, 1, 2, 2, 3, 0, 2, 4, 2, 2, 3, 3, 2, 5, 5, 0, 5, 1, 5, 0, 6, 0, 0, 0, 0, 9 },
		{ 1, 5, 1, 2, 1, 0, 0, 1, 11, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0 },
		{ 0, 0, 3, 0x80, 0, 4, 0, 1, 9, 0x81, 0, 3, 0, 0, 0, 0, 1, 5, 5, 0, 2, 4, 1, 0, 0, 0 },
	};

	if (i >= sizeof(seeds) / sizeof(seeds[0]) || max < sizeof(seeds[0]))
		return 0;
	memcpy(b, seeds[i], sizeof(seeds[0]));
	return sizeof(seeds[0]);
}
