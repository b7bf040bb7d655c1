// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/accel-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

/** Changes whenever the file is replaced or written: what it holds need not be read. */
static int print_identity(FILE *to, const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0)
		return -errno;
	fprintf(to, "%" PRIu64 ":%" PRIu64 ":%" PRId64 ":%" PRId64 ".%09ld ", (uint64_t)info.st_dev,
		(uint64_t)info.st_ino, (int64_t)info.st_size, (int64_t)info.st_mtim.tv_sec,
		info.st_mtim.tv_nsec);
	return 0;
}

char *zcb_accel_memory_key(const char *kernel, const char *qemu)
{
	ZCB_FREE char *boot = NULL;
	char *key = NULL;
	size_t n;
	FILE *to;
	int err;

	if (zcb_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot, NULL))
		return NULL;
	to = open_memstream(&key, &n);
	if (!to)
		return NULL;
	fprintf(to, "%.36s %u ", boot, geteuid());
	err = print_identity(to, "/dev/kvm");
	if (!err)
		err = print_identity(to, kernel);
	if (!err)
		err = print_identity(to, qemu);
	if (fclose(to) == 0 && !err)
		return key;
	free(key);
	return NULL;
}

/** Our folder of the cache, made if need be. */
static char *cache_folder(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	ZCB_FREE char *beside = NULL;
	char *folder;

	if (!cache || cache[0] != '/') {
		if (!home || asprintf(&beside, "%s/.cache", home) < 0) {
			beside = NULL;
			return NULL;
		}
		cache = beside;
	}
	if (asprintf(&folder, "%s/zcbench", cache) < 0)
		return NULL;
	mkdir(cache, 0700);
	mkdir(folder, 0755);
	return folder;
}

char *zcb_accel_memory_path(void)
{
	ZCB_FREE char *folder = cache_folder();
	char *path;

	if (!folder || asprintf(&path, "%s/kvm-probe.json", folder) < 0)
		return NULL;
	return path;
}

int zcb_accel_recall(const char *key, struct zcb_accel_choice *ret_choice)
{
	ZCB_FREE char *path = zcb_accel_memory_path();
	json_t *root = path ? json_load_file(path, 0, NULL) : NULL;
	const char *kept = json_string_value(json_object_get(root, "key"));
	const char *reason = json_string_value(json_object_get(root, "reason"));
	json_t *kvm = json_object_get(root, "kvm");
	int code = -ENOENT;

	if (kept && reason && json_is_boolean(kvm) && strcmp(kept, key) == 0) {
		ret_choice->accel = json_is_true(kvm) ? ZCB_ACCEL_KVM : ZCB_ACCEL_TCG;
		ret_choice->remembered = true;
		snprintf(ret_choice->reason, sizeof(ret_choice->reason),
			 "%s (as probed before; %s remembers it)", reason, path);
		code = 0;
	}
	json_decref(root);
	return code;
}

int zcb_accel_remember(const char *key, const struct zcb_accel_choice *choice)
{
	ZCB_FREE char *path = zcb_accel_memory_path();
	ZCB_FREE char *text = NULL;
	json_t *root = json_pack("{s:s, s:b, s:s}", "key", key, "kvm",
				 choice->accel == ZCB_ACCEL_KVM, "reason", choice->reason);

	if (root)
		text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (!path || !text)
		return -ENOENT;
	return zcb_replace_file(AT_FDCWD, path, text, strlen(text));
}
