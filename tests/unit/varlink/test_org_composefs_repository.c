/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/fake/mount.h"
#include "tests/unit/ops/image.h"
#include "tests/unit/varlink/calls.h"
#include "varlink/descriptions.h"

/* Opens the repository of the test anew; its handle. */
static unsigned open_root(void)
{
	char parameters[4200];
	const char *reply;
	unsigned handle;

	service.peer = (struct cfs_varlink_peer){ .uid = geteuid() };
	snprintf(parameters, sizeof(parameters), "'path':'%s'", root);
	reply = call_repository("OpenRepository", parameters);
	CHECK_EQ(sscanf(reply, "{'parameters': {'handle': %u, ", &handle), 1);
	CHECK(strstr(reply, "'hash_algorithm': 'sha256'"));
	CHECK(strstr(reply, "'objects_device_id': "));
	return handle;
}

/* Calls @method with the handle of the test's repository. */
static const char *call_root(const char *method, const char *parameters)
{
	char text[2048];

	snprintf(text, sizeof(text), "'handle':%u%s", open_root(), parameters);
	return call_repository(method, text);
}

static bool is_error(const char *reply, const char *name)
{
	char want[100];

	snprintf(want, sizeof(want), "{'error': '%s', ", name);
	return strncmp(reply, want, strlen(want)) == 0;
}

#define ERROR(name) "org.composefs.Repository." name

/* Calls @method with the path NAME below a fresh folder. */
static const char *call_path(const char *method, const char *dir,
			     const char *parameters)
{
	char text[4400];

	snprintf(text, sizeof(text), "'path':'%s/new/repo'%s", dir, parameters);
	return call_repository(method, text);
}

static void remove_name(const char *name)
{
	CFS_AUTOFREE char *refs = below(root, "images/refs");
	CFS_AUTOFREE char *path = below(refs, name);

	CHECK_EQ(unlink(path), 0);
}

TEST(a_repository_is_made_once)
{
	const char *dir = fresh_dir();

	CHECK_STR(call_path("InitRepository", dir,
			    ",'insecure':true,"
			    "'algorithm':'fsverity-sha256-12'"),
		  "{'parameters': {'created': true}}");
	CHECK_STR(call_path("InitRepository", dir,
			    ",'insecure':true,"
			    "'algorithm':'fsverity-sha256-12'"),
		  "{'parameters': {'created': false}}");
	CHECK(is_error(call_path("InitRepository", dir,
				 ",'insecure':true,"
				 "'algorithm':'fsverity-sha512-12'"),
		       ERROR("InternalError")));
	CHECK_STR(call_path("EnsureRepository", dir,
			    ",'insecure':true,"
			    "'algorithm':'fsverity-sha512-12'"),
		  "{'parameters': {'status': 'Opened'}}");
}

TEST(the_algorithm_is_sha512_unless_another_is_asked_for)
{
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *repo = below(dir, "new/repo");
	struct cfs_meta meta;

	CHECK_STR(call_path("EnsureRepository", dir, ",'insecure':true"),
		  "{'parameters': {'status': 'Created'}}");
	CHECK_EQ(cfs_access_peek(repo, &meta), 1);
	CHECK_EQ(meta.alg, CFS_ALG_SHA512);
	CHECK_EQ(meta.erofs_default, 1);
}

TEST(what_cannot_be_made_is_refused)
{
	CHECK(is_error(call_path("InitRepository", fresh_dir(),
				 ",'algorithm':'sha256'"),
		       ERROR("InvalidSpec")));
	CHECK(is_error(call_repository("InitRepository", "'path':'a/b'"),
		       ERROR("InvalidSpec")));
	CHECK(is_error(call_repository("EnsureRepository", "'path':''"),
		       ERROR("InvalidSpec")));
}

