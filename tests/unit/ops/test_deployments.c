/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/deployments.h"

#include "ops/pin.h"
#include "tests/unit/ops/machine.h"

TEST(entries_state_and_the_running_system_make_a_list)
{
	struct cfs_digest a, b, c;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	c = add_image("c", "c");
	put_entry("os-1.conf", &a);
	put_entry("os-2+3.conf", &b);
	put_state(&a);
	put_state(&b);
	put_state(&c);
	put_marker(&a);
	check_list("os-2.conf,next,state os-1.conf,booted,fallback,state "
		   "-,state");
	check_visits(&visits, "", "");
}

TEST(the_root_mount_says_what_is_booted_where_there_is_no_marker)
{
	char hex[CFS_DIGEST_HEX_MAX], line[512];
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-2.conf", &b);
	make_dir(machine, "proc/self");
	hex_of(&b, hex);
	snprintf(line, sizeof(line),
		 "1 0 0:1 / / ro - overlay composefs:%s ro\n"
		 "2 1 0:2 / /mnt ro - overlay composefs:%064d ro\n",
		 hex, 0);
	put(machine, "proc/self/mountinfo", line);
	check_list("os-2.conf,booted,next os-1.conf,fallback");
}

TEST(an_entry_without_tries_left_is_no_fallback)
{
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-2+0-3.conf", &b);
	check_list("os-1.conf,next os-2.conf");
}

TEST(several_entries_of_an_image_are_one_deployment)
{
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-2.conf", &b);
	put_entry("os-3.conf", &b);
	check_list("os-3.conf,next os-1.conf,fallback");
	CHECK_EQ(list.v[0].entries.n, 2);
}

TEST(an_entry_of_several_images_boots_the_first_that_is_there)
{
	char x[CFS_DIGEST_HEX_MAX], y[CFS_DIGEST_HEX_MAX], text[1024];
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	hex_of(&a, x);
	hex_of(&b, y);
	snprintf(text, sizeof(text),
		 "linux /vmlinuz\noptions composefs=" A
		 " composefs=%s composefs=%s\n",
		 x, y);
	put(machine, "boot/loader/entries/os.conf", text);
	check_list("os.conf,next");
	CHECK(cfs_digest_equal(&list.v[0].id, &a));
	put_state(&b);
	check_list("os.conf,next,state");
	CHECK(cfs_digest_equal(&list.v[0].id, &b));
	put(machine, "boot/loader/entries/os.conf",
	    "linux /vmlinuz\noptions composefs=" A " composefs=" B "\n");
	check_list("os.conf,next,bad -,state");
	CHECK_EQ(list.v[0].id.bytes[0], 0xa3);
}

TEST(other_systems_are_no_deployments_but_may_be_next)
{
	struct cfs_digest a;

	start_machine();
	a = add_image("a", "a");
	put_entry("os-1.conf", &a);
	put(machine, "boot/loader/entries/zz.conf", "linux /vmlinuz\n");
	check_list("os-1.conf,fallback");
	CHECK_STR(list.entries.v[list.order.v[0]].id, "zz.conf");
}

/* With an entry @other between the entries of two deployments. */
static void put_two_around(const char *other)
{
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-3.conf", &b);
	put(machine, other, "linux /vmlinuz\n");
}

TEST(what_another_system_is_started_before_is_no_fallback)
{
	put_two_around("boot/loader/entries/os-2.conf");
	check_list("os-3.conf,next os-1.conf");
	put_two_around("boot/loader/entries/os-2+0-3.conf");
	check_list("os-3.conf,next os-1.conf,fallback");
}

TEST(an_image_that_is_not_whole_is_said_to_be_so)
{
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-2.conf", &b);
	lose('b');
	check_list("os-2.conf,next,bad os-1.conf,fallback");
	CHECK(strstr(list.v[0].unverified, "is not whole"));
	CHECK_STR(list.v[1].unverified, NULL);
}

TEST(pinned_deployments_are_marked)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest a, b;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-2.conf", &b);
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	CHECK_EQ(cfs_pin(&store, &a, &err), 1);
	cfs_store_close(&store);
	check_list("os-2.conf,next os-1.conf,fallback,pinned");
}

