/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl sign --objects: signatures over the objects of images. */
#ifndef CFS_CFSCTL_SIGN_OBJECTS_H
#define CFS_CFSCTL_SIGN_OBJECTS_H

#include "base/json_write.h"
#include "cfsctl/signers.h"
#include "ops/enrol.h"
#include "ops/signable.h"

/* The value of --objects.  Zero-initialise it. */
struct cfs_objects_option {
	bool on;
	enum cfs_signable_which which;
};

/* The choices of --objects, and what reads one or NULL into a struct
 * cfs_objects_option. */
extern const char *const cmd_objects_choices[];
int cmd_parse_objects(const char *text, void *to,
		      struct cfs_err *err) CFS_MUST_CHECK;

/* The row of --objects, which sets the member @objects of @type. */
#define CFS_OBJECTS_OPTION(type, objects)                                     \
	{                                                                     \
		.name = "objects", .value = "exec|all",                       \
		.help = "sign the objects of the image instead of the image " \
			"itself: those that can be executed (default), or "   \
			"all",                                                \
		.choices = cmd_objects_choices, .bare = true,                 \
		CFS_OPT_PARSES(type, objects, cmd_parse_objects),             \
	}

struct cfs_sign_objects_call {
	const struct cfs_globals *g;
	const char *emit; /* --emit-tbs DIR, or NULL */
	enum cfs_signable_which which;
	enum cfs_kernel_signatures kernel;
	unsigned threads;
	const struct cfs_signing_keys *keys;
	struct cfs_json_writer *json; /* or NULL: words are printed */
};

/*
 * Signs the objects of the image @name, or writes what is to be signed, and
 * reports it.
 * Errors: those of cmd_find_signable(), cfs_signable_find() and
 * cfs_sign_objects().
 */
int cmd_sign_objects(const struct cfs_sign_objects_call *c,
		     struct cfs_store *store, const char *name,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cmd_emit_objects(const struct cfs_sign_objects_call *c,
		     const struct cfs_repo *repo, const char *name,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Signs those objects of the image @id again that the signers @leaving signed,
 * and takes these out of the image's pack; notes on stderr say what was done.
 * Of @c, g, keys and kernel are used.
 * Errors: those of cfs_signable_find() and cfs_replace_signers().
 */
int cmd_replace_signers(const struct cfs_sign_objects_call *c,
			struct cfs_store *store, const struct cfs_digest *id,
			const struct cfs_certs *leaving,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
