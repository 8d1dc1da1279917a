// SPDX-License-Identifier: GPL-2.0-or-later
/* Job files, test definition files and the masked copy, from any bytes. */
#include "parse/job_cells.h"
#include "parse/job_spec.h"
#include "parse/yaml.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each cell has a name, a label and something to boot. */
static void check_cells(const struct job_kernels *kernels)
{
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	job_cells_list(kernels, &cells);
	if (kernels->n && !cells.n)
		BUG("kernels without cells");
	for (size_t i = 0; i < cells.n; i++) {
		const struct job_kernel *k = cells.v[i].kernel;
		_cleanup_free_ char *label = job_cell_label(&cells.v[i]);

		if (!label[0] || strlen(label) > 64 ||
		    (k->from == JOB_KERNEL_FILES && !k->kernel.url) ||
		    (k->from == JOB_KERNEL_BUNDLE && !k->bundle.url) ||
		    (k->from == JOB_KERNEL_BUILD && !k->build.base && !k->build.command))
			BUG("cell %s is incomplete", cells.v[i].name);
	}
}

static void parse_job(const char *text, size_t len)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;
	int r = job_spec_parse("/j/job.yaml", text, len, &job, &msgs, &err);

	if ((r == 0) != (job != NULL) || (r == 0) != (msgs.v.n == 0) ||
	    (r && err.class != ERR_JOB))
		BUG("result %d with %zu messages", r, msgs.v.n);
	/* What passed has all that the rest relies on. */
	for (size_t i = 0; job && i < job->n_actions; i++) {
		const struct job_action *a = &job->actions[i];

		if (a->timeout_ms <= 0 || a->timeout_ms > job->job_timeout_ms ||
		    !a->mark.line ||
		    (a->kind == JOB_DEPLOY && !a->deploy.kernel.url && !job->kernels.n) ||
		    (a->kind == JOB_BOOT && !a->boot.prompts.n))
			BUG("action %zu is incomplete", i);
	}
	if (job)
		check_cells(&job->kernels);
	job_spec_free(job);
	strvec_release(&msgs.v);
}

static void parse_definition(const char *text, size_t len)
{
	struct job_definition d = { .from = JOB_FROM_GIT };
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = job_definition_parse(&d, "d.yaml", text, len, &msgs, &err);

	if (r == 0 && !d.steps.n)
		BUG("a definition without steps passed");
	for (size_t i = 0; i < d.n_params; i++) {
		free(d.params[i].name);
		free(d.params[i].value);
	}
	free(d.params);
	strvec_release(&d.steps);
	strvec_release(&msgs.v);
}

static bool is_same_tree(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_same_tree(a->vals[i], b->vals[i]))
			return false;
	return true;
}

/* The copy for the run directory is YAML of the same shape. */
static void check_masked(const char *text, size_t size)
{
	_cleanup_spec_report_ struct spec_report r = { .path = "t" };
	_cleanup_yaml_doc_ struct yaml_doc *was = NULL, *now = NULL;
	_cleanup_free_ char *masked = spec_masked_text(text, size);

	if (yaml_parse(text, size, &was, &r))
		return;
	if (yaml_parse(masked, strlen(masked), &now, &r))
		BUG("the masked copy is no YAML: %s", r.v[0].text);
	if (!is_same_tree(yaml_root(was), yaml_root(now)))
		BUG("the masked copy is another tree");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	parse_job(text, size);
	parse_definition(text, size);
	check_masked(text, size);
	return 0;
}
