// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/target/check.h"
#include "bench/target/internal.h"
#include "bench/target/native.h"

static void on_line(void *context, const char *line, size_t n)
{
	struct zcb_target *target = context;

	zcb_line_printable(line, n, target->last_words, sizeof(target->last_words));
	zcb_line_printable(line, n, target->last_line, sizeof(target->last_line));
}

static int start_runner(struct zcb_target *target, const struct zcb_target_config *config,
			struct zcb_error *err)
{
	ZCB_CLOSE int channel = -1;
	ZCB_CLOSE int output = -1;
	ZCB_CLOSE int guests = -1;
	int ours, code;

	zcb_args_add(&target->args, "%s", config->program);
	zcb_args_add_all(&target->args, (const char *const[]){"runner", "--channel-fd", NULL});
	zcb_args_add(&target->args, "%d", ZCB_SPAWN_FIRST_FD);
	if (target->staging.path)
		zcb_args_add(&target->args, "--folder=%s", target->staging.path);
	zcb_args_add(&target->args, "--guest-console=/proc/self/fd/%d", ZCB_SPAWN_FIRST_FD + 1);
	code = zcb_target_socketpair(&target->channel, &channel, err);
	if (!code)
		code = zcb_target_socketpair(&ours, &output, err);
	if (!code)
		code = zcb_target_open_stream(target, &target->console, ours, config->boot_dir,
					      "console.log", err);
	if (!code)
		code = zcb_target_open_guests(target, config->boot_dir, &guests, err);
	if (!code)
		code = zcb_target_spawn(target, NULL, (const int[]){channel, guests}, 2, output, err);
	return code;
}

int zcb_native_check(struct zcb_check *ret_check)
{
	zcb_check_root(ret_check);
	if (ret_check->ok)
		zcb_check_udmabuf(ret_check);
	return ret_check->ok ? 0 : -ENODEV;
}

/* What a guest is started from, as a VM would see it in /zcb. */
static int stage(struct zcb_target *target, const struct zcb_target_config *config,
		 struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_images_finish) struct zcb_images images = {0};
	struct zcb_target_config wanted = *config;
	int code;

	if (!config->images)
		return 0;
	wanted.kernel = "stock";
	code = zcb_images_find(&wanted, &images, err);
	return code ? code : zcb_staging_make(&images, config, &target->staging, err);
}

int zcb_native_start_unchecked(const struct zcb_target_config *config,
			       struct zcb_target **ret_target, struct zcb_error *err)
{
	struct zcb_target *target = zcb_target_new();
	int code;

	if (!target)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	target->console.on_line = on_line;
	code = stage(target, config, err);
	if (!code)
		code = start_runner(target, config, err);
	if (code) {
		zcb_target_destroy(target);
		return code;
	}
	*ret_target = target;
	return 0;
}

int zcb_target_native_start(const struct zcb_target_config *config, struct zcb_target **ret_target,
			    struct zcb_error *err)
{
	struct zcb_check check;

	if (zcb_native_check(&check))
		return zcb_fail(err, -ENODEV, "host set-up: --target native: %s: %.200s: %s",
				check.name, check.found, check.mend);
	return zcb_native_start_unchecked(config, ret_target, err);
}
