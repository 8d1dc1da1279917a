// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a patch, and as a series file: whatever is found stays inside the tree. */
#include "parse/patch_files.h"
#include "parse/series_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(const char *path)
{
	if (!*path || *path == '/' || strncmp(path, "../", 3) == 0 ||
	    strstr(path, "/../") || strcmp(path, "..") == 0 || strchr(path, '\n'))
		BUG("\"%s\" leads out of the tree", path);
}

static void as_series(const char *text, size_t len)
{
	_cleanup_series_file_ struct series_file s = { .v = NULL };
	struct err err = ERR_INIT;

	if (series_file_parse(text, len, "s", &s, &err)) {
		if (err.class != ERR_JOB || s.n)
			BUG("class %d, %zu left", (int)err.class, s.n);
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		if (!s.v[i].path[0] || s.v[i].path[0] == '/' ||
		    s.v[i].strip > PATCH_MAX_STRIP)
			BUG("path \"%s\" -p%u", s.v[i].path, s.v[i].strip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strvec_ struct strvec files = STRVEC_INIT;
	struct err err = ERR_INIT;

	if (!size)
		return 0;
	if (patch_files((const char *)data + 1, size - 1, data[0] % 4, "p", &files,
			&err)) {
		if (err.class != ERR_JOB)
			BUG("class %d: %s", (int)err.class, err.msg);
	} else if (!files.n) {
		BUG("a patch of no files");
	}
	for (size_t i = 0; i < files.n; i++)
		check_inside(files.v[i]);
	as_series((const char *)data, size);
	return 0;
}
