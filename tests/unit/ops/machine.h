/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A machine with deployments: all of its file systems are in one directory. */
#ifndef CFS_TESTS_UNIT_OPS_MACHINE_H
#define CFS_TESTS_UNIT_OPS_MACHINE_H

#include "ops/deployments.h"
#include "tests/unit/boot/visits.h"
#include "tests/unit/ops/image.h"

static char machine[4096]; /* sysroot, boot/ and run/ in one */
static struct visits visits;
static struct cfs_deployments list;

static inline void put_variable(const char *name, const char *value)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	char path[128];

	snprintf(path, sizeof(path),
		 "sys/firmware/efi/efivars/%s-4a67b082-0a4c-41cf-b6c7-"
		 "440b29bb8c4f",
		 name);
	cfs_buf_addz(&bytes, 4);
	for (; *value; value++)
		cfs_buf_add(&bytes, (char[]){ *value, 0 }, 2);
	put_bytes(machine, path, cfs_buf_bytes(&bytes));
}

static inline void start_machine(void)
{
	static const char *const dirs[] = { "state",
					    "state/deploy",
					    "boot",
					    "boot/loader",
					    "boot/loader/entries",
					    "run",
					    "run/composefs",
					    "proc",
					    "sys",
					    "sys/firmware",
					    "sys/firmware/efi",
					    "sys/firmware/efi/efivars" };

	start_empty();
	strcpy(machine, fresh_dir());
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		make_dir(machine, dirs[i]);
	put(machine, "boot/vmlinuz", "kernel");
	put_variable("LoaderInfo", "systemd-boot 257");
}

static inline void hex_of(const struct cfs_digest *id, char *hex)
{
	cfs_digest_to_hex(id, hex);
}

/* boot/loader/entries/@name that boots @id. */
static inline void put_entry(const char *name, const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX], path[128], text[512];

	hex_of(id, hex);
	snprintf(path, sizeof(path), "boot/loader/entries/%s", name);
	snprintf(text, sizeof(text),
		 "title %s\nlinux /vmlinuz\noptions composefs=%s\n", name, hex);
	put(machine, path, text);
}

static inline void put_state(const struct cfs_digest *id)
{
	char path[sizeof("state/deploy/") + CFS_DIGEST_HEX_MAX] =
		"state/deploy/";

	hex_of(id, path + strlen(path));
	make_dir(machine, path);
}

static inline void put_marker(const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX], text[256];

	hex_of(id, hex);
	snprintf(text, sizeof(text), "{\"digest\":\"%s\"}", hex);
	put(machine, "run/composefs/booted", text);
}

static inline void add_word(struct cfs_buf *text, const char *word, int is)
{
	if (is)
		cfs_buf_addf(text, ",%s", word);
}

static inline struct cfs_deployments_params machine_params(void)
{
	static char boot[sizeof(machine) + sizeof("/boot")];

	snprintf(boot, sizeof(boot), "%s/boot", machine);
	return (struct cfs_deployments_params){ .sysroot = machine,
						.boot = boot,
						.root = machine,
						.broken = note_broken,
						.arg = &visits };
}

static inline void read_list(void)
{
	const struct cfs_deployments_params params = machine_params();
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	cfs_deployments_free(&list);
	list = (struct cfs_deployments){ 0 };
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	CHECK_EQ(cfs_deployments_read(&repo, &params, &list, &err), 0);
}

/* Lists them: "ENTRY,booted,... ENTRY,..." with "-" for those without entry. */
static inline void check_list(const char *want)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	read_list();
	for (size_t i = 0; i < list.n; i++) {
		const struct cfs_deployment *d = &list.v[i];

		cfs_buf_addf(&text, "%s%s", i ? " " : "",
			     d->entries.n ? list.entries.v[d->entries.v[0]].id
					  : "-");
		add_word(&text, "booted", d->booted);
		add_word(&text, "next", d->next);
		add_word(&text, "fallback", d->fallback);
		add_word(&text, "staged", d->staged);
		add_word(&text, "pinned", d->pinned);
		add_word(&text, "state", d->has_state);
		add_word(&text, "bad", !d->verified);
	}
	CHECK_STR(cfs_buf_text(&text), want);
}

#endif
