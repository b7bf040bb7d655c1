// SPDX-License-Identifier: GPL-2.0-or-later
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/base/part.h"
#include "bench/consumers/consumer.h"

const char *zcb_reading_name(enum zcb_reading reading)
{
	static const char *const names[] = {
		[ZCB_READS_NOTHING] = "nothing", [ZCB_READS_MEMFD] = "memfd",
		[ZCB_READS_MAPPING] = "mapping", [ZCB_READS_VMAP] = "vmap",
		[ZCB_READS_TABLE] = "table",	 [ZCB_READS_DYNAMIC] = "dynamic",
		[ZCB_READS_KEPT_VMAP] = "kept-vmap",
	};

	return names[reading];
}

const struct zcb_consumer_ops *zcb_consumer_find(const char *name)
{
	for (size_t i = 0; zcb_consumers[i]; i++)
		if (!strcmp(zcb_consumers[i]->name, name))
			return zcb_consumers[i];
	return NULL;
}

/* The table of functions that the module ends in, or NULL with the reason. */
static const struct zcb_consumer_ops *table_of(const struct zcb_consumer_ops *row, const char *path,
					       struct zcb_error *err)
{
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct zcb_consumer_ops *table;
	char symbol[80];

	snprintf(symbol, sizeof(symbol), "zcb_consumer_%s", row->name);
	for (char *at = symbol; *at; at++)
		*at = *at == '-' ? '_' : *at;
	table = module ? dlsym(module, symbol) : NULL;
	if (!table)
		zcb_fail(err, -EOPNOTSUPP, "host set-up: the consumer %s does not load: %s: install that "
			 "library, or use --target vm, whose root file system has it (./scripts/setup image)",
			 row->name, dlerror());
	return table;
}

int zcb_consumer_load(const struct zcb_consumer_ops *row, struct zcb_consumer_ops *ret_ops,
		      struct zcb_error *err)
{
	const struct zcb_consumer_ops *table = row;
	ZCB_FREE char *path = NULL;

	if (row->missing)
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: the consumer %s is %s", row->name,
				row->missing);
	if (row->module && zcb_part_find("/proc/self/exe", row->module, &path, err))
		return -EOPNOTSUPP;
	if (row->module)
		table = table_of(row, path, err);
	if (!table)
		return -EOPNOTSUPP;
	*ret_ops = *row;
	ret_ops->carries = table->carries;
	ret_ops->open = table->open;
	ret_ops->acquire = table->acquire;
	ret_ops->release = table->release;
	ret_ops->dmabuf = table->dmabuf;
	ret_ops->await = table->await;
	ret_ops->close = table->close;
	return 0;
}
