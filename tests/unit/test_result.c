// SPDX-License-Identifier: GPL-2.0-or-later
/* Events to a result: what the fold makes of a whole run, and of one that broke off. */
#include "report/result.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "folding.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

#define RUN "{'t':0,'type':'run','id':'r1','expect':null}\n"
#define BEGIN "{'t':1,'type':'attempt','n':1}\n"
#define BOOTED "{'t':2,'type':'boot','boot':1,'cause':'commanded','after':'off'}\n"
#define END_OK                                                                           \
	"{'t':9,'type':'attempt-end','n':1,'outcome':'ok','reason':'','kernel_started':true}\n"
#define SELF_OK "{'t':9,'type':'self-check','ok':true,'reason':''}\n"
#define SELF_BAD "{'t':9,'type':'self-check','ok':false,'reason':'relay'}\n"
#define END "{'t':10,'type':'end','wall':'w','console_bytes':7,'power':'off'}\n"
#define PANIC                                                                            \
	"{'t':5,'type':'incident','id':0,'incident':{'id':0,'attempt':1,'kind':'panic'," \
	"'title':'P','fatal':true,'phase':'smoke'}}\n"

static void check(const char *events, const char *status, const char *kind, int code,
		  const char *reason)
{
	_cleanup_json_ json_t *r = fold_lines(events);
	const json_t *v = json_object_get(r, "verdict");

	if (strcmp(json_get_str(v, "status", ""), status) != 0 ||
	    strcmp(json_get_str(v, "kind", "-"), kind) != 0 ||
	    json_get_int(r, "exit_code", -1) != code ||
	    !strstr(json_get_str(v, "reason", ""), reason))
		tap_fail(__FILE__, __LINE__,
			 "%s %s %lld \"%s\", want %s %s %d \"%s\" of\n%s",
			 json_get_str(v, "status", ""), json_get_str(v, "kind", "-"),
			 (long long)json_get_int(r, "exit_code", -1),
			 json_get_str(v, "reason", ""), status, kind, code, reason,
			 events);
}

TEST(a_run_passes_fails_or_is_the_labs)
{
	check(RUN BEGIN BOOTED END_OK SELF_OK END, "pass", "-", 0, "passed");
	check(RUN BEGIN BOOTED PANIC END_OK SELF_OK END, "fail", "panic", 1,
	      "P in phase smoke");
	check(RUN "{'t':1,'type':'failed','outcome':'job','reason':'404'}\n" SELF_OK END,
	      "job", "-", 129, "404");
	check(RUN "{'t':1,'type':'failed','outcome':'lab','reason':'busy'}\n" SELF_OK END,
	      "lab", "-", 125, "busy");
	check(RUN
	      "{'t':1,'type':'failed','outcome':'lab','reason':'relay'}\n" SELF_BAD END,
	      "lab", "-", 131, "relay");
}

TEST(the_self_check_tells_a_sick_lab_from_an_untestable_kernel)
{
	static const char timeout[] =
		"{'t':9,'type':'attempt-end','n':1,'outcome':'timeout','reason':'the prompt','kernel_started':false}\n";
	_cleanup_free_ char *well = xasprintf(RUN BEGIN "%s" SELF_OK END, timeout);
	_cleanup_free_ char *sick = xasprintf(RUN BEGIN "%s" SELF_BAD END, timeout);
	_cleanup_free_ char *none = xasprintf(RUN BEGIN "%s" END, timeout);

	check(well, "lab", "timeout", 125, "no kernel had started");
	check(sick, "lab", "timeout", 131, "no kernel had started");
	check(none, "lab", "timeout", 131, "no kernel had started");
}

TEST(a_record_that_breaks_off_anywhere_is_the_labs_unless_a_kernel_died)
{
	check("", "lab", "-", 131, "nothing was tried");
	check(RUN, "lab", "-", 131, "nothing was tried");
	check(RUN BEGIN BOOTED, "lab", "-", 131, "broke off");
	check(RUN BEGIN BOOTED END_OK SELF_OK, "lab", "-", 125, "broke off");
	check(RUN BEGIN BOOTED PANIC, "fail", "panic", 1, "P");
}

TEST(a_cancel_wins_over_everything_but_remembers_what_it_found)
{
#define CANCEL "{'t':8,'type':'cancel'}\n"
	check(RUN CANCEL SELF_OK END, "canceled", "-", 130, "canceled");
	check(RUN BEGIN BOOTED END_OK CANCEL SELF_OK END, "canceled", "-", 130,
	      "canceled");
	check(RUN BEGIN BOOTED PANIC END_OK CANCEL SELF_OK END, "canceled", "-", 130,
	      "canceled after: P");
}

