/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_SUBJECT_H
#define CFS_OCI_SUBJECT_H

#include <stdbool.h>

#include "base/auto.h"
#include "repo/stream/names.h"

/*
 * Is @ref, a name below streams/refs, that of an artifact about an image,
 * oci-referrers/<digest of the image>/<digest of the artifact>?
 * Returns true with the content id of the image's manifest in @ret.  It is the
 * subject of struct cfs_gc_params: an artifact is kept as long as its image is.
 */
bool cfs_oci_subject(const char *ref,
		     char ret[static CFS_CONTENT_ID_MAX]) CFS_NONNULL;

#endif
