// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/guest/console.h"

struct place {
	char path[64];
	struct zcb_guest_console console;
	int writer;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->path, sizeof(p->path), "/tmp/test-guest-console.XXXXXX");
	close(mkstemp(p->path));
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	zcb_guest_console_finish(&p->console);
	unlink(p->path);
	free(p);
	return 0;
}

static void start(struct place *p, const char *path)
{
	struct zcb_error err;

	if (zcb_guest_console_start(path, "a guest starts", &p->console, &p->writer, &err))
		fail_msg("%s", err.text);
}

static void print(const struct place *p, const char *bytes, size_t n)
{
	assert_int_equal(zcb_write_all(p->writer, bytes, n), 0);
}

static void end(struct place *p)
{
	close(p->writer);
	zcb_guest_console_end(&p->console);
}

static void expect_kept(const struct place *p, const char *bytes, size_t n)
{
	static const char title[] = "[zcbench: a guest starts]\n";
	char *text = NULL;
	size_t kept = 0;

	assert_int_equal(zcb_read_file(AT_FDCWD, p->path, 1 << 24, &text, &kept), 0);
	assert_int_equal(kept, sizeof(title) - 1 + n);
	assert_memory_equal(text, title, sizeof(title) - 1);
	assert_memory_equal(text + sizeof(title) - 1, bytes, n);
	free(text);
}

static void bytes_are_kept_as_they_came(void **state)
{
	static const char bytes[] = "[0.1] Linux\r\n\0\x1b[2J\xff\x80 no end of line";
	struct place *p = *state;

	start(p, p->path);
	for (size_t i = 0; i < sizeof(bytes); i++)
		print(p, bytes + i, 1);
	end(p);
	expect_kept(p, bytes, sizeof(bytes));
}

static void the_last_line_is_printable(void **state)
{
	struct place *p = *state;

	start(p, p->path);
	print(p, "first\nsecond \x1b[0m\x07!\r\n\n  \r\n", 24);
	end(p);
	assert_string_equal(zcb_guest_console_last(&p->console), "second ?[0m?!");
}

static void a_long_line_is_cut(void **state)
{
	struct place *p = *state;
	char *flood = malloc(1 << 20);

	memset(flood, 'x', 1 << 20);
	start(p, p->path);
	print(p, flood, 1 << 20);
	end(p);
	assert_int_equal(strlen(zcb_guest_console_last(&p->console)),
			 sizeof(p->console.last->text) - 1);
	expect_kept(p, flood, 1 << 20);
	free(flood);
}

static void without_a_place_the_last_line_is_known(void **state)
{
	struct place *p = *state;

	start(p, NULL);
	print(p, "qemu: no luck\n", 14);
	end(p);
	assert_string_equal(zcb_guest_console_last(&p->console), "qemu: no luck");
}

static void a_full_place_holds_nobody_up(void **state)
{
	struct place *p = *state;

	start(p, "/dev/full");
	for (int i = 0; i < 10000; i++)
		print(p, "a line that finds no room\n", 26);
	end(p);
	assert_string_equal(zcb_guest_console_last(&p->console), "a line that finds no room");
}

static void a_writer_that_lives_on_is_not_waited_for(void **state)
{
	struct place *p = *state;
	uint64_t begun = zcb_now_ns();

	start(p, p->path);
	print(p, "hung\n", 5);
	zcb_guest_console_end(&p->console);
	assert_true(zcb_now_ns() - begun < 60000000000ULL);
	assert_string_equal(zcb_guest_console_last(&p->console), "hung");
	close(p->writer);
}

static void what_never_started_can_be_finished(void **state)
{
	struct zcb_guest_console console = {0};

	(void)state;
	assert_string_equal(zcb_guest_console_last(&console), "");
	zcb_guest_console_finish(&console);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_are_kept_as_they_came),
		TEST(the_last_line_is_printable),
		TEST(a_long_line_is_cut),
		TEST(without_a_place_the_last_line_is_known),
		TEST(a_full_place_holds_nobody_up),
		TEST(a_writer_that_lives_on_is_not_waited_for),
		TEST(what_never_started_can_be_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
