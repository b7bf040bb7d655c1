// SPDX-License-Identifier: GPL-2.0-or-later
/* The agent for real, preloaded into a program that stands in for QEMU: see vmm-host.c. */
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/io.h"
#include "bench/exporter/memfd.h"
#include "bench/exporter/udmabuf.h"
#include "bench/vmm/vmm.h"

#define RAM_BYTES (64U * 4096)
#define PATIENCE_MS 20000

struct vmm_test {
	int memfd;
	int letters; /* to the host and back */
	pid_t host;
	struct zcb_vmm vmm;
	struct zcb_error err;
};

static void say(const struct vmm_test *test, char letter)
{
	char answer = '?';

	assert_int_equal(write(test->letters, &letter, 1), 1);
	assert_int_equal(zcb_read_all(test->letters, &answer, 1), 0);
	assert_int_equal(answer, letter);
}

static void be_the_host(const struct vmm_test *test, const char *object, int letters, int socket)
{
	int keep[] = { test->memfd, socket };
	char number[16];

	snprintf(number, sizeof(number), "%d", test->memfd);
	dup2(letters, STDIN_FILENO);
	dup2(letters, STDOUT_FILENO);
	zcb_child_keep_fds(keep, 2);
	zcb_vmm_set_environment(object, socket, test->memfd);
	execl(VMM_HOST, VMM_HOST, number, NULL);
	_exit(127);
}

static void start(struct vmm_test *test, const char *object)
{
	int letters[2], socket;
	char ready = '?';

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, letters), errno);
	assert_int_equal(zcb_vmm_sockets(&test->vmm.fd, &socket), 0);
	test->host = zcb_fork();
	if (test->host == 0)
		be_the_host(test, object, letters[1], socket);
	close(letters[1]);
	close(socket);
	test->letters = letters[0];
	assert_int_equal(zcb_read_all(test->letters, &ready, 1), 0);
	assert_int_equal(ready, 'r');
}

static int set_up_on(void **state, const char *object, int memfd)
{
	struct vmm_test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	test->memfd = memfd;
	test->vmm.timeout_ms = PATIENCE_MS;
	start(test, object);
	*state = test;
	return 0;
}

static int set_up_with(void **state, const char *object)
{
	int memfd = -1;

	assert_int_equal(zcb_memfd_create(ZCB_MEMORY_SHMEM, RAM_BYTES, &memfd, NULL), 0);
	return set_up_on(state, object, memfd);
}

static int set_up(void **state)
{
	return set_up_with(state, VMM_OBJECT);
}

static int tear_down(void **state)
{
	struct vmm_test *test = *state;

	if (!test)
		return 0;
	zcb_child_end(test->host, 0);
	close(test->letters);
	close(test->vmm.fd);
	close(test->memfd);
	free(test);
	return 0;
}

static void expect(const struct vmm_test *test, int ret, int wanted, const char *words)
{
	if (ret != wanted || !strstr(test->err.text, words))
		fail_msg("%d: %s; wanted %d with \"%s\"", ret, test->err.text, wanted, words);
}

static void ping(struct vmm_test *test)
{
	pid_t pid = -1;

	if (zcb_vmm_ping(&test->vmm, &pid, &test->err))
		fail_msg("%s", test->err.text);
	assert_int_equal(pid, test->host);
}

static uint64_t touch(struct vmm_test *test, uint64_t offset, bool write, uint64_t value)
{
	zcb_ns took = { 0 };

	if (zcb_vmm_touch(&test->vmm, (zcb_memfd_off){ offset }, write, &value, &took, &test->err))
		fail_msg("%s", test->err.text);
	assert_in_range(took.ns, 1, 1000000000);
	return value;
}

static uint64_t in_memfd(const struct vmm_test *test, uint64_t offset)
{
	uint64_t value = 0;

	assert_int_equal(zcb_memfd_read(test->memfd, (zcb_memfd_off){ offset }, &value, 8), 0);
	return value;
}

