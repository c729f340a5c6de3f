/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/shipment.h"

#include <stdio.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"

static bool any_state(const struct cfs_shipment *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state)
			return true;
	return false;
}

void cmd_shipment_print(const struct cfs_shipment *s, const char *root)
{
	char karg[CFS_KARG_TEXT_MAX], hex[CFS_DIGEST_HEX_MAX];
	bool chosen = any_state(s);

	for (size_t i = 0; i < s->n; i++) {
		const struct cfs_shipped *image = &s->v[i];

		if (chosen && !image->state)
			continue;
		cfs_karg_format(&image->karg, karg);
		cmd_line(stdout, "  boot %s with: %s rw %s",
			 cfs_shipment_name(s, &image->karg.digest, hex), root,
			 karg);
	}
}

void cmd_shipment_json(const struct cfs_shipment *s, struct cfs_json_writer *w)
{
	char karg[CFS_KARG_TEXT_MAX];

	cfs_json_write_array(w, "images", CFS_JSON_LINES);
	for (size_t i = 0; i < s->n; i++) {
		const struct cfs_shipped *image = &s->v[i];
		const char *name;
		size_t at = 0;

		cfs_karg_format(&image->karg, karg);
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cmd_json_digest(w, "digest", &image->karg.digest);
		cfs_json_write_array(w, "names", CFS_JSON_ONE_LINE);
		while ((name = cfs_image_names_next(&s->names,
						    &image->karg.digest, &at)))
			cfs_json_write_text(w, NULL, name);
		cfs_json_write_end(w);
		cfs_json_write_text(w, "karg", karg);
		cfs_json_write_bool(w, "state", image->state);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}
