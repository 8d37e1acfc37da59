/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bmc_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/bmc/ncsi_int.h"
#include "../../src/card/regs.h"
#include "../../src/homes/flash_file.h"
#include "../../src/homes/fw_inside.h"
#include "../../src/fw/image.h"
#include "../../src/host/drv.h"

#define MUST(c)	do { if (!(c)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c); abort(); } } while (0)
#define CHANNELS	2u
#define PKG		2u

struct bmc_fuzz_seen bmc_fuzz_seen;

static struct host_inproc *ip;
static struct card *card;
static struct fw_home *fw;
static struct ncsi *ncsi;
static bool link_up, host_runs, bmc_reads;
static unsigned int sent;		/* control frames since the last input */
static unsigned int asked;
static size_t last_len;
static uint8_t last[NCSI_FRAME_MAX];	/* the first of them */

static const uint8_t mac[6] = { 2, 0xb, 0xc, 0, 0, 1 };

/* ---- what comes out ---- */

static void out(void *ctx, const uint8_t *f, size_t len)
{
	size_t plen = get16(f + 20), end = 30 + (plen + 3) / 4 * 4 + 4;

	(void)ctx;
	MUST(len >= 60 && len <= NCSI_FRAME_MAX && len == (end < 60 ? 60 : end));
	MUST(get16(f + 12) == 0x88f8 && f[15] == 1 && (f[18] & 0x80) && f[19] >> 5 == PKG);
	MUST(get32(f + end - 4) == ncsi_checksum(f + 14, end - 18));
	if (f[18] == 0xff) {
		MUST(plen >= 4 && f[33] < 3);
		bmc_fuzz_seen.aens[f[33]]++;
	} else {
		MUST(plen >= 4 && (get16(f + 30) == 0 || plen == 4));
		(get16(f + 30) ? bmc_fuzz_seen.failed : bmc_fuzz_seen.completed)[f[18] & 0x7f]++;
	}
	if (!sent++) {
		memcpy(last, f, len);
		last_len = len;
	}
	MUST(sent <= 1 + 3 * CHANNELS);
}

static unsigned int to_bmc(void *ctx, const struct frame *f, unsigned int n)
{
	uint8_t head[NCSI_WINDOW];
	size_t have = 0;

	(void)ctx;
	MUST(n == 1 && f->len);
	if (!bmc_reads)
		return 0;
	for (unsigned int i = 0; i < f->nspans && have < sizeof(head); i++) {
		size_t run = f->span[i].len < sizeof(head) - have ? f->span[i].len : sizeof(head) - have;

		memcpy(head + have, f->span[i].base, run);
		have += run;
	}
	if (!ncsi_to_mc(ncsi, 0, head, have, f->len))
		return 1;
	MUST(ncsi_selected(ncsi) && ncsi_enabled(ncsi, 0) && f->len <= NCSI_PASS_MAX);
	ncsi_to_mc_done(ncsi, 0);
	bmc_fuzz_seen.to_bmc++;
	return 1;
}

static unsigned int to_wire(void *ctx, const struct frame *f, unsigned int n)
{
	(void)ctx;
	for (unsigned int i = 0; i < n; i++)
		MUST(f[i].len >= 14 && f[i].len <= PORT_MAX_FRAME);
	bmc_fuzz_seen.to_wire += n;
	return n;
}

static const struct port_ops bmc_port = { .tx = to_bmc }, wire_port = { .tx = to_wire };

/* ---- what is asked ---- */

static void ask_link(void *ctx, unsigned int ch, struct ncsi_link *l)
{
	(void)ctx;
	(void)ch;
	l->up = link_up;
	l->mbps = 100000;
}

static void ask_stats(void *ctx, unsigned int ch, struct ncsi_port_stats *s)
{
	(void)ctx;
	memset(s, (int)ch + 1, sizeof(*s));
}

static bool ask_host(void *ctx, unsigned int ch)
{
	(void)ctx;
	(void)ch;
	return host_runs;
}

