/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A new deployment has to be the first in the menu, also if its kernel is older
 * than the one it replaces.  The boot loader sorts by sort key, machine id,
 * version and id; an entry gets what it needs to win, and stays as its image
 * has it if it needs nothing.
 */
#include "boot/entry_first.h"

#include <string.h>

#include "boot/bls.h"

/* For an entry without a sort key: any is before entries that have none. */
#define SORT_KEY "composefs"

/* The members of an entry that decide its place in the menu. */
struct order {
	CFS_VEC(char *); /* all of the strings; owned */
	struct cfs_boot_entry entry;
};

static void order_free(struct order *order)
{
	for (size_t i = 0; i < order->n; i++)
		free(order->v[i]);
	cfs_vec_free(order);
}

/* Sets *@to to a copy. */
static void set(struct order *order, char **to, const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (!copy || !cfs_vec_add(order, copy)) {
		free(copy);
		order->failed = true;
		return;
	}
	*to = copy;
}

/* The member that @line sets, or NULL. */
static char **member_of(struct cfs_boot_entry *entry,
			const struct cfs_bls_line *line)
{
	if (cfs_bls_is(line, "sort-key"))
		return &entry->sort_key;
	if (cfs_bls_is(line, "machine-id"))
		return &entry->machine_id;
	return cfs_bls_is(line, "version") ? &entry->version : NULL;
}

static void read_order(struct order *order, struct cfs_bytes text,
		       const char *name)
{
	struct cfs_buf id = { 0 };
	struct cfs_bls_line line;

	cfs_boot_entry_name(name, ".conf", &id, &order->entry.tries_left,
			    &order->entry.tries_done);
	if (cfs_buf_text(&id))
		set(order, &order->entry.id, (char *)id.data, id.len);
	else
		order->failed = true;
	cfs_buf_free(&id);
	/* Any path will do: entries are only compared by it if all else is
	 * equal. */
	order->entry.path = order->entry.id;
	order->entry.offered = true;
	while (cfs_bls_next(&text, &line)) {
		char **to = member_of(&order->entry, &line);

		if (to)
			set(order, to, (const char *)line.value.data,
			    line.value.len);
	}
}

static bool comes_first(const struct order *order,
			const struct cfs_boot_entry *before)
{
	return order->failed ||
	       cfs_boot_entry_compare(&order->entry, before) < 0;
}

/* Gives the entry the keys that put it beside @before, and if it still comes
 * after it, a newer version. */
static void put_before(struct order *order, const struct cfs_boot_entry *before)
{
	struct cfs_boot_entry *e = &order->entry;
	CFS_AUTOFREE char *version = NULL;

	if (!before->sort_key) {
		set(order, &e->sort_key, SORT_KEY, strlen(SORT_KEY));
		return;
	}
	e->sort_key = before->sort_key;
	e->machine_id = before->machine_id;
	if (comes_first(order, before))
		return;
	if (asprintf(&version, "%s.1",
		     before->version ? before->version : "0") < 0) {
		version = NULL;
		order->failed = true;
		return;
	}
	set(order, &e->version, version, strlen(version));
}

static void add_line(struct cfs_buf *ret, const char *key, const char *value)
{
	if (value)
		cfs_buf_addf(ret, "%s %s\n", key, value);
}

/* Writes @text with the lines of @e in place of its own. */
static void rewrite(struct cfs_bytes text, struct cfs_boot_entry *e,
		    struct cfs_buf *ret)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t n = end ? (size_t)(end + 1 - text.data) : text.len;
		struct cfs_bytes rest = { text.data, n };
		struct cfs_bls_line line;

		if (!cfs_bls_next(&rest, &line) || !member_of(e, &line))
			cfs_buf_add(ret, text.data, n);
		text.data += n;
		text.len -= n;
	}
	if (ret->len > 0 && ret->data[ret->len - 1] != '\n')
		cfs_buf_addc(ret, '\n');
	add_line(ret, "version", e->version);
	add_line(ret, "machine-id", e->machine_id);
	add_line(ret, "sort-key", e->sort_key);
}

int cfs_entry_put_first(struct cfs_bytes text, const char *name,
			const struct cfs_boot_entry *before,
			struct cfs_buf *ret, struct cfs_err *err)
{
	__attribute__((cleanup(order_free))) struct order order = { 0 };
	bool changed;

	/* The values that order @before are copied into the text below.  If one
	 * of them cannot be the value of a line, the entry stays as it is. */
	read_order(&order, text, name);
	changed = !comes_first(&order, before) &&
		  cfs_bls_is_value(before->sort_key) &&
		  cfs_bls_is_value(before->machine_id) &&
		  cfs_bls_is_value(before->version);
	if (changed)
		put_before(&order, before);
	if (cfs_vec_check(&order, err) < 0)
		return -err->code;
	if (changed)
		rewrite(text, &order.entry, ret);
	else
		cfs_buf_add(ret, text.data, text.len);
	return cfs_buf_check(ret, err);
}
