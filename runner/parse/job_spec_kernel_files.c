// SPDX-License-Identifier: GPL-2.0-or-later
/* What a kernel of `select:` brings beside its image: device tree, overlays, modules; by
 * their paths inside of its archive or directory, or as files of their own. */
#include "parse/job_spec_kernel.h"

#include <strings.h>

#include "util/mem.h"

enum { MAX_OVERLAYS = 16 };

/* "rockchip/rk3588-rock-5b.dtb": below a bundle's device trees. */
static bool is_inside(const char *path)
{
	if (!path[0] || path[0] == '/')
		return false;
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/')
		if (*p == '/' ||
		    (p[0] == '.' &&
		     (p[1] == '/' || !p[1] || (p[1] == '.' && (p[2] == '/' || !p[2])))))
			return false;
	return true;
}

static void load_inside(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	struct strvec one = STRVEC_INIT;

	if (yaml_get_lines(r, n, what, &one)) {
		if (is_inside(one.v[0])) {
			free(*(char **)str);
			*(char **)str = xstrdup(one.v[0]);
		} else {
			spec_complain(
				r, n->mark,
				"%s is \"%.60s\"; expected a path below the kernel's device trees, such as rockchip/rk3588-rock-5b.dtb",
				what, one.v[0]);
		}
	}
	strvec_release(&one);
}

void job_load_dtb(struct spec_report *r, const struct yaml_node *n, const char *what,
		  void *kernel)
{
	struct job_kernel *k = kernel;

	if (n->kind == YAML_MAP)
		job_load_file_plain(r, n, what, &k->dtb);
	else if (n->kind == YAML_SCALAR)
		load_inside(r, n, what, &k->dtb_path);
	else
		spec_complain(
			r, n->mark,
			"%s is a list; expected a path inside the kernel's files, or {url: …}",
			what);
}

bool job_file_is_url(const char *s)
{
	return strncasecmp(s, "file:", 5) == 0 || strncasecmp(s, "http:", 5) == 0 ||
	       strncasecmp(s, "https:", 6) == 0;
}

static void load_overlay(struct spec_report *r, const struct yaml_node *n,
			 const char *what, struct strvec *out)
{
	const struct yaml_node *url =
		n->kind == YAML_MAP && n->n == 1 ? yaml_find(n, "url") : NULL;
	char *s = NULL;

	if (url)
		spec_load_url(r, url, what, &s);
	else if (n->kind == YAML_SCALAR && job_file_is_url(n->text))
		spec_load_url(r, n, what, &s);
	else if (n->kind == YAML_SCALAR)
		load_inside(r, n, what, &s);
	else
		spec_complain(
			r, n->mark,
			"%s is no file; expected a path inside the kernel's files, or {url: …}",
			what);
	if (s)
		strvec_add_take(out, s);
}

void job_load_overlays(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *strvec)
{
	if (n->kind != YAML_LIST) {
		load_overlay(r, n, what, strvec);
		return;
	}
	if (n->n > MAX_OVERLAYS) {
		spec_complain(r, n->mark, "%s has %zu files; expected at most %d", what,
			      n->n, MAX_OVERLAYS);
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		load_overlay(r, n->vals[i], what, strvec);
}

void job_load_modules(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *kernel)
{
	struct job_kernel *k = kernel;
	bool wanted;

	if (n->kind == YAML_MAP)
		job_load_file_plain(r, n, what, &k->modules);
	else if (yaml_get_bool(r, n, what, &wanted))
		k->no_modules = !wanted;
}

void job_check_kernel_files(struct spec_report *r, const struct job_kernel *k)
{
	if (k->fdtdir && (k->dtb.mark.line || k->dtb_path))
		spec_complain(r, k->mark,
			      "the kernel has both dtb and fdtdir; expected one of them");
	if (k->from != JOB_KERNEL_FILES)
		return;
	if (k->fdtdir)
		spec_complain(
			r, k->mark,
			"the kernel is a single file, and no device trees are with it; expected dtb: {url: …} in place of fdtdir");
	if (k->dtb_path)
		spec_complain(
			r, k->mark,
			"the kernel is a single file, and no device tree is inside it; expected dtb: {url: …}");
	for (size_t i = 0; i < k->overlays.n; i++)
		if (!job_file_is_url(k->overlays.v[i]))
			spec_complain(
				r, k->mark,
				"the kernel is a single file, and %.60s is not inside it; expected overlays: [{url: …}]",
				k->overlays.v[i]);
}
