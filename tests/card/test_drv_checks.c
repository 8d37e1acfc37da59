/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiver of the driver library must notice every breach of the placement
 * contract (04, sections 3 and 4).  The card stays silent here: the completions
 * are written by hand, good ones from contract 10 and bad ones next to them.
 */
#include "../../src/host/drv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIN	RCD_PAGE_FIN
#define HDR(page, off, len)	(0ull << 61 | (uint64_t)(off) << 32 | (uint64_t)(len) << 16 | ID0(page))
#define PAY(page, off, len)	(1ull << 61 | (uint64_t)(off) << 32 | (uint64_t)(len) << 16 | ID1(page))
#define OPT			(2ull << 61 | 1ull << 58)
#define META			(3ull << 61)
#define ID0(page)		(uint16_t)((page) + 0x1234)
#define ID1(page)		(uint16_t)((page) + 0x2468)

struct row {
	const char	*err;		/* part of the sentence; NULL: nothing wrong */
	bool		old;		/* room as 6.12 asks for */
	uint64_t	d[12];
};

static const struct row rows[] = {
	/* contract 10, header placement: these are right */
	{ NULL, false, { HDR(0, 256, 60), META, HDR(0, 896, 60), META, HDR(0, 1536, 60), META } },
	{ NULL, false, { HDR(0, 256, 1472), META, HDR(0, 2304, 1472) | FIN, META } },
	{ NULL, true, { HDR(0, 128, 1514), META, HDR(0, 2048, 1514), META } },
	{ NULL, false, { HDR(0, 256, 60) | FIN, META, HDR(1, 256, 60), META } },
	{ NULL, false, { HDR(0, 256, 60), META, HDR(1, 256, 60), META } },	/* closed without FIN */
	{ NULL, false, { HDR(0, 256, 1536), PAY(0, 0, 4096) | FIN, PAY(1, 0, 100) | FIN, META } },
	{ NULL, false, { HDR(0, 256, 1536), PAY(0, 0, 4096), PAY(1, 0, 100), META,
			 HDR(1, 256, 1536), PAY(1, 128, 100), OPT, META } },
	{ NULL, false, { META | RCD_ERR_MAC, HDR(0, 256, 60), META | RCD_ERR_TRUNC } },
	/* header placement */
	{ "first header", false, { HDR(0, 128, 60) } },
	{ "first header", false, { HDR(0, 384, 60) } },
	{ "first header", true, { HDR(0, 256, 60) } },
	{ "previous one ends at 896", false, { HDR(0, 256, 60), META, HDR(0, 768, 60) } },
	{ "header at 900", false, { HDR(0, 256, 60), META, HDR(0, 900, 60) } },
	{ "no tail room", false, { HDR(0, 256, 1472), META, HDR(0, 2304, 1473) | FIN } },
	{ "needs PAGE_FIN", false, { HDR(0, 256, 1472), META, HDR(0, 2304, 1472) } },
	{ "header of 1537 bytes", false, { HDR(0, 256, 1537) } },
	{ "header of 0 bytes", false, { HDR(0, 256, 0) } },
	/* pages */
	{ "not posted", false, { HDR(0, 256, 60) | FIN, META, HDR(0, 896, 60) } },
	{ "not posted", false, { HDR(1, 256, 60), META, HDR(0, 256, 60) } },	/* backwards */
	{ "not posted", false, { HDR(255, 256, 60) } },		/* the one that is kept back */
	{ "no buffer", false, { HDR(256, 256, 60) } },
	{ "no buffer", false, { HDR(0 - 0x1234, 256, 60) } },	/* an index instead of an ID */
	/* payload placement */
	{ "first payload", false, { HDR(0, 256, 60), PAY(0, 128, 60) } },
	{ "payload at 0", false, { HDR(0, 256, 60), PAY(0, 0, 60), PAY(0, 0, 60) } },
	{ "payload at 64", false, { HDR(0, 256, 60), PAY(0, 0, 60), PAY(0, 64, 60) } },
	{ "payload of 4097", false, { HDR(0, 256, 60), PAY(0, 0, 4097) } },
	{ "payload of 0", false, { HDR(0, 256, 60), PAY(0, 0, 0) } },
	{ "needs PAGE_FIN", false, { HDR(0, 256, 60), PAY(0, 0, 1), PAY(0, 4090, 6) } },
	/* sequence */
	{ "HDR_AL inside", false, { HDR(0, 256, 60), HDR(0, 896, 60) } },
	{ "PAY_AL without", false, { PAY(0, 0, 60) } },
	{ "OPT_META without", false, { OPT } },
	{ "META without", false, { META } },
	{ "META without", false, { HDR(0, 256, 60), META, META } },
	{ "subtype", false, { HDR(0, 256, 60), OPT | 1ull << 59 } },
	{ "more than 4", false, { HDR(0, 256, 60), PAY(0, 0, 100), PAY(0, 128, 100),
				  PAY(0, 256, 100), PAY(0, 384, 100), PAY(0, 512, 100) } },
	/* the sum of zeros is zero */
	{ "L2_CSUM 0x0001", false, { HDR(0, 256, 60), META | 1ull << 32 } },
	{ NULL, false, { HDR(0, 256, 60), META | 0xffffull << 32 } },
	{ NULL, false, { HDR(0, 256, 60), META | 1ull << 32 | RCD_CSUM_UNNECESSARY } },
};

static void run_row(const struct row *row, size_t n)
{
	const struct card_config cfg = { .mac = { 2 }, .queues = 1, .vectors = 3 };
	struct host_inproc *ip = host_new_inproc(&cfg, 16u << 20);
	struct drv_rx *r = malloc(sizeof(*r));
	struct drv_pkt p;
	int rc;

	assert_int_equal(drv_rx_open(r, &ip->h, 0, row->old ? &DRV_RX_6_12 : &DRV_RX_DEFAULT), 0);
	for (unsigned int i = 0; i < 12 && (row->d[i] || !i); i++)
		r->rcq.desc[i] = row->d[i] | 1ull << 63;
	while ((rc = drv_rx_poll(r, &p)) == 1)
		;
	if (rc != (row->err ? -EPROTO : 0) || (row->err && !strstr(r->err, row->err)))
		fail_msg("row %zu: %d, %s", n, rc, r->err);
	free(r);
	host_free(&ip->h);
}

static void every_breach_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		run_row(&rows[i], i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_breach_is_noticed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