TEST(exactly_one_place_is_opened)
{
	static const char *const bad[] = {
		"",
		"'path':'/a','user':true",
		"'user':true,'system':true",
		"'user':false",
		"'path':'a'",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK(is_error(call_repository("OpenRepository", bad[i]),
			       ERROR("InvalidSpec")));
	CHECK(is_error(call_repository("OpenRepository",
				       "'path':'/nonexistent','user':false"),
		       ERROR("RepoNotFound")));
}

TEST(the_user_s_repository_is_below_the_home_directory)
{
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *repo = below(dir, ".var/lib/composefs");
	char parameters[4200];

	CHECK_EQ(setenv("HOME", dir, 1), 0);
	service.peer = (struct cfs_varlink_peer){ .uid = geteuid() };
	CHECK(is_error(call_repository("OpenRepository", "'user':true"),
		       ERROR("RepoNotFound")));
	snprintf(parameters, sizeof(parameters), "'path':'%s','insecure':true",
		 repo);
	CHECK(strstr(call_repository("InitRepository", parameters), "true"));
	CHECK(strstr(call_repository("OpenRepository", "'user':true"),
		     "'hash_algorithm': 'sha512'"));
}

TEST(the_repository_of_another_user_is_denied)
{
	char parameters[4200];

	start_empty();
	service.peer = (struct cfs_varlink_peer){ .uid = geteuid() + 1 };
	snprintf(parameters, sizeof(parameters), "'path':'%s'", root);
	CHECK(is_error(call_repository("OpenRepository", parameters),
		       CFS_VARLINK_PERMISSION_DENIED));
}

TEST(a_handle_is_closed_once)
{
	char parameters[40];

	start_empty();
	snprintf(parameters, sizeof(parameters), "'handle':%u", open_root());
	CHECK_STR(call_repository("CloseRepository", parameters),
		  "{'parameters': {}}");
	CHECK(is_error(call_repository("CloseRepository", parameters),
		       ERROR("InvalidHandle")));
	CHECK(is_error(call_repository("CloseRepository", "'handle':0"),
		       ERROR("InvalidHandle")));
}

TEST(a_check_counts_and_lists_what_is_wrong)
{
	start_empty();
	(void)add_image("name", "ab");
	CHECK_STR(call_root("Fsck", ""),
		  "{'parameters': {'ok': true, 'has_metadata': true, "
		  "'objects_checked': 3, 'objects_corrupted': 0, "
		  "'streams_checked': 0, 'streams_corrupted': 0, "
		  "'images_checked': 1, 'images_corrupted': 0, "
		  "'broken_links': 0, 'missing_objects': 0, 'errors': [], "
		  "'findings': []}}");
	lose('b');
	CHECK(strstr(call_root("Fsck", ",'metadata_only':true"),
		     "{'parameters': {'ok': false, 'has_metadata': true, "
		     "'objects_checked': 0, "));
	CHECK(strstr((char *)last.text.data,
		     "'errors': ['fsck: image-missing-object: images/"));
}

TEST(a_collection_removes_what_nothing_needs)
{
	start_empty();
	(void)add_image("name", "ab");
	CHECK_STR(call_root("Gc", ",'dry_run':false,'roots':[]"),
		  "{'parameters': {'result': {'objects_removed': 0, "
		  "'objects_bytes': 0, 'images_pruned': 0, 'streams_pruned': "
		  "0, 'signatures_pruned': 0, 'temporary_files': 0, "
		  "'objects_kept': 3}, 'dry_run': false, 'findings': []}}");
	remove_name("name");
	CHECK(strstr(call_root("Gc", ",'dry_run':true,'roots':[]"),
		     "{'result': {'objects_removed': 3, "));
	CHECK(strstr((char *)last.text.data, "'dry_run': true"));
	CHECK(strstr(call_root("Gc", ",'dry_run':false,'roots':[]"),
		     "{'result': {'objects_removed': 3, "));
	CHECK(strstr(call_root("Gc", ",'dry_run':false,'roots':[]"),
		     "{'result': {'objects_removed': 0, "));
}

TEST(a_collection_releases_the_lock)
{
	CFS_AUTOREPO struct cfs_repo other = CFS_REPO_INIT;

	start_empty();
	CHECK(strstr(call_root("Gc", ",'dry_run':false,'roots':[]"), "result"));
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &other, &err), 1);
	CHECK(cfs_repo_trylock(&other, CFS_LOCK_EXCLUSIVE));
}

TEST(a_root_that_is_nothing_at_all_is_named)
{
	start_empty();
	CHECK_STR(call_root("Gc", ",'dry_run':true,'roots':['a/b']"),
		  "{'error': 'org.composefs.Repository.NoSuchRef', "
		  "'parameters': {'reference': 'a/b'}}");
}

TEST(an_image_that_cannot_be_read_stops_a_collection)
{
	struct cfs_digest id;
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *file = NULL;

	start_empty();
	id = add_image("name", "a");
	cfs_digest_to_path(&id, path + strlen(path));
	file = below(root, path);
	CHECK_EQ(unlink(file), 0);
	put(root, path, "damaged");
	CHECK(is_error(call_root("Gc", ",'dry_run':false,'roots':[]"),
		       ERROR("GcStopped")));
	CHECK(strstr((char *)last.text.data,
		     "'parameters': {'findings': [{'code': 'unreadable', "
		     "'stops': true, 'path': 'objects/"));
}

TEST(the_objects_of_an_image_are_listed)
{
	char hex[CFS_DIGEST_HEX_MAX], parameters[200];
	struct cfs_digest id;
	unsigned n = 0;

	start_empty();
	id = add_image("name", "ab");
	cfs_digest_to_hex(&id, hex);
	CHECK(strstr(call_root("ImageObjects", ",'name':'name'"),
		     "{'parameters': {'object_ids': ['sha256:"));
	for (const char *at = (char *)last.text.data;
	     (at = strstr(at, "sha256:")); at++)
		n++;
	CHECK_EQ(n, 2);
	snprintf(parameters, sizeof(parameters), ",'name':'%s'", hex);
	CHECK(strstr(call_root("ImageObjects", parameters), "object_ids"));
}

