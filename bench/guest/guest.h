/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_GUEST_H
#define ZCB_GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/geometry.h"
#include "bench/base/topology.h"
#include "bench/base/types.h"
#include "bench/exporter/memfd.h"

/** By what its VMM can take memory from a guest and give it back, or see it: bits of a set. */
enum zcb_guest_device {
	ZCB_GUEST_BALLOON = 1,   /* a balloon; its size is what the guest has left of its RAM */
	ZCB_GUEST_REPORTING = 2, /* the guest tells of each free page, and the VMM takes it; a balloon, too */
	ZCB_GUEST_PLUG = 4,      /* memory that is plugged in and out; its size is what is plugged */
	ZCB_GUEST_DISPLAY = 8,   /* a display, whose frames the VMM itself exports as dma-bufs */
	ZCB_GUEST_ALL_DEVICES = 15,
};

/** How much is plugged in for a frame that wants it. */
#define ZCB_GUEST_PLUGGED_BYTES (32ULL << 20)

/** What a guest is started from. Strings are borrowed during the call. */
struct zcb_guest_config {
	enum zcb_memory memory;
	uint64_t ram_bytes;  /* a multiple of 2 MiB */
	const char *folder;  /* holds guest-kernel, guest-initrd and guest-initrd-display */
	struct zcb_placement placement; /* who runs where */
	const char *console; /* a port or pipe for the guest's console; NULL: it is not kept */
	unsigned int devices; /* enum zcb_guest_device */
	bool verbose;        /* its kernel tells all on its console, which takes seconds more */
	uint64_t nonce;      /* the guest proves with it that it is the one that was started */
};

/** A vCPU's TSC against CLOCK_MONOTONIC of the host: measured, but for khz, which KVM says. */
struct zcb_guest_clock {
	uint64_t khz;
	uint64_t khz_low, khz_high;	      /* certain bounds of the rate */
	int64_t apart_low_ns, apart_high_ns; /* certain bounds of: the host's clock less the TSC's ns */
};

/** A frame to make: how many pages, and where the guest takes them from. */
struct zcb_frame_request {
	uint32_t frame;
	uint32_t pages;
	uint32_t blocks; /* 0: single pages from all over; else shuffled over so many huge pages */
	uint64_t seed;
	uint64_t key;
	bool plugged; /* of memory that is plugged in for it, until its release; needs ZCB_GUEST_PLUG */
};

struct zcb_guest;

/** A kind of guest: one file and one row of the table in guests.c. */
struct zcb_guest_ops {
	const char *name;
	const char *summary; /* one line for `zcbench list` */

