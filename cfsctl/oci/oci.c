/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci: images of the Open Container Initiative. */
#include "cfsctl/oci/oci.h"

static const struct cfs_cmd *const commands[] = {
	&cmd_oci_pull,	       &cmd_oci_images,
	&cmd_oci_inspect,      &cmd_oci_tag,
	&cmd_oci_untag,	       &cmd_oci_layer,
	&cmd_oci_dump,	       &cmd_oci_compute_id,
	&cmd_oci_digest_karg,  &cmd_oci_seal,
	&cmd_oci_sign,	       &cmd_oci_verify,
	&cmd_oci_prepare_boot, &cmd_oci_deploy,
	&cmd_oci_uki,	       &cmd_oci_mount,
	&cmd_oci_run,	       &cmd_oci_runtime_spec,
	&cmd_oci_fsck,	       &cmd_oci_copy,
	&cmd_oci_export,       &cmd_oci_diff,
	&cmd_oci_import_layer, &cmd_oci_linked_erofs_images,
	&cmd_varlink,	       NULL,
};

const struct cfs_cmd cmd_oci = {
	.name = "oci",
	.help = "OCI images: pull, list, inspect, compute digests",
	.sub = commands,
};
