/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXPORTER_SUBSCRIBER_H
#define ZCB_EXPORTER_SUBSCRIBER_H

#include "bench/base/error.h"

/**
 * One more subscriber of this process's MMU notifiers, that is told of all and does next to nothing: a
 * virtual machine without memory (kvm_init_mmu_notifier(), virt/kvm/kvm_main.c). *ret_fd is the
 * caller's; it goes with the last descriptor of it. Returns 0 or -errno.
 */
int zcb_subscriber_create(int *ret_fd, struct zcb_error *err);

#endif
