/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver library: the firmware mailbox.  The steps and their order are those of
 * the driver's fbnic_fw.c: fbnic_mbx_reset_desc_ring(), fbnic_mbx_poll_tx_ready(),
 * fbnic_mbx_map_msg(), fbnic_mbx_process_rx_msgs().
 */
#include "drv_fw.h"

#include <errno.h>
#include <string.h>

#define BAR4_DESC(ring, d)	(0x18000u + ((ring) * DRV_FW_DESCS + (d)) * 8u)
#define D_HOST			1u
#define D_FW			2u
#define D_ERR			4u
#define D_EOM			0x4000u
#define PUL_FLUSH_AW		0x00180000u	/* FLUSH and FLUSH_MODE */
#define PUL_FLUSH_AR		0x00080000u
#define PAGE			4096u
#define MS			1000000ull

static void flush(struct drv_fw *m)
{
	host_rd(m->h, 4, BAR4_DESC(0, 0));
}

static void invalidate(struct drv_fw *m, unsigned int ring, unsigned int d, uint32_t lo)
{
	host_wr(m->h, 4, BAR4_DESC(ring, d), lo);
	flush(m);
	host_wr(m->h, 4, BAR4_DESC(ring, d) + 4, 0);
}

static void reset_ring(struct drv_fw *m, unsigned int ring)
{
	if (ring)
		csr_wr(m->h, PUL_OB_TLP_HDR_AR_CFG, PUL_FLUSH_AR);
	else
		csr_wr(m->h, PUL_OB_TLP_HDR_AW_CFG, PUL_FLUSH_AW);
	host_flush(m->h);
	invalidate(m, ring, 0, 0);
	for (unsigned int d = DRV_FW_DESCS; --d;)
		invalidate(m, ring, d, D_HOST | D_FW);
}

static void post(struct drv_fw *m, unsigned int ring, unsigned int len, uint32_t flags)
{
	unsigned int t = m->tail[ring];
	uint64_t addr = m->page[ring][t];

	m->tail[ring] = (t + 1) % DRV_FW_DESCS;
	host_wr(m->h, 4, BAR4_DESC(ring, m->tail[ring]), 0);
	host_wr(m->h, 4, BAR4_DESC(ring, t) + 4, len << 16 | flags | (uint32_t)(addr >> 32));
	flush(m);
	host_wr(m->h, 4, BAR4_DESC(ring, t), (uint32_t)addr | D_HOST);
}

static int alloc_pages(struct drv_fw *m)
{
	for (unsigned int i = 0; i < 2 * DRV_FW_DESCS; i++) {
		uint64_t *p = &m->page[i / DRV_FW_DESCS][i % DRV_FW_DESCS];

		if (!*p)
			*p = host_alloc(m->h, PAGE, PAGE);
		if (!*p)
			return -ENOMEM;
	}
	return 0;
}

/* The firmware has noticed when it raises vector 0 */
static int handshake(struct drv_fw *m, uint64_t ns)
{
	uint64_t end = host_now(m->h) + ns;

	do {
		reset_ring(m, 1);
		host_idle(m->h, 20 * MS);
		if (csr_rd(m->h, INTR_STATUS(0)) & 1) {
			csr_wr(m->h, INTR_CLEAR(0), 1);
			return 0;
		}
	} while (host_now(m->h) < end && !m->h->err);
	return -ETIMEDOUT;
}

int drv_fw_open(struct drv_fw *m, struct host *h, uint64_t ns)
{
	int err;

	m->h = h;
	memset(m->head, 0, sizeof(m->head));
	memset(m->tail, 0, sizeof(m->tail));
	err = alloc_pages(m);
	if (err)
		return err;
	csr_wr(h, INTR_SW_AC_MODE(0), ~1u);
	csr_wr(h, INTR_CLEAR(0), 1);
	reset_ring(m, 0);
	reset_ring(m, 1);
	err = handshake(m, ns);
	if (err)
		return err;
	csr_wr(h, PUL_OB_TLP_HDR_AW_CFG, PUL_BME);
	while ((m->tail[0] + 1) % DRV_FW_DESCS != m->head[0])
		post(m, 0, PAGE, 0);
	csr_wr(h, PUL_OB_TLP_HDR_AR_CFG, PUL_BME);
	host_flush(h);
	return h->err;
}

void drv_fw_close(struct drv_fw *m)
{
	reset_ring(m, 0);
	reset_ring(m, 1);
}

static uint32_t lo_of(struct drv_fw *m, unsigned int ring, unsigned int d)
{
	return host_rd(m->h, 4, BAR4_DESC(ring, d));
}

static void reap(struct drv_fw *m)
{
	for (; m->head[1] != m->tail[1]; m->head[1] = (m->head[1] + 1) % DRV_FW_DESCS) {
		uint32_t lo = lo_of(m, 1, m->head[1]);

		if (!(lo & D_FW) || m->h->err)
			return;
		m->errors += !!(lo & D_ERR);
	}
}

int drv_fw_send(struct drv_fw *m, const void *msg, size_t len)
{
	reap(m);
	if ((m->tail[1] + 1) % DRV_FW_DESCS == m->head[1])
		return -ENOBUFS;
	memcpy(host_ptr(m->h, m->page[1][m->tail[1]]), msg, len);
	post(m, 1, (unsigned int)len, D_EOM);
	return m->h->err;
}

int drv_fw_poll(struct drv_fw *m, void *buf)
{
	unsigned int d = m->head[0];
	uint32_t lo = lo_of(m, 0, d), hi;
	uint64_t addr = m->page[0][d];
	int len;

	if (!(lo & D_FW) || m->h->err)
		return m->h->err;
	hi = host_rd(m->h, 4, BAR4_DESC(0, d) + 4);
	if (m->h->err)
		return m->h->err;
	len = (int)(hi >> 16);
	if (lo & D_ERR || len > (int)PAGE) {
		m->errors++;
		len = 0;
	}
	if (len)
		memcpy(buf, host_ptr(m->h, addr), (size_t)len);
	host_wr(m->h, 4, BAR4_DESC(0, d), 0);
	m->head[0] = (d + 1) % DRV_FW_DESCS;
	m->page[0][m->tail[0]] = addr;
	post(m, 0, PAGE, 0);
	return len;
}

int drv_fw_recv(struct drv_fw *m, void *buf, uint64_t ns)
{
	uint64_t end = host_now(m->h) + ns;

	for (;;) {
		int len = drv_fw_poll(m, buf);

		if (len)
			return len;
		if (host_now(m->h) >= end || m->h->err)
			return -ETIMEDOUT;
		host_idle(m->h, MS);
	}
}
