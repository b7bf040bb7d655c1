// SPDX-License-Identifier: GPL-2.0-or-later
/* A micro guest for real, where KVM runs one: elsewhere it is skipped, with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/guest/frame.h"
#include "bench/guest/guest.h"
#include "bench/guest/micro/abi.h"
#include "bench/guest/micro/image.h"
#include "bench/guest/micro/link.h"
#include "bench/guest/micro/vmm.h"
#include "bench/target/kvm-probe.h"
#include "bench/vmm/vmm.h"

#define RAM_BYTES (UINT64_C(64) << 20)
#define PAGES 64
#define KEY UINT64_C(0xfeed)

struct micro_test {
	struct zcb_guest *guest;
	zcb_memfd_off page[PAGES];
	struct zcb_error err;
};

static void must(const struct micro_test *test, int ret)
{
	if (ret)
		fail_msg("%d: %s", ret, test->err.text);
}

static void expect(const struct zcb_error *err, int ret, int wanted, const char *words)
{
	if (ret != wanted || !strstr(err->text, words))
		fail_msg("%d: %s; wanted %d with \"%s\"", ret, err->text, wanted, words);
}

static int set_up(void **state)
{
	const struct zcb_guest_config config = {
		.memory = ZCB_MEMORY_SHMEM, .ram_bytes = RAM_BYTES, .nonce = 77};
	const struct zcb_frame_request request = {
		.frame = 1, .pages = PAGES, .seed = 3, .key = KEY};
	struct micro_test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	*state = test;
	must(test, zcb_guest_micro.start(&config, &test->guest, &test->err));
	must(test, zcb_guest_micro.alloc(test->guest, &request, test->page, &test->err));
	return 0;
}

static int tear_down(void **state)
{
	struct micro_test *test = *state;

	zcb_guest_micro.stop(test->guest);
	free(test);
	return 0;
}

static void expect_frame(struct micro_test *test, uint64_t sequence, uint64_t holes)
{
	const struct zcb_frame_spec spec = {
		.key = KEY, .frame = 1, .pages = PAGES, .published = sequence};

	for (uint32_t i = 0; i < PAGES; i++) {
		struct zcb_page_verdict verdict;
		char bytes[4096];

		assert_int_equal(zcb_memfd_read(test->guest->memfd, test->page[i], bytes, 4096), 0);
		zcb_page_judge(&spec, holes >> i & 1 ? 0 : sequence, i, bytes, &verdict);
		assert_int_equal(verdict.verdict, ZCB_VERDICT_FRESH);
	}
}

static void draw(struct micro_test *test, uint64_t sequence)
{
	must(test, zcb_guest_micro.draw(test->guest, 1, sequence, &test->err));
}

static void what_it_draws_is_in_the_memfd(void **state)
{
	struct micro_test *test = *state;

	for (uint64_t sequence = 1; sequence <= 3; sequence++) {
		draw(test, sequence);
		expect_frame(test, sequence, 0);
	}
}

static void punch(struct micro_test *test, uint64_t holes)
{
	for (uint32_t i = 0; i < PAGES; i++)
		if (holes >> i & 1)
			assert_int_equal(zcb_memfd_punch(test->guest->memfd, test->page[i], 4096),
					 0);
}

static void it_reads_holes_and_draws_over_them(void **state)
{
	struct micro_test *test = *state;
	const uint64_t holes = 0x8001000100010001;

	draw(test, 1);
	punch(test, holes);
	expect_frame(test, 1, holes);
	must(test, zcb_guest_micro.read(test->guest, 1, &test->err));
	expect_frame(test, 1, holes);
	draw(test, 2);
	expect_frame(test, 2, 0);
}

/* Where time is that of this machine, a fault costs more than none; the median of each will do. */
static void a_touch_of_a_hole_takes_longer(void **state)
{
	struct micro_test *test = *state;
	unsigned int slower = 0;
	zcb_ns took[PAGES];

	draw(test, 1);
	draw(test, 2);
	punch(test, 0xffffffff);
	draw(test, 3);
	must(test, zcb_guest_micro.touch_times(test->guest, 1, PAGES, took, &test->err));
	for (uint32_t i = 0; i < 32; i++)
		slower += took[i].ns > took[32 + i].ns;
	assert_in_range(slower, 28, 32);
}

