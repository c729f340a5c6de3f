/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/name.h"

#include <string.h>

#include "repo/temp.h"

static int check_component(const char *part, size_t len, const char *name,
			   struct cfs_err *err)
{
	if (len == 0)
		return cfs_fail(err, EINVAL,
				"name '%.100s' has an empty component", name);
	if (len > CFS_REF_COMPONENT)
		return cfs_fail(err, ENAMETOOLONG,
				"name '%.100s...' has a component of over %d "
				"bytes",
				name, CFS_REF_COMPONENT);
	if ((len == 1 && part[0] == '.') ||
	    (len == 2 && part[0] == '.' && part[1] == '.'))
		return cfs_fail(err, EINVAL,
				"name '%.100s' has the component '%.*s'", name,
				(int)len, part);
	if (len >= strlen(CFS_TEMP_PREFIX) &&
	    memcmp(part, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0)
		return cfs_fail(err, EINVAL,
				"name '%.100s': " CFS_TEMP_PREFIX
				" begins temporary files",
				name);
	return 0;
}

int cfs_name_check(const char *name, struct cfs_err *err)
{
	if (strlen(name) >= CFS_REF_MAX)
		return cfs_fail(err, ENAMETOOLONG, "name is over %d bytes long",
				CFS_REF_MAX - 1);
	for (const char *part = name;; part++) {
		size_t len = strcspn(part, "/");
		int r = check_component(part, len, name, err);

		if (r < 0)
			return r;
		part += len;
		if (!*part)
			return 0;
	}
}

static bool is_hex(const char *text)
{
	return strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

const char *cfs_name_digits(const char *text, enum cfs_alg *ret)
{
	for (enum cfs_alg alg = CFS_ALG_SHA256; alg <= CFS_ALG_SHA512; alg++) {
		size_t n = strlen(cfs_alg_name(alg));

		if (strncmp(text, cfs_alg_name(alg), n) == 0 &&
		    text[n] == ':') {
			*ret = alg;
			return text + n + 1;
		}
	}
	*ret = 0;
	return text;
}

/* cfs_image_find() takes such a text for a digest, and looks for no name. */
static bool is_digest(const char *name)
{
	enum cfs_alg named;
	const char *digits = cfs_name_digits(name, &named);
	size_t n = strlen(digits);

	return is_hex(digits) &&
	       (named || n == 2 * cfs_alg_size(CFS_ALG_SHA256) ||
		n == 2 * cfs_alg_size(CFS_ALG_SHA512));
}

int cfs_name_check_new(const char *name, struct cfs_err *err)
{
	int r = cfs_name_check(name, err);

	if (r < 0)
		return r;
	if (is_digest(name))
		return cfs_fail(err, EINVAL,
				"name '%.100s%s' is the digest of an image "
				"wherever an image is named; choose another",
				name, strlen(name) > 100 ? "..." : "");
	if (strncmp(name, "refs/", strlen("refs/")) == 0)
		return cfs_fail(err, EINVAL,
				"name '%.100s': leave out refs/, which stands "
				"for the place of names",
				name);
	return 0;
}
