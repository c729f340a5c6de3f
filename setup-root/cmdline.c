/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/cmdline.h"

#include <string.h>

#define VALUE_MAX 64

/* The value of @name as a string; one that is too long is no choice of ours. */
static bool get(struct cfs_bytes cmdline, const char *name,
		char ret[static VALUE_MAX])
{
	struct cfs_bytes value = { 0 };

	if (!cfs_cmdline_find(cmdline, name, &value) || value.len >= VALUE_MAX)
		return false;
	if (value.len)
		memcpy(ret, value.data, value.len);
	ret[value.len] = '\0';
	return true;
}

/* Source: systemd src/volatile-root; a boolean or one of two words. */
static void apply_volatile(const char *mode, struct cfs_config *config,
			   struct cfs_log *log)
{
	static const char *const all[] = { "yes", "true", "1",	     "on",
					   "y",	  "t",	  "overlay", "" };
	static const char *const none[] = {
		"no", "false", "0", "off", "n", "f"
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(none); i++)
		if (strcmp(mode, none[i]) == 0)
			return;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(all); i++) {
		if (strcmp(mode, all[i]) != 0)
			continue;
		config->root.transient = !config->root.transient_ro;
		config->var.mount = CFS_DIR_NONE;
		return;
	}
	if (strcmp(mode, "state") == 0)
		config->var.mount = CFS_DIR_NONE;
	else
		cfs_log(log, LOG_WARNING, "systemd.volatile=%s is unknown",
			mode);
}

void cfs_cmdline_apply(struct cfs_bytes cmdline, struct cfs_config *config,
		       struct cfs_log *log)
{
	char value[VALUE_MAX];

	if (get(cmdline, "composefs.debug", value))
		log->max_level = LOG_DEBUG;
	if (get(cmdline, "systemd.volatile", value))
		apply_volatile(value, config, log);
	if (get(cmdline, "composefs.onfail", value) &&
	    !cfs_config_action(value, &config->failure.action))
		cfs_log(log, LOG_WARNING,
			"composefs.onfail=%s is none of emergency, reboot, "
			"poweroff, reboot-if-counting",
			value);
}
