/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/pax.h"

#include "base/fields.h"
#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

TEST(records_come_one_after_the_other)
{
	struct cfs_bytes rest = bytes("12 path=usr\n8 uid=1\n");
	struct cfs_pax_record rec;

	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 1);
	CHECK(cfs_bytes_are(rec.key, "path") &&
	      cfs_bytes_are(rec.value, "usr"));
	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 1);
	CHECK(cfs_bytes_are(rec.key, "uid") && cfs_bytes_are(rec.value, "1"));
	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 0);
	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 0);
}

TEST(values_are_any_bytes)
{
	static const char text[] = "13 k=a=b\n\0 \xff\n5 k=\n";
	struct cfs_bytes rest = { (const uint8_t *)text, sizeof(text) - 1 };
	struct cfs_pax_record rec;

	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 1);
	CHECK(cfs_bytes_are(rec.key, "k"));
	CHECK_EQ(rec.value.len, 7);
	CHECK_MEM(rec.value.data, "a=b\n\0 \xff", 7);
}

TEST(empty_values_are_values)
{
	struct cfs_bytes rest = bytes("5 k=\n");
	struct cfs_pax_record rec;

	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 1);
	CHECK(cfs_bytes_are(rec.key, "k"));
	CHECK_EQ(rec.value.len, 0);
	CHECK_EQ(rest.len, 0);
}

TEST(malformed_records_are_refused)
{
	static const char *const bad[] = {
		"x",
		"5",
		"5 ",
		"5 k=",
		"5 k=x\n",
		"6 k=\n",
		"4 k=\n",
		"0 k=\n",
		"1 k=\n",
		"2 k=\n",
		"3 k=\n",
		"5 kx\n",
		"5 =x\n",
		"4 =\n",
		" 5 k=\n",
		"+5 k=\n",
		"5\tk=\n",
		"05 k=\n",
		"-5 k=\n",
		"5k=xx\n",
		"99999 k=v\n",
		"5 k=\n\n",
		"5 k=\nx",
		"3 \n",
		"18446744073709551616 k=\n",
		"18446744073709551615 k=\n",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		struct cfs_bytes rest = bytes(bad[i]);
		struct cfs_pax_record rec;
		int r;

		err.msg[0] = '\0';
		while ((r = cfs_pax_next(&rest, &rec, &err)) > 0)
			;
		CHECK_EQ(r, -EINVAL);
		CHECK(strstr(err.msg, "PAX record"));
	}
}

TEST(a_length_may_have_zeros_in_front)
{
	struct cfs_bytes rest = bytes("07 k=v\n");
	struct cfs_pax_record rec;

	CHECK_EQ(cfs_pax_next(&rest, &rec, &err), 1);
	CHECK(cfs_bytes_are(rec.key, "k") && cfs_bytes_are(rec.value, "v"));
}

TEST(numbers_are_digits_within_their_limit)
{
	uint64_t v;

	CHECK_EQ(cfs_pax_number(bytes("0"), 0, &v, &err), 0);
	CHECK_EQ(v, 0);
	CHECK_EQ(cfs_pax_number(bytes("0042"), 42, &v, &err), 0);
	CHECK_EQ(v, 42);
	CHECK_EQ(cfs_pax_number(bytes("18446744073709551615"), UINT64_MAX, &v,
				&err),
		 0);
	CHECK_EQ(v, UINT64_MAX);
	CHECK_EQ(cfs_pax_number(bytes("43"), 42, &v, &err), -ERANGE);
	CHECK_EQ(cfs_pax_number(bytes("9223372036854775808"), INT64_MAX, &v,
				&err),
		 -ERANGE);
	CHECK_EQ(cfs_pax_number(bytes("18446744073709551616"), UINT64_MAX, &v,
				&err),
		 -EINVAL);
}

TEST(what_is_no_number_is_refused)
{
	static const char *const bad[] = { "",	 " ",  "-1", "+1", "1 ",
					   " 1", "1x", "x",  "0x1" };
	uint64_t v;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_pax_number(bytes(bad[i]), 99, &v, &err), -EINVAL);
}

TEST(times_have_nanoseconds_and_are_rounded_down)
{
	static const struct {
		const char *text;
		int64_t sec;
		uint32_t nsec;
	} times[] = {
		{ "0", 0, 0 },
		{ "1700000000", 1700000000, 0 },
		{ "1700000000.5", 1700000000, 500000000 },
		{ "1.05", 1, 50000000 },
		{ "1.000000001", 1, 1 },
		{ "1.1234567899", 1, 123456789 },
		{ "1.", 1, 0 },
		{ "4294967296.25", 4294967296, 250000000 },
		{ "9223372036854775807.999999999", INT64_MAX, 999999999 },
		{ "-0", 0, 0 },
		{ "-1", -1, 0 },
		{ "-1.", -1, 0 },
		{ "-1.000", -1, 0 },
		{ "-1.5", -2, 500000000 },
		{ "-0.25", -1, 750000000 },
		{ "-0.000000001", -1, 999999999 },
		/* Digits after the ninth do not count. */
		{ "-1.0000000009", -1, 0 },
		{ "-9223372036854775807.5", INT64_MIN, 500000000 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(times); i++) {
		uint32_t nsec = 7;
		int64_t sec = 7;

		CHECK_EQ(cfs_pax_time(bytes(times[i].text), &sec, &nsec, &err),
			 0);
		CHECK_EQ(sec, times[i].sec);
		CHECK_EQ(nsec, times[i].nsec);
	}
}

TEST(what_is_no_time_is_refused)
{
	static const char *const bad[] = {
		"",
		"-",
		".5",
		"-.5",
		"1.x",
		"1.5x",
		"1,5",
		"1.5.5",
		"+1",
		" 1",
		"1 ",
		"--1",
		"1.-5",
		"1.0000000000x",
		"x",
		"9223372036854775808",
		"-9223372036854775808",
	};
	uint32_t nsec;
	int64_t sec;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_pax_time(bytes(bad[i]), &sec, &nsec, &err),
			 -EINVAL);
}
