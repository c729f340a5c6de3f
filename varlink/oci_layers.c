/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* org.composefs.Oci.GetLayer and PutLayer: layers of images between
 * repositories on one machine. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/pool.h"
#include "oci/layer.h"
#include "oci/layer_keeper.h"
#include "oci/splitdirfd_read.h"
#include "oci/tag.h"
#include "repo/object.h"
#include "repo/stream/names.h"
#include "varlink/oci.h"
#include "varlink/repository_reports.h"

const struct cfs_varlink_parameter cfs_varlink_get_layer_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "params", CFS_VARLINK_OBJECT },
	{ "diff_id", CFS_VARLINK_STRING, .optional = true, .in = "params" },
	{ 0 },
};

enum {
	GET_DIFF_ID = 2
};

/* Reads the digest of a layer.  Returns false if the reply is written. */
static bool read_diff_id(struct cfs_varlink_call *call, const char *text,
			 struct cfs_oci_id *ret, struct cfs_err *err)
{
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };

	if (cfs_oci_id_parse(bytes, ret, err) == 0)
		return true;
	(void)cfs_varlink_invalid_digest(call, err->msg);
	return false;
}

static int lookup(const struct cfs_repo *repo, const struct cfs_oci_id *diff_id,
		  struct cfs_digest *ret, struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];

	cfs_oci_layer_name(diff_id, name);
	return cfs_stream_lookup(repo, name, ret, err);
}

/* Sends the layer @stream; the reply gets the pipe, objects/ and the descriptor
 * that the client holds meanwhile. */
static int send_layer(const struct cfs_varlink_handle *handle,
		      const struct cfs_digest *stream,
		      struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFD int objects = -EBADF;
	int from, alive, r;

	r = cfs_access_read_opened(&handle->access, &handle->repo, &repo, err);
	if (r < 0)
		return r;
	objects = cfs_repo_open_objects(&repo, err);
	if (objects < 0)
		return objects;
	r = cfs_varlink_send_layer(&call->service->senders, &repo, stream,
				   &from, &alive, err);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_u64(&call->reply, "dir_count", 1);
	cfs_varlink_add_fd(call, from);
	cfs_varlink_add_fd(call, cfs_steal_fd(&objects));
	cfs_varlink_add_fd(call, alive);
	return 0;
}

int cfs_varlink_get_layer(const struct cfs_varlink_handle *handle,
			  struct cfs_varlink_call *call, struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	struct cfs_digest stream;
	struct cfs_oci_id diff_id;
	int r;

	if (!v[GET_DIFF_ID].given)
		return cfs_varlink_invalid_request(
			call, "params: diff_id is needed; layers of "
			      "containers-storage are not sent here");
	if (!read_diff_id(call, v[GET_DIFF_ID].text, &diff_id, err))
		return 0;
	r = lookup(&handle->repo, &diff_id, &stream, err);
	if (r == 0)
		return cfs_varlink_refuse_text(call, "NoSuchLayer", "diff_id",
					       diff_id.text);
	return r < 0 ? r : send_layer(handle, &stream, call, err);
}

const struct cfs_varlink_parameter cfs_varlink_put_layer_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "diff_id", CFS_VARLINK_STRING },
	{ "zerocopy", CFS_VARLINK_BOOL },
	{ 0 },
};

enum {
	PUT_DIFF_ID = 1,
	ZEROCOPY
};

/* A layer that comes. */
struct receiving {
	struct cfs_store *store;
	struct cfs_varlink_call *call;
	struct cfs_oci_id diff_id, found;
	struct cfs_splitdirfd_reader reader;
	uint64_t shared; /* files that objects were made of before their bytes
			  * came */
	bool knew;	 /* its stream was stored before */
};

/* Reads the pipe, which may be one that does not block. */
static ssize_t read_pipe(void *ctx, void *data, size_t len, struct cfs_err *err)
{
	struct receiving *in = ctx;
	struct pollfd pipe = { .fd = in->call->fds[0], .events = POLLIN };
	ssize_t n;

	while ((n = read(pipe.fd, data, len)) < 0) {
		if (errno == EAGAIN)
			(void)poll(&pipe, 1, -1);
		else if (errno != EINTR)
			return cfs_fail_errno(err, "read the stream");
	}
	return n;
}

/* Makes an object of the file @name without copying it, if its name is that of
 * an object like ours. */
static int share(void *arg, int directory, const char *name, uint64_t size,
		 struct cfs_err *err)
{
	struct receiving *in = arg;
	struct cfs_digest id;
	int r;

	(void)size;
	if (!cfs_object_of_path(name, &id) ||
	    id.alg != in->store->repo.meta.alg)
		return 0;
	r = cfs_object_add_shared(in->store, directory, &id, err);
	in->shared += r == 0;
	return r;
}

