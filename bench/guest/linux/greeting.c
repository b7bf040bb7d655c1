// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's greeting, and whether all is as it must be: its memory map, the agent inside QEMU, its
 * devices, its threads.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/guest/devices.h"
#include "bench/guest/linux/guest.h"

/* The control page is read where QEMU's RAM is: a wrong memory map cannot pass this check. */
static int map_control(struct zcb_linux_guest *guest, const struct zcb_abi_hello *hello, uint64_t nonce,
		       struct zcb_error *err)
{
	uint64_t page_size = zcb_memory_page_size(guest->base.memory);
	zcb_memfd_off offset;
	uint64_t inside;
	char *map;

	if (hello->nonce != nonce || hello->control_gpa % ZCB_ABI_PAGE_SIZE)
		return zcb_fail(err, -EPROTO, "guest: its greeting is not of the guest we started");
	if (zcb_ram_map_offset(&guest->map, (zcb_gpa){ hello->control_gpa }, &offset))
		return zcb_fail(err, -EPROTO, "guest: its control page %#" PRIx64 " is not in its RAM",
				hello->control_gpa);
	inside = offset.off % page_size;
	map = mmap(NULL, page_size, PROT_READ, MAP_SHARED, guest->base.memfd,
		   (off_t)(offset.off - inside));
	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the control page cannot be mapped: %m");
	guest->control = (const struct zcb_abi_control *)(map + inside);
	if (guest->control->magic != ZCB_ABI_CONTROL_MAGIC || guest->control->nonce != nonce)
		return zcb_fail(err, -EPROTO, "zcbench bug: guest address %#" PRIx64
				" is not at memfd offset %#" PRIx64, hello->control_gpa, offset.off);
	return 0;
}

/* QEMU starts without an object that cannot be preloaded, and only the agent's silence tells. */
static int check_vmm_process(struct zcb_linux_guest *guest, struct zcb_error *err)
{
	struct zcb_error why;
	pid_t pid;
	int ret = zcb_vmm_ping(&guest->qemu.vmm, &pid, &why);

	if (ret)
		return zcb_fail(err, ret, "%.300s; %s should be preloaded into it", why.text,
				guest->qemu.vmm_object);
	if (pid != guest->qemu.pid)
		return zcb_fail(err, -EPROTO, "zcbench bug: the agent is in process %d, QEMU is %d", pid,
				guest->qemu.pid);
	return 0;
}

/* Through QEMU's mapping the control page must be the one that we map, or a touch is of nothing. */
static int check_vmm(struct zcb_linux_guest *guest, const struct zcb_abi_hello *hello,
		     struct zcb_error *err)
{
	uint64_t magic = 0;
	zcb_memfd_off offset;
	zcb_ns took;
	int ret = check_vmm_process(guest, err);

	if (!ret)
		ret = zcb_ram_map_offset(&guest->map, (zcb_gpa){ hello->control_gpa }, &offset);
	if (!ret)
		ret = zcb_vmm_touch(&guest->qemu.vmm, offset, false, &magic, &took, err);
	if (!ret && magic != ZCB_ABI_CONTROL_MAGIC)
		ret = zcb_fail(err, -EPROTO, "zcbench bug: what QEMU maps at memfd offset %#" PRIx64
			       " is not the control page", offset.off);
	return ret;
}

/* Where memory can be plugged in, QEMU says; that it lies above all RAM makes the map unambiguous. */
static int check_devices(struct zcb_linux_guest *guest, struct zcb_error *err)
{
	uint64_t end_of_ram = guest->map.above_4g ? (4ULL << 30) + guest->map.above_4g : guest->map.below_4g;
	int ret = zcb_qmp_begin(&guest->qemu.qmp, err);

	if (ret || !(guest->base.devices & ZCB_GUEST_PLUG))
		return ret;
	ret = zcb_devices_plug_at(&guest->qemu.qmp, &guest->map.plug_at, err);
	if (!ret && guest->map.plug_at < end_of_ram)
		ret = zcb_fail(err, -EPROTO, "qemu: it plugs in memory at %#" PRIx64 ", amid the guest's RAM",
			       guest->map.plug_at);
	if (!ret)
		guest->map.plug = guest->base.plug_bytes;
	return ret;
}

/* QEMU has one vCPU, and some threads beside it; those that it starts later are its main thread's. */
static int place_threads(struct zcb_linux_guest *guest, struct zcb_error *err)
{
	json_t *cpus = NULL;
	int ret = zcb_qmp_execute(&guest->qemu.qmp, "query-cpus-fast", NULL, &cpus, err);
	json_int_t thread = json_integer_value(json_object_get(json_array_get(cpus, 0), "thread-id"));

	json_decref(cpus);
	if (ret)
		return ret;
	ret = zcb_topology_keep_vmm(&guest->base.placement, guest->qemu.pid, (pid_t)thread);
	return ret ? zcb_fail(err, ret, "kernel: QEMU's threads cannot be placed on processors (its vCPU is "
			      "thread %d): %s", (int)thread, strerror(-ret)) : 0;
}

int zcb_linux_greet(struct zcb_linux_guest *guest, uint64_t nonce, struct zcb_error *err)
{
	struct zcb_abi_hello hello;
	int ret = zcb_link_hello(&guest->link, &hello, err);

	if (ret == -ENOTCONN || ret == -ETIMEDOUT)
		return zcb_linux_qemu_fail(&guest->qemu, guest->base.devices, ret, err);
	guest->link.timeout_ms = ZCB_LINUX_REPLY_MS;
	if (!ret)
		ret = map_control(guest, &hello, nonce, err);
	if (!ret)
		ret = check_vmm(guest, &hello, err);
	if (!ret)
		ret = check_devices(guest, err);
	return ret ? ret : place_threads(guest, err);
}
