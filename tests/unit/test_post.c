// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox against a real receiver process (tests/tools/receiver.c) over real HTTP. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "report/post.h"
#include "report/token.h"
#include "sample_results.h"
#include "util/child.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

/* What the caller's environment says about receivers is not for these tests. */
__attribute__((constructor)) static void forget_environment(void)
{
	static const char *const names[] = {
		"BOOTRIG_TOKENS",
		"BOOTRIG_POST_TOKEN",
		"BOOTRIG_POST_TOKEN_FILE",
		"BOOTRIG_POST_HEADER",
		"BOOTRIG_POST_TOKEN_FORM",
		"CREDENTIALS_DIRECTORY",
		"KCIDB_REST",
		"XDG_CONFIG_HOME",
		"http_proxy",
		"all_proxy",
		"ALL_PROXY",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	setenv("HOME", "/nonexistent", 1);
}

struct receiver {
	struct child child;
	uint32_t port;
	char *dir, *url;
};

static void start_on(struct receiver *r, uint32_t port, const char *script,
		     const char *token)
{
	char self[512], text[16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fds[2];
	struct err err = ERR_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;

	CHECK(n > 0 && n < (ssize_t)sizeof(self) - 1);
	self[n] = '\0';
	char *slash = strstr(self, "/tests/");
	CHECK(slash);
	*slash = '\0';
	_cleanup_free_ char *program = xasprintf("%s/tools/receiver", self);
	if (!r->dir)
		r->dir = xasprintf("%s/received", tap_tmpdir());
	snprintf(text, sizeof(text), "%u", port);
	const char *argv[] = { program, "--port",   text,   "--dir",
			       r->dir,  "--script", script, token ? "--token" : NULL,
			       token,   NULL };
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	opts.stdout_fd = fds[1];
	if (child_spawn(&r->child, argv, &opts, &err))
		tap_fail(__FILE__, __LINE__, "%s (make tests-bin builds it)", err.msg);
	close(fds[1]);
	/* it prints its port when it listens */
	n = read(fds[0], text, sizeof(text) - 1);
	CHECK(n > 1);
	text[n - 1] = '\0';
	CHECK_EQ(parse_u32(text, 10, 65535, &r->port), 0);
	close(fds[0]);
	free(r->url);
	r->url = xasprintf("http://127.0.0.1:%u/results", r->port);
}

static struct receiver start(const char *script, const char *token)
{
	struct receiver r = { .child = CHILD_INIT };

	start_on(&r, 0, script, token);
	return r;
}

static void stop(struct receiver *r)
{
	child_kill(&r->child, SIGKILL);
}

#define _cleanup_receiver_ _cleanup_(receiver_release)
static void receiver_release(struct receiver *r)
{
	stop(r);
	free(r->dir);
	free(r->url);
}

/* What the receiver noted, and how often a text stands in it. */
static char *received_log(const struct receiver *r)
{
	_cleanup_free_ char *path = xasprintf("%s/log", r->dir);
	struct strbuf text = STRBUF_INIT;

	CHECK_EQ(io_read_file_at(AT_FDCWD, path, 1 << 24, &text), 0);
	return strbuf_take(&text);
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static size_t requests(const struct receiver *r)
{
	_cleanup_free_ char *log = received_log(r);

	return times(log, "\n");
}

static bool is_stored(const struct receiver *r, const char *run)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.json", r->dir, run);

	return access(path, F_OK) == 0;
}

static struct spool *open_spool(void)
{
	_cleanup_free_ char *path = xasprintf("%s/spool", tap_tmpdir());
	struct err err = ERR_INIT;
	struct spool *s;

	if (spool_open(path, &s, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return s;
}

static void queue_to(const struct spool *s, const char *run, const char *url)
{
	_cleanup_destination_ struct destination to = DESTINATION_INIT;
	_cleanup_free_ char *body = xasprintf("{\"id\":\"%s\"}\n", run);
	struct err err = ERR_INIT;

	if (destination_parse(url, true, &to, &err) ||
	    spool_enqueue(s, run, &to, body, strlen(body), false, NULL, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
}

/* The lines of one flush, as text. */
static struct strbuf said;

static void note(void *arg, const struct post_line *line)
{
	strbuf_addf(&said, "%s %s %u: %s\n", post_outcome_to_str(line->outcome),
		    line->run_id, line->attempts, line->why);
}

static struct post_summary flush_with(struct spool *s, struct post_opts o)
{
	struct post_summary sum;
	struct err err = ERR_INIT;

	strbuf_reset(&said);
	o.report = note;
	if (post_flush(s, &o, &sum, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return sum;
}

static struct post_summary flush(struct spool *s, bool all)
{
	struct post_opts o = POST_OPTS_INIT;

	o.all = all;
	o.request_ms = 5000;
	return flush_with(s, o);
}

TEST(a_result_arrives_and_the_outbox_is_empty)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.sent, 1);
	CHECK_EQ(sum.pending, 0);
	CHECK(is_stored(&r, "run-1"));
	_cleanup_free_ char *log = received_log(&r);
	CHECK_CONTAINS(log, "200 /results key=run-1-");
	CHECK_EQ(flush(s, true).sent, 0);
	CHECK_EQ(requests(&r), 1);
}

TEST(a_receiver_that_is_down_gets_it_once_it_is_up)
{
	_cleanup_receiver_ struct receiver r = start("down", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.sent, 0);
	CHECK_EQ(sum.pending, 2);
	CHECK_CONTAINS(said.buf, "retry run-1 1: ");
	CHECK_CONTAINS(said.buf, "waiting run-2 0: its receiver failed a moment ago");
	stop(&r);
	start_on(&r, r.port, "ok", NULL);
	sum = flush(s, true);
	CHECK_EQ(sum.sent, 2);
	CHECK_EQ(sum.pending, 0);
	CHECK(is_stored(&r, "run-1") && is_stored(&r, "run-2"));
}

TEST(an_entry_waits_out_its_back_off)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	int64_t t0 = 1795461300000;

	clock_pin_wall_ms(t0);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_CONTAINS(said.buf, "retry run-1 1: HTTP 500");
	clock_pin_wall_ms(t0 + POST_BACKOFF_MS / 2 - 1);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_CONTAINS(said.buf, "waiting run-1 1: HTTP 500");
	CHECK_EQ(requests(&r), 1);
	clock_pin_wall_ms(t0 + POST_BACKOFF_MS);
	CHECK_EQ(flush(s, false).sent, 1);
	CHECK_EQ(requests(&r), 2);
}

TEST(flush_does_not_wait_for_the_back_off)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(flush(s, true).sent, 1);
}

TEST(a_clock_that_was_wrong_blocks_nothing)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	clock_pin_wall_ms(4102444800000); /* 2100 */
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	clock_pin_wall_ms(1795461300000); /* 2026 */
	CHECK_EQ(flush(s, false).sent, 1);
}

TEST(the_receivers_wish_to_wait_is_honoured)
{
	_cleanup_receiver_ struct receiver r = start("429@600,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	int64_t t0 = 1795461300000;

	clock_pin_wall_ms(t0);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	clock_pin_wall_ms(t0 + 599999);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(requests(&r), 1);
	clock_pin_wall_ms(t0 + 600000);
	CHECK_EQ(flush(s, false).sent, 1);
}

TEST(a_slow_receiver_costs_no_more_than_the_limit)
{
	_cleanup_receiver_ struct receiver r = start("slow,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct post_opts o = POST_OPTS_INIT;
	int64_t begin_ns = clock_now_ns();

	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	o.request_ms = 300;
	CHECK_EQ(flush_with(s, o).pending, 2);
	CHECK(clock_now_ns() - begin_ns < 10000000000);
	CHECK_CONTAINS(said.buf, "timed out");
	CHECK_CONTAINS(said.buf, "waiting run-2 0"); /* asked once, not once per entry */
	CHECK_EQ(flush(s, true).sent, 2);
}

TEST(the_time_for_all_of_it_is_kept)
{
	_cleanup_receiver_ struct receiver r = start("slow", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct post_opts o = POST_OPTS_INIT;
	int64_t begin_ns = clock_now_ns();

	queue_to(s, "run-1", r.url);
	o.deadline = deadline_in_ms(300);
	CHECK_EQ(flush_with(s, o).pending, 1);
	CHECK(clock_now_ns() - begin_ns < 10000000000);
}

TEST(garbage_instead_of_http_is_tried_again)
{
	static const char *const scripts[] = { "garbage,ok", "close,ok", "half,ok" };

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_cleanup_receiver_ struct receiver r = start(scripts[i], NULL);
		_cleanup_spool_ struct spool *s = open_spool();
		_cleanup_free_ char *run = xasprintf("run-%zu", i);

		queue_to(s, run, r.url);
		CHECK_EQ(flush(s, false).pending, 1);
		CHECK_CONTAINS(said.buf, "retry ");
		CHECK_EQ(flush(s, true).sent, 1);
		CHECK(is_stored(&r, run));
	}
}

TEST(an_answer_without_end_is_not_read_to_its_end)
{
	_cleanup_receiver_ struct receiver r = start("huge", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).sent, 1); /* its head said 200 */
	CHECK_EQ(requests(&r), 1);
}

TEST(a_yes_that_got_lost_is_asked_again_and_stored_once)
{
	_cleanup_receiver_ struct receiver r = start("lostok,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(flush(s, true).sent, 1);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, " new\n"), 1);
	CHECK_EQ(times(log, " duplicate\n"), 1);
}

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

TEST(a_held_entry_is_not_tried_for_half_an_hour)
{
	_cleanup_receiver_ struct receiver r = start("403", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	int64_t t0 = 1795461300000;

	clock_pin_wall_ms(t0);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	clock_pin_wall_ms(t0 + POST_BACKOFF_MAX_MS / 2 - 1);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(requests(&r), 1);
	clock_pin_wall_ms(t0 + POST_BACKOFF_MAX_MS);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(requests(&r), 2);
}

TEST(a_rejected_body_goes_to_the_dead_letters_with_the_reason)
{
	_cleanup_receiver_ struct receiver r = start("422,400,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	queue_to(s, "run-3", r.url);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.rejected, 2);
	CHECK_EQ(sum.sent, 1);
	CHECK_EQ(sum.pending, 0);
	CHECK_CONTAINS(said.buf, "rejected run-1 0: HTTP 422: {\"status\":\"error\"}");
	CHECK_EQ(flush(s, true).rejected, 0);
	CHECK_EQ(requests(&r), 3);
}

TEST(a_redirect_is_told_not_followed)
{
	_cleanup_receiver_ struct receiver r = start("302,404,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, true).pending, 1);
	CHECK_CONTAINS(said.buf, "held run-1 1: HTTP 302: moved to "
				 "http://127.0.0.1:1/elsewhere");
	CHECK_EQ(flush(s, true).pending, 1);
	CHECK_CONTAINS(said.buf, "held run-1 2: HTTP 404");
	CHECK_EQ(flush(s, true).sent, 1);
}

TEST(a_kcidb_answer_that_says_error_is_no_yes)
{
	_cleanup_receiver_ struct receiver r = start("errorok,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_free_ char *url = xasprintf("kcidb+http://127.0.0.1:%u/", r.port);

	queue_to(s, "run-1", url);
	CHECK_EQ(flush(s, true).pending, 1);
	CHECK_EQ(flush(s, true).sent, 1);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_CONTAINS(log, "200 /submit key=run-1-");
}

TEST(one_bad_entry_does_not_block_the_others)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_free_ char *noise = xasprintf("%s/spool/pending/0-noise", tap_tmpdir());

	int fd = open(noise, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "noise", 5) == 5);
	close(fd);
	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	queue_to(s, "run-3", "http://127.0.0.1:1/nobody");
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.damaged, 1);
	CHECK_EQ(sum.sent, 1);
	CHECK_EQ(sum.pending, 2);
	CHECK_CONTAINS(said.buf, "damaged");
	CHECK(is_stored(&r, "run-2"));
}

TEST(a_disk_that_takes_no_note_loses_nothing)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct rlimit was, none;

	queue_to(s, "run-1", r.url);
	CHECK_EQ(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &was), 0);
	CHECK_EQ(sum.pending, 1);
	CHECK_CONTAINS(said.buf, "cannot note the attempt: File too large");
	CHECK_EQ(flush(s, false).sent, 1); /* nobody remembers that it should wait */
}

TEST(a_proxy_is_not_asked_for_this_host)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).sent, 1);
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

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && !io_write_all(fd, text, strlen(text)));
	close(fd);
}

