// SPDX-License-Identifier: GPL-2.0-or-later
/* What the crash left is brought from the known-good system to artifacts/, in a channel
 * where detection is off: what is printed here is old news. Commands give text; files
 * come over the console as base64, each with its checksum. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "session/recovery_int.h"
#include "util/base64.h"
#include "util/hash.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/path.h"

enum {
	COMMAND_MS = 60000,
	FILE_MS = 180000, /* 4 MiB at 1500000 baud take 40 s */
	MAX_HARVEST = 64,
	MAX_FILE_BYTES = 4 << 20,
	FILE_TRIES = 3, /* a kernel message may break a line */
	INTERRUPT_MS = 5000,
	SHARE = 4, /* no command takes more than this part of what is left */
};

struct board_file {
	char *path;
	uint64_t size;
	char sha256[65];
};

static void record(struct session *s, const char *command, const char *file, int status,
		   const char *want_sha256)
{
	_cleanup_free_ char *path = xasprintf("artifacts/%s", file);
	_cleanup_close_ int fd = openat(s->dir->dirfd, path, O_RDONLY | O_CLOEXEC);
	struct sha256_hex sha = { "" };
	uint64_t size = 0;
	json_t *m = json_object();

	if (fd >= 0 && sha256_of_fd(fd, &sha, &size))
		sha.str[0] = '\0';
	json_put(m, "command", json_lossy_str(command));
	json_put(m, "file", json_lossy_str(path));
	json_put(m, "bytes", json_integer((json_int_t)size));
	json_put(m, "sha256", json_string(sha.str));
	json_put(m, "exit", json_integer(status));
	if (want_sha256)
		json_put(m, "verified", json_boolean(strcmp(sha.str, want_sha256) == 0));
	journal_action_json(s->journal, "harvest", m);
}

static void warn(struct session *s, const char *what, const char *of, const char *why)
{
	_cleanup_free_ char *text = xasprintf("%s%s: %s", what, of, why);
	json_t *m = json_object();

	json_put(m, "text", json_lossy_str(text));
	journal_action_json(s->journal, "warning", m);
}

static struct deadline within(const struct harvest *h, int64_t ms)
{
	int64_t left_ns = h->ladder.at_ns - clock_now_ns();
	struct deadline part = deadline_in_ns(left_ns > 0 ? left_ns / SHARE : 0);

	return deadline_min(part, deadline_in_ms(ms));
}

/* One that hangs must not cost what comes after it: the next rung may cut the power. 0 =
 * the shell answers again; else what r was. */
static int go_on_after(struct harvest *h, const char *what, int r, struct err *err)
{
	struct err why = ERR_INIT;
	int status = 0, e;

	if (r != -ETIMEDOUT || err->class != ERR_NONE)
		return r;
	warn(h->s, "interrupted: ", what, "it did not end in time");
	e = session_type(h->s, "\003", false, &why);
	if (!e)
		e = shell_run(h->s, "true",
			      deadline_min(h->ladder, deadline_in_ms(INTERRUPT_MS)),
			      &status, &why);
	if (e && e != -ETIMEDOUT) {
		*err = why;
		return e;
	}
	return e ? r : 0;
}

static int read_artifact(struct session *s, const char *name, struct strbuf *out)
{
	_cleanup_free_ char *path = xasprintf("artifacts/%s", name);

	return io_read_file_at(s->dir->dirfd, path, 8 << 20, out);
}

static void drop_artifact(struct session *s, const char *name)
{
	_cleanup_free_ char *path = xasprintf("artifacts/%s", name);

	unlinkat(s->dir->dirfd, path, 0);
}

/* "bootrig-file SIZE SHA256 PATH" */
static bool parse_entry(const char *line, size_t len, struct board_file *f)
{
	static const char word[] = "bootrig-file ";
	size_t n;

	while (len && line[len - 1] == '\r')
		len--;
	if (len < sizeof(word) || memcmp(line, word, sizeof(word) - 1) != 0)
		return false;
	line += sizeof(word) - 1;
	len -= sizeof(word) - 1;
	for (n = 0; n < len && line[n] != ' '; n++)
		;
	if (parse_u64n(line, n, 10, UINT64_MAX, &f->size) || len < n + 1 + 64 + 2)
		return false;
	memcpy(f->sha256, line + n + 1, 64);
	f->sha256[64] = '\0';
	if (strspn(f->sha256, "0123456789abcdef") != 64 || line[n + 65] != ' ')
		return false;
	f->path = xstrndup(line + n + 66, len - n - 66);
	return true;
}

