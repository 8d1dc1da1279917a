// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/table.h"
#include "sample_results.h"

static json_t *rows_of(const char *a, const char *b)
{
	_cleanup_json_ json_t *x = sample_result(a);
	_cleanup_json_ json_t *y = sample_result(b);
	json_t *rows = json_array();

	json_push(rows, table_row(x, "runs/one", NULL));
	json_push(rows, table_row(y, "runs/second", NULL));
	return rows;
}

static char *print(const json_t *rows, bool color, size_t width)
{
	struct strbuf sb = STRBUF_INIT;

	table_print(rows, color, width, &sb);
	return strbuf_take(&sb);
}

TEST(the_columns_are_aligned)
{
	_cleanup_json_ json_t *rows = rows_of("pass", "panic");
	_cleanup_free_ char *t = print(rows, false, 0);

	CHECK_STR(
		t,
		"JOB                   VERDICT  KIND   REASON                              "
		"SECONDS  BOOTS  DIRECTORY\n"
		"boot <virt> & \"more\"  pass     -      all passed                          "
		"   12.3      1  runs/one\n"
		"boot <virt> & \"more\"  fail     panic  Kernel panic in sysrq_handle_crash  "
		"   12.3      1  runs/second\n");
}

TEST(colours_come_only_when_asked_for)
{
	_cleanup_json_ json_t *rows = rows_of("pass", "panic");
	_cleanup_free_ char *plain = print(rows, false, 0);
	_cleanup_free_ char *tinted = print(rows, true, 0);

	CHECK(!strchr(plain, '\033'));
	CHECK_CONTAINS(tinted, "\033[32mpass\033[0m");
	CHECK_CONTAINS(tinted, "\033[31mfail\033[0m");
}

TEST(a_narrow_terminal_cuts_the_reason)
{
	_cleanup_json_ json_t *rows = rows_of("pass", "panic");
	_cleanup_free_ char *t = print(rows, false, 95);

	CHECK_CONTAINS(t, "Kernel panic in sy");
	CHECK_CONTAINS(t, "…");
	CHECK(!strstr(t, "sysrq_handle_crash"));
}

TEST(console_text_cannot_reach_the_terminal)
{
	_cleanup_json_ json_t *result = sample_result("panic");
	_cleanup_json_ json_t *rows = json_array();

	json_put(json_object_get(result, "verdict"), "reason",
		 json_string("\033]0;owned\a\033[2Jline one\nline two\xe4\xbd\xa0"));
	json_push(rows, table_row(result, "runs/\033[1m", NULL));
	_cleanup_free_ char *t = print(rows, false, 0);
	CHECK_CONTAINS(t, "line one line two\xe4\xbd\xa0");
	CHECK(!strchr(t, '\033') && !strchr(t, '\a'));
	CHECK(!strstr(t, "owned"));
}

TEST(a_directory_without_a_result_is_a_row_that_says_why)
{
	_cleanup_json_ json_t *rows = json_array();

	json_push(rows, table_row(NULL, "runs/dead", "no result.json"));
	_cleanup_free_ char *t = print(rows, false, 0);
	CHECK_CONTAINS(t, "none");
	CHECK_CONTAINS(t, "no result.json");
	CHECK_CONTAINS(t, "runs/dead");
}

TESTS(T(the_columns_are_aligned), T(colours_come_only_when_asked_for),
      T(a_narrow_terminal_cuts_the_reason), T(console_text_cannot_reach_the_terminal),
      T(a_directory_without_a_result_is_a_row_that_says_why))
