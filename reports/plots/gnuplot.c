// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

#define TIMEOUT_MS 60000

static int prepare(posix_spawn_file_actions_t *actions, int dirfd, const char *log)
{
	int err = posix_spawn_file_actions_addfchdir_np(actions, dirfd);

	if (!err)
		err = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_addopen(
			actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644);
	return err;
}

/* Its start-up files and environment are the user's: a report must not depend on them. */
static int start(int dirfd, const char *script, const char *log, pid_t *ret_pid)
{
	char *argv[] = {"gnuplot", "-d", (char *)script, NULL};
	char *environment[] = {"LC_ALL=C", "HOME=/nonexistent", NULL};
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = prepare(&actions, dirfd, log);
	if (!err)
		err = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int wait_for(pid_t pid, int *ret_status)
{
	ZCB_CLOSE int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = fd, .events = POLLIN};
	int n = 1;

	if (fd >= 0) {
		do
			n = poll(&ended, 1, TIMEOUT_MS);
		while (n < 0 && errno == EINTR);
	}
	if (n == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return n == 0 ? -ETIME : 0;
}

int zcb_gnuplot_run(int dirfd, const char *script, const char *log, struct zcb_error *err)
{
	int status = 0;
	pid_t pid;
	int result = start(dirfd, script, log, &pid);

	if (result == -ENOENT)
		return zcb_fail(err, -ENOENT,
				"host set-up: gnuplot is not installed, so there are no plots: "
				"install it (Debian: apt install gnuplot-nox) and run `zcbench "
				"report` again");
	if (!result)
		result = wait_for(pid, &status);
	if (result == -ETIME)
		return zcb_fail(err, result,
				"host set-up: gnuplot did not end within %d s on "
				"plots/%s and was killed",
				TIMEOUT_MS / 1000, script);
	if (result)
		return zcb_fail(err, result, "host set-up: gnuplot: %s", strerror(-result));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return zcb_fail(
			err, -EIO,
			"host set-up: gnuplot failed on plots/%s: read plots/%s, mend, and run "
			"`zcbench report` again",
			script, log);
	return 0;
}
