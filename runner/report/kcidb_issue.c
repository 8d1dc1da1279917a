// SPDX-License-Identifier: GPL-2.0-or-later
/* KCIDB's issues and incidents: one issue for each bug, one incident for each time it was
 * seen, with the boot that saw it. */
#include "report/kcidb_int.h"

#include "report/kcidb_map.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { ISSUE_VERSION = 1 };

/* Whose fault an incident is: the kernel's, unless it decided a run that the lab lost. */
static bool is_ours(const struct kcidb *k, const json_t *in)
{
	const char *status =
		json_get_str(json_object_get(k->result, "verdict"), "status", "");
	int64_t decided = json_get_int(result_last_attempt(k->result), "incident", -1);

	return strcmp(status, "lab") == 0 && decided >= 0 &&
	       json_get_int(in, "id", -1) == decided;
}

/* The same bug has the same kind and title in every run, so its issue has the same id. */
static char *add_issue(struct kcidb *k, const json_t *in, json_t *seen)
{
	const char *kind = json_get_str(in, "kind", "other");
	const char *title = json_get_str(in, "title", "");
	const char *function = *title ? "" : json_get_str(in, "function", "");
	bool ours = is_ours(k, in);
	char *id = kcidb_id(k, "i",
			    kcidb_hash(kind, title, function, ours ? "lab" : "", NULL));

	if (json_object_get(seen, id))
		return id;
	json_put(seen, id, json_true());
	json_t *i = json_object(), *culprit = json_object(), *categories = json_array();
	json_put(i, "id", json_lossy_str(id));
	json_put(i, "version", json_integer(ISSUE_VERSION));
	json_put(i, "origin", json_lossy_str(k->origin));
	kcidb_put_text(i, "comment", *title ? title : kind);
	json_put(culprit, "code", json_boolean(!ours));
	json_put(culprit, "tool", json_false());
	json_put(culprit, "harness", json_boolean(ours));
	json_put(i, "culprit", culprit);
	_cleanup_free_ char *category = kcidb_path("runtime", kind);
	json_push(categories, json_lossy_str(category));
	json_put(i, "categories", categories);
	json_push(k->issues, i);
	return id;
}

/* The boot test of the incident's attempt; the first one when it names none that is
 * there. */
static const char *test_of_attempt(const struct kcidb *k, int64_t n)
{
	_cleanup_free_ char *want = kcidb_boot_id(k, n);
	const json_t *t;
	size_t i;

	json_array_foreach(k->tests, i, t) if (strcmp(json_get_str(t, "id", ""), want) ==
					       0) return json_get_str(t, "id", "");
	return json_get_str(json_array_get(k->tests, 0), "id", "");
}

static void add_incident(struct kcidb *k, const json_t *in, size_t index, json_t *seen)
{
	_cleanup_free_ char *issue = add_issue(k, in, seen);
	_cleanup_free_ char *id = xasprintf("%s:%s-inc-%zu", k->origin, k->run, index);
	json_t *o = json_object();

	json_put(o, "id", json_lossy_str(id));
	json_put(o, "origin", json_lossy_str(k->origin));
	json_put(o, "issue_id", json_lossy_str(issue));
	json_put(o, "issue_version", json_integer(ISSUE_VERSION));
	json_put(o, "test_id",
		 json_lossy_str(test_of_attempt(k, json_get_int(in, "attempt", 1))));
	json_put(o, "build_id", json_lossy_str(k->build_id));
	json_put(o, "present", json_true());
	kcidb_put_misc(o, json_deep_copy(in));
	json_push(k->incidents, o);
}

void kcidb_add_incidents(struct kcidb *k)
{
	_cleanup_json_ json_t *seen = json_object();
	const json_t *in;
	size_t i;

	json_array_foreach(json_object_get(k->result, "incidents"), i, in)
	{
		if (json_is_object(in))
			add_incident(k, in, i, seen);
	}
}
