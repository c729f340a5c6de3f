/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/name.h"
#include "repo/ref.h"

/* Candidates that are listed when a shortened digest is ambiguous. */
#define LISTED_MAX 6

/* A digest, or the beginning of one. */
struct digits {
	enum cfs_alg alg; /* that was named, or 0 */
	size_t len;
	char hex[CFS_DIGEST_HEX_MAX]; /* lower case */
};

/* Is @text a digest or the beginning of one? */
static bool read_digits(const char *text, struct digits *ret)
{
	struct digits d = { 0 };

	text = cfs_name_digits(text, &d.alg);
	for (; isxdigit((unsigned char)text[d.len]); d.len++) {
		if (d.len == sizeof(d.hex) - 1)
			return false;
		d.hex[d.len] = (char)tolower((unsigned char)text[d.len]);
	}
	if (text[d.len] || d.len < CFS_FIND_DIGITS_MIN ||
	    (d.alg && d.len > 2 * cfs_alg_size(d.alg)))
		return false;
	*ret = d;
	return true;
}

static size_t whole(const struct cfs_repo *repo)
{
	return 2 * cfs_alg_size(repo->meta.alg);
}

/* The images whose digests begin with certain digits. */
struct matches {
	unsigned n;
	size_t tell_apart; /* digits by which they differ from one another */
	char hex[LISTED_MAX][CFS_DIGEST_HEX_MAX]; /* the first of them */
};

/* Names come sorted, so those that are most alike are neighbours. */
static void add_match(struct matches *m, const char *hex, const char *last)
{
	size_t same = 0;

	while (last && last[same] && last[same] == hex[same])
		same++;
	if (same + 1 > m->tell_apart)
		m->tell_apart = same + 1;
	if (m->n < LISTED_MAX)
		strcpy(m->hex[m->n], hex);
	m->n++;
}

static int find_matches(const struct cfs_repo *repo, const struct digits *d,
			struct matches *ret, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	const char *last = NULL;
	int r = cfs_dir_list(repo->fd, "images", &names, err);

	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		const char *name = names.v[i].name;

		if (strncmp(name, d->hex, d->len) != 0 ||
		    strlen(name) != whole(repo))
			continue;
		add_match(ret, name, last);
		last = name;
	}
	return r;
}

static int ambiguous(const struct digits *d, const struct matches *m,
		     struct cfs_err *err)
{
	char list[LISTED_MAX * CFS_DIGEST_HEX_MAX + 32] = "";
	size_t len = 0;

	for (unsigned i = 0; i < m->n && i < LISTED_MAX; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len,
					"%s%.*s", i ? ", " : "",
					(int)m->tell_apart + 4, m->hex[i]);
	return cfs_fail(err, ENOTUNIQ,
			"%u images have digests that begin with %s: %s%s", m->n,
			d->hex, list, m->n > LISTED_MAX ? ", ..." : "");
}

static int other_algorithm(const struct cfs_repo *repo, const struct digits *d,
			   struct cfs_err *err)
{
	bool short_ones = repo->meta.alg == CFS_ALG_SHA256;

	return cfs_fail(err, ENOENT,
			"image not found: %zu digits name a SHA-%s image, this "
			"repository has SHA-%s",
			d->len, short_ones ? "512" : "256",
			short_ones ? "256" : "512");
}

static int find_whole(const struct cfs_repo *repo, const struct digits *d,
		      struct cfs_digest *ret, struct cfs_err *err)
{
	char path[sizeof("images/") + CFS_DIGEST_HEX_MAX];
	int r;

	snprintf(path, sizeof(path), "images/%s", d->hex);
	r = cfs_name_exists(repo->fd, path);
	if (r < 0)
		return cfs_fail(err, -r, "look for %s: %s", path, strerror(-r));
	if (r == 0)
		return 0;
	r = cfs_digest_from_hex(d->hex, d->len, ret, err);
	return r < 0 ? r : 1;
}

static int find_digest(const struct cfs_repo *repo, const struct digits *d,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	struct matches m = { 0 };
	int r;

	if (d->len > whole(repo) || (d->alg && d->alg != repo->meta.alg))
		return other_algorithm(repo, d, err);
	if (d->len == whole(repo))
		return find_whole(repo, d, ret, err);
	r = find_matches(repo, d, &m, err);
	if (r < 0)
		return r;
	if (m.n > 1)
		return ambiguous(d, &m, err);
	if (m.n == 1)
		r = cfs_digest_from_hex(m.hex[0], whole(repo), ret, err);
	else if (d->len == 2 * cfs_alg_size(CFS_ALG_SHA256) &&
		 repo->meta.alg != CFS_ALG_SHA256)
		r = other_algorithm(repo, d, err);
	return r < 0 ? r : m.n == 1;
}

int cfs_image_find(const struct cfs_repo *repo, const char *text,
		   struct cfs_digest *ret, struct cfs_err *err)
{
	struct digits d;
	int r;

	if (strncmp(text, "refs/", strlen("refs/")) == 0)
		return cfs_ref_get(repo, text + strlen("refs/"), ret, err);
	if (!read_digits(text, &d))
		return cfs_ref_get(repo, text, ret, err);
	/* A whole digest is never a name: cfs_name_check_new() refuses one. */
	if (!d.alg && d.len != 2 * cfs_alg_size(CFS_ALG_SHA256) &&
	    d.len != 2 * cfs_alg_size(CFS_ALG_SHA512)) {
		r = cfs_ref_get(repo, text, ret, err);
		if (r != 0)
			return r;
	}
	return find_digest(repo, &d, ret, err);
}
