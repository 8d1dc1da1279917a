// SPDX-License-Identifier: GPL-2.0-or-later
/* The single facts of the KCIDB mapping. */
#include "report/kcidb_map.h"

#include <ctype.h>
#include <stdarg.h>

#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { PATH_MAX_BYTES = 512, BANNER_MAX = 1024 };

const char *kcidb_boot_status(const char *status, const char *kind, bool kernel_ran)
{
	if (strcmp(status, "pass") == 0)
		return "PASS";
	if (strcmp(status, "fail") == 0)
		return strcmp(kind, "test") == 0 ? "PASS" : "FAIL";
	return kernel_ran ? "ERROR" : "MISS"; /* lab, job, canceled, bug */
}

const char *kcidb_test_status(const char *result, bool has_measurement)
{
	if (strcmp(result, "pass") == 0)
		return "PASS";
	if (strcmp(result, "fail") == 0)
		return "FAIL";
	if (strcmp(result, "skip") == 0)
		return "SKIP";
	return has_measurement ? "DONE" : "ERROR"; /* unknown */
}

static bool is_path_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static void add_path(struct strbuf *out, const char *s)
{
	bool in_part = false, replaced = false;

	for (; *s && out->len < PATH_MAX_BYTES - 2; s++) {
		if (*s == '.') {
			in_part = false;
			continue;
		}
		bool ok = is_path_char(*s);
		if (!ok && replaced && in_part)
			continue; /* a run of foreign bytes is one "_" */
		if (!in_part && out->len)
			strbuf_addch(out, '.');
		strbuf_addch(out, ok ? *s : '_');
		in_part = true;
		replaced = !ok;
	}
}

char *kcidb_path(const char *suite, const char *name)
{
	struct strbuf sb = STRBUF_INIT;

	add_path(&sb, suite);
	add_path(&sb, name);
	if (!sb.len)
		strbuf_addstr(&sb, "unnamed");
	return strbuf_take(&sb);
}

/* The text between the parenthesis at s and its partner, NULL when it has none. */
static const char *matching(const char *s)
{
	int depth = 0;

	for (const char *p = s; *p && p - s < BANNER_MAX; p++) {
		depth += (*p == '(') - (*p == ')');
		if (depth == 0)
			return p;
	}
	return NULL;
}

char *kcidb_compiler(const char *banner)
{
	const char *p = strstr(banner, "Linux version ");
	const char *end = p && (p = strchr(p, '(')) ? matching(p) : NULL; /* who@where */

	p = end ? strchr(end, '(') : NULL;
	end = p ? matching(p) : NULL;
	if (!end)
		return NULL;
	const char *linker = strstr(p, ", ");
	if (linker && linker < end)
		end = linker;
	while (end > p && end[-1] == ' ')
		end--;
	return end > p + 1 ? xstrndup(p + 1, (size_t)(end - p - 1)) : NULL;
}

bool kcidb_url_is_public(const char *url)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789-._~:/?#[]@!$&'()*+,;=%";
	const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
			   : strncmp(url, "http://", 7) == 0 ? url + 7
							     : NULL;

	if (!host || url[strspn(url, ok)] || strlen(url) > 4096)
		return false;
	size_t n = strcspn(host, "/?#");
	return n && !memchr(host, '@', n);
}

struct sha256_hex kcidb_hash(const char *first, ...)
{
	struct sha256 *h = sha256_new();
	va_list ap;

	va_start(ap, first);
	for (const char *s = first; s; s = va_arg(ap, const char *))
		sha256_update(h, s, strlen(s) + 1);
	va_end(ap);
	return sha256_finish(h);
}

static json_t *clean_string(const json_t *j)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const char *s = json_string_value(j);
	size_t n = json_string_length(j);

	if (!memchr(s, '\0', n))
		return json_stringn(s, n);
	for (size_t i = 0; i < n; i++)
		if (s[i])
			strbuf_addch(&sb, s[i]);
	return json_stringn(strbuf_str(&sb), sb.len);
}

json_t *kcidb_clean(const json_t *j)
{
	json_t *copy;
	const json_t *v;
	const char *key;
	size_t i;

	if (json_is_object(j)) {
		copy = json_object();
		/* jansson's iterator takes no const object, and changes nothing */
		json_object_foreach((json_t *)(uintptr_t)j, key, v) if (!json_is_null(v))
			json_put(copy, key, kcidb_clean(v));
		return copy;
	}
	if (json_is_array(j)) {
		copy = json_array();
		json_array_foreach(j, i, v) if (!json_is_null(v))
			json_push(copy, kcidb_clean(v));
		return copy;
	}
	if (json_is_string(j))
		return clean_string(j);
	return json_deep_copy(j);
}
