/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl fetch: images from web servers. */
#include "ops/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/cli/units.h"
#include "cfsctl/signing.h"
#include "repo/name.h"

struct options {
	const char *name, *ca;
	struct cfs_opt_list mirrors, certs, from;
	unsigned parallel;
	uint64_t rate;
};

static int parse_parallel(const char *text, void *to, struct cfs_err *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end || n > CFS_HTTP_PARALLEL_MAX)
		return cfs_fail(err, CFS_EUSAGE, "'%s' is not 1 to %d", text,
				CFS_HTTP_PARALLEL_MAX);
	*(unsigned *)to = (unsigned)n;
	return 0;
}

static int parse_rate(const char *text, void *to, struct cfs_err *err)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (*text >= '1' && *text <= '9' && n < UINT64_C(1) << 32 &&
	    (!*end || (unit && !end[1]))) {
		*(uint64_t *)to = n << (unit ? 10 * (unit - units + 1) : 0);
		return 0;
	}
	return cfs_fail(err, CFS_EUSAGE,
			"'%s' is not a number of bytes, with K, M or G behind "
			"it or nothing",
			text);
}

static const struct cfs_opt options[] = {
	{ .name = "name",
	  .value = "NAME",
	  .help = "call the image so in the repository (default: the name that "
		  "it was asked for by)",
	  CFS_OPT_SETS(struct options, name) },
	{ .name = "cert",
	  .value = "PEM",
	  .help = "refuse an image that none of these certificates' owners "
		  "signed; repeatable",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, certs) },
	{ .name = "mirror",
	  .value = "URL",
	  .help = "a server that has the same files, asked if the one before "
		  "fails; repeatable",
	  CFS_OPT_SETS(struct options, mirrors) },
	{ .name = "from",
	  .value = "PATH",
	  .help = "a repository to take objects from that it has; repeatable",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, from) },
	{ .name = "parallel",
	  .value = "N",
	  .help = "requests at a time (default: 16)",
	  CFS_OPT_PARSES(struct options, parallel, parse_parallel) },
	{ .name = "limit-rate",
	  .value = "BYTES",
	  .help = "receive at most so many bytes a second, or with K, M, G",
	  CFS_OPT_PARSES(struct options, rate, parse_rate) },
	{ .name = "ca",
	  .value = "PEM",
	  .help = "certificates of authorities that may vouch for an https "
		  "server, instead of the system's",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, ca) },
	{ 0 },
};

#define FROM_MAX 16

/* All that a fetch needs. */
struct fetching {
	const struct options *o;
	struct cfs_store store;
	struct cfs_certs certs;
	struct cfs_repo from[FROM_MAX];
	const char *urls[CFS_HTTP_URLS];
	struct cfs_progress progress;
	struct cfs_fetch params;
};

static void fetching_end(struct fetching *f)
{
	cmd_progress_end(&f->progress);
	cfs_certs_free(&f->certs);
	for (size_t i = 0; i < f->params.n_from; i++)
		cfs_repo_close(&f->from[i]);
	cfs_store_close(&f->store);
}

static void plan(void *arg, uint64_t bytes)
{
	struct fetching *f = arg;

	cmd_progress_end(&f->progress);
	cmd_progress_start(&f->progress, "fetched", bytes, NULL);
}

static void received(void *arg, uint64_t bytes)
{
	cmd_progress_bytes(&((struct fetching *)arg)->progress, bytes);
}

static int open_from(struct fetching *f, struct cfs_err *err)
{
	const struct cfs_opt_list *list = &f->o->from;

	if (list->n > FROM_MAX)
		return cfs_fail(err, CFS_EUSAGE, "over %d --from", FROM_MAX);
	for (unsigned i = 0; i < list->n; i++) {
		const struct cfs_access access = { .path = list->v[i],
						   .waiting = cmd_waiting };

		f->from[i] = (struct cfs_repo)CFS_REPO_INIT;
		if (cfs_access_read(&access, &f->from[i], err) < 0)
			return cfs_ctx(err, "--from");
		f->params.n_from++;
	}
	return 0;
}

