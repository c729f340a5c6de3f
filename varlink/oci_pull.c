/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* org.composefs.Oci.Pull: an image from an origin, with replies about what has
 * come so far. */
#include "oci/pull.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oci/tag.h"
#include "varlink/oci.h"
#include "varlink/repository_reports.h"

/* Bytes of a layer between two replies about it. */
#define STEP (1u << 20)

const struct cfs_varlink_parameter cfs_varlink_pull_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "image", CFS_VARLINK_STRING },
	{ "name", CFS_VARLINK_STRING, .optional = true },
	{ "local_fetch", CFS_VARLINK_STRING },
	{ "storage_root", CFS_VARLINK_STRING, .optional = true },
	{ "bootable", CFS_VARLINK_BOOL },
	{ "xattrs", CFS_VARLINK_XATTRS, .optional = true },
	{ "expected_digest", CFS_VARLINK_STRING, .optional = true },
	{ 0 },
};

enum {
	IMAGE = 1,
	NAME,
	LOCAL_FETCH,
	STORAGE_ROOT,
	BOOTABLE,
	XATTRS,
	EXPECTED
};

/* A layer on its way. */
struct part {
	const struct cfs_oci_id *id;
	uint64_t size, fetched, told;
};

struct pulling {
	struct cfs_varlink_call *call;
	struct cfs_store *store;
	struct part *parts;   /* CFS_OCI_LAYERS_MAX, owned; NULL: one reply is
			     * enough */
	pthread_mutex_t lock; /* of the reply */
	struct cfs_proof proof;
};

/* Begins a reply with the object @name.  The lock is held until send_part(). */
static struct cfs_json_writer *begin_part(struct pulling *p, const char *name,
					  const struct cfs_oci_id *id)
{
	struct cfs_json_writer *w = &p->call->reply;

	pthread_mutex_lock(&p->lock);
	cfs_varlink_reply(p->call);
	cfs_json_write_object(w, name, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "id", id->text);
	return w;
}

/* A client that is gone ends the process. */
static void send_part(struct pulling *p)
{
	struct cfs_err ignored;

	cfs_json_write_end(&p->call->reply);
	(void)!cfs_varlink_send_more(p->call, &ignored);
	pthread_mutex_unlock(&p->lock);
}

static void skip(void *ctx, const struct cfs_oci_id *id)
{
	(void)begin_part(ctx, "skipped", id);
	send_part(ctx);
}

static void plan(void *ctx, size_t layers, uint64_t bytes)
{
	(void)ctx;
	(void)layers;
	(void)bytes;
}

static void begin_layer(void *ctx, size_t layer, const struct cfs_oci_id *id,
			uint64_t size)
{
	struct pulling *p = ctx;
	struct cfs_json_writer *w = begin_part(p, "started", id);

	p->parts[layer] = (struct part){ .id = id, .size = size };
	cfs_json_write_u64(w, "total", size);
	cfs_json_write_text(w, "unit", "Bytes");
	send_part(p);
}

/* One thread at a time reads a layer. */
static void read_layer(void *ctx, size_t layer, uint64_t bytes)
{
	struct pulling *p = ctx;
	struct part *part = &p->parts[layer];
	struct cfs_json_writer *w;

	part->fetched += bytes;
	if (part->fetched - part->told < STEP)
		return;
	part->told = part->fetched;
	w = begin_part(p, "progress", part->id);
	cfs_json_write_u64(w, "fetched", part->fetched);
	cfs_json_write_u64(w, "total", part->size);
	send_part(p);
}

static void end_layer(void *ctx, size_t layer, int result)
{
	struct pulling *p = ctx;
	struct part *part = &p->parts[layer];

	if (result < 0)
		return;
	cfs_json_write_u64(begin_part(p, "done", part->id), "transferred",
			   part->fetched);
	send_part(p);
}