/* Its name in artifacts/: the rung's, a number, and the last part of its own. */
static char *artifact_name(const struct harvest *h, const char *path)
{
	char *name = xasprintf("%s-%zu-%.80s", h->rung->name, h->n, path_last(path));

	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    *p))
			*p = '_';
	return name;
}

static int write_artifact(struct session *s, const char *name, const struct strbuf *data,
			  struct err *err)
{
	_cleanup_close_ int dir =
		openat(s->dir->dirfd, "artifacts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno
			: io_atomic_write_at(dir, name, strbuf_str(data), data->len);

	return r ? err_set(err, ERR_LAB, r, "artifacts/%s: %s", name, strerror(-r)) : 0;
}

/* 0: it came whole; -EBADMSG: it did not. */
static int fetch_once(struct harvest *h, const struct board_file *f, const char *name,
		      struct err *err)
{
	_cleanup_free_ char *coded = xasprintf("%s.b64", name);
	_cleanup_strbuf_ struct strbuf command = STRBUF_INIT, text = STRBUF_INIT,
				       data = STRBUF_INIT;
	int status = 0, r;

	strbuf_addstr(&command, "base64 <");
	strbuf_add_quoted(&command, f->path, strlen(f->path));
	r = shell_capture(h->s, command.buf, coded, within(h, FILE_MS), &status, err);
	if (!r && read_artifact(h->s, coded, &text))
		r = -EBADMSG;
	drop_artifact(h->s, coded);
	if (r)
		return r;
	base64_decode_lines(strbuf_str(&text), text.len, &data);
	struct sha256_hex sha = sha256_of(strbuf_str(&data), data.len);
	if (status || strcmp(sha.str, f->sha256) != 0)
		return -EBADMSG;
	return write_artifact(h->s, name, &data, err);
}

static char *upload_command(struct session *s, const struct board_file *f,
			    uint32_t number)
{
	_cleanup_free_ char *url = upload_url(s->upload, number);
	struct strbuf sb = STRBUF_INIT;

	for (const char *p = s->board->upload.command; *p;) {
		if (strncmp(p, "{file}", 6) == 0) {
			strbuf_add_quoted(&sb, f->path, strlen(f->path));
			p += 6;
		} else if (strncmp(p, "{url}", 5) == 0) {
			strbuf_addstr(&sb, url);
			p += 5;
		} else {
			strbuf_addch(&sb, *p++);
		}
	}
	return strbuf_take(&sb);
}

/* Is what arrived the file that the board has? */
static bool keep_upload(struct session *s, const struct board_file *f, uint32_t number,
			const char *name)
{
	_cleanup_free_ char *from = xasprintf("artifacts/upload-%u", number);
	_cleanup_free_ char *to = xasprintf("artifacts/%s", name);
	_cleanup_close_ int fd =
		openat(s->dir->dirfd, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct sha256_hex sha = { "" };

	if (fd >= 0 && upload_has(s->upload, number) && !sha256_of_fd(fd, &sha, NULL) &&
	    strcmp(sha.str, f->sha256) == 0 && !fsync(fd) &&
	    !renameat(s->dir->dirfd, from, s->dir->dirfd, to))
		return true;
	unlinkat(s->dir->dirfd, from, 0);
	return false;
}

/* 0: it came; -EBADMSG: it did not, by this way. */
static int fetch_by_network(struct harvest *h, const struct board_file *f,
			    const char *name, struct err *err)
{
	uint32_t number = (uint32_t)h->n;
	int status = 0, r;

	if (!h->s->upload)
		return -EBADMSG;
	_cleanup_free_ char *command = upload_command(h->s, f, number);
	r = shell_run(h->s, command, within(h, FILE_MS), &status, err);
	if (r == -ETIMEDOUT) {
		r = go_on_after(h, "upload.command", r, err);
		status = -1;
	}
	if (!r && (status || !keep_upload(h->s, f, number, name))) {
		warn(h->s, "not by the network: ", f->path,
		     status ? "upload.command failed" : "it arrived broken");
		r = -EBADMSG;
	}
	return r;
}

static int fetch(struct harvest *h, const struct board_file *f, struct err *err)
{
	_cleanup_free_ char *what = xasprintf("file %s", f->path);
	int r;

	h->n++;
	_cleanup_free_ char *name = artifact_name(h, f->path);
	r = fetch_by_network(h, f, name, err);
	if (r == -EBADMSG && f->size > MAX_FILE_BYTES) {
		warn(h->s, "not harvested: ", f->path,
		     "larger than 4 MiB, which is much for a console; upload: takes more");
		return 0;
	}
	for (int i = 0; i < FILE_TRIES && r == -EBADMSG; i++)
		r = fetch_once(h, f, name, err);
	if (r == -EBADMSG) {
		warn(h->s, "not harvested: ", f->path,
		     "its checksum was wrong each time");
		return 0;
	}
	if (!r)
		record(h->s, what, name, 0, f->sha256);
	return go_on_after(h, f->path, r, err);
}

/* Which files there are, and what they should be. */
static int list(struct harvest *h, const char *pattern, struct strbuf *out,
		struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s-list.txt", h->rung->name);
	_cleanup_free_ char *command = xasprintf(
		"for f in %s; do [ -f \"$f\" ] && echo \"bootrig-file $(wc -c <\"$f\") $(sha256sum <\"$f\" | cut -c1-64) $f\"; done",
		pattern);
	int status = 0;
	int r = shell_capture(h->s, command, name, within(h, COMMAND_MS), &status, err);

	if (!r && read_artifact(h->s, name, out))
		strbuf_reset(out);
	drop_artifact(h->s, name);
	return go_on_after(h, pattern, r, err);
}

static int files(struct harvest *h, const char *pattern, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = list(h, pattern, &text, err);
	const char *p = strbuf_str(&text), *end = p + text.len;

	while (p < end && !r && h->n < MAX_HARVEST) {
		size_t n = strcspn(p, "\n");
		struct board_file f = { .path = NULL };

		if (parse_entry(p, n, &f))
			r = fetch(h, &f, err);
		free(f.path);
		p += n + (p + n < end);
	}
	return r;
}

static int commands(struct harvest *h, const struct strvec *cmds, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < cmds->n && !r && h->n < MAX_HARVEST; i++) {
		_cleanup_free_ char *file =
			xasprintf("%s-%zu.txt", h->rung->name, ++h->n);
		int status = 0;

		r = shell_capture(h->s, cmds->v[i], file, within(h, COMMAND_MS), &status,
				  err);
		if (!r)
			record(h->s, cmds->v[i], file, status, NULL);
		r = go_on_after(h, cmds->v[i], r, err);
	}
	return r;
}

/* Without it files come by the console: a network that is not there is no reason to lose
 * them. */
static int open_upload(struct harvest *h, struct err *err)
{
	const struct board_upload *u = &h->s->board->upload;
	struct err why = ERR_INIT;
	int status = 0, r = 0;

	if (!u->host)
		return 0;
	for (size_t i = 0; i < u->network.n && !r && !status; i++)
		r = shell_run(h->s, u->network.v[i], within(h, COMMAND_MS), &status, err);
	if (r == -ETIMEDOUT) {
		r = go_on_after(h, "upload.network", r, err);
		status = -1;
	}
	if (r)
		return r;
	if (status)
		warn(h->s, "the known-good system has no network", "",
		     "a command of upload.network failed");
	else if (upload_open(u->host, (uint16_t)u->port, h->artifacts_fd, &h->s->upload,
			     &why))
		warn(h->s, "no upload", "", why.msg);
	return 0;
}

int session_harvest(struct harvest *h, struct err *err)
{
	bool wants_any = h->rung->harvest.n || h->rung->files.n;
	_cleanup_close_ int dir =
		openat(h->s->dir->dirfd, "artifacts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (!wants_any)
		return 0;
	h->artifacts_fd = dir;
	journal_action(h->s->journal, "detection", "{s:b}", "enabled", 0);
	r = commands(h, &h->rung->harvest, err);
	if (!r)
		r = commands(h, &h->s->job->harvest, err);
	if (!r && h->rung->files.n)
		r = open_upload(h, err);
	for (size_t i = 0; i < h->rung->files.n && !r; i++)
		r = files(h, h->rung->files.v[i], err);
	upload_close(h->s->upload);
	h->s->upload = NULL;
	journal_action(h->s->journal, "detection", "{s:b}", "enabled", 1);
	return r;
}
