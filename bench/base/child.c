// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void reset_signals(const sigset_t *changed)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (sigismember(changed, number) == 1)
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void zcb_child_signals(sigset_t *ret_changed)
{
	struct sigaction action;

	sigemptyset(ret_changed);
	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			sigaddset(ret_changed, number);
}

pid_t zcb_fork(void)
{
	sigset_t all;

	sigfillset(&all);
	return zcb_fork_knowing(&all);
}

pid_t zcb_fork_knowing(const sigset_t *changed)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the line above */
		_exit(127);
	reset_signals(changed);
	return 0;
}

void zcb_child_keep_fds(const int *fds, size_t n)
{
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		fcntl(fds[i], F_SETFD, 0);
}

static bool is_one_of(int fd, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

void zcb_child_close_others(const int *fds, size_t n)
{
	unsigned int fd = 3;

	for (size_t kept = 0; kept < n; fd++) {
		if (is_one_of((int)fd, fds, n))
			kept++;
		else
			close((int)fd);
	}
	syscall(SYS_close_range, fd, ~0U, 0U);
}

int zcb_child_end(pid_t pid, int grace_ms)
{
	const struct timespec tick = { .tv_nsec = 10000000 };
	int status = 0;

	kill(pid, SIGTERM);
	for (int waited = 0; waited < grace_ms; waited += 10) {
		if (waitpid(pid, &status, WNOHANG) != 0)
			return status;
		nanosleep(&tick, NULL);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

const char *zcb_child_describe(int wait_status)
{
	static __thread char text[64];

	if (WIFSIGNALED(wait_status))
		snprintf(text, sizeof(text), "signal %d (%s)", WTERMSIG(wait_status),
			 strsignal(WTERMSIG(wait_status)));
	else
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(wait_status));
	return text;
}
