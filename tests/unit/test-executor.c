// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a cell may do to the process it runs in. The guest is a fake whose RAM is a memfd of this
 * machine; each test has it do something else when it is told to draw, which happens in the cell's
 * process, before anything that needs a device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/executor/executor.h"
#include "bench/exporter/udmabuf.h"
#include "bench/guest/stamp.h"

#define PAGES 8
#define RAM_BYTES (1U << 20)
#define TIMEOUT_S 20

struct fake_guest {
	struct zcb_guest base;
	void (*trouble)(void);
	char *ram;
	uint64_t key;
	zcb_memfd_off page[PAGES];
	int out, in; /* where the cell's files go; and where they are read */
	int alive[2]; /* a pipe that every process below the test holds open */
};

static struct fake_guest *fake; /* the one of the test that runs */

static int fake_alloc(struct zcb_guest *guest, const struct zcb_frame_request *request,
		      zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	fake->key = request->key;
	for (uint32_t i = 0; i < request->pages; i++) {
		fake->page[i].off = (uint64_t)(3 * (request->pages - i)) * 4096;
		ret_pages[i] = fake->page[i];
	}
	return 0;
}

static int fake_draw(struct zcb_guest *guest, uint32_t frame, uint64_t sequence,
		     struct zcb_error *err)
{
	if (fake->trouble)
		fake->trouble();
	for (uint32_t i = 0; i < PAGES; i++)
		zcb_stamp_fill(fake->ram + fake->page[i].off, fake->key, sequence, (uint16_t)frame, i);
	return 0;
}

/* It is called in the cell's process, and told in the guest's RAM. */
static int fake_release(struct zcb_guest *guest, uint32_t frame, struct zcb_error *err)
{
	fake->ram[0]++;
	return 0;
}

static int fake_export(struct zcb_guest *guest, const zcb_memfd_off *pages, uint32_t n,
		       int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_udmabuf_create(guest->memfd, pages, n, ret_dmabuf, ret_ns, err);
}

static const struct zcb_guest_ops fake_ops = { .name = "fake", .alloc = fake_alloc,
					       .draw = fake_draw, .export = fake_export,
					       .release = fake_release };

/* No dma-buf, which only a consumer that gets as far as looking at it finds out. */
static int export_nothing(struct zcb_guest *guest, const zcb_memfd_off *pages, uint32_t n,
			  int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err)
{
	ret_ns->ns = 0;
	*ret_dmabuf = dup(guest->memfd);
	return *ret_dmabuf < 0 ? -errno : 0;
}

static const struct zcb_guest_ops ops_without_dmabuf = {
	.name = "fake", .alloc = fake_alloc, .draw = fake_draw, .export = export_nothing,
	.release = fake_release,
};

static const struct zcb_cell cell = {
	.boot = 1, .arm = 'A', .kernel = "stock", .variant = "stock", .guest = "fake",
	.workload = "punch", .consumer = "mmap", .seed = 5,
	.params = { .workload = { .pattern = ZCB_PATTERN_STRIDE, .stride = 4, .count = 2 },
		    .pages = PAGES, .rounds = 2, .frames = 2, .ram_mib = 128 },
};

static int set_up(void **state)
{
	struct fake_guest *guest = calloc(1, sizeof(*guest));
	struct zcb_error err;
	int fds[2];

	assert_non_null(guest);
	guest->base = (struct zcb_guest){ .ops = &fake_ops, .ram_bytes = RAM_BYTES };
	assert_int_equal(zcb_memfd_create(ZCB_MEMORY_SHMEM, RAM_BYTES, &guest->base.memfd, &err), 0);
	guest->ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, guest->base.memfd, 0);
	assert_true(guest->ram != MAP_FAILED);
	assert_return_code(pipe2(fds, O_CLOEXEC), errno);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	guest->in = fds[0];
	guest->out = fds[1];
	assert_return_code(pipe2(guest->alive, O_CLOEXEC | O_NONBLOCK), errno);
	fake = guest;
	*state = guest;
	return 0;
}

static int tear_down(void **state)
{
	struct fake_guest *guest = *state;

	munmap(guest->ram, RAM_BYTES);
	close(guest->base.memfd);
	close(guest->in);
	close(guest->out);
	close(guest->alive[0]);
	close(guest->alive[1]);
	free(guest);
	return 0;
}

static int open_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(list);
	while (readdir(list))
		n++;
	closedir(list);
	return n;
}

