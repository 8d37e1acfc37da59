/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A BMC for the tests of the NC-SI controller: it builds commands, and checks
 * of every frame that comes back what must hold for all of them (addresses,
 * header, padding, checksum), with code of its own.
 */
#ifndef OPENFBNIC_TEST_NCSI_FAKE_H
#define OPENFBNIC_TEST_NCSI_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/bmc/ncsi_int.h"

#define MC_ID	7
#define PKG_ID	1

struct mc_frame {
	uint8_t		f[NCSI_FRAME_MAX];
	size_t		len;
};

struct mc {
	struct ncsi	*n;
	uint8_t		iid;
	unsigned int	nout;
	struct mc_frame	out[64];
	/* what the environment says and saw */
	struct ncsi_link link[NCSI_CHANNELS];
	struct ncsi_port_stats stats;
	bool		host[NCSI_CHANNELS];
	unsigned int	filters[NCSI_CHANNELS];
	int		temperature;
	int		dump_size;
	unsigned int	dumps, dump_ch;
	int		pldm_len;		/* negative: refused */
	bool		later, dump_later;	/* not yet */
	bool		dump_lost;
	unsigned int	asked;			/* times that something was */
	enum ncsi_pldm_op pldm_op;
	size_t		pldm_req;
	unsigned int	events[4];
};

static inline uint32_t fake_sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return (uint32_t)(0x100000000ull - s);
}

static inline void fake_send(void *ctx, const uint8_t *f, size_t len)
{
	struct mc *m = ctx;
	size_t plen = get16(f + 20), end = 30 + (plen + 3) / 4 * 4;

	assert_true(len >= 60 && len <= NCSI_FRAME_MAX);
	for (unsigned int i = 0; i < 12; i++)
		assert_int_equal(f[i], 0xff);
	assert_int_equal(get16(f + 12), 0x88f8);
	assert_int_equal(f[15], 1);
	assert_int_equal(f[16], 0);
	assert_int_equal(get32(f + 22) | get32(f + 26), 0);
	assert_int_equal(f[19] >> 5, PKG_ID);
	assert_true(f[18] & 0x80);
	assert_true(len == (end + 4 < 60 ? 60 : end + 4));
	assert_int_equal(get32(f + end), fake_sum(f + 14, end - 14));
	for (size_t i = 30 + plen; i < end; i++)
		assert_int_equal(f[i], 0);
	for (size_t i = end + 4; i < len; i++)
		assert_int_equal(f[i], 0);
	assert_true(m->nout < 64);
	memcpy(m->out[m->nout].f, f, len);
	m->out[m->nout++].len = len;
}

static inline void fake_link(void *ctx, unsigned int ch, struct ncsi_link *l)
{
	*l = ((struct mc *)ctx)->link[ch];
}

static inline void fake_stats(void *ctx, unsigned int ch, struct ncsi_port_stats *s)
{
	(void)ch;
	*s = ((struct mc *)ctx)->stats;
}

static inline bool fake_host(void *ctx, unsigned int ch)
{
	return ((struct mc *)ctx)->host[ch];
}

static inline void fake_filters(void *ctx, unsigned int ch)
{
	((struct mc *)ctx)->filters[ch]++;
}

static inline int fake_temperature(void *ctx, int16_t *max, int16_t *now)
{
	struct mc *m = ctx;

	m->asked++;
	*max = 105;
	*now = (int16_t)m->temperature;
	return m->later ? NCSI_PENDING : m->temperature ? 0 : -1;
}

static inline int fake_module(void *ctx, unsigned int ch, int16_t *alarm, int16_t *warning, int16_t *now)
{
	struct mc *m = ctx;

	m->asked++;
	*alarm = 75;
	*warning = 70;
	*now = (int16_t)(m->temperature + (int)ch);
	return m->later ? NCSI_PENDING : m->temperature ? 0 : -1;
}

static inline uint8_t dump_byte(uint32_t off)
{
	return (uint8_t)(off * 7 + (off >> 8));
}

