// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/kconfig.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"

#define MAX_CONFIG (4U << 20)
#define PREFIX "CONFIG_"
#define MAX_NAMED 6U

static int by_name(const void *a, const void *b)
{
	const struct zcb_kconfig_option *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	/* Of an option that stands twice the later line counts, as for the kernel's own scripts. */
	return order ? order : (left->name > right->name) - (left->name < right->name);
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

/* "CONFIG_A=y"; or "# CONFIG_A is not set", which says of A that it is off whatever was said before. */
static bool take_line(char *line, struct zcb_kconfig_option *ret)
{
	static const char unset[] = " is not set";
	size_t name;
	char *end;

	if (strncmp(line, "# ", 2) == 0)
		line += 2;
	if (strncmp(line, PREFIX, sizeof(PREFIX) - 1) != 0)
		return false;
	line += sizeof(PREFIX) - 1;
	name = strcspn(line, "= ");
	end = line + name;
	if (!name || (*end != '=' && strcmp(end, unset) != 0))
		return false;
	*ret = (struct zcb_kconfig_option){line, *end == '=' ? end + 1 : "n"};
	*end = '\0';
	return true;
}

static void keep_last_of_each(struct zcb_kconfig *config)
{
	size_t kept = 0;

	for (size_t i = 0; i < config->n; i++) {
		const struct zcb_kconfig_option *option = &config->options[i];

		if (i + 1 < config->n && strcmp(option->name, option[1].name) == 0)
			continue;
		if (strcmp(option->value, "n") != 0)
			config->options[kept++] = *option;
	}
	config->n = kept;
}

int zcb_kconfig_parse(char *text, struct zcb_kconfig *ret_config)
{
	struct zcb_kconfig config = {.text = text};
	char *rest = text, *line;

	config.options = calloc(count_lines(text), sizeof(*config.options));
	if (!config.options) {
		free(text);
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		config.n += take_line(line, &config.options[config.n]);
	}
	if (config.n)
		qsort(config.options, config.n, sizeof(*config.options), by_name);
	keep_last_of_each(&config);
	*ret_config = config;
	return 0;
}

int zcb_kconfig_read(const struct zcb_results *results, const struct zcb_result_kernel *kernel,
		     struct zcb_kconfig *ret_config)
{
	char *text = NULL;
	size_t n;
	int err;

	if (!*kernel->config_path)
		return -ENOENT;
	err = zcb_results_read_file(results, kernel->config_path, MAX_CONFIG, &text, &n);
	return err ? err : zcb_kconfig_parse(text, ret_config);
}

void zcb_kconfig_finish(struct zcb_kconfig *config)
{
	free(config->text);
	free(config->options);
	*config = (struct zcb_kconfig){0};
}

static bool is_module(const char *value)
{
	return value && strcmp(value, "m") == 0;
}

/* 0 on in both, 1 on in a alone, 2 in b alone; a module is one more thing that can be loaded, and comes after. */
static int kind_of(const struct zcb_kconfig_difference *d)
{
	return 2 * (d->a && d->b ? 0 : d->a ? 1 : 2) + (is_module(d->a) || is_module(d->b));
}

static int kind_swapped(const struct zcb_kconfig_difference *d)
{
	const struct zcb_kconfig_difference swapped = {.a = d->b, .b = d->a};

	return kind_of(&swapped);
}

static int by_kind(const void *a, const void *b)
{
	const struct zcb_kconfig_difference *left = a, *right = b;
	int order = kind_of(left) - kind_of(right);

	return order ? order : strcmp(left->name, right->name);
}

static int by_kind_swapped(const void *a, const void *b)
{
	const struct zcb_kconfig_difference *left = a, *right = b;
	int order = kind_swapped(left) - kind_swapped(right);

	return order ? order : strcmp(left->name, right->name);
}

/* Both lists are in order: one walk over both. */
static size_t walk(const struct zcb_kconfig *a, const struct zcb_kconfig *b, struct zcb_kconfig_difference *list)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a->n || j < b->n) {
		int order = i == a->n ? 1 : j == b->n ? -1 : strcmp(a->options[i].name, b->options[j].name);

		if (order < 0) {
			list[n++] = (struct zcb_kconfig_difference){a->options[i].name, a->options[i].value, NULL};
			i++;
		} else if (order > 0) {
			list[n++] = (struct zcb_kconfig_difference){b->options[j].name, NULL, b->options[j].value};
			j++;
		} else {
			if (strcmp(a->options[i].value, b->options[j].value) != 0)
				list[n++] = (struct zcb_kconfig_difference){
					a->options[i].name, a->options[i].value, b->options[j].value};
			i++;
			j++;
		}
	}
	return n;
}

int zcb_kconfig_compare(const struct zcb_kconfig *a, const struct zcb_kconfig *b,
			struct zcb_kconfig_difference **ret_list, size_t *ret_n)
{
	struct zcb_kconfig_difference *list = calloc(a->n + b->n + 1, sizeof(*list));
	size_t n, only_a = 0, only_b = 0;

	if (!list)
		return -ENOMEM;
	n = walk(a, b, list);
	for (size_t i = 0; i < n; i++) {
		only_a += !list[i].b;
		only_b += !list[i].a;
	}
	qsort(list, n, sizeof(*list), only_a <= only_b ? by_kind : by_kind_swapped);
	*ret_list = list;
	*ret_n = n;
	return 0;
}

/* Bytes of a file, for a terminal. */
static void put_plain(const char *text, FILE *out)
{
	size_t n = 0;

	for (; *text && n < 40; text++, n++)
		fputc(isprint((unsigned char)*text) ? *text : '?', out);
}

static void put_brief(const struct zcb_kconfig_difference *list, size_t n, FILE *out)
{
	for (size_t i = 0; i < n && i < MAX_NAMED; i++) {
		fputs(i ? ", " PREFIX : PREFIX, out);
		put_plain(list[i].name, out);
		fputs(" (", out);
		put_plain(list[i].a ? list[i].a : "not set", out);
		fputs(", ", out);
		put_plain(list[i].b ? list[i].b : "not set", out);
		fputc(')', out);
	}
	if (n > MAX_NAMED)
		fprintf(out, " and %zu more", n - MAX_NAMED);
}

int zcb_kconfig_brief(const struct zcb_results *of_a, const struct zcb_result_kernel *a,
		      const struct zcb_results *of_b, const struct zcb_result_kernel *b, char *ret_text, size_t room)
{
	ZCB_CLEANUP(zcb_kconfig_finish) struct zcb_kconfig left = {0};
	ZCB_CLEANUP(zcb_kconfig_finish) struct zcb_kconfig right = {0};
	ZCB_FREE struct zcb_kconfig_difference *list = NULL;
	FILE *out;
	size_t n = 0;
	int err = zcb_kconfig_read(of_a, a, &left);

	if (!err)
		err = zcb_kconfig_read(of_b, b, &right);
	if (!err)
		err = zcb_kconfig_compare(&left, &right, &list, &n);
	if (err)
		return err;
	*ret_text = '\0';
	out = fmemopen(ret_text, room, "w");
	if (!out)
		return -ENOMEM;
	put_brief(list, n, out);
	fclose(out);
	ret_text[room - 1] = '\0';
	return n < INT_MAX ? (int)n : INT_MAX;
}
