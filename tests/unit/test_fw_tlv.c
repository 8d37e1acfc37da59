// SPDX-License-Identifier: GPL-2.0-or-later
/* TLV: encoding, decoding, every malformed attribute, and a slow reference on random bytes */
#include "fw_fake.h"

static const struct tlv_attr attrs[] = {
	{ 0, TLV_UINT, 8, 0, "u64" },	 { 1, TLV_SINT, 8, 0, "s64" },	{ 2, TLV_UINT, 4, 0, "u32" },
	{ 3, TLV_SINT, 4, 0, "s32" },	 { 6, TLV_MAC, 6, 0, "mac" },	{ 7, TLV_FLAG, 0, 0, "flag" },
	{ 9, TLV_STRING, 32, 0, "str" }, { 10, TLV_NESTED, 0, 0, "nest" }, { 11, TLV_ARRAY, 4, 6, "macs" },
	{ 12, TLV_BINARY, TLV_MAX_DATA, 0, "raw" }, { 31, TLV_UINT, 4, 0, "last" },
};
static const struct tlv_schema schema = { attrs, sizeof(attrs) / sizeof(attrs[0]) };

/* Parses from a block of exactly @len bytes, so that the sanitizer sees a byte too far */
static int parse(const uint8_t *p, size_t len, struct tlv_view out[TLV_IDS])
{
	static struct tlv_view dummy[TLV_IDS];
	uint8_t *b = malloc(len ? len : 1);
	int err;

	assert_non_null(b);
	memcpy(b, p, len);
	err = tlv_parse_deep(b, len, &schema, dummy);
	free(b);
	if (out)
		assert_int_equal(tlv_parse_deep(p, len, &schema, out), err);
	return err;
}

static void hdr(uint8_t *p, unsigned int id, unsigned int flags, unsigned int len)
{
	put_le32(p, id | flags << 12 | len << 16);
}

/* One attribute with header @id/@flags/@alen and zero bytes, @total bytes in all */
static int parse_one(unsigned int id, unsigned int flags, unsigned int alen, size_t total)
{
	uint8_t b[8192] = { 0 };

	hdr(b, id, flags, alen);
	return parse(b, total, NULL);
}

static void ints_have_1_to_8_bytes_and_signs(void **st)
{
	struct tlv_view v[TLV_IDS];
	uint8_t b[16];

	(void)st;
	for (unsigned int n = 0; n <= 10; n++) {
		memset(b, 0xfe, sizeof(b));
		hdr(b, 1, 0, 4 + n);
		assert_int_equal(parse(b, 4 + tlv_align(n), v), n >= 1 && n <= 8 ? 0 : -FW_EINVAL);
		if (n >= 1 && n <= 8) {
			uint64_t want = 0xfefefefefefefefeull >> (64 - 8 * n);

			assert_true(tlv_uint(&v[1]) == want);
			assert_true(tlv_sint(&v[1]) == (int64_t)(0xfefefefefefefefeull << (64 - 8 * n)) >> (64 - 8 * n));
			b[4 + n - 1] = 0x7f;
			assert_int_equal(parse(b, 4 + tlv_align(n), v), 0);
			assert_true(tlv_sint(&v[1]) > 0);
		}
		hdr(b, 2, 0, 4 + n);
		assert_int_equal(parse(b, 4 + tlv_align(n), v), n >= 1 && n <= 4 ? 0 : -FW_EINVAL);
	}
	memset(v, 0, sizeof(v));
	assert_int_equal(tlv_uint(&v[0]), 0);
	assert_int_equal(tlv_sint(&v[0]), 0);
}

static void every_length_of_every_type(void **st)
{
	(void)st;
	for (unsigned int n = 0; n <= 4000; n++) {
		size_t t = 4 + tlv_align(n);

		assert_int_equal(parse_one(7, 0, 4 + n, t), n ? -FW_EINVAL : 0);
		assert_int_equal(parse_one(9, 0, 4 + n, t), n && n <= 32 ? 0 : -FW_EINVAL);
		assert_int_equal(parse_one(6, 0, 4 + n, t), n == 6 ? 0 : -FW_EINVAL);
		assert_int_equal(parse_one(12, 0, 4 + n, t), n && n <= 3584 ? 0 : -FW_EINVAL);
		assert_int_equal(parse_one(20, 0, 4 + n, t), 0);
		if (n % 4)
			assert_int_equal(parse_one(10, 0, 4 + n, t), -FW_EINVAL);
	}
}

