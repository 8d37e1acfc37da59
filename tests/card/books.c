/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "books.h"

#include <stdio.h>
#include <string.h>

struct books books[2];

void books_clear(void)
{
	memset(books, 0, sizeof(books));
}

static struct books_entry *entry(unsigned int card, const char *name, int index)
{
	struct books *b = &books[card];
	char full[64];
	unsigned int i;

	if (index < 0)
		snprintf(full, sizeof(full), "%s", name);
	else
		snprintf(full, sizeof(full), "%s[%d]", name, index);
	for (i = 0; i < b->n && strcmp(b->e[i].name, full); i++)
		;
	if (i == b->n) {
		assert_true(b->n < sizeof(b->e) / sizeof(b->e[0]));
		strcpy(b->e[b->n++].name, full);
	}
	return &b->e[i];
}

void books_add(unsigned int card, const char *name, int index, uint64_t val)
{
	entry(card, name, index)->val += val;
}

uint64_t books_value(unsigned int card, const char *name, int index)
{
	return entry(card, name, index)->val;
}

static void check_one(void *arg, const char *name, uint64_t val)
{
	struct books *b = arg;

	for (unsigned int i = 0; i < b->n; i++) {
		if (strcmp(b->e[i].name, name))
			continue;
		b->e[i].seen = true;
		if (b->e[i].val != val)
			fail_msg("card %d: %s is %llu, should be %llu", (int)(b - books), name,
				 (unsigned long long)val, (unsigned long long)b->e[i].val);
		return;
	}
	if (val && strncmp(name, "PUL_USER_OB_CPL", 15))	/* the test's own register reads */
		fail_msg("card %d: %s is %llu, should be 0", (int)(b - books), name, (unsigned long long)val);
}

void books_check(const struct rig *r)
{
	for (unsigned int i = 0; i < r->n; i++) {
		struct books *b = &books[i];

		for (unsigned int k = 0; k < b->n; k++)
			b->e[k].seen = false;
		card_counters(r->ip[i]->card, check_one, b);
		for (unsigned int k = 0; k < b->n; k++)
			if (!b->e[k].seen && b->e[k].val)
				fail_msg("card %u: %s is 0, should be %llu", i, b->e[k].name,
					 (unsigned long long)b->e[k].val);
	}
}

/* ---- MAC and receive buffer ---- */

static const struct {
	uint32_t last;		/* with FCS */
	const char *bin;
} bins[] = {
	{ 64, "64_BYTES" }, { 127, "65_127_BYTES" }, { 255, "128_255_BYTES" }, { 511, "256_511_BYTES" },
	{ 1023, "512_1023_BYTES" }, { 1518, "1024_1518_BYTES" }, { 2047, "1519_2047_BYTES" },
	{ 4095, "2048_4095_BYTES" }, { 8191, "4096_8191_BYTES" }, { 9216, "8192_9216_BYTES" },
	{ 99999, "9217_MAX_BYTES" },
};

static unsigned int bin_of(uint32_t len)
{
	unsigned int i = 0;

	while (len + 4 > bins[i].last)
		i++;
	return i;
}

