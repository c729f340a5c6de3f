/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/pulled.h"

#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/cli/units.h"
#include "oci/referrers.h"

static void print_boot(const struct cmd_pulled *p)
{
	if (p->mode)
		cmd_line(stdout,
			 "Boot image: %s (xattr-mode=%s, format-version=%s%s)",
			 p->boot, p->mode, p->format,
			 p->own_nanoseconds ? ", nanoseconds of up to 0.9.0"
					    : "");
	else
		cmd_line(stdout, "Boot image: %s", p->boot);
}

/* Source: composefs-rs crates/composefs-ctl/src/lib.rs. */
void cmd_pulled_print(const struct cmd_pulled *p)
{
	char stored[CFS_UNITS_MAX], kept[CFS_UNITS_MAX];

	cmd_line(stdout, "manifest %s", p->manifest);
	cmd_line(stdout, "config   %s", p->config);
	cmd_line(stdout, "verity   %s", p->verity);
	cmd_line(stdout, "tagged   %s", p->tag);
	cmd_line(stdout,
		 "objects  %llu new + %llu already present objects; %s "
		 "stored, %s inlined",
		 (unsigned long long)p->added, (unsigned long long)p->present,
		 cmd_size_text(p->stored, stored),
		 cmd_size_text(p->inlined, kept));
	if (p->signatures > 0)
		cmd_line(stdout,
			 "Signature verification passed (%u signatures "
			 "verified)",
			 p->signatures);
	if (p->boot)
		print_boot(p);
}

void cmd_skipped_print(const struct cfs_oci_referrers *referrers)
{
	for (size_t i = 0; i < referrers->skipped.n; i++) {
		char text[CFS_OCI_SKIPPED_MAX];

		cfs_oci_skipped_text(&referrers->skipped.v[i], text);
		cmd_line(stderr, "note: %s", text);
	}
}
