// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/cell.h"
#include "bench/executor/meter.h"
#include "bench/results/failure.h"
#include "bench/results/wire.h"

#define HELD_BYTES (64U << 10)

/** A cell's process as its parent sees it. */
struct execution {
	pid_t pid; /* and of its process group, with all that it starts */
	int pidfd;
	int messages, prints; /* the reading ends of its two pipes; -1 at their end */
	int out;
	int out_error;
	bool timed_out;
	bool garbled; /* what it sent is not of the wire, and no longer listened to */
	struct zcb_wire wire;
	char *held;      /* files that came, and did not go on yet */
	size_t held_n;
	char *result;    /* the line of its result, as it came */
	json_t *account; /* what it told of itself last */
	char printed[2048]; /* the first bytes of what it wrote to stdout and stderr */
	size_t printed_n;
};

/* Anything may have gone wrong in here: no atexit handler, no flush of the parent's buffers. */
static void be_the_cell(const struct zcb_cell *cell, struct zcb_guest *guest, int messages,
			int prints)
{
	setpgid(0, 0);
	dup2(prints, STDOUT_FILENO);
	dup2(prints, STDERR_FILENO);
	setvbuf(stdout, NULL, _IONBF, 0);
	_exit(zcb_cell_run(cell, guest, messages) ? 1 : 0);
}

static pid_t fork_quickly(void)
{
	static sigset_t changed;
	static bool known;

	if (!known)
		zcb_child_signals(&changed);
	known = true;
	return zcb_fork_knowing(&changed);
}

static int fork_cell(struct execution *run, const struct zcb_cell *cell, struct zcb_guest *guest,
		     int messages, int prints)
{
	run->pid = fork_quickly();
	if (run->pid < 0)
		return -errno;
	if (run->pid == 0)
		be_the_cell(cell, guest, messages, prints);
	setpgid(run->pid, run->pid); /* whoever of the two comes first */
	run->pidfd = pidfd_open(run->pid, 0);
	if (run->pidfd < 0) {
		int ret = -errno;

		zcb_child_end(run->pid, 0);
		return ret;
	}
	return 0;
}

static int start(struct execution *run, const struct zcb_cell *cell, struct zcb_guest *guest)
{
	int messages[2] = { -1, -1 }, prints[2] = { -1, -1 };
	int ret = pipe2(messages, O_CLOEXEC) < 0 || pipe2(prints, O_CLOEXEC) < 0 ? -errno : 0;

	if (!ret)
		ret = zcb_cell_make_room(cell);
	if (!ret)
		ret = fork_cell(run, cell, guest, messages[1], prints[1]);
	zcb_close_fd_p(&messages[1]);
	zcb_close_fd_p(&prints[1]);
	if (ret) {
		zcb_close_fd_p(&messages[0]);
		zcb_close_fd_p(&prints[0]);
		return ret;
	}
	run->messages = messages[0];
	run->prints = prints[0];
	fcntl(run->messages, F_SETFL, O_NONBLOCK);
	fcntl(run->prints, F_SETFL, O_NONBLOCK);
	return 0;
}

static void take_prints(struct execution *run)
{
	char bytes[4096];
	ssize_t n = read(run->prints, bytes, sizeof(bytes));
	size_t room = sizeof(run->printed) - 1 - run->printed_n;

	if (n <= 0) {
		close(run->prints);
		run->prints = -1;
		return;
	}
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(run->printed + run->printed_n, bytes, room);
	run->printed_n += room;
}

static void write_out(struct execution *run, const char *bytes, size_t n)
{
	if (n && !run->out_error)
		run->out_error = zcb_write_all(run->out, bytes, n);
}

/* Messages that lie one behind the other, and go on together. */
struct batch {
	const char *bytes;
	size_t n;
};

