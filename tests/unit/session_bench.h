// SPDX-License-Identifier: GPL-2.0-or-later
/* A session at work on a board that answers typed lines from a table: the real console,
 * journal and watch, without power and staging. */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "board_text.h"
#include "job_text.h"
#include "session/state.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

struct answer {
	const char *typed; /* NULL: said before anything was typed */
	const char *says;  /* each entry answers once, in the order of the table */
};

struct session_bench {
	struct session s;
	struct session_opts opts;
	struct run_dir dir;
	struct job_spec *job;
	struct board_spec *board;
	json_t *tests;       /* the events of that type */
	struct strbuf typed; /* every line that we recorded, each with a LF */
	pid_t peer;
};

static inline void bench_event(void *arg, const json_t *event)
{
	struct session_bench *b = arg;
	const char *type = json_get_str(event, "type", "");

	journal_event(b->s.journal, event);
	if (strcmp(type, "test") == 0)
		json_push(b->tests, json_deep_copy(event));
	if (strcmp(type, "type") == 0)
		strbuf_addf(&b->typed, "%s\n", json_get_str(event, "text", ""));
}

static inline void bench_fatal(void *arg, const struct incident *in)
{
	struct session_bench *b = arg;

	console_stop(b->s.console);
}

static inline void bench_bytes(void *arg, const char *data, size_t len, uint64_t offset,
			       int64_t t_ns)
{
	struct session_bench *b = arg;

	watch_bytes(b->s.watch, data, len, offset, t_ns);
}

/* The board: a process of its own. Lives until its line is closed. */
NORETURN static inline void bench_board(int fd, const struct answer *a, size_t n)
{
	char line[512];
	size_t len = 0, next = 0;
	char c;

	for (; next < n && !a[next].typed; next++)
		if (io_write_all(fd, a[next].says, strlen(a[next].says)))
			_exit(1);
	while (read(fd, &c, 1) == 1) {
		if (c != '\n') {
			if (len < sizeof(line) - 1)
				line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		if (next < n && strcmp(a[next].typed, line) == 0 &&
		    io_write_all(fd, a[next].says, strlen(a[next].says)) == 0)
			next++;
	}
	_exit(0);
}

/* actions: YAML of the job's actions behind its boot. */
static inline void bench_start(struct session_bench *b, const char *actions,
			       const struct answer *a, size_t n)
{
	_cleanup_free_ char *text =
		xasprintf("job_name: t\n"
			  "timeouts: {job: {minutes: 1}}\n"
			  "actions:\n"
			  "- boot: {method: minimal, prompts: ['# ']}\n"
			  "%s",
			  actions);
	static const char board[] = "board: b\n"
				    "device_type: t\n"
				    "console: {transport: tcp, device: 'localhost:1'}\n"
				    "power: {backend: none}\n";
	const struct watch_opts wo = { .event = bench_event,
				       .fatal_seen = bench_fatal,
				       .arg = b };
	const struct console_observer ob = { .bytes = bench_bytes, .arg = b };
	struct console_opts co = { .cancel_fd = -1, .gap_ms = 1000 };
	struct power_env env = { .run_dir = "/" };
	struct err err = ERR_INIT;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	*b = (struct session_bench){ .tests = json_array() };
	b->job = job_at("/t.yaml", text);
	b->board = board_at("/b.yaml", board);
	if (run_dir_create(tap_tmpdir(), "b", "t", &b->dir, &err) ||
	    journal_new(&b->dir, clock_now_ns(), &b->s.journal, &err) ||
	    power_new(b->board, &env, &b->s.power, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	co.dirfd = b->dir.dirfd;
	co.start_ns = clock_now_ns();
	b->opts = (struct session_opts){ .job = b->job,
					 .board = b->board,
					 .cancel_fd = -1 };
	b->s.opts = &b->opts;
	b->s.job = b->job;
	b->s.board = b->board;
	b->s.dir = &b->dir;
	b->s.lock = (struct board_lock)BOARD_LOCK_INIT;
	b->s.job_deadline = deadline_in_ms(25000);
	b->s.attempt = 1;
	CHECK_EQ(console_new(&co, &b->s.console, &err), 0);
	b->s.watch = watch_new(&wo);
	journal_connect(b->s.journal, b->s.watch, b->s.console);
	console_observe(b->s.console, &ob);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	b->peer = fork();
	if (b->peer == 0) {
		close(fds[0]);
		bench_board(fds[1], a, n);
	}
	close(fds[1]);
	console_attach(b->s.console, stream_of_fd(fds[0]));
}

static inline void bench_stop(struct session_bench *b)
{
	int status;

	console_free(b->s.console);
	CHECK_EQ(waitpid(b->peer, &status, 0), b->peer);
	power_free(b->s.power);
	journal_free(b->s.journal);
	watch_free(b->s.watch);
	run_dir_release(&b->dir);
	job_spec_free(b->job);
	board_spec_free(b->board);
	json_decref(b->tests);
	strbuf_release(&b->typed);
}

/* "suite/name=result" of each test event, a blank between. The caller owns it. */
static inline char *bench_results(const struct session_bench *b)
{
	struct strbuf sb = STRBUF_INIT;
	size_t i;
	json_t *t;

	json_array_foreach(b->tests, i, t)
	{
		strbuf_addf(&sb, "%s%s/%s=%s", i ? " " : "", json_get_str(t, "suite", ""),
			    json_get_str(t, "name", ""), json_get_str(t, "result", ""));
	}
	return strbuf_take(&sb);
}

static inline void bench_check_results(const struct session_bench *b, const char *want)
{
	_cleanup_free_ char *got = bench_results(b);

	CHECK_STR(got, want);
}

static inline const char *bench_reason(const struct session_bench *b, size_t i)
{
	return json_get_str(json_array_get(b->tests, i), "reason", "");
}