void books_mac(unsigned int card, const char *way, const uint8_t *head, uint32_t len)
{
	static const uint8_t bc[6] = { 255, 255, 255, 255, 255, 255 };
	unsigned int i = bin_of(len);
	char name[64];

	snprintf(name, sizeof(name), "MAC_STAT_%s", *way == 'T' ? "TX_TRANSMITTED_OK" : "RX_RECEIVED_OK");
	books_add(card, name, -1, 1);
	snprintf(name, sizeof(name), "MAC_STAT_%s_BYTE_COUNT", way);
	books_add(card, name, -1, len + 4);
	if (head[0] & 1) {
		snprintf(name, sizeof(name), "MAC_STAT_%s_%s", way, memcmp(head, bc, 6) ? "MULTICAST" : "BROADCAST");
		books_add(card, name, -1, 1);
	}
	if (rd16(head + 12) == 0x8808) {
		snprintf(name, sizeof(name), "MAC_STAT_%s_CONTROL_FRAMES", way);
		books_add(card, name, -1, 1);
		snprintf(name, sizeof(name), "MAC_STAT_%s_XOFF_STB", way);
		books_add(card, name, -1, rd16(head + 14) == 1);
	}
	if (i >= 6 && *way == 'T') {
		snprintf(name, sizeof(name), "TMI_STAT_TX_PACKET_%s", bins[i].bin);
		books_add(card, name, -1, 1);
	}
	snprintf(name, sizeof(name), "MAC_STAT_%s_PACKET_%s", way, i >= 6 ? "1519_MAX_BYTES" : bins[i].bin);
	books_add(card, name, -1, 1);
}

void books_rxb_in(unsigned int card, uint32_t len)
{
	unsigned int i = bin_of(len);
	char name[64];

	books_add(card, "RXB_DRBO_FRM_CNT_SRC", 0, 1);
	books_add(card, "RXB_DRBO_BYTE_CNT_SRC", 0, len);
	if (i < 6)
		return;
	snprintf(name, sizeof(name), "RPC_STAT_RX_PACKET_%s", bins[i].bin);
	books_add(card, name, -1, 1);
}

void books_rxb_out(unsigned int card, uint32_t len)
{
	books_add(card, "RXB_INTF_FRM_CNT_DST", 3, 1);
	books_add(card, "RXB_INTF_BYTE_CNT_DST", 3, len);
	books_add(card, "RXB_PBUF_FRM_CNT_DST", 3, 1);
	books_add(card, "RXB_PBUF_BYTE_CNT_DST", 3, len);
}

/* ---- PCIe ---- */

/* Requests and dwords, counted one by one */
void books_dma(unsigned int card, bool write, uint64_t addr, uint64_t len, uint64_t size)
{
	uint64_t tlps = 0;

	for (uint64_t a = addr; a < addr + len; a = (a / size + 1) * size)
		tlps++;
	books_add(card, write ? "PUL_USER_OB_WR_TLP_CNT" : "PUL_USER_OB_RD_TLP_CNT", -1, tlps);
	books_add(card, write ? "PUL_USER_OB_WR_DWORD_CNT" : "PUL_USER_OB_RD_DWORD_CNT", -1,
		  (addr + len + 3) / 4 - addr / 4);
}

void books_ring(unsigned int card, bool write, const struct drv_ring *ring, uint32_t at, uint32_t n, uint64_t size)
{
	uint32_t run = ring->mask + 1 - at;

	books_dma(card, write, ring->addr + 8ull * at, 8ull * (n < run ? n : run), size);
	if (n > run)
		books_dma(card, write, ring->addr, 8ull * (n - run), size);
}

void books_rx_dma(unsigned int card, const struct drv_rx *rx, const struct drv_pkt *p, uint32_t rcq_at, uint64_t size)
{
	books_dma(card, true, p->hdr_al >> 32 & 0xfff, p->hdr_len, size);	/* pages are aligned: the offset is enough */
	for (unsigned int k = 0; k < p->npay; k++)
		books_dma(card, true, p->pay_al[k] >> 32 & 0xfff, p->pay_al[k] >> 16 & 0x1fff, size);
	books_ring(card, true, &rx->rcq, rcq_at, (rx->rcq.head - rcq_at) & rx->rcq.mask, size);
}

static uint32_t devctl_size(struct host *h, unsigned int shift)
{
	uint32_t cap = host_find_cap(h, 0x10);

	return 128u << (host_cfg_rd(h, cap + 8, 2) >> shift & 7);
}

uint32_t books_mps(struct host *h)
{
	return devctl_size(h, 5);
}

uint32_t books_mrrs(struct host *h)
{
	return devctl_size(h, 12);
}
