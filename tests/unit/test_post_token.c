// SPDX-License-Identifier: GPL-2.0-or-later
/* Tokens: where they come from, whom they are sent to, and where they never stand. */
#include <errno.h>
#include <sys/wait.h>

#include "case_file.h"
#include "post_bench.h"
#include "report/token.h"

TEST(a_wrong_token_keeps_the_entries_and_asks_once)
{
	_cleanup_receiver_ struct receiver r = start("ok", "right");
	_cleanup_spool_ struct spool *s = open_spool();

	for (int i = 0; i < 5; i++) {
		char run[16];

		snprintf(run, sizeof(run), "run-%d", i);
		queue_to(s, run, r.url);
	}
	CHECK_EQ(flush(s, false).pending, 5);
	CHECK_CONTAINS(said.buf, "held run-0 1: HTTP 401: the receiver wants a token");
	setenv("BOOTRIG_POST_TOKEN", "wrong", 1);
	CHECK_EQ(flush(s, true).pending, 5);
	CHECK_CONTAINS(said.buf, "HTTP 401: the receiver refuses our token");
	CHECK_EQ(requests(&r), 2);
	setenv("BOOTRIG_POST_TOKEN", "right", 1);
	CHECK_EQ(flush(s, true).sent, 5);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, "auth=bearer new"), 5);
}

TEST(a_job_cannot_lure_the_token_to_its_own_receiver)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_destination_ struct destination to = DESTINATION_INIT;
	struct post_opts o = POST_OPTS_INIT;
	struct err err = ERR_INIT;

	setenv("BOOTRIG_POST_TOKEN", "s3cret", 1);
	CHECK_EQ(destination_parse(r.url, false, &to, &err), 0);
	CHECK_EQ(spool_enqueue(s, "run-1", &to, "{}", 2, false, NULL, &err), 0);
	o.named_url = "http://127.0.0.1:1/ours";
	CHECK_EQ(flush_with(s, o).sent, 1);
	CHECK_EQ(spool_enqueue(s, "run-2", &to, "{}", 2, false, NULL, &err), 0);
	o.named_url = NULL;
	CHECK_EQ(flush_with(s, o).sent, 1);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, "auth=none"), 2);
	CHECK_EQ(spool_enqueue(s, "run-3", &to, "{}", 2, false, NULL, &err), 0);
	o.named_url = r.url; /* the operator named it, too */
	CHECK_EQ(flush_with(s, o).sent, 1);
	_cleanup_free_ char *more = received_log(&r);
	CHECK_EQ(times(more, "auth=bearer"), 1);
}

static void check_header(const char *url, const char *named, const char *want)
{
	_cleanup_destination_ struct destination to = DESTINATION_INIT;
	struct err err = ERR_INIT;
	char *got;

	CHECK_EQ(destination_parse(url, true, &to, &err), 0);
	if (token_header(&to, named, &got, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_STR(got ? got : "none", want);
	free(got);
}

TEST(tokens_come_from_the_file_of_their_receiver)
{
	_cleanup_free_ char *file =
		put_file("tokens", "# ours\n"
				   "https://lava.example.org/api  abc raw header=X-Auth\n"
				   "https://results.example.org\tdef\n"
				   "http://127.0.0.1:8080 ghi raw\r\n");
	setenv("BOOTRIG_TOKENS", file, 1);
	check_header("https://lava.example.org/api/x", NULL, "X-Auth: abc");
	check_header("https://lava.example.org/apix", NULL, "none");
	check_header("https://RESULTS.example.org/x", NULL, "Authorization: Bearer def");
	check_header("https://results.example.org.evil.org/x", NULL, "none");
	check_header("http://results.example.org/x", NULL, "none");
	check_header("http://127.0.0.1:8080/", NULL, "Authorization: ghi");
	check_header("http://127.0.0.1:80/", NULL, "none");
}

TEST(tokens_come_from_credentials_and_kcidb_rest_too)
{
	free(put_file("bootrig-post-token", "from-systemd\n"));
	setenv("HOME", tap_tmpdir(), 1);
	setenv("CREDENTIALS_DIRECTORY", tap_tmpdir(), 1);
	check_header("https://h/x", NULL, "Authorization: Bearer from-systemd");
	check_header("https://h/x", "https://other/", "none");
	setenv("BOOTRIG_POST_TOKEN_FORM", "raw", 1);
	setenv("BOOTRIG_POST_HEADER", "X-Token", 1);
	check_header("https://h/x", "https://h", "X-Token: from-systemd");
	setenv("KCIDB_REST", "https://jwt@kcidb.example.org/", 1);
	check_header("https://kcidb.example.org/submit", "https://other/",
		     "Authorization: Bearer jwt");
	check_header("https://evil.example.org/submit", "https://other/", "none");
}

TEST(a_token_with_a_line_break_adds_no_header)
{
	_cleanup_destination_ struct destination to = DESTINATION_INIT;
	struct err err = ERR_INIT;
	char *got;

	CHECK_EQ(destination_parse("https://h/x", true, &to, &err), 0);
	setenv("BOOTRIG_POST_TOKEN", "a\r\nX-Evil: 1", 1);
	CHECK_EQ(token_header(&to, NULL, &got, &err), -EINVAL);
	CHECK(!got && !strstr(err.msg, "Evil"));
}

TEST(no_token_is_ever_on_disk_or_in_a_message)
{
	_cleanup_receiver_ struct receiver r = start("500,401,ok", "t0psecret");
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_free_ char *cmd = xasprintf("grep -rq t0psecret '%s'", tap_tmpdir());
	_cleanup_strbuf_ struct strbuf all = STRBUF_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child c = CHILD_INIT;
	struct err err = ERR_INIT;
	int status;

	setenv("BOOTRIG_POST_TOKEN", "t0psecret", 1);
	queue_to(s, "run-1", r.url);
	for (int i = 0; i < 3; i++) {
		flush(s, true);
		strbuf_addstr(&all, strbuf_str(&said));
	}
	CHECK_CONTAINS(all.buf, "sent run-1");
	CHECK(!strstr(all.buf, "t0psecret"));
	CHECK_EQ(child_spawn(&c, (const char *const[]){ "sh", "-c", cmd, NULL }, &opts,
			     &err),
		 0);
	CHECK_EQ(child_wait(&c, deadline_in_ms(5000), -1, &status, &err), 0);
	CHECK_EQ(WEXITSTATUS(status), 1); /* grep found nothing */
}

TESTS(T(a_wrong_token_keeps_the_entries_and_asks_once),
      T(a_job_cannot_lure_the_token_to_its_own_receiver),
      T(tokens_come_from_the_file_of_their_receiver),
      T(tokens_come_from_credentials_and_kcidb_rest_too),
      T(a_token_with_a_line_break_adds_no_header),
      T(no_token_is_ever_on_disk_or_in_a_message))
