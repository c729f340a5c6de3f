/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/config.h"

#include <ctype.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"
#include "base/toml.h"

#define DROPINS_MAX 64 /* files of the drop-in directory */

_Static_assert(CFS_CONFIG_LIST == CFS_TOML_LIST &&
		       CFS_CONFIG_STR == CFS_TOML_STR,
	       "a list is copied as the parser gives it");

struct choice {
	const char *word;
	unsigned value;
};

static const struct choice dir_modes[] = {
	{ "auto", CFS_DIR_AUTO },	    { "none", CFS_DIR_NONE },
	{ "bind", CFS_DIR_BIND },	    { "overlay", CFS_DIR_OVERLAY },
	{ "transient", CFS_DIR_TRANSIENT }, { "root", CFS_DIR_NONE },
	{ "volatile", CFS_DIR_TRANSIENT },  { 0 },
};
static const struct choice stacks[] = {
	{ "auto", CFS_STACK_AUTO },
	{ "nested", CFS_STACK_NESTED },
	{ "flat", CFS_STACK_FLAT },
	{ 0 },
};
static const struct choice options[] = {
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ 0 },
};
static const struct choice missing[] = {
	{ "fail", CFS_MISSING_FAIL },
	{ "transient", CFS_MISSING_TRANSIENT },
	{ 0 },
};
static const struct choice actions[] = {
	{ "emergency", CFS_FAIL_EMERGENCY },
	{ "reboot", CFS_FAIL_REBOOT },
	{ "poweroff", CFS_FAIL_POWEROFF },
	{ "reboot-if-counting", CFS_FAIL_REBOOT_IF_COUNTING },
	{ 0 },
};

struct loader {
	struct cfs_config *config;
	const char *file; /* being read */
	struct cfs_log *log;
};

enum key_kind {
	BOOLEAN,
	NUMBER,
	CHOICE,
	TEXT,
	SIZE,
	LIST
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset; /* in struct cfs_config */
	size_t size;
	const struct choice *choices;
	size_t given; /* where it is noted that the key was set; 0: nowhere */
};

#define KEY(name, kind, field, ...)                                 \
	{                                                           \
		name, kind, offsetof(struct cfs_config, field),     \
			sizeof(((struct cfs_config *)NULL)->field), \
			__VA_ARGS__                                 \
	}
#define GIVEN(field) .given = offsetof(struct cfs_config, field)

static const struct key keys[] = {
	KEY("boot.allow-insecure", BOOLEAN, boot.allow_insecure),
	KEY("root.transient", BOOLEAN, root.transient, GIVEN(root.given)),
	KEY("root.transient-ro", BOOLEAN, root.transient_ro, GIVEN(root.given)),
	KEY("root.tmpfs-size", SIZE, root.tmpfs_size),
	KEY("etc.mount", CHOICE, etc.mount, dir_modes, GIVEN(etc.mount_set)),
	KEY("etc.transient", BOOLEAN, etc.transient, GIVEN(etc.given)),
	KEY("etc.stack", CHOICE, etc_stack, stacks),
	KEY("var.mount", CHOICE, var.mount, dir_modes, GIVEN(var.mount_set)),
	KEY("var.transient", BOOLEAN, var.transient, GIVEN(var.given)),
	KEY("var.options", CHOICE, var_options, options),
	KEY("sysroot.readonly", BOOLEAN, sysroot.readonly),
	KEY("sysroot.mountpoint", TEXT, sysroot.mountpoint),
	KEY("state.missing", CHOICE, state.missing, missing),
	KEY("keys.dirs", LIST, keys.dirs),
	KEY("keys.restrict", BOOLEAN, keys.restrict_ring),
	KEY("keys.require", BOOLEAN, keys.require),
	KEY("keys.require-signed", BOOLEAN, keys.require_signed),
	KEY("probe.enable", BOOLEAN, probe.enable),
	KEY("probe.paths", LIST, probe.paths),
	KEY("failure.action", CHOICE, failure.action, actions),
	KEY("failure.delay", NUMBER, failure.delay),
};
void cfs_config_init(struct cfs_config *config)
{
	*config = (struct cfs_config){
		.boot.allow_insecure = true,
		.root.tmpfs_size = "25%",
		.etc.mount = CFS_DIR_AUTO,
		.etc_stack = CFS_STACK_AUTO,
		.var.mount = CFS_DIR_BIND,
		.sysroot = { true, "sysroot" },
		.keys.dirs = { 2,
			       { "/usr/lib/composefs/keys.d",
				 "/etc/composefs/keys.d" } },
		.keys.restrict_ring = true,
		.probe.enable = true,
		.failure = { CFS_FAIL_EMERGENCY, 10 },
	};
}

