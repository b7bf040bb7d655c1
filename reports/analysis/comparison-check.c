// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "reports/analysis/comparison.h"

/* A fact that both runs tell, and tell differently. What one of them does not say is no difference. */
static bool differ(const char *a, const char *b)
{
	return *a && *b && strcmp(a, b) != 0;
}

static int refuse(const struct zcb_results *a, const struct zcb_results *b, const char *what,
		  const char *of_a, const char *of_b, struct zcb_error *err)
{
	return zcb_fail(err, -EINVAL,
			"usage: these runs cannot be compared: the %s of %.80s is %.80s, that of %.80s %.80s",
			what, a->dir, of_a, b->dir, of_b);
}

static const struct zcb_result_boot *first_boot(const struct zcb_results *r)
{
	static const struct zcb_result_boot none = { .hut_cpu = "", .hut_config = "" };

	return r->n_boots ? &r->boots[0] : &none;
}

/* The configuration of the kernel a run was about: of its boots, or as the image was built. */
static const char *config_of(const struct zcb_results *r, size_t *ret_n)
{
	const char *config = first_boot(r)->hut_config;

	*ret_n = r->n_kernels;
	return r->n_kernels && *r->kernels[0].config ? r->kernels[0].config : config;
}

/* Runs over several kernels are compared kernel by kernel, by name. */
static int check_config(const struct zcb_results *a, const struct zcb_results *b,
			struct zcb_error *err)
{
	size_t n_a, n_b;
	const char *of_a = config_of(a, &n_a), *of_b = config_of(b, &n_b);

	if (n_a <= 1 && n_b <= 1)
		return differ(of_a, of_b) ? refuse(a, b, "kernel configuration", of_a, of_b, err) : 0;
	for (size_t i = 0; i < n_a; i++) {
		for (size_t j = 0; j < n_b; j++) {
			const struct zcb_result_kernel *left = &a->kernels[i], *right = &b->kernels[j];

			if (!strcmp(left->name, right->name) && differ(left->config, right->config))
				return refuse(a, b, "kernel configuration", left->config,
					      right->config, err);
		}
	}
	return 0;
}

static int check_cpu(const struct zcb_results *a, const struct zcb_results *b, struct zcb_error *err)
{
	const struct zcb_result_boot *of_a = first_boot(a), *of_b = first_boot(b);
	char cpus_a[32], cpus_b[32];

	/* Instructions are the same on any machine; times are not. */
	if (strcmp(a->clock, "icount") != 0 && differ(a->host_cpu, b->host_cpu))
		return refuse(a, b, "machine's CPU", a->host_cpu, b->host_cpu, err);
	if (differ(of_a->hut_cpu, of_b->hut_cpu))
		return refuse(a, b, "host under test's CPU", of_a->hut_cpu, of_b->hut_cpu, err);
	if (!of_a->hut_cpus || !of_b->hut_cpus || of_a->hut_cpus == of_b->hut_cpus)
		return 0;
	snprintf(cpus_a, sizeof(cpus_a), "%llu", (unsigned long long)of_a->hut_cpus);
	snprintf(cpus_b, sizeof(cpus_b), "%llu", (unsigned long long)of_b->hut_cpus);
	return refuse(a, b, "number of CPUs", cpus_a, cpus_b, err);
}

int zcb_comparison_check(const struct zcb_results *a, const struct zcb_results *b,
			 struct zcb_error *err)
{
	int result;

	if (differ(a->clock, b->clock))
		return refuse(a, b, "clock", a->clock, b->clock, err);
	if (differ(a->accel, b->accel))
		return refuse(a, b, "accelerator", a->accel, b->accel, err);
	result = check_cpu(a, b, err);
	return result ? result : check_config(a, b, err);
}
