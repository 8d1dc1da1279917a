// SPDX-License-Identifier: GPL-2.0-or-later
/* The copy of a job or board file for the run directory: without its secrets, and else
 * the same file. */
#include <fcntl.h>
#include <glob.h>

#include "parse/job_spec.h"
#include "parse/yaml.h"
#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

TEST(secrets_do_not_reach_the_copy_for_the_run_directory)
{
	const char *text =
		"# a comment stays\r\n"
		"auto_login: {password_prompt: \"Password:\", password: 'hunter 2'}\n"
		"secrets:\n  a: xyzzy\n  b: [plugh, \"foo\"]\n"
		"API_TOKEN: &t abc\nother: *t\nplain: visible # tail\n"
		"ssh-passphrase: |\n  line one\n  line two\nafter: é\n"
		"url: http://user:pw@host/p@2?x=1&access_token=zzz&y=2\n"
		"u2: [\"https://h/?token=q\"]\n";
	_cleanup_free_ char *got = spec_masked_text(text, strlen(text));

	CHECK_STR(got, "# a comment stays\r\n"
		       "auto_login: {password_prompt: \"Password:\", password: '***'}\n"
		       "secrets:\n  a: \"***\"\n  b: [\"***\", \"***\"]\n"
		       "API_TOKEN: &t \"***\"\nother: *t\nplain: visible # tail\n"
		       "ssh-passphrase: |\n  ***\nafter: é\n"
		       "url: http://***@host/p@2?x=1&access_token=***&y=2\n"
		       "u2: [\"https://h/?token=***\"]\n");
	_cleanup_free_ char *broken = spec_masked_text("password: [x", 12);
	CHECK(!strstr(broken, "x]") && !strstr(broken, "[x"));
	CHECK_EQ(broken[0], '#');
}

static void check_same_tree(const struct yaml_node *a, const struct yaml_node *b)
{
	CHECK_EQ(a->kind, b->kind);
	CHECK_EQ(a->n, b->n);
	if (a->kind == YAML_SCALAR && !strstr(b->text, "***"))
		CHECK_STR(b->text, a->text);
	for (size_t i = 0; i < a->n; i++) {
		if (a->kind == YAML_MAP && !strstr(b->keys[i]->text, "***"))
			CHECK_STR(b->keys[i]->text, a->keys[i]->text);
		check_same_tree(a->vals[i], b->vals[i]);
	}
}

/* The copy reads as YAML of the same shape, and its copy is the same again. */
static void check_masked(const char *text, size_t len)
{
	_cleanup_spec_report_ struct spec_report r = { .path = "t" };
	_cleanup_yaml_doc_ struct yaml_doc *was = NULL, *now = NULL;
	_cleanup_free_ char *masked = spec_masked_text(text, len);
	_cleanup_free_ char *again = spec_masked_text(masked, strlen(masked));

	CHECK_EQ(yaml_parse(text, len, &was, &r), 0);
	if (yaml_parse(masked, strlen(masked), &now, &r))
		tap_fail(__FILE__, __LINE__, "%s in:\n%s", r.v[0].text, masked);
	check_same_tree(yaml_root(was), yaml_root(now));
	CHECK_STR(again, masked);
}

TEST(the_copy_without_secrets_reads_as_the_same_tree)
{
	static const char *const texts[] = {
		"a: 1\npassword: 12\nb: 2\n",
		"password:\n  two\n  lines\nb: 2\n",
		"token: |\n  x\n   y\n\n  z\nb: 2\n",
		"token: >-\n\n  x\n\n  y\n\n\nb: 2\n",
		"secrets:\n  - a:\n      - |\n        x\n        y\n    b: c\n",
		"token: |\n\n",
		"token: |2+\n    x\n\n# tail\nb: 2\n",
		"token: 'two\n\n  lines '' x'\nb: \"c\"\n",
		"secret: {a: b, \"c\":d, e: [f,g,  h ]}\nb: 2\n",
		"secret: !!str x\nb: {secret: ! 5}\n",
		"a: &x hunter\npassword: *x\nb: &y {c: *x}\ntoken: *y\n",
		"l: [http://a,x@b]\nm: {u: http://u:p@h/?token=1,t: 2}\n",
		"{\"a\":\"http:\\/\\/u:hunter@h\",\"password\":null,\"b\":[1,true]}",
		"a: \"http://us\\\n  er:hunter@h\"\nb: 1 # http://c:hunter@d e: f\n",
		"- password: x\r\n- token: |\r\n    x\r\n    y\r\n- b\r\n",
		"password: é\u00a0hunter # tail\nb: 2",
		"password: |\n  no line end",
		/* Keys that differ in what is masked, one behind an escape. */
		"a: 1\n'/?token=hunter1': 1\n'/?token=hunter2': 2\nb: {c: 1}\n",
		"{\"http:\\/\\/u:hunter1@h\": 1, \"http:\\/\\/u:hunter2@h\": 2, \"//?key=hunter\": 3}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *masked =
			spec_masked_text(texts[i], strlen(texts[i]));

		check_masked(texts[i], strlen(texts[i]));
		CHECK(!strstr(masked, "hunter"));
	}
}

TEST(the_copies_of_all_jobs_and_boards_here_read_as_the_same_tree)
{
	static const char *const patterns[] = { "jobs/*.yaml", "jobs/boards/*.yaml",
						"tests/fuzz/corpus/job_spec/*",
						"tests/fuzz/corpus/board_spec/*" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t g;

		if (glob(patterns[i], 0, NULL, &g))
			continue;
		for (size_t k = 0; k < g.gl_pathc; k++) {
			_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

			CHECK_EQ(io_read_file_at(AT_FDCWD, g.gl_pathv[k], 1 << 20, &sb),
				 0);
			check_masked(strbuf_str(&sb), sb.len);
			n++;
		}
		globfree(&g);
	}
	if (!n)
		SKIP("not run at the top of the source tree");
	CHECK(n >= 10);
}

TESTS(T(secrets_do_not_reach_the_copy_for_the_run_directory),
      T(the_copy_without_secrets_reads_as_the_same_tree),
      T(the_copies_of_all_jobs_and_boards_here_read_as_the_same_tree))
