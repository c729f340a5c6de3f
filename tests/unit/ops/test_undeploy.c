/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/undeploy.h"

#include "base/io.h"
#include "ops/pin.h"
#include "tests/unit/ops/machine.h"

#define HASH "0123456789abcdef0123456789abcdef"

static struct cfs_digest a, b;

static void start_two(void)
{
	start_machine();
	a = add_image("a", "a");
	b = add_image("b", "b");
	put_entry("os-1.conf", &a);
	put_entry("os-2.conf", &b);
	put_state(&a);
	put_state(&b);
}

static int undeploy_by(const char *name, bool delete_var)
{
	const struct cfs_deployments_params params = machine_params();
	const struct cfs_undeploy how = { .where = &params,
					  .delete_var = delete_var };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;

	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	return cfs_undeploy(&repo, &how, name, &id, &err);
}

static int undeploy(const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX];

	hex_of(id, hex);
	return undeploy_by(hex, false);
}

static int exists(const char *name)
{
	CFS_AUTOFD int fd = open_dir(machine);

	return cfs_name_exists(fd, name);
}

/* boot/loader/entries/@name that starts boot/os/HASH/linux for @id. */
static void put_prepared(const char *name, const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX], path[128], text[512];

	hex_of(id, hex);
	snprintf(path, sizeof(path), "boot/loader/entries/%s", name);
	snprintf(text, sizeof(text),
		 "linux /os/" HASH "/linux\ninitrd /os/" HASH
		 "/initrd\noptions composefs=%s\n",
		 hex);
	put(machine, path, text);
}

static void put_kernel(void)
{
	make_dir(machine, "boot/os");
	make_dir(machine, "boot/os/" HASH);
	put(machine, "boot/os/" HASH "/linux", "kernel");
	put(machine, "boot/os/" HASH "/initrd", "initrd");
}

TEST(entry_files_and_state_of_a_deployment_are_removed)
{
	start_two();
	put_kernel();
	put_prepared("os-2.conf", &b);
	CHECK_EQ(undeploy(&b), 1);
	check_list("os-1.conf,next,state");
	CHECK(!exists("boot/os"));
	CHECK_EQ(count(machine, "boot/loader/entries", ""), 1);
	CHECK_EQ(count(machine, "state/deploy", ""), 1);
	CHECK_EQ(undeploy(&b), -ENOENT);
}

TEST(files_that_another_entry_starts_stay)
{
	start_two();
	put_kernel();
	put_prepared("os-1.conf", &a);
	put_prepared("os-2.conf", &b);
	CHECK_EQ(undeploy(&b), 1);
	CHECK(exists("boot/os/" HASH "/linux"));
	CHECK(exists("boot/os/" HASH "/initrd"));
}

TEST(files_that_were_not_prepared_stay)
{
	char hex[CFS_DIGEST_HEX_MAX], text[512];

	start_two();
	hex_of(&b, hex);
	make_dir(machine, "boot/EFI");
	put(machine, "boot/EFI/important", "x");
	snprintf(text, sizeof(text),
		 "linux /vmlinuz\ninitrd /EFI/important\n"
		 "initrd /../state/" HASH "/x\ninitrd /../" HASH "/x\n"
		 "options composefs=%s\n",
		 hex);
	put(machine, "boot/loader/entries/os-2.conf", text);
	make_dir(machine, HASH);
	put(machine, HASH "/x", "x");
	CHECK_EQ(undeploy(&b), 1);
	CHECK(exists("boot/vmlinuz") && exists("boot/EFI/important"));
	CHECK(exists(HASH "/x"));
}

TEST(the_booted_one_stays)
{
	start_two();
	put_marker(&b);
	CHECK_EQ(undeploy(&b), -EBUSY);
	CHECK(strstr(err.msg, "is booted"));
	check_list("os-2.conf,booted,next,state os-1.conf,fallback,state");
}

TEST(the_last_one_that_can_be_booted_stays)
{
	start_two();
	lose('a');
	CHECK_EQ(undeploy(&b), -EBUSY);
	CHECK(strstr(err.msg, "no deployment can be booted"));
	CHECK_EQ(undeploy(&a), 1);
	CHECK_EQ(undeploy(&b), -EBUSY);
	check_list("os-2.conf,next,state");
}

TEST(a_pinned_one_stays)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start_two();
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	CHECK_EQ(cfs_pin(&store, &a, &err), 1);
	cfs_store_close(&store);
	CHECK_EQ(undeploy(&a), -EPERM);
	CHECK(strstr(err.msg, "unpin"));
}

