/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/descriptions.h"

#include "base/buf.h"
#include "tests/test.h"
#include "varlink/service.h"

/* A description without comments and white space, but for one blank behind a
 * keyword, as "method" or "error". */
static void strip(const char *text, struct cfs_buf *ret)
{
	while (*text) {
		if (*text == '#')
			text += strcspn(text, "\n");
		else if (strchr(" \n", *text))
			text++;
		else
			cfs_buf_addc(ret, *text++);
	}
	CHECK(cfs_buf_text(ret));
}

static const char *const types[] = {
	[CFS_VARLINK_BOOL] = "bool",
	[CFS_VARLINK_INT] = "int",
	[CFS_VARLINK_STRING] = "string",
	[CFS_VARLINK_STRINGS] = "[]string",
	[CFS_VARLINK_XATTRS] = "XattrFiltering",
	/* These have members. */
	[CFS_VARLINK_OBJECT] = NULL,
	[CFS_VARLINK_OBJECTS] = NULL,
};

static void add_parameters(const struct cfs_varlink_parameter *rows,
			   const char *in, struct cfs_buf *to)
{
	const char *separator = "";

	cfs_buf_addc(to, '(');
	for (; rows && rows->name; rows++) {
		if (in ? !rows->in || strcmp(rows->in, in) != 0 : !!rows->in)
			continue;
		cfs_buf_addf(to, "%s%s:%s", separator, rows->name,
			     rows->optional ? "?" : "");
		separator = ",";
		if (types[rows->type]) {
			cfs_buf_adds(to, types[rows->type]);
			continue;
		}
		if (rows->type == CFS_VARLINK_OBJECTS)
			cfs_buf_adds(to, "[]");
		add_parameters(rows, rows->name, to);
	}
	cfs_buf_addc(to, ')');
}

/* How many times @word is in @text. */
static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

static void compare(const struct cfs_varlink_interface *interface)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const struct cfs_varlink_method *method = interface->methods;
	unsigned n = 0;

	strip(interface->description, &text);
	for (; method->name; method++, n++) {
		CFS_AUTOBUF struct cfs_buf want = { 0 };

		cfs_buf_addf(&want, "method%s", method->name);
		add_parameters(method->parameters, NULL, &want);
		cfs_buf_adds(&want, "->(");
		if (!strstr((char *)text.data, cfs_buf_text(&want)))
			printf("# %s\n", (char *)want.data);
		CHECK(strstr((char *)text.data, (char *)want.data));
		CHECK_EQ(!!method->run + !!method->run_on + !!method->run_in,
			 1);
	}
	CHECK_EQ(count(interface->description, "\nmethod "), n);
}

TEST(every_method_is_described_as_its_row_reads_it_and_no_other)
{
	for (size_t i = 0; cfs_varlink_interfaces[i]; i++)
		compare(cfs_varlink_interfaces[i]);
}

TEST(a_method_of_a_handle_has_it_first)
{
	for (size_t i = 0; cfs_varlink_interfaces[i]; i++)
		for (const struct cfs_varlink_method *m =
			     cfs_varlink_interfaces[i]->methods;
		     m->name; m++)
			if (m->run_on || m->run_in)
				CHECK_STR(m->parameters[0].name, "handle");
}

TEST(no_method_has_more_parameters_than_there_is_room_for)
{
	for (size_t i = 0; cfs_varlink_interfaces[i]; i++)
		for (const struct cfs_varlink_method *m =
			     cfs_varlink_interfaces[i]->methods;
		     m->name; m++) {
			const struct cfs_varlink_parameter *p = m->parameters;
			unsigned n = 0;

			while (p && p[n].name)
				n++;
			CHECK(n <= CFS_VARLINK_PARAMETERS_MAX);
		}
}

TEST(a_comment_has_lines_of_its_own)
{
	for (size_t i = 0; cfs_varlink_interfaces[i]; i++) {
		const char *text = cfs_varlink_interfaces[i]->description;

		for (const char *at = text; (at = strchr(at, '#')); at++)
			CHECK(at == text || at[-1] == '\n');
	}
}
