/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_DOCUMENT_H
#define CFS_OCI_DOCUMENT_H

#include "base/buf.h"
#include "oci/id.h"
#include "repo/stream/names.h"

/* A manifest or configuration in a repository: a stream of one object, with
 * references. */
struct cfs_oci_document {
	struct cfs_digest stream;
	struct cfs_stream_file file; /* the open stream */
	struct cfs_buf text;	     /* owned; the object, byte for byte */
};

#define CFS_OCI_DOCUMENT_INIT                 \
	{                                     \
		.file = CFS_STREAM_FILE_INIT, \
	}

void cfs_oci_document_free(struct cfs_oci_document *doc);

#define CFS_AUTODOCUMENT __attribute__((cleanup(cfs_oci_document_free)))

/*
 * Opens the stream @doc->stream, of the content type @type, and reads the
 * document, which must have the digest @id.  @doc is otherwise empty, and to be
 * freed also on failure.
 * Errors: -ENOENT stream or object is missing, -EBADMSG one of them is damaged
 * or the document is another one, -EFBIG over CFS_OCI_JSON_MAX, ...
 */
int cfs_oci_document_load(const struct cfs_repo *repo, const char *type,
			  const struct cfs_oci_id *id,
			  struct cfs_oci_document *doc,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
