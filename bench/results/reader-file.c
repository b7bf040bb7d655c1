// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/results/utf8.h"

/* Far above what a run writes; it keeps a hostile directory from eating the memory. */
#define MAX_JSON_BYTES (16U << 20)
#define MAX_NAMES 100000U

/* A link that leads out of the run directory is refused; so is a path with too many "..". */
static int open_beneath(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	if (fd >= 0)
		return (int)fd;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	/* A sandbox without openat2(): then no dots and no link at the end. */
	if (path[0] == '/' || strstr(path, ".."))
		return -EXDEV;
	fd = openat(dirfd, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	return fd < 0 ? -errno : (int)fd;
}

int zcb_results_open(const struct zcb_results *results, const char *path, size_t *ret_size)
{
	ZCB_CLOSE int fd = open_beneath(results->dirfd, path, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_size = (size_t)st.st_size;
	return zcb_steal_fd(&fd);
}

static int read_at(int fd, size_t from, size_t n, char **ret_bytes)
{
	ZCB_FREE char *bytes = malloc(n + 1);
	int err;

	if (!bytes)
		return -ENOMEM;
	if (lseek(fd, (off_t)from, SEEK_SET) < 0)
		return -errno;
	err = zcb_read_all(fd, bytes, n);
	if (err)
		return err;
	bytes[n] = '\0';
	*ret_bytes = zcb_steal_ptr(&bytes);
	return 0;
}

int zcb_results_read_file(const struct zcb_results *results, const char *path, size_t max,
			  char **ret_bytes, size_t *ret_n)
{
	size_t size = 0;
	ZCB_CLOSE int fd = zcb_results_open(results, path, &size);
	int err;

	if (fd < 0)
		return fd;
	if (size > max)
		return -EFBIG;
	err = read_at(fd, 0, size, ret_bytes);
	if (!err)
		*ret_n = size;
	return err;
}

int zcb_results_read_tail(const struct zcb_results *results, const char *path, size_t n,
			  char **ret_bytes, size_t *ret_n)
{
	size_t size = 0, take;
	ZCB_CLOSE int fd = zcb_results_open(results, path, &size);
	int err;

	if (fd < 0)
		return fd;
	take = size < n ? size : n;
	err = read_at(fd, size - take, take, ret_bytes);
	if (!err)
		*ret_n = take;
	return err;
}

static int check_schema(struct zcb_results *results, const json_t *document, const char **why)
{
	const json_t *schema = json_object_get(document, "schema");

	if (!json_is_object(document)) {
		*why = "it is not a JSON object";
		return -EBADMSG;
	}
	if (!json_is_integer(schema)) {
		*why = "it names no schema number";
		return -EBADMSG;
	}
	if (json_integer_value(schema) == 1)
		return 0;
	*why = zcb_results_string(results,
				  "it has schema %lld and this zcbench reads schema 1: use the "
				  "zcbench that wrote it, or a newer one",
				  (long long)json_integer_value(schema));
	return -EPROTO;
}

int zcb_results_parse(struct zcb_results *results, const char *bytes, size_t n,
		      json_t **ret_document, const char **why)
{
	ZCB_FREE char *text = NULL;
	json_error_t error;
	json_t *document;
	int err;

	err = zcb_utf8_repair(bytes, n, &text, &n);
	if (err) {
		*why = "memory is short";
		return err;
	}
	document = json_loadb(text, n, 0, &error);
	if (!document) {
		*why = zcb_results_string(results, "it is not JSON (%s)", error.text);
		return -EBADMSG;
	}
	err = zcb_results_keep(results, document);
	if (!err)
		err = check_schema(results, document, why);
	if (!err)
		*ret_document = document;
	return err;
}

int zcb_results_load(struct zcb_results *results, const char *path, json_t **ret_document,
		     const char **why)
{
	ZCB_FREE char *bytes = NULL;
	size_t n = 0;
	int err = zcb_results_read_file(results, path, MAX_JSON_BYTES, &bytes, &n);

	if (err) {
		*why = zcb_results_string(results, "%s", strerror(-err));
		return err;
	}
	return zcb_results_parse(results, bytes, n, ret_document, why);
}

static int by_number(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

static int append_name(struct zcb_results *results, struct zcb_result_strings *names,
		       const char *name)
{
	if ((names->n & (names->n - 1)) == 0) {
		size_t room = names->n ? names->n * 2 : 1;
		const char **items = zcb_results_alloc(results, room * sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (names->n)
			memcpy(items, names->items, names->n * sizeof(*items));
		names->items = items;
	}
	names->items[names->n++] = zcb_results_string(results, "%s", name);
	return 0;
}

int zcb_results_list(struct zcb_results *results, const char *folder,
		     struct zcb_result_strings *ret_names)
{
	ZCB_CLOSE int fd = open_beneath(results->dirfd, folder, O_RDONLY | O_DIRECTORY);
	ZCB_CLOSEDIR DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int err = 0;

	*ret_names = (struct zcb_result_strings){0};
	if (!d)
		return 0;
	zcb_steal_fd(&fd);
	while (!err && (entry = readdir(d)) && ret_names->n < MAX_NAMES) {
		if (isdigit((unsigned char)entry->d_name[0]))
			err = append_name(results, ret_names, entry->d_name);
	}
	if (ret_names->n)
		qsort(ret_names->items, ret_names->n, sizeof(*ret_names->items), by_number);
	return err;
}