static void times_are_of_the_last_touch_alone(void **state)
{
	struct micro_test *test = *state;
	zcb_ns took[PAGES];

	expect(&test->err, zcb_guest_micro.touch_times(test->guest, 1, PAGES, took, &test->err),
	       -EINVAL, "did not touch frame 1 last");
	expect(&test->err, zcb_guest_micro.draw(test->guest, 2, 1, &test->err), -EINVAL,
	       "has no frame 2");
	must(test, zcb_guest_micro.release(test->guest, 1, &test->err));
	expect(&test->err, zcb_guest_micro.draw(test->guest, 1, 1, &test->err), -EINVAL,
	       "has no frame 1");
}

static void the_vmm_touches_through_its_own_mapping(void **state)
{
	struct micro_test *test = *state;
	zcb_ns took;

	draw(test, 1);
	punch(test, 2);
	must(test, zcb_guest_micro.touch(test->guest, test->page[1], true, 0, &took, &test->err));
	assert_true(zcb_memfd_has_page(test->guest->memfd, test->page[1]));
	expect_frame(test, 1, 2);
}

static void two_frames_do_not_meet(void **state)
{
	struct micro_test *test = *state;
	const struct zcb_frame_request request = {
		.frame = 2, .pages = PAGES, .blocks = 1, .seed = 3};
	zcb_memfd_off other[PAGES];

	draw(test, 1);
	must(test, zcb_guest_micro.alloc(test->guest, &request, other, &test->err));
	must(test, zcb_guest_micro.draw(test->guest, 2, 9, &test->err));
	expect_frame(test, 1, 0);
	draw(test, 2);
	expect_frame(test, 2, 0);
}

/* -- payloads that do something else */

/* All of the payload becomes `fill`, and these bytes its end: wherever it was, it gets there. */
static void plant(int memfd, uint8_t fill, const char *end, size_t n)
{
	size_t size = zcb_embedded_micro_payload_bin_size;
	uint8_t *code = malloc(size);

	assert_non_null(code);
	memset(code, fill, size);
	memcpy(code + size - n, end, n);
	assert_int_equal(pwrite(memfd, code, size, ZCB_MICRO_PAYLOAD), size);
	free(code);
}

#define NOP 0x90
#define INT3 0xcc

static const struct {
	uint8_t fill;
	const char *end;
	size_t n;
	int code;
	const char *words;
} plants[] = {
	{INT3, "", 0, -EIO, "guest: its vCPU shut down by an exception"},
	{NOP, "\xf4", 1, -EIO, "guest: its vCPU halted at 0x10"},
	{NOP, "\xe6\x77", 2, -EIO, "guest: its vCPU used the I/O port 0x77 at"},
	{NOP, "\xe4\x5a", 2, -EIO, "guest: its vCPU used the I/O port 0x5a at"},
	{NOP, "\xe6\x5a", 2, -EPROTO, "guest: its mailbox has an answer to command 2 serial"},
	/* mov %eax, 0x10000000: beyond its RAM, which is not mapped */
	{NOP, "\x89\x04\x25\x00\x00\x00\x10", 7, -EIO, "guest: its vCPU shut down by an exception"},
	/* xor %eax, %eax; mov %rax, %cr3: no page tables. */
	{NOP, "\x31\xc0\x0f\x22\xd8", 5, -EIO, "guest: its vCPU shut down by an exception"},
};

static void a_payload_that_errs_is_told(void **state)
{
	struct micro_test *test = *state;

	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		draw(test, 1);
		plant(test->guest->memfd, plants[i].fill, plants[i].end, plants[i].n);
		expect(&test->err, zcb_guest_micro.draw(test->guest, 1, 2, &test->err),
		       plants[i].code, plants[i].words);
		tear_down(state);
		set_up(state);
		test = *state;
	}
}

