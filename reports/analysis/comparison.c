// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/comparison.h"

#include <errno.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/comparison-check.h"
#include "reports/analysis/comparison-row.h"
#include "reports/analysis/holm.h"
#include "reports/analysis/looks.h"
#include "reports/analysis/observe.h"

/*
 * How often a comparison of two arms that are the same may say better or worse of anything, all
 * together, both directions; and who may spend how much of it. Medians over all cells have most of
 * it: they are what a run was made for.
 */
#define FALSE_ALARMS 0.01
#define FOR_MEDIANS 0.5
#define FOR_TAILS 0.2
#define FOR_CELLS 0.3

const char zcb_comparison_metrics[] =
	"punch,fault.guest,fault.vmm,export.create,export.close,frame.read,migrate,refill";

const char *zcb_comparison_verdict_name(enum zcb_comparison_verdict verdict)
{
	static const char *const names[] = { "worse", "better", "equivalent", "inconclusive",
					     "invalid" };

	return names[verdict];
}

static int by_subject(const void *a, const void *b)
{
	const struct zcb_observation *left = a, *right = b;

	if (left->subject != right->subject)
		return left->subject < right->subject ? -1 : 1;
	return left->boot < right->boot ? -1 : left->boot > right->boot;
}

static struct zcb_comparison_row *new_row(struct zcb_comparison_row **rows, size_t *n,
					  size_t metric, enum zcb_statistic statistic,
					  const struct zcb_comparison *c)
{
	struct zcb_comparison_row *grown = reallocarray(*rows, *n + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	*rows = grown;
	grown[*n] = (struct zcb_comparison_row){ .metric = &c->observations->metrics[metric],
						 .statistic = statistic };
	return &grown[(*n)++];
}

/* Boots that a column could be compared by: the arm that has fewer. */
static size_t usable(const struct zcb_column *column, bool one_run)
{
	size_t pairs = one_run ? zcb_column_pairs(column, ZCB_ARM_A, ZCB_ARM_B) : 0;
	size_t a = zcb_column_boots(column, ZCB_ARM_A), b = zcb_column_boots(column, ZCB_ARM_B);

	return pairs ? pairs : a < b ? a : b;
}

/* A metric's columns, a cell each. */
struct metric_columns {
	struct zcb_column *columns;
	const struct zcb_compared_cell **cells;
	size_t n;
};

static void finish_columns(struct metric_columns *m)
{
	for (size_t i = 0; i < m->n; i++)
		zcb_column_finish(&m->columns[i]);
	free(m->columns);
	free(m->cells);
}

#define COLUMNS_FINISH __attribute__((cleanup(finish_columns)))

/*
 * Those that have boots of both arms; the rest cannot be compared and is not. That a tail has too few
 * samples is usual, and not worth a row.
 */
static int collect(const struct zcb_observations *o, size_t metric, enum zcb_statistic statistic,
		   struct metric_columns *m)
{
	m->columns = calloc(o->n_subjects + 1, sizeof(*m->columns));
	m->cells = calloc(o->n_subjects + 1, sizeof(*m->cells));
	if (!m->columns || !m->cells)
		return -ENOMEM;
	for (size_t s = 0; s < o->n_subjects; s++) {
		if (o->subjects[s].metric != metric)
			continue;
		if (zcb_column_of(o, s, statistic, &m->columns[m->n]))
			return -ENOMEM;
		if (usable(&m->columns[m->n], o->one_run) < (statistic == ZCB_STATISTIC_P99 ? 2 : 1)) {
			zcb_column_finish(&m->columns[m->n]);
			continue;
		}
		m->cells[m->n++] = &o->cells[o->subjects[s].cell];
	}
	return 0;
}

/* The cells' own rows come later, and are to have their boots as they are. */
static int pool_renumbered(const struct zcb_column *columns, size_t n, bool one_run,
			   struct zcb_column *ret)
{
	ZCB_FREE struct zcb_column *copies = calloc(n + 1, sizeof(*copies));
	int err = copies ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n; i++) {
		copies[i] = columns[i];
		copies[i].boots = calloc(columns[i].n + 1, sizeof(*copies[i].boots));
		if (!copies[i].boots) {
			err = -ENOMEM;
			break;
		}
		memcpy(copies[i].boots, columns[i].boots, columns[i].n * sizeof(*copies[i].boots));
		zcb_column_renumber(&copies[i],
				    one_run && zcb_column_pairs(&columns[i], ZCB_ARM_A, ZCB_ARM_B));
	}
	if (!err)
		err = zcb_column_pool(copies, n, ret);
	for (size_t i = 0; copies && i < n; i++)
		free(copies[i].boots);
	return err;
}

