// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/accel.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/target/accel-memory.h"
#include "bench/target/images.h"
#include "bench/target/kvm-probe.h"
#include "bench/target/lines.h"
#include "bench/target/qemu.h"
#include "bench/target/vm.h"

/** A boot under a KVM that works takes 1 to 3 s. */
#define PROBE_SECONDS 20
#define PROBE_MEMORY ((uint64_t)1 << 30)

__attribute__((format(printf, 3, 4))) static void
choose(struct zcb_accel_choice *choice, enum zcb_accel accel, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(choice->reason, sizeof(choice->reason), format, args);
	va_end(args);
	choice->accel = accel;
}

/** False where a look at the device, or a loop in a VM, settles it: there is no KVM. */
static bool device_works(struct zcb_accel_choice *choice)
{
	char why[128];
	int err = zcb_kvm_probe(why, sizeof(why));

	if (err == -EACCES)
		choose(choice, ZCB_ACCEL_TCG,
		       "host set-up: /dev/kvm may not be opened (sudo usermod -aG kvm $USER, then "
		       "log in again)" ZCB_ACCEL_FALLING_BACK);
	else if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		choose(choice, ZCB_ACCEL_TCG,
		       "host set-up: there is no /dev/kvm (sudo modprobe kvm_intel, or kvm_amd, "
		       "where the firmware has virtualization on)" ZCB_ACCEL_FALLING_BACK);
	else if (err)
		choose(choice, ZCB_ACCEL_TCG,
		       "host set-up: /dev/kvm is there, but is no hardware virtualization: "
		       "%s" ZCB_ACCEL_FALLING_BACK,
		       why);
	return err == 0;
}

/** What the HUT's init says: {"type":"probe","kvm":false,"reason":"…"}. */
static void take_answer(const char *line, struct zcb_accel_choice *choice)
{
	json_t *root = json_loads(line, 0, NULL);
	json_t *kvm = json_object_get(root, "kvm");
	const char *reason = json_string_value(json_object_get(root, "reason"));
	char text[160];

	zcb_line_printable(reason ? reason : "", reason ? strlen(reason) : 0, text, sizeof(text));
	if (json_is_true(kvm))
		choose(choice, ZCB_ACCEL_KVM,
		       "a VM booted under /dev/kvm, and has a KVM that works inside it");
	else if (json_is_false(kvm))
		choose(choice, ZCB_ACCEL_TCG,
		       "host set-up: a VM boots under /dev/kvm, but has no KVM inside it, %s (load "
		       "kvm_intel or kvm_amd with nested=1)" ZCB_ACCEL_FALLING_BACK,
		       text);
	else
		choose(choice, ZCB_ACCEL_TCG,
		       "zcbench bug: the probe's answer cannot be read" ZCB_ACCEL_FALLING_BACK);
	json_decref(root);
}

/** Reads the line; true once it is whole or cannot become so. */
static bool read_answer(int channel, char *line, size_t room, size_t *used)
{
	ssize_t n = recv(channel, line + *used, room - 1 - *used, MSG_DONTWAIT);

	if (n > 0)
		*used += (size_t)n;
	line[*used] = '\0';
	return n > 0 && (strchr(line, '\n') || *used + 1 >= room);
}

/** Returns true with the line, or false: the VM ended or was silent for too long. */
static bool wait_for_answer(struct zcb_target *target, char *line, size_t room)
{
	uint64_t deadline = zcb_now_ns() + PROBE_SECONDS * 1000000000ULL, now;
	size_t used = 0;

	while ((now = zcb_now_ns()) < deadline) {
		struct pollfd fds[] = {
			{.fd = zcb_target_channel(target), .events = POLLIN},
			{.fd = zcb_target_event_fd(target), .events = POLLIN},
		};
		bool ended;

		poll(fds, 2, (int)((deadline - now) / 1000000U) + 1);
		zcb_target_pump(target);
		ended = zcb_target_outcome(target) != ZCB_OUTCOME_RUNNING;
		if (read_answer(fds[0].fd, line, room, &used))
			return true;
		if (ended)
			return false;
	}
	return false;
}

int zcb_accel_probe_boot(const struct zcb_target_config *config,
			 struct zcb_accel_choice *ret_choice, struct zcb_error *err)
{
	const struct zcb_target_config probed = {
		.accel = ZCB_ACCEL_KVM,
		.images = config->images,
		.initramfs = config->initramfs,
		.program = config->program,
		.kernel = "stock",
		.cpus = 1,
		.memory_bytes = PROBE_MEMORY,
	};
	struct zcb_target *target;
	char line[512];
	int code = zcb_vm_start_mode(&probed, "probe", &target, err);

	if (code)
		return code;
	if (wait_for_answer(target, line, sizeof(line)))
		take_answer(line, ret_choice);
	else if (zcb_target_outcome(target) != ZCB_OUTCOME_RUNNING)
		choose(ret_choice, ZCB_ACCEL_TCG,
		       "host set-up: /dev/kvm is there, but a VM did not boot: "
		       "%s" ZCB_ACCEL_FALLING_BACK,
		       zcb_target_reason(target));
	else
		choose(ret_choice, ZCB_ACCEL_TCG,
		       "host set-up: /dev/kvm is there, but a VM did not boot in %d "
		       "s" ZCB_ACCEL_FALLING_BACK,
		       PROBE_SECONDS);
	zcb_target_destroy(target);
	return 0;
}

/** What is probed: the stock kernel, with the QEMU that would run it. */
static void make_key(const struct zcb_target_config *config, char **ret_key)
{
	ZCB_CLEANUP(zcb_images_finish) struct zcb_images images = {0};
	ZCB_CLEANUP(zcb_qemu_finish) struct zcb_qemu qemu = {0};
	struct zcb_target_config stock = *config;

	stock.kernel = "stock";
	if (zcb_images_find(&stock, &images, NULL) == 0 &&
	    zcb_qemu_find(config->images, &qemu, NULL) == 0)
		*ret_key = zcb_accel_memory_key(images.kernel, qemu.program);
}

int zcb_accel_choose(const struct zcb_target_config *config, bool again,
		     struct zcb_accel_choice *ret_choice, struct zcb_error *err)
{
	struct zcb_accel_choice choice = {.accel = ZCB_ACCEL_TCG};
	ZCB_FREE char *key = NULL;
	int code;

	/* Without images there is no key, but a device that does not work needs none. */
	make_key(config, &key);
	if (!key || again || zcb_accel_recall(key, &choice)) {
		code = device_works(&choice) ? zcb_accel_probe_boot(config, &choice, err) : 0;
		if (code)
			return code;
		if (key)
			zcb_accel_remember(key, &choice);
	}
	*ret_choice = choice;
	return 0;
}
