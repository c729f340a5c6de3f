/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/skopeo.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"

static bool add_option(struct cfs_skopeo_options *to, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		to->v[to->n++] = copy;
	return copy != NULL;
}

int cfs_skopeo_options_make(const struct cfs_origin_options *from,
			    struct cfs_skopeo_options *ret, struct cfs_err *err)
{
	struct cfs_skopeo_options o = { .n = 0 };
	bool done = true;

	if (from->authfile)
		done &= add_option(&o, "--authfile") &&
			add_option(&o, from->authfile);
	if (from->cert_dir)
		done &= add_option(&o, "--cert-dir") &&
			add_option(&o, from->cert_dir);
	if (from->no_tls_verify)
		done &= add_option(&o, "--tls-verify=false");
	if (!done) {
		cfs_skopeo_options_free(&o);
		return cfs_no_memory(err);
	}
	*ret = o;
	return 0;
}

void cfs_skopeo_options_free(struct cfs_skopeo_options *options)
{
	for (size_t i = 0; i < options->n; i++)
		free(options->v[i]);
	options->n = 0;
}

void cfs_skopeo_args_make(const char *const *command,
			  const struct cfs_skopeo_options *options,
			  const char *operand, struct cfs_skopeo_args *ret)
{
	size_t n = 0;

	ret->v[n++] = "skopeo";
	for (; *command; command++)
		ret->v[n++] = *command;
	for (size_t i = 0; i < options->n; i++)
		ret->v[n++] = options->v[i];
	if (operand)
		ret->v[n++] = operand;
	ret->v[n] = NULL;
}

int cfs_skopeo_start(const struct cfs_skopeo_args *args, int out, int third,
		     struct cfs_child *ret, struct cfs_err *err)
{
	const struct cfs_child_spec spec = { .argv = args->v,
					     .out = out,
					     .third = third };
	int r = cfs_child_start(&spec, ret, err);

	if (r == -ENOENT)
		return cfs_fail(
			err, ENOPKG,
			"skopeo is not installed (package skopeo), and "
			"needed for this; on another machine `skopeo copy "
			"--all` copies images to and from oci-archive:FILE, "
			"which works without it");
	return r;
}

/* Copies @text up to a closing quote; a backslash goes before what is meant
 * literally.  Source: Go, strconv.Quote(), as logrus uses it. */
static void unquote(struct cfs_bytes text, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n + 1 < size; i++) {
		char c = (char)text.data[i];

		if (c == '"')
			break;
		if (c == '\\' && i + 1 < text.len) {
			c = (char)text.data[++i];
			if (c == 'n' || c == 't')
				c = ' ';
		}
		ret[n++] = c;
	}
	ret[n] = '\0';
}

static const uint8_t *find(struct cfs_bytes in, const char *what)
{
	return in.len ? memmem(in.data, in.len, what, strlen(what)) : NULL;
}

/* Takes the last line that is not empty off the end of *@rest. */
static bool last_line(struct cfs_bytes *rest, struct cfs_bytes *ret)
{
	const uint8_t *start;

	while (rest->len > 0 && rest->data[rest->len - 1] == '\n')
		rest->len--;
	if (rest->len == 0)
		return false;
	start = memrchr(rest->data, '\n', rest->len);
	start = start ? start + 1 : rest->data;
	*ret = (struct cfs_bytes){ start,
				   rest->len - (size_t)(start - rest->data) };
	rest->len -= ret->len;
	return true;
}

void cfs_skopeo_words(struct cfs_bytes said,
		      char ret[static CFS_SKOPEO_WORDS_MAX])
{
	static const char start[] = " msg=\"";
	struct cfs_bytes line;
	bool is_first = true;

	/* The last error, or else the last line. */
	strcpy(ret, "it says nothing");
	for (; last_line(&said, &line); is_first = false) {
		const uint8_t *msg = find(line, start);

		if (is_first)
			snprintf(ret, CFS_SKOPEO_WORDS_MAX, "%.*s",
				 (int)(line.len < CFS_SKOPEO_WORDS_MAX
					       ? line.len
					       : CFS_SKOPEO_WORDS_MAX - 1),
				 (const char *)line.data);
		if (!msg || (!find(line, " level=fatal ") &&
			     !find(line, " level=error ")))
			continue;
		msg += strlen(start);
		line.len -= (size_t)(msg - line.data);
		line.data = msg;
		unquote(line, ret, CFS_SKOPEO_WORDS_MAX);
		return;
	}
}

#define PLAIN                                                               \
	"; if the registry does not use TLS, --no-tls-verify allows that, " \
	"and so does `insecure = true` in containers-registries.conf(5)"

const char *cfs_skopeo_advice(const char *words)
{
	/* Source: Go, net/http/transport.go and crypto/tls/conn.go (what is no
	 * TLS may be HTTP, or not yet), crypto/x509/verify.go. */
	static const struct {
		const char *words, *advice;
	} rows[] = {
		{ "server gave HTTP response to HTTPS client", PLAIN },
		{ "first record does not look like a TLS handshake", PLAIN },
		{ "x509: certificate signed by unknown authority",
		  "; --cert-dir DIR trusts the authorities whose certificates "
		  "are DIR/*.crt" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++)
		if (strstr(words, rows[i].words))
			return rows[i].advice;
	return "";
}

int cfs_skopeo_wait(struct cfs_child *child, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf said = { 0 };
	char words[CFS_SKOPEO_WORDS_MAX];
	int r = cfs_child_wait(child, &said, err);

	if (r <= 0)
		return r;
	cfs_skopeo_words(cfs_buf_bytes(&said), words);
	if (r > 128)
		return cfs_fail(err, EIO, "skopeo was ended by signal %d: %s",
				r - 128, words);
	return cfs_fail(err, EIO, "skopeo: %s%s", words,
			cfs_skopeo_advice(words));
}

int cfs_skopeo_run(const struct cfs_skopeo_args *args, size_t max,
		   struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;
	CFS_AUTOFD int from = -EBADF;
	int ends[2], r, read;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "make a pipe");
	from = ends[0];
	r = cfs_skopeo_start(args, ends[1], -EBADF, &child, err);
	/* With this end open, reading would not come to an end. */
	cfs_closep(&ends[1]);
	if (r < 0)
		return r;
	read = cfs_read_all(from, max, ret);
	/* If it was not read to its end, skopeo ends as the pipe is closed. */
	cfs_closep(&from);
	if (read == -EFBIG)
		return cfs_fail(err, EFBIG,
				"what skopeo sends is over %zu bytes", max);
	if (read < 0)
		return cfs_fail(err, -read, "read from skopeo: %s",
				strerror(-read));
	return cfs_skopeo_wait(&child, err);
}