static void a_published_sequence_must_be_the_drawn_one(void **state)
{
	struct micro_test *test = *state;
	struct zcb_micro_answer answer = {ZCB_MICRO_DRAW, 3, 1, PAGES, 2};

	draw(test, 1); /* serial 2, after the greeting */
	plant(test->guest->memfd, NOP, "\xe6\x5a", 2);
	assert_int_equal(pwrite(test->guest->memfd, &answer, sizeof(answer),
				ZCB_MICRO_MAILBOX + offsetof(struct zcb_micro_mailbox, answer)),
			 sizeof(answer));
	expect(&test->err, zcb_guest_micro.draw(test->guest, 1, 2, &test->err), -EPROTO,
	       "sequence 2 is drawn, and its control page says 1");
}

/* -- a VMM that hangs, or dies */

static pid_t fork_vmm(int memfd, struct zcb_micro_link *ret_link)
{
	struct zcb_micro_vmm_config config = {
		.memory = ZCB_MEMORY_SHMEM, .ram_bytes = RAM_BYTES, .memfd = memfd};
	int unused;
	pid_t pid;

	assert_int_equal(zcb_vmm_sockets(&ret_link->fd, &config.link), 0);
	assert_int_equal(zcb_vmm_sockets(&unused, &config.vmm), 0);
	pid = zcb_fork();
	if (pid == 0)
		zcb_micro_vmm_be(&config);
	close(config.link);
	close(config.vmm);
	close(unused);
	return pid;
}

static void a_vcpu_that_hangs_is_not_waited_for(void **state)
{
	struct micro_test *test = *state;
	struct zcb_micro_packet make = {.type = ZCB_MICRO_MAKE, .frame = {.pages = PAGES}};
	struct zcb_micro_packet request = {.type = ZCB_MICRO_READS};
	struct zcb_micro_link link = {.timeout_ms = 60000};
	uint64_t address[PAGES];
	int memfd = -1, status;
	pid_t vmm;

	must(test, zcb_memfd_create(ZCB_MEMORY_SHMEM, RAM_BYTES, &memfd, &test->err));
	vmm = fork_vmm(memfd, &link);
	must(test, zcb_micro_link_started(&link, &test->err));
	must(test, zcb_micro_link_ask(&link, &make, PAGES, address, &test->err));
	plant(memfd, NOP, "\xeb\xfe", 2); /* jmp to itself */
	link.timeout_ms = 300;
	expect(&test->err, zcb_micro_link_ask(&link, &request, 0, NULL, &test->err), -ETIMEDOUT,
	       "did not answer in 300 ms");
	status = zcb_child_end(vmm, 0);
	assert_true(WIFSIGNALED(status));
	expect(&test->err, zcb_micro_link_ask(&link, &request, 0, NULL, &test->err), -ENOTCONN,
	       "VMM is gone");
	close(link.fd);
	close(memfd);
}

static void a_vmm_ends_when_nobody_can_ask_it(void **state)
{
	struct micro_test *test = *state;
	struct zcb_micro_link link = {.timeout_ms = 60000};
	int memfd = -1, status = -1;
	pid_t vmm;

	must(test, zcb_memfd_create(ZCB_MEMORY_SHMEM, RAM_BYTES, &memfd, &test->err));
	vmm = fork_vmm(memfd, &link);
	must(test, zcb_micro_link_started(&link, &test->err));
	close(link.fd);
	assert_int_equal(waitpid(vmm, &status, 0), vmm);
	assert_int_equal(status, 0);
	close(memfd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	char why_not[200] = "";
	const struct CMUnitTest tests[] = {
		TEST(what_it_draws_is_in_the_memfd),
		TEST(it_reads_holes_and_draws_over_them),
		TEST(a_touch_of_a_hole_takes_longer),
		TEST(times_are_of_the_last_touch_alone),
		TEST(the_vmm_touches_through_its_own_mapping),
		TEST(two_frames_do_not_meet),
		TEST(a_payload_that_errs_is_told),
		TEST(a_published_sequence_must_be_the_drawn_one),
		TEST(a_vcpu_that_hangs_is_not_waited_for),
		TEST(a_vmm_ends_when_nobody_can_ask_it),
	};

	if (zcb_kvm_probe(why_not, sizeof(why_not)) == 0)
		return cmocka_run_group_tests(tests, NULL, NULL);
	printf("skipped: this machine's KVM cannot run a guest: %s\n", why_not);
	return 77;
}
