/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* org.composefs.Repository: each method calls its verb and writes the result as
 * JSON. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "erofs/reader.h"
#include "fsverity/digest_set.h"
#include "ops/image_map.h"
#include "ops/verify.h"
#include "repo/find.h"
#include "repo/init.h"
#include "repo/ref.h"
#include "varlink/descriptions.h"
#include "varlink/mounting.h"
#include "varlink/repository_reports.h"
#include "varlink/service.h"

#define HANDLE                               \
	{                                    \
		"handle", CFS_VARLINK_INT, 0 \
	}
#define OPTIONAL .optional = true
#define GUESTS	 .for_guests = true

static int invalid_spec(struct cfs_varlink_call *call, const char *why)
{
	return cfs_varlink_refuse_text(call, "InvalidSpec", "message", why);
}

static int no_such_ref(struct cfs_varlink_call *call, const char *name)
{
	return cfs_varlink_refuse_text(call, "NoSuchRef", "reference", name);
}

/* A path would be taken below the directory that the service runs in, which a
 * client does not know. */
static const char relative[] = "path: an absolute path is needed";

static const struct cfs_varlink_parameter init_parameters[] = {
	{ "path", CFS_VARLINK_STRING },
	{ "algorithm", CFS_VARLINK_STRING, OPTIONAL },
	{ "insecure", CFS_VARLINK_BOOL, OPTIONAL },
	{ 0 },
};

/* Makes a repository.  *@ret_how: enum cfs_init, or -1 if the reply is
 * written. */
static int init(struct cfs_varlink_call *call, bool ensure, int *ret_how,
		struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	struct cfs_init_params params = {
		.meta = { .alg = CFS_ALG_SHA512, .erofs_default = 1 },
		.secure = !v[2].yes,
		.ensure = ensure,
		.default_alg = !v[1].given,
	};
	int r;

	*ret_how = -1;
	if (v[0].text[0] != '/')
		return invalid_spec(call, relative);
	if (v[1].given && cfs_alg_from_id(v[1].text, &params.meta.alg, err) < 0)
		return invalid_spec(call, err->msg);
	r = cfs_repo_init(v[0].text, &params, err);
	if (r >= 0)
		*ret_how = r;
	return r < 0 ? r : 0;
}

static int init_repository(struct cfs_varlink_service *service,
			   struct cfs_varlink_call *call, struct cfs_err *err)
{
	int how, r = init(call, false, &how, err);

	(void)service;
	if (r < 0 || how < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_bool(&call->reply, "created", how == CFS_INIT_CREATED);
	return 0;
}

static int ensure_repository(struct cfs_varlink_service *service,
			     struct cfs_varlink_call *call, struct cfs_err *err)
{
	static const char *const names[] = {
		[CFS_INIT_CREATED] = "Created",
		[CFS_INIT_ALREADY] = "Opened",
		[CFS_INIT_UPGRADED] = "Upgraded",
	};
	int how, r = init(call, true, &how, err);

