/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mailboxes of two hostile hosts: the input is a script of what they do.  A
 * byte chooses the deed, those behind it its details:
 *
 *	0  writes a word of a ring: index, value (4)
 *	1  a page's bytes: page, length, bytes
 *	2  posts a page in a ring as the driver does: ring, page, length (2), flags
 *	3  DMA on and off: bits
 *	4  time passes: 2 bytes of ms
 *	5  function reset, power, crash, hang, restart, link, module
 *	6  a well-formed header around the page's bytes: page, message id
 *	7  from now on it is the other host
 *	8  messages to it are garbled: message, how, attribute, value (2), times
 *	9  another fault: which, times
 *
 * Whatever it says, the firmware touches only its words and memory that is
 * there, comes back, and its queues stay within bounds (sanitizers see to the
 * rest).
 */
#define FUZZ_FLASH	0x30000u	/* the directory and dumps; images are not kept */
#include "fuzz_home.h"
#include "fuzz.h"

#define PAGES	16u
#define MEM	(PAGES * 4096u)

#define HOSTS	2u

struct mailbox {
	uint32_t	word[MBX_WORDS + 2];
	uint8_t		mem[MEM];
	uint8_t		dma;
	unsigned int	tail[2];
};

static struct {
	struct mailbox	host[HOSTS];
	unsigned int	at;			/* whose turn it is */
} w;

static uint32_t mbx_read(void *ctx, unsigned int i)
{
	return *word_at(((struct mailbox *)ctx)->word, i);
}

static void mbx_write(void *ctx, unsigned int i, uint32_t v)
{
	*word_at(((struct mailbox *)ctx)->word, i) = v;
}

static int dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct mailbox *m = ctx;

	MUST(m->dma & 1);			/* it has to ask before */
	if (addr > MEM || len > MEM - addr)
		return -14;
	memcpy(buf, m->mem + addr, len);
	return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct mailbox *m = ctx;

	MUST(m->dma & 2);
	if (addr > MEM || len > MEM - addr)
		return -14;
	memcpy(m->mem + addr, buf, len);
	return 0;
}

static bool dma_ready(void *ctx, bool write)
{
	struct mailbox *m = ctx;

	return m->dma & (write ? 2 : 1);
}

static void boot(void)
{
	struct fw_env env = {
		.host_ctx = { &w.host[0], &w.host[1] }, .mbx_read = mbx_read, .mbx_write = mbx_write,
		.dma_read = dma_read, .dma_write = dma_write, .dma_ready = dma_ready,
	};
	struct fw_config cfg;

	fw_config_default(&cfg);
	cfg.threshold_events = true;
	cfg.hosts = HOSTS;
	memset(&w, 0, sizeof(w));
	home_boot(&cfg, &env);
}

static void host_writes(unsigned int i, uint32_t v)
{
	w.host[w.at].word[i] = v;
	fw_mbx_written(fw, w.at, MBX_WORD + i);
}

static void post(struct fuzz_in *in)
{
	struct mailbox *m = &w.host[w.at];
	unsigned int ring = fuzz_byte(in) & 1, t = m->tail[ring]++ % MBX_DESCS;
	uint32_t addr = (uint32_t)(fuzz_byte(in) % (PAGES + 1)) * 4096;
	uint32_t len = fuzz_byte(in);

	len |= (uint32_t)fuzz_byte(in) << 8;
	host_writes((ring * MBX_DESCS + (t + 1) % MBX_DESCS) * 2, 0);
	m->word[(ring * MBX_DESCS + t) * 2 + 1] = len << 16 | (fuzz_byte(in) ? 0x4000u : 0);
	host_writes((ring * MBX_DESCS + t) * 2, addr | 1);
}

static void life(struct fuzz_in *in)
{
	struct fw_module m = { .kind = (enum fw_module_kind)(fuzz_byte(in) % FW_MODULES), .temp = 40000 };

	switch (fuzz_byte(in) % 8) {
	case 0:
		memset(w.host[w.at].word, 0, sizeof(w.host[w.at].word));
		fw_host_reset(fw, w.at);
		break;
	case 1:
		for (unsigned int i = 0; i < HOSTS; i++)
			memset(w.host[i].word, 0, sizeof(w.host[i].word));
		fw_power(fw);
		break;
	case 2:
		fw_crash(fw, "fuzz");
		break;
	case 3:
		fw_hang(fw);
		break;
	case 4:
		fw_restart(fw);
		break;
	case 5:
	case 6:
		fw_link(fw, w.at, fuzz_byte(in) & 1);
		break;
	case 7:
		fw_set_module(fw, w.at, &m);
		break;
	}
}

