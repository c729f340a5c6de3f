/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Property: an element that is taken is made of its identifier, the one length
 * its contents can have, and those contents; and what is left follows it. */
#include <stdlib.h>
#include <string.h>

#include "keys/der.h"
#include "tests/fuzz/fuzz.h"

static size_t put_header(uint8_t tag, size_t len, uint8_t out[6])
{
	size_t n = 0;

	out[0] = tag;
	if (len < 0x80) {
		out[1] = (uint8_t)len;
		return 2;
	}
	while (n < 4 && len >> 8 * n)
		n++;
	out[1] = (uint8_t)(0x80 | n);
	for (size_t i = 0; i < n; i++)
		out[2 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
	return 2 + n;
}

static void walk(struct cfs_bytes in, unsigned depth)
{
	struct cfs_bytes body, whole, before = in;
	uint8_t head[6];
	size_t n;

	while (in.len && cfs_der_take(&in, in.data[0], &body, &whole)) {
		n = put_header(whole.data[0], body.len, head);
		if (whole.data != before.data ||
		    whole.len + in.len != before.len ||
		    whole.len != n + body.len || body.data != whole.data + n ||
		    memcmp(head, whole.data, n) != 0)
			abort();
		if (depth < 64)
			walk(body, depth + 1);
		before = in;
	}
	if (cfs_der_skip(&in) || in.len != before.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes der = { data, size }, issuer, serial;

	if (cfs_der_certificate(der, &issuer, &serial) &&
	    (issuer.data < data || issuer.data + issuer.len > data + size ||
	     serial.data < data || serial.data + serial.len > data + size))
		abort();
	walk(der, 0);
	return 0;
}