static void on_filters(void *ctx, unsigned int ch)
{
	struct ncsi_wants w;

	(void)ctx;
	ncsi_wants(ncsi, ch, &w);
	MUST(w.n <= NCSI_MAC_FILTERS && w.uc <= w.n);
	if (!ch && w.n)
		fw_bmc_set(fw_inside_core(fw), 0, w.n < FW_BMC_MACS ? w.n : FW_BMC_MACS, (const uint8_t (*)[6])w.mac,
			   w.all_multi || w.n > FW_BMC_MACS);
}

/* Every now and then an answer takes time */
static int later(int ret)
{
	return ++asked % 5 ? ret : NCSI_PENDING;
}

static int module_temperature(void *ctx, unsigned int ch, int16_t *alarm, int16_t *warning, int16_t *now)
{
	int32_t a = 0, w = 0, n = 0;
	int ret = fw_home_module_temperature(fw, 0, &a, &w, &n);

	(void)ctx;
	MUST(ch < CHANNELS);
	*alarm = (int16_t)(a / 1000);
	*warning = (int16_t)(w / 1000);
	*now = (int16_t)(n / 1000);
	return later(ret);
}

static int dump_take(void *ctx, unsigned int ch, enum ncsi_dump which)
{
	(void)ctx;
	MUST(ch < CHANNELS);
	return later(which == NCSI_DUMP_CORE ? 4000 : -1);
}

static int dump_read(void *ctx, unsigned int ch, uint32_t off, uint8_t *buf, uint32_t len)
{
	(void)ctx;
	MUST(ch < CHANNELS);
	MUST(off <= 4000 && len <= 4000 - off);
	memset(buf, 0x5a, len);
	return later(0);
}

/* The firmware's own */
static int pldm(void *ctx, enum ncsi_pldm_op op, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	int n;

	(void)ctx;
	switch (op) {
	case NCSI_PLDM_REQUEST:
		n = fw_home_pldm(fw, FW_PLDM_NCSI, req, len, rsp, cap);
		MUST(n <= 0 || (n >= 4 && !(rsp[0] & 0xe0)));
		break;
	case NCSI_PLDM_PENDING:
		n = fw_home_pldm_pending(fw, FW_PLDM_NCSI, rsp, cap);
		MUST(n <= 0 || (n >= 4 && (rsp[0] & 0xe0) == 0x80));
		break;
	default:
		n = fw_home_pldm_reply(fw, FW_PLDM_NCSI, req, len);
		break;
	}
	MUST(n <= (int)cap);
	return later(n);
}

static uint64_t now(void *ctx)
{
	return ((struct host_inproc *)ctx)->now_ns;
}

static void start(void)
{
	static const struct ncsi_env env = {
		.send = out, .link = ask_link, .port_stats = ask_stats, .host_running = ask_host,
		.filters = on_filters, .module_temperature = module_temperature, .dump_take = dump_take, .dump_read = dump_read, .pldm = pldm,
	};
	struct card_config cc = { .queues = 2, .vectors = 8, .mac = { 2, 0, 0, 0, 0, 1 } };
	struct ncsi_config nc = { .package = PKG, .channels = CHANNELS, .fw_name = "fuzz" };
	struct fw_home_config fc;
	char err[100];

	ip = host_new_inproc(&cc, 1 << 20);
	MUST(ip && !drv_up(&ip->h));
	card = ip->card;
	fw_home_config_default(&fc);
	fc.fw.host[0].bmc_macs = 1;
	memcpy(fc.fw.host[0].bmc_mac[0], mac, 6);
	fc.flash = flash_file_open(NULL, FW_FLASH_SIZE, err, sizeof(err));
	MUST(fc.flash);
	fw = fw_inside_new(card, &(struct card_env){ .ctx = ip, .now = now }, &fc);
	ncsi = calloc(1, ncsi_size());
	MUST(fw && ncsi && !ncsi_init(ncsi, &nc, &env));
	card_connect(card, &wire_port, NULL, PORT_LSO_CUT);
	card_connect_bmc(card, &bmc_port, NULL);
}

/* As after power-on, but for the memory of the card and the counters */
static void again(void)
{
	sent = 0;
	asked = 0;
	link_up = bmc_reads = true;
	host_runs = false;
	ncsi_restart(ncsi);
	fw_restart(fw_inside_core(fw));
	card_reset(card, CARD_RESET_FUNCTION);
}

