/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin.h"

#include "oci/origin/proxy.h"
#include "oci/origin/stream_blob.h"

void cfs_oci_blob_close(struct cfs_oci_blob *blob)
{
	cfs_closep(&blob->fd);
	if (blob->proxy)
		cfs_skopeo_proxy_done(blob->proxy);
	blob->proxy = NULL;
	cfs_stream_blob_free(blob->stream);
	blob->stream = NULL;
}

static ssize_t read_file(struct cfs_oci_blob *blob, void *data, size_t len,
			 struct cfs_err *err)
{
	ssize_t n;

	if (len > blob->end - blob->at)
		len = (size_t)(blob->end - blob->at);
	if (len == 0)
		return 0;
	do
		n = pread(blob->fd, data, len, (off_t)blob->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return cfs_fail_errno(err, "read at byte %llu",
				      (unsigned long long)blob->at);
	if (n == 0)
		return cfs_fail(err, EIO,
				"the file became shorter while it was read");
	blob->at += (uint64_t)n;
	return n;
}

static ssize_t read_sent(struct cfs_oci_blob *blob, void *data, size_t len,
			 struct cfs_err *err)
{
	ssize_t n;

	do
		n = read(blob->fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return cfs_fail_errno(err, "read from skopeo");
	if (n == 0)
		return cfs_skopeo_proxy_end(blob->proxy, err);
	blob->at += (uint64_t)n;
	return n;
}

static ssize_t read_stream(struct cfs_oci_blob *blob, void *data, size_t len,
			   struct cfs_err *err)
{
	const struct cfs_source source = cfs_stream_blob_source(blob->stream);
	ssize_t n = cfs_source_read(&source, data, len, err);

	blob->at += n > 0 ? (uint64_t)n : 0;
	return n;
}

static ssize_t read_blob(void *ctx, void *data, size_t len, struct cfs_err *err)
{
	struct cfs_oci_blob *blob = ctx;

	if (blob->stream)
		return read_stream(blob, data, len, err);
	return blob->proxy ? read_sent(blob, data, len, err)
			   : read_file(blob, data, len, err);
}

struct cfs_source cfs_oci_blob_source(struct cfs_oci_blob *blob)
{
	return (struct cfs_source){ read_blob, blob };
}