	(void)service;
	if (r < 0 || how < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_text(&call->reply, "status", names[how]);
	return 0;
}

/* The path of the repository that a guest means, who can name but one.  @path:
 * NULL, for that of the system. */
static int path_for_guest(const struct cfs_varlink_service *service,
			  const char *path, char **ret, struct cfs_err *err)
{
	if (path && strcmp(path, service->rules.guests) != 0)
		return -EACCES;
	*ret = strdup(service->rules.guests);
	return *ret ? 0 : cfs_no_memory(err);
}

/* Writes the path of the repository that a call of OpenRepository means to
 * *@ret, which the caller frees; or the reply, and *@ret stays NULL. */
static int path_of(const struct cfs_varlink_service *service,
		   struct cfs_varlink_call *call, char **ret,
		   struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	CFS_AUTOFREE char *home = NULL;
	int r;

	if (v[0].given + v[1].yes + v[2].yes != 1)
		return invalid_spec(call, "exactly one of path, user and "
					  "system has to be set");
	if (v[0].given && v[0].text[0] != '/')
		return invalid_spec(call, relative);
	if (service->peer.guest)
		return v[1].yes ? -EACCES
				: path_for_guest(service, v[0].text, ret, err);
	if (v[1].yes) {
		r = cfs_varlink_peer_home(&service->peer, &home, err);
		if (r < 0)
			return r;
		r = asprintf(ret, "%s/" CFS_USER_REPO, home);
	} else {
		r = asprintf(ret, "%s",
			     v[0].given ? v[0].text : CFS_SYSTEM_REPO);
	}
	if (r >= 0)
		return 0;
	*ret = NULL;
	return cfs_no_memory(err);
}

static const struct cfs_varlink_parameter open_parameters[] = {
	{ "path", CFS_VARLINK_STRING, OPTIONAL },
	{ "user", CFS_VARLINK_BOOL, OPTIONAL },
	{ "system", CFS_VARLINK_BOOL, OPTIONAL },
	{ 0 },
};

static int open_repository(struct cfs_varlink_service *service,
			   struct cfs_varlink_call *call, struct cfs_err *err)
{
	const struct cfs_varlink_handle *handle;
	CFS_AUTOFREE char *path = NULL;
	struct stat st;
	int r = path_of(service, call, &path, err);

	if (r < 0 || !path)
		return r;
	r = cfs_varlink_handles_open(&service->handles, path,
				     service->rules.flags, &service->peer,
				     &handle, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return cfs_varlink_refuse_text(call, "RepoNotFound", "message",
					       err->msg);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_u64(&call->reply, "handle", handle->id);
	cfs_json_write_text(&call->reply, "hash_algorithm",
			    cfs_alg_name(handle->repo.meta.alg));
	if (fstatat(handle->repo.fd, "objects", &st, AT_SYMLINK_NOFOLLOW) == 0)
		cfs_json_write_u64(&call->reply, "objects_device_id",
				   st.st_dev);
	return 0;
}

static const struct cfs_varlink_parameter handle_alone[] = { HANDLE, { 0 } };

static int close_repository(struct cfs_varlink_service *service,
			    struct cfs_varlink_call *call, struct cfs_err *err)
{
	uint64_t id = call->value[0].number;

	(void)err;
	if (cfs_varlink_handles_close(&service->handles, id)) {
		cfs_varlink_reply(call);
		return 0;
	}
	cfs_varlink_refuse(call, "InvalidHandle");
	cfs_json_write_u64(&call->reply, "handle", id);
	return 0;
}

static const struct cfs_varlink_parameter fsck_parameters[] = {
	HANDLE,
	{ "metadata_only", CFS_VARLINK_BOOL, OPTIONAL },
	{ 0 },
};

static int fsck(const struct cfs_varlink_handle *handle,
		struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOCHECKRESULT struct cfs_check_result checked = { 0 };
	const struct cfs_check params = {
		.metadata_only = call->value[1].yes,
	};
	int r = cfs_check_opened(&handle->access, &handle->repo, &params,
				 &checked, err);

	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_varlink_write_check(&checked, &call->reply);
	return 0;
}

static const struct cfs_varlink_parameter gc_parameters[] = {
	HANDLE,
	{ "dry_run", CFS_VARLINK_BOOL },
	{ "roots", CFS_VARLINK_STRINGS },
	{ 0 },
};

/* Is one of the roots of the call what @err is about? */
static bool is_about_root(const struct cfs_varlink_call *call,
			  const struct cfs_err *err)
{
	for (size_t i = 0; i < call->value[2].texts.n; i++)
		if (err->path[0] && strncmp(call->value[2].texts.v[i],
					    err->path, strlen(err->path)) == 0)
			return true;
	return false;
}

/* Is the repository of @handle the one that the boot partitions boot from?  It
 * may have been opened by another path. */
static bool is_booted(const struct cfs_varlink_rules *rules,
		      const struct cfs_varlink_handle *handle)
{
	struct stat a, b;

	return rules->n_boot > 0 && stat(rules->boot_repo, &a) == 0 &&
	       fstat(handle->repo.fd, &b) == 0 && cfs_is_same_file(&a, &b);
}

static int collect(const struct cfs_varlink_handle *handle,
		   struct cfs_varlink_call *call,
		   struct cfs_varlink_gc_findings *findings,
		   struct cfs_err *err)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	const struct cfs_varlink_rules *rules = &call->service->rules;
	const struct cfs_varlink_value *v = call->value;
	const struct cfs_collect params = {
		.path = handle->path,
		.how = v[1].yes ? CFS_GC_COUNT
		       : handle->access.flags & CFS_ACCESS_NO_SYNC
			       ? CFS_GC_REMOVE_NO_SYNC
			       : CFS_GC_REMOVE,
		.roots = (const char *const *)v[2].texts.v,
		.n_roots = (unsigned)v[2].texts.n,
		.boot = rules->boot,
		.n_boot = is_booted(rules, handle) ? rules->n_boot : 0,
		.found = cfs_varlink_gc_finding_add,
		.arg = findings,
	};
	struct cfs_gc_result result = { 0 };
	int r = cfs_collect_garbage(&handle->repo, &params, &gc, &result, err);