/* ---- operations ---- */

static void control(const uint8_t *f, size_t len)
{
	uint8_t first[NCSI_FRAME_MAX];
	size_t flen;

	sent = 0;
	ncsi_input(ncsi, f, len);
	for (unsigned int i = 0; i < 3 && !sent; i++)
		ncsi_resume(ncsi);
	if (!sent)
		return;
	memcpy(first, last, last_len);
	flen = last_len;
	sent = 0;
	ncsi_input(ncsi, f, len);
	MUST(sent == 1 && last_len == flen && !memcmp(last, first, flen));
}

static void command(const uint8_t *p, size_t len)
{
	static uint8_t iid;
	uint8_t f[NCSI_FRAME_MAX] = { 0 };
	size_t plen, padded;

	if (len < 2)
		return;
	plen = len - 2 < PAYLOAD_MAX ? len - 2 : PAYLOAD_MAX;
	padded = (plen + 3) / 4 * 4;
	put16(f + 12, 0x88f8);
	f[15] = 1;
	f[17] = ++iid;
	f[18] = p[0] & 0x7f;
	f[19] = (uint8_t)(PKG << 5 | (p[1] & 0x1f));
	put16(f + 20, (uint32_t)plen);
	memcpy(f + 30, p + 2, plen);
	put32(f + 30 + padded, ncsi_checksum(f + 14, 16 + padded));
	control(f, 34 + padded);
}

/* What the card asks for, by 0x56 and 0x57; @how: 0 well, 1 an error, 2 not yet, 3 too short */
static void serve(unsigned int how)
{
	static uint8_t img[IMAGE_HDR + 2000];
	struct fw_image i = { .section = 1, .len = 2000, .ver = { FW_VERSION(27, 1, 2, 3), "fuzz" } };
	static const uint8_t codes[4] = { 0, 1, 0x89, 0 };
	uint8_t r[2 + 1100] = { 0x57, CHAN_PACKAGE };
	const uint8_t *q = last + 34;
	uint32_t off, len = 0;

	i.crc = fw_crc32(0, img + IMAGE_HDR, 2000);
	image_put(img, &i);
	sent = 0;
	command((const uint8_t[]){ 0x56, CHAN_PACKAGE }, 2);
	if (!sent || last[18] != 0xd6 || get16(last + 20) < 4 + 4)
		return;
	memcpy(r + 2, q, 3);
	r[2] &= 0x1f;
	r[5] = codes[how];
	if (q[2] == 0x15) {
		off = get_le32(q + 3);
		len = get_le32(q + 7);
		MUST(len && len <= 1024 && off < 0x400000 && len <= 0x400000 - off);
		if (off < sizeof(img))
			memcpy(r + 6, img + off, len < sizeof(img) - off ? len : sizeof(img) - off);
	}
	command(r, 6 + (how == 3 && len ? len - 1 : len));
}

static void update(uint8_t b)
{
	static const struct { uint8_t len, p[26]; } cmds[] = {
		{ 14, { 0x80, 5, 0x10, 0, 4, 0, 0, 1, 0, 1, 0, 0, 1, 0 } },
		{ 15, { 0x80, 5, 0x13, 5, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0 } },
		{ 22, { 0x80, 5, 0x14, 10, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x10, 8, 0, 0, 0, 0, 0, 0, 1, 0 } },
		{ 4, { 0x80, 5, 0x1a, 0 } }, { 3, { 0x80, 5, 0x1c } }, { 3, { 0x80, 5, 0x1d } }, { 3, { 0x80, 5, 0x1b } },
	};
	static uint8_t iid;
	uint8_t p[2 + 26] = { 0x51, CHAN_PACKAGE };
	unsigned int n = b & 15;

	if (n >= sizeof(cmds) / sizeof(cmds[0])) {
		serve(b & 0x80 ? b >> 4 & 3 : 0);
		return;
	}
	memcpy(p + 2, cmds[n].p, cmds[n].len);
	p[2] |= ++iid & 31;
	command(p, 2u + cmds[n].len);
}

