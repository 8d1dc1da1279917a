// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: kernel:` as a checked struct: the kernels of a job and their configurations.
 */
#include "parse/job_spec_kernel.h"

#include <strings.h>

#include "parse/job_cells.h"
#include "util/mem.h"

/* A label of U-Boot's configuration has both names and a dash: 64 bytes. */
enum {
	MAX_KERNELS = 200,
	MAX_CELLS = 1000,
	MAX_CONFIGS = 20,
	MAX_OVERLAYS = 16,
	MAX_NAME = 31
};

static void load_name(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *str)
{
	char **name = str;

	spec_load_name(r, n, what, name);
	if (!*name)
		return;
	if ((*name)[0] == '.' || (*name)[0] == '-' || strlen(*name) > MAX_NAME)
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected at most %d bytes that start with a letter or digit",
			what, *name, MAX_NAME);
}

/* "rockchip/rk3588-rock-5b.dtb": below a bundle's device trees. */
static bool is_inside(const char *path)
{
	if (!path[0] || path[0] == '/')
		return false;
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/')
		if (*p == '/' ||
		    (p[0] == '.' &&
		     (p[1] == '/' || !p[1] || (p[1] == '.' && (p[2] == '/' || !p[2])))))
			return false;
	return true;
}

static void load_inside(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	struct strvec one = STRVEC_INIT;

	if (yaml_get_lines(r, n, what, &one)) {
		if (is_inside(one.v[0])) {
			free(*(char **)str);
			*(char **)str = xstrdup(one.v[0]);
		} else {
			spec_complain(
				r, n->mark,
				"%s is \"%.60s\"; expected a path below the kernel's device trees, such as rockchip/rk3588-rock-5b.dtb",
				what, one.v[0]);
		}
	}
	strvec_release(&one);
}

static void load_dtb(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *base)
{
	struct job_kernel *k = base;

	if (n->kind == YAML_MAP)
		job_load_file_plain(r, n, what, &k->dtb);
	else if (n->kind == YAML_SCALAR)
		load_inside(r, n, what, &k->dtb_path);
	else
		spec_complain(
			r, n->mark,
			"%s is a list; expected a path inside the kernel's files, or {url: …}",
			what);
}

bool job_file_is_url(const char *s)
{
	return strncasecmp(s, "file:", 5) == 0 || strncasecmp(s, "http:", 5) == 0 ||
	       strncasecmp(s, "https:", 6) == 0;
}

static void load_overlay(struct spec_report *r, const struct yaml_node *n,
			 const char *what, struct strvec *out)
{
	const struct yaml_node *url =
		n->kind == YAML_MAP && n->n == 1 ? yaml_find(n, "url") : NULL;
	char *s = NULL;

	if (url)
		spec_load_url(r, url, what, &s);
	else if (n->kind == YAML_SCALAR && job_file_is_url(n->text))
		spec_load_url(r, n, what, &s);
	else if (n->kind == YAML_SCALAR)
		load_inside(r, n, what, &s);
	else
		spec_complain(
			r, n->mark,
			"%s is no file; expected a path inside the kernel's files, or {url: …}",
			what);
	if (s)
		strvec_add_take(out, s);
}

