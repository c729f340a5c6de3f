/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects of an export. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/copy.h"
#include "repo/export/export.h"
#include "repo/object.h"

/* Is there a file of its own for the object? */
static bool find_file(const struct cfs_export *e,
		      const struct cfs_export_need *need, const char *suffix,
		      struct cfs_export_place *ret)
{
	struct cfs_export_place place = { .pack = CFS_EXPORT_NO_PACK,
					  .zstd = *suffix != '\0' };
	char path[CFS_EXPORT_PATH_MAX];
	struct stat st;

	cfs_export_object_path(&need->id, suffix, path);
	if (fstatat(e->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return false;
	place.stored = (uint64_t)st.st_size;
	if (!cfs_export_place_fits(&place, need->size))
		return false;
	*ret = place;
	return true;
}

bool cfs_export_find(struct cfs_export *e, const struct cfs_export_need *need,
		     struct cfs_export_place *ret)
{
	struct cfs_export_place place;

	if (cfs_export_packs_find(&e->packs, &need->id, &place) &&
	    cfs_export_place_fits(&place, need->size)) {
		*ret = place;
		return true;
	}
	return need->size > CFS_EXPORT_SMALL &&
	       (find_file(e, need, ".zst", ret) || find_file(e, need, "", ret));
}

static bool is_worth_it(uint64_t stored, uint64_t size)
{
	return stored <= size - size / CFS_EXPORT_SAVES && stored < size;
}

static int open_pack(struct cfs_export *e, struct cfs_err *err)
{
	char path[CFS_EXPORT_PATH_MAX];

	if (e->pack_fd >= 0)
		return 0;
	cfs_export_pack_path(e->next_pack, ".pack", path);
	e->pack_staged = e->staged.n;
	e->pack_fd = cfs_export_stage(e, path, err);
	return e->pack_fd < 0 ? e->pack_fd : 0;
}

/* Appends the bytes @data of the object to the pack. */
static int append(struct cfs_export *e, const struct cfs_digest *id,
		  struct cfs_bytes data, bool zstd, struct cfs_err *err)
{
	const struct cfs_export_packed *last =
		e->pack.n > 0 ? &e->pack.v[e->pack.n - 1] : NULL;
	struct cfs_export_packed packed = {
		.id = *id,
		.place = { .pack = e->next_pack,
			   .zstd = zstd,
			   .offset = last ? last->place.offset +
						     last->place.stored
					  : 0,
			   .stored = data.len },
	};
	int r = open_pack(e, err);

	if (r < 0)
		return r;
	if (packed.place.offset > CFS_EXPORT_PACK_MAX - CFS_EXPORT_SMALL ||
	    e->pack.n == CFS_EXPORT_OBJECTS_MAX)
		return cfs_fail(err, EFBIG,
				"too many new objects for one pack: publish "
				"fewer images at once");
	if (!cfs_vec_add(&e->pack, packed))
		return cfs_no_memory(err);
	r = cfs_write_full(e->pack_fd, data.data, data.len);
	e->added.stored += data.len;
	return r < 0 ? cfs_fail_code(err, r, "write the pack") : 0;
}

static int add_small(struct cfs_export *e, const struct cfs_export_need *need,
		     int fd, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf raw = { 0 }, zstd = { 0 };
	struct cfs_sink sink = cfs_sink_of_buf(&zstd);
	struct cfs_source source;
	struct cfs_bytes rest;
	int r = cfs_read_all(fd, CFS_EXPORT_SMALL, &raw);

	if (r < 0)
		return cfs_fail_code(err, r, "read");
	if (raw.len != need->size)
		return cfs_object_damaged(&need->id, err);
	rest = cfs_buf_bytes(&raw);
	source = cfs_source_of_bytes(&rest);
	r = cfs_export_compress(e, &source, &sink, err);
	if (r < 0)
		return r;
	if (is_worth_it(zstd.len, raw.len))
		return append(e, &need->id, cfs_buf_bytes(&zstd), true, err);
	return append(e, &need->id, cfs_buf_bytes(&raw), false, err);
}

/* Puts the plain bytes where the compressed ones are. */
static int take_plain(struct cfs_export *e, int from, int to,
		      struct cfs_err *err)
{
	char *path = e->staged.v[e->staged.n - 1].path;

	path[strlen(path) - strlen(".zst")] = '\0';
	if (ftruncate(to, 0) < 0 || lseek(to, 0, SEEK_SET) < 0 ||
	    lseek(from, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "start again");
	return cfs_copy_rest(from, to, err);
}

static int add_file(struct cfs_export *e, const struct cfs_export_need *need,
		    int from, struct cfs_err *err)
{
	struct cfs_export_packed file = { need->id,
					  { .pack = CFS_EXPORT_NO_PACK } };
	struct cfs_source source = cfs_source_of_fd(&from);
	char path[CFS_EXPORT_PATH_MAX];
	CFS_AUTOFD int to = -EBADF;
	struct cfs_sink sink = cfs_sink_of_fd(&to);
	struct stat st;
	int r;

	cfs_export_object_path(&need->id, ".zst", path);
	to = r = cfs_export_stage(e, path, err);
	if (r >= 0)
		r = cfs_export_compress(e, &source, &sink, err);
	if (r == 0 && fstat(to, &st) < 0)
		r = cfs_fail_errno(err, "stat");
	if (r < 0)
		return r;
	file.place.zstd = is_worth_it((uint64_t)st.st_size, need->size);
	file.place.stored = file.place.zstd ? (uint64_t)st.st_size : need->size;
	if (!file.place.zstd)
		r = take_plain(e, from, to, err);
	e->added.stored += file.place.stored;
	if (r == 0 && !cfs_vec_add(&e->files, file))
		r = cfs_no_memory(err);
	return r;
}

int cfs_export_add(struct cfs_export *e, const struct cfs_export_need *need,
		   int fd, struct cfs_err *err)
{
	int r = cfs_object_check(fd, &need->id, err);

	if (r >= 0 && need->size > CFS_EXPORT_SMALL)
		r = add_file(e, need, fd, err);
	else if (r >= 0)
		r = add_small(e, need, fd, err);
	e->added.objects++;
	e->added.raw += need->size;
	return r;
}

/* The pack becomes the last of the files. */
static void put_off_pack(struct cfs_export *e)
{
	struct cfs_export_staged *at = &e->staged.v[e->pack_staged];
	struct cfs_export_staged pack = *at;
	size_t behind = e->staged.n - e->pack_staged - 1;

	memmove(at, at + 1, behind * sizeof(*at));
	at[behind] = pack;
}

static int find_from_now(struct cfs_export *e,
			 const struct cfs_export_packs *added,
			 struct cfs_err *err)
{
	for (size_t i = 0; i < added->n; i++)
		(void)cfs_vec_add(&e->packs, added->v[i]);
	e->packs.unsorted = true;
	return cfs_vec_check(&e->packs, err);
}

/* A list without its pack is passed over, and replaced by the next publish: it
 * gets its name before. */
int cfs_export_end_pack(struct cfs_export *e, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf list = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	int r = find_from_now(e, &e->files, err);

	if (r < 0 || e->pack_fd < 0)
		return r;
	cfs_closep(&e->pack_fd);
	cfs_export_pack_path(e->next_pack++, ".list", path);
	r = cfs_export_list_write(e->alg, e->pack.v, e->pack.n, &list, err);
	if (r == 0)
		r = cfs_export_put(e, path, cfs_buf_bytes(&list), err);
	if (r < 0)
		return r;
	put_off_pack(e);
	return find_from_now(e, &e->pack, err);
}
