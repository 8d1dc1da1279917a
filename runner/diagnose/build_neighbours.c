// SPDX-License-Identifier: GPL-2.0-or-later
/* The subsystem of a function: the types that its unit sees from the function's own
 * directory, and from headers whose names begin as its file's does (dma-resv.c:
 * include/linux/dma-fence.h). */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "util/mem.h"
#include "util/path.h"

enum { FILES_MAX = 1 << 14, DIES_MAX = 1 << 21 };

struct neighbourhood {
	struct build *b;
	char *dir, *stem; /* "drivers/dma-buf", "dma" */
	const char *own;
	char *why[FILES_MAX]; /* by file number; "" = looked at, no neighbour */
};

static bool is_in_dir(const struct neighbourhood *n, const char *path)
{
	size_t len = strlen(n->dir);

	return strncmp(path, n->dir, len) == 0 && path + len == path_last(path);
}

static bool shares_stem(const struct neighbourhood *n, const char *path)
{
	size_t len = strlen(n->stem);
	const char *base = path_last(path);

	return strncmp(path, "include/", 8) == 0 && len > 1 &&
	       strncmp(base, n->stem, len) == 0 && strchr("-_.", base[len]) && base[len];
}

/* "" when the file is no neighbour. Borrowed. */
static const char *why_of_file(struct neighbourhood *n, Dwarf_Die *die)
{
	uint64_t i = dwarf_number(die, DW_AT_decl_file, 0);
	const char *path;

	if (!i || i >= FILES_MAX)
		return "";
	if (n->why[i])
		return n->why[i];
	path = dwarf_file_of_attr(n->b, die, DW_AT_decl_file);
	if (path && is_in_dir(n, path))
		n->why[i] = xasprintf("%s declares it, beside this function", path);
	else if (path && shares_stem(n, path))
		n->why[i] = xasprintf("%s declares it, a header of %s by its name", path,
				      n->own);
	else
		n->why[i] = xstrdup("");
	return n->why[i];
}

static void look_at_unit(struct neighbourhood *n, Dwarf_Die *cu,
			 bool (*call)(void *arg, Dwarf_Die *die, const char *why),
			 void *arg)
{
	unsigned budget = DIES_MAX;
	Dwarf_Die die;
	int r = dwarf_child(cu, &die);

	for (; r == 0 && budget; r = dwarf_siblingof(&die, &die), budget--) {
		int tag = dwarf_tag(&die);
		const char *why;

		if ((tag != DW_TAG_structure_type && tag != DW_TAG_union_type) ||
		    !dwarf_diename(&die) || dwarf_hasattr(&die, DW_AT_declaration))
			continue;
		why = why_of_file(n, &die);
		if (*why && !call(arg, &die, why))
			return;
	}
}

void build_neighbours(struct build *b, const struct build_place *at,
		      bool (*call)(void *arg, Dwarf_Die *die, const char *why), void *arg)
{
	struct build_file *f = build_file_of(b, at);
	struct neighbourhood *n;
	Dwarf_Die cu, func;
	const char *own = NULL, *base;

	if (!f || !dwarf_unit_at(f, at->addr, &cu))
		return;
	if (dwarf_function_at(f, at->addr, &func))
		own = dwarf_file_of_attr(b, &func, DW_AT_decl_file);
	if (!own)
		return;
	base = path_last(own);
	n = xcalloc(1, sizeof(*n));
	n->b = b;
	n->own = own;
	n->dir = xstrndup(own, (size_t)(base - own));
	n->stem = xstrndup(base, strcspn(base, "-_."));
	look_at_unit(n, &cu, call, arg);
	for (size_t i = 0; i < FILES_MAX; i++)
		free(n->why[i]);
	free(n->dir);
	free(n->stem);
	free(n);
}
