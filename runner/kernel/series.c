// SPDX-License-Identifier: GPL-2.0-or-later
/* Patches from a directory or an mbox. git takes the mails apart (mailsplit, mailinfo),
 * so that quoted-printable, base64 and "From" lines in a text are read as git am does. */
#include "kernel/series.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/tool.h"
#include "parse/patch_files.h"
#include "parse/series_file.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/path.h"

void series_release(struct series *s)
{
	for (size_t i = 0; i < s->n_all; i++) {
		free(s->v[i].name);
		free(s->v[i].short_name);
		free(s->v[i].text);
		strvec_release(&s->v[i].files);
	}
	free(s->v);
	*s = (struct series){ .v = NULL };
}

/* a/b/../c.patch as a person would write it. Only of names: the file itself is opened by
 * the path as given, which symbolic links may lead elsewhere. */
static char *tidy_path(const char *path)
{
	char *copy = xstrdup(path), *up;

	while ((up = strstr(copy, "/../"))) {
		char *from = up;

		while (from > copy && from[-1] != '/')
			from--;
		if (from == up || strncmp(from, "../", 3) == 0 ||
		    strncmp(from, "./", 2) == 0)
			break;
		memmove(from, up + 4, strlen(up + 4) + 1);
	}
	return copy;
}

static size_t total_bytes(const struct series *s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s->n_all; i++)
		sum += s->v[i].len;
	return sum;
}

/* Reads path and appends it; take_name and take_short become the series'. */
static int add_patch(struct series *s, const char *path, uint32_t strip, char *take_name,
		     char *take_short, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct series_patch p = { .name = take_name,
				  .short_name = take_short,
				  .strip = strip };
	int r = io_read_file_at(AT_FDCWD, path, PATCH_MAX_BYTES, &text);

	if (r)
		err_set(err, ERR_JOB, r, "%s: %s", p.name, strerror(-r));
	else if (text.len + total_bytes(s) > SERIES_MAX_TOTAL_BYTES)
		r = err_set(err, ERR_JOB, -EFBIG, "%s: the series is too large", p.name);
	else
		r = patch_files(strbuf_str(&text), text.len, strip, p.name, &p.files,
				err);
	p.sha256 = sha256_of(strbuf_str(&text), text.len);
	p.len = text.len;
	p.text = strbuf_take(&text);
	s->v = xreallocarray(s->v, s->n_all + 1, sizeof(*s->v));
	s->v[s->n_all++] = p;
	return r;
}

static int load_directory(const char *dir, struct series *out, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/series", dir);
	_cleanup_series_file_ struct series_file file = { .v = NULL };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, path, SERIES_MAX_BYTES, &text);

	if (r)
		return err_set(
			err, ERR_JOB, r,
			"%s: %s; expected a directory of patches with a file \"series\"",
			path, strerror(-r));
	r = series_file_parse(strbuf_str(&text), text.len, path, &file, err);
	for (size_t i = 0; !r && i < file.n; i++) {
		_cleanup_free_ char *full = xasprintf("%s/%s", dir, file.v[i].path);

		r = add_patch(out, full, file.v[i].strip, tidy_path(full),
			      xstrdup(path_last(full)), err);
		if (r == -ENOENT)
			err_set(err, ERR_JOB, r, "%s:%u:1: there is no %s", path,
				file.v[i].line, out->v[i].name);
	}
	return r;
}

/* ---- mbox ------------------------------------------------------------------------- */

static int run_git(const char *const argv[], const char *mail, const struct task *task,
		   const char *name, struct strbuf *said, struct err *err)
{
	const struct tool tool = { .argv = argv, .what = name, .stdin_path = mail };
	int status, r = tool_run(&tool, task, &status, said, err);

	if (!r && status)
		r = err_set(err, ERR_JOB, -EINVAL, "%s: git %s: %s", name, argv[1],
			    tool_last_line(said));
	return r;
}

static char *subject_of(struct strbuf *info)
{
	char *at = strstr(strbuf_str(info), "Subject: ");

	if (!at)
		return xstrdup("");
	at += strlen("Subject: ");
	return xstrndup(at, strcspn(at, "\n"));
}

/* Whatever stands behind a cover letter's "---": a diffstat, what changed since the last
 * version. */
static bool has_diff(const char *path)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	strbuf_addch(&text, '\n');
	if (io_read_file_at(AT_FDCWD, path, PATCH_MAX_BYTES, &text))
		return true; /* told by who reads it next */
	return memmem(text.buf, text.len, "\ndiff --git ", 12) ||
	       memmem(text.buf, text.len, "\n+++ ", 5);
}

