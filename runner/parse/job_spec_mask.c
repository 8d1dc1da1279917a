// SPDX-License-Identifier: GPL-2.0-or-later
/* A copy of a job or board file that may be shown: values of secret keys and credentials
 * in URLs are ***. Knows no key but by what its name says. */
#include <ctype.h>
#include <strings.h>

#include "parse/spec_load.h"
#include "util/mem.h"
#include "util/strbuf.h"

struct range {
	size_t begin, end;
};

struct ranges {
	struct range *v;
	size_t n;
};

static bool is_secret(const char *key)
{
	static const char *const words[] = { "password",     "passwd", "passphrase",
					     "token",        "secret", "apikey",
					     "authorization" };
	char lower[128];
	size_t n = 0;

	for (; *key && n < sizeof(lower) - 1; key++)
		if (*key != '_' && *key != '-')
			lower[n++] = (char)tolower((unsigned char)*key);
	lower[n] = '\0';
	/* The prompt after which a password is typed is no secret. */
	if (n >= 6 && strcmp(lower + n - 6, "prompt") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(lower, words[i]))
			return true;
	return false;
}

/* Aliases lead to the node of the anchor, so that a value is masked where it stands. */
static void collect(const struct yaml_node *n, bool secret, struct ranges *out)
{
	if (n->kind == YAML_SCALAR) {
		if (!secret || n->end <= n->begin)
			return;
		out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (struct range){ n->begin, n->end };
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		collect(n->vals[i],
			secret || (n->kind == YAML_MAP && is_secret(n->keys[i]->text)),
			out);
}

static int by_begin(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

static void mask_values(const char *text, size_t len, const struct ranges *ranges,
			struct strbuf *out)
{
	size_t at = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct range *m = &ranges->v[i];
		size_t begin = m->begin;

		if (begin < at || m->end > len)
			continue; /* an alias brought it twice */
		/* A block text keeps its indentation and line end, and so stays YAML. */
		while (begin < m->end && isspace((unsigned char)text[begin]))
			begin++;
		strbuf_add(out, text + at, begin - at);
		strbuf_addstr(out, "***");
		if (text[m->end - 1] == '\n')
			strbuf_addch(out, '\n');
		at = m->end;
	}
	strbuf_add(out, text + at, len - at);
}

/* user:password@ behind ://, and ?token=… of a query. */
static size_t url_secret(const char *s, size_t left, size_t *skip)
{
	static const char *const params[] = { "token=", "key=", "password=", "secret=",
					      "sig=" };
	size_t n = 0;

	*skip = 0;
	if (left > 3 && memcmp(s, "://", 3) == 0) {
		for (n = 3; n < left && !strchr("/ \t\r\n\"'", s[n]); n++)
			if (s[n] == '@') {
				*skip = 3;
				return n - 3;
			}
		return 0;
	}
	if (s[0] != '?' && s[0] != '&')
		return 0;
	/* The name may have a prefix: access_token=, X-Amz-Signature has its own. */
	while (*skip + 1 < left && (isalnum((unsigned char)s[*skip + 1]) ||
				    s[*skip + 1] == '_' || s[*skip + 1] == '-'))
		++*skip;
	++*skip;
	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		size_t plen = strlen(params[i]);

		if (*skip + 1 < left && *skip + 1 >= plen && s[*skip] == '=' &&
		    strncasecmp(s + *skip + 1 - plen, params[i], plen) == 0) {
			++*skip;
			while (*skip + n < left &&
			       !strchr("& \t\r\n\"'#,]}", s[*skip + n]))
				n++;
			return n;
		}
	}
	return 0;
}

static void mask_urls(const char *text, size_t len, struct strbuf *out)
{
	for (size_t i = 0; i < len; i++) {
		size_t skip, n = url_secret(text + i, len - i, &skip);

		if (!n) {
			strbuf_addch(out, text[i]);
			continue;
		}
		strbuf_add(out, text + i, skip);
		strbuf_addstr(out, "***");
		i += skip + n - 1;
	}
}

char *spec_masked_text(const char *text, size_t len)
{
	_cleanup_spec_report_ struct spec_report r = { .path = "" };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	_cleanup_strbuf_ struct strbuf masked = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct ranges ranges = { NULL, 0 };

	if (yaml_parse(text, len, &doc, &r))
		return xstrdup(
			"# the file is no valid YAML, and is not shown because it may hold secrets\n");
	collect(yaml_root(doc), false, &ranges);
	if (ranges.n)
		qsort(ranges.v, ranges.n, sizeof(*ranges.v), by_begin);
	mask_values(text, len, &ranges, &masked);
	free(ranges.v);
	mask_urls(strbuf_str(&masked), masked.len, &out);
	return strbuf_take(&out);
}
