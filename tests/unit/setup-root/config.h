/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A configuration from text, by way of a file of its own.
 */
#ifndef CFS_TESTS_SETUP_ROOT_CONFIG_H
#define CFS_TESTS_SETUP_ROOT_CONFIG_H

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "setup-root/config.h"
#include "tests/test.h"

/* Loads @text over the defaults, as a file that messages call ".../conf". */
static inline int config_load(struct cfs_config *config, const char *text,
			      struct cfs_log *log, struct cfs_err *err)
{
	char dir[4096], path[4200];
	int fd;

	snprintf(dir, sizeof(dir), "%s/conf-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/conf", dir);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, text, strlen(text)), 0);
	close(fd);
	cfs_config_init(config);
	return cfs_config_load(config, path, log, err);
}

#endif