static inline int fake_dump_take(void *ctx, unsigned int ch, enum ncsi_dump which)
{
	struct mc *m = ctx;

	m->dump_ch = ch;
	m->asked++;
	if (m->later)
		return NCSI_PENDING;
	m->dumps++;
	return which == NCSI_DUMP_CORE ? m->dump_size : -1;
}

static inline int fake_dump_read(void *ctx, unsigned int ch, uint32_t off, uint8_t *buf, uint32_t len)
{
	struct mc *m = ctx;

	m->dump_ch = ch;
	m->asked++;
	if (m->later || m->dump_later)
		return NCSI_PENDING;
	if (m->dump_lost)
		return -1;

	assert_true(off <= (uint32_t)m->dump_size && len <= (uint32_t)m->dump_size - off);
	for (uint32_t i = 0; i < len; i++)
		buf[i] = dump_byte(off + i);
	return 0;
}

static inline int fake_pldm(void *ctx, enum ncsi_pldm_op op, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	struct mc *m = ctx;

	(void)req;
	m->asked++;
	m->pldm_op = op;
	m->pldm_req = len;
	assert_int_equal(cap, 1476);
	for (int i = 0; i < m->pldm_len; i++)
		rsp[i] = (uint8_t)(i + 1);
	return m->later ? NCSI_PENDING : m->pldm_len;
}

static inline void fake_event(void *ctx, const struct ncsi_event *ev)
{
	assert_non_null(ev->name);
	((struct mc *)ctx)->events[ev->kind]++;
}

static const uint8_t mc_mac[6] = { 2, 0xb, 0xc, 0, 0, 1 };

static inline struct ncsi_env fake_env(struct mc *m)
{
	return (struct ncsi_env){
		.ctx = m, .send = fake_send, .link = fake_link, .port_stats = fake_stats,
		.host_running = fake_host, .filters = fake_filters, .temperature = fake_temperature,
		.module_temperature = fake_module,
		.dump_take = fake_dump_take, .dump_read = fake_dump_read, .pldm = fake_pldm, .event = fake_event,
	};
}

static inline struct ncsi_config fake_config(unsigned int channels)
{
	struct ncsi_config cfg = { .package = PKG_ID, .channels = channels, .fw_name = "openfbnic", .fw_version = 0x1a0b0001 };

	for (unsigned int i = 0; i < channels; i++) {
		memcpy(cfg.mc_mac[i], mc_mac, 6);
		cfg.mc_mac[i][5] = (uint8_t)(1 + i);
	}
	for (unsigned int i = 0; i < 16; i++)
		cfg.uuid[i] = (uint8_t)(0xa0 + i);
	return cfg;
}

static inline void mc_open(struct mc *m, unsigned int channels)
{
	struct ncsi_config cfg = fake_config(channels);
	struct ncsi_env env;

	memset(m, 0, sizeof(*m));
	env = fake_env(m);
	m->n = calloc(1, ncsi_size());
	assert_non_null(m->n);
	m->link[0] = (struct ncsi_link){ .up = true, .mbps = 100000 };
	m->temperature = 45;
	assert_int_equal(ncsi_init(m->n, &cfg, &env), 0);
}

static inline void mc_close(struct mc *m)
{
	free(m->n);
}

/* A command in @f; returns its length (with the tail that Linux sends) */
static inline size_t mc_build(struct mc *m, uint8_t *f, uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	size_t padded = (len + 3) / 4 * 4, end = 30 + padded + 4;

	memset(f, 0, NCSI_FRAME_MAX);
	memset(f, 0xff, 6);
	memcpy(f + 6, mc_mac, 6);
	put16(f + 12, 0x88f8);
	f[14] = MC_ID;
	f[15] = 1;
	f[17] = m->iid;
	f[18] = type;
	f[19] = (uint8_t)(PKG_ID << 5 | chan);
	put16(f + 20, (uint32_t)len);
	if (len)
		memcpy(f + 30, payload, len);
	put32(f + 30 + padded, fake_sum(f + 14, 16 + padded));
	return end < 62 ? 62 : end;
}

