// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/analysis/kconfig.h"

static struct zcb_kconfig parsed(const char *text)
{
	struct zcb_kconfig config;

	assert_int_equal(zcb_kconfig_parse(strdup(text), &config), 0);
	return config;
}

static void what_is_not_set_is_off(void **state)
{
	struct zcb_kconfig config = parsed("# Linux/x86 6.12\n\n# CONFIG_OFF is not set\nCONFIG_B=y\nCONFIG_A=\"x=y #\"\n"
					   "CONFIG_N=n\nCONFIG_HZ=250\r\n# CONFIG_B2 is not settled\nCONFIG_\nCONFIG_X\n"
					   "#CONFIG_Y=y\nCONFIG_LAST=m");

	assert_int_equal(config.n, 4);
	assert_string_equal(config.options[0].name, "A");
	assert_string_equal(config.options[0].value, "\"x=y #\"");
	assert_string_equal(config.options[1].name, "B");
	assert_string_equal(config.options[2].name, "HZ");
	assert_string_equal(config.options[2].value, "250");
	assert_string_equal(config.options[3].name, "LAST");
	zcb_kconfig_finish(&config);
}

static void the_later_line_counts(void **state)
{
	struct zcb_kconfig config = parsed("CONFIG_A=y\n# CONFIG_A is not set\n# CONFIG_B is not set\nCONFIG_B=m\n");

	assert_int_equal(config.n, 1);
	assert_string_equal(config.options[0].name, "B");
	zcb_kconfig_finish(&config);
	config = parsed("");
	assert_int_equal(config.n, 0);
	zcb_kconfig_finish(&config);
}

static void differs(const char *a, const char *b, const char *expected)
{
	struct zcb_kconfig left = parsed(a), right = parsed(b);
	struct zcb_kconfig_difference *list;
	char text[400] = "";
	size_t n;

	assert_int_equal(zcb_kconfig_compare(&left, &right, &list, &n), 0);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s %s;", list[i].name,
			 list[i].a ? list[i].a : "-", list[i].b ? list[i].b : "-");
	assert_string_equal(text, expected);
	free(list);
	zcb_kconfig_finish(&left);
	zcb_kconfig_finish(&right);
}

static void differences_are_told_the_telling_ones_first(void **state)
{
	differs("CONFIG_A=y\n# CONFIG_B is not set\n", "CONFIG_A=y\n", "");
	differs("CONFIG_Z=1\nCONFIG_A=y\nCONFIG_C=m\nCONFIG_D=y\n", "CONFIG_Z=2\n# CONFIG_A is not set\nCONFIG_B=y\n",
		"Z 1 2;B - y;A y -;D y -;C m -;");
	differs("CONFIG_B=y\n", "CONFIG_A=y\nCONFIG_C=y\n", "B y -;A - y;C - y;");
	differs("", "CONFIG_A=y\n", "A - y;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_set_is_off),
		cmocka_unit_test(the_later_line_counts),
		cmocka_unit_test(differences_are_told_the_telling_ones_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
