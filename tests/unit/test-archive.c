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
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/target/archive.h"

/* What is archived is unpacked by cpio, which is not ours. */

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static int set_up(void **state)
{
	static char dir[64];

	strcpy(dir, "/tmp/zcb-test-archive.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_return_code(chdir(dir), errno);
	run("mkdir -p from/b/empty from/a && printf abcde >from/b/five && : >from/nothing && "
	    "seq 100000 >from/a/long && chmod 755 from/a/long && ln -s ../b/five from/a/link && "
	    "ln -s nowhere from/dangling && printf x >from/libLLVM.so.19 && mkfifo from/fifo");
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", (const char *)*state);
	run(command);
	return 0;
}

static int archive(const char *const *except)
{
	int fd = memfd_create("archive", 0);

	assert_return_code(fd, errno);
	assert_int_equal(zcb_archive_tree(fd, "from", "mnt", except), 0);
	assert_return_code(lseek(fd, 0, SEEK_SET), errno);
	return fd;
}

static void unpack(int fd)
{
	char command[128];

	snprintf(command, sizeof(command), "mkdir to && cd to && cpio -i --quiet </proc/%d/fd/%d",
		 (int)getpid(), fd);
	run(command);
}

static void what_cpio_unpacks_is_the_same(void **state)
{
	int fd = archive(NULL);
	struct stat info;

	(void)state;
	unpack(fd);
	run("rm from/fifo; diff -r --no-dereference from to/mnt");
	assert_return_code(stat("to/mnt/a/long", &info), errno);
	assert_int_equal(info.st_mode & 07777, 0755);
	assert_return_code(stat("to/mnt/b/five", &info), errno);
	assert_int_equal(info.st_mode & 07777, 0644);
	assert_return_code(stat("to/mnt/b/empty", &info), errno);
	close(fd);
}

static void what_is_excepted_is_left_out(void **state)
{
	int fd = archive((const char *const[]){"long", "libLLVM*", NULL});

	(void)state;
	unpack(fd);
	run("test ! -e to/mnt/libLLVM.so.19 && test ! -e to/mnt/a/long && cmp from/b/five to/mnt/b/five");
	close(fd);
}

static void the_same_tree_gives_the_same_bytes(void **state)
{
	int first = archive(NULL), second;
	char command[128];

	(void)state;
	run("cp -a from/nothing x && rm from/nothing && touch from/a && mv x from/nothing");
	second = archive(NULL);
	snprintf(command, sizeof(command), "cmp /proc/%d/fd/%d /proc/%d/fd/%d", (int)getpid(), first,
		 (int)getpid(), second);
	run(command);
	close(first);
	close(second);
}

static void archives_are_joined(void **state)
{
	int fd = memfd_create("archive", 0);

	(void)state;
	run("mkdir other && echo other >other/one");
	assert_int_equal(zcb_archive_append(fd, "from/b/five"), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 512);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_return_code(lseek(fd, 0, SEEK_SET), errno);
	assert_int_equal(zcb_archive_tree(fd, "from", "mnt", NULL), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR) % 512, 0);
	close(fd);
}

static void what_is_missing_is_an_error(void **state)
{
	int fd = memfd_create("archive", 0);

	(void)state;
	assert_int_equal(zcb_archive_tree(fd, "nowhere", "mnt", NULL), -ENOENT);
	assert_int_equal(zcb_archive_append(fd, "nowhere"), -ENOENT);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_cpio_unpacks_is_the_same),
		TEST(what_is_excepted_is_left_out),
		TEST(the_same_tree_gives_the_same_bytes),
		TEST(archives_are_joined),
		TEST(what_is_missing_is_an_error),
	};

	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