static int prepare(struct fetching *f, const struct cfs_call *call,
		   struct cfs_err *err)
{
	const struct options *o = f->o;
	int r = 0;

	if (o->mirrors.n >= CFS_HTTP_URLS)
		return cfs_fail(err, CFS_EUSAGE, "over %d --mirror",
				CFS_HTTP_URLS - 1);
	if (o->name && call->n > 2)
		return cfs_fail(err, CFS_EUSAGE,
				"--name is for one image at a time");
	if (o->name)
		r = cfs_name_check_new(o->name, err);
	if (r == 0 && o->certs.n > 0)
		r = cmd_read_certs(&o->certs, &f->certs, err);
	if (r < 0)
		return r;
	f->urls[0] = call->operand[0];
	for (unsigned i = 0; i < o->mirrors.n; i++)
		f->urls[i + 1] = o->mirrors.v[i];
	f->params = (struct cfs_fetch){
		.http = { .urls = f->urls,
			  .n = o->mirrors.n + 1,
			  .parallel = o->parallel,
			  .rate = o->rate,
			  .ca = o->ca },
		.certs = &f->certs,
		.from = f->from,
		.plan = plan,
		.received = received,
		.arg = f,
	};
	r = cmd_open_store(call->g, &f->store, err);
	return r < 0 ? r : open_from(f, err);
}

static void print_counts(const struct cfs_fetch_result *r)
{
	char raw[CFS_UNITS_MAX], came[CFS_UNITS_MAX];

	cmd_line(stderr,
		 "fetched %llu object%s of %s: %s received by %llu request%s; "
		 "%llu there already, %llu from other repositories",
		 (unsigned long long)r->fetched, r->fetched == 1 ? "" : "s",
		 cmd_size_text(r->fetched_raw, raw),
		 cmd_size_text(r->http.received, came),
		 (unsigned long long)r->http.requests,
		 r->http.requests == 1 ? "" : "s",
		 (unsigned long long)r->present, (unsigned long long)r->seeded);
}

static int fetch(struct fetching *f, struct cfs_fetching *fetching,
		 const char *said, struct cfs_err *err)
{
	const char *name = NULL;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r = cfs_fetch_find(fetching, said, &id, &name, err);

	if (r < 0)
		return r;
	r = cfs_fetch_image(fetching, &id, f->o->name ? f->o->name : name, err);
	cmd_progress_end(&f->progress);
	if (r < 0)
		return cfs_ctx(err, "fetch %s", said);
	cfs_digest_to_hex(&id, hex);
	printf("%s:%s\n", cfs_alg_name(id.alg), hex);
	return 0;
}

/* Says what a failed fetch has stored: the next one does without. */
static void print_progress(const struct cfs_fetch_result *r)
{
	if (r->fetched > 0)
		cmd_line(stderr,
			 "note: %llu objects came and are in the repository; "
			 "the next fetch goes on from there",
			 (unsigned long long)r->fetched);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(fetching_end))) struct fetching f = {
		.o = call->options,
		.store = CFS_STORE_INIT,
	};
	CFS_AUTO(cfs_fetching_free) struct cfs_fetching *fetching = NULL;
	struct cfs_fetch_result result;
	int r = prepare(&f, call, err);

	if (r == 0)
		r = cfs_fetch_begin(&f.store, &f.params, &fetching, err);
	if (r < 0)
		return r;
	for (int i = 1; r == 0 && i < call->n; i++)
		r = fetch(&f, fetching, call->operand[i], err);
	result = cfs_fetch_result(fetching);
	if (r == 0)
		print_counts(&result);
	else
		print_progress(&result);
	return r;
}

const struct cfs_cmd cmd_fetch = {
	.name = "fetch",
	.help = "get images from a web server, and of their objects those that "
		"are missing",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "URL" }, { "IMAGE", .many = true } },
	.run = run,
};
