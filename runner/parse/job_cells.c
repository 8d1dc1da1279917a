// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels times configurations. */
#include "parse/job_cells.h"

#include <fnmatch.h>

#include "util/mem.h"

static const struct job_outcome *outcome_of(const struct job_kernel *k,
					    const struct job_config *config)
{
	for (size_t i = 0; config && i < k->n_outcomes; i++)
		if (strcmp(k->outcomes[i].config, config->name) == 0)
			return &k->outcomes[i].outcome;
	return &k->outcome;
}

static bool skips(const struct job_kernel *k, const struct job_config *config)
{
	for (size_t i = 0; i < k->configs_skipped.n; i++)
		if (strcmp(k->configs_skipped.v[i], config->name) == 0)
			return true;
	return false;
}

static void add(struct job_cells *out, const struct job_kernel *k,
		const struct job_config *config)
{
	out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct job_cell){
		.name = config ? xasprintf("%s/%s", k->name, config->name)
			       : xstrdup(k->name),
		.kernel = k,
		.config = config,
		.outcome = outcome_of(k, config),
	};
}

/* Nothing can be configured any more in what is built already. */
static bool has_configs(const struct job_kernels *kernels, const struct job_kernel *k)
{
	return kernels->n_configs && k->from == JOB_KERNEL_BUILD;
}

void job_cells_list(const struct job_kernels *kernels, struct job_cells *out)
{
	*out = (struct job_cells)JOB_CELLS_INIT;
	for (size_t i = 0; i < kernels->n; i++)
		if (!has_configs(kernels, &kernels->v[i]))
			add(out, &kernels->v[i], NULL);
	for (size_t c = 0; c < kernels->n_configs; c++)
		for (size_t i = 0; i < kernels->n; i++)
			if (has_configs(kernels, &kernels->v[i]) &&
			    !skips(&kernels->v[i], &kernels->configs[c]))
				add(out, &kernels->v[i], &kernels->configs[c]);
}

const struct job_cell *job_cells_find(const struct job_cells *cells, const char *name)
{
	const struct job_cell *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < cells->n; i++) {
		if (strcmp(cells->v[i].name, name) == 0)
			return &cells->v[i];
		if (strcmp(cells->v[i].kernel->name, name) == 0) {
			only = &cells->v[i];
			n++;
		}
	}
	return n == 1 ? only : NULL;
}

static bool means(const char *pattern, const struct job_cell *cell)
{
	return fnmatch(pattern, cell->name, 0) == 0 ||
	       fnmatch(pattern, cell->kernel->name, 0) == 0;
}

const char *job_cells_keep(struct job_cells *cells, const struct strvec *patterns)
{
	bool *kept = xcalloc(cells->n + 1, sizeof(*kept));
	const char *unknown = NULL;
	size_t n = 0;

	for (size_t i = 0; i < patterns->n && !unknown; i++) {
		bool found = false;

		for (size_t c = 0; c < cells->n; c++)
			if (means(patterns->v[i], &cells->v[c]))
				kept[c] = found = true;
		unknown = found ? NULL : patterns->v[i];
	}
	for (size_t c = 0; c < cells->n && !unknown; c++) {
		if (kept[c])
			cells->v[n++] = cells->v[c];
		else
			free(cells->v[c].name);
	}
	cells->n = unknown ? cells->n : n;
	free(kept);
	return unknown;
}

char *job_cell_label(const struct job_cell *cell)
{
	return cell->config ? xasprintf("%s-%s", cell->kernel->name, cell->config->name)
			    : xstrdup(cell->kernel->name);
}

void job_cells_release(struct job_cells *cells)
{
	for (size_t i = 0; i < cells->n; i++)
		free(cells->v[i].name);
	free(cells->v);
	*cells = (struct job_cells)JOB_CELLS_INIT;
}
