// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/io.h"

#define PATIENCE_MS 20000

static int wait_status(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/*
 * A parent and its child hold the writing end of a pipe. The parent is killed by SIGKILL: the pipe
 * closes only when the child, which sleeps for ever, has died too.
 */
static void child_dies_with_a_killed_parent(void **state)
{
	struct pollfd end = { .events = POLLIN };
	char byte = 0;
	int fds[2];
	pid_t parent;

	assert_return_code(pipe2(fds, O_CLOEXEC), errno);
	parent = fork();
	if (parent == 0) {
		if (zcb_fork() == 0) {
			if (write(fds[1], "c", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'c');
	end.fd = fds[0];
	assert_int_equal(poll(&end, 1, 100), 0); /* both live */
	kill(parent, SIGKILL);
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	assert_int_equal(WTERMSIG(wait_status(parent)), SIGKILL);
	close(fds[0]);
}

/* Says by its exit code what it found wrong. */
static void look_at_signals(void)
{
	struct sigaction action;
	sigset_t mask;

	if (sigaction(SIGPIPE, NULL, &action) < 0 || action.sa_handler != SIG_DFL)
		_exit(1);
	if (sigaction(SIGUSR1, NULL, &action) < 0 || action.sa_handler != SIG_DFL)
		_exit(2);
	if (sigprocmask(SIG_BLOCK, NULL, &mask) < 0 || sigismember(&mask, SIGTERM))
		_exit(3);
	_exit(0);
}

static void handle_nothing(int number)
{
}

static void child_has_default_signals(void **state)
{
	sigset_t mask, before;
	pid_t pid;
	int status;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, handle_nothing);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &before);
	pid = zcb_fork();
	if (pid == 0)
		look_at_signals();
	status = wait_status(pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The shell after exec sees the kept descriptor and not the other, though neither was CLOEXEC. */
static void only_kept_descriptors_survive_exec(void **state)
{
	char script[200];
	int kept = open("/dev/null", O_RDONLY), dropped = open("/dev/null", O_RDONLY), status;
	pid_t pid;

	assert_return_code(kept, errno);
	assert_return_code(dropped, errno);
	snprintf(script, sizeof(script), "[ -e /proc/self/fd/%d ] && [ ! -e /proc/self/fd/%d ]", kept,
		 dropped);
	pid = zcb_fork();
	if (pid == 0) {
		zcb_child_keep_fds(&kept, 1);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	status = wait_status(pid);
	close(kept);
	close(dropped);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_child_closes_all_but_some(void **state)
{
	int keep[] = { dup2(open("/dev/null", O_RDONLY), 40), open("/dev/null", O_RDONLY) };
	int dropped[] = { open("/dev/null", O_RDONLY), dup2(keep[0], 39), dup2(keep[0], 90) }, status;
	pid_t pid = zcb_fork();

	if (pid == 0) {
		zcb_child_close_others(keep, 2);
		for (int i = 0; i < 2; i++)
			if (fcntl(keep[i], F_GETFD) < 0)
				_exit(1);
		for (int i = 0; i < 3; i++)
			if (fcntl(dropped[i], F_GETFD) >= 0)
				_exit(2);
		_exit(fcntl(STDERR_FILENO, F_GETFD) < 0 ? 3 : 0);
	}
	status = wait_status(pid);
	for (int i = 0; i < 3; i++)
		close(dropped[i]);
	close(keep[0]);
	close(keep[1]);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void end_asks_first(void **state)
{
	pid_t pid = zcb_fork();
	int status;

	if (pid == 0)
		for (;;)
			pause();
	status = zcb_child_end(pid, PATIENCE_MS);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* it was reaped */
}

static void end_kills_what_does_not_listen(void **state)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	assert_return_code(pipe2(fds, O_CLOEXEC), errno);
	pid = zcb_fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		if (write(fds[1], "i", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	status = zcb_child_end(pid, 50);
	close(fds[0]);
	close(fds[1]);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void end_of_one_that_ended_already(void **state)
{
	pid_t pid = zcb_fork();
	siginfo_t info;

	if (pid == 0)
		_exit(7);
	assert_return_code(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), errno);
	assert_int_equal(WEXITSTATUS(zcb_child_end(pid, 1000)), 7);
}

static void status_is_told_in_words(void **state)
{
	assert_string_equal(zcb_child_describe(3 << 8), "exit 3");
	assert_string_equal(zcb_child_describe(SIGKILL), "signal 9 (Killed)");
	assert_string_equal(zcb_child_describe(SIGABRT | 0x80), "signal 6 (Aborted)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_dies_with_a_killed_parent),
		cmocka_unit_test(child_has_default_signals),
		cmocka_unit_test(only_kept_descriptors_survive_exec),
		cmocka_unit_test(a_child_closes_all_but_some),
		cmocka_unit_test(end_asks_first),
		cmocka_unit_test(end_kills_what_does_not_listen),
		cmocka_unit_test(end_of_one_that_ended_already),
		cmocka_unit_test(status_is_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
