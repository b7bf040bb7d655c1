// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/results/reader.h"
#include "bench/results/samples-reader.h"

/* Each test fills a run directory of its own. */
struct place {
	char dir[64];
	struct zcb_results *results;
	struct zcb_error err;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/zcbench-reader-XXXXXX");
	if (!mkdtemp(place->dir))
		return -1;
	*state = place;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct place *place = *state;

	zcb_results_free(place->results);
	nftw(place->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static void put_bytes(struct place *place, const char *name, const void *bytes, size_t n)
{
	char path[256], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", place->dir, name);
	for (slash = path + strlen(place->dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void put(struct place *place, const char *name, const char *text)
{
	put_bytes(place, name, text, strlen(text));
}

static void read_it(struct place *place, int expected)
{
	assert_int_equal(zcb_results_read(place->dir, &place->results, &place->err), expected);
}

static bool has_note(const struct place *place, const char *part)
{
	for (size_t i = 0; i < place->results->notes.n; i++) {
		if (strstr(place->results->notes.items[i], part))
			return true;
	}
	return false;
}

static void assert_note(const struct place *place, const char *part)
{
	if (has_note(place, part))
		return;
	for (size_t i = 0; i < place->results->notes.n; i++)
		print_message("note: %s\n", place->results->notes.items[i]);
	fail_msg("no note says: %s", part);
}

static const char line[] =
	"{\"schema\":1,\"index\":0,\"cell\":\"stock/shmem/linux/punch/mmap\",\"kernel\":\"stock\",\"boot\":1,"
	"\"params\":{\"rounds\":4,\"pattern\":\"stride\",\"pages\":64},\"status\":\"fail\",\"observed\":\"stale\","
	"\"expected\":\"fresh\",\"clock\":\"wall\",\"accel\":\"tcg\",\"pages\":{\"checked\":64,\"fresh\":48,"
	"\"stale\":16},\"events\":{\"punched\":16},\"metrics\":{\"punch\":{\"unit\":\"ns\",\"n\":2}},"
	"\"probes\":{\"notifier.came\":{\"state\":\"unavailable\",\"reason\":\"kernel: none\"},\"fault.kvm\":{\"state\":"
	"\"invalid\",\"by\":\"x\",\"lost\":7,\"unended\":2,\"unbegun\":1}},"
	"\"kernel_faults\":[],\"seed\":-1,\"seconds\":1.5}\n";

static void a_line_is_read_whole(void **state)
{
	struct place *place = *state;
	const struct zcb_result_cell *cell;

	put(place, "cells.jsonl", line);
	read_it(place, 0);
	assert_int_equal(place->results->n_cells, 1);
	cell = &place->results->cells[0];
	assert_string_equal(cell->variant, "stock");
	assert_string_equal(cell->memory, "shmem");
	assert_string_equal(cell->consumer, "mmap");
	assert_string_equal(cell->params, "stride, pages 64, rounds 4");
	assert_int_equal(cell->status, ZCB_RESULT_FAIL);
	assert_int_equal(cell->pages[ZCB_VERDICT_STALE], 16);
	assert_int_equal(cell->n_events, 1);
	assert_string_equal(cell->events[0].name, "punched");
	assert_int_equal(cell->n_probes, 2);
	assert_string_equal(cell->probes[0].metric, "notifier.came");
	assert_string_equal(cell->probes[0].reason, "kernel: none");
	assert_string_equal(cell->probes[1].state, "invalid");
	assert_int_equal(cell->probes[1].lost, 7);
	assert_int_equal(cell->probes[1].unended, 2);
	assert_int_equal(cell->probes[1].unbegun, 1);
	assert_true(cell->seed == UINT64_MAX);
	assert_string_equal(cell->reason, "");
	assert_ptr_equal(zcb_results_cell(place->results, 0), cell);
	assert_null(zcb_results_cell(place->results, 1));
	assert_note(place, "metadata.json cannot be used");
	assert_note(place, "plan.json cannot be used");
	assert_note(place, "samples/0.punch.zcs is missing");
}

static void no_run_directory_is_refused(void **state)
{
	struct place *place = *state;

	read_it(place, -ENOTDIR);
	assert_non_null(strstr(place->err.text, "not a run directory"));
	strcpy(place->err.text, "");
	assert_int_equal(zcb_results_read("/dev/null", &place->results, &place->err), -ENOTDIR);
	assert_int_equal(zcb_results_read("/nowhere", &place->results, &place->err), -ENOTDIR);
}

static void damage_beyond_use_is_said(void **state)
{
	struct place *place = *state;

	put(place, "metadata.json", "{");
	put(place, "cells.jsonl", "nonsense\n");
	read_it(place, -EBADMSG);
	assert_non_null(strstr(place->err.text, "damaged beyond use"));
}

static void an_unknown_schema_is_refused(void **state)
{
	struct place *place = *state;

	put(place, "metadata.json", "{\"schema\":2}");
	put(place, "cells.jsonl", line);
	read_it(place, -EBADMSG);
	assert_non_null(strstr(place->err.text, "schema 2"));
}

static void a_torn_line_counts_as_not_run(void **state)
{
	struct place *place = *state;

	put(place, "plan.json",
	    "{\"schema\":1,\"cells\":[{\"index\":0,\"boot\":1,\"cell\":\"stock/shmem/linux/punch/mmap\"}]}");
	put_bytes(place, "cells.jsonl", line, strlen(line) - 1);
	read_it(place, 0);
	assert_int_equal(place->results->n_cells, 1);
	assert_int_equal(place->results->cells[0].status, ZCB_RESULT_NOT_RUN);
	assert_note(place, "torn off");
}

static void bad_lines_do_not_hide_good_ones(void **state)
{
	struct place *place = *state;
	char text[4096];

	snprintf(text, sizeof(text), "\n[]\nnull\n{\"schema\":7}\n{\"schema\":1,\"index\":-1}\n"
				     "{\"schema\":1,\"index\":\"x\"}\n\xff\xfe\n%s", line);
	put(place, "cells.jsonl", text);
	read_it(place, 0);
	assert_int_equal(place->results->n_cells, 1);
	assert_note(place, "line 1 is ignored");
	assert_note(place, "line 4 is ignored: it has schema 7");
	assert_note(place, "line 5 has no usable");
	assert_note(place, "line 7 is ignored");
}

static void wrong_types_get_a_note_and_a_default(void **state)
{
	struct place *place = *state;
	const struct zcb_result_cell *cell;

	put(place, "cells.jsonl",
	    "{\"schema\":1,\"index\":0,\"cell\":7,\"boot\":\"one\",\"pages\":[],\"params\":3,\"status\":\"odd\","
	    "\"kernel_faults\":\"x\",\"seconds\":\"long\",\"events\":{\"punched\":-4},\"metrics\":{\"punch\":1},"
	    "\"probes\":{\"fault.kvm\":[]}}\n");
	read_it(place, 0);
	cell = &place->results->cells[0];
	assert_string_equal(cell->cell, "");
	assert_int_equal(cell->status, ZCB_RESULT_ERROR);
	assert_int_equal(cell->events[0].n, 0);
	assert_note(place, "“boot” is not a count");
	assert_note(place, "“punched” is not a count");
	assert_note(place, "“pages” is not an object");
	assert_note(place, "“odd” is no status");
}

static void a_known_bug_is_no_pass_and_excuses_no_failure(void **state)
{
	struct place *place = *state;
	const struct zcb_result_cell *cells;

	put(place, "cells.jsonl",
	    "{\"schema\":1,\"index\":0,\"cell\":\"a/b/c/d/e\",\"status\":\"pass\",\"known_bug\":\"it\"}\n"
	    "{\"schema\":1,\"index\":1,\"cell\":\"a/b/c/d/e\",\"status\":\"fail\",\"known_bug\":\"it\"}\n"
	    "{\"schema\":1,\"index\":2,\"cell\":\"a/b/c/d/e\",\"status\":\"known bug\"}\n");
	read_it(place, 0);
	cells = place->results->cells;
	assert_int_equal(cells[0].status, ZCB_RESULT_KNOWN_BUG);
	assert_string_equal(cells[0].known_bug, "it");
	assert_int_equal(cells[1].status, ZCB_RESULT_FAIL);
	assert_int_equal(cells[2].status, ZCB_RESULT_ERROR);
	assert_note(place, "“known bug” is no status");
}

static void the_later_line_of_a_cell_counts(void **state)
{
	struct place *place = *state;
	char text[4096];

	snprintf(text, sizeof(text), "%s{\"schema\":1,\"index\":0,\"cell\":\"a/b/c/d/e\",\"status\":\"pass\"}\n",
		 line);
	put(place, "cells.jsonl", text);
	read_it(place, 0);
	assert_int_equal(place->results->n_cells, 1);
	assert_int_equal(place->results->cells[0].status, ZCB_RESULT_PASS);
	assert_note(place, "stands twice");
}

static void a_tainted_boot_taints_its_cells(void **state)
{
	struct place *place = *state;
	const struct zcb_results *r;

	put(place, "cells.jsonl",
	    "{\"schema\":1,\"index\":0,\"cell\":\"a/b/c/d/e\",\"boot\":1,\"status\":\"pass\"}\n"
	    "{\"schema\":1,\"index\":1,\"cell\":\"a/b/c/d/e\",\"boot\":2,\"status\":\"pass\"}\n"
	    "{\"schema\":1,\"index\":2,\"cell\":\"a/b/c/d/e\",\"boot\":3,\"status\":\"pass\"}\n"
	    "{\"schema\":1,\"index\":3,\"cell\":\"a/b/c/d/e\",\"boot\":3,\"status\":\"pass\","
	    "\"kernel_faults\":[\"BUG\"]}\n");
	put(place, "boots/1/boot.json", "{\"schema\":1,\"outcome\":\"clean\"}");
	put(place, "boots/2/boot.json", "{\"schema\":1,\"tainted\":true}");
	put(place, "boots/10/boot.json", "{");
	read_it(place, 0);
	r = place->results;
	assert_false(r->cells[0].tainted);
	assert_true(r->cells[1].tainted);
	assert_true(r->cells[2].tainted); /* by its neighbour: boot 3 left no boot.json */
	assert_true(r->cells[3].tainted);
	assert_int_equal(r->n_boots, 3);
	assert_int_equal(r->boots[2].number, 10);
	assert_note(place, "boots/10/boot.json cannot be used");
}

static void put_samples(struct place *place, const char *name, size_t bytes)
{
	static const unsigned char content[16 + 3 * 24] = {
		'z', 'c', 'b', 's', 'a', 'm', 'p', 'l', 1, 0, 0, 0, 24, 0, 0, 0,
		/* operation 2, start 3, value 258 */
		2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0,
	};

	put_bytes(place, name, content, bytes);
}

static void samples_are_read_to_the_last_whole_one(void **state)
{
	struct place *place = *state;
	struct zcb_result_sample *samples = NULL;
	uint64_t *values = NULL;
	size_t n = 0;
	bool cut = false;

	put(place, "cells.jsonl", line);
	put_samples(place, "samples/0.punch.zcs", 16 + 24 + 23);
	put_samples(place, "samples/0.frame.stale.zcs", 16);
	put_samples(place, "samples/0.refill.zcs", 15);
	put_samples(place, "samples/0.UPPER.zcs", 16);
	put_samples(place, "samples/x.punch.zcs", 16);
	read_it(place, 0);
	assert_int_equal(place->results->n_samples, 3);
	assert_string_equal(place->results->samples[0].metric, "frame.stale");
	assert_string_equal(place->results->samples[0].unit, "pages");
	assert_string_equal(place->results->samples[1].metric, "punch");
	assert_int_equal(zcb_samples_read(place->results, "samples/0.punch.zcs", &samples, &n, &cut), 0);
	assert_int_equal(n, 1);
	assert_true(cut);
	assert_int_equal(samples[0].operation, 2);
	assert_int_equal(samples[0].start_ns, 3);
	assert_int_equal(samples[0].value, 258);
	free(samples);
	assert_int_equal(zcb_samples_values(place->results, "samples/0.punch.zcs", &values, &n, &cut), 0);
	assert_int_equal(n, 1);
	assert_true(cut);
	assert_int_equal(values[0], 258);
	free(values);
	assert_int_equal(zcb_samples_values(place->results, "samples/0.frame.stale.zcs", &values, &n, &cut),
			 0);
	assert_int_equal(n, 0);
	assert_false(cut);
	free(values);
	assert_int_equal(zcb_samples_values(place->results, "samples/0.refill.zcs", &values, &n, &cut),
			 -EBADMSG);
	assert_int_equal(zcb_samples_values(place->results, "../samples/0.refill.zcs", &values, &n, &cut),
			 -EXDEV);
	assert_int_equal(zcb_samples_read(place->results, "samples/0.refill.zcs", &samples, &n, &cut),
			 -EBADMSG);
	assert_note(place, "samples/0.UPPER.zcs is no name");
}

static void a_frame_is_read(void **state)
{
	struct place *place = *state;
	const struct zcb_result_frame *frame;

	put(place, "cells.jsonl", line);
	put(place, "frames/0-0.json",
	    "{\"schema\":1,\"index\":0,\"map\":\"FSq\",\"ages\":[0,3],\"punched\":[1,3,-1,\"x\"],\"png\":"
	    "{\"expected\":\"frames/0-0-expected.png\",\"seen\":\"../../etc/passwd\","
	    "\"difference\":\"frames/../metadata.json\"}}");
	put(place, "frames/0-1.json", "{");
	read_it(place, 0);
	assert_int_equal(place->results->n_frames, 1);
	frame = &place->results->frames[0];
	assert_int_equal(frame->pages, 3);
	assert_true(frame->punched[1]);
	assert_false(frame->punched[0]);
	assert_int_equal(frame->ages[1], 3);
	assert_int_equal(frame->ages[2], -1);
	assert_string_equal(frame->png_expected, "frames/0-0-expected.png");
	assert_string_equal(frame->png_seen, "");
	assert_string_equal(frame->png_difference, "");
	assert_note(place, "does not lie in frames/");
	assert_note(place, "frames/0-1.json is ignored");
}

static void nothing_outside_is_read(void **state)
{
	struct place *place = *state;
	char *bytes, path[256];
	size_t n;

	put(place, "cells.jsonl", line);
	snprintf(path, sizeof(path), "%s/link", place->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/fifo", place->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	read_it(place, 0);
	assert_true(zcb_results_read_file(place->results, "link", 1 << 20, &bytes, &n) < 0);
	assert_true(zcb_results_read_file(place->results, "/etc/passwd", 1 << 20, &bytes, &n) < 0);
	assert_true(zcb_results_read_file(place->results, "../../etc/passwd", 1 << 20, &bytes, &n) < 0);
	assert_int_equal(zcb_results_read_file(place->results, "fifo", 1 << 20, &bytes, &n), -EINVAL);
	assert_int_equal(zcb_results_read_file(place->results, ".", 1 << 20, &bytes, &n), -EINVAL);
	assert_int_equal(zcb_results_read_file(place->results, "cells.jsonl", 3, &bytes, &n), -EFBIG);
	assert_int_equal(zcb_results_read_tail(place->results, "cells.jsonl", 5, &bytes, &n), 0);
	assert_string_equal(bytes, "1.5}\n");
	free(bytes);
}

static void notes_do_not_grow_without_end(void **state)
{
	struct place *place = *state;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fputs(line, f);
	for (int i = 0; i < 1000; i++)
		fputs("x\n", f);
	fclose(f);
	put(place, "cells.jsonl", text);
	free(text);
	read_it(place, 0);
	assert_in_range(place->results->notes.n, 2, 50);
	assert_note(place, "more such notes");
}

static void shared_parameters_are_said_once(void **state)
{
	struct place *place = *state;

	put(place, "cells.jsonl",
	    "{\"schema\":1,\"index\":0,\"cell\":\"a/b/c/punch/e\",\"status\":\"pass\",\"params\":"
	    "{\"pattern\":\"single\",\"pages\":64,\"blocks\":0,\"count\":1}}\n"
	    "{\"schema\":1,\"index\":1,\"cell\":\"a/b/c/punch/e\",\"status\":\"pass\",\"params\":"
	    "{\"pattern\":\"frame\",\"pages\":64,\"blocks\":4,\"count\":1}}\n"
	    "{\"schema\":1,\"index\":2,\"cell\":\"a/b/c/idle/e\",\"status\":\"pass\",\"params\":"
	    "{\"pattern\":\"frame\",\"pages\":64,\"blocks\":4,\"count\":1}}\n");
	read_it(place, 0);
	assert_string_equal(place->results->usual_params, "count 1, pages 64");
	assert_string_equal(place->results->cells[0].brief, "single");
	assert_string_equal(place->results->cells[1].brief, "frame, blocks 4");
	assert_string_equal(place->results->cells[2].brief, "blocks 4");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_read_whole),
		TEST(no_run_directory_is_refused),
		TEST(damage_beyond_use_is_said),
		TEST(an_unknown_schema_is_refused),
		TEST(a_torn_line_counts_as_not_run),
		TEST(bad_lines_do_not_hide_good_ones),
		TEST(wrong_types_get_a_note_and_a_default),
		TEST(a_known_bug_is_no_pass_and_excuses_no_failure),
		TEST(the_later_line_of_a_cell_counts),
		TEST(a_tainted_boot_taints_its_cells),
		TEST(samples_are_read_to_the_last_whole_one),
		TEST(a_frame_is_read),
		TEST(nothing_outside_is_read),
		TEST(notes_do_not_grow_without_end),
		TEST(shared_parameters_are_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