TEST(a_board_that_stays_on_is_no_pass)
{
	check(RUN BEGIN BOOTED END_OK
	      "{'t':9,'type':'left-on','reason':'relay'}\n" SELF_BAD END,
	      "lab", "-", 131, "still on");
}

#define STAGED                                                                           \
	"{'t':1,'type':'staged','files':[{'role':'kernel','name':'Image','sha256':'a',"  \
	"'size':100}],'release':'6.1.0','nonce':'n'}\n"
#define SEEN(rel)                                                                        \
	"{'t':3,'type':'kernel','banner':'Linux version " rel "','release':'" rel        \
	"','boot':1}\n"
#define SENT(n) "{'t':2,'type':'transfer','bytes':" n "}\n"

TEST(what_ran_must_be_what_was_staged)
{
	check(RUN STAGED BEGIN BOOTED SENT("100") SEEN("6.1.0") END_OK SELF_OK END,
	      "pass", "-", 0, "passed");
	check(RUN STAGED BEGIN BOOTED SENT("100") SEEN("5.10.0") END_OK SELF_OK END,
	      "lab", "-", 125, "the kernel that ran is 5.10.0, staged was 6.1.0");
	check(RUN STAGED BEGIN BOOTED SENT("99") SEEN("6.1.0") END_OK SELF_OK END, "lab",
	      "-", 125, "did not transfer Image with the 100 bytes");
	/* A crash of another kernel than the chosen one says nothing about that one. */
	check(RUN STAGED BEGIN BOOTED SENT("100") SEEN("5.10.0") PANIC END_OK SELF_OK END,
	      "lab", "-", 125, "5.10.0");
	/* A board whose U-Boot does not say what it loads. */
	check(RUN STAGED BEGIN BOOTED SEEN("6.1.0") END_OK SELF_OK END, "pass", "-", 0,
	      "passed");
}

#define ID "0123456789abcdef0123456789abcdef01234567"
#define OTHER "fedcba9876543210fedcba9876543210fedcba98"
#define WITH_ID(what, seen, staged)                                                      \
	RUN "{'t':0,'type':'staged','release':'6','build_ids':['" ID                     \
	    "','ff'],'files':[]}\n" BEGIN BOOTED "{'t':3,'type':'build-id','of':'" what  \
	    "','name':'" what "','seen':" seen ",'staged':" staged                       \
	    "}\n" END_OK SELF_OK END

TEST(build_ids_must_be_those_of_the_staged_build_where_both_are_known)
{
	check(WITH_ID("kernel", "'" ID "'", "null"), "pass", "-", 0, "passed");
	check(WITH_ID("kernel", "'ff'", "null"), "pass", "-", 0, "passed");
	check(WITH_ID("kernel", "null", "null"), "pass", "-", 0, "passed");
	check(WITH_ID("kernel", "'" OTHER "'", "null"), "lab", "-", 125,
	      "has build id " OTHER);
	check(WITH_ID("module", "'" OTHER "'", "null"), "pass", "-", 0, "passed");
	check(WITH_ID("module", "'" OTHER "'", "'" OTHER "'"), "pass", "-", 0, "passed");
	check(WITH_ID("module", "'" OTHER "'", "'" ID "'"), "lab", "-", 125,
	      "a stale one");
	_cleanup_json_ json_t *r = fold_lines(WITH_ID("module", "'" OTHER "'", "null"));
	const json_t *k = json_object_get(r, "kernel");
	CHECK_STR(json_get_str(json_object_get(k, "build_id"), "staged", ""), ID);
	CHECK_STR(json_get_str(json_array_get(json_object_get(k, "modules"), 0), "seen",
			       ""),
		  OTHER);
}

#define NO_BOOT(blame)                                                                   \
	RUN BEGIN BOOTED "{'t':5,'type':'incident','id':0,'incident':{'id':0,"           \
			 "'attempt':1,'kind':'no-boot','title':'no boot: x',"            \
			 "'fatal':true,'blame':'" blame "'}}\n" END_OK SELF_OK END

TEST(who_has_to_act_is_told_in_lavas_words)
{
	_cleanup_json_ json_t *file = fold_lines(NO_BOOT("file")),
			      *net = fold_lines(NO_BOOT("network"));

	check(NO_BOOT("file"), "lab", "no-boot", 125, "no boot: x");
	CHECK_STR(json_get_str(file, "error_type", ""), "Job");
	CHECK_STR(json_get_str(net, "error_type", ""), "Infrastructure");
}