static void ids_flags_and_headers(void **st)
{
	(void)st;
	for (unsigned int id = 0; id < 4096; id++)
		if (id >= 32)
			assert_int_equal(parse_one(id, 0, 8, 8), -FW_EINVAL);
	assert_int_equal(parse_one(31, 0, 8, 8), 0);
	assert_int_equal(parse_one(30, 0, 8, 8), 0);		/* unknown */
	assert_int_equal(parse_one(30, 4, 8, 8), -FW_ENOENT);	/* cannot_ignore */
	assert_int_equal(parse_one(2, 4, 8, 8), 0);		/* known: flag does not matter */
	assert_int_equal(parse_one(2, 3, 8, 8), 0);		/* reserved bits */
	assert_int_equal(parse_one(2, 8, 8, 8), -FW_EINVAL);	/* is_msg */
	for (unsigned int len = 0; len < 4; len++) {
		assert_int_equal(parse_one(7, 0, len, 8), -FW_EINVAL);
		assert_int_equal(parse_one(30, 0, len, 8), -FW_EINVAL);
		assert_int_equal(parse_one(30, 0, len, 4), -FW_EINVAL);
	}
}

static void truncated_at_every_byte(void **st)
{
	uint8_t b[64] = { 0 };

	(void)st;
	hdr(b, 0, 0, 12);
	hdr(b + 12, 9, 0, 4 + 6);
	memcpy(b + 16, "hello", 6);
	hdr(b + 24, 6, 0, 10);
	for (size_t n = 0; n <= 36; n++) {
		bool whole = n == 0 || n == 12 || n == 24 || n == 36;

		assert_int_equal(parse(b, n, NULL), whole ? 0 : -FW_EINVAL);
	}
	for (unsigned int len = 9; len < 65536; len += 7)
		assert_int_equal(parse_one(12, 0, len, 8), -FW_EINVAL);
	assert_int_equal(parse_one(30, 0, 65535, 8), -FW_EINVAL);
}

static void twice_strings_and_padding(void **st)
{
	struct tlv_view v[TLV_IDS];
	uint8_t b[32] = { 0 };

	(void)st;
	hdr(b, 2, 0, 8);
	hdr(b + 8, 2, 0, 8);
	assert_int_equal(parse(b, 16, NULL), -FW_EADDRINUSE);
	hdr(b, 30, 0, 8);
	hdr(b + 8, 30, 0, 8);
	assert_int_equal(parse(b, 16, NULL), 0);

	hdr(b, 9, 0, 4 + 3);
	memcpy(b + 4, "ab\0\xff", 4);		/* padding is not zero: nobody looks */
	assert_int_equal(parse(b, 8, v), 0);
	assert_int_equal(v[9].len, 3);
	memcpy(b + 4, "abc\0", 4);		/* a NUL, but in the padding */
	assert_int_equal(parse(b, 8, NULL), -FW_EINVAL);
	memcpy(b + 4, "a\0b\0", 4);
	hdr(b, 9, 0, 8);
	assert_int_equal(parse(b, 8, NULL), 0);
}

static size_t put_array(uint8_t *b, unsigned int n, unsigned int elem)
{
	hdr(b, 11, 0, 4 + 12 * n);
	for (unsigned int i = 0; i < n; i++) {
		memset(b + 4 + 12 * i, 0, 12);
		hdr(b + 4 + 12 * i, elem, 0, 10);
	}
	return 4 + 12 * n;
}

static void arrays_hold_so_many_of_one_id(void **st)
{
	uint8_t b[256] = { 0 };
	struct tlv_view v[4];
	size_t n;

	(void)st;
	for (unsigned int i = 0; i <= 6; i++) {
		n = put_array(b, i, 6);
		assert_int_equal(parse(b, n, NULL), i <= 4 ? 0 : -FW_ENOSPC);
	}
	n = put_array(b, 2, 6);
	assert_int_equal(tlv_parse_array(b + 4, n - 4, &schema, 6, v, 4), 2);
	assert_ptr_equal(v[1].p, b + 4 + 12 + 4);
	hdr(b + 16, 2, 0, 8);			/* another known id, too short for its place */
	assert_int_equal(parse(b, n, NULL), -FW_EINVAL);
	hdr(b + 16, 30, 0, 12);			/* an unknown one */
	assert_int_equal(parse(b, n, NULL), -FW_EINVAL);
	hdr(b + 16, 6, 0, 200);			/* reaches out of the array, not out of memory */
	assert_int_equal(parse(b, n, NULL), -FW_EINVAL);

	/* The same inside of a nested attribute, and a nested one in it that nobody opens */
	memmove(b + 4, b, 64);
	put_array(b + 4, 5, 6);
	hdr(b, 10, 0, 4 + 64);
	assert_int_equal(parse(b, 68, NULL), -FW_ENOSPC);
	hdr(b + 4, 10, 0, 64);
	assert_int_equal(parse(b, 68, NULL), 0);
}

