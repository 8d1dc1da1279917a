// SPDX-License-Identifier: GPL-2.0-or-later
/* Test definitions: one item of `definitions:` in a job, and LAVA's test definition file,
 * which an inline definition carries as its `repository`. Fetches nothing. */
#include "parse/spec_load.h"

#include <errno.h>

#include "util/mem.h"

/* A definition while it is read: params of the definition itself stay below the job's,
 * which may come later in the file. */
struct draft {
	struct job_definition *d;
	struct job_param *own;
	size_t n_own;
	struct strvec install_steps;
	const struct yaml_node *install;
	bool has_steps;
};

static void load_params(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *draft)
{
	struct draft *t = draft;

	job_load_params(r, n, what, false, &t->d->params, &t->d->n_params);
}

static void load_own_params(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *draft)
{
	struct draft *t = draft;

	job_load_params(r, n, what, false, &t->own, &t->n_own);
}

static void load_metadata(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *draft)
{
	static const char *const formats[] = { "Lava-Test Test Definition 1.0",
					       "Lava-Test-Shell Test Definition 1.0" };
	const struct yaml_node *format = yaml_find(n, "format");
	size_t i;

	if (yaml_want_map(r, n, what) && format)
		(void)yaml_get_word(r, format, "metadata.format", formats,
				    ARRAY_SIZE(formats), &i);
}

static void load_steps(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *draft)
{
	struct draft *t = draft;

	if (!yaml_want_list(r, n, what) || !yaml_get_strs(r, n, what, &t->d->steps))
		return;
	t->has_steps = true;
	if (!n->n)
		spec_complain(r, n->mark, "%s is empty; expected one step or more", what);
}

static const struct yaml_field run_fields[] = {
	YAML_FN_BASE_REQUIRED("steps", load_steps),
};

static void load_run(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *draft)
{
	yaml_load_map(r, n, what, run_fields, ARRAY_SIZE(run_fields), draft);
}

static void load_install(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *draft)
{
	struct draft *t = draft;

	if (!yaml_is_null(n) && yaml_want_map(r, n, what))
		t->install = n;
}

static const struct yaml_field testdef_fields[] = {
	YAML_FN_BASE("metadata", load_metadata),
	YAML_FN_BASE("run", load_run),
	YAML_FN_BASE("install", load_install),
	YAML_FN_BASE("params", load_own_params),
	YAML_FN_BASE("parameters", load_own_params),
	YAML_REFUSED("parse",
		     "print results with lava-test-case, or use a test with monitors"),
};

static void load_testdef(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *draft)
{
	yaml_load_map(r, n, what, testdef_fields, ARRAY_SIZE(testdef_fields), draft);
}

static bool skips(const struct draft *t, const char *part)
{
	for (size_t i = 0; i < t->d->skip_install.n; i++)
		if (strcmp(t->d->skip_install.v[i], part) == 0 ||
		    strcmp(t->d->skip_install.v[i], "all") == 0)
			return true;
	return false;
}

/* install.steps run before run.steps; the rest of install needs a network and a package
 * manager on the board, which bootrig does not assume. */
