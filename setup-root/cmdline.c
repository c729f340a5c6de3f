/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/cmdline.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of the argument at @text. */
static const char *argument_end(const char *text)
{
	bool quoted = false;

	for (; *text && (quoted || !is_blank(*text)); text++)
		if (*text == '"')
			quoted = !quoted;
	return text;
}

/* Takes quotes away as the kernel does: before the argument or its value, and
 * then at the end.  Source: linux lib/cmdline.c, next_arg(). */
static bool match(const char *text, const char *end, const char *name,
		  char *ret, size_t size)
{
	size_t n = strlen(name);
	bool quoted = *text == '"';

	text += quoted;
	if ((size_t)(end - text) < n || memcmp(text, name, n) != 0)
		return false;
	text += n;
	if (text < end && *text == '=') {
		text++;
		if (!quoted && text < end && *text == '"') {
			quoted = true;
			text++;
		}
	} else if (text < end && !(quoted && *text == '"')) {
		return false;
	}
	if (quoted && end > text && end[-1] == '"')
		end--;
	if ((size_t)(end - text) >= size)
		return false;
	memcpy(ret, text, (size_t)(end - text));
	ret[end - text] = '\0';
	return true;
}

bool cfs_cmdline_get(const char *cmdline, const char *name, char *ret,
		     size_t size)
{
	bool found = false;

	while (*cmdline) {
		const char *end = argument_end(cmdline);

		found = match(cmdline, end, name, ret, size) || found;
		for (cmdline = end; is_blank(*cmdline);)
			cmdline++;
	}
	return found;
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

void cfs_cmdline_apply(const char *cmdline, struct cfs_config *config,
		       struct cfs_log *log)
{
	char value[64];

	if (cfs_cmdline_get(cmdline, "composefs.debug", value, sizeof(value)))
		log->max_level = LOG_DEBUG;
	if (cfs_cmdline_get(cmdline, "systemd.volatile", value, sizeof(value)))
		apply_volatile(value, config, log);
	if (cfs_cmdline_get(cmdline, "composefs.onfail", value,
			    sizeof(value)) &&
	    !cfs_config_action(value, &config->failure.action))
		cfs_log(log, LOG_WARNING,
			"composefs.onfail=%s is none of emergency, reboot, "
			"poweroff, reboot-if-counting",
			value);
}
