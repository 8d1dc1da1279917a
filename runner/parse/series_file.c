// SPDX-License-Identifier: GPL-2.0-or-later
/* quilt's series file. */
#include "parse/series_file.h"

#include <errno.h>

#include "parse/patch_files.h"
#include "util/mem.h"
#include "util/num.h"

static const char blanks[] = " \t\r";

void series_file_release(struct series_file *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].path);
	free(s->v);
	*s = (struct series_file){ .v = NULL };
}

struct place {
	const char *name;
	uint32_t line;
	const char *begin; /* of the line */
};

static int bad(const struct place *p, const char *at, struct err *err, const char *what)
{
	return err_set(err, ERR_JOB, -EINVAL, "%s:%u:%u: %s", p->name, p->line,
		       (unsigned)(at - p->begin) + 1, what);
}

static int parse_options(const char *s, const struct place *p, uint32_t *strip,
			 struct err *err)
{
	for (s += strspn(s, blanks); *s && *s != '#'; s += strspn(s, blanks)) {
		size_t n = strcspn(s, blanks);
		uint64_t v;

		if (n < 3 || s[0] != '-' || s[1] != 'p' ||
		    parse_u64n(s + 2, n - 2, 10, PATCH_MAX_STRIP, &v))
			return bad(p, s, err,
				   "an option that is not known; expected -p0 to -p8");
		*strip = (uint32_t)v;
		s += n;
	}
	return 0;
}

static int parse_line(const char *s, const struct place *p, struct series_file *out,
		      struct err *err)
{
	const char *from = s + strspn(s, blanks);
	size_t n = strcspn(from, blanks);
	uint32_t strip = 1;

	if (!*from || *from == '#')
		return 0;
	if (*from == '/')
		return bad(
			p, from, err,
			"an absolute path; expected one that is relative to this file");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f)
			return bad(p, from + i, err, "a control character");
	if (n > PATCH_MAX_PATH)
		return bad(p, from, err, "a path that is too long");
	if (out->n == SERIES_MAX_PATCHES)
		return bad(p, from, err, "too many patches; expected at most 2000");
	int r = parse_options(from + n, p, &strip, err);
	if (r)
		return r;
	out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct series_entry){ .path = xstrndup(from, n),
						  .strip = strip,
						  .line = p->line };
	return 0;
}

int series_file_parse(const char *text, size_t len, const char *name,
		      struct series_file *out, struct err *err)
{
	struct place p = { .name = name };
	const char *end = text + len;
	int r = 0;

	*out = (struct series_file){ .v = NULL };
	if (len > SERIES_MAX_BYTES)
		return err_set(err, ERR_JOB, -EFBIG, "%s: too large for a series file",
			       name);
	while (!r && text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((nl ? nl : end) - text);
		_cleanup_free_ char *line = xstrndup(text, n);

		p.line++;
		p.begin = line;
		r = strlen(line) == n ? parse_line(line, &p, out, err)
				      : bad(&p, line, err, "a NUL byte");
		text += n + (nl ? 1 : 0);
	}
	if (r)
		series_file_release(out);
	return r;
}