static void settle_install(struct spec_report *r, struct draft *t)
{
	static const char *const parts[] = { "deps", "git-repos", "keys", "sources" };

	for (size_t i = 0; t->install && i < t->install->n; i++) {
		const struct yaml_node *key = t->install->keys[i];
		const struct yaml_node *val = t->install->vals[i];
		bool is_known = strncmp(key->text, "deps-", 5) == 0;

		for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
			is_known = is_known || strcmp(key->text, parts[k]) == 0;
		if (strcmp(key->text, "steps") == 0) {
			if (!skips(t, "steps"))
				(void)yaml_get_strs(r, val, "install.steps",
						    &t->install_steps);
		} else if (!is_known) {
			spec_complain(
				r, key->mark,
				"unknown key \"%.60s\" in install; expected one of: steps, deps, git-repos, keys, sources",
				key->text);
		} else if (!skips(t, strncmp(key->text, "deps", 4) == 0 ? "deps"
									: key->text) &&
			   !(val->kind == YAML_LIST && !val->n) && !yaml_is_null(val)) {
			spec_complain(
				r, key->mark,
				"install.%.60s is not supported; put what the test needs into the file system, or say skip_install: [%s]",
				key->text,
				strncmp(key->text, "deps", 4) == 0 ? "deps" : key->text);
		}
	}
	if (!t->install_steps.n)
		return;
	for (size_t i = 0; i < t->d->steps.n; i++)
		strvec_add(&t->install_steps, t->d->steps.v[i]);
	strvec_release(&t->d->steps);
	t->d->steps = t->install_steps;
	t->install_steps = (struct strvec)STRVEC_INIT;
}

static void settle(struct spec_report *r, struct draft *t)
{
	settle_install(r, t);
	for (size_t i = 0; i < t->n_own; i++)
		job_add_param(&t->d->params, &t->d->n_params, t->own[i].name,
			      t->own[i].value, false);
	job_release_params(t->own, t->n_own);
	strvec_release(&t->install_steps);
}

static void load_skip_install(struct spec_report *r, const struct yaml_node *n,
			      const char *what, void *draft)
{
	static const char *const words[] = { "keys",  "sources",   "deps",
					     "steps", "git-repos", "all" };
	struct draft *t = draft;
	size_t k;

	if (!yaml_want_list(r, n, what))
		return;
	for (size_t i = 0; i < n->n; i++)
		if (yaml_get_word(r, n->vals[i], what, words, ARRAY_SIZE(words), &k))
			strvec_add(&t->d->skip_install, words[k]);
}

static void load_signal(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *draft)
{
	static const char *const words[] = { "stdout" };
	size_t i;

	(void)yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i);
}

static void load_name(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *draft)
{
	spec_load_name(r, n, what, &((struct draft *)draft)->d->name);
}

static void store_line(struct spec_report *r, const struct yaml_node *n, const char *what,
		       char **out)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (!s[0] || strpbrk(s, "\r\n") || s[0] == '-') {
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected one line that begins without \"-\"",
			what, s);
		return;
	}
	free(*out);
	*out = xstrdup(s);
}

/* A path inside the repository stays inside. */
static void load_inner_path(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *draft)
{
	struct draft *t = draft;

	store_line(r, n, what, &t->d->path);
	if (t->d->path && (t->d->path[0] == '/' || strstr(t->d->path, "..")))
		spec_complain(r, n->mark,
			      "%s is \"%.60s\"; expected a path inside the repository",
			      what, t->d->path);
}

static void load_repository(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *draft)
{
	store_line(r, n, what, &((struct draft *)draft)->d->repository);
}

static void load_branch(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *draft)
{
	store_line(r, n, what, &((struct draft *)draft)->d->branch);
}

static void load_revision(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *draft)
{
	store_line(r, n, what, &((struct draft *)draft)->d->revision);
}

static void load_file_path(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *draft)
{
	spec_load_path(r, n, what, &((struct draft *)draft)->d->path);
}

#define DEFINITION_FIELDS                                                                \
	YAML_ANY("from"), /* read first */                                               \
		YAML_FN_BASE_REQUIRED("name", load_name),                                \
		YAML_FN_BASE("params", load_params),                                     \
		YAML_FN_BASE("parameters", load_params),                                 \
		YAML_FN_BASE("skip_install", load_skip_install),                         \
		YAML_FN_BASE("lava-signal", load_signal),                                \
		YAML_REFUSED("expected",                                                 \
			     "a test with monitors can name expected cases"),            \
		YAML_REFUSED("docker", "bootrig tests on the board, not in a container")