TEST(tokens_come_from_the_file_of_their_receiver)
{
	_cleanup_free_ char *file = xasprintf("%s/tokens", tap_tmpdir());

	write_file(file, "# ours\n"
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
	_cleanup_free_ char *file = xasprintf("%s/bootrig-post-token", tap_tmpdir());

	setenv("HOME", tap_tmpdir(), 1);
	write_file(file, "from-systemd\n");
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

TEST(a_cancel_ends_a_slow_post_at_once)
{
	_cleanup_receiver_ struct receiver r = start("slow", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct post_opts o = POST_OPTS_INIT;
	struct post_summary sum;
	struct err err = ERR_INIT;
	int fds[2];

	queue_to(s, "run-1", r.url);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct pollfd p = { .fd = -1 };

		poll(&p, 1, 200);
		_exit(write(fds[1], "x", 1) != 1);
	}
	o.cancel_fd = fds[0];
	CHECK_EQ(post_flush(s, &o, &sum, &err), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_EQ(sum.pending, 1);
}

TEST(two_posters_at_once_send_each_entry_once)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	enum { N = 60 };
	pid_t pids[2];
	int status;

	for (int i = 0; i < N; i++) {
		char run[16];

		snprintf(run, sizeof(run), "run-%d", i);
		queue_to(s, run, r.url);
	}
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			_cleanup_spool_ struct spool *own = open_spool();

			flush(own, true);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++)
		CHECK(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
	CHECK_EQ(flush(s, true).pending, 0);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, " new\n"), N);
	CHECK_EQ(times(log, "\n"), N); /* not even a duplicate request */
}

