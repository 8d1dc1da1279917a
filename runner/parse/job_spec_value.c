// SPDX-License-Identifier: GPL-2.0-or-later
/* The values that job and board files share: durations, patterns, paths, URLs, logins.
 * Knows no action and no board. */
#include "parse/spec_load.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <limits.h>
#include <pcre2.h>
#include <strings.h>

#include "util/mem.h"
#include "util/num.h"

enum { MAX_PATTERN = 4096 };
static const int64_t max_duration_ms = 366LL * 24 * 3600 * 1000;

char *spec_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir =
		slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup("./");
	char *real = realpath(dir, NULL);

	if (real)
		return real;
	_cleanup_free_ char *cwd = realpath(".", NULL);
	char *abs = spec_resolve(cwd ? cwd : "/", dir);

	for (size_t n = strlen(abs); n > 1 && abs[n - 1] == '/'; n--)
		abs[n - 1] = '\0';
	return abs;
}

char *spec_resolve(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (path[0] == '/')
		return xstrdup(path);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	/* dir is what realpath() gave, so that ".." can be taken away from its text. */
	for (;;) {
		if (strncmp(path, "./", 2) == 0) {
			path += 2;
		} else if (strncmp(path, "../", 3) == 0) {
			path += 3;
			while (n > 1 && dir[n - 1] != '/')
				n--;
			while (n > 1 && dir[n - 1] == '/')
				n--;
		} else if (path[0] == '/') {
			path++;
		} else {
			break;
		}
	}
	return xasprintf("%.*s%s%s", (int)n, dir, n > 1 && path[0] ? "/" : "", path);
}

/* "90", "0.25": a number of `unit_ms` milliseconds. */
static bool number_to_ms(const char *s, int64_t unit_ms, bool may_be_decimal, int64_t *ms)
{
	size_t whole = strspn(s, "0123456789");
	uint64_t v, frac = 0, scale = 1;

	if (!whole || parse_u64n(s, whole, 10, (uint64_t)max_duration_ms, &v))
		return false;
	if (s[whole] == '.' && may_be_decimal) {
		size_t digits = strspn(s + whole + 1, "0123456789");

		if (!digits || s[whole + 1 + digits])
			return false;
		for (size_t i = 0; i < digits && i < 6; i++) {
			frac = frac * 10 + (uint64_t)(s[whole + 1 + i] - '0');
			scale *= 10;
		}
	} else if (s[whole]) {
		return false;
	}
	if (v > (uint64_t)(max_duration_ms / unit_ms))
		return false;
	*ms = (int64_t)v * unit_ms + (int64_t)(frac * (uint64_t)unit_ms / scale);
	return *ms <= max_duration_ms;
}

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "days", 24 * 3600 * 1000 }, { "hours", 3600 * 1000 }, { "minutes", 60 * 1000 },
	{ "seconds", 1000 },          { "milliseconds", 1 },
};