/* A page becomes a message as long as its attributes are */
static void wrap(struct fuzz_in *in)
{
	uint8_t *p = w.host[w.at].mem + (size_t)(fuzz_byte(in) % PAGES) * 4096;
	uint32_t dwords = fuzz_byte(in);

	put_le32(p, fuzz_byte(in) | 0x8000u | dwords << 16);
}

static void garble(struct fuzz_in *in)
{
	struct fw_garble g = { .msg = fw_msgs[fuzz_byte(in) % fw_msg_count].id };
	uint32_t value;

	g.how = fuzz_byte(in) % (FW_GARBLE_BYTES + 2);
	g.attr = fuzz_byte(in) % TLV_IDS;
	value = fuzz_byte(in);
	g.value = (int16_t)(value | (uint32_t)fuzz_byte(in) << 8);
	fw_set_garble(fw, &g, fuzz_byte(in));
}

static void fault(struct fuzz_in *in)
{
	enum fw_fault which = (enum fw_fault)(fuzz_byte(in) % FW_FAULTS);

	fw_set_fault(fw, which, fuzz_byte(in));
}

static void deed(struct fuzz_in *in)
{
	unsigned int page, n;

	switch (fuzz_byte(in) % 10) {
	case 0:
		page = fuzz_byte(in) % MBX_WORDS;
		host_writes(page, fuzz_u32(in));
		break;
	case 1:
		page = fuzz_byte(in) % PAGES;
		n = fuzz_byte(in);
		for (unsigned int i = 0; i < n && in->len; i++)
			w.host[w.at].mem[page * 4096 + 4 + i] = fuzz_byte(in);
		break;
	case 2:
		post(in);
		break;
	case 3:
		w.host[w.at].dma = fuzz_byte(in) & 3;
		break;
	case 4:
		n = fuzz_byte(in);
		fuzz_sleep((n << 8 | fuzz_byte(in)) * 1000000ull);
		break;
	case 5:
		life(in);
		break;
	case 6:
		wrap(in);
		break;
	case 7:
		w.at ^= 1;
		break;
	case 8:
		garble(in);
		break;
	case 9:
		fault(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };

	boot();
	while (in.len)
		deed(&in);
	EACH_HOST(fw, h)
		MUST(h->fifo_tail - h->fifo_head <= FIFO_WORDS && h->head[0] < MBX_DESCS && h->head[1] < MBX_DESCS);
	return 0;
}

/* DMA on, pages posted, then message after message of one kind */
size_t fuzz_seed(unsigned int i, uint8_t *b, size_t max)
{
	static const uint8_t ids[] = {
		0x00, 0x10, 0x12, 0x14, 0x18, 0x20, 0x22, 0x25, 0x2a, 0x2c, 0x38, 0x3c, 0x3e, 0x43, 0x46,
	};
	static const uint8_t attrs[] = {	/* u32 0, u32 1, u32 2, u32 3: what most of them have */
		0x00, 0, 8, 0, 0, 0, 0, 0, 0x01, 0, 8, 0, 1, 0, 0, 0, 0x02, 0, 8, 0, 4, 0, 0, 0, 0x03, 0, 8, 0, 4, 0, 0, 0,
	};
	const uint8_t garbled[] = { 8, (uint8_t)(2 * i), (uint8_t)(1 + i % 5), (uint8_t)(i % 7), (uint8_t)(40 * i), 2, 3 };
	size_t n = 0;

	if (i >= sizeof(ids))
		return 0;
	if (i % 2)
		b[n++] = 7;
	b[n++] = 3;
	b[n++] = 3;
	memcpy(b + n, garbled, sizeof(garbled));
	n += sizeof(garbled);
	for (unsigned int k = 0; k < 15; k++) {
		const uint8_t page[] = { 2, 0, (uint8_t)(1 + k % 7), 0x00, 0x10, 0 };

		memcpy(b + n, page, sizeof(page));
		n += sizeof(page);
	}
	for (unsigned int k = 0; k < 6 && n + 64 < max; k++) {
		const uint8_t msg[] = { 1, 9, sizeof(attrs) };
		const uint8_t sent[] = { 6, 9, (uint8_t)(1 + 2 * (k % 5)), ids[(i + k / 2) % sizeof(ids)], 2, 1, 9, 0x24, 0, 1, 4, 0, 50 };

		memcpy(b + n, msg, sizeof(msg));
		memcpy(b + n + sizeof(msg), attrs, sizeof(attrs));
		n += sizeof(msg) + sizeof(attrs);
		memcpy(b + n, sent, sizeof(sent));
		n += sizeof(sent);
	}
	return n;
}
