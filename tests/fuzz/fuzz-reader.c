// SPDX-License-Identifier: GPL-2.0-or-later
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "reports/plots/svg.h"
#include "reports/report.h"

/*
 * The reader and the page against damaged run directories: one file of a small sound one is the
 * fuzzer's. The first byte of the input chooses the file, the rest is its content.
 *
 * With libFuzzer (clang -fsanitize=fuzzer, -DZCB_LIBFUZZER) as usual; else main() mutates the sound
 * files: fuzz-reader [ROUNDS [SEED]].
 */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct {
	const char *path, *sound;
} files[] = {
	{ "metadata.json", "{\"schema\":1,\"plan\":\"smoke\",\"seed\":1,\"state\":\"complete\",\"clock\":\"wall\","
			   "\"accel\":\"tcg\",\"command\":[\"zcbench\",\"run\"],\"kernels\":[{\"name\":\"stock\","
			   "\"release\":\"6.12\"}],\"seconds\":{\"total\":7.5},\"exit_code\":0}" },
	{ "plan.json", "{\"schema\":1,\"cells\":[{\"index\":0,\"boot\":1,\"kernel\":\"stock\",\"cell\":"
		       "\"stock/shmem/linux/punch/mmap\",\"params\":{\"pattern\":\"stride\",\"pages\":4}}]}" },
	{ "cells.jsonl", "{\"schema\":1,\"index\":0,\"cell\":\"stock/shmem/linux/punch/mmap\",\"boot\":1,\"kernel\":"
			 "\"stock\",\"params\":{\"pattern\":\"stride\"},\"status\":\"pass\",\"observed\":\"stale\","
			 "\"expected\":\"stale\",\"pages\":{\"checked\":4,\"stale\":1},\"events\":{\"punched\":1},"
			 "\"metrics\":{\"punch\":{\"unit\":\"ns\",\"n\":1}},\"probes\":{\"punch\":{\"state\":\"invalid\",\"lost\":1}},\"kernel_faults\":[]}\n" },
	{ "boots/1/boot.json", "{\"schema\":1,\"boot\":1,\"kernel\":\"stock\",\"outcome\":\"hang\",\"tainted\":false,"
			       "\"qemu\":[\"qemu\"],\"hut\":{\"cpus\":2},\"seconds\":{\"up\":1.5}}" },
	{ "boots/1/console.log", "[ 0.0] Linux\r\n\x1b[0m" },
	{ "frames/0-0.json", "{\"schema\":1,\"index\":0,\"map\":\"FSZX\",\"ages\":[0,2,0,0],\"punched\":[1],\"png\":"
			     "{\"seen\":\"frames/0-0-seen.png\"}}" },
	{ "frames/0-0-seen.png", "\x89PNG\r\n\x1a\nIHDRIHDRIHDRIHDRIHDR" },
	{ "samples/0.punch.zcs", NULL },
	{ "samples/0.frame.stale.zcs", NULL },
	{ "picture.svg", "<svg width='9' height='9'><g stroke='rgb(0,0,162)'><use xlink:href='#a'/><text>a"
			 "</text></g></svg>" },
};

#define FILES (sizeof(files) / sizeof(files[0]))

static const char samples[] = "zcbsampl\1\0\0\0\x18\0\0\0" "12345678abcdefgh\7\1\0\0\0\0\0";

static char folder[] = "/tmp/zcbench-fuzz-XXXXXX";

static void write_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static void write_sound(size_t i)
{
	if (files[i].sound)
		write_file(files[i].path, files[i].sound, strlen(files[i].sound));
	else
		write_file(files[i].path, samples, sizeof(samples));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void clean_up(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void prepare(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	setenv("PATH", "/nonexistent", 1); /* no gnuplot: thousands of pages a minute */
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("boots", 0755) < 0 ||
	    mkdir("boots/1", 0755) < 0 || mkdir("frames", 0755) < 0 || mkdir("samples", 0755) < 0)
		abort();
	atexit(clean_up);
	for (size_t i = 0; i < FILES; i++)
		write_sound(i);
}

static void fuzz_picture(const uint8_t *bytes, size_t n)
{
	struct zcb_svg svg = { 0 };

	if (zcb_svg_clean((const char *)bytes, n, "p", &svg) == 0 &&
	    (strcasestr(svg.body, "<script") || strstr(svg.body, "http")))
		abort();
	zcb_svg_finish(&svg);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct zcb_error err;
	size_t i;

	prepare();
	if (n == 0)
		return 0;
	i = bytes[0] % FILES;
	write_file(files[i].path, bytes + 1, n - 1);
	fuzz_picture(bytes + 1, n - 1);
	/* Whatever the answer: it is one, and a failure has its sentence. */
	if (zcb_report_write(folder, NULL, &err) && !*err.text)
		abort();
	write_sound(i);
	return 0;
}

#ifndef ZCB_LIBFUZZER
/* A few bytes changed, dropped or doubled; digits and quotes more often than others. */
static size_t mutate(uint8_t *bytes, size_t n, size_t room)
{
	static const char likely[] = "0129-\"{}[],:\\/<>&\n\xff";

	for (long changes = random() % 6; changes >= 0 && n > 1; changes--) {
		size_t at = 1 + (size_t)random() % (n - 1), length = (size_t)random() % 9;

		if (at + length > n)
			length = n - at;
		if (random() % 3 == 0) {
			memmove(bytes + at, bytes + at + length, n - at - length);
			n -= length;
		} else if (random() % 2 && n + length < room) {
			memmove(bytes + at + length, bytes + at, n - at);
			n += length;
		} else {
			bytes[at] = (uint8_t)(random() % 2 ? likely[(size_t)random() % (sizeof(likely) - 1)] :
							     random());
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 2000;
	uint8_t bytes[4096];

	srandom(argc > 2 ? (unsigned int)atol(argv[2]) : 1);
	for (long round = 0; round < rounds; round++) {
		size_t i = (size_t)random() % FILES;
		const char *sound = files[i].sound ? files[i].sound : samples;
		size_t n = 1 + (files[i].sound ? strlen(sound) : sizeof(samples));

		bytes[0] = (uint8_t)i;
		memcpy(bytes + 1, sound, n - 1);
		LLVMFuzzerTestOneInput(bytes, mutate(bytes, n, sizeof(bytes)));
	}
	printf("%ld rounds\n", rounds);
	return 0;
}
#endif