static const struct unit *find_unit(const char *name, size_t n_units)
{
	for (size_t i = 0; i < n_units; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* Parts add up, as in LAVA. skip is NULL where the key makes no sense. */
static bool map_to_ms(struct spec_report *r, const struct yaml_node *n, const char *what,
		      size_t n_units, int64_t *ms, bool *skip)
{
	bool any = false;

	*ms = 0;
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_node *key = n->keys[i], *val = n->vals[i];
		const struct unit *u = find_unit(key->text, n_units);
		int64_t part;

		if (skip && strcmp(key->text, "skip") == 0) {
			if (!yaml_get_bool(r, val, "timeout.skip", skip))
				return false;
			continue;
		}
		if (!u) {
			spec_complain(
				r, key->mark,
				"unknown key \"%.60s\" in %s; expected days, hours, minutes or seconds",
				key->text, what);
			return false;
		}
		if (val->kind != YAML_SCALAR ||
		    !number_to_ms(val->text, u->ms, false, &part) ||
		    *ms > max_duration_ms - part) {
			spec_complain(
				r, val->mark,
				"%s.%s is \"%.40s\"; expected a whole number, and no more than a year",
				what, u->name,
				val->kind == YAML_SCALAR ? val->text : "…");
			return false;
		}
		*ms += part;
		any = true;
	}
	if (!any)
		spec_complain(r, n->mark,
			      "%s names no time; expected for example {minutes: 5}",
			      what);
	return any;
}

void spec_read_timeout(struct spec_report *r, const struct yaml_node *n, const char *what,
		       bool may_skip, int64_t *ms, bool *skip)
{
	int64_t v;

	if (n->kind != YAML_MAP) {
		spec_complain(r, n->mark,
			      "%s is no duration; expected for example {minutes: 5}",
			      what);
		return;
	}
	if (!map_to_ms(r, n, what, ARRAY_SIZE(units) - 1, &v, may_skip ? skip : NULL))
		return;
	if (v < 1)
		spec_complain(r, n->mark, "%s is 0; expected 1 second or more", what);
	else
		*ms = v;
}

void spec_load_timeout(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *ms)
{
	spec_read_timeout(r, n, what, false, ms, NULL);
}

void spec_load_duration(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ms)
{
	int64_t v;

	if (n->kind == YAML_MAP) {
		if (map_to_ms(r, n, what, ARRAY_SIZE(units), &v, NULL))
			*(int64_t *)ms = v;
		return;
	}
	if (n->kind == YAML_SCALAR && number_to_ms(n->text, 1000, true, &v)) {
		*(int64_t *)ms = v;
		return;
	}
	spec_complain(
		r, n->mark,
		"%s is no duration; expected for example {seconds: 3} or a number of seconds",
		what);
}

static void store(void *str, char *take_s)
{
	char **p = str;

	free(*p);
	*p = take_s;
}

static bool is_line(struct spec_report *r, const struct yaml_node *n, const char *what,
		    const char **s)
{
	if (!yaml_get_str(r, n, what, s))
		return false;
	for (const char *p = *s; *p; p++)
		if ((unsigned char)*p < 0x20) {
			spec_complain(
				r, n->mark,
				"%s holds a line break or control character; expected one line of text",
				what);
			return false;
		}
	if (**s)
		return true;
	spec_complain(r, n->mark, "%s is empty; expected a text", what);
	return false;
}

void spec_load_path(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str)
{
	const char *s;

	if (is_line(r, n, what, &s))
		store(str, spec_resolve(r->dir, s));
}

/* file:rel, file:/abs, file:///abs, file://localhost/abs */
static char *resolve_file_url(const char *dir, const char *rest)
{
	if (strncmp(rest, "//localhost/", 12) == 0)
		rest += 11;
	else if (strncmp(rest, "///", 3) == 0)
		rest += 2;
	else if (strncmp(rest, "//", 2) == 0)
		return NULL;
	_cleanup_free_ char *path = rest[0] ? spec_resolve(dir, rest) : NULL;

	return path ? xasprintf("file:%s", path) : NULL;
}

void spec_load_url(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str)
{
	const char *s;
	char *url = NULL;

	if (!is_line(r, n, what, &s))
		return;
	size_t scheme = 0;

	while (isalnum((unsigned char)s[scheme]) ||
	       (scheme && strchr("+-.", s[scheme]) && s[scheme]))
		scheme++;
	if (s[scheme] != ':')
		scheme = 0;
	if (!scheme)
		url = resolve_file_url(r->dir, s[0] == '/' && s[1] == '/' ? s + 1 : s);
	else if (strncasecmp(s, "file:", 5) == 0)
		url = resolve_file_url(r->dir, s + 5);
	else if ((strncasecmp(s, "http://", 7) == 0 && s[7]) ||
		 (strncasecmp(s, "https://", 8) == 0 && s[8]))
		url = xstrdup(s);
	if (url)
		store(str, url);
	else
		spec_complain(
			r, n->mark,
			"%s is \"%.*s\", which bootrig cannot fetch; expected a path or a file:, http: or https: URL",
			what, scheme ? (int)scheme + 1 : 60, s);
}

/* A path, or a file: URL; what is not on this host cannot be read when it is needed. */
void spec_load_local_file(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	_cleanup_free_ char *url = NULL;

	spec_load_url(r, n, what, &url);
	if (!url)
		return;
	if (strncmp(url, "file:", 5) == 0)
		store(str, xstrdup(url + 5));
	else
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\", which is not on this host; expected a path or a file: URL",
			what, n->text);
}

void spec_load_kinds(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *u64)
{
	const char *words[INCIDENT_N_KINDS];
	uint64_t *kinds = u64;
	size_t k;

	for (size_t i = 0; i < INCIDENT_N_KINDS; i++)
		words[i] = incident_kind_to_str((enum incident_kind)i);
	if (n->kind == YAML_SCALAR) {
		if (yaml_get_word(r, n, what, words, INCIDENT_N_KINDS, &k))
			*kinds |= 1ULL << k;
		return;
	}
	if (!yaml_want_list(r, n, what))
		return;
	for (size_t i = 0; i < n->n; i++)
		if (yaml_get_word(r, n->vals[i], what, words, INCIDENT_N_KINDS, &k))
			*kinds |= 1ULL << k;
}

