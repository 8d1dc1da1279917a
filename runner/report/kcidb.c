// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json as KCIDB 5.3: puts the objects together that kcidb_*.c make, and has what
 * they share. */
#include "report/kcidb_int.h"

#include <errno.h>

#include "report/kcidb_map.h"
#include "report/result_read.h"
#include "report/text.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

void kcidb_put_text(json_t *object, const char *key, const char *s)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (!s || !*s)
		return;
	text_add_clean(&sb, s, strlen(s));
	if (sb.len)
		json_put(object, key, json_lossy(sb.buf, sb.len));
}

const char *kcidb_metadata(const struct kcidb *k, const char *a, const char *b,
			   const char *c)
{
	const json_t *m = json_object_get(json_object_get(k->result, "job"), "metadata");
	const char *s = json_get_str(m, a, NULL);

	if (!s)
		s = json_get_str(m, b, NULL);
	return s ? s : json_get_str(m, c, NULL);
}

char *kcidb_id(const struct kcidb *k, const char *kind, struct sha256_hex h)
{
	return xasprintf("%s:%s-%s", k->origin, kind, h.str);
}

void kcidb_put_list(json_t *object, const char *key, json_t *take_list)
{
	if (json_array_size(take_list))
		json_put(object, key, take_list);
	else
		json_decref(take_list);
}

void kcidb_put_misc(json_t *object, json_t *take_ours)
{
	_cleanup_json_ json_t *ours = take_ours;
	json_t *misc = json_object();

	json_put(misc, "bootrig", kcidb_clean(ours));
	json_put(object, "misc", misc);
}

static json_t *assemble(struct kcidb *k)
{
	json_t *out = json_object(), *version = json_object();

	json_put(version, "major", json_integer(5));
	json_put(version, "minor", json_integer(3));
	json_put(out, "version", version);
	kcidb_put_list(out, "checkouts", k->checkouts);
	kcidb_put_list(out, "builds", k->builds);
	kcidb_put_list(out, "tests", k->tests);
	kcidb_put_list(out, "issues", k->issues);
	kcidb_put_list(out, "incidents", k->incidents);
	free(k->checkout_id);
	free(k->build_id);
	return out;
}

static const char *default_origin(void)
{
	const char *s = getenv("BOOTRIG_ORIGIN");

	return s && *s ? s : "bootrig";
}

int kcidb_from_result(const json_t *result, const struct kcidb_opts *opts, json_t **out,
		      struct err *err)
{
	struct kcidb k = {
		.result = result,
		.opts = opts,
		.origin = opts->origin ? opts->origin : default_origin(),
		.run = json_get_str(result, "id", ""),
	};

	*out = NULL;
	if (!*k.origin ||
	    k.origin[strspn(k.origin, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return err_set(
			err, ERR_JOB, -EINVAL,
			"KCIDB origin \"%s\": want lower-case letters, digits and _",
			k.origin);
	if (!run_id_is_valid(k.run))
		return err_set(err, ERR_JOB, -EINVAL, "the result has no valid id");
	k.checkouts = json_array();
	k.builds = json_array();
	k.tests = json_array();
	k.issues = json_array();
	k.incidents = json_array();
	kcidb_add_build(&k);
	kcidb_add_tests(&k);
	kcidb_add_incidents(&k);
	*out = assemble(&k);
	return 0;
}
