// SPDX-License-Identifier: GPL-2.0-or-later
/* The headers of unified diffs. Formats: git-diff(1) "Generating patch text with -p",
 * diffutils "Detailed Description of Unified Format". */
#include "parse/patch_files.h"

#include <errno.h>

#include "util/ascii.h"
#include "util/mem.h"
#include "util/num.h"

struct reader {
	const char *at, *end;
	uint32_t line; /* of `at`, from 1 */
	uint32_t strip;
	const char *name;
	struct strvec *out;
	size_t n_before; /* of *out */
	struct err *err;
	bool in_git;   /* behind "diff --git" */
	bool is_named; /* and a later line gave its files */
	const char *git_line;
	size_t git_len;
};

struct text {
	const char *s;
	size_t len;
};

static int bad(const struct reader *r, const char *what)
{
	return err_set(r->err, ERR_JOB, -EINVAL, "%s:%u: %s", r->name, r->line, what);
}

static bool next_line(struct reader *r, struct text *t)
{
	if (r->at == r->end)
		return false;
	const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
	t->s = r->at;
	t->len = (size_t)((nl ? nl : r->end) - r->at);
	r->at = nl ? nl + 1 : r->end;
	r->line++;
	return true;
}

static bool starts(const struct text *t, const char *word)
{
	size_t n = strlen(word);

	return t->len >= n && memcmp(t->s, word, n) == 0;
}

static struct text behind(const struct text *t, size_t n)
{
	return (struct text){ t->s + n, t->len - n };
}

/* "--- a/x.c<TAB>2026-01-01": the name ends at the tab. */
static struct text file_name(struct text t)
{
	const char *tab = memchr(t.s, '\t', t.len);

	if (tab)
		t.len = (size_t)(tab - t.s);
	while (t.len && (t.s[t.len - 1] == '\r' || t.s[t.len - 1] == ' '))
		t.len--;
	return t;
}

static bool is_inside(const struct text *t)
{
	const char *p = t->s, *end = t->s + t->len;

	while (p < end) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = (size_t)((slash ? slash : end) - p);

		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.') ||
		    (n == 4 && memcmp(p, ".git", 4) == 0))
			return false;
		p += n + (slash ? 1 : 0);
	}
	return t->len > 0 && t->s[t->len - 1] != '/';
}

static bool is_plain(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		if ((unsigned char)t->s[i] < 0x20 || t->s[i] == 0x7f || t->s[i] == '"' ||
		    t->s[i] == '\\')
			return false;
	return true;
}

static int add(struct reader *r, struct text t, uint32_t strip)
{
	if (t.len == 9 && memcmp(t.s, "/dev/null", 9) == 0)
		return 0;
	if (!t.len || !is_plain(&t))
		return bad(r, "a file name that is empty, quoted or not plain text");
	if (t.s[0] == '/')
		return bad(r, "an absolute file name leads out of the source tree");
	for (; strip; strip--) {
		const char *slash = memchr(t.s, '/', t.len);

		if (!slash)
			return bad(r, "a file name with too few directories for -p");
		t = behind(&t, (size_t)(slash + 1 - t.s));
	}
	if (t.len > PATCH_MAX_PATH)
		return bad(r, "a file name that is too long");
	if (!is_inside(&t))
		return bad(r, "a file name leads out of the source tree");
	for (size_t i = r->n_before; i < r->out->n; i++)
		if (strlen(r->out->v[i]) == t.len &&
		    memcmp(r->out->v[i], t.s, t.len) == 0)
			return 0;
	if (r->out->n - r->n_before >= PATCH_MAX_FILES)
		return bad(r, "too many files in one patch");
	strvec_add_take(r->out, xstrndup(t.s, t.len));
	return 0;
}

/* "diff --git a/x b/x" without any other line that names x (a mode, a binary file, an
 * empty one): both names are the same, so the middle is known. */
static int end_git(struct reader *r)
{
	struct text t = { r->git_line, r->git_len };

	if (!r->in_git)
		return 0;
	r->in_git = false;
	if (r->is_named)
		return 0;
	if (t.len < 3 || t.len % 2 == 0 || t.s[t.len / 2] != ' ')
		return bad(r, "\"diff --git\" with names that cannot be told apart");
	t.len /= 2;
	return add(r, t, r->strip);
}

static int begin_git(struct reader *r, const struct text *t)
{
	struct text names = file_name(behind(t, strlen("diff --git ")));
	int e = end_git(r);

	r->in_git = true;
	r->is_named = false;
	r->git_line = names.s;
	r->git_len = names.len;
	return e;
}

