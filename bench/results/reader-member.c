// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

static void note_type(const struct zcb_place *place, const char *key, const char *wanted)
{
	zcb_results_note(place->results, "%s: the member “%s” is not %s, and is not used.",
			 place->name, key, wanted);
}

const char *zcb_member_string(const struct zcb_place *place, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		return json_string_value(value);
	if (value && !json_is_null(value))
		note_type(place, key, "a string");
	return "";
}

uint64_t zcb_member_count(const struct zcb_place *place, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return (uint64_t)json_integer_value(value);
	if (value && !json_is_null(value))
		note_type(place, key, "a count");
	return 0;
}

uint64_t zcb_member_seed(const struct zcb_place *place, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value))
		return (uint64_t)json_integer_value(value);
	if (value && !json_is_null(value))
		note_type(place, key, "a whole number");
	return 0;
}

double zcb_member_real(const struct zcb_place *place, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_number(value))
		return json_number_value(value);
	if (value && !json_is_null(value))
		note_type(place, key, "a number");
	return 0;
}

bool zcb_member_bool(const struct zcb_place *place, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		note_type(place, key, "true or false");
	return json_is_true(value);
}

const json_t *zcb_member_object(const struct zcb_place *place, const json_t *object,
				const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_object(value))
		note_type(place, key, "an object");
	return json_is_object(value) ? value : NULL;
}

const json_t *zcb_member_array(const struct zcb_place *place, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value) && !json_is_array(value))
		note_type(place, key, "a list");
	return json_is_array(value) ? value : NULL;
}

struct zcb_result_strings zcb_member_strings(const struct zcb_place *place, const json_t *object,
					     const char *key)
{
	const json_t *array = zcb_member_array(place, object, key);
	struct zcb_result_strings strings = {0};
	size_t n = json_array_size(array);

	if (n)
		strings.items = zcb_results_alloc(place->results, n * sizeof(*strings.items));
	for (size_t i = 0; strings.items && i < n; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (text)
			strings.items[strings.n++] = text;
		else
			note_type(place, key, "a list of strings");
	}
	return strings;
}