/* ---- the slow reference: the driver's rules, written down naively ---- */

static int ref_one(const uint8_t *b, size_t len, size_t *step, const struct tlv_attr **row)
{
	unsigned int id, alen, n;
	bool nul;

	*row = NULL;
	if (len < 4)
		return -FW_EINVAL;
	id = (b[0] | b[1] << 8) & 0xfff;
	alen = b[2] | (unsigned int)b[3] << 8;
	if (b[1] & 0x80 || id > 31 || alen < 4)
		return -FW_EINVAL;
	*step = alen;
	while (*step % 4)
		++*step;
	if (*step > len)
		return -FW_EINVAL;
	for (size_t i = 0; i < schema.count; i++)
		if (attrs[i].id == id)
			*row = &attrs[i];
	if (!*row)
		return b[1] & 0x40 ? -FW_ENOENT : 0;
	n = alen - 4;
	nul = n && !b[4 + n - 1];
	switch ((*row)->type) {
	case TLV_FLAG: return n ? -FW_EINVAL : 0;
	case TLV_MAC: return n == 6 ? 0 : -FW_EINVAL;
	case TLV_STRING: return nul && n <= (*row)->max ? 0 : -FW_EINVAL;
	case TLV_NESTED:
	case TLV_ARRAY: return n & 3 ? -FW_EINVAL : 0;
	default: return n && n <= (*row)->max ? 0 : -FW_EINVAL;
	}
}

static int ref_flat(const uint8_t *b, size_t len, const uint8_t **at)
{
	memset(at, 0, 32 * sizeof(*at));
	while (len) {
		const struct tlv_attr *row;
		size_t step;
		int err = ref_one(b, len, &step, &row);

		if (err)
			return err;
		if (row && at[row->id])
			return -FW_EADDRINUSE;
		if (row)
			at[row->id] = b;
		b += step;
		len -= step;
	}
	return 0;
}

static int ref_array(const uint8_t *b)
{
	size_t len = (size_t)(b[2] | b[3] << 8) - 4, step;
	const struct tlv_attr *row;

	b += 4;
	for (unsigned int n = 0; len; n++, b += step, len -= step) {
		int err = ref_one(b, len, &step, &row);

		if (err)
			return err;
		if (!row || row->id != 6)
			return -FW_EINVAL;
		if (n == 4)
			return -FW_ENOSPC;
	}
	return 0;
}

static int ref_deep(const uint8_t *b, size_t len)
{
	const uint8_t *at[32], *in[32];
	int err = ref_flat(b, len, at);

	if (!err && at[11])
		err = ref_array(at[11]);
	if (err || !at[10])
		return err;
	err = ref_flat(at[10] + 4, (size_t)(at[10][2] | at[10][3] << 8) - 4, in);
	if (!err && in[11])
		err = ref_array(in[11]);
	return err;
}

/* Attributes that are mostly right, wrong in places */
static size_t random_attrs(uint32_t *s, uint8_t *b, size_t cap, unsigned int depth)
{
	size_t n = 0;

	for (unsigned int k = rnd(s) % 6; k; k--) {
		const struct tlv_attr *a = &attrs[rnd(s) % schema.count];
		unsigned int id = rnd(s) % 8 ? a->id : rnd(s) % 34, len = rnd(s) % 10;
		size_t inner;

		if (a->type == TLV_MAC)
			len = rnd(s) % 32 ? 6 : len;
		if (a->type == TLV_FLAG)
			len = rnd(s) % 32 ? 0 : len;
		if (n + (depth ? 1100 : 110) > cap)
			break;
		for (unsigned int i = 0; i < 12; i++)
			b[n + 4 + i] = (uint8_t)(rnd(s) & (rnd(s) % 2 ? 0xff : 0));
		if ((a->type == TLV_NESTED && depth) || (a->type == TLV_ARRAY && depth && !(rnd(s) % 6))) {
			inner = random_attrs(s, b + n + 4, 1000, depth - 1);
			len = (unsigned int)inner;
		} else if (a->type == TLV_ARRAY) {
			len = (unsigned int)put_array(b + n, rnd(s) % 7, rnd(s) % 20 ? 6 : 2) - 4;
		}
		if (!(rnd(s) % 50))
			len += rnd(s) % 3;
		hdr(b + n, id, rnd(s) % 8 ? 0 : rnd(s) % 8, 4 + len);
		n += 4 + tlv_align(len);
	}
	if (n && !(rnd(s) % 30))
		b[rnd(s) % n] ^= (uint8_t)(1u << rnd(s) % 8);
	if (n && !(rnd(s) % 30))
		n -= rnd(s) % n;
	return n < cap ? n : cap;
}

