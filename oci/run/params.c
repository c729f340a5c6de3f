/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "oci/run/spec.h"
#include "oci/run/volume.h"

/* JSON holds nothing but UTF-8. */
static int check_utf8(const char *what, const char *text, struct cfs_err *err)
{
	if (text && !cfs_is_utf8(text))
		return cfs_fail(err, EINVAL, "%s '%.100s' is not valid UTF-8",
				what, text);
	return 0;
}

static int check_all_utf8(const char *what, const char *const *list, size_t n,
			  struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = check_utf8(what, list[i], err);
	return r;
}

static int check_hostname(const char *name, struct cfs_err *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > CFS_RUN_HOSTNAME_MAX ||
	    !isalnum((unsigned char)*name) ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != len)
		return cfs_fail(err, EINVAL,
				"'%.100s' is no name of a container: expected "
				"at most %d letters, digits and _.-, the first "
				"a letter or digit",
				name, CFS_RUN_HOSTNAME_MAX);
	return 0;
}

static int check_volumes(const struct cfs_run_params *p, struct cfs_err *err)
{
	struct cfs_run_volume v;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_volumes; i++)
		r = cfs_run_volume_parse(p->volumes[i], &v, err);
	return r;
}

int cfs_run_params_check(const struct cfs_run_params *p, struct cfs_err *err)
{
	int r = p->hostname ? check_hostname(p->hostname, err) : 0;

	if (r == 0)
		r = check_utf8("root directory", p->root, err);
	if (r == 0)
		r = check_all_utf8("argument", p->args, p->n_args, err);
	if (r == 0)
		r = check_all_utf8("variable", p->env, p->n_env, err);
	if (r == 0)
		r = check_all_utf8("volume", p->volumes, p->n_volumes, err);
	return r == 0 ? check_volumes(p, err) : r;
}
