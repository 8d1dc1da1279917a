// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths and URLs of job and board files: where relative ones start, which can be fetched.
 */
#include "parse/spec_load.h"

#include <ctype.h>
#include <limits.h>
#include <strings.h>

#include "util/mem.h"

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

void spec_load_path(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str)
{
	const char *s;

	if (spec_get_line(r, n, what, &s))
		spec_store_str(str, spec_resolve(r->dir, s));
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

	if (!spec_get_line(r, n, what, &s))
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
		spec_store_str(str, url);
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
		spec_store_str(str, xstrdup(url + 5));
	else
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\", which is not on this host; expected a path or a file: URL",
			what, n->text);
}