/* Only cells that as many boots have as any: else a boot would compare other cells than the next. */
static int pool(const struct metric_columns *m, bool one_run, bool *pooled, size_t *ret_cells,
		struct zcb_column *ret)
{
	ZCB_FREE struct zcb_column *full = calloc(m->n + 1, sizeof(*full));
	size_t most = 0, n = 0;

	if (!full)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++) {
		size_t boots = usable(&m->columns[i], one_run);

		most = boots > most ? boots : most;
	}
	for (size_t i = 0; i < m->n; i++) {
		pooled[i] = usable(&m->columns[i], one_run) == most;
		if (pooled[i])
			full[n++] = m->columns[i];
	}
	*ret_cells = n;
	if (zcb_column_pool(full, n, ret) || usable(ret, one_run) == most)
		return ret->boots ? 0 : -ENOMEM;
	/* Cells of several kernels ran in boots of their own. */
	zcb_column_finish(ret);
	return pool_renumbered(full, n, one_run, ret);
}

static int add_pooled(struct zcb_comparison *c, size_t metric, enum zcb_statistic statistic,
		      const struct metric_columns *m)
{
	ZCB_COLUMN_FINISH struct zcb_column pooled = { 0 };
	ZCB_FREE bool *is_pooled = calloc(m->n + 1, sizeof(*is_pooled));
	struct zcb_comparison_row *row;
	size_t cells;

	if (!is_pooled || pool(m, c->observations->one_run, is_pooled, &cells, &pooled))
		return -ENOMEM;
	row = new_row(&c->rows, &c->n_rows, metric, statistic, c);
	if (!row)
		return -ENOMEM;
	row->cells = cells;
	row->pooled = calloc(c->observations->n_cells + 1, sizeof(*row->pooled));
	for (size_t i = 0; row->pooled && i < m->n; i++)
		row->pooled[m->cells[i] - c->observations->cells] = is_pooled[i];
	if (!row->pooled)
		return -ENOMEM;
	return zcb_row_measure(c, &pooled, row);
}

static int add_cells(struct zcb_comparison *c, size_t metric, enum zcb_statistic statistic,
		     const struct metric_columns *m)
{
	int err = 0;

	for (size_t i = 0; !err && i < m->n; i++) {
		struct zcb_comparison_row *row =
			new_row(&c->cell_rows, &c->n_cell_rows, metric, statistic, c);

		if (!row)
			return -ENOMEM;
		row->cell = m->cells[i];
		row->cells = 1;
		err = zcb_row_measure(c, &m->columns[i], row);
	}
	return err;
}

static int add_metric(struct zcb_comparison *c, size_t metric, enum zcb_statistic statistic)
{
	COLUMNS_FINISH struct metric_columns m = { 0 };
	int err = collect(c->observations, metric, statistic, &m);

	if (!err && m.n)
		err = add_pooled(c, metric, statistic, &m);
	if (!err && c->observations->n_cells > 1)
		err = add_cells(c, metric, statistic, &m);
	return err;
}

/* Where the rarest way of dealing boots is hardly below the level, hardly any other is significant. */
#define RARE_ENOUGH (1 / 8.)

/*
 * Student's t decides where boots are few, for no way of dealing them is rare enough. Where dealing
 * could well be significant, it must be as well: it assumes nothing of how boots vary.
 */
static void choose_p(const struct zcb_comparison *c, struct zcb_comparison_row *row, double level,
		     double own)
{
	if (!row->has_effect || row->exact || row->p_t > level ||
	    zcb_contrast_least(&row->contrast) > own * RARE_ENOUGH)
		return;
	row->p_permutation = zcb_contrast_permutation(&row->contrast, c->options.seed);
	row->p = fmax(row->p_t, row->p_permutation);
}

/* Rows that are tested together: of one statistic, or of any where `all` is set. */
struct family {
	struct zcb_comparison_row **rows;
	size_t n;
};

static int collect_family(struct zcb_comparison_row *rows, size_t n, bool all,
			  enum zcb_statistic statistic, struct family *ret)
{
	ret->n = 0;
	ret->rows = calloc(n + 1, sizeof(struct zcb_comparison_row *));
	if (!ret->rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (all || rows[i].statistic == statistic)
			ret->rows[ret->n++] = &rows[i];
	}
	return 0;
}