/* Imports the layer; *@ret is its stream, which has no name yet. */
static int import(struct receiving *in, struct cfs_digest *ret,
		  struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	const struct cfs_source bytes = cfs_splitdirfd_source(&in->reader);
	const struct cfs_oci_layer layer = { .blob = &bytes,
					     .size = CFS_OCI_SIZE_ANY,
					     .id = in->diff_id,
					     .diff_id = in->diff_id,
					     .found = &in->found };
	struct cfs_oci_layer_stats stats;
	struct cfs_layer_keeper keeper;
	struct cfs_keeper k;
	int r;

	cfs_layer_keeper_init(&keeper, in->store, &k);
	r = cfs_digester_new(in->store->repo.meta.alg,
			     cfs_pool_usable_threads(), &k, &digester, err);
	return r < 0 ? r
		     : cfs_oci_layer_import(in->store, digester, &layer, &stats,
					    ret, err);
}

/* Writes the reply of an import that failed, or returns the error that it
 * is. */
static int refuse(struct receiving *in, int r, const struct cfs_err *err)
{
	struct cfs_varlink_call *call = in->call;

	if (in->found.text[0]) {
		cfs_varlink_refuse(call, "DiffIdMismatch");
		cfs_json_write_text(&call->reply, "expected", in->diff_id.text);
		cfs_json_write_text(&call->reply, "actual", in->found.text);
		return 0;
	}
	/* The stream, or the archive. */
	if (in->reader.is_wrong || r == -EBADMSG || r == -EINVAL || r == -EFBIG)
		return cfs_varlink_invalid_request(call, err->msg);
	return r;
}

/* Is the object of the stream @id there? */
static bool is_stored(const struct cfs_store *store,
		      const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;

	return cfs_object_open(store->objects, id, &fd, &ignored) > 0;
}

/* Names the stream @id, unless the layer had one already, which then takes its
 * place in *@id: images name it.  Returns whether it had. */
static int name_layer(struct receiving *in, struct cfs_digest *id,
		      struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest old;
	int r = lookup(&in->store->repo, &in->diff_id, &old, err);

	in->knew = r > 0 && cfs_digest_equal(&old, id);
	if (r > 0 && is_stored(in->store, &old)) {
		*id = old;
		return 1;
	}
	cfs_oci_layer_name(&in->diff_id, name);
	return r < 0 ? r : cfs_stream_link(in->store, name, id, err);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void write_received(const struct receiving *in,
			   const struct cfs_digest *id, bool was_there)
{
	const struct cfs_store_stats *stats = &in->store->stats;
	struct cfs_json_writer *w = &in->call->reply;
	uint64_t linked = stats->linked, cloned = in->store->clones.n;
	/* The layer's stream is no file of it; a file that was shared is
	 * present when its bytes come. */
	uint64_t copied = minus(stats->added, linked + cloned + !in->knew);
	uint64_t present = minus(stats->present, in->shared + in->knew);

	cfs_varlink_reply(in->call);
	cfs_varlink_write_digest(w, "layer_verity", id);
	cfs_json_write_bool(w, "already_present", was_there);
	cfs_json_write_u64(w, "objects_reflinked", cloned);
	cfs_json_write_u64(w, "objects_hardlinked", linked);
	cfs_json_write_u64(w, "objects_copied", copied);
	cfs_json_write_u64(w, "objects_already_present", present);
}

static int receive(struct receiving *in, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = import(in, &id, err);

	if (r < 0)
		return refuse(in, r, err);
	r = name_layer(in, &id, err);
	if (r >= 0)
		write_received(in, &id, r > 0);
	return r < 0 ? r : 0;
}

/* Returns what is wrong with the descriptors, or NULL. */
static const char *wrong_fds(const struct cfs_varlink_call *call)
{
	struct stat st;

	if (call->n_fds < 2)
		return "the descriptors of a pipe and of at least one "
		       "directory are needed";
	if (fstat(call->fds[0], &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode)))
		return "the first descriptor has to be that of a pipe";
	return NULL;
}

int cfs_varlink_put_layer(const struct cfs_varlink_handle *handle,
			  struct cfs_store *store,
			  struct cfs_varlink_call *call, struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	const char *wrong = wrong_fds(call);
	struct receiving in = {
		.store = store,
		.call = call,
		.reader = CFS_SPLITDIRFD_READER_INIT,
	};
	const struct cfs_source pipe = { read_pipe, &in };
	int r;

	(void)handle;
	if (wrong)
		return cfs_varlink_invalid_request(call, wrong);
	if (!read_diff_id(call, v[PUT_DIFF_ID].text, &in.diff_id, err))
		return 0;
	in.reader.from = &pipe;
	in.reader.directories = call->fds + 1;
	in.reader.n_directories = call->n_fds - 1;
	in.reader.found = v[ZEROCOPY].yes ? share : NULL;
	in.reader.arg = &in;
	cfs_store_trust_names(store);
	r = receive(&in, err);
	cfs_splitdirfd_close(&in.reader);
	return r;
}
