// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/target/internal.h"

/** What one pump takes from a stream: a console that floods must not hold up the caller. */
#define PUMP_BYTES ((size_t)1 << 20)

#define CONSOLE_PIPE_BYTES (1 << 20)
#define CHANNEL_BYTES (16 << 20)

/* From the polite end to the other one; a native runner has more to put back than QEMU. */
#define GRACE_VM_NS (3 * 1000000000ULL)
#define GRACE_NATIVE_NS (15 * 1000000000ULL)

/** For a HUT to go off by itself: it takes a second, on a busy machine some more. */
#define OWN_END_NS (30 * 1000000000ULL)

const char *zcb_outcome_name(enum zcb_outcome outcome)
{
	static const char *const names[] = {
		[ZCB_OUTCOME_RUNNING] = "running",
		[ZCB_OUTCOME_CLEAN] = "clean",
		[ZCB_OUTCOME_PANIC] = "panic",
		[ZCB_OUTCOME_HANG] = "hang",
		[ZCB_OUTCOME_QEMU_DIED] = "qemu-died",
		[ZCB_OUTCOME_LOST] = "lost",
		[ZCB_OUTCOME_INTERRUPTED] = "interrupted",
	};

	return names[outcome];
}

const char *zcb_accel_name(enum zcb_accel accel)
{
	static const char *const names[] = {
		[ZCB_ACCEL_KVM] = "kvm",
		[ZCB_ACCEL_TCG] = "tcg",
		[ZCB_ACCEL_ICOUNT] = "icount",
	};

	return names[accel];
}

struct zcb_target *zcb_target_new(void)
{
	ZCB_FREE struct zcb_target *target = calloc(1, sizeof(*target));

	if (!target)
		return NULL;
	target->process.pidfd = -1;
	target->channel = -1;
	target->console.fd = -1;
	target->output.fd = -1;
	target->guests.fd = -1;
	target->staging.lock = -1;
	target->faults = zcb_faults_new();
	target->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (target->faults && target->epoll >= 0)
		return zcb_steal_ptr(&target);
	zcb_faults_free(target->faults);
	if (target->epoll >= 0)
		close(target->epoll);
	return NULL;
}

/*
 * As with zcb_target_widen_pipe(): what a cell sends at its end shall not wait for us. Who is not root gets no more
 * than net.core.wmem_max.
 */
static void widen_socket(int fd)
{
	int bytes = CHANNEL_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int zcb_target_socketpair(int *ret_ours, int *ret_childs, struct zcb_error *err)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return zcb_fail(err, -errno, "host set-up: no socket: %s", strerror(errno));
	widen_socket(fds[1]);
	*ret_ours = fds[0];
	*ret_childs = fds[1];
	return 0;
}

