/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Values of xattrs, and other bytes, for people. */
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

#include "base/disk.h"
#include "cfsctl/diff/diff.h"

/* Bytes of a value that are shown unless --no-trunc is given. */
#define SHOWN_TEXT 80
#define SHOWN_HEX  24

void cmd_diff_escape(struct cfs_buf *out, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\\')
			cfs_buf_adds(out, "\\\\");
		else if (p[i] == '\n')
			cfs_buf_adds(out, "\\n");
		else if (p[i] == '\r')
			cfs_buf_adds(out, "\\r");
		else if (p[i] == '\t')
			cfs_buf_adds(out, "\\t");
		else if (p[i] > 0x20 && p[i] < 0x7f)
			cfs_buf_addc(out, (char)p[i]);
		else
			cfs_buf_addf(out, "\\x%02x", p[i]);
	}
}

/* Many a label ends with a NUL: that is text still, and shown. */
static bool is_text(struct cfs_bytes value)
{
	for (size_t i = 0; i < value.len; i++) {
		bool last = i > 0 && i + 1 == value.len;

		if ((value.data[i] < 0x20 || value.data[i] >= 0x7f) &&
		    value.data[i] != '\n' && value.data[i] != '\t' &&
		    !(last && value.data[i] == '\0'))
			return false;
	}
	return true;
}

static void add_quoted(struct cfs_buf *out, struct cfs_bytes value)
{
	cfs_buf_addc(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == ' ')
			cfs_buf_addc(out, ' ');
		else if (value.data[i] == '"')
			cfs_buf_adds(out, "\\\"");
		else
			cmd_diff_escape(out, value.data + i, 1);
	}
	cfs_buf_addc(out, '"');
}

void cmd_diff_bytes(struct cfs_buf *out, struct cfs_bytes value,
		    enum cfs_diff_length length)
{
	bool text = is_text(value);
	size_t len = value.len, most = text ? SHOWN_TEXT : SHOWN_HEX;

	if (length == CFS_DIFF_CUT && len > most)
		value.len = most;
	if (text) {
		add_quoted(out, value);
	} else {
		cfs_buf_adds(out, "0x");
		for (size_t i = 0; i < value.len; i++)
			cfs_buf_addf(out, "%02x", value.data[i]);
	}
	if (value.len < len)
		cfs_buf_addf(out, "... (%zu bytes)", len);
}

/* Source: linux/capability.h, in the order of the numbers. */
static const char *const capabilities[] = { "chown",
					    "dac_override",
					    "dac_read_search",
					    "fowner",
					    "fsetid",
					    "kill",
					    "setgid",
					    "setuid",
					    "setpcap",
					    "linux_immutable",
					    "net_bind_service",
					    "net_broadcast",
					    "net_admin",
					    "net_raw",
					    "ipc_lock",
					    "ipc_owner",
					    "sys_module",
					    "sys_rawio",
					    "sys_chroot",
					    "sys_ptrace",
					    "sys_pacct",
					    "sys_admin",
					    "sys_boot",
					    "sys_nice",
					    "sys_resource",
					    "sys_time",
					    "sys_tty_config",
					    "mknod",
					    "lease",
					    "audit_write",
					    "audit_control",
					    "setfcap",
					    "mac_override",
					    "mac_admin",
					    "syslog",
					    "wake_alarm",
					    "block_suspend",
					    "audit_read",
					    "perfmon",
					    "bpf",
					    "checkpoint_restore" };

static void add_set(struct cfs_buf *out, const char *name, uint64_t set)
{
	const char *comma = "";

	if (!set)
		return;
	cfs_buf_addf(out, " %s=", name);
	for (unsigned i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		if (i < CFS_ARRAY_SIZE(capabilities))
			cfs_buf_addf(out, "%scap_%s", comma, capabilities[i]);
		else
			cfs_buf_addf(out, "%s%u", comma, i);
		comma = ",";
	}
}

/* Source: linux/capability.h, struct vfs_ns_cap_data. */
static bool add_capability(struct cfs_buf *out, struct cfs_bytes value)
{
	cfs_le32 w[XATTR_CAPS_SZ_3 / sizeof(cfs_le32)] = { 0 };
	uint32_t revision;

	if (value.len != XATTR_CAPS_SZ_2 && value.len != XATTR_CAPS_SZ_3)
		return false;
	memcpy(w, value.data, value.len);
	revision = cfs_get32(w[0]) & VFS_CAP_REVISION_MASK;
	if (revision != (value.len == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2
						      : VFS_CAP_REVISION_3))
		return false;
	cfs_buf_addf(out, "version %u", revision >> VFS_CAP_REVISION_SHIFT);
	add_set(out, "permitted",
		cfs_get32(w[1]) | (uint64_t)cfs_get32(w[3]) << 32);
	add_set(out, "inheritable",
		cfs_get32(w[2]) | (uint64_t)cfs_get32(w[4]) << 32);
	if (cfs_get32(w[0]) & VFS_CAP_FLAGS_EFFECTIVE)
		cfs_buf_adds(out, " effective");
	if (value.len == XATTR_CAPS_SZ_3)
		cfs_buf_addf(out, " rootid=%u", cfs_get32(w[5]));
	return true;
}

struct acl_entry {
	cfs_le16 tag, perm;
	cfs_le32 id;
};

static const char *acl_tag(unsigned tag)
{
	switch (tag) {
	case ACL_USER_OBJ:
	case ACL_USER:
		return "user";
	case ACL_GROUP_OBJ:
	case ACL_GROUP:
		return "group";
	case ACL_MASK:
		return "mask";
	case ACL_OTHER:
		return "other";
	default:
		return NULL;
	}
}

/* In the short text form of acl(5). */
static bool add_acl(struct cfs_buf *out, struct cfs_bytes value)
{
	size_t n = (value.len - sizeof(cfs_le32)) / sizeof(struct acl_entry);
	struct acl_entry entry;
	cfs_le32 version;

	if (value.len < sizeof(version) + sizeof(entry) ||
	    value.len != sizeof(version) + n * sizeof(entry))
		return false;
	memcpy(&version, value.data, sizeof(version));
	if (cfs_get32(version) != POSIX_ACL_XATTR_VERSION)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned tag, perm;

		memcpy(&entry, value.data + sizeof(version) + i * sizeof(entry),
		       sizeof(entry));
		tag = cfs_get16(entry.tag);
		perm = cfs_get16(entry.perm);
		if (!acl_tag(tag) || perm > 7)
			return false;
		cfs_buf_addf(out, "%s%s:", i ? "," : "", acl_tag(tag));
		if (tag == ACL_USER || tag == ACL_GROUP)
			cfs_buf_addf(out, "%u", cfs_get32(entry.id));
		cfs_buf_addf(out, ":%c%c%c", perm & ACL_READ ? 'r' : '-',
			     perm & ACL_WRITE ? 'w' : '-',
			     perm & ACL_EXECUTE ? 'x' : '-');
	}
	return true;
}

void cmd_diff_value(struct cfs_buf *out, const char *key,
		    struct cfs_bytes value, enum cfs_diff_length length)
{
	size_t start = out->len;
	bool done = false;

	if (strcmp(key, "security.capability") == 0)
		done = add_capability(out, value);
	else if (strcmp(key, "system.posix_acl_access") == 0 ||
		 strcmp(key, "system.posix_acl_default") == 0)
		done = add_acl(out, value);
	if (done)
		return;
	out->len = start;
	cmd_diff_bytes(out, value, length);
}
