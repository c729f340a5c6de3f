/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/tree_source.h"

#include "tests/unit/ops/image.h"
#include "tests/unit/ops/notes.h"

static struct cfs_tree *tree;

static int read_source(struct cfs_tree_source source)
{
	notes_clear();
	cfs_tree_free(tree);
	tree = NULL;
	source.threads = 1;
	return cfs_tree_source_hash(&source, CFS_ALG_SHA256, NULL, &notes,
				    &tree, &err);
}

/* A directory with /usr and the file /usr/a. */
static const char *make_root(void)
{
	const char *dir = fresh_dir();

	make_dir(dir, "usr");
	put(dir, "usr/a", "text");
	return dir;
}

static bool has(const char *path)
{
	struct cfs_node *node;

	return cfs_tree_lookup(tree, path, &node, &err) == 1;
}

TEST(a_directory_is_read_and_transformed)
{
	CHECK(read_source((struct cfs_tree_source){ .path = make_root() }) ==
	      0);
	CHECK(has("/usr/a") && notes_seen == 0);
}

TEST(a_root_without_usr_is_refused_unless_it_is_taken_as_it_is)
{
	const char *dir = fresh_dir();

	CHECK(read_source((struct cfs_tree_source){ .path = dir }) == -ENOENT);
	CHECK(strstr(err.msg, "/usr"));
	CHECK(read_source((struct cfs_tree_source){ .path = dir,
						    .as_is = true }) == 0);
}

TEST(a_dumpfile_is_read_without_a_directory)
{
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *file = below(dir, "dump");

	put(dir, "dump",
	    "/ 4096 40755 3 0 0 0 1.0 - - -\n"
	    "/usr 4096 40755 2 0 0 0 1.0 - - -\n");
	CHECK(read_source((struct cfs_tree_source){ .dumpfile = file }) == 0);
	CHECK(has("/usr"));
}

TEST(later_mtimes_are_clamped)
{
	CHECK(read_source((struct cfs_tree_source){
		      .path = make_root(),
		      .clamp = { .on = true, .seconds = 7 } }) == 0);
	CHECK(tree->root->mtime_sec == 7);
}

static _Atomic uint64_t counter;
static unsigned files, begun, ended;

static _Atomic uint64_t *begin(void *arg, const char *path)
{
	(void)arg;
	CHECK(path);
	begun++;
	return &counter;
}

static void file(void *arg)
{
	(void)arg;
	files++;
}

static void end(void *arg)
{
	(void)arg;
	ended++;
}

TEST(files_and_bytes_are_counted_for_who_watches)
{
	const struct cfs_watch watch = { begin, file, end, NULL };
	const struct cfs_tree_source source = { .path = make_root(),
						.threads = 1 };
	CFS_AUTOFREE char *text =
		strndup((const char *)content_of('b').data, LONG_FILE);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *read = NULL;

	put(source.path, "usr/b", text);
	CHECK(cfs_tree_source_hash(&source, CFS_ALG_SHA256, &watch, NULL, &read,
				   &err) == 0);
	CHECK(begun == 1 && ended == 1 && files == 1);
	CHECK(counter == LONG_FILE);
}

TEST(whiteouts_are_noted_for_the_formats_that_lose_them)
{
	static const char text[] = "/ 4096 40755 2 0 0 0 1.0 - - -\n"
				   "/gone 0 20000 1 0 0 0 1.0 - - -\n";
	CFS_AUTO(cfs_tree_free) struct cfs_tree *with = NULL;
	const struct cfs_bytes bytes = { (const uint8_t *)text,
					 sizeof(text) - 1 };

	CHECK(cfs_dump_read(bytes, 0, &with, &err) == 0);
	notes_clear();
	cfs_note_losses(with, 1, &notes);
	CHECK(notes_seen == 0);
	cfs_note_losses(with, 2, &notes);
	CHECK(notes_n(CFS_NOTE_WHITEOUTS) == 1);
	cfs_note_losses(with, 2, NULL);
}

TEST(a_directory_that_holds_the_repository_is_refused)
{
	const char *dir = make_root();
	CFS_AUTOFREE char *inside = below(dir, "usr/not/made/yet");
	const struct cfs_tree_source source = { .path = dir };
	const struct cfs_tree_source none = { .dumpfile = "-" };

	CHECK(cfs_tree_source_check_place(&source, inside, &err) == -EINVAL);
	CHECK(cfs_tree_source_check_place(&source, "/", &err) == 0);
	CHECK(cfs_tree_source_check_place(&none, inside, &err) == 0);
}
