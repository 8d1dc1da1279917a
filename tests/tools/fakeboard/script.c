// SPDX-License-Identifier: GPL-2.0-or-later
/* Board scripts: words, "quoted text" with C escapes, { blocks }, # comments; a statement
 * ends at a line feed or ;. Unknown verbs and wrong counts of words are refused when the
 * script is loaded, not when a test happens to reach them. */
#include "fakeboard/script.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>

#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/strbuf.h"

static const struct verb {
	const char *name;
	uint8_t min_args, max_args;
	bool has_body;
} verbs[] = {
	{ "say", 0, 64, false },    { "print", 1, 64, false }, { "file", 1, 1, false },
	{ "raw", 1, 1, false },     { "delay", 1, 1, false },  { "slowly", 1, 1, false },
	{ "garbage", 2, 2, false }, { "nul", 1, 1, false },    { "fill", 1, 1, false },
	{ "flood", 1, 1, false },   { "repeat", 1, 1, true },  { "boot", 1, 1, true },
	{ "if", 2, 2, true },       { "echo", 1, 1, false },   { "expect", 1, 1, false },
	{ "key", 0, 0, false },     { "set", 2, 2, false },    { "mark", 1, 1, false },
	{ "uboot", 1, 2, false },   { "answer", 1, 1, true },  { "shell", 1, 2, false },
	{ "hook", 1, 1, true },     { "hang", 0, 0, false },   { "deaf", 0, 0, false },
	{ "eof", 0, 0, false },     { "reopen", 0, 0, false }, { "reboot", 0, 0, false },
	{ "uart", 2, 2, false },    { "lose", 1, 1, false },
};

struct reader {
	const char *path, *p, *end;
	uint32_t line;
	struct err *err;
};

static int complain(struct reader *r, const char *what, const char *word)
{
	return err_set(r->err, ERR_JOB, -EINVAL, "%s:%u: %s%s", r->path, r->line, what,
		       word);
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
	if (r->p < r->end && *r->p == '#')
		while (r->p < r->end && *r->p != '\n')
			r->p++;
}

static int read_escape(struct reader *r, struct strbuf *out)
{
	static const char from[] = "nrtbae0\\\"", to[] = "\n\r\t\b\a\033\0\\\"";
	uint64_t byte;

	if (r->end - r->p >= 3 && r->p[0] == 'x') {
		if (parse_u64n(r->p + 1, 2, 16, 0xff, &byte))
			return complain(r, "\\x wants two hex digits", "");
		strbuf_addch(out, (char)byte);
		r->p += 3;
		return 0;
	}
	const char *hit = r->p < r->end ? memchr(from, *r->p, sizeof(from) - 1) : NULL;
	if (!hit)
		return complain(r, "unknown escape in a quoted text", "");
	strbuf_addch(out, to[hit - from]);
	r->p++;
	return 0;
}

/* NUL inside a text would end the C string: scripts have the verb nul for that. */
static int read_quoted(struct reader *r, struct strbuf *out)
{
	for (r->p++; r->p < r->end && *r->p != '"';) {
		if (*r->p == '\n')
			break;
		if (*r->p != '\\') {
			strbuf_addch(out, *r->p++);
			continue;
		}
		r->p++;
		int e = read_escape(r, out);
		if (e)
			return e;
	}
	if (r->p == r->end || *r->p != '"')
		return complain(r, "quoted text without its end", "");
	r->p++;
	return 0;
}

static int read_word(struct reader *r, struct strvec *words)
{
	_cleanup_strbuf_ struct strbuf word = STRBUF_INIT;
	int e = 0;

	if (*r->p == '"')
		e = read_quoted(r, &word);
	else
		while (r->p < r->end && !isspace((unsigned char)*r->p) &&
		       !strchr(";{}", *r->p))
			strbuf_addch(&word, *r->p++);
	strvec_add(words, strbuf_str(&word));
	return e;
}

static int check_stmt(struct reader *r, const struct stmt *s, bool has_body)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, s->verb))
			continue;
		if (s->args.n < verbs[i].min_args || s->args.n > verbs[i].max_args)
			return complain(r, "wrong count of words after ", s->verb);
		if (has_body != verbs[i].has_body)
			return complain(r,
					has_body ? "no block belongs to "
						 : "a block must follow ",
					s->verb);
		return 0;
	}
	return complain(r, "unknown verb ", s->verb);
}

static int read_block(struct reader *r, struct stmt *into, unsigned int depth);

static int read_stmt(struct reader *r, struct stmt *s, unsigned int depth)
{
	_cleanup_strvec_ struct strvec words = STRVEC_INIT;
	bool has_body = false;
	int e = 0;

	s->line = r->line;
	for (skip_blanks(r); !e && r->p < r->end && !strchr("\n;}", *r->p);
	     skip_blanks(r)) {
		if (*r->p == '{') {
			r->p++;
			has_body = true;
			e = read_block(r, s, depth + 1);
			break;
		}
		e = read_word(r, &words);
	}
	if (e)
		return e;
	if (words.n == 0)
		return complain(r, "a block without a verb", "");
	s->verb = xstrdup(words.v[0]);
	for (size_t i = 1; i < words.n; i++)
		strvec_add(&s->args, words.v[i]);
	return check_stmt(r, s, has_body);
}

static int read_block(struct reader *r, struct stmt *into, unsigned int depth)
{
	if (depth > 16)
		return complain(r, "blocks nest too deep", "");
	for (;;) {
		skip_blanks(r);
		if (r->p == r->end)
			return depth ? complain(r, "block without its }", "") : 0;
		if (*r->p == '\n' || *r->p == ';') {
			r->line += *r->p++ == '\n';
			continue;
		}
		if (*r->p == '}') {
			r->p++;
			return depth ? 0 : complain(r, "} without its block", "");
		}
		into->body =
			xreallocarray(into->body, into->n_body + 1, sizeof(*into->body));
		struct stmt *s = &into->body[into->n_body++];
		memset(s, 0, sizeof(*s));
		int e = read_stmt(r, s, depth);
		if (e)
			return e;
	}
}

int script_load(const char *path, struct script *out, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *copy = xstrdup(path);
	int e = io_read_file_at(AT_FDCWD, path, 1 << 20, &text);

	memset(out, 0, sizeof(*out));
	if (e)
		return err_set(err, ERR_JOB, e, "%s: %s", path, strerror(-e));
	out->dir = xstrdup(dirname(copy));
	struct reader r = { .path = path,
			    .p = strbuf_str(&text),
			    .end = strbuf_str(&text) + text.len,
			    .line = 1,
			    .err = err };
	return read_block(&r, &out->top, 0);
}

const struct stmt *script_find(const struct script *s, const char *verb, const char *name)
{
	for (size_t i = 0; i < s->top.n_body; i++)
		if (!strcmp(s->top.body[i].verb, verb) &&
		    !strcmp(s->top.body[i].args.v[0], name))
			return &s->top.body[i];
	return NULL;
}