static bool is_tested(const struct zcb_comparison_row *row, bool twin)
{
	return twin ? row->has_twin : row->has_effect;
}

/* Adjusts the p of all rows that have one, or of their twins; of the rest it is 1. */
static int adjust(const struct family *family, bool twin, double *p)
{
	size_t tested = 0;
	int err;

	for (size_t i = 0; i < family->n; i++) {
		const struct zcb_comparison_row *row = family->rows[i];

		if (is_tested(row, twin))
			p[tested++] = twin ? zcb_effect_p(&row->twin) : row->p;
	}
	err = zcb_holm(p, tested);
	for (size_t i = family->n; !err && i-- > 0;)
		p[i] = is_tested(family->rows[i], twin) ? p[--tested] : 1;
	return err;
}

static void judge_twin(struct zcb_comparison *c, struct zcb_comparison_row *row, double p,
		       double level)
{
	if (!row->has_twin)
		return;
	zcb_row_judge_twin(c, row, p, level);
	c->twin_rows++;
	c->false_alarms += row->twin_verdict == ZCB_WORSE || row->twin_verdict == ZCB_BETTER;
}

/* The level is the family's; a row's own is what Holm asks of the first to be rejected. */
static int judge_family(struct zcb_comparison *c, const struct family *family, double level)
{
	ZCB_FREE double *p = calloc(family->n + 1, sizeof(*p));
	ZCB_FREE double *twin = calloc(family->n + 1, sizeof(*twin));
	double own = level;
	size_t tested = 0;

	for (size_t i = 0; i < family->n; i++)
		tested += family->rows[i]->has_effect;
	if (tested)
		own /= (double)tested;
	for (size_t i = 0; i < family->n; i++)
		choose_p(c, family->rows[i], level, own);
	if (!p || !twin || adjust(family, false, p) || adjust(family, true, twin))
		return -ENOMEM;
	for (size_t i = 0; i < family->n; i++) {
		family->rows[i]->p_holm = p[i];
		judge_twin(c, family->rows[i], twin[i], level);
		zcb_row_judge(c, family->rows[i], level, own);
	}
	return 0;
}

static int judge(struct zcb_comparison *c, struct zcb_comparison_row *rows, size_t n, bool all,
		 enum zcb_statistic statistic, double share)
{
	double level = FALSE_ALARMS * zcb_look_share(c->options.look, c->options.looks) * share;
	struct family family;
	int err = collect_family(rows, n, all, statistic, &family);

	if (!err)
		err = judge_family(c, &family, level);
	free(family.rows);
	return err;
}

/* The whole is as bad as its worst: worse before all, then what could not be told. */
static enum zcb_comparison_verdict overall(const struct zcb_comparison *c)
{
	size_t counts[ZCB_COMPARISON_VERDICTS] = { 0 };

	for (size_t i = 0; i < c->n_cell_rows; i++) {
		if (c->cell_rows[i].verdict <= ZCB_BETTER)
			counts[c->cell_rows[i].verdict]++;
	}
	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].verdict <= ZCB_BETTER || c->rows[i].statistic == ZCB_STATISTIC_P50)
			counts[c->rows[i].verdict]++;
	}
	if (c->corrupt || counts[ZCB_WORSE])
		return ZCB_WORSE;
	if (counts[ZCB_INVALID])
		return ZCB_INVALID;
	if (counts[ZCB_INCONCLUSIVE])
		return ZCB_INCONCLUSIVE;
	return counts[ZCB_BETTER] ? ZCB_BETTER : ZCB_EQUIVALENT;
}

static int judge_all(struct zcb_comparison *c)
{
	double medians = c->n_cell_rows ? FOR_MEDIANS : FOR_MEDIANS / (FOR_MEDIANS + FOR_TAILS);
	double tails = c->n_cell_rows ? FOR_TAILS : FOR_TAILS / (FOR_MEDIANS + FOR_TAILS);
	int err = judge(c, c->rows, c->n_rows, false, ZCB_STATISTIC_P50, medians);

	if (!err)
		err = judge(c, c->rows, c->n_rows, false, ZCB_STATISTIC_P99, tails);
	if (!err)
		err = judge(c, c->cell_rows, c->n_cell_rows, true, ZCB_STATISTIC_P50, FOR_CELLS);
	return err;
}