static void agrees_with_the_slow_reference(void **st)
{
	uint32_t seed = 0x0badcafe, kinds[128] = { 0 };
	uint8_t b[4096];

	(void)st;
	for (unsigned int i = 0; i < 300000; i++) {
		size_t n = random_attrs(&seed, b, sizeof(b), 2);
		int want = ref_deep(b, n), got = parse(b, n, NULL);

		if (want != got)
			fail_msg("round %u: %zu bytes: %d, reference %d", i, n, got, want);
		kinds[-want]++;
	}
	print_message("# ok %u, EINVAL %u, ENOENT %u, EADDRINUSE %u, ENOSPC %u\n", kinds[0], kinds[FW_EINVAL],
		      kinds[FW_ENOENT], kinds[FW_EADDRINUSE], kinds[FW_ENOSPC]);
	/* The generator reaches each kind of answer, or this test tests nothing */
	assert_true(kinds[0] > 20000);
	assert_true(kinds[FW_EINVAL] > 1000 && kinds[FW_ENOENT] > 100);
	assert_true(kinds[FW_EADDRINUSE] > 100 && kinds[FW_ENOSPC] > 100);
}

static void encodes_what_it_decodes(void **st)
{
	struct tlv_view v[TLV_IDS];
	struct tlv_buf b;
	uint8_t p[4096];

	(void)st;
	memset(p, 0xaa, sizeof(p));
	tlv_begin(&b, p, sizeof(p), 0x123);
	tlv_put_int(&b, 0, 0x1122334455667788ull, 8);
	tlv_put_int(&b, 3, (uint64_t)-5, 4);
	tlv_put_flag(&b, 7);
	tlv_put_string(&b, 9, "hello");
	tlv_nest_start(&b, 11);
	tlv_put(&b, 6, "abcdef", 6);
	tlv_put(&b, 6, "ghijkl", 6);
	tlv_nest_stop(&b);
	tlv_nest_start(&b, 10);
	tlv_nest_stop(&b);			/* empty: as if it had not been */
	assert_int_equal(tlv_end(&b), 4 + 12 + 8 + 4 + 12 + 28);
	assert_int_equal(get_le32(p), 0x00118123);
	assert_int_equal(get_le32(p + 28), 0x000a0009);
	assert_memory_equal(p + 32, "hello\0\0\0", 8);
	assert_int_equal(parse(p + 4, b.len - 4, v), 0);
	assert_true(tlv_uint(&v[0]) == 0x1122334455667788ull);
	assert_int_equal(tlv_sint(&v[3]), -5);
	assert_non_null(v[7].p);
	assert_null(v[10].p);
	assert_int_equal(v[11].len, 24);
}

static void encoder_stops_at_the_end(void **st)
{
	uint8_t *p = malloc(4096), val[4096] = { 0 };
	struct tlv_buf b;

	(void)st;
	assert_non_null(p);
	for (size_t cap = 0; cap < 64; cap++) {
		uint8_t *q = malloc(cap ? cap : 1);

		for (size_t n = 0; n < 64; n++) {
			tlv_begin(&b, q, cap, 1);
			if (cap >= 4)
				tlv_put(&b, 2, val, n);
			if (cap >= 4 && 8 + tlv_align(n) <= cap)
				assert_int_equal(tlv_end(&b), 8 + tlv_align(n));
			else
				assert_int_equal(tlv_end(&b), -FW_ENOSPC);
		}
		free(q);
	}
	tlv_begin(&b, p, 100000, 1);		/* a message fits a page, whatever the buffer */
	tlv_put(&b, 12, val, 4088);
	assert_int_equal(tlv_end(&b), 4096);
	tlv_begin(&b, p, 4096, 1);
	tlv_put(&b, 32, val, 4);
	assert_int_equal(tlv_end(&b), -FW_EINVAL);
	tlv_begin(&b, p, 4096, 1);
	tlv_nest_start(&b, 10);
	assert_int_equal(tlv_end(&b), -FW_EINVAL);
	free(p);
}

