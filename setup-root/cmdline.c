/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/cmdline.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

#define VALUE_MAX 64

bool cfs_cmdline_value(struct cfs_bytes cmdline, const char *name, char *ret,
		       size_t size)
{
	struct cfs_bytes value = { 0 };

	if (!cfs_cmdline_find(cmdline, name, &value) || value.len >= size)
		return false;
	if (value.len)
		memcpy(ret, value.data, value.len);
	ret[value.len] = '\0';
	return true;
}

static bool is_one_of(const char *mode, const char *const *words)
{
	while (*words && strcmp(mode, *words) != 0)
		words++;
	return *words;
}

/* Defaults for what no file sets.
 * Source: systemd src/volatile-root; a boolean or one of two words. */
static void apply_volatile(const char *mode, struct cfs_config *config,
			   struct cfs_log *log)
{
	static const char *const all[] = { "yes", "true", "1",	     "on", "y",
					   "t",	  "",	  "overlay", NULL };
	static const char *const none[] = { "no", "false", "0", "off",
					    "n",  "f",	   NULL };
	bool whole = is_one_of(mode, all);

	if (is_one_of(mode, none))
		return;
	if (!whole && strcmp(mode, "state") != 0) {
		cfs_log(log, LOG_WARNING, "systemd.volatile=%s is unknown",
			mode);
		return;
	}
	if (!config->var.given)
		config->var.mount = CFS_DIR_NONE;
	if (whole && !config->etc.given)
		config->etc.mount = CFS_DIR_TRANSIENT;
	if (whole && !config->root.given)
		config->root.transient = true;
}

/* 1: unknown, and worded in @text.  0: known, or not meant for this program. */
static bool judge(const struct cfs_word *word,
		  char text[static CFS_UNKNOWN_MAX])
{
	static const char *const names[] = { "composefs.digest", "composefs",
					     "composefs.onfail",
					     "composefs.debug" };
	unsigned least = UINT_MAX;
	const char *like = NULL;
	char name[VALUE_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)word->name.len,
		 word->name.data);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		unsigned d = cfs_text_distance(name, names[i]);

		/* The first two name an image, which takes a value. */
		if (d == 0 && (word->value.data || i > 1))
			return false;
		/* More than a fifth of its letters off is another word. */
		if (d < least && d * 5 <= strlen(names[i])) {
			least = d;
			like = names[i];
		}
	}
	if (!like && strncmp(name, "composefs.", 10) != 0)
		return false;
	if (least == 0)
		snprintf(text, CFS_UNKNOWN_MAX, "'%s' has no value", name);
	else
		snprintf(text, CFS_UNKNOWN_MAX, "'%s' is unknown%s%s%s", name,
			 like ? " (did you mean " : "", like ? like : "",
			 like ? "?)" : "");
	return true;
}

bool cfs_cmdline_unknown(struct cfs_bytes *rest,
			 char text[static CFS_UNKNOWN_MAX])
{
	struct cfs_word word;

	while (cfs_cmdline_next(rest, &word))
		if (judge(&word, text))
			return true;
	return false;
}

void cfs_cmdline_apply(struct cfs_bytes cmdline, struct cfs_config *config,
		       struct cfs_log *log)
{
	char value[VALUE_MAX], unknown[CFS_UNKNOWN_MAX];
	struct cfs_bytes rest = cmdline;

	while (cfs_cmdline_unknown(&rest, unknown))
		cfs_log(log, LOG_WARNING, "kernel argument %s", unknown);

	if (cfs_cmdline_value(cmdline, "composefs.debug", value, sizeof(value)))
		log->max_level = LOG_DEBUG;
	if (cfs_cmdline_value(cmdline, "systemd.volatile", value,
			      sizeof(value)))
		apply_volatile(value, config, log);
	if (cfs_cmdline_value(cmdline, "composefs.onfail", value,
			      sizeof(value)) &&
	    !cfs_config_action(value, &config->failure.action))
		cfs_log(log, LOG_WARNING,
			"composefs.onfail=%s is none of emergency, reboot, "
			"poweroff, reboot-if-counting",
			value);
}
