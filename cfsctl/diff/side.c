/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The two sides of `cfsctl diff`: images, directories and dumpfiles. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cfsctl/compute.h"
#include "cfsctl/diff/diff.h"
#include "erofs/format.h"
#include "erofs/loss.h"
#include "erofs/reader.h"
#include "erofs/writer.h"
#include "fsverity/merkle.h"
#include "repo/ref.h"
#include "tree/dump/dump.h"

/* As compute-id has it, which is what one compares with. */
#define FORMAT_DEFAULT 1

void cmd_diff_side_free(struct cfs_diff_side *side)
{
	cfs_tree_free(side->tree);
	cfs_buf_free(&side->image);
	side->tree = NULL;
}

static bool has_magic(int fd, off_t off, uint32_t magic)
{
	cfs_le32 word;

	return cfs_pread_full(fd, &word, sizeof(word), (uint64_t)off) ==
		       (ssize_t)sizeof(word) &&
	       cfs_get32(word) == magic;
}

/* Either magic: one without the other is an image to complain about. */
static bool is_image(int fd)
{
	return has_magic(fd, 0, CFS_EROFS_HEADER_MAGIC) ||
	       has_magic(fd, CFS_EROFS_SUPER_START, CFS_EROFS_MAGIC);
}

static int read_image(struct cfs_diff_side *side, int fd, struct cfs_err *err)
{
	int r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, &side->image);

	side->kind = CFS_DIFF_OF_IMAGE;
	if (r == -EFBIG)
		return cfs_fail(err, EFBIG, "read %s: it is longer than 1 GiB",
				side->name);
	if (r < 0)
		return cfs_fail(err, -r, "read %s: %s", side->name,
				strerror(-r));
	r = cfs_erofs_read(cfs_buf_bytes(&side->image), CFS_EROFS_READ_INFO,
			   &side->tree, &side->version, err);
	return r < 0 ? cfs_ctx(err, "read %s", side->name) : 0;
}

static int read_dumpfile(struct cfs_diff_side *side, int fd,
			 struct cfs_err *err)
{
	int r = cfs_dump_read_fd(fd, CFS_DUMP_LENIENT, &side->tree, err);

	side->kind = CFS_DIFF_OF_DUMPFILE;
	return r < 0 ? cfs_ctx(err, "read %s as a dumpfile", side->name) : 0;
}

static int read_file(struct cfs_diff_side *side, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(side->name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return cfs_fail_errno(err, "open %s", side->name);
	return is_image(fd) ? read_image(side, fd, err)
			    : read_dumpfile(side, fd, err);
}

static int read_from_repo(const struct cfs_globals *g,
			  struct cfs_diff_side *side, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFD int fd = -EBADF;
	int secure = 0, r;

	if (g->no_repo)
		return cfs_fail(err, ENOENT,
				"%s: no such file (not searching the "
				"repository because of --no-repo)",
				side->name);
	r = cmd_open_repo(g, &repo, err);
	if (r < 0)
		return cfs_ctx(err, "%s: no such file; as an image",
			       side->name);
	secure = cmd_demands_verity(g, &repo, err);
	if (secure < 0)
		return secure;
	r = cmd_find_image(&repo, side->name, &side->id, err);
	if (r == 0)
		r = cfs_image_open(&repo, &side->id, secure > 0, &fd, err);
	return r < 0 ? r : read_image(side, fd, err);
}

/* All but directories, which are only recognized. */
static int read_first(const struct cfs_globals *g,
		      const struct cfs_diff_options_given *given,
		      struct cfs_diff_side *side, struct cfs_err *err)
{
	struct stat st;
	int r = given->tree ? given->tree(g, side->name, &given->source,
					  &side->tree, err)
			    : 0;

	if (r != 0) {
		side->kind = CFS_DIFF_OF_OCI;
		return r < 0 ? r : 0;
	}

	if (strcmp(side->name, "-") == 0) {
		side->name = "stdin";
		return read_dumpfile(side, STDIN_FILENO, err);
	}
	if (stat(side->name, &st) < 0) {
		if (errno != ENOENT && errno != ENAMETOOLONG)
			return cfs_fail_errno(err, "stat %s", side->name);
		return read_from_repo(g, side, err);
	}
	side->kind = CFS_DIFF_OF_DIR;
	return S_ISDIR(st.st_mode) ? 0 : read_file(side, err);
}

static enum cfs_alg alg_of(const struct cfs_diff_side *side)
{
	if (side->id.alg)
		return side->id.alg;
	return side->tree ? side->tree->alg : 0;
}

/* The algorithm for sides that have no digests yet. */
static enum cfs_alg alg_of_repo(const struct cfs_globals *g)
{
	struct cfs_meta meta;

	if (!g->no_repo && cfs_access_peek(g->repo, &meta))
		return meta.alg;
	return CFS_ALG_SHA512;
}

static enum cfs_alg choose_alg(const struct cfs_globals *g,
			       const struct cfs_diff_side side[2])
{
	if (g->has_alg)
		return g->alg;
	if (alg_of(&side[0]))
		return alg_of(&side[0]);
	return alg_of(&side[1]) ? alg_of(&side[1]) : alg_of_repo(g);
}

static int read_dir(const struct cfs_tree_source *source, enum cfs_alg alg,
		    struct cfs_diff_side *side, struct cfs_err *err)
{
	const struct cfs_computation c = { .alg = alg };
	struct cfs_tree_source dir = *source;

	dir.path = side->name;
	dir.lint = CFS_LINT_OFF;
	return cmd_compute_tree(&c, &dir, &side->tree, err);
}

/* A tree that cannot be an image of that version has no bytes. */
static void write_image(struct cfs_diff_side *side, unsigned version)
{
	side->version = version;
	if (cfs_erofs_write(side->tree, version, 0, &side->image,
			    &side->refused) < 0)
		cfs_buf_free(&side->image);
}

static int identify(const struct cfs_globals *g, enum cfs_alg alg,
		    const struct cfs_diff_side *other,
		    struct cfs_diff_side *side, struct cfs_err *err)
{
	unsigned version = g->erofs_version < 0 ? FORMAT_DEFAULT
						: (unsigned)g->erofs_version;

	if (side->id.alg)
		return 0;
	if (!g->has_alg && alg_of(side))
		alg = alg_of(side);
	if (other->kind == CFS_DIFF_OF_IMAGE)
		version = other->version;
	if (side->kind != CFS_DIFF_OF_IMAGE)
		write_image(side, version);
	if (side->kind != CFS_DIFF_OF_IMAGE &&
	    other->kind == CFS_DIFF_OF_IMAGE &&
	    cfs_erofs_drop_lost(side->tree, version, &side->lost, err) < 0)
		return -err->code;
	if (side->image.len == 0)
		return 0;
	return cfs_verity_digest_bytes(alg, cfs_buf_bytes(&side->image),
				       &side->id, err);
}

int cmd_diff_read(const struct cfs_globals *g,
		  const struct cfs_diff_options_given *given,
		  char *const names[static 2], struct cfs_diff_side side[2],
		  struct cfs_err *err)
{
	enum cfs_alg alg;
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		side[i].name = names[i];
		r = read_first(g, given, &side[i], err);
	}
	if (r < 0)
		return r;
	alg = choose_alg(g, side);
	for (int i = 0; i < 2 && r == 0; i++) {
		if (side[i].kind == CFS_DIFF_OF_DIR)
			r = read_dir(&given->source, alg, &side[i], err);
	}
	for (int i = 0; i < 2 && r == 0; i++)
		r = identify(g, alg, &side[1 - i], &side[i], err);
	return r;
}
