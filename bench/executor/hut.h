/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_HUT_H
#define ZCB_EXECUTOR_HUT_H

#include <jansson.h>

#include "bench/base/topology.h"

/**
 * Describes the host under test, as its runner finds it: kernel, CPU, memory, topology and QEMU.
 * And where who runs there; NULL: nobody does. Without a topology (NULL) it tells of none. The `hello` message of bench/results/wire.h; a new reference.
 */
json_t *zcb_hut_describe(struct hwloc_topology *topology, const struct zcb_placement *placement);

#endif