static const struct yaml_field inline_fields[] = {
	DEFINITION_FIELDS, YAML_FN_BASE("repository", load_testdef),
	YAML_FN_BASE("run", load_run),
	YAML_ANY("path"), /* LAVA wants one to name its own file by */
};

static const struct yaml_field git_fields[] = {
	DEFINITION_FIELDS,
	YAML_FN_BASE_REQUIRED("repository", load_repository),
	YAML_FN_BASE_REQUIRED("path", load_inner_path),
	YAML_FN_BASE("branch", load_branch),
	YAML_FN_BASE("revision", load_revision),
	YAML_FN_BASE("history", spec_load_any_bool),
};

static const struct yaml_field file_fields[] = {
	DEFINITION_FIELDS,
	YAML_FN_BASE_REQUIRED("path", load_file_path),
};

static bool read_from(struct spec_report *r, const struct yaml_node *n,
		      enum job_definition_from *out)
{
	static const char *const words[] = { "inline", "git", "file" };
	const struct yaml_node *from = yaml_find(n, "from");
	size_t i;

	if (!from) {
		spec_complain(
			r, n->mark,
			"the definition has no \"from\"; expected inline, git or file");
		return false;
	}
	for (const char *const *s = (const char *const[]){ "url", "bzr", "tar", NULL };
	     *s && from->kind == YAML_SCALAR; s++)
		if (strcmp(from->text, *s) == 0) {
			spec_complain(
				r, from->mark,
				"definition from: %s is not supported; expected inline, git or file",
				*s);
			return false;
		}
	if (!yaml_get_word(r, from, "definition.from", words, ARRAY_SIZE(words), &i))
		return false;
	*out = i == 0 ? JOB_FROM_INLINE : i == 1 ? JOB_FROM_GIT : JOB_FROM_FILE;
	return true;
}

void job_load_definition(struct spec_report *r, const struct yaml_node *n,
			 struct job_definition *d)
{
	struct draft t = { .d = d };

	d->mark = n->mark;
	if (!yaml_want_map(r, n, "the definition") || !read_from(r, n, &d->from))
		return;
	switch (d->from) {
	case JOB_FROM_INLINE:
		yaml_load_map(r, n, "definition", inline_fields,
			      ARRAY_SIZE(inline_fields), &t);
		if (!t.has_steps && !yaml_find(n, "run") &&
		    !yaml_find(yaml_find(n, "repository"), "run"))
			spec_complain(
				r, n->mark,
				"the definition has no steps; expected repository.run.steps");
		break;
	case JOB_FROM_GIT:
		yaml_load_map(r, n, "definition", git_fields, ARRAY_SIZE(git_fields), &t);
		break;
	case JOB_FROM_FILE:
		yaml_load_map(r, n, "definition", file_fields, ARRAY_SIZE(file_fields),
			      &t);
		break;
	}
	settle(r, &t);
}

int job_definition_parse(struct job_definition *def, const char *path, const char *text,
			 size_t len, struct spec_messages *msgs, struct err *err)
{
	_cleanup_spec_report_ struct spec_report r = { .path = path };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	struct draft t = { .d = def };

	if (yaml_parse(text, len, &doc, &r))
		return spec_report_finish(&r, msgs, err);
	strvec_release(&def->steps);
	load_testdef(&r, yaml_root(doc), "the test definition", &t);
	if (!t.has_steps && yaml_root(doc)->kind == YAML_MAP &&
	    !yaml_find(yaml_root(doc), "run"))
		spec_complain(&r, yaml_root(doc)->mark,
			      "the test definition has no steps; expected run.steps");
	settle(&r, &t);
	return spec_report_finish(&r, msgs, err);
}

void job_release_definition(struct job_definition *d)
{
	free(d->name);
	free(d->repository);
	free(d->path);
	free(d->branch);
	free(d->revision);
	strvec_release(&d->steps);
	strvec_release(&d->skip_install);
	job_release_params(d->params, d->n_params);
}
