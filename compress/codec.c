/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/codec.h"

#include <string.h>

#define ROOM (128u << 10) /* bytes that are read at a time */
/* Most libraries count in 32 bits. */
#define STEP_MAX (1u << 30)

struct cfs_inflate {
	const struct cfs_codec *codec;
	struct cfs_source from;
	void *state;
	const uint8_t *at; /* of room, what is not used yet */
	size_t left;
	bool ended;   /* @from has */
	bool between; /* members: one ended, and none has begun */
	bool padded;  /* and zeros came */
	uint8_t room[ROOM];
};

int cfs_inflate_new(const struct cfs_codec *codec,
		    const struct cfs_source *from, struct cfs_inflate **ret,
		    struct cfs_err *err)
{
	CFS_AUTO(cfs_inflate_free) struct cfs_inflate *u = malloc(sizeof(*u));
	int r;

	if (!u)
		return cfs_no_memory(err);
	/* The room is left as it is: it is written before it is read. */
	memset(u, 0, offsetof(struct cfs_inflate, room));
	u->codec = codec;
	u->from = *from;
	r = codec->open(&u->state, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&u);
	return 0;
}

void cfs_inflate_free(struct cfs_inflate *u)
{
	if (!u)
		return;
	if (u->state)
		u->codec->close(u->state);
	free(u);
}

static int refill(struct cfs_inflate *u, struct cfs_err *err)
{
	ssize_t n;

	if (u->left > 0 || u->ended)
		return 0;
	n = cfs_source_read(&u->from, u->room, sizeof(u->room), err);
	if (n < 0)
		return (int)n;
	u->at = u->room;
	u->left = (size_t)n;
	u->ended = n == 0;
	return 0;
}

/*
 * After a member: skips zeros, and begins the next one.
 * Returns 1, or 0 at the end of everything.
 */
static int next_member(struct cfs_inflate *u, struct cfs_err *err)
{
	int r = 0;

	/* Padding to the blocks of a tape, for one; gzip(1) accepts it, too. */
	while (!u->ended) {
		for (; u->left > 0 && *u->at == 0; u->at++, u->left--)
			u->padded = true;
		if (u->left > 0)
			break;
		r = refill(u, err);
		if (r < 0)
			return r;
	}
	if (u->ended)
		return 0;
	if (u->padded || !u->codec->restart(u->state))
		return cfs_fail(err, EBADMSG, "%s: followed by something else",
				u->codec->name);
	u->between = false;
	return 1;
}

/* One step, with as much input as there is.  Returns the bytes given. */
static ssize_t step(struct cfs_inflate *u, void *data, size_t len,
		    struct cfs_err *err)
{
	struct cfs_codec_io io = { u->at, u->left, data,
				   len < STEP_MAX ? len : STEP_MAX };
	size_t before = io.n_out;
	enum cfs_codec_result result = u->codec->step(u->state, &io);
	size_t given = before - io.n_out;

	if (result == CFS_CODEC_WRONG)
		return cfs_fail(err, EBADMSG, "%s: the data is damaged",
				u->codec->name);
	if (result == CFS_CODEC_MORE && given == 0 && u->ended)
		return cfs_fail(err, EBADMSG, "%s: cut short", u->codec->name);
	u->at = io.in;
	u->left = io.n_in;
	u->between = result == CFS_CODEC_END;
	return (ssize_t)given;
}

static ssize_t read_inflate(void *ctx, void *data, size_t len,
			    struct cfs_err *err)
{
	struct cfs_inflate *u = ctx;
	ssize_t n = 0;

	/* A step may take a header and give nothing yet, and 0 would be the
	 * end. */
	while (n == 0) {
		int r = u->between ? next_member(u, err) : 1;

		if (r > 0)
			r = refill(u, err);
		else
			return r;
		if (r < 0)
			return r;
		n = step(u, data, len, err);
	}
	return n;
}

struct cfs_source cfs_inflate_source(struct cfs_inflate *u)
{
	return (struct cfs_source){ read_inflate, u };
}
