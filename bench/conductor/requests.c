// SPDX-License-Identifier: GPL-2.0-or-later
/* What the conductor asks the runner for, and whether it does so before the HUT starts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/conductor/internal.h"

bool zcb_requests_are_staged(const struct conduct *run)
{
	return run->config->accel == ZCB_ACCEL_ICOUNT && !run->config->native;
}

/* In the HUT's own clock; with icount that one leaps while the HUT is idle, so it is generous. */
static int cell_timeout_s(const struct conduct *run, const struct zcb_cell *cell)
{
	return (run->config->accel == ZCB_ACCEL_ICOUNT ? 3600 : 300) + (int)cell->params.seconds * 10 +
	       (int)zcb_boot_patience_s(&run->boot);
}

json_t *zcb_request_cell(const struct conduct *run, const struct zcb_cell *cell)
{
	return json_pack("{s:s, s:i, s:o}", "type", "cell", "timeout_s", cell_timeout_s(run, cell), "cell",
			 zcb_cell_to_request(cell));
}

static bool is_left(const struct conduct *run, uint32_t i)
{
	return !run->done[i] && run->plan->cell[i].boot == run->boot.planned;
}

bool zcb_requests_left(const struct conduct *run)
{
	for (uint32_t i = 0; i < run->plan->n; i++)
		if (is_left(run, i))
			return true;
	return false;
}

static int add_request(char **text, json_t *request)
{
	ZCB_FREE char *line = json_dumps(request, JSON_COMPACT);
	ZCB_FREE char *before = *text;

	json_decref(request);
	*text = NULL;
	if (!line || asprintf(text, "%s%s\n", before, line) < 0)
		return -ENOMEM;
	return 0;
}

int zcb_requests_stage(const struct conduct *run, char **ret_text)
{
	ZCB_FREE char *text = strdup("");
	int ret = text ? 0 : -ENOMEM;

	for (uint32_t i = 0; !ret && i < run->plan->n; i++)
		if (is_left(run, i))
			ret = add_request(&text, zcb_request_cell(run, &run->plan->cell[i]));
	if (!ret)
		*ret_text = zcb_steal_ptr(&text);
	return ret;
}
