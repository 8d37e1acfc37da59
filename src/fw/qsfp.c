// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module in the cage, as ethtool -m reads it: a lower half of 128 bytes and
 * pages of 128 bytes above it.
 *
 * Three modules can be there: a passive copper cable (SFF-8636, flat memory, so
 * page 0 only), a QSFP28 with lasers (SFF-8636, with the limits on page 3) and a
 * QSFP-DD with lasers (CMIS 4.0, pages 0, 1, 2, 0x10, 0x11).  Identity is
 * constant; temperature, voltage, laser current and light come from struct
 * fw_module, which the home may change at any time, as it may take the module
 * out.  Codes are those of SFF-8024.
 *
 * Requests for other pages or banks, or without a module, are answered with an
 * error, and the driver then logs a dump of the answer: that is its way, and
 * only happens when somebody asks for such a page by number.
 *
 * The driver wants bank, page, offset and length back as it sent them, and
 * copies length bytes of the data without looking: so data has that length or is
 * not there.
 */
#include "err.h"
#include "fw_core.h"
#include "mem.h"

#define HALF		128u
#define LANES		4u

/* Limits of the modules with lasers: high alarm, low alarm, high warning, low warning */
struct limits {
	int32_t	temp[4];		/* thousandths of a degree */
	int32_t	volt[4], bias[4], tx[4], rx[4];	/* mV, uA, nW, nW */
};

static const struct limits limits = {
	.temp = { 75000, -5000, 70000, 0 },
	.volt = { 3630, 2970, 3465, 3135 },
	.bias = { 13000, 3000, 12000, 4000 },
	.tx = { 3500000, 100000, 2500000, 200000 },
	.rx = { 3500000, 40000, 2500000, 80000 },
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_temp(uint8_t *p, int32_t milli)
{
	put16(p, (uint32_t)(milli * 256 / 1000));
}

static void put_text(uint8_t *p, size_t len, const char *s)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(*s ? *s++ : ' ');
}

static uint8_t sum(const uint8_t *p, unsigned int first, unsigned int last)
{
	uint8_t s = 0;

	for (unsigned int i = first; i <= last; i++)
		s = (uint8_t)(s + p[i]);
	return s;
}

/* Powers are in units of 0.1 uW, currents of 2 uA, voltages of 100 uV */
static uint32_t power_units(int64_t nw)
{
	return nw / 100 > 0xffff ? 0xffff : (uint32_t)(nw / 100);
}

static void put_lanes(uint8_t *p, uint32_t val, unsigned int lanes)
{
	for (unsigned int i = 0; i < lanes; i++)
		put16(p + 2 * i, val);
}

/* ---- SFF-8636; @p is all 256 bytes, the upper half being page 0 ---- */

static void sff_ident(uint8_t *p, const char *pn)
{
	p[0] = p[128] = 0x11;			/* QSFP28 */
	p[1] = 0x07;				/* revision 2.5 to 2.7: what ethtool knows by name */
	p[131] = 0x80;				/* see extended code at 192 */
	p[139] = 0x08;				/* PAM4 */
	p[140] = 0xff;				/* rate: see 222 */
	put_text(p + 148, 16, "OPENFBNIC");
	put_text(p + 168, 16, pn);
	put_text(p + 184, 2, "A1");
	p[190] = 70;				/* highest case temperature */
	put_text(p + 196, 16, "OFB000001");
	put_text(p + 212, 8, "261122");
	p[222] = 212;				/* 53.0 Gbit/s per lane, in 250 Mbit/s */
}

static void sff_dac(uint8_t *p)
{
	static const uint8_t loss[4] = { 4, 6, 9, 13 };	/* dB at 2.5, 5, 7 and 12.9 GHz */

	sff_ident(p, "OFB-DAC-100G-1M");
	p[2] = 0x06;				/* flat memory, no interrupt, data ready */
	p[130] = 0x23;				/* no separable connector */
	p[146] = 1;				/* meters of copper */
	p[147] = 0xa0;				/* copper, unequalized */
	memcpy(p + 186, loss, 4);
	p[192] = 0x40;				/* 50GBASE-CR, 100GBASE-CR2 or 200GBASE-CR4 */
}

