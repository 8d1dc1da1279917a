// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kernels are run with which configurations, in which order, and what is expected.
 */
#include "parse/job_cells.h"

#include "tap.h"
#include "util/strbuf.h"

static char plain[] = "plain", lockdep[] = "lockdep", v1[] = "v1", v2[] = "v2",
	    distro[] = "distro";
static struct job_config configs[] = { { .name = plain }, { .name = lockdep } };

static void check_order(const struct job_cells *cells, const char *want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < cells->n; i++)
		strbuf_addf(&sb, "%s%s", i ? " " : "", cells->v[i].name);
	CHECK_STR(strbuf_str(&sb), want);
}

TEST(one_configuration_comes_after_the_other)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD },
				  { .name = v2, .from = JOB_KERNEL_BUILD } };
	struct job_kernels k = { .v = v, .n = 2, .configs = configs, .n_configs = 2 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	job_cells_list(&k, &cells);
	check_order(&cells, "v1/plain v2/plain v1/lockdep v2/lockdep");
	CHECK(cells.v[2].kernel == &v[0]);
	CHECK(cells.v[2].config == &configs[1]);
}

TEST(what_is_built_already_is_not_configured_again)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD },
				  { .name = distro, .from = JOB_KERNEL_BUNDLE } };
	struct job_kernels k = { .v = v, .n = 2, .configs = configs, .n_configs = 2 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	job_cells_list(&k, &cells);
	check_order(&cells, "distro v1/plain v1/lockdep");
	CHECK(!cells.v[0].config);
}

TEST(a_kernel_may_skip_a_configuration)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD },
				  { .name = v2, .from = JOB_KERNEL_BUILD } };
	struct job_kernels k = { .v = v, .n = 2, .configs = configs, .n_configs = 2 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	strvec_add(&v[0].configs_skipped, "lockdep");
	job_cells_list(&k, &cells);
	check_order(&cells, "v1/plain v2/plain v2/lockdep");
	strvec_release(&v[0].configs_skipped);
}

TEST(without_configurations_a_cell_is_its_kernel)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD } };
	struct job_kernels k = { .v = v, .n = 1 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	job_cells_list(&k, &cells);
	check_order(&cells, "v1");
	CHECK(job_cells_find(&cells, "v1") == &cells.v[0]);
	CHECK(!job_cells_find(&cells, "v1/plain"));
}

TEST(a_kernels_name_alone_is_its_only_cell)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD },
				  { .name = v2, .from = JOB_KERNEL_BUILD } };
	struct job_kernels k = { .v = v, .n = 2, .configs = configs, .n_configs = 2 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	strvec_add(&v[1].configs_skipped, "plain");
	job_cells_list(&k, &cells);
	CHECK(!job_cells_find(&cells, "v1"));
	CHECK_STR(job_cells_find(&cells, "v2")->name, "v2/lockdep");
	CHECK_STR(job_cells_find(&cells, "v1/lockdep")->name, "v1/lockdep");
	strvec_release(&v[1].configs_skipped);
}

TEST(an_expectation_of_a_configuration_goes_before_the_kernels)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD } };
	struct job_kernels k = { .v = v, .n = 1, .configs = configs, .n_configs = 2 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	__typeof__(*v[0].outcomes) other = { .config = lockdep };

	v[0].outcomes = &other;
	v[0].n_outcomes = 1;
	job_cells_list(&k, &cells);
	CHECK(cells.v[0].outcome == &v[0].outcome);
	CHECK(cells.v[1].outcome == &other.outcome);
}

static void check_kept(struct job_kernels *k, const char *pattern, const char *other,
		       const char *want)
{
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	_cleanup_strvec_ struct strvec patterns = STRVEC_INIT;

	strvec_add(&patterns, pattern);
	strvec_add(&patterns, other);
	job_cells_list(k, &cells);
	const char *unknown = job_cells_keep(&cells, &patterns);
	CHECK(!unknown);
	check_order(&cells, want);
}

TEST(cells_are_kept_by_name_kernel_or_pattern_in_their_own_order)
{
	struct job_kernel v[] = { { .name = v1, .from = JOB_KERNEL_BUILD },
				  { .name = v2, .from = JOB_KERNEL_BUILD } };
	struct job_kernels k = { .v = v, .n = 2, .configs = configs, .n_configs = 2 };
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	_cleanup_strvec_ struct strvec patterns = STRVEC_INIT;

	check_kept(&k, "v2/lockdep", "v1/plain", "v1/plain v2/lockdep");
	check_kept(&k, "v1", "v1", "v1/plain v1/lockdep");
	check_kept(&k, "*/plain", "v2*n", "v1/plain v2/plain");
	check_kept(&k, "v?/lock*", "v1/lockdep", "v1/lockdep v2/lockdep");

	job_cells_list(&k, &cells);
	strvec_add(&patterns, "v1");
	strvec_add(&patterns, "v3");
	CHECK_STR(job_cells_keep(&cells, &patterns), "v3");
	check_order(&cells, "v1/plain v2/plain v1/lockdep v2/lockdep");
}

TESTS(T(one_configuration_comes_after_the_other),
      T(what_is_built_already_is_not_configured_again),
      T(a_kernel_may_skip_a_configuration),
      T(without_configurations_a_cell_is_its_kernel),
      T(a_kernels_name_alone_is_its_only_cell),
      T(cells_are_kept_by_name_kernel_or_pattern_in_their_own_order),
      T(an_expectation_of_a_configuration_goes_before_the_kernels))