static const struct choice *find_choice(const struct choice *choices,
					const char *word)
{
	for (; choices->word; choices++)
		if (strcmp(choices->word, word) == 0)
			return choices;
	return NULL;
}

bool cfs_config_action(const char *word, enum cfs_fail_action *ret)
{
	const struct choice *found = find_choice(actions, word);

	if (found)
		*ret = found->value;
	return found;
}

const char *cfs_dir_mode_name(enum cfs_dir_mode mode)
{
	return mode == CFS_DIR_MOUNT ? "mount" : dir_modes[mode].word;
}

static int set_choice(const struct key *key, unsigned *place, const char *word,
		      struct cfs_err *err)
{
	const struct choice *found = find_choice(key->choices, word);
	char list[128] = "";

	if (found) {
		*place = found->value;
		return 0;
	}
	for (const struct choice *c = key->choices; c->word; c++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s%s", c == key->choices ? "" : ", ", c->word);
	return cfs_fail(err, EINVAL, "%s cannot be \"%s\": choose one of %s",
			key->name, word, list);
}

/* Sets several words with commas between them. */
static int set_options(const struct key *key, unsigned *place, const char *text,
		       struct cfs_err *err)
{
	char words[CFS_CONFIG_STR], *rest = words, *word;
	unsigned all = 0, one = 0;

	snprintf(words, sizeof(words), "%s", text);
	while ((word = strsep(&rest, ","))) {
		if (*word && set_choice(key, &one, word, err) < 0)
			return -EINVAL;
		all |= one;
	}
	*place = all;
	return 0;
}

/* "25%", "512m": what tmpfs takes as size=. */
static bool is_tmpfs_size(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < 16 &&
	       (text[n] == '\0' ||
		(strchr("%kKmMgG", text[n]) && text[n + 1] == '\0'));
}

static int set_text(const struct key *key, char *place, const char *text,
		    struct cfs_err *err)
{
	const char *given = text;

