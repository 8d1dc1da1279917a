// SPDX-License-Identifier: GPL-2.0-or-later
/* What a job may say: our own keys and what stands without them, definitions, paths, and
 * which file is a job at all. */
#include "parse/job_spec.h"

#include <fcntl.h>

#include "job_text.h"
#include "util/io.h"

TEST(our_own_keys_are_read)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		"job_name: t\ntimeouts: {job: {minutes: 30}}\n"
		"bootrig:\n"
		"  silence: {seconds: 5}\n"
		"  probe: 1.5\n"
		"  watch: {fatal: [warn, lockdep], record: [hung-task]}\n"
		"  expect: {kind: [null-deref, panic], function: dma_*, title: ['*fence*'], "
		"test_failure: yes}\n"
		"  kernel_args: panic=1 quiet\n"
		"  harvest: [dmesg]\n"
		"  recovery: off\n"
		"  loop: {boots: 5}\n"
		"  results: [{post: 'https://ci.example.org/in'}]\n"
		"actions:\n" MINIMAL);

	CHECK_EQ(job->silence_ms, 5000);
	CHECK_EQ(job->silence_probe_ms, 1500);
	CHECK_EQ(job->watch.fatal[INCIDENT_WARN], 1);
	CHECK_EQ(job->watch.fatal[INCIDENT_HUNG_TASK], 0);
	CHECK_EQ(job->watch.fatal[INCIDENT_PANIC], -1);
	CHECK(job->expect.given);
	CHECK(job->expect.test_failure);
	CHECK_EQ(job->expect.kinds, 1ULL << INCIDENT_NULL_DEREF | 1ULL << INCIDENT_PANIC);
	CHECK_STR(job->expect.functions.v[0], "dma_*");
	CHECK_STR(job->kernel_args.v[0], "panic=1 quiet");
	CHECK_EQ(job->recover, 0);
	CHECK_EQ(job->loop_boots, 5);
	CHECK_STR(job->result_urls.v[0], "https://ci.example.org/in");
}

TEST(without_our_keys_the_defaults_stand)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(TOP MINIMAL);

	CHECK_EQ(job->silence_ms, 0);
	CHECK_EQ(job->recover, -1);
	CHECK_EQ(job->loop_boots, 3);
	CHECK(!job->expect.given);
	for (int i = 0; i < INCIDENT_N_KINDS; i++)
		CHECK_EQ(job->watch.fatal[i], -1);
	CHECK_EQ(job->actions[0].timeout_ms, 30 * 60000);
	CHECK_EQ(job->actions[0].timeout_mark.line, 0);
}

TEST(environment_stands_below_the_values_of_a_definition)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		"job_name: t\ntimeouts: {job: {minutes: 30}}\n"
		"environment: {A: job, B: job}\nactions:\n" MINIMAL "- test:\n"
		"    definitions:\n"
		"    - {from: git, repository: r, path: p.yaml, name: n, params: {A: def}}\n");
	struct job_definition *d = &job->actions[1].test.definitions[0];
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	const char *file = "metadata: {format: Lava-Test Test Definition 1.0, name: n}\n"
			   "params: {A: own, B: own, C: own}\n"
			   "run: {steps: [one, two]}\n";

	CHECK_EQ(job_definition_parse(d, "p.yaml", file, strlen(file), &msgs, &err), 0);
	CHECK_EQ(d->n_params, 3);
	CHECK_STR(d->params[0].value, "def");
	CHECK_STR(d->params[1].value, "own");
	CHECK_STR(d->params[2].value, "own");
	CHECK_EQ(d->steps.n, 2);
}

TEST(a_fetched_definition_that_is_broken_says_where)
{
	struct job_definition d = { .from = JOB_FROM_GIT };
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	const char *file = "metadata: {format: Lava-Test Test Definition 1.0}\n"
			   "install: {deps: [curl]}\nrun:\n  step: [one]\n";

	CHECK_EQ(job_definition_parse(&d, "a/b.yaml", file, strlen(file), &msgs, &err),
		 -EINVAL);
	_cleanup_free_ char *all = joined_messages(&msgs);
	CHECK_STR(
		all,
		"a/b.yaml:2:11: install.deps is not supported; put what the test needs into the file system, or say skip_install: [deps]\n"
		"a/b.yaml:4:3: the test definition.run has no \"steps\"; expected one\n"
		"a/b.yaml:4:3: unknown key \"step\" in the test definition.run, did you mean \"steps\"?; expected one of: steps\n");
	strvec_release(&msgs.v);
}

TEST(skip_install_lets_a_definition_with_packages_load)
{
	_cleanup_job_spec_ struct job_spec *job =
		job_of(TOP MINIMAL
		       "- test:\n    definitions:\n"
		       "    - {from: inline, name: n, skip_install: [all], repository: "
		       "{install: {deps: [a], steps: [b]}, run: {steps: [c]}}}\n");

	CHECK_EQ(job->actions[1].test.definitions[0].steps.n, 1);
}