TEST(variables_of_the_firmware_are_those_of_the_running_machine)
{
	static const char variable[] = "sys/firmware/efi/efivars/"
				       "LoaderEntryDefault-4a67b082-0a4c-41cf-"
				       "b6c7-440b29bb8c4f";
	struct cfs_digest a, b, c;

	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	c = add_image("c", "c");
	put_entry("1.conf", &a);
	put_entry("2.conf", &b);
	put_bytes(machine, variable,
		  (struct cfs_bytes){ (const uint8_t *)"\6\0\0\0001\0.\0*\0",
				      10 });
	check_list("2.conf,next 1.conf,fallback");
	put_marker(&c);
	check_list("2.conf,next 1.conf,fallback");
	put_marker(&b);
	check_list("1.conf,next 2.conf,booted,fallback");
}

TEST(what_is_foreign_below_state_is_reported_and_no_deployment)
{
	char hex[CFS_DIGEST_HEX_MAX], upper[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFREE char *deploy = NULL;
	struct cfs_digest a;

	start_machine();
	a = add_image("a", "a");
	deploy = below(machine, "state/deploy");
	hex_of(&a, hex);
	for (size_t i = 0; i < sizeof(upper); i++)
		upper[i] = (char)(hex[i] >= 'a' ? hex[i] - 32 : hex[i]);
	put_state(&a);
	make_dir(deploy, upper);
	make_dir(deploy, "x\ny");
	make_dir(deploy, ".removed");
	put(deploy, A, "a file");
	make_link(deploy, B, "nowhere");
	make_link(deploy, C, "/proc/self/root");
	check_list("-,state");
	CHECK_EQ(visits.broken.len > 0, 1);
	cfs_buf_addz(&visits.broken, 1);
	CHECK(strstr((char *)visits.broken.data, "x\ny: its name is not"));
	CHECK(strstr((char *)visits.broken.data, A ": not a directory"));
	CHECK(strstr((char *)visits.broken.data, B ": not a directory"));
	CHECK(strstr((char *)visits.broken.data, C ": not a directory"));
	CHECK(strstr((char *)visits.broken.data, "is not in lower case"));
	cfs_buf_free(&visits.broken);
}

TEST(what_bootc_wrote_down_is_read)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];
	CFS_AUTOFREE char *deploy = NULL;
	struct cfs_digest a;

	start_machine();
	a = add_image("a", "a");
	deploy = below(machine, "state/deploy");
	hex_of(&a, hex);
	put_state(&a);
	snprintf(path, sizeof(path), "%s/var", hex);
	make_link(deploy, path, "../../os/default/var");
	snprintf(path, sizeof(path), "%s/%s.origin", hex, hex);
	put(deploy, path,
	    "[origin]\ncontainer-image-reference=x\n[image]\n"
	    "manifest_digest=sha256:y\n");
	make_dir(machine, "boot/loader/entries.staged");
	put_entry("../entries.staged/os.conf", &a);
	check_list("os.conf,staged,state");
	CHECK_STR(list.v[0].origin.image, "x");
	CHECK_STR(list.v[0].origin.manifest, "sha256:y");
	check_visits(&visits, "", "");
	CHECK_EQ(chdir(deploy), 0);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mkfifo(path, 0600), 0);
	check_list("os.conf,staged,state");
	CHECK(visits.broken.len > 0);
	cfs_buf_free(&visits.broken);
}

TEST(a_machine_needs_no_boot_partition_and_no_state)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_deployments_params params = { .sysroot = root,
						 .root = root,
						 .broken = note_broken,
						 .arg = &visits };

	start_empty();
	cfs_deployments_free(&list);
	list = (struct cfs_deployments){ 0 };
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	CHECK_EQ(cfs_deployments_read(&repo, &params, &list, &err), 0);
	CHECK_EQ(list.n, 0);
	params.boot = "/nonexistent";
	CHECK_EQ(cfs_deployments_read(&repo, &params, &list, &err), -ENOENT);
	CHECK(strstr(err.msg, "/nonexistent"));
}

TEST(a_deployment_boots_by_an_entry_a_whole_image_and_its_state)
{
	struct cfs_digest a;
	size_t entry;

	start_machine();
	a = add_image("a", "a");
	put_entry("os+0-1.conf", &a);
	put_state(&a);
	check_list("os.conf,next,state");
	CHECK(!cfs_deployment_boots(&list, &list.v[0], &entry));
	put_entry("os+1.conf", &a);
	check_list("os.conf,next,state");
	CHECK(cfs_deployment_boots(&list, &list.v[0], &entry));
	CHECK_STR(list.entries.v[entry].path, "loader/entries/os+1.conf");
	list.v[0].has_state = false;
	CHECK(!cfs_deployment_boots(&list, &list.v[0], &entry));
	lose('a');
	check_list("os.conf,next,state,bad");
	CHECK(!cfs_deployment_boots(&list, &list.v[0], &entry));
}
