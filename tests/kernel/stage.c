// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/stage.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct stage *stage;

static const char *const names[TALLIES] = {
#define X(name) #name,
	STAGE_TALLIES(X)
#undef X
};

int stage_open(void)
{
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	return stage == MAP_FAILED ? -errno : 0;
}

void stage_clear(void)
{
	memset(stage, 0, sizeof(*stage));
}

void stage_problem(const char *format, ...)
{
	unsigned int i = atomic_fetch_add(&stage->problems, 1);
	va_list args;

	if (i >= STAGE_PROBLEMS)
		return;
	va_start(args, format);
	vsnprintf(stage->problem[i], STAGE_PROBLEM_MAX, format, args);
	va_end(args);
}

void stage_demand(const enum tally *wanted)
{
	for (; *wanted != TALLIES; wanted++)
		if (!stage->tally[*wanted])
			stage_problem("it counted no %s", names[*wanted]);
}

static bool is_done(const enum tally *wanted, const uint64_t *before)
{
	for (; *wanted != TALLIES; wanted++)
		if (stage->tally[*wanted] <= before[*wanted])
			return false;
	return true;
}

void stage_await(const enum tally *wanted, const uint64_t *before, unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds * 20 && !is_done(wanted, before); i++)
		usleep(50000);
}

json_t *stage_counts(void)
{
	json_t *counts = json_object();

	for (unsigned int i = 0; i < TALLIES; i++)
		if (stage->tally[i])
			json_object_set_new(counts, names[i],
					    json_integer((json_int_t)stage->tally[i]));
	return counts;
}

json_t *stage_problems(void)
{
	unsigned int n = stage->problems;
	json_t *problems = json_array();

	for (unsigned int i = 0; i < n && i < STAGE_PROBLEMS; i++)
		json_array_append_new(problems, json_string(stage->problem[i]));
	if (n > STAGE_PROBLEMS)
		json_array_append_new(problems, json_sprintf("and %u more", n - STAGE_PROBLEMS));
	return problems;
}
