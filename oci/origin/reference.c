/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/reference.h"

#include <string.h>
#include <sys/stat.h>

void cfs_oci_reference_free(struct cfs_oci_reference *ref)
{
	free(ref->path);
	free(ref->tag);
	*ref = (struct cfs_oci_reference){ 0 };
}

/*
 * Takes "@sha256:HEX" off the end of @text.  Returns the length of what is
 * before it.  Directories may have an '@' in their names, so it has to look
 * like the start of a digest.
 */
static int take_id(const char *text, struct cfs_oci_reference *ref,
		   struct cfs_err *err)
{
	static const char start[] = "@sha";
	const char *at = strrchr(text, '@');
	struct cfs_bytes id;

	if (!at || strncmp(at, start, strlen(start)) != 0 || strchr(at, '/') ||
	    !strchr(at, ':'))
		return (int)strlen(text);
	id = (struct cfs_bytes){ (const uint8_t *)at + 1, strlen(at + 1) };
	if (cfs_oci_id_parse(id, &ref->id, err) < 0)
		return cfs_ctx(err, "%s", text);
	ref->has_id = true;
	return (int)(at - text);
}

static int fill(struct cfs_oci_reference *ref, const char *text, size_t path,
		const char *tag, struct cfs_err *err)
{
	if (path == 0)
		return cfs_fail(err, EINVAL, "the reference has no path");
	if (tag && !*tag)
		return cfs_fail(err, EINVAL,
				"%s: the tag behind the last ':' is empty",
				text);
	ref->path = strndup(text, path);
	if (tag)
		ref->tag = strdup(tag);
	if (!ref->path || (tag && !ref->tag))
		return cfs_no_memory(err);
	return 0;
}

/* The last ':' of @text that is behind the last '/', or NULL. */
static char *last_colon(const char *text)
{
	char *colon = strrchr(text, ':');

	return colon && !strchr(colon, '/') ? colon : NULL;
}

/* Has something the name that @text up to @end is? */
static bool exists(const char *text, const char *end)
{
	CFS_AUTOFREE char *path = strndup(text, (size_t)(end - text));
	struct stat st;

	return path && *path && stat(path, &st) == 0;
}

/* The ':' between the path and the tag of @text, or its end. */
static const char *find_split(const char *text)
{
	const char *end = text + strlen(text), *last = last_colon(text);

	if (last && exists(text, last))
		return last;
	if (exists(text, end))
		return end;
	if (end > text && end[-1] == '/')
		return end;
	for (const char *p = end; p > text; p--)
		if (p[0] == ':' && exists(text, p))
			return p;
	return last ? last : end;
}

static int split(const char *text, struct cfs_oci_reference *ref,
		 struct cfs_err *err)
{
	int len = take_id(text, ref, err);
	const char *at;

	if (len < 0)
		return len;
	if (ref->has_id)
		return fill(ref, text, (size_t)len, NULL, err);
	at = find_split(text);
	return fill(ref, text, (size_t)(at - text), *at ? at + 1 : NULL, err);
}

static int split_name(const char *text, struct cfs_oci_reference *ref,
		      struct cfs_err *err)
{
	CFS_AUTOFREE char *name = NULL;
	int len = take_id(text, ref, err);
	char *colon;

	if (len < 0)
		return len;
	name = strndup(text, (size_t)len);
	if (!name)
		return cfs_no_memory(err);
	colon = last_colon(name);
	return fill(ref, name, colon ? (size_t)(colon - name) : (size_t)len,
		    colon ? colon + 1 : NULL, err);
}

int cfs_oci_reference_split(const char *text, struct cfs_oci_reference *ret,
			    struct cfs_err *err)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };
	int r = split(text, &ref, err);

	if (r < 0)
		return r;
	*ret = ref;
	ref = (struct cfs_oci_reference){ 0 };
	return 0;
}

int cfs_oci_reference_name(const char *text, struct cfs_oci_reference *ret,
			   struct cfs_err *err)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };
	int r = split_name(text, &ref, err);

	if (r < 0)
		return r;
	*ret = ref;
	ref = (struct cfs_oci_reference){ 0 };
	return 0;
}
