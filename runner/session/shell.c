// SPDX-License-Identifier: GPL-2.0-or-later
/* A POSIX shell at the prompt: a command typed as one line, its exit status read from a
 * marker that the echo of the typed line cannot look like. */
#include <errno.h>
#include <fcntl.h>

#include "session/state.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"

enum {
	COMMAND_MAX = 3000,
	LINE_TYPED = 900,
	PIECE = 200, /* each byte may become four */
	PROMPT_MS = 3000,
	NEXT_SHELL_MS = 10000,
	MAX_PROMPTS = 16,
};

struct command {
	const char *text;
	bool is_secret;
	struct deadline d;
};

/* What tells our markers from anything that a test may print: a word of this run. */
static const char *word(const struct session *s)
{
	size_t n = strlen(s->dir->id);

	return s->dir->id + (n < 8 ? 0 : n - 8);
}

/* eval keeps the command in this shell (cd, export); `command` keeps its syntax errors
 * from ending our line as well. The marker comes twice, so that a kernel line may break
 * one of them; one with an x comes from a shell that the command ended (exit, set -e). */
static void add_command(const struct session *s, struct strbuf *sb, uint32_t marker,
			const char *quoted)
{
	if (!s->shell_ready)
		strbuf_addf(
			sb,
			"trap 'bootrig_rc=$?; echo bootrig-%s-x$bootrig_n:$bootrig_rc:' "
			"EXIT; ",
			word(s));
	strbuf_addf(sb, "bootrig_n=%u; command eval %s; bootrig_rc=$?; ", marker, quoted);
	for (int i = 0; i < 2; i++)
		strbuf_addf(sb, "echo bootrig-%s-%u:$bootrig_rc: %s", word(s), marker,
			    i ? "" : "; ");
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (size_t n; *text; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* At most MAX_PROMPTS into p; the caller frees the *n that are there, also on error. */
static int compile_prompts(const struct session *s, struct pattern **p, size_t *n,
			   struct err *err)
{
	int r = 0;

	for (size_t i = 0; s->prompts && i < s->prompts->n && *n < MAX_PROMPTS && !r;
	     i++) {
		r = pattern_new(s->prompts->v[i], &p[*n], err);
		*n += !r;
	}
	return r;
}

static int wait_prompt(struct session *s, struct err *err)
{
	struct pattern *p[MAX_PROMPTS];
	struct console_hit hit;
	size_t n = 0;
	int r = compile_prompts(s, p, &n, err);

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
	_cleanup_free_ char *regex =
		xasprintf("bootrig-%s-x?%u:([0-9]+):", word(s), marker);
	struct pattern *p;
	int r = pattern_new(regex, &p, err);

	if (!r)
		r = session_wait(s, &p, 1, d, true, hit, err);
	pattern_free(p);
	return r;
}

static int type_line(struct session *s, const char *line, uint32_t marker,
		     const struct command *c, struct console_hit *hit, struct err *err)
{
	console_mark(s->console);
	int r = session_type(s, line, c->is_secret, err);

	return r ? r : wait_marker(s, marker, c->d, hit, err);
}

/* A tty takes 4095 bytes as a line, busybox 1023, and a UART no more than its buffer
 * while nobody reads: what is longer is put together in a variable first. */
static int type_pieces(struct session *s, const struct command *c, struct err *err)
{
	const char *text = c->text;
	struct console_hit hit;
	bool is_first = true;
	int r = 0;

	while (*text && !r) {
		struct strbuf sb = STRBUF_INIT;
		size_t n = strnlen(text, PIECE);
		uint32_t marker = ++s->marker;

		/* No half characters for a shell that edits its line. */
		while (n > PIECE - 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		_cleanup_free_ char *piece = xstrndup(text, n);
		strbuf_addstr(&sb, is_first ? "bootrig_c=" : "bootrig_c=$bootrig_c");
		strbuf_add_quoted(&sb, piece, strlen(piece));
		strbuf_addf(&sb, "; echo bootrig-%s-%u:$?:", word(s), marker);
		r = type_line(s, sb.buf, marker, c, &hit, err);
		strbuf_release(&sb);
		text += n;
		is_first = false;
	}
	return r;
}

/* The command before ended its shell. Init or getty may start another one. */
static int next_shell(struct session *s, struct deadline d, struct err *err)
{
	const struct job_auto_login *login = s->boot ? &s->boot->auto_login : NULL;
	struct pattern *p[MAX_PROMPTS + 1];
	struct console_hit hit;
	size_t n = 0, n_prompts;
	int r = compile_prompts(s, p, &n, err);

	n_prompts = n;
	if (!r && login && login->username) {
		r = pattern_new(
			login->login_prompt ? login->login_prompt : "login:", &p[n], err);
		n += !r;
	}
	if (!r)
		r = session_type(s, "", false, err);
	if (!r && n)
		r = session_wait(s, p, n, deadline_min(d, deadline_in_ms(NEXT_SHELL_MS)),
				 false, &hit, err);
	if (!r && n && (size_t)hit.index >= n_prompts) {
		r = session_type(s, "", false, err);
		if (!r)
			r = session_login(s, login, s->prompts, d, err);
	}
	for (size_t i = 0; i < n; i++)
		pattern_free(p[i]);
	if (r == -ETIMEDOUT && err->class == ERR_NONE)
		return SHELL_GONE;
	s->shell_gone = r != 0;
	return r;
}

static int run(struct session *s, const struct command *c, int *exit_status,
	       uint64_t *from, struct console_hit *hit, struct err *err)
{
	struct strbuf line = STRBUF_INIT, quoted = STRBUF_INIT;
	uint32_t marker;
	uint64_t status = 255;
	int r = s->shell_gone ? next_shell(s, c->d, err) : 0;

	strbuf_add_quoted(&quoted, c->text, strlen(c->text));
	if (!r && (quoted.len > COMMAND_MAX || longest_line(quoted.buf) > LINE_TYPED)) {
		r = type_pieces(s, c, err);
		strbuf_reset(&quoted);
		strbuf_addstr(&quoted, "\"$bootrig_c\"");
	}
	if (!r) {
		marker = ++s->marker;
		add_command(s, &line, marker, quoted.buf);
		*from = console_offset(s->console);
		r = type_line(s, line.buf, marker, c, hit, err);
	}
	strbuf_release(&line);
	strbuf_release(&quoted);
	if (r)
		return r;
	s->shell_ready = true;
	const char *colon = strchr(hit->text, ':');
	if (colon && parse_u64n(colon + 1, strcspn(colon + 1, ":"), 10, 255, &status))
		status = 255;
	*exit_status = (int)status;
	if (strstr(hit->text, "-x")) {
		s->shell_gone = true;
		s->shell_ready = s->helpers_ready = false;
	}
	return 0;
}

static int run_to_prompt(struct session *s, const struct command *c, int *exit_status,
			 struct err *err)
{
	struct console_hit hit;
	uint64_t from;
	int r = run(s, c, exit_status, &from, &hit, err);

	return r || s->shell_gone ? r : wait_prompt(s, err);
}

int shell_run(struct session *s, const char *command, struct deadline d, int *exit_status,
	      struct err *err)
{
	return run_to_prompt(s, &(struct command){ .text = command, .d = d }, exit_status,
			     err);
}

int shell_run_secret(struct session *s, const char *command, struct deadline d,
		     int *exit_status, struct err *err)
{
	return run_to_prompt(
		s, &(struct command){ .text = command, .is_secret = true, .d = d },
		exit_status, err);
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
	int r = run(s, &(struct command){ .text = command, .d = d }, exit_status, &from,
		    &hit, err);

	if (r)
		return r;
	uint64_t marker_len = strlen(hit.text);
	uint64_t to = hit.offset > from + marker_len ? hit.offset - marker_len : from;
	r = copy_output(s, from, to, artifact, err);
	return r ? r : wait_prompt(s, err);
}
