/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/overlay.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "mount/context.h"

const char *cfs_layer_api_name(enum cfs_layer_api api)
{
	static const char *const names[] = { "fd", "string", "legacy" };

	return names[api];
}

static void set_features(struct cfs_context *ctx,
			 const struct cfs_overlay_params *p)
{
	cfs_context_string(ctx, "source", p->source);
	/* Overlayfs then turns redirect_dir on by itself, in every version:
	 * see "Automatically enable redirect" in fs/overlayfs. */
	if (p->n_data)
		cfs_context_string(ctx, "metacopy", "on");
	if (p->verity)
		cfs_context_string(ctx, "verity", "require");
	/* Some kernels enable index by default.  An upper layer, which then has
	 * file handles of an earlier boot, could not be used a second time.
	 * nfs_export, which depends on index, is off with it. */
	if (p->upper_fd >= 0)
		cfs_context_string(ctx, "index", "off");
	if (p->sync)
		cfs_context_flag(ctx, "sync");
}

static void set_one_string(struct cfs_context *ctx,
			   const struct cfs_overlay_params *p)
{
	char layers[256]; /* the longest value that fs/fsopen.c accepts */
	size_t n = (size_t)snprintf(layers, sizeof(layers), "/proc/self/fd/%d",
				    p->lower_fd);

	/* In this form "::" precedes layers that hold only data. */
	for (size_t i = 0; i < p->n_data && n < sizeof(layers); i++)
		n += (size_t)snprintf(layers + n, sizeof(layers) - n,
				      "%s/proc/self/fd/%d",
				      p->merged ? ":" : "::", p->data_fds[i]);
	if (n >= sizeof(layers) && !ctx->failed) {
		ctx->failed = -E2BIG;
		ctx->option = "lowerdir";
	}
	cfs_context_string(ctx, "lowerdir", layers);
}

static void set_layers(struct cfs_context *ctx,
		       const struct cfs_overlay_params *p,
		       enum cfs_layer_api api)
{
	void (*set)(struct cfs_context *, const char *, int) =
		api == CFS_LAYERS_FD ? cfs_context_fd : cfs_context_fd_path;

	if (p->upper_fd >= 0) {
		set(ctx, "workdir", p->work_fd);
		set(ctx, "upperdir", p->upper_fd);
	}
	if (api == CFS_LAYERS_LEGACY) {
		set_one_string(ctx, p);
		return;
	}
	set(ctx, "lowerdir+", p->lower_fd);
	for (size_t i = 0; i < p->n_data; i++)
		set(ctx, "datadir+", p->data_fds[i]);
}

/* Returns whether a layer was refused because this kernel lacks @api. */
static bool api_missing(const struct cfs_context *ctx, enum cfs_layer_api api)
{
	/* Only the options that name layers: lowerdir+, datadir+, upperdir and
	 * workdir. */
	if (!ctx->failed || api == CFS_LAYERS_LEGACY || !ctx->option ||
	    !strstr(ctx->option, "dir"))
		return false;
	/* Descriptors: EINVAL of 6.12, EBADF of 6.13 (for O_PATH), EOPNOTSUPP
	 * of 6.1.  lowerdir+: EINVAL before 6.7. */
	return ctx->failed == -EINVAL || ctx->failed == -EBADF ||
	       ctx->failed == -EOPNOTSUPP;
}

static int too_old(struct cfs_err *err, const char *what, const char *need)
{
	struct utsname u = { 0 };

	(void)uname(&u);
	return cfs_fail(err, EOPNOTSUPP,
			"overlay of this kernel (%s) has no %s: Linux %s is "
			"needed",
			u.release, what, need);
}

/* Returns whether overlayfs accepts any option at first, as it does before 6.5,
 * where options are checked when the mount is created. */
static bool takes_anything(void)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	struct cfs_err ignored;

	if (cfs_context_open(&ctx, "overlay", &ignored) < 0)
		return false;
	cfs_context_string(&ctx, "composefs_no_such_option", "1");
	return !ctx.failed;
}

/* Returns the mount, or -EAGAIN if this kernel lacks @api. */
static int try_mount(const struct cfs_overlay_params *p, enum cfs_layer_api api,
		     struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	int r = cfs_context_open(&ctx, "overlay", err);

	if (r < 0)
		return r;
	set_features(&ctx, p);
	set_layers(&ctx, p, api);
	if (api_missing(&ctx, api))
		return -EAGAIN;
	if (ctx.failed == -EINVAL && !strcmp(ctx.option, "verity"))
		return too_old(err, "verity=, which verified boot needs",
			       "6.6");
	r = cfs_context_mount(&ctx, p->attr, err);
	if (r != -EINVAL || ctx.failed || !takes_anything())
		return r;
	/* The kernel does not know lowerdir+, and refuses it only now. */
	if (api != CFS_LAYERS_LEGACY)
		return -EAGAIN;
	if (!p->n_data || p->merged)
		return r;
	if (p->verity)
		return too_old(err, "data-only layers and no verity=", "6.6");
	return too_old(err, "data-only layers", "6.5");
}

int cfs_overlay_mount(const struct cfs_overlay_params *params,
		      struct cfs_scratch *scratch, enum cfs_layer_api *api,
		      struct cfs_err *err)
{
	for (enum cfs_layer_api a = *api; a <= CFS_LAYERS_LEGACY; a++) {
		int r = 0;

		for (size_t i = 0; i < 2 && a != CFS_LAYERS_FD && r == 0; i++)
			r = cfs_scratch_attach(scratch, params->mounts[i], err);
		if (r < 0)
			return r;
		r = try_mount(params, a, err);
		if (r == -EAGAIN)
			continue;
		if (r >= 0)
			*api = a;
		return r;
	}
	return cfs_fail(
		err, EOPNOTSUPP,
		"overlayfs of this kernel takes layers in no known way");
}