/* A run queues its result and posts; it is killed at an arbitrary moment. Returns whether
 * it had been told that the result is queued. */
static bool killed_run(const char *url, int round, unsigned int *seed)
{
	struct timespec moment = { .tv_nsec = (long)(rand_r(seed) % 12000) * 1000 };
	char run[16], told;
	int fds[2];

	snprintf(run, sizeof(run), "run-%d", round);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		_cleanup_spool_ struct spool *s = open_spool();

		queue_to(s, run, url);
		if (write(fds[1], "q", 1) != 1)
			_exit(1);
		flush(s, true);
		_exit(0);
	}
	close(fds[1]);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	ppoll(&p, 1, &moment, NULL);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	bool was_told = read(fds[0], &told, 1) == 1;
	close(fds[0]);
	close(pidfd);
	return was_told;
}

TEST(kill_9_at_any_moment_loses_nothing_and_stores_each_once)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	enum { ROUNDS = 40 };
	bool promised[ROUNDS];
	unsigned int seed = 42;
	size_t stored = 0;

	for (int i = 0; i < ROUNDS; i++)
		promised[i] = killed_run(r.url, i, &seed);
	struct post_summary sum = flush(s, true);
	CHECK_EQ(sum.pending, 0);
	CHECK_EQ(sum.damaged, 0);
	for (int i = 0; i < ROUNDS; i++) {
		char run[16];

		snprintf(run, sizeof(run), "run-%d", i);
		if (promised[i] && !is_stored(&r, run))
			tap_fail(__FILE__, __LINE__, "%s was queued and is lost", run);
		stored += is_stored(&r, run);
	}
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, " new\n"), stored);
	CHECK(stored > 0);
}