static void the_agent_says_whose_process_it_is_in(void **state)
{
	ping(*state);
}

static void the_host_is_as_it_would_be_without(void **state)
{
	struct vmm_test *test = *state;

	say(test, 'l');
	touch(test, 0, true, 1);
	say(test, 'b');
}

static void a_read_sees_the_memfd_and_a_write_is_seen_in_it(void **state)
{
	struct vmm_test *test = *state;
	uint64_t value = 0x1122334455667788;

	assert_int_equal(pwrite(test->memfd, &value, 8, 5 * 4096 + 8), 8);
	assert_int_equal(touch(test, 5 * 4096 + 8, false, 0), value);
	assert_int_equal(touch(test, 5 * 4096 + 16, true, 42), 42);
	assert_int_equal(in_memfd(test, 5 * 4096 + 16), 42);
	assert_int_equal(in_memfd(test, 5 * 4096 + 8), value);
}

static void a_touch_of_a_hole_brings_one_page(void **state)
{
	struct vmm_test *test = *state;
	uint64_t allocated = 1;

	assert_int_equal(zcb_memfd_allocated(test->memfd, &allocated), 0);
	assert_int_equal(allocated, 0);
	assert_int_equal(touch(test, 7 * 4096, true, 9), 9);
	assert_int_equal(zcb_memfd_allocated(test->memfd, &allocated), 0);
	assert_int_equal(allocated, 4096);
	assert_int_equal(zcb_memfd_punch(test->memfd, (zcb_memfd_off){ 7 * 4096 }, 4096), 0);
	assert_int_equal(touch(test, 7 * 4096, false, 0), 0);
}

static void a_page_is_installed_without_a_fault(void **state)
{
	struct vmm_test *test = *state;
	zcb_memfd_off at = { 9 * 4096 };
	zcb_ns took = { 0 };
	uint64_t allocated = 0;
	int ret;

	touch(test, at.off, true, 5); /* else the VMM has no page table there */
	assert_int_equal(zcb_memfd_punch(test->memfd, at, 4096), 0);
	ret = zcb_vmm_install(&test->vmm, at, false, &took, &test->err);
	if (ret == -EPERM || ret == -EOPNOTSUPP) {
		print_message("%s\n", test->err.text);
		skip();
	}
	if (ret)
		fail_msg("%s", test->err.text);
	assert_in_range(took.ns, 1, 1000000000);
	assert_int_equal(zcb_memfd_allocated(test->memfd, &allocated), 0);
	assert_int_equal(allocated, 4096);
	assert_int_equal(touch(test, at.off, false, 0), 0);
	expect(test, zcb_vmm_install(&test->vmm, at, false, &took, &test->err), -EEXIST, "UFFDIO_COPY");
}

static void what_the_memfd_has_is_installed_and_a_hole_is_not(void **state)
{
	struct vmm_test *test = *state;
	zcb_memfd_off at = { 11 * 4096 };
	uint64_t value = 77;
	zcb_ns took;
	int ret;

	ret = zcb_vmm_install(&test->vmm, at, true, &took, &test->err);
	if (ret == -EPERM || ret == -EOPNOTSUPP) {
		print_message("%s\n", test->err.text);
		skip();
	}
	expect(test, ret, -EFAULT, "UFFDIO_CONTINUE");
	assert_int_equal(pwrite(test->memfd, &value, 8, (off_t)at.off), 8);
	if (zcb_vmm_install(&test->vmm, at, true, &took, &test->err))
		fail_msg("%s", test->err.text);
	assert_int_equal(touch(test, at.off, false, 0), 77);
}

static void a_mapping_that_moved_is_found_again(void **state)
{
	struct vmm_test *test = *state;

	touch(test, 4096, true, 1);
	say(test, 'm');
	assert_int_equal(touch(test, 4096, false, 0), 1);
	assert_int_equal(touch(test, 4096, true, 2), 2);
	assert_int_equal(in_memfd(test, 4096), 2);
}

