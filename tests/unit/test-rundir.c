// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/results/rundir.h"

#define MARK "[zcbench: truncated, what follows was dropped]\n"

struct place {
	char top[64];
	char path[80]; /* of the run directory, which is not there yet */
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->top, "/tmp/zcb-test-rundir.XXXXXX");
	assert_non_null(mkdtemp(p->top));
	snprintf(p->path, sizeof(p->path), "%s/run", p->top);
	*state = p;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct place *p = *state;

	nftw(p->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static void open_run(const struct place *p, bool resume, struct zcb_rundir *ret_dir)
{
	struct zcb_error err = { "" };

	if (zcb_rundir_open(p->path, resume, ret_dir, &err))
		fail_msg("%s", err.text);
}

static void expect_refusal(const struct place *p, bool resume, int code, const char *word)
{
	struct zcb_rundir dir;
	struct zcb_error err = { "" };

	assert_int_equal(zcb_rundir_open(p->path, resume, &dir, &err), code);
	if (!strstr(err.text, word) || !strstr(err.text, p->path))
		fail_msg("\"%s\" does not say \"%s\" of %s", err.text, word, p->path);
}

/* A run directory that holds a run: its metadata and this journal. */
static void make_run(const struct place *p, const char *journal)
{
	struct zcb_rundir dir;
	struct zcb_error err;

	open_run(p, false, &dir);
	assert_int_equal(zcb_rundir_put_json(&dir, "metadata.json", json_pack("{s:i}", "schema", 1),
					     &err), 0);
	assert_int_equal(zcb_write_all(dir.journal, journal, strlen(journal)), 0);
	zcb_rundir_close(&dir);
}

static char *content(const struct place *p, const char *name)
{
	char path[128], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", p->path, name);
	if (zcb_read_file(AT_FDCWD, path, 1U << 24, &text, NULL))
		fail_msg("%s cannot be read", path);
	return text;
}

static void expect_content(const struct place *p, const char *name, const char *wanted)
{
	char *text = content(p, name);

	assert_string_equal(text, wanted);
	free(text);
}

/* Of a length that lets a line straddle the end of a page, where a full disk cuts it in two. */
static json_t *line_of(int number)
{
	return json_pack("{s:i, s:s}", "number", number, "text", "one\ntwo, three");
}

/* Lines must come in the order in which they were written: 0, 1, 2… */
static void count_line(void *opaque, json_t *line)
{
	int *n = opaque;

	assert_int_equal(json_integer_value(json_object_get(line, "number")), (*n)++);
}

static int replayed(struct zcb_rundir *dir)
{
	int n = 0;

	assert_int_equal(zcb_rundir_replay(dir, count_line, &n), 0);
	return n;
}

static void new_one_has_its_parts(void **state)
{
	static const char *const parts[] = { "samples", "boots", "frames" };
	struct place *p = *state;
	struct zcb_rundir dir;
	struct stat info;

	open_run(p, false, &dir);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert_return_code(fstatat(dir.fd, parts[i], &info, 0), errno);
		assert_true(S_ISDIR(info.st_mode));
	}
	assert_int_equal(replayed(&dir), 0);
	zcb_rundir_close(&dir);
	zcb_rundir_close(&dir); /* closing twice is allowed */
}

static void existing_run_is_refused(void **state)
{
	make_run(*state, "{\"number\":0}\n");
	expect_refusal(*state, false, -EEXIST, "--resume");
	expect_content(*state, "cells.jsonl", "{\"number\":0}\n");
}

static void nothing_to_resume_is_refused(void **state)
{
	struct place *p = *state;

	expect_refusal(p, true, -ENOENT, "cannot be opened");
	assert_return_code(mkdir(p->path, 0755), errno);
	expect_refusal(p, true, -ENOENT, "no run to resume");
}

