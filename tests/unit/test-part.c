// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/part.h"

static char folder[] = "/tmp/zcb-test-part.XXXXXX";

static void make(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_return_code(fd, errno);
	close(fd);
}

static int set_up(void **state)
{
	assert_non_null(mkdtemp(folder));
	assert_return_code(chdir(folder), errno);
	make("program");
	make("part.so");
	assert_return_code(mkdir("bin", 0755), errno);
	assert_return_code(symlink("../program", "bin/link"), errno);
	return 0;
}

static int tear_down(void **state)
{
	unlink("bin/link");
	unlink("program");
	unlink("part.so");
	rmdir("bin");
	return chdir("/") || rmdir(folder);
}

static void a_part_is_beside_the_program_itself(void **state)
{
	static const char *const programs[] = { "program", "bin/link" };
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "%s/part.so", folder);
	for (unsigned int i = 0; i < 2; i++) {
		char *path = NULL;

		assert_int_equal(zcb_part_find(programs[i], "part.so", &path, NULL), 0);
		assert_string_equal(path, wanted);
		free(path);
	}
}

static void a_missing_part_is_named_with_its_mend(void **state)
{
	struct zcb_error err = { "" };
	char *path = NULL, wanted[128];

	snprintf(wanted, sizeof(wanted), "host set-up: %s/gone.so is missing: run ninja -C build",
		 folder);
	assert_int_equal(zcb_part_find("program", "gone.so", &path, &err), -ENOENT);
	assert_string_equal(err.text, wanted);
	assert_int_equal(zcb_part_find("nothing", "part.so", &path, &err), -ENOENT);
	assert_string_equal(err.text, "host set-up: nothing cannot be found: No such file or directory");
	assert_null(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_beside_the_program_itself),
		cmocka_unit_test(a_missing_part_is_named_with_its_mend),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
