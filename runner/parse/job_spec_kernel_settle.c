// SPDX-License-Identifier: GPL-2.0-or-later
/* What `bootrig: kernel:` says, held against the rest of the job: hypotheses and
 * configurations that are there, cells and labels that differ. */
#include "parse/job_spec_kernel.h"

#include "parse/job_cells.h"
#include "util/mem.h"

enum { MAX_CELLS = 1000 };

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
