// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/evidence.h"

#include <math.h>
#include <string.h>

#include "reports/analysis/median.h"

/*
 * A night is off its level by normal noise, or, once in a while, by anything: that a spike comes is
 * about as likely wherever it is, so it has this density, per σ. A night that is further off than
 * 3.5 σ tells the less for a small step the further it is, and nothing in the end.
 */
#define SPIKE_DENSITY 5e-4
/* Where one night was left out already, there is hardly a second spike beside it. */
#define SECOND_SPIKE_DENSITY 5e-6
#define MAX_OFF 20.0 /* what is further off counts as this: the largest step below */
#define MAX_LEVEL 48U

/* A step in σ, and its share. */
static const struct {
	double size, share;
} steps[] = {{1.25, 0.02}, {1.75, 0.1},	{2.5, 0.3},   {3.25, 0.1},    {4, 0.06},
	     {5, 0.06},	   {6, 0.045},	{7.5, 0.045}, {9, 0.045},     {11, 0.045},
	     {13, 0.045},  {15, 0.045}, {17.5, 0.045}, {20, 0.045}};

static double density(double off, double spikes)
{
	return exp(-off * off / 2) * 0.39894228 + spikes;
}

static double clip(double value, double most)
{
	return value > most ? most : value < -most ? -most : value;
}

static double evidence(const struct zcb_base_line *base, const double *nights, size_t n, double spikes)
{
	/* The old level is known as well as its nights tell: that is off in all nights alike. */
	double sigma = base->sigma * sqrt(1 + (double)n / (double)base->nights);
	double off[ZCB_MAX_EVIDENCE], same = 1, sum = 0, side = 0;

	for (size_t i = 0; i < n; i++) {
		off[i] = clip((nights[i] - base->level) / sigma, MAX_OFF);
		same *= density(off[i], spikes);
		side += off[i];
	}
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		double other = 1, size = side > 0 ? steps[s].size : -steps[s].size;

		for (size_t i = 0; i < n; i++)
			other *= density(off[i] - size, spikes);
		sum += steps[s].share * other;
	}
	return sum / 2 / same; /* the other side is half of all steps, and as good as ruled out */
}

double zcb_evidence_of_step(const struct zcb_base_line *base, const double *nights, size_t n)
{
	return evidence(base, nights, n, SPIKE_DENSITY);
}

double zcb_evidence_without_one(const struct zcb_base_line *base, const double *nights, size_t n)
{
	double rest[ZCB_MAX_EVIDENCE], least = INFINITY;

	memcpy(rest, nights + 1, (n - 1) * sizeof(*rest));
	for (size_t out = 0; out < n; out++) {
		least = fmin(least, evidence(base, rest, n - 1, SECOND_SPIKE_DENSITY));
		if (out + 1 < n)
			rest[out] = nights[out];
	}
	return least;
}

double zcb_level_of(const double *nights, size_t n, double sigma)
{
	double copy[MAX_LEVEL], middle, sum = 0;

	memcpy(copy, nights, n * sizeof(*copy));
	middle = zcb_median(copy, n);
	for (size_t i = 0; i < n; i++)
		sum += clip(nights[i] - middle, 2 * sigma);
	return middle + sum / (double)n;
}
