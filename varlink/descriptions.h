/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The interfaces in varlink's interface language, as GetInterfaceDescription
 * returns them.  Strict parsers take them: members of a list are separated by
 * commas, and every comment has lines of its own before what it is about.
 *
 * Source: https://varlink.org/Interface-Definition; the names and types of
 * org.composefs.Repository and org.composefs.Oci are those of composefs-rs
 * 0.9.4.
 */
#ifndef CFS_VARLINK_DESCRIPTIONS_H
#define CFS_VARLINK_DESCRIPTIONS_H

/* The type of a finding about a repository, which both interfaces return. */
#define CFS_VARLINK_FINDING      \
	"type Finding(\n"        \
	"  code: string,\n"      \
	"  warning: bool,\n"     \
	"  path: string,\n"      \
	"  reason: ?string,\n"   \
	"  object: ?string,\n"   \
	"  measured: ?string,\n" \
	"  names: []string,\n"   \
	"  files: []string,\n"   \
	"  files_total: int\n"   \
	")\n"

extern const char cfs_varlink_service_description[];
extern const char cfs_varlink_repository_description[];
extern const char cfs_varlink_oci_description[]; /* in descriptions_oci.c */

#endif
