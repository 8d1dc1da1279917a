// SPDX-License-Identifier: GPL-2.0-or-later
/* Hypotheses back to JSON: what a run's record says was expected. */
#include "parse/hypothesis_spec.h"

#include "util/jsonx.h"

static json_t *items_json(const struct hypothesis_items *items)
{
	json_t *a = json_array();

	for (size_t i = 0; i < items->n; i++)
		json_push(a, items->v[i].any.n == 1 ? json_lossy_str(items->v[i].any.v[0])
						    : json_lossy_strs(&items->v[i].any));
	return a;
}

static json_t *one_json(const struct hypothesis *h)
{
	json_t *o = json_object();

	json_put(o, "name", json_lossy_str(h->name));
	if (h->description)
		json_put(o, "description", json_lossy_str(h->description));
	if (h->kinds)
		json_put(o, "kind", incident_kinds_to_json(h->kinds));
	if (h->functions.n)
		json_put(o, "function", json_lossy_strs(&h->functions));
	if (h->access)
		json_put(o, "access", json_lossy_str(h->access));
	if (h->base_null)
		json_put(o, "base", json_string("null"));
	if (h->has_fault_address)
		json_put(o, "fault_address", json_hex(h->fault_address));
	if (h->trace.n)
		json_put(o, "trace_contains", items_json(&h->trace));
	if (h->allocated.any.n)
		json_put(o, "allocated_in", json_lossy_strs(&h->allocated.any));
	if (h->freed.any.n)
		json_put(o, "freed_in", json_lossy_strs(&h->freed.any));
	if (h->modules.n)
		json_put(o, "modules", items_json(&h->modules));
	return o;
}

json_t *hypotheses_to_json(const struct hypotheses *h)
{
	json_t *o = json_object(), *a = json_array();

	for (size_t i = 0; i < h->n; i++)
		json_push(a, one_json(&h->v[i]));
	json_put(o, "hypotheses", a);
	return o;
}