struct answer {
	unsigned int	code, reason, len;	/* of data */
	const uint8_t	*data;
};

/* The only frame that was sent, which must be the answer to (type, chan) */
static inline struct answer mc_answer(struct mc *m, uint8_t type, uint8_t chan)
{
	const uint8_t *f = m->out[0].f;

	assert_true(m->nout >= 1);
	assert_int_equal(f[14], MC_ID);
	assert_int_equal(f[17], m->iid);
	assert_int_equal(f[18], type | 0x80);
	assert_int_equal(f[19] & 0x1f, chan);
	assert_true(get16(f + 20) >= 4);
	return (struct answer){ get16(f + 30), get16(f + 32), get16(f + 20) - 4, f + 34 };
}

static inline struct answer mc_cmd(struct mc *m, uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	uint8_t f[NCSI_FRAME_MAX];

	m->nout = 0;
	m->iid = m->iid == 255 ? 1 : m->iid + 1;
	ncsi_input(m->n, f, mc_build(m, f, type, chan, payload, len));
	return mc_answer(m, type, chan);
}

static inline void mc_ok(struct mc *m, uint8_t type, uint8_t chan, const void *payload, size_t len)
{
	struct answer a = mc_cmd(m, type, chan, payload, len);

	if (a.code || a.reason)
		fail_msg("command 0x%02x: %u/0x%04x", type, a.code, a.reason);
}

static inline void mc_fails(struct mc *m, uint8_t type, uint8_t chan, const void *payload, size_t len,
			    unsigned int code, unsigned int reason)
{
	struct answer a = mc_cmd(m, type, chan, payload, len);

	if (a.code != code || a.reason != reason)
		fail_msg("command 0x%02x: %u/0x%04x, should be %u/0x%04x", type, a.code, a.reason, code, reason);
	assert_int_equal(a.len, 0);
}

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define NOTHING NULL, 0

/* As Linux configures a channel */
static inline void mc_configure(struct mc *m, uint8_t chan)
{
	uint8_t mac[8] = { 0, 0, 0, 0, 0, 0, 1, 1 };

	memcpy(mac, mc_mac, 6);
	mac[5] = (uint8_t)(1 + chan);
	mc_ok(m, 0x01, 0x1f, BYTES(0, 0, 0, 1));
	mc_ok(m, 0x00, chan, NOTHING);
	mc_ok(m, 0x0d, chan, NOTHING);
	mc_ok(m, 0x0e, chan, mac, 8);
	mc_ok(m, 0x10, chan, BYTES(0, 0, 0, 0xf));
	mc_ok(m, 0x13, chan, NOTHING);
	mc_ok(m, 0x06, chan, NOTHING);
	mc_ok(m, 0x03, chan, NOTHING);
	mc_ok(m, 0x08, chan, BYTES(0, 0, 0, MC_ID, 0, 0, 0, 7));
	mc_ok(m, 0x0a, chan, NOTHING);
	m->nout = 0;
}

/* The request for (a part of) a dump, as Meta's tool sends it; returns its length */
static inline size_t debug_request(uint8_t *p, uint32_t handle, uint8_t op, uint8_t type)
{
	memset(p, 0, 20);
	memcpy(p, "\0\0\x1d\x9b\x01\x30\0\x08", 8);
	put32(p + 12, handle);
	p[17] = op;
	p[19] = type;
	return 20;
}

/* ---- what most programs start from ---- */

static struct mc mc;

static inline int mc_setup(void **state)
{
	(void)state;
	mc_open(&mc, 1);
	return 0;
}

static inline int mc_teardown(void **state)
{
	(void)state;
	mc_close(&mc);
	return 0;
}

static inline const struct ncsi_stats *st(void)
{
	return ncsi_stats(mc.n, 0);
}

#endif
