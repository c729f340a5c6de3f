/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls of org.composefs.Oci about the image "os:1" in a repository of a test's
 * own. */
#ifndef CFS_TESTS_UNIT_VARLINK_OCI_H
#define CFS_TESTS_UNIT_VARLINK_OCI_H

#include "oci/tag.h"
#include "tests/fake/mount.h"
#include "tests/unit/oci/pulled.h"
#include "tests/unit/varlink/calls.h"

#define OCI_ERROR(name) "org.composefs.Oci." name

static struct cfs_trust trust; /* of the service */
static unsigned handle;	       /* of the repository */
static struct cfs_oci_id manifest_id, layer_id;
static struct cfs_digest merged; /* its EROFS image */

static inline bool is_error(const char *reply, const char *name)
{
	char want[100];

	snprintf(want, sizeof(want), "{'error': '%s', ", name);
	return strncmp(reply, want, strlen(want)) == 0;
}

/* Calls @method with the handle and @more parameters. */
static inline const char *call_oci(const char *method, const char *more)
{
	char parameters[3000];

	snprintf(parameters, sizeof(parameters), "'handle':%u%s%s", handle,
		 *more ? "," : "", more);
	return call_method("Oci", method, parameters);
}

static inline void open_root(void)
{
	const char *reply;

	service.peer = (struct cfs_varlink_peer){ .uid = geteuid() };
	service.rules = (struct cfs_varlink_rules){
		.flags = CFS_ACCESS_NO_SYNC,
		.trust = &trust,
	};
	reply = call_repository("OpenRepository", text("'path':'%s'", root));
	CHECK_EQ(sscanf(reply, "{'parameters': {'handle': %u, ", &handle), 1);
}

/* A repository with the image, pulled from the layout @name; open. */
static inline void start_oci(const char *name)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	const struct cfs_oci_erofs erofs = { .v1 = true };
	char *described;

	base_layer(&tar);
	layer_id = id_of_buf(&tar);
	start(&store);
	CHECK_EQ(pull_with(&store, layout_of(name, &tar, &described),
			   (struct cfs_oci_pull){ .tag = "os:1" }, &pulled),
		 0);
	manifest_id = pulled.image.id;
	CHECK(cfs_oci_image_erofs(&pulled.image, &erofs, &merged));
	cfs_store_close(&store);
	open_root();
}

static inline char *hex_of(const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	return text("%s", hex);
}

/* Frees what the service has. */
static inline void stop_oci(void)
{
	cfs_varlink_service_free(&service);
	service = (struct cfs_varlink_service){ 0 };
	cfs_varlink_call_free(&last);
	last = (struct cfs_varlink_call){ 0 };
}

#endif