/* Few bytes wait for the result, so that all of a cell is one write. */
static bool hold(struct execution *run, const struct batch *batch)
{
	if (!run->held)
		run->held = malloc(HELD_BYTES);
	if (!run->held || run->held_n + batch->n > HELD_BYTES)
		return false;
	memcpy(run->held + run->held_n, batch->bytes, batch->n);
	run->held_n += batch->n;
	return true;
}

static void pass_on(struct execution *run, struct batch *batch)
{
	if (batch->n && !hold(run, batch)) {
		write_out(run, run->held, run->held_n);
		write_out(run, batch->bytes, batch->n);
		run->held_n = 0;
	}
	batch->n = 0;
}

static void take_result(struct execution *run, const struct zcb_wire_message *message)
{
	free(run->result);
	run->result = strndup(message->whole, message->whole_n - 1); /* without its newline */
}

/* A few numbers for the runner, which goes no further. */
static void take_account(struct execution *run, const struct zcb_wire_message *message)
{
	json_decref(run->account);
	run->account = json_loadb(message->whole, message->whole_n, 0, NULL);
	run->garbled |= !run->account;
}

static void take_message(struct execution *run, const char *type, const struct zcb_wire_message *message,
			 struct batch *batch)
{
	bool result = !strcmp(type, "result"), account = !strcmp(type, "account"), event = !strcmp(type, "event");

	if (result || account || event)
		pass_on(run, batch);
	if (event) {
		write_out(run, message->whole, message->whole_n);
	} else if (result) {
		take_result(run, message);
	} else if (account) {
		take_account(run, message);
	} else {
		batch->bytes = batch->n ? batch->bytes : message->whole;
		batch->n += message->whole_n;
	}
}

static void take_messages(struct execution *run)
{
	struct zcb_wire_message message;
	ssize_t n = zcb_wire_receive(&run->wire, run->messages);
	struct batch batch = { 0 };
	char type[ZCB_WIRE_TYPE];
	int ret = 0;

	while (!run->garbled && (ret = zcb_wire_next_unread(&run->wire, type, &message)) > 0)
		take_message(run, type, &message, &batch);
	pass_on(run, &batch);
	run->garbled |= ret < 0;
	if (run->garbled)
		zcb_wire_finish(&run->wire); /* or it would grow with all that comes */
	if (n <= 0) {
		close(run->messages);
		run->messages = -1;
	}
}

/*
 * The cell's process has ended, and what it sent is in the pipes. They may have no end: a helper
 * that it started may live on with them. Those of its group are killed, others are left behind.
 */
static void take_the_rest(struct execution *run)
{
	kill(-run->pid, SIGKILL);
	for (int reads = 0; run->messages >= 0 && reads < 1024; reads++)
		take_messages(run);
	for (int reads = 0; run->prints >= 0 && reads < 1024; reads++)
		take_prints(run);
	zcb_close_fd_p(&run->messages);
	zcb_close_fd_p(&run->prints);
	close(run->pidfd);
}

/* Until the child has ended, by itself or because the time is up. */
static void attend(struct execution *run, uint64_t deadline)
{
	struct pollfd fds[3] = { { .fd = run->pidfd, .events = POLLIN } };

	while (!fds[0].revents) {
		uint64_t now = zcb_now_ns();

		if (now >= deadline && !run->timed_out) {
			run->timed_out = true;
			kill(-run->pid, SIGKILL);
		}
		fds[1] = (struct pollfd){ .fd = run->messages, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = run->prints, .events = POLLIN };
		if (poll(fds, 3, run->timed_out ? -1 : (int)((deadline - now) / 1000000U) + 1) < 0)
			continue;
		if (fds[1].revents)
			take_messages(run);
		if (fds[2].revents)
			take_prints(run);
	}
	take_the_rest(run);
}