static void count_cells(struct zcb_comparison *c)
{
	for (size_t i = 0; i < c->observations->n_cells; i++)
		c->corrupt += zcb_compared_wrong(&c->observations->cells[i], ZCB_ARM_B);
	for (size_t i = 0; i < c->n_rows; i++) {
		c->has_twin |= c->rows[i].has_twin;
		c->paired |= c->rows[i].has_effect && c->rows[i].effect.paired;
		if (c->rows[i].boots > c->boots)
			c->boots = c->rows[i].boots;
	}
}

int zcb_comparison_judge(struct zcb_observations *o, const struct zcb_comparison_options *options,
			 struct zcb_comparison **ret)
{
	ZCB_COMPARISON_FREE struct zcb_comparison *c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c) {
		zcb_observations_free(o);
		return -ENOMEM;
	}
	gsl_set_error_handler_off(); /* which would end the program: a number that is none shows itself */
	c->observations = o;
	c->options = *options;
	c->a = c->b = c->clock = c->accel = "";
	c->margin = log(1 + (options->margin > 0 ? options->margin : o->icount ? .01 : .05));
	/* A count that repeats exactly is worth a finer look, unless somebody says what matters. */
	c->margin_exact = options->margin > 0 ? c->margin : log(1.001);
	c->alpha_interval = .05 * zcb_look_share(options->look, options->looks);
	if (o->n)
		qsort(o->items, o->n, sizeof(*o->items), by_subject);
	for (size_t m = 0; !err && m < o->n_metrics; m++) {
		err = add_metric(c, m, ZCB_STATISTIC_P50);
		if (!err)
			err = add_metric(c, m, ZCB_STATISTIC_P99);
	}
	if (!err)
		err = judge_all(c);
	if (err)
		return err;
	count_cells(c);
	c->verdict = overall(c);
	*ret = zcb_steal_ptr(&c);
	return 0;
}

static int no_rows(const struct zcb_comparison *c, struct zcb_error *err)
{
	return zcb_fail(err, -ENODATA,
			"usage: the arms have no cell in common that measured one of the metrics %s",
			c->options.metrics ? c->options.metrics : zcb_comparison_metrics);
}

int zcb_comparison_make(const struct zcb_arm *a, const struct zcb_arm *b, const struct zcb_arm *twin,
			const struct zcb_comparison_options *options, struct zcb_comparison **ret,
			struct zcb_error *err)
{
	ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;
	struct zcb_observations *o = NULL;
	const char *metrics = options->metrics ? options->metrics : zcb_comparison_metrics;
	int result = a->results == b->results ? 0 :
						zcb_comparison_check(a->results, b->results, err);

	if (!result)
		result = zcb_observe(a, b, twin, metrics, &o, err);
	if (!result)
		result = zcb_comparison_judge(o, options, &c);
	if (result)
		return result == -ENOMEM ? zcb_fail(err, result, "host set-up: memory is short") :
					   result;
	if (!c->n_rows && !c->corrupt)
		return no_rows(c, err);
	zcb_comparison_note_lost(o);
	if (a->results == b->results)
		zcb_comparison_note_kernels(o, a, b);
	c->a = zcb_observe_label(o, a);
	c->b = zcb_observe_label(o, b);
	c->clock = a->results->clock;
	c->accel = a->results->accel;
	*ret = zcb_steal_ptr(&c);
	return 0;
}

int zcb_comparison_exit_code(const struct zcb_comparison *c)
{
	if (c->corrupt)
		return ZCB_EXIT_CORRUPTION;
	if (c->verdict == ZCB_WORSE)
		return ZCB_EXIT_REGRESSION;
	return c->verdict == ZCB_INVALID || c->verdict == ZCB_INCONCLUSIVE ? ZCB_EXIT_INCONCLUSIVE :
									     ZCB_EXIT_CLEAN;
}

bool zcb_comparison_settled(const struct zcb_comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].statistic == ZCB_STATISTIC_P50 &&
		    (c->rows[i].verdict == ZCB_INCONCLUSIVE || c->rows[i].verdict == ZCB_INVALID))
			return false;
	}
	return c->n_rows > 0;
}

static void free_rows(struct zcb_comparison_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		zcb_contrast_finish(&rows[i].contrast);
		free(rows[i].pooled);
	}
	free(rows);
}

void zcb_comparison_free(struct zcb_comparison *c)
{
	if (!c)
		return;
	zcb_observations_free(c->observations);
	free_rows(c->rows, c->n_rows);
	free_rows(c->cell_rows, c->n_cell_rows);
	free(c);
}
