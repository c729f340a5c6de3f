/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "cfsctl/oci/oci.h"
#include "oci/layer.h"
#include "oci/layer_keeper.h"
#include "oci/tag.h"

/* The archive on the standard input, whose digest is the diff_id as long as it
 * is not compressed. */
static int import(struct cfs_store *store, const struct cfs_oci_id *id,
		  struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	const int in = STDIN_FILENO;
	const struct cfs_source source = cfs_source_of_fd(&in);
	const struct cfs_oci_layer layer = { .blob = &source,
					     .size = CFS_OCI_SIZE_ANY,
					     .id = *id,
					     .diff_id = *id };
	struct cfs_oci_layer_stats stats = { 0 };
	struct cfs_layer_keeper keeper;
	struct cfs_keeper k;
	int r;

	cfs_layer_keeper_init(&keeper, store, &k);
	r = cfs_digester_new(store->repo.meta.alg, cfs_pool_usable_threads(),
			     &k, &digester, err);
	return r < 0 ? r
		     : cfs_oci_layer_import(store, digester, &layer, &stats,
					    ret, err);
}

static int import_named(struct cfs_store *store, const struct cfs_oci_id *id,
			const char *ref, struct cfs_digest *ret,
			struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];
	int r;

	cfs_oci_layer_name(id, name);
	r = cfs_stream_lookup(&store->repo, name, ret, err);
	if (r == 0)
		r = import(store, id, ret, err);
	if (r == 0)
		r = cfs_stream_link(store, name, ret, err);
	if (r >= 0 && ref)
		r = cfs_stream_ref_set(store, ref, name, err);
	return r < 0 ? r : 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const char *text = call->operand[0];
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	const char *ref = call->n > 1 ? call->operand[1] : NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	struct cfs_oci_id diff_id;
	int r = cfs_oci_id_parse(bytes, &diff_id, err);

	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r == 0)
		r = import_named(&store, &diff_id, ref, &id, err);
	if (r < 0)
		return cfs_ctx(err, "import layer %s", text);
	cfs_digest_to_hex(&id, hex);
	printf("%s:%s\n", cfs_alg_name(id.alg), hex);
	return 0;
}

const struct cfs_cmd cmd_oci_import_layer = {
	.name = "import-layer",
	.help = "store the layer on the standard input",
	.operands = { { "DIFF_ID" }, { "NAME", .optional = true } },
	.run = run,
};
