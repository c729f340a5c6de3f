/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/pax.h"

#include <string.h>

#define NSEC_DIGITS  9
#define NSEC_PER_SEC 1000000000

/* Takes digits from the front of *@rest.  Returns their number: 0 when there
 * are none, or when they say more than @max. */
static size_t digits(struct cfs_bytes *rest, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < rest->len; n++) {
		unsigned digit = (unsigned)rest->data[n] - '0';

		if (digit > 9)
			break;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return 0;
	}
	if (v > max)
		return 0;
	rest->data += n;
	rest->len -= n;
	*ret = v;
	return n;
}

int cfs_pax_next(struct cfs_bytes *rest, struct cfs_pax_record *ret,
		 struct cfs_err *err)
{
	struct cfs_bytes from = *rest, record;
	const uint8_t *equals;
	uint64_t len = 0;
	size_t head;

	if (rest->len == 0)
		return 0;
	head = digits(&from, SIZE_MAX, &len);
	if (head == 0 || from.len == 0 || from.data[0] != ' ')
		return cfs_fail(err, EINVAL, "a PAX record without its length");
	head++;
	/* The length counts the whole record, its own digits included. */
	if (!cfs_bytes_slice(*rest, 0, len, &record) ||
	    !cfs_bytes_slice(record, head, len - head, &record) ||
	    record.len == 0 || record.data[record.len - 1] != '\n')
		return cfs_fail(err, EINVAL,
				"a PAX record is not as long as it says "
				"(%llu bytes)",
				(unsigned long long)len);
	record.len--;
	equals = memchr(record.data, '=', record.len);
	if (!equals || equals == record.data)
		return cfs_fail(err, EINVAL, "a PAX record without a key");
	ret->key.data = record.data;
	ret->key.len = (size_t)(equals - record.data);
	ret->value.data = equals + 1;
	ret->value.len = record.len - ret->key.len - 1;
	rest->data += len;
	rest->len -= (size_t)len;
	return 1;
}

int cfs_pax_number(struct cfs_bytes value, uint64_t max, uint64_t *ret,
		   struct cfs_err *err)
{
	struct cfs_bytes rest = value;
	uint64_t number;

	if (digits(&rest, max, &number) > 0 && rest.len == 0) {
		*ret = number;
		return 0;
	}
	rest = value;
	if (rest.len > 0 && digits(&rest, UINT64_MAX, &number) > 0 &&
	    rest.len == 0)
		return cfs_fail(err, ERANGE, "%llu is over %llu",
				(unsigned long long)number,
				(unsigned long long)max);
	return cfs_fail(err, EINVAL, "not a number");
}

/* The nanoseconds of a fraction: what follows the point. */
static int fraction(struct cfs_bytes rest, uint32_t *ret, struct cfs_err *err)
{
	uint32_t v = 0, unit = NSEC_PER_SEC;

	for (size_t i = 0; i < rest.len; i++) {
		unsigned digit = (unsigned)rest.data[i] - '0';

		if (digit > 9)
			return cfs_fail(err, EINVAL, "not a time");
		/* Zero after nine digits: the rest does not count. */
		unit /= 10;
		v += digit * unit;
	}
	*ret = v;
	return 0;
}

int cfs_pax_time(struct cfs_bytes value, int64_t *ret_sec, uint32_t *ret_nsec,
		 struct cfs_err *err)
{
	bool negative = value.len > 0 && value.data[0] == '-';
	struct cfs_bytes rest = { value.data + negative, value.len - negative };
	uint32_t nsec = 0;
	uint64_t sec;
	int r = 0;

	if (digits(&rest, INT64_MAX, &sec) == 0)
		return cfs_fail(err, EINVAL, "not a time");
	if (rest.len > 0 && rest.data[0] != '.')
		return cfs_fail(err, EINVAL, "not a time");
	if (rest.len > 0) {
		rest.data++;
		rest.len--;
		r = fraction(rest, &nsec, err);
	}
	if (r < 0)
		return r;
	*ret_sec = negative ? -(int64_t)sec : (int64_t)sec;
	*ret_nsec = nsec;
	/* Nanoseconds always count forward from the second. */
	if (negative && nsec > 0) {
		*ret_sec -= 1;
		*ret_nsec = NSEC_PER_SEC - nsec;
	}
	return 0;
}