static void file_in_its_place_is_refused(void **state)
{
	struct place *p = *state;
	int fd = open(p->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_return_code(fd, errno);
	close(fd);
	expect_refusal(p, false, -ENOTDIR, "cannot be opened");
}

static void resume_goes_on(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;
	struct zcb_error err;

	make_run(p, "{\"number\":0}\n{\"number\":1}\n");
	open_run(p, true, &dir);
	assert_int_equal(replayed(&dir), 2);
	assert_int_equal(zcb_rundir_journal(&dir, line_of(2), &err), 0);
	assert_int_equal(replayed(&dir), 3);
	zcb_rundir_close(&dir);
	expect_content(p, "cells.jsonl",
		       "{\"number\":0}\n{\"number\":1}\n{\"number\":2,\"text\":\"one\\ntwo, three\"}\n");
}

static void torn_last_line_is_cut_off(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;
	struct zcb_error err;

	make_run(p, "{\"number\":0}\n{\"number\":1}\n{\"number\":2,\"st");
	open_run(p, true, &dir);
	assert_int_equal(replayed(&dir), 2);
	assert_int_equal(zcb_rundir_journal(&dir, line_of(2), &err), 0);
	assert_int_equal(replayed(&dir), 3);
	zcb_rundir_close(&dir);
}

static void torn_only_line_is_cut_off(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;

	make_run(p, "{\"number\":0");
	open_run(p, true, &dir);
	zcb_rundir_close(&dir);
	expect_content(p, "cells.jsonl", "");
}

/* The other writer is another process; when it is killed the lock goes with it. */
static void one_writer_at_a_time(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;
	int ready[2];
	char byte;
	pid_t pid;

	assert_return_code(pipe2(ready, O_CLOEXEC), errno);
	pid = fork();
	if (pid == 0) {
		struct zcb_error err;

		if (zcb_rundir_open(p->path, false, &dir, &err) || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	expect_refusal(p, false, -EWOULDBLOCK, "another zcbench is writing");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	open_run(p, false, &dir);
	zcb_rundir_close(&dir);
	close(ready[0]);
	close(ready[1]);
}

static void append(struct zcb_rundir *dir, const char *text, size_t cap)
{
	struct zcb_error err = { "" };

	if (zcb_rundir_append(dir, "boots/log", text, strlen(text), cap, &err))
		fail_msg("%s", err.text);
}

static void cap_is_marked_once(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;

	open_run(p, false, &dir);
	append(&dir, "12345", 8);
	append(&dir, "67890", 8);
	append(&dir, "more", 8);
	append(&dir, "and more", 8);
	zcb_rundir_close(&dir);
	expect_content(p, "boots/log", "12345678" MARK);
}

/* What fills the file to the last byte is not truncated yet; what comes after it is. */
static void cap_reached_exactly(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;

	open_run(p, false, &dir);
	append(&dir, "12345678", 8);
	expect_content(p, "boots/log", "12345678");
	append(&dir, "9", 8);
	append(&dir, "0", 8);
	zcb_rundir_close(&dir);
	expect_content(p, "boots/log", "12345678" MARK);
}

static void put_replaces_whole(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;
	struct zcb_error err;

	open_run(p, false, &dir);
	assert_int_equal(zcb_rundir_put(&dir, "samples/a", "a long one", 10, &err), 0);
	assert_int_equal(zcb_rundir_put(&dir, "samples/a", "short", 5, &err), 0);
	assert_int_equal(zcb_rundir_put(&dir, "nowhere/a", "short", 5, &err), -ENOENT);
	assert_non_null(strstr(err.text, "nowhere/a"));
	zcb_rundir_close(&dir);
	expect_content(p, "samples/a", "short");
}

/*
 * A disk of 128 KiB, in a mount namespace of its own: with the end of this process it is gone,
 * whatever happens.
 */
static bool mount_small_disk(const struct place *p)
{
	if (geteuid() != 0) {
		print_message("skipped: a full disk is tried on a small tmpfs, which takes root: run "
			      "the tests as root\n");
		return false;
	}
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("disk", p->top, "tmpfs", 0, "size=128k,mode=755") < 0) {
		print_message("skipped: a full disk is tried on a small tmpfs, which cannot be "
			      "mounted here: %s: allow mounts in this container\n", strerror(errno));
		return false;
	}
	return true;
}

static void fill_disk(const struct place *p)
{
	char path[96], bytes[512] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/ballast", p->top);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	assert_return_code(fd, errno);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

static void empty_disk(const struct place *p)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/ballast", p->top);
	assert_return_code(unlink(path), errno);
}

static void expect_mend(const struct place *p, const struct zcb_error *err, const char *name)
{
	char mend[128];

	snprintf(mend, sizeof(mend), "--resume -o %s", p->path);
	if (!strstr(err->text, "host set-up: no space left") || !strstr(err->text, name) ||
	    !strstr(err->text, mend))
		fail_msg("\"%s\" does not name %s and the mend", err->text, name);
}

static int write_lines_until_full(struct zcb_rundir *dir, int from, struct zcb_error *err)
{
	for (int number = from; number < from + 100000; number++) {
		int ret = zcb_rundir_journal(dir, line_of(number), err);

		if (ret) {
			assert_int_equal(ret, -ENOSPC);
			return number;
		}
	}
	fail_msg("the disk did not fill up");
	return -1;
}

/* Not a byte of the line that did not fit is left, or the next one would be glued to it. */
static void expect_whole_lines(const struct place *p)
{
	char *text = content(p, "cells.jsonl");
	size_t n = strlen(text);

	assert_true(n > 0);
	assert_int_equal(text[n - 1], '\n');
	free(text);
}

static void check_full_disk(const struct place *p)
{
	struct zcb_rundir dir;
	struct zcb_error err = { "" };
	char big[8192] = "";
	int n;

	make_run(p, "{\"number\":0}\n");
	open_run(p, true, &dir);
	fill_disk(p);
	n = write_lines_until_full(&dir, 1, &err);
	expect_mend(p, &err, "cells.jsonl");
	assert_true(n > 1); /* some lines fitted into the page that was there, and the next did not */
	assert_int_equal(replayed(&dir), n);
	expect_whole_lines(p);
	assert_int_equal(zcb_rundir_put(&dir, "metadata.json", big, sizeof(big), &err), -ENOSPC);
	expect_mend(p, &err, "metadata.json");
	expect_content(p, "metadata.json", "{\n \"schema\": 1\n}");
	assert_int_equal(zcb_rundir_append(&dir, "boots/log", big, sizeof(big), 1U << 20, &err),
			 -ENOSPC);
	expect_mend(p, &err, "boots/log");
	zcb_rundir_close(&dir);
	empty_disk(p);
	open_run(p, true, &dir);
	assert_int_equal(replayed(&dir), n);
	assert_int_equal(zcb_rundir_journal(&dir, line_of(n), &err), 0);
	assert_int_equal(replayed(&dir), n + 1);
	zcb_rundir_close(&dir);
}

static void full_disk(void **state)
{
	struct place *p = *state;

	if (!mount_small_disk(p))
		skip();
	check_full_disk(p);
	umount2(p->top, MNT_DETACH);
}

/* The same for the piece of a log that ends at its cap. */
static void full_disk_at_the_cap(void **state)
{
	struct place *p = *state;
	struct zcb_rundir dir;
	struct zcb_error err = { "" };
	char big[8192] = "";

	if (!mount_small_disk(p))
		skip();
	open_run(p, false, &dir);
	fill_disk(p);
	assert_int_equal(zcb_rundir_append(&dir, "boots/log", big, sizeof(big), 6000, &err), -ENOSPC);
	expect_mend(p, &err, "boots/log");
	zcb_rundir_close(&dir);
	umount2(p->top, MNT_DETACH);
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PLACE_TEST(new_one_has_its_parts),
		PLACE_TEST(existing_run_is_refused),
		PLACE_TEST(nothing_to_resume_is_refused),
		PLACE_TEST(file_in_its_place_is_refused),
		PLACE_TEST(resume_goes_on),
		PLACE_TEST(torn_last_line_is_cut_off),
		PLACE_TEST(torn_only_line_is_cut_off),
		PLACE_TEST(one_writer_at_a_time),
		PLACE_TEST(cap_is_marked_once),
		PLACE_TEST(cap_reached_exactly),
		PLACE_TEST(put_replaces_whole),
		PLACE_TEST(full_disk),
		PLACE_TEST(full_disk_at_the_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