static void sff_optic(uint8_t *p, const struct fw_module *m)
{
	sff_ident(p, "OFB-SR2-100G");
	p[2] = 0x02;				/* no interrupt, data ready */
	p[3] = m->rx_nw ? 0x00 : 0x0f;		/* loss of signal, per lane */
	put_lanes(p + 34, power_units(m->rx_nw), LANES);
	put_lanes(p + 42, m->bias_ua / 2, LANES);
	put_lanes(p + 50, power_units(m->tx_nw), LANES);
	p[129] = 0x40;				/* power class 2 */
	p[130] = 0x0c;				/* MPO */
	p[143] = 35;				/* 70 m of OM3, 100 m of OM4, in 2 m */
	p[146] = 50;
	put16(p + 186, 850 * 20);		/* nm, in 0.05 nm */
	put16(p + 188, 10 * 200);		/* tolerance, in 0.005 nm */
	p[192] = 0x41;				/* 50GBASE-SR, 100GBASE-SR2 or 200GBASE-SR4 */
	p[220] = 0x3c;				/* measures temperature, voltage, both powers (average) */
}

/* In place, and the checksums of all */
static void sff_page0(uint8_t *p, const struct fw_module *m)
{
	if (m->kind == FW_MODULE_DAC)
		sff_dac(p);
	else
		sff_optic(p, m);
	put_temp(p + 22, m->temp);
	put16(p + 26, m->volt * 10);
	p[191] = sum(p, 128, 190);
	p[223] = sum(p, 192, 222);
}

static void put_limits(uint8_t *p, const int32_t v[4], int32_t mul, int32_t div)
{
	for (unsigned int i = 0; i < 4; i++)
		put16(p + 2 * i, (uint32_t)(v[i] * mul / div));
}

static void sff_page3(uint8_t *p)
{
	put_limits(p + 128, limits.temp, 32, 125);	/* 256 / 1000 */
	put_limits(p + 144, limits.volt, 10, 1);
	put_limits(p + 176, limits.rx, 1, 100);
	put_limits(p + 184, limits.bias, 1, 2);
	put_limits(p + 192, limits.tx, 1, 100);
}

/* ---- CMIS ---- */

static void cmis_lower(uint8_t *p, const struct fw_module *m)
{
	p[0] = 0x18;				/* QSFP-DD */
	p[1] = 0x40;				/* CMIS 4.0 */
	p[3] = 0x07;				/* ready, no interrupt */
	p[39] = 1;				/* its own firmware: 1.0 */
	put_temp(p + 14, m->temp);
	put16(p + 16, m->volt * 10);
	p[85] = 0x01;				/* multimode fibre */
	p[86] = 0x0d;				/* 100GAUI-2 C2M */
	p[87] = 0x0c;				/* 100GBASE-SR2 */
	p[88] = 0x22;				/* lanes: host, media */
	p[89] = 0x01;				/* from lane 1 */
	p[90] = 0xff;				/* no more applications */
}

static void cmis_page0(uint8_t *p)
{
	p[128] = 0x18;
	put_text(p + 129, 16, "OPENFBNIC");
	put_text(p + 148, 16, "OFB-SR2-DD-100G");
	put_text(p + 164, 2, "A1");
	put_text(p + 166, 16, "OFB000002");
	put_text(p + 182, 8, "261122");
	p[200] = 0x20;				/* power class 2 */
	p[201] = 14;				/* 3.5 W */
	p[203] = 0x0c;				/* MPO */
	p[222] = sum(p, 128, 221);
}

static void cmis_page1(uint8_t *p)
{
	p[134] = 50;				/* OM4, OM3: meters in 2 m */
	p[135] = 35;
	put16(p + 138, 850 * 20);
	put16(p + 140, 10 * 200);
	p[151] = 0x10;				/* receive power is the average */
	p[158] = 0x02;				/* tells loss of signal */
	p[159] = 0x03;				/* measures temperature, voltage */
	p[160] = 0x07;				/* and laser current, both powers */
	p[255] = sum(p, 130, 254);
}

static void cmis_page2(uint8_t *p)
{
	put_limits(p + 128, limits.temp, 32, 125);
	put_limits(p + 136, limits.volt, 10, 1);
	put_limits(p + 176, limits.tx, 1, 100);
	put_limits(p + 184, limits.bias, 1, 2);
	put_limits(p + 192, limits.rx, 1, 100);
	p[255] = sum(p, 128, 254);
}