	if (key->kind == TEXT) /* a path below the root */
		text += strspn(text, "/");
	if (text[0] == '\0' || strlen(text) >= key->size)
		return cfs_fail(err, EINVAL,
				"%s cannot be \"%s\": empty or too long",
				key->name, given);
	if (key->kind == SIZE && !is_tmpfs_size(text))
		return cfs_fail(err, EINVAL,
				"%s cannot be \"%s\": give bytes, with k, m or "
				"g, or a percentage of memory",
				key->name, given);
	memcpy(place, text, strlen(text) + 1);
	return 0;
}

static int set_number(const struct key *key, unsigned *place, int64_t number,
		      struct cfs_err *err)
{
	if (number < 0 || number > 3600)
		return cfs_fail(err, EINVAL, "%s must be 0 to 3600 seconds",
				key->name);
	*place = (unsigned)number;
	return 0;
}

static int set_key(struct loader *l, const struct key *key,
		   const struct cfs_toml_value *value, struct cfs_err *err)
{
	static const struct {
		enum cfs_toml_kind kind;
		const char *name;
	} wants[] = {
		[BOOLEAN] = { CFS_TOML_BOOLEAN, "true or false" },
		[NUMBER] = { CFS_TOML_INTEGER, "an integer" },
		[CHOICE] = { CFS_TOML_STRING, "a string in quotes" },
		[TEXT] = { CFS_TOML_STRING, "a string of less than 256 bytes" },
		[SIZE] = { CFS_TOML_STRING, "a string in quotes" },
		[LIST] = { CFS_TOML_STRINGS, "an array of at most 16 strings" },
	};
	void *place = (char *)l->config + key->offset;
	struct cfs_config_list *list = place;

	if (value->kind != wants[key->kind].kind)
		return cfs_fail(err, EINVAL, "%s must be %s", key->name,
				wants[key->kind].name);
	if (key->kind == NUMBER)
		return set_number(key, place, value->integer, err);
	if (key->choices == options)
		return set_options(key, place, value->v[0], err);
	if (key->kind == CHOICE)
		return set_choice(key, place, value->v[0], err);
	if (key->kind == TEXT || key->kind == SIZE)
		return set_text(key, place, value->v[0], err);
	if (key->kind == BOOLEAN)
		*(bool *)place = value->boolean;
	if (key->kind == LIST) {
		list->n = value->n;
		memcpy(list->v, value->v, sizeof(list->v));
	}
	return 0;
}

static void warn_unknown(struct loader *l, const char *name,
			 const struct cfs_toml_value *value)
{
	const char *like = NULL;
	unsigned least = 4; /* more than three letters off is another word */

	for (size_t i = 0; i < CFS_ARRAY_SIZE(keys); i++) {
		unsigned d = cfs_text_distance(name, keys[i].name);

		if (d < least) {
			least = d;
			like = keys[i].name;
		}
	}
	cfs_log(l->log, LOG_WARNING,
		"%s: line %u, column %u: unknown key %s is ignored%s%s%s",
		l->file, value->line, value->column, name,
		like ? " (did you mean " : "", like ? like : "",
		like ? "?)" : "");
}

static int on_value(void *ctx, const char *name,
		    const struct cfs_toml_value *value, struct cfs_err *err)
{
	struct loader *l = ctx;
	unsigned i = 0;

	while (i < CFS_ARRAY_SIZE(keys) && strcmp(keys[i].name, name))
		i++;
	/* A newer file must not stop an older initramfs. */
	if (i == CFS_ARRAY_SIZE(keys)) {
		warn_unknown(l, name, value);
		return 0;
	}
	if (keys[i].given)
		*((bool *)((char *)l->config + keys[i].given)) = true;
	return set_key(l, &keys[i], value, err);
}

static void finish_dir(struct cfs_config_dir *dir)
{
	/* A mode that is given outdoes transient, as in composefs-rs. */
	if (!dir->mount_set && dir->transient)
		dir->mount = CFS_DIR_TRANSIENT;
	dir->given |= dir->mount_set;
}

/* Checks that span several files. */
static int finish(struct loader *l, struct cfs_err *err)
{
	struct cfs_config *c = l->config;

	finish_dir(&c->etc);
	finish_dir(&c->var);
	if (c->root.transient && c->root.transient_ro)
		return cfs_fail(err, EINVAL,
				"%s: root.transient and root.transient-ro "
				"exclude each other: keep one",
				l->file);
	return 0;
}

static int read_one(struct loader *l, const char *path, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_read_file(AT_FDCWD, path, CFS_CONFIG_MAX, &text, err);

	if (r <= 0)
		return r;
	l->file = path;
	if (cfs_toml_parse(cfs_buf_bytes(&text), on_value, l, err) < 0)
		return cfs_ctx(err, "%s", path);
	return 0;
}

static int is_toml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + n - 5, ".toml") == 0;
}

static int read_dropins(struct loader *l, const char *dir, struct cfs_err *err)
{
	struct dirent **entries = NULL;
	char path[4096 + sizeof(".d/") + NAME_MAX];
	int n = scandir(dir, &entries, is_toml, alphasort), r = 0;

	if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (n < 0)
		return cfs_fail_errno(err, "read the directory %s", dir);
	if (n > DROPINS_MAX)
		r = cfs_fail(err, E2BIG, "%s holds more than %d files", dir,
			     DROPINS_MAX);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (r >= 0)
			r = read_one(l, path, err);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : 0;
}

int cfs_config_load(struct cfs_config *config, const char *path,
		    struct cfs_log *log, struct cfs_err *err)
{
	struct loader l = { .config = config, .file = path, .log = log };
	size_t n = strlen(path);
	char dir[4096 + sizeof(".d")]; /* a longer @path is refused before */
	int r;

	if (n > 5 && strcmp(path + n - 5, ".toml") == 0)
		n -= 5;
	snprintf(dir, sizeof(dir), "%.*s.d", (int)n, path);
	r = read_one(&l, path, err);
	if (r >= 0)
		r = read_dropins(&l, dir, err);
	return r < 0 ? r : finish(&l, err);
}