TEST(the_back_off_doubles_to_an_hour_and_spreads)
{
	CHECK(post_backoff_ms("a", 1) >= POST_BACKOFF_MS / 2);
	CHECK(post_backoff_ms("a", 1) <= POST_BACKOFF_MS);
	CHECK(post_backoff_ms("a", 4) >= POST_BACKOFF_MS * 4);
	CHECK(post_backoff_ms("a", 4) <= POST_BACKOFF_MS * 8);
	CHECK(post_backoff_ms("a", 1000000) >= POST_BACKOFF_MAX_MS / 2);
	CHECK(post_backoff_ms("a", UINT32_MAX) <= POST_BACKOFF_MAX_MS);
	CHECK(post_backoff_ms("a", 9) != post_backoff_ms("b", 9));
	CHECK_EQ(post_backoff_ms("a", 9), post_backoff_ms("a", 9));
}

TEST(each_status_has_its_meaning)
{
	static const struct {
		long status;
		enum post_outcome want;
	} cases[] = {
		{ 200, POST_SENT },  { 201, POST_SENT },     { 202, POST_SENT },
		{ 204, POST_SENT },  { 301, POST_HELD },     { 400, POST_REJECTED },
		{ 401, POST_HELD },  { 403, POST_HELD },     { 404, POST_HELD },
		{ 408, POST_RETRY }, { 413, POST_REJECTED }, { 422, POST_REJECTED },
		{ 429, POST_RETRY }, { 500, POST_RETRY },    { 502, POST_RETRY },
		{ 503, POST_RETRY }, { 100, POST_RETRY },    { 0, POST_RETRY },
		{ 999, POST_RETRY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STR(post_outcome_to_str(post_outcome_of_status(cases[i].status)),
			  post_outcome_to_str(cases[i].want));
}

TESTS(T(a_result_arrives_and_the_outbox_is_empty),
      T(a_receiver_that_is_down_gets_it_once_it_is_up),
      T(an_entry_waits_out_its_back_off), T(flush_does_not_wait_for_the_back_off),
      T(a_clock_that_was_wrong_blocks_nothing), T(the_receivers_wish_to_wait_is_honoured),
      T(a_slow_receiver_costs_no_more_than_the_limit), T(the_time_for_all_of_it_is_kept),
      T(garbage_instead_of_http_is_tried_again),
      T(an_answer_without_end_is_not_read_to_its_end),
      T(a_yes_that_got_lost_is_asked_again_and_stored_once),
      T(a_wrong_token_keeps_the_entries_and_asks_once),
      T(a_held_entry_is_not_tried_for_half_an_hour),
      T(a_rejected_body_goes_to_the_dead_letters_with_the_reason),
      T(a_redirect_is_told_not_followed), T(a_kcidb_answer_that_says_error_is_no_yes),
      T(one_bad_entry_does_not_block_the_others),
      T(a_disk_that_takes_no_note_loses_nothing), T(a_proxy_is_not_asked_for_this_host),
      T(a_job_cannot_lure_the_token_to_its_own_receiver),
      T(tokens_come_from_the_file_of_their_receiver),
      T(tokens_come_from_credentials_and_kcidb_rest_too),
      T(a_token_with_a_line_break_adds_no_header),
      T(no_token_is_ever_on_disk_or_in_a_message), T(a_cancel_ends_a_slow_post_at_once),
      T(two_posters_at_once_send_each_entry_once),
      T(kill_9_at_any_moment_loses_nothing_and_stores_each_once),
      T(the_back_off_doubles_to_an_hour_and_spreads), T(each_status_has_its_meaning))
