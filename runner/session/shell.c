// SPDX-License-Identifier: GPL-2.0-or-later
/* A POSIX shell at the prompt: a command typed as one line, its exit status read from a
 * marker that the echo of the typed line cannot look like. */
#include <errno.h>
#include <fcntl.h>

#include "session/state.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

enum { COMMAND_MAX = 3500, PROMPT_MS = 3000 };

/* 'it'\''s' */
static void add_quoted(struct strbuf *sb, const char *text)
{
	strbuf_addch(sb, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_addstr(sb, "'\\''");
		else
			strbuf_addch(sb, *text);
	}
	strbuf_addch(sb, '\'');
}

/* eval keeps the command in this shell (cd, export) and its syntax errors in itself. The
 * marker comes twice, so that a kernel line may break one of them. */
static char *command_line(const char *command, uint32_t marker)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "eval ");
	add_quoted(&sb, command);
	strbuf_addf(
		&sb,
		"; bootrig_rc=$?; echo bootrig-%u:$bootrig_rc: ; echo bootrig-%u:$bootrig_rc:",
		marker, marker);
	return strbuf_take(&sb);
}

static int wait_prompt(struct session *s, struct err *err)
{
	struct pattern *p[16];
	struct console_hit hit;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; s->prompts && i < s->prompts->n && n < ARRAY_SIZE(p) && !r;
	     i++) {
		r = pattern_new(s->prompts->v[i], &p[n], err);
		n += !r;
	}
	if (!r && n)
		r = console_wait(s->console, p, n, deadline_in_ms(PROMPT_MS), &hit, err);
	for (size_t i = 0; i < n; i++)
		pattern_free(p[i]);
	return r == -ETIMEDOUT
		       ? 0
		       : r; /* the marker came: the shell lives, whatever its prompt is */
}

static int wait_marker(struct session *s, uint32_t marker, struct deadline d,
		       struct console_hit *hit, struct err *err)
{
	_cleanup_free_ char *regex = xasprintf("bootrig-%u:([0-9]+):", marker);
	struct pattern *p;
	int r = pattern_new(regex, &p, err);

	if (!r)
		r = session_wait(s, &p, 1, d, true, hit, err);
	pattern_free(p);
	return r;
}

static int run(struct session *s, const char *command, bool is_secret, struct deadline d,
	       int *exit_status, struct console_hit *hit, struct err *err)
{
	uint32_t marker = ++s->marker, status = 0;
	_cleanup_free_ char *line = command_line(command, marker);

	if (strlen(line) > COMMAND_MAX)
		return err_set(
			err, ERR_JOB, -E2BIG,
			"a command of %zu bytes is more than a tty takes as one line (%d)",
			strlen(command), COMMAND_MAX);
	console_mark(s->console);
	int r = session_type(s, line, is_secret, err);
	if (!r)
		r = wait_marker(s, marker, d, hit, err);
	if (r)
		return r;
	const char *colon = strchr(hit->text, ':');
	if (colon) {
		uint64_t v = 0;

		if (parse_u64n(colon + 1, strcspn(colon + 1, ":"), 10, 255, &v))
			v = 255;
		status = (uint32_t)v;
	}
	*exit_status = (int)status;
	return 0;
}

int shell_run(struct session *s, const char *command, struct deadline d, int *exit_status,
	      struct err *err)
{
	struct console_hit hit;
	int r = run(s, command, false, d, exit_status, &hit, err);

	return r ? r : wait_prompt(s, err);
}

int shell_run_secret(struct session *s, const char *command, struct deadline d,
		     int *exit_status, struct err *err)
{
	struct console_hit hit;
	int r = run(s, command, true, d, exit_status, &hit, err);

	return r ? r : wait_prompt(s, err);
}

/* Copy console.raw[from..to) without the first line, which is the echo of what was typed.
 */
static int copy_output(struct session *s, uint64_t from, uint64_t to,
		       const char *artifact, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("artifacts/%s", artifact);
	_cleanup_close_ int in =
		openat(s->dir->dirfd, "console.raw", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out =
		openat(s->dir->dirfd, name,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	bool in_echo = true;
	char buf[16384];

	if (in < 0 || out < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno));
	while (from < to) {
		size_t want = to - from < sizeof(buf) ? (size_t)(to - from) : sizeof(buf);
		ssize_t n = pread(in, buf, want, (off_t)from);
		const char *p = buf;

		if (n <= 0)
			return err_set(err, ERR_LAB, n ? -errno : -EIO,
				       "console.raw cannot be read");
		from += (uint64_t)n;
		if (in_echo) {
			const char *nl = memchr(buf, '\n', (size_t)n);

			if (!nl)
				continue;
			in_echo = false;
			p = nl + 1;
		}
		int r = io_write_all(out, p, (size_t)(buf + n - p));
		if (r)
			return err_set(err, ERR_LAB, r, "%s: %s", name, strerror(-r));
	}
	return fsync(out) ? err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno))
			  : 0;
}

int shell_capture(struct session *s, const char *command, const char *artifact,
		  struct deadline d, int *exit_status, struct err *err)
{
	uint64_t from = console_offset(s->console);
	struct console_hit hit;
	int r = run(s, command, false, d, exit_status, &hit, err);

	if (r)
		return r;
	uint64_t marker_len = strlen(hit.text);
	uint64_t to = hit.offset > from + marker_len ? hit.offset - marker_len : from;
	r = copy_output(s, from, to, artifact, err);
	return r ? r : wait_prompt(s, err);
}
