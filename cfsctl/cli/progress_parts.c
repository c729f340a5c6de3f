/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/progress_parts.h"

#include <stdio.h>

#include "cfsctl/cli/units.h"

static struct cfs_progress_part *find(struct cfs_progress_parts *parts,
				      size_t key)
{
	for (size_t i = 0; i < parts->n; i++)
		if (parts->part[i].key == key)
			return &parts->part[i];
	return NULL;
}

void cmd_progress_part_begin(struct cfs_progress_parts *parts, size_t key,
			     const char *name, uint64_t total)
{
	pthread_mutex_lock(&parts->lock);
	if (parts->n < CFS_PROGRESS_PARTS_MAX) {
		struct cfs_progress_part *part = &parts->part[parts->n++];

		*part = (struct cfs_progress_part){ .key = key,
						    .total = total };
		snprintf(part->name, sizeof(part->name), "%s", name);
	}
	pthread_mutex_unlock(&parts->lock);
}

void cmd_progress_part_bytes(struct cfs_progress_parts *parts, size_t key,
			     uint64_t bytes)
{
	struct cfs_progress_part *part;

	pthread_mutex_lock(&parts->lock);
	part = find(parts, key);
	if (part)
		part->done += bytes;
	pthread_mutex_unlock(&parts->lock);
}

/* Those that go on keep their order. */
void cmd_progress_part_end(struct cfs_progress_parts *parts, size_t key)
{
	struct cfs_progress_part *part;

	pthread_mutex_lock(&parts->lock);
	part = find(parts, key);
	if (part) {
		for (; part + 1 < &parts->part[parts->n]; part++)
			part[0] = part[1];
		parts->n--;
	}
	pthread_mutex_unlock(&parts->lock);
}

void cmd_progress_part_text(const struct cfs_progress_part *part,
			    char text[static CFS_PROGRESS_PART_TEXT_MAX])
{
	char done[CFS_UNITS_MAX], total[CFS_UNITS_MAX];
	uint64_t all = part->total < part->done ? part->done : part->total;

	cmd_size_text(part->done, done);
	if (part->total == 0)
		snprintf(text, CFS_PROGRESS_PART_TEXT_MAX, "  %s  %s",
			 part->name, done);
	else
		snprintf(text, CFS_PROGRESS_PART_TEXT_MAX,
			 "  %s  %s of %s (%u %%)", part->name, done,
			 cmd_size_text(all, total),
			 (unsigned)(100.0 * (double)part->done / (double)all));
}

void cmd_progress_parts_draw(struct cfs_progress_parts *parts)
{
	char text[CFS_PROGRESS_PART_TEXT_MAX];

	pthread_mutex_lock(&parts->lock);
	for (size_t i = 0; i < parts->n; i++) {
		cmd_progress_part_text(&parts->part[i], text);
		fprintf(stderr, "\n%s", text);
	}
	if (parts->n > 0)
		fprintf(stderr, "\r\033[%zuA", parts->n);
	pthread_mutex_unlock(&parts->lock);
}
