// SPDX-License-Identifier: GPL-2.0-or-later
/* The values that job and board files share: patterns, names, kinds, logins.
 * Knows no action and no board. */
#include "parse/spec_load.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>

#include "util/mem.h"
#include "util/num.h"

enum { MAX_PATTERN = 4096 };

void spec_store_str(void *str, char *take_s)
{
	char **p = str;

	free(*p);
	*p = take_s;
}

void spec_load_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		    const char *const *words, size_t n_words, void *str)
{
	size_t i;

	if (yaml_get_word(r, n, what, words, n_words, &i))
		spec_store_str(str, xstrdup(words[i]));
}

bool spec_get_line(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const char **s)
{
	if (!yaml_get_str(r, n, what, s) || !yaml_is_one_line(r, n->mark, what, *s))
		return false;
	if (**s && !strchr(*s, '\t'))
		return true;
	spec_complain(r, n->mark, "%s %s; expected a text", what,
		      **s ? "holds a tab" : "is empty");
	return false;
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
		spec_store_str(str, xstrdup(s));
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
		spec_store_str(str, xstrdup(s));
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