#define RESET_BY(cause)                                                                  \
	RUN BEGIN BOOTED                                                                 \
		"{'t':4,'type':'boot','boot':2,'cause':'unknown','after':'kernel'}\n"    \
		"{'t':4,'type':'incident','id':0,'incident':{'id':0,'attempt':1,"        \
		"'kind':'reset','title':'reset','fatal':true,'boot':2}}\n"               \
		"{'t':5,'type':'reset-cause','boot':2,'cause':'" cause                   \
		"','said':'words'}\n" END_OK SELF_OK END

TEST(a_reset_by_the_supply_is_the_labs_and_by_a_watchdog_the_kernels)
{
	check(RESET_BY("supply"), "lab", "reset", 125, "by its supply");
	check(RESET_BY("watchdog"), "fail", "reset", 1, "reset");
	_cleanup_json_ json_t *r = fold_lines(RESET_BY("watchdog"));
	const json_t *reset = json_array_get(json_object_get(r, "resets"), 0);
	CHECK_STR(json_get_str(reset, "cause", ""), "watchdog");
	CHECK_STR(json_get_str(reset, "said", ""), "words");
}

TEST(expect_decides_between_the_bug_and_another_one)
{
#define EXPECT(kind)                                                                     \
	"{'t':0,'type':'run','id':'r','expect':{'kinds':['" kind                         \
	"'],'functions':[],'titles':[],'test_failure':false}}\n"
	check(EXPECT("panic") BEGIN BOOTED PANIC END_OK SELF_OK END, "fail", "panic", 1,
	      "P");
	check(EXPECT("uaf") BEGIN BOOTED PANIC END_OK SELF_OK END, "fail", "panic", 125,
	      "P");
}

TEST(each_attempt_is_judged_and_the_last_decides)
{
	_cleanup_json_ json_t *r = fold_lines(
		RUN BEGIN BOOTED PANIC
		"{'t':6,'type':'attempt-end','n':1,'outcome':'kernel','reason':''}\n"
		"{'t':7,'type':'attempt','n':2}\n"
		"{'t':8,'type':'boot','boot':2,'cause':'commanded','after':'off'}\n"
		"{'t':9,'type':'attempt-end','n':2,'outcome':'ok','reason':''}\n" SELF_OK
			END);
	const json_t *a = json_object_get(r, "attempts");

	CHECK_EQ(json_array_size(a), 2);
	CHECK_STR(json_get_str(json_array_get(a, 0), "status", ""), "fail");
	CHECK_EQ(json_get_int(json_array_get(a, 0), "incident", -1), 0);
	CHECK_EQ(json_get_int(json_array_get(a, 0), "boots", -1), 1);
	CHECK_STR(json_get_str(json_array_get(a, 1), "status", ""), "pass");
	CHECK(!json_object_get(json_array_get(a, 1), "end"));
	CHECK_STR(json_get_str(json_object_get(r, "verdict"), "status", ""), "pass");
	CHECK_CONTAINS(json_get_str(json_object_get(r, "verdict"), "reason", ""),
		       "attempt 1 of 2 had failed: P");
	CHECK_EQ(json_get_int(r, "boots", -1), 2);
}

TEST(resets_power_and_time_are_counted_outside_of_recovery)
{
	_cleanup_json_ json_t *r = fold_lines(
		RUN BEGIN
		"{'t':1,'type':'power-done','what':'on','ms':12.5}\n" BOOTED
		"{'t':3,'type':'boot','boot':2,'cause':'panic','after':'kernel','offset':77}\n" END_OK
		"{'t':9,'type':'recovery','recovery':true,'running':true}\n"
		"{'t':9,'type':'boot','boot':2,'cause':'unknown','after':'off','recovery':true}\n"
		"{'t':9.5,'type':'rung-end','recovery':true,'name':'evidence','ok':true}\n"
		"{'t':9.5,'type':'harvest','recovery':true,'command':'dmesg','file':'artifacts/a'}\n"
		"{'t':9.6,'type':'recovery','running':false,'recovered':true}\n"
		"{'t':9.7,'type':'gap','ms':40}\n" SELF_OK END);
	const json_t *resets = json_object_get(r, "resets");
	const json_t *rec = json_object_get(r, "recovery");

	CHECK_EQ(json_get_int(r, "boots", -1), 2);
	CHECK_EQ(json_array_size(resets), 1);
	CHECK_STR(json_get_str(json_array_get(resets, 0), "cause", ""), "panic");
	CHECK(json_get_bool(rec, "needed", false) &&
	      json_get_bool(rec, "recovered", false));
	CHECK_EQ(json_array_size(json_object_get(rec, "steps")), 1);
	CHECK_EQ(json_array_size(json_object_get(rec, "harvested")), 1);
	CHECK_EQ(json_get_int(json_object_get(r, "power"), "cycles", -1), 1);
	CHECK_STR(json_get_str(json_object_get(r, "power"), "final", ""), "off");
	CHECK_EQ(json_get_int(json_object_get(r, "statistics"), "gap_ms", -1), 40);
	CHECK_EQ(json_get_int(json_object_get(r, "statistics"), "console_bytes", -1), 7);
	CHECK(json_real_value(json_object_get(r, "duration_s")) == 10);
}

