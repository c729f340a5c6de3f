/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An export (repo/export/format.h) that is added to.
 *
 * New files are complete on the disk before they get their names, and what
 * refers to others gets its name after them, export.json last.  A process that
 * is killed leaves an export that serves what it served before.
 */
#ifndef CFS_REPO_EXPORT_EXPORT_H
#define CFS_REPO_EXPORT_EXPORT_H

#include "base/own.h"
#include "base/source.h"
#include "compress/zstd.h"
#include "repo/export/catalogue.h"
#include "repo/export/list.h"
#include "repo/export/needs.h"

/* The folder of files that have no name yet. */
#define CFS_EXPORT_STAGING ".new"

struct cfs_export_added {
	uint64_t objects; /* new ones */
	uint64_t raw;	  /* bytes of them */
	uint64_t stored;  /* bytes that all new files take */
};

struct cfs_export {
	int fd;	     /* the directory, locked; closed by cfs_export_close() */
	int staging; /* that folder, once there is one; likewise */
	enum cfs_alg alg;
	bool has_json; /* export.json exists */
	bool sync;     /* wait for the disk before a name appears */
	struct cfs_export_catalogue names;
	struct cfs_export_packs packs;
	uint32_t next_pack;
	/* Files without a name, in the order in which they get it. */
	CFS_VEC(struct cfs_export_staged {
		char *path;	 /* owned */
		unsigned number; /* its name in the folder */
	})
	staged;
	struct cfs_export_packs pack;  /* the new one */
	struct cfs_export_packs files; /* new ones, in no pack */
	int pack_fd;		       /* of it, or -EBADF */
	size_t pack_staged;	       /* index of it */
	struct cfs_zstd *zstd;	       /* or NULL */
	struct cfs_export_added added;
};

#define CFS_EXPORT_INIT                                            \
	{                                                          \
		.fd = -EBADF, .staging = -EBADF, .pack_fd = -EBADF \
	}

/* Forgets what was not committed.  May be called twice. */
void cfs_export_close(struct cfs_export *e);
#define CFS_AUTOEXPORT __attribute__((cleanup(cfs_export_close)))

/*
 * Opens the export in the directory @path, which is created if it does not
 * exist, and locks it; removes what an interrupted run left.
 * Errors: -ENOENT there is no directory that @path could be in; -EBUSY another
 * process writes to it; -EEXIST the directory has something else; -EINVAL the
 * export is of another algorithm; -EBADMSG a file of it is damaged;
 * -EOPNOTSUPP it is of a newer version; ...
 */
int cfs_export_open(const char *path, enum cfs_alg alg, struct cfs_export *ret,
		    struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

/* Sets *@ret to where the export has the object @need.  Returns false if it
 * does not have it. */
bool cfs_export_find(struct cfs_export *e, const struct cfs_export_need *need,
		     struct cfs_export_place *ret) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds the object @need, which is open as @fd.  Objects are added in the order
 * of their digests.
 * Errors: -EBADMSG it is not what its digest names; ...
 */
int cfs_export_add(struct cfs_export *e, const struct cfs_export_need *need,
		   int fd, struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Ends the pack of the objects that were added.  All of them are found from
 * then on. */
int cfs_export_end_pack(struct cfs_export *e,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds the file @path with @data, unless it exists and has these bytes or was
 * added before. */
int cfs_export_put(struct cfs_export *e, const char *path,
		   struct cfs_bytes data,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds the file @path with what @source gives as a zstd frame, unless it was
 * added before. */
int cfs_export_put_zstd(struct cfs_export *e, const char *path,
			const struct cfs_source *source,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Gives everything its name, and then writes export.json, unless all of it was
 * there.
 * Errors: -EISDIR a directory has the name of a file; ...
 */
int cfs_export_commit(struct cfs_export *e,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Private to the room: creates the next file without a name, to be called
 * @path.  Returns its descriptor, which the caller closes. */
int cfs_export_stage(struct cfs_export *e, const char *path,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Private to the room: appends what @source gives to @sink as a zstd frame. */
int cfs_export_compress(struct cfs_export *e, const struct cfs_source *source,
			const struct cfs_sink *sink,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
