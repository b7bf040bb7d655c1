// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/kernels.h"

/** The absolute path of DIR/NAME if it exists; NULL otherwise. */
static char *existing(const char *dir, const char *name)
{
	ZCB_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return NULL;
	}
	return realpath(path, NULL);
}

static int need(char **ret_path, const char *dir, const char *name, const char *mend,
		struct zcb_error *err)
{
	*ret_path = existing(dir, name);
	if (*ret_path)
		return 0;
	if (errno == EACCES)
		return zcb_fail(err, -EACCES, "host set-up: %s/%s may not be read by you", dir,
				name);
	return zcb_fail(err, -ENOENT, "host set-up: %s/%s is missing: run %s", dir, name, mend);
}

char *zcb_images_default(void)
{
	ZCB_FREE char *program = realpath("/proc/self/exe", NULL);
	char *slash = program ? strrchr(program, '/') : NULL;
	char *path;

	if (!slash)
		return NULL;
	*slash = '\0';
	return asprintf(&path, "%s/images", program) < 0 ? NULL : path;
}

/* Unpacked where there is such a one: unpacking it under emulation takes seconds of every boot. */
static int need_kernel(char **ret_path, const char *dir, const char *mend, struct zcb_error *err)
{
	*ret_path = existing(dir, "vmlinux");
	return *ret_path ? 0 : need(ret_path, dir, "vmlinuz", mend, err);
}

int zcb_images_root(const char *images, char **ret_root, struct zcb_error *err)
{
	char *root;
	int code = need(&root, images, "rootfs/root", "./scripts/setup image", err);

	if (!code)
		*ret_root = root;
	return code;
}

static bool has_option(const char *dir, const char *line)
{
	ZCB_FREE char *path = existing(dir, "config");
	ZCB_FCLOSE FILE *f = path ? fopen(path, "re") : NULL;
	char seen[256];

	while (f && fgets(seen, sizeof(seen), f)) {
		seen[strcspn(seen, "\n")] = '\0';
		if (!strcmp(seen, line))
			return true;
	}
	return false;
}

static void mend_of(const char *kernel, char *ret_mend, size_t room)
{
	const struct zcb_kernel *known = zcb_kernel_find(kernel);

	if (zcb_kernel_is_package(kernel))
		snprintf(ret_mend, room, "./scripts/setup --kernel-package %s", kernel);
	else
		snprintf(ret_mend, room, "%s", known ? known->mend : "./scripts/setup kernel image");
}

/** A kernel is a folder in images/, a folder anywhere, or a file, its modules beside it. */
static int find_kernel(const struct zcb_target_config *config, struct zcb_images *images,
		       struct zcb_error *err)
{
	ZCB_FREE char *dir = NULL;
	struct stat info;
	char *slash, mend[200];

	mend_of(config->kernel, mend, sizeof(mend));

	if (!strchr(config->kernel, '/'))
		dir = existing(config->images, config->kernel);
	if (!dir)
		dir = realpath(config->kernel, NULL);
	if (!dir && errno == EACCES)
		return zcb_fail(err, -EACCES, "host set-up: kernel %s may not be read by you",
				config->kernel);
	if (!dir || stat(dir, &info) < 0)
		return zcb_fail(err, -ENOENT, "host set-up: there is no kernel %s: run %s",
				config->kernel, mend);
	if (S_ISDIR(info.st_mode)) {
		images->kasan = has_option(dir, "CONFIG_KASAN=y");
		images->modules = existing(dir, "modules-hut.cpio");
		return need_kernel(&images->kernel, dir, mend, err);
	}
	images->kernel = strdup(dir);
	if (!images->kernel)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	slash = strrchr(dir, '/');
	*slash = '\0';
	images->modules = existing(dir, "modules-hut.cpio");
	images->kasan = has_option(dir, "CONFIG_KASAN=y");
	return 0;
}

static int find_guest(const struct zcb_target_config *config, const char *initramfs,
		      struct zcb_images *images, struct zcb_error *err)
{
	ZCB_FREE char *stock = NULL;

	images->guest_modules = existing(config->images, "stock/modules-guest.cpio");
	images->display_modules = existing(config->images, "stock/modules-display.cpio");
	images->agent = existing(initramfs, "agent.cpio");
	stock = existing(config->images, "stock");
	return need_kernel(&images->guest_kernel, stock ? stock : config->images,
			   "./scripts/setup image", err);
}

int zcb_images_find(const struct zcb_target_config *config, struct zcb_images *ret_images,
		    struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_images_finish) struct zcb_images images = {0};
	ZCB_FREE char *beside = NULL;
	const char *initramfs = config->initramfs;
	int code;

	if (!initramfs) {
		if (asprintf(&beside, "%s/../vm-images", config->images) < 0) {
			beside = NULL;
			return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
		}
		initramfs = beside;
	}
	code = find_kernel(config, &images, err);
	if (!code)
		code = zcb_images_root(config->images, &images.root, err);
	if (!code)
		code = need(&images.init, initramfs, "hut-init.cpio", "ninja -C build", err);
	if (!code)
		code = find_guest(config, initramfs, &images, err);
	if (code)
		return code;
	*ret_images = images;
	images = (struct zcb_images){0};
	return 0;
}

void zcb_images_finish(struct zcb_images *images)
{
	free(images->root);
	free(images->kernel);
	free(images->modules);
	free(images->init);
	free(images->guest_kernel);
	free(images->guest_modules);
	free(images->display_modules);
	free(images->agent);
}
