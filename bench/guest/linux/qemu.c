// SPDX-License-Identifier: GPL-2.0-or-later
/* The QEMU process of a guest with a real Linux, from its fork to its last word. */
#include "bench/guest/linux/qemu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/part.h"
#include "bench/guest/display.h"
#include "bench/guest/linux/command.h"

static void exec_qemu(const struct zcb_linux_qemu *qemu, const struct zcb_guest_config *config,
		      const struct zcb_linux_files *files)
{
	int keep[] = { files->memfd, files->link, files->vmm, files->qmp };
	struct zcb_words words = { .n = 0 };

	zcb_linux_command(&words, config, files);
	zcb_child_keep_fds(keep, 4);
	if (zcb_vmm_set_environment(qemu->vmm_object, files->vmm, files->memfd))
		_exit(126);
	execvp(words.word[0], (char *const *)(uintptr_t)words.word);
	dprintf(STDERR_FILENO, "qemu-system-x86_64 cannot be started: %s: apt-get install qemu-system-x86\n",
		strerror(errno));
	_exit(127);
}

static int make_pair(int *ret_ours, int *ret_theirs, const char *what, struct zcb_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return zcb_fail(err, -errno, "host set-up: no socket for %s: %m", what);
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

static void close_files(struct zcb_linux_files *files)
{
	zcb_close_fd_p(&files->link);
	zcb_close_fd_p(&files->vmm);
	zcb_close_fd_p(&files->qmp);
}

static int make_sockets(struct zcb_linux_files *ret_ours, struct zcb_linux_files *ret_theirs,
			struct zcb_error *err)
{
	int ret = make_pair(&ret_ours->link, &ret_theirs->link, "the guest link", err);

	if (!ret)
		ret = make_pair(&ret_ours->qmp, &ret_theirs->qmp, "QEMU's control", err);
	if (ret)
		return ret;
	ret = zcb_vmm_sockets(&ret_ours->vmm, &ret_theirs->vmm);
	return ret ? zcb_fail(err, ret, "host set-up: no socket for the agent inside QEMU: %s",
			      strerror(-ret)) : 0;
}

static int start_console(struct zcb_linux_qemu *qemu, const struct zcb_guest_config *config,
			 int *ret_writer, struct zcb_error *err)
{
	char title[64];

	snprintf(title, sizeof(title), "a guest on %s starts%s", zcb_memory_name(config->memory),
		 config->verbose ? " once more" : "");
	return zcb_guest_console_start(config->console, title, &qemu->console, ret_writer, err);
}

int zcb_linux_qemu_start(struct zcb_linux_qemu *qemu, const struct zcb_guest_config *config, int memfd,
			 struct zcb_error *err)
{
	ZCB_CLEANUP(close_files) struct zcb_linux_files ours = { -1, -1, -1, -1 };
	ZCB_CLEANUP(close_files) struct zcb_linux_files theirs = { memfd, -1, -1, -1 };
	ZCB_CLOSE int console = -1;
	int ret = zcb_part_find("/proc/self/exe", ZCB_VMM_OBJECT, &qemu->vmm_object, err);

	if (!ret)
		ret = start_console(qemu, config, &console, err);
	if (!ret)
		ret = make_sockets(&ours, &theirs, err);
	if (ret)
		return ret;
	qemu->pid = zcb_fork();
	if (qemu->pid == 0) {
		dup2(console, STDOUT_FILENO);
		dup2(console, STDERR_FILENO);
		exec_qemu(qemu, config, &theirs);
	}
	if (qemu->pid < 0)
		return zcb_fail(err, -errno, "host set-up: no process for QEMU: %m");
	qemu->link_fd = zcb_steal_fd(&ours.link);
	qemu->vmm = (struct zcb_vmm){ .fd = zcb_steal_fd(&ours.vmm), .timeout_ms = ZCB_LINUX_REPLY_MS };
	qemu->qmp = (struct zcb_qmp){ .fd = zcb_steal_fd(&ours.qmp), .timeout_ms = ZCB_LINUX_REPLY_MS };
	return 0;
}

/* Its console is whole only when it has ended. */
static void end_process(struct zcb_linux_qemu *qemu)
{
	if (qemu->pid > 0)
		zcb_child_end(qemu->pid, 2000);
	qemu->pid = 0;
}

int zcb_linux_qemu_fail(struct zcb_linux_qemu *qemu, unsigned int devices, int why, struct zcb_error *err)
{
	const char *words;

	end_process(qemu);
	zcb_guest_console_end(&qemu->console);
	words = zcb_guest_console_last(&qemu->console);
	if (why == -ENOTCONN && devices & ZCB_GUEST_DISPLAY && zcb_display_explain(words, err))
		return -EOPNOTSUPP;
	return zcb_fail(err, why, "qemu: the guest did not come up (%s); %s%s",
			why == -ETIMEDOUT ? "no word in 240 s" : "QEMU ended",
			*words ? "its last words: " : "its console is empty", words);
}

void zcb_linux_qemu_finish(struct zcb_linux_qemu *qemu)
{
	end_process(qemu);
	zcb_guest_console_finish(&qemu->console);
	zcb_close_fd_p(&qemu->link_fd);
	zcb_close_fd_p(&qemu->vmm.fd);
	zcb_close_fd_p(&qemu->qmp.fd);
	free(qemu->vmm_object);
}
