/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "oci/run/volume.h"

static const char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:"
				   "/usr/sbin:/usr/bin:/sbin:/bin";

static const char *const capabilities[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",	 "CAP_FSETID",
	"CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",	 "CAP_SETGID",
	"CAP_SETPCAP", "CAP_SETUID",	       "CAP_SYS_CHROOT", NULL,
};

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/fs/selinux",
	"/sys/dev/block",
	"/sys/devices/virtual/powercap",
	NULL,
};

static const char *const readonly[] = {
	"/proc/asound", "/proc/bus",	       "/proc/fs", "/proc/irq",
	"/proc/sys",	"/proc/sysrq-trigger", NULL,
};

/*
 * System calls that are refused.  The kernel's keyrings know no containers: to
 * them root of one is root of the machine, who may read root's keys, and add
 * certificates to .fs-verity.
 */
static const char *const refused[] = {
	"add_key",
	"keyctl",
	"request_key",
	NULL,
};

/* Those that programs of this machine may be of: without a filter for the calls
 * of each, the runtime would end the programs. */
static const char *const architectures[] = {
#if defined(__x86_64__)
	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_X86",
	"SCMP_ARCH_X32",
#elif defined(__aarch64__)
	"SCMP_ARCH_AARCH64",
	"SCMP_ARCH_ARM",
#endif
	NULL,
};

const char *const cfs_run_tmpfs[] = { "/run", "/tmp", "/var/tmp", NULL };

/* Who a mount is for. */
enum whose {
	ALL,
	ROOT,
	ROOTLESS,
	ROOTLESS_NO_NETWORK,
	ROOTLESS_NETWORK
};

/*
 * With @rootless, mounts that a user namespace may not make are left out or
 * replaced: group 5 is not in its mapping; a new sysfs needs a network
 * namespace of its own; cgroups are not delegated to it.
 */
