// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/exporter/subscriber.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "bench/base/cleanup.h"

int zcb_subscriber_create(int *ret_fd, struct zcb_error *err)
{
	ZCB_CLOSE int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int fd = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	if (fd < 0)
		return zcb_fail(err, -errno, "host set-up: no virtual machine to subscribe with: %m");
	*ret_fd = fd;
	return 0;
}