static bool check_pattern(struct spec_report *r, const struct yaml_node *n,
			  const char *what)
{
	PCRE2_UCHAR msg[128];
	PCRE2_SIZE at;
	int code;

	if (!n->text[0] || strlen(n->text) > MAX_PATTERN) {
		spec_complain(r, n->mark, "%s is %s; expected a pattern of 1 to %d bytes",
			      what, n->text[0] ? "too long" : "empty", MAX_PATTERN);
		return false;
	}
	pcre2_code *re =
		pcre2_compile((PCRE2_SPTR)n->text, strlen(n->text), 0, &code, &at, NULL);
	if (re) {
		pcre2_code_free(re);
		return true;
	}
	pcre2_get_error_message(code, msg, sizeof(msg));
	spec_complain(r, n->mark,
		      "%s is no regular expression: %s at character %zu; expected one",
		      what, (const char *)msg, (size_t)at + 1);
	return false;
}

void spec_load_pattern(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *str)
{
	const char *s;

	if (yaml_get_str(r, n, what, &s) && check_pattern(r, n, what))
		store(str, xstrdup(s));
}

void spec_load_patterns(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *strvec)
{
	if (n->kind == YAML_LIST && !n->n) {
		spec_complain(r, n->mark, "%s is empty; expected one pattern or more",
			      what);
		return;
	}
	if (!yaml_get_strs(r, n, what, strvec))
		return;
	for (size_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		if (!check_pattern(r, n->vals[i], what))
			return;
	if (n->kind == YAML_SCALAR)
		(void)check_pattern(r, n, what);
}

void spec_load_name(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (s[0] && !s[strspn(s, allowed)] && strlen(s) <= 200) {
		store(str, xstrdup(s));
		return;
	}
	spec_complain(
		r, n->mark,
		"%s is \"%.60s\"; expected letters, digits, \"-\", \"_\" and \".\" only",
		what, s);
}

void spec_load_module_names(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *strvec)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	struct strvec *sv = strvec;
	size_t from = sv->n;

	if (!yaml_get_strs(r, n, what, sv))
		return;
	for (size_t i = from; i < sv->n; i++) {
		const struct yaml_node *at = n->kind == YAML_LIST ? n->vals[i - from] : n;
		char *s = sv->v[i];

		if (!s[0] || s[strspn(s, allowed)] || strlen(s) > 55) {
			spec_complain(
				r, at->mark,
				"%s has \"%.60s\"; expected names of kernel modules, such as videobuf2_common",
				what, s);
			return;
		}
		for (; *s; s++)
			*s = *s == '-' ? '_' : *s;
	}
}

static bool bool_must_be(struct spec_report *r, const struct yaml_node *n,
			 const char *what, bool want)
{
	bool v;

	if (!yaml_get_bool(r, n, what, &v) || v == want)
		return true;
	spec_complain(r, n->mark, "%s: %s is not supported; leave it out", what,
		      v ? "true" : "false");
	return false;
}

void spec_load_only_false(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *base)
{
	(void)bool_must_be(r, n, what, false);
}

void spec_load_only_true(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	(void)bool_must_be(r, n, what, true);
}

void spec_load_any_bool(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	bool v;

	(void)yaml_get_bool(r, n, what, &v);
}

static const struct yaml_field auto_login_fields[] = {
	YAML_FN_REQUIRED("login_prompt", spec_load_pattern, struct job_auto_login,
			 login_prompt),
	YAML_LINE_REQUIRED("username", struct job_auto_login, username),
	YAML_FN("password_prompt", spec_load_pattern, struct job_auto_login,
		password_prompt),
	YAML_LINE("password", struct job_auto_login, password),
	YAML_LINES("login_commands", struct job_auto_login, login_commands),
	YAML_FN_BASE("ignore_kernel_messages", spec_load_only_false),
};

void spec_load_auto_login(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *auto_login)
{
	if (!yaml_load_map(r, n, what, auto_login_fields, ARRAY_SIZE(auto_login_fields),
			   auto_login))
		return;
	const struct yaml_node *prompt = yaml_find_key(n, "password_prompt");
	const struct yaml_node *password = yaml_find_key(n, "password");

	if (!prompt != !password)
		spec_complain(r, (prompt ? prompt : password)->mark,
			      "%s has %s without %s; expected both or neither", what,
			      prompt ? "password_prompt" : "password",
			      prompt ? "password" : "password_prompt");
}

void spec_release_auto_login(struct job_auto_login *a)
{
	free(a->login_prompt);
	free(a->username);
	free(a->password_prompt);
	free(a->password);
	strvec_release(&a->login_commands);
}
