// SPDX-License-Identifier: GPL-2.0-or-later
/* The hypotheses that a job names, in itself or in files beside it. */
#include "case_file.h"
#include "job_text.h"

#define OWN_WORDS                                                                        \
	"job_name: x\n"                                                                  \
	"timeouts: {job: {minutes: 5}}\n"                                                \
	"actions: [{boot: {method: minimal, prompts: ['# ']}}]\n"                        \
	"bootrig:\n"

TEST(hypotheses_stand_in_the_job_or_in_files_beside_it)
{
	_cleanup_free_ char *path = tmp_path("t.yaml");
	_cleanup_free_ char *vmlinux = tmp_path("b/vmlinux");
	static const char text[] =
		OWN_WORDS "  hypotheses: [{name: a, base: null}, two.yaml]\n"
			  "  vmlinux: b/vmlinux\n"
			  "  modules: [\"file:///m/x.ko\"]\n";
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *copy = NULL;
	struct err err = ERR_INIT;

	free(put_file("two.yaml", "- {name: b, kind: panic}\n- {name: c, base: null}\n"));
	struct job_spec *job = job_at(path, text);

	CHECK_EQ(job->hypotheses.n, 3);
	CHECK_STR(job->hypotheses.v[0].name, "a");
	CHECK_STR(job->hypotheses.v[2].name, "c");
	CHECK_STR(job->vmlinux, vmlinux);
	CHECK_EQ(job->modules.n, 1);
	CHECK_STR(job->modules.v[0], "/m/x.ko");
	job_spec_free(job);
	/* In a run directory the other file is not there. */
	CHECK_EQ(job_spec_parse_copy("/none/job.yaml", text, strlen(text), &copy, &msgs,
				     &err),
		 0);
	CHECK_EQ(copy->hypotheses.n, 1);
	job_spec_free(copy);
}

TEST(a_mistake_in_a_hypothesis_is_one_of_the_job)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "  hypotheses: []\n",
		  "t.yaml:5:15: bootrig.hypotheses is empty; expected hypotheses or paths of their files\n" },
		{ "  hypotheses: bad.yaml\n",
		  "t.yaml:5:15: bootrig.hypotheses is a single value; expected a list\n" },
		{ "  hypotheses: [/nonexistent/h.yaml]\n",
		  "t.yaml:5:16: bootrig.hypotheses: /nonexistent/h.yaml:1:1: cannot be read: No such file or directory\n" },
		{ "  hypotheses: [{name: a, base: null}, {name: a, base: 0}]\n",
		  "t.yaml:5:46: bootrig.hypotheses.name \"a\" stands for another one already; expected different names\n"
		  "t.yaml:5:55: bootrig.hypotheses.base is \"0\"; expected null\n" },
		{ "  vmlinux: \"http://example.org/vmlinux\"\n",
		  "t.yaml:5:12: bootrig.vmlinux is \"http://example.org/vmlinux\", which is not on this host; expected a path or a file: URL\n" },
		{ "  modules: [a.ko]\n",
		  "t.yaml:5:3: bootrig.modules stands without vmlinux; expected both\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = xasprintf(OWN_WORDS "%s", cases[i].text);

		check_messages(text, cases[i].want);
	}
	free(put_file("bad.yaml", "name: a\nfunction: [1 2]\n"));
	_cleanup_free_ char *text =
		xasprintf(OWN_WORDS "  hypotheses: [\"%s/bad.yaml\"]\n", tap_tmpdir());
	_cleanup_free_ char *want = xasprintf(
		"t.yaml:5:16: bootrig.hypotheses: %s/bad.yaml:2:12: hypothesis.function holds \"1 2\"; expected a name or glob without blanks and offsets\n",
		tap_tmpdir());
	check_messages(text, want);
}

TESTS(T(hypotheses_stand_in_the_job_or_in_files_beside_it),
      T(a_mistake_in_a_hypothesis_is_one_of_the_job))
