// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "reports/analysis/comparison-check.h"
#include "reports/analysis/kconfig.h"

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

static const struct zcb_result_kernel *kernel_of(const struct zcb_arm *arm)
{
	const struct zcb_results *r = arm->results;

	for (size_t i = 0; i < r->n_cells; i++) {
		if (*r->cells[i].arm != arm->arm)
			continue;
		for (size_t k = 0; k < r->n_kernels; k++) {
			if (!strcmp(r->kernels[k].name, r->cells[i].kernel))
				return &r->kernels[k];
		}
		return NULL;
	}
	return NULL;
}

void zcb_comparison_note_kernels(struct zcb_observations *o, const struct zcb_arm *a,
				 const struct zcb_arm *b)
{
	const struct zcb_result_kernel *of_a = kernel_of(a), *of_b = kernel_of(b);
	char options[300];
	int n = of_a && of_b && differ(of_a->config, of_b->config)
			? zcb_kconfig_brief(a->results, of_a, b->results, of_b, options, sizeof(options))
			: 0;

	if (n > 0)
		zcb_observations_note(o,
				      "The arms' kernels are configured differently: %s. What B does differently "
				      "may come of that.",
				      options);
	else if (n < 0)
		zcb_observations_note(o,
				      "The arms' kernels are configured differently (%.12s and %.12s): what B does "
				      "differently may come of that.",
				      of_a->config, of_b->config);
}

static void note_lost(struct zcb_observations *o, const char *arm, enum zcb_arm_index index,
		      enum zcb_result_status status)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_cells; i++)
		n += o->cells[i].counts[index][status];
	if (n)
		zcb_observations_note(o, "%zu cell%s of %s ended as \"%s\" and are not compared.", n,
				      n == 1 ? "" : "s", arm, zcb_result_status_name(status));
}

void zcb_comparison_note_lost(struct zcb_observations *o)
{
	static const char *const names[] = { "A", "B", "A's twin" };

	for (int arm = 0; arm < ZCB_ARMS; arm++) {
		note_lost(o, names[arm], (enum zcb_arm_index)arm, ZCB_RESULT_CRASH);
		note_lost(o, names[arm], (enum zcb_arm_index)arm, ZCB_RESULT_ERROR);
		if (o->tainted[arm])
			zcb_observations_note(o, "%zu cell%s of %s ran in a boot with a kernel fault and do not count.",
					      o->tainted[arm], o->tainted[arm] == 1 ? "" : "s", names[arm]);
	}
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

/* Files of another hash may have the same options, such as those of two releases. */
static int check_kernels(const struct zcb_results *a, const struct zcb_result_kernel *of_a,
			 const struct zcb_results *b, const struct zcb_result_kernel *of_b, struct zcb_error *err)
{
	char options[300];
	int n;

	if (!differ(of_a->config, of_b->config))
		return 0;
	n = zcb_kconfig_brief(a, of_a, b, of_b, options, sizeof(options));
	if (n < 0)
		return refuse(a, b, "kernel configuration", of_a->config, of_b->config, err);
	if (n == 0)
		return 0;
	return zcb_fail(err, -EINVAL,
			"usage: these runs cannot be compared: the kernel configuration of %.80s is another than that "
			"of %.80s: %s",
			a->dir, b->dir, options);
}

/* Runs over several kernels are compared kernel by kernel, by name. */
static int check_config(const struct zcb_results *a, const struct zcb_results *b,
			struct zcb_error *err)
{
	size_t n_a, n_b;
	const char *of_a = config_of(a, &n_a), *of_b = config_of(b, &n_b);

	if (n_a == 1 && n_b == 1 && *a->kernels[0].config && *b->kernels[0].config)
		return check_kernels(a, &a->kernels[0], b, &b->kernels[0], err);
	if (n_a <= 1 && n_b <= 1)
		return differ(of_a, of_b) ? refuse(a, b, "kernel configuration", of_a, of_b, err) : 0;
	for (size_t i = 0; i < n_a; i++) {
		for (size_t j = 0; j < n_b; j++) {
			const struct zcb_result_kernel *left = &a->kernels[i], *right = &b->kernels[j];
			int ret = strcmp(left->name, right->name) ? 0 : check_kernels(a, left, b, right, err);

			if (ret)
				return ret;
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
