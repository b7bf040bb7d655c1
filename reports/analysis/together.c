// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/together.h"

#include <math.h>

/* How much of one night another has, on the same side. */
static double shared(double off, double other)
{
	return off * other > 0 ? fmin(fabs(off), fabs(other)) : 0;
}

double zcb_together_spike(const double *off, size_t night, size_t last)
{
	double before = night > 0 ? shared(off[night], off[night - 1]) : 0;
	double after = night < last ? shared(off[night], off[night + 1]) : 0;

	return copysign(fabs(off[night]) - fmax(before, after), off[night]);
}