static const struct mount {
	enum whose whose;
	const char *target, *type, *source, *options[8];
} mounts[] = {
	{ ALL, "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } },
	{ ALL,
	  "/dev",
	  "tmpfs",
	  "tmpfs",
	  { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ ROOT,
	  "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
	    "gid=5" } },
	{ ROOTLESS,
	  "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
	{ ALL,
	  "/dev/shm",
	  "tmpfs",
	  "shm",
	  { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ ALL,
	  "/dev/mqueue",
	  "mqueue",
	  "mqueue",
	  { "nosuid", "noexec", "nodev" } },
	{ ROOT,
	  "/sys",
	  "sysfs",
	  "sysfs",
	  { "nosuid", "noexec", "nodev", "ro" } },
	{ ROOTLESS_NO_NETWORK,
	  "/sys",
	  "sysfs",
	  "sysfs",
	  { "nosuid", "noexec", "nodev", "ro" } },
	{ ROOTLESS_NETWORK,
	  "/sys",
	  "bind",
	  "/sys",
	  { "rbind", "nosuid", "noexec", "nodev", "ro" } },
	{ ROOT,
	  "/sys/fs/cgroup",
	  "cgroup",
	  "cgroup",
	  { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

static bool is_for(const struct mount *m, const struct cfs_run_params *p)
{
	switch (m->whose) {
	case ROOT:
		return !p->rootless;
	case ROOTLESS:
		return p->rootless;
	case ROOTLESS_NO_NETWORK:
		return p->rootless && !p->host_network;
	case ROOTLESS_NETWORK:
		return p->rootless && p->host_network;
	default:
		return true;
	}
}

static void write_list(struct cfs_json_writer *w, const char *name,
		       const char *const *list)
{
	cfs_json_write_array(w, name, CFS_JSON_LINES);
	for (; *list; list++)
		cfs_json_write_text(w, NULL, *list);
	cfs_json_write_end(w);
}

static void write_texts(struct cfs_json_writer *w, const struct cfs_texts *list)
{
	for (size_t i = 0; i < list->n; i++)
		cfs_json_write_text(w, NULL, list->v[i]);
}

static void write_mount(struct cfs_json_writer *w, const char *target,
			const char *type, const char *source,
			const char *const *options)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "destination", target);
	cfs_json_write_text(w, "type", type);
	cfs_json_write_text(w, "source", source);
	cfs_json_write_array(w, "options", CFS_JSON_ONE_LINE);
	for (; *options; options++)
		cfs_json_write_text(w, NULL, *options);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

/* How many users and groups the container's namespace has, from 0 on. */
static uint64_t ids_of(const struct cfs_run_params *p)
{
	if (!p->rootless)
		return (uint64_t)UINT32_MAX + 1;
	return p->namespace_ids > 0 ? p->namespace_ids : 1;
}

static void write_user(struct cfs_json_writer *w,
		       const struct cfs_run_spec *spec)
{
	const struct cfs_account *a = spec->account;
	uint64_t ids = ids_of(spec->params);

	cfs_json_write_object(w, "user", CFS_JSON_LINES);
	cfs_json_write_u64(w, "uid", a->uid);
	cfs_json_write_u64(w, "gid", a->gid);
	/* With root alone no process may set them. */
	if (a->groups.n > 0 && ids > 1) {
		cfs_json_write_array(w, "additionalGids", CFS_JSON_ONE_LINE);
		for (size_t i = 0; i < a->groups.n; i++)
			if (a->groups.v[i] < ids)
				cfs_json_write_u64(w, NULL, a->groups.v[i]);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

/* Users other than root get none of them, and a file with capabilities or the
 * bit set-user-ID gives them none either (noNewPrivileges). */
static void write_capabilities(struct cfs_json_writer *w, bool root)
{
	static const char *const none[] = { NULL };

	cfs_json_write_object(w, "capabilities", CFS_JSON_LINES);
	write_list(w, "bounding", capabilities);
	write_list(w, "effective", root ? capabilities : none);
	write_list(w, "permitted", root ? capabilities : none);
	cfs_json_write_end(w);
}

/* The home directory of the user, unless image or caller say otherwise. */
static int set_home(const struct cfs_account *a, struct cfs_texts *env,
		    struct cfs_err *err)
{
	bool known = *a->home == '/' && cfs_is_utf8(a->home);
	char text[sizeof("HOME=") + CFS_ACCOUNTS_HOME_MAX];

	if (cfs_texts_get(env, "HOME"))
		return 0;
	snprintf(text, sizeof(text), "HOME=%s", known ? a->home : "/");
	return cfs_texts_set(env, text, err);
}

static int write_env(struct cfs_json_writer *w, const struct cfs_run_spec *spec,
		     struct cfs_err *err)
{
	const struct cfs_run_params *p = spec->params;
	CFS_AUTOTEXTS struct cfs_texts env = { 0 };
	int r = cfs_texts_set(&env, default_path, err);

	for (size_t i = 0; r == 0 && i < spec->config->env.n; i++)
		r = cfs_texts_set(&env, spec->config->env.v[i], err);
	for (size_t i = 0; r == 0 && i < p->n_env; i++)
		r = cfs_texts_set(&env, p->env[i], err);
	if (r == 0)
		r = set_home(spec->account, &env, err);
	cfs_json_write_array(w, "env", CFS_JSON_LINES);
	write_texts(w, &env);
	cfs_json_write_end(w);
	return r;
}

static int write_args(struct cfs_json_writer *w,
		      const struct cfs_run_spec *spec, struct cfs_err *err)
{
	const struct cfs_run_params *p = spec->params;
	const struct cfs_run_config *c = spec->config;

	if (c->entrypoint.n + p->n_args + c->cmd.n == 0)
		return cfs_fail(err, EINVAL,
				"the image has neither Entrypoint nor Cmd: "
				"give the command to run after the image");
	cfs_json_write_array(w, "args", CFS_JSON_LINES);
	write_texts(w, &c->entrypoint);
	for (size_t i = 0; i < p->n_args; i++)
		cfs_json_write_text(w, NULL, p->args[i]);
	if (p->n_args == 0)
		write_texts(w, &c->cmd);
	cfs_json_write_end(w);
	return 0;
}

static int write_process(struct cfs_json_writer *w,
			 const struct cfs_run_spec *spec, struct cfs_err *err)
{
	int r;

	cfs_json_write_object(w, "process", CFS_JSON_LINES);
	cfs_json_write_bool(w, "terminal", false);
	write_user(w, spec);
	r = write_args(w, spec, err);
	if (r == 0)
		r = write_env(w, spec, err);
	cfs_json_write_text(w, "cwd", spec->config->cwd);
	write_capabilities(w, spec->account->uid == 0);
	cfs_json_write_bool(w, "noNewPrivileges", true);
	cfs_json_write_end(w);
	return r;
}

static int write_volumes(struct cfs_json_writer *w,
			 const struct cfs_run_params *p, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_volumes; i++) {
		struct cfs_run_volume v;
		const char *options[] = { "rbind", "rprivate", "nosuid",
					  "nodev", NULL,       NULL };

		r = cfs_run_volume_parse(p->volumes[i], &v, err);
		options[4] = v.read_only ? "ro" : "rw";
		if (r == 0)
			write_mount(w, v.target, "bind", v.source, options);
	}
	return r;
}

static int write_mounts(struct cfs_json_writer *w,
			const struct cfs_run_spec *spec, struct cfs_err *err)
{
	static const char *const tmpfs[] = { "nosuid", "nodev", "mode=1777",
					     NULL };
	static const char *const run[] = { "nosuid", "nodev", "mode=0755",
					   NULL };
	int r;

	cfs_json_write_array(w, "mounts", CFS_JSON_LINES);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(mounts); i++)
		if (is_for(&mounts[i], spec->params))
			write_mount(w, mounts[i].target, mounts[i].type,
				    mounts[i].source, mounts[i].options);
	for (unsigned i = 0; spec->params->read_only && cfs_run_tmpfs[i]; i++)
		if (spec->tmpfs & 1u << i)
			write_mount(w, cfs_run_tmpfs[i], "tmpfs", "tmpfs",
				    i == 0 ? run : tmpfs);
	r = write_volumes(w, spec->params, err);
	cfs_json_write_end(w);
	return r;
}

static int write_annotations(struct cfs_json_writer *w,
			     const struct cfs_run_config *c,
			     struct cfs_err *err)
{
	static const char ours[] = "org.opencontainers.image.";
	CFS_AUTOTEXTS struct cfs_texts all = { 0 };
	char stop[sizeof(ours) + sizeof("stopSignal=") + CFS_RUN_TEXT_MAX];
	int r = 0;

	snprintf(stop, sizeof(stop), "%sstopSignal=%s", ours, c->stop_signal);
	if (*c->stop_signal)
		r = cfs_texts_set(&all, stop, err);
	for (size_t i = 0; r == 0 && i < c->labels.n; i++)
		if (strncmp(c->labels.v[i], ours, strlen(ours)) == 0)
			r = cfs_texts_set(&all, c->labels.v[i], err);
	if (all.n > 0)
		cfs_json_write_object(w, "annotations", CFS_JSON_LINES);
	for (size_t i = 0; i < all.n; i++) {
		char *value = strchr(all.v[i], '=');

		*value++ = '\0';
		cfs_json_write_text(w, all.v[i], value);
	}
	if (all.n > 0)
		cfs_json_write_end(w);
	return r;
}

static void write_mapping(struct cfs_json_writer *w, const char *name,
			  uint32_t outside)
{
	cfs_json_write_array(w, name, CFS_JSON_LINES);
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_u64(w, "containerID", 0);
	cfs_json_write_u64(w, "hostID", outside);
	cfs_json_write_u64(w, "size", 1);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

static void write_namespaces(struct cfs_json_writer *w,
			     const struct cfs_run_params *p)
{
	const struct {
		const char *type;
		bool is_new;
	} rows[] = {
		{ "pid", true },
		{ "ipc", true },
		{ "uts", true },
		{ "mount", true },
		{ "cgroup", true },
		{ "network", !p->host_network },
		{ "user", p->rootless && p->namespace_ids == 0 },
	};

	cfs_json_write_array(w, "namespaces", CFS_JSON_LINES);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		if (!rows[i].is_new)
			continue;
		cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
		cfs_json_write_text(w, "type", rows[i].type);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static void write_seccomp(struct cfs_json_writer *w)
{
	cfs_json_write_object(w, "seccomp", CFS_JSON_LINES);
	cfs_json_write_text(w, "defaultAction", "SCMP_ACT_ALLOW");
	if (architectures[0])
		write_list(w, "architectures", architectures);
	cfs_json_write_array(w, "syscalls", CFS_JSON_LINES);
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	write_list(w, "names", refused);
	cfs_json_write_text(w, "action", "SCMP_ACT_ERRNO");
	/* As on a kernel without keyrings, which programs know. */
	cfs_json_write_u64(w, "errnoRet", ENOSYS);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

static void write_linux(struct cfs_json_writer *w,
			const struct cfs_run_params *p)
{
	cfs_json_write_object(w, "linux", CFS_JSON_LINES);
	if (p->rootless && p->namespace_ids == 0) {
		write_mapping(w, "uidMappings", p->uid);
		write_mapping(w, "gidMappings", p->gid);
	}
	write_namespaces(w, p);
	write_list(w, "maskedPaths", masked);
	write_list(w, "readonlyPaths", readonly);
	write_seccomp(w);
	cfs_json_write_end(w);
}

static int no_such_user(const struct cfs_run_spec *spec, struct cfs_err *err)
{
	const struct cfs_account *a = spec->account;
	uint64_t ids = ids_of(spec->params);

	if (ids == 1)
		return cfs_fail(err, EINVAL,
				"user %u:%u does not exist in a container that "
				"is started without root, only 0:0 does: "
				"--user 0 runs it as that",
				a->uid, a->gid);
	return cfs_fail(err, EINVAL,
			"user %u:%u does not exist in a container that is "
			"started without root: /etc/subuid and /etc/subgid "
			"give this user ids for those up to %llu; --user 0 "
			"runs it as root",
			a->uid, a->gid, (unsigned long long)ids - 1);
}

int cfs_run_spec_write(const struct cfs_run_spec *spec,
		       struct cfs_json_writer *w, struct cfs_err *err)
{
	const struct cfs_account *a = spec->account;
	int r;

	if (a->uid >= ids_of(spec->params) || a->gid >= ids_of(spec->params))
		return no_such_user(spec, err);
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "ociVersion", "1.0.2");
	r = write_process(w, spec, err);
	cfs_json_write_object(w, "root", CFS_JSON_LINES);
	cfs_json_write_text(w, "path", spec->params->root);
	cfs_json_write_bool(w, "readonly", spec->params->read_only);
	cfs_json_write_end(w);
	cfs_json_write_text(w, "hostname", spec->hostname);
	if (r == 0)
		r = write_mounts(w, spec, err);
	if (r == 0)
		r = write_annotations(w, spec->config, err);
	write_linux(w, spec->params);
	cfs_json_write_end(w);
	return r;
}
