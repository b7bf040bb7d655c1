// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `zcbench complete -- WORD...`: what the last word can become, for scripts/completion. One candidate a
 * line; a line that begins with a colon has the shell add names of files (`:files`) or of folders
 * (`:folders`), or no space behind a candidate (`:more`), since another can follow after a comma.
 */
#include <stdio.h>
#include <string.h>

#include "bench/base/error.h"
#include "bench/commands/command.h"
#include "bench/commands/request.h"
#include "bench/plan/variants.h"
#include "reports/exports/export.h"

/* What stands for an option's value, or for a command's other words. */
enum kind {
	NOTHING,
	ANYTHING, /* what nobody but the user can know */
	FILES,
	FOLDERS,
	TOPICS,
	ARMS,
	EXPORT_FORMATS,
	WORDS, /* those given */
	LIST,  /* of `zcbench list`, one of them, or a file */
	LISTS, /* several, with commas */
};

struct value {
	const char *option; /* NULL: of the command's other words */
	enum kind kind;
	const char *of; /* the topic, or the words with blanks between */
	const char *command; /* NULL: of every command */
};

/* tests/completion demands a row for every option that takes a value. The first that fits counts. */
static const struct value values[] = {
	{ "kernel", LISTS, "kernels", NULL },
	{ "variants", LISTS, "variants", NULL },
	{ "variant-a", LIST, "variants", NULL },
	{ "variant-b", LIST, "variants", NULL },
	{ "workloads", LISTS, "workloads", NULL },
	{ "consumers", LISTS, "consumers", NULL },
	{ "guests", LISTS, "guests", NULL },
	{ "metrics", LISTS, "metrics", NULL },
	{ "memory", LISTS, NULL, NULL },
	{ "plan", LIST, "plans", NULL },
	{ "target", WORDS, "vm native", NULL },
	{ "accel", WORDS, "auto kvm tcg icount", NULL },
	{ "fence", WORDS, "handshake sync-file none", NULL },
	{ "format", EXPORT_FORMATS, NULL, "export" },
	{ "format", WORDS, "html mail", "report" },
	{ "images", FOLDERS, NULL, NULL },
	{ "add", FOLDERS, NULL, NULL },
	{ "output", FILES, NULL, "export" },
	{ "output", FILES, NULL, "report" },
	{ "output", FOLDERS, NULL, NULL },
	{ "boots", ANYTHING, NULL, NULL },
	{ "duration", ANYTHING, NULL, NULL },
	{ "seed", ANYTHING, NULL, NULL },
	{ "shard", ANYTHING, NULL, NULL },
	{ "cpus", ANYTHING, NULL, NULL },
	{ "ram", ANYTHING, NULL, NULL },
	{ "cmdline", ANYTHING, NULL, NULL },
	{ "silence", ANYTHING, NULL, NULL },
	{ "margin", ANYTHING, NULL, NULL },
	{ "origin", ANYTHING, NULL, NULL },
	{ "acknowledge", ANYTHING, NULL, NULL },
	{ "because", ANYTHING, NULL, NULL },
	{ NULL, TOPICS, NULL, "list" },
	{ NULL, ARMS, NULL, "ab" },
	{ NULL, NOTHING, NULL, "run" },
	{ NULL, NOTHING, NULL, "doctor" },
	{ NULL, FOLDERS, NULL, NULL },
};

