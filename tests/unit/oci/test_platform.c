/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/platform.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_oci_platform parsed(const char *text)
{
	struct cfs_oci_platform p;

	CHECK_EQ(cfs_oci_platform_parse(text, &p, &err), 0);
	return p;
}

static bool fits(const char *have, const char *want)
{
	struct cfs_oci_platform a = parsed(have), b = parsed(want);

	return cfs_oci_platform_fits(&a, &b);
}

TEST(platforms_are_words_between_slashes)
{
	static const char *const bad[] = { "",	     "linux", "linux/",
					   "/amd64", "a/b/",  "a/b/c/d" };
	struct cfs_oci_platform p = parsed("linux/arm64/v8");

	CHECK_STR(p.os, "linux");
	CHECK_STR(p.arch, "arm64");
	CHECK_STR(p.variant, "v8");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_oci_platform_parse(bad[i], &p, &err), -EINVAL);
}

TEST(names_of_the_kernel_are_taken)
{
	CHECK_STR(parsed("linux/x86_64").arch, "amd64");
	CHECK_STR(parsed("linux/aarch64").arch, "arm64");
	CHECK_STR(parsed("linux/riscv64").arch, "riscv64");
}

TEST(a_variant_counts_if_it_is_wanted)
{
	CHECK(fits("linux/arm64/v8", "linux/arm64"));
	CHECK(fits("linux/arm/v6", "linux/arm"));
	CHECK(fits("linux/arm/v6", "linux/arm/v6"));
	CHECK(!fits("linux/arm/v6", "linux/arm/v7"));
	CHECK(!fits("linux/amd64", "linux/amd64/v3"));
	CHECK(!fits("linux/amd64", "linux/arm64"));
	CHECK(!fits("windows/amd64", "linux/amd64"));
}

TEST(arm_without_a_variant_has_the_usual_one)
{
	CHECK(fits("linux/arm64", "linux/arm64/v8"));
	CHECK(!fits("linux/arm64", "linux/arm64/v9"));
	CHECK(fits("linux/arm", "linux/arm/v7"));
	CHECK(!fits("linux/arm", "linux/arm/v6"));
}

TEST(this_machine_has_a_platform)
{
	struct cfs_oci_platform here;

	cfs_oci_platform_here(&here);
	CHECK_STR(here.os, "linux");
	CHECK(*here.arch);
	CHECK(!*here.variant);
}

TEST(a_platform_is_written_as_it_is_read)
{
	struct cfs_oci_platform a = parsed("linux/arm/v7"),
				b = parsed("linux/amd64");
	char text[CFS_OCI_PLATFORM_MAX];

	CHECK_STR(cfs_oci_platform_text(&a, text), "linux/arm/v7");
	CHECK_STR(cfs_oci_platform_text(&b, text), "linux/amd64");
}
