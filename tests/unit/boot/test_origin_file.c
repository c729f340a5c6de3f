/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/origin_file.h"

#include "tests/unit/boot/visits.h"

static struct cfs_err err;
static char root[4096];
static struct cfs_digest id;

static int read_it(struct cfs_origin_file *ret)
{
	CFS_AUTOFD int fd = open_dir(root);

	return cfs_origin_file_read(fd, &id, ret, &err);
}

static void start(void)
{
	strcpy(root, fresh_dir());
	make_dir(root, A);
	CHECK_EQ(cfs_digest_from_hex(A, strlen(A), &id, &err), 0);
}

TEST(the_image_and_its_manifest_are_read)
{
	CFS_AUTOORIGINFILE struct cfs_origin_file origin = { 0 };

	start();
	put(root, A "/" A ".origin",
	    "# by bootc\n[origin]\n"
	    "container-image-reference = ostree-unverified-image:docker://x\r\n"
	    "other=1\nmanifest_digest=no\n[boot]\n"
	    "container-image-reference=no\n\n"
	    "[image]\nmanifest_digest=sha256:abc");
	CHECK_EQ(read_it(&origin), 1);
	CHECK_STR(origin.image, "ostree-unverified-image:docker://x");
	CHECK_STR(origin.manifest, "sha256:abc");
}

TEST(what_is_written_is_what_bootc_writes)
{
	const struct cfs_origin_text text = {
		.image = "ostree-unverified-image:docker://x",
		.boot_type = "bls",
		.boot_digest = "ab",
		.manifest = "sha256:cd"
	};
	const struct cfs_origin_text less = { .image = "x",
					      .boot_type = "uki" };
	CFS_AUTOORIGINFILE struct cfs_origin_file origin = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 }, short_buf = { 0 };

	cfs_origin_file_write(&text, &buf);
	CHECK_STR(cfs_buf_text(&buf),
		  "[origin]\ncontainer-image-reference=ostree-unverified-image:"
		  "docker://x\n[boot]\nboot_type=bls\ndigest=ab\n"
		  "[image]\nmanifest_digest=sha256:cd\n");
	cfs_origin_file_write(&less, &short_buf);
	CHECK_STR(cfs_buf_text(&short_buf),
		  "[origin]\ncontainer-image-reference=x\n[boot]\n"
		  "boot_type=uki\n");
	start();
	put(root, A "/" A ".origin", cfs_buf_text(&buf));
	CHECK_EQ(read_it(&origin), 1);
	CHECK_STR(origin.image, text.image);
	CHECK_STR(origin.manifest, text.manifest);
}

TEST(a_deployment_may_have_no_origin)
{
	CFS_AUTOORIGINFILE struct cfs_origin_file origin = { 0 };

	start();
	CHECK_EQ(read_it(&origin), 0);
	put(root, A "/" A ".origin", "nothing to see\n[\n=\n[origin]\n=x\n");
	CHECK_EQ(read_it(&origin), 1);
	CHECK_STR(origin.image, NULL);
	CHECK_STR(origin.manifest, NULL);
}

TEST(what_is_no_file_and_what_is_too_long_are_errors)
{
	CFS_AUTOORIGINFILE struct cfs_origin_file origin = { 0 };
	CFS_AUTOFREE char *path = NULL;
	CFS_AUTOFREE char *text = calloc(1, 70000);

	start();
	path = below(root, A "/" A ".origin");
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(read_it(&origin), -EINVAL);
	CHECK_EQ(unlink(path), 0);
	make_link(root, A "/" A ".origin", "/etc/passwd");
	CHECK_EQ(read_it(&origin), -EXDEV);
	CHECK_EQ(unlink(path), 0);
	put(root, A "/" A ".origin", memset(text, 'x', 69999));
	CHECK_EQ(read_it(&origin), -EFBIG);
}