	if (r == -ENOENT && is_about_root(call, err))
		return no_such_ref(call, err->path);
	if (r == 0)
		r = cfs_vec_check(findings, err);
	if (r < 0)
		return r;
	if (cfs_gc_stops(gc) > 0) {
		cfs_varlink_refuse(call, "GcStopped");
	} else {
		cfs_varlink_reply(call);
		cfs_varlink_write_collected(&result, &call->reply);
		cfs_json_write_bool(&call->reply, "dry_run", v[1].yes);
	}
	cfs_varlink_write_gc_findings(findings, &call->reply);
	return 0;
}

static int gc(const struct cfs_varlink_handle *handle,
	      struct cfs_varlink_call *call, struct cfs_err *err)
{
	struct cfs_varlink_gc_findings findings = { 0 };
	int r = collect(handle, call, &findings, err);

	cfs_varlink_gc_findings_free(&findings);
	return r;
}

static const struct cfs_varlink_parameter name_parameters[] = {
	HANDLE,
	{ "name", CFS_VARLINK_STRING },
	{ 0 },
};

static int add_id(void *ctx, const struct cfs_digest *id, struct cfs_err *err)
{
	return cfs_digest_set_add(ctx, id, err);
}

/*
 * Finds the image that the parameter name of @call means.
 * Returns 1 with *@ret, or 0 if the reply is written: there is none, or the
 * name is unfit, or the beginning of several digests.
 */
static int find_image(const struct cfs_varlink_handle *handle,
		      struct cfs_varlink_call *call, struct cfs_digest *ret,
		      struct cfs_err *err)
{
	const char *name = call->value[1].text;
	int r = cfs_image_find(&handle->repo, name, ret, err);

	if (r == 0 || r == -ENOENT)
		return no_such_ref(call, name);
	if (r == -EINVAL || r == -ENAMETOOLONG || r == -ENOTUNIQ)
		return invalid_spec(call, err->msg);
	return r;
}

/* Collects the objects of the image @id in @ids, in order. */
static int objects_of(const struct cfs_varlink_handle *handle,
		      const struct cfs_digest *id, struct cfs_digest_set *ids,
		      struct cfs_err *err)
{
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	int r = cfs_image_map(&handle->access, &handle->repo, id, &image, err);

