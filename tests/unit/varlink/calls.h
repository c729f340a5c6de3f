/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls of the service without a connection; texts of them have ' for ". */
#ifndef CFS_TESTS_UNIT_VARLINK_CALLS_H
#define CFS_TESTS_UNIT_VARLINK_CALLS_H

#include "tests/test.h"
#include "varlink/service.h"

static struct cfs_varlink_service service;
static struct cfs_varlink_call last; /* the reply of the last call */

/* Calls with the @n descriptors @fds.  Returns the result of the dispatcher. */
static inline int dispatch(const char *text, int *fds, unsigned n)
{
	char copy[4096];
	struct cfs_err e;
	const struct cfs_varlink_message message = {
		.text = { (const uint8_t *)copy, strlen(text) },
		.fds = fds,
		.n_fds = n,
	};

	CHECK(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	cfs_varlink_call_free(&last);
	last = (struct cfs_varlink_call){ 0 };
	return cfs_varlink_dispatch(&service, &message, &last, &e);
}

/* Calls and returns the reply, with ' for "; valid until the next call. */
static inline const char *call(const char *text)
{
	CHECK_EQ(dispatch(text, NULL, 0), 0);
	CHECK(last.text.len > 0 && last.text.data[last.text.len - 1] == '\0');
	for (char *c = (char *)last.text.data; *c; c++)
		if (*c == '"')
			*c = '\'';
	return (char *)last.text.data;
}

/* Calls @method of the interface org.composefs.@interface with @parameters. */
static inline const char *call_method(const char *interface, const char *method,
				      const char *parameters)
{
	CFS_AUTOFREE char *text = NULL;

	CHECK(asprintf(&text,
		       "{'method':'org.composefs.%s.%s','parameters':{%s}}",
		       interface, method, parameters) > 0);
	return call(text);
}

static inline const char *call_repository(const char *method,
					  const char *parameters)
{
	return call_method("Repository", method, parameters);
}

#endif
