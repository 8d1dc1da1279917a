// SPDX-License-Identifier: GPL-2.0-or-later
/* A copy of a job or board file that may be shown: values of secret keys and credentials
 * in URLs are ***. Knows no key but by what its name says. */
#include <ctype.h>
#include <strings.h>

#include "parse/job_spec.h"
#include "parse/spec_load.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

struct scalar {
	const struct yaml_node *node;
	bool secret, is_key;
};

struct scalars {
	struct scalar *v;
	size_t n;
};

bool spec_is_secret_name(const char *key)
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

/* The number of secrets that were masked. */
static size_t mask_urls(const char *text, size_t len, const char *mask,
			struct strbuf *out)
{
	size_t masked = 0;

	for (size_t i = 0; i < len; i++) {
		size_t skip, n = url_secret(text + i, len - i, &skip);

		if (!n) {
			strbuf_addch(out, text[i]);
			continue;
		}
		strbuf_add(out, text + i, skip);
		strbuf_addstr(out, mask);
		i += skip + n - 1;
		masked++;
	}
	return masked;
}

/* What stands between values: punctuation, anchors, tags, and comments, in which alone a
 * URL can hide. An anchor (&apikey=) is no query. */
static void mask_comments(const char *text, size_t len, struct strbuf *out)
{
	for (size_t i = 0; i < len;) {
		bool is_comment =
			text[i] == '#' && (i == 0 || isspace((unsigned char)text[i - 1]));
		const char *end = is_comment ? memchr(text + i, '\n', len - i) : NULL;
		size_t n = !is_comment ? 1 : end ? (size_t)(end - text) - i : len - i;

		if (is_comment)
			mask_urls(text + i, n, "***", out);
		else
			strbuf_addch(out, text[i]);
		i += n;
	}
}

/* Aliases lead to the node of the anchor, so that a value is masked where it stands. */
static void collect(const struct yaml_node *n, bool secret, bool is_key,
		    struct scalars *out)
{
	if (n->kind == YAML_SCALAR) {
		if (n->end <= n->begin)
			return;
		out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (struct scalar){ n, secret, is_key };
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		if (n->kind == YAML_MAP)
			collect(n->keys[i], false, true, out);
		collect(n->vals[i],
			secret || (n->kind == YAML_MAP &&
				   spec_is_secret_name(n->keys[i]->text)),
			false, out);
	}
}

/* What an alias brought twice is a secret when one of the two is. */
static int by_begin(const void *a, const void *b)
{
	const struct scalar *x = a, *y = b;

	if (x->node->begin != y->node->begin)
		return x->node->begin > y->node->begin ? 1 : -1;
	return y->secret - x->secret;
}

/* Bare, *** would be an alias. A block keeps the blanks around it: its own indentation,
 * and its line end with the next line's, which libfyaml counts to it. */
static void mask_scalar(const char *text, const struct yaml_node *n, const char *mask,
			struct strbuf *out)
{
	size_t begin = n->begin, end = n->end;

	while (begin < end && isspace((unsigned char)text[begin]))
		begin++;
	while (end > begin && isspace((unsigned char)text[end - 1]))
		end--;
	strbuf_add(out, text + n->begin, begin - n->begin);
	if (begin < end) /* blanks are no secret */
		strbuf_addf(out, n->is_bare ? "\"%s\"" : "%s", mask);
	strbuf_add(out, text + end, n->end - end);
}

/* Escapes can hide a URL's secret from a look at the bytes; such a text is masked whole.
 */
static void copy_scalar(const char *text, const struct yaml_node *n, const char *mask,
			struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf bytes = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf meant = STRBUF_INIT;
	size_t n_bytes = mask_urls(text + n->begin, n->end - n->begin, mask, &bytes);

	if (n_bytes != mask_urls(n->text, strlen(n->text), mask, &meant))
		mask_scalar(text, n, mask, out);
	else
		strbuf_add(out, bytes.buf, bytes.len);
}

char *spec_masked_text(const char *text, size_t len)
{
	_cleanup_spec_report_ struct spec_report r = { .path = "" };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	struct strbuf out = STRBUF_INIT;
	struct scalars scalars = { NULL, 0 };
	size_t at = 0, n_keys = 0;

	if (yaml_parse(text, len, &doc, &r))
		return xstrdup(
			"# the file is no valid YAML, and is not shown because it may hold secrets\n");
	collect(yaml_root(doc), false, false, &scalars);
	if (scalars.n)
		qsort(scalars.v, scalars.n, sizeof(*scalars.v), by_begin);
	for (size_t i = 0; i < scalars.n; i++) {
		const struct yaml_node *n = scalars.v[i].node;
		char mask[32] = "***";

		if (n->begin < at || n->end > len)
			continue; /* an alias brought it twice */
		mask_comments(text + at, n->begin - at, &out);
		/* Two keys that differ in a secret alone are still two. */
		if (scalars.v[i].is_key)
			snprintf(mask, sizeof(mask), "***%zu", ++n_keys);
		if (scalars.v[i].secret)
			mask_scalar(text, n, mask, &out);
		else
			copy_scalar(text, n, mask, &out);
		at = n->end;
	}
	mask_comments(text + at, len - at, &out);
	free(scalars.v);
	return strbuf_take(&out);
}

char *spec_masked_url(const char *url)
{
	struct strbuf out = STRBUF_INIT;

	if (!url)
		return NULL;
	mask_urls(url, strlen(url), "***", &out);
	return strbuf_take(&out);
}

json_t *spec_masked_json(const json_t *value)
{
	json_t *copy, *child;
	const char *key;
	size_t i;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		copy = json_object();
		json_object_foreach((json_t *)(uintptr_t)value, key, child)
			json_put(copy, key,
				 spec_is_secret_name(key) ? json_string("***")
							  : spec_masked_json(child));
		return copy;
	case JSON_ARRAY:
		copy = json_array();
		json_array_foreach((json_t *)(uintptr_t)value, i, child)
			json_push(copy, spec_masked_json(child));
		return copy;
	case JSON_STRING: {
		_cleanup_free_ char *text = spec_masked_url(json_string_value(value));

		return json_lossy_str(text);
	}
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
		return json_deep_copy(value);
	case JSON_NULL:
		break;
	}
	return json_null();
}