static int add_mail(struct series *out, const char *mbox, const char *tmp, uint32_t n,
		    const struct task *task, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s: mail %u", mbox, n);
	_cleanup_free_ char *mail = xasprintf("%s/%04u", tmp, n);
	_cleanup_free_ char *msg = xasprintf("%s/msg", tmp);
	_cleanup_free_ char *patch = xasprintf("%s/patch", tmp);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { "git", "mailinfo", "--no-scissors", msg, patch, NULL };
	int r = run_git(argv, mail, task, name, &said, err);

	if (r)
		return r;
	/* A cover letter. */
	if (n == 1 && !has_diff(patch))
		return 0;
	return add_patch(out, patch, 1, TAKE_PTR(name), subject_of(&said), err);
}

static int split_mbox(const char *path, const char *tmp, const struct task *task,
		      struct series *out, struct err *err)
{
	_cleanup_free_ char *to = xasprintf("-o%s", tmp);
	const char *argv[] = { "git", "mailsplit", to, "--", path, NULL };
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	uint32_t n;
	int r = run_git(argv, NULL, task, path, &said, err);

	if (r)
		return r;
	if (parse_u32(tool_last_line(&said), 10, SERIES_MAX_PATCHES, &n) || n == 0)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: an mbox with %s mails; expected 1 to %d", path,
			       strbuf_str(&said), SERIES_MAX_PATCHES);
	for (uint32_t i = 1; !r && i <= n; i++)
		r = add_mail(out, path, tmp, i, task, err);
	return r;
}

static int load_mbox(const char *path, const struct task *task, struct series *out,
		     struct err *err)
{
	const char *dir = getenv("TMPDIR");
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > SERIES_MAX_TOTAL_BYTES)
		return err_set(
			err, ERR_JOB, -EINVAL,
			"%s: expected a directory of patches or an mbox of at most %zu MiB",
			path, SERIES_MAX_TOTAL_BYTES >> 20);
	_cleanup_free_ char *tmp = xasprintf("%s/bootrig-mbox.XXXXXX", dir ?: "/tmp");

	if (!mkdtemp(tmp))
		return err_set(err, ERR_LAB, -errno, "%s: %s", tmp, strerror(errno));
	int r = split_mbox(path, tmp, task, out, err);
	int removed = io_remove_tree_at(AT_FDCWD, tmp);
	if (!r && removed)
		r = err_set(err, ERR_LAB, removed, "%s: %s", tmp, strerror(-removed));
	return r;
}

/* ---- upto ------------------------------------------------------------------------- */

static bool is_called(const struct series_patch *p, const char *name)
{
	size_t n = strlen(name);
	const char *full = p->short_name;

	return strcmp(p->name, name) == 0 || strcmp(full, name) == 0 ||
	       (strncmp(full, name, n) == 0 && strcmp(full + n, ".patch") == 0);
}

static int find_upto(struct series *s, const char *path, const char *upto,
		     struct err *err)
{
	uint32_t n;

	s->n = s->n_all;
	if (!upto)
		return 0;
	if (!parse_u32(upto, 10, UINT32_MAX, &n)) {
		if (n > s->n_all)
			return err_set(err, ERR_JOB, -ERANGE,
				       "%s: patch %u is asked for, it has %zu", path, n,
				       s->n_all);
		s->n = n;
		return 0;
	}
	s->n = 0;
	for (size_t i = 0; i < s->n_all; i++) {
		if (!is_called(&s->v[i], path_last(upto)))
			continue;
		if (s->n)
			return err_set(err, ERR_JOB, -ENOTUNIQ,
				       "%s: patches %zu and %zu are both called %s", path,
				       s->n, i + 1, upto);
		s->n = i + 1;
	}
	return s->n ? 0
		    : err_set(err, ERR_JOB, -ENOENT, "%s: none of its %zu patches is %s",
			      path, s->n_all, upto);
}

int series_load(const char *path, const char *upto, const struct task *task,
		struct series *out, struct err *err)
{
	struct stat st;
	int r;

	*out = (struct series){ .v = NULL };
	if (!path)
		return upto && strcmp(upto, "0") != 0
			       ? err_set(err, ERR_JOB, -EINVAL,
					 "patch %s is asked for, but there is no series",
					 upto)
			       : 0;
	if (stat(path, &st))
		return err_set(err, ERR_JOB, -errno, "series %s: %s", path,
			       strerror(errno));
	r = S_ISDIR(st.st_mode) ? load_directory(path, out, err)
				: load_mbox(path, task, out, err);
	if (!r)
		r = find_upto(out, path, upto, err);
	if (r)
		series_release(out);
	return r;
}