static const struct {
	const char *name;
	const struct option *options; /* NULL: zcb_request_table() has them */
	bool has_output;
} commands[] = {
	{ "doctor", zcb_options_doctor, false }, { "list", zcb_options_list, false },
	{ "run", NULL, true },			 { "ab", NULL, true },
	{ "merge", zcb_options_merge, true },	 { "report", zcb_options_report, true },
	{ "export", zcb_options_export, true },	 { "compare", zcb_options_compare, false },
	{ "trends", zcb_options_trends, true },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* The word to complete: what stands before the part that is completed is kept. */
struct word {
	char kept[512];
	const char *part;
};

static void offer(const struct word *word, const char *candidate)
{
	if (!strncmp(candidate, word->part, strlen(word->part)))
		printf("%s%s\n", word->kept, candidate);
}

static void offer_words(const struct word *word, const char *words)
{
	while (*words) {
		char one[32];
		size_t n = strcspn(words, " ");

		snprintf(one, sizeof(one), "%.*s", (int)n, words);
		offer(word, one);
		words += n + (words[n] == ' ');
	}
}

static void offer_topic(const struct word *word, const char *topic)
{
	json_t *list = zcb_list_of(topic), *item;
	size_t i;

	json_array_foreach(list, i, item)
		offer(word, json_string_value(json_object_get(item, "name")));
	json_decref(list);
}

static void offer_memories(const struct word *word)
{
	static const enum zcb_memory all[] = { ZCB_MEMORY_SHMEM, ZCB_MEMORY_HUGETLB };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		offer(word, zcb_memory_name(all[i]));
}

/* From now on what stands up to this is kept. */
static void keep_up_to(struct word *word, const char *end)
{
	size_t used = strlen(word->kept);

	snprintf(word->kept + used, sizeof(word->kept) - used, "%.*s", (int)(end - word->part), word->part);
	word->part = end;
}

static void offer_lists(struct word *word, const char *topic)
{
	const char *comma = strrchr(word->part, ',');

	if (comma)
		keep_up_to(word, comma + 1);
	if (topic)
		offer_topic(word, topic);
	else
		offer_memories(word);
	if (topic && !strcmp(topic, "variants"))
		offer(word, "all");
	if (topic && !strcmp(topic, "kernels"))
		puts(":files");
	puts(":more");
}

/* KERNEL[:VARIANT] */
static void offer_arms(struct word *word)
{
	const char *colon = strrchr(word->part, ':');

	if (colon) {
		keep_up_to(word, colon + 1);
		offer_topic(word, "variants");
		return;
	}
	offer_topic(word, "kernels");
	puts(":files");
	puts(":more");
}

static void offer_value(struct word *word, const struct value *value)
{
	switch (value->kind) {
	case FILES: puts(":files"); break;
	case FOLDERS: puts(":folders"); break;
	case WORDS: offer_words(word, value->of); break;
	case LISTS: offer_lists(word, value->of); break;
	case ARMS: offer_arms(word); break;
	case LIST:
		offer_topic(word, value->of);
		if (!strcmp(value->of, "plans"))
			puts(":files");
		break;
	case TOPICS:
		for (size_t i = 0; zcb_list_topic(i); i++)
			offer(word, zcb_list_topic(i));
		break;
	case EXPORT_FORMATS:
		for (size_t i = 0; zcb_export_format_at(i); i++)
			offer(word, zcb_export_format_at(i)->name);
		break;
	case NOTHING:
	case ANYTHING: break;
	}
}

/* `option` is NULL for the command's other words. */
static const struct value *value_of(const char *command, const char *option)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if ((!option ? !values[i].option : values[i].option && !strcmp(values[i].option, option)) &&
		    (!values[i].command || !strcmp(values[i].command, command)))
			return &values[i];
	return NULL;
}

/** A command, and its options. */
struct asked {
	const char *command;
	struct option options[ZCB_REQUEST_OPTIONS];
	bool has_output;
};

static bool find_command(const char *name, struct asked *ret)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		*ret = (struct asked){ .command = commands[i].name, .has_output = commands[i].has_output };
		if (!commands[i].options)
			zcb_request_table(!strcmp(name, "ab"), ret->options);
		for (size_t n = 0; commands[i].options && commands[i].options[n].name; n++)
			ret->options[n] = commands[i].options[n];
		return true;
	}
	return false;
}

static void offer_options(const struct word *word, const struct asked *asked)
{
	char text[64];

	for (const struct option *option = asked->options; option->name; option++) {
		snprintf(text, sizeof(text), "--%s", option->name);
		offer(word, text);
	}
	if (asked->has_output)
		offer(word, "-o");
	offer(word, "-h");
}

/* The option that a word is, if it takes a value: its name. */
static const char *takes_value(const struct asked *asked, const char *word, size_t n)
{
	if (asked->has_output && n == 2 && !strncmp(word, "-o", 2))
		return "output";
	for (const struct option *option = asked->options; option->name; option++)
		if (option->has_arg == required_argument && n == strlen(option->name) + 2 &&
		    !strncmp(word, "--", 2) && !strncmp(word + 2, option->name, n - 2))
			return option->name;
	return NULL;
}

static void complete(const struct asked *asked, const char *before, const char *last)
{
	struct word word = { .part = last };
	const char *equals = !strncmp(last, "--", 2) ? strchr(last, '=') : NULL;
	const char *option = takes_value(asked, before, strlen(before));
	const struct value *value;

	if (!option && equals) {
		option = takes_value(asked, last, (size_t)(equals - last));
		keep_up_to(&word, equals + 1);
		if (!option)
			return;
	} else if (!option && *last == '-') {
		offer_options(&word, asked);
		return;
	}
	value = value_of(asked->command, option);
	if (value)
		offer_value(&word, value);
}

int zcb_command_complete(int argc, char **argv)
{
	struct word word = { .part = "" };
	struct asked asked;

	if (argc < 3 || strcmp(argv[1], "--") != 0) {
		fprintf(stderr, "zcbench: usage: zcbench complete -- WORD...\n");
		return ZCB_EXIT_USAGE;
	}
	if (argc == 3) { /* the command itself */
		word.part = argv[2];
		for (size_t i = 0; i < COMMANDS; i++)
			offer(&word, commands[i].name);
		offer_words(&word, "--help --version");
		return ZCB_EXIT_CLEAN;
	}
	if (find_command(argv[2], &asked))
		complete(&asked, argc > 4 ? argv[argc - 2] : "", argv[argc - 1]);
	return ZCB_EXIT_CLEAN;
}