static void worked_example_capabilities(void **st)
{
	static const uint32_t want[] = {
		0x00098011, 0x00080000, 0x19071902, 0x00060006, 0x00000078, 0x0008000a, 4, 0x0008000b, 2,
	};
	struct fw_in in;
	struct fw_out o;
	uint8_t p[64];

	(void)st;
	out_begin(&o, p, sizeof(p), MSG_FW_CAP_RESP);
	out_uint(&o, CAP_VERSION, FW_VERSION(25, 7, 25, 2));
	out_string(&o, CAP_COMMIT, "x");
	out_uint(&o, CAP_SPEED, 4);
	out_uint(&o, CAP_FEC, 2);
	assert_int_equal(out_end(&o), sizeof(want));
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(get_le32(p + 4 * i), want[i]);
	assert_int_equal(msg_parse(&in, p, sizeof(want), MSG_TO_HOST), 0);
	assert_int_equal(tlv_uint(&in.a[CAP_VERSION]), 0x19071902);
}

static void builder_keeps_to_the_table(void **st)
{
	struct fw_out o;
	uint8_t p[256];

	(void)st;
	out_begin(&o, p, sizeof(p), MSG_FW_CAP_RESP);
	out_string(&o, CAP_COMMIT, "123456789012345678");	/* 19 with NUL */
	assert_true(out_end(&o) > 0);
	out_begin(&o, p, sizeof(p), MSG_FW_CAP_RESP);
	out_string(&o, CAP_COMMIT, "1234567890123456789");
	assert_int_equal(out_end(&o), -FW_EINVAL);
	out_begin(&o, p, sizeof(p), MSG_FW_CAP_RESP);
	out_flag(&o, CAP_VERSION);
	assert_int_equal(out_end(&o), -FW_EINVAL);
	out_begin(&o, p, sizeof(p), MSG_FW_CAP_RESP);
	out_bytes(&o, CAP_BMC_MAC, "abcde", 5);
	assert_int_equal(out_end(&o), -FW_EINVAL);
	out_begin(&o, p, sizeof(p), MSG_HOST_CAP_REQ);		/* not ours to send */
	assert_int_equal(out_end(&o), -FW_ENOENT);
}

static void message_headers(void **st)
{
	struct fw_in in;
	uint8_t p[16] = { 0 };

	(void)st;
	put_le32(p, 0x00018010);
	assert_int_equal(msg_parse(&in, p, 4, MSG_TO_FW), 0);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(msg_parse(&in, p, n, MSG_TO_FW), -FW_EBADMSG);
	assert_int_equal(msg_parse(&in, p, 4, MSG_TO_HOST), -FW_ENOENT);
	put_le32(p, 0x00010010);				/* not a message */
	assert_int_equal(msg_parse(&in, p, 4, MSG_TO_FW), -FW_EBADMSG);
	put_le32(p, 0x00008010);				/* length 0 */
	assert_int_equal(msg_parse(&in, p, 4, MSG_TO_FW), -FW_EBADMSG);
	put_le32(p, 0x00028010);				/* more than there is */
	assert_int_equal(msg_parse(&in, p, 7, MSG_TO_FW), -FW_EBADMSG);
	put_le32(p, 0xffff8010);
	assert_int_equal(msg_parse(&in, p, 16, MSG_TO_FW), -FW_EBADMSG);
	put_le32(p, 0x00018fff);
	assert_int_equal(msg_parse(&in, p, 4, MSG_TO_FW), -FW_ENOENT);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(ints_have_1_to_8_bytes_and_signs),
		cmocka_unit_test(every_length_of_every_type),
		cmocka_unit_test(ids_flags_and_headers),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(twice_strings_and_padding),
		cmocka_unit_test(arrays_hold_so_many_of_one_id),
		cmocka_unit_test(agrees_with_the_slow_reference),
		cmocka_unit_test(encodes_what_it_decodes),
		cmocka_unit_test(encoder_stops_at_the_end),
		cmocka_unit_test(worked_example_capabilities),
		cmocka_unit_test(builder_keeps_to_the_table),
		cmocka_unit_test(message_headers),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