static int try_touch(struct vmm_test *test, uint64_t offset)
{
	uint64_t value = 0;
	zcb_ns took;

	return zcb_vmm_touch(&test->vmm, (zcb_memfd_off){ offset }, true, &value, &took, &test->err);
}

static void a_touch_of_nothing_is_refused(void **state)
{
	struct vmm_test *test = *state;

	expect(test, try_touch(test, RAM_BYTES), -ERANGE, "the memfd has 0x40000 bytes");
	expect(test, try_touch(test, UINT64_MAX - 7), -ERANGE, "the memfd has");
	expect(test, try_touch(test, 4), -EINVAL, "is not of an aligned u64");
	assert_return_code(ftruncate(test->memfd, RAM_BYTES + 4096), errno);
	expect(test, try_touch(test, RAM_BYTES), -ENXIO, "host set-up: QEMU does not map offset 0x40000");
	ping(test);
}

/* The mapping is where it was, and may be followed by root alone; others look for it and miss it. */
static void a_touch_that_raises_a_signal_kills_nobody(void **state)
{
	struct vmm_test *test = *state;

	touch(test, 0, true, 1);
	say(test, 'p');
	if (geteuid() == 0)
		expect(test, try_touch(test, 0), -EFAULT, "by QEMU raised signal 11");
	expect(test, try_touch(test, 0), -ENXIO, "does not map");
	say(test, 'b');
}

static int set_up_hugetlb(void **state)
{
	uint64_t free_pages = 0;
	int memfd;

	if (zcb_hugetlb_free_pages(&free_pages) || free_pages ||
	    zcb_memfd_create(ZCB_MEMORY_HUGETLB, 2U << 20, &memfd, NULL))
		return 0; /* no hugetlb, or pages in its pool */
	return set_up_on(state, VMM_OBJECT, memfd);
}

static void a_hole_that_cannot_be_filled_is_told(void **state)
{
	struct vmm_test *test = *state;

	if (!test)
		skip();
	expect(test, try_touch(test, 4096), -EFAULT, "by QEMU raised signal 7: there is no page");
	expect(test, try_touch(test, 4096), -EFAULT, "by QEMU raised signal 7: there is no page");
	say(test, 'b');
	ping(test);
}