TEST(paths_are_resolved_against_the_directory_of_the_job)
{
	static const struct {
		const char *url, *want;
	} urls[] = {
		{ "Image", "file:/jobs/Image" },
		{ "./a/b", "file:/jobs/a/b" },
		{ "../x/Image", "file:/x/Image" },
		{ "../../../x", "file:/x" },
		{ "/abs/Image", "file:/abs/Image" },
		{ "file:Image", "file:/jobs/Image" },
		{ "file:../Image", "file:/Image" },
		{ "file:/abs", "file:/abs" },
		{ "file:///abs", "file:/abs" },
		{ "FILE://localhost/abs", "file:/abs" },
		{ "http://h/p?q=1", "http://h/p?q=1" },
		{ "HTTPS://h", "HTTPS://h" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		_cleanup_free_ char *text = xasprintf(
			TOP "- deploy: {to: tftp, kernel: {url: '%s'}}\n", urls[i].url);
		_cleanup_job_spec_ struct job_spec *job = job_of(text);

		CHECK_STR(job->actions[0].deploy.kernel.url, urls[i].want);
	}
}

TEST(a_missing_file_and_a_huge_one_are_told_apart)
{
	const char *dir = tap_tmpdir();
	_cleanup_free_ char *missing = xasprintf("%s/none.yaml", dir);
	_cleanup_free_ char *huge = xasprintf("%s/huge.yaml", dir);
	_cleanup_close_ int fd = open(huge, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job;
	struct err err;

	CHECK_EQ(job_spec_load(missing, &job, &msgs, &err), -ENOENT);
	CHECK_CONTAINS(msgs.v.v[0], "none.yaml:1:1: cannot be read: No such file");
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_EQ(ftruncate(fd, 10 << 20), 0);
	CHECK_EQ(job_spec_load(huge, &job, &msgs, &err), -EINVAL);
	CHECK_CONTAINS(msgs.v.v[1], "huge.yaml:1:1: too large; expected at most 4194304");
	CHECK_EQ(job_spec_load(dir, &job, &msgs, &err), -EISDIR);
	strvec_release(&msgs.v);
}

TEST(a_file_is_known_by_its_keys)
{
	struct spec_messages msgs = { STRVEC_INIT };

	CHECK_EQ(spec_kind_of("t", "actions: []", 11, &msgs), SPEC_JOB);
	CHECK_EQ(spec_kind_of("t", "board: x", 8, &msgs), SPEC_BOARD);
	CHECK_EQ(spec_kind_of("t", "name: x", 7, &msgs), SPEC_HYPOTHESES);
	CHECK_EQ(spec_kind_of("t", "- {}", 4, &msgs), SPEC_HYPOTHESES);
	CHECK_EQ(msgs.v.n, 0);
	CHECK_EQ(spec_kind_of("t", "x: y", 4, &msgs), SPEC_UNKNOWN);
	CHECK_EQ(spec_kind_of("t", "[", 1, &msgs), SPEC_UNKNOWN);
	CHECK_CONTAINS(
		msgs.v.v[0],
		"t:1:1: neither a job nor a board nor a hypothesis file; expected");
	CHECK_CONTAINS(msgs.v.v[1], "t:1:2: no valid YAML");
	strvec_release(&msgs.v);
}

TEST(the_jobs_of_this_repository_load)
{
	static const char *const jobs[] = { "jobs/boot.yaml", "jobs/panic-loop.yaml",
					    "jobs/wedge.yaml" };

	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		struct spec_messages msgs = { STRVEC_INIT };
		_cleanup_job_spec_ struct job_spec *job = NULL;
		struct err err = ERR_INIT;
		int r = job_spec_load(jobs[i], &job, &msgs, &err);

		if (r == -ENOENT)
			SKIP("not run at the top of the source tree");
		CHECK_STR(err.msg, "");
		CHECK_EQ(r, 0);
	}
}

TEST(the_example_of_the_manual_is_a_sound_job)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (io_read_file_at(AT_FDCWD, "docs/job-file.md", 1 << 20, &sb))
		SKIP("not run at the top of the source tree");
	char *begin = strstr(sb.buf, "```yaml\n");
	char *end = begin ? strstr(begin + 8, "```") : NULL;

	CHECK(end);
	*end = '\0';
	_cleanup_job_spec_ struct job_spec *job = job_of(begin + 8);
	CHECK_EQ(job->n_actions, 3);
}

TESTS(T(our_own_keys_are_read), T(without_our_keys_the_defaults_stand),
      T(environment_stands_below_the_values_of_a_definition),
      T(a_fetched_definition_that_is_broken_says_where),
      T(skip_install_lets_a_definition_with_packages_load),
      T(paths_are_resolved_against_the_directory_of_the_job),
      T(a_missing_file_and_a_huge_one_are_told_apart), T(a_file_is_known_by_its_keys),
      T(the_jobs_of_this_repository_load), T(the_example_of_the_manual_is_a_sound_job))
