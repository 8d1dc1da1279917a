// SPDX-License-Identifier: GPL-2.0-or-later
/* The provenance of the last attempt in one line. */
#include "report/proof_line.h"

#include <string.h>

#include "report/text.h"
#include "util/jsonx.h"

static const json_t *proof_of(const json_t *result)
{
	const json_t *attempts = json_object_get(result, "attempts");
	size_t n = json_array_size(attempts);
	const json_t *p =
		json_object_get(n ? json_array_get(attempts, n - 1) : NULL, "provenance");

	/* What staged nothing has no nonce either. */
	return json_is_string(json_object_get(json_object_get(p, "nonce"), "staged"))
		       ? p
		       : NULL;
}

/* Both sides are known and the same; a proof without a fault has no other pair. */
static bool agrees(const json_t *p, const char *key)
{
	const json_t *pair = json_object_get(p, key);

	return json_is_string(json_object_get(pair, "staged")) &&
	       json_is_string(json_object_get(pair, "seen"));
}

static size_t n_modules(const json_t *p)
{
	const json_t *m;
	size_t i, n = 0;

	json_array_foreach(json_object_get(p, "modules"), i, m) n +=
		json_is_string(json_object_get(m, "staged")) &&
		json_is_string(json_object_get(m, "seen"));
	return n;
}

static size_t n_loaded(const json_t *p)
{
	const json_t *f;
	size_t i, n = 0;

	json_array_foreach(json_object_get(p, "files"), i, f) n +=
		json_is_integer(json_object_get(f, "transferred_bytes"));
	return n;
}

static void add_count(struct strbuf *out, size_t n, const char *what)
{
	if (n)
		strbuf_addf(out, ", %zu %s%s", n, what, n == 1 ? "" : "s");
}

static void add_proven(const json_t *p, struct strbuf *out)
{
	strbuf_addstr(out, "proven: nonce");
	if (agrees(p, "banner"))
		strbuf_addstr(out, ", banner");
	if (agrees(p, "build_id"))
		strbuf_addstr(out, ", build id");
	add_count(out, n_loaded(p), "file");
	add_count(out, n_modules(p), "module");
}

static void add_missing(const json_t *p, struct strbuf *out)
{
	const json_t *why = json_object_get(p, "why");
	size_t n = json_array_size(why);

	strbuf_addstr(out, "not proven: ");
	text_add_line(out,
		      json_string_value(json_array_get(why, 0)) ?: "nobody knows why");
	if (n > 1)
		strbuf_addf(out, " (and %zu more)", n - 1);
}

void proof_line(const json_t *result, struct strbuf *out)
{
	const json_t *p = proof_of(result);

	if (!p || json_is_string(json_object_get(p, "fault")))
		return;
	if (json_get_bool(p, "proven", false))
		add_proven(p, out);
	else
		add_missing(p, out);
}

json_t *proof_json(const json_t *result)
{
	const json_t *p = proof_of(result);

	return p ? json_boolean(json_get_bool(p, "proven", false)) : json_null();
}
