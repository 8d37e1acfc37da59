/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that talks with the firmware through drv_fw: messages as the driver builds them */
#ifndef OPENFBNIC_TEST_FW_HOST_H
#define OPENFBNIC_TEST_FW_HOST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/fw/image.h"
#include "../../src/fw/msg.h"
#include "../../src/host/drv_fw.h"

#define SEC	1000000000ull

/* Attributes of the next message; what else the firmware says in between is passed over */
static inline void fwh_expect(struct drv_fw *m, unsigned int id, struct fw_in *in)
{
	static uint8_t b[4096];
	int len;

	do {
		len = drv_fw_recv(m, b, 10 * SEC);
		if (len < 0)
			fail_msg("no message 0x%x: error %d", id, len);
	} while ((get_le32(b) & 0xfff) != id);
	assert_int_equal(msg_parse(in, b, (size_t)len, MSG_TO_HOST), 0);
}

static inline void fwh_send(struct drv_fw *m, unsigned int id, unsigned int n, const uint32_t (*attr)[2])
{
	struct tlv_buf t;
	uint8_t b[256];

	tlv_begin(&t, b, sizeof(b), (uint16_t)id);
	for (unsigned int i = 0; i < n; i++)
		tlv_put_int(&t, attr[i][0], attr[i][1], 4);
	assert_int_equal(drv_fw_send(m, b, (size_t)tlv_end(&t)), 0);
}

static inline void fwh_caps(struct drv_fw *m, struct fw_in *in)
{
	fwh_send(m, MSG_HOST_CAP_REQ, 0, NULL);
	fwh_expect(m, MSG_FW_CAP_RESP, in);
}

static inline uint64_t fwh_uptime(struct drv_fw *m)
{
	struct fw_in in;

	fwh_send(m, MSG_HEARTBEAT_REQ, 0, NULL);
	fwh_expect(m, MSG_HEARTBEAT_RESP, &in);
	return tlv_uint(&in.a[HEARTBEAT_UPTIME]);
}

/* All that may be asked, many times */
static inline void fwh_every_request(struct drv_fw *m)
{
	static const struct { unsigned int req, resp; } pair[] = {
		{ MSG_TEST, MSG_TEST }, { MSG_HOST_CAP_REQ, MSG_FW_CAP_RESP },
		{ MSG_OWNERSHIP_REQ, MSG_OWNERSHIP_RESP }, { MSG_HEARTBEAT_REQ, MSG_HEARTBEAT_RESP },
		{ MSG_DUMP_INFO_REQ, MSG_DUMP_INFO_RESP }, { MSG_DUMP_READ_REQ, MSG_DUMP_READ_RESP },
		{ MSG_START_UPGRADE_REQ, MSG_START_UPGRADE_RESP }, { MSG_QSFP_READ_REQ, MSG_QSFP_READ_RESP },
		{ MSG_TSENE_READ_REQ, MSG_TSENE_READ_RESP },
	};
	struct fw_in in;

	for (unsigned int i = 0; i < 200; i++) {
		fwh_send(m, pair[i % 9].req, 0, NULL);
		fwh_expect(m, pair[i % 9].resp, &in);
	}
	assert_int_equal(m->errors, 0);
}

static inline uint32_t fwh_image(uint8_t *b, uint32_t section, uint32_t version, uint32_t len)
{
	struct fw_image i = { .section = section, .len = len, .ver = { version, "test" } };

	for (uint32_t k = 0; k < len; k++)
		b[IMAGE_HDR + k] = (uint8_t)(k * 31 + version);
	i.crc = fw_crc32(0, b + IMAGE_HDR, len);
	image_put(b, &i);
	return IMAGE_HDR + len;
}

/* Flashes; stops after @chunks were sent (then 1), else what the firmware says in the end */
static inline int fwh_flash(struct drv_fw *m, uint32_t section, const uint8_t *img, uint32_t size,
			    unsigned int chunks)
{
	uint32_t off = 0, len = 0;
	static uint8_t b[4096];
	struct tlv_buf t;
	struct fw_in in;
	int n;

	tlv_begin(&t, b, sizeof(b), MSG_START_UPGRADE_REQ);
	tlv_put_int(&t, UPG_SECTION, section, 4);
	tlv_put_int(&t, UPG_IMAGE_LENGTH, size, 4);
	drv_fw_send(m, b, (size_t)tlv_end(&t));
	for (;;) {
		n = drv_fw_recv(m, b, 10 * SEC);
		if (n < 0)
			return n;
		assert_int_equal(msg_parse(&in, b, (size_t)n, MSG_TO_HOST), 0);
		if (in.def->id == MSG_START_UPGRADE_RESP && in.a[UPG_ERROR].p)
			return (int)tlv_sint(&in.a[UPG_ERROR]);
		if (in.def->id != MSG_WRITE_CHUNK_REQ && in.def->id != MSG_FINISH_UPGRADE_REQ)
			continue;
		if (in.def->id == MSG_FINISH_UPGRADE_REQ)
			return (int)tlv_sint(&in.a[UPG_ERROR]);
		assert_int_equal(tlv_uint(&in.a[CHUNK_OFFSET]), off + len);
		off += len;
		len = (uint32_t)tlv_uint(&in.a[CHUNK_LENGTH]);
		assert_true(len && len <= TLV_MAX_DATA && off + len <= size);
		if (!chunks--)
			return 1;
		tlv_begin(&t, b, sizeof(b), MSG_WRITE_CHUNK_RESP);
		tlv_put_int(&t, CHUNK_OFFSET, off, 4);
		tlv_put_int(&t, CHUNK_LENGTH, len, 4);
		tlv_put(&t, CHUNK_DATA, img + off, len);
		drv_fw_send(m, b, (size_t)tlv_end(&t));		/* an error shows when we wait */
	}
}

#endif
