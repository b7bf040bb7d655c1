// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/qemu.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/target/images.h"
#include "bench/target/process.h"

#define LIBRARIES "usr/lib/x86_64-linux-gnu"

__attribute__((format(printf, 1, 2))) static char *format(const char *pattern, ...)
{
	va_list args;
	char *text;

	va_start(args, pattern);
	if (vasprintf(&text, pattern, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}

static int command_of_root(const char *root, struct zcb_qemu *qemu, struct zcb_error *err)
{
	struct zcb_args *command = &qemu->command;

	zcb_args_add(command, "%s/" LIBRARIES "/ld-linux-x86-64.so.2", root);
	/* Nothing of this machine's own libraries: neither its cache nor its paths. */
	zcb_args_add(command, "--inhibit-cache");
	zcb_args_add(command, "--library-path");
	zcb_args_add(command, "%s/" LIBRARIES, root);
	zcb_args_add(command, "%s/usr/bin/qemu-system-x86_64", root);
	qemu->modules = format("QEMU_MODULE_DIR=%s/" LIBRARIES "/qemu", root);
	qemu->program = format("%s/usr/bin/qemu-system-x86_64", root);
	if (command->error || !qemu->modules || !qemu->program)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	if (access(command->items[0], X_OK) < 0 || access(qemu->program, X_OK) < 0)
		return zcb_fail(err, -ENOENT,
				"host set-up: %s is missing: run ./scripts/setup image",
				qemu->program);
	/* Firmware lies in three folders, of which Debian's QEMU knows only by absolute path. */
	zcb_args_add_all(command, (const char *const[]){"-L", NULL});
	zcb_args_add(command, "%s/usr/share/qemu", root);
	zcb_args_add_all(command, (const char *const[]){"-L", NULL});
	zcb_args_add(command, "%s/usr/share/seabios", root);
	return command->error;
}

int zcb_qemu_find(const char *images, struct zcb_qemu *ret_qemu, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_qemu_finish) struct zcb_qemu qemu = {0};
	const char *override = getenv("ZCB_QEMU");
	ZCB_FREE char *root = NULL;
	int code = 0;

	if (override && override[0]) {
		zcb_args_add(&qemu.command, "%s", override);
		qemu.program = strdup(override);
	} else {
		code = zcb_images_root(images, &root, err);
	}
	if (!code && root)
		code = command_of_root(root, &qemu, err);
	if (!code)
		code = qemu.command.error;
	if (!code && !qemu.program)
		code = zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	if (code)
		return code;
	*ret_qemu = qemu;
	qemu = (struct zcb_qemu){0};
	return 0;
}

void zcb_qemu_finish(struct zcb_qemu *qemu)
{
	zcb_args_finish(&qemu->command);
	free(qemu->program);
	free(qemu->modules);
}

int zcb_qemu_version(const char *images, char *ret_version, size_t room, struct zcb_error *err)
{
	static const char before[] = "QEMU emulator version ";
	ZCB_CLEANUP(zcb_qemu_finish) struct zcb_qemu qemu = {0};
	ZCB_FREE const char **environment = NULL;
	char output[512];
	const char *version;
	int code = zcb_qemu_find(images, &qemu, err);

	if (code)
		return code;
	zcb_args_add(&qemu.command, "--version");
	environment = zcb_process_environment(qemu.modules);
	if (qemu.command.error || !environment)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	code = zcb_process_run((const char *const *)qemu.command.items, environment, 30000, output,
			       sizeof(output));
	output[strcspn(output, "\n")] = '\0';
	version = strstr(output, before);
	if (code != 0 || !version)
		return zcb_fail(err, code < 0 ? code : -ENOEXEC, "qemu: --version failed (%d): %s",
				code, output);
	snprintf(ret_version, room, "%s", version + sizeof(before) - 1);
	return 0;
}