static bool has_exited(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static bool maps_the_ram(pid_t pid)
{
	char path[64], *text = NULL;
	bool found;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	assert_int_equal(zcb_read_file(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	found = strstr(text, "memfd:guest-ram") != NULL;
	free(text);
	return found;
}

static int open_descriptors(pid_t pid)
{
	char path[64];
	DIR *list;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	list = opendir(path);
	assert_non_null(list);
	while (readdir(list))
		n++;
	closedir(list);
	return n - 2;
}

static pid_t fork_host(struct vmm_test *test, bool with_ram)
{
	pid_t child = -1;
	zcb_ns took = { 0 };

	if (zcb_vmm_fork(&test->vmm, with_ram, &child, &took, &test->err))
		fail_msg("%s", test->err.text);
	assert_true(took.ns > 0 && child > 0 && child != test->host);
	return child;
}

static void a_fork_lives_until_it_is_reaped(void **state)
{
	struct vmm_test *test = *state;
	pid_t with = fork_host(test, true), without = fork_host(test, false);

	assert_true(maps_the_ram(with));
	assert_false(maps_the_ram(without));
	for (int waited = 0; open_descriptors(with) && waited < PATIENCE_MS; waited += 10)
		usleep(10000);
	assert_int_equal(open_descriptors(with), 0);
	assert_int_equal(zcb_vmm_reap(&test->vmm, with, &test->err), 0);
	assert_true(has_exited(with));
	assert_false(has_exited(without));
	expect(test, zcb_vmm_reap(&test->vmm, with, &test->err), -ESRCH, "the VMM has no child");
	expect(test, zcb_vmm_reap(&test->vmm, getpid(), &test->err), -ESRCH, "the VMM has no child");
	expect(test, zcb_vmm_reap(&test->vmm, 0, &test->err), -ESRCH, "the VMM has no child 0");
	assert_int_equal(zcb_vmm_reap(&test->vmm, without, &test->err), 0);
	say(test, 'b');
}

static void there_are_only_so_many_forks(void **state)
{
	struct vmm_test *test = *state;
	pid_t child = 0;
	zcb_ns took;

	for (unsigned int i = 0; i < ZCB_VMM_MAX_FORKS; i++)
		child = fork_host(test, false);
	expect(test, zcb_vmm_fork(&test->vmm, false, &child, &took, &test->err), -EAGAIN, "reap one");
	assert_int_equal(zcb_vmm_reap(&test->vmm, child, &test->err), 0);
	fork_host(test, false);
}

static void forks_die_with_the_host(void **state)
{
	struct vmm_test *test = *state;
	pid_t child = fork_host(test, true);

	kill(test->host, SIGKILL);
	/* Whoever inherits it may be slow to bury it, but it is dead. */
	for (int waited = 0; waited < PATIENCE_MS && !has_exited(child); waited += 10) {
		char path[64], *text = NULL;

		snprintf(path, sizeof(path), "/proc/%d/maps", child);
		if (zcb_read_file(AT_FDCWD, path, 1 << 20, &text, NULL) || !*text)
			waited = PATIENCE_MS - 10;
		free(text);
		usleep(10000);
	}
	assert_true(has_exited(child) || !maps_the_ram(child));
}

/* Sends bytes as they are; returns the code of the reply, with its sentence in err. */
static int send_raw(struct vmm_test *test, const void *bytes, size_t n, uint64_t *ret_serial)
{
	struct zcb_vmm_reply reply = { 0 };

	assert_int_equal(send(test->vmm.fd, bytes, n, MSG_NOSIGNAL), n);
	assert_int_equal(recv(test->vmm.fd, &reply, sizeof(reply), 0), sizeof(reply));
	assert_int_equal(reply.magic, ZCB_VMM_MAGIC);
	assert_int_equal(reply.version, ZCB_VMM_VERSION);
	snprintf(test->err.text, sizeof(test->err.text), "%s", reply.text);
	*ret_serial = reply.serial;
	return reply.code;
}

static void garbage_is_refused_and_survived(void **state)
{
	struct vmm_test *test = *state;
	char garbage[256 << 10];
	uint64_t serial = 1;

	memset(garbage, 0xa5, sizeof(garbage));
	for (size_t n = 1; n <= 160 << 10; n = n * 3 + 1) {
		expect(test, send_raw(test, garbage, n, &serial), -EBADMSG, "are no request");
		assert_true(n < sizeof(struct zcb_vmm_request) ? serial == 0 : serial != 0);
	}
	ping(test);
}

static int send_request(struct vmm_test *test, struct zcb_vmm_request request, size_t more)
{
	char packet[sizeof(request) + 64] = { 0 };
	uint64_t serial = 0;
	int ret;

	request.serial = 77;
	memcpy(packet, &request, sizeof(request));
	ret = send_raw(test, packet, sizeof(request) + more, &serial);
	assert_int_equal(serial, 77);
	return ret;
}

static void a_wrong_request_is_told_what_is_wrong(void **state)
{
	struct vmm_test *test = *state;
	const struct zcb_vmm_request good = { .magic = ZCB_VMM_MAGIC, .version = ZCB_VMM_VERSION,
					      .type = ZCB_VMM_PING };
	struct zcb_vmm_request wrong = good;

	wrong.version = ZCB_VMM_VERSION + 1;
	expect(test, send_request(test, wrong, 0), -EPROTONOSUPPORT,
	       "zcb-vmm.so speaks version 4, and was asked in version 5: run ninja -C build");
	wrong = good;
	wrong.type = 0;
	expect(test, send_request(test, wrong, 0), -EOPNOTSUPP, "knows no request 0");
	wrong.type = ZCB_VMM_TYPES;
	expect(test, send_request(test, wrong, 0), -EOPNOTSUPP, "knows no request");
	wrong.type = ZCB_VMM_EXPORT;
	expect(test, send_request(test, wrong, 0), -EINVAL, "has 0 pages");
	expect(test, send_request(test, wrong, 8), -EBADMSG, "and says 0 pages");
	wrong.pages = 3;
	expect(test, send_request(test, wrong, 16), -EBADMSG, "and says 3 pages");
	wrong.pages = UINT32_MAX;
	expect(test, send_request(test, wrong, 64), -EBADMSG, "and says 4294967295 pages");
	wrong = good;
	wrong.flags = 1;
	expect(test, send_request(test, wrong, 0), -EINVAL, "flags 0x1");
	expect(test, send_request(test, good, 0), 0, "");
}

static void a_late_reply_is_dropped(void **state)
{
	struct vmm_test *test = *state;
	uint64_t value = 0;
	zcb_ns took;

	kill(test->host, SIGSTOP);
	test->vmm.timeout_ms = 50;
	expect(test, zcb_vmm_touch(&test->vmm, (zcb_memfd_off){ 0 }, true, &value, &took, &test->err),
	       -ETIMEDOUT, "qemu: the agent inside it did not answer in 50 ms");
	test->vmm.timeout_ms = PATIENCE_MS;
	kill(test->host, SIGCONT);
	ping(test);
	assert_int_equal(touch(test, 8, true, 6), 6);
}

static void a_host_that_died_is_told_at_once(void **state)
{
	struct vmm_test *test = *state;
	uint64_t before = zcb_now_ns();
	pid_t pid;

	kill(test->host, SIGKILL);
	expect(test, zcb_vmm_ping(&test->vmm, &pid, &test->err), -ENOTCONN, "qemu: the agent inside it is gone");
	expect(test, zcb_vmm_ping(&test->vmm, &pid, &test->err), -ENOTCONN, "qemu: the agent inside it is gone");
	assert_true(zcb_now_ns() - before < PATIENCE_MS * 1000000ULL);
}

static int set_up_without_agent(void **state)
{
	return set_up_with(state, "");
}

static void a_host_without_agent_is_told_in_time(void **state)
{
	struct vmm_test *test = *state;
	pid_t pid;

	test->vmm.timeout_ms = 50;
	expect(test, zcb_vmm_ping(&test->vmm, &pid, &test->err), -ETIMEDOUT, "did not answer in 50 ms");
}

/* What an agent says that is another's. The test is the agent. */
static int ping_against(const struct zcb_vmm_reply *reply, size_t n, struct zcb_error *err)
{
	struct zcb_vmm vmm = { .timeout_ms = PATIENCE_MS };
	pid_t pid;
	int agent, ret;

	assert_int_equal(zcb_vmm_sockets(&vmm.fd, &agent), 0);
	assert_int_equal(send(agent, reply, n, 0), n);
	ret = zcb_vmm_ping(&vmm, &pid, err);
	close(vmm.fd);
	close(agent);
	return ret;
}

static void an_agent_of_another_build_is_refused_by_name(void **state)
{
	struct vmm_test test = { 0 };
	struct zcb_vmm_reply reply = { .magic = ZCB_VMM_MAGIC, .version = ZCB_VMM_VERSION + 1 };

	expect(&test, ping_against(&reply, 24, &test.err), -EPROTONOSUPPORT,
	       "zcb-vmm.so beside the program speaks version 5, not 4: run ninja -C build");
	reply.version = ZCB_VMM_VERSION;
	expect(&test, ping_against(&reply, 24, &test.err), -EPROTO, "a reply of 24 bytes");
	reply.magic = 1;
	expect(&test, ping_against(&reply, sizeof(reply), &test.err), -EPROTO, "bytes of garbage");
}

static void compare(struct vmm_test *test, int dmabuf, const zcb_memfd_off *pages, uint32_t n)
{
	uint64_t *map = mmap(NULL, n * 4096, PROT_READ, MAP_SHARED, dmabuf, 0);

	assert_true(map != MAP_FAILED);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(map[i * 512], in_memfd(test, pages[i].off));
	munmap(map, n * 4096);
}

static void an_export_gives_a_dmabuf_or_says_what_is_missing(void **state)
{
	const zcb_memfd_off pages[] = { { 3 * 4096 }, { 4 * 4096 }, { 1 * 4096 } };
	struct vmm_test *test = *state;
	int device = open(ZCB_UDMABUF_DEVICE, O_RDWR | O_CLOEXEC), dmabuf = -1, error = errno;
	zcb_ns took = { 0 };
	int ret;

	for (uint64_t i = 0; i < 8; i++)
		touch(test, i * 4096, true, i + 100);
	ret = zcb_vmm_export(&test->vmm, pages, 3, &dmabuf, &took, &test->err);
	if (device < 0) {
		expect(test, ret, -error, ZCB_UDMABUF_DEVICE);
		assert_int_equal(dmabuf, -1);
		return;
	}
	close(device);
	expect(test, ret, 0, "");
	assert_true(took.ns > 0);
	assert_int_equal(fcntl(dmabuf, F_GETFD), FD_CLOEXEC);
	compare(test, dmabuf, pages, 3);
	close(dmabuf);
}

static void the_longest_export_goes_through(void **state)
{
	struct vmm_test *test = *state;
	zcb_memfd_off *pages = calloc(ZCB_VMM_MAX_PAGES + 1, sizeof(*pages));
	int dmabuf = -1, ret;
	zcb_ns took;

	assert_non_null(pages);
	ret = zcb_vmm_export(&test->vmm, pages, ZCB_VMM_MAX_PAGES, &dmabuf, &took, &test->err);
	if (ret != 0 && ret != -E2BIG) /* its list is longer than the driver's limit */
		expect(test, ret, ret, ZCB_UDMABUF_DEVICE);
	expect(test, zcb_vmm_export(&test->vmm, pages, ZCB_VMM_MAX_PAGES + 1, &dmabuf, &took,
				    &test->err), -EBADMSG, "says 16385 pages");
	free(pages);
	ping(test);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_agent_says_whose_process_it_is_in),
		TEST(the_host_is_as_it_would_be_without),
		TEST(a_read_sees_the_memfd_and_a_write_is_seen_in_it),
		TEST(a_touch_of_a_hole_brings_one_page),
		TEST(a_page_is_installed_without_a_fault),
		TEST(what_the_memfd_has_is_installed_and_a_hole_is_not),
		TEST(a_mapping_that_moved_is_found_again),
		TEST(a_touch_of_nothing_is_refused),
		TEST(a_touch_that_raises_a_signal_kills_nobody),
		cmocka_unit_test_setup_teardown(a_hole_that_cannot_be_filled_is_told,
						set_up_hugetlb, tear_down),
		TEST(a_fork_lives_until_it_is_reaped),
		TEST(there_are_only_so_many_forks),
		TEST(forks_die_with_the_host),
		TEST(garbage_is_refused_and_survived),
		TEST(a_wrong_request_is_told_what_is_wrong),
		TEST(a_late_reply_is_dropped),
		TEST(a_host_that_died_is_told_at_once),
		cmocka_unit_test_setup_teardown(a_host_without_agent_is_told_in_time,
						set_up_without_agent, tear_down),
		cmocka_unit_test(an_agent_of_another_build_is_refused_by_name),
		TEST(an_export_gives_a_dmabuf_or_says_what_is_missing),
		TEST(the_longest_export_goes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