TEST(an_image_that_does_not_exist_is_named)
{
	start_empty();
	CHECK_STR(call_root("ImageObjects", ",'name':'nothing'"),
		  "{'error': 'org.composefs.Repository.NoSuchRef', "
		  "'parameters': {'reference': 'nothing'}}");
	CHECK(is_error(call_root("ImageObjects", ",'name':'../x'"),
		       ERROR("InvalidSpec")));
	CHECK(is_error(call_root("Mount", ",'name':'nothing','options':{}"),
		       ERROR("NoSuchRef")));
}

TEST(images_that_have_names_are_listed)
{
	char want[2 * CFS_DIGEST_HEX_MAX + 200], hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;

	start_empty();
	CHECK_STR(call_root("ListImageRefs", ""),
		  "{'parameters': {'images': []}}");
	id = add_image("b/c", "a");
	(void)add_image("a", "a");
	cfs_digest_to_hex(&id, hex);
	snprintf(want, sizeof(want),
		 "{'parameters': {'images': [{'name': 'a', 'digest': '%s'}, "
		 "{'name': 'b/c', 'digest': '%s'}]}}",
		 hex, hex);
	CHECK_STR(call_root("ListImageRefs", ""), want);
}

TEST(a_mount_comes_as_a_descriptor)
{
	start_empty();
	(void)add_image("name", "a");
	fake_mount_reset();
	CHECK_STR(call_root("Mount", ",'name':'name','options':{}"),
		  "{'parameters': {'fd_index': 0}}");
	CHECK_EQ(last.n_fds_back, 1);
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir*"), 0);
	CHECK_EQ(fake_attached(), 0);
}

/* Mounts with two descriptors and @options. */
static const char *mount_with(int a, int b, const char *options)
{
	int fds[] = { a, b };
	char text[300];

	snprintf(text, sizeof(text),
		 "{'method':'org.composefs.Repository.Mount','parameters':"
		 "{'handle':%u,'name':'name','options':{%s}}}",
		 open_root(), options);
	fake_mount_reset();
	CHECK_EQ(dispatch(text, fds, 2), 0);
	return (char *)last.text.data;
}

TEST(changes_go_to_the_directories_that_came_with_the_call)
{
	CFS_AUTOFD int upper = -EBADF, work = -EBADF;

	start_empty();
	(void)add_image("name", "a");
	upper = open(fresh_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	work = open(fresh_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(strstr(
		mount_with(upper, work, "'overlay':true,'read_write':true"),
		"fd_index"));
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir=*"), 1);
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 0);
	CHECK(strstr(mount_with(upper, work, "'overlay':true"), "fd_index"));
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 1);
}

TEST(descriptors_that_do_not_fit_the_options_are_refused)
{
	CFS_AUTOFD int dir = -EBADF, file = open("/dev/null", O_RDONLY);

	start_empty();
	(void)add_image("name", "a");
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(strstr(mount_with(dir, dir, ""), "InvalidSpec"));
	CHECK(strstr(mount_with(dir, file, "'overlay':true"), "InvalidSpec"));
	CHECK_STR(fake_calls(), "");
	CHECK(is_error(
		call_root("Mount", ",'name':'name','options':{'overlay':true}"),
		ERROR("InvalidSpec")));
}

TEST(a_process_that_may_not_mount_is_denied)
{
	start_empty();
	(void)add_image("name", "a");
	fake_mount_reset();
	fake_when("fsopen *", -EPERM, FAKE_ALWAYS);
	CHECK(is_error(call_root("Mount", ",'name':'name','options':{}"),
		       CFS_VARLINK_PERMISSION_DENIED));
	CHECK_EQ(last.n_fds_back, 0);
}

TEST(a_guest_opens_one_repository_and_has_few_methods)
{
	const char *denied = "{'error': 'org.varlink.service.PermissionDenied'"
			     ", 'parameters': {}}";

	start_empty();
	service.rules.guests = root;
	service.peer =
		(struct cfs_varlink_peer){ .uid = 4000000000, .guest = true };
	CHECK_STR(call_repository("OpenRepository", "'path':'/'"), denied);
	CHECK_STR(call_repository("OpenRepository", "'user':true"), denied);
	CHECK_STR(call_repository("InitRepository", "'path':'/x'"), denied);
	CHECK(strstr(call_repository("OpenRepository", "'system':true"),
		     "'handle':"));
	CHECK_STR(call_repository("Mount", "'handle':1,'name':'x',"
					   "'options':{}"),
		  denied);
	CHECK(strstr(call("{'method':'org.varlink.service.GetInfo'}"),
		     "'product'"));
	cfs_varlink_service_free(&service);
	cfs_varlink_call_free(&last);
}
