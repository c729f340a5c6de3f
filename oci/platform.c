/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/platform.h"

#include <string.h>
#include <sys/utsname.h>

static bool copy_word(const char *text, size_t len,
		      char ret[static CFS_OCI_WORD_MAX])
{
	if (len == 0 || len >= CFS_OCI_WORD_MAX)
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

/* Writes the name that Go, and so OCI, has for the architecture @machine, as
 * uname(2) names it; any other name as it is. */
static void go_arch(const char *machine, char ret[static CFS_OCI_WORD_MAX])
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" },
		{ "armv7l", "arm" },   { "armv6l", "arm" },
		{ "i686", "386" },     { "i586", "386" },
		{ "i386", "386" },     { "loongarch64", "loong64" },
	};
	const char *name = machine;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], machine) == 0)
			name = names[i][1];
	/* @machine may be @ret itself. */
	if (name != ret)
		snprintf(ret, CFS_OCI_WORD_MAX, "%.*s", CFS_OCI_WORD_MAX - 1,
			 name);
}

int cfs_oci_platform_parse(const char *text, struct cfs_oci_platform *ret,
			   struct cfs_err *err)
{
	size_t os = strcspn(text, "/");
	const char *arch = text + os + (text[os] == '/');
	size_t arch_len = strcspn(arch, "/");
	const char *variant = arch + arch_len;
	struct cfs_oci_platform p = { "" };

	if (copy_word(text, os, p.os) && copy_word(arch, arch_len, p.arch) &&
	    (!*variant ||
	     (!strchr(variant + 1, '/') &&
	      copy_word(variant + 1, strlen(variant + 1), p.variant)))) {
		go_arch(p.arch, p.arch);
		*ret = p;
		return 0;
	}
	return cfs_fail(err, EINVAL,
			"'%s' is not a platform: OS/ARCH or OS/ARCH/VARIANT, "
			"such as linux/arm64",
			text);
}

void cfs_oci_platform_here(struct cfs_oci_platform *ret)
{
	struct utsname u = { .machine = "" };

	*ret = (struct cfs_oci_platform){ .os = "linux" };
	(void)uname(&u);
	go_arch(u.machine, ret->arch);
}

/* Source: OCI image specification, image-index.md, "Platform Variants"; what
 * is meant where there is none is containerd's platforms.Normalize(). */
static const char *variant_of(const struct cfs_oci_platform *p)
{
	if (*p->variant)
		return p->variant;
	if (strcmp(p->arch, "arm64") == 0)
		return "v8";
	return strcmp(p->arch, "arm") == 0 ? "v7" : "";
}

bool cfs_oci_platform_fits(const struct cfs_oci_platform *have,
			   const struct cfs_oci_platform *want)
{
	return strcmp(have->os, want->os) == 0 &&
	       strcmp(have->arch, want->arch) == 0 &&
	       (!*want->variant ||
		strcmp(variant_of(have), want->variant) == 0);
}

const char *cfs_oci_platform_text(const struct cfs_oci_platform *platform,
				  char ret[static CFS_OCI_PLATFORM_MAX])
{
	snprintf(ret, CFS_OCI_PLATFORM_MAX, "%s/%s%s%s", platform->os,
		 platform->arch, *platform->variant ? "/" : "",
		 platform->variant);
	return ret;
}
