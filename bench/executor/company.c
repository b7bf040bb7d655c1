// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/company.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define PAGE 4096U

/* Neighbours where the frame lets them be: then the udmabuf's list is short. In ascending order. */
static int choose_pages(const struct zcb_guest *guest, const zcb_memfd_off *frame, uint32_t frame_pages,
			zcb_memfd_off *pages, uint32_t n)
{
	uint64_t all = guest->ram_bytes / PAGE, at = all;
	ZCB_FREE unsigned char *taken = calloc(all, 1);

	if (!taken)
		return -ENOMEM;
	for (uint32_t i = 0; i < frame_pages; i++)
		if (frame[i].off / PAGE < all)
			taken[frame[i].off / PAGE] = 1;
	while (n > 0 && at > 0)
		if (!taken[--at])
			pages[--n].off = at * PAGE;
	return n ? -ENOSPC : 0;
}

/* Else the first udmabuf would pay for pages that guest and VMM have not touched so far. */
static int bring_pages(int memfd, const zcb_memfd_off *pages, uint32_t n)
{
	for (uint32_t i = 0, run; i < n; i += run) {
		for (run = 1; i + run < n && pages[i + run].off == pages[i].off + run * (uint64_t)PAGE;)
			run++;
		if (fallocate(memfd, FALLOC_FL_KEEP_SIZE, (off_t)pages[i].off, run * (off_t)PAGE) < 0)
			return -errno;
	}
	return 0;
}

static int hold_udmabufs(const struct zcb_cell_params *params, struct zcb_guest *guest,
			 const zcb_memfd_off *frame, struct zcb_company *company, struct zcb_error *err)
{
	uint32_t n = params->udmabuf_pages ? params->udmabuf_pages : params->pages;
	ZCB_FREE zcb_memfd_off *pages = calloc(n, sizeof(*pages));
	zcb_ns took;
	int ret = pages ? choose_pages(guest, frame, params->pages, pages, n) : -ENOMEM;

	if (!ret)
		ret = bring_pages(guest->memfd, pages, n);
	if (ret)
		return zcb_fail(err, ret, "host set-up: no %u pages for other udmabufs: %s", n,
				strerror(-ret));
	for (uint32_t i = 0; i < params->udmabufs && !ret; i++) {
		ret = guest->ops->export(guest, pages, n, &company->fd[company->n], &took, err);
		if (ret)
			return ret;
		zcb_recorder_add(company->recorder, "company.create", "ns", i, zcb_now_ns(), took.ns);
		company->udmabufs = ++company->n;
	}
	return ret;
}

static int hold_subscribers(uint32_t n, struct zcb_guest *guest, struct zcb_company *company,
			    struct zcb_error *err)
{
	int ret = 0;

	if (n && !guest->ops->subscribe)
		return zcb_fail(err, -EOPNOTSUPP, "guest: the VMM of %s has no subscribers but its own",
				guest->ops->name);
	for (uint32_t i = 0; i < n && !ret; i++) {
		ret = guest->ops->subscribe(guest, &company->fd[company->n], err);
		company->n += !ret;
	}
	return ret;
}

int zcb_company_hold(const struct zcb_cell_params *params, struct zcb_guest *guest,
		     const zcb_memfd_off *frame, struct zcb_company *company, struct zcb_error *err)
{
	int ret = 0;

	if (!params->udmabufs && !params->subscribers)
		return 0;
	company->fd = calloc(params->udmabufs + params->subscribers, sizeof(*company->fd));
	if (!company->fd)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for %u descriptors",
				params->udmabufs + params->subscribers);
	if (params->udmabufs)
		ret = hold_udmabufs(params, guest, frame, company, err);
	return ret ? ret : hold_subscribers(params->subscribers, guest, company, err);
}

void zcb_company_finish(struct zcb_company *company)
{
	while (company->n > company->udmabufs)
		close(company->fd[--company->n]);
	while (company->n > 0) {
		uint64_t start = zcb_now_ns();

		close(company->fd[--company->n]);
		zcb_recorder_add(company->recorder, "company.close", "ns", company->n, start,
				 zcb_now_ns() - start);
	}
	free(company->fd);
	*company = (struct zcb_company){ 0 };
}
