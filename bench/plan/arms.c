// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/arms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/kernels.h"
#include "bench/plan/variants.h"
#include "workloads/workload.h"

#define SEE_KERNELS "see `zcbench list kernels`, or name the path of a kernel image"

bool zcb_kernel_exists(const char *name)
{
	return zcb_kernel_find(name) || zcb_kernel_is_package(name) || !strcmp(name, "native") ||
	       access(name, R_OK) == 0;
}

static int check_spec(const struct zcb_arm_spec *spec, struct zcb_error *err)
{
	if (!zcb_kernel_exists(spec->kernel))
		return zcb_fail(err, -EINVAL, "usage: there is no kernel \"%.200s\": " SEE_KERNELS,
				spec->kernel);
	if (!zcb_variant_find(spec->variant))
		return zcb_fail(err, -EINVAL, "usage: there is no variant \"%s\": see `zcbench list "
				"variants`", spec->variant);
	if (!zcb_kernel_may_have(spec->kernel, spec->variant))
		return zcb_fail(err, -EINVAL, "usage: the kernel %.100s has only the variant stock: say "
				"variants:%s", spec->kernel, spec->variant);
	return 0;
}

/* A path may have a colon, a variant has no slash. */
int zcb_arm_parse(const char *text, struct zcb_arm_spec *ret_spec, struct zcb_error *err)
{
	const char *colon = strrchr(text, ':');
	struct zcb_arm_spec spec = { .variant = "stock" };
	size_t n;

	if (colon && (strchr(colon, '/') || access(text, F_OK) == 0))
		colon = NULL;
	n = colon ? (size_t)(colon - text) : strlen(text);
	if (n == 0 || n >= sizeof(spec.kernel) || (colon && strlen(colon + 1) >= sizeof(spec.variant)))
		return zcb_fail(err, -EINVAL, "usage: \"%.60s\" is no KERNEL[:VARIANT]", text);
	memcpy(spec.kernel, text, n);
	if (colon)
		snprintf(spec.variant, sizeof(spec.variant), "%s", colon + 1);
	if (check_spec(&spec, err))
		return -EINVAL;
	*ret_spec = spec;
	return 0;
}

const struct zcb_arm_spec *zcb_arms_find(const struct zcb_arms *arms, char arm)
{
	switch (arm) {
	case ZCB_PLAN_ARM_A:
	case ZCB_PLAN_ARM_TWIN: return &arms->a;
	case ZCB_PLAN_ARM_B: return &arms->b;
	default: return NULL;
	}
}

bool zcb_arms_share_kernel(const struct zcb_arms *arms)
{
	ZCB_FREE char *a = NULL, *b = NULL;

	if (!strcmp(arms->a.kernel, arms->b.kernel))
		return true;
	if (!strchr(arms->a.kernel, '/') || !strchr(arms->b.kernel, '/'))
		return false;
	a = realpath(arms->a.kernel, NULL);
	b = realpath(arms->b.kernel, NULL);
	return a && b && !strcmp(a, b);
}

/* Fisher and Yates, of the numbers of six orders. */
static void shuffle(uint64_t *random, unsigned int *number, unsigned int n)
{
	for (unsigned int i = n - 1; i > 0; i--) {
		unsigned int j = (unsigned int)(zcb_random_next(random) % (i + 1)), kept = number[i];

		number[i] = number[j];
		number[j] = kept;
	}
}

void zcb_arms_order(uint64_t seed, uint32_t n, char ret_order[ZCB_PLAN_ARMS])
{
	static const char orders[6][ZCB_PLAN_ARMS + 1] = { "ABZ", "AZB", "BAZ", "BZA", "ZAB", "ZBA" };
	unsigned int number[6] = { 0, 1, 2, 3, 4, 5 };
	uint64_t random = seed + n / 6;

	shuffle(&random, number, 6);
	memcpy(ret_order, orders[number[n % 6]], ZCB_PLAN_ARMS);
}

static json_t *spec_to_json(const struct zcb_arm_spec *spec)
{
	return json_pack("{s:s, s:s}", "kernel", spec->kernel, "variant", spec->variant);
}

json_t *zcb_arms_to_json(const struct zcb_arms *arms)
{
	return json_pack("{s:o, s:o, s:o}", "A", spec_to_json(&arms->a), "B", spec_to_json(&arms->b), "Z",
			 spec_to_json(&arms->a));
}

static int spec_from_json(json_t *json, struct zcb_arm_spec *spec)
{
	const char *kernel, *variant;

	if (json_unpack(json, "{s:s, s:s}", "kernel", &kernel, "variant", &variant) ||
	    strlen(kernel) >= sizeof(spec->kernel) || strlen(variant) >= sizeof(spec->variant))
		return -EINVAL;
	strcpy(spec->kernel, kernel);
	strcpy(spec->variant, variant);
	return 0;
}

int zcb_arms_from_json(json_t *json, struct zcb_arms *ret_arms)
{
	struct zcb_arms arms;

	if (spec_from_json(json_object_get(json, "A"), &arms.a) ||
	    spec_from_json(json_object_get(json, "B"), &arms.b))
		return -EINVAL;
	*ret_arms = arms;
	return 0;
}
