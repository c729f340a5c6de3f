/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* tests/root/registry.sh has a registry. */
#include "oci/push.h"

#include "tests/unit/oci/origin/layout.h"

#define DIGEST \
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* A skopeo that writes down what it is to send where, and fails when what it is
 * to send to ends in @fails. */
static char *fake_skopeo(const char *name, const char *fails)
{
	char *dir = new_dir(name), *path = text("%s/skopeo", dir);

	put_file(path, text("#!/bin/sh\n"
			    "case $1 in copy) ;; *) exit 1 ;; esac\n"
			    "echo \"$*\" >> %s/calls\n"
			    "case \"$*\" in *%s) echo 'level=fatal "
			    "msg=\"no\"' >&2; exit 1 ;; esac\n",
			    dir, fails));
	CHECK_EQ(chmod(path, 0755), 0);
	CHECK_EQ(setenv("PATH", text("%s:/usr/bin:/bin", dir), 1), 0);
	return dir;
}

/* What was written down. */
static char *calls(const char *dir)
{
	CFS_AUTOBUF struct cfs_buf read = { 0 };

	CHECK(cfs_read_file(AT_FDCWD, text("%s/calls", dir), 1 << 20, &read,
			    &err) >= 0);
	return text("%s", cfs_buf_text(&read));
}

/* Pushes an image, alone, of a new layout. */
static int push(const char *name, const char *reference,
		const struct cfs_origin_options *options)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	CFS_AUTOEXPORTED struct cfs_oci_exported out = { 0 };
	char *dir = new_layout(name);
	char *image = put_image(dir, "linux", "amd64", name, "");
	struct cfs_oci_descriptor *d = cfs_vec_new(&out.written);

	put_index(dir, "");
	CHECK(d);
	d->id = id_in(image);
	d->size = 1;
	strcpy(d->media_type, T_MANIFEST);
	CHECK_EQ(cfs_layout_open(dir, &layout, &err), 0);
	return cfs_oci_push(&layout, dir, &out, reference, options, &err);
}

TEST(an_image_alone_is_sent_as_it_is)
{
	const struct cfs_origin_options options = { 0 };
	char *skopeo = fake_skopeo("bin-alone", "never");

	CHECK_EQ(push("alone", "docker://host/x:1", &options), 0);
	CHECK_STR(calls(skopeo),
		  text("copy --quiet --preserve-digests --multi-arch=system "
		       "oci:%s/alone:image docker://host/x:1\n",
		       getenv("TMPDIR")));
}

TEST(settings_for_the_registry_are_passed_on)
{
	const struct cfs_origin_options options = { .authfile = "/a",
						    .cert_dir = "/c",
						    .no_tls_verify = true };
	char *skopeo = fake_skopeo("bin-settings", "never");

	CHECK_EQ(push("settings", "docker://host/x", &options), 0);
	CHECK(strstr(calls(skopeo), " --authfile /a --dest-cert-dir /c "
				    "--dest-tls-verify=false oci:"));
}

TEST(only_a_registry_and_a_tag_are_sent_to)
{
	static const char *const bad[] = {
		"oci:x",
		"host/x:1",
		("docker://host/x@" DIGEST),
	};
	const struct cfs_origin_options options = { 0 };
	char *skopeo = fake_skopeo("bin-bad", "never");

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(push(text("bad-%zu", i), bad[i], &options), -EINVAL);
	CHECK_EQ(access(text("%s/calls", skopeo), F_OK), -1);
}

TEST(a_failure_of_skopeo_says_where_it_was)
{
	const struct cfs_origin_options options = { 0 };

	(void)fake_skopeo("bin-fails", "x:1");
	CHECK_EQ(push("fails", "docker://host/x:1", &options), -EIO);
	CHECK(said("docker://host/x:1"));
}