/* "@@ -12,3 +12,4 @@": how many lines the hunk has of the old and of the new file. */
static bool hunk_counts(const struct text *t, uint64_t counts[2])
{
	const char *p = t->s + 3, *end = t->s + t->len;
	static const char signs[2] = { '-', '+' };

	for (int i = 0; i < 2; i++) {
		uint64_t start;
		const char *from;

		if (p == end || *p++ != signs[i])
			return false;
		for (from = p; p < end && ascii_is_digit(*p); p++)
			;
		if (parse_u64n(from, (size_t)(p - from), 10, INT32_MAX, &start))
			return false;
		counts[i] = 1;
		if (p < end && *p == ',') {
			for (from = ++p; p < end && ascii_is_digit(*p); p++)
				;
			if (parse_u64n(from, (size_t)(p - from), 10, INT32_MAX,
				       &counts[i]))
				return false;
		}
		if (p == end || *p++ != ' ')
			return false;
	}
	return end - p >= 2 && p[0] == '@' && p[1] == '@';
}

static int skip_hunk(struct reader *r, const struct text *head)
{
	uint64_t left[2];
	struct text t;

	if (!hunk_counts(head, left))
		return bad(r, "a hunk header that cannot be read");
	while (left[0] || left[1]) {
		if (!next_line(r, &t))
			return bad(r, "the patch is cut off inside a hunk");
		char c =
			t.len ? t.s[0] : ' '; /* mailers eat the blank of an empty line */
		if (c == '\\')
			continue;
		bool is_old = c == ' ' || c == '-' || c == '\r';
		bool is_new = c == ' ' || c == '+' || c == '\r';
		if (!is_old && !is_new)
			return bad(
				r,
				"a line in a hunk that begins with none of blank, + and -");
		if ((is_old && !left[0]) || (is_new && !left[1]))
			return bad(r, "a hunk with more lines than its header says");
		left[0] -= is_old;
		left[1] -= is_new;
	}
	return 0;
}

/* "--- x", "+++ y", "@@ …": only the three together are a header, as `patch` has it. */
static int read_names(struct reader *r, const struct text *old)
{
	const struct reader before = *r;
	struct text new, hunk;

	if (!next_line(r, &new) || !starts(&new, "+++ ") || !next_line(r, &hunk) ||
	    !starts(&hunk, "@@ -")) {
		*r = before;
		return 0;
	}
	int e = add(r, file_name(behind(old, 4)), r->strip);
	if (!e)
		e = add(r, file_name(behind(&new, 4)), r->strip);
	r->is_named = true;
	return e ? e : skip_hunk(r, &hunk);
}

static int git_extended(struct reader *r, const struct text *t)
{
	static const char *const renames[] = { "rename from ", "rename to ", "copy from ",
					       "copy to " };
	static const char *const modes[] = { "new file mode ", "new mode ", "index ",
					     "deleted file mode ", "old mode " };

	for (size_t i = 0; i < ARRAY_SIZE(renames); i++)
		if (starts(t, renames[i])) {
			r->is_named = true;
			return add(r, file_name(behind(t, strlen(renames[i]))),
				   r->strip ? r->strip - 1 : 0);
		}
	const struct text line = file_name(*t); /* git reads a number, up to any blank */
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (starts(&line, modes[i]) && line.len >= 6 &&
		    (memcmp(line.s + line.len - 6, "120000", 6) == 0 ||
		     memcmp(line.s + line.len - 6, "160000", 6) == 0))
			return bad(
				r,
				"a symbolic link or a submodule, which is not supported");
	return 0;
}

static int read_line(struct reader *r, const struct text *t)
{
	if (starts(t, "diff --git "))
		return begin_git(r, t);
	if (starts(t, "--- "))
		return read_names(r, t);
	if (starts(t, "@@ -") && r->out->n > r->n_before)
		return skip_hunk(r, t);
	return r->in_git ? git_extended(r, t) : 0;
}

int patch_files(const char *text, size_t len, uint32_t strip, const char *name,
		struct strvec *out, struct err *err)
{
	struct reader r = { .at = text,
			    .end = text + len,
			    .strip = strip,
			    .name = name,
			    .out = out,
			    .n_before = out->n,
			    .err = err };
	struct text t;
	int e = 0;

	if (len > PATCH_MAX_BYTES)
		return err_set(err, ERR_JOB, -EFBIG, "%s: larger than %d MiB", name,
			       PATCH_MAX_BYTES >> 20);
	if (strip > PATCH_MAX_STRIP)
		return err_set(err, ERR_JOB, -EINVAL, "%s: -p%u, expected -p0 to -p%d",
			       name, strip, PATCH_MAX_STRIP);
	while (!e && next_line(&r, &t))
		e = read_line(&r, &t);
	if (!e)
		e = end_git(&r);
	if (!e && out->n == r.n_before)
		e = err_set(err, ERR_JOB, -EINVAL, "%s: no diff in it", name);
	return e;
}
