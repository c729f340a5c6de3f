/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/ipe_policy.h"

#include <ctype.h>
#include <string.h>

static int bad_version(const char *text, struct cfs_err *err)
{
	return cfs_fail(err, EINVAL,
			"version %s is not three numbers from 0 to %d, as in "
			"1.0.0",
			text, CFS_IPE_VERSION_MAX);
}

int cfs_ipe_policy_version(const char *text, struct cfs_ipe_policy *policy,
			   struct cfs_err *err)
{
	unsigned version[3] = { 0 };
	const char *at = text;

	for (int i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)*at))
			return bad_version(text, err);
		for (; isdigit((unsigned char)*at); at++) {
			version[i] = version[i] * 10 + (unsigned)(*at - '0');
			if (version[i] > CFS_IPE_VERSION_MAX)
				return bad_version(text, err);
		}
		if (*at != (i < 2 ? '.' : '\0'))
			return bad_version(text, err);
		at++;
	}
	memcpy(policy->version, version, sizeof(version));
	return 0;
}

static bool is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t len = strlen(name);

	return len > 0 && len <= CFS_IPE_NAME_MAX && *name != '.' &&
	       strspn(name, allowed) == len;
}

int cfs_ipe_policy_write(const struct cfs_ipe_policy *policy,
			 struct cfs_buf *out, struct cfs_err *err)
{
	if (!is_name(policy->name))
		return cfs_fail(err, EINVAL,
				"name \"%s\" is not 1 to %d letters, digits, "
				"'.', '_' and '-', the first no '.'",
				policy->name, CFS_IPE_NAME_MAX);
	cfs_buf_addf(out, "policy_name=%s policy_version=%u.%u.%u\n",
		     policy->name, policy->version[0], policy->version[1],
		     policy->version[2]);
	/* boot_verified: the initramfs, in which the policy is activated. */
	cfs_buf_adds(out, "DEFAULT action=ALLOW\n"
			  "\n"
			  "DEFAULT op=EXECUTE action=DENY\n"
			  "op=EXECUTE boot_verified=TRUE action=ALLOW\n"
			  "op=EXECUTE fsverity_signature=TRUE action=ALLOW\n");
	return cfs_buf_check(out, err);
}