/* Sends a line for people. */
__attribute__((format(printf, 2, 3))) static void tell(struct pulling *p,
						       const char *format, ...)
{
	CFS_AUTOFREE char *line = NULL;
	struct cfs_err ignored;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&line, format, args);
	va_end(args);
	if (n < 0) {
		line = NULL;
		return;
	}
	cfs_varlink_reply(p->call);
	cfs_json_write_text(&p->call->reply, "message", line);
	(void)!cfs_varlink_send_more(p->call, &ignored);
}

static void tell_notes(struct pulling *p, const struct cfs_oci_choice *choice,
		       const struct cfs_oci_referrers *referrers)
{
	if (choice->any_platform)
		tell(p, "the image is for %s, which this machine is not",
		     choice->platform);
	for (size_t i = 0; i < referrers->skipped.n; i++) {
		char text[CFS_OCI_SKIPPED_MAX];

		cfs_oci_skipped_text(&referrers->skipped.v[i], text);
		tell(p, "%s", text);
	}
}

/* A name that needs no signature is not for a guest to give, whether or not the
 * image has one: that is a question of permission. */
static int refuse_guest(const char *name, struct cfs_err *err)
{
	return cfs_fail(err, EACCES,
			"the policy of the service demands no signature of %s",
			name ? name : "an image without a name");
}

/* Asked before the image is tagged.  Signatures that pass are kept, and handed
 * to a kernel that takes them. */
static int accept(void *ctx, const struct cfs_repo *repo,
		  const struct cfs_oci_image *image, struct cfs_err *err)
{
	CFS_AUTOENROLMENT struct cfs_enrolment enrolment = { 0 };
	struct pulling *p = ctx;
	const struct cfs_varlink_value *v = p->call->value;
	const struct cfs_trust_subject subject = {
		.repo = repo,
		.image = image,
		.name = v[NAME].text,
		.role = v[BOOTABLE].yes ? CFS_SEAL_BOOTABLE : CFS_SEAL_MERGED,
		.enrolment = &enrolment,
	};
	int r = cfs_trust_check(p->call->service->rules.trust, &subject,
				&p->proof, err);

	if (r >= 0 && p->call->service->peer.guest && p->proof.n == 0)
		return refuse_guest(subject.name, err);
	if (r <= 0)
		return r;
	r = cfs_enrolment_keep(&enrolment, p->store, err);
	if (r == 0)
		(void)cfs_enrolment_run(&enrolment, p->store);
	return r;
}

static void write_stats(struct cfs_json_writer *w,
			const struct cfs_store *store,
			const struct cfs_oci_pulled *pulled)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "%llu new + %llu already present objects; %llu bytes stored, "
		 "%llu bytes inlined",
		 (unsigned long long)store->stats.added,
		 (unsigned long long)store->stats.present,
		 (unsigned long long)store->stats.added_bytes,
		 (unsigned long long)pulled->inline_bytes);
	cfs_json_write_text(w, "stats", text);
}

static void write_counts(struct cfs_json_writer *w,
			 const struct cfs_store *store,
			 const struct cfs_oci_pulled *pulled)
{
	cfs_json_write_object(w, "counts", CFS_JSON_ONE_LINE);
	cfs_json_write_u64(w, "objects_new", store->stats.added);
	cfs_json_write_u64(w, "objects_present", store->stats.present);
	cfs_json_write_u64(w, "bytes_stored", store->stats.added_bytes);
	cfs_json_write_u64(w, "bytes_inlined", pulled->inline_bytes);
	cfs_json_write_bool(w, "own_nanoseconds",
			    pulled->expected.own_nanoseconds);
	cfs_json_write_end(w);
}

/* Writes how the image to boot is made, and which it is; nulls without one. */
static void write_boot(struct cfs_json_writer *w, const struct cfs_digest *id,
		       const struct cfs_oci_way *way)
{
	/* Source: composefs-rs, what its XattrFiltering and FormatVersion
	 * print. */
	static const char *const modes[] = { "allowlist-only",
					     "keep-user-xattrs" };
	char version[16];

	snprintf(version, sizeof(version), "V%u", way->format);
	cfs_varlink_write_digest(w, "boot_image", id);
	cfs_json_write_text(w, "boot_image_mode",
			    id ? modes[way->erofs.filter] : NULL);
	cfs_json_write_text(w, "boot_image_format_version",
			    id ? version : NULL);
}

