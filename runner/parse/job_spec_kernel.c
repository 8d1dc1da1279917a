// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: kernel:` as a checked struct: the kernels of a job and their configurations.
 */
#include "parse/job_spec_kernel.h"

#include "util/mem.h"

/* A label of U-Boot's configuration has both names and a dash: 64 bytes. */
enum { MAX_KERNELS = 200, MAX_CONFIGS = 20, MAX_NAME = 31 };

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
	YAML_FN_BASE("dtb", job_load_dtb),
	YAML_BOOL("fdtdir", struct job_kernel, fdtdir),
	YAML_FN("overlays", job_load_overlays, struct job_kernel, overlays),
	YAML_FN_BASE("modules", job_load_modules),
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
	job_check_kernel_files(r, k);
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
