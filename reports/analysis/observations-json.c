// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/observations-json.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "bench/base/cleanup.h"

static const char arm_letters[] = "ABZ";

static int put_line(FILE *f, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	int err = !text ? -ENOMEM : fprintf(f, "%s\n", text) < 0 ? -EIO : 0;

	free(text);
	json_decref(line);
	return err;
}

static json_t *item_object(const struct zcb_observations *o, const struct zcb_observation *item)
{
	const struct zcb_subject *subject = &o->subjects[item->subject];
	const struct zcb_compared_cell *cell = &o->cells[subject->cell];
	const char arm[] = { arm_letters[item->arm], '\0' };
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "cell", cell->name,
				   "params", cell->params, "metric", o->metrics[subject->metric].name,
				   "unit", o->metrics[subject->metric].unit, "arm", arm, "boot",
				   (json_int_t)item->boot, "block", (json_int_t)item->block, "n",
				   (json_int_t)item->n, "censored", (json_int_t)item->censored);

	for (int s = 0; object && s < ZCB_STATISTICS; s++) {
		if (item->of[s].known && isfinite(item->of[s].value) && isfinite(item->of[s].error))
			json_object_set_new(object, zcb_statistic_name((enum zcb_statistic)s),
					    json_pack("[f, f]", item->of[s].value, item->of[s].error));
	}
	return object;
}

int zcb_observations_write(FILE *f, const struct zcb_observations *o)
{
	int err = put_line(f, json_pack("{s:i, s:b, s:b}", "schema", 1, "one_run", o->one_run, "icount",
					o->icount));

	for (size_t i = 0; !err && i < o->n; i++)
		err = put_line(f, item_object(o, &o->items[i]));
	return err;
}

static const char *string_of(struct zcb_observations *o, const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? zcb_observations_string(o, "%s", text) : "";
}

static uint64_t count_of(const json_t *line, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(line, key));
}

static void take_statistics(const json_t *line, struct zcb_observation *item)
{
	for (int s = 0; s < ZCB_STATISTICS; s++) {
		const json_t *pair = json_object_get(line, zcb_statistic_name((enum zcb_statistic)s));

		item->of[s].value = json_number_value(json_array_get(pair, 0));
		item->of[s].error = json_number_value(json_array_get(pair, 1));
		item->of[s].known = item->of[s].value > 0;
	}
}

static int take_item(struct zcb_observations *o, const json_t *line)
{
	const char *arm = json_string_value(json_object_get(line, "arm"));
	const char *letter = arm && *arm ? strchr(arm_letters, *arm) : NULL;
	struct zcb_observation item = { .boot = count_of(line, "boot"), .block = count_of(line, "block"),
					.n = count_of(line, "n"), .censored = count_of(line, "censored") };
	size_t cell, metric;
	int err;

	if (!letter)
		return -EBADMSG;
	item.arm = (enum zcb_arm_index)(letter - arm_letters);
	take_statistics(line, &item);
	err = zcb_observations_cell(o, string_of(o, line, "cell"), string_of(o, line, "params"), &cell);
	if (!err)
		err = zcb_observations_metric(o, string_of(o, line, "metric"),
					      string_of(o, line, "unit"), &metric);
	if (!err)
		err = zcb_observations_subject(o, cell, metric, &item.subject);
	return err ? err : zcb_observations_add(o, &item);
}

static int take_line(struct zcb_observations *o, const char *text, bool first)
{
	json_t *line = json_loads(text, 0, NULL);
	int err = line ? 0 : -EBADMSG;

	if (!err && first) {
		o->one_run = json_is_true(json_object_get(line, "one_run"));
		o->icount = json_is_true(json_object_get(line, "icount"));
		err = json_integer_value(json_object_get(line, "schema")) == 1 ? 0 : -EBADMSG;
	} else if (!err) {
		err = take_item(o, line);
	}
	json_decref(line);
	return err;
}

int zcb_observations_read(FILE *f, struct zcb_observations **ret, struct zcb_error *err)
{
	ZCB_OBSERVATIONS_FREE struct zcb_observations *o = calloc(1, sizeof(*o));
	ZCB_FREE char *text = NULL;
	size_t room = 0, number = 0;
	int result = o ? 0 : -ENOMEM;

	while (!result && getline(&text, &room, f) > 0)
		result = take_line(o, text, number++ == 0);
	if (!result && !number)
		result = -EBADMSG;
	if (result)
		return zcb_fail(err, result, "usage: line %zu is none of zcbench compare --summaries",
				number ? number : 1);
	*ret = zcb_steal_ptr(&o);
	return 0;
}
