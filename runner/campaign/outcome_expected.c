// SPDX-License-Identifier: GPL-2.0-or-later
/* A row held against what the job expects of its kernel. */
#include <fnmatch.h>

#include "campaign/outcome_int.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

json_t *outcome_expected_json(const struct job_outcome *o)
{
	json_t *j, *hypotheses;

	if (!o->given)
		return json_null();
	j = json_object();
	hypotheses = json_object();
	for (size_t i = 0; i < o->n_hypotheses; i++)
		json_put(hypotheses, o->hypotheses[i].name,
			 json_lossy_str(o->hypotheses[i].verdict));
	json_put(j, "status", json_lossy_str(o->status));
	json_put(j, "kinds", incident_kinds_to_json(o->kinds));
	json_put(j, "failed_tests", json_lossy_strs(&o->failed_tests));
	json_put(j, "hypotheses", hypotheses);
	return j;
}

static bool kind_fits(uint64_t kinds, const char *kind)
{
	for (int i = 0; i < INCIDENT_N_KINDS; i++)
		if ((kinds & (UINT64_C(1) << i)) &&
		    strcmp(kind, incident_kind_to_str((enum incident_kind)i)) == 0)
			return true;
	return !kinds;
}

/* "expected uaf or kasan, the kind is null-deref" */
static char *say_kinds(uint64_t kinds, const char *kind)
{
	struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < INCIDENT_N_KINDS; i++)
		if (kinds & (UINT64_C(1) << i))
			strbuf_addf(&sb, "%s%s", sb.len ? " or " : "expected ",
				    incident_kind_to_str((enum incident_kind)i));
	strbuf_addf(&sb, ", the kind is %s", kind[0] ? kind : "none");
	return strbuf_take(&sb);
}

static bool any_failed(const json_t *failures, const char *glob)
{
	const json_t *f;
	size_t i;

	json_array_foreach(failures, i, f)
	{
		if (json_is_string(f) && fnmatch(glob, json_string_value(f), 0) == 0)
			return true;
	}
	return false;
}

static char *failures_surprise(const struct strvec *globs, const json_t *failures)
{
	for (size_t i = 0; i < globs->n; i++)
		if (!any_failed(failures, globs->v[i]))
			return xasprintf("expected test %s to fail", globs->v[i]);
	return NULL;
}

/* NULL: it was not judged, for there was no incident. */
static const char *verdict_of(const json_t *hypotheses, const char *name)
{
	const json_t *h;
	size_t i;

	json_array_foreach(hypotheses, i, h)
	{
		if (strcmp(json_get_str(h, "name", ""), name) == 0)
			return json_get_str(h, "verdict", "");
	}
	return NULL;
}

static char *hypotheses_surprise(const struct job_outcome *o, const json_t *hypotheses)
{
	for (size_t i = 0; i < o->n_hypotheses; i++) {
		const char *name = o->hypotheses[i].name;
		const char *is = verdict_of(hypotheses, name);

		if (!is)
			return xasprintf("expected %s %s, nothing was judged", name,
					 o->hypotheses[i].verdict);
		if (strcmp(is, o->hypotheses[i].verdict) != 0)
			return xasprintf("expected %s %s, it is %s", name,
					 o->hypotheses[i].verdict, is);
	}
	return NULL;
}

char *outcome_surprise(const struct job_outcome *o, const json_t *row)
{
	const json_t *v = json_object_get(row, "verdict");
	const char *status = json_get_str(v, "status", ""),
		   *kind = json_get_str(v, "kind", ""),
		   *wanted = o->given ? o->status : "pass";
	char *why;

	if (strcmp(status, "pass") != 0 && strcmp(status, "fail") != 0)
		return xstrdup("no verdict on the kernel");
	if (wanted && strcmp(wanted, status) != 0)
		return xasprintf("expected to %s", wanted);
	if (!kind_fits(o->kinds, kind))
		return say_kinds(o->kinds, kind);
	why = failures_surprise(
		&o->failed_tests,
		json_object_get(json_object_get(row, "functional"), "failures"));
	return why ?: hypotheses_surprise(o, json_object_get(row, "hypotheses"));
}
