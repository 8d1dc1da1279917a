// SPDX-License-Identifier: GPL-2.0-or-later
/* A module that nobody named, beside the vmlinux: in lib/modules of the directory that
 * `bootrig build` or a package leaves, or where both lie in a directory of the release
 * (/usr/lib/debug/lib/modules/6.12.1/vmlinux). */
#include "diagnose/build_int.h"

#include <fts.h>

#include "util/mem.h"

enum { FILES_MAX = 100000, MODULES_MAX = 20000 };

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

/* Of several releases nobody says which one ran. */
static bool is_other_release(const FTSENT *e, char **release)
{
	if (e->fts_level != 1 || e->fts_info != FTS_D)
		return false;
	if (*release)
		return strcmp(*release, e->fts_name) != 0;
	*release = xstrdup(e->fts_name);
	return false;
}

static void list(struct build *b, char *dir, bool is_of_releases)
{
	char *const roots[] = { dir, NULL };
	_cleanup_free_ char *release = NULL;
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;
	bool is_clear = true;

	for (size_t n = 0; fts && is_clear && n < FILES_MAX && (e = fts_read(fts)); n++) {
		is_clear = !is_of_releases || !is_other_release(e, &release);
		if (e->fts_info != FTS_DP && b->beside.n < MODULES_MAX &&
		    (ends_with(e->fts_name, ".ko") ||
		     ends_with(e->fts_name, ".ko.debug")))
			strvec_add(&b->beside, e->fts_path);
	}
	if (fts)
		fts_close(fts);
	if (!is_clear)
		strvec_release(&b->beside);
}

static void list_once(struct build *b)
{
	const char *slash = strrchr(b->path, '/');
	_cleanup_free_ char *dir =
		slash ? xstrndup(b->path, (size_t)(slash - b->path)) : xstrdup(".");
	_cleanup_free_ char *below = xasprintf("%s/lib/modules", dir);
	_cleanup_free_ char *here = xasprintf("%s/kernel", dir);

	if (b->has_beside)
		return;
	b->has_beside = true;
	list(b, below, true);
	if (strstr(dir, "/lib/modules/"))
		list(b, here, false);
}

bool build_add_beside(struct build *b, const char *module)
{
	struct err ignored = ERR_INIT;

	list_once(b);
	for (size_t i = 0; i < b->beside.n; i++) {
		const char *path = b->beside.v[i];

		if (path[0] && build_is_module(path, module)) {
			int r = build_add_module(b, path, &ignored);

			b->beside.v[i][0] = '\0'; /* not again */
			if (!r)
				return true;
		}
	}
	return false;
}
