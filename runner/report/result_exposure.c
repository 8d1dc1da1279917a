// SPDX-License-Identifier: GPL-2.0-or-later
/* How long a kernel was under test: from the begin of the attempt's first test action to
 * the failure that decides it, or to the end of the last test. Boots, logins and what
 * comes after a failure are no exposure. */
#include "report/result_int.h"
#include "util/jsonx.h"

void fold_exposure_reset(struct fold *f)
{
	f->test_begin = f->test_end = -1;
	f->test_failed = false;
}

static bool is_failure(const json_t *e)
{
	return !json_get_bool(e, "recovery", false) &&
	       json_get_bool(json_object_get(e, "incident"), "fatal", false);
}

void fold_exposure_event(struct fold *f, const char *type, const json_t *e)
{
	bool is_test = strcmp(type, "under-test") == 0;

	if (is_test && json_get_bool(e, "begins", false)) {
		if (f->test_begin < 0)
			f->test_begin = fold_time_of(e);
		return;
	}
	if (f->test_begin < 0 || f->test_failed)
		return;
	f->test_failed = strcmp(type, "incident") == 0 && is_failure(e);
	if (is_test || f->test_failed)
		f->test_end = fold_time_of(e);
}

void fold_exposure_close(struct fold *f, json_t *attempt, double t)
{
	double end = f->test_end < 0 ? t : f->test_end;

	if (f->test_begin < 0)
		return;
	json_put(attempt, "under_test_s",
		 json_real(end > f->test_begin ? end - f->test_begin : 0));
	fold_exposure_reset(f);
}
