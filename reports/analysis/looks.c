// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/looks.h"

static double spent(unsigned int look, unsigned int looks)
{
	double part = (double)(look < looks ? look : looks) / (double)looks;

	return part * part * part;
}

double zcb_look_share(unsigned int look, unsigned int looks)
{
	if (!look || !looks)
		return 1;
	return spent(look, looks) - spent(look - 1, looks);
}
