// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads prove their work: with a fake guest, which does not do it, they must say so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/guest/stamp.h"
#include "workloads/workload.h"

#define PAGES 4U

/** A guest of two frames, which draws when it is told to, unless it is lazy. */
struct fake_guest {
	struct zcb_guest base;
	bool lazy;      /* it says that it drew, and does not */
	uint64_t key, last;
	uint32_t exports;
};

static struct fake_guest *fake_of(struct zcb_guest *guest)
{
	return (struct fake_guest *)guest;
}

static int fake_alloc(struct zcb_guest *guest, const struct zcb_frame_request *request,
		      zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	assert_int_equal(request->frame, 1); /* the second */
	fake_of(guest)->key = request->key;
	for (uint32_t i = 0; i < request->pages; i++)
		ret_pages[i].off = (PAGES + i) * 4096U;
	return 0;
}

static int fake_draw(struct zcb_guest *guest, uint32_t frame, uint64_t sequence, struct zcb_error *err)
{
	char page[4096];

	fake_of(guest)->last = sequence;
	for (uint32_t i = 0; i < PAGES && !fake_of(guest)->lazy; i++) {
		zcb_stamp_fill(page, fake_of(guest)->key, sequence, (uint16_t)frame, i);
		assert_int_equal(pwrite(guest->memfd, page, 4096, (PAGES + i) * 4096), 4096);
	}
	return 0;
}

static int fake_calm(struct zcb_guest *guest, uint32_t frame, uint64_t *ret_sequence,
		     struct zcb_error *err)
{
	*ret_sequence = fake_of(guest)->last + 1;
	return fake_draw(guest, frame, *ret_sequence, err);
}

static int fake_release(struct zcb_guest *guest, uint32_t frame, struct zcb_error *err)
{
	return 0;
}

/* No udmabuf: the memfd itself, which knows no DMA_BUF_IOCTL_SYNC. */
static int fake_export(struct zcb_guest *guest, const zcb_memfd_off *pages, uint32_t n, int *ret_dmabuf,
		       zcb_ns *ret_ns, struct zcb_error *err)
{
	fake_of(guest)->exports++;
	*ret_dmabuf = dup(guest->memfd);
	ret_ns->ns = 1;
	return 0;
}

static const struct zcb_guest_ops fake_ops = { .name = "fake", .alloc = fake_alloc, .draw = fake_draw,
					       .storm = fake_draw, .calm = fake_calm,
					       .release = fake_release, .export = fake_export };

static void no_sample(void *recorder, const char *metric, uint64_t operation, zcb_ns at, zcb_ns value)
{
}

static int strike(const char *workload, const char *under, bool lazy, struct zcb_damage *damage,
		  struct zcb_error *err)
{
	const struct zcb_workload_ops *ops = zcb_workload_find(workload);
	struct fake_guest guest = { .base = { .ops = &fake_ops, .memory = ZCB_MEMORY_SHMEM },
				    .lazy = lazy };
	struct zcb_workload_params params = { 0 };
	uint64_t random = 3;
	struct zcb_victim victim = { .guest = &guest.base, .memory = ZCB_MEMORY_SHMEM, .pages = PAGES,
				     .params = &params, .random = &random, .sample = no_sample };
	int ret;

	strcpy(params.under, under);
	assert_int_equal(zcb_memfd_create(ZCB_MEMORY_SHMEM, 2U << 20, &guest.base.memfd, err), 0);
	victim.memfd = guest.base.memfd;
	ret = ops->check(&params, &guest.base, err);
	if (!ret)
		ret = ops->strike(&params, &victim, damage, err);
	close(guest.base.memfd);
	return ret;
}

static void a_storm_is_of_frames_that_were_drawn(void **state)
{
	struct zcb_damage damage = { 0 };
	struct zcb_error err = { "" };

	assert_int_equal(strike("guest-storm", "", false, &damage, &err), 0);
	assert_int_equal(damage.work, 2);
	assert_int_equal(strike("guest-storm", "", true, &damage, &err), -EIO);
	assert_non_null(strstr(err.text, "guest: it drew sequence 2 of its second frame, and page 0"));
	assert_int_equal(damage.work, 2);
}

static void what_is_churned_must_be_dmabufs(void **state)
{
	struct zcb_damage damage = { 0 };
	struct zcb_error err = { "" };

	assert_int_equal(strike("churn", "idle", false, &damage, &err), -ENOTTY);
	assert_non_null(strstr(err.text, "kernel: DMA_BUF_IOCTL_SYNC"));
	assert_int_equal(damage.work, 0);
}

static void a_load_runs_beside_no_load(void **state)
{
	struct zcb_damage damage = { 0 };
	struct zcb_error err = { "" };

	assert_int_equal(strike("churn", "guest-storm", false, &damage, &err), -EINVAL);
	assert_non_null(strstr(err.text, "\"under\" cannot be \"guest-storm\""));
	assert_int_equal(strike("guest-storm", "mix", false, &damage, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_is_of_frames_that_were_drawn),
		cmocka_unit_test(what_is_churned_must_be_dmabufs),
		cmocka_unit_test(a_load_runs_beside_no_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
