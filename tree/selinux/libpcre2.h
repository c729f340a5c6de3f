/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libpcre2-8, loaded when it is first needed (base/library.h): by
 * cfs_selabel_new().
 *
 * Include this instead of <pcre2.h>.  A function that is new here goes into
 * both lists.
 */
#ifndef CFS_TREE_LIBPCRE2_H
#define CFS_TREE_LIBPCRE2_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/err.h"

/* Errors: as of cfs_library_load(). */
int cfs_libpcre2_load(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* clang-format off */
#define CFS_LIBPCRE2(X) \
	X(pcre2_code_free_8) \
	X(pcre2_compile_8) \
	X(pcre2_compile_context_create_8) \
	X(pcre2_compile_context_free_8) \
	X(pcre2_get_error_message_8) \
	X(pcre2_jit_compile_8) \
	X(pcre2_match_8) \
	X(pcre2_match_context_create_8) \
	X(pcre2_match_context_free_8) \
	X(pcre2_match_data_create_8) \
	X(pcre2_match_data_free_8) \
	X(pcre2_pattern_info_8) \
	X(pcre2_set_heap_limit_8) \
	X(pcre2_set_match_limit_8) \
	X(pcre2_set_max_pattern_length_8)
/* clang-format on */

struct cfs_libpcre2 {
#define X(name) __typeof__(name) *name;
	CFS_LIBPCRE2(X)
#undef X
};
extern struct cfs_libpcre2 cfs_libpcre2;

#define pcre2_code_free_8 cfs_libpcre2.pcre2_code_free_8
#define pcre2_compile_8	  cfs_libpcre2.pcre2_compile_8
#define pcre2_compile_context_create_8 \
	cfs_libpcre2.pcre2_compile_context_create_8
#define pcre2_compile_context_free_8 cfs_libpcre2.pcre2_compile_context_free_8
#define pcre2_get_error_message_8    cfs_libpcre2.pcre2_get_error_message_8
#define pcre2_jit_compile_8	     cfs_libpcre2.pcre2_jit_compile_8
#define pcre2_match_8		     cfs_libpcre2.pcre2_match_8
#define pcre2_match_context_create_8 cfs_libpcre2.pcre2_match_context_create_8
#define pcre2_match_context_free_8   cfs_libpcre2.pcre2_match_context_free_8
#define pcre2_match_data_create_8    cfs_libpcre2.pcre2_match_data_create_8
#define pcre2_match_data_free_8	     cfs_libpcre2.pcre2_match_data_free_8
#define pcre2_pattern_info_8	     cfs_libpcre2.pcre2_pattern_info_8
#define pcre2_set_heap_limit_8	     cfs_libpcre2.pcre2_set_heap_limit_8
#define pcre2_set_match_limit_8	     cfs_libpcre2.pcre2_set_match_limit_8
#define pcre2_set_max_pattern_length_8 \
	cfs_libpcre2.pcre2_set_max_pattern_length_8

#endif
