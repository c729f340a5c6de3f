/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fields.h"

enum {
	FIELDS_MAX = 7
};

/* name:password:uid:gid:comment:home:shell and name:password:gid:members */
enum {
	NAME = 0,
	UID = 2,
	USER_GID = 3,
	HOME = 5,
	GID = 2,
	MEMBERS = 3
};

/* A line of an account file. */
struct line {
	struct cfs_bytes field[FIELDS_MAX];
};

static bool is_text(struct cfs_bytes s, struct cfs_bytes text)
{
	return s.len == text.len &&
	       (s.len == 0 || memcmp(s.data, text.data, s.len) == 0);
}

/* Splits @text into exactly @n fields without NUL bytes. */
static bool split(struct cfs_bytes text, size_t n, struct line *ret)
{
	size_t colons = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\0')
			return false;
		colons += text.data[i] == ':';
	}
	if (colons + 1 != n)
		return false;
	for (size_t i = 0; i < n; i++)
		ret->field[i] = cfs_bytes_field(&text, ':');
	return true;
}

/* Takes lines from @file up to one with @n fields.  Returns false at the
 * end. */
static bool next_line(struct cfs_bytes *file, size_t n, struct line *ret)
{
	while (file->len > 0) {
		struct cfs_bytes text = cfs_bytes_field(file, '\n');

		if (split(text, n, ret) && ret->field[NAME].len > 0)
			return true;
	}
	return false;
}

static bool is_digits(struct cfs_bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	return s.len > 0;
}

bool cfs_account_id_read(struct cfs_bytes s, uint32_t *ret)
{
	uint64_t n = 0;

	if (!is_digits(s))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		n = n * 10 + (uint64_t)(s.data[i] - '0');
		if (n > CFS_ACCOUNTS_ID_MAX)
			return false;
	}
	*ret = (uint32_t)n;
	return true;
}

/* Reads the id that a user gave as a number. */
static int given_id(struct cfs_bytes s, const char *what, uint32_t *ret,
		    struct cfs_err *err)
{
	if (cfs_account_id_read(s, ret))
		return 0;
	return cfs_fail(err, EINVAL, "%s id %.*s exceeds the maximum of %u",
			what, (int)(s.len < 40 ? s.len : 40),
			(const char *)s.data, CFS_ACCOUNTS_ID_MAX);
}

/* Does the line of passwd belong to @user, a name or (by @number) an id? */
static bool is_user(const struct line *line, struct cfs_bytes user, bool number,
		    uint32_t *uid, uint32_t *gid)
{
	uint32_t u, g;

	if (!cfs_account_id_read(line->field[UID], &u) ||
	    !cfs_account_id_read(line->field[USER_GID], &g))
		return false;
	if (number ? u != *uid : !is_text(line->field[NAME], user))
		return false;
	*uid = u;
	*gid = g;
	return true;
}

static void set_home(struct cfs_account *a, struct cfs_bytes home)
{
	if (home.len < sizeof(a->home))
		snprintf(a->home, sizeof(a->home), "%.*s", (int)home.len,
			 (const char *)home.data);
}

/* Sets uid, gid and home, and *@ret_name to the user's name, or to nothing. */
static int find_user(struct cfs_bytes user, struct cfs_bytes passwd,
		     struct cfs_account *a, struct cfs_bytes *ret_name,
		     struct cfs_err *err)
{
	bool number = is_digits(user);
	struct line line;

	if (number && given_id(user, "user", &a->uid, err) < 0)
		return -err->code;
	*ret_name = (struct cfs_bytes){ NULL, 0 };
	while (next_line(&passwd, 7, &line)) {
		if (!is_user(&line, user, number, &a->uid, &a->gid))
			continue;
		set_home(a, line.field[HOME]);
		*ret_name = line.field[NAME];
		return 0;
	}
	if (number)
		return 0;
	return cfs_fail(err, ENOENT,
			"the image has no user '%.*s' in /etc/passwd; give a "
			"numeric user id instead",
			(int)(user.len < 100 ? user.len : 100),
			(const char *)user.data);
}

static int find_group(struct cfs_bytes name, struct cfs_bytes group,
		      uint32_t *ret, struct cfs_err *err)
{
	struct line line;

	if (is_digits(name))
		return given_id(name, "group", ret, err);
	while (next_line(&group, 4, &line))
		if (is_text(line.field[NAME], name) &&
		    cfs_account_id_read(line.field[GID], ret))
			return 0;
	return cfs_fail(err, ENOENT,
			"the image has no group '%.*s' in /etc/group; give a "
			"numeric group id instead",
			(int)(name.len < 100 ? name.len : 100),
			(const char *)name.data);
}

static bool is_member(struct cfs_bytes members, struct cfs_bytes name)
{
	while (members.len > 0)
		if (is_text(cfs_bytes_field(&members, ','), name))
			return true;
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts groups, and removes those that are there twice. */
static void sort_groups(struct cfs_account *a)
{
	size_t n = 0;

	if (a->groups.n > 0)
		qsort(a->groups.v, a->groups.n, sizeof(*a->groups.v),
		      by_number);
	for (size_t i = 0; i < a->groups.n; i++)
		if (n == 0 || a->groups.v[n - 1] != a->groups.v[i])
			a->groups.v[n++] = a->groups.v[i];
	a->groups.n = n;
}

static int find_groups(struct cfs_bytes name, struct cfs_bytes group,
		       struct cfs_account *a, struct cfs_err *err)
{
	struct line line;
	uint32_t gid;

	while (name.len > 0 && next_line(&group, 4, &line)) {
		if (!is_member(line.field[MEMBERS], name) ||
		    !cfs_account_id_read(line.field[GID], &gid) ||
		    gid == a->gid)
			continue;
		if (!cfs_vec_add(&a->groups, gid))
			return cfs_no_memory(err);
	}
	sort_groups(a);
	if (a->groups.n > CFS_ACCOUNTS_GROUPS_MAX)
		return cfs_fail(err, EFBIG,
				"the user is in %zu groups of the image; the "
				"maximum is %d",
				a->groups.n, CFS_ACCOUNTS_GROUPS_MAX);
	return 0;
}

void cfs_account_free(struct cfs_account *account)
{
	cfs_vec_free(&account->groups);
}

int cfs_account_find(const char *user, struct cfs_bytes passwd,
		     struct cfs_bytes group, struct cfs_account *ret,
		     struct cfs_err *err)
{
	CFS_AUTOACCOUNT struct cfs_account a = { 0 };
	/* Without a user, the program runs as root. */
	struct cfs_bytes rest = { (const uint8_t *)(*user ? user : "0"),
				  *user ? strlen(user) : 1 };
	bool with_group = strchr(user, ':') != NULL;
	struct cfs_bytes who = cfs_bytes_field(&rest, ':'), name;
	int r;

	if (who.len == 0 || (with_group && rest.len == 0))
		return cfs_fail(err, EINVAL,
				"'%.100s' is not a user: expected USER or "
				"USER:GROUP",
				user);
	r = find_user(who, passwd, &a, &name, err);
	/* A group that is named is the only one. */
	if (r == 0 && with_group)
		r = find_group(rest, group, &a.gid, err);
	else if (r == 0)
		r = find_groups(name, group, &a, err);
	if (r < 0)
		return r;
	*ret = a;
	memset(&a.groups, 0, sizeof(a.groups));
	return 0;
}