/* What a hostile or damaged record may hold. */
TEST(values_of_any_type_and_texts_cut_in_a_character_break_nothing)
{
	_cleanup_json_ json_t *r = fold_lines(
		"{'type':7}\n{'type':'attempt','n':'x','t':[]}\n{'type':'incident','incident':[]}\n"
		"{'type':'timing'}\n{'type':'staged','files':[1,{'size':'x'},null]}\n"
		"{'type':'staged','files':7}\n{'type':'gap','ms':9223372036854775807}\n"
		"{'type':'gap','ms':9223372036854775807}\n{'type':'self-check'}\n"
		"{'type':'run','expect':{'kinds':[1],'functions':[null],'titles':{}}}\n"
		"{'type':'end','wall':'ééééééééééééééééééééééééééééééééééééééé','power':'éééééééééééé'}\n");
	_cleanup_free_ char *text = json_line(r, NULL);

	CHECK_CONTAINS(text, "\"status\":");
}

static int replay(int dirfd, json_t **out, struct err *err)
{
	size_t n = 0;

	*out = NULL;
	*err = (struct err)ERR_INIT;
	return result_replay(dirfd, NULL, &n, out, err);
}

TEST(replay_says_which_file_it_misses_and_waits_for_none)
{
	static const char job[] = "job_name: x\ntimeouts: {job: {minutes: 5}}\nactions:\n"
				  "- boot: {method: minimal, prompts: ['# ']}\n";
	_cleanup_close_ int dir = open(tap_tmpdir(), O_DIRECTORY | O_CLOEXEC);
	struct err err = ERR_INIT;
	json_t *r;

	CHECK_EQ(replay(dir, &r, &err), -ENOENT);
	CHECK_CONTAINS(err.msg, "job.yaml");
	CHECK_EQ(io_atomic_write_at(dir, "job.yaml", job, sizeof(job) - 1), 0);
	CHECK_EQ(replay(dir, &r, &err), -ENOENT);
	CHECK_CONTAINS(err.msg, "console.raw");
	CHECK_EQ(mkfifoat(dir, "console.raw", 0600), 0);
	CHECK_EQ(replay(dir, &r, &err), -EINVAL);
	CHECK_CONTAINS(err.msg, "no regular file");
	CHECK_EQ(unlinkat(dir, "console.raw", 0), 0);
	CHECK_EQ(io_atomic_write_at(dir, "console.raw", "x\n", 2), 0);
	CHECK_EQ(io_atomic_write_at(dir, "console.idx", "0 0\n", 4), 0);
	CHECK_EQ(io_atomic_write_at(dir, "actions.jsonl",
				    "{\"do\":\"end\"}\n{\"do\":\"torn", 24),
		 0);
	CHECK_EQ(replay(dir, &r, &err), 0);
	CHECK_STR(json_get_str(json_object_get(r, "verdict"), "status", ""), "lab");
	json_decref(r);
}

TESTS(T(a_run_passes_fails_or_is_the_labs),
      T(the_self_check_tells_a_sick_lab_from_an_untestable_kernel),
      T(a_record_that_breaks_off_anywhere_is_the_labs_unless_a_kernel_died),
      T(a_cancel_wins_over_everything_but_remembers_what_it_found),
      T(a_board_that_stays_on_is_no_pass), T(what_ran_must_be_what_was_staged),
      T(build_ids_must_be_those_of_the_staged_build_where_both_are_known),
      T(who_has_to_act_is_told_in_lavas_words),
      T(a_reset_by_the_supply_is_the_labs_and_by_a_watchdog_the_kernels),
      T(expect_decides_between_the_bug_and_another_one),
      T(each_attempt_is_judged_and_the_last_decides),
      T(resets_power_and_time_are_counted_outside_of_recovery),
      T(values_of_any_type_and_texts_cut_in_a_character_break_nothing),
      T(replay_says_which_file_it_misses_and_waits_for_none))