/* What it printed is shown on one line, and only what is printable of it. */
static void set_reason(json_t *result, const struct execution *run, const char *what)
{
	char text[sizeof(run->printed) + 160], printed[sizeof(run->printed)];

	snprintf(printed, sizeof(printed), "%s", run->printed);
	for (char *p = printed; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = ' ';
	snprintf(text, sizeof(text), "%s%s%s", what, *printed ? "; it printed: " : "", printed);
	json_object_set_new(result, "reason", json_string(text));
}

static bool ended_well(const struct execution *run, int status)
{
	return run->result && run->account && !run->timed_out && !run->garbled && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static json_t *describe_crash(const struct execution *run, int status, unsigned int timeout_s)
{
	json_t *result = run->result ? json_loads(run->result, 0, NULL) : NULL;
	char what[128];

	if (!result)
		result = json_pack("{s:s, s:{}, s:{}, s:{}, s:n}", "type", "result", "pages", "frames", "events",
				   "observed");
	if (run->timed_out)
		snprintf(what, sizeof(what), "the cell's process did not end within %u s", timeout_s);
	else
		snprintf(what, sizeof(what), "the cell's process %sended by %s",
			 run->garbled ? "sent garbage and " : "", zcb_child_describe(status));
	json_object_set_new(result, "status", json_string("crash"));
	set_reason(result, run, what);
	return result;
}

/*
 * The process said what zcbench took of its CPU time so far. All that came after is zcbench's, too: the
 * last message itself, and the end. Of a process that did not live to say it nothing is known.
 */
static void read_account(const struct execution *run, const struct rusage *usage, struct zcb_executed *executed)
{
	double own = json_number_value(json_object_get(run->account, "own"));
	double so_far = json_number_value(json_object_get(run->account, "so_far"));

	executed->sound = json_is_true(json_object_get(run->account, "sound"));
	executed->fresh = json_is_true(json_object_get(run->account, "fresh"));
	executed->own_s = own + zcb_meter_usage_s(usage) - so_far;
}

int zcb_executor_refuse(json_t *line, struct zcb_executed *ret_executed)
{
	/* What the runner says of each line. */
	json_object_del(line, "seconds");
	json_object_del(line, "kernel_faults");
	*ret_executed = (struct zcb_executed){ .line = json_dumps(line, JSON_COMPACT), .own_s = -1 };
	json_decref(line);
	return ret_executed->line ? 0 : -ENOMEM;
}

void zcb_executor_finish(struct zcb_executed *executed)
{
	free(executed->files);
	free(executed->line);
	*executed = (struct zcb_executed){ .own_s = -1 };
}

static void finish(struct execution *run)
{
	zcb_wire_finish(&run->wire);
	json_decref(run->account);
	free(run->result);
	free(run->held);
}

int zcb_executor_run(const struct zcb_cell *cell, struct zcb_guest *guest, unsigned int timeout_s,
		     int out, struct zcb_executed *ret_executed)
{
	ZCB_CLEANUP(finish) struct execution run = { .messages = -1, .prints = -1, .out = out };
	uint64_t begun = zcb_now_ns();
	struct rusage usage = { 0 };
	char reason[160];
	int status = 0, ret = start(&run, cell, guest);

	if (ret) {
		snprintf(reason, sizeof(reason), "host set-up: no process for the cell: %s",
			 strerror(-ret));
		return zcb_executor_refuse(zcb_failure(reason), ret_executed);
	}
	attend(&run, begun + timeout_s * 1000000000ULL);
	while (wait4(run.pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	*ret_executed = (struct zcb_executed){ .line = NULL };
	if (!ended_well(&run, status)) {
		ret = zcb_executor_refuse(describe_crash(&run, status, timeout_s), ret_executed);
	} else {
		ret_executed->line = zcb_steal_ptr(&run.result);
		read_account(&run, &usage, ret_executed);
	}
	ret_executed->files_n = run.held_n;
	ret_executed->files = zcb_steal_ptr(&run.held);
	ret_executed->seconds = (double)(zcb_now_ns() - begun) / 1e9;
	return ret ? ret : run.out_error;
}
