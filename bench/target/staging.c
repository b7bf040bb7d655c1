// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/base/part.h"
#include "bench/target/archive.h"

#define PREFIX "zcbench-staging."
#define SWEEP_AGE_SECONDS 60

static const char *temporary_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && folder[0] ? folder : "/tmp";
}

static void remove_files(int dir)
{
	ZCB_CLOSEDIR DIR *list = NULL;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;

	if (fd < 0)
		return;
	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return;
	}
	while ((entry = readdir(list)))
		if (entry->d_type == DT_REG)
			unlinkat(dir, entry->d_name, 0);
}

/** Removes a folder of ours that nobody holds the lock of. */
static void sweep_one(int parent, const char *name)
{
	ZCB_CLOSE int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;

	if (dir < 0 || fstat(dir, &info) < 0 || info.st_uid != geteuid())
		return;
	/* A young one may be another zcbench's that has yet to lock it. */
	if (time(NULL) - info.st_mtime < SWEEP_AGE_SECONDS)
		return;
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return;
	remove_files(dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static void sweep(const char *folder)
{
	ZCB_CLOSEDIR DIR *list = opendir(folder);
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) == 0)
			sweep_one(dirfd(list), entry->d_name);
}

static int copy(int fd, const char *path)
{
	ZCB_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);

	return from < 0 ? -errno : zcb_archive_copy(from, fd);
}

/** Puts the sources (NULL: skipped) one behind the other into DIR/NAME. */
static int stage(const struct zcb_staging *staging, const char *name, mode_t mode,
		 const char *const *sources, size_t n, struct zcb_error *err)
{
	ZCB_CLOSE int fd =
		openat(staging->lock, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int code = fd < 0 ? -errno : 0;
	const char *source = name;

	for (size_t i = 0; !code && i < n; i++) {
		if (!sources[i])
			continue;
		source = sources[i];
		code = n > 1 ? zcb_archive_append(fd, source) : copy(fd, source);
	}
	if (!code)
		return 0;
	return zcb_fail(err, code, "host set-up: %s cannot be copied to %s: %s", source,
			staging->path, strerror(-code));
}

static int make_folder(struct zcb_staging *staging, struct zcb_error *err)
{
	const char *folder = temporary_folder();
	int code;

	sweep(folder);
	if (asprintf(&staging->path, "%s/" PREFIX "XXXXXX", folder) < 0) {
		staging->path = NULL;
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	}
	if (mkdtemp(staging->path)) {
		staging->lock = open(staging->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (staging->lock >= 0 && flock(staging->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
	}
	code = -errno;
	return zcb_fail(err, code, "host set-up: no folder can be made in %s: %s", folder,
			strerror(-code));
}

/* Beside the program in the HUT is what is beside it here. */
static int stage_part(const struct zcb_staging *staging, const char *program, const char *name,
		      struct zcb_error *err)
{
	ZCB_FREE char *path = NULL;
	int code = zcb_part_find(program, name, &path, err);
	const char *source = path;

	return code ? code : stage(staging, name, 0755, &source, 1, err);
}

static int stage_parts(const struct zcb_staging *staging, const struct zcb_target_config *config,
		       struct zcb_error *err)
{
	struct zcb_error none = {""};
	int code = 0;

	for (size_t i = 0; config->parts && config->parts[i] && !code; i++) {
		ZCB_FREE char *path = NULL;

		if (!zcb_part_find(config->program, config->parts[i], &path, &none))
			code = stage_part(staging, config->program, config->parts[i], err);
	}
	return code;
}

static int stage_requests(const struct zcb_staging *staging, const char *requests,
			  struct zcb_error *err)
{
	ZCB_CLOSE int fd = openat(staging->lock, "requests",
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int code = fd < 0 ? -errno : zcb_write_all(fd, requests, strlen(requests));

	if (!code)
		return 0;
	return zcb_fail(err, code, "host set-up: %s/requests cannot be written: %s", staging->path,
			strerror(-code));
}

int zcb_staging_make(const struct zcb_images *images, const struct zcb_target_config *config,
		     struct zcb_staging *ret_staging, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_staging_remove) struct zcb_staging staging = {.lock = -1};
	const char *const initrd[] = {images->guest_modules, images->agent};
	const char *const display[] = {images->display_modules, images->agent};
	const char *kernel = images->guest_kernel;
	int code = make_folder(&staging, err);

	if (!code)
		code = stage(&staging, "zcbench", 0755, &config->program, 1, err);
	if (!code)
		code = stage_part(&staging, config->program, "zcb-vmm.so", err);
	if (!code)
		code = stage_parts(&staging, config, err);
	if (!code)
		code = stage(&staging, "guest-kernel", 0644, &kernel, 1, err);
	if (!code)
		code = stage(&staging, "guest-initrd", 0644, initrd, 2, err);
	if (!code)
		code = stage(&staging, "guest-initrd-display", 0644, display, 2, err);
	if (!code && config->requests)
		code = stage_requests(&staging, config->requests, err);
	if (code)
		return code;
	*ret_staging = staging;
	staging = (struct zcb_staging){.lock = -1};
	return 0;
}

void zcb_staging_remove(struct zcb_staging *staging)
{
	if (!staging->path)
		return;
	if (staging->lock >= 0) {
		remove_files(staging->lock);
		rmdir(staging->path);
		close(staging->lock);
	}
	free(staging->path);
	*staging = (struct zcb_staging){.lock = -1};
}
