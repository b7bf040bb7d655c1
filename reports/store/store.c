// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/results/reader.h"
#include "reports/exports/outcome.h"
#include "reports/store/night.h"

#define MAX_NIGHT_BYTES (64U << 20)
#define MAX_ACKNOWLEDGED_BYTES (16U << 20)
#define MAX_NIGHTS 4000U

static const char nights_folder[] = "nights";

int zcb_store_open(const char *path, bool create, struct zcb_error *err)
{
	int fd;

	if (create && mkdir(path, 0755) < 0 && errno != EEXIST)
		return zcb_fail(err, -errno, "host set-up: making the store %s: %s", path,
				strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return zcb_fail(err, -errno, "usage: %s is no store of nights: %s", path,
				strerror(errno));
	if (create && mkdirat(fd, nights_folder, 0755) < 0 && errno != EEXIST) {
		int code = -errno;

		close(fd);
		return zcb_fail(err, code, "host set-up: making %s/%s: %s", path, nights_folder,
				strerror(-code));
	}
	if (faccessat(fd, nights_folder, X_OK, 0) == 0)
		return fd;
	close(fd);
	return zcb_fail(err, -ENOTDIR,
			"usage: %s is no store of nights: it has no folder %s; --add makes one", path,
			nights_folder);
}

static int open_nights(int storefd)
{
	int fd = openat(storefd, nights_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* "2026-01-31T12:00:00Z" becomes 20260131T120000Z, which sorts by time. */
static void name_night(const struct zcb_results *r, char *name, size_t room)
{
	char run[ZCB_EXPORT_RUN_ROOM], digits[24];
	size_t n = 0;

	for (const char *at = r->started; *at; at++) {
		if (*at != '-' && *at != ':')
			digits[n++] = *at;
	}
	digits[n] = '\0';
	zcb_export_run_name(r, run);
	snprintf(name, room, "%s-%s.json", digits, run);
}

/* A file that is there is never replaced: it is written beside its place, and linked. */
static int put_night(int storefd, const char *name, const char *text)
{
	ZCB_CLOSE int fd = open_nights(storefd);
	int result = fd < 0 ? fd : 0;

	if (!result && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if (!result)
		result = zcb_replace_file(fd, ".new", text, strlen(text));
	if (!result && linkat(fd, ".new", fd, name, 0) < 0)
		result = -errno;
	if (fd >= 0)
		unlinkat(fd, ".new", 0);
	if (!result && fsync(fd) < 0)
		result = -errno;
	return result;
}

static int add_summary(int storefd, const struct zcb_summary *summary, struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	char name[128];
	int result = zcb_night_json(summary, &text);

	name_night(summary->results, name, sizeof(name));
	if (!result)
		result = put_night(storefd, name, text);
	if (result == -EEXIST)
		return zcb_fail(err, result, "usage: the run is in the store already, as nights/%s",
				name);
	if (result)
		return zcb_fail(err, result, "host set-up: writing nights/%s: %s", name,
				strerror(-result));
	return 0;
}

int zcb_store_add(int storefd, const char *run_dir, struct zcb_error *err)
{
	ZCB_RESULTS_FREE struct zcb_results *results = NULL;
	ZCB_SUMMARY_FREE struct zcb_summary *summary = NULL;
	int result = zcb_results_read(run_dir, &results, err);

	if (result)
		return result;
	if (zcb_export_time(results->started) < 0)
		return zcb_fail(err, -EINVAL,
				"usage: %s does not say when its run started, so it is no night",
				run_dir);
	if (results->shards)
		return zcb_fail(err, -EINVAL,
				"usage: %s is one of %llu shards, which is no night: add what `zcbench merge` joins",
				run_dir, (unsigned long long)results->shards);
	result = zcb_summary_make(results, &summary);
	if (result)
		return zcb_fail(err, result, "host set-up: memory is short");
	return add_summary(storefd, summary, err);
}

int zcb_store_acknowledge(int storefd, const char *alert, const char *reason,
			  struct zcb_error *err)
{
	ZCB_CLOSE int fd = openat(storefd, "acknowledged.jsonl",
				  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	char now[32];
	time_t seconds = time(NULL);
	json_t *line;
	ZCB_FREE char *text = NULL, *whole = NULL;
	int result = fd < 0 ? -errno : 0;

	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
	line = json_pack("{s:i, s:s, s:s, s:s}", "schema", 1, "alert", alert, "reason", reason,
			 "when", now);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (!text || asprintf(&whole, "%s\n", text) < 0)
		return zcb_fail(err, -EINVAL, "usage: an alert and a reason are UTF-8");
	if (!result)
		result = zcb_write_all(fd, whole, strlen(whole));
	if (!result && fsync(fd) < 0)
		result = -errno;
	if (result)
		return zcb_fail(err, result, "host set-up: writing acknowledged.jsonl: %s",
				strerror(-result));
	return 0;
}

json_t *zcb_store_acknowledged(int storefd)
{
	ZCB_FREE char *text = NULL;
	json_t *list = json_array();
	size_t n = 0;

	if (zcb_read_file(storefd, "acknowledged.jsonl", MAX_ACKNOWLEDGED_BYTES, &text, &n))
		return list;
	for (char *at = text, *end; (end = memchr(at, '\n', (size_t)(text + n - at))); at = end + 1) {
		json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);

		if (json_is_object(line))
			json_array_append_new(list, line);
		else
			json_decref(line);
	}
	return list;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_night(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && n < 200 && name[0] >= '0' && name[0] <= '9' &&
	       strcmp(name + n - 5, ".json") == 0;
}

int zcb_store_list(int storefd, struct zcb_store_files *ret_files)
{
	int fd = open_nights(storefd);
	ZCB_CLOSEDIR DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*ret_files = (struct zcb_store_files){0};
	if (fd < 0)
		return fd;
	if (!folder)
		return -ENOMEM;
	ret_files->names = calloc(MAX_NIGHTS, sizeof(*ret_files->names));
	while (ret_files->names && (entry = readdir(folder)) && ret_files->n < MAX_NIGHTS) {
		char *name = is_night(entry->d_name) ? strdup(entry->d_name) : NULL;

		if (name)
			ret_files->names[ret_files->n++] = name;
	}
	if (!ret_files->names)
		return -ENOMEM;
	qsort(ret_files->names, ret_files->n, sizeof(*ret_files->names), by_name);
	return 0;
}

void zcb_store_files_finish(struct zcb_store_files *files)
{
	for (size_t i = 0; files->names && i < files->n; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct zcb_store_files){0};
}

json_t *zcb_store_night(int storefd, const char *name)
{
	ZCB_FREE char *text = NULL, *path = NULL;
	json_t *night;
	size_t n = 0;

	if (asprintf(&path, "%s/%s", nights_folder, name) < 0) {
		path = NULL;
		return NULL;
	}
	if (zcb_read_file(storefd, path, MAX_NIGHT_BYTES, &text, &n))
		return NULL;
	night = json_loadb(text, n, 0, NULL);
	if (json_is_object(night) && json_integer_value(json_object_get(night, "schema")) == 1)
		return night;
	json_decref(night);
	return NULL;
}

const char *zcb_store_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}
