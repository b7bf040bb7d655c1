// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reports/analysis/stages.h"

#define SPAN(op, name, start, took) { .operation = (op), .start_ns = (start), .value = (took), .stage = ZCB_STAGE_##name }
#define N(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t own_of(const struct zcb_stage_spans *spans, uint64_t operation, enum zcb_stage stage)
{
	for (size_t i = 0; i < spans->n; i++) {
		if (spans->span[i].operation == operation && spans->span[i].stage == stage)
			return spans->span[i].own;
	}
	fail_msg("no span of stage %d", stage);
	return 0;
}

/* As the guest's touch brings a page: fault.guest's place is another clock's. */
#define FAULT                                                                                             \
	SPAN(1, CALL, 100, 90), SPAN(1, DISPATCH, 110, 30), SPAN(1, INVALIDATE, 115, 20), SPAN(1, KVM, 300, 50), \
		SPAN(1, CAME, 310, 25), SPAN(1, UPDATE, 312, 15), SPAN(1, GUEST, 9000, 70), SPAN(1, ZAP, 330, 8)

static void containers_are_not_counted_twice(void **state)
{
	struct zcb_stage_span span[] = { FAULT };
	struct zcb_stage_spans spans = { span, N(span) };
	uint64_t sum = 0;

	assert_int_equal(zcb_stages_nest(&spans, true), 0);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_CALL), 60);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_DISPATCH), 10);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_INVALIDATE), 20);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_GUEST), 20);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_CAME), 10);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_UPDATE), 15);
	/* On one processor the worker's zap, which began inside the telling and ended after it, took KVM's time. */
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_KVM), 50 - 25 - 8);
	for (size_t i = 0; i < spans.n; i++)
		sum += spans.span[i].own;
	assert_int_equal(sum, 90 + 70);
}

static void a_worker_elsewhere_takes_nothing(void **state)
{
	struct zcb_stage_span span[] = { FAULT };
	struct zcb_stage_spans spans = { span, N(span) };

	zcb_stages_nest(&spans, false);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_KVM), 25);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_ZAP), 8);
}

static void other_operations_are_others(void **state)
{
	struct zcb_stage_span span[] = { SPAN(2, DISPATCH, 110, 30), SPAN(1, CALL, 100, 90), SPAN(2, CALL, 300, 50),
					 SPAN(1, REFILL, 400, 90), SPAN(1, VMM, 470, 60), SPAN(1, VMM_KERNEL, 420, 40) };
	struct zcb_stage_spans spans = { span, N(span) };

	zcb_stages_nest(&spans, true);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_CALL), 90);
	assert_int_equal(own_of(&spans, 2, ZCB_STAGE_CALL), 50);
	assert_int_equal(own_of(&spans, 2, ZCB_STAGE_DISPATCH), 30);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_REFILL), 30);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_VMM), 20);
}

static void a_frame_has_the_faults_of_all_its_pages(void **state)
{
	struct zcb_stage_span span[] = { SPAN(1, FRESH, 1000, 500), SPAN(1, CONSUMER, 1010, 40), SPAN(2, CONSUMER, 1100, 60),
					 SPAN(3, CONSUMER, 1600, 70), SPAN(4, CONSUMER, 10, 5) };
	struct zcb_stage_spans spans = { span, N(span) };

	zcb_stages_nest(&spans, false);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_FRESH), 400);
	assert_int_equal(own_of(&spans, 3, ZCB_STAGE_CONSUMER), 70);
}

/* Broken files: more inside than there is, ids that all are one. */
static void nothing_becomes_less_than_nothing(void **state)
{
	struct zcb_stage_span span[] = { SPAN(1, CALL, 100, 90), SPAN(1, DISPATCH, 110, 80), SPAN(1, DISPATCH, 110, 80),
					 SPAN(1, GUEST, 0, 5), SPAN(1, KVM, 200, 50), SPAN(1, FRESH, 0, 10),
					 SPAN(1, CONSUMER, 5, 100) };
	struct zcb_stage_spans spans = { span, N(span) }, none = { 0 };

	assert_int_equal(zcb_stages_nest(&spans, true), 0);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_CALL), 0);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_GUEST), 0);
	assert_int_equal(own_of(&spans, 1, ZCB_STAGE_FRESH), 0);
	assert_int_equal(zcb_stages_nest(&none, true), 0);
}

static void medians_are_over_operations(void **state)
{
	struct zcb_stage_span a[] = { SPAN(1, CALL, 0, 10), SPAN(2, CALL, 100, 30), SPAN(2, REFILL, 200, 7),
				      SPAN(9, CONSUMER, 300, 5), SPAN(2, FRESH, 500, 100) };
	struct zcb_stage_span b[] = { SPAN(1, CALL, 0, 20), SPAN(1, DISPATCH, 2, 4), SPAN(1, DISPATCH, 8, 4) };
	struct zcb_stage_spans spans[] = { { a, N(a) }, { b, N(b) } };
	struct zcb_stage_medians m;

	zcb_stages_nest(&spans[0], true);
	zcb_stages_nest(&spans[1], true);
	assert_int_equal(zcb_stages_summarize(spans, 2, &m), 0);
	assert_int_equal(m.operations, 3); /* the ninth struck nothing */
	assert_int_equal(m.frames, 1);
	assert_true(m.median[ZCB_STAGE_CALL] == 12); /* of 10, 30 and 20 - 8 */
	assert_true(m.median[ZCB_STAGE_REFILL] == 0);
	assert_int_equal(m.seen[ZCB_STAGE_REFILL], 1);
	assert_int_equal(m.seen[ZCB_STAGE_DISPATCH], 1);
	assert_true(m.median[ZCB_STAGE_FRESH] == 100);
	assert_int_equal(zcb_stages_summarize(NULL, 0, &m), 0);
	assert_int_equal(m.operations, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_are_not_counted_twice),
		cmocka_unit_test(a_worker_elsewhere_takes_nothing),
		cmocka_unit_test(other_operations_are_others),
		cmocka_unit_test(a_frame_has_the_faults_of_all_its_pages),
		cmocka_unit_test(nothing_becomes_less_than_nothing),
		cmocka_unit_test(medians_are_over_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