	if (r == 0)
		r = cfs_erofs_objects(image.bytes, handle->repo.meta.alg,
				      add_id, ids, err);
	cfs_digest_set_sort(ids);
	return r;
}

static int image_objects(const struct cfs_varlink_handle *handle,
			 struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTODIGESTSET struct cfs_digest_set ids = { 0 };
	struct cfs_digest id;
	int r = find_image(handle, call, &id, err);

	if (r <= 0)
		return r;
	r = objects_of(handle, &id, &ids, err);
	/* The name leads to an image that does not exist. */
	if (r == -ENOENT)
		return no_such_ref(call, call->value[1].text);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_array(&call->reply, "object_ids", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < ids.n; i++) {
		char text[sizeof("sha512:") + CFS_DIGEST_HEX_MAX];
		char hex[CFS_DIGEST_HEX_MAX];

		cfs_digest_to_hex(&ids.v[i], hex);
		snprintf(text, sizeof(text), "%s:%s",
			 cfs_alg_name(ids.v[i].alg), hex);
		cfs_json_write_text(&call->reply, NULL, text);
	}
	cfs_json_write_end(&call->reply);
	return 0;
}

static int write_ref(const char *name, const struct cfs_digest *id, void *arg,
		     struct cfs_err *err)
{
	struct cfs_json_writer *w = arg;

	(void)err;
	/* A link that leads to no image is a finding of Fsck. */
	if (!id)
		return 0;
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "name", name);
	cfs_varlink_write_digest(w, "digest", id);
	cfs_json_write_end(w);
	return 0;
}

static int list_image_refs(const struct cfs_varlink_handle *handle,
			   struct cfs_varlink_call *call, struct cfs_err *err)
{
	int r;

	cfs_varlink_reply(call);
	cfs_json_write_array(&call->reply, "images", CFS_JSON_ONE_LINE);
	r = cfs_ref_each(&handle->repo, write_ref, &call->reply, err);
	cfs_json_write_end(&call->reply);
	return r;
}

static const struct cfs_varlink_parameter mount_parameters[] = {
	HANDLE,
	{ "name", CFS_VARLINK_STRING },
	CFS_VARLINK_MOUNT_ROWS,
	{ "require_signature", CFS_VARLINK_BOOL, OPTIONAL, .in = "options" },
	{ 0 },
};

/* Verifies the signature of the image @id by the certificates of the service.
 * Returns 1, or 0 if the reply is written. */
static int require_signature(const struct cfs_repo *repo,
			     struct cfs_varlink_call *call,
			     const struct cfs_digest *id, struct cfs_err *err)
{
	const struct cfs_verify_params params = {
		.certs = &call->service->rules.trust->certs,
	};
	struct cfs_verify_result result = { 0 };
	const char *name = call->value[1].text;
	int r = cfs_verify_image(repo, id, name, &params, &result, err);

	if (r == -ENODATA || r == -ENOKEY)
		return cfs_varlink_refuse_text(call, "SignatureRequired",
					       "name", name);
	return r < 0 ? r : 1;
}

static int mount_image(const struct cfs_varlink_handle *handle,
		       struct cfs_varlink_call *call, struct cfs_err *err)
{
	struct cfs_mount_params params = { 0 };
	int r;

	if (!cfs_varlink_take_directories(call, 2, "InvalidSpec", &params))
		return 0;
	r = find_image(handle, call, &params.id, err);
	if (r > 0 && call->value[5].yes)
		r = require_signature(&handle->repo, call, &params.id, err);
	return r <= 0 ? r : cfs_varlink_mount(handle, &params, call, err);
}

static const struct cfs_varlink_method methods[] = {
	{ "InitRepository", init_parameters, .run = init_repository },
	{ "EnsureRepository", init_parameters, .run = ensure_repository },
	{ "OpenRepository", open_parameters, .run = open_repository, GUESTS },
	{ "CloseRepository", handle_alone, .run = close_repository, GUESTS },
	{ "Fsck", fsck_parameters, .run_on = fsck, .ends_with_client = true,
	  GUESTS },
	{ "Gc", gc_parameters, .run_on = gc, GUESTS },
	{ "ImageObjects", name_parameters, .run_on = image_objects, GUESTS },
	{ "ListImageRefs", handle_alone, .run_on = list_image_refs, GUESTS },
	{ "Mount", mount_parameters, .run_on = mount_image },
	{ 0 },
};

const struct cfs_varlink_interface cfs_varlink_org_composefs_repository = {
	.name = "org.composefs.Repository",
	.description = cfs_varlink_repository_description,
	.methods = methods,
};
