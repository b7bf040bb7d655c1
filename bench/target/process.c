// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

extern char **environ;

/** Above every number that a child's descriptors get. */
#define PARKING_FD (ZCB_SPAWN_FIRST_FD + ZCB_SPAWN_FDS)

/* What runs between fork and exec calls async-signal-safe functions only. */

static int place_fds(const struct zcb_spawn *spawn, int status_fd)
{
	int parked[ZCB_SPAWN_FDS], output, null, status;

	/* First out of the way, then into place: a source may sit on another's number. */
	status = fcntl(status_fd, F_DUPFD_CLOEXEC, PARKING_FD);
	output = fcntl(spawn->output, F_DUPFD_CLOEXEC, PARKING_FD);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < spawn->n_fds; i++)
		parked[i] = fcntl(spawn->fds[i], F_DUPFD_CLOEXEC, PARKING_FD);
	if (status < 0 || output < 0 || null < 0)
		_exit(127);
	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	for (size_t i = 0; i < spawn->n_fds; i++)
		if (parked[i] < 0 || dup2(parked[i], ZCB_SPAWN_FIRST_FD + (int)i) < 0)
			_exit(127);
	close_range(ZCB_SPAWN_FIRST_FD + (unsigned int)spawn->n_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	return status;
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void child(const struct zcb_spawn *spawn, pid_t parent,
					    int status_fd)
{
	int status, err;

	/* The parent may have died before the request: then nobody would send the signal. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	status = place_fds(spawn, status_fd);
	reset_signals();
	execve(spawn->argv[0], (char *const *)spawn->argv,
	       spawn->environment ? (char *const *)spawn->environment : environ);
	err = errno;
	while (write(status, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/** The pipe closes at a successful exec, and brings an errno otherwise. */
static int wait_for_exec(int status_fd)
{
	int code = 0;
	int err = zcb_read_all(status_fd, &code, sizeof(code));

	return err == -ENODATA ? 0 : err ? err : -code;
}

static int fork_child(const struct zcb_spawn *spawn, struct zcb_process *process)
{
	ZCB_CLOSE int status_read = -1;
	ZCB_CLOSE int status_write = -1;
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	status_read = fds[0];
	status_write = fds[1];
	process->pid = fork();
	if (process->pid < 0)
		return -errno;
	if (process->pid == 0)
		child(spawn, parent, status_write);
	/* In both, so that neither can be late for a signal to the group. */
	setpgid(process->pid, process->pid);
	close(zcb_steal_fd(&status_write));
	process->pidfd = pidfd_open(process->pid, 0);
	if (process->pidfd < 0)
		return -errno;
	return wait_for_exec(status_read);
}

int zcb_process_spawn(const struct zcb_spawn *spawn, struct zcb_process *ret_process,
		      struct zcb_error *err)
{
	struct zcb_process process = {.pidfd = -1};
	int code;

	if (spawn->n_fds > ZCB_SPAWN_FDS)
		return zcb_fail(err, -EINVAL, "zcbench bug: too many descriptors for a child");
	code = fork_child(spawn, &process);
	if (code) {
		if (process.pid > 0)
			zcb_process_finish(&process);
		return zcb_fail(err, code, "host set-up: %s cannot be started: %s", spawn->argv[0],
				strerror(-code));
	}
	*ret_process = process;
	return 0;
}

bool zcb_process_reap(struct zcb_process *process)
{
	siginfo_t info = {.si_pid = 0};

	if (process->ended || process->pid <= 0)
		return process->ended;
	if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == 0)
		return false;
	/* While it is a zombie its number is its own: what it left in its group goes with it. */
	kill(-process->pid, SIGKILL);
	while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
		;
	process->ended = true;
	return true;
}

void zcb_process_signal(const struct zcb_process *process, int number)
{
	if (process->pid > 0 && !process->ended)
		kill(-process->pid, number);
}

void zcb_process_finish(struct zcb_process *process)
{
	if (process->pid > 0 && !process->ended) {
		siginfo_t info;

		zcb_process_signal(process, SIGKILL);
		while (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT) < 0 &&
		       errno == EINTR)
			;
		zcb_process_reap(process);
	}
	if (process->pid > 0 && process->pidfd >= 0)
		close(process->pidfd);
	process->pidfd = -1;
}

void zcb_process_describe(const struct zcb_process *process, char *ret_text, size_t room)
{
	if (WIFSIGNALED(process->status))
		snprintf(ret_text, room, "killed by signal %d (%s)", WTERMSIG(process->status),
			 strsignal(WTERMSIG(process->status)));
	else
		snprintf(ret_text, room, "exit code %d", WEXITSTATUS(process->status));
}

static int exit_code(const struct zcb_process *process)
{
	if (WIFSIGNALED(process->status))
		return 128 + WTERMSIG(process->status);
	return WEXITSTATUS(process->status);
}

/** Reads to the end of the pipe, or to the deadline; what does not fit is dropped. */
static int collect(int fd, uint64_t deadline_ns, char *ret_output, size_t room)
{
	size_t used = 0;

	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		uint64_t now = zcb_now_ns();
		char rest[512];
		ssize_t n;

		if (now >= deadline_ns)
			return -ETIMEDOUT;
		if (poll(&ready, 1, (int)((deadline_ns - now) / 1000000U) + 1) <= 0)
			continue;
		n = read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t i = 0; i < n && used + 1 < room; i++)
			ret_output[used++] = rest[i];
		ret_output[used] = '\0';
	}
}

int zcb_process_run(const char *const *argv, const char *const *environment, int timeout_ms,
		    char *ret_output, size_t room)
{
	struct zcb_process process;
	ZCB_CLOSE int output = -1;
	uint64_t deadline_ns = zcb_now_ns() + (uint64_t)timeout_ms * 1000000U;
	int fds[2], err;

	ret_output[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	output = fds[0];
	err = zcb_process_spawn(
		&(struct zcb_spawn){.argv = argv, .environment = environment, .output = fds[1]},
		&process, NULL);
	close(fds[1]);
	if (err)
		return err;
	err = collect(output, deadline_ns, ret_output, room);
	if (!err) {
		struct pollfd end = {.fd = process.pidfd, .events = POLLIN};

		poll(&end, 1, 1000);
		zcb_process_reap(&process);
	}
	zcb_process_finish(&process);
	return err ? err : exit_code(&process);
}

const char **zcb_process_environment(const char *more)
{
	const char **copy;
	size_t n = 0, used = 0;

	while (environ[n])
		n++;
	copy = calloc(n + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LD_", 3) != 0)
			copy[used++] = environ[i];
	if (more)
		copy[used++] = more;
	return copy;
}
