/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sending an exported image to a registry, by skopeo: first the artifacts, then
 * their list, then the image, so that its signatures exist before it does.
 *
 * A registry that knows the referrers API lists artifacts by itself, and for
 * all others there is the tag "sha256-HEX".  It leads to an index, of which
 * the entries that others made stay.
 *
 * Source: OCI distribution specification, "Pushing Manifests with Subject",
 * "Referrers Tag Schema".
 */
#ifndef CFS_OCI_PUSH_H
#define CFS_OCI_PUSH_H

#include "oci/export.h"
#include "oci/origin.h"

/*
 * Sends what @exported lists of the layout @layout, which lies at @path, to
 * @reference, "docker://NAME[:TAG]".  The layout's index gets tags for it.
 * Errors: -EINVAL @reference is none of those, or ends in a digest; -ENOPKG,
 * -EIO of skopeo, with what it says.
 */
int cfs_oci_push(struct cfs_layout *layout, const char *path,
		 const struct cfs_oci_exported *exported, const char *reference,
		 const struct cfs_origin_options *options,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