TEST(one_whose_entry_boots_another_one_stays)
{
	char x[CFS_DIGEST_HEX_MAX], y[CFS_DIGEST_HEX_MAX], text[512];

	start_two();
	hex_of(&a, x);
	hex_of(&b, y);
	snprintf(text, sizeof(text),
		 "linux /vmlinuz\noptions composefs=%s composefs=%s\n", y, x);
	put(machine, "boot/loader/entries/os-2.conf", text);
	CHECK_EQ(undeploy(&b), -EEXIST);
	CHECK(exists("boot/loader/entries/os-2.conf"));
}

TEST(a_var_of_its_own_has_to_be_given_up)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];

	start_two();
	hex_of(&b, hex);
	snprintf(path, sizeof(path), "state/deploy/%s/var", hex);
	make_dir(machine, path);
	strcat(path, "/data");
	put(machine, path, "x");
	CHECK_EQ(undeploy(&b), -ENOTEMPTY);
	CHECK(strstr(err.msg, "--delete-var"));
	CHECK(exists("boot/loader/entries/os-2.conf") && exists(path));
	CHECK_EQ(undeploy_by(hex, true), 1);
	CHECK(!exists(path));
}

TEST(a_shared_var_stays)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];

	start_two();
	hex_of(&b, hex);
	make_dir(machine, "var");
	put(machine, "var/data", "x");
	snprintf(path, sizeof(path), "state/deploy/%s/var", hex);
	make_link(machine, path, "../../../var");
	CHECK_EQ(undeploy_by(hex, true), 1);
	CHECK(!exists(path) && exists("var/data"));
}

TEST(a_kernel_image_goes_with_its_addons)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	char cmdline[256] = "composefs=";
	struct test_section sections[] = { { ".osrel", "ID=x", 0 },
					   { ".cmdline", cmdline, 0 } };

	start_two();
	hex_of(&b, cmdline + strlen(cmdline));
	test_pe(sections, 2, &file);
	make_dir(machine, "boot/EFI");
	make_dir(machine, "boot/EFI/Linux");
	put_bytes(machine, "boot/EFI/Linux/X+3.efi", cfs_buf_bytes(&file));
	make_dir(machine, "boot/EFI/Linux/X.efi.extra.d");
	put(machine, "boot/EFI/Linux/X.efi.extra.d/a.addon.efi", "x");
	make_dir(machine, "boot/EFI/Linux/Y.efi.extra.d");
	CHECK_EQ(undeploy(&b), 1);
	CHECK(!exists("boot/EFI/Linux/X+3.efi"));
	CHECK(!exists("boot/EFI/Linux/X.efi.extra.d"));
	CHECK(exists("boot/EFI/Linux/Y.efi.extra.d"));
	CHECK_EQ(count(machine, "boot/EFI/Linux", ""), 1);
	cfs_buf_free(&visits.broken);
}

TEST(what_an_interrupted_run_hid_is_removed_first)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];
	CFS_AUTOFREE char *deploy = NULL;

	start_two();
	hex_of(&b, hex);
	put_kernel();
	put_prepared(".os-0.conf.undeployed", &b);
	deploy = below(machine, "state/deploy");
	snprintf(path, sizeof(path), ".%s.removed", hex);
	make_dir(deploy, path);
	make_dir(deploy, ".mine");
	CHECK_EQ(undeploy_by("000000000000", false), 0);
	CHECK(!exists("boot/os"));
	CHECK(!exists("boot/loader/entries/.os-0.conf.undeployed"));
	CHECK(exists("state/deploy/.mine"));
	check_list("os-2.conf,next,state os-1.conf,fallback,state");
	CHECK_EQ(undeploy_by("000000000000", false), -ENOENT);
}

TEST(a_deployment_whose_image_is_lost_is_found_by_its_digits)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];
	CFS_AUTOFREE char *image = NULL;

	start_two();
	hex_of(&b, hex);
	snprintf(path, sizeof(path), "images/%s", hex);
	image = below(root, path);
	CHECK_EQ(unlink(image), 0);
	hex[12] = '\0';
	CHECK_EQ(undeploy_by(hex, false), 1);
	check_list("os-1.conf,next,state");
	hex[11] = '\0';
	CHECK_EQ(undeploy_by(hex, false), -ENOENT);
}
