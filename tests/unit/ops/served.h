/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images that one repository publishes and another one fetches, by way of
 * tests/tools/httpd.py. */
#ifndef CFS_TESTS_UNIT_OPS_SERVED_H
#define CFS_TESTS_UNIT_OPS_SERVED_H

#include "ops/fetching.h"
#include "ops/publish.h"
#include "tests/unit/http/server.h"
#include "tests/unit/ops/signed.h"

static char web[24]; /* below "files", which all servers have */
static struct cfs_export_added added;

/* A directory that nothing was published to. */
static inline void new_web(void)
{
	static unsigned n;

	prepare();
	(void)snprintf(web, sizeof(web), "files/web%u", n++);
}

static inline int publish_to(const char *path, const struct cfs_digest *id,
			     const char *name)
{
	const struct cfs_publish_image one = { *id, name, "it" };
	const struct cfs_publish params = {
		.access = &access_of_root, .path = path, .images = &one, .n = 1
	};
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK(cfs_access_read(&access_of_root, &repo, &err) >= 0);
	return cfs_publish(&repo, &params, &added, &err);
}

/* Publishes an image of @letters as "name", unsigned. */
static inline struct cfs_digest publish_letters(const char *letters)
{
	struct cfs_digest id;

	new_web();
	start_empty();
	id = add_image("name", letters);
	CHECK_EQ(publish_to(web, &id, "name"), 0);
	return id;
}

/* Replaces a published file; @text NULL: removes it. */
static inline void spoil(const char *name, const char *text)
{
	CFS_AUTOFREE char *path = below(web, name);

	CHECK_EQ(unlink(path), 0);
	if (text)
		put(web, name, text);
}

/* A fetch into an empty repository. */
struct fetch {
	struct server server;
	struct cfs_store store;
	struct cfs_certs none;
	const char *url;
	struct cfs_fetch params;
	struct cfs_fetching *fetching;
};

static inline void begin_with(struct fetch *f, const struct cfs_certs *certs)
{
	char path[32];

	*f = (struct fetch){ .server = start_server(NULL),
			     .store = CFS_STORE_INIT };
	start_empty();
	CHECK_EQ(cfs_access_write(&access_of_root, &f->store, &err), 0);
	(void)snprintf(path, sizeof(path), "plain/%s", web + strlen("files/"));
	f->url = url(&f->server, path);
	f->params = (struct cfs_fetch){
		.http = { .urls = &f->url, .n = 1, .no_wait = true },
		.certs = certs ? certs : &f->none,
	};
}

static inline void begin(struct fetch *f)
{
	begin_with(f, NULL);
	CHECK_EQ(cfs_fetch_begin(&f->store, &f->params, &f->fetching, &err), 0);
}

static inline void end(struct fetch *f)
{
	if (f->fetching)
		cfs_fetching_free(f->fetching);
	cfs_store_close(&f->store);
	stop_server(&f->server);
}

/* Fetches by the digest, and ends.  What the error has to say is @said. */
static inline void fetch_fails(const struct cfs_digest *id, int r,
			       const char *said)
{
	struct fetch f;

	begin(&f);
	CHECK_EQ(cfs_fetch_image(f.fetching, id, "mine", &err), r);
	CHECK(strstr(err.msg, said));
	CHECK_EQ(count(root, ".", "images"), 0);
	end(&f);
}

#endif
