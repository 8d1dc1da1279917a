// SPDX-License-Identifier: GPL-2.0-or-later
/* How a kernel is built: the keys of `kernel: build:`, which a kernel of `select:` may
 * have for itself. Whether base and series are what they say is found out by whoever
 * builds. */
#include "parse/job_spec_kernel.h"

#include "util/mem.h"

/* A path, unless it is a word that names no file beside the job. In a copy of a job only
 * the text can tell: what is a path has a slash. */
static bool is_path(const struct spec_report *r, const char *s)
{
	if (s[0] == '/' || s[0] == '.')
		return true;
	if (r->is_copy)
		return strchr(s, '/');
	_cleanup_free_ char *path = spec_resolve(r->dir, s);

	return access(path, F_OK) == 0;
}

void job_load_base(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str)
{
	const char *s;

	if (spec_get_line(r, n, what, &s))
		spec_store_str(str, is_path(r, s) || strchr(s, '/')
					    ? spec_resolve(r->dir, s)
					    : xstrdup(s));
}

/* "v6.12..fix/vb2" is a range; "patches/vb2" and "../patches" are not. */
void job_load_series(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *str)
{
	const char *s;

	if (spec_get_line(r, n, what, &s))
		spec_store_str(str, is_path(r, s) || (strchr(s, '/') && !strstr(s, ".."))
					    ? spec_resolve(r->dir, s)
					    : xstrdup(s));
}

void job_load_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+.~^";
	const char *s;

	if (!spec_get_line(r, n, what, &s))
		return;
	if (s[0] == '-' || s[strspn(s, allowed)])
		spec_complain(r, n->mark, "%s is \"%.60s\"; expected one word", what, s);
	else
		spec_store_str(str, xstrdup(s));
}

void job_load_arch(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str)
{
	static const char *const words[] = { "arm64", "arm", "riscv", "x86" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

/* A prefix, perhaps with the path of its tools. */
void job_load_cross(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str)
{
	const char *s;

	if (!spec_get_line(r, n, what, &s))
		return;
	if (strpbrk(s, " \t'\"\\$;&|"))
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected a prefix such as aarch64-linux-gnu-",
			what, s);
	else
		spec_store_str(str, xstrdup(s));
}

void job_load_config_base(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	const char *s;

	if (!spec_get_line(r, n, what, &s))
		return;
	if (is_path(r, s) || strchr(s, '/'))
		spec_store_str(str, spec_resolve(r->dir, s));
	else
		job_load_word(r, n, what, str);
}

void job_load_fragments(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *strvec)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;

	if (!yaml_get_lines(r, n, what, &lines))
		return;
	for (size_t i = 0; i < lines.n; i++) {
		const struct yaml_node *at = n->kind == YAML_LIST ? n->vals[i] : n;

		if (!lines.v[i][0])
			spec_complain(r, at->mark, "%s is empty; expected a path", what);
		else
			strvec_add_take(strvec, spec_resolve(r->dir, lines.v[i]));
	}
}

static const struct yaml_field build_fields[] = { JOB_BUILD_FIELDS(struct job_build, ) };

void job_load_build(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *build)
{
	struct job_build *b = build;

	b->mark = n->mark;
	yaml_load_map(r, n, what, build_fields, ARRAY_SIZE(build_fields), b);
}