/*
 * Nobody is left: no child to wait for, and, since whatever a cell starts inherits the pipe, nobody
 * but this process holds its writing end. What was killed may take a moment.
 */
static void expect_nobody_left(void)
{
	char byte;
	ssize_t n = -1;

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	close(fake->alive[1]);
	for (int i = 0; i < 500 && n < 0; i++) {
		n = read(fake->alive[0], &byte, 1);
		if (n < 0)
			usleep(10000);
	}
	fake->alive[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (n != 0)
		fail_msg("a process that the cell started lives on");
}

/* As the runner tells of it. */
static json_t *execute(const struct zcb_cell *what, unsigned int timeout_s)
{
	struct zcb_executed executed;
	const char *status;
	json_t *result;

	assert_int_equal(zcb_executor_run(what, &fake->base, timeout_s, fake->out, &executed), 0);
	result = json_loads(executed.line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(result);
	status = json_string_value(json_object_get(result, "status"));
	assert_int_equal(executed.sound, strcmp(status, "crash") && strcmp(status, "error"));
	assert_int_equal(executed.own_s >= 0, strcmp(status, "crash") != 0);
	json_object_set_new(result, "seconds", json_real(executed.seconds));
	zcb_executor_finish(&executed);
	return result;
}

static json_t *run(void (*trouble)(void), const struct zcb_cell *what, unsigned int timeout_s)
{
	int before = open_descriptors();
	json_t *result;

	fake->trouble = trouble;
	result = execute(what, timeout_s);
	expect_nobody_left();
	assert_int_equal(open_descriptors(), before);
	return result;
}

static const char *text(json_t *result, const char *key)
{
	const char *value = json_string_value(json_object_get(result, key));

	return value ? value : "";
}

static void expect(json_t *result, const char *status, const char *reason)
{
	assert_string_equal(text(result, "status"), status);
	if (!strstr(text(result, "reason"), reason))
		fail_msg("\"%s\" does not say \"%s\"", text(result, "reason"), reason);
	assert_true(json_is_real(json_object_get(result, "seconds")));
}

static void expect_crash(void (*trouble)(void), const char *reason)
{
	json_t *result = run(trouble, &cell, TIMEOUT_S);

	expect(result, "crash", reason);
	assert_true(json_is_object(json_object_get(result, "pages")));
	json_decref(result);
}

/* Without the device the cell is an error that names it; with it, it really runs. */
static void export_decides(void **state)
{
	json_t *result = run(NULL, &cell, TIMEOUT_S);

	if (access(ZCB_UDMABUF_DEVICE, R_OK | W_OK) == 0) {
		expect(result, "pass", "");
		assert_string_equal(text(result, "observed"), "stale");
	} else {
		expect(result, "error", "host set-up: " ZCB_UDMABUF_DEVICE);
		assert_non_null(strstr(text(result, "reason"), "--target vm"));
	}
	json_decref(result);
}

/* The guest is kept for the next cell, so its frame must be given back. */
static void consumer_skips(void **state)
{
	struct zcb_cell attach = cell;
	json_t *result;

	if (access("/dev/dmabuf-importer", F_OK) == 0)
		skip();
	strcpy(attach.consumer, "attach");
	fake->base.ops = &ops_without_dmabuf;
	result = run(NULL, &attach, TIMEOUT_S);
	expect(result, "skip", "kernel: it has no /dev/dmabuf-importer");
	assert_non_null(strstr(text(result, "reason"), "./scripts/setup kernel"));
	assert_int_equal(fake->ram[0], 1);
	json_decref(result);
}

static void abort_is_a_crash(void **state)
{
	expect_crash(abort, "signal 6 (Aborted)");
}

static void kill_self(void)
{
	raise(SIGKILL);
}

static void kill_is_a_crash(void **state)
{
	expect_crash(kill_self, "signal 9 (Killed)");
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void expect_time_out(void (*trouble)(void))
{
	uint64_t begun = zcb_now_ns();
	json_t *result = run(trouble, &cell, 1);

	expect(result, "crash", "did not end within 1 s");
	assert_in_range(zcb_now_ns() - begun, 1000000000, 10000000000);
	json_decref(result);
}

static void hang_is_a_crash(void **state)
{
	expect_time_out(sleep_for_ever);
}

static void refuse_to_end(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	sleep_for_ever();
}

static void hang_that_ignores_signals_is_a_crash(void **state)
{
	expect_time_out(refuse_to_end);
}

static void spin(void)
{
	static volatile uint64_t turns;

	for (;;)
		turns++;
}

static void loop_is_a_crash(void **state)
{
	expect_time_out(spin);
}

static void complain_and_exit(void)
{
	fprintf(stderr, "driver: \033[31mno\tsuch\nthing\n");
	_exit(3);
}

static void exit_code_and_last_words_are_told(void **state)
{
	expect_crash(complain_and_exit, "ended by exit 3; it printed: driver:  [31mno such thing");
}

static void exit_well(void)
{
	_exit(0);
}

/* A cell that ends without a result is none, however well it says it went. */
static void end_without_a_result_is_a_crash(void **state)
{
	expect_crash(exit_well, "ended by exit 0");
}

static void print_without_end(void)
{
	char bytes[4096];

	memset(bytes, 'p', sizeof(bytes));
	for (int i = 0; i < 256; i++)
		if (write(STDOUT_FILENO, bytes, sizeof(bytes)) < 0)
			_exit(9);
	_exit(4);
}

static void much_print_is_cut(void **state)
{
	json_t *result = run(print_without_end, &cell, TIMEOUT_S);

	expect(result, "crash", "ended by exit 4; it printed: pppp");
	assert_in_range(strlen(text(result, "reason")), 1000, 3000);
	json_decref(result);
}

/* The descriptors of the cell's process, which garbage may be written to. */
static void write_garbage_everywhere(void)
{
	for (int fd = 3; fd < 64; fd++)
		if (fd != fake->in && fd != fake->out && fd != fake->base.memfd &&
		    fcntl(fd, F_GETFL) >= 0 && write(fd, "\0garbage\n{\"type\":3}\n", 20) < 0)
			continue;
	_exit(0);
}

static void garbage_for_a_result_is_a_crash(void **state)
{
	struct sigaction before;

	sigaction(SIGPIPE, NULL, &before);
	signal(SIGPIPE, SIG_IGN);
	fake->trouble = write_garbage_everywhere;
	{
		json_t *result = execute(&cell, TIMEOUT_S);

		expect(result, "crash", "sent garbage and ended by exit 0");
		json_decref(result);
	}
	sigaction(SIGPIPE, &before, NULL);
}

/* A helper, as graphics stacks start them: it holds all that the cell held, and stays. */
static void leave_a_helper_and_exit(void)
{
	if (fork() == 0)
		sleep_for_ever();
	_exit(5);
}

static void helper_does_not_keep_the_cell(void **state)
{
	uint64_t begun = zcb_now_ns();
	json_t *result = run(leave_a_helper_and_exit, &cell, TIMEOUT_S);

	expect(result, "crash", "ended by exit 5");
	assert_true(zcb_now_ns() - begun < TIMEOUT_S * 500000000ULL); /* it was not waited for */
	json_decref(result);
}

static void leave_a_helper_and_hang(void)
{
	if (fork() == 0)
		sleep_for_ever();
	sleep_for_ever();
}

static void helper_goes_with_a_cell_that_hangs(void **state)
{
	expect_time_out(leave_a_helper_and_hang);
}

static void unknown_workload_is_an_error(void **state)
{
	struct zcb_cell unknown = cell;
	json_t *result;

	strcpy(unknown.workload, "pnuch");
	result = run(NULL, &unknown, TIMEOUT_S);
	expect(result, "error", "zcbench bug: ");
	json_decref(result);
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(export_decides),
		GUEST_TEST(consumer_skips),
		GUEST_TEST(abort_is_a_crash),
		GUEST_TEST(kill_is_a_crash),
		GUEST_TEST(hang_is_a_crash),
		GUEST_TEST(hang_that_ignores_signals_is_a_crash),
		GUEST_TEST(loop_is_a_crash),
		GUEST_TEST(exit_code_and_last_words_are_told),
		GUEST_TEST(end_without_a_result_is_a_crash),
		GUEST_TEST(much_print_is_cut),
		GUEST_TEST(garbage_for_a_result_is_a_crash),
		GUEST_TEST(helper_does_not_keep_the_cell),
		GUEST_TEST(helper_goes_with_a_cell_that_hangs),
		GUEST_TEST(unknown_workload_is_an_error),
	};
	const struct rlimit no_cores = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_cores);
	alarm(300); /* a harness that hangs is a failure too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