static void cmis_page11(uint8_t *p, const struct fw_module *m)
{
	p[128] = 0x44;				/* data path of lanes 1 and 2 active */
	p[147] = m->rx_nw ? 0x00 : 0x03;	/* loss of signal */
	put_lanes(p + 154, power_units(m->tx_nw), 2);
	put_lanes(p + 170, m->bias_ua / 2, 2);
	put_lanes(p + 186, power_units(m->rx_nw), 2);
	p[202] = p[203] = 0x11;			/* configuration accepted */
}

/* ---- values, for PLDM ---- */

bool qsfp_value(const struct fw_host *h, enum qsfp_value which, int32_t *val)
{
	const struct fw_module *m = &h->module;
	const int64_t v[] = {
		[QSFP_TEMP] = m->temp, [QSFP_VOLT] = m->volt, [QSFP_BIAS] = m->bias_ua, [QSFP_TX] = m->tx_nw,
		[QSFP_RX] = m->rx_nw,
	};

	if (m->kind == FW_MODULE_NONE || (m->kind == FW_MODULE_DAC && which >= QSFP_BIAS))
		return false;
	*val = (int32_t)(v[which] > INT32_MAX ? INT32_MAX : v[which]);
	return true;
}

const int32_t *qsfp_limits(const struct fw_host *h, enum qsfp_value which)
{
	const int32_t *l[] = {
		[QSFP_TEMP] = limits.temp, [QSFP_VOLT] = limits.volt, [QSFP_BIAS] = limits.bias, [QSFP_TX] = limits.tx,
		[QSFP_RX] = limits.rx,
	};

	return h->module.kind >= FW_MODULE_OPTIC ? l[which] : NULL;
}

/* ---- reading ---- */

/* Both halves as they look with @page chosen; false: there is no such page */
static bool memory(const struct fw_module *m, uint64_t bank, uint64_t page, uint8_t p[2 * HALF])
{
	memset(p, 0, 2 * HALF);
	if (bank)
		return false;
	if (m->kind != FW_MODULE_CMIS) {
		sff_page0(p, m);
		if (page == 3 && m->kind == FW_MODULE_OPTIC) {
			memset(p + HALF, 0, HALF);
			sff_page3(p);
			return true;
		}
		return page == 0;
	}
	cmis_lower(p, m);
	switch (page) {
	case 0x00:
		cmis_page0(p);
		return true;
	case 0x01:
		cmis_page1(p);
		return true;
	case 0x02:
		cmis_page2(p);
		return true;
	case 0x10:
		return true;
	case 0x11:
		cmis_page11(p, m);
		return true;
	}
	return false;
}

int fw_on_qsfp_read(struct fw_host *h, const struct fw_in *in)
{
	uint64_t bank = tlv_uint(&in->a[QSFP_BANK]);
	uint64_t page = tlv_uint(&in->a[QSFP_PAGE]);
	uint64_t off = tlv_uint(&in->a[QSFP_OFFSET]);
	uint64_t len = tlv_uint(&in->a[QSFP_LENGTH]);
	uint8_t mem[2 * HALF];
	struct fw_out o;
	int err = 0;

	if (h->module.kind == FW_MODULE_NONE)
		err = -FW_ENODEV;
	else if (!memory(&h->module, bank, page, mem))
		err = -FW_EIO;
	else if (!len || off > sizeof(mem) || len > sizeof(mem) - off)
		err = -FW_EINVAL;
	else if (fault_strikes(h->fw, FW_FAULT_MODULE))
		err = -FW_EIO;

	fw_reply(h, &o, MSG_QSFP_READ_RESP);
	out_uint(&o, QSFP_BANK, bank);
	out_uint(&o, QSFP_PAGE, page);
	out_uint(&o, QSFP_OFFSET, off);
	out_uint(&o, QSFP_LENGTH, len);
	if (err)
		out_sint(&o, QSFP_ERROR, err);
	else
		out_bytes(&o, QSFP_DATA, mem + off, (size_t)len);
	fw_send(h, &o);
	return err;
}

void fw_set_module(struct fw *fw, unsigned int host, const struct fw_module *m)
{
	struct fw_host *h = &fw->host[host];
	enum fw_module_kind was = h->module.kind;
	bool ours = mbx_enter(fw);

	h->module = *m;
	if (was != m->kind && fw->phase == FW_READY) {
		log_write(h, m->kind ? "module: inserted" : "module: removed", false);
		host_state(h, m->kind ? "module inserted" : "module removed");
	}
	if (ours)
		mbx_leave(fw);
}

const struct fw_module *fw_module(const struct fw *fw, unsigned int host)
{
	return &fw->host[host].module;
}