static void load_overlays(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *strvec)
{
	if (n->kind != YAML_LIST) {
		load_overlay(r, n, what, strvec);
		return;
	}
	if (n->n > MAX_OVERLAYS) {
		spec_complain(r, n->mark, "%s has %zu files; expected at most %d", what,
			      n->n, MAX_OVERLAYS);
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		load_overlay(r, n->vals[i], what, strvec);
}

static void load_modules(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct job_kernel *k = base;
	bool wanted;

	if (n->kind == YAML_MAP)
		job_load_file_plain(r, n, what, &k->modules);
	else if (yaml_get_bool(r, n, what, &wanted))
		k->no_modules = !wanted;
}

static void load_not_with(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *base)
{
	struct job_kernel *k = base;

	k->skipped_mark = n->mark;
	(void)yaml_get_lines(r, n, what, &k->configs_skipped);
}

static const struct yaml_field kernel_fields[] = {
	YAML_FN_REQUIRED("name", load_name, struct job_kernel, name),
	JOB_BUILD_FIELDS(struct job_kernel, build.),
	YAML_FN("from", job_load_file_plain, struct job_kernel, bundle),
	YAML_FN("kernel", job_load_file_kernel, struct job_kernel, kernel),
	YAML_FN_BASE("dtb", load_dtb),
	YAML_REFUSED("fdtdir", "name the board's device tree with dtb"),
	YAML_FN("overlays", load_overlays, struct job_kernel, overlays),
	YAML_FN_BASE("modules", load_modules),
	YAML_LINES("kernel_args", struct job_kernel, kernel_args),
	YAML_FN("vmlinux", spec_load_local_file, struct job_kernel, vmlinux),
	YAML_FN_BASE("not_with", load_not_with),
	YAML_FN("expect", job_load_outcome, struct job_kernel, outcome),
	YAML_FN_BASE("expect_in", job_load_outcomes),
};

static bool says_build(const struct job_build *b)
{
	return b->base || b->series || b->upto || b->arch || b->cross || b->config_base ||
	       b->configs.n || b->command;
}

static void find_from(struct spec_report *r, struct job_kernel *k)
{
	const int ways = (k->kernel.mark.line != 0) + (k->bundle.mark.line != 0) +
			 says_build(&k->build);

	if (ways > 1)
		spec_complain(
			r, k->mark,
			"the kernel says more than one of: kernel, from, and how it is built; expected one of them");
	k->from = k->kernel.mark.line   ? JOB_KERNEL_FILES
		  : k->bundle.mark.line ? JOB_KERNEL_BUNDLE
					: JOB_KERNEL_BUILD;
	if (k->from != JOB_KERNEL_FILES)
		return;
	if (k->dtb_path)
		spec_complain(
			r, k->mark,
			"the kernel is a single file, and no device tree is inside it; expected dtb: {url: …}");
	for (size_t i = 0; i < k->overlays.n; i++)
		if (!job_file_is_url(k->overlays.v[i]))
			spec_complain(
				r, k->mark,
				"the kernel is a single file, and %.60s is not inside it; expected overlays: [{url: …}]",
				k->overlays.v[i]);
}

static void load_kernel(struct spec_report *r, const struct yaml_node *n,
			struct job_kernel *k)
{
	k->mark = k->build.mark = n->mark;
	if (!yaml_load_map(r, n, "the kernel", kernel_fields, ARRAY_SIZE(kernel_fields),
			   k))
		return;
	find_from(r, k);
}

static void load_select(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	struct job_kernels *ks = base;

	if (!yaml_want_list(r, n, what))
		return;
	if (!n->n || n->n > MAX_KERNELS) {
		spec_complain(r, n->mark, "%s has %zu kernels; expected 1 to %d", what,
			      n->n, MAX_KERNELS);
		return;
	}
	ks->v = xcalloc(n->n, sizeof(*ks->v));
	for (; ks->n < n->n; ks->n++) {
		struct job_kernel *k = &ks->v[ks->n];

		load_kernel(r, n->vals[ks->n], k);
		for (size_t i = 0; k->name && i < ks->n; i++)
			if (ks->v[i].name && strcmp(ks->v[i].name, k->name) == 0)
				spec_complain(
					r, k->mark,
					"two kernels are named %s; expected each name once",
					k->name);
	}
}

static const struct yaml_field config_fields[] = {
	YAML_FN_REQUIRED("name", load_name, struct job_config, name),
	YAML_FN("configs", job_load_fragments, struct job_config, configs),
	YAML_LINES("kernel_args", struct job_config, kernel_args),
};

static void load_configs(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct job_kernels *ks = base;

	if (!yaml_want_list(r, n, what))
		return;
	if (!n->n || n->n > MAX_CONFIGS) {
		spec_complain(r, n->mark, "%s has %zu configurations; expected 1 to %d",
			      what, n->n, MAX_CONFIGS);
		return;
	}
	ks->configs = xcalloc(n->n, sizeof(*ks->configs));
	for (; ks->n_configs < n->n; ks->n_configs++) {
		struct job_config *c = &ks->configs[ks->n_configs];

		c->mark = n->vals[ks->n_configs]->mark;
		yaml_load_map(r, n->vals[ks->n_configs], "the configuration",
			      config_fields, ARRAY_SIZE(config_fields), c);
		for (size_t i = 0; c->name && i < ks->n_configs; i++)
			if (ks->configs[i].name &&
			    strcmp(ks->configs[i].name, c->name) == 0)
				spec_complain(
					r, c->mark,
					"two configurations are named %s; expected each name once",
					c->name);
	}
}

static void load_stage(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *all)
{
	static const char *const words[] = { "own", "all" };
	size_t i;

	if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		*(bool *)all = i == 1;
}

static const struct yaml_field kernels_fields[] = {
	YAML_FN("build", job_load_build, struct job_kernels, build),
	YAML_FN("stage", load_stage, struct job_kernels, stage_all),
	YAML_FN_BASE("configs", load_configs),
	YAML_FN_BASE_REQUIRED("select", load_select),
};

static void inherit(char **own, const char *dflt)
{
	if (!*own && dflt)
		*own = xstrdup(dflt);
}

/* upto counts the patches of a series, so it goes with the series it was said for. */
static void inherit_build(struct job_build *b, const struct job_build *dflt)
{
	if (!b->series) {
		inherit(&b->series, dflt->series);
		inherit(&b->upto, dflt->upto);
	}
	inherit(&b->base, dflt->base);
	inherit(&b->arch, dflt->arch ?: "arm64");
	inherit(&b->cross, dflt->cross);
	inherit(&b->config_base, dflt->config_base);
	inherit(&b->command, dflt->command);
	for (size_t i = 0; !b->configs.n && i < dflt->configs.n; i++)
		strvec_add(&b->configs, dflt->configs.v[i]);
}

static void check_build(struct spec_report *r, const struct job_kernel *k)
{
	const struct job_build *b = &k->build;

	if (!b->base && !b->command)
		spec_complain(
			r, k->mark,
			"the kernel has neither kernel: {url: …} nor from: {url: …} nor a base to build; expected one of them");
	else if (b->upto && !b->series)
		spec_complain(r, k->mark,
			      "the kernel has upto without series; expected both");
}

void job_load_kernels(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *kernels)
{
	struct job_kernels *ks = kernels;
	const size_t known = r->n;

	ks->mark = n->mark;
	if (!yaml_load_map(r, n, what, kernels_fields, ARRAY_SIZE(kernels_fields), ks))
		return;
	for (size_t i = 0; i < ks->n; i++) {
		if (ks->v[i].from != JOB_KERNEL_BUILD)
			continue;
		inherit_build(&ks->v[i].build, &ks->build);
		if (r->n == known)
			check_build(r, &ks->v[i]);
	}
}

/* ---- what needs the rest of the job ---- */

static const struct job_config *find_config(const struct job_kernels *ks,
					    const char *name)
{
	for (size_t i = 0; i < ks->n_configs; i++)
		if (ks->configs[i].name && strcmp(ks->configs[i].name, name) == 0)
			return &ks->configs[i];
	return NULL;
}

static void check_config(struct spec_report *r, const struct job_kernels *ks,
			 const struct job_kernel *k, const char *name, const char *key,
			 struct spec_mark mark)
{
	if (k->from != JOB_KERNEL_BUILD)
		spec_complain(
			r, mark,
			"%s stands at a kernel that is not built; expected it at a kernel with base or series",
			key);
	else if (!find_config(ks, name))
		spec_complain(
			r, mark,
			"%s names \"%.60s\", which is no configuration; expected a name from bootrig.kernel.configs",
			key, name);
}

static void check_verdicts(struct spec_report *r, const struct job_spec *job,
			   const struct job_outcome *o)
{
	/* A copy's hypotheses may stand in files that are not read. */
	for (size_t i = 0; i < o->n_hypotheses && !r->is_copy; i++) {
		bool found = false;

		for (size_t h = 0; h < job->hypotheses.n && !found; h++)
			found = strcmp(job->hypotheses.v[h].name,
				       o->hypotheses[i].name) == 0;
		if (!found)
			spec_complain(
				r, o->hypotheses[i].mark,
				"\"%.60s\" is no hypothesis of this job; expected a name from bootrig.hypotheses",
				o->hypotheses[i].name);
	}
}

static void check_kernel(struct spec_report *r, const struct job_spec *job,
			 const struct job_kernel *k)
{
	const struct job_kernels *ks = &job->kernels;

	check_verdicts(r, job, &k->outcome);
	for (size_t i = 0; i < k->n_outcomes; i++) {
		check_config(r, ks, k, k->outcomes[i].config, "expect_in",
			     k->outcomes[i].mark);
		check_verdicts(r, job, &k->outcomes[i].outcome);
	}
	for (size_t i = 0; i < k->configs_skipped.n; i++)
		check_config(r, ks, k, k->configs_skipped.v[i], "not_with",
			     k->skipped_mark);
}

/* "a-b" and "a" with configuration "b" would have one label. */
static void check_labels(struct spec_report *r, const struct job_cells *cells)
{
	_cleanup_strvec_ struct strvec labels = STRVEC_INIT;

	for (size_t i = 0; i < cells->n; i++) {
		strvec_add_take(&labels, job_cell_label(&cells->v[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(labels.v[i], labels.v[k]) == 0)
				spec_complain(
					r, cells->v[i].kernel->mark,
					"%s and %s would both be label %s; expected other names",
					cells->v[k].name, cells->v[i].name, labels.v[i]);
	}
}

static void check_cells(struct spec_report *r, const struct job_kernels *ks)
{
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	job_cells_list(ks, &cells);
	if (cells.n > MAX_CELLS)
		spec_complain(
			r, ks->mark,
			"%zu kernels with their configurations are too many; expected at most %d",
			cells.n, MAX_CELLS);
	else
		check_labels(r, &cells);
	if (ks->n && !cells.n)
		spec_complain(
			r, ks->mark,
			"no kernel is left to run, not_with names every configuration; expected one or more");
}

void job_settle_kernels(struct spec_report *r, const struct job_spec *job)
{
	for (size_t i = 0; i < job->kernels.n; i++)
		check_kernel(r, job, &job->kernels.v[i]);
	if (!r->n)
		check_cells(r, &job->kernels);
}

/* ---- the end ---- */

static void release_build(struct job_build *b)
{
	free(b->base);
	free(b->series);
	free(b->upto);
	free(b->arch);
	free(b->cross);
	free(b->config_base);
	strvec_release(&b->configs);
	free(b->command);
}

static void release_kernel(struct job_kernel *k)
{
	free(k->name);
	job_release_file(&k->kernel);
	job_release_file(&k->bundle);
	job_release_file(&k->dtb);
	job_release_file(&k->modules);
	release_build(&k->build);
	free(k->dtb_path);
	strvec_release(&k->overlays);
	strvec_release(&k->kernel_args);
	free(k->vmlinux);
	strvec_release(&k->configs_skipped);
	job_release_outcome(&k->outcome);
	for (size_t i = 0; i < k->n_outcomes; i++) {
		free(k->outcomes[i].config);
		job_release_outcome(&k->outcomes[i].outcome);
	}
	free(k->outcomes);
}

void job_release_kernels(struct job_kernels *ks)
{
	for (size_t i = 0; i < ks->n; i++)
		release_kernel(&ks->v[i]);
	for (size_t i = 0; i < ks->n_configs; i++) {
		free(ks->configs[i].name);
		strvec_release(&ks->configs[i].configs);
		strvec_release(&ks->configs[i].kernel_args);
	}
	free(ks->v);
	free(ks->configs);
	release_build(&ks->build);
}