	/** Starts a guest and waits until it is ready for requests. */
	int (*start)(const struct zcb_guest_config *config, struct zcb_guest **ret_guest,
		     struct zcb_error *err);
	/** Makes a frame; ret_pages has room for request->pages. */
	int (*alloc)(struct zcb_guest *guest, const struct zcb_frame_request *request,
		     zcb_memfd_off *ret_pages, struct zcb_error *err);
	/**
	 * Makes a frame as alloc() does, but of its display driver's memory, and shows it on the guest's
	 * screen: the VMM exports it to whoever looks there, and export() is not asked. It lies elsewhere
	 * each time that it is made. Needs ZCB_GUEST_DISPLAY; NULL: a guest of this kind has no screen.
	 */
	int (*show)(struct zcb_guest *guest, const struct zcb_frame_request *request,
		    const struct zcb_geometry *geometry, zcb_memfd_off *ret_pages,
		    struct zcb_error *err);
	/** A new connection to the VMM's display, which speaks D-Bus; *ret_socket is the caller's. */
	int (*look)(struct zcb_guest *guest, int *ret_socket, struct zcb_error *err);
	/** Draws and publishes a sequence; returns when it is published. */
	int (*draw)(struct zcb_guest *guest, uint32_t frame, uint64_t sequence,
		    struct zcb_error *err);
	/** Has a vCPU read each page of the frame, and write none; returns when it has. */
	int (*read)(struct zcb_guest *guest, uint32_t frame, struct zcb_error *err);
	/**
	 * How long the vCPU's first access of each page of the frame took in the last draw or read,
	 * which was of this frame, by the vCPU's own TSC; `pages` is the frame's. -EOPNOTSUPP where
	 * this host cannot tell; NULL where this kind of guest cannot.
	 */
	int (*touch_times)(struct zcb_guest *guest, uint32_t frame, uint32_t pages,
			   zcb_ns *ret_took, struct zcb_error *err);
	/**
	 * How the vCPU's TSC, by which touch_times() goes, compares with the host's clock, over the guest's
	 * life so far. -EOPNOTSUPP where it cannot be told yet; NULL where this kind of guest cannot.
	 */
	int (*clock)(struct zcb_guest *guest, struct zcb_guest_clock *ret_clock, struct zcb_error *err);
	/**
	 * From now on the guest draws the frame again and again, as fast as it can, `sequence` first and
	 * each time the next one, and publishes each; requests in between are answered as ever.
	 * Returns when the first is published.
	 */
	int (*storm)(struct zcb_guest *guest, uint32_t frame, uint64_t sequence,
		     struct zcb_error *err);
	/** Ends the storm; *ret_sequence is what it published last, and now the whole frame holds. */
	int (*calm)(struct zcb_guest *guest, uint32_t frame, uint64_t *ret_sequence,
		    struct zcb_error *err);
	int (*release)(struct zcb_guest *guest, uint32_t frame, struct zcb_error *err);
	/**
	 * Has the guest's kernel free n pages of the frame, by their places in it: they are nobody's, and
	 * may be taken from the guest. NULL, as those below: a guest of this kind has no kernel.
	 */
	int (*give)(struct zcb_guest *guest, uint32_t frame, const uint32_t *page, uint32_t n,
		    struct zcb_error *err);
	/**
	 * Has it get the very same pages again, each in its place, with zeros in them. -EREMOTEIO where
	 * one cannot be had; the frame is of no use then.
	 */
	int (*regain)(struct zcb_guest *guest, uint32_t frame, const uint32_t *page, uint32_t n,
		      struct zcb_error *err);
	/** Asks the VMM for another size of a device, in bytes; the guest's driver sees to it later. */
	int (*resize)(struct zcb_guest *guest, enum zcb_guest_device device, uint64_t bytes,
		      struct zcb_error *err);
	/** The size that the device has now, by the VMM's word. -ENODEV: there is none. */
	int (*size)(struct zcb_guest *guest, enum zcb_guest_device device, uint64_t *ret_bytes,
		    struct zcb_error *err);
	/**
	 * Wraps n pages of 4 KiB of the memfd into a dma-buf, in the VMM's own process: to the kernel
	 * it is the VMM's, and follows the VMM's mm. *ret_dmabuf is the caller's to close; *ret_ns is
	 * the time that the driver's ioctl alone took.
	 */
	int (*export)(struct zcb_guest *guest, const zcb_memfd_off *pages, uint32_t n,
		      int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err);
	/**
	 * Touches one page of RAM through the VMM's own mapping: loads the aligned u64 at this offset
	 * of the memfd, or stores `value` there. *ret_ns is the time of the access alone, with the
	 * page fault that it may have been. -EFAULT where no page could be had.
	 */
	int (*touch)(struct zcb_guest *guest, zcb_memfd_off offset, bool write, uint64_t value,
		     zcb_ns *ret_ns, struct zcb_error *err);
	/**
	 * Puts the page at this offset of the memfd, of the memfd's page size, into the VMM's page table
	 * by userfaultfd, as postcopy does: a new one of zeros (UFFDIO_COPY), or, `present`, the one that
	 * is there (UFFDIO_CONTINUE). *ret_ns is the time of that ioctl alone. -EOPNOTSUPP where the
	 * host's kernel cannot.
	 */
	int (*install)(struct zcb_guest *guest, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
		       struct zcb_error *err);
	/**
	 * Has the VMM reclaim the page of 4 KiB at this offset of the memfd, as it maps it, if it can
	 * be (MADV_PAGEOUT): whether it could, others see.
	 */
	int (*page_out)(struct zcb_guest *guest, zcb_memfd_off offset, struct zcb_error *err);
	/**
	 * One more subscriber of the VMM's MMU notifiers (bench/exporter/subscriber.h); *ret_fd is the
	 * caller's to close, and ends it. NULL: the VMM cannot.
	 */
	int (*subscribe)(struct zcb_guest *guest, int *ret_fd, struct zcb_error *err);
	/** Ends the guest and frees it. */
	void (*stop)(struct zcb_guest *guest);
};

/** What every guest has; a kind embeds it as its first member. */
struct zcb_guest {
	const struct zcb_guest_ops *ops;
	enum zcb_memory memory;
	unsigned int devices; /* enum zcb_guest_device */
	uint64_t ram_bytes; /* without what is plugged in */
	uint64_t plug_bytes; /* of the memfd, behind that: what can be plugged in */
	uint64_t ram_below_4g; /* of the memfd, so many bytes lie below the PCI hole, the rest at 4 GiB */
	int memfd; /* the guest's RAM; owned by the guest */
	bool seen; /* a cell has verified a frame of it: only the first one's time is told */
	struct zcb_placement placement; /* as it was started with; whoever measures keeps to the cell's */
};

extern const struct zcb_guest_ops zcb_guest_linux;
extern const struct zcb_guest_ops zcb_guest_micro;

/** All kinds, NULL-terminated. */
extern const struct zcb_guest_ops *const zcb_guests[];

/**
 * Resizes a device and waits until it has that size. -EIO with the figures where the guest's driver
 * does not see to it in time.
 */
int zcb_guest_resize_wait(struct zcb_guest *guest, enum zcb_guest_device device, uint64_t bytes,
			  struct zcb_error *err);

/** The kind of that name, or NULL. */
const struct zcb_guest_ops *zcb_guest_find(const char *name);

/**
 * The memfd of a guest's RAM, for kinds of guests. For hugetlb the pool is made large enough, with
 * pages to spare; plug_bytes lie behind RAM. Returns 0 or -errno.
 */
int zcb_guest_make_ram(const struct zcb_guest_config *config, uint64_t plug_bytes, int *ret_memfd,
		       struct zcb_error *err);

#endif
