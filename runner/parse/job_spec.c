// SPDX-License-Identifier: GPL-2.0-or-later
/* The top of a job file, and loading it. What stands below its keys is read by
 * job_spec_*.c, one for each. */
#include "parse/job_spec.h"

#include <errno.h>

#include "parse/spec_load.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

static void load_job_name(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (!s[0] || strlen(s) > 200 || strpbrk(s, "\r\n"))
		spec_complain(r, n->mark, "%s is %s; expected one line of 1 to 200 bytes",
			      what, s[0] ? "too long" : "empty");
	else
		*(char **)str = xstrdup(s);
}

static void load_visibility(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *str)
{
	static const char *const words[] = { "public", "personal" };
	_cleanup_strvec_ struct strvec groups = STRVEC_INIT;
	const struct yaml_node *group = yaml_find(n, "group");
	size_t i;

	if (n->kind != YAML_MAP) {
		spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
		return;
	}
	if (n->n != 1 || !group) {
		spec_complain(
			r, n->mark,
			"%s is a mapping without group; expected public, personal or {group: [...]}",
			what);
		return;
	}
	if (!yaml_get_strs(r, group, "visibility.group", &groups))
		return;
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "group:");
	for (i = 0; i < groups.n; i++)
		strbuf_addf(&sb, "%s%s", i ? ", " : " ", groups.v[i]);
	*(char **)str = strbuf_take(&sb);
}

static void load_priority(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	static const char *const words[] = { "high", "medium", "low" };
	uint64_t v;

	if (n->kind == YAML_SCALAR && n->text[0] >= '0' && n->text[0] <= '9') {
		if (yaml_get_u64(r, n, what, 0, 100, &v))
			*(char **)str = xstrdup(n->text);
	} else {
		spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
	}
}

static void load_metadata(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *json)
{
	if (yaml_want_map(r, n, what))
		*(void **)json = yaml_to_json(n, false);
}

/* Shell variables for every definition, below what those set themselves. Kept with the
 * job until the actions are there. */
static void load_environment(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *base)
{
	struct job_spec *job = base;

	job_load_params(r, n, what, true, &job->environment, &job->n_environment);
}

static const struct yaml_field job_fields[] = {
	YAML_FN_REQUIRED("job_name", load_job_name, struct job_spec, job_name),
	YAML_LINE("device_type", struct job_spec, device_type),
	YAML_FN_BASE_REQUIRED("timeouts", job_load_timeouts),
	YAML_FN("priority", load_priority, struct job_spec, priority),
	YAML_FN("visibility", load_visibility, struct job_spec, visibility),
	YAML_FN("metadata", load_metadata, struct job_spec, metadata),
	YAML_FN("context", job_load_context, struct job_spec, context),
	YAML_LINES("tags", struct job_spec, tags),
	YAML_FN_BASE("environment", load_environment),
	YAML_FN_BASE("reboot_to_fastboot", spec_load_only_false),
	YAML_FN_BASE_REQUIRED("actions", job_load_actions),
	YAML_FN_BASE("bootrig", job_load_bootrig),
	YAML_REFUSED("notify",
		     "name where results go under bootrig: results: [{post: URL}]"),
	YAML_REFUSED("secrets", "what is typed on a console is recorded; leave it out"),
	YAML_REFUSED("protocols",
		     "one job runs on one board, without LAVA's MultiNode, LXC or VLANd"),
};

static struct spec_mark mark_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_find(map, key);

	return n ? n->mark : (struct spec_mark){ 0, 0 };
}

static int parse(const char *path, bool is_copy, const char *text, size_t len,
		 struct job_spec **out, struct spec_messages *msgs, struct err *err)
{
	_cleanup_free_ char *dir = spec_dir_of(path);
	_cleanup_spec_report_ struct spec_report r = { .path = path,
						       .dir = dir,
						       .is_copy = is_copy };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	_cleanup_job_spec_ struct job_spec *job = xcalloc(1, sizeof(*job));

	*out = NULL;
	job->path = xstrdup(path);
	job->text = xstrndup(text, len);
	job->text_len = len;
	job->recover = -1;
	job->loop_boots = 3;
	memset(job->watch.fatal, -1, sizeof(job->watch.fatal));
	if (yaml_parse(text, len, &doc, &r) == 0 &&
	    yaml_load_map(&r, yaml_root(doc), "", job_fields, ARRAY_SIZE(job_fields),
			  job)) {
		job->device_type_mark = mark_of(yaml_root(doc), "device_type");
		job->tags_mark = mark_of(yaml_root(doc), "tags");
		job_settle(&r, job);
		job_settle_kernels(&r, job);
	}
	int ret = spec_report_finish(&r, msgs, err);

	if (ret)
		return ret;
	*out = TAKE_PTR(job);
	return 0;
}

int job_spec_parse(const char *path, const char *text, size_t len, struct job_spec **out,
		   struct spec_messages *msgs, struct err *err)
{
	return parse(path, false, text, len, out, msgs, err);
}

int job_spec_parse_copy(const char *path, const char *text, size_t len,
			struct job_spec **out, struct spec_messages *msgs,
			struct err *err)
{
	return parse(path, true, text, len, out, msgs, err);
}

int job_spec_load(const char *path, struct job_spec **out, struct spec_messages *msgs,
		  struct err *err)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int r = spec_read_file(path, &sb, msgs, err);

	*out = NULL;
	if (r)
		return r;
	return job_spec_parse(path, strbuf_str(&sb), sb.len, out, msgs, err);
}
