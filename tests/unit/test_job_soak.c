// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: soak:` as people write it, and every mistake with its place. */
#include "job_text.h"
#include "util/mem.h"

#define JOB                                                                              \
	"job_name: t\n"                                                                  \
	"timeouts: {job: {minutes: 5}}\n"                                                \
	"priority: medium\nvisibility: public\n"                                         \
	"actions:\n- boot: {method: minimal, prompts: ['# ']}\n"                         \
	"bootrig:\n  soak:\n"

TEST(limits_and_levels_are_read)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		JOB "    for: {hours: 6}\n    each: {minutes: 40}\n    boots: 20\n"
		    "    failures: 3\n    shutdown: sync; poweroff -f\n    factors:\n"
		    "    - name: root\n      levels:\n"
		    "      - {name: clean, end: shutdown, commands: 'touch /a'}\n"
		    "      - {name: dirty, end: cut, kernel_args: [a=1, b=2]}\n");
	const struct job_soak *s = &job->soak;

	CHECK_EQ(s->for_ms, 6 * 3600 * 1000);
	CHECK_EQ(s->each_ms, 40 * 60 * 1000);
	CHECK_EQ(s->boots, 20);
	CHECK_EQ(s->failures, 3);
	CHECK_STR(s->shutdown, "sync; poweroff -f");
	CHECK_EQ(s->n_factors, 1);
	CHECK_STR(s->factors[0].name, "root");
	CHECK_EQ(s->factors[0].n_levels, 2);
	CHECK_STR(s->factors[0].levels[0].name, "clean");
	CHECK_EQ(s->factors[0].levels[0].end, JOB_END_SHUTDOWN);
	CHECK_STR(s->factors[0].levels[0].commands.v[0], "touch /a");
	CHECK_EQ(s->factors[0].levels[1].end, JOB_END_CUT);
	CHECK_EQ(s->factors[0].levels[1].kernel_args.n, 2);
}

TEST(a_job_without_soak_has_no_limits)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(JOB "    boots: 2\n");

	CHECK_EQ(job->soak.for_ms, 0);
	CHECK_EQ(job->soak.each_ms, 0);
	CHECK_EQ(job->soak.failures, 0);
	CHECK_EQ(job->soak.n_factors, 0);
	CHECK(!job->soak.shutdown);
}

TEST(mistakes_are_told_with_their_place)
{
	check_bad_job(JOB "    for: 0.5\n",
		      "t.yaml:9:10: bootrig.soak.for is shorter than a second");
	check_bad_job(JOB "    boots: 0\n", "t.yaml:9:12: bootrig.soak.boots is \"0\"");
	check_bad_job(JOB "    loops: 5\n", "t.yaml:9:5: unknown key \"loops\"");
	check_bad_job(JOB "    factors: [{name: a, levels: [{name: b}]}]\n",
		      "t.yaml:9:33: the factor.levels has 1 levels; expected 2 to 8");
	check_bad_job(JOB "    factors: [{name: a, levels: [{name: b}, {name: b}]}]\n",
		      "two levels are named b; expected each name once");
	check_bad_job(JOB "    factors: [{name: a, levels: [{name: b}, "
			  "{name: c, end: crash}]}]\n",
		      "the level.end is \"crash\"");
}

TEST(a_boot_has_one_end)
{
	check_bad_job(JOB "    factors:\n"
			  "    - {name: a, levels: [{name: x, end: cut}, {name: y}]}\n"
			  "    - {name: b, levels: [{name: x, end: cut}, {name: y}]}\n",
		      "t.yaml:11:7: this factor and a both say how a boot ends; expected "
		      "end: in one of them");
}

TESTS(T(limits_and_levels_are_read), T(a_job_without_soak_has_no_limits),
      T(mistakes_are_told_with_their_place), T(a_boot_has_one_end))
