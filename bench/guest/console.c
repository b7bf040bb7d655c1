// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define DRAIN_MS 2000

static void remember(struct zcb_last_line *last, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		if (c == '\n' || c == '\r') {
			last->ended = 1;
			continue;
		}
		if (last->ended && c == ' ')
			continue;
		if (last->ended)
			last->n = last->ended = 0;
		if (last->n < sizeof(last->text) - 1)
			last->text[last->n++] = c < ' ' || c > '~' ? '?' : c;
		last->text[last->n] = '\0';
	}
}

/* A place that takes nothing more is no reason to hold up the guest: the rest is read and dropped. */
static void carry(int from, int to, struct zcb_last_line *last)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		remember(last, bytes, (size_t)n);
		if (to >= 0 && zcb_write_all(to, bytes, (size_t)n))
			to = -1;
	}
}

/* It must hold no end of the guest's link: that QEMU has ended is seen by the link's end. */
static void be_the_keeper(int from, const char *path, const char *title, struct zcb_last_line *last)
{
	int to;

	signal(SIGPIPE, SIG_IGN);
	to = path ? open(path, O_WRONLY | O_NOCTTY) : -1;
	if (dup2(from, STDIN_FILENO) < 0 || dup2(to < 0 ? from : to, STDOUT_FILENO) < 0)
		_exit(1);
	syscall(SYS_close_range, 3U, ~0U, 0U);
	if (to >= 0)
		dprintf(STDOUT_FILENO, "[zcbench: %s]\n", title);
	carry(STDIN_FILENO, to < 0 ? -1 : STDOUT_FILENO, last);
	_exit(0);
}

static struct zcb_last_line *make_shared(void)
{
	void *map = mmap(NULL, sizeof(struct zcb_last_line), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

int zcb_guest_console_start(const char *path, const char *title,
			    struct zcb_guest_console *ret_console, int *ret_writer,
			    struct zcb_error *err)
{
	struct zcb_guest_console console = { .last = make_shared() };
	ZCB_CLOSE int reader = -1;
	int ends[2];

	if (!console.last || pipe2(ends, O_CLOEXEC) < 0) {
		zcb_guest_console_finish(&console);
		return zcb_fail(err, -ENOMEM, "host set-up: no pipe for the guest's console: %m");
	}
	reader = ends[0];
	console.keeper = zcb_fork();
	if (console.keeper == 0)
		be_the_keeper(reader, path, title, console.last);
	if (console.keeper < 0) {
		close(ends[1]);
		console.keeper = 0;
		zcb_guest_console_finish(&console);
		return zcb_fail(err, -EAGAIN, "host set-up: no process for the guest's console");
	}
	*ret_console = console;
	*ret_writer = ends[1];
	return 0;
}

void zcb_guest_console_end(struct zcb_guest_console *console)
{
	const struct timespec tick = { .tv_nsec = 10000000 };

	for (int waited = 0; console->keeper > 0 && waited < DRAIN_MS; waited += 10) {
		if (waitpid(console->keeper, NULL, WNOHANG) != 0)
			console->keeper = 0;
		else
			nanosleep(&tick, NULL);
	}
	if (console->keeper > 0)
		zcb_child_end(console->keeper, 0);
	console->keeper = 0;
}

const char *zcb_guest_console_last(const struct zcb_guest_console *console)
{
	return console->last ? console->last->text : "";
}

void zcb_guest_console_finish(struct zcb_guest_console *console)
{
	zcb_guest_console_end(console);
	if (console->last)
		munmap(console->last, sizeof(*console->last));
	memset(console, 0, sizeof(*console));
}