static void write_completed(const struct pulling *p,
			    const struct cfs_oci_pull *params,
			    const struct cfs_oci_pulled *pulled)
{
	const struct cfs_oci_image *image = &pulled->image;
	struct cfs_json_writer *w = &p->call->reply;
	unsigned format = p->store->repo.meta.erofs_default;
	struct cfs_oci_way way = { .erofs = { .bootable = true,
					      .v1 = format < 2,
					      .filter = params->tree.filter },
				   .format = format };
	struct cfs_digest id;
	bool boots;

	if (params->expected)
		way = pulled->expected;
	boots = params->bootable &&
		(params->expected ||
		 cfs_oci_image_erofs(image, &way.erofs, &id));
	if (params->expected)
		id = *params->expected;
	cfs_json_write_object(w, "completed", CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "manifest_digest", image->id.text);
	cfs_json_write_text(w, "config_digest", image->manifest.config.id.text);
	cfs_varlink_write_digest(w, "manifest_verity", &image->manifest_stream);
	cfs_varlink_write_digest(w, "config_verity", &image->config_stream);
	write_stats(w, p->store, pulled);
	write_counts(w, p->store, pulled);
	write_boot(w, boots ? &id : NULL, &way);
	cfs_json_write_u64(w, "signatures_verified", p->proof.n);
	cfs_json_write_end(w);
}

static int mismatch(struct cfs_varlink_call *call)
{
	cfs_varlink_refuse(call, "BootImageMismatch");
	cfs_json_write_text(&call->reply, "expected",
			    call->value[EXPECTED].text);
	cfs_json_write_u64(&call->reply, "tried", CFS_OCI_WAYS);
	return 0;
}

/* Writes the reply of a pull that failed, or returns the error that it is. */
static int failed(struct pulling *p, int r, struct cfs_err *err)
{
	const struct cfs_varlink_value *v = p->call->value;

	if (p->proof.refusal)
		return cfs_varlink_oci_refuse(
			p->call, &p->proof,
			v[NAME].given ? v[NAME].text : v[IMAGE].text, err);
	if (r == -EKEYREJECTED && v[EXPECTED].given)
		return mismatch(p->call);
	return cfs_ctx(err, "pull %s", v[IMAGE].text);
}

static int pull(struct pulling *p, const struct cfs_oci_pull *params,
		struct cfs_err *err)
{
	struct cfs_oci_pulled pulled;
	int r = cfs_oci_pull(p->store, params, &pulled, err);

	if (r == 0) {
		tell_notes(p, params->choice, &pulled.referrers);
		cfs_varlink_reply(p->call);
		write_completed(p, params, &pulled);
	}
	cfs_oci_pulled_free(&pulled);
	return r < 0 ? failed(p, r, err) : 0;
}

static int no_source(struct cfs_varlink_call *call, const struct cfs_err *err)
{
	cfs_varlink_refuse(call, "SourceNotFound");
	cfs_json_write_text(&call->reply, "reference", call->value[IMAGE].text);
	cfs_json_write_text(&call->reply, "message", err->msg);
	return 0;
}

static int choose_and_pull(struct pulling *p, struct cfs_oci_pull *params,
			   struct cfs_err *err)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	int r = cfs_origin_open(p->call->value[IMAGE].text, &origin, err);

	if (r == 0)
		r = cfs_origin_choose(origin, NULL, &choice, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return no_source(p->call, err);
	if (r < 0)
		return failed(p, r, err);
	params->origin = origin;
	params->choice = &choice;
	return pull(p, params, err);
}

/* May the client have this process read what @reference leads to? */
static bool may_pull(const struct cfs_varlink_peer *peer, const char *reference)
{
	return !peer->guest ||
	       strncmp(reference, "docker://", strlen("docker://")) == 0;
}

