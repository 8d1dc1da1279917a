// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of the outbox share: a real receiver process (tests/tools/receiver.c) on
 * real HTTP, a spool of the case, and what one flush of it says. */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "report/post.h"
#include "tap.h"
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

static inline void start_on(struct receiver *r, uint32_t port, const char *script,
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

static inline struct receiver start(const char *script, const char *token)
{
	struct receiver r = { .child = CHILD_INIT };

	start_on(&r, 0, script, token);
	return r;
}

static inline void stop(struct receiver *r)
{
	child_kill(&r->child, SIGKILL);
}

#define _cleanup_receiver_ _cleanup_(receiver_release)
static inline void receiver_release(struct receiver *r)
{
	stop(r);
	free(r->dir);
	free(r->url);
}

/* What the receiver noted, and how often a text stands in it. */
static inline char *received_log(const struct receiver *r)
{
	_cleanup_free_ char *path = xasprintf("%s/log", r->dir);
	struct strbuf text = STRBUF_INIT;

	CHECK_EQ(io_read_file_at(AT_FDCWD, path, 1 << 24, &text), 0);
	return strbuf_take(&text);
}

static inline size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static inline size_t requests(const struct receiver *r)
{
	_cleanup_free_ char *log = received_log(r);

	return times(log, "\n");
}

static inline bool is_stored(const struct receiver *r, const char *run)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.json", r->dir, run);

	return access(path, F_OK) == 0;
}

static inline struct spool *open_spool(void)
{
	_cleanup_free_ char *path = xasprintf("%s/spool", tap_tmpdir());
	struct err err = ERR_INIT;
	struct spool *s;

	if (spool_open(path, &s, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return s;
}

static inline void queue_to(const struct spool *s, const char *run, const char *url)
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

static inline void note(void *arg, const struct post_line *line)
{
	strbuf_addf(&said, "%s %s %u: %s\n", post_outcome_to_str(line->outcome),
		    line->run_id, line->attempts, line->why);
}

static inline struct post_summary flush_with(struct spool *s, struct post_opts o)
{
	struct post_summary sum;
	struct err err = ERR_INIT;

	strbuf_reset(&said);
	o.report = note;
	if (post_flush(s, &o, &sum, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return sum;
}

static inline struct post_summary flush(struct spool *s, bool all)
{
	struct post_opts o = POST_OPTS_INIT;

	o.all = all;
	o.request_ms = 5000;
	return flush_with(s, o);
}
