/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/sender.h"

#include "base/io.h"
#include "tests/unit/oci/stored.h"

/* A repository with a layer, and a second way into it. */
static struct cfs_digest start_sending(struct cfs_store *store,
				       struct cfs_repo *repo)
{
	struct cfs_digest id;

	start(store);
	id = add_layer(store);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(repo, CFS_LOCK_SHARED, NULL, &err), 1);
	return id;
}

/* Sends the layer @id.  *@ret_from, *@ret_alive: what the client gets. */
static void send_layer(struct cfs_varlink_senders *senders,
		       struct cfs_repo *repo, const struct cfs_digest *id,
		       int *ret_from, int *ret_alive)
{
	CHECK_EQ(cfs_varlink_send_layer(senders, repo, id, ret_from, ret_alive,
					&err),
		 0);
}

/* Can somebody have the repository alone? */
static bool is_unlocked(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	return cfs_repo_trylock(&repo, CFS_LOCK_EXCLUSIVE);
}

TEST(the_stream_comes_through_the_pipe_and_ends)
{
	struct cfs_varlink_senders senders = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_digest id = start_sending(&store, &repo);
	int from = -1, alive = -1;

	send_layer(&senders, &repo, &id, &from, &alive);
	CHECK(repo.fd < 0);
	CHECK_EQ(cfs_read_all(from, 4096, &got), 0);
	CHECK_MEM(got.data, "\0\1\0\0\0a\2", 7);
	close(from);
	close(alive);
	cfs_varlink_senders_wait(&senders);
}

TEST(the_repository_is_locked_until_the_client_has_closed_its_descriptor)
{
	struct cfs_varlink_senders senders = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_digest id = start_sending(&store, &repo);
	int from = -1, alive = -1;

	send_layer(&senders, &repo, &id, &from, &alive);
	cfs_store_close(&store);
	CHECK_EQ(cfs_read_all(from, 4096, &got), 0);
	CHECK(!is_unlocked());
	CHECK_EQ(write(alive, "x", 1), 1);
	CHECK(!is_unlocked());
	close(alive);
	cfs_varlink_senders_wait(&senders);
	CHECK(is_unlocked());
	close(from);
}

TEST(a_client_that_does_not_read_ends_it_by_closing)
{
	struct cfs_varlink_senders senders = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	int from = -1, alive = -1;
	struct cfs_digest id;

	(void)start_sending(&store, &repo);
	/* More than a pipe holds. */
	cfs_buf_addz(&bytes, 1 << 20);
	id = add_inline(&store, cfs_buf_bytes(&bytes));
	send_layer(&senders, &repo, &id, &from, &alive);
	close(from);
	close(alive);
	cfs_varlink_senders_wait(&senders);
}

TEST(there_are_so_many_and_places_become_free)
{
	struct cfs_varlink_senders senders = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id = start_sending(&store, &repo);
	int from[CFS_VARLINK_SENDERS_MAX + 1];
	int alive[CFS_VARLINK_SENDERS_MAX + 1];
	int r = 0, n = 0;

	while (r == 0 && n <= CFS_VARLINK_SENDERS_MAX) {
		CFS_AUTOREPO struct cfs_repo one = CFS_REPO_INIT;

		CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &one, &err), 1);
		r = cfs_varlink_send_layer(&senders, &one, &id, &from[n],
					   &alive[n], &err);
		n += r == 0;
	}
	CHECK_EQ(r, -EMFILE);
	CHECK_EQ(n, CFS_VARLINK_SENDERS_MAX);
	while (n > 0) {
		close(from[--n]);
		close(alive[n]);
	}
	cfs_varlink_senders_wait(&senders);
	send_layer(&senders, &repo, &id, &from[0], &alive[0]);
	close(from[0]);
	close(alive[0]);
	cfs_varlink_senders_wait(&senders);
}

TEST(a_layer_that_is_missing_is_not_sent)
{
	struct cfs_varlink_senders senders = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id = start_sending(&store, &repo);
	int from = -1, alive = -1;

	lose(&store, &id);
	CHECK_EQ(cfs_varlink_send_layer(&senders, &repo, &id, &from, &alive,
					&err),
		 -ENOENT);
	CHECK(repo.fd >= 0 && from < 0 && alive < 0);
	cfs_varlink_senders_wait(&senders);
}
