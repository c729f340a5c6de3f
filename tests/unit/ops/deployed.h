/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A machine whose repository is in its physical root, with images of an
 * /etc. */
#ifndef CFS_TESTS_UNIT_OPS_DEPLOYED_H
#define CFS_TESTS_UNIT_OPS_DEPLOYED_H

#include "base/io.h"
#include "tests/unit/ops/machine.h"

/* The machine's own file systems are beside the repository: sysroot is the
 * parent of that. */
static inline void start_deployed(void)
{
	CFS_AUTOFREE char *path = NULL;

	start_machine();
	path = below(machine, "composefs");
	CHECK_EQ(rename(root, path), 0);
	CHECK(strlen(path) < sizeof(root));
	strcpy(root, path);
}

/* An image with a kernel and /etc/version, which says @version. */
static inline struct cfs_digest add_system(const char *version)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_digest id;

	cfs_buf_addf(&text,
		     "/ 0 40755 2 0 0 0 1.0 - - -\n"
		     "/etc 0 40755 2 %u %u 0 1.0 - - -\n"
		     "/etc/version %zu 100644 1 0 0 0 1.0 - %s -\n"
		     "/usr 0 40755 2 0 0 0 1.0 - - -\n"
		     "/usr/lib 0 40755 2 0 0 0 1.0 - - -\n"
		     "/usr/lib/modules 0 40755 2 0 0 0 1.0 - - -\n"
		     "/usr/lib/modules/6.1 0 40755 2 0 0 0 1.0 - - -\n"
		     "/usr/lib/modules/6.1/vmlinuz 1 100644 1 0 0 0 1.0 - k "
		     "-\n",
		     getuid(), getgid(), strlen(version), version);
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&text), 0, &tree, &err), 0);
	CHECK_EQ(cfs_image_store(&store, tree, 1, &id, &err), 0);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	return id;
}

/* Writes @text to @name in the state directory of @id, or without makes it a
 * directory. */
static inline void put_in_state(const struct cfs_digest *id, const char *name,
				const char *text)
{
	char hex[CFS_DIGEST_HEX_MAX], path[512];

	hex_of(id, hex);
	snprintf(path, sizeof(path), "state/deploy/%s/%s", hex, name);
	if (text)
		put(machine, path, text);
	else
		make_dir(machine, path);
}

/* A state directory with layers, and a var of its own. */
static inline void put_layers(const struct cfs_digest *id)
{
	static const char *const dirs[] = { "etc", "etc/upper", "etc/work",
					    "var" };

	put_state(id);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		put_in_state(id, dirs[i], NULL);
}

static inline int state_has(const struct cfs_digest *id, const char *name)
{
	CFS_AUTOFD int fd = open_dir(machine);
	char hex[CFS_DIGEST_HEX_MAX], path[512];

	hex_of(id, hex);
	snprintf(path, sizeof(path), "state/deploy/%s/%s", hex, name);
	return cfs_name_exists(fd, path);
}

#endif
