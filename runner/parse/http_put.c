// SPDX-License-Identifier: GPL-2.0-or-later
/* The head of an HTTP request that brings one file (RFC 9112). */
#include "parse/http_put.h"

#include <strings.h>

#include "util/num.h"

struct span {
	const char *s;
	size_t len;
};

static struct span next_line(const char **p, const char *end)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));
	struct span line = { *p, (size_t)((nl ? nl : end) - *p) };

	*p = nl ? nl + 1 : end;
	if (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool skip(struct span *s, const char *word)
{
	size_t n = strlen(word);

	if (s->len < n || memcmp(s->s, word, n) != 0)
		return false;
	s->s += n;
	s->len -= n;
	return true;
}

/* "PUT /TOKEN/7 HTTP/1.1" */
static int read_request(struct span l, const char *token, struct http_put *out)
{
	const char *blank;
	uint64_t n;

	if (!skip(&l, "PUT ") && !skip(&l, "POST "))
		return memchr(l.s, ' ', l.len) ? 405 : 400;
	blank = memchr(l.s, ' ', l.len);
	if (!blank)
		return 400;
	l.len = (size_t)(blank - l.s);
	if (!skip(&l, "/") || !skip(&l, token) || !skip(&l, "/") || l.len > 6 ||
	    parse_u64n(l.s, l.len, 10, 999999, &n))
		return 404;
	out->number = (uint32_t)n;
	return 0;
}

static bool header(struct span l, const char *name, struct span *value)
{
	size_t n = strlen(name);

	if (l.len <= n || l.s[n] != ':' || strncasecmp(l.s, name, n) != 0)
		return false;
	*value = (struct span){ l.s + n + 1, l.len - n - 1 };
	while (value->len && (*value->s == ' ' || *value->s == '\t')) {
		value->s++;
		value->len--;
	}
	while (value->len &&
	       (value->s[value->len - 1] == ' ' || value->s[value->len - 1] == '\t'))
		value->len--;
	return true;
}

int http_put_parse(const char *data, size_t len, const char *token, struct http_put *out)
{
	const char *p = data, *end = data + len;
	struct span l, v;
	bool has_length = false;
	const char *blank = memmem(data, len, "\r\n\r\n", 4);

	*out = (struct http_put){ .number = 0 };
	if (!blank)
		return len >= HTTP_PUT_MAX_HEAD ? 431 : 1;
	out->head_len = (size_t)(blank - data) + 4;
	if (out->head_len > HTTP_PUT_MAX_HEAD)
		return 431;
	end = blank;
	int status = read_request(next_line(&p, end), token, out);
	while (!status && p < end) {
		l = next_line(&p, end);
		if (header(l, "Content-Length", &v)) {
			if (has_length ||
			    parse_u64n(v.s, v.len, 10, INT64_MAX, &out->length))
				return 400;
			has_length = true;
		} else if (header(l, "Transfer-Encoding", &v)) {
			return 411;
		} else if (header(l, "Expect", &v)) {
			out->wants_100 =
				v.len == 12 && strncasecmp(v.s, "100-continue", 12) == 0;
		}
	}
	return status ? status : has_length ? 0 : 411;
}