/* A path would be taken below the directory that the service runs in. */
static bool is_relative(const char *reference)
{
	static const char *const transports[] = { "oci:", "oci-archive:",
						  "dir:", "docker-archive:" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(transports); i++) {
		size_t n = strlen(transports[i]);

		if (strncmp(reference, transports[i], n) == 0)
			return reference[n] != '/';
	}
	return false;
}

static bool is_local_fetch(const char *text)
{
	static const char *const known[] = { "disabled", "auto",
					     "if-possible" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(known); i++)
		if (strcmp(text, known[i]) == 0)
			return true;
	return false;
}

/* Returns what is wrong with the parameters, or NULL. */
static const char *wrong_of(const struct cfs_varlink_value *v)
{
	if (!cfs_origin_is_reference(v[IMAGE].text))
		return "image: a reference with a transport is needed, such as "
		       "docker://NAME or oci:/PATH";
	if (is_relative(v[IMAGE].text))
		return "image: an absolute path is needed: the service has a "
		       "working directory of its own";
	if (!is_local_fetch(v[LOCAL_FETCH].text))
		return "local_fetch: disabled, auto or if-possible; files are "
		       "never shared with another store";
	if (v[STORAGE_ROOT].given)
		return "storage_root: the reference names the store, as "
		       "containers-storage:[overlay@ROOT]NAME";
	if (v[EXPECTED].given && !v[BOOTABLE].yes)
		return "expected_digest needs bootable";
	if (v[EXPECTED].given && v[XATTRS].given)
		return "expected_digest tries all ways to filter xattrs: leave "
		       "out xattrs";
	return NULL;
}

/* The parameter expected_digest.  False: it is none of this repository. */
static bool read_expected(const char *hex, enum cfs_alg alg,
			  struct cfs_digest *ret, struct cfs_err *err)
{
	if (cfs_digest_from_hex(hex, strlen(hex), ret, err) < 0)
		return false;
	if (ret->alg == alg)
		return true;
	(void)cfs_fail(err, EINVAL, "it is of %s, and the repository of %s",
		       cfs_alg_name(ret->alg), cfs_alg_name(alg));
	return false;
}

static int start(struct pulling *p, struct cfs_err *err)
{
	const struct cfs_varlink_value *v = p->call->value;
	const struct cfs_meta *meta = &p->store->repo.meta;
	const struct cfs_oci_progress progress = { skip,	plan,
						   begin_layer, read_layer,
						   end_layer,	p };
	struct cfs_digest expected;
	struct cfs_oci_pull params = {
		.tag = v[NAME].text,
		.formats = 1u << meta->erofs_default | meta->erofs_extra,
		.bootable = v[BOOTABLE].yes,
		.referrers = true,
		.tree.filter = (enum cfs_xattr_filter)v[XATTRS].number,
		.accept = accept,
		.accept_ctx = p,
	};

	if (v[EXPECTED].given) {
		if (!read_expected(v[EXPECTED].text, meta->alg, &expected, err))
			return cfs_varlink_invalid_digest(p->call, err->msg);
		params.expected = &expected;
	}
	if (p->call->more) {
		p->parts = calloc(CFS_OCI_LAYERS_MAX, sizeof(*p->parts));
		if (!p->parts)
			return cfs_no_memory(err);
		params.progress = &progress;
	}
	cfs_store_trust_names(p->store);
	return choose_and_pull(p, &params, err);
}

int cfs_varlink_pull(const struct cfs_varlink_handle *handle,
		     struct cfs_store *store, struct cfs_varlink_call *call,
		     struct cfs_err *err)
{
	const char *wrong = wrong_of(call->value);
	struct pulling p = { .call = call,
			     .store = store,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	int r;

	(void)handle;
	if (wrong)
		return cfs_varlink_invalid_request(call, wrong);
	if (!may_pull(&call->service->peer, call->value[IMAGE].text))
		return -EACCES;
	if (call->value[NAME].given &&
	    cfs_oci_tag_check(call->value[NAME].text, err) < 0)
		return cfs_varlink_invalid_request(call, err->msg);
	r = start(&p, err);
	free(p.parts);
	return r;
}
