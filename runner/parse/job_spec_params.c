// SPDX-License-Identifier: GPL-2.0-or-later
/* Shell variables of test definitions: names and values, where the weak ones yield. */
#include "parse/spec_load.h"

#include "util/mem.h"

enum { MAX_PARAMS = 100 };

void job_add_param(struct job_param **v, size_t *n, const char *name, const char *value,
		   bool is_weak)
{
	for (size_t i = 0; i < *n; i++) {
		struct job_param *p = &(*v)[i];

		if (strcmp(p->name, name) != 0)
			continue;
		if (!p->is_weak)
			return;
		free(p->value);
		p->value = xstrdup(value);
		p->is_weak = is_weak;
		return;
	}
	*v = xreallocarray(*v, *n + 1, sizeof(**v));
	(*v)[(*n)++] = (struct job_param){ xstrdup(name), xstrdup(value), is_weak };
}

void job_release_params(struct job_param *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].value);
	}
	free(v);
}

/* LAVA exports each as a shell variable. */
static bool is_shell_name(const char *s)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return s[0] && !(s[0] >= '0' && s[0] <= '9') && !s[strspn(s, letters)];
}

void job_load_params(struct spec_report *r, const struct yaml_node *n, const char *what,
		     bool is_weak, struct job_param **v, size_t *n_params)
{
	if (yaml_is_null(n) || !yaml_want_map(r, n, what))
		return;
	if (n->n > MAX_PARAMS) {
		spec_complain(r, n->mark, "%s has %zu variables; expected at most %d",
			      what, n->n, MAX_PARAMS);
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_node *key = n->keys[i], *val = n->vals[i];

		if (!is_shell_name(key->text))
			spec_complain(
				r, key->mark,
				"\"%.60s\" in %s is no shell variable; expected letters, digits and \"_\"",
				key->text, what);
		else if (val->kind != YAML_SCALAR)
			spec_complain(r, val->mark,
				      "%s.%s is a %s; expected a single value", what,
				      key->text,
				      val->kind == YAML_MAP ? "mapping" : "list");
		else
			job_add_param(v, n_params, key->text,
				      yaml_is_null(val) ? "" : val->text, is_weak);
	}
}
