/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/uki.h"

#include <string.h>

#include "boot/kargs.h"
#include "boot/pe.h"
#include "boot/roots.h"

/* A check of one EFI program. */
struct check {
	int fd;
	enum cfs_uki_kind kind;
	const struct cfs_uki_images *images;
	unsigned named; /* bit i: a command line names the image i */
};

static int refuse_digest(const struct check *c, const struct cfs_digest *found,
			 struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX], want[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(found, hex);
	cfs_digest_to_hex(&c->images->v[0], want);
	return cfs_fail(err, EBADMSG,
			"its command line boots image %s, but this image is "
			"%s: build the EFI program for this image",
			hex, want);
}

static int check_digest(struct check *c, const struct cfs_digest *id,
			struct cfs_err *err)
{
	for (size_t i = 0; i < c->images->n; i++) {
		if (!cfs_digest_equal(id, &c->images->v[i]))
			continue;
		c->named |= 1U << i;
		return 0;
	}
	return refuse_digest(c, id, err);
}

static int check_words(struct check *c, struct cfs_bytes cmdline,
		       struct cfs_err *err)
{
	struct cfs_kargs kargs;
	int r = cfs_kargs_parse(cmdline, &kargs, err);

	if (r < 0) {
		err->code = EBADMSG;
		return cfs_ctx(err, "its command line");
	}
	/* A newer composefs-setup-root may boot the image that this names. */
	if (kargs.n_skipped > 0)
		return cfs_fail(err, EBADMSG,
				"its command line has composefs.digest=%.*s, "
				"an unknown format: use a newer cfsctl",
				(int)kargs.skipped[0].len,
				kargs.skipped[0].data);
	for (size_t i = 0; i < kargs.n; i++) {
		r = check_digest(c, &kargs.v[i].digest, err);
		if (r < 0)
			return r;
	}
	if (kargs.n == 0 && c->kind != CFS_UKI_ADDON)
		return cfs_fail(err, EBADMSG,
				"its command line names no image to boot: "
				"build it with the argument that `cfsctl "
				"composefs-digest-karg` prints");
	return 0;
}

static int check_section(struct check *c, const struct cfs_pe_section *section,
			 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_pe_read(c->fd, section, CFS_BOOT_CMDLINE_MAX, &text, err);

	if (r < 0)
		return r;
	/* Tools pad with NUL bytes.  systemd-stub stops at the first one, but
	 * other readers may not: arguments behind it are checked as well. */
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0')
			text.data[i] = '\n';
	return check_words(c, cfs_buf_bytes(&text), err);
}

/* Which of the ways to start an EFI program have a command line. */
struct ways {
	unsigned profiles; /* begun so far */
	bool base;	   /* before the first profile, for all of them */
	bool here;	   /* in the current profile */
	bool lacking;	   /* an earlier profile has none */
};

/* A profile without a command line uses that of the base.  If there is none
 * either, the image to boot is chosen by what starts the program. */
static void end_profile(struct ways *ways)
{
	if (ways->profiles > 0 && !ways->here)
		ways->lacking = true;
	ways->here = false;
}

static int check_sections(struct check *c, const struct cfs_pe *pe,
			  struct ways *ways, struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < pe->n; i++) {
		if (strcmp(pe->v[i].name, ".profile") == 0) {
			end_profile(ways);
			ways->profiles++;
		}
		if (strcmp(pe->v[i].name, ".cmdline") != 0)
			continue;
		ways->here = true;
		ways->base = ways->base || ways->profiles == 0;
		r = check_section(c, &pe->v[i], err);
		if (r < 0 && ways->profiles > 0)
			r = cfs_ctx(err, "profile %u", ways->profiles - 1);
	}
	end_profile(ways);
	return r;
}

int cfs_uki_check(int fd, enum cfs_uki_kind kind,
		  const struct cfs_uki_images *images, unsigned *named,
		  struct cfs_err *err)
{
	struct check c = { .fd = fd, .kind = kind, .images = images };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	struct ways ways = { 0 };
	int r = cfs_pe_open(fd, &pe, err);

	if (r == 0 && kind != CFS_UKI_MAYBE)
		return cfs_fail(err, EINVAL, "not an EFI program");
	if (r > 0)
		r = check_sections(&c, &pe, &ways, err);
	if (r < 0)
		return r;
	if (kind == CFS_UKI && !ways.base &&
	    (ways.profiles == 0 || ways.lacking))
		return cfs_fail(err, EINVAL,
				"it has no command line%s, so others would say "
				"which image boots: build it with one",
				ways.profiles > 0 ? " in one of its profiles"
						  : "");
	*named |= c.named;
	return 0;
}