static void from_bmc(const uint8_t *p, size_t len)
{
	struct span s[2] = { { p, len / 2 }, { p + len / 2, len - len / 2 } };
	struct frame f = { .span = s, .len = (uint32_t)len, .nspans = 2 };
	int ch = ncsi_from_mc(ncsi, p, len < NCSI_WINDOW ? len : NCSI_WINDOW, (uint32_t)len);

	if (ch < 0)
		return;
	MUST(ncsi_tx_enabled(ncsi, (unsigned int)ch));
	ncsi_from_mc_done(ncsi, (unsigned int)ch, card_bmc_rx(card, &f, 1) == 1);
}

static void from_wire(const uint8_t *p, size_t len)
{
	struct span s = { p, len };
	struct frame f = { .span = &s, .len = (uint32_t)len, .nspans = 1 };

	if (len)
		card_rx(card, &f, 1, true);
}

static void event(uint8_t e)
{
	sent = 0;
	switch (e % 10) {
	case 0:
		link_up = e & 0x80;
		card_set_link(card, link_up);
		ncsi_link_changed(ncsi, e >> 4 & 1);
		break;
	case 1:
		host_runs = e & 0x80;
		ncsi_host_changed(ncsi, e >> 4 & 1);
		break;
	case 2:
		ncsi_restart(ncsi);
		break;
	case 3:
		card_reset(card, CARD_RESET_FUNCTION);
		break;
	case 4:
		bmc_reads = e & 0x80;
		if (bmc_reads)
			card_bmc_ready(card);
		break;
	case 5:
		fw_crash(fw_inside_core(fw), "fuzz");
		break;
	case 6:
		fw_restart(fw_inside_core(fw));
		break;
	default:
		while (card_run(card))
			;
		ip->now_ns += 1000000;
		break;
	}
}

/* Registers that decide where frames go; the queues would need a driver */
static void csr(const uint8_t *p)
{
	static const struct { uint32_t first, n; } ranges[] = {
		{ CSR_TCE_LSO_CTRL, 0x50 }, { CSR_TCE_RAM_TCAM0, 0x20 }, { CSR_RXB_CT_SIZE, 0x58 },
		{ CSR_RPC_RMI_CONFIG, 0x20 }, { CSR_RPC_ACT_TBL0, 0x720 }, { CSR_MAC_COMMAND_CONFIG, 1 },
	};
	uint32_t k = get16(p + 2), r = get16(p) % (sizeof(ranges) / sizeof(ranges[0]));

	csr_wr(&ip->h, ranges[r].first + k % ranges[r].n, get32(p + 4));
}

static void table(const uint8_t *p, size_t len)
{
	struct card_bmc_table t = { 0 };

	if (len >= 3) {
		t.flags = p[0];
		t.uc = p[1];
		t.mc = p[2];
		memcpy(t.uc_mac, p + 3, len - 3 < sizeof(t.uc_mac) ? len - 3 : sizeof(t.uc_mac));
	}
	card_fw_bmc_table(card, &t);
}

void bmc_fuzz(const uint8_t *data, size_t size)
{
	if (!ip)
		start();
	again();
	while (size >= 3) {
		size_t len = (size_t)data[1] | (size_t)data[2] << 8, i;
		uint8_t op = data[0] % FUZZ_OPS;

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		if (op == FUZZ_RAW)
			control(data, len);
		else if (op == FUZZ_COMMAND)
			command(data, len);
		else if (op == FUZZ_FROM_BMC)
			from_bmc(data, len);
		else if (op == FUZZ_FROM_WIRE)
			from_wire(data, len);
		else if (op == FUZZ_TABLE)
			table(data, len);
		else if (op == FUZZ_UPDATE)
			for (i = 0; i < len && i < 64; i++)
				update(data[i]);
		else if (op == FUZZ_EVENT)
			for (i = 0; i < len && i < 8; i++)
				event(data[i]);
		else
			for (i = 0; i + 8 <= len && i < 256; i += 8)
				csr(data + i);
		data += len;
		size -= len;
	}
	while (card_run(card))
		;
	bmc_fuzz_seen.updates = fw_counter(fw_inside_core(fw), FWC_UPDATES);
}
