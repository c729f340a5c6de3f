/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/marker.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/json.h"
#include "tests/test.h"

static struct cfs_err err;

static struct cfs_boot boot;

/* An image of which everything is known, booted after one that is absent. */
static void fresh(void)
{
	static uint8_t der[1];

	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	cfs_config_init(&boot.config);
	boot.n_candidates = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct cfs_karg *karg = &boot.candidates[i].karg;

		karg->version = 2;
		karg->digest.alg = CFS_ALG_SHA256;
		memset(karg->digest.bytes, i ? 0xab : 0xff, 32);
		cfs_digest_to_hex(&karg->digest, boot.candidates[i].hex);
	}
	boot.candidates[0].result = CFS_RESULT_ABSENT;
	boot.candidates[1].result = CFS_RESULT_BOOTED;
	boot.choice.index = 1;
	boot.choice.verity = true;
	boot.root.image.backend = CFS_BACKEND_LOOP;
	strcpy(boot.root.image.loop, "/dev/loop3");
	boot.root.etc = CFS_DIR_OVERLAY;
	boot.root.var = CFS_DIR_MOUNT;
	strcpy(boot.root.state_dir, "state/deploy/ab");
	boot.elapsed_us = 14321;
	boot.keys.certs.n = 3;
	for (unsigned i = 0; i < 3; i++)
		boot.keys.certs.v[i].der = (struct cfs_bytes){ der, 1 };
	strcpy(boot.keys.certs.v[0].file, "/keys.d/a\"b.pem");
	boot.keys.keys[0] = 1234;
	boot.keys.keys[2] = 77;
}

static struct cfs_json_node nodes[128];
static struct cfs_json doc;

/* Reads the marker back; the caller frees @buf, to which the result refers. */
static void read_back(struct cfs_buf *buf)
{
	cfs_marker_json(&boot, buf);
	CHECK_EQ(cfs_buf_check(buf, &err), 0);
	CHECK_EQ(buf->data[buf->len - 1], '\n');
	CHECK_EQ(cfs_json_parse(cfs_buf_bytes(buf), nodes, 128, &doc, &err), 0);
}

static const struct cfs_json_node *get(const char *name)
{
	return cfs_json_get(&doc, doc.nodes, name);
}

/* Is member @name the text @want, or null if @want is NULL? */
static bool is(const char *name, const char *want)
{
	return want ? cfs_json_is(get(name), want)
		    : get(name)->kind == CFS_JSON_NULL;
}

TEST(the_marker_is_json_with_every_member)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	const struct cfs_json_node *item;
	char hex[65];
	uint64_t n;

	fresh();
	read_back(&buf);
	for (unsigned i = 0; i < 64; i++)
		hex[i] = i % 2 ? 'b' : 'a';
	hex[64] = '\0';
	CHECK(is("digest", hex) && is("algorithm", "sha256"));
	CHECK(is("format", "v2") && is("verity", "require"));
	CHECK(cfs_json_string(get("karg"), (char[256]){ 0 }, 256));
	CHECK(is("image_backend", "loop:/dev/loop3") && is("layer_api", "fd"));
	CHECK(is("root", "image") && is("etc", "overlay") &&
	      is("var", "mount"));
	CHECK(is("state_dir", "state/deploy/ab") && is("signature", NULL));
	CHECK(is("preflight", "ok") && is("version", CFS_VERSION));
	/* By the kernel that this runs on. */
	CHECK(is("ipe", NULL) || is("ipe", "enforcing") ||
	      is("ipe", "permissive"));
	CHECK_EQ(get("insecure")->kind, CFS_JSON_FALSE);
	CHECK_EQ(get("sysroot_readonly")->kind, CFS_JSON_TRUE);
	CHECK(cfs_json_u64(get("elapsed_us"), &n));
	CHECK_EQ(n, 14321);
	item = cfs_json_first(&doc, get("candidates"));
	CHECK(cfs_json_is(cfs_json_get(&doc, item, "result"), "absent"));
	item = cfs_json_next(&doc, get("candidates"), item);
	CHECK(cfs_json_is(cfs_json_get(&doc, item, "digest"), hex));
	CHECK(cfs_json_is(cfs_json_get(&doc, item, "result"), "booted"));
}

TEST(certificates_that_the_ring_does_not_hold_are_left_out)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 }, none = { 0 };
	const struct cfs_json_node *item;
	uint64_t n;

	fresh();
	read_back(&buf);
	item = cfs_json_first(&doc, get("certs"));
	CHECK(cfs_json_u64(cfs_json_get(&doc, item, "key"), &n));
	CHECK_EQ(n, 1234);
	item = cfs_json_next(&doc, get("certs"), item);
	CHECK(cfs_json_u64(cfs_json_get(&doc, item, "key"), &n));
	CHECK_EQ(n, 77);
	CHECK(!cfs_json_next(&doc, get("certs"), item));
	boot.keys.keys[0] = boot.keys.keys[2] = 0;
	read_back(&none);
	CHECK_EQ(get("certs")->kind, CFS_JSON_ARRAY);
	CHECK(!cfs_json_first(&doc, get("certs")));
}

TEST(a_directory_in_place_of_an_image_has_no_backend)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	fresh();
	boot.root = (struct cfs_root)CFS_ROOT_INIT;
	boot.root.kind = CFS_ROOT_DIRECTORY;
	boot.root.etc = boot.root.var = CFS_DIR_NONE;
	boot.choice.proof = CFS_PROOF_PKCS7;
	read_back(&buf);
	CHECK(is("image_backend", NULL) && is("layer_api", NULL));
	CHECK(is("root", "directory") && is("state_dir", NULL));
	CHECK(is("preflight", "skipped") && is("signature", "pkcs7"));
}

TEST(every_kind_of_root_has_a_name)
{
	static const char *const names[] = { "image", "transient",
					     "transient-ro", "directory" };

	for (enum cfs_root_kind k = CFS_ROOT_IMAGE; k <= CFS_ROOT_DIRECTORY;
	     k++)
		CHECK(!strcmp(cfs_root_kind_name(k), names[k]));
}

TEST(the_file_replaces_an_older_one_whole)
{
	char dir[4096];
	CFS_AUTOFD int root = -EBADF;
	struct stat st;

	fresh();
	snprintf(dir, sizeof(dir), "%s/marker-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	CHECK_EQ(cfs_marker_write(&boot, root, &err), 0);
	CHECK_EQ(cfs_marker_write(&boot, root, &err), 0);
	CHECK_EQ(fstatat(root, "run/composefs/booted", &st, 0), 0);
	CHECK(S_ISREG(st.st_mode) && st.st_size > 100);
	CHECK_EQ(cfs_name_exists(root, "run/composefs/.booted.new"), 0);
}

TEST(a_marker_that_cannot_be_written_is_an_error)
{
	char dir[4096];
	CFS_AUTOFD int root = -EBADF;

	fresh();
	snprintf(dir, sizeof(dir), "%s/marker-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	CHECK_EQ(symlinkat(getenv("TMPDIR"), root, "run"), 0);
	CHECK_EQ(cfs_marker_write(&boot, root, &err), -ELOOP);
	CHECK(strstr(err.msg, "write /run/composefs/booted"));
}
