// SPDX-License-Identifier: GPL-2.0-or-later
/* One of the run directories that are to be joined, read and held to its own plan. */
#include "bench/merge/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

/* Far above what a run writes. */
#define MAX_JSON_BYTES (1U << 28)
#define MAX_CELLS 1000000
#define MAX_BOOTS 1000000

static int damaged(const struct merge_shard *shard, const char *what, struct zcb_error *err)
{
	return zcb_fail(err, -EBADMSG, "host set-up: %.150s of %.200s is damaged: run that shard again", what, shard->path);
}

static int open_folder(struct merge_shard *shard, struct zcb_error *err)
{
	shard->fd = open(shard->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (shard->fd < 0)
		return zcb_fail(err, -ENOTDIR, "usage: %.200s is not a run directory: %m", shard->path);
	if (faccessat(shard->fd, "metadata.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return zcb_fail(err, -ENOTDIR, "usage: %.200s is not a run directory: it has no metadata.json",
				shard->path);
	if (flock(shard->fd, LOCK_SH | LOCK_NB) < 0)
		return zcb_fail(err, -EBUSY, "usage: another zcbench is writing %.200s: wait for it", shard->path);
	return 0;
}

static int load(struct merge_shard *shard, const char *name, json_t **ret, struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	size_t n = 0;
	int result = zcb_read_file(shard->fd, name, MAX_JSON_BYTES, &text, &n);

	if (result == -ENOMEM)
		return zcb_fail(err, result, "host set-up: no memory for %s", name);
	if (result)
		return zcb_fail(err, -EBADMSG, "host set-up: %s of %.200s cannot be read: %s", name, shard->path,
				strerror(-result));
	*ret = json_loadb(text, n, 0, NULL);
	if (!json_is_object(*ret) || json_integer_value(json_object_get(*ret, "schema")) != 1)
		return damaged(shard, name, err);
	return 0;
}

static uint32_t boot_of(const struct merge_shard *shard, uint32_t index)
{
	json_t *cell = json_array_get(json_object_get(shard->plan, "cells"), index);

	return (uint32_t)json_integer_value(json_object_get(cell, "boot"));
}

/* Without a "shard" it is the whole plan: the only part of one. */
static int take_boots(struct merge_shard *shard, struct zcb_error *err)
{
	json_t *json = json_object_get(shard->plan, "shard"), *boots, *boot;
	int number = 1, of = 1;
	size_t i;

	shard->plays = calloc(shard->n_boots + 1, sizeof(*shard->plays));
	if (!shard->plays)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a plan");
	if (!json)
		memset(shard->plays, true, shard->n_boots + 1);
	else if (json_unpack(json, "{s:i, s:i, s:o}", "number", &number, "of", &of, "boots", &boots) || number < 1 ||
		 number > of || of > MAX_BOOTS)
		return damaged(shard, "the shard in plan.json", err);
	json_array_foreach(json ? boots : NULL, i, boot) {
		json_int_t at = json_integer_value(boot);

		if (at < 1 || at > shard->n_boots)
			return damaged(shard, "the shard in plan.json", err);
		shard->plays[at] = true;
	}
	shard->number = (uint32_t)number;
	shard->of = (uint32_t)of;
	return 0;
}

static int take_plan(struct merge_shard *shard, struct zcb_error *err)
{
	json_t *cells = json_object_get(shard->plan, "cells"), *cell;
	json_int_t boots = json_integer_value(json_object_get(shard->plan, "boots"));
	size_t i;
	int ret;

	if (!json_array_size(cells) || json_array_size(cells) > MAX_CELLS || boots < 1 || boots > MAX_BOOTS)
		return damaged(shard, "plan.json", err);
	json_array_foreach(cells, i, cell) {
		json_int_t boot = json_integer_value(json_object_get(cell, "boot"));

		if (json_integer_value(json_object_get(cell, "index")) != (json_int_t)i || boot < 1 || boot > boots)
			return damaged(shard, "plan.json", err);
	}
	shard->n_cells = (uint32_t)json_array_size(cells);
	shard->n_boots = (uint32_t)boots;
	ret = take_boots(shard, err);
	for (uint32_t n = 0; !ret && n < shard->n_cells; n++)
		shard->n_own += shard->plays[boot_of(shard, n)];
	return ret;
}

/* A line that is not of the plan would be lost among those of another shard, or take their place. */
static int check_line(const struct merge_shard *shard, json_t *line, uint32_t number, struct zcb_error *err)
{
	static const char *const same[] = { "cell", "kernel", "seed" };
	json_int_t index = json_integer_value(json_object_get(line, "index"));
	json_t *cell = json_array_get(json_object_get(shard->plan, "cells"), (size_t)index);

	if (!json_is_integer(json_object_get(line, "index")) || index < 0 || index >= shard->n_cells)
		return zcb_fail(err, -EBADMSG, "host set-up: line %u of cells.jsonl of %.200s is of no cell of its plan", number,
				shard->path);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (!json_equal(json_object_get(line, same[i]), json_object_get(cell, same[i])))
			return zcb_fail(err, -EBADMSG, "host set-up: line %u of cells.jsonl of %.200s has another %s than cell "
					"%lld of its plan", number, shard->path, same[i], (long long)index);
	if (!shard->plays[boot_of(shard, (uint32_t)index)])
		return zcb_fail(err, -EINVAL, "usage: %.200s has cell %lld, which is of boot %u and so another shard's",
				shard->path, (long long)index, boot_of(shard, (uint32_t)index));
	if (shard->line[index].json)
		return zcb_fail(err, -EINVAL, "usage: cell %lld is twice in cells.jsonl of %.200s", (long long)index,
				shard->path);
	return 0;
}

static int take_line(struct merge_shard *shard, const char *text, size_t n, uint32_t number, struct zcb_error *err)
{
	json_t *line = json_loadb(text, n, 0, NULL);
	json_int_t life = json_integer_value(json_object_get(line, "boot"));
	char what[64];
	int ret;

	snprintf(what, sizeof(what), "line %u of cells.jsonl", number);
	ret = json_is_object(line) && life >= 0 && life <= MAX_BOOTS ? check_line(shard, line, number, err) :
								       damaged(shard, what, err);
	if (ret) {
		json_decref(line);
		return ret;
	}
	shard->line[json_integer_value(json_object_get(line, "index"))] =
		(struct merge_line){ .text = text, .n = n, .json = line, .life = (uint32_t)life };
	shard->n_done++;
	return 0;
}

/* A last line without an end is a torn write, and its cell was not finished. */
static int read_journal(struct merge_shard *shard, struct zcb_error *err)
{
	uint32_t number = 0;
	int ret;

	shard->line = calloc(shard->n_cells, sizeof(*shard->line));
	if (!shard->line)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a journal");
	ret = zcb_read_file(shard->fd, "cells.jsonl", MAX_JSON_BYTES, &shard->journal, NULL);
	if (ret && ret != -ENOENT)
		return zcb_fail(err, ret == -ENOMEM ? ret : -EBADMSG, "host set-up: cells.jsonl of %.200s cannot be read: %s",
				shard->path, strerror(-ret));
	for (const char *at = shard->journal, *end; at && (end = strchr(at, '\n')); at = end + 1) {
		ret = take_line(shard, at, (size_t)(end - at), ++number, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int add_life(struct merge_shard *shard, uint32_t number, uint32_t planned)
{
	struct merge_life *grown;

	for (size_t i = 0; i < shard->n_lives; i++)
		if (shard->life[i].number == number) {
			if (!shard->life[i].planned)
				shard->life[i].planned = planned;
			return 0;
		}
	grown = reallocarray(shard->life, shard->n_lives + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	shard->life = grown;
	shard->life[shard->n_lives++] = (struct merge_life){ .number = number, .planned = planned };
	return 0;
}

/* Which boot a life was of, by its own word; 0 where it has none, as one that was killed. */
static uint32_t planned_of(const struct merge_shard *shard, uint32_t number)
{
	ZCB_FREE char *text = NULL;
	char name[48];
	json_int_t planned;
	json_t *json;

	snprintf(name, sizeof(name), "boots/%u/boot.json", number);
	if (zcb_read_file(shard->fd, name, MAX_JSON_BYTES, &text, NULL))
		return 0;
	json = json_loads(text, 0, NULL);
	planned = json_integer_value(json_object_get(json, "planned"));
	json_decref(json);
	return planned > 0 && planned <= shard->n_boots && shard->plays[planned] ? (uint32_t)planned : 0;
}

static int compare_lives(const void *a, const void *b)
{
	uint32_t x = ((const struct merge_life *)a)->number, y = ((const struct merge_life *)b)->number;

	return (x > y) - (x < y);
}

static int read_lives(struct merge_shard *shard, struct zcb_error *err)
{
	ZCB_CLOSE int fd = openat(shard->fd, "boots", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ZCB_CLOSEDIR DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int ret = 0;

	if (folder)
		zcb_steal_fd(&fd);
	for (uint32_t i = 0; i < shard->n_cells && !ret; i++)
		if (shard->line[i].json && shard->line[i].life)
			ret = add_life(shard, shard->line[i].life, boot_of(shard, i));
	while (folder && !ret && (entry = readdir(folder))) {
		char *end;
		unsigned long number = strtoul(entry->d_name, &end, 10);

		if (*entry->d_name >= '1' && *entry->d_name <= '9' && !*end && number <= MAX_BOOTS)
			ret = add_life(shard, (uint32_t)number, planned_of(shard, (uint32_t)number));
	}
	if (ret)
		return zcb_fail(err, ret, "host set-up: no memory for the boots of %.200s", shard->path);
	if (shard->n_lives)
		qsort(shard->life, shard->n_lives, sizeof(*shard->life), compare_lives);
	return 0;
}

int zcb_merge_read_shard(const char *path, struct merge_shard *shard, struct zcb_error *err)
{
	int ret;

	*shard = (struct merge_shard){ .path = path, .fd = -1 };
	ret = open_folder(shard, err);
	if (!ret)
		ret = load(shard, "metadata.json", &shard->metadata, err);
	if (!ret)
		ret = load(shard, "plan.json", &shard->plan, err);
	if (!ret)
		ret = take_plan(shard, err);
	if (!ret)
		ret = read_journal(shard, err);
	return ret ? ret : read_lives(shard, err);
}

void zcb_merge_finish_shard(struct merge_shard *shard)
{
	for (uint32_t i = 0; shard->line && i < shard->n_cells; i++)
		json_decref(shard->line[i].json);
	free(shard->line);
	free(shard->life);
	free(shard->plays);
	free(shard->journal);
	json_decref(shard->metadata);
	json_decref(shard->plan);
	if (shard->fd >= 0)
		close(shard->fd);
}
