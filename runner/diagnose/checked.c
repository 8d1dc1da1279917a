// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the access that KASAN's report complains about. The report has no registers, but
 * the compiler hands the address to the reporter as its first argument
 * (mm/kasan/report_generic.c, generic.c, sw_tags.c): the way of x0 before that call tells
 * which object it lies in, and how far inside. */
#include "diagnose/checked.h"

#include <string.h>

#include "diagnose/place.h"
#include "util/mem.h"

/* Functions that the compiler, or a helper in its stead, calls with an address in x0. */
static bool takes_address(const char *function)
{
	static const char *const names[] = { "__asan_report_",   "__asan_load",
					     "__asan_store",     "__hwasan_load",
					     "__hwasan_store",   "__kasan_check_",
					     "kasan_check_range" };

	for (size_t i = 0; function && i < ARRAY_SIZE(names); i++)
		if (strncmp(function, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool find_call(const struct incident *in, struct build *b, struct build_place *at)
{
	const struct incident_frame *f = place_blamed_frame(in);

	if (!f || f->size == 0 || f->offset < 4 ||
	    build_find(b, f->function, f->module, f->offset, f->size, at) != BUILD_FOUND)
		return false;
	at->addr -= 4; /* the frame's address is where the call returns to */
	return takes_address(build_called(b, at));
}

void checked_find(struct diagnosis *d, const struct incident *in, struct build *b)
{
	struct candidate_query q = { .base = 0, .is_address = true };

	if (d->has_insn || d->is_other_build || !build_has_types(b) ||
	    !find_call(in, b, &q.at))
		return;
	d->base_type = build_register_object(b, &q.at, q.base, &d->access_offset,
					     &d->base_type_why);
	d->has_access_offset = d->base_type;
	d->n_candidates = build_candidates(b, &q, &d->candidates);
}