static int watch(struct zcb_target *target, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(target->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_log(struct zcb_stream *stream, const char *boot_dir, const char *log)
{
	ZCB_CLOSE int dir = open(boot_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	return zcb_console_open(dir, log, ZCB_CONSOLE_HEAD_BYTES, ZCB_CONSOLE_TAIL_BYTES,
				&stream->log);
}

int zcb_target_open_stream(struct zcb_target *target, struct zcb_stream *stream, int fd,
			   const char *boot_dir, const char *log, struct zcb_error *err)
{
	int code;

	stream->fd = fd;
	code = boot_dir ? open_log(stream, boot_dir, log) : 0;
	if (code)
		return zcb_fail(err, code, "host set-up: %s/%s cannot be written: %s", boot_dir,
				log, strerror(-code));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	code = watch(target, fd);
	return code ? zcb_fail(err, code, "host set-up: epoll: %s", strerror(-code)) : 0;
}

void zcb_target_widen_pipe(int fd)
{
	/* Without it 64 KiB remain, which is right but for very talkative kernels. */
	(void)fcntl(fd, F_SETPIPE_SZ, CONSOLE_PIPE_BYTES);
}

static void on_guest_line(void *context, const char *line, size_t n)
{
	/* A guest says nothing that the host would act on. */
	(void)context, (void)line, (void)n;
}

int zcb_target_open_guests(struct zcb_target *target, const char *boot_dir, int *ret_childs,
			   struct zcb_error *err)
{
	ZCB_CLOSE int childs = -1;
	int fds[2], code;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return zcb_fail(err, -errno, "host set-up: no pipe: %s", strerror(errno));
	childs = fds[1];
	zcb_target_widen_pipe(childs);
	target->guests.on_line = on_guest_line;
	code = zcb_target_open_stream(target, &target->guests, fds[0], boot_dir, "guest.log", err);
	if (!code)
		*ret_childs = zcb_steal_fd(&childs);
	return code;
}

int zcb_target_spawn(struct zcb_target *target, const char *const *environment, const int *fds,
		     size_t n_fds, int output, struct zcb_error *err)
{
	struct zcb_spawn spawn = {
		.argv = (const char *const *)target->args.items,
		.environment = environment,
		.fds = fds,
		.n_fds = n_fds,
		.output = output,
	};
	int code = target->args.error;

	if (code)
		return zcb_fail(err, code, "host set-up: out of memory");
	code = zcb_process_spawn(&spawn, &target->process, err);
	if (code)
		return code;
	code = watch(target, target->process.pidfd);
	return code ? zcb_fail(err, code, "host set-up: epoll: %s", strerror(-code)) : 0;
}

/* The streams */

static void end_stream(struct zcb_target *target, struct zcb_stream *stream)
{
	zcb_lines_finish(&stream->lines, stream->on_line, target);
	close(zcb_steal_fd(&stream->fd));
}

/** Takes what is there, at most `limit` bytes. Returns the log's error, once. */
static int drain(struct zcb_target *target, struct zcb_stream *stream, size_t limit)
{
	int err = 0;

	while (stream->fd >= 0 && limit > 0) {
		char bytes[16384];
		ssize_t n = read(stream->fd, bytes, sizeof(bytes));
		int code;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			end_stream(target, stream);
			break;
		}
		limit -= (size_t)n < limit ? (size_t)n : limit;
		zcb_lines_feed(&stream->lines, bytes, (size_t)n, stream->on_line, target);
		code = stream->log ? zcb_console_write(stream->log, bytes, (size_t)n) : 0;
		err = err ? err : code;
	}
	return err;
}

static int finish_stream(struct zcb_target *target, struct zcb_stream *stream)
{
	int err = drain(target, stream, SIZE_MAX);

	if (stream->fd >= 0)
		end_stream(target, stream);
	if (!err && stream->log)
		err = zcb_console_finish(stream->log);
	return err;
}

/* The outcome */

__attribute__((format(printf, 3, 4))) static void
settle_as(struct zcb_target *target, enum zcb_outcome outcome, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(target->reason, sizeof(target->reason), format, args);
	va_end(args);
	target->outcome = outcome;
	target->settled = true;
}

static void settle_as_ours(struct zcb_target *target)
{
	const char *party = target->is_vm ? "the HUT" : "the runner";
	const char *when = target->expected ? " after its goodbye" : "";

	if (target->ended_by_us == ZCB_OUTCOME_LOST)
		settle_as(target, ZCB_OUTCOME_LOST, "%s closed its channel%s, but went on", party,
			  when);
	else if (target->ended_by_us != ZCB_OUTCOME_HANG)
		settle_as(target, target->ended_by_us, "%s was ended by zcbench%s", party, when);
	else if (target->expected)
		settle_as(target, ZCB_OUTCOME_HANG,
			  "%s did not go off%s; the console's last line: %s", party, when,
			  target->last_line);
	else if (target->last_line[0])
		settle_as(target, ZCB_OUTCOME_HANG,
			  "%s was silent for too long; the console's last line: %s", party,
			  target->last_line);
	else
		settle_as(target, ZCB_OUTCOME_HANG, "%s was silent for too long, its console too",
			  party);
}

static void settle(struct zcb_target *target)
{
	const char *panic = zcb_faults_panic(target->faults);
	const char *words = target->last_words;
	bool failed = target->process.status != 0;
	char how[80];

	zcb_process_describe(&target->process, how, sizeof(how));
	if (panic && target->ended_by_us != ZCB_OUTCOME_INTERRUPTED)
		settle_as(target, ZCB_OUTCOME_PANIC, "kernel: %s", panic);
	else if (target->ended_by_us != ZCB_OUTCOME_RUNNING)
		settle_as_ours(target);
	else if (target->stuck)
		settle_as(target, ZCB_OUTCOME_QEMU_DIED, "qemu: it gave up: %s", words);
	else if (failed && target->is_vm)
		settle_as(target, ZCB_OUTCOME_QEMU_DIED, "qemu: %s%s%s", how,
			  words[0] ? "; its last words: " : "", words);
	else if (failed)
		settle_as(target, ZCB_OUTCOME_LOST, "the runner ended: %s%s%s", how,
			  words[0] ? "; its last words: " : "", words);
	else if (target->expected)
		settle_as(target, ZCB_OUTCOME_CLEAN, "%s", "");
	else if (target->told_to_end)
		settle_as(target, ZCB_OUTCOME_QEMU_DIED, "qemu: somebody ended it; its last words: %s", words);
	else if (target->is_vm)
		settle_as(target, ZCB_OUTCOME_LOST, "the HUT went off without a goodbye; %s%s",
			  target->init_words[0] ? "" : "the console's last line: ",
			  target->init_words[0] ? target->init_words : target->last_line);
	else
		settle_as(target, ZCB_OUTCOME_LOST, "the runner ended without a goodbye");
}

static int finish(struct zcb_target *target)
{
	int err = finish_stream(target, &target->console);
	int code = finish_stream(target, &target->output);
	int guests = finish_stream(target, &target->guests);

	code = code ? code : guests;
	zcb_process_finish(&target->process);
	settle(target);
	return err ? err : code;
}

/** Politely first: QEMU may be in the middle of its dump. */
static void end_stuck(struct zcb_target *target)
{
	struct pollfd end = {.fd = target->process.pidfd, .events = POLLIN};

	zcb_process_signal(&target->process, SIGTERM);
	poll(&end, 1, 1000);
	zcb_process_finish(&target->process);
	finish(target);
}

int zcb_target_pump(struct zcb_target *target)
{
	int err, code;

	if (target->settled)
		return 0;
	/* First the end, then what is left to read: so nothing comes after the last read. */
	if (zcb_process_reap(&target->process))
		return finish(target);
	err = drain(target, &target->console, PUMP_BYTES);
	code = drain(target, &target->output, PUMP_BYTES);
	err = err ? err : code;
	code = drain(target, &target->guests, PUMP_BYTES);
	if (target->stuck)
		end_stuck(target);
	return err ? err : code;
}

static void wait_for_end(struct zcb_target *target, uint64_t grace_ns)
{
	uint64_t deadline = zcb_now_ns() + grace_ns, now;

	while (!target->settled && (now = zcb_now_ns()) < deadline) {
		struct pollfd event = {.fd = target->epoll, .events = POLLIN};

		poll(&event, 1, (int)((deadline - now) / 1000000U) + 1);
		zcb_target_pump(target);
	}
}

enum zcb_outcome zcb_target_stop(struct zcb_target *target, enum zcb_outcome why)
{
	zcb_target_pump(target);
	/* It is about to end by itself, and how it does that says more than we could. */
	if (target->expected || why == ZCB_OUTCOME_LOST)
		wait_for_end(target, OWN_END_NS);
	if (target->settled)
		return target->outcome;
	target->ended_by_us = why;
	zcb_process_signal(&target->process, SIGTERM);
	/* A stopped process would not see it. */
	zcb_process_signal(&target->process, SIGCONT);
	wait_for_end(target, target->is_vm ? GRACE_VM_NS : GRACE_NATIVE_NS);
	if (!target->settled) {
		zcb_process_finish(&target->process);
		zcb_target_pump(target);
	}
	return target->outcome;
}

void zcb_target_destroy(struct zcb_target *target)
{
	if (!target)
		return;
	if (target->process.pid > 0)
		zcb_target_stop(target, ZCB_OUTCOME_INTERRUPTED);
	if (target->channel >= 0)
		close(target->channel);
	if (target->console.fd >= 0)
		close(target->console.fd);
	if (target->output.fd >= 0)
		close(target->output.fd);
	if (target->guests.fd >= 0)
		close(target->guests.fd);
	close(target->epoll);
	zcb_console_free(target->console.log);
	zcb_console_free(target->output.log);
	zcb_console_free(target->guests.log);
	zcb_faults_free(target->faults);
	zcb_args_finish(&target->args);
	zcb_staging_remove(&target->staging);
	free(target);
}

int zcb_target_channel(const struct zcb_target *target)
{
	return target->channel;
}

int zcb_target_event_fd(const struct zcb_target *target)
{
	return target->epoll;
}

enum zcb_outcome zcb_target_outcome(const struct zcb_target *target)
{
	return target->outcome;
}

const char *zcb_target_reason(const struct zcb_target *target)
{
	return target->reason;
}

const char *const *zcb_target_faults(const struct zcb_target *target, size_t *ret_n)
{
	return zcb_faults_list(target->faults, ret_n);
}

const char *const *zcb_target_argv(const struct zcb_target *target)
{
	return target->is_vm ? (const char *const *)target->args.items : NULL;
}

bool zcb_target_was_killed(const struct zcb_target *target)
{
	int status = target->process.status;
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (target->outcome != ZCB_OUTCOME_QEMU_DIED && target->outcome != ZCB_OUTCOME_LOST)
		return false;
	if (target->ended_by_us != ZCB_OUTCOME_RUNNING || target->stuck)
		return false;
	return target->told_to_end || number == SIGTERM || number == SIGINT || number == SIGHUP ||
	       number == SIGKILL;
}

void zcb_target_expect_end(struct zcb_target *target)
{
	target->expected = true;
}
